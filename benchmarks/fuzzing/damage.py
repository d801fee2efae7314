"""Ways in which a file gets damaged."""

import random
import re
from collections.abc import Callable, Sequence

from benchmarks.fuzzing.inputs import Input

NUMBERS = re.compile(rb"\d+(?:\.\d+)?")
ABSURD = (b"1e400", b"-1", b"99999999999999999999", b"NaN", b"0", b"", b"1e-400", b"Infinity", b"0x10", b"\xff\xfe")

Damage = Callable[[bytearray, bytes, random.Random], bytearray]  # of a content; beside it another log's


def damaged(one: Input, others: Sequence[Input], chance: random.Random) -> tuple[Input, list[str]]:
    """``one`` with one of its files damaged, one to four times over, and the names of the damages."""
    place = chance.choice(sorted(one.files))
    content, how = bytearray(one.files[place]), []
    for _ in range(chance.randint(1, 4)):
        how.append(chance.choice(list(DAMAGES)))
        other = chance.choice(others)
        content = DAMAGES[how[-1]](content, bytes(chance.choice(list(other.files.values()))), chance)
    return Input(one.format, one.name, {**one.files, place: bytes(content)}), how


def _span(content: bytearray, chance: random.Random, most: int = 200) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    return start, min(len(content), start + chance.randint(1, most))


def _flip(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    for _bit in range(chance.randint(1, 8) if content else 0):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    return content


def _cut(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    return content[: chance.randrange(len(content) + 1)]


def _remove(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    start, end = _span(content, chance)
    return content[:start] + content[end:]


def _double(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    start, end = _span(content, chance)
    return content[:end] + content[start:end] * chance.randint(1, 20) + content[end:]


def _noise(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    start, end = _span(content, chance, 16)
    return content[:start] + chance.randbytes(end - start) + content[end:]


def _huge(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    start, _end = _span(content, chance)
    return content[:start] + b"\xff" * chance.choice((4, 7, 8, 9)) + content[start + 8 :]


def _absurd(content: bytearray, _: bytes, chance: random.Random) -> bytearray:
    found = list(NUMBERS.finditer(content[:100_000]))
    if not found:
        return content
    at = chance.choice(found)
    return content[: at.start()] + chance.choice(ABSURD) + content[at.end() :]


def _splice(content: bytearray, other: bytes, chance: random.Random) -> bytearray:
    start, _end = _span(content, chance)
    return content[:start] + other[chance.randrange(len(other) + 1) :][:5_000] + content[start:]


DAMAGES: dict[str, Damage] = {
    "bits flipped": _flip,
    "cut off": _cut,
    "span removed": _remove,
    "span doubled": _double,
    "noise": _noise,
    "huge length": _huge,
    "absurd number": _absurd,
    "another log": _splice,
}
