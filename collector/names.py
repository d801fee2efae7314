"""What a parameter tensor is called in the layer table."""

from collections.abc import Sequence
from typing import Any

COMPILED, PARALLEL = "_orig_mod", "module."  # what torch.compile and DistributedDataParallel put into names


class Names:
    """Names by identity: those of ``model.named_parameters()``, else ``<group>/<index>`` in the optimizers."""

    def __init__(self) -> None:
        self._model: Any = None
        self._names: dict[int, str] = {}

    def model(self, model: Any) -> None:
        """Take the names of this model's parameters."""
        self._model, self._names = model, {}

    def of(self, optimizers: Sequence[Any], param: Any) -> str:
        """The name of ``param``, which one of the optimizers holds."""
        if id(param) not in self._names:  # the first time, and after parameters were added to the model
            self._names = _by_position(optimizers) | self._by_model()
        return self._names.get(id(param), "unnamed")

    def _by_model(self) -> dict[int, str]:
        if self._model is None:
            return {}
        return {id(p): _plain(name) for name, p in self._model.named_parameters()}


def _by_position(optimizers: Sequence[Any]) -> dict[int, str]:
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    return {id(p): f"{g}/{i}" for g, group in enumerate(groups) for i, p in enumerate(group["params"])}


def _plain(name: str) -> str:
    """torch.compile wraps any part of a model, DistributedDataParallel the whole."""
    inner = ".".join(part for part in name.split(".") if part != COMPILED)
    return inner.removeprefix(PARALLEL)
