"""A folder of every awkward file that people have among their pictures, and a reading to compare.

`suite(root)` writes them and says of each whether it can be used or why not; `reference` reads a
picture with Pillow in a way of its own.
"""

from __future__ import annotations

import io
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from awkward import png_claiming, save, scene
from PIL import Image, ImageCms, ImageColor, ImageOps

from cnnstudio.graph.preparation import Preparation

DAMAGED = "cut short or damaged"
SYSTEM = "system file"
MANY = "pixels are too many to decode"


@dataclass(frozen=True)
class Awkward:
    """A file of the suite.

    Attributes:
        path: below a class folder.
        reason: part of the reason why it is set aside; "" for a picture that is used.
        shows: what a person sees in it, or None where that is no `scene()`.
        off: how far colours may be from `shows` on average (lossy formats, few colours).
    """

    path: Path
    reason: str = ""
    shows: Image.Image | None = None
    off: float = 0.0

    @property
    def usable(self) -> bool:
        return not self.reason

    @property
    def name(self) -> str:
        return self.path.name


def suite(root: Path) -> list[Awkward]:
    """Write the suite below `root`, in two class folders."""
    found = []
    for number, (name, make, more) in enumerate([*_pictures(), *_no_pictures()]):
        path = root / ("first", "second")[number % 2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)
        found.append(Awkward(path, **more))
    first = root / "first"
    links = {
        "itself.png": ("itself.png", "a link that leads nowhere"),
        "nowhere.jpg": ("gone.jpg", "a link that leads nowhere"),
        "round": ("..", "a link to a folder that was read already"),
    }
    for name, (target, reason) in links.items():
        (first / name).symlink_to(target, target_is_directory=name == "round")
        found.append(Awkward(first / name, reason))
    for name in ("Thumbs.db", ".DS_Store", "._photo.jpg", "desktop.ini"):
        (first / name).write_bytes(b"\0\1\2 left by the system")
        found.append(Awkward(first / name, SYSTEM))
    copy = root / "__MACOSX" / "first" / "._photo.jpg"
    copy.parent.mkdir(parents=True)
    copy.write_bytes(b"\0\5\x16\7 left by the system")
    found.append(Awkward(root / "__MACOSX", SYSTEM))
    locked = save(scene(), first / "locked.png")
    locked.chmod(0)
    if os.access(locked, os.R_OK):  # this account may read everything
        locked.unlink()
    else:
        found.append(Awkward(locked, "permission denied"))
    return found


