import logging
from functools import partial

import numpy as np
import pytest
import torch

from collector import Collector, alignment, excess, hooks, measure, trail
from collector.schema import EXCESS_LOSS, UPDATE_ALIGNMENT
from collector.trail import MOST, all_followed, begin, here, slopes
from diagnostics.readers.run_folder import read


def norm(tensors):
    return float(torch.sqrt(sum((t.double() ** 2).sum() for t in tensors)))


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adamw", "adamw_fused"])
def test_ratio_and_norms_equal_the_slow_clear_reference(tiny, tmp_path, kind):
    model, twin = tiny.net(), tiny.net()
    optimizer, other = tiny.make[kind](model.parameters()), tiny.make[kind](twin.parameters())
    expected, layers = [], []
    for step, (before, after, grads) in enumerate(_stepwise(tiny, twin, other), 1):
        changes = [a - b for a, b in zip(after, before, strict=True)]
        expected.append((norm(changes) / norm(before), norm(grads)))
        layers += [(step, norm([b]), norm([c]), norm([g])) for b, c, g in zip(before, changes, grads, strict=True)]
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for loss in tiny.train(model, optimizer, 15):
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    np.testing.assert_allclose(found["optim/update_ratio"].values, [r for r, _ in expected], rtol=1e-6)
    np.testing.assert_allclose(found["grad/norm"].values, [g for _, g in expected], rtol=1e-6)
    table = found.layers
    assert table["layer"].unique().tolist() == ["0.weight", "0.bias", "2.weight", "2.bias"]
    columns = ["step", "weight_norm", "update_norm", "grad_norm"]
    np.testing.assert_allclose(table[columns].to_numpy(float), np.array(layers), rtol=1e-6)
    np.testing.assert_allclose(table["update_ratio"], table["update_norm"] / table["weight_norm"])


def _stepwise(tiny, model, optimizer, steps=15):
    for step in range(steps):
        x, y = tiny.batch(step)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        before = [p.detach().clone() for p in model.parameters()]
        grads = [p.grad.clone() for p in model.parameters()]
        optimizer.step()
        yield before, [p.detach().clone() for p in model.parameters()], grads


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adamw", "adamw_fused"])
def test_alignment_equals_the_slow_clear_reference(tiny, tmp_path, kind):
    model, twin = tiny.net(), tiny.net()
    optimizer, other = tiny.make[kind](model.parameters()), tiny.make[kind](twin.parameters())
    weights, gradients = [], []
    for before, _, grads in _stepwise(tiny, twin, other, steps=32):
        weights.append(torch.cat([w.flatten() for w in before]).double())
        gradients.append(torch.cat([g.flatten() for g in grads]).double())
    expected = [_cosine(weights[k] - weights[k + 10], gradients[k + 10]) for k in (0, 10, 20)]
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for loss in tiny.train(model, optimizer, 32):
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert found[UPDATE_ALIGNMENT].steps.tolist() == [11, 21, 31]
    np.testing.assert_allclose(found[UPDATE_ALIGNMENT].values, expected, atol=1e-4)


def _cosine(a, b):
    return float(a @ b / (a.norm() * b.norm()))


@pytest.mark.parametrize(("every", "steps"), [(10, [11, 30, 40, 50, 60]), (25, [11, 35, 60]), (0, [])])
def test_alignment_is_of_ten_steps_however_rarely_steps_are_measured(tiny, tmp_path, every, steps):
    model = tiny.net()
    optimizer = tiny.make["sgd"](model.parameters())
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=every) as run:
        for loss in tiny.train(model, optimizer, 60):
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert [int(step) for step in getattr(found.get(UPDATE_ALIGNMENT), "steps", ())] == steps


