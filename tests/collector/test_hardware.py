import sys
import threading
import time
from types import ModuleType, SimpleNamespace

import pytest
import torch

from collector import hardware
from collector.hardware import Hardware, visible

UUIDS = ("GPU-aaaa-1", "GPU-aabb-2", "GPU-cccc-3")


class NVMLError(Exception):
    pass


@pytest.fixture
def nvml(monkeypatch):
    """A machine with three devices, of which the second cannot tell its utilization."""

    def rates(handle):
        if handle == 1:
            raise NVMLError("not supported")
        return SimpleNamespace(gpu=50 + handle, memory=1)

    module = ModuleType("pynvml")
    module.NVMLError = NVMLError
    module.calls = []
    module.nvmlInit = lambda: module.calls.append("init")
    module.nvmlShutdown = lambda: module.calls.append("shutdown")
    module.nvmlDeviceGetCount = lambda: len(UUIDS)
    module.nvmlDeviceGetHandleByIndex = lambda index: index
    module.nvmlDeviceGetHandleByUUID = lambda uuid: {"MIG-x": 2}[uuid]
    module.nvmlDeviceGetUUID = lambda handle: UUIDS[handle]
    module.nvmlDeviceGetMemoryInfo = lambda handle: SimpleNamespace(used=2**30 + handle, total=2**31)
    module.nvmlDeviceGetUtilizationRates = rates
    monkeypatch.setitem(sys.modules, "pynvml", module)
    monkeypatch.delenv(hardware.VISIBLE, raising=False)
    return module


def first_reading(seconds=5.0):
    found = Hardware(every=0.01)
    found.start()
    until = time.monotonic() + seconds
    while not (reading := found.take()) and time.monotonic() < until and found._thread.is_alive():
        time.sleep(0.005)
    found.stop()
    found._thread.join(seconds)
    return dict(reading)


@pytest.mark.parametrize(
    ("chosen", "handles"),
    [
        (None, [0, 1, 2]),
        ("2,0", [2, 0]),
        ("GPU-cccc-3,GPU-aab", [2, 1]),
        ("MIG-x", [2]),
        ("", []),
        ("-1", []),
        ("1,7,0", [1]),
        ("GPU-zz", []),
    ],
)
def test_the_devices_that_cuda_would_see(nvml, chosen, handles):
    assert visible(nvml, chosen) == dict(enumerate(handles))


def test_a_reading_has_its_units_in_the_names_and_leaves_out_what_a_device_refuses(nvml, monkeypatch):
    monkeypatch.setenv(hardware.VISIBLE, "2,1")
    assert first_reading() == {
        "device/0/memory_used_bytes": 2**30 + 2,
        "device/0/utilization_percent": 52,
        "device/1/memory_used_bytes": 2**30 + 1,
    }
    assert nvml.calls == ["init", "shutdown"]


def test_only_devices_that_this_process_holds_memory_of(nvml, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda i: [0, 4096, 0][i])
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda i: 1024)
    assert first_reading() == {
        "device/1/memory_used_bytes": 2**30 + 1,
        "device/1/memory_allocated_bytes": 1024,
        "device/1/memory_reserved_bytes": 4096,
    }


def test_a_reading_is_given_once(nvml):
    found = Hardware(every=60)
    found.newest = {"device/0/utilization_percent": 1.0}
    assert found.take() == {"device/0/utilization_percent": 1.0} and found.take() == {}


@pytest.mark.parametrize("broken", ["absent", "no driver", "no device", "lost"])
def test_without_nvml_or_a_device_there_is_nothing_and_no_thread(nvml, monkeypatch, broken):
    def fail():
        raise NVMLError("driver not loaded")

    if broken == "absent":
        monkeypatch.setitem(sys.modules, "pynvml", None)
    elif broken == "no driver":
        nvml.nvmlInit = fail
    elif broken == "no device":
        nvml.nvmlDeviceGetCount = lambda: 0
    else:
        nvml.nvmlDeviceGetCount = fail
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: False)
    assert first_reading() == {}
    assert not any(thread.name == "curvewise-hardware" for thread in threading.enumerate())


def test_a_reading_goes_into_the_next_row_and_only_there(tmp_path, monkeypatch):
    from collector import Collector
    from collector.hardware import Hardware
    from diagnostics.readers.run_folder import read

    monkeypatch.setattr(Hardware, "start", lambda self: None)
    with Collector(tmp_path / "run") as run:
        run.log(loss=3.0)
        run._hardware.newest = {"device/0/utilization_percent": 97.0}
        run.log_eval(loss=2.5)
        run.log(loss=2.0)
        run.log(loss=1.0)
    (found,) = read(tmp_path / "run")
    assert found["device/0/utilization_percent"].steps.tolist() == [2] and len(found["train/loss"]) == 3
