"""Predictions filtered, put on a pile where doubtful, sorted into folders, and explained."""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QSlider

from cnnstudio.views.classify.filtering import ALL, UNREAD, UNSURE

WAIT = 90_000
COLOURS = {"red": (230, 20, 30), "green": (20, 230, 30), "grey": (120, 120, 121)}


@pytest.fixture(scope="module")
def colours(keras, tmp_path_factory):
    """A model file that tells red, green and blue apart, with a convolution to look at."""
    folder = tmp_path_factory.mktemp("colours")
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(3, 1, use_bias=False, name="colours"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.get_layer("colours").set_weights([np.eye(3, dtype=np.float32)[None, None]])
    model.layers[-1].set_weights([5 * np.eye(3, dtype=np.float32), np.zeros(3, np.float32)])
    model.save(folder / "colours.keras")
    (folder / "classes.txt").write_text("red\ngreen\nblue\n", encoding="utf-8")
    return folder / "colours.keras"


@pytest.fixture
def page(window, colours, tmp_path, qtbot):
    """Three red, two green and two grey pictures classified, and a broken one."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, count in (("red", 3), ("green", 2), ("grey", 2)):
        for number in range(count):
            Image.new("RGB", (8, 8), COLOURS[name]).save(folder / f"{name}{number}.png")
    (folder / "broken.png").write_text("no picture")
    window.show_page("classify")
    page = window.pages["classify"]
    page.classify([colours, folder])
    qtbot.waitUntil(lambda: len(page.results.results) == 8 and not page.session.busy, timeout=WAIT)
    qtbot.waitUntil(lambda: page.filters.piles.count() == 5, timeout=WAIT)
    return page


def shown(page):
    return sorted(result.path.name for result in page.table.rows())


def test_filtered_by_words_class_and_pile(page, qtbot):
    piles = page.findChild(QComboBox, "resultClass")
    assert [piles.itemText(row) for row in range(5)] == [
        "All classes (8)",
        "green (2)",
        "red (3)",
        f"{UNSURE} (2)",
        f"{UNREAD} (1)",
    ]
    for pile, wanted in (
        ("red", ["red0.png", "red1.png", "red2.png"]),
        (UNSURE, ["grey0.png", "grey1.png"]),
        (UNREAD, ["broken.png"]),
    ):
        piles.setCurrentIndex(piles.findData(pile))
        piles.activated.emit(piles.currentIndex())
        assert shown(page) == wanted
    piles.setCurrentIndex(piles.findData(ALL))
    piles.activated.emit(0)
    search = page.findChild(QLineEdit, "resultSearch")
    qtbot.keyClicks(search, "GREEN")
    assert shown(page) == ["green0.png", "green1.png"]
    search.clear()
    # Nothing is doubtful where everything is sure enough.
    page.findChild(QSlider, "resultThreshold").setValue(0)
    qtbot.waitUntil(lambda: piles.findData(UNSURE) < 0, timeout=WAIT)
    assert len(shown(page)) == 8


def test_sorted_into_folders_by_class(page, window, qtbot, tmp_path):
    out = tmp_path / "sorted"
    out.mkdir()
    qtbot.mouseClick(page.filters.sort_button, Qt.MouseButton.LeftButton)
    dialog = window.findChild(QFileDialog)
    with qtbot.waitSignal(window.context.notified, timeout=WAIT) as notified:
        dialog.fileSelected.emit(str(out))
        dialog.close()
    assert notified.args[0] == "7 pictures copied into 3 folders."
    found = {folder.name: len(list(folder.iterdir())) for folder in out.iterdir()}
    assert found == {"red": 3, "green": 2, "unsure": 2}


def test_what_mattered_in_a_row(page, window, qtbot):
    row = next(result for result in page.table.rows() if result.path.name == "red1.png")
    menu = page.table.menu([row])
    next(action for action in menu.actions() if action.text() == "What mattered").trigger()
    menu.deleteLater()
    explore = window.pages["explore"]
    assert explore.isVisible()
    tab = explore.mattered_tab
    assert tab.picture_box.path == row.path
    qtbot.waitUntil(lambda: all(card.view.filled for card in tab.cards.values()), timeout=WAIT)
    assert tab.title.text() == "What speaks for red"
    # The row that is chosen has a button for it.
    window.show_page("classify")
    numbers = range(page.table.model().rowCount())
    other = next(n for n in numbers if page.table.rows()[n].path.name == "green1.png")
    page.table.selectRow(other)
    qtbot.mouseClick(page.detail.why_button, Qt.MouseButton.LeftButton)
    assert explore.isVisible()
    assert tab.picture_box.path.name == "green1.png"
