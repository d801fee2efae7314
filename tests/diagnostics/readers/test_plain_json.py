"""JSON in the shapes that people write, and what is left of it when it is damaged."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.readers import Limits, ReadError, plain_json, read, read_all
from diagnostics.readers.formats import json_text
from tests.logs.compare import harmless

LOSS, VAL = {0: 2.5, 1: 1.5, 2: 0.5}, {1: 1.75}
ROWS = [{"step": s, "train_loss": v, **({"val_loss": VAL[s]} if s in VAL else {})} for s, v in LOSS.items()]
SHAPES: dict[str, object] = {
    "rows": ROWS,
    "rows under a name": {"config": {"lr": 0.1}, "log": ROWS},
    "rows under names": {"run": {"history": ROWS}},
    "rows by step": {str(r["step"]): {k: v for k, v in r.items() if k != "step"} for r in ROWS},
    "rows by named step": {f"step_{r['step']}": {k: v for k, v in r.items() if k != "step"} for r in ROWS},
    "values by step": {"train_loss": {"0": 2.5, "1": 1.5, "2": 0.5}, "val_loss": {"1": 1.75}},
    "pairs": {"train_loss": [[0, 2.5], [1, 1.5], [2, 0.5]], "val_loss": [[1, 1.75]]},
    "points": {"train_loss": [{"step": s, "value": v} for s, v in LOSS.items()], "val_loss": [{"step": 1, "value": 1.75}]},
    "nested": {"train": {"loss": [[0, 2.5], [1, 1.5], [2, 0.5]]}, "val": {"loss": [[1, 1.75]]}},
    "TensorBoard's page": {"train_loss": [[1.7e9 + s, s, v] for s, v in LOSS.items()], "val_loss": [[1.7e9, 1, 1.75]]},
    "long": [*({"step": s, "tag": "train_loss", "value": v} for s, v in LOSS.items()),
             {"step": 1, "tag": "val_loss", "value": 1.75}],
    "nested rows": [{"step": s, "train": {"loss": v}, **({"val": {"loss": VAL[s]}} if s in VAL else {})} for s, v in LOSS.items()],
    "numbers as words": [{"step": str(s), "train_loss": str(v), **({"val_loss": "1.75"} if s in VAL else {})} for s, v in LOSS.items()],
}  # fmt: skip


def points(curve) -> dict[int, float]:
    return dict(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))


def one(folder: Path, text: str, name: str = "a.json"):
    (folder / name).write_text(text)
    (run,) = read(folder / name)
    return run


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_curves(tmp_path: Path, shape: str) -> None:
    for indent in (None, 2):
        run = one(tmp_path, json.dumps(SHAPES[shape], indent=indent))
        assert points(run["train/loss"]) == LOSS and points(run["val/loss"]) == VAL


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "log.txt", "a.ndjson"])
def test_one_object_a_line(tmp_path: Path, name: str) -> None:
    run = one(tmp_path, "".join(json.dumps(row) + "\n" for row in ROWS), name)
    assert points(run["train/loss"]) == LOSS and points(run["val/loss"]) == VAL


def test_a_first_line_of_settings(tmp_path: Path) -> None:
    lines = [{"lr": 0.1, "model": {"depth": 3}}, *ROWS]
    run = one(tmp_path, "".join(json.dumps(row) + "\n" for row in lines), "a.jsonl")
    assert run.config == {"lr": 0.1, "model/depth": 3} and points(run["train/loss"]) == LOSS and "optim/lr" not in run


def test_a_torn_tail_and_a_broken_line_are_told(tmp_path: Path) -> None:
    text = "".join(json.dumps(row) + "\n" for row in ROWS)
    run = one(tmp_path, text + '{"step": 3, "train_l', "a.jsonl")
    assert points(run["train/loss"]) == LOSS and "line 4, the last, is cut off: left out" in run.notes
    run = one(tmp_path, "rubbish\n" + text + "[1,\n" + text.splitlines()[-1], "a.jsonl")
    assert points(run["train/loss"]) == LOSS and "line 1 is no JSON object: left out, as are 1 more" in run.notes


def test_lists_by_name_without_a_step(tmp_path: Path) -> None:
    run = one(tmp_path, json.dumps({"train_losses": [3, 2, 1], "val_losses": [3.5, None, 1.5], "lr": 0.1}))
    assert points(run["train/loss"]) == {0: 3, 1: 2, 2: 1} and run.config == {"lr": 0.1}
    np.testing.assert_array_equal(run["val/loss"].values, [3.5, np.nan, 1.5])


def test_a_list_of_steps_beside_them(tmp_path: Path) -> None:
    run = one(tmp_path, json.dumps({"steps": [0, 50, 100], "train_loss": [3, 2, 1], "epoch": [0, 0, 1]}))
    assert points(run["train/loss"]) == {0: 3, 50: 2, 100: 1} and run.epochs is not None


def test_a_shorter_list_is_spread_over_the_longest(tmp_path: Path) -> None:
    run = one(tmp_path, json.dumps({"train_loss": list(range(100, 0, -1)), "val_loss": [9, 8, 7, 6]}))
    assert points(run["val/loss"]) == {24: 9, 49: 8, 74: 7, 99: 6}
    assert "val_loss has 4 points where train_loss has 100: spread evenly over them" in run.notes


def test_several_runs_in_one_file(tmp_path: Path) -> None:
    curves = {"train_loss": [3, 2, 1], "val_loss": [3, 2, 2]}
    (tmp_path / "a.json").write_text(json.dumps({"small": {"lr": 0.1, **curves}, "large": {"lr": 0.2, **curves}}))
    small, large = read(tmp_path / "a.json")
    assert (small.name, large.name) == ("small", "large") and large.config == {"lr": 0.2}


def test_nan_inf_and_times(tmp_path: Path) -> None:
    run = one(
        tmp_path,
        '[{"step": 0, "loss": NaN, "timestamp": 1700000000000}, {"step": 1, "loss": -Infinity}, {"step": 2, "loss": "nan"}]',
    )
    np.testing.assert_array_equal(run["train/loss"].values, [np.nan, -np.inf, np.nan])
    assert run["train/loss"].wall_time[0] == 1.7e9


def test_lists_in_rows_are_counted_and_left_out(tmp_path: Path) -> None:
    run = one(tmp_path, '[{"step": 0, "loss": 1, "hist": [1, 2]}, {"step": 1, "loss": 1, "hist": [1]}]')
    assert "left out, as no curves: 2 × a list within a row" in run.notes


def test_names_that_nobody_knows_are_kept_where_the_file_is_named(tmp_path: Path) -> None:
    run = one(tmp_path, '[{"generation": 1, "score": 4, "w": {"a": 1}}, {"generation": 2, "score": 8, "w": {"a": 2}}]')
    assert points(run["score"]) == {1: 4, 2: 8} and points(run["w/a"]) == {1: 1, 2: 2}
    gan = one(tmp_path, '{"loss_G": [4, 2], "loss_D": [1, 2]}')
    assert gan["loss_G"].values.tolist() == [4, 2] and "train/loss" not in gan


def test_a_list_of_one_is_its_item(tmp_path: Path) -> None:
    run = one(
        tmp_path,
        '{"meta": {"test_sets": []}, "iterations": [{"learn": [0.7], "iteration": 0}, {"learn": [0.6], "iteration": 1}]}',
    )
    assert points(run["learn"]) == {0: 0.7, 1: 0.6}


OTHERS = ['{"name": "x", "version": 1}', '{"train_loss": 0.5, "epoch": 3}', '[{"question": "a", "answer": 3}]', "[1, 2]", "{", "",
          '{"images": [{"id": 1}], "annotations": [{"bbox": [1, 2]}]}', '{"0": {"a": 1}}', "true", '"loss"', "[[[[[[[[", "\ufeff{}",
          '{"loss": []}', '{"loss": "high"}', '{"model": {"loss": "ce", "layers": [1, 2]}}', "null", "{}\n{}\n"]  # fmt: skip


@pytest.mark.parametrize("text", OTHERS)
def test_other_json_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert not plain_json.claims(tmp_path / "a.json")
    _, errors = read_all([tmp_path / "a.json"])
    assert len(errors) == 1 and "\n" not in errors[0].message and "please report" not in errors[0].message


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"loss":' * 50_000, "1" * 5_000, '[{"step": 0, "loss": ' + "9" * 5_000 + "}]"]
)
def test_depth_and_length_without_end(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    runs, errors = read_all([tmp_path / "a.json"])
    assert len(runs) + len(errors) == 1 and all("please report" not in e.message for e in errors)


def test_ten_thousand_names_and_too_many(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"step": 0, **{f"<b>{i}</b>": i for i in range(10_000)}}) + "\n")
    (run,) = read(tmp_path / "a.jsonl")
    assert len(run.curves) == 10_000
    with pytest.raises(ReadError, match="different names"):
        plain_json.read(tmp_path / "a.jsonl", Limits(most_names=100))


@pytest.mark.parametrize("shape", ["rows", "pairs", "values by step", "nested"])
def test_damage_does_no_harm(tmp_path: Path, shape: str) -> None:
    rows = SHAPES[shape]
    (tmp_path / "a.json").write_text(json.dumps(rows, indent=1))
    assert harmless(tmp_path / "a.json", tmp_path / "damaged") > 60
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    assert harmless(tmp_path / "a.jsonl", tmp_path / "damaged lines") > 60


def test_what_stands_before_and_after_damage_is_kept() -> None:
    text = json.dumps(ROWS)
    for at in range(len(text)):
        (found, *_) = [*json_text.around_damage(text[:at] + "\x00" + text[at + 1 :]), []]
        assert sum(row in ROWS for row in found) >= len(ROWS) - 2 or at in (0, len(text) - 1)


NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["train_loss", "val_loss", "lr", "x/y"]), NUMBERS, min_size=1), min_size=2)
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, float]]) -> None:
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    path.write_text("".join(json.dumps({"step": i, **row}) + "\n" for i, row in enumerate(rows)))
    (log,) = plain_json.read(path, Limits())
    found = {s.name: dict(zip(s.steps.tolist(), s.values.tolist(), strict=True)) for s in log.series}
    for i, row in enumerate(rows):
        for name, value in row.items():
            read_back = found[name][i]
            assert read_back == value or (math.isnan(value) and math.isnan(read_back))


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    )
)
def test_a_sound_document_is_the_same_to_both_parsers(value: object) -> None:
    text = json.dumps([value])
    assert json.dumps(json_text.around_damage(text)[0]) == text or "e" in text.lower()


def test_a_curve_saved_from_tensorboards_page_is_called_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "run-first-tag-train_loss.json"
    path.write_text(json.dumps([[1.7e9 + s, s, v] for s, v in LOSS.items()]))
    assert plain_json.claims(path)
    (run,) = read(path)
    assert run["train/loss"].steps.tolist() == [0, 1, 2] and run["train/loss"].values.tolist() == [2.5, 1.5, 0.5]


def test_catboosts_lists_are_called_by_its_metrics(tmp_path: Path) -> None:
    rows = [
        {"learn": [2.5 - i / 4, 0.5 + i / 10], "iteration": i, "test": [2.75, 0.25], "passed_time": i / 8}
        for i in range(4)
    ]
    metrics = [{"best_value": "Min", "name": "Logloss"}, {"best_value": "Max", "name": "Accuracy"}]
    meta = {"learn_metrics": metrics, "test_metrics": metrics, "test_sets": ["test"], "learn_sets": ["learn"]}
    run = one(tmp_path, json.dumps({"meta": meta, "iterations": rows}))
    assert points(run["train/loss"]) == {0: 2.5, 1: 2.25, 2: 2.0, 3: 1.75}
    assert points(run["train/accuracy"]) == {0: 0.5, 1: 0.6, 2: 0.7, 3: 0.8}
    assert points(run["val/accuracy"]) == dict.fromkeys(range(4), 0.25)


def test_columns_that_say_their_split_need_no_files_name(tmp_path: Path) -> None:
    history = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.5, 2.5, 1.5]}
    run = one(tmp_path, json.dumps(history), "run_with_val.json")
    assert (
        run["train/loss"].values.tolist() == history["loss"] and run["val/loss"].values.tolist() == history["val_loss"]
    )


def test_evaluations_of_which_the_first_came_before_training(tmp_path: Path) -> None:
    run = one(tmp_path, json.dumps({"train_loss": [1.0] * 40, "val_loss": [2.0] * 6}))
    assert run["val/loss"].steps.tolist() == [0, 8, 16, 24, 32, 39]


def test_groups_of_hyperparameters_are_settings_of_their_own_names(tmp_path: Path) -> None:
    log = {
        "optimizer_name": "Adam",
        "optimizer_hyperparams": {"lr": 0.5},
        "data": {"name": "x"},
        "train_loss": [3.0, 2.0, 1.0],
    }
    assert one(tmp_path, json.dumps(log)).config == {"optimizer_name": "Adam", "lr": 0.5}
