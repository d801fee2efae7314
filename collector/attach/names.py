"""What the script itself calls the data it evaluates: the names and values of its variables, read from the call stack."""

import re
import sys
from collections.abc import Iterator, Mapping
from types import CodeType, FrameType
from typing import Any

SELECTORS = frozenset({"split", "phase", "mode", "stage", "subset", "partition"})  # variables that say which data it is
SETS = {"train": "train", "tr": "train", "trn": "train", "dev": "val", "val": "val", "valid": "val", "eval": "val"}
SETS |= {"validation": "val", "evaluation": "val", "test": "test", "holdout": "holdout"}
KNOWN = re.compile(
    r"(train|trn|tr|dev|validation|valid|val|evaluation|eval|test|holdout)(?:ing)?(?:loader|data|dataset|set|dl|ds|iter)?\d*$"
)
DEEPEST = 60  # frames looked at


def set_of(name: str) -> str | None:
    """``test_loader`` → ``test``, ``X_val`` → ``val``, ``trainset`` → ``train``; None where the name says nothing."""
    for word in re.split(r"[^a-z0-9]+", name.lower()):
        match = KNOWN.match(word)
        if match:
            return SETS[match[1]]
    return None


def selected() -> str | None:
    """The value of the nearest variable named ``split``, ``phase`` … on the stack that names a set: ``"val"`` → ``val``."""
    for frame in _stack():
        for name in _selectors(frame.f_code):
            value = frame.f_locals.get(name)
            if isinstance(value, str) and len(value) < 30 and (found := set_of(value)):
                return found
    return None


def of_loader(dataset: Any) -> str | None:
    """The set that the nearest variable holding a loader of this dataset, or the dataset itself, is named after."""
    return _named(lambda value: value is dataset or getattr(value, "dataset", None) is dataset)


def of_tensors(*tensors: Any) -> str | None:
    """The set that the nearest variable holding one of these tensors is named after."""
    return _named(lambda value: any(value is tensor for tensor in tensors))


def site() -> int:
    """Where in the program we are called from: equal for the same place in the script reached the same way."""
    places = [(id(frame.f_code), frame.f_lasti) for frame in _stack()]
    return hash(tuple(places))


def call_site() -> int:
    """The place of the nearest call outside torch itself."""
    for frame in _stack():
        if not frame.f_globals.get("__name__", "").startswith("torch."):
            return hash((id(frame.f_code), frame.f_lasti))
    return 0


def _stack() -> Iterator[FrameType]:
    """The frames that called us, nearest first, without our own."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(DEEPEST):
        if frame is None:
            return
        if not frame.f_globals.get("__name__", "").startswith("collector."):
            yield frame
        frame = frame.f_back


_seen: dict[CodeType, tuple[str, ...]] = {}


def _selectors(code: CodeType) -> tuple[str, ...]:
    """Which of the selecting names this code uses; remembered, since reading a frame's variables is dear."""
    if code not in _seen:
        names = {*code.co_varnames, *code.co_cellvars, *code.co_freevars, *code.co_names}
        _seen[code] = tuple(sorted(SELECTORS & names)) if len(_seen) < 10_000 else ()
    return _seen[code]


def _named(fits: Any) -> str | None:
    for frame in _stack():
        for name, value in list(frame.f_locals.items()):
            if (found := set_of(name)) and _fits(fits, value):
                return found
            if type(value) is dict and (key := _key(fits, value)):
                return key
    return None


def _key(fits: Any, values: Mapping[Any, Any]) -> str | None:
    for key, value in list(values.items())[:20]:
        if isinstance(key, str) and (found := set_of(key)) and _fits(fits, value):
            return found
    return None


def _fits(fits: Any, value: Any) -> bool:
    try:
        return bool(fits(value)) or (type(value) in (list, tuple) and any(map(fits, value[:20])))
    except Exception:  # a variable of the script's may do anything when it is looked at
        return False
