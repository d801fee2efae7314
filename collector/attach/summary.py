"""What is said at the end, on standard error: what was recorded, where it lies, and what could not be seen and why."""

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collector.attach.session import Session

SAME = 0.01  # relative: a training loss this near to what the loss function said has no further terms


def say(session: "Session") -> None:
    """Write the summary; ranks other than 0 keep silent."""
    if session.aside or os.environ.get("RANK", "0") != "0":
        return
    path = session.recording.path
    if path is None:
        write(f"nothing was recorded: {_nothing(session)}")
        return
    shown = os.path.relpath(path) if path.is_relative_to(os.getcwd()) else str(path)  # noqa: PTH109
    write(f"recorded {session.recording.run.step} steps into {shown}")
    write("  " + " · ".join(f"{tag} {count}" for tag, count in session.counts.items()))
    for line in unseen(session):
        write(f"  {line}")
    write(f"  curvewise diagnose {shown}")


def write(line: str) -> None:
    """One line on standard error."""
    if sys.stderr is not None:
        sys.stderr.write(f"curvewise: {line}\n")
        sys.stderr.flush()


def unseen(session: "Session") -> Iterator[str]:
    """What could not be seen or must be known to read the curves, a line each."""
    counts = session.counts
    if "train/loss" not in counts:
        yield "no training loss: " + (
            "nothing was back-propagated" if session.recording.met else "no optimizer made a step"
        )
    if "val/loss" not in counts:
        yield "no validation loss: no loss function of torch.nn.functional was called without gradients on other data"
    elif "val/accuracy" not in counts:
        yield "no accuracy: the targets are no class indices"
    yield from (f"{name} is what the script calls {own}" for name, own in session.judge.names.said.items())


def _nothing(session: "Session") -> str:
    if session.spawned:
        return "the training happened in other processes"
    if "torch" not in sys.modules:
        return "the script did not import torch"
    return "no optimizer step and no evaluation happened in this process"
