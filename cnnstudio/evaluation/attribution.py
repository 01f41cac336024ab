"""What mattered: which parts of a picture speak for a class, by four methods.

- Grad-CAM (Selvaraju et al., 2017): the feature maps of one layer, weighted by the mean gradient
  of the class's score, negative parts left out.
- Saliency (Simonyan et al., 2014): how much the score changes with each pixel; with several noisy
  copies SmoothGrad (Smilkov et al., 2017).
- Integrated gradients (Sundararajan et al., 2017): gradients added up on the way from a plain
  picture to this one; their sum is the difference of the two scores.
- Occlusion (Zeiler and Fergus, 2014): how much the probability falls when a patch is covered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cnnstudio.errors import Cancelled, StudioError
from cnnstudio.evaluation.class_scores import class_scores
from cnnstudio.evaluation.path_integral import COMPLETE, PathIntegral, integrate
from cnnstudio.evaluation.predict import Classifier
from cnnstudio.keras_build.uses import outputs_of

Baseline = Literal["black", "grey", "white", "mean"]
Array = np.ndarray[Any, Any]

_BASELINES: dict[Baseline, str] = {
    "black": "black", "grey": "grey", "white": "white", "mean": "plain"
}  # fmt: skip
_CONVOLUTIONS = ("Conv2D", "SeparableConv2D", "DepthwiseConv2D", "Conv2DTranspose")
_BATCH, _SIDE = 32, 96  # so many pictures of this side at once, fewer of larger ones


class AttributionError(StudioError):
    """A method that has no meaning for a network or a layer, with the way out."""


@dataclass(frozen=True)
class Attribution:
    """How much each pixel mattered for one class.

    Attributes:
        method: "grad-cam", "saliency", "integrated gradients" or "occlusion".
        heat: float32 `(height, width)` of the picture. Saliency and Grad-CAM are never negative;
            in the others negative parts speak against the class.
        class_index: the class asked for.
        score: its score before softmax for this picture (see `class_scores`).
        layer: the layer whose maps Grad-CAM weighs, else None.
        note: what the person should know, or "".
        places: where between the plain picture (0) and this one (1) integrated gradients took
            gradients, else None.
    """

    method: str
    heat: Array
    class_index: int
    score: float
    layer: str | None = None
    note: str = ""
    places: Array | None = None


class Attributor:
    """The four methods for one network; what it needs of the model is kept.

    Pictures are uint8 or float32 `(height, width, channels)` as the network takes them. Use one
    from one thread at a time.
    """

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier
        self._model = classifier.trained.model
        self._scores = class_scores(self._model)
        self._outputs = outputs_of(self._model)
        self._functions: dict[Any, Callable[..., Any]] = {}
        height, width = classifier.trained.image_size
        # Gradients keep what every layer answered: hundreds of megabytes a picture, of some.
        self._batch = max(1, min(_BATCH, _BATCH * _SIDE**2 // (height * width)))

    # --- Grad-CAM

    @property
    def cam_layers(self) -> tuple[str, ...]:
        """Layers with height and width on the way to the scores, in the network's order."""
        above = _ancestors(self._scores.tensor)
        return tuple(name for name, tensor in self._outputs.items() if _is_map(tensor, above))

    @property
    def usual_layer(self) -> str | None:
        """The layer Grad-CAM is asked of unless told otherwise: the last convolution."""
        layers = self.cam_layers
        convolutions = [name for name in layers if _kind(self._outputs[name]) in _CONVOLUTIONS]
        found = convolutions or layers
        return found[-1] if found else None

    def grad_cam(self, picture: Array, class_index: int, layer: str | None = None) -> Attribution:
        """The parts of `layer`'s maps that raise the score of a class.

        Raises `AttributionError` if the network has no layer with height and width on the way to
        its scores, or `layer` is none.
        """
        import tensorflow as tf

        name = layer or self.usual_layer
        if name is None:
            raise AttributionError(
                "Grad-CAM needs a layer that keeps height and width; this network has none before "
                "its scores. Saliency, integrated gradients and occlusion work for it."
            )
        if name not in self.cam_layers:
            raise AttributionError(
                f"{name} gives no maps with height and width on the way to the scores: choose "
                f"one of {', '.join(self.cam_layers[-5:])}."
            )
        pixels = self._pixels(picture)
        cam, score = self._function(("cam", name), lambda: self._cam(name))(
            pixels[None], class_index
        )
        heat = tf.image.resize(cam[None, ..., None], pixels.shape[:2])[0, ..., 0].numpy()
        note = "" if heat.any() else f"No map of {name} speaks for this class."
        return Attribution("grad-cam", heat, class_index, float(score), name, note)

    def _cam(self, name: str) -> Callable[..., Any]:
        import tensorflow as tf

        part = self._part(self._outputs[name])

        @tf.function(input_signature=self._signature(), autograph=False)
        def function(pixels: Any, chosen: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(pixels)  # or a frozen network would leave nothing on the tape
                maps, end = part(pixels, training=False)
                score = self._scores.finish(end)[0, chosen]
            gradient = tape.gradient(
                score, maps, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            weights = tf.reduce_mean(tf.cast(gradient, tf.float32), axis=(1, 2))
            cam = tf.einsum("hwc,c->hw", tf.cast(maps[0], tf.float32), weights[0])
            return tf.nn.relu(cam), score

        return function

    # --- gradients with respect to pixels

    def saliency(
        self,
        picture: Array,
        class_index: int,
        *,
        copies: int = 1,
        noise: float = 0.1,
        seed: int = 0,
    ) -> Attribution:
        """The largest change of the score, over the channels, with each pixel.

        With more than one of `copies`, the mean over copies with Gaussian noise of `noise` times
        the picture's range (SmoothGrad).
        """
        pixels = self._pixels(picture)
        score = self._score_of(pixels, class_index)
        if copies > 1:
            spread = noise * float(np.ptp(pixels))
            draw = np.random.default_rng(seed)
            many = pixels + draw.normal(0, spread, (copies, *pixels.shape)).astype(np.float32)
        else:
            many = pixels[None]
        heat = np.zeros(pixels.shape[:2], np.float32)
        for start in range(0, len(many), self._batch):
            gradients, _ = self._gradients(many[start : start + self._batch], class_index)
            heat += np.abs(gradients).max(axis=-1).sum(axis=0)
        return Attribution("saliency", heat / len(many), class_index, score)

    def integrated_gradients(
        self,
        picture: Array,
        class_index: int,
        *,
        baseline: Baseline = "black",
        progress: Callable[[int, float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Attribution:
        """Gradients added up from `baseline` to the picture, over the channels.

        The sum over all pixels is the score's difference from that of the baseline, within 1 %:
        as many steps are taken as that needs (`path_integral`), up to a limit; then `note` says
        how much is missing. `progress` gets steps so far and the share missing. Raises `Cancelled`.
        """
        pixels = self._pixels(picture)
        start = np.broadcast_to(_plain(pixels, baseline), pixels.shape).astype(np.float32)
        found = integrate(
            lambda pictures: self._gradients(pictures, class_index),
            start,
            pixels,
            batch=self._batch,
            progress=progress,
            cancelled=cancelled,
        )
        return Attribution(
            "integrated gradients",
            found.heat,
            class_index,
            found.high,
            None,
            _incomplete(found, baseline),
            found.places,
        )

    # --- occlusion

    def occlusion(
        self,
        picture: Array,
        class_index: int,
        *,
        patch: int | None = None,
        stride: int | None = None,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Attribution:
        """How far the probability falls with a grey patch over each place, mean over the patches.

        `patch` is the side in pixels (an eighth of the shorter side unless given, 2 at least),
        `stride` half of it. Raises `Cancelled`.
        """
        pixels = self._pixels(picture)
        height, width = pixels.shape[:2]
        side = patch or max(2, min(height, width) // 8)
        pace = stride or max(1, side // 2)
        grey = pixels.mean(axis=(0, 1))
        places = [(y, x) for y in _starts(height, side, pace) for x in _starts(width, side, pace)]
        whole = self._classifier.probabilities(pixels[None])[0, class_index]
        falls = np.zeros((height, width), np.float64)
        times = np.zeros((height, width), np.int64)
        for first in range(0, len(places), self._batch):
            if cancelled is not None and cancelled():
                raise Cancelled
            group = places[first : first + self._batch]
            covered = np.repeat(pixels[None], len(group), axis=0)
            for row, (y, x) in enumerate(group):
                covered[row, y : y + side, x : x + side] = grey
            found = self._classifier.probabilities(covered)[:, class_index]
            for (y, x), value in zip(group, found, strict=True):
                falls[y : y + side, x : x + side] += whole - value
                times[y : y + side, x : x + side] += 1
            if progress is not None:
                progress(min(first + self._batch, len(places)), len(places))
        heat = (falls / np.maximum(times, 1)).astype(np.float32)
        return Attribution("occlusion", heat, class_index, self._score_of(pixels, class_index))

    # --- parts

    def _pixels(self, picture: Array) -> Array:
        wanted = (*self._classifier.trained.image_size, self._classifier.trained.channels)
        if tuple(picture.shape) != wanted:
            raise AttributionError(
                f"The network takes pictures of {' × '.join(map(str, wanted))}, not "
                f"{' × '.join(map(str, picture.shape))}."
            )
        return np.asarray(picture, np.float32)

    def _score_of(self, pixels: Array, class_index: int) -> float:
        scores = self._function("scores", self._score)(pixels[None], class_index)
        return float(scores[0])

    def _gradients(self, pixels: Array, class_index: int) -> tuple[Array, Array]:
        gradients, scores = self._function("gradients", self._gradient)(pixels, class_index)
        return gradients.numpy(), scores.numpy()

    def _gradient(self) -> Callable[..., Any]:
        import tensorflow as tf

        part = self._part()

        @tf.function(input_signature=self._signature(), autograph=False)
        def function(pixels: Any, chosen: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(pixels)
                scores = self._scores.finish(part(pixels, training=False))[:, chosen]
            gradient = tape.gradient(
                scores, pixels, unconnected_gradients=tf.UnconnectedGradients.ZERO
            )
            return gradient, scores

        return function

    def _score(self) -> Callable[..., Any]:
        import tensorflow as tf

        part = self._part()

        @tf.function(input_signature=self._signature(), autograph=False)
        def function(pixels: Any, chosen: Any) -> Any:
            return self._scores.finish(part(pixels, training=False))[:, chosen]

        return function

    def _part(self, *tensors: Any) -> Any:
        import keras

        outputs = [*tensors, self._scores.tensor]
        return keras.Model(self._model.inputs[0], outputs if tensors else outputs[0])

    def _signature(self) -> list[Any]:
        import tensorflow as tf

        shape = (None, *self._model.inputs[0].shape[1:])
        return [tf.TensorSpec(shape, tf.float32), tf.TensorSpec((), tf.int32)]

    def _function(self, key: Any, make: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
        if key not in self._functions:
            self._functions[key] = make()
        return self._functions[key]


def _incomplete(found: PathIntegral, baseline: Baseline) -> str:
    """Why the parts do not add up, or "" if they do."""
    if found.missing <= COMPLETE:
        return ""
    plain = _BASELINES[baseline]
    if found.same:
        return (
            f"The score is that of a {plain} picture, as exactly as the network counts: the parts "
            "speak for and against as much."
        )
    return (
        f"After {len(found.places):,} steps the parts add up to the difference from a {plain} "
        f"picture's score, {found.high - found.low:.2g}, but for {found.missing:.1%}."
    )


def _starts(length: int, side: int, pace: int) -> list[int]:
    """Where patches begin along a side, so that the last one ends with it."""
    last = max(0, length - side)
    return sorted({*range(0, last + 1, pace), last})


def _plain(pixels: Array, baseline: Baseline) -> Array | float:
    if baseline == "mean":
        mean: Array = pixels.mean(axis=(0, 1))
        return mean
    return {"black": 0.0, "grey": 127.5, "white": 255.0}[baseline]


def _is_map(tensor: Any, above: set[int]) -> bool:
    """Whether a layer's output has more than one place and is among the tensors `above`."""
    return (
        id(tensor) in above
        and _kind(tensor) != "InputLayer"
        and len(tensor.shape) == 4
        and any(side is None or side > 1 for side in tensor.shape[1:3])
    )


def _kind(tensor: Any) -> str:
    """The class of the layer that a tensor comes from."""
    return type(tensor._keras_history.operation).__name__


def _ancestors(tensor: Any) -> set[int]:
    """The identities of the tensors that a tensor comes from, and its own."""
    found: set[int] = set()
    waiting = [tensor]
    while waiting:
        tensor = waiting.pop()
        if id(tensor) in found:
            continue
        found.add(id(tensor))
        layer, node, _ = tensor._keras_history
        waiting += layer._inbound_nodes[node].input_tensors
    return found
