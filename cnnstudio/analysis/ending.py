"""What leaves the network: one score for each class, as probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from cnnstudio.analysis.info import LayerInfo, Problem, Remedy, Shape, size, thing
from cnnstudio.analysis.loss_fit import loss_problem
from cnnstudio.analysis.losses import SHARING, one_for_two
from cnnstudio.analysis.remedies import (
    POINTWISE,
    Edit,
    bound,
    inserting_after,
    inserting_before,
    remove,
    setting,
)
from cnnstudio.graph.freezing import is_frozen, unfreeze_all, unfreeze_from
from cnnstudio.graph.network import Network

Infos = Mapping[str, LayerInfo]
DENSE_ON_VOLUME = "dense-on-volume"
GLOBAL = ("GlobalAveragePooling2D", "GlobalMaxPooling2D")
# Units of a Dense layer added while the number of classes is not known.
_GUESS = 10


def ending_problems(
    network: Network,
    infos: Infos,
    output: str,
    trainable: int,
    classes: int | None,
    loss: str | None,
) -> list[Problem]:
    """What is wrong with the output layer, given the number of classes and the loss if known."""
    shape = infos[output].output_shape
    if shape is None:
        return []
    if len(shape) > 1:
        return [_volume(infos, output, shape, trainable, classes)]
    found = _early_dense(infos, output)
    if not trainable:
        frozen = [name for name in network.order if is_frozen(network[name])]
        found.append(
            _all_frozen(output, frozen[-1]) if frozen else _nothing_learned(output, classes)
        )
    else:
        wrong = _wrong_count(network, infos, output, shape[0], classes)
        if wrong is not None:
            found.append(wrong)
        else:
            unfit = loss_problem(
                output, infos[output].type, _activation(infos, output), shape[0], loss
            )
            found += [unfit] if unfit else _probabilities(infos, output, shape[0], classes)
            found += _twice(infos, output)
    return found


def _dense(classes: int | None) -> tuple[str, dict[str, Any]]:
    return "Dense", {"units": classes or _GUESS, "activation": "softmax"}


def _volume(
    infos: Infos, output: str, shape: Shape, trainable: int, classes: int | None
) -> Problem:
    """The output is no vector."""
    base, dense = output, None
    while infos[base].type == "Dense" or infos[base].type in POINTWISE:
        if infos[base].type == "Dense":
            dense = base
        base = infos[base].inputs[0]
    if dense is not None:
        given = infos[dense].input_shapes[0] or shape
        positions = prod(given[:-1])
        return Problem(
            dense,
            "error",
            DENSE_ON_VOLUME,
            f"{dense} gets {thing(given)} and works on each of its {positions:,} positions by "
            f"itself, so the network ends in {size(shape)} values instead of one score for each "
            f"class: insert a {_flatteners(given)} before {dense}.",
            "needs Flatten or global pooling first",
            _flattening(dense, given),
        )
    offers: list[tuple[str, Edit]] = []
    if infos[base].type in GLOBAL:
        offers.append(("Set keepdims to no", _at(base, setting(keepdims=False))))
    elif trainable and len(shape) == 3 and shape[2] == classes:
        insert = _at(base, inserting_after(("GlobalAveragePooling2D", {})))
        offers.append(("Add GlobalAveragePooling2D", insert))
    units = f"Dense {classes}" if classes else "Dense"
    offers += [
        (f"Add {type_} and {units}", inserting_after((type_, {}), _dense(classes)))
        for type_ in ("Flatten", "GlobalAveragePooling2D")
        if type_ == "Flatten" or len(shape) == 3
    ]
    return Problem(
        output,
        "error",
        "output-not-vector",
        f"The network ends in {output} with {thing(shape)} instead of one score for each class: "
        f"add a {_flatteners(shape)} and a Dense layer.",
        "ends in a volume, not in scores",
        _offers(output, *offers),
    )


def _early_dense(infos: Infos, output: str) -> list[Problem]:
    """A Dense layer of the classifier at the end that stands in front of what flattens.

    Elsewhere it mixes the channels of each position on purpose, as in ConvNeXt.
    """
    name, dense = output, None
    while infos[name].type in (*GLOBAL, "Flatten", "Reshape", "Dense", *POINTWISE):
        if infos[name].type == "Dense" and len(infos[name].input_shapes[0] or ()) > 2:
            dense = name
        name = infos[name].inputs[0]
    given = infos[dense].input_shapes[0] if dense is not None else None
    if dense is None or given is None or prod(given[:-1]) == 1:
        return []
    positions, units = prod(given[:-1]), infos[dense].settings["units"]
    return [
        Problem(
            dense,
            "warning",
            DENSE_ON_VOLUME,
            f"{dense} gets {thing(given)}, so it maps each of the {positions:,} positions by "
            f"itself to {units:,} values: insert a {_flatteners(given)} to see all of them.",
            f"works on {positions:,} positions apart",
            _flattening(dense, given),
        )
    ]


def _flattening(dense: str, given: Shape) -> tuple[Remedy, ...]:
    return _offers(
        dense,
        *(
            (f"Insert {type_}", inserting_before(type_))
            for type_ in ("Flatten", "GlobalAveragePooling2D")
            if type_ == "Flatten" or len(given) == 3
        ),
    )


def _flatteners(shape: Shape) -> str:
    return "Flatten or GlobalAveragePooling2D" if len(shape) == 3 else "Flatten"


def _all_frozen(output: str, last: str) -> Problem:
    """There are weights, but training may change none of them."""

    def thaw(network: Network, name: str) -> Network:
        return unfreeze_from(network, [name])

    return Problem(
        output,
        "error",
        "all-frozen",
        "All layers with weights are frozen, so training could change nothing: unfreeze the last "
        "one, or all.",
        "all layers are frozen",
        _offers(
            output,
            (f"Unfreeze from {last}", _at(last, thaw)),
            ("Unfreeze all", lambda network, _name: unfreeze_all(network)),
        ),
    )


def _nothing_learned(output: str, classes: int | None) -> Problem:
    units = f"Dense {classes}" if classes else "Dense"
    return Problem(
        output,
        "error",
        "nothing-to-learn",
        f"The network has no weights that training could change: add a Dense layer behind "
        f"{output}.",
        "no weights to train",
        _offers(output, (f"Add {units}", inserting_after(_dense(classes)))),
    )


def _wrong_count(
    network: Network, infos: Infos, output: str, width: int, classes: int | None
) -> Problem | None:
    """The number of scores is not the number of classes."""
    last = _activation(infos, output)
    base = output
    while infos[base].type in POINTWISE:
        base = infos[base].inputs[0]
    if classes is None or width == classes:
        if width == 1 and classes is None and last == "softmax":
            return _softmax_of_one(infos, output, base)
        return None
    if one_for_two(width, classes) and last not in SHARING:
        return None
    add = ("Dense", {"units": classes})
    scores = "score" if width == 1 else "scores"
    offers: list[tuple[str, Edit]] = []
    if infos[base].type == "Dense":
        output = base
        what = f"{base} has {width:,} {'unit' if width == 1 else 'units'}"
        offers.append((f"Set units to {classes:,}", setting(units=classes)))
    else:
        what = f"The network ends in {output} with {width:,} {scores}"
        filters = _filters_behind(network, infos, base)
        if filters is not None and classes % infos[filters].settings["groups"] == 0:
            edit = _at(filters, setting(filters=classes))
            offers.append((f"Set filters of {filters} to {classes:,}", edit))
        offers.append((f"Add Dense {classes:,}", _at(base, inserting_after(add))))
    return Problem(
        output,
        "error",
        "classes",
        f"{what}, but the data has {classes:,} classes: it needs one score for each class.",
        f"{width:,} {scores} for {classes:,} classes",
        _offers(output, *offers),
    )


def _filters_behind(network: Network, infos: Infos, base: str) -> str | None:
    """The convolution whose filters a global pooling turns into the scores."""
    if infos[base].type not in GLOBAL:
        return None
    name = infos[base].inputs[0]
    while infos[name].type in POINTWISE or infos[name].type.endswith("Pooling2D"):
        if len(network.outputs_of(name)) > 1:
            return None
        name = infos[name].inputs[0]
    alone = infos[name].type == "Conv2D" and len(network.outputs_of(name)) == 1
    return name if alone else None


def _softmax_of_one(infos: Infos, output: str, base: str) -> Problem:
    offers: list[tuple[str, Edit]] = []
    if infos[base].type == "Dense":
        offers.append(("Set units to 2", _at(base, setting(units=2))))
    if infos[output].type in ("Dense", "Activation"):
        offers.append(("Set activation to sigmoid", setting(activation="sigmoid")))
    if not offers:
        offers.append(("Add Dense", _at(base, inserting_after(("Dense", {"units": _GUESS})))))
    return Problem(
        output,
        "error",
        "softmax-of-one",
        f"{output} takes the softmax of one score, which is 1 whatever the picture: give it one "
        "unit for each class, or a sigmoid for two classes.",
        "softmax of 1 score is always 1",
        _offers(output, *offers),
    )


def _probabilities(infos: Infos, output: str, width: int, classes: int | None) -> list[Problem]:
    """The scores are no probabilities."""
    wanted = "sigmoid" if width == 1 and classes in (None, 2) else "softmax"
    if _activation(infos, output) == wanted:
        return []
    offers: list[tuple[str, Edit]] = []
    if infos[output].type in ("Dense", "Activation"):
        offers.append((f"Set activation to {wanted}", setting(activation=wanted)))
    else:
        step = ("Softmax", {}) if wanted == "softmax" else ("Activation", {"activation": wanted})
        offers.append((f"Add {wanted}" if step[1] else "Add Softmax", inserting_after(step)))
    return [
        Problem(
            output,
            "warning",
            "no-softmax",
            f"{output} ends the network without a {wanted}, so that its {width:,} "
            f"{'score is no probability' if width == 1 else 'scores are no probabilities'}: "
            f"end it with a {wanted}.",
            f"ends without a {wanted}",
            _offers(output, *offers),
        )
    ]


def _twice(infos: Infos, output: str) -> list[Problem]:
    """A softmax of shares: it makes them all but alike."""
    name, function = _giver(infos, output)
    if function not in SHARING or infos[name].type not in ("Softmax", "Activation"):
        return []
    before, again = _giver(infos, infos[name].inputs[0])
    if again not in SHARING:
        return []
    offers: list[tuple[str, Edit]] = [(f"Remove {name}", _at(name, remove))]
    if infos[before].type == "Dense":
        offers.append(
            (f"Set activation of {before} to linear", _at(before, setting(activation="linear")))
        )
    return [
        Problem(
            name,
            "warning",
            "softmax-twice",
            f"{name} takes the {function} of what {before} has taken the {again} of: of scores "
            "between 0 and 1 that gives shares that are all but alike, however sure the network "
            "is, and little to learn from. Keep one of the two.",
            f"{function} behind a {again}",
            _offers(name, *offers),
        )
    ]


def _activation(infos: Infos, output: str) -> str | None:
    """The function that gives the scores out, or None if it is none of a classifier's."""
    return _giver(infos, output)[1]


