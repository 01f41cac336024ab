"""The slider with two handles: mouse, keys, limits."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from cnnstudio.views.range_slider import RADIUS, RangeSlider

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def slider(qtbot):
    slider = RangeSlider("angle", ("from", "to"), -90, 90, 1)
    qtbot.addWidget(slider)
    slider.resize(180 + 2 * RADIUS, 28)
    slider.show()
    qtbot.waitExposed(slider)
    slider.activateWindow()
    slider.set_values((-10.0, 20.0))
    slider.heard = []
    slider.moved.connect(lambda values: slider.heard.append(("moved", values)))
    slider.settled.connect(lambda values: slider.heard.append(("settled", values)))
    return slider


def at(value: float) -> QPoint:
    """Where a value lies: a pixel for each degree."""
    return QPoint(round(value + 90 + RADIUS), 14)


def drag(slider, start: float, *stops: float) -> None:
    QTest.mousePress(slider, LEFT, NONE, at(start))
    for stop in stops:
        QTest.mouseMove(slider, at(stop))
    QTest.mouseRelease(slider, LEFT, NONE, at(stops[-1]))


def test_dragging_tells_every_place_and_the_last_one_once(slider):
    drag(slider, 20, 25, 31)
    assert slider.values == (-10, 31)
    assert slider.heard == [
        ("moved", (-10, 25)),
        ("moved", (-10, 31)),
        ("settled", (-10, 31)),
    ]


def test_handles_do_not_pass_each_other_or_the_ends(slider):
    drag(slider, -10, 60)
    assert slider.values == (20, 20)
    slider.heard.clear()
    # In one place, the way of the mouse tells which is meant.
    drag(slider, 20, 10, 5)
    assert slider.values == (5, 20)
    slider.set_values((20.0, 20.0))
    drag(slider, 20, 40)
    assert slider.values == (20, 40)
    drag(slider, 40, 500)
    assert slider.values == (20, 90)
    slider.set_values((90.0, 90.0))
    drag(slider, 90, 70)
    assert slider.values == (70, 90)


def test_a_press_beside_takes_the_nearer_handle_there(slider):
    QTest.mouseClick(slider, LEFT, NONE, at(-50))
    assert slider.values == (-50, 20)
    QTest.mouseClick(slider, LEFT, NONE, at(60))
    assert slider.values == (-50, 60)
    # A click on a handle moves nothing.
    slider.heard.clear()
    QTest.mouseClick(slider, LEFT, NONE, at(63))
    assert slider.values == (-50, 60)
    assert slider.heard == []


def test_keys(slider, qtbot):
    low, high = slider.handles
    low.setFocus()
    QTest.keyClick(low, Qt.Key.Key_Right)
    assert slider.values == (-9, 20)
    QTest.keyClick(low, Qt.Key.Key_PageDown)
    assert slider.values == (-19, 20)
    QTest.keyClick(low, Qt.Key.Key_Home)
    assert slider.values == (-90, 20)
    QTest.keyClick(high, Qt.Key.Key_Left)
    assert slider.values == (-90, 19)
    QTest.keyClick(high, Qt.Key.Key_End)
    assert slider.values == (-90, 90)
    assert slider.heard[-1] == ("settled", (-90, 90))
    assert (low.accessibleName(), high.accessibleName()) == ("from", "to")
    assert low.accessibleDescription() == "-90"


def test_one_handle(qtbot):
    slider = RangeSlider("chance", ("chance",), 0, 100, 5)
    qtbot.addWidget(slider)
    slider.resize(100 + 2 * RADIUS, 28)
    slider.show()
    heard = []
    slider.settled.connect(heard.append)
    QTest.mouseClick(slider, LEFT, NONE, QPoint(RADIUS + 52, 14))
    assert heard == [(50,)]
    slider.handles[0].setFocus()
    QTest.keyClick(slider.handles[0], Qt.Key.Key_Up)
    assert slider.values == (55,)


def test_a_value_from_outside_leaves_a_dragged_handle_alone(slider):
    QTest.mousePress(slider, LEFT, NONE, at(20))
    QTest.mouseMove(slider, at(30))
    slider.set_values((0.0, 1.0))
    assert slider.values == (-10, 30)
    QTest.mouseRelease(slider, LEFT, NONE, at(30))
    slider.set_values((0.0, 1.0))
    assert slider.values == (0, 1)
    assert slider.heard[-1] == ("settled", (-10, 30))


@pytest.mark.parametrize(("low", "high"), [(-180, 180), (0, 128), (0.5, 2)])
@pytest.mark.parametrize("fine", [False, True])
def test_places_and_values_agree(qtbot, low, high, fine):
    slider = RangeSlider("fine", ("from", "to"), low, high, 0.1, fine=fine)
    qtbot.addWidget(slider)
    slider.resize(1000 + 2 * RADIUS, 28)
    places = [slider.place_of(low + (high - low) * part / 20) for part in range(21)]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (RADIUS, 1000 + RADIUS)
    if fine and low <= 0:
        middle = slider.place_of(0)
        assert slider.place_of(high / 4) == pytest.approx((middle + places[-1]) / 2)
    slider.set_values((low, low))
    slider.show()
    wanted = low + (high - low) * 0.7
    QTest.mouseClick(slider, LEFT, NONE, QPoint(round(slider.place_of(wanted)), 14))
    assert slider.values[1] == pytest.approx(wanted, abs=(high - low) / 300 + 0.1)
