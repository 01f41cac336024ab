"""The inspector when not exactly one layer is selected: the whole network, or several layers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from cnnstudio.app.document import Document
from cnnstudio.app.networks import memory_of
from cnnstudio.training.phases import Trained, trained
from cnnstudio.views.design.cards import ExplanationCards
from cnnstudio.views.design.editing import Editing
from cnnstudio.views.design.wording import (
    bytes_text,
    count_text,
    counted,
    memory_tip,
    shape_text,
    short_count,
)
from cnnstudio.views.preset_menu import fill_preset_menu
from cnnstudio.views.theme import S4, S8, S16
from cnnstudio.views.widgets import Button, FlowLayout, Heading, Secondary, Title, name_widget

_HINTS = (
    ("Type", "to add a layer after the selected one"),
    ("Drag", "from port to port to link; a layer onto a link to insert it"),
    ("Double-click", "a layer to rename it"),
    ("Del", "removes and closes the gap"),
    ("Ctrl+G", "makes a block of the selected layers"),
    ("Ctrl+L", "arranges all layers"),
    ("Ctrl+F", "finds a layer or a block"),
    ("Ctrl+Shift+F", "freezes the layer and all that lead to it"),
    ("F", "fits the network in the view"),
    ("Space", "and drag to pan; Ctrl and wheel to zoom"),
)


class Overview(QWidget):
    """Totals, starting points, and what the mouse and keys do."""

    def __init__(self, document: Document, editing: Editing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._figures = {
            name: QLabel()
            for name in (
                "Layers", "Input", "Output", "Parameters", "Trainable", "Frozen", "Multiply-adds",
                "Outputs of a picture", "To classify", "To train",
            )
        }  # fmt: skip
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(S8)
        for name, label in self._figures.items():
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label.setAccessibleName(name)
            form.addRow(_plain(name), label)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(S16, S16, S16, S16)
        layout.setSpacing(S8)
        layout.addWidget(Title("Network"))
        layout.addWidget(Secondary("Select a layer to see and change its settings."))
        layout.addSpacing(S4)
        layout.addLayout(form)
        layout.addSpacing(S16)
        self._memory = ExplanationCards()
        name_widget(self._memory, "memoryCards", "How the memory comes about")
        layout.addWidget(self._memory)
        layout.addSpacing(S16)
        layout.addWidget(Heading("Starting points"))
        layout.addWidget(Secondary("Take the place of what is on the canvas; Undo brings it back."))
        start = QHBoxLayout()
        start.addWidget(preset_button("Start from", editing, "startFrom"))
        start.addStretch(1)
        layout.addLayout(start)
        layout.addSpacing(S16)
        layout.addWidget(Heading("On the canvas"))
        for keys, what in _HINTS:
            line = QHBoxLayout()
            line.setSpacing(S8)
            key = QLabel(keys)
            key.setFixedWidth(84)
            line.addWidget(key, 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(Secondary(what), 1)
            layout.addLayout(line)
        layout.addStretch(1)
        document.training_changed.connect(self._training_changed)

    def _training_changed(self) -> None:
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Show the figures of the network as it is now."""
        network, analysis = self._document.network, self._document.analysis
        ends = [name for name in network.order if not network.outputs_of(name)]
        inputs = [shape_text(analysis.layers[name].output_shape) for name in network.sources]
        outputs = [shape_text(analysis.layers[name].output_shape) for name in ends]
        needed = memory_of(analysis, self._document.training)
        figures = {
            "Layers": f"{len(network):,}",
            "Input": _one_or_count(inputs, "Input"),
            "Output": _one_or_count(outputs, "output"),
            "Parameters": f"{analysis.parameters:,}",
            "Trainable": f"{analysis.trainable_parameters:,}",
            "Frozen": _frozen(trained(network, analysis)),
            "Multiply-adds": short_count(analysis.multiply_adds),
            "Outputs of a picture": bytes_text(analysis.activation_bytes),
            "To classify": bytes_text(needed.inference),
            "To train": f"{bytes_text(needed.training)} at batch {needed.batch_size}",
        }
        for name, text in figures.items():
            self._figures[name].setText(text)
        for name in ("To classify", "To train"):
            self._figures[name].setToolTip(memory_tip(needed))
        self._memory.setVisible(bool(network.layers))
        self._memory.show_explanations(needed.explained())


class SeveralLayers(QWidget):
    """How many are selected, of which types, and what can be done with them."""

    def __init__(self, editing: Editing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editing = editing
        self.title = Title()
        self.types = Secondary()
        self.sum = QLabel()
        self.sum.setWordWrap(True)
        flow = FlowLayout(spacing=S8)
        for text, name, slot in (
            ("Make a block…", "severalBlock", editing.block_wanted.emit),
            ("Duplicate", "severalDuplicate", editing.duplicate),
            ("Copy", "severalCopy", editing.copy),
            ("Delete", "severalDelete", editing.delete),
        ):
            flow.addWidget(Button(text, name, slot))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(S16, S16, S16, S16)
        layout.setSpacing(S8)
        layout.addWidget(self.title)
        layout.addWidget(self.types)
        layout.addWidget(self.sum)
        layout.addSpacing(S8)
        layout.addLayout(flow)
        layout.addStretch(1)

    def show_layers(self, names: Sequence[str]) -> None:
        """Count the layers and add up what they cost."""
        document = self._editing.document
        types: dict[str, int] = {}
        for name in names:
            type_ = document.network[name].type
            types[type_] = types.get(type_, 0) + 1
        infos = [document.analysis.layers[name] for name in names]
        self.title.setText(f"{counted(len(names), 'layer')} selected")
        self.types.setText(
            ", ".join(
                f"{count} × {type_}" if count > 1 else type_ for type_, count in types.items()
            )
        )
        self.sum.setText(
            f"{count_text(sum(info.parameters for info in infos))} parameters\n"
            f"{short_count(sum(info.multiply_adds for info in infos))} multiply-adds\n"
            f"{bytes_text(sum(info.activation_bytes for info in infos))} a picture"
        )


def _frozen(now: Trained) -> str:
    if now.all:
        return "none"
    return f"{now.layers_in_all - now.layers:,} of {counted(now.layers_in_all, 'layer')}"


def _one_or_count(shapes: Sequence[str], noun: str) -> str:
    if not shapes:
        return "none"
    return shapes[0] if len(shapes) == 1 else counted(len(shapes), noun)


def preset_button(text: str, editing: Editing, prefix: str) -> Button:
    """A button with a menu of all presets, each of which replaces the network."""
    button = Button(text, prefix)
    button.setToolTip("Networks that every lecture names, ready to train")
    menu = QMenu(button)
    fill_preset_menu(menu, prefix, editing.start_from)
    button.setMenu(menu)
    return button


def _plain(text: str) -> QLabel:
    label = Secondary(text)
    label.setWordWrap(False)
    return label
