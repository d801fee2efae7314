"""Trainings that were recorded: a folder of the collector's a name, trained again only when its recipe has changed."""

import json
import shutil
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.lab.recipe import Recipe
from benchmarks.lab.results import FOLDER, keep, known
from benchmarks.lab.train import Result, train
from diagnostics import Run
from diagnostics.readers import read

RUNS = FOLDER / "runs"
DONE = "recipe.txt"  # what a finished folder was trained with


def record(recipes: Mapping[str, Recipe], jobs: int, anew: bool = False) -> None:
    """Train those that have no folder yet, by the name of their folder; all of them ``anew``."""
    done = known()
    missing = {name: r for name, r in recipes.items() if anew or r.key not in done or not _recorded(name, r)}
    with ProcessPoolExecutor(jobs) as pool:
        for recipe, result in zip(missing.values(), pool.map(_trained, missing, missing.values()), strict=True):
            if recipe.key not in done:
                keep(recipe, result)


def recorded(name: str) -> Run:
    """The run in the folder ``name``."""
    return read(RUNS / name)[0]


def _recorded(name: str, recipe: Recipe) -> bool:
    done = RUNS / name / DONE
    return done.exists() and done.read_text() == _text(recipe)


def _text(recipe: Recipe) -> str:
    return json.dumps(recipe.changes)


def _trained(name: str, recipe: Recipe) -> Result:
    folder: Path = RUNS / name
    shutil.rmtree(folder, ignore_errors=True)
    result = train(recipe, folder)
    (folder / DONE).write_text(_text(recipe))
    return result
