"""Layout of ``verdict.json``: what ``curvewise watch`` found last, left in the run folder for the training that records the run.

It is the report of ``curvewise diagnose --json`` on this run, with four things beside it: ``format_version``, ``step`` (the last
one judged), ``judged_at`` (seconds since 1970), ``version`` (of the watcher), and ``attempt`` with its ``started_at``: the newest
attempt of which a row was judged, as ``run.json`` has it. By the last a resumed run knows a verdict on what went before it.
The file is replaced as a whole. It is no data of the run: readers pass over it, and a change of it alone is no news.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector import attempts, durable, run_file, schema

FORMAT_VERSION = 1
MOST_BYTES = 1 << 20  # of a file that is read; a report has some ten thousand
# Slugs of the findings that ``curvewise watch`` knows: those of verdicts, and of what may stand beside one.
RULES = frozenset(
    [
        "diverged",
        "not_enough_data",
        "bad_initialization",
        "lr_too_high",
        "decay_too_early",
        "lr_too_low",
        "overfitting",
        "needs_decay",
        "underfitting",
        "keep_training",
        "healthy",
        "dead_units",
        "diverging_rank",
        "double_softmax",
        "exploding_gradient",
        "loss_spike",
        "masked_nan",
        "missing_warmup",
        "noisy_validation",
        "non_finite_loss",
        "periodic_loss",
        "predicts_uniformly",
        "resumed_run",
        "slow_rank",
        "stop_earlier",
        "train_eval_disagreement",
        "untrained_layers",
        "update_ratio",
        "validation_below_train",
        "vanishing_gradient",
        "wrong_initial_loss",
    ]
)
OURS = re.compile(rf"^(\.{re.escape(schema.VERDICT_FILE)}\..+\.tmp|{re.escape(schema.VERDICT_FILE)})$")


@dataclass(frozen=True)
class Remedy:
    """What to change: multiply ``parameter`` by ``factor``, or set it to ``value``; the other one is None."""

    action: str
    parameter: str
    because: str
    factor: float | None = None
    value: float | int | str | None = None


@dataclass(frozen=True)
class Finding:
    """What a rule found, measured on the steps ``first_step`` … ``last_step``; remedies cheapest first."""

    rule: str
    severity: str
    message: str
    first_step: int
    last_step: int
    remedies: tuple[Remedy, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The file's content: findings, the one behind the verdict first.

    ``started_at`` says whose rows were judged; None where the log does not tell.
    """

    findings: tuple[Finding, ...]
    step: int
    started_at: float | None


def judged(folder: Path) -> dict[str, Any]:
    """``attempt`` and ``started_at`` for the verdict on ``folder``: asked before the rows are read, so that they are among these."""
    known = [a for a in attempts.of(run_file.read(folder)) if a.get("first_step") is not None]
    newest = max(known, key=lambda a: int(a["attempt"]), default={})
    return {key: newest.get(key) for key in ("attempt", "started_at")}


def leave(folder: Path, report: Mapping[str, Any], **beside: Any) -> None:
    """Replace the verdict in ``folder`` by ``report``, with what ``beside`` says of it (``step``, ``attempt`` …).

    Raises:
        OSError: the folder cannot be written.
    """
    content = {"format_version": FORMAT_VERSION, "judged_at": time.time(), **beside, **report}
    data = json.dumps(content, indent=2, allow_nan=False).encode()
    durable.write(folder / schema.VERDICT_FILE, folder, lambda file: file.write(data))


def read(folder: Path) -> Verdict:
    """The verdict in ``folder``.

    Raises:
        OSError: there is none, or it cannot be read.
        ValueError: it is damaged, or of another format version.
    """
    with (folder / schema.VERDICT_FILE).open("rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise ValueError(f"larger than {MOST_BYTES:,} bytes")
    try:
        return _verdict(json.loads(raw))
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"not the layout of a verdict ({error!r})") from None


def _verdict(content: dict[str, Any]) -> Verdict:
    if content["format_version"] != FORMAT_VERSION:
        raise ValueError(f"of format version {content['format_version']!r}")
    started = content["started_at"]
    found = tuple(map(_finding, content["findings"]))
    return Verdict(found, int(content["step"]), None if started is None else float(started))


def _finding(given: dict[str, Any]) -> Finding:
    first, last = int(given["evidence"][0]["first_step"]), max(int(e["last_step"]) for e in given["evidence"])
    remedies = tuple(map(_remedy, given["remedies"]))
    return Finding(str(given["rule"]), str(given["severity"]), str(given["message"]), first, last, remedies)


def _remedy(given: dict[str, Any]) -> Remedy:
    action, parameter, because = (str(given[key]) for key in ("action", "parameter", "because"))
    return Remedy(action, parameter, because, given.get("factor"), given.get("value"))
