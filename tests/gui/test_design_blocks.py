"""Blocks under a mouse and a keyboard: made, folded, repeated, kept, used again, undone."""

import json

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from cnnstudio.app import paths
from cnnstudio.graph import blocks, edits, folding
from cnnstudio.graph.layout import arrange
from cnnstudio.graph.network import Link
from cnnstudio.views.design.block_items import FrameItem
from cnnstudio.views.design.menus import canvas_menu
from tests.gui.design import (
    CTRL,
    SHIFT,
    at,
    centre,
    chain,
    click,
    drag,
    drop,
    hold_over,
    key,
    output,
    palette_mime,
    press,
)

Key = Qt.Key
INSIDE = ("conv2d_1", "relu_1", "add_1")
CARD = "[res]"


def residual(name=None):
    network = chain("Input", "Conv2D", "ReLU", "Add", "Flatten", "Dense", Conv2D={"filters": 3})
    network = edits.connect(network, "input", "add_1")
    if name is not None:
        network, _ = blocks.make_block(network, INSIDE, name)
    return arrange(network)


@pytest.fixture
def page(design):
    design.document.new(residual("res"))
    return design


@pytest.fixture
def folded(page):
    page.editing.fold("res")
    page.document.undo_stack.clear()
    return page


def card(page, name):
    """The middle of a card, as it is seen."""
    rect = page.scene.layer_items[name].card
    return page.canvas.mapFromScene(QPointF(rect.left() + 60, rect.center().y()))


def title(page, name):
    area = page.scene.frame_items[name].title_area
    return page.canvas.mapFromScene(QPointF(area.left() + 40, area.center().y()))


def undone(page, before):
    page.document.undo_stack.undo()
    return page.document.network == before


def test_ctrl_g_asks_for_a_name_and_makes_a_block_in_one_step(design):
    page = design
    page.document.new(residual())
    before = page.document.network
    click(page, centre(page, "conv2d_1"))
    click(page, centre(page, "relu_1"), CTRL)
    click(page, centre(page, "add_1"), CTRL)
    key(page, Key.Key_G, CTRL)
    panel = page.canvas.name_panel
    assert panel.isVisible()
    assert panel.field.text() == "block_1"
    QTest.keyClicks(panel.field, "res")
    QTest.keyClick(panel.field, Key.Key_Return)
    assert not panel.isVisible()
    assert page.canvas.hasFocus()
    assert page.document.network.blocks["res"].layers == INSIDE
    assert page.scene.frame_items["res"].chosen
    assert page.inspector.block.name_edit.text() == "res"
    assert undone(page, before)
    assert not page.scene.frame_items


@pytest.mark.parametrize("road", ["key", "menu"])
def test_in_the_window_the_field_for_the_name_keeps_the_focus(window, road):
    window.show_page("design")
    page = window.pages["design"]
    window.document.new(residual())
    page.scene.select(INSIDE)
    page.canvas.setFocus()
    if road == "key":
        key(page, Key.Key_G, CTRL)
    else:
        next(
            action for action in page.actions() if action.objectName() == "makeBlockAction"
        ).trigger()
    panel = page.canvas.name_panel
    assert panel.isVisible()
    QTest.keyClicks(panel.field, "res")
    QTest.keyClick(panel.field, Key.Key_Return)
    assert window.document.network.blocks["res"].layers == INSIDE


def test_escape_makes_no_block_and_a_wrong_name_is_told(page):
    before = page.document.network
    page.scene.select(["flatten_1", "dense_1"])
    page.make_block()
    panel = page.canvas.name_panel
    panel.field.setText("res")
    QTest.keyClick(panel.field, Key.Key_Return)
    assert panel.isVisible()
    assert "already a block called res" in page.failures[-1]
    QTest.keyClick(panel.field, Key.Key_Escape)
    assert not panel.isVisible()
    assert page.document.network is before
    page.scene.select(["relu_1", "dense_1"])
    page.make_block()
    assert not panel.isVisible()
    assert "partly in the block res" in page.failures[-1]


def test_the_frame_stands_around_its_cards_and_follows_them(page):
    frame = page.scene.frame_items["res"]
    for name in INSIDE:
        assert frame.area.contains(page.scene.layer_items[name].card)
    for name in ("input", "flatten_1"):
        assert not frame.area.intersects(page.scene.layer_items[name].card)
    before = frame.area
    drag(page, centre(page, "relu_1"), centre(page, "relu_1") - QPoint(120, 0))
    assert frame.area.left() < before.left()
    page.document.undo_stack.undo()
    assert frame.area == before


