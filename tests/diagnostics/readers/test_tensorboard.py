"""TensorBoard: every point of the real writers' files comes back, and damage costs the damaged records alone."""

import importlib
import random
import shutil
import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnostics.readers import Limits, Log, ReadError, read, read_all, sources, tensorboard
from diagnostics.readers.formats import crc32c, tfrecords
from tests import logs as fixtures

TOOLS = ("tensorboard", "tensorboardx", "keras_tensorboard")
Points = list[tuple[float, float]]


def of(folder: Path) -> dict[str, Log]:
    return {
        log.name: log
        for source in sources(folder)
        if source.name != "empty"
        for log in tensorboard.read(source, Limits())
    }


def points(log: Log) -> dict[str, Points]:
    return {s.name: list(zip(s.steps.tolist(), s.values.tolist(), strict=True)) for s in log.series}


def same(found: Points, wanted: Points, exact: bool = False) -> bool:
    """As float32, which is all that TensorBoard keeps; NaN is NaN."""
    kind = np.float64 if exact else np.float32
    a, b = np.array(found, dtype=np.float64), np.array(wanted, dtype=np.float64)
    return (
        a.shape == b.shape
        and np.array_equal(a[:, 0], b[:, 0])
        and np.array_equal(a[:, 1].astype(kind), b[:, 1].astype(kind), equal_nan=True)
    )


@pytest.mark.parametrize("tool", TOOLS)
def test_every_point_of_the_real_tool(tool: str) -> None:
    found, truth = of(fixtures.log(tool)), fixtures.truth(tool)
    assert found.keys() == truth.keys()
    for run, series in truth.items():
        read_points = points(found[run])
        assert read_points.keys() == series.keys()
        for name, wanted in series.items():
            assert same(read_points[name], wanted, exact=name.startswith("precise")), (run, name)


def test_hyperparameters_media_and_wall_time() -> None:
    log = of(fixtures.log("tensorboard"))["everything"]
    assert log.config == {"lr": 0.1, "batch_size": 32, "optimizer": "sgd", "nesterov": 1}
    assert log.notes == ("left out, being no curves: 4 histograms, 1 texts, 1 images",)
    time = log.series[0].wall_time
    assert time is not None and (np.diff(time) >= 0).all() and time[0] > 1.7e9


def test_a_restart_goes_back_and_overwrites() -> None:
    (run,) = read(fixtures.log("tensorboard") / "restarted")
    assert run.resumed_at == (45,) and len(run["train/loss"]) == 90 and len(run.superseded["train/loss"]) == 15
    assert run["val/loss"].steps.tolist() == [14, 29, 44, 59, 74, 89]


@pytest.mark.parametrize("name", ["by_epoch", "by_batch"])
def test_kerass_folders_are_one_run_whose_epochs_end_at_their_steps(name: str) -> None:
    (run,) = read(fixtures.log("keras_tensorboard") / name)
    assert run["val/loss"].steps.tolist() == [8, 16, 24, 32] and run["val/accuracy"].steps.tolist() == [8, 16, 24, 32]
    assert len(run["train/loss"]) == (4 if name == "by_epoch" else 32)
    assert run.epochs is not None and run.epochs.values.tolist() == [0, 1, 2, 3]


def test_without_validation_epochs_are_steps(tmp_path: Path) -> None:
    (tmp_path / "a" / "train").mkdir(parents=True)
    for file in (fixtures.log("keras_tensorboard") / "by_epoch/train").iterdir():
        (tmp_path / "a" / "train" / file.name).write_bytes(file.read_bytes())
    (run,) = read_all([tmp_path])[0]
    assert run.name == "a" and run["train/loss"].steps.tolist() == [0, 1, 2, 3] and run.epochs is not None


def test_a_tree_of_runs_lists_each_and_an_empty_one_is_said() -> None:
    runs, (error,) = read_all([fixtures.log("tensorboard")])
    assert sorted(run.name for run in runs) == ["everything", "forms", "restarted"]
    assert "no scalar was logged" in error.message and error.source.endswith("empty")


