"""A session of ClearML without a server; afterwards only the machine's name and folders are taken out of ``task.json``."""

import json
import os
import shutil
import tempfile
from pathlib import Path

PACKAGES = ["clearml==2.1.12"]

HERE = Path(__file__).parent
LOG, TRUTH = HERE / "log", HERE / "truth.json"


def main() -> None:
    """Two curves, a value that belongs to no iteration, a histogram, hyperparameters."""
    os.environ["CLEARML_CACHE_DIR"] = os.environ["HOME"] = tempfile.mkdtemp()  # asked for when it is imported
    from clearml import Task

    Task.set_offline(True)
    quiet = {"auto_connect_frameworks": False, "auto_resource_monitoring": False, "auto_connect_streams": False}
    task = Task.init(project_name="fixtures", task_name="digits", auto_connect_arg_parser=False, **quiet)
    task.connect({"lr": 0.1, "amp": True, "optimizer": {"name": "adam"}})
    task.connect({"layers": 3}, name="model")
    logger, truth = task.get_logger(), {"loss/train": [], "loss/val": [], "accuracy/val": []}
    for step in range(120):
        truth["loss/train"].append([step, 2 / (1 + step)])
        logger.report_scalar("loss", "train", 2 / (1 + step), step)
        if step % 20 == 19:
            for title, value in (("loss", 3 / step), ("accuracy", step / 120)):
                truth[f"{title}/val"].append([step, value])
                logger.report_scalar(title, "val", value, step)
    logger.report_single_value("best", 0.75)
    logger.report_histogram("weights", "first", [1, 2, 3], iteration=1)
    session = Path(task.get_offline_mode_folder())
    task.close()
    TRUTH.write_text(json.dumps({"digits": truth}) + "\n")
    keep(session)


def keep(session: Path) -> None:
    """The session's folder as the server would be given it, without what names this machine."""
    (LOG / "session").mkdir()
    shutil.copy(session / "metrics.jsonl", LOG / "session")
    told = json.loads((session / "task.json").read_text())
    kept = {name: told[name] for name in ("id", "name", "type", "project_name", "hyperparams")}
    (LOG / "session" / "task.json").write_text(json.dumps(kept) + "\n")


if __name__ == "__main__":
    main()
