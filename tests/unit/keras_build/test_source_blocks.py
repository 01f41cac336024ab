"""Repeated blocks as functions and loops: laid out as a formatter would, the same network."""

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from keras_networks import chain, networks
from test_source import RUFF, assert_formatted, run

from cnnstudio.graph import blocks, edits, templates
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.keras_build.build import BuildError, build_model
from cnnstudio.keras_build.export import export
from cnnstudio.keras_build.repeats import find_repeats, pattern_of
from cnnstudio.keras_build.source import to_source
from tests.block_strategies import with_repeats


def residual(name="Residual block", times=3):
    """A stem, a residual block so many times, a head."""
    network = chain(("Input", {"shape": (8, 8, 3)}), ("Conv2D", {"filters": 4}))
    stem, inside = "conv2d_1", []
    last = stem
    for type_ in ("Conv2D", "BatchNormalization", "Add", "ReLU"):
        given = {"filters": 4} if type_ == "Conv2D" else {}
        network, layer = edits.add_layer(network, type_, settings=given)
        network = edits.connect(network, last, layer)
        if type_ == "Add":
            network = edits.connect(network, stem, layer)
        last = layer
        inside.append(layer)
    for type_ in ("GlobalAveragePooling2D", "Dense"):
        given = {"units": 3, "activation": "softmax"} if type_ == "Dense" else {}
        network, layer = edits.add_layer(network, type_, settings=given)
        network = edits.connect(network, last, layer)
        last = layer
    network, name = blocks.make_block(network, inside, name)
    return templates.repeat_block(network, name, times) if times > 1 else network


def body(source):
    """The functions, without what stands around them."""
    start = source.index("def ")
    return source[start : source.index('if __name__ == "__main__"')].rstrip()


def described(model):
    return [
        (layer.name, type(layer).__name__, layer.get_config(), str(layer.output.shape))
        for layer in model.layers
    ]


def linked(model):
    """What feeds each layer."""
    return {
        layer.name: [
            tensor._keras_history.operation.name
            for node in layer._inbound_nodes
            for tensor in node.input_tensors
        ]
        for layer in model.layers
    }


def same(network):
    """The source, once it has been run and found to be the network."""
    source = to_source(network)
    written, built = run(source)["build_model"](), build_model(network)
    assert described(written) == described(built)
    assert linked(written) == linked(built)
    return source


def test_the_whole_text_of_a_block_repeated_three_times():
    assert (
        body(same(residual()))
        == '''def residual_block(inputs, prefix):
    """Lead inputs through 4 layers, under names that begin with prefix."""
    x = layers.Conv2D(4, 3, padding="same", name=f"{prefix}conv2d_2")(inputs)
    x = layers.BatchNormalization(name=f"{prefix}batch_normalization_1")(x)
    x = layers.Add(name=f"{prefix}add_1")([x, inputs])
    return layers.ReLU(name=f"{prefix}relu_1")(x)


def build_model():
    """Return the network, compiled."""
    inputs = keras.Input(shape=(8, 8, 3), name="input")
    x = layers.Conv2D(4, 3, padding="same", name="conv2d_1")(inputs)
    for prefix in ["", "residual_block_2_", "residual_block_3_"]:
        x = residual_block(x, prefix=prefix)
    x = layers.GlobalAveragePooling2D(name="global_average_pooling_1")(x)
    outputs = layers.Dense(3, activation="softmax", name="dense_1")(x)
    model = keras.Model(inputs, outputs, name="network")
    model.compile(
        optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model'''
    )


def test_what_differs_is_a_parameter_and_names_that_count_are_a_range():
    network = chain(("Input", {"shape": (8, 8, 3)}))
    last = "input"
    for stage, filters in ((1, 4), (2, 8)):
        for number in (1, 2, 3):
            inside = []
            for type_, word in (("Conv2D", "conv"), ("ReLU", "relu")):
                given = {"filters": filters} if type_ == "Conv2D" else {}
                name = f"stage{stage}_block{number}_{word}"
                network, name = edits.add_layer(network, type_, name=name, settings=given)
                network = edits.connect(network, last, name)
                last = name
                inside.append(name)
            network, _ = blocks.make_block(network, inside, f"stage {stage} block {number}")
        network, name = edits.add_layer(network, "MaxPooling2D")
        network = edits.connect(network, last, name)
        last = name
    source = same(network)
    assert (
        """
    for number in range(1, 4):
        x = stage_block(x, filters=4, prefix=f"stage1_block{number}")
    x = layers.MaxPooling2D(2, name="max_pooling_1")(x)
    for number in range(1, 4):
        x = stage_block(x, filters=8, prefix=f"stage2_block{number}")
"""
        in source
    )
    assert 'layers.Conv2D(filters, 3, padding="same", name=f"{prefix}_conv")(inputs)' in source
    changed = edits.set_setting(network, "stage1_block2_conv", "kernel_size", (5, 5))
    changed = edits.set_setting(changed, "stage1_block2_relu", "max_value", 6.0)
    assert """    for kernel_size, max_value, prefix in [
        (3, None, "stage1_block1"),
        (5, 6.0, "stage1_block2"),
        (3, None, "stage1_block3"),
    ]:
        x = stage_block(
            x, filters=4, kernel_size=kernel_size, max_value=max_value, prefix=prefix
        )
""" in same(changed)


