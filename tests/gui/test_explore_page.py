"""The Explore page driven by mouse and keyboard on a network trained for real."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QLabel,
    QListWidget,
    QPushButton,
    QTabWidget,
)

from cnnstudio.app.trainer import State
from cnnstudio.data.scan import scan_folder
from cnnstudio.graph.presets import PRESETS
from cnnstudio.training.control import Control
from cnnstudio.training.run import train

LONG = 90_000
SIDE = 12


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Two classes in train and test folders; the test pictures are not all easy."""
    folder = tmp_path_factory.mktemp("data") / "pictures"
    generator = np.random.default_rng(0)
    for split, count in (("train", 12), ("test", 7)):
        for label, low in (("dark", 0), ("light", 90)):
            (folder / split / label).mkdir(parents=True)
            for number in range(count):
                pixels = generator.integers(low, low + 140, (SIDE, SIDE, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / split / label / f"{number:02}.png")
    return folder


@pytest.fixture(scope="module")
def trained(pictures, tmp_path_factory) -> Path:
    """A run of one epoch."""
    from cnnstudio.graph.project import Project

    project = Project(
        PRESETS["small-cnn"].build((SIDE, SIDE, 3), 2),
        {"folder": str(pictures), "image_size": [SIDE, SIDE]},
        {"epochs": 1, "batch_size": 4},
    )
    return train(
        project,
        runs_folder=tmp_path_factory.mktemp("runs"),
        on_event=lambda _event: None,
        control=Control(),
    )


@pytest.fixture
def page(window, trained, pictures, qtbot):
    """The page with that run chosen and the data known."""
    window.context.runs_folder.mkdir(parents=True)
    run = window.context.runs_folder / trained.name
    shutil.copytree(trained, run)
    document = window.document
    document.new(PRESETS["small-cnn"].build((SIDE, SIDE, 3), 2))
    document.set_data(
        document.data.model_copy(update={"folder": str(pictures), "image_size": (SIDE, SIDE)})
    )
    document.set_report(scan_folder(pictures))
    document.undo_stack.setClean()
    page = window.pages["explore"]
    page.run = run
    window.show_page("explore")
    qtbot.waitUntil(lambda: page.maps_tab.maps.levels is not None, timeout=LONG)
    return page


def click(widget, qtbot) -> None:
    assert widget.isEnabled()
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def chosen_row(page, name: str) -> int:
    layers = page.findChild(QListWidget, "layerList")
    names = [layers.item(row).text() for row in range(layers.count())]
    return names.index(name)


def test_feature_maps_of_the_run_appear_without_a_click(page, trained, pictures, keras):
    tab = page.maps_tab
    picture = tab.picture_box.path
    assert picture.is_relative_to(pictures / "test")
    model = keras.saving.load_model(trained / "model.keras")
    name = tab.layer
    part = keras.Model(model.inputs[0], model.get_layer(name).output)
    with Image.open(picture) as image:
        pixels = np.asarray(image, np.float32)[None]
    expected = np.asarray(part(pixels))[0].transpose(2, 0, 1)
    np.testing.assert_allclose(tab.maps.levels.values, expected, rtol=1e-4, atol=1e-5)
    assert [name for name, _ in tab.scores.ranked] == sorted(
        ("dark", "light"), key=lambda label: -dict(tab.scores.ranked)[label]
    )


def test_arrow_keys_step_through_the_layers(page, qtbot):
    layers = page.findChild(QListWidget, "layerList")
    row = layers.currentRow()
    before = page.maps_tab.maps.levels
    qtbot.keyClick(layers, Qt.Key.Key_Down)
    assert layers.currentRow() == row + 1
    qtbot.waitUntil(lambda: page.maps_tab.maps.levels is not before, timeout=LONG)
    layers.setCurrentRow(layers.count() - 1)
    qtbot.waitUntil(lambda: page.maps_tab.maps.levels.units, timeout=LONG)
    assert page.maps_tab.maps.levels.values.shape == (2, 1, 1)


def test_a_dropped_picture_is_explained(page, qtbot, tmp_path):
    path = tmp_path / "black.png"
    Image.new("RGB", (30, 20), "black").save(path)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    before = page.maps_tab.maps.levels
    box = page.maps_tab.picture_box
    drop = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    box.dropEvent(drop)
    qtbot.waitUntil(lambda: page.maps_tab.maps.levels is not before, timeout=LONG)
    assert page.maps_tab.picture_box.path == path
    # A black picture excites no filter with a bias of 0 after scaling: constant maps, still drawn.
    assert np.isfinite(page.maps_tab.maps.levels.values).all()


def test_a_broken_picture_says_so_and_the_next_works(page, qtbot, tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"no picture at all")
    page.explain(path)
    qtbot.waitUntil(lambda: "broken.png" in page.maps_tab.maps.empty_text, timeout=LONG)
    click(page.maps_tab.findChild(QPushButton, "nextPictureButton"), qtbot)
    qtbot.waitUntil(lambda: page.maps_tab.maps.levels is not None, timeout=LONG)


def test_hover_and_zoom_of_the_grid(page, qtbot):
    maps = page.maps_tab.maps
    place = maps._place(3).center().toPoint()
    qtbot.mouseMove(maps.viewport(), place)
    qtbot.mouseClick(maps.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert maps.current == 3
    assert page.findChild(QLabel, "featureMapsStatus").text().startswith("map 3 ")
    width = maps._place(0).width()
    click(page.maps_tab.findChild(QPushButton, "zoomInMaps"), qtbot)
    assert maps._place(0).width() > width
    qtbot.keyClick(maps, Qt.Key.Key_0)
    assert maps._place(0).width() == width
    qtbot.keyClick(maps, Qt.Key.Key_Right)
    assert maps.current == 4
    click_box = page.findChild(QCheckBox, "sameScale")
    qtbot.mouseClick(click_box, Qt.MouseButton.LeftButton, pos=QPoint(8, click_box.height() // 2))
    assert maps.levels.shared
    assert maps.levels.levels.min() == 0
    assert maps.levels.levels.max() == 255


def test_pointing_at_a_map_outlines_what_that_place_sees(page, qtbot):
    tab = page.maps_tab
    maps, view = tab.maps, tab.picture_box.view
    qtbot.waitUntil(lambda: view.picture_size is not None, timeout=LONG)
    layers = page.findChild(QListWidget, "layerList")
    layers.setCurrentRow(chosen_row(page, "conv2d_1"))
    qtbot.waitUntil(lambda: tab._sees is not None and tab._sees.layer == "conv2d_1", timeout=LONG)
    qtbot.waitUntil(lambda: maps.levels.values.shape[1:] == (SIDE, SIDE), timeout=LONG)
    place = maps._place(0)
    corner = QPoint(int(place.left()) + 1, int(place.top()) + 1)
    qtbot.mouseMove(maps.viewport(), place.center().toPoint())
    qtbot.mouseMove(maps.viewport(), corner)
    # A window of 3 × 3 whose first row and column are padding.
    assert "Sees 2 × 2 pixels, rows 0–1, columns 0–1 of 12 × 12" in tab.field_words.text()
    assert view.outlined == pytest.approx((0, 0, 2 / SIDE, 2 / SIDE))
    qtbot.mouseMove(page.findChild(QListWidget, "layerList"), QPoint(5, 5))
    maps._left()
    assert view.outlined is None
    layers.setCurrentRow(layers.count() - 1)
    qtbot.waitUntil(lambda: "whole picture" in tab.field_words.text(), timeout=LONG)


def test_filters_and_how_weights_and_answers_are_spread(page, trained, keras, qtbot):
    tab = page.maps_tab
    layers = page.findChild(QListWidget, "layerList")
    layers.setCurrentRow(chosen_row(page, "conv2d_1"))
    qtbot.waitUntil(lambda: tab.title.text() == "conv2d_1", timeout=LONG)
    model = keras.saving.load_model(trained / "model.keras")
    kernel = np.asarray(model.get_layer("conv2d_1").kernel)
    assert tab.spread.shown.count == kernel.size
    assert tab.spread.shown.mean == pytest.approx(kernel.mean(), rel=1e-3)
    assert tab.answers.shown.count == tab.maps.levels.values.size
    click(tab.shown.button("filters"), qtbot)
    # The first layer sees colours: its filters are shown in theirs.
    assert tab.maps.levels.pixels.shape == (kernel.shape[3], 3, 3)
    assert tab.channel.isHidden()
    assert f"{kernel.shape[3]} filters" in page.findChild(QLabel, "featureMapsStatus").text()
    layers.setCurrentRow(chosen_row(page, "conv2d_2"))
    qtbot.waitUntil(lambda: tab.title.text() == "conv2d_2", timeout=LONG)
    kernel = np.asarray(model.get_layer("conv2d_2").kernel)
    tab.channel.setValue(2)
    np.testing.assert_allclose(tab.maps.levels.values, kernel[:, :, 2].transpose(2, 0, 1))
    box = tab.same_scale
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert tab.maps.levels.shared
    assert tab.maps.levels.kind == "filter"
    layers.setCurrentRow(chosen_row(page, "relu_1"))
    qtbot.waitUntil(lambda: "Only convolutions" in tab.maps.empty_text, timeout=LONG)
    assert tab.spread.shown is None
    click(tab.shown.button("maps"), qtbot)
    assert tab.maps.levels.shared
    assert tab.maps.levels.kind == "map"


def test_confusion_matrix_counts_every_picture_and_opens_cells(window, page, qtbot):
    tab = page.evaluation_tab
    page.findChild(QTabWidget, "exploreTabs").setCurrentWidget(tab)
    click(tab.findChild(QPushButton, "evaluateButton"), qtbot)
    assert not tab.start_button.isEnabled()
    qtbot.waitUntil(lambda: tab.evaluation is not None, timeout=LONG)
    counts = tab.matrix.counts
    assert counts.shape == (2, 2)
    assert counts.sum() == 14
    assert counts.sum(axis=1).tolist() == [7, 7]
    assert f"{np.trace(counts) / 14:.4f}" in tab.words.text()
    assert tab.table.model().rowCount() == 2

    truth, predicted = map(int, np.unravel_index(counts.argmax(), counts.shape))
    centre = tab.matrix.cell_rect(truth, predicted).center().toPoint()
    qtbot.mouseMove(tab.matrix, centre)
    qtbot.mouseClick(tab.matrix, Qt.MouseButton.LeftButton, pos=centre)
    records = tab.cell_model.pictures
    assert len(records) == counts[truth, predicted]
    sure = [record.confidence for record in records]
    assert sure == sorted(sure, reverse=True)
    assert {record.path.parent.name for record in records} == {tab.matrix.classes[truth]}
    assert "surest first" in tab.cell_title.text()
    qtbot.waitUntil(lambda: len(tab.thumbnails) > 0, timeout=LONG)
    # Opening one of them explains it.
    tab.grid.opened.emit(records[0].path)
    assert page.findChild(QTabWidget, "exploreTabs").currentWidget() is page.maps_tab
    assert page.maps_tab.picture_box.path == records[0].path


def test_other_pictures_and_what_cannot_be_measured(window, page, qtbot, tmp_path):
    tab = page.evaluation_tab
    box = tab.findChild(QComboBox, "evaluatedPart")
    page.findChild(QTabWidget, "exploreTabs").setCurrentWidget(tab)
    box.setCurrentIndex(box.findData("val"))
    click(tab.start_button, qtbot)
    qtbot.waitUntil(lambda: tab.evaluation is not None, timeout=LONG)
    # One fifth of twelve pictures of each class is kept for validation.
    assert tab.evaluation.images == 4
    (tmp_path / "empty").mkdir()
    tab.measure(tmp_path / "empty")
    qtbot.waitUntil(lambda: tab.words.property("role") == "error", timeout=LONG)
    assert "empty" in tab.words.text()
    assert tab.start_button.isEnabled()
    # What was measured before is still there.
    assert tab.matrix.counts.sum() == 4


def test_evaluate_from_the_table_of_runs(window, page, qtbot):
    window.show_page("train")
    window.context.evaluate(page.run)
    assert page.isVisible()
    tab = page.evaluation_tab
    qtbot.waitUntil(lambda: tab.evaluation is not None, timeout=LONG)
    assert tab.evaluation.images == 14


def test_exploring_goes_on_while_a_training_runs(window, page, qtbot):
    document = window.document
    settings = document.training.model_copy(update={"epochs": 100_000, "batch_size": 4})
    document.set_training(settings)
    assert not page.findChild(QPushButton, "exploreLiveButton").isEnabled()
    window.pages["train"].start()
    qtbot.waitUntil(lambda: window.trainer.state is State.RUNNING, timeout=LONG)
    # A finished run, measured beside it.
    tab = page.evaluation_tab
    tab.start()
    qtbot.waitUntil(lambda: tab.evaluation is not None, timeout=LONG)
    assert window.trainer.state is State.RUNNING
    # The network that is training, as it learns.
    live = page.findChild(QPushButton, "exploreLiveButton")
    click(live, qtbot)
    status = page.findChild(QLabel, "featureMapsStatus")
    qtbot.waitUntil(lambda: status.text().startswith("Epoch "), timeout=LONG)
    first, maps = status.text(), page.maps_tab.maps.levels.values.copy()
    qtbot.waitUntil(lambda: status.text() != first, timeout=LONG)
    qtbot.waitUntil(lambda: bool((page.maps_tab.maps.levels.values != maps).any()), timeout=LONG)
    # What matters to it: of the likeliest class, then of another.
    page.tabs.setCurrentWidget(page.mattered_tab)
    mattered = page.mattered_tab
    cards = mattered.cards
    qtbot.waitUntil(lambda: cards["grad-cam"].view.filled, timeout=LONG)
    assert not cards["occlusion"].isVisible()
    qtbot.waitUntil(lambda: "Epoch " in mattered.title.text(), timeout=LONG)
    heat = cards["grad-cam"].view.heat
    qtbot.waitUntil(lambda: bool((cards["grad-cam"].view.heat != heat).any()), timeout=LONG)
    mattered.classes.setCurrentRow(2)
    named = mattered.classes.item(2).text()
    qtbot.waitUntil(
        lambda: mattered.title.text().startswith(f"What speaks for {named}   Epoch"), timeout=LONG
    )
    window.trainer.stop()
    qtbot.waitUntil(lambda: not window.trainer.state.active, timeout=LONG)
    assert not live.isChecked()
    # The saved network again, by all four methods.
    qtbot.waitUntil(lambda: cards["occlusion"].view.filled, timeout=LONG)
    assert mattered.title.text().startswith("What speaks for ")
    assert "Epoch" not in mattered.title.text()


def test_without_a_network_the_page_says_what_to_do(window, qtbot):
    window.show_page("explore")
    page = window.pages["explore"]
    qtbot.waitUntil(lambda: page.chooser.listed, timeout=LONG)
    assert "Train a network first" in page.maps_tab.maps.empty_text
    assert not page.evaluation_tab.start_button.isEnabled()
    assert "Train a network first" in page.evaluation_tab.words.text()


def test_filters_and_weights_need_no_picture(window, trained, keras, qtbot):
    window.settings.runs_folder = trained.parent
    window.show_page("explore")
    page = window.pages["explore"]
    tab = page.maps_tab
    qtbot.waitUntil(lambda: tab.spread.shown is not None, timeout=LONG)
    assert tab.picture_box.path is None
    assert "Drop a picture" in tab.maps.empty_text
    click(next(each for each in tab.findChildren(QPushButton) if each.text() == "Filters"), qtbot)
    kernel = keras.models.load_model(trained / "model.keras").get_layer("conv2d_1").kernel
    assert tab.spread.shown.count == kernel.shape.num_elements()
    assert tab.maps.levels.kind == "filter"
    click(next(each for each in tab.findChildren(QPushButton) if each.text() == "Maps"), qtbot)
    assert tab.maps.levels is None
    assert "Drop a picture" in tab.maps.empty_text


def test_what_mattered_is_shown_by_every_method(page, trained, qtbot):
    from cnnstudio.evaluation.attribution import Attributor
    from cnnstudio.evaluation.predict import Classifier
    from cnnstudio.keras_build.trained import TrainedModel
    from cnnstudio.views.explore.heat import overlay

    tab = page.mattered_tab
    page.tabs.setCurrentWidget(tab)
    assert tab.picture_box.path == page.maps_tab.picture_box.path  # one picture for both tabs
    qtbot.waitUntil(lambda: all(card.view.filled for card in tab.cards.values()), timeout=LONG)
    classes = tab.findChild(QListWidget, "matteredClasses")
    assert classes.item(0).text() == page.maps_tab.scores.ranked[0][0]
    assert tab.title.text() == f"What speaks for {classes.item(0).text()}"

    # Another class, and another layer for Grad-CAM.
    before = tab.cards["grad-cam"].view.grab().toImage()
    classes.setFocus()
    qtbot.keyClick(classes, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: tab.title.text().endswith(classes.item(1).text()), timeout=LONG)
    qtbot.waitUntil(lambda: not tab.stop_button.isEnabled(), timeout=LONG)
    assert tab.cards["grad-cam"].view.grab().toImage() != before
    layers = tab.findChild(QComboBox, "camLayer")
    assert layers.currentText() == "conv2d_2"
    layers.setCurrentText("conv2d_1")
    layers.activated.emit(layers.currentIndex())
    qtbot.waitUntil(lambda: not tab.stop_button.isEnabled(), timeout=LONG)
    classifier = Classifier(TrainedModel.load(trained))
    with Image.open(tab.picture_box.path) as image:
        pixels = np.asarray(image)
    index = classifier.trained.classes.index(classes.item(1).text())
    wanted = overlay(Attributor(classifier).grad_cam(pixels, index, "conv2d_1").heat)
    shown = tab.cards["grad-cam"].view.heat
    np.testing.assert_allclose(shown.astype(int), wanted.astype(int), atol=2)

    # A double click makes one large, another shows all again.
    card = tab.cards["occlusion"]
    qtbot.mouseDClick(card.view, Qt.MouseButton.LeftButton)
    assert [each for each in tab.cards.values() if each.isVisible()] == [card]
    qtbot.mouseDClick(card.view, Qt.MouseButton.LeftButton)
    assert all(each.isVisible() for each in tab.cards.values())


def test_a_broken_picture_is_said_and_another_is_explained(page, qtbot, tmp_path, window):
    tab = page.mattered_tab
    page.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: all(card.view.filled for card in tab.cards.values()), timeout=LONG)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with qtbot.waitSignal(window.context.notified, timeout=LONG) as notified:
        tab.picture_box.set_path(broken)
    assert "broken.png" in notified.args[0]
    qtbot.waitUntil(lambda: tab.empty.isVisible(), timeout=LONG)
    click(tab.empty.buttons[0], qtbot)
    qtbot.waitUntil(lambda: all(card.view.filled for card in tab.cards.values()), timeout=LONG)


def test_units_show_what_they_look_for(page, trained, qtbot):
    from cnnstudio.evaluation.predict import Classifier
    from cnnstudio.evaluation.units import most_exciting
    from cnnstudio.keras_build.trained import TrainedModel

    tab = page.units_tab
    page.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: tab.stop_button.isEnabled(), timeout=LONG)
    qtbot.waitUntil(lambda: not tab.stop_button.isEnabled(), timeout=LONG)
    assert tab.layers.layer == "conv2d_1"
    assert tab.status.text() == "units 0 to 23 of 32"
    made = [tab.tiles.item(row).icon().pixmap(40, 40).toImage() for row in range(24)]
    assert any(image != made[0] for image in made[1:])
    assert "→" in tab.tiles.item(5).toolTip()

    # The pictures of the data that excite a unit most.
    tab.tiles.setCurrentRow(5)
    paths = [picture.path for picture in page._context.document.report.pictures]
    paths = [path for path in paths if "test" in path.parts]
    classifier = Classifier(TrainedModel.load(trained))
    wanted = most_exciting(classifier, "conv2d_1", [5], paths, most=12)[5]
    shown = tab.best_model.pictures
    assert [each.strength for each in shown] == pytest.approx(
        [each.strength for each in wanted], rel=1e-4
    )
    assert "Unit 5" in tab.best_title.text()

    # Later units, another layer, stop.
    click(tab.later, qtbot)
    assert tab.status.text() == "units 24 to 31 of 32"
    assert not tab.later.isEnabled()
    click(tab.stop_button, qtbot)
    assert "stopped" in tab.status.text()
    tab.layers.setCurrentRow(tab.layers.count() - 1)
    assert tab.tiles.count() == 2  # one for each class
    qtbot.waitUntil(lambda: not tab.stop_button.isEnabled(), timeout=LONG)
    # A double click explains a picture.
    with qtbot.waitSignal(tab.explained):
        tab.best_grid.opened.emit(tab.best_model.pictures[0].path)
    assert page.tabs.currentWidget() is page.maps_tab


def test_pictures_as_points_hover_and_lasso(page, pictures, qtbot):
    tab = page.points_tab
    page.tabs.setCurrentWidget(tab)
    qtbot.waitUntil(lambda: tab.start_button.isEnabled(), timeout=LONG)
    click(tab.empty.buttons[0], qtbot)
    qtbot.waitUntil(lambda: tab.cloud is not None, timeout=LONG)
    assert len(tab.cloud.points) == 14
    assert {point.truth for point in tab.cloud.points} == {"dark", "light"}
    assert [tab.legend.item(row).text() for row in range(2)] == ["dark", "light"]

    # The mouse over a point shows its picture.
    first = tab.scatter.places()[3]
    qtbot.mouseMove(tab.scatter, QPoint(round(first[0]), round(first[1])))
    near = np.hypot(*(tab.scatter.places() - np.rint(first)).T).argmin()
    point = tab.cloud.points[int(near)]
    qtbot.waitUntil(lambda: not tab.picture.empty, timeout=LONG)
    assert point.path.name in tab.about.text()
    assert point.truth in tab.about.text()

    # A lasso round everything lists everything, one round a corner nothing.
    left, corners = Qt.MouseButton.LeftButton, tab.scatter.rect().adjusted(2, 2, -2, -2)
    round_all = (corners.topLeft(), corners.topRight(), corners.bottomRight(), corners.bottomLeft())
    qtbot.mousePress(tab.scatter, left, pos=round_all[0])
    for corner in round_all[1:]:
        qtbot.mouseMove(tab.scatter, corner)
    qtbot.mouseRelease(tab.scatter, left, pos=round_all[-1])
    assert {each.path for each in tab.list_model.pictures} == {
        point.path for point in tab.cloud.points
    }
    assert tab.list_title.text() == "14 pictures in the lasso"
    # They can be corrected from here, and looked into.
    tab.grid.setCurrentIndex(tab.list_model.index(2))
    menu = tab.picture_menu.menu(tab.grid.selected_paths())
    entries = {action.text().split("\t")[0]: action for action in menu.actions()}
    assert {"Feature maps", "Show in file manager", "Set aside"} <= set(entries)
    entries["What mattered"].trigger()
    assert page.tabs.currentWidget() is page.mattered_tab
    assert page.mattered_tab.picture_box.path == tab.list_model.pictures[2].path
    page.tabs.setCurrentWidget(tab)
    qtbot.keyClick(tab.scatter, Qt.Key.Key_Escape)
    assert not tab.list_model.pictures

    # t-SNE of the same pictures, coloured by right and wrong.
    before = tab.cloud.xy
    tab.method_box.setCurrentIndex(1)
    click(tab.start_button, qtbot)
    qtbot.waitUntil(lambda: tab._task is None, timeout=LONG)
    assert not np.allclose(tab.cloud.xy, before)
    tab.colour_box.setCurrentIndex(2)
    assert [tab.legend.item(row).text() for row in range(tab.legend.count())] == ["right", "wrong"]


def test_two_networks_are_compared_on_the_same_pictures(page, keras, qtbot, window):
    tab = page.evaluation_tab
    page.tabs.setCurrentWidget(tab)
    assert not tab.compare_button.isEnabled()
    click(tab.start_button, qtbot)
    qtbot.waitUntil(lambda: tab.evaluation is not None, timeout=LONG)
    # Another run, whose network takes each class for the other.
    other = page.run.with_name("2020-01-01_contrary")
    shutil.copytree(page.run, other)
    model = keras.saving.load_model(other / "model.keras")
    last = model.layers[-1]
    last.set_weights([-weight for weight in last.get_weights()])
    model.save(other / "model.keras")
    page.chooser.refresh()
    qtbot.waitUntil(lambda: len(page.chooser.choices) == 2, timeout=LONG)
    assert tab.compare_button.isEnabled()
    menu = tab.others_menu()
    entry = next(action for action in menu.actions() if "contrary" in action.text())
    assert not any(action.text().startswith(page.run.name) for action in menu.actions())
    entry.trigger()
    menu.deleteLater()
    qtbot.waitUntil(lambda: tab.comparison.comparison is not None, timeout=LONG)
    found = tab.comparison.comparison
    right = round(tab.evaluation.accuracy * 14)
    assert (len(found.first), len(found.second)) == (right, 14 - right)
    assert found.agreement == 0
    assert "14 pictures" in tab.comparison.title.text()
    assert "McNemar" in tab.comparison.words.text()
    cell, pairs = ("first", found.first) if found.first else ("second", found.second)
    click(tab.comparison.cells[cell], qtbot)
    assert list(tab.cell_model.pictures) == list(pairs)
    assert tab.cell_title.text().startswith("Only ")
    # What was compared goes with the evaluation it belongs to.
    tab.evaluation = None
    click(tab.start_button, qtbot)
    qtbot.waitUntil(lambda: tab.evaluation is not None, timeout=LONG)
    assert tab.view_box.findText("Comparison") < 0


def test_curves_examples_and_export_of_an_evaluation(page, qtbot, tmp_path, window):
    tab = page.evaluation_tab
    page.tabs.setCurrentWidget(tab)
    click(tab.start_button, qtbot)
    qtbot.waitUntil(lambda: tab.evaluation is not None, timeout=LONG)
    found = tab.evaluation
    views = tab.findChild(QComboBox, "evaluationView")
    for kind in ("ROC", "Precision and recall"):
        views.setCurrentText(kind)
        views.textActivated.emit(kind)
        assert len(tab.curves.square.lines) == 2
        tab.table.sortByColumn(0, Qt.SortOrder.DescendingOrder)  # the first row is now "light"
        tab.table.selectRow(1)
        tab.table.selectRow(0)
        assert [line.strong for line in tab.curves.square.lines] == [False, True]
        curve = found.roc(1) if kind == "ROC" else found.precision_recall(1)
        assert f"{curve.area:.4f}" in tab.curves.words.text()
    views.setCurrentText("Calibration")
    views.textActivated.emit("Calibration")
    assert f"{found.calibration().error:.4f}" in tab.curves.words.text()
    assert len(tab.curves.square.bars) == 10

    lists = tab.findChild(QComboBox, "evaluationList")
    wrong = [record for record in found.records if not record.correct]
    lists.setCurrentText("Surest mistakes")
    lists.textActivated.emit("Surest mistakes")
    assert [each.path for each in tab.cell_model.pictures] == [
        record.path for record in sorted(wrong, key=lambda record: -record.confidence)
    ]
    lists.textActivated.emit("Least sure")
    shares = [each.confidence for each in tab.cell_model.pictures]
    assert shares == sorted(shares)
    assert len(shares) == found.images

    # A picture is set aside from here, and what mattered in it is shown.
    path = tab.cell_model.pictures[0].path
    tab.grid.setCurrentIndex(tab.cell_model.index(0))
    menu = tab.picture_menu.menu(tab.grid.selected_paths())
    aside = next(action for action in menu.actions() if "aside" in action.text())
    aside.trigger()
    assert any(path.as_posix().endswith(key) for key in window.document.data.excluded)
    # It says so where the picture is, until it is undone; the keys do the same.
    assert tab.cell_model.data(tab.cell_model.index(0)).startswith("set aside")
    assert "counts from the next training on. Ctrl+Z" in window.notifications.texts[-1]
    window.document.undo_stack.undo()
    assert not window.document.data.excluded
    assert not tab.cell_model.data(tab.cell_model.index(0)).startswith("set aside")
    qtbot.keyClick(tab.grid, Qt.Key.Key_Delete)
    assert len(window.document.data.excluded) == 1
    qtbot.keyClick(tab.grid, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    dialog = window.findChild(QDialog, "classDialog")
    assert path.name in "".join(label.text() for label in dialog.findChildren(QLabel))
    dialog.reject()
    next(action for action in menu.actions() if action.text() == "What mattered").trigger()
    menu.deleteLater()
    assert page.tabs.currentWidget() is page.mattered_tab
    assert page.mattered_tab.picture_box.path == path

    for name in ("report.html", "report.csv", "report.png"):
        page.tabs.setCurrentWidget(tab)
        click(tab.export_button, qtbot)
        dialog = window.findChild(QFileDialog, "fileDialog")
        with qtbot.waitSignal(window.context.notified, timeout=LONG):
            dialog.fileSelected.emit(str(tmp_path / name))
        dialog.close()
        qtbot.waitUntil(lambda: window.findChild(QFileDialog, "fileDialog") is None, timeout=LONG)
        assert (tmp_path / name).stat().st_size > 500
