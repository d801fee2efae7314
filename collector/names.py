"""What a parameter tensor is called in the layer table."""

from typing import Any

WRAPPERS = ("_orig_mod.", "module.")  # of torch.compile and of DistributedDataParallel


class Names:
    """Names by identity: those of ``model.named_parameters()``, else ``<group>/<index>`` in the optimizers."""

    def __init__(self, model: Any, optimizers: list[Any]) -> None:
        self._model, self._optimizers = model, optimizers
        self._names: dict[int, str] = {}

    def __call__(self, param: Any) -> str:
        """The name of ``param``."""
        if id(param) not in self._names:  # the first time, and after parameters were added to the model
            self._names = self._by_position() | self._by_model()
        return self._names.get(id(param), "unnamed")

    def _by_position(self) -> dict[int, str]:
        groups = [group for optimizer in self._optimizers for group in optimizer.param_groups]
        return {id(p): f"{g}/{i}" for g, group in enumerate(groups) for i, p in enumerate(group["params"])}

    def _by_model(self) -> dict[int, str]:
        if self._model is None:
            return {}
        return {id(p): _plain(name) for name, p in self._model.named_parameters()}


def _plain(name: str) -> str:
    for wrapper in WRAPPERS:
        name = name.removeprefix(wrapper)
    return name
