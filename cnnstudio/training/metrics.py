"""Figures besides loss and accuracy: top-k, and means over the classes."""

from __future__ import annotations

from typing import Any

from cnnstudio.training.objective import Objective
from cnnstudio.training.settings import TrainingSettings

# F-beta is precision where beta is small, recall where it is large:
# (1 + b²) P R / (b² P + R).
_BETAS = {"precision": 1e-3, "f1": 1.0, "recall": 1e3}


def more_metrics(settings: TrainingSettings, objective: Objective, classes: int) -> list[Any]:
    """The Keras metrics that the settings name, under those names (`top_5` for top_k).

    Precision, recall and F1 are means over the classes, each class against the others, a picture
    taken for the class with the highest score. AUC is the area under the ROC curve of each
    class's probability, from 200 thresholds.
    """
    import keras

    made = []
    for name in dict.fromkeys(settings.metrics):
        if name == "top_k":
            if objective.single:
                continue
            k = min(settings.top_k, classes)
            kind = (
                keras.metrics.TopKCategoricalAccuracy
                if objective.one_hot
                else keras.metrics.SparseTopKCategoricalAccuracy
            )
            made.append(kind(k=k, name=f"top_{settings.top_k}"))
        elif name == "auc":
            auc = keras.metrics.AUC(multi_label=True, num_labels=classes, name="auc")
            made.append(_on_classes(auc, objective, classes))
        else:
            score = keras.metrics.FBetaScore(average="macro", beta=_BETAS[name], name=name)
            made.append(_on_classes(score, objective, classes))
    return made


def _on_classes(metric: Any, objective: Objective, classes: int) -> Any:
    """A metric that is given rows of 0 and 1, and rows of probabilities, whatever comes."""
    update = metric.update_state

    def update_state(y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        from keras import ops

        y_true, y_pred = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
        if objective.single:
            yes = ops.reshape(y_pred, (-1, 1))
            yes = ops.sigmoid(yes) if objective.from_logits else yes
            y_pred = ops.concatenate([1 - yes, yes], axis=1)
            numbers = ops.round(ops.reshape(y_true, (-1,)))
        else:
            if objective.from_logits:
                each = objective.name.startswith("binary")
                y_pred = ops.sigmoid(y_pred) if each else ops.softmax(y_pred)
            # Of mixed labels the greater share counts.
            numbers = (
                ops.argmax(y_true, axis=1) if objective.one_hot else ops.reshape(y_true, (-1,))
            )
        rows = ops.one_hot(ops.cast(numbers, "int32"), classes)
        return update(rows, y_pred, sample_weight)

    metric.update_state = update_state
    return metric
