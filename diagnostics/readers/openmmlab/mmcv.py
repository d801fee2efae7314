"""MMCV 1: ``<time>.log.json``, one object a line, of MMDetection 2, MMSegmentation 0, MMClassification …

The first line tells of the environment. Training lines count ``iter`` within the epoch, or over the whole run where the
runner counts iterations; the ``iter`` of an evaluation's line is the number of its batches, so that it is put at the step that
the training had reached. The same log as text lies beside it, and is a log of its own.
"""

from collections.abc import Mapping
from pathlib import Path

from diagnostics.readers.formats import json_text
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.openmmlab.phases import Phases

PLACE = {"mode", "epoch", "iter"}
ABOUT = ("seed", "exp_name", "mmcv_version", "config_name")  # of the first line, what tells of the run


def claims(path: Path) -> bool:
    """Whether ``path`` is such a file: its lines say mode, epoch and iter."""
    return any(isinstance(v, Mapping) and v.keys() >= PLACE for v in json_text.peek(path)[:3])


def read(path: Path, limits: Limits) -> list[Log]:
    """One log.

    Raises:
        ReadError: no line can be read.
    """
    lines, phases, config = json_text.Lines(path, limits), Phases(), dict[str, object]()
    for row in lines:
        values = {k: v for k, v in row.items() if k not in PLACE}
        if row.get("mode") == "train":
            phases.train(values, row.get("iter"), row.get("epoch"))
        elif "mode" in row:
            phases.evaluate(values, row.get("epoch"))
        else:
            config |= {k: row[k] for k in ABOUT if k in row}
        limits.names(path, phases.rows.names)
    series = phases.rows.series()
    name = path.name.removesuffix(".json").removesuffix(".log")
    return [
        Log(name, str(path), series, phases.rows.epochs(), phases.meanings(series), config, notes=tuple(lines.notes))
    ]
