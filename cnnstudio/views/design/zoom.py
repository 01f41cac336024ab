"""A view of the scene that zooms and pans, and knows how to show the network."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QPainter, QTransform, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from cnnstudio.views.design import metrics as size
from cnnstudio.views.design.scene import NetworkScene

_ZOOM_STEP = 1.25
_ALL_ROUND = 48


class ZoomView(QGraphicsView):
    """Zoom and pan. Until the person does either, the view keeps showing the start, or all."""

    # The scale, 1.0 at 100 %.
    zoomed = Signal(float)
    # What lies on the viewport was scrolled along.
    scrolled = Signal()

    def __init__(self, scene: NetworkScene, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.network_scene = scene
        # How a resized view shows the network; None where the person has moved it.
        self._fitting: Callable[[], None] | None = self.show_start
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontSavePainterState)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)

    @property
    def scale_factor(self) -> float:
        return self.transform().m11()

    def reach(self, pixels: float) -> float:
        """So many pixels of the screen in canvas units, but no less than that many units."""
        return max(pixels, pixels / self.scale_factor)

    def zoom_in(self) -> None:
        self._zoom_to(self.scale_factor * _ZOOM_STEP, self.viewport().rect().center())

    def zoom_out(self) -> None:
        self._zoom_to(self.scale_factor / _ZOOM_STEP, self.viewport().rect().center())

    def zoom_reset(self) -> None:
        self._zoom_to(1.0, self.viewport().rect().center())

    def zoom_fit(self) -> None:
        """Show the whole network, at most at 100 %."""
        content = self.network_scene.content_rect()
        area = self.viewport().rect().adjusted(_ALL_ROUND, _ALL_ROUND // 2, -8, -_ALL_ROUND // 2)
        if content.isEmpty() or area.width() <= 0 or area.height() <= 0:
            return
        scale = min(1.0, area.width() / content.width(), area.height() / content.height())
        self._set_scale(max(size.SMALLEST_SCALE, scale))
        self.centerOn(content.center())
        self._fitting = self.zoom_fit

    def show_start(self) -> None:
        """Show the top of the network at a size that can be read, all of it where that fits."""
        self.zoom_fit()
        if self.scale_factor < 0.8:
            content = self.network_scene.content_rect()
            self._set_scale(1.0)
            height = self.viewport().height()
            self.centerOn(content.center().x(), content.top() - 28 + height / 2)
        self._fitting = self.show_start

    def fit_again(self) -> None:
        """Show the start or all of it again, unless the person has moved the view."""
        if self._fitting is not None:
            self._fitting()

    def pan(self, dx: int, dy: int) -> None:
        """Scroll by pixels."""
        self._fitting = None
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + dx)
        down.setValue(down.value() + dy)

    def bring_into_view(self, names: tuple[str, ...]) -> None:
        """Scroll as little as shows these layers."""
        known = [name for name in names if name in self.network_scene.network]
        if known:
            self._fitting = None
            area = self.network_scene.content_rect(known)
            self.ensureVisible(area.adjusted(-12, -20, 12, 20), 0, 0)

    def show_layers(self, names: tuple[str, ...]) -> None:
        """Select layers and bring them to the middle unless they are in view already."""
        scene = self.network_scene
        known = [name for name in names if name in scene.network]
        if not known:
            return
        scene.select(known)
        area = scene.content_rect(known)
        visible = self.mapToScene(self.viewport().rect()).boundingRect()
        if not visible.contains(area):
            if self.scale_factor < size.TEXT_SCALE:
                self._set_scale(1.0)
                visible = self.mapToScene(self.viewport().rect()).boundingRect()
            # What is larger than the view is shown from its beginning.
            middle = area.center()
            middle.setY(min(middle.y(), area.top() + visible.height() / 2 - _ALL_ROUND))
            self.centre_on(middle)

    def show_layer(self, name: str) -> None:
        """As `show_layers`, for one."""
        self.show_layers((name,))

    def centre_on(self, point: QPointF) -> None:
        """Bring a point of the scene to the middle."""
        self._fitting = None
        self.centerOn(point)

    def _zoom_to(self, scale: float, at: QPoint) -> None:
        """Zoom so that what is under `at` stays there."""
        scale = min(size.LARGEST_SCALE, max(size.SMALLEST_SCALE, scale))
        before = self.mapToScene(at)
        self._fitting = None
        self._set_scale(scale)
        after = self.mapFromScene(before)
        self.pan(after.x() - at.x(), after.y() - at.y())

    def _set_scale(self, scale: float) -> None:
        if abs(scale - 1) < 0.01:
            scale = 1.0
        scene = self.network_scene
        scene.view_margin = max(self.viewport().width(), self.viewport().height()) / scale
        scene.fit_scene_rect()
        self.setTransform(QTransform.fromScale(scale, scale))
        scene.set_far(scale < size.TEXT_SCALE)
        self.zoomed.emit(scale)

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.scrolled.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            factor = _ZOOM_STEP ** (event.angleDelta().y() / 120)
            self._zoom_to(self.scale_factor * factor, event.position().toPoint())
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier and not steps.x():
            self.pan(-steps.y(), 0)
        else:
            self.pan(-steps.x(), -steps.y())
        event.accept()
