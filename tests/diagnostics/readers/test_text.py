"""Text logs: what tools and scripts print is read as they printed it, whatever surrounds it."""

import random
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from collector import schema
from diagnostics.readers import Limits, Log, ReadError, text, understand
from tests import logs

PRINTED, CONSOLE = sorted(logs.truth("printed")), sorted(logs.truth("console"))


def read(folder: Path, content: str | bytes, name: str = "run7.log") -> Log:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return text.read(folder / name, Limits())[0]


def series(log: Log) -> dict[str, list[float]]:
    return {s.name: s.values.tolist() for s in log.series}


def steps(log: Log, name: str) -> list[float]:
    return next(s.steps.tolist() for s in log.series if s.name == name)


def places(log: Log, name: str) -> np.ndarray:
    found = next(s for s in log.series if s.name == name)
    return found.epochs if np.isnan(found.steps).all() and found.epochs is not None else found.steps


@pytest.mark.parametrize("name", PRINTED)
def test_every_printed_number_is_read_where_it_belongs(name: str) -> None:
    (log,) = text.read(logs.log("printed") / f"{name}.log", Limits())
    for quantity, points in logs.truth("printed")[name].items():
        at, values = np.array(points).T
        assert np.array_equal(series(log)[quantity], values, equal_nan=True), quantity
        assert np.array_equal(places(log, quantity), at), quantity


@pytest.mark.parametrize("name", CONSOLE)
def test_terminals_of_real_tools_show_what_was_logged(name: str) -> None:
    (log,) = text.read(logs.log("console") / f"{name}.log", Limits())
    for quantity, points in logs.truth("console")[name].items():
        at, values = np.array(points).T
        np.testing.assert_allclose(series(log)[quantity], values, rtol=4e-3, atol=6e-5, err_msg=quantity)
        if name != "huggingface_quiet":  # it prints no step
            assert np.array_equal(places(log, quantity), at), quantity


@pytest.mark.parametrize("tool", ["printed", "console"])
def test_logs_are_claimed_among_other_files(tool: str) -> None:
    assert all(text.claims(path) for path in logs.log(tool).iterdir())


MEANT = {
    "nanogpt": {schema.TRAIN_LOSS: "loss", schema.VAL_LOSS: "val loss"},
    "llm_c": {schema.TRAIN_LOSS: "trl", schema.VAL_LOSS: "tel", schema.LR: "lr"},
    "megatron": {schema.TRAIN_LOSS: "lm loss", schema.VAL_LOSS: "validation/lm loss value", schema.LR: "learning rate"},
    "fairseq": {schema.TRAIN_LOSS: "loss", schema.VAL_LOSS: "valid_loss", schema.GRAD_NORM: "gnorm"},
    "pytorch_example": {
        schema.TRAIN_LOSS: "Loss",
        schema.VAL_LOSS: "Test/Average loss",
        schema.VAL_ACCURACY: "Test/Accuracy",
    },
    "imagenet_example": {schema.TRAIN_ACCURACY: "Acc@1", schema.VAL_ACCURACY: "* Acc@1"},
    "catboost": {schema.TRAIN_LOSS: "learn", schema.VAL_LOSS: "test"},
    "own_script": {schema.TRAIN_LOSS: "train Loss", schema.VAL_LOSS: "val Loss", schema.VAL_ACCURACY: "val/Acc"},
}


@pytest.mark.parametrize("name", MEANT)
def test_the_usual_curves_are_found_by_their_tags(name: str) -> None:
    (log,) = text.read(logs.log("printed") / f"{name}.log", Limits())
    run = understand(log)
    for tag, quantity in MEANT[name].items():
        scale = 100 if run[tag].values.max() * 50 < max(series(log)[quantity]) else 1
        np.testing.assert_allclose(run[tag].values * scale, series(log)[quantity])


PASTED = """
Epoch 1 | train loss 2.31 | val loss 2.25 | 12.1s
Epoch 2 | train loss 1.80 | val loss 1.91 | 12.0s
Epoch 3 | train loss 1.52 | val loss 1.77 | 12.2s
"""