def test_other_logs_between_event_files_are_listed_too(tmp_path: Path) -> None:
    shutil.copytree(fixtures.log("tensorboard") / "everything", tmp_path / "a")
    for log in (tmp_path / "a/own.csv", tmp_path / "a/Accuracy_epoch_val/own.csv"):
        log.write_text("step,train_loss\n0,2.5\n1,1.5\n")
    found = [p.relative_to(tmp_path).as_posix() for p in sources(tmp_path)]
    assert found == ["a", "a/Accuracy_epoch_val/own.csv", "a/own.csv"]
    assert sources(tmp_path / "a") == sources(tmp_path)


def test_told_by_content_whatever_its_name(tmp_path: Path) -> None:
    original = next((fixtures.log("tensorboard") / "forms").iterdir())
    (tmp_path / "renamed.csv").write_bytes(original.read_bytes())
    (run,) = read(tmp_path / "renamed.csv")
    assert run.name == "renamed" and len(run["new/loss"]) == 10


# Small files by hand: the framing, and the forms that torch does not write.


def record(data: bytes) -> bytes:
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", crc32c.masked(head)) + data + struct.pack("<I", crc32c.masked(data))


def part(number: int, data: bytes | int) -> bytes:
    if isinstance(data, int):
        return varint(number << 3) + varint(data)
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(number: int) -> bytes:
    number %= 2**64
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def event(step: int, *values: bytes, time: float = 1.7e9) -> bytes:
    said = part(2, step) if step else b""
    return record(b"\x09" + struct.pack("<d", time) + said + part(5, b"".join(part(1, v) for v in values)))


def simple(tag: str, value: float) -> bytes:
    return part(1, tag.encode()) + b"\x15" + struct.pack("<f", value)


def tensor(tag: str, kind: int, field: int, data: bytes | int, shape: bytes = b"") -> bytes:
    return part(1, tag.encode()) + part(8, part(1, kind) + part(2, shape) + part(field, data))


HEAD = record(b"\x09" + struct.pack("<d", 1.7e9) + part(3, b"brain.Event:2"))


def one(folder: Path, *parts: bytes) -> Log:
    (folder / "x.tfevents.y").write_bytes(b"".join(parts))
    (log,) = tensorboard.read(folder / "x.tfevents.y", Limits())
    return log


def test_a_folder_none_of_whose_files_holds_a_point_says_so(tmp_path: Path) -> None:
    for split in ("train", "validation"):
        (tmp_path / split).mkdir()
        (tmp_path / split / "events.out.tfevents.1.host.1.0.v2").write_bytes(HEAD)
    runs, errors = read_all([tmp_path])
    assert not runs and [tensorboard.NOTHING in error.message for error in errors] == [True]


def test_the_checksum_is_the_published_one() -> None:
    crc = 0xE3069283  # of "123456789", RFC 3720
    assert crc32c.masked(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20))
def test_checksums_of_many_records_are_those_of_each(data: list[bytes]) -> None:
    ends = np.cumsum([len(d) for d in data])
    lengths = np.diff(ends, prepend=0)
    found = crc32c.masked_each(np.frombuffer(b"".join(data), dtype=np.uint8), ends - lengths, lengths)
    assert found.tolist() == [crc32c.masked(d) for d in data]


@pytest.mark.parametrize(
    ("kind", "field", "data", "value"),
    [
        (1, 5, struct.pack("<f", 0.5), 0.5), (1, 4, struct.pack("<f", 0.5), 0.5), (2, 6, struct.pack("<d", 0.1), 0.1),
        (2, 4, struct.pack("<d", 0.1), 0.1), (19, 4, np.float16(1.5).tobytes(), 1.5), (19, 13, 0x3E00, 1.5),
        (14, 4, b"\xc0\x3f", 1.5), (14, 13, 0x3FC0, 1.5), (3, 7, -3, -3), (9, 10, varint(12), 12), (9, 4, struct.pack("<q", -5), -5),
        (1, 5, b"", 0.0), (17, 7, 40_000, 40_000), (10, 11, 1, 1),
    ],
)  # fmt: skip
def test_a_tensor_of_one_number_in_every_type(
    tmp_path: Path, kind: int, field: int, data: bytes | int, value: float
) -> None:
    log = one(tmp_path, HEAD, *(event(step, tensor("a", kind, field, data)) for step in range(3)))
    assert points(log) == {"a": [(0, value), (1, value), (2, value)]}


