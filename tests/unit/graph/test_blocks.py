"""Blocks: made, folded, repeated and copied, and right after whatever happens to their layers."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnstudio.analysis import analyse
from cnnstudio.graph import blocks, edits, folding, templates
from cnnstudio.graph.edits import EditError, connect
from cnnstudio.graph.layout import arrange
from cnnstudio.graph.network import Block, Link, Network
from cnnstudio.graph.project import (
    Project,
    ProjectError,
    network_from_json,
    network_to_json,
    project_from_json,
    project_to_json,
)
from tests.block_strategies import block_edited
from tests.strategies import edited, networks


def residual():
    """Input, a residual block of conv, norm, relu, add around it, and a head."""
    network, _ = edits.add_layer(Network(), "Input", settings={"shape": (8, 8, 3)})
    for type_ in ("Conv2D", "BatchNormalization", "ReLU"):
        before = list(network.layers)[-1]
        settings = {"filters": 3} if type_ == "Conv2D" else {}
        network, name = edits.add_layer(network, type_, settings=settings)
        network = connect(network, before, name)
    network, add = edits.add_layer(network, "Add")
    network = connect(connect(network, "relu_1", add), "input", add)
    for type_ in ("GlobalAveragePooling2D", "Dense"):
        before = list(network.layers)[-1]
        network, name = edits.add_layer(network, type_)
        network = connect(network, before, name)
    return arrange(network)


INSIDE = ("conv2d_1", "batch_normalization_1", "relu_1", "add_1")


@pytest.fixture
def network():
    """With the block laid out, its title having room."""
    return arrange(blocks.make_block(residual(), INSIDE, "residual")[0])


def proper(network):
    """Whether the blocks of a network are what they must be."""
    for name, block in network.blocks.items():
        assert name == block.name
        others = {key: other for key, other in network.blocks.items() if key != name}
        blocks.check_block(network, block, others)
    return True


def test_a_block_is_made_of_the_layers_in_drawing_order_and_a_name(network):
    assert network.blocks == {"residual": Block("residual", INSIDE)}
    made, name = blocks.make_block(residual(), reversed(INSIDE))
    assert made.blocks[name] == Block("block_1", INSIDE)
    assert made.layers == residual().layers


@pytest.mark.parametrize(
    ("names", "name", "words"),
    [
        (("conv2d_1",), "one", "two layers or more"),
        ((), "none", "two layers or more"),
        (INSIDE[:2], " ", "1 to 60 letters"),
        (INSIDE[:2], "a\nb", "1 to 60 letters"),
        (INSIDE[:2], "n" * 61, "1 to 60 letters"),
        (INSIDE[:2], "residual", "already a block called residual"),
        (INSIDE, "again", "a block already: residual"),
        ((*INSIDE[:2], "dense_1"), "half", "partly in the block residual"),
        (("conv2d_1", "nowhere"), "b", "no layer called nowhere"),
    ],
)
def test_what_can_be_no_block_is_refused_with_the_reason(network, names, name, words):
    with pytest.raises(EditError, match=words):
        blocks.make_block(network, names, name)


def test_blocks_lie_inside_blocks(network):
    inner, _ = blocks.make_block(network, INSIDE[:2], "inner")
    outer, _ = blocks.make_block(inner, [*INSIDE, "global_average_pooling_1"], "outer")
    assert proper(outer)
    assert [block.name for block in blocks.blocks_within(outer, outer.layers)] == ["outer"]
    assert blocks.block_of(outer, INSIDE[:2]).name == "inner"
    assert blocks.block_of(outer, INSIDE[:3]) is None
    left = blocks.dissolve_block(outer, "residual")
    assert list(left.blocks) == ["inner", "outer"]
    assert proper(left)


def test_renaming_keeps_the_order_and_the_layers(network):
    more, _ = blocks.make_block(network, ["global_average_pooling_1", "dense_1"], "head")
    renamed = blocks.rename_block(more, "residual", "  first stage ")
    assert list(renamed.blocks) == ["first stage", "head"]
    assert renamed.blocks["first stage"].layers == INSIDE
    assert blocks.rename_block(more, "head", "head") is more
    with pytest.raises(EditError, match="already a block called head"):
        blocks.rename_block(more, "residual", "head")
    with pytest.raises(EditError, match="no block called nothing"):
        blocks.rename_block(more, "nothing", "x")


def test_a_renamed_layer_stays_in_its_block_and_a_removed_one_leaves_it(network):
    renamed = edits.rename(network, "relu_1", "act")
    assert renamed.blocks["residual"].layers == (
        "conv2d_1",
        "batch_normalization_1",
        "act",
        "add_1",
    )
    left = edits.remove_layers(renamed, ["act"])
    assert left.blocks["residual"].layers == ("conv2d_1", "batch_normalization_1", "add_1")
    assert not edits.remove_layers(left, ["conv2d_1", "add_1"]).blocks


def test_a_layer_put_between_two_of_a_block_belongs_to_it(network):
    inside, name = edits.insert_on_link(network, Link("conv2d_1", "batch_normalization_1"), "ReLU")
    assert name in inside.blocks["residual"].layers
    outside, name = edits.insert_on_link(network, Link("input", "conv2d_1"), "ReLU")
    assert name not in outside.blocks["residual"].layers
    behind, name = edits.insert_after(network, "add_1", "ReLU")
    assert name not in behind.blocks["residual"].layers
    within, name = edits.insert_after(network, "relu_1", "Dropout")
    assert name in within.blocks["residual"].layers


def test_copying_takes_a_block_along_if_all_of_it_is_chosen(network):
    pasted, names = edits.paste(network, edits.copy(network, INSIDE))
    assert list(pasted.blocks) == ["residual", "residual_2"]
    assert pasted.blocks["residual_2"].layers == names
    pasted, _ = edits.paste(network, edits.copy(network, INSIDE[:3]))
    assert list(pasted.blocks) == ["residual"]


def test_layers_are_taken_out_and_put_in(network):
    less = blocks.take_out(network, ["conv2d_1"])
    assert less.blocks["residual"].layers == INSIDE[1:]
    more = blocks.put_in(less, "residual", ["conv2d_1", "dense_1"])
    assert set(more.blocks["residual"].layers) == {*INSIDE, "dense_1"}
    with pytest.raises(EditError, match="in no block"):
        blocks.take_out(network, ["dense_1"])
    nested, _ = blocks.make_block(network, INSIDE[:2], "inner")
    out = blocks.take_out(nested, INSIDE[:2])
    assert out.blocks["inner"].layers == INSIDE[:2]
    assert out.blocks["residual"].layers == INSIDE[2:]
    assert proper(out)


# -- folding -------------------------------------------------------------------------------------


def test_a_folded_block_is_one_card_and_its_links_end_there(network):
    folded = folding.fold(network, "residual")
    view = folding.shown(folded)
    key = folding.card_key("residual")
    head = ["global_average_pooling_1", "dense_1"]
    assert list(view.network.layers) == ["input", key, *head]
    assert view.network.links == (
        Link("input", key),
        Link(key, "global_average_pooling_1"),
        Link("global_average_pooling_1", "dense_1"),
    )
    assert view.links_of(Link("input", key)) == (Link("input", "conv2d_1"), Link("input", "add_1"))
    assert view.layers_of(key) == INSIDE
    assert view.card_of("relu_1") == key
    assert network["conv2d_1"].position == (0, edits.ROW + folding.TITLE_ROOM)
    assert view.network[key].position == (0, edits.ROW)
    ys = [layer.position[1] for layer in view.network.layers.values()]
    assert ys == [0, 80, 160, 240]
    assert folded.topology is network.topology
    assert folding.fold(folded, "residual", folded=False) == network


def test_a_new_block_makes_room_for_its_title():
    network, name = blocks.make_block(residual(), INSIDE)
    roomy = folding.with_title(network, name)
    assert roomy["input"].position == network["input"].position
    for layer in (*INSIDE, "global_average_pooling_1", "dense_1"):
        x, y = network[layer].position
        assert roomy[layer].position == (x, y + folding.TITLE_ROOM)
    assert folding.with_title(roomy, name) is roomy


def test_nothing_folded_shows_the_network_itself(network):
    assert folding.shown(network).network is network
    assert [(block.name, cards) for block, cards in folding.frames(network, folding.shown(network))]


@pytest.mark.parametrize("times", [3, 12])
def test_all_blocks_are_folded_and_unfolded_at_once_as_one_by_one(network, times):
    many = arrange(templates.repeat_block(network, "residual", times))
    folded = folding.fold_all(many)
    single = many
    for name in many.blocks:
        single = folding.fold(single, name)
    assert folded == single
    assert folding.fold_all(folded, folded=False) == many
    half = folding.fold(many, "residual_2")
    assert folding.fold_all(half) == folded
    assert folding.fold_all(half, folded=False) == many


def test_of_nested_blocks_the_outermost_folded_one_is_seen(network):
    network, _ = blocks.make_block(network, INSIDE[:2], "inner")
    network = arrange(network)
    half = folding.fold(network, "inner")
    view = folding.shown(half)
    assert set(view.folded) == {"[inner]"}
    assert {b.name: c for b, c in folding.frames(half, view)} == {
        "residual": ("[inner]", "relu_1", "add_1")
    }
    both = folding.fold(half, "residual")
    assert set(folding.shown(both).folded) == {"[residual]"}
    assert list(folding.frames(both, folding.shown(both))) == []
    assert folding.fold(both, "inner", folded=False).layers == both.layers
    everything = folding.fold_all(network)
    assert all(block.folded for block in everything.blocks.values())
    assert folding.fold_all(everything, folded=False) == network


def test_links_drawn_to_and_from_a_folded_block_go_to_its_ends(network):
    folded = folding.fold(network, "residual")
    folded, other = edits.add_layer(folded, "Conv2D")
    moved = folding.link_cards(folded, other, "[residual]")
    assert moved.inputs_of("conv2d_1") == (other,)
    assert moved.inputs_of("add_1") == ("relu_1", other)
    with pytest.raises(EditError, match="input already feeds residual"):
        folding.link_cards(folded, "input", "[residual]")
    back = folding.link_cards(folded, "[residual]", other)
    assert back.inputs_of(other) == ("add_1",)
    alone = replace(folded, links=tuple(link for link in folded.links if "input" not in link))
    fed = folding.link_cards(alone, other, "[residual]")
    assert fed.inputs_of("conv2d_1") == (other,)
    assert fed.inputs_of("add_1") == ("relu_1", other)


# -- repeating -----------------------------------------------------------------------------------


@pytest.mark.parametrize("folded", [False, True])
def test_a_block_repeated_three_times_is_a_chain_with_the_same_settings(network, folded):
    network = folding.fold(network, "residual", folded=folded)
    three = templates.repeat_block(network, "residual", 3)
    assert list(three.blocks) == ["residual", "residual_2", "residual_3"]
    assert three.blocks["residual_2"].layers == tuple(f"residual_2_{name}" for name in INSIDE)
    assert three.inputs_of("residual_2_conv2d_1") == ("add_1",)
    assert three.inputs_of("residual_2_add_1") == ("residual_2_relu_1", "add_1")
    assert three.inputs_of("residual_3_add_1") == ("residual_3_relu_1", "residual_2_add_1")
    assert three.inputs_of("global_average_pooling_1") == ("residual_3_add_1",)
    assert all(block.folded == folded for block in three.blocks.values())
    assert not analyse(three).errors
    places = [layer.position for layer in folding.shown(three).network.layers.values()]
    assert len(set(places)) == len(places)
    levels = {
        name: layer.position[1] for name, layer in folding.shown(three).network.layers.items()
    }
    for link in folding.shown(three).network.links:
        assert levels[link.target] >= levels[link.source] + edits.ROW
    assert proper(three)
    six = templates.repeat_block(three, "residual_3", 2)
    assert "residual_4" in six.blocks
    assert "residual_4_conv2d_1" in six


def test_the_order_of_inputs_is_kept_by_copies(network):
    """Concatenate tells its inputs apart."""
    network, _ = edits.add_layer(network, "Concatenate")
    network = connect(connect(network, "input", "concatenate_1"), "add_1", "concatenate_1")
    network = edits.disconnect(network, "add_1", "global_average_pooling_1")
    network = connect(network, "concatenate_1", "global_average_pooling_1")
    network = blocks.dissolve_block(network, "residual")
    network, _ = blocks.make_block(network, [*INSIDE, "concatenate_1"], "swapped")
    twice = templates.repeat_block(network, "swapped", 2)
    assert twice.inputs_of("swapped_2_concatenate_1") == ("concatenate_1", "swapped_2_add_1")


def test_what_is_repeated_or_inserted_inside_a_block_belongs_to_it(network):
    network, _ = blocks.make_block(network, INSIDE[:2], "inner")
    twice = templates.repeat_block(network, "inner", 2)
    assert set(twice.blocks["residual"].layers) == {*INSIDE, *twice.blocks["inner_2"].layers}
    kept = templates.template_of(network, "inner")
    put, name = templates.insert_on(network, [Link("relu_1", "add_1")], kept)
    assert set(put.blocks["residual"].layers) == {*INSIDE, *put.blocks[name].layers}
    before, name = templates.insert_on(network, [Link("input", "conv2d_1")], kept)
    assert before.blocks["residual"].layers == INSIDE
    assert proper(twice)
    assert proper(put)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (("input", "conv2d_1"), "it holds the Input input"),
        (("batch_normalization_1", "add_1"), "fed from 3 places"),
        (("conv2d_1", "global_average_pooling_1"), "fed from 2 places"),
        (("conv2d_1", "dense_1"), "fed from 2 places"),
    ],
)
def test_a_block_without_one_way_in_and_out_is_not_repeated(names, words):
    network, name = blocks.make_block(residual(), names)
    with pytest.raises(EditError, match=words):
        templates.repeat_block(network, name, 2)


def test_a_block_with_two_outputs_is_not_repeated(network):
    two, _ = edits.add_layer(network, "Dense", name="side")
    two = connect(two, "relu_1", "side")
    with pytest.raises(EditError, match=r"2 outputs \(relu_1, add_1\)"):
        templates.repeat_block(two, "residual", 2)
    for times in (1, 0, 201):
        with pytest.raises(EditError, match="2 to 200 times"):
            templates.repeat_block(network, "residual", times)


# -- templates -----------------------------------------------------------------------------------


def test_a_template_goes_into_another_network_with_names_of_its_own(network):
    kept = templates.template_of(network, "residual")
    read = templates.template_from_json(json.loads(json.dumps(templates.template_to_json(kept))))
    assert read == kept
    other = residual()
    made, name = templates.insert_on(other, [Link("add_1", "global_average_pooling_1")], read)
    assert name == "residual"
    assert made.inputs_of("residual_add_1") == ("residual_relu_1", "add_1")
    assert made.inputs_of("global_average_pooling_1") == ("residual_add_1",)
    assert not analyse(made).errors
    again, name = templates.insert_behind(made, read, "add_1")
    assert name == "residual_2"
    assert again.inputs_of("residual_conv2d_1") == ("residual_2_add_1",)
    loose, name = templates.insert(other, read, (500.0, 60.0))
    assert loose.inputs_of("residual_conv2d_1") == ()
    assert folding.place_of(loose, loose.blocks[name].layers) == (500.0, 60.0)
    # Kept again, it is the same: names do not grow.
    assert templates.template_of(again, "residual_2").fragment.layers == kept.fragment.layers
    renamed = templates.renamed(read, "Res block")
    last, name = templates.insert(other, renamed, (0.0, 0.0))
    assert name == "Res block"
    assert "res_block_conv2d_1" in last


def test_a_template_with_two_ends_goes_on_empty_canvas_only():
    network, name = blocks.make_block(residual(), ("batch_normalization_1", "add_1"))
    kept = templates.template_of(network, name)
    assert kept.entries == ()
    with pytest.raises(EditError, match="cannot stand between two layers"):
        templates.insert_on(network, [Link("add_1", "global_average_pooling_1")], kept)
    assert templates.insert(network, kept, (900.0, 0.0))[1] == "block_2"


@pytest.mark.parametrize(
    "change",
    [
        {"format": "cnnstudio"},
        {"version": 3},
        {"name": "another"},
        {"network": None},
        {"entries": [["nowhere", 0]]},
        {"entries": [["conv2d_1", -1]]},
        {"entries": "conv2d_1"},
        {"exit": "nowhere"},
    ],
)
def test_a_file_that_is_no_template_is_refused(network, change):
    document = templates.template_to_json(templates.template_of(network, "residual"))
    with pytest.raises(ProjectError):
        templates.template_from_json({**document, **change})


# -- project files -------------------------------------------------------------------------------


def test_blocks_are_in_the_project_file_and_older_files_load(network):
    folded = folding.fold(network, "residual")
    document = project_to_json(Project(folded))
    assert document["network"]["blocks"] == [
        {"name": "residual", "layers": list(INSIDE), "folded": True}
    ]
    assert project_from_json(json.loads(json.dumps(document))).network == folded
    del document["network"]["blocks"]
    assert not project_from_json(document).network.blocks
    assert "blocks" not in network_to_json(residual())


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({}, "not a list"),
        ([3], "block 1 has no name"),
        ([{"name": "b"}], "no list of layers"),
        ([{"name": "b", "layers": [1, 2]}], "no list of layers"),
        ([{"name": "b", "layers": ["conv2d_1", "gone"]}], "names the layer gone"),
        ([{"name": "b", "layers": ["conv2d_1", "conv2d_1"]}], "names a layer twice"),
        ([{"name": "b", "layers": list(INSIDE), "folded": 1}], "either folded or not"),
        ([{"name": "b", "layers": list(INSIDE)}] * 2, "already a block called b"),
    ],
)
def test_a_project_file_with_broken_blocks_is_refused(entries, words):
    document = network_to_json(residual())
    with pytest.raises(ProjectError, match=words):
        network_from_json({**document, "blocks": entries})


# -- whatever happens ----------------------------------------------------------------------------


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_blocks_stay_proper_through_any_edits_and_in_files(data):
    network = data.draw(networks(most=8))
    for _ in range(data.draw(st.integers(1, 8))):
        again = data.draw(st.booleans())
        network = data.draw(block_edited(network) if again else edited(network))
        assert proper(network)
        view = folding.shown(network)
        assert set(view.hidden.values()) == set(view.folded)
        for link in view.network.links:
            assert link.source in view.network
            assert link.target in view.network
        drawn = [real for link in view.network.links for real in view.links_of(link)]
        inner = [
            link
            for link in network.links
            if link.source in view.hidden
            and view.hidden[link.source] == view.hidden.get(link.target)
        ]
        assert sorted(drawn + inner) == sorted(set(network.links))
        if len(network) > 60:
            break
    assert network_from_json(json.loads(json.dumps(network_to_json(network)))) == network
    for name in network.blocks:
        template = templates.template_of(network, name)
        written = json.loads(json.dumps(templates.template_to_json(template)))
        assert templates.template_from_json(written) == template


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_folding_changes_no_figure(data):
    network = data.draw(networks(most=8))
    network = data.draw(block_edited(network))
    before = analyse(network)
    for name in network.blocks:
        folded = folding.fold(network, name)
        assert analyse(folded, before).layers == before.layers
        assert folded.links == network.links
