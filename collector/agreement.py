"""One answer on all ranks of a distributed training, though each asks at its own time and none may wait for another.

A rank that leaves the loop alone leaves the others waiting in their next collective for ever. So the first rank to arrive at the
n-th call decides it for all, by a compare-and-set on the store through which torch.distributed brought the ranks together:
no collective, no device, no waiting. It also says at which call the ranks agree next; until then the answer stands.
"""

import sys
import time
from typing import Any

SECONDS, SHARE = 1.0, 1e-3  # between two agreements, or that share of the time so far: some ten thousand keys at most
NEVER = sys.maxsize  # calls
FASTER = 2  # times as many calls until the next agreement, at most: the first calls say little about the pace


class Agreement:
    """The n-th call of ``same`` gives the same answer on every rank that calls it; what rank 0 wants is what counts.

    Args:
        name: the run's, the same on every rank.
        rank: of this process.
    """

    def __init__(self, name: str, rank: int) -> None:
        self._name, self._rank = name, rank
        self._store: Any = None
        self._calls, self._next, self._gap = 0, 1, 1
        self._answer, self._told = False, False
        self._begun = self._before = time.monotonic()

    def same(self, own: bool) -> bool:
        """The answer of all; without a process group ``own``.

        Raises:
            RuntimeError: the process group has no store, or it is gone.
        """
        if self._store is None and (store := _store()) is not None:
            self._store = self._apart(store)
        if self._store is None:
            return own
        self._calls += 1
        if self._calls >= self._next:
            self._next = NEVER  # a store that fails is not asked again
            self._agree(own)
        return self._answer

    def _agree(self, own: bool) -> None:
        mine = f"{int(self._wanted(own))} {self._calls + self._pace()}"
        decided = self._store.compare_set(str(self._calls), "", mine).decode()
        answer, following = decided.split()  # as the first to arrive has put it
        self._answer, self._next = answer == "1", int(following)
        self._gap, self._before = self._next - self._calls, time.monotonic()

    def _wanted(self, own: bool) -> bool:
        """What rank 0 wants, as far as it has said so: it alone is sure to see the run folder."""
        if self._rank:
            return bool(self._store.check(["wanted"]) and self._store.get("wanted") == b"1")
        if own != self._told:
            self._store.set("wanted", str(int(own)))
            self._told = own
        return own

    def _pace(self) -> int:
        """Calls until the next agreement is due."""
        now = time.monotonic()
        seconds = max(SECONDS, SHARE * (now - self._begun))
        took = max(now - self._before, 1e-9)
        return max(1, min(FASTER * self._gap, int(self._gap * seconds / took)))

    def _apart(self, store: Any) -> Any:
        """A connection and keys of our own: a second collector of that name on these ranks begins anew."""
        from torch.distributed import PrefixStore  # type: ignore[attr-defined, unused-ignore]

        ours = PrefixStore(f"curvewise/{self._name}", store.clone())
        return PrefixStore(str(ours.add(f"rank {self._rank}", 1)), ours)


def _store() -> Any:
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return None
    return distributed.distributed_c10d._get_default_store()
