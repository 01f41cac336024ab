"""The parts of the Train and Explore pages that can be asked without a window."""

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QPixmap

from cnnstudio.training import events
from cnnstudio.training.care import Remark
from cnnstudio.training.runs import RunInfo
from cnnstudio.views import theme
from cnnstudio.views.explore.confusion import ConfusionMatrix
from cnnstudio.views.explore.levels import COLOUR_MAPS, colour_table, coloured, make_levels
from cnnstudio.views.explore.work import shares
from cnnstudio.views.maps import MapsView
from cnnstudio.views.train.number_edit import NumberEdit, parse, shortest
from cnnstudio.views.train.plot import Plot
from cnnstudio.views.train.progress import Progress, in_words
from cnnstudio.views.train.run_columns import title_of
from cnnstudio.views.train.save import SaveError, Shown, save_curves
from cnnstudio.views.train.series import History, Series, log_ticks, thinned, ticks

finite = st.floats(-1e6, 1e6)


# -- points of the curves


def test_series_grows_past_its_first_room():
    series = Series()
    for number in range(1000):
        series.append(number / 10, math.sin(number))
    assert len(series) == 1000
    assert series.x[-1] == 99.9
    assert series.y[500] == math.sin(500)
    assert series.nearest(50.04) == (50.0, math.sin(500))
    twin = series.copy()
    series.append(100, 0.0)
    twin.append(100, 7.0)
    assert (series.y[-1], twin.y[-1]) == (0.0, 7.0)


def test_smoothing_of_a_constant_is_the_constant_and_skips_what_is_no_number():
    series = Series()
    for value in (3.0, 3.0, math.nan, 3.0):
        series.append(0, value)
    np.testing.assert_allclose(series.smooth, 3.0)


@given(st.lists(finite, min_size=1, max_size=600), st.integers(1, 40))
def test_thinned_points_keep_extremes_and_ends(values, columns):
    x = np.linspace(0, 5, len(values))
    y = np.array(values)
    thin_x, thin_y = thinned(x, y, 0, 5, columns)
    assert len(thin_x) <= max(len(values), 4 * columns)
    assert thin_y.min() == y.min()
    assert thin_y.max() == y.max()
    assert (thin_x[0], thin_y[0], thin_y[-1]) == (x[0], y[0], y[-1])
    assert (np.diff(thin_x) >= 0).all()


@given(finite, st.floats(1e-6, 1e6), st.integers(1, 12))
def test_ticks_are_few_and_inside(low, span, about):
    high = low + span
    found = ticks(low, high, about)
    assert len(found) <= about + 1
    assert all(low - span * 1e-6 <= value <= high + span * 1e-6 for value in found)
    assert found == sorted(found)


@given(st.floats(1e-8, 1e3), st.floats(1.1, 1e6), st.integers(2, 12))
def test_log_ticks_are_inside_and_few(low, factor, about):
    found = log_ticks(low, low * factor, about)
    assert 1 <= len(found) <= max(about, 2)
    assert all(low * 0.99 <= value <= low * factor * 1.01 for value in found)


def test_epoch_values_are_sorted_into_training_and_validation():
    history = History()
    assert history.empty
    history.add_batch(0.5, {"loss": 2.0})
    history.add_epoch(1, {"loss": 1.0, "val_loss": 1.5, "val_accuracy": 0.5})
    assert history.metrics == ["loss", "accuracy"]
    assert history.get("loss", "validation").y.tolist() == [1.5]
    assert history.last_epoch == 1
    assert ("loss", "validation", 1.0, 1.5) in list(history.rows())
    assert len(list(history.rows())) == 4


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("values", [[], [2.0], [2.0, math.nan, math.inf, 1.0], [0.0, 0.0]])
def test_plot_paints_whatever_comes(qtbot, log, values):
    plot = Plot("loss")
    qtbot.addWidget(plot)
    plot.resize(400, 240)
    plot.log, plot.smooth, plot.at = log, True, 0.5
    for number, value in enumerate(values):
        plot.history.add_batch(number / 10, {"loss": value})
        plot.history.add_epoch(number / 10, {"loss": value, "val_loss": value})
    picture = QPixmap(plot.size())
    plot.render(picture)
    assert set(plot.values_at()) == ({"batch", "training", "validation"} if values else set())
    # With another run laid over it, by step, and a mark where the rate was changed.
    plot.history.steps, plot.by_step = 20, True
    plot.history.mark(0.2, "rate 0.1")
    other = plot.history.copy()
    plot.runs = [("one", plot.history), ("two", other)]
    plot.render(picture)
    lines = {f"{run} {kind}" for run in ("one", "two") for kind in ("training", "validation")}
    assert set(plot.values_at()) == (lines if values else set())