def test_ten_pasted_lines_are_a_log(tmp_path: Path) -> None:
    log = read(tmp_path, PASTED, "pasted.txt")
    assert series(log) == {"train loss": [2.31, 1.8, 1.52], "val loss": [2.25, 1.91, 1.77]}
    assert text.claims(tmp_path / "pasted.txt")


ENCODED = "".join(f"étape: step {i} loss {10 - i}\n" for i in range(6))


@pytest.mark.parametrize(
    "raw",
    [
        ENCODED.encode(),
        b"\xef\xbb\xbf" + ENCODED.encode(),
        ENCODED.encode("utf-16"),
        ENCODED.encode("utf-16-be").join([b"\xfe\xff", b""]),
        ENCODED.replace("é", "e").encode("utf-16-le"),
        ENCODED.encode("latin-1"),
        ENCODED[:60].encode() + ENCODED[60:].encode("latin-1"),
        ENCODED.replace("\n", "\r\n").encode(),
        ENCODED.replace("step", "\x1b[32mstep\x1b[0m").encode(),
        ENCODED.replace("\n", "\r").encode(),
        ("[rank0]: " + ENCODED.replace("\n", "\n[rank0]: ")).encode(),
        b"x" * 3_000_000 + b"\n" + ENCODED.encode(),
    ],
)
def test_every_encoding_and_terminal_gives_the_same(tmp_path: Path, raw: bytes) -> None:
    log = read(tmp_path, raw)
    assert series(log) == {"loss": [10, 9, 8, 7, 6, 5]}
    assert steps(log, "loss") == [0, 1, 2, 3, 4, 5]


def test_dates_are_the_wall_time(tmp_path: Path) -> None:
    log = read(
        tmp_path, "".join(f"[2024-03-05 10:00:{i:02d},500][main][INFO] - step {i} loss 0.{i}\n" for i in range(10))
    )
    assert log.series[0].wall_time is not None
    assert log.series[0].wall_time[0] == 1709632800.5
    assert np.diff(log.series[0].wall_time).tolist() == [1] * 9


NOISE = """Python 3.11.4 (main, Jul  5 2023, 13:45:01) [GCC 11.2.0]
requirement: torch==2.1.0 numpy 1.26.4
Loaded 50000 training images of size 32x32 in 3.21 s from /data/cifar-10
Namespace(lr=0.1, batch_size=128, epochs=3)
Model(
  (fc): Linear(in_features=512, out_features=10, bias=True)
)
Total params: 11,173,962
"""


def test_numbers_that_measure_nothing_are_left_out(tmp_path: Path) -> None:
    shown = "".join(
        f"Epoch {e}/3 loss: {1 / e:.3f} ETA: 0:00:{e:02d} ckpt_{e}.pt 2024-01-0{e} v1.2.{e}\n" for e in (1, 2, 3)
    )
    assert series(read(tmp_path, NOISE + shown + "Finished in 00:12:01\n")) == {"loss": [1.0, 0.5, 0.333]}


def test_a_line_without_a_step_belongs_to_the_one_before(tmp_path: Path) -> None:
    lines = [
        f"step {i} loss {9 - i}\n" + ("Validation: loss 0.5, accuracy 71%\n" if i % 3 == 0 else "") for i in range(1, 8)
    ]
    log = read(tmp_path, "".join(lines))
    assert steps(log, "Validation/loss") == [3, 6]
    assert series(log)["Validation/accuracy"] == [71, 71]


def test_steps_of_each_epoch_are_counted_on(tmp_path: Path) -> None:
    lines = [f"Epoch [{e}/3], Step [{i}/20], Loss: {9 - i / 10 - e}\n" for e in (1, 2, 3) for i in (5, 10, 15, 20)]
    assert steps(read(tmp_path, "".join(lines)), "Loss") == list(range(5, 61, 5))


