"""File > New > From a trained network: from a run, into the project and back, as a new project."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from cnnstudio.graph.freezing import frozen_layers
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project, save_project
from cnnstudio.keras_build.transfer import classes_of
from cnnstudio.keras_build.weights import read_weights
from cnnstudio.views.backbone import BackboneDialog
from cnnstudio.views.transfer import FILE, HERE, RUN, UP_TO, TransferDialog

SHAPE = (16, 16, 1)


@pytest.fixture(scope="module")
def model(keras):
    from cnnstudio.keras_build.build import build_model

    return build_model(PRESETS["small-cnn"].build(SHAPE, 10), seed=1)


@pytest.fixture
def run(window, model):
    """A run on disk, as a training of digits leaves it."""
    folder = window.context.runs_folder / "2026-11-21_10-00-00_digits"
    folder.mkdir(parents=True)
    save_project(Project(PRESETS["small-cnn"].build(SHAPE, 10)), folder / "project.cnns")
    model.save(folder / "model.keras")
    return folder


def opened(window, qtbot, runs):
    action = window.findChild(QAction, "newFromTrainedAction")
    action.trigger()
    (found,) = window.findChildren(TransferDialog)
    if runs:
        qtbot.waitUntil(lambda: found.run.count() == runs)
    else:
        qtbot.waitUntil(lambda: found.source.currentIndex() == FILE)
    return found


def told(window, qtbot):
    qtbot.waitUntil(
        lambda: any("kept with their weights" in text for text in window.notifications.texts),
        timeout=60_000,
    )
    qtbot.waitUntil(lambda: not window.findChildren(TransferDialog))


def test_from_a_run_into_this_project_and_back(window, qtbot, run, model, tmp_path):
    document = window.document
    before, training = document.network, document.training
    dialog = opened(window, qtbot, 1)
    assert dialog.source.currentIndex() == RUN
    assert dialog.run.currentText() == "digits"
    dialog.classes.setValue(4)
    dialog.place.setCurrentIndex(HERE)
    dialog.begin.click()
    assert not dialog.begin.isEnabled()
    told(window, qtbot)
    assert document.undo_stack.count() == 1
    assert classes_of(document.network) == 4
    assert document.training.fine_tune.enabled
    assert len(frozen_layers(document.network)) == 4
    assert document.data.color_mode == "grayscale"
    kept = read_weights(Path(document.project.extra["weights"]))
    np.testing.assert_array_equal(kept["conv2d_2"][0], model.get_layer("conv2d_2").get_weights()[0])
    document.undo_stack.undo()
    assert document.network is before
    assert document.training == training
    assert "weights" not in document.project.extra
    document.undo_stack.redo()
    assert document.save(tmp_path / "next.cnns")
    assert (tmp_path / "next_weights.h5").is_file()


def test_a_new_project_from_a_file_frozen_up_to_a_layer(window, qtbot, model, tmp_path):
    file = tmp_path / "theirs.keras"
    model.save(file)
    dialog = opened(window, qtbot, 0)
    dialog.begin.click()
    assert "Choose the file" in dialog.message.text()
    dialog.file.setText(str(file))
    dialog.freeze.setCurrentIndex(UP_TO)
    dialog.begin.click()
    assert "Name the last" in dialog.message.text()
    dialog.layer.setText("nobody")
    dialog.begin.click()
    qtbot.waitUntil(lambda: "no layer called nobody" in dialog.message.text(), timeout=60_000)
    dialog.layer.setText("conv2d_1")
    dialog.fine_tune.setChecked(False)
    dialog.begin.click()
    told(window, qtbot)
    document = window.document
    assert document.title == "theirs-new.cnns"
    assert document.dirty
    assert frozen_layers(document.network) == ("conv2d_1",)
    assert not document.training.fine_tune.enabled


def test_a_network_of_keras_has_its_own_dialog(window, qtbot):
    dialog = opened(window, qtbot, 0)
    dialog.findChild(object, "transferBackbone").click()
    (backbone,) = window.findChildren(BackboneDialog)
    assert not dialog.isVisible()
    backbone.reject()


def test_from_the_table_of_runs_with_that_run_chosen(window, qtbot, run, model):
    """The context menu of a run, and the Train menu for the selected one."""
    other = run.parent / "2026-11-20_09-00-00_letters"
    shutil.copytree(run, other)
    shutil.copytree(run, run.parent / "2026-11-19_09-00-00_unfinished")
    (run.parent / "2026-11-19_09-00-00_unfinished" / "model.keras").unlink()
    window.show_page("train")
    table = window.pages["train"].runs
    table.refresh()
    qtbot.waitUntil(lambda: len(table.model.runs) == 3, timeout=60_000)

    def entry(name):
        known = next(each for each in table.model.runs if each.name.endswith(name))
        menu = table.menu_for(known)
        return next(each for each in menu.actions() if each.text() == "New network from this run…")

    assert not entry("unfinished").isEnabled()
    entry("letters").trigger()
    (dialog,) = window.findChildren(TransferDialog)
    qtbot.waitUntil(lambda: dialog.run.count() == 2)
    assert dialog.isVisible()
    assert dialog.source.currentIndex() == RUN
    assert dialog.run.currentText().startswith("letters")
    dialog.begin.click()
    told(window, qtbot)
    assert window.document.title == "letters-new.cnns"
    kept = read_weights(Path(window.document.project.extra["weights"]))
    np.testing.assert_array_equal(kept["conv2d_2"][0], model.get_layer("conv2d_2").get_weights()[0])

    window.show_page("train")
    action = window.findChild(QAction, "transferRunAction")
    assert action in window.menuBar().findChild(QMenu, "trainMenu").actions()
    table.view.clearSelection()
    action.trigger()
    assert any("Choose a run in the table" in text for text in window.notifications.texts)
    qtbot.waitUntil(lambda: not window.findChildren(TransferDialog))
    table.mark(other)
    action.trigger()
    (dialog,) = window.findChildren(TransferDialog)
    qtbot.waitUntil(lambda: dialog.run.count() == 2)
    assert dialog.run.currentText().startswith("letters")
    dialog.reject()
