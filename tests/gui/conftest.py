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
