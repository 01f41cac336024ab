"""Project files: what is saved is read again, what is broken is refused and left alone."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import edited, networks

from cnnstudio.graph import edits
from cnnstudio.graph.network import Link, Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import (
    VERSION,
    Project,
    ProjectError,
    load_project,
    project_from_json,
    project_to_json,
    save_project,
    write_atomically,
)

QUIET = {
    "deadline": None,
    "derandomize": True,
    "print_blob": True,
    "suppress_health_check": [
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
}


@pytest.fixture
def saved(tmp_path):
    """A project file of the small CNN."""
    path = tmp_path / "net.cnns"
    save_project(Project(PRESETS["small-cnn"].build(), {"seed": 3}, {"epochs": 8}), path)
    return path


def changed(path: Path, change) -> Path:
    """Change the JSON document in the file."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path


def refusal(path: Path) -> str:
    """The message on loading; the file must be left as it was."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(ProjectError) as caught:
        load_project(path)
    assert str(path) in caught.value.message
    if before is not None:
        assert path.read_bytes() == before
    return caught.value.message


@given(st.data(), networks(most=8))
@settings(max_examples=60, **QUIET)
def test_what_is_saved_is_read_again(tmp_path, data, network):
    for _ in range(data.draw(st.integers(0, 3))):
        network = data.draw(edited(network))
    path = tmp_path / "any.cnns"
    save_project(Project(network, {"folder": "ü"}, {"epochs": 2}), path)
    assert load_project(path) == Project(network, {"folder": "ü"}, {"epochs": 2})
    first = path.read_bytes()
    save_project(load_project(path), path)
    assert path.read_bytes() == first


def test_the_file_is_as_agreed(saved):
    document = json.loads(saved.read_text(encoding="utf-8"))
    assert list(document) == ["format", "version", "network", "data", "training"]
    assert document["format"] == "cnnstudio"
    assert document["version"] == 1
    assert list(document["network"]) == ["layers", "links"]
    layer = document["network"]["layers"][2]
    assert list(layer) == ["name", "type", "settings", "position"]
    assert layer["type"] == "Conv2D"
    assert layer["settings"]["kernel_size"] == [3, 3]
    assert document["network"]["links"][0] == ["input", "rescaling_1"]
    assert saved.read_text().startswith('{\n  "format"')


def test_parts_of_other_programs_are_kept(saved):
    changed(saved, lambda document: document.update(notes={"by": "Ada"}))
    save_project(load_project(saved), saved)
    assert json.loads(saved.read_text())["notes"] == {"by": "Ada"}


def test_missing_settings_take_their_defaults(saved):
    def shorten(document):
        document["network"]["layers"][2] = {"name": "conv2d_1", "type": "Conv2D"}
        del document["data"]

    project = load_project(changed(saved, shorten))
    assert project.network["conv2d_1"]["filters"] == 32
    assert project.data == {}


def test_a_circle_is_read_for_the_person_to_mend(tmp_path):
    network = PRESETS["mlp"].build()
    circle = Network(network.layers, (*network.links[1:], Link("dense_3", "rescaling_1")))
    path = tmp_path / "circle.cnns"
    save_project(Project(circle), path)
    assert load_project(path).network.topology.cyclic


def test_double_links_to_a_merge_are_read(tmp_path):
    network, _ = edits.add_layer(PRESETS["mlp"].build(), "Add")
    double = Network(network.layers, (*network.links, *[Link("dense_1", "add_1")] * 2))
    path = tmp_path / "double.cnns"
    save_project(Project(double), path)
    assert load_project(path).network == double


def test_a_byte_order_mark_does_no_harm(saved):
    saved.write_bytes(b"\xef\xbb\xbf" + saved.read_bytes())
    assert len(load_project(saved).network) == 13


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_file_cut_short(saved, share):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * share)])
    message = refusal(saved)
    assert "damaged or cut short" in message
    assert "left as it is" in message


def test_a_newer_version(saved):
    message = refusal(changed(saved, lambda document: document.update(version=VERSION + 1)))
    assert f"version {VERSION + 1}" in message
    assert "newer CNN Studio" in message


@pytest.mark.parametrize("version", [None, "1", 0, -1, True, 1.5])
def test_a_version_that_is_none(saved, version):
    assert "version" in refusal(changed(saved, lambda document: document.update(version=version)))


def test_something_else(tmp_path):
    for name, content in (
        ("picture.cnns", b"\xff\xd8\xff\xe0"),
        ("list.cnns", b"[]"),
        ("other.cnns", b'{"format": "other"}'),
        ("deep.cnns", b"[" * 100_000),
        ("digits.cnns", b'{"version": ' + b"1" * 5000 + b"}"),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        refusal(path)
    refusal(tmp_path / "missing.cnns")
    refusal(tmp_path)


def layer(document, index):
    return document["network"]["layers"][index]


BROKEN = {
    "no network": (lambda d: d.pop("network"), '"network" is missing'),
    "no links": (lambda d: d["network"].pop("links"), '"layers" and a list of "links"'),
    "data is a list": (lambda d: d.update(data=[]), '"data"'),
    "a layer without a name": (lambda d: layer(d, 2).pop("name"), "layer 3 has no name"),
    "a name twice": (lambda d: layer(d, 2).update(name="input"), "already a layer called input"),
    "an impossible name": (lambda d: layer(d, 2).update(name="a b"), "cannot be a layer's name"),
    "an unknown type": (lambda d: layer(d, 2).update(type="Conv9D"), "the type 'Conv9D'"),
    "a type that is a list": (lambda d: layer(d, 2).update(type=[]), "conv2d_1"),
    "settings that are a list": (lambda d: layer(d, 2).update(settings=[]), "conv2d_1"),
    "an unknown setting": (
        lambda d: layer(d, 2)["settings"].update(filtres=3),
        "conv2d_1 (Conv2D) has no setting 'filtres'",
    ),
    "a bad setting": (
        lambda d: layer(d, 2)["settings"].update(filters=0),
        "conv2d_1: filters must be at least 1",
    ),
    "a position of text": (lambda d: layer(d, 2).update(position=["a", 0]), "the position"),
    "a position that is no number": (
        lambda d: layer(d, 2).update(position=[float("nan"), 0]),
        "the position of the layer conv2d_1",
    ),
    "a position out of the world": (
        lambda d: layer(d, 2).update(position=[10**400, 0]),
        "the position of the layer conv2d_1",
    ),
    "a link to nowhere": (
        lambda d: d["network"]["links"].append(["input", "nowhere"]),
        "'nowhere', which is not in the file",
    ),
    "a link of three": (
        lambda d: d["network"]["links"].append(["a", "b", "c"]),
        "not a pair",
    ),
    "a link into the input": (
        lambda d: d["network"]["links"].append(["dense_1", "input"]),
        "which is an Input",
    ),
    "two links into one": (
        lambda d: d["network"]["links"].append(["input", "dense_1"]),
        "two links end at dense_1",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_the_place(saved, case):
    change, words = BROKEN[case]
    assert words in refusal(changed(saved, change))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "type", "layers", "links", "settings", "position", "x"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=200, **QUIET)
def test_any_document_is_read_or_refused(network):
    document = {"format": "cnnstudio", "version": 1, "network": network}
    try:
        project = project_from_json(document)
    except ProjectError:
        return
    assert project_from_json(project_to_json(project)) == project


def test_saving_leaves_nothing_beside(saved):
    save_project(load_project(saved), saved)
    assert [path.name for path in saved.parent.iterdir()] == ["net.cnns"]


def test_saving_keeps_the_mode_and_a_link(saved, tmp_path):
    saved.chmod(0o640)
    link = tmp_path / "link.cnns"
    link.symlink_to(saved)
    save_project(Project(), link)
    assert link.is_symlink()
    assert stat.S_IMODE(saved.stat().st_mode) == 0o640
    assert len(load_project(saved).network) == 0


def assert_not_saved(path: Path, reason: str) -> None:
    with pytest.raises(ProjectError) as caught:
        save_project(Project(), path)
    assert str(path) in caught.value.message
    assert reason in caught.value.message
    assert "save under another name" in caught.value.message


def test_a_read_only_file_is_not_replaced(saved):
    before = saved.read_bytes()
    saved.chmod(0o444)
    assert_not_saved(saved, "read-only")
    assert saved.read_bytes() == before


def test_a_folder_that_cannot_be_written(saved):
    assert_not_saved(saved.parent / "nowhere" / "net.cnns", "No such file")
    assert_not_saved(saved / "net.cnns", "Not a directory")
    if os.geteuid():
        saved.parent.chmod(0o555)
        try:
            assert_not_saved(saved, "Permission denied")
        finally:
            saved.parent.chmod(0o755)


def test_a_full_disk_leaves_the_old_file(saved):
    resource = pytest.importorskip("resource")
    before = saved.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(ProjectError, match="What was there before is unchanged"):
            write_atomically(saved, b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["net.cnns"]
