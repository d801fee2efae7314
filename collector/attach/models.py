"""Finds what the script never showed us, once: the model of an optimizer, and collectors the script made itself."""

import gc
import sys
from typing import Any

WRAPPED = ("module", "_orig_mod")  # DistributedDataParallel and torch.compile keep the model here


def model_of(optimizer: Any) -> Any:
    """The outermost module that owns most of the optimizer's parameters; None when there is none."""
    wanted = {id(p) for group in optimizer.param_groups for p in group["params"]}
    modules = [o for o in gc.get_objects() if issubclass(type(o), sys.modules["torch"].nn.Module)]
    inner = {id(child) for module in modules for child in module._modules.values()}
    owned = [
        (len(wanted & ids), -len(ids), module)
        for module in modules
        if id(module) not in inner and (ids := _ids(module))
    ]
    best = max(owned, key=lambda entry: entry[:2], default=(0, 0, None))
    return best[2] if best[0] else None


def in_eval_mode(model: Any) -> bool:
    """Whether the model, or what a wrapper holds, was put into evaluation mode."""
    while model is not None:
        if not model.training:
            return True
        model = next((m for name in WRAPPED if (m := model._modules.get(name)) is not None), None)
    return False


def others_collector() -> bool:
    """Whether the script has made a ``Collector`` that is still there."""
    made = getattr(sys.modules.get("collector.collector"), "Collector", None)
    return made is not None and any(issubclass(type(o), made) for o in gc.get_objects())


def _ids(module: Any) -> set[int]:
    try:
        return {id(p) for p in module.parameters()}
    except Exception:  # a module of the script's that is not set up
        return set()
