"""MMEngine: ``vis_data/scalars.json``, one object a line, of MMDetection 3, MMSegmentation 1, MMPose 1, MMPretrain …

Training lines have ``iter`` and ``step``. The ``step`` of an evaluation's line is the number of the epoch where training
counts epochs: it is put at the step that the training had reached. ``vis_data`` holds the same scalars twice, and the folder
around it the same again as text: they are read once, as one run. Pictures and ``config.py`` are not read.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats import json_text
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.openmmlab.phases import Phases

SCALARS, WITHIN = "scalars.json", "vis_data"
PLACE = ("iter", "step", "epoch")
OF_TRAINING = (
    "iter",
    "epoch",
    "memory",
    "lr",
    "base_lr",
)  # that no evaluation has; before version 0.8 there is no ``iter``
TIME = re.compile(r"\d{8}_\d{6}\.json$")  # the same scalars once more, called after the time the run began
LATEST = 30  # objects of the head that are looked at


def claims(path: Path) -> bool:
    """Whether ``path`` is such a file, or a folder with one in ``vis_data`` or beside MMEngine's own."""
    if look.is_dir(path):
        file = _inside(path)
        return file is not None and claims(file)
    return path.suffix == ".json" and any(_is_train(v) for v in json_text.peek(path)[:LATEST])


def read(path: Path, limits: Limits) -> list[Log]:
    """One log.

    Raises:
        ReadError: no line can be read.
    """
    file = path if path.is_file() else _inside(path)
    if file is None:
        raise ReadError(path, f"no {SCALARS} in it; name a folder that holds one")
    lines, phases, last, again = json_text.Lines(file, limits), Phases(), dict[str, object](), 0
    for row in lines:
        values = {k: v for k, v in row.items() if k not in PLACE}
        if any(name in row for name in OF_TRAINING):
            phases.train(values, row.get("step", row.get("iter")), row.get("epoch"))
        elif row and row == last:
            again += 1
        elif row:
            _evaluation(phases, values, row)
        last = row
        limits.names(file, phases.rows.names)
    series = phases.rows.series()
    notes = [*lines.notes, *([f"evaluations logged twice: {again}, read once"] if again else [])]
    return [
        Log(_name(path, file), str(path), series, phases.rows.epochs(), phases.meanings(series), notes=tuple(notes))
    ]


def _evaluation(phases: Phases, values: Mapping[str, object], row: Mapping[str, object]) -> None:
    """Its step counts epochs, unless it is as far as the training's."""
    step, reached = row.get("step"), phases.step
    told = isinstance(step, int | float) and isinstance(reached, int | float) and step >= reached > 0
    alone = reached is None
    phases.evaluate(values, step=step if told or alone else None)


def _is_train(value: object) -> bool:
    """Whether it is a line of a training, of any version."""
    if not isinstance(value, Mapping) or "training_iteration" in value:
        return False
    is_old = {"data_time", "lr", "step", "time"} <= value.keys() and list(value)[-1] == "step"
    return {"iter", "step", "time"} <= value.keys() or is_old


def _inside(folder: Path) -> Path | None:
    """The scalars of a run's folder, or of its ``vis_data``."""
    within = folder if folder.name == WITHIN else folder / WITHIN
    if not look.is_dir(within):
        return None
    copies = [file for file in look.files(within, end=".json") if TIME.match(file.name)]
    return next((file for file in [within / SCALARS, *copies] if look.is_file(file)), None)


def _name(path: Path, file: Path) -> str:
    """After the run's folder, which is called after the time it began, or its file where that is."""
    if path.is_file() and path.name != SCALARS:
        return path.stem
    folder = file.absolute().parent
    return folder.parent.name if folder.name == WITHIN else folder.name