def test_several_runs_in_one_file_are_several(tmp_path: Path) -> None:
    once = "".join(f"step {i} loss {5 / (i + 1):.3f}\n" for i in range(20))
    (tmp_path / "run7.log").write_text(once + "Starting again\n" + once + once)
    found = text.read(tmp_path / "run7.log", Limits())
    assert [log.name for log in found] == ["run7", "run7 (2)", "run7 (3)"]
    assert [len(log.series[0]) for log in found] == [20, 20, 20]


def test_a_resume_is_no_other_run(tmp_path: Path) -> None:
    lines = [f"step {i} loss {5 / (i + 1):.3f}\n" for i in [*range(20), *range(15, 30)]]
    assert understand(read(tmp_path, "".join(lines))).resumed_at == (15,)


def test_of_several_processes_one_is_read(tmp_path: Path) -> None:
    lines = [f"[rank{r}]: step {i} loss {5 - i + r / 10}\n" for i in range(5) for r in (1, 0)]
    log = read(tmp_path, "".join(lines))
    assert series(log)["loss"] == [5, 4, 3, 2, 1]
    assert log.notes == ("2 processes logged the same: one is read",)


LOSSES = "".join(f"step {i} loss {5 - i}\n" for i in range(5))
CRASH = """Traceback (most recent call last):
  File "train.py", line 7, in <module>
    train(steps=12)
torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB
"""


def test_a_traceback_at_the_end_is_a_crash(tmp_path: Path) -> None:
    log = read(tmp_path, LOSSES + CRASH)
    assert log.state == "crashed"
    assert log.exception == "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
    assert series(log) == {"loss": [5, 4, 3, 2, 1]}


def test_a_traceback_before_more_of_the_log_is_none(tmp_path: Path) -> None:
    assert read(tmp_path, LOSSES + CRASH + "step 5 loss 0.5\n").state is None


@pytest.mark.parametrize("last", ["Killed", "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=7.batch"])
def test_killed_from_outside(tmp_path: Path, last: str) -> None:
    log = read(tmp_path, LOSSES + last + "\n")
    assert log.state == "crashed"
    assert log.notes == (f"ended from outside, line 6: {last}",)


def test_not_a_number_is_a_loss_too(tmp_path: Path) -> None:
    log = read(tmp_path, "step 1 loss 2.5\nstep 2 loss nan\nstep 3 loss inf\nLoss is nan, stopping training\n")
    np.testing.assert_array_equal(series(log)["loss"], [2.5, np.nan, np.inf])
    assert log.notes == ("line 4: the log says that a loss is no number",)


OTHERS = {
    "README.md": "# A network\nAccuracy of 93% after 100 epochs.\n\n```\nEpoch 1 loss 0.5\n```\n"
    + "Words and words.\n" * 40,
    "requirements.txt": "torch==2.1.0\nnumpy==1.26\npandas==2.0\nscipy==1.11\n",
    "train.py": "for step in range(100):\n    loss = 0.1\n    print(f'step {step} loss {loss}')\n" + LOSSES,
    "notes.txt": "loss was 0.5\nthen I tried lr 0.1\nand it was bad in 3 of 5 runs\n",
    "config.txt": "lr: 0.1\nmomentum: 0.9\nepochs: 100\nloss: mse\nsteps: 1000\n",
    "trace.log": CRASH,
    "server.log": "".join(f"2024-01-01 10:00:0{i} GET /index.html 200 {i}12 bytes in {i}.3 ms\n" for i in range(9)),
    "image.bin": "\x00\x01\x02step 1 loss 2\n" * 30,
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_log_is_not_claimed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(OTHERS[name])
    assert not text.claims(tmp_path / name)


def test_a_file_without_a_quantity_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"3 lines, and none says a quantity"):
        read(tmp_path, "Hello\nworld\nof 3 words\n")


