"""Which columns of a header are the training's and the validation's loss and accuracy.

A wrong pair is worse than an unknown name: two losses are a pair only when their names say the same but for the split.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from collector import schema
from diagnostics.readers.understanding import names
from diagnostics.readers.understanding.names import ACCURACY, ERROR_RATE, LOSS, TRAIN, VAL, Name

ATTACKED = ("robust", "pgd")  # what the losses of attacked examples are called
MAYBE_ATTACKED = (
    "adv",
    "adversarial",
)  # the same, unless they are a discriminator's: an accuracy under attack is none of those
LOADER = re.compile(r"^dataloaderidx\d+$")  # Lightning's name for one of several evaluation sets
SECOND_OF_LIST = re.compile(r"(?<!\d)1$")
FEW = (
    2  # points up to which a column is no curve beside one with more: Hugging Face ends with the mean of the whole run
)
MEASURED = {"loss", "losses", "accuracy", "acc"}
TAGS = {(TRAIN, LOSS): schema.TRAIN_LOSS, (VAL, LOSS): schema.VAL_LOSS,
        (TRAIN, ACCURACY): schema.TRAIN_ACCURACY, (VAL, ACCURACY): schema.VAL_ACCURACY}  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """The column ``name`` of a tag, and why it was chosen where its name alone does not say; else ""."""

    name: str
    why: str = ""


def chosen(columns: Sequence[str], points: Mapping[str, int] | None = None) -> dict[str, Choice]:
    """By tag, the column that holds it; ``points`` by name, how many values it has."""
    many = points or {}
    read = _attacked([found for found in map(names.read, columns) if found.quantity and not _tested_once(found, many)])
    sets = _sets(columns, read)
    losses = _losses([n for n in read if n.quantity == LOSS], sets, many)
    rates = [n for n in read if n.quantity != LOSS and not _is_of_list(n.name, columns)]
    accuracies = _accuracies(rates, read, sets, many)
    others = {tag: _most(few, many) for tag, few in names.gauges(columns).items()}
    return {**losses, **accuracies, **{tag: Choice(name) for tag, name in others.items()}}


def _attacked(read: Sequence[Name]) -> Sequence[Name]:
    """Of adversarial training only what was measured under attack: who attacks the training's examples too trains on them, and the clean ones are beside the point."""
    rated = {n.group for n in read if n.quantity != LOSS}
    for group in (*ATTACKED, *(g for g in MAYBE_ATTACKED if g in rated)):
        if {TRAIN, VAL} <= {n.split for n in read if n.quantity == LOSS and n.group == group}:
            return [replace(n, group="") for n in read if n.group == group]
    return read


def _is_of_list(name: str, columns: Sequence[str]) -> bool:
    """Whether ``name`` ends as the second of a list that counts from 0, which ``acc_1`` alone, the top-1 accuracy, does not."""
    return SECOND_OF_LIST.search(name) is not None and SECOND_OF_LIST.sub("0", name) in columns


def is_known(columns: Sequence[str]) -> bool:
    """Whether a header with these names looks like a training log's: it names a curve, or steps beside something."""
    index = names.index_of(columns)
    return names.has_step(index) or {names.TAG, names.VALUE} <= index.keys() or bool(chosen(columns))


def is_like_training(columns: Sequence[str]) -> bool:
    """``is_known``, or losses or accuracies of which none is the training's: a generator's and a discriminator's."""
    return is_known(columns) or any(names.read(c).quantity and MEASURED & {*names.words(c)} for c in columns)


def _losses(read: Sequence[Name], sets: Sequence[str], many: Mapping[str, int]) -> dict[str, Choice]:
    train, val = _of(read, TRAIN, bare=True), _of(read, VAL)
    plain_train, plain_val = [n for n in train if not n.group], [n for n in val if not n.group]
    if plain_train or plain_val:
        found = {schema.TRAIN_LOSS: _pick(plain_train, many), schema.VAL_LOSS: _pick(plain_val, many)}
        if not plain_val:
            found[schema.VAL_LOSS] = _first_set(val, sets, many)
        return {tag: choice for tag, choice in found.items() if choice}
    return _by_kind(train, val, many)


