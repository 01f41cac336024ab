"""Units: made-up pictures raise them, and the pictures found are the strongest there are."""

import numpy as np
import pytest

from cnnstudio.data.pictures import load_picture
from cnnstudio.errors import Cancelled
from cnnstudio.evaluation.feature_maps import feature_maps
from cnnstudio.evaluation.predict import Classifier
from cnnstudio.evaluation.units import UnitError, dreams, most_exciting, unit_count


@pytest.fixture(scope="module")
def classifier(loaded):
    return Classifier(loaded)


def _last(classifier):
    return classifier.trained.model.layers[-1].name


def test_made_up_pictures_excite_their_units(classifier):
    told = []
    units = (3, 0)
    found = dreams(
        classifier,
        "conv2d_1",
        units,
        progress=lambda step, of, pictures: told.append((step, of, pictures.shape)),
    )
    assert told[-1] == (120, 120, (2, 8, 8, 3))
    for unit, dreamed in zip(units, found, strict=True):
        assert dreamed.picture.dtype == np.uint8
        maps = feature_maps(classifier.trained.model, "conv2d_1", dreamed.picture)
        one = maps[..., unit]
        wanted = np.sqrt(np.mean(np.maximum(one, 0) ** 2)) + 0.1 * one.mean()
        assert wanted == pytest.approx(dreamed.after, abs=0.02 * abs(dreamed.after) + 0.01)
        assert dreamed.after > dreamed.before
    again = dreams(classifier, "conv2d_1", units)
    np.testing.assert_array_equal(found[0].picture, again[0].picture)
    # Each picture is made for its own unit, whatever others are made with it.
    alone = dreams(classifier, "conv2d_1", (0,))[0]
    assert np.abs(alone.picture.astype(int) - found[1].picture).mean() < 1


def test_the_picture_made_for_a_class_is_taken_for_it(classifier):
    found = dreams(classifier, _last(classifier), (0, 1, 2))
    pictures = np.stack([dreamed.picture for dreamed in found])
    assert classifier.probabilities(pictures).argmax(axis=1).tolist() == [0, 1, 2]
    # The network was trained on colours alone: blue, green and red.
    assert pictures.mean(axis=(1, 2)).argmax(axis=1).tolist() == [2, 1, 0]


def test_making_up_a_picture_can_be_stopped(classifier):
    with pytest.raises(Cancelled):
        dreams(classifier, "conv2d_1", (0,), cancelled=lambda: True)


@pytest.mark.parametrize("layer", ["conv2d_1", "last"])
def test_the_most_exciting_pictures_are_the_strongest(classifier, pictures, layer, tmp_path):
    name = _last(classifier) if layer == "last" else layer
    paths = sorted(pictures.rglob("*.png"))
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    seen = []
    found = most_exciting(classifier, name, [0, 2], [*paths, broken], most=3, progress=seen.append)
    assert seen[-1] == len(paths) + 1
    preparation = classifier.trained.preparation
    for unit in (0, 2):
        strengths = {}
        for path in paths:
            maps = feature_maps(classifier.trained.model, name, load_picture(path, preparation))
            strengths[path] = maps[..., unit].max()
        wanted = sorted(strengths.values(), reverse=True)[:3]
        assert [each.strength for each in found[unit]] == pytest.approx(wanted, rel=1e-4)
        for each in found[unit]:
            assert strengths[each.path] == pytest.approx(each.strength, rel=1e-4)
            if layer == "last":
                assert each.place is None
            else:
                maps = feature_maps(
                    classifier.trained.model, name, load_picture(each.path, preparation)
                )
                row, column = each.place
                assert maps[row, column, unit] == pytest.approx(each.strength, rel=1e-4)


def test_unknown_layers_and_units_are_named(classifier):
    with pytest.raises(UnitError, match="no layer conv_99"):
        unit_count(classifier, "conv_99")
    with pytest.raises(UnitError, match=r"conv2d_1 has the units 0 to \d+, not 999"):
        dreams(classifier, "conv2d_1", (999,))
    assert unit_count(classifier, _last(classifier)) == 3
