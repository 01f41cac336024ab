"""Kept blocks: one file each, whatever their names, told apart from what is damaged."""

import pytest

from cnnstudio.app import paths
from cnnstudio.app.own_blocks import OwnBlockError, OwnBlocks, read_block
from cnnstudio.graph import blocks, edits
from cnnstudio.graph.network import Network
from cnnstudio.graph.templates import template_of


def template(name):
    network, first = edits.add_layer(Network(), "Conv2D")
    network, second = edits.add_layer(network, "ReLU", (0.0, 80.0))
    network = edits.connect(network, first, second)
    network, name = blocks.make_block(network, [first, second], name)
    return template_of(network, name)


@pytest.fixture
def own(qapp):
    own = OwnBlocks()
    own.told = []
    own.failed.connect(own.told.append)
    return own


@pytest.mark.parametrize(
    "name", ["stage", "a/b", "..", "C:\\x", "ключ", "con.json", "s" * 60, "two words", "/"]
)
def test_any_name_is_kept_and_read_again(own, name):
    assert own.keep(template(name))
    assert own.names == (name,)
    assert own[name] == template(name)
    (file,) = paths.own_blocks_folder().iterdir()
    assert file.parent == paths.own_blocks_folder()
    again = OwnBlocks()
    again.refresh()
    assert again[name] == template(name)
    assert again.delete(name)
    assert not list(paths.own_blocks_folder().iterdir())
    own.refresh()
    assert own.names == ()
    assert not own.told


def test_names_that_make_the_same_file_name_are_both_kept(own):
    assert own.keep(template("a/b"))
    assert own.keep(template("a:b"))
    assert own.names == ("a/b", "a:b")
    assert own.rename("a:b", "c")
    assert own.names == ("a/b", "c")
    assert not own.rename("c", "a/b")
    assert "already a block of your own" in own.told[-1]
    assert not own.rename("c", " ")
    assert "1 to 60 letters" in own.told[-1]
    assert own.rename("c", "c")
    assert not own.rename("nothing", "d")


def test_changes_by_another_window_are_seen_and_told_once(own):
    other = OwnBlocks()
    heard = []
    own.changed.connect(lambda: heard.append(own.names))
    other.keep(template("stage"))
    own.refresh()
    own.refresh()
    assert heard == [("stage",)]


def test_a_folder_that_cannot_be_made_is_told(own):
    paths.own_blocks_folder().parent.mkdir(parents=True, exist_ok=True)
    paths.own_blocks_folder().write_text("a file in its way")
    assert not own.keep(template("stage"))
    assert str(paths.own_blocks_folder()) in own.told[-1]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b'{"format": "cnnstudio-block"}']
)
def test_a_file_that_is_no_block_is_refused_by_name(own, content):
    paths.own_blocks_folder().mkdir(parents=True)
    file = paths.own_blocks_folder() / "x.json"
    file.write_bytes(content)
    with pytest.raises(OwnBlockError, match=r"x\.json"):
        read_block(file)
    own.refresh()
    assert len(own.told) == 1
