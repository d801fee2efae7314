"""Runs that SwanLab records offline: one that finished, and one that failed.

Afterwards only the folders of this machine are overwritten in the records, letter by letter, and their checksums set anew.
"""

import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

PACKAGES = ["swanlab==0.10.3"]

HERE = Path(__file__).parent
LOG, TRUTH = HERE / "log", HERE / "truth.json"


def main() -> None:
    """Each run in a process of its own; only its record and its config are kept."""
    home = tempfile.mkdtemp()
    for name in ("plain", "failed"):
        subprocess.run(
            [sys.executable, __file__, name], cwd=home, env={**os.environ, "HOME": home}, check=name == "plain"
        )
        folder = max(Path(home).glob("swanlog/run-*"), key=lambda p: p.stat().st_mtime_ns)
        (LOG / f"run-{name}" / "files").mkdir(parents=True)
        copy = Path(shutil.copy(next(folder.glob("*.swanlab")), LOG / f"run-{name}"))
        copy.write_bytes(without(copy.read_bytes(), home, str(HERE)))
        shutil.copy(folder / "files" / "config.yaml", LOG / f"run-{name}" / "files")
    TRUTH.write_text(json.dumps({name: logged(name) for name in ("plain", "failed")}) + "\n")


def without(data: bytes, *folders: str) -> bytes:
    """The records, which lie in one block, without the names of ``folders``."""
    assert len(data) < 32768
    clean, at = data[:7], 7
    while at < len(data):
        _, length, kind = struct.unpack_from("<IHB", data, at)
        piece = data[at + 7 : at + 7 + length]
        for folder in folders:
            piece = piece.replace(folder.encode(), b"x" * len(folder))
        clean += struct.pack("<IHB", zlib.crc32(bytes([kind]) + piece), length, kind) + piece
        at += 7 + length
    return clean


def logged(name: str) -> dict[str, list[list[float]]]:
    """Losses that become NaN and Inf, and validation now and then."""
    strange = {30: math.nan, 31: math.inf, 32: -math.inf}
    many = 200 if name == "plain" else 5
    return {
        "train/loss": [[step, strange.get(step, 2 / (1 + step))] for step in range(many)],
        "val/acc": [[step, step / 200] for step in range(9, many, 10)],
    }


def record(name: str) -> None:
    """One run; the second ends with an error."""
    import swanlab

    swanlab.init(
        project="fixtures", experiment_name=name, mode="offline", logdir="swanlog", config={"lr": 0.1, "net": "mlp"}
    )
    truth = logged(name)
    for step, _ in truth["train/loss"]:
        swanlab.log({key: value for key, points in truth.items() for at, value in points if at == step}, step=step)
    swanlab.log({"remark": swanlab.Text("a text")}, step=3)
    if name == "failed":
        raise RuntimeError("out of luck")
    swanlab.finish()


if __name__ == "__main__":
    record(sys.argv[1]) if sys.argv[1:] else main()
