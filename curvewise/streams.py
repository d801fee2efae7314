"""A log that comes through a pipe: a file while it is read, as its readers look at it more than once."""

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from diagnostics.readers import Limits, ReadError

STANDARD = Path("-")  # as is the custom: what is piped into the command
CHUNK = 1 << 20  # bytes
BRACKETS = (b"{", b"[")  # with which JSON begins: a file's name says that it is some, a pipe's does not


@dataclass(frozen=True)
class Named:
    """The ``paths`` to read, and what the user called those that are copies, by path."""

    paths: list[Path]
    copies: Mapping[str, str]

    def said(self, text: str) -> str:
        """``text`` with what the user called it in place of every copy."""
        for copy, name in self.copies.items():
            text = text.replace(copy, name)
        return text


@contextmanager
def as_files(paths: Sequence[Path]) -> Iterator[Named]:
    """``paths`` with a copy in place of each that is a stream, until the end.

    Raises:
        ReadError: more comes through one than a log may have.
        OSError: one cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="curvewise-") as folder:
        copies = {path: _copy(path, Path(folder) / str(n)) for n, path in enumerate(paths) if _is_stream(path)}
        yield Named([copies.get(path, path) for path in paths], {str(copy): str(path) for path, copy in copies.items()})


def _is_stream(path: Path) -> bool:
    return path == STANDARD or (path.exists() and not path.is_file() and not path.is_dir())


def _copy(path: Path, folder: Path) -> Path:
    folder.mkdir()
    if path == STANDARD:
        return _written(path, sys.stdin.buffer, folder)
    with path.open("rb") as stream:
        return _written(path, stream, folder)


def _written(path: Path, stream: BinaryIO, folder: Path) -> Path:
    first, limits = stream.read(CHUNK), Limits()
    copy = folder / ("stdin.json" if first.lstrip().startswith(BRACKETS) else "stdin")
    with copy.open("wb") as file:
        while first:
            if file.tell() + len(first) > limits.most_bytes:
                raise ReadError(path, f"more than {limits.most_bytes:,} bytes came; name a file")
            file.write(first)
            first = stream.read(CHUNK)
    return copy
