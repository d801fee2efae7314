"""What MLflow's two stores have in common: how a run is called, how it ended, its parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from collector.schema import CRASHED, FINISHED, RUNNING
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats.yaml_settings import typed
from diagnostics.readers.log import Log, Series

NAME_TAG = "mlflow.runName"
NUMBERED = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}  # in files
STATES = {"RUNNING": RUNNING, "FINISHED": FINISHED, "FAILED": CRASHED}
DELETED = "deleted"


@dataclass
class MlflowRun:
    """A run as a store lists it; ``began`` in ms since 1970."""

    run_id: str
    source: str
    name: str = ""
    status: str = ""
    deleted: bool = False
    began: float = 0.0
    params: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def log(self, series: Sequence[Series]) -> Log:
        """The run with its ``series``."""
        notes = [*self.notes, *(["MLflow says that it was killed"] if self.status == "KILLED" else [])]
        return Log(
            (self.name or self.run_id) + (f" ({DELETED})" if self.deleted else ""),
            self.source,
            tuple(series),
            config={name: typed(value) for name, value in self.params.items()},
            state=STATES.get(self.status),
            notes=(*notes, *(["it was deleted in MLflow"] if self.deleted else [])),
        )


def status(said: object) -> str:
    """``FINISHED`` for 3, "3" or "FINISHED"; "" for what is no status."""
    if isinstance(said, str) and said.isdecimal():
        said = int(said[:3])
    found = NUMBERED.get(said, "") if isinstance(said, int) else str(said)
    return found if found in NUMBERED.values() else ""


def with_metrics(path: Path, logs: Sequence[Log]) -> list[Log]:
    """The runs that logged something; how many did not is noted at the first.

    Raises:
        ReadError: none did.
    """
    found = [log for log in logs if log.series]
    if not found:
        noted = "".join(f"; {note}" for log in logs[:1] for note in log.notes)
        raise ReadError(path, f"a store of MLflow with {len(logs):,} runs and not one metric; name another{noted}")
    if len(found) < len(logs):
        told = f"{len(logs) - len(found):,} more runs of this store have no metric: left out"
        found[0] = replace(found[0], notes=(*found[0].notes, told))
    return found


def name_of(name: object, tags: Mapping[str, str]) -> str:
    """A run's name: its own, or, in older stores, that of its tag."""
    return str(name) if name else tags.get(NAME_TAG, "")