def test_the_first_of_many_may_be_called_otherwise():
    source = same(residual(times=5))
    assert (
        """    x = residual_block(x, prefix="")
    for number in range(2, 6):
        x = residual_block(x, prefix=f"residual_block_{number}_")
"""
        in source
    )


def test_names_without_a_common_form_are_given_one_by_one():
    network = edits.rename(residual("b", 2), "b_2_add_1", "sum")
    source = same(network)
    assert "def b(inputs, names):" in source
    assert "layers.Add(name=names[2])([x, inputs])" in source


def test_blocks_that_do_not_follow_each_other_are_called_one_by_one():
    network = residual("b", 2)
    network, _ = edits.insert_after(network, "relu_1", "MaxPooling2D")
    source = same(network)
    assert 'x = b(x, prefix="")' in source
    assert 'x = b(x, prefix="b_2_")' in source
    skipped, join = edits.insert_after(residual("b", 2), "b_2_relu_1", "Add")
    skipped = edits.connect(skipped, "relu_1", join)
    source = same(skipped)
    assert 'relu_1 = b(x, prefix="")' in source
    assert 'x = b(relu_1, prefix="b_2_")' in source
    assert "    for " not in source


@pytest.mark.parametrize("times", [1, 2])
def test_what_occurs_once_or_has_several_ends_is_written_plainly(times):
    network = residual("b", times)
    if times == 2:
        network, _ = edits.add_layer(network, "Flatten", name="side")
        network = edits.connect(network, "batch_normalization_1", "side")
    assert "def b(" not in same(network)
    assert find_repeats(network).network is network


def test_an_output_inside_a_block_is_not_lost():
    network = residual("b", 2)
    network, name = edits.add_layer(network, "Flatten")
    network = edits.connect(network, "b_2_batch_normalization_1", name)
    inside = (*network.blocks["b_2"].layers, name)
    network = blocks.put_in(network, "b_2", inside)
    assert "def b(" not in same(network)


def test_a_repeated_block_at_the_end_and_at_the_beginning():
    network = chain(("Input", {"shape": (4, 4, 3)}), "Conv2D", "ReLU")
    network, name = blocks.make_block(network, ["conv2d_1", "relu_1"], "outputs")
    source = same(templates.repeat_block(network, name, 3))
    assert "    outputs = inputs\n    for prefix in" in source
    assert "def outputs_2(" in source


def test_nested_blocks_are_written_once_on_the_outside():
    network = residual("outer", 1)
    network, _ = blocks.make_block(network, ["conv2d_2", "batch_normalization_1"], "inner")
    network = templates.repeat_block(network, "inner", 2)
    assert "def inner(" in same(network)
    source = same(templates.repeat_block(network, "outer", 2))
    assert "def outer(" in source
    assert "def inner(" not in source


def test_what_saves_more_is_written_once():
    source = to_source(PRESETS["resnet50"].build((224, 224, 3), 1000))
    assert re.findall(r"def (conv\w*)", source) == ["conv_block", "conv_block_2"]
    assert "    for number in range(2, 7):\n" in source
    source = to_source(PRESETS["googlenet"].build((224, 224, 3), 1000))
    assert source.count("x = inception(") == 3
    assert '        (160, 112, 24, 224, 64, 64, "inception_4b"),\n' in source


def test_blocks_too_different_for_one_function_are_grouped_by_what_is_the_same():
    network = residual("b", 4)
    for name in ("b_3", "b_4"):
        changes = {"kernel_size": (1, 1), "use_bias": False, "activation": "relu"}
        network = edits.set_settings(network, f"{name}_conv2d_2", changes)
        changes = {"momentum": 0.9, "epsilon": 0.1, "center": False, "scale": False}
        network = edits.set_settings(network, f"{name}_batch_normalization_1", changes)
    source = same(network)
    assert "def b(inputs, prefix):" in source
    assert "def b_2(inputs, prefix):" in source


def test_export_reads_it_back(tmp_path):
    export(residual(), tmp_path / "net.py")
    assert "def residual_block(" in (tmp_path / "net.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("b1", "b2", "b3"), ("b", 1, "")),
        (("b9_x", "b10_x"), ("b", 9, "_x")),
        (("s2b2", "s2b3"), ("s2b", 2, "")),
        (("b1", "b3"), None),
        (("", "b2"), None),
        (("b01", "b02"), None),
        (("a", "b"), None),
    ],
)
def test_names_that_count(texts, found):
    assert pattern_of(texts) == found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_same_network_comes_back_from_any_repeated_block(data):
    network = data.draw(with_repeats(data.draw(networks())))
    try:
        build_model(network)
    except BuildError:
        # A copy may not fit behind the first.
        assume(False)
    same(network)


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.text("abc _äß1", min_size=1, max_size=60).filter(lambda text: text.strip()))
def test_it_is_laid_out_as_ruff_lays_out(data, name):
    network = data.draw(with_repeats(data.draw(networks())))
    for block in list(network.blocks)[:1]:
        network = blocks.rename_block(network, block, name)
    assert_formatted(to_source(network))


def test_an_empty_network_has_no_repeats():
    assert find_repeats(Network()).groups == ()
