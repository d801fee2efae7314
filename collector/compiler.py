"""Keeping torch.compile out of the collector: a compiled ``optimizer.step`` or loop calls us as it finds us."""

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path


def uncompiled(hook: Callable[..., None]) -> Callable[..., None]:
    """``hook`` as the compiler leaves it alone."""
    if "torch._dynamo" not in sys.modules:  # torch's own optimizers import it, so this one cannot be compiled
        return hook
    if _our_files_are_skipped():
        return hook
    disabled: Callable[..., None] = sys.modules["torch"].compiler.disable(hook)
    return disabled


def _our_files_are_skipped() -> bool:
    """Have the compiler leave all our files alone, ``log`` within a compiled loop included, at no cost to a call.

    It has no public way to say this; where the one it has is gone, each hook is wrapped, which costs some microseconds.
    """
    rules = sys.modules.get("torch._dynamo.trace_rules")
    ours = Path(__file__).parent
    with contextlib.suppress(Exception):
        if rules is not None and not any(Path(path) == ours for path in rules.SKIP_DIRS):
            rules.add(ours.name)
        return rules is not None and bool(rules.check_file(__file__).skipped)
    return False
