"""What the split panel sets going: a split that is kept, folds that are trained one by one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from cnnstudio.app.cross_validation import CrossValidation
from cnnstudio.app.tasks import Task
from cnnstudio.data.settings import DataSettings, SplitSettings
from cnnstudio.data.settings_model import with_setting
from cnnstudio.training.folds import Spread
from cnnstudio.views.context import Context
from cnnstudio.views.data import work
from cnnstudio.views.data.split_panel import SplitPanel
from cnnstudio.views.train.preflight import obstacle

WORDS = {"val_accuracy": "validation accuracy", "val_loss": "validation loss"}


class Splitting(QObject):
    """Serves the buttons of a `SplitPanel`."""

    def __init__(self, context: Context, panel: SplitPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._panel = panel
        self._task: Task | None = None
        self.folds = CrossValidation(context.trainer, self)
        self.folds.changed.connect(self._show_folds)
        self.folds.finished.connect(self._folds_done)
        context.trainer.state_changed.connect(lambda _state: self._show_folds())
        panel.keep_wanted.connect(self.keep)
        panel.forget_wanted.connect(self.forget)
        panel.folds_wanted.connect(self.train_folds)

    def keep(self) -> None:
        """Write the split down in the project, as it is now."""
        document = self._context.document
        report, data = document.report, document.data
        if report is None:
            return
        if self._task is not None:
            self._task.cancel()
        self._task = self._context.tasks.run(
            work.recorded, report, data, on_done=lambda split: self._keep(data, split)
        )

    def _keep(self, data: DataSettings, split: SplitSettings) -> None:
        document = self._context.document
        # Meanwhile another split may have been chosen.
        if document.data == data:
            document.set_data(data.model_copy(update={"split": split}), "Keep the split")

    def forget(self) -> None:
        """Draw the split by the settings again."""
        data = self._context.document.data
        changed = with_setting(data, "split.recorded", None)
        self._context.document.set_data(changed, "Forget the kept split")

    def train_folds(self) -> None:
        """Train the project once for each fold."""
        context = self._context
        document = context.document
        blocked = obstacle(context)
        if blocked is not None:
            context.notify(blocked.text, "error")
            context.show_page("train")
            return
        started = self.folds.start(
            document.project,
            document.data.split.folds,
            runs_folder=context.runs_folder,
            report=document.report,
            name=Path(document.title).stem,
        )
        if started:
            context.show_page("train")
        else:
            context.notify("A training is going on already: stop it first.", "info")

    def _show_folds(self) -> None:
        folds = self.folds
        text = ""
        if folds.active:
            text = f"Fold {folds.fold} of {folds.folds} is being trained."
        if folds.results:
            text = "\n".join([text, self._figures()]).strip()
        self._panel.show_progress(text, training=self._context.trainer.state.active)

    def _folds_done(self) -> None:
        self._context.notify(self._figures(), "success")

    def _figures(self) -> str:
        done, folds = len(self.folds.results), self.folds.folds
        spread = self.folds.spread
        words = [f"{WORDS[name]} {_words(spread[name])}" for name in WORDS if name in spread]
        which = f"All {folds} folds" if done == folds else f"{done} of {folds} folds"
        return f"{which}: {', '.join(words) or 'no figures of validation'}."


def _words(spread: Spread) -> str:
    """ "0.873 ± 0.012"."""
    return f"{spread.mean:.3f} ± {spread.deviation:.3f}"
