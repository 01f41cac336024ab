"""Each operation against a reference in NumPy, SciPy, Pillow or tf.image; all of them together."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnstudio.data.augmentation import PRESETS, AugmentationSettings, augmenter, preset_of
from cnnstudio.data.augmentation.settings import Cutout

OPERATIONS = dict(AugmentationSettings().operations())
PIXELS = [name for name, found in OPERATIONS.items() if not found.mixes_labels]


def switched_on(fill="reflect", fill_value=0.0, **ranges) -> AugmentationSettings:
    """Operations by name with their ranges (a pair), or (None for a flip) always."""
    chosen = {
        name: {"enabled": True, "probability": 1.0, **({"range": pair} if pair else {})}
        for name, pair in ranges.items()
    }
    return AugmentationSettings(fill=fill, fill_value=fill_value, **chosen)


def pictures(count=4, height=9, width=12, channels=3, seed=0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, height, width, channels)).astype(np.float32)


def done(chosen: AugmentationSettings, x: np.ndarray, y=None, *weights, number=0, seed=1):
    """The batch after the augmentation, as arrays: pictures, or with labels all parts."""
    import tensorflow as tf

    function = augmenter(chosen, seed=seed, channels=x.shape[-1])
    assert function is not None
    labels = np.zeros(len(x), np.int32) if y is None else y
    found = function(tf.constant(number, tf.int64), *map(tf.constant, (x, labels, *weights)))
    arrays = [np.asarray(part) for part in found]
    return arrays[0] if y is None else arrays


# --- geometry


def test_flips_are_exact():
    x = pictures()
    assert (done(switched_on(horizontal_flip=None), x) == x[:, :, ::-1]).all()
    assert (done(switched_on(vertical_flip=None), x) == x[:, ::-1]).all()
    both = switched_on(horizontal_flip=None, vertical_flip=None)
    assert (done(both, x) == x[:, ::-1, ::-1]).all()


@given(
    down=st.integers(-4, 4),
    right=st.integers(-6, 6),
    fill=st.sampled_from(["reflect", "nearest", "constant"]),
)
@settings(max_examples=40)
def test_shifts_of_whole_pixels_are_exact(down, right, fill):
    x = pictures(count=2)
    chosen = switched_on(
        fill, 7.0, horizontal_shift=(right / 12,) * 2, vertical_shift=(down / 9,) * 2
    )
    modes = {"reflect": "symmetric", "nearest": "edge", "constant": "constant"}
    more = {"constant_values": 7} if fill == "constant" else {}
    padded = np.pad(x, [(0, 0), (9, 9), (12, 12), (0, 0)], modes[fill], **more)
    wanted = padded[:, 9 - down : 18 - down, 12 - right : 24 - right]
    assert (done(chosen, x) == wanted).all()


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_are_exact(turns):
    x = pictures(height=11, width=11)
    angle = 90.0 * turns if turns < 3 else -90.0
    found = done(switched_on(rotation=(angle, angle)), x)
    # Clockwise as it is seen; rot90 turns the other way.
    np.testing.assert_allclose(found, np.rot90(x, -turns, axes=(1, 2)), atol=1e-3)


@given(angle=st.floats(-180, 180), size=st.integers(8, 24))
@settings(max_examples=20)
def test_rotation_as_pillow(angle, size):
    from PIL import Image

    x = pictures(count=1, height=size, width=size, channels=1)
    found = done(switched_on("constant", rotation=(angle, angle)), x)[0, :, :, 0]
    turned = Image.fromarray(x[0, :, :, 0]).rotate(-angle, Image.Resampling.BILINEAR)
    # Pillow drops pixels that reach over the border; the disc inside is the same.
    y, z = np.mgrid[:size, :size] - (size - 1) / 2
    inside = np.hypot(y, z) < size / 2 - 1.5
    np.testing.assert_allclose(found[inside], np.asarray(turned)[inside], atol=0.1)


@given(factor=st.floats(0.5, 2), slant=st.floats(-50, 50))
@settings(max_examples=20)
def test_zoom_and_shear_as_scipy(factor, slant):
    from scipy.ndimage import affine_transform

    x = pictures(count=1, height=15, width=11, channels=1)
    chosen = switched_on("nearest", zoom=(factor, factor), shear=(slant, slant))
    # Rows are (y, x); the zoom comes first, so the shear is undone first.
    matrix = np.array([[1, 0], [np.tan(np.radians(slant)), 1]]) / factor
    middle = np.array([7, 5])
    wanted = affine_transform(
        x[0, :, :, 0], matrix, middle - matrix @ middle, order=1, mode="nearest"
    )
    found = done(chosen, x)[0, :, :, 0]
    assert np.abs(found - wanted).max() < 0.05


def test_a_crop_is_a_piece_of_the_picture():
    """Coordinates as colours: what is seen tells where it was read."""
    size = 64
    across = np.broadcast_to(np.arange(size, dtype=np.float32), (size, size))
    x = np.stack([across, across.T, 0 * across], axis=2)[None].repeat(200, axis=0)
    chosen = AugmentationSettings(crop={"enabled": True, "range": (0.2, 0.6), "aspect": (0.5, 2.0)})
    found = done(chosen, x)
    left, right = found[:, 32, 0, 0], found[:, 32, -1, 0]
    top, bottom = found[:, 0, 32, 1], found[:, -1, 32, 1]
    wide, tall = (right - left) / (size - 1), (bottom - top) / (size - 1)
    whole = (wide < 0.999) & (tall < 0.999)
    assert whole.sum() > 150
    area, aspect = (wide * tall)[whole], (wide / tall)[whole]
    assert 0.19 < area.min() < 0.25
    assert 0.5 < area.max() < 0.61
    assert 0.49 < aspect.min() < 0.6
    assert 1.7 < aspect.max() < 2.05
    # To the borders and never beyond.
    assert 0 <= found[..., 0].min() < 2
    assert size - 3 < found[..., 0].max() <= size - 1


# --- colour


@given(amount=st.floats(-1, 1))
@settings(max_examples=15)
def test_brightness_as_tensorflow(amount):
    import tensorflow as tf

    x = pictures(count=2)
    wanted = np.clip(tf.image.adjust_brightness(x, 255 * amount), 0, 255)
    np.testing.assert_allclose(done(switched_on(brightness=(amount,) * 2), x), wanted, atol=1e-3)


@given(factor=st.floats(0, 3), channels=st.sampled_from([1, 3]))
@settings(max_examples=15)
def test_contrast_as_tensorflow(factor, channels):
    import tensorflow as tf

    x = pictures(count=2, channels=channels)
    wanted = np.clip(tf.image.adjust_contrast(x, factor), 0, 255)
    np.testing.assert_allclose(done(switched_on(contrast=(factor,) * 2), x), wanted, atol=1e-2)


@given(factor=st.floats(0, 3))
@settings(max_examples=15)
def test_saturation_as_tensorflow(factor):
    import tensorflow as tf

    x = pictures(count=2)
    x[0, 0, 0] = 0  # black, white and grey have no colour
    x[0, 0, 1] = 255
    x[0, 0, 2] = 100
    wanted = 255 * np.asarray(tf.image.adjust_saturation(x / 255, factor))
    np.testing.assert_allclose(done(switched_on(saturation=(factor,) * 2), x), wanted, atol=1e-2)


@given(angle=st.floats(-180, 180))
@settings(max_examples=15)
def test_hue_as_tensorflow(angle):
    import tensorflow as tf

    x = pictures(count=2)
    wanted = 255 * np.asarray(tf.image.adjust_hue(x / 255, angle / 360))
    np.testing.assert_allclose(done(switched_on(hue=(angle,) * 2), x), wanted, atol=0.02)


@pytest.mark.parametrize("name", ["saturation", "hue"])
def test_colours_of_grey_pictures(name):
    chosen = switched_on(**{name: (1.0, 1.0)})
    assert chosen.used(3)
    assert not chosen.used(1)
    assert augmenter(chosen, seed=0, channels=1) is None
    assert chosen.summary(1) == ""


# --- blur, edges, noise


@given(sigma=st.floats(0, 4), height=st.integers(8, 20))
@settings(max_examples=20)
def test_blur_as_scipy(sigma, height):
    from scipy.ndimage import gaussian_filter

    x = pictures(count=2, height=height, width=17)
    wanted = gaussian_filter(x, (0, sigma, sigma, 0), mode="reflect", truncate=6)
    found = done(switched_on(blur=(sigma, sigma)), x)
    if sigma > 0.4:  # below, SciPy keeps no neighbour
        np.testing.assert_allclose(found, wanted, atol=0.5)
    np.testing.assert_allclose(found.mean(axis=(1, 2)), x.mean(axis=(1, 2)), atol=0.01)


def test_sobel_as_scipy():
    from scipy.ndimage import sobel

    x = pictures(count=3)
    wanted = np.empty_like(x)
    for number, channel in np.ndindex(3, 3):
        plane = x[number, :, :, channel]
        wanted[number, :, :, channel] = np.hypot(sobel(plane, 0), sobel(plane, 1)) / 4
    wanted = np.minimum(wanted, 255)
    np.testing.assert_allclose(done(switched_on(sobel=(1, 1)), x), wanted, atol=1e-2)
    half = done(switched_on(sobel=(0.5, 0.5)), x)
    np.testing.assert_allclose(half, (x + wanted) / 2, atol=1e-2)


def test_a_step_from_black_to_white_is_a_white_edge():
    x = np.zeros((1, 8, 8, 1), np.float32)
    x[:, :, 4:] = 255
    found = done(switched_on(sobel=(1, 1)), x)[0, :, :, 0]
    assert (found[:, [3, 4]] == 255).all()
    assert (found[:, [0, 1, 2, 5, 6, 7]] == 0).all()


def test_noise_has_its_mean_and_deviation():
    x = np.full((8, 32, 32, 3), 128, np.float32)
    noise = done(switched_on(noise=(20, 20)), x) - x
    assert abs(noise.mean()) < 0.5
    assert abs(noise.std() - 20) < 0.5
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.05


# --- erase and mix


def test_cutout_covers_a_box_with_the_mean_colour():
    x = pictures(count=60, height=20, width=10)
    found = done(switched_on(cutout=(0.3, 0.5)), x)
    covered = (found != x).any(axis=3)
    places = set()
    for before, after, box in zip(x, found, covered, strict=True):
        rows, columns = np.flatnonzero(box.any(axis=1)), np.flatnonzero(box.any(axis=0))
        tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert box.sum() == tall * wide
        assert 6 <= tall <= 10
        assert 3 <= wide <= 5
        mean = before.mean(axis=(0, 1))
        np.testing.assert_allclose(after[box], np.broadcast_to(mean, after[box].shape), rtol=1e-4)
        places.add((rows[0], columns[0]))
    assert len(places) > 20


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_labels_have_the_shares_of_the_pixels(name):
    count = 16
    # Picture i is white in channel i: its mean there is its share of the pixels.
    x = np.zeros((count, 20, 20, 3), np.float32)
    value = np.arange(count, dtype=np.float32)
    x += (value * 16)[:, None, None, None]
    y = np.eye(count, dtype=np.float32)
    top = {"mixup": 0.5, "cutmix": 0.9}[name]
    found, labels, weights = done(switched_on(**{name: (0.1, top)}), x, y, value)
    np.testing.assert_allclose(labels.sum(axis=1), 1, rtol=1e-6)
    assert ((labels > 0).sum(axis=1) <= 2).all()
    assert (labels[np.arange(count), np.arange(count)] < 1).sum() > 10
    np.testing.assert_allclose(found.mean(axis=(1, 2, 3)), labels @ (value * 16), rtol=1e-5)
    # Weights are mixed as the labels are.
    np.testing.assert_allclose(weights, labels @ value, rtol=1e-5)
    pure = np.isin(found, value * 16).all(axis=(1, 2, 3))
    assert pure.all() == (name == "cutmix")


def test_labels_of_one_unit_are_mixed_to_numbers_between():
    x = pictures(count=32)
    y = (np.arange(32) % 2).astype(np.int32)
    _, labels = done(switched_on(mixup=(0.3, 0.3)), x, y)
    assert labels.dtype == np.float32
    assert set(np.round(10 * labels)) == {0, 3, 7, 10}


# --- all of them


@pytest.mark.parametrize("name", [n for n, found in OPERATIONS.items() if hasattr(found, "range")])
@pytest.mark.parametrize("channels", [1, 3])
def test_an_empty_range_changes_nothing(name, channels):
    x = pictures(count=3, channels=channels)
    neutral = OPERATIONS[name].neutral
    values = {"enabled": True, "probability": 1.0, "range": (neutral, neutral)}
    if name == "crop":
        values["aspect"] = (1.0, 1.0)
    chosen = AugmentationSettings(**{name: values})
    if not chosen.used(channels):
        return
    y = np.eye(3, dtype=np.float32)
    found, labels = done(chosen, x, y)
    np.testing.assert_allclose(found, x, atol=1e-3)
    np.testing.assert_allclose(labels, y)


@pytest.mark.parametrize("name", OPERATIONS)
def test_chance(name):
    """As many pictures as the probability says, the others untouched."""
    x = pictures(count=400, height=8, width=8)
    values = {"enabled": True, "probability": 0.25}
    if name.endswith("shift"):
        values["range"] = (0.5, 0.5)
    chosen = AugmentationSettings(**{name: values})
    found, labels = done(chosen, x, np.eye(400, dtype=np.float32))
    if name in ("rotation", "shear", "zoom", "crop"):
        found = np.round(found, 2)
    changed = (np.abs(found - x) > 0.01).any(axis=(1, 2, 3)) | (np.diagonal(labels) < 1)
    # A blur may be next to none.
    low = 40 if name == "blur" else 75
    assert low <= changed.sum() <= 125
    none = AugmentationSettings(**{name: {"enabled": True, "probability": 0.0}})
    np.testing.assert_allclose(done(none, x), x, atol=1e-3)


everything = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries(
            {
                "enabled": st.booleans(),
                **{
                    number: (
                        st.tuples(
                            st.floats(scale.low, scale.high), st.floats(scale.low, scale.high)
                        ).map(sorted)
                        if number != "probability"
                        else st.floats(0, 1)
                    )
                    for number, scale in found.scales()
                },
            }
        )
        for name, found in OPERATIONS.items()
    }
)


@given(
    chosen=everything,
    fill=st.sampled_from(["reflect", "nearest", "constant"]),
    shape=st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9)),
    channels=st.sampled_from([1, 3]),
)
@settings(max_examples=60)
def test_whatever_is_set_gives_pictures(chosen, fill, shape, channels):
    made = AugmentationSettings(fill=fill, fill_value=255.0, **chosen)
    x = pictures(*shape, channels)
    if not made.used(channels):
        assert augmenter(made, seed=0, channels=channels) is None
        return
    y = np.eye(shape[0], dtype=np.float32)
    found, labels = done(made, x, y, number=2**40)
    assert found.shape == x.shape
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found.min() >= -1e-3
    assert found.max() <= 255.01
    np.testing.assert_allclose(labels.sum(axis=1), 1, rtol=1e-5)
    # Saved and read again it is the same.
    assert AugmentationSettings.model_validate_json(made.model_dump_json()) == made
    assert (done(made, x, y, number=2**40)[0] == found).all()


def test_an_operation_draws_the_same_whatever_else_is_switched_on():
    x = np.full((16, 8, 8, 3), 100, np.float32)
    alone = done(switched_on(brightness=(-0.2, 0.2)), x)
    beside = done(switched_on(brightness=(-0.2, 0.2), horizontal_flip=None, rotation=(0, 50)), x)
    np.testing.assert_allclose(alone, beside, atol=1e-3)
    wider = done(switched_on(brightness=(-0.4, 0.4)), x)
    np.testing.assert_allclose(wider - 100, 2 * (alone - 100), atol=1e-3)


def test_batches_differ_and_seeds_too():
    x = pictures(count=4)
    strong = PRESETS["strong"]
    first = done(strong, x, number=3)
    assert (done(strong, x, number=3) == first).all()
    assert (done(strong, x, number=4) != first).any()
    assert (done(strong, x, number=3, seed=2) != first).any()
    for one in range(4):
        assert np.abs(done(strong, x[[0] * 4], number=3)[one] - first[0]).max() > 1 or one == 0


def test_the_same_in_another_process(tmp_path):
    """Also when traced by tf.data in a process of its own."""
    code = (
        "import numpy as np, sys, tensorflow as tf\n"
        "from cnnstudio.data.augmentation import AugmentationSettings, augmenter\n"
        "x, y, text = np.load(sys.argv[1]), np.load(sys.argv[2]), sys.argv[3]\n"
        "chosen = AugmentationSettings.model_validate_json(text)\n"
        "function = augmenter(chosen, seed=5, channels=3)\n"
        "data = tf.data.Dataset.range(7, 9).map(lambda n: function(n, x, y))\n"
        "for number, (a, b) in enumerate(data):\n"
        "    np.savez(sys.argv[4] + str(number), a, b)\n"
    )
    names = {name: {"enabled": True} for name in OPERATIONS}
    chosen = AugmentationSettings(**names)
    x, y = pictures(), np.eye(4, dtype=np.float32)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    subprocess.run(
        [sys.executable, "-c", code, tmp_path / "x.npy", tmp_path / "y.npy",
         chosen.model_dump_json(), tmp_path / "out"],
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "7"},
    )  # fmt: skip
    for number in range(2):
        with np.load(tmp_path / f"out{number}.npz") as stored:
            found, labels = done(chosen, x, y, number=7 + number, seed=5)
            np.testing.assert_allclose(stored["arr_0"], found, atol=0.01)
            np.testing.assert_allclose(stored["arr_1"], labels, atol=1e-6)


# --- settings


def test_presets_are_known_again():
    for name, preset in PRESETS.items():
        assert preset_of(preset) == name
        # What is switched off does not count.
        other = preset.model_copy(
            update={"mixup": preset.mixup.model_copy(update={"range": (0, 0.1)})}
        )
        assert preset_of(other) == name
    assert preset_of(switched_on(hue=(-3, 3))) is None
    assert preset_of(PRESETS["strong"].model_copy(update={"cutout": Cutout()})) is None


def test_summary():
    assert AugmentationSettings().summary() == ""
    chosen = switched_on(
        horizontal_flip=None, rotation=(-15, 15), zoom=(0.9, 1.1), mixup=(0, 0.5), noise=(5, 5),
        hue=(-20, 5),
    )  # fmt: skip
    assert chosen.summary() == (
        "flip, zoom 90–110 %, rotation ±15°, hue −20 to 5°, noise 5, MixUp 0–50 %"
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"rotation": {"range": [20, -20]}}, "rotation.range"),
        ({"rotation": {"range": [-20, 181]}}, "between -180 and 180"),
        ({"mixup": {"probability": 1.5}}, "lies between 0 and 1"),
        ({"rotate": {}}, "rotation"),
        ({"fill": "wrap"}, "one of reflect, nearest, constant"),
    ],
)
def test_wrong_settings_are_refused_in_words(value, said):
    from cnnstudio.data.settings import DataSettings
    from cnnstudio.data.settings_model import SettingsError, settings_from_json

    with pytest.raises(SettingsError, match=said) as caught:
        settings_from_json(DataSettings, {"augmentation": value}, "data")
    assert "data.augmentation" in caught.value.message


def test_set_on_the_command_line():
    from cnnstudio.data.settings import DataSettings
    from cnnstudio.data.settings_model import apply_assignments, settings_from_json

    parts = apply_assignments(
        {"data": {}},
        [
            "data.augmentation.rotation.enabled=true",
            "data.augmentation.rotation.range=[-30,30]",
            "data.balance=sampling",
        ],
        {"data": DataSettings},
    )
    data = settings_from_json(DataSettings, parts["data"], "data")
    assert data.augmentation.summary() == "rotation ±30°"
    assert data.balance == "sampling"
    # A project from before there was an augmentation.
    assert settings_from_json(DataSettings, {"folder": "x"}, "data").augmentation.used() == ()


def test_everything_is_explained():
    for name, found in OPERATIONS.items():
        assert found.title, name
        assert found.help.endswith("."), name
        assert AugmentationSettings.model_fields[name].description == found.help
        for number, _ in found.scales():
            assert type(found).model_fields[number].description, (name, number)
