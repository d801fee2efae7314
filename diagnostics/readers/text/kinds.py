"""The kinds of lines of a log, by their words: a log has tens of them, in prose each line is one of its own."""

import re
from dataclasses import dataclass, field

from diagnostics.readers.text.lines import Line
from diagnostics.readers.text.reading import shape
from diagnostics.readers.text.shape import Shape
from diagnostics.readers.text.store import Kind
from diagnostics.readers.text.tokens import Tokens, like, undrawn
from diagnostics.readers.text.words import heading

OFTEN = 2  # lines of a kind after which its pattern is made
MOST_RECENT = 4  # kinds whose patterns are tried
MANY, MOST = 3_000, 20_000  # kinds after which only lines with a known word are looked at, and none
KNOWN = re.compile(
    "loss|acc|err|step|epoch|iter|rate|lr|grad|norm|ppl|perplex|score|reward|return|auc|iou|map|bleu|f1|mse|mae|prec",
    re.IGNORECASE,
)


@dataclass
class Kinds:
    """The kinds so far: ``by_words``, ``by_number``, and those of no meaning: ``plain``, with the data they are headings of."""

    by_words: dict[str, Kind] = field(default_factory=dict)
    by_number: list[Kind] = field(default_factory=list)
    plain: dict[str, str | None] = field(default_factory=dict)
    _recent: list[Kind] = field(default_factory=list)
    _heads: dict[str, str] = field(default_factory=dict)  # by name, the words before it on the first kind that has it

    def again(self, line: Line) -> tuple[Kind, tuple[str, ...]] | None:
        """The kind of a line that was read just now, without looking at its words again, and what its pattern finds."""
        text = undrawn(line.text) if self._recent else ""
        for i, kind in enumerate(self._recent):
            match = kind.pattern.fullmatch(text) if kind.pattern else None
            if match:
                if i:
                    self._recent.insert(0, self._recent.pop(i))
                return kind, match.groups()
        return None

    def remember(self, kind: Kind, found: Tokens, line: Line) -> None:
        """Let ``again`` find the kind."""
        if kind.count == OFTEN and all(found.numbers[token] is not None for token in kind.shape.tokens):
            kind.pattern, kind.dated = like(line.text, found), found.opaque[0] is not None
            numbers = (i for i, token in enumerate(found.opaque) if token is None)
            kind.order = {token: place for place, token in enumerate(numbers)}
            kind.simple = _is_simple(kind.shape)
        if kind.pattern is not None:
            self._recent.insert(0, kind)
            del self._recent[MOST_RECENT:]

    def new(self, words: str, found: Tokens) -> Kind | None:
        """The kind of a line of new words; None when it says nothing."""
        many = len(self.by_number)
        if many > MOST or (many > MANY and not KNOWN.search(words)):
            return None
        read = shape(found)
        if read is None or not (read.measures or read.plain or read.placed):
            return None
        if not read.placed:
            self._tell_apart(read)
        return self.add(words, read)

    def add(self, words: str, read: Shape) -> Kind:
        """A kind of its own."""
        kind = self.by_words[words] = Kind(len(self.by_number), read)
        self.by_number.append(kind)
        return kind

    def forget(self, words: str, text: str) -> None:
        """Note that such a line says nothing, except perhaps what follows it is about."""
        if len(self.plain) > MOST:
            self.plain.clear()
        self.plain[words] = heading(text)

    def _tell_apart(self, read: Shape) -> None:
        """Put the words before a name into it, where lines with other words before it have the same: ``best metric/hmean``."""
        for measure in read.measures:
            if self._heads.setdefault(measure.name, read.head) != read.head and read.head:
                measure.name = f"{read.head}/{measure.name}"


def _is_simple(shape: Shape) -> bool:
    """Whether the numbers of such lines mean the same whatever they are, and whatever stands around the line."""
    place = shape.place
    leads = place.lead is not None and place.lead != place.step and place.word
    labelled = any(m.label is not None for m in shape.measures)
    return shape.placed and not (shape.drawn or shape.bar or shape.unnamed or leads or labelled)