def _giver(infos: Infos, name: str) -> tuple[str, str | None]:
    """The layer whose function gives the scores that leave `name`, and that function."""
    while True:
        info = infos[name]
        if info.type == "Softmax":
            # Over the last axis, as it is for every classifier.
            return name, "softmax"
        if "activation" in info.settings:
            function: str = info.settings["activation"]
            if function != "linear" or info.type != "Activation":
                return name, function
        elif info.type == "Flatten":
            # The softmax of each position apart adds up to 1 only where there is one position.
            before = info.input_shapes[0] or ()
            if len(before) == 3 and before[:2] != (1, 1):
                return name, None
        elif info.type == "Reshape":
            # The shares still add up along the last axis if that stays as it is.
            before = info.input_shapes[0] or ()
            if (info.output_shape or ())[-1:] != before[-1:]:
                return name, None
        elif info.type not in (*GLOBAL, "Dropout"):
            return name, None
        name = info.inputs[0]


def _at(name: str, edit: Edit) -> Edit:
    """`edit` at the layer `name`, whatever layer the problem is at."""

    def elsewhere(network: Network, _layer: str) -> Network:
        return bound(edit, name)(network)

    return elsewhere


def _offers(name: str, *offers: tuple[str, Edit]) -> tuple[Remedy, ...]:
    made: list[Callable[[Network], Network]] = [bound(edit, name) for _, edit in offers]
    return tuple(Remedy(label, edit) for (label, _), edit in zip(offers, made, strict=True))
