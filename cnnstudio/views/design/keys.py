"""What the keys do on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QDeadlineTimer, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence

from cnnstudio.graph.network import Network

if TYPE_CHECKING:
    from cnnstudio.views.design.canvas import NetworkCanvas

_ARROWS = {
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
}
# F fits the view; letters that follow at once belong to a word that begins with f.
_WORD_MS = 900


class CanvasKeys:
    """Keys of the canvas; those the menus have too work in both places."""

    def __init__(self, canvas: NetworkCanvas) -> None:
        self._canvas = canvas
        self._after_f = QDeadlineTimer(0)

    def press(self, event: QKeyEvent) -> bool:
        """Do what the key says; False if it says nothing here."""
        canvas, editing = self._canvas, self._canvas.editing
        key, modifiers = event.key(), event.modifiers()
        standard = QKeySequence.StandardKey
        for sequence, action in (
            (standard.Copy, editing.copy),
            (standard.Cut, editing.cut),
            (standard.Paste, editing.paste),
            (standard.SelectAll, editing.select_all),
            (standard.Undo, editing.document.undo_stack.undo),
            (standard.Redo, editing.document.undo_stack.redo),
            (standard.ZoomIn, canvas.zoom_in),
            (standard.ZoomOut, canvas.zoom_out),
        ):
            if event.matches(sequence):
                action()
                return True
        if modifiers & Qt.KeyboardModifier.ControlModifier and key == Qt.Key.Key_G:
            if modifiers & Qt.KeyboardModifier.ShiftModifier:
                editing.dissolve()
            else:
                canvas.ask_for_block_name()
            return True
        if modifiers & Qt.KeyboardModifier.ControlModifier and key in (
            Qt.Key.Key_0, Qt.Key.Key_D, Qt.Key.Key_L, Qt.Key.Key_Equal,
        ):  # fmt: skip
            {
                Qt.Key.Key_0: canvas.zoom_reset,
                Qt.Key.Key_D: editing.duplicate,
                Qt.Key.Key_L: editing.arrange,
                Qt.Key.Key_Equal: canvas.zoom_in,
            }[Qt.Key(key)]()
            return True
        if key == Qt.Key.Key_Escape:
            return self._escape()
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            editing.delete(close_gap=not modifiers & Qt.KeyboardModifier.ShiftModifier)
            return True
        if key in _ARROWS:
            return self._arrow(Qt.Key(key), modifiers)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2):
            chosen = canvas.network_scene.selected_layers()
            if len(chosen) == 1 or canvas.network_scene.selected_block():
                canvas.opened.emit(chosen[0])
            return bool(chosen)
        return self._typed(event)

    def _typed(self, event: QKeyEvent) -> bool:
        canvas, text = self._canvas, event.text()
        if event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        ):
            return False
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                canvas.set_space(True)
            return True
        if event.key() == Qt.Key.Key_Slash:
            canvas.search_requested.emit()
            return True
        if event.key() == Qt.Key.Key_F and self._after_f.hasExpired():
            canvas.zoom_fit()
            self._after_f = QDeadlineTimer(_WORD_MS)
            return True
        if len(text) == 1 and text.isalnum():
            begun = "" if self._after_f.hasExpired() else "f"
            self._after_f = QDeadlineTimer(0)
            canvas.ask_for_layer(begun + text)
            return True
        return False

    def _escape(self) -> bool:
        canvas = self._canvas
        if canvas.cancel_gesture():
            return True
        if canvas.quick_add.isVisible():
            canvas.quick_add.dismiss()
            return True
        if canvas.freezing:
            canvas.set_freezing(False)
            return True
        canvas.network_scene.select()
        return True

    def _arrow(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> bool:
        canvas, (dx, dy) = self._canvas, _ARROWS[key]
        if modifiers & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier):
            # Shift for single units, Ctrl for steps of the grid.
            fine = 0.05 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1.0
            canvas.editing.nudge(dx * fine, dy * fine)
            return True
        scene = canvas.network_scene
        network, chosen = scene.view.network, scene.selected_layers()
        name = next(iter(network.order), None)
        if chosen:
            name = neighbour(network, scene.view.card_of(chosen[-1]), dx, dy)
        if name is not None:
            layers = scene.view.layers_of(name)
            scene.select(layers)
            canvas.bring_into_view(layers)
        return True


def neighbour(network: Network, name: str, dx: int, dy: int) -> str | None:
    """The layer an arrow leads to: along the links up and down, the nearest one sideways."""
    x, y = network[name].position
    if dy:
        linked = network.outputs_of(name) if dy > 0 else network.inputs_of(name)
        # Straight on rather than into a side branch.
        return min(linked, key=lambda other: abs(network[other].position[0] - x), default=None)
    beside = [other for other, layer in network.layers.items() if (layer.position[0] - x) * dx > 1]
    return min(
        beside,
        key=lambda other: (
            abs(network[other].position[1] - y) * 2 + abs(network[other].position[0] - x)
        ),
        default=None,
    )
