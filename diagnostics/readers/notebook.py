"""Jupyter notebooks, ``.ipynb``: what the cells of a training printed, as text or as a table.

A cell whose output is a log is a run of its own. Read are its lines, as of any text log, and the tables of HTML in which fastai
and Hugging Face's trainer show their losses. Code, pictures, widgets and data frames are not read, and nothing is run.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from diagnostics.readers import look, text
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats import json_text
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.text.lines import parsed
from diagnostics.readers.text.miner import Miner

SUFFIX = ".ipynb"
LARGEST = 1 << 26  # bytes of one that is looked into in a folder
SHOWN_ONLY = "HTML object"  # what stands as text for a table that is not data
FAILED = "Traceback (most recent call last)\n{0}: {1}\n"


def claims(path: Path) -> bool:
    """Whether ``path`` is a notebook with the output of a training; reads all of it."""
    if path.suffix.lower() != SUFFIX or not look.is_file(path) or path.stat().st_size > LARGEST:
        return False
    try:
        return any(text.is_log(miner) for _, miner in _mined(path, Limits()))
    except ReadError:
        return False


def read(path: Path, limits: Limits) -> list[Log]:
    """A log or several a cell whose output is one.

    Raises:
        ReadError: it is no notebook, or no cell printed a log.
    """
    found = []
    for n, miner in _mined(path, limits):
        logs = text.logs_of(miner, path, limits) if text.is_log(miner) else []
        found += [(f"{path.stem}, cell {n}" + (f" ({i})" if i > 1 else ""), log) for i, log in enumerate(logs, 1)]
    if not found:
        raise ReadError(
            path, "no cell of this notebook printed losses or accuracies; run it and save it, or name its log"
        )
    return [replace(log, name=path.stem if len(found) == 1 else name) for name, log in found]


def _mined(path: Path, limits: Limits) -> Iterator[tuple[int, Miner]]:
    """The number of each cell with output, from 1, and what is in that."""
    values, _ = json_text.document(path, limits)
    cells = values[0].get("cells") if values and isinstance(values[0], Mapping) else None
    for n, cell in enumerate(cells if isinstance(cells, list) else [], 1):
        outputs = cell.get("outputs") if isinstance(cell, Mapping) else None
        shown = "".join(_shown(o) for o in outputs if isinstance(o, Mapping)) if isinstance(outputs, list) else ""
        if shown:
            yield n, Miner().read(parsed(shown.encode("utf-8", "replace")))


def _shown(output: Mapping[str, object]) -> str:
    """One output as lines."""
    if output.get("output_type") == "error":
        return FAILED.format(output.get("ename"), output.get("evalue"))
    data = output.get("data")
    if not isinstance(data, Mapping):
        return _joined(output.get("text"))
    plain = _joined(data.get("text/plain"))
    rows = _table(_joined(data.get("text/html")))
    return rows if SHOWN_ONLY in plain else "" if rows else f"{plain}\n"  # else it is the data of some table


def _joined(said: object) -> str:
    parts = said if isinstance(said, list) else [said]
    return "".join(part for part in parts if isinstance(part, str))


def _table(html: str) -> str:
    """The tables in ``html``, a line a row with tabs between the cells; "" where there is none."""
    rows = _Rows()
    with suppress(AssertionError):  # "<![" and the like: what came before is kept
        rows.feed(html)
    return "".join(f"{chr(9).join(' '.join(cell.split()) for cell in row)}\n" for row in rows.found if row)


class _Rows(HTMLParser):
    """Collects the cells of every row of a table."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.found.append([])
        self._inside = tag in ("td", "th") or (self._inside and tag not in ("tr", "table"))
        if tag in ("td", "th") and self.found:
            self.found[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("td", "th", "tr", "table")

    def handle_data(self, data: str) -> None:
        if self._inside and self.found and self.found[-1]:
            self.found[-1][-1] += data
