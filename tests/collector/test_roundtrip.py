import math

import numpy as np
import pandas as pd
import pytest
import torch

from collector import Collector
from diagnostics.readers.run_folder import read


def test_every_value_comes_back_as_it_was_logged(tmp_path):
    with Collector(tmp_path / "run", config={"lr": 0.1, "f": len, "x": math.nan}, classes=3, loss="mse") as run:
        run.log(step=0, loss=1.5, accuracy=None)
        run.log(step=1, loss=math.nan, accuracy=np.float32(0.5))
        run.log(step=2, loss=math.inf, accuracy=torch.tensor([0.25]), lr=1)
        run.log({"my/tag": -math.inf, "val_loss": True}, step=3, epoch=1)
        run.log_eval(loss=2.0, extra=torch.tensor(3, requires_grad=False))
    (found,) = read(tmp_path / "run")
    assert found.notes == ()
    assert (found.state, found.classes, found.loss, found.config["lr"]) == ("finished", 3, "mse", 0.1)
    assert found["train/loss"].steps.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(found["train/loss"].values, [1.5, math.nan, math.inf])
    assert found["train/accuracy"].steps.tolist() == [1, 2]  # None is absent
    assert found["optim/lr"].values.tolist() == [1.0]
    assert found["my/tag"].values.tolist() == [-math.inf]
    assert found["val/loss"].steps.tolist() == [3, 3]
    assert found["val/loss"].values.tolist() == [1.0, 2.0]
    assert found["val/extra"].values.tolist() == [3.0]
    assert found.epochs is not None and found.epochs.steps.tolist() == [3, 3]


def test_plain_pandas_reads_the_scalars_after_close(tmp_path):
    run = Collector(tmp_path / "run")
    run.log(loss=1.0)
    run.log(loss=math.nan)
    run.log_eval(loss=3.0)
    run.close()
    run.close()
    frame = pd.read_parquet(tmp_path / "run" / "scalars")
    assert frame["step"].tolist() == [1, 2, 2]  # without an optimizer a step is a call of log
    assert frame["val/loss"].tolist()[2] == 3.0
    assert [p.name for p in (tmp_path / "run").iterdir() if p.name.startswith((".", "tail"))] == []


@pytest.mark.parametrize("value", ["text", [1, 2], torch.ones(2), object(), 1j])
def test_what_is_no_number_is_left_out_with_one_warning(tmp_path, value, caplog):
    with Collector(tmp_path / "run") as run:
        for _ in range(3):
            run.log(loss=1.0, odd=value)
    (found,) = read(tmp_path / "run")
    assert "train/odd" not in found and len(found["train/loss"]) == 3
    assert len(caplog.messages) == 1 and "train/odd" in caplog.messages[0]


def test_more_rows_than_a_tail_holds_and_many_tags(tmp_path):
    with Collector(tmp_path / "run") as run:
        for i in range(20_000):
            run.log(loss=float(i))
        for i in range(80):  # more than one word of presence bits
            run.log({f"t/{i}": i})
    (found,) = read(tmp_path / "run")
    np.testing.assert_array_equal(found["train/loss"].values, np.arange(20_000))
    assert [found[f"t/{i}"].values.tolist() for i in range(80)] == [[i] for i in range(80)]
    assert len(list((tmp_path / "run" / "scalars").iterdir())) == 1


def test_wrong_use_never_raises(tmp_path, caplog):
    run = Collector(tmp_path / "run", optimizer="adam", config=object(), loss=torch.nn.CrossEntropyLoss())
    run.log(5)
    run.log(loss=1.0, step="three")
    run.log(loss=2.0)
    run.close()
    run.log(loss=3.0)
    (found,) = read(tmp_path / "run")
    assert found["train/loss"].values.tolist() == [1.0, 2.0]  # the row with the bad step is kept at the current one
    assert found.loss == "cross_entropy"
    assert len(caplog.messages) == 4 and "closed" in caplog.messages[-1]  # one line a kind of misuse


@pytest.mark.parametrize("method", ["log", "log_eval"])
def test_a_value_without_its_name_never_raises_and_is_explained(tmp_path, caplog, method):
    with Collector(tmp_path / "run") as run:
        log = getattr(run, method)
        log("loss", 0.5)
        log({"loss": 0.5}, 10)
        log(loss=0.25)
    (found,) = read(tmp_path / "run")
    (tag,) = found.curves
    assert found[tag].values.tolist() == [0.25]
    (said,) = caplog.messages
    assert "values without names" in said and "loss=0.5" in said and "step=10" in said
    assert any("values without names" in note for note in found.notes)
