"""What the accelerators of this process were doing: read about once a second, away from the training thread.

NVML (``pip install curvewise[hardware]``) tells what each device does in all; torch's allocator tells, from counters on the
host, what this process holds of its memory. Neither waits for the device. Without a device there is nothing, silently.

::

    device/<i>/memory_used_bytes       by all processes, as nvidia-smi shows it
    device/<i>/utilization_percent     share of the last second or less in which a kernel ran
    device/<i>/memory_allocated_bytes  by tensors of this process
    device/<i>/memory_reserved_bytes   held by torch's allocator, tensors included

``<i>`` is what torch calls ``cuda:<i>``.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

EVERY = 1.0  # s between two readings; NVML's own utilization is a mean over up to a second
VISIBLE = "CUDA_VISIBLE_DEVICES"

Source = Callable[[], dict[str, float]]


class Hardware:
    """The newest reading, taken by a thread of its own.

    Args:
        every: seconds between two readings.
    """

    def __init__(self, every: float = EVERY) -> None:
        self._every = every
        self.newest: Mapping[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="curvewise-hardware", daemon=True)

    def start(self) -> None:
        """Begin; the thread ends by itself where there is nothing to read.

        Raises:
            RuntimeError: no thread can be started.
        """
        self._thread.start()

    def take(self) -> Mapping[str, float]:
        """The newest reading by tag, each of them once; empty until there is a newer one. Never waits."""
        if not self.newest:
            return self.newest
        newest, self.newest = self.newest, {}
        return newest

    def stop(self) -> None:
        """Ask the thread to end; it is not waited for."""
        self._stop.set()

    def _loop(self) -> None:
        with _nvml() as nvml:
            sources = [source for source in (nvml, _allocator()) if source is not None]
            while sources and not self._stop.wait(self._every):
                reading: dict[str, float] = {}
                for source in sources:
                    with contextlib.suppress(Exception):
                        reading |= source()
                if reading:
                    self.newest = reading


@contextlib.contextmanager
def _nvml() -> Iterator[Source | None]:
    """What reads NVML; None where it or a device is missing."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:
        yield None
        return
    handles: dict[int, Any] = {}
    with contextlib.suppress(Exception):
        handles = visible(pynvml, os.environ.get(VISIBLE))
    try:
        yield (lambda: _read_nvml(pynvml, handles)) if handles else None
    finally:
        with contextlib.suppress(Exception):
            pynvml.nvmlShutdown()


def visible(pynvml: Any, chosen: str | None) -> dict[int, Any]:
    """NVML's handles of the devices that ``CUDA_VISIBLE_DEVICES=chosen`` leaves, by their index within the process.

    Entries are NVML's indices, or the beginnings of UUIDs; as in CUDA, what follows one that is no device does not count.
    """
    every = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
    if chosen is None:
        return dict(enumerate(every))
    found: list[Any] = []
    for entry in chosen.split(","):
        handle = _chosen(pynvml, every, entry.strip())
        if handle is None:
            break
        found.append(handle)
    return dict(enumerate(found))


def _chosen(pynvml: Any, every: list[Any], entry: str) -> Any:
    if entry.isdigit():
        return every[int(entry)] if int(entry) < len(every) else None
    if entry.startswith("MIG-"):
        with contextlib.suppress(pynvml.NVMLError):
            return pynvml.nvmlDeviceGetHandleByUUID(entry)
        return None
    return next((h for h in every if entry and str(pynvml.nvmlDeviceGetUUID(h)).startswith(entry)), None)


def _read_nvml(pynvml: Any, handles: Mapping[int, Any]) -> dict[str, float]:
    """A device may refuse a figure, e.g. a part of one its utilization; that figure is left out."""
    reading: dict[str, float] = {}
    for index in _used(handles):
        with contextlib.suppress(pynvml.NVMLError):
            reading[f"device/{index}/memory_used_bytes"] = float(pynvml.nvmlDeviceGetMemoryInfo(handles[index]).used)
        with contextlib.suppress(pynvml.NVMLError):
            rates = pynvml.nvmlDeviceGetUtilizationRates(handles[index])
            reading[f"device/{index}/utilization_percent"] = float(rates.gpu)
    return reading


def _used(handles: Mapping[int, Any]) -> list[int]:
    """Of the devices that are visible, those this process holds memory of; all of them where torch cannot tell."""
    cuda = _cuda()
    if cuda is None:
        return list(handles)
    return [i for i in handles if i < cuda.device_count() and cuda.memory_reserved(i)]


def _allocator() -> Source | None:
    """What reads torch's allocator; None where torch was built without accelerators."""
    torch = sys.modules.get("torch")
    return None if torch is None or not torch.backends.cuda.is_built() else _read_allocator


def _read_allocator() -> dict[str, float]:
    reading: dict[str, float] = {}
    cuda = _cuda()
    for i in range(cuda.device_count()) if cuda is not None else ():
        if reserved := cuda.memory_reserved(i):
            reading[f"device/{i}/memory_allocated_bytes"] = float(cuda.memory_allocated(i))
            reading[f"device/{i}/memory_reserved_bytes"] = float(reserved)
    return reading


def _cuda() -> Any:
    """torch.cuda once the training has made use of it; it is never initialized from here."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None
