"""Every way people really step an optimizer, against the slow clear reference: clone, step, subtract, norm in float64."""

import contextlib
import gc
import weakref

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from collector import Collector
from diagnostics.readers.run_folder import read

EXACT = 1e-6  # relative


def norm(tensors):
    return sum(float((t.double() ** 2).sum()) for t in tensors) ** 0.5


def dense(grad):
    return grad.to_dense() if grad.is_sparse else grad


class Reference:
    """Wraps what makes a step; remembers (update ratio, gradient norm) over ``params()`` of each that moved a weight."""

    def __init__(self, params):
        self.params = params
        self.ratios, self.grads = [], []

    def step(self, make):
        before = [p.detach().clone() for p in self.params()]
        result = make()
        changes = [p.detach() - b for p, b in zip(self.params(), before, strict=True)]
        if norm(changes):
            self.ratios.append(norm(changes) / norm(before))
            self.grads.append(norm([dense(p.grad) for p in self.params() if p.grad is not None]))
        return result

    def check(self, run, grads=True):
        np.testing.assert_allclose(run["optim/update_ratio"].values, self.ratios, rtol=EXACT)
        if grads:
            np.testing.assert_allclose(run["grad/norm"].values, self.grads, rtol=EXACT)


def forward(tiny, model, step):
    x, y = tiny.batch(step)
    return cross_entropy(model(x), y)


MAKE = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam_foreach": lambda p: torch.optim.Adam(p, lr=1e-2, foreach=True),
    "adamw_fused": lambda p: torch.optim.AdamW(p, lr=1e-2, fused=True),
    "sgd_fused": lambda p: torch.optim.SGD(p, lr=0.1, fused=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1),
    "rmsprop_tensor_lr": lambda p: torch.optim.RMSprop(p, lr=torch.tensor(0.01)),
    "adafactor": lambda p: torch.optim.Adafactor(p, lr=0.01),
}


@pytest.mark.parametrize("kind", MAKE)
def test_accumulation_and_clipping_with_any_optimizer(tiny, tmp_path, kind):
    model = tiny.net()
    optimizer = MAKE[kind](model.parameters())
    reference = Reference(lambda: list(model.parameters()))
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for step in range(12):
            optimizer.zero_grad()
            for micro in range(3):
                loss = forward(tiny, model, 3 * step + micro) / 3
                loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 0.2)
            reference.step(optimizer.step)
            run.log(loss=3 * loss)
    (found,) = read(tmp_path / "run")
    reference.check(found)
    assert found["train/loss"].steps.tolist() == list(range(1, 13)) == found["optim/lr"].steps.tolist()
    assert found["perf/step_time"].values.min() > 0


@pytest.mark.parametrize("fused", [False, True])
def test_gradscaler_counts_what_it_skips_and_logs_no_zero_update(tiny, tmp_path, fused):
    model = tiny.net()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0, growth_interval=3)
    reference = Reference(lambda: list(model.parameters()))  # after the step p.grad is unscaled, by whoever did it
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for step in range(12):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = forward(tiny, model, step) * (float("inf") if step in (0, 1, 6) else 1.0)
            scaler.scale(loss).backward()
            reference.step(lambda: scaler.step(optimizer))
            scaler.update()
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    reference.check(found)
    assert run.step == 9 and len(found["optim/update_ratio"]) == 9 and len(found["train/loss"]) == 12
    assert found["optim/skipped_steps"].values[-1] == 3
    assert (found.layers["update_norm"] > 0).all()
    assert torch.amp.GradScaler.step.__module__ == "torch.amp.grad_scaler"  # left as it was


def test_two_gradscaler_optimizers_of_which_one_is_watched(tiny, tmp_path):
    model, other = tiny.net(), tiny.net(1)
    optimizer, unwatched = (torch.optim.SGD(m.parameters(), lr=0.1) for m in (model, other))
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    with Collector(tmp_path / "run", optimizer=optimizer) as run:
        for step in range(4):
            scaler.scale(forward(tiny, model, step)).backward()
            scaler.scale(forward(tiny, other, step) * (float("inf") if step == 1 else 1)).backward()
            scaler.step(optimizer)
            scaler.step(unwatched)
            scaler.update()
            run.log(loss=1.0)
            optimizer.zero_grad()
            unwatched.zero_grad()
    assert run.step == 4 and read(tmp_path / "run")[0]["optim/skipped_steps"].values[-1] == 0


