"""How well a trained network does on a folder of pictures whose classes are known.

Takes the pictures that `held_out` chooses, answers with the loss, the accuracy, the
confusion matrix and figures for each class; `cnnstudio evaluate` prints them, the Explore page
draws them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cnnstudio.data.report import shown
from cnnstudio.evaluation.curves import (
    Calibration,
    Curve,
    calibration,
    precision_recall_curve,
    roc_curve,
    top_k_accuracy,
)
from cnnstudio.evaluation.held_out import EvaluationError, pictures_of
from cnnstudio.evaluation.predict import Classifier, Unreadable, as_probabilities, output_kind
from cnnstudio.keras_build.trained import TrainedModel

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ClassFigures:
    """How well one class is told apart, each figure from 0 to 1.

    Attributes:
        name: the class.
        precision: share of the pictures taken for this class that belong to it.
        recall: share of this class's pictures that were recognised.
        f1: harmonic mean of the two.
        support: pictures of this class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    support: int

    def to_json(self) -> dict[str, Any]:
        """An entry of `per_class` in `cnnstudio evaluate --json`."""
        return {
            "class": self.name,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "support": self.support,
        }


@dataclass(frozen=True)
class Record:
    """One picture: its class, the class the network takes it for, and how sure it is (0–1)."""

    path: Path
    truth: str
    predicted: str
    confidence: float

    @property
    def correct(self) -> bool:
        return self.truth == self.predicted


@dataclass(frozen=True)
class Evaluation:
    """The result of `evaluate`.

    Attributes:
        loss: mean loss of a picture plus the penalty of the weights, as Keras's `evaluate` gives.
        accuracy: share of pictures whose likeliest class is theirs.
        classes: in the order of the rows and columns of `confusion_matrix`.
        confusion_matrix: `[truth, predicted]` counts, `(classes, classes)`.
        split: the part of the folder that was used, or None if it has no parts.
        truths: the class numbers of `records`, `(images,)`.
        probabilities: float32 `(images, classes)`, in the order of `records`.
    """

    loss: float
    accuracy: float
    classes: tuple[str, ...]
    confusion_matrix: np.ndarray
    per_class: tuple[ClassFigures, ...]
    records: tuple[Record, ...]
    skipped: tuple[Unreadable, ...]
    split: str | None
    truths: np.ndarray
    probabilities: np.ndarray

    @property
    def images(self) -> int:
        return len(self.records)

    def top_accuracy(self, k: int) -> float:
        """The share of pictures whose class is among the `k` likeliest."""
        return top_k_accuracy(self.truths, self.probabilities, k)

    def calibration(self) -> Calibration:
        """How confidence and accuracy go together."""
        return calibration(self.truths, self.probabilities)

    def roc(self, index: int) -> Curve:
        """The ROC curve of a class against all others."""
        return roc_curve(self.truths, self.probabilities, index)

    def precision_recall(self, index: int) -> Curve:
        """The precision-recall curve of a class against all others."""
        return precision_recall_curve(self.truths, self.probabilities, index)

    def to_json(self) -> dict[str, Any]:
        """The document of `cnnstudio evaluate --json`."""
        return {
            "loss": self.loss if math.isfinite(self.loss) else None,
            "accuracy": self.accuracy,
            "top_5_accuracy": self.top_accuracy(5),
            "calibration_error": self.calibration().error,
            "classes": list(self.classes),
            "confusion_matrix": self.confusion_matrix.tolist(),
            "per_class": [figures.to_json() for figures in self.per_class],
            "auc": {name: self.roc(index).area for index, name in enumerate(self.classes)},
            "images": self.images,
            "split": self.split,
            "skipped": [
                {"path": shown(skipped.path), "reason": skipped.reason} for skipped in self.skipped
            ],
        }


