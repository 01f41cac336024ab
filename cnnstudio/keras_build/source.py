"""A network as plain Keras source that a person would be happy to have written.

The source needs Keras and nothing of ours. Each layer keeps its name, so that weights and feature
maps match those of `cnnstudio.keras_build.build`; only arguments that differ from Keras's own
defaults are written. Needs no TensorFlow, so the window can show it at once. The result is laid
out as `ruff format` would (88 columns).
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from cnnstudio.analysis.losses import SHARING, SQUASHING, score_function
from cnnstudio.graph.network import Network
from cnnstudio.graph.preparation import Preparation
from cnnstudio.keras_build.build import check_buildable, model_name
from cnnstudio.keras_build.calls import (
    TAKEN,
    fed,
    frozen_afterwards,
    identifier,
    layer_call,
    made_layer,
    reading_order,
    text,
    variables_of,
)
from cnnstudio.keras_build.compiling import compile_call, one_score
from cnnstudio.keras_build.functions import Functions
from cnnstudio.keras_build.layout import Call as Written
from cnnstudio.keras_build.layout import assignment, statement
from cnnstudio.keras_build.reading_source import reading_functions

# Run as a program: the network's summary, or what a file shows.
_MAIN = """if __name__ == "__main__":
    model = build_model()
    if len(sys.argv) == 3:  # the weights and a picture: model.keras picture.jpg
        model.load_weights(sys.argv[1])
        for name, score in classify(model, sys.argv[2]):
            print(f"{score:.5f}  {name}")
    else:
        model.summary()"""


def to_source(
    network: Network,
    *,
    name: str = "network",
    classes: Sequence[str] | None = None,
    training: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
) -> str:
    """The network as a Python module with a function `build_model()`.

    `training` and `data` are those parts of a project: optimizer and loss go into `compile`, the
    preparation of pictures into a function `read_picture(path)`. With `classes` (names in the
    order of the outputs) there are also `CLASSES` and `classify(model, path)`, and the module
    classifies a file when it is run. Raises `BuildError` for a network that is empty, unconnected
    or circular.
    """
    check_buildable(network)
    usable = bool(classes) and len(network.sinks) == 1 and _takes_pictures(network)
    reads = usable or (bool(data) and _takes_pictures(network))
    parts = [_docstring(name, network, reads, usable)]
    head = ["import sys", ""] if usable else []
    head += ["import keras", "import numpy as np"] if reads else ["import keras"]
    parts.append("\n".join([*head, *_imports(network)]))
    if usable:
        parts[-1] += "\n\n" + statement("CLASSES = ", [text(each) for each in classes or ()])
    functions = Functions(network)
    parts += functions.texts
    parts.append(_build_function(network, functions, name, training or {}))
    if reads:
        shape = network[network.sources[0]]["shape"]
        parts += reading_functions(Preparation.of(shape, data or {}))
    if usable:
        parts += [_classify_function(network), _MAIN]
    else:
        parts.append('if __name__ == "__main__":\n    build_model().summary()')
    return parts[0] + "\n\n" + "\n\n\n".join(parts[1:]) + "\n"


def _imports(network: Network) -> list[str]:
    """The lines that import what the layers need besides Keras itself."""
    classes: dict[str, set[str]] = {}
    for layer in network.layers.values():
        if layer.type != "Input":
            classes.setdefault(layer.spec.module, set()).add(layer.type)
    lines = ["from keras import layers"] if classes.pop("keras.layers", None) else []
    # Layers of Keras's own networks, which it keeps beside them.
    return lines + [
        f"from {module} import {', '.join(sorted(classes[module]))}" for module in sorted(classes)
    ]


def _docstring(name: str, network: Network, reads: bool, usable: bool) -> str:
    shapes = " and ".join(
        " × ".join(map(str, network[source]["shape"])) for source in network.sources
    )
    about = f"{model_name(name)}: a Keras network for pictures of {shapes} pixels, 0 to 255."
    use = (
        "build_model() returns it untrained; the weights of a trained run load into it with "
        'build_model().load_weights("model.keras").'
    )
    if reads:
        use += " read_picture() prepares a picture file as the training does"
        use += "; classify() says what it shows." if usable else "."
    lines = textwrap.wrap(f'"""{about}', 88, break_long_words=False, break_on_hyphens=False)
    return "\n".join([*lines, "", *textwrap.wrap(use, 88, break_on_hyphens=False), '"""'])


def _build_function(
    network: Network, functions: Functions, name: str, training: Mapping[str, Any]
) -> str:
    lines = ["def build_model():", '    """Return the network, compiled."""']
    steps = functions.network
    order = reading_order(steps)
    shared: dict[str, str] = {}
    for owner in network.sharing:
        used = {*TAKEN, *functions.words, *shared.values()}
        shared[owner] = identifier(f"shared_{owner}", used)
    variables = variables_of(steps, order, {*functions.words, *shared.values()})
    written: set[str] = set()
    for step in order:
        fed_by = [variables[source] for source in steps.inputs_of(step)]
        if step in functions.runs:
            lines += functions.lines(step, fed_by[0], variables[step])
        elif steps.owner_of(step) in shared:
            owner = steps.owner_of(step)
            if owner not in written:
                written.add(owner)
                lines.append(assignment(shared[owner], made_layer(network[owner]), indent=4))
            call = Written(shared[owner], [fed(steps[step], fed_by)])
            lines.append(assignment(variables[step], call, indent=4))
        else:
            lines.append(assignment(variables[step], layer_call(steps[step], fed_by), indent=4))
    inputs = _bare([variables[source] for source in steps.sources])
    outputs = _bare([variables[sink] for sink in steps.sinks])
    made = Written("keras.Model", [inputs, outputs, f"name={text(model_name(name))}"])
    compiled = compile_call(network, training)
    frozen = [
        f"    model.get_layer({text(layer.name)}).trainable = False"
        for layer in network.layers.values()
        if frozen_afterwards(layer) and layer.shares is None
    ]
    if compiled is None:
        lines[1] = '    """Return the network."""'
        if frozen:
            return "\n".join(
                [*lines, assignment("model", made, indent=4), *frozen, "    return model"]
            )
        return "\n".join([*lines, statement("return ", made, indent=4)])
    lines.append(assignment("model", made, indent=4))
    lines += frozen
    lines.append(statement("", compiled, indent=4))
    return "\n".join([*lines, "    return model"])


def _takes_pictures(network: Network) -> bool:
    if len(network.sources) != 1:
        return False
    shape = network[network.sources[0]]["shape"]
    return len(shape) == 3 and shape[2] in (1, 3)


def _classify_function(network: Network) -> str:
    function, one = score_function(network, network.sinks[0]), one_score(network)
    scores = "model.predict(read_picture(path)[None], verbose=0)[0]"
    if function not in SQUASHING | SHARING:
        scores = f"keras.ops.{'sigmoid' if one else 'softmax'}({scores})"
    lines = [
        "def classify(model, path):",
        '    """Return the classes of a picture file with their scores, the best first."""',
        f"    scores = {scores}",
    ]
    if one:
        lines.append("    scores = [1 - scores[0], scores[0]]")
    lines += [
        "    ranked = sorted(zip(CLASSES, scores), key=lambda pair: -pair[1])",
        "    return [(name, float(score)) for name, score in ranked]",
    ]
    return "\n".join(lines)


def _bare(names: list[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else names
