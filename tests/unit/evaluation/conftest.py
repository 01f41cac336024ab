"""A small trained network and pictures of three colours to classify."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cnnstudio.graph.presets import PRESETS
from cnnstudio.graph.project import Project, save_project
from cnnstudio.keras_build.build import build_model
from cnnstudio.keras_build.trained import TrainedModel

COLOURS = {"blue": (20, 30, 220), "green": (20, 200, 40), "red": (220, 30, 20)}


def write_pictures(folder, per_class, seed=0):
    """Noisy pictures of each colour, in a folder for each."""
    draw = np.random.default_rng(seed)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for number in range(per_class):
            noise = draw.normal(0, 25, (14, 18, 3))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def pictures(tmp_path):
    """test/COLOUR/N.png, four of each."""
    write_pictures(tmp_path / "set" / "test", 4)
    return tmp_path / "set"


@pytest.fixture(scope="session")
def colour_run(keras, tmp_path_factory):
    """A run folder of a network that tells the colours apart."""
    folder = tmp_path_factory.mktemp("colour-run")
    network = PRESETS["small-cnn"].build((8, 8, 3), 3)
    model = build_model(network, seed=1)
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    draw = np.random.default_rng(0)
    labels = draw.integers(0, 3, 96)
    colours = np.array(list(COLOURS.values()))[labels][:, None, None]
    model.fit(
        np.clip(colours + draw.normal(0, 25, (96, 8, 8, 3)), 0, 255).astype(np.float32),
        labels,
        epochs=6,
        verbose=0,
    )
    model.save(folder / "model.keras")
    save_project(Project(network), folder / "project.cnns")
    (folder / "classes.txt").write_text("".join(f"{name}\n" for name in COLOURS))
    return folder


@pytest.fixture(scope="session")
def loaded(colour_run):
    return TrainedModel.load(colour_run)


@pytest.fixture
def trained(loaded):
    """The trained network; a test may change the fields."""
    return replace(loaded)
