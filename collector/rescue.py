"""The last resort of a run whose folder refused to the end: its rows as a run folder among the temporary files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from collector import attempts, parts, run_file
from collector.guard import Guard
from collector.journal import Journal
from collector.layers import Layers
from collector.mapped_tail import Tail
from collector.place import Place
from collector.ranks import Share


def rescue(place: Place, journal: Journal, layers: Sequence[Layers], about: Mapping[str, Any], guard: Guard) -> None:
    """Save what ``place`` did not take, and say in one line what was saved where and what is lost."""
    tails = [tail for tail in journal.tails if not place.holds(tail)]
    rows, samples = sum(tail.count for tail in tails), sum(layer.waiting for layer in layers)
    lost = journal.lost + sum(layer.lost for layer in layers)
    if not (rows or samples or lost):
        return
    said = [f"not all rows could be written to {place.folder}"]
    try:
        home = _save(place, journal, tails, layers, about)
        said.append(f"{rows:,} rows and {samples:,} of layers are kept as a run in {home}")
    except Exception as error:
        lost += rows + sum(layer.waiting for layer in layers)
        said.append(f"the temporary files had no room either ({type(error).__name__}: {error})")
    if lost:
        said.append(f"{lost:,} rows are lost")
    guard.say("; ".join(said))


def _save(
    place: Place, journal: Journal, tails: Sequence[Tail], layers: Sequence[Layers], about: Mapping[str, Any]
) -> Path:
    """Where it was saved."""
    refuge = journal.refuge.place()
    parts.seal(refuge.folder, refuge.claim(), [tail.rows() for tail in tails])
    for layer in layers:
        if layer.waiting:
            layer.save(Share(refuge.folder / layer.folder.relative_to(place.folder), refuge))
    entry = attempts.new(refuge.claim()) | {"first_step": journal.first_step, "state": about["state"]}
    run_file.update(refuge.folder, {**about, "name": place.folder.name}, entry)
    for tail in tails:
        tail.delete()
    refuge.release(tidy=True)
    return refuge.folder
