"""The augmentation as a function of a batch, for `tf.data` and for pictures shown one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnnstudio.data.augmentation.colour import Pointwise
from cnnstudio.data.augmentation.geometry import Geometric, moved
from cnnstudio.data.augmentation.mixing import Mixing
from cnnstudio.data.augmentation.operation import Draw
from cnnstudio.data.augmentation.settings import AugmentationSettings

# Batch number, pictures, labels and whatever else there is one number of for each picture.
Augment = Callable[..., tuple[Any, ...]]


def augmenter(settings: AugmentationSettings, *, seed: int, channels: int) -> Augment | None:
    """The function that changes batches; None if nothing is switched on.

    It is called with the number of the batch (int64), pictures float32 (batch, height, width,
    channels) of 0 to 255, labels and perhaps weights (batch,), all tensors, and gives back all but
    the number. What it does is fixed by the settings, the seed and the number of the batch.

    Labels are left as they are unless pictures are mixed; then they are float32, rows (batch,
    classes) or numbers from 0 to 1 (batch,), with the shares of the pictures, and weights likewise.
    """
    used = settings.used(channels)
    if not used:
        return None

    def augment(number: Any, pictures: Any, labels: Any, *weights: Any) -> tuple[Any, ...]:
        import tensorflow as tf

        def drawing(name: str) -> Draw:
            return Draw(seed, name, number, pictures)

        shape = pictures.shape
        moving = [(name, found) for name, found in used if isinstance(found, Geometric)]
        if moving:
            sources = [found.source(drawing(name)) for name, found in moving]
            pictures = moved(pictures, sources, settings.fill, settings.fill_value)
            pictures = tf.ensure_shape(pictures, shape)
        rest = [labels, *weights]
        for name, operation in used:
            if isinstance(operation, Pointwise):
                pictures = operation.changed(drawing(name), pictures)
            elif isinstance(operation, Mixing):
                draw = drawing(name)
                partners = tf.argsort(draw.uniform("partners", 0.0, 1.0), stable=True)
                pictures, share = operation.mixed(draw, pictures, tf.gather(pictures, partners))
                rest = [_shared(tf, numbers, partners, share) for numbers in rest]
        return pictures, *rest

    return augment


def _shared(tf: Any, numbers: Any, partners: Any, share: Any) -> Any:
    """Labels or weights, a share (batch,) of which is that of the partners."""
    numbers = tf.cast(numbers, tf.float32)
    part = share[:, None] if numbers.shape.rank == 2 else share
    return numbers + part * (tf.gather(numbers, partners) - numbers)
