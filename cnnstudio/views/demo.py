"""The demonstration: the real window goes through the whole job on the sample digits by itself.

With a display a person watches and then has the window; headless, on Qt's offscreen window system,
a picture of every page is written.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from cnnstudio.app.trainer import State
from cnnstudio.errors import StudioError
from cnnstudio.views.main_window import MainWindow
from cnnstudio.views.start import make_application, run_window

SAMPLE = "digits"
EPOCHS = 5
PICTURES = 12
SIZE = (1440, 900)
POLL_MS = 50
# How long each page stays for the eye, with a display.
LOOK_MS = 1800

# A step of the script: what must be true before it goes on.
Condition = Callable[[], bool]


def run_demo(headless: Path | None) -> int:
    """Run the demonstration; return the exit status.

    With `headless`, everything (settings, sample, run, PNG pictures of the pages) is written into
    that folder, and the call returns when it is done. Raises `StudioError` when a step fails.
    """
    if headless is None:
        tours: list[Tour] = []

        def start(window: MainWindow) -> None:
            tours.append(Tour(window, None))
            tours[0].start()

        return run_window(None, on_shown=start)
    folder = headless.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudioError(f"{folder} cannot be made: {error.strerror}.") from None
    os.environ["CNNSTUDIO_HOME"] = str(folder)
    application = make_application()
    window = MainWindow()
    window.resize(*SIZE)
    window.show()
    window.trainer.warm_up()
    tour = Tour(window, folder)
    # exit, not quit: quit asks whether to save first, with nobody there to answer.
    tour.ended.append(application.exit)
    tour.start()
    signal.signal(signal.SIGINT, lambda *_: application.exit())
    application.exec()
    if not tour.done and not tour.failure:
        tour.failure = "It was stopped."
    window.document.undo_stack.setClean()
    window.close()
    if tour.failure:
        raise StudioError(f"The demonstration broke off. {tour.failure}")
    print(f"The run is in {window.trainer.run}")  # noqa: T201 - the answer of the command
    print(f"Pictures of every page are in {folder}:")  # noqa: T201
    for name in tour.written:
        print(f"  {name}")  # noqa: T201
    return 0


class Tour(QObject):
    """Drives a window step by step; the event loop goes on between steps."""

    def __init__(self, window: MainWindow, folder: Path | None) -> None:
        super().__init__(window)
        self._window = window
        self._folder = folder
        self.written: list[str] = []
        self.failure = ""
        self.done = False
        self.ended: list[Callable[[], object]] = []
        self._script = self._steps()
        self._waiting: Condition = lambda: True
        self._timer = QTimer(self, interval=POLL_MS)
        self._timer.timeout.connect(self._poll)
        for failed in (window.document.failed, window.trainer.failed, window.tasks.failed):
            failed.connect(self._fail)

    def start(self) -> None:
        self._timer.start()

    def _poll(self) -> None:
        if not self._waiting():
            return
        try:
            self._waiting = next(self._script)
        except StopIteration:
            self._end()

    def _fail(self, message: str) -> None:
        self.failure = self.failure or message
        self._end()

    def _end(self) -> None:
        self.done = True
        self._timer.stop()
        while self.ended:
            self.ended.pop()()

    def _steps(self) -> Iterator[Condition]:
        window, context = self._window, self._window.context
        document, trainer = window.document, window.trainer
        context.make_sample(SAMPLE)
        yield lambda: document.report is not None and not window.tasks.busy
        document.match_data()
        yield from self._look("data")

        context.show_page("design")
        yield from self._look("design")

        document.set_training(document.training.model_copy(update={"epochs": EPOCHS}))
        context.show_page("train")
        yield lambda: bool(trainer.device)
        context.train()
        yield lambda: trainer.state is State.RUNNING
        yield lambda: trainer.state is not State.RUNNING
        if trainer.state is not State.FINISHED:
            self._fail("The training did not finish.")
            return
        yield from self._look("train")

        pictures = self._test_pictures()
        context.explain(pictures[0])
        yield lambda: not window.inference.busy
        yield from self._look("explore-feature-maps")
        assert trainer.run is not None
        context.evaluate(trainer.run)
        yield lambda: not window.inference.busy
        yield from self._look("explore-confusion-matrix")

        context.classify_paths(pictures)
        yield lambda: not window.inference.busy
        yield from self._look("classify")

        if self._folder is not None:
            context.show_page("learn")
            yield from self._look("learn")
        else:
            context.notify(
                "That was the whole way, on handwritten digits. The window is yours: change the "
                "network on the Design page, or open a folder of your own.",
                "success",
                ("Open the Data page", lambda: context.show_page("data")),
            )

    def _look(self, name: str) -> Iterator[Condition]:
        """Let the page settle, then keep it for the eye or in a file."""
        settled: list[bool] = []
        QTimer.singleShot(400 if self._folder else LOOK_MS, lambda: settled.append(True))
        yield lambda: bool(settled)
        if self._folder is None:
            return
        file = self._folder / f"{name}.png"
        if not _picture_of(self._window, file):
            self._fail(f"{file} could not be written.")
        self.written.append(file.name)

    def _test_pictures(self) -> list[Path]:
        """A few test pictures, a different class each as far as they go."""
        report = self._window.document.report
        assert report is not None
        tests = [picture for picture in report.pictures if picture.split == "test"]
        by_class: dict[str | None, list[Path]] = {}
        for picture in tests:
            by_class.setdefault(picture.label, []).append(picture.path)
        columns = max(len(found) for found in by_class.values())
        mixed = [found[i] for i in range(columns) for found in by_class.values() if i < len(found)]
        return mixed[:PICTURES]


def _picture_of(widget: QWidget, file: Path) -> bool:
    return widget.grab().save(str(file))
