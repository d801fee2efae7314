"""YAML as trackers write it, thousands of small files a store: read by the quick loader; and text that stands for a number."""

from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 1 << 20  # of a file of settings; YAML reads slowly, and nobody sets a megabyte
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
WORDS = {"true": True, "false": False, "none": None, "null": None}


def yaml_settings(path: Path, within: str | None = None) -> dict[str, Any]:
    """The mapping in a YAML file, or what it holds under the key ``within`` of each entry; empty when there is none."""
    try:
        with path.open("rb") as file:
            said = yaml.load(file.read(MOST_BYTES), Loader=LOADER)
    except (OSError, ValueError, RecursionError, TypeError, yaml.YAMLError):
        return {}
    if not isinstance(said, dict):
        return {}
    named = {str(name): value for name, value in said.items()}
    if within is None:
        return named
    return {name: value[within] for name, value in named.items() if isinstance(value, dict) and within in value}


def typed(text: str) -> int | float | bool | str | None:
    """The number, truth value or None that ``text`` stands for, as Python writes them; else the text."""
    if text.strip().lower() in WORDS:
        return WORDS[text.strip().lower()]
    for kind in (int, float):
        try:
            return kind(text) if "_" not in text else text
        except ValueError:
            pass
    return text
