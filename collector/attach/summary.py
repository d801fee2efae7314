"""What is said at the end, on standard error: what was recorded, where it lies, and what could not be seen and why."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collector.attach.recording import Training
    from collector.attach.session import Session

SAME = 0.01  # relative: a training loss this near to what the loss functions gave is theirs alone
MOST_SAID = 5  # trainings told of one by one


def say(session: "Session") -> None:
    """Write the summary; ranks other than 0 keep silent."""
    if session.aside or os.environ.get("RANK", "0") != "0":
        return
    trainings = session.recording.trainings
    if not trainings:
        write(f"nothing was recorded: {_nothing(session)}")
    for training in trainings[:MOST_SAID]:
        _say(session, training)
    if len(trainings) > MOST_SAID:
        write(f"and {len(trainings) - MOST_SAID} more trainings, up to {_shown(trainings[-1].path)}")


def _say(session: "Session", training: "Training") -> None:
    write(f"recorded {training.run.step} steps into {_shown(training.path)}")
    write("  " + " · ".join(f"{tag} {count}" for tag, count in training.rows.items()))
    for line in unseen(session, training):
        write(f"  {line}")
    write(f"  curvewise diagnose {_shown(training.path)}")


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def write(line: str) -> None:
    """One line on standard error."""
    if sys.stderr is not None:
        sys.stderr.write(f"curvewise: {line}\n")
        sys.stderr.flush()


def unseen(session: "Session", training: "Training") -> Iterator[str]:
    """What could not be seen, and why, and what must be known to read the curves; a line each."""
    rows = training.rows
    if "train/loss" not in rows:
        yield "no training loss: " + (
            "nothing was back-propagated" if training.configured else "no optimizer made a step"
        )
    if "val/loss" not in rows:
        yield f"no validation loss: {_no_validation(session)}"
    elif "val/accuracy" not in rows:
        yield "no validation accuracy: the loss was not computed from class indices by a function of torch.nn.functional"
    if "val/loss" in rows and further_terms(session):
        yield "train/loss is all that is back-propagated, val/loss the loss function alone: the script weights it or adds terms"
    if "train/loss/1" in rows:
        yield "several optimizers, each with its own loss: train/loss is that of the first to step, train/loss/1 of the next"
    yield from (f"{name} is what the script calls {own}" for name, own in session.judge.names.said.items())


def _no_validation(session: "Session") -> str:
    if session.compiles:
        return "what is computed inside torch.compile is seen only where a compiled model returns it as its loss"
    return "no loss function of torch.nn.functional was met in an evaluation on other data than the training's"


def further_terms(session: "Session") -> bool:
    """Whether the training loss is not what the loss functions said, a constant factor aside."""
    if session.partial or session.losses.last is None:
        return session.partial
    loss, own = (float(value) for value in session.losses.last)
    return abs(loss - own * float(session.losses.scale)) > SAME * abs(own)


def _nothing(session: "Session") -> str:
    if session.children:
        return (
            f"the training happened in the {session.children} processes that the script started, which are not watched"
        )
    if "torch" not in sys.modules:
        return "the script did not import torch"
    return "no optimizer step and no evaluation happened in this process"
