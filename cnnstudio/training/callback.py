"""A run's `Loop` as Keras takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnstudio.training.loop import Loop

if TYPE_CHECKING:
    import keras


def as_callback(loop: Loop) -> keras.callbacks.Callback:
    """What Keras calls between the batches."""
    import keras

    class Callback(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            loop.epoch_begins()

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            loop.batch_begins(batch)

        def on_test_begin(self, logs: Any = None) -> None:  # noqa: ARG002
            loop.validation_begins()

        def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:  # noqa: ARG002
            loop.validation_batch_begins()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
            loop.epoch_ends(logs)

    return Callback()
