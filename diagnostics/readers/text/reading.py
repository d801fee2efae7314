"""Reads one line from left to right: what its numbers are is told by the words around them."""

import re
from dataclasses import replace

from diagnostics.readers.text.marks import AFTER_NUMBER, is_bar, opened, prefix, without_units
from diagnostics.readers.text.naming import Named, measures
from diagnostics.readers.text.phrases import (
    MOST_LOOSE_WORDS,
    Phrase,
    counts_epochs,
    is_index,
    is_label,
    is_name,
    is_told,
    phrase,
    role,
    told_after,
    told_at,
)
from diagnostics.readers.text.shape import SLOT, Shape
from diagnostics.readers.text.tokens import Tokens, value
from diagnostics.readers.text.words import (
    ASSIGNED,
    CALL,
    CODE,
    COMMENT,
    COUNTED,
    EVALUATION,
    MEASURE,
    MODULE,
    NESTED,
    QUALITY,
    RATIO,
    RETOLD,
    SWITCH,
    is_evaluation,
    part_of,
)

DURATION = re.compile(r"(?:[mnuµ]s|s|secs?)(?!\w)")
FRACTION = re.compile(r"\s*(?:/|of|out of)\s*$")
AFTER = re.compile(r"\s*([A-Za-z][\w ./-]{0,30}?)\s*(?:[,|;\]]|$)")  # "2.5 avg loss,"
LOGITS = re.compile(r"\blogits\b")
SETTING = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")  # a key of a YAML of settings: BASE_LR
LETTERS = re.compile(r"[^\W\d_][\w-]*")
STAR = re.compile(r"\s*\*+\s")  # " * Acc@1 70.1"
WHOLE_RUN = re.compile(r"global|num_updates|total", re.IGNORECASE)  # a step that counts over all epochs
MOST_NUMBERS = 1000  # of a line of a log
MOST_MEASURES = 80  # of a line that is printed but once
NEAR = 0.006  # of a quotient to the number that tells it, in as few as two digits
MOST_SWITCHES = 2  # options that are on or off, of a line of a log
LONGEST_NAME = 120  # characters
MEAN = " (mean)"
TOP = "top"  # top 5 accuracy: 0.9


def shape(line: Tokens) -> Shape | None:
    """The kind of a line; None when it holds no number or is source code."""
    numbers = [i for i, token in enumerate(line.numbers) if token is not None]
    if not 0 < len(numbers) <= MOST_NUMBERS or CODE.match(line.words[0]):
        return None
    if ASSIGNED.match(line.words[0]) and any(map(COMMENT.search, line.words[1:])):
        return None
    return _Reader(line, numbers).read()