@pytest.mark.parametrize(("rate", "low", "high"), [(0.01, 0.9, 1.0), (1.9, -1.0, 0.0)])
def test_alignment_tells_steps_that_are_too_short_from_steps_that_overshoot(tmp_path, rate, low, high):
    """Of a bowl: short of its bottom the way leads down; where the noise of batches is all that is left, back."""
    torch.manual_seed(0)
    model = torch.nn.Linear(30, 1, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=10) as run:
        for _ in range(60):
            optimizer.zero_grad()
            noise = 0.1 * torch.randn(30) if rate > 1 else torch.zeros(30)
            loss = ((model.weight - noise) ** 2).sum() / 2
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert low <= found[UPDATE_ALIGNMENT].values[1:].mean() <= high


def _aligned(way, optimizer):
    now, found = here(way, optimizer), slopes(way, optimizer)
    return None if now is None or found is None else alignment.alignment(way, now, found)


def test_of_a_large_model_a_thin_sample_is_followed():
    torch.manual_seed(0)
    wide, small = torch.nn.Parameter(torch.randn(512, 1024)), torch.nn.Parameter(torch.zeros(10, dtype=torch.float64))
    optimizer = torch.optim.SGD([wide, small], lr=0.1)
    trail = begin(optimizer, closure=True)
    assert len(trail.weights) == sum(trail.sizes) <= MOST
    columns = torch.arange(512 * 1024)[:: trail.stride] % 1024
    assert len(columns.unique()) == 1024
    way = torch.randn(512, 1024)
    with torch.no_grad():
        wide += way
    wide.grad, small.grad = 2 * torch.randn(512, 1024) - way, torch.zeros(10, dtype=torch.float64)
    assert _aligned(trail, optimizer) == pytest.approx(5**-0.5, abs=0.02)
    small.grad = None  # a layer that this step left out
    assert _aligned(trail, optimizer) == pytest.approx(5**-0.5, abs=0.02)
    optimizer.param_groups[0]["params"][0] = torch.nn.Parameter(torch.randn(512, 1024))
    assert here(trail, optimizer) is None


def test_what_has_no_gradient_is_not_followed_and_a_few_weights_speak_for_none():
    idle, head = torch.nn.Parameter(torch.zeros(300_000)), torch.nn.Parameter(torch.zeros(11))
    optimizer = torch.optim.SGD([idle, head], lr=0.1)
    head.grad = torch.ones(11)
    trail = begin(optimizer, closure=False)
    assert trail.sizes == [11]
    with torch.no_grad():
        head -= torch.arange(11.0)
    assert _aligned(trail, optimizer) == pytest.approx(55 / (11**0.5 * 385**0.5))
    unknown = begin(optimizer, closure=True)  # before a closure nobody knows what will have one
    assert _aligned(unknown, optimizer) is None


def test_a_model_can_be_swapped_while_its_weights_are_followed(tiny, tmp_path):
    """As DTensors are by ``Module.to``: torch swaps no tensor that somebody holds a weak reference to."""
    model = tiny.net()
    optimizer = tiny.make["sgd"](model.parameters())
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1):
        list(tiny.train(model, optimizer, 15))
        torch.__future__.set_swap_module_params_on_conversion(True)
        try:
            model.double()
            model.load_state_dict(model.state_dict())
        finally:
            torch.__future__.set_swap_module_params_on_conversion(False)
        model.float()
        list(tiny.train(model, optimizer, 15))


def test_alignment_is_left_out_where_no_gradient_can_be_held_against_the_way(tmp_path):
    table = torch.nn.Embedding(5, 3, sparse=True)
    optimizer = torch.optim.SGD(table.parameters(), lr=0.1)
    with Collector(tmp_path / "sparse", model=table, optimizer=optimizer, layers_every=1) as run:
        for _ in range(14):
            optimizer.zero_grad()
            loss = table(torch.tensor([1, 2])).pow(2).sum()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
    (found,) = read(tmp_path / "sparse")
    assert UPDATE_ALIGNMENT not in found and len(found["optim/update_ratio"]) == 14


