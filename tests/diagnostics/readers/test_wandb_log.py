"""W&B's own record: every point as logged, and nothing lost to damage but what it hit."""

import random
import shutil
import struct
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.readers import Limits, Log, ReadError, logs, read_all, sources, understand
from diagnostics.readers.formats.leveldb_log import records
from diagnostics.readers.wandb.record import MAGIC, UNENDED, claims, read
from tests.logs import log, truth
from tests.logs.points import agrees, points, same

WANDB = log("wandb") / "wandb"


def one(name: str) -> Path:
    return next(WANDB.glob(f"*-{name}/*.wandb"))


def by_name() -> dict[str, Log]:
    return {found.name: found for found in logs(WANDB)}


def test_every_point_of_every_run_as_logged() -> None:
    found = by_name()
    assert list(found) == ["plain", "failed", "resumed", "killed"]
    for name in ("plain", "failed", "resumed"):
        assert agrees(found[name], truth("wandb")[name]) == []
    assert {n for n in points(found["plain"]) if not n.startswith("system.")} == set(truth("wandb")["plain"])


def test_how_each_run_ended_and_its_config() -> None:
    found = by_name()
    assert [run.state for run in found.values()] == ["finished", "crashed", "finished", None]
    config = dict(found["plain"].config)
    assert config.pop("text") == "long " * 7_000  # a record over two blocks
    assert config == {"lr": 0.1, "optimizer": {"name": "adam", "betas": [0.9, 0.999]}, "late": 5}
    assert UNENDED in found["killed"].notes and not found["failed"].notes


def test_a_killed_run_is_read_as_far_as_it_was_written() -> None:
    found, logged = points(by_name()["killed"])["loss"], truth("wandb")["killed"]["loss"]
    assert len(found) > 100 and same(found, logged[: len(found)])


def test_histograms_and_texts_are_counted() -> None:
    assert by_name()["plain"].notes == ("left out, as no curves: 4 × histogram, 4 × list, 4 × text, 4 × truth value",)


def test_a_resumed_run_is_one_and_what_it_overwrote_is_kept() -> None:
    run = understand(by_name()["resumed"])
    assert run["train/loss"].steps.tolist() == list(range(30)) and run.resumed_at == (16,)
    assert run.superseded["train/loss"].steps.tolist() == [16, 17, 18, 19]


def test_machine_metrics_lie_at_the_steps_of_their_time() -> None:
    run = understand(by_name()["plain"])
    assert len(run["system.memory_percent"]) >= 1 and set(run["system.memory_percent"].steps.tolist()) <= set(
        range(160)
    )


def test_a_file_a_run_folder_and_a_copy_in_latest_run(tmp_path: Path) -> None:
    assert claims(one("plain")) and claims(one("plain").parent) and claims(WANDB) and sources(WANDB.parent) == [WANDB]
    for name in ("run-20260101_000000-failed", "latest-run"):
        shutil.copytree(one("failed").parent, tmp_path / "wandb" / name)
    assert [found.name for found in logs(tmp_path / "wandb")] == ["failed"]


def test_a_folder_that_only_holds_a_record_beside_other_things_is_no_unit(tmp_path: Path) -> None:
    shutil.copy(one("failed"), tmp_path)
    (tmp_path / "log.csv").write_text("step,loss\n0,1\n")
    assert [p.name for p in sources(tmp_path)] == ["log.csv", "run-failed.wandb"]


def test_a_run_without_numbers_is_left_out_beside_others_and_an_error_alone(tmp_path: Path) -> None:
    shutil.copytree(one("failed").parent, tmp_path / "wandb" / "run-20260101_000000-failed")
    empty = tmp_path / "wandb" / "run-20260101_000001-empty" / "run-empty.wandb"
    empty.parent.mkdir()
    empty.write_bytes(MAGIC)
    assert [found.name for found in logs(tmp_path / "wandb")] == ["failed"]
    with pytest.raises(ReadError, match="no run in it logged a number"):
        logs(empty)


def test_an_unreadable_run_beside_others_is_told(tmp_path: Path) -> None:
    shutil.copytree(one("failed").parent, tmp_path / "wandb" / "run-20260101_000000-failed")
    broken = tmp_path / "wandb" / "run-20260101_000001-broken" / "run-broken.wandb"
    broken.parent.mkdir()
    broken.write_bytes(MAGIC + b"\xff" * 100)
    runs, (error,) = read_all([tmp_path])
    assert (
        [run.name for run in runs] == ["failed"] and "byte 7 of 107" in error.message and "run-broken" in error.source
    )


def test_the_config_file_stands_in_for_a_lost_record(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "config.yaml").write_text(
        "wandb_version: 1\n_wandb:\n  value: {}\nlr:\n  desc: null\n  value: 0.5\n"
    )
    (tmp_path / "run-x.wandb").write_bytes(framed([history({"loss": "1"}, 0)]))
    (found,) = logs(tmp_path / "run-x.wandb")
    assert found.config == {"lr": 0.5} and found.name == "run-x"


