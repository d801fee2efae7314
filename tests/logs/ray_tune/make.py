"""Ray Tune: an experiment of three trials; one of them fails."""

import json
import os
import shutil
import sys
from pathlib import Path

from ray import tune

PACKAGES = ["ray[tune]==2.60.0"]


def train(config: dict) -> None:
    loss = 2.0
    for step in range(12):
        loss *= 1 - config["lr"]
        if config["lr"] > 0.35 and step == 6:
            raise RuntimeError("diverged")
        tune.report({"train": {"loss": loss}, "val_loss": loss * 1.1 + 0.05, "val_acc": 1 - loss / 2})


def anywhere(text: str) -> str:
    """``text`` without the folders of the machine that it was written on."""
    return text.replace(sys.prefix, "env").replace(str(Path.cwd()), ".")


def main() -> None:
    os.environ["RAY_AIR_NEW_OUTPUT"] = "0"
    home = Path("ray").resolve()
    run = tune.RunConfig(name="experiment", storage_path=str(home), verbose=0)
    tuner = tune.Tuner(train, param_space={"lr": tune.grid_search([0.1, 0.2, 0.4])}, run_config=run)
    truth = {}
    for result in tuner.fit():
        frame = result.metrics_dataframe
        names = [n for n in ("train/loss", "val_loss", "val_acc") if n in frame]
        steps = frame["training_iteration"].tolist()
        truth[Path(result.path).name] = {n: list(map(list, zip(steps, frame[n].tolist(), strict=True))) for n in names}
    for file in home.glob("experiment/*"):
        keep = ("result.json", "params.json", "progress.csv", "error.txt")
        for inside in (file / name for name in keep if (file / name).exists()):
            target = Path("log/experiment") / file.name
            target.mkdir(parents=True, exist_ok=True)
            (target / inside.name).write_text(anywhere(inside.read_text()))
    shutil.rmtree(home)
    Path("truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