def test_of_several_optimizers_the_alignment_is_of_the_first(tiny, tmp_path):
    model = tiny.net()
    first, second = (torch.optim.SGD(model[i].parameters(), lr=0.1) for i in (0, 2))
    with Collector(tmp_path / "run", model=model, optimizer=[first, second], layers_every=1) as run:
        weights = []
        for step in range(11):
            x, y = tiny.batch(step)
            model.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            weights.append(torch.cat([p.detach().flatten() for p in model[0].parameters()]).double())
            gradient = torch.cat([p.grad.flatten() for p in model[0].parameters()]).double()
            first.step()
            second.step()
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert found[UPDATE_ALIGNMENT].values == pytest.approx([_cosine(weights[0] - weights[10], gradient)], abs=1e-4)


def test_hooks_change_nothing_of_the_training(tiny, tmp_path):
    watched, plain = tiny.net(), tiny.net()
    optimizer = tiny.make["adamw"](watched.parameters())
    with Collector(tmp_path / "run", model=watched, optimizer=optimizer, layers_every=1):
        list(tiny.train(watched, optimizer, 12))
    list(tiny.train(plain, tiny.make["adamw"](plain.parameters()), 12))
    assert all(torch.equal(a, b) for a, b in zip(watched.parameters(), plain.parameters(), strict=True))
    assert not optimizer._optimizer_step_pre_hooks and not optimizer._optimizer_step_post_hooks


def test_learning_rate_is_the_one_the_step_used_for_every_group(tiny, tmp_path):
    model = tiny.net()
    groups = [{"params": model[0].parameters(), "lr": 0.1}, {"params": model[2].parameters(), "lr": 0.01}]
    optimizer = torch.optim.SGD(groups)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    with Collector(tmp_path / "run", optimizer=optimizer) as run:
        for loss in tiny.train(model, optimizer, 3):
            scheduler.step()
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    np.testing.assert_allclose(found["optim/lr"].values, [0.1, 0.05, 0.025])
    np.testing.assert_allclose(found["optim/lr/1"].values, [0.01, 0.005, 0.0025])
    assert found.layers["layer"].unique().tolist() == ["0/0", "0/1", "1/0", "1/1"]  # no model: group/index


