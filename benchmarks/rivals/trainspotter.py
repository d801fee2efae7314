"""trainspotter: given a CSV file, read by its ``load_run``, judged by all its default detectors."""

from pathlib import Path

from benchmarks.rivals.log import Log, Said, write_csv

PACKAGE = "trainspotter"
FORM = "CSV"
# Its plateau proposes a higher rate, another schedule and a look for frozen parameters: taken for whichever is true.
WORDS = {
    "divergence": ("diverged",),
    "overfitting": ("overfitting",),
    "plateau": ("lr_too_low", "needs_decay", "bad_initialization"),
}


def prepare(log: Log, folder: Path) -> Path:
    """The file it is to read."""
    return write_csv(log, folder / "run.csv")


def judge(path: Path) -> list[Said]:
    """What it finds, worst first, as it orders them."""
    from trainspotter import load_run, run_all

    found = run_all(load_run(str(path)))
    return [Said(f.detector, f.severity, WORDS.get(f.detector, ())) for f in found]
