"""How to search: what over, by which method, how long, and where it is written down."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.document import Document
from cnnstudio.errors import StudioError
from cnnstudio.search.defaults import default_entry
from cnnstudio.search.sampling import grid_size
from cnnstudio.search.settings import SearchSettings
from cnnstudio.search.space import Key, check_space, keys_of
from cnnstudio.views import icons, theme
from cnnstudio.views.search.chooser import KeyChooser
from cnnstudio.views.search.space_rows import SpaceRows, within
from cnnstudio.views.train.setting_editors import make_editor
from cnnstudio.views.train.setting_groups import setting_grid
from cnnstudio.views.widgets import Button, Heading, Secondary, name_widget

_LABELS = {
    "method": "method",
    "trials": "trials",
    "hours": "hours",
    "epochs": "epochs each",
    "pruner": "end bad ones",
    "monitor": "ranked by",
    "direction": "better is",
    "seed": "seed",
}
_EMPTY = {"trials": "no limit", "hours": "no limit", "epochs": "training's"}


class SearchForm(QScrollArea):
    """Edits `document.search`; every change is a step for undo, typing in one field merges."""

    def __init__(
        self, document: Document, place: Callable[[], str], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._place = place
        self._showing = False
        self.setObjectName("searchSettings")
        self.setAccessibleName("Settings of the search")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = QWidget(self)
        column = QVBoxLayout(inner)
        column.setContentsMargins(theme.S16, theme.S12, theme.S12, theme.S12)
        column.setSpacing(theme.S8)
        head = QHBoxLayout()
        head.addWidget(Heading("Search over"))
        head.addStretch(1)
        self.add_button = Button("Add…", "addKeyButton", self.choose_key, icon="plus")
        self.add_button.setAccessibleName("Search over another setting")
        head.addWidget(self.add_button)
        column.addLayout(head)
        self.rows = SpaceRows(document, inner)
        column.addWidget(self.rows)
        self.count = Secondary("", inner)
        self.count.setObjectName("searchCount")
        column.addWidget(self.count)
        column.addSpacing(theme.S4)
        column.addWidget(Heading("How"))
        grid_box = QWidget(inner)
        grid = setting_grid(grid_box)
        self._show: dict[str, Callable[[Any], None]] = {}
        for row, (name, label_text) in enumerate(_LABELS.items()):
            field = SearchSettings.model_fields[name]
            editor, show, _ = make_editor(field, name, partial(self._edited, name), grid_box)
            name_widget(editor, f"search_{name}", f"{label_text}: {field.description}")
            if name in _EMPTY and isinstance(editor, QAbstractSpinBox):
                editor.lineEdit().setPlaceholderText(_EMPTY[name])
            label = QLabel(label_text, grid_box)
            label.setProperty("role", "secondary")
            grid.addWidget(label, row, 0)
            grid.addWidget(editor, row, 1)
            self._show[name] = show
            for widget in (label, editor):
                widget.setToolTip(field.description or "")
            editor.installEventFilter(self)
        column.addWidget(grid_box)
        column.addWidget(Heading("Written down in"))
        self.study = QLineEdit(inner)
        about = SearchSettings.model_fields["study"].description or ""
        name_widget(self.study, "search_study", f"study: {about}", about)
        self.study.setFixedHeight(theme.HIT)
        self.study.textEdited.connect(partial(self._edited, "study"))
        self.browse = QToolButton(inner)
        name_widget(self.browse, "browseStudyButton", "Choose the file of the study", "Choose…")
        icons.set_icon(self.browse, "folder")
        self.browse.clicked.connect(lambda _checked=False: self._choose_file())
        line = QHBoxLayout()
        line.setSpacing(theme.S4)
        line.addWidget(self.study, 1)
        line.addWidget(self.browse)
        column.addLayout(line)
        column.addStretch(1)
        self.setWidget(inner)

    def refresh(self) -> None:
        """Show the search of the project."""
        search = self._document.search
        self._showing = True
        try:
            for name, show in self._show.items():
                show(getattr(search, name))
            if self.study.text().strip() != search.study:
                self.study.setText(search.study)
            self.study.setPlaceholderText(self._place())
        finally:
            self._showing = False
        self.rows.refresh()
        self._count(search)

    def choose_key(self) -> None:
        """Let the person choose something to search over."""
        self.chooser = KeyChooser(self._document, self)
        self.chooser.chosen.connect(self.add_key)
        self.chooser.open()
        self.chooser.field.setFocus()

    def add_key(self, key: Key) -> None:
        """Search over a key too, from now on."""
        within(self._document, (key.name, default_entry(key)))
        row = self.rows.rows.get(key.name)
        if row is not None:
            row.field.setFocus()
            self.ensureWidgetVisible(row)

    def add_usual(self) -> None:
        """Search over what matters most, to begin with."""
        known = keys_of(self._document.project)
        names = ("training.optimizer.learning_rate", "training.batch_size")
        within(self._document, *((name, default_entry(known[name])) for name in names))

    def _edited(self, name: str, value: Any) -> None:
        if self._showing:
            return
        if isinstance(value, str):
            value = value.strip()
        search = self._document.search
        changed = {**search.to_json(), name: value}
        try:
            settings = SearchSettings.model_validate(changed, strict=False)
        except ValueError:
            return
        self._document.set_search(settings, f"Change search {name}", merge_key=("search", name))

    def _count(self, search: SearchSettings) -> None:
        """How many combinations a grid has."""
        said = ""
        if search.method == "grid" and search.space:
            try:
                size = grid_size(search, check_space(self._document.project, search))
            except StudioError:
                size = 0
            if size:
                said = f"{size:,} combinations"
        self.count.setText(said)
        self.count.setVisible(bool(said))

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, "The file of the study", self._place())
        dialog.setObjectName("studyFileDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)
        dialog.setNameFilter("Studies (*.study);;All files (*)")
        dialog.fileSelected.connect(partial(self._edited, "study"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Wheel and not watched.property("focus"):
            # Scrolling the form must not change the field under the pointer.
            event.ignore()
            return True
        return super().eventFilter(watched, event)
