"""Whatever a user gives as text or configuration, as every file format of ours can hold it, and bounded in size."""

import dataclasses
import math
import zlib
from collections.abc import Iterable, Mapping, Sequence, Sized
from itertools import islice
from pathlib import Path
from typing import Any

MOST_TAG = 200  # characters: longer ones spoil every table and legend
MOST_TEXT = 10_000  # characters: a traceback of a hundred frames
MOST_VALUES, MOST_ITEMS = 10_000, 1_000  # in a configuration, and in one list of it: more is data, not hyperparameters
DEEPEST = 20  # levels; a configuration that holds itself ends there
LEFT_OUT = "…"


def tag(name: str) -> str:
    """One line that can be shown, of bounded length; what is cut off still tells two names apart."""
    if name.isprintable() and len(name) <= MOST_TAG:
        return name
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name[:MOST_TAG])
    if len(name) <= MOST_TAG and len(shown) <= MOST_TAG:
        return shown
    return f"{shown[: MOST_TAG - 10]}{LEFT_OUT}{zlib.crc32(name.encode('utf-8', 'surrogatepass')):08x}"


def text(given: str, most: int = MOST_TEXT) -> str:
    """Without NUL and lone surrogates, which UTF-8 cannot hold; of an enormous text a beginning and the end."""
    if len(given) > most:
        head = most // 4
        cut = len(given) - most
        given = f"{given[:head]} {LEFT_OUT} ({cut:,} characters left out) {LEFT_OUT} {given[head - most :]}"
    return given.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


def jsonable(value: Any) -> Any:
    """``value`` as strict JSON: containers are kept, numpy scalars become numbers, anything else its ``repr``.

    NaN and Inf become words; beyond ``MOST_VALUES`` values or ``DEEPEST`` levels the rest is left out.
    """
    return _Json().of(value, DEEPEST)


class _Json:
    """Counts what it has converted."""

    def __init__(self) -> None:
        self.left = MOST_VALUES

    def of(self, value: Any, depth: int) -> Any:
        self.left -= 1
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return text(str.__str__(value))
        if isinstance(value, int):
            return _whole(int(value))
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else repr(float(value))
        if depth <= 0 or self.left <= 0:
            return LEFT_OUT
        return self._container(value, depth - 1)

    def _container(self, value: Any, depth: int) -> Any:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            value = {f.name: getattr(value, f.name, None) for f in dataclasses.fields(value)}
        elif type(value).__name__ == "Namespace":  # argparse
            value = vars(value)
        if isinstance(value, Mapping):
            kept = {text(str(k), MOST_TAG): self.of(v, depth) for k, v in self._some(value.items())}
            return kept | ({LEFT_OUT: _more(value, kept)} if len(kept) < len(value) else {})
        if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray | range):
            items = [self.of(v, depth) for v in self._some(value)]
            return items + ([_more(value, items)] if len(items) < len(value) else [])
        return self._other(value, depth)

    def _some(self, items: Iterable[Any]) -> Iterable[Any]:
        for item in islice(items, MOST_ITEMS):
            if self.left <= 0:
                return
            yield item

    def _other(self, value: Any, depth: int) -> Any:
        if type(value).__module__ == "numpy" and getattr(value, "size", 0) == 1:
            return self.of(value.item(), depth)
        try:
            return text(str(value) if isinstance(value, Path) else repr(value))
        except Exception:  # a repr of somebody else's
            return f"<{type(value).__name__}>"


def _more(value: Sized, kept: Sized) -> str:
    return f"{LEFT_OUT} {len(value) - len(kept):,} more left out"


def _whole(number: int) -> int | str:
    """Python refuses to write integers of thousands of digits, and few programs read more than 64 bits."""
    return number if number.bit_length() <= 64 else f"a whole number of {number.bit_length():,} bits"