def test_old_files_have_one_key_and_nested_json() -> None:
    item = b"".join(
        (
            field(1, b"a"),
            field(16, b'{"b": {"c": 2}, "h": {"_type": "histogram", "values": [1], "packedBins": {"min": 3}}}'),
        )
    )
    data = framed([field(2, field(1, item) + field(2, b"\x08\x05"))])
    found = read_bytes(data)
    assert points(found) == {"a.b.c": [(5, 2)]} and "1 × histogram" in found.notes[0]


# --- damage


def lost(data: bytes, complete: Log) -> int:
    """How many points are missing; what is there must be as it was logged."""
    try:
        found = points(read_bytes(data))
    except ReadError as error:
        assert "\n" not in str(error)
        found = {}
    missing = 0
    for name, logged in points(complete).items():
        have = found.get(name, [])
        assert {str(p) for p in have} <= {str(p) for p in logged}
        missing += len(logged) - len(have)
    return missing


def read_bytes(data: bytes) -> Log:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run-x.wandb"
        path.write_bytes(data)
        (found,) = read(path, Limits())
        return found


def test_cut_at_every_byte_all_before_is_kept() -> None:
    data = one("failed").read_bytes()
    complete = read_bytes(data)
    missing = [lost(data[:end], complete) for end in range(0, len(data), 17)]
    assert missing == sorted(missing, reverse=True)


def test_one_flipped_bit_costs_one_row_and_is_told_with_its_place() -> None:
    data = one("failed").read_bytes()
    complete = read_bytes(data)
    whole = [at for at, _ in records(data, 7, [])]
    pick = random.Random(0)
    for _ in range(150):
        at = pick.randrange(7, len(data))
        broken = bytearray(data)
        broken[at] ^= 1 << pick.randrange(8)
        assert lost(bytes(broken), complete) <= (13 if at - max(w for w in whole if w <= at) >= 6 else len(data))
        notes: list[str] = []
        list(records(bytes(broken), 7, notes))
        assert notes and notes[0].startswith("byte ")


def test_a_broken_length_costs_the_rest_of_its_block_only() -> None:
    data = bytearray(one("plain").read_bytes())
    at = next(at for at, _ in records(bytes(data), 7, []) if at > 2 * 32768)
    data[at + 4 : at + 6] = b"\xff\xff"
    notes: list[str] = []
    found = [where for where, _ in records(bytes(data), 7, notes)]
    assert (
        notes[0].startswith(f"byte {at:,} of")
        and [w for w in found if w < at]
        and min(w for w in found if w > at) >= 3 * 32768
    )


@pytest.mark.parametrize(
    "record", [b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x12" + b"\xff" * 12, b"\x17abc", b"\x12\x02\x0a\x7f"]
)
def test_absurd_lengths_within_a_sound_frame(record: bytes) -> None:
    found = read_bytes(framed([record, history({"loss": "1"}, 0)]))
    assert points(found) == {"loss": [(0, 1)]} and found.notes[0].startswith("byte 7: no protobuf")


def test_deep_json_and_ten_thousand_names() -> None:
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    many = {f"<b>{n}</b>": "1" for n in range(10_000)}
    found = read_bytes(framed([history({"deep": deep}, 0), history(many, 1)]))
    assert len(found.series) == 10_000 and found.series[0].name == "<b>0</b>"


# --- what is written is read


def field(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(number: int) -> bytes:
    low, rest = number & 127, number >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def history(values: dict[str, str], step: int) -> bytes:
    items = [field(2, name.encode()) + field(16, value.encode()) for name, value in values.items()]
    return field(2, b"".join(field(1, item) for item in [*items, field(2, b"_step") + field(16, str(step).encode())]))


def framed(messages: list[bytes]) -> bytes:
    """The messages as W&B frames them."""
    data = MAGIC
    for message in messages:
        for kind, piece in pieces(message, len(data)):
            while (room := 32768 - len(data) % 32768) < 7:
                data += bytes(room)
            data += struct.pack("<IHB", zlib.crc32(bytes([kind]) + piece), len(piece), kind) + piece
    return data


def pieces(message: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    first = True
    while True:
        room = 32768 - at % 32768
        at, room = (at + room, 32768) if room < 7 else (at, room)
        piece, message = message[: room - 7], message[room - 7 :]
        yield (1 if first else 4) if not message else (2 if first else 3), piece
        if not message:
            return
        at, first = at + 7 + len(piece), False


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=90_000), max_size=6))
def test_every_record_that_is_framed_comes_back(messages: list[bytes]) -> None:
    notes: list[str] = []
    assert [m for _, m in records(framed(messages), 7, notes)] == messages and notes == []
