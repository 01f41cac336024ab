"""The lectures' numbers: extents, parameters, receptive fields, VGG-16 row by row."""

from __future__ import annotations

import json

import pytest

from cnnstudio.analysis import LayerInfo, analyse
from cnnstudio.analysis.rules import broadcast, extent, left_over, same_padding
from cnnstudio.cli import main
from cnnstudio.graph import edits
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS


def behind(shape, *steps) -> LayerInfo:
    """The last of a chain of layers behind an Input."""
    network, name = edits.add_layer(Network(), "Input", settings={"shape": shape})
    for type_, settings in steps:
        network, new = edits.add_layer(network, type_, settings=settings)
        network = edits.connect(network, name, new)
        name = new
    return analyse(network).layers[name]


def conv(filters, kernel, **settings):
    settings = {"padding": "valid", **settings}
    return ("Conv2D", {"filters": filters, "kernel_size": (kernel, kernel), **settings})


@pytest.mark.parametrize(("stride", "output", "unused"), [(1, 5, 0), (2, 3, 0), (3, 2, 1)])
def test_seven_by_seven_with_a_three_by_three_filter(stride, output, unused):
    info = behind((7, 7, 1), conv(1, 3, strides=(stride, stride)))
    assert info.output_shape == (output, output, 1)
    assert info.unused == (unused, unused)


def test_one_pixel_of_zero_padding_keeps_seven():
    padding = ("ZeroPadding2D", {"padding": ((1, 1), (1, 1))})
    assert behind((7, 7, 1), padding, conv(1, 3)).output_shape == (7, 7, 1)


def test_ten_five_by_five_filters_have_760_parameters():
    info = behind((32, 32, 3), conv(10, 5, padding="same"))
    assert info.output_shape == (32, 32, 10)
    assert info.parameters == info.trainable_parameters == 760
    assert info.multiply_adds == 32 * 32 * 10 * 75
    assert behind((32, 32, 3), conv(6, 5)).output_shape == (28, 28, 6)


def test_twelve_filters_pooled():
    twelve = conv(12, 3, padding="same")
    assert behind((32, 32, 3), twelve).output_shape == (32, 32, 12)
    pooled = behind((32, 32, 3), twelve, ("MaxPooling2D", {}))
    assert pooled.output_shape == (16, 16, 12)
    assert pooled.parameters == 0


def test_a_dense_map_needs_millions_where_a_filter_needs_75():
    settings = {"units": 28 * 28, "use_bias": False}
    dense = behind((32, 32, 3), ("Flatten", {}), ("Dense", settings))
    assert dense.parameters == 2_408_448
    assert behind((32, 32, 3), conv(1, 5, use_bias=False)).parameters == 75


def test_a_dense_layer_is_a_convolution_as_large_as_its_input():
    settings = {"units": 4096, "use_bias": False}
    dense = behind((7, 7, 512), ("Flatten", {}), ("Dense", settings))
    convolution = behind((7, 7, 512), conv(4096, 7, use_bias=False))
    assert dense.parameters == convolution.parameters == 102_760_448
    assert dense.multiply_adds == convolution.multiply_adds == 102_760_448
    assert convolution.output_shape == (1, 1, 4096)


def test_two_filters_of_three_by_three_by_three_on_a_padded_volume():
    # The classic animation: 7 × 7 × 3 with its padding, stride 2.
    info = behind((7, 7, 3), conv(2, 3, strides=(2, 2)))
    assert info.output_shape == (3, 3, 2)
    assert info.parameters == 2 * 28


def test_each_axis_has_its_own_stride_and_padding():
    steps = (
        ("ZeroPadding2D", {"padding": ((3, 0), (1, 2))}),
        ("Conv2D", {"kernel_size": (5, 2), "strides": (2, 3), "padding": "valid", "filters": 4}),
    )
    # (20 − 5 + 3) / 2 + 1 = 10, ⌊(9 − 2 + 3) / 3⌋ + 1 = 4
    assert behind((20, 9, 3), *steps).output_shape == (10, 4, 4)


