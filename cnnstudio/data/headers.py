"""Telling from its first bytes what a picture file is, and whether it is all there."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import BinaryIO

from cnnstudio.data.pictures import (
    Header,
    PictureError,
    explain,
    load_picture,
    read_header,
    why_no_picture,
)
from cnnstudio.data.quick_headers import quick_header
from cnnstudio.graph.preparation import Preparation

_BINARY = getattr(os, "O_BINARY", 0)  # Windows would translate line ends
SMALL = 65_536  # bytes: up to here one read gives header, end and digest


def inspect(path: str) -> tuple[Header, int, bytes | None]:
    """Header, size in bytes, and the digest of small files. Raises `PictureError`."""
    try:
        # Without a file object: there are many files, and most are read by one call.
        descriptor = os.open(path, os.O_RDONLY | _BINARY)
        try:
            size = os.fstat(descriptor).st_size
            start = os.read(descriptor, SMALL)
        finally:
            os.close(descriptor)
        if not start:
            raise PictureError(path, why_no_picture(start))
        small = size <= len(start)
        header = quick_header(start)
        if header is None or not small:
            header, complete = _carefully(path, start, header, small=small)
        else:
            complete = _ends(header.format, start)
    except OSError as error:
        raise PictureError(path, explain(error)) from None
    if not complete:
        # Some programs leave out the end mark: decoding tells a complete picture from half of one.
        load_picture(path, Preparation((8, 8), "grayscale"))
    return header, size, hashlib.blake2b(start, digest_size=16).digest() if small else None


def _carefully(
    path: str, start: bytes, header: Header | None, *, small: bool
) -> tuple[Header, bool]:
    """A header that Pillow reads where there is none, and whether the file is complete."""
    if small:
        header = read_header(io.BytesIO(start), path)
        return header, _ends(header.format, start)
    with open(path, "rb") as file:
        header = header or read_header(file, path)
        return header, _ends(header.format, _end_of(file))


def digest_of(path: Path) -> bytes | None:
    """The digest of a file of any size, as `inspect` makes it; None if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()
    except OSError:
        return None


def _end_of(file: BinaryIO) -> bytes:
    file.seek(-SMALL, os.SEEK_END)
    return file.read(SMALL)


def _ends(format_: str, content: bytes) -> bool:
    """Whether the end mark is in the last bytes; there may be others behind it."""
    if format_ in ("JPEG", "MPO"):
        return b"\xff\xd9" in content
    if format_ == "PNG":
        return b"IEND" in content
    return True