def test_several_values_in_one_event_and_a_tensor_of_several_numbers(tmp_path: Path) -> None:
    many = tensor("b", 1, 4, struct.pack("<ff", 1, 2), part(2, part(1, 2)))
    log = one(tmp_path, HEAD, *(event(-step, simple("a", step), many, simple("c", 1)) for step in range(1, 4)))
    assert points(log) == {"a": [(-1, 1), (-2, 2), (-3, 3)], "c": [(-1, 1), (-2, 1), (-3, 1)]}
    assert log.notes == ("left out, being no curves: 3 tensors",)


def test_a_log_that_gives_no_step_counts_its_records(tmp_path: Path) -> None:
    one(tmp_path, HEAD, *(event(0, simple("loss", value)) for value in (3, 2, 1)))
    (run,) = read(tmp_path / "x.tfevents.y")
    assert run["train/loss"].steps.tolist() == [1, 2, 3] and any("row numbers" in note for note in run.notes)


SMALL = [HEAD, *(event(step, simple("loss", step / 4), time=1.7e9 + step) for step in range(12))]
WHOLE = [(step, step / 4) for step in range(12)]


def test_torn_off_at_every_byte_what_came_before_is_read(tmp_path: Path) -> None:
    data, ends = b"".join(SMALL), np.cumsum([len(r) for r in SMALL])
    for cut in range(ends[1], len(data)):
        log = one(tmp_path, data[:cut])
        complete = int(np.searchsorted(ends, cut, side="right"))
        assert points(log) == {"loss": WHOLE[: complete - 1]}
        assert bool(log.notes) == (cut not in ends), cut
        assert not log.notes or f"byte {ends[complete - 1]}: torn off" in log.notes[0]


def test_a_flipped_bit_costs_one_record(tmp_path: Path) -> None:
    data, rng = b"".join(SMALL), random.Random(0)
    for _ in range(200):
        bit = rng.randrange(len(data) * 8)
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        log = one(tmp_path, bytes(flipped))
        found = points(log)["loss"]
        assert set(found) <= set(WHOLE) and len(found) >= len(WHOLE) - 1
        assert log.notes and "byte" in log.notes[0]


@pytest.mark.parametrize("hurt", ["lost", "added", "zeroed", "long", "longest"])
def test_damage_in_the_middle_leaves_what_is_before_and_after(tmp_path: Path, hurt: str) -> None:
    before, after = b"".join(SMALL[:6]), b"".join(SMALL[6:])
    absurd = struct.pack("<Q", 2**63 + 5 if hurt == "longest" else 2**20)
    changed = {
        "lost": before[:-9] + after,
        "added": before + bytes(range(100)) + after,
        "zeroed": before[:-20] + bytes(40) + after[20:],
        "long": before + absurd + struct.pack("<I", crc32c.masked(absurd)) + b"?" * 7 + after,
        "longest": before + absurd + struct.pack("<I", crc32c.masked(absurd)) + after,
    }[hurt]
    log = one(tmp_path, changed)
    found = points(log)["loss"]
    lost = {"lost": {4.0}, "zeroed": {4.0, 5.0}}.get(hurt, set())
    assert {step for step, _ in WHOLE} - {step for step, _ in found} == lost
    at = len(before) - (len(SMALL[5]) if lost else 0)
    assert log.notes[0].startswith(f"x.tfevents.y, byte {at}: ") and " left out" in log.notes[0]


def test_windows_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = part(1, b"picture") + part(4, bytes(3000))
    data = b"".join([*SMALL[:4], event(3, picture), *SMALL[4:]])
    for size in (1, 17, 50, 64, 1000):
        monkeypatch.setattr(tfrecords, "WINDOW", size)
        monkeypatch.setattr(tfrecords, "LONGEST", 2000)
        log = one(tmp_path, data)
        assert points(log) == {"loss": WHOLE} and "too long for curves" in log.notes[0]
        hurt = one(tmp_path, data[:150] + b"\0" + data[151:])
        assert len(points(hurt)["loss"]) >= len(WHOLE) - 1


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 12))
def test_any_bytes_after_the_beginning_end_in_points_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, keep: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.tfevents.1"
    for data in (b"".join(SMALL[:keep]) + junk, HEAD + record(junk), HEAD + event(1, junk)):
        path.write_bytes(data)
        try:
            (log,) = tensorboard.read(path, Limits())
        except ReadError as error:
            assert "\n" not in error.message
        else:
            assert len(log.series) >= 1


