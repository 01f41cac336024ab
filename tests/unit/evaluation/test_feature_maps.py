"""Feature maps equal those of Keras; mosaics and figures are what NumPy says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cnnstudio.evaluation.feature_maps import (
    FeatureMapError,
    FeatureMapper,
    LayerOutputError,
    feature_maps,
    map_grid,
    map_statistics,
)
from cnnstudio.graph.edits import add_layer, connect
from cnnstudio.graph.presets import PRESETS
from cnnstudio.keras_build.build import build_model


@pytest.fixture(scope="module")
def branched(keras):
    """small-cnn with a skip and two branches."""
    network = PRESETS["small-cnn"].build((8, 8, 3), 3)
    network, add = add_layer(network, "Add", name="skip")
    network, last = add_layer(network, "Concatenate", name="joined")
    for source, target in (
        ("conv2d_1", add),
        ("relu_1", add),
        ("conv2d_1", last),
        (add, last),
    ):
        network = connect(network, source, target)
    return build_model(network, seed=1)


def test_every_layer_gives_what_keras_gives(keras, branched):
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    mapper = FeatureMapper(branched)
    for layer in branched.layers:
        part = keras.Model(branched.input, layer.output)
        wanted = np.asarray(part(picture[None].astype(np.float32), training=False))[0]
        for maps in (mapper.maps(layer.name, picture), feature_maps(branched, layer.name, picture)):
            assert maps.dtype == np.float32
            np.testing.assert_allclose(maps, wanted, atol=1e-6)
            assert maps.shape == tuple(layer.output.shape[1:])
    np.testing.assert_array_equal(mapper.maps(branched.layers[0].name, picture), picture)


def test_maps_follow_the_weights_while_it_trains(keras):
    model = build_model(PRESETS["small-cnn"].build((8, 8, 3), 3), seed=1)
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy")
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    mapper = FeatureMapper(model)
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(mapper.maps("conv2d_1", picture))

    data = np.random.default_rng(1).uniform(0, 255, (8, 8, 8, 3)).astype(np.float32)
    model.fit(data, np.arange(8) % 3, batch_size=4, epochs=1, verbose=0, callbacks=[Watch()])
    assert len(seen) == 2
    assert not np.allclose(*seen)
    np.testing.assert_allclose(seen[-1], feature_maps(model, "conv2d_1", picture), atol=1e-6)


def test_what_cannot_be_shown(branched):
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(LayerOutputError, match=r"no layer nothing.*conv2d_1"):
        feature_maps(branched, "nothing", picture)
    with pytest.raises(LayerOutputError, match=r"4 × 4 × 3.*takes 8 × 8 × 3"):
        feature_maps(branched, "conv2d_1", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(FeatureMapError, match="no feature maps"):
        map_grid(np.zeros((2, 2)))


def test_figures():
    maps = np.zeros((2, 2, 3), np.float32)
    maps[..., 1] = [[1, 2], [0, -1]]
    maps[..., 2] = 4
    figures = map_statistics(maps)
    assert figures.minimum.tolist() == [0, -1, 4]
    assert figures.maximum.tolist() == [0, 2, 4]
    assert figures.mean.tolist() == [0, 0.5, 4]
    assert figures.zeros.tolist() == [1, 0.25, 0]
    assert figures.dead == (0,)


def test_a_mosaic():
    maps = np.zeros((1, 2, 3), np.float32)
    maps[0, :, 1] = [10, 20]
    maps[0, :, 2] = 5
    grid = map_grid(maps, columns=2)
    # The first map is dead, the second goes from black to white, the third is one bright value.
    assert grid.image.tolist() == [[0, 0, 0, 0, 255], [0] * 5, [255, 255, 0, 0, 0]]
    assert grid.image.dtype == np.uint8
    assert (grid.rows, grid.columns, grid.tile) == (2, 2, (1, 2))
    assert grid.corner(2) == (2, 0)
    assert [grid.index_at(2, x) for x in range(5)] == [2, 2, None, None, None]
    assert grid.index_at(1, 0) is None


def test_units_share_one_stretch():
    grid = map_grid(np.array([0.0, 1.0, 0.5], np.float32), columns=3, gap=0)
    assert grid.image.tolist() == [[0, 255, 128]]


volumes = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 20)),
    elements=st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False)
    | st.sampled_from([np.nan, np.inf, 0.0]),
)


@given(volumes, st.none() | st.integers(1, 30), st.integers(0, 2))
def test_every_map_is_in_its_place(maps, columns, gap):
    grid = map_grid(maps, columns=columns, gap=gap)
    height, width, count = maps.shape
    assert grid.image.shape == (
        grid.rows * (height + gap) - gap,
        grid.columns * (width + gap) - gap,
    )
    assert grid.rows * grid.columns >= count > (grid.rows - 1) * grid.columns
    for index in range(count):
        y, x = grid.corner(index)
        assert grid.index_at(y, x) == index
        tile = grid.image[y : y + height, x : x + width].astype(int)
        values = np.nan_to_num(maps[..., index].astype(np.float64))
        order = np.argsort(values, axis=None)
        assert (np.diff(tile.reshape(-1)[order]) >= 0).all()
        if values.min() < values.max():
            assert (tile.min(), tile.max()) == (0, 255)
