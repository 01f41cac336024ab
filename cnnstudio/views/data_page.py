"""The Data page: open a folder of pictures, see what it is, choose how the network gets it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app import paths
from cnnstudio.data.settings import DataSettings, LayoutSettings
from cnnstudio.data.settings_model import with_setting
from cnnstudio.views.context import Context
from cnnstudio.views.data import facts, work
from cnnstudio.views.data.checking import FullCheck
from cnnstudio.views.data.corrector import Corrector
from cnnstudio.views.data.dropping import FolderDrop
from cnnstudio.views.data.filled import FilledView
from cnnstudio.views.data.folder_bar import SAMPLES, FolderBar
from cnnstudio.views.data.looking import Look, Looker
from cnnstudio.views.data.match_bar import MatchBar
from cnnstudio.views.data.page_actions import PageActions
from cnnstudio.views.data.report_export import export_report
from cnnstudio.views.data.scanner import Scanner
from cnnstudio.views.data.scanning import ScanCard
from cnnstudio.views.data.splitting import Splitting
from cnnstudio.views.data.start_page import StartPage
from cnnstudio.views.dialogs import choose_file, choose_folder
from cnnstudio.views.strip import Strip, StripAction
from cnnstudio.views.widgets import Line

if TYPE_CHECKING:
    from cnnstudio.data.scan import FolderReport


class DataPage(QWidget):
    """Everything about the pictures. The project holds the settings; the page only shows them."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataPage")
        self.setAccessibleName("Data")
        self._context = context
        self._document = context.document
        self._refused: Path | None = None  # the folder of the project, when it cannot be read
        self._shown: FolderReport | None = None
        self._unfit = False  # whether the message says that the data cannot be trained on
        self._ready = False  # whether the next step is to train
        self.looker = Looker(context.tasks, self)
        self.looker.looked.connect(self._looked)
        self.full_check = FullCheck(context.tasks, self)
        self.full_check.changed.connect(self._checked)
        self._make_parts()
        self._lay_out()
        self._actions = PageActions(self, self._document)
        augmentation = self.filled.augmentation
        self.addActions([augmentation.again_action, augmentation.others_action])
        FolderDrop(self, self._dropped)
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

    def make_sample(self, name: str, file: Path | None = None) -> None:
        """Write the sample set `name` to its place, if it is not there, and open it.

        A data set of Keras is read from `file` if it is given, else downloaded.
        """
        self.scanner.make_sample(name, paths.sample_folder(name), file)

    def take_file(self, name: str) -> None:
        """Ask for a file that holds the data set `name` of Keras, and make it from that."""
        choose_file(
            self,
            "Choose the data set's file, as Keras downloads it",
            "Data sets (*.npz *.gz *_archive);;All files (*)",
            lambda path: self.make_sample(name, path),
        )

    def stop(self) -> None:
        """Stop looking through the folder."""
        folder = self.scanner.stop()
        if folder is None:
            return
        self._refused = folder if self._is_own(folder) else None
        self._follow()
        making = self.scanner.making
        self.message.show_message(
            f"Stopped making {making} in {folder}."
            if making
            else f"Stopped looking through {folder}.",
            "warning",
            [
                ("Go on" if making else "Look again", self.scanner.again),
                ("Dismiss", self._dismiss),
            ],
        )

    # --- scanning

    def _began(self, folder: Path, title: str) -> None:
        self._refused = None
        self.filled.thumbnails.clear()  # the pictures may be others now
        self.bar.show_folder(folder)
        self.message.hide()
        self.match.hide()
        self.scan_card.begin(title, str(folder))
        self.stack.setCurrentWidget(self.scan_card)

    def _found(self, folder: Path, report: FolderReport) -> None:
        self._context.settings.add_recent_folder(folder)
        data = self._document.data
        if self._project_folder() == folder:
            if report.asked == data.layout:
                self._document.set_report(report)
            else:
                self.match.forget()
                changed = data.model_copy(update={"layout": report.asked})
                self._document.set_data(changed, f"Read classes from {facts.source(report)}")
            return
        self.match.forget()
        self._document.set_data(work.of_other_folder(data, report), f"Open {folder.name}")

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
        making = self.scanner.making
        if making and making not in SAMPLES:
            actions = [
                ("Use a file I have…", lambda: self.take_file(making)),
                ("Try again", self.scanner.again),
            ]
        elif own:
            actions.append(("Look again", self.scanner.again))
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
        self.bar.layout_button.show_report(report)
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
        self.full_check.keep_to(report)
        known = self.looker.last
        if known is not None and known.report is report:
            self.stack.setCurrentWidget(self.filled)
        self.looker.look(report, data, self.full_check.result(report))
        self.filled.show_eye()
        self._follow_network()

    def _looked(self, look: Look) -> None:
        """Show what was made of the folder in the background."""
        self.filled.show_look(look)
        self._say_whether_fit(look)
        if self._document.report is look.report:
            self.stack.setCurrentWidget(self.filled)
        self.filled.show_eye()
        self._actions.refresh()

    # --- the full check

    def check(self) -> None:
        """Decode every picture of the folder, to find what its first bytes do not tell."""
        report = self._document.report
        if report is not None:
            self.show_view("findings")
            self.findings.show_line("overview")
            self.full_check.start(report)

    def _checked(self) -> None:
        report = self._document.report
        found = None if report is None else self.full_check.result(report)
        running = self.full_check.running
        self.findings.overview.card.show_state(running=running, check=found)
        if report is not None and not running:
            self.looker.look(report, self._document.data, found)
        self._actions.refresh()

    def export_report(self) -> None:
        """Write the report on the folder as HTML or CSV, where the person says."""
        look = self.looker.last
        if look is not None:
            export_report(self, self._context, look)

    def _follow_network(self) -> None:
        """The network or the data changed: do they fit, and what comes next?"""
        self._ready = self.match.refresh()
        self.settings.show_next("Train →" if self._ready else "Design the network →")

    def _edit(self, name: str, value: object) -> None:
        """Set the field `name`, or with a dot one inside: "split.folds". One step for undo."""
        changed = with_setting(self._document.data, name, value)
        if changed == self._document.data:
            return
        field = name.partition(".")[0]
        text = f"Change {work.FIELD_WORDS.get(name, work.FIELD_WORDS[field])}"
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

    def _say_whether_fit(self, look: Look) -> None:
        """The folder can be shown, but not trained on: say why, and the way out."""
        report, problem = look.report, look.counts.problem
        if not problem or self._document.report is not report:
            if self._unfit:
                self.message.hide()
            self._unfit = False
            return
        self._unfit = True
        ways = self.bar.layout_button.ways(report)
        actions: list[StripAction] = [("Choose another folder…", self._choose_folder)]
        inner = work.folder_inside(report)
        if inner is not None:
            actions.insert(0, (f"Open {inner.name}", lambda: self.open_folder(inner)))
        if look.now is not report:
            actions.insert(0, ("Take all corrections back", self.corrector.take_back_all))
        # Classes may be written elsewhere in the folder.
        self.message.show_message(problem, "info" if ways else "error", [*ways, *actions])

    def _next(self) -> None:
        self._context.show_page("train" if self._ready else "design")

    # --- choosing

    def _choose_folder(self) -> None:
        start = self._project_folder() or next(iter(self._context.settings.recent_folders), None)
        near = start.parent if start is not None and start.parent.is_dir() else None
        choose_folder(self, "Open a folder of pictures", self.open_folder, start=near)

    def _dropped(self, dropped: list[Path]) -> None:
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

    # --- parts

    def _make_parts(self) -> None:
        self.bar = FolderBar(self._context.settings)
        self.bar.folder_wanted.connect(self.open_folder)
        self.bar.choose_wanted.connect(self._choose_folder)
        self.bar.sample_wanted.connect(self.make_sample)
        self.bar.file_wanted.connect(self.take_file)
        self.bar.layout_button.wanted.connect(self.read_classes)
        self.message = Strip("dataMessage")
        self.match = MatchBar(self._document)
        self.start = StartPage()
        self.start.choose_wanted.connect(self._choose_folder)
        self.start.sample_wanted.connect(self.make_sample)
        self.empty = self.start.empty
        self.corrector = Corrector(self._document, self)
        self.filled = FilledView(self._context, self.corrector)
        self.scan_card = ScanCard(self.filled.thumbnails)
        self.scan_card.stopped.connect(self.stop)
        self.browser, self.findings = self.filled.browser, self.filled.findings
        self.head, self.settings = self.filled.head, self.filled.settings
        card = self.findings.overview.card
        card.start_wanted.connect(self.check)
        card.stop_wanted.connect(self.full_check.stop)
        self.full_check.progressed.connect(card.show_progress)
        augmentation = self.filled.augmentation
        augmentation.edited.connect(self._edit)
        self.settings.edited.connect(self._edit)
        self.splitting = Splitting(self._context, self.settings.division, self)
        self.settings.picture.suggestion_wanted.connect(self._suggest)
        self.settings.next_wanted.connect(self._next)

    def rescan(self) -> None:
        """Look through the folder again, or choose one."""
        folder = self._project_folder()
        if folder is not None:
            self.open_folder(folder)
        else:
            self._choose_folder()

    def show_view(self, key: str) -> None:
        """Show the view `key`: "pictures", "findings", "augmentation"."""
        self.filled.show_view(key)

    def _lay_out(self) -> None:
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
