"""How right, how early and how quiet is the diagnosis? Ours beside its rivals, on real runs of which the truth is known.

``python -m benchmarks.diagnosis`` judges the lab's shipped curves in seconds. ``--grid FOLDER`` adds the public curves: a folder with
``deepobs.parquet``, ``deepobs_labels.csv``, ``algoperf.parquet`` and ``algoperf_labels.csv``. ``--rivals`` asks the installable rivals, in
an environment of their own that is made in ``build/``, and boosted trees that are taught here (some minutes); ``--obey`` trains the lab's runs again as the first remedy says. What was found is kept in
``build/score`` until a rule changes.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.lab import shelf
from benchmarks.lab.obey import outcomes
from benchmarks.score import cost, field_page, grid, grid_page, heading, lab_page, learned, overfit, promises, timing
from benchmarks.score.grid_page import Curves, Grid, Trials
from benchmarks.score.lab_page import Part
from benchmarks.score.opinions import Reports
from benchmarks.score.prefixes import SHARES
from benchmarks.score.promises import Promise
from benchmarks.score.timing import Judged

PARTS = tuple(lab_page.TITLES)
Section = tuple[str, list[Promise]]


def sections(given: argparse.Namespace, reports: Reports) -> Iterator[Section]:
    """Text and promises, part by part."""
    names = PARTS if given.part == "all" else (given.part,)
    runs = {name: shelf.load(name) for name in names} if shelf.LABELS.exists() else {}
    parts = [Part(n, [Judged(r.name, r.truth, r.run) for r in found], reports) for n, found in runs.items()]
    folder = given.write.with_suffix("") if given.write else None
    yield lab(parts, folder)
    if parts:
        reports.look_ahead(asked for part in parts for asked in timing.asked(part.cases))
        yield early(parts)
    if parts and given.obey:
        yield obeying(
            {part.name: outcomes(list(zip(runs[part.name], part.said, strict=True)), jobs=2) for part in parts}
        )
    told = [overfit.judged(name, reports, with_rivals=given.rivals) for name in names if name in overfit.PARTS]
    yield overfit.as_text(told), list(overfit.promises(told))
    if names == PARTS and (shelf.FOLDER / f"{shelf.RATES}.parquet").exists():
        yield from own_grid(Grid(grid.load(shelf.FOLDER, shelf.RATES), reports), folder)
    public = None
    if given.grid:
        deepobs, algoperf = (grid.load(given.grid, name) for name in ("deepobs", "algoperf"))
        public = Curves(Grid(deepobs, reports), Trials(algoperf, reports))
        yield on_curves(public, folder)
    reports.save()
    if given.rivals:
        yield field_page.rivals(parts, public, reports) + "\n" + learned.as_text(parts), []
    yield costs(with_rivals=given.rivals)


def lab(parts: list[Part], folder: Path | None) -> Section:
    """Verdicts on the lab."""
    text = heading.LAB + "\n" + ("" if parts else "Its curves are not here, so nothing of it was measured.\n")
    for part in parts:
        picture = lab_page.draw(part, folder) if folder else None
        text += lab_page.matrix(part) + "\n" + lab_page.failures(part, picture) + "\n"
    return text, []


def early(parts: list[Part]) -> Section:
    """How soon they come."""
    text = "## How early, how steady\n\n" + lab_page.early_words() + "\n" + "\n".join(map(lab_page.early, parts))
    return text, [promise for part in parts for promise in promises.of_part(part)]


def obeying(found: dict[str, pd.DataFrame]) -> Section:
    """What the remedies bring."""
    text = (
        heading.OBEY
        + "\n"
        + "\n".join(f"### {n.capitalize()} part\n\n{lab_page.obeyed(rows)}" for n, rows in found.items())
    )
    return text, [promise for name, rows in found.items() for promise in promises.of_obeying(name, rows)]


def own_grid(both: Grid, folder: Path | None) -> Iterator[Section]:
    """Verdicts on the lab's grid of rates: the problems that were looked at, and those that were judged once before."""
    apart = both.known.labels.apart
    yield f"{heading.OWN_GRID}\n", []
    for name, title, mine in (
        ("rates", "Problems the rules were tried on", ~apart),
        ("rates-apart", "Problems drawn by chance", apart),
    ):
        part = Grid(grid.select(both.known, mine), both.reports)
        yield (
            _on_grid(part, folder, name, f"### {title}"),
            list(promises.of_grid(part, f"{title[0].lower()}{title[1:]}, rates")),
        )


def on_curves(public: Curves, folder: Path | None) -> Section:
    """Verdicts on the public curves."""
    text = _on_grid(public.deepobs, folder, "deepobs", "## Learning rates: the DeepOBS grid")
    runs = public.algoperf.known.runs
    public.algoperf.reports.look_ahead((run, SHARES) for run in runs)
    text += f"## False alarms: AlgoPerf's best trials\n\n{grid_page.algoperf(public.algoperf)}"
    return text, [*promises.of_grid(public.deepobs, "DeepOBS"), *promises.of_trials(public.algoperf)]


def _on_grid(judged: Grid, folder: Path | None, name: str, title: str) -> str:
    judged.reports.look_ahead((run, SHARES) for run in judged.calm)
    picture = grid_page.draw(judged, folder, name) if folder else None
    below = "#" * (title.index(" ") + 1)
    return (
        f"{title}\n\n{grid_page.verdicts(judged)}\n"
        f"{below} What was missed\n\n{grid_page.failures(judged, picture)}\n"
        f"{below} Would the advice have helped?\n\n{grid_page.advised(judged)}\n"
    )


def costs(*, with_rivals: bool) -> Section:
    """What judging takes."""
    took = cost.ours()
    return f"{heading.COST}\n{field_page.costs(took, with_rivals=with_rivals)}", list(promises.of_cost(took))


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis", description=__doc__)
    parser.add_argument("--grid", type=Path, metavar="FOLDER", help="also judge the public curves in FOLDER")
    parser.add_argument("--part", choices=(*PARTS, "all"), default="all", help="of the lab (default: all)")
    parser.add_argument("--rivals", action="store_true", help="also ask the installable rivals")
    parser.add_argument("--obey", action="store_true", help="also train again as the first remedy says")
    parser.add_argument(
        "--write", type=Path, metavar="FILE", help="write the page to FILE, its pictures into a folder beside it"
    )
    given = parser.parse_args()
    begin, texts, kept = heading.heading(), [], []
    for text, found in sections(given, Reports()):
        print(text, flush=True)
        texts.append(text)
        kept += found
    told = "## In short\n\n" + promises.as_table(kept)
    print(told)
    if given.write:
        given.write.write_text("\n".join([begin, told, *texts]))


if __name__ == "__main__":
    main()
