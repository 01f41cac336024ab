"""The map of a large network in the corner of the canvas: all of it, and what is in view."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from cnnstudio.app.settings import Settings
from cnnstudio.views.design.paints import paints
from cnnstudio.views.design.zoom import ZoomView
from cnnstudio.views.widgets import name_widget

# Cards from which on there is a map: fewer are soon seen without one.
FEWEST = 25
_WIDTH, _HEIGHT = 160, 420
# Around the map, from the corner and inside its edge.
_OUTSIDE, _INSIDE = 8, 6
# A network of one long column is drawn wider than high, or it would be a hair.
_WIDEST_SCALE = 0.12
# The frame of what is in view is never smaller than this.
_SMALLEST_FRAME = 8.0
# Milliseconds without a change until the map is drawn again.
_PATIENCE = 120
_KEY = "design/map"


class Minimap(QWidget):
    """Shows the viewport as a frame; a click or a drag brings another part into view.

    The network is drawn once into a pixmap, and again only after it has changed.
    """

    def __init__(self, view: ZoomView) -> None:
        super().__init__(view)
        name_widget(self, "minimap", "Map of the network")
        self.setToolTip("All of the network: click or drag to see another part")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._view = view
        self._wanted = True
        self._drawn = QPixmap()
        self._held: QPointF | None = None
        self._later = QTimer(self, singleShot=True, interval=_PATIENCE)
        self._later.timeout.connect(self._draw)
        scene = view.network_scene
        scene.looks_changed.connect(self._later.start)
        view.zoomed.connect(self.update)
        view.scrolled.connect(self.update)
        view.installEventFilter(self)
        self._fit()

    def set_wanted(self, wanted: bool) -> None:
        """Whether the person wants a map; small networks have none all the same."""
        self._wanted = wanted
        self._fit()

    @property
    def frame(self) -> QRectF:
        """The part that is in view, in pixels of the map."""
        seen = self._view.mapToScene(self._view.viewport().rect()).boundingRect()
        frame = self._transform.mapRect(seen)
        grow_x = max(0.0, _SMALLEST_FRAME - frame.width()) / 2
        grow_y = max(0.0, _SMALLEST_FRAME - frame.height()) / 2
        frame.adjust(-grow_x, -grow_y, grow_x, grow_y)
        return frame & QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)

    def _draw(self) -> None:
        """Draw the network anew."""
        self._drawn = QPixmap()
        self._fit()

    def _fit(self) -> None:
        """Take the size that the network has on the map, in the lower right corner."""
        scene = self._view.network_scene
        show = self._wanted and len(scene.view.network) >= FEWEST
        self.setVisible(show)
        if not show:
            return
        content = scene.far_view.area
        room = QSize(
            min(_WIDTH, self._view.width() // 4),
            min(_HEIGHT, self._view.height() * 3 // 4),
        )
        inside = QRectF(0, 0, room.width() - 2 * _INSIDE, room.height() - 2 * _INSIDE)
        down = min(inside.width() / content.width(), inside.height() / content.height())
        across = max(down, min(_WIDEST_SCALE, inside.width() / content.width()))
        self._transform = QTransform.fromTranslate(_INSIDE, _INSIDE)
        self._transform.scale(across, down)
        self._transform.translate(-content.left(), -content.top())
        wide, tall = content.width() * across, content.height() * down
        self.setFixedSize(round(wide) + 2 * _INSIDE, round(tall) + 2 * _INSIDE)
        self.move(
            self._view.width() - self.width() - _OUTSIDE,
            self._view.height() - self.height() - _OUTSIDE,
        )
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self._draw()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        look = paints()
        if self._drawn.isNull():
            ratio = self.devicePixelRatioF()
            self._drawn = QPixmap(self.size() * ratio)
            self._drawn.setDevicePixelRatio(ratio)
            self._drawn.fill(look.card.color())
            drawing = QPainter(self._drawn)
            drawing.setTransform(self._transform, combine=True)
            self._view.network_scene.far_view.draw(drawing)
            drawing.end()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._drawn)
        painter.setPen(look.border)
        painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(look.selected)
        painter.setBrush(look.accent_ground)
        painter.drawRect(self.frame)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        frame, at = self.frame, event.position()
        # Held inside, the frame stays where it is until the mouse moves.
        self._held = at - frame.center() if frame.contains(at) else QPointF()
        if not frame.contains(at):
            self._lead(at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            self._lead(event.position() - self._held)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # As beside the map.
        self._view.wheelEvent(event)

    def action(self, settings: Settings) -> QAction:
        """The entry of the View menu; what is chosen there is remembered."""
        action = QAction("&Map of the network", self._view)
        action.setObjectName("minimapAction")
        action.setProperty("menu", "view")
        action.setShortcut(QKeySequence("Ctrl+Shift+M"))
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.setCheckable(True)
        action.setChecked(str(settings.value(_KEY, "true")) == "true")
        self.set_wanted(action.isChecked())

        def choose(wanted: bool) -> None:
            settings.set_value(_KEY, "true" if wanted else "false")
            self.set_wanted(wanted)

        action.triggered.connect(choose)
        return action

    def _lead(self, at: QPointF) -> None:
        back, _ = self._transform.inverted()
        self._view.centre_on(back.map(at))
