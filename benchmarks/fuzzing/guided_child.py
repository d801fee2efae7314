"""One search of atheris in a process of its own: ``python -m benchmarks.fuzzing.guided_child FORMAT CORPUS OPTIONS…``."""

import sys
import tempfile
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["diagnostics"]):
    from benchmarks.fuzzing import guided, judge

    with tempfile.TemporaryDirectory() as nothing:
        (Path(nothing) / "train.log").write_text("step 1 loss 1")
        judge.faults_in(Path(nothing))  # imports every reader


def main() -> None:
    """Try files until the options say enough, or one goes wrong."""
    kind = guided.FORMATS[sys.argv.pop(1)]
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory(prefix="curvewise-guided-") as folder:

        def one(data: bytes) -> None:
            (Path(folder) / kind.name).write_bytes(kind.outside(data))
            if said := judge.faults_in(Path(folder)):
                raise RuntimeError(said[0])

        atheris.Setup(sys.argv, one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
