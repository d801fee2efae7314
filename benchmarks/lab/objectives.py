"""What a network is trained to make small, and how a batch is changed before: mixup, noise, smoothed labels."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.lab.recipe import Recipe

PRIOR = 0.05  # weight of the distance to the prior in a variational autoencoder
LOG_2 = 0.6931
HIGH = 0.8  # the quantile that is asked for
FOCUS = 2.0  # how much a focal loss forgives what is nearly right
COLD = 0.2  # temperature of the similarities of a contrastive loss


def usual(classes: int | None) -> str:
    """The loss of a recipe that names none."""
    return "mse" if classes is None else "cross_entropy"


def trained(
    model: nn.Module, x: Tensor, y: Tensor, recipe: Recipe, classes: int | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Output, target and the loss to be trained on, of one batch."""
    if recipe.input_noise is not None:
        x = x + recipe.input_noise * torch.randn_like(x)
    if recipe.mixup is None:
        output = model(x)
        return output, y, loss(output, y, recipe, classes, recipe.label_smoothing or 0.0)
    share = torch.distributions.Beta(recipe.mixup, recipe.mixup).sample()
    other = torch.randperm(len(x))
    output = model(share * x + (1 - share) * x[other])
    mine, theirs = (loss(output, t, recipe, classes, recipe.label_smoothing or 0.0) for t in (y, y[other]))
    return output, y, share * mine + (1 - share) * theirs


def loss(output: Tensor, target: Tensor, recipe: Recipe, classes: int | None, smoothing: float = 0.0) -> Tensor:
    """The recipe's objective."""
    match recipe.objective:
        case "binary_cross_entropy_with_logits":
            return F.binary_cross_entropy_with_logits(output, target)
        case "huber":
            return F.huber_loss(output.reshape(target.shape), target)
        case "l1":
            return F.l1_loss(output.reshape(target.shape), target)
        case "log_cosh":
            apart = output.reshape(target.shape) - target
            return (F.softplus(2 * apart) - apart - LOG_2).mean()
        case "pinball":
            apart = target - output.reshape(target.shape)
            return torch.maximum(HIGH * apart, (HIGH - 1) * apart).mean()
        case "cosine":
            return (1 - F.cosine_similarity(output, target)).mean()
        case "hinge":
            return F.multi_margin_loss(output, target)
        case "focal":
            each = F.cross_entropy(output, target, reduction="none")
            return ((1 - torch.exp(-each)) ** FOCUS * each).mean()
        case "elbo":
            return _elbo(output, target)
        case "info_nce":
            return _info_nce(output, recipe.batch_size)
    if classes is None:
        return F.mse_loss(output.reshape(target.shape), target)
    return F.cross_entropy(output, target, label_smoothing=smoothing)


def _elbo(output: Tensor, target: Tensor) -> Tensor:
    """Squared error of the row that was made up, and the distance of its code to the prior."""
    made, code = output.split([target.shape[1], output.shape[1] - target.shape[1]], dim=1)
    mean, spread = code.chunk(2, dim=1)
    distance = 0.5 * (mean**2 + spread.exp() - 1 - spread).sum(dim=1).mean()
    return F.mse_loss(made, target) + PRIOR * distance


def _info_nce(output: Tensor, batch: int) -> Tensor:
    """How well each left half finds its right one among those of its batch; a last batch that is not full is left out."""
    whole = output[: max(1, len(output) // batch) * batch]
    return torch.stack([_found(part) for part in whole.split(batch)]).mean()


def _found(output: Tensor) -> Tensor:
    left, right = (F.normalize(half, dim=1) for half in output.chunk(2, dim=1))
    return F.cross_entropy(left @ right.T / COLD, torch.arange(len(left)))
