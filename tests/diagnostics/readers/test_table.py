"""Tables of other tools: what is written is what is read, and what cannot be read is said in one line."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collector.schema import LR, TRAIN_ACCURACY, TRAIN_LOSS, VAL_ACCURACY, VAL_LOSS
from diagnostics.readers import ReadError, read, read_all, sources


def one(tmp_path, text, name="log.csv", encoding="utf-8"):
    file = tmp_path / name
    file.write_bytes(text.encode(encoding))
    (run,) = read(file)
    return run


def test_usual_names(tmp_path):
    run = one(
        tmp_path, "epoch,train_loss,val_loss,train_acc,val_acc,lr\n0,2.0,2.1,0.1,0.2,0.1\n1,1.0,1.1,0.5,0.4,0.1\n"
    )
    assert set(run.curves) == {TRAIN_LOSS, VAL_LOSS, TRAIN_ACCURACY, VAL_ACCURACY, LR}
    assert run[TRAIN_LOSS].values.tolist() == [2.0, 1.0]
    assert run[TRAIN_LOSS].steps.tolist() == [0, 1]
    assert run.per_epoch(TRAIN_LOSS)
    assert "train_loss as train/loss" in run.notes[-1]


@pytest.mark.parametrize(
    "header, tag",
    [
        ("loss", TRAIN_LOSS),
        ("Training Loss", TRAIN_LOSS),
        ("train/loss", TRAIN_LOSS),
        ("valid_loss", VAL_LOSS),
        ("eval_loss", VAL_LOSS),
        ("test_loss", VAL_LOSS),
        ("val_accuracy", VAL_ACCURACY),
        ("learning_rate", LR),
        ("x/lr0", LR),
        ("lr-Adam", LR),
    ],
)
def test_names_people_use(tmp_path, header, tag):
    assert tag in one(tmp_path, f"step,{header}\n1,0.5\n2,0.4\n").curves


def test_empty_is_absent_and_nan_is_a_value(tmp_path):
    loss = one(tmp_path, "step,train_loss\n1,1.0\n2,\n3,nan\n4,inf\n5,-Infinity\n")[TRAIN_LOSS]
    assert loss.steps.tolist() == [1, 3, 4, 5]
    assert np.array_equal(loss.values, [1.0, np.nan, np.inf, -np.inf], equal_nan=True)


def test_per_cent_becomes_a_fraction_with_a_note(tmp_path):
    run = one(tmp_path, "step,val_acc\n1,50\n2,97.5\n")
    assert run[VAL_ACCURACY].values.tolist() == [0.5, 0.975]
    assert "per cent" in run.notes[-1]


def test_semicolons_with_decimal_commas(tmp_path):
    run = one(tmp_path, "step;train_loss;lr\n1;2,5;0,1\n2;1,25;0,1\n")
    assert run[TRAIN_LOSS].values.tolist() == [2.5, 1.25]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_encodings(tmp_path, encoding):
    run = one(tmp_path, "step,train_loss,größe\n1,2.5,1\n", encoding=encoding)
    assert "größe" in run.curves
    assert run[TRAIN_LOSS].values.tolist() == [2.5]


def test_padding_tabs_and_repeated_headers(tmp_path):
    run = one(tmp_path, "step\t train_loss \n1\t 2.0\nstep\t train_loss \n2\t 1.0\n", "log.tsv")
    assert run[TRAIN_LOSS].values.tolist() == [2.0, 1.0]


def test_a_bad_cell_is_named_and_the_rest_stays(tmp_path):
    run = one(tmp_path, "step,train_loss\n1,2.0\n2,oops\n3,1.0\n")
    assert run[TRAIN_LOSS].steps.tolist() == [1, 3]
    assert any("line 3" in note and "train_loss" in note for note in run.notes)


def test_unknown_numbers_stay_under_their_name_and_text_is_said(tmp_path):
    run = one(tmp_path, "step,train_loss,my_metric,comment\n1,2,7,hello\n2,1,8,there\n")
    assert run["my_metric"].values.tolist() == [7, 8]
    assert any("comment" in note for note in run.notes)


def test_no_step_counts_rows(tmp_path):
    run = one(tmp_path, "train_loss\n3\n2\n1\n")
    assert run[TRAIN_LOSS].steps.tolist() == [0, 1, 2]
    assert any("no step" in note for note in run.notes)


def test_rows_out_of_order_are_sorted_and_equal_steps_keep_theirs(tmp_path):
    assert one(tmp_path, "step,loss\n3,1\n1,2\n3,0\n")[TRAIN_LOSS].values.tolist() == [2, 1, 0]


def test_a_run_column_gives_several_runs(tmp_path):
    file = tmp_path / "all.csv"
    file.write_text("run,step,loss\na,1,1\nb,1,5\na,2,0.5\n")
    runs = {run.name: run[TRAIN_LOSS].values.tolist() for run in read(file)}
    assert runs == {"a": [1, 0.5], "b": [5]}


def test_long_form(tmp_path):
    run = one(tmp_path, "tag,step,value\ntrain/loss,1,2\nval/loss,1,3\ntrain/loss,2,nan\n")
    assert np.array_equal(run[TRAIN_LOSS].values, [2, np.nan], equal_nan=True)
    assert run[VAL_LOSS].steps.tolist() == [1]


def test_parquet_tells_null_from_nan(tmp_path):
    pq.write_table(pa.table({"step": [1, 2, 3], "loss": pa.array([1.0, None, float("nan")])}), tmp_path / "log.parquet")
    (run,) = read(tmp_path / "log.parquet")
    assert run[TRAIN_LOSS].steps.tolist() == [1, 3]


def test_wall_time_of_many_kinds(tmp_path):
    for stamp in ("1700000000", "1700000000000", "2023-11-14T22:13:20Z"):
        assert one(tmp_path, f"step,time,loss\n1,{stamp},2\n")[TRAIN_LOSS].wall_time[0] == 1_700_000_000
    assert "time" in one(tmp_path, "step,time,loss\n1,12.5,2\n").curves  # a duration is a curve of its own


def test_round_trip_with_pandas(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"step": np.arange(500), "train_loss": rng.normal(size=500), "val_loss": rng.normal(size=500)})
    frame.to_csv(tmp_path / "log.csv", index=False)
    (run,) = read(tmp_path / "log.csv")
    assert run[TRAIN_LOSS].values.tolist() == frame.train_loss.tolist()


BAD = {
    "empty.csv": b"",
    "blank.csv": b"\n \n",
    "header.csv": b"step,train_loss\n",
    "binary.csv": b"\x00\x01\x02\xff" * 100,
    "numbers.csv": b"1,2,3\n4,5,6\n",
    "text.csv": b"step,loss\na,b\nc,d\n",
    "cut.parquet": b"PAR1 and then nothing",
    "prose.txt": b"Dear diary, today I trained a network.\nIt was fun.\n",
    "picture.csv": b"\x89PNG\r\n\x1a\n" + bytes(200),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_with_a_way_out(tmp_path, name):
    (tmp_path / name).write_bytes(BAD[name])
    with pytest.raises(ReadError) as caught:
        read(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)
    assert len(caught.value.message) > 30


def test_bad_files_hide_no_good_ones(tmp_path):
    for name, content in BAD.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "good.csv").write_text("step,loss\n1,2\n")
    runs, errors = read_all([tmp_path / name for name in [*BAD, "good.csv"]])
    assert [run.name for run in runs] == ["good"]
    assert len(errors) == len(BAD)


def test_sources_below_a_folder(tmp_path):
    (tmp_path / "a" / "scalars").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.csv").write_text("step,loss\n1,2\n")
    (tmp_path / "log.csv").write_text("step,loss\n1,2\n")
    (tmp_path / "notes.txt").write_text("nothing to see\n")
    assert sources(tmp_path) == [tmp_path / "a", tmp_path / "log.csv"]