def test_frozen_is_left_out_tied_counts_once_and_no_gradient_is_null(tiny, tmp_path):
    class Tied(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.one = torch.nn.Linear(6, 6)
            self.two = torch.nn.Linear(6, 6)
            self.two.weight = self.one.weight
            self.unused = torch.nn.Parameter(torch.zeros(2))
            self.one.bias.requires_grad_(False)

        def forward(self, x):
            return self.two(self.one(x))[:, :3]

    model = Tied()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Collector(tmp_path / "run", model=model, optimizer=optimizer) as run:
        for loss in tiny.train(model, optimizer, 1):
            run.log(loss=loss)
    table = read(tmp_path / "run")[0].layers.set_index("layer")
    assert sorted(table.index) == ["one.weight", "two.bias", "unused"]
    assert table.loc["unused"].isna().tolist() == [False, False, False, True, True]  # zero weights: no ratio


def test_measured_steps_that_nobody_logs_get_a_row_and_others_do_not(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("collector.cadence.BUDGET", 1e9)
    model = tiny.net()
    optimizer = tiny.make["sgd"](model.parameters())
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=10) as run:
        for loss in tiny.train(model, optimizer, 35):
            if run.step == 35:
                run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert found["optim/update_ratio"].steps.tolist() == [*range(1, 11), 20, 30]
    assert found["train/loss"].steps.tolist() == [35]


def test_cadence_becomes_rarer_when_measuring_is_dear_and_stops_there():
    from collector.cadence import SLOWEST, Cadence

    cadence = Cadence(None)
    assert cadence.due(100)
    for _ in range(50):
        cadence.passed(1.0)
        cadence.cost(0.05)  # 0.5 % of the time at every 10th step
    assert cadence.every == 20
    for _ in range(50):
        cadence.cost(100.0)
    assert cadence.every == 10 * SLOWEST


def test_of_tiny_steps_every_half_of_a_run_is_measured_as_often():
    from collector.cadence import Cadence

    cadence, measured = Cadence(None), []
    for count in range(1, 5_121):
        if cadence.due(count):
            cadence.cost(5e-4)  # as long as five steps
            measured.append(count)
        cadence.passed(1e-4)
    halves = [sum(end / 2 < count <= end for count in measured) for end in (640, 1_280, 2_560, 5_120)]
    assert min(halves) >= 6 and max(halves) <= 20


@pytest.fixture
def recorded_where(tiny, tmp_path, monkeypatch):
    """``recorded_where(module)`` → 400 steps, recorded while each ``module.begin`` takes ten milliseconds more."""
    import time

    def recorded(module):
        plain = module.begin

        def dear(*given):
            time.sleep(0.01)
            return plain(*given)

        monkeypatch.setattr(module, "begin", dear)
        model = tiny.net()
        optimizer = tiny.make["sgd"](model.parameters())
        with Collector(tmp_path / "run", model=model, optimizer=optimizer) as run:
            for loss in tiny.train(model, optimizer, 400):
                run.log(loss=loss)
        return read(tmp_path / "run")[0]

    return recorded


def test_dear_measurements_leave_the_weights_followed_as_often(recorded_where, monkeypatch):
    monkeypatch.setattr(hooks, "BETWEEN", 1e9)
    found = recorded_where(measure)
    assert len(found[EXCESS_LOSS]) == 39 and len(found["optim/update_ratio"]) < 30


def test_dear_following_becomes_rarer_and_looking_whether_a_way_is_long_enough_does_not_hide_it(recorded_where):
    assert 1 < len(recorded_where(trail)[EXCESS_LOSS]) < 20  # of 39


def test_a_cadence_that_was_asked_for_is_obeyed_whatever_it_costs():
    from collector.cadence import Cadence

    cadence, never = Cadence(3), Cadence(0)
    for _ in range(50):
        cadence.passed(1.0)
        cadence.cost(100.0)
    assert [count for count in range(1, 31) if cadence.due(count)] == [*range(1, 11), 12, 15, 18, 21, 24, 27, 30]
    assert not any(never.due(count) for count in range(1, 100))


def test_a_very_long_run_is_measured_ever_more_rarely():
    from collector.cadence import Cadence

    cadence = Cadence(None)
    measured = [count for count in range(1, 1_000_001) if cadence.due(count)]
    assert 5_000 < len(measured) < 10_000 and measured[:11] == [*range(1, 11), 20]


def test_a_closure_accumulation_and_a_log_before_the_first_step(tiny, tmp_path):
    model = tiny.net()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=2)
    x, y = tiny.batch(0)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        return loss

    with Collector(tmp_path / "run", model=model, optimizer=optimizer) as run:
        run.log(loss=1.1)
        run.log(loss=optimizer.step(closure))
    (found,) = read(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == [0, 1]
    assert found["grad/norm"].steps.tolist() == [1]


def test_gradscaler_skips_are_no_steps_and_gradients_are_unscaled(tiny, tmp_path):
    model = tiny.net()
    optimizer = tiny.make["adamw_fused"](model.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0)
    true = []
    with Collector(tmp_path / "run", model=model, optimizer=optimizer) as run:
        for i in range(4):
            x, y = tiny.batch(i)
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y) * (float("inf") if i == 1 else 1.0)
            scale = scaler.get_scale()
            scaler.scale(loss).backward()
            if i != 1:
                true.append(norm([p.grad / scale for p in model.parameters()]))
            scaler.step(optimizer)
            scaler.update()
    (found,) = read(tmp_path / "run")
    assert run.step == 3 and found["optim/update_ratio"].steps.tolist() == [1, 2, 3]
    assert (found["optim/update_ratio"].values > 0).all()
    np.testing.assert_allclose(found["grad/norm"].values, true, rtol=1e-4)


@pytest.mark.filterwarnings("error")
def test_weights_that_ran_to_infinity_are_recorded_without_a_warning(tmp_path):
    weight = torch.nn.Parameter(torch.full((4,), 1e30))
    optimizer = torch.optim.SGD([weight], lr=1e10)
    with Collector(tmp_path / "run", optimizer=optimizer):
        for _ in range(3):
            weight.grad = weight.detach().clone()
            optimizer.step()
    (found,) = read(tmp_path / "run")
    assert len(found.layers) and not np.isfinite(found.layers["weight_norm"].iloc[-1])


