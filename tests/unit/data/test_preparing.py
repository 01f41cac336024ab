"""Random pictures, preparations and orientations: read here, by Pillow, and by exported source."""

from __future__ import annotations

import io

import numpy as np
from awkward_suite import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnstudio.data.pictures import picture_from_array, picture_from_bytes
from cnnstudio.graph.preparation import Preparation
from cnnstudio.keras_build.reading_source import reading_functions

FORMS = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "I;16", "F"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "GIF": ("P", "L"),
    "BMP": ("1", "L", "P", "RGB"),
}
PREPARATIONS = st.builds(
    Preparation,
    image_size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    color_mode=st.sampled_from(["rgb", "grayscale"]),
    resize=st.sampled_from(["stretch", "crop", "pad"]),
    interpolation=st.sampled_from(["nearest", "bilinear", "bicubic", "lanczos"]),
    background=st.from_regex(r"#[0-9a-f]{6}", fullmatch=True),
)


@st.composite
def files(draw) -> bytes:
    """Noise of any mode in a picture file."""
    form, mode = draw(st.sampled_from([(form, mode) for form in FORMS for mode in FORMS[form]]))
    height, width = draw(st.integers(1, 70)), draw(st.integers(1, 70))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    noise = rng.integers(0, 256, (height, width, 4)).astype(np.uint8)
    if mode in ("I;16", "I", "F"):
        top = draw(st.sampled_from([200, 65535] if mode != "F" else [1, 200, 5000]))
        values = rng.random((height, width)) * top - (300 if draw(st.booleans()) else 0)
        kind = {"I;16": np.uint16, "I": np.int32, "F": np.float32}[mode]
        values = np.clip(values, 0, None) if mode == "I;16" else values
        image = Image.fromarray(values.astype(kind))
    elif mode == "P":
        image = Image.fromarray(noise[..., :3]).quantize(draw(st.integers(2, 40)))
    else:
        image = Image.fromarray(noise).convert(mode)
    options = {}
    orientation = draw(st.integers(0, 8))
    if orientation and form in ("PNG", "TIFF", "JPEG", "WEBP"):
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = orientation
    if mode == "P" and form in ("PNG", "GIF") and draw(st.booleans()):
        options["transparency"] = 1
    if form == "JPEG":
        options["progressive"] = draw(st.booleans())
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


@settings(max_examples=500)
@given(files(), PREPARATIONS)
def test_as_pillow_and_as_exported_source(tmp_path_factory, content, preparation):
    path = tmp_path_factory.getbasetemp() / "hypothesis-picture"
    path.write_bytes(content)
    found = picture_from_bytes(content, preparation)
    assert found.shape == preparation.shape
    assert np.abs(found.astype(int) - reference(path, preparation)).max() <= 1
    assert (exported(preparation)(path) == found).all()


def exported(preparation):
    """`read_picture` of exported source."""
    namespace = {"np": np}
    exec("\n\n\n".join(reading_functions(preparation)), namespace)
    return namespace["read_picture"]


@settings(max_examples=60)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.sampled_from([(), (1,), (3,), (4,)]),
    PREPARATIONS,
    st.integers(0, 99),
)
def test_numbers_are_prepared_as_their_file(height, width, channels, preparation, seed):
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 256, (height, width, *channels)).astype(np.uint8)
    stream = io.BytesIO()
    flat = numbers[..., 0] if channels == (1,) else numbers
    Image.fromarray(flat).save(stream, "PNG")
    wanted = picture_from_bytes(stream.getvalue(), preparation)
    assert (picture_from_array(numbers, preparation) == wanted).all()
