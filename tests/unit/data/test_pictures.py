"""Reading pictures: what comes out is what a person sees, or a reason."""

from __future__ import annotations

import io
import threading
import warnings

import numpy as np
import pytest
from awkward import png_claiming, save, scene
from PIL import Image, ImageOps

from cnnstudio.data.pictures import (
    PictureError,
    load_picture,
    picture_from_array,
    picture_from_bytes,
    read_header,
    thumbnail,
    why_no_picture,
)
from cnnstudio.graph.preparation import Preparation

SIZE = (24, 40)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".webp"])
def test_exif_orientation_is_honoured(tmp_path, orientation, suffix):
    upright = scene()
    undo = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}[orientation]
    exif = Image.Exif()
    exif[0x0112] = undo
    turned = upright.copy()
    turned.getexif()[0x0112] = undo
    stored = ImageOps.exif_transpose(turned)
    exif[0x0112] = orientation
    options = {".jpg": {"quality": 95, "subsampling": 0}, ".webp": {"lossless": True}}
    path = save(stored, tmp_path / f"a{suffix}", exif=exif, **options.get(suffix, {}))

    found = load_picture(path, Preparation(SIZE))
    assert np.abs(found.astype(int) - pixels(upright)).max() <= (60 if suffix == ".jpg" else 0)
    assert np.abs(found.astype(int) - pixels(upright)).mean() < 3
    with path.open("rb") as file:
        header = read_header(file, path)
    assert (header.width, header.height) == upright.size
    assert thumbnail(path, 20).shape == (12, 20, 3)


@pytest.mark.parametrize("factor", [1, 2, 3, 4, 8, 11])
@pytest.mark.parametrize("orientation", [1, 6])
def test_reduced_jpegs_equal_a_full_reading(tmp_path, factor, orientation):
    large = scene(40 * factor, 24 * factor)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = save(large, tmp_path / "a.jpg", quality=95, exif=exif)
    size = (24, 40) if orientation == 1 else (40, 24)
    upright = ImageOps.exif_transpose(Image.open(path))
    reference = upright.resize(size[::-1], Image.Resampling.BILINEAR)
    for color_mode, mode in (("rgb", "RGB"), ("grayscale", "L")):
        found = load_picture(path, Preparation(size, color_mode))
        wanted = np.asarray(reference.convert(mode)).reshape(found.shape)
        # At hard edges the two ways of making smaller differ a little.
        assert np.abs(found.astype(int) - wanted).mean() < 2


@pytest.mark.parametrize("size", [(24, 24), (16, 40), (50, 9)])
@pytest.mark.parametrize("resize", ["crop", "pad"])
def test_reduced_jpegs_are_cropped_and_padded_as_a_full_reading(tmp_path, resize, size):
    path = save(scene(640, 384), tmp_path / "a.jpg", quality=95)
    whole, method = Image.open(path), Image.Resampling.BILINEAR
    if resize == "crop":
        wanted = ImageOps.fit(whole, size[::-1], method)
    else:
        wanted = ImageOps.pad(whole, size[::-1], method, "#ffffff")
    found = load_picture(path, Preparation(size, resize=resize))
    assert np.abs(found.astype(int) - np.asarray(wanted)).mean() < 2


def test_size_and_channels(tmp_path):
    path = save(scene(), tmp_path / "a.png")
    colour = load_picture(path, Preparation((10, 7)))
    grey = load_picture(path, Preparation((10, 7), "grayscale"))
    assert (colour.shape, grey.shape) == ((10, 7, 3), (10, 7, 1))
    assert colour.dtype == grey.dtype == np.uint8
    reference = scene().resize((7, 10), Image.Resampling.BILINEAR)
    assert np.abs(colour.astype(int) - np.asarray(reference)).max() <= 2
    assert load_picture(path, Preparation(SIZE)).tobytes() == scene().tobytes()


def test_grey_becomes_three_equal_channels(tmp_path):
    path = save(scene().convert("L"), tmp_path / "a.png")
    found = load_picture(path, Preparation(SIZE))
    assert (found == np.asarray(scene().convert("L"))[..., None]).all()


def transparent(mode: str) -> Image.Image:
    """Left half clear, right half black."""
    alpha = np.zeros((8, 8), np.uint8)
    alpha[:, 4:] = 255
    black = Image.new("RGB", (8, 8))
    black.putalpha(Image.fromarray(alpha))
    return black.convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp"])
def test_transparency_is_laid_on_white(tmp_path, mode, suffix):
    path = save(transparent(mode), tmp_path / f"a{suffix}")
    for color_mode in ("rgb", "grayscale"):
        found = load_picture(path, Preparation((8, 8), color_mode))
        assert (found[:, :3] >= 250).all()
        assert (found[:, 5:] <= 5).all()


