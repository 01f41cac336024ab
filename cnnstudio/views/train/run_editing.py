"""Names and notes written in the table of runs."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QLineEdit,
    QPlainTextEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from cnnstudio.views.train.run_model import NOTES
from cnnstudio.views.widgets import name_widget

Index = QModelIndex | QPersistentModelIndex
WIDTH, HEIGHT = 320, 96  # pixels a field for notes has at least


class RunEditing(QStyledItemDelegate):
    """A line for a name, a field of several lines for notes; `ended` when nothing is edited."""

    ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._open = 0

    @property
    def editing(self) -> bool:
        return self._open > 0

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor: QWidget
        if index.column() == NOTES:
            editor = QPlainTextEdit(parent)
            editor.setTabChangesFocus(True)
            name_widget(editor, "runNotesEdit", "Notes on the run")
        else:
            editor = QLineEdit(parent)
            name_widget(editor, "runNameEdit", "Name of the run")
        self._open += 1
        return editor

    def destroyEditor(self, editor: QWidget, index: Index) -> None:
        super().destroyEditor(editor, index)
        self._open -= 1
        if not self._open:
            self.ended.emit()

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        # Only once: the list is read again while a person writes.
        if editor.property("filled"):
            return
        editor.setProperty("filled", True)
        text = str(index.data(Qt.ItemDataRole.EditRole))
        if isinstance(editor, QPlainTextEdit):
            editor.setPlainText(text)
            editor.selectAll()
        elif isinstance(editor, QLineEdit):
            editor.setText(text)
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        if isinstance(editor, QPlainTextEdit):
            model.setData(index, editor.toPlainText(), Qt.ItemDataRole.EditRole)
        elif isinstance(editor, QLineEdit):
            model.setData(index, editor.text(), Qt.ItemDataRole.EditRole)

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: Index
    ) -> None:
        if not isinstance(editor, QPlainTextEdit):
            super().updateEditorGeometry(editor, option, index)
            return
        room = parent.rect() if (parent := editor.parentWidget()) else option.rect
        place = QRect(option.rect)
        place.setSize(place.size().expandedTo(editor.minimumSizeHint()))
        place.setWidth(min(max(place.width(), WIDTH), room.width()))
        place.setHeight(min(HEIGHT, room.height()))
        place.moveRight(min(place.right(), room.right()))
        place.moveBottom(min(place.bottom(), room.bottom()))
        editor.setGeometry(place)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if isinstance(editor, QPlainTextEdit) and isinstance(event, QKeyEvent):
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            if event.type() == QEvent.Type.KeyPress and enter and not shift:
                self.commitData.emit(editor)
                self.closeEditor.emit(editor, self.EndEditHint.NoHint)
                return True
        return super().eventFilter(editor, event)


class SettingsDelegate(QStyledItemDelegate):
    """Settings in a column that leaves room for the names; the tip has all of them."""

    WIDEST = 180

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        hint = super().sizeHint(option, index)
        return QSize(min(hint.width(), self.WIDEST), hint.height())
