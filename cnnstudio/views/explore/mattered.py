"""The tab that shows what mattered in a picture for a class, by four methods side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSlider,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.tasks import Task
from cnnstudio.views import theme
from cnnstudio.views.classify.results import percent
from cnnstudio.views.context import Context
from cnnstudio.views.explore.explaining import METHODS, Explainers, Mattered, Recognised
from cnnstudio.views.explore.heat_card import HeatCard
from cnnstudio.views.explore.picture_box import PictureBox
from cnnstudio.views.explore.rows import ASIDE_ROLE, KEY_ROLE, RowDelegate
from cnnstudio.views.train.live_cam import CamSeen, LiveCam
from cnnstudio.views.widgets import Button, EmptyState, Heading, Secondary, name_widget

NO_MODEL = "Train a network first, or open a .keras file."
LIKELIEST = "the likeliest class"
PAUSE = 120  # milliseconds: arrow keys over the classes ask for the one they stop at


class MatteredTab(QWidget):
    """Asks each method in turn, in the background; another class or picture drops what waits."""

    # A picture was chosen here: Path.
    picked = Signal(object)
    # Another class or layer of the network that trains now is asked for.
    live_wanted = Signal()

    def __init__(self, context: Context, explainers: Explainers, parent: QWidget | None = None):
        super().__init__(parent)
        self._context = context
        self._explainers = explainers
        self._model: Path | None = None
        self._recognised: Recognised | None = None
        self._tasks: list[Task] = []
        self._enlarged: HeatCard | None = None
        self._stale = False
        self._live: LiveCam | None = None
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(PAUSE)
        self.picture_box = PictureBox(context, side=128, stacked=True, parent=self)
        self.picture_box.picked.connect(self._picked)
        self.classes = QListWidget(self)
        name_widget(self.classes, "matteredClasses", "Class to explain")
        self.classes.setUniformItemSizes(True)
        self.classes.setItemDelegate(RowDelegate(self.classes))
        self.classes.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.classes.currentRowChanged.connect(lambda _row: self._wait.start())
        self.layer_box = QComboBox(self)
        name_widget(
            self.layer_box,
            "camLayer",
            "Layer for Grad-CAM",
            "The layer whose maps Grad-CAM weighs: earlier ones are finer, later ones closer to "
            "the decision",
        )
        self.layer_box.setMinimumWidth(180)
        self.layer_box.activated.connect(lambda _row: self._ask(("grad-cam",)))
        self.strength = QSlider(Qt.Orientation.Horizontal, self)
        name_widget(self.strength, "heatStrength", "Strength of the colours over the picture")
        self.strength.setRange(0, 100)
        self.strength.setValue(70)
        self.strength.setFixedWidth(160)
        self.stop_button = Button("Stop", "stopMattered", self.stop, icon="stop", parent=self)
        self.cards = {
            method.name: HeatCard(method.name, method.title, method.words, self)
            for method in METHODS
        }
        for card in self.cards.values():
            self.strength.valueChanged.connect(
                lambda value, card=card: card.view.set_strength(value / 100)
            )
            card.enlarged.connect(lambda card=card: self._enlarge(card))
        self.title = QLabel("", self)
        self.title.setProperty("role", "title")
        self.empty = EmptyState(
            "search",
            "What mattered?",
            "Four methods show which parts of a picture speak for a class. Drop a picture, or "
            "take one of the data.",
            [("Next picture", self.picture_box.next_picture, "emptyMatteredNext")],
        )
        self._wait.timeout.connect(lambda: self._ask(tuple(self.cards)))
        self._lay_out()
        self._enable()

    def _lay_out(self) -> None:
        side = QFrame(self)
        side.setProperty("role", "panel")
        side.setMinimumWidth(240)
        column = QVBoxLayout(side)
        column.setContentsMargins(theme.S16, theme.S12, theme.S12, theme.S12)
        column.setSpacing(theme.S8)
        column.addWidget(self.picture_box)
        column.addWidget(Heading("What speaks for", side))
        column.addWidget(self.classes, 1)
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.S16, theme.S8, theme.S12, theme.S4)
        bar.setSpacing(theme.S8)
        bar.addWidget(self.title, 1)
        bar.addWidget(self.stop_button)
        bar.addSpacing(theme.S8)
        bar.addWidget(Secondary("Grad-CAM of", self))
        bar.addWidget(self.layer_box)
        bar.addSpacing(theme.S8)
        bar.addWidget(Secondary("Colours", self))
        bar.addWidget(self.strength)
        grid = QGridLayout()
        grid.setContentsMargins(theme.S16, theme.S4, theme.S12, theme.S12)
        grid.setSpacing(theme.S12)
        for number, card in enumerate(self.cards.values()):
            grid.addWidget(card, *divmod(number, 2))
        main = QWidget(self)
        right = QVBoxLayout(main)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addLayout(bar)
        right.addLayout(grid, 1)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(main)
        splitter = QSplitter(Qt.Orientation.Horizontal, self)
        splitter.addWidget(side)
        splitter.addWidget(self._stack)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([288, 1000])
        splitter.setChildrenCollapsible(False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)

    # -- what is asked for --------------------------------------------------------------------

    def set_model(self, model: Path | None) -> None:
        """Explain this run or model from now on."""
        self._model = model
        self._recognise()

    def set_picture(self, path: Path) -> None:
        """Explain a picture file."""
        if path != self.picture_box.path:
            self.picture_box.set_path(path)

    def _picked(self, path: Path) -> None:
        self._recognise()
        self.picked.emit(path)

    def _recognise(self) -> None:
        """Classify the picture; the methods follow once the class is known."""
        self.stop()
        self._recognised = None
        self._stale = self._live is None
        if self._stale and self.isVisible():
            self._start()

    def _start(self) -> None:
        self._stale = False
        picture = self.picture_box.path
        if self._model is None or picture is None:
            self._stack.setCurrentIndex(0)
            self._enable()
            return
        self._tasks.append(
            self._context.inference.run(
                self._explainers.recognise,
                self._model,
                picture,
                on_done=self._known,
                on_failed=self._failed,
            )
        )
        self._enable()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        # The first picture of the data, so that something is seen at once.
        if self._model is not None:
            self.picture_box.ensure()
        if self._stale:
            self._start()

    def _known(self, found: Recognised) -> None:
        self._tasks.clear()
        self._recognised = found
        self._stack.setCurrentIndex(1)
        for card in self.cards.values():
            card.view.set_picture(found.pixels)
        self._show_classes(found)
        chosen = self.layer_box.currentText()
        self.layer_box.clear()
        self.layer_box.addItems(found.layers)
        usual = chosen if chosen in found.layers else found.usual_layer
        self.layer_box.setCurrentText(usual or "")
        self.layer_box.setEnabled(bool(found.layers))
        self._ask(tuple(self.cards))

    # -- the network that trains now ----------------------------------------------------------

    @property
    def look(self) -> LiveCam | None:
        """What is to be made of the picture while a network trains; None if none is followed."""
        return self._live

    @property
    def layer(self) -> str | None:
        """The layer whose maps Grad-CAM weighs."""
        return self.layer_box.currentText() or None

    def follow(self, classes: tuple[str, ...], layers: tuple[str, ...]) -> None:
        """Follow a training with these classes by Grad-CAM, which needs one step for a picture."""
        self.stop()
        self._live, self._recognised, self._stale = LiveCam(classes), None, False
        self.layer_box.clear()
        self.layer_box.addItems(layers)
        self.layer_box.setCurrentIndex(len(layers) - 1)
        self.layer_box.setEnabled(bool(layers))
        self._list([(None, LIKELIEST, ""), *((i, name, "") for i, name in enumerate(classes))])
        for card in self.cards.values():
            card.setVisible(card is self.cards["grad-cam"])
        self._enlarged = None
        self.title.setText("What speaks for a class while it trains")

    def begin(self, pixels: NDArray[np.uint8]) -> None:
        """A picture is followed from now on."""
        self._stack.setCurrentIndex(1)
        card = self.cards["grad-cam"]
        card.view.set_picture(pixels)
        card.view.say("Waiting for the next step of the training…")

    def show_live(self, seen: CamSeen, when: str) -> None:
        """Lay what the training thread saw over the picture."""
        if self._live is None:
            return
        card = self.cards["grad-cam"]
        card.view.set_heat(seen.colours)
        card.set_note(seen.note)
        self.title.setText(f"What speaks for {self._live.classes[seen.class_index]}   {when}")
        for row in range(1, self.classes.count()):
            self.classes.item(row).setData(ASIDE_ROLE, percent(float(seen.shares[row - 1])))

    def say_live(self, words: str) -> None:
        """A sentence of the training, such as why there is no Grad-CAM for this network."""
        if self._live is not None and not self.cards["grad-cam"].view.filled:
            self.cards["grad-cam"].view.say(words)

    def unfollow(self) -> None:
        """Explain the chosen network again."""
        if self._live is not None:
            self._live = None
            for card in self.cards.values():
                card.setVisible(True)
            self._recognise()

    # -- answers of a saved network -----------------------------------------------------------

    def _show_classes(self, found: Recognised) -> None:
        self._list([(index, name, percent(share)) for index, name, share in found.ranked])

    def _list(self, rows: Sequence[tuple[int | None, str, str]]) -> None:
        """List classes: number, name and share; the first is chosen."""
        self.classes.blockSignals(True)
        self.classes.clear()
        for index, name, share in rows:
            item = QListWidgetItem(name)
            item.setData(KEY_ROLE, index)
            item.setData(ASIDE_ROLE, share)
            item.setToolTip(f"{name}: {share}" if share else name)
            item.setSizeHint(QSize(0, theme.HIT))
            self.classes.addItem(item)
        self.classes.setCurrentRow(0)
        self.classes.blockSignals(False)

    def _ask(self, methods: tuple[str, ...]) -> None:
        """Let methods answer for the chosen class, one after another."""
        if self._live is not None:
            row = self.classes.currentItem()
            self._live.class_index = None if row is None else row.data(KEY_ROLE)
            self.live_wanted.emit()
            return
        found, item = self._recognised, self.classes.currentItem()
        if found is None or item is None or self._model is None:
            return
        if methods == tuple(self.cards):
            self.stop()
        self.title.setText(f"What speaks for {item.text()}")
        layer = self.layer_box.currentText() or None
        for method in methods:
            card = self.cards[method]
            if not card.view.filled:
                card.view.say("…")
            self._tasks.append(
                self._context.inference.run(
                    self._explainers.explain,
                    self._model,
                    method,
                    found.pixels,
                    item.data(KEY_ROLE),
                    layer,
                    on_done=self._answered,
                    on_failed=partial(self._no_answer, method),
                    on_progress=self._progressed,
                    latest=True,
                )
            )
        self._enable()

    def stop(self) -> None:
        """Drop what is under way; the answers that are there stay."""
        self._wait.stop()
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        for card in self.cards.values():
            card.view.say("")
        self._enable()

    # -- answers ------------------------------------------------------------------------------

    def _answered(self, found: Mattered) -> None:
        card = self.cards[found.method]
        card.view.set_heat(found.colours)
        card.set_note(found.note)
        self._done()

    def _no_answer(self, method: str, reason: str) -> None:
        card = self.cards[method]
        if self._recognised is not None:
            card.view.set_picture(self._recognised.pixels)
        card.view.say(reason)
        self._done()

    def _progressed(self, news: tuple[str, str]) -> None:
        method, words = news
        self.cards[method].view.say(words)

    def _done(self) -> None:
        self._tasks = [task for task in self._tasks if not task.finished]
        self._enable()

    def _failed(self, reason: str) -> None:
        self._tasks.clear()
        self._stack.setCurrentIndex(0)
        self._enable()
        self._context.notify(reason, "error")

    def _enable(self) -> None:
        self.stop_button.setEnabled(any(not task.finished for task in self._tasks))
        self.empty.text.setText(
            NO_MODEL
            if self._model is None
            else "Four methods show which parts of a picture speak for a class. Drop a picture, "
            "or take one of the data."
        )

    def _enlarge(self, card: HeatCard) -> None:
        """Show one card alone, or all again."""
        self._enlarged = None if self._enlarged is card else card
        for other in self.cards.values():
            other.setVisible(self._enlarged is None or other is self._enlarged)
