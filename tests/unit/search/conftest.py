"""Searches over small trainings: their pictures and projects are those of the training tests."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))

from small_trainings import make_network, make_pictures, make_project


@pytest.fixture(scope="session")
def colours(tmp_path_factory):
    """Pictures of three colours."""
    return make_pictures(tmp_path_factory.mktemp("colours") / "pictures", each=6)


@pytest.fixture
def project(colours):
    """Two layers of units, two epochs: a trial takes a second."""
    network = make_network(
        ("Dense", {"units": 4}), ("Dense", {"units": 3, "activation": "softmax"})
    )
    return make_project(colours, network=network, epochs=2, seed=3)
