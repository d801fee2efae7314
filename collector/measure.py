"""Norms of weights, update and gradients of one optimizer step. With ``alignment`` and ``shards`` all that computes with torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from collector.sample import Sample
from collector.shards import local, replicas, summable
from collector.values import later

HALF = (torch.float16, torch.bfloat16)  # their norms are accumulated in float32: 65,504 is soon exceeded
LONG, ROW = 32_768, 4_096  # elements; see ``norms``
SMALL_COPY = 64 << 20  # bytes a copy may always take on an accelerator: less than any allocator's rounding


@dataclass(frozen=True)
class Begun:
    """What was taken before the step; lives until the step is over, so one copy of the weights at most exists.

    ``following`` is the parameter that the next measurement begins with, 0 when this one reached the last.
    """

    params: Sequence[torch.Tensor]
    copies: Sequence[torch.Tensor]
    weights: Sequence[torch.Tensor]
    grads: Sequence[torch.Tensor] | None  # None: a closure computes them within the step
    with_grad: Sequence[int]
    following: int
    clock: "Clock"


def begin(optimizer: Any, closure: bool, first: int = 0, shards_only: bool = False) -> Begun | None:
    """Weight norms and a copy of the weights before the step, from parameter ``first`` on as far as memory allows.

    None where there is nothing that can be measured. Gradients are taken here because a fused optimizer may rescale them in
    place; with a closure, after the step.
    """
    with torch.no_grad():
        params = [p for g in optimizer.param_groups for p in g["params"] if p.requires_grad]
        if shards_only:
            params = [p for p in params if local(p) is not p]  # an empty shard too: the reader waits for all ranks
        if not params:
            return None
        first = first if first < len(params) else 0
        last = _reach(params, first)
        chosen = params[first:last]
        clock = Clock(chosen[0])
        locals_ = [local(p) for p in chosen]
        grads, with_grad = ([], []) if closure else _grads(optimizer, chosen)
        copies, weights = torch._foreach_clone(locals_), norms(locals_)
        clock.pause()
        following = last if last < len(params) else 0
        return Begun(chosen, copies, weights, None if closure else grads, with_grad, following, clock)


def finish(begun: Begun, optimizer: Any, name: Callable[[torch.Tensor], str]) -> Sample:
    """The sample of the step that has just been made."""
    with torch.no_grad():
        begun.clock.resume()
        copies, grads, with_grad = list(begun.copies), begun.grads, begun.with_grad
        copies = _changes(copies, [local(p) for p in begun.params])
        if grads is None:
            grads, with_grad = _grads(optimizer, begun.params)
        found = getattr(optimizer, "found_inf", None)
        shares = [replicas(p) ** -0.5 for p in begun.params]  # of a whole that several ranks hold alike
        block = [*_scaled(begun.weights, shares), *_scaled(norms(copies), shares)]
        block += _scaled(grads, [shares[i] for i in with_grad])
        sample = Sample(
            [name(p) for p in begun.params],
            with_grad,
            _read([*block, *([] if found is None else [found.reshape(())])]),
            [local(p) is not p for p in begun.params],
        )
        begun.clock.stop()
        return sample


def _changes(before: list[torch.Tensor], after: list[torch.Tensor]) -> list[torch.Tensor]:
    """The differences, in the copies' own memory; half precision has too few digits for a difference and gets float32."""
    halves = [i for i, t in enumerate(before) if t.dtype in HALF]
    for i in halves:
        before[i] = before[i].float().sub_(after[i])
    full = [i for i in range(len(before)) if before[i].dtype == after[i].dtype]
    if full:
        torch._foreach_sub_([before[i] for i in full], [after[i] for i in full])
    return before


def _scaled(values: Sequence[torch.Tensor], shares: Sequence[float]) -> list[torch.Tensor]:
    return [v if share == 1 else v * share for v, share in zip(values, shares, strict=True)]


def _grads(optimizer: Any, params: Sequence[torch.Tensor]) -> tuple[list[torch.Tensor], list[int]]:
    grads = {i: _dense(local(p.grad)) for i, p in enumerate(params) if p.grad is not None and summable(p.grad)}
    found = norms(list(grads.values()))
    scale = getattr(optimizer, "grad_scale", None)  # GradScaler leaves the unscaling to a fused optimizer
    return (found if scale is None else [g / scale.to(g.device) for g in found]), list(grads)


