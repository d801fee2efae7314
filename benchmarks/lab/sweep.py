"""Which learning rates are sound: each subject at a grid of rates, decayed and constant."""

from dataclasses import replace

from benchmarks.lab.recipe import Recipe
from benchmarks.lab.results import results

FACTOR = 10**0.5  # between two rates of the grid
WIDEST = 6  # rates on either side of the first guess


def best(recipe: Recipe, jobs: int) -> tuple[float, dict[float, float]]:
    """The factor to ``recipe``'s rate with the lowest final validation loss, and the loss at every factor that was tried."""
    tried: dict[int, float] = {}
    wanted = [-1, 0, 1]
    while wanted:
        plan = {k: replace(recipe, lr=float(f"{recipe.lr * FACTOR**k:.3g}")) for k in wanted}
        done = results(plan.values(), jobs)
        tried |= {k: done[r.quiet].val for k, r in plan.items()}
        lowest = min(tried, key=tried.__getitem__)
        wanted = [k for k in (lowest - 1, lowest + 1) if k not in tried and abs(k) <= WIDEST]
    return FACTOR**lowest, {recipe.lr * FACTOR**k: v for k, v in sorted(tried.items())}


def sweep(subjects: dict[str, Recipe], jobs: int) -> None:
    """Print the sound rates of every subject, decayed by a cosine and constant, with what was tried."""
    for name, recipe in subjects.items():
        for schedule in ("cosine", "constant"):
            factor, tried = best(replace(recipe, schedule=schedule, warmup=0.0), jobs)
            said = "  ".join(f"{lr:.2g}: {loss:.4g}" for lr, loss in tried.items())
            print(f"{name:28} {schedule:9} best {recipe.lr * factor:.2g}   {said}", flush=True)
