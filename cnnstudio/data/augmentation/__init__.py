"""Random changes of the training pictures: settings, presets, and the function of a batch."""

from cnnstudio.data.augmentation.augmenter import Augment, augmenter
from cnnstudio.data.augmentation.operation import GROUPS, Operation, Scale
from cnnstudio.data.augmentation.settings import PRESETS, AugmentationSettings, preset_of

__all__ = [
    "GROUPS",
    "PRESETS",
    "Augment",
    "AugmentationSettings",
    "Operation",
    "Scale",
    "augmenter",
    "preset_of",
]
