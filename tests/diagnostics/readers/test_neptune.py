"""What neptune-exporter saves: every point of every part, and parts that are damaged."""

import random
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from diagnostics.readers import Log, ReadError, logs, read_all, sources, understand
from diagnostics.readers.neptune import claims
from tests.logs import log, truth
from tests.logs.points import agrees, points

PROJECT = next((log("neptune") / "data").iterdir())
FIRST, SECOND, HALVES = sorted(PROJECT.iterdir())


def by_name(path: Path) -> dict[str, Log]:
    return {found.name: found for found in logs(path)}


def test_every_point_of_every_run_as_logged() -> None:
    assert sources(log("neptune")) == [PROJECT]
    found = by_name(PROJECT)
    assert set(found) == {"plain", "halves"}
    for name, told in found.items():
        assert agrees(told, truth("neptune")[name]) == [] and set(points(told)) == set(truth("neptune")[name])


def test_config_state_times_and_what_is_no_curve() -> None:
    plain, halves = by_name(PROJECT).values()
    assert plain.config == {"config/lr": 0.1, "config/layers": 3} and (plain.state, halves.state) == (None, "crashed")
    assert plain.notes == ("left out, as no curves: 1 points of string_series",)
    times = plain.series[0].wall_time
    assert times is not None and (times[1] - times[0], plain.series[0].steps[1]) == (5.0, 5.0)


def test_steps_with_fractions_keep_their_order_in_all_series() -> None:
    run = understand(by_name(PROJECT)["halves"])
    assert run["train/loss"].steps.tolist() == list(range(20)) and run["optim/lr"].steps.tolist() == list(range(10))


def test_one_file_of_a_run() -> None:
    assert len(points(logs(FIRST)[0])["train/loss"]) < 200 and logs(SECOND)[0].name == "DIG-1"


def test_whole_numbers_truth_values_and_several_runs_in_one_file(tmp_path: Path) -> None:
    rows = [("int_series", "n", 2, None), ("bool_series", "on", None, True), ("int_series", "m", None, None)]
    table = pa.table({
        "run_id": ["a", "b", "a"], "attribute_type": [r[0] for r in rows], "attribute_path": [r[1] for r in rows], "step": pa.array([3, 4, 5], pa.int64()),
        "int_value": pa.array([r[2] for r in rows], pa.int64()), "bool_value": pa.array([r[3] for r in rows], pa.bool_()),
    })  # fmt: skip
    pq.write_table(table, tmp_path / "x.parquet")
    assert {name: points(found) for name, found in by_name(tmp_path / "x.parquet").items()} == {
        "a": {"n": [(3, 2)]},
        "b": {"on": [(4, 1)]},
    }


def test_a_damaged_part_costs_only_its_own_points(tmp_path: Path) -> None:
    folder = shutil.copytree(PROJECT, tmp_path / "p")
    (folder / SECOND.name).write_bytes(SECOND.read_bytes()[:-9])
    found = by_name(folder)
    assert (
        agrees(found["halves"], truth("neptune")["halves"]) == []
        and points(found["plain"])["train/loss"] == points(logs(FIRST)[0])["train/loss"]
    )
    assert any(SECOND.name in note and "damaged or half-written" in note for note in found["plain"].notes)
    (folder / FIRST.name).write_bytes(b"")
    assert "plain" not in by_name(folder)


def test_other_parquet_and_exports_without_curves(tmp_path: Path) -> None:
    pq.write_table(pa.table({"step": [1], "loss": [2.0]}), tmp_path / "run_part_0.parquet")
    (tmp_path / "junk_part_0.parquet").write_bytes(b"PAR1")
    assert not claims(tmp_path / "run_part_0.parquet") and not claims(tmp_path / "none.parquet")
    table = pq.read_table(HALVES)
    pq.write_table(table.slice(0, 5), tmp_path / "single.parquet")
    with pytest.raises(ReadError, match="without a series of numbers"):
        logs(tmp_path / "single.parquet")


def test_damage_anywhere_ends_in_a_reading_or_in_one_line(tmp_path: Path) -> None:
    data, pick = HALVES.read_bytes(), random.Random(1)
    for n in range(120):
        broken = bytearray(data[: pick.randrange(len(data))] if n % 3 == 0 else data)
        for _ in range(n % 3):
            broken[pick.randrange(len(broken))] ^= 1 << pick.randrange(8)
        (tmp_path / HALVES.name).write_bytes(broken)
        _, errors = read_all([tmp_path / HALVES.name])
        assert all("\n" not in str(e) and "please report" not in e.message for e in errors), errors


def test_a_name_that_is_no_text_is_kept_as_well_as_can_be(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    shutil.copytree(PROJECT, folder)
    table = pq.read_table(folder / FIRST.name)
    names = [name.encode().replace(b"loss", b"l\xeess") for name in table["attribute_path"].to_pylist()]
    broken = pa.Array.from_buffers(pa.string(), len(names), pa.array(names, pa.binary()).buffers())
    pq.write_table(
        table.set_column(table.column_names.index("attribute_path"), "attribute_path", broken), folder / FIRST.name
    )
    found, whole = (by_name(where)["plain"] for where in (folder, PROJECT))
    assert sum(map(len, found.series)) == sum(map(len, whole.series))
    assert any("l\ufffdss" in s.name for s in found.series)


def test_a_time_beyond_all_years_takes_no_setting_with_it(tmp_path: Path) -> None:
    table = pq.read_table(SECOND)
    beyond = pa.array([2**62] * len(table), pa.int64()).cast(pa.timestamp("us"))
    at = table.column_names.index("timestamp")
    pq.write_table(table.set_column(at, "timestamp", beyond), tmp_path / SECOND.name)
    (told,) = logs(tmp_path / SECOND.name)
    assert told.config == by_name(SECOND)[told.name].config


def test_steps_whose_type_was_damaged_are_one_line(tmp_path: Path) -> None:
    table = pq.read_table(HALVES)
    raw = pa.array([b"8 bytes!"] * len(table), pa.binary(8))
    at = table.column_names.index("step")
    pq.write_table(table.set_column(at, "step", raw), tmp_path / HALVES.name)
    with pytest.raises(ReadError, match=r"damaged .*column step holds fixed_size_binary\[8\], not numbers"):
        logs(tmp_path / HALVES.name)
