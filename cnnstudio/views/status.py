"""The line at the bottom: what the network costs, and the zoom of the canvas."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from cnnstudio.analysis.totals import NUMBER_BYTES
from cnnstudio.app.networks import memory_of
from cnnstudio.views.context import Context
from cnnstudio.views.design.wording import (
    bytes_text,
    count_text,
    counted,
    memory_tip,
    short_count,
)
from cnnstudio.views.theme import S4
from cnnstudio.views.widgets import Secondary, name_widget


class StatusBar(QStatusBar):
    """Follows the document; pages set the zoom through `Context.zoom_changed`."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.setContentsMargins(S4, 0, S4, 0)
        self._document = context.document
        self._layers = self._part("statusLayers", "Layers")
        self._parameters = self._part("statusParameters", "Parameters and their size")
        self._cost = self._part("statusMultiplyAdds", "Multiply-adds for a picture")
        self._memory = self._part("statusMemory", "Memory to classify a picture and to train")
        self._problems = self._part("statusProblems", "Problems")
        self._zoom = Secondary()
        self._zoom.setWordWrap(False)
        name_widget(self._zoom, "statusZoom", "Zoom of the canvas")
        self.addPermanentWidget(self._zoom)
        self._document.changed.connect(self._refresh)
        self._document.training_changed.connect(self._refresh)
        context.zoom_changed.connect(self._zoom.setText)
        self._refresh()

    def show_zoom(self, visible: bool) -> None:
        """The zoom counts only where the canvas is."""
        self._zoom.setVisible(visible)

    def _part(self, object_name: str, accessible: str) -> QLabel:
        label = Secondary()
        label.setWordWrap(False)
        name_widget(label, object_name, accessible, accessible)
        self.addWidget(label)
        return label

    def _refresh(self) -> None:
        analysis, settings = self._document.analysis, self._document.training
        self._layers.setText(counted(len(analysis.layers), "layer"))
        self._parameters.setText(
            f"{count_text(analysis.parameters)} parameters · "
            f"{bytes_text(analysis.parameters * NUMBER_BYTES)}"
        )
        self._cost.setText(f"{short_count(analysis.multiply_adds)} multiply-adds")
        needed = memory_of(analysis, settings)
        self._memory.setText(
            f"{bytes_text(needed.inference)} to classify · "
            f"{bytes_text(needed.training)} to train at batch {settings.batch_size}"
        )
        self._memory.setToolTip(memory_tip(needed))
        errors = len(analysis.errors)
        self._problems.setText(
            "" if not errors else f"{errors} problem" + ("" if errors == 1 else "s")
        )
