"""Hugging Face Trainer: ``trainer_state.json``, a folder of checkpoints, or the ``log_history`` list alone.

Written by transformers' Trainer and what stands on it (TRL, Unsloth, Axolotl, Sentence Transformers). Of a folder with
``checkpoint-*`` the state with the largest ``global_step`` is read, which holds the logs of all before it; the pickles and
weights beside it are never opened. The row that ends a training (``train_loss``, ``train_runtime`` …) holds means over
the whole run and is no point of a curve. The Trainer replaces losses that are not finite by the mean of the others unless
``logging_nan_inf_filter`` is off: such losses are not in the log.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from collector.schema import FINISHED, GRAD_NORM, LR, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.formats import json_text
from diagnostics.readers.limits import Limits
from diagnostics.readers.log import Log, Meaning, Series
from diagnostics.readers.rows import Rows, number
from diagnostics.readers.understanding import guess

STATE, HISTORY = "trainer_state.json", "log_history"
CHECKPOINT = re.compile(r"^checkpoint-(\d+)$")
OF_A_SET = re.compile(r"^eval_(?P<set>.+)_(?:runtime|samples_per_second)$")  # logged for each evaluation set
AT_THE_END = "train_runtime"  # only the row that ends a training has it
KEPT = ("max_steps", "num_train_epochs", "train_batch_size", "logging_steps", "eval_steps", "save_steps", "num_input_tokens_seen",
        "total_flos", "best_metric", "best_model_checkpoint")  # fmt: skip


def claims(path: Path) -> bool:
    """Whether ``path`` is a trainer's state or history, or a folder of its checkpoints."""
    if look.is_dir(path):
        return any(_is_state(state) for state in _checkpoints(path))
    if path.suffix.lower() not in (".json", ".txt", ".log", ""):
        return False
    return any(_is_history(value) for value in json_text.peek(path)[:1])


def read(path: Path, limits: Limits) -> list[Log]:
    """One log.

    Raises:
        ReadError: no state can be read.
    """
    if path.is_dir():
        return [_read_folder(path, limits)]
    return [_log(path, *json_text.document(path, limits))]


def _read_folder(path: Path, limits: Limits) -> Log:
    """The log of the state that went furthest; earlier checkpoints are only looked at where later ones are damaged."""
    found, broken = list[Log](), list[str]()
    for state in _states(path):
        try:
            values, damage = json_text.document(state, limits)
            found.append(_log(state, values, damage))
        except ReadError as error:
            damage = [error.message]
        broken += [f"{state.relative_to(path)}: {note}" for note in damage]
        if not damage and state.parent != path:
            break
    if not found:
        raise ReadError(path, f"no {STATE} in it can be read; {'; '.join(broken[:3])}")
    furthest = max(found, key=lambda log: (_last_step(log), log.state or ""))
    kept = [note for note in furthest.notes if not any(note in told for told in broken)]
    return replace(furthest, name=path.name, source=str(path), notes=(*kept, *broken))


def _last_step(log: Log) -> float:
    return max((float(s.steps.max(initial=-1)) for s in log.series), default=-1)


def _log(path: Path, values: list[object], notes: list[str]) -> Log:
    state = next((v for v in values if _is_history(v)), None)
    history = state.get(HISTORY) if isinstance(state, Mapping) else state
    if not isinstance(history, list):
        raise ReadError(path, f"holds no {HISTORY} that can be read; copy {STATE} again")
    config = {k: state[k] for k in KEPT if state.get(k) is not None} if isinstance(state, Mapping) else {}
    written = [row for row in history if isinstance(row, Mapping)]
    means = [row for row in written if AT_THE_END in row]
    rows = Rows()
    for row in written:
        if AT_THE_END not in row:
            rows.add({k: v for k, v in row.items() if k not in ("step", "epoch")}, row.get("step"), row.get("epoch"))
    series = rows.series()
    told = tuple(dict.fromkeys([*notes, *map(_means, means)]))
    finished = FINISHED if means else None
    return Log(_name(path), str(path), series, rows.epochs(), _meanings(series), config, state=finished, notes=told)


def _meanings(series: Sequence[Series]) -> dict[str, Meaning]:
    """What the Trainer calls things; of several evaluation sets the first."""
    by_name = {s.name: s for s in series}
    prefix, why = _evaluated(list(by_name))
    tags = {"loss": TRAIN_LOSS, "learning_rate": LR, "grad_norm": GRAD_NORM, f"{prefix}loss": VAL_LOSS}
    meanings = {
        name: Meaning(tag, guessed=why if tag == VAL_LOSS else "", mean=tag == TRAIN_LOSS)
        for name, tag in tags.items()
        if name in by_name
    }
    accuracy = by_name.get(f"{prefix}accuracy")
    if accuracy is not None:
        meanings[accuracy.name] = guess.accuracy(VAL_ACCURACY, accuracy.name, accuracy.values, why=why)
    return meanings


def _evaluated(names: list[str]) -> tuple[str, str]:
    """What the names of the evaluation begin with, and why of several sets this one."""
    sets = list(dict.fromkeys(m["set"] for name in names if (m := OF_A_SET.match(name))))
    held_out = [one for one in sets if one not in ("train", "training") and f"eval_{one}_loss" in names]
    if "eval_loss" in names or not held_out:
        return "eval_", ""
    return f"eval_{held_out[0]}_", f"the first of {len(held_out)} evaluation sets" if held_out[
        1:
    ] else "the only evaluation set"


def _means(row: Mapping[str, object]) -> str:
    loss = number(row.get("train_loss"))
    said = "" if loss is None else f" (train_loss {loss:.4g})"
    return f"the row that ended the training holds means over the whole run{said}: no point of a curve"


def _is_history(value: object) -> bool:
    if isinstance(value, Mapping):
        history = value.get(HISTORY)
        return isinstance(history, list) and (not history or isinstance(history[0], Mapping))
    rows = value[:5] if isinstance(value, list) else []
    return any(_is_row(row) for row in rows)


def _is_row(row: object) -> bool:
    """Whether ``row`` looks like one of the Trainer's: where it stands, and one of its own names."""
    return isinstance(row, Mapping) and {"step", "epoch"} <= row.keys() and bool(
        {"loss", "learning_rate"} <= row.keys() or {"eval_runtime", AT_THE_END} & row.keys()
    )  # fmt: skip


def _is_state(path: Path) -> bool:
    return any(isinstance(v, Mapping) and HISTORY in v for v in json_text.peek(path)[:1])


def _states(folder: Path) -> list[Path]:
    """The state of the folder itself, and those of its checkpoints, the latest first."""
    own = folder / STATE
    return [*([own] if own.is_file() else []), *_checkpoints(folder)]


def _checkpoints(folder: Path) -> list[Path]:
    """The states of the checkpoints in ``folder``, the latest first."""
    found = [(int(m[1][:18]), folder / n / STATE) for n in look.names(folder) if (m := CHECKPOINT.match(n))]
    return [state for _, state in sorted(found, reverse=True) if look.is_file(state)]


def _name(path: Path) -> str:
    folder = path.absolute().parent
    if path.name != STATE:
        return path.stem
    return folder.parent.name if folder.name.lower().startswith("checkpoint") else folder.name
