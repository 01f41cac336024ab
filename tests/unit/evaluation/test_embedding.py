"""Pictures as points: the last hidden layer's answers, and classes that lie together."""

import numpy as np
import pytest

from cnnstudio.data.pictures import load_picture
from cnnstudio.evaluation.embedding import (
    EmbeddingError,
    Features,
    features,
    last_hidden,
    points,
)
from cnnstudio.evaluation.predict import Classifier


@pytest.fixture(scope="module")
def classifier(loaded):
    return Classifier(loaded)


@pytest.fixture
def found(classifier, pictures, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"")
    return features(classifier, [*sorted(pictures.rglob("*.png")), broken])


def test_features_are_the_last_hidden_layers(keras, classifier, found):
    model = classifier.trained.model
    preparation = classifier.trained.preparation
    pixels = np.stack([load_picture(path, preparation) for path in found.paths])
    decides = model.layers[-1]
    wanted = keras.Model(model.inputs[0], decides.input)(pixels.astype(np.float32), training=False)
    np.testing.assert_allclose(found.values, np.asarray(wanted), rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(found.predicted, classifier.probabilities(pixels).argmax(axis=-1))
    assert len(found.paths) == 12


@pytest.mark.parametrize("method", ["pca", "t-sne"])
def test_classes_lie_together(found, method):
    placed = points(found, method)
    assert placed.xy.shape == (12, 2)
    assert np.abs(placed.xy).max() == pytest.approx(1)
    again = points(found, method)
    np.testing.assert_allclose(placed.xy, again.xy)
    names = np.array([path.parent.name for path in found.paths])
    distance = np.linalg.norm(placed.xy[:, None] - placed.xy[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    assert (names[distance.argmin(axis=1)] == names).mean() > 0.9


def test_the_layer_before_the_decision_is_found(keras):
    layers = keras.layers
    given = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="maps")(given)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    dropped = layers.Dropout(0.5)(x)
    plain = keras.Model(given, layers.Softmax()(layers.Dense(3)(dropped)))
    assert last_hidden(plain)[1] == "mean"
    hidden = layers.Activation("relu", name="hidden")(layers.Dense(7)(x))
    both = keras.Model(given, layers.Dense(3, activation="softmax")(hidden))
    assert last_hidden(both)[1] == "hidden"


def test_too_few_pictures(found):
    few = Features(found.paths[:2], found.values[:2], found.layer, found.predicted[:2])
    with pytest.raises(EmbeddingError, match="too few"):
        points(few)


def test_equal_pictures_have_places_too(found):
    same = Features(found.paths, np.ones_like(found.values), found.layer, found.predicted)
    assert np.isfinite(points(same, "pca").xy).all()
