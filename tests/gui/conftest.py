"""Fixtures of the tests that drive the window."""

from __future__ import annotations

import pytest


@pytest.fixture
def window(qtbot):
    """A shown main window, closed and joined at the end whatever the test left in it."""
    from cnnstudio.views.main_window import MainWindow

    window = MainWindow()
    window.resize(1440, 900)
    window.show()
    qtbot.waitExposed(window)
    yield window
    if window.trainer.state.active:
        window.trainer.stop()
        qtbot.waitUntil(lambda: not window.trainer.state.active, timeout=60_000)
    window.document.undo_stack.setClean()
    window.close()
    assert not window.isVisible(), "the window did not close"
    window.deleteLater()


@pytest.fixture
def design(qtbot):
    """A shown Design page on a document of its own, without the window around it."""
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    from cnnstudio.app.document import Document
    from cnnstudio.app.settings import Settings
    from cnnstudio.app.tasks import TaskRunner
    from cnnstudio.app.trainer import Trainer
    from cnnstudio.views import theme
    from cnnstudio.views.context import Context
    from cnnstudio.views.design.page import DesignPage

    theme.apply(QApplication.instance())
    document = Document()
    trainer, runner, other = Trainer(document), TaskRunner("one"), TaskRunner("two")
    context = Context(document, trainer, runner, other, Settings())
    page = DesignPage(context)
    page.failures = []
    document.failed.connect(page.failures.append)
    page.resize(1440, 820)
    page.show()
    qtbot.waitExposed(page)
    page.activateWindow()
    page.canvas.setFocus()
    yield page
    page.close()
    page.deleteLater()
    for work in (runner, other):
        work.shutdown()
    trainer.shutdown()
    # Deleted now: pages that wait for an event loop would still follow the theme.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
