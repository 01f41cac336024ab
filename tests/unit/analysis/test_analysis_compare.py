"""Two networks side by side: every edit is found, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import edited, networks, settings_of

from cnnstudio.analysis import analyse
from cnnstudio.analysis.compare import KINDS, Side, compare
from cnnstudio.analysis.totals import memory
from cnnstudio.analysis.words import share_text, value_text
from cnnstudio.graph import edits
from cnnstudio.graph.network import Link, Network
from cnnstudio.graph.presets import PRESETS


def side(network: Network, title: str = "it") -> Side:
    analysis = analyse(network)
    return Side(title, analysis, memory(analysis, 32, 2, "Adam"))


def differences(old: Network, new: Network) -> dict[str, str]:
    """Kind by name; what only follows from a change before it is left out."""
    rows = compare(side(old), side(new)).differences
    return {row.info.name: row.kind for row in rows if row.kind != "figures"}


@given(networks())
def test_a_network_and_itself_have_no_differences(network):
    comparison = compare(side(network), side(network))
    assert comparison.differences == ()
    assert [row.info.name for row in comparison.rows] == list(analyse(network).layers)
    assert all(figure.old == figure.new for figure in comparison.figures)
    assert "No differences" in comparison.headline


@given(networks(), st.data())
def test_changed_settings_are_found_and_nothing_else(network, data):
    name = data.draw(st.sampled_from(list(network.layers)))
    given_ = data.draw(settings_of(network[name].type))
    new = edits.set_settings(network, name, given_)
    changed = {key for key in given_ if new[name][key] != network[name][key]}
    comparison = compare(side(network), side(new))
    rows = [row for row in comparison.rows if row.kind not in ("same", "figures")]
    # All uses of a layer have its settings.
    uses = set(new.uses_of(name)) if changed else set()
    assert {row.info.name for row in rows} == uses
    for row in rows:
        assert row.kind == "changed"
        assert {change.what for change in row.changes} == changed
        for change in row.changes:
            assert (change.old, change.new) == (
                network[name][change.what],
                new[name][change.what],
            )


@given(networks(), st.data())
def test_a_renamed_layer_is_recognised(network, data):
    name = data.draw(st.sampled_from(list(network.layers)))
    assert differences(network, edits.rename(network, name, "another")) == {"another": "renamed"}


@given(networks(), st.data())
def test_all_layers_renamed_are_recognised(network, data):
    new = network
    for name in network.layers:
        new = edits.rename(new, name, f"other_{name}")
    comparison = compare(side(network), side(new))
    assert {row.kind for row in comparison.rows} == {"renamed"}
    assert all(row.info.name == f"other_{row.old.name}" for row in comparison.rows)


@given(networks(), st.data())
def test_an_inserted_layer_is_found_and_moves_no_link(network, data):
    link = data.draw(st.sampled_from(network.links))
    new, name = edits.insert_on_link(network, link, "BatchNormalization")
    found = differences(network, new)
    assert found == {name: "added"}
    assert differences(new, network) == {name: "removed"}


@given(networks(), st.data())
def test_a_layer_of_a_chain_taken_out_is_found(network, data):
    inner = [
        name
        for name in network.layers
        if len(network.inputs_of(name)) == 1 and len(network.outputs_of(name)) == 1
    ]
    assume(inner)
    name = data.draw(st.sampled_from(inner))
    new = edits.remove_layers(network, [name])
    # A merge that the layer's input feeds already cannot take it twice.
    (source,), (target,) = network.inputs_of(name), network.outputs_of(name)
    assume(Link(source, target) not in network.links)
    assert differences(network, new) == {name: "removed"}


@given(networks(), st.data())
def test_a_link_cut_or_drawn_shows_at_its_target(network, data):
    link = data.draw(st.sampled_from(network.links))
    new = edits.disconnect(network, *link)
    assert differences(network, new) == {link.target: "relinked"}
    assert differences(new, network) == {link.target: "relinked"}


@given(networks(), st.data())
def test_any_edits_are_accounted_for(network, data):
    new = data.draw(edited(data.draw(edited(network))))
    comparison = compare(side(network), side(new))
    olds = [row.old.name for row in comparison.rows if row.old]
    news = [row.new.name for row in comparison.rows if row.new]
    assert sorted(olds) == sorted(network.layers)
    assert news == list(analyse(new).layers)
    # Which layers count as renamed may differ with the direction; the balance may not.
    counts = comparison.counts
    assert counts["added"] - counts["removed"] == len(new) - len(network)
    assert sum(counts.values()) == len(comparison.rows)
    json.dumps(comparison.to_json())


def test_a_block_put_in_front_is_what_was_added():
    """All names differ, types repeat: the alignment finds the block that is new."""
    old = PRESETS["vgg16"].build()
    for number, name in enumerate(list(old.layers)):
        old = edits.rename(old, name, f"first_{number}")
    new = PRESETS["vgg16"].build()
    new, conv = edits.insert_before(new, "block3_conv1", "Conv2D", settings={"filters": 7})
    new, _ = edits.insert_after(new, conv, "Dropout")
    comparison = compare(side(old), side(new))
    assert comparison.counts["added"] == 2
    assert [row.info.name for row in comparison.rows if row.kind == "added"] == [
        conv,
        "dropout_1",
    ]
    assert comparison.counts["removed"] == comparison.counts["changed"] == 0


def test_removed_layers_stand_where_they_were():
    old = PRESETS["lenet5"].build()
    new = edits.remove_layers(old, ["dense_2"])
    names = [row.info.name for row in compare(side(old), side(new)).rows]
    assert names == list(old.order)


def test_another_type_under_the_same_name_is_a_change():
    old, _ = edits.add_layer(Network(), "ReLU", name="act")
    new, _ = edits.add_layer(Network(), "Dropout", name="act")
    (row,) = compare(side(old), side(new)).rows
    assert row.kind == "changed"
    assert row.details.startswith("type ReLU → Dropout")


def test_what_follows_from_a_change_is_told_apart():
    old = PRESETS["lenet5"].build()
    new = edits.set_setting(old, "dense_1", "units", 100)
    comparison = compare(side(old, "before"), side(new, "after"))
    kinds = {row.info.name: row.kind for row in comparison.differences}
    assert kinds == {"dense_1": "changed", "dense_2": "figures"}
    figures = {figure.key: (figure.old, figure.new) for figure in comparison.figures}
    assert figures["parameters"] == (61_706, 61_706 - 20 * 401 - 20 * 84)
    assert figures["depth"] == (5, 5)
    text = comparison.to_text(lambda count: f"{count:,.0f} B")
    assert "before → after" in text
    assert "units 120 → 100" in text
    assert "1 changed, 1 other figures" in text
    assert "conv2d_1" not in text
    assert "conv2d_1" in comparison.to_text(str, only_differences=False)


def test_json_has_every_layer_and_total():
    old, new = PRESETS["mlp"].build(), PRESETS["lenet5"].build()
    document = json.loads(json.dumps(compare(side(old, "a"), side(new, "b")).to_json()))
    assert list(document) == ["old", "new", "counts", "layers", "totals", "memory"]
    assert list(document["counts"]) == list(KINDS)
    assert document["totals"]["parameters"]["new"] == 61_706
    assert document["memory"]["old"]["optimizer"] == "Adam"
    assert {"kind", "old", "new", "changes"} == set(document["layers"][0])


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, ""), (0.12, "+12 %"), (-0.031, "−3.1 %"), (1.5, "× 2.5"), (-0.99, "÷ 100"),
        (-1.0, "−100 %"), (0.00001, "+0.1 %"), (-0.5, "−50 %"),
    ],
)  # fmt: skip
def test_shares_in_words(share, text):
    assert share_text(share) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "none"), (True, "yes"), ((3, 3), "3×3"), (0.001, "0.001"), ("same", "same"),
     (((1, 2), (0, 0)), "(1×2, 0×0)")],
)  # fmt: skip
def test_values_in_words(value, text):
    assert value_text(value) == text
