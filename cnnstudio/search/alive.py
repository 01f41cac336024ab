"""Which process works on a trial, and whether it still does.

A worker holds a lock that the operating system releases when the process ends, however it ends:
that tells on the same computer at once. Of other computers nothing is known but a count that goes
on as long as they live, a beat; one that stands still for long enough has ended.
"""

from __future__ import annotations

import contextlib
import getpass
import platform
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cnnstudio.training.lock import Lock, is_locked

# Seconds from one beat to the next, and without one until a worker counts as gone.
BEAT, GONE = 15.0, 75.0


class Worker:
    """This process at work on a study: what others know it by. `close` lets go."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self._folder = _locks_folder() / self.id
        self._folder.mkdir(parents=True)
        self._lock = Lock(self._folder)

    @property
    def facts(self) -> dict[str, Any]:
        """What is written into a trial that this worker takes up now."""
        where = {"id": self.id, "host": platform.node(), "lock": str(self._folder)}
        return {**where, "time": time.time()}

    def close(self, *, trace: bool = False) -> None:
        """The work is over; a `trace` of it tells others on this computer, if trials are left."""
        self._lock.release()
        if not trace:
            shutil.rmtree(self._folder, ignore_errors=True)


class Beat:
    """Calls `beat(count)` every so often in a thread of its own until `close`."""

    def __init__(self, beat: Callable[[int], object], every: float = BEAT) -> None:
        self._beat = beat
        self._every = every
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._work, name="cnnstudio-search-beat", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        count = 0
        while not self._ended.wait(self._every):
            count += 1
            # A storage that cannot be reached now may be reached at the next beat.
            with contextlib.suppress(Exception):
                self._beat(count)


class Watch:
    """Tells of other workers whether they live; it remembers the beats it saw."""

    def __init__(self, gone_after: float = GONE) -> None:
        self._gone_after = gone_after
        self._seen: dict[int, tuple[Any, float]] = {}

    def has_gone(self, trial: int, facts: Mapping[str, Any] | None, beat: Any) -> bool:
        """Whether nobody works on the running trial any more, as far as is known now.

        `facts` are its worker's, None where it has not said who it is; `beat` is its last count.
        """
        known = lives_here(facts)
        if known is not None:
            return not known
        now = time.monotonic()
        worker = facts["id"] if facts else None
        before, since = self._seen.get(trial, (None, now))
        if before != (worker, beat):
            self._seen[trial] = ((worker, beat), now)
            return False
        return now - since >= self._gone_after


def is_silent(facts: Mapping[str, Any] | None, beat: Mapping[str, Any] | None) -> bool:
    """Whether a worker may have gone: it should have given a sign of life.

    By the clocks of two computers, which may differ: reason to watch, not to take a trial away.
    """
    last = (beat or facts or {}).get("time", 0.0)
    return abs(time.time() - float(last)) > 2 * BEAT


def lives_here(facts: Mapping[str, Any] | None) -> bool | None:
    """Whether a worker of this computer lives; None for one of another."""
    if facts is None or facts.get("host") != platform.node():
        return None
    folder = Path(str(facts.get("lock", "")))
    if folder.parent != _locks_folder() or not folder.is_dir():
        # Another computer of the same name, or this one before it was started anew.
        return None
    return is_locked(folder)


def _locks_folder() -> Path:
    """Where the workers of this computer have their locks: a disk of its own, not a shared one."""
    try:
        person = getpass.getuser()
    except (KeyError, OSError):
        person = "person"
    return Path(tempfile.gettempdir()) / f"cnnstudio-search-{person}"
