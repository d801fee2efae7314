"""Which folders of event files are one run: TensorBoard's writers put parts of a run into folders below it.

Keras and TensorFlow write ``train/`` and ``validation/`` (or ``eval/``), ``add_scalars`` a folder a curve, ``add_hparams`` one
named after the time.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from diagnostics.readers import look
from diagnostics.readers.limits import Limits
from diagnostics.readers.tensorboard.event_file import EventFile, read_events
from diagnostics.readers.understanding import names

MARK, CATBOOST = ".tfevents.", ".tfevents"  # in every event file's name that was not renamed; the end of CatBoost's
TRAIN, VAL = {"train", "training", "learn"}, {"val", "valid", "validation", "dev", "eval", "test"}  # folders
SESSION = re.compile(r"^\d{9,}\.\d+$")  # add_hparams names its folder after the time
GENERIC = {"tensorboard", "tb", "tb_logs", "tensorboard_logs", "tensorboard_log", "tf_logs", "logs", "log", "events", "summary",
           "summaries", "vis_data"}  # fmt: skip


@dataclass
class Part:
    """The event files of one folder, the oldest first, and what its tags are called in the run: ``<before><tag><after>``."""

    folder: Path
    files: list[EventFile]
    before: str = ""
    after: str = ""

    def tags(self) -> list[str]:
        """Every tag once, in the order of the files."""
        return list(dict.fromkeys(tag for file in self.files for tag in file.points))

    def name(self, tag: str) -> str:
        """What ``tag`` is called in the run; one that says its split already needs no folder's name."""
        return tag if _says_split(tag) and not self.after else f"{self.before}{tag}{self.after}"


@dataclass
class Folder:
    """A run: its folder, and the parts it was written in."""

    path: Path
    parts: list[Part] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What people call it."""
        path = self.path.absolute()
        generic = path.name.lower() in GENERIC or (path.name.lower() in TRAIN | VAL and self.parts[0].before)
        return path.parent.name if generic and path.parent.name else path.name


def is_named_so(name: str) -> bool:
    """Whether a file of this name is an event file."""
    return MARK in name or name.endswith(CATBOOST)


def event_files(folder: Path) -> list[Path]:
    """The event files right in ``folder``, by their names."""
    return [file for name in look.names(folder) if is_named_so(name) and look.is_file(file := folder / name)]


def is_split_in_two(folder: Path) -> bool:
    """Whether a run's training and validation have a folder each below ``folder``."""
    split = [folder / name for name in look.names(folder) if name.lower() in TRAIN | VAL]
    found = {f.name.lower() for f in split if not f.is_symlink() and event_files(f)}
    return bool(found & TRAIN and found & VAL)


def folders_below(top: Path, limits: Limits) -> list[Folder]:
    """Every run in ``top`` and below, those nearer to the top first."""
    found: dict[Path, Folder] = {}
    for path in sorted(_with_events(top), key=lambda p: (len(p.parts), p)):
        files = sorted((read_events(f, limits) for f in event_files(path)), key=lambda f: f.began)
        part = Part(path, files)
        owner = _owner(part, found, top)
        found.setdefault(owner, Folder(owner)).parts.append(part)
    return list(found.values())


def _with_events(top: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(top):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if any(map(is_named_so, files)):
            yield Path(root)


def _owner(part: Part, found: dict[Path, Folder], top: Path) -> Path:
    """The folder of the run that ``part`` belongs to; says so in the part's ``before`` and ``after``."""
    path = part.folder
    above = [p for p in path.parents if p in found]
    if path.name.lower() in TRAIN | VAL:
        part.before = f"{path.name}/"
        if path.parent in found or (path != top and is_split_in_two(path.parent)):
            return path.parent
        part.before = part.before if not any(map(_says_split, part.tags())) else ""
        return path
    if SESSION.match(path.name) and above[:1] == [path.parent]:
        return path.parent
    if above and (key := _key(part, path.relative_to(above[0]))):
        part.after = f"/{key}"
        return above[0]
    return path


def _says_split(tag: str) -> bool:
    words = names.plain(tag).split("_")
    return words[0] in TRAIN | VAL or words[-1] in TRAIN | VAL


def _key(part: Part, below: Path) -> str:
    """The curve's name when ``add_scalars`` wrote the part: its folder is called after the tag and that name; else ""."""
    where = "_".join(below.parts)
    tags = [tag.replace("/", "_") + "_" for tag in part.tags()]
    if not tags or not all(where.startswith(tag) and len(where) > len(tag) for tag in tags):
        return ""
    return where[len(tags[0]) :]