def test_half_precision_norms_do_not_overflow(tmp_path):
    weight = torch.nn.Parameter(torch.full((4,), 6e4, dtype=torch.float16))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    with Collector(tmp_path / "run", optimizer=optimizer):
        weight.grad = torch.full_like(weight, 6e4)
        optimizer.step()
    (found,) = read(tmp_path / "run")
    assert found["grad/norm"].values[0] == pytest.approx(1.2e5, rel=1e-3)


def test_several_optimizers_are_one_training(tiny, tmp_path):
    model = tiny.net()
    pair = [torch.optim.SGD(model[0].parameters(), lr=0.1), torch.optim.Adam(model[2].parameters(), lr=0.01)]
    with Collector(tmp_path / "run", model=model, optimizer=pair) as run:
        for i in range(3):
            x, y = tiny.batch(i)
            loss = torch.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            for optimizer in pair:
                optimizer.step()
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == [1, 2, 3]
    assert (found["optim/lr"].values[0], found["optim/lr/1"].values[0]) == (0.1, 0.01)
    assert len(found.layers) == 12 and len(found["optim/update_ratio"]) == 3


@pytest.mark.parametrize("broken", ["begin", "finish"])
def test_a_hook_that_fails_does_not_stop_the_training_and_recovers(tiny, tmp_path, monkeypatch, caplog, broken):
    def fail(*_):
        raise RuntimeError("no kernel image")

    whole = getattr(measure, broken)
    monkeypatch.setattr(measure, broken, fail)
    model = tiny.net()
    optimizer = tiny.make["sgd"](model.parameters())
    with Collector(tmp_path / "run", model=model, optimizer=optimizer) as run:
        for loss in tiny.train(model, optimizer, 6):
            run.log(loss=loss)
            if run.step == 3:
                monkeypatch.setattr(measure, broken, whole)
    (found,) = read(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert found["optim/update_ratio"].steps.tolist() == [4, 5, 6]
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * 2  # it failed; it works again
    assert hooks.MEASURING in caplog.messages[0] and "no kernel image" in caplog.messages[0]


def test_an_optimizer_that_takes_over_the_first_is_followed_in_its_place(tiny, tmp_path):
    model = tiny.net()
    first, second, instead = (torch.optim.SGD(model[i].parameters(), lr=0.1) for i in (0, 2, 0))
    with Collector(tmp_path / "run", model=model, optimizer=[first, second]) as run:
        run._hooks.add(instead)
        assert [watched.optimizer for watched in run._hooks.watched] == [instead, second]


def test_every_place_of_a_kernel_is_followed_whatever_the_layout():
    kernel = torch.nn.Parameter(torch.arange(256.0 * 256 * 9).view(256, 256, 3, 3))
    plain = begin(torch.optim.SGD([kernel], lr=0.1), closure=True)
    assert len((plain.weights.long() % 9).unique()) == 9
    other = torch.nn.Parameter(kernel.detach().to(memory_format=torch.channels_last))
    assert torch.equal(begin(torch.optim.SGD([other], lr=0.1), closure=True).weights, plain.weights)


def test_complex_weights_are_followed_in_both_parts(tmp_path, recwarn):
    weights = torch.nn.Parameter(torch.zeros(30, dtype=torch.complex64))
    optimizer = torch.optim.SGD([weights], lr=1e-2)
    with Collector(tmp_path / "run", optimizer=optimizer, layers_every=1) as run:
        for _ in range(12):
            optimizer.zero_grad()
            loss = (weights - 1j).abs().pow(2).sum()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert found[UPDATE_ALIGNMENT].values == pytest.approx([1.0]) and not recwarn.list


def test_a_closure_has_the_same_alignment_and_excess_and_a_search_has_none(tiny, tmp_path):
    def recorded(name, make, closure):
        model = tiny.net()
        optimizer = make(model.parameters(), lr=0.1)
        with Collector(tmp_path / name, model=model, optimizer=optimizer, layers_every=1) as run:
            for step in range(25):
                x, y = tiny.batch(step)

                def compute(x=x, y=y):
                    optimizer.zero_grad()
                    loss = torch.nn.functional.cross_entropy(model(x), y)
                    loss.backward()
                    return loss

                loss = optimizer.step(compute) if closure else (compute(), optimizer.step())[0]
                run.log(loss=loss)
        (found,) = read(tmp_path / name)
        return found.get(UPDATE_ALIGNMENT), found.get(EXCESS_LOSS)

    plain, within = (recorded(f"sgd{closure}", torch.optim.SGD, closure) for closure in (False, True))
    for one, other, steps in zip(plain, within, ([11, 21], [11, 21]), strict=True):
        assert one.steps.tolist() == other.steps.tolist() == steps
        np.testing.assert_allclose(other.values, one.values, rtol=1e-6)
    assert recorded("lbfgs", torch.optim.LBFGS, True) == (None, None)
    assert recorded("mine", type("Mine", (torch.optim.LBFGS,), {}), True) == (None, None)
    changes = partial(torch.optim.SGD, momentum=0.9, nesterov=True, foreach=True)  # adds to the gradient in place
    assert recorded("nesterov", changes, True) == (None, None) and len(recorded("without", changes, False)[0]) == 2


@pytest.mark.parametrize(
    ("every", "steps"),
    [(1, [11, 21, 31, 41, 51, 61]), (3, [11, 22, 34, 46, 58]), (10, [11, 30, 40, 50, 60]), (25, [11, 35, 60])],
)
def test_alignment_stands_in_the_row_of_its_step_however_rarely_rows_are_logged(tiny, tmp_path, every, steps):
    def recorded(name, rarely):
        model = tiny.net()
        optimizer = tiny.make["sgd"](model.parameters())
        with Collector(tmp_path / name, model=model, optimizer=optimizer, layers_every=every) as run:
            for step, loss in enumerate(tiny.train(model, optimizer, 62), 1):
                if not rarely or step % 50 == 0:
                    run.log(loss=loss)
        return read(tmp_path / name)[0][UPDATE_ALIGNMENT]

    often, rarely = recorded("often", rarely=False), recorded("rarely", rarely=True)
    assert often.steps.tolist() == rarely.steps.tolist() == steps
    np.testing.assert_array_equal(often.values, rarely.values)


def test_excess_equals_the_slow_clear_reference(tiny, tmp_path):
    model, twin = tiny.net(), tiny.net()
    optimizer, other = (tiny.make["adamw"](net.parameters()) for net in (model, twin))
    mean, expected = None, []
    for step, (before, _, grads) in enumerate(_stepwise(tiny, twin, other, steps=42)):
        if step % 10:
            continue
        weights = torch.cat([w.flatten() for w in before]).double()
        away = weights if mean is None else weights - mean
        mean = weights if mean is None else mean + away * 9 / (step / 10 + 9)
        expected.append(float(torch.cat([g.flatten() for g in grads]).double() @ away) / 2)
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for loss in tiny.train(model, optimizer, 42):
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert found[EXCESS_LOSS].steps.tolist() == [11, 21, 31, 41]
    np.testing.assert_allclose(found[EXCESS_LOSS].values, expected[1:], rtol=1e-3)


@pytest.mark.parametrize("size", [300, 200_000])
def test_excess_is_what_the_wandering_of_the_weights_costs(tmp_path, size):
    """Of a bowl whose batches pull to all sides, what the loss without their noise is above that at the average of the weights; below zero on the way down."""
    torch.manual_seed(0)
    model = torch.nn.Linear(size, 1, bias=False)
    torch.nn.init.zeros_(model.weight)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    steep = torch.linspace(0.1, 1.0, size)
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=10) as run:
        ways = []
        for _ in range(1500):
            optimizer.zero_grad()
            ways.append(model.weight.detach().clone())
            loss = (steep * (model.weight - 1 - 0.5 * torch.randn(size)) ** 2).sum() / 2
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    middle = torch.stack(ways[-600:]).mean(0)
    truly = [float((steep * ((w - 1) ** 2 - (middle - 1) ** 2)).sum() / 2) for w in ways[-600:]]
    assert found[EXCESS_LOSS].values[-60:].mean() == pytest.approx(np.mean(truly), rel=0.06)
    assert found[EXCESS_LOSS].values[0] < 0


