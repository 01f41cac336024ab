"""What is watched while a network trains: weights and gradients, what matters, load, the end."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QPushButton, QWidget
from test_train_page import LONG, reach, use, write_pictures

from cnnstudio.app.trainer import State
from cnnstudio.keras_build.spread import histogram
from cnnstudio.training import events
from cnnstudio.training.events import HistogramsReady, LoadRead
from cnnstudio.training.gauging import Measured
from cnnstudio.training.histogram_log import read_histograms
from cnnstudio.training.load import GpuLoad, process_memory
from cnnstudio.views.announcing import LONG as LONG_RUN
from cnnstudio.views.announcing import Announcement, announce
from cnnstudio.views.train.progress import load_explained, load_in_words
from cnnstudio.views.train.spread_plot import SpreadPlot
from cnnstudio.views.train.spreads import MOST, Spreads, Strip


@pytest.fixture
def page(window, tmp_path):
    use(window, write_pictures(tmp_path / "pictures"), epochs=3)
    window.show_page("train")
    return window.pages["train"]


def start(window, page, qtbot):
    qtbot.mouseClick(page.findChild(QPushButton, "startButton"), Qt.MouseButton.LeftButton)
    reach(window, State.RUNNING, qtbot)


def test_weights_and_gradients_live_and_of_a_run_on_disk(window, page, qtbot):
    tab, tabs = page._bottom.weights, page._bottom
    tabs.setCurrentWidget(tab)
    assert "Open while a network trains" in tab._empty.text()
    start(window, page, qtbot)
    reach(window, State.FINISHED, qtbot)
    qtbot.waitUntil(lambda: not window.tasks.busy, timeout=LONG)
    run = window.trainer.run
    kept = read_histograms(run)
    assert len(tab.spreads) == len(kept) > 0
    assert kept[-1].epoch == 3
    assert f"{len(kept)} measurement" in tab.status.text()

    # A row for each array of weights, its figures those of the last measurement.
    model = tab.model
    rows = [[model.index(r, c).data() for c in range(8)] for r in range(model.rowCount())]
    assert [row[:2] for row in rows[:2]] == [["conv2d_1", "kernel"], ["conv2d_1", "bias"]]
    kernel = kept[-1].weights[0]
    assert rows[0][2] == f"{kernel.values.norm:.3g}"
    assert rows[0][3] == f"{kernel.gradient.norm:.3g}"
    assert rows[0][4] == f"{kernel.ratio:.2g}"
    moving = next(row for row in rows if row[1] == "moving_mean")
    assert moving[3:5] == ["–", "–"]

    # Its strips, and those of the row that is clicked.
    assert tab.weights_plot.strip.times == tuple(event.at for event in kept)
    place = model.index(rows.index(moving), 0)
    tab.table.scrollTo(place)
    where = tab.table.visualRect(place).center()
    qtbot.mouseClick(tab.table.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert tab.weights_plot.strip.found[-1].mean != kernel.values.mean
    assert not tab.gradients_plot.strip.found
    assert "no gradient" in tab.gradients_plot.words()

    # Closed, nothing is measured; a run without says what to do.
    tabs.setCurrentIndex(0)
    start(window, page, qtbot)
    reach(window, State.FINISHED, qtbot)
    second = window.trainer.run
    assert read_histograms(second) == ()
    tabs.setCurrentWidget(tab)
    assert not tab._split.isVisible()
    assert "Nothing was measured" in tab._empty.text()

    # The first run's again, from its folder.
    tab._live = (None, Spreads())
    page.show_run(run)
    qtbot.waitUntil(lambda: len(tab.spreads) == len(kept), timeout=LONG)
    assert tab.model.rowCount() == len(rows)


def test_when_it_is_measured_is_a_setting_of_the_project(window, page, qtbot):
    tab = page._bottom.weights
    page._bottom.setCurrentWidget(tab)
    document = window.document
    assert not tab.steps_box.isVisible()
    tab.when_box.setCurrentIndex(1)
    tab.when_box.activated.emit(1)
    assert document.training.histograms.every == 100
    assert tab.steps_box.isVisible()
    tab.steps_box.setValue(2)
    assert document.training.histograms.every == 2
    qtbot.mouseClick(tab.findChild(QCheckBox, "measureAlways"), Qt.MouseButton.LeftButton)
    assert document.training.histograms.enabled
    assert window.trainer._measuring == 2
    page._bottom.setCurrentIndex(0)
    # Wanted also when closed.
    assert window.trainer._measuring == 2
    document.undo_stack.undo()
    assert not document.training.histograms.enabled
    assert window.trainer._measuring is None
    page._bottom.setCurrentWidget(tab)
    assert not tab.always_box.isChecked()


def test_what_matters_in_the_watched_picture_live(window, page, qtbot):
    document = window.document
    document.set_training(document.training.model_copy(update={"epochs": 100_000}))
    maps = page.live_maps
    qtbot.mouseClick(maps.kinds.button("cam"), Qt.MouseButton.LeftButton)
    start(window, page, qtbot)
    cam = maps.cam_view
    qtbot.waitUntil(lambda: cam.seen is not None, timeout=LONG)
    first = cam.seen
    assert first.colours.shape == (12, 12, 4)
    assert first.shares.sum() == pytest.approx(1, abs=1e-4)
    assert first.class_index == first.shares.argmax()
    assert cam.heat.filled
    assert "dark" in cam.ranked.text()
    assert "light" in cam.ranked.text()
    assert "by the maps of" in maps.status.text()
    # It moves on with the training, also for the class that a person chose.
    qtbot.waitUntil(lambda: cam.seen is not first, timeout=LONG)
    other = cam.class_box.findText("light")
    cam.class_box.setCurrentIndex(other)
    cam.class_box.activated.emit(other)
    qtbot.waitUntil(lambda: cam.seen.class_index == 1, timeout=LONG)
    # A layer that Grad-CAM cannot weigh: the last convolution is taken, and said.
    last = maps.layer_box.count() - 1
    maps.layer_box.setCurrentIndex(last)
    maps.layer_box.activated.emit(last)
    qtbot.waitUntil(lambda: "conv2d_2" in maps.status.text(), timeout=LONG)
    # Back to the maps.
    maps.maps.clear()
    maps.layer_box.setCurrentIndex(1)
    qtbot.mouseClick(maps.kinds.button("maps"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: maps.maps.levels is not None, timeout=LONG)

    # Memory of the process beside the figures.
    label = page.findChild(QLabel, "loadLabel")
    qtbot.waitUntil(lambda: label.isVisible() and label.text() != "", timeout=LONG)
    assert label.text().endswith(("GB", "MB")) or "GPU" in label.text()
    assert "main memory" in label.toolTip()
    qtbot.mouseClick(page.findChild(QPushButton, "stopButton"), Qt.MouseButton.LeftButton)
    reach(window, State.FINISHED, qtbot)
    assert not label.isVisible()


def test_memory_is_that_of_this_process():
    before = process_memory()
    kept = np.ones(50_000_000, np.uint8)
    assert process_memory() - before > 40_000_000
    del kept


def test_load_in_words():
    def words(memory, *gpus):
        load = LoadRead(memory=memory, gpus=gpus)
        return load_in_words(load), load_explained(load)

    said, more = words(1_234_000_000)
    assert said == "1.23 GB"
    assert "No GPU trains" in more
    assert words(512_000_000, GpuLoad(4_100_000_000, 80_000_000_000, 0.83))[0] == (
        "512 MB · GPU 83%, 4.1 of 80 GB"
    )
    said, more = words(None, GpuLoad(4_100_000_000), GpuLoad(None, None, 0.5))
    assert said == "GPU 0 4.1 GB · GPU 1 50%"
    said, more = words(None, GpuLoad(4_100_000_000))
    assert "cannot be told" in more


def measured(epoch, values, gradient=None):
    one = Measured("conv", "kernel", histogram(values), gradient and histogram(gradient))
    return HistogramsReady(epoch=epoch, step=4, steps=4, weights=(one,))


def test_strips_over_the_time():
    generator = np.random.default_rng(0)
    spreads = Spreads()
    for epoch in (1, 2, 3):
        spreads.add(measured(epoch, generator.normal(epoch, 0.1, 1000)))
    strip = spreads.strip("conv", "kernel", gradient=False)
    assert strip.times == (1, 2, 3)
    low, high = strip.reach()
    assert 0.5 < low < 1 < 3 < high < 3.5
    dense = strip.densities(low, high, 60)
    assert dense.shape == (60, 3)
    # The highest values are in row 0, so that larger means stand higher.
    places = dense.argmax(axis=0)
    assert places[0] > places[1] > places[2]
    assert (dense.max(axis=0) == 1).all()
    assert [strip.nearest(t) for t in (0.0, 1.0, 1.1, 2.9, 9.0)] == [0, 0, 1, 2, 2]
    assert spreads.strip("conv", "kernel", gradient=True).times == ()
    assert Strip((), ()).reach() == (-1, 1)

    # Epochs trained again take the place of what was there, and few enough are kept.
    spreads.add(measured(2, np.zeros(4)))
    assert spreads.strip("conv", "kernel", gradient=False).times == (1, 2)
    for epoch in range(3, 3 * MOST):
        spreads.add(measured(epoch, np.zeros(4)))
    assert MOST <= len(spreads) <= 2 * MOST
    assert spreads.latest.epoch == 3 * MOST - 1


@pytest.mark.parametrize("values", [np.zeros(9), np.full(3, np.nan), np.array([1.0]), [-1e-30, 0]])
def test_odd_weights_are_painted(qtbot, values):
    plot = SpreadPlot("odd", "Weights")
    qtbot.addWidget(plot)
    plot.resize(320, 160)
    spreads = Spreads([measured(1, np.asarray(values)), measured(2, np.asarray(values))])
    plot.show_strip(spreads.strip("conv", "kernel", gradient=False), "")
    assert not plot.grab().toImage().isNull()
    qtbot.mouseMove(plot, QPoint(100, 80))
    assert "epoch" in plot.words()


def test_the_end_of_a_long_run_is_announced_to_those_who_are_elsewhere(window, qtbot):
    title = window.windowTitle()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    announce(window, "Finished", seconds=LONG_RUN)
    assert window.windowTitle() == title
    elsewhere = QWidget()
    qtbot.addWidget(elsewhere)
    elsewhere.show()
    elsewhere.activateWindow()
    qtbot.waitUntil(lambda: not window.isActiveWindow())
    announce(window, "Finished", seconds=LONG_RUN - 1)
    assert window.windowTitle() == title
    announce(window, "Finished", seconds=LONG_RUN)
    announce(window, "The training broke off", seconds=LONG_RUN)
    assert window.windowTitle() == f"The training broke off — {title}"
    assert len(window.findChildren(Announcement)) == 1
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    assert window.windowTitle() == title
    assert not window.findChildren(Announcement)


def test_a_run_that_ends_while_its_person_is_elsewhere_says_so(window, page, qtbot):
    document = window.document
    document.set_training(document.training.model_copy(update={"epochs": 100_000}))
    document.undo_stack.setClean()
    start(window, page, qtbot)
    # It began long ago.
    page._progress._begun_at -= LONG_RUN
    elsewhere = QWidget()
    qtbot.addWidget(elsewhere)
    elsewhere.show()
    elsewhere.activateWindow()
    qtbot.waitUntil(lambda: not window.isActiveWindow())
    with qtbot.waitSignal(
        window.trainer.events,
        timeout=LONG,
        check_params_cb=lambda new: any(isinstance(e, events.Stopped) for e in new),
    ):
        window.trainer.stop()
    assert window.windowTitle().startswith("Stopped after ")
    QApplication.sendEvent(window, QEvent(QEvent.Type.WindowActivate))
    assert not window.windowTitle().startswith("Stopped")
    reach(window, State.FINISHED, qtbot)
