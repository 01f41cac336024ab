"""The small widgets: elided text, bars in cells, flowing buttons, empty pages, messages."""

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTableView, QWidget

from cnnstudio.views import theme
from cnnstudio.views.notifications import MOST, Card, Notifications
from cnnstudio.views.widgets import (
    BAR_ROLE,
    BarDelegate,
    Button,
    ElidedLabel,
    EmptyState,
    FlowLayout,
    Section,
    SteadyLabel,
    set_property,
)


@pytest.fixture(autouse=True)
def themed(qapp):
    theme.apply(qapp)


def shown(qtbot, widget, width, height):
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_elided_label_shows_all_in_its_tip_when_cut(qtbot):
    label = shown(qtbot, ElidedLabel("a very long name of a folder of pictures"), 80, 28)
    assert label.toolTip() == label.text()
    label.resize(800, 28)
    qtbot.waitUntil(lambda: label.toolTip() == "")


class Layouts(QObject):
    """Counts how often a widget is asked to lay out what is in it."""

    def __init__(self, widget):
        super().__init__(widget)
        self.count = 0
        widget.installEventFilter(self)

    def eventFilter(self, _watched, event):
        self.count += event.type() is QEvent.Type.LayoutRequest
        return False


@pytest.mark.parametrize("kind", [ElidedLabel, SteadyLabel, QLabel])
def test_figures_that_change_ask_for_no_layout(qtbot, qapp, kind):
    label, around = kind("Step 1,000 of 2,000"), QWidget()
    QHBoxLayout(around).addWidget(label)
    shown(qtbot, around, 400, 40)
    qapp.processEvents()
    layouts = Layouts(around)
    label.setText("Step 1 of 2,000")
    qapp.processEvents()
    assert label.text() == "Step 1 of 2,000"
    # Qt's own label does, which is why there are others.
    assert bool(layouts.count) == (kind is QLabel)


def test_steady_label_has_room_for_its_widest_text(qtbot, qapp):
    label, around = SteadyLabel("12 images/s"), QWidget()
    QHBoxLayout(around).addWidget(label)
    shown(qtbot, around, 600, 60)
    narrow = label.width()
    label.setText("123,456 images/s")
    qapp.processEvents()
    wide = label.width()
    assert wide > narrow
    assert wide >= label.fontMetrics().horizontalAdvance(label.text())
    label.setText("12 images/s")
    qapp.processEvents()
    assert label.width() == wide
    font = label.font()
    font.setPixelSize(30)
    label.setFont(font)
    label.setText("123,456 images/s")
    qapp.processEvents()
    assert label.width() >= label.fontMetrics().horizontalAdvance(label.text())
    assert label.height() >= label.fontMetrics().height()


def test_empty_state_shows_its_text_whole_and_runs_its_steps(qtbot):
    pressed = []
    text = "Drop a folder of pictures here: one folder for each class. " * 3
    page = EmptyState("folder", "No pictures yet", text, [("Open…", lambda: pressed.append(1))])
    shown(qtbot, page, 900, 600)
    needed = page.text.heightForWidth(page.text.width())
    assert page.text.height() >= needed
    qtbot.mouseClick(page.buttons[0], Qt.MouseButton.LeftButton)
    assert pressed == [1]
    assert page.buttons[0].property("role") == "primary"


def test_bar_is_as_long_as_its_share(qtbot):
    model = QStandardItemModel(2, 1)
    for row, share in enumerate((1.0, 0.25)):
        item = QStandardItem(str(share))
        item.setData(share, BAR_ROLE)
        model.setItem(row, 0, item)
    table = QTableView()
    table.setModel(model)
    table.setItemDelegate(BarDelegate(table, width=80))
    table.setColumnWidth(0, 200)
    shown(qtbot, table, 300, 160)
    picture = table.viewport().grab().toImage()
    accent = theme.current().accent
    lengths = []
    for row in range(2):
        middle = table.rowViewportPosition(row) + table.rowHeight(row) // 2
        lengths.append(
            sum(picture.pixelColor(x, middle).name() == accent for x in range(picture.width()))
        )
    assert 76 <= lengths[0] <= 80
    assert 16 <= lengths[1] <= 20


def test_flow_layout_goes_on_in_the_next_line(qtbot):
    host = QWidget()
    flow = FlowLayout(host)
    buttons = [QPushButton(f"button {number}") for number in range(6)]
    for button in buttons:
        flow.addWidget(button)
    shown(qtbot, host, 2000, 200)
    assert len({button.y() for button in buttons}) == 1
    host.resize(buttons[0].width() * 2 + 20, 300)
    qtbot.waitUntil(lambda: len({button.y() for button in buttons}) == 3)
    assert flow.heightForWidth(host.width()) > flow.heightForWidth(2000)


def test_section_and_property(qtbot):
    section = Section("Optimizer")
    section.body.addWidget(QLabel("x"))
    shown(qtbot, section, 200, 100)
    assert section.heading.text() == "Optimizer"
    label = QLabel("x", section)
    set_property(label, "role", "error")
    label.ensurePolished()
    assert label.palette().windowText().color().name() == theme.current().error


def test_button_has_names(qtbot):
    button = Button("Open folder…", "openButton")
    qtbot.addWidget(button)
    assert (button.objectName(), button.accessibleName()) == ("openButton", "Open folder")


@pytest.fixture
def host(qtbot):
    widget = QWidget()
    widget.messages = Notifications(widget)
    return shown(qtbot, widget, 900, 600)


def test_messages_stack_in_the_corner_newest_last(host):
    for number in range(MOST + 2):
        host.messages.show_message(f"message {number}")
    assert host.messages.texts == [f"message {number}" for number in range(2, MOST + 2)]
    assert host.rect().contains(host.messages.geometry())
    host.messages.clear()
    assert not host.messages.isVisible()


def test_same_message_is_shown_once(host):
    host.messages.show_message("The disk is full.", "error")
    host.messages.show_message("The disk is full.", "error")
    assert host.messages.texts == ["The disk is full."]


def test_long_message_is_not_cut(host, qtbot):
    text = "The picture could not be read because it is damaged, and left out. " * 8
    host.messages.show_message(text, "error")
    (card,) = host.messages.findChildren(Card)
    label = next(label for label in card.findChildren(QLabel) if label.text() == text)
    qtbot.waitUntil(lambda: label.height() >= label.heightForWidth(label.width()))


def test_action_runs_and_closes_the_message(host, qtbot):
    done = []
    host.messages.show_message("Not saved.", "info", ("Restore", lambda: done.append(1)))
    button = host.messages.findChild(QPushButton, "notificationAction")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert done == [1]
    assert host.messages.texts == []


def test_message_can_be_closed(host, qtbot):
    host.messages.show_message("Gone wrong.", "error")
    close = host.messages.findChild(QPushButton, "closeNotification")
    assert close.width() >= theme.HIT
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert host.messages.texts == []
