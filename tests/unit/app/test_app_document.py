"""The document: undo, merging, signals, files and what the data makes of it."""

import gc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnstudio.app.document import Document
from cnnstudio.data.scan import scan_folder
from cnnstudio.data.settings import DataSettings
from cnnstudio.graph import edits
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project, load_project, save_project
from cnnstudio.search.settings import Choices, SearchSettings
from cnnstudio.training.settings import FineTune


@pytest.fixture
def document(qapp):
    return Document()


@pytest.fixture
def counted(document):
    """How often each signal of the document was sent."""
    counts = dict.fromkeys(("changed", "project_changed", "data_changed", "training_changed"), 0)

    def count(name):
        counts[name] += 1

    for name in counts:
        getattr(document, name).connect(lambda name=name: count(name))
    return counts


def make_folder(folder: Path, classes=("cat", "dog"), count=6, size=(20, 24)):
    for number, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            color = (40 * number, 10 * index, 90)
            Image.new("RGB", size, color).save(folder / name / f"{index}.png")
    return folder


def conv(network):
    return next(name for name, layer in network.layers.items() if layer.type == "Conv2D")


def test_starts_with_the_small_preset_unchanged(document):
    assert not document.dirty
    assert document.path is None
    assert document.analysis.trainable
    assert set(document.analysis.layers) == set(document.network.layers)


def test_change_is_announced_once_with_its_analysis(document, counted):
    name = conv(document.network)
    seen = []
    document.changed.connect(lambda: seen.append(document.analysis.layers[name].output_shape))
    assert document.edit("More filters", edits.set_setting, name, "filters", 7)
    assert seen == [(*document.analysis.layers[name].output_shape[:2], 7)]
    assert counted["changed"] == 1
    assert counted["project_changed"] == 1
    assert counted["data_changed"] == counted["training_changed"] == 0
    assert document.dirty


def test_undo_and_redo_restore_network_and_analysis(document):
    before, analysis = document.network, document.analysis
    document.edit("Remove", edits.remove_layers, [conv(before)])
    after = document.network
    assert after != before
    document.undo_stack.undo()
    assert document.network is before
    assert document.analysis.parameters == analysis.parameters
    assert not document.dirty
    document.undo_stack.redo()
    assert document.network is after


def test_refused_edit_says_why_and_changes_nothing(document, qtbot, counted):
    with qtbot.waitSignal(document.failed) as failed:
        assert document.edit("Rename", edits.rename, conv(document.network), "1 bad") is None
    assert "1 bad" in failed.args[0]
    assert counted["changed"] == 0
    assert not document.undo_stack.canUndo()


def test_edit_gives_back_what_the_function_adds(document):
    name = document.edit("Add", edits.add_layer, "Dropout")
    assert document.network[name].type == "Dropout"


def test_typing_is_one_step(document):
    name = conv(document.network)
    for filters in (1, 12, 128):
        changed = edits.set_setting(document.network, name, "filters", filters)
        document.apply("Change filters", changed, merge_key=(name, "filters"))
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "Change filters"
    document.undo_stack.undo()
    assert document.network[name]["filters"] == 32


def test_other_keys_and_no_key_are_steps_of_their_own(document):
    name = conv(document.network)
    for key, filters in (("a", 2), ("b", 3), (None, 4), (None, 5)):
        changed = edits.set_setting(document.network, name, "filters", filters)
        document.apply("Change filters", changed, merge_key=key)
    assert document.undo_stack.count() == 4


def test_typing_there_and_back_leaves_nothing_to_undo(document):
    name = conv(document.network)
    for filters in (3, 32):
        changed = edits.set_setting(document.network, name, "filters", filters)
        document.apply("Change filters", changed, merge_key="filters")
    assert not document.undo_stack.canUndo()
    assert not document.dirty


def test_equal_network_is_no_step(document, counted):
    document.apply("Nothing", Network(document.network.layers, document.network.links))
    assert not document.undo_stack.canUndo()
    assert counted["changed"] == 0


def test_macro_groups_steps(document):
    before = document.network
    document.undo_stack.beginMacro("Two things")
    document.edit("Add", edits.add_layer, "Dropout")
    document.edit("Add", edits.add_layer, "Flatten")
    document.undo_stack.endMacro()
    assert document.undo_stack.undoText() == "Two things"
    document.undo_stack.undo()
    assert document.network == before


