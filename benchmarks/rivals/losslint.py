"""losslint: given JSON lines, read by its own parser, judged by all its checks with their default options."""

from pathlib import Path

from benchmarks.rivals.log import Log, Said, write_jsonl

PACKAGE = "losslint"
FORM = "JSONL"
NAMES = {"step": "step", "train_loss": "loss", "val_loss": "eval_loss", "lr": "lr", "grad_norm": "grad_norm"}
# The plateau says "consider stopping or raising the LR": right on a converged run and on one whose rate is too low.
WORDS = {
    "nan_inf": ("diverged",),
    "divergence": ("diverged",),
    "overfit_onset": ("overfitting",),
    "stagnation": ("lr_too_low", "healthy"),
}


def prepare(log: Log, folder: Path) -> Path:
    """The file it is to read."""
    return write_jsonl(log, folder / "run.jsonl", NAMES)


def judge(path: Path) -> list[Said]:
    """What it finds, worst first."""
    from losslint.checks import run_all_checks
    from losslint.parsing import load_run

    order = ["error", "warning", "info"]
    found = sorted(run_all_checks(load_run(path)), key=lambda f: order.index(f.severity))
    return [Said(f.check, f.severity, WORDS.get(f.check, ())) for f in found]
