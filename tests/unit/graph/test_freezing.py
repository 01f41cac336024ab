"""Freezing to a layer, unfreezing from one, for branches, blocks and shared weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.analysis import analyse
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.edits import EditError, add_layer, connect, set_setting
from cnnstudio.graph.freezing import (
    SETTING,
    freezable,
    freeze_to,
    from_on,
    frozen_layers,
    is_frozen,
    unfreeze_all,
    unfreeze_from,
    up_to,
    with_trainable,
)
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.sharing import share_weights


@pytest.fixture
def chain():
    network, last = add_layer(Network(), "Input", settings={"shape": (8, 8, 3)})
    for type_ in ("Rescaling", "Conv2D", "BatchNormalization", "Conv2D", "Flatten", "Dense"):
        network, name = add_layer(network, type_)
        network, last = connect(network, last, name), name
    return network


def test_every_layer_with_weights_to_train_can_be_frozen():
    for spec in CATALOGUE.values():
        # What Normalization holds is measured, never trained.
        if spec.weighted and spec.type != "Normalization":
            assert spec.field(SETTING).default is True, spec.type
        elif not spec.weighted:
            assert SETTING not in spec.defaults, spec.type


def test_freezes_the_layer_and_what_it_depends_on_and_nothing_else(chain):
    frozen = freeze_to(chain, ["batch_normalization_1"])
    assert frozen_layers(frozen) == ("conv2d_1", "batch_normalization_1")
    # The border moves back and forth.
    assert frozen_layers(freeze_to(frozen, ["conv2d_1"])) == ("conv2d_1",)
    assert frozen_layers(freeze_to(frozen, ["conv2d_2"])) == (
        "conv2d_1",
        "batch_normalization_1",
        "conv2d_2",
    )
    assert frozen_layers(freeze_to(frozen, ["input"])) == ()


def test_what_does_not_change_is_shared_and_layers_without_weights_are_left_alone(chain):
    frozen = freeze_to(chain, ["flatten_1"])
    assert not any("trainable" in frozen[name].settings for name in ("rescaling_1", "flatten_1"))
    assert frozen["dense_1"] is chain["dense_1"]
    assert frozen.topology is chain.topology
    assert freeze_to(frozen, ["flatten_1"]) is frozen


def test_unfreezes_from_a_layer_on(chain):
    frozen = freeze_to(chain, ["conv2d_2"])
    later = unfreeze_from(frozen, ["batch_normalization_1"])
    assert frozen_layers(later) == ("conv2d_1",)
    assert frozen_layers(unfreeze_all(frozen)) == ()


def test_a_branch_that_the_layer_does_not_depend_on_is_trained():
    network = PRESETS["resnet-small"].build()
    merge = next(name for name, layer in network.layers.items() if layer.type == "Add")
    frozen = freeze_to(network, [merge])
    assert set(frozen_layers(frozen)) == {
        name for name in up_to(network, [merge]) if freezable(network[name])
    }
    # One of two branches: the other goes on learning.
    branch = network.inputs_of(merge)[0]
    assert set(frozen_layers(freeze_to(network, [branch]))) < set(frozen_layers(frozen))


def test_shared_weights_are_frozen_by_any_use(chain):
    network = share_weights(chain, "conv2d_2", "conv2d_1")
    frozen = freeze_to(network, ["conv2d_1"])
    assert frozen_layers(frozen) == ("conv2d_1", "conv2d_2")
    assert frozen["conv2d_2"].settings is frozen["conv2d_1"].settings
    assert not is_frozen(unfreeze_from(frozen, ["conv2d_2"])["conv2d_1"])


def test_a_name_that_is_none_is_refused(chain):
    with pytest.raises(EditError, match="no layer called nobody"):
        freeze_to(chain, ["nobody"])
    with pytest.raises(EditError, match="select one"):
        freeze_to(chain, [])


_NETWORK = PRESETS["mobilenetv2"].build((32, 32, 3), 5)


@given(st.sampled_from(sorted(_NETWORK.layers)))
def test_freezing_and_unfreezing_meet_at_the_border(name):
    frozen = freeze_to(_NETWORK, [name])
    inside = up_to(_NETWORK, [name])
    assert {each for each, layer in frozen.layers.items() if is_frozen(layer)} == {
        each for each in inside if freezable(_NETWORK[each])
    }
    back = unfreeze_from(frozen, [name])
    assert set(frozen_layers(back)) == set(frozen_layers(frozen)) - from_on(_NETWORK, [name])
    counted = analyse(frozen)
    one_by_one = sum(
        info.trainable_parameters
        for each, info in analyse(_NETWORK).layers.items()
        if each not in inside
    )
    assert counted.trainable_parameters == one_by_one
    assert unfreeze_all(frozen) == _NETWORK


def test_one_pass_equals_setting_by_setting(chain):
    by_hand = chain
    for name in ("conv2d_1", "dense_1"):
        by_hand = set_setting(by_hand, name, SETTING, False)
    assert with_trainable(chain, {"conv2d_1": False, "dense_1": False, "flatten_1": False}) == (
        by_hand
    )
