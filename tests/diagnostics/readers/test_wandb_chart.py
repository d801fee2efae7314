"""W&B's charts as CSV, and what its API gives of a run's history."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from diagnostics.readers import ReadError, logs, read, read_all, sources, understand
from diagnostics.readers.wandb.chart import claims
from tests.logs.points import points


def chart(folder: Path, header: list[str], rows: list[list[str]], name: str = "wandb_export.csv") -> Path:
    lines = [",".join(f'"{cell}"' for cell in row) for row in [header, *rows]]
    (folder / name).write_text("\n".join(lines) + "\n")
    return folder / name


def three(curve: str) -> list[str]:
    return [curve, curve + "__MIN", curve + "__MAX"]


def test_runs_in_one_file_with_their_gaps_and_a_name_with_the_dash(tmp_path: Path) -> None:
    header = ["Step", *three("a - b - train/loss"), *three("c - train/loss")]
    rows = [
        ["0", "2.5", "2.5", "2.5", "", "", ""],
        ["10", "NaN", "NaN", "NaN", "1.5", "1", "2"],
        ["20", "Infinity", "Infinity", "Infinity", "", "", ""],
    ]
    first, second = logs(chart(tmp_path, header, rows))
    assert (first.name, second.name) == ("a - b", "c")
    assert str(points(first)) == "{'train/loss': [(0.0, 2.5), (10.0, nan), (20.0, inf)]}"
    assert points(second) == {"train/loss": [(10, 1.5)], "train/loss__MIN": [(10, 1)], "train/loss__MAX": [(10, 2)]}
    assert set(understand(second).curves) >= {"train/loss"}


def test_two_runs_with_one_name_stay_two(tmp_path: Path) -> None:
    header = ["Step", *three("a - loss"), *three("a - loss")]
    found = logs(chart(tmp_path, header, [["0", "1", "1", "1", "2", "2", "2"]]))
    assert [(log.name, points(log)) for log in found] == [("a", {"loss": [(0, 1)]}), ("a (2)", {"loss": [(0, 2)]})]


def test_several_metrics_of_one_run_and_w_and_bs_own_columns(tmp_path: Path) -> None:
    header = ["train/tokens", *three("a - _step"), *three("a - loss"), *three("a - val/loss")]
    (log,) = logs(
        chart(
            tmp_path,
            header,
            [["1000", "5", "5", "5", "2", "2", "2", "", "", ""], ["2000", "6", "6", "6", "1", "1", "1", "3", "3", "3"]],
        )
    )
    assert points(log) == {"loss": [(1000, 2), (2000, 1)], "val/loss": [(2000, 3)]} and "train/tokens" in log.notes[0]


@pytest.mark.parametrize(
    ("axis", "cells", "steps"),
    [
        ("epoch", "01", [0, 1]),
        ("trainer/global_step", ["7", "9"], [7, 9]),
        ("Relative Time (Process)", ["0.5", "0.75"], [0, 1]),
        ("Wall Time", ["1700000000000", "1700000001000"], [0, 1]),
    ],
)
def test_other_axes(tmp_path: Path, axis: str, cells: list[str], steps: list[int]) -> None:
    run = read(chart(tmp_path, [axis, *three("a - loss")], [[cell, "1", "1", "1"] for cell in cells]))[0]
    assert run["train/loss"].steps.tolist() == steps
    assert not axis.startswith("Wall") or run["train/loss"].wall_time.tolist() == [1.7e9, 1.7e9 + 1]


def test_what_is_no_chart_is_left_to_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Step,a - loss\n0,1\n")
    (tmp_path / "b.csv").write_bytes(b"\0\1\2")
    (tmp_path / "c.csv").write_text("")
    assert not any(claims(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv", "none.csv")) and not claims(tmp_path)


def test_truncated_anywhere_and_without_rows(tmp_path: Path) -> None:
    path = chart(tmp_path, ["Step", *three("a - loss")], [[str(n), *[str(1 / (n + 1))] * 3] for n in range(9)])
    whole = path.read_bytes()
    for end in range(whole.index(b"\n"), len(whole)):
        path.write_bytes(whole[:end])
        runs, errors = read_all([path])
        assert len(runs) + len(errors) == 1 and not any("please report" in e.message for e in errors)
    path.write_bytes(whole[: whole.index(b"\n") + 1])
    with pytest.raises(ReadError, match="without rows"):
        logs(path)


FRAME = pd.DataFrame(
    {
        "_step": [0, 5, 9],
        "_runtime": [1.0, 2, 3],
        "_timestamp": 1.7e9 + np.arange(3.0),
        "train/loss": [3.0, 2, 1],
        "val/acc": [np.nan, 0.5, np.nan],
    }
)


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "parquet", "rows"])
def test_the_history_of_the_api_in_any_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"history.{'json' if kind == 'rows' else kind}"
    if kind == "csv":
        FRAME.to_csv(path)
    elif kind == "json":
        FRAME.to_json(path, orient="records")
    elif kind == "jsonl":
        FRAME.to_json(path, orient="records", lines=True)
    elif kind == "parquet":
        FRAME.to_parquet(path)
    else:  # as run.scan_history() gives them: what was not logged is left out
        rows = [{k: v for k, v in row.items() if v == v} for row in FRAME.to_dict("records")]
        path.write_text(json.dumps(rows))
    assert sources(tmp_path) == [path]
    (run,) = read(path)
    assert run["train/loss"].steps.tolist() == [0, 5, 9] and run["train/loss"].wall_time.tolist() == [
        1.7e9,
        1.7e9 + 1,
        1.7e9 + 2,
    ]
    assert run["val/accuracy"].steps.tolist() == [5]


def test_mlflows_history_saved_from_its_page(tmp_path: Path) -> None:
    largest = "1.7976931348623157e+308"
    rows = [
        "run_id,key,value,step,timestamp",
        "ab,loss,2,0,1700000000000",
        f"ab,loss,{largest},1,1700000001000",
        "cd,loss,NaN,0,1700000000000",
    ]
    (tmp_path / "metrics.csv").write_text("\n".join(rows))
    first, second = read(tmp_path / "metrics.csv")
    assert (
        first.name == "ab"
        and first["train/loss"].values.tolist() == [2, np.inf]
        and np.isnan(second["train/loss"].values).all()
    )
    assert first["train/loss"].wall_time.tolist() == [1.7e9, 1.7e9 + 1]


def test_the_table_of_runs_holds_no_curves(tmp_path: Path) -> None:
    header = ["Name", "State", "Created", "Runtime", "val_loss"]
    path = chart(tmp_path, header, [["a", "finished", "2025-05-05T14:11:07.000Z", "48202", "0.5"]] * 3)
    with pytest.raises(ReadError, match="table of runs"):
        read(path)
