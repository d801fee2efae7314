"""What one optimizer step did to every parameter tensor."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from collector.values import Later


@dataclass(frozen=True)
class Norms:
    """L2 norms of one step, one entry a parameter tensor; ``grads`` is None where no gradient arrived."""

    names: Sequence[str]
    weights: Sequence[float]  # before the update
    updates: Sequence[float]
    grads: Sequence[float | None]
    shards: Sequence[bool]  # this process holds a part of the tensor only: norms add up over the ranks, in squares

    def where(self, shard: bool) -> "Norms":
        """The entries that are (or are not) shards."""
        kept = [i for i, s in enumerate(self.shards) if s == shard]
        columns = (self.names, self.weights, self.updates, self.grads, self.shards)
        return Norms(*([column[i] for i in kept] for column in columns))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Sample:
    """A measured step; its norms may still be on their way from an accelerator.

    Attributes:
        names: of the n parameter tensors.
        with_grad: indices of those k that had a gradient.
        block: n weight norms, n update norms, k gradient norms, and GradScaler's ``found_inf`` where it set one.
        shards: for each tensor, whether this process holds only a part of it.
    """

    names: Sequence[str]
    with_grad: Sequence[int]
    block: Sequence[float] | Later
    shards: Sequence[bool]

    @property
    def here(self) -> bool:
        """Whether the norms can be read without waiting for a device."""
        return not isinstance(self.block, Later)

    def norms(self) -> Norms | None:
        """The norms; None for a step that GradScaler skipped. Waits for the device."""
        block = self.block.floats() if isinstance(self.block, Later) else self.block
        n, k = len(self.names), len(self.with_grad)
        if any(block[2 * n + k :]):
            return None
        grads: list[float | None] = [None] * n
        for i, value in zip(self.with_grad, block[2 * n : 2 * n + k], strict=True):
            grads[i] = value
        return Norms(self.names, block[:n], block[n : 2 * n], grads, self.shards)


def ratio(update: float, weight: float) -> float | None:
    """‖ΔW‖ / ‖W‖; None where the weights are zero and the ratio has no meaning."""
    return None if weight == 0 else update / weight


def totals(parts: Sequence[Norms]) -> tuple[float | None, float | None]:
    """(update ratio, gradient norm) over all parameters; None where there is nothing to divide by, or no gradient.

    Both are None when a part is a shard: the other ranks hold the rest, and the reader adds them up.
    """
    if any(any(p.shards) for p in parts):
        return None, None
    weight = math.sqrt(sum(w * w for p in parts for w in p.weights))
    update = math.sqrt(sum(u * u for p in parts for u in p.updates))
    grads = [g * g for p in parts for g in p.grads if g is not None]
    return ratio(update, weight), math.sqrt(sum(grads)) if grads else None
