import pytest

from collector.integrations.naming import tag, unforked


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loss", "train/loss"),
        ("train_loss", "train/loss"),
        ("val_loss", "val/loss"),
        ("valid_acc", "val/accuracy"),
        ("eval/loss", "val/loss"),
        ("Loss/train", "train/loss"),
        ("acc", "train/accuracy"),
        ("test_acc", "test/accuracy"),
        ("val_f1_macro", "val/f1_macro"),
        ("sparse_categorical_accuracy", "train/accuracy"),
        ("my/tag", "my/tag"),
        ("val", "train/val"),
        ("lr", "train/lr"),  # optim/lr is the rate the step used; this one may be the next
        ("grad_norm", "train/grad_norm"),  # and this a norm before clipping
        ("val_loss/dataloader_idx_0", "val/loss"),
        ("val_loss/dataloader_idx_1", "val/loss/1"),
    ],
)
def test_names_that_people_log_become_tags(name, expected):
    assert tag(name, "train") == expected


def test_of_values_that_are_logged_both_ways_each_is_taken_once():
    assert unforked(["a", "a_step", "b_step", "c_epoch", "d", "d_epoch"]) == {
        "a": "a",
        "b_step": "b",
        "c_epoch": "c_epoch",
        "d": "d",
    }
