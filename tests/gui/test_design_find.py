"""Ways around a large network: the search for layers, and the map in the corner."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest

from cnnstudio.graph.blocks import make_block
from cnnstudio.graph.presets import PRESETS
from cnnstudio.views.design.find import found
from cnnstudio.views.design.minimap import FEWEST
from tests.gui.design import LEFT, chain

Key = Qt.Key


@pytest.fixture
def page(design):
    design.document.new(PRESETS["vgg16"].build())
    assert len(design.document.network) < FEWEST
    return design


@pytest.fixture
def large(design, qtbot):
    design.document.new(chain("Input", *["Conv2D"] * (2 * FEWEST)))
    qtbot.waitUntil(design.minimap.isVisible)
    return design


def names(page):
    hits = page.canvas.finder.hits
    return [hits.item(row).text() for row in range(hits.count())]


def test_what_is_typed_leads_to_the_layer(page, qtbot):
    finder = page.canvas.finder
    qtbot.keyClick(page.canvas, Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert finder.isVisible()
    assert finder.field.hasFocus()
    assert names(page) == list(page.document.network.order)
    assert page.scene.selected_layers() == ()
    qtbot.keyClicks(finder.field, "block5_conv")
    assert names(page) == ["block5_conv1", "block5_conv2", "block5_conv3"]
    assert page.scene.selected_layers() == ("block5_conv1",)
    visible = page.canvas.mapToScene(page.canvas.viewport().rect()).boundingRect()
    assert visible.contains(page.scene.layer_items["block5_conv1"].card)
    qtbot.keyClick(finder.field, Key.Key_Down)
    assert page.scene.selected_layers() == ("block5_conv2",)
    qtbot.keyClick(finder.field, Key.Key_Return)
    assert not finder.isVisible()
    assert page.canvas.hasFocus()
    assert page.scene.selected_layers() == ("block5_conv2",)


def test_a_click_on_a_hit_leads_there_and_escape_closes(page, qtbot):
    finder = page.canvas.finder
    page.find_layer()
    qtbot.keyClicks(finder.field, "pool")
    spot = finder.hits.visualItemRect(finder.hits.item(2)).center()
    qtbot.mouseClick(finder.hits.viewport(), LEFT, pos=spot)
    assert page.scene.selected_layers() == (names(page)[2],)
    page.find_layer()
    qtbot.keyClick(finder.field, Key.Key_Escape)
    assert not finder.isVisible()


def test_nothing_found_moves_nothing(page, qtbot):
    page.scene.select(["predictions"])
    page.find_layer()
    qtbot.keyClicks(page.canvas.finder.field, "zz")
    assert names(page) == ["No layer fits"]
    qtbot.keyClick(page.canvas.finder.field, Key.Key_Return)
    assert page.canvas.finder.isVisible()
    assert page.scene.selected_layers() == ("predictions",)


def test_names_come_before_types_and_blocks_are_found_as_a_whole():
    network, _ = make_block(
        chain("Input", "Conv2D", "ReLU", "Conv2D"), ["conv2d_1", "relu_1"], "Conv stage"
    )
    assert [name for name, *_ in found(network, "conv")] == ["Conv stage", "conv2d_1", "conv2d_2"]
    assert next(found(network, "stage")) == ("Conv stage", "Block", ("conv2d_1", "relu_1"))
    assert [name for name, *_ in found(network, "inputl")] == []
    assert [name for name, *_ in found(network, "RELU")] == ["relu_1"]


def test_small_networks_have_no_map(page):
    assert not page.minimap.isVisible()


def test_the_map_shows_what_is_in_view_and_leads_elsewhere(large, qtbot):
    page, minimap = large, large.minimap
    assert minimap.frame.top() < minimap.height() / 4
    below = QPoint(minimap.width() // 2, minimap.height() - 12)
    qtbot.mouseClick(minimap, LEFT, pos=below)
    last = page.scene.layer_items[page.document.network.order[-1]]
    visible = page.canvas.mapToScene(page.canvas.viewport().rect()).boundingRect()
    assert visible.intersects(last.card)
    assert minimap.frame.contains(QPointF(below))
    assert page.scene.selected_layers() == ()


def test_the_frame_is_dragged_from_where_it_is_held(large):
    page, minimap = large, large.minimap
    page.canvas.zoom_reset()
    before = page.canvas.mapToScene(page.canvas.viewport().rect().center())
    held = minimap.frame.center().toPoint() + QPoint(3, 2)
    QTest.mousePress(minimap, LEFT, pos=held)
    assert page.canvas.mapToScene(page.canvas.viewport().rect().center()) == before
    QTest.mouseMove(minimap, held + QPoint(0, 40))
    QTest.mouseRelease(minimap, LEFT, pos=held + QPoint(0, 40))
    frame = minimap.frame.center().toPoint() + QPoint(3, 2)
    assert abs(frame.y() - held.y() - 40) <= 2


def test_the_map_is_drawn_again_after_an_edit(large, qtbot):
    minimap = large.minimap
    before = minimap.grab().toImage()
    large.editing.select_all()
    qtbot.waitUntil(lambda: minimap.grab().toImage() != before)
    large.editing.delete()
    qtbot.waitUntil(lambda: not minimap.isVisible())


def test_the_menu_hides_the_map_and_the_next_window_remembers(large):
    page = large
    action = next(each for each in page.actions() if each.objectName() == "minimapAction")
    assert isinstance(action, QAction)
    assert action.isChecked()
    action.trigger()
    assert not page.minimap.isVisible()
    assert page.context.settings.value("design/map") == "false"
    action.trigger()
    assert page.minimap.isVisible()


def test_after_zooming_to_fit_a_resized_window_shows_all_again(large, qtbot):
    page = large
    page.zoom_fit()
    scale = page.canvas.scale_factor
    page.resize(page.width(), page.height() - 200)
    qtbot.waitUntil(lambda: page.canvas.scale_factor < scale)


def test_another_network_with_the_same_names_is_shown_from_its_start(large):
    page = large
    page.canvas.zoom_reset()
    page.canvas.pan(0, 1500)
    page.document.new(chain("Input", *["Conv2D"] * FEWEST))
    visible = page.canvas.mapToScene(page.canvas.viewport().rect()).boundingRect()
    assert visible.contains(page.scene.layer_items["input"].card)
