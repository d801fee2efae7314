"""On a CUDA device: nothing waits for it, and the figures are those of the CPU's slow clear reference."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from collector import Collector
from diagnostics.readers.run_folder import read

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.fixture
def no_waiting():
    """Any call that would make the host wait for the device raises, as long as the context is open."""

    class NoWaiting:
        def __enter__(self):
            torch.cuda.synchronize()
            torch.cuda.set_sync_debug_mode("error")

        def __exit__(self, *_):
            torch.cuda.set_sync_debug_mode("default")

    yield NoWaiting()
    torch.cuda.set_sync_debug_mode("default")


def norm(tensors):
    return sum(float((t.double() ** 2).sum()) for t in tensors) ** 0.5


def flat(tensors):
    return torch.cat([t.detach().flatten() for t in tensors]).double()


def batches(tiny, steps):
    return [tuple(t.cuda() for t in tiny.batch(step)) for step in range(steps)]


@pytest.mark.parametrize("kind", ["sgd", "foreach", "fused", "capturable"])
def test_a_training_with_tensors_logged_never_waits(tiny, tmp_path, no_waiting, kind, caplog):
    model = tiny.net().cuda()
    options = {"sgd": None, "foreach": {"foreach": True}, "fused": {"fused": True}, "capturable": {"capturable": True}}
    make = torch.optim.AdamW if options[kind] else torch.optim.SGD
    optimizer = make(model.parameters(), lr=1e-2, **(options[kind] or {}))
    data = batches(tiny, 30)
    losses, ratios, weights, gradients = [], [], [], []
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for x, y in data:
            with no_waiting:
                optimizer.zero_grad()
                loss = cross_entropy(model(x), y)
                loss.backward()
            before = [p.detach().clone() for p in model.parameters()]
            weights.append(flat(before))
            gradients.append(flat(p.grad for p in model.parameters()))
            with no_waiting:
                optimizer.step()
                run.log(loss=loss, accuracy=torch.ones((), device="cuda"))
                losses.append(loss.detach().clone())
                loss.detach().zero_()  # what becomes of his tensor afterwards must not show
            changes = [p.detach() - b for p, b in zip(model.parameters(), before, strict=True)]
            ratios.append(norm(changes) / norm(before))
    (found,) = read(tmp_path / "run")
    assert caplog.messages == [] and found.notes == ()
    np.testing.assert_array_equal(found["train/loss"].values, [float(v) for v in losses])
    np.testing.assert_allclose(found["optim/update_ratio"].values, ratios, rtol=1e-5)
    assert len(found.layers) == 4 * 30
    ways = [(weights[k] - weights[k + 10], gradients[k + 10]) for k in (0, 10)]
    cosines = [float(way @ slope / (way.norm() * slope.norm())) for way, slope in ways]
    assert found["optim/update_alignment"].steps.tolist() == [11, 21]
    np.testing.assert_allclose(found["optim/update_alignment"].values, cosines, atol=1e-4)
    mean, excess = weights[0], []
    for k in (1, 2):
        mean = mean + (weights[10 * k] - mean) * 9 / (k + 9)
        excess.append(float(gradients[10 * k] @ (weights[10 * k] - mean)) / 2)
    assert found["optim/excess_loss"].steps.tolist() == [11, 21]
    np.testing.assert_allclose(found["optim/excess_loss"].values, excess, rtol=1e-3)


@pytest.mark.parametrize("fused", [False, True])
def test_gradscaler_skips_are_counted_where_only_the_device_knows(tiny, tmp_path, fused):
    model = tiny.net().cuda()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=fused)
    scaler = torch.amp.GradScaler("cuda", init_scale=64.0)
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        for step, (x, y) in enumerate(batches(tiny, 12)):
            optimizer.zero_grad()
            with torch.autocast("cuda", dtype=torch.float16):
                loss = cross_entropy(model(x), y) * (float("inf") if step in (0, 5) else 1.0)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            run.log(loss=loss)
    (found,) = read(tmp_path / "run")
    assert found["optim/skipped_steps"].values[-1] == 2
    assert (found["optim/update_ratio"].values > 0).all() and len(found["optim/update_ratio"]) == 10


def test_the_copy_of_the_weights_does_not_raise_the_peak(tmp_path):
    model = torch.nn.Sequential(*(torch.nn.Linear(2048, 2048) for _ in range(8))).cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

    def peak(run):
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        for _ in range(5):
            model(torch.randn(16_384, 2048, device="cuda")).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
            if run:
                run.log(loss=1.0)
        return torch.cuda.max_memory_allocated()

    peak(None)
    without = peak(None)
    with Collector(tmp_path / "run", model=model, optimizer=optimizer, layers_every=1) as run:
        assert peak(run) <= without + (1 << 20)
    assert len(read(tmp_path / "run")[0]["optim/update_ratio"]) == 5


def test_a_cuda_graph_is_captured_and_replayed_undisturbed(tiny, tmp_path, caplog):
    model = tiny.net().cuda()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, capturable=True)
    x, y = batches(tiny, 1)[0]

    def iteration():
        optimizer.zero_grad(set_to_none=False)
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    with Collector(tmp_path / "run", optimizer=optimizer, layers_every=1) as run:
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            for _ in range(3):
                iteration()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            loss = iteration()
        for _ in range(5):
            graph.replay()
            run.log(loss=loss, step=run.step + 1)
    (found,) = read(tmp_path / "run")
    values = found["train/loss"].values
    assert caplog.messages == [] and "CUDA graph" in found.notes[0]
    assert len(values) == 5 and (np.diff(values) < 0).all()
