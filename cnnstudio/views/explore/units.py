"""The tab of units: what each looks for, in made-up pictures and in those of the data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPen, QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.tasks import Task
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.explore.layer_list import LayerList
from cnnstudio.views.explore.picture_box import held_out_first
from cnnstudio.views.explore.picture_menu import PictureMenu
from cnnstudio.views.explore.rows import KEY_ROLE
from cnnstudio.views.explore.unit_work import MOST_PICTURES, Found, Imagined, Units
from cnnstudio.views.explore.work import LayerRow
from cnnstudio.views.picture_grid import PictureGrid, PictureModel
from cnnstudio.views.pictures import Thumbnails, fitted, image_of
from cnnstudio.views.widgets import Button, EmptyState, Heading, Line, Secondary, name_widget

SHOWN = 24
TILE = 116
EXPLAIN = (
    "Each unit answers to something. A picture is made up that excites it as much as possible, and "
    "the pictures of your data that excite it most are found. Choose a layer on the left."
)


class UnitsTab(QWidget):
    """One screen of a layer's units; asks for them when the tab is seen."""

    # A picture to be explained: Path.
    explained = Signal(object)
    # A picture of which a person wants to know what mattered: Path.
    mattered = Signal(object)

    def __init__(self, context: Context, units: Units, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._units = units
        self._model: Path | None = None
        self._first = 0
        self._range = ""
        self._asked: tuple[Path, str, int] | None = None
        self._tasks: list[Task] = []
        self._best: Found | None = None
        self.layers = LayerList("unitLayers", self)
        self.layers.picked.connect(lambda: self._turn(0))
        self.tiles = QListWidget(self)
        name_widget(self.tiles, "unitTiles", "Units of the layer")
        self.tiles.setViewMode(QListView.ViewMode.IconMode)
        self.tiles.setResizeMode(QListView.ResizeMode.Adjust)
        self.tiles.setMovement(QListView.Movement.Static)
        self.tiles.setIconSize(QSize(TILE, TILE))
        self.tiles.setGridSize(QSize(TILE + 14, TILE + 30))
        self.tiles.setUniformItemSizes(True)
        self.tiles.setViewportMargins(theme.S8, theme.S12, theme.S8, 0)
        self.tiles.currentRowChanged.connect(lambda _row: self._show_best())
        self.title = QLabel("", self)
        self.title.setProperty("role", "title")
        self.status = Secondary("", self)
        self.status.setObjectName("unitsStatus")
        self.status.setWordWrap(False)
        self.earlier = Button("Earlier", "earlierUnits", lambda: self._turn(self._first - SHOWN))
        self.later = Button("Later", "laterUnits", lambda: self._turn(self._first + SHOWN))
        self.stop_button = Button("Stop", "stopUnits", self.stop, icon="stop", parent=self)
        self.best_title = Heading("", self)
        self.thumbnails = Thumbnails(context.tasks, parent=self)
        self.best_model = PictureModel(
            self.thumbnails,
            lambda found: f"{found.strength:.3g}  {found.path.name}",
            lambda found: f"{found.path}\nstrongest answer {found.strength:.4g}",
            self,
        )
        self.best_grid = PictureGrid(self.best_model, self)
        name_widget(self.best_grid, "excitingPictures", "Pictures that excite the unit most")
        self.best_grid.opened.connect(self.explained)
        self.picture_menu = PictureMenu(context, self.best_grid)
        self.picture_menu.explained.connect(self.explained)
        self.picture_menu.mattered.connect(self.mattered)
        self.empty = EmptyState("explore", "What does a unit look for?", EXPLAIN)
        self._lay_out()
        self._enable()

    def _lay_out(self) -> None:
        side = QFrame(self)
        side.setProperty("role", "panel")
        side.setMinimumWidth(220)
        column = QVBoxLayout(side)
        column.setContentsMargins(theme.S16, theme.S12, theme.S12, theme.S12)
        column.setSpacing(theme.S8)
        column.addWidget(Heading("Layers", side))
        column.addWidget(self.layers, 1)
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.S16, theme.S8, theme.S12, theme.S8)
        bar.setSpacing(theme.S8)
        bar.addWidget(self.title)
        bar.addWidget(self.status, 1)
        for button in (self.stop_button, self.earlier, self.later):
            bar.addWidget(button)
        main = QWidget(self)
        middle = QVBoxLayout(main)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addLayout(bar)
        middle.addWidget(Line(parent=main))
        middle.addWidget(self.tiles, 1)
        best = QFrame(self)
        best.setProperty("role", "panel")
        best.setMinimumWidth(200)
        right = QVBoxLayout(best)
        right.setContentsMargins(theme.S12, theme.S12, theme.S4, 0)
        right.addWidget(self.best_title)
        right.addWidget(self.best_grid, 1)
        shown = QSplitter(Qt.Orientation.Horizontal, self)
        shown.addWidget(main)
        shown.addWidget(best)
        shown.setStretchFactor(0, 1)
        shown.setSizes([824, 316])
        shown.setChildrenCollapsible(False)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(shown)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.addWidget(side)
        splitter.addWidget(self._stack)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([248, 1100])
        splitter.setChildrenCollapsible(False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    # -- what is asked for --------------------------------------------------------------------

    def set_network(self, model: Path | None, rows: tuple[LayerRow, ...]) -> None:
        """Show the units of this run or model from now on."""
        self.stop()
        self._model = model
        self._asked = None
        self.layers.set_layers(rows)
        self._turn(0)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def _turn(self, first: int) -> None:
        self._first = max(0, first)
        self._ask()

    def _ask(self) -> None:
        """Make up and find pictures for the units on the screen, unless that was done."""
        row = self.layers.chosen
        if not self.isVisible() or self._model is None or row is None:
            if self._model is None:
                self._stack.setCurrentIndex(0)
            return
        if self._asked == (self._model, row.name, self._first):
            return
        self.stop()
        self._asked = (self._model, row.name, self._first)
        self._best = None
        count = int(row.shape[-1] or 0)
        units = tuple(range(self._first, min(count, self._first + SHOWN)))
        self.title.setText(row.name)
        self._stack.setCurrentIndex(1)
        self._fill(units)
        self.later.setEnabled(self._first + SHOWN < count)
        self.earlier.setEnabled(self._first > 0)
        self._range = f"units {units[0]} to {units[-1]} of {count:,}" if units else "no units"
        self.status.setText(self._range)
        run = self._context.inference.run
        paths = [path for path, _ in held_out_first(self._context.document)][:MOST_PICTURES]
        self._tasks = [
            run(
                self._units.imagine,
                self._model,
                row.name,
                units,
                on_progress=self._imagined,
                on_done=self._done,
                on_failed=self._failed,
            )
        ]
        if paths:
            self._tasks.append(
                run(
                    self._units.find,
                    self._model,
                    row.name,
                    units,
                    paths,
                    on_progress=self._looking,
                    on_done=self._found,
                    on_failed=self._failed,
                    latest=True,
                )
            )
        self._enable()

    def _fill(self, units: tuple[int, ...]) -> None:
        self.tiles.blockSignals(True)
        self.tiles.clear()
        for unit in units:
            item = QListWidgetItem(_icon(None), f"unit {unit}")
            item.setData(KEY_ROLE, unit)
            item.setTextAlignment(Qt.AlignmentFlag.AlignHCenter)
            self.tiles.addItem(item)
        self.tiles.setCurrentRow(0)
        self.tiles.blockSignals(False)
        self._show_best()

    def stop(self) -> None:
        """Drop what is under way; what is there stays."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            self.status.setText(f"{self._range}   stopped")
        self._tasks = []
        self._enable()

    # -- answers ------------------------------------------------------------------------------

    def _imagined(self, found: Imagined) -> None:
        for row, unit in enumerate(found.units):
            item = self.tiles.item(unit - self._first)
            if item is None:
                continue
            image = image_of(found.pictures[row])
            item.setIcon(_icon(QPixmap.fromImage(image)))
            if found.words:
                item.setToolTip(
                    f"unit {unit}: answer {found.words[row]}, from grey noise to this picture"
                )

    def _looking(self, news: tuple[int, int]) -> None:
        done, of = news
        self.best_title.setText(f"Looking through the data: {done:,} of {of:,} pictures")

    def _found(self, found: Found) -> None:
        self._best = found
        self._show_best()
        self._done(None)

    def _show_best(self) -> None:
        item = self.tiles.currentItem()
        if item is None:
            self.best_model.set_pictures(())
            return
        unit = item.data(KEY_ROLE)
        if self._best is None:
            self.best_model.set_pictures(())
            known = self._context.document.report is not None
            self.best_title.setText(
                "Pictures of the data follow" if known else "Open a folder of pictures to see which"
            )
            return
        self.best_title.setText(f"Unit {unit}: strongest of {self._best.looked_at:,} pictures")
        self.best_model.set_pictures(self._best.best.get(unit, ()))

    def _done(self, _result: Any) -> None:
        self._tasks = [task for task in self._tasks if not task.finished]
        self._enable()

    def _failed(self, reason: str) -> None:
        self.status.setText(reason)
        self._done(None)

    def _enable(self) -> None:
        self.stop_button.setEnabled(bool(self._tasks))


def _icon(pixmap: QPixmap | None) -> QIcon:
    """An icon of one size with a frame, not tinted when it is selected; None for a blank one."""
    tile = QPixmap(TILE, TILE)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHints(
        QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
    )
    colours, area = theme.current(), tile.rect()
    if pixmap is None:
        painter.setBrush(colours.color("raised"))
    else:
        area = fitted(pixmap.size(), area)
        painter.drawPixmap(area, pixmap)
    # White pictures would vanish on a light page.
    painter.setPen(QPen(colours.color("border"), 1))
    painter.drawRect(QRectF(area).adjusted(0.5, 0.5, -0.5, -0.5))
    painter.end()
    icon = QIcon(tile)
    icon.addPixmap(tile, QIcon.Mode.Selected)
    return icon
