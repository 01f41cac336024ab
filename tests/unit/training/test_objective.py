import numpy as np
import pytest

from cnnstudio.graph.edits import add_layer, connect
from cnnstudio.graph.network import Network
from cnnstudio.keras_build.build import build_model
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.objective import choose_objective


def network(*layers):
    made, last = add_layer(Network(), "Input", settings={"shape": (4, 4, 1)})
    for type_, settings in (("Flatten", {}), *layers):
        made, name = add_layer(made, type_, settings=settings)
        made = connect(made, last, name)
        last = name
    return made


def dense(units, activation="linear"):
    return "Dense", {"units": units, "activation": activation}


CASES = {
    "softmax": ((dense(3, "softmax"),), 3, "sparse_categorical_crossentropy", False),
    "softmax layer": ((dense(3), ("Softmax", {})), 3, "sparse_categorical_crossentropy", False),
    "softmax activation": (
        (dense(3), ("Activation", {"activation": "softmax"})),
        3,
        "sparse_categorical_crossentropy",
        False,
    ),
    "softmax, then dropout": (
        (dense(3, "softmax"), ("Dropout", {"rate": 0.1})),
        3,
        "sparse_categorical_crossentropy",
        False,
    ),
    "logits": ((dense(3),), 3, "sparse_categorical_crossentropy", True),
    "relu": ((dense(3), ("ReLU", {})), 3, "sparse_categorical_crossentropy", True),
    "one sigmoid": ((dense(1, "sigmoid"),), 2, "binary_crossentropy", False),
    "one logit": ((dense(1),), 2, "binary_crossentropy", True),
    "several sigmoids": ((dense(3, "sigmoid"),), 3, "binary_crossentropy", False),
}


@pytest.mark.parametrize("case", CASES)
def test_auto_chooses_by_the_last_layer(case):
    layers, classes, loss, from_logits = CASES[case]
    objective = choose_objective(network(*layers), layers[0][1]["units"], classes)
    assert (objective.name, objective.from_logits) == (loss, from_logits)


LOSSES = [
    "auto",
    "sparse_categorical_crossentropy",
    "categorical_crossentropy",
    "binary_crossentropy",
    "mean_squared_error",
]


CHOICES = [
    (loss, activation, units)
    for loss in LOSSES
    for activation in ("softmax", "linear", "sigmoid")
    for units in (1, 2, 3)
    if units > 1 or (activation != "softmax" and "categorical" not in loss)
]


@pytest.mark.parametrize(("loss", "activation", "units"), CHOICES)
def test_every_choice_trains_and_a_right_answer_is_accurate(keras, loss, activation, units):
    classes = max(units, 2)
    made = network(dense(units, activation))
    objective = choose_objective(made, units, classes, loss)
    model = build_model(made, seed=1)
    model.compile("sgd", objective.loss(), metrics=[objective.accuracy()])
    pictures = np.random.default_rng(0).normal(size=(8, 4, 4, 1)).astype("float32")
    scores = model(pictures).numpy()
    if units == 1:
        answers = (scores[:, 0] > (0.0 if objective.from_logits else 0.5)).astype(int)
        if loss == "mean_squared_error":
            answers = (scores[:, 0] > 0.5).astype(int)
    else:
        answers = scores.argmax(axis=1)
    labels = np.eye(classes, dtype="float32")[answers] if objective.one_hot else answers
    found = model.evaluate(pictures, labels, verbose=0, return_dict=True)
    assert found["accuracy"] == 1.0
    assert np.isfinite(found["loss"])


def test_units_that_do_not_fit_name_the_layer():
    with pytest.raises(TrainingError, match=r"dense_1 gives 4 scores.*3 classes.*3 units"):
        choose_objective(network(dense(4, "softmax")), 4, 3)


def test_one_unit_cannot_take_a_loss_over_classes():
    with pytest.raises(TrainingError, match="dense_1 gives one"):
        choose_objective(network(dense(1)), 1, 2, "categorical_crossentropy")
