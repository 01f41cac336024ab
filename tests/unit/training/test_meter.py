"""The figures told between two batches, against those of the batches themselves."""

import numpy as np
import pytest

from cnnstudio.training.meter import Meter

PICTURES = 16


@pytest.fixture(scope="module")
def model(keras):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "softmax")])
    # A rate of 0: the loss of a batch does not depend on those before it.
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.learning_rate = 0.0
    return model


@pytest.mark.parametrize(("later", "told"), [(1, 9), (2, 2), (8, 8)])
def test_few_pictures_are_told_with_those_before_them(model, keras, later, told):
    count = (8 + later) * PICTURES
    random = np.random.default_rng(0)
    x, y = random.normal(size=(count, 4)), random.integers(0, 3, count)
    meter = Meter(model)
    readings = []

    class Reader(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            meter.begin(rest=False)

        def on_train_batch_end(self, batch, logs=None):
            if batch in (7, 7 + later):
                readings.append(meter.read())

    model.fit(x, y, batch_size=PICTURES, shuffle=False, verbose=0, callbacks=[Reader()])
    scores = model.predict(x, verbose=0)[np.arange(count), y]
    losses = -np.log(scores).reshape(-1, PICTURES).mean(axis=1)

    first, last = readings
    assert first.recent["loss"] == pytest.approx(losses[:8].mean(), rel=1e-4)
    assert last.recent["loss"] == pytest.approx(losses[-told:].mean(), rel=1e-4)
    assert last.means["loss"] == pytest.approx(losses.mean(), rel=1e-4)
    assert meter.read() is None
