"""Layers frozen by menu, by key and by clicking; how they look; undo."""

import re

import pytest
from design import centre, chain, click, key
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget

from cnnstudio.graph import edits
from cnnstudio.graph.blocks import make_block
from cnnstudio.graph.folding import fold
from cnnstudio.graph.freezing import freeze_to, frozen_layers
from cnnstudio.graph.sharing import share_weights
from cnnstudio.views import theme
from cnnstudio.views.design.menus import canvas_menu
from cnnstudio.views.design.paints import Paints
from cnnstudio.views.design.picture import write_picture
from cnnstudio.views.design.summary import LAYER
from tests.gui.test_design_shading import contrast

LAYERS = ("conv2d_1", "batch_normalization_1", "conv2d_2", "dense_1")


@pytest.fixture
def page(design):
    design.document.new(
        chain(
            "Input", "Conv2D", "BatchNormalization", "Conv2D", "Flatten", "Dense",
            Input={"shape": (8, 8, 3)}, Conv2D={"filters": 4},
        )
    )  # fmt: skip
    return design


def frozen(page):
    return frozen_layers(page.document.network)


def action(page, name) -> QAction:
    return next(each for each in page.actions() if each.objectName() == name)


def test_a_menu_entry_freezes_to_the_selected_layer_and_undo_takes_it_back(page):
    before = page.document.network
    assert not action(page, "freezeAction").isEnabled()
    page.scene.select(["batch_normalization_1"])
    action(page, "freezeAction").trigger()
    assert frozen(page) == LAYERS[:2]
    assert page.document.undo_stack.undoText() == "Freeze to batch_normalization_1"
    page.scene.select(["batch_normalization_1"])
    action(page, "unfreezeAction").trigger()
    assert frozen(page) == LAYERS[:1]
    action(page, "unfreezeAllAction").trigger()
    assert frozen(page) == ()
    assert not action(page, "unfreezeAllAction").isEnabled()
    for _ in range(3):
        page.document.undo_stack.undo()
    assert page.document.network is before


def test_the_menu_under_the_mouse_has_it_too(page):
    page.scene.select(["conv2d_2"])
    menu = canvas_menu(page, page.scene.layer_items["conv2d_2"], page.scene.content_rect().center())
    entry = next(each for each in menu.actions() if each.objectName() == "freezeAction")
    entry.trigger()
    assert frozen(page) == LAYERS[:3]
    menu.deleteLater()


def test_the_tool_moves_the_border_to_the_layer_that_is_clicked(page):
    tool, bar = page.findChild(QToolButton, "freezeTool"), page.findChild(QWidget, "freezeBar")
    assert not bar.isVisible()
    tool.click()
    assert bar.isVisible()
    assert action(page, "freezeToolAction").isChecked()
    click(page, centre(page, "conv2d_2"))
    assert frozen(page) == LAYERS[:3]
    figures = page.findChild(QLabel, "frozenFigures")
    assert figures.text().startswith("3 of 4 layers frozen")
    click(page, centre(page, "conv2d_1"))
    assert frozen(page) == LAYERS[:1]
    assert page.document.undo_stack.count() == 2
    assert page.document.undo_stack.undoText() == "Freeze to conv2d_1"
    # Nothing leads to the Input: all is trained.
    click(page, centre(page, "input"))
    assert frozen(page) == ()
    assert not page.findChild(QPushButton, "unfreezeAllButton").isEnabled()
    click(page, centre(page, "dense_1"))
    page.findChild(QPushButton, "unfreezeAllButton").click()
    assert frozen(page) == ()
    key(page, Qt.Key.Key_Escape)
    assert not bar.isVisible()
    assert not tool.isChecked()
    click(page, centre(page, "conv2d_2"))
    assert frozen(page) == ()
    assert page.scene.selected_layers() == ("conv2d_2",)


