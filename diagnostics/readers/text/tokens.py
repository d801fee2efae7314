"""A line as its words and its numbers: lines of the same words are of one kind, whatever their numbers."""

import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

DATE = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:(?:T|[ _,-]{1,2})\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
OPAQUE = "|".join(
    [
        r"[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ [\w.-]+:\d+\]",  # glog, of Caffe and absl
        r"(?<![\w.])(?:" + DATE + r")(?![\w.])",
        r"(?<![\w.])\d{1,2}[-/]\d{1,2}(?:[-/]\d{2,4})?[ T]\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?!\w)",
        r"(?<![\w.])\d+:\d\d(?::\d\d(?:[.,]\d+)?)?(?![\d.:])",  # a time of day, or one left or spent
        r"\.(?:py|cpp|cc|cu|hpp|h|go|rs|jl|lua)[: ]+(?:line )?\d+(?::\w+)?",  # the place in the source
        r"(?<![\w.:])[A-Za-z_][\w.]*:[A-Za-z_<]\w*>?:\d+(?= - )",  # the same, as loguru writes it
        r"(?<![\w.])v?\d++(?:\.\d++){2,}+[\w.+-]*+",  # a version, an address
        r"(?<!\w)0x[0-9a-fA-F]+",
    ]
)
BEFORE = r"(?:(?<![\w.@#+\-\\])(?<![A-Za-z_.]/)|(?<=[Ee]poch)|(?<=EPOCH)|(?<=[Ss]tep)|(?<=[Ii]ter))"
UNIT = r"(?:[mnuµ]?s|secs?|mins?|hr?s?|days?|[kKMGTBb]|[KkMGT]i?[Bb]|it|ex|x|z|px|dB|samples|tok|steps?|%)?"
# Each way to match takes all digits at once or none: a line of thousands of them must not be tried at every length.
DIGITS = rf"(?:\d{{1,3}}(?:,\d{{3}}){{1,8}}+(?!\d|,\d)(?:\.\d++)?|\d++,\d++(?![,.]\d)|\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?(?={UNIT}(?!\w|\.\d))"
WORDS = r"(?:nan|NaN|NAN|inf|Inf|INF|[Ii]nfinity|None|N/A|n/a)(?=(?:ms|s|z|x)?(?!\w))(?! (?:iterations?|values?|or|in|detected|check|found)\b)"
TOKEN = re.compile(rf"({OPAQUE})|({BEFORE}[-+]?(?:{DIGITS}|{WORDS}))", re.ASCII)
RANGE = re.compile(r"@(\[?[\d.]+):([\d.]+)")  # mAP@0.5:0.95 is one word
COCO = re.compile(r"\((A[PR])\) @\[ IoU=([\d.]+)(?::([\d.]+))?\s*\| area=\s*(\w+) \| maxDets=\s*(\d+) \] =")  # one name
SPACES = re.compile(r"(?:\\ |\\\t|\\\x0b)+")  # as re.escape writes them
PLAIN = r"([-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?|nan|inf|-inf)"  # one way to match: a long line must not try all
THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+(?:[eE][-+]?\d+)?")
MIXED = re.compile(r"[.,](\d+)$")
LONGEST_PATTERN = 1 << 14  # characters of a line; the pattern of a longer one costs a hundred times its size
BAR = re.compile(r"[\u2500-\u259f]+|(?<=\|)[#\d ]{6,}(?=\|)|(?<=\[)[=>.\-# ]{6,}(?=\])")  # drawn progress


class Tokens(NamedTuple):
    """``words`` [n + 1] around the n tokens of a line, each of which is one of ``opaque`` [n] and ``numbers`` [n]; else None."""

    words: Sequence[str]
    opaque: Sequence[str | None]
    numbers: Sequence[str | None]


def tokens(text: str) -> Tokens:
    """The tokens of a line."""
    if "@" in text:
        text = RANGE.sub(r"@\1-\2", text)
        text = COCO.sub(lambda m: f", {m[1]} IoU@{m[2]}{'-' + m[3] if m[3] else ''} area@{m[4]} maxDets@{m[5]} =", text)
    parts = TOKEN.split(undrawn(text))
    numbers = parts[2::3]
    if "," in text and any(n and DECIMAL_COMMA.fullmatch(n) and not THOUSANDS.fullmatch(n) for n in numbers):
        numbers = [n.replace(",", ".") if n and n.count(",") == 1 else n for n in numbers]  # 1,234 is one as well
    return Tokens(parts[::3], parts[1::3], numbers)


def undrawn(text: str) -> str:
    """``text`` without drawn progress."""
    return BAR.sub("", text) if "|" in text or "[" in text or "\u2501" in text else text


def like(text: str, line: Tokens) -> re.Pattern[str] | None:
    """A pattern of the undrawn lines that have the words of ``line``, which was ``text``; its groups are a leading date and the numbers.

    None for a line that was changed before it was split, for one without a plain number, and for a very long one.
    """
    text = undrawn(text)
    if len(text) > LONGEST_PATTERN:
        return None
    every = [o or n or "" for o, n in zip(line.opaque, line.numbers, strict=True)] + [""]
    if "".join(w + t for w, t in zip(line.words, every, strict=True)) != text or not any(line.numbers):
        return None
    parts = []
    for i, (word, opaque) in enumerate(zip(line.words, [*line.opaque, ""], strict=True)):
        parts.append(SPACES.sub(r"[ \\t]+", re.escape(word)))
        parts.append((f"((?>{OPAQUE}))" if i == 0 else f"(?>{OPAQUE})") if opaque else PLAIN if opaque is None else "")
    return re.compile("".join(parts), re.ASCII)


def value(token: str | None) -> float | None:
    """A number, with separators between thousands or a decimal comma; None for what is absent, as ``None`` and ``n/a``."""
    if token is None:
        return None
    try:
        return float(token)
    except ValueError:
        pass
    digits = token.replace(",", "" if THOUSANDS.fullmatch(token) else ".")
    try:
        return float(digits)
    except ValueError:
        return None


def wall_time(token: str) -> float:
    """Seconds since 1970 (as if written in UTC) of a date with a time; NaN of anything else, and of a date without a year."""
    text = MIXED.sub(r".\1", token.replace("/", "-").replace("_", " ")) if token[:4].isdigit() and ":" in token else ""
    if not text:
        return math.nan
    try:
        when = datetime.fromisoformat(re.sub(r"[ ,-]{2,}", " ", text))
    except ValueError:
        return math.nan
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
