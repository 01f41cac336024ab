"""Counts which class is taken for which, while Keras validates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnstudio.training.objective import Objective

if TYPE_CHECKING:
    import numpy as np


class Confusion:
    """A matrix in TensorFlow's memory: rows are classes, columns what they were taken for."""

    def __init__(self, classes: int) -> None:
        import tensorflow as tf

        self._classes = classes
        self._counts = tf.Variable(tf.zeros((classes, classes), tf.int32), trainable=False)

    def watch(self, accuracy: Any, objective: Objective) -> Any:
        """Have a Keras accuracy count here too. Saved, it is the plain metric; returns it."""
        import tensorflow as tf

        update = accuracy.update_state

        def update_state(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
            if objective.single:
                threshold = 0.0 if objective.from_logits else 0.5
                said = tf.cast(tf.reshape(y_pred, (-1,)) > threshold, tf.int32)
                truth = tf.cast(tf.round(tf.cast(tf.reshape(y_true, (-1,)), tf.float32)), tf.int32)
            else:
                said = tf.argmax(y_pred, axis=1, output_type=tf.int32)
                rows = objective.one_hot
                truth = (
                    tf.argmax(y_true, axis=1, output_type=tf.int32)
                    if rows
                    else tf.cast(tf.reshape(y_true, (-1,)), tf.int32)
                )
            counts = tf.math.confusion_matrix(truth, said, self._classes, dtype=tf.int32)
            self._counts.assign_add(counts)
            return update(y_true, y_pred, sample_weight)

        accuracy.update_state = update_state
        return accuracy

    def reset(self) -> None:
        """Begin to count anew."""
        self._counts.assign(self._counts * 0)

    def matrix(self) -> np.ndarray[Any, Any]:
        """The counts so far."""
        return self._counts.numpy()
