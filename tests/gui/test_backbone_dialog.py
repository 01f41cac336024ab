"""Network > Add pretrained backbone: into a network, as a new project, and what goes wrong."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QAction

from cnnstudio.keras_build.weights import read_weights
from cnnstudio.views.backbone import APART, FILE, IMAGENET, NONE, UP_TO, BackboneDialog


@pytest.fixture(scope="module")
def weights(keras, tmp_path_factory):
    file = tmp_path_factory.mktemp("weights") / "mobile.weights.h5"
    keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    ).save_weights(file)
    return file


@pytest.fixture
def dialog(window):
    action = window.findChild(QAction, "addBackboneAction")
    assert action is not None
    action.trigger()
    (found,) = window.findChildren(BackboneDialog)
    assert found.application.currentText() == "MobileNetV2"
    assert (found.height_.value(), found.width_.value()) == (224, 224)
    assert found.height_.minimum() == 32
    found.height_.setValue(32)
    found.width_.setValue(32)
    return found


def added(window, qtbot):
    qtbot.waitUntil(
        lambda: any("added" in text for text in window.notifications.texts), timeout=60_000
    )


def test_into_the_network_with_weights_and_back(window, qtbot, dialog, weights, tmp_path):
    document = window.document
    before, data = document.network, document.data
    dialog.weights.setCurrentIndex(FILE)
    assert dialog.file.isEnabled()
    dialog.add.click()
    assert "Choose the file" in dialog.message.text()
    dialog.file.setText(str(weights))
    dialog.add.click()
    assert dialog.progress.isVisible()
    assert not dialog.add.isEnabled()
    added(window, qtbot)
    qtbot.waitUntil(lambda: not window.findChildren(BackboneDialog))
    after = document.network
    assert [block.folded for block in after.blocks.values()] == [True]
    assert document.data.image_size == (32, 32)
    assert document.undo_stack.count() == 1
    assert not document.analysis.errors
    assert document.save(tmp_path / "net.cnns")
    kept = read_weights(tmp_path / "net_weights.h5")
    assert set(kept) < set(after.layers)
    document.undo_stack.undo()
    assert document.network is before
    assert document.data == data
    assert "weights" not in document.project.extra
    document.undo_stack.redo()
    assert document.network is after
    again = read_weights(Path(document.project.extra["weights"]))
    np.testing.assert_array_equal(again["Conv1"][0], kept["Conv1"][0])


def test_a_second_backbone_leaves_the_weights_of_the_first_for_undo(
    window, qtbot, dialog, weights, tmp_path
):
    document = window.document
    dialog.weights.setCurrentIndex(FILE)
    dialog.file.setText(str(weights))
    dialog.add.click()
    added(window, qtbot)
    assert document.save(tmp_path / "net.cnns")
    first = read_weights(tmp_path / "net_weights.h5")
    window.findChild(QAction, "addBackboneAction").trigger()
    second = next(each for each in window.findChildren(BackboneDialog) if each.isVisible())
    second.weights.setCurrentIndex(NONE)
    second.add.click()
    qtbot.waitUntil(lambda: document.undo_stack.count() == 2, timeout=60_000)
    assert "weights" not in document.project.extra
    document.undo_stack.undo()
    assert document.save()
    np.testing.assert_array_equal(
        read_weights(tmp_path / "net_weights.h5")["Conv1"][0], first["Conv1"][0]
    )


def test_as_a_new_project(window, qtbot, dialog):
    dialog.weights.setCurrentIndex(NONE)
    dialog.freeze.setCurrentIndex(UP_TO)
    dialog.layer.setText("block_3_expand")
    dialog.place.setCurrentIndex(APART)
    dialog.add.click()
    added(window, qtbot)
    document = window.document
    assert document.title == "MobileNetV2.cnns"
    assert document.dirty
    assert not document.network["block_3_expand"]["trainable"]
    assert document.network["block_3_project"]["trainable"]


def test_offline_is_told_and_nothing_changes(window, qtbot, dialog, monkeypatch, tmp_path):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    before = window.document.network
    assert dialog.weights.currentIndex() == IMAGENET
    dialog.add.click()
    qtbot.waitUntil(lambda: "offline" in dialog.message.text(), timeout=60_000)
    assert dialog.isVisible()
    assert dialog.add.isEnabled()
    assert not dialog.progress.isVisible()
    assert window.document.network is before
    dialog.reject()
