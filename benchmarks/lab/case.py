"""One run of the lab, what it takes to know its label, and the changes of a recipe that any part is made with."""

from dataclasses import dataclass, field, replace

from benchmarks.lab.recipe import Recipe

LATE = 0.7  # of the run: when a sound decay comes
LONGER = 2.0  # times the steps: what a run that has converged gains nothing from
MUCH_LONGER = 3.0  # times the steps: what a run that was stopped too early is given
NEIGHBOUR = 10**0.5  # to the next rate of the sweep

# Weight decay that holds the weights down without killing the network, by optimizer.
STRONG_DECAY = {
    **dict.fromkeys(("sgd", "momentum", "nesterov", "adam", "rmsprop", "adagrad", "nadam", "adamax"), 0.05),
    "adamw": 2.0,
    "lion": 10.0,
}
# Faults that show in the training loss alone.
SEEN_IN_TRAINING = ("diverged", "lr_too_high", "lr_too_low", "bad_initialization", "decay_too_early", "not_enough_data")
# Faults that show without a learning rate.
SEEN_WITHOUT_RATE = (
    "diverged",
    "bad_initialization",
    "overfitting",
    "underfitting",
    "keep_training",
    "not_enough_data",
)


@dataclass(frozen=True)
class Case:
    """One run of the lab, and the trainings that make its label a fact.

    ``cure`` is the recipe with the fault undone; ``rivals`` are other changes, by name, that a label of the wrong kind would call for.
    """

    name: str
    part: str
    subject: str
    fault: str
    variant: str
    recipe: Recipe
    cure: Recipe | None = None
    rivals: dict[str, Recipe] = field(default_factory=dict)


Tried = dict[str, tuple[Recipe, Recipe | None, dict[str, Recipe]]]


def rated(recipe: Recipe, factor: float) -> Recipe:
    """At so many times the rate."""
    return replace(recipe, lr=float(f"{recipe.lr * factor:.3g}"))


def decayed(recipe: Recipe) -> Recipe:
    """With a sound decay: to a tenth, late."""
    return replace(recipe, schedule="step", drop=0.1, drop_at=LATE)


def neighbours(recipe: Recipe) -> dict[str, Recipe]:
    """The next rates of the sweep."""
    return {"lower": rated(recipe, 1 / NEIGHBOUR), "higher": rated(recipe, NEIGHBOUR)}


def seen_without_rate(case: Case) -> bool:
    """Whether the fault shows in a log without a learning rate."""
    return case.fault in SEEN_WITHOUT_RATE or (case.fault == "healthy" and case.recipe.schedule != "constant")
