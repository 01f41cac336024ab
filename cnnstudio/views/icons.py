"""Line icons in the colours of the theme, drawn from the SVG files in `resources/icons`."""

from __future__ import annotations

import weakref
from functools import cache
from typing import Any

import shiboken6
from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from cnnstudio.app import paths
from cnnstudio.views import theme

# Those of menus and buttons, on screens of 1 and 2 pixels a point.
SIZES = (16, 20, 32, 40)
# What `set_icon` was called on, to draw it again in another theme: target -> (name, colour).
_held: weakref.WeakKeyDictionary[Any, tuple[str, str]] = weakref.WeakKeyDictionary()


def icon(name: str, color: str = "text") -> QIcon:
    """The icon `name` in a colour of the theme (`text`, `accent`, …) or `#rrggbb`."""
    look = theme.current()
    value = color if color.startswith("#") else getattr(look, color)
    return _icon(name, value)


def pixmap(name: str, size: int, color: str = "text", ratio: float = 1.0) -> QPixmap:
    """The icon as a picture of `size` × `size` points on a screen of that pixel ratio."""
    look = theme.current()
    return _drawn(name, color if color.startswith("#") else getattr(look, color), size, ratio)


def set_icon(target: Any, name: str, color: str = "text") -> None:
    """Give an action or button an icon that follows the theme."""
    _held[target] = (name, color)
    target.setIcon(icon(name, color))


def _redraw(_theme: object) -> None:
    for target, (name, color) in list(_held.items()):
        if shiboken6.isValid(target):
            target.setIcon(icon(name, color))


theme.watcher.theme_changed.connect(_redraw)


@cache
def _icon(name: str, color: str) -> QIcon:
    made = QIcon()
    for size in SIZES:
        made.addPixmap(_drawn(name, color, size, 1.0))
    return made


@cache
def _drawn(name: str, color: str, size: int, ratio: float) -> QPixmap:
    text = _source(name).replace("currentColor", color)
    renderer = QSvgRenderer(QByteArray(text.encode()))
    image = QImage(
        round(size * ratio), round(size * ratio), QImage.Format.Format_ARGB32_Premultiplied
    )
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return QPixmap.fromImage(image)


@cache
def _source(name: str) -> str:
    return paths.resource(f"icons/{name}.svg").read_text(encoding="utf-8")
