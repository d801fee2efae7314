"""What people call their columns, and what we call them."""

import re
from collections.abc import Iterable, Mapping, Sequence

from collector import schema
from collector.schema import EPOCH, STEP, WALL_TIME

RUN, TAG, VALUE = "run", "tag", "value"

# Foreign names, normalised as in ``plain``, by what they are read as; the likeliest first.
INDEX: Mapping[str, Sequence[str]] = {
    STEP: ("step", "global_step", "trainer_global_step", "iteration", "iterations", "iter", "update", "num_updates"),
    EPOCH: ("epoch", "train_epoch", "current_epoch", "epochs"),
    WALL_TIME: ("wall_time", "timestamp", "walltime", "time", "datetime", "date"),
    RUN: ("run", "run_id", "run_name"),
    TAG: ("tag", "metric", "metric_name", "key"),
    VALUE: ("value", "values", "metric_value"),
}
TRAIN, VAL = ("train", "training", "tr"), ("val", "valid", "validation", "dev", "eval", "test")
LOSS, ACCURACY = ("loss",), ("accuracy", "acc", "top1", "top_1", "acc1", "top1_accuracy", "top1_acc")
ERROR_RATE = ("error_rate", "err_rate", "top1_error", "top1_err")  # a bare "error" may be a regression's
WHEN = ("", "_step", "_epoch")  # Lightning's forked names
GAUGES: Mapping[str, Sequence[str]] = {
    schema.LR: ("lr", "learning_rate", "optim_lr", "train_lr", "train_learning_rate", "x_lr0", "lr_pg0", "lr0"),
    schema.GRAD_NORM: ("grad_norm", "gradient_norm", "train_grad_norm", "gnorm", "total_grad_norm"),
    schema.UPDATE_RATIO: ("update_ratio", "optim_update_ratio"),
    schema.STEP_TIME: ("step_time", "perf_step_time"),
}
LR_GROUP = re.compile(r"^(?:x/lr|lr/pg|lr[-_])(?P<group>.+)$", re.IGNORECASE)  # of YOLO, and of Lightning's LR monitor


def plain(name: str) -> str:
    """``name`` without case, padding, quotes and separators: ``" Train/Loss "`` → ``train_loss``."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().strip("\"'").lower()).strip("_")


def index_of(names: Iterable[str]) -> dict[str, str]:
    """The column that is the step, the epoch, the wall time, the run, the tag, the value: by role, where there is one."""
    by_plain = {plain(name): name for name in names}
    found = {role: [by_plain[p] for p in known if p in by_plain] for role, known in INDEX.items()}
    return {role: candidates[0] for role, candidates in found.items() if candidates}


def candidates(names: Sequence[str]) -> dict[str, list[str]]:
    """By tag, the columns of ``names`` that may hold it, the likeliest first."""
    have = {plain(name): name for name in reversed(names)}
    tags = {**_known(), **GAUGES}
    if _bare_is_val(have):
        bare = [*ACCURACY, *ERROR_RATE]
        tags[schema.TRAIN_ACCURACY] = [p for p in tags[schema.TRAIN_ACCURACY] if p not in bare]
        tags[schema.VAL_ACCURACY] = [*tags[schema.VAL_ACCURACY], *bare]
    found = {tag: [have[p] for p in known if p in have] for tag, known in tags.items()}
    first = [name for name in names if LR_GROUP.match(name.strip())]
    found[schema.LR] = found[schema.LR] or first[:1]
    return {tag: columns for tag, columns in found.items() if columns}


def is_error_rate(name: str) -> bool:
    """Whether the column counts errors, so that the accuracy is one minus it."""
    return any(plain(name).removesuffix(when).endswith(rate) for rate in ERROR_RATE for when in WHEN)


def is_known(names: Sequence[str]) -> bool:
    """Whether a header with these names looks like a training log's: it names a curve, or steps beside something."""
    index = index_of(names)
    return bool(candidates(names)) or STEP in index or {TAG, VALUE} <= index.keys()


def own_tag(name: str) -> str:
    """The tag of a column nobody knows: its own name; further LR groups become ``optim/lr/<group>``."""
    group = LR_GROUP.match(name.strip())
    own = f"{schema.LR}/{group['group']}" if group else name.strip()
    return f"log/{own}" if own in schema.INDEX else own  # a run folder keeps the index names for itself


def _known() -> dict[str, list[str]]:
    return {
        schema.TRAIN_LOSS: _with_split(TRAIN, LOSS, bare=True),
        schema.VAL_LOSS: _with_split(VAL, LOSS, bare=False),
        schema.TRAIN_ACCURACY: _with_split(TRAIN, (*ACCURACY, *ERROR_RATE), bare=True),
        schema.VAL_ACCURACY: _with_split(VAL, (*ACCURACY, *ERROR_RATE), bare=False),
    }


def _with_split(splits: Sequence[str], quantities: Sequence[str], bare: bool) -> list[str]:
    """``train_loss``, ``train_loss_step``, ``loss_train`` … and at last ``loss`` alone."""
    both = [f"{s}_{q}{when}" for when in WHEN for s in splits for q in quantities]
    turned = [f"{q}_{s}" for s in splits for q in quantities]
    return [*both, *turned, *(quantities if bare else ())]


def _bare_is_val(have: Mapping[str, str]) -> bool:
    """Whether ``accuracy`` beside ``train_loss`` and ``valid_loss`` is the validation's, as fastai prints it."""
    known = _known()
    split_losses = all(
        any(p in have for p in known[tag] if p != "loss") for tag in (schema.TRAIN_LOSS, schema.VAL_LOSS)
    )
    split_accuracy = [p for tag in (schema.TRAIN_ACCURACY, schema.VAL_ACCURACY) for p in known[tag]]
    return split_losses and not any(p in have for p in split_accuracy if p not in (*ACCURACY, *ERROR_RATE))