def test_a_preset_fits_the_data_or_says_why_it_cannot(document, tmp_path):
    document.set_data(DataSettings(folder=str(tmp_path), image_size=(40, 48)))
    assert document.start_from("mobilenetv2")
    assert document.network["input"]["shape"] == (40, 48, 3)
    assert document.undo_stack.undoText() == "Start from MobileNetV2"
    said = []
    document.failed.connect(said.append)
    network = document.network
    assert not document.start_from("alexnet")
    assert document.network is network
    assert said == [
        "AlexNet needs pictures of at least 67 × 67 pixels; 40 × 48 is too small. Choose a larger "
        "picture size, or a network for small pictures."
    ]


def test_data_and_training_settings_are_undoable(document, counted):
    document.set_data(document.data.model_copy(update={"image_size": (64, 48)}), "Picture size")
    document.set_training(document.training.model_copy(update={"epochs": 3}), "Epochs")
    assert (counted["data_changed"], counted["training_changed"]) == (1, 1)
    assert counted["changed"] == 0
    assert document.project.data["image_size"] == [64, 48]
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert document.training.epochs == 10
    assert document.data == DataSettings()
    assert not document.dirty


def test_what_speaks_of_a_layer_follows_its_name(document):
    name = conv(document.network)
    fine_tune = FineTune(enabled=True, unfreeze_from=name)
    document.set_training(document.training.model_copy(update={"fine_tune": fine_tune}))
    document.set_search(SearchSettings(space={f"layers.{name}.filters": Choices(choices=(8, 16))}))
    document.rename_layer(name, "stem")
    assert document.training.fine_tune.unfreeze_from == "stem"
    assert list(document.search.space) == ["layers.stem.filters"]
    document.undo_stack.undo()
    assert document.training.fine_tune.unfreeze_from == name


def test_report_counts_only_for_its_folder(document, tmp_path):
    folder = make_folder(tmp_path / "pets")
    document.set_data(document.data.model_copy(update={"folder": str(folder)}), "Open folder")
    assert document.classes is None
    document.set_report(scan_folder(folder))
    assert document.classes == 2
    assert document.class_names == ("cat", "dog")
    # The preset has ten scores for two classes.
    assert any(problem.layer for problem in document.analysis.problems)
    document.undo_stack.undo()
    assert document.report is None
    assert document.classes is None


def test_match_data_sets_input_and_last_dense_in_one_step(document, tmp_path):
    folder = make_folder(tmp_path / "pets", ("ant", "bee", "cow"))
    document.set_data(
        document.data.model_copy(
            update={"folder": str(folder), "image_size": (20, 24), "color_mode": "grayscale"}
        ),
        "Open folder",
    )
    document.set_report(scan_folder(folder))
    assert "units 3" in document.data_mismatch()
    assert document.match_data()
    network = document.network
    assert network[network.sources[0]]["shape"] == (20, 24, 1)
    assert network[network.order[-1]]["units"] == 3
    assert document.data_mismatch() == ""
    assert not document.match_data()
    document.undo_stack.undo()
    assert document.network[document.network.order[-1]]["units"] == 10


def test_match_keeps_one_sigmoid_unit_for_two_classes(document, tmp_path):
    folder = make_folder(tmp_path / "pets")
    last = document.network.order[-1]
    document.edit("x", edits.set_settings, last, {"units": 1, "activation": "sigmoid"})
    document.set_data(document.data.model_copy(update={"folder": str(folder)}), "Open folder")
    document.set_report(scan_folder(folder))
    document.match_data()
    assert document.network[last]["units"] == 1


def test_save_and_open_again(document, tmp_path):
    document.edit("Add", edits.add_layer, "Dropout")
    document.set_training(document.training.model_copy(update={"epochs": 3}), "Epochs")
    assert document.save(tmp_path / "mine")
    assert document.path == tmp_path / "mine.cnns"
    assert document.title == "mine.cnns"
    assert not document.dirty
    other = Document()
    assert other.open(tmp_path / "mine.cnns")
    assert other.network == document.network
    assert other.training == document.training
    assert not other.dirty


def test_save_without_a_file_asks_for_one(document, qtbot):
    with qtbot.waitSignal(document.failed):
        assert not document.save()


