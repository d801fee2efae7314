"""JSON as training programs leave it: NaN and Infinity as words, one value a line, cut off or damaged in the middle."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from diagnostics.readers import look
from diagnostics.readers.errors import ReadError
from diagnostics.readers.limits import Limits

HEAD = 1 << 16  # bytes looked at to tell what a file holds
LINES = (".jsonl", ".ndjson", ".jsonlines")  # how files of one object a line are called
DEEPEST = 60  # levels of damaged text that are followed
NOW_AND_THEN = 1_000  # lines after which a long reading says how far it is

# A token counts only between what may stand around it: a torn number and a key that lost a quote do not. No text is gone
# through twice: a string or number begins only behind what may stand before it, which no place inside one is.
TOKEN = re.compile(
    r"(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)"
    r'|(?<![^\s\[{,:])"(?P<text>(?:[^"\\\n]|\\.)*+)"(?=\s{0,9}[,:\]}])'
    r"|(?<![^\s\[,:])(?P<number>-?(?:\d++(?:\.\d*+)?(?:[eE][-+]?\d++)?|Infinity)|NaN)(?=\s{0,9}[,\]}])"
    r"|(?<![^\s\[,:])(?P<word>true|false|null)(?=\s{0,9}[,\]}])"
)
WORDS = {"true": True, "false": False, "null": None}


def peek(path: Path) -> list[object]:
    """The values with which ``path`` begins, the last maybe not whole; empty when it is not JSON. Reads ``HEAD`` bytes."""
    return _peek(look.head(path), path.suffix.lower()) if look.is_file(path) else []


@lru_cache(maxsize=16)
def _peek(head: bytes, suffix: str) -> list[object]:
    if b"\0" in head:
        return []
    text = head.decode("utf-8-sig", "replace").lstrip()
    if suffix in LINES:  # said to be one object a line: what comes before the first is damage
        text = text[max(text.find("{"), 0) :]
    elif suffix == ".json" and not text.startswith(("{", "[")):  # such as the mark of a conflict
        text = text[text.find("\n{") + 1 :]
    if not text.startswith(("{", "[")):
        return []
    return around_damage(text)


def document(path: Path, limits: Limits) -> tuple[list[object], list[str]]:
    """The values in ``path``, usually one, and a note where it is damaged: what stands around the damage is kept.

    Raises:
        ReadError: nothing of it is JSON.
    """
    limits.open(path)
    text = path.read_text("utf-8-sig", "replace")
    try:
        return [json.loads(text)], []
    except RecursionError:
        note = "nested too deeply: what lies deeper is left out"
    except ValueError as error:  # JSONDecodeError, or an integer of thousands of digits
        at = len(text[: getattr(error, "pos", 0)].encode("utf-8", "replace"))
        note = f"byte {at}: damaged JSON ({getattr(error, 'msg', error)}): what can be read around it is kept"
    limits.at(path, 0.5)
    values = _one_after_the_other(text)
    if values:
        return values, []
    found = around_damage(text)
    if not found:
        raise ReadError(path, f"{note.split(':')[0]}: no JSON could be read; write it again, or name another file")
    return found, [note]


def around_damage(text: str) -> list[object]:
    """Every value of ``text`` that can be told, whole or not."""
    found: list[object] = []
    stack: list[tuple[object, str | None]] = []  # what is open, and in an object the key that waits for its value
    for token in TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "open":
            opened: object = {} if token["open"] == "{" else []
            if opened == {}:
                _end_row(stack)
            if len(stack) < DEEPEST:
                _put(opened, stack, found)
            stack.append((opened, None))
        elif kind == "close":
            _close(token["close"], stack)
        elif kind == "comma" and stack:
            stack[-1] = (stack[-1][0], None)
        elif kind == "text" and stack and isinstance(stack[-1][0], dict) and stack[-1][1] is None:
            stack[-1] = (stack[-1][0], _unquoted(token["text"]))
        elif kind == "text":
            _put(_unquoted(token["text"]), stack, found)
        elif kind is not None and kind != "comma":
            _put(WORDS[token["word"]] if kind == "word" else float(token["number"]), stack, found)
    return found


@dataclass
class Lines:
    """The objects of a file of one object a line; ``notes`` once all were read."""

    path: Path
    limits: Limits
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[dict[str, object]]:
        size, bad = self.limits.open(self.path), list[int]()
        offset = torn = 0
        with self.path.open("rb") as file:
            for number, line in enumerate(file, 1):
                if number % NOW_AND_THEN == 0:
                    self.limits.at(self.path, offset / max(size, 1))
                offset += len(line)
                found = _objects(line)
                torn = number if found is None and not line.endswith(b"\n") else 0
                if found is None:
                    bad.append(number)
                yield from found or ()
        self._note(bad, torn)

    def _note(self, bad: list[int], torn: int) -> None:
        if torn:
            self.notes.append(f"line {torn}, the last, is cut off: left out")
            bad = bad[:-1]
        if bad:
            others = f", as are {len(bad) - 1} more" if bad[1:] else ""
            self.notes.append(f"line {bad[0]} is no JSON object: left out{others}")


def _objects(line: bytes) -> list[dict[str, object]] | None:
    """The objects of one line; None where it holds something else."""
    text = line.decode("utf-8-sig", "replace").strip().rstrip(",")
    if not text or text in "[]":  # as of a list that was written line by line
        return []
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    values = value if isinstance(value, list) else [value]
    return values if all(isinstance(v, dict) for v in values) else None


def _one_after_the_other(text: str) -> list[object]:
    """The values of a text that holds several, sound from beginning to end; else empty."""
    decoder, at, found = json.JSONDecoder(), 0, list[object]()
    try:
        while rest := text[at : at + HEAD].lstrip():
            at = text.index(rest[0], at)
            value, at = decoder.raw_decode(text, at)
            found.append(value)
    except (ValueError, RecursionError):
        return []
    return found


def _put(value: object, stack: list[tuple[object, str | None]], found: list[object]) -> None:
    if not stack:
        if isinstance(value, dict | list):
            found.append(value)
        return
    within, key = stack[-1]
    if isinstance(within, list):
        within.append(value)
    elif isinstance(within, dict) and key is not None:
        within[key] = value
        stack[-1] = (within, None)


def _end_row(stack: list[tuple[object, str | None]]) -> None:
    """An object that begins where a key should stand is the next of a list: the bracket between was lost."""
    if len(stack) > 1 and isinstance(stack[-1][0], dict) and stack[-1][1] is None and isinstance(stack[-2][0], list):
        stack.pop()


def _close(bracket: str, stack: list[tuple[object, str | None]]) -> None:
    """Close the nearest that ``bracket`` fits; one that fits none is damage."""
    kind = dict if bracket == "}" else list
    for depth in range(len(stack) - 1, -1, -1):
        if isinstance(stack[depth][0], kind):
            del stack[depth:]
            return


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text
