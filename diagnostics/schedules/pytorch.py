"""A schedule as PyTorch code: torch's own schedulers where one gives it exactly, else ``LambdaLR``."""

import re

from diagnostics.schedules.schedule import GRADUAL, Schedule

USE = "\n# in the training loop, after every optimizer.step():\n# scheduler.step()\n"


def code(schedule: Schedule) -> str:
    """Source that makes ``optimizer`` and ``scheduler`` for a ``model``."""
    return made(schedule) + USE


def made(schedule: Schedule, imports: str = "") -> str:
    """The same without the lines on how it is used, and with more ``imports``."""
    body = _optimizer(schedule) + _scheduler(schedule)
    names = sorted(set(re.findall(r"\b[A-Z]\w+LR\b|CosineAnnealingWarmRestarts", body)))
    return f"import torch\nfrom torch.optim.lr_scheduler import {', '.join(names)}\n{imports}\n{body}"


def _optimizer(schedule: Schedule) -> str:
    return f"optimizer = torch.optim.SGD(model.parameters(), lr={schedule.peak!r})  # or another, at this rate\n"


def _scheduler(schedule: Schedule) -> str:
    parts = _after(schedule)
    if schedule.warmup_steps:
        parts = [(_warmup(schedule), schedule.warmup_steps), *parts]
    if schedule.kind == "constant" and len(parts) > 1:
        parts = parts[:1]  # what warms up stays at the peak
    if len(parts) == 1:
        return f"scheduler = {parts[0][0]}\n"
    ends = [sum(steps for _, steps in parts[: i + 1]) for i in range(len(parts) - 1)]
    listed = "".join(f"    {part},\n" for part, _ in parts)
    return f"parts = [\n{listed}]\nscheduler = SequentialLR(optimizer, parts, milestones={ends})\n"


def _warmup(schedule: Schedule) -> str:
    w, start = schedule.warmup_steps, schedule.warmup_start
    if schedule.warmup != GRADUAL:
        return f"ConstantLR(optimizer, factor={start!r}, total_iters={w})"
    if start:
        return f"LinearLR(optimizer, start_factor={start!r}, total_iters={w})"
    return f"LambdaLR(optimizer, lambda step: min(step / {w}, 1.0))"  # LinearLR cannot start at 0


def _after(s: Schedule) -> list[tuple[str, int]]:
    """The schedulers after the warm-up, each with its length in steps."""
    n, left = s.after, s.after - s.decay_steps
    if s.kind == "warmup_stable_decay" and left:
        return [("ConstantLR(optimizer, factor=1.0)", left), (_line(s, s.decay_steps), s.decay_steps)]
    one = {
        "constant": "ConstantLR(optimizer, factor=1.0)",
        "step": f"StepLR(optimizer, step_size={s.every}, gamma={s.factor!r})",
        "multi_step": f"MultiStepLR(optimizer, milestones={_since(s)}, gamma={s.factor!r})",
        "cosine": f"CosineAnnealingLR(optimizer, T_max={n}, eta_min={s.final!r})",
        "cosine_restarts": f"CosineAnnealingWarmRestarts(optimizer, T_0={s.period}, T_mult={s.growth}, eta_min={s.final!r})",
        "linear": _line(s, n),
        "inverse_sqrt": f"LambdaLR(optimizer, lambda step: ({s.timescale} / ({s.timescale} + step)) ** 0.5)",
        "polynomial": _polynomial(s),
        "exponential": f"ExponentialLR(optimizer, gamma={s.factor!r} ** (1 / {s.every}))",
        "one_cycle": _one_cycle(s),
        "warmup_stable_decay": _line(s, n),
    }
    return [(one[s.kind], n)]


def _since(s: Schedule) -> list[int]:
    return [m - s.warmup_steps for m in s.milestones]


def _line(s: Schedule, steps: int) -> str:
    return f"LinearLR(optimizer, start_factor=1.0, end_factor={s.final / s.peak!r}, total_iters={steps})"


def _polynomial(s: Schedule) -> str:
    if not s.final:
        return f"PolynomialLR(optimizer, total_iters={s.after}, power={s.power!r})"
    low = s.final / s.peak  # PolynomialLR ends at 0
    return f"LambdaLR(optimizer, lambda step: {low!r} + {1 - low!r} * (1 - min(step / {s.after}, 1.0)) ** {s.power!r})"


def _one_cycle(s: Schedule) -> str:
    """Torch divides; momentum is left alone, for not every optimizer has one."""
    start = f"div_factor=1 / {s.warmup_start!r}"
    end = f"final_div_factor={s.warmup_start * s.peak!r} / {s.final!r}" if s.final else 'final_div_factor=float("inf")'
    size = f"max_lr={s.peak!r}, total_steps={s.total_steps}, pct_start={s.rise!r}"
    return f"OneCycleLR(\n    optimizer, {size},\n    {start}, {end}, cycle_momentum=False,\n)"
