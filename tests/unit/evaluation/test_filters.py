"""Filters and histograms are those of the layers."""

import numpy as np

from cnnstudio.evaluation.filters import weights_of_layer
from cnnstudio.keras_build.spread import BINS, histogram


def test_histograms():
    found = histogram(np.array([[0.0, 0.0, 1.0], [2.0, 4.0, np.nan]]))
    assert (found.low, found.high, found.count) == (0, 4, 6)
    assert found.counts.sum() == 5
    assert found.counts[0] == 2
    assert found.counts[-1] == 1
    assert found.zeros == 2 / 6
    assert found.mean == np.float32(1.4)
    same = histogram(np.full(7, 3.0))
    assert same.counts[BINS // 2] == 7
    assert same.low < 3 < same.high
    assert histogram(np.array([np.inf])).counts.sum() == 0
    assert histogram(np.empty(0)).count == 0


def test_kernels_of_every_convolution(keras):
    layers = keras.layers
    given = keras.Input((9, 9, 3))
    found = layers.Rescaling(1 / 255)(given)
    for layer in (
        layers.Conv2D(4, (2, 3), name="plain"),
        layers.Conv2DTranspose(5, 2, name="back"),
        layers.DepthwiseConv2D(3, depth_multiplier=2, name="deep", use_bias=False),
        layers.SeparableConv2D(3, 2, name="apart"),
        layers.Conv2D(2, 1, name="later"),
        layers.BatchNormalization(name="norm"),
        layers.ReLU(name="relu"),
        layers.Flatten(name="flat"),
        layers.Dense(2, name="dense"),
    ):
        found = layer(found)
    model = keras.Model(given, found)
    shapes = {"plain": (2, 3, 3, 4), "back": (2, 2, 4, 5), "deep": (3, 3, 1, 10)}
    shapes |= {"apart": (2, 2, 1, 10), "later": (1, 1, 3, 2)}
    for name, shape in shapes.items():
        got = weights_of_layer(model, name)
        assert got.kernels.shape == shape
        assert got.first == (name == "plain")
    kernel = np.asarray(model.get_layer("back").kernel)
    back = weights_of_layer(model, "back")
    np.testing.assert_array_equal(back.kernels[:, :, 1, 3], kernel[:, :, 3, 1])
    assert back.spread.count == kernel.size
    assert weights_of_layer(model, "norm").spread.count == 4
    assert weights_of_layer(model, "dense").kernels is None
    assert weights_of_layer(model, "dense").spread.count > 0
    for name in ("relu", "flat", "nowhere"):
        nothing = weights_of_layer(model, name)
        assert nothing.kernels is None
        assert nothing.spread is None
