"""Background work: functions run in a thread, answers delivered in the GUI thread."""

from __future__ import annotations

import atexit
import contextlib
import inspect
import logging
import queue
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, Signal

from cnnstudio.app.errors import describe
from cnnstudio.errors import Cancelled

log = logging.getLogger(__name__)
# How long callbacks may keep the event loop before it gets a turn, in seconds.
SLICE = 0.006


class Task:
    """One piece of background work. The function may ask `cancelled()` and report `progress(x)`."""

    def __init__(
        self,
        runner: TaskRunner,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        on_done: Callable[[Any], object] | None,
        on_failed: Callable[[str], object] | None,
        on_progress: Callable[[Any], object] | None,
        latest: bool,
    ) -> None:
        self._runner = runner
        self._function = function
        self._arguments = arguments
        self._on_done = on_done
        self._on_failed = on_failed
        self._on_progress = on_progress
        self._latest = latest
        self._cancelled = threading.Event()
        self._waiting: list[Any] = []
        self._lock = threading.Lock()
        self.finished = False

    def cancel(self) -> None:
        """Ask the function to end; nothing more of it is delivered. Any thread may call this."""
        self._cancelled.set()

    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def progress(self, value: Any) -> None:
        """Deliver `value` to `on_progress`. Raises `Cancelled` when the task was cancelled."""
        if self.cancelled():
            raise Cancelled
        if self._on_progress is None:
            return
        if not self._latest:
            self._runner._post(self, self._on_progress, value)
            return
        with self._lock:
            self._waiting.append(value)
            if len(self._waiting) > 1:
                del self._waiting[0]
                return
        self._runner._post(self, self._deliver_latest, None)

    def _deliver_latest(self, _nothing: None) -> None:
        with self._lock:
            values, self._waiting = self._waiting, []
        if values and self._on_progress is not None:
            self._on_progress(values[0])

    def _run(self) -> None:
        if self.cancelled():
            return
        try:
            extra = {"task": self} if _takes_task(self._function) else {}
            result = self._function(*self._arguments, **extra)
        except Cancelled:
            self._runner._post(self, self._end, None)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the person is told
            self._runner._post(
                self, self._end, (self._on_failed or self._runner.failed.emit, describe(error))
            )
        else:
            self._runner._post(self, self._end, (self._on_done, result))

    def _end(self, outcome: tuple[Callable[[Any], object] | None, Any] | None) -> None:
        self.finished = True
        if outcome is not None:
            callback, value = outcome
            if callback is not None:
                callback(value)