def test_the_title_selects_and_moves_all_of_the_block(page):
    before = page.document.network
    click(page, title(page, "res"))
    assert page.scene.selected_layers() == INSIDE
    assert page.scene.selected_block().name == "res"
    drag(page, title(page, "res"), title(page, "res") + QPoint(80, 40))
    for name in INSIDE:
        x, y = before[name].position
        assert page.document.network[name].position == (x + 80, y + 40)
    assert page.document.undo_stack.undoText() == "Move block res"
    assert undone(page, before)


def test_a_rubber_band_can_begin_inside_a_frame(page):
    area = page.scene.frame_items["res"].area
    start = page.canvas.mapFromScene(QPointF(area.right() - 4, area.bottom() - 4))
    drag(page, start, centre(page, "relu_1"))
    assert set(page.scene.selected_layers()) == {"relu_1", "add_1"}


def test_the_button_and_a_double_click_fold_and_unfold(page):
    before = page.document.network
    frame = page.scene.frame_items["res"]
    button = page.canvas.mapFromScene(frame.area.topLeft() + QPointF(12, 12))
    click(page, button)
    assert page.document.network.blocks["res"].folded
    assert CARD in page.scene.layer_items
    assert "relu_1" not in page.scene.layer_items
    assert not page.scene.frame_items
    assert page.document.undo_stack.undoText() == "Fold res"
    QTest.mouseDClick(
        page.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        card(page, CARD),
    )  # fmt: skip
    assert page.document.network == before
    QTest.mouseDClick(
        page.canvas.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        title(page, "res"),
    )  # fmt: skip
    assert page.document.network.blocks["res"].folded
    item = page.scene.layer_items[CARD]
    edge = item.card.topRight()
    click(page, page.canvas.mapFromScene(edge + QPointF(-15, 17)))
    assert page.document.network == before


def test_a_folded_card_shows_what_its_layers_cost_and_their_worst_problem(page):
    infos = page.document.analysis.layers
    page.document.edit("", edits.set_setting, "relu_1", "negative_slope", 0.1)
    page.editing.fold("res")
    item = page.scene.layer_items[CARD]
    assert item.title == "res"
    assert item._second_line()[0] == "3 layers"
    assert item.info.parameters == sum(infos[name].parameters for name in INSIDE)
    assert item.info.multiply_adds == sum(infos[name].multiply_adds for name in INSIDE)
    assert item.info.output_shape == infos["add_1"].output_shape
    assert item.severity is None
    page.document.edit("", edits.set_setting, "conv2d_1", "filters", 5)
    item = page.scene.layer_items[CARD]
    assert item.severity == "error"
    assert item.lines == [f"{item.info.parameters} params"]
    page.scene.select(INSIDE)
    assert page.inspector.block._problems.cards


def test_selecting_any_of_its_layers_selects_the_folded_block(folded):
    folded._pick(("relu_1",))
    assert folded.scene.selected_layers() == INSIDE
    assert folded.scene.layer_items[CARD].isSelected()
    folded.canvas.show_layer("conv2d_1")
    assert folded.scene.selected_block().name == "res"
    click(folded, centre(folded, "input"))
    click(folded, card(folded, CARD), CTRL)
    assert folded.scene.selected_layers() == ("input", *INSIDE)
    click(folded, card(folded, CARD), CTRL)
    assert folded.scene.selected_layers() == ("input",)


def test_a_folded_block_is_moved_copied_duplicated_and_deleted_as_one(folded):
    page = folded
    before = page.document.network
    drag(page, card(page, CARD), card(page, CARD) + QPoint(160, 0))
    for name in INSIDE:
        assert page.document.network[name].position[0] == before[name].position[0] + 160
    assert undone(page, before)
    click(page, card(page, CARD))
    key(page, Key.Key_D, CTRL)
    assert list(page.document.network.blocks) == ["res", "res_2"]
    assert page.document.network.blocks["res_2"].folded
    assert page.scene.selected_block().name == "res_2"
    assert undone(page, before)
    click(page, card(page, CARD))
    key(page, Key.Key_C, CTRL)
    key(page, Key.Key_V, CTRL)
    assert len(page.document.network.blocks["res_2"].layers) == 3
    assert undone(page, before)
    click(page, card(page, CARD))
    key(page, Key.Key_Delete)
    after = page.document.network
    assert list(after.layers) == ["input", "flatten_1", "dense_1"]
    assert after.inputs_of("flatten_1") == ("input",)
    assert after["flatten_1"].position == (0, edits.ROW)
    assert page.document.undo_stack.undoText() == "Delete block res"
    assert undone(page, before)


