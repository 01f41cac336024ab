"""The analysis after an edit equals the analysis from nothing, and reuses what stands."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import edited, networks

from cnnstudio.analysis import Analysis, analyse
from cnnstudio.graph import edits
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS

QUIET = {
    "deadline": None,
    "derandomize": True,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


def assert_same(one: Analysis, other: Analysis) -> None:
    assert list(one.layers.items()) == list(other.layers.items())
    totals = ("parameters", "trainable_parameters", "multiply_adds", "activation_bytes")
    for total in totals:
        assert getattr(one, total) == getattr(other, total)
        assert getattr(one, total) == sum(getattr(info, total) for info in one.layers.values())
    assert said(one) == said(other)


def said(analysis: Analysis) -> list:
    return [
        (
            problem.layer,
            problem.severity,
            problem.code,
            problem.message,
            problem.short,
            [remedy.label for remedy in problem.remedies],
        )
        for problem in analysis.problems
    ]


@given(st.data(), networks(most=8))
@settings(max_examples=120, **QUIET)
def test_after_any_edits_it_equals_the_analysis_from_nothing(data, network):
    analysis = analyse(network)
    for _ in range(data.draw(st.integers(1, 6))):
        network = data.draw(edited(network))
        classes = data.draw(st.sampled_from([None, 2, 3]))
        analysis = analyse(network, analysis, classes=classes)
        assert_same(analysis, analyse(network, classes=classes))


@given(networks(most=8), networks(most=8))
@settings(max_examples=40, **QUIET)
def test_an_analysis_of_another_network_does_no_harm(network, other):
    assert_same(analyse(network, analyse(other)), analyse(network))


def test_an_analysis_is_the_same_for_a_network_read_again():
    network = PRESETS["small-cnn"].build()
    again = Network(network.layers, network.links)
    assert_same(analyse(again, analyse(network)), analyse(network))


def reused(network: Network, change) -> set[str]:
    before = analyse(network)
    after = analyse(change(network), before)
    return {name for name in after.layers if after.layers[name] is before.layers.get(name)}


def test_only_what_changed_downstream_is_computed_again():
    network = PRESETS["tiny-vgg"].build()
    names = list(network.layers)

    def wider(network):
        return edits.set_setting(network, "conv_2_1", "filters", 20)

    # conv_2_2 takes the new channels and gives out what it did before.
    assert set(names) - reused(network, wider) == {"conv_2_1", "relu_2_1", "conv_2_2"}


def test_a_setting_that_changes_no_shape_changes_one_layer():
    network = PRESETS["vgg16"].build()

    def tanh(network):
        return edits.set_setting(network, "block1_conv1", "activation", "tanh")

    assert set(network.layers) - reused(network, tanh) == {"block1_conv1"}


def test_moving_computes_nothing_again_and_renaming_only_the_neighbours():
    network = PRESETS["vgg16"].build()
    names = set(network.layers)
    assert reused(network, lambda n: edits.move(n, {"fc1": (9.0, 9.0)})) == names

    def renamed(network):
        return edits.rename(network, "fc1", "first")

    assert names - reused(network, renamed) == {"fc1", "fc2"}


def test_undo_finds_the_old_figures():
    network = PRESETS["lenet5"].build()
    before = analyse(network)
    changed = analyse(edits.set_setting(network, "conv2d_1", "filters", 3), before)
    assert_same(analyse(network, changed), before)