class _Reader:
    """The state while one line is read."""

    def __init__(self, line: Tokens, numbers: list[int]) -> None:
        self._line = line
        self._numbers = numbers
        self._words = without_units(line)
        self._shape = Shape(bar=is_bar(line, numbers), drawn=any(w.startswith("%|") for w in line.words))
        self._taken = prefix(line)  # tokens that need no look of their own
        self._section = ""  # the part of the data
        self._fractions: list[tuple[int, int, str]] = []  # [3/9]: its tokens, and what opens it
        self._named: list[Named] = []
        self._label: Phrase | None = None  # a name that the number before ends: AP .5: 0.69
        self._last: int | None = None  # the token that was the last quantity
        self._head = ""
        self._unfinished = ""  # a name that was broken off by a number in it
        self._told = ""  # a quantity that was named before the place: cost after iteration 3: 0.5
        self._top: int | None = None  # top 5 accuracy: the token in the name

    def read(self) -> Shape:
        """What the line says."""
        for i in self._numbers:
            if i not in self._taken:
                self._number(i)
        self._unnamed_places()
        found, line = self._shape, self._line
        found.measures = measures(self._named, STAR.match(self._words[0]) is not None)
        few = len(found.measures) < 2 and len(self._numbers) > 1 + len(found.measures)
        found.plain = few and not found.strong and not found.drawn
        found.call = any(CALL.search(w) for w in line.words) or MODULE.search("\x00".join(line.words)) is not None
        switches = sum(len(SWITCH.findall(w)) for w in line.words)
        found.settings = (
            len(found.measures) > MOST_MEASURES or switches > MOST_SWITCHES or any(NESTED.search(w) for w in line.words)
        )
        if not found.placed:
            found.measures = [m for m in found.measures if not SETTING.match(m.name) or QUALITY.search(m.name)]
        found.retold = any(RETOLD.search(w) for w in line.words[: self._named[0].at + 1]) if self._named else False
        found.head = self._head
        found.known = any(MEASURE.search(m.name) for m in found.measures)
        return found

    def _number(self, i: int) -> None:
        """Take in token ``i``."""
        name = phrase(self._words[i])
        if self._line.words[i + 1].startswith("%|"):  # tqdm's
            self._about(f"{name.before} {name.words}")
            return
        if self._shape.drawn and COUNTED.match(self._line.words[i + 1]):
            return
        i, over = self._fraction(i)
        self._about(name.before)
        told, self._told = self._told, ""
        if told and is_told(name, self._words[i]):
            self._measure(replace(name, words=told, strong=True), i, over)
        elif not (self._place(name, i, over) or self._index(name, i, over)):
            self._quantity(name, i, over)

    def _fraction(self, i: int) -> tuple[int, int | None]:
        """The token that counts, and the one it is a share of: ``3/9``, ``3 of 9``; of ``3/9 = 0.33`` the last alone."""
        if not (self._is_number(i + 1) and FRACTION.match(self._words[i + 1])):
            return i, None
        self._taken.add(i + 1)
        if not (self._is_number(i + 2) and self._words[i + 2].strip() == "="):
            return i, i + 1
        self._taken.add(i + 2)
        return i + 2, None

    def _is_number(self, i: int) -> bool:
        return i < len(self._line.numbers) and self._line.numbers[i] is not None

    def _about(self, text: str) -> None:
        """Take in words that may name a part of the data."""
        self._section = part_of(text) or self._section
        self._shape.evaluation |= self._section.lower() in EVALUATION and not self._named

    def _place(self, name: Phrase, i: int, over: int | None) -> bool:
        """Take in a number that is an epoch or a step, and say whether it is."""
        place, whole = self._shape.place, name.words
        name = self._told_before(name, over or i)
        said = role(name, self._line.numbers[i] or "", place.epoch is not None)
        if said and DURATION.match(self._line.words[i + 1]):  # Step: 46ms
            return True
        if said == "epoch" and place.epoch is None:
            place.epoch = i
        elif said == "step" and (not place.word or WHOLE_RUN.search(name.words)):
            place.step, place.total, place.word = i, over, True
        elif said == "split" and not name.bracket and place.epoch is None and counts_epochs(name, self._line, i):
            place.epoch, self._section = i, part_of(name.words)
            return True
        else:
            return said in ("epoch", "step")
        self._shape.evaluation |= is_evaluation(whole)
        self._section = self._section or part_of(whole)
        return True

    def _told_before(self, name: Phrase, i: int) -> Phrase:
        """The place alone of a phrase that names a quantity before it; the quantity waits for the number after token ``i``."""
        self._told, place = told_at(name)
        if self._told:
            return place
        self._told, place, taken = told_after(name, self._words[i + 1])
        if taken and (self._told or MEASURE.search(" ".join(self._words[i + 1 :]))):
            self._words[i + 1] = self._words[i + 1][taken:]
            return place
        return name

    def _index(self, name: Phrase, i: int, over: int | None) -> bool:
        """Take in a number that has no name, or is a part of one, and say whether it is."""
        if self._label is not None and (name.strong or self._words[i].isspace()):
            return False
        if not name.named or (name.bracket and role(name, self._line.numbers[i] or "") == "split"):
            self._section = part_of(name.words) or self._section
            self._unnamed(i, over)
        elif is_label(name, self._line, i):
            self._label = name
        elif is_index(name, self._line, i):
            self._section = part_of(name.words) or self._section
        else:
            return False
        return True

    def _quantity(self, name: Phrase, i: int, over: int | None) -> None:
        """Take in a number that a name stands before."""
        if self._label is not None and (name.strong or self._words[i].isspace()):
            before, self._label = self._label, None
            self._measure(replace(before, words=f"{before.words} {SLOT}", strong=True), i, over, i - 1)
        elif is_name(name):
            self._measure(name, i, over)
        else:
            self._section = part_of(name.words) or self._section
            self._unfinished = f"{name.words} {self._line.numbers[i]}" if MEASURE.search(name.words) else ""
            self._top = i if name.words.lower() == TOP else None

    def _measure(self, name: Phrase, i: int, over: int | None, label: int | None = None) -> None:
        """A quantity with a name, and the number that it is a share of: ``9830/10000 (98%)``."""
        name = self._finished(name)
        if label is None and self._top is not None:
            name, label, self._top = replace(name, words=f"{TOP} {SLOT} {name.words}"), self._top, None
        if not self._named:
            self._head = " ".join(LETTERS.findall(name.before)[-MOST_LOOSE_WORDS:])
        percent = over is not None and over + 1 < len(self._words) and "(" in self._words[over + 1]
        share = over if percent or RATIO.search(name.words) else None
        if over is not None and share is None and not MEASURE.search(name.words):
            return  # how far something is
        section = "" if part_of(name.words) else self._section
        self._named.append(Named(name.words[:LONGEST_NAME], i, section, share, label))
        self._last = over if over is not None else i
        self._shape.strong |= name.strong

    def _finished(self, name: Phrase) -> Phrase:
        """``name``, behind the words that a number broke off: Accuracy of the network on the 10000 test images: 54 %."""
        begun, self._unfinished = self._unfinished, ""
        if not begun or MEASURE.search(name.words):
            return name
        return replace(name, words=f"{begun} {name.words}")

    def _is_share(self, i: int, over: int) -> bool:
        """Whether a fraction is what the quantity before it is the quotient of: ``Acc: 45.2% (2260/5000)``."""
        if not (self._named and self._named[-1].at == i - 1 and self._words[i].strip("% ") == "("):
            return False
        part, whole, said = (value(self._line.numbers[n]) for n in (i, over, i - 1))
        if part is None or not whole or said is None or not RATIO.search(self._named[-1].name):
            return False
        return any(abs(said - scale * part / whole) <= NEAR * scale for scale in (1, 100))

    def _unnamed(self, i: int, over: int | None) -> None:
        """A number without a name: a running mean in parentheses, a place such as [3/9], a name behind it, or nothing."""
        behind = self._line.words[i + 1]
        unit = AFTER_NUMBER.match(behind)
        bare = not (unit and unit[0])
        if over is not None and self._is_share(i, over):
            self._last = over
        elif self._words[i].strip() == "(" and self._last == i - 1 and self._named:
            if bare:
                name, _, section, _, label = self._named[-1]
                self._named.append(Named(name + MEAN, i, section, None, label))
        elif over is not None:
            self._shape.counted |= self._shape.place.epoch is not None
            if before := opened(self._line, i):
                self._fractions.append((i, over, before))
        elif i == 0 and bare and self._line.words[0].strip() in ("", "[", "(") and behind[:1] in (":", "]", ")", ","):
            self._shape.place.lead = i
        elif bare and (after := AFTER.match(behind)) and MEASURE.search(after[1]) and not LOGITS.search(after[1]):
            self._named.append(Named(after[1], i, self._section))

    def _unnamed_places(self) -> None:
        """Places that no word names: ``[3/9][10/500]``, ``[1,  2000]``, ``[12]`` and ``12:`` at the start."""
        place, fractions = self._shape.place, self._fractions
        if place.word:
            if place.total is not None and place.epoch is None and fractions[:1] and fractions[0][2] == "[":
                place.epoch = fractions[0][0]
            self._shape.counted |= place.total is not None
        else:
            self._shape.counted |= bool(fractions[place.epoch is None :])
            if place.epoch is None and len(fractions) > 1 and fractions[0][2] == fractions[1][2] == "[":
                place.epoch = fractions.pop(0)[0]
            if fractions:
                place.step, place.total, _ = fractions[0]
        if place.lead is not None and place.step is None:
            self._lead()

    def _lead(self) -> None:
        """A number at the start of the line."""
        place, words = self._shape.place, self._line.words
        pair = words[0].strip() == "[" and len(self._numbers) > 1 and words[1].strip() == ","
        if pair and words[2][:1] == "]":
            place.epoch, place.step, place.word, place.lead = 0, 1, True, None
        elif place.epoch is None:
            place.step, place.lead = place.lead, None if words[0].strip() else place.lead
