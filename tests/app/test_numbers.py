"""Every number on the screen is the one that pandas computes from the run's Parquet files."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app import library

HOMES = sorted(path.parent for path in (library.ROOT / "sample_runs").glob("*/run.json"))


def contents(at: AppTest, needs: str) -> list[dict]:
    return [data for c in at.get("bidi_component") if needs in (data := json.loads(c.proto.json))]


def scalars(home: Path) -> pd.DataFrame:
    return pd.read_parquet(home / "scalars").sort_values("step").reset_index(drop=True)


def numbers(array: dict | list) -> np.ndarray:
    if isinstance(array, dict):
        return np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"]).reshape(
            *map(int, str(array["shape"]).split(",")) if "shape" in array else (-1,)
        )
    return np.array(array, float)


def logged(rows: pd.DataFrame, tag: str) -> pd.DataFrame:
    return rows[["step", tag]].dropna().rename(columns={tag: "value"})


def averaged(points: pd.DataFrame, window: int) -> np.ndarray:
    """The mean of the logged points of the last ``window`` steps, as the page says it."""
    days = pd.Series(points["value"].to_numpy(), pd.to_datetime(points["step"], unit="D"))
    return days.rolling(f"{window}D").mean().to_numpy() if window else points["value"].to_numpy()


def test_the_table_of_runs(runs, opened):
    [data] = contents(opened("runs"), "rows")
    names = [column["id"] for column in data["columns"]]
    shown = {row["name"]: dict(zip(names, row["cells"], strict=True)) for row in data["rows"] if "key" in row}
    assert shown.keys() == {home.name for home in HOMES}
    for home in HOMES:
        rows, cells = scalars(home), shown[home.name]
        assert cells["loss"] == f"{rows['val/loss'].min():.4g}"
        assert cells["accuracy"] == f"{rows['val/accuracy'].max():.2%}"
        assert cells["step"] == f"{rows['step'].max():,}"
        config = json.loads((home / "run.json").read_text())["config"]
        for name in config.keys() & cells.keys():
            value = config[name]
            assert cells[name] == (f"{value:.4g}" if isinstance(value, float) else str(value))


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_a_diagnosis(runs, home, opened):
    at, rows = opened("diagnosis", run=f"sample/{home.name}"), scalars(home)
    at.session_state[f"diagnosis.sample/{home.name}.norms"] = True  # unfolded
    at.run()
    figure, layers = (data["figure"] for data in contents(at, "figure"))
    line = next(c.value for c in at.caption if "steps" in c.value).replace("\\", "")
    assert line.startswith(f"{rows['step'].max():,} steps")
    recent = rows[rows["train/loss"].notna()].tail(100)
    if speed := re.search(r"([\d,.e+]+) steps/s", line):
        steps, seconds = recent[["step", "wall_time"]].iloc[-1] - recent[["step", "wall_time"]].iloc[0]
        assert float(speed[1].replace(",", "")) == pytest.approx(steps / seconds, rel=5e-3)  # three digits
    check_curves(figure["traces"], rows)
    check_layers(layers["traces"][0], at.dataframe, pd.read_parquet(home / "layers"))


def check_curves(traces: list[dict], rows: pd.DataFrame) -> None:
    seen = 0
    for trace in traces:
        meta = trace.get("meta", {})
        if meta.get("part") not in ("raw", "line") or len(rows) > 3_000:
            continue
        points = logged(rows, meta["tag"])
        np.testing.assert_array_equal(numbers(trace["x"]), points["step"])
        np.testing.assert_allclose(numbers(trace["y"]), averaged(points, meta["window"]), rtol=1e-9)
        seen += 1
    assert seen >= 5
    best = {trace["yaxis"]: (trace["x"][0], trace["y"][0]) for trace in traces if trace.get("name") == "best"}
    loss, accuracy = logged(rows, "val/loss"), logged(rows, "val/accuracy")
    assert best["y"] == tuple(loss.loc[loss["value"].idxmin()])
    assert best["y2"] == tuple(accuracy.loc[accuracy["value"].idxmax()])


def check_layers(drawn: dict, tables: list, rows: pd.DataFrame) -> None:
    table = next(t.value for t in tables if "layer" in t.value)
    for _, row in table.iterrows():
        median = rows[rows["layer"] == row["layer"]][
            ["update_ratio", "weight_norm", "update_norm", "grad_norm"]
        ].median()
        np.testing.assert_allclose(row[median.index].astype(float), median, rtol=1e-6)
    assert set(table["layer"]) <= set(rows["layer"]) == set(drawn["y"])
