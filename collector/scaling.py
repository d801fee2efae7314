"""Steps that GradScaler skipped: they are counted, and are no steps.

An ordinary optimizer is not called at all on a skipped step, and a fused one is called with ``found_inf`` set and does
nothing. So, as with the DataLoader, one patch of ``GradScaler.step`` serves all collectors that are open.
"""

import sys
import weakref
from typing import Any

from collector.optimizers import innermost

GRAD_SCALER = "torch.amp.grad_scaler"

_watching: "weakref.WeakSet[Scaling]" = weakref.WeakSet()
_original: Any = None  # GradScaler's own ``step`` while it is patched


def _noticed(scaler: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
    asked = [s for s in list(_watching) if s.asked(optimizer)] if scaler.is_enabled() else []
    result = _original(scaler, optimizer, *args, **kwargs)
    for scaling in asked:
        scaling.answered()
    return result


class Scaling:
    """Counts skipped steps; ``used`` once a GradScaler has made a step of ours."""

    def __init__(self) -> None:
        self.used = False
        self.skipped: Any = 0.0  # steps; a tensor of one element where the count stays on an accelerator
        self._optimizers: set[int] = set()  # ids
        self._fired = False  # the hooks of an optimizer ran since GradScaler was asked for its step

    def watch(self, optimizer: Any) -> None:
        """Notice GradScaler's steps of ``optimizer``; nothing happens where GradScaler was not imported."""
        global _original
        self._optimizers.add(id(optimizer))
        scaler = getattr(sys.modules.get(GRAD_SCALER), "GradScaler", None)
        if scaler is None:
            return
        if _original is None:
            _original, scaler.step = scaler.step, _noticed
        _watching.add(self)

    def leave(self, optimizer: Any) -> None:
        """Notice this one no more."""
        self._optimizers.discard(id(optimizer))

    def unwatch(self) -> None:
        """Stop; the last to stop leaves GradScaler as it was, unless somebody else has patched it since."""
        global _original
        _watching.discard(self)
        scaler = getattr(sys.modules.get(GRAD_SCALER), "GradScaler", None)
        if not _watching and scaler is not None and scaler.step is _noticed:
            scaler.step, _original = _original, None

    def stepped(self, optimizer: Any) -> bool:
        """The optimizer's hooks ran; whether the step was empty as far as the host knows.

        On an accelerator only the device knows: the count is kept there, and a measured step tells later by itself.
        """
        self._fired = True
        found = getattr(optimizer, "found_inf", None)
        if found is None:
            return False
        if found.device.type != "cpu":
            self.skipped = self.skipped + found.detach().reshape(())
            return False
        empty = bool(found.item())
        self.skipped = self.skipped + float(empty)
        return empty

    def asked(self, optimizer: Any) -> bool:
        """GradScaler is asked for a step; whether it is one of ours."""
        self._fired = False
        return id(innermost(optimizer)) in self._optimizers

    def answered(self) -> None:
        """It is done: when no hook ran, the step was skipped."""
        self.used = True
        if not self._fired:
            self.skipped = self.skipped + 1.0
