"""DVCLive: metrics in folders, one with parentheses, one logged only now and then, a NaN; parameters beside."""

import json
import math
import os
import shutil
import tempfile
from pathlib import Path

from dvclive import Live

PACKAGES = ["dvclive==3.49.1"]


def main() -> None:
    truth: dict[str, list[list[float]]] = {}
    home = Path.cwd()
    os.chdir(tempfile.mkdtemp())  # DVCLive would make the repository around it one of DVC's
    with Live("dvclive", save_dvc_exp=False, report=None, dvcyaml=None) as live:
        live.log_params({"lr": 0.1, "optimizer": {"name": "sgd", "momentum": 0.9}})
        for step in range(40):
            now = {"train/loss": 2 * math.exp(-step / 10), "lr": 0.1 * 0.95**step}
            if step % 5 == 4:
                now |= {"eval/loss": 2.1 * math.exp(-step / 12), "metrics/mAP50(B)": step / 50}
            if step == 20:
                now["train/grad norm"] = math.nan
            for name, value in now.items():
                live.log_metric(name, value)
                truth.setdefault(name, []).append([step, value])
            live.next_step()
    shutil.copytree("dvclive", home / "log" / "dvclive", ignore=shutil.ignore_patterns(".*"))
    (home / "truth.json").write_text(json.dumps({"dvclive": truth}))


if __name__ == "__main__":
    main()
