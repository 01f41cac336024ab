"""Reading pictures: the one implementation for training, evaluation, classification and preview.

A picture comes out as uint8 numbers 0–255 of shape (height, width, channels), whatever was in the
file: EXIF orientation is honoured, transparency laid on a colour, CMYK, YCbCr, Lab and palettes
turned into RGB, 16-bit and floating point scaled, and of an animation the first frame is taken.
`cnnstudio.data.preparing` does that with the picture once it is open.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cnnstudio.data.preparing import (
    Pixels,
    RefusedError,
    pillow,
    prepared,
    refuse_header,
    upright_size,
)
from cnnstudio.errors import StudioError
from cnnstudio.graph.preparation import Preparation

__all__ = [
    "SUFFIXES",
    "Header",
    "PictureError",
    "Pixels",
    "explain",
    "load_picture",
    "picture_from_array",
    "picture_from_bytes",
    "read_header",
    "thumbnail",
    "why_no_picture",
]

if TYPE_CHECKING:
    from PIL import Image as PillowImage

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
    return _from_file(path, lambda image: prepared(image, preparation))


def picture_from_bytes(
    content: bytes, preparation: Preparation, name: str = "the pasted picture"
) -> Pixels:
    """As `load_picture`, from the bytes of a picture file. Raises `PictureError`."""
    return _from_stream(io.BytesIO(content), name, lambda image: prepared(image, preparation))


def picture_from_array(array: np.ndarray[Any, Any], preparation: Preparation) -> Pixels:
    """As `load_picture`, from uint8 numbers (height, width) or (height, width, 1, 3 or 4)."""
    Image = pillow()  # noqa: N806
    flat = array[..., 0] if array.ndim == 3 and array.shape[-1] == 1 else array
    image = Image.fromarray(np.ascontiguousarray(flat, dtype=np.uint8))
    return prepared(image, preparation)


def thumbnail(path: str | os.PathLike[str], box: int | tuple[int, int]) -> Pixels:
    """A small RGB copy (height, width, 3) that fits into `box` (a side, or height and width).

    Proportions are kept and pictures are never enlarged. Raises `PictureError`.
    """
    height, width = (box, box) if isinstance(box, int) else box

    def made(image: PillowImage.Image) -> Pixels:
        wide, tall = upright_size(image)
        scale = min(1.0, height / tall, width / wide)
        size = (max(1, round(tall * scale)), max(1, round(wide * scale)))
        return prepared(image, Preparation(size))

    return _from_file(path, made)


def read_header(stream: io.BufferedIOBase, path: str | os.PathLike[str]) -> Header:
    """Size, mode and format from the first bytes of an open file; nothing is decoded.

    Width and height are those of the picture as shown, after its EXIF orientation.
    Raises `PictureError`, also for a picture that would be too large to decode.
    """

    def made(image: PillowImage.Image) -> Header:
        refuse_header(image)
        width, height = upright_size(image)
        return Header(width, height, image.mode, image.format or "")

    return _from_stream(stream, path, made)


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
    except RefusedError as refused:
        raise PictureError(path, str(refused)) from None
    except MemoryError:
        raise PictureError(path, "too large for the memory of this machine") from None
    except OSError as error:
        if error.errno is not None:
            raise PictureError(path, explain(error)) from None
        raise PictureError(path, "cut short or damaged") from None
    except Exception:  # noqa: BLE001 - on damaged files Pillow raises whatever its readers meet
        raise PictureError(path, "cut short or damaged") from None


def _opened(stream: Any) -> PillowImage.Image:
    Image = pillow()  # noqa: N806
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
        raise RefusedError(why_no_picture(stream.read(512))) from None
