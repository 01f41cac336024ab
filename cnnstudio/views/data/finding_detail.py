"""One finding: what it is, why it matters, what helps, and the pictures or files concerned."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
)
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListView,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.data.report import Picture, relative
from cnnstudio.views import theme
from cnnstudio.views.context import Context
from cnnstudio.views.data.corrector import Corrector
from cnnstudio.views.data.picture_actions import PictureActions
from cnnstudio.views.file_manager import show_in_folder
from cnnstudio.views.picture_grid import PictureGrid, PictureModel
from cnnstudio.views.pictures import Thumbnails
from cnnstudio.views.widgets import (
    Button,
    FlowLayout,
    Line,
    PrimaryButton,
    Secondary,
    Title,
    name_widget,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cnnstudio.data.doctor import Finding
    from cnnstudio.data.report import Skipped

Index = QModelIndex | QPersistentModelIndex
PATH_ROLE = Qt.ItemDataRole.UserRole + 1


class FilesModel(QAbstractListModel):
    """Files that are not used, with the reason of each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.files: tuple[Skipped, ...] = ()
        self._folder: Path | None = None

    def set_files(self, files: tuple[Skipped, ...], folder: Path) -> None:
        self.beginResetModel()
        self.files, self._folder = files, folder
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.files)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        file = self.files[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            folder = self._folder
            inside = folder is not None and file.path.is_relative_to(folder)
            name = relative(folder, file.path) if folder is not None and inside else str(file.path)
            return f"{name}  ·  {file.reason}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{file.path}\n{file.reason}"
        return file.path if role == PATH_ROLE else None


class FindingDetail(QWidget):
    """Shows a `Finding`; its buttons do what it offers."""

    def __init__(
        self,
        context: Context,
        corrector: Corrector,
        thumbnails: Thumbnails,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._corrector = corrector
        self._folder: Path | None = None
        self._groups: dict[Path, int] = {}
        self.finding: Finding | None = None
        self.title = Title("")
        self.title.setObjectName("findingTitle")
        self.title.setWordWrap(True)
        self.why = Secondary("")
        self.why.setObjectName("findingWhy")
        self.why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.buttons: list[Button] = []
        self._row = QWidget()
        self._flow = FlowLayout(self._row)
        self.pictures = PictureModel(thumbnails, self._caption, _tooltip, self)
        self.pictures.shade = self._shade
        self.grid = PictureGrid(self.pictures)
        name_widget(self.grid, "findingPictures", "The pictures concerned")
        self.actions_bar = PictureActions("finding", self.grid, self.pictures, corrector, context)
        self.files = QListView()
        name_widget(self.files, "findingFiles", "The files concerned")
        self._files = FilesModel(self)
        self.files.setModel(self._files)
        self.files.setUniformItemSizes(True)
        self.files.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.files.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.files.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.files.customContextMenuRequested.connect(self._files_menu)
        self._lay_out()

    def show_finding(self, finding: Finding, folder: Path) -> None:
        """Show `finding` in `folder`; the same kind again keeps its place in the pictures."""
        same = self.finding is not None and self.finding.kind == finding.kind
        self.finding, self._folder = finding, folder
        self.title.setText(finding.title)
        self.why.setText(finding.why)
        self._make_buttons(finding)
        # The groups of copies are told apart by a shade.
        together = any(len(group) > 1 for group in finding.groups)
        self._groups = {}
        if together:
            for number, group in enumerate(finding.groups):
                self._groups.update((picture.path, number) for picture in group)
        pictures = finding.pictures
        if finding.files:
            self._files.set_files(finding.files, folder)
            self.below.setCurrentWidget(self._files_page)
        elif pictures:
            words = f"{len(pictures):,} picture" + ("" if len(pictures) == 1 else "s")
            self.actions_bar.say(
                f"{finding.amount} in {len(pictures):,} files" if together else words
            )
            self.actions_bar.show_pictures(pictures, top=not same)
            self.below.setCurrentWidget(self._pictures_page)
        else:
            self.below.setCurrentWidget(self._nothing)

    def _make_buttons(self, finding: Finding) -> None:
        while self.buttons:
            button = self.buttons.pop()
            self._flow.removeWidget(button)
            button.hide()
            button.deleteLater()
        for number, remedy in enumerate(finding.remedies):
            make = PrimaryButton if number == 0 else Button
            slot = partial(self._corrector.apply, remedy.title, remedy.change)
            self._add(make(remedy.title, f"remedy{number}", slot))
        if finding.classes and finding.kind in ("few", "never-learned", "alike-names"):
            names = list(finding.classes)
            ask = partial(self._corrector.ask_for_merging, self.window(), names)
            self._add(Button("Merge into…", "mergeButton", ask))
        if finding.files:
            self._add(Button("Copy the list", "copyFilesButton", self._copy_files))
            first = finding.files[0].path
            self._add(
                Button("Show in file manager", "showFileButton", partial(show_in_folder, first))
            )
        self._row.setVisible(bool(self.buttons))

    def _add(self, button: Button) -> None:
        self.buttons.append(button)
        self._flow.addWidget(button)

    def _caption(self, picture: Picture) -> str:
        folder = self._folder
        return relative(folder, picture.path) if folder is not None else picture.path.name

    def _shade(self, picture: Picture) -> bool:
        return self._groups.get(picture.path, 0) % 2 == 1

    def _copy_files(self) -> None:
        lines = [f"{file.path}\t{file.reason}" for file in self._files.files]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _files_menu(self, point: QPoint) -> None:
        chosen = [index.data(PATH_ROLE) for index in self.files.selectedIndexes()]
        if not chosen:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Show in file manager", lambda: show_in_folder(chosen[0]))
        menu.addAction(
            "Copy path",
            lambda: QGuiApplication.clipboard().setText("\n".join(map(str, chosen))),
        )
        menu.popup(self.files.viewport().mapToGlobal(point))

    def _lay_out(self) -> None:
        head = QVBoxLayout()
        head.setContentsMargins(theme.S16, theme.S16, theme.S16, theme.S12)
        head.setSpacing(theme.S8)
        head.addWidget(self.title)
        head.addWidget(self.why)
        head.addWidget(self._row)
        self._pictures_page = QFrame()
        inside = QVBoxLayout(self._pictures_page)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self.actions_bar)
        grid = QHBoxLayout()
        grid.setContentsMargins(theme.S12, 0, theme.S4, 0)
        grid.addWidget(self.grid)
        inside.addLayout(grid, 1)
        self._nothing = QWidget()
        self.below = QStackedWidget()
        files = QWidget()
        around = QHBoxLayout(files)
        around.setContentsMargins(theme.S12, theme.S8, theme.S4, 0)
        around.addWidget(self.files)
        self._files_page = files
        for part in (self._pictures_page, self._files_page, self._nothing):
            self.below.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addWidget(Line())
        outer.addWidget(self.below, 1)


def _tooltip(picture: Picture) -> str:
    words = f"{picture.path}\n{picture.height} × {picture.width}, {picture.format}"
    return f"{words}\nClass: {picture.label}" if picture.label else words
