"""The score of each class as a network has it before its last softmax or sigmoid.

Probabilities of a sure network hardly change with the picture; the scores below them do. What
mattered for a class (`cnnstudio.evaluation.attribution`) is asked of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnstudio.evaluation.predict import output_kind

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class ClassScores:
    """How to get the scores of a model.

    Attributes:
        tensor: the place in the model's graph that `finish` goes on from.
        finish: turns what comes out at `tensor` into float32 scores `(N, classes)`; a network
            with one unit has two classes with opposite scores.
        exact: False where the scores are the logarithms of the probabilities, since nothing in
            the network stands before them; they differ from scores by one number for all classes.
    """

    tensor: Any
    finish: Callable[[Any], Any]
    exact: bool


def class_scores(model: keras.Model) -> ClassScores:
    """The scores of a classifier with one input and one row of outputs."""
    tensor = model.outputs[0]
    kind = output_kind(model)
    layer, node, _ = tensor._keras_history
    name = type(layer).__name__
    activation = getattr(getattr(layer, "activation", None), "__name__", "")
    squeezes = activation in ("softmax", "sigmoid")
    given = layer._inbound_nodes[node].input_tensors
    if kind == "scores":
        return ClassScores(tensor, _two, True)
    if name == "Dense" and squeezes:
        return ClassScores(given[0], lambda values: _two(_linear(layer, values)), True)
    if name in ("Softmax", "Sigmoid") or (name == "Activation" and squeezes):
        return ClassScores(given[0], _two, True)
    if kind == "sigmoid":
        return ClassScores(tensor, lambda values: _two(_logit(values)), tensor.shape[-1] == 1)
    return ClassScores(tensor, lambda values: _logarithm(values), False)


def _linear(dense: Any, values: Any) -> Any:
    import tensorflow as tf

    scores = tf.matmul(tf.cast(values, tf.float32), tf.cast(dense.kernel, tf.float32))
    return scores if dense.bias is None else scores + tf.cast(dense.bias, tf.float32)


def _logarithm(values: Any) -> Any:
    import tensorflow as tf

    return tf.math.log(tf.maximum(tf.cast(values, tf.float32), 1e-12))


def _logit(values: Any) -> Any:
    import tensorflow as tf

    values = tf.clip_by_value(tf.cast(values, tf.float32), 1e-7, 1 - 1e-7)
    return tf.math.log(values) - tf.math.log1p(-values)


def _two(scores: Any) -> Any:
    import tensorflow as tf

    scores = tf.cast(scores, tf.float32)
    return tf.concat([-scores, scores], axis=-1) if scores.shape[-1] == 1 else scores
