import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.data.settings_model import settings_from_json
from cnnstudio.graph import edits
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project, load_project, save_project
from cnnstudio.search.defaults import default_entry
from cnnstudio.search.errors import SearchError
from cnnstudio.search.joining import base_of
from cnnstudio.search.settings import (
    PART,
    Choices,
    Range,
    SearchSettings,
    entry_text,
    parse_entry,
)
from cnnstudio.search.space import (
    check_entry,
    check_space,
    keys_of,
    marked_layers,
    renamed,
    with_values,
)

numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: float(f"{value:.6g}"))
ranges = st.builds(
    lambda low, width, log, step: (
        Range(low=abs(low) + 1e-3, high=abs(low) + 1 + width, log=True)
        if log
        else Range(low=low, high=low + 1 + width, step=step)
    ),
    numbers,
    st.floats(0, 1e3).map(lambda value: float(f"{value:.3g}")),
    st.booleans(),
    st.none() | st.sampled_from([0.5, 1.0, 8.0]),
)
words = st.text("abcxyz_-, \"'[1", min_size=0, max_size=6)
values = st.none() | st.booleans() | st.integers(-99, 99) | numbers | words | st.just([3, 3])
choices = st.lists(values, min_size=1, max_size=5, unique_by=repr).map(
    lambda found: {str(value) + type(value).__name__: value for value in found}
)


@given(ranges)
def test_a_range_is_read_back_from_its_text(entry):
    read = parse_entry(entry_text(entry))
    assert read.low == pytest.approx(entry.low)
    assert (read.log, read.step) == (entry.log, entry.step)


@given(choices)
def test_choices_are_read_back_from_their_text(found):
    try:
        entry = Choices(choices=tuple(found.values()))
    except ValueError:
        return
    assert parse_entry(entry_text(entry)) == entry
    document = SearchSettings(space={"training.batch_size": entry}).to_json()
    assert settings_from_json(SearchSettings, document, "search").space == {
        "training.batch_size": entry
    }


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("1e-4..1e-1:log", Range(low=1e-4, high=0.1, log=True)),
        ("8 .. 64 step 8", Range(low=8, high=64, step=8)),
        ("8..64:step 8", Range(low=8, high=64, step=8)),
        ("0.1, 0.2", Choices(choices=(0.1, 0.2))),
        ("relu, gelu", Choices(choices=("relu", "gelu"))),
        ("[[3, 3], [5, 5]]", Choices(choices=([3, 3], [5, 5]))),
        ('{"low": 1, "high": 3}', Range(low=1, high=3)),
        ("true, false", Choices(choices=(True, False))),
    ],
)
def test_what_a_person_writes(text, entry):
    assert parse_entry(text) == entry


@pytest.mark.parametrize("text", ["", "3..1", "0..1 log", "1,,2", "1, 1", "1..2 log step 1", "[]"])
def test_what_cannot_be_searched_over(text):
    with pytest.raises(SearchError, match="cannot be searched over"):
        parse_entry(text)


def test_the_numbers_of_a_grid():
    assert Range(low=8, high=30, step=8).grid(whole=True) == [8, 16, 24]
    assert Range(low=1e-4, high=1, log=True).grid(whole=False) == [1e-4, 1e-3, 0.01, 0.1, 1]
    assert Range(low=1, high=3).grid(whole=True) == [1, 2, 3]
    assert Range(low=0, high=1).grid(whole=False) == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_every_key_has_a_usual_range_that_it_can_have(preset):
    project = Project(PRESETS[preset].build())
    keys = keys_of(project)
    assert "training.optimizer.learning_rate" in keys
    assert "data.augmentation.rotation.enabled" in keys
    seen = set()
    for name, key in keys.items():
        kind = (name.rpartition(".")[2], key.kind, str(key.value))
        if kind in seen:
            continue
        seen.add(kind)
        assert key.help
        entry = default_entry(key)
        check_entry(keys, name, entry)
        assert parse_entry(entry_text(entry)) == entry


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("training.learning_rate", "0.1, 0.2", "training.optimizer.learning_rate"),
        ("training.optimizer.learning_rate", "-1..1", "must be greater than 0"),
        ("training.batch_size", "1.5..3", "whole numbers"),
        ("training.optimizer.name", "1..2", "Adam"),
        ("training.optimizer.name", "Adam, Adamm", "one of"),
        ("layers.conv2d_9.filters", "1, 2", "There is no layer"),
        ("layers.conv2d_1.filter", "1, 2", "has no setting filter; it has filters"),
        ("layers.conv2d_1.filters", "0..8", "at least 1"),
        ("data.folder", "a, b", "--data"),
        ("training.epochs", "1, 2", "epochs of its own"),
        ("network.depth", "1, 2", "keys begin with"),
    ],
)
def test_a_key_or_value_that_cannot_be_says_so(key, text, said):
    project = Project(PRESETS["small-cnn"].build())
    settings = SearchSettings(space={key: parse_entry(text)})
    with pytest.raises(SearchError, match=said):
        check_space(project, settings)


