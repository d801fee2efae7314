"""From what the user logs and the hooks saw to a row of tags and numbers."""

from collections.abc import Collection, Mapping
from typing import Any

from collector.guard import Guard
from collector.journal import Journal
from collector.seen import Seen
from collector.tags import TRAIN, VAL, tag_of
from collector.values import Later, as_number

USER = None  # parts what the hooks saw from what the user logs, in the names of a row
MOST_LAYOUTS = 1_000  # ways to name a row that are remembered; names made up at every step must not fill the memory

Names = tuple[str | None, ...]


class Rows:
    """Names values and puts them into the journal; only tags in ``only``, where it is given."""

    def __init__(self, journal: Journal, guard: Guard, only: Collection[str] | None) -> None:
        self._journal, self._guard, self._only = journal, guard, only
        self._tags: dict[str, dict[str, str]] = {TRAIN: {}, VAL: {}}
        self._layouts: dict[str, dict[Names, tuple[str, ...]]] = {TRAIN: {}, VAL: {}}

    def add(self, split: str, step: int, epoch: float | None, named: Mapping[str, Any], seen: Seen | None) -> None:
        """One row; the usual one, of known names and Python floats, takes the short way."""
        if seen is None:
            names: Names = tuple(named)
            values = [*named.values()]
        else:
            names, values = (*seen.values, USER, *named), [*seen.values.values(), *named.values()]
        tags = self._layouts[split].get(names)
        if tags is None or (seen is not None and seen.samples):
            self._careful(split, step, epoch, named, seen, names)
            return
        for value in values:
            if type(value) is not float:
                self._careful(split, step, epoch, named, seen, names)
                return
        self._journal.append(step, epoch, tags, values)

    def _careful(
        self, split: str, step: int, epoch: float | None, named: Mapping[str, Any], seen: Seen | None, names: Names
    ) -> None:
        """A row whose values may be anything, beside what the hooks saw. The last word on a tag wins: the user's."""
        found: dict[str, Any] = dict(seen.values) if seen else {}
        for name, value in named.items():
            tag = self._tag(split, name)
            if value is None:
                continue
            found.pop(tag, None)
            try:
                found[tag] = value if type(value) is float else as_number(value)
            except Exception as error:
                self._guard.failed(f"logging {tag}", error, "Log one real number; this value is left out.")
        if self._only is not None:
            found = {tag: value for tag, value in found.items() if tag in self._only}
        else:
            self._remember(split, names, (*(seen.values if seen else ()), *(self._tag(split, name) for name in named)))
        if seen:
            seen.totals = [tag for tag in seen.totals if tag not in found]
        later = {tag: value for tag, value in found.items() if isinstance(value, Later)}
        for tag in later:
            del found[tag]
        waits = seen if seen and seen.samples else None
        self._journal.append_with(step, epoch, tuple(found), [*found.values()], later, waits)

    def _tag(self, split: str, name: str) -> str:
        tags = self._tags[split]
        if name not in tags:
            if len(tags) >= MOST_LAYOUTS:
                return tag_of(name, split)
            tags[name] = tag_of(name, split)
        return tags[name]

    def _remember(self, split: str, names: Names, tags: tuple[str, ...]) -> None:
        """How these names become tags, for the next row that has them; two names of one tag need care every time."""
        layouts = self._layouts[split]
        if names not in layouts and len(layouts) < MOST_LAYOUTS and len(set(tags)) == len(tags):
            layouts[names] = tags
