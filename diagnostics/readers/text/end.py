"""How a text log ends: in a traceback, killed, or with steps that were skipped for numbers that overflowed."""

import re
from dataclasses import dataclass, field

from diagnostics.readers.text.lines import Line
from diagnostics.readers.text.words import CODE

TRACEBACK = "Traceback (most recent call last)"
RAISED = re.compile(
    r"(?:[A-Za-z_][\w.]*\.)?[A-Za-z_]\w*(?:Error|Exception|Interrupt|Exit|Warning|Failure|Iteration|Killed|Terminated)\b(?::.*)?$|"
    r"[a-z_][\w.]*\.[A-Z]\w*: .*$"
)
LAUNCHER = re.compile(r"ChildFailedError|ProcessRaisedException|ProcessExitedException|CalledProcessError")
KILLED = re.compile(
    r"^\s*Killed\s*$|oom[-_ ]kill|Out of memory: Kill|CANCELLED AT .* DUE TO|Segmentation fault|\bSIGKILL\b|exitcode:? -9\b|core dumped",
    re.IGNORECASE,
)
OVERFLOW = re.compile(r"gradient overflow|OVERFLOW!|overflow detected|skipping step, loss scaler", re.IGNORECASE)
NOT_A_NUMBER = re.compile(
    r"loss is (?:nan|inf)|nan (?:loss|detected|or inf)|loss (?:became|is) nan|Loss is nan, stopping", re.IGNORECASE
)
WARNED = (
    (OVERFLOW, "numbers overflowed and a step was skipped"),
    (NOT_A_NUMBER, "the log says that a loss is no number"),
)
HINTS = (
    "traceback",
    "kill",
    "memory",
    "cancel",
    "segmentation",
    "exitcode",
    "core dumped",
    "flow",
    "scaler",
    "nan",
    "inf",
)
LONGEST_EXCEPTION = 500  # characters


@dataclass
class End:
    """What was seen so far of the end; lines that hold no quantity come here."""

    exception: str | None = None
    killed: str | None = None
    warned: dict[str, tuple[int, int]] = field(default_factory=dict)  # what is said: line of the first, how many
    _inside: bool = False  # a traceback
    _since: int = 0  # rows that were read when the exception or the kill came

    def line(self, line: Line, rows: int) -> None:
        """Take in a line; ``rows`` were read before it."""
        small = line.text.lower()
        if not (self._inside or any(hint in small for hint in HINTS)):
            return
        source = CODE.match(line.text)
        for pattern, said in WARNED:
            if not source and pattern.search(line.text):
                first, count = self.warned.get(said, (line.number, 0))
                self.warned[said] = (first, count + 1)
        if TRACEBACK in line.text:
            self._inside = True
        elif self._inside and RAISED.match(line.text):
            self._raised(line.text[:LONGEST_EXCEPTION], rows)
        elif KILLED.search(line.text):
            self.killed, self._since = f"line {line.number}: {line.text.strip()[:120]}", rows

    def _raised(self, text: str, rows: int) -> None:
        self._inside = False
        if self.exception is None or rows > self._since or not LAUNCHER.search(text):
            self.exception, self._since = text, rows

    def state(self, rows: int) -> tuple[str | None, str | None]:
        """``crashed`` and the last line of the traceback, when nothing was logged after it; else nothing."""
        if self._since < rows or (self.exception is None and self.killed is None):
            return None, None
        return "crashed", self.exception

    def notes(self, rows: int) -> list[str]:
        """What is worth a remark."""
        said = [
            f"line {first}: {what}" + (f", {n} times in all" if n > 1 else "")
            for what, (first, n) in self.warned.items()
        ]
        return [*said, *([f"ended from outside, {self.killed}"] if self.killed and self._since >= rows else [])]
