"""Presets: the published parameter counts, other pictures and classes, layout and blocks.

Where the counts come from:
AlexNet: Krizhevsky and others (2012), "60 million"; layer by layer from section 3.5, with the two
halves as groups.
VGG, ResNet-50, DenseNet-121, MobileNetV2, EfficientNet-B0: `keras.applications`, total and
trainable.
ResNet-18 and -34: torchvision, which does not count the averages of batch normalisation.
GoogLeNet: the network of Caffe's model zoo without the heads for training, 6,990,272 weights and
8,280 biases; table 1 of the paper by module.
ResNet-20: He and others (2015), table 6, "0.27M"; with projections, as most have it, 272,474.
DenseNet-BC: Huang and others (2016), table 2, "0.8M" for 100 layers and growth 12.
"""

import pytest

from cnnstudio.analysis import analyse
from cnnstudio.graph import folding
from cnnstudio.graph.edits import ROW, EditError
from cnnstudio.graph.presets import FAMILIES, PRESETS, dense
from cnnstudio.graph.presets.builder import Builder
from cnnstudio.graph.project import network_from_json, network_to_json

TOTAL = {
    "lenet5": 61_706,
    "tiny-vgg": 19_920,
    "alexnet": 60_965_224,
    "vgg16": 138_357_544,
    "vgg19": 143_667_240,
    "googlenet": 6_998_552,
    "resnet50": 25_636_712,
    "densenet121": 8_062_504,
    "mobilenetv2": 3_538_984,
    "efficientnetb0": 5_330_571,
}
TRAINABLE = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_583_592,
    "resnet-small": 272_474,
    "densenet-small": 176_122,
    "densenet121": 7_978_856,
    "mobilenetv2": 3_504_872,
    "efficientnetb0": 5_288_548,
}
CHAINS = ("small-cnn", "mlp", "lenet5", "tiny-vgg", "alexnet", "vgg16", "vgg19")


@pytest.mark.parametrize("name", TOTAL)
def test_presets_have_their_published_parameters(name):
    assert analyse(PRESETS[name].build()).parameters == TOTAL[name]


@pytest.mark.parametrize("name", TRAINABLE)
def test_presets_have_their_published_trainable_parameters(name):
    assert analyse(PRESETS[name].build()).trainable_parameters == TRAINABLE[name]


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_a_preset_knows_how_many_parameters_it_has(preset):
    analysis = analyse(preset.build())
    assert analysis.parameters == preset.parameters
    assert analysis.trainable


def test_alexnet_in_groups_is_as_published():
    analysis = analyse(PRESETS["alexnet"].build())
    found = {name: info for name, info in analysis.layers.items() if info.parameters}
    assert {name: info.parameters for name, info in found.items()} == {
        "conv1": 11 * 11 * 3 * 96 + 96,
        "conv2": 5 * 5 * 48 * 256 + 256,
        "conv3": 3 * 3 * 256 * 384 + 384,
        "conv4": 3 * 3 * 192 * 384 + 384,
        "conv5": 3 * 3 * 192 * 256 + 256,
        "fc6": 6 * 6 * 256 * 4096 + 4096,
        "fc7": 4096 * 4096 + 4096,
        "fc8": 4096 * 1000 + 1000,
    }

    sides = [analysis.layers[f"conv{number}"].output_shape[0] for number in range(1, 6)]
    assert sides == [55, 27, 13, 13, 13]


# Table 1 of the paper gives weights in units of 1024, a little off from the filters it gives.
@pytest.mark.parametrize(
    ("module", "output", "thousands"),
    [("3a", (28, 28, 256), 159), ("3b", (28, 28, 480), 380), ("4b", (14, 14, 512), 437)],
)
def test_inception_modules_are_as_published(module, output, thousands):
    network = PRESETS["googlenet"].build()
    analysis = analyse(network)
    layers = [analysis.layers[name] for name in network.blocks[f"inception_{module}"].layers]
    assert layers[-1].output_shape == output
    biases = sum(info.output_shape[-1] for info in layers if info.parameters)
    weights = sum(info.parameters for info in layers) - biases
    assert weights / 1024 == pytest.approx(thousands, abs=1)


