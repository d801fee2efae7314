"""Text logs: what a training printed, on the terminal or into a file.

Read are lines with names before numbers, in the words of nanoGPT and its children, llm.c, Megatron-LM and DeepSpeed, fairseq,
Hugging Face's console, Lightning, tqdm, Keras, torchvision, timm, MMEngine, Detectron2, PaddlePaddle, Caffe, XGBoost, LightGBM,
CatBoost, the examples of PyTorch, and scripts that print ``key: value`` in their own way; tables with a heading (fastai, YOLO),
and with a ``| name | value |`` a line (Stable-Baselines, OpenAI's baselines).
The lines that repeat with other numbers are the log; dates, times, versions, sizes, source code and options are not. Colours,
progress bars, the prefixes of loggers and processes do not matter, nor does the encoding. Steps that begin again with each epoch
are counted on, also where the epoch is named only behind them, and a line that says no step belongs to the last one before it;
what sums an epoch up stands apart from what was printed within it, as ``loss (epoch)``. A traceback at the end makes the run crashed.
Not read: histograms and whatever has no name; of several processes that print the same, one.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from diagnostics.readers import look, ultralytics
from diagnostics.readers.errors import ReadError
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Series
from diagnostics.readers.text.families import meanings
from diagnostics.readers.text.lines import lines, parsed
from diagnostics.readers.text.miner import Miner
from diagnostics.readers.text.series import Found
from diagnostics.readers.text.words import MEASURE

HOLE = re.compile(rb"\0{64,}")  # what a truncated log leaves where its writer goes on
HEAD_OF_BARS = 1 << 20  # bytes, where progress bars fill the ends
LOGS = {".log", ".txt", ".out", ".err", ".stdout", ".stderr", ".0", ""}  # else nearly every line must be a log's
NEVER = re.compile(
    r"\.(?:py|pyc|ipynb|html?|svg|json|ya?ml|toml|cfg|ini|csv|tsv|tex|c|h|js|ts|css|cpp|cu|sh|java|go|rs|r|jl|xml|rst|bib|srt|lock)$",
    re.IGNORECASE,
)
DOCUMENT = re.compile(
    r"readme|license|licence|changelog|contributing|requirements|authors|notice|citation|makefile|dockerfile",
    re.IGNORECASE,
)
LOSS = re.compile("loss", re.IGNORECASE)
FEWEST = 3  # points of a curve that make a file in a folder a log
PART = 0.2  # of the lines that must be a log's in a file with another ending, e.g. .md, and where no quantity is known
GENERIC = {"train", "training", "log", "logs", "output", "out", "stdout", "stderr", "nohup", "run", "console", "main"}


def claims(path: Path) -> bool:
    """Whether ``path`` is a text in which lines of a training repeat; reads its beginning and its end."""
    if not look.is_file(path) or NEVER.search(path.name) or DOCUMENT.match(path.name):
        return False
    data = _ends(path)
    return _is_text(data) and (_is_log(path, data) or (b"%|" in data and _is_log(path, _ends(path, HEAD_OF_BARS))))


def _is_log(path: Path, data: bytes) -> bool:
    miner = Miner().read(parsed(data))
    found = Found(miner)
    curves = _curves(found)
    known = any(MEASURE.search(s.name) for s in curves)
    if path.suffix.lower() in LOGS:
        return known or (bool(curves) and found.words >= max(FEWEST, PART * miner.lines))
    return known and found.lines >= PART * miner.lines


def read(path: Path, limits: Limits) -> list[Log]:
    """The one log in ``path``.

    Raises:
        ReadError: the file is binary or holds no line of a log.
    """
    limits.open(path)
    if not _is_text(_ends(path)):
        raise ReadError(path, "this is binary data, and no reader knows it; name a log, a table or a run folder")
    miner = Miner().read(lines(path, limits))
    logs = logs_of(miner, path, limits)
    if not logs:
        raise ReadError(
            path,
            f"{miner.lines:,} line{'s' * (miner.lines != 1)}, and none says a quantity; a log has lines such as 'step 10 loss 2.3'",
        )
    return logs


def logs_of(miner: Miner, path: Path, limits: Limits) -> list[Log]:
    """The runs, one after the other, in the lines of ``path`` that ``miner`` has read.

    Raises:
        ReadError: there are more names than may be.
    """
    found = Found(miner)
    limits.names(path, found.names)
    logs = [log for first, behind in found.runs if _says_anything(log := _log(path, found, first, behind))]
    if not logs:
        return []
    state, exception = miner.end.state(miner.said)
    notes = (*miner.end.notes(miner.said), *_ranks(found))
    logs[-1] = replace(logs[-1], state=state, exception=exception, notes=(*logs[-1].notes, *notes))
    return [log if i == 0 else replace(log, name=f"{log.name} ({i + 1})") for i, log in enumerate(logs)]


def is_log(miner: Miner) -> bool:
    """Whether the lines that ``miner`` has read hold a loss, or another curve that is known by its name and says its place."""
    return any(
        LOSS.search(s.name) or (MEASURE.search(s.name) and (s.epochs is not None or np.isfinite(s.steps).any()))
        for s in _curves(Found(miner))
    )


def _curves(found: Found) -> list[Series]:
    return [s for s in found.series() if len(s) >= FEWEST and np.unique(s.values).size > 1]


def _says_anything(log: Log) -> bool:
    """Whether it holds a curve, or the first point of one that is known by its name."""
    return any(len(s) > 1 or MEASURE.search(s.name) for s in log.series)


def _log(path: Path, found: Found, first: int, behind: int) -> Log:
    series = tuple(found.series(first, behind))
    log = Log(_name(path), str(path), series, found.epochs(first, behind), meanings(series))
    return ultralytics.summed(log, ultralytics.PRINTED) if ultralytics.is_printed(log) else log


def _ranks(found: Found) -> list[str]:
    return [f"{found.ranks_left_out + 1} processes logged the same: one is read"] if found.ranks_left_out else []


def _ends(path: Path, size: int = look.HEAD) -> bytes:
    """The first and the last ``size`` bytes of a file, or all of a small one."""
    head = look.head(path)
    if len(head) < look.HEAD:
        return head
    with path.open("rb") as file:
        head = file.read(size)
        file.seek(max(path.stat().st_size - size, len(head)))
        return head + b"\n" + file.read(size)


def _is_text(data: bytes) -> bool:
    """UTF-16 apart, text has no control characters but those of terminals."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    data = HOLE.sub(b"", data)
    strange = sum(
        data.count(byte) for byte in (b"\x01", b"\x02", b"\x03", b"\x04", b"\x05", b"\x06", b"\x0e", b"\x0f", b"\x10")
    )
    even, odd = data[::2].count(0), data[1::2].count(0)
    return strange <= len(data) / 1000 and (
        even + odd <= len(data) / 1000 or min(even, odd) <= len(data) / 100 < max(even, odd)
    )


def _name(path: Path) -> str:
    return path.absolute().parent.name if path.stem.lower() in GENERIC else path.stem
