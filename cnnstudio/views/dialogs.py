"""Questions and file choices that do not block: the answer comes to a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

Answer = QMessageBox.StandardButton


def ask(
    parent: QWidget,
    object_name: str,
    text: str,
    details: str,
    buttons: Mapping[Answer, str],
    on_answer: Callable[[Answer], object],
) -> QMessageBox:
    """Ask a question; the first button is the default, Escape is Cancel if there is one.

    `buttons` gives their texts, an empty one Qt's own.
    """
    box = QMessageBox(parent)
    box.setObjectName(object_name)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("CNN Studio")
    box.setText(text)
    box.setInformativeText(details)
    for which, label in buttons.items():
        button = box.addButton(which)
        if label:
            button.setText(label)
    box.setDefaultButton(next(iter(buttons)))
    if Answer.Cancel in buttons:
        box.setEscapeButton(Answer.Cancel)
    box.finished.connect(lambda code: on_answer(Answer(code)))
    box.open()
    return box


def choose_file(
    parent: QWidget,
    title: str,
    filters: str,
    on_path: Callable[[Path], object],
    *,
    start: Path | None = None,
    save_suffix: str = "",
) -> QFileDialog:
    """Let the person choose a file to open, or with `save_suffix` one to write."""
    dialog = QFileDialog(parent, title, str(start or ""), filters)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setObjectName("fileDialog")
    if save_suffix:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(save_suffix.lstrip("."))
        if start is not None and start.suffix:
            dialog.selectFile(start.name)
    else:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(lambda path: on_path(Path(path)))
    dialog.open()
    return dialog


def choose_folder(
    parent: QWidget, title: str, on_path: Callable[[Path], object], *, start: Path | None = None
) -> QFileDialog:
    """Let the person choose a folder."""
    dialog = QFileDialog(parent, title, str(start or ""))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setObjectName("folderDialog")
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.fileSelected.connect(lambda path: on_path(Path(path)))
    dialog.open()
    return dialog
