"""Norms of weights, update and gradients of one optimizer step. The only file of ours that computes with torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from collector.sample import Sample
from collector.values import later

HALF = (torch.float16, torch.bfloat16)  # their norms are accumulated in float32: 65,504 is soon exceeded


@dataclass(frozen=True)
class Begun:
    """What was taken before the step; lives until the step is over, so one copy of the weights at most exists."""

    params: Sequence[torch.Tensor]
    copies: Sequence[torch.Tensor]
    weights: Sequence[torch.Tensor]
    grads: Sequence[torch.Tensor] | None  # None: a closure computes them within the step
    with_grad: Sequence[int]


def begin(optimizer: torch.optim.Optimizer, closure: bool) -> Begun | None:
    """Weight norms and a copy of the weights before the step; None where there is nothing that can be measured.

    Gradients are taken here because a fused optimizer may rescale them in place; with a closure, after the step.
    Parameters sharded over processes (DTensor) are left out: their norm is a collective, which would hang.
    """
    with torch.no_grad():
        params = [p for g in optimizer.param_groups for p in g["params"] if p.requires_grad and not _sharded(p)]
        if not params:
            return None
        grads, with_grad = ([], []) if closure else _grads(optimizer, params)
        return Begun(params, torch._foreach_clone(params), norms(params), None if closure else grads, with_grad)


def finish(begun: Begun, optimizer: torch.optim.Optimizer, name: Callable[[torch.Tensor], str]) -> Sample:
    """The sample of the step that has just been made."""
    with torch.no_grad():
        copies, grads, with_grad = list(begun.copies), begun.grads, begun.with_grad
        torch._foreach_sub_(copies, list(begun.params))
        if grads is None:
            grads, with_grad = _grads(optimizer, begun.params)
        found = getattr(optimizer, "found_inf", None)
        block = [*begun.weights, *norms(copies), *grads, *([] if found is None else [found])]
        return Sample([name(p) for p in begun.params], with_grad, _read(block))


def _grads(optimizer: Any, params: Sequence[torch.Tensor]) -> tuple[list[torch.Tensor], list[int]]:
    grads = {i: _dense(p.grad) for i, p in enumerate(params) if p.grad is not None}
    found = norms(list(grads.values()))
    scale = getattr(optimizer, "grad_scale", None)  # GradScaler leaves the unscaling to a fused optimizer
    return (found if scale is None else [g / scale for g in found]), list(grads)


def _dense(grad: torch.Tensor) -> torch.Tensor:
    return grad.coalesce().values() if grad.is_sparse else grad


def _sharded(tensor: torch.Tensor) -> bool:
    return hasattr(tensor, "full_tensor")


def norms(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The L2 norm of each tensor, on its device, at least in float32."""
    if not tensors:
        return []
    halves = sum(t.dtype in HALF for t in tensors)
    if not halves:
        return list(torch._foreach_norm(list(tensors), 2))
    if halves == len(tensors):
        return list(torch._foreach_norm(list(tensors), 2, dtype=torch.float32))
    return [torch.linalg.vector_norm(t, dtype=torch.float32 if t.dtype in HALF else None) for t in tensors]


def _read(scalars: Sequence[torch.Tensor]) -> Any:
    """The values in one transfer: at once from the CPU, later from an accelerator."""
    device = next((s.device for s in scalars if s.device.type != "cpu"), None)
    if device is None:
        return torch.stack([s.reshape(()).double() for s in scalars]).tolist()
    return later(torch.stack([s.reshape(()).float().to(device, non_blocking=True) for s in scalars]))
