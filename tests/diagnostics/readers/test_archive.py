"""Archives: every log inside is read, and nothing of an archive is trusted."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from diagnostics.readers import Limits, archive, read_all

PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda raw: bytes(pa.compress(raw, "zstd")),
    "lz4": lambda raw: bytes(pa.compress(raw, "lz4")),
}
LOG = b"step,train_loss\n0,2.5\n1,1.5\n"


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def tarred(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as file:
        for name, content in members.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            file.addfile(about, io.BytesIO(content))
    return path


@pytest.mark.parametrize("mode", ["zip", "w", "w:gz", "w:bz2", "w:xz"])
def test_every_log_inside_is_listed_by_its_place(tmp_path: Path, mode: str) -> None:
    members = {"a/one.csv": LOG, "two.csv": LOG, "README.md": b"hello"}
    path = zipped(tmp_path / "x", members) if mode == "zip" else tarred(tmp_path / "x", members, mode)
    runs, errors = read_all([path])
    assert errors == [] and [r.source for r in runs] == [f"{path}/a/one.csv", f"{path}/two.csv"]
    assert [r["train/loss"].values.tolist() for r in runs] == [[2.5, 1.5]] * 2


@pytest.mark.parametrize(("suffix", "pack"), PACKED.items())
def test_a_single_file_may_be_compressed(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / f"log.csv.{suffix}").write_bytes(pack(LOG))
    ((run,), errors) = read_all([tmp_path])
    assert errors == [] and len(run["train/loss"]) == 2


def test_a_folder_of_archives_is_read_too(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", {"a.csv": LOG})
    zipped(tmp_path / "b.zip", {"b.csv": LOG})
    assert [r.name for r in read_all([tmp_path])[0]] == ["a", "b"]


def test_names_that_lead_outside_are_not_followed(tmp_path: Path) -> None:
    names = ["../out.csv", "/tmp/out.csv", "a/../../out.csv", "..\\out.csv", "C:\\out.csv", "good.csv"]
    runs, errors = read_all([zipped(tmp_path / "x.zip", dict.fromkeys(names, LOG))])
    assert [r.name for r in runs] == ["good"] and len(errors) == 5
    assert all("leads out of the archive" in e.message for e in errors)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.zip"]


def test_links_are_not_followed(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as file:
        for name, kind in (
            ("link.csv", tarfile.SYMTYPE),
            ("hard.csv", tarfile.LNKTYPE),
            ("pipe.csv", tarfile.FIFOTYPE),
        ):
            about = tarfile.TarInfo(name)
            about.type, about.linkname = kind, "/etc/passwd"
            file.addfile(about)
    runs, errors = read_all([tmp_path / "x.tar"])
    assert runs == [] and sum("a link or a device" in e.message for e in errors) == 3


def test_a_bomb_stops_early(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {"a.csv": b"0" * 200 * 2**20})
    runs, (error,) = read_all([path])
    assert runs == [] and "unpacks to more than" in error.message


def test_the_bound_is_the_readers_to_set(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.csv": LOG})
    _, (error,) = read_all([path], Limits(most_unpacked=10))
    assert "unpacks to more than 10 bytes" in error.message


def test_a_name_of_two_lines_is_told_in_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as file:
        file.writestr("../two\nlines\x07.csv", "step,loss\n1,2\n")
    _, errors = read_all([tmp_path / "logs.zip"])
    assert errors and all(str(error).isprintable() for error in errors) and "two�lines�.csv" in str(errors[0])


def test_one_damaged_member_costs_no_other(tmp_path: Path) -> None:
    rows = "step,loss\n" + "".join(f"{i},{os.urandom(4).hex()}\n" for i in range(500))
    path = zipped(tmp_path / "x.zip", {"bad.csv": rows.encode(), "good.csv": LOG})
    content = bytearray(path.read_bytes())
    content[200:260] = bytes(60)
    path.write_bytes(content)
    runs, errors = read_all([path])
    assert [r.name for r in runs] == ["good"] and [e.message.split(":")[0] for e in errors] == ["bad.csv"]


@pytest.mark.parametrize("mode", ["zip", "w:gz"])
def test_cut_off_anywhere_there_is_no_traceback(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "x.zip"
    zipped(path, {"a.csv": LOG, "b.csv": LOG}) if mode == "zip" else tarred(path, {"a.csv": LOG, "b.csv": LOG}, mode)
    whole = path.read_bytes()
    for end in range(0, len(whole), 7):
        path.write_bytes(whole[:end])
        runs, errors = read_all([path])
        assert all("\n" not in e.message and "please report" not in e.message for e in errors), errors
        assert runs or errors


@pytest.mark.parametrize("pack", PACKED.values(), ids=PACKED)
def test_a_bit_flipped_anywhere_is_no_traceback(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    whole, path = pack(LOG * 20), tmp_path / "log.csv.packed"
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        _, errors = read_all([path])
        assert not any("please report" in error.message for error in errors), at


def test_a_zip_of_a_version_that_nobody_knows_is_refused_in_a_line(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"log.csv": LOG})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 6] = 148  # the version that is needed, in the directory
    path.write_bytes(content)
    runs, errors = read_all([path])
    assert not runs and "damaged archive" in errors[0].message


def test_zips_that_are_something_else_are_left_alone(tmp_path: Path) -> None:
    for name, inside in (("w.pt", "model/data.pkl"), ("a.npz", "x.npy"), ("d.docx", "[Content_Types].xml")):
        assert not archive.claims(zipped(tmp_path / name, {inside: b"x", "log.csv": LOG}))


def test_one_without_logs_is_told_of_only_where_it_was_named(tmp_path: Path) -> None:
    data = zipped(tmp_path / "data.zip", {"images/1.txt": b"x"})
    (tmp_path / "log.csv").write_bytes(LOG)
    assert len(read_all([data])[1]) == 1 and read_all([tmp_path])[1] == []


def test_nothing_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    read_all([zipped(tmp_path / "x.zip", {"a.csv": LOG})])
    assert list((tmp_path / "t").iterdir()) == []
