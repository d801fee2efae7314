"""Epochs are counted from the DataLoader that feeds the optimizer, and from nothing else."""

import pyarrow.parquet as pq
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset
from torch.utils.data.dataloader import _BaseDataLoaderIter

from collector import Collector


def loader(rows: int, batch: int, **options) -> DataLoader:
    return DataLoader(TensorDataset(torch.zeros(rows, 2)), batch_size=batch, **options)


def trained(folder, batches, *, epochs=3, between=lambda: None):
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with Collector(folder, model=model, optimizer=optimizer) as run:
        for _ in range(epochs):
            for batch in batches:
                loss = model(batch[0]).pow(2).mean() + 1
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
                between()
            run.log_eval(loss=1.0)
    table = pq.read_table(folder / "scalars").sort_by("step")
    return table.filter(table["train/loss"].is_valid())["epoch"].to_pylist(), table


def test_shares_of_a_pass_and_whole_epochs_at_evaluations(tmp_path):
    seen, table = trained(tmp_path / "run", loader(10, 5))
    assert seen == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    assert table.filter(table["val/loss"].is_valid())["epoch"].to_pylist() == [1.0, 2.0, 3.0]


def test_evaluating_with_another_loader_counts_nothing(tmp_path):
    seen, _ = trained(tmp_path / "run", loader(10, 5), between=lambda: list(loader(6, 1)))
    assert seen == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # fork in a process with threads
def test_workers_kept_between_epochs(tmp_path):
    seen, _ = trained(tmp_path / "run", loader(10, 5, num_workers=1, persistent_workers=True))
    assert seen == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]


class Endless(IterableDataset):
    def __iter__(self):
        return iter([torch.zeros(2)] * 3)


def test_a_stream_without_length_counts_its_passes(tmp_path):
    seen, _ = trained(tmp_path / "run", Wrapped(DataLoader(Endless(), batch_size=None)), epochs=2)
    assert seen == [0, 0, 0, 1, 1, 1]


class Wrapped:
    """Batches as lists, as the other loaders give them."""

    def __init__(self, inner):
        self.inner = inner

    def __iter__(self):
        return ([batch] for batch in self.inner)


def test_no_loader_no_epoch_and_the_users_word_wins(tmp_path):
    seen, _ = trained(tmp_path / "run", [[torch.zeros(1, 2)]])
    assert seen == [None, None, None]
    with Collector(tmp_path / "other") as run:
        run.epoch = 4
        run.log(loss=1.0)
    assert pq.read_table(tmp_path / "other" / "scalars")["epoch"].to_pylist() == [4.0]


def test_the_dataloader_is_left_as_it_was(tmp_path):
    before = _BaseDataLoaderIter.__next__
    trained(tmp_path / "run", loader(4, 2))
    assert _BaseDataLoaderIter.__next__ is before


def test_overlapping_collectors_leave_no_patch(tmp_path):
    before = _BaseDataLoaderIter.__next__
    open_runs = []
    for index in range(5):
        model = torch.nn.Linear(2, 1)
        open_runs.append(Collector(tmp_path / str(index), optimizer=torch.optim.SGD(model.parameters(), lr=0.1)))
        if index:
            open_runs[index - 1].close()
    assert _BaseDataLoaderIter.__next__ is not before
    open_runs[-1].close()
    assert _BaseDataLoaderIter.__next__ is before