def test_arrows_go_over_a_folded_block(folded):
    click(folded, centre(folded, "input"))
    key(folded, Key.Key_Down)
    assert folded.scene.selected_block().name == "res"
    key(folded, Key.Key_Down)
    assert folded.scene.selected_layers() == ("flatten_1",)
    key(folded, Key.Key_Up)
    assert folded.scene.selected_block().name == "res"


def test_links_are_drawn_to_and_from_a_folded_block(folded):
    page = folded
    page.document.apply("", edits.add_layer(page.document.network, "Conv2D", (480.0, 0.0))[0])
    before = page.document.network
    drag(page, output(page, "conv2d_2"), card(page, CARD))
    network = page.document.network
    assert network.inputs_of("conv2d_1") == ("conv2d_2",)
    assert network.inputs_of("add_1") == ("relu_1", "conv2d_2")
    assert page.document.undo_stack.undoText() == "Link conv2d_2 to res"
    assert undone(page, before)
    rect = page.scene.layer_items[CARD].card
    port = page.canvas.mapFromScene(QPointF(rect.center().x(), rect.bottom()))
    drag(page, port, centre(page, "conv2d_2"))
    assert page.document.network.inputs_of("conv2d_2") == ("add_1",)
    assert undone(page, before)
    drag(page, port, centre(page, "input"))
    assert page.failures


def test_a_link_at_a_folded_block_stands_for_all_behind_it(folded):
    page = folded
    before = page.document.network
    middle = page.scene.layer_items["input"].card.center()
    below = page.scene.layer_items[CARD].card
    point = page.canvas.mapFromScene(QPointF(middle.x(), below.top() - 12))
    assert drop(page, palette_mime(page, "Dropout"), point)
    network = page.document.network
    assert network.inputs_of("conv2d_1") == ("dropout_1",)
    assert network.inputs_of("add_1") == ("relu_1", "dropout_1")
    assert network.outputs_of("input") == ("dropout_1",)
    assert undone(page, before)
    click(page, point)
    assert page.scene.selected_links() == (Link("input", CARD),)
    key(page, Key.Key_Delete)
    assert page.document.network.outputs_of("input") == ()
    assert undone(page, before)


def test_a_layer_added_behind_a_selected_block_follows_it(folded):
    click(folded, card(folded, CARD))
    folded.add_layer("Dropout")
    network = folded.document.network
    assert network.inputs_of("dropout_1") == ("add_1",)
    assert network.inputs_of("flatten_1") == ("dropout_1",)
    assert "dropout_1" not in network.blocks["res"].layers
    levels = [layer.position[1] for layer in folding.shown(network).network.layers.values()]
    assert len(set(levels)) == len(levels)


def test_the_inspector_renames_repeats_folds_and_dissolves(page, qtbot):
    before = page.document.network
    click(page, title(page, "res"))
    panel = page.inspector.block
    assert panel.isVisible()
    assert panel.kind.text() == "3 layers"
    assert [panel.layers.item(row).text() for row in range(3)] == list(INSIDE)
    key(page, Key.Key_F2)
    assert panel.name_edit.hasFocus()
    QTest.keyClicks(panel.name_edit, "stage 1")
    assert list(page.document.network.blocks) == ["stage 1"]
    assert page.document.undo_stack.count() == 1
    panel.name_edit.selectAll()
    QTest.keyClick(panel.name_edit, Key.Key_Backspace)
    assert "1 to 60 letters" in panel.message.text()
    assert undone(page, before)
    panel.times.setValue(3)
    QTest.mouseClick(panel.repeat, Qt.MouseButton.LeftButton)
    assert list(page.document.network.blocks) == ["res", "res_2", "res_3"]
    assert page.document.network.inputs_of("flatten_1") == ("res_3_add_1",)
    assert len(page.scene.frame_items) == 3
    assert undone(page, before)
    click(page, title(page, "res"))
    QTest.mouseClick(panel.fold, Qt.MouseButton.LeftButton)
    assert page.document.network.blocks["res"].folded
    assert panel.fold.text() == "Unfold"
    panel.layers.itemActivated.emit(panel.layers.item(1))
    assert not page.document.network.blocks["res"].folded
    assert page.scene.selected_layers() == ("relu_1",)
    click(page, title(page, "res"))
    key(page, Key.Key_G, CTRL | SHIFT)
    assert not page.document.network.blocks
    assert page.scene.selected_layers() == INSIDE


