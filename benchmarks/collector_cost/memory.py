"""Memory: does a long run grow, and how much does a measured step need beside the model?"""

import gc
from pathlib import Path

import torch

from benchmarks.collector_cost.processor import memory
from collector import Collector

SETTLED = 20_000  # rows after which all fixed costs are paid: pyarrow's Parquet half, the first sealed parts


def job(folder: Path, rows: int, width: int) -> dict[str, float]:
    """MiB and shares of the model's size."""
    return _step(folder / "step", width) | _rows(folder / "rows", rows)


def _rows(folder: Path, rows: int) -> dict[str, float]:
    """Peak of resident memory, MiB, at three points of a long run."""
    run, settled = Collector(folder), min(SETTLED, rows // 2)
    for i in range(settled):
        run.log(loss=1.0 / (i + 1), accuracy=0.5, rate=0.1, norm=float(i))
    at_start = memory("VmHWM")
    for i in range(rows - settled):
        run.log(loss=1.0 / (i + 1), accuracy=0.5, rate=0.1, norm=float(i))
    at_end = memory("VmHWM")
    run.close()
    closed = memory("VmHWM")
    found = {"rows": rows, "settled": settled, "grown": at_end - at_start, "grown_by_closing": closed - at_end}
    return {name: value / 2**20 if name.startswith("grown") else value for name, value in found.items()}


def _step(folder: Path, width: int) -> dict[str, float]:
    """How far a measured step raises the peak of resident memory above that of a plain one."""
    torch.set_num_threads(1)
    layers = [torch.nn.TransformerEncoderLayer(width, 8, 4 * width) for _ in range(4)]
    model = torch.nn.Sequential(torch.nn.Embedding(16 * width, width), *layers)
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    size = sum(p.numel() * p.element_size() for p in model.parameters())
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-9)
    plain = _peak(optimizer)
    run = Collector(folder, model=model, optimizer=optimizer, layers_every=1)
    before = memory("VmRSS")
    measured = _peak(optimizer)
    gc.collect()
    held = memory("VmRSS") - before
    run.close()
    return {"model": size / 2**20, "step": (measured - plain) / size, "held": held / size}


def _peak(optimizer: torch.optim.Optimizer) -> int:
    """Peak so far, after three steps."""
    for _ in range(3):
        optimizer.step()
    return memory("VmHWM")
