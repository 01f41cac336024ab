"""Heat over a picture: attributions made ready for painting, in any thread. No Qt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnstudio.views.explore.levels import colour_table

# The strongest thousandth is left out of the scale, or one pixel would make the rest invisible.
_TOP = 99.9
PLAIN, SIGNED = "Heat", "Blue to red"


def overlay(heat: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Colours (height, width, 4) RGBA of an attribution (height, width).

    Strong places are opaque, weak ones let the picture through. An attribution with negative parts
    is blue where it speaks against the class and red where it speaks for it.
    """
    values = np.nan_to_num(np.asarray(heat, np.float32))
    size = np.abs(values)
    top = float(np.percentile(size, _TOP)) or float(size.max()) or 1.0
    strength = np.minimum(size / top, 1.0)
    if (values < 0).any():
        levels = np.clip(127.5 + 127.5 * np.sign(values) * (0.7 + 0.3 * strength), 0, 255)
        table = colour_table(SIGNED)
    else:
        levels = 64 + 191 * strength
        table = colour_table(PLAIN)
    packed = table[levels.astype(np.uint8)]
    colours = np.empty((*values.shape, 4), np.uint8)
    for place, shift in enumerate((16, 8, 0)):
        colours[..., place] = (packed >> shift) & 255
    colours[..., 3] = (255 * np.sqrt(strength)).astype(np.uint8)
    return colours