def evaluate(
    trained: TrainedModel,
    folder: str | Path,
    *,
    split: str | None = None,
    batch_size: int = 32,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Evaluation:
    """Measure a trained network on a folder of classes.

    On the folder a run was trained on, what it held out counts (`held_out.pictures_of`); `split`
    chooses another part ("train", "val" or "test"). `progress(done, pictures)` is called after
    each batch. Raises `EvaluationError`, `DataError`, or `Cancelled`.
    """
    measured = pictures_of(trained.path, folder, split, cancelled)
    return evaluate_samples(
        trained,
        measured.samples,
        where=str(folder),
        skipped=measured.skipped,
        split=measured.split,
        batch_size=batch_size,
        progress=progress,
        cancelled=cancelled,
    )


def evaluate_samples(
    trained: TrainedModel,
    samples: Iterable[tuple[Path, str | None]],
    *,
    where: str,
    skipped: Iterable[Unreadable] = (),
    split: str | None = None,
    batch_size: int = 32,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Evaluation:
    """Measure a trained network on `(path, class)` pairs; `where` names them in messages.

    Raises `EvaluationError` or `Cancelled`.
    """
    known = list(samples)
    passed_over = list(skipped)
    passed_over += [
        Unreadable(path, "it is in no class folder") for path, label in known if label is None
    ]
    labelled = [(path, label) for path, label in known if label is not None]
    indices = _class_indices(trained, {label for _, label in labelled}, where)
    classifier = Classifier(trained)
    loss_of = _loss_function(trained)
    total, done = 0.0, 0
    truths: list[int] = []
    rows: list[np.ndarray] = []
    paths: list[Path] = []
    waiting = iter(labelled)
    for items in classifier.batches((path for path, _ in labelled), batch_size, cancelled):
        good = []
        for path, pixels in items:
            label = next(waiting)[1]
            if isinstance(pixels, Unreadable):
                passed_over.append(pixels)
            else:
                good.append(pixels)
                paths.append(path)
                truths.append(indices[label])
        if good:
            outputs = classifier.outputs(np.stack(good))
            total += loss_of(np.asarray(truths[-len(good) :]), outputs) * len(good)
            rows.append(as_probabilities(outputs, classifier.kind))
        done += len(items)
        if progress is not None:
            progress(done, len(labelled))
    if not rows:
        raise EvaluationError(
            f"{where} holds no picture that can be read and has a class: "
            "choose a folder with one folder of pictures for each class."
        )
    penalty = sum(float(part) for part in trained.model.losses)
    return _evaluation(
        trained,
        np.asarray(truths),
        np.concatenate(rows),
        loss=total / len(truths) + penalty,
        paths=paths,
        skipped=tuple(passed_over),
        split=split,
    )


def _evaluation(
    trained: TrainedModel,
    truths: np.ndarray,
    probabilities: np.ndarray,
    *,
    loss: float,
    paths: list[Path],
    skipped: tuple[Unreadable, ...],
    split: str | None,
) -> Evaluation:
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    classes = trained.classes
    labels = np.arange(len(classes))
    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(
        truths, predicted, labels=labels, zero_division=0
    )
    return Evaluation(
        loss=loss,
        accuracy=float((truths == predicted).mean()),
        classes=tuple(classes),
        confusion_matrix=confusion_matrix(truths, predicted, labels=labels),
        per_class=tuple(
            ClassFigures(name, float(precision[i]), float(recall[i]), float(f1[i]), int(support[i]))
            for i, name in enumerate(classes)
        ),
        records=tuple(
            Record(path, classes[truth], classes[guess], float(row[guess]))
            for path, truth, guess, row in zip(paths, truths, predicted, probabilities, strict=True)
        ),
        skipped=skipped,
        split=split,
        truths=truths,
        probabilities=probabilities,
    )


def _class_indices(trained: TrainedModel, found: set[str], where: str) -> Mapping[str, int]:
    """The output that stands for each class folder. Raises `EvaluationError`."""
    names = sorted(found)
    if not trained.named:
        if len(names) == len(trained.classes):
            # Keras numbers the class folders of a directory in this order, and so do we.
            return {name: index for index, name in enumerate(names)}
        raise EvaluationError(
            f"{trained.path} does not say what its {len(trained.classes)} classes are called, "
            f"and {where} has {len(names)}: put a classes.txt, a name a line, beside the model."
        )
    indices = {name: index for index, name in enumerate(trained.classes)}
    unknown = [name for name in names if name not in indices]
    if unknown:
        raise EvaluationError(
            f"{where} has the class {', '.join(unknown[:5])}{' …' if len(unknown) > 5 else ''}, "
            f"which {trained.title} was not trained on; it knows {_some(trained.classes)}. "
            "Rename the folder or move it away."
        )
    return indices


def _loss_function(trained: TrainedModel) -> Callable[[np.ndarray, np.ndarray], float]:
    """The loss the network was trained with, as a mean over `(class indices, outputs)`."""
    import keras

    outputs = trained.model.outputs[0].shape[-1]
    loss = _deserialized(trained.loss)
    if loss is None:
        from_logits = output_kind(trained.model) == "scores"
        if outputs == 1:
            loss = keras.losses.BinaryCrossentropy(from_logits=from_logits)
        else:
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=from_logits)
    name = getattr(loss, "__name__", type(loss).__name__)
    sparse = "sparse" in name.lower()

    def mean_loss(truths: np.ndarray, scores: np.ndarray) -> float:
        if outputs == 1:
            wanted: np.ndarray = truths[:, None].astype(np.float32)
        elif sparse:
            wanted = truths
        else:
            wanted = np.eye(outputs, dtype=np.float32)[truths]
        return float(np.mean(loss(wanted, scores)))

    return mean_loss


def _deserialized(saved: Any) -> Any:
    """A loss as a callable from what a model file says of it; None if that is not Keras's own."""
    import keras

    try:
        return keras.losses.get(saved) if saved else None
    except (ValueError, TypeError):
        return None


def _some(names: list[str]) -> str:
    return ", ".join(names[:10]) + (" …" if len(names) > 10 else "")
