"""Files shown in the file manager of the system, selected where it can do that."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDir, QProcess, QUrl
from PySide6.QtGui import QDesktopServices

SERVICE, PLACE = "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1"
_ENCODED = QUrl.ComponentFormattingOption.FullyEncoded
PATIENCE = 10_000  # milliseconds: the file manager may have to be started


def show_in_folder(path: Path) -> None:
    """Open a folder in the file manager, or the one that holds a file, with the file selected.

    A file that is gone leaves the folder it was in.
    """
    path = path.absolute()
    if path.is_dir() or not path.exists():
        open_folder(path if path.is_dir() else path.parent)
    elif sys.platform == "darwin":
        _started("open", ["-R", str(path)]) or open_folder(path.parent)
    elif sys.platform == "win32":
        # Two arguments: explorer does not understand quotes around both.
        native = QDir.toNativeSeparators(str(path))
        _started("explorer", ["/select,", native]) or open_folder(path.parent)
    else:
        _ask_desktop(path)


def open_folder(folder: Path) -> None:
    """Open a folder in the file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _started(program: str, arguments: list[str]) -> bool:
    process = QProcess()
    process.setProgram(program)
    process.setArguments(arguments)
    return bool(process.startDetached())


def _ask_desktop(path: Path) -> None:
    """Ask whichever file manager answers on the session bus; none does: open the folder."""
    from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher

    bus = QDBusConnection.sessionBus()
    if not bus.isConnected():
        open_folder(path.parent)
        return
    message = QDBusMessage.createMethodCall(SERVICE, PLACE, SERVICE, "ShowItems")
    message.setArguments([[QUrl.fromLocalFile(str(path)).toString(_ENCODED)], ""])
    call = bus.asyncCall(message, PATIENCE)
    watcher = QDBusPendingCallWatcher(call, QCoreApplication.instance())

    def answered(_watcher: object) -> None:
        if watcher.isError():
            open_folder(path.parent)
        watcher.deleteLater()

    watcher.finished.connect(answered)
