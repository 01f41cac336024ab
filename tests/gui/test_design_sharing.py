"""Weights shared and taken apart by hand: in the inspector, by menu and by key."""

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QMenu

from cnnstudio.graph import edits
from cnnstudio.graph.sharing import share_weights
from cnnstudio.views.design.menus import canvas_menu
from tests.gui.design import chain, key

Key = Qt.Key
SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def page(design):
    network = chain(
        "Input", "Rescaling", "Conv2D", "Conv2D", "Conv2D", "Flatten", "Dense",
        Input={"shape": (8, 8, 4)}, Conv2D={"filters": 4},
    )  # fmt: skip
    design.document.new(network)
    return design


def owners(page):
    layers = page.document.network.layers.items()
    return {name: layer.shares for name, layer in layers if layer.shares}


def weights(page, name):
    page.scene.select([name])
    form = page.inspector._stack.currentWidget().widget()
    assert form.weights.isVisible()
    return form.weights


def test_the_inspector_says_and_changes_whose_weights_a_layer_uses(page):
    row = weights(page, "conv2d_2")
    combo = row.choice
    assert [combo.itemText(i) for i in range(combo.count())] == [
        "its own", "those of conv2d_1", "those of conv2d_3",
    ]  # fmt: skip
    combo.setCurrentIndex(1)
    combo.activated.emit(1)
    assert owners(page) == {"conv2d_2": "conv2d_1"}
    assert page.document.undo_stack.undoText() == "Share the weights of conv2d_1"
    assert combo.currentText() == "those of conv2d_1"
    assert page.document.analysis.layers["conv2d_2"].parameters == 0
    assert "weights of conv2d_1" in page.scene.layer_items["conv2d_2"].lines

    # The owner says who else uses them; what is set there is set here.
    assert weights(page, "conv2d_1").also.text() == "also used by conv2d_2"
    page.document.edit("x", edits.set_setting, "conv2d_1", "filters", 4)
    combo = weights(page, "conv2d_2").choice
    combo.setCurrentIndex(0)
    combo.activated.emit(0)
    assert owners(page) == {}
    page.document.undo_stack.undo()
    assert owners(page) == {"conv2d_2": "conv2d_1"}
    assert combo.currentText() == "those of conv2d_1"


def test_layers_with_nothing_to_share_have_no_such_row(page):
    for name in ("flatten_1", "dense_1"):  # and there is one Dense layer
        page.scene.select([name])
        form = page.inspector._stack.currentWidget().widget()
        assert not form.weights.isVisible()


def test_selected_layers_share_by_key_and_part_again(page):
    actions = {action.objectName(): action for action in page.actions()}
    page.scene.select(["conv2d_1", "dense_1"])
    assert not actions["shareWeightsAction"].isEnabled()
    page.scene.select(["conv2d_1", "conv2d_2", "conv2d_3"])
    assert actions["shareWeightsAction"].isEnabled()
    assert not actions["ownWeightsAction"].isEnabled()
    key(page, Key.Key_W, CTRL | SHIFT)
    assert owners(page) == {"conv2d_2": "conv2d_1", "conv2d_3": "conv2d_1"}
    assert not actions["shareWeightsAction"].isEnabled()
    key(page, Key.Key_W, CTRL | ALT)
    assert owners(page) == {}
    page.document.undo_stack.undo()
    page.document.undo_stack.undo()
    assert owners(page) == {}


def test_the_menu_of_a_layer_offers_what_it_could_share(page):
    page.document.apply("x", share_weights(page.document.network, "conv2d_3", "conv2d_1"))
    page.scene.select(["conv2d_2"])
    menu = canvas_menu(page, page.scene.layer_items["conv2d_2"], QPointF())
    offers = menu.findChild(QMenu, "shareWeightsMenu")
    assert [action.text() for action in offers.actions()] == ["conv2d_1"]
    offers.actions()[0].trigger()
    assert set(owners(page)) == {"conv2d_2", "conv2d_3"}
    menu.close()
    page.scene.select(["conv2d_3"])
    menu = canvas_menu(page, page.scene.layer_items["conv2d_3"], QPointF())
    assert "Weights of its o&wn" in [action.text() for action in menu.actions()]
    menu.close()


def test_a_problem_with_shared_weights_gives_the_layer_its_own(page):
    page.document.edit("x", edits.set_setting, "conv2d_1", "filters", 6)
    page.document.apply("x", share_weights(page.document.network, "conv2d_2", "conv2d_1"))
    (problem,) = page.document.analysis.problems_of("conv2d_2")
    assert "made for 4 channels, but gets 6 channels" in problem.message
    page.document.solve(problem.remedies[0])
    assert owners(page) == {}
    assert not page.document.analysis.problems_of("conv2d_2")
