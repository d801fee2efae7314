"""DDP and FSDP2 on two gloo processes, against one process that trains the same on the whole batch."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from collector import Collector
from diagnostics.readers.run_folder import read

sys.path.insert(0, str(Path(__file__).parent))  # the spawned processes import this module by its name

from conftest import batch, net
from distributed import together

STEPS = 14


def _norm(tensors):
    return float(torch.sqrt(sum((t.double() ** 2).sum() for t in tensors)))


def _halves(step, rank, ranks=2):
    x, y = batch(step)
    return x[rank::ranks], y[rank::ranks]


def _step(model, optimizer, x, y, clip=None):
    optimizer.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    if clip:
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return loss


def reference(make, clip=None):
    """(ratio, gradient norm) a step and the last layer norms of one process that sees the whole batch."""
    model = net()
    optimizer = make(model.parameters())
    rows, layers = [], []
    for step in range(STEPS):
        before = [p.detach().clone() for p in model.parameters()]
        _step(model, optimizer, *batch(step), clip)
        changes = [p.detach() - b for p, b in zip(model.parameters(), before, strict=True)]
        grads = [p.grad for p in model.parameters()]
        rows.append((_norm(changes) / _norm(before), _norm(grads)))
        layers += [(_norm([b]), _norm([c]), _norm([g])) for b, c, g in zip(before, changes, grads, strict=True)]
    return np.array(rows), np.array(layers)


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.1, momentum=0.9)


def ddp(rank, folder):
    model = torch.nn.parallel.DistributedDataParallel(net())
    optimizer = sgd(model.parameters())
    naive = []
    with Collector(folder, model=model, optimizer=optimizer, layers_every=1) as run:
        for step in range(STEPS):
            before = [p.detach().clone() for p in model.parameters()]
            loss = _step(model, optimizer, *_halves(step, rank), clip=0.5)
            run.log(loss=loss * (1 + rank), accuracy=0.5)
            changes = [p.detach() - b for p, b in zip(model.parameters(), before, strict=True)]
            naive.append((_norm(changes) / _norm(before), _norm([p.grad for p in model.parameters()])))
    np.save(folder.with_name(f"naive-{rank}.npy"), naive)


def test_ddp_is_one_run_with_the_ratios_of_the_whole_and_a_health_row_a_rank(tmp_path):
    together(ddp, tmp_path / "run")
    (run,) = read(tmp_path / "run")
    naive = np.load(tmp_path / "naive-0.npy")
    np.testing.assert_allclose(run["optim/update_ratio"].values, naive[:, 0], rtol=1e-6)
    np.testing.assert_allclose(run["grad/norm"].values, naive[:, 1], rtol=1e-6)
    expected, layers = reference(sgd, clip=0.5)
    np.testing.assert_allclose(run["optim/update_ratio"].values, expected[:, 0], rtol=1e-5)
    np.testing.assert_allclose(run["grad/norm"].values, expected[:, 1], rtol=1e-5)
    table = run.layers
    assert table["layer"].unique().tolist() == ["0.weight", "0.bias", "2.weight", "2.bias"]
    np.testing.assert_allclose(table[["weight_norm", "update_norm", "grad_norm"]], layers, rtol=2e-5)
    assert run.resumed_at == () and run.notes == () and run.state == "finished"
    assert set(run.ranks) == {1} and set(run.ranks[1]) == {"train/loss", "perf/step_time"}
    assert run.ranks[1]["train/loss"].steps.tolist() == list(range(1, STEPS + 1))
    assert (run.ranks[1]["train/loss"].values != run["train/loss"].values).all()


def fsdp(rank, folder, only_zero):
    from torch.distributed.fsdp import fully_shard

    model = net()
    fully_shard(model[0])
    fully_shard(model)
    optimizer = sgd(model.parameters())
    if only_zero and rank:
        for step in range(STEPS):
            _step(model, optimizer, *_halves(step, rank))
        return
    with Collector(folder, model=model, optimizer=optimizer, layers_every=1) as run:
        for step in range(STEPS):
            run.log(loss=_step(model, optimizer, *_halves(step, rank)))


def test_norms_over_shards_add_up_to_the_unsharded_figures(tmp_path):
    together(fsdp, tmp_path / "run", False)
    (run,) = read(tmp_path / "run")
    expected, layers = reference(sgd)
    np.testing.assert_allclose(run["optim/update_ratio"].values, expected[:, 0], rtol=1e-5)
    np.testing.assert_allclose(run["grad/norm"].values, expected[:, 1], rtol=1e-5)
    assert run["optim/update_ratio"].steps.tolist() == list(range(1, STEPS + 1))
    assert np.isfinite(run["optim/update_ratio"].wall_time).all()
    assert run.layers["layer"].unique().tolist() == ["0.weight", "0.bias", "2.weight", "2.bias"]
    np.testing.assert_allclose(run.layers[["weight_norm", "update_norm", "grad_norm"]], layers, rtol=2e-5)
    assert set(run.ranks) == {1} and run.notes == ()


def test_shards_without_the_other_ranks_are_null_and_the_run_says_why(tmp_path):
    together(fsdp, tmp_path / "run", True)
    (run,) = read(tmp_path / "run")
    assert "optim/update_ratio" not in run and len(run["train/loss"]) == STEPS
    assert len(run.notes) == 1 and "nothing from rank 1 of 2" in run.notes[0]


def replicated(rank, folder):
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    model = net()
    fully_shard(model, mesh=init_device_mesh("cpu", (2, 1), mesh_dim_names=("replicate", "shard")))
    optimizer = sgd(model.parameters())
    with Collector(folder, model=model, optimizer=optimizer, layers_every=1) as run:
        for step in range(STEPS):
            run.log(loss=_step(model, optimizer, *_halves(step, rank)))


def test_what_several_ranks_hold_alike_counts_once(tmp_path):
    together(replicated, tmp_path / "run")
    (run,) = read(tmp_path / "run")
    np.testing.assert_allclose(run["optim/update_ratio"].values, reference(sgd)[0][:, 0], rtol=1e-5)


def crash(rank, folder):
    with Collector(folder) as run:
        run.log(loss=1.0)
        if rank:
            raise ValueError("bad batch on this rank")


def test_a_rank_that_crashes_says_so_in_its_own_folder(tmp_path):
    with pytest.raises(Exception, match="bad batch"):
        together(crash, tmp_path / "run")
    (rank,) = read(tmp_path / "run" / "ranks" / "1")
    assert rank.state == "crashed" and "bad batch" in rank.exception
    (run,) = read(tmp_path / "run")
    assert any("rank 1 crashed: ValueError: bad batch" in note for note in run.notes)
