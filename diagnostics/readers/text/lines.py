"""The lines of a text log, whatever wrote it: decoded, without colours, backspaces and the name of the process before them."""

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from diagnostics.readers.limits import Limits

LONGEST = 1 << 16  # characters of a line; what is longer is no log line, and is passed over
TOLD_EVERY = 4096  # lines between two words on how far the reading is
COLOUR = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
UNDRAWN = re.compile(r"(?<=\d%) (?=\d[\w.]*/\d[\w.]* \[[\d:]+<)")  # where notebooks save tqdm's bars without the bar
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufeff]")
RANK = re.compile(
    r"\s*(?:\[(?:rank|default|gpu|cuda|worker|proc)[ :_]?(\d+)\]:?|\[\d+,(\d+)\]<std(?:out|err)>:?|"
    r"\((?:[\w.]+ )?pid=(\d+)(?:, ip=[\d.]+)?\)|rank[ _]?(\d+)\s*[:|](?=\s+[a-z\[(]))\s*",
    re.IGNORECASE,
)  # torchrun, mpirun, Megatron, Ray


class Line(NamedTuple):
    """One line: ``number`` from 1, the ``rank`` that wrote it where the line says so, and its ``text``."""

    number: int
    rank: int
    text: str


def lines(path: Path, limits: Limits) -> Iterator[Line]:
    """Every line of ``path``; a carriage return ends one too, so that each state of a progress bar is a line of its own.

    Raises:
        ReadError: the file is too large, or the time is over.
    """
    size = limits.open(path)
    with path.open("rb") as raw:
        for line in _split(raw):
            if line.number % TOLD_EVERY == 0:
                limits.at(path, raw.tell() / max(size, 1))
            yield line


def parsed(data: bytes) -> Iterator[Line]:
    """The lines of ``data``, the beginning or the end of a file."""
    return _split(io.BytesIO(data))


def _split(raw: BinaryIO) -> Iterator[Line]:
    start = raw.read(4)
    raw.seek(0)
    text = io.TextIOWrapper(raw, _encoding(start), errors="latin-1 where broken", newline=None)
    number, whole = 0, True
    while line := text.readline(LONGEST):
        ended = line.endswith("\n")
        if whole and (ended or len(line) < LONGEST):
            number += 1
            yield _line(number, line)
        elif ended:
            number += 1
        whole = ended
    text.detach()


def _line(number: int, text: str) -> Line:
    text = text.rstrip()
    if "\x1b" in text:
        text = COLOUR.sub("", text)
    if "% " in text and "<" in text:
        text = UNDRAWN.sub("||", text)
    if not text.isprintable():
        text = CONTROL.sub("", text)
    rank = RANK.match(text) if text[:1] in "[( rR" else None
    if rank is None:
        return Line(number, 0, text)
    return Line(number, int(next(filter(None, rank.groups()))[-6:]), text[rank.end() :])


def _encoding(start: bytes) -> str:
    """By the mark at the start; PowerShell's UTF-16 without one is read as UTF-8 and loses its NULs with the controls."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8-sig"


def _as_latin_1(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("latin-1 where broken", _as_latin_1)
