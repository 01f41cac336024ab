"""From another thread to the GUI thread: a list at a time, seldom enough to cost little."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

# Milliseconds from one list with news to the next.
NEWS = 100
# The same with figures that move all the time: a network whose steps take milliseconds keeps all
# cores busy and waits for what the window paints, which is to take at most this share of the time.
LIVELIEST, LAZIEST, SHARE = 200, 1000, 0.006


class Postbox(QObject):
    """Any thread may `post`; `delivered` brings a list of everything, in order.

    News come at once, unless a list came a moment ago, and bring with them what waits.
    """

    delivered = Signal(object)
    _posted = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[object] = deque()
        self._signalled = {news: threading.Event() for news in (True, False)}
        self._last = QElapsedTimer()
        self._spent = time.thread_time()
        self._pace = LIVELIEST
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.deliver)
        self._posted.connect(self._deliver_soon, Qt.ConnectionType.QueuedConnection)

    def post(self, item: object, *, news: bool) -> None:
        """Hand on `item`; without `news` it may wait a little longer for others."""
        self._waiting.append(item)
        # One signal of each kind under way is enough, however fast they come.
        if not self._signalled[news].is_set():
            self._signalled[news].set()
            # Nobody is left to tell when the window is deleted without being closed.
            with contextlib.suppress(RuntimeError):
                self._posted.emit(news)

    def deliver(self) -> None:
        """Deliver what waits now."""
        self._timer.stop()
        self._last.start()
        # What this thread did since the last list: most of it was to show that.
        before, self._spent = self._spent, time.thread_time()
        wanted = round((self._spent - before) / SHARE * 1000)
        self._pace = min(max(wanted, LIVELIEST), LAZIEST)
        for signalled in self._signalled.values():
            signalled.clear()
        items = []
        while self._waiting:
            items.append(self._waiting.popleft())
        if items:
            self.delivered.emit(items)

    def _deliver_soon(self, news: bool) -> None:
        apart = NEWS if news else self._pace
        wait = max(0, apart - self._last.elapsed()) if self._last.isValid() else 0
        if not self._timer.isActive() or wait < self._timer.remainingTime():
            self._timer.start(wait)
