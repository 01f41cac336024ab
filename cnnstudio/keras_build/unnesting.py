"""A model as one graph, on the same layers: those of models inside it can be looked into too.

Keras keeps the outputs inside a nested model out of the graph around it. Here every layer is called
once more, from the outermost input on, so that each has an output that depends on the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from cnnstudio.keras_build.names import Names, Place

# Makes of the input's tensor what the first layers are given.
First = Callable[[Any], Any]


def unnested(model: Any, first: First | None = None) -> Any:
    """A functional model of all layers of `model`, which has one input and one output.

    It shares layers and weights with `model` and answers alike. A layer inside a model keeps its
    name, or is led by the model's if another has the same, as an import calls it. `first` is put
    between the input and all that follows. A model without models inside is handed back as it is,
    if there is no `first`.
    """
    if first is None and not any(_is_model(each) for each in _graph(model).operations):
        return model
    import keras

    _rename(model)
    outer = model.inputs[0]
    name = outer._keras_history.operation.name
    given = keras.Input(batch_shape=outer.shape, dtype=outer.dtype, name=name)
    (found,) = _through(model, [given if first is None else first(given)])
    return keras.Model(given, found, name=model.name)


def _is_model(operation: Any) -> bool:
    return getattr(operation, "_functional", None) is not None or hasattr(
        operation, "_nodes_by_depth"
    )


def _graph(model: Any) -> Any:
    # A Sequential keeps its graph in another model.
    return getattr(model, "_functional", None) or model


def _through(model: Any, given: Sequence[Any]) -> list[Any]:
    """The outputs of a model for symbolic inputs, each of its layers called on its own."""
    import keras

    graph = _graph(model)
    # A model casts what it is given to what its inputs say.
    fitting = [
        tensor if tensor.dtype == wanted.dtype else keras.ops.cast(tensor, wanted.dtype)
        for tensor, wanted in zip(given, graph.inputs, strict=True)
    ]
    found: list[Any] = keras.tree.flatten(graph._run_through_graph(fitting, operation_fn=_opened))
    return found


def _opened(operation: Any) -> Callable[..., Any]:
    if not _is_model(operation):
        called: Callable[..., Any] = operation
        return called
    import keras

    def through(inputs: Any, **_how: Any) -> list[Any]:
        return _through(operation, keras.tree.flatten(inputs))

    return through


def _rename(model: Any) -> None:
    """Give every layer inside a model a name that is free in all of it."""
    names = Names({"config": model.get_config()})
    for place, operation in _inside(model, ()):
        name = names.name(place, 0)
        if len(place) > 1:
            operation.name = name


def _inside(model: Any, outer: Place) -> Iterator[tuple[Place, Any]]:
    for operation in _graph(model).operations:
        place = (*outer, operation.name)
        if _is_model(operation):
            yield from _inside(operation, place)
        elif not (outer and type(operation).__name__ == "InputLayer"):
            yield place, operation
