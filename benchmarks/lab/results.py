"""What trainings came to, kept in a file: a recipe that was trained once is not trained again."""

import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.lab.recipe import Recipe
from benchmarks.lab.train import Result, train

FOLDER = Path("build/lab")
FILE = "results.jsonl"


def results(recipes: Iterable[Recipe], jobs: int = 1, folder: Path = FOLDER) -> dict[Recipe, Result]:
    """The result of each recipe, whatever it logs: remembered, or trained now."""
    wanted = {recipe.quiet: recipe for recipe in recipes}
    done = known(folder)
    missing = [recipe for recipe in wanted if recipe.key not in done]
    for recipe, result in _trained(missing, jobs):
        keep(recipe, result, folder)
        done[recipe.key] = result
    return {recipe: done[recipe.key] for recipe in wanted}


def keep(recipe: Recipe, result: Result, folder: Path = FOLDER) -> None:
    """Remember what ``recipe`` came to."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE).open("a") as file:
        file.write(json.dumps([recipe.key, asdict(result)]) + "\n")


def known(folder: Path = FOLDER) -> dict[str, Result]:
    """Every result so far, by the key of its recipe; the file is read again only when it has changed."""
    file = (folder / FILE).resolve()
    if not file.exists():
        return {}
    about = file.stat()
    return dict(_read(file, about.st_size, about.st_mtime_ns))


@lru_cache(maxsize=1)
def _read(file: Path, size: int, changed: int) -> dict[str, Result]:
    """The results in ``file`` of ``size`` bytes, ``changed`` so many ns since 1970."""
    return {name: _result(about) for name, about in map(json.loads, file.read_text().splitlines())}


def _result(about: dict[str, Any]) -> Result:
    return Result(**{**about, "fall": tuple(about["fall"]), "grid": tuple(map(tuple, about["grid"]))})


def _trained(recipes: list[Recipe], jobs: int) -> Iterator[tuple[Recipe, Result]]:
    if jobs == 1:
        yield from ((recipe, train(recipe)) for recipe in recipes)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from zip(recipes, pool.map(train, recipes), strict=True)
