"""The Data page: open a folder of pictures, see what it is, choose how the network gets it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, Qt
from PySide6.QtGui import (
    QAction,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app import paths
from cnnstudio.app.tasks import Task
from cnnstudio.data.settings import DataSettings
from cnnstudio.graph.project import SUFFIX
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.data import facts, work
from cnnstudio.views.data.browser import Browser
from cnnstudio.views.data.scanning import ScanCard
from cnnstudio.views.data.settings_panel import SettingsPanel
from cnnstudio.views.dialogs import choose_folder
from cnnstudio.views.drop import DropFrame, DropVeil, local_paths, path_from_text
from cnnstudio.views.strip import Strip
from cnnstudio.views.widgets import Button, EmptyState, Line, name_widget, set_property

SAMPLES = {"digits": "Handwritten digits", "shapes": "Drawn shapes"}
REPORTS_KEPT = 3
EMPTY_TEXT = (
    "Drop a folder of pictures here: one folder for each class, or train, val and test folders "
    "of those. Nothing is copied, changed or sent anywhere."
)


class DataPage(QWidget):
    """Everything about the pictures. The project holds the settings; the page only shows them."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataPage")
        self.setAccessibleName("Data")
        self.setAcceptDrops(True)
        self._context = context
        self._document = context.document
        self._task: Task | None = None
        self._scanning: Path | None = None
        self._refused: Path | None = None  # the folder of the project, when it cannot be read
        self._counting: Task | None = None
        self._looking: Task | None = None
        self._reports: dict[Path, Any] = {}
        self._kept = ""  # the mismatch that the person wants to keep
        self._make_parts()
        self._lay_out()
        self._veil = DropVeil(self, "Drop to open this folder")
        document = self._document
        document.data_changed.connect(self._follow)
        document.changed.connect(self._follow_network)
        context.folder_requested.connect(self.open_folder)
        context.sample_requested.connect(self.make_sample)
        context.settings.recent_changed.connect(self._fill_recent)
        self._fill_recent()
        self._follow()

    # --- entries

    def open_folder(self, folder: str | Path) -> None:
        """Look through `folder` and make it the data of the project when it holds pictures."""
        path = Path(folder).expanduser().absolute()
        self._reports.pop(path, None)
        self._scan(path)

    def make_sample(self, name: str) -> None:
        """Write the sample set `name` to its place, if it is not there, and open it."""
        folder = paths.sample_folder(name)
        self._stop_scan()
        self.folder.setText(str(folder))
        self._begin(folder, f"Making the sample {SAMPLES.get(name, name).lower()}…")
        self._task = self._context.tasks.run(
            work.make_sample,
            name,
            folder,
            on_done=self._scan,
            on_failed=self._scan_failed,
            on_progress=self.scan_card.show_progress,
            latest=True,
        )

    def stop(self) -> None:
        """Stop looking through the folder."""
        folder = self._scanning
        self._stop_scan()
        if folder is None:
            return
        self._refused = folder if folder == self._project_folder() else None
        self._follow()
        again = ("Go on", lambda: self.open_folder(folder))
        self.message.show_message(f"Stopped looking through {folder}.", "warning", [
            again, ("Dismiss", self._dismiss),
        ])  # fmt: skip

    # --- scanning

    def _scan(self, folder: Path) -> None:
        self._stop_scan()
        self.folder.setText(str(folder))
        self._begin(folder, f"Looking through {folder.name or folder}")
        self._task = self._context.tasks.run(
            work.scan,
            folder,
            on_done=self._scanned,
            on_failed=self._scan_failed,
            on_progress=self.scan_card.show_progress,
            latest=True,
        )

    def _begin(self, folder: Path, title: str) -> None:
        self._scanning = folder
        self._refused = None
        self.message.hide()
        set_property(self.folder, "state", "")
        self.scan_card.begin(title, str(folder))
        self.stack.setCurrentWidget(self.scan_card)
        self.match.hide()

    def _stop_scan(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self._task = self._scanning = None

    def _scanned(self, report: Any) -> None:
        folder = self._scanning
        self._task = self._scanning = None
        if folder is None:
            return
        self._reports = {folder: report, **self._reports}
        for old in list(self._reports)[REPORTS_KEPT:]:
            del self._reports[old]
        self._context.settings.add_recent_folder(folder)
        self.browser.forget()
        if self._project_folder() == folder:
            self._document.set_report(report)
            return
        data = self._document.data.model_copy(
            update={
                "folder": str(folder),
                "image_size": tuple(report.suggested_size),
                "color_mode": report.suggested_color_mode,
                "excluded": (),
            }
        )
        self._kept = ""
        self._document.set_data(data, f"Open {folder.name}")

    def _scan_failed(self, reason: str) -> None:
        folder = self._scanning
        self._task = self._scanning = None
        own = folder is not None and folder == self._project_folder()
        self._refused = folder if own else None
        if own:
            self._document.set_report(None)
        self._follow()
        if folder is not None:
            self.folder.setText(str(folder))
        set_property(self.folder, "state", "error")
        actions = [("Choose another folder…", self._choose_folder)]
        if own:
            actions.append(("Look again", lambda: self._scan(Path(str(folder)))))
        actions.append(("Use the sample digits", lambda: self.make_sample("digits")))
        if self._document.report is not None:
            actions.append(("Dismiss", self._dismiss))
        self.message.show_message(reason, "error", actions)

    def _dismiss(self) -> None:
        self.message.hide()
        set_property(self.folder, "state", "")
        self.folder.setText(str(self._project_folder() or ""))

    # --- the document

    def _project_folder(self) -> Path | None:
        folder = self._document.data.folder
        return Path(folder) if folder else None

    def _follow(self) -> None:
        """Show the data of the project as it is now."""
        folder, report = self._project_folder(), self._document.report
        data = self._document.data
        self.settings.show_settings(data)
        if self._scanning is not None and self._scanning != folder and folder is not None:
            # Undo, redo or another project took the place of what is being looked through.
            if report is None and folder not in self._reports:
                self._scan(folder)
            return
        if self._scanning is not None:
            return
        if folder is None:
            self.folder.setText("")
            self.stack.setCurrentWidget(self.start)
            self.match.hide()
            return
        if report is None and folder in self._reports:
            self._document.set_report(self._reports[folder])  # comes back here
            return
        if report is None:
            if self._refused != folder:
                self._scan(folder)
            else:
                self.stack.setCurrentWidget(self.start)
            return
        self._show(folder, report, data)

    def _show(self, folder: Path, report: Any, data: DataSettings) -> None:
        self.folder.setText(str(folder))
        set_property(self.folder, "state", "")
        self.message.hide()
        self.browser.show_report(report)
        self.settings.show_hint(facts.size_hint(report), facts.suggestion(report, data))
        self.settings.show_own_validation(sum(report.splits.get("val", {}).values()))
        self.stack.setCurrentWidget(self.filled)
        self._count(report, data)
        self._look()
        self._follow_network()

    def _follow_network(self) -> None:
        """The network or the data changed: do they fit, and what comes next?"""
        report = self._document.report
        if report is None:
            self.match.hide()
            return
        wrong = self._document.data_mismatch()
        ready = not wrong and not self._document.analysis.errors
        self.settings.show_next("Train →" if ready else "Design the network →")
        if not wrong or wrong == self._kept:
            self.match.hide()
            return
        network, data = self._document.network, self._document.data
        actions = [("Match the network", self._document.match_data)]
        size = work.input_size(network)
        if size is not None and size != (*data.image_size, data.channels):
            actions.append((f"Use {facts.shape(size[:2])} pictures", self._match_pictures))
        actions.append(("Keep", lambda: self._keep(wrong)))
        classes = self._document.classes or 0
        self.match.show_message(facts.mismatch(network, data, classes), "info", actions)

    def _match_pictures(self) -> None:
        size = work.input_size(self._document.network)
        if size is None:
            return
        mode = "grayscale" if size[2] == 1 else "rgb"
        changes = {"image_size": size[:2], "color_mode": mode}
        self._document.set_data(
            self._document.data.model_copy(update=changes), "Match the pictures to the network"
        )

    def _keep(self, wrong: str) -> None:
        self._kept = wrong
        self.match.hide()

    def _edit(self, field: str, value: object) -> None:
        data = self._document.data
        if getattr(data, field) == value:
            return
        text = f"Change {work.FIELD_WORDS[field]}"
        changed = data.model_copy(update={field: value})
        self._document.set_data(changed, text, merge_key=("data", field))

    def _suggest(self) -> None:
        report = self._document.report
        if report is None:
            return
        changes = {
            "image_size": tuple(report.suggested_size),
            "color_mode": report.suggested_color_mode,
        }
        self._document.set_data(
            self._document.data.model_copy(update=changes), "Use the suggested size"
        )

    def _count(self, report: Any, data: DataSettings) -> None:
        if self._counting is not None:
            self._counting.cancel()
        self._counting = self._context.tasks.run(
            work.count_splits, report, data, on_done=self._counted
        )

    def _counted(self, found: work.Counts) -> None:
        self.settings.split.show_counts(found.counts)
        report = self._document.report
        if not found.problem or report is None:
            return
        # The folder can be shown, but not trained on: the way out is another folder.
        actions = [("Choose another folder…", self._choose_folder)]
        inner = work.folder_inside(report)
        if inner is not None:
            actions.insert(0, (f"Open {inner.name}", lambda: self.open_folder(inner)))
        self.message.show_message(found.problem, "error", actions)

    def _look(self) -> None:
        """Show the chosen picture as the network gets it."""
        path, data = self.browser.current_path(), self._document.data
        if self._looking is not None:
            self._looking.cancel()
        if path is None:
            self.settings.eye.show_pixels(None, "")
            return
        grey = "grey" if data.color_mode == "grayscale" else "colour"
        words = f"{path.name}\nas the network gets it:\n{facts.shape(data.image_size)}, {grey}"
        self._looking = self._context.tasks.run(
            work.picture,
            path,
            data,
            on_done=lambda pixels: self.settings.eye.show_pixels(pixels, words),
            on_failed=lambda reason: self.settings.eye.show_pixels(None, reason),
        )

    def _next(self) -> None:
        self._context.show_page(
            "train" if "Train" in self.settings.next_button.text() else "design"
        )

    # --- choosing

    def _choose_folder(self) -> None:
        start = self._project_folder() or next(iter(self._context.settings.recent_folders), None)
        near = start.parent if start is not None and start.parent.is_dir() else None
        choose_folder(self, "Open a folder of pictures", self.open_folder, start=near)

    def _typed(self) -> None:
        path = path_from_text(self.folder.text())
        if path is not None:
            self.open_folder(path)

    def _fill_recent(self) -> None:
        self.recent.clear()
        folders = self._context.settings.recent_folders
        for folder in folders:
            self.recent.addAction(_short(folder), lambda folder=folder: self.open_folder(folder))
        self._recent_button.setEnabled(bool(folders))

    # --- drag and drop

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.source() is None and _pictures_in(event.mimeData()):
            event.acceptProposedAction()
            self._veil.raise_over()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._veil.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._veil.hide()
        dropped = _pictures_in(event.mimeData())
        if not dropped:
            return
        event.acceptProposedAction()
        folder = next((path for path in dropped if path.is_dir()), None)
        if folder is not None:
            self.open_folder(folder)
            return
        parent = dropped[0].parent
        which = dropped[0].name if len(dropped) == 1 else f"{len(dropped):,} files"
        self.message.show_message(
            f"{which}: data is a folder of pictures, with a folder for each class.",
            "warning",
            [
                (f"Open the folder {parent.name}", lambda: self.open_folder(parent)),
                ("Classify instead", lambda: self._context.classify_paths(dropped)),
                ("Dismiss", self._dismiss),
            ],
        )

    def hideEvent(self, event: QEvent) -> None:
        self._veil.hide()
        super().hideEvent(event)  # type: ignore[arg-type]

    # --- parts

    def _make_parts(self) -> None:
        self.folder = QLineEdit()
        name_widget(self.folder, "datasetFolder", "Folder of pictures")
        self.folder.setPlaceholderText("Drop a folder of pictures, or type its path")
        self.folder.setAcceptDrops(False)  # the page takes drops, or the path would be pasted
        self.folder.returnPressed.connect(self._typed)
        self.open_button = Button(
            "Open folder…", "openFolderButton", self._choose_folder, icon="folder"
        )
        self.recent = QMenu(self)
        self._recent_button = Button("Recent", "recentFoldersButton", icon="")
        self._recent_button.setMenu(self.recent)
        samples = QMenu(self)
        for key, title in SAMPLES.items():
            samples.addAction(title, lambda key=key: self.make_sample(key))
        again = QAction("Look through the folder again", self)
        again.setObjectName("rescanAction")
        again.setShortcut(QKeySequence("F5"))
        again.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        again.triggered.connect(lambda _checked=False: self._rescan())
        self.addAction(again)
        self._samples_button = Button("Samples", "samplesButton")
        self._samples_button.setMenu(samples)
        self.message = Strip("dataMessage")
        self.match = Strip("matchBar")
        self.empty = EmptyState(
            "pictures",
            "No pictures yet",
            EMPTY_TEXT,
            [
                ("Open folder…", self._choose_folder, "emptyOpenFolder"),
                ("Use the sample: digits", lambda: self.make_sample("digits"), "emptyDigits"),
                ("Use the sample: shapes", lambda: self.make_sample("shapes"), "emptyShapes"),
            ],
        )
        frame = DropFrame()
        inside = QVBoxLayout(frame)
        inside.addWidget(self.empty)
        self.start = QWidget()
        around = QVBoxLayout(self.start)
        around.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S16)
        around.addWidget(frame)
        self.scan_card = ScanCard()
        self.scan_card.stopped.connect(self.stop)
        self.browser = Browser(self._context)
        self.browser.picture_chosen.connect(self._look)
        self.settings = SettingsPanel()
        self.settings.edited.connect(self._edit)
        self.settings.suggestion_wanted.connect(self._suggest)
        self.settings.next_wanted.connect(self._next)

    def _rescan(self) -> None:
        folder = self._project_folder()
        if folder is not None:
            self.open_folder(folder)
        else:
            self._choose_folder()

    def _lay_out(self) -> None:
        top = QFrame()
        top.setProperty("role", "panel")
        row = QHBoxLayout(top)
        row.setContentsMargins(theme.S16, theme.S12, theme.S16, theme.S12)
        row.setSpacing(theme.S8)
        row.addWidget(self.folder, 1)
        for button in (self.open_button, self._recent_button, self._samples_button):
            row.addWidget(button)
        self.filled = QWidget()
        inside = QHBoxLayout(self.filled)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self.browser, 1)
        inside.addWidget(Line(Qt.Orientation.Vertical))
        inside.addWidget(self.settings)
        self.stack = QStackedWidget()
        for part in (self.start, self.scan_card, self.filled):
            self.stack.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(top)
        outer.addWidget(Line())
        outer.addWidget(self.message)
        outer.addWidget(self.match)
        outer.addWidget(self.stack, 1)


def _pictures_in(mime: QMimeData) -> list[Path]:
    """What was dropped, unless it is a project: the window opens those."""
    dropped = local_paths(mime)
    return [] if any(path.suffix.lower() == SUFFIX for path in dropped) else dropped


def _short(folder: Path) -> str:
    parts = folder.parts
    text = str(folder) if len(parts) <= 4 else "…/" + "/".join(parts[-3:])
    return text.replace("&", "&&")
