"""A training whose optimizer steps change nothing for want of gradients: said once, and early."""

from collections.abc import Sequence

from collector.guard import Guard
from collector.sample import Norms, Sample

IN_A_ROW = 3  # measured steps: a step before the first backward pass, which some scripts make, is none of our business
STILL = (
    "no gradient has reached the optimizer's parameters by step {}, and no weight has changed. Call loss.backward() before "
    "optimizer.step(), zero_grad() never between them, and make the optimizer from the parameters of the model that you train."
)


class Standstill:
    """Sees each step whose every parameter was measured."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._still = 0  # such steps up to now; below 0 once it trains

    def see(self, step: int, whole: Sequence[Sample]) -> None:
        """The samples of one step; waits for the device."""
        if self._still < 0 or not (norms := [n for n in (sample.norms() for sample in whole) if n is not None]):
            return
        if not all(map(_still, norms)):
            self._still = -1  # it trains: nothing more to look for
            return
        self._still += 1
        if self._still == IN_A_ROW:
            self._guard.say(STILL.format(step))
            self._guard.note(STILL.format(step))


def _still(norms: Norms) -> bool:
    """Of a shard the other ranks may hold what moved."""
    return not any(norms.shards) and not any(norms.updates) and all(grad is None for grad in norms.grads)
