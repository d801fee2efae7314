"""What the numbers of a line are, told by the words around them: the place in the training, or a quantity and its name."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from diagnostics.readers.names import plain
from diagnostics.readers.text_tokens import UNIT, Tokens
from diagnostics.readers.text_words import (
    BESIDE_PLACES,
    CALL,
    CODE,
    COPULA,
    EPOCHS,
    EVALUATION,
    MEASURE,
    MODULE,
    NESTED,
    QUALITY,
    RATIO,
    STEPS,
    STOPS,
    is_evaluation,
    part_of,
)

LOGGER = re.compile(r"^.*?\b(?:INFO|DEBUG|WARNING|WARN|ERROR)\b(?::[\w.]+:)?[\]):|\s-]*")  # what logging puts before
LEVEL = re.compile(r"\b(?:INFO|DEBUG|WARNING)\b[\]):|\s-]")
LONGEST_PREFIX = 5  # tokens
WRAPPED = re.compile(r"(?:\btensor|\barray|np\.float\d+|\bfloat\d*|\bjnp\.\w+)\(\[?$")  # tensor(0.3)
BREAK = re.compile(r"[|,;\t()\[\]{}<>→]| {2,}|\s-+\s|:\s|(?<=[^\s.]{3})\.\s|\s=\s|=>|：|，")
TAIL = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]$")  # "(ms)" of "time per iteration (ms): 12"
AFTER_NUMBER = re.compile(UNIT)
FRACTION = re.compile(r"\s*(?:/|of|out of)\s*$")
AFTER = re.compile(r"\s*([A-Za-z][\w ./-]{0,30}?)\s*(?:[,|;\]]|$)")  # "2.5 avg loss,"
MOST_WORDS, MOST_LOOSE_WORDS = 8, 4  # of a name before ":" or "=", and before nothing but a space
SETTINGS = {"steps", "iters", "iterations", "updates"}  # "steps: 1000" is how many there will be
SETTING = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$")  # a key of a YAML of settings: BASE_LR
LETTERS = re.compile(r"[^\W\d_][\w-]*")
MOST_MEASURES = 80  # of a line that is printed but once
MOST_NUMBERS = 1000  # of a line of a log
LONGEST_NAME = 120  # characters
TOP = "top"  # top 5 accuracy: 0.9
CUT = re.compile(r"\d*\.\d")  # begins in the middle of a number
MEAN = " (mean)"
WHOLE_RUN = re.compile(r"global|num_updates|total", re.IGNORECASE)  # a step that counts over all epochs
INTEGER, NUMBER = re.compile(r"\d[\d,]*(?:\.0*)?$"), re.compile(r"\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?$")
STAR = re.compile(
    r"\s*\*+\s"
)  # " * Acc@1 70.1": the end of an evaluation, as torchvision's and timm's scripts print it


@dataclass
class Place:
    """Which tokens say where a line is: places in the line, None where it does not say. ``word``: said in words, not as [3/9]."""

    epoch: int | None = None
    step: int | None = None
    total: int | None = None
    word: bool = False
    lead: int | None = None  # "12:" at the start, which may be the process instead


@dataclass
class Measure:
    """A quantity: its ``name``, the token ``at`` which it is, the one it is a share ``of``, and one that ends its name."""

    name: str
    at: int
    of: int | None = None
    label: int | None = None


@dataclass
class Shape:
    """One kind of line.

    Attributes:
        place: see ``Place``.
        measures: the quantities, in the order of the line, no name twice.
        evaluation: the line is about data that is not trained on.
        bar: a Keras progress bar, whose numbers are means since the start of the epoch; ``drawn``: one of tqdm's.
        plain: hardly more than numbers, as in the rows of a table.
        known: one of the names sounds like something that is measured in a training.
        strong: a number is named by ":" or "=".
        head: the words before the first name, which tell lines of the same quantities apart.
        call: the numbers are arguments, as in the print of a model or of options.
        settings: as long or nested as the print of all options, if there is only one such line.
        counted: a place within the epoch is told as ``[3/9]``.
    """

    place: Place = field(default_factory=Place)
    measures: list[Measure] = field(default_factory=list)
    evaluation: bool = False
    bar: bool = False
    drawn: bool = False
    plain: bool = False
    known: bool = False
    strong: bool = False
    call: bool = False
    settings: bool = False
    counted: bool = False
    head: str = ""


@dataclass
class _Name:
    """The phrase before a number: its own ``words``, what stands ``before`` them, whether ":" or "=" or a bracket follows."""

    words: str
    before: str
    strong: bool
    bracket: bool


class _Named(NamedTuple):
    """A quantity as it was found: its own words, its token, the part of the data, and as in ``Measure``."""

    name: str
    at: int
    section: str
    of: int | None = None
    label: int | None = None


@dataclass
class _Reading:
    """The state while a line is read from left to right."""

    section: str = ""
    carried: str = ""
    fractions: list[tuple[int, int, str]] = field(default_factory=list)
    names: list[_Named] = field(default_factory=list)
    label: "_Name | None" = None  # a name that the number before ends: AP .5: 0.69
    last: int | None = None  # the token that was the last quantity
    head: str = ""
    unfinished: str = ""  # a name that was broken off by a number in it


def shape(line: Tokens) -> Shape | None:
    """The kind of a line; None when it holds no number or is source code."""
    numbers = [i for i, token in enumerate(line.numbers) if token is not None]
    if not 0 < len(numbers) <= MOST_NUMBERS or CODE.match(line.words[0]):
        return None
    found = Shape(bar=_is_bar(line, numbers), drawn=any(w.startswith("%|") for w in line.words))
    reading = _Reading()
    words = _without_units(line)
    skip = _logger(line)
    for i in numbers:
        if i not in skip:
            skip |= _read(found, reading, words, line, i)
    _unnamed_places(found, reading, line, numbers)
    _named(found, reading, STAR.match(words[0]) is not None)
    found.plain = (
        not found.strong and not found.drawn and len(numbers) > 1 + len(found.measures) and len(found.measures) < 2
    )
    found.call = any(CALL.search(w) for w in line.words) or MODULE.search("\x00".join(line.words)) is not None
    found.settings = len(found.measures) > MOST_MEASURES or any(NESTED.search(w) for w in line.words)
    if found.place.step is None and found.place.epoch is None:
        found.measures = [m for m in found.measures if not SETTING.match(m.name) or QUALITY.search(m.name)]
    found.head = reading.head
    found.known = any(MEASURE.search(m.name) for m in found.measures)
    return found


def _read(found: Shape, reading: _Reading, words: Sequence[str], line: Tokens, i: int) -> set[int]:
    """Take in token ``i``; the tokens after it that belong to it."""
    name = _name(words[i])
    if line.words[i + 1].startswith("%|"):  # tqdm's
        reading.section = part_of(f"{name.before} {name.words}") or reading.section
        found.evaluation |= reading.section.lower() in EVALUATION and not reading.names
        return set()
    over = _over(words, line, i)
    taken = {over} if over is not None else set()
    if over is not None and (quotient := _quotient(words, line, over)) is not None:
        i, over, taken = quotient, None, {over, quotient}
    if name.before:
        reading.section = part_of(name.before) or reading.section
    found.evaluation |= reading.section.lower() in EVALUATION and not reading.names
    role = _role(name, line.numbers[i] or "")
    if role == "epoch" and found.place.epoch is None:
        found.place.epoch = i
        found.evaluation |= is_evaluation(name.words)
        reading.section = reading.section or part_of(name.words)
    elif role == "step" and (not found.place.word or WHOLE_RUN.search(name.words)):
        found.place.step, found.place.total, found.place.word = i, over, True
        found.evaluation |= is_evaluation(name.words)
        reading.section = reading.section or part_of(name.words)
    elif role in ("epoch", "step"):
        pass
    elif reading.label is not None and name.strong:
        before, reading.label = reading.label, None
        _measure(found, reading, replace(before, strong=True), words, i, over, label=i - 1)
    elif not any(c.isalpha() for c in name.words) or (role == "split" and name.bracket):
        reading.section = part_of(name.words) or reading.section
        _unnamed(found, reading, words, line, i, over)
    elif role == "split" and found.place.epoch is None and _counts_epochs(name, line, i):
        found.place.epoch = i
        reading.section = part_of(name.words)
    elif _is_label(name, line, i):
        reading.label = name
    elif _is_index(name, line, i):
        reading.section = part_of(name.words) or reading.section
    elif _is_name(name):
        _measure(found, reading, name, words, i, over)
    else:
        reading.section = part_of(name.words) or reading.section
        begun = MEASURE.search(name.words) or name.words.lower() == TOP
        reading.unfinished = f"{name.words} {line.numbers[i]}" if begun else ""
    return taken


def _over(words: Sequence[str], line: Tokens, i: int) -> int | None:
    """The token that token ``i`` is a share of: ``3/9``, ``3 of 9``."""
    there = i + 1 < len(line.numbers) and line.numbers[i + 1] is not None
    return i + 1 if there and FRACTION.match(words[i + 1]) else None


def _quotient(words: Sequence[str], line: Tokens, over: int) -> int | None:
    """The token that writes a fraction out: ``3/9 = 0.33``."""
    there = over + 1 < len(line.numbers) and line.numbers[over + 1] is not None
    return over + 1 if there and words[over + 1].strip() == "=" else None


def _measure(
    found: Shape,
    reading: _Reading,
    name: _Name,
    words: Sequence[str],
    i: int,
    over: int | None,
    label: int | None = None,
) -> None:
    """A quantity with a name, and the number that it is a share of: ``9830/10000 (98%)``."""
    if reading.unfinished and (
        not MEASURE.search(name.words) or reading.unfinished.lower().startswith(TOP)
    ):  # Accuracy of the network on the 10000 test images: 54 %
        name = _Name(f"{reading.unfinished} {name.words}", name.before, name.strong, name.bracket)
    reading.unfinished = ""
    if not reading.names:
        reading.head = " ".join(LETTERS.findall(name.before)[-MOST_LOOSE_WORDS:])
    own = part_of(name.words)
    reading.carried = own or reading.carried
    percent = over is not None and over + 1 < len(words) and "(" in words[over + 1]
    share = over if over is not None and (percent or RATIO.search(name.words)) else None
    if over is not None and share is None and not MEASURE.search(name.words):
        return  # how far something is
    section = "" if own else reading.section
    reading.names.append(_Named(name.words[:LONGEST_NAME], i, section, share, label))
    reading.last = over if over is not None else i
    found.strong |= name.strong


def _unnamed(found: Shape, reading: _Reading, words: Sequence[str], line: Tokens, i: int, over: int | None) -> None:
    """A number without a name: a running mean in parentheses, a place such as [3/9], a name behind it, or nothing."""
    behind = line.words[i + 1]
    unit = AFTER_NUMBER.match(behind)
    bare = not (unit and unit[0])
    if words[i].strip() == "(" and reading.last == i - 1 and reading.names:
        if bare:
            name, _, section, *_ = reading.names[-1]
            reading.names.append(_Named(name + MEAN, i, section))
    elif over is not None:
        found.counted |= found.place.epoch is not None
        if before := _opened(line, i):
            reading.fractions.append((i, over, before))
    elif i == 0 and line.words[0].strip() in ("", "[", "(") and bare and behind[:1] in (":", "]", ")", ","):
        found.place.lead = i
    elif (
        bare and (after := AFTER.match(behind)) and MEASURE.search(after[1]) and not re.search(r"\blogits\b", after[1])
    ):
        reading.names.append(_Named(after[1], i, reading.section))


def _unnamed_places(found: Shape, reading: _Reading, line: Tokens, numbers: Sequence[int]) -> None:
    """Places that no word names: ``[3/9][10/500]``, ``[1,  2000]``, ``[12]`` and ``12:`` at the start."""
    place = found.place
    fractions = list(reading.fractions)
    if place.word and place.total is not None and place.epoch is None and fractions[:1] and fractions[0][2] == "[":
        place.epoch = fractions[0][0]
    found.counted = found.counted or (place.total is not None if place.word else bool(fractions[place.epoch is None :]))
    fractions = [] if place.word else fractions
    if place.epoch is None and len(fractions) > 1 and fractions[0][2] == fractions[1][2] == "[":
        place.epoch = fractions.pop(0)[0]
    if fractions:
        place.step, place.total, _ = fractions[0]
    if place.lead is None or place.step is not None:
        return
    pair = line.words[0].strip() == "[" and len(numbers) > 1 and line.words[1].strip() == ","
    if pair and line.words[2][:1] == "]":
        place.epoch, place.step, place.word, place.lead = 0, 1, True, None
    elif place.epoch is None:
        place.step, place.lead = place.lead, None if line.words[0].strip() else place.lead


def _named(found: Shape, reading: _Reading, starred: bool) -> None:
    """The final names: which part of the data they are about where only the beginning of the line says so, no name twice."""
    said = [part_of(name) for name, *_ in reading.names]
    often = Counter(plain(name) for name, *_ in reading.names)
    about, carried = _about(said), ""
    taken: Counter[str] = Counter()
    for (name, at, section, share, label), own in zip(reading.names, said, strict=True):
        section = section or (about if QUALITY.search(name) else "")
        before = "" if own else _before(section, carried, often[plain(name)] > 1)
        carried = own or carried
        full = f"{before}/{name}" if before else f"* {name}" if starred and not own else name
        taken[full] += 1
        found.measures.append(
            Measure(f"{full} ({taken[full]})" if taken[full] > 1 and label is None else full, at, share, label)
        )


def _before(section: str, carried: str, repeated: bool) -> str:
    """What to put before a name that does not say its part of the data: needed for evaluations, and for a repeated name."""
    if section.lower() in EVALUATION:
        return section
    return carried or section if repeated else ""


def _about(said: Sequence[str]) -> str:
    """The data that the whole line is about: ``val Loss: 0.4 Acc: 0.8`` says it once."""
    first = said[0] if said else ""
    return first if first.lower() in EVALUATION and all(s.lower() in EVALUATION for s in said if s) else ""


def _name(left: str) -> _Name:
    text = WRAPPED.sub("", left.rstrip()).rstrip()
    bracket = text.endswith(("[", "(", "{", "<"))
    text = text.rstrip("[({<\"'~*$ \t")
    strong = text.endswith((":", "=", "："))
    text = text.rstrip(":=： \t").rstrip("\"'` ")
    tail = TAIL.search(text) if strong or bracket else None
    head = text[: tail.start()] if tail else text
    if not strong:
        head = head.removesuffix("-").rstrip()
    parts = BREAK.split(head)
    words = parts[-1].strip(" .\"'`*#-_\t!")
    before = head[: len(head) - len(parts[-1])]
    if words.rpartition(" ")[2].lower() in COPULA:
        words = words.rpartition(" ")[0]
    if tail and not words:
        words = tail[1].strip()
    elif tail and not _role_words(words):
        words = f"{words}{text[tail.start() :]}"
    elif tail:
        before = f"{before} {tail[1]}"
    return _Name(" ".join(words.split()), before, strong, bracket)


def _role(name: _Name, token: str) -> str:
    """``epoch``, ``step``, ``split`` for a phrase that names only a part of the data, or nothing."""
    if name.words == "s" and name.strong and not name.before:
        return "step"  # llm.c
    if not name.words or (name.words in ("e", "E") and not name.strong and not name.bracket):
        return ""
    if name.strong and not name.bracket and name.words.lower() in SETTINGS:
        return ""
    role = _role_words(name.words)
    whole = INTEGER.match(token) is not None
    return role if whole or (role == "epoch" and NUMBER.match(token)) else ""


def _role_words(words: str) -> str:
    every = plain(words)
    if every in EPOCHS or every in STEPS:
        return "epoch" if every in EPOCHS else "step"
    *others, last = every.split("_")
    if last in EVALUATION | {"train", "training"} and not others:
        return "split"
    if not set(others) <= BESIDE_PLACES:
        return ""
    return "epoch" if last in EPOCHS else "step" if last in STEPS - {"up", "it"} else ""


def _counts_epochs(name: _Name, line: Tokens, i: int) -> bool:
    """Whether the number behind "train" is the epoch: ``Train: 3 [  10/500]``, ``Train 3, loss: 0.5``."""
    behind = line.words[i + 1]
    return behind.startswith(" [") or (i == 0 and not name.strong and behind[:1] in (",", ":", "|"))


def _is_label(name: _Name, line: Tokens, i: int) -> bool:
    """Whether number ``i`` is the end of a name, as in ``AP .5: 0.69`` and ``class 3: 0.9``."""
    followed = i + 1 < len(line.numbers) and line.numbers[i + 1] is not None and line.words[i + 1].strip() in (":", "=")
    return followed and not name.strong and not name.bracket and any(c.isalpha() for c in name.words) and _is_name(name)


def _is_index(name: _Name, line: Tokens, i: int) -> bool:
    """Whether number ``i`` says which one the numbers behind it are about: ``Class 3: P=0.9``."""
    more = any(n is not None for n in line.numbers[i + 1 :])
    return (
        more and not name.strong and line.words[i + 1][:1] == ":" and INTEGER.match(line.numbers[i] or "") is not None
    )


def _is_name(name: _Name) -> bool:
    words = name.words.split()
    last = words[-1].lower().strip(".,")
    if "=" in name.words or name.words[0] in "/@" or (name.bracket and not name.strong) or CUT.match(name.words):
        return False
    if (last in EPOCHS or last in STEPS) and (not name.strong or words[-2:-1] in (["at"], ["in"], ["from"])):
        return False
    return len(words) <= (MOST_WORDS if name.strong else MOST_LOOSE_WORDS) and (name.strong or last not in STOPS)


def _opened(line: Tokens, i: int) -> str:
    """What opens the fraction that begins at token ``i``: a bracket, the start of the line, a progress bar; "" for none."""
    before = line.words[i].strip()
    if before.endswith(("[", "(")):
        return before[-1]
    start = i == 0 and not before
    return "start" if start else "bar" if "%|" in line.words[i] else ""


def _is_bar(line: Tokens, numbers: Sequence[int]) -> bool:
    """``938/938 [====] - 5s 3ms/step - loss: 0.2``"""
    start = len(numbers) > 2 and numbers[:2] == [0, 1] and not line.words[0].strip() and line.words[1].strip() == "/"
    return start and any(" - " in w for w in line.words[2:])


def _logger(line: Tokens) -> set[int]:
    """The tokens before the level of a logger's prefix: ``node-03:0 train:990 INFO loss=…``."""
    level = next((i for i, text in enumerate(line.words[:LONGEST_PREFIX]) if LEVEL.search(text)), 0)
    return set() if any(MEASURE.search(text) for text in line.words[:level]) else set(range(level))


def _without_units(line: Tokens) -> list[str]:
    """The words between the tokens, without the units of the numbers; a logger's prefix is dropped."""
    words = []
    for i, text in enumerate(line.words):
        after_number = i > 0 and line.numbers[i - 1] is not None
        unit = AFTER_NUMBER.match(text) if after_number else None
        text = text[unit.end() :] if unit else text
        words.append(LOGGER.sub("", text))
    return words
