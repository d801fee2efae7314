"""Where torch tells us what a script does: its loss functions, back-propagation, GradScaler, and global optimizer hooks.

Every patched function gives what the original gives. Under ``torch.compile`` and inside ``torch.func`` transforms, where
tensors are not what they seem, nothing else happens.
"""

import sys
from collections.abc import Callable, Mapping
from functools import wraps
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from collector.attach.backward import root
from collector.attach.losses import FUNCTIONS, Reader

if TYPE_CHECKING:
    from collector.attach.session import Session


def install(session: "Session") -> None:
    """Patch torch, which has just been imported."""
    import torch
    from torch.optim import optimizer

    functional = torch.nn.functional
    for name in FUNCTIONS:
        if hasattr(functional, name):
            setattr(functional, name, _loss(session, getattr(functional, name)))
    torch.autograd.backward = _backward(session, torch.autograd.backward)
    scaler, base = torch.amp.GradScaler, torch.optim.Optimizer
    scaler.scale = _scale(session, scaler.scale)  # type: ignore[method-assign]
    base.zero_grad = _zero_grad(session, base.zero_grad)  # type: ignore[method-assign]
    BaseProcess.start = _start(session, BaseProcess.start)  # type: ignore[method-assign]
    torch.compile = _compile(session, torch.compile)
    before, after = session.guarded(session.before_step), session.guarded(session.after_step)
    optimizer.register_optimizer_step_pre_hook(lambda own, *_: before(own))
    optimizer.register_optimizer_step_post_hook(lambda own, *_: after(own))


def _loss(session: "Session", original: Callable[..., Any]) -> Callable[..., Any]:
    torch = sys.modules["torch"]
    called, reader = session.guarded(session.called), Reader(original)
    compiling, grad_on = torch.compiler.is_compiling, torch.is_grad_enabled
    inside = False  # a tensor subclass may call the function again

    @wraps(original)
    def loss(*args: Any, **kwargs: Any) -> Any:
        nonlocal inside
        if compiling() or inside:
            return original(*args, **kwargs)
        inside = True
        try:
            result = original(*args, **kwargs)
        finally:
            inside = False
        if session.active and _plain(torch, result):
            called(reader, result, args, kwargs, grad_on())
        return result

    loss.__dict__["__script_if_tracing_wrapper"] = True  # torch.jit.script compiles what follows instead
    loss.__dict__["__original_fn"] = original
    return loss


def _plain(torch: Any, result: Any) -> bool:
    """Whether ``result`` is an ordinary tensor of an ordinary call."""
    if not isinstance(result, torch.Tensor) or result.device.type == "meta":
        return False
    if type(result).__module__.startswith("torch.") and type(result) is not torch.Tensor:
        return False  # fake, functional and distributed tensors
    if torch._C._functorch.peek_interpreter_stack() is not None:
        return False
    return result.device.type != "cuda" or not torch.cuda.is_current_stream_capturing()


def _backward(session: "Session", original: Callable[..., Any]) -> Callable[..., Any]:
    torch = sys.modules["torch"]
    begins, ended = session.guarded(session.back_propagates), session.guarded(session.back_propagated)
    compiling = torch.compiler.is_compiling
    inside = False  # activation checkpoints back-propagate inside of a backward pass

    @wraps(original)
    def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal inside
        if compiling() or inside:
            return original(tensors, *args, **kwargs)
        inside = True
        try:
            one = begins(tensors)
            result = original(tensors, *args, **kwargs)
        finally:
            inside = False
        if one is not None:
            ended(one)
        return result

    return backward


def _scale(session: "Session", original: Callable[..., Any]) -> Callable[..., Any]:
    measure = session.guarded(root)

    @wraps(original)
    def scale(scaler: Any, outputs: Any) -> Any:
        scaled = original(scaler, outputs)
        if scaled is not outputs and hasattr(outputs, "grad_fn") and outputs.numel() == 1:
            scaled._curvewise_unscaled = measure(outputs)
        return scaled

    return scale


def _zero_grad(session: "Session", original: Callable[..., Any]) -> Callable[..., Any]:
    cleared = session.guarded(session.losses.cleared)

    @wraps(original)
    def zero_grad(*args: Any, **kwargs: Any) -> Any:
        cleared()
        return original(*args, **kwargs)

    return zero_grad


def _start(session: "Session", original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def start(process: Any) -> Any:
        target = getattr(process, "_target", None)
        session.children += not getattr(target, "__module__", "").startswith(("torch.utils.data", "multiprocessing"))
        return original(process)

    return start


def _compile(session: "Session", original: Callable[..., Any]) -> Callable[..., Any]:
    """A loss computed inside a compiled model is seen where the model returns it."""
    torch = sys.modules["torch"]

    @wraps(original)
    def compile(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        session.compiles = True
        if isinstance(made, torch.nn.Module) and type(made) is not type(args[0] if args else None):
            _watch_calls(session, type(made))
        return made

    return compile


def _watch_calls(session: "Session", kind: Any) -> None:
    if not hasattr(kind.__call__, "__wrapped__"):
        kind.__call__ = _model(session, kind.__call__)


def _model(session: "Session", original: Callable[..., Any]) -> Callable[..., Any]:
    torch = sys.modules["torch"]
    returned, compiling, grad_on = session.guarded(session.returned), torch.compiler.is_compiling, torch.is_grad_enabled

    @wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if session.active and not compiling():
            loss = _only_scalar(torch, result)
            if loss is not None and _plain(torch, loss):
                returned(loss, [*args[1:], *kwargs.values()], grad_on())
        return result

    return call


def _only_scalar(torch: Any, result: Any) -> Any:
    """The loss among what a model returned: what is called so, else the only scalar; None where there is none."""
    named = result.get("loss") if isinstance(result, Mapping) else getattr(result, "loss", None)
    if named is not None:
        return named
    several = result if isinstance(result, list | tuple) else [result]
    scalars = [v for v in several if isinstance(v, torch.Tensor) and v.dim() == 0 and v.is_floating_point()]
    return scalars[0] if len(scalars) == 1 else None
