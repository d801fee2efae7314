"""timm's ``summary.csv``: ``update_summary`` of its training script once an epoch, accuracies in per cent.

The module is loaded by itself: the package around it would want a torchvision of its own.
"""

import importlib.util
import json
import math
import subprocess
import sys
import tempfile
from collections import OrderedDict
from pathlib import Path

PACKAGES = ["wheel==0.45.1"]
TIMM = "timm==1.0.31"


def update_summary():
    home = tempfile.mkdtemp()
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", home, TIMM], check=True)
    spec = importlib.util.spec_from_file_location("summary", Path(home, "timm", "utils", "summary.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.update_summary


def main() -> None:
    write, truth = update_summary(), dict[str, list[list[float]]]()
    for epoch in range(10):
        train = OrderedDict(loss=7 * math.exp(-epoch / 6))
        held = OrderedDict(loss=7.1 * math.exp(-epoch / 7), top1=0.1 + epoch / 20, top5=0.5 + epoch / 2)
        lr = 0.1 * 0.9**epoch
        write(epoch, train, held, "log/summary.csv", lr=lr, write_header=epoch == 0)
        now = {"train_loss": train["loss"], "lr": lr, **{f"eval_{name}": value for name, value in held.items()}}
        for name, value in now.items():
            truth.setdefault(name, []).append([epoch, value])
    Path("truth.json").write_text(json.dumps({"summary": truth}))


if __name__ == "__main__":
    main()
