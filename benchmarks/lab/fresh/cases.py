"""The runs of the part ``fresh``: sizes of fault and habits of logging drawn by the run's name, from mild to strong."""

from collections.abc import Callable, Iterator
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
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.subject import Subject

Draw = np.random.Generator
Faults = dict[str, Callable[[Subject, Draw], Tried]]
Taken = Callable[[str, Subject], int | None]
LEAST_EPOCHS = 20  # for a log of one row an epoch
MOST_ROWS = 1500  # of a log
TAKEN = dict.fromkeys(("lr_too_low", "needs_decay", "decay_too_early", "underfitting"), 1)  # variants a subject
FREE = {"dropout": 0.0, "weight_decay": 0.0, "mixup": None, "label_smoothing": None, "input_noise": None}


def fresh_cases(
    subjects: dict[str, Subject], part: str, faults: Faults | None = None, taken: Taken | None = None
) -> list[Case]:
    """Every run that is tried; ``faults`` and how many variants of each are ``taken`` are those of ``fresh`` unless given."""
    made = (_of(part, name, subject, faults or FAULTS, taken or _taken) for name, subject in subjects.items())
    return [_logged(case) for found in made for case in found]


def _of(part: str, name: str, subject: Subject, faults: Faults, taken: Taken) -> Iterator[Case]:
    for fault, make in faults.items():
        draw = drawn(f"{name}-{fault}")
        made = make(subject, draw)
        for variant in map(str, draw.permutation(list(made))[: taken(fault, subject)]):
            recipe, cure, rivals = made[variant]
            yield Case(f"{name}-{fault}-{variant}", part, name, fault, variant, recipe, cure, rivals)


def _taken(fault: str, subject: Subject) -> int | None:
    return None if fault == "needs_decay" and _squared(subject) else TAKEN.get(fault)


def _squared(subject: Subject) -> bool:
    """Whether the loss is a squared error: where it can come down to little a decay shows most."""
    return DATA[subject.sound.data]().classes is None and subject.sound.objective is None


def drawn(name: str) -> Draw:
    """The same chance for the same name."""
    return np.random.default_rng(crc32(name.encode()))


def between(draw: Draw, low: float, high: float) -> float:
    """Any size between the two, small ones as likely as large ones."""
    return float(f"{np.exp(draw.uniform(np.log(low), np.log(high))):.3g}")


def _rows(recipe: Recipe) -> int:
    return recipe.train_size or len(DATA[recipe.data]().train[0])


def _healthy(subject: Subject, draw: Draw) -> Tried:
    usual, constant = subject.usual(0), subject.constant(1)
    wider = replace(usual, width=2 * usual.width)
    other = str(draw.choice(["linear", "tail", "exponential", "onecycle", "step"]))
    floor = 0.01 if other == "exponential" else 0.0
    patient = replace(subject.decayed(1), schedule=other, floor=floor, steps=round(usual.steps * draw.uniform(1, 2)))
    gentle = rated(constant, draw.uniform(0.3, 0.9))
    late = {"longer": gentle.longer(LONGER), "wider": wider, "decay": decayed(gentle)}
    second = {
        other: (patient, None, {"longer": patient.longer(LONGER), "wider": wider}),
        "gentle": (gentle, None, late | neighbours(gentle)),
    }
    name = str(draw.choice([other, "gentle", "none"]))
    usually = {"usual": (usual, None, {"longer": usual.longer(LONGER), "wider": wider})}
    return usually | ({name: second[name]} if name in second else {})


def _diverged(subject: Subject, draw: Draw) -> Tried:
    sound, other = subject.usual(0), subject.constant(0)
    if draw.random() >= 0.5:
        sound, other = other, sound
    pairs = {"rate": (sound, between(draw, 30, 3000)), "near": (other, between(draw, 20, 200))}
    return {name: (rated(recipe, by), recipe, {}) for name, (recipe, by) in pairs.items()}


def _too_high(subject: Subject, draw: Draw) -> Tried:
    pairs = {"constant": (subject.constant(0), (3, 12)), "usual": (subject.usual(0), (5, 20))}
    return {name: (rated(sound, between(draw, *by)), sound, {}) for name, (sound, by) in pairs.items()}


def _too_low(subject: Subject, draw: Draw) -> Tried:
    pairs = {"constant": (subject.constant(0), (8, 200)), "usual": (subject.usual(0), (8, 100))}
    lowered = {name: (rated(sound, 1 / between(draw, *by)), sound) for name, (sound, by) in pairs.items()}
    return {name: (low, sound, {"longer": low.longer(MUCH_LONGER)}) for name, (low, sound) in lowered.items()}


