"""Text logs whose lines say their place in other ways: before the number, behind the epoch, or not at all."""

from pathlib import Path

import pytest

from diagnostics.readers import Log, ReadError, read, text
from diagnostics.readers.limits import Limits
from diagnostics.run import Run


def logged(folder: Path, content: str) -> Log:
    (folder / "run7.log").write_text(content)
    (log,) = text.read(folder / "run7.log", Limits())
    return log


def run(folder: Path, content: str) -> Run:
    (folder / "run7.log").write_text(content)
    (found,) = read(folder / "run7.log")
    return found


def steps(log: Log, name: str) -> list[float]:
    return next(s.steps.tolist() for s in log.series if s.name == name)


@pytest.mark.parametrize(
    "line",
    [
        "Cost after iteration {0}: {1}",
        "loss at step {0}: {1}",
        "Average loss at step {0}/900: {1}",
        "Training loss (for one batch) at step {0}: {1}",
        "The loss after {0} iterations is {1}",
        "After {0} training step(s), loss on training batch is {1}",
        "12:00:01.203 [main] INFO o.x.IterationListener - Loss at iteration {0} is {1}",
    ],
)
def test_a_quantity_may_be_named_before_its_place(tmp_path: Path, line: str) -> None:
    found = run(tmp_path, "".join(line.format(100 * i, 2.5 - i / 4) + "\n" for i in range(8)))
    assert found["train/loss"].steps.tolist() == [100 * i for i in range(8)]
    assert found["train/loss"].values.tolist() == [2.5 - i / 4 for i in range(8)]


def test_an_epoch_may_be_named_so_too(tmp_path: Path) -> None:
    found = run(tmp_path, "".join(f"Accuracy after epoch {i}: 0.{i}\n" for i in range(1, 9)))
    assert found["train/accuracy"].values.tolist() == [i / 10 for i in range(1, 9)]
    assert found.epochs is not None


def test_the_best_so_far_and_a_patience_are_no_places(tmp_path: Path) -> None:
    log = logged(
        tmp_path,
        "".join(
            f"epoch {i} loss 0.{9 - i}\nNo improvement after 3 epochs, loss 0.9\nBest loss at epoch 2: 0.7\n"
            for i in range(1, 8)
        ),
    )
    loss = next(s for s in log.series if s.name == "loss" and len(s) == 7)
    assert loss.epochs is not None
    assert loss.epochs.tolist() == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    "line", ["Batch {0}, loss: {1}", "[{0}/500] loss: {1}", "step {0} loss {1}", "[E{2}] step {0} loss {1}"]
)
def test_an_epoch_that_is_summed_up_behind_its_steps_holds_for_those_before(tmp_path: Path, line: str) -> None:
    content = ""
    for epoch in (1, 2, 3):
        content += "".join(line.format(100 * b, (9 - b) / epoch, epoch) + "\n" for b in range(1, 6))
        content += f"Epoch {epoch}: train loss 0.{9 - epoch}, val loss 0.{8 - epoch}\n"
    log = logged(tmp_path, content + line.format(100, 1.25, 4) + "\n")  # the fourth goes on
    assert steps(log, "loss") == [*range(100, 1600, 100), 1600]
    assert steps(log, "val loss") == [500, 1000, 1500]


def test_runs_in_a_row_are_told_apart_where_epochs_are_summed_up(tmp_path: Path) -> None:
    once = "".join(
        "".join(f"Batch {100 * b}, loss: {9 - b - epoch}.5\n" for b in range(1, 6))
        + f"Epoch {epoch} done, val loss 0.{epoch}\n"
        for epoch in (1, 2)
    )
    broken_off = "".join(f"Batch {100 * b}, loss: {3 - b}.5\n" for b in range(1, 3))
    (tmp_path / "run7.log").write_text(once + broken_off + once)
    first, second = text.read(tmp_path / "run7.log", Limits())
    assert steps(first, "loss") == [*range(100, 1300, 100)]
    assert steps(second, "loss") == [*range(100, 1100, 100)]


