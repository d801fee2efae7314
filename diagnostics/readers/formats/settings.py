"""The hyperparameters that lie beside a log, as YAML or JSON: read without running anything that they name."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

LARGEST = 1 << 20  # bytes; settings are short, and a file beyond is something else
MOST, DEEPEST, LONGEST = 2_000, 10, 50  # settings, levels, items of a list

EXPONENT = re.compile(r"^[-+]?\d+\.?\d*[eE][-+]?\d{1,3}$")

Settings = dict[str, object]


class _Plain(yaml.SafeLoader):  # type: ignore[misc]
    """Reads what is tagged as a Python object as the plain values it is written with."""


def _as_written(loader: _Plain, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return node.value


_WRONG = (yaml.YAMLError, ValueError, RecursionError, OSError, TypeError, AttributeError)

_Plain.add_multi_constructor("", _as_written)


def beside(folder: Path, *names: str) -> tuple[Settings, list[str]]:
    """The settings of the first of ``names`` that lies in ``folder``, nested ones under joined names, and notes."""
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    if path is None:
        return {}, []
    try:
        return flat(_loaded(path)), []
    except _WRONG as error:
        return {}, [f"{path.name}: could not be read ({' '.join(str(error).split())[:100]})"]


def _loaded(path: Path) -> Mapping[object, object]:
    if path.stat().st_size > LARGEST:
        raise ValueError("larger than settings are")
    text = path.read_text("utf-8-sig", "replace")
    value = json.loads(text) if path.suffix == ".json" else yaml.load(text, _Plain)
    return value if isinstance(value, Mapping) else {}


def flat(values: Mapping[Any, object]) -> Settings:
    """``values`` without nesting: ``{"optimizer": {"lr": 0.1}}`` → ``{"optimizer/lr": 0.1}``; at most ``MOST``."""
    found: Settings = {}
    for name, value in _leaves(values, ""):
        found[name] = value
        if len(found) >= MOST:
            break
    return found


def _leaves(values: Mapping[Any, object], within: str, depth: int = 0) -> Iterator[tuple[str, object]]:
    for key, value in values.items():
        name = f"{within}{str(key)[:200]}"
        if isinstance(value, Mapping):
            if depth < DEEPEST:
                yield from _leaves(value, name + "/", depth + 1)
        elif isinstance(value, list | tuple):
            if len(value) <= LONGEST and all(isinstance(v, str | int | float | bool | None) for v in value):
                yield name, list(value)
        else:
            yield name, _typed(value) if isinstance(value, str | int | float | bool | None) else str(value)[:200]


def _typed(value: object) -> object:
    """YAML reads ``1e-3`` as text, for want of a point."""
    return float(value) if isinstance(value, str) and EXPONENT.match(value) else value