class TaskRunner(QObject):
    """Runs functions in threads of its own, started when first needed.

    With one worker, which is usual, they run one after another in the order asked for.
    """

    # A task without `on_failed` failed: the sentence for the person.
    failed = Signal(str)
    # True while a task runs or waits.
    busy_changed = Signal(bool)
    _posted = Signal()

    def __init__(
        self, name: str = "tasks", parent: QObject | None = None, *, workers: int = 1
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._workers = workers
        self._beside: dict[str, TaskRunner] = {}
        self._queue: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._outbox: deque[tuple[Task, Callable[[Any], object], Any]] = deque()
        self._signalled = threading.Event()
        self._threads: list[threading.Thread] = []
        self._tasks: list[Task] = []
        self._closed = False
        self._posted.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a task runs or waits, here or beside."""
        return bool(self._tasks) or any(each.busy for each in self._beside.values())

    def beside(self, name: str, workers: int = 1) -> TaskRunner:
        """The runner `name` that works beside this one and ends with it; made when first asked for.

        For work that takes long, or that should not wait for what does.
        """
        if name not in self._beside:
            runner = TaskRunner(name, self, workers=workers)
            runner.failed.connect(self.failed)
            runner.busy_changed.connect(lambda _busy: self.busy_changed.emit(self.busy))
            if self._closed:
                runner.shutdown()
            self._beside[name] = runner
        return self._beside[name]

    def run(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        on_done: Callable[[Any], object] | None = None,
        on_failed: Callable[[str], object] | None = None,
        on_progress: Callable[[Any], object] | None = None,
        latest: bool = False,
    ) -> Task:
        """Call `function(*arguments)` in the background.

        It also gets `task=Task` if it has a parameter of that name. The callbacks run in the GUI
        thread and none of them after `Task.cancel()`: `on_done(result)`, `on_failed(sentence)`
        (else the signal `failed`), `on_progress(value)` for each `task.progress(value)`, or with
        `latest` only for the newest that has not been shown.
        """
        task = Task(self, function, arguments, on_done, on_failed, on_progress, latest)
        if self._closed:
            task.cancel()
            return task
        if len(self._threads) < self._workers:
            name = f"cnnstudio-{self.objectName()}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()
            if len(self._threads) == 1:
                join_at_exit(self)
        self._tasks.append(task)
        if len(self._tasks) == 1:
            self.busy_changed.emit(True)
        self._queue.put(task)
        return task

    def cancel_all(self) -> None:
        """Cancel what runs and what waits, also beside."""
        for task in self._tasks:
            task.cancel()
        for runner in self._beside.values():
            runner.cancel_all()

    def wait(self, timeout: float = 10.0) -> bool:
        """Wait until what was asked for so far has run; False after `timeout` seconds.

        For the end of the program and for tests: nothing else in the GUI thread may wait.
        """
        if not self._threads or self._closed:
            return True
        reached = threading.Event()
        self._queue.put(Task(self, reached.set, (), None, None, None, False))
        return reached.wait(timeout)

    def shutdown(self, timeout: float = 10.0) -> bool:
        """Cancel everything and join the threads; False if one has not ended after `timeout` s."""
        self._closed = True
        self.cancel_all()
        self._outbox.clear()
        for _ in self._threads:
            self._queue.put(None)
        ended = True
        for runner in self._beside.values():
            ended = runner.shutdown(timeout) and ended
        for thread in self._threads:
            thread.join(timeout)
            ended = ended and not thread.is_alive()
        self._outbox.clear()
        return ended

    def _work(self) -> None:
        while (task := self._queue.get()) is not None:
            task._run()
            self._post(task, self._retire, task)
            # Hold nothing of the task while waiting for the next.
            del task

    def _post(self, task: Task, callback: Callable[[Any], object], value: Any) -> None:
        self._outbox.append((task, callback, value))
        if not self._closed and not self._signalled.is_set():
            self._signalled.set()
            # Nobody is left to tell when the window is deleted without being closed.
            with contextlib.suppress(RuntimeError):
                self._posted.emit()

    def _deliver(self) -> None:
        self._signalled.clear()
        end = time.perf_counter() + SLICE
        while self._outbox:
            task, callback, value = self._outbox.popleft()
            if not task.cancelled() or callback == self._retire:
                callback(value)
            if time.perf_counter() > end and self._outbox and not self._signalled.is_set():
                self._signalled.set()
                self._posted.emit()
                return

    def _retire(self, task: Task) -> None:
        task.finished = True
        if task in self._tasks:
            self._tasks.remove(task)
            if not self._tasks:
                self.busy_changed.emit(self.busy)


class _HasThread(Protocol):
    def shutdown(self) -> bool: ...


def join_at_exit(owner: _HasThread) -> None:
    """Join the thread of `owner` before Python ends, if nobody has.

    A thread inside TensorFlow would take the process down with it. This is for programs that
    never run Qt's event loop to its end; the window does it when the application quits.
    """
    reference = weakref.ref(owner)

    def join() -> None:
        # Qt may have deleted its half already.
        with contextlib.suppress(RuntimeError):
            if (alive := reference()) is not None:
                alive.shutdown()

    atexit.register(join)


def _takes_task(function: Callable[..., Any]) -> bool:
    try:
        return "task" in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
