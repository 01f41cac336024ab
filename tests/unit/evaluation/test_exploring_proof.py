"""What Explore says equals plain Keras, TensorFlow and scikit-learn, for networks of five kinds.

Each network goes the whole way: saved, loaded as the window loads it, asked. The reference is the
same file loaded by Keras alone.
"""

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.pictures import load_picture
from cnnstudio.evaluation.attribution import Attributor
from cnnstudio.evaluation.evaluate import evaluate
from cnnstudio.evaluation.feature_maps import FeatureMapper
from cnnstudio.evaluation.predict import Classifier
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project, save_project
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.trained import TrainedModel
from cnnstudio.keras_build.uses import outputs_of

CLASSES = ("ant", "bee", "cat")
KINDS = {
    "sequential": ("small-cnn", 16),
    "residual": ("resnet-small", 16),
    "dense-block": ("densenet-small", 16),
    "inception": ("googlenet", 32),
    "nested": ("", 16),
}


def nested(keras, side):
    """A backbone called as a layer, as Keras teaches transfer learning, with a head of its own."""
    layers = keras.layers
    inner = keras.Input((side, side, 3))
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="stem")(inner)
    skip = layers.Conv2D(6, 1, name="skip")(x)
    x = layers.BatchNormalization(name="norm")(layers.Add(name="sum")([x, skip]))
    x = layers.Conv2D(8, 3, strides=2, activation="relu", name="last")(x)
    backbone = keras.Model(inner, x, name="backbone")
    given = keras.Input((side, side, 3), name="picture")
    x = backbone(layers.Rescaling(1 / 255, name="scale")(given), training=False)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    head = keras.Sequential([keras.Input((8,)), layers.Dense(3, name="logits")], name="head")
    return keras.Model(given, layers.Softmax(name="shares")(head(x)))


class Reference:
    """The file as Keras alone loads it: maps of a layer, and the scores before softmax."""

    def __init__(self, keras, file, kind):
        self.keras, self.nested = keras, kind == "nested"
        self.model = keras.models.load_model(file, compile=False)
        self._parts = {}
        if not self.nested:
            last = self.model.layers[-1]
            if last.name.startswith("softmax"):
                self.scores = last.input
            else:
                config = {**last.get_config(), "activation": "linear", "name": "plain"}
                plain = type(last).from_config(config)
                self.scores = plain(last.input)
                plain.set_weights(last.get_weights())

    @property
    def names(self):
        """Every layer with its own output."""
        if not self.nested:
            return [layer.name for layer in self.model.layers]
        inner = [layer.name for layer in self.model.get_layer("backbone").layers[1:]]
        return ["scale", *inner, "mean", "logits", "shares"]

    def maps(self, pixels):
        """What every layer answers to one picture."""
        if self.nested:
            found = [self.both(name, pixels)[0] for name in self.names]
        else:
            outputs = [layer.output for layer in self.model.layers]
            found = self.keras.Model(self.model.inputs[0], outputs)(pixels, training=False)
        return {name: np.asarray(each)[0] for name, each in zip(self.names, found, strict=True)}

    def both(self, name, pixels):
        """The maps of a layer and the scores that follow from them, in one graph."""
        if name not in self._parts:
            self._parts[name] = self._made(name)
        return self._parts[name](pixels)

    def _made(self, name):
        keras, model = self.keras, self.model
        if not self.nested:
            part = keras.Model(model.inputs[0], [model.get_layer(name).output, self.scores])
            return lambda pixels: part(pixels, training=False)
        scale, backbone = model.get_layer("scale"), model.get_layer("backbone")
        mean, head = model.get_layer("mean"), model.get_layer("head")
        inside = name in [layer.name for layer in backbone.layers]
        found = backbone.get_layer(name).output if inside else backbone.output
        part = keras.Model(backbone.inputs[0], [found, backbone.output])

        def both(pixels):
            scaled = scale(pixels)
            maps, end = part(scaled, training=False)
            pooled = mean(end)
            scores = head(pooled)
            others = {"scale": scaled, "mean": pooled, "logits": scores}
            others["shares"] = model.get_layer("shares")(scores)
            return (maps if inside else others[name]), scores

        return both


