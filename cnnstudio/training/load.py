"""What a training takes of the machine: memory of this process, memory and load of its GPUs.

No TensorFlow except in `LoadMeter`, which asks it for the memory that it holds on GPUs. How busy a
GPU is tells NVIDIA's own library, which comes with the driver; without it nothing is said of that.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Seconds from one reading to the next.
READINGS = 2.0


@dataclass(frozen=True)
class GpuLoad:
    """One GPU.

    Attributes:
        memory: bytes that TensorFlow holds there, None where it cannot be told.
        installed: bytes there are, None where it cannot be told.
        busy: share of the last moment that it worked, from 0 to 1, None where it cannot be told.
    """

    memory: int | None
    installed: int | None = None
    busy: float | None = None


def process_memory() -> int | None:
    """Bytes of main memory that this process holds now, None where it cannot be told."""
    if sys.platform == "win32":
        return _windows_memory()
    with contextlib.suppress(OSError, ValueError, IndexError):
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * resource.getpagesize()
    if sys.platform == "darwin":
        return _mac_memory()
    return None


class LoadMeter:
    """Reads the load of the GPUs that TensorFlow uses, if there are any."""

    def __init__(self) -> None:
        import tensorflow as tf

        self._last = float("-inf")
        found = tf.config.list_logical_devices("GPU")
        self._names = [device.name.removeprefix("/device:") for device in found]
        self._library = _Nvml.load(self._names) if self._names else None

    def due(self) -> bool:
        """Whether it is time for another reading."""
        now = time.perf_counter()
        if now - self._last < READINGS:
            return False
        self._last = now
        return True

    def gpus(self) -> tuple[GpuLoad, ...]:
        """The GPUs in TensorFlow's order; none on a machine without."""
        import tensorflow as tf

        found = []
        for number, name in enumerate(self._names):
            memory: int | None = None
            with contextlib.suppress(ValueError, RuntimeError, tf.errors.OpError):
                memory = int(tf.config.experimental.get_memory_info(name)["current"])
            busy, installed = (None, None)
            if self._library is not None:
                busy, installed = self._library.read(number)
            found.append(GpuLoad(memory, installed, busy))
        return tuple(found)


class _Nvml:
    """NVIDIA's management library: `nvmlDeviceGetUtilizationRates` and the memory of the card."""

    def __init__(self, library: Any, handles: list[Any]) -> None:
        self._library = library
        self._handles = handles

    @classmethod
    def load(cls, names: list[str]) -> _Nvml | None:
        """None where the library or one of the GPUs cannot be found."""
        import tensorflow as tf

        name = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"
        try:
            library = ctypes.CDLL(name)
            if library.nvmlInit_v2():
                return None
            handles = []
            for device in tf.config.list_physical_devices("GPU")[: len(names)]:
                details = tf.config.experimental.get_device_details(device)
                # TensorFlow and the driver may count GPUs differently; the bus is the same.
                address = str(details.get("pci_bus_id", "")).encode()
                handle = ctypes.c_void_p()
                index = int(device.name.rpartition(":")[2])
                failed = (
                    library.nvmlDeviceGetHandleByPciBusId_v2(address, ctypes.byref(handle))
                    if address
                    else library.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle))
                )
                if failed:
                    return None
                handles.append(handle)
        except (OSError, AttributeError):
            return None
        return cls(library, handles)

    def read(self, number: int) -> tuple[float | None, int | None]:
        """How busy a GPU is, 0 to 1, and the bytes of memory it has."""
        if number >= len(self._handles):
            return None, None
        handle = self._handles[number]
        rates, memory = (ctypes.c_uint * 2)(), (ctypes.c_ulonglong * 3)()
        failed = self._library.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(rates))
        busy = None if failed else rates[0] / 100
        failed = self._library.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory))
        return busy, None if failed else int(memory[0])


def _windows_memory() -> int | None:
    class Counters(ctypes.Structure):
        _fields_ = (
            ("size", ctypes.c_uint32),
            ("faults", ctypes.c_uint32),
            ("peak", ctypes.c_size_t),
            ("now", ctypes.c_size_t),
            *((name, ctypes.c_size_t) for name in "abcdef"),
        )

    counters = Counters()
    counters.size = ctypes.sizeof(counters)
    windll = getattr(ctypes, "windll", None)
    if windll is None:
        return None
    windll.kernel32.GetCurrentProcess.restype = ctypes.c_void_p
    process = ctypes.c_void_p(windll.kernel32.GetCurrentProcess())
    read = windll.psapi.GetProcessMemoryInfo
    return counters.now if read(process, ctypes.byref(counters), counters.size) else None


def _mac_memory() -> int | None:
    """Resident bytes by `task_info` (MACH_TASK_BASIC_INFO)."""

    class Info(ctypes.Structure):
        _fields_ = (
            ("virtual", ctypes.c_uint64),
            ("resident", ctypes.c_uint64),
            *((name, ctypes.c_uint64) for name in ("peak", "user", "system", "rest")),
        )

    info = Info()
    count = ctypes.c_uint32(ctypes.sizeof(info) // 4)
    try:
        system = ctypes.CDLL("/usr/lib/libSystem.dylib")
        failed = system.task_info(
            ctypes.c_uint32.in_dll(system, "mach_task_self_"),
            20,
            ctypes.byref(info),
            ctypes.byref(count),
        )
    except (OSError, AttributeError, ValueError):
        return None
    return None if failed else int(info.resident)
