"""The parts that need no process of their own."""

import functools
import inspect
import os
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from collector.attach import config, folder, names, script
from collector.attach.backward import Backward, StepLoss, root
from collector.attach.folder import Folder
from collector.attach.imports import after_import
from collector.attach.losses import FUNCTIONS, Call, Reader
from collector.attach.scalars import nearest


def back(value, *, divisor=1.0, own=None, site=1, batch=0):
    calls = [] if own is None else [Call("mse_loss", own, own * 8, 8.0, False, None, None)]
    return Backward(value, divisor, calls, site, batch)


def step_of(losses, *passes):
    losses.begins()
    for one in passes:
        losses.add(one)
    return losses.take()


def test_passes_at_one_place_are_micro_batches_and_at_several_are_terms():
    assert step_of(StepLoss(), back(2.0, site=1), back(4.0, site=1)) == 3.0
    assert step_of(StepLoss(), back(2.0, site=1), back(4.0, site=2)) == 6.0
    assert (
        step_of(StepLoss(), back(2.0, site=1, batch=1), back(4.0, site=2, batch=2)) == 3.0
    )  # the last one without no_sync


def test_a_divisor_is_known_from_the_loss_function_and_remembered():
    losses = StepLoss()
    assert step_of(losses, back(1.0, own=2.0), back(2.0, own=4.0)) == 3.0
    assert step_of(losses, back(1.0, divisor=2.0), back(2.0, divisor=2.0)) == 3.0
    assert step_of(losses, back(2.0, divisor=2.0)) == 4.0  # a window cut short
    assert step_of(StepLoss(), back(2.0, divisor=2.0)) == 2.0  # a weight, for all we know


def test_cleared_gradients_feed_no_step_and_nothing_is_nothing():
    losses = StepLoss()
    losses.add(back(9.0))
    losses.cleared()
    losses.add(back(1.0))
    losses.begins()
    assert losses.take() == 1.0 and losses.take() is None


def test_the_constant_a_loss_was_divided_by():
    x = torch.ones(3, requires_grad=True)
    found = [
        root(loss)[1]
        for loss in (x.sum() / 4, x.sum() * 0.125, x.sum(), x.sum() / x.mean(), x.sum() * 2, x.sum() / 2.5)
    ]
    assert found == [4.0, 8.0, 1.0, 1.0, 1.0, 1.0]


def test_the_nearest_factor_on_the_host_and_in_tensors():
    for kind in (float, torch.tensor):
        pairs = [(kind(1.0), kind(10.0)), (kind(8.0), kind(80.0))]
        assert float(nearest(kind(6.0), *pairs)) == 80.0 and float(nearest(kind(2.0), *pairs)) == 10.0
    assert nearest(float("nan"), (1.0, 5.0), (2.0, 6.0)) == 5.0


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_call_read_in_every_reduction(reduction):
    logits, target = torch.randn(5, 3, 2), torch.tensor([[0, 1], [2, -100], [1, 1], [0, 2], [-100, 0]])
    result = F.cross_entropy(logits, target, reduction=reduction)
    call = Reader(F.cross_entropy).read(result, (logits,), {"target": target, "reduction": reduction}, exactly=True)
    valid = target != -100
    assert call.mean == pytest.approx(F.cross_entropy(logits, target).item()) and call.count == 8 and call.classes == 3
    assert call.total == pytest.approx(8 * call.mean) and call.summed is (reduction != "mean")
    assert call.right == ((logits.argmax(1) == target) & valid).sum().item()


def test_calls_of_old_scripts_soft_targets_and_regressions():
    x, y = torch.randn(4, 3), torch.randn(4, 3)
    with pytest.warns(UserWarning, match="size_average"):
        result = F.mse_loss(x, y, False)
    call = Reader(F.mse_loss).read(result, (x, y, False), {}, exactly=True)
    assert (call.summed, call.count, call.right, call.classes) == (True, 4.0, None, None)
    soft = Reader(F.cross_entropy).read(F.cross_entropy(x, y.softmax(1)), (x, y.softmax(1)), {}, exactly=True)
    assert (soft.classes, soft.right, soft.count) == (None, None, 4.0)


