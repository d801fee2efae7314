"""Train the sample runs again: real networks on real data, fixed seeds, through our own collector.

``python sample_runs/make.py`` trains all of them, ``python sample_runs/make.py digits-healthy`` only those named. What it
writes is committed: chaotic runs differ between machines, so the tests judge the files, not a new training.
"""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.lab.recipe import Recipe  # noqa: E402  (the lab lies beside this folder, not in a package path)
from benchmarks.lab.train import train  # noqa: E402

# Sound recipes; each sample changes one thing.
MLP = Recipe("digits", "relu", 64, 2, optimizer="sgd", lr=0.2, dropout=0.2)
TANH = Recipe("digits", "tanh", 64, 3, optimizer="momentum", lr=0.03, dropout=0.2)
CNN = Recipe("digits", "cnn", 8, 1, optimizer="adam", lr=3e-3, dropout=0.3)
TRANSFORMER = Recipe("digits", "transformer", 32, 2, optimizer="adamw", lr=2e-3, dropout=0.1, steps=1000)
TEXT = Recipe("topics", "transformer", 32, 2, optimizer="adamw", lr=1e-3, dropout=0.2)

# name → (verdict it must get, what trained it)
SAMPLES: dict[str, tuple[str, Recipe]] = {
    "digits-healthy": ("healthy", replace(CNN, schedule="cosine")),
    "digits-diverged": ("diverged", replace(MLP, lr=1.6)),
    "digits-lr-too-high": ("lr_too_high", replace(TANH, lr=0.24)),
    "digits-lr-too-low": ("lr_too_low", replace(TANH, lr=1e-3)),
    "digits-bad-initialization": ("bad_initialization", replace(MLP, init_scale=0.15, seed=1)),
    "digits-decayed-too-early": ("decay_too_early", replace(MLP, schedule="step", drop=0.01, drop_at=0.06)),
    "digits-needs-decay": ("needs_decay", replace(MLP, lr=0.6)),
    "digits-overfitting": ("overfitting", replace(CNN, train_size=60, label_noise=0.1, dropout=0.0, seed=1)),
    "digits-underfitting": ("underfitting", replace(TANH, width=3, dropout=0.0, schedule="cosine")),
    "digits-cut-short": ("keep_training", replace(MLP, steps=250, seed=1)),
    "text-just-started": ("not_enough_data", replace(TEXT, steps=14, evals=2)),
    "digits-transformer-warmup": ("healthy", replace(TRANSFORMER, schedule="cosine", warmup=0.1)),
}


def make(name: str) -> None:
    """Train the sample run called ``name`` into its folder, replacing what was there."""
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    train(SAMPLES[name][1], folder)
    _forget_the_machine(folder / "run.json")
    print(f"{name}: {sum(f.stat().st_size for f in folder.rglob('*')) / 1e3:.0f} kB")


def _forget_the_machine(file: Path) -> None:
    """Where and by which process a sample was trained is nobody's business."""
    told = json.loads(file.read_text())
    for attempt in told["attempts"]:
        attempt.update(host=None, pid=None)
    file.write_text(json.dumps(told, indent=2) + "\n")


def main(names: list[str]) -> int:
    """Train ``names``, or all of them; 2 when a name is unknown."""
    unknown = [name for name in names if name not in SAMPLES]
    if unknown:
        print(f"No sample run is called {', '.join(unknown)}; there are {', '.join(SAMPLES)}.", file=sys.stderr)
        return 2
    for name in names or SAMPLES:
        make(name)
    verdicts = {name: verdict for name, (verdict, _) in SAMPLES.items()}
    (HERE / "verdicts.json").write_text(json.dumps(verdicts, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
