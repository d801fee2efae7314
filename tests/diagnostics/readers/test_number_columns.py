"""A long table of numbers is read block by block and says the same as one read at once."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from diagnostics.readers.formats import delimited, number_columns

ROWS = 6_000  # more than a reader's look at the head


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(number_columns, "BLOCK", 1 << 12)
    monkeypatch.setattr(number_columns, "PART", 1 << 14)


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    values = rng.normal(size=ROWS)
    values[[10, 5_000]] = np.inf, -np.inf
    val = np.where(np.arange(ROWS) % 7 == 6, rng.normal(size=ROWS), np.nan)
    late = np.where(np.arange(ROWS) < 5_900, np.nan, 1.5)
    return pd.DataFrame({"step": np.arange(ROWS), "loss": values, "val_loss": val, "late": late})


def same(path: Path, frame: pd.DataFrame) -> None:
    table = delimited.read_text(path).columns
    assert table.column_names == [*frame.columns]
    for name in frame:
        np.testing.assert_array_equal(table[name].to_numpy(), frame[name].to_numpy(float))
        assert table[name].null_count == frame[name].isna().sum()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_every_line_end(frame: pd.DataFrame, tmp_path: Path, end: str, last: bool) -> None:
    text = frame.to_csv(index=False, lineterminator=end)
    (tmp_path / "a.csv").write_bytes(
        ("" if last else "\ufeff").encode() + (text if last else text[: -len(end)]).encode()
    )
    same(tmp_path / "a.csv", frame)


def test_another_delimiter_and_decimal_sign(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_csv(tmp_path / "a.csv", index=False, sep=";", decimal=",")
    same(tmp_path / "a.csv", frame)


def test_whole_numbers_may_go_on_as_others_and_as_text(tmp_path: Path) -> None:
    frame = pd.DataFrame({"step": np.arange(ROWS), "note": 0.0}, dtype=object)
    frame["note"] = [*([0] * (ROWS - 1)), 0.5]
    frame = frame.assign(a=np.arange(ROWS), b=np.arange(ROWS), c=np.arange(ROWS))
    frame.to_csv(tmp_path / "a.csv", index=False)
    same(tmp_path / "a.csv", frame.astype(float))
    frame["note"] = [*([0] * (ROWS - 1)), "resumed"]
    frame.to_csv(tmp_path / "b.csv", index=False)
    table = delimited.read_text(tmp_path / "b.csv").columns
    assert table["note"][-1].as_py() == "resumed" and table.num_rows == ROWS


def test_nan_that_was_logged_is_no_gap(tmp_path: Path) -> None:
    text = "step,loss,val_loss\n" + "".join(f"{i},{'nan' if i == 5_001 else 0.123456789},\n" for i in range(ROWS))
    (tmp_path / "a.csv").write_text(text)
    loss = delimited.read_text(tmp_path / "a.csv").columns["loss"]
    assert loss.null_count == 0 and np.flatnonzero(np.isnan(loss.to_numpy())).tolist() == [5_001]


def test_a_ragged_line_is_left_out_and_told(frame: pd.DataFrame, tmp_path: Path) -> None:
    lines = frame.to_csv(index=False).splitlines()
    lines[4_000] = "1,2"
    (tmp_path / "a.csv").write_text("\n".join(lines))
    text = delimited.read_text(tmp_path / "a.csv")
    assert text.left_out == {4_001} and text.columns.num_rows == ROWS - 1


def test_numbers_without_a_header(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=ROWS)
    np.savetxt(tmp_path / "loss.csv", values)
    text = delimited.read_text(tmp_path / "loss.csv")
    assert text.bare and text.columns[0].to_numpy().tolist() == values.tolist()


def test_a_part_of_blank_lines(frame: pd.DataFrame, tmp_path: Path) -> None:
    lines = frame.to_csv(index=False).splitlines()
    (tmp_path / "a.csv").write_text("\n".join([*lines[:3_001], "\n" * (1 << 16), *lines[3_001:]]))
    same(tmp_path / "a.csv", frame)
