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

from benchmarks.lab.faults import TEST, TUNING, faults  # noqa: E402  (the lab lies beside this folder, not in a package path)
from benchmarks.lab.train import Recipe, train  # noqa: E402

MLP, TANH, CNN = TUNING["digits-relu-sgd"], TUNING["digits-tanh-momentum"], TUNING["digits-cnn-adam"]
TRANSFORMER, CHARS = TEST["digits-transformer-adamw"], TUNING["chars-relu-adamw"]


def _seeded(recipe: Recipe, seed: int) -> Recipe:
    return replace(recipe, seed=seed)


# name → (verdict it must get, what trained it)
SAMPLES: dict[str, tuple[str, Recipe]] = {
    "digits-healthy": ("healthy", _seeded(faults(CNN, 0)["healthy"], 0)),
    "digits-diverged": ("diverged", replace(MLP, lr=1.6)),
    "digits-lr-too-high": ("lr_too_high", faults(TANH, 0)["lr_too_high"]),
    "digits-lr-too-low": ("lr_too_low", faults(TANH, 1)["lr_too_low"]),
    "digits-bad-initialization": ("bad_initialization", _seeded(faults(MLP, 1)["bad_initialization"], 1)),
    "digits-decayed-too-early": ("decay_too_early", faults(MLP, 0)["decay_too_early"]),
    "digits-needs-decay": ("needs_decay", faults(MLP, 0)["needs_decay"]),
    "digits-overfitting": ("overfitting", _seeded(faults(CNN, 1)["overfitting"], 1)),
    "digits-underfitting": ("underfitting", faults(TANH, 0)["underfitting"]),
    "digits-cut-short": ("keep_training", _seeded(faults(MLP, 1)["keep_training"], 1)),
    "text-just-started": ("not_enough_data", faults(CHARS, 1)["not_enough_data"]),
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
