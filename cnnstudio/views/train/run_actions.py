"""What can be done with a run: the actions of its context menu."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QInputDialog

from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.errors import StudioError
from cnnstudio.graph.project import Project, load_project
from cnnstudio.keras_build.trained import MODEL_FILE, PROJECT_FILE
from cnnstudio.training.care import TRASH, Remark, put_aside, put_back, write_remark
from cnnstudio.training.runs import RunInfo
from cnnstudio.views.context import Context
from cnnstudio.views.file_manager import show_in_folder
from cnnstudio.views.train.run_columns import title_of
from cnnstudio.views.train.run_comparison import Opened, RunComparison, open_two


@dataclass(frozen=True)
class RunAction:
    """An entry of the menu; without a slot, a line between entries."""

    text: str = ""
    slot: Callable[[], object] | None = None
    possible: bool = True


class RunActions:
    """Makes the entries for a run. `table` has the signals that the Train page follows."""

    def __init__(self, context: Context, table: Any) -> None:
        self._context = context
        self._table = table

    def entries(self, run: RunInfo, selected: Sequence[RunInfo]) -> list[RunAction]:
        """All entries, those that make no sense now not possible."""
        sound, idle = run.state != "damaged", not self._context.trainer.state.active
        if run.path.parent.name == TRASH:
            return [
                RunAction("Put it back", partial(self._file, put_back, run)),
                RunAction("Show its folder", lambda: show_in_folder(run.path / ".")),
            ]
        return [
            RunAction(
                "Continue it where it stopped",
                lambda: self._table.continue_wanted.emit(run.path),
                can_continue(run) and idle,
            ),
            RunAction(
                "Train it longer…",
                lambda: self._table.longer_wanted.emit(run.path),
                run.resumable and idle,
            ),
            RunAction(),
            RunAction(
                "Classify pictures with it", partial(self._use, run, "classify"), run.has_model
            ),
            RunAction(
                "Explore its feature maps", partial(self._use, run, "explore"), run.has_model
            ),
            RunAction("Evaluate it", lambda: self._context.evaluate(run.path), run.has_model),
            self._comparison(run, selected),
            RunAction(),
            RunAction("Use its network and settings", partial(self._reuse, run), sound),
            RunAction("Open its network as a new project", partial(self._open, run), sound),
            RunAction(
                "Open it as a new project, with its weights",
                partial(self._open, run, run.path / MODEL_FILE),
                sound and run.has_model,
            ),
            RunAction(
                "New network from this run…",
                lambda: self._context.transfer(run.path),
                sound and run.has_model,
            ),
            RunAction(),
            RunAction("Rename it…", partial(self._rename, run)),
            RunAction("Notes…", partial(self._write_notes, run)),
            RunAction(
                "Take its star away" if run.remark.starred else "Star it", partial(self._star, run)
            ),
            RunAction("Show its folder", lambda: show_in_folder(run.path / ".")),
            RunAction(
                "Move it to the trash",
                partial(self._file, put_aside, run),
                run.state != "running",
            ),
        ]

    def _comparison(self, run: RunInfo, selected: Sequence[RunInfo]) -> RunAction:
        """Compare two selected runs, or this one with the project."""
        if len(selected) == 2 and run in selected:
            paths = [other.path for other in selected]
            possible = all(other.state != "damaged" for other in selected)
            return RunAction("Compare the two runs…", lambda: self.compare(*paths), possible)
        return RunAction(
            "Compare its network with the project",
            lambda: self._context.compare(run.path),
            run.state != "damaged",
        )

    def compare(self, old: Path, new: Path) -> None:
        """Show two runs side by side: figures, settings, networks."""

        def show(opened: Opened) -> None:
            RunComparison(opened, self._table.window()).show()

        self._context.tasks.run(
            open_two,
            old,
            new,
            on_done=show,
            on_failed=lambda message: self._context.notify(message, "error"),
        )

    def _use(self, run: RunInfo, page: Any) -> None:
        self._context.run_changed.emit(run.path)
        self._context.show_page(page)

    def _project(self, run: RunInfo) -> Project | None:
        try:
            return load_project(run.path / PROJECT_FILE)
        except StudioError as error:
            self._context.notify(error.message, "error")
            return None

    def _reuse(self, run: RunInfo) -> None:
        """Bring a run's network and training settings into the project, as one undo step."""
        document = self._context.document
        project = self._project(run)
        if project is None:
            return
        try:
            training = settings_from_json(type(document.training), project.training, "training")
        except StudioError as error:
            self._context.notify(error.message, "error")
            return
        document.undo_stack.beginMacro(f"Use {run.name}")
        document.apply("Network of a run", project.network)
        document.set_training(training, "Training settings of a run")
        document.undo_stack.endMacro()
        self._context.notify(f"The project has the network and settings of {run.name}.", "success")

    def _open(self, run: RunInfo, model: Path | None = None) -> None:
        project = self._project(run)
        if project is not None:
            self._context.open_project_copy(project, title_of(run), model)

    def _rename(self, run: RunInfo) -> None:
        title, wanted = QInputDialog.getText(
            self._table, "Rename a run", "Name of the run:", text=title_of(run)
        )
        if wanted:
            self.say(run, replace(run.remark, title=title.strip()))

    def _write_notes(self, run: RunInfo) -> None:
        notes, wanted = QInputDialog.getMultiLineText(
            self._table, "Notes", f"Notes on {title_of(run)}:", run.remark.notes
        )
        if wanted:
            self.say(run, replace(run.remark, notes=notes.strip()))

    def _star(self, run: RunInfo) -> None:
        self.say(run, replace(run.remark, starred=not run.remark.starred))

    def say(self, run: RunInfo, remark: Remark) -> None:
        """Keep what a person says about a run."""
        self._do(partial(write_remark, run.path, remark))

    def _file(self, move: Callable[[Path], Path], run: RunInfo) -> None:
        self._do(partial(move, run.path))

    def _do(self, function: Callable[[], object]) -> None:
        self._context.tasks.run(
            function,
            on_done=lambda _result: self._table.refresh(),
            on_failed=lambda message: self._context.notify(message, "error"),
        )


def can_continue(run: RunInfo) -> bool:
    """Whether there are epochs left, and something to go on from."""
    return run.resumable and run.state in {"stopped", "interrupted", "failed"}