def test_headings_before_the_steps_still_hold_for_those_behind(tmp_path: Path) -> None:
    content = "".join(
        f"Epoch {epoch}\n" + "".join(f"Batch {100 * b}, loss: {9 - b}.{epoch}\n" for b in range(1, 6))
        for epoch in (1, 2)
    )
    assert steps(logged(tmp_path, content), "loss") == [*range(100, 1100, 100)]


def test_iters_behind_an_epoch_are_a_place(tmp_path: Path) -> None:
    lines = [
        f"(epoch: {e}, iters: {i}, time: 0.053, data: 0.379) G_L1: 8.0{e} D_real: 0.{i}"
        for e in (1, 2)
        for i in (100, 200, 300)
    ]
    log = logged(tmp_path, "======= Training Loss (Mon Mar 11 09:27:59 2019) =======\n" + "\n".join(lines))
    assert steps(log, "G_L1") == [100, 200, 300, 400, 500, 600]
    assert "iters" not in {s.name for s in log.series}


BARS = "\r".join(f"      {{0}}/2      2.1G   0.0{9 - i}   0.03         0    0.1{9 - i}       168       640:  {i}0%|#    | {i}/9 [00:03<?, ?it/s]" for i in range(9))  # fmt: skip
HEAD = "     Epoch   gpu_mem       box       obj       cls     total    labels  img_size\n"
CLASSES = "     Class  Images  Labels        P        R  mAP@.5  mAP@.5:.95: 100%|####| 7/7 [00:08<00:00,  1.16s/it]\n"


def test_the_last_state_of_a_row_before_a_bar_is_the_epochs(tmp_path: Path) -> None:
    content = "train: Scanning labels... 595 found, 0 missing: 100%|####| 595/595 [00:00<?, ?it/s]\n" + HEAD
    for epoch in range(3):
        content += BARS.format(epoch) + "\n" + CLASSES + HEAD
        content += f"       all     195     882   0.{epoch}5    0.35    0.{epoch}4    0.00{epoch}\n"
    log = logged(tmp_path, content)
    found = {s.name: s for s in log.series}
    assert found["box"].values.tolist() == [0.01] * 3
    assert np_list(found["box"].epochs) == [0, 1, 2]
    assert found["P"].values.tolist() == [0.05, 0.15, 0.25]
    assert log.meanings["total"].tag == "train/loss"


def np_list(values: object) -> list[float]:
    assert values is not None
    return [*values]  # type: ignore[misc]


def test_the_accuracy_that_a_star_marks_is_the_validations(tmp_path: Path) -> None:
    lines = [
        "".join(f"Epoch: [{e}][{i}/40]\tLoss {4 - e}.{i} (2.1)\tPrec@1 {i}.5 (9.1)\tPrec@5 {i + 30}.5 (29.0)\n" for i in (0, 10, 20))
        + f" * Prec@1 {20 + 10 * e}.250 Prec@5 {50 + e}.125\n"
        for e in range(4)
    ]  # fmt: skip
    found = run(tmp_path, "".join(lines))
    assert found["val/accuracy"].values.tolist() == pytest.approx([0.2025, 0.3025, 0.4025, 0.5025])
    assert found["train/accuracy"].values[:3].tolist() == pytest.approx([0.005, 0.105, 0.205])


def test_options_and_what_was_fetched_are_no_log(tmp_path: Path) -> None:
    options = "trainer: task=detect, epochs=10, patience=100, batch=16, imgsz=800, save=True, cache=False, resume=False, lr0=0.01\n"
    fetched = "Fetching 14 files:  21%|##   | 3/14 [00:00<00:00]\nFetching 14 files:  43%|####   | 6/14 [00:04<00:07]\n"
    for content in (options, fetched):
        (tmp_path / "run7.log").write_text(content)
        with pytest.raises(ReadError, match="none says a quantity"):
            text.read(tmp_path / "run7.log", Limits())


