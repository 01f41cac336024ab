"""The end of a long run, told to those who work elsewhere meanwhile.

The taskbar draws attention to the window, its title says what happened until somebody looks, and
where the desktop has a place for messages, a message does.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

# Seconds after which a run is long: of shorter ones the taskbar alone tells.
LONG = 60.0


def announce(window: QWidget, text: str, *, seconds: float) -> None:
    """Tell that something ended that took `seconds`, unless the window is in front."""
    if window.isActiveWindow():
        return
    QApplication.alert(window)
    if seconds >= LONG:
        for earlier in window.findChildren(Announcement):
            earlier.end()
        Announcement(window, text)


class Announcement(QObject):
    """In the title of a window, and as a message of the desktop, until the window is in front."""

    def __init__(self, window: QWidget, text: str) -> None:
        super().__init__(window)
        self._window = window
        self._prefix = f"{text} — "
        window.setWindowTitle(self._prefix + window.windowTitle())
        window.installEventFilter(self)
        self._tray: QSystemTrayIcon | None = None
        if QSystemTrayIcon.isSystemTrayAvailable():
            icon = window.windowIcon() or QApplication.windowIcon()
            tray = self._tray = QSystemTrayIcon(icon, self)
            tray.setToolTip(f"CNN Studio: {text}")
            tray.messageClicked.connect(self._to_front)
            tray.activated.connect(lambda _reason: self._to_front())
            tray.show()
            tray.showMessage("CNN Studio", text, icon)

    def end(self) -> None:
        """It was seen: as if nothing had been said."""
        self._window.removeEventFilter(self)
        self._window.setWindowTitle(self._window.windowTitle().removeprefix(self._prefix))
        if self._tray is not None:
            self._tray.hide()
        self.setParent(None)
        self.deleteLater()

    def _to_front(self) -> None:
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowActivate:
            self.end()
        return False
