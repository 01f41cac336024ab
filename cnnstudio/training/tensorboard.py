"""Scalars and histograms for TensorBoard, as `keras.callbacks.TensorBoard` names them.

That callback, and `tf.summary.scalar`, need the package tensorboard; this does not.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cnnstudio.keras_build.spread import BINS, Histogram
from cnnstudio.training.events import HistogramsReady


def write_scalar(board: Any, tag: str, value: float, step: int) -> None:
    """Write one figure at a step of a chart."""
    import tensorflow as tf

    _write(board, tag, tf.constant(value, tf.float32), step, "scalars")


def write_histograms(board: Any, event: HistogramsReady, step: int) -> None:
    """Write how weights are spread as `layer/weight`, gradients as `layer/weight/gradient`."""
    for one in event.weights:
        tag = f"{one.layer}/{one.weight}"
        _write(board, tag, _bins(one.values), step, "histograms")
        if one.gradient is not None:
            _write(board, f"{tag}/gradient", _bins(one.gradient), step, "histograms")
    board.flush()


def _bins(found: Histogram) -> np.ndarray[Any, Any]:
    """Rows of left edge, right edge and count, as TensorBoard's plugin takes them."""
    edges = np.linspace(found.low, found.high, BINS + 1)
    return np.stack([edges[:-1], edges[1:], found.counts], axis=1).astype(np.float64)


def _write(board: Any, tag: str, value: Any, step: int, plugin: str) -> None:
    import tensorflow as tf

    kind = tf.compat.v1.SummaryMetadata.PluginData(plugin_name=plugin)
    metadata = tf.compat.v1.SummaryMetadata(plugin_data=kind)
    with board.as_default(step=step):
        tf.summary.write(tag, value, metadata=metadata)
