"""The bar of the Train page under a real mouse: no press is lost, nothing moves from under it."""

from itertools import pairwise

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QPushButton, QScrollArea

from cnnstudio.app.trainer import State
from cnnstudio.data.scan import scan_folder
from cnnstudio.graph.presets import PRESETS
from cnnstudio.views import theme
from cnnstudio.views.train.controls import TrainControls
from cnnstudio.views.train.progress import Progress
from cnnstudio.views.train.words import state_words


@pytest.fixture
def controls(qtbot):
    theme.apply(QApplication.instance())
    bar = TrainControls()
    qtbot.addWidget(bar)
    bar.resize(780, 200)
    bar.show()
    qtbot.waitExposed(bar)
    bar.activateWindow()
    qtbot.waitUntil(bar.isActiveWindow)
    return bar


def write_pictures(folder):
    for label in ("dark", "light"):
        (folder / label).mkdir(parents=True)
        for number in range(6):
            Image.new("RGB", (12, 12), (number, 0, 9)).save(folder / label / f"{number}.png")
    return folder


class Mouse:
    """Presses and lets go as the window system does, so that Qt finds the widget and the focus."""

    def __init__(self, widget):
        self.window = widget.window().windowHandle()
        self.at = widget.mapTo(widget.window(), widget.rect().center())

    def press(self):
        QTest.mousePress(self.window, Qt.MouseButton.LeftButton, pos=self.at)

    def release(self, aside=0):
        QTest.mouseRelease(self.window, Qt.MouseButton.LeftButton, pos=self.at + QPoint(aside, 0))


@pytest.fixture
def starts(controls):
    told = []
    controls.start_clicked.connect(lambda: told.append(1))
    return told


def test_a_press_on_start_counts_though_it_is_blocked_meanwhile(controls, starts):
    mouse = Mouse(controls.start_button)
    mouse.press()
    controls.set_blocked(True)
    assert controls.start_button.isDown()
    controls.set_blocked(False)
    controls.set_blocked(True)
    mouse.release()
    assert starts == [1]
    assert not controls.start_button.isEnabled()


def test_a_press_on_a_blocked_start_counts_once_it_is_let_go(controls, starts):
    controls.set_blocked(True)
    mouse = Mouse(controls.start_button)
    mouse.press()
    controls.set_blocked(False)
    mouse.release()
    assert starts == [1]
    # Not when the mouse has gone elsewhere, and not while a training goes on.
    controls.set_blocked(True)
    mouse.press()
    mouse.release(aside=400)
    controls.set_state(State.RUNNING)
    mouse.press()
    mouse.release()
    assert starts == [1]


def test_a_way_out_can_be_pressed_while_the_words_beside_it_change(controls):
    taken = []
    controls.set_note("Once.", "warning", (("Put right", lambda: taken.append("old")),))
    button = controls.findChild(QPushButton, "wayPutright")
    mouse = Mouse(button)
    mouse.press()
    controls.set_note("Twice.", "warning", (("Put right", lambda: taken.append("new")),))
    mouse.release()
    assert taken == ["new"]
    assert controls.findChild(QPushButton, "wayPutright") is button
    controls.set_note("Three times.", "warning", (("Another", lambda: taken.append("other")),))
    mouse = Mouse(controls.findChild(QPushButton, "wayAnother"))
    mouse.press()
    mouse.release()
    assert taken == ["new", "other"]


def test_the_buttons_and_the_bars_stay_in_their_places(controls):
    controls.set_note("Ready: 3,200 pictures of 10 classes.")
    places = set()
    for state in (
        State.IDLE,
        State.PREPARING,
        State.RUNNING,
        State.PAUSED,
        State.STOPPING,
        State.FINISHED,
    ):
        controls.set_state(state)
        controls.set_note("" if state.active else "It took 3 s.")
        QApplication.processEvents()
        buttons = (controls.start_button, controls.pause_button, controls.stop_button)
        height = controls.sizeHint().height()
        places.add((height, *(button.geometry().getRect() for button in buttons)))
    assert len(places) == 1


def test_the_keyboard_stays_at_the_bar_when_its_button_is_no_more(controls):
    controls.start_button.setFocus()
    controls.set_state(State.PREPARING)
    assert controls.hasFocus()
    controls.set_state(State.RUNNING)
    controls.pause_button.setFocus()
    controls.set_state(State.RUNNING)
    assert controls.pause_button.hasFocus()
    controls.steering.rate_edit.setFocus()
    controls.set_state(State.FINISHED)
    assert controls.hasFocus()


