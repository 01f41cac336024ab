"""A training that is over leaves nothing in memory: no graph, no model, no pictures."""

import gc

import numpy as np
import pytest
from small_trainings import Listener, make_network, make_pictures, make_project, run

from cnnstudio.training.control import Control
from cnnstudio.views.train.live_cam import LiveCam

# What TensorFlow traces, what Keras builds from it, and what feeds it.
KINDS = ("FuncGraph", "CondBranchFuncGraph", "Functional", "Feed", "PictureStore", "Sample")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("nothing") / "pictures")


def alive():
    gc.collect()
    found = dict.fromkeys(KINDS, 0)
    for thing in gc.get_objects():
        name = type(thing).__name__
        if name in found:
            found[name] += 1
    return found


@pytest.mark.parametrize(
    "settings",
    [
        {"histograms": {"enabled": True}, "metrics": ("f1",)},
        {"precision": "mixed_float16", "optimizer": {"learning_rate": 0.01, "use_ema": True}},
    ],
)
def test_nothing_is_left(pictures, tmp_path, settings):
    before = alive()
    run(make_project(pictures, epochs=2, **settings), tmp_path)
    assert alive() == before


def test_a_live_look_at_what_matters_changes_nothing(pictures, tmp_path, keras):
    project = make_project(pictures, network=make_network(dropout=True), deterministic=True)
    plain, _ = run(project, tmp_path / "plain")
    control, listener = Control(), Listener()
    picture = np.random.default_rng(0).integers(0, 256, (12, 12, 3), np.uint8)
    control.watch("conv2d_1", picture, LiveCam(("blue", "green", "red")))
    watched, _ = run(project, tmp_path / "watched", control=control, listener=listener)
    (first, *_) = listener.of("looked")
    assert first.seen.layer == "conv2d_1"
    assert first.seen.colours.shape == (12, 12, 4)
    assert first.seen.shares.shape == (3,)
    both = [
        keras.models.load_model(path / "model.keras").get_weights() for path in (plain, watched)
    ]
    assert all(np.array_equal(a, b) for a, b in zip(*both, strict=True))


def test_a_look_that_fails_is_told_once_and_ends_nothing(pictures, tmp_path):
    def look(model, layer, picture):
        raise MemoryError("too much")

    control = Control()
    control.watch("conv2d_1", np.zeros((12, 12, 3), np.uint8), look)
    _, listener = run(make_project(pictures), tmp_path, control=control)
    assert listener.kinds[-1] == "finished"
    assert len([e for e in listener.of("message") if "cannot be watched" in e.text]) == 1
