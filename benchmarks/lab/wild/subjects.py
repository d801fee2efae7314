"""The subjects of the drawn parts, from ``wild`` to ``later``: each data set in turn, with a network, a loss, an optimizer and all the rest by chance."""

from dataclasses import replace

import numpy as np

from benchmarks.lab.recipe import Recipe
from benchmarks.lab.subject import Subject

SEED = 20261121
TABLES = ("factors", "softplus", "swiglu")
PLACES = ("fourier", "softplus", "swiglu")
SERIES = ("attended", "bigru", "ssm", "wavenet")
PICTURES = ("convnext", "gmlp", "squeeze")
ERRORS = (None, "huber", "log_cosh", "l1")
LABELS = (None, "focal", "hinge")
SLOW = (*SERIES, *PICTURES, "unet", "seq2seq", "gpt")  # kept small: a run takes a second or two
TASKS: dict[str, tuple[tuple[str, ...], tuple[str | None, ...]]] = {
    "shuttle": (TABLES, LABELS),
    "mountains": (PLACES, (None,)),
    "tongues": (SERIES, (None, "focal")),
    "town": (("bottleneck", "unet"), (None, "cosine")),
    "loans": (TABLES, LABELS),
    "brainwaves": (SERIES, ERRORS),
    "views": (PICTURES, LABELS),
    "numerals": (("seq2seq",), (None,)),
    "grades": (TABLES, ("pinball", *ERRORS)),
    "emblem": (PLACES, (None, "l1")),
    "ink": (("bottleneck", "unet"), ("binary_cross_entropy_with_logits",)),
    "reference": (("gpt",), (None,)),
    "fares": (TABLES, ("pinball", *ERRORS)),
    "membrane": (SERIES, ERRORS),
    "sea": (PLACES, (None, "huber")),
    "looks": (TABLES, ERRORS),
}
# Optimizers, and the rate that the search for a sound one begins with.
FIRST = {"sgd": 0.1, "momentum": 0.03, "nesterov": 0.03, "adagrad": 0.03, "lion": 0.001}
FIRST |= dict.fromkeys(("adam", "adamw", "nadam", "adamax", "rmsprop"), 0.005)
# Found best under a cosine by ``python -m benchmarks.lab --part wild --sweep`` and so on; one that never falls is half of it.
RATES = (
    *(0.095, 0.05, 3.2, 0.32, 0.032, 0.016, 0.016, 0.3),
    *(0.005, 0.095, 0.095, 0.032, 0.3, 0.1, 0.16, 0.005),
)
RATES_REDRAWN = (
    *(0.05, 0.016, 3.2, 0.05, 0.095, 1.0, 1.0, 0.05),
    *(0.016, 0.05, 0.0032, 1.0, 0.3, 0.05, 0.03, 0.05),
)
RATES_LONG = (
    *(0.5, 0.05, 0.05, 0.05, 0.16, 0.005, 0.016, 0.016),
    *(0.005, 0.16, 0.16, 1.6, 0.016, 0.016, 0.16, 0.005),
)
RATES_FURTHER = (
    *(3.2, 0.1, 0.016, 0.03, 0.0005, 0.005, 0.01, 0.032),
    *(0.016, 0.032, 0.0016, 0.05, 1.0, 0.01, 0.32, 0.0005),
)
RATES_AGAIN = (
    *(1.0, 0.05, 0.3, 0.0016, 0.05, 0.3, 0.3, 0.95),
    *(0.0095, 0.3, 0.05, 0.05, 0.095, 0.095, 0.095, 0.0016),
)
RATES_LATER = (
    *(0.001, 0.095, 3.0, 0.095, 1.0, 0.05, 0.016, 0.05),
    *(0.016, 0.005, 0.005, 0.016, 0.05, 0.016, 0.0032, 0.0032),
)


def drawn(turn: int) -> Recipe:
    """A recipe by chance, with the first guess at its rate."""
    draw = np.random.default_rng([SEED, turn])
    data = list(TASKS)[turn % len(TASKS)]
    models, objectives = TASKS[data]
    optimizer, objective = str(draw.choice(list(FIRST))), draw.choice(np.array(objectives, object))
    network = str(draw.choice(models))
    slow = network in SLOW
    schedule = str(draw.choice(["cosine", "cosine", "linear", "tail", "exponential", "onecycle", "step"]))
    return Recipe(
        data,
        network,
        width=int(draw.choice([8, 12, 16] if slow else [12, 16, 24])),
        depth=1 if slow else int(draw.choice([1, 2])),
        objective=objective,
        optimizer=optimizer,
        lr=FIRST[optimizer],
        schedule=schedule,
        floor=0.01 if schedule == "exponential" else 0.0,
        warmup=float(draw.choice([0.0, 0.0, 0.05, 0.1])) if schedule in ("cosine", "linear") else 0.0,
        batch_size=int(draw.choice([8, 16, 32] if slow else [8, 16, 32, 64])),
        steps=round(np.exp(draw.uniform(np.log(120 if slow else 180), np.log(260 if slow else 450)))),
        dropout=float(draw.choice([0.0, 0.0, 0.1, 0.3])),
        weight_decay=float(draw.choice([0.0, 0.0, 1e-4, 1e-2])),
        max_grad_norm=draw.choice(np.array([None, None, 1.0, 5.0], object)),
        label_smoothing=0.1 if draw.random() < 0.2 and objective is None and data in ("tongues", "views") else None,
    )


def name(recipe: Recipe) -> str:
    """Data, network and optimizer."""
    return f"{recipe.data}-{recipe.model}-{recipe.optimizer}"


def _part(first: int, rates: tuple[float, ...], called: str = "", longer: float = 1.0) -> dict[str, Subject]:
    """A subject a rate, from turn ``first`` on. A run's faults and logging are drawn by its name, so ``called`` tells the parts apart."""
    found = {}
    for turn, rate in enumerate(rates, start=first):
        recipe = drawn(turn)
        found[name(recipe) + called] = Subject(replace(recipe, lr=rate, steps=round(longer * recipe.steps)), rate / 2)
    return found


DRAWN = {
    "wild": _part(0, RATES),
    "redrawn": _part(16, RATES_REDRAWN, "-redrawn"),
    "long": _part(32, RATES_LONG, "-long", longer=2.5),
    "further": _part(48, RATES_FURTHER, "-further", longer=1.5),
    "again": _part(64, RATES_AGAIN, "-again", longer=1.5),
    "later": _part(80, RATES_LATER, "-later", longer=1.5),
}
"""The parts by their names."""
