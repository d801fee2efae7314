"""The script, run as Python itself would run it: ``__main__``, ``sys.argv``, ``sys.path[0]`` and tracebacks are its own."""

import builtins
import importlib.machinery
import importlib.util
import io
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any


class NotFound(Exception):
    """There is no such script or module; one line."""


@dataclass(frozen=True)
class Script:
    """What is to be run.

    Attributes:
        name: for the run folder.
        file: what ``__file__`` will be.
        folder: what ``sys.path[0]`` will be.
        argv: what ``sys.argv`` will be.
        code: compiles it; a SyntaxError is the script's own.
        source: its text, as far as there is one.
        spec: of a module; None for a file, so that processes that are spawned read the file again.
    """

    name: str
    file: str
    folder: Path
    argv: list[str]
    code: Callable[[], CodeType]
    source: Callable[[], str | bytes | None]
    spec: importlib.machinery.ModuleSpec | None
    loader: Any


def file(path: str, arguments: list[str]) -> Script:
    """The script in a file.

    Raises:
        NotFound: no such file.
    """
    if not Path(path).is_file():
        raise NotFound(f"no script {path}; give the path of a Python file, or -m and a module")
    full = str(Path(os.path.abspath(path)))  # as Python does: made absolute, links kept  # noqa: PTH100
    read = partial(_read, full)
    loader = importlib.machinery.SourceFileLoader("__main__", full)
    return Script(
        name=Path(path).stem,
        file=full,
        folder=Path(full).resolve().parent,
        argv=[path, *arguments],
        code=lambda: compile(read(), full, "exec", dont_inherit=True),
        source=read,
        spec=None,
        loader=loader,
    )


def module(name: str, arguments: list[str]) -> Script:
    """A module, or a package's ``__main__``, as ``python -m`` finds it.

    Raises:
        NotFound: no such module, or none that can be run.
    """
    spec = _find(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = _find(f"{name}.__main__")
    get_code = getattr(spec.loader, "get_code", None) if spec else None
    if spec is None or spec.origin is None or get_code is None:
        raise NotFound(f"no module {name} that can be run; is its folder the current one, or installed?")
    return Script(
        name=name.removesuffix(".__main__").rpartition(".")[2],
        file=spec.origin,
        folder=Path.cwd(),
        argv=[spec.origin, *arguments],
        code=partial(get_code, spec.name),
        source=partial(getattr(spec.loader, "get_source", lambda _: None), spec.name),
        spec=spec,
        loader=spec.loader,
    )


def run(script: Script) -> None:
    """Execute it as ``__main__``. Whatever it raises passes on, with a traceback that begins in the script."""
    main = ModuleType("__main__")
    main.__dict__.update(
        __file__=script.file,
        __spec__=script.spec,
        __loader__=script.loader,
        __package__=script.spec.parent if script.spec else None,
        __cached__=script.spec.cached if script.spec else None,
        __builtins__=builtins,
        __annotations__={},
    )
    sys.modules["__main__"], sys.argv = main, script.argv
    if not sys.flags.safe_path:
        sys.path[0] = str(script.folder)
    try:
        exec(script.code(), main.__dict__)
    except BaseException as error:
        _show_alone(error)
        raise


def _show_alone(error: BaseException) -> None:
    """When the interpreter prints ``error``, our frames are left out of the traceback."""
    own = error.__traceback__
    while own is not None and own.tb_frame.f_code.co_filename in (__file__, *_machinery()):
        own = own.tb_next
    sys.excepthook = partial(_excepthook, sys.excepthook, error, own)


def _excepthook(
    before: Callable[..., Any],
    ours: BaseException,
    own: TracebackType | None,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType | None,
) -> None:
    if error is ours:
        trace = own
        error.__traceback__ = sys.last_traceback = own
    before(kind, error, trace)


def _machinery() -> tuple[str, ...]:
    return ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")


def _find(name: str) -> importlib.machinery.ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None


def _read(path: str) -> bytes:
    with io.open_code(path) as stream:
        return stream.read()
