"""Batches of pictures for Keras, in an order of our own so that a run can go on at any step.

Epoch `e` of a shuffled feed is drawn from `(seed, e)`: a permutation, or where some samples shall
come more often than others, a drawing; batch `s` of it is the same in every process. Decoded
pictures come from a `PictureStore`; `tf.data` fetches them ahead of the training in parallel, and
takes those that are in memory from there without a step of Python.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.data.augmentation import Augment
from cnnstudio.data.dataset import Sample
from cnnstudio.data.pictures import Pixels
from cnnstudio.data.report import DataError, Skipped
from cnnstudio.data.settings import DataSettings
from cnnstudio.data.store import PictureStore

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
        memory_budget: int | None = None,
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
            budget=memory_budget,
            cache_folder=cache_folder,
            on_skipped=on_skipped,
        )
        self._labels = np.array([sample.label_index for sample in self.samples], np.int32)
        self._classes = classes
        self._one_hot = one_hot
        self._augment = augment
        self._sampling = None if sampling is None else np.asarray(sampling, np.float64)
        self._weights = None if weights is None else np.asarray(weights, np.float32)
        self._orders: dict[int, np.ndarray[Any, Any]] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._memory: _Memory | None = None
        self._told_all = False
        self._called = _Called(self)

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

    def batch(self, epoch: int, step: int) -> tuple[Pixels, np.ndarray[Any, Any]]:
        """Pixels uint8 and sample numbers of one batch, before any augmentation.

        Raises `DataError` if no picture is left.
        """
        chosen = self.order(epoch)[step * self.batch_size : (step + 1) * self.batch_size]
        pixels, good = self._store.gather(chosen)
        if not len(pixels) and not self._closed:
            chosen, pixels, good = self._instead(epoch, step)
        return pixels, chosen[good]

    def dataset(self, epoch_start: int = 0, step_start: int = 0) -> tf.data.Dataset:
        """The batches as `tf.data`, from the given step (of `steps_per_epoch`) of an epoch on.

        A shuffled feed goes on without end, epoch after epoch: give Keras's `fit`
        `steps_per_epoch`. A feed that is not shuffled ends with the epoch. Every iteration of the
        dataset begins at the same place.
        """
        import tensorflow as tf

        steps, size = self.steps_per_epoch, self.batch_size
        fetched = self._fetched()

        def of_epoch(epoch: Any) -> Any:
            order = tf.numpy_function(self._called.order, [epoch], tf.int64, stateful=False)
            order.set_shape((len(self.samples),))
            first = tf.where(epoch == epoch_start, tf.cast(step_start, tf.int64), 0)
            # Zipped: a function that pairs them would be called once a batch.
            whole = tf.data.Dataset.from_tensors((epoch, order)).repeat()
            return tf.data.Dataset.zip(tf.data.Dataset.range(first, steps), whole)

        def batch(step: Any, epoch: tuple[Any, Any]) -> tuple[Any, ...]:
            number, order = epoch[0] * steps + step, epoch[1]
            x, chosen = fetched(number, order[step * size : (step + 1) * size])
            y = tf.gather(tf.constant(self._labels), chosen)
            if self._one_hot:
                y = tf.one_hot(y, self._classes)
            found: tuple[Any, ...] = (x, y)
            if self._weights is not None:
                found = (*found, tf.gather(tf.constant(self._weights), chosen))
            return found if self._augment is None else self._augment(number, *found)

        options = tf.data.Options()
        options.deterministic = True
        # They would copy the pictures in memory.
        options.experimental_optimization.apply_default_optimizations = False
        epochs = 2**62 if self.shuffle else epoch_start + 1
        batches = 2**62 if self.shuffle else steps - step_start
        return (
            tf.data.Dataset.range(epoch_start, epochs)
            .flat_map(of_epoch)
            .map(batch, num_parallel_calls=_PARALLEL)
            .prefetch(_AHEAD)
            .apply(tf.data.experimental.assert_cardinality(batches))
            .with_options(options)
        )

    def close(self) -> None:
        """End threads, let go of memory and file. What still asks for batches gets empty ones."""
        with self._lock:
            self._closed = True
            memory, self._memory = self._memory, None
        if memory is not None:
            memory.close()
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
        order = order[np.argsort(self._labels[order], kind="stable")]
        shares = np.cumsum(self._sampling[order])
        places = (np.arange(len(order)) + random.random()) * (shares[-1] / len(order))
        found = np.minimum(np.searchsorted(shares, places, side="right"), len(order) - 1)
        return random.permutation(order[found])

    def _fetched(self) -> Callable[[Any, Any], tuple[Any, Any]]:
        """A function for `tf.data`: number of a batch and its samples to pixels and samples.

        Pixels are float32; the samples are without the broken ones.
        """
        import tensorflow as tf

        with self._lock:
            pixels = self._store.pixels
            if self._memory is None and pixels is not None and not self._closed:
                self._memory = _Memory(pixels, self._store.usable)
            memory = self._memory

        def slow(number: Any) -> tuple[Any, Any]:
            called = self._called.fetch
            x, kept = tf.numpy_function(called, [number], (tf.uint8, tf.int64), stateful=False)
            x.set_shape((None, *self._store.shape))
            kept.set_shape((None,))
            return tf.cast(x, tf.float32), kept

        def fetched(number: Any, chosen: Any) -> tuple[Any, Any]:
            if memory is None:
                return slow(number)
            pixels, ready = memory.look(chosen)
            return tf.cond(
                ready,
                lambda: (tf.cast(tf.gather(pixels, chosen), tf.float32), chosen),
                lambda: slow(number),
            )

        return fetched

    def _order_of(self, epoch: Any) -> np.ndarray[Any, Any]:
        self._tell_memory()
        return self.order(int(epoch))

    def _fetch(self, number: Any) -> tuple[Pixels, np.ndarray[Any, Any]]:
        epoch, step = divmod(int(number), self.steps_per_epoch)
        # From the first batch on, and not before: until then Keras builds its graph, in Python.
        self._store.read_ahead(self.order(epoch)[step * self.batch_size :])
        found = self.batch(epoch, step)
        if self._store.complete and not self._told_all:
            self._told_all = True
            self._tell_memory()
        return found

    def _tell_memory(self) -> None:
        """Let TensorFlow know which pictures are decoded by now."""
        with self._lock:
            if self._memory is not None:
                self._memory.tell(self._store.usable)

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


class _Called:
    """What TensorFlow calls for a feed.

    It keeps every function it may call as long as the process lives, and would keep each feed with
    its list of pictures.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = weakref.ref(feed)

    def order(self, epoch: Any) -> np.ndarray[Any, Any]:
        return self._living()._order_of(epoch)

    def fetch(self, number: Any) -> tuple[Pixels, np.ndarray[Any, Any]]:
        return self._living()._fetch(number)

    def _living(self) -> Feed:
        feed = self._feed()
        if feed is None:
            # Fetched ahead for a training that is over: `tf.data` takes it for the end.
            raise StopIteration
        return feed