@pytest.mark.qt_log_ignore("grabbing the keyboard", extend=True)
def test_a_start_right_after_the_field_that_stood_in_the_way(window, qtbot, tmp_path):
    """The last thing typed is read when Start is pressed, not only when another field is."""
    write_pictures(tmp_path)
    document, page = window.document, window.pages["train"]
    document.new(PRESETS["small-cnn"].build((12, 12, 3), 2))
    document.set_data(
        document.data.model_copy(update={"folder": str(tmp_path), "image_size": (12, 12)})
    )
    tune = document.training.fine_tune.model_copy(
        update={"enabled": True, "epochs": 1, "unfreeze_from": "gone"}
    )
    document.set_training(document.training.model_copy(update={"fine_tune": tune, "epochs": 1}))
    window.show_page("train")
    qtbot.waitUntil(lambda: "the layer gone" in page.controls.note.text())
    page.form.more_button.setChecked(True)
    row = page.form.rows["fine_tune", "unfreeze_from"]
    page.form.groups["fine_tune"].head.setChecked(True)
    row.editor.setFocus()
    row.editor.selectAll()
    qtbot.keyClicks(row.editor, "conv2d_2")
    # The list of names is gone when one is complete: it would take the click for itself.
    qtbot.waitUntil(lambda: not row.editor.completer().popup().isVisible())
    window.activateWindow()
    qtbot.waitUntil(row.editor.hasFocus)
    mouse = Mouse(page.controls.start_button)
    mouse.press()
    mouse.release()
    assert document.training.fine_tune.unfreeze_from == "conv2d_2"
    assert window.trainer.state is State.PREPARING
    window.trainer.stop()
    qtbot.waitUntil(lambda: not window.trainer.state.active, timeout=90_000)
    # Before the first step, or within it where TensorFlow is loaded already.
    assert page.controls.state_label.text().startswith("Stopped")
    assert page.controls.start_button.text() == "Train again"
    # It is no news of a project that is begun after it.
    document.new()
    assert page.controls.state_label.text() == ""
    assert page.controls.start_button.text() == "Start training"
    assert "Training needs pictures" in page.controls.note.text()


def test_a_training_that_never_began_is_not_called_finished():
    assert state_words(State.FINISHED, Progress(), None) == "Stopped before the first step"


def test_no_setting_is_cut_off_whatever_is_unfolded(window, qtbot):
    window.show_page("train")
    form = window.pages["train"].form
    form.more_button.setChecked(True)
    for group in form.groups.values():
        group.head.setChecked(True)
    schedule = window.document.training.schedule.model_copy(update={"name": "reduce_on_plateau"})
    tune = window.document.training.fine_tune.model_copy(update={"enabled": True})
    window.document.set_training(
        window.document.training.model_copy(update={"schedule": schedule, "fine_tune": tune})
    )
    view = form.findChild(QScrollArea)
    qtbot.waitUntil(view.verticalScrollBar().isVisible)
    inner = view.widget()
    assert inner.minimumSizeHint().width() <= view.viewport().width()
    edges = {
        (row.editor.mapTo(inner, QPoint()).x(), row.editor.width())
        for row in form.rows.values()
        if row.editor.isVisible() and not isinstance(row.editor, QCheckBox)
    }
    assert len(edges) == 1
    named = form.rows["optimizer", "gradient_accumulation_steps"].label
    assert named.text().replace("\u200b", "") == "gradient_accumulation_steps"


def test_in_the_smallest_window_nothing_lies_over_anything_else(window, qtbot):
    window.show_page("train")
    page = window.pages["train"]
    assert page.live_maps.isVisible()
    page.controls.set_state(State.RUNNING)
    page.controls.set_note("")
    window.resize(window.minimumSize())
    qtbot.waitUntil(lambda: not page.live_maps.isVisible())
    QApplication.processEvents()
    controls = page.controls
    row = [controls.start_button, controls.pause_button, controls.stop_button]
    for left, right in pairwise([*row, controls.state_label]):
        assert left.geometry().right() < right.geometry().left()
    for part in (*row, controls.steering, controls.load_label, page.curves):
        assert part.width() >= part.minimumSizeHint().width()
        assert part.height() >= part.minimumSizeHint().height()
    window.resize(1440, 900)
    qtbot.waitUntil(page.live_maps.isVisible)


def test_the_watched_picture_is_one_of_the_data_that_is_trained_on(window, qtbot, tmp_path):
    window.show_page("train")
    document, maps = window.document, window.pages["train"].live_maps
    document.new(PRESETS["small-cnn"].build((12, 12, 3), 2))

    def train_on(folder):
        changes = {"folder": str(folder), "image_size": (12, 12)}
        document.set_data(document.data.model_copy(update=changes))
        document.set_report(scan_folder(folder))
        maps.follow(document.analysis, document.data)
        maps.begin(("dark", "light"))
        return maps.picture_box.path

    one, other = (write_pictures(tmp_path / name) for name in ("one", "other"))
    assert train_on(one).is_relative_to(one)
    assert train_on(other).is_relative_to(other)
    # What a person brought from elsewhere stays.
    brought = one / "dark" / "3.png"
    maps.picture_box.set_path(brought)
    assert train_on(other) == brought
    third = write_pictures(tmp_path / "third")
    assert train_on(third) == brought
    qtbot.waitUntil(lambda: not window.tasks.busy)
