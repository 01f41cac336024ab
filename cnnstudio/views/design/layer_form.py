"""The form of one layer type: name, settings, problems and formulas."""

from __future__ import annotations

from itertools import count
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from cnnstudio.analysis import explain
from cnnstudio.app.document import Document
from cnnstudio.errors import StudioError
from cnnstudio.graph import edits
from cnnstudio.graph.spec import Category, LayerSpec
from cnnstudio.views import icons
from cnnstudio.views.design.cards import ExplanationCards, ProblemCards
from cnnstudio.views.design.paints import paints
from cnnstudio.views.design.setting_row import LABEL_WIDTH, RESET_WIDTH, SettingRow
from cnnstudio.views.design.sharing import WeightsRow
from cnnstudio.views.search.marks import SettingMarks
from cnnstudio.views.theme import HIT, S4, S8, S16
from cnnstudio.views.widgets import Line, Secondary, Title, name_widget, set_property

_visits = count()


class Swatch(QWidget):
    """The colour of a family."""

    def __init__(self, category: Category, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._category = category
        self.setFixedSize(12, 12)
        self.setToolTip(category.value)
        self.setAccessibleName(category.value)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(paints().family[self._category])
        painter.drawRoundedRect(self.rect(), 3, 3)


class LayerForm(QWidget):
    """Edits one layer at a time of the type it was made for."""

    setting_visited = Signal(str)
    setting_left = Signal()

    def __init__(self, spec: LayerSpec, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._spec = spec
        self._name = ""
        # Typing in one field from one visit to the next is one step for undo.
        self._visit = next(_visits)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(S16, S16, S16, S16)
        layout.setSpacing(6)
        layout.addLayout(self._header())
        layout.addSpacing(S4)
        layout.addLayout(self._name_row())
        layout.addWidget(self.name_message)
        self.weights = WeightsRow(document)
        self.weights.hide()
        layout.addWidget(self.weights)
        self.rows = {field.name: SettingRow(field) for field in spec.fields}
        for row in self.rows.values():
            row.changed.connect(self._set)
            row.visited.connect(self._visited)
            row.left.connect(self.setting_left)
        for name, row in self.rows.items():
            if not spec.field(name).advanced:
                layout.addWidget(row)
        self._advanced = [row for name, row in self.rows.items() if spec.field(name).advanced]
        self.more = QToolButton()
        name_widget(self.more, "moreSettings", "More settings")
        self.more.setProperty("role", "quiet")
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setCheckable(True)
        self.more.toggled.connect(self._fold)
        layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        for row in self._advanced:
            layout.addWidget(row)
        self.marks = SettingMarks(self, {} if spec.type == "Input" else self.rows, document)
        self.more.setVisible(bool(self._advanced))
        self._fold(False)
        layout.addSpacing(S8)
        self._problems = ProblemCards(self._solve)
        layout.addLayout(self._problems)
        self._line = Line()
        layout.addWidget(self._line)
        layout.addSpacing(S8)
        self.explanations = ExplanationCards()
        layout.addWidget(self.explanations)
        self.unknown = Secondary(
            "Sizes and costs show here once pictures reach this layer: link it to another one."
        )
        layout.addWidget(self.unknown)
        layout.addStretch(1)

    def show_layer(self, name: str) -> None:
        """Show a layer of this type, or the same one as it is now."""
        layer = self._document.network[name]
        other = name != self._name
        if other:
            self._name = name
            self._visit = next(_visits)
        if self._spec.weighted:
            self.weights.show_layer(name)
        for row in self.rows.values():
            row.show_layer(layer, other=other)
        self.marks.show_layer(name)
        if other or not self.name_message.text():
            self._say_name("")
            if self.name_edit.text() != name:
                self.name_edit.setText(name)
                if not self.name_edit.hasFocus():
                    # Of a name that is too long the beginning counts.
                    self.name_edit.setCursorPosition(0)
        if other and any(layer[row.field.name] != row.field.default for row in self._advanced):
            self.more.setChecked(True)
        self._problems.show_problems(self._document.analysis.problems_of(name))
        analysis = self._document.analysis
        explanations = explain(self._document.network, analysis, name)
        self.explanations.show_explanations(explanations)
        self.explanations.setVisible(bool(explanations))
        self.unknown.setVisible(not explanations and not self._problems.cards)

    def focus_name(self) -> None:
        self.name_edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self.name_edit.selectAll()

    def _header(self) -> QVBoxLayout:
        title = Title(self._spec.type)
        line = QHBoxLayout()
        line.setSpacing(S8)
        line.addWidget(Swatch(self._spec.category))
        line.addWidget(title)
        line.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(S4)
        column.addLayout(line)
        column.addWidget(Secondary(self._spec.summary))
        return column

    def _name_row(self) -> QHBoxLayout:
        self.name_edit = QLineEdit()
        name_widget(self.name_edit, "layerName", "Name of the layer")
        self.name_edit.setToolTip("Letters, digits, _ - and dots; unique in the network.")
        self.name_edit.textEdited.connect(self._rename)
        self.name_edit.installEventFilter(self)
        self.name_message = QLabel()
        self.name_message.setObjectName("error_name")
        self.name_message.setWordWrap(True)
        self.name_message.setProperty("role", "error")
        self.name_message.hide()
        label = QLabel("name")
        label.setProperty("role", "secondary")
        label.setFixedSize(LABEL_WIDTH, HIT)
        line = QHBoxLayout()
        line.setSpacing(S4)
        line.addWidget(label)
        line.addWidget(self.name_edit, 1)
        line.addSpacing(RESET_WIDTH + S4)
        return line

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.name_edit and event.type() is QEvent.Type.FocusIn:
            self._visit = next(_visits)
        return super().eventFilter(watched, event)

    def _visited(self, field: str) -> None:
        self._visit = next(_visits)
        self.setting_visited.emit(field)

    def _set(self, field: str, value: Any) -> None:
        network = self._document.network
        if self._name not in network:
            return
        try:
            changed = edits.set_setting(network, self._name, field, value)
        except StudioError as error:
            self._document.failed.emit(error.message)
            return
        self._document.apply(
            f"Change {field} of {self._name}",
            changed,
            merge_key=("setting", self._name, field, self._visit),
        )

    def _rename(self, new: str) -> None:
        new = new.strip()
        try:
            edits.rename(self._document.network, self._name, new)
        except StudioError as error:
            self._say_name(error.message)
            return
        self._say_name("")
        # Before the canvas tells of it: the form goes on with the same layer.
        old, self._name = self._name, new
        self._document.rename_layer(old, new, merge_key=("rename", self._visit))

    def _say_name(self, message: str) -> None:
        self.name_message.setText(message)
        self.name_message.setVisible(bool(message))
        set_property(self.name_edit, "state", "error" if message else "")

    def _fold(self, open_: bool) -> None:
        for row in self._advanced:
            row.setVisible(open_)
        self.more.setText("Fewer settings" if open_ else "More settings")
        icons.set_icon(self.more, "controls/chevron-down" if open_ else "controls/chevron-right")

    def _solve(self, problem: Any, remedy: Any) -> None:
        self._document.solve(remedy)