def test_dilation_spreads_the_filter():
    info = behind((9, 9, 1), conv(1, 3, dilation_rate=(2, 3)))
    assert info.output_shape == (9 - 5 + 1, 9 - 7 + 1, 1)
    assert info.receptive_field == (5, 7)
    assert info.parameters == 10


def test_groups_share_the_channels():
    info = behind((8, 8, 4), conv(6, 3, groups=2, padding="same"))
    assert info.parameters == (3 * 3 * 2 + 1) * 6
    assert info.multiply_adds == 8 * 8 * 6 * 3 * 3 * 2


@pytest.mark.parametrize("length", range(1, 12))
@pytest.mark.parametrize("window", range(1, 6))
@pytest.mark.parametrize("stride", range(1, 5))
def test_same_padding_is_the_general_formula_with_its_zeros(length, window, stride):
    begin, end = same_padding(length, window, stride)
    assert end - begin in (0, 1)
    assert (length - window + begin + end) // stride + 1 == extent(length, window, stride, "same")


@pytest.mark.parametrize("length", range(5, 14))
@pytest.mark.parametrize("window", range(1, 6))
@pytest.mark.parametrize("stride", range(1, 5))
def test_left_over_rows_are_those_behind_the_last_window(length, window, stride):
    last = (extent(length, window, stride, "valid") - 1) * stride + window
    skipped = max(0, stride - window)
    assert left_over(length, window, stride, "valid") == max(0, length - last - skipped)


def test_batch_normalisation_trains_half_of_its_weights():
    info = behind((8, 8, 16), ("BatchNormalization", {}))
    assert (info.parameters, info.trainable_parameters) == (64, 32)
    info = behind((8, 8, 16), ("BatchNormalization", {"center": False}))
    assert (info.parameters, info.trainable_parameters) == (48, 16)


def test_a_dense_layer_on_a_volume_works_on_each_position():
    info = behind((8, 6, 16), ("Dense", {"units": 5}))
    assert info.output_shape == (8, 6, 5)
    assert info.parameters == 85
    assert info.multiply_adds == 8 * 6 * 16 * 5


def test_what_costs_multiply_adds_and_what_does_not():
    shape = (8, 8, 4)
    assert behind(shape, ("MaxPooling2D", {})).multiply_adds == 0
    assert behind(shape, ("AveragePooling2D", {})).multiply_adds == 4 * 4 * 4 * 4
    assert behind(shape, ("GlobalAveragePooling2D", {})).multiply_adds == 8 * 8 * 4
    assert behind(shape, ("BatchNormalization", {})).multiply_adds == 8 * 8 * 4
    assert behind(shape, ("ReLU", {})).multiply_adds == 0


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((4, 4, 3), (4, 4, 3), (4, 4, 3)),
        ((4, 4, 3), (1, 1, 3), (4, 4, 3)),
        ((4, 1, 3), (1, 4, 1), (4, 4, 3)),
        ((3,), (4, 4, 3), (4, 4, 3)),
        ((4, 4, 3), (2,), None),
        ((4, 4, 3), (2, 4, 3), None),
    ],
)
def test_sums_stretch_as_in_keras(first, second, expected):
    assert broadcast(first, second) == broadcast(second, first) == expected


def test_receptive_fields_grow_with_filters_strides_and_pooling():
    layers = analyse(PRESETS["small-cnn"].build()).layers
    fields = {name: info.receptive_field for name, info in layers.items()}
    assert fields["input"] == (1, 1)
    assert fields["conv2d_1"] == (3, 3)
    assert fields["max_pooling_1"] == (4, 4)
    assert fields["conv2d_2"] == (8, 8)
    assert fields["max_pooling_2"] == (10, 10)
    assert fields["flatten_1"] == fields["dense_1"] == (32, 32)


def test_the_receptive_field_of_vgg16():
    layers = analyse(PRESETS["vgg16"].build()).layers
    fields = [layers[f"block{block}_pool"].receptive_field[0] for block in range(1, 6)]
    # Araujo, Norris and Sim, "Computing receptive fields", Distill 2019.
    assert fields == [6, 16, 44, 100, 212]
    assert layers["block5_pool"].jump == (32, 32)


