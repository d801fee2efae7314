"""Tables in every dialect: the numbers come through true, and what is damaged is named."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics import Run
from diagnostics.readers import Limits, ReadError, read, read_all, sources, table
from diagnostics.readers.understanding import names


def one(folder: Path, text: str | bytes, name: str = "log.csv") -> Run:
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    (run,) = read(folder / name)
    return run


def points(run: Run, tag: str) -> dict[int, float]:
    return dict(zip(run[tag].steps.tolist(), run[tag].values.tolist(), strict=True))


PLAIN = "step,train_loss,val_loss\n0,2.5,\n1,1.5,1.75\n2,0.5,\n"
DIALECTS: dict[str, str | bytes] = {
    "comma": PLAIN,
    "bom": b"\xef\xbb\xbf" + PLAIN.encode(),
    "crlf, blank lines": PLAIN.replace("\n", "\r\n\r\n"),
    "tab": PLAIN.replace(",", "\t"),
    "semicolon": PLAIN.replace(",", ";"),
    "decimal comma": PLAIN.replace(",", ";").replace(".", ","),
    "utf-16": PLAIN.replace(",", "\t").replace("\n", "\r\n").encode("utf-16"),
    "utf-16, decimal comma": PLAIN.replace(",", ";").replace(".", ",").encode("utf-16"),
    "excel": b"\xef\xbb\xbfsep=;\r\n" + PLAIN.replace(",", ";").replace(".", ",").replace("\n", "\r\n").encode(),
    "quoted": '"step","train_loss","val_loss"\n"0","2.5",\n"1","1.5","1.75"\n"2","0.5",""\n',
    "padded": "  step,  train_loss , val_loss\n 0 , 2.5 ,   \n 1 ,  1.5, 1.75\n  2,0.5 , \n",
    "latin-1": ("step,train_loss,val_loss,µ\n0,2.5,,é\n1,1.5,1.75,é\n2,0.5,,é\n").encode("latin-1"),
    "header again": "step,train_loss,val_loss\n0,2.5,\n1,1.5,1.75\nstep,train_loss,val_loss\n2,0.5,\n",
    "index of pandas": ",step,train_loss,val_loss\n0,0,2.5,\n1,1,1.5,1.75\n2,2,0.5,\n",
    "keras": "epoch,loss,val_loss\n0,2.5,NA\n1,1.5,1.75\n2,0.5,NA\n",
    "lightning": "train_loss_step,step,epoch,val_loss_epoch\n2.5,0,0,\n1.5,1,0,\n,1,0,1.75\n0.5,2,1,\n",
    "long": "step,tag,value\n0,train/loss,2.5\n1,train/loss,1.5\n1,val/loss,1.75\n2,train/loss,0.5\n",
    "long, other words": "metric,step,value\nloss,0,2.5\nloss,1,1.5\nvalidation_loss,1,1.75\nloss,2,0.5\n",
    "out of order": "step,train_loss,val_loss\n2,0.5,\n0,2.5,\n1,1.5,1.75\n",
    "cut off": PLAIN + "3",
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_gives_the_same_curves(tmp_path: Path, dialect: str) -> None:
    run = one(tmp_path, DIALECTS[dialect])
    assert points(run, "train/loss") == {0: 2.5, 1: 1.5, 2: 0.5}
    assert points(run, "val/loss") == {1: 1.75}


def test_says_what_each_column_was_taken_for(tmp_path: Path) -> None:
    run = one(tmp_path, "epoch,train_loss,val_loss,acc,lr\n0,2.0,2.1,0.1,0.1\n1,1.0,1.1,0.5,0.1\n")
    assert set(run.curves) == {"train/loss", "val/loss", "val/accuracy", "optim/lr"}
    assert run.notes[-1].startswith("read train_loss as train/loss; val_loss as val/loss; acc as ")
    assert run.per_epoch("train/loss")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1"])
def test_names_in_other_alphabets(tmp_path: Path, encoding: str) -> None:
    assert points(one(tmp_path, "step,loss,größe\n1,2.5,1\n".encode(encoding)), "größe") == {1: 1}


def test_every_digit_of_pandas_comes_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"step": np.arange(500), "train_loss": rng.normal(size=500)})
    run = one(tmp_path, frame.to_csv(index=False))
    assert run["train/loss"].values.tolist() == frame.train_loss.tolist()


def test_an_accuracy_out_of_range_is_kept_but_is_none(tmp_path: Path) -> None:
    run = one(tmp_path, "step,loss,acc\n0,1,-0.1\n1,1,0.5\n")
    assert "train/accuracy" not in run and points(run, "acc (no accuracy)") == {0: -0.1, 1: 0.5}


def test_a_row_without_a_step_is_left_out(tmp_path: Path) -> None:
    run = one(tmp_path, "step,loss\n1,2\n2,1\ntensor(3),7\n")
    assert points(run, "train/loss") == {1: 2, 2: 1} and "rows without a step: 1 left out" in run.notes
    assert not any("out of order" in note for note in run.notes)


def test_what_was_logged_as_nan_is_not_what_is_empty(tmp_path: Path) -> None:
    run = one(tmp_path, "step,train_loss,a\n0,nan,\n1,,1\n2,inf,NaN\n3,-Infinity,2\n")
    np.testing.assert_array_equal(run["train/loss"].steps, [0, 2, 3])
    np.testing.assert_array_equal(run["train/loss"].values, [np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(run["a"].values, [1, np.nan, 2])


def test_nan_in_a_damaged_column_stays_nan(tmp_path: Path) -> None:
    run = one(tmp_path, "step,train_loss\n0,nan\n\n1,1.5\n2,oops\n3,inf\n4,\n")
    np.testing.assert_array_equal(run["train/loss"].steps, [0, 1, 3])
    np.testing.assert_array_equal(run["train/loss"].values, [np.nan, 1.5, np.inf])
    assert "line 5, column 'train_loss': 'oops' is no number, taken as absent" in run.notes


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("training_loss", "train/loss"), ("train/loss", "train/loss"), ("Loss", "train/loss"),
        ("valid_loss", "val/loss"), ("eval_loss", "val/loss"), ("test_loss", "val/loss"), ("loss/val", "val/loss"),
        ("acc", "train/accuracy"), ("val_acc", "val/accuracy"), ("eval_accuracy", "val/accuracy"),
        ("learning_rate", "optim/lr"), ("lr-Adam", "optim/lr"), ("x/lr0", "optim/lr"), ("lr/pg0", "optim/lr"),
        ("grad_norm", "grad/norm"), ("update_ratio", "optim/update_ratio"),
        ("metrics/mAP50(B)", "metrics/mAP50(B)"), ("val_error", "val_error"),
    ],
)  # fmt: skip
def test_usual_names_become_tags_and_unknown_ones_stay(tmp_path: Path, header: str, tag: str) -> None:
    assert points(one(tmp_path, f"step,{header}\n0,0.5\n1,0.25\n"), tag) == {0: 0.5, 1: 0.25}


def test_further_parameter_groups_keep_their_name(tmp_path: Path) -> None:
    run = one(tmp_path, "step,lr/pg1,lr/pg0,loss\n0,0.5,0.25,1\n")
    assert points(run, "optim/lr") == {0: 0.25} and points(run, "optim/lr/1") == {0: 0.5}


def test_the_run_mean_of_huggingface_is_not_the_curve(tmp_path: Path) -> None:
    run = one(tmp_path, "step,loss,train_loss\n10,2.5,\n20,1.5,\n20,,2.0\n")
    assert points(run, "train/loss") == {10: 2.5, 20: 1.5} and points(run, "train_loss") == {20: 2.0}


def test_a_bare_accuracy_beside_fastais_losses_is_the_validations(tmp_path: Path) -> None:
    run = one(tmp_path, "epoch,train_loss,valid_loss,accuracy,time\n0,2,1.5,0.5,00:12\n1,1,1.25,0.75,00:11\n")
    assert points(run, "val/accuracy") == {0: 0.5, 1: 0.75} and "train/accuracy" not in run
    assert points(run, "time") == {0: 12, 1: 11}


def test_times_in_minutes_and_hours_are_seconds(tmp_path: Path) -> None:
    run = one(tmp_path, "epoch,loss,time\n0,2,59:59\n1,1,1:00:01\n2,1,\n3,1,x\n")
    assert points(run, "time") == {0: 3599, 1: 3601} and any("'x' is no number" in note for note in run.notes)


def test_per_cent_and_error_rates_become_fractions(tmp_path: Path) -> None:
    run = one(tmp_path, "step,train_acc,val_error_rate\n0,50,0.75\n1,75,0.5\n")
    assert points(run, "train/accuracy") == {0: 0.5, 1: 0.75} and points(run, "val/accuracy") == {0: 0.25, 1: 0.5}
    assert (
        run.notes[-1]
        == "read train_acc as train/accuracy, in per cent; val_error_rate as val/accuracy, as one minus the error"
    )


def test_epochs_then_row_numbers_stand_for_missing_steps(tmp_path: Path) -> None:
    by_epoch = one(tmp_path, "epoch,loss\n1,2\n2,1\n")
    by_row = one(tmp_path, "epoch,loss\n1,2\n1,1.5\n2,1\n")
    assert by_epoch["train/loss"].steps.tolist() == [1, 2] and any("epochs" in note for note in by_epoch.notes)
    assert by_row["train/loss"].steps.tolist() == [0, 1, 2] and any("row numbers" in note for note in by_row.notes)
    assert by_row.epochs is not None and by_row.epochs.values.tolist() == [1, 1, 2]


def test_a_resume_keeps_the_later_row_and_the_earlier_beside_it(tmp_path: Path) -> None:
    run = one(tmp_path, "step,loss\n0,4\n1,3\n2,9\n1,2.5\n2,2\n")
    assert points(run, "train/loss") == {0: 4, 1: 2.5, 2: 2} and points_of(run.superseded["train/loss"]) == {1: 3, 2: 9}
    assert run.resumed_at == (1,)


def points_of(curve: object) -> dict[int, float]:
    return dict(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))  # type: ignore[attr-defined]


def test_wall_time_in_seconds_milliseconds_or_as_a_date(tmp_path: Path) -> None:
    for cell in ("1700000000", "1700000000000", "2023-11-14T22:13:20"):
        run = one(tmp_path, f"step,loss,timestamp\n0,2,{cell}\n1,1,{cell}\n")
        assert run["train/loss"].wall_time.tolist() == [1.7e9, 1.7e9]
    elapsed = one(tmp_path, "step,loss,time\n0,2,10.5\n1,1,21\n")
    assert np.isnan(elapsed["train/loss"].wall_time).all() and points(elapsed, "time") == {0: 10.5, 1: 21}


def test_tensorboards_export_takes_its_tag_from_the_file_name(tmp_path: Path) -> None:
    run = one(tmp_path, "Wall time,Step,Value\n1700000000.5,0,2\n1700000001.5,5,1\n", "run-a-tag-train_loss.csv")
    assert points(run, "train/loss") == {0: 2, 5: 1}


def test_several_runs_interleaved_in_one_table(tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text("run,step,loss\nb,0,1\na,0,2\nb,1,3\na,1,nan\n")
    b, a = read(tmp_path / "all.csv")
    assert (b.name, a.name) == ("b", "a") and points(b, "train/loss") == {0: 1, 1: 3}
    np.testing.assert_array_equal(a["train/loss"].values, [2, np.nan])


def test_long_parquet_of_many_runs_equals_a_slow_reading(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n, tags = 600, ["train/loss", "val/loss", "own"]
    frame = pd.DataFrame({
        "run": rng.choice(["a", "b", "c"], n), "step": rng.permutation(n), "tag": rng.choice(tags, n), "value": rng.normal(size=n),
    })  # fmt: skip
    frame.to_parquet(tmp_path / "long.parquet")
    for run in read(tmp_path / "long.parquet"):
        for tag in tags:
            mine = frame[(frame.run == run.name) & (frame.tag == tag)].sort_values("step")
            np.testing.assert_array_equal(run[tag].steps, mine.step)
            np.testing.assert_array_equal(run[tag].values, mine.value)


def test_parquet_keeps_null_and_nan_apart(tmp_path: Path) -> None:
    table = pa.table({"step": [0, 1, 2], "train_loss": pa.array([1.0, None, float("nan")], from_pandas=False)})
    pq.write_table(table, tmp_path / "a.parquet")
    (run,) = read(tmp_path / "a.parquet")
    np.testing.assert_array_equal(run["train/loss"].steps, [0, 2])


def test_a_generic_file_is_called_after_its_folder(tmp_path: Path) -> None:
    (tmp_path / "version_3").mkdir()
    assert one(tmp_path / "version_3", PLAIN, "metrics.csv").name == "version_3"


def test_columns_that_nobody_knows_keep_their_names(tmp_path: Path) -> None:
    run = one(tmp_path, "frame,episode_reward,value\n640,1,0.5\n1280,2,0.25\n")
    assert points(run, "episode_reward") == {640: 1, 1280: 2} and points(run, "value") == {640: 0.5, 1280: 0.25}
    assert any("each is kept under its own name" in note for note in run.notes)


def test_losses_of_which_none_is_the_trainings_are_a_log(tmp_path: Path) -> None:
    (tmp_path / "gan.csv").write_text("gen_loss,disc_loss\n4,3\n2,1\n")
    (run,), _ = read_all([tmp_path])
    assert points(run, "gen_loss") == {0: 4, 1: 2} and "train/loss" not in run


def test_numbers_without_a_header_are_called_by_the_file(tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    assert points(one(tmp_path, "2.5\n\n2.25\n", "train_loss.csv"), "train/loss") == {0: 2.5, 1: 2.25}
    assert points(one(tmp_path, "0,2.5\n1,2.25\n", "val_loss.csv"), "val/loss") == {0: 2.5, 1: 2.25}
    row = ",".join(str(1 / n) for n in range(1, 30_001))  # longer than what is looked at first
    assert len(one(tmp_path, row, "loss.csv")["train/loss"]) == 30_000
    (tmp_path / "all" / "val_loss.csv").write_text("2.5\n2.25\n")
    assert [run.name for run in read_all([tmp_path / "all"])[0]] == ["val_loss"]
    several = one(tmp_path, "2.5,2.75\n2.25,2.5\n", "train_loss.csv")
    assert points(several, "column 2") == {0: 2.75, 1: 2.5} and "no header line" in several.notes[0]


def test_the_files_name_says_of_which_split_its_columns_are(tmp_path: Path) -> None:
    run = one(tmp_path, "epoch,loss,acc,lr\n1,2,50,0.1\n2,1,75,0.1\n", "val_metrics.csv")
    assert (
        points(run, "val/loss") == {1: 2, 2: 1}
        and points(run, "val/accuracy") == {1: 0.5, 2: 0.75}
        and "optim/lr" in run
    )
    assert "read loss as val/loss: the file's name says so" in run.notes[-1]
    assert "train/loss" in one(tmp_path, "epoch,loss\n1,2\n2,1\n", "test_7.csv")  # a run somebody tried
    assert points(one(tmp_path, "iter\tRMSE\n0\t2\n1\t1\n", "test_error.tsv"), "val/loss") == {0: 2, 1: 1}
    assert points(one(tmp_path, "iter\tRMSE\n0\t2\n1\t1\n", "learn_error.tsv"), "train/loss") == {0: 2, 1: 1}


def test_comments_above_the_header(tmp_path: Path) -> None:
    monitor = '#{"t_start": 1729549721.7, "env_id": "None"}\nr,l,t\n0.5,4,0.2\n0.25,x,0.3\n0.125,5,0.5\n0,1,1\n'
    run = one(tmp_path, monitor, "monitor.csv")
    assert points(run, "r") == {0: 0.5, 1: 0.25, 2: 0.125, 3: 0} and any(
        n.startswith("line 4, column 'l'") for n in run.notes
    )
    assert points(one(tmp_path, "# step, loss\n0, 2\n5, 1\n", "savetxt.csv"), "train/loss") == {0: 2, 5: 1}


def test_epochs_that_begin_anew_are_told(tmp_path: Path) -> None:
    run = one(tmp_path, "epoch,loss\n0,2\n1,1\n0,2\n1,1\n2,0.5\n0,3\n")
    assert run["train/loss"].steps.tolist() == [0, 1, 2, 3, 4, 5] and "the epochs begin anew 2 times" in run.notes[0]


@pytest.mark.filterwarnings("error")
def test_epochs_that_are_no_numbers_do_not_hide_that_others_begin_anew(tmp_path: Path) -> None:
    run = one(tmp_path, "epoch,loss\ninf,2\n1,1\ninf,2\n1,1\n2,0.5\n1,3\n")
    assert len(run["train/loss"]) == 6 and "the epochs begin anew once" in run.notes[0]


def test_a_quantity_called_steps_is_no_counter(tmp_path: Path) -> None:
    rows = "".join(
        f"{n},{took},{1 / n}\n"
        for n, took in enumerate([2000, 400, 2000, 31, 2000, 417, 2000, 500, 2000, 37, 444, 2000], 1)
    )
    run = one(tmp_path, "episode,steps,loss\n" + rows)
    assert run["train/loss"].steps.tolist() == list(range(1, 13)) and run["steps"].values[1] == 400
    several = one(tmp_path, "episode,steps,loss\n" + rows + rows)  # two trainings, one after the other
    assert several["train/loss"].steps.tolist() == list(range(24)) and several["episode"].values[12] == 1
    same = one(tmp_path, "epoch,steps,loss\n" + "".join(f"{n},100,{1 / n}\n" for n in range(1, 11)))
    assert same["train/loss"].steps.tolist() == list(range(1, 11)) and same["steps"].values[0] == 100


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty.csv": (b"", "empty"),
    "header.csv": (b"step,train_loss\n", "header without rows"),
    "header-no-newline.csv": (b"step,train_loss", "header without rows"),
    "binary.csv": (b"step\0\1\2\3", "byte 4: this is binary"),
    "blank.csv": (b"\n \n", "empty"),
    "picture.csv": (b"\x89PNG\r\n\x1a\n" + bytes(200), "binary"),
    "image.png": (b"\x89PNG\r\n\0\0", "binary"),
    "strange.csv": (b"height,weight\n1,2\n", "no column is a curve we know"),
    "words.csv": (b"step,loss\n0,high\n1,low\n", "no column holds a number"),
    "junk.parquet": (b"PAR1 this is not", "Parquet"),
    "prose.txt": (b"Dear diary,\nit diverged.\n", "none says a quantity"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_line_says_what_is_wrong_and_the_others_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BROKEN[name][0])
    (tmp_path / "fine.csv").write_text(PLAIN)
    runs, (error,) = read_all([tmp_path / name, tmp_path / "fine.csv"])
    assert [run.name for run in runs] == ["fine"]
    assert BROKEN[name][1] in error.message and "\n" not in str(error) and error.source == str(tmp_path / name)


def test_missing_paths_and_folders_without_logs(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "data.csv").write_text("height,weight\n1,2\n")
    _, errors = read_all([tmp_path / "absent.csv", tmp_path / "none"])
    assert [e.message.split(";")[0] for e in errors] == [
        "there is no such file or folder",
        "no run and no log below this folder",
    ]


def test_sources_finds_runs_and_logs_but_does_not_look_into_runs_or_hidden_folders(tmp_path: Path) -> None:
    for folder in ("run/scalars", "deep/er", ".hidden"):
        (tmp_path / folder).mkdir(parents=True)
    for log in ("run/inside.csv", "deep/er/metrics.csv", ".hidden/log.csv"):
        (tmp_path / log).write_text(PLAIN)
    assert sources(tmp_path) == [tmp_path / "deep/er/metrics.csv", tmp_path / "run"]


def test_a_reader_that_fails_unexpectedly_is_an_error_of_that_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log.csv").write_text(PLAIN)
    monkeypatch.setattr("diagnostics.readers.table.logs_of", lambda table: 1 // 0)
    _, (error,) = read_all([tmp_path])
    assert "ZeroDivisionError" in error.message and "please report" in error.message


def test_read_error_without_a_reader(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="not a run folder"):
        read(tmp_path)


NAMES = st.text(st.sampled_from("abXY09 _-./@()[]%ü"), min_size=1, max_size=12).map(str.strip)
COLUMNS = st.lists(NAMES.filter(bool), max_size=3, unique_by=names.plain).filter(
    lambda found: not names.index_of(found) and all(any(c.isalpha() for c in n) for n in found)
)
STEPS = st.lists(st.integers(0, 2**53 - 1), min_size=2, max_size=20, unique=True).map(sorted)


def test_of_a_parquet_file_only_the_index_of_pandas_is_left_out(tmp_path: Path) -> None:
    frame = pd.DataFrame({"step": [1, 2], "train_loss": [2.0, 1.0], "__grad": [3.0, 4.0]}, index=[5, 7])
    frame.to_parquet(tmp_path / "log.parquet")
    (run,) = read(tmp_path / "log.parquet")
    assert sorted(run.curves) == ["__grad", "train/loss"]


@settings(max_examples=25, deadline=None)
@given(STEPS, COLUMNS, st.sampled_from([".csv", ".tsv", ".parquet"]), st.data())
def test_what_pandas_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], others: list[str], suffix: str, data: st.DataObject
) -> None:
    column = st.lists(st.floats(), min_size=len(steps), max_size=len(steps))
    logged = {name: data.draw(column) for name in ["train_loss", *(n for n in others if n != "train_loss")]}
    logged["train_loss"][0] = 0.5  # a table without a number is an error
    path, frame = tmp_path_factory.mktemp("table") / f"log{suffix}", pd.DataFrame({"step": steps, **logged})
    if suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    (log,) = table.read(path, Limits())
    found = {s.name: list(zip(s.steps.tolist(), s.values.tolist(), strict=True)) for s in log.series}
    for name, values in logged.items():  # pandas writes NaN as an empty cell
        wanted = [(step, value) for step, value in zip(steps, values, strict=True) if not math.isnan(value)]
        assert found.pop(name, []) == wanted
    assert not found


@pytest.mark.parametrize(
    ("cell", "kept", "note"),
    [("0.25", 0.25, ""), ("7", 7.0, ""), ("inf", np.inf, ""), ("", None, ""), ("oops", None, "line 20002"), ("1,1", None, "line 20002")],
)  # fmt: skip
def test_what_comes_late_in_a_long_table(tmp_path: Path, cell: str, kept: float | None, note: str) -> None:
    rows = "".join(f"{step},1\n" for step in range(20_000))
    run = one(tmp_path, f"step,train_loss\n{rows}20000,{cell}\n20001,2\n")
    found = points(run, "train/loss")
    assert found.get(20_000) == kept and found[20_001] == 2 and found[5] == 1
    assert any(note in told for told in run.notes) if note else not any("line" in told for told in run.notes)


def test_columns_of_one_name_are_told_apart_in_parquet_too(tmp_path: Path) -> None:
    columns = [pa.array([0, 1]), pa.array([2.0, 1.0]), pa.array([0.5, 0.7]), pa.array([3.0, 4.0])]
    pq.write_table(pa.table(columns, names=["step", "loss", "a", "a"]), tmp_path / "log.parquet")
    (run,) = read(tmp_path / "log.parquet")
    assert run["a"].values.tolist() == [0.5, 0.7] and run["a (2)"].values.tolist() == [3, 4]


def test_a_table_of_no_text_beside_logs_is_said_in_one_line_and_one_of_data_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("step,loss\n1,2\n2,1\n")
    (tmp_path / "people.csv").write_text("name,town\nAda,London\n")
    (tmp_path / "torn.csv").write_bytes(bytes(range(256)) * 4)
    (tmp_path / "no_zero.csv").write_bytes(bytes(range(1, 256)) * 4)
    runs, errors = read_all([tmp_path])
    assert [Path(run.source).name for run in runs] == ["metrics.csv"]
    assert [Path(e.source).name for e in errors] == ["no_zero.csv", "torn.csv"]
    assert all("this is binary data, not a table of text" in e.message for e in errors)


@pytest.mark.parametrize(
    "error",
    [
        pa.ArrowInvalid("bad"),
        pa.ArrowException("Unknown error: Wrapping w failed"),
        OSError("torn"),
        UnicodeDecodeError("utf-8", b"\xca", 0, 1, "no text"),
    ],
)
def test_however_arrow_fails_on_a_parquet_file_it_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object) -> None:
        raise error

    pq.write_table(pa.table({"step": [1, 2], "loss": [2.0, 1.0]}), tmp_path / "a.parquet")
    monkeypatch.setattr(pq, "ParquetFile", fails)
    monkeypatch.setattr(pq, "read_schema", fails)
    _, (told,) = read_all([tmp_path])
    assert told.message.startswith("damaged or half-written Parquet")


def test_texts_of_a_parquet_file_that_are_none_cost_no_numbers(tmp_path: Path) -> None:
    notes = pa.Array.from_buffers(
        pa.string(), 3, [*pa.array(["ab", "cd", "ef"]).buffers()[:2], pa.py_buffer(b"ab\xff\xfeef")]
    )
    pq.write_table(pa.table({"step": [1, 2, 3], "loss": [3.0, 2.0, 1.0], "note": notes}), tmp_path / "a.parquet")
    (run,) = read(tmp_path / "a.parquet")
    assert points(run, "train/loss") == {1: 3, 2: 2, 3: 1}


def test_times_and_whole_numbers_beyond_what_a_float_counts_are_rounded(tmp_path: Path) -> None:
    far = pa.array([2**62, 2**62 + 1, 2**62 + 2])
    columns = {"step": [1, 2, 3], "loss": [3.0, 2.0, 1.0], "time": far.cast(pa.timestamp("us")), "seen": far}
    pq.write_table(pa.table(columns), tmp_path / "log.parquet")
    (run,) = read(tmp_path / "log.parquet")
    assert run["train/loss"].values.tolist() == [3.0, 2.0, 1.0] and run["seen"].values.tolist() == [2.0**62] * 3


@pytest.mark.parametrize("row", ["{0},2.5,0.5,", "{0},2.5,,0.5", ",{0},2.5,0.5"])
def test_a_cell_that_is_always_empty_may_have_no_name(tmp_path: Path, row: str) -> None:
    run = one(tmp_path, "epoch,loss,accuracy\n" + "".join(row.format(i) + "\n" for i in range(5)))
    assert points(run, "train/loss") == dict.fromkeys(range(5), 2.5)
    assert points(run, "train/accuracy") == dict.fromkeys(range(5), 0.5)


def test_rows_at_the_end_with_a_step_and_nothing_else_are_nan_as_pandas_writes_it(tmp_path: Path) -> None:
    text = "step,time,loss\n" + "".join(f"{k},{k}.5,{1 / k}\n" for k in range(1, 11)) + "11,11.5,\n12,12.5,\n13,13.5,\n"
    run = one(tmp_path, text)
    assert run["train/loss"].steps[-1] == 13 and np.isnan(run["train/loss"].values[-3:]).all()
    assert any("line 12" in note and "3 rows" in note for note in run.notes)
    assert one(tmp_path, text.removesuffix("13,13.5,\n"))["train/loss"].steps[-1] == 10
    rate = text.replace("\n", ",0.1\n").replace("loss,0.1", "loss,lr", 1)
    assert one(tmp_path, rate)["train/loss"].steps[-1] == 10
