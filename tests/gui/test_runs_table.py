"""The table of runs: columns, names and notes written in it, two runs compared, TensorBoard."""

import importlib.util
import shutil
import urllib.request

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit

from cnnstudio.app.settings import Settings
from cnnstudio.app.tensorboard import MISSING
from cnnstudio.graph.edits import set_setting
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project
from cnnstudio.training.care import read_remark
from cnnstudio.training.control import Control
from cnnstudio.training.run import train
from cnnstudio.training.run_files import RunFiles
from cnnstudio.views.notifications import Card
from cnnstudio.views.train.column_menu import KEY
from cnnstudio.views.train.run_columns import PLACES
from cnnstudio.views.train.run_comparison import RunComparison

LONG = 90_000
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with two runs: SGD, then Adam on a wider network with more metrics."""
    folder, runs = tmp_path_factory.mktemp("pictures"), tmp_path_factory.mktemp("runs")
    generator = np.random.default_rng(0)
    for label, low in (("dark", 0), ("light", 150)):
        (folder / label).mkdir()
        for number in range(10):
            pixels = generator.integers(low, low + 100, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number}.png")
    network = PRESETS["mlp"].build((8, 8, 3), 2)
    wider = set_setting(network, "dense_1", "units", 32)
    plain = {"epochs": 1, "batch_size": 8, "optimizer": {"name": "SGD", "learning_rate": 0.05}}
    other = {"epochs": 2, "batch_size": 8, "metrics": ["f1"]}
    for name, made, training in (("plain", network, plain), ("wider", wider, other)):
        project = Project(made, {"folder": str(folder), "image_size": [8, 8]}, training)
        train(project, runs_folder=runs, on_event=lambda event: None, control=Control(), name=name)
    return runs


@pytest.fixture
def page(window, trained, tmp_path, qtbot):
    """The Train page with a copy of the two runs."""
    shutil.copytree(trained, tmp_path / "runs")
    window.settings.runs_folder = tmp_path / "runs"
    window.show_page("train")
    page = window.pages["train"]
    qtbot.waitUntil(lambda: len(page.runs.model.runs) == 2, timeout=LONG)
    return page


def row_of(page, name):
    model = page.runs.view.model()
    rows = range(model.rowCount())
    return next(row for row in rows if name in model.index(row, 0).data())


def cell(page, name, key):
    return page.runs.view.model().index(row_of(page, name), PLACES[key])


def info(page, name):
    return next(run for run in page.runs.model.runs if run.name.endswith(name))


def shown(page):
    return {key for key, place in PLACES.items() if not page.runs.view.isColumnHidden(place)}


def told(window):
    """What the cards at the edge of the window say."""
    return " ".join(card.text for card in window.findChildren(Card))


def double_click(page, index, qtbot):
    """As a mouse does it: a click, then the double click."""
    view = page.runs.view
    view.scrollTo(index)
    place = view.visualRect(index).center()
    qtbot.mouseClick(view.viewport(), LEFT, pos=place)
    qtbot.mouseDClick(view.viewport(), LEFT, pos=place)


def test_a_run_that_trains_is_read_again_after_a_rest(window, page, qtbot):
    """Of epochs that follow each other within a moment the last one counts."""
    rest, path = page.runs._rest, info(page, "wider").path
    page.runs.refresh_run(path)
    assert rest.isActive()
    qtbot.waitUntil(lambda: not window.tasks.busy)
    (path / "metrics.csv").write_text("epoch,loss\n0,3.0\n1,2.0\n2,1.0\n")
    for _ in range(5):
        page.runs.refresh_run(path)
    assert not window.tasks.busy
    assert info(page, "wider").epochs_done == 2
    rest.start(1)
    qtbot.waitUntil(lambda: info(page, "wider").epochs_done == 3)


def test_columns_are_chosen_sorted_filtered_and_remembered(window, page, qtbot):
    view, columns = page.runs.view, page.runs.columns
    usual = {"run", "state", "epochs", "accuracy", "loss", "settings", "time", "date"}
    assert shown(page) == usual
    for key in ("training.optimizer.name", "training.optimizer.learning_rate", "f1", "notes"):
        columns.actions[key].trigger()
    assert shown(page) == usual | {
        "training.optimizer.name", "training.optimizer.learning_rate", "f1", "notes",
    }  # fmt: skip
    assert cell(page, "plain", "training.optimizer.name").data() == "SGD"
    assert cell(page, "wider", "training.optimizer.learning_rate").data() == "0.001"
    assert cell(page, "plain", "f1").data() == ""
    assert float(cell(page, "wider", "f1").data()) == pytest.approx(
        info(page, "wider").figures["val_f1"], abs=1e-4
    )
    rate = PLACES["training.optimizer.learning_rate"]
    for order, first in ((Qt.SortOrder.AscendingOrder, "wider"), (Qt.SortOrder(1), "plain")):
        view.sortByColumn(rate, order)
        assert row_of(page, first) == 0
    # Any text, also of columns that are not in sight.
    for words, count in (("sgd", 1), ("adam", 1), ("bilinear", 0), ("training", 0), ("32", 2)):
        page.runs.filter.setText(words)
        if count:
            assert view.model().rowCount() == count, words
    page.runs.filter.setText("dark light wider")
    assert view.model().rowCount() == 1
    page.runs.filter.clear()
    kept = Settings().value(KEY)
    assert "f1" in kept
    assert "date" in kept
    columns.actions["date"].trigger()
    assert "date" not in shown(page)
    columns.choose_usual()
    assert shown(page) == usual


def test_names_and_notes_are_written_in_the_table(window, page, qtbot):
    view = page.runs.view
    double_click(page, cell(page, "plain", "run"), qtbot)
    name = view.findChild(QLineEdit, "runNameEdit")
    assert name.text() == "plain"
    qtbot.keyClicks(name, "First try")
    qtbot.keyClick(name, Qt.Key.Key_Return)
    path = info(page, "plain").path
    qtbot.waitUntil(lambda: read_remark(path).title == "First try", timeout=LONG)
    assert view.findChild(QLineEdit, "runNameEdit") is None

    page.runs.columns.actions["notes"].trigger()
    double_click(page, cell(page, "First try", "notes"), qtbot)
    notes = view.findChild(QPlainTextEdit, "runNotesEdit")
    qtbot.keyClicks(notes, "Too slow")
    # The list is read again while somebody writes: nothing of it is lost.
    page.runs.refresh()
    window.tasks.wait()
    qtbot.wait(1)
    assert notes.toPlainText() == "Too slow"
    qtbot.keyClick(notes, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClicks(notes, "at first")
    qtbot.keyClick(notes, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: read_remark(path).notes == "Too slow\nat first", timeout=LONG)
    qtbot.waitUntil(lambda: view.findChild(QPlainTextEdit, "runNotesEdit") is None)
    assert cell(page, "First try", "notes").data() == "Too slow"
    page.runs.filter.setText("at first")
    assert view.model().rowCount() == 1
    page.runs.filter.clear()
    # Escape leaves it as it was.
    double_click(page, cell(page, "First try", "notes"), qtbot)
    notes = view.findChild(QPlainTextEdit, "runNotesEdit")
    qtbot.keyClicks(notes, "other")
    qtbot.keyClick(notes, Qt.Key.Key_Escape)
    assert cell(page, "First try", "notes").data() == "Too slow"


def test_two_runs_side_by_side_by_their_shortcut(window, page, qtbot):
    action = window.findChild(QAction, "compareRunsAction")
    assert action.shortcut().toString() == "Ctrl+Shift+C"
    view = page.runs.view
    view.clearSelection()
    action.trigger()
    assert "Choose two runs" in told(window)
    for name, keys in (
        ("plain", Qt.KeyboardModifier.NoModifier),
        ("wider", Qt.KeyboardModifier.ControlModifier),
    ):
        place = view.visualRect(cell(page, name, "run")).center()
        qtbot.mouseClick(view.viewport(), LEFT, keys, place)
    qtbot.keyClick(
        window,
        Qt.Key.Key_C,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    qtbot.waitUntil(lambda: window.findChild(RunComparison) is not None, timeout=LONG)
    dialog = window.findChild(RunComparison)
    qtbot.waitExposed(dialog)
    # Only what differs first.
    names = [dialog.model.index(row, 0).data() for row in range(dialog.model.rowCount())]
    assert {"epochs", "optimizer · name", "optimizer · learning_rate", "metrics"} <= set(names)
    assert "batch_size" not in names
    row = names.index("optimizer · name")
    assert [dialog.model.index(row, n).data() for n in (1, 2)] == ["SGD", "Adam"]
    row = names.index("optimizer · beta_1")
    assert dialog.model.index(row, 1).data() == "not used"
    few = len(names)
    qtbot.mouseClick(dialog.only, LEFT, pos=QPoint(8, dialog.only.height() // 2))
    assert dialog.model.rowCount() > few
    assert dialog.findChild(QLabel, "epochs_done_second").text() == "2"
    better = [label for label in dialog.findChildren(QLabel) if label.property("role") == "success"]
    assert better
    assert all("better" in label.accessibleName() for label in better)
    assert dialog.tabs.tabText(1).startswith("Networks (")
    dialog.tabs.setCurrentIndex(1)
    rows = dialog.networks.table.rows.entries
    assert any("units" in row.details for row in rows)
    dialog.copy_text()
    assert "dense_1" in QGuiApplication.clipboard().text()
    dialog.tabs.setCurrentIndex(0)
    dialog.copy_text()
    assert "training.optimizer.name" in QGuiApplication.clipboard().text()
    dialog.close()


def test_a_run_becomes_a_project_with_its_weights(window, page, qtbot, keras):
    run = info(page, "wider")
    menu = page.runs.menu_for(run)
    text = "Open it as a new project, with its weights"
    next(action for action in menu.actions() if action.text() == text).trigger()
    document = window.document
    qtbot.waitUntil(lambda: document.title == "wider.cnns", timeout=LONG)
    from cnnstudio.keras_build.weights import build_project

    made = build_project(document.project)
    kept = keras.models.load_model(run.path / "model.keras")
    for ours, theirs in zip(made.get_weights(), kept.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert document.training.metrics == ("f1",)


def test_damaged_files_are_named_in_the_table(window, page, qtbot):
    run = info(page, "wider")
    (run.path / "classes.txt").write_bytes(b"\xff\xfe")
    page.runs.refresh()
    qtbot.waitUntil(lambda: bool(info(page, "wider").damages), timeout=LONG)
    index = cell(page, "wider", "state")
    assert index.data() == "finished, damaged files"
    tip = index.data(Qt.ItemDataRole.ToolTipRole)
    assert "classes.txt" in tip
    assert "dark, light" in tip
    assert RunFiles(run.path).classes == ("dark", "light")


@pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="tensorboard is not installed"
)
def test_tensorboard_shows_the_runs_and_ends_with_the_window(window, page, qtbot, monkeypatch):
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    board = window.context.tensorboard
    window.findChild(QAction, "tensorBoardAction").trigger()
    assert board.running
    qtbot.waitUntil(lambda: bool(opened), timeout=LONG)
    with urllib.request.urlopen(f"{opened[0]}data/environment") as answer:
        assert answer.status == 200
    # Again: the same process.
    window.findChild(QAction, "tensorBoardAction").trigger()
    assert opened == [opened[0]] * 2
    process = board._process
    window.document.undo_stack.setClean()
    window.close()
    assert not board.running
    assert process.state() == process.ProcessState.NotRunning


def test_without_tensorboard_it_says_how_to_get_it(window, page, monkeypatch):
    monkeypatch.setattr("cnnstudio.app.tensorboard.find_spec", lambda name: None)
    window.findChild(QAction, "tensorBoardAction").trigger()
    assert MISSING in told(window)
    assert not window.context.tensorboard.running
