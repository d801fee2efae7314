"""Processor time and memory of this process, from /proc: all threads, and the helpers it has started."""

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def seconds_used() -> float:
    """CPU s so far of all threads of this process, of its helpers that are still there and of those that have ended."""
    return sum(os.times()[:4]) + sum(_seconds(pid) for pid in _below(os.getpid()))


def memory(name: str) -> int:
    """A line of /proc/self/status in bytes. ``VmHWM`` is the peak; ru_maxrss would be inherited from the parent."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no {name} in /proc/self/status")


def _below(parent: int) -> list[int]:
    children = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended just now
        if int(fields[1]) == parent:
            child = int(path.parent.name)
            children += [child, *_below(child)]
    return children


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK  # utime, stime, cutime, cstime
