"""What one call of a loss function of ``torch.nn.functional`` says: the loss, over how many samples, and how many were right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from collector.attach.scalars import Scalar, scalar

BY_CLASS = ("cross_entropy", "nll_loss")  # targets may be class indices
FORWARD = "forward"  # stands for the function where a model returned the loss
FUNCTIONS = (
    *BY_CLASS,
    "linear_cross_entropy",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "mse_loss",
    "l1_loss",
    "smooth_l1_loss",
    "huber_loss",
    "kl_div",
    "poisson_nll_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
    "margin_ranking_loss",
    "cosine_embedding_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
    "ctc_loss",
)


@dataclass
class Call:
    """One call of a loss function.

    Attributes:
        function: its name.
        mean: loss a sample.
        total: sum over the samples, as ``reduction="sum"`` gives it.
        count: of samples: rows of the batch, or targets that are not ignored.
        summed: whether what the script got is the sum, or the single losses, rather than the mean.
        right: samples whose largest logit is that of their class; None where targets are no classes, or nobody asked.
        classes: number of classes; None where targets are none.
    """

    function: str
    mean: Scalar
    total: Scalar
    count: Scalar
    summed: bool
    right: Scalar | None
    classes: int | None


class Reader:
    """Reads calls of one loss function; made once, so that a call costs a few microseconds.

    Args:
        function: the original; the names of its parameters say which argument is what.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.name = function.__name__
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        self._places = {name: index for index, name in enumerate(names)}

    def read(self, result: Any, args: Sequence[Any], kwargs: Mapping[str, Any], exactly: bool) -> Call:
        """The call that gave ``result``.

        Args:
            result: a tensor; it may still hang on its graph.
            args: of the call.
            kwargs: of the call.
            exactly: whether to count the targets that are not ignored even for a mean, and those that were classified right.

        Raises:
            Exception: anything, where a script calls the function in a way we do not know.
        """
        first, result = (args[0] if args else next(iter(kwargs.values()))), result.detach()
        target = self._argument("target", args, kwargs)
        classes, reduction = self._classes(first, target), self._reduction(result, args, kwargs)
        valid = None
        if classes is not None and (exactly or reduction != "mean"):
            ignored = self._argument("ignore_index", args, kwargs)
            valid = target != (-100 if ignored is None else ignored)
        count = _rows(first) if valid is None else scalar(valid.sum())
        value = scalar(result.sum() if reduction == "none" else result)
        mean, total = (value, value * count) if reduction == "mean" else (_over(value, count), value)
        right = _right(first, target, valid) if exactly and valid is not None else None
        return Call(self.name, mean, total, count, reduction != "mean", right, classes)

    def target(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """The tensor of targets; None where the function has none."""
        return self._argument("target", args, kwargs)

    def _argument(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if name in kwargs:
            return kwargs[name]
        place = self._places.get(name, len(args))
        return args[place] if place < len(args) else None

    def _classes(self, logits: Any, target: Any) -> int | None:
        """Number of classes, where the targets are class indices."""
        if self.name not in BY_CLASS or target is None or target.is_floating_point():
            return None
        return int(logits.shape[1 if logits.dim() > 1 else 0])

    def _reduction(self, result: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        if result.dim() > 0:
            return "none"
        averaged = self._argument("size_average", args, kwargs)  # the way of old scripts
        if averaged is not None:
            return "mean" if averaged else "sum"
        return "sum" if self._argument("reduction", args, kwargs) == "sum" else "mean"


def forward(loss: Any, inputs: Sequence[Any]) -> Call:
    """The loss that a whole model returned for ``inputs``, taken for a mean over the rows of the first tensor."""
    value = scalar(loss)
    count = next((_rows(tensor) for tensor in inputs if hasattr(tensor, "dim")), 1.0)
    return Call(FORWARD, value, value * count, count, False, None, None)


def _rows(tensor: Any) -> float:
    return float(tensor.shape[0]) if tensor.dim() else 1.0


def _over(total: Scalar, count: Scalar) -> Scalar:
    return total / count if not isinstance(count, float) or count else float("nan")


def _right(logits: Any, target: Any, valid: Any) -> Scalar:
    best = logits.detach().argmax(1 if logits.dim() > 1 else 0)
    return scalar(((best == target) & valid).sum())