def test_sparse_frozen_tied_unused_and_late_added_parameters(tiny, tmp_path):
    torch.manual_seed(0)
    embedding = torch.nn.Embedding(20, 6, sparse=True)
    head, late = torch.nn.Linear(6, 3), torch.nn.Linear(6, 3)
    head.bias.requires_grad_(False)
    model = torch.nn.ModuleDict({"embedding": embedding, "head": head})
    optimizer = torch.optim.SGD([embedding.weight, head.weight, head.bias], lr=0.3)
    moved = [embedding.weight, head.weight]
    reference = Reference(lambda: moved)
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for step in range(8):
            if step == 4:
                model["late"] = late
                optimizer.add_param_group({"params": late.parameters(), "lr": 0.01})
                moved += late.parameters()
            tokens = torch.randint(20, (8,), generator=torch.Generator().manual_seed(step))
            hidden = embedding(tokens)
            out = head(hidden) + (late(hidden) if step >= 4 else 0)
            optimizer.zero_grad()
            cross_entropy(out, tokens % 3).backward()
            reference.step(optimizer.step)
            run.log(loss=1.0)
    (found,) = read(tmp_path / "run")
    reference.check(found)
    assert found["optim/lr/1"].steps.tolist() == [5, 6, 7, 8] and found["optim/lr/1"].values[0] == 0.01
    assert set(found.layers["layer"]) == {"embedding.weight", "head.weight", "late.weight", "late.bias"}


def test_generator_and_discriminator_alternate(tiny, tmp_path):
    one, two = tiny.net(0), tiny.net(1)
    pair = [torch.optim.SGD(one.parameters(), lr=0.1), torch.optim.Adam(two.parameters(), lr=0.01)]
    everything = Reference(lambda: [*one.parameters(), *two.parameters()])

    def iteration(step):
        for model, optimizer in zip((one, two), pair, strict=True):
            optimizer.zero_grad()
            forward(tiny, model, step).backward()
            optimizer.step()
            run.log({f"{'dg'[model is two]}_loss": 1.0})

    with Collector(tmp_path / "run", optimizer=pair, layers_every=1) as run:
        for step in range(6):
            everything.step(lambda step=step: iteration(step))
    (found,) = read(tmp_path / "run")
    everything.check(found)  # over both, although a row was written between the two steps
    assert run.step == 6 and found["train/d_loss"].steps.tolist() == found["train/g_loss"].steps.tolist() == [
        *range(1, 7)
    ]


def test_a_critic_that_steps_more_often_sets_the_pace(tiny, tmp_path):
    critic, generator = tiny.net(0), tiny.net(1)
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.1) for m in (critic, generator)]
    with Collector(tmp_path / "run", optimizer=optimizers, layers_every=1) as run:
        for step in range(20):
            forward(tiny, critic, step).backward()
            optimizers[0].step()
            if step % 5 == 4:
                forward(tiny, generator, step).backward()
                optimizers[1].step()
            run.log(loss=1.0)
    (found,) = read(tmp_path / "run")
    assert run.step == 20 and found["optim/update_ratio"].steps.tolist() == [5, 10, 15, 20]  # never over half of them
    assert found.layers.groupby("layer").size().tolist() == [20] * 4 + [4] * 4


def test_an_optimizer_for_each_parameter_stepped_within_backward(tiny, tmp_path):
    model = tiny.net()
    each = {p: torch.optim.SGD([p], lr=0.1) for p in model.parameters()}

    def step_now(param):
        each[param].step()
        each[param].zero_grad()

    for param in model.parameters():
        param.register_post_accumulate_grad_hook(step_now)
    reference = Reference(lambda: list(model.parameters()))
    with Collector(tmp_path / "run", model=model, optimizer=list(each.values()), layers_every=1) as run:
        for step in range(5):
            loss = forward(tiny, model, step)
            reference.step(loss.backward)
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert run.step == 5
    reference.check(found, grads=False)  # the gradients are gone afterwards, for the reference