def test_half_transparent_is_half_white(tmp_path):
    path = save(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), tmp_path / "a.png")
    assert abs(int(load_picture(path, Preparation((4, 4)))[0, 0, 0]) - 127) <= 1


def test_palette_with_transparency(tmp_path):
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, 250, 20, 30])
    image.paste(1, (4, 0, 8, 8))
    for suffix, options in ((".png", {"transparency": b"\x00\xff"}), (".gif", {"transparency": 0})):
        found = load_picture(save(image, tmp_path / f"a{suffix}", **options), Preparation((8, 8)))
        assert (found[:, :4] == 255).all()
        assert (found[:, 4:] == (250, 20, 30)).all()
    found = load_picture(save(image, tmp_path / "b.png"), Preparation((8, 8)))
    assert (found[:, :4] == 0).all()


def test_one_colour_marked_as_clear(tmp_path):
    rgb = Image.new("RGB", (4, 4), (10, 20, 30))
    path = save(rgb, tmp_path / "a.png", transparency=(10, 20, 30))
    assert (load_picture(path, Preparation((4, 4))) == 255).all()
    path = save(Image.new("L", (4, 4), 7), tmp_path / "b.png", transparency=7)
    assert (load_picture(path, Preparation((4, 4), "grayscale")) == 255).all()


def test_16_bits_are_scaled_not_clipped(tmp_path):
    values = np.array([[0, 128, 257 * 10, 257 * 100 + 128, 65535]], np.uint16)
    for suffix in (".png", ".tif"):
        path = tmp_path / f"a{suffix}"
        Image.fromarray(values).save(path)
        found = load_picture(path, Preparation((1, 5), "grayscale"))[0, :, 0]
        assert found.tolist() == [0, 0, 10, 100, 255]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, 100.0, 255.0]], np.float32), [0, 100, 255]),
        (np.array([[-1.0, 0.0, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[float("nan"), 0.0, 1.0]], np.float32), [0, 0, 255]),
        (np.array([[0, 100, 255]], np.int32), [0, 100, 255]),
        (np.array([[0, 25700, 65535]], np.int32), [0, 100, 255]),
        (np.array([[0, 1_000_000, 2_000_000]], np.int32), [0, 128, 255]),
        (np.array([[5.0, 5.0, 5.0]], np.float32) * 100, [0, 0, 0]),
    ],
)
def test_whole_and_floating_point_numbers_are_scaled(tmp_path, values, wanted):
    path = tmp_path / "a.tif"
    Image.fromarray(values).save(path)
    assert load_picture(path, Preparation((1, 3), "grayscale"))[0, :, 0].tolist() == wanted


def test_one_bit(tmp_path):
    image = Image.new("1", (8, 8))
    image.paste(1, (0, 0, 4, 8))
    for suffix in (".png", ".bmp", ".tif"):
        found = load_picture(save(image, tmp_path / f"a{suffix}"), Preparation((8, 8)))
        assert (found[:, :4] == 255).all()
        assert (found[:, 4:] == 0).all()


@pytest.mark.parametrize("suffix", [".jpg", ".tif"])
def test_cmyk(tmp_path, suffix):
    path = save(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), tmp_path / f"a{suffix}")
    red, green, blue = load_picture(path, Preparation((4, 4)))[2, 2]
    assert red > 240
    assert max(green, blue) < 15
    grey = load_picture(path, Preparation((4, 4), "grayscale"))[2, 2, 0]
    assert abs(int(grey) - 76) < 6


@pytest.mark.parametrize("mode", ["YCbCr", "LAB"])
def test_other_colour_spaces(tmp_path, mode):
    if mode == "LAB":
        # Mid grey: L 53.6 of 100, a and b neutral.
        image = Image.merge("LAB", [Image.new("L", (4, 4), v) for v in (137, 128, 128)])
    else:
        image = Image.new("RGB", (4, 4), (128, 128, 128)).convert(mode)
    found = load_picture(save(image, tmp_path / "a.tif"), Preparation((4, 4))).astype(int)
    assert np.abs(found - 128).max() <= 4


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_first_frame_of_an_animation(tmp_path, suffix):
    first, second = Image.new("RGB", (8, 8), (255, 0, 0)), Image.new("RGB", (8, 8), (0, 255, 0))
    path = tmp_path / f"a{suffix}"
    first.save(path, save_all=True, append_images=[second], duration=100)
    red, green, _ = load_picture(path, Preparation((8, 8)))[4, 4]
    assert red > 200
    assert green < 50


