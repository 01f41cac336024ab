"""Where decoded pictures are kept: in memory within a budget, else in a file."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from cnnstudio.data.pictures import Pixels

GIB = 1024**3
# Megabytes of decoded pictures kept in memory at most.
BUDGET_VARIABLE = "CNNSTUDIO_PICTURE_MEMORY"
# TensorFlow reads memory of others only where it begins at a multiple of this.
_ALIGNMENT = 64


class Place(Protocol):
    """Where decoded pictures are kept, by number."""

    @property
    def name(self) -> Literal["memory", "disk", "nowhere"]: ...
    def put(self, number: int, picture: Pixels) -> bool: ...
    def take(self, numbers: np.ndarray[Any, Any], out: Pixels) -> None: ...
    def close(self) -> None: ...


def memory_budget() -> int:
    """Bytes of decoded pictures to keep in memory, over all that is open.

    A quarter of the installed memory (of what a container is allowed), and no more than half of
    what is free now; the environment variable CNNSTUDIO_PICTURE_MEMORY, in MB, overrides both.
    """
    named = os.environ.get(BUDGET_VARIABLE, "")
    if named.isdecimal():
        return int(named) * 1024**2
    installed, free = _installed(), _free()
    budget = 2 * GIB if installed is None else installed // 4
    return budget if free is None else min(budget, free // 2)


def make_place(pictures: int, shape: tuple[int, ...], budget: int, folder: Path | None) -> Place:
    """A place for so many pictures of a shape (height, width, channels).

    In memory if all places together then take at most `budget` bytes; else a file in `folder`
    (the system's folder for temporary files) if the disk has room; else nowhere.
    """
    size = pictures * int(np.prod(shape))
    reservation = _Reservation.of(size, budget)
    if reservation is not None:
        # Without memory for it, the disk.
        with contextlib.suppress(MemoryError):
            return InMemory(pictures, shape, reservation)
        reservation.release()
    with contextlib.suppress(OSError):
        folder = Path(tempfile.gettempdir()) if folder is None else folder
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free > size * 1.1:
            return OnDisk(folder, shape)
    return Nowhere()


class _Reservation:
    """A part of the memory that all stores of this process share."""

    _lock = threading.Lock()
    _reserved = 0

    def __init__(self, size: int) -> None:
        self._size = size

    @classmethod
    def of(cls, size: int, budget: int) -> _Reservation | None:
        """`size` bytes if no more than `budget` are then reserved, or None."""
        with cls._lock:
            if cls._reserved + size > budget:
                return None
            cls._reserved += size
            return cls(size)

    def release(self) -> None:
        with self._lock:
            _Reservation._reserved -= self._size
            self._size = 0


class InMemory:
    """One array; the system gives it memory page by page as pictures arrive.

    Attributes:
        pixels: uint8 (pictures, height, width, channels), where TensorFlow can read them in place.
    """

    name: Literal["memory"] = "memory"

    def __init__(self, pictures: int, shape: tuple[int, ...], reservation: _Reservation) -> None:
        size = pictures * int(np.prod(shape))
        memory = np.empty(size + _ALIGNMENT, np.uint8)
        start = -memory.ctypes.data % _ALIGNMENT
        self.pixels = memory[start : start + size].reshape(pictures, *shape)
        weakref.finalize(memory, reservation.release)

    def put(self, number: int, picture: Pixels) -> bool:
        self.pixels[number] = picture
        return True

    def take(self, numbers: np.ndarray[Any, Any], out: Pixels) -> None:
        np.take(self.pixels, numbers, axis=0, out=out, mode="clip")

    def close(self) -> None:
        """Nothing: memory and reservation go when nobody looks at the pictures any more."""


class OnDisk:
    """A nameless file, read and written picture by picture: what is not asked for uses no memory.

    (Mapped into memory, every page touched would count as memory of this process.)
    """

    name: Literal["disk"] = "disk"

    def __init__(self, folder: Path, shape: tuple[int, ...]) -> None:
        self._file = tempfile.TemporaryFile(  # noqa: SIM115 - closed by close()
            prefix="pictures-", dir=folder, buffering=0
        )
        self._bytes = int(np.prod(shape))
        self._lock = threading.Lock()

    def put(self, number: int, picture: Pixels) -> bool:
        try:
            with self._lock:
                self._file.seek(number * self._bytes)
                return self._file.write(picture.data.cast("B")) == self._bytes
        except (OSError, ValueError):
            return False  # full, or closed: decoded again when asked for again

    def take(self, numbers: np.ndarray[Any, Any], out: Pixels) -> None:
        with self._lock:
            for row, number in enumerate(numbers.tolist()):
                self._file.seek(number * self._bytes)
                self._file.readinto(out[row].data.cast("B"))

    def close(self) -> None:
        with self._lock:
            self._file.close()


class Nowhere:
    """Keeps nothing."""

    name: Literal["nowhere"] = "nowhere"

    def put(self, number: int, picture: Pixels) -> bool:  # noqa: ARG002
        return False

    def take(self, numbers: np.ndarray[Any, Any], out: Pixels) -> None:  # noqa: ARG002
        raise ValueError("no picture is kept")

    def close(self) -> None:
        pass


def _installed() -> int | None:
    """Bytes of memory this process may use in all, or None where it cannot be told."""
    found = _windows_memory()[0] if sys.platform == "win32" else _pages("SC_PHYS_PAGES")
    limits = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
    for limit in limits:
        with contextlib.suppress(OSError, ValueError):
            allowed = int(Path(limit).read_text(encoding="ascii"))
            found = allowed if found is None else min(found, allowed)
    return found


def _free() -> int | None:
    """Bytes of memory that nobody needs now, or None where it cannot be told."""
    if sys.platform == "win32":
        return _windows_memory()[1]
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return (
            int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) * 1024
        )
    return None


def _pages(name: str) -> int | None:
    try:
        return os.sysconf(name) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None


def _windows_memory() -> tuple[int | None, int | None]:
    """Installed and free bytes."""
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in ("total", "free", "c", "d", "e", "f", "g")),
        )

    status = Status()
    status.length = ctypes.sizeof(status)
    windll = getattr(ctypes, "windll", None)
    if windll is None or not windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None, None
    return status.total, status.free
