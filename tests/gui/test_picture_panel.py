"""The Picture tab of the Data page: preparation chosen with the mouse, seen at once."""

from __future__ import annotations

import numpy as np
import pytest
from awkward import folder_of, save, scene
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QColorDialog, QComboBox, QPushButton

from cnnstudio.app.document import Document
from cnnstudio.app.settings import Settings
from cnnstudio.app.tasks import TaskRunner
from cnnstudio.app.trainer import Trainer
from cnnstudio.data.pictures import load_picture
from cnnstudio.data.settings import DataSettings
from cnnstudio.views.context import Context
from cnnstudio.views.data_page import DataPage

WAIT = 20_000


@pytest.fixture
def page(qtbot, tmp_path):
    """The page with a folder of wide pictures, the first of them partly transparent."""
    folder = folder_of(tmp_path / "pictures", {"a": 3, "b": 4})
    clear = scene(60, 20)
    clear.putalpha(Image.linear_gradient("L").resize(clear.size))
    save(clear, folder / "a" / "000.png")
    document, settings = Document(), Settings()
    trainer, tasks, inference = Trainer(), TaskRunner("tasks"), TaskRunner("inference")
    page = DataPage(Context(document, trainer, tasks, inference, settings))
    page.resize(1280, 900)
    page.show()
    qtbot.waitExposed(page)
    page.open_folder(folder)
    qtbot.waitUntil(lambda: document.report is not None and not tasks.busy, timeout=WAIT)
    page.document, page.tasks, page.first = document, tasks, folder / "a" / "000.png"
    document.set_data(document.data.model_copy(update={"image_size": (24, 24)}), "Size")
    yield page
    for work in (tasks, inference, trainer):
        work.shutdown()
    page.close()
    page.deleteLater()


def press(qtbot, page, name: str) -> None:
    button = page.findChild(QPushButton, name)
    assert button.isVisible(), name
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def seen(page) -> np.ndarray:
    """The pixels that the eye shows."""
    image = page.settings.picture.eye.pixmap.toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def test_the_eye_shows_the_networks_pixels_while_settings_change(page, qtbot):
    panel = page.settings.picture
    assert page.browser.current_path() == page.first
    for step in (
        lambda: press(qtbot, page, "dataResize_pad"),
        lambda: panel.margins.picked.emit("#a03050"),
        lambda: press(qtbot, page, "dataResize_crop"),
        lambda: panel.wide.setValue(31),
        lambda: press(qtbot, page, "dataResize_stretch"),
    ):
        step()
        wanted = load_picture(page.first, page.document.data.preparation)
        qtbot.waitUntil(lambda wanted=wanted: np.array_equal(seen(page), wanted), timeout=WAIT)
    assert page.browser.current_path() == page.first
    assert page.document.data.background == "#a03050"
    assert page.document.data.image_size == (24, 31)


def test_each_choice_is_a_step_for_undo(page, qtbot):
    document, panel = page.document, page.settings.picture
    before = document.data
    press(qtbot, page, "dataResize_crop")
    assert document.data.resize == "crop"
    assert panel.fit_words.text() == "The middle; what stands out is cut off."
    press(qtbot, page, "morePictureButton")
    combo = page.findChild(QComboBox, "dataInterpolation")
    combo.setCurrentIndex(combo.findData("lanczos"))
    combo.activated.emit(combo.currentIndex())
    assert document.data.interpolation == "lanczos"
    assert document.undo_stack.undoText() == "Change interpolation"
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert document.data == before
    assert panel.fit.current == "stretch"
    assert combo.currentData() == "bilinear"


def test_the_colour_counts_while_it_is_chosen_and_cancel_brings_it_back(page, qtbot):
    document = page.document
    press(qtbot, page, "dataResize_pad")
    steps = document.undo_stack.count()
    press(qtbot, page, "dataMargins")
    dialog = page.findChild(QColorDialog, "colourDialog")
    dialog.setCurrentColor(QColor("#123456"))
    dialog.setCurrentColor(QColor("#000000"))
    assert document.data.background == "#000000"
    assert document.undo_stack.count() == steps + 1
    dialog.reject()
    assert document.data.background == "#ffffff"
    press(qtbot, page, "dataMargins")
    dialog = next(each for each in page.findChildren(QColorDialog) if each.isVisible())
    dialog.setCurrentColor(QColor("#00ff00"))
    dialog.accept()
    assert document.data.background == "#00ff00"
    assert page.settings.picture.margins.text() == "#00ff00"
    assert page.settings.picture.background.text() == "#00ff00"


def test_linked_sides_keep_their_proportions(page, qtbot):
    document, panel = page.document, page.settings.picture
    panel.wide.setValue(48)
    press(qtbot, page, "dataSizeLinked")
    panel.tall.setValue(50)
    assert document.data.image_size == (50, 100)
    panel.wide.setValue(4096)
    assert document.data.image_size == (2048, 4096)
    panel.wide.setValue(1)
    assert document.data.image_size == (1, 1)
    press(qtbot, page, "dataSizeLinked")
    panel.tall.setValue(9)
    assert document.data.image_size == (9, 1)


def test_what_is_rarely_set_is_folded_away_unless_it_is_set(page, qtbot):
    panel = page.settings.picture
    assert not panel.interpolation.isVisible()
    assert not panel.margins.isVisible()
    press(qtbot, page, "morePictureButton")
    assert panel.interpolation.isVisible()
    assert panel.background.isVisible()
    page.resize(1280, 560)  # too low for all of it: what was opened is scrolled into sight
    for _ in range(2):
        press(qtbot, page, "morePictureButton")
    qtbot.waitUntil(lambda: not panel.interpolation.visibleRegion().isEmpty(), timeout=WAIT)
    page.resize(1280, 900)
    press(qtbot, page, "dataResize_pad")
    assert panel.margins.isVisible()
    assert not panel.background.isVisible()
    press(qtbot, page, "morePictureButton")
    assert not panel.interpolation.isVisible()
    panel.show_settings(DataSettings(interpolation="nearest"))
    assert panel.interpolation.isVisible()


def test_a_picture_that_cannot_be_read_says_why(page, qtbot):
    page.first.write_bytes(page.first.read_bytes()[:90])
    page.settings.picture.tall.setValue(30)
    qtbot.waitUntil(lambda: page.settings.picture.eye.pixmap is None, timeout=WAIT)
    eye = page.settings.picture.eye
    assert "cut short or damaged" in eye.accessibleDescription()
    assert not eye.grab().isNull()


def test_keyboard(page, qtbot):
    button = page.settings.picture.fit.button("stretch")
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Right)
    assert page.document.data.resize == "crop"
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Right)
    assert page.document.data.resize == "pad"
