"""Headers read by hand say what Pillow says, or leave it to Pillow."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from cnnstudio.data.pictures import PictureError, read_header
from cnnstudio.data.quick_headers import quick_header


def picture(format_: str, mode: str, size: tuple[int, int], **options) -> bytes:
    stream = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert(mode).save(stream, format_, **options)
    return stream.getvalue()


def exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = orientation
    return found


def texts(**entries: str) -> PngImagePlugin.PngInfo:
    found = PngImagePlugin.PngInfo()
    for key, value in entries.items():
        found.add_text(key, value)
    return found


def by_pillow(content: bytes):
    try:
        return read_header(io.BytesIO(content), "picture")
    except PictureError:
        return "broken"


EVERYDAY = [
    picture("PNG", "L", (28, 28)),
    picture("PNG", "RGB", (33, 20)),
    picture("PNG", "RGBA", (5, 7), dpi=(72, 72)),
    picture("PNG", "RGB", (9, 9), pnginfo=texts(Software="camera", exif_like="no")),
    picture("JPEG", "L", (28, 30)),
    picture("JPEG", "RGB", (64, 48)),
    picture("JPEG", "RGB", (64, 48), progressive=True, quality=30, subsampling=0),
    picture("JPEG", "RGB", (17, 5), comment="seen", dpi=(300, 300), optimize=True),
    picture("JPEG", "RGB", (40, 40), restart_marker_blocks=2),
]
ODD = [
    picture("PNG", "P", (8, 8)),
    picture("PNG", "1", (8, 8)),
    picture("PNG", "LA", (8, 8)),
    picture("PNG", "I;16", (8, 8)),
    picture("PNG", "RGB", (8, 8), transparency=(1, 2, 3)),
    picture("PNG", "RGB", (8, 6), exif=exif(6)),
    picture("PNG", "RGB", (8, 6), pnginfo=texts(exif="no picture data")),
    picture("PNG", "RGB", (8, 6), icc_profile=b"colours"),
    picture("JPEG", "CMYK", (16, 8)),
    picture("JPEG", "RGB", (16, 8), exif=exif(6)),
    picture("JPEG", "RGB", (16, 8), icc_profile=b"colours"),
    picture("GIF", "L", (8, 8)),
    picture("BMP", "RGB", (8, 8)),
    b"",
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0",
    b"some text that is long enough for a header of any kind",
]


@pytest.mark.parametrize("content", EVERYDAY)
def test_everyday_pictures_need_no_pillow(content):
    assert quick_header(content) == by_pillow(content) != "broken"


@pytest.mark.parametrize("content", ODD)
def test_what_is_not_plain_is_left_to_pillow(content):
    assert quick_header(content) in (None, by_pillow(content))


@pytest.mark.parametrize("content", EVERYDAY)
def test_one_byte_changed_anywhere(content):
    for place in range(min(len(content), 700)):
        for value in (0, 0xFF, content[place] ^ 1, content[place] ^ 0x10):
            damaged = content[:place] + bytes([value]) + content[place + 1 :]
            assert quick_header(damaged) in (None, by_pillow(damaged)), (place, value)


@given(
    content=st.sampled_from(EVERYDAY + ODD),
    end=st.integers(0, 2000),
    changes=st.dictionaries(st.integers(0, 700), st.integers(0, 255), max_size=4),
    data=st.data(),
)
@settings(max_examples=1500)
def test_damaged_pictures_are_never_told_otherwise_than_by_pillow(content, end, changes, data):
    """Cut off, or with some bytes changed anywhere in the header."""
    damaged = bytearray(content)
    for place, value in changes.items():
        if place < len(damaged):
            damaged[place] = value
    if data.draw(st.booleans(), "cut"):
        del damaged[end:]
    found = quick_header(bytes(damaged))
    if found is not None:
        assert found == by_pillow(bytes(damaged))
