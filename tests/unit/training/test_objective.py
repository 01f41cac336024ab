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


MIXED = {
    "softmax": ((dense(3, "softmax"),), 3, "categorical_crossentropy"),
    "logits": ((dense(3),), 3, "categorical_crossentropy"),
    "one sigmoid": ((dense(1, "sigmoid"),), 2, "binary_crossentropy"),
    "one logit": ((dense(1),), 2, "binary_crossentropy"),
    "several sigmoids": ((dense(3, "sigmoid"),), 3, "binary_crossentropy"),
}


@pytest.mark.parametrize("case", MIXED)
def test_mixed_labels(case, keras, tmp_path):
    """A loss that takes shares, an accuracy by the greater one, a model that plain Keras loads."""
    layers, classes, loss = MIXED[case]
    made = network(*layers)
    units = layers[0][1]["units"]
    objective = choose_objective(made, units, classes, mixed=True)
    assert objective.name == loss
    assert objective.one_hot == (units > 1)
    model = build_model(made)
    model.compile("sgd", objective.loss(), metrics=[objective.accuracy()])
    model.optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (40, 4, 4, 1)).astype(np.float32)
    other = np.roll(np.arange(40), 1)
    share = rng.uniform(0, 0.5, (40, 1)).astype(np.float32)
    hard = np.arange(40) % classes
    rows = hard[:, None].astype(np.float32) if units == 1 else np.eye(3, dtype=np.float32)[hard]
    y = (1 - share) * rows + share * rows[other]
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    scores = model.predict(x, verbose=0)
    threshold = 0 if objective.from_logits else 0.5
    said = scores[:, 0] > threshold if units == 1 else scores.argmax(axis=1)
    greater = np.round(y[:, 0]) if units == 1 else y.argmax(axis=1)
    assert found["accuracy"] == pytest.approx((said == greater).mean(), abs=1e-5)
    assert np.isfinite(found["loss"])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    plain = again.evaluate(x, rows, verbose=0, return_dict=True)
    assert plain["accuracy"] == pytest.approx((said == hard).mean(), abs=1e-5)


def test_mixed_labels_are_no_class_numbers():
    with pytest.raises(TrainingError, match=r"MixUp.*choose auto or categorical_crossentropy"):
        choose_objective(network(dense(3)), 3, 3, "sparse_categorical_crossentropy", mixed=True)
