"""How a project's training is written as Keras's `compile`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnnstudio.analysis.losses import (
    AUTO,
    HANDING_ON,
    LOSSES,
    chosen_loss,
    score_function,
    takes_logits,
)
from cnnstudio.graph.network import Network
from cnnstudio.keras_build.build import class_name
from cnnstudio.keras_build.calls import text
from cnnstudio.keras_build.layout import Call as Written
from cnnstudio.keras_build.optimizers import COMMON, OPTIMIZERS

# Ours whatever the optimizer, and Keras's own where it is another.
_RATE = 0.001
_KERAS_RATES = {"SGD": 0.01}
# Of focal losses, with Keras's defaults; the project's are called `focal_gamma` and so on.
_FOCAL = {"gamma": 2.0, "alpha": 0.25}


def compile_call(network: Network, training: Mapping[str, Any]) -> Written | None:
    """The call of `compile`, or None for a network with several outputs, which has no one loss."""
    if len(network.sinks) != 1:
        return None
    function = score_function(network, network.sinks[0])
    setting = str(training.get("loss"))
    smoothing = training.get("label_smoothing") or 0
    loss = chosen_loss(
        setting if setting in LOSSES else AUTO,
        function,
        single=one_score(network),
        mixed=smoothing > 0,
    )
    given = ["from_logits=True"] if takes_logits(loss, function) else []
    if smoothing and LOSSES[loss] != "distance" and not loss.startswith("sparse"):
        given.append(f"label_smoothing={smoothing!r}")
    for key, default in _FOCAL.items() if "focal" in loss else ():
        value = training.get(f"focal_{key}", default)
        given += [f"{key}={value!r}"] if value != default else []
    made: str | Written = text(loss)
    if given:
        made = Written(f"loss=keras.losses.{class_name(loss)}", given)
    return Written(
        "model.compile",
        [
            f"optimizer={_optimizer(training)}",
            f"loss={made}" if isinstance(made, str) else made,
            'metrics=["accuracy"]',
        ],
    )


def one_score(network: Network) -> bool:
    """Whether the network ends in a single score."""
    layer = network[network.sinks[0]]
    while layer.spec.keeps_shape or layer.type in HANDING_ON:
        layer = network[network.inputs_of(layer.name)[0]]
    return 1 in (layer.settings.get("units"), layer.settings.get("filters"))


def _optimizer(training: Mapping[str, Any]) -> str:
    chosen = training.get("optimizer")
    chosen = chosen if isinstance(chosen, Mapping) else {}
    name = chosen.get("name", "Adam")
    spec = OPTIMIZERS.get(name)
    arguments = {**spec.arguments, "weight_decay": spec.weight_decay, **COMMON} if spec else {}
    defaults = {"learning_rate": _KERAS_RATES.get(name, _RATE), **arguments}
    given = {"learning_rate": _RATE, **chosen}
    changed = [
        f"{key}={given[key]!r}"
        for key, default in defaults.items()
        if given.get(key) is not None and given[key] != default
    ]
    return f"keras.optimizers.{name}({', '.join(changed)})" if changed else text(name.lower())