def _dense(grad: torch.Tensor) -> torch.Tensor:
    return grad.coalesce().values() if grad.is_sparse else grad


def _reach(params: Sequence[torch.Tensor], first: int) -> int:
    """The index after the last parameter whose copy still fits; one parameter always does."""
    room, last = spare(params[first]), first
    while last < len(params):
        room -= local(params[last]).numel() * params[last].element_size()
        if room < 0 and last > first:
            break
        last += 1
    return last


def spare(param: torch.Tensor) -> float:
    """Bytes that copies may take on the parameter's device without raising the training's own peak.

    When the optimizer steps, the activations of the backward pass are gone: what they took is free, and torch's allocator
    knows how much. On the CPU one copy of the weights is allowed for the length of a step.
    """
    if not param.is_cuda:
        return float("inf")
    free = torch.cuda.max_memory_allocated(param.device) - torch.cuda.memory_allocated(param.device)
    return max(SMALL_COPY, free)


def norms(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The L2 norm of each tensor, on its device, exact to about 1e-7.

    On the CPU torch adds float32 squares in one long sum, which is off by 1e-4 at four million elements; long tensors are
    therefore summed in rows, and the rows in float64, in the same time.
    """
    long = [t.numel() > LONG and t.device.type == "cpu" for t in tensors]
    short = iter(_foreach_norms([t for t, is_long in zip(tensors, long, strict=True) if not is_long]))
    return [_long_norm(t) if is_long else next(short) for t, is_long in zip(tensors, long, strict=True)]


def _foreach_norms(tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    if not tensors:
        return []
    halves = sum(t.dtype in HALF for t in tensors)
    if not halves:
        return list(torch._foreach_norm(list(tensors), 2))
    if halves == len(tensors):
        return list(torch._foreach_norm(list(tensors), 2, dtype=torch.float32))
    return [torch.linalg.vector_norm(t, dtype=torch.float32 if t.dtype in HALF else None) for t in tensors]


def _long_norm(tensor: torch.Tensor) -> torch.Tensor:
    flat = tensor.reshape(-1)
    kind = torch.float32 if tensor.dtype in HALF else None
    whole = flat.numel() // ROW * ROW
    rows = torch.linalg.vector_norm(flat[:whole].view(-1, ROW), dim=1, dtype=kind)
    rest = torch.linalg.vector_norm(flat[whole:], dtype=kind)
    norm: torch.Tensor = torch.linalg.vector_norm(torch.cat([rows, rest.reshape(1)]), dtype=torch.float64)
    return norm


def _read(scalars: Sequence[torch.Tensor]) -> Any:
    """The values in one transfer: at once from the CPU, later from an accelerator."""
    device = next((s.device for s in scalars if not s.is_cpu), None)
    if device is None:
        return _stacked(scalars, torch.float64).tolist()
    kind = torch.float32 if device.type == "mps" else torch.float64
    return later(_stacked([s.to(device, non_blocking=True) for s in scalars], kind))


def _stacked(scalars: Sequence[torch.Tensor], kind: torch.dtype) -> torch.Tensor:
    """One tensor; those of one type, which is nearly always all, without a call for each."""
    if len({s.dtype for s in scalars}) == 1:
        return torch.stack(list(scalars)).to(kind)
    return torch.stack([s.to(kind) for s in scalars])


class Clock:
    """What measuring cost the device: it works behind the host, so the host's clock does not tell.

    Four CUDA events around the work before and after the step; nothing on other devices.
    """

    def __init__(self, param: torch.Tensor) -> None:
        self._device = param.device
        self._events: list[Any] = []
        self._mark()

    def pause(self) -> None:
        """The work before the step is queued."""
        self._mark()

    def resume(self) -> None:
        """The step is queued."""
        self._mark()

    def stop(self) -> None:
        """All is queued."""
        self._mark()

    def _mark(self) -> None:
        if self._device.type == "cuda":
            event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
            event.record(torch.cuda.current_stream(self._device))
            self._events.append(event)

    def seconds(self) -> float | None:
        """Seconds of device time; None while the device is still busy with it, 0 where there is no such clock."""
        if not self._events:
            return 0.0
        if not all(event.query() for event in self._events):
            return None
        before, pause, resume, stop = self._events
        return float(before.elapsed_time(pause) + resume.elapsed_time(stop)) / 1e3  # ms
