"""The runs of the parts ``wild``, ``redrawn`` and ``long``: the faults of the part ``fresh``, more of those that it found few of, and logs that say less."""

from dataclasses import replace

from benchmarks.lab.case import LONGER, MUCH_LONGER, NEIGHBOUR, Case, Tried, decayed, neighbours, rated
from benchmarks.lab.fresh.cases import FAULTS, Draw, between, drawn, fresh_cases
from benchmarks.lab.recipe import Recipe
from benchmarks.lab.subject import Subject

TAKEN = {
    "diverged": 1,
    "lr_too_low": 2,
    "decay_too_early": 2,
    "underfitting": 2,
    "overfitting": 2,
}  # variants a subject
SHORTEST = 40  # steps


def wild_cases(subjects: dict[str, Subject], part: str) -> list[Case]:
    """Every run that is tried."""
    faults = FAULTS | {"healthy": _healthy, "needs_decay": _needs_decay, "keep_training": _short}
    return [_told(case) for case in fresh_cases(subjects, part, faults, lambda fault, _: TAKEN.get(fault))]


def _healthy(subject: Subject, draw: Draw) -> Tried:
    """Decayed, and at a rate that never falls."""
    usual = subject.usual(0)
    constant = rated(subject.constant(1), draw.uniform(0.3, 1))
    wider = replace(usual, width=2 * usual.width)
    late = {"longer": constant.longer(LONGER), "wider": wider, "decay": decayed(constant)}
    return {
        "usual": (usual, None, {"longer": usual.longer(LONGER), "wider": wider}),
        "constant": (constant, None, late | neighbours(constant)),
    }


def _needs_decay(subject: Subject, draw: Draw) -> Tried:
    """Near the best constant rate, where the noise of the batches decides."""
    small = max(2, subject.sound.batch_size // int(draw.choice([2, 4, 8])))
    tried = {
        "constant": rated(subject.constant(0), between(draw, 0.8, 2)),
        "small": replace(rated(subject.constant(1), between(draw, 0.4, 1.2)), batch_size=small),
    }
    return {name: (recipe, _falling(recipe, draw), _rivals(recipe)) for name, recipe in tried.items()}


def _falling(recipe: Recipe, draw: Draw) -> Recipe:
    return decayed(recipe) if draw.random() < 0.5 else replace(recipe, schedule="cosine")


def _rivals(recipe: Recipe) -> dict[str, Recipe]:
    return {"longer": recipe.longer(LONGER), "lower": rated(recipe, 1 / NEIGHBOUR)}


def _short(subject: Subject, draw: Draw) -> Tried:
    """Ended early, with steps enough to be judged."""
    found: Tried = {}
    for name, recipe in {"cut": subject.usual(0), "short": subject.constant(0)}.items():
        part = recipe.cut(max(SHORTEST, round(recipe.steps / between(draw, 3, 9))))
        found[name] = (part, part.longer(MUCH_LONGER), {"higher": rated(part, NEIGHBOUR)})
    return found


def _told(case: Case) -> Case:
    """Without layers, or without any settings but those that whoever sees the layers sees as well, as a log of another's often is."""
    draw = drawn(f"{case.name}-told")
    layers, config = bool(draw.random() < 0.5), bool(draw.random() < 0.6)
    return replace(case, recipe=replace(case.recipe, log_layers=layers, log_config=config))
