"""How the page begins, and the words that stand between its tables."""

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

TITLE = "# How often the diagnosis is right"
LAB = """## The lab: is the verdict right?

Real small networks, trained on real data with exactly one fault each. A label is kept only where it is a fact: the cure measurably helped, or, of a healthy run,
doubling the budget brought little. `python -m benchmarks.lab` trains them again.
"""
OBEY = """## Does obeying help?

The first remedy of the verdict is applied by a machine, the network is trained again with the same seed, and the validation loss at the end is held against that of the first run.
How far off a rate is, is read from the first update where it was measured; what is usual with each optimizer is the median of the sound runs of all parts, so
that no part is unseen in this.
"""
OWN_GRID = """## Learning rates: the lab's own grid

As DeepOBS did: each problem at the same constant rates with three optimizers, logged plainly (losses, accuracies, the rate), so that it can be looked up what any
other rate would have done. `python -m benchmarks.lab --rates` trains it again. The problems drawn by chance are of the lab's drawn parts, whose other runs the rules have seen.

Judged once before a rule learned from the drawn problems: by the rules of 61ac2b7: recall of `lr_too_high` .72 (18/25; by those of a8e74df, before this grid, .36), of `lr_too_low` .35 (36/104; .35), sound
runs named a fault .06 (5/77; .05). On the others the rules before it came to .20 (9/46), .62 (120/193) and .16 (11/70).
"""
RIVALS = """## Beside the rivals

The same runs, each rival in the form it likes best: the training loss at every logged step with validation loss, learning rate, gradient norm and update ratio wherever the run has them. Its
findings count as the verdict they assert (`benchmarks/rivals` says which); one that names two causes counts as whichever is true. Of several, the worst counts, as
the rival orders them; *alarmed* is any finding at warning or worse, *named a fault* the verdict it comes to, at whatever severity. A silent rival has said `healthy`. None was made to tell our verdicts apart, so read
*macro-F1, those* for how right each is on the verdicts it can give, and *anything* for "something is wrong".

Three things to know: trainspotter warns of a missing warmup whenever the logged rate begins at its peak; training-doctor replays the run, and whatever it said at any
step counts, here as for its users; sk-autod refuses NaN and fewer than five epochs, and gets what came before the first NaN.
"""
COST = """## What judging costs

Wall time on this machine, which others use too; ours with every rule, one process.
"""


def heading() -> str:
    """Title, command, commit, date, machine and versions, so that the figures can be judged and had again."""
    given = " ".join(_public(argument) for argument in sys.argv[1:])
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("curvewise", "numpy", "pandas"))
    return (
        f"{TITLE}\n\n`python -m benchmarks.diagnosis {given}`, commit {_git('%h')} of {_git('%cs')}{_changed()}; written by this command, so change the code and not this page.\n\n"
        f"Python {platform.python_version()}, {versions}; {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start.\n"
    )


def _public(argument: str) -> str:
    """A folder outside the repository is nobody's business but its owner's."""
    return "FOLDER" if Path(argument).is_absolute() else argument


def _git(what: str) -> str:
    return _out("log", "-1", f"--format={what}") or "unknown"


def _changed() -> str:
    """Whether the rules that judged are those of the commit."""
    return " with changes not yet committed" if _out("status", "--porcelain", "--", "diagnostics") else ""


def _out(*arguments: str) -> str:
    home = Path(__file__).parents[2]
    return subprocess.run(["git", *arguments], cwd=home, capture_output=True, text=True, check=False).stdout.strip()
