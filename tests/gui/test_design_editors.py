"""Editors of lists and ranges, as the inspector has them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from cnnstudio.graph import edits
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.network import Layer
from cnnstudio.graph.spec import Kind
from cnnstudio.views.design.editors import editor_for
from cnnstudio.views.design.lists import numbers_in
from cnnstudio.views.design.numbers import evaluate, whole
from cnnstudio.views.design.setting_row import SettingRow

FIELDS = [
    pytest.param(field, id=f"{spec.type}.{field.name}")
    for spec in CATALOGUE.values()
    for field in spec.fields
]


@pytest.mark.parametrize("field", FIELDS)
def test_every_setting_has_an_editor_that_shows_what_it_is_given(qtbot, field):
    editor = editor_for(field)
    qtbot.addWidget(editor)
    editor.show_value(field.default)
    assert field.check(editor.value()) == field.default
    assert all(control.accessibleName() for control in editor.inputs)


def typed(qtbot, edit: QLineEdit, text: str) -> None:
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


def test_a_list_of_whole_numbers_is_typed(qtbot):
    editor = editor_for(CATALOGUE["Reshape"].field("target_shape"))
    qtbot.addWidget(editor)
    editor.show_value((-1,))
    with qtbot.waitSignal(editor.edited):
        typed(qtbot, editor.edit, "1, 1, -1")
    assert editor.field.check(editor.value()) == (1, 1, -1)
    typed(qtbot, editor.edit, "4, x")
    with pytest.raises(ValueError, match="not a whole number"):
        editor.value()
    typed(qtbot, editor.edit, " ")
    with pytest.raises(ValueError, match="Type numbers"):
        editor.value()


def test_a_number_or_one_for_each_channel(qtbot):
    editor = editor_for(CATALOGUE["Rescaling"].field("scale"))
    qtbot.addWidget(editor)
    editor.show_value(1 / 255)
    assert editor.edit.text() == "1/255"
    typed(qtbot, editor.edit, "0.2, 1/4, 0.3")
    assert editor.field.check(editor.value()) == (0.2, 0.25, 0.3)
    editor.show_value((0.2, 0.25, 0.3))
    assert editor.edit.text() == "0.2, 1/4, 0.3"


def test_a_range_has_two_ends(qtbot):
    field = CATALOGUE["RandomRotation"].field("factor")
    editor = editor_for(field)
    qtbot.addWidget(editor)
    editor.show_value((-0.1, 0.1))
    assert (editor.edits[0].text(), editor.edits[1].text()) == ("-0.1", "0.1")
    typed(qtbot, editor.edits[1], "0.25")
    assert field.check(editor.value()) == (-0.1, 0.25)
    typed(qtbot, editor.edits[0], "0.5")
    with pytest.raises(ValueError, match="from the lowest to the highest"):
        field.check(editor.value())


def test_no_list_becomes_one(qtbot):
    editor = editor_for(CATALOGUE["PReLU"].field("shared_axes"))
    qtbot.addWidget(editor)
    editor.show_value(None)
    editor.show()
    qtbot.mouseClick(editor.none, Qt.MouseButton.LeftButton)
    assert editor.field.kind is Kind.WHOLES
    typed(qtbot, editor.inner.edit, "1 2")
    assert editor.field.check(editor.value()) == (1, 2)


def test_what_is_chosen_brings_its_own_settings(qtbot):
    field = CATALOGUE["Conv2D"].field("kernel_initializer")
    editor = editor_for(field)
    qtbot.addWidget(editor)
    editor.show_value("glorot_uniform")
    assert field.check(editor.value()) == "glorot_uniform"
    assert len(editor.inputs) == 1
    made = field.check({"name": "variance_scaling", "scale": 2.0, "mode": "fan_out"})
    editor.show_value(made)
    assert field.check(editor.value()) == made
    scale = editor.findChild(QLineEdit, "setting_kernel_initializer_scale")
    with qtbot.waitSignal(editor.edited):
        typed(qtbot, scale, "1/2")
    assert dict(field.check(editor.value()).arguments) == {"scale": 0.5, "mode": "fan_out"}
    combo = editor.choice.combo
    combo.setCurrentText("random_normal")
    with qtbot.waitSignal(editor.edited):
        combo.activated.emit(combo.currentIndex())
    assert field.check(editor.value()) == "random_normal"


def test_no_constraint_becomes_one_with_its_settings(qtbot):
    field = CATALOGUE["Conv2D"].field("kernel_constraint")
    row = SettingRow(field)
    qtbot.addWidget(row)
    for value in (None, "max_norm"):
        layer = Layer("tested", "Conv2D", {**CATALOGUE["Conv2D"].defaults, field.name: value})
        row.show_layer(layer, other=True)
        assert field.check(row.editor.value()) == value
    limit = row.findChild(QLineEdit, "setting_kernel_constraint_max_value")
    assert limit.text() == "2"
    row.show_layer(Layer("tested", "Conv2D", CATALOGUE["Conv2D"].defaults), other=True)
    with qtbot.waitSignal(row.changed) as sent:
        row.editor.none.click()
    assert sent.args == ["kernel_constraint", "max_norm"]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("0,5", [0.5]),
        ("0,5, 1", [0, 5, 1]),
        ("1 / 4", [0.25]),
        ("0.1 0.2 -3", [0.1, 0.2, -3]),
        ("1; 2;3", [1, 2, 3]),
        ("2*1e-4", [2e-4]),
    ],
)
def test_lists_are_read_as_meant(text, numbers):
    assert numbers_in(text, evaluate) == numbers


def test_whole_numbers_have_no_decimal_comma():
    assert numbers_in("2,1", whole) == [2, 1]


@pytest.mark.parametrize("type_", ["Conv2D", "Conv2DTranspose", "MultiHeadAttention", "RandomZoom"])
def test_the_longest_choice_of_every_setting_fits_the_inspector(design, type_):
    page = design
    _, name = edits.add_layer(page.document.network, type_)
    page.document.edit("", edits.add_layer, type_)
    options = {
        field.name: max(field.options, key=lambda choice, field=field: len(field.options[choice]))
        for field in CATALOGUE[type_].fields
        if field.kind is Kind.OBJECT
    }
    page.document.edit("", edits.set_settings, name, options)
    page.scene.select([name])
    form = page.inspector._form()
    form.more.setChecked(True)
    assert form.minimumSizeHint().width() <= page.inspector.minimumWidth() - 10