def test_a_merge_sees_as_far_as_its_widest_input():
    network, _ = edits.add_layer(Network(), "Input", settings={"shape": (16, 16, 3)})
    for kernel in (3, 5):
        settings = {"kernel_size": (kernel, 1), "filters": 4}
        network, name = edits.add_layer(network, "Conv2D", settings=settings)
        network = edits.connect(network, "input", name)
    network, merged = edits.add_layer(network, "Concatenate")
    for name in ("conv2d_1", "conv2d_2"):
        network = edits.connect(network, name, merged)
    info = analyse(network).layers[merged]
    assert info.output_shape == (16, 16, 8)
    assert info.receptive_field == (5, 1)


VGG16 = [
    ("input", (224, 224, 3), 150_528, 0),
    ("block1_conv1", (224, 224, 64), 3_211_264, 1_728),
    ("block1_conv2", (224, 224, 64), 3_211_264, 36_864),
    ("block1_pool", (112, 112, 64), 802_816, 0),
    ("block2_conv1", (112, 112, 128), 1_605_632, 73_728),
    ("block2_conv2", (112, 112, 128), 1_605_632, 147_456),
    ("block2_pool", (56, 56, 128), 401_408, 0),
    ("block3_conv1", (56, 56, 256), 802_816, 294_912),
    ("block3_conv2", (56, 56, 256), 802_816, 589_824),
    ("block3_conv3", (56, 56, 256), 802_816, 589_824),
    ("block3_pool", (28, 28, 256), 200_704, 0),
    ("block4_conv1", (28, 28, 512), 401_408, 1_179_648),
    ("block4_conv2", (28, 28, 512), 401_408, 2_359_296),
    ("block4_conv3", (28, 28, 512), 401_408, 2_359_296),
    ("block4_pool", (14, 14, 512), 100_352, 0),
    ("block5_conv1", (14, 14, 512), 100_352, 2_359_296),
    ("block5_conv2", (14, 14, 512), 100_352, 2_359_296),
    ("block5_conv3", (14, 14, 512), 100_352, 2_359_296),
    ("block5_pool", (7, 7, 512), 25_088, 0),
    ("fc1", (4096,), 4_096, 102_760_448),
    ("fc2", (4096,), 4_096, 16_777_216),
    ("predictions", (1000,), 1_000, 4_096_000),
]


@pytest.fixture(scope="module")
def vgg16():
    return analyse(PRESETS["vgg16"].build())


@pytest.mark.parametrize(("name", "shape", "activations", "weights"), VGG16)
def test_vgg16_row_by_row(vgg16, name, shape, activations, weights):
    info = vgg16.layers[name]
    biases = shape[-1] if weights else 0
    assert info.output_shape == shape
    assert info.activation_bytes == 4 * activations
    assert info.parameters == weights + biases


def test_vgg16_in_total(vgg16):
    assert vgg16.parameters == vgg16.trainable_parameters == 138_357_544
    # The lecture's rows; Rescaling and Flatten, which it leaves out, give out as much again.
    rows = sum(activations for _, _, activations, _ in VGG16)
    assert vgg16.activation_bytes == 4 * (rows + 150_528 + 25_088)


def test_the_table_of_vgg16_on_the_command_line(tmp_path, capsys):
    project = str(tmp_path / "vgg16.cnns")
    assert main(["new", project, "--preset", "vgg16"]) == 0
    capsys.readouterr()
    assert main(["summary", project, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    rows = {row["name"]: row for row in document["layers"]}
    table = [
        (
            name,
            tuple(rows[name]["output_shape"]),
            rows[name]["activation_bytes"] // 4,
            # The table leaves the biases out.
            rows[name]["parameters"] - (rows[name]["output_shape"][-1] if weights else 0),
        )
        for name, _, _, weights in VGG16
    ]
    assert table == VGG16
    assert document["parameters"] == 138_357_544
    assert not document["problems"]
