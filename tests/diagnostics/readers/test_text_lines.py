"""Text logs, kind by kind: lines of which some are the log, and others only look like it."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from diagnostics.readers import Limits, Log, text
from diagnostics.readers import read as read_runs
from diagnostics.readers.text.tokens import tokens


def read(folder: Path, content: str, name: str = "run7.log") -> Log:
    (folder / name).write_text(content)
    return text.read(folder / name, Limits())[0]


def series(log: Log) -> dict[str, list[float]]:
    return {s.name: s.values.tolist() for s in log.series}


def steps(log: Log, name: str) -> list[float]:
    return next(s.steps.tolist() for s in log.series if s.name == name)


def epochs(log: Log, name: str) -> list[float] | None:
    found = next(s.epochs for s in log.series if s.name == name)
    return None if found is None else found.tolist()


FAIRSEQ = "".join(
    f"2022-12-16 10:3{e}:39 | INFO | train_inner | epoch 00{e}:    {i} / 20 loss={9 - e}.{i}, num_updates={(e - 1) * 20 + i}, lr=0.1\n"
    for e in (1, 2)
    for i in (10, 19)
)
SUMS = "".join(
    f"2022-12-16 10:4{e}:39 | INFO | train | epoch 00{e} | loss {8 - e}.5 | num_updates {20 * e} | lr 0.1\n"
    for e in (1, 2)
)


def fairseq(row: dict[str, object], part: str = "train_inner") -> str:
    return f"2022-12-16 10:41:39 | INFO | {part} | {json.dumps(row)}\n"


@pytest.mark.parametrize("logged", [fairseq, lambda row, part="": json.dumps(row) + "\n"])
def test_the_step_may_be_named_after_a_part_of_the_data(tmp_path: Path, logged: Callable[..., str]) -> None:
    content = ""
    for epoch in (1, 2):
        for i in (10, 20):
            n = f"{(epoch - 1) * 25 + i}"
            content += logged({"epoch": epoch, "update": epoch + i / 25, "loss": f"{9 - epoch}.{i}", "num_updates": n})
        whole = f"{epoch * 25}"
        content += logged({"epoch": epoch, "valid_loss": f"{8 - epoch}.2", "valid_num_updates": whole}, "valid")
        content += logged({"epoch": epoch, "train_loss": f"{9 - epoch}.6", "train_num_updates": whole}, "train")
    path = tmp_path / ("train.log" if logged is fairseq else "train.jsonl")
    path.write_text(content)
    (run,) = read_runs(path)
    assert run["train/loss"].steps.tolist() == [10, 20, 35, 45]
    assert run["val/loss"].steps.tolist() == run["train_loss"].steps.tolist() == [25, 50]
    assert "valid_num_updates" not in run.curves


def test_what_sums_an_epoch_up_stands_apart(tmp_path: Path) -> None:
    log = read(tmp_path, FAIRSEQ + SUMS)
    assert series(log)["loss"] == [8.1, 8.19, 7.1, 7.19]
    assert steps(log, "loss") == [10, 19, 30, 39]
    assert series(log)["loss (epoch)"] == [7.5, 6.5]
    assert steps(log, "loss (epoch)") == [20, 40]


def test_what_a_checkpoint_tells_again_stands_apart(tmp_path: Path) -> None:
    lines = [
        f"epoch {e} | loss 0.{9 - e} | lr 0.1\nCheckpoint saved to out/best.pt (epoch {e}, loss 0.{9 - e})\n"
        for e in range(6)
    ]
    log = read(tmp_path, "".join(lines))
    assert series(log)["loss"] == series(log)["loss (told again)"] == [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]


def test_batches_in_words_behind_an_epoch_in_brackets(tmp_path: Path) -> None:
    lines = [
        "".join(f"[{e}/3] batch {i}/10 loss={9 - e}.{i} lr=1e-3\n" for i in (5, 10))
        + f"Epoch {e}/3 (12.5s) | loss={9 - e}.5 | val={9 - e}.7\n"
        for e in (1, 2, 3)
    ]
    log = read(tmp_path, "".join(lines))
    assert steps(log, "loss") == [5, 10, 15, 20, 25, 30]
    assert series(log)["loss (epoch)"] == [8.5, 7.5, 6.5]
    assert epochs(log, "val") == [1, 2, 3]


def test_an_evaluation_before_the_training_counts(tmp_path: Path) -> None:
    body = "".join(f"step {i} loss {9 - i}\n" + ("val loss 7.5\n" if i % 2 == 0 else "") for i in range(1, 7))
    log = read(tmp_path, "memory per sequence: 618 MiB\n -> estimated maximum batch size: 61\nval loss 11.5\n" + body)
    assert series(log)["val loss"] == [11.5, 7.5, 7.5, 7.5]
    assert steps(log, "val loss") == [0, 2, 4, 6]


QUIET = {
    "a model": "(bn): BatchNorm2d(32, eps=0.001, momentum=0.03)\n" * 9,
    "loguru's place": "2021-09-03 20:17:51 | INFO | yolox.core.trainer:after_iter:246 - all is well\n" * 9,
    "a host and a place": "2025-12-27 22:12:56 node-03:0 train:990 INFO all is well\n" * 9,
    "numbers in a word": "0.0319recall:0.0517recall:0.0785\n",
    "a saved model": "Best Model saved at epoch:3\n" * 3,
    "a progress": "evaluating HellaSwag: 20/1256\n" * 9,
}


@pytest.mark.parametrize("name", QUIET)
def test_numbers_that_only_look_like_quantities(tmp_path: Path, name: str) -> None:
    log = read(tmp_path, "".join(f"step {i} loss {9 - i}\n{QUIET[name]}" for i in range(4)))
    assert series(log) == {"loss": [9, 8, 7, 6]}


def test_a_print_of_all_options_is_no_quantity(tmp_path: Path) -> None:
    options = "{'common': {'lr': 0.1, 'test_loss': 3}, 'steps': 9}\n"
    assert series(read(tmp_path, options + "".join(f"step {i} loss {9 - i}\n" for i in range(4)))) == {
        "loss": [9, 8, 7, 6]
    }


def test_an_index_is_no_quantity_but_what_follows_is(tmp_path: Path) -> None:
    lines = [f"Epoch {e}, loss: 0.{e}\n" + "".join(f"Class {c}: P=0.{e}{c}\n" for c in (1, 2)) for e in (1, 2, 3)]
    assert series(read(tmp_path, "".join(lines)))["P"] == [0.11, 0.12, 0.21, 0.22, 0.31, 0.32]


def test_the_name_of_the_data_may_count_the_epochs(tmp_path: Path) -> None:
    log = read(tmp_path, "".join(f"Train {e}, loss: 0.{9 - e}, train acc: 0.{e}\n" for e in range(5)))
    assert series(log)["loss"] == [0.9, 0.8, 0.7, 0.6, 0.5]
    assert epochs(log, "loss") == [0, 1, 2, 3, 4]


def test_a_fraction_that_is_written_out_is_its_quotient(tmp_path: Path) -> None:
    lines = [f"step {i} loss {9 - i}\nHellaSwag: {i}00/1000 = 0.{i}\n" for i in range(1, 6)]
    assert series(read(tmp_path, "".join(lines)))["HellaSwag"] == [0.1, 0.2, 0.3, 0.4, 0.5]


def test_the_pass_of_an_evaluation_is_no_step(tmp_path: Path) -> None:
    lines = [
        f"[TRAIN] epoch: {i}, iter: {i}0/50, loss: {9 - i}\n125/125 - 25s - batch_cost: 0.2033\n[EVAL] mIoU: 0.{i}\n"
        for i in range(1, 6)
    ]
    assert steps(read(tmp_path, "".join(lines)), "EVAL/mIoU") == [10, 20, 30, 40, 50]


def test_headings_that_begin_again_begin_another_run(tmp_path: Path) -> None:
    once = "".join(f"Epoch {e}/4\nTrain Loss: {4 - e}.5\n" for e in (1, 2, 3, 4))
    (tmp_path / "run7.log").write_text(once + once)
    assert [len(log.series[0]) for log in text.read(tmp_path / "run7.log", Limits())] == [4, 4]


TABLE = "".join(f"| {i} | 0.{9 - i} | 0.{i} |\n" for i in range(9))
OTHERS = {
    "README.md": "".join(f"Epoch {i}/9 - loss: 0.{9 - i}\n" for i in range(9)),
    "results.md": f"# Results\n\n| epoch | loss | accuracy |\n|---|---|---|\n{TABLE}\n",
    "merges.txt": "#version: 0.2\n" + "".join(f"e {i}\nĠR {i}\nst ep\n" for i in range(90)),
    "problems.txt": "".join(
        f"Step 1: take {i} and {i + 2}.\nThe sum is {2 * i + 2}.\n" + "So it is.\n" * 9 for i in range(9)
    ),
    "report.txt": "class precision recall f1-score\n" + "".join(f"{c} 0.{c} 0.{c}1 0.{c}2\n" for c in range(1, 9)),
    "result.txt": "mean order: 281.4\ntop 5 accuracy: 0.31\ntop 10 accuracy: 0.38\ntop 15 accuracy: 0.43\n",
}


@pytest.mark.parametrize("name", OTHERS)
def test_documents_and_reports_are_not_claimed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(OTHERS[name])
    assert not text.claims(tmp_path / name)


def test_a_time_may_stand_where_a_number_stood(tmp_path: Path) -> None:
    lines = ["step 1 loss 3 left 5\n", *(f"step {i} loss {9 - i} left 0:00:0{i}\n" for i in range(2, 7))]
    log = read(tmp_path, "".join(lines))
    assert series(log)["loss"] == [3, 7, 6, 5, 4, 3]


def test_prose_of_many_kinds_of_lines_is_passed_over(tmp_path: Path) -> None:
    prose = "".join(
        f"the {chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)} is {i} old\n" for i in range(9000)
    )
    log = read(tmp_path, prose + "".join(f"step {i} loss {9 - i}\n" for i in range(5)))
    assert series(log)["loss"] == [9, 8, 7, 6, 5]


def test_a_block_of_names_and_values_is_a_moment(tmp_path: Path) -> None:
    block = (
        "------------------------------------\n| rollout/                |          |\n|    ep_rew_mean          | {0}     |\n"
        "| time/                   |          |\n|    fps                  | 1233     |\n|    total_timesteps      | {1} |\n"
        "| train/                  |          |\n|    loss                 | {2:.2e} |\n------------------------------------\n"
    )
    log = read(tmp_path, "Using cpu device\n" + "".join(block.format(9 + i, 2048 * i, 0.5 / i) for i in (1, 2, 3)))
    assert series(log) == {
        "rollout/ep_rew_mean": [10, 11, 12],
        "time/fps": [1233] * 3,
        "train/loss": [0.5, 0.25, 0.167],
    }
    assert log.series[0].steps.tolist() == [2048, 4096, 6144]


def test_a_block_that_is_printed_once_is_a_list_of_options(tmp_path: Path) -> None:
    options = "+----+----+\n| lr | 0.1 |\n| loss_weight | 3 |\n+----+----+\n"
    log = read(tmp_path, options + "".join(f"step {i} loss {9 - i}\n" for i in range(4)))
    assert series(log) == {"loss": [9, 8, 7, 6]}


def test_a_long_line_that_hardly_differs_is_matched_soon(tmp_path: Path) -> None:
    words = ", ".join(f"'eval_{i}_loss': {1000 + i}.25" for i in range(150))
    lines = "".join(f"{{{words}, 'epoch': {e}.0, 'last {name}': 1.5}}\n" for e, name in enumerate("aabbcd", 1))
    begun = time.process_time()
    log = read(tmp_path, lines)
    assert time.process_time() - begun < 5  # s of processor
    assert len(series(log)["eval_149_loss"]) == 6  # printed once in these very words, two of them, but not options


def test_decimal_commas_and_thousands_are_told_apart(tmp_path: Path) -> None:
    german = "".join(f"Epoche {i}: loss=2,8{i}, val_loss=2,{i}00, lr=0,001\n" for i in range(4))
    assert series(read(tmp_path, german)) == {
        "loss": [2.8, 2.81, 2.82, 2.83], "val_loss": [2.0, 2.1, 2.2, 2.3], "lr": [0.001] * 4,
    }  # fmt: skip
    english = "".join(f"step {i},000, tokens: {i},234,567 loss: 0.{i}\n" for i in range(1, 5))
    log = read(tmp_path, english)
    assert log.series[0].steps.tolist() == [1000, 2000, 3000, 4000]
    assert series(log)["tokens"] == [1234567, 2234567, 3234567, 4234567]


@pytest.mark.parametrize(
    "prefix",
    [
        "rank{0}: ",
        "[rank{0}]: ",
        "[cuda:{0}] ",
        "[GPU{0}] ",
        "Rank {0} | ",
        "(RayTrainWorker pid=471{0}, ip=10.0.0.{0}) ",
    ],
)
def test_whatever_says_the_process_one_is_read(tmp_path: Path, prefix: str) -> None:
    log = read(tmp_path, "".join(prefix.format(r) + f"Epoch {i} loss: {9 - i}.{r}\n" for i in range(4) for r in (0, 1)))
    assert series(log) == {"loss": [9, 8, 7, 6]} and log.notes == ("2 processes logged the same: one is read",)


@pytest.mark.parametrize(
    "line", [5_000 * "7" + "c", "1" + 5_000 * ",234" + "x", 5_000 * "1.", 5_000 * "1e5", 5_000 * ".5"]
)
def test_a_long_line_of_digits_is_not_tried_at_every_length(line: str) -> None:
    began = time.process_time()
    tokens(20 * line)
    assert time.process_time() - began < 2.0  # quadratic, it took minutes
