"""``run.json``: what a run is called, how it was configured, and how it ended."""

import dataclasses
import json
import math
import os
import re
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from collector import schema


def read(folder: Path) -> dict[str, Any]:
    """The content of ``run.json``; empty when there is none or it is damaged."""
    try:
        content = json.loads((folder / schema.RUN_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def update(folder: Path, changes: Mapping[str, Any], attempt: Mapping[str, Any]) -> None:
    """Merge ``changes`` and this ``attempt``'s entry into ``run.json``, which appears whole or not at all.

    Raises:
        OSError: the folder cannot be written.
    """
    content = read(folder)
    now = time.time()  # s since 1970
    new = {"format_version": schema.FORMAT_VERSION, "name": folder.resolve().name, "created_at": now}
    others = [a for a in attempts(content) if a.get("attempt") != attempt["attempt"]]
    entries = sorted([*others, dict(attempt)], key=lambda a: int(a["attempt"]))
    content = new | content | dict(changes) | {"attempts": entries}
    write(folder / schema.RUN_FILE, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False).encode())


def attempts(content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The well-formed attempt entries of a ``run.json``."""
    entries = content.get("attempts")
    found = entries if isinstance(entries, list) else []
    return [a for a in found if isinstance(a, dict) and isinstance(a.get("attempt"), int)]


def write(path: Path, data: bytes) -> None:
    """Write ``path`` atomically. The temporary name starts with a dot, which readers and pandas ignore."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def new_attempt(number: int) -> dict[str, Any]:
    """The entry of an attempt that begins now in this process."""
    return {
        "attempt": number,
        "started_at": time.time(),
        "first_step": None,
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "ended_at": None,
    }


def jsonable(value: Any) -> Any:
    """``value`` as strict JSON: containers are kept, numpy scalars become numbers, anything else its ``repr``."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return jsonable({f.name: getattr(value, f.name) for f in dataclasses.fields(value)})
    if isinstance(value, Mapping):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, Sequence | set) and not isinstance(value, bytes | bytearray):
        return [jsonable(v) for v in value]
    if isinstance(value, Path):
        return str(value)
    return _other(value)


def _other(value: Any) -> Any:
    if type(value).__module__ == "numpy" and getattr(value, "size", 0) == 1:
        return jsonable(value.item())
    if type(value).__name__ == "Namespace":  # argparse
        return jsonable(vars(value))
    return repr(value)


def loss_name(loss: Any) -> str | None:
    """The name of a loss given as a name, a function or a module: ``nn.CrossEntropyLoss()`` → ``cross_entropy``."""
    if loss is None or isinstance(loss, str):
        return loss
    name: str = getattr(loss, "__name__", type(loss).__name__)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.removesuffix("Loss"))
    return spaced.lower()
