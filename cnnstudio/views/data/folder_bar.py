"""The line at the top of the Data page: which folder, and the ways to another."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenu, QWidget

from cnnstudio.app.settings import Settings
from cnnstudio.data.keras_catalogue import KERAS_SETS
from cnnstudio.views import theme
from cnnstudio.views.data.layout_choice import LayoutButton
from cnnstudio.views.drop import path_from_text
from cnnstudio.views.widgets import Button, name_widget, set_property

SAMPLES = {"digits": "Handwritten digits", "shapes": "Drawn shapes"}


class FolderBar(QFrame):
    """Shows a folder; sends what a person types or chooses."""

    # A folder was typed or chosen from the recent ones: Path.
    folder_wanted = Signal(object)
    # A dialog is wanted.
    choose_wanted = Signal()
    # A sample set is wanted: its name.
    sample_wanted = Signal(str)
    # A set of Keras is to be read from a file that the person has: its name.
    file_wanted = Signal(str)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._settings = settings
        self.line = QLineEdit()
        name_widget(self.line, "datasetFolder", "Folder of pictures")
        self.line.setPlaceholderText("Drop a folder of pictures, or type its path")
        self.line.setAcceptDrops(False)  # the page takes drops, or the path would be pasted
        self.line.returnPressed.connect(self._typed)
        self.open_button = Button(
            "Open folder…", "openFolderButton", self.choose_wanted.emit, icon="folder"
        )
        self.recent = QMenu(self)
        self._recent_button = Button("Recent", "recentFoldersButton")
        self._recent_button.setMenu(self.recent)
        self.layout_button = LayoutButton()
        self.samples = QMenu(self)
        self._fill_samples()
        samples_button = Button("Samples", "samplesButton")
        samples_button.setMenu(self.samples)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.S16, theme.S12, theme.S16, theme.S12)
        row.setSpacing(theme.S8)
        row.addWidget(self.line, 1)
        for button in (self.layout_button, self.open_button, self._recent_button, samples_button):
            row.addWidget(button)
        settings.recent_changed.connect(self._fill_recent)
        self._fill_recent()

    def show_folder(self, folder: Path | None, *, wrong: bool = False) -> None:
        """Show `folder`, in red when it is `wrong`."""
        self.line.setText(str(folder or ""))
        set_property(self.line, "state", "error" if wrong else "")

    def _typed(self) -> None:
        path = path_from_text(self.line.text())
        if path is not None:
            self.folder_wanted.emit(path)

    def _fill_samples(self) -> None:
        for key, title in SAMPLES.items():
            action = self.samples.addAction(title, partial(self.sample_wanted.emit, key))
            action.setObjectName(f"take_{key}")
        self.samples.addSeparator()
        files = QMenu("Use a file I have", self.samples)
        for key, each in KERAS_SETS.items():
            words = f"{each.title}: {each.about} (downloads {each.megabytes} MB once)"
            action = self.samples.addAction(words, partial(self.sample_wanted.emit, key))
            action.setObjectName(f"take_{key}")
            action = files.addAction(f"{each.title}…", partial(self.file_wanted.emit, key))
            action.setObjectName(f"file_{key}")
        self.samples.addMenu(files)

    def _fill_recent(self) -> None:
        self.recent.clear()
        for folder in self._settings.recent_folders:
            self.recent.addAction(_short(folder), partial(self.folder_wanted.emit, folder))
        self._recent_button.setEnabled(not self.recent.isEmpty())


def _short(folder: Path) -> str:
    parts = folder.parts
    text = str(folder) if len(parts) <= 4 else "…/" + "/".join(parts[-3:])
    return text.replace("&", "&&")
