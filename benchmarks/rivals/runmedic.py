"""runmedic: given a CSV file, read by its own loader, judged by all its checks; the JSON report's ``check`` and ``severity``."""

from pathlib import Path

from benchmarks.rivals.log import Log, Said, write_csv

PACKAGE = "runmedic"
FORM = "CSV"
# "not learning" names a rate far too low and weights that are not updated; both are taken for it, whichever is true.
WORDS = {
    "non_finite": ("diverged",),
    "divergence": ("diverged",),
    "no_learning": ("bad_initialization", "lr_too_low"),
    "overfitting": ("overfitting",),
    "constant_lr_plateau": ("needs_decay",),
}
SEVERITY = {"critical": "error", "warning": "warning", "info": "info"}


def prepare(log: Log, folder: Path) -> Path:
    """The file it is to read."""
    return write_csv(log, folder / "run.csv")


def judge(path: Path) -> list[Said]:
    """What it finds, worst first, as it orders them."""
    from runmedic import loaders, roles
    from runmedic.checks import run_checks

    (run,) = loaders.load(str(path))
    found = run_checks(run, roles.detect(run))
    return [Said(f.check, SEVERITY[f.severity], WORDS.get(f.check, ())) for f in found]
