"""A dialog that asks for a network, makes it in the background, and closes when that worked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app.tasks import Task
from cnnstudio.graph.project import SUFFIX, Project
from cnnstudio.views.context import Context
from cnnstudio.views.files import Files
from cnnstudio.views.theme import S8, S12, S16
from cnnstudio.views.widgets import Button, PrimaryButton, Secondary, Title, name_widget


class NetworkDialog(QDialog):
    """A form, what happens, and a button that begins it.

    `word` is what the names of its widgets begin with. The dialog stays open until the project
    was made; until then all can be changed and tried again.
    """

    def __init__(
        self, context: Context, files: Files, parent: QWidget, *, word: str, title: str
    ) -> None:
        super().__init__(parent)
        self._word = word
        self.setObjectName(f"{word}Dialog")
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context = context
        self._files = files
        self._task: Task | None = None
        self.form = QWidget()
        # A long message takes the room below, none of the form's.
        self.form.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.message = Secondary()
        name_widget(self.message, f"{word}Message", "What happens")
        self.message.setWordWrap(True)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = QProgressBar()
        name_widget(self.progress, f"{word}Progress", "Progress")
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.hide()

    def done(self, result: int) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.done(QDialog.DialogCode.Rejected)
        super().closeEvent(event)

    def lay_out(
        self,
        rows: Sequence[tuple[str, QWidget]],
        begin: PrimaryButton,
        *,
        about: str = "",
        beside: QWidget | None = None,
    ) -> None:
        """Put the form's rows, the button that begins and one in the other corner in place."""
        self._begin = begin
        form = QFormLayout(self.form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(S8)
        for text, widget in rows:
            form.addRow(text, widget)
        buttons = QHBoxLayout()
        if beside is not None:
            buttons.addWidget(beside)
        buttons.addStretch(1)
        word = self._word[0].upper() + self._word[1:]
        buttons.addWidget(Button("Cancel", f"cancel{word}", self.reject))
        buttons.addWidget(begin)
        begin.setDefault(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(S16, S16, S16, S16)
        layout.setSpacing(S12)
        layout.addWidget(Title(self.windowTitle()))
        if about:
            layout.addWidget(Secondary(about))
        layout.addWidget(self.form)
        layout.addWidget(self.message)
        layout.addWidget(self.progress)
        layout.addStretch(1)
        layout.addLayout(buttons)

    def _make(
        self,
        waiting: str,
        made: Callable[[Any], object],
        function: Callable[..., object],
        *arguments: object,
    ) -> None:
        """Run a function in the background; `made` gets what it makes."""
        self._busy(True)
        self.message.setText(waiting)
        self._task = self._context.inference.run(
            function, *arguments, on_done=made, on_failed=self._failed
        )

    def _use(
        self, project: Project, before: Project, step: str, tell: str, *, apart: str | None
    ) -> None:
        """Take a project: as a new one called `apart`, or as a step of this one.

        `before` is what undo of the step goes back to; `tell` says what was done.
        """
        self._task = None
        document = self._context.document

        def told() -> None:
            self._context.show_page("design")
            self._context.notify(tell, "success")

        if apart is not None:

            def begin() -> None:
                document.restore(project, None, apart + SUFFIX)
                told()

            self._files.when_settled(begin)
        elif document.network is not before.network:
            self._failed("The network was changed meanwhile: begin again.")
            return
        else:
            document.apply_project(step, project, before)
            told()
        self.accept()

    def _failed(self, message: str) -> None:
        self._task = None
        self._busy(False)
        self.message.setText(message)

    def _busy(self, busy: bool) -> None:
        self.progress.setVisible(busy)
        self._begin.setEnabled(not busy)
        self.form.setEnabled(not busy)


def choice(object_name: str, accessible: str, *texts: str) -> QComboBox:
    """A box to choose one of some texts."""
    box = QComboBox()
    name_widget(box, object_name, accessible)
    box.addItems(list(texts))
    return box


def row(*widgets: QWidget) -> QWidget:
    """Widgets side by side in a form."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(S8)
    for widget in widgets:
        layout.addWidget(widget)
    return row