def test_a_block_with_two_outputs_says_why_it_is_not_repeated(page):
    page.document.apply("", edits.connect(page.document.network, "relu_1", "dense_1"))
    click(page, title(page, "res"))
    page.inspector.block.times.lineEdit().returnPressed.emit()
    assert "2 outputs" in page.failures[-1]


def test_folding_and_its_undo_keep_the_selection(page):
    click(page, title(page, "res"))
    actions = {action.objectName(): action for action in page.actions()}
    actions["foldAction"].trigger()
    assert page.scene.selected_block().folded
    assert page.scene.layer_items[CARD].isSelected()
    page.document.undo_stack.undo()
    assert page.scene.selected_layers() == INSIDE
    page.scene.select()
    assert not actions["foldAction"].isEnabled()
    actions["foldAllAction"].trigger()
    assert page.document.network.blocks["res"].folded
    actions["unfoldAllAction"].trigger()
    assert not page.document.network.blocks["res"].folded


def test_the_menu_of_a_block_and_of_a_layer_inside(page):
    texts = menu_of(page, title(page, "res"))
    assert texts[0] == "Fold"
    assert {"&Dissolve the block", "Re&peat the block…", "&Keep the block in the palette"} <= set(
        texts
    )
    page.scene.select()
    assert "Take out of the bloc&k" in menu_of(page, centre(page, "relu_1"))
    page.editing.take_out()
    assert page.document.network.blocks["res"].layers == ("conv2d_1", "add_1")
    assert "Take out of the bloc&k" not in menu_of(page, centre(page, "dense_1"))


def menu_of(page, point):
    """The entries for what is at a point, which a press of the right button selects."""
    place = page.canvas.mapToScene(point)
    item = page.scene.layer_at(place) or page.scene.frame_at(place)
    layers = item.block.layers if isinstance(item, FrameItem) else item.layers
    if not item.isSelected():
        page.scene.select(layers)
    menu = canvas_menu(page, item, place)
    texts = [action.text() for action in menu.actions()]
    menu.close()
    return texts


# -- one's own blocks ----------------------------------------------------------------------------


def palette_texts(page):
    view = page.palette_panel.list
    model = view.model()
    rows = (row for row in range(model.rowCount()) if not view.isRowHidden(row))
    return [model.index(row, 0).data() for row in rows]


def keep(page):
    page.scene.select(INSIDE)
    page.keep_block()


def row_of(page, text):
    model = page.palette_panel.list.model()
    return next(model.index(row, 0) for row in range(model.rowCount())
                if model.index(row, 0).data() == text)  # fmt: skip


def test_a_kept_block_is_in_the_palette_of_another_project_and_dropped_there(page):
    keep(page)
    assert "res" in palette_texts(page)
    (file,) = paths.own_blocks_folder().iterdir()
    assert json.loads(file.read_text())["name"] == "res"
    page.document.new(chain("Input", "Flatten", "Dense"))
    before = page.document.network
    mime = palette_mime(page, "res")
    point = page.canvas.mapFromScene(QPointF(100, edits.ROW - 14))
    assert hold_over(page, mime, point)
    assert page.scene.link_items[Link("input", "flatten_1")].target
    assert drop(page, mime, point)
    network = page.document.network
    assert network.inputs_of("res_conv2d_1") == ("input",)
    assert network.inputs_of("res_add_1") == ("res_relu_1", "input")
    assert network.inputs_of("flatten_1") == ("res_add_1",)
    assert network.blocks["res"].layers == ("res_conv2d_1", "res_relu_1", "res_add_1")
    assert page.scene.selected_block().name == "res"
    assert page.document.undo_stack.undoText() == "Insert block res"
    assert undone(page, before)
    assert drop(page, mime, QPoint(600, 300))
    assert page.document.network.inputs_of("res_conv2d_1") == ()
    assert undone(page, before)
    view = page.palette_panel.list
    view.scrollTo(row_of(page, "res"))
    place = view.visualRect(row_of(page, "res")).center()
    page.scene.select(["input"])
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert page.document.network.inputs_of("flatten_1") == ("res_add_1",)


