"""How the screen says it: the word, colour and icon of every verdict, severity and state; numbers and text made safe to print."""

import re
from dataclasses import dataclass
from typing import Literal

from diagnostics import rules

SCIENTIFIC = 1e6  # from there powers of ten are read faster than digits
Colour = Literal["red", "orange", "blue", "green", "gray"]


@dataclass(frozen=True)
class Chip:
    """A word with a colour and an icon; the word and the icon say all, for who does not see the colour."""

    word: str
    colour: Colour
    icon: str


# Green and red never stand alone for good and bad: each has its own icon and word.
GOOD = Chip("", "green", ":material/check_circle:")
GO_ON = Chip("", "blue", ":material/trending_up:")
FIX = Chip("", "orange", ":material/build_circle:")
BROKEN = Chip("", "red", ":material/error:")
UNKNOWN = Chip("", "gray", ":material/help:")

VERDICTS = {"healthy": GOOD, "keep_training": GO_ON, "not_enough_data": UNKNOWN, "diverged": BROKEN}
SEVERITIES = {
    "info": Chip("note", "blue", ":material/info:"),
    "warning": Chip("warning", "orange", ":material/warning:"),
    "error": Chip("error", "red", ":material/error:"),
}
STATES = {
    "running": Chip("running", "blue", ":material/play_circle:"),
    "stalled": Chip("stalled", "orange", ":material/hourglass_disabled:"),
    "finished": Chip("finished", "gray", ":material/flag:"),
    "crashed": Chip("crashed", "red", ":material/report:"),
}


def title(slug: str) -> str:
    """A rule's title as its file gives it."""
    return rules.get(slug).title


def verdict(slug: str) -> Chip:
    """The chip of a headline verdict."""
    kind = VERDICTS.get(slug, FIX)
    return Chip(title(slug), kind.colour, kind.icon)


def plain(text: object) -> str:
    """``text`` for a Markdown widget, every special character of Markdown, HTML, LaTeX and colour codes made literal."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>$~:^&=])", r"\\\1", " ".join(str(text).split()))


def number(value: float | int | str | None, digits: int = 4) -> str:
    """Whole numbers as they are, others in so many significant ``digits``, thousands apart; a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (value.is_integer() and abs(value) < SCIENTIFIC):
        return f"{value:,.0f}"
    short = f"{value:.{digits}g}"
    whole = "e+" in short or abs(float(short)) >= 1e3
    return f"{float(short):,.0f}" if whole and abs(float(short)) < SCIENTIFIC else short


def figure(value: float | int) -> str:
    """A measurement in a sentence: three digits say all that matters there."""
    return number(value, 3)


def counted(count: int, what: str) -> str:
    """``1 run``, ``2,000 runs``."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def duration(seconds: float) -> str:
    """A span of time in its two largest units: 40 s, 3 min 20 s, 2 h 5 min, 3 d 4 h."""
    left, parts = max(round(seconds), 0), []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        parts.append(f"{count:,} {unit}" if count else "")
    first = next((i for i, part in enumerate(parts) if part), 3)
    return " ".join(part for part in parts[first : first + 2] if part) or "0 s"
