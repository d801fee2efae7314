"""gradsnitch: given the CSV file its ``lint_csv`` reads, with the update ratio that its live monitor would have measured."""

from pathlib import Path

from benchmarks.rivals.log import Log, Said, write_csv

PACKAGE = "gradsnitch"
FORM = "CSV with update ratio"
NAMES = {name: name for name in ("step", "train_loss", "val_loss", "lr", "grad_norm", "update_ratio")}
# The early plateau and the vanishing gradient name a rate too low and a poor initialization; both are taken, whichever is true.
WORDS = {
    "GS001": ("diverged",),
    "GS002": ("diverged",),
    "GS004": ("overfitting",),
    "GS005": ("bad_initialization", "lr_too_low"),
    "GS006": ("diverged",),
    "GS007": ("bad_initialization", "lr_too_low"),
    "GS008": ("lr_too_high", "lr_too_low"),  # one rule, two verdicts: the finding's name tells which
    "GS009": ("lr_too_high",),
    "GS010": ("decay_too_early",),
}


def prepare(log: Log, folder: Path) -> Path:
    """The file it is to read."""
    return write_csv(log, folder / "run.csv", NAMES)


def judge(path: Path) -> list[Said]:
    """What it finds, errors first."""
    import gradsnitch

    found = sorted(gradsnitch.lint_csv(str(path)), key=lambda f: f.severity != "error")
    return [Said(f.code, f.severity, _words(f.code, f.name)) for f in found]


def _words(code: str, name: str) -> tuple[str, ...]:
    if code == "GS008":
        return ("lr_too_high",) if "too high" in name else ("lr_too_low",)
    return WORDS.get(code, ())
