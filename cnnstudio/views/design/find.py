"""The search for layers that are there: type part of a name or type, and the canvas leads there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QListWidgetItem

from cnnstudio.graph.folding import BLOCK_TYPE
from cnnstudio.graph.network import Network
from cnnstudio.views.design.floating import FloatingSearch
from cnnstudio.views.design.palette_model import ASIDE_ROLE
from cnnstudio.views.design.zoom import ZoomView
from cnnstudio.views.widgets import name_widget

_LAYERS_ROLE = Qt.ItemDataRole.UserRole + 20
# More would take long to list and nobody to read.
_MOST = 300


class FindLayer(FloatingSearch):
    """Leads to each layer or block as it is marked in the list."""

    # Names and types beside each other.
    wide = 380

    def __init__(self, canvas: ZoomView, network: Callable[[], Network]) -> None:
        super().__init__(canvas, "findLayer", "Find a layer")
        self._view, self._network = canvas, network
        self.field.setPlaceholderText("Find a layer or block …")
        name_widget(self.field, "findLayerSearch", "Find a layer: type part of its name or type")
        name_widget(self.hits, "findLayerHits", "Layers that were found")
        self.hits.currentItemChanged.connect(self._lead)

    def ask(self) -> None:
        """Open in the upper right corner."""
        self.open_at(QPoint(self._view.width(), 0), "")

    def fill(self, query: str) -> None:
        network = self._network()
        for number, (name, type_, layers) in enumerate(found(network, query)):
            if number == _MOST:
                break
            family = BLOCK_TYPE if type_ == BLOCK_TYPE else network[name].spec.category
            item = self.add(name, family)
            item.setData(ASIDE_ROLE, type_)
            item.setData(_LAYERS_ROLE, layers)
            item.setToolTip(f"{name}: {type_}")

    def answer(self) -> None:
        item = self.chosen()
        if item is not None:
            self._lead(item)
            self.dismiss()

    def _lead(self, item: QListWidgetItem | None, _before: object = None) -> None:
        # Nothing moves before something is looked for.
        if item is not None and self.field.text().strip():
            self._view.show_layers(tuple(item.data(_LAYERS_ROLE)))


def found(network: Network, query: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Names, types and layers of what fits a query, best first: layers, and blocks as a whole.

    Best are names that begin with it, then names with it inside, then types.
    """
    wanted = query.strip().lower()
    entries = [(block.name, BLOCK_TYPE, block.layers) for block in network.blocks.values()]
    entries += [(name, network[name].type, (name,)) for name in (*network.order, *network.layers)]
    ranked: list[list[tuple[str, str, tuple[str, ...]]]] = [[], [], []]
    for entry in dict.fromkeys(entries):
        name, type_, _ = entry
        if name.lower().startswith(wanted):
            ranked[0].append(entry)
        elif wanted in name.lower():
            ranked[1].append(entry)
        elif wanted in type_.lower():
            ranked[2].append(entry)
    for some in ranked:
        yield from some
