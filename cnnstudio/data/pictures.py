"""Reading pictures: the one implementation for training, evaluation, classification and preview.

A picture comes out as uint8 numbers 0–255 of shape (height, width, channels), whatever was in the
file: EXIF orientation is honoured, transparency laid on white, CMYK, YCbCr, Lab and palettes turned
into RGB, 16-bit and floating point scaled, and of an animation the first frame is taken. Pictures
are stretched to the size wanted (bilinear over the whole area that a pixel covers).
"""

from __future__ import annotations

import io
import os
import re
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnstudio.errors import StudioError
from cnnstudio.graph.preparation import Preparation

if TYPE_CHECKING:
    from PIL import Image as PillowImage

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

# Read by Pillow alone; formats that start other programs (EPS) or hold no pixels are left out.
_COMMON = ("PNG", "JPEG", "GIF", "BMP", "PPM")
_FURTHER = (
    *("WEBP", "TIFF", "MPO", "ICO", "ICNS", "CUR", "JPEG2000", "AVIF", "DIB", "PCX", "SGI"),
    *("QOI", "DDS", "PSD", "XBM", "XPM", "TGA"),
)
SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in (
        *("png", "apng", "jpg", "jpeg", "jpe", "jfif", "mpo", "gif", "bmp", "dib", "ppm", "pgm"),
        *("pbm", "pnm", "webp", "tif", "tiff", "ico", "icns", "cur", "jp2", "j2k", "jpx", "avif"),
        *("pcx", "sgi", "qoi", "dds", "psd", "xbm", "xpm", "tga"),
    )
)

# Pixels decoded at most (JPEGs are decoded smaller where the wanted size allows): about 540 MB
# as RGB. Pictures of more than LARGE pixels are decoded one at a time to keep the memory bounded.
PIXEL_LIMIT = 180_000_000
LARGE = 24_000_000

_large_one_at_a_time = threading.Lock()
_ORIENTATION = 0x0112


class PictureError(StudioError):
    """A file that is no usable picture. `reason` is a phrase: "cut short or damaged"."""

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(f"{os.fspath(path)} cannot be used: {reason}.")
        self.path = Path(path)
        self.reason = reason


class Header(NamedTuple):
    """What a picture says of itself: pixels as they are stored, Pillow's mode and format names."""

    width: int
    height: int
    mode: str
    format: str


def load_picture(path: str | os.PathLike[str], preparation: Preparation) -> Pixels:
    """The picture in a file, prepared for the network.

    Returns uint8 numbers of `preparation.shape`: (height, width, 3) for "rgb",
    (height, width, 1) for "grayscale". Raises `PictureError`.
    """
    return _from_file(path, lambda image: _prepared(image, preparation))


def picture_from_bytes(
    content: bytes, preparation: Preparation, name: str = "the pasted picture"
) -> Pixels:
    """As `load_picture`, from the bytes of a picture file. Raises `PictureError`."""
    return _from_stream(io.BytesIO(content), name, lambda image: _prepared(image, preparation))


def picture_from_array(array: np.ndarray[Any, Any], preparation: Preparation) -> Pixels:
    """As `load_picture`, from uint8 numbers (height, width) or (height, width, 1, 3 or 4)."""
    Image = _pillow()  # noqa: N806
    flat = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    image = Image.fromarray(np.ascontiguousarray(flat, dtype=np.uint8))
    return _prepared(image, preparation)


def thumbnail(path: str | os.PathLike[str], box: int | tuple[int, int]) -> Pixels:
    """A small RGB copy (height, width, 3) that fits into `box` (a side, or height and width).

    Proportions are kept and pictures are never enlarged. Raises `PictureError`.
    """
    height, width = (box, box) if isinstance(box, int) else box

    def made(image: PillowImage.Image) -> Pixels:
        wide, tall = _upright(image)
        scale = min(1.0, height / tall, width / wide)
        size = (max(1, round(tall * scale)), max(1, round(wide * scale)))
        return _prepared(image, Preparation(size))

    return _from_file(path, made)