def test_the_depth_of_googlenet_and_the_sizes_between_its_parts():
    analysis = analyse(PRESETS["googlenet"].build())
    outputs = [(112, 64), (56, 64), (56, 192), (28, 192), (14, 480), (7, 832)]
    names = ["conv1", "pool1", "conv2", "pool2", "pool3", "pool4"]
    assert [analysis.layers[name].output_shape[1:] for name in names] == outputs
    assert analysis.layers["avg_pool"].output_shape == (1024,)


def test_the_small_densenet_with_100_layers_has_its_published_size():
    net = Builder()
    net.add("Input", shape=(32, 32, 3))
    dense.small(100, 12, net, (32, 32, 3), 10)
    assert analyse(net.network).trainable_parameters == 769_162


def test_the_small_cnn_is_as_agreed():
    types = [layer.type for layer in PRESETS["small-cnn"].build().layers.values()]
    block = ["Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D"]
    assert types == ["Input", "Rescaling", *block, *block, "Flatten", "Dropout", "Dense"]


def test_lenet5_pads_the_small_digits():
    assert analyse(PRESETS["lenet5"].build((28, 28, 1))).parameters == TOTAL["lenet5"]


# -- other pictures and classes --------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
@pytest.mark.parametrize(("more", "channels"), [((0, 0), 3), ((0, 17), 3), ((40, 3), 1)])
def test_presets_take_other_pictures_and_classes(preset, more, channels):
    shape = (preset.smallest + more[0], preset.smallest + more[1], channels)
    network = preset.build(shape, 7)
    analysis = analyse(network, classes=7)
    assert analysis.errors == ()
    assert network["input"]["shape"] == shape
    assert analysis.layers[network.sinks[0]].output_shape == (7,)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_the_smallest_picture_is_named_when_one_is_too_small(preset):
    side = preset.smallest
    if side == 1:
        return
    message = f"{preset.title} needs pictures of at least {side} × {side} pixels"
    for shape in ((side - 1, 100, 3), (100, side - 1, 3)):
        with pytest.raises(EditError, match=message):
            preset.build(shape)


@pytest.mark.parametrize("name", ["small-cnn", "lenet5", "tiny-vgg", "alexnet"])
def test_the_limit_is_no_higher_than_the_layers_ask_for(name):
    preset = PRESETS[name]
    side = preset.smallest - 1
    net = Builder()
    net.add("Input", shape=(side, side, 3))
    preset.recipe(net, (side, side, 3), 10)
    assert analyse(net.network).errors


def test_a_preset_refuses_nonsense():
    with pytest.raises(EditError, match="shape must be at least 1"):
        PRESETS["mlp"].build((0, 28, 1))
    with pytest.raises(EditError, match="units must be at least 1"):
        PRESETS["resnet50"].build(classes=0)


@pytest.mark.parametrize("name", ["mobilenetv2", "efficientnetb0"])
@pytest.mark.parametrize("size", [(97, 130), (101, 63), (224, 225)])
def test_padding_in_front_of_a_stride_wastes_no_border(name, size):
    assert analyse(PRESETS[name].build((*size, 3))).problems == ()


# -- scaling ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_preset_scales_raw_pixels_first(preset, channels):
    network = preset.build((*preset.input_shape[:2], channels))
    first, second = list(network.layers.values())[:2]
    assert (first.type, second.type) == ("Input", "Rescaling")
    scales, offsets = (
        value if isinstance(value, tuple) else (value,) * channels
        for value in (second["scale"], second["offset"])
    )
    assert len(scales) == len(offsets) == channels
    for scale, offset in zip(scales, offsets, strict=True):
        assert -2.2 < offset < 255 * scale + offset < 2.7


# -- layout and blocks -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHAINS)
def test_chains_are_laid_out_in_one_column(name):
    network = PRESETS[name].build()
    places = [layer.position for layer in network.layers.values()]
    assert places == [(0.0, row * ROW) for row in range(len(network))]
    assert network.sinks == (list(network.layers)[-1],)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_nothing_covers_anything_folded_or_not(preset):
    network = preset.build()
    for each in (network, folding.fold_all(network, folded=False), folding.fold_all(network)):
        cards = list(folding.shown(each).network.layers.values())
        assert len({card.position for card in cards}) == len(cards)


@pytest.mark.parametrize("name", ["googlenet", "resnet18", "densenet-small"])
def test_every_block_has_room_for_its_title(name):
    network = folding.fold_all(PRESETS[name].build(), folded=False)
    for block in network.blocks.values():
        top = min(network[each].position[1] for each in block.layers)
        above = {y for each in network.layers.values() if (y := each.position[1]) < top}
        assert top - max(above) >= ROW + folding.TITLE_ROOM, block.name


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_presets_survive_the_project_file(preset):
    network = preset.build()
    assert network_from_json(network_to_json(network)) == network