def _by_kind(train: Sequence[Name], val: Sequence[Name], many: Mapping[str, int]) -> dict[str, Choice]:
    """The one kind of loss there is, or the one that both splits have; nothing where there are several."""
    kinds, val_kinds = {n.group for n in train}, {n.group for n in val}
    shared = kinds & val_kinds or (kinds | val_kinds if not kinds or not val_kinds else set())
    if len(shared) != 1:
        return {}
    why = "the only loss there is" if len(kinds | val_kinds) == 1 else "the only loss that both splits have"
    found = {
        schema.TRAIN_LOSS: _pick([n for n in train if n.group in shared], many, why),
        schema.VAL_LOSS: _pick([n for n in val if n.group in shared], many, why),
    }
    return {tag: choice for tag, choice in found.items() if choice}


def _accuracies(
    read: Sequence[Name], everything: Sequence[Name], sets: Sequence[str], many: Mapping[str, int]
) -> dict[str, Choice]:
    bare_is_val = _bare_is_val(everything)
    found = {}
    for tag, split in ((schema.TRAIN_ACCURACY, TRAIN), (schema.VAL_ACCURACY, VAL)):
        known = _of(read, split, bare=(split == VAL) == bare_is_val)
        plain = [n for n in known if not n.group]
        rather = [n for n in plain if n.quantity == ACCURACY] or plain
        why = "beside a training's and a validation's loss" if bare_is_val and not any(n.split for n in rather) else ""
        choice = _pick(rather, many, why) or (_first_set(known, sets, many) if split == VAL else None)
        if choice:
            found[tag] = choice
    return found


def _bare_is_val(read: Sequence[Name]) -> bool:
    """Whether ``accuracy`` beside ``train_loss`` and ``valid_loss`` is the validation's, as fastai prints it."""
    plain = [n for n in read if not n.group]
    losses = {n.split for n in plain if n.quantity == LOSS}
    split_accuracy = any(n.split for n in plain if n.quantity in (ACCURACY, ERROR_RATE))
    return {TRAIN, VAL} <= losses and not split_accuracy


def _of(read: Sequence[Name], split: str, bare: bool = False) -> list[Name]:
    return [n for n in read if n.split == split or (bare and not n.split)]


def _tested_once(read: Name, many: Mapping[str, int]) -> bool:
    """Whether it is the test at the end of a training, which is no curve."""
    return read.second == names.SECOND["test"] and many.get(read.name) == 1 < max(many.values())


def _pick(read: Sequence[Name], many: Mapping[str, int], why: str = "") -> Choice | None:
    """The likeliest: the validation set before a test set, one with its split said, the most points, the fewest words."""
    if not read:
        return None
    most = max(many.get(n.name, 0) for n in read)
    curves = [n for n in read if many.get(n.name, 0) > FEW or many.get(n.name, 0) == most]
    best = min(curves, key=lambda n: (n.second, not n.split, -many.get(n.name, 0), n.idle))
    if best.second == names.SECOND["test"] and not why:
        why = "no other set was evaluated"
    return Choice(best.name, why or _among(best, curves))


def _among(best: Name, curves: Sequence[Name]) -> str:
    others = [n.name for n in curves if n is not best and n.second == best.second]
    return f"rather than {', '.join(others[:3])}{' …' if others[3:] else ''}" if others else ""


def _first_set(read: Sequence[Name], sets: Sequence[str], many: Mapping[str, int]) -> Choice | None:
    """The first of several evaluation sets, unless it is one of the training set's kind."""
    found = [n for wanted in sets for n in read if n.group == wanted]
    if not found:
        return None
    several = f"the first of {len(sets)} evaluation sets" if len(sets) > 1 else "the only evaluation set"
    return Choice(found[0].name, several)


def _sets(columns: Sequence[str], read: Sequence[Name]) -> list[str]:
    """The groups that are evaluation sets: something else than a loss was measured on them as well."""
    groups = list(dict.fromkeys(n.group for n in read if n.split == VAL and n.group and n.quantity == LOSS))
    own = {n.group for n in read if n.split != VAL}  # a loss that the training has too is a kind of loss
    others = [_evaluated(c) for c in columns if names.read(c).quantity != LOSS]
    return [g for g in groups if g not in own and not g.isdigit() and (LOADER.match(g) or _measured(g, others))]


def _evaluated(column: str) -> str:
    """What was evaluated, without the split; "" for a column of no evaluation."""
    said = names.words(column)
    return "".join(w for w in said if w not in names.SPLITS) if VAL in map(names.SPLITS.get, said) else ""


def _measured(group: str, others: Sequence[str]) -> bool:
    return any(other.startswith(group) and other != group for other in others)


def _most(few: Sequence[str], many: Mapping[str, int]) -> str:
    return max(few, key=lambda name: many.get(name, 0))
