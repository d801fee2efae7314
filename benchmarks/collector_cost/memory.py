"""Memory: does a long run grow, and how much does a measured step need beside the model?"""

import gc
import time
from pathlib import Path

import torch

from benchmarks.collector_cost.processor import memory
from collector import Collector

SETTLED = 20_000  # rows after which all fixed costs are paid: pyarrow's Parquet half, the first sealed parts
BREATH, ROWS = (
    0.02,
    1_000,
)  # s of pause after so many rows: some 45,000 rows a second; without any the disk falls behind


def job(folder: Path, rows: int, width: int) -> dict[str, float]:
    """MiB and shares of the model's size."""
    return _step(folder / "step", width) | _rows(folder / "rows", rows)


def _rows(folder: Path, rows: int) -> dict[str, float]:
    """Peak of resident memory, MiB, at three points of a long run."""
    run, settled = Collector(folder), min(SETTLED, rows // 2)
    _log(run, settled)
    at_start = memory("VmHWM")
    _log(run, rows - settled)
    at_end = memory("VmHWM")
    run.close()
    closed = memory("VmHWM")
    found = {"rows": rows, "settled": settled, "grown": at_end - at_start, "grown_by_closing": closed - at_end}
    return {name: value / 2**20 if name.startswith("grown") else value for name, value in found.items()}


def _log(run: Collector, rows: int) -> None:
    for i in range(rows):
        run.log(loss=1.0 / (i + 1), accuracy=0.5, rate=0.1, norm=float(i))
        if i % ROWS == 0:
            time.sleep(BREATH)


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
    before = _tensors()
    measured = _peak(optimizer)
    held = _tensors() - before
    run.close()
    return {"model": size / 2**20, "step": (measured - plain) / size, "held": held / size}


def _tensors() -> int:
    """Bytes of all tensors that are alive; resident memory would also tell what the allocator keeps for later."""
    gc.collect()
    alive = [t.untyped_storage() for t in gc.get_objects() if type(t) in (torch.Tensor, torch.nn.Parameter)]
    return sum({storage.data_ptr(): storage.nbytes() for storage in alive}.values())


def _peak(optimizer: torch.optim.Optimizer) -> int:
    """Peak so far, after three steps."""
    for _ in range(3):
        optimizer.step()
    return memory("VmHWM")
