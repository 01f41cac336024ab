import importlib
import json

import numpy as np
import pytest

from cnnstudio.training import checkpoint
from cnnstudio.training.checkpoint import State
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.lock import Lock, is_locked


@pytest.fixture
def model(keras):
    return make_model(keras)


def make_model(keras, units=4):
    made = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(units, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5, seed=3),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    made.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def trained(model, seed=0):
    rng = np.random.default_rng(seed)
    model.fit(
        rng.normal(size=(32, 6)).astype("float32"),
        rng.integers(0, 2, 32),
        batch_size=8,
        verbose=0,
        shuffle=False,
    )
    return model


def variables(model):
    return [np.array(v) for v in [*model.variables, *model.optimizer.variables]]


def test_a_restored_model_trains_on_bit_for_bit(keras, model, tmp_path):
    trained(model)
    checkpoint.save(tmp_path, State(epoch=1), checkpoint.capture(model))
    other = make_model(keras)
    state, arrays = checkpoint.load(tmp_path)
    assert state == State(epoch=1)
    assert checkpoint.restore(other, arrays, tmp_path) == []
    for ours, theirs in zip(
        variables(trained(model, seed=1)), variables(trained(other, seed=1)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_running_metrics_travel_along(model, tmp_path):
    metrics = [np.float32(1.5), np.arange(3)]
    trained(model)
    checkpoint.save(tmp_path, State(step=4), checkpoint.capture(model, metrics))
    state, arrays = checkpoint.load(tmp_path)
    found = checkpoint.restore(model, arrays, tmp_path)
    assert state.step == 4
    assert found[0] == 1.5
    np.testing.assert_array_equal(found[1], [0, 1, 2])


def test_another_network_is_refused(keras, model, tmp_path):
    checkpoint.save(tmp_path, State(), checkpoint.capture(trained(model)))
    with pytest.raises(TrainingError, match="another network"):
        checkpoint.restore(make_model(keras, units=5), checkpoint.load(tmp_path)[1], tmp_path)


def test_the_next_checkpoint_takes_the_place_of_the_last(tmp_path):
    for epoch in range(3):
        checkpoint.save(tmp_path, State(epoch=epoch), {"model/0": np.full(3, epoch)})
    state, arrays = checkpoint.load(tmp_path)
    assert state.epoch == 2
    np.testing.assert_array_equal(arrays["model/0"], [2, 2, 2])
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("left", ["arrays half written", "arrays written, state not"])
def test_an_interrupted_checkpoint_leaves_the_one_before(tmp_path, left):
    checkpoint.save(tmp_path, State(epoch=1), {"model/0": np.ones(3)})
    if left == "arrays half written":
        (tmp_path / "epoch-00002-step-0000000.npz.part").write_bytes(b"PK\x03\x04 half")
    else:
        with (tmp_path / "epoch-00002-step-0000000.npz").open("wb") as file:
            np.savez(file, **{"model/0": np.zeros(3)})
        (tmp_path / "state.json.part").write_text('{"version": 1, "epo')
    state, arrays = checkpoint.load(tmp_path)
    assert state.epoch == 1
    np.testing.assert_array_equal(arrays["model/0"], np.ones(3))
    checkpoint.save(tmp_path, State(epoch=3), {"model/0": np.ones(3)})
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".npz"]


@pytest.mark.parametrize("call", ["os.fsync", "os.replace", "pathlib.Path.unlink", "numpy.savez"])
def test_interrupted_at_any_call_a_whole_checkpoint_is_left(tmp_path, monkeypatch, call):
    """The n-th call fails, for every n there is: what is there is the old one or the new one."""
    owner, _, name = call.rpartition(".")
    module = importlib.import_module(owner if owner != "pathlib.Path" else "pathlib")
    holder = module.Path if owner == "pathlib.Path" else module
    real = getattr(holder, name)
    failed_at = 0
    while True:
        folder = tmp_path / f"{failed_at}"
        checkpoint.save(folder, State(epoch=1), {"model/0": np.ones(3)})
        calls = [0]

        def fail(*given, calls=calls, most=failed_at, **named):
            calls[0] += 1
            if calls[0] > most:
                raise KeyboardInterrupt
            return real(*given, **named)

        monkeypatch.setattr(holder, name, fail)
        whole = True
        try:
            checkpoint.save(folder, State(epoch=2), {"model/0": np.zeros(3)})
        except KeyboardInterrupt:
            whole = False
        monkeypatch.setattr(holder, name, real)
        state, arrays = checkpoint.load(folder)
        expected = {1: np.ones(3), 2: np.zeros(3)}[state.epoch]
        np.testing.assert_array_equal(arrays["model/0"], expected)
        # And the next one is written as if nothing had been.
        checkpoint.save(folder, State(epoch=3), {"model/0": np.full(3, 3.0)})
        assert checkpoint.load(folder)[0].epoch == 3
        assert len(list(folder.iterdir())) == 2
        if whole:
            break
        failed_at += 1
    assert failed_at >= 1


@pytest.mark.parametrize("damage", ["cut", "flipped", "missing", "not json", "no key", "newer"])
def test_damage_names_the_file(tmp_path, damage):
    checkpoint.save(tmp_path, State(epoch=1), {"model/0": np.arange(1000.0)})
    arrays = next(tmp_path.glob("*.npz"))
    content, state = arrays.read_bytes(), tmp_path / "state.json"
    named = arrays
    if damage == "cut":
        arrays.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        half = len(content) // 2
        arrays.write_bytes(content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :])
    elif damage == "missing":
        arrays.unlink()
    else:
        named = state
        document = json.loads(state.read_text())
        if damage == "no key":
            del document["arrays"]
        document["version"] = 99 if damage == "newer" else 1
        state.write_text(json.dumps(document)[: 20 if damage == "not json" else None])
    with pytest.raises(TrainingError) as caught:
        checkpoint.load(tmp_path)
    assert str(named) in str(caught.value)


def test_no_checkpoint_says_so(tmp_path):
    with pytest.raises(TrainingError, match="no checkpoint"):
        checkpoint.load(tmp_path / "checkpoint")


def test_a_lock_is_held_once_and_let_go(tmp_path):
    assert not is_locked(tmp_path)
    lock = Lock(tmp_path)
    assert is_locked(tmp_path)
    with pytest.raises(BlockingIOError):
        Lock(tmp_path)
    lock.release()
    lock.release()
    assert not is_locked(tmp_path)
