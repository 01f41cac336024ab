"""The scene: one item for each layer and link of the network, kept up to date by identity."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import shiboken6
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene

from cnnstudio.graph.blocks import block_of
from cnnstudio.graph.folding import Shown, frames, shown
from cnnstudio.graph.network import Block, Layer, Link, Network
from cnnstudio.views.design import metrics as size
from cnnstudio.views.design.block_items import (
    BlockFigures,
    BlockItem,
    FrameItem,
    figures_of,
    frame_area,
)
from cnnstudio.views.design.curves import distance
from cnnstudio.views.design.far import FarView, paint_dots
from cnnstudio.views.design.items import LayerItem, Port
from cnnstudio.views.design.link_item import LinkItem
from cnnstudio.views.design.routing import Router
from cnnstudio.views.design.shading import Scale, scale_of

if TYPE_CHECKING:
    from cnnstudio.analysis import Analysis, LayerInfo, Problem

_MARGIN = 600.0
# Problems that are given all the room there is, and how near another card is in the way.
_CHIPS, _ROOM = 20, 60.0


class NetworkScene(QGraphicsScene):
    """Shows a network with its analysis."""

    # Once for each change, however many items it concerns.
    selection_changed = Signal()
    # Cards, links or frames look otherwise or stand elsewhere.
    looks_changed = Signal()

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.network = Network()
        # What is seen of it: a folded block is one card.
        self.view = shown(self.network)
        # By layer, or by the key of a folded block's card.
        self.layer_items: dict[str, LayerItem] = {}
        self.link_items: dict[Link, LinkItem] = {}
        self.frame_items: dict[str, FrameItem] = {}
        self._frames: tuple[tuple[Block, tuple[str, ...]], ...] = ()
        self.view_margin = _MARGIN
        self._router = Router()
        self.scale = Scale()
        self._analysis: Analysis | None = None
        # All of it in a few strokes.
        self.far_view = FarView(
            self.layer_items.values, self.link_items.values, self._frames_from_outside
        )
        self._far = False
        self.selectionChanged.connect(self._selected)
        self.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.BspTreeIndex)

    # -- what is shown ---------------------------------------------------------------------------

    def show_network(self, network: Network, analysis: Analysis) -> None:
        """Show a network and what is known about it; only what changed is touched."""
        view = shown(network)
        cards = view.network
        problems = _by_card(analysis, view)
        chosen = set(self.selected_layers())
        with self.one_selection_change():
            self._follow_rename(cards)
            for name in [name for name in self.layer_items if name not in cards]:
                self.removeItem(self.layer_items.pop(name))
            for name, layer in cards.layers.items():
                item = self.layer_items.get(name)
                if item is None or item.layer.type != layer.type:
                    item = self._new_item(layer, view.folded.get(name), item)
                    # What a fold or its undo puts in the place of selected cards.
                    item.setSelected(chosen.issuperset(item.layers))
                info: LayerInfo | BlockFigures | None = analysis.layers.get(name)
                if isinstance(item, BlockItem):
                    item.show_block(view.folded[name])
                    info = figures_of(network, analysis, item.block.layers)
                    info = item.info if info == item.info else info
                found = problems.get(name, ())
                if layer is not item.layer or info is not item.info or item.problems != found:
                    item.show_layer(layer, info, found)
                item.place(layer.position)
            self.network, self.view = network, view
            self._show_links(cards)
            self._show_frames()
        self._fit_chips(problems)
        self._analysis = analysis
        if self.scale.way:
            self.shade_by(self.scale.way)
        self._changed_far()
        self.fit_scene_rect()

    def _new_item(self, layer: Layer, block: Block | None, old: LayerItem | None) -> LayerItem:
        """Put a new card on the scene, in the place of an old one."""
        if old is not None:
            self.removeItem(old)
        item = BlockItem(layer, block) if block else LayerItem(layer)
        self._set_contents(item)
        self.addItem(item)
        self.layer_items[layer.name] = item
        return item

    def shade_by(self, way: str) -> None:
        """Shade the cards by one of `shading.WAYS`; not at all if it is none of them."""
        if self._analysis is None:
            return
        self.scale = scale_of(self._analysis, self.view, way)
        for name, item in self.layer_items.items():
            item.set_shade((way, self.scale.levels[name]) if self.scale.way else None)
        self._changed_far()

    def place(self, network: Network) -> None:
        """Show layers and links at the places of `network`, a version of the one that is shown."""
        cards = shown(network).network
        for name, layer in cards.layers.items():
            self.layer_items[name].place(layer.position)
        self._show_links(cards)
        self._place_frames()
        self._changed_far()

    def lift(self, cards: Collection[str], step: QPointF) -> None:
        """Show cards and links among them a step from their places; nothing makes way for them."""
        held = set(cards)
        for card in cards:
            x, y = self.view.network[card].position
            item = self.layer_items[card]
            item.place((x + step.x(), y + step.y()))
            item.setZValue(0 if step.isNull() else 3)
        for link, line in self.link_items.items():
            if link.source in held and link.target in held:
                line.setPos(QPointF(*line.route[0]) + step)
        self._place_frames()
        self._changed_far()

    def _show_frames(self) -> None:
        had = bool(self._frames)
        self._frames = tuple(frames(self.network, self.view)) if self.network.blocks else ()
        if not (had or self._frames):
            return
        names = {block.name for block, _ in self._frames}
        for name in [name for name in self.frame_items if name not in names]:
            self.removeItem(self.frame_items.pop(name))
        for block, _ in self._frames:
            frame = self.frame_items.get(block.name)
            if frame is None:
                frame = self.frame_items[block.name] = FrameItem(block)
                self._set_contents(frame)
                self.addItem(frame)
            elif frame.block is not block:
                frame.show_block(block)
        framed = {card for _, cards in self._frames for card in cards}
        for card, item in self.layer_items.items():
            item.framed = card in framed
        for depth, (block, _) in enumerate(self._frames):
            # The largest come first; all stand below links and cards.
            self.frame_items[block.name].setZValue(-3 + depth / len(self._frames))
        self._place_frames()
        self._mark_frames()

    def _frames_from_outside(self) -> list[FrameItem]:
        return [self.frame_items[block.name] for block, _ in self._frames]

    def _place_frames(self) -> None:
        # The smallest first: a frame stands around those inside it.
        for number in range(len(self._frames) - 1, -1, -1):
            block, cards = self._frames[number]
            inside = set(cards)
            areas = [self.layer_items[card].whole for card in cards]
            areas += [
                self.frame_items[other.name].area
                for other, others in self._frames[number + 1 :]
                if others[0] in inside
            ]
            self.frame_items[block.name].set_area(frame_area(areas))

    def _mark_frames(self) -> None:
        if self._frames:
            found = block_of(self.network, self.selected_layers())
            for name, item in self.frame_items.items():
                item.set_chosen(found is not None and name == found.name)

    def _show_links(self, network: Network) -> None:
        changed = self._router.update(network)
        links = self._router.routes
        for link in [link for link in self.link_items if link not in links]:
            self.removeItem(self.link_items.pop(link))
        for link in changed:
            item = self.link_items.get(link)
            if item is None:
                item = LinkItem(link, links[link])
                self._set_contents(item)
                self.addItem(item)
                self.link_items[link] = item
            elif link in self._router.shifted:
                item.shift(links[link])
            else:
                item.set_route(links[link])

    def _follow_rename(self, network: Network) -> None:
        """Keep the item, and with it the selection, of a layer that got another name."""
        gone = [name for name in self.layer_items if name not in network]
        new = [name for name in network.layers if name not in self.layer_items]
        if len(gone) == len(new) == 1:
            item, layer = self.layer_items[gone[0]], network[new[0]]
            if item.layer.type == layer.type and item.layer.position == layer.position:
                self.layer_items[new[0]] = self.layer_items.pop(gone[0])

    def _fit_chips(self, problems: Mapping[str, tuple[Problem, ...]]) -> None:
        """Let problems be wide where nothing stands beside their layer."""
        cards = self.view.network
        places = [layer.position for layer in cards.layers.values()]
        for name in list(problems)[:_CHIPS]:
            x, y = cards[name].position
            beside = any(
                0 < other - x < size.FIGURES_LEFT + size.WIDE_CHIP and abs(level - y) < _ROOM
                for other, level in places
            )
            self.layer_items[name].set_chip_width(size.CHIP_WIDTH if beside else size.WIDE_CHIP)

    def fit_scene_rect(self) -> None:
        """Leave room around the network so that any part of it can be panned to the middle."""
        content = self.content_rect()
        margin = max(_MARGIN, self.view_margin)
        wanted = content.adjusted(-margin, -margin, margin, margin)
        if wanted != self.sceneRect():
            self.setSceneRect(wanted)

    def content_rect(self, names: Iterable[str] | None = None) -> QRectF:
        """The cards with their figures, of all layers or of the named ones."""
        cards = self.view.network
        chosen = cards.layers if names is None else [self.view.card_of(name) for name in names]
        places = [cards[name].position for name in chosen]
        if not places:
            return QRectF(0, 0, size.CARD_WIDTH, size.CARD_HEIGHT)
        left, top = min(x for x, _ in places), min(y for _, y in places)
        right, bottom = max(x for x, _ in places), max(y for _, y in places)
        content = QRectF(
            left, top, right - left + size.OBSTACLE_WIDTH, bottom - top + size.CARD_HEIGHT
        )
        if names is None:
            for frame in self.frame_items.values():
                content = content.united(frame.area)
        return content

    # -- selection -------------------------------------------------------------------------------

    @contextmanager
    def one_selection_change(self):
        """Changes inside are told once, and only if the selection is another afterwards."""
        before = (self.selected_layers(), self.selected_links())
        blocked = self.blockSignals(True)
        try:
            yield
        finally:
            self.blockSignals(blocked)
        if not blocked and before != (self.selected_layers(), self.selected_links()):
            self._mark_frames()
            self.selection_changed.emit()

    def _selected(self) -> None:
        # Qt says so once more while it takes the scene apart.
        if shiboken6.isValid(self):
            self._mark_frames()
            self.selection_changed.emit()

    def selected_layers(self) -> tuple[str, ...]:
        """Names of the selected layers, in drawing order; with a folded block all of its own."""
        chosen = [item for item in self.selectedItems() if isinstance(item, LayerItem)]
        names = {name for item in chosen for name in item.layers}
        if len(names) < 2:
            return tuple(names)
        return tuple(name for name in self.network.layers if name in names)

    def selected_block(self) -> Block | None:
        """The block whose layers are selected, and nothing else."""
        return block_of(self.network, self.selected_layers()) if self.network.blocks else None

    def selected_links(self) -> tuple[Link, ...]:
        return tuple(item.link for item in self.selectedItems() if isinstance(item, LinkItem))

    def select(self, names: Iterable[str] = (), links: Iterable[Link] = ()) -> None:
        """Select just these layers and links; a layer in a folded block selects that."""
        cards = {self.view.card_of(name) for name in names}
        items: set[QGraphicsItem] = {
            self.layer_items[card] for card in cards if card in self.layer_items
        }
        items |= {self.link_items[link] for link in links if link in self.link_items}
        with self.one_selection_change():
            for item in self.selectedItems():
                if item not in items:
                    item.setSelected(False)
            for item in items:
                item.setSelected(True)
        self._changed_far()

    # -- what is where ---------------------------------------------------------------------------

    def layer_at(self, point: QPointF, reach: float = 0.0) -> LayerItem | None:
        """The card under a point, or within `reach` of it."""
        area = QRectF(point.x() - reach, point.y() - reach, 2 * reach + 0.1, 2 * reach + 0.1)
        for item in self.items(area):
            if isinstance(item, LayerItem):
                return item
        return None

    def frame_at(self, point: QPointF) -> FrameItem | None:
        """The frame whose title is under a point."""
        for item in self.items(point):
            if isinstance(item, FrameItem):
                return item
        return None

    def port_at(self, point: QPointF) -> tuple[LayerItem, Port] | None:
        """The port at a point, with its card."""
        reach = size.PORT_REACH
        area = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        for item in self.items(area):
            if isinstance(item, LayerItem):
                port = item.port_at(point)
                if port is not None:
                    return item, port
        return None

    def link_at(
        self, point: QPointF, reach: float = 7.0, *, beside: Collection[str] = ()
    ) -> LinkItem | None:
        """The link within `reach` of a point, the nearest one first; none at the cards `beside`."""
        area = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        mode = Qt.ItemSelectionMode.IntersectsItemBoundingRect
        found = [item for item in self.items(area, mode) if isinstance(item, LinkItem)]
        if beside:
            found = [item for item in found if not set(item.link) & set(beside)]
        near = [(distance(item.route, point), item) for item in found]
        near = [pair for pair in near if pair[0] <= reach]
        return min(near, key=lambda pair: pair[0])[1] if near else None

    # -- painting --------------------------------------------------------------------------------

    def set_far(self, far: bool) -> None:
        """Seen from far away, all cards are painted in a few strokes instead of one by one."""
        if far != self._far:
            self._far = far
            items = (self.layer_items, self.link_items, self.frame_items)
            for item in (item for some in items for item in some.values()):
                self._set_contents(item)
            self.update()

    def _set_contents(self, item: QGraphicsItem) -> None:
        item.setFlag(QGraphicsItem.GraphicsItemFlag.ItemHasNoContents, self._far)

    def _changed_far(self) -> None:
        self.far_view.forget()
        self.looks_changed.emit()
        if self._far:
            self.update()

    def refresh_theme(self) -> None:
        self._changed_far()
        self.update()

    def drawBackground(self, painter: QPainter, area: QRectF) -> None:  # type: ignore[override]
        paint_dots(painter, area)
        if self._far:
            self.far_view.draw(painter)


def _by_card(analysis: Analysis, view: Shown) -> Mapping[str, tuple[Problem, ...]]:
    found: dict[str, list[Problem]] = {}
    for problem in analysis.problems:
        if problem.layer is not None:
            found.setdefault(view.card_of(problem.layer), []).append(problem)
    return {name: tuple(problems) for name, problems in found.items()}
