"""What people call their columns, and what we call them: a name alone, read word by word; ``pairs`` reads a whole header."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from collector import schema
from collector.schema import EPOCH, STEP, WALL_TIME

KEPT = 2_048  # names whose reading is remembered: a header is read several times over, and many logs share one
RUN, TAG, VALUE = "run", "tag", "value"
TRAIN, VAL = "train", "val"
LOSS, ACCURACY, ERROR_RATE = "loss", "accuracy", "error rate"

ROUNDS = (  # of training, but of much else, too
    "frame", "frames", "total_frames", "episode", "episodes", "episode_num", "episode_number", "round", "rounds", "communication_round", "comm_round",
    "global_round", "server_round", "generation", "generations", "it",
)  # fmt: skip
# Foreign names, normalised as in ``plain``, by what they are read as; the likeliest first: a count over all epochs before
# one that may begin anew in each.
INDEX: Mapping[str, Sequence[str]] = {
    STEP: (
        "global_step", "trainer_global_step", "train_global_step", "global_iteration", "global_iter", "num_updates",
        "training_iteration", "num_steps", "n_steps", "step", "steps", "train_step", "training_step", "step_num",
        "optimizer_step", "iteration", "iterations", "iter", "iters", "itr", "n_iter", "update", "updates",
        "total_timesteps", "time_total_timesteps", "timesteps", "num_timesteps", "timesteps_total", "total_steps", "env_steps",
        "total_env_steps", "boosting_round", "batch_idx", *ROUNDS,
    ),
    EPOCH: (
        "epoch", "train_epoch", "current_epoch", "trainer_epoch", "epochs", "epoch_num", "epoch_number", "epoch_idx",
        "epoch_index", "n_epoch", "num_epoch", "epoch_no", "ep", "epoche", "epoca", "poque",
    ),
    WALL_TIME: ("wall_time", "timestamp", "walltime", "time", "datetime", "date"),
    RUN: ("run", "run_id", "run_name"),
    TAG: ("tag", "metric", "metric_name", "key"),
    VALUE: ("value", "values", "metric_value"),
}  # fmt: skip
THINGS = {  # that the rows of a table may be about, where they are no moments of a training
    "class", "classes", "label", "category", "model", "name", "method", "layer", "type", "dataset", "config", "experiment",
    "exp", "algorithm", "algo", "variant", "architecture", "arch", "backbone", "classifier", "estimator", "optimizer", "ablation",
}  # fmt: skip
SPLITS: Mapping[str, str] = {
    **dict.fromkeys(("train", "training", "tr", "trn", "learn"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "validate", "validating", "vl"), VAL),
    **dict.fromkeys(("dev", "eval", "evaluation", "evaluate", "evaluating", "holdout"), VAL),
    **dict.fromkeys(("test", "testing", "tst", "te"), VAL),
}
SECOND = {
    **dict.fromkeys(("validate", "validating", "dev", "eval", "evaluation", "evaluate", "evaluating", "holdout"), 1),
    **dict.fromkeys(("test", "testing", "tst", "te"), 2),
}
WHEN = {"step", "epoch", "epochs", "batch", "iter", "iteration", "iterations", "per", "vs", "in", "on"}
IDLE = {
    "avg", "average", "mean", "running", "smoothed", "total", "overall", "metrics", "metric", "scalars", "logs", "log",
    "history", "hist", "list", "values", "curve",
}  # fmt: skip
# Of a loss, but none: its best value so far, its spread, the scale of mixed precision …
NO_CURVE = {
    "best", "min", "max", "lowest", "highest", "std", "var", "stderr", "scale", "scaler", "scaling", "weight", "weights",
    "ratio", "delta", "diff", "change", "gap", "count", "num", "n", "time", "runtime", "coef", "coeff", "lambda", "patience",
    "target", "threshold", "improvement", "improved", "norm", "grad", "gradient", "lr", "rate", "is", "ema", "swa", "initial",
    "entropy coef", "clip", "clipped", "worst", "samples", "steps", "median",
}  # fmt: skip
LOSSES = {"loss", "losses", "cost"}
OF_TIME = {"batch", "reader", "data", "time"}  # costs of these are seconds: PaddlePaddle's batch_cost
OTHER_LOSSES = {  # measures that a training may minimise, said without the word
    "ce", "crossentropy", "xent", "xentropy", "nll", "logloss", "mlogloss", "binarylogloss", "multilogloss", "multiclass", "bce", "mse",
    "rmse", "mae", "binarycrossentropy", "categoricalcrossentropy", "sparsecategoricalcrossentropy",
    "languagecrossentropy", "l1", "l2",
}  # fmt: skip
PARTS_ONLY = {"l1", "l2"}  # behind other words they are a part of a loss, or a norm: G_L1
ACCURACIES = {
    "accuracy", "acc", "accuracies", "accs", "top1", "top1acc", "top1accuracy", "acc1", "acctop1", "accuracytop1", "accat1",
    "accuracyat1", "accuracy1", "prec1", "precat1", "precisionat1", "top1precision", "categoricalaccuracy",
    "sparsecategoricalaccuracy", "binaryaccuracy", "multiclassaccuracy", "accuracyscore", "classificationaccuracy",
    "acctop1acc", "classacc",
}  # fmt: skip
ERROR_RATES = {  # a bare "error" may be a regression's
    "errorrate", "errrate", "top1error", "top1err", "err1", "errat1", "errorat1", "errortop1", "errtop1", "top1errorrate",
    "classificationerror", "classificationerrorrate",
}  # fmt: skip
IN_FRONT = {
    "train",
    "training",
    "trainer",
    "optim",
    "optimizer",
    "opt",
    "charts",
    "hparams",
    "params",
    "current",
    "curr",
    "last",
}
GAUGES: Mapping[str, frozenset[str]] = {  # joined words, without those of ``IN_FRONT``
    schema.LR: frozenset({"lr", "learningrate", "learnrate", "lrate", "lr0", "xlr0", "lrpg0", "lrgroup0", "lrlr"}),
    schema.GRAD_NORM: frozenset({
        "gradnorm", "gradientnorm", "gnorm", "totalgradnorm", "gradnormtotal", "globalgradnorm", "gradglobalnorm",
        "gradnormglobal", "l2normgradglobal", "gradl2norm", "l2gradnorm", "gradsnorm", "gradientl2norm", "grad20normtotal",
        "totalgradientnorm", "globalgradientnorm", "gradienttotalnorm",
    }),
    schema.UPDATE_RATIO: frozenset({"updateratio"}),
    schema.UPDATE_ALIGNMENT: frozenset({"updatealignment"}),
    schema.STEP_TIME: frozenset({"steptime", "perfsteptime"}),
}  # fmt: skip
LR_GROUP = re.compile(
    r"^(?:x/lr|lr/pg|lr/group|lr[-_])(?P<group>.+)$", re.IGNORECASE
)  # YOLO's, and Lightning's monitor's
EXPORT_OF_TENSORBOARD = re.compile(r"tag-(?P<tag>.+)$")  # the tag is only in the name
NO_LR = re.compile(r"momentum|decay|mult|scale|factor|sched|find|warm|min|max|patience", re.IGNORECASE)


@dataclass(frozen=True)
class Name:
    """What one name says by itself.

    Attributes:
        name: as in the log.
        quantity: ``LOSS``, ``ACCURACY``, ``ERROR_RATE``, or "" for what is none of them.
        split: ``TRAIN``, ``VAL``, or "" where the name does not say.
        second: 0 for the validation set; larger for one that may stand for it.
        group: which loss, or which evaluation set; "" where the name says no more.
        idle: words that say nothing of the quantity: the fewer, the likelier the name.
    """

    name: str
    quantity: str = ""
    split: str = ""
    second: int = 0
    group: str = ""
    idle: int = 0


@lru_cache(KEPT)
def plain(name: str) -> str:
    """``name`` without case, padding, quotes and separators: ``" Train/Loss "`` → ``train_loss``."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().strip("\"'").lower()).strip("_")


