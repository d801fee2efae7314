"""What is damaged: a log of every format, as its tool wrote it, plain tables, runs of our own, and archives of some of them."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.reading import logs
from diagnostics.readers import ReadError, sources

ROOT = Path(__file__).resolve().parents[2]
LOGS, OWN = ROOT / "tests" / "logs", ROOT / "sample_runs"
ROWS = 40  # of a table
PACKED = ("console/keras_lines.log", "keras_tensorboard/by_batch")  # what archives hold


@dataclass(frozen=True)
class Input:
    """One log of a ``format``: the files that belong to it, by place."""

    format: str
    name: str
    files: dict[str, bytes]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(map(len, self.files.values()))


def collect() -> list[Input]:
    """All of them."""
    written = [one for home in sorted(LOGS.glob("*/log")) for one in _below(home, home.parent.name)]
    own = [one for home in sorted(OWN.glob("digits-[do]*")) for one in _below(home, "own run")]
    return [*written, *own, *_tables(), *_archives([one for one in written if one.name in PACKED])]


def _below(home: Path, name: str) -> Iterator[Input]:
    for source in _listed(home):
        paths = [source] if source.is_file() else [p for p in sorted(source.rglob("*")) if p.is_file()]
        base = source.parent if source.is_file() else source
        files = {str(p.relative_to(base)): p.read_bytes() for p in paths}
        yield Input(name, f"{name}/{source.relative_to(home)}", files)


def _listed(home: Path) -> list[Path]:
    try:
        return sources(home)
    except ReadError:  # no reader of ours yet
        return []


def _tables() -> Iterator[Input]:
    """Columns of any names, in each way to write a table."""
    frame = logs.wide(ROWS)
    written: dict[str, str | bytes] = {
        "comma.csv": frame.to_csv(index=False),
        "european.csv": frame.to_csv(index=False, sep=";", decimal=","),
        "tabs.tsv": frame.to_csv(index=False, sep="\t"),
        "long.csv": logs.long(6 * ROWS).to_csv(index=False),
        "numbers.csv": logs.narrow(5000).to_csv(index=False),  # longer than a reader's look at the head
        "table.parquet": frame.to_parquet(),
        "lines.jsonl": frame.to_json(orient="records", lines=True),
        "records.json": frame.to_json(orient="records"),
    }
    for name, content in written.items():
        yield Input("table", f"table/{name}", {name: content.encode() if isinstance(content, str) else content})


def _archives(inside: list[Input]) -> Iterator[Input]:
    """Some logs together in each kind of archive, and one alone under each compression."""
    members = {f"{one.name}/{place}": content for one in inside for place, content in one.files.items()}
    alone = next(iter(inside[0].files.values()))
    packed = {"logs.zip": _zip(members)} | {f"logs.{kind}": _tar(members, kind) for kind in ("tar", "tar.gz", "tar.xz")}
    squeeze: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
    for name, content in (packed | {f"train.log.{kind}": how(alone) for kind, how in squeeze.items()}).items():
        yield Input("archive", f"archive/{name}", {name: content})


def _zip(members: dict[str, bytes]) -> bytes:
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return to.getvalue()


def _tar(members: dict[str, bytes], kind: str) -> bytes:
    to = io.BytesIO()
    how = {"tar": "w:", "tar.gz": "w:gz", "tar.xz": "w:xz"}[kind]
    with tarfile.open(fileobj=to, mode=how) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return to.getvalue()
