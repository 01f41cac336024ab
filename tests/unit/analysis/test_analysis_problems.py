"""Problems: each has its numbers, and each remedy takes its problem away."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import edited, networks

from cnnstudio.analysis import Problem, analyse
from cnnstudio.analysis.losses import LOSSES
from cnnstudio.graph import edits
from cnnstudio.graph.edits import EditError
from cnnstudio.graph.network import Link, Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.keras_build.build import build_model

SCALED = [("Input", {"shape": (8, 8, 3)}), ("Rescaling", {})]
SOFTMAX = {"units": 4, "activation": "softmax"}


def chain(*steps) -> Network:
    """A network of one path; a step is a type or a type with settings."""
    network, before = Network(), None
    for step in steps:
        type_, values = (step, {}) if isinstance(step, str) else step
        network, name = edits.add_layer(network, type_, settings=values)
        if before is not None:
            network = edits.connect(network, before, name)
        before = name
    return network


def scaled(*steps) -> Network:
    return chain(*SCALED, *steps)


def only(network: Network, classes: int | None = None) -> Problem:
    problems = analyse(network, classes=classes).problems
    assert len(problems) == 1, [problem.message for problem in problems]
    return problems[0]


def found(network: Network, code: str, classes: int | None = None) -> Problem:
    problems = [p for p in analyse(network, classes=classes).problems if p.code == code]
    assert len(problems) == 1, [p.message for p in analyse(network, classes=classes).problems]
    return problems[0]


def count(network: Network, problem: Problem, classes: int | None, loss: str | None = None) -> int:
    return sum(
        (other.layer, other.code) == (problem.layer, problem.code)
        for other in analyse(network, classes=classes, loss=loss).problems
    )


def two_paths(merge: str, left, right, **settings) -> Network:
    """Rescaling feeds two paths of steps that end in one merge layer and a classifier."""
    network = scaled()
    ends = []
    for steps in (left, right):
        end = "rescaling_1"
        for step in steps:
            type_, values = (step, {}) if isinstance(step, str) else step
            network, name = edits.add_layer(network, type_, settings=values)
            network = edits.connect(network, end, name)
            end = name
        ends.append(end)
    network, merged = edits.add_layer(network, merge, settings=settings)
    for end in ends:
        network = edits.connect(network, end, merged)
    for type_, values in (("GlobalAveragePooling2D", {}), ("Dense", SOFTMAX)):
        network, name = edits.add_layer(network, type_, settings=values)
        network = edits.connect(network, merged, name)
        merged = name
    return network


def conv(filters, **settings):
    return ("Conv2D", {"filters": filters, **settings})


def with_extra(network: Network, type_: str, **settings) -> Network:
    return edits.add_layer(network, type_, settings=settings)[0]


def linked(network: Network, *links) -> Network:
    for source, target in links:
        network = edits.connect(network, source, target)
    return network


def residual(left, right):
    return two_paths("Add", left, right)


def joined(left, right, **settings):
    return two_paths("Concatenate", left, right, **settings)


DENSE = ("Dense", SOFTMAX)
GOOD = scaled("Conv2D", "Flatten", DENSE)
CYCLE = Network(GOOD.layers, (*GOOD.links, Link("flatten_1", "conv2d_1")))
TWO_CYCLES = linked(
    two_paths("Add", ["Conv2D"], ["Conv2D"]),
    ("global_average_pooling_1", "conv2d_2"),
)

# What is wrong, the class count of the data, the code, words of the message, the remedies.
CASES = {
    "dense on a volume at the end": (
        scaled("Conv2D", "Dense"),
        None,
        "dense-on-volume",
        ["dense_1", "8 × 8 × 32", "64 positions", "8 × 8 × 10"],
        ["Insert Flatten", "Insert GlobalAveragePooling2D"],
    ),
    "two dense on a volume": (
        scaled("Conv2D", ("Dense", {"units": 5}), "ReLU", "Dense", "Softmax"),
        None,
        "dense-on-volume",
        ["dense_1", "8 × 8 × 10"],
        ["Insert Flatten", "Insert GlobalAveragePooling2D"],
    ),
    "dense on a volume in the middle": (
        scaled("Dense", "Flatten", DENSE),
        None,
        "dense-on-volume",
        ["dense_1", "8 × 8 × 3 volume", "64 positions"],
        ["Insert Flatten", "Insert GlobalAveragePooling2D"],
    ),
    "filter too large": (
        scaled("MaxPooling2D", "MaxPooling2D", conv(4, kernel_size=(3, 3), padding="valid"),
               "Flatten", DENSE),
        None,
        "filter-too-large",
        ["conv2d_1 has a 3 × 3 filter, larger than its 2 × 2 input", "same padding"],
        ["Use same padding", "Use a 2 × 2 filter", "Remove conv2d_1"],
    ),
    "dilated filter too large": (
        scaled(conv(4, kernel_size=(3, 3), dilation_rate=(5, 5), padding="valid"),
               "Flatten", DENSE),
        None,
        "filter-too-large",
        ["3 × 3 filter that covers 11 × 11", "8 × 8 input"],
        ["Use same padding", "Set dilation_rate to 1", "Use a 2 × 2 filter", "Remove conv2d_1"],
    ),
    "pool too large": (
        scaled(("MaxPooling2D", {"pool_size": (9, 2)}), "Flatten", DENSE),
        None,
        "pool-too-large",
        ["9 × 2 window", "8 × 8 input"],
        ["Use same padding", "Use an 8 × 2 window", "Remove max_pooling_1"],
    ),
    "pool on one pixel": (
        scaled(*["MaxPooling2D"] * 4, "Flatten", DENSE),
        None,
        "pool-too-large",
        ["max_pooling_4", "2 × 2 window", "1 × 1 input"],
        ["Use same padding", "Remove max_pooling_4"],
    ),
    "stride with dilation": (
        scaled(conv(4, strides=(2, 2), dilation_rate=(2, 2)), "Flatten", DENSE),
        None,
        "stride-and-dilation",
        ["strides 2 × 2", "dilation_rate 2 × 2"],
        ["Set dilation_rate to 1", "Set strides to 1"],
    ),
    "groups and filters": (
        scaled(conv(8), conv(6, groups=4), "Flatten", DENSE),
        None,
        "groups-filters",
        ["6 filters", "4 groups"],
        ["Set groups to 2", "Set groups to 1", "Set filters to 8"],
    ),
    "groups and channels": (
        scaled(conv(4, groups=2), "Flatten", DENSE),
        None,
        "groups-channels",
        ["3 channels", "2 groups", "rescaling_1"],
        ["Set groups to 1"],
    ),
    "convolution behind flatten": (
        scaled("Flatten", ("Dense", {"units": 7}), "Conv2D", "Flatten", DENSE),
        None,
        "needs-volume",
        ["conv2d_1 (Conv2D)", "a vector of 7", "dense_1"],
        ["Remove what flattens before it", "Remove conv2d_1"],
    ),
    "global pooling behind flatten": (
        scaled("Conv2D", "Flatten", "GlobalAveragePooling2D", DENSE),
        None,
        "needs-volume",
        ["a vector of 2,048", "flatten_1"],
        ["Remove global_average_pooling_1", "Remove what flattens before it"],
    ),
    "rows and columns unused": (
        chain(("Input", {"shape": (7, 8, 1)}), "Rescaling",
              ("MaxPooling2D", {"pool_size": (3, 3)}), "Flatten", DENSE),
        None,
        "unused-border",
        ["the last row and the last 2 columns of its 7 × 8 input", "stride of 3"],
        ["Use same padding"],
    ),
    "all weights zero": (
        scaled(conv(4, kernel_initializer="zeros"), "Flatten", DENSE),
        None,
        "symmetric-weights",
        ["zeros", "conv2d_1"],
        ["Use glorot_uniform"],
    ),
    "concatenate of unequal sizes, same padding helps": (
        joined([conv(4)], [conv(4, kernel_size=(5, 5), padding="valid")]),
        None,
        "unequal-sizes",
        ["conv2d_1 (8 × 8 × 4)", "conv2d_2 (4 × 4 × 4)", "height and width must be equal"],
        ["Use same padding in conv2d_2", "Insert MaxPooling2D after conv2d_1",
         "Insert ZeroPadding2D after conv2d_2", "Remove the link from conv2d_1",
         "Remove the link from conv2d_2"],
    ),
    "concatenate of two convolutions that shrink": (
        joined([conv(2, padding="valid"), conv(4, padding="valid")], [conv(4)]),
        None,
        "unequal-sizes",
        ["4 × 4 × 4", "8 × 8 × 4"],
        ["Use same padding in 2 layers", "Insert MaxPooling2D after conv2d_3",
         "Insert ZeroPadding2D after conv2d_2", "Remove the link from conv2d_2",
         "Remove the link from conv2d_3"],
    ),
    "concatenate of a volume and a vector": (
        joined([conv(4)], ["Flatten"]),
        None,
        "unequal-sizes",
        ["8 × 8 × 4", "192", "all must be volumes, or all vectors"],
        ["Insert GlobalAveragePooling2D after conv2d_1", "Insert Flatten after conv2d_1",
         "Remove the link from conv2d_1", "Remove the link from flatten_1"],
    ),
    "concatenate along the height": (
        joined([conv(4)], [conv(5)], axis=1),
        None,
        "unequal-sizes",
        ["width and channels must be equal"],
        ["Set axis to -1", "Remove the link from conv2d_1", "Remove the link from conv2d_2"],
    ),
    "concatenate along the batch": (
        joined([conv(4)], [conv(4)], axis=0),
        None,
        "joins-the-batch",
        ["axis 0", "2 answers"],
        ["Set axis to -1"],
    ),
    "concatenate along an axis that vectors lack": (
        joined(["Flatten"], ["Flatten"], axis=3),
        None,
        "no-such-axis",
        ["axis 3", "a vector of 192"],
        ["Set axis to -1"],
    ),
    "residual with more channels": (
        residual(["Dropout"], [conv(16)]),
        None,
        "unequal-sizes",
        ["8 × 8 × 16", "8 × 8 × 3", "dropout_1"],
        ["Insert a 1 × 1 Conv2D after dropout_1", "Remove the link from dropout_1",
         "Remove the link from conv2d_1"],
    ),
    "residual with a stride": (
        residual(["Dropout"], [conv(16, strides=(2, 2)), conv(16)]),
        None,
        "unequal-sizes",
        ["4 × 4 × 16", "8 × 8 × 3"],
        ["Insert a 1 × 1 Conv2D after dropout_1", "Remove the link from dropout_1",
         "Remove the link from conv2d_2"],
    ),
    "sum of unequal vectors": (
        residual(["Flatten", ("Dense", {"units": 5})], ["Flatten", ("Dense", {"units": 6})]),
        None,
        "unequal-sizes",
        ["5", "6"],
        ["Insert Dense 6 after dense_1", "Remove the link from dense_1",
         "Remove the link from dense_2"],
    ),
    "one input to a merge": (
        scaled("Conv2D", "Add", "Flatten", DENSE),
        None,
        "one-input",
        ["add_1", "conv2d_1"],
        ["Remove add_1"],
    ),
    "ends in a convolution": (
        scaled("Conv2D"),
        None,
        "output-not-vector",
        ["conv2d_1", "8 × 8 × 32"],
        ["Add Flatten and Dense", "Add GlobalAveragePooling2D and Dense"],
    ),
    "ends in a convolution with a filter for each class": (
        scaled(conv(4), "Softmax"),
        4,
        "output-not-vector",
        ["softmax_1", "8 × 8 × 4"],
        ["Add GlobalAveragePooling2D", "Add Flatten and Dense 4",
         "Add GlobalAveragePooling2D and Dense 4"],
    ),
    "global pooling that keeps its axes": (
        scaled(conv(4), ("GlobalAveragePooling2D", {"keepdims": True}), "Softmax"),
        4,
        "output-not-vector",
        ["1 × 1 × 4"],
        ["Set keepdims to no", "Add Flatten and Dense 4",
         "Add GlobalAveragePooling2D and Dense 4"],
    ),
    "only an input": (
        chain("Input"),
        3,
        "output-not-vector",
        ["input", "32 × 32 × 3"],
        ["Add Flatten and Dense 3", "Add GlobalAveragePooling2D and Dense 3"],
    ),
    "nothing to learn": (
        scaled("Flatten"), 192, "nothing-to-learn", ["flatten_1"], ["Add Dense 192"],
    ),
    "wrong number of units": (
        GOOD, 3, "classes", ["dense_1 has 4 units", "3 classes"], ["Set units to 3"],
    ),
    "wrong number of units before a softmax": (
        scaled("Flatten", "Dense", "Softmax"),
        3,
        "classes",
        ["dense_1 has 10 units", "3 classes"],
        ["Set units to 3"],
    ),
    "wrong number of filters": (
        scaled(conv(4), "GlobalAveragePooling2D", "Softmax"),
        3,
        "classes",
        ["softmax_1 with 4 scores", "3 classes"],
        ["Set filters of conv2d_1 to 3", "Add Dense 3"],
    ),
    "one unit for three classes": (
        scaled("Flatten", ("Dense", {"units": 1, "activation": "sigmoid"})),
        3,
        "classes",
        ["1 unit,", "3 classes"],
        ["Set units to 3"],
    ),
    "softmax of one unit": (
        scaled("Flatten", ("Dense", {"units": 1, "activation": "softmax"})),
        None,
        "softmax-of-one",
        ["dense_1", "is 1 whatever the picture"],
        ["Set units to 2", "Set activation to sigmoid"],
    ),
    "no softmax": (
        scaled("Flatten", "Dense"),
        10,
        "no-softmax",
        ["dense_1", "10 scores"],
        ["Set activation to softmax"],
    ),
    "relu at the end": (
        scaled("Flatten", "Dense", "ReLU"), 10, "no-softmax", ["relu_1"], ["Add Softmax"],
    ),
    "one unit without a sigmoid": (
        scaled("Flatten", ("Dense", {"units": 1})),
        None,
        "no-softmax",
        ["sigmoid"],
        ["Set activation to sigmoid"],
    ),
    "pixels not scaled": (
        chain(("Input", {"shape": (8, 8, 3)}), "Flatten", DENSE),
        None,
        "unscaled-pixels",
        ["dense_1", "0 to 255", "1/255"],
        ["Insert Rescaling 1/255"],
    ),
    "pixels scaled by one": (
        chain("Input", ("Rescaling", {"scale": 1.0}), "Flatten", DENSE),
        None,
        "unscaled-pixels",
        ["dense_1"],
        ["Insert Rescaling 1/255"],
    ),
    "pictures of four channels": (
        chain(("Input", {"shape": (8, 8, 4)}), "Rescaling", "Flatten", DENSE),
        None,
        "channels",
        ["input takes 4 channels", "1 (grey) or 3 (RGB)"],
        ["Set shape to 8 × 8 × 3", "Set shape to 8 × 8 × 1"],
    ),
    "empty": (Network(), None, "no-input", ["empty"], ["Add an Input"]),
    "no input": (
        chain("Rescaling", "Flatten", DENSE),
        None,
        "no-input",
        ["no Input", "rescaling_1"],
        ["Add an Input"],
    ),
    "two inputs": (
        linked(
            with_extra(joined(["Conv2D"], ["Conv2D"]), "Input", shape=(8, 8, 3)),
            ("input_1", "conv2d_2"),
        ),
        None,
        "several-inputs",
        ["2 Inputs", "input_1"],
        ["Feed conv2d_2 from input", "Remove input_1"],
    ),
    "an input that feeds nothing": (
        with_extra(GOOD, "Input"), None, "several-inputs", ["input_1"], ["Remove input_1"],
    ),
    "unconnected": (
        with_extra(GOOD, "Conv2D"),
        None,
        "unconnected",
        ["conv2d_2 (Conv2D)", "nothing feeds it"],
        ["Connect after dense_1", "Remove conv2d_2"],
    ),
    "unconnected branch of a merge": (
        edits.disconnect(residual(["ReLU"], ["Softmax"]), "rescaling_1", "softmax_1"),
        None,
        "unconnected",
        ["softmax_1"],
        ["Connect after relu_1", "Remove softmax_1"],
    ),
    "two outputs": (
        linked(with_extra(GOOD, "Dropout"), ("conv2d_1", "dropout_1")),
        None,
        "several-outputs",
        ["2 outputs", "dropout_1", "dense_1"],
        ["Remove dropout_1"],
    ),
    "two outputs of the same size": (
        linked(with_extra(GOOD, "Dense", **SOFTMAX), ("flatten_1", "dense_2")),
        None,
        "several-outputs",
        ["dense_1", "dense_2"],
        ["Remove dense_1", "Join it with dense_2 by Concatenate", "Join it with dense_2 by Add"],
    ),
    "a branch of two layers": (
        linked(
            with_extra(with_extra(GOOD, "Conv2D"), "ReLU"),
            ("conv2d_1", "conv2d_2"),
            ("conv2d_2", "relu_1"),
        ),
        None,
        "several-outputs",
        ["relu_1"],
        ["Remove its branch of 2 layers"],
    ),
    "a circle": (
        linked(two_paths("Add", ["Conv2D"], ["Conv2D"]), ("global_average_pooling_1", "add_1")),
        None,
        "cycle",
        ["global_average_pooling_1 feeds add_1", "circle"],
        ["Remove the link from global_average_pooling_1 to add_1"],
    ),
    "a layer that feeds itself": (
        Network(GOOD.layers, (*GOOD.links[:-1], Link("dense_1", "dense_1"))),
        None,
        "cycle",
        ["dense_1 feeds itself"],
        ["Remove the link from dense_1 to dense_1"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_problem_says_what_is_wrong_and_offers_ways_out(case):
    network, classes, code, words, labels = CASES[case]
    problem = found(network, code, classes)
    for word in words:
        assert word in problem.message
    assert problem.message.endswith(".")
    assert [remedy.label for remedy in problem.remedies] == labels


REMEDIES = [
    pytest.param(case, index, id=f"{case}: {label}")
    for case, (_, _, _, _, labels) in CASES.items()
    for index, label in enumerate(labels)
]


@pytest.mark.parametrize(("case", "index"), REMEDIES)
def test_a_remedy_takes_its_problem_away(case, index):
    network, classes, code, _, _ = CASES[case]
    problem = found(network, code, classes)
    changed = problem.remedies[index].edit(network)
    assert count(changed, problem, classes) == 0


MENDED = [
    "dense on a volume at the end",
    "filter too large",
    "pool too large",
    "concatenate of unequal sizes, same padding helps",
    "residual with more channels",
    "residual with a stride",
    "ends in a convolution",
    "global pooling that keeps its axes",
    "wrong number of units",
    "two inputs",
    "two outputs",
    "a layer that feeds itself",
]


@pytest.mark.parametrize("case", MENDED)
def test_a_network_mended_by_first_remedies_builds_in_keras(keras, case):
    network, classes, *_ = CASES[case]
    for _ in range(5):
        problems = analyse(network, classes=classes).problems
        if not problems:
            break
        network = problems[0].remedies[0].edit(network)
    assert analyse(network, classes=classes).problems == ()
    model = build_model(network)
    assert len(model.output.shape) == 2
    assert classes in (None, model.output.shape[1])


@given(st.data(), networks(most=10))
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_every_remedy_of_any_network_works(data, network):
    for _ in range(data.draw(st.integers(0, 4))):
        network = data.draw(edited(network))
    classes = data.draw(st.sampled_from([None, 2, 3]))
    loss = data.draw(st.sampled_from([None, "auto", *LOSSES]))
    for problem in analyse(network, classes=classes, loss=loss).problems:
        assert len(problem.short) <= 40
        assert problem.remedies, problem.message
        before = count(network, problem, classes, loss)
        for remedy in problem.remedies:
            changed = remedy.edit(network)
            after = count(changed, problem, classes, remedy.loss or loss)
            assert after < before, (problem.message, remedy.label)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_have_no_problems(name):
    preset = PRESETS[name]
    assert analyse(preset.build(), classes=preset.classes).problems == ()


@pytest.mark.parametrize(
    "middle",
    [
        # A gate, a layer that a convolution follows, a layer after global pooling.
        lambda: two_paths("Add", [("Dense", {"units": 12}), ("Dense", {"units": 3})], ["ReLU"]),
        lambda: scaled(("Dense", {"units": 8}), conv(4), "Flatten", DENSE),
        lambda: scaled(
            conv(4), ("GlobalAveragePooling2D", {"keepdims": True}), ("Dense", {"units": 8}),
            "Flatten", DENSE,
        ),
    ],
)  # fmt: skip
def test_dense_layers_that_mix_channels_on_purpose_are_not_said(middle):
    codes = {problem.code for problem in analyse(middle()).problems}
    assert "dense-on-volume" not in codes


def test_errors_come_first_each_kind_in_layer_order():
    network = chain(
        ("Input", {"shape": (9, 9, 3)}), "MaxPooling2D", conv(4, groups=2),
        conv(4, groups=3), "MaxPooling2D", "Flatten", "Dense",
    )  # fmt: skip
    problems = analyse(network, classes=3).problems
    assert [(p.layer, p.severity) for p in problems] == [
        ("conv2d_1", "error"),
        ("max_pooling_1", "warning"),
    ]


def test_behind_an_error_nothing_is_said_of_what_cannot_be_known():
    network = scaled(conv(4, groups=2), "Conv2D", "Flatten", "Dense")
    analysis = analyse(network)
    assert [p.code for p in analysis.problems] == ["groups-channels"]
    assert analysis.layers["dense_1"].output_shape is None
    assert not analysis.trainable
    assert analysis.errors == analysis.problems_of("conv2d_1")


def test_padding_that_no_window_reaches_is_no_loss():
    def strided(*front):
        return scaled(*front, conv(4, kernel_size=(3, 3), strides=(2, 2), padding="valid"),
                      "Flatten", DENSE)  # fmt: skip

    assert analyse(strided()).layers["conv2d_1"].unused == (1, 1)
    padded = analyse(strided(("ZeroPadding2D", {"padding": ((1, 1), (1, 1))})))
    assert padded.layers["conv2d_1"].unused == (0, 0)
    assert padded.problems == ()


def test_a_stride_larger_than_the_window_skips_on_purpose():
    network = scaled(conv(4, kernel_size=(1, 1), strides=(2, 2), padding="valid"), "Flatten", DENSE)
    assert analyse(network).problems == ()


def test_batch_normalisation_scales_pixels_too():
    network = chain("Input", "BatchNormalization", "Flatten", DENSE)
    assert analyse(network).problems == ()


@pytest.mark.parametrize(
    ("ending", "classes"),
    [
        ([("Dense", {"units": 1, "activation": "sigmoid"})], 2),
        ([("Dense", {"units": 1, "activation": "sigmoid"})], None),
        (["Dense", "Softmax"], 10),
        (["Dense", ("Activation", {"activation": "softmax"})], 10),
        ([("Dense", {"activation": "softmax"}), ("Activation", {"activation": "linear"})], 10),
    ],
)
def test_endings_that_give_probabilities(ending, classes):
    assert analyse(scaled("Flatten", *ending), classes=classes).problems == ()


def test_a_fully_convolutional_ending_gives_probabilities():
    softmax = conv(10, activation="softmax")
    assert analyse(scaled(softmax, "GlobalAveragePooling2D"), classes=10).problems == ()
    problem = only(scaled(softmax, "Flatten"), None)
    assert problem.code == "no-softmax"


def test_a_remedy_says_so_when_its_layer_is_gone():
    network, classes, code, _, _ = CASES["filter too large"]
    problem = found(network, code, classes)
    gone = edits.remove_layers(network, ["conv2d_1"])
    with pytest.raises(EditError, match="conv2d_1"):
        problem.remedies[0].edit(gone)
