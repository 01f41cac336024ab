"""The canvas under a mouse and a keyboard: every gesture, and undo of each."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPushButton

from cnnstudio.graph import edits
from cnnstudio.graph.layout import arrange
from cnnstudio.graph.network import Link, Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.views.design import metrics
from tests.gui.design import (
    ALT,
    CTRL,
    MIDDLE,
    SHIFT,
    at,
    centre,
    chain,
    click,
    drag,
    drop,
    hold_over,
    input_,
    key,
    move,
    output,
    palette_mime,
    press,
    release,
    wheel,
)

Key = Qt.Key


@pytest.fixture
def page(design):
    """A chain of five layers."""
    design.document.new(chain("Input", "Conv2D", "ReLU", "Flatten", "Dense"))
    return design


def undo_restores(page, before):
    page.document.undo_stack.undo()
    return page.document.network == before


# -- adding --------------------------------------------------------------------------------------


def test_a_layer_dropped_on_empty_canvas_lies_where_it_was_dropped(page):
    before = page.document.network
    point = QPoint(700, 200)
    assert drop(page, palette_mime(page, "Dropout"), point)
    network = page.document.network
    added = network["dropout_1"]
    assert len(network) == len(before) + 1
    assert centre_of(page, added) == point
    assert network.inputs_of("dropout_1") == ()
    assert page.scene.selected_layers() == ("dropout_1",)
    assert page.document.undo_stack.undoText() == "Add Dropout"
    assert undo_restores(page, before)


@pytest.mark.parametrize("scale", [0.6, 1.0, 1.7])
def test_a_drop_after_scrolling_and_zooming_lands_under_the_mouse(page, scale):
    page.canvas._zoom_to(scale, QPoint(100, 100))
    page.canvas.pan(-620, 240)
    point = QPoint(310, 455)
    wanted = page.canvas.mapToScene(point)
    assert drop(page, palette_mime(page, "MaxPooling2D"), point)
    x, y = page.document.network["max_pooling_1"].position
    assert x + metrics.CARD_WIDTH / 2 == pytest.approx(wanted.x())
    assert y + metrics.CARD_HEIGHT / 2 == pytest.approx(wanted.y())
    moved = centre_of(page, page.document.network["max_pooling_1"]) - point
    assert moved.manhattanLength() <= 2


def test_a_plain_text_with_the_type_can_be_dropped_and_other_text_cannot(page):
    mime = QMimeData()
    mime.setText("BatchNormalization")
    assert drop(page, mime, QPoint(700, 200))
    assert "batch_normalization_1" in page.document.network
    other = QMimeData()
    other.setText("some words")
    count = len(page.document.network)
    assert not drop(page, other, QPoint(600, 300))
    assert len(page.document.network) == count


def test_a_drop_on_a_link_inserts_and_the_link_lights_up(page):
    before = page.document.network
    link = Link("conv2d_1", "relu_1")
    point = (output(page, "conv2d_1") + input_(page, "relu_1")) / 2
    mime = palette_mime(page, "BatchNormalization")
    assert hold_over(page, mime, point)
    assert page.scene.link_items[link].target
    assert hold_over(page, mime, QPoint(30, 400))
    assert not page.scene.link_items[link].target
    assert drop(page, mime, point)
    network = page.document.network
    assert network.inputs_of("batch_normalization_1") == ("conv2d_1",)
    assert network.outputs_of("batch_normalization_1") == ("relu_1",)
    assert overlaps(network) == []
    assert undo_restores(page, before)


def test_a_double_click_in_the_palette_goes_after_the_selected_layer(page, qtbot):
    before = page.document.network
    page.scene.select(["conv2d_1"])
    view = page.palette_panel.list
    double_click(qtbot, view, "BatchNormalization")
    network = page.document.network
    assert network.inputs_of("batch_normalization_1") == ("conv2d_1",)
    assert network.inputs_of("relu_1") == ("batch_normalization_1",)
    assert undo_restores(page, before)
    page.scene.select()
    double_click(qtbot, view, "Softmax")
    assert page.document.network.inputs_of("softmax_1") == ("dense_1",)


def test_typing_on_the_canvas_finds_and_adds(page, qtbot):
    page.scene.select(["relu_1"])
    qtbot.keyClicks(page.canvas, "m")
    popup = page.canvas.quick_add
    assert popup.isVisible()
    qtbot.keyClicks(popup.field, "axp")
    assert popup.hits.item(0).text() == "MaxPooling2D"
    qtbot.keyClick(popup.field, Key.Key_Return)
    assert not popup.isVisible()
    assert page.document.network.inputs_of("max_pooling_1") == ("relu_1",)
    assert page.canvas.hasFocus()


def test_f_fits_and_begins_the_word_flatten_too(page, qtbot):
    page.canvas._zoom_to(3.0, QPoint(10, 10))
    qtbot.keyClicks(page.canvas, "f")
    assert page.canvas.scale_factor == 1.0
    assert not page.canvas.quick_add.isVisible()
    qtbot.keyClicks(page.canvas, "l")
    assert page.canvas.quick_add.field.text() == "fl"
    assert page.canvas.quick_add.hits.item(0).text() == "Flatten"
    qtbot.keyClick(page.canvas.quick_add.field, Key.Key_Escape)
    assert not page.canvas.quick_add.isVisible()


# -- linking -------------------------------------------------------------------------------------


def test_a_link_is_drawn_from_port_to_port_in_both_directions(page):
    page.document.new(
        edits.move(
            edits.add_layer(edits.add_layer(Network(), "Input")[0], "Conv2D")[0],
            {"conv2d_1": (0.0, 200.0)},
        )
    )
    drag(page, output(page, "input"), input_(page, "conv2d_1"))
    assert page.document.network.links == (Link("input", "conv2d_1"),)
    page.document.undo_stack.undo()
    assert page.document.network.links == ()
    drag(page, input_(page, "conv2d_1"), output(page, "input"))
    assert page.document.network.links == (Link("input", "conv2d_1"),)


def test_targets_light_up_and_a_cycle_is_refused_with_the_reason(page):
    before = page.document.network
    drag(page, output(page, "relu_1"), centre(page, "dense_1"), let_go=False)
    items = page.scene.layer_items
    assert items["dense_1"].target
    assert items["conv2d_1"].candidate is None
    release(page, output(page, "relu_1"))
    assert items["dense_1"].candidate is None
    assert page.document.network == before
    drag(page, output(page, "relu_1"), centre(page, "conv2d_1"))
    assert page.document.network == before
    assert "cycle" in page.failures[-1]
    drag(page, output(page, "relu_1"), centre(page, "input"))
    assert "nothing can feed it" in page.failures[-1]


def test_a_wire_dropped_on_empty_canvas_asks_and_links(page, qtbot):
    before = page.document.network
    drag(page, output(page, "relu_1"), QPoint(760, 480))
    popup = page.canvas.quick_add
    assert popup.isVisible()
    assert "Input" not in [popup.hits.item(row).text() for row in range(popup.hits.count())]
    qtbot.keyClicks(popup.field, "conv")
    qtbot.keyClick(popup.field, Key.Key_Return)
    assert page.document.network.inputs_of("conv2d_2") == ("relu_1",)
    assert undo_restores(page, before)


# -- selecting and moving ------------------------------------------------------------------------


def test_moving_snaps_to_the_grid_and_alt_leaves_it(page):
    before = page.document.network
    start = centre(page, "relu_1")
    drag(page, start, start + QPoint(207, 13))
    x, y = page.document.network["relu_1"].position
    assert (x, y) == (200.0, 180.0)
    assert page.document.undo_stack.undoText() == "Move ReLU"
    assert undo_restores(page, before)
    drag(page, start, start + QPoint(207, 13), keys=ALT)
    assert page.document.network["relu_1"].position == (207.0, 173.0)


def test_escape_puts_back_what_is_being_moved(page):
    before = page.document.network
    start = centre(page, "relu_1")
    drag(page, start, start + QPoint(150, 90), let_go=False)
    assert page.scene.layer_items["relu_1"].x() != 0
    key(page, Key.Key_Escape)
    assert page.scene.layer_items["relu_1"].x() == 0
    release(page, start + QPoint(150, 90))
    assert page.document.network is before
    assert page.document.undo_stack.count() == 0


def test_a_rubber_band_selects_what_it_touches_and_they_move_together(page):
    drag(page, at(page, -60, 70), at(page, 60, 190))
    assert set(page.scene.selected_layers()) == {"conv2d_1", "relu_1"}
    start = centre(page, "conv2d_1")
    drag(page, start, start + QPoint(100, 0))
    network = page.document.network
    assert network["conv2d_1"].position[0] == network["relu_1"].position[0] == 100.0
    assert network["dense_1"].position[0] == 0.0
    assert page.document.undo_stack.undoText() == "Move 2 layers"


def test_ctrl_click_adds_and_takes_away_and_a_click_beside_clears(page):
    click(page, centre(page, "conv2d_1"))
    click(page, centre(page, "dense_1"), CTRL)
    assert set(page.scene.selected_layers()) == {"conv2d_1", "dense_1"}
    click(page, centre(page, "conv2d_1"), CTRL)
    assert page.scene.selected_layers() == ("dense_1",)
    click(page, QPoint(20, 400))
    assert page.scene.selected_layers() == ()


def test_select_all_and_arrow_keys_along_the_links(page):
    key(page, Key.Key_A, CTRL)
    assert len(page.scene.selected_layers()) == 5
    key(page, Key.Key_Escape)
    key(page, Key.Key_Down)
    assert page.scene.selected_layers() == ("input",)
    key(page, Key.Key_Down)
    key(page, Key.Key_Down)
    assert page.scene.selected_layers() == ("relu_1",)
    key(page, Key.Key_Up)
    assert page.scene.selected_layers() == ("conv2d_1",)


def test_ctrl_arrows_nudge_in_one_undo_step(page):
    before = page.document.network
    page.scene.select(["relu_1"])
    for _ in range(3):
        key(page, Key.Key_Right, CTRL)
    assert page.document.network["relu_1"].position == (60.0, 160.0)
    key(page, Key.Key_Left, SHIFT)
    assert page.document.network["relu_1"].position == (59.0, 160.0)
    assert undo_restores(page, before)


# -- deleting, copying ---------------------------------------------------------------------------


def test_delete_closes_the_gap_and_shift_delete_leaves_it(page):
    before = page.document.network
    page.scene.select(["relu_1"])
    key(page, Key.Key_Delete)
    network = page.document.network
    assert network.inputs_of("flatten_1") == ("conv2d_1",)
    assert network["flatten_1"].position == (0.0, 160.0)
    assert page.document.undo_stack.undoText() == "Delete ReLU"
    assert undo_restores(page, before)
    page.scene.select(["relu_1"])
    key(page, Key.Key_Delete, SHIFT)
    assert page.document.network.inputs_of("flatten_1") == ()
    assert page.document.network["flatten_1"].position == (0.0, 240.0)


def test_a_link_is_selected_and_deleted(page):
    before = page.document.network
    point = (output(page, "conv2d_1") + input_(page, "relu_1")) / 2
    click(page, point + QPoint(4, 0))
    assert page.scene.selected_links() == (Link("conv2d_1", "relu_1"),)
    key(page, Key.Key_Delete)
    assert Link("conv2d_1", "relu_1") not in page.document.network.links
    assert page.document.undo_stack.undoText() == "Delete link"
    assert undo_restores(page, before)


def test_copy_and_paste_keep_settings_and_links_and_cover_nothing(page):
    page.document.edit("", edits.set_setting, "conv2d_1", "filters", 7)
    page.scene.select(["conv2d_1", "relu_1"])
    key(page, Key.Key_C, CTRL)
    key(page, Key.Key_V, CTRL)
    network = page.document.network
    assert network["conv2d_2"]["filters"] == 7
    assert Link("conv2d_2", "relu_2") in network.links
    assert set(page.scene.selected_layers()) == {"conv2d_2", "relu_2"}
    key(page, Key.Key_V, CTRL)
    assert len(page.document.network) == 9
    assert overlaps(page.document.network) == []
    # The text is for other programs.
    assert '"Conv2D"' in QGuiApplication.clipboard().text()


def test_cut_closes_the_gap_and_a_foreign_clipboard_is_refused(page):
    page.scene.select(["relu_1"])
    key(page, Key.Key_X, CTRL)
    assert page.document.network.inputs_of("flatten_1") == ("conv2d_1",)
    assert page.document.undo_stack.undoText() == "Cut ReLU"
    QGuiApplication.clipboard().setText("hello")
    count = len(page.document.network)
    key(page, Key.Key_V, CTRL)
    assert len(page.document.network) == count
    assert "no layers" in page.failures[-1]


def test_duplicate(page):
    page.scene.select(["dense_1"])
    key(page, Key.Key_D, CTRL)
    assert "dense_2" in page.document.network
    assert page.document.undo_stack.undoText() == "Duplicate Dense"


def test_undo_and_redo_keys(page):
    before = page.document.network
    page.scene.select(["dense_1"])
    key(page, Key.Key_Delete)
    after = page.document.network
    key(page, Key.Key_Z, CTRL)
    assert page.document.network == before
    page.document.undo_stack.redo()
    assert page.document.network == after
    assert "dense_1" not in page.scene.layer_items


# -- view ----------------------------------------------------------------------------------------


def test_the_wheel_zooms_around_the_mouse_and_pans(page):
    point = QPoint(400, 300)
    before = page.canvas.mapToScene(point)
    wheel(page, point, 120, CTRL)
    assert page.canvas.scale_factor == pytest.approx(1.25)
    assert (page.canvas.mapToScene(point) - before).manhattanLength() < 2
    wheel(page, point, -120)
    assert page.canvas.mapToScene(point).y() > before.y() + 50


def test_zoom_keys_and_fit(page):
    seen = []
    page.context.zoom_changed.connect(seen.append)
    key(page, Key.Key_Plus, CTRL)
    assert page.canvas.scale_factor == pytest.approx(1.25)
    key(page, Key.Key_0, CTRL)
    assert seen[-1] == "100 %"
    for _ in range(8):
        key(page, Key.Key_Minus, CTRL)
    assert page.canvas.scale_factor < metrics.TEXT_SCALE
    # Far away all cards are painted at once; they can still be clicked.
    assert not page.canvas.grab().isNull()
    click(page, centre(page, "relu_1"))
    assert page.scene.selected_layers() == ("relu_1",)
    page.zoom_fit()
    assert page.canvas.scale_factor == 1.0


def test_the_middle_button_and_space_pan(page):
    before = page.canvas.mapToScene(QPoint(0, 0))
    drag(page, QPoint(300, 300), QPoint(200, 250), MIDDLE)
    after = page.canvas.mapToScene(QPoint(0, 0))
    assert (after.x() - before.x(), after.y() - before.y()) == (100.0, 50.0)
    page.canvas.set_space(True)
    drag(page, QPoint(200, 250), QPoint(300, 300))
    page.canvas.set_space(False)
    assert page.canvas.mapToScene(QPoint(0, 0)) == before
    assert page.scene.selected_layers() == ()


def test_arrange_is_one_step(page):
    tidy = page.document.network
    scattered = edits.move(tidy, {"relu_1": (733.0, 41.0), "dense_1": (-90.0, 12.0)})
    page.document.apply("Move", scattered)
    key(page, Key.Key_L, CTRL)
    assert page.document.network == arrange(tidy)
    assert undo_restores(page, scattered)


def test_a_double_click_on_a_card_begins_to_rename(page, qtbot):
    qtbot.mouseDClick(
        page.canvas.viewport(), Qt.MouseButton.LeftButton, pos=centre(page, "conv2d_1")
    )
    name = page.inspector._form().name_edit
    assert name.hasFocus()
    assert name.selectedText() == "conv2d_1"


def test_hovering_lights_a_card_and_leaving_forgets_it(page):
    move(page, centre(page, "relu_1"), Qt.MouseButton.NoButton)
    assert page.scene.layer_items["relu_1"].hovered
    move(page, QPoint(10, 10), Qt.MouseButton.NoButton)
    assert not page.scene.layer_items["relu_1"].hovered


def test_the_empty_canvas_offers_presets_and_takes_drops(page, qtbot):
    page.document.new(Network())
    assert page.empty.isVisible()
    assert not page.inspector._form()
    assert drop(page, palette_mime(page, "Input"), QPoint(300, 200))
    assert not page.empty.isVisible()
    page.document.undo_stack.undo()
    button = page.empty.findChild(object, "emptyFirst_lenet5")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(page.document.network) > 8
    assert page.document.undo_stack.undoText() == "Start from LeNet-5"


@pytest.mark.parametrize("name", ["startFrom", "emptyStart"])
def test_all_presets_are_in_one_menu(page, name):
    page.document.new(Network())
    actions = page.findChild(QPushButton, name).menu().actions()
    assert [action.objectName() for action in actions if not action.isSeparator()] == [
        f"{name}_{preset}" for preset in PRESETS
    ]
    chosen = next(action for action in actions if action.objectName().endswith("_resnet50"))
    assert chosen.text() == "ResNet-50\t25.6 M"
    chosen.trigger()
    assert page.document.undo_stack.undoText() == "Start from ResNet-50"
    assert page.scene.frame_items.keys() == {"conv2", "conv3", "conv4", "conv5"}


def test_cards_in_blocks_are_seen_from_far_away(page, qtbot):
    page.document.start_from("resnet50")
    page.canvas.zoom_fit()
    assert page.canvas.scale_factor < metrics.TEXT_SCALE
    picture = page.canvas.viewport().grab().toImage()
    for card in page.scene.layer_items.values():
        seen = picture.pixelColor(page.canvas.mapFromScene(card.card.center()))
        assert seen == card.ground().color(), card


def test_the_menu_of_a_link_inserts_there(page, qtbot):
    link = Link("conv2d_1", "relu_1")
    press(page, QPoint(5, 5))
    release(page, QPoint(5, 5))
    page.canvas.ask_for_inserted_layer(link, page.canvas.mapToScene(QPoint(200, 200)))
    qtbot.keyClicks(page.canvas.quick_add.field, "drop")
    qtbot.keyClick(page.canvas.quick_add.field, Key.Key_Return)
    assert page.document.network.inputs_of("relu_1") == ("dropout_1",)


# -- helpers -------------------------------------------------------------------------------------


def centre_of(page, layer):
    x, y = layer.position
    return at(page, x + metrics.CARD_WIDTH / 2, y + metrics.CARD_HEIGHT / 2)


def overlaps(network):
    """Pairs of layers whose cards cover each other."""
    layers = list(network.layers.values())
    return [
        (a.name, b.name)
        for number, a in enumerate(layers)
        for b in layers[number + 1 :]
        if abs(a.position[0] - b.position[0]) < metrics.CARD_WIDTH
        and abs(a.position[1] - b.position[1]) < metrics.CARD_HEIGHT
    ]


def double_click(qtbot, view, type_):
    model = view.model()
    for row in range(model.rowCount()):
        index = model.index(row, 0)
        if index.data() == type_:
            view.scrollTo(index)
            point = view.visualRect(index).center()
            # A double-click begins with a click that makes the row the current one.
            qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point)
            qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=point)
            return
    raise AssertionError(type_)
