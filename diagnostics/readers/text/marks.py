"""What stands around the numbers of a line and is no name: the prefix of a logger, units, brackets and bars."""

import re

from diagnostics.readers.text.tokens import UNIT, Tokens
from diagnostics.readers.text.words import MEASURE

LOGGER = re.compile(r"^.*?\b(?:INFO|DEBUG|WARNING|WARN|ERROR)\b(?::[\w.]+:)?[\]):|\s-]*")  # what logging puts before
LEVEL = re.compile(r"\b(?:INFO|DEBUG|WARNING)\b[\]):|\s-]")
LONGEST_PREFIX = 5  # tokens before a level
AFTER_NUMBER = re.compile(UNIT)


def opened(line: Tokens, i: int) -> str:
    """What opens the fraction that begins at token ``i``: a bracket, the start of the line, a progress bar; "" for none."""
    before = line.words[i].strip()
    if before.endswith(("[", "(")):
        return before[-1]
    start = i == 0 and not before
    drawn = line.words[0].lstrip().startswith("[]") and not any(
        w.strip() for w in line.words[i + 2 :]
    )  # "[] Loss: 0.3 1/391"
    return "start" if start else "bar" if drawn or "%|" in line.words[i] else ""


def is_bar(line: Tokens, numbers: list[int]) -> bool:
    """``938/938 [====] - 5s 3ms/step - loss: 0.2``"""
    start = len(numbers) > 2 and numbers[:2] == [0, 1] and not line.words[0].strip() and line.words[1].strip() == "/"
    return start and any(" - " in w for w in line.words[2:])


def prefix(line: Tokens) -> set[int]:
    """The tokens before the level of a logger's prefix: ``node-03:0 train:990 INFO loss=…``."""
    level = next((i for i, text in enumerate(line.words[:LONGEST_PREFIX]) if LEVEL.search(text)), 0)
    return set() if any(MEASURE.search(text) for text in line.words[:level]) else set(range(level))


def without_units(line: Tokens) -> list[str]:
    """The words between the tokens, without the units of the numbers; a logger's prefix is dropped."""
    words = []
    for i, text in enumerate(line.words):
        after_number = i > 0 and line.numbers[i - 1] is not None
        unit = AFTER_NUMBER.match(text) if after_number else None
        text = text[unit.end() :] if unit else text
        words.append(LOGGER.sub("", text))
    return words
