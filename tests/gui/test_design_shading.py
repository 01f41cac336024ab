"""Shading of the cards by what they cost: levels, legend, near and far, cheap and readable."""

import pytest
from design import chain
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QComboBox, QPushButton, QWidget

from cnnstudio.analysis import analyse
from cnnstudio.graph import edits
from cnnstudio.graph.blocks import make_block
from cnnstudio.graph.folding import fold, shown
from cnnstudio.graph.presets import PRESETS
from cnnstudio.views import theme
from cnnstudio.views.design.paints import SHADES, Paints
from cnnstudio.views.design.shading import WAYS, scale_of

LEFT = Qt.MouseButton.LeftButton


def shades(page):
    return {name: item.shade for name, item in page.scene.layer_items.items()}


def bar(page):
    return page.findChild(QWidget, "shadeBar")


def contrast(a: QColor, b: QColor) -> float:
    """The contrast of two colours as WCAG 2 defines it."""

    def luminance(color: QColor) -> float:
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in (color.redF(), color.greenF(), color.blueF())
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("way", WAYS)
def test_levels_follow_the_shares(way):
    network = PRESETS["vgg16"].build()
    analysis = analyse(network)
    scale = scale_of(analysis, shown(network), way)
    figure = WAYS[way].figure
    amounts = {name: figure(info) for name, info in analysis.layers.items()}
    whole, largest = sum(amounts.values()), max(amounts, key=amounts.get)
    assert scale.levels[largest] == SHADES
    assert scale.bounds[-1] == amounts[largest] / whole
    for name, level in scale.levels.items():
        share = amounts[name] / whole
        assert (level == 0) == (share == 0)
        if level:
            assert share <= scale.bounds[level - 1] * 1.000001
        if level > 1:
            assert share > scale.bounds[level - 2] * 0.999999


def test_a_folded_block_counts_as_the_sum_of_its_layers():
    network = PRESETS["vgg16"].build()
    network, name = make_block(network, ("block1_conv1", "block1_conv2"), "first")
    network = fold(network, name)
    analysis, view = analyse(network), shown(network)
    assert len(view.folded) == 1
    scale = scale_of(analysis, view, "memory")
    assert scale.levels.keys() == set(view.network.layers)
    (card,) = view.folded
    assert scale.levels[card] == SHADES
    sizes = [analysis.layers[name].activation_bytes for name in ("block1_conv1", "block1_conv2")]
    assert scale.bounds[-1] == sum(sizes) / analysis.activation_bytes


def test_nothing_to_shade():
    network = chain("Input", "ReLU")
    scale = scale_of(analyse(network), shown(network), "parameters")
    assert set(scale.levels.values()) == {0}
    assert scale.bounds == ()
    assert scale_of(analyse(network), shown(network), "").way == ""


def test_the_menu_shades_and_ends_it(window, qtbot):
    page = window.pages["design"]
    window.document.new(PRESETS["lenet5"].build())
    window.show_page("train")
    assert window.findChild(QAction, "shadeAction").menu() is not None
    window.findChild(QAction, "shade_parameters_Action").trigger()
    assert page.isVisible()
    assert bar(page).isVisible()
    assert shades(page)["dense_1"] == ("parameters", SHADES)
    assert shades(page)["flatten_1"] == ("parameters", 0)
    assert page.shade_bar.legend.labels[-1] == "78 %"
    choice = page.findChild(QComboBox, "shadeChoice")
    qtbot.keyClick(choice, Qt.Key.Key_Down)
    assert page.scene.scale.way == "multiply_adds"
    assert shades(page)["conv2d_2"] == ("multiply_adds", SHADES)
    qtbot.mouseClick(page.findChild(QPushButton, "shadeOff"), LEFT)
    assert not bar(page).isVisible()
    assert set(shades(page).values()) == {None}


def test_shades_follow_edits_and_undo(design):
    design.document.new(PRESETS["lenet5"].build())
    design.shade_by("parameters")
    before = shades(design)
    design.document.edit("Narrow", edits.set_setting, "dense_1", "units", 1)
    assert shades(design)["dense_1"] != before["dense_1"]
    design.document.edit("Add", edits.insert_after, "conv2d_1", "BatchNormalization")
    assert shades(design)["batch_normalization_1"][1] > 0
    design.document.undo_stack.undo()
    design.document.undo_stack.undo()
    assert shades(design) == before


def test_cards_are_painted_in_their_shade_near_and_far(design):
    design.document.new(PRESETS["lenet5"].build())
    design.shade_by("parameters")
    item = design.scene.layer_items["dense_1"]
    look = Paints(theme.current())
    for zoom, wanted in ((1.0, look.shades), (0.3, look.shades_far)):
        canvas = design.canvas
        canvas._zoom_to(zoom, canvas.viewport().rect().center())
        canvas.centerOn(item.card.center())
        inside = canvas.mapFromScene(item.card.right() - 12, item.card.center().y())
        picture = canvas.viewport().grab().toImage()
        assert picture.pixelColor(inside).rgb() == wanted["parameters", SHADES].color().rgb()
        assert design.shade_bar.legend.far == (zoom < 0.45)
        assert not design.shade_bar.grab().isNull()


@pytest.mark.parametrize("look", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
def test_text_can_be_read_on_every_shade(look):
    for brush in Paints(look).shades.values():
        assert contrast(QColor(look.text), brush.color()) >= 4.5
