"""The Data page with real folders: open, drop, stop, trouble, settings, undo, match."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QListView,
    QPushButton,
    QSlider,
    QSpinBox,
    QTableView,
)

from cnnstudio.app.document import Document
from cnnstudio.app.settings import Settings
from cnnstudio.app.tasks import TaskRunner
from cnnstudio.app.trainer import Trainer
from cnnstudio.views.context import Context
from cnnstudio.views.data_page import DataPage

WAIT = 20_000


def write(path: Path, side: tuple[int, int] = (12, 12), mode: str = "RGB", seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (*side, 3) if mode == "RGB" else side
    pixels = np.random.default_rng(seed).integers(0, 255, shape, dtype=np.uint8)
    Image.fromarray(pixels, mode).save(path)
    return path


def write_classes(folder: Path, counts: dict[str, int], **kwargs) -> Path:
    for number, (name, count) in enumerate(counts.items()):
        for picture in range(count):
            write(folder / name / f"{picture:04}.png", seed=1000 * number + picture, **kwargs)
    return folder


@pytest.fixture
def page(qtbot):
    document, settings = Document(), Settings()
    trainer, tasks, inference = Trainer(), TaskRunner("tasks"), TaskRunner("inference")
    context = Context(document, trainer, tasks, inference, settings)
    page = DataPage(context)
    page.context = context
    page.document = document
    page.resize(1280, 700)
    page.show()
    qtbot.waitExposed(page)
    yield page
    tasks.shutdown()
    inference.shutdown()
    trainer.shutdown()
    page.close()
    page.deleteLater()


@pytest.fixture
def animals(tmp_path):
    return write_classes(tmp_path / "animals", {"cat": 20, "dog": 30})


def opened(page, qtbot, folder: Path):
    page.open_folder(folder)
    qtbot.waitUntil(lambda: page.document.report is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: not page.context.tasks.busy, timeout=WAIT)


def texts(page, name: str) -> list[str]:
    model = page.findChild(QTableView, name).model()
    return [
        str(model.index(row, column).data())
        for row in range(model.rowCount())
        for column in range(model.columnCount())
    ]


def mime(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop(target, data: QMimeData) -> bool:
    """Drag `data` over `target` and let go, as the window system would."""
    copy, left, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter = QDragEnterEvent(QPoint(40, 40), copy, data, left, none)
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(40, 40), copy, data, left, none)
    QApplication.sendEvent(target, event)
    return event.isAccepted()


def test_an_empty_page_says_what_belongs_there_and_how_to_begin(page):
    assert page.empty.isVisible()
    assert "one folder for each class" in page.empty.text.text()
    labels = [button.text() for button in page.empty.buttons]
    assert labels == ["Open folder…", "Use the sample: digits", "Use the sample: shapes"]
    assert not page.match.isVisible()
    assert not page.message.isVisible()


def test_the_named_controls_exist_before_anything_is_opened(page):
    assert page.findChild(QLineEdit, "datasetFolder").accessibleName()
    assert page.findChild(QPushButton, "openFolderButton").accessibleName()
    assert page.findChild(QTableView, "classTable").accessibleName()
    assert page.findChild(QListView, "imagePreview").accessibleName()


def test_opening_a_folder_shows_its_classes_and_makes_it_the_data(page, qtbot, animals):
    opened(page, qtbot, animals)
    assert page.document.data.folder == str(animals)
    assert page.document.data.image_size == (12, 12)
    assert page.document.classes == 2
    assert page.head.title.text() == "50 pictures in 2 classes"
    assert "all 12 × 12" in page.head.facts.text()
    assert texts(page, "classTable") == ["cat", "20", "40.0 %", "dog", "30", "60.0 %"]
    assert page.settings.split.text == "40 to train · 10 to validate"
    assert page.context.settings.recent_folders == [animals]


def test_a_typed_path_opens_with_enter(page, qtbot, animals):
    line = page.findChild(QLineEdit, "datasetFolder")
    line.setText("")
    qtbot.keyClicks(line, f'"{animals}"')
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.document.report is not None, timeout=WAIT)
    assert line.text() == str(animals)


def test_a_folder_dropped_on_the_page_opens(page, qtbot, animals):
    assert drop(page, mime(animals))
    qtbot.waitUntil(lambda: page.document.report is not None, timeout=WAIT)
    assert page.document.data.folder == str(animals)


def test_a_dropped_picture_leads_to_its_folder(page, qtbot, animals):
    assert drop(page, mime(animals / "cat" / "0000.png"))
    assert "0000.png" in page.message.text
    assert page.document.data.folder is None
    assert [button.text() for button in page.message.buttons] == [
        "Open the folder cat",
        "Classify instead",
        "Dismiss",
    ]
    with qtbot.waitSignal(page.context.classify_requested) as asked:
        qtbot.mouseClick(page.message.buttons[1], Qt.MouseButton.LeftButton)
    assert asked.args == [(animals / "cat" / "0000.png",)]


def test_a_dropped_project_is_left_to_the_window(page, tmp_path):
    project = tmp_path / "a.cnns"
    project.write_text("{}")
    assert not drop(page, mime(project))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "There is no folder"),
        (lambda folder: folder.mkdir(), "is empty"),
        (lambda folder: folder.write_text("x"), "is a file"),
        (
            lambda folder: (
                (folder / "a").mkdir(parents=True),
                (folder / "a" / "notes.jpg").write_text("no picture"),
            ),
            "No picture that can be used was found",
        ),
    ],
)
def test_a_folder_that_cannot_be_used_says_why_and_offers_another(
    page, qtbot, tmp_path, make, words
):
    folder = tmp_path / "wrong"
    make(folder)
    page.open_folder(folder)
    qtbot.waitUntil(page.message.isVisible, timeout=WAIT)
    assert words in page.message.text
    assert str(folder) in page.message.text
    assert page.message.buttons[0].text() == "Choose another folder…"
    assert page.document.data.folder is None
    assert page.empty.isVisible()


def test_a_wrong_folder_leaves_the_good_one_in_place(page, qtbot, animals, tmp_path):
    opened(page, qtbot, animals)
    page.open_folder(tmp_path / "nowhere")
    qtbot.waitUntil(page.message.isVisible, timeout=WAIT)
    assert page.document.data.folder == str(animals)
    assert page.browser.isVisible()
    qtbot.mouseClick(page.message.buttons[-1], Qt.MouseButton.LeftButton)
    assert page.bar.line.text() == str(animals)


def test_one_class_is_shown_and_explained(page, qtbot, tmp_path):
    folder = write_classes(tmp_path / "one", {"cat": 12})
    opened(page, qtbot, folder)
    qtbot.waitUntil(page.message.isVisible, timeout=WAIT)
    assert "one class only, cat" in page.message.text
    assert page.settings.split.text == "0 to train · 0 to validate"
    assert not page.match.isVisible()
    page.show_view("findings")
    assert "one class only, cat" in page.findings.detail.why.text()


def test_a_folder_around_the_right_one_offers_the_inner_one(page, qtbot, tmp_path):
    inner = write_classes(tmp_path / "outer" / "photos", {"cat": 12, "dog": 12})
    opened(page, qtbot, tmp_path / "outer")
    qtbot.waitUntil(page.message.isVisible, timeout=WAIT)
    button = page.message.buttons[0]
    assert button.text() == "Open photos"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.document.data.folder == str(inner), timeout=WAIT)
    qtbot.waitUntil(lambda: page.document.classes == 2, timeout=WAIT)
    assert not page.message.isVisible()


def test_broken_files_are_listed_by_reason_and_copies_by_picture(page, qtbot, animals):
    (animals / "cat" / "text.jpg").write_text("not a picture at all")
    (animals / "dog" / "nothing.png").write_bytes(b"")
    whole = (animals / "dog" / "0001.png").read_bytes()
    (animals / "dog" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (animals / "dog" / "copy.png").write_bytes(whole)
    opened(page, qtbot, animals)
    page.show_view("findings")
    page.findings.show_line("exact-copies")
    shown = [picture.path.name for picture in page.findings.detail.pictures.pictures]
    assert shown == ["0001.png", "copy.png"]
    files = {}
    for kind in ("damaged", "empty", "no-picture"):
        page.findings.show_line(kind)
        model = page.findings.detail.files.model()
        files[kind] = [model.index(row, 0).data() for row in range(model.rowCount())]
    assert files == {
        "damaged": ["dog/cut.png  ·  cut short or damaged"],
        "empty": ["dog/nothing.png  ·  empty file"],
        "no-picture": ["cat/text.jpg  ·  not a picture (text inside)"],
    }


def test_stop_answers_at_once_and_changes_nothing(page, qtbot, tmp_path):
    folder = tmp_path / "many"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for number in range(1500):
            (folder / name / f"{number}.png").write_bytes(b"x" * 40)
    page.open_folder(folder)
    assert page.scan_card.isVisible()
    qtbot.mouseClick(page.scan_card.stop_button, Qt.MouseButton.LeftButton)
    assert page.empty.isVisible()
    assert "Stopped" in page.message.text
    qtbot.waitUntil(lambda: not page.context.tasks.busy, timeout=WAIT)
    assert page.document.data.folder is None
    assert page.document.report is None


def test_choosing_a_class_shows_its_pictures_only(page, qtbot, animals):
    opened(page, qtbot, animals)
    page.browser.table.selectRow(1)
    assert page.browser.pictures.rowCount() == 30
    assert "dog" in page.browser.shown.text()
    qtbot.mouseClick(page.browser.show_all, Qt.MouseButton.LeftButton)
    assert page.browser.pictures.rowCount() == 50


def test_splits_of_the_folder_are_counted_and_filtered(page, qtbot, tmp_path):
    for split, count in (("train", 12), ("val", 3), ("test", 2)):
        write_classes(tmp_path / "set" / split, {"cat": count, "dog": count})
    opened(page, qtbot, tmp_path / "set")
    assert texts(page, "classTable")[:6] == ["cat", "12", "3", "2", "17", "50.0 %"]
    assert not page.settings.division.slider.isEnabled()
    assert "its own validation pictures (6)" in page.settings.division.reason.text()
    assert page.settings.split.text == "24 to train · 6 to validate · 4 to test at the end"
    page.browser.splits.setCurrentIndex(page.browser.splits.findData("test"))
    assert page.browser.pictures.rowCount() == 4


def test_settings_are_undone_and_redone(page, qtbot, animals):
    opened(page, qtbot, animals)
    page.findChild(QSpinBox, "dataHeight").setValue(20)
    assert page.document.data.image_size == (20, 12)
    page.settings.picture.mode.setCurrentIndex(1)
    page.settings.picture.mode.activated.emit(1)
    assert page.document.data.color_mode == "grayscale"
    page.document.undo_stack.undo()
    page.document.undo_stack.undo()
    assert page.document.data.image_size == (12, 12)
    assert page.findChild(QSpinBox, "dataHeight").value() == 12
    assert page.settings.picture.mode.currentData() == "rgb"
    page.document.undo_stack.redo()
    assert page.findChild(QSpinBox, "dataHeight").value() == 20


def test_dragging_the_share_is_one_step_and_counts_anew(page, qtbot, animals):
    opened(page, qtbot, animals)
    before = page.document.undo_stack.count()
    slider = page.findChild(QSlider, "validationSlider")
    slider.setSliderDown(True)
    for value in range(20, 51, 5):
        slider.setValue(value)
    assert page.document.data.validation_split == 0.2
    assert page.findChild(QSpinBox, "validationShare").value() == 50
    slider.setSliderDown(False)
    assert page.document.data.validation_split == 0.5
    assert page.document.undo_stack.count() == before + 1
    qtbot.waitUntil(
        lambda: page.settings.split.text == "25 to train · 25 to validate", timeout=WAIT
    )


def test_the_network_is_matched_in_one_step(page, qtbot, animals):
    opened(page, qtbot, animals)
    document = page.document
    assert page.match.isVisible()
    assert page.match.text == (
        "This data has 2 classes of 12 × 12 colour pictures; "
        "the network takes 32 × 32 × 3 and ends in 10 units."
    )
    assert page.settings.next_button.text() == "Design the network →"
    before = document.undo_stack.count()
    qtbot.mouseClick(page.match.buttons[0], Qt.MouseButton.LeftButton)
    assert document.undo_stack.count() == before + 1
    assert document.network[document.network.sources[0]]["shape"] == (12, 12, 3)
    assert not page.match.isVisible()
    assert page.settings.next_button.text() == "Train →"
    document.undo_stack.undo()
    assert page.match.isVisible()


def test_the_pictures_can_be_matched_to_the_network_instead(page, qtbot, animals):
    opened(page, qtbot, animals)
    button = page.match.buttons[1]
    assert button.text() == "Use 32 × 32 pictures"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert page.document.data.image_size == (32, 32)
    assert page.match.text == "This data has 2 classes; the network ends in 10 units."


def test_keep_hides_the_bar_until_something_else_differs(page, qtbot, animals):
    opened(page, qtbot, animals)
    qtbot.mouseClick(page.match.buttons[-1], Qt.MouseButton.LeftButton)
    assert not page.match.isVisible()
    page.settings.division.seed.setValue(3)
    assert not page.match.isVisible()
    page.settings.picture.tall.setValue(40)
    assert page.match.isVisible()


def test_undo_of_opening_goes_back_and_redo_needs_no_second_look(page, qtbot, animals):
    opened(page, qtbot, animals)
    page.document.undo_stack.undo()
    assert page.document.data.folder is None
    assert page.empty.isVisible()
    page.document.undo_stack.redo()
    assert page.document.report is not None
    assert page.browser.isVisible()


def test_a_project_with_a_folder_is_looked_through_on_its_own(page, qtbot, animals, tmp_path):
    opened(page, qtbot, animals)
    page.document.save(tmp_path / "animals.cnns")
    page.document.new()
    assert page.empty.isVisible()
    assert page.document.open(tmp_path / "animals.cnns")
    qtbot.waitUntil(lambda: page.document.classes == 2, timeout=WAIT)
    assert page.browser.isVisible()


def test_a_project_whose_folder_is_gone_says_so(page, qtbot, animals, tmp_path):
    opened(page, qtbot, animals)
    page.document.save(tmp_path / "animals.cnns")
    page.document.new()
    animals.rename(tmp_path / "elsewhere")
    page.document.open(tmp_path / "animals.cnns")
    qtbot.waitUntil(page.message.isVisible, timeout=WAIT)
    assert f"There is no folder {animals}" in page.message.text
    assert page.message.buttons[0].text() == "Choose another folder…"
    assert page.document.data.folder == str(animals), "the project keeps what it says"
    page.open_folder(tmp_path / "elsewhere")
    qtbot.waitUntil(lambda: page.document.classes == 2, timeout=WAIT)
    assert not page.message.isVisible()


def test_only_visible_pictures_are_decoded(page, qtbot, tmp_path):
    folder = write_classes(tmp_path / "many", {"a": 300, "b": 300}, side=(4, 4))
    opened(page, qtbot, folder)
    grid = page.browser.grid
    qtbot.waitUntil(lambda: len(page.browser.thumbnails) > 0, timeout=WAIT)
    qtbot.waitUntil(lambda: not page.context.tasks.busy, timeout=WAIT)
    assert len(page.browser.thumbnails) < 150
    last = page.browser.pictures.index(599)
    assert page.browser.pictures.pictures[599].path not in page.browser.thumbnails._kept
    grid.scrollTo(last)
    path = page.browser.pictures.pictures[599].path
    qtbot.waitUntil(lambda: page.browser.thumbnails.pixmap(path) is not None, timeout=WAIT)


def test_a_picture_opens_large_and_the_arrows_go_on(page, qtbot, animals):
    opened(page, qtbot, animals)
    grid = page.browser.grid
    place = grid.visualRect(page.browser.pictures.index(1)).center()
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseDClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=place)
    viewer = page.browser.actions_bar._viewer
    assert viewer is not None
    assert viewer.path == animals / "cat" / "0001.png"
    qtbot.waitUntil(lambda: viewer.canvas.shown, timeout=WAIT)
    qtbot.keyClick(viewer, Qt.Key.Key_Right)
    assert viewer.path == animals / "cat" / "0002.png"
    viewer.close()


def test_the_chosen_picture_is_shown_as_the_network_gets_it(page, qtbot, animals):
    opened(page, qtbot, animals)
    page.settings.picture.tall.setValue(5)
    page.settings.picture.wide.setValue(7)
    qtbot.waitUntil(lambda: not page.context.tasks.busy, timeout=WAIT)
    pixmap = page.settings.picture.eye._pixmap
    assert (pixmap.width(), pixmap.height()) == (7, 5)


def test_a_sample_set_is_made_and_opened(page, qtbot):
    page.context.make_sample("shapes")
    qtbot.waitUntil(lambda: page.document.report is not None, timeout=60_000)
    assert page.document.classes > 2
    assert page.document.data.color_mode == "rgb"


def test_the_groceries_open(page, qtbot, groceries):
    opened(page, qtbot, groceries)
    assert page.head.title.text() == "490 pictures in 8 classes"
    assert page.settings.split.text == "420 to train · 70 to validate"
    assert page.document.data.image_size == (224, 224)
