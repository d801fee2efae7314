"""A schedule as Hugging Face code: the Trainer's own where one gives it exactly, else a torch scheduler handed to the Trainer."""

from typing import Any

from diagnostics.schedules import pytorch
from diagnostics.schedules.schedule import GRADUAL, Schedule

Own = tuple[str, dict[str, Any]]  # lr_scheduler_type and lr_scheduler_kwargs
MOST_CYCLES = 10_000  # that are looked at one by one
IMPORT = "from transformers import TrainingArguments\n"
HAND_OVER = "# Trainer(model=model, args=args, ..., optimizers=(optimizer, scheduler))\n"


def code(schedule: Schedule) -> str:
    """Source that makes ``args``; and ``scheduler``, for a ``model``, where the Trainer has none like it."""
    own = _own(schedule)
    if own is None:
        why = "# The Trainer has no schedule like this one: it takes torch's.\n"
        return f"{why}{pytorch.made(schedule, IMPORT)}\n{_arguments({'max_steps': schedule.total_steps})}{HAND_OVER}"
    kind, more = own
    settings: dict[str, Any] = {"learning_rate": schedule.peak, "max_steps": schedule.total_steps}
    settings |= {"warmup_steps": schedule.warmup_steps} if schedule.warmup_steps else {}
    settings |= {"lr_scheduler_type": kind} | ({"lr_scheduler_kwargs": more} if more else {})
    return f"{IMPORT}\n{_arguments(settings)}"


def _arguments(settings: dict[str, Any]) -> str:
    quoted = {name: repr(value).replace("'", '"') for name, value in settings.items()}
    listed = "".join(f"    {name}={value},\n" for name, value in quoted.items())
    return f'args = TrainingArguments(\n    output_dir="out",\n{listed})\n'


def _own(s: Schedule) -> Own | None:
    """The Trainer's own schedule that is the same at every step; it warms up from 0, WSD from its final rate."""
    begins = s.final / s.peak if s.kind == "warmup_stable_decay" else 0.0
    if s.warmup_steps and (s.warmup != GRADUAL or s.warmup_start != begins):
        return None
    known: dict[str, Own] = {
        "constant": ("constant_with_warmup" if s.warmup_steps else "constant", {}),
        "cosine": ("cosine_with_min_lr", {"min_lr": s.final}) if s.final else ("cosine", {}),
        "linear": ("polynomial", {"lr_end": s.final, "power": 1.0}) if s.final else ("linear", {}),
        "polynomial": ("polynomial", {"lr_end": s.final, "power": s.power}),
        "inverse_sqrt": ("inverse_sqrt", {"timescale": s.timescale}),
        "warmup_stable_decay": ("warmup_stable_decay", _decay(s)),
    }
    return _restarts(s) if s.kind == "cosine_restarts" else known.get(s.kind)


def _decay(s: Schedule) -> dict[str, Any]:
    return {"num_decay_steps": s.decay_steps, "decay_type": "linear", "min_lr_ratio": s.final / s.peak}


def _restarts(s: Schedule) -> Own | None:
    """Equal cycles down to 0, where their number times the progress is whole at each restart: else it comes a step late."""
    n, cycles = s.after, s.after // s.period
    even = s.growth == 1 and not s.final and cycles * s.period == n and cycles <= MOST_CYCLES
    sharp = even and all((float(cycles) * (i * s.period / n)) % 1.0 == 0.0 for i in range(cycles))
    return ("cosine_with_restarts", {"num_cycles": cycles}) if sharp else None
