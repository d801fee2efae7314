"""``run.json``: what a run is called, how it was configured, and how it ended."""

import json
import re
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from collector import attempts as entries_of
from collector import claims, durable, locks, schema
from collector.clean import jsonable as jsonable  # one name for who fills the file
from collector.clean import text

MOST_NOTES = 50  # lines
DAMAGED = "run.json.damaged"  # where a file that is no JSON is kept

attempts = entries_of.of


def read(folder: Path) -> dict[str, Any]:
    """The content of ``run.json``; empty when there is none or it is damaged."""
    try:
        return _read(folder)
    except (OSError, ValueError):
        return {}


def _read(folder: Path) -> dict[str, Any]:
    raw = (folder / schema.RUN_FILE).read_bytes()
    content = json.loads(raw, parse_constant=str)  # strict JSON has no NaN
    if not isinstance(content, dict):
        raise ValueError("no JSON object")
    return content


def update(
    folder: Path, given: Mapping[str, Any], attempt: Mapping[str, Any], notes: Sequence[str] = ()
) -> dict[str, Any]:
    """Merge what is ``given``, this ``attempt``'s entry and ``notes`` into ``run.json``, which appears whole or not at all.

    Returns the content. While another attempt is running, so is the run.

    Raises:
        OSError: the folder cannot be read or written.
    """
    changes: dict[str, Any] = jsonable(given)
    own: dict[str, Any] = {**attempt}
    own |= {key: changes[key] for key in ("state", "exception") if key in changes}
    with locks.alone_in(folder):
        content: dict[str, Any] = _known(folder)
        new = {"format_version": schema.FORMAT_VERSION, "name": text(folder.resolve().name), "created_at": time.time()}
        others = [a for a in attempts(content) if a["attempt"] != own["attempt"]]
        content = new | content | changes | {"attempts": entries_of.joined(others, own)}
        content["notes"] = _notes(content, notes)
        if any(_running(folder, other) for other in others):
            content |= {"state": schema.RUNNING, "exception": None, "traceback": None}
        write(folder, content)
    return content


def close_for(folder: Path, attempt: int, notes: Sequence[str]) -> None:
    """Say of an attempt whose process is gone that it ended without a word.

    Raises:
        OSError: see ``update``.
    """
    with locks.alone_in(folder):
        content = _known(folder)
        found = [entries_of.gone(a) if a["attempt"] == attempt else a for a in attempts(content)]
        content |= {"attempts": found, "notes": _notes(content, notes)}
        if found or notes:
            write(folder, content)


def write(folder: Path, content: Mapping[str, Any]) -> None:
    """Replace ``run.json``.

    Raises:
        OSError: the folder cannot be written.
    """
    encoded = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    data = encoded.encode("utf-8", "backslashreplace")  # a lone surrogate becomes the escape that JSON has for it
    durable.write(folder / schema.RUN_FILE, folder, lambda file: file.write(data))


def _known(folder: Path) -> dict[str, Any]:
    """What is in the file; what is no JSON is set aside, not overwritten."""
    try:
        return _read(folder)
    except FileNotFoundError:
        return {}
    except ValueError:
        (folder / schema.RUN_FILE).replace(folder / DAMAGED)
        return {}


def _notes(content: Mapping[str, Any], new: Sequence[str]) -> list[str]:
    """Those of earlier attempts first, each once, the latest when they are too many."""
    old = content.get("notes")
    kept = [note for note in old if isinstance(note, str)] if isinstance(old, list) else []
    return list(dict.fromkeys([*kept, *(text(note) for note in new)]))[-MOST_NOTES:]


def _running(folder: Path, entry: Mapping[str, Any]) -> bool:
    """Whether an attempt that has not ended is known to be alive."""
    number = entry["attempt"]
    return entry.get("ended_at") is None and claims.held(claims.claim_path(folder, number)) is True


def ending(error: BaseException | None) -> dict[str, Any]:
    """What the file says of a run that ended with ``error``."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return {"state": schema.FINISHED}
    last = traceback.format_exception_only(error)[-1].strip()
    return {"state": schema.CRASHED, "exception": last, "traceback": "".join(traceback.format_exception(error))}


def loss_name(loss: Any) -> str | None:
    """The name of a loss given as a name, a function or a module: ``nn.CrossEntropyLoss()`` → ``cross_entropy``."""
    if loss is None or isinstance(loss, str):
        return loss
    name: str = getattr(loss, "__name__", type(loss).__name__)
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.removesuffix("Loss"))
    return spaced.lower().removesuffix("_loss")  # of a function: nll_loss is what NLLLoss calls