def points_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_curves_of_several_runs_are_saved(tmp_path):
    runs = []
    for name in ("first", "second"):
        history = History()
        history.steps = 5
        history.add_batch(0.5, {"loss": 2.0, "learning_rate": 0.1})
        history.add_epoch(1, {"loss": 1.0, "val_loss": 1.5})
        history.mark(0.5, "rate 0.1")
        runs.append((name, history))
    shown = Shown(runs, ["loss", "learning_rate"], log=True, smooth=True, by_step=True)
    rows = points_of(save_curves(shown, tmp_path / "points.csv", theme.current()))
    assert list(rows[0]) == ["run", "metric", "measured_on", "epoch", "value"]
    assert len(rows) == 8
    assert {row["run"] for row in rows} == {"first", "second"}
    drawing = save_curves(shown, tmp_path / "curves.svg", theme.current()).read_text()
    assert "<svg" in drawing
    with pytest.raises(SaveError, match="are saved as"):
        save_curves(shown, tmp_path / "curves.doc", theme.current())


# -- numbers


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_shown_reads_back(value):
    assert parse(shortest(value)) == pytest.approx(value, rel=1e-11)


def test_numbers_as_people_write_them():
    assert parse("1e-3") == parse(" 0,001 ") == parse(".001") == 0.001
    assert [parse(text) for text in ("", "fast", "nan", "inf", "1 2")] == [None] * 5
    assert (shortest(1e-7), shortest(0.9), shortest(100.0)) == ("1e-7", "0.9", "100")


def test_arrows_step_by_factors_and_shares(qtbot):
    rate, momentum = NumberEdit(), NumberEdit("share")
    qtbot.addWidget(rate)
    qtbot.addWidget(momentum)
    rate.set_value(1e-3)
    seen = []
    for steps in (1, 1, 1, -1, -1, -1, -1):
        rate.stepBy(steps)
        seen.append(rate.value)
    assert seen == [0.002, 0.005, 0.01, 0.005, 0.002, 0.001, 0.0005]
    momentum.set_value(0.0)
    seen = []
    for _ in range(5):
        momentum.stepBy(1)
        seen.append(momentum.value)
    assert seen == [0.5, 0.8, 0.9, 0.95, 0.98]
    momentum.stepBy(-2)
    assert momentum.value == 0.9


# -- progress


def started(**more):
    values = {
        "classes": ("a", "b"),
        "training_images": 640,
        "validation_images": 160,
        "steps_per_epoch": 20,
        "epochs": 4,
        "device": "CPU",
        "loss_name": "loss",
        "time": 1000.0,
    }
    return events.Started(**{**values, **more})


def batch(epoch, step, time, speed=100.0):
    return events.BatchDone(
        epoch=epoch,
        step=step,
        steps=20,
        loss=1.0,
        metrics={},
        means={},
        learning_rate=0.001,
        images_per_second=speed,
        time=time,
    )


def test_progress_counts_epochs_steps_and_time_left():
    progress = Progress()
    assert (progress.epoch_share, progress.run_share, progress.seconds_left) == (0, 0, None)
    progress.add(started())
    progress.add(batch(1, 10, 1005.0))
    assert progress.epoch_share == 0.5
    assert progress.run_share == 0.125
    assert progress.seconds_left == pytest.approx(35)
    # A pause is no training time.
    progress.add(events.Paused(epoch=1, step=10, time=1005.0))
    progress.add(events.Resumed(epoch=1, step=10, seconds=100.0, time=1105.0))
    assert progress.seconds_left == pytest.approx(35)
    progress.add(
        events.EpochDone(
            epoch=1,
            epochs=4,
            loss=1.0,
            metrics={},
            learning_rate=0.001,
            images_per_second=100.0,
            seconds=12.0,
            best=True,
            time=1112.0,
        )
    )
    assert (progress.epoch, progress.run_share) == (2, 0.25)
    assert progress.seconds_left == pytest.approx(36)


def test_progress_of_a_run_that_goes_on_begins_where_it_was():
    progress = Progress()
    progress.add(started(epoch=2, step=10))
    assert (progress.epoch, progress.run_share) == (3, 0.625)
    assert progress.seconds_left is None
    progress.add(batch(3, 20, 1010.0))
    assert progress.seconds_left == pytest.approx(20)


