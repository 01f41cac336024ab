"""A lock that says a run is being trained right now, by this program or another.

The operating system releases it when the process ends, however it ends.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

NAME = ".lock"


class Lock:
    """Held from construction until `release`. Raises BlockingIOError if held elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._handle: int | None = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _lock(self._handle)
        except BlockingIOError:
            self.release()
            raise
        except OSError:
            pass  # a file system without locks: go on without

    def release(self) -> None:
        """Let go; harmless when done before."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def is_locked(folder: Path) -> bool:
    """Whether a training holds the folder's lock."""
    try:
        handle = os.open(folder / NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        _lock(handle)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            raise BlockingIOError from error
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
