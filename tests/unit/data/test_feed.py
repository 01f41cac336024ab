"""The feed: our order, resumable; broken files dropped and named; Keras trains on it unwarned."""

from __future__ import annotations

import threading
import weakref

import numpy as np
import pytest
from awkward import folder_of
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnstudio.data.dataset import Sample, make_dataset
from cnnstudio.data.feed import Feed
from cnnstudio.data.pictures import load_picture
from cnnstudio.data.report import DataError
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings
from cnnstudio.graph.preparation import Preparation

SETTINGS = DataSettings(image_size=(8, 8))


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    root = folder_of(tmp_path_factory.mktemp("pictures"), {"a": 20, "b": 17})
    return make_dataset(scan_folder(root), DataSettings(validation_split=0)).train


def feed_of(samples, **options) -> Feed:
    options = {"batch_size": 8, "classes": 2, "shuffle": True, "seed": 3, **options}
    return Feed(samples, SETTINGS, **options)


def taken(feed: Feed, epoch: int = 0, step: int = 0, batches: int | None = None) -> list:
    batches = feed.steps_per_epoch if batches is None else batches
    return [(x.numpy(), y.numpy()) for x, y in feed.dataset(epoch, step).take(batches).prefetch(1)]


def same(one, other) -> bool:
    return len(one) == len(other) and all(
        (a == c).all() and (b == d).all() for (a, b), (c, d) in zip(one, other, strict=True)
    )


