"""What stands on the canvas: layer cards with their figures.

Items are passive: they paint a layer and what is known about it. The canvas's gestures move them,
the scene fills them.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QPainter,
    QPainterPath,
    QStaticText,
)
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsRectItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from cnnstudio.graph.freezing import is_frozen
from cnnstudio.graph.network import Layer
from cnnstudio.graph.spec import Arity
from cnnstudio.views.design import frost
from cnnstudio.views.design import metrics as size
from cnnstudio.views.design.paints import font, metrics, paints
from cnnstudio.views.design.wording import count_text, key_settings, shape_text, short_count

if TYPE_CHECKING:
    from cnnstudio.analysis import LayerInfo, Problem
    from cnnstudio.views.design.block_items import BlockFigures

CARD = QRectF(0, 0, size.CARD_WIDTH, size.CARD_HEIGHT)
_BOUNDS = QRectF(-6, -8, size.FIGURES_LEFT + size.WIDE_CHIP + 20, size.CARD_HEIGHT + 16)
_TEXT_WIDTH = size.CARD_WIDTH - 34
_FROZEN = "Frozen: training leaves its weights as they are."
_PARTLY = "Some of its layers are frozen: training leaves their weights as they are."


class Port(Enum):
    """A place on a card where links begin or end."""

    INPUT = 0
    OUTPUT = 1


class CanvasItem(QGraphicsRectItem):
    """What the canvas's items have in common: what they paint on is their `rect`.

    Qt asks for the bounds of every item that moved; a rectangle it knows costs no call into Python.
    """

    def __init__(self, bounds: QRectF) -> None:
        super().__init__(bounds)
        # A pen would make the bounds wider.
        self.setPen(Qt.PenStyle.NoPen)


class LayerItem(CanvasItem):
    """A card with type, name and key settings; beside it the figures and the problem."""

    # Of the snowflake on a frozen layer, from the right edge.
    flake_place = 18.0

    def __init__(self, layer: Layer) -> None:
        super().__init__(_BOUNDS)
        self.layer = layer
        self.info: LayerInfo | BlockFigures | None = None
        self.problems: tuple[Problem, ...] = ()
        self.hovered = False
        # Lit while something could be dropped or linked here, or is about to be.
        self.candidate: Port | None = None
        self.target = False
        # By what the card is shaded and how much; level 0 is nothing of it.
        self.shade: tuple[str, int] | None = None
        self._texts: list[tuple[QPointF, QStaticText, str]] | None = None
        self._chip: tuple[QStaticText, float] | None = None
        # Room for the problem beside the card.
        self.chip_width = size.CHIP_WIDTH
        # Behind the figures, so that the grid does not run through them; a frame hides it already.
        self._ground: QRectF | None = None
        self.framed = False
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setAcceptHoverEvents(False)
        # Where the card stands.
        self.spot = (0.0, 0.0)
        self.place(layer.position)

    def place(self, position: tuple[float, float]) -> None:
        """Stand with the corner of the card at a place of the scene."""
        if position != self.spot:
            self.spot = position
            self.setPos(*position)

    def show_layer(
        self, layer: Layer, info: LayerInfo | BlockFigures | None, problems: tuple[Problem, ...]
    ) -> bool:
        """Take over a layer and its figures; True if something is to be painted again."""
        same_words = (
            layer.settings is self.layer.settings
            and layer.name == self.layer.name
            and info is self.info
            and problems == self.problems
        )
        self.layer, self.info, self.problems = layer, info, problems
        if same_words:
            return False
        self._texts = None
        self.update()
        return True

    def set_chip_width(self, width: float) -> None:
        if width != self.chip_width:
            self.chip_width = width
            self._texts = None
            self.update()

    def set_shade(self, shade: tuple[str, int] | None) -> None:
        if shade != self.shade:
            self.shade = shade
            self.update()

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that are selected and moved with the card."""
        return (self.layer.name,)

    @property
    def title(self) -> str:
        return self.layer.type

    @property
    def takes_input(self) -> bool:
        """Whether a link can end here."""
        return self.layer.spec.arity is not Arity.NONE

    @property
    def gives_output(self) -> bool:
        """Whether a link can begin here."""
        return True

    def colour(self, *, far: bool = False) -> QBrush:
        """The colour of the layer's family."""
        look = paints()
        return (look.far if far else look.family)[self.layer.spec.category]

    @property
    def frozen(self) -> bool | None:
        """Whether training leaves the weights alone; None where that holds for some of several."""
        return is_frozen(self.layer)

    def ground(self) -> QBrush:
        """The colour of the card seen from far away: its shade, frost, or that of its family."""
        if self.shade is None:
            return paints().frozen_far if self.frozen else self.colour(far=True)
        look = paints()
        return look.shades_far[self.shade] if self.shade[1] else look.shade_none_far

    @property
    def severity(self) -> str | None:
        """The worst of the layer's problems."""
        if not self.problems:
            return None
        severities = {problem.severity for problem in self.problems}
        return "error" if "error" in severities else "warning"

    @property
    def lines(self) -> list[str]:
        """The figures beside the card; the last gives way to a problem."""
        info = self.info
        if info is None or info.output_shape is None:
            return []
        lines = [shape_text(info.output_shape)]
        if info.shares is not None:
            lines.append(f"weights of {info.shares}")
        elif info.parameters:
            lines.append(f"{count_text(info.parameters)} params")
        if info.multiply_adds:
            lines.append(f"{short_count(info.multiply_adds)} multiply-adds")
        return lines[:2] if self.problems else lines

    @property
    def card(self) -> QRectF:
        """The card in scene coordinates."""
        return QRectF(*self.spot, size.CARD_WIDTH, size.CARD_HEIGHT)

    @property
    def whole(self) -> QRectF:
        """The card with the figures beside it, in scene coordinates."""
        return QRectF(*self.spot, size.OBSTACLE_WIDTH, size.CARD_HEIGHT)

    def port_at(self, point: QPointF) -> Port | None:
        """The port near a point in scene coordinates."""
        x, y = point.x() - self.x() - size.CARD_WIDTH / 2, point.y() - self.y()
        if abs(x) > size.PORT_REACH:
            return None
        # Inside the card only a small part belongs to the port: the rest moves the card.
        if -size.PORT_REACH_OUT <= y <= 8 and self.takes_input:
            return Port.INPUT
        below = -8 <= y - size.CARD_HEIGHT <= size.PORT_REACH_OUT
        return Port.OUTPUT if below and self.gives_output else None

    def set_lit(self, *, candidate: Port | None = None, target: bool = False) -> None:
        if (self.candidate, self.target) != (candidate, target):
            self.candidate, self.target = candidate, target
            self.update()

    def set_hovered(self, hovered: bool) -> None:
        if self.hovered != hovered:
            self.hovered = hovered
            self.update()

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(CARD)
        return path

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = paints()
        if self._texts is None:
            self._write()
        severity = self.severity
        selected = self.isSelected()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected or self.target:
            pen = look.selected
        elif severity is not None:
            pen = look.problem(severity)[0]
        else:
            pen = look.hover if self.hovered else look.border
        painter.setPen(pen)
        self._paint_behind(painter)
        frozen = self.frozen
        shade = look.shades.get(self.shade) if self.shade else look.frozen if frozen else None
        painter.setBrush(shade or look.card)
        painter.drawRoundedRect(CARD, size.CARD_RADIUS, size.CARD_RADIUS)
        if selected and severity is not None:
            painter.setPen(look.problem(severity)[0])
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(CARD.adjusted(3, 3, -3, -3), 6, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.target:
            painter.setBrush(look.accent_ground)
            painter.drawRoundedRect(CARD, size.CARD_RADIUS, size.CARD_RADIUS)
        painter.setBrush(self.colour())
        painter.drawRoundedRect(QRectF(9, 9, 4, size.CARD_HEIGHT - 18), 2, 2)
        if frozen is not False:
            frost.paint_flake(painter, self.flake_place, whole=bool(frozen))
        painter.setPen(Qt.PenStyle.NoPen)
        self._paint_ports(painter)
        if self._ground is not None and not self.framed:
            painter.fillRect(self._ground, look.window)
        for place, text, role in self._texts or ():
            quiet = role == "secondary" and not (shade and place.x() < size.CARD_WIDTH)
            painter.setPen(look.secondary if quiet else look.text)
            painter.setFont(font(13, bold=True) if role == "title" else font(12))
            painter.drawStaticText(place, text)
        if self._chip is not None and severity is not None:
            self._paint_chip(painter, severity)

    def _paint_behind(self, painter: QPainter) -> None:
        """What shows behind the card; nothing behind that of a layer."""

    def _paint_ports(self, painter: QPainter) -> None:
        if self.gives_output:
            self._paint_port(painter, Port.OUTPUT, size.CARD_HEIGHT)
        # Where a link ends its arrow is sign enough.
        fed = self.info is not None and self.info.inputs
        busy = self.hovered or self.candidate is Port.INPUT
        if self.takes_input and (busy or not fed):
            self._paint_port(painter, Port.INPUT, 0.0)

    def _paint_port(self, painter: QPainter, port: Port, y: float) -> None:
        busy = self.hovered or self.candidate is port
        painter.setBrush(paints().accent if busy else paints().port)
        radius = size.PORT_RADIUS + 1 if busy else size.PORT_RADIUS - 1
        painter.drawEllipse(QPointF(size.CARD_WIDTH / 2, y), radius, radius)

    def _paint_chip(self, painter: QPainter, severity: str) -> None:
        assert self._chip is not None
        text, width = self._chip
        _, pen, ground = paints().problem(severity)
        top = {0: 17.0, 1: 27.5}.get(len(self.lines), 36.0)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(QRectF(size.FIGURES_LEFT - 6, top, width + 12, 18), 5, 5)
        painter.setPen(pen)
        painter.setFont(font(11))
        painter.drawStaticText(QPointF(size.FIGURES_LEFT, top + 2), text)

    def _write(self) -> None:
        """Lay out the words; done at the first paint, for most layers are never seen."""
        title = self.title
        sub, aside = self._second_line()
        first = self._first_width
        self._texts = [
            (QPointF(22, 8), _static(title, 13, first, bold=True), "title"),
            (QPointF(22, 27), _static(sub, 12, _TEXT_WIDTH), "secondary"),
        ]
        if aside:
            left = metrics(13, bold=True).horizontalAdvance(title) + 8
            self._texts.append(
                (QPointF(22 + left, 9), _static(aside, 12, first - left), "secondary")
            )
        top = {1: 18.0, 2: 9.5}.get(len(self.lines) + bool(self.problems), 1.0)
        for number, line in enumerate(self.lines):
            self._texts.append(
                (
                    QPointF(size.FIGURES_LEFT, top + 17 * number),
                    _static(line, 12, size.FIGURES_WIDTH),
                    "secondary" if number else "figure",
                )
            )
        beside = [text for place, text, _ in self._texts if place.x() >= size.FIGURES_LEFT]
        width = max([0.0, *(text.size().width() for text in beside)])
        self._ground = None
        if self.lines:
            tall = 17.0 * len(self.lines)
            self._ground = QRectF(size.FIGURES_LEFT - 4, top, width + 8, tall)
        self._chip = None
        said = [problem.message for problem in self.problems]
        if self.frozen is not False:
            said.append(_FROZEN if self.frozen else _PARTLY)
        self.setToolTip("\n".join(said))
        if self.problems:
            worst = min(self.problems, key=lambda problem: problem.severity != "error")
            text = _static(worst.short, 11, self.chip_width)
            self._chip = text, text.size().width()

    @property
    def _first_width(self) -> float:
        """Room for the first line, beside which a snowflake stands."""
        return _TEXT_WIDTH - (frost.ROOM if self.frozen is not False else 0.0)

    def _second_line(self) -> tuple[str, str]:
        """Name and settings for the line below the type; the name beside the type if too long."""
        layer = self.layer
        words, short = key_settings(layer), key_settings(layer, nouns=False)
        room, wide = _TEXT_WIDTH, metrics(12).horizontalAdvance
        for settings in (words, short):
            sub = " · ".join([layer.name, *settings])
            if wide(sub) <= room:
                return sub, ""
        title = metrics(13, bold=True).horizontalAdvance(layer.type)
        beside = self._first_width - title - 8
        if not words or beside < min(60, wide(layer.name)):
            return sub, ""
        for settings in (words, short):
            if wide(" · ".join(settings)) <= room:
                break
        return " · ".join(settings), layer.name


def _static(text: str, pixels: int, width: float, *, bold: bool = False) -> QStaticText:
    fitted = metrics(pixels, bold=bold).elidedText(text, Qt.TextElideMode.ElideRight, width)
    static = QStaticText(fitted)
    static.setTextFormat(Qt.TextFormat.PlainText)
    static.prepare(font=font(pixels, bold=bold))
    return static
