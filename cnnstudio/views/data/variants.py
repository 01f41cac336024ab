"""A few training pictures with what the augmentation makes of them, made in the background."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cnnstudio.app.tasks import Task
from cnnstudio.data.augmentation import AugmentationSettings, augmenter
from cnnstudio.data.dataset import Sample, make_dataset
from cnnstudio.data.settings import DataSettings

if TYPE_CHECKING:
    import numpy as np

    from cnnstudio.data.report import FolderReport

# Pixels of the longer side while a slider moves, and at rest: no tile shows more.
QUICK, FULL = 96, 256
# The two classes of most of a mixed picture, with their shares in 0 to 1.
Shares = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Wish:
    """What is to be seen: `rows` pictures and of each so many variants.

    `which` chooses the pictures, `number` is the batch whose random numbers are drawn.
    """

    report: FolderReport
    data: DataSettings
    seed: int
    rows: int
    columns: int
    which: int = 0
    number: int = 0
    quick: bool = False


@dataclass(frozen=True)
class Variants:
    """Pictures as uint8 (h, w, c): the originals, and in as many rows what became of them.

    `variants` is empty as long as TensorFlow is loaded, or where nothing is switched on.
    `shares` are those of the classes where a picture is mixed, else they are empty.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    originals: tuple[np.ndarray, ...]
    variants: tuple[tuple[np.ndarray, ...], ...] = ()
    shares: tuple[tuple[Shares, ...], ...] = ()


class VariantMaker:
    """Makes variants in one background thread; pictures are read once."""

    def __init__(self) -> None:
        self._dataset_of: tuple[Any, ...] = ()
        self._dataset: Any = None
        self._read_for: tuple[Any, ...] = ()
        self._read: tuple[list[Sample], list[np.ndarray]] = ([], [])

    def make(self, wish: Wish, *, task: Task) -> Variants:
        """What is wished for; progress tells the originals before TensorFlow is loaded.

        Raises `DataError` where the data cannot be trained on.
        """
        samples, pictures = self._pictures(wish)
        classes = self._dataset.classes
        found = Variants(
            tuple(sample.path.name for sample in samples),
            tuple(classes[sample.label_index] for sample in samples),
            tuple(pictures),
        )
        if not pictures or not wish.data.augmentation.used(wish.data.channels):
            return found
        task.progress(found)
        return self._varied(wish, found, [sample.label_index for sample in samples])

    def _varied(self, wish: Wish, found: Variants, numbers: list[int]) -> Variants:
        import numpy as np

        from cnnstudio.keras_build.backend import load_keras

        load_keras()
        import tensorflow as tf

        scale = _scale(wish)
        settings = _scaled(wish.data.augmentation, scale)
        augment = augmenter(settings, seed=wish.seed, channels=wish.data.channels)
        assert augment is not None
        each = wish.columns
        batch = np.repeat(np.stack(found.originals), each, axis=0).astype(np.float32)
        classes = self._dataset.classes
        labels = np.repeat(np.eye(len(classes), dtype=np.float32)[numbers], each, axis=0)
        # The graphics card is for the training.
        with tf.device("CPU"):
            made = augment(tf.constant(wish.number, tf.int64), tf.constant(batch), labels)
        pixels = np.rint(np.clip(made[0].numpy(), 0, 255)).astype(np.uint8)
        labels = np.asarray(made[1])
        variants, shares = [], []
        for row in range(len(found.originals)):
            part = range(row * each, (row + 1) * each)
            variants.append(tuple(pixels[place] for place in part))
            shares.append(tuple(_shares(labels[place], classes) for place in part))
        return replace(found, variants=tuple(variants), shares=tuple(shares))

    def _pictures(self, wish: Wish) -> tuple[list[Sample], list[np.ndarray]]:
        import numpy as np

        from cnnstudio.data.pictures import PictureError, load_picture

        # The report stays alive as long as it is kept here, so that its identity tells it.
        plain = wish.data.model_copy(
            update={"augmentation": AugmentationSettings(), "balance": "none"}
        )
        if (wish.report, plain) != self._dataset_of:
            self._dataset = make_dataset(wish.report, plain)
            self._dataset_of = (wish.report, plain)
            self._read_for = ()
        height, width = wish.data.image_size
        scale = _scale(wish)
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        key = (wish.which, wish.rows, size)
        if key != self._read_for:
            preparation = replace(wish.data.preparation, image_size=size)
            order = np.random.default_rng(wish.which).permutation(len(self._dataset.train))
            samples: list[Sample] = []
            pictures: list[np.ndarray] = []
            for sample in _mixed(self._dataset.train, order):
                if len(samples) == wish.rows:
                    break
                try:
                    pictures.append(load_picture(sample.path, preparation))
                except PictureError:
                    continue  # set aside when it trains, too
                samples.append(sample)
            self._read_for, self._read = key, (samples, pictures)
        return self._read


def _mixed(samples: tuple[Sample, ...], order: Any) -> list[Sample]:
    """The samples in an order in which the classes take turns, as far as a person looks."""
    by_class: dict[int, list[Sample]] = {}
    for place in order[:2000]:
        by_class.setdefault(samples[place].label_index, []).append(samples[place])
    found = []
    while by_class:
        for label in list(by_class):
            found.append(by_class[label].pop())
            if not by_class[label]:
                del by_class[label]
    return found


def _scale(wish: Wish) -> float:
    return min(1.0, (QUICK if wish.quick else FULL) / max(wish.data.image_size))


def _scaled(settings: AugmentationSettings, scale: float) -> AugmentationSettings:
    """The settings for smaller pictures: a blur counts in pixels, all else in shares."""
    least, most = settings.blur.range
    blur = settings.blur.model_copy(update={"range": (least * scale, most * scale)})
    return settings.model_copy(update={"blur": blur})


def _shares(label: Any, classes: tuple[str, ...]) -> Shares:
    most = sorted(range(len(classes)), key=lambda number: -label[number])[:2]
    if label[most[0]] > 0.995:
        return ()
    return tuple((classes[number], float(label[number])) for number in most)
