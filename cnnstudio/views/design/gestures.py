"""Gestures on the canvas, one small class each, from the press of a button to its release.

A gesture shows what would happen while the mouse moves; `finish` does it in one undoable step,
`cancel` (Escape) puts everything back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QPainterPath
from PySide6.QtWidgets import QApplication, QGraphicsPathItem, QGraphicsRectItem

from cnnstudio.graph import edits
from cnnstudio.graph.between import fits_between
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.network import Network
from cnnstudio.graph.spec import Arity
from cnnstudio.graph.templates import Template
from cnnstudio.views.design import metrics as size
from cnnstudio.views.design.curves import rounded
from cnnstudio.views.design.items import LayerItem, Port
from cnnstudio.views.design.link_item import LinkItem
from cnnstudio.views.design.paints import paints

if TYPE_CHECKING:
    from cnnstudio.views.design.canvas import NetworkCanvas


class Gesture:
    """Something a person does with the mouse held down."""

    cursor = Qt.CursorShape.ArrowCursor

    def __init__(self, canvas: NetworkCanvas, at: QPoint) -> None:
        self.canvas = canvas
        self.scene = canvas.network_scene
        self.started = at
        self.origin = canvas.mapToScene(at)

    def move(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """The mouse is at `at`, a point of the viewport."""

    def finish(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        """The button was released."""

    def cancel(self) -> None:
        """Escape was pressed: leave everything as it was."""


class Pan(Gesture):
    """Drag the view."""

    cursor = Qt.CursorShape.ClosedHandCursor

    def __init__(self, canvas: NetworkCanvas, at: QPoint) -> None:
        super().__init__(canvas, at)
        self._last = at

    def move(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        step = at - self._last
        self._last = at
        self.canvas.pan(-step.x(), -step.y())


class RubberBand(Gesture):
    """Select all cards that a rectangle touches; Ctrl or Shift adds to the selection."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, canvas: NetworkCanvas, at: QPoint, *, add: bool) -> None:
        super().__init__(canvas, at)
        self._before = self.scene.selected_layers() if add else ()
        self._kept = (self.scene.selected_layers(), self.scene.selected_links())
        self._band = QGraphicsRectItem()
        look = paints()
        pen = look.selected
        self._band.setPen(pen)
        self._band.setBrush(look.accent_ground)
        self._band.setZValue(10)
        self._band.setVisible(False)
        self.scene.addItem(self._band)

    def move(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        area = QRectF(self.origin, self.canvas.mapToScene(at)).normalized()
        pen = self._band.pen()
        pen.setWidthF(1.0)
        pen.setCosmetic(True)
        self._band.setPen(pen)
        self._band.setRect(area)
        self._band.setVisible(True)
        inside = [
            name for name, item in self.scene.layer_items.items() if item.card.intersects(area)
        ]
        self.scene.select([*self._before, *inside])

    def finish(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        if not self._band.isVisible():
            self.scene.select(self._before)
        self.scene.removeItem(self._band)

    def cancel(self) -> None:
        self.scene.removeItem(self._band)
        self.scene.select(*self._kept)


class Move(Gesture):
    """Move the selected cards, on the grid unless Alt is held.

    Cards that nothing else is linked to can be dropped on a link, and stand between its ends then.
    """

    cursor = Qt.CursorShape.SizeAllCursor

    def __init__(self, canvas: NetworkCanvas, at: QPoint, grip: str) -> None:
        super().__init__(canvas, at)
        self._moving = False
        network = canvas.editing.network
        # The place that snaps: that of the card under the mouse.
        self._grip = self.scene.view.network[self.scene.view.card_of(grip)].position
        self._places = {name: network[name].position for name in self.scene.selected_layers()}
        # Cards that could be dropped on a link; other links do not make way for these.
        self._loose: set[str] = set()
        if fits_between(network, self._places):
            self._loose = {self.scene.view.card_of(name) for name in self._places}
        self._target: LinkItem | None = None

    def move(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        far = (at - self.started).manhattanLength() >= QApplication.startDragDistance()
        if not self._moving and not far:
            return
        self._moving = True
        if self._loose:
            self.scene.lift(self._loose, self._step(at, modifiers))
            self._aim(at)
        else:
            self.scene.place(edits.move(self.canvas.editing.network, self._moved(at, modifiers)))

    def finish(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        if not self._moving:
            return
        places, target = self._moved(at, modifiers), self._target
        if self._loose or places == self._places:
            self.cancel()
        if target is not None:
            self.canvas.editing.put_between(target.link)
        elif places != self._places:
            self.canvas.editing.move(places)

    def cancel(self) -> None:
        if self._target is not None:
            self._target.set_target(False)
        if self._loose:
            self.scene.lift(self._loose, QPointF())
        else:
            self.scene.place(self.canvas.editing.network)

    def _aim(self, at: QPoint) -> None:
        """Light the link that the cards would be dropped on: under the mouse, or under its card."""
        grip = QPointF(*self._grip) + self._step(at, Qt.KeyboardModifier.AltModifier)
        middle = grip + QPointF(size.CARD_WIDTH / 2, size.CARD_HEIGHT / 2)
        target = None
        for point in (self.canvas.mapToScene(at), middle):
            link = self.scene.link_at(point, self.canvas.reach(14), beside=self._loose)
            target = target or link
        if target is not self._target:
            if self._target is not None:
                self._target.set_target(False)
            self._target = target
            if target is not None:
                target.set_target(True)

    def _step(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> QPointF:
        step = self.canvas.mapToScene(at) - self.origin
        if modifiers & Qt.KeyboardModifier.AltModifier:
            return step
        # The card under the mouse snaps; the others keep their distance to it.
        x, y = self._grip
        place = size.snapped((x + step.x(), y + step.y()))
        return QPointF(place[0] - x, place[1] - y)

    def _moved(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> dict[str, tuple[float, float]]:
        step = self._step(at, modifiers)
        return {name: (x + step.x(), y + step.y()) for name, (x, y) in self._places.items()}


class Connect(Gesture):
    """Draw a link from a port, forwards or backwards; on empty canvas it asks for a new layer."""

    cursor = Qt.CursorShape.CrossCursor

    def __init__(self, canvas: NetworkCanvas, at: QPoint, item: LayerItem, port: Port) -> None:
        super().__init__(canvas, at)
        self.name, self.port = item.layer.name, port
        place = item.layer.position
        start = size.output_port(place) if port is Port.OUTPUT else size.input_port(place)
        self._start = QPointF(*start)
        self._wire = QGraphicsPathItem()
        self._wire.setPen(paints().wire)
        self._wire.setZValue(5)
        self.scene.addItem(self._wire)
        self._wanted = Port.INPUT if port is Port.OUTPUT else Port.OUTPUT
        items = self.scene.layer_items
        self._candidates = {
            name
            for name in linkable(self.scene.view.network, self.name, port)
            if (items[name].takes_input if port is Port.OUTPUT else items[name].gives_output)
        }
        for name in self._candidates:
            self.scene.layer_items[name].set_lit(candidate=self._wanted)

    def move(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        point = self.canvas.mapToScene(at)
        target = self._target(point)
        for name in self._candidates:
            self.scene.layer_items[name].set_lit(candidate=self._wanted, target=name == target)
        end = point
        if target is not None:
            place = self.scene.layer_items[target].layer.position
            end = QPointF(
                *(size.input_port(place) if self.port is Port.OUTPUT else size.output_port(place))
            )
        self._wire.setPath(self._path_to(end))

    def _path_to(self, end: QPointF) -> QPainterPath:
        """The wire: a curve, but along its own column beside the cards, as the link will run."""
        (x1, y1), (x2, y2) = self._start.toTuple(), end.toTuple()
        down = 1 if self.port is Port.OUTPUT else -1
        if abs(y2 - y1) > 2 * size.CARD_HEIGHT and abs(x2 - x1) < size.CARD_WIDTH / 2:
            lane, lead = min(x1, x2) - size.CARD_WIDTH / 2 - 12, down * size.LEAD
            leave, arrive = y1 + lead, y2 - lead
            return rounded(
                ((x1, y1), (x1, leave), (lane, leave), (lane, arrive), (x2, arrive), (x2, y2))
            )
        bend = QPointF(0, down * max(24.0, abs(y2 - y1) / 2))
        path = QPainterPath(self._start)
        path.cubicTo(self._start + bend, end - bend, end)
        return path

    def finish(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        self.cancel()
        if (at - self.started).manhattanLength() < QApplication.startDragDistance():
            self.scene.select([self.name])
            return
        point = self.canvas.mapToScene(at)
        target = self._target(point)
        if target is not None:
            ends = (self.name, target) if self.port is Port.OUTPUT else (target, self.name)
            self.canvas.editing.link(*ends)
            return
        other = self.scene.layer_at(point)
        if other is None:
            self.canvas.ask_for_linked_layer(point, self.name, self.port)
        elif other.layer.name != self.name:
            # The edit, or the rule against cycles, says why this cannot be.
            self.canvas.explain_refused_link(self.name, other.layer.name, self.port)

    def cancel(self) -> None:
        self.scene.removeItem(self._wire)
        for name in self._candidates:
            self.scene.layer_items[name].set_lit()

    def _target(self, point: QPointF) -> str | None:
        item = self.scene.layer_at(point, size.PORT_REACH)
        return item.layer.name if item and item.layer.name in self._candidates else None


class LayerDrop:
    """A layer type or a kept block held over the canvas: shows where it would go."""

    def __init__(self, canvas: NetworkCanvas, held: str | Template) -> None:
        self._canvas = canvas
        self._scene = canvas.network_scene
        self.held = held
        self._link: LinkItem | None = None
        self._ghost = QGraphicsRectItem(0, 0, size.CARD_WIDTH, size.CARD_HEIGHT)
        self._ghost.setPen(paints().wire)
        self._ghost.setBrush(paints().accent_ground)
        self._ghost.setZValue(6)
        self._ghost.setVisible(False)
        self._scene.addItem(self._ghost)

    def move(self, at: QPoint) -> None:
        point = self._canvas.mapToScene(at)
        link = None
        if not (isinstance(self.held, str) and CATALOGUE[self.held].arity is Arity.NONE):
            link = self._scene.link_at(point, self._canvas.reach(14))
        if link is not self._link:
            self._forget_link()
            self._link = link
            if link is not None:
                link.set_target(True)
        self._ghost.setVisible(link is None)
        self._ghost.setPos(*self._place(point))

    def drop(self, at: QPoint) -> str | None:
        """Make the layer or block; its name, or None if that made no sense."""
        self.move(at)
        link = self._link.link if self._link else None
        place = self._place(self._canvas.mapToScene(at))
        self.cancel()
        editing = self._canvas.editing
        if not isinstance(self.held, str):
            where = {"link": link} if link is not None else {"place": place}
            return editing.insert_template(self.held, **where)
        if link is not None:
            return editing.insert_on(self.held, link)
        return editing.add_at(self.held, place)

    def cancel(self) -> None:
        self._forget_link()
        self._scene.removeItem(self._ghost)

    def _forget_link(self) -> None:
        if self._link is not None:
            self._link.set_target(False)
            self._link = None

    @staticmethod
    def _place(point: QPointF) -> tuple[float, float]:
        """The card is held by its middle."""
        return point.x() - size.CARD_WIDTH / 2, point.y() - size.CARD_HEIGHT / 2


def linkable(network: Network, name: str, port: Port) -> set[str]:
    """The cards a link from this port may end at without closing a cycle or being there already."""
    forwards = port is Port.OUTPUT
    step = network.inputs_of if forwards else network.outputs_of
    barred, stack = {name}, [name]
    while stack:
        for other in step(stack.pop()):
            if other not in barred:
                barred.add(other)
                stack.append(other)
    linked = network.outputs_of(name) if forwards else network.inputs_of(name)
    return set(network.layers).difference(barred, linked)