@lru_cache(KEPT)
def words(name: str) -> tuple[str, ...]:
    """The words of ``name``: ``"valLoss/Top@1 acc"`` → ``val loss top at 1 acc``; ``trainloss`` is two as well."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z]{2})", " ", name[:200])
    found = re.sub(r"[^a-z0-9]+", " ", apart.lower().replace("@", " at ")).split()
    return tuple(part for word in found for part in _in_two(word))


@lru_cache(KEPT)
def read(name: str) -> Name:
    """What ``name`` says."""
    said = words(name)
    splits = [SPLITS[w] for w in said if w in SPLITS]
    if splits[:1] == [VAL] and TRAIN in splits:  # eval_train_loss: an evaluation of the training set is neither
        return Name(name)
    if "cost" in said and "loss" not in said and OF_TIME & {*said}:
        return Name(name)
    quantity, group = _quantity([w for w in said if w not in SPLITS and w not in WHEN and w not in IDLE])
    second = max((SECOND.get(w, 0) for w in said), default=0)
    split = VAL if VAL in splits else TRAIN if splits else ""
    idle = len([w for w in said if w in WHEN or w in IDLE]) + max(len(splits) - 1, 0)
    return Name(name, quantity, split, second, group, idle) if quantity else Name(name)


def split_of(stem: str) -> str:
    """The split of what is in a file called ``stem``: ``VAL`` for ``val_loss`` and ``eval``, "" for what may be a run's name."""
    said = [w for w in words(stem) if w in SPLITS]
    if not said or TRAIN in map(SPLITS.get, said):
        return ""
    may_be_a_try = all(SECOND.get(w, 0) == SECOND["test"] for w in said)  # test.csv, test_7.csv
    is_measured = read(stem).quantity or "error" in words(stem)  # CatBoost's test_error.tsv
    return VAL if is_measured or not may_be_a_try else ""