class _Memory:
    """The pictures of a store in memory as a variable of TensorFlow, in place: not a copy."""

    def __init__(self, pixels: Pixels, usable: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        import tensorflow as tf

        shape = (None, *pixels.shape[1:])
        with tf.device("CPU:0"):
            self._nothing = tf.zeros((0, *pixels.shape[1:]), tf.uint8)
            self._pixels = tf.Variable(self._nothing, trainable=False, shape=shape)
            self._usable = tf.Variable(usable, trainable=False)
            self._pixels.assign(tf.experimental.dlpack.from_dlpack(pixels.__dlpack__()))

    def look(self, chosen: Any) -> tuple[Any, Any]:
        """In a graph: all pictures, and whether those chosen can be taken from them."""
        import tensorflow as tf

        # Not `sparse_read`, which makes every later look copy the pictures.
        pixels = self._pixels.read_value()
        # In this order: `close` goes the other way round.
        with tf.control_dependencies([pixels]):
            return pixels, tf.reduce_all(tf.gather(self._usable, chosen))

    def tell(self, usable: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
        self._usable.assign(usable)

    def close(self) -> None:
        """Let go of the pictures, also where a dataset still holds this."""
        import tensorflow as tf

        self._usable.assign(tf.zeros_like(self._usable))
        self._pixels.assign(self._nothing)