def test_nothing_to_search_over_says_what_to_do():
    with pytest.raises(SearchError, match="Nothing is searched over"):
        check_space(Project(PRESETS["small-cnn"].build()), SearchSettings())


def test_values_are_put_in():
    project = Project(PRESETS["small-cnn"].build(), {}, {"optimizer": {"name": "SGD"}})
    values = {
        "training.optimizer.learning_rate": 0.25,
        "data.augmentation.rotation.enabled": True,
        "layers.conv2d_1.filters": 7,
        "layers.conv2d_1.kernel_size": 5,
    }
    found = with_values(project, values)
    assert found.training == {"optimizer": {"name": "SGD", "learning_rate": 0.25}}
    assert found.data["augmentation"]["rotation"]["enabled"] is True
    assert found.network["conv2d_1"]["filters"] == 7
    assert found.network["conv2d_1"]["kernel_size"] == (5, 5)
    assert project.training == {"optimizer": {"name": "SGD"}}
    assert keys_of(found)["layers.conv2d_1.kernel_size"].value == 5
    with pytest.raises(SearchError, match="There is no layer"):
        with_values(project, {"layers.none.filters": 3})


def test_layers_with_dots_in_their_names_are_found_and_follow_a_new_name():
    network = edits.rename(PRESETS["small-cnn"].build(), "conv2d_1", "block.conv")
    settings = SearchSettings(
        space={
            "layers.block.conv.filters": parse_entry("1, 2"),
            "training.batch_size": parse_entry("1, 2"),
        }
    )
    assert check_space(Project(network), settings)
    assert marked_layers(settings.space) == {"block.conv"}
    assert list(renamed(settings, "block.conv", "stem").space) == [
        "layers.stem.filters",
        "training.batch_size",
    ]


def test_the_search_is_kept_in_a_project_file(tmp_path):
    settings = SearchSettings(method="grid", space={"training.batch_size": parse_entry("8, 16")})
    project = Project(PRESETS["lenet5"].build(), extra={PART: settings.to_json()})
    save_project(project, tmp_path / "a.cnns")
    read = load_project(tmp_path / "a.cnns")
    assert settings_from_json(SearchSettings, read.extra[PART], PART) == settings
    save_project(Project(PRESETS["lenet5"].build()), tmp_path / "b.cnns")
    assert PART not in (tmp_path / "b.cnns").read_text(encoding="utf-8")


def test_what_trials_have_in_common_is_told_by_what_is_not_searched_over():
    project = Project(PRESETS["small-cnn"].build(), {"folder": "here"}, {"batch_size": 8})
    settings = SearchSettings(
        space={
            "training.batch_size": parse_entry("8, 16"),
            "layers.conv2d_1.filters": parse_entry("8, 16"),
        }
    )
    base = base_of(project, settings)
    moved = Project(
        edits.move(project.network, {"conv2d_1": (5, 5)}), {"folder": "there"}, {"epochs": 3}
    )
    assert base_of(with_values(moved, {"layers.conv2d_1.filters": 16}), settings) == base
    other = with_values(project, {"layers.conv2d_2.filters": 3})
    assert base_of(other, settings)["network"] != base["network"]
    other = with_values(project, {"training.seed": 3})
    differing = {part for part, digest in base_of(other, settings).items() if digest != base[part]}
    assert differing == {"training"}


def test_direction_follows_the_figure():
    assert SearchSettings(monitor="val_accuracy").maximizes
    assert not SearchSettings(monitor="val_loss").maximizes
    assert SearchSettings(monitor="val_loss", direction="maximize").maximizes