def read_header(stream: io.BufferedIOBase, path: str | os.PathLike[str]) -> Header:
    """Size, mode and format from the first bytes of an open file; nothing is decoded.

    Width and height are those of the picture as shown, after its EXIF orientation.
    Raises `PictureError`.
    """

    def made(image: PillowImage.Image) -> Header:
        width, height = _upright(image)
        return Header(width, height, image.mode, image.format or "")

    return _from_stream(stream, path, made)


def too_large(width: int, height: int) -> str | None:
    """Why so many pixels are not decoded, or None."""
    if width * height <= PIXEL_LIMIT:
        return None
    millions = PIXEL_LIMIT // 1_000_000
    return f"{width:,} × {height:,} pixels are too many to decode (at most {millions} million)"


def why_no_picture(head: bytes) -> str:
    """The reason why a file that begins with `head` (up to a few hundred bytes) is no picture."""
    if not head:
        return "empty file"
    signatures = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*")
    if head.startswith(signatures) or head[8:12] == b"WEBP":
        return "cut short or damaged"
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return "a HEIC picture, which cannot be read here; save it as JPEG"
    if b"\0" in head:
        return "not a picture"
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 3:
            return "not a picture"
        text = head[: error.start].decode("utf-8")
    if re.search(r"<svg[\s>]", text):
        return "a drawing (SVG), not a picture of pixels"
    return "not a picture (text inside)"


def explain(error: OSError) -> str:
    """Why a file cannot be opened, as a phrase."""
    if isinstance(error, PermissionError):
        return "cannot be read: permission denied"
    if isinstance(error, FileNotFoundError):
        return "the file is gone"
    if isinstance(error, IsADirectoryError):
        return "a folder, not a file"
    return f"cannot be read: {error.strerror or error}"


def _from_file(path: str | os.PathLike[str], made: Callable[[PillowImage.Image], Any]) -> Any:
    try:
        with open(path, "rb") as file:
            return _from_stream(file, path, made)
    except OSError as error:
        raise PictureError(path, explain(error)) from None


def _from_stream(
    stream: Any, path: str | os.PathLike[str], made: Callable[[PillowImage.Image], Any]
) -> Any:
    """What `made` makes of the picture in `stream`. Raises `PictureError` for any trouble."""
    try:
        with _opened(stream) as image:
            return made(image)
    except _RefusedError as refused:
        raise PictureError(path, str(refused)) from None
    except MemoryError:
        raise PictureError(path, "too large for the memory of this machine") from None
    except OSError as error:
        if error.errno is not None:
            raise PictureError(path, explain(error)) from None
        raise PictureError(path, "cut short or damaged") from None
    except Exception:  # noqa: BLE001 - on damaged files Pillow raises whatever its readers meet
        raise PictureError(path, "cut short or damaged") from None


class _RefusedError(Exception):
    """A reason found while reading."""


def _opened(stream: Any) -> PillowImage.Image:
    Image = _pillow()  # noqa: N806
    try:
        return Image.open(stream, formats=_COMMON)
    except Image.UnidentifiedImageError:
        pass
    Image.init()
    stream.seek(0)
    try:
        return Image.open(stream, formats=[name for name in _FURTHER if name in Image.OPEN])
    except Image.UnidentifiedImageError:
        stream.seek(0)
        raise _RefusedError(why_no_picture(stream.read(512))) from None


