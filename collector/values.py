"""From whatever a user logs to a float, without waiting for an accelerator on the training thread."""

import sys
from dataclasses import dataclass
from numbers import Real
from typing import Any


@dataclass(frozen=True)
class Later:
    """A value, or a block of values, that is still on its way from an accelerator.

    Attributes:
        tensor: a copy of our own, so the user may change his in place.
        event: recorded after the copy on the stream that computed it; None where the device has no streams we know.
    """

    tensor: Any
    event: Any = None

    def floats(self) -> list[float]:
        """The values, flattened; waits for the device, so call it from the background thread only."""
        if self.event is not None:
            self.event.synchronize()
        return [float(v) for v in self.tensor.reshape(-1).tolist()]


def as_number(value: Any) -> float | Later:
    """``value`` as a float at once, or as ``Later`` when it lives on an accelerator.

    Takes Python and numpy numbers and tensors and arrays of one element; NaN and Inf pass as they are.

    Raises:
        TypeError: not one real number.
    """
    if type(value) in (float, int, bool):
        return float(value)
    if hasattr(value, "detach"):
        return _from_tensor(value.detach())
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:
        value = value.item()  # numpy scalars and arrays of one element
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not one real number")


def _from_tensor(tensor: Any) -> float | Later:
    if tensor.numel() != 1 or tensor.is_complex():
        raise TypeError(f"a tensor of shape {tuple(tensor.shape)} and {tensor.dtype} is not one real number")
    if tensor.device.type == "cpu":
        return float(tensor.item())
    return later(tensor.clone())


def later(tensor: Any) -> Later:
    """``tensor``, which nobody else will change, to be read when its device has computed it."""
    if tensor.device.type != "cuda":
        return Later(tensor)
    event = sys.modules["torch"].cuda.Event()
    event.record()
    return Later(tensor, event)
