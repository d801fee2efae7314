"""Verdicts as ``curvewise watch`` leaves them, for tests of those who read them."""

import threading
from contextlib import contextmanager
from pathlib import Path

from collector import verdict


def report(rule="diverged", last_step=10**9, **more):
    """A report with one finding."""
    remedy = {"action": "Divide it by 10.", "parameter": "lr", "because": "it broke at once", "factor": 0.1}
    evidence = {"tag": "train/loss", "first_step": 3, "last_step": last_step}
    finding = {"rule": rule, "severity": "error", "message": "It broke.", "evidence": [evidence], "remedies": [remedy]}
    return {"run": "run", "source": "", "verdict": rule, "findings": [finding], "clear": [], "not_checked": [], **more}


@contextmanager
def condemning(folder: Path, rule="diverged"):
    """A watcher beside what is done within: it finds ``rule`` in the run in ``folder``, again and again."""
    over = threading.Event()

    def watch() -> None:
        step = 0
        while not over.wait(0.02):
            whose = verdict.judged(folder)
            if whose["attempt"] is not None:
                verdict.leave(folder, report(rule), step=(step := step + 1), **whose)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
