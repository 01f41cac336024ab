"""Shading: how much of the parameters, of the work or of the memory is in each card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil, sqrt
from types import MappingProxyType
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QSizePolicy, QWidget

from cnnstudio.views import theme
from cnnstudio.views.design import metrics as size
from cnnstudio.views.design.paints import SHADES, font, metrics, paints
from cnnstudio.views.theme import S4, S8, S12, S16
from cnnstudio.views.widgets import Button, Secondary, name_widget

if TYPE_CHECKING:
    from cnnstudio.analysis import Analysis, LayerInfo
    from cnnstudio.graph.folding import Shown
    from cnnstudio.views.design.page import DesignPage


@dataclass(frozen=True)
class Way:
    """What cards can be shaded by."""

    title: str
    whole: str
    figure: Callable[[LayerInfo], int]


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "parameters": Way("Parameters", "all parameters", lambda info: info.parameters),
        "multiply_adds": Way("Multiply-adds", "all multiply-adds", lambda info: info.multiply_adds),
        "memory": Way("Memory of outputs", "all outputs", lambda info: info.activation_bytes),
    }
)


@dataclass(frozen=True)
class Scale:
    """The shading of a network: a level from 0 to `SHADES` for each card.

    Cards with nothing have level 0. Levels are equal steps of the square root, or else one large
    layer would leave all others in the dark; `bounds` are the largest shares of all they stand for.
    """

    way: str = ""
    levels: Mapping[str, int] = field(default_factory=dict)
    bounds: tuple[float, ...] = ()


def scale_of(analysis: Analysis, view: Shown, way: str) -> Scale:
    """How the cards of `view` are shaded; a folded block counts as the sum of its layers."""
    if way not in WAYS:
        return Scale()
    figure, infos = WAYS[way].figure, analysis.layers
    amounts = {
        card: sum(figure(infos[name]) for name in view.layers_of(card) if name in infos)
        for card in view.network.layers
    }
    whole, most = sum(amounts.values()), max(amounts.values(), default=0)
    if not most:
        return Scale(way, dict.fromkeys(amounts, 0))
    levels = {
        card: min(SHADES, ceil(SHADES * sqrt(amount / most))) for card, amount in amounts.items()
    }
    bounds = tuple(most / whole * (level / SHADES) ** 2 for level in range(1, SHADES + 1))
    return Scale(way, levels, bounds)


class ShadeBar(QWidget):
    """Below the canvas while cards are shaded: by what, and what the shades stand for."""

    # By what the person wants them shaded; empty for not at all.
    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(self, "shadeBar", "Shading of the cards")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.choice = QComboBox()
        name_widget(self.choice, "shadeChoice", "Shade by")
        for way, words in WAYS.items():
            self.choice.addItem(words.title, way)
        self.choice.activated.connect(lambda _row: self.chosen.emit(self.choice.currentData()))
        self.legend = _Legend()
        off = Button("No shading", "shadeOff", lambda: self.chosen.emit(""))
        off.setProperty("role", "quiet")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(S16, S4, S8, S4)
        layout.setSpacing(S12)
        label = Secondary("Shaded by")
        label.setWordWrap(False)
        layout.addWidget(label)
        layout.addWidget(self.choice)
        layout.addWidget(self.legend, 1)
        layout.addWidget(off)
        self.hide()

    def show_scale(self, scale: Scale) -> None:
        """Show what the shades stand for; nothing is shown without shading."""
        if scale.way:
            self.choice.setCurrentIndex(self.choice.findData(scale.way))
            self.legend.show_scale(scale)
        self.setVisible(bool(scale.way))

    def show_zoom(self, zoom: float) -> None:
        """Show the shades that cards have at this zoom."""
        far = zoom < size.TEXT_SCALE
        if far != self.legend.far:
            self.legend.far = far
            self.legend.update()


class _Legend(QWidget):
    def __init__(self) -> None:
        super().__init__()
        name_widget(self, "shadeLegend", "Shares")
        self.scale = Scale()
        # Seen from far away cards have no text, and stronger shades.
        self.far = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(60)
        theme.watcher.theme_changed.connect(self._new_theme)

    def sizeHint(self) -> QSize:
        return QSize(420, theme.HIT)

    def show_scale(self, scale: Scale) -> None:
        self.scale = scale
        self.setAccessibleDescription(f"{', '.join(self.labels)} of {WAYS[scale.way].whole}")
        self.setToolTip(
            f"Share of {WAYS[scale.way].whole} in a card, up to the number beside each shade"
        )
        self.update()

    @property
    def labels(self) -> list[str]:
        return ["none", *map(_percent, self.scale.bounds)]

    def _new_theme(self, _theme: object = None) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look, way = paints(), self.scale.way
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(12))
        middle, left = self.height() / 2, 0.0
        wide = metrics(12).horizontalAdvance
        for level, label in enumerate(self.labels):
            if left + 22 + wide(label) > self.width():
                return
            painter.setPen(look.border)
            if level:
                painter.setBrush((look.shades_far if self.far else look.shades)[way, level])
            else:
                painter.setBrush(look.shade_none_far if self.far else look.card)
            painter.drawRoundedRect(QRectF(left + 0.5, middle - 7, 16, 14), 3, 3)
            painter.setPen(look.secondary)
            painter.drawText(
                QRectF(left + 22, 0, wide(label) + 2, self.height()),
                int(Qt.AlignmentFlag.AlignVCenter),
                label,
            )
            left += 22 + wide(label) + 14
        words = f"of {WAYS[way].whole}" if way else ""
        if left + wide(words) <= self.width():
            painter.drawText(
                QRectF(left - 6, 0, wide(words) + 2, self.height()),
                int(Qt.AlignmentFlag.AlignVCenter),
                words,
            )


def shade_action(page: DesignPage) -> QAction:
    """The entry of the View menu: its own menu of the ways."""
    menu = QMenu("S&hade by", page)
    menu.setObjectName("shadeMenu")
    group = QActionGroup(menu)
    for way, title in {"": "Nothing", **{way: words.title for way, words in WAYS.items()}}.items():
        action = QAction(title, menu)
        action.setObjectName(f"shade_{way or 'nothing'}_Action")
        action.setCheckable(True)
        action.setData(way)
        group.addAction(action)
        menu.addAction(action)

    def choose(action: QAction) -> None:
        page.context.show_page("design")
        page.shade_by(action.data())

    def check() -> None:
        for action in group.actions():
            action.setChecked(action.data() == page.scene.scale.way)

    group.triggered.connect(choose)
    menu.aboutToShow.connect(check)
    check()
    entry = menu.menuAction()
    entry.setObjectName("shadeAction")
    entry.setProperty("menu", "view")
    return entry


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.0f} %" if percent >= 9.95 else f"{max(percent, 0.1):.1f} %"
