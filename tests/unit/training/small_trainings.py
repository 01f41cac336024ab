"""Small folders, small networks and a listener, for trainings of about a second."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from PIL import Image

from cnnstudio.graph.edits import add_layer, connect
from cnnstudio.graph.network import Network
from cnnstudio.graph.project import Project
from cnnstudio.training.control import Control
from cnnstudio.training.run import train

COLOURS = {"blue": (30, 60, 200), "green": (40, 180, 60), "red": (200, 40, 40)}


def make_pictures(folder: Path, classes=("blue", "green", "red"), each=10, size=12, seed=0) -> Path:
    """Noisy pictures of one colour, easily told apart."""
    rng = np.random.default_rng(seed)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for number in range(each):
            noise = rng.integers(-30, 30, (size, size, 3))
            pixels = np.clip(np.array(COLOURS[name]) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}.png")
    return folder


def make_network(*ending, shape=(12, 12, 3), dropout=False) -> Network:
    """Rescaling, a convolution, batch normalisation, global pooling and `ending` (or 3 softmax)."""
    layers = [
        ("Rescaling", {}),
        ("Conv2D", {"filters": 4, "activation": "relu"}),
        ("BatchNormalization", {}),
        ("GlobalAveragePooling2D", {}),
        *([("Dropout", {"rate": 0.3})] if dropout else []),
        *(ending or [("Dense", {"units": 3, "activation": "softmax"})]),
    ]
    network, last = add_layer(Network(), "Input", settings={"shape": shape})
    for type_, settings in layers:
        network, name = add_layer(network, type_, settings=settings)
        network = connect(network, last, name)
        last = name
    return network


def make_project(folder: Path, *ending, network=None, **training) -> Project:
    """A project of 3 epochs in batches of 4, unless `training` says otherwise."""
    return Project(
        network or make_network(*ending),
        {"folder": str(folder)},
        {"epochs": 3, "batch_size": 4, "optimizer": {"learning_rate": 0.01}, **training},
    )


class Listener:
    """Keeps the events; calls `when[kind](event)` and sets `seen(kind)` as they come."""

    def __init__(self, **when):
        self.events = []
        self._when = when
        self._seen = {}
        self._lock = threading.Lock()

    def __call__(self, event):
        self.events.append(event)
        self.seen(event.kind).set()
        if event.kind in self._when:
            self._when[event.kind](event)

    def seen(self, kind) -> threading.Event:
        with self._lock:
            return self._seen.setdefault(kind, threading.Event())

    def of(self, kind):
        return [event for event in self.events if event.kind == kind]

    @property
    def kinds(self):
        """What happened, without what the clock brings."""
        return [event.kind for event in self.events if event.kind != "load"]


def run(project, runs_folder, *, listener=None, control=None, **more):
    """Train; return the run's folder and the listener."""
    listener = listener or Listener()
    path = train(
        project,
        runs_folder=runs_folder,
        on_event=listener,
        control=control or Control(),
        **more,
    )
    return path, listener
