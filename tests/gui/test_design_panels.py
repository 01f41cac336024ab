"""Palette, inspector, summary and problems: real widgets on a real document."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QLabel,
    QLineEdit,
    QToolButton,
)

from cnnstudio.graph import edits
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.network import Network
from cnnstudio.graph.spec import L1L2
from tests.gui.design import chain

Key, LEFT = Qt.Key, Qt.MouseButton.LeftButton


@pytest.fixture
def page(design):
    settings = {"Conv2D": {"filters": 8}, "Dense": {"activation": "softmax"}}
    design.document.new(
        chain("Input", "Rescaling", "Conv2D", "MaxPooling2D", "Flatten", "Dense", **settings)
    )
    return design


def form(page, name):
    page.scene.select([name])
    return page.inspector._form()


def retype(qtbot, edit, text):
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)


def setting(form_, name, kind=QLineEdit):
    found = form_.findChild(kind, f"setting_{name}")
    assert found is not None, name
    return found


def error(form_, name):
    label = form_.findChild(QLabel, f"error_{name}")
    return label.text() if label.isVisibleTo(form_) else ""


# -- palette -------------------------------------------------------------------------------------


def test_the_palette_lists_every_type_under_its_family(page):
    view = page.findChild(QAbstractItemView, "layerPalette")
    model = view.model()
    rows = [model.index(row, 0) for row in range(model.rowCount())]
    types = [index.data() for index in rows if index.flags() & Qt.ItemFlag.ItemIsSelectable]
    assert sorted(types) == sorted(CATALOGUE)
    for index in rows:
        if index.data() in CATALOGUE:
            assert index.data(Qt.ItemDataRole.ToolTipRole) == CATALOGUE[index.data()].summary
            assert model.mimeData([index]).text() == index.data()
        else:
            assert model.mimeData([index]).formats() == []


def test_the_search_hides_what_does_not_fit_and_enter_adds_the_first(page, qtbot):
    panel = page.palette_panel
    page.focus_search()
    qtbot.keyClicks(panel.search, "residual")
    view = panel.list
    shown = [
        view.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)
        or view.model().index(row, 0).data()
        for row in range(view.model().rowCount())
        if not view.isRowHidden(row)
    ]
    assert shown == ["Merge", "Add"]
    qtbot.keyClick(panel.search, Key.Key_Return)
    assert page.document.network.inputs_of("add_1") == ("dense_1",)
    retype(qtbot, panel.search, "nonsense")
    assert panel.nothing.isVisible()
    qtbot.keyClick(panel.search, Key.Key_Escape)
    assert panel.search.text() == ""
    assert not panel.nothing.isVisible()
    assert not any(view.isRowHidden(row) for row in range(view.model().rowCount()))


# -- inspector -----------------------------------------------------------------------------------


def test_typing_a_setting_changes_the_figures_beside_the_card(page, qtbot):
    before = page.document.network
    edit = setting(form(page, "conv2d_1"), "filters")
    card = page.scene.layer_items["conv2d_1"]
    assert card.lines[0] == "32 × 32 × 8"
    retype(qtbot, edit, "1")
    assert card.lines[0] == "32 × 32 × 1"
    qtbot.keyClicks(edit, "6")
    assert card.lines[:2] == ["32 × 32 × 16", "448 params"]
    assert page.document.undo_stack.count() == 1
    page.document.undo_stack.undo()
    assert page.document.network == before
    assert edit.text() == "8"
    assert card.lines[0] == "32 × 32 × 8"


def test_a_wrong_value_says_so_and_keeps_what_was_typed(page, qtbot):
    inspector = form(page, "conv2d_1")
    edit = setting(inspector, "filters")
    retype(qtbot, edit, "0")
    assert page.document.network["conv2d_1"]["filters"] == 8
    assert error(inspector, "filters") == "filters must be at least 1, not 0."
    # Another edit of the same layer leaves it standing.
    page.document.edit("", edits.set_setting, "conv2d_1", "padding", "valid")
    assert edit.text() == "0"
    retype(qtbot, edit, "abc")
    assert "not a whole number" in error(inspector, "filters")
    retype(qtbot, edit, "12")
    assert error(inspector, "filters") == ""
    assert page.document.network["conv2d_1"]["filters"] == 12


def test_each_visit_of_a_field_is_one_undo_step(page, qtbot):
    inspector = form(page, "conv2d_1")
    edit = setting(inspector, "filters")
    retype(qtbot, edit, "24")
    setting(inspector, "activation", QComboBox).setFocus()
    retype(qtbot, edit, "48")
    assert page.document.undo_stack.count() == 2
    page.document.undo_stack.undo()
    assert page.document.network["conv2d_1"]["filters"] == 24


def test_keys_step_whole_numbers_and_stop_at_the_range(page, qtbot):
    edit = setting(form(page, "conv2d_1"), "filters")
    edit.setFocus()
    qtbot.keyClick(edit, Key.Key_Up)
    assert page.document.network["conv2d_1"]["filters"] == 9
    qtbot.keyClick(edit, Key.Key_PageDown)
    assert page.document.network["conv2d_1"]["filters"] == 1


def test_a_locked_pair_stays_square_until_it_is_unlocked(page, qtbot):
    inspector = form(page, "conv2d_1")
    height = setting(inspector, "kernel_size_height")
    width = setting(inspector, "kernel_size_width")
    retype(qtbot, height, "5")
    assert page.document.network["conv2d_1"]["kernel_size"] == (5, 5)
    lock = inspector.findChild(object, "setting_kernel_size_lock")
    qtbot.mouseClick(lock, LEFT)
    retype(qtbot, width, "1")
    assert page.document.network["conv2d_1"]["kernel_size"] == (5, 1)


def test_an_optional_setting_says_what_none_means(page, qtbot):
    inspector = form(page, "max_pooling_1")
    none = inspector.findChild(QCheckBox, "setting_strides_none")
    assert none.text().split() == ["same", "as", "pool_size"]
    assert none.isChecked()
    qtbot.mouseClick(none, LEFT, pos=QPoint(8, none.rect().center().y()))
    assert page.document.network["max_pooling_1"]["strides"] == (2, 2)
    page.document.undo_stack.undo()
    assert none.isChecked()


def test_numbers_take_sums_and_reset_brings_back_the_default(page, qtbot):
    inspector = form(page, "rescaling_1")
    edit = setting(inspector, "scale")
    assert edit.text() == "1/255"
    retype(qtbot, edit, "2/255")
    assert page.document.network["rescaling_1"]["scale"] == 2 / 255
    reset = inspector.findChild(QToolButton, "reset_scale")
    assert reset.isVisible()
    qtbot.mouseClick(reset, LEFT)
    assert page.document.network["rescaling_1"]["scale"] == 1 / 255
    assert edit.text() == "1/255"
    assert not reset.isVisible()


def test_four_sides_and_a_penalty(page, qtbot):
    page.add_layer("ZeroPadding2D")
    inspector = page.inspector._form()
    qtbot.mouseClick(inspector.findChild(object, "setting_padding_lock"), LEFT)
    retype(qtbot, setting(inspector, "padding_left"), "3")
    assert page.document.network["zero_padding_1"]["padding"] == ((1, 1), (3, 1))
    inspector = form(page, "dense_1")
    qtbot.mouseClick(inspector.more, LEFT)
    retype(qtbot, setting(inspector, "kernel_regularizer_L2"), "1e-4")
    assert page.document.network["dense_1"]["kernel_regularizer"] == L1L2(0.0, 1e-4)


def test_every_type_has_a_form_that_shows_its_settings(page):
    for type_ in CATALOGUE:
        network, name = edits.add_layer(Network(), type_)
        page.document.new(network)
        shown = form(page, name)
        assert set(shown.rows) == {field.name for field in CATALOGUE[type_].fields}
        for row in shown.rows.values():
            assert row.editor.field.check(row.editor.value()) == network[name][row.field.name]
            assert all(control.accessibleName() for control in row.editor.inputs)


def test_a_layer_is_renamed_while_its_name_is_typed(page, qtbot):
    inspector = form(page, "conv2d_1")
    retype(qtbot, inspector.name_edit, "stem")
    assert "stem" in page.document.network
    assert page.scene.selected_layers() == ("stem",)
    assert page.inspector._form() is inspector
    assert page.document.undo_stack.count() == 1
    retype(qtbot, inspector.name_edit, "dense_1")
    assert "already a layer called dense_1" in error(inspector, "name")
    assert inspector.name_edit.text() == "dense_1"
    assert page.document.network.inputs_of("max_pooling_1") == ("dense_",)


def test_help_of_the_focused_field_and_formulas_with_numbers(page):
    inspector = form(page, "conv2d_1")
    setting(inspector, "filters").setFocus()
    assert page.inspector.help.text().startswith("filters: How many filters")
    assert "Default: 32" in page.inspector.help.text()
    words = [label.text() for label in inspector.explanations.findChildren(QLabel)]
    assert "(3 · 3 · 3 + 1) · 8 = 224" in words


def test_nothing_and_several_selected(page, qtbot):
    page.scene.select()
    overview = page.inspector.overview
    assert overview.isVisible()
    assert overview._figures["Layers"].text() == "6"
    page.scene.select(["conv2d_1", "dense_1"])
    several = page.inspector.several
    assert several.isVisible()
    assert several.title.text() == "2 layers selected"
    qtbot.mouseClick(several.findChild(object, "severalDelete"), LEFT)
    assert "conv2d_1" not in page.document.network
    assert overview.isVisible()


# -- summary and problems ------------------------------------------------------------------------


def test_the_summary_follows_the_selection_both_ways(page, qtbot):
    table = page.summary.table
    assert table.model().rowCount() == 6
    texts = [table.model().index(2, column).data() for column in range(5)]
    assert texts == ["conv2d_1", "32×32×8", "224", "221 k", "32.0 KB"]
    page.scene.select(["conv2d_1"])
    assert [index.row() for index in table.selectionModel().selectedRows()] == [2]
    point = table.visualRect(table.model().index(4, 0)).center()
    qtbot.mouseClick(table.viewport(), LEFT, pos=point)
    assert page.scene.selected_layers() == ("flatten_1",)


def test_the_summary_is_copied_with_whole_numbers(page):
    page.summary.table.copy_text(",")
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "Layer,Output,Parameters,Multiply-adds,Memory (bytes)"
    assert lines[3].startswith("conv2d_1,32×32×8,224,")
    assert "Parameters 20,714" in page.summary.totals.accessibleDescription()


def test_a_problem_leads_to_its_layer_and_its_remedy_solves_it(page, qtbot):
    page.document.edit("Delete", edits.remove_layers, ["flatten_1"])
    problems = page.problems
    assert problems.heading.text() == "1 problem"
    assert problems.list.count() == 1
    assert "dense_1" in problems.list.item(0).text()
    assert page.scene.layer_items["dense_1"].severity == "error"
    point = problems.list.visualItemRect(problems.list.item(0)).topLeft()
    qtbot.mouseClick(
        problems.list.viewport(), LEFT, pos=point + problems.list.card(0).text.geometry().center()
    )
    assert page.scene.selected_layers() == ("dense_1",)
    button = next(
        button for button in problems.list.card(0).buttons if button.text() == "Insert Flatten"
    )
    qtbot.mouseClick(button, LEFT)
    assert page.document.analysis.problems == ()
    assert problems.heading.text() == "No problems. Ready to train."
    assert page.scene.layer_items["dense_1"].severity is None
    assert page.document.undo_stack.undoText() == "Insert Flatten"
    page.document.undo_stack.undo()
    assert problems.list.count() == 1


def test_the_problem_is_in_the_inspector_too(page, qtbot):
    page.document.edit("Delete", edits.remove_layers, ["flatten_1"])
    inspector = form(page, "dense_1")
    card = inspector._problems.cards[0]
    assert "<b>dense_1</b>" in card.text.text()
    qtbot.mouseClick(card.buttons[0], LEFT)
    assert page.document.analysis.errors == ()


def test_a_page_that_is_hidden_catches_up(page):
    page.hide()
    page.document.edit("Rename", edits.rename, "conv2d_1", "stem")
    assert "stem" not in page.scene.layer_items
    page.show()
    assert "stem" in page.scene.layer_items


def test_the_theme_can_change(page):
    from cnnstudio.views import theme

    try:
        for choice in ("light", "dark"):
            theme.choose(choice)
            assert not page.grab().isNull()
    finally:
        theme.choose("system")


def test_undo_inside_a_field_goes_to_the_document_too(page, qtbot):
    edit = setting(form(page, "conv2d_1"), "filters")
    retype(qtbot, edit, "64")
    assert page.document.network["conv2d_1"]["filters"] == 64
    while page.document.network["conv2d_1"]["filters"] != 8 and edit.isUndoAvailable():
        qtbot.keyClick(edit, Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert edit.text() == "8"
    assert page.document.network["conv2d_1"]["filters"] == 8


def test_the_menus_of_layer_link_and_canvas(page):
    from cnnstudio.graph.network import Link
    from cnnstudio.views.design.menus import canvas_menu

    page.document.edit("Delete", edits.remove_layers, ["flatten_1"])
    point = page.canvas.mapToScene(QPoint(10, 10))
    page.scene.select(["dense_1"])
    items = page.scene.layer_items
    menu = canvas_menu(page, items["dense_1"], point)
    entries = {action.text(): action for action in menu.actions()}
    assert {"Insert Flatten", "Insert a layer below…", "Unlink", "D&uplicate"} <= entries.keys()
    entries["Unlink"].trigger()
    assert page.document.network.inputs_of("dense_1") == ()
    page.document.undo_stack.undo()
    {action.text(): action for action in canvas_menu(page, items["dense_1"], point).actions()}[
        "Insert Flatten"
    ].trigger()
    assert page.document.analysis.errors == ()
    link = page.scene.link_items[Link("input", "rescaling_1")]
    texts = [action.text() for action in canvas_menu(page, link, point).actions()]
    assert texts == ["Insert a layer here…", "Delete the link"]
    texts = [action.text() for action in canvas_menu(page, None, point).actions()]
    assert texts[0] == "Add a layer here…"


def test_no_two_menu_entries_of_the_window_share_a_key(window):
    page = window.pages["design"]
    taken = {}
    for action in (*page.actions(), *window.findChild(object, "editMenu").actions()):
        for keys in action.shortcuts():
            other = taken.setdefault(keys.toString(), action)
            assert other is action, f"{keys.toString()}: {other.text()} and {action.text()}"
    assert {"Ctrl+L", "Ctrl+D", "Del", "Shift+Del", "Ctrl+0"} <= taken.keys()


def test_the_window_takes_layers_and_figures_from_the_page(window, qtbot):
    window.show_page("design")
    page = window.pages["design"]
    page.scene.select()
    page.add_layer("Softmax")
    assert "softmax_1" in window.document.network
    window.document.undo_stack.undo()
    assert "softmax_1" not in window.document.network
    page.zoom_in()
    assert window.findChild(QLabel, "statusZoom").text() == "125 %"
