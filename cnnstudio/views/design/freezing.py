"""The freeze tool: while it is on, a click on a layer freezes all that leads to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from cnnstudio.analysis import Analysis
from cnnstudio.app.document import Document
from cnnstudio.graph import freezing
from cnnstudio.graph.blocks import block_of
from cnnstudio.graph.network import Network
from cnnstudio.training.phases import trained
from cnnstudio.views import icons, theme
from cnnstudio.views.design.block_items import BlockItem
from cnnstudio.views.design.wording import count_text, counted
from cnnstudio.views.theme import S4, S8, S12, S16
from cnnstudio.views.widgets import Button, ElidedLabel, Secondary, name_widget

if TYPE_CHECKING:
    from cnnstudio.views.design.canvas import NetworkCanvas

_HINT = "Click a layer to freeze it and all that leads to it."


class FreezeTool(QToolButton):
    """In the corner of the canvas: turns the tool on and off."""

    def __init__(self, canvas: NetworkCanvas) -> None:
        super().__init__(canvas)
        name_widget(self, "freezeTool", "Freeze tool")
        self.setToolTip("Freeze layers by clicking them (Ctrl+Alt+T)")
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setFixedSize(theme.HIT + 4, theme.HIT + 4)
        icons.set_icon(self, "snowflake")
        self.setProperty("role", "overlay")
        self.move(S8, S8)
        self.toggled.connect(canvas.set_freezing)
        canvas.freezing_changed.connect(self.setChecked)
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self.raise_()
        return super().eventFilter(watched, event)


class FreezeBar(QWidget):
    """Below the canvas while the tool is on: what is frozen, and the ways out."""

    unfreeze_wanted = Signal()
    done = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "freezeBar", "Frozen layers")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.hint = ElidedLabel(_HINT, mode=Qt.TextElideMode.ElideRight)
        self.hint.setProperty("role", "secondary")
        self.figures = Secondary()
        self.figures.setObjectName("frozenFigures")
        self.figures.setWordWrap(False)
        self.thaw = Button("Unfreeze all", "unfreezeAllButton", self.unfreeze_wanted.emit)
        done = Button("Done", "freezeDone", self.done.emit)
        for button in (self.thaw, done):
            button.setProperty("role", "quiet")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(S16, S4, S8, S4)
        layout.setSpacing(S12)
        layout.addWidget(self.hint, 1)
        layout.addWidget(self.figures)
        layout.addWidget(self.thaw)
        layout.addWidget(done)
        self.hide()

    def show_network(self, network: Network, analysis: Analysis) -> None:
        """Say what of a network is frozen."""
        now = trained(network, analysis)
        self.figures.setText(frozen_words(network, analysis))
        self.thaw.setEnabled(not now.all)


def freeze_to(document: Document, names: Sequence[str]) -> None:
    """Freeze layers and all that lead to them; train all others."""
    document.edit(f"Freeze to {_called(document, names)}", freezing.freeze_to, names)


def unfreeze_from(document: Document, names: Sequence[str]) -> None:
    """Train layers and all that depend on them."""
    document.edit(f"Unfreeze from {_called(document, names)}", freezing.unfreeze_from, names)


def unfreeze_all(document: Document) -> None:
    """Train all layers."""
    document.edit("Unfreeze all layers", freezing.unfreeze_all)


def fine_tune_from(document: Document, name: str) -> None:
    """Have a second phase of the training that begins with a layer."""
    training = document.training
    tune = training.fine_tune.model_copy(update={"enabled": True, "unfreeze_from": name})
    changed = training.model_copy(update={"fine_tune": tune})
    document.set_training(changed, f"Fine-tune from {name}")


def freeze_at(canvas: NetworkCanvas, point: QPointF) -> bool:
    """Freeze to the card or the frame at a point of the scene; False where there is none."""
    scene, document = canvas.network_scene, canvas.editing.document
    item, frame = scene.layer_at(point), scene.frame_at(point)
    if item is not None:
        if isinstance(item, BlockItem) and item.button_at(point):
            return False
        freeze_to(document, item.layers)
    elif frame is not None and not frame.button_at(point):
        freeze_to(document, frame.block.layers)
    else:
        return False
    return True


def _called(document: Document, names: Sequence[str]) -> str:
    if len(names) == 1:
        return names[0]
    block = block_of(document.network, names)
    return block.name if block else counted(len(names), "layer")


def frozen_words(network: Network, analysis: Analysis) -> str:
    """`12 of 30 layers frozen`, and how many parameters are trained."""
    now = trained(network, analysis)
    if not now.layers_in_all:
        return "No layer has weights to freeze"
    if now.all:
        return "No layer is frozen"
    return (
        f"{now.layers_in_all - now.layers:,} of {counted(now.layers_in_all, 'layer')} frozen · "
        f"{count_text(now.parameters)} of {count_text(now.parameters_in_all)} parameters trained"
    )
