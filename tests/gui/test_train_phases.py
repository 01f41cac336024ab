"""Two phases on the Train page: settings, the drawn rate, words before and while it trains."""

import math

import pytest
from PySide6.QtWidgets import QLineEdit

from cnnstudio.app.document import Document
from cnnstudio.app.trainer import State
from cnnstudio.graph.freezing import freeze_to
from cnnstudio.training import events
from cnnstudio.training.schedule import share_at
from cnnstudio.views.train.preflight import obstacle
from cnnstudio.views.train.progress import Progress
from cnnstudio.views.train.rate_curve import STEPS_ASSUMED
from cnnstudio.views.train.reading import phase_mark
from cnnstudio.views.train.settings_form import SettingsForm
from cnnstudio.views.train.words import ready, state_words

ENABLED = ("fine_tune", "enabled")


@pytest.fixture
def document(qapp):
    made = Document()
    network = made.network
    # Convolution and batch normalisation of the first of two.
    made.apply("Freeze", freeze_to(network, ["batch_normalization_1"]))
    return made


@pytest.fixture
def form(qtbot, document):
    made = SettingsForm(document)
    qtbot.addWidget(made)
    made.show()
    return made


def test_the_group_shows_what_has_a_meaning(form, document):
    form.reveal(ENABLED)
    rest = [path for path in form.rows if path[0] == "fine_tune" and path != ENABLED]
    assert len(rest) == 3
    assert not any(form.rows[path].editor.isVisible() for path in rest)
    form.rows[ENABLED].editor.click()
    assert document.training.fine_tune.enabled
    assert all(form.rows[path].editor.isVisible() for path in rest)
    form.rows["fine_tune", "epochs"].editor.setValue(7)
    assert document.training.epochs_in_all() == 17
    document.undo_stack.undo()
    assert document.training.fine_tune.epochs == 10


def test_a_layer_is_completed_and_set(qtbot, form, document):
    form.rows[ENABLED].editor.click()
    form.reveal(("fine_tune", "unfreeze_from"))
    line = form.rows["fine_tune", "unfreeze_from"].editor
    assert isinstance(line, QLineEdit)
    completer = line.completer()
    completer.setCompletionPrefix("d_2")
    assert completer.currentCompletion() == "conv2d_2"
    line.setText("conv2d_2")
    line.editingFinished.emit()
    assert document.training.fine_tune.unfreeze_from == "conv2d_2"


def test_the_drawn_rate_is_that_of_both_phases(form, document):
    assert not form.curve.isVisibleTo(form)
    training = document.training
    schedule = training.schedule.model_copy(update={"name": "cosine"})
    tune = training.fine_tune.model_copy(update={"enabled": True, "epochs": 5})
    document.set_training(training.model_copy(update={"schedule": schedule, "fine_tune": tune}))
    assert form.curve.isVisibleTo(form)
    assert form.curve.border == 10
    for at, rate in form.curve.points:
        epochs, before, top = (10, 0, 1e-3) if at < 10 else (5, 10, 1e-4)
        step = round((at - before) * STEPS_ASSUMED)
        assert rate == pytest.approx(top * share_at(schedule, step, STEPS_ASSUMED, epochs))
    assert form.curve.points[-1][0] == pytest.approx(15 - 1 / STEPS_ASSUMED)
    assert "fine-tuning from epoch 11 on" in form.curve.accessibleName()
    assert not form.curve.grab().isNull()


def test_before_the_start_it_is_said_what_is_trained(document):
    assert "Trained: 3 of 5 layers, 59,594 of 60,746 parameters." in ready(document)
    training = document.training
    tune = training.fine_tune.model_copy(update={"enabled": True})
    document.set_training(training.model_copy(update={"fine_tune": tune}))
    said = ready(document)
    assert "10 epochs and 10 of fine-tuning" in said
    assert "then all but frozen batch normalisation." in said
    tune = tune.model_copy(update={"unfreeze_from": "conv2d_2"})
    document.set_training(training.model_copy(update={"fine_tune": tune}))
    assert "then 3 layers, " in ready(document)
    document.edit("Unfreeze", lambda network: freeze_to(network, ["input"]))
    assert "Trained" not in ready(document)


def test_a_layer_that_is_gone_stands_in_the_way(window, tmp_path):
    document = window.document
    document.set_data(document.data.model_copy(update={"folder": str(tmp_path)}))
    training = document.training
    tune = training.fine_tune.model_copy(update={"enabled": True, "unfreeze_from": "gone"})
    document.set_training(training.model_copy(update={"fine_tune": tune}))
    found = obstacle(window.context)
    assert "the layer gone" in found.text
    (_, way), *_ = found.ways
    way()
    assert document.training.fine_tune.unfreeze_from == ""
    assert obstacle(window.context) is None


def test_progress_says_which_phase_it_is():
    progress = Progress()
    started = {
        "classes": ("a", "b"), "training_images": 8, "validation_images": 0, "steps_per_epoch": 4,
        "epochs": 20, "device": "CPU", "loss_name": "loss",
    }  # fmt: skip
    progress.add(events.Started(**started, time=0.0))
    assert state_words(State.RUNNING, progress, None) == "Training, epoch 1 of 20"
    phase = events.PhaseBegun(
        epoch=6, step=4, steps=4, learning_rate=1e-4, layers=3, parameters=9, time=1.0
    )
    progress.add(events.EpochsChanged(epochs=16, time=1.0))
    progress.add(phase)
    assert state_words(State.RUNNING, progress, None) == "Training, epoch 1 of 16 · fine-tuning"
    assert phase_mark(phase.learning_rate) == "fine-tuning, rate 0.0001"
    later = Progress()
    later.add(events.Started(**started, epoch=9, step=1, fine_tuning=True, time=0.0))
    assert later.fine_tuning
    assert math.isclose(later.run_share, (9 + 1 / 4) / 20)
