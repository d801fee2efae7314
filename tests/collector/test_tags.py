"""The names people log become the tags that the rules read."""

import pytest

from collector.tags import tag_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loss", "train/loss"),
        ("acc", "train/accuracy"),
        ("val_acc", "val/accuracy"),
        ("valid_loss", "val/loss"),
        ("validation_loss", "val/loss"),
        ("eval_loss", "val/loss"),
        ("test_accuracy", "test/accuracy"),
        ("train_loss", "train/loss"),
        ("training_loss", "train/loss"),
        ("val", "train/val"),
        ("val_", "train/val_"),
        ("validity", "train/validity"),
        ("learning_rate", "optim/lr"),
        ("my/acc", "my/acc"),
        (1, "train/1"),
    ],
)
def test_names_become_tags(name, expected):
    assert tag_of(name, "train") == expected
