"""Weights and gradients measured while training: right, kept with the run, and without a trace."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from small_trainings import Listener, make_network, make_pictures, make_project, run

from cnnstudio.keras_build.spread import BINS
from cnnstudio.keras_build.trained import HISTOGRAMS_FILE
from cnnstudio.training.control import Control
from cnnstudio.training.gauging import Gauge
from cnnstudio.training.histogram_log import HistogramLog, read_histograms, stride_of

WEIGHTS = [
    ("conv2d_1", "kernel"),
    ("conv2d_1", "bias"),
    ("batch_normalization_1", "gamma"),
    ("batch_normalization_1", "beta"),
    ("batch_normalization_1", "moving_mean"),
    ("batch_normalization_1", "moving_variance"),
    ("dense_1", "kernel"),
    ("dense_1", "bias"),
]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    return make_pictures(tmp_path_factory.mktemp("histograms") / "pictures")


def everything(folder, **histograms):
    """A project whose weights depend on all that is drawn by chance."""
    project = make_project(
        folder,
        network=make_network(dropout=True),
        deterministic=True,
        histograms={"enabled": True, **histograms},
    )
    project.data["augmentation"] = {"rotation": {"enabled": True}}
    return project


def weights_of(path, keras):
    return keras.models.load_model(path / "model.keras").get_weights()


def test_training_goes_on_bit_for_bit_as_if_nobody_looked(pictures, tmp_path, keras):
    control = Control()
    watcher = Listener()
    plain, _ = run(everything(pictures, enabled=False), tmp_path / "plain")
    asked, _ = run(everything(pictures, every=1), tmp_path / "asked", listener=watcher)
    control.measure(2)
    live, _ = run(everything(pictures, enabled=False), tmp_path / "live", control=control)
    assert len(watcher.of("histograms")) > 1
    assert read_histograms(live)
    for other in (asked, live):
        pairs = zip(weights_of(plain, keras), weights_of(other, keras), strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)
        ends = [np.load(next((p / "checkpoint").glob("*.npz"))) for p in (plain, other)]
        assert all(np.array_equal(ends[0][name], ends[1][name]) for name in ends[0].files)


def test_they_are_measured_each_epoch_and_kept_with_the_run(pictures, tmp_path, keras):
    project = make_project(pictures, histograms={"enabled": True})
    path, listener = run(project, tmp_path)
    told = listener.of("histograms")
    # What costs too much of so short a training is left out, but never the end.
    assert told[0].epoch == 1
    assert told[-1].epoch == 3
    assert all(event.step == event.steps for event in told)
    assert told[-1].at == 3
    last = told[-1].weights
    assert [(one.layer, one.weight) for one in last] == WEIGHTS
    for one in last:
        assert one.values.counts.shape == (BINS,)
        assert one.values.counts.sum() == one.values.count
        assert (one.gradient is None) == one.weight.startswith("moving")
        assert (one.ratio is None) == (one.gradient is None or one.values.norm == 0)

    # The weights are those at the end.
    arrays = np.load(next((path / "checkpoint").glob("*.npz")))
    kernel = next(arrays[name] for name in arrays.files if arrays[name].shape == (3, 3, 3, 4))
    found = last[0].values
    assert found.count == kernel.size
    assert found.low == kernel.min()
    assert found.high == kernel.max()
    assert found.mean == pytest.approx(kernel.mean(), abs=1e-6)
    assert found.deviation == pytest.approx(kernel.std(), rel=1e-5)
    assert found.norm == pytest.approx(np.linalg.norm(kernel), rel=1e-5)

    read = read_histograms(path)
    assert [event.place for event in read] == [event.place for event in told]
    for one, kept in zip(last, read[-1].weights, strict=True):
        assert (kept.layer, kept.weight) == (one.layer, one.weight)
        np.testing.assert_array_equal(kept.values.counts, one.values.counts)
        assert kept.values.norm == pytest.approx(one.values.norm, rel=1e-5)
    assert '"histograms"' not in (path / "events.jsonl").read_text()
    assert tags(path) >= {
        "conv2d_1/kernel",
        "conv2d_1/kernel/gradient",
        "dense_1/bias",
        "epoch_loss",
    }


def tags(path):
    """The names in TensorBoard's files, read with TensorFlow alone."""
    import tensorflow as tf

    found = set()
    for file in (path / "tensorboard" / "train").iterdir():
        for record in tf.data.TFRecordDataset(str(file)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                found.add(value.tag)
                if value.tag == "conv2d_1/kernel":
                    assert value.metadata.plugin_data.plugin_name == "histograms"
                    assert tf.make_ndarray(value.tensor).shape == (BINS, 3)
    return found


def test_nothing_is_measured_unless_wanted(pictures, tmp_path):
    path, listener = run(make_project(pictures), tmp_path)
    assert not listener.of("histograms")
    assert not (path / HISTOGRAMS_FILE).exists()


def test_gradients_are_those_of_the_loss(keras):
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(8, kernel_regularizer=keras.regularizers.L2(0.1), name="first"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dense(2, name="frozen", trainable=False),
            keras.layers.Softmax(),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    pixels = np.random.default_rng(0).random((6, 4, 4, 1), np.float32)
    truth = np.array([0, 1, 0, 1, 1, 0], np.int32)
    before = [np.array(weight) for weight in model.weights]
    measured = Gauge(model, lambda: (pixels, truth)).measure()
    found = {(one.layer, one.weight): one for one in measured}
    for weight, kept in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight, kept)

    with tf.GradientTape() as tape:
        answers = model(pixels, training=True)
        wrong = keras.losses.sparse_categorical_crossentropy(truth, answers)
        loss = tf.reduce_mean(wrong) + 0.1 * tf.reduce_sum(model.layers[1].kernel.value ** 2)
    gradients = tape.gradient(loss, [v.value for v in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        layer, _, name = variable.path.rpartition("/")
        one = found[layer.rpartition("/")[2], name]
        assert one.gradient.norm == pytest.approx(float(tf.norm(gradient)), rel=1e-4)
        if one.values.norm:
            assert one.ratio == pytest.approx(one.gradient.norm / one.values.norm)
    assert found["frozen", "kernel"].gradient is None
    assert found["norm", "moving_mean"].gradient is None


def test_when_they_are_due(keras):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    gauge = Gauge(model, lambda: (np.zeros((1, 2)), np.zeros(1)))
    assert gauge.due(0, 7, epoch_ends=True)
    assert not gauge.due(0, 7, epoch_ends=False)
    # Several steps run in one go: one of those that were passed is enough.
    assert not gauge.due(10, 9, epoch_ends=False)
    assert gauge.due(10, 13, epoch_ends=False)
    assert not gauge.due(10, 19, epoch_ends=False)
    assert gauge.due(10, 20, epoch_ends=False)
    gauge._cost, gauge._ended = 1e6, time.perf_counter()
    assert not gauge.due(0, 30, epoch_ends=True)
    assert gauge.due(0, 30, epoch_ends=True, last=True)


def test_what_cannot_be_measured_does_not_end_the_training(pictures, tmp_path, monkeypatch):
    import tensorflow as tf

    def exhausted(self):
        raise tf.errors.ResourceExhaustedError(None, None, "out of memory")

    monkeypatch.setattr(Gauge, "measure", exhausted)
    _, listener = run(make_project(pictures, histograms={"enabled": True}), tmp_path)
    assert listener.kinds[-1] == "finished"
    (said,) = [e.text for e in listener.of("message") if "cannot be measured" in e.text]
    assert "goes on" in said


def test_a_long_run_keeps_few_and_even_ones(pictures, tmp_path):
    assert [stride_of(n, 4) for n in (1, 4, 5, 8, 9, 16, 17)] == [1, 1, 2, 2, 4, 4, 8]
    _, listener = run(make_project(pictures, histograms={"enabled": True}, epochs=1), tmp_path)
    (event,) = listener.of("histograms")
    folder = tmp_path / "long"
    folder.mkdir()
    log = HistogramLog(folder)
    for epoch in range(1, 451):
        # Another window goes on with it now and then.
        if epoch % 100 == 0:
            log = HistogramLog(folder)
        log.add(replace(event, epoch=epoch))
    kept = [event.epoch for event in read_histograms(folder)]
    assert kept == list(range(1, 451, 4))

    # A crash cut the last line short; what was trained again takes the place of what was there.
    file = folder / HISTOGRAMS_FILE
    file.write_text(file.read_text()[:-30])
    log = HistogramLog(folder)
    for epoch in range(7, 11):
        log.add(replace(event, epoch=epoch))
    assert [event.epoch for event in read_histograms(folder)] == [1, 5, 9, 10]
    assert json.loads(file.read_text().splitlines()[-1])["epoch"] == 10
    assert read_histograms(tmp_path / "nowhere") == ()
