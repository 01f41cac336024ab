"""The Data page with a folder: its views at the left, the settings at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cnnstudio.app.tasks import Task
from cnnstudio.views.context import Context
from cnnstudio.views.data import facts, work
from cnnstudio.views.data.augmentation_view import AugmentationView
from cnnstudio.views.data.browser import Browser
from cnnstudio.views.data.corrector import Corrector
from cnnstudio.views.data.findings_view import FindingsView
from cnnstudio.views.data.head import DataHead
from cnnstudio.views.data.settings_panel import SettingsPanel
from cnnstudio.views.pictures import Thumbnails
from cnnstudio.views.widgets import Line

if TYPE_CHECKING:
    from cnnstudio.views.data.looking import Look


class FilledView(QWidget):
    """Pictures, findings and augmentation; shows a `Look`."""

    # Another view is shown.
    turned = Signal()

    def __init__(
        self, context: Context, corrector: Corrector, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._document = context.document
        self._eye_task: Task | None = None
        self.thumbnails = Thumbnails(context.tasks, parent=self)
        self.browser = Browser(context, corrector, self.thumbnails)
        self.browser.picture_chosen.connect(self.show_eye)
        self.findings = FindingsView(context, corrector, self.thumbnails)
        self.augmentation = AugmentationView(context)
        self.settings = SettingsPanel()
        self.head = DataHead()
        self.head.views.chosen.connect(self.show_view)
        self.views = QStackedWidget()
        self._views: dict[str, tuple[QWidget, QWidget]] = {}
        self._add_view("pictures", "Pictures", self.browser)
        self._add_view("findings", "Findings", self.findings)
        self._add_view("augmentation", "Augmentation", self.augmentation, self.augmentation.panel)
        for action in (self.augmentation.again_action, self.augmentation.others_action):
            action.triggered.connect(lambda _checked=False: self.show_view("augmentation"))
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.head)
        left.addWidget(Line())
        left.addWidget(self.views, 1)
        inside = QHBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addLayout(left, 1)
        inside.addWidget(Line(Qt.Orientation.Vertical))
        inside.addWidget(self.settings)

    def show_view(self, key: str) -> None:
        """Show the view `key`: "pictures", "findings", "augmentation"."""
        self.head.views.button(key).setChecked(True)
        view, panel = self._views[key]
        self.views.setCurrentWidget(view)
        self.settings.stack.setCurrentWidget(panel)
        self.turned.emit()

    def show_look(self, look: Look) -> None:
        """Show what was made of the folder in the background."""
        report = look.report
        self.browser.show_look(look)
        self.findings.show_look(look)
        number = len(look.findings)
        self.head.views.set_title("findings", f"Findings {number:,}" if number else "Findings")
        self.head.show_facts(facts.title(look.now), facts.facts(look.now))
        suggestion = facts.suggestion(report, look.settings)
        self.settings.picture.show_hint(facts.size_hint(report), suggestion)
        self.settings.division.show_counts(look.counts, frozenset(report.splits))
        self.settings.split.show_counts(look.counts.counts)

    def show_eye(self) -> None:
        """Show the chosen picture as the network gets it."""
        path, data = self.browser.current_path(), self._document.data
        eye = self.settings.picture.eye
        if self._eye_task is not None:
            self._eye_task.cancel()
        if path is None:
            eye.show_pixels(None, "", "")
            return
        grey = "grey" if data.color_mode == "grayscale" else "colour"
        words = f"{facts.shape(data.image_size)}, {grey}"
        self._eye_task = self._context.tasks.run(
            work.picture,
            path,
            data,
            on_done=lambda pixels: eye.show_pixels(pixels, path.name, words),
            on_failed=lambda reason: eye.show_pixels(None, path.name, reason),
        )

    def _add_view(self, key: str, title: str, view: QWidget, panel: QWidget | None = None) -> None:
        """Another view of the data, with a panel of its own at the right or the settings."""
        self._views[key] = (view, panel or self.settings.tabs)
        self.views.addWidget(view)
        if panel is not None:
            self.settings.stack.addWidget(panel)
        self.head.views.add(key, title)
