"""Choosing a class by name, or typing a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from cnnstudio.views import theme
from cnnstudio.views.widgets import name_widget


def ask_for_class(
    parent: QWidget,
    title: str,
    text: str,
    classes: Sequence[str],
    on_name: Callable[[str], object],
    now: str = "",
) -> QDialog:
    """Ask for one of `classes` or a new name, `now` to begin with. Does not block."""
    dialog = QDialog(parent)
    dialog.setObjectName("classDialog")
    dialog.setWindowTitle(title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    field = QComboBox()
    name_widget(field, "className", "Name of the class")
    field.setEditable(True)
    field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    field.addItems(list(classes))
    field.setEditText(now)
    field.setMinimumWidth(320)
    line = field.lineEdit()
    assert line is not None
    line.setPlaceholderText("Choose a class, or type a new name")
    line.selectAll()
    buttons = QDialogButtonBox(
        QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
    )
    fine = buttons.button(QDialogButtonBox.StandardButton.Ok)

    def typed(name: str) -> None:
        fine.setEnabled(bool(name.strip()))

    line.textChanged.connect(typed)
    typed(now)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    dialog.accepted.connect(lambda: on_name(field.currentText().strip()))
    label = QLabel(text)
    label.setWordWrap(True)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S16)
    column.setSpacing(theme.S12)
    column.addWidget(label)
    column.addWidget(field)
    column.addWidget(buttons)
    dialog.open()
    field.setFocus()
    return dialog
