"""Aim's repository, the folder ``.aim``: recognised, and not read.

It is a RocksDB whose layout is Aim's own affair and needs Aim to be read; Aim itself saves what it holds as a table.
"""

from pathlib import Path

from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log

PARTS = ("meta", "seqs")  # folders of every repository; each holds one of the next
DATABASES = ("chunks", "progress", "index")
SAVE = (
    "pandas.concat([m.dataframe().assign(run=r.hash, metric='/'.join([*map(str, m.context.to_dict().values()), m.name])) "
    "for r in aim.Repo(path).iter_runs() for m in r.metrics()]).to_csv('aim.csv')"
)
WAY_OUT = f"a database that only Aim reads; save it as a table where aim is installed, and name that: {SAVE}"


def claims(path: Path) -> bool:
    """Whether ``path`` is the folder in which Aim keeps its runs."""
    if not look.is_dir(path) or not all(look.is_dir(path / part) for part in PARTS):
        return False
    return look.is_file(path / "run_metadata.sqlite") or any(look.is_dir(path / PARTS[0] / name) for name in DATABASES)


def read(path: Path, limits: Limits) -> list[Log]:
    """Nothing.

    Raises:
        ReadError: always; it says the way out.
    """
    raise ReadError(path, WAY_OUT)