def reference(path: Path, preparation: Preparation) -> np.ndarray:
    """A picture as Pillow reads it at the same scale: uint8 of `preparation.shape`."""
    size = preparation.image_size[::-1]
    # By its path Pillow would map a TIFF into memory, and garble those that are turned.
    with open(path, "rb") as file:
        image = Image.open(file)
        if image.format in ("JPEG", "MPO"):
            scale = next(s for s in (8, 4, 2, 1) if s == 1 or min(image.size) // s >= max(size))
            image.draft(None, (image.width // scale, image.height // scale))
        image = ImageOps.exif_transpose(image)
    image = _flat(image, preparation.background)
    image = image if preparation.color_mode == "rgb" else image.convert("L")
    method = Image.Resampling[preparation.interpolation.upper()]
    if preparation.resize == "crop":
        image = ImageOps.fit(image, size, method)
    elif preparation.resize == "stretch":
        image = image.resize(size, method)
    else:
        image = _inside(image, size, method, preparation.background)
    return np.asarray(image).reshape(preparation.shape)


def _inside(
    image: Image.Image, size: tuple[int, int], method: Image.Resampling, background: str
) -> Image.Image:
    # As ImageOps.pad, of which nothing is left of pictures a pixel wide.
    wide = image.width * size[1] >= image.height * size[0]
    if wide:
        inner = size[0], max(1, round(image.height * size[0] / image.width))
    else:
        inner = max(1, round(image.width * size[1] / image.height)), size[1]
    whole = Image.new("RGB", size, background).convert(image.mode)
    corner = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    whole.paste(image.resize(inner, method), corner)
    return whole


def _flat(image: Image.Image, background: str) -> Image.Image:
    """As RGB in 8 bits without transparency, calculated with numbers."""
    if image.mode.startswith("I;16"):
        grey = np.asarray(image).astype(np.uint16) / 65535
    elif image.mode in ("I", "F"):
        values = np.asarray(image).astype(float)
        tops = [top for top in (255, 65535) if values.max() <= top]
        if image.mode == "F":
            tops = [top for top in (1, 255) if values.max() <= top]
        if values.min() < 0 or not tops:
            grey = (values - values.min()) / max(np.ptp(values), 1e-9)
        else:
            grey = values / tops[0]
    elif image.mode == "LAB":
        to_srgb = ImageCms.buildTransform(
            ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB"
        )
        return ImageCms.applyTransform(image, to_srgb)
    elif image.has_transparency_data:
        pixels = np.asarray(image.convert("RGBA")).astype(float)
        share = pixels[..., 3:] / 255
        under = np.array(ImageColor.getrgb(background), float)
        mixed = pixels[..., :3] * share + under * (1 - share)
        return Image.fromarray(np.rint(mixed).astype(np.uint8))
    else:
        return image.convert("RGB")
    return Image.fromarray(np.rint(grey * 255).astype(np.uint8)).convert("RGB")


_Entry = tuple[str, Callable[[Path], object], dict]


def _pictures() -> Iterator[_Entry]:
    """File name, how it is written, what it shows."""
    colour, grey = scene(), scene().convert("L").convert("RGB")
    small = scene(400, 240)

    def saved(image: Image.Image, **options) -> Callable[[Path], object]:
        return lambda path: image.save(path, **options)

    def like(image: Image.Image, off: float = 0.0) -> dict:
        return {"shows": image, "off": off}

    for orientation in range(1, 9):
        for suffix, options, off in (
            (".jpg", {"quality": 95, "subsampling": 0}, 3),
            (".png", {}, 0),
            (".tif", {}, 0),
        ):
            write = _turned(colour, orientation, **options)
            yield f"orientation {orientation}{suffix}", write, like(colour, off)
    turned = _turned(small, 6, quality=90)
    yield "large orientation 6.jpg", turned, like(small, 3)

    lossy = {"quality": 95, "subsampling": 0}
    cmyk = colour.convert("CMYK")
    yield "cmyk.jpg", saved(cmyk, **lossy), like(colour, 3)
    yield "cmyk.tif", saved(cmyk), like(colour, 0)
    yield "ycck.jpg", lambda path: path.write_bytes(_ycck(cmyk)), like(colour, 4)
    yield "ycbcr.tif", saved(colour.convert("YCbCr")), like(colour, 2)
    yield "lab.tif", saved(Image.new("LAB", (40, 24), (137, 128, 128))), {}
    yield "progressive.jpg", saved(small, progressive=True, quality=90), like(small, 3)
    yield "subsampled.JPEG", saved(small, quality=90, subsampling=2), like(small, 4)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    yield "profile.jpg", saved(colour, icc_profile=profile, **lossy), like(colour, 3)
    yield (
        "more behind.jpg",
        lambda path: path.write_bytes(_coded(colour, **lossy) + b"added by a camera" * 20),
        like(colour, 3),
    )

    deep = np.asarray(scene().convert("L")).astype(np.uint16) * 257
    yield "16 bits.png", saved(Image.fromarray(deep)), like(grey)
    yield "16 bits.tif", saved(Image.fromarray(deep)), like(grey)
    yield "16 bits turned.tif", _turned(Image.fromarray(deep), 6), like(grey)
    yield "grey turned.tif", _turned(scene().convert("L"), 8), like(grey)
    yield "16 bits dark.png", saved(Image.fromarray(deep // 300)), {}
    yield (
        "16 bits, other byte order.tif",
        saved(Image.fromarray(deep).convert("I").convert("I;16B")),
        like(grey),
    )
    yield "32 bits.tif", saved(Image.fromarray(deep.astype(np.int32))), like(grey)
    yield (
        "32 bits, own range.tif",
        saved(Image.fromarray(deep.astype(np.int32) * 1000 - 9_000_000)),
        {},
    )
    yield "fractions.tif", saved(Image.fromarray((deep / 65535).astype(np.float32))), like(grey)
    yield (
        "fractions to 255.tif",
        saved(Image.fromarray((deep / 257).astype(np.float32))),
        like(grey),
    )
    yield "16 bits colour.png", lambda path: path.write_bytes(_rgb_of_16_bits(colour)), like(colour)

    palette = colour.quantize(64)
    seen = palette.convert("RGB")
    yield "palette.png", saved(palette), like(seen)
    yield "palette.bmp", saved(palette), like(seen)
    yield "palette.gif", saved(palette), like(seen)
    for suffix in (".png", ".gif"):
        yield f"palette with transparency{suffix}", saved(palette, transparency=0), {}
    yield "palette with shades.png", saved(palette, transparency=bytes(range(0, 256, 4))), {}
    clear = colour.copy()
    clear.putalpha(Image.linear_gradient("L").resize(colour.size))
    for suffix in (".png", ".tif", ".webp"):
        options = {"lossless": True, "exact": True} if suffix == ".webp" else {}
        yield f"transparent{suffix}", saved(clear, **options), {}
    yield "grey and transparent.png", saved(clear.convert("LA")), {}
    yield "one colour is clear.png", saved(colour, transparency=colour.getpixel((0, 0))), {}
    bits = colour.convert("1")
    for suffix in (".png", ".tif", ".bmp", ".pbm"):
        yield f"1 bit{suffix}", saved(bits), like(bits.convert("RGB"))
    yield "grey.jpg", saved(colour.convert("L"), **lossy), like(grey, 3)

    other = Image.new("RGB", colour.size, (0, 255, 0))
    for suffix, options in ((".gif", {}), (".webp", {"lossless": True}), (".png", {})):
        frames = {"save_all": True, "append_images": [other], "duration": 100, **options}
        first = seen if suffix == ".gif" else colour
        yield (
            f"animated{suffix}",
            saved(palette if suffix == ".gif" else colour, **frames),
            like(first),
        )
    yield "pages.tif", saved(colour, save_all=True, append_images=[other]), like(colour)
    yield (
        "pages.mpo",
        saved(colour, save_all=True, append_images=[other], quality=95),
        like(colour, 6),
    )
    yield "icon.ico", saved(colour.resize((64, 64)), sizes=[(16, 16), (64, 64)]), {}
    yield "compressed.tif", saved(colour, compression="tiff_lzw"), like(colour)
    yield "webp.webp", saved(colour, lossless=True), like(colour)
    yield "bitmap.bmp", saved(colour), like(colour)
    yield "portable.ppm", saved(colour), like(colour)
    yield "targa.tga", saved(colour), like(colour)
    yield "jpeg 2000.jp2", saved(colour), like(colour)

    yield "a png.jpg", saved(colour, format="PNG"), like(colour)
    yield "a jpg.png", saved(colour, format="JPEG", **lossy), like(colour, 3)
    yield "приветствие – Ünïcödé.png", saved(colour), like(colour)
    yield "りんご 🍎🍏.jpg", saved(colour, **lossy), like(colour, 3)
    yield "#% &'\"\t.png", saved(colour), like(colour)
    yield "thin.png", saved(scene(1, 5000)), {}
    yield "flat.jpg", saved(scene(5000, 1), quality=95), {}
    yield "a pixel.png", saved(Image.new("RGB", (1, 1), (9, 200, 30))), {}
    # More pixels than are decoded, and a JPEG is decoded at an eighth.
    yield "200 megapixels.jpg", saved(Image.new("L", (16_400, 12_300), 90), quality=30), {}


def _no_pictures() -> Iterator[_Entry]:
    """File name, how it is written, why it is set aside."""

    def written(content: bytes) -> Callable[[Path], object]:
        return lambda path: path.write_bytes(content)

    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    for form in ("jpeg", "png"):
        whole = _coded(Image.fromarray(noise), form)
        for part in (1, 3, 9, 20, 35, 50, 65, 80, 92, 99):
            cut = whole[: max(4, len(whole) * part // 100)]
            yield f"cut at {part}.{form}", written(cut), {"reason": DAMAGED}
    yield "empty.jpg", written(b""), {"reason": "empty file"}
    cut = _coded(scene())[:-2]
    yield "no end mark.jpg", written(cut), {"reason": DAMAGED}
    text = b"This is a note about the pictures."
    yield "text.jpg", written(text), {"reason": "not a picture (text inside)"}
    yield "noise.png", written(bytes(range(256)) * 9), {"reason": "not a picture"}
    yield "drawing.png", written(b"<svg width='9'></svg>"), {"reason": "a drawing (SVG)"}
    heic = b"\0\0\0\x18ftypheic" + bytes(40)
    yield "phone.heic.jpg", written(heic), {"reason": "a HEIC picture"}
    yield "bomb.png", written(png_claiming(60_000, 60_000)), {"reason": MANY}
    yield "200 megapixels.png", written(png_claiming(16_400, 12_300)), {"reason": MANY}
    yield (
        "200 megapixels, progressive.jpg",
        written(_claiming(_coded(scene(), progressive=True), 16_400, 12_300)),
        {"reason": MANY},
    )
    gif = bytearray(_coded(scene().quantize(16), "gif"))
    struct.pack_into("<HH", gif, 6, 60_000, 60_000)
    yield "bomb.gif", written(bytes(gif)), {"reason": MANY}


def _coded(image: Image.Image, form: str = "jpeg", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def _turned(upright: Image.Image, orientation: int, **options) -> Callable[[Path], object]:
    """A file whose stored pixels only look as `upright` once they are turned."""
    undo = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}[orientation]
    turned = upright.copy()
    turned.getexif()[0x0112] = undo
    stored = ImageOps.exif_transpose(turned)
    exif = Image.Exif()
    exif[0x0112] = orientation
    return lambda path: stored.save(path, exif=exif, **options)


def _ycck(cmyk: Image.Image) -> bytes:
    """A JPEG as Adobe's programs write CMYK: three of its channels as YCbCr, all inverted."""
    cyan, magenta, yellow, black = cmyk.split()
    brightness = Image.merge("RGB", [cyan, magenta, yellow]).convert("YCbCr").split()
    inverted = [ImageOps.invert(channel) for channel in brightness]
    content = bytearray(_coded(Image.merge("CMYK", [*inverted, black]), quality=95, subsampling=0))
    marker = content.index(b"Adobe")
    content[marker + 11] = 2  # the transformation: YCCK
    return bytes(content)


def _rgb_of_16_bits(image: Image.Image) -> bytes:
    """A PNG of 16 bits a channel, which Pillow reads and does not write."""
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        body = kind + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", *image.size, 16, 2, 0, 0, 0)
    rows = (np.asarray(image).astype(">u2") * 257).astype(">u2")
    content = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def _claiming(jpeg: bytes, width: int, height: int) -> bytes:
    """A progressive JPEG that says it has a great many pixels."""
    content = bytearray(jpeg)
    frame = content.index(b"\xff\xc2")
    struct.pack_into(">HH", content, frame + 5, height, width)
    return bytes(content)
