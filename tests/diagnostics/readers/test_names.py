"""Headers from real logs and what they must become: no wrong pair, no tag twice, and nobody's own name lost."""

import numpy as np
import pytest

from diagnostics.readers import Log, understand
from diagnostics.readers.log import Series
from diagnostics.readers.understanding.guess import guess
from diagnostics.readers.understanding.names import index_of, own_tag, words
from diagnostics.readers.understanding.pairs import is_known

TL, VL, TA, VA, LR, GN = "train/loss", "val/loss", "train/accuracy", "val/accuracy", "optim/lr", "grad/norm"

# Columns with their number of values where it matters, and the tags that some of them must get; all others keep their own.
HEADERS: list[tuple[str, dict[str, str]]] = [
    # losses, in every spelling
    ("train_loss val_loss", {"train_loss": TL, "val_loss": VL}),
    ("loss val_loss", {"loss": TL, "val_loss": VL}),
    ("Loss", {"Loss": TL}),
    # adversarial training is judged by what it trains on
    (
        "train_loss train_acc train_robust_loss train_robust_acc test_loss test_acc test_robust_loss test_robust_acc",
        {"train_robust_loss": TL, "train_robust_acc": TA, "test_robust_loss": VL, "test_robust_acc": VA},
    ),
    ("train_loss val_loss train_adv_loss val_adv_loss", {"train_loss": TL, "val_loss": VL}),  # a discriminator's
    ("train_loss test_loss test_robust_loss", {"train_loss": TL, "test_loss": VL}),
    ("train/loss val/loss", {"train/loss": TL, "val/loss": VL}),
    ("train/loss eval/loss", {"train/loss": TL, "eval/loss": VL}),
    ("train.loss valid.loss", {"train.loss": TL, "valid.loss": VL}),
    ("train-loss test-loss", {"train-loss": TL, "test-loss": VL}),
    ("Train|Loss Train Loss_2", {"Train|Loss": TL}),
    ("trainLoss valLoss", {"trainLoss": TL, "valLoss": VL}),
    ("TrainLoss ValidationLoss", {"TrainLoss": TL, "ValidationLoss": VL}),
    ("trainloss validloss", {"trainloss": TL, "validloss": VL}),
    ("training_loss validation_loss", {"training_loss": TL, "validation_loss": VL}),
    ("Training_Loss Valid._Loss", {"Training_Loss": TL, "Valid._Loss": VL}),
    ("loss_train loss_val", {"loss_train": TL, "loss_val": VL}),
    ("Loss/train Loss/test", {"Loss/train": TL, "Loss/test": VL}),
    ("Loss/Train Loss/Validation", {"Loss/Train": TL, "Loss/Validation": VL}),
    ("losses/train losses/val", {"losses/train": TL, "losses/val": VL}),
    ("loss[train] loss[val]", {"loss[train]": TL, "loss[val]": VL}),
    ("loss(train) loss(valid)", {"loss(train)": TL, "loss(valid)": VL}),
    ("tr_loss vl_loss", {"tr_loss": TL, "vl_loss": VL}),
    ("tr_loss te_loss", {"tr_loss": TL, "te_loss": VL}),
    ("train_loss dev_loss", {"train_loss": TL, "dev_loss": VL}),
    ("train/loss holdout/loss", {"train/loss": TL, "holdout/loss": VL}),
    ("avg_train_loss avg_val_loss", {"avg_train_loss": TL, "avg_val_loss": VL}),
    ("mean_train_loss mean_test_loss", {"mean_train_loss": TL, "mean_test_loss": VL}),
    ("train_loss_mean val_loss_mean", {"train_loss_mean": TL, "val_loss_mean": VL}),
    ("train/total_loss val/total_loss", {"train/total_loss": TL, "val/total_loss": VL}),
    ("total_loss", {"total_loss": TL}),
    ("running_loss", {"running_loss": TL}),
    ("loss/train/total", {"loss/train/total": TL}),
    ("metrics/train/loss metrics/val/loss", {"metrics/train/loss": TL, "metrics/val/loss": VL}),
    ("train_epoch_loss val_epoch_loss", {"train_epoch_loss": TL, "val_epoch_loss": VL}),
    ("train_loss_history val_loss_history", {"train_loss_history": TL, "val_loss_history": VL}),
    ("train_loss_list test_acc_list", {"train_loss_list": TL, "test_acc_list": VA}),
    ("training_loss_in_epochs", {"training_loss_in_epochs": TL}),
    ("epoch_loss", {"epoch_loss": TL}),
    ("epoch_loss epoch_val_loss", {"epoch_loss": TL, "epoch_val_loss": VL}),
    ("batch_loss", {"batch_loss": TL}),
    ("train/train_loss:1 train/loss:50 eval/loss", {"train/loss": TL, "eval/loss": VL}),
    ("loss:50 train_loss:1 eval_loss", {"loss": TL, "eval_loss": VL}),
    ("loss:50 train_loss:9 val_loss:9", {"train_loss": TL, "val_loss": VL}),
    ("train_loss_step:90 train_loss_epoch:5 val_loss:5", {"train_loss_step": TL, "val_loss": VL}),
    ("train_loss:90 train_loss_epoch:5 val_loss_epoch:5", {"train_loss": TL, "val_loss_epoch": VL}),
    ("train/loss_step:90 train/loss_epoch:5 val/loss_step:20 val/loss_epoch:5", {"train/loss_step": TL, "val/loss_step": VL}),
    ("train_loss val_loss test_loss", {"train_loss": TL, "val_loss": VL}),
    ("train_loss:9 val_loss:9 test_loss:90", {"train_loss": TL, "val_loss": VL}),
    ("train_loss:90 test_loss:1 test_acc:1", {"train_loss": TL}),
    ("train_loss eval_loss val_loss", {"train_loss": TL, "val_loss": VL}),
    ("train/val_loss train/loss", {"train/loss": TL, "train/val_loss": VL}),
    ("cost", {"cost": TL}),
    ("train_cost test_cost", {"train_cost": TL, "test_cost": VL}),
    # losses of a kind
    ("lm_loss validation_lm_loss", {"lm_loss": TL, "validation_lm_loss": VL}),
    ("train/ce_loss val/ce_loss", {"train/ce_loss": TL, "val/ce_loss": VL}),
    ("train/cross_entropy val/cross_entropy", {"train/cross_entropy": TL, "val/cross_entropy": VL}),
    ("train/CrossEntropyLoss eval/CrossEntropyLoss", {"train/CrossEntropyLoss": TL, "eval/CrossEntropyLoss": VL}),
    ("train_nll valid_nll", {"train_nll": TL, "valid_nll": VL}),
    ("train-rmse test-rmse", {"train-rmse": TL, "test-rmse": VL}),
    ("train-logloss eval-logloss", {"train-logloss": TL, "eval-logloss": VL}),
    ("train_mse val_mse", {"train_mse": TL, "val_mse": VL}),
    ("train/ctc_loss validation/ctc_loss train/wer validation/wer", {"train/ctc_loss": TL, "validation/ctc_loss": VL}),
    ("train_seg_loss val_seg_loss train_aux_loss", {"train_seg_loss": TL, "val_seg_loss": VL}),
    ("loss mse val_loss val_mse", {"loss": TL, "val_loss": VL}),
    ("loss mae", {"loss": TL}),
    # no pair, or several
    ("train_loss val_mse", {"train_loss": TL}),
    ("train_ce_loss val_loss", {"val_loss": VL}),
    ("train_ce_loss val_mse", {}),
    ("train/box_loss train/cls_loss val/box_loss val/cls_loss", {}),
    ("g_loss d_loss", {}),
    ("loss_G loss_D", {}),
    ("policy_loss value_loss", {}),
    ("train/policy_gradient_loss train/value_loss train/entropy_loss", {}),
    ("train/loss train/value_loss", {"train/loss": TL}),
    ("total_loss loss_cls loss_box_reg loss_mask", {"total_loss": TL}),
    ("best_val_loss train_loss", {"train_loss": TL}),
    ("min_val_loss val_loss", {"val_loss": VL}),
    ("val_loss_best train_loss", {"train_loss": TL}),
    ("loss_scale loss", {"loss": TL}),
    ("loss_std", {}),
    ("grad_scale loss_weight", {}),
    ("eval_train_loss val_loss", {"val_loss": VL}),
    ("loss val_kl_loss val_recon_loss", {"loss": TL}),
    ("perplexity train_perplexity val_perplexity", {}),
    ("loss eval_loss eval_perplexity", {"loss": TL, "eval_loss": VL}),
    ("val_bpb val_bits_per_byte", {}),
    ("height weight lossless", {}),
    # several evaluation sets
    ("loss eval_near_loss eval_near_runtime eval_far_loss eval_far_runtime", {"loss": TL, "eval_near_loss": VL}),
    ("train/loss eval/c4_loss eval/c4_perplexity", {"train/loss": TL, "eval/c4_loss": VL}),
    ("train_loss val_loss/dataloader_idx_0 val_loss/dataloader_idx_1", {"train_loss": TL, "val_loss/dataloader_idx_0": VL}),
    ("validation_0-logloss validation_1-logloss", {}),
    ("loss eval_loss eval_far_loss eval_far_runtime", {"loss": TL, "eval_loss": VL}),
    ("loss eval_a_loss eval_a_accuracy eval_b_loss eval_b_accuracy", {"loss": TL, "eval_a_loss": VL, "eval_a_accuracy": VA}),
    # accuracies
    ("accuracy val_accuracy", {"accuracy": TA, "val_accuracy": VA}),
    ("acc val_acc", {"acc": TA, "val_acc": VA}),
    ("train_acc test_acc", {"train_acc": TA, "test_acc": VA}),
    ("Accuracy/train Accuracy/val", {"Accuracy/train": TA, "Accuracy/val": VA}),
    ("trainAcc valAcc", {"trainAcc": TA, "valAcc": VA}),
    ("train_top1 val_top1 val_top5", {"train_top1": TA, "val_top1": VA}),
    ("eval_top1 eval_top5", {"eval_top1": VA}),
    ("train_acc1 test_acc1 test_acc5", {"train_acc1": TA, "test_acc1": VA}),
    ("train/Acc@1 val/Acc@1 val/Acc@5", {"train/Acc@1": TA, "val/Acc@1": VA}),
    ("train_prec1 val_prec1", {"train_prec1": TA, "val_prec1": VA}),
    ("val_precision@1", {"val_precision@1": VA}),
    ("val_precision val_precision_1 val_recall", {}),
    ("val_top-1_acc", {"val_top-1_acc": VA}),
    ("metrics/accuracy_top1 val/loss train/loss", {"metrics/accuracy_top1": VA, "train/loss": TL, "val/loss": VL}),
    ("sparse_categorical_accuracy val_sparse_categorical_accuracy",
     {"sparse_categorical_accuracy": TA, "val_sparse_categorical_accuracy": VA}),
    ("binary_accuracy val_binary_accuracy", {"binary_accuracy": TA, "val_binary_accuracy": VA}),
    ("metrics/eval/MulticlassAccuracy", {"metrics/eval/MulticlassAccuracy": VA}),
    ("top_k_categorical_accuracy", {}),
    ("val_top5_acc", {}),
    ("train_loss valid_loss accuracy", {"train_loss": TL, "valid_loss": VL, "accuracy": VA}),
    ("train_loss valid_loss error_rate", {"train_loss": TL, "valid_loss": VL, "error_rate": VA}),
    ("train_loss valid_loss accuracy error_rate", {"train_loss": TL, "valid_loss": VL, "accuracy": VA}),
    ("train_err1 val_err1", {"train_err1": TA, "val_err1": VA}),
    ("train_top1_error val_top1_error", {"train_top1_error": TA, "val_top1_error": VA}),
    ("train_error val_error", {}),
    ("balanced_accuracy", {}),
    ("mean_token_accuracy loss", {"loss": TL}),
    ("mAP mIoU val_f1 auc", {}),
    # gauges
    ("lr", {"lr": LR}),
    ("learning_rate", {"learning_rate": LR}),
    ("Learning_Rate", {"Learning_Rate": LR}),
    ("learningRate", {"learningRate": LR}),
    ("train/learning_rate", {"train/learning_rate": LR}),
    ("lr-AdamW lr-AdamW/pg2", {"lr-AdamW": LR, "lr-AdamW/pg2": "optim/lr/AdamW/pg2"}),
    ("lr-SGD lr-SGD-momentum lr-SGD-weight_decay", {"lr-SGD": LR}),
    ("x/lr0 x/lr1", {"x/lr0": LR, "x/lr1": "optim/lr/1"}),
    ("lr/pg0 lr/pg1", {"lr/pg0": LR, "lr/pg1": "optim/lr/1"}),
    ("optimizer/lr optimizer/momentum", {"optimizer/lr": LR}),
    ("lr_backbone lr_head", {"lr_backbone": LR, "lr_head": "optim/lr/head"}),
    ("lr_mult lr_decay", {}),
    ("charts/learning_rate", {"charts/learning_rate": LR}),
    ("grad_norm", {"grad_norm": GN}),
    ("train/grad_norm", {"train/grad_norm": GN}),
    ("gnorm", {"gnorm": GN}),
    ("grad_2.0_norm_total", {"grad_2.0_norm_total": GN}),
    ("l2_norm/grad/global", {"l2_norm/grad/global": GN}),
    ("grad_norm_clipped", {}),
    ("loss batch_cost reader_cost avg_batch_cost", {"loss": TL}),
    ("learn/RMSE test/RMSE", {"learn/RMSE": TL, "test/RMSE": VL}),
    ("G_GAN G_L1 D_real D_fake", {}),
    ("Validating/accuracy Testing/accuracy", {"Validating/accuracy": VA}),
    ("Validate/loss Val_Loss loss", {"Val_Loss": VL, "loss": TL}),
    ("train/acc_0 train/acc_1 train/acc_2", {}),
    ("train/acc_1 train/acc_5", {"train/acc_1": TA}),
    ("step_time", {"step_time": "perf/step_time"}),
    ("update_ratio", {"update_ratio": "optim/update_ratio"}),
    # our own
    ("train/loss val/loss train/accuracy val/accuracy optim/lr optim/lr/1 grad/norm optim/update_ratio perf/step_time",
     {"train/loss": TL, "val/loss": VL, "train/accuracy": TA, "val/accuracy": VA, "optim/lr": LR, "grad/norm": GN,
      "optim/update_ratio": "optim/update_ratio", "perf/step_time": "perf/step_time"}),
]  # fmt: skip


