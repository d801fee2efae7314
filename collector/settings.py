"""Hyperparameters that the optimizers and the model hold anyhow, so that nobody has to say them twice."""

from collections.abc import Iterator, Sequence
from typing import Any


def settings(optimizers: Sequence[Any], model: Any) -> dict[str, Any]:
    """``optimizer`` (its class), ``weight_decay`` and ``momentum`` (the largest of its parameter groups), ``dropout`` (the largest of the model's layers).

    What neither has is left out.
    """
    found: dict[str, Any] = {}
    if optimizers:
        found["optimizer"] = type(_inner(optimizers[0])).__name__
    groups = [group for optimizer in optimizers for group in getattr(optimizer, "param_groups", ())]
    found |= _largest("weight_decay", (group.get("weight_decay") for group in groups))
    found |= _largest("momentum", (group.get("momentum") or None for group in groups))  # 0 is SGD without one
    return found | _largest("dropout", _dropouts(model))


def _inner(optimizer: Any) -> Any:
    """Accelerate wraps an optimizer into one of its own."""
    return getattr(optimizer, "optimizer", optimizer)


def _largest(name: str, values: Iterator[Any]) -> dict[str, float]:
    known = [float(value) for value in values if isinstance(value, int | float)]
    return {name: max(known)} if known else {}


def _dropouts(model: Any) -> Iterator[Any]:
    """torch's own layers and those made from them: Dropout, Dropout1d, AlphaDropout; what a model drops by a function of its own is not seen."""
    modules = model.modules() if hasattr(model, "modules") else ()
    kinds = (module for module in modules if any(c.__name__ == "_DropoutNd" for c in type(module).__mro__))
    return (getattr(module, "p", None) for module in kinds)
