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
        return _from_tensor(value)
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:
        value = value.item()  # numpy scalars and arrays of one element
    if isinstance(value, Real):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not one real number")


def _from_tensor(tensor: Any) -> float | Later:
    """From the CPU in as few calls as can be: between two steps each finds the caches cold."""
    try:
        if tensor.is_cpu:
            return float(tensor.item())
    except (RuntimeError, TypeError, ValueError):  # several elements, or a complex one
        pass
    tensor = tensor.detach()
    if tensor.numel() != 1 or tensor.is_complex():
        raise TypeError(f"a tensor of shape {tuple(tensor.shape)} and {tensor.dtype} is not one real number")
    return later(tensor)


def later(tensor: Any) -> Later:
    """The values ``tensor`` has now, to be read when its device has computed them.

    From CUDA they travel to pinned memory by a copy nobody waits for; pinned blocks are recycled by torch, so only the
    first few cost an allocation. Other devices are copied by the background thread, from a clone.

    Raises:
        RuntimeError: within a CUDA graph capture, where the copy would become part of the graph.
    """
    if tensor.device.type != "cuda":
        return Later(tensor.clone())
    torch = sys.modules["torch"]
    if torch.cuda.is_current_stream_capturing():
        raise RuntimeError("values inside a CUDA graph cannot be read; log them outside the graph")
    host = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    host.copy_(tensor, non_blocking=True)
    event = torch.cuda.Event()
    event.record(torch.cuda.current_stream(tensor.device))
    return Later(host, event)