def test_kept_blocks_are_found_by_the_search_and_by_typing_on_the_canvas(page):
    keep(page)
    panel = page.palette_panel
    panel.search.setText("re")
    assert palette_texts(page)[:2] == [None, "res"]
    page.scene.select(["flatten_1"])
    QTest.keyClick(panel.search, Key.Key_Return)
    assert list(page.document.network.blocks) == ["res", "res_2"]
    panel.search.setText("")
    page.document.undo_stack.undo()
    page.canvas.setFocus()
    page.scene.select(["flatten_1"])
    key(page, Key.Key_R)
    QTest.keyClicks(page.canvas.quick_add.field, "es")
    QTest.keyClick(page.canvas.quick_add.field, Key.Key_Return)
    assert page.document.network.inputs_of("res_2_conv2d_1") == ("flatten_1",)


def test_a_kept_block_is_renamed_and_deleted_in_the_palette(page, qtbot):
    keep(page)
    view = page.palette_panel.list
    index = row_of(page, "res")
    menu = view.menu(index)
    assert [action.text() for action in menu.actions()] == ["Insert", "", "Rename", "Delete"]
    menu.close()
    assert view.model().setData(index, "bottleneck")
    assert "bottleneck" in palette_texts(page)
    assert "res" not in palette_texts(page)
    keep(page)
    assert not view.model().setData(row_of(page, "res"), "bottleneck")
    assert "already a block of your own called bottleneck" in page.failures[-1]
    view.setCurrentIndex(row_of(page, "res"))
    view.setFocus()
    page.scene.select(["dense_1"])
    QTest.keyClick(view, Key.Key_Delete)
    assert "res" not in palette_texts(page)
    assert "dense_1" in page.document.network
    assert len(list(paths.own_blocks_folder().iterdir())) == 1
    assert [action.text() for action in view.menu(row_of(page, "Dense")).actions()] == ["Insert"]


def test_a_broken_file_is_left_out_with_a_message_once(page):
    keep(page)
    folder = paths.own_blocks_folder()
    (folder / "broken.json").write_text("{")
    (folder / "other.json").write_text('{"format": "cnnstudio"}')
    page.own_blocks.refresh()
    assert "res" in palette_texts(page)
    assert [message for message in page.failures if "broken.json" in message]
    assert [message for message in page.failures if "other.json" in message]
    told = len(page.failures)
    (folder / "note.txt").write_text("nothing to do with it")
    page.own_blocks._seen = None
    page.own_blocks.refresh()
    assert len(page.failures) == told


def test_keeping_again_takes_the_place_and_can_be_taken_back(page):
    keep(page)
    told = []
    page.context.notified.connect(lambda text, kind, action: told.append((text, action)))
    page.document.edit("", edits.set_setting, "conv2d_1", "kernel_size", (5, 5))
    old = page.own_blocks["res"]
    keep(page)
    assert page.own_blocks["res"] != old
    text, (_, put_back) = told[-1]
    assert "took the place" in text
    put_back()
    assert page.own_blocks["res"] == old
    page.delete_own_block("res")
    assert "res" not in page.own_blocks
    told[-1][1][1]()
    assert page.own_blocks["res"] == old


def test_presses_on_a_block_with_shift_add_it(page):
    click(page, centre(page, "dense_1"))
    click(page, title(page, "res"), SHIFT)
    assert set(page.scene.selected_layers()) == {*INSIDE, "dense_1"}
    press(page, at(page, -300, -300))
    QTest.mouseRelease(page.canvas.viewport(), Qt.MouseButton.LeftButton)
    assert not page.scene.selected_layers()


def test_after_repeating_with_the_keyboard_the_view_and_the_keys_are_those_of_the_canvas(folded):
    page = folded
    page.canvas.zoom_reset()
    page.canvas.pan(0, 60)
    corner = page.canvas.mapToScene(0, 0)
    page.scene.select(INSIDE)
    page.repeat()
    field = page.inspector.block.times
    assert field.hasFocus()
    field.setValue(3)
    QTest.keyClick(field, Key.Key_Return)
    assert len(page.document.network.blocks) == 3
    assert page.canvas.hasFocus()
    assert page.canvas.scale_factor == 1.0
    assert abs(page.canvas.mapToScene(0, 0).x() - corner.x()) < 2
    key(page, Key.Key_Z, CTRL)
    assert len(page.document.network.blocks) == 1
    assert page.canvas.scale_factor == 1.0