@pytest.mark.parametrize("part", [0.05, 0.15, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".gif", ".webp", ".bmp", ".tif"])
def test_cut_short(tmp_path, suffix, part):
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    whole = save(Image.fromarray(noise), tmp_path / f"whole{suffix}").read_bytes()
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(PictureError) as caught:
        load_picture(path, Preparation((16, 16)))
    assert caught.value.path == path
    assert caught.value.reason == "cut short or damaged"
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty file"),
        (b"hello, this is no picture", "not a picture (text inside)"),
        ("Grüße 🍎".encode() * 60, "not a picture (text inside)"),
        (bytes(range(256)) * 4, "not a picture"),
        (b"<?xml version='1.0'?><svg width='3'></svg>", "a drawing (SVG), not a picture of pixels"),
        (
            b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00",
            "a HEIC picture, which cannot be read here; save it as JPEG",
        ),
    ],
)
def test_what_is_no_picture_says_why(tmp_path, content, reason):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureError) as caught:
        load_picture(path, Preparation((8, 8)))
    assert caught.value.reason == reason
    assert why_no_picture(content[:512]) == reason


def test_the_suffix_does_not_matter(tmp_path):
    path = save(scene(), tmp_path / "a.jpg", format="PNG")
    assert load_picture(path, Preparation(SIZE)).tobytes() == scene().tobytes()


@pytest.mark.parametrize("name", ["приветствие.png", "りんご 🍎.png", "a b\tc'\".png", "#%?&.png"])
def test_any_name(tmp_path, name):
    assert load_picture(save(scene(), tmp_path / name), Preparation((8, 8))).shape == (8, 8, 3)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(PictureError, match="the file is gone"):
        load_picture(tmp_path / "none.png", Preparation((8, 8)))
    with pytest.raises(PictureError):
        load_picture(tmp_path, Preparation((8, 8)))


def test_unreadable_file(tmp_path):
    path = save(scene(), tmp_path / "a.png")
    path.chmod(0)
    try:
        path.read_bytes()
    except PermissionError:
        with pytest.raises(PictureError, match="permission denied"):
            load_picture(path, Preparation((8, 8)))
    else:
        pytest.skip("this account may read everything")


def test_bomb_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_claiming(60_000, 60_000))
    with pytest.raises(PictureError, match="60,000 × 60,000 pixels are too many"):
        load_picture(path, Preparation((8, 8)))


def test_a_large_jpeg_is_decoded_small(tmp_path):
    # 201 million pixels, more than would be decoded in full.
    path = tmp_path / "large.jpg"
    Image.new("L", (16_400, 12_300), 90).save(path, quality=30)
    assert abs(int(load_picture(path, Preparation((64, 64), "grayscale"))[9, 9, 0]) - 90) <= 2


def test_damaged_exif_does_not_cost_the_picture(tmp_path):
    path = tmp_path / "a.jpg"
    scene().save(
        path, exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\x7f\x12\x01broken", quality=95
    )
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        assert load_picture(path, Preparation(SIZE)).shape == (24, 40, 3)
    assert not leaked


def test_from_bytes_and_from_numbers(tmp_path):
    stream = io.BytesIO()
    scene().save(stream, "PNG")
    wanted = load_picture(save(scene(), tmp_path / "a.png"), Preparation((9, 9)))
    assert (picture_from_bytes(stream.getvalue(), Preparation((9, 9))) == wanted).all()
    assert (picture_from_array(np.asarray(scene()), Preparation((9, 9))) == wanted).all()
    clear = np.zeros((4, 4, 4), np.uint8)
    assert (picture_from_array(clear, Preparation((4, 4))) == 255).all()
    assert (
        picture_from_array(np.full((4, 4, 1), 9, np.uint8), Preparation((4, 4), "grayscale"))[
            0, 0, 0
        ]
        == 9
    )
    with pytest.raises(PictureError, match="the pasted picture cannot be used: not a picture"):
        picture_from_bytes(b"some text", Preparation((9, 9)))


def test_thumbnails_keep_proportions_and_never_grow(tmp_path):
    path = save(scene(), tmp_path / "a.png")
    assert thumbnail(path, 10).shape == (6, 10, 3)
    assert thumbnail(path, (6, 100)).shape == (6, 10, 3)
    assert thumbnail(path, 400).shape == (24, 40, 3)
    assert thumbnail(save(scene(400, 2), tmp_path / "b.png"), 50).shape == (1, 50, 3)


def test_the_same_in_every_thread(tmp_path):
    path = save(scene(400, 300), tmp_path / "a.jpg")
    found: list[bytes] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(load_picture(path, Preparation((33, 21))).tobytes())
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