def test_ten_thousand_tags(tmp_path: Path) -> None:
    log = one(
        tmp_path, HEAD, *(event(step, simple(f"<b>{tag}</b>", tag)) for step in range(2) for tag in range(10_000))
    )
    assert len(log.series) == 10_000 and points(log)["<b>77</b>"] == [(0, 77), (1, 77)]
    with pytest.raises(ReadError, match="names"):
        tensorboard.read(tmp_path / "x.tfevents.y", Limits(most_names=9_999))


@pytest.mark.skipif(find_spec("tensorboard") is None, reason="TensorBoard is not installed")
@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "Loss/train", "ünï"]), st.integers(0, 2**62), st.floats(width=32)),
        min_size=1,
        max_size=30,
    )
)
def test_what_torch_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, logged: list[tuple[str, int, float]]
) -> None:
    board = importlib.import_module("torch.utils.tensorboard")
    folder = tmp_path_factory.mktemp("run")
    with board.SummaryWriter(str(folder)) as writer:
        for tag, step, value in logged:
            writer.add_scalar(tag, value, step)
    (log,) = tensorboard.read(folder, Limits())
    for tag in {tag for tag, _, _ in logged}:
        wanted = [(float(step), value) for name, step, value in logged if name == tag]
        if len(wanted) == 1 or any(step for step, _ in wanted):
            assert same(points(log)[tag], wanted)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=8), st.integers(0, 2**53), st.floats(width=32), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_what_tensorboards_own_writer_writes_is_read(
    tmp_path_factory: pytest.TempPathFactory, logged: list[tuple[str, int, float, bool]]
) -> None:
    """Both ways to say a scalar, in any order, under any name."""
    writing = pytest.importorskip("tensorboard.summary.writer.event_file_writer")
    scalar = pytest.importorskip("tensorboard.plugins.scalar.summary_v2")
    protos = importlib.import_module("tensorboard.compat.proto.summary_pb2")
    events = importlib.import_module("tensorboard.compat.proto.event_pb2")
    folder = tmp_path_factory.mktemp("run")
    writer = writing.EventFileWriter(str(folder))
    for at, (tag, step, value, as_tensor) in enumerate(logged):
        plain = protos.Summary(value=[protos.Summary.Value(tag=tag, simple_value=value)])
        summary = scalar.scalar_pb(tag, value) if as_tensor else plain
        writer.add_event(events.Event(wall_time=1e9 + at, step=step, summary=summary))
    writer.close()
    (log,) = tensorboard.read(folder, Limits())
    wanted: dict[str, Points] = {}
    for tag, step, value, _ in logged:
        wanted.setdefault(tag, []).append((float(step), value))
    found = points(log)
    assert found.keys() == wanted.keys()
    for tag, of_tag in wanted.items():
        assert same(found[tag], of_tag) or not any(step for step, _ in of_tag)


def test_a_file_named_by_itself_is_of_the_split_its_folder_says() -> None:
    (file,) = (fixtures.log("keras_tensorboard") / "by_epoch" / "validation").glob("*.v2")
    (run,) = read(file)
    assert "val/loss" in run and "train/loss" not in run


def test_catboosts_files_have_no_first_record_and_two_folders(tmp_path: Path) -> None:
    for folder, value in (("learn", 2.0), ("test", 3.0)):
        (tmp_path / folder).mkdir()
        content = b"".join(event(step, simple("RMSE", value - step)) for step in range(3))
        (tmp_path / folder / "events.out.tfevents").write_bytes(content)
    (run,) = read(tmp_path)
    assert run["train/loss"].values.tolist() == [2, 1, 0]
    assert run["val/loss"].values.tolist() == [3, 2, 1]
    (alone,) = read(tmp_path / "test" / "events.out.tfevents")
    assert alone["val/loss"].values.tolist() == [3, 2, 1]
