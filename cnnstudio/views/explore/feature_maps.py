"""The tab of feature maps: a picture and a layer on the left, what the layer sees on the right."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.explore.histogram import HistogramView
from cnnstudio.views.explore.layer_list import LayerList
from cnnstudio.views.explore.levels import (
    COLOUR_MAPS,
    Levels,
    filter_levels,
    make_levels,
    sampled,
)
from cnnstudio.views.explore.picture_box import PictureBox
from cnnstudio.views.explore.scores import Scores
from cnnstudio.views.explore.work import LayerRow, Owns, Seen, Sees
from cnnstudio.views.maps import MapsView
from cnnstudio.views.segments import Segments
from cnnstudio.views.widgets import Button, Heading, Secondary, name_widget

if TYPE_CHECKING:
    from cnnstudio.evaluation.filters import Weights

MAPS, FILTERS = "maps", "filters"
NO_FILTERS = "Only convolutions have filters: choose one in the list of layers."
NOT_LIVE = (
    "While a network trains, its maps are shown here. Turn off “Watch the training” to see the "
    "filters that were saved."
)
HELP = "Arrow keys step through maps; + and − or Ctrl+wheel zoom, 0 fits; double-click enlarges one"


class FeatureMapsTab(QWidget):
    """Shows what it is given; `wanted` says that another picture, layer or scale is asked for."""

    wanted = Signal()

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._caption = self._when = self._said = ""
        self._sees: Sees | None = None
        self._stride = 1
        self.picture_box = PictureBox(context, side=128, stacked=True, parent=self)
        self.picture_box.picked.connect(lambda _path: self.wanted.emit())
        self.scores = Scores(self)
        self.layers = LayerList("layerList", self)
        self.layers.picked.connect(self.wanted)
        self.maps = MapsView(self)
        self.maps.setObjectName("featureMaps")
        self.maps.placed.connect(self._outline)
        self._names: tuple[str, ...] = ()
        self._maps: Levels | None = None
        self._weights: Weights | None = None
        self.shown = Segments("mapsShown", "Maps or filters", self)
        self.shown.add(MAPS, "Maps")
        self.shown.add(FILTERS, "Filters")
        self.shown.chosen.connect(self._turn)
        self.channel = QSpinBox(self)
        name_widget(
            self.channel,
            "filterChannel",
            "Input channel of the filters",
            "Each filter has a kernel for each channel that comes in",
        )
        self.channel.setPrefix("from channel ")
        self.channel.valueChanged.connect(lambda _number: self._draw())
        self.spread = HistogramView("weightsHistogram", "Weights")
        self.answers = HistogramView("activationsHistogram", "Activations for this picture")
        self.field_words = Secondary("", self)
        self.field_words.setObjectName("receptiveFieldWords")
        self.field_words.setMinimumHeight(2 * theme.S16)
        self.field_words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.colours = QComboBox(self)
        name_widget(self.colours, "mapColours", "Colours of the maps", "Colours, low to high")
        self.colours.addItems(list(COLOUR_MAPS))
        self.colours.textActivated.connect(self.maps.set_colours)
        self.same_scale = QCheckBox("Same scale", self)
        name_widget(
            self.same_scale,
            "sameScale",
            "One scale for all maps",
            "Compare maps with each other: equal colours are equal values. Otherwise each map "
            "uses all colours.",
        )
        self.same_scale.toggled.connect(self._rescale)
        self.by_activity = QCheckBox("Most active first", self)
        name_widget(self.by_activity, "mostActiveFirst", "Most active maps first")
        self.by_activity.toggled.connect(self.maps.set_by_activity)
        self.title = QLabel("", self)
        self.title.setProperty("role", "title")
        self.status = Secondary("", self)
        self.status.setObjectName("featureMapsStatus")
        self.status.setWordWrap(False)
        self.maps.hovered.connect(lambda text: self.status.setText(text or self._caption))
        self._lay_out()

    def _lay_out(self) -> None:
        side = QFrame(self)
        side.setProperty("role", "panel")
        column = QVBoxLayout(side)
        column.setContentsMargins(theme.S16, theme.S12, theme.S12, theme.S12)
        column.setSpacing(theme.S8)
        column.addWidget(self.picture_box)
        column.addWidget(self.field_words)
        column.addWidget(Heading("Taken for", side))
        column.addWidget(self.scores)
        column.addWidget(Heading("Layers", side))
        column.addWidget(self.layers, 1)
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.S16, theme.S8, theme.S12, theme.S4)
        bar.setSpacing(theme.S12)
        bar.addWidget(self.shown)
        bar.addWidget(self.title, 1)
        bar.addWidget(self.channel)
        self.channel.hide()
        bar.addWidget(self.same_scale)
        bar.addWidget(self.by_activity)
        bar.addWidget(self.colours)
        for text, name, meaning, factor in (
            ("−", "zoomOutMaps", "Smaller maps", 0.8),
            ("Fit", "fitMaps", "All maps at once", 0.0),
            ("+", "zoomInMaps", "Larger maps", 1.25),
        ):
            button = Button(text, name, partial(self.maps.zoom_by, factor))
            name_widget(button, name, meaning, meaning)
            bar.addWidget(button)
        main = QWidget(self)
        right = QVBoxLayout(main)
        right.setContentsMargins(0, 0, 0, theme.S8)
        right.setSpacing(0)
        right.addLayout(bar)
        right.addWidget(self.maps, 1)
        right.addWidget(self.status)
        below = QHBoxLayout()
        below.setContentsMargins(theme.S16, theme.S8, theme.S16, 0)
        below.setSpacing(theme.S24)
        below.addWidget(self.spread)
        below.addWidget(self.answers)
        right.addLayout(below)
        self.status.setContentsMargins(theme.S16, theme.S4, theme.S16, 0)
        # Over the maps a tip would hide what it is about.
        self.maps.setAccessibleDescription(HELP)
        self.status.setToolTip(HELP)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.addWidget(side)
        splitter.addWidget(main)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([288, 1000])
        splitter.setChildrenCollapsible(False)
        side.setMinimumWidth(240)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    # -- layers -------------------------------------------------------------------------------

    @property
    def layer(self) -> str | None:
        return self.layers.layer

    def set_layers(self, rows: tuple[LayerRow, ...]) -> None:
        """Offer these layers, keeping the chosen one if it is among them."""
        self.layers.set_layers(rows)

    # -- what is seen -------------------------------------------------------------------------

    def show_seen(self, seen: Seen | Owns) -> None:
        self._weights = seen.weights
        self.spread.show_histogram(seen.weights.spread, "This layer has no weights.")
        if isinstance(seen, Owns):
            self.title.setText(seen.layer)
            self._draw()
            return
        self.scores.show_ranked(seen.ranked)
        self._stride = 1
        self.set_sees(seen.sees)
        self.answers.show_histogram(seen.answers)
        self._show(seen.layer, seen.levels, seen.names, "")

    def show_live(self, layer: str, maps: Any, when: str) -> None:
        """Feature maps of a network that trains now: no prediction goes with them."""
        from cnnstudio.keras_build.spread import histogram

        self.scores.show_ranked((), "Under What mattered while it trains")

        fewer = sampled(maps)
        self._weights = None
        self.spread.show_histogram(None, "Under Weights on the Train page while it trains.")
        self.answers.show_histogram(histogram(fewer))
        self._stride = -(-maps.shape[0] // fewer.shape[0])
        self._show(layer, make_levels(fewer, shared=self.same_scale.isChecked()), (), when)

    # -- receptive fields ---------------------------------------------------------------------

    def set_sees(self, sees: Sees | None) -> None:
        """Which part of the picture each place of the maps on show depends on."""
        self._sees = sees
        self._outline(None)

    def _outline(self, place: tuple[int, int] | None) -> None:
        """Outline on the picture what a place of a map sees, and say how large that is."""
        sees, size = self._sees, self.picture_box.view.picture_size
        maps = self.shown.current == MAPS
        if sees is None or size is None or sees.layer != self.layer or not maps:
            self.picture_box.view.outline(None)
            self.field_words.setText("")
            return
        if sees.fields is None:
            self.picture_box.view.outline(None)
            self.field_words.setText("What a place of this layer sees cannot be told.")
            return
        if sees.fields.whole:
            self.picture_box.view.outline((0, 0, 1, 1) if place is not None else None)
            self.field_words.setText("Every place of this layer sees the whole picture.")
            return
        if place is None:
            self.picture_box.view.outline(None)
            self.field_words.setText("Point at a map: what that place sees is outlined here.")
            return
        from cnnstudio.evaluation.receptive_fields import on_picture

        field = sees.fields.at(place[0] * self._stride, place[1] * self._stride)
        if field.empty:
            self.picture_box.view.outline(None)
            self.field_words.setText("This place sees padding only, nothing of the picture.")
            return
        self.picture_box.view.outline(on_picture(field, sees.preparation, size))
        high, wide = field.size
        words = "the whole picture" if field.whole else f"{high} × {wide} pixels"
        of = " × ".join(map(str, sees.preparation.image_size))
        self.field_words.setText(
            f"Sees {words}, rows {field.top}–{field.bottom}, columns {field.left}–{field.right} "
            f"of {of}."
        )

    def _show(self, layer: str, levels: Levels, names: tuple[str, ...], when: str) -> None:
        self.title.setText(layer)
        self._maps, self._names, self._when = levels, names, when
        self._draw()

    def _turn(self, _which: str) -> None:
        """Maps or filters are asked for."""
        self.set_sees(self._sees)
        self._draw()

    def _rescale(self, shared: bool) -> None:
        self.maps.set_shared(shared)
        if self.maps.levels is not None and self.maps.levels.kind == "map":
            self._maps = self.maps.levels
        elif self._maps is not None:
            self._maps = make_levels(self._maps.values.transpose(1, 2, 0), shared=shared)
        self._draw()

    def _draw(self) -> None:
        """Draw the maps, or the filters, of the layer on show."""
        if self._maps is None and self._weights is None:
            return
        if self.shown.current == MAPS:
            self.channel.hide()
            if self._maps is None:
                self._clear(self._said)
            else:
                self._put(self._maps, self._names, self._when)
            return
        kernels = None if self._weights is None else self._weights.kernels
        if self._weights is None or kernels is None:
            self.channel.hide()
            self._clear(NOT_LIVE if self._weights is None else NO_FILTERS)
            return
        coloured = self._weights.first
        self.channel.setVisible(not coloured and kernels.shape[2] > 1)
        with QSignalBlocker(self.channel):
            self.channel.setMaximum(kernels.shape[2] - 1)
        channel = None if coloured else self.channel.value()
        levels = filter_levels(kernels, channel, shared=self.same_scale.isChecked())
        high, wide, many, _ = kernels.shape
        self._put(levels, (), f"{high} × {wide} × {many}" + (" as red, green, blue" * coloured))

    def _put(self, levels: Levels, names: tuple[str, ...], before: str) -> None:
        self.maps.set_levels(levels, names)
        self.colours.setEnabled(levels.pixels is None)
        self._caption = f"{before}   {levels.summary()}" if before else levels.summary()
        self.status.setText(self._caption)

    def say(self, text: str) -> None:
        """Show a sentence instead of maps."""
        self.set_sees(None)
        self._said = text
        self._maps = self._weights = None
        self.spread.show_histogram(None)
        self.answers.show_histogram(None)
        self._clear(text)
        self.scores.show_ranked(())

    def _clear(self, text: str) -> None:
        self.maps.clear()
        self.maps.empty_text = text
        self.maps.viewport().update()
        self._caption = ""
        self.status.setText("")

    def set_picture(self, path: Path) -> None:
        self.picture_box.set_path(path)
