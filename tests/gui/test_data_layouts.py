"""The Data page: where classes are read from, and data sets of Keras, with the mouse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QMenu, QPushButton

from cnnstudio.app.document import Document
from cnnstudio.app.settings import Settings
from cnnstudio.app.tasks import TaskRunner
from cnnstudio.app.trainer import Trainer
from cnnstudio.data.settings import LayoutSettings
from cnnstudio.views.context import Context
from cnnstudio.views.data_page import DataPage

WAIT = 20_000


@pytest.fixture
def page(qtbot):
    document, settings = Document(), Settings()
    trainer, tasks, inference = Trainer(), TaskRunner("tasks"), TaskRunner("inference")
    page = DataPage(Context(document, trainer, tasks, inference, settings))
    page.document, page.tasks = document, tasks
    page.resize(1280, 700)
    page.show()
    qtbot.waitExposed(page)
    yield page
    for runner in (tasks, inference, trainer):
        runner.shutdown()
    page.close()
    page.deleteLater()


@pytest.fixture
def flat(tmp_path) -> Path:
    """cat_0.png … dog_9.png in one folder."""
    folder = tmp_path / "flat"
    folder.mkdir()
    for number in range(20):
        pixels = np.random.default_rng(number).integers(0, 256, (9, 9, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{('cat', 'dog')[number % 2]}_{number}.png")
    return folder


def settle(page, qtbot) -> None:
    qtbot.waitUntil(lambda: page.document.report is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: not page.tasks.busy and page.scanner.folder is None, timeout=WAIT)


def button(page, text: str) -> QPushButton:
    (found,) = [b for b in page.findChildren(QPushButton) if b.isVisible() and text in b.text()]
    return found


def menu_of(page) -> QMenu:
    menu = page.bar.layout_button.menu()
    menu.aboutToShow.emit()
    return menu


def test_a_flat_folder_offers_what_it_shows(page, qtbot, flat):
    page.open_folder(flat)
    settle(page, qtbot)
    assert "The 20 pictures lie in no class folder." in page.message.text
    assert page.bar.layout_button.text() == "Classes: none found"
    qtbot.mouseClick(button(page, "Class from the name: cat, dog"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.document.class_names == ("cat", "dog"), timeout=WAIT)
    settle(page, qtbot)
    assert page.document.data.layout == LayoutSettings(kind="filename", pattern="{class}_{number}")
    assert not page.message.isVisible()
    assert page.bar.layout_button.text() == "Classes: names {class}_{number}"
    assert page.document.undo_stack.undoText() == "Read classes from the file names"
    page.document.undo_stack.undo()
    qtbot.waitUntil(lambda: page.message.isVisible(), timeout=WAIT)
    assert page.document.class_names == ()
    page.document.undo_stack.redo()
    assert page.document.class_names == ("cat", "dog")


def test_a_table_is_found_and_others_are_chosen(page, qtbot, flat):
    lines = "\n".join(f"{path.name},{path.stem[-1] in '02468'}" for path in flat.iterdir())
    (flat / "labels.csv").write_text("file,label\n" + lines)
    page.open_folder(flat)
    settle(page, qtbot)
    assert page.document.class_names == ("False", "True")
    assert page.bar.layout_button.text() == "Classes: labels.csv"
    assert page.document.data.layout == LayoutSettings()
    actions = {action.text(): action for action in menu_of(page).actions()}
    assert actions["Automatic"].isChecked()
    actions["Class from the name: cat, dog"].trigger()
    qtbot.waitUntil(lambda: page.document.class_names == ("cat", "dog"), timeout=WAIT)
    actions = {action.text(): action for action in menu_of(page).actions()}
    assert actions["Names {class}_{number}"].isChecked()
    assert "Use labels.csv: False, True" in actions


def test_a_way_that_does_not_work_changes_nothing(page, qtbot, flat):
    page.open_folder(flat)
    settle(page, qtbot)
    page.read_classes(LayoutSettings(kind="csv"))
    qtbot.waitUntil(lambda: "has no table of its pictures" in page.message.text, timeout=WAIT)
    assert page.document.report is not None
    assert page.document.data.layout == LayoutSettings()
    assert page.stack.currentWidget() is page.filled


def test_describing_the_names(page, qtbot, flat):
    page.open_folder(flat)
    settle(page, qtbot)
    page.bar.layout_button.ask_pattern()
    (dialog,) = [w for w in QApplication.topLevelWidgets() if w.objectName() == "patternDialog"]
    line, answer = dialog.findChild(QLineEdit), dialog.findChild(QLabel, "patternAnswer")
    assert line.text() == "{class}_{number}"
    assert answer.text() == "2 classes: cat 10, dog 10."
    line.setText("cat*")
    assert "has no {class} in it" in answer.text()
    assert not dialog.use.isEnabled()
    line.setText("{class}at*")
    assert answer.text() == "1 class: c 10.\n10 of 20 names do not fit."
    line.setText("???{class}")
    assert dialog.use.isEnabled()
    line.setText("{class}_*")
    qtbot.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.document.class_names == ("cat", "dog"), timeout=WAIT)
    assert page.document.data.layout.pattern == "{class}_*"


def test_a_data_set_of_keras_from_a_file(page, qtbot, tmp_path):
    parts = {}
    for part, count in (("train", 30), ("test", 10)):
        pixels = np.random.default_rng(count).integers(0, 256, (count, 28, 28), np.uint8)
        parts[f"x_{part}"], parts[f"y_{part}"] = pixels, np.arange(count) % 10
    np.savez(tmp_path / "mnist.npz", **parts)
    actions = {a.objectName(): a for a in page.bar.samples.actions()}
    assert {"take_digits", "take_mnist", "take_cifar100"} <= actions.keys()
    files = next(a.menu() for a in page.bar.samples.actions() if a.menu() is not None)
    next(a for a in files.actions() if a.objectName() == "file_mnist").trigger()
    (dialog,) = page.findChildren(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "mnist.npz"))
    dialog.reject()
    settle(page, qtbot)
    assert page.document.class_names == tuple("0123456789")
    assert page.document.report.splits["train"]["0"] == 3


def test_a_file_that_is_none_says_so_and_offers_another(page, qtbot, tmp_path):
    (tmp_path / "mnist.npz").write_text("hello")
    page.make_sample("mnist", tmp_path / "mnist.npz")
    qtbot.waitUntil(lambda: "cannot be read as MNIST" in page.message.text, timeout=WAIT)
    assert [b.text() for b in page.message.buttons][:2] == ["Use a file I have…", "Try again"]
    assert page.document.data.folder is None
