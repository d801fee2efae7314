"""The shapes of a recipe's layers, as the collector records them. The network is built, not trained."""

from functools import cache
from types import SimpleNamespace

from benchmarks.lab.data import DATA
from benchmarks.lab.models import build
from benchmarks.lab.recipe import Recipe
from collector.names import Names
from collector.schema import Shape


@cache
def shapes(recipe: Recipe) -> dict[str, Shape]:
    """By layer, in the order of the model."""
    told: dict[str, str] = {}
    model = build(recipe, DATA[recipe.data]())
    names = Names(lambda held, _: told.update(held))
    names.model(model)
    names.of([SimpleNamespace(param_groups=[{"params": list(model.parameters())}])], next(model.parameters()))
    return {layer: shape for layer, text in told.items() if (shape := Shape.parse(text))}
