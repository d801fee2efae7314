"""Archives of logs: zip, tar (plain or compressed), and single files under gzip, bzip2, xz, zstd or lz4.

Unpacked into a temporary folder for as long as the reading takes. Nothing of an archive is trusted: only plain files are
written, always below that folder, and only as many bytes as a training log could have. Zips that are something else (a
PyTorch checkpoint, NumPy arrays, an office document, a wheel) are no archives of logs.
"""

import bz2
import gzip
import lzma
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, cast

import pyarrow as pa

from diagnostics.readers import look
from diagnostics.readers.errors import ReadError, printable
from diagnostics.readers.limits import Limits

ZIP, TAR_AT, TAR = b"PK\x03\x04", 257, b"ustar"
SQUEEZED: dict[bytes, Callable[[Path], object]] = {  # by how a file begins, what opens it
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": lambda path: pa.CompressedInputStream(pa.OSFile(str(path)), "zstd"),
    b"\x04\x22\x4d\x18": lambda path: pa.CompressedInputStream(pa.OSFile(str(path)), "lz4"),
}
SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".lz4")
NO_LOGS = ("data.pkl", ".npy", "[Content_Types].xml", "META-INF/", ".dist-info/")  # in zips that hold no logs
MOST_MEMBERS = 100_000
TIMES_LARGER = 1_000  # than the archive: text of one repeated line shrinks that far, a bomb a million times
AT_LEAST = 64 * 2**20  # bytes that any archive may unpack to, however small it is
CHUNK = 1 << 20
DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error, OSError, EOFError, ValueError, NotImplementedError,
)  # fmt: skip


@dataclass
class Unpacked:
    """What came out of an archive: the ``folder``, and one line for each member that was ``left_out``."""

    folder: Path
    left_out: list[str] = field(default_factory=list)


def claims(path: Path) -> bool:
    """Whether ``path`` is an archive that may hold logs; reads its directory."""
    head = look.head(path)[: TAR_AT + len(TAR)] if look.is_file(path) else b""
    if head.startswith(ZIP):
        return _holds_logs(path)
    return head.startswith(tuple(SQUEEZED)) or head[TAR_AT:] == TAR


@contextmanager
def unpacked(path: Path, limits: Limits) -> Iterator[Unpacked]:
    """The members of ``path`` as files in a folder that is gone afterwards.

    Raises:
        ReadError: the archive is damaged from its beginning, or larger than a training log can be.
    """
    size = limits.open(path)
    with tempfile.TemporaryDirectory(prefix="curvewise-") as folder:
        found = Unpacked(Path(folder))
        room = _Room(path, min(limits.most_unpacked, max(AT_LEAST, TIMES_LARGER * size)), limits)
        try:
            _unpack(path, found, room)
        except DAMAGED as error:
            _damaged(path, found, error)
        yield found


@dataclass
class _Room:
    """Counts what is written, whatever the archive says of itself."""

    path: Path
    left: int
    limits: Limits
    most: int = field(init=False)
    members: int = 0

    def __post_init__(self) -> None:
        self.most = self.left

    def member(self) -> None:
        self.members += 1
        if self.members > MOST_MEMBERS:
            raise ReadError(self.path, f"more than {MOST_MEMBERS:,} files in one archive; unpack it yourself")

    def take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise ReadError(self.path, f"unpacks to more than {self.most:,} bytes; unpack it yourself if it is sound")
        self.limits.at(self.path, 1 - self.left / self.most)


def _unpack(path: Path, found: Unpacked, room: _Room) -> None:
    with path.open("rb") as file:
        head = file.read(TAR_AT + len(TAR))
    if head.startswith(ZIP):
        _unpack_zip(path, found, room)
    elif head[TAR_AT:] == TAR or _squeezed_tar(path):
        _unpack_tar(path, found, room)
    else:
        inside = path.stem if path.suffix.lower() in SUFFIXES else path.name
        opened = next(opened for magic, opened in SQUEEZED.items() if head.startswith(magic))
        _write(cast(IO[bytes], opened(path)), found.folder / inside, room)


def _unpack_zip(path: Path, found: Unpacked, room: _Room) -> None:
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            room.member()
            target = _target(found, member.filename, plain=(member.external_attr >> 28) in (0, 8))
            if target is not None:
                _guarded(found, member.filename, partial(_extract, archive, member, target, room))


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, room: _Room) -> None:
    _write(archive.open(member), target, room)


def _unpack_tar(path: Path, found: Unpacked, room: _Room) -> None:
    with tarfile.open(path) as archive:
        for member in archive:
            if member.isdir():
                continue
            room.member()
            target = _target(found, member.name, plain=member.isreg())
            content = archive.extractfile(member) if target is not None else None
            if target is not None and content is not None:
                _write(content, target, room)


def _guarded(found: Unpacked, name: str, write: Callable[[], None]) -> None:
    """A zip's members stand alone: one that is damaged or encrypted costs no other."""
    try:
        write()
    except (*DAMAGED, RuntimeError) as error:  # RuntimeError: it is encrypted
        found.left_out.append(f"{_shown(name)}: {' '.join(str(error).split()) or type(error).__name__}")


def _target(found: Unpacked, name: str, plain: bool) -> Path | None:
    """Where a member is written; None for a link, a device, or a name that leads out of the folder."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    outside = not parts or parts[0].startswith("/") or ".." in parts or ":" in parts[0] or "\0" in name
    if not plain or outside:
        why = "leads out of the archive" if outside else "is a link or a device"
        found.left_out.append(f"{_shown(name)}: {why}, not read")
        return None
    return found.folder.joinpath(*parts)


def _write(source: IO[bytes], target: Path, room: _Room) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, target.open("wb") as file:
        while chunk := source.read(CHUNK):
            room.take(len(chunk))
            file.write(chunk)


def _damaged(path: Path, found: Unpacked, error: Exception) -> None:
    """Keep what came out before the damage; an archive that gives nothing is an error."""
    told = " ".join(str(error).split()) or type(error).__name__
    if not any(p.is_file() for p in found.folder.rglob("*")):
        raise ReadError(path, f"damaged archive ({told}); pack it again") from error
    found.left_out.append(f"damaged from here on ({told}): what came before is read")


def _holds_logs(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return not any(mark in name for name in archive.namelist() for mark in NO_LOGS)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return path.suffix.lower() == ".zip"  # read as one, so that the reading says what is wrong


def _squeezed_tar(path: Path) -> bool:
    try:
        with tarfile.open(path) as archive:
            return archive.next() is not None
    except DAMAGED:
        return False


def _shown(name: str) -> str:
    return printable(name if len(name) <= 80 else f"{name[:77]}…")
