"""Bytes that take a path through a reader which none before took: found by atheris, one framed format at a time.

A record with a wrong checksum is passed over, so of the formats that have checksums the records are damaged and framed again.
"""

import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from benchmarks.fuzzing import judge
from benchmarks.fuzzing.inputs import Input
from benchmarks.reading import tools
from diagnostics.readers.formats import crc32c

APART = b"\xff\xfe\xfd"  # between records
LONGEST = 1 << 15  # bytes of a file that is tried
MEGABYTES, WAIT = 2048, 60  # at which atheris itself gives up on a file, MiB and s


def events(data: bytes) -> bytes:
    """An event file of the records in ``data``."""
    return b"".join(map(_event, data.split(APART)))


def _event(record: bytes) -> bytes:
    length = struct.pack("<Q", len(record))
    return b"".join([length, _checksum(length), record, _checksum(record)])


def _checksum(data: bytes) -> bytes:
    return struct.pack("<I", crc32c.masked(data))


def wandb(data: bytes) -> bytes:
    """A W&B record file of the records in ``data``."""
    content = b":W&B\xe1\xbe\x00"
    for record in data.split(APART):
        content += b"".join(tools.framed(record, len(content)))
    return content


def as_it_is(data: bytes) -> bytes:
    """``data``."""
    return data


def event_records(content: bytes) -> bytes:
    """The records of an event file, as ``events`` takes them."""
    found, at = [], 0
    while at < len(content):
        (length,) = struct.unpack_from("<Q", content, at)
        found.append(content[at + 12 : at + 12 + length])
        at += 16 + length
    return APART.join(found)


def wandb_records(content: bytes) -> bytes:
    """The records of a W&B file that lie in one piece, as ``wandb`` takes them."""
    found, at = [], 7
    while at + tools.HEAD.size <= min(len(content), tools.BLOCK):
        _, length, _ = tools.HEAD.unpack_from(content, at)
        found.append(content[at + tools.HEAD.size : at + tools.HEAD.size + length])
        at += tools.HEAD.size + length
    return APART.join(found)


@dataclass(frozen=True)
class Format:
    """How files whose name ends in ``end`` are tried, as ``name``: ``inside`` is changed, and made a file again by ``outside``."""

    end: str
    name: str
    inside: Callable[[bytes], bytes] = as_it_is
    outside: Callable[[bytes], bytes] = as_it_is


FORMATS = {
    "event file": Format(".v2", "events.out.tfevents.1.host.1.0.v2"),
    "event records": Format(".v2", "events.out.tfevents.1.host.1.0.v2", event_records, events),
    "W&B": Format(".wandb", "run-1.wandb"),
    "W&B records": Format(".wandb", "run-1.wandb", wandb_records, wandb),
    "SQLite": Format(".db", "log.db"),
    "Parquet": Format(".parquet", "log.parquet"),
    "text": Format(".log", "train.log"),
}


def is_there() -> bool:
    """Whether atheris is installed."""
    return util.find_spec("atheris") is not None


def search(inputs: Sequence[Input], seconds: float) -> Iterator[tuple[str, int, list[str]]]:
    """Each format for its share of ``seconds``: its name, how many files were tried, and what was wrong."""
    for name, kind in FORMATS.items():
        with tempfile.TemporaryDirectory(prefix="curvewise-guided-") as folder:
            corpus, found = Path(folder) / "corpus", Path(folder) / "found"
            corpus.mkdir(), found.mkdir()
            for n, content in enumerate(_contents(inputs, kind.end)):
                (corpus / str(n)).write_bytes(kind.inside(content))
            tried = _until(name, corpus, found, time.monotonic() + seconds / len(FORMATS))
            wrong = [
                judge.fault(Input(name, f"guided/{name}", {kind.name: kind.outside(p.read_bytes())}))
                for p in found.iterdir()
            ]
        yield name, tried, [said for said in wrong if said is not None]


def _contents(inputs: Sequence[Input], end: str) -> Iterator[bytes]:
    return (c for one in inputs for place, c in one.files.items() if place.endswith(end))


def _until(name: str, corpus: Path, found: Path, end: float) -> int:
    """Try files until ``end``, beginning anew after each one that went wrong; how many were tried."""
    tried = 0
    while (left := int(end - time.monotonic())) > 0:
        line = [sys.executable, "-m", "benchmarks.fuzzing.guided_child", name, str(corpus), f"-artifact_prefix={found}/", f"-max_total_time={left}",
                f"-max_len={LONGEST}", f"-timeout={WAIT}", f"-rss_limit_mb={MEGABYTES}", "-print_final_stats=1"]  # fmt: skip
        done = subprocess.run(line, capture_output=True, text=True, errors="replace", check=False)
        counts = [int(text.split()[-1]) for text in done.stderr.splitlines() if "number_of_executed_units" in text]
        tried += sum(counts)
        if not done.returncode:
            break
        if not counts and not any(found.iterdir()):
            raise RuntimeError(f"atheris failed on {name}:\n{done.stderr[-2000:]}")
    return tried