def _prepared(image: PillowImage.Image, preparation: Preparation) -> Pixels:
    """Decode, turn upright, bring to the colour mode and size."""
    Image = _pillow()  # noqa: N806
    height, width = preparation.image_size
    mode = "RGB" if preparation.color_mode == "rgb" else "L"
    if image.format in ("JPEG", "MPO"):
        turned = _orientation(image) >= 5
        # Decodes at 1/2, 1/4 or 1/8 where that is still as large as wanted, or larger.
        image.draft(mode, (height, width) if turned else (width, height))
    refusal = too_large(image.width, image.height)
    if refusal is not None:
        raise _RefusedError(refusal)
    if image.width * image.height > LARGE:
        with _large_one_at_a_time:
            image.load()
            plain = _plain(image, mode)
    else:
        image.load()
        plain = _plain(image, mode)
    # After load: a TIFF turns itself while it is read.
    orientation = _orientation(image)
    size = (height, width) if orientation >= 5 else (width, height)
    if plain.size != size:
        plain = plain.resize(size, Image.Resampling.BILINEAR, reducing_gap=3.0)
    turn = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)
    if turn is not None:
        plain = plain.transpose(turn)
    return np.array(plain, dtype=np.uint8).reshape(height, width, len(mode))


def _plain(image: PillowImage.Image, mode: str) -> PillowImage.Image:
    """A loaded picture as `mode` ("RGB" or "L"), transparency laid on white."""
    Image = _pillow()  # noqa: N806
    kind = image.mode
    if kind.startswith("I;16"):
        return _grey(_of_16_bits(np.asarray(image))).convert(mode)
    if kind == "I":
        return _grey(_of_whole_numbers(np.asarray(image))).convert(mode)
    if kind == "F":
        return _grey(_of_fractions(np.asarray(image))).convert(mode)
    if kind == "LAB":
        image = _from_lab(image)
    elif kind in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        clear = image.convert("RGBA")
        image = Image.new("RGB", clear.size, "white")
        image.paste(clear, mask=clear.getchannel("A"))
    elif kind in ("P", "CMYK", "YCbCr", "HSV"):
        image = image.convert("RGB")
    return image if image.mode == mode else image.convert(mode)


def _grey(values: Pixels) -> PillowImage.Image:
    return _pillow().fromarray(values)


def _of_16_bits(values: np.ndarray[Any, Any]) -> Pixels:
    """0–65535 scaled to 0–255, rounded."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _of_whole_numbers(values: np.ndarray[Any, Any]) -> Pixels:
    """32-bit pictures hold 8-bit or 16-bit numbers, or have a range of their own."""
    low, high = int(values.min()), int(values.max())
    if low >= 0 and high <= 255:
        return values.astype(np.uint8)
    if low >= 0 and high <= 65535:
        return _of_16_bits(values)
    return _stretched(values.astype(np.float64))


def _of_fractions(values: np.ndarray[Any, Any]) -> Pixels:
    """Floating point pictures go from 0 to 1, from 0 to 255, or have a range of their own."""
    values = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1:
        return np.rint(values * 255).astype(np.uint8)
    if low >= 0 and high <= 255:
        return np.rint(values).astype(np.uint8)
    return _stretched(values)


def _stretched(values: np.ndarray[Any, Any]) -> Pixels:
    low, high = float(values.min()), float(values.max())
    return np.rint((values - low) * (255 / max(high - low, 1e-300))).astype(np.uint8)


def _from_lab(image: PillowImage.Image) -> PillowImage.Image:
    from PIL import ImageCms

    turned = ImageCms.profileToProfile(
        image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    if turned is None:
        raise _RefusedError("its Lab colours cannot be read")
    return turned


def _upright(image: PillowImage.Image) -> tuple[int, int]:
    """Width and height of an opened picture once it is turned upright."""
    # Only what carries EXIF data is asked; TIFF has turned its size already.
    if "exif" in image.info and image.format != "TIFF" and _orientation(image) >= 5:
        return image.height, image.width
    return image.size


def _orientation(image: PillowImage.Image) -> int:
    """EXIF orientation 1–8; 1 where there is none or it is damaged."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - damaged EXIF data must not cost the picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


_quiet: tuple[Any, ...] | None = None


def _pillow() -> Any:
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
