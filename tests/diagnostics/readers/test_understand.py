"""From what a log says to a run: steps, resumes, units, and meanings that a user may change."""

import numpy as np
import pytest

from diagnostics.keep import keep, numbered
from diagnostics.readers import Log, ReadError, read, understand
from diagnostics.readers.log import Meaning, Series
from diagnostics.readers.rows import Rows, number

NAN = float("nan")


def series(name: str, steps: object, values: object = None, **more: object) -> Series:
    at = np.asarray(steps, dtype=float)
    return Series(name, at * 0.5 if values is None else np.asarray(values, dtype=float), at, **more)


def points(curve) -> dict[int, float]:
    return dict(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))


def test_a_resume_overwrites_every_series_from_its_step_on() -> None:
    steps = [*range(0, 100, 2), *range(60, 80, 2)]
    train = series("loss", steps, order=np.arange(60))
    val = series("val_loss", [50, 90], order=np.array([25, 45]))
    run = understand(Log("a", "a", (train, val)))
    assert run["train/loss"].steps.tolist() == list(range(0, 80, 2)) and run.resumed_at == (60,)
    assert run["val/loss"].steps.tolist() == [50] and run.superseded["val/loss"].steps.tolist() == [90]
    assert len(run.superseded["train/loss"]) == 20


def test_rows_in_no_order_are_sorted_and_the_later_counts() -> None:
    run = understand(Log("a", "a", (series("loss", [3, 1, 2, 1], [3, 1, 2, 9], order=np.arange(4)),)))
    assert points(run["train/loss"]) == {1: 9, 2: 2, 3: 3} and run.superseded["train/loss"].values.tolist() == [1]


def test_points_at_one_step_all_stay_where_nothing_goes_back() -> None:
    run = understand(Log("a", "a", (series("loss", [1, 1, 2]),)))
    assert run["train/loss"].steps.tolist() == [1, 1, 2]


@pytest.mark.parametrize("first", [0, 1])
def test_validation_with_epochs_only_lands_at_the_end_of_its_epoch(first: int) -> None:
    epoch = np.repeat(np.arange(3.0) + first, 10)
    train = series("loss", np.arange(30) * 5, epochs=epoch)
    val = series("val_loss", [NAN] * 3, [3, 2, 1], epochs=np.arange(3.0) + first)
    run = understand(Log("a", "a", (train, val)))
    assert points(run["val/loss"]) == {45: 3, 95: 2, 145: 1}


def test_fractional_epochs_are_interpolated() -> None:
    train = series("loss", [0, 100, 200], epochs=np.array([0.1, 1.1, 2.1]))
    val = series("val_loss", [NAN, NAN], [2, 1], epochs=np.array([1.0, 2.0]))
    assert understand(Log("a", "a", (train, val)))["val/loss"].steps.tolist() == [90, 190]


def test_what_was_read_can_be_told_otherwise() -> None:
    log = Log("a", "a", (series("loss", [0, 1]), series("score", [0, 1], [50, 60])))
    run = understand(log, {"loss": Meaning("val/loss"), "score": Meaning("val/accuracy", 0.01)})
    assert set(run.curves) == {"val/loss", "val/accuracy"} and run["val/accuracy"].values.tolist() == [0.5, 0.6]


def test_two_series_of_one_meaning_are_both_kept() -> None:
    log = Log("a", "a", (series("x", [0, 1]), series("y", [0, 1])))
    assert set(understand(log, {"x": Meaning("train/loss"), "y": Meaning("train/loss")}).curves) == {
        "train/loss",
        "train/loss (2)",
    }


def test_a_log_without_a_number_says_so() -> None:
    with pytest.raises(ReadError, match="no column holds a number"):
        understand(Log("a", "a.csv", ()))


