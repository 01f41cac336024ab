"""Layers that share weights, through edits, blocks and files."""

import json

import pytest

from cnnstudio.graph import edits
from cnnstudio.graph.blocks import make_block
from cnnstudio.graph.edits import EditError
from cnnstudio.graph.network import Network
from cnnstudio.graph.project import (
    Project,
    ProjectError,
    load_project,
    network_from_json,
    network_to_json,
    save_project,
)
from cnnstudio.graph.sharing import own_weights, partners, share_weights
from cnnstudio.graph.templates import (
    repeat_block,
    template_from_json,
    template_of,
    template_to_json,
)


def network_of(*types):
    """A chain of layers called a, b, c and so on."""
    network, before = edits.add_layer(Network(), "Input", name="pictures")
    for name, type_ in zip("abcdefg", types, strict=False):
        network, name = edits.add_layer(network, type_, name=name)
        network, before = edits.connect(network, before, name), name
    return network


@pytest.fixture
def three():
    """Three convolutions with the weights of the first."""
    network = network_of("Conv2D", "Conv2D", "Conv2D", "Flatten", "Dense")
    network = edits.set_setting(network, "a", "filters", 3)
    return share_weights(share_weights(network, "b", "a"), "c", "b")


def owners(network):
    return {name: layer.shares for name, layer in network.layers.items() if layer.shares}


def test_settings_are_those_of_the_owner_whichever_use_is_changed(three):
    assert owners(three) == {"b": "a", "c": "a"}
    assert three["c"]["filters"] == 3
    assert three.uses_of("b") == ("a", "b", "c")
    for changed in ("a", "c"):
        network = edits.set_setting(three, changed, "filters", 5)
        assert {network[name]["filters"] for name in "abc"} == {5}


def test_a_new_name_of_the_owner_is_followed(three):
    network = edits.rename(three, "a", "first")
    assert owners(network) == {"b": "first", "c": "first"}
    assert owners(edits.rename(three, "b", "second")) == {"second": "a", "c": "a"}


def test_the_first_use_owns_the_weights_when_the_owner_goes(three):
    assert owners(edits.remove_layers(three, ["a"])) == {"c": "b"}
    assert owners(edits.remove_layers(three, ["a", "b"])) == {}


def test_weights_of_its_own(three):
    assert owners(own_weights(three, "b")) == {"c": "a"}
    assert owners(own_weights(three, "a")) == {"c": "b"}
    alone = edits.set_setting(own_weights(three, "b"), "b", "filters", 9)
    assert [alone[name]["filters"] for name in "abc"] == [3, 9, 3]
    with pytest.raises(EditError, match="e has weights of its own already"):
        own_weights(three, "e")


def test_an_owner_that_shares_takes_its_users_along(three):
    network, _ = edits.add_layer(three, "Conv2D", name="other")
    assert owners(share_weights(network, "a", "other")) == dict.fromkeys("abc", "other")
    assert owners(share_weights(network, "b", "other")) == {"b": "other", "c": "a"}


@pytest.mark.parametrize(
    ("name", "other", "why"),
    [
        ("a", "a", "with itself"),
        ("a", "e", "only layers of one type"),
        ("d", "f", "no weights"),
        ("a", "c", "already"),
        ("a", "none", "no layer called none"),
    ],
)
def test_what_cannot_be_shared(three, name, other, why):
    three, _ = edits.add_layer(three, "Flatten", name="f")
    with pytest.raises(EditError, match=why):
        share_weights(three, name, other)


def test_what_may_be_shared_with(three):
    network, _ = edits.add_layer(three, "Conv2D", name="other")
    assert partners(network, "b") == ("other",)
    assert partners(network, "other") == ("a",)
    assert partners(network, "d") == ()


def test_copies_share_among_themselves(three):
    network, (a, b) = edits.paste(three, edits.copy(three, ["b", "c"]))
    assert owners(network) == {"b": "a", "c": "a", b: a}
    network, (alone,) = edits.paste(three, edits.copy(three, ["c"]))
    assert network[alone].shares is None
    assert network[alone]["filters"] == 3


def test_each_repetition_of_a_block_has_weights_of_its_own(three):
    network, name = make_block(three, ["b", "c"], "twice")
    network = repeat_block(network, name, 3)
    shared = owners(network)
    assert len(shared) == 4
    assert set(shared.values()) == {"a", "twice_2_b", "twice_3_b"}


def test_a_kept_block_shares_as_it_did(three):
    network, name = make_block(three, ["a", "b"], "twice")
    document = json.loads(json.dumps(template_to_json(template_of(network, name))))
    assert document["version"] == 2
    layers = {layer.name: layer.shares for layer in template_from_json(document).fragment.layers}
    assert layers == {"a": None, "b": "a"}


def test_a_file_says_what_is_shared_and_programs_of_old_refuse_it(three, tmp_path):
    path = tmp_path / "shared.cnns"
    save_project(Project(three), path)
    document = json.loads(path.read_text())
    assert document["version"] == 2
    assert [layer.get("shares") for layer in document["network"]["layers"]][:4] == [
        None, None, "a", "a",
    ]  # fmt: skip
    assert load_project(path).network == three
    save_project(Project(own_weights(own_weights(three, "b"), "c")), path)
    assert json.loads(path.read_text())["version"] == 1


def test_the_settings_of_the_owner_count_wherever_it_stands(three):
    document = network_to_json(three)
    document["layers"][1]["settings"]["filters"] = 7
    document["layers"].reverse()
    network = network_from_json(document)
    assert {network[name]["filters"] for name in "abc"} == {7}


@pytest.mark.parametrize(
    ("shares", "why"),
    [("ghost", "not in the file"), (3, "not in the file"), ("b", "which has none"),
     ("e", "only layers of one type")],
)  # fmt: skip
def test_a_file_with_weights_shared_that_cannot_be(three, shares, why):
    document = network_to_json(three)
    document["layers"][3]["shares"] = shares
    with pytest.raises(ProjectError, match=why):
        network_from_json(document)
