"""Keeping torch.compile out of the collector: a compiled ``optimizer.step`` or loop calls us as it finds us."""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path


def uncompiled(hook: Callable[..., None]) -> Callable[..., None]:
    """``hook`` as the compiler leaves it alone; a quarter of a microsecond a call."""
    if "torch._dynamo" not in sys.modules:  # torch's own optimizers import it, so this one cannot be compiled
        return hook
    _skip_our_files()
    disabled: Callable[..., None] = sys.modules["torch"].compiler.disable(hook)
    return disabled


def _skip_our_files() -> None:
    """``log`` within a compiled loop is not traced either: its files are skipped, at no cost to a call.

    The compiler has no public way to say this of a method that must stay as fast as it is.
    """
    rules = sys.modules.get("torch._dynamo.trace_rules")
    ours = Path(__file__).parent
    with contextlib.suppress(Exception):
        if rules is not None and not any(Path(path) == ours for path in rules.SKIP_DIRS):
            rules.add(ours.name)