def split_of_file(stem: str, columns: Iterable[str]) -> str:
    """The same of a file with these ``columns``: nothing where one of them says its split itself."""
    return "" if any(read(name).split for name in columns) else split_of(stem)


def exported_tag(stem: str) -> str:
    """The tag in the name of a file that TensorBoard's page saved, run-<run>-tag-<tag>; "" for any other."""
    found = EXPORT_OF_TENSORBOARD.search(stem)
    return found["tag"].replace("_", "/", 1) if found else ""


def index_of(names: Iterable[str]) -> dict[str, str]:
    """The column that is the step, the epoch, the wall time, the run, the tag, the value: by role, where there is one."""
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(plain(name), name)
    found = {role: [by_plain[p] for p in known if p in by_plain] for role, known in INDEX.items()}
    return {role: candidates[0] for role, candidates in found.items() if candidates}


def has_step(index: Mapping[str, str]) -> bool:
    """Whether an ``index_of`` has a step whose name only a training's would have."""
    return STEP in index and plain(index[STEP]) not in ROUNDS


def gauges(names: Sequence[str]) -> dict[str, list[str]]:
    """By tag, the columns of ``names`` that may hold what has no split, in their order."""
    found: dict[str, list[str]] = {}
    for name in names:
        joined = "".join(_behind(words(name)))
        for tag in (tag for tag, known in GAUGES.items() if joined in known):
            found.setdefault(tag, []).append(name)
    groups = [name for name in names if lr_group(name)]
    return found if schema.LR in found or not groups else {**found, schema.LR: groups[:1]}


def lr_group(name: str) -> str:
    """The parameter group whose learning rate ``name`` is; "" when it is none."""
    found = LR_GROUP.match(name.strip())
    return found["group"] if found and not NO_LR.search(found["group"]) else ""


def own_tag(name: str) -> str:
    """The tag of a column nobody knows: its own name; further LR groups become ``optim/lr/<group>``."""
    group = lr_group(name)
    own = f"{schema.LR}/{group}" if group else name.strip()
    return f"log/{own}" if own in schema.INDEX else own  # a run folder keeps the index names for itself


def _in_two(word: str) -> list[str]:
    """``trainloss`` → ``train loss``; any other word stays whole."""
    for split in SPLITS:
        rest = word.removeprefix(split)
        if rest != word and (rest in LOSSES or rest in ACCURACIES):
            return [split, rest]
    return [word]


def _quantity(said: Sequence[str]) -> tuple[str, str]:
    """The quantity that ``said`` names, and which of its kind."""
    joined = "".join(said)
    for quantity, known in ((LOSS, LOSSES), (ACCURACY, ACCURACIES), (ERROR_RATE, ERROR_RATES)):
        if joined in known:
            return quantity, ""
    if joined in OTHER_LOSSES:
        return LOSS, joined
    if NO_CURVE & {*said}:
        return "", ""
    for quantity, known in ((LOSS, LOSSES), (ACCURACY, {"accuracy", "acc"})):
        if said and said[-1] in known:
            return quantity, "".join(said[:-1])
        if said and said[0] in known:
            return quantity, "".join(said[1:])
    return (LOSS, joined) if said and said[-1] in OTHER_LOSSES - PARTS_ONLY else ("", "")


def _behind(said: tuple[str, ...]) -> tuple[str, ...]:
    while len(said) > 1 and said[0] in IN_FRONT:
        said = said[1:]
    return said
