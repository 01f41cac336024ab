"""All pictures of a split as points: how the network sees them, just before it decides.

The features are what the last hidden layer answers; PCA or t-SNE (van der Maaten and Hinton, 2008)
of scikit-learn brings them to two dimensions. Pictures that lie together look alike to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cnnstudio.errors import Cancelled, StudioError
from cnnstudio.evaluation.predict import Classifier, Unreadable

if TYPE_CHECKING:
    import keras

Method = Literal["pca", "t-sne"]
Array = np.ndarray[Any, Any]

# t-SNE takes about ten seconds for so many on two cores; of more, evenly chosen ones are shown.
MOST_FOR_TSNE = 3000
_COMPONENTS = 50
_PASSING = ("Dropout", "Softmax", "Activation", "Flatten", "Reshape")


class EmbeddingError(StudioError):
    """Pictures that cannot be shown as points, with the way out."""


@dataclass(frozen=True)
class Features:
    """What the last hidden layer answers.

    Attributes:
        paths: the pictures that could be read.
        values: float32 `(N, features)`.
        layer: the layer's name.
        predicted: the likeliest class of each, as numbers `(N,)`.
    """

    paths: tuple[Path, ...]
    values: Array
    layer: str
    predicted: Array


@dataclass(frozen=True)
class Points:
    """Pictures as points.

    Attributes:
        xy: float64 `(n, 2)`, between −1 and 1, the proportions kept.
        chosen: which rows of the features the points are, `(n,)`.
        method: as asked for.
        note: what the person should know, or "".
    """

    xy: Array
    chosen: Array
    method: Method
    note: str = ""


def features(
    classifier: Classifier,
    paths: Iterable[Path],
    *,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Features:
    """The answers of the last hidden layer to pictures; unreadable ones are left out.

    `progress` gets the number of pictures done after each batch. Raises `Cancelled`.
    """
    import keras
    import tensorflow as tf

    model = classifier.trained.model
    tensor, layer = last_hidden(model)
    part = keras.Model(model.inputs[0], tensor)
    signature = [tf.TensorSpec((None, *model.inputs[0].shape[1:]), tf.float32)]

    @tf.function(input_signature=signature, autograph=False)
    def function(pixels: Any) -> Any:
        answer = tf.cast(part(pixels, training=False), tf.float32)
        return tf.reshape(answer, (tf.shape(answer)[0], -1))

    found: list[Path] = []
    rows, likeliest, seen = [], [], 0
    for items in classifier.batches(paths, 32, cancelled):
        good = [(path, pixels) for path, pixels in items if not isinstance(pixels, Unreadable)]
        seen += len(items)
        if good:
            pixels = np.stack([pixels for _, pixels in good])
            found += [path for path, _ in good]
            rows.append(function(pixels.astype(np.float32)).numpy())
            likeliest.append(classifier.probabilities(pixels).argmax(axis=-1))
        if progress is not None:
            progress(seen)
    if not rows:
        raise EmbeddingError("There is no picture that can be read, so there are no points.")
    return Features(tuple(found), np.concatenate(rows), layer, np.concatenate(likeliest))


def points(
    found: Features,
    method: Method = "pca",
    *,
    seed: int = 0,
    cancelled: Callable[[], bool] | None = None,
) -> Points:
    """Features in two dimensions.

    Raises `EmbeddingError` for fewer than three pictures, `Cancelled` between the steps.
    """
    values = np.nan_to_num(found.values.astype(np.float64))
    count = len(values)
    if count < 3:
        raise EmbeddingError(f"{count} pictures are too few for points: three are needed.")
    chosen = np.arange(count)
    if method == "pca":
        return Points(_fitted(_pca(values, 2)), chosen, method)
    note = ""
    if count > MOST_FOR_TSNE:
        draw = np.random.default_rng(seed)
        chosen = np.sort(draw.choice(count, MOST_FOR_TSNE, replace=False))
        note = f"{MOST_FOR_TSNE:,} of {count:,} pictures, drawn at random."
    from sklearn.manifold import TSNE

    reduced = _pca(values[chosen], _COMPONENTS)
    if cancelled is not None and cancelled():
        raise Cancelled
    perplexity = min(30.0, max(1.0, (len(chosen) - 1) / 3))
    # PCA's own order as the start: the same picture on every machine, near ones first.
    flat = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(reduced)
    return Points(_fitted(flat), chosen, method, note)


def last_hidden(model: keras.Model) -> tuple[Any, str]:
    """The tensor that the layer which decides is given, and the name of the layer it comes from.

    Dropout, flattening and separate activations before or behind the deciding layer are passed by.
    """
    tensor = model.outputs[0]
    decided = False
    while True:
        layer, node, _ = tensor._keras_history
        given = layer._inbound_nodes[node].input_tensors
        if not given or len(given) > 1:
            return tensor, layer.name
        if type(layer).__name__ not in _PASSING:
            if decided:
                return tensor, layer.name
            decided = True
        elif decided and type(layer).__name__ == "Activation":
            return tensor, layer.name
        tensor = given[0]


def _pca(values: Array, components: int) -> Array:
    """The first principal components; columns that there are not are zero."""
    from sklearn.decomposition import PCA

    most = min(components, *values.shape)
    with np.errstate(invalid="ignore"):  # equal pictures have no variance to have shares of
        found = PCA(most, random_state=0).fit_transform(values)
    # A sign of its own for each component, whatever the library: the largest value is positive.
    signs = np.sign(found[np.abs(found).argmax(axis=0), np.arange(most)])
    found = found * np.where(signs == 0, 1, signs)
    if most < 2:
        found = np.pad(found, [(0, 0), (0, 2 - most)])
    return np.asarray(found)


def _fitted(flat: Array) -> Array:
    """Points moved and scaled to lie between −1 and 1."""
    middle = (flat.max(axis=0) + flat.min(axis=0)) / 2
    reach = float(np.abs(flat - middle).max())
    fitted: Array = (flat - middle) / (reach or 1.0)
    return fitted.astype(np.float64)