def log_of(header: str) -> Log:
    series = []
    for column in header.split():
        name, _, points = column.rpartition(":") if ":" in column else (column, "", "10")
        n = int(points)
        series.append(Series(name, np.full(n, 0.5), np.arange(float(n))))
    return Log("a", "a", tuple(series))


@pytest.mark.parametrize(("header", "tags"), HEADERS, ids=[header for header, _ in HEADERS])
def test_header(header: str, tags: dict[str, str]) -> None:
    log = log_of(header)
    found = {name: meaning.tag for name, meaning in guess(log).items()}
    assert found == {s.name: tags.get(s.name, own_tag(s.name)) for s in log.series}
    assert len(understand(log).curves) == len(log.series)


def test_there_are_more_than_a_hundred() -> None:
    assert len(HEADERS) > 100


@pytest.mark.parametrize(
    ("header", "name", "why"),
    [
        ("loss eval_a_loss eval_a_runtime eval_b_loss eval_b_runtime", "eval_a_loss", "the first of 2 evaluation sets"),
        ("train_loss test_loss", "test_loss", "no other set was evaluated"),
        ("train_loss valid_loss accuracy", "accuracy", "beside a training's and a validation's loss"),
        ("lm_loss", "lm_loss", "the only loss there is"),
        ("train_a_loss train_b_loss val_b_loss", "val_b_loss", "the only loss that both splits have"),
        ("train_loss_step:90 train_loss_epoch:5", "train_loss_step", "rather than train_loss_epoch"),
        ("train_loss val_loss", "val_loss", ""),
    ],
)
def test_why_is_said_where_the_name_does_not_settle_it(header: str, name: str, why: str) -> None:
    assert guess(log_of(header))[name].guessed == why