def test_of_a_parameter_that_is_replaced_the_average_begins_anew(tiny, tmp_path):
    model = tiny.net()
    optimizer = tiny.make["sgd"](model.parameters())
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=10) as run:
        for loss in tiny.train(model, optimizer, 40):
            run.log(loss=loss)
        optimizer.param_groups[0]["params"][0] = torch.nn.Parameter(model[0].weight.detach().clone())
        model[0].weight = optimizer.param_groups[0]["params"][0]
        for loss in tiny.train(model, optimizer, 40):
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert found[EXCESS_LOSS].steps.tolist() == [20, 30, 40, 60, 70, 80]


def test_weights_that_were_lost_once_do_not_spoil_the_average(tiny):
    weights = torch.nn.Parameter(torch.ones(4))
    optimizer = torch.optim.SGD([weights], lr=0.1)
    weights.grad = torch.ones(4)
    seen, away = excess.average(begin(optimizer, closure=False), 0, None)
    for made, value in ((10, float("nan")), (20, 2.0)):
        torch.nn.init.constant_(weights, value)
        seen, away = excess.average(begin(optimizer, closure=False), made, seen)
    assert seen.mean.tolist() == pytest.approx([1 + 90 / 110] * 4) and away.tolist() == [1.0] * 4


def test_of_a_gradient_that_is_not_all_there_no_excess_is_told(tiny):
    one, other = torch.nn.Parameter(torch.ones(3)), torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([one, other], lr=0.1)
    way, away = begin(optimizer, closure=True), torch.ones(6)
    assert slopes(way, optimizer) is None  # nobody has one
    one.grad = torch.ones(3)
    assert excess.excess(way, away, slopes(way, optimizer)) == 1.5
    assert all_followed(slopes(way, optimizer), optimizer)
    other.grad = torch.ones(3).to_sparse()
    assert not all_followed(slopes(way, optimizer), optimizer)