TRAINED = "      {0}/3      2.1G      1.{0}      2.{0}      1.5         58        416: 100%|####| 9/9 [00:03<00:00]\n"
TESTED = "                   all       2098      18916      0.{0}6      0.{0}9       0.04       0.0{0}      0.{0}5      0.1       0.2      0.3\n"
MASKS = "  Class     Images  Instances      Box(P          R      mAP50  mAP50-95)     Mask(P          R      mAP50  mAP50-95): 100%|##| 3/3 [00:08<00:00]\n"


def test_yolos_losses_are_summed_and_groups_of_names_told_apart(tmp_path: Path) -> None:
    head = "      Epoch    GPU_mem   box_loss   cls_loss   dfl_loss  Instances       Size\n"
    log = logged(tmp_path, "".join(head + TRAINED.format(e) + MASKS + TESTED.format(e) for e in (1, 2, 3)))
    found = {s.name: s.values.tolist() for s in log.series}
    assert found["train/loss"] == pytest.approx([4.7, 4.9, 5.1])
    assert found["P"] == [0.16, 0.26, 0.36] and found["Mask P"] == [0.15, 0.25, 0.35]
    assert (found["mAP50-95"], found["Mask mAP50-95"]) == ([0.01, 0.02, 0.03], [0.3] * 3)
    (run,) = read(tmp_path / "run7.log")  # two rows an epoch count objects
    assert run["train/loss"].steps.tolist() == [1, 2, 3]


def test_the_number_of_epochs_among_options_is_no_epoch(tmp_path: Path) -> None:
    options = "+--------+-----+\n| Epochs | 500 |\n+--------+-----+\n| Rate   | 0.1 |\n+--------+-----+\n\n"
    log = logged(
        tmp_path, options + "".join(f"Training Loss: 0.{9 - i}\nModel test error: 0.{8 - i}\n" for i in range(6))
    )
    assert all(s.epochs is None for s in log.series) and log.epochs is None


def test_catboost_without_a_test_set(tmp_path: Path) -> None:
    lines = [f"{i}:\tlearn: {9 - i}.5\ttotal: {i}.1ms\tremaining: {9 - i}ms\n" for i in range(6)]
    assert run(tmp_path, "".join(lines))["train/loss"].values.tolist() == [9.5, 8.5, 7.5, 6.5, 5.5, 4.5]


def test_source_with_comments_before_the_log_is_none(tmp_path: Path) -> None:
    source = "def plan(step):\n    rate = 1.52  # (16/8)**0.6\n    rate = 1.73  # (24/8)**0.5\n    total_loss = 0.0\n"
    log = logged(tmp_path, source + "".join(f"step:{i}/9 val_loss:{9 - i}.5 train_time:{i}ms\n" for i in range(9)))
    assert {s.name for s in log.series} == {"val_loss", "train_time"}


def test_evaluations_alone_in_the_words_of_llm_c(tmp_path: Path) -> None:
    found = run(tmp_path, "".join(f"s:{250 * i} tel:{9 - i}.25\n" for i in range(6)))
    assert found["val/loss"].steps.tolist() == [0, 250, 500, 750, 1000, 1250]


def test_an_evaluation_of_other_batches_is_no_run_and_stands_at_the_end_of_its_epoch(tmp_path: Path) -> None:
    content = ""
    for epoch in range(3):
        content += "".join(f"train --- Current batch:{i}/40  loss:[ 0.{9 - epoch}{i}]\n" for i in (20, 40))
        content += f"Epoch [{epoch}]/[3]   Training Phase Loss: 0.{8 - epoch}   Accuracy: 0.{5 + epoch}\n"
        content += "".join(f"val --- Current batch:{i}/10  loss:[ 0.{7 - epoch}{i}]\n" for i in (5, 10))
        content += f"Epoch [{epoch}]/[3]   Validation Phase Loss: 0.{7 - epoch}   Accuracy: 0.{4 + epoch}\n"
    found = run(tmp_path, content)
    assert found["train/loss"].steps.tolist() == [20, 40, 60, 80, 100, 120]
    assert found["val/accuracy"].steps.tolist() == found["val/loss"].steps.tolist() == [40, 80, 120]


