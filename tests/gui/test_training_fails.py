"""Trainings that fail in the window: each says why and the way on, and the window starts again."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton

from cnnstudio.app.trainer import State
from cnnstudio.data.scan import scan_folder
from cnnstudio.graph.edits import add_layer, connect
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.training import checkpoint
from cnnstudio.training.events import EpochDone, Failed

LONG = 90_000


def refuses_what_it_cannot_hold():
    """Whether the system refuses memory far beyond its own, as Linux does unless told otherwise."""
    try:
        return Path("/proc/sys/vm/overcommit_memory").read_text().strip() != "1"
    except OSError:
        return False


@pytest.fixture
def page(window, tmp_path):
    """The Train page with a small network that would train for very long."""
    folder = tmp_path / "pictures"
    generator = np.random.default_rng(0)
    for label, low in (("dark", 0), ("light", 150)):
        (folder / label).mkdir(parents=True)
        for number in range(12):
            pixels = generator.integers(low, low + 100, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number:02}.png")
    document = window.document
    document.new(PRESETS["mlp"].build((8, 8, 3), 2))
    document.set_data(
        document.data.model_copy(update={"folder": str(folder), "image_size": (8, 8)})
    )
    document.set_report(scan_folder(folder))
    change(window, batch_size=8, epochs=100_000)
    document.undo_stack.setClean()
    window.show_page("train")
    return window.pages["train"]


def change(window, **training):
    document = window.document
    document.set_training(document.training.model_copy(update=training))


def optimizer(window, **settings):
    change(window, optimizer=window.document.training.optimizer.model_copy(update=settings))


def start(page, qtbot):
    button = page.findChild(QPushButton, "startButton")
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def reach(window, state, qtbot):
    qtbot.waitUntil(lambda: window.trainer.state is state, timeout=LONG)


def epoch_done(window, qtbot):
    """Wait for an epoch, so that there is a checkpoint."""
    with qtbot.waitSignal(
        window.trainer.events,
        timeout=LONG,
        check_params_cb=lambda new: any(isinstance(event, EpochDone) for event in new),
    ):
        pass


def failed(window, page, qtbot, cause):
    """How it ended, after everything that must hold in every case was looked at."""
    reach(window, State.FAILED, qtbot)
    end = page._end
    assert isinstance(end, Failed)
    assert end.cause == cause, end.message
    note = page.findChild(QLabel, "trainingNote")
    assert note.text() == end.message
    assert note.property("role") == "error"
    assert "Traceback" not in note.text()
    assert page.findChild(QLabel, "trainingState").text() == "The training broke off"
    assert page.messages.item(page.messages.count() - 1).text().endswith(end.message)
    assert page.findChild(QPushButton, "startButton").isEnabled()
    return end


def ways(page):
    found = page.controls._note_row.findChildren(QPushButton)
    return {button.text(): button for button in found if button.isVisible()}


def starts_again(window, page, qtbot):
    change(window, epochs=1)
    start(page, qtbot)
    reach(window, State.FINISHED, qtbot)


def goes_on(window, page, qtbot, way):
    """Press the way on; it trains from the checkpoint on, and is stopped."""
    run = window.trainer.run
    before = checkpoint.load(run / "checkpoint")[0].epoch
    qtbot.mouseClick(ways(page)[way], Qt.MouseButton.LeftButton)
    epoch_done(window, qtbot)
    assert window.trainer.run == run
    window.trainer.stop()
    reach(window, State.FINISHED, qtbot)
    assert checkpoint.load(run / "checkpoint")[0].epoch > before >= 1


def test_a_loss_that_is_no_number(window, page, qtbot):
    start(page, qtbot)
    epoch_done(window, qtbot)
    window.trainer.set_learning_rate(1e30)
    end = failed(window, page, qtbot, "numbers")
    assert "no longer a number" in end.message
    goes_on(window, page, qtbot, "Continue with a tenth of the rate")
    starts_again(window, page, qtbot)


@pytest.mark.skipif(not refuses_what_it_cannot_hold(), reason="memory is promised without limit")
def test_memory_that_is_too_small(window, page, qtbot):
    """Weights that fit, and outputs of a terabyte: 8 pictures, a million maps of 192 × 192."""
    network, small = Network(), window.document.network
    last = ""
    for kind, settings in (
        ("Input", {"shape": (192, 192, 3)}),
        ("Rescaling", {}),
        ("Conv2D", {"filters": 1_000_000}),
        ("GlobalAveragePooling2D", {}),
        ("Dense", {"units": 2, "activation": "softmax"}),
    ):
        network, name = add_layer(network, kind, settings=settings)
        network = connect(network, last, name) if last else network
        last = name
    window.document.apply("Larger", network)
    window.document.set_data(window.document.data.model_copy(update={"image_size": (192, 192)}))
    start(page, qtbot)
    end = failed(window, page, qtbot, "memory")
    assert end.message.startswith("A batch of 8 pictures of 192 × 192 does not fit into memory")
    assert "Continue with half the batch" in ways(page)
    window.document.apply("Smaller", small)
    window.document.set_data(window.document.data.model_copy(update={"image_size": (8, 8)}))
    starts_again(window, page, qtbot)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills(window, page, qtbot):
    start(page, qtbot)
    epoch_done(window, qtbot)
    table = window.trainer.run / "metrics.csv"
    shutil.copy(table, table.with_name("before.csv"))
    full = table.with_name("full.csv")
    full.symlink_to("/dev/full")
    full.replace(table)
    end = failed(window, page, qtbot, "disk")
    assert "the disk is full. Free some space, then continue the run." in end.message
    table.with_name("before.csv").replace(table)
    goes_on(window, page, qtbot, "Continue")
    starts_again(window, page, qtbot)


def test_pictures_that_vanish(window, page, qtbot, monkeypatch):
    monkeypatch.setenv("CNNSTUDIO_PICTURE_MEMORY", "0")
    monkeypatch.setattr("cnnstudio.data.cache.OnDisk.put", lambda *_: False)
    folder = Path(window.document.data.folder)
    away = folder.with_name("away")
    start(page, qtbot)
    epoch_done(window, qtbot)
    folder.rename(away)
    end = failed(window, page, qtbot, "data")
    assert str(folder) in end.message
    away.rename(folder)
    goes_on(window, page, qtbot, "Continue")
    starts_again(window, page, qtbot)


def test_a_gpu_that_fails(window, page, qtbot, keras, monkeypatch):
    """TensorFlow's own error in a GPU's words from inside a layer: there is no GPU to break."""
    import tensorflow as tf

    broken = []
    call = keras.layers.Dense.call

    def check(values):
        if broken:
            raise tf.errors.InternalError(None, None, "CUDA_ERROR_LAUNCH_FAILED")
        return values

    def dense(self, inputs, *more, **named):
        checked = tf.py_function(check, [inputs], inputs.dtype)
        checked.set_shape(inputs.shape)
        return call(self, checked, *more, **named)

    monkeypatch.setattr(keras.layers.Dense, "call", dense)
    start(page, qtbot)
    epoch_done(window, qtbot)
    broken.append(True)
    end = failed(window, page, qtbot, "device")
    assert end.message.startswith("The GPU failed (InternalError: CUDA_ERROR_LAUNCH_FAILED)")
    broken.clear()
    goes_on(window, page, qtbot, "Continue")
    starts_again(window, page, qtbot)