def test_repeated_parts_are_folded_blocks():
    def folded(name):
        blocks = PRESETS[name].build().blocks.values()
        return sum(block.folded for block in blocks)

    counts = {"googlenet": 9, "resnet18": 8, "resnet34": 16, "resnet50": 16, "resnet-small": 9,
              "mobilenetv2": 17, "efficientnetb0": 16, "densenet121": 58 + 4 + 3,
              "densenet-small": 18 + 3 + 2}  # fmt: skip
    assert {name: folded(name) for name in counts} == counts


def test_every_preset_is_in_one_family():
    listed = [preset.name for family in FAMILIES.values() for preset in family]
    assert listed == list(PRESETS)


# -- the builder -----------------------------------------------------------------------------------


def test_the_builder_makes_up_names_and_refuses_taken_ones():
    net = Builder()
    net.add("Input")
    assert [net.add("Conv2D") for _ in range(3)] == ["conv2d_1", "conv2d_2", "conv2d_3"]
    with pytest.raises(EditError, match="already a layer called conv2d_2"):
        net.add("ReLU", name="conv2d_2")


# -- against Keras ---------------------------------------------------------------------------------

IN_KERAS = {
    "vgg16": ("VGG16", {}),
    "vgg19": ("VGG19", {}),
    "resnet50": ("ResNet50", {}),
    "densenet121": ("DenseNet121", {}),
    "mobilenetv2": ("MobileNetV2", {}),
    "efficientnetb0": ("EfficientNetB0", {}),
}


def counts(weights):
    return sum(int(weight.shape.num_elements()) for weight in weights)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [None, (75, 98, 3)])
@pytest.mark.parametrize("name", IN_KERAS)
def test_presets_equal_those_of_keras_layer_by_layer(name, shape):
    from cnnstudio.keras_build.backend import load_keras

    keras = load_keras()
    preset = PRESETS[name]
    network = preset.build(shape, 12 if shape else None)
    analysis = analyse(network)
    model = getattr(keras.applications, IN_KERAS[name][0])(
        weights=None, input_shape=shape, classes=12 if shape else 1000
    )
    ours = [
        (info.output_shape, info.parameters, info.trainable_parameters)
        for key, info in analysis.layers.items()
        # In front of the pixels' scaling Keras has none but for EfficientNet.
        if network[key].type != "Input" and (key != "rescaling_1" or name == "efficientnetb0")
    ]
    theirs = [
        (tuple(layer.output.shape[1:]), counts(layer.weights), counts(layer.trainable_weights))
        for layer in model.layers
        if not isinstance(layer, keras.layers.InputLayer)
    ]
    assert sorted(ours, key=repr) == sorted(theirs, key=repr)
    # Those called alike are alike in themselves.
    named = {layer.name: layer for layer in model.layers}
    alike = [key for key in network.layers if key in named]
    assert len(alike) >= len(network) - 9
    for key in alike:
        assert analysis.layers[key].output_shape == tuple(named[key].output.shape[1:]), key
        assert analysis.layers[key].parameters == counts(named[key].weights), key
    assert analysis.parameters == model.count_params()


# Those that a step takes a second or less of.
QUICK = ("small-cnn", "mlp", "lenet5", "tiny-vgg", "resnet-small", "densenet-small")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow)
             for name in PRESETS],
)  # fmt: skip
def test_presets_learn_in_a_step(name):
    import numpy as np

    from cnnstudio.keras_build.backend import load_keras
    from cnnstudio.keras_build.build import build_model

    load_keras()
    preset = PRESETS[name]
    side = max(preset.smallest, 16)
    model = build_model(preset.build((side, side, 3), 3), seed=1)
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = [np.array(weight) for weight in model.trainable_weights]
    pictures = np.random.default_rng(0).integers(0, 256, (4, side, side, 3)).astype("float32")
    loss = model.train_on_batch(pictures, np.array([0, 1, 2, 0]))
    assert np.isfinite(loss)
    changed = [
        not np.array_equal(old, np.array(new))
        for old, new in zip(before, model.trainable_weights, strict=True)
    ]
    assert sum(changed) > 0.9 * len(changed)
