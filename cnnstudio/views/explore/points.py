"""The tab of points: all pictures of a part as the network sees them just before it decides."""

from __future__ import annotations

import colorsys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QListView,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.tasks import Task
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.explore.picture_box import PictureView
from cnnstudio.views.explore.picture_menu import PictureMenu, corrected
from cnnstudio.views.explore.point_work import Cloud, Clouds, Point
from cnnstudio.views.explore.scatter import Scatter
from cnnstudio.views.explore.work import PARTS
from cnnstudio.views.picture_grid import PictureGrid, PictureModel
from cnnstudio.views.pictures import Thumbnails, read_thumbnail
from cnnstudio.views.widgets import (
    Button,
    EmptyState,
    Heading,
    Line,
    PrimaryButton,
    Secondary,
    name_widget,
    set_property,
)

METHODS = {"PCA": "pca", "t-SNE": "t-sne"}
COLOURED = ("their class", "what they are taken for", "right or wrong")
EXPLAIN = (
    "Every picture becomes a point: what the last hidden layer makes of it, brought to two "
    "dimensions. Classes that lie apart are easy to tell; a point among others is worth a look."
)


class PointsTab(QWidget):
    """Makes points of a network's pictures, in the background."""

    # A picture to be explained: Path.
    explained = Signal(object)
    # A picture of which a person wants to know what mattered: Path.
    mattered = Signal(object)

    def __init__(self, context: Context, clouds: Clouds, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._clouds = clouds
        self._model: Path | None = None
        self._task: Task | None = None
        self._reading: Task | None = None
        self.cloud: Cloud | None = None
        self.part_box = QComboBox(self)
        name_widget(self.part_box, "pointsPart", "Pictures to show as points")
        for part, words in PARTS.items():
            self.part_box.addItem(f"Its {words}", part)
        self.method_box = QComboBox(self)
        name_widget(
            self.method_box,
            "pointsMethod",
            "How features are brought to two dimensions",
            "PCA is quick and keeps distances; t-SNE takes longer and keeps neighbours together",
        )
        for title, method in METHODS.items():
            self.method_box.addItem(title, method)
        self.colour_box = QComboBox(self)
        name_widget(self.colour_box, "pointsColour", "What the colours say")
        self.colour_box.addItems(COLOURED)
        self.colour_box.currentIndexChanged.connect(lambda _row: self._paint())
        self.start_button = PrimaryButton("Show", "showPointsButton", self.start, parent=self)
        self.stop_button = Button("Stop", "stopPointsButton", self.stop, icon="stop")
        self.progress = QProgressBar(self)
        name_widget(self.progress, "pointsProgress", "Progress of the points")
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(140)
        self.progress.hide()
        self.words = Secondary("", self)
        self.words.setObjectName("pointsWords")
        self.scatter = Scatter(self)
        name_widget(
            self.scatter,
            "pointsScatter",
            "Pictures as points",
        )
        self.scatter.hovered.connect(self._hovered)
        self.scatter.chosen.connect(self._chosen)
        self.legend = QListWidget(self)
        name_widget(self.legend, "pointsLegend", "Colours of the points")
        self.legend.setFlow(QListView.Flow.LeftToRight)
        self.legend.setWrapping(True)
        self.legend.setResizeMode(QListView.ResizeMode.Adjust)
        self.legend.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.legend.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.legend.setSpacing(2)
        self.legend.setMaximumHeight(112)
        self.picture = PictureView(128, self)
        self.picture.empty_text = "Point at a picture"
        self.about = Secondary("", self)
        self.about.setWordWrap(True)
        self.list_title = Heading("", self)
        self.thumbnails = Thumbnails(context.tasks, parent=self)
        self.list_model = PictureModel(
            self.thumbnails, corrected(context.document, _caption), _tip, self
        )
        self.grid = PictureGrid(self.list_model, self)
        name_widget(self.grid, "pointsPictures", "Pictures inside the lasso")
        self.grid.opened.connect(self.explained)
        self.picture_menu = PictureMenu(context, self.grid)
        self.picture_menu.explained.connect(self.explained)
        self.picture_menu.mattered.connect(self.mattered)
        self.empty = EmptyState(
            "grid",
            "How does the network group the pictures?",
            EXPLAIN,
            [("Show", self.start, "emptyPointsButton")],
        )
        self._lay_out()
        self._enable()

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.S16, theme.S8, theme.S16, theme.S8)
        bar.setSpacing(theme.S8)
        bar.addWidget(Secondary("Pictures", self))
        for widget in (self.part_box, self.method_box, self.start_button, self.stop_button):
            bar.addWidget(widget)
        bar.addWidget(self.progress)
        bar.addWidget(self.words, 1)
        bar.addWidget(Secondary("Colours show", self))
        bar.addWidget(self.colour_box)
        side = QFrame(self)
        side.setProperty("role", "panel")
        side.setMinimumWidth(260)
        top = QHBoxLayout()
        top.setContentsMargins(0, 0, theme.S8, 0)
        top.setSpacing(theme.S12)
        top.addWidget(self.picture)
        top.addWidget(self.about, 1, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(side)
        column.setContentsMargins(theme.S12, theme.S12, theme.S4, 0)
        column.setSpacing(theme.S8)
        column.addLayout(top)
        column.addWidget(Heading("Colours", side))
        column.addWidget(self.legend)
        column.addWidget(self.list_title)
        column.addWidget(self.grid, 1)
        column.addStretch()
        shown = QSplitter(Qt.Orientation.Horizontal, self)
        shown.addWidget(self.scatter)
        shown.addWidget(side)
        shown.setStretchFactor(0, 1)
        shown.setSizes([980, 380])
        shown.setChildrenCollapsible(False)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(shown)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(Line(parent=self))
        layout.addWidget(self._stack, 1)

    # -- making points ------------------------------------------------------------------------

    def set_model(self, model: Path | None) -> None:
        """Show pictures as this run or model sees them from now on."""
        if model != self._model:
            self._model = model
            self.stop()
            self.cloud = None
            self._say("")
            self._stack.setCurrentIndex(0)
        self._enable()

    def start(self) -> None:
        """Make points of the chosen part, by the chosen method."""
        if self._model is None or self._task is not None:
            return
        document = self._context.document
        self._say("Reading pictures…")
        self.progress.setRange(0, 0)
        self.progress.show()
        self._task = self._context.inference.run(
            self._clouds.make,
            self._model,
            self.part_box.currentData(),
            self.method_box.currentData(),
            document.data,
            document.report,
            on_done=self._made,
            on_failed=self._failed,
            on_progress=self._progressed,
            latest=True,
        )
        self._enable()

    def stop(self) -> None:
        """Drop what is under way."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
            self.progress.hide()
            self._say("Stopped.")
            self._enable()

    def _progressed(self, news: tuple[int, int]) -> None:
        done, of = news
        self.progress.setRange(0, of)
        self.progress.setValue(done)
        self._say(f"{done:,} of {of:,} pictures" if of else "Placing the points…")

    def _failed(self, reason: str) -> None:
        self._task = None
        self.progress.hide()
        self._say(reason, "error")
        self._enable()

    def _made(self, cloud: Cloud) -> None:
        self._task = None
        self.progress.hide()
        self.cloud = cloud
        wrong = sum(point.truth != point.predicted for point in cloud.points)
        self._say(
            f"{len(cloud.points):,} pictures as {cloud.layer} sees them, {wrong:,} taken for "
            f"another class.  {cloud.note}"
        )
        self._stack.setCurrentIndex(1)
        self._chosen(np.empty(0, np.intp))
        self._hovered(-1)
        self._paint()
        self._enable()

    def _paint(self) -> None:
        """Colour the points by what was chosen."""
        cloud = self.cloud
        if cloud is None:
            return
        names: tuple[str, ...]
        index = {name: number for number, name in enumerate(cloud.classes)}
        if self.colour_box.currentIndex() == 2:
            names, palette = ("right", "wrong"), _right_and_wrong()
            colours = [int(point.truth != point.predicted) for point in cloud.points]
        else:
            names, palette = cloud.classes, class_colours(len(cloud.classes))
            truth = self.colour_box.currentIndex() == 0
            colours = [
                index.get(point.truth if truth else point.predicted, 0) for point in cloud.points
            ]
        self.scatter.show_points(cloud.xy, np.array(colours, np.intp), palette)
        self.legend.clear()
        for name, colour in zip(names, palette, strict=True):
            dot = QPixmap(10, 10)
            dot.fill(QColor(colour))
            item = QListWidgetItem(QIcon(dot), name)
            item.setSizeHint(QSize(item.sizeHint().width(), 22))
            self.legend.addItem(item)

    # -- looking closer -----------------------------------------------------------------------

    def _hovered(self, number: int) -> None:
        if self._reading is not None:
            self._reading.cancel()
        if self.cloud is None or number < 0:
            self.about.setText(
                "Point at one to see it. Drag a lasso to list pictures; the wheel "
                "zooms, a double click shows all."
            )
            self.picture.set_image(None)
            return
        point = self.cloud.points[number]
        self.about.setText(f"{point.path.name}\n{_words(point)}")
        side = round(128 * self.devicePixelRatioF())
        self._reading = self._context.tasks.run(
            read_thumbnail,
            point.path,
            side,
            on_done=self.picture.set_image,
            on_failed=self.about.setText,
        )

    def _chosen(self, numbers: NDArray[np.intp]) -> None:
        points = [] if self.cloud is None else [self.cloud.points[i] for i in numbers.tolist()]
        self.list_model.set_pictures(points)
        count = f"{len(points):,} picture" + ("" if len(points) == 1 else "s")
        self.list_title.setText(f"{count} in the lasso" if points else "Nothing in the lasso yet")
        self.grid.setVisible(bool(points))

    def _say(self, text: str, role: str = "secondary") -> None:
        self.words.setText(text)
        set_property(self.words, "role", role)

    def _enable(self) -> None:
        ready = self._model is not None and self._task is None
        for button in (self.start_button, *self.empty.buttons):
            button.setEnabled(ready)
        self.stop_button.setEnabled(self._task is not None)
        if self._model is None:
            self._say("Train a network first, or open a .keras file.")


def class_colours(count: int) -> list[str]:
    """A colour for each class: those of a plot's lines first, then others between them."""
    found = list(dict.fromkeys(theme.current().series))[:count]
    for number in range(count - len(found)):
        hue = (0.08 + number * 0.618034) % 1
        red, green, blue = colorsys.hls_to_rgb(hue, 0.45 + 0.15 * (number % 2), 0.6)
        found.append(f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}")
    return found


def _right_and_wrong() -> list[str]:
    return [theme.current().success, theme.current().error]


def _words(point: Point) -> str:
    if point.truth == point.predicted:
        return f"{point.truth}, recognised"
    return f"{point.truth}, taken for {point.predicted}"


def _caption(point: Point) -> str:
    return _words(point)


def _tip(point: Point) -> str:
    return f"{point.path}\n{_words(point)}"