class Sam(torch.optim.Optimizer):
    """Sharpness-aware minimization as it is usually written: climb, look again, step from where it was."""

    def __init__(self, params, base, rho=0.05, **kwargs):
        super().__init__(params, {"rho": rho, **kwargs})
        self.base_optimizer = base(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups

    @torch.no_grad()
    def first_step(self):
        for p in (p for g in self.param_groups for p in g["params"]):
            self.state[p]["old"] = p.clone()
            p.add_(p.grad, alpha=0.05)
        self.zero_grad()

    @torch.no_grad()
    def second_step(self):
        for p in (p for g in self.param_groups for p in g["params"]):
            p.copy_(self.state[p]["old"])
        self.base_optimizer.step()
        self.zero_grad()

    @torch.no_grad()
    def step(self, closure):
        with torch.enable_grad():
            loss = closure()
        self.first_step()
        with torch.enable_grad():
            closure()
        self.second_step()
        return loss


@pytest.mark.parametrize("by_closure", [True, False])
def test_sam_is_one_step_from_where_it_was(tiny, tmp_path, by_closure):
    model = tiny.net()
    optimizer = Sam(model.parameters(), torch.optim.SGD, lr=0.1)
    reference = Reference(lambda: list(model.parameters()))

    def closure(step):
        loss = forward(tiny, model, step)
        loss.backward()
        return loss

    def iteration(step):
        if by_closure:
            return optimizer.step(lambda: closure(step))
        loss = closure(step)
        optimizer.first_step()
        closure(step)
        optimizer.second_step()
        return loss

    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for step in range(6):
            loss = reference.step(lambda step=step: iteration(step))
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert run.step == 6
    reference.check(found, grads=False)
    assert found["optim/lr"].values.tolist() == [0.1] * 6


def test_lbfgs_is_one_step_however_often_it_looks(tiny, tmp_path):
    model = tiny.net()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=5)
    reference = Reference(lambda: list(model.parameters()))

    def closure():
        optimizer.zero_grad()
        loss = forward(tiny, model, 0)
        loss.backward()
        return loss

    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for _ in range(5):
            run.log(loss=reference.step(lambda: optimizer.step(closure)))
    (found,) = read(tmp_path / "run")
    assert run.step == 5
    reference.check(found)


def test_averaged_weights_are_not_the_training(tiny, tmp_path):
    model = tiny.net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    rates = torch.optim.swa_utils.SWALR(optimizer, swa_lr=0.01, anneal_epochs=3)
    reference = Reference(lambda: list(model.parameters()))
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for step in range(6):
            optimizer.zero_grad()
            forward(tiny, model, step).backward()
            reference.step(optimizer.step)
            averaged.update_parameters(model)
            rates.step()
            run.log_eval(loss=forward(tiny, averaged, 99))
    (found,) = read(tmp_path / "run")
    reference.check(found)
    assert set(found.layers["layer"]) == {"0.weight", "0.bias", "2.weight", "2.bias"}
    assert found["optim/lr"].values[0] == pytest.approx(0.1) and found["optim/lr"].values[-1] == pytest.approx(0.01)


def test_long_tensors_are_exact_too(tmp_path):
    torch.manual_seed(0)
    layers = [torch.nn.Linear(700, 1000), torch.nn.Linear(70, 1001, dtype=torch.float64), torch.nn.Linear(300, 301)]
    params = [p for layer in layers for p in layer.parameters()]
    optimizer = torch.optim.SGD(params, lr=0.1)
    reference = Reference(lambda: params)
    with Collector(tmp_path / "run", optimizer=optimizer):
        for _ in range(3):
            for p in params:
                p.grad = torch.randn_like(p)
            reference.step(optimizer.step)
    reference.check(read(tmp_path / "run")[0])


