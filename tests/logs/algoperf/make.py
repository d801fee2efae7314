"""AlgoPerf's ``measurements.csv``, by the code of its ``MetricLogger`` (the package needs JAX and TensorFlow): each append reads
the table, adds a row and writes it again with pandas. Two workloads: classification, and speech with a CTC loss.
"""

import json
import math
from pathlib import Path

import pandas as pd

PACKAGES = ["pandas==3.1.1"]


def write_to_csv(metrics: dict[str, float], path: Path) -> None:
    try:
        measurements = pd.concat([pd.read_csv(path), pd.DataFrame([metrics])])
    except (pd.errors.EmptyDataError, FileNotFoundError):
        measurements = pd.DataFrame([metrics], columns=sorted(metrics.keys()))
    measurements.to_csv(path, index=False)


def train(folder: Path, loss: str, score: str) -> dict[str, list[list[float]]]:
    folder.mkdir(parents=True)
    truth: dict[str, list[list[float]]] = {}
    for step in range(0, 3001, 50):
        if step <= 100 or step % 500 == 0:
            row = {"loss": 2 * math.exp(-step / 900) + 0.5, "grad_norm": 1 + step / 3000}
            for name, value in row.items():
                truth.setdefault(name, []).append([step, value])
            write_to_csv({**row, "global_step": step}, folder / "measurements.csv")
        if step % 600 == 0:
            row = {
                f"{split}/{loss}": more + 2 * math.exp(-step / 1000)
                for split, more in (("train", 0), ("validation", 0.1), ("test", 0.2))
            }
            row |= {f"{split}/{score}": 1 - math.exp(-step / 800) for split in ("train", "validation", "test")}
            for name, value in row.items():
                truth.setdefault(name, []).append([step, value])
            more = {"validation/num_examples": 1000, "test/num_examples": 1000, "score": step * 0.3, "total_duration": step * 0.4,
                    "accumulated_submission_time": step * 0.3, "accumulated_eval_time": step * 0.05,
                    "accumulated_logging_time": 0.1, "global_step": step, "preemption_count": 0}  # fmt: skip
            write_to_csv(row | more, folder / "measurements.csv")
            write_to_csv(row | more, folder / "eval_measurements.csv")
    write_to_csv({"score": 900.0, "global_step": 3000, "preemption_count": 0}, folder / "measurements.csv")
    (folder / "hparams.json").write_text(json.dumps({"learning_rate": 0.001, "beta1": 0.9}, indent=2))
    return truth


def main() -> None:
    truth = {
        "imagenet_resnet_jax/trial_1": train(Path("log/imagenet_resnet_jax/trial_1"), "loss", "accuracy"),
        "librispeech_jax/trial_1": train(Path("log/librispeech_jax/trial_1"), "ctc_loss", "wer"),
    }
    Path("truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
