"""Notebooks that Jupyter's own client ran: a cell that prints, one with fastprogress' table (fastai's), one that fails."""

import contextlib
import json
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PACKAGES = [
    "nbclient==0.10.2",
    "ipykernel==6.29.5",
    "nbformat==5.10.4",
    "fastprogress==1.0.3",
    "matplotlib==3.9.4",
    "pandas==2.2.3",
]

PRINTED = """
import math
train = [2 * math.exp(-i / 4) + 0.25 for i in range(8)]
val = [2 * math.exp(-i / 4) + 0.5 for i in range(8)]
for epoch in range(8):
    print(f"Epoch {epoch + 1}/8 train_loss: {train[epoch]!r} val_loss: {val[epoch]!r}")
"""
TABLE = """
from fastprogress import master_bar, progress_bar
bar = master_bar(range(5))
bar.write(["epoch", "train_loss", "valid_loss", "accuracy", "time"], table=True)
for epoch in bar:
    for _ in progress_bar(range(3), parent=bar):
        pass
    bar.write([str(epoch), f"{train[epoch]:.6f}", f"{val[epoch]:.6f}", f"{1 - train[epoch] / 3:.6f}", "00:01"], table=True)
"""
FRAME = """
import pandas as pd
pd.DataFrame({"epoch": range(8), "loss": train}).head()
"""
FAILS = """
for step in range(6):
    print(f"step {step * 10} loss {train[step]!r}")
raise RuntimeError("out of luck")
"""


def main() -> None:
    cells = [new_markdown_cell("# A training"), *map(new_code_cell, (PRINTED, TABLE, FRAME, FAILS))]
    book = new_notebook(cells=cells)
    with contextlib.suppress(CellExecutionError):
        NotebookClient(book, kernel_name="python3").execute()
    for cell in book.cells:
        cell.metadata.clear()
    nbformat.write(book, "log/training.ipynb")
    names: dict[str, object] = {}
    exec(PRINTED.split("for epoch")[0], names)
    train, val = names["train"], names["val"]
    truth = {
        "training, cell 2": {"train_loss": train, "val_loss": val},
        "training, cell 3": {
            "train_loss": [round(v, 6) for v in train[:5]],
            "valid_loss": [round(v, 6) for v in val[:5]],
            "accuracy": [round(1 - v / 3, 6) for v in train[:5]],
        },
        "training, cell 5": {"loss": train[:6]},
    }
    Path("truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
