"""What the tests of the Design page share: a page with real parts, and a hand on the mouse."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnstudio.graph import edits
from cnnstudio.graph.layout import arrange
from cnnstudio.graph.network import Network
from cnnstudio.views.design import metrics

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NO_KEYS = Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier


def chain(*types, **settings):
    """A laid out chain of layers with the names that the edits make up."""
    network, last = Network(), None
    for type_ in types:
        given = settings.get(type_, {})
        network, name = edits.add_layer(network, type_, settings=given)
        if last is not None:
            network = edits.connect(network, last, name)
        last = name
    return arrange(network)


def centre(page, name):
    """Where the middle of a card is on the canvas, in pixels of the viewport."""
    x, y = page.document.network[name].position
    return at(page, x + metrics.CARD_WIDTH / 2 - 40, y + metrics.CARD_HEIGHT / 2)


def output(page, name):
    return at(page, *metrics.output_port(page.document.network[name].position))


def input_(page, name):
    return at(page, *metrics.input_port(page.document.network[name].position))


def at(page, x, y):
    """A place of the scene in pixels of the viewport."""
    return page.canvas.mapFromScene(QPointF(x, y))


def press(page, point, button=LEFT, keys=NO_KEYS):
    QTest.mousePress(page.canvas.viewport(), button, keys, point)


def release(page, point, button=LEFT, keys=NO_KEYS):
    QTest.mouseRelease(page.canvas.viewport(), button, keys, point)


def move(page, point, button=LEFT, keys=NO_KEYS):
    viewport = page.canvas.viewport()
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(point),
        QPointF(viewport.mapToGlobal(point)),
        Qt.MouseButton.NoButton,
        button,
        keys,
    )
    QApplication.sendEvent(viewport, event)


def drag(page, start, end, button=LEFT, keys=NO_KEYS, steps=5, let_go=True):
    """Press, move in steps, release."""
    press(page, start, button, keys)
    for step in range(1, steps + 1):
        move(page, start + (end - start) * step / steps, button, keys)
    if let_go:
        release(page, end, button, keys)


def click(page, point, keys=NO_KEYS):
    QTest.mouseClick(page.canvas.viewport(), LEFT, keys, point)


def key(page, key_, keys=NO_KEYS):
    QTest.keyClick(page.canvas, key_, keys)


def wheel(page, point, delta, keys=NO_KEYS):
    viewport = page.canvas.viewport()
    event = QWheelEvent(
        QPointF(point),
        QPointF(viewport.mapToGlobal(point)),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


def palette_mime(page, type_):
    """What the palette gives a drag of this layer type."""
    model = page.palette_panel.list.model()
    for row in range(model.rowCount()):
        index = model.index(row, 0)
        if index.data() == type_:
            return model.mimeData([index])
    raise AssertionError(f"{type_} is not in the palette")


def hold_over(page, mime, point):
    """Enter the canvas with a drag and stay over a point."""
    viewport = page.canvas.viewport()
    actions = Qt.DropAction.CopyAction
    enter = QDragEnterEvent(point, actions, mime, LEFT, NO_KEYS)
    QApplication.sendEvent(viewport, enter)
    over = QDragMoveEvent(point, actions, mime, LEFT, NO_KEYS)
    QApplication.sendEvent(viewport, over)
    return enter.isAccepted() and over.isAccepted()


def drop(page, mime: QMimeData, point):
    """Drag something over the canvas and drop it at a point."""
    accepted = hold_over(page, mime, point)
    event = QDropEvent(QPointF(point), Qt.DropAction.CopyAction, mime, LEFT, NO_KEYS)
    QApplication.sendEvent(page.canvas.viewport(), event)
    return accepted and event.isAccepted()
