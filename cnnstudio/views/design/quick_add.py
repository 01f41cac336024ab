"""The search that opens on the canvas: type, Enter, and the layer is there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from cnnstudio.app.own_blocks import OwnBlocks
from cnnstudio.graph.folding import BLOCK_TYPE
from cnnstudio.graph.spec import Arity
from cnnstudio.graph.templates import Template
from cnnstudio.views.design.floating import FloatingSearch
from cnnstudio.views.design.palette_model import FAMILY_ROLE, matches
from cnnstudio.views.widgets import name_widget


class QuickAdd(FloatingSearch):
    """Offers layer types and blocks of one's own; `ask` opens it."""

    def __init__(self, canvas: QWidget, own: OwnBlocks) -> None:
        super().__init__(canvas, "quickAdd", "Add a layer")
        self._own = own
        self._layer: Callable[[str], object] | None = None
        self._block: Callable[[Template], object] | None = None
        self._accepts_input = False
        self.field.setPlaceholderText("Add a layer …")
        name_widget(self.field, "quickAddSearch", "Add a layer: type its name")
        name_widget(self.hits, "quickAddHits", "Layers that fit")

    def ask(
        self,
        at: QPoint,
        layer: Callable[[str], object],
        text: str = "",
        block: Callable[[Template], object] | None = None,
        *,
        accepts_input: bool = False,
    ) -> None:
        """Open at a point of the canvas; `layer` gets the type chosen, `block` the own block.

        With `accepts_input` only layers that something can be linked to are offered.
        """
        self._layer, self._block = layer, block
        self._accepts_input = accepts_input
        self.open_at(at, text)

    def fill(self, query: str) -> None:
        wanted = query.strip().lower()
        for name in self._own.names if self._block and wanted else ():
            if wanted in name.lower():
                self.add(name, BLOCK_TYPE)
        for spec in matches(query):
            if not (self._accepts_input and spec.arity is Arity.NONE):
                self.add(spec.type, spec.category).setToolTip(spec.summary)

    def answer(self) -> None:
        item, layer, block = self.chosen(), self._layer, self._block
        if item is None or layer is None:
            return
        name, family = item.text(), item.data(FAMILY_ROLE)
        self.dismiss()
        if family != BLOCK_TYPE:
            layer(name)
        elif block is not None and name in self._own:
            block(self._own[name])
