"""Answers for one rival, in the rival's own environment: a log a line comes in as JSON, what was said of it goes out.

``python -m benchmarks.rivals.serve NAME``; the parent is ``benchmarks.rivals.ask``.
"""

import contextlib
import importlib
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.rivals.log import Log


def answer(adapter: Any, log: Log, folder: Path) -> dict[str, Any]:
    """What the rival says of ``log`` and the seconds it took, reading its form of it included; or why it could not."""
    prepared = adapter.prepare(log, folder)
    begun = time.perf_counter()
    try:
        with contextlib.redirect_stdout(sys.stderr):  # some print as they go
            said = adapter.judge(prepared)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}", "seconds": time.perf_counter() - begun}
    return {"said": [asdict(s) for s in said], "seconds": time.perf_counter() - begun}


def main() -> None:
    """Serve until the input ends."""
    adapter = importlib.import_module(f"benchmarks.rivals.{sys.argv[1]}")
    with tempfile.TemporaryDirectory(prefix="curvewise-rival-") as folder:
        for line in sys.stdin:
            print(json.dumps(answer(adapter, json.loads(line), Path(folder))), flush=True)


if __name__ == "__main__":
    main()