def _needs_decay(subject: Subject, draw: Draw) -> Tried:
    small = {"batch_size": max(2, subject.sound.batch_size // int(draw.choice([4, 8])))}
    tried = {
        "hot": rated(subject.constant(1), between(draw, 1, 3)),
        "small": replace(rated(subject.constant(2), between(draw, 0.5, 1.5)), **small),
    }
    if _squared(subject):
        tried["plain"] = subject.constant(0)
    found: Tried = {}
    for name, recipe in tried.items():
        cure = decayed(recipe) if draw.random() < 0.5 else replace(recipe, schedule="cosine")
        rivals = {"longer": recipe.longer(LONGER), "lower": rated(recipe, 1 / NEIGHBOUR)}
        found[name] = (recipe, cure, rivals)
    return found


def _too_early(subject: Subject, draw: Draw) -> Tried:
    drop = float(draw.choice([0.1, 0.05, 0.02]))
    step = replace(subject.constant(0), schedule="step", drop=drop, drop_at=between(draw, 0.03, 0.25))
    kind = str(draw.choice(["cosine", "linear", "exponential"]))
    smooth = replace(subject.decayed(0), schedule=kind, floor=0.01)
    short = replace(smooth, horizon=between(draw, 0.06, 0.3))
    pairs = {"step": (step, replace(step, drop_at=LATE)), kind: (short, smooth)}
    return {name: (early, cure, {"longer": early.longer(LONGER)}) for name, (early, cure) in pairs.items()}


def _bad_init(subject: Subject, draw: Draw) -> Tried:
    usual, constant = subject.usual(0), subject.constant(0)
    return {
        "small": (replace(usual, init_scale=between(draw, 0.02, 0.25)), usual, {}),
        "large": (replace(constant, init_scale=between(draw, 3, 8)), constant, {}),
    }


def _overfitting(subject: Subject, draw: Draw) -> Tried:
    free = replace(subject.constant(0), **FREE)
    rows = _rows(free)
    few = replace(free, train_size=max(24, round(rows * between(draw, 0.03, 0.2))))
    wrong = replace(subject.usual(0), **FREE, train_size=rows // 2, label_noise=round(draw.uniform(0.2, 0.45), 2))
    found: Tried = {"few": (few.longer(draw.uniform(1, 2.5)), subject.constant(0), {})}
    fewer = replace(few, train_size=max(16, round(rows * between(draw, 0.01, 0.04))))
    found["fewer"] = (fewer.longer(draw.uniform(1, 2)), subject.constant(0), {})
    if wrong.objective not in ("elbo", "info_nce"):  # which have no labels
        found["labels"] = (wrong, subject.usual(0), {})
    return found


def _underfitting(subject: Subject, draw: Draw) -> Tried:
    usual = subject.usual(0)
    tried = {"narrow": replace(usual, width=max(2, usual.width // int(draw.integers(8, 25))), dropout=0.0)}
    others = {
        "decay": replace(usual, weight_decay=STRONG_DECAY[usual.optimizer] * between(draw, 0.5, 2)),
        "dropout": replace(usual, dropout=round(draw.uniform(0.7, 0.93), 2)),
    }
    if DATA[usual.data]().train[0].is_floating_point():
        others["noise"] = replace(usual, input_noise=between(draw, 1.5, 5))
    name = str(draw.choice(list(others)))
    tried[name] = others[name]
    return {
        name: (recipe, usual, {"longer": recipe.longer(LONGER), "higher": rated(recipe, NEIGHBOUR)})
        for name, recipe in tried.items()
    }


def _short(subject: Subject, draw: Draw) -> Tried:
    usual, constant = subject.usual(0), subject.constant(0)
    tried = {name: r.cut(round(r.steps / between(draw, 4, 14))) for name, r in (("cut", usual), ("short", constant))}
    return {
        name: (recipe, recipe.longer(MUCH_LONGER), {"higher": rated(recipe, NEIGHBOUR)})
        for name, recipe in tried.items()
    }


def _too_few_points(subject: Subject, draw: Draw) -> Tried:
    constant, points = subject.constant(2), int(draw.integers(3, 11))
    epoch = max(1, _rows(constant) // constant.batch_size)
    ways = {
        "steps": replace(constant, steps=points, evals=2),
        "sparse": replace(subject.usual(1), log_every=-(-constant.steps // min(points, 6)), evals=min(points, 6)),
        "epochs": replace(constant, steps=min(points, 6) * epoch, per_epoch=True),
    }
    name = str(draw.choice(list(ways)))
    return {name: (ways[name], None, {})} if draw.random() < 0.75 else {}


FAULTS: Faults = {
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
    """The same training with the logging habits of some person or other."""
    draw = drawn(case.name)
    recipe = case.recipe
    habits = {
        "first_eval": bool(draw.random() < 0.5),
        "accuracy": bool(draw.random() < 0.75),
        "train_accuracy": bool(draw.random() < 0.6),
        "watch_val": bool(draw.random() < 0.85) or case.fault not in SEEN_IN_TRAINING,
        "log_lr": bool(draw.random() < 0.8) or not seen_without_rate(case),
    }
    if case.fault != "not_enough_data":
        habits |= _rhythm(recipe, draw)
    return replace(case, recipe=replace(recipe, **habits))


def _rhythm(recipe: Recipe, draw: Draw) -> dict[str, bool | int]:
    """How often what is logged."""
    epochs = recipe.steps / max(1, _rows(recipe) // recipe.batch_size)
    if draw.random() < 0.4 and LEAST_EPOCHS <= epochs < recipe.steps / 2:
        return {"per_epoch": True}
    least = -(-recipe.steps // MOST_ROWS)
    rare = max(least, recipe.steps // int(draw.integers(50, 300)))
    return {
        "log_every": least if draw.random() < 0.4 else rare,
        "log_mean": bool(draw.random() < 0.4),
        "evals": int(draw.choice([12, 20, 30, 60])),
        "epoch_evals": bool(draw.random() < 0.4) and 8 <= epochs <= 120,
    }
