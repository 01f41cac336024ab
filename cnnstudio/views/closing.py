"""Closing the window: nothing unsaved and no run is lost, no thread is left."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from cnnstudio.app.recovery import Recovery
from cnnstudio.app.trainer import State
from cnnstudio.views.context import Context
from cnnstudio.views.dialogs import Answer, ask
from cnnstudio.views.files import Files


class Closing(QObject):
    """Asks what has to be asked, waits for the training to stop, then closes the window again."""

    def __init__(self, context: Context, files: Files, recovery: Recovery, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._files = files
        self._recovery = recovery
        self._window = window
        self._settled = False
        self._asking = False
        self._stopping = False
        self._done = False
        context.trainer.state_changed.connect(self._go_on)

    def may_close(self) -> bool:
        """Whether the window can close now; if not, the questions are being asked."""
        if self._done:
            return True
        if self._context.trainer.state.active:
            self._ask_about_training()
            return False
        if self._context.document.dirty and not self._settled:
            self._ask_about_changes()
            return False
        self._window.hide()
        self.finish()
        return True

    def finish(self) -> None:
        """Stop and join everything, without a question: the program ends, or the window closed.

        What is unsaved and was not refused is kept for the next start.
        """
        if self._done:
            return
        self._done = True
        keep = self._context.document.dirty and not self._settled
        if keep:
            self._recovery.write()
            self._recovery.flush()
        self._context.tensorboard.stop()
        self._context.trainer.shutdown()
        self._context.inference.shutdown()
        self._context.tasks.shutdown()
        self._recovery.close(keep=keep)
        self._files.imported.close(keep=keep)
        self._context.settings.sync()

    def _ask_about_training(self) -> None:
        if self._asking or self._context.trainer.state is State.STOPPING:
            return
        self._asking = True

        def answered(answer: Answer) -> None:
            self._asking = False
            if answer != Answer.Yes:
                return
            self._stopping = True
            self._context.trainer.stop()
            self._go_on(self._context.trainer.state)

        ask(
            self._window,
            "stopQuestion",
            "Stop training and close?",
            "The run keeps what it has and can be continued later.",
            {Answer.Yes: "Stop and close", Answer.Cancel: "Go on training"},
            answered,
        )

    def _go_on(self, state: State) -> None:
        if self._stopping and not state.active:
            self._stopping = False
            self._window.close()

    def _ask_about_changes(self) -> None:
        if self._asking:
            return
        self._asking = True

        def answered(answer: Answer) -> None:
            self._asking = False
            if answer == Answer.Save:
                self._files.save(self._close_settled)
            elif answer == Answer.Discard:
                self._close_settled()

        ask(
            self._window,
            "saveQuestion",
            f"Save the changes to {self._context.document.title} before closing?",
            "Without saving they are lost.",
            {Answer.Save: "", Answer.Discard: "Don't save", Answer.Cancel: ""},
            answered,
        )

    def _close_settled(self) -> None:
        self._settled = True
        self._window.close()
