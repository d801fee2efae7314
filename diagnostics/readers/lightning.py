"""Lightning's CSVLogger: the folder ``version_N`` with ``metrics.csv``, and ``hparams.yaml`` for the settings.

Each version is a run. The table itself is read as any other: rows of the training, of the validation and of the learning
rate's monitor stand at the global step at which they were logged. A ``metrics.csv`` alone is a table.
"""

from dataclasses import replace
from pathlib import Path

from diagnostics.readers import look, table
from diagnostics.readers.formats import delimited, settings
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.understanding import pairs

METRICS, SETTINGS = "metrics.csv", "hparams.yaml"


def claims(path: Path) -> bool:
    """Whether ``path`` is the folder of one version: both files, and a header with a step."""
    if not look.is_dir(path) or not look.is_file(path / METRICS) or not look.is_file(path / SETTINGS):
        return False
    header = delimited.header(path / METRICS)
    return "step" in header and pairs.is_known(header)


def read(path: Path, limits: Limits) -> list[Log]:
    """One log.

    Raises:
        ReadError: the table cannot be read.
    """
    config, notes = settings.beside(path, SETTINGS)
    return [replace(log, name=path.absolute().name, source=str(path), config=config, notes=(*log.notes, *notes))
            for log in table.read(path / METRICS, limits)]  # fmt: skip
