"""Ranks that ask at different times get one answer, without waiting and without a collective."""

import sys
import time
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from collector import Collector, advice
from collector.agreement import Agreement

sys.path.insert(0, str(Path(__file__).parent))  # the spawned processes import this module by its name

from conftest import batch, net
from distributed import together
from left import condemning

CALLS = 300


def asking(rank, folder):
    """Every rank asks ``CALLS`` times at a pace of its own, and rank 0 changes its mind."""
    agreement, answers, longest = Agreement("run", rank), [], 0.0
    for call in range(CALLS):
        time.sleep(0.01 if (call // 50) % 2 == rank else 0.001)
        before = time.perf_counter()
        answers.append(agreement.same(rank == 0 and 100 < call < 200))
        longest = max(longest, time.perf_counter() - before)
    (folder / f"{rank}.txt").write_text(f"{''.join(str(int(a)) for a in answers)} {longest}")


def test_every_call_is_answered_alike(tmp_path):
    together(asking, tmp_path)
    (first, waited), (second, other) = ((tmp_path / f"{rank}.txt").read_text().split() for rank in (0, 1))
    assert first == second and len(first) == CALLS and "1" in first
    assert max(float(waited), float(other)) < 0.5  # of some 1.7 s: nobody waits for the slower one


def training(rank, folder):
    """DDP with a loop that leaves when told to; a rank that left alone would leave the other in its all-reduce."""
    advice.EVERY = 0.05
    model = torch.nn.parallel.DistributedDataParallel(net())
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    left = []
    for attempt in (1, 2):  # a second collector of that name begins anew
        with Collector(folder / f"{attempt}" / "run", optimizer=optimizer) as run:
            for step in range(100_000):
                loss = torch.nn.functional.cross_entropy(model(batch(step)[0]), batch(step)[1])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
                if run.should_stop:
                    left.append(step)
                    break
    (folder / f"{rank}.txt").write_text(str(left))


@pytest.mark.slow
def test_all_ranks_leave_at_the_same_step(tmp_path):
    with condemning(tmp_path / "1" / "run"), condemning(tmp_path / "2" / "run"):
        together(training, tmp_path)
    first, second = ((tmp_path / f"{rank}.txt").read_text() for rank in (0, 1))
    assert first == second and first.count(",") == 1


def alone(rank, folder):
    """Only rank 0 asks: nothing waits for the other."""
    agreement = Agreement("run", rank)
    if rank == 0:
        assert agreement.same(True)


def test_rank_0_may_ask_alone(tmp_path):
    together(alone, tmp_path)


def test_without_a_process_group_a_rank_answers_for_itself():
    assert not dist.is_initialized()
    agreement = Agreement("run", 1)
    assert agreement.same(True) and not agreement.same(False)
