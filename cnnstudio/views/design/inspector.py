"""The inspector: the settings of the selected layer and what its numbers mean.

Nothing selected: the network as a whole. Several layers selected: what can be done with them, or
the block that they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.document import Document
from cnnstudio.graph.blocks import block_of
from cnnstudio.views.design.block_panel import BlockPanel
from cnnstudio.views.design.editing import Editing
from cnnstudio.views.design.layer_form import LayerForm
from cnnstudio.views.design.overview import Overview, SeveralLayers
from cnnstudio.views.design.wording import value_text
from cnnstudio.views.theme import S8, S16
from cnnstudio.views.widgets import Line, Secondary, name_widget


class Inspector(QWidget):
    """Shows what is selected; every change goes to the document at once."""

    # What had the focus is not shown any more: keys belong to the canvas again.
    left = Signal()

    def __init__(self, document: Document, editing: Editing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "layerInspector", "Inspector")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._document = document
        self._editing = editing
        self._names: tuple[str, ...] = ()
        self._forms: dict[str, LayerForm] = {}
        self._areas: dict[LayerForm, QScrollArea] = {}
        self._stale = True
        self.overview = Overview(document, editing)
        self.several = SeveralLayers(editing)
        self.block = BlockPanel(document, editing)
        self._stack = QStackedWidget()
        self._overview_area = _scrolling(self.overview)
        self._several_area = _scrolling(self.several)
        self._stack.addWidget(self._overview_area)
        self._stack.addWidget(self._several_area)
        self._block_area = _scrolling(self.block)
        self._stack.addWidget(self._block_area)
        # One fixed place, so that nothing jumps away under the mouse.
        self.help = Secondary()
        self.help.setObjectName("settingHelp")
        self.help.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.help.setContentsMargins(S16, S8, S16, S8)
        self.help.setFixedHeight(4 * 16 + 4)
        self._help_line = Line()
        self._forget_help()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self._help_line)
        layout.addWidget(self.help)
        self._refresh()

    def show_selection(self, names: Sequence[str]) -> None:
        """Follow the canvas: names of the selected layers."""
        self._names = tuple(names)
        self.refresh()

    def refresh(self) -> None:
        """The network, its figures or the selection changed."""
        if self.isVisible():
            self._refresh()
        else:
            self._stale = True

    def focus_name(self) -> None:
        """Begin to rename the layer or block that is shown."""
        form = self._form()
        if self._stack.currentWidget() is self._block_area:
            self.block.focus_name()
        elif form is not None:
            form.focus_name()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._refresh()

    def _form(self) -> LayerForm | None:
        if len(self._names) != 1 or self._names[0] not in self._document.network:
            return None
        type_ = self._document.network[self._names[0]].type
        form = self._forms.get(type_)
        if form is None:
            form = LayerForm(self._document.network[self._names[0]].spec, self._document)
            form.setting_visited.connect(self._show_help)
            form.setting_left.connect(self._forget_help)
            self._forms[type_] = form
            self._areas[form] = _scrolling(form)
            self._stack.addWidget(self._areas[form])
        return form

    def _refresh(self) -> None:
        self._stale = False
        form = self._form()
        if form is None:
            self._forget_help()
        if form is not None:
            form.show_layer(self._names[0])
            area = self._areas[form]
            if self._stack.currentWidget() is not area:
                self._forget_help()
                self._turn_to(area)
        elif (block := block_of(self._document.network, self._names)) is not None:
            self.block.show_block(block)
            self._turn_to(self._block_area)
        elif len(self._names) > 1:
            self.several.show_layers(self._names)
            self._turn_to(self._several_area)
        else:
            self.overview.refresh()
            self._turn_to(self._overview_area)

    def _turn_to(self, area: QScrollArea) -> None:
        before, focus = self._stack.currentWidget(), QApplication.focusWidget()
        if before is not area:
            held = bool(focus and before and before.isAncestorOf(focus))
            self._stack.setCurrentWidget(area)
            if held:
                self.left.emit()

    def _show_help(self, name: str) -> None:
        if len(self._names) == 1 and self._names[0] in self._document.network:
            field = self._document.network[self._names[0]].spec.field(name)
            default = value_text(field, field.default)
            self.help.setText(f"{name}: {field.help} Default: {default}.")
            self.help.setVisible(True)
            self._help_line.setVisible(True)

    def _forget_help(self) -> None:
        self.help.hide()
        self._help_line.hide()


def _scrolling(inside: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inside)
    return area