def test_a_model_too_large_to_copy_at_once_is_measured_in_turns(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("collector.measure.spare", lambda param: 200.0)  # bytes: 0.weight has 192, 2.weight 96
    model = tiny.net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for loss in tiny.train(model, optimizer, 9):
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    by_step = found.layers.groupby("step")["layer"].agg(list).tolist()
    assert by_step == [["0.weight"], ["0.bias", "2.weight", "2.bias"]] * 4 + [["0.weight"]]
    parts = found.layers[found.layers["step"] <= 2]
    together = np.sqrt((parts["update_norm"] ** 2).sum() / (parts["weight_norm"] ** 2).sum())
    assert found["optim/update_ratio"].steps.tolist() == [2, 4, 6, 8]
    assert found["optim/update_ratio"].values[0] == pytest.approx(together)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # torch warns of itself
def test_a_compiled_model_and_a_compiled_step(tiny, tmp_path):
    model = tiny.net()
    compiled = torch.compile(model, backend="aot_eager")
    optimizer = torch.optim.SGD(compiled.parameters(), lr=0.1)
    reference = Reference(lambda: list(model.parameters()))
    step_compiled = torch.compile(lambda: optimizer.step(), backend="eager")
    with Collector(tmp_path / "run", model=compiled, optimizer=optimizer, layers_every=1) as run:
        for step in range(6):
            optimizer.zero_grad()
            loss = forward(tiny, compiled, step)
            loss.backward()
            reference.step(optimizer.step if step < 3 else step_compiled)
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert run.step == 6
    reference.check(found)
    assert set(found.layers["layer"]) == {"0.weight", "0.bias", "2.weight", "2.bias"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # torch warns of itself
@pytest.mark.filterwarnings("ignore:The .grad attribute:UserWarning")
def test_a_whole_iteration_compiled_with_its_log(tiny, tmp_path):
    model = tiny.net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def iteration(x, y):
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        run.log(loss=loss, accuracy=0.5)
        return loss.detach()

    compiled = torch.compile(iteration, backend="eager")
    with Collector(tmp_path / "run", model=model, optimizer=optimizer) as run:
        losses = [float(compiled(*tiny.batch(step))) for step in range(5)]
    (found,) = read(tmp_path / "run")
    assert found["train/loss"].values.tolist() == losses and found["train/loss"].steps.tolist() == [1, 2, 3, 4, 5]


def test_an_optimizer_made_later_counts_on_from_where_the_run_is(tiny, tmp_path):
    model = tiny.net()
    with Collector(tmp_path / "run") as run:
        run.log(loss=3.0)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        run.watch(optimizer, model=model)
        run.watch(optimizer)
        for loss in tiny.train(model, optimizer, 3):
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == [1, 2, 3, 4] and found["optim/lr"].steps.tolist() == [2, 3, 4]


def test_a_config_said_later_is_merged_and_a_remark_is_kept(tmp_path):
    with Collector(tmp_path / "run", config={"lr": 1}) as run:
        run.describe(config={"seed": 2}, classes=10, loss=torch.nn.CrossEntropyLoss())
        run.note("the gradients of the embedding could not be seen")
        run.note("the gradients of the embedding could not be seen")
    (found,) = read(tmp_path / "run")
    assert (found.config, found.classes, found.loss) == ({"lr": 1, "seed": 2}, 10, "cross_entropy")
    assert found.notes == ("the gradients of the embedding could not be seen",)


def test_time_spent_validating_is_no_step_time(tiny, tmp_path):
    import time

    model = tiny.net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Collector(tmp_path / "run", optimizer=optimizer) as run:
        for loss in tiny.train(model, optimizer, 6):
            run.log(loss=loss)
            if run.step == 4:
                time.sleep(0.5)
                run.log_eval(loss=1.0)
    assert read(tmp_path / "run")[0]["perf/step_time"].values.max() < 0.4


def test_waiting_for_data_is_a_share_of_the_time(tiny, tmp_path):
    import time

    class Slow(torch.utils.data.Dataset):
        def __len__(self):
            return 6

        def __getitem__(self, i):
            time.sleep(0.02)
            return tiny.batch(i)

    model = tiny.net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Collector(tmp_path / "run", optimizer=optimizer) as run:
        for x, y in torch.utils.data.DataLoader(Slow(), batch_size=None):
            cross_entropy(model(x), y).backward()
            optimizer.step()
            run.log(loss=1.0)
    shares = read(tmp_path / "run")[0]["perf/data_wait_share"].values
    assert len(shares) == 5 and (shares > 0.2).all() and (shares <= 1).all()


def test_a_step_that_calls_its_parents_is_one_step(tiny, tmp_path):
    class Louder(torch.optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    model = tiny.net()
    torch.optim.SGD(tiny.net(1).parameters(), lr=0.1)  # torch patches the parent's step, too, once one was made
    optimizer = Louder(model.parameters(), lr=0.1)
    reference = Reference(lambda: list(model.parameters()))
    with Collector(tmp_path / "run", optimizer=optimizer, layers_every=1) as run:
        for step in range(4):
            optimizer.zero_grad()
            forward(tiny, model, step).backward()
            reference.step(optimizer.step)
    (found,) = read(tmp_path / "run")
    assert run.step == 4
    reference.check(found)


def test_a_step_that_raised_leaves_no_trace(tiny, tmp_path):
    class Moody(torch.optim.SGD):
        def step(self, closure=None):
            super().step(closure)
            if run.step == 2:
                raise RuntimeError("no")

    model = tiny.net()
    optimizer = Moody(model.parameters(), lr=0.1)
    reference = Reference(lambda: list(model.parameters()))
    with Collector(tmp_path / "run", optimizer=optimizer, layers_every=1) as run:
        for step in range(5):
            optimizer.zero_grad()
            forward(tiny, model, step).backward()
            with contextlib.suppress(RuntimeError):
                reference.step(optimizer.step)
    (found,) = read(tmp_path / "run")
    np.testing.assert_allclose(found["optim/update_ratio"].values[-1], reference.ratios[-1], rtol=EXACT)


def test_two_trainings_one_after_the_other_are_one_run(tiny, tmp_path):
    model = tiny.net()
    with Collector(tmp_path / "run", model=model) as run:
        for _ in range(2):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
            run.watch(optimizer)
            for loss in tiny.train(model, optimizer, 3):
                run.log(loss=loss)
            run.unwatch(optimizer)
    (found,) = read(tmp_path / "run")
    assert found["train/loss"].steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert len(found["optim/update_ratio"]) == 6 and "optim/lr/1" not in found


def test_an_optimizer_that_replaces_another_goes_on_where_it_was(tiny, tmp_path):
    model = tiny.net()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    reference = Reference(lambda: list(model.parameters()))
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for step in range(1, 21):
            if step == 8:
                old, optimizer = weakref.ref(optimizer), torch.optim.SGD(model.parameters(), lr=0.1)
                run.watch(optimizer)
            optimizer.zero_grad()
            forward(tiny, model, step).backward()
            reference.step(optimizer.step)
            run.log(loss=float(step))
        gc.collect()
        assert old() is None  # nor its state, which is twice the model with Adam
    (found,) = read(tmp_path / "run")
    reference.check(found)
    assert found["train/loss"].steps.tolist() == list(range(1, 21)) == found["train/loss"].values.tolist()
    assert found["optim/lr"].values.tolist() == [0.01] * 7 + [0.1] * 13 and "optim/lr/1" not in found


def test_a_group_added_late_takes_no_column_of_another_optimizer(tiny, tmp_path):
    one, two = tiny.net(0), tiny.net(1)
    extra = torch.nn.Linear(2, 2)
    first, second = torch.optim.SGD(one.parameters(), lr=0.1), torch.optim.SGD(two.parameters(), lr=0.01)
    with Collector(tmp_path / "run", optimizer=[first, second]) as run:
        for step in range(6):
            if step == 3:
                first.add_param_group({"params": extra.parameters(), "lr": 0.5})
            for model, optimizer in ((one, first), (two, second)):
                optimizer.zero_grad()
                forward(tiny, model, step).backward()
                optimizer.step()
            run.log(loss=1.0)
    (found,) = read(tmp_path / "run")
    assert found["optim/lr/1"].values.tolist() == [0.01] * 6
    assert found["optim/lr/2"].values.tolist() == [0.5] * 3 and found["optim/lr/2"].steps.tolist() == [4, 5, 6]


def test_half_precision_weights_are_measured_as_exactly(tmp_path):
    torch.manual_seed(0)
    model = torch.nn.Linear(64, 64).bfloat16()
    optimizer = torch.optim.SGD(model.parameters(), lr=5.0)
    rows = []
    with Collector(tmp_path / "run", optimizer=optimizer, layers_every=1):
        for _ in range(10):
            for p in model.parameters():
                p.grad = torch.randn_like(p) * 0.1
            before = [p.detach().double() for p in model.parameters()]
            optimizer.step()
            rows.append(
                norm([p.detach().double() - b for p, b in zip(model.parameters(), before, strict=True)]) / norm(before)
            )
    np.testing.assert_allclose(read(tmp_path / "run")[0]["optim/update_ratio"].values, rows, rtol=EXACT)


@pytest.mark.parametrize("odd", [5, None, ["a"], "two\nlines"])
def test_an_odd_remark_spoils_nothing(tmp_path, odd):
    with Collector(tmp_path / "run") as run:
        run.log(loss=1.0)
        run.note(odd)
    (found,) = read(tmp_path / "run")
    assert found.state == "finished" and len(found.notes) == 1
