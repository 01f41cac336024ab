"""Colours that can be read, icons that follow the theme, controls large enough to hit."""

import itertools

import pytest
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from cnnstudio.app import paths
from cnnstudio.graph.spec import Category
from cnnstudio.views import icons, theme
from cnnstudio.views.stylesheet import stylesheet
from cnnstudio.views.theme import DARK, LIGHT

GROUNDS = ("window", "panel", "surface", "raised")
INKS = ("text", "secondary", "accent", "error", "warning", "success", "frost")
THEMES = pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda look: look.name)


@pytest.fixture
def themed(qapp):
    """An application with the theme applied, as it was again afterwards."""
    before = theme.choice()
    theme.apply(qapp)
    yield qapp
    theme.choose(before)


def luminance(color):
    """Relative luminance of sRGB, WCAG 2.2."""
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in QColor(color).getRgbF()[:3]
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_wcag_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@THEMES
@pytest.mark.parametrize(("ink", "ground"), list(itertools.product(INKS, GROUNDS)))
def test_text_reaches_four_and_a_half_to_one(look, ink, ground):
    assert contrast(getattr(look, ink), getattr(look, ground)) >= 4.5


@THEMES
def test_text_on_accent_and_on_chosen_rows(look):
    assert contrast(look.on_accent, look.accent) >= 4.5
    for share in (0.14, 0.26):
        assert contrast(look.on_accent, look.tint("text", "accent", share)) >= 4.5
    row = look.tint("accent", "surface", 0.22 if look.dark else 0.14)
    assert contrast(look.text, row) >= 4.5
    assert contrast(look.error, look.tint("error", "surface", 0.12)) >= 4.5


@THEMES
def test_every_family_has_a_colour_of_its_own(look):
    assert set(look.family) == set(Category)
    assert len(set(look.series)) == len(Category)


@THEMES
def test_stylesheet_has_no_hole_and_its_pictures_exist(look):
    sheet = stylesheet(look)
    assert "$" not in sheet
    for part in sheet.split("url(")[1:]:
        assert QImage(part.split(")")[0]).isNull() is False


@pytest.mark.parametrize(
    "file", sorted(paths.resource("icons").glob("*.svg")), ids=lambda f: f.stem
)
def test_icon_is_drawn_in_the_colour_asked_for(themed, file):
    picture = icons.pixmap(file.stem, 32, "#ff0000").toImage()
    colours = {
        QColor(picture.pixel(x, y)).name()
        for x in range(32)
        for y in range(32)
        if picture.pixelColor(x, y).alpha() == 255
    }
    assert "#ff0000" in colours
    assert "currentColor" in file.read_text()


def test_choice_changes_everything_at_once(themed, qtbot):
    button = QPushButton()
    qtbot.addWidget(button)
    theme.choose("dark")
    icons.set_icon(button, "play")
    dark = button.icon().pixmap(16, 16).toImage()
    with qtbot.waitSignal(theme.watcher.theme_changed) as changed:
        theme.choose("light")
    assert changed.args[0] is LIGHT is theme.current()
    assert themed.palette().windowText().color().name() == LIGHT.text
    assert button.icon().pixmap(16, 16).toImage() != dark


def test_controls_are_at_least_28_pixels_high_also_with_focus(themed, qtbot):
    host = QWidget()
    layout = QVBoxLayout(host)
    controls = [QPushButton("x"), QLineEdit(), QComboBox(), QSpinBox(), QCheckBox("x")]
    controls.append(QRadioButton("x"))
    for control in controls:
        layout.addWidget(control)
    qtbot.addWidget(host)
    host.show()
    qtbot.waitExposed(host)
    for control in controls:
        assert control.height() >= theme.HIT, control
        before = control.height()
        control.setFocus()
        assert control.sizeHint().height() <= before + 1, control


def test_text_is_13_and_never_below_11(themed):
    assert theme.font().pixelSize() == 13
    assert min(theme.TEXT_SIZE, theme.SECONDARY_SIZE, theme.SMALLEST_SIZE) >= 11
    assert theme.font().pixelSize() == themed.font().pixelSize()


def test_checked_box_shows_a_tick(themed, qtbot):
    for choice in ("dark", "light"):
        theme.choose(choice)
        box = QCheckBox()
        qtbot.addWidget(box)
        box.setChecked(True)
        box.resize(40, 28)
        picture = box.grab().toImage()
        names = {
            picture.pixelColor(x, y).name()
            for x in range(picture.width())
            for y in range(picture.height())
        }
        assert theme.current().accent in names
        assert theme.current().on_accent in names
