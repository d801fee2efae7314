"""A training whose steps change nothing is told so; one that trains, even a little, is not."""

import json
import logging

import pytest
import torch

from collector import Collector


def run_of(tmp_path, tiny, caplog, parameters, *, backward=True, wait=0) -> list[str]:
    """Ten steps of a training of ``parameters``; the notes kept with the run."""
    model = tiny.net()
    optimizer = torch.optim.SGD(parameters(model), lr=0.1)
    with (
        caplog.at_level(logging.WARNING, "curvewise"),
        Collector(tmp_path / "run", model=model, optimizer=optimizer) as run,
    ):
        for step in range(10):
            x, y = tiny.batch(step)
            loss = torch.nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            if backward and step >= wait:
                loss.backward()
            optimizer.step()
            run.log(loss=loss)
    return json.loads((tmp_path / "run" / "run.json").read_text())["notes"]


def test_the_optimizer_of_another_model_is_told(tmp_path, tiny, caplog):
    (note,) = run_of(tmp_path, tiny, caplog, lambda model: tiny.net().parameters())
    assert note.startswith("no gradient has reached the optimizer's parameters by step 3")
    assert caplog.text.count("loss.backward()") == 1


def test_a_forgotten_backward_is_told(tmp_path, tiny, caplog):
    assert len(run_of(tmp_path, tiny, caplog, lambda model: model.parameters(), backward=False)) == 1


@pytest.mark.parametrize("wait", [0, 2])
def test_a_training_is_left_in_peace(wait, tmp_path, tiny, caplog):
    assert run_of(tmp_path, tiny, caplog, lambda model: model.parameters(), wait=wait) == []
    assert caplog.text == ""


def test_so_is_one_of_a_single_layer(tmp_path, tiny, caplog):
    def last(model):
        model[0].requires_grad_(False)
        return model.parameters()

    assert run_of(tmp_path, tiny, caplog, last) == []
