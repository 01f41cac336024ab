"""The augmentation on the Data page: the live grid, the settings, undo."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QPushButton

from cnnstudio.app.document import Document
from cnnstudio.app.settings import Settings
from cnnstudio.app.tasks import TaskRunner
from cnnstudio.app.trainer import Trainer
from cnnstudio.data.augmentation import GROUPS, PRESETS, AugmentationSettings
from cnnstudio.views.context import Context
from cnnstudio.views.data.augmentation_rows import NumberField
from cnnstudio.views.data_page import DataPage
from cnnstudio.views.range_slider import RangeSlider

WAIT = 60_000
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes of pictures that are not symmetrical; one class is large."""
    root = tmp_path_factory.mktemp("augmented") / "pictures"
    rng = np.random.default_rng(0)
    for name, count in (("apple", 40), ("bear", 12), ("cat", 10)):
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number:02}.png")
    return root


@pytest.fixture
def page(qtbot, folder: Path):
    document = Document()
    trainer, tasks, inference = Trainer(), TaskRunner("tasks"), TaskRunner("inference")
    context = Context(document, trainer, tasks, inference, Settings())
    page = DataPage(context)
    page.document, page.context = document, context
    page.augmentation = page.filled.augmentation
    page.resize(1280, 760)
    page.show()
    qtbot.waitExposed(page)
    page.activateWindow()
    page.open_folder(folder)
    qtbot.waitUntil(lambda: document.report is not None, timeout=WAIT)
    page.show_view("augmentation")
    qtbot.waitUntil(page.augmentation.isVisible, timeout=WAIT)
    yield page
    page.close()
    for owner in (tasks, inference, trainer):
        owner.shutdown()
    page.deleteLater()


def settled(page, qtbot):
    """What is shown once nothing more is under way."""
    qtbot.waitUntil(lambda: not page.context.inference.busy, timeout=WAIT)
    return page.augmentation.grid.found


def chosen(page) -> AugmentationSettings:
    return page.document.data.augmentation


def find(page, kind, name):
    widget = page.findChild(kind, name)
    assert widget is not None, name
    return widget


def test_nothing_switched_on_shows_originals_and_a_way_to_begin(page, qtbot):
    found = settled(page, qtbot)
    grid = page.augmentation.grid
    assert len(found.originals) == grid.room()[0]
    assert found.labels[:3] in {("apple", "bear", "cat")} or set(found.labels[:3]) == {
        "apple", "bear", "cat",
    }  # fmt: skip
    assert found.originals[0].shape == (24, 24, 3)
    assert found.variants == ()
    assert grid.message.startswith("Nothing is changed yet")
    find(page, QPushButton, "augmentLight").click()
    assert chosen(page) == PRESETS["light"]
    found = settled(page, qtbot)
    assert grid.message == ""
    assert len(found.variants[0]) == grid.room()[1]
    assert any((variant != found.originals[0]).any() for variant in found.variants[0])
    assert page.augmentation.summary.text().startswith("zoom 95–105 %, rotation ±5°")
    page.document.undo_stack.undo()
    assert chosen(page).used() == ()


def test_every_operation_has_its_controls(page, qtbot):
    names = {name for name, _ in AugmentationSettings().operations()}
    assert set(page.augmentation.panel.rows) == names
    for name, operation in AugmentationSettings().operations():
        box = find(page, QCheckBox, f"augment_{name}")
        assert box.text() == operation.title
        assert operation.help in box.toolTip()
        assert operation.group in GROUPS
        box.click()
        assert getattr(chosen(page), name).enabled
        for number, _ in operation.scales():
            slider = find(page, RangeSlider, f"augment_{name}_{number}")
            assert not slider.isHidden()
            shown = page.augmentation.panel.rows[name].rows[number].slider.values
            value = getattr(operation, number)
            assert len(shown) == (2 if isinstance(value, tuple) else 1)
    settled(page, qtbot)
    assert find(page, QComboBox, "augmentationPreset").currentText() == "Own choice"
    for _ in names:
        page.document.undo_stack.undo()
    assert chosen(page).used() == ()
    assert find(page, QComboBox, "augmentationPreset").currentText() == "None"


def test_the_grid_follows_a_slider_while_it_moves_and_one_undo_takes_it_back(page, qtbot):
    find(page, QCheckBox, "augment_brightness").click()
    first = settled(page, qtbot)
    slider = find(page, RangeSlider, "augment_brightness_range")
    slider.parentWidget().window().grab()  # lays out what was just made
    before = chosen(page)

    def at(value: float) -> QPoint:
        return QPoint(round(slider.place_of(value)), 14)

    QTest.mousePress(slider, LEFT, NONE, at(15))
    QTest.mouseMove(slider, at(60))
    qtbot.waitUntil(lambda: page.augmentation.grid.found is not first, timeout=WAIT)
    moving = settled(page, qtbot)
    # Live, but not yet in the project.
    assert chosen(page) == before
    assert any((a != b).any() for a, b in zip(first.variants[0], moving.variants[0], strict=True))
    QTest.mouseMove(slider, at(90))
    QTest.mouseRelease(slider, LEFT, NONE, at(90))
    low, high = chosen(page).brightness.range
    assert low == -0.15
    assert high == pytest.approx(0.9, abs=0.02)
    settled(page, qtbot)
    page.document.undo_stack.undo()
    assert chosen(page).brightness.range == (-0.15, 0.15)
    assert slider.values == (-15, 15)
    again = settled(page, qtbot)
    # The same settings draw the same pictures.
    for a, b in zip(first.variants[0], again.variants[0], strict=True):
        assert (a == b).all()
    page.document.undo_stack.undo()
    assert chosen(page).used() == ()