def test_times_in_words():
    assert [in_words(s) for s in (0.2, 59, 61, 200, 600, 3599, 7260)] == [
        "0 s",
        "59 s",
        "1 min 1 s",
        "3 min 20 s",
        "10 min",
        "59 min",
        "2 h 1 min",
    ]
    name = "2026-11-21_14-03-05_small-cnn"
    assert title_of(RunInfo(Path(name), name, "finished")) == "small-cnn"
    assert title_of(RunInfo(Path("x"), "my run", "finished")) == "my run"
    assert title_of(RunInfo(Path(name), name, "finished", remark=Remark("Best yet"))) == "Best yet"


# -- feature maps


def test_levels_fill_the_range_of_each_map_and_dead_maps_are_marked():
    maps = np.zeros((4, 5, 3), np.float32)
    maps[1, 2, 0], maps[..., 1] = 8.0, -2.0
    levels = make_levels(maps)
    assert levels.levels.shape == (3, 4, 5)
    assert levels.levels[0, 1, 2] == 255
    assert levels.dead.tolist() == [False, False, True]
    assert levels.by_activity.tolist() == [1, 0, 2]
    assert "1 dead" in levels.summary()
    assert "dead" in levels.describe(2)
    assert "at row 1, column 2: 8" in levels.describe(0, 1, 2)
    shared = make_levels(maps, shared=True)
    assert (shared.levels[0, 1, 2], shared.levels[1].max(), shared.levels[2].max()) == (255, 0, 51)


def test_units_and_values_that_are_no_numbers():
    units = make_levels(np.array([0.1, 0.9, 0.0], np.float32))
    assert units.units
    assert units.levels.ravel().tolist() == [28, 255, 0]
    broken = make_levels(np.full((2, 2, 1), np.nan, np.float32))
    assert "not a number" in broken.summary()
    assert not broken.levels.any()
    places_and_features = make_levels(np.float32([[0, 1], [2, 4], [1, 0]]))
    assert places_and_features.levels.shape == (1, 3, 2)
    with pytest.raises(ValueError, match="dimensions"):
        make_levels(np.zeros((1, 2, 2, 1), np.float32))


@pytest.mark.parametrize("name", list(COLOUR_MAPS))
def test_colour_maps_run_from_first_to_last_anchor(name):
    table = colour_table(name)
    assert table.shape == (256,)
    assert f"#{table[0] & 0xFFFFFF:06x}" == COLOUR_MAPS[name][0]
    assert f"#{table[-1] & 0xFFFFFF:06x}" == COLOUR_MAPS[name][-1]
    assert coloured(np.array([[[0, 255]]], np.uint8), table).tolist() == [[table[0], table[-1]]]


def test_the_grid_shows_every_map_where_it_says(qtbot):
    view = MapsView()
    qtbot.addWidget(view)
    view.resize(420, 300)
    view.show()
    maps = np.zeros((6, 6, 10), np.float32)
    maps[3:, :, :9] = 1.0
    view.set_maps(maps)
    view.set_colours("Grey")
    picture = view.viewport().grab().toImage()
    for index in range(9):
        place = view._place(index)
        assert view._at(place.center().toPoint())[0] == index
        low = (
            place.center()
            - place.center()
            + place.topLeft()
            + (place.center() - place.topLeft()) / 2
        )
        assert picture.pixelColor(low.toPoint()).lightness() == 0
        high = place.bottomRight() - (place.bottomRight() - place.center()) / 2
        assert picture.pixelColor(high.toPoint()).lightness() == 255
    # Sorted by activity the dead one is last; the order by channel comes back.
    view.set_by_activity(True)
    assert view._at(view._place(9).center().toPoint())[0] == 9
    view.clear()
    assert view.levels is None
    view.viewport().grab()


# -- confusion matrix


def test_shares_of_a_class_without_pictures_are_zero():
    counts = np.array([[3, 1], [0, 0]])
    assert shares(counts).tolist() == [[0.75, 0.25], [0, 0]]


def test_matrix_of_many_classes_is_painted_and_stepped_by_keys(qtbot):
    from PySide6.QtCore import Qt

    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.resize(500, 500)
    matrix.set_matrix(np.eye(300, dtype=int), tuple(f"class {n}" for n in range(300)))
    matrix.grab()
    chosen = []
    matrix.cell_chosen.connect(lambda *cell: chosen.append(cell))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Up):
        qtbot.keyClick(matrix, key)
    assert chosen == [(0, 0), (1, 0), (1, 1), (0, 1)]
    assert matrix.describe(0, 0) == "class 0: 1 of 1 recognised (100.0 %)"
    assert matrix.describe(0, 1) == "class 0: 0 of 1 taken for class 1 (0.0 %)"
