"""The readers, in the order in which they are asked."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from diagnostics.readers import table
from diagnostics.readers.formats import delimited, json_text
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log
from diagnostics.readers.understanding import pairs
from diagnostics.run import Run

READERS = (
    "run_folder",
    "wandb.record",
    "swanlab.store",
    "swanlab.record",
    "wandb.chart",
    "mlflow.files",
    "mlflow.database",
    "trackio",
    "neptune",
    "clearml",
    "aim",
    "huggingface",
    "lightning",
    "ultralytics",
    "dvclive",
    "ray_tune",
    "algoperf",
    "skorch",
    "openmmlab.mmengine",
    "openmmlab.mmcv",
    "detectron2",
    "keras_history",
    "tensorboard",
    "plain_json",
    "notebook",
    "text",
    "table",
)  # module names; the first that claims a path reads it
LAST_RESORTS = (
    "table",
    "plain_json",
    "notebook",
    "text",
)  # read a file that nobody claims, or say best why it cannot be read: columns, JSON, cells, lines


class Reader(Protocol):
    """What a reader module offers."""

    def claims(self, path: Path) -> bool:
        """Whether ``path``, a file or a folder, is this reader's log, told by content; reads at most the beginning.

        A folder is claimed when it is one unit: what lies in it is then read with it and not looked at again, unless the
        module says ``SHARES = True``: it reads its own files, and other logs may lie between them.

        Raises:
            OSError: it cannot be opened.
        """

    def read(self, path: Path, limits: Limits) -> list[Log] | list[Run]:
        """The logs at ``path``, one a run; runs of our own need no understanding.

        Raises:
            ReadError: the log is not understood; says where and the way out.
        """


def claimant(path: Path, but: Reader | None = None) -> Reader | None:
    """The reader other than ``but`` whose log ``path`` is; None for nobody's.

    Raises:
        OSError: it cannot be opened.
    """
    return next((reader for reader in _readers() if reader is not but and reader.claims(path)), None)


def last_resort(path: Path) -> Reader:
    """Who reads the file ``path`` when nobody claims it."""
    columns, objects, cells, lines = LAST_RESORTS
    if path.suffix.lower() == ".ipynb":
        return _reader(cells)
    if path.suffix.lower() in (".json", *json_text.LINES) and json_text.peek(path):
        return _reader(objects)
    return _reader(columns if path.suffix.lower() in (*table.TEXT, *table.PARQUET) or _is_header(path) else lines)


def _is_header(path: Path) -> bool:
    """Whether a file of any name begins with the names of columns, not with a list or a table as documents have."""
    cells = delimited.header(path)
    odd = any("|" in cell or cell.count("[") != cell.count("]") for cell in cells)
    return not odd and pairs.is_known(cells)


@cache
def _readers() -> Sequence[Reader]:
    return [_reader(name) for name in READERS]


def _reader(name: str) -> Reader:
    return cast(Reader, import_module(f"{__package__}.{name}"))