def test_any_cut_and_any_flipped_bit_leaves_a_reading_or_one_line(tmp_path: Path) -> None:
    chance = random.Random(3)
    for name in ("torchvision", "yolo", "fairseq", "catboost"):
        raw = (logs.log("printed") / f"{name}.log").read_bytes()[:3000]
        for _ in range(40):
            broken = bytearray(raw[: chance.randrange(len(raw))])
            for _ in range(8):
                if broken:
                    broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
            _no_traceback(tmp_path, bytes(broken))


HOSTILE = {
    "empty": b"",
    "nulls": b"\0" * 10_000,
    "one line": b"loss: 1 " * 200_000,
    "brackets": b"[" * 100_000 + b"\n" + b"(" * 100_000,
    "spaces": b"step 1 loss" + b" " * 200_000 + b"2\n",
    "digits": b"step 1 loss " + b"9" * 100_000 + b"\n",
    "names": b"".join(b"step %d q%d: 0.5\n" % (i, i) for i in range(10_000)),
    "kinds": b"".join(b"step 1 %s loss 0.5\n" % (b"x" * i) for i in range(1500)),
    "slashes": b"1/2" * 100_000,
    "epoch": b"Epoch 99999999999999999999999 step 1e308 loss 1e400\n" * 50,
    "html": b"step 1 <b>loss</b>: 0.5\nstep 2 <script>loss</script>: 0.5\n" * 9,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read_or_refused_soon(tmp_path: Path, name: str) -> None:
    begun = time.process_time()
    _no_traceback(tmp_path, HOSTILE[name])
    assert time.process_time() - begun < 5  # s of processor: a busy machine is no fault of the text


def _no_traceback(folder: Path, raw: bytes) -> None:
    path = folder / "some.log"
    path.write_bytes(raw)
    text.claims(path)
    try:
        for log in text.read(path, Limits()):
            understand(log)
    except ReadError as error:
        assert "\n" not in error.message


@pytest.mark.parametrize("unit", [b"_a", b"1.", b"a:1 ", b"loss ", b"(", b"1:2"])
def test_long_lines_cost_no_more_than_ten_times_the_file(tmp_path: Path, unit: bytes) -> None:
    raw = (unit * (60_000 // len(unit)) + b" 1\n") * 10
    tracemalloc.start()
    _no_traceback(tmp_path, raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * len(raw)


def test_a_table_with_doubled_tabs_behind_a_loggers_prefix(tmp_path: Path) -> None:
    head = "Epoch \t Train Time \t LR \t \t Train Loss \t Train Robust Loss \t Test Robust Loss"
    rows = [
        f"{e} \t 8.1 \t \t 0.1000 \t \t {2 / (e + 1):.4f} \t {3 / (e + 1):.4f} \t \t {3.5 / (e + 1):.4f}"
        for e in range(9)
    ]
    lines = [f"[2020/02/26 10:1{n}:00] - {line}" for n, line in enumerate(["Namespace(lr_max=0.1)", head, *rows[:8]])]
    run = understand(read(tmp_path, "\n".join(lines)))
    assert run["train/loss"].values.tolist() == [round(3 / (e + 1), 4) for e in range(8)]
    assert run["val/loss"].values.tolist() == [round(3.5 / (e + 1), 4) for e in range(8)]
    assert run.epochs is not None and run.epochs.values.tolist() == [*range(8)]
    assert set(run["optim/lr"].values) == {0.1}


@pytest.mark.parametrize(
    "head, when",
    [
        ("date time epoch train_loss val_loss", "2024-01-01 12:00:{0:02}"),
        ("timestamp epoch train_loss val_loss", "2024-01-01T12:00:{0:02}"),
    ],
)
def test_a_date_that_is_a_column_is_no_loggers_prefix(tmp_path: Path, head: str, when: str) -> None:
    rows = [f"{when.format(e)} {e} {2.5 - e / 50:.3f} {2.6 - e / 50:.3f}" for e in range(30)]
    run = understand(read(tmp_path, "\n".join([head, *rows])))
    assert len(run["train/loss"]) == len(run["val/loss"]) == 30
