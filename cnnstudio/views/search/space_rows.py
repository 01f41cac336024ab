"""What is searched over: a row with a text of values for each key."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from cnnstudio.app.document import Document
from cnnstudio.errors import StudioError
from cnnstudio.search.settings import Entry, entry_text, parse_entry
from cnnstudio.search.space import LAYERS, Key, check_entry, keys_of, split_layer_key
from cnnstudio.views import icons, theme
from cnnstudio.views.widgets import ElidedLabel, name_widget, set_property

HINT = "LOW .. HIGH, then log or step N; or values with commas between them"


def key_title(key: str) -> str:
    """A key as a row calls it: the layer's name first, or the setting alone."""
    if key.startswith(LAYERS):
        return " · ".join(split_layer_key(key))
    return key.partition(".")[2]


class SpaceRow(QWidget):
    """One key: its values as a person writes them, and what is wrong with them."""

    # The key, and the values that were typed.
    changed = Signal(str, object)
    removed = Signal(str)

    def __init__(self, key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.key = key
        self._known: Mapping[str, Key] = {}
        self._entry: Entry | None = None
        self.title = ElidedLabel(key_title(key), self)
        self.field = QLineEdit(self)
        name_widget(self.field, f"space_{key}", f"Values of {key}", HINT)
        self.field.setFont(theme.font(12, mono=True))
        self.field.setFixedHeight(theme.HIT)
        self.field.textEdited.connect(self._typed)
        self.field.editingFinished.connect(self._leave)
        self.remove = QToolButton(self)
        name_widget(self.remove, f"remove_{key}", f"Do not search over {key}", "Take it out")
        self.remove.setProperty("role", "quiet")
        self.remove.setStyleSheet("padding: 0; min-width: 0; min-height: 0;")
        self.remove.setFixedSize(22, 22)
        icons.set_icon(self.remove, "close", "secondary")
        self.remove.clicked.connect(lambda _checked=False: self.removed.emit(self.key))
        self.message = QLabel(self)
        self.message.setObjectName(f"space_error_{key}")
        self.message.setWordWrap(True)
        self.message.setProperty("role", "error")
        self.message.hide()
        head = QHBoxLayout()
        head.setSpacing(theme.S4)
        head.addWidget(self.title, 1)
        head.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self.field)
        layout.addWidget(self.message)

    def show_entry(self, entry: Entry, known: Mapping[str, Key]) -> None:
        """Show the values of the project; text that means them already stays."""
        self._known = known
        new, self._entry = entry != self._entry, entry
        if new and self._read(self.field.text())[0] != entry:
            self.field.setText(entry_text(entry))
            self.field.setCursorPosition(0)
        if new or not self.field.hasFocus():
            self._say(self._fault(entry))
        found = known.get(self.key)
        self.title.setToolTip(f"{self.key}: {found.help}" if found else self.key)

    def _typed(self, text: str) -> None:
        entry, wrong = self._read(text)
        self._say(wrong)
        if entry is not None and not wrong:
            self.changed.emit(self.key, entry)

    def _leave(self) -> None:
        if self._entry is not None and self._read(self.field.text())[1]:
            self.field.setText(entry_text(self._entry))
            self._say(self._fault(self._entry))

    def _read(self, text: str) -> tuple[Entry | None, str]:
        try:
            entry = parse_entry(text)
        except StudioError as error:
            return None, error.message
        return entry, self._fault(entry)

    def _fault(self, entry: Entry) -> str:
        try:
            check_entry(self._known, self.key, entry)
        except StudioError as error:
            return error.message
        return ""

    def _say(self, wrong: str) -> None:
        self.message.setText(wrong)
        self.message.setVisible(bool(wrong))
        set_property(self.field, "state", "error" if wrong else "")


class SpaceRows(QWidget):
    """The rows of the project; every change is a step for undo."""

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self.rows: dict[str, SpaceRow] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(theme.S8)

    def refresh(self) -> None:
        """Show what the project searches over."""
        space = self._document.search.space
        for key in [key for key in self.rows if key not in space]:
            row = self.rows.pop(key)
            self._layout.removeWidget(row)
            row.hide()
            row.deleteLater()
        if not space:
            return
        try:
            known = keys_of(self._document.project)
        except StudioError:
            known = {}
        for place, (key, entry) in enumerate(space.items()):
            if key not in self.rows:
                row = self.rows[key] = SpaceRow(key, self)
                row.changed.connect(self._change)
                row.removed.connect(self._remove)
                self._layout.insertWidget(place, row, 0, Qt.AlignmentFlag.AlignTop)
            self.rows[key].show_entry(entry, known)

    def _change(self, key: str, entry: Entry) -> None:
        search = self._document.search
        changed = search.model_copy(update={"space": {**search.space, key: entry}})
        self._document.set_search(changed, f"Values of {key_title(key)}", merge_key=("space", key))

    def _remove(self, key: str) -> None:
        without(self._document, key)


def within(document: Document, *found: tuple[str, Entry]) -> None:
    """Search over more keys, as one step for undo."""
    search = document.search
    names = " and ".join(key_title(key) for key, _ in found)
    space = {**search.space, **dict(found)}
    document.set_search(search.model_copy(update={"space": space}), f"Search over {names}")


def without(document: Document, *keys: str) -> None:
    """Search over some keys no more, as one step for undo."""
    search = document.search
    names = " and ".join(key_title(key) for key in keys)
    space = {name: entry for name, entry in search.space.items() if name not in keys}
    document.set_search(search.model_copy(update={"space": space}), f"Do not search over {names}")
