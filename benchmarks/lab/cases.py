"""The lab's runs: each subject with one fault, the same recipe with the fault undone, and what else might have helped."""

from collections.abc import Iterator
from dataclasses import replace
from zlib import crc32

import numpy as np

from benchmarks.lab.case import (
    LATE,
    LONGER,
    MUCH_LONGER,
    NEIGHBOUR,
    SEEN_IN_TRAINING,
    STRONG_DECAY,
    Case,
    Tried,
    decayed,
    neighbours,
    rated,
    seen_without_rate,
)
from benchmarks.lab.data import DATA
from benchmarks.lab.fresh.cases import fresh_cases
from benchmarks.lab.subject import Subject
from benchmarks.lab.subjects import PARTS
from benchmarks.lab.wild.cases import wild_cases
from benchmarks.lab.wild.subjects import DRAWN

# Variants a subject, of those faults that nearly always are a fact.
TAKEN = {
    "diverged": 2,
    "lr_too_high": 2,
    "lr_too_low": 2,
    "decay_too_early": 3,
    "overfitting": 2,
    "underfitting": 3,
    "keep_training": 3,
    "not_enough_data": 1,
}
LEAST_EPOCHS = 24  # for a log of one row an epoch


def cases(part: str) -> list[Case]:
    """Every run of ``part`` that is tried; ``truth`` decides which are kept."""
    if part == "fresh":
        return fresh_cases(PARTS[part], part)
    if part in DRAWN:
        return wild_cases(PARTS[part], part)
    subjects = enumerate(PARTS[part].items())
    return [_logged(case) for turn, (name, subject) in subjects for case in _of(part, name, subject, turn)]


def _of(part: str, name: str, subject: Subject, turn: int) -> Iterator[Case]:
    """The faults of one subject; of those with plenty of variants, as many as ``TAKEN`` says, others for each subject in turn."""
    for fault, make in FAULTS.items():
        made = list(make(subject).items())
        taken = [made[(turn + k) % len(made)] for k in range(TAKEN.get(fault, len(made)))]
        for variant, (recipe, cure, rivals) in taken:
            yield Case(f"{name}-{fault}-{variant}", part, name, fault, variant, recipe, cure, rivals)


def _healthy(subject: Subject) -> Tried:
    found: Tried = {}
    wider = replace(subject.decayed(0), width=2 * subject.sound.width)
    for name, recipe in {
        "cosine": subject.decayed(0),
        "linear": replace(subject.decayed(1), schedule="linear"),
        "warmup": replace(subject.decayed(2), warmup=0.08),
        "step": decayed(subject.constant(3)),
        "tail": replace(subject.constant(4), schedule="tail", drop_at=0.6),
    }.items():
        found[name] = (recipe, None, {"longer": recipe.longer(LONGER), "wider": wider})
    for name, recipe in {"constant": subject.constant(0), "gentle": rated(subject.constant(1), 0.5)}.items():
        rivals = {"longer": recipe.longer(LONGER), "wider": wider, "decay": decayed(recipe)}
        found[name] = (recipe, None, rivals | neighbours(recipe))
    return found


def _diverged(subject: Subject) -> Tried:
    warm = replace(subject.decayed(1), warmup=0.2)
    return {
        "far": (rated(subject.constant(0), 1000), subject.constant(0), {}),
        "near": (rated(subject.constant(1), 60), subject.constant(1), {}),
        "warm": (rated(warm, 100), warm, {}),
    }


def _too_high(subject: Subject) -> Tried:
    constant, cosine = subject.constant, subject.decayed
    return {
        "3": (rated(constant(0), 3.2), constant(0), {}),
        "6": (rated(constant(1), 6), constant(1), {}),
        "12": (rated(constant(0), 12), constant(0), {}),
        "cosine": (rated(cosine(0), 10), cosine(0), {}),
    }


def _too_low(subject: Subject) -> Tried:
    constant, cosine = subject.constant, subject.decayed
    pairs = {
        "100": (constant(1), 0.01),
        "30": (constant(0), 0.03),
        "12": (constant(0), 0.08),
        "cosine": (cosine(0), 0.05),
    }
    return {
        name: (low := rated(r, factor), r, {"longer": low.longer(MUCH_LONGER)}) for name, (r, factor) in pairs.items()
    }


