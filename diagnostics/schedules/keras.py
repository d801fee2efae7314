"""A schedule as Keras 3 code: its own schedules where one gives it exactly, else a ``LearningRateSchedule``."""

from diagnostics.schedules.schedule import GRADUAL, Schedule
from diagnostics.schedules.shapes import cycle_starts

USE = "optimizer = keras.optimizers.SGD(learning_rate=schedule)  # or another\n"
CLASS = """@keras.saving.register_keras_serializable()
class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        step = ops.cast(step, keras.config.floatx())
{body}
    def get_config(self):
        return {{}}


schedule = Schedule()
"""


def code(schedule: Schedule) -> str:
    """Source that makes ``schedule`` and an ``optimizer`` with it."""
    own = _own(schedule)
    if own is not None:
        return f"import keras\n\nschedule = {own}\n{USE}"
    return f"import math\n\nimport keras\nfrom keras import ops\n\n\n{CLASS.format(body=_body(schedule))}{USE}"


def _own(s: Schedule) -> str | None:
    """Keras' own schedule that is the same at every step."""
    if s.kind == "constant":
        return _constant(s)
    if s.kind == "multi_step" and (not s.warmup_steps or s.warmup != GRADUAL):
        return _pieces(s)
    if s.kind == "cosine" and s.warmup_steps and s.warmup == GRADUAL:
        warming = f", warmup_target={s.peak!r}, warmup_steps={s.warmup_steps}"
        return _call("CosineDecay", f"{s.warmup_start * s.peak!r}, decay_steps={s.after}{_alpha(s)}{warming}")
    return None if s.warmup_steps else _plain(s)


def _plain(s: Schedule) -> str | None:
    drop = f"{s.peak!r}, decay_steps={s.every}, decay_rate={s.factor!r}"
    down = f"{s.peak!r}, decay_steps={s.after}, end_learning_rate={s.final!r}"
    known = {
        "step": _call("ExponentialDecay", f"{drop}, staircase=True"),
        "exponential": _call("ExponentialDecay", drop),
        "cosine": _call("CosineDecay", f"{s.peak!r}, decay_steps={s.after}{_alpha(s)}"),
        "linear": _call("PolynomialDecay", down),
        "polynomial": _call("PolynomialDecay", f"{down}, power={s.power!r}"),
    }
    if s.kind == "cosine_restarts" and s.growth == 1:
        return _call("CosineDecayRestarts", f"{s.peak!r}, first_decay_steps={s.period}, t_mul=1.0{_alpha(s)}")
    return known.get(s.kind)


def _call(name: str, arguments: str) -> str:
    return f"keras.optimizers.schedules.{name}({arguments})"


def _alpha(s: Schedule) -> str:
    return f", alpha={s.final / s.peak!r}" if s.final else ""


def _constant(s: Schedule) -> str:
    if not s.warmup_steps:
        return repr(s.peak)
    if s.warmup != GRADUAL:
        return _pieces(s)
    start = f"{s.warmup_start * s.peak!r}, decay_steps={s.warmup_steps}"
    return _call("PolynomialDecay", f"{start}, end_learning_rate={s.peak!r}")


def _pieces(s: Schedule) -> str:
    """Each boundary is the last step of its value."""
    drops = s.milestones if s.kind == "multi_step" else ()
    values = [s.peak * s.factor**i for i in range(len(drops) + 1)]
    ends = [m - 1 for m in drops]
    if s.warmup_steps:
        ends, values = [s.warmup_steps - 1, *ends], [s.warmup_start * s.peak, *values]
    return _call("PiecewiseConstantDecay", f"{ends}, {values}")


def _body(s: Schedule) -> str:
    """The lines of ``__call__``: k is the step after the warm-up."""
    lines = [_k(s), *_after(s)]
    if s.warmup_steps:
        lines[-1] = lines[-1].replace("return ", "rate = ", 1)
        lines.append(f"return ops.where(step < {s.warmup_steps}, {_warming(s)}, rate)")
    return "".join(f"        {line}\n" for line in lines)


def _k(s: Schedule) -> str:
    return f"k = ops.clip({f'step - {s.warmup_steps}' if s.warmup_steps else 'step'}, 0, {s.after})"


def _plus(value: float) -> str:
    return f"{value!r} + " if value else ""


def _warming(s: Schedule) -> str:
    start = s.warmup_start * s.peak
    if s.warmup != GRADUAL:
        return repr(start)
    return f"{_plus(start)}{s.peak - start!r} * step / {s.warmup_steps}"


def _after(s: Schedule) -> list[str]:
    """The lines that give the rate at k, the last a ``return``."""
    gone, fall = f"k / {s.after}", f"{_plus(s.final)}{s.peak - s.final!r} *"
    if s.kind == "cosine_restarts":
        return [*_cycle(s), f"return {fall} ops.cos(math.pi / 2 * (k - begun) / length) ** 2"]
    if s.kind == "one_cycle":
        return _one_cycle(s, fall)
    passed = " + ".join(f"ops.cast(step >= {m}, step.dtype)" for m in s.milestones)  # a sum of 0 and 1
    rate = {
        "step": f"{s.peak!r} * ops.power({s.factor!r}, k // {s.every})",
        "multi_step": f"{s.peak!r} * ops.power({s.factor!r}, {passed})",
        "cosine": f"{fall} ops.cos(math.pi / 2 * {gone}) ** 2",
        "linear": f"{fall} (1 - {gone})",
        "inverse_sqrt": f"{s.peak!r} * ops.sqrt({s.timescale} / ({s.timescale} + k))",
        "polynomial": f"{fall} (1 - {gone}) ** {s.power!r}",
        "exponential": f"{s.peak!r} * ops.power({s.factor!r}, k / {s.every})",
        "warmup_stable_decay": f"{fall} ops.clip(({s.after} - k) / {s.decay_steps}, 0, 1)",
    }
    return [f"return {rate[s.kind]}"]


def _cycle(s: Schedule) -> list[str]:
    """Where the cosine of k began and how long it is."""
    if s.growth == 1:
        return [f"begun, length = {s.period} * (k // {s.period}), {s.period}"]
    return [
        f"starts = ops.convert_to_tensor({[float(at) for at in cycle_starts(s)]}, dtype=step.dtype)",
        "begun = ops.max(ops.where(k >= starts, starts, 0))",
        f"length = begun * {s.growth - 1} + {s.period}",
    ]


def _one_cycle(s: Schedule, fall: str) -> list[str]:
    top, start = s.rise * s.total_steps - 1, s.warmup_start * s.peak
    down = s.total_steps - 1 - top
    return [
        f"rising = {start!r} + {s.peak - start!r} * ops.sin(math.pi / 2 * k / {top!r}) ** 2",
        f"falling = {fall} ops.cos(math.pi / 2 * ops.clip((k - {top!r}) / {down!r}, 0, 1)) ** 2",
        f"return ops.where(k <= {top!r}, rising, falling)",
    ]
