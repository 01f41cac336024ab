"""The Data page: open a folder of pictures, see what it is, choose how the network gets it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, Qt
from PySide6.QtGui import (
    QAction,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeySequence,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app import paths
from cnnstudio.app.tasks import Task
from cnnstudio.data.settings import DataSettings, LayoutSettings
from cnnstudio.graph.project import SUFFIX
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.data import facts, work
from cnnstudio.views.data.augmentation_view import AugmentationView
from cnnstudio.views.data.browser import Browser
from cnnstudio.views.data.findings import Findings
from cnnstudio.views.data.folder_bar import FolderBar
from cnnstudio.views.data.head import DataHead
from cnnstudio.views.data.match_bar import MatchBar
from cnnstudio.views.data.scanner import Scanner
from cnnstudio.views.data.scanning import ScanCard
from cnnstudio.views.data.settings_panel import SettingsPanel
from cnnstudio.views.dialogs import choose_folder
from cnnstudio.views.drop import DropFrame, DropVeil, local_paths
from cnnstudio.views.strip import Strip, StripAction
from cnnstudio.views.widgets import EmptyState, Line

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport

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
        self._refused: Path | None = None  # the folder of the project, when it cannot be read
        self._counting: Task | None = None
        self._looking: Task | None = None
        self._shown: FolderReport | None = None
        self._unfit = False  # whether the message says that the data cannot be trained on
        self._ready = False  # whether the next step is to train
        self._make_parts()
        self._lay_out()
        self._veil = DropVeil(self, "Drop to open this folder")
        self.scanner = Scanner(context.tasks, self)
        self.scanner.began.connect(self._began)
        self.scanner.progressed.connect(self.scan_card.show_progress)
        self.scanner.found.connect(self._found)
        self.scanner.failed.connect(self._scan_failed)
        document = self._document
        document.data_changed.connect(self._follow)
        document.changed.connect(self._follow_network)
        context.folder_requested.connect(self.open_folder)
        context.sample_requested.connect(self.make_sample)
        self._follow()

    # --- entries

    def open_folder(self, folder: str | Path) -> None:
        """Look through `folder` and make it the data of the project when it holds pictures."""
        path, data = Path(folder).expanduser().absolute(), self._document.data
        own = path == self._project_folder()
        self.scanner.scan(path, data.layout if own else LayoutSettings())

    def read_classes(self, layout: LayoutSettings) -> None:
        """Read the classes of the project's folder in another way, if they can be read so."""
        folder = self._project_folder()
        if folder is not None:
            self.scanner.scan(folder, layout)

    def make_sample(self, name: str) -> None:
        """Write the sample set `name` to its place, if it is not there, and open it."""
        self.scanner.make_sample(name, paths.sample_folder(name))

    def stop(self) -> None:
        """Stop looking through the folder."""
        folder = self.scanner.stop()
        if folder is None:
            return
        self._refused = folder if self._is_own(folder) else None
        self._follow()
        self.message.show_message(
            f"Stopped looking through {folder}.",
            "warning",
            [("Look again", lambda: self.open_folder(folder)), ("Dismiss", self._dismiss)],
        )

    # --- scanning

    def _began(self, folder: Path, title: str) -> None:
        self._refused = None
        self.bar.show_folder(folder)
        self.message.hide()
        self.match.hide()
        self.scan_card.begin(title, str(folder))
        self.stack.setCurrentWidget(self.scan_card)

    def _found(self, folder: Path, report: FolderReport) -> None:
        self._context.settings.add_recent_folder(folder)
        self.browser.forget()
        data = self._document.data
        if self._project_folder() == folder:
            if report.asked == data.layout:
                self._document.set_report(report)
            else:
                self.match.forget()
                changed = data.model_copy(update={"layout": report.asked})
                self._document.set_data(changed, f"Read classes from {facts.source(report)}")
            return
        changed = data.model_copy(
            update={
                "folder": str(folder),
                "layout": report.asked,
                "image_size": tuple(report.suggested_size),
                "color_mode": report.suggested_color_mode,
                # What was said of other pictures.
                "split": data.split.model_copy(update={"recorded": None}),
                "excluded": (),
                "relabelled": {},
                "merged": {},
                "moved": {},
            }
        )
        self.match.forget()
        self._document.set_data(changed, f"Open {folder.name}")

    def _is_own(self, folder: Path) -> bool:
        """Whether `folder`, as it was looked through last, is what the project names."""
        own = folder == self._project_folder()
        return own and self.scanner.layout == self._document.data.layout

    def _scan_failed(self, folder: Path, reason: str) -> None:
        own = self._is_own(folder)
        self._refused = folder if own else None
        if own:
            self._document.set_report(None)
        self._follow()
        self.bar.show_folder(folder, wrong=True)
        actions: list[StripAction] = [("Choose another folder…", self._choose_folder)]
        if own:
            actions.append(("Look again", lambda: self.open_folder(folder)))
        actions.append(("Use the sample digits", lambda: self.make_sample("digits")))
        if self._document.report is not None:
            actions.append(("Dismiss", self._dismiss))
        self.message.show_message(reason, "error", actions)

    def _dismiss(self) -> None:
        self.message.hide()
        self.bar.show_folder(self._project_folder())

    # --- the document

    def _project_folder(self) -> Path | None:
        folder = self._document.data.folder
        return Path(folder) if folder else None

    def _follow(self) -> None:
        """Show the data of the project as it is now."""
        folder, report, data = self._project_folder(), self._document.report, self._document.data
        self.settings.show_settings(data)
        looking = self.scanner.folder
        if looking is not None and (folder is None or folder == looking or report is not None):
            return
        # What was found serves undo and redo; a project just opened is looked through anew.
        undoing = self._document.undo_stack.count() > 0
        known = (
            self.scanner.report_of(folder, data.layout) if folder is not None and undoing else None
        )
        if folder is None:
            self.bar.show_folder(None)
            if self._unfit:
                self.message.hide()
            self.stack.setCurrentWidget(self.start)
            self.match.hide()
        elif report is not None:
            self._show(folder, report, data)
        elif known is not None:
            self._document.set_report(known)  # comes back here
        elif self._refused != folder:
            self.open_folder(folder)
        else:
            self.stack.setCurrentWidget(self.start)
            self.match.hide()

    def _show(self, folder: Path, report: FolderReport, data: DataSettings) -> None:
        self.bar.show_folder(folder)
        if report is not self._shown:
            self.message.hide()
        self._shown = report
        self.browser.show_report(report)
        self.findings.show_report(report)
        self.head.show_facts(facts.title(report), facts.facts(report))
        self.settings.picture.show_hint(facts.size_hint(report), facts.suggestion(report, data))
        self.settings.division.show_own_validation(sum(report.splits.get("val", {}).values()))
        self.stack.setCurrentWidget(self.filled)
        self._count(report, data)
        self._look()
        self._follow_network()

    def _follow_network(self) -> None:
        """The network or the data changed: do they fit, and what comes next?"""
        self._ready = self.match.refresh()
        self.settings.show_next("Train →" if self._ready else "Design the network →")

    def _edit(self, name: str, value: object) -> None:
        """Set the field `name`, or with a dot one inside: "split.folds". One step for undo."""
        data = self._document.data
        field, _, inner = name.partition(".")
        if inner:
            value = getattr(data, field).model_copy(update={inner: value})
        if getattr(data, field) == value:
            return
        text = f"Change {work.FIELD_WORDS.get(name, work.FIELD_WORDS[field])}"
        changed = data.model_copy(update={field: value})
        self._document.set_data(changed, text, merge_key=("data", name))

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

    def _count(self, report: FolderReport, data: DataSettings) -> None:
        if self._counting is not None:
            self._counting.cancel()
        self._counting = self._context.tasks.run(
            work.count_splits, report, data, on_done=self._counted
        )

    def _counted(self, found: work.Counts) -> None:
        self.settings.split.show_counts(found.counts)
        report = self._document.report
        if not found.problem or report is None:
            if self._unfit:
                self.message.hide()
            self._unfit = False
            return
        self._unfit = True
        # The folder can be shown, but not trained on: the way out is another folder.
        actions = [("Choose another folder…", self._choose_folder)]
        inner = work.folder_inside(report)
        if inner is not None:
            actions.insert(0, (f"Open {inner.name}", lambda: self.open_folder(inner)))
        self.message.show_message(found.problem, "error", actions)

    def _look(self) -> None:
        """Show the chosen picture as the network gets it."""
        path, data = self.browser.current_path(), self._document.data
        eye = self.settings.picture.eye
        if self._looking is not None:
            self._looking.cancel()
        if path is None:
            eye.show_pixels(None, "", "")
            return
        grey = "grey" if data.color_mode == "grayscale" else "colour"
        words = f"as the network gets it:\n{facts.shape(data.image_size)}, {grey}"
        self._looking = self._context.tasks.run(
            work.picture,
            path,
            data,
            on_done=lambda pixels: eye.show_pixels(pixels, path.name, words),
            on_failed=lambda reason: eye.show_pixels(None, path.name, reason),
        )

    def _next(self) -> None:
        self._context.show_page("train" if self._ready else "design")

    # --- choosing

    def _choose_folder(self) -> None:
        start = self._project_folder() or next(iter(self._context.settings.recent_folders), None)
        near = start.parent if start is not None and start.parent.is_dir() else None
        choose_folder(self, "Open a folder of pictures", self.open_folder, start=near)

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
        self.bar = FolderBar(self._context.settings)
        self.bar.folder_wanted.connect(self.open_folder)
        self.bar.choose_wanted.connect(self._choose_folder)
        self.bar.sample_wanted.connect(self.make_sample)
        again = QAction("Look through the folder again", self)
        again.setObjectName("rescanAction")
        again.setShortcut(QKeySequence("F5"))
        again.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        again.triggered.connect(lambda _checked=False: self._rescan())
        self.addAction(again)
        self.message = Strip("dataMessage")
        self.match = MatchBar(self._document)
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
        self.findings = Findings()
        self.findings.menu_wanted.connect(self.browser.show_menu)
        self.augmentation = AugmentationView(self._context)
        self.augmentation.edited.connect(self._edit)
        self.addActions([self.augmentation.again_action, self.augmentation.others_action])
        self.settings = SettingsPanel()
        self.settings.edited.connect(self._edit)
        self.settings.picture.suggestion_wanted.connect(self._suggest)
        self.settings.next_wanted.connect(self._next)

    def _rescan(self) -> None:
        folder = self._project_folder()
        if folder is not None:
            self.open_folder(folder)
        else:
            self._choose_folder()

    def _add_view(self, key: str, title: str, view: QWidget, panel: QWidget | None = None) -> None:
        """Another view of the data, with a panel of its own at the right or the settings."""
        self._views[key] = (view, panel or self.settings.tabs)
        self.views.addWidget(view)
        if panel is not None:
            self.settings.stack.addWidget(panel)
        self.head.views.add(key, title)

    def show_view(self, key: str) -> None:
        """Show the view `key`: "pictures", "findings"."""
        self.head.views.button(key).setChecked(True)
        view, panel = self._views[key]
        self.views.setCurrentWidget(view)
        self.settings.stack.setCurrentWidget(panel)

    def _lay_out(self) -> None:
        self.head = DataHead()
        self.head.views.chosen.connect(self.show_view)
        self.views = QStackedWidget()
        self._views: dict[str, tuple[QWidget, QWidget]] = {}
        self._add_view("pictures", "Pictures", self.browser)
        self._add_view("findings", "Findings", self.findings)
        self._add_view(
            "augmentation", "Augmentation", self.augmentation, self.augmentation.panel
        )
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.head)
        left.addWidget(Line())
        left.addWidget(self.views, 1)
        self.filled = QWidget()
        inside = QHBoxLayout(self.filled)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addLayout(left, 1)
        inside.addWidget(Line(Qt.Orientation.Vertical))
        inside.addWidget(self.settings)
        self.stack = QStackedWidget()
        for part in (self.start, self.scan_card, self.filled):
            self.stack.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.bar)
        outer.addWidget(Line())
        outer.addWidget(self.message)
        outer.addWidget(self.match)
        outer.addWidget(self.stack, 1)


def _pictures_in(mime: QMimeData) -> list[Path]:
    """What was dropped, unless it is a project: the window opens those."""
    dropped = local_paths(mime)
    return [] if any(path.suffix.lower() == SUFFIX for path in dropped) else dropped