def test_numbers_can_be_typed(page, qtbot):
    find(page, QCheckBox, "augment_rotation").click()
    low = find(page, NumberField, "augment_rotation_range_field0")
    assert low.text() == "−15°"
    low.setFocus()
    low.selectAll()
    QTest.keyClicks(low, "-30")
    QTest.keyClick(low, Qt.Key.Key_Return)
    assert chosen(page).rotation.range == (-30, 15)
    assert low.text() == "−30°"
    # Undo means what was chosen, unless something is being typed.
    assert not takes_undo(low)
    low.selectAll()
    QTest.keyClicks(low, "much")
    assert takes_undo(low)
    QTest.keyClick(low, Qt.Key.Key_Return)
    assert low.text() == "−30°"
    # More than the greatest takes that along; more than there is stops at the end.
    low.selectAll()
    QTest.keyClicks(low, "999")
    QTest.keyClick(low, Qt.Key.Key_Return)
    assert chosen(page).rotation.range == (180, 180)
    QTest.keyClick(low, Qt.Key.Key_Down)
    assert chosen(page).rotation.range == (179, 180)
    reset = find(page, QPushButton, "augment_rotation_reset")
    assert reset.isVisible()
    reset.click()
    assert chosen(page).rotation.range == (-15, 15)
    assert not reset.isVisible()
    settled(page, qtbot)


def takes_undo(field) -> bool:
    """Whether Ctrl+Z in a field is about its letters."""
    control = Qt.KeyboardModifier.ControlModifier
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Z, control)
    event.ignore()
    QApplication.sendEvent(field, event)
    return event.isAccepted()


def test_other_pictures_and_other_chances(page, qtbot):
    page._edit("augmentation", PRESETS["strong"])
    first = settled(page, qtbot)
    find(page, QPushButton, "augmentAgain").click()
    again = settled(page, qtbot)
    assert again.names == first.names
    assert any((a != b).any() for a, b in zip(first.variants[0], again.variants[0], strict=True))
    page.augmentation.others_action.trigger()
    others = settled(page, qtbot)
    assert (others.labels, others.names) != (first.labels, first.names)


def test_mixed_pictures_say_their_shares(page, qtbot):
    mixup = {"enabled": True, "probability": 1.0, "range": (0.3, 0.3)}
    page._edit("augmentation", AugmentationSettings(mixup=mixup))
    found = settled(page, qtbot)
    shares = [words for row in found.shares for words in row if words]
    assert shares
    for words in shares:
        assert [round(share, 2) for _, share in words] == [0.7, 0.3]
    assert not page.augmentation.grid.grab().isNull()


def test_grey_pictures_have_no_colours(page, qtbot):
    page._edit("color_mode", "grayscale")
    find(page, QCheckBox, "augment_hue").click()
    settled(page, qtbot)
    assert page.augmentation.panel.rows["hue"].note.isVisible()
    assert page.augmentation.grid.message.startswith("Nothing is changed yet")
    assert page.augmentation.summary.text() == "No augmentation"


def test_uneven_classes_are_told_and_can_be_balanced(page, qtbot):
    button = find(page, QPushButton, "dataBalanceSuggested")
    assert not button.isHidden()
    assert button.text() == "Use “Small classes count more”"
    assert "4 times as many pictures" in page.augmentation.panel.hint.text()
    button.click()
    assert page.document.data.balance == "class_weights"
    assert find(page, QComboBox, "dataBalance").currentText() == "Small classes count more"
    assert button.isHidden()
    page.document.undo_stack.undo()
    assert page.document.data.balance == "none"


def test_pictures_that_cannot_be_trained_on_say_why(page, qtbot):
    names = tuple(
        f"{path.parent.name}/{path.name}" for path in page.document.report.folder.glob("*/*.png")
    )
    page.document.set_data(page.document.data.model_copy(update={"excluded": names}))
    settled(page, qtbot)
    assert "every picture is excluded" in page.augmentation.grid.message


def test_a_hidden_view_works_for_nobody(page, qtbot):
    settled(page, qtbot)
    page.show_view("pictures")
    page._edit("augmentation", PRESETS["strong"])
    assert not page.context.inference.busy
    # Its actions, in the Data menu, bring it back.
    page.augmentation.again_action.trigger()
    assert page.augmentation.isVisible()
    assert settled(page, qtbot).variants


def test_pictures_that_are_gone_are_told(page, qtbot, folder):
    settled(page, qtbot)
    hidden = folder.with_name("elsewhere")
    folder.rename(hidden)
    try:
        page.augmentation.others()
        settled(page, qtbot)
        assert page.augmentation.grid.message.startswith("None of these pictures can be read")
    finally:
        hidden.rename(folder)
