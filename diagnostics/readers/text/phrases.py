"""The phrase before a number: the name it gives, and what the number is by that: an epoch, a step, a quantity, an index."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from diagnostics.readers.text.tokens import Tokens
from diagnostics.readers.text.words import BESIDE_PLACES, COPULA, EPOCHS, EVALUATION, MEASURE, RETOLD, STEPS, STOPS
from diagnostics.readers.understanding.names import plain

WRAPPED = re.compile(r"(?:\btensor|\barray|np\.float\d+|\bfloat\d*|\bjnp\.\w+)\(\[?$")  # tensor(0.3)
BREAK = re.compile(r"[|,;\t()\[\]{}<>→]| {2,}|\s-+\s|:\s|(?<=[^\s.]{3})\.\s|\s=\s|=>|：|，")
TAIL = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]$")  # "(ms)" of "time per iteration (ms): 12"
CUT = re.compile(r"\d*\.\d|\d+[dhms]$")  # begins in the middle of a number, or is a time: 4m 39s
INTEGER, NUMBER = re.compile(r"\d[\d,]{0,15}(?:\.0*)?$"), re.compile(r"\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?$")
SETTINGS = {"steps", "iters", "iterations", "updates"}  # "steps: 1000" is how many there will be
LETTER = ("e", "E")  # an epoch only as "E: 3" or "[E 3]"
TOLD_AT = re.compile(r"(?:(.*\S)\s+)?(?:after|at|in|for)\s+((?:\w+ )?\w+)$", re.IGNORECASE)  # "cost after iteration"
AFTER = re.compile(r"(?:(.*\S)\s+)?after$", re.IGNORECASE)
UNIT_OF_PLACE = re.compile(
    r"\s+(?:train(?:ing)? )?(step|iter(?:ation)?|epoch|update|episode|round)s?(?:\(s\))?(?!\w)", re.IGNORECASE
)
ARTICLE = re.compile(r"^(?:the|an?)\s+", re.IGNORECASE)
AT = (["at"], ["in"], ["from"])  # "best model at epoch: 3"
MOST_WORDS, MOST_LOOSE_WORDS = 8, 4  # of a name before ":" or "=", and before nothing but a space

Role = Literal["epoch", "step", "split", ""]


@dataclass
class Phrase:
    """Its own ``words``, what stands ``before`` them, whether ":" or "=" (``strong``) or a bracket follows."""

    words: str
    before: str
    strong: bool
    bracket: bool

    @property
    def named(self) -> bool:
        """Whether there is a word at all."""
        return any(c.isalpha() for c in self.words)


def phrase(left: str) -> Phrase:
    """The phrase at the end of ``left``, the text between a number and the one before it."""
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
    elif tail and not _role_of(words):
        words = f"{words}{text[tail.start() :]}"
    elif tail:
        before = f"{before} {tail[1]}"
    return Phrase(" ".join(words.split()), before, strong, bracket)


def role(name: Phrase, token: str, in_epoch: bool = False) -> Role:
    """What the phrase says the number ``token`` is; ``split`` where it names only a part of the data.

    ``in_epoch``: the line has said the epoch: behind "epoch: 2" even "iters: 100" is a place, and no setting.
    """
    if name.words == "s" and name.strong and not name.before:
        return "step"  # llm.c
    loose = not name.strong and not name.bracket
    if not name.words or (name.words in LETTER and loose):
        return ""
    if name.strong and not name.bracket and not in_epoch and name.words.lower() in SETTINGS:
        return ""
    found = _role_of(name.words)
    whole = INTEGER.match(token) is not None
    return found if whole or (found == "epoch" and NUMBER.match(token)) else ""


def _role_of(words: str) -> Role:
    every = plain(words)
    every = "num_updates" if every.endswith("_num_updates") else every  # valid_num_updates
    if every in EPOCHS or every in STEPS:
        return "epoch" if every in EPOCHS else "step"
    *others, last = every.split("_")
    if last in EVALUATION | {"train", "training"} and not others:
        return "split"
    if not set(others) <= BESIDE_PLACES:
        return ""
    return "epoch" if last in EPOCHS else "step" if last in STEPS - {"up", "it"} else ""


def told_at(name: Phrase) -> tuple[str, Phrase]:
    """The quantity that a phrase names before a place, and the place: ``cost after iteration``; "" for none."""
    found = TOLD_AT.match(name.words)
    if found is None or not _role_of(found[2]):
        return "", name
    return _quantity_in(found[1] or _cell(name.before)), replace(name, words=found[2])


def told_after(name: Phrase, behind: str) -> tuple[str, Phrase, int]:
    """The same where the number comes first, ``loss after 10 epochs``; and how many characters of ``behind`` say what it counts."""
    found, unit = AFTER.match(name.words), UNIT_OF_PLACE.match(behind)
    told = _quantity_in(found[1] or "") if found else ""
    if found is None or unit is None or (found[1] and not told):  # no improvement after 5 epochs
        return "", name, 0
    return told, replace(name, words=unit[1].lower()), unit.end()


def is_told(name: Phrase, text: str) -> bool:
    """Whether nothing but a colon, or "is", stands before a number: then what was named before the place is its name."""
    return not name.named and (name.strong or text.strip().lower() in COPULA)


def _quantity_in(text: str) -> str:
    """``text`` where it names a quantity that is measured there and then, and not retold of the best so far."""
    text = ARTICLE.sub("", text)
    if not MEASURE.search(text) or RETOLD.search(text):
        return ""
    return text if is_name(Phrase(text, "", False, False)) else ""


def _cell(before: str) -> str:
    """The phrase at the end of ``before``, without what it adds in parentheses."""
    return BREAK.split(TAIL.sub("", before.rstrip()))[-1].strip()


def counts_epochs(name: Phrase, line: Tokens, i: int) -> bool:
    """Whether the number ``i`` behind "train" is the epoch: ``Train: 3 [  10/500]``, ``Train 3, loss: 0.5``."""
    behind = line.words[i + 1]
    return behind.startswith(" [") or (i == 0 and not name.strong and behind[:1] in (",", ":", "|"))


def is_label(name: Phrase, line: Tokens, i: int) -> bool:
    """Whether number ``i`` is the end of a name, as in ``AP .5: 0.69``, ``class 3: 0.9`` and ``Prec@1 01 70.1``."""
    between = line.words[i + 1].strip()
    behind = between in (":", "=") or (not between and "@" in name.words)
    followed = i + 1 < len(line.numbers) and line.numbers[i + 1] is not None and behind
    return followed and not name.strong and not name.bracket and name.named and is_name(name)


def is_index(name: Phrase, line: Tokens, i: int) -> bool:
    """Whether number ``i`` says which one the numbers behind it are about: ``Class 3: P=0.9``."""
    more = any(n is not None for n in line.numbers[i + 1 :])
    whole = INTEGER.match(line.numbers[i] or "") is not None
    return more and whole and not name.strong and line.words[i + 1][:1] == ":"


def is_name(name: Phrase) -> bool:
    """Whether the phrase can be the name of a quantity."""
    words = name.words.split()
    last = words[-1].lower().strip(".,")
    if "=" in name.words or name.words[0] in "/@" or (name.bracket and not name.strong) or CUT.match(name.words):
        return False
    if (last in EPOCHS or last in STEPS) and (not name.strong or words[-2:-1] in AT) and words[1:2] != ["on"]:
        return False  # but "loss on this batch"
    return len(words) <= (MOST_WORDS if name.strong else MOST_LOOSE_WORDS) and (name.strong or last not in STOPS)