def test_every_loss_function_with_a_reduction_is_known():
    found = {n for n, f in vars(F).items() if inspect.isfunction(f) and "reduction" in inspect.signature(f).parameters}
    assert found <= set(FUNCTIONS)


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("testloader", "test"),
        ("X_val", "val"),
        ("dev_ds", "val"),
        ("train_loader2", "train"),
        ("value", None),
        ("evaluator", None),
    ],
)
def test_names_of_sets(name, means):
    assert names.set_of(name) == means


def test_variables_on_the_stack():
    phase = "validation"  # noqa: F841
    held = {"test": torch.utils.data.DataLoader([1, 2])}
    assert names.selected() == "val"
    assert names.of_loader(held["test"].dataset) == "test"


def test_settings_are_what_no_loop_changes_and_no_secret():
    source = "lr = 0.1\n_x = 1\nif True:\n    depth: int = 3\nfor i in range(3):\n    total = i\ntotal = 0\nf = print\n"
    found = config.settings(source, {"lr": 0.1, "depth": 3, "total": 2, "i": 2, "f": print, "_x": 1})
    assert found == {"lr": 0.1, "depth": 3}
    assert config.settings(None, {}) == config.settings("not python(", {}) == {}
    kept = config.clean(
        {"api_key": "x" * 20, "max_tokens": 5, "pad_token": "<pad>", "text": "x" * 1000, "layers": [1, 2], "o": print}
    )
    assert kept == {"max_tokens": 5, "pad_token": "<pad>", "layers": [1, 2]}


def test_run_folders(tmp_path, monkeypatch):
    monkeypatch.delenv(folder.LAUNCHED, raising=False)
    assert Folder(tmp_path, "mine", "train").claim(1) == tmp_path / "mine"
    assert Folder(tmp_path, "mine", "train").claim(2) == tmp_path / "mine-2"
    new = Folder(tmp_path, None, "train")
    one, two = new.claim(1), new.claim(1)
    assert one.name.startswith("train-2") and two.name == f"{one.name}-2"
    monkeypatch.setenv(folder.LAUNCHED, "x")
    assert Folder(tmp_path, None, "train").claim(1) == Folder(tmp_path, None, "train").claim(1)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system has no /proc")
def test_when_the_launcher_started(monkeypatch):
    monkeypatch.setattr(os, "getppid", os.getpid)
    started = folder.parent_start()
    assert started is not None and 0 <= Path("/proc/self").stat().st_ctime - started < 60


def test_an_import_is_noticed_once_and_only_when_it_happens(tmp_path, monkeypatch):
    (tmp_path / "awaited_module.py").write_text("loader = __spec__.loader\n")
    monkeypatch.syspath_prepend(tmp_path)
    happened = []
    after_import("awaited_module", functools.partial(happened.append, 1))
    import importlib.util

    assert importlib.util.find_spec("awaited_module") is not None and not happened
    import awaited_module

    assert happened == [1] and "exec_module" not in vars(awaited_module.loader)
    assert not any(type(finder).__module__.startswith("collector") for finder in sys.meta_path)
    after_import("awaited_module", functools.partial(happened.append, 2))
    assert happened == [1, 2]


def test_scripts_and_modules_that_are_not_there():
    for find, name in (
        (script.file, "gone.py"),
        (script.module, "gone.module"),
        (script.module, "collector.integrations"),
    ):
        with pytest.raises(script.NotFound):
            find(name, [])


def test_a_constant_weight_is_found_and_a_changing_one_or_a_count_is_none():
    from collector.attach.scalars import constant

    assert constant([0.5, 0.5, 0.500001]) == 0.500001
    assert constant([0.5, 0.7]) == constant([11 / 12] * 5) == constant([1.0, 1.0]) == constant([0.5]) == 1.0
    assert float(constant([torch.tensor(0.5), torch.tensor(0.5)])) == 0.5
    assert float(constant([torch.tensor(0.5), torch.tensor(0.9)])) == 1.0
