"""Losses that do not fit the last layer are said, with a way out that helps."""

from typing import get_args

import pytest

from cnnstudio.analysis import analyse
from cnnstudio.analysis.losses import LOSSES
from cnnstudio.graph import edits
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.training.errors import TrainingError
from cnnstudio.training.objective import choose_objective
from cnnstudio.training.settings import LossName


def ending(*layers):
    network, before = edits.add_layer(Network(), "Input", settings={"shape": (8, 8, 3)})
    for type_, settings in (("Rescaling", {}), ("Flatten", {}), *layers):
        network, name = edits.add_layer(network, type_, settings=settings)
        network, before = edits.connect(network, before, name), name
    return network


def dense(units, activation):
    return "Dense", {"units": units, "activation": activation}


SOFTMAX, LINEAR, SIGMOID = (dense(3, each) for each in ("softmax", "linear", "sigmoid"))
ONE = dense(1, "sigmoid")

UNFIT = [
    ((SOFTMAX,), 3, "binary_crossentropy", "loss-and-softmax"),
    ((LINEAR, ("Softmax", {})), 3, "binary_crossentropy", "loss-and-softmax"),
    ((SIGMOID,), 3, "categorical_crossentropy", "loss-and-sigmoid"),
    ((LINEAR, ("Activation", {"activation": "sigmoid"})), 3, "sparse_categorical_crossentropy",
     "loss-and-sigmoid"),
    ((LINEAR,), 3, "mean_squared_error", "loss-and-raw-scores"),
    ((dense(3, "relu"), ("Dropout", {})), 3, "mean_squared_error", "loss-and-raw-scores"),
    ((dense(1, "linear"),), 2, "mean_squared_error", "loss-and-raw-scores"),
    ((ONE,), 2, "sparse_categorical_crossentropy", "one-score"),
    ((SOFTMAX, ("Softmax", {})), 3, None, "softmax-twice"),
    ((SOFTMAX, ("Dropout", {}), ("Activation", {"activation": "softmax"})), 3, "auto",
     "softmax-twice"),
    ((LINEAR, ("Softmax", {}), ("Softmax", {})), 3, "auto", "softmax-twice"),
]  # fmt: skip
FIT = [
    *(((SOFTMAX,), 3, loss) for loss, kind in LOSSES.items() if kind != "each"),
    # Two shares of 1 are one yes or no.
    ((dense(2, "softmax"),), 2, "binary_crossentropy"),
    ((ONE,), 2, "binary_crossentropy"),
    ((ONE,), 2, "mean_squared_error"),
    ((ONE,), 2, "auto"),
    ((SOFTMAX,), 3, "a loss of tomorrow"),
]


@pytest.mark.parametrize(("layers", "classes", "loss", "code"), UNFIT)
def test_what_does_not_fit_is_said_and_each_way_out_helps(layers, classes, loss, code):
    network = ending(*layers)
    (problem,) = (
        each for each in analyse(network, classes=classes, loss=loss).problems
        if each.code not in ("no-softmax", "deep-softmax")
    )  # fmt: skip
    assert problem.code == code
    assert len(problem.short) <= 40
    assert problem.remedies
    for remedy in problem.remedies:
        after = analyse(remedy.edit(network), classes=classes, loss=remedy.loss or loss)
        assert code not in {each.code for each in after.problems}, remedy.label


@pytest.mark.parametrize(("layers", "classes", "loss"), FIT)
def test_what_fits_is_not_said(layers, classes, loss):
    assert analyse(ending(*layers), classes=classes, loss=loss).problems == ()


def test_raw_scores_are_for_cross_entropy_which_makes_probabilities_of_them():
    for loss in ("auto", "sparse_categorical_crossentropy"):
        problems = analyse(ending(LINEAR), classes=3, loss=loss).problems
        assert [problem.code for problem in problems] == ["no-softmax"]


def test_the_table_has_every_loss_that_can_be_chosen():
    assert set(LOSSES) == set(get_args(LossName)) - {"auto"}


@pytest.mark.parametrize("activation", ["linear", "sigmoid", "softmax", "relu", "tanh"])
@pytest.mark.parametrize("units", [1, 2, 3])
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("loss", ["auto", *LOSSES])
def test_the_analysis_refuses_what_the_training_refuses(activation, units, classes, loss):
    network = ending(dense(units, activation))
    errors = analyse(network, classes=classes, loss=loss).errors
    try:
        choose_objective(network, units, classes, loss)
    except TrainingError:
        assert errors
    else:
        assert not errors


def test_the_loss_is_looked_at_anew_when_only_it_changes():
    network = PRESETS["small-cnn"].build()
    before = analyse(network, loss="auto")
    after = analyse(network, before, loss="binary_crossentropy")
    assert not before.problems
    assert [problem.code for problem in after.problems] == ["loss-and-softmax"]
    assert after.layers["conv2d_1"] is before.layers["conv2d_1"]
