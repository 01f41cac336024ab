"""Batches of pictures for Keras, in an order of our own so that a run can go on at any step.

Epoch `e` of a shuffled feed is drawn from `(seed, e)`: a permutation, or where some samples shall
come more often than others, a drawing; batch `s` of it is the same in every process. Decoded
pictures come from a `PictureStore`; `tf.data` fetches them ahead of the training in parallel.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.data.augmentation import Augment
from cnnstudio.data.dataset import Sample
from cnnstudio.data.pictures import Pixels
from cnnstudio.data.report import DataError, Skipped
from cnnstudio.data.settings import DataSettings
from cnnstudio.data.store import MEMORY_BUDGET, PictureStore

if TYPE_CHECKING:
    import tensorflow as tf

# Batches fetched at the same time, and batches kept ready.
_PARALLEL = 2
_AHEAD = 4


class Feed:
    """Batches of samples: `x` float32 0–255 (batch, height, width, channels), `y` class numbers.

    `y` is int32 (batch,), or float32 rows of 0 and 1 (batch, classes) with `one_hot`. With
    `weights`, one for each sample, batches are `x`, `y` and float32 weights (batch,). `sampling`
    says how often each sample is wanted, in any unit: an epoch of a shuffled feed then holds as
    many pictures as before, each as often as its share says, rounded down or up by chance.
    `augment(number, x, y)`, or `augment(number, x, y, weights)`, changes batches inside `tf.data`,
    given tensors and the number of the batch (int64), counted over all epochs. A picture
    that turns out to be broken is left out of its batch, named in `skipped`, and left out from
    then on; the number of batches and the place of every other picture stay the same, and no
    batch is empty. Close the feed after use: it has threads and memory, or a file.

    Attributes:
        skipped: broken pictures met so far (one list for the life of the feed).
        failure: why the feed ended, once it has: TensorFlow hides the exception in one of its own.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        settings: DataSettings,
        *,
        batch_size: int,
        classes: int,
        shuffle: bool = False,
        seed: int = 0,
        one_hot: bool = False,
        augment: Augment | None = None,
        sampling: Sequence[float] | None = None,
        weights: Sequence[float] | None = None,
        memory_budget: int = MEMORY_BUDGET,
        cache_folder: Path | None = None,
        on_skipped: Callable[[Skipped], None] | None = None,
    ) -> None:
        if not samples:
            raise DataError("There are no pictures to feed.")
        self.samples = tuple(samples)
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.failure: DataError | None = None
        self._store = PictureStore(
            [sample.path for sample in self.samples],
            settings.preparation,
            memory_budget=memory_budget,
            cache_folder=cache_folder,
            on_skipped=on_skipped,
        )
        labels = np.array([sample.label_index for sample in self.samples], np.int32)
        self._numbers = labels
        self._labels = np.eye(classes, dtype=np.float32)[labels] if one_hot else labels
        self._augment = augment
        self._sampling = None if sampling is None else np.asarray(sampling, np.float64)
        self._weights = None if weights is None else np.asarray(weights, np.float32)
        self._orders: dict[int, np.ndarray[Any, Any]] = {}
        self._lock = threading.Lock()
        self._closed = False

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch, the last of which may be smaller."""
        return -(-len(self.samples) // self.batch_size)

    @property
    def skipped(self) -> list[Skipped]:
        return self._store.skipped

    @property
    def store(self) -> PictureStore:
        return self._store

    def order(self, epoch: int) -> np.ndarray[Any, Any]:
        """The numbers of all samples in the order of an epoch (the first is 0)."""
        with self._lock:
            found = self._orders.get(epoch)
            if found is None:
                found = np.arange(len(self.samples))
                if self.shuffle:
                    found = self._drawn(np.random.default_rng([self.seed, epoch]))
                # This epoch and the one fetched ahead: older ones are not asked for again.
                self._orders = {e: o for e, o in self._orders.items() if abs(e - epoch) < 2}
                self._orders[epoch] = found
            return found

    def batch(self, epoch: int, step: int) -> tuple[np.ndarray[Any, Any], ...]:
        """Pixels uint8, labels and maybe weights of one batch, before any augmentation.

        Raises `DataError` if no picture is left.
        """
        chosen = self.order(epoch)[step * self.batch_size : (step + 1) * self.batch_size]
        pixels, good = self._store.gather(chosen)
        if not len(pixels) and not self._closed:
            chosen, pixels, good = self._instead(epoch, step)
        kept = chosen[good]
        if self._weights is None:
            return pixels, self._labels[kept]
        return pixels, self._labels[kept], self._weights[kept]

    def dataset(self, epoch_start: int = 0, step_start: int = 0) -> tf.data.Dataset:
        """The batches as `tf.data`, from the given step (of `steps_per_epoch`) of an epoch on.

        A shuffled feed goes on without end, epoch after epoch: give Keras's `fit`
        `steps_per_epoch`. A feed that is not shuffled ends with the epoch. Every iteration of the
        dataset begins at the same place.
        """
        import tensorflow as tf

        first = epoch_start * self.steps_per_epoch + step_start
        end = 2**62 if self.shuffle else (epoch_start + 1) * self.steps_per_epoch
        height, width, channels = self._store.shape
        kinds = [tf.uint8, tf.as_dtype(self._labels.dtype)]
        if self._weights is not None:
            kinds.append(tf.float32)

        def fetched(number: Any) -> tuple[Any, ...]:
            x, y, *weights = tf.numpy_function(self._fetch, [number], kinds, stateful=False)
            x.set_shape((None, height, width, channels))
            y.set_shape((None, *self._labels.shape[1:]))
            for weight in weights:
                weight.set_shape((None,))
            x = tf.cast(x, tf.float32)
            if self._augment is not None:
                x, y, *weights = self._augment(number, x, y, *weights)
            return x, y, *weights

        options = tf.data.Options()
        options.deterministic = True
        options.experimental_optimization.apply_default_optimizations = False
        return (
            tf.data.Dataset.range(first, end)
            .map(fetched, num_parallel_calls=_PARALLEL)
            .prefetch(_AHEAD)
            .with_options(options)
        )

    def close(self) -> None:
        """End threads, let go of memory and file. What still asks for batches gets empty ones."""
        self._closed = True
        self._store.close()

    def __enter__(self) -> Feed:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _drawn(self, random: np.random.Generator) -> np.ndarray[Any, Any]:
        """The sample numbers of an epoch, in an order of chance."""
        order = random.permutation(len(self.samples))
        if self._sampling is None:
            return order
        # Systematic sampling, class by class: equal steps along the summed shares from a start of
        # chance, so that each class and each picture comes as often as wanted, within one.
        order = order[np.argsort(self._numbers[order], kind="stable")]
        shares = np.cumsum(self._sampling[order])
        places = (np.arange(len(order)) + random.random()) * (shares[-1] / len(order))
        found = np.minimum(np.searchsorted(shares, places, side="right"), len(order) - 1)
        return random.permutation(order[found])

    def _fetch(self, number: Any) -> tuple[np.ndarray[Any, Any], ...]:
        epoch, step = divmod(int(number), self.steps_per_epoch)
        return self.batch(epoch, step)

    def _instead(
        self, epoch: int, step: int
    ) -> tuple[np.ndarray[Any, Any], Pixels, np.ndarray[Any, Any]]:
        """For a batch whose pictures are all broken: others, drawn from the seed as well."""
        drawn = np.random.default_rng([self.seed, epoch, step]).permutation(len(self.samples))
        for start in range(0, len(drawn), self.batch_size):
            chosen = drawn[start : start + self.batch_size]
            pixels, good = self._store.gather(chosen)
            if len(pixels) or self._closed:
                return chosen, pixels, good
        first = self.skipped[0]
        self.failure = DataError(
            f"None of the {len(self.samples):,} pictures can be read any more; the first, "
            f"{first.path}: {first.reason}. Is the folder still there?"
        )
        raise self.failure
