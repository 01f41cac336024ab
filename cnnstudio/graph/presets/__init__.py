"""Starting points: networks that every lecture names, laid out, ready to train.

Each takes pictures of 0 to 255 and scales them with a Rescaling layer of its own, and ends in a
softmax over the classes. Those that `keras.applications` has too call their layers as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cnnstudio.graph.presets import dense, first, inception, mobile, plain, residual
from cnnstudio.graph.presets.preset import Preset

__all__ = ["FAMILIES", "PRESETS", "Preset"]

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.name: preset
        for family in (first, plain, inception, residual, dense, mobile)
        for preset in family.PRESETS
    }
)
# The presets of each family, in the order in which they are listed.
FAMILIES: Mapping[str, tuple[Preset, ...]] = MappingProxyType(
    {
        family: tuple(preset for preset in PRESETS.values() if preset.family == family)
        for family in dict.fromkeys(preset.family for preset in PRESETS.values())
    }
)
