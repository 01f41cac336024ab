"""The part of exported source that reads a picture file as the training did, in plain Pillow.

It does what `cnnstudio.data.preparing` does, step by step in the same order, so that each pixel is
the same; a test compares the two. Given a path instead of a file, Pillow maps uncompressed TIFFs
into memory and garbles those that EXIF turns on their side. Lab pictures and damaged EXIF data are
left to Pillow, which refuses them.
"""

from __future__ import annotations

from cnnstudio.graph.preparation import Preparation

_EIGHT_BITS = '''def eight_bits(numbers, mode):
    """Return grey values of 16 or 32 bits scaled to 0-255, where Pillow would cut them off."""
    numbers = np.nan_to_num(numbers, posinf=0, neginf=0)
    low, high = numbers.min(), numbers.max()
    for top in {"F": (1, 255), "I": (255, 65535)}.get(mode, (65535,)):
        if low >= 0 and high <= top:
            low, high = 0, top
            break
    return np.rint((numbers - low) * (255 / (high - low or 1))).astype("uint8")'''

_OPENED = '''def read_picture(path):
    """Return a picture file as pixels from 0 to 255, prepared as for the training."""
    from PIL import Image, ImageOps

    with open(path, "rb") as file:
        image = Image.open(file)
        image.draft(None, ({side}, {side}))  # of a large JPEG no more than needed
        image = ImageOps.exif_transpose(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = Image.fromarray(eight_bits(np.asarray(image, "float64"), image.mode))
    elif image.has_transparency_data:
        clear = image.convert("RGBA")
        image = Image.new("RGB", clear.size, "{background}")
        image.paste(clear, mask=clear)
    image = image.convert("RGB"){grey}
'''

_FITTED = {
    "stretch": """    image = image.resize({size}, {method})
""",
    "crop": """    image = ImageOps.fit(image, {size}, {method})
""",
    "pad": """    scale = min({width} / image.width, {height} / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    inside = image.resize(size, {method})
    image = Image.new(image.mode, {size}, "{background}")
    image.paste(inside, (({width} - size[0]) // 2, ({height} - size[1]) // 2))
""",
}

_RETURNED = """    return np.asarray(image, "float32").reshape({height}, {width}, {channels})"""


def reading_functions(preparation: Preparation) -> list[str]:
    """`eight_bits` and `read_picture`, which need `np`; Pillow only once they are called."""
    height, width = preparation.image_size
    text = _OPENED + _FITTED[preparation.resize] + _RETURNED
    return [
        _EIGHT_BITS,
        text.format(
            side=max(height, width),
            size=f"({width}, {height})",
            width=width,
            height=height,
            channels=preparation.channels,
            background=preparation.background,
            grey='.convert("L")' if preparation.color_mode == "grayscale" else "",
            method=f"Image.Resampling.{preparation.interpolation.upper()}",
        ),
    ]
