"""What the tab "What mattered" asks of a network, in the background thread for inference. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cnnstudio.views.explore.heat import overlay

if TYPE_CHECKING:
    from cnnstudio.evaluation.attribution import Attribution, Attributor
    from cnnstudio.evaluation.predict import Classifier


@dataclass(frozen=True)
class Method:
    """A way to ask what mattered: its name for people and what its colours say."""

    name: str
    title: str
    words: str


# In the order asked: what may take long comes last.
METHODS = (
    Method(
        "grad-cam",
        "Grad-CAM",
        "Where the maps of one layer speak for the class. Coarse, and close to what counts.",
    ),
    Method(
        "saliency",
        "Saliency",
        "Where a small change of a pixel changes the score most, over 16 noisy copies.",
    ),
    Method(
        "occlusion",
        "Occlusion",
        "A grey patch covers each place in turn. Red: covering it lowers the probability.",
    ),
    Method(
        "integrated",
        "Integrated gradients",
        "Each pixel's share of the score. Red speaks for the class, blue against it.",
    ),
)


@dataclass(frozen=True, eq=False)
class Recognised:
    """A picture as the network takes it, its classes by number, and layers Grad-CAM works for."""

    picture: Path
    pixels: NDArray[np.uint8]
    ranked: tuple[tuple[int, str, float], ...]
    layers: tuple[str, ...]
    usual_layer: str | None


@dataclass(frozen=True, eq=False)
class Mattered:
    """The answer of one method, ready to be painted over the picture."""

    method: str
    colours: NDArray[np.uint8]
    note: str


class Explainers:
    """An `Attributor` for the network in use; used by the background thread alone."""

    def __init__(self, classifier_of: Callable[[Path], Classifier]) -> None:
        self._classifier_of = classifier_of
        self._kept: tuple[Classifier, Attributor] | None = None

    def recognise(self, model: Path, picture: Path) -> Recognised:
        """Read a picture and classify it. Raises `StudioError`."""
        from cnnstudio.data.pictures import load_picture

        attributor, classifier = self._attributor(model)
        trained = classifier.trained
        pixels = load_picture(picture, trained.preparation)
        row = classifier.probabilities(pixels[None])[0]
        order = np.argsort(-row, kind="stable")
        ranked = tuple((int(i), trained.classes[i], float(row[i])) for i in order)
        return Recognised(picture, pixels, ranked, attributor.cam_layers, attributor.usual_layer)

    def explain(
        self,
        model: Path,
        method: str,
        pixels: NDArray[np.uint8],
        class_index: int,
        layer: str | None,
        task: Any,
    ) -> Mattered:
        """One method's answer for one class. Raises `StudioError`, `Cancelled`."""
        attributor, _ = self._attributor(model)
        found = self._ask(attributor, method, pixels, class_index, layer, task)
        return Mattered(method, overlay(found.heat), found.note)

    @staticmethod
    def _ask(
        attributor: Attributor,
        method: str,
        pixels: NDArray[np.uint8],
        class_index: int,
        layer: str | None,
        task: Any,
    ) -> Attribution:
        if method == "grad-cam":
            return attributor.grad_cam(pixels, class_index, layer)
        if method == "saliency":
            return attributor.saliency(pixels, class_index, copies=16)
        if method == "integrated":
            return attributor.integrated_gradients(
                pixels,
                class_index,
                progress=lambda steps, _missing: task.progress(
                    (method, f"{steps:,} steps added up")
                ),
                cancelled=task.cancelled,
            )
        return attributor.occlusion(
            pixels,
            class_index,
            progress=lambda done, places: task.progress(
                (method, f"{done:,} of {places:,} places covered")
            ),
            cancelled=task.cancelled,
        )

    def _attributor(self, model: Path) -> tuple[Attributor, Classifier]:
        from cnnstudio.evaluation.attribution import Attributor

        classifier = self._classifier_of(model)
        if self._kept is None or self._kept[0] is not classifier:
            self._kept = (classifier, Attributor(classifier))
        return self._kept[1], classifier