@pytest.mark.parametrize(
    ("names", "role", "column"),
    [
        ("Epoch loss", "epoch", "Epoch"), ("epoch_num loss", "epoch", "epoch_num"), ("ep loss", "epoch", "ep"),
        ("train/epoch train/global_step", "step", "train/global_step"), ("step trainer/global_step", "step", "trainer/global_step"),
        ("iter", "step", "iter"), ("it L_vae", "step", "it"), ("Iteration", "step", "Iteration"), ("_step", "step", "_step"), ("itr", "step", "itr"),
        ("num_updates", "step", "num_updates"), ("training_iteration", "step", "training_iteration"),
        ("Wall time", "wall_time", "Wall time"), ("timestamp", "wall_time", "timestamp"), ("steps", "step", "steps"),
    ],
)  # fmt: skip
def test_where_a_row_stands(names: str, role: str, column: str) -> None:
    columns = [column] if names == column else names.split()
    assert index_of(columns)[role] == column


@pytest.mark.parametrize(
    ("top_1", "top_5", "read"),
    [([0.1, 0.5], [0.4, 3.0], 0.005), ([0.1, 0.5], [0.4, 0.9], 0.5), ([1, 60], [5, 90], 0.6)],
)
def test_top_1_counts_as_top_5_beside_it_does(top_1: list[float], top_5: list[float], read: float) -> None:
    steps = np.arange(2.0)
    log = Log("a", "a", (Series("eval_top1", np.array(top_1), steps), Series("eval_top5", np.array(top_5), steps)))
    assert understand(log)[VA].values[-1] == pytest.approx(read)


def test_words() -> None:
    assert words("valLoss/Top@1 acc") == ("val", "loss", "top", "at", "1", "acc")
    assert words('"mAP50(B)"') in (("m", "ap50", "b"), ("map50", "b"))
    assert words("a" * 100_000) == ("a" * 200,)


@pytest.mark.parametrize("header", ["height weight", "de en it", "name price", "question answer", ""])
def test_other_tables_are_not_claimed(header: str) -> None:
    assert not is_known(header.split())
