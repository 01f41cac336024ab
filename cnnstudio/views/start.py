"""Starts the window: the application, its theme, and what surrounds the event loop."""

from __future__ import annotations

import gc
import logging
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from cnnstudio import __version__
from cnnstudio.app.errors import describe, log_to_file
from cnnstudio.app.imported_weights import sweep
from cnnstudio.views.display import check_display
from cnnstudio.views.main_window import MainWindow

log = logging.getLogger("cnnstudio")

# Seconds after which a thread that runs Python lets another. Whatever the event loop paints goes
# in and out of Python many times, and waits so long each time: with the usual 0.005 in all up to
# 0.6 s while a network was traced or a large folder examined, with this less than 0.1 s.
SWITCH_INTERVAL = 0.0005


def run_window(
    project: Path | None = None, *, on_shown: Callable[[MainWindow], object] | None = None
) -> int:
    """Show the window, with a project if one is given, until it is closed.

    `on_shown` is called with the window once it is shown. Raises `StudioError` when there is no
    display.
    """
    check_display()
    application = make_application()
    log_to_file()
    window = MainWindow()
    _catch_errors(window)
    window.show()
    if project is not None:
        window.files.open(project)
    window.offer_recovery()
    # TensorFlow takes seconds to load: the window is there first.
    QTimer.singleShot(0, window.trainer.warm_up)
    QTimer.singleShot(0, lambda: window.tasks.run(sweep))
    if on_shown is not None:
        QTimer.singleShot(0, lambda: on_shown(window))
    stopper = _close_on_interrupt(window)
    status = application.exec()
    stopper.stop()
    return status


def make_application() -> QApplication:
    """The one application object, with its names."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(sys.argv[:1])
    application.setApplicationName("cnnstudio")
    application.setApplicationDisplayName("CNN Studio")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("cnnstudio")
    sys.setswitchinterval(SWITCH_INTERVAL)
    # What is loaded by now stays: looking it through for garbage would only hold up the window.
    gc.freeze()
    return application


def _catch_errors(window: MainWindow) -> None:
    """Tell the person about an error nobody caught, write it to the log, and go on."""

    def caught(
        _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            window.close()
        else:
            window.notify(describe(error), "error")

    sys.excepthook = caught


def _close_on_interrupt(window: MainWindow) -> QTimer:
    """Close the window on Ctrl+C in the terminal, asking what there is to ask."""
    signal.signal(signal.SIGINT, lambda _signal, _frame: window.close())
    # Python only sees the signal when it runs: let it, a few times a second.
    timer = QTimer(window, interval=250)
    timer.timeout.connect(lambda: None)
    timer.start()
    return timer
