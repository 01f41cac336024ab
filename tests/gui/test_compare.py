"""Two networks side by side: from the menu, in the window, back to the canvas."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton

from cnnstudio.graph import edits
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project, save_project
from cnnstudio.views import theme
from cnnstudio.views.compare.dialog import CompareDialog
from cnnstudio.views.compare.model import COLOURS, RowModel
from cnnstudio.views.widgets import TEXT_COLOR_ROLE

LEFT = Qt.MouseButton.LeftButton
KIND, LAYER, _, DETAILS, OUTPUT, PARAMETERS = range(len(RowModel.columns))


@pytest.fixture
def saved(tmp_path):
    """LeNet-5 as a project file, trained by SGD in batches of 8."""
    path = tmp_path / "plain.cnns"
    training = {"batch_size": 8, "optimizer": {"name": "SGD"}}
    save_project(Project(PRESETS["lenet5"].build(), training=training), path)
    return path


@pytest.fixture
def edited(window):
    """The project: LeNet-5 with a layer more, one less, one changed and one renamed."""
    network = PRESETS["lenet5"].build()
    network, _ = edits.insert_after(network, "dense_1", "Dropout")
    network = edits.remove_layers(network, ["dense_2"])
    network = edits.set_setting(network, "conv2d_1", "filters", 8)
    network = edits.rename(network, "dense_3", "scores")
    window.document.new(network)
    return window.document


def action(window, name) -> QAction:
    return window.findChild(QAction, name)


def shown(window, qtbot) -> CompareDialog:
    qtbot.waitUntil(lambda: window.findChild(CompareDialog) is not None)
    dialog = window.findChild(CompareDialog)
    qtbot.waitExposed(dialog)
    return dialog


def cells(dialog, column):
    model = dialog.table.model()
    return [model.index(row, column).data() for row in range(model.rowCount())]


def text_of(dialog, name) -> str:
    return dialog.findChild(QLabel, name).text()


def compared(window, qtbot, path) -> CompareDialog:
    window.context.compare(path)
    return shown(window, qtbot)


def test_the_menu_compares_with_a_file(window, qtbot, saved, edited):
    action(window, "compareFileAction").trigger()
    chooser = window.findChild(QFileDialog)
    chooser.selectFile(str(saved))
    chooser.accept()
    dialog = shown(window, qtbot)
    found = dict(zip(cells(dialog, LAYER), cells(dialog, KIND), strict=True))
    assert found == {
        "conv2d_1": "≠ changed",
        "average_pooling_1": "· other figures",
        "conv2d_2": "· other figures",
        "dropout_1": "+ added",
        "dense_2": "− removed",
        "scores": "= renamed",
    }
    details = dict(zip(cells(dialog, LAYER), cells(dialog, DETAILS), strict=True))
    assert details["conv2d_1"] == "filters 6 → 8"
    assert details["scores"] == "was dense_3"
    assert "28×28×6 → 28×28×8" in cells(dialog, OUTPUT)
    assert "156 → 208" in cells(dialog, PARAMETERS)
    assert dialog.panel.headline.text().startswith("1 added, 1 removed, 1 changed, 1 renamed")
    assert text_of(dialog, "parameters_before") == "61,706"
    assert text_of(dialog, "parameters_after") == f"{edited.analysis.parameters:,}"
    assert text_of(dialog, "depth_difference") == "−1"
    totals = [label.text() for label in dialog.panel.totals.findChildren(QLabel)]
    assert "Memory to train (batch 8, SGD → batch 32, Adam)" in totals
    assert "8 · (" in dialog.findChild(QLabel, "training_bytes_before").toolTip()


def test_only_differences_or_all(window, qtbot, saved, edited):
    dialog = compared(window, qtbot, saved)
    differ = len(cells(dialog, LAYER))
    qtbot.mouseClick(dialog.panel.only, LEFT)
    every = cells(dialog, LAYER)
    assert len(every) == len(edited.network) + 1
    assert every.index("dense_2") == every.index("dense_1") + 1
    assert "same" in cells(dialog, KIND)
    qtbot.mouseClick(dialog.panel.only, LEFT)
    assert len(cells(dialog, LAYER)) == differ


def test_kinds_are_told_by_word_and_colour(window, qtbot, saved, edited):
    dialog = compared(window, qtbot, saved)
    model = dialog.table.model()
    names = {model.index(row, KIND).data(TEXT_COLOR_ROLE) for row in range(model.rowCount())}
    assert names == {"success", "error", "warning", "accent", "secondary"}
    for name in COLOURS.values():
        assert theme.current().color(name).isValid()
    # The word is painted in its colour, whatever the stylesheet says.
    row = cells(dialog, KIND).index("+ added")
    area = dialog.table.visualRect(model.index(row, KIND))
    picture = dialog.table.viewport().grab(area).toImage()
    green = theme.current().color("success")
    pixels = (
        picture.pixelColor(x, y) for x in range(picture.width()) for y in range(picture.height())
    )
    assert any(pixel.rgb() == green.rgb() for pixel in pixels)


def test_a_double_click_leads_to_the_layer(window, qtbot, saved, edited):
    window.show_page("data")
    dialog = compared(window, qtbot, saved)
    table = dialog.table
    row = cells(dialog, LAYER).index("dropout_1")
    place = table.visualRect(table.model().index(row, LAYER)).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=place)
    qtbot.mouseDClick(table.viewport(), LEFT, pos=place)
    assert window.pages["design"].isVisible()
    assert window.pages["design"].scene.selected_layers() == ("dropout_1",)
    # What is gone is not on the canvas, and the window says so.
    table.selectRow(cells(dialog, LAYER).index("dense_2"))
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert "dense_2 is not in the network" in window.notifications.texts[-1]
    assert dialog.isVisible()


def test_the_comparison_is_copied_as_text(window, qtbot, saved, edited):
    dialog = compared(window, qtbot, saved)
    qtbot.mouseClick(dialog.findChild(QPushButton, "copyComparison"), LEFT)
    text = QGuiApplication.clipboard().text()
    assert "plain → untitled, as it is now" in text
    assert "filters 6 → 8" in text
    assert "rescaling_1" not in text
    qtbot.mouseClick(dialog.panel.only, LEFT)
    dialog.table.setFocus()
    qtbot.keyClick(dialog.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "rescaling_1" in QGuiApplication.clipboard().text()


def test_it_follows_the_project_while_it_is_open(window, qtbot, saved):
    window.document.new(PRESETS["lenet5"].build())
    dialog = compared(window, qtbot, saved)
    assert "No differences" in dialog.panel.headline.text()
    window.document.edit("Wider", edits.set_setting, "dense_1", "units", 100)
    qtbot.waitUntil(lambda: cells(dialog, DETAILS) == ["units 120 → 100", ""])
    window.document.undo_stack.undo()
    qtbot.waitUntil(lambda: cells(dialog, LAYER) == [])
    dialog.close()
    window.document.edit("Wider", edits.set_setting, "dense_1", "units", 100)
    qtbot.waitUntil(lambda: window.findChild(CompareDialog) is None)


def test_with_what_was_saved(window, qtbot, tmp_path):
    window.document.new(PRESETS["lenet5"].build())
    assert not action(window, "compareSavedAction").isEnabled()
    window.document.save(tmp_path / "mine.cnns")
    assert action(window, "compareSavedAction").isEnabled()
    window.document.edit("Wider", edits.set_setting, "dense_1", "units", 100)
    action(window, "compareSavedAction").trigger()
    assert cells(shown(window, qtbot), LAYER) == ["dense_1", "dense_2"]


def test_two_files_and_a_missing_one(window, qtbot, saved, tmp_path):
    other = tmp_path / "other.cnns"
    save_project(replace(Project(), network=PRESETS["mlp"].build()), other)
    window.context.compare(saved, other)
    dialog = shown(window, qtbot)
    assert dialog.comparison.old.title == "plain"
    assert dialog.comparison.new.title == "other"
    dialog.close()
    window.context.compare(tmp_path / "nowhere.cnns")
    qtbot.waitUntil(lambda: any("nowhere.cnns" in text for text in window.notifications.texts))


def test_both_themes_paint_it(window, qtbot, saved, edited):
    dialog = compared(window, qtbot, saved)
    for choice in ("light", "dark"):
        theme.choose(choice)
        assert not dialog.grab().isNull()
