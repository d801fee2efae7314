"""A subject: a data set, a network and an optimizer, trained soundly."""

from dataclasses import dataclass, replace

from benchmarks.lab.recipe import Recipe


@dataclass(frozen=True)
class Subject:
    """A recipe that is sound under a cosine, and the rate that is sound when nothing decays it."""

    sound: Recipe
    constant_lr: float

    def decayed(self, seed: int) -> Recipe:
        """The sound recipe with a cosine over the whole run."""
        return replace(self.sound, schedule="cosine", seed=seed)

    def usual(self, seed: int) -> Recipe:
        """The sound recipe with the schedule it names itself."""
        return replace(self.sound, seed=seed)

    def constant(self, seed: int) -> Recipe:
        """The sound recipe at its best constant rate."""
        return replace(self.sound, lr=self.constant_lr, schedule="constant", warmup=0.0, seed=seed)
