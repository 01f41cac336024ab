"""Layers that are there: dragged onto a link, and added to a block."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from cnnstudio.graph import edits
from cnnstudio.graph.blocks import make_block
from cnnstudio.graph.network import Link
from cnnstudio.views.design.menus import canvas_menu
from tests.gui.design import at, centre, chain, drag, key, press, release


@pytest.fixture
def page(design):
    """A chain, and right of it two layers of their own, linked with each other."""
    network = chain("Input", "Conv2D", "MaxPooling2D", "Flatten", "Dense")
    network, _ = edits.add_layer(network, "ReLU", (400.0, 0.0))
    network, _ = edits.add_layer(network, "Dropout", (400.0, 80.0))
    network = edits.connect(network, "relu_1", "dropout_1")
    design.document.new(network)
    design.canvas.zoom_reset()
    return design


def middle_of(page, link):
    (x1, y1), *_, (x2, y2) = page.scene.link_items[link].route
    return at(page, (x1 + x2) / 2, (y1 + y2) / 2)


def test_a_layer_dragged_onto_a_link_stands_between_its_ends(page):
    page.document.edit("", edits.disconnect, "relu_1", "dropout_1")
    link = Link("conv2d_1", "max_pooling_1")
    drag(page, centre(page, "relu_1"), middle_of(page, link), let_go=False)
    item = page.scene.link_items[link]
    assert item.target
    # It does not make way for the card that is held over it.
    assert len(item.route) == 2
    # The card is seen above all others, and the link above the card.
    held = page.scene.layer_items["relu_1"]
    assert item.zValue() > held.zValue() > page.scene.layer_items["conv2d_1"].zValue()
    release(page, middle_of(page, link))
    network = page.document.network
    assert network.inputs_of("relu_1") == ("conv2d_1",)
    assert network.outputs_of("relu_1") == ("max_pooling_1",)
    assert page.document.undo_stack.undoText() == "Insert ReLU"
    assert page.scene.selected_layers() == ("relu_1",)
    assert held.zValue() == 0
    page.document.undo_stack.undo()
    assert page.document.network["relu_1"].position == (400.0, 0.0)
    assert page.scene.layer_items["relu_1"].x() == 400.0


def test_a_chain_goes_as_a_whole_by_its_frame_or_selection(page):
    page.scene.select(["relu_1", "dropout_1"])
    link = Link("max_pooling_1", "flatten_1")
    drag(page, centre(page, "dropout_1"), middle_of(page, link))
    order = page.document.network.order
    assert order[2:6] == ("max_pooling_1", "relu_1", "dropout_1", "flatten_1")
    places = [page.document.network[name].position for name in order]
    assert places == [(0.0, 80.0 * row) for row in range(len(order))]
    assert page.scene.link_items[Link("relu_1", "dropout_1")].pos().x() == 100.0


def test_escape_puts_everything_back(page):
    page.scene.select(["relu_1", "dropout_1"])
    link = Link("conv2d_1", "max_pooling_1")
    inner = page.scene.link_items[Link("relu_1", "dropout_1")]
    before, place = page.document.network, inner.pos()
    drag(page, centre(page, "relu_1"), middle_of(page, link), let_go=False)
    assert inner.pos() != place
    key(page, Qt.Key.Key_Escape)
    assert inner.pos() == place
    assert not page.scene.link_items[link].target
    assert page.scene.layer_items["relu_1"].x() == 400.0
    assert page.document.network is before


def test_dropped_beside_every_link_the_layers_only_move(page):
    page.scene.select(["relu_1", "dropout_1"])
    start = centre(page, "relu_1")
    drag(page, start, start + QPoint(60, 40))
    network = page.document.network
    assert network["relu_1"].position == (460.0, 40.0)
    assert network["dropout_1"].position == (460.0, 120.0)
    assert page.scene.link_items[Link("relu_1", "dropout_1")].pos().x() == 560.0
    assert len(network.links) == 5


def test_a_linked_layer_is_never_put_on_a_link(page):
    link = Link("conv2d_1", "max_pooling_1")
    press(page, centre(page, "dropout_1"))
    release(page, centre(page, "dropout_1"))
    drag(page, centre(page, "dropout_1"), middle_of(page, link))
    assert link in page.document.network.links
    assert page.document.undo_stack.undoText() == "Move Dropout"


def block_menu(page):
    entry = next(each for each in page.actions() if each.objectName() == "addToBlockAction")
    entry.menu().aboutToShow.emit()
    return entry


def test_selected_layers_are_added_to_a_block_and_taken_out(page):
    network, _ = make_block(page.document.network, ["flatten_1", "dense_1"], "head")
    network, _ = make_block(network, ["relu_1", "dropout_1"], "tail")
    page.document.apply("", network)
    assert not block_menu(page).isEnabled()
    page.scene.select(["max_pooling_1"])
    entry = block_menu(page)
    assert entry.isEnabled()
    # What is linked comes first.
    assert [action.text() for action in entry.menu().actions()] == ["head", "tail"]
    entry.menu().actions()[0].trigger()
    layers = page.document.network.blocks["head"].layers
    assert set(layers) == {"max_pooling_1", "flatten_1", "dense_1"}
    assert page.document.undo_stack.undoText() == "Add MaxPooling2D to head"
    assert page.scene.selected_layers() == ("max_pooling_1",)
    assert page.scene.layer_items["max_pooling_1"].framed
    out = next(each for each in page.actions() if each.objectName() == "takeOutAction")
    out.trigger()
    assert set(page.document.network.blocks["head"].layers) == {"flatten_1", "dense_1"}
    item = page.scene.layer_items["max_pooling_1"]
    names = [each.objectName() for each in canvas_menu(page, item, item.pos()).actions()]
    assert "addToBlockAction" in names
    assert "takeOutAction" not in names


def test_layers_of_another_block_are_not_offered_it(page):
    network, _ = make_block(page.document.network, ["flatten_1", "dense_1"], "head")
    network, _ = make_block(network, ["relu_1", "dropout_1"], "tail")
    page.document.apply("", network)
    page.scene.select(["relu_1"])
    assert not block_menu(page).isEnabled()
    page.scene.select(["relu_1", "dropout_1"])
    assert [action.text() for action in block_menu(page).menu().actions()] == ["head"]