@pytest.fixture(scope="module", params=KINDS)
def network(keras, request, tmp_path_factory):
    """The network as the window has it, a reference, and a folder of pictures for it."""
    preset, side = KINDS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    keras.utils.set_random_seed(7)
    if preset:
        drawn = PRESETS[preset].build((side, side, 3), len(CLASSES))
        model = build_model(drawn, seed=7)
        save_project(Project(drawn), folder / "project.cnns")
    else:
        model = nested(keras, side)
    draw = np.random.default_rng(3)
    # Statistics as after a training, so that no layer is as good as not there.
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            count = layer.gamma.shape[0]
            layer.set_weights([draw.uniform(0.5, 1.5, count) for _ in range(4)])
    model.save(folder / "model.keras")
    (folder / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    for name in CLASSES:
        (folder / "pictures" / name).mkdir(parents=True)
        for number in range(5):
            pixels = draw.integers(0, 256, (side + 3, side, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(folder / "pictures" / name / f"{number}.png")
    trained = TrainedModel.load(folder if preset else folder / "model.keras")
    reference = Reference(keras, folder / "model.keras", request.param)
    return trained, reference, folder / "pictures"


@pytest.fixture(scope="module")
def picture(network):
    trained, _, folder = network
    return load_picture(folder / "ant" / "0.png", trained.preparation)


def test_feature_maps_are_what_keras_gives(network, picture):
    trained, reference, _ = network
    mapper, given = FeatureMapper(trained.model), picture[None].astype(np.float32)
    assert set(reference.names) <= set(outputs_of(trained.model))
    for name, wanted in reference.maps(given).items():
        scale = max(1.0, float(np.abs(wanted).max()))
        np.testing.assert_allclose(mapper.maps(name, picture), wanted, atol=1e-5 * scale)


def test_grad_cam_is_what_tensorflow_gives(network, picture):
    import tensorflow as tf

    trained, reference, _ = network
    attributor = Attributor(Classifier(trained))
    layers = {attributor.usual_layer, attributor.cam_layers[len(attributor.cam_layers) // 2]}
    assert layers <= set(reference.names)
    for layer in layers:
        for index in range(len(CLASSES)):
            pixels = tf.constant(picture[None], tf.float32)
            with tf.GradientTape() as tape:
                tape.watch(pixels)
                maps, scores = reference.both(layer, pixels)
                score = scores[0, index]
            weights = tf.reduce_mean(tape.gradient(score, maps), axis=(0, 1, 2))
            cam = tf.nn.relu(tf.reduce_sum(maps[0] * weights, axis=-1))
            wanted = tf.image.resize(cam[..., None], picture.shape[:2])[..., 0].numpy()
            found = attributor.grad_cam(picture, index, layer)
            atol = 1e-5 * max(1.0, float(wanted.max()))
            np.testing.assert_allclose(found.heat, wanted, atol=atol)
            assert found.score == pytest.approx(float(score), rel=1e-4, abs=1e-5)


def gradients_between(reference, picture, index, places):
    """What TensorFlow alone gives at places between black and a picture."""
    import tensorflow as tf

    found = []
    for part in np.array_split(places.astype(np.float32), max(1, len(places) // 32)):
        pixels = tf.constant(part[:, None, None, None] * picture[None])
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            scores = reference.both(reference.names[-1], pixels)[1][:, index]
        found.append(tape.gradient(scores, pixels).numpy())
    return np.concatenate(found)


def test_integrated_gradients_are_what_tensorflow_gives(network, picture):
    trained, reference, _ = network
    found = Attributor(Classifier(trained)).integrated_gradients(picture, 1)
    slopes = gradients_between(reference, picture, 1, found.places)
    wanted = (np.trapezoid(slopes, found.places, axis=0) * picture).sum(axis=-1)
    # Places lie close to kinks, where rounding decides between two slopes.
    np.testing.assert_allclose(found.heat, wanted, atol=1e-3 * np.abs(wanted).max())
    # Where more places lie than elsewhere changes nothing but how exact it is.
    even = (np.arange(512) + 0.5) / 512
    plain = (gradients_between(reference, picture, 1, even).mean(axis=0) * picture).sum(axis=-1)
    assert np.abs(found.heat - plain).sum() <= 0.1 * np.abs(plain).sum()


def likely_the_same(attributor, trained, pictures):
    """Of some pictures the one, and its class, whose score is nearest to that of black."""
    score = attributor._function("scores", attributor._score)
    black = np.zeros((1, *pictures.shape[1:]), np.float32)
    gaps = []
    for index in range(len(trained.classes)):
        scores = score(pictures.astype(np.float32), index).numpy()
        low = float(score(black, index).numpy()[0])
        gaps.append(np.abs(scores - low) / np.maximum(np.abs(scores), abs(low)))
    index, number = np.unravel_index(np.argmin(gaps), np.shape(gaps))
    return pictures[number], int(index)


@pytest.mark.parametrize("baseline", ["black", "mean"])
def test_integrated_gradients_are_complete(network, baseline):
    """The parts add up to the difference of the scores, also where that is next to nothing."""
    trained, reference, folder = network
    attributor = Attributor(Classifier(trained))
    files = sorted(folder.rglob("*.png"))
    pictures = np.stack([load_picture(file, trained.preparation) for file in files])
    chosen = [(pictures[0], index) for index in range(len(CLASSES))]
    chosen.append(likely_the_same(attributor, trained, pictures))
    for picture, index in chosen:
        found = attributor.integrated_gradients(picture, index, baseline=baseline)
        start = np.zeros(3) if baseline == "black" else picture.mean(axis=(0, 1))
        ends = np.stack([np.broadcast_to(start, picture.shape), picture]).astype(np.float32)
        low, high = np.asarray(reference.both(reference.names[-1], ends)[1])[:, index]
        assert not found.note
        assert abs(found.heat.sum(dtype=np.float64) - (high - low)) <= 0.01 * abs(high - low)


def test_figures_of_each_class_are_those_of_scikit_learn(network):
    from sklearn.metrics import accuracy_score, classification_report, confusion_matrix

    trained, reference, folder = network
    files = sorted(folder.rglob("*.png"))
    truths = [file.parent.name for file in files]
    pixels = np.stack([load_picture(file, trained.preparation) for file in files])
    answers = reference.model.predict(pixels.astype(np.float32), verbose=0).argmax(axis=-1)
    guesses = [CLASSES[index] for index in answers]
    found = evaluate(trained, folder)
    report = classification_report(
        truths, guesses, labels=list(CLASSES), output_dict=True, zero_division=0
    )
    for figures in found.per_class:
        wanted = report[figures.name]
        assert figures.precision == pytest.approx(wanted["precision"])
        assert figures.recall == pytest.approx(wanted["recall"])
        assert figures.f1 == pytest.approx(wanted["f1-score"])
        assert figures.support == wanted["support"]
    assert found.accuracy == pytest.approx(accuracy_score(truths, guesses))
    matrix = confusion_matrix(truths, guesses, labels=list(CLASSES))
    np.testing.assert_array_equal(found.confusion_matrix, matrix)