def test_a_folded_block_and_its_frame_are_clicked_as_one(page):
    network, name = make_block(page.document.network, LAYERS[1:3])
    page.document.apply("Make block", fold(network, name))
    page.canvas.set_freezing(True)
    (card,) = [item for item in page.scene.layer_items.values() if item.title == name]
    point = page.canvas.mapFromScene(card.card.center())
    click(page, point)
    assert frozen(page) == LAYERS[:3]
    assert card.frozen is True
    page.document.edit("Freeze to", freeze_to, [LAYERS[1]])
    assert card.frozen is None
    assert "Some of its layers" in _painted_tip(page, card)
    # The button of the card unfolds it all the same.
    chevron = card.card.topRight()
    click(page, page.canvas.mapFromScene(chevron.x() - 16, chevron.y() + 17))
    assert not page.document.network.blocks[name].folded
    frame = page.scene.frame_items[name]
    click(page, page.canvas.mapFromScene(frame.title_area.center()))
    assert frozen(page) == LAYERS[:3]


def _painted_tip(page, card) -> str:
    page.canvas.viewport().grab()
    return card.toolTip()


def test_all_uses_of_shared_weights_look_frozen(page):
    page.document.apply("Share", share_weights(page.document.network, "conv2d_2", "conv2d_1"))
    page.document.edit("Freeze", freeze_to, ["conv2d_1"])
    items = page.scene.layer_items
    assert items["conv2d_1"].frozen is items["conv2d_2"].frozen is True


def test_frozen_layers_look_frozen_in_table_overview_and_picture(page, tmp_path):
    plain, icy = tmp_path / "plain.svg", tmp_path / "icy.svg"
    write_picture(page.document.network, plain)
    page.document.edit("Freeze", freeze_to, ["conv2d_1"])
    write_picture(page.document.network, icy)
    ground = Paints(theme.current()).frozen.color().name()
    assert ground in icy.read_text()
    assert ground not in plain.read_text()
    rows = page.summary.table.rows
    icons = {
        info.name: rows.data(rows.index(row, LAYER), Qt.ItemDataRole.DecorationRole)
        for row, info in enumerate(rows.entries)
    }
    assert [name for name, icon in icons.items() if icon is not None] == ["conv2d_1"]
    overview = page.inspector.findChild(QLabel, "")
    assert overview is not None
    labels = {label.accessibleName(): label.text() for label in page.findChildren(QLabel)}
    assert labels["Frozen"] == "1 of 4 layers"
    assert labels["Trainable"] == f"{page.document.analysis.trainable_parameters:,}"


@pytest.mark.parametrize("look", [theme.DARK, theme.LIGHT])
def test_words_and_flakes_can_be_read_on_frost(look):
    paints = Paints(look)
    ground = paints.frozen.color()
    assert contrast(ground, QColor(look.text)) >= 4.5
    assert contrast(ground, paints.frost.color()) >= 3


def test_fine_tuning_from_a_layer_is_a_setting(page):
    page.scene.select(["conv2d_2"])
    action(page, "fineTuneFromAction").trigger()
    tune = page.document.training.fine_tune
    assert (tune.enabled, tune.unfreeze_from) == (True, "conv2d_2")
    page.document.undo_stack.undo()
    assert not page.document.training.fine_tune.enabled


def test_everything_frozen_is_a_problem_with_ways_out(page):
    page.document.edit("Freeze", freeze_to, ["dense_1"])
    problem = next(each for each in page.document.analysis.errors)
    assert problem.code == "all-frozen"
    assert re.search("all layers .* frozen", problem.message, re.IGNORECASE)
    for remedy, left in zip(problem.remedies, (LAYERS[:3], ()), strict=True):
        page.document.solve(remedy)
        assert frozen(page) == left
        assert not page.document.analysis.errors
        page.document.undo_stack.undo()


def test_a_name_that_grows_makes_room_for_the_flake(page):
    page.document.edit("Rename", edits.rename, "conv2d_1", "a_convolution_of_a_long_name_1")
    page.document.edit("Freeze", freeze_to, ["conv2d_2"])
    page.canvas.viewport().grab()
    item = page.scene.layer_items["a_convolution_of_a_long_name_1"]
    first = [text for place, text, _ in item._texts if place.y() < 20 and place.x() < 200]
    ends = [place.x() + text.size().width() for place, text, _ in item._texts
            if text in first]  # fmt: skip
    assert max(ends) <= 200 - 24
