"""A loss that does not fit the scores of the last layer, as far as the loss is known."""

from __future__ import annotations

from cnnstudio.analysis.info import Problem, Remedy
from cnnstudio.analysis.losses import AUTO, LOSSES, SHARING, SQUASHING
from cnnstudio.analysis.remedies import Edit, bound, inserting_after, setting, unchanged


def loss_problem(
    output: str, type_: str, function: str | None, width: int, loss: str | None
) -> Problem | None:
    """What is wrong between the layer `output` with `width` scores from `function` and the loss.

    `auto` always fits. `function` is None where it is not one function that gives the scores.
    """
    kind = LOSSES.get(loss or "")
    if loss is None or kind is None:
        return None
    if width == 1 and kind == "classes":
        return _problem(
            output,
            "error",
            "one-score",
            f"{output} gives one score, but the loss {loss} needs one for each class: choose auto "
            "or binary_crossentropy, or give the last layer 2 units.",
            f"1 score for {loss}",
            (),
            "binary_crossentropy",
        )
    if function in SHARING and kind == "each" and width > 2:
        return _problem(
            output,
            "warning",
            "loss-and-softmax",
            f"{output} ends with a {function}, whose {width:,} scores share 1 between them, but "
            f"the loss {loss} takes each score for a yes or no of its own: most of its gradient "
            "only says what a picture is not. Choose a categorical cross-entropy, or end with a "
            "sigmoid where several classes may be right.",
            f"{function} with {loss}",
            _ends_with("sigmoid", type_),
            "categorical_focal_crossentropy"
            if "focal" in loss
            else "sparse_categorical_crossentropy",
        )
    if function in SQUASHING and kind == "classes":
        return _problem(
            output,
            "warning",
            "loss-and-sigmoid",
            f"{output} ends with a {function} for each class, but the loss {loss} is made for "
            f"scores that share 1 between them: end with a softmax, or choose binary_crossentropy "
            "where several classes may be right.",
            f"{function} with {loss}",
            _ends_with("softmax", type_),
            "binary_focal_crossentropy" if "focal" in loss else "binary_crossentropy",
        )
    if function not in SHARING | SQUASHING and kind == "distance":
        wanted = "sigmoid" if width == 1 else "softmax"
        return _problem(
            output,
            "warning",
            "loss-and-raw-scores",
            f"{output} ends the network without a {wanted}, and the loss {loss} compares its "
            f"scores with 0 and 1 as they are: larger ones count as wrong however right they are. "
            f"End with a {wanted}, or choose a cross-entropy.",
            f"{loss} without a {wanted}",
            _ends_with(wanted, type_),
            AUTO,
        )
    return None


def _ends_with(function: str, type_: str) -> tuple[tuple[str, Edit], ...]:
    if type_ in ("Dense", "Activation"):
        return ((f"Set activation to {function}", setting(activation=function)),)
    return ((f"Add {function}", inserting_after(("Activation", {"activation": function}))),)


def _problem(
    output: str,
    severity: str,
    code: str,
    message: str,
    short: str,
    offers: tuple[tuple[str, Edit], ...],
    loss: str,
) -> Problem:
    what = "Choose the loss automatically" if loss == AUTO else f"Use {loss}"
    return Problem(
        output,
        "error" if severity == "error" else "warning",
        code,
        message,
        short if len(short) <= 40 else f"{short[:39]}…",
        (
            *(Remedy(label, bound(edit, output)) for label, edit in offers),
            Remedy(what, unchanged, loss),
        ),
    )
