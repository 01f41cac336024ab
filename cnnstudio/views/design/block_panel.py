"""The inspector for a selected block: name, figures, layers, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.document import Document
from cnnstudio.errors import StudioError
from cnnstudio.graph import blocks
from cnnstudio.graph.network import Block
from cnnstudio.graph.templates import MOST
from cnnstudio.views.design.block_items import figures_of
from cnnstudio.views.design.cards import ProblemCards
from cnnstudio.views.design.editing import Editing
from cnnstudio.views.design.palette import SwatchDelegate
from cnnstudio.views.design.palette_model import FAMILY_ROLE
from cnnstudio.views.design.wording import bytes_text, count_text, counted, shape_text, short_count
from cnnstudio.views.theme import S4, S8, S16
from cnnstudio.views.widgets import Button, FlowLayout, Heading, Secondary, name_widget

_ROW, _ROWS = 30, 12
_FIGURES = ("Output", "Parameters", "Trainable", "Multiply-adds", "Memory a picture")
_visits = count()


class BlockPanel(QWidget):
    """Shows one block and edits it."""

    # The block shall be kept in the palette: its name.
    kept = Signal(str)

    def __init__(self, document: Document, editing: Editing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._editing = editing
        self._block: Block | None = None
        self._visit = next(_visits)
        self.kind = Secondary()
        self.name_edit = QLineEdit()
        self.name_edit.setMaxLength(blocks.LONGEST_NAME)
        name_widget(self.name_edit, "blockName", "Name of the block")
        self.name_edit.textEdited.connect(self._rename)
        self.name_edit.installEventFilter(self)
        self.message = QLabel()
        self.message.setObjectName("error_blockName")
        self.message.setWordWrap(True)
        self.message.setProperty("role", "error")
        self.message.hide()
        self.figures = {name: QLabel() for name in _FIGURES}
        self.layers = QListWidget()
        name_widget(self.layers, "blockLayers", "Layers of the block")
        self.layers.setItemDelegate(SwatchDelegate(self.layers, indent=0))
        self.layers.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.layers.itemActivated.connect(self._open)
        self._problems = ProblemCards(lambda _problem, remedy: self._document.solve(remedy))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(S16, S16, S16, S16)
        layout.setSpacing(S8)
        layout.addWidget(Heading("Block"))
        layout.addWidget(self.name_edit)
        layout.addWidget(self.message)
        layout.addWidget(self.kind)
        layout.addLayout(self._form())
        layout.addSpacing(S4)
        layout.addLayout(self._buttons())
        layout.addLayout(self._repeat_line())
        layout.addLayout(self._problems)
        layout.addSpacing(S8)
        layout.addWidget(Heading("Layers"))
        layout.addWidget(self.layers)
        layout.addStretch(1)

    def show_block(self, block: Block) -> None:
        """Show a block as it is now."""
        other = self._block is None or block.name != self._block.name
        if other:
            self._visit = next(_visits)
        if other or not self.message.text():
            self._say("")
            if self.name_edit.text().strip() != block.name:
                self.name_edit.setText(block.name)
                if not self.name_edit.hasFocus():
                    self.name_edit.setCursorPosition(0)
        network, analysis = self._document.network, self._document.analysis
        if self._block is None or self._block.layers != block.layers or self.layers.count() == 0:
            self.layers.clear()
            for name in block.layers:
                item = QListWidgetItem(name, self.layers)
                item.setData(FAMILY_ROLE, network[name].spec.category)
                item.setToolTip(network[name].type)
            self.layers.setFixedHeight(min(_ROWS, len(block.layers)) * _ROW + 4)
        self._block = block
        self.kind.setText(counted(len(block.layers), "layer"))
        self.fold.setText("Unfold" if block.folded else "Fold")
        self.fold.setAccessibleName(self.fold.text())
        figures = figures_of(network, analysis, block.layers)
        for name, text in zip(
            _FIGURES,
            (
                shape_text(figures.output_shape),
                count_text(figures.parameters),
                count_text(figures.trainable_parameters),
                short_count(figures.multiply_adds),
                bytes_text(figures.activation_bytes),
            ),
            strict=True,
        ):
            self.figures[name].setText(text)
        self._show_problems(block)

    def focus_name(self) -> None:
        self.name_edit.setFocus(Qt.FocusReason.OtherFocusReason)
        self.name_edit.selectAll()

    def focus_times(self) -> None:
        """Begin to say how often the block shall stand in a row."""
        self.times.setFocus(Qt.FocusReason.OtherFocusReason)
        self.times.selectAll()

    def _form(self) -> QFormLayout:
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(S8)
        for name, label in self.figures.items():
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setAccessibleName(name)
            title = Secondary(name)
            title.setWordWrap(False)
            form.addRow(title, label)
        return form

    def _buttons(self) -> FlowLayout:
        self.fold = Button("Fold", "blockFold", self._fold)
        keep = Button("Keep in palette", "blockKeep", self._with_name(self.kept.emit))
        keep.setToolTip("Keep a copy among your own blocks, for this project and all others")
        dissolve = Button("Dissolve", "blockDissolve", self._editing.dissolve)
        dissolve.setToolTip("Forget the block; its layers stay")
        flow = FlowLayout(spacing=S8)
        for button in (self.fold, keep, dissolve):
            flow.addWidget(button)
        return flow

    def _repeat_line(self) -> QHBoxLayout:
        self.times = QSpinBox()
        self.times.setRange(2, MOST)
        self.times.setValue(3)
        self.times.setSuffix(" in a row")
        name_widget(self.times, "blockTimes", "How often the block stands in a row")
        self.times.lineEdit().setTextMargins(6, 0, 0, 0)
        self.times.lineEdit().returnPressed.connect(self._repeat)
        self.repeat = Button("Repeat", "blockRepeat", self._repeat)
        self.repeat.setToolTip("Chain copies behind the block")
        line = QHBoxLayout()
        line.setSpacing(S8)
        line.addWidget(self.times, 1)
        line.addWidget(self.repeat)
        return line

    def _with_name(self, slot: Callable[[str], object]) -> Callable[[], object]:
        def act() -> None:
            if self._block is not None:
                slot(self._block.name)

        return act

    def _fold(self) -> None:
        if self._block is not None:
            self._editing.fold(self._block.name, folded=not self._block.folded)

    def _repeat(self) -> None:
        if self._block is not None:
            self._editing.repeat(self._block.name, self.times.value())

    def _open(self, item: QListWidgetItem) -> None:
        """Show a layer on the canvas; a folded block opens for it."""
        if self._block is not None:
            if self._block.folded:
                self._editing.fold(self._block.name, folded=False)
            self._document.selection_requested.emit([item.text()])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.name_edit and event.type() is QEvent.Type.FocusIn:
            self._visit = next(_visits)
        return super().eventFilter(watched, event)

    def _rename(self, new: str) -> None:
        if self._block is None:
            return
        old = self._block.name
        try:
            network = blocks.rename_block(self._document.network, old, new)
        except StudioError as error:
            self._say(error.message)
            return
        self._say("")
        # Before the canvas tells of it: the panel goes on with the same block.
        self._block = network.blocks.get(new.strip(), self._block)
        self._document.apply(
            f"Rename to {new.strip()}", network, merge_key=("rename block", self._visit)
        )

    def _say(self, message: str) -> None:
        self.message.setText(message)
        self.message.setVisible(bool(message))

    def _show_problems(self, block: Block) -> None:
        inside = set(block.layers)
        found = [each for each in self._document.analysis.problems if each.layer in inside]
        self._problems.show_problems(found)