@pytest.mark.parametrize("drawn", ["|##   | ", " "])
def test_the_bar_behind_most_lines_is_the_trainings(tmp_path: Path, drawn: str) -> None:
    content = (
        f"Map (num_proc=2):  67%{drawn}269/400 [00:20<00:01, 74.25 examples/s]\n  0%{drawn}0/40 [00:00<?, ?it/s]\n"
    )
    for epoch in range(1, 5):
        content += (
            f" 50%{drawn}{10 * epoch - 5}/40 [05:00<1:14:00,  1.77s/it]\n 98%{drawn}7/8 [08:37<00:12, 12.45s/it]\n"
        )
        content += f"{{'eval_loss': 2.{epoch}5, 'eval_runtime': 9.5, 'epoch': {epoch}.0}}\n"
        content += f" 50%{drawn}{10 * epoch}/40 [05:00<1:14:00,  1.77s/it]\n100%{drawn}8/8 [09:10<00:00,  9.92s/it]\n"
    found = run(tmp_path, content)
    assert found["val/loss"].steps.tolist() == [10, 20, 30, 40]
    assert found["val/loss"].values.tolist() == [2.15, 2.25, 2.35, 2.45]


def test_how_many_of_how_many_were_right_is_no_place(tmp_path: Path) -> None:
    content = ""
    for epoch in range(1, 5):
        content += f"epoch {epoch}\n train loss 0.{9 - epoch} acc 0.{6 + epoch} ({1200 + 200 * epoch}/2000)\n"
        content += f"val accuracy : {50 + epoch}.25% ({2010 + 40 * epoch}/4000)\n"
    found = run(tmp_path, content)
    assert found["train/loss"].steps.tolist() == found["val/accuracy"].steps.tolist() == [1, 2, 3, 4]


def test_the_numbers_of_a_matrix_tell_no_step(tmp_path: Path) -> None:
    content = ""
    for epoch in range(1, 6):
        content += f"[Epoch: 0{epoch}] Train acc: 0.{3 + epoch}1, train loss: 1.{7 - epoch}2\n"
        content += f"{10 * epoch} {7 - epoch} 3\n{5 - epoch} {60 - epoch} 2\n8 {epoch} 30\n"
    found = run(tmp_path, content)
    assert found["train/loss"].steps.tolist() == [1, 2, 3, 4, 5]


def test_a_bar_before_its_line_with_the_batch_at_the_end(tmp_path: Path) -> None:
    content, drawn = "==> Building model..\n", " [====>.................]"
    for epoch in range(3):
        content += f"\nEpoch: {epoch}\n"
        for part, batches, size in (("9", 40, 128), ("7", 10, 100)):
            for i in range(1, batches + 1):
                right = i * size * (30 + epoch) // 100
                content += f"{drawn}  Step: {20 + i}ms | Tot: {i // 9}s{i * 7}ms | Loss: {8 - epoch}.{part}{99 - i:02} "
                content += f"| Acc: {100 * right / (i * size):.3f}% ({right}/{i * size}) {i}/{batches} \n"
    found = run(tmp_path, content)
    assert found["train/loss"].steps.tolist() == [*range(1, 121)]
    assert found["train/loss"].values[[0, 40, 119]].tolist() == [8.998, 7.998, 6.959]
    assert sorted({*found["val/loss"].steps.tolist()}) == [40, 80, 120]
    assert {*found.curves} == {"train/loss", "train/accuracy", "val/loss", "val/accuracy"}
