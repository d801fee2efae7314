"""Which folder the run goes to: every process of one training must choose the same, and two trainings never one."""

import os
import re
import time
from pathlib import Path

LAUNCHED = "TORCHELASTIC_RUN_ID"  # set by torchrun in every process it starts
STAMP = "%Y%m%d-%H%M%S"


class Folder:
    """``runs/NAME``, or ``runs/<script>-<date>-<time>``; nothing is made before the first row.

    Args:
        runs: folder of runs.
        name: as the user gave it; a run of that name goes on.
        script: the script's name.
    """

    def __init__(self, runs: Path, name: str | None, script: str) -> None:
        self._runs, self._name, self._script = runs.absolute(), name, script
        self._started = time.time()

    def claim(self, number: int) -> Path:
        """The folder of the script's ``number``-th training, from 1.

        Without torchrun or a name it is new, and another process that wants it gets another.
        """
        if self._name:
            return self._runs / _numbered(self._name, number)
        if LAUNCHED in os.environ:
            started = parent_start()
            port = os.environ.get("MASTER_PORT", "0")  # the same for all ranks, too
            return self._runs / _numbered(self._stamped(started) if started else f"{self._script}-{port}", number)
        return self._new(self._stamped(self._started), number)

    def _stamped(self, when: float) -> str:
        return f"{self._script}-{time.strftime(STAMP, time.localtime(when))}"

    def _new(self, name: str, number: int) -> Path:
        folder = self._runs / _numbered(name, number)
        try:
            self._runs.mkdir(parents=True, exist_ok=True)
            while not _made(folder):
                number += 1
                folder = self._runs / _numbered(name, number)
        except OSError:  # the collector says so, and tries again
            pass
        return folder


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}-{number}"


def _made(folder: Path) -> bool:
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def parent_start() -> float | None:
    """When the process that started this one began, s since 1970: the same for all ranks that torchrun starts on a node.

    None where the system does not tell (it has no ``/proc``).
    """
    try:
        stat = Path(f"/proc/{os.getppid()}/stat").read_text()
        boot = re.search(r"^btime (\d+)$", Path("/proc/stat").read_text(), re.MULTILINE)
    except OSError:
        return None
    ticks = int(stat.rpartition(")")[2].split()[19])  # field 22, after the command in brackets
    return int(boot[1]) + ticks / os.sysconf("SC_CLK_TCK") if boot else None
