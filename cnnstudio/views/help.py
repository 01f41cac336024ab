"""The windows of the Help menu: shortcuts, versions, about."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPlainTextEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from cnnstudio import __version__
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.theme import S8, S16
from cnnstudio.views.widgets import Button, PrimaryButton, Secondary, Title, name_widget

# Keys that no menu shows.
CANVAS = (
    ("Canvas", "Add a layer by typing its name", "letters"),
    ("Canvas", "Move chosen layers", "arrow keys"),
    ("Canvas", "Move the view", "middle button, or Space and drag"),
    ("Canvas", "Zoom", "Ctrl and wheel"),
)


def show_shortcuts(window: QWidget, menus: Iterable[QMenu]) -> QDialog:
    """All shortcuts in one table."""
    rows = [*_shortcuts(menus), *CANVAS]
    table = QTableWidget(len(rows), 3)
    name_widget(table, "shortcutTable", "Keyboard shortcuts")
    table.setHorizontalHeaderLabels(["Menu", "Action", "Keys"])
    table.verticalHeader().hide()
    table.setShowGrid(False)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
    table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            table.setItem(row, column, QTableWidgetItem(text))
    table.resizeColumnsToContents()
    return _show(window, "shortcutsDialog", "Keyboard shortcuts", table, (620, 560))


def show_doctor(window: QWidget, context: Context) -> QDialog:
    """Versions, devices and why a GPU is not used; TensorFlow is asked in the background."""
    text = QPlainTextEdit("Asking TensorFlow…")
    text.setReadOnly(True)
    text.setFont(theme.font(mono=True))
    name_widget(text, "doctorText", "Versions and devices")
    dialog = _show(window, "doctorDialog", "Versions and devices", text, (680, 460), copy=text)
    task = context.inference.run(_examine, on_done=text.setPlainText, on_failed=text.setPlainText)
    dialog.finished.connect(task.cancel)
    return dialog


def show_about(window: QWidget) -> QDialog:
    """What this program is."""
    body = QWidget()
    layout = QVBoxLayout(body)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(QLabel("Build, train and understand convolutional networks."))
    layout.addWidget(
        Secondary(
            f"Version {__version__}, on Python {sys.version.split()[0]}.\n"
            "Nothing leaves this computer: no account, no upload, no telemetry.\n"
            "Free software under the MIT licence. Made with Keras, TensorFlow and Qt."
        )
    )
    layout.addStretch(1)
    return _show(window, "aboutDialog", "CNN Studio", body, (440, 220))


def _shortcuts(menus: Iterable[QMenu], path: str = "") -> Iterable[tuple[str, str, str]]:
    for menu in menus:
        title = path or menu.title().replace("&", "")
        for action in menu.actions():
            below = action.menu()
            if isinstance(below, QMenu):
                yield from _shortcuts([below], title)
            elif action.shortcuts():
                keys = ", ".join(
                    key.toString(QKeySequence.SequenceFormat.NativeText)
                    for key in action.shortcuts()[:2]
                )
                yield title, action.text().replace("&", ""), keys


def _examine() -> str:
    from cnnstudio.doctor import examine

    return _lines(examine())


def _lines(found: dict[str, Any], indent: str = "") -> str:
    lines = []
    for key, value in found.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", _lines(value, indent + "  ")]
        elif isinstance(value, list):
            lines.append(f"{indent}{key}: {'; '.join(map(str, value)) or 'none'}")
        else:
            lines.append(f"{indent}{key}: {'missing' if value is None else value}")
    return "\n".join(lines)


def _show(
    window: QWidget,
    object_name: str,
    title: str,
    body: QWidget,
    size: tuple[int, int],
    copy: QPlainTextEdit | None = None,
) -> QDialog:
    dialog = QDialog(window)
    dialog.setObjectName(object_name)
    dialog.setWindowTitle(title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(S16, S16, S16, S16)
    layout.setSpacing(S8)
    layout.addWidget(Title(title))
    layout.addWidget(body, 1)
    row = QHBoxLayout()
    row.addStretch(1)
    if copy is not None:
        row.addWidget(
            Button(
                "Copy",
                "copyButton",
                lambda: QGuiApplication.clipboard().setText(copy.toPlainText()),
            )
        )
    close = PrimaryButton("Close", "closeDialogButton", dialog.accept)
    close.setDefault(True)
    row.addWidget(close)
    layout.addLayout(row)
    dialog.resize(*size)
    dialog.open()
    return dialog
