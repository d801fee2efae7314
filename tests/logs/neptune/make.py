"""Runs as neptune-exporter saves them.

The exporter is no package that can be installed, and asks Neptune's servers, which are gone: the rows are written here with
its schema (``src/neptune_exporter/model.py``), the compression, the names of files and folders of its ``parquet_writer.py``,
and with frames of pandas in between, as its exporters make them. One run lies in two parts.
"""

import hashlib
import json
import math
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

PACKAGES = ["pyarrow==26.0.1", "pandas==3.1.1"]

HERE = Path(__file__).parent
LOG, TRUTH = HERE / "log", HERE / "truth.json"
PROJECT = "team/digits"
WHEN = pd.Timestamp("2025-06-01", tz="UTC")

SCHEMA = pa.schema({
    "project_id": pa.string(),
    "run_id": pa.string(),
    "attribute_path": pa.string(),
    "attribute_type": pa.string(),
    "step": pa.decimal128(18, 6),
    "timestamp": pa.timestamp("ms", tz="UTC"),
    "int_value": pa.int64(),
    "float_value": pa.float64(),
    "string_value": pa.string(),
    "bool_value": pa.bool_(),
    "datetime_value": pa.timestamp("ms", tz="UTC"),
    "string_set_value": pa.list_(pa.string()),
    "file_value": pa.struct({"path": pa.string()}),
    "histogram_value": pa.struct({"type": pa.string(), "edges": pa.list_(pa.float64()), "values": pa.list_(pa.float64())}),
})  # fmt: skip

Points = dict[str, list[list[float]]]


def main() -> None:
    """Two runs: whole steps in two parts, and steps with fractions."""
    truth = {
        "plain": save("DIG-1", "plain", {"train/loss": whole(200, 5), "val/acc": whole(20, 50)}, parts=2, failed=False),
        "halves": save("DIG-2", "halves", {"loss": halves(20), "lr": halves(10)}, parts=1, failed=True),
    }
    TRUTH.write_text(json.dumps(truth) + "\n")


def whole(many: int, apart: int) -> list[list[float]]:
    """Points at every ``apart``-th step, an infinite one among them."""
    return [[n * apart, math.inf if n == 7 else 3 / (1 + n)] for n in range(many)]


def halves(many: int) -> list[list[float]]:
    """Points at every half step."""
    return [[n / 2, 3 / (1 + n)] for n in range(many)]


def save(run: str, name: str, curves: Points, parts: int, failed: bool) -> Points:
    """Write the files of one run: what it is, its curves, and what is none."""
    single = [
        {"attribute_path": "sys/name", "attribute_type": "string", "string_value": name},
        {"attribute_path": "sys/failed", "attribute_type": "bool", "bool_value": failed},
        {"attribute_path": "config/lr", "attribute_type": "float", "float_value": 0.1},
        {"attribute_path": "config/layers", "attribute_type": "int", "int_value": 3},
        {"attribute_path": "sys/creation_time", "attribute_type": "datetime", "datetime_value": WHEN},
    ]
    points = [
        {
            "attribute_path": path,
            "attribute_type": "float_series",
            "step": Decimal(step).quantize(Decimal("0.000001")),
            "timestamp": WHEN + pd.Timedelta(seconds=step),
            "float_value": value,
        }
        for path, curve in curves.items()
        for step, value in curve
    ]
    text = [
        {
            "attribute_path": "monitoring/stdout",
            "attribute_type": "string_series",
            "step": Decimal(1),
            "string_value": "hello",
        }
    ]
    rows = [*single, *points, *text]
    folder = LOG / "data" / safe(PROJECT)
    folder.mkdir(parents=True, exist_ok=True)
    for part in range(parts):
        frame = pd.DataFrame(rows[len(rows) * part // parts : len(rows) * (part + 1) // parts])
        frame = frame.assign(project_id=PROJECT, run_id=run).reindex(columns=SCHEMA.names).astype(object)
        table = pa.Table.from_pylist(frame.where(frame.notna(), None).to_dict("records"), SCHEMA)
        with pq.ParquetWriter(folder / f"{safe(run)}_part_{part}.parquet", SCHEMA, compression="snappy") as file:
            for batch in table.to_batches(max_chunksize=80):
                file.write_batch(batch)
    return curves


def safe(name: str) -> str:
    """``name`` as part of a path, with a digest behind."""
    kept = "".join(c if c.isalnum() or c in "_-" else "_" for c in name)
    return f"{kept}-{hashlib.blake2b(name.encode(), digest_size=8).hexdigest()}"


if __name__ == "__main__":
    main()
