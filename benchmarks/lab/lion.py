"""Lion (Chen et al., 2023), which PyTorch does not have."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer


class Lion(Optimizer):
    """Every weight goes as far as the rate says, in the direction of a running mean; weight decay is apart from it."""

    def __init__(self, params: Iterable[Tensor], lr: float, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "betas": (0.9, 0.99)})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Change every weight that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._change(weight, group)

    def _change(self, weight: Tensor, group: dict[str, "float | tuple[float, float]"]) -> None:
        lr, decay, (near, far) = group["lr"], group["weight_decay"], group["betas"]  # type: ignore[misc]
        mean = self.state[weight].setdefault("mean", torch.zeros_like(weight))
        weight.mul_(1 - lr * decay).sub_(lr * torch.sign(near * mean + (1 - near) * weight.grad))
        mean.mul_(far).add_((1 - far) * weight.grad)
