"""What a parameter tensor is called in the layer table, and what shape it has."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from collector.schema import NO_MODULE, Shape

COMPILED, PARALLEL = "_orig_mod", "module."  # what torch.compile and DistributedDataParallel put into names
TORCH = "torch.nn.modules."  # where torch's own layers are defined; its base class says nothing

Named = Iterator[tuple[str, Any, Any]]  # name, parameter, module that holds it or None


class Names:
    """Names by identity: those of ``model.named_parameters()``, else ``<group>/<index>`` in the optimizers.

    Args:
        tell: called with the shape of each parameter by name, as text, and of those of the model that ask for a gradient and that no optimizer holds: the first time, and after parameters
            were added.
    """

    def __init__(self, tell: Callable[[Mapping[str, str], Mapping[str, str]], None]) -> None:
        self._model: Any = None
        self._tell = tell
        self._names: dict[int, str] = {}
        self._told: dict[str, str] = {}

    def model(self, model: Any) -> None:
        """Take the names of this model's parameters."""
        self._model, self._names = model, {}

    def of(self, optimizers: Sequence[Any], param: Any) -> str:
        """The name of ``param``, which one of the optimizers holds."""
        if id(param) not in self._names:  # the first time, and after parameters were added to the model
            self._look(optimizers)
        return self._names.get(id(param), "unnamed")

    def _look(self, optimizers: Sequence[Any]) -> None:
        known = {id(p): (name, p, owner) for name, p, owner in _by_position(optimizers)}
        trained = set(known)
        own = {id(p): (name, p, owner) for name, p, owner in _by_model(self._model)}
        known |= own
        self._names = {key: name for key, (name, _, _) in known.items()}
        shapes = {known[key][0]: _shape(*known[key][1:]) for key in known if key in trained}
        if shapes != self._told:
            self._told = shapes
            self._tell(shapes, _left_out(own, trained))


def _left_out(own: Mapping[int, tuple[str, Any, Any]], trained: set[int]) -> dict[str, str]:
    """Of the model's ``own`` parameters; none where the optimizers hold nothing of this model, but copies of its parameters, say."""
    if trained.isdisjoint(own):
        return {}
    missing = (kept for key, kept in own.items() if key not in trained and kept[1].requires_grad)
    return {name: _shape(param, owner) for name, param, owner in missing}


def _by_model(model: Any) -> Named:
    if model is None:
        return
    owners = dict(model.named_modules()) if hasattr(model, "named_modules") else {}
    for name, param in model.named_parameters():
        yield _plain(name), param, owners.get(name.rpartition(".")[0])


def _by_position(optimizers: Sequence[Any]) -> Named:
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    return ((f"{g}/{i}", p, None) for g, group in enumerate(groups) for i, p in enumerate(group["params"]))


def _shape(param: Any, owner: Any) -> str:
    own = (c.__name__ for c in type(owner).__mro__ if c.__module__.startswith(TORCH) and c.__name__ != "Module")
    return str(Shape(next(own, NO_MODULE), tuple(param.shape)))


def _plain(name: str) -> str:
    """torch.compile wraps any part of a model, DistributedDataParallel the whole."""
    inner = ".".join(part for part in name.split(".") if part != COMPILED)
    return inner.removeprefix(PARALLEL)
