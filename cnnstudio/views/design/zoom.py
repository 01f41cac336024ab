"""A view of the scene that zooms and pans, and knows how to show the network."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QPainter, QTransform, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from cnnstudio.views.design import metrics as size
from cnnstudio.views.design.scene import NetworkScene

_ZOOM_STEP = 1.25
_ALL_ROUND = 48


class ZoomView(QGraphicsView):
    """Zoom and pan. Until the person does either, the view stays fitted to the network."""

    # The scale, 1.0 at 100 %.
    zoomed = Signal(float)
    # What lies on the viewport was scrolled along.
    scrolled = Signal()

    def __init__(self, scene: NetworkScene, parent: QWidget | None = None) -> None:
        super().__init__(scene, parent)
        self.network_scene = scene
        self._fitted = True
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
        self._fitted = True

    def show_start(self) -> None:
        """Show the top of the network at a size that can be read, all of it where that fits."""
        self.zoom_fit()
        if self.scale_factor < 0.8:
            content = self.network_scene.content_rect()
            self._set_scale(1.0)
            height = self.viewport().height()
            self.centerOn(content.center().x(), content.top() - 28 + height / 2)
        self._fitted = True

    def fit_again(self) -> None:
        """Show the start again, unless the person has moved the view."""
        if self._fitted:
            self.show_start()

    def pan(self, dx: int, dy: int) -> None:
        """Scroll by pixels."""
        self._fitted = False
        across, down = self.horizontalScrollBar(), self.verticalScrollBar()
        across.setValue(across.value() + dx)
        down.setValue(down.value() + dy)

    def bring_into_view(self, names: tuple[str, ...]) -> None:
        """Scroll as little as shows these layers."""
        known = [name for name in names if name in self.network_scene.network]
        if known:
            self._fitted = False
            area = self.network_scene.content_rect(known)
            self.ensureVisible(area.adjusted(-12, -20, 12, 20), 0, 0)

    def show_layer(self, name: str) -> None:
        """Select a layer and bring it to the middle unless it is in view already."""
        scene = self.network_scene
        item = scene.layer_items.get(scene.view.card_of(name))
        if item is None:
            return
        scene.select([name])
        visible = self.mapToScene(self.viewport().rect()).boundingRect()
        if not visible.contains(item.card):
            self._fitted = False
            if self.scale_factor < size.TEXT_SCALE:
                self._set_scale(1.0)
            self.centerOn(item.card.center())

    def _zoom_to(self, scale: float, at: QPoint) -> None:
        """Zoom so that what is under `at` stays there."""
        scale = min(size.LARGEST_SCALE, max(size.SMALLEST_SCALE, scale))
        before = self.mapToScene(at)
        self._fitted = False
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
