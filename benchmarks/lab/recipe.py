"""A recipe: everything that decides a run, and the learning rate it asks for at each step."""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

LOGGING = ("log_every", "per_epoch", "evals", "watch_val", "accuracy", "log_lr")
KEPT_BACK = (
    "init_scale",
    "last_layer_scale",
    "label_noise",
    "train_size",
    "drop",
    "drop_at",
    "floor",
    "end",
    "horizon",
    "final_drop",
    "final_at",
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run. The defaults are sound; a fault changes one thing."""

    data: str = "digits"
    model: str = "relu"
    width: int = 64
    depth: int = 2
    dropout: float = 0.0
    activation: str | None = None  # in place of the network's own
    normalization: str | None = None  # batch_norm, layer_norm, group_norm in place of the network's own
    optimizer: str = "sgd"  # sgd, momentum, nesterov, adam, rmsprop, adamw
    lr: float = 0.1
    schedule: str = "constant"  # constant, cosine, linear, tail (constant, then straight to 0), step (times drop)
    drop: float = 0.1
    drop_at: float = 0.7  # share of the run at which a step or a tail begins
    floor: float = 0.0  # share of the peak that cosine and linear end at
    end: float = 1.0  # share of the run at which a tail comes to 0
    horizon: float = 1.0  # share of the run at which cosine and linear end; above 1 they are cut short
    warmup: float = 0.0  # share of the run
    final_drop: float = 1.0  # one more factor, from final_at on
    final_at: float = 1.0
    weight_decay: float = 0.0
    max_grad_norm: float | None = None
    init: str | None = None  # a named rule in place of PyTorch's own weights
    init_scale: float = 1.0  # multiplies every weight matrix at the start
    last_layer_scale: float = 1.0
    batch_size: int = 64
    steps: int = 1500
    train_size: int | None = None  # use only so many training rows
    label_noise: float = 0.0  # share of training labels drawn at random
    seed: int = 0
    # what is logged, which changes nothing in the training
    log_every: int = 1  # steps
    per_epoch: bool = False  # log the mean loss of each epoch, and evaluate then
    evals: int = 40  # evaluations over the run
    watch_val: bool = True
    accuracy: bool = True
    log_lr: bool = True

    @property
    def quiet(self) -> "Recipe":
        """The same training, logged in the usual way: equal trainings are equal recipes."""
        plain = Recipe()
        return replace(self, **{name: getattr(plain, name) for name in LOGGING})

    @property
    def config(self) -> dict[str, Any]:
        """What a person would have written down: not the fault."""
        return {k: v for k, v in asdict(self).items() if k not in (*LOGGING, *KEPT_BACK) and v is not None}

    @property
    def changes(self) -> dict[str, Any]:
        """The fields that differ from the defaults."""
        plain = asdict(Recipe())
        return {k: v for k, v in asdict(self).items() if v != plain[k]}

    def rate(self, step: int) -> float:
        """Learning rate of optimizer step ``step`` (0 is the first)."""
        done = step / self.steps
        final = self.final_drop if done >= self.final_at else 1.0
        if done < self.warmup:
            return self.lr * (step + 1) / (self.warmup * self.steps + 1)
        return self.lr * final * self._shape(done)

    def _shape(self, done: float) -> float:
        if self.schedule == "step":
            return self.drop if done >= self.drop_at else 1.0
        if self.schedule == "tail":
            return min(1.0, max(0.0, (self.end - done) / (self.end - self.drop_at)))
        through = min(1.0, (done - self.warmup) / (self.horizon - self.warmup))
        if self.schedule == "cosine":
            return self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * through))
        return 1.0 if self.schedule == "constant" else self.floor + (1 - self.floor) * (1 - through)

    @property
    def spent(self) -> bool:
        """Whether the rate comes down to its floor within the run: there is nothing to go on with."""
        return self.schedule in ("cosine", "linear", "tail") and self.horizon <= 1 and self.end <= 1

    def longer(self, factor: float) -> "Recipe":
        """More steps. A rate that came down to nothing is stretched over them; any other goes on from where it was."""
        steps = round(self.steps * factor)
        return replace(self, steps=steps) if self.spent else self._over(steps)

    def cut(self, steps: int) -> "Recipe":
        """The same run up to step ``steps``."""
        return self._over(steps) if steps < self.steps else self

    def _over(self, steps: int) -> "Recipe":
        """The first ``steps`` of the same training: every change of the rate stays at its step."""
        share = self.steps / steps
        return replace(
            self,
            steps=steps,
            drop_at=self.drop_at * share,
            end=self.end * share,
            horizon=self.horizon * share,
            warmup=self.warmup * share,
            final_at=self.final_at * share if self.final_drop != 1 else 1.0,
        )
