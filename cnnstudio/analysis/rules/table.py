"""Which rule belongs to which layer type."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cnnstudio.analysis.rules import attention, merge, shape, values, windows
from cnnstudio.analysis.rules.base import Rule

# Every type of the catalogue but Input, whose shape is its setting.
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "Rescaling": values.rescaling,
        "Normalization": values.normalization,
        "Conv2D": windows.conv2d,
        "SeparableConv2D": windows.separable_conv2d,
        "DepthwiseConv2D": windows.depthwise_conv2d,
        "Conv2DTranspose": windows.conv2d_transpose,
        "MaxPooling2D": windows.max_pooling,
        "AveragePooling2D": windows.average_pooling,
        "GlobalMaxPooling2D": windows.global_max_pooling,
        "GlobalAveragePooling2D": windows.global_average_pooling,
        "BatchNormalization": values.batch_normalization,
        "LayerNormalization": values.layer_normalization,
        "GroupNormalization": values.group_normalization,
        "UnitNormalization": values.unit_normalization,
        "LayerScale": values.layer_scale,
        "Activation": values.pointwise,
        "ReLU": values.pointwise,
        "LeakyReLU": values.pointwise,
        "PReLU": values.prelu,
        "ELU": values.pointwise,
        "Softmax": values.softmax,
        "Dropout": values.pointwise,
        "SpatialDropout2D": values.volume_only("SpatialDropout2D"),
        "GaussianDropout": values.pointwise,
        "GaussianNoise": values.pointwise,
        "StochasticDepth": values.pointwise,
        "Flatten": shape.flatten,
        "Dense": values.dense,
        "MultiHeadAttention": attention.multi_head_attention,
        "Add": merge.value_by_value("add"),
        "Subtract": merge.subtract,
        "Multiply": merge.value_by_value("multiply"),
        "Average": merge.value_by_value("average"),
        "Maximum": merge.value_by_value("compare", counts=False),
        "Minimum": merge.value_by_value("compare", counts=False),
        "Concatenate": merge.concatenate,
        "CustomScaleLayer": merge.scaled_add,
        "ZeroPadding2D": shape.zero_padding,
        "Cropping2D": shape.cropping,
        "UpSampling2D": shape.up_sampling,
        "Reshape": shape.reshape,
        "Permute": shape.permute,
        "RandomFlip": values.volume_only("RandomFlip"),
        "RandomRotation": values.volume_only("RandomRotation"),
        "RandomZoom": values.volume_only("RandomZoom"),
        "RandomTranslation": values.volume_only("RandomTranslation"),
        "RandomShear": values.volume_only("RandomShear"),
        "RandomCrop": shape.random_crop,
        "RandomContrast": values.volume_only("RandomContrast"),
        "RandomBrightness": values.volume_only("RandomBrightness"),
        "RandomHue": values.three_channels("RandomHue"),
        "RandomSaturation": values.three_channels("RandomSaturation"),
    }
)
