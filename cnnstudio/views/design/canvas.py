"""The canvas: a view of the scene that turns mouse, wheel, keys and drops into gestures."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from cnnstudio.app.own_blocks import OwnBlocks
from cnnstudio.errors import StudioError
from cnnstudio.graph.blocks import make_block
from cnnstudio.graph.network import Link
from cnnstudio.graph.templates import Template
from cnnstudio.views import theme
from cnnstudio.views.design import metrics as size
from cnnstudio.views.design.block_items import BlockItem, FrameItem
from cnnstudio.views.design.block_name import AskName
from cnnstudio.views.design.editing import Editing
from cnnstudio.views.design.find import FindLayer
from cnnstudio.views.design.freezing import freeze_at
from cnnstudio.views.design.gestures import Connect, Gesture, LayerDrop, Move, Pan, RubberBand
from cnnstudio.views.design.items import LayerItem, Port
from cnnstudio.views.design.keys import CanvasKeys
from cnnstudio.views.design.link_item import LinkItem
from cnnstudio.views.design.palette_model import template_in, type_in
from cnnstudio.views.design.quick_add import QuickAdd
from cnnstudio.views.design.scene import NetworkScene
from cnnstudio.views.design.zoom import ZoomView
from cnnstudio.views.widgets import name_widget


class NetworkCanvas(ZoomView):
    """Where the network is drawn. Edits go through `editing`, selection through the scene."""

    # A layer was double-clicked: its name.
    opened = Signal(str)
    # A menu is wanted at a global position, for what is under the mouse: layer, link or None.
    menu_requested = Signal(QPoint, object)
    search_requested = Signal()
    # Whether a click freezes layers now: bool.
    freezing_changed = Signal(bool)

    def __init__(
        self,
        scene: NetworkScene,
        editing: Editing,
        own: OwnBlocks,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(scene, parent)
        name_widget(self, "networkCanvas", "Network")
        self.setAccessibleDescription(
            "The layers of the network. Type to add a layer; arrow keys follow the links."
        )
        self.editing = editing
        self._gesture: Gesture | None = None
        self._drop: LayerDrop | None = None
        self._space = False
        self.freezing = False
        self._hovered: LayerItem | LinkItem | None = None
        self._keys = CanvasKeys(self)
        self.quick_add = QuickAdd(self, own)
        self.name_panel = AskName(self)
        self.finder = FindLayer(self, lambda: editing.network)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.watcher.theme_changed.connect(self._new_theme)
        editing.shown.connect(self.bring_into_view)
        editing.block_wanted.connect(self.ask_for_block_name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit_again()
        for panel in (self.quick_add, self.name_panel, self.finder):
            panel.keep_inside()

    def _new_theme(self, _theme: object) -> None:
        self.network_scene.refresh_theme()
        self.viewport().update()

    # -- mouse -----------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at, button = event.position().toPoint(), event.button()
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        for panel in (self.quick_add, self.name_panel, self.finder):
            panel.dismiss()
        if self._gesture is not None:
            return
        left = button is Qt.MouseButton.LeftButton
        if button is Qt.MouseButton.MiddleButton or (left and self._space):
            self._begin(Pan(self, at))
        elif left:
            self._press(at, event.modifiers())
        event.accept()

    def _press(self, at: QPoint, modifiers: Qt.KeyboardModifier) -> None:
        scene, point = self.network_scene, self.mapToScene(at)
        several = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        add = bool(modifiers & several)
        readable = self.scale_factor >= size.TEXT_SCALE
        port = scene.port_at(point) if readable and not add else None
        item = scene.layer_at(point)
        if self.freezing and not add and freeze_at(self, point):
            return
        if port is not None:
            self._begin(Connect(self, at, *port))
        elif isinstance(item, BlockItem) and item.button_at(point) and not add:
            self.editing.fold(item.block.name, folded=False)
        elif item is not None:
            self._choose(item.layers, at, add=add, selected=item.isSelected())
        elif (frame := scene.frame_at(point)) is not None:
            if frame.button_at(point) and not add:
                self.editing.fold(frame.block.name)
            else:
                layers = frame.block.layers
                whole = set(scene.selected_layers()).issuperset(layers)
                self._choose(layers, at, add=add, selected=whole)
        else:
            link = scene.link_at(point, self.reach(7))
            if link is not None:
                scene.select(links=[link.link])
            else:
                self._begin(RubberBand(self, at, add=add))

    def set_freezing(self, on: bool) -> None:
        """While it is on, a click on a card freezes its layers and all that lead to them."""
        if on != self.freezing:
            self.freezing = on
            self._show_cursor()
            self.freezing_changed.emit(on)

    def _choose(self, layers: tuple[str, ...], at: QPoint, *, add: bool, selected: bool) -> None:
        """Select what was pressed; held down, the mouse moves all that is selected."""
        scene = self.network_scene
        if add:
            rest = [other for other in scene.selected_layers() if other not in set(layers)]
            scene.select(rest if selected else [*rest, *layers])
        elif not selected:
            scene.select(layers)
        if not (add and selected):
            self._begin(Move(self, at, layers[0]))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self._gesture is not None:
            self._gesture.move(at, event.modifiers())
        else:
            self._hover(at)
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            at = event.position().toPoint()
            gesture.finish(at, event.modifiers())
            self._show_cursor()
            self._hover(at)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        self.cancel_gesture()
        point = self.mapToScene(event.position().toPoint())
        scene = self.network_scene
        item, frame, link = scene.layer_at(point), scene.frame_at(point), scene.link_at(point)
        if isinstance(item, BlockItem):
            # Two clicks on the button are two foldings.
            self.editing.fold(item.block.name, folded=False)
        elif item is not None:
            scene.select([item.layer.name])
            self.opened.emit(item.layer.name)
        elif frame is not None:
            self.editing.fold(frame.block.name)
        elif link is not None:
            self.ask_for_inserted_layer(link.link, point)
        else:
            self.ask_for_layer_at(point)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        self._set_hovered(None)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.cancel_gesture()
        scene, at = self.network_scene, event.pos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            at = self._selection_point()
        point = self.mapToScene(at)
        item, frame = scene.layer_at(point), scene.frame_at(point)
        found: LayerItem | FrameItem | LinkItem | None = (
            item or frame or scene.link_at(point, self.reach(7))
        )
        if isinstance(found, FrameItem):
            scene.select(found.block.layers)
        elif found is not None and not found.isSelected():
            if isinstance(found, LayerItem):
                scene.select(found.layers)
            else:
                scene.select(links=[found.link])
        self.menu_requested.emit(self.viewport().mapToGlobal(at), found)
        event.accept()

    def _begin(self, gesture: Gesture) -> None:
        self._gesture = gesture
        self._set_hovered(None)
        self.viewport().setCursor(gesture.cursor)

    def cancel_gesture(self) -> bool:
        """Leave what the mouse began without a trace; False if there was nothing."""
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.cancel()
            self._show_cursor()
        return gesture is not None

    def set_space(self, held: bool) -> None:
        """While Space is held the left button pans."""
        self._space = held
        if self._gesture is None:
            self._show_cursor()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.set_space(False)
        super().focusOutEvent(event)

    def _show_cursor(self) -> None:
        shape = Qt.CursorShape.OpenHandCursor if self._space else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)

    def _hover(self, at: QPoint) -> None:
        point = self.mapToScene(at)
        port = None
        if self.scale_factor >= size.TEXT_SCALE:
            port = self.network_scene.port_at(point)
        item = port[0] if port else self.network_scene.layer_at(point)
        self._set_hovered(item or self.network_scene.link_at(point))
        if self.freezing and item is not None:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        elif port is not None:
            self.viewport().setCursor(Qt.CursorShape.CrossCursor)
        else:
            self._show_cursor()

    def _set_hovered(self, item: LayerItem | LinkItem | None) -> None:
        if item is not self._hovered:
            if self._hovered is not None:
                self._hovered.set_hovered(False)
            self._hovered = item
            if item is not None:
                item.set_hovered(True)

    # -- keys ------------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._keys.press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.set_space(False)
        else:
            super().keyReleaseEvent(event)

    # -- layers dropped from the palette ---------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        held = self._held(event.mimeData())
        if held is None:
            event.ignore()
            return
        self._end_drop()
        self._drop = LayerDrop(self, held)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._drop is None:
            event.ignore()
            return
        self._drop.move(event.position().toPoint())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._end_drop()
        event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        held = self._held(event.mimeData())
        if held is None:
            event.ignore()
            return
        drop, self._drop = self._drop or LayerDrop(self, held), None
        drop.drop(event.position().toPoint())
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    @staticmethod
    def _held(data: QMimeData | None) -> str | Template | None:
        return (template_in(data) or type_in(data)) if data is not None else None

    def _end_drop(self) -> None:
        drop, self._drop = self._drop, None
        if drop is not None:
            drop.cancel()

    # -- asking for a layer ----------------------------------------------------------------------

    def ask_for_layer(self, text: str = "") -> None:
        """The search at the selection: the layer goes where a double-click would put it."""
        self.quick_add.ask(
            self._selection_point(), self.editing.add_connected, text, self.editing.insert_template
        )

    def ask_for_layer_at(self, point: QPointF) -> None:
        place = (point.x() - size.CARD_WIDTH / 2, point.y() - size.CARD_HEIGHT / 2)
        self.quick_add.ask(
            self.mapFromScene(point),
            lambda type_: self.editing.add_at(type_, place),
            block=lambda template: self.editing.insert_template(template, place=place),
        )

    def ask_for_inserted_layer(self, link: Link, point: QPointF) -> None:
        self.quick_add.ask(
            self.mapFromScene(point),
            lambda type_: self.editing.insert_on(type_, link),
            block=lambda template: self.editing.insert_template(template, link=link),
        )

    def ask_for_linked_layer(self, point: QPointF, name: str, port: Port) -> None:
        """What to make at the free end of a wire."""
        down = port is Port.OUTPUT
        place = size.snapped(
            (point.x() - size.CARD_WIDTH / 2, point.y() - (0 if down else size.CARD_HEIGHT))
        )
        self.quick_add.ask(
            self.mapFromScene(point),
            lambda type_: self.editing.add_linked(type_, place, name, port),
            accepts_input=down,
        )

    def ask_for_block_name(self) -> None:
        """Make a block of the selected layers, under a name that is asked for beside them."""
        network, chosen = self.editing.network, self.network_scene.selected_layers()
        try:
            _, name = make_block(network, chosen)
        except StudioError as error:
            self.editing.document.failed.emit(error.message)
            return
        self.bring_into_view(chosen)
        corner = self.network_scene.content_rect(chosen).topLeft()
        at = self.mapFromScene(corner) - QPoint(0, self.name_panel.sizeHint().height() + 6)
        self.name_panel.ask(at, name, lambda text: self.editing.make_block(text) is not None)

    def explain_refused_link(self, name: str, other: str, port: Port) -> None:
        """Say why two layers cannot be linked."""
        source, target = (name, other) if port is Port.OUTPUT else (other, name)
        scene = self.network_scene
        items, linked = scene.layer_items, scene.view.network.links
        possible = items[target].takes_input and items[source].gives_output
        if not possible or Link(source, target) in linked:
            self.editing.link(source, target)
        else:
            first, last = (
                item.title if isinstance(item, BlockItem) else item.layer.name
                for item in (items[target], items[source])
            )
            self.editing.document.failed.emit(
                f"{first} already leads to {last}: linking back would make a cycle."
            )

    def _selection_point(self) -> QPoint:
        """Below the selected layer, or the middle of the view."""
        chosen = self.network_scene.selected_layers()
        if chosen:
            scene = self.network_scene
            card = scene.layer_items[scene.view.card_of(chosen[-1])].card
            at = self.mapFromScene(card.bottomLeft() + QPointF(20, 6))
            if self.viewport().rect().contains(at):
                return at
        return self.viewport().rect().center()
