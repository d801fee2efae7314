import math

import numpy as np
import pytest

from collector import tail
from collector.mapped_tail import Tail
from collector.tail import COUNT_AT, Damaged


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tail-a1-000000005.bin"


def test_absent_nan_and_a_missing_epoch_are_three_things(path):
    writing = Tail(path, 5, ["a", "b"])
    writing.append(1, None, 10.0, ("a",), [math.nan])
    writing.append(2, 0.5, 11.0, ("b",), [-math.inf])
    rows = tail.read(path)
    assert rows.numbers.tolist() == [5, 6] and rows.lost == 0
    table = rows.table
    assert table["epoch"].to_pylist() == [None, 0.5]
    assert table["a"].null_count == 1 and math.isnan(table["a"][0].as_py())
    assert table["b"].to_pylist() == [None, -math.inf]
    writing.close()


def test_a_row_is_not_read_before_it_is_published(path):
    writing = Tail(path, 5, ["a"])
    writing.append(1, None, 1.0, ("a",), [1.0])
    writing.append(2, None, 2.0, ("a",), [2.0])
    data = bytearray(path.read_bytes())
    data[COUNT_AT] = 1  # the second row's bytes are there, its count is not
    assert tail.decode(bytes(data)).table["step"].to_pylist() == [1]


def test_a_cut_file_gives_its_whole_rows_and_says_what_is_lost(path):
    writing = Tail(path, 5, ["a"])
    for i in range(10):
        writing.append(i, None, 0.0, ("a",), [float(i)])
    data = path.read_bytes()
    size = (len(data) - writing._start) // writing.capacity
    rows = tail.decode(data[: writing._start + 4 * size + size // 2])
    assert rows.table["step"].to_pylist() == [0, 1, 2, 3] and rows.lost == 6


def test_a_page_that_a_power_cut_left_empty_is_not_rows_of_zeros(path):
    writing = Tail(path, 5, ["a"])
    for i in range(3):
        writing.append(i + 1, None, 1.0, ("a",), [1.0])
    data = bytearray(path.read_bytes())
    size = (len(data) - writing._start) // writing.capacity
    data[writing._start + size : writing._start + 2 * size] = bytes(size)
    rows = tail.decode(bytes(data))
    assert rows.numbers.tolist() == [5, 7] and rows.lost == 1


@pytest.mark.parametrize("damage", [slice(0, 8), slice(8, 12), slice(50, 52), slice(2, None)])
def test_a_damaged_header_is_an_error_not_nonsense(path, damage):
    Tail(path, 5, ["a", "b"]).append(1, None, 1.0, ("a",), [1.0])
    data = bytearray(path.read_bytes())
    data[damage] = b"\xff" * len(data[damage]) if damage.stop else b""
    with pytest.raises(Damaged):
        tail.decode(bytes(data))


def test_a_value_that_arrives_later_fills_its_cell(path):
    tags = [f"t{i}" for i in range(70)]
    writing = Tail(path, 0, tags)
    index = writing.append(1, None, 1.0, ("t0",), [1.0])
    writing.fill(index, "t69", 7.0)
    table = tail.read(path).table
    assert [table["t0"][0].as_py(), table["t68"][0].as_py(), table["t69"][0].as_py()] == [1.0, None, 7.0]


def test_a_file_is_never_shared_and_a_new_tag_writes_nothing(path):
    writing = Tail(path, 5, ["a"])
    with pytest.raises(FileExistsError):
        Tail(path, 5, ["a"])
    with pytest.raises(KeyError):
        writing.append(1, None, 1.0, ("b",), [1.0])
    assert writing.count == 0
    writing.delete()
    assert not path.exists()


def test_in_memory_it_behaves_the_same():
    writing = Tail(None, 0, ["a"])
    while not writing.full:
        writing.append(writing.count, None, 0.0, ("a",), [1.0])
    rows = writing.rows()
    np.testing.assert_array_equal(rows.numbers, np.arange(writing.capacity))
    assert rows.table["step"][-1].as_py() == writing.capacity - 1
    writing.delete()