def test_rows_keep_gaps_words_and_nesting() -> None:
    rows = Rows()
    rows.add({"loss": "NaN", "sys": {"gpu": 3}, "note": "hi", "flag": True}, step=1, epoch="0.5")
    rows.add({"loss": -1e400, "big": 10**400}, step=2)
    found = {s.name: s for s in rows.series()}
    assert list(found) == ["loss", "sys/gpu", "big"] and rows.texts == {"note": "hi"}
    np.testing.assert_array_equal(found["loss"].values, [NAN, -np.inf])
    assert found["big"].steps.tolist() == [2] and found["big"].values.tolist() == [np.inf]
    assert rows.epochs() is not None and rows.epochs().values.tolist() == [0.5]


def test_nesting_without_end_does_no_harm() -> None:
    value: dict[str, object] = {"x": 1}
    for _ in range(5000):
        value = {"d": value}
    rows = Rows()
    rows.add(value)
    assert rows.series() == ()


@pytest.mark.parametrize(("value", "read"), [("1e3", 1e3), ("inf", np.inf), (True, None), ("1_000", None), ([1], None)])
def test_what_a_number_is(value: object, read: float | None) -> None:
    assert number(value) == read


def test_what_has_times_only_is_put_at_the_last_step_by_then() -> None:
    train = series("loss", [0, 10, 20], wall_time=np.array([100.0, 110, 120]), order=np.array([0, 2, 4]))
    cpu = series(
        "cpu", [NAN] * 4, [1, 2, 3, 4], wall_time=np.array([90.0, 100, 115, 130]), order=np.array([1, 3, 5, 6])
    )
    run = understand(Log("a", "a", (train, cpu)))
    assert run["cpu"].steps.tolist() == [0, 0, 10, 20] and run["cpu"].values.tolist() == [1, 2, 3, 4]
    assert any(note.startswith("cpu has times only") for note in run.notes)


def test_a_series_called_epoch_is_the_epoch_over_steps() -> None:
    log = Log("a", "a", (series("loss", [0, 10]), series("epoch", [0, 10], [0, 1])))
    run = understand(log)
    assert set(run.curves) == {"train/loss"} and points(run.epochs) == {0: 0, 10: 1}
    assert "epoch" in understand(log, {"epoch": Meaning("epoch")})


def test_an_epoch_at_a_step_that_cannot_be_is_left_out() -> None:
    run = understand(Log("a", "a", (series("loss", [1, 2, 3]),), epochs=series("epoch", [1, 2e300, 3], [0, 0, 1])))
    assert run.epochs is not None and points(run.epochs) == {1: 0, 3: 1}


def test_a_log_without_numbers_says_what_its_reader_noted() -> None:
    with pytest.raises(ReadError, match=r"no column holds a number.*byte 7: damaged"):
        understand(Log("a", "a", (), notes=("byte 7: damaged",)))


def test_what_a_resume_overwrote_is_kept_as_an_earlier_attempt(tmp_path) -> None:
    steps = [*range(0, 100, 2), *range(60, 80, 2)]
    run = understand(Log("a", "a", (series("loss", steps, order=np.arange(60)),)))
    (again,) = read(keep(run, tmp_path))
    assert points(again["train/loss"]) == points(run["train/loss"]) and again.resumed_at == (60,)
    assert points(again.superseded["train/loss"]) == points(run.superseded["train/loss"])
    assert set(run.notes) <= set(again.notes)


def test_runs_of_one_name_are_numbered() -> None:
    assert numbered(["a", "b", "a", "a/"]) == ["a", "b", "a-2", "a/-3"]


def test_the_largest_float_stands_for_infinity() -> None:
    largest = 1.7976931348623157e308
    run = understand(Log("a", "a", (series("loss", [0, 1, 2], [1, largest, -largest]),)))
    assert run["train/loss"].values.tolist() == [1, float("inf"), float("-inf")]


def test_series_logged_by_themselves_resume_together_by_their_times() -> None:
    steps = np.array([*range(0, 100, 2), *range(60, 80, 2)])
    train = series("loss", steps, wall_time=np.arange(60.0))
    val = series("val_loss", [50, 90], wall_time=np.array([25.5, 45.5]))
    run = understand(Log("a", "a", (train, val)))
    assert run.resumed_at == (60,) and run["train/loss"].steps.tolist() == list(range(0, 80, 2))
    assert run.superseded["val/loss"].steps.tolist() == [90]