@given(
    pictures=st.integers(1, 200),
    batch_size=st.integers(1, 64),
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 10_000),
)
@settings(max_examples=60)
def test_every_epoch_is_a_permutation_of_its_own(pictures, batch_size, seed, epoch):
    samples = [Sample(None, 0)] * pictures
    with (
        Feed(samples, SETTINGS, batch_size=batch_size, classes=2, shuffle=True, seed=seed) as feed,
        Feed(samples, SETTINGS, batch_size=batch_size, classes=2, shuffle=True, seed=seed) as again,
    ):
        order = feed.order(epoch)
        assert sorted(order.tolist()) == list(range(pictures))
        feed.order(epoch + 1)
        # The same in any feed, whatever was asked for before.
        assert (again.order(epoch) == order).all()
        assert feed.steps_per_epoch == -(-pictures // batch_size)
        if pictures > 20:
            assert (feed.order(epoch + 1) != order).any()
            assert (order != np.arange(pictures)).any()


def test_not_shuffled_keeps_the_order(samples):
    with feed_of(samples, shuffle=False) as feed:
        found = taken(feed, batches=99)
        assert len(found) == feed.steps_per_epoch == 5
        x, y = (np.concatenate(part) for part in zip(*found, strict=True))
        assert y.tolist() == [sample.label_index for sample in samples]
        wanted = np.stack([load_picture(sample.path, Preparation((8, 8))) for sample in samples])
        assert x.dtype == np.float32
        assert (x == wanted).all()
        assert same(taken(feed), found)


def test_labels(samples):
    with feed_of(samples, one_hot=True) as feed, feed_of(samples) as plain:
        (_, rows), (_, numbers) = taken(feed, batches=1)[0], taken(plain, batches=1)[0]
        assert rows.dtype == np.float32
        assert numbers.dtype == np.int32
        assert (rows == np.eye(2)[numbers]).all()
        assert [tuple(part.shape) for part in feed.dataset().element_spec] == [
            (None, 8, 8, 3),
            (None, 2),
        ]


@given(epoch=st.integers(0, 2), step=st.integers(0, 4), warm=st.booleans())
@settings(max_examples=8, deadline=None)
def test_resumed_at_a_step_the_rest_is_the_same(samples, epoch, step, warm):
    """Whether pictures are decoded or taken from memory when they are asked for."""
    with feed_of(samples) as feed, feed_of(samples) as resumed:
        if warm:
            taken(resumed)
        whole = taken(feed, batches=15)
        assert same(taken(resumed, epoch, step, 15 - 5 * epoch - step), whole[5 * epoch + step :])


def test_decoded_pictures_are_taken_from_memory_by_tensorflow_itself(samples, monkeypatch):
    """From the second epoch on no batch is fetched by Python, and none is copied elsewhere."""
    fetched: list[int] = []
    with feed_of(samples) as feed:
        fetch = feed._fetch
        monkeypatch.setattr(feed, "_fetch", lambda n: (fetched.append(int(n)), fetch(n))[1])
        stream = iter(feed.dataset())
        first = [next(stream) for _ in range(5)]
        assert feed.store.complete
        for _ in range(20):
            next(stream)
        # Those on the way while the last pictures were decoded.
        assert set(fetched) <= set(range(10))
        fetched.clear()
        assert same([(x.numpy(), y.numpy()) for x, y in first], taken(feed))
        assert not fetched
        # The pictures that TensorFlow sees are those of the store.
        feed.store.pixels[:] = 7
        assert all((x == 7).all() for x, _ in taken(feed, 3))


def test_every_iteration_begins_at_the_same_place(samples):
    with feed_of(samples) as feed:
        stream = feed.dataset(1, 2)
        one, other = ([y.numpy().tolist() for _, y in stream.take(7)] for _ in range(2))
        assert one == other


def test_augmented_by_the_number_of_the_batch(samples):
    def augment(number, x, y):
        import tensorflow as tf

        assert number.dtype == tf.int64
        assert x.dtype == tf.float32
        return x + 1000 * tf.cast(number, tf.float32), y + 1

    with feed_of(samples) as plain, feed_of(samples, augment=augment) as feed:
        before, after = taken(plain, 1, 2, 8), taken(feed, 1, 2, 8)
        for number, ((x, y), (changed, labels)) in enumerate(zip(before, after, strict=True)):
            assert (changed == x + 1000 * (1 * 5 + 2 + number)).all()
            assert (labels == y + 1).all()


def test_weights_are_augmented_too(samples):
    def augment(number, x, y, weights):
        return x, y, 2 * weights

    weights = np.linspace(1, 2, len(samples))
    with feed_of(samples, weights=weights, augment=augment) as feed:
        order = feed.order(0)
        found = np.concatenate([w.numpy() for *_, w in feed.dataset().take(5)])
        assert (found == 2 * weights[order].astype(np.float32)).all()


def test_weights_come_with_their_pictures(samples):
    weights = np.linspace(1, 2, len(samples))
    with feed_of(samples, weights=weights, one_hot=True) as feed:
        order = feed.order(1)
        found = np.concatenate([w.numpy() for *_, w in feed.dataset(1).take(5)])
        assert found.dtype == np.float32
        assert (found == weights[order].astype(np.float32)).all()


@given(
    labels=st.lists(st.integers(0, 3), min_size=4, max_size=80),
    seed=st.integers(0, 100),
    epoch=st.integers(0, 3),
)
@settings(max_examples=60, deadline=None)
def test_balanced_sampling(labels, seed, epoch):
    """Every class as often as every other, within one, and every picture of it alike."""
    counts = np.bincount(labels)
    drawn = [Sample(None, label) for label in labels]
    sampling = 1 / counts[labels]
    options = {"batch_size": 8, "classes": 4, "shuffle": True, "seed": seed}
    with Feed(drawn, SETTINGS, sampling=sampling, **options) as feed:
        order = feed.order(epoch)
        assert len(order) == len(labels)
        present = np.flatnonzero(counts)
        wanted = len(labels) / len(present)
        of_class = np.bincount(np.array(labels)[order], minlength=len(counts))
        assert (abs(of_class[present] - wanted) < 1 + 1e-9).all()
        times = np.bincount(order, minlength=len(labels))
        assert (abs(times - wanted / counts[labels]) < 1 + 1e-9).all()


def broken_samples(tmp_path, broken):
    root = folder_of(tmp_path, {"a": 10, "b": 10})
    samples = make_dataset(scan_folder(root), DataSettings(validation_split=0)).train
    for number in broken:
        content = samples[number].path.read_bytes()
        samples[number].path.write_bytes(content[: len(content) // 2])
    return samples


def broken_feed(tmp_path, broken, **options):
    samples = broken_samples(tmp_path, broken)
    return samples, feed_of(samples, batch_size=4, **options)


def test_broken_files_are_dropped_named_and_counted(tmp_path):
    told = []
    samples, feed = broken_feed(tmp_path, [2, 5, 11], on_skipped=told.append)
    with feed:
        first = taken(feed)
        assert sum(len(y) for _, y in first) == 17
        assert {skipped.path for skipped in feed.skipped} == {samples[n].path for n in (2, 5, 11)}
        assert {skipped.reason for skipped in told} == {"cut short or damaged"}
        # Each at its place of the whole order: what is left does not move.
        order = feed.order(0).reshape(5, 4)
        for (_, labels), numbers in zip(first, order, strict=True):
            good = [number for number in numbers if number not in (2, 5, 11)]
            assert labels.tolist() == [samples[number].label_index for number in good]
        assert same(taken(feed), first)
        assert len(feed.skipped) == len(told) == 3


@given(
    broken=st.sets(st.integers(0, 19), max_size=14),
    batch_size=st.integers(1, 9),
    seed=st.integers(0, 99),
    start=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    shuffle=st.booleans(),
    place=st.sampled_from(["memory", "disk"]),
)
@settings(max_examples=8)
def test_any_feed_gives_each_picture_once_and_goes_on_anywhere(
    tmp_path_factory, broken, batch_size, seed, start, shuffle, place
):
    """Broken ones apart, and those that fill a batch of broken ones."""
    samples = broken_samples(tmp_path_factory.mktemp("pictures"), broken)
    options = {
        "batch_size": batch_size,
        "seed": seed,
        "shuffle": shuffle,
        "memory_budget": None if place == "memory" else 0,
    }
    with feed_of(samples, **options) as feed, feed_of(samples, **options) as resumed:
        assert feed.store.kept == place
        steps = feed.steps_per_epoch
        epochs = [taken(feed, epoch, 0, steps) for epoch in range(3)]
        for epoch, batches in enumerate(epochs):
            assert len(batches) == steps
            order = feed.order(epoch)
            assert sorted(order.tolist()) == list(range(20))
            for step, (_, labels) in enumerate(batches):
                chosen = order[step * batch_size : (step + 1) * batch_size]
                good = [number for number in chosen if number not in broken]
                assert len(labels) > 0
                if good:
                    assert labels.tolist() == [samples[n].label_index for n in good]
        assert len(feed.skipped) == len(broken)
        first = (start[0], min(start[1], steps - 1))
        wanted = [batch for batches in epochs[first[0] :] for batch in batches][first[1] :]
        if not shuffle:
            wanted = epochs[first[0]][first[1] :]
        assert same(taken(resumed, *first, len(wanted)), wanted)


def test_no_batch_is_empty(tmp_path):
    _, feed = broken_feed(tmp_path, [4, 5, 6, 7, 8], shuffle=False)
    with feed:
        sizes = [len(y) for _, y in taken(feed)]
        assert len(sizes) == 5
        assert sizes[0] == 4
        assert min(sizes) >= 1
        assert same(taken(feed), taken(feed))


def test_no_picture_left(tmp_path):
    _, feed = broken_feed(tmp_path, range(20))
    with feed:
        with pytest.raises(DataError, match="None of the 20 pictures can be read any more"):
            feed.batch(0, 0)
        import tensorflow as tf

        with pytest.raises(tf.errors.OpError):
            taken(feed)
        assert isinstance(feed.failure, DataError)
        assert len(feed.skipped) == 20


def test_no_samples():
    with pytest.raises(DataError, match="no pictures"):
        feed_of([])


def test_a_cache_on_disk_gives_the_same(samples, tmp_path):
    with (
        feed_of(samples, memory_budget=0, cache_folder=tmp_path) as disk,
        feed_of(samples) as memory,
    ):
        assert (disk.store.kept, memory.store.kept) == ("disk", "memory")
        for _ in range(2):
            assert same(taken(disk, batches=10), taken(memory, batches=10))


@pytest.fixture(scope="module")
def model(keras):
    layers = keras.layers
    model = keras.Sequential(
        [layers.Input((8, 8, 3)), layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(2)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, metrics=["accuracy"])
    return model


@pytest.mark.parametrize("validation_steps", [True, False])
def test_keras_trains_on_it_without_a_warning(keras, model, tmp_path, validation_steps):
    """Warnings are errors here; broken files change neither the steps nor the epochs."""
    _, feed = broken_feed(tmp_path / "train", [1, 2, 3])
    _, val = broken_feed(tmp_path / "val", [4, 5, 6, 7], shuffle=False)
    steps: list[int] = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: steps.append(batch)
    )
    with feed, val:
        history = model.fit(
            feed.dataset(),
            steps_per_epoch=feed.steps_per_epoch,
            epochs=3,
            validation_data=val.dataset(),
            validation_steps=val.steps_per_epoch if validation_steps else None,
            shuffle=False,
            verbose=0,
            callbacks=[count],
        )
        assert steps == [0, 1, 2, 3, 4] * 3
        assert len(history.history["val_loss"]) == 3
        assert len(feed.skipped) == 3
        assert len(val.skipped) == 4


@pytest.mark.parametrize("epochs", [0, 2])
def test_closing_from_another_thread(samples, epochs):
    """Who still asks gets empty batches, and the memory is free at once."""
    feed = feed_of(samples)
    stream = iter(feed.dataset())
    for _ in range(5 * epochs + 1):
        next(stream)
    memory = weakref.ref(feed.store.pixels.base)
    thread = threading.Thread(target=feed.close)
    thread.start()
    sizes = [len(next(stream)[1]) for _ in range(30)]
    thread.join()
    assert sizes[-1] == 0
    assert memory() is None


def test_closing_while_batches_are_fetched(samples, model):
    feed = feed_of(samples)
    model.fit(feed.dataset(), steps_per_epoch=2, verbose=0, shuffle=False)
    feed.close()
    assert feed.batch(0, 0)[0].shape == (0, 8, 8, 3)
