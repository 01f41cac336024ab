"""An opened picture brought to the network's pixels: upright, 8 bits, one colour mode, one size.

Pillow does the work, at its full quality, so that exported source can do the same in a few lines
(`cnnstudio.keras_build.reading_source`).
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.graph.preparation import Preparation

if TYPE_CHECKING:
    from PIL import Image as PillowImage

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

# Pixels decoded at most, so that 1.6 GB are enough: half as many where the decoder itself keeps
# copies. Pictures of more than LARGE pixels are decoded one at a time.
PIXEL_LIMIT = 180_000_000
LARGE = 24_000_000
_COPYING = ("WEBP", "AVIF", "JPEG2000")

_ORIENTATION = 0x0112
_large_one_at_a_time = threading.Lock()


class RefusedError(Exception):
    """Why a picture is not used, as a phrase."""


def prepared(image: PillowImage.Image, preparation: Preparation) -> Pixels:
    """The pixels of an opened picture, uint8 of `preparation.shape`.

    Raises `RefusedError`, and whatever Pillow meets in a damaged file.
    """
    whole = image.size
    if is_jpeg(image):
        # Decodes at 1/2, 1/4 or 1/8 where that still has all the pixels that are wanted.
        image.draft(None, (max(preparation.image_size),) * 2)
    # A progressive JPEG is held whole while it is decoded at any scale.
    held = whole if image.info.get("progressive") else image.size
    _refuse_too_large(image, held, whole)
    large = held[0] * held[1] > LARGE
    with _large_one_at_a_time if large else contextlib.nullcontext():
        image.load()
        plain = _plain(_upright(image), preparation)
        fitted = _fitted(plain, preparation)
        return np.array(fitted, dtype=np.uint8).reshape(preparation.shape)


def refuse_header(image: PillowImage.Image) -> None:
    """Raise `RefusedError` for an opened picture that is too large to decode at any scale."""
    scale = 8 if is_jpeg(image) and not image.info.get("progressive") else 1
    _refuse_too_large(image, (image.width // scale, image.height // scale), image.size)


def _refuse_too_large(
    image: PillowImage.Image, held: tuple[int, int], whole: tuple[int, int]
) -> None:
    limit = PIXEL_LIMIT // 2 if image.format in _COPYING else PIXEL_LIMIT
    if held[0] * held[1] > limit:
        raise RefusedError(
            f"{whole[0]:,} × {whole[1]:,} pixels are too many to decode (at most "
            f"{limit // 1_000_000} million)"
        )


def is_jpeg(image: PillowImage.Image) -> bool:
    """Whether a picture can be decoded at a part of its size."""
    return image.format in ("JPEG", "MPO")


def _upright(image: PillowImage.Image) -> PillowImage.Image:
    """A loaded picture turned as its EXIF orientation says."""
    Transpose = pillow().Transpose  # noqa: N806
    # After loading: a TIFF turns itself while it is read.
    turn = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(orientation_of(image))
    return image if turn is None else image.transpose(turn)


def _plain(image: PillowImage.Image, preparation: Preparation) -> PillowImage.Image:
    """A loaded picture as "RGB" or "L", transparency laid on the background."""
    Image = pillow()  # noqa: N806
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = Image.fromarray(_of_8_bits(image))
    elif image.mode == "LAB":
        image = _from_lab(image)
    elif image.has_transparency_data:
        clear = _as(image, "RGBA")
        image = Image.new("RGB", clear.size, preparation.background)
        image.paste(clear, mask=clear)
    if preparation.color_mode == "rgb":
        return _as(image, "RGB")
    return image if image.mode == "L" else _as(image, "RGB").convert("L")


def _as(image: PillowImage.Image, mode: str) -> PillowImage.Image:
    return image if image.mode == mode else image.convert(mode)


def _fitted(image: PillowImage.Image, preparation: Preparation) -> PillowImage.Image:
    """A picture brought to the size wanted, each pixel an average of the area that it covers."""
    from PIL import ImageOps

    height, width = preparation.image_size
    if image.size == (width, height):
        return image
    method = pillow().Resampling[preparation.interpolation.upper()]
    if preparation.resize == "crop":
        return ImageOps.fit(image, (width, height), method)
    if preparation.resize == "stretch":
        return image.resize((width, height), method)
    scale = min(width / image.width, height / image.height)
    wide, high = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    padded = pillow().new(image.mode, (width, height), preparation.background)
    padded.paste(image.resize((wide, high), method), ((width - wide) // 2, (height - high) // 2))
    return padded


def _of_8_bits(image: PillowImage.Image) -> Pixels:
    """Grey values of 16 or 32 bits, scaled to 0–255.

    16 bits go up to 65535. Numbers of 32 bits have the first of the usual ranges that holds all
    of a picture, else their own from the smallest to the greatest.
    """
    rows = max(1, 1_000_000 // image.width)  # few at a time, to keep few as large numbers
    bands = [(row, min(row + rows, image.height)) for row in range(0, image.height, rows)]
    if image.mode in ("I", "F"):
        ends = [(part.min(), part.max()) for part in (_numbers(image, *band) for band in bands)]
        low, high = float(min(end[0] for end in ends)), float(max(end[1] for end in ends))
        usual = (255, 65535) if image.mode == "I" else (1, 255)
        fitting = ((0.0, float(top)) for top in usual if low >= 0 and high <= top)
        low, high = next(fitting, (low, high))
    else:
        low, high = 0.0, 65535.0
    factor = 255 / (high - low or 1)
    found = np.empty((image.height, image.width), np.uint8)
    for first, end in bands:
        found[first:end] = np.rint((_numbers(image, first, end) - low) * factor)
    return found


def _numbers(image: PillowImage.Image, first: int, end: int) -> np.ndarray[Any, Any]:
    """The grey values of some rows; 0 for what is no number."""
    part = np.asarray(image.crop((0, first, image.width, end)), np.float64)
    return np.nan_to_num(part, posinf=0, neginf=0)


def _from_lab(image: PillowImage.Image) -> PillowImage.Image:
    from PIL import ImageCms

    turned = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    if turned is None:
        raise RefusedError("its Lab colours cannot be read")
    return turned


def upright_size(image: PillowImage.Image) -> tuple[int, int]:
    """Width and height of an opened picture once it is turned upright."""
    # Only what carries EXIF data is asked; TIFF has turned its size already.
    if "exif" in image.info and image.format != "TIFF" and orientation_of(image) >= 5:
        return image.height, image.width
    return image.size


def orientation_of(image: PillowImage.Image) -> int:
    """EXIF orientation 1–8; 1 where there is none or it is damaged."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF data must not cost the picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


_quiet: tuple[Any, ...] | None = None


def pillow() -> Any:
    """`PIL.Image`, imported when first needed, without its own limit and warnings.

    The limit is replaced by `PIXEL_LIMIT`, which counts what is decoded. Warnings (odd EXIF
    entries, palettes) are about things handled here.
    """
    global _quiet
    from PIL import Image

    if _quiet is None or _quiet not in warnings.filters:
        Image.MAX_IMAGE_PIXELS = None
        warnings.filterwarnings("ignore", module=r"PIL\.")
        _quiet = warnings.filters[0]
    return Image
