"""The code we hand out is run by the framework it is for, and every step compared with the schedule."""

import contextlib
import io
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics.schedules import SHAPES, Schedule, huggingface, keras, pytorch

torch = pytest.importorskip("torch")

EXACT = 1e-9  # of the rate; and a millionth of that of the peak, where the rate itself comes to nothing
SINGLE = 1e-5  # Keras computes in single precision unless told
MANY = settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
shares = st.one_of(st.just(0.0), st.just(0.1), st.floats(1e-3, 0.95))


@st.composite
def schedules(draw: Any, kinds: Any = tuple(SHAPES), longest: int = 300) -> Schedule:
    kind, total = draw(st.sampled_from(kinds)), draw(st.integers(8, longest))
    cycle = kind == "one_cycle"
    warmup = 0 if cycle else draw(st.one_of(st.just(0), st.integers(0, total - 2)))
    how = draw(st.sampled_from(["gradual", "constant"]))
    peak, after = 10 ** draw(st.floats(-6, 1)), total - warmup
    start = draw(st.floats(1e-3, 0.9)) if cycle or how == "constant" else draw(shares)
    return Schedule(
        kind,
        peak,
        total,
        warmup,
        how,
        start,
        final=peak * draw(shares),
        every=draw(st.integers(1, total)),
        factor=draw(st.floats(0.05, 0.99)),
        milestones=tuple(sorted(draw(st.sets(st.integers(warmup + 1, total), max_size=4)))),
        period=draw(st.one_of(st.just(0), st.integers(1, after))),
        growth=draw(st.integers(1, 3)),
        power=draw(st.floats(0.3, 4)),
        timescale=draw(st.one_of(st.just(0), st.integers(1, 2 * total))),
        rise=draw(st.floats(2 / total, 0.9)),
        decay_steps=draw(st.one_of(st.just(0), st.integers(1, after))),
    )


class Model(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))


def run(source: str) -> dict[str, Any]:
    names: dict[str, Any] = {"model": Model()}
    with contextlib.redirect_stderr(io.StringIO()):
        exec(source, names)
    return names


def stepped(optimizer: Any, scheduler: Any, steps: int) -> np.ndarray:
    """The rate of every update of a training."""
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch before 2.13: SequentialLR calls its parts with a deprecated argument
        for _ in range(steps):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
    return np.array(seen)


def assert_same(seen: np.ndarray, schedule: Schedule, share: float = EXACT) -> None:
    wanted = schedule.lr(np.arange(schedule.total_steps))
    np.testing.assert_allclose(seen, wanted, rtol=share, atol=share / 1e3 * schedule.peak)


@MANY
@given(schedules())
def test_pytorch_code_gives_every_step(schedule: Schedule) -> None:
    made = run(pytorch.code(schedule))
    assert_same(stepped(made["optimizer"], made["scheduler"], schedule.total_steps), schedule)


@pytest.mark.parametrize("kind", SHAPES)
def test_pytorch_code_holds_over_a_long_training(kind: str) -> None:
    schedule = Schedule(kind, 0.1, 20_000, 0 if kind == "one_cycle" else 1_000, warmup_start=0.04, final=1e-4)
    made = run(pytorch.code(schedule))
    assert_same(stepped(made["optimizer"], made["scheduler"], schedule.total_steps), schedule)


@pytest.mark.parametrize(
    ("schedule", "name"),
    [
        (Schedule("cosine", 0.1, 90), "CosineAnnealingLR"),
        (Schedule("cosine_restarts", 0.1, 90, period=10, growth=2), "CosineAnnealingWarmRestarts"),
        (Schedule("one_cycle", 0.1, 90, warmup_start=0.04), "OneCycleLR"),
        (Schedule("multi_step", 0.1, 90, 5, warmup_start=0.1), "SequentialLR"),
        (Schedule("polynomial", 0.1, 90), "PolynomialLR"),
    ],
)
def test_torch_has_it_already(schedule: Schedule, name: str) -> None:
    assert name in pytorch.code(schedule) and "LambdaLR" not in pytorch.code(schedule)


TRAINERS_OWN = ("constant", "cosine", "linear", "polynomial", "inverse_sqrt", "warmup_stable_decay", "cosine_restarts")


@MANY
@given(schedules(), st.booleans())
def test_hugging_face_code_gives_every_step(schedule: Schedule, own: bool) -> None:
    transformers = pytest.importorskip("transformers")
    if own and schedule.kind in TRAINERS_OWN:
        start = schedule.final / schedule.peak if schedule.kind == "warmup_stable_decay" else 0.0
        schedule = Schedule(**{**vars(schedule), "warmup": "gradual", "warmup_start": start, "growth": 1})
    made = run(huggingface.code(schedule))
    optimizer, scheduler, args = made.get("optimizer"), made.get("scheduler"), made["args"]
    if scheduler is None:  # as Trainer.create_scheduler does it
        optimizer = torch.optim.AdamW(made["model"].parameters(), lr=args.learning_rate)
        warmup, more = args.get_warmup_steps(args.max_steps), args.lr_scheduler_kwargs
        scheduler = transformers.get_scheduler(args.lr_scheduler_type, optimizer, warmup, args.max_steps, more)
    assert args.max_steps == schedule.total_steps
    assert_same(stepped(optimizer, scheduler, schedule.total_steps), schedule)


@pytest.mark.parametrize("kind", TRAINERS_OWN)
def test_the_trainer_has_it_already(kind: str) -> None:
    assert "lr_scheduler_type" in huggingface.code(Schedule(kind, 0.1, 1000, 100, period=450))


def test_a_million_restarts_are_not_gone_through() -> None:
    assert "lr_scheduler_type" not in huggingface.code(Schedule("cosine_restarts", 0.1, 10**12, period=1))


def test_a_restart_the_trainer_would_take_a_step_late_is_left_to_torch() -> None:
    late = Schedule("cosine_restarts", 0.1, 49, period=1)  # 49 · (1 / 49) < 1
    assert "lr_scheduler_type" not in huggingface.code(late)


@pytest.mark.parametrize(("floats", "share"), [("float64", EXACT), ("float32", SINGLE)])
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
def test_keras_code_gives_every_step(floats: str, share: float) -> None:
    framework = pytest.importorskip("keras")
    before = framework.config.floatx()
    framework.config.set_floatx(floats)
    try:
        _every_keras_step(share)
    finally:
        framework.config.set_floatx(before)


@settings(MANY, max_examples=40)
@given(st.data())
def _every_keras_step(share: float, data: Any) -> None:
    schedule = data.draw(schedules(longest=24))
    made = run(keras.code(schedule))["schedule"]
    rate = made if callable(made) else lambda _: made
    seen = [float(rate(torch.tensor(step))) for step in range(schedule.total_steps)]
    wanted = schedule.lr(np.arange(schedule.total_steps))
    np.testing.assert_allclose(seen, wanted, rtol=share, atol=share / 10 * schedule.peak)


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
def test_a_keras_optimizer_takes_it() -> None:
    framework = pytest.importorskip("keras")
    schedule = Schedule("warmup_stable_decay", 0.1, 100, 10)
    optimizer = run(keras.code(schedule))["optimizer"]
    assert float(optimizer.learning_rate) == pytest.approx(0.0)
    saved = framework.optimizers.serialize(optimizer)
    assert type(framework.optimizers.deserialize(saved)).__name__ == "SGD"
