"""The folder doctor on the Data page: findings, corrections, the full check, the report."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QMenu, QPushButton, QTableView

from cnnstudio.app.document import Document
from cnnstudio.app.settings import Settings
from cnnstudio.app.tasks import TaskRunner
from cnnstudio.app.trainer import Trainer
from cnnstudio.views.context import Context
from cnnstudio.views.data_page import DataPage

WAIT = 30_000


def draw(path: Path, seed: int, side: int = 64) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(path)
    return path


@pytest.fixture
def folder(tmp_path):
    """Two classes in two splits, with a copy that leaks, a wrong label and a damaged file."""
    root = tmp_path / "animals"
    for number, name in enumerate(("cat", "dog", "fox")):
        for index in range(12):
            draw(root / "train" / name / f"{index:02}.png", 100 * number + index)
        for index in range(4):
            draw(root / "test" / name / f"{index:02}.png", 100 * number + 50 + index)
    (root / "test" / "cat" / "leak.png").write_bytes(
        (root / "train" / "cat" / "03.png").read_bytes()
    )
    (root / "train" / "dog" / "wrong.png").write_bytes(
        (root / "train" / "cat" / "05.png").read_bytes()
    )
    (root / "train" / "dog" / "text.jpg").write_text("words")
    return root


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
    for work in (tasks, inference, trainer):
        work.shutdown()
    page.close()
    page.deleteLater()


def settle(page, qtbot):
    qtbot.waitUntil(lambda: not page.tasks.busy, timeout=WAIT)


def opened(page, qtbot, folder: Path):
    page.open_folder(folder)
    qtbot.waitUntil(lambda: page.document.report is not None, timeout=WAIT)
    settle(page, qtbot)


def choose(page, *names: str):
    """Choose pictures in the browser by the ends of their paths."""
    model, selection = page.browser.pictures, page.browser.grid.selectionModel()
    selection.clearSelection()
    for row, picture in enumerate(model.pictures):
        if any(str(picture.path).endswith(name) for name in names):
            selection.select(model.index(row), QItemSelectionModel.SelectionFlag.Select)
    assert len(page.browser.grid.selected_paths()) == len(names)


def counts(page) -> dict[str, str]:
    model = page.findChild(QTableView, "classTable").model()
    last = model.columnCount() - 2
    return {
        model.index(row, 0).data(): model.index(row, last).data() for row in range(model.rowCount())
    }


def kinds(page) -> list[str]:
    return [entry.key for entry in page.findings.list.model_.entries]


def action(page, name: str) -> QAction:
    return page.findChild(QAction, name)


def entry_of(menu: QMenu, *titles: str) -> QAction:
    """An entry of a menu, through its submenus."""
    for title in titles:
        (found,) = [each for each in menu.actions() if each.text().partition("\t")[0] == title]
        if found.menu() is not None:
            menu = found.menu()
    return found


def test_findings_are_listed_worst_first_with_their_number(page, qtbot, folder):
    opened(page, qtbot, folder)
    assert kinds(page) == ["overview", "exact-labels", "exact-splits", "no-picture"]
    assert page.head.views.button("findings").text() == "Findings 3"
    qtbot.mouseClick(page.head.views.button("findings"), Qt.MouseButton.LeftButton)
    assert page.findings.isVisible()
    assert page.findings.list.current().key == "exact-labels"
    assert "At most one of the classes can be right" in page.findings.detail.why.text()
    names = {picture.path.name for picture in page.findings.detail.pictures.pictures}
    assert names == {"05.png", "wrong.png"}


def test_a_remedy_does_what_it_says_and_is_undone(page, qtbot, folder):
    opened(page, qtbot, folder)
    page.show_view("findings")
    page.findings.show_line("exact-splits")
    button = page.findings.detail.buttons[0]
    assert button.text() == "Keep the best of each"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert page.document.data.excluded == ("train/cat/03.png",)
    settle(page, qtbot)
    assert "exact-splits" not in kinds(page)
    assert kinds(page)[-1] == "corrected"
    assert counts(page)["cat"] == "16"
    assert page.settings.split.counts["train"] < 37
    assert page.document.undo_stack.undoText() == "Keep the best of each"
    page.document.undo_stack.undo()
    settle(page, qtbot)
    assert "exact-splits" in kinds(page)
    assert counts(page)["cat"] == "17"


def test_pictures_are_set_aside_by_key_and_the_next_one_has_the_focus(page, qtbot, folder):
    opened(page, qtbot, folder)
    assert not action(page, "asideAction").isEnabled()
    choose(page, "train/cat/01.png")
    grid = page.browser.grid
    grid.setCurrentIndex(page.browser.pictures.index(1))
    assert action(page, "asideAction").isEnabled()
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_Delete)
    assert page.document.data.excluded == ("train/cat/01.png",)
    settle(page, qtbot)
    assert len(page.browser.pictures.pictures) == 49
    assert grid.currentIndex().row() == 1
    assert page.head.title.text() == "49 pictures in 3 classes"
    assert not action(page, "asideAction").isEnabled()


def test_the_bar_above_the_grid_acts_on_what_is_chosen(page, qtbot, folder):
    opened(page, qtbot, folder)
    bar = page.browser.actions_bar
    assert not bar.aside.isVisible()
    choose(page, "train/cat/01.png", "train/cat/02.png")
    assert bar.label.text() == "2 pictures chosen"
    assert not page.browser.splits.isVisible()
    entry_of(bar.move_button.menu(), "Test").trigger()
    assert page.document.data.moved == {"train/cat/01.png": "test", "train/cat/02.png": "test"}
    assert page.document.counts.splits["test"]["cat"] == 7
    settle(page, qtbot)
    choose(page, "train/cat/01.png")
    qtbot.mouseClick(bar.aside, Qt.MouseButton.LeftButton)
    assert page.document.counts.splits["test"]["cat"] == 6


def test_the_menu_of_a_picture_changes_its_class(page, qtbot, folder):
    opened(page, qtbot, folder)
    choose(page, "dog/wrong.png")
    menu = page.browser.actions_bar.menu()
    entry_of(menu, "Change the class to", "cat").trigger()
    menu.close()
    assert page.document.data.relabelled == {"train/dog/wrong.png": "cat"}
    settle(page, qtbot)
    assert "exact-labels" not in kinds(page)
    choose(page, "dog/wrong.png")
    menu = page.browser.actions_bar.menu()
    entry_of(menu, "Take back").trigger()
    menu.close()
    assert page.document.data.relabelled == {}


def test_a_new_class_is_typed(page, qtbot, folder):
    opened(page, qtbot, folder)
    choose(page, "train/fox/01.png", "train/fox/02.png", "train/fox/03.png", "test/fox/01.png")
    action(page, "relabelAction").trigger()
    field = QApplication.activeModalWidget().findChild(QComboBox, "className")
    dialog = field.window()
    fine = dialog.findChildren(QPushButton)[0]
    assert not fine.isEnabled()
    qtbot.keyClicks(field.lineEdit(), "wolf")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert page.document.class_names == ("cat", "dog", "fox", "wolf")
    settle(page, qtbot)
    assert counts(page)["wolf"] == "4"


def test_classes_are_merged_renamed_and_set_aside_by_the_menu_of_the_table(page, qtbot, folder):
    opened(page, qtbot, folder)
    table = page.browser.table
    table.selectRow(1)
    table.selectionModel().select(
        table.model().index(2, 0),
        QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows,
    )
    assert table.chosen_classes() == ["dog", "fox"]
    assert len(page.browser.pictures.pictures) == 33
    menu = table.menu()
    entry_of(menu, "Merge into dog").trigger()
    menu.close()
    assert page.document.data.merged == {"fox": "dog"}
    assert page.document.classes == 2
    settle(page, qtbot)
    assert counts(page) == {"cat": "17", "dog": "33"}
    assert page.document.undo_stack.undoText() == "Merge classes into dog"
    table.selectRow(1)
    menu = table.menu()
    entry_of(menu, "Rename or merge…").trigger()
    menu.close()
    field = QApplication.activeModalWidget().findChild(QComboBox, "className")
    assert field.currentText() == "dog"
    field.setEditText("canine")
    qtbot.keyClick(field.window(), Qt.Key.Key_Return)
    assert page.document.data.merged == {"dog": "canine", "fox": "canine"}
    settle(page, qtbot)
    table.selectRow(0)
    menu = table.menu()
    entry_of(menu, "Set canine aside").trigger()
    menu.close()
    settle(page, qtbot)
    assert page.document.class_names == ("cat",)
    assert "Take some of it back" in page.message.text
    assert page.message.buttons[0].text() == "Take all corrections back"
    qtbot.mouseClick(page.message.buttons[0], Qt.MouseButton.LeftButton)
    settle(page, qtbot)
    assert not page.message.isVisible()
    assert counts(page) == {"cat": "17", "dog": "17", "fox": "16"}


def test_corrections_are_seen_and_taken_back(page, qtbot, folder):
    opened(page, qtbot, folder)
    report = page.document.report
    paths = [picture.path for picture in report.pictures[:3]]
    page.corrector.set_aside(paths[:2])
    page.corrector.relabel(paths[2:], "fox")
    page.corrector.merge(["dog"], "fox")
    settle(page, qtbot)
    page.show_view("findings")
    page.findings.show_line("corrected")
    view = page.findings.corrected
    assert page.findings.list.current().words == "2 set aside · 1 relabelled · 1 merged"
    assert [each.words for each in view.pictures.pictures] == ["set aside", "set aside", "now fox"]
    view.grid.selectionModel().select(
        view.pictures.index(0), QItemSelectionModel.SelectionFlag.Select
    )
    qtbot.mouseClick(view.back_button, Qt.MouseButton.LeftButton)
    assert len(page.document.data.excluded) == 1
    settle(page, qtbot)
    qtbot.mouseClick(view.separate_buttons[0], Qt.MouseButton.LeftButton)
    assert page.document.data.merged == {}
    qtbot.mouseClick(view.all_button, Qt.MouseButton.LeftButton)
    assert page.document.counts.classes == report.classes
    settle(page, qtbot)
    assert "corrected" not in kinds(page)
    assert not action(page, "takeBackAction").isEnabled()


def test_corrections_are_saved_with_the_project(page, qtbot, folder, tmp_path):
    opened(page, qtbot, folder)
    page.corrector.set_aside([folder / "train" / "cat" / "01.png"])
    page.corrector.merge(["dog", "fox"], "canine")
    assert page.document.save(tmp_path / "a.cnns")
    page.document.new()
    assert page.document.open(tmp_path / "a.cnns")
    qtbot.waitUntil(lambda: page.document.report is not None, timeout=WAIT)
    settle(page, qtbot)
    assert counts(page) == {"canine": "33", "cat": "16"}
    (folder / "train" / "cat" / "01.png").unlink()
    page.rescan()
    qtbot.waitUntil(lambda: page.scanner.folder is None, timeout=WAIT)
    settle(page, qtbot)
    assert "gone" in kinds(page)
    page.show_view("findings")
    page.findings.show_line("gone")
    qtbot.mouseClick(page.findings.detail.buttons[0], Qt.MouseButton.LeftButton)
    assert page.document.data.excluded == ()


def test_the_full_check_shows_its_progress_and_what_it_found(page, qtbot, folder):
    copy = Image.open(folder / "train" / "fox" / "04.png").resize((50, 50))
    copy.save(folder / "test" / "fox" / "copy.jpg", quality=80)
    content = bytearray((folder / "train" / "fox" / "06.png").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 100] = bytes(100)
    (folder / "train" / "fox" / "06.png").write_bytes(content)
    opened(page, qtbot, folder)
    assert "undecodable" not in kinds(page)
    page.show_view("findings")
    page.findings.show_line("overview")
    card = page.findings.overview.card
    assert "only the first bytes" in card.words.text()
    steps = []
    page.full_check.progressed.connect(steps.append)
    qtbot.mouseClick(card.start_button, Qt.MouseButton.LeftButton)
    assert card.stop_button.isVisible()
    assert not action(page, "checkAction").isEnabled()
    qtbot.waitUntil(lambda: not page.full_check.running, timeout=WAIT)
    settle(page, qtbot)
    assert steps[-1].done == 51
    assert card.words.text() == "51 pictures decoded: 1 damaged, 1 × nearly the same."
    assert {"undecodable", "near-splits"} <= set(kinds(page))
    page.findings.show_line("near-splits")
    names = {picture.path.name for picture in page.findings.detail.pictures.pictures}
    assert names == {"04.png", "copy.jpg"}
    # It holds while things are corrected, and no longer when the folder is looked through again.
    page.corrector.set_aside([folder / "train" / "fox" / "06.png"])
    settle(page, qtbot)
    assert "undecodable" not in kinds(page)
    assert "near-splits" in kinds(page)
    page.rescan()
    qtbot.waitUntil(lambda: page.scanner.folder is None, timeout=WAIT)
    settle(page, qtbot)
    assert "near-splits" not in kinds(page)


def test_the_full_check_stops_at_once(page, qtbot, folder):
    opened(page, qtbot, folder)
    page.show_view("findings")
    action(page, "checkAction").trigger()
    card = page.findings.overview.card
    qtbot.mouseClick(card.stop_button, Qt.MouseButton.LeftButton)
    assert not page.full_check.running
    assert card.start_button.isVisible()
    settle(page, qtbot)
    assert page.full_check.result(page.document.report) is None


def test_the_folder_in_figures(page, qtbot, folder):
    opened(page, qtbot, folder)
    overview = page.findings.overview
    assert overview.sides.counts == {"64–127": 50}
    assert overview.formats.counts == {"PNG": 50}
    assert "RGB: 50" in overview.modes.accessibleName()


@pytest.mark.parametrize("name", ["report.html", "report.csv"])
def test_the_report_is_written_where_the_person_says(page, qtbot, folder, tmp_path, name):
    opened(page, qtbot, folder)
    action(page, "reportAction").trigger()
    dialog = page.findChild(QFileDialog)
    target = tmp_path / name
    dialog.fileSelected.emit(str(target))
    qtbot.waitUntil(target.exists, timeout=WAIT)
    settle(page, qtbot)
    assert "leak.png" in target.read_text("utf-8")
    dialog.close()


def test_pictures_come_while_the_folder_is_looked_through(page, qtbot, folder):
    seen = []
    page.scanner.progressed.connect(lambda step: seen.append(dict(step.first)))
    opened(page, qtbot, folder)
    for step in seen:
        for name, paths in step.items():
            assert 1 <= len(paths) <= 4
            assert all(path.parent.name == name for path in paths)
    firsts = {name: (folder / "train" / name / "00.png",) for name in ("cat", "dog")}
    page.scan_card.classes.show_counts({"cat": 9, "dog": 3}, firsts)
    page.stack.setCurrentWidget(page.scan_card)
    first = firsts["cat"][0]
    qtbot.waitUntil(lambda: page.filled.thumbnails.pixmap(first) is not None, timeout=WAIT)
    assert page.scan_card.classes.accessibleName() == "cat: 9, dog: 3"
