"""The live grid of the augmentation: a person's own pictures, and what the network may see."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnstudio.app.tasks import Task
from cnnstudio.data.augmentation import PRESETS, AugmentationSettings
from cnnstudio.data.balance import suggestion
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.data.augmentation_panel import AugmentationPanel
from cnnstudio.views.data.variant_grid import VariantGrid
from cnnstudio.views.data.variants import VariantMaker, Variants, Wish
from cnnstudio.views.widgets import Button, ElidedLabel

NOTHING = (
    "Nothing is changed yet. Augmentation shows the network each picture a little different every "
    "time, so that it learns what matters. Begin with a little, or switch operations on at the "
    "right."
)


class AugmentationView(QWidget):
    """Shows variants of training pictures and follows the project, and sliders while they move.

    `panel` holds the settings. Variants are made in the inference thread, one wish at a time: of
    those that come meanwhile only the latest is made.
    """

    # A setting was changed: as `AugmentationPanel.edited`.
    edited = Signal(str, object)

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augmentationView")
        self.setAccessibleName("Augmentation")
        self._context = context
        self._document = context.document
        self._maker = VariantMaker()
        self._running: Task | None = None
        self._next: Wish | None = None
        self._made: Wish | None = None
        self._which = self._number = 0
        self.panel = AugmentationPanel()
        self.panel.edited.connect(self.edited)
        self.panel.previewed.connect(self._preview)
        self.grid = VariantGrid()
        self.summary = ElidedLabel("", mode=Qt.TextElideMode.ElideRight)
        self.summary.setObjectName("augmentationSummary")
        self.summary.setProperty("role", "secondary")
        self.again_action = self._action("Draw the augmentation again", "Ctrl+Shift+A", self.again)
        self.others_action = self._action(
            "Augmentation of other pictures", "Ctrl+Alt+A", self.others
        )
        again = Button("Draw again", "augmentAgain", self.again, icon="refresh")
        again.setToolTip("Other random numbers, as in the next epoch (Ctrl+Shift+A)")
        others = Button("Other pictures", "augmentOthers", self.others, icon="pictures")
        others.setToolTip("Other pictures of the training part (Ctrl+Alt+A)")
        light = Button("Begin with a little", "augmentLight", lambda: self._begin("light"))
        self.grid.set_ways(NOTHING, [light])
        bar = QHBoxLayout()
        bar.setContentsMargins(theme.S16, theme.S8, theme.S16, theme.S8)
        bar.setSpacing(theme.S8)
        bar.addWidget(self.summary, 1)
        bar.addWidget(others)
        bar.addWidget(again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(bar)
        column.addWidget(self.grid, 1)
        self._document.data_changed.connect(self.refresh)
        self._document.training_changed.connect(self.refresh)
        context.trainer.device_changed.connect(self._say)
        self.refresh()

    def again(self) -> None:
        """Draw other random numbers for the same pictures."""
        self._number += 1
        self.refresh()

    def others(self) -> None:
        """Take other pictures."""
        self._which += 1
        self.refresh()

    def refresh(self) -> None:
        """Show what the project says now."""
        data, counts = self._document.data, self._document.counts
        self.panel.show_settings(data)
        self.summary.setText(data.augmentation.summary(data.channels) or "No augmentation")
        if counts is not None:
            learned = counts.splits.get("train") or counts.classes
            self.panel.show_suggestion(suggestion(learned, data.balance))
        self._ask(data.augmentation, quick=False)

    # --- wishes

    def _preview(self, settings: AugmentationSettings) -> None:
        self.summary.setText(settings.summary(self._document.data.channels))
        self._ask(settings, quick=True)

    def _ask(self, settings: AugmentationSettings, *, quick: bool) -> None:
        report = self._document.report
        if report is None or not self.isVisible():
            return
        self.grid.set_mixed(settings.mixes_labels)
        rows, columns = self.grid.room()
        wish = Wish(
            report,
            self._document.data.model_copy(update={"augmentation": settings}),
            self._document.training.seed,
            rows,
            columns,
            self._which,
            self._number,
            quick,
        )
        if wish == self._made and self._running is None:
            return
        self._next = wish
        self._start()

    def _start(self) -> None:
        wish, self._next = self._next, None
        if wish is None or self._running is not None:
            self._next = wish
            return
        self._made = wish
        self._say()
        self._running = self._context.inference.run(
            self._maker.make,
            wish,
            on_done=self._done,
            on_failed=self._failed,
            on_progress=self._originals,
        )

    def _originals(self, found: Variants) -> None:
        """Pictures come before TensorFlow does; once there are variants they stay till the next."""
        if not self.grid.varied:
            self.grid.show_variants(found)

    def _done(self, found: Variants) -> None:
        self._running = None
        assert self._made is not None
        settings, channels = self._made.data.augmentation, self._made.data.channels
        self.grid.show_variants(found, nothing=not settings.used(channels))
        if not found.originals:
            self.grid.say("None of these pictures can be read any more. Is the folder still there?")
        self._start()

    def _failed(self, reason: str) -> None:
        self._running = None
        self.grid.show_variants(None)
        self.grid.say(reason)
        self._made = None
        self._start()

    def _say(self) -> None:
        """Why there is nothing to see yet."""
        if not self.grid.varied:
            known = bool(self._context.trainer.device)
            self.grid.say("Reading pictures…" if known else "Starting TensorFlow…")

    # --- parts

    def _begin(self, preset: str) -> None:
        self.edited.emit("augmentation", PRESETS[preset])
        # The button goes; the settings are what comes next.
        self.panel.preset.setFocus()

    def _action(self, text: str, shortcut: str, slot: object) -> QAction:
        action = QAction(text, self)
        action.setObjectName(f"{slot.__name__}AugmentationAction")  # type: ignore[attr-defined]
        action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda _checked=False: slot())  # type: ignore[operator]
        return action

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        made = self._made
        if made is not None and (made.rows, made.columns) != self.grid.room():
            self._ask(made.data.augmentation, quick=made.quick)