@pytest.mark.parametrize("closure", [False, True])
def test_a_part_that_cannot_be_followed_leaves_no_excess(tmp_path, closure):
    table, head = torch.nn.Embedding(5, 3, sparse=True), torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD([*table.parameters(), *head.parameters()], lr=0.1)
    with Collector(tmp_path / "run", optimizer=optimizer, layers_every=1) as run:
        for _ in range(35):

            def compute():
                optimizer.zero_grad()
                loss = head(table(torch.tensor([1, 2]))).pow(2).sum()
                loss.backward()
                return loss

            optimizer.step(compute) if closure else (compute(), optimizer.step())
            run.log(loss=1.0)
    (found,) = read(tmp_path / "run")
    assert EXCESS_LOSS not in found and len(found["optim/update_ratio"]) == 35


def test_the_scale_that_a_fused_optimizer_takes_off_itself_is_taken_off(tiny):
    weights = torch.nn.Parameter(torch.ones(3))
    optimizer = torch.optim.SGD([weights], lr=0.1)
    weights.grad = torch.full((3,), 8.0)
    way, away = begin(optimizer, closure=False), torch.ones(3)
    assert excess.excess(way, away, slopes(way, optimizer)) == 12.0
    assert excess.excess(way, away, slopes(way, optimizer), torch.tensor(4.0)) == 3.0


def test_the_average_knows_how_far_apart_its_steps_were():
    weights = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weights], lr=0.1)
    weights.grad = torch.ones(1)
    seen, mean = None, 0.0
    for made, before, value in ((0, 0, 0.0), (10, 0, 1.0), (30, 10, 2.0), (110, 30, 5.0)):
        torch.nn.init.constant_(weights, value)
        seen, away = excess.average(begin(optimizer, closure=False), made, seen)
        assert made == 0 or float(away) == pytest.approx(value - mean)
        passed = 9 * (made - before)
        mean += (value - mean) * passed / (made + passed) if made else 0.0
    assert float(seen.mean) == pytest.approx(mean)


