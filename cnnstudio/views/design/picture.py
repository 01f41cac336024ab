"""The network as a picture, as the canvas paints it: SVG or PNG, with or without a display."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgGenerator, QSvgRenderer
from PySide6.QtWidgets import QApplication

from cnnstudio.analysis import Analysis, analyse
from cnnstudio.graph.network import Network
from cnnstudio.keras_build.placing import ExportError, moved_into_place
from cnnstudio.views import theme
from cnnstudio.views.design.paints import paints
from cnnstudio.views.design.scene import NetworkScene

SUFFIXES = (".svg", ".png")
# Empty room around the layers, in canvas units.
_MARGIN = 40.0
# A PNG has twice the canvas's pixels, as far as other programs can still open it.
_SCALE = 2.0
_LONGEST, _MOST = 30_000, 100_000_000


class _Scene(NetworkScene):
    """Without the dots that help to place layers."""

    def drawBackground(self, painter: QPainter, area: QRectF) -> None:  # type: ignore[override]
        painter.fillRect(area, paints().window)


def write_picture(network: Network, path: Path, *, analysis: Analysis | None = None) -> None:
    """Paint a network with its figures and problems into `path`, an SVG or PNG file.

    In the program's colours; where there is no program yet, as on the command line, one is made
    that needs no display, in light colours. Call it in the GUI thread. Raises `ExportError`.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ExportError(f"{path} is no picture: give it the suffix .svg or .png.")
    if not len(network):
        raise ExportError("The network is empty: add an Input and the layers that follow it.")
    application = _application()
    scene = _Scene()
    scene.show_network(network, analysis or analyse(network))
    area = _area(scene)
    with moved_into_place(path) as beside:
        if path.suffix.lower() == ".svg":
            _write_svg(scene, area, beside, path.stem)
        else:
            _write_png(scene, area, beside)
    # The scene ends before the program it was painted in.
    scene.clear()
    del scene, application


def _application() -> QApplication:
    running = QApplication.instance()
    if isinstance(running, QApplication):
        return running
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    made = QApplication(["cnnstudio"])
    theme.begin(made, "light")
    return made


def _area(scene: NetworkScene) -> QRectF:
    """All that is painted, with a margin."""
    area = scene.content_rect()
    for item in scene.items():
        area = area.united(item.sceneBoundingRect())
    return area.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)


def _write_svg(scene: NetworkScene, area: QRectF, path: Path, title: str) -> None:
    size = area.size().toSize()
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setTitle(title)
    generator.setSize(size)
    generator.setViewBox(QRectF(QPointF(0, 0), area.size()))
    # Canvas units are pixels of 96 to the inch.
    generator.setResolution(96)
    _paint(scene, area, generator, QRectF(QPointF(0, 0), area.size()))
    written = QSvgRenderer(str(path))
    if not written.isValid() or written.viewBoxF().size().toSize() != size:
        raise OSError("read back, the file is no picture")


def _write_png(scene: NetworkScene, area: QRectF, path: Path) -> None:
    room = min(
        _SCALE,
        _LONGEST / max(area.width(), area.height()),
        (_MOST / (area.width() * area.height())) ** 0.5,
    )
    size = QSize(max(1, round(area.width() * room)), max(1, round(area.height() * room)))
    image = QImage(size, QImage.Format.Format_RGB32)
    if image.isNull():
        raise OSError("there is not enough memory for a picture of that size; try SVG")
    _paint(scene, area, image, QRectF(QPointF(0, 0), size.toSizeF()))
    if not image.save(str(path)):
        raise OSError("the picture could not be saved")
    if QImage(str(path)).size() != size:
        raise OSError("read back, the file is no picture")


def _paint(
    scene: NetworkScene, area: QRectF, device: QSvgGenerator | QImage, target: QRectF
) -> None:
    painter = QPainter()
    if not painter.begin(device):
        raise OSError("nothing can be painted there")
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        scene.render(painter, target, area, Qt.AspectRatioMode.IgnoreAspectRatio)
    finally:
        painter.end()
