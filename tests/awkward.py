"""Pictures made by the tests: a plain one, and the awkward ones that people have."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image


def scene(width: int = 40, height: int = 24) -> Image.Image:
    """A picture without symmetry, smooth enough to survive JPEG: a red corner, a blue side."""
    y, x = np.mgrid[0:height, 0:width]
    red = np.where((x < width // 2) & (y < height // 2), 230, 40)
    green = np.round(255 * y / max(1, height - 1))
    blue = np.where(x >= width * 3 // 4, 220, 30)
    return Image.fromarray(np.stack([red, green, blue], -1).astype(np.uint8))


def save(image: Image.Image, path: Path, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)
    return path


def folder_of(root: Path, counts: dict[str, int], side: int = 8) -> Path:
    """`counts` pictures for each class folder ("train/cat": 3), all different."""
    number = 0
    for name, count in counts.items():
        for index in range(count):
            number += 1
            pixels = np.random.default_rng(number).integers(0, 256, (side, side, 3))
            save(Image.fromarray(pixels.astype(np.uint8)), root / name / f"{index:03}.png")
        (root / name).mkdir(parents=True, exist_ok=True)
    return root


def png_claiming(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that says it has a great many pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )
