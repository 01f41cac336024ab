"""Every awkward picture is read as Pillow reads it at the same scale, or its reason is told."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from awkward_suite import MANY, Awkward, reference, suite
from PIL import Image

from cnnstudio.data.pictures import PictureError, load_picture
from cnnstudio.data.scan import scan_folder
from cnnstudio.graph.preparation import Preparation

METHODS = ("nearest", "bilinear", "bicubic", "lanczos")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("awkward")


@pytest.fixture(scope="module")
def files(folder):
    return suite(folder)


@pytest.fixture(scope="module")
def pictures(files, module_limit):
    return [each for each in files if each.usable]


@pytest.fixture(scope="module")
def module_limit():
    """Pillow's own limit of pixels, which a reading of 200 megapixels has to lift."""
    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    yield
    Image.MAX_IMAGE_PIXELS = before


def test_every_file_is_used_or_set_aside_with_its_reason(folder, files):
    report = scan_folder(folder)
    used = {picture.path for picture in report.pictures}
    reasons = {each.path: each.reason for each in (*report.skipped, *report.ignored)}
    assert used == {each.path for each in files if each.usable}
    assert set(reasons) == {each.path for each in files if not each.usable}
    for each in files:
        assert each.usable or each.reason in reasons[each.path], each.name
    assert set(report.classes) == {"first", "second"}


def test_what_is_set_aside_is_refused_by_the_reader_too(files):
    for each in files:
        if not each.usable and each.path.is_file() and each.reason != "system file":
            with pytest.raises(PictureError) as caught:
                load_picture(each.path, Preparation((16, 16)))
            assert each.reason in caught.value.reason, each.name


@pytest.mark.parametrize("color_mode", ["rgb", "grayscale"])
@pytest.mark.parametrize("interpolation", METHODS)
@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_pixels_are_those_of_pillow_at_the_same_scale(pictures, resize, interpolation, color_mode):
    for each in pictures:
        for size in ((16, 16), (24, 40), (30, 11)):
            preparation = Preparation(size, color_mode, resize, interpolation, "#2080c0")
            found = load_picture(each.path, preparation).astype(int)
            assert found.shape == preparation.shape
            wanted = reference(each.path, preparation)
            assert np.abs(found - wanted).max() <= 1, (each.name, size)


def test_what_is_seen_is_what_was_drawn(pictures):
    """Against the drawing itself, so that reader and reference do not err together."""
    drawn: list[Awkward] = [each for each in pictures if each.shows is not None]
    assert len(drawn) > 50
    for each in drawn:
        found = load_picture(each.path, Preparation((24, 40))).astype(int)
        wanted = np.asarray(each.shows.resize((40, 24), Image.Resampling.BILINEAR))
        assert np.abs(found - wanted).mean() <= each.off, each.name


def test_transparency_and_margins_have_the_background(tmp_path):
    for mode, value in (("RGBA", (9, 9, 9, 0)), ("LA", (9, 0)), ("PA", (3, 0))):
        clear = Image.new("RGBA", (8, 4), (9, 9, 9, 0)) if mode == "PA" else None
        image = Image.new(mode, (8, 4), value) if clear is None else clear.quantize(4)
        path = tmp_path / f"{mode}.png"
        image.save(path)
        found = load_picture(path, Preparation((8, 8), resize="pad", background="#204060"))
        assert (found == (0x20, 0x40, 0x60)).all()
    Image.new("RGB", (8, 4), "white").save(tmp_path / "wide.png")
    found = load_picture(
        tmp_path / "wide.png", Preparation((8, 8), resize="pad", background="#204060")
    )
    assert (found[:2] == (0x20, 0x40, 0x60)).all()
    assert (found[2:6] == 255).all()
    assert (found[6:] == (0x20, 0x40, 0x60)).all()
    grey = Preparation((8, 8), "grayscale", "pad", "nearest", "#646464")
    assert (
        load_picture(tmp_path / "wide.png", grey)[:, 0, 0].tolist()
        == [100] * 2 + [255] * 4 + [100] * 2
    )


def test_crop_keeps_the_middle_and_pad_the_whole(tmp_path):
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, :10], pixels[:, 10:20], pixels[:, 20:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    Image.fromarray(pixels).save(tmp_path / "three.png")
    crop = load_picture(tmp_path / "three.png", Preparation((10, 10), resize="crop"))
    assert (crop == (0, 255, 0)).all()
    pad = load_picture(
        tmp_path / "three.png", Preparation((30, 30), resize="pad", interpolation="nearest")
    )
    assert (pad[10:20] == pixels).all()
    assert (pad[:10] == 255).all()
    assert (pad[20:] == 255).all()


_PEAK = """
import sys
from cnnstudio.data.pictures import PictureError, load_picture
from cnnstudio.graph.preparation import Preparation
import PIL.ImageOps, numpy

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))

before = peak()
try:
    load_picture(sys.argv[1], Preparation((64, 64)))
except PictureError as error:
    print(error.reason)
print(f"{peak() - before:.0f}")
"""


def _peak(path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_PEAK), str(path)],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/status")
def test_memory_of_great_pictures_is_bounded(tmp_path):
    """In MB: 200 megapixels of JPEG come small, 40 of a PNG take two copies, more is refused."""
    great = Image.new("L", (16_400, 12_300), 90)
    great.save(tmp_path / "great.jpg", quality=30)
    assert int(_peak(tmp_path / "great.jpg")[0]) < 100
    great.save(tmp_path / "progressive.jpg", quality=30, progressive=True)
    reason, megabytes = _peak(tmp_path / "progressive.jpg")
    assert MANY in reason
    assert int(megabytes) < 50
    Image.new("RGBA", (8_000, 5_000), (1, 2, 3, 100)).save(tmp_path / "a.png", compress_level=1)
    assert int(_peak(tmp_path / "a.png")[0]) < 2.2 * 160
    deep = Image.fromarray(np.zeros((5_000, 4_000), np.float32))
    deep.save(tmp_path / "deep.tif", compression="tiff_deflate")
    assert int(_peak(tmp_path / "deep.tif")[0]) < 2.6 * 80
