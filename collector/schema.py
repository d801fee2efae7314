"""The on-disk contract of a run folder: file names, tags, units and Arrow schemas.

Everything that writes or reads ``runs/<run>/`` imports this module and nothing else of ours, so the training side and the
viewing side can be installed apart. It needs pyarrow, never torch.

::

    runs/<run>/
      run.json                                 name, config, settings, classes, loss, state, attempts, shapes of layers, left_out, format version
      scalars/a<attempt>-<first>-<last>.parquet  one row a logged step (row numbers within the attempt, inclusive)
      layers/a<attempt>-<first>-<last>.parquet   one row a (sampled step, layer)
      tail-a<attempt>-<first>.bin              rows from <first> on, not yet sealed into Parquet (layout: ``collector.tail``)
      verdict.json                             what a watcher found last, for the training (layout: ``collector.verdict``)
      .attempt-<attempt>                       claim of the process that records the attempt (layout: ``collector.claims``)
      ranks/<rank>/                            of several processes: the same again, tiny: loss and step time of a rank other
                                               than 0; norms of the shards that a rank holds (their squares add up)

Rows are numbered from 0 within an attempt. A row may stand in a tail and in parts at once, for a moment: the row number
says that it is the same row. A reader that lists the tails first and the parts after them misses none, because a tail is
deleted only when the part that holds its rows is there, and a small part only when the merged one is.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

FORMAT_VERSION = 1

RUN_FILE = "run.json"
VERDICT_FILE = "verdict.json"
SCALARS = "scalars"
LAYERS = "layers"
RANKS = "ranks"
PART_NAME = re.compile(r"^a(?P<attempt>\d+)-(?P<first>\d+)-(?P<last>\d+)\.parquet$")
SHAPE = re.compile(r"^(?P<module>\S+) (?P<sizes>(?:\d+(?:x\d+)*)?)$")
NO_MODULE = "-"
LEFT_OUT = "left_out"  # in run.json: shapes of the model's parameters that ask for a gradient and that no watched optimizer holds, by name
MEANS = "means"  # in run.json of a log that was read in: tags of which each point is the mean over all steps since the one before
SETTINGS = "settings"  # in run.json: hyperparameters as the collector found them; those of config, as the user gave them, go before
TAIL_NAME = re.compile(r"^tail-a(?P<attempt>\d+)-(?P<first>\d+)\.bin$")

RUNNING, FINISHED, CRASHED = "running", "finished", "crashed"
STATES = (RUNNING, FINISHED, CRASHED)

STEP, EPOCH, WALL_TIME = "step", "epoch", "wall_time"
INDEX = {
    STEP: pa.field(STEP, pa.int64(), nullable=False),  # optimizer steps completed when the row was logged
    EPOCH: pa.field(EPOCH, pa.float64()),  # passes over the data; null when nobody said
    WALL_TIME: pa.field(WALL_TIME, pa.float64(), nullable=False),  # seconds since 1970, UTC
}

TRAIN_LOSS, VAL_LOSS = "train/loss", "val/loss"
TRAIN_ACCURACY, VAL_ACCURACY = "train/accuracy", "val/accuracy"
LR = "optim/lr"  # of the first parameter group; further groups are optim/lr/<group index or name>
UPDATE_RATIO = "optim/update_ratio"  # ‖ΔW‖₂ / ‖W‖₂ over all parameters, one optimizer step
# Cosine between the way of ALONG steps and minus the gradient at its end: above 0 the way still leads down, below 0 it
# led too far. Of the first optimizer.
UPDATE_ALIGNMENT = "optim/update_alignment"
# Half of the slope of the loss along the way from the weights' recent average to the weights now: how much of the loss their wandering
# makes up, in its own unit; below 0 while it still falls. Of the first optimizer; what it holds of a spread model stands for the whole.
EXCESS_LOSS = "optim/excess_loss"
ALONG = 10  # steps: the noise of one batch hides where a single one led
GRAD_NORM = "grad/norm"  # ‖g‖₂ over all parameters, as the optimizer saw it
SKIPPED_STEPS = "optim/skipped_steps"  # steps that GradScaler has skipped so far in this attempt
STEP_TIME = "perf/step_time"  # a mean over the steps since the last row, validation left out
DATA_WAIT = "perf/data_wait_share"  # of the time since the last row that the training waited for its DataLoader

UNITS = {
    TRAIN_LOSS: "",
    VAL_LOSS: "",
    TRAIN_ACCURACY: "fraction",
    VAL_ACCURACY: "fraction",
    LR: "",
    UPDATE_RATIO: "",
    UPDATE_ALIGNMENT: "",
    EXCESS_LOSS: "",
    GRAD_NORM: "",
    SKIPPED_STEPS: "steps",
    STEP_TIME: "s",
    DATA_WAIT: "fraction",
}

LAYERS_SCHEMA = pa.schema(
    [
        pa.field("step", pa.int64(), nullable=False),
        pa.field("layer", pa.string(), nullable=False),
        pa.field("weight_norm", pa.float64()),  # ‖W‖₂ before the update
        pa.field("update_norm", pa.float64()),  # ‖ΔW‖₂
        pa.field("update_ratio", pa.float64()),  # update_norm / weight_norm; null where the weights are zero
        pa.field("grad_norm", pa.float64()),  # ‖g‖₂; null where no gradient arrived
    ]
)


@dataclass(frozen=True)
class Shape:
    """What a layer of the layer table is; ``run.json`` has it once a layer, as text: ``Linear 64x784``.

    Attributes:
        module: torch's own class that holds the parameter, or which the user's is made from; ``NO_MODULE`` where there is none.
        sizes: of the parameter, of the whole where it is spread over processes.
    """

    module: str
    sizes: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.module} {'x'.join(map(str, self.sizes))}"

    @classmethod
    def parse(cls, text: object) -> "Shape | None":
        """Read it back; None for what is something else."""
        match = SHAPE.match(text) if isinstance(text, str) else None
        return match and cls(match["module"], tuple(map(int, filter(None, match["sizes"].split("x")))))


def scalars_schema(tags: list[str]) -> pa.Schema:
    """Arrow schema of a scalars part: the three index columns, then one nullable float64 column a tag."""
    return pa.schema([*INDEX.values(), *(pa.field(tag, pa.float64()) for tag in tags)])


def part_name(attempt: int, first: int, last: int) -> str:
    """File name of the sealed part that holds rows ``first``…``last`` (inclusive) of an attempt."""
    return f"a{attempt}-{first:09d}-{last:09d}.parquet"


def tail_name(attempt: int, first: int) -> str:
    """File name of the unsealed rows of an attempt from row ``first`` on."""
    return f"tail-a{attempt}-{first:09d}.bin"


def is_run(folder: Path) -> bool:
    """Whether ``folder`` looks like a run folder: it holds ``run.json`` or a ``scalars`` folder."""
    return (folder / RUN_FILE).is_file() or (folder / SCALARS).is_dir()
