"""A recipe: everything that decides a run, and the learning rate it asks for at each step."""

import json
import math
from dataclasses import asdict, dataclass, replace
from typing import Any

LOGGING = (
    *("log_every", "log_mean", "per_epoch", "evals", "epoch_evals", "first_eval"),
    *("watch_val", "accuracy", "train_accuracy", "log_lr", "log_layers", "log_config"),
)
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
RISE, START = 0.3, 0.04  # one cycle: share of the run, and of the peak


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
    objective: str | None = None  # in place of cross-entropy and squared error; ``objectives`` has them
    optimizer: str = "sgd"  # sgd, momentum, nesterov, adam, rmsprop, adamw, adagrad, lion, nadam, adamax
    lr: float = 0.1
    schedule: str = "constant"  # constant, cosine, linear, exponential, onecycle, tail (constant, then straight to 0), step (times drop)
    drop: float = 0.1
    drop_at: float = 0.7  # share of the run at which a step or a tail begins
    floor: float = 0.0  # share of the peak that cosine, linear and exponential end at
    end: float = 1.0  # share of the run at which a tail comes to 0
    horizon: float = 1.0  # share of the run at which a smooth schedule ends; above 1 they are cut short
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
    label_smoothing: float | None = None
    mixup: float | None = None  # both parameters of the Beta distribution that the shares are drawn from
    input_noise: float | None = None  # deviation of what is added to the inputs at each training step
    seed: int = 0
    # what is logged, which changes nothing in the training
    log_every: int = 1  # steps
    log_mean: bool = False  # log the mean loss since the last row
    per_epoch: bool = False  # log the mean loss of each epoch, and evaluate then
    evals: int = 40  # evaluations over the run
    epoch_evals: bool = False  # evaluate at the end of each epoch instead
    first_eval: bool = True  # evaluate before the first step too
    watch_val: bool = True
    accuracy: bool = True
    train_accuracy: bool = True  # log it of training too
    log_lr: bool = True
    log_layers: bool = True  # and what is measured of the weights and gradients
    log_config: bool = True  # all of it, the number of classes and the name of the loss; else what is ``seen``, where layers are logged

    @property
    def quiet(self) -> "Recipe":
        """The same training, logged in the usual way: equal trainings are equal recipes."""
        plain = Recipe()
        return replace(self, **{name: getattr(plain, name) for name in LOGGING})

    @property
    def key(self) -> str:
        """What it is remembered by: a field that is added later changes no key."""
        return json.dumps(self.quiet.changes)

    @property
    def config(self) -> dict[str, Any]:
        """What a person would have written down: not the fault."""
        return {k: v for k, v in asdict(self).items() if k not in (*LOGGING, *KEPT_BACK) and v is not None}

    @property
    def seen(self) -> dict[str, Any]:
        """What the collector finds out by itself of who trains and what is trained (``collector.settings``)."""
        heavy = self.optimizer in ("momentum", "nesterov")
        rule = {"optimizer": "sgd", "momentum": 0.9} if heavy else {"optimizer": self.optimizer}
        return rule | {"weight_decay": self.weight_decay, "dropout": self.dropout}

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
        left = self.horizon - self.warmup  # of the run; nothing where the warmup ends after the decay
        through = min(1.0, (done - self.warmup) / left) if left > 0 else 1.0
        if self.schedule == "onecycle":
            return _one_cycle(through)
        if self.schedule == "exponential":
            return self.floor**through
        if self.schedule == "cosine":
            return self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * through))
        return 1.0 if self.schedule == "constant" else self.floor + (1 - self.floor) * (1 - through)

    @property
    def spent(self) -> bool:
        """Whether the rate comes down to its floor within the run: there is nothing to go on with."""
        return (
            self.schedule in ("cosine", "linear", "tail", "exponential", "onecycle")
            and self.horizon <= 1
            and self.end <= 1
        )

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


def _one_cycle(through: float) -> float:
    """Up from a 25th for 30 % of the way, and down to nothing, both along a cosine (PyTorch's defaults)."""
    if through < RISE:
        return START + (1 - START) * 0.5 * (1 - math.cos(math.pi * through / RISE))
    return 0.5 * (1 + math.cos(math.pi * (through - RISE) / (1 - RISE)))