def test_unknown_parts_of_a_file_survive(document, tmp_path):
    path = tmp_path / "p.cnns"
    document.save(path)
    text = path.read_text().rstrip().removesuffix("}") + ', "notes": {"by": "me"}}'
    path.write_text(text)
    assert document.open(path)
    document.edit("Add", edits.add_layer, "Dropout")
    document.save()
    assert load_project(path).extra == {"notes": {"by": "me"}}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        '{"format": "cnnstudio", "version": 99}',
        '{"format": "cnnstudio", "version": 1, "network": {"layers": [], "links": []}, '
        '"training": {"epochs": 0}}',
    ],
)
def test_bad_file_leaves_the_project_alone(document, tmp_path, qtbot, content):
    path = tmp_path / "bad.cnns"
    path.write_text(content)
    document.edit("Add", edits.add_layer, "Dropout")
    network = document.network
    with qtbot.waitSignal(document.failed) as failed:
        assert not document.open(path)
    assert "bad.cnns" in failed.args[0]
    assert document.network is network
    assert document.dirty
    assert path.read_text() == content


def test_save_into_a_missing_folder_fails_with_words(document, tmp_path, qtbot):
    document.edit("Add", edits.add_layer, "Dropout")
    with qtbot.waitSignal(document.failed) as failed:
        assert not document.save(tmp_path / "nowhere" / "p.cnns")
    assert "nowhere" in failed.args[0]
    assert document.dirty
    assert document.path is None


def test_new_forgets_file_data_and_steps(document, tmp_path):
    document.edit("Add", edits.add_layer, "Dropout")
    document.save(tmp_path / "p.cnns")
    document.new(Network())
    assert len(document.network) == 0
    assert document.path is None
    assert not document.undo_stack.canUndo()
    assert not document.dirty


def test_restored_project_counts_as_changed(document, tmp_path):
    document.save(tmp_path / "p.cnns")
    project = document.project
    other = Document()
    other.restore(project, tmp_path / "p.cnns")
    assert other.dirty
    assert other.path == tmp_path / "p.cnns"


@given(steps=st.lists(st.sampled_from(["add", "filters", "undo", "redo", "typed"]), max_size=30))
@settings(max_examples=40, deadline=None)
def test_any_walk_through_history_ends_where_it_began(qapp, steps):
    document = Document()
    start = document.network
    name = conv(start)
    for number, step in enumerate(steps, 1):
        if step == "add":
            document.edit("Add", edits.add_layer, "Dropout")
        elif step == "undo":
            document.undo_stack.undo()
        elif step == "redo":
            document.undo_stack.redo()
        else:
            changed = edits.set_setting(document.network, name, "filters", number)
            document.apply("F", changed, merge_key="typed" if step == "typed" else None)
        assert list(document.analysis.layers) == list(document.network.order)
    gc.collect()
    end = document.network
    while document.undo_stack.canUndo():
        document.undo_stack.undo()
    assert document.network == start
    while document.undo_stack.canRedo():
        document.undo_stack.redo()
    if "undo" not in steps:
        assert document.network == end


def test_the_loss_counts_in_the_analysis_and_a_remedy_may_choose_another(document, counted):
    assert not document.analysis.problems
    wrong = document.training.model_copy(update={"loss": "binary_crossentropy"})
    document.set_training(wrong)
    (problem,) = document.analysis.problems
    assert problem.code == "loss-and-softmax"
    document.solve(next(remedy for remedy in problem.remedies if remedy.loss))
    assert document.training.loss == "sparse_categorical_crossentropy"
    assert not document.analysis.problems
    document.undo_stack.undo()
    assert document.analysis.problems
    document.solve(problem.remedies[0])
    assert document.network[problem.layer]["activation"] == "sigmoid"


def test_a_preset_does_not_take_the_weights_of_what_it_replaces(document, tmp_path):
    path = tmp_path / "imported.cnns"
    weights = tmp_path / "imported_weights.h5"
    weights.touch()
    save_project(Project(PRESETS["lenet5"].build(), extra={"weights": weights.name}), path)
    assert document.open(path)
    assert document.project.extra["weights"] == str(weights)
    assert document.start_from("lenet5")
    assert "weights" not in document.project.extra
    document.undo_stack.undo()
    assert document.project.extra["weights"] == str(weights)
