"""Notebooks: what cells printed is read, whatever stands around it."""

import json
import time
from pathlib import Path

import pytest

from diagnostics.readers import Limits, ReadError, logs, notebook, read, read_all, sources
from tests.logs import log, truth
from tests.logs.compare import harmless

BOOK = log("jupyter") / "training.ipynb"


def test_every_cell_that_trains_is_a_run() -> None:
    found = {one.name: {s.name: s.values.tolist() for s in one.series} for one in logs(BOOK)}
    assert [*found] == [*truth("jupyter")]
    for name, curves in truth("jupyter").items():
        assert {key: found[name][key] for key in curves} == curves
    assert [run.state for run in read(BOOK)] == [None, None, "crashed"]
    assert read(BOOK)[2].exception == "RuntimeError: out of luck"


def test_damage_is_no_traceback(tmp_path: Path) -> None:
    harmless(BOOK, tmp_path, cuts=20, flips=20)


def saved(path: Path, *outputs: object) -> Path:
    path.write_text(json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "outputs": list(outputs)}]}))
    return path


def test_the_table_of_hugging_faces_trainer(tmp_path: Path) -> None:
    rows = "".join(f"<tr><td>{s}</td><td>{9 - s / 100}</td><td>No log</td></tr>" for s in (100, 200, 300))
    html = f"<div>[300/300 01:00, Epoch 3/3]</div><table><tr><th>Step</th><th>Training Loss</th><th>Validation Loss</th></tr>{rows}</table>"
    data = {"text/html": [html], "text/plain": ["<IPython.core.display.HTML object>"]}
    path = saved(tmp_path / "a.ipynb", {"output_type": "display_data", "data": data})
    (run,) = read(path)
    assert run.name == "a" and run["train/loss"].steps.tolist() == [100, 200, 300]


REPORT = "              precision    recall  f1-score\n" + "".join(
    f"   cat {c}   0.9{c}   0.8{c}   0.7{c}\n" for c in "1234"
)


@pytest.mark.parametrize("text", ["hello\n", REPORT, "k = 1 accuracy 0.9\nk = 2 accuracy 0.8\nk = 3 accuracy 0.7\n"])
def test_notebooks_without_a_training_are_left_alone(tmp_path: Path, text: str) -> None:
    path = saved(tmp_path / "a.ipynb", {"output_type": "stream", "name": "stdout", "text": text})
    (tmp_path / "log.csv").write_text("step,train_loss\n0,2\n1,1\n")
    assert not notebook.claims(path) and sources(tmp_path) == [tmp_path / "log.csv"]
    with pytest.raises(ReadError, match="no cell"):
        notebook.read(path, Limits())


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"cells": 3}', '{"cells": [3, {"outputs": [3, {"data": []}]}]}', "<td>" * 9]
)
def test_what_is_no_notebook_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.ipynb").write_text(content)
    assert not notebook.claims(tmp_path / "a.ipynb")
    assert read_all([tmp_path / "a.ipynb"])[1]


@pytest.mark.parametrize("unit", ["<![", "<", "<td>", "<!--", "<tr><td>1", '<a b="'])
def test_hostile_html_is_passed_over_soon(tmp_path: Path, unit: str) -> None:
    data = {"text/html": unit * 30_000, "text/plain": "<IPython.core.display.HTML object>"}
    begun = time.process_time()
    assert read_all([saved(tmp_path / "a.ipynb", {"data": data})])[1]
    assert time.process_time() - begun < 5  # s of processor
