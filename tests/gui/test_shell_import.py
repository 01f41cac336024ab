"""Models from elsewhere in the window: opened, dropped, saved with their weights, written again."""

import json

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from cnnstudio.graph.presets import PRESETS
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.trained import TrainedModel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def lenet(tmp_path_factory):
    file = tmp_path_factory.mktemp("models") / "lenet.keras"
    build_model(PRESETS["lenet5"].build(), seed=8).save(file)
    return file


def trigger(window, name):
    action = window.findChild(QAction, name)
    assert action is not None
    action.trigger()


def choose(window, path, kind=""):
    dialog = window.findChild(QFileDialog)
    if kind:
        (chosen,) = [text for text in dialog.nameFilters() if kind in text]
        dialog.selectNameFilter(chosen)
        dialog.filterSelected.emit(chosen)
    dialog.selectFile(str(path))
    dialog.accept()


def imported(window, qtbot):
    qtbot.waitUntil(
        lambda: any("imported" in text for text in window.notifications.texts), timeout=60_000
    )


def test_a_dropped_model_becomes_an_untitled_project_with_its_weights(
    window, qtbot, lenet, tmp_path
):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(lenet))])
    actions, buttons, keys = Qt.DropAction.CopyAction, LEFT, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(QPoint(5, 5), actions, data, buttons, keys)
    QApplication.sendEvent(window, entered)
    QApplication.sendEvent(window, QDropEvent(QPointF(5, 5), actions, data, buttons, keys))
    imported(window, qtbot)
    document = window.document
    assert document.path is None
    assert document.dirty
    assert document.title == "lenet.cnns"
    assert window.pages["design"].isVisible()
    assert set(document.network.layers) == set(PRESETS["lenet5"].build().layers)
    for name in ("first.cnns", "second.cnns"):
        assert document.save(tmp_path / name)
    weights = tmp_path / "second_weights.h5"
    assert json.loads((tmp_path / "second.cnns").read_text())["weights"] == weights.name
    assert document.project.extra["weights"] == str(weights)
    assert (tmp_path / "first_weights.h5").is_file()
    picture = np.full((1, *PRESETS["lenet5"].input_shape), 80, np.float32)
    one, other = (TrainedModel.load(path) for path in (lenet, tmp_path / "second.cnns"))
    np.testing.assert_allclose(one(picture), other(picture), atol=1e-5)


def test_import_in_the_menu_and_every_export(window, qtbot, lenet, tmp_path):
    trigger(window, "importAction")
    choose(window, lenet)
    imported(window, qtbot)
    for action, kind, name in (
        ("exportModelAction", "TensorFlow Lite", "written.tflite"),
        ("exportModelAction", "Keras models", "written.keras"),
        ("exportPictureAction", "PNG", "written.png"),
        ("exportPictureAction", "SVG", "written.svg"),
    ):
        trigger(window, action)
        choose(window, tmp_path / name.split(".")[0], kind)
        qtbot.waitUntil(
            lambda name=name: any(name in text for text in window.notifications.texts),
            timeout=60_000,
        )
        assert (tmp_path / name).is_file(), window.notifications.texts
        qtbot.waitUntil(lambda: window.findChild(QFileDialog) is None)
    picture = np.full((1, *PRESETS["lenet5"].input_shape), 80, np.float32)
    one, other = (TrainedModel.load(path) for path in (lenet, tmp_path / "written.keras"))
    np.testing.assert_allclose(one(picture), other(picture), atol=1e-5)


def test_a_file_that_is_no_model_is_told_and_changes_nothing(window, qtbot, tmp_path):
    before = window.document.network
    (tmp_path / "words.json").write_text("[1, 2]")
    window.files.open(tmp_path / "words.json")
    qtbot.waitUntil(lambda: bool(window.notifications.texts))
    assert "words.json" in window.notifications.texts[0]
    assert window.document.network is before
