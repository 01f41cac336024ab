"""What a layer sees in one picture, or what matters in it, refreshed while the network trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.analysis import Analysis
from cnnstudio.app.tasks import Task
from cnnstudio.data.settings import DataSettings
from cnnstudio.training.events import FeatureMapsReady, Looked, Started
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.explore.levels import sampled
from cnnstudio.views.explore.picture_box import PictureBox
from cnnstudio.views.maps import MapsView
from cnnstudio.views.segments import Segments
from cnnstudio.views.train.cam_view import CamView
from cnnstudio.views.train.live_cam import LiveCam
from cnnstudio.views.widgets import name_widget

EMPTY = (
    "Start training: what this layer sees in the picture appears here and changes as the network "
    "learns."
)


class LiveMaps(QFrame):
    """Asks the trainer for feature maps while it is visible, and shows them as they come.

    `follow` says which network and data the picture and the layers belong to: the project's, or
    while a training goes on those it was started with.
    """

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._data: DataSettings | None = None
        self._analysis: Analysis | None = None
        self._rows: list[tuple[str, str, str]] = []
        self._pixels: Any = None
        self._task: Task | None = None
        # The data folder that the picture was taken from, if it was.
        self._taken_from: str | None = None
        self.setProperty("role", "panel")
        self.setObjectName("liveFeatureMaps")
        self.setAccessibleName("The watched picture while training")
        self._cam = LiveCam(())
        self.kinds = Segments("watchedKind", "What is shown of the watched picture", self)
        self.kinds.add("maps", "Feature maps")
        self.kinds.add("cam", "What matters")
        self.kinds.chosen.connect(self._choose_kind)
        self.layer_box = QComboBox(self)
        name_widget(
            self.layer_box,
            "watchedLayer",
            "The layer whose feature maps are shown",
            "The layer whose feature maps are shown",
        )
        self.layer_box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.layer_box.setMinimumContentsLength(12)
        self.layer_box.activated.connect(self._watch)
        self.picture_box = PictureBox(context, parent=self)
        self.picture_box.picked.connect(self._pick)
        self.maps = MapsView(self)
        self.maps.setObjectName("liveMaps")
        self.maps.empty_text = EMPTY
        self.cam_view = CamView(self)
        self.cam_view.class_wanted.connect(self._explain)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.maps)
        self._stack.addWidget(self.cam_view)
        self.status = QLabel("", self)
        self.status.setObjectName("liveMapsStatus")
        self.status.setProperty("role", "secondary")
        self.status.setWordWrap(True)
        self.status.setMinimumHeight(34)
        self.status.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._caption = ""
        self.maps.hovered.connect(lambda text: self.status.setText(text or self._caption))

        head = QHBoxLayout()
        head.setSpacing(theme.S8)
        head.addWidget(self.kinds)
        head.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(theme.S8)
        label = QLabel("Layer", self)
        label.setProperty("role", "secondary")
        label.setBuddy(self.layer_box)
        row.addWidget(label)
        row.addWidget(self.layer_box, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.S16, theme.S12, theme.S12, theme.S8)
        layout.setSpacing(theme.S12)
        layout.addLayout(head)
        layout.addWidget(self.picture_box)
        layout.addLayout(row)
        layout.addWidget(self._stack, 1)
        layout.addWidget(self.status)

        context.trainer.events.connect(self._happened)

    # -- what to watch ------------------------------------------------------------------------

    @property
    def layer(self) -> str | None:
        return self.layer_box.currentData()

    def follow(self, analysis: Analysis, data: DataSettings) -> None:
        """Offer the layers of a network; pictures are read as `data` says."""
        reread = self._data is not None and self._data.preparation != data.preparation
        self._data = data
        if reread and self.picture_box.path is not None:
            self._load(self.picture_box.path)
        self._analysis = analysis
        # The network changes while this page is behind others: large ones take a while to list.
        if self.isVisible():
            self._offer()

    def _offer(self) -> None:
        """List the layers of the network."""
        infos = self._analysis.layers.values() if self._analysis is not None else ()
        rows = [
            (info.name, "×".join(map(str, info.output_shape)), info.type)
            for info in infos
            if info.output_shape is not None
        ]
        if rows == self._rows:
            return
        chosen, self._rows = self.layer, rows
        self.layer_box.clear()
        for name, shape, _ in rows:
            self.layer_box.addItem(f"{name}   {shape}", name)
        names = [name for name, _, _ in rows]
        if chosen in names:
            self.layer_box.setCurrentIndex(names.index(chosen))
        else:
            first = next((i for i, row in enumerate(rows) if row[2] == "Conv2D"), 0)
            self.layer_box.setCurrentIndex(first if rows else -1)

    def begin(self, classes: tuple[str, ...]) -> None:
        """A training starts: forget what was seen in the last, take a picture of its data.

        A picture that a person brought from elsewhere stays.
        """
        self.maps.clear()
        self.cam_view.set_classes(classes)
        self.cam_view.show_picture(self._pixels)
        self._cam = LiveCam(classes, self.cam_view.class_index)
        self._say("")
        if self._data is not None and self._taken_from not in (None, self._data.folder):
            self.picture_box.next_picture()
        self.picture_box.ensure()
        self._watch()

    def _happened(self, happened: tuple[Any, ...]) -> None:
        newest: FeatureMapsReady | Looked | None = None
        for event in happened:
            if isinstance(event, Started):
                self.begin(event.classes)
            elif isinstance(event, FeatureMapsReady | Looked):
                newest = event
        if isinstance(newest, FeatureMapsReady):
            self.show_maps(newest)
        elif newest is not None:
            self.show_looked(newest)

    def show_maps(self, event: FeatureMapsReady) -> None:
        if event.layer != self.layer or self.kinds.current != "maps":
            return
        self.maps.set_maps(sampled(event.maps))
        levels = self.maps.levels
        assert levels is not None
        self._say(f"Epoch {event.epoch}, step {event.step}   {levels.summary()}")

    def show_looked(self, event: Looked) -> None:
        """Show what mattered, where that is what is wanted now."""
        if self.kinds.current != "cam" or event.layer != self.layer:
            return
        self.cam_view.show_seen(event.seen)
        said = f"Epoch {event.epoch}, step {event.step}   by the maps of {event.seen.layer}"
        self._say(f"{said}   {event.seen.note}".rstrip())

    def _choose_kind(self, kind: str) -> None:
        self._stack.setCurrentIndex(1 if kind == "cam" else 0)
        self._say("")
        self._watch()

    def _explain(self, class_index: int | None) -> None:
        self._cam.class_index = class_index
        self._watch()

    def _say(self, text: str) -> None:
        self._caption = text
        self.status.setText(text)

    def _pick(self, path: Path) -> None:
        folder = self._data.folder if self._data is not None else None
        self._taken_from = folder if folder and path.is_relative_to(folder) else None
        self._load(path)

    def _load(self, path: Path) -> None:
        from cnnstudio.data.pictures import load_picture

        data = self._data or self._context.document.data
        if self._task is not None:
            self._task.cancel()
        self._task = self._context.tasks.run(
            load_picture, path, data.preparation, on_done=self._loaded
        )

    def _loaded(self, pixels: Any) -> None:
        self._pixels = pixels
        self.cam_view.show_picture(pixels)
        self._watch()

    def _watch(self, _index: int = 0) -> None:
        if self.isVisible() and self._pixels is not None:
            look = self._cam if self.kinds.current == "cam" else None
            self._context.trainer.watch(self.layer, self._pixels, look)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._offer()
        self._watch()

    def hideEvent(self, event: QHideEvent) -> None:
        # Nobody looks: the training need not compute maps.
        super().hideEvent(event)
        self._context.trainer.watch(None)
