"""What tensorboardX writes: scalars, add_scalars (a folder a level), hyperparameters."""

import json
import math
from pathlib import Path

from tensorboardX import SummaryWriter

PACKAGES = ["tensorboardX==2.6.5", "numpy<3"]
HERE = Path(__file__).parent
TRUTH: dict[str, dict[str, list[tuple[int, float]]]] = {"x": {}}


def note(name: str, step: int, value: float) -> float:
    """Write down what is logged."""
    TRUTH["x"].setdefault(name, []).append((step, value))
    return value


if __name__ == "__main__":
    with SummaryWriter(str(HERE / "log" / "x")) as writer:
        for step in range(50):
            value = math.nan if step == 20 else math.exp(-step / 10)
            writer.add_scalar("data/loss", note("data/loss", step, value), step)
            writer.add_scalar("val_loss", note("val_loss", step, 2 * math.exp(-step / 10)), step)
            pair = {
                "sine": note("data/pair/sine", step, math.sin(step)),
                "cosine": note("data/pair/cosine", step, math.cos(step)),
            }
            writer.add_scalars("data/pair", pair, step)
        writer.add_hparams({"lr": 0.01, "model": "mlp"}, {"best": note("best", 0, 0.5)})
    (HERE / "truth.json").write_text(json.dumps(TRUTH))
