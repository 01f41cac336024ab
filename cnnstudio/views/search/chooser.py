"""A list of all that can be searched over, with a field that finds in it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.document import Document
from cnnstudio.search.defaults import default_entry
from cnnstudio.search.settings import entry_text
from cnnstudio.search.space import LAYERS, Key, keys_of
from cnnstudio.views import theme
from cnnstudio.views.search.space_rows import key_title
from cnnstudio.views.table_model import Index
from cnnstudio.views.widgets import Secondary, name_widget

_GAP = "    "
_KEY_ROLE = Qt.ItemDataRole.UserRole + 1
# What people search over most, at the top of the list.
_FIRST = (
    "training.optimizer.learning_rate",
    "training.batch_size",
    "training.optimizer.name",
    "training.optimizer.weight_decay",
    "training.schedule.name",
    "training.label_smoothing",
)
# Settings of layers that are searched over more than others.
_OFTEN = ("filters", "units", "rate", "kernel_size", "activation")


class _InColumns(QStyledItemDelegate):
    """The setting on the left; on the right, quietly, what it is a setting of."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        option.text = option.text.partition(_GAP)[0]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        painter.save()
        painter.setFont(theme.font(12))
        painter.setPen(theme.current().color("secondary"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        place = option.rect.adjusted(0, 0, -theme.S12, 0)
        painter.drawText(place, right, str(index.data()).partition(_GAP)[2])
        painter.restore()


class KeyChooser(QDialog):
    """Press Enter, or double-click, to search over a setting."""

    # The Key that was chosen.
    chosen = Signal(object)

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("keyChooser")
        self.setWindowTitle("Search over a setting")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(560, 520)
        self.field = QLineEdit(self)
        name_widget(self.field, "keySearch", "Find a setting")
        self.field.setPlaceholderText("Find a setting or a layer: learning rate, filters, conv")
        self.field.setClearButtonEnabled(True)
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.list = QListWidget(self)
        name_widget(self.list, "keyList", "Settings that can be searched over")
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(_InColumns(self.list))
        self.list.currentItemChanged.connect(self._explain)
        self.list.itemActivated.connect(self._choose)
        self.help = Secondary("", self)
        self.help.setFixedHeight(4 * 17)
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S12)
        layout.setSpacing(theme.S8)
        layout.addWidget(self.field)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.help)
        self._document = document
        keys = [key for name, key in keys_of(document.project).items()]
        for key in sorted(keys, key=_place):
            if key.name not in document.search.space:
                item = QListWidgetItem(f"{key_title(key.name)}{_GAP}{_part(key.name)}")
                item.setData(_KEY_ROLE, key)
                self.list.addItem(item)
        self._filter("")

    def _filter(self, text: str) -> None:
        words = text.lower().split()
        first = None
        for number in range(self.list.count()):
            item = self.list.item(number)
            key: Key = item.data(_KEY_ROLE)
            said = f"{key.name} {key.help}".lower()
            said += said.replace("_", " ")
            item.setHidden(not all(word in said for word in words))
            if first is None and not item.isHidden():
                first = item
        if first is not None:
            self.list.setCurrentItem(first)
        else:
            self.list.setCurrentRow(-1)

    def _explain(self, item: QListWidgetItem | None, _before: object = None) -> None:
        if item is None:
            self.help.setText("No setting has all of these words.")
            return
        key: Key = item.data(_KEY_ROLE)
        self.help.setText(f"{key.help}\nAt first: {entry_text(default_entry(key))}")

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None and not item.isHidden():
            self.chosen.emit(item.data(_KEY_ROLE))
            self.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
                # The arrows walk in the list while the field has the focus.
                self.list.keyPressEvent(event)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentItem())
                return True
        return super().eventFilter(watched, event)


def _place(key: Key) -> tuple[int, int]:
    if key.name in _FIRST:
        return 0, _FIRST.index(key.name)
    last = key.name.rpartition(".")[2]
    if key.name.startswith(LAYERS) and last in _OFTEN:
        return 1, 0
    return (3 if key.name.startswith("data.") else 2), 0


def _part(name: str) -> str:
    return {"layers": "layer", "training": "training", "data": "data"}[name.partition(".")[0]]
