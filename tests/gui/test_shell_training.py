"""The window around a real training: what is enabled, and closing without losing the run."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton

from cnnstudio.app import paths
from cnnstudio.app.trainer import State
from cnnstudio.data.scan import scan_folder
from cnnstudio.graph.presets import PRESETS

LONG = 90_000


@pytest.fixture
def training(window, tmp_path, qtbot):
    """The window with a training going on that would take for ever."""
    generator = np.random.default_rng(0)
    folder = tmp_path / "pictures"
    for label, low in (("dark", 0), ("light", 150)):
        (folder / label).mkdir(parents=True)
        for number in range(12):
            pixels = generator.integers(low, low + 100, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number}.png")
    document = window.document
    document.new(PRESETS["mlp"].build((8, 8, 3), 2))
    data = {"folder": str(folder), "image_size": (8, 8)}
    document.set_data(document.data.model_copy(update=data))
    document.set_report(scan_folder(folder))
    document.set_training(document.training.model_copy(update={"epochs": 100_000}))
    document.undo_stack.setClean()
    window.findChild(QAction, "startAction").trigger()
    qtbot.waitUntil(lambda: window.trainer.state is State.RUNNING, timeout=LONG)
    return window


def enabled(window):
    names = ("start", "pause", "resume", "stop")
    return {n for n in names if window.findChild(QAction, f"{n}Action").isEnabled()}


def test_actions_and_button_follow_the_training(training, qtbot):
    button = training.findChild(QPushButton, "trainButton")
    assert training.pages["train"].isVisible()
    assert enabled(training) == {"pause", "stop"}
    assert button.text() == "Training…"
    assert training.findChild(QLabel, "deviceLabel").text().startswith(("CPU", "GPU"))
    training.findChild(QAction, "pauseAction").trigger()
    assert enabled(training) == {"resume", "stop"}
    training.show_page("design")
    # While one is going on the button leads there and starts nothing.
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert training.pages["train"].isVisible()
    assert training.trainer.state is State.PAUSED
    training.findChild(QAction, "stopAction").trigger()
    assert enabled(training) == set()
    qtbot.waitUntil(lambda: training.trainer.state is State.FINISHED, timeout=LONG)
    assert enabled(training) == {"start"}
    assert button.text() == "Train"


def test_closing_asks_and_keeps_the_run(training, qtbot):
    run = training.trainer.run
    training.close()
    assert training.isVisible()
    box = training.findChild(QMessageBox, "stopQuestion")
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Cancel), Qt.MouseButton.LeftButton)
    assert training.trainer.state is State.RUNNING
    qtbot.waitUntil(lambda: training.findChild(QMessageBox, "stopQuestion") is None)
    training.close()
    box = training.findChild(QMessageBox, "stopQuestion")
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Yes), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not training.isVisible(), timeout=LONG)
    assert (run / "checkpoint").is_dir()
    assert '"event": "stopped"' in (run / "events.jsonl").read_text().splitlines()[-1]


def test_closed_while_it_trained_the_next_window_goes_on_with_it(window, training, qtbot, tmp_path):
    """To the bit: as a training that nobody interrupted."""
    from tensorflow.python.framework import config

    from cnnstudio.training import checkpoint
    from cnnstudio.training.control import Control
    from cnnstudio.training.run import train
    from cnnstudio.views.main_window import MainWindow

    document = training.document
    training.trainer.stop()
    qtbot.waitUntil(lambda: not training.trainer.state.active, timeout=LONG)
    settings = {"epochs": 100, "deterministic": True, "batch_size": 4}
    document.set_training(document.training.model_copy(update=settings))
    document.undo_stack.setClean()
    project = document.project
    try:
        training.findChild(QAction, "startAction").trigger()
        seen = []
        training.trainer.events.connect(seen.extend)
        qtbot.waitUntil(lambda: any(event.kind == "epoch" for event in seen), timeout=LONG)
        run = training.trainer.run
        training.close()
        question = training.findChild(QMessageBox, "stopQuestion")
        question.button(QMessageBox.StandardButton.Yes).click()
        qtbot.waitUntil(lambda: not training.isVisible(), timeout=LONG)
        state, _ = checkpoint.load(run / "checkpoint")
        assert state.epoch < 100, "it was done before the window closed"

        again = MainWindow()
        again.show()
        page = again.pages["train"]
        again.show_page("train")
        table = page.runs
        qtbot.waitUntil(lambda: any(r.path == run for r in table.model.runs), timeout=LONG)
        known = next(r for r in table.model.runs if r.path == run)
        assert known.state == "stopped"
        menu = table.menu_for(known)
        text = "Continue it where it stopped"
        next(action for action in menu.actions() if action.text() == text).trigger()
        qtbot.waitUntil(lambda: again.trainer.state is State.FINISHED, timeout=LONG)
        again.document.undo_stack.setClean()
        again.close()
        again.deleteLater()
        whole = train(
            project, runs_folder=tmp_path / "whole", on_event=seen.append, control=Control()
        )
    finally:
        config.disable_op_determinism()
    _, expected = checkpoint.load(whole / "checkpoint")
    state, found = checkpoint.load(run / "checkpoint")
    assert state.epoch == 100
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_program_that_ends_on_its_own_still_closes(training, qtbot):
    training.close()
    # The training ends while the question is open: nothing is left to ask.
    training.trainer.stop()
    qtbot.waitUntil(lambda: not training.trainer.state.active, timeout=LONG)
    box = training.findChild(QMessageBox, "stopQuestion")
    qtbot.mouseClick(box.button(QMessageBox.StandardButton.Yes), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not training.isVisible())


def test_program_that_ends_without_closing_the_window_keeps_the_run(tmp_path):
    for label, level in (("dark", 20), ("light", 220)):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(12):
            picture = Image.new("RGB", (8, 8), (level, level, number))
            picture.save(tmp_path / "pictures" / label / f"{number}.png")
    program = f"""
        import sys
        from pathlib import Path
        from PySide6.QtCore import QTimer
        from cnnstudio.app.trainer import State
        from cnnstudio.graph import edits
        from cnnstudio.graph.presets import PRESETS
        from cnnstudio.graph.project import Project
        from cnnstudio.views.start import make_application
        application = make_application()
        from cnnstudio.views.main_window import MainWindow
        window = MainWindow()
        window.show()
        window.document.edit("Add", edits.add_layer, "Dropout", name="unsaved")
        project = Project(
            PRESETS["mlp"].build((8, 8, 3), 2),
            {{"folder": {str(tmp_path / "pictures")!r}, "image_size": [8, 8]}},
            {{"epochs": 100000}},
        )
        window.trainer.start(project, runs_folder=Path({str(tmp_path / "runs")!r}))
        timer = QTimer(interval=50)
        timer.timeout.connect(
            lambda: application.exit() if window.trainer.state is State.RUNNING else None
        )
        timer.start()
        sys.exit(application.exec())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    (run,) = (tmp_path / "runs").iterdir()
    assert '"event": "stopped"' in (run / "events.jsonl").read_text().splitlines()[-1]
    # What was not saved is offered at the next start.
    (kept,) = paths.recovery_folder().glob("*.cnns")
    assert "unsaved" in kept.read_text()


def test_editing_goes_on_while_it_trains(training, qtbot):
    from cnnstudio.graph import edits

    training.document.edit("Add", edits.add_layer, "Dropout", name="later")
    training.trainer.stop()
    qtbot.waitUntil(lambda: training.trainer.state is State.FINISHED, timeout=LONG)
    assert "later" not in (training.trainer.run / "project.cnns").read_text()