def test_a_step_that_fails_leaves_no_alignment_behind(tiny, tmp_path):
    """It is made again, with another gradient."""

    class Fails(torch.optim.SGD):
        broken = False

        def step(self, closure=None):
            if self.broken:
                raise RuntimeError("out of memory")
            return super().step(closure)

    def recorded(name, fails):
        model = tiny.net()
        optimizer = Fails(model.parameters(), lr=0.1)
        torch.optim.SGD(tiny.net().parameters(), lr=0.1)  # from now on the parent's step fires the hooks as well
        with Collector(tmp_path / name, model=model, optimizer=optimizer, layers_every=10) as run:
            for step in range(40):
                if fails and step == 10:
                    next(
                        tiny.train(model, torch.optim.SGD(model.parameters(), lr=0.0), 1)
                    )  # the gradient of another batch
                    optimizer.broken = True
                    with pytest.raises(RuntimeError):
                        optimizer.step()
                    optimizer.broken = False
                x, y = tiny.batch(step)
                optimizer.zero_grad()
                loss = torch.nn.functional.cross_entropy(model(x), y)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
        return read(tmp_path / name)[0][UPDATE_ALIGNMENT]

    plain, failed = recorded("plain", fails=False), recorded("failed", fails=True)
    assert plain.steps.tolist() == failed.steps.tolist() == [11, 30, 40]
    np.testing.assert_allclose(failed.values, plain.values, rtol=1e-5)


@pytest.mark.parametrize(
    ("module", "broken", "steps"),
    [(trail, "begin", [50, 60]), (alignment, "alignment", [50, 60]), (excess, "excess", [11, 40, 50, 60])],
)
def test_weights_that_cannot_be_followed_do_not_stop_the_training(
    tiny, tmp_path, monkeypatch, caplog, module, broken, steps
):
    def fail(*_):
        raise RuntimeError("no kernel image")

    whole = getattr(module, broken)
    monkeypatch.setattr(module, broken, fail)
    model = tiny.net()
    optimizer = tiny.make["sgd"](model.parameters())
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=10) as run:
        for loss in tiny.train(model, optimizer, 60):
            run.log(loss=loss)
            if run.step == 30:
                monkeypatch.setattr(module, broken, whole)
    (found,) = read(tmp_path / "run")
    assert len(found["train/loss"]) == 60 and len(found["optim/update_ratio"]) == 15
    assert found[UPDATE_ALIGNMENT].steps.tolist() == steps
    assert hooks.FOLLOWING in caplog.messages[0] and len(caplog.messages) == 2  # it failed; it works again


def test_no_fault_of_the_hooks_reaches_the_training(tiny, tmp_path, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("a slip of ours")

    monkeypatch.setattr(hooks.Cadence, "due", fail)
    model = tiny.net()
    optimizer = tiny.make["sgd"](model.parameters())
    with Collector(tmp_path / "run", model=model, optimizer=optimizer) as run:
        for loss in tiny.train(model, optimizer, 6):
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert len(found["train/loss"]) == 6 and "a slip of ours" in caplog.messages[0]


def test_no_more_than_a_thin_sample_of_the_weights_is_held_between_steps(tiny, tmp_path, monkeypatch):
    import gc

    def elements():
        gc.collect()
        return sum(t.numel() for t in gc.get_objects() if type(t) is torch.Tensor)

    monkeypatch.setattr(trail, "MOST", 8)
    model = tiny.net()
    optimizer = tiny.make["sgd"](model.parameters())
    list(tiny.train(model, optimizer, 1))
    before = elements()
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for p in model.parameters():
            p.grad = torch.ones_like(p)
        for _ in range(3):
            optimizer.step()
        thin = 8 + 4  # each of four parameters gives its first
        assert run.step == 3 and before < elements() <= before + 2 * thin  # the weights and their average