def _needs_decay(subject: Subject) -> Tried:
    small = {"batch_size": max(4, subject.sound.batch_size // 4)}
    tiny = {"batch_size": max(4, subject.sound.batch_size // 8)}
    tiniest = {"batch_size": max(2, subject.sound.batch_size // 16)}
    found: Tried = {}
    for name, recipe in {
        "constant": subject.constant(0),
        "double": rated(subject.constant(1), 2),
        "small": replace(subject.constant(1), **small),
        "long": replace(subject.constant(2), **small).longer(1.6),
        "tiny": replace(rated(subject.constant(3), 0.5), **tiny),
        "tiny2": replace(subject.constant(7), **tiny),
        "tiniest": replace(rated(subject.constant(8), 0.7), **tiniest),
        "half": rated(subject.constant(5), 1.5),
        "third": replace(subject.constant(6), batch_size=max(4, subject.sound.batch_size // 3)),
        "warmup": replace(rated(subject.constant(2), 1.4), warmup=0.05),
    }.items():
        found[name] = (
            recipe,
            decayed(recipe),
            {"longer": recipe.longer(LONGER), "lower": rated(recipe, 1 / NEIGHBOUR)},
        )
    return found


def _too_early(subject: Subject) -> Tried:
    step, cosine = replace(subject.constant(0), schedule="step"), subject.decayed(1)
    found: Tried = {}
    for name, early, cure in (
        ("step10", replace(step, drop=0.1, drop_at=0.05), decayed(step)),
        ("step30", replace(step, drop=0.03, drop_at=0.12), replace(step, drop=0.03, drop_at=LATE)),
        ("step100", replace(step, drop=0.01, drop_at=0.2), replace(step, drop=0.01, drop_at=LATE)),
        ("cosine", replace(cosine, horizon=0.15, floor=0.01), replace(cosine, floor=0.01)),
    ):
        found[name] = (early, cure, {"longer": early.longer(LONGER)})
    return found


def _bad_init(subject: Subject) -> Tried:
    return {
        "tiny": (replace(subject.decayed(0), init_scale=0.03), subject.decayed(0), {}),
        "small": (replace(subject.constant(1), init_scale=0.1), subject.constant(1), {}),
        "deep": (replace(subject.constant(0), init_scale=0.2, depth=4), replace(subject.constant(0), depth=4), {}),
        "large": (replace(subject.constant(0), init_scale=5.0), subject.constant(0), {}),
    }


def _overfitting(subject: Subject) -> Tried:
    free = {"dropout": 0.0, "weight_decay": 0.0}
    constant, cosine = replace(subject.constant(0), **free), replace(subject.decayed(1), **free)
    rows = len(DATA[subject.sound.data]().train[0])
    few, fewer = max(40, rows // 8), max(24, rows // 24)
    wide = replace(constant, width=2 * constant.width)
    noisy = {"train_size": rows // 2, "label_noise": 0.3}
    return {
        "few": (replace(constant, train_size=few), subject.constant(0), {}),
        "fewer": (replace(cosine, train_size=fewer), subject.decayed(1), {}),
        "noise": (replace(constant, **noisy), subject.constant(0), {}),
        "wide": (replace(wide, train_size=few).longer(LONGER), subject.constant(0), {}),
    }


def _underfitting(subject: Subject) -> Tried:
    cosine, constant = subject.decayed(0), subject.constant(1)
    narrow = {"width": 4 if cosine.model in ("transformer", "encoder", "linear_attention") else 2}
    held = {"weight_decay": STRONG_DECAY[cosine.optimizer]}
    found: Tried = {}
    for name, recipe, cure in (
        ("narrow", replace(cosine, **narrow, dropout=0.0), cosine),
        ("constant", replace(constant, **narrow, dropout=0.0), constant),
        ("decay", replace(cosine, **held), cosine),
        ("dropout", replace(cosine, dropout=0.85), cosine),
    ):
        found[name] = (recipe, cure, {"longer": recipe.longer(LONGER), "higher": rated(recipe, NEIGHBOUR)})
    return found


def _short(subject: Subject) -> Tried:
    found: Tried = {}
    for name, recipe in {
        "12": replace(subject.constant(0), steps=subject.sound.steps // 12),
        "6": replace(subject.constant(1), steps=subject.sound.steps // 6),
        "cut": replace(subject.decayed(2), steps=subject.sound.steps // 8, horizon=8.0),
        "warmup": replace(subject.constant(2), steps=subject.sound.steps // 5, warmup=0.1),
    }.items():
        found[name] = (recipe, recipe.longer(MUCH_LONGER), {"higher": rated(recipe, NEIGHBOUR)})
    return found


def _too_few_points(subject: Subject) -> Tried:
    epoch = max(1, len(DATA[subject.sound.data]().train[0]) // subject.sound.batch_size)
    return {
        "steps": (replace(subject.constant(0), steps=10, evals=2), None, {}),
        "sparse": (replace(subject.decayed(1), log_every=subject.sound.steps // 5, evals=5), None, {}),
        "epochs": (replace(subject.constant(2), steps=4 * epoch, per_epoch=True), None, {}),
    }


FAULTS = {
    "healthy": _healthy,
    "diverged": _diverged,
    "lr_too_high": _too_high,
    "lr_too_low": _too_low,
    "needs_decay": _needs_decay,
    "decay_too_early": _too_early,
    "bad_initialization": _bad_init,
    "overfitting": _overfitting,
    "underfitting": _underfitting,
    "keep_training": _short,
    "not_enough_data": _too_few_points,
}


def _logged(case: Case) -> Case:
    """The same training with the logging habits of some person or other, drawn by the run's name."""
    if case.fault == "not_enough_data":
        return case
    draw = np.random.default_rng(crc32(case.name.encode()))
    recipe = case.recipe
    rows = recipe.train_size or len(DATA[recipe.data]().train[0])
    epochs = recipe.steps / max(1, rows // recipe.batch_size)
    habits = {
        "per_epoch": bool(draw.random() < 0.35) and LEAST_EPOCHS <= epochs < recipe.steps / 2,
        "log_every": _every(recipe.steps, draw),
        "evals": int(draw.choice([16, 24, 40, 80])),
        "accuracy": bool(draw.random() < 0.75),
        "watch_val": bool(draw.random() < 0.85) or case.fault not in SEEN_IN_TRAINING,
        "log_lr": bool(draw.random() < 0.85) or not seen_without_rate(case),
    }
    return replace(case, recipe=replace(recipe, **habits))


def _every(steps: int, draw: np.random.Generator) -> int:
    """Every step, or so rarely that 60 to 400 rows are left; never more than 1,500."""
    least = -(-steps // 1500)
    rare = max(least, steps // int(draw.integers(60, 400)))
    return least if draw.random() < 0.5 else rare
