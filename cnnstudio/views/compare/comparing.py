"""Ways to a comparison: with a file, with a run, with what was saved, of two runs."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from cnnstudio.analysis.compare import Side
from cnnstudio.app.networks import open_side, side_of
from cnnstudio.graph.project import SUFFIX
from cnnstudio.views.compare.dialog import CompareDialog
from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import choose_file, choose_folder

FILTER = f"Networks (*{SUFFIX} *.keras *.h5 *.hdf5 *.json)"


class Comparing(QObject):
    """Reads what is to be compared in the background and shows it."""

    def __init__(self, context: Context, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._document = context.document
        self._window = window
        context.compare_requested.connect(lambda paths: self.compare(*paths))

    def choose_file(self) -> None:
        """Compare the project with a project or model file."""
        start = self._document.path.parent if self._document.path else Path.home()
        choose_file(self._window, "Compare with", FILTER, self.compare, start=start)

    def choose_run(self) -> None:
        """Compare the project with the network of a run."""
        folder = self._context.runs_folder
        choose_folder(
            self._window,
            "Compare with a run",
            self.compare,
            start=folder if folder.is_dir() else None,
        )

    def with_saved(self) -> None:
        """Compare the project with the state of it that was saved."""
        if self._document.path is None:
            self._context.notify("The project was not saved yet: there is nothing to compare with.")
        else:
            self.compare(self._document.path)

    def compare(self, old: Path, new: Path | None = None) -> None:
        """Compare two networks on disk, or one with the project as it is now."""
        self._context.tasks.run(
            _open_sides,
            [path for path in (old, new) if path is not None],
            on_done=self._show,
            on_failed=lambda message: self._context.notify(message, "error"),
        )

    def _show(self, sides: list[Side]) -> None:
        live = len(sides) == 1
        dialog = CompareDialog(sides[0], self._project() if live else sides[1], parent=self._window)
        dialog.layer_opened.connect(self._open_layer)
        if live:
            self._follow(dialog)
        dialog.show()

    def _follow(self, dialog: CompareDialog) -> None:
        """Keep the side of the project up to date while the window is open."""
        later = QTimer(dialog, singleShot=True, interval=0)
        later.timeout.connect(lambda: dialog.show_new(self._project()))
        for changed in (
            self._document.changed,
            self._document.training_changed,
            self._document.project_changed,
        ):
            # A slot of the timer's own: Qt lets go of it when the window is closed.
            changed.connect(later.start)

    def _project(self) -> Side:
        document = self._document
        title = Path(document.title).stem
        return side_of(document.analysis, document.training, f"{title}, as it is now")

    def _open_layer(self, names: tuple[str, ...]) -> None:
        known = [name for name in names if name in self._document.network]
        if not known:
            self._context.notify(f"{names[0]} is not in the network on the canvas.")
            return
        self._context.show_page("design")
        self._document.selection_requested.emit(known[:1])


def _open_sides(paths: list[Path]) -> list[Side]:
    return [open_side(path) for path in paths]
