"""What attempts left behind whose process was killed: sealed and merged by the next attempt. Background thread only.

An attempt is an orphan when nobody locks its claim (``collector.claims``), or when it has tails and no claim: a live one
always has both. Whoever tidies up holds the claim meanwhile, so that it is one process at a time; at every instant each row
is in a tail or in a part, and the claim goes last, so that a second kill only means that somebody begins again.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from collector import claims, compact, durable, parts, run_file, schema, tail
from collector.place import Place

STALE = 60.0  # s; a tail without a claim that changed since may have lost it only now


class Orphans:
    """Those in the folder of ``place``; each is tried once, and again only when its process still lived then."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._done: set[int] = set()

    def tidy(self) -> None:
        """Seal, merge and describe whatever has been orphaned.

        Raises:
            OSError, ValueError, pa.ArrowException: the disk refuses, or a part is damaged.
        """
        folder, own = self._place.folder, self._place.claim()
        durable.sweep(folder)
        claimed, tails, sealed = claims.claimed(folder), _tails(folder), _sealed(folder)
        widen = False
        for attempt in sorted((set(claimed) | set(tails) | sealed) - {own} - self._done):
            if attempt in claimed or attempt in tails:
                claim = _take_over(folder, attempt, tails.get(attempt, []))
                if claim is None:
                    continue
                widen |= _finish(folder, attempt, claim)
            else:
                _merge(folder, attempt)
            self._done.add(attempt)
        if widen:
            compact.widen(folder)


def _tails(folder: Path) -> dict[int, list[Path]]:
    """Tails by attempt, in the order of their rows."""
    found: dict[int, list[tuple[int, Path]]] = {}
    for path, match in _named(folder, schema.TAIL_NAME):
        found.setdefault(int(match["attempt"]), []).append((int(match["first"]), path))
    return {attempt: [path for _, path in sorted(paths)] for attempt, paths in found.items()}


def _sealed(folder: Path) -> set[int]:
    """Attempts that have parts."""
    kinds = (schema.SCALARS, schema.LAYERS)
    return {part.attempt for kind in kinds for part in parts.of_folder(folder, kind)}


def _named(folder: Path, name: re.Pattern[str]) -> Iterator[tuple[Path, re.Match[str]]]:
    for path in folder.iterdir():
        if match := name.match(path.name):
            yield path, match


def _take_over(folder: Path, attempt: int, tails: list[Path]) -> claims.Claim | None:
    """The claim of an orphan; None when its process lives or may live, or somebody else tidies up."""
    try:
        return claims.take_over(folder, attempt)
    except FileNotFoundError:
        pass
    try:
        newest = max((path.stat().st_mtime for path in tails), default=time.time())
        return claims.make(folder, attempt) if time.time() - newest > STALE else None
    except (FileNotFoundError, FileExistsError):
        return None  # somebody was quicker


def _finish(folder: Path, attempt: int, claim: claims.Claim) -> bool:
    """Tidy up after the attempt whose claim we hold now; whether there were rows to seal."""
    done = False
    try:
        tails = _tails(folder).get(attempt, [])
        notes = _seal(folder, attempt, tails)
        _merge(folder, attempt)
        run_file.close_for(folder, attempt, notes)
        done = True
    finally:
        claim.release(remove=done)
    return bool(tails)


def _seal(folder: Path, attempt: int, tails: list[Path]) -> list[str]:
    """Turn tails into parts, and then delete them; returns what there is to say about them."""
    notes, sealed = [], []
    blocks = []
    for path in tails:
        try:
            rows = tail.read(path)
        except tail.Damaged:
            continue  # it stays, and readers say what is wrong with it
        if rows.lost:
            notes.append(f"attempt {attempt}: {rows.lost:,} rows did not reach the disk before a power cut")
        blocks.append(_unsealed(folder, attempt, rows))
        sealed.append(path)
    parts.seal(folder, attempt, [rows for rows in blocks if len(rows.numbers)])
    for path in sealed:
        path.unlink(missing_ok=True)
    return notes


def _unsealed(folder: Path, attempt: int, rows: tail.Rows) -> tail.Rows:
    """Without the rows that a part holds already: the process was killed before it deleted the tail."""
    keep = rows.numbers >= 0
    for part in parts.of_attempt(folder, schema.SCALARS, attempt):
        keep &= (rows.numbers < part.first) | (rows.numbers > part.last)
    return tail.Rows(rows.numbers[keep], rows.table.take(tail.arrow(np.flatnonzero(keep))))


def _merge(folder: Path, attempt: int) -> None:
    for kind in (schema.SCALARS, schema.LAYERS):
        compact.settle(folder, kind, attempt)
