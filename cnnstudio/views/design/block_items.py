"""Blocks on the canvas: the card of a folded one, the frame around one that is unfolded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QPainter, QPainterPath, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from cnnstudio.graph.blocks import ends_of
from cnnstudio.graph.freezing import frozen_share
from cnnstudio.graph.network import Block, Layer, Network
from cnnstudio.views.design import metrics as size
from cnnstudio.views.design.items import CARD, LayerItem
from cnnstudio.views.design.paints import font, metrics, paints
from cnnstudio.views.design.wording import count_text, counted, short_count

if TYPE_CHECKING:
    from cnnstudio.analysis import Analysis

# Around the cards of a block: at the left there is a lane for links, above them the title.
_LEFT, _TOP, _RIGHT, _BOTTOM = 34.0, 32.0, 8.0, 12.0
_TITLE_HEIGHT = 24.0
_BUTTON = 20.0


@dataclass(frozen=True, slots=True)
class BlockFigures:
    """What a block costs, and how it is linked.

    `inputs` are the layers that feed it, `output_shape` is that of its one exit; `frozen` are the
    layers that training leaves alone, of those that it could change.
    """

    inputs: tuple[str, ...]
    output_shape: tuple[int, ...] | None
    parameters: int
    trainable_parameters: int
    multiply_adds: int
    activation_bytes: int
    takes_input: bool
    gives_output: bool
    frozen: tuple[int, int] = (0, 0)
    # Weights are shared by layers, not by blocks.
    shares: None = None


def figures_of(network: Network, analysis: Analysis, names: Sequence[str]) -> BlockFigures:
    """The figures of layers together."""
    ends = ends_of(network, names)
    infos = [analysis.layers[name] for name in names]
    one = len(ends.exits) == 1
    return BlockFigures(
        ends.sources,
        analysis.layers[ends.exits[0]].output_shape if one else None,
        sum(info.parameters for info in infos),
        sum(info.trainable_parameters for info in infos),
        sum(info.multiply_adds for info in infos),
        sum(info.activation_bytes for info in infos),
        bool(ends.entries),
        one,
        frozen_share(network, names),
    )


class BlockItem(LayerItem):
    """The card of a folded block, drawn as a small stack, with a button that unfolds it."""

    # Left of the button.
    flake_place = 42.0

    def __init__(self, layer: Layer, block: Block) -> None:
        super().__init__(layer)
        self.block = block

    @property
    def layers(self) -> tuple[str, ...]:
        return self.block.layers

    @property
    def title(self) -> str:
        return self.block.name

    @property
    def takes_input(self) -> bool:
        return isinstance(self.info, BlockFigures) and self.info.takes_input

    @property
    def gives_output(self) -> bool:
        return isinstance(self.info, BlockFigures) and self.info.gives_output

    @property
    def lines(self) -> list[str]:
        """As beside a layer; a block with several outputs has costs but no one shape."""
        info = self.info
        if info is None or info.output_shape is not None:
            return super().lines
        costs = [
            f"{count_text(info.parameters)} params",
            f"{short_count(info.multiply_adds)} multiply-adds",
        ]
        return costs[:1] if self.problems else costs

    @property
    def frozen(self) -> bool | None:
        if not isinstance(self.info, BlockFigures) or not self.info.frozen[0]:
            return False
        return True if self.info.frozen[0] == self.info.frozen[1] else None

    def colour(self, *, far: bool = False) -> QBrush:
        look = paints()
        return look.block_far if far else look.block

    def show_block(self, block: Block) -> None:
        """Take over what the block is called and holds."""
        if block != self.block:
            self.block = block
            self._texts = None
            self.update()

    def button_at(self, point: QPointF) -> bool:
        """Whether the button that unfolds is at a point in scene coordinates."""
        return _card_button().contains(point - self.pos())

    def _paint_behind(self, painter: QPainter) -> None:
        painter.setBrush(paints().card)
        for step in (6.0, 3.0):
            area = CARD.adjusted(step, 0, -step, step)
            painter.drawRoundedRect(area, size.CARD_RADIUS, size.CARD_RADIUS)

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        super().paint(painter, option, widget)
        _paint_chevron(painter, _card_button().center(), down=False)

    def _second_line(self) -> tuple[str, str]:
        return counted(len(self.block.layers), "layer"), ""


class FrameItem(QGraphicsItem):
    """The frame around the cards of an unfolded block. Its title takes the mouse, the rest not."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.block = block
        self.chosen = False
        self.area = QRectF()
        self._title_width = 0.0
        # Frames inside stand on those around them.
        self.setZValue(-3)
        self.show_block(block)

    def show_block(self, block: Block) -> None:
        self.prepareGeometryChange()
        self.block = block
        self._title_width = metrics(12, bold=True).horizontalAdvance(block.name) + 16 + _BUTTON
        self.setToolTip(f"{block.name}: {counted(len(block.layers), 'layer')}")
        self.update()

    def set_area(self, area: QRectF) -> None:
        """Stand around an area of the scene."""
        if area != self.area:
            self.prepareGeometryChange()
            self.area = area
            self.update()

    def set_chosen(self, chosen: bool) -> None:
        """Whether just the layers of this block are selected."""
        if chosen != self.chosen:
            self.chosen = chosen
            self.update()

    @property
    def title_area(self) -> QRectF:
        width = min(self._title_width, self.area.width())
        return QRectF(self.area.left(), self.area.top(), width, _TITLE_HEIGHT)

    def button_at(self, point: QPointF) -> bool:
        """Whether the button that folds is at a point."""
        return self._button().contains(point)

    def boundingRect(self) -> QRectF:
        return self.area.adjusted(-2, -2, 2, 2)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self.title_area)
        return path

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        look = paints()
        self.paint_ground(painter)
        if painter.worldTransform().m11() < size.TEXT_SCALE:
            return
        _paint_chevron(painter, self._button().center(), down=True)
        painter.setPen(look.text if self.chosen else look.secondary)
        painter.setFont(font(12, bold=True))
        place = self.title_area.adjusted(8 + _BUTTON, 2, 8, 0)
        name = metrics(12, bold=True).elidedText(
            self.block.name, Qt.TextElideMode.ElideRight, self.area.width() - _BUTTON - 12
        )
        painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), name)

    def paint_ground(self, painter: QPainter) -> None:
        """The frame without its title, in the scene's coordinates."""
        look = paints()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(look.selected if self.chosen else look.frame)
        painter.setBrush(look.frame_ground)
        painter.drawRoundedRect(self.area, 10, 10)

    def _button(self) -> QRectF:
        return QRectF(self.area.left() + 3, self.area.top() + 3, _BUTTON, _BUTTON)


def frame_area(cards: Iterable[QRectF]) -> QRectF:
    """Where a frame stands: around cards with their figures, and around frames inside it."""
    area = QRectF()
    for card in cards:
        area = area.united(card)
    return area.adjusted(-_LEFT, -_TOP, _RIGHT, _BOTTOM)


def _card_button() -> QRectF:
    return QRectF(size.CARD_WIDTH - _BUTTON - 6, 7, _BUTTON, _BUTTON)


def _paint_chevron(painter: QPainter, centre: QPointF, *, down: bool) -> None:
    painter.setPen(paints().chevron)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    points = ((-4, -2), (0, 2), (4, -2)) if down else ((-2, -4), (2, 0), (-2, 4))
    painter.drawPolyline(QPolygonF([centre + QPointF(x, y) for x, y in points]))
