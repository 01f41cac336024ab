"""Networks to test with: chains written short, and random graphs over the whole catalogue."""

from hypothesis import strategies as st
from strategies import _WHOLE, values

from cnnstudio.analysis import analyse
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.edits import add_layer, connect
from cnnstudio.graph.network import Network
from cnnstudio.graph.sharing import share_weights
from cnnstudio.graph.spec import Arity, Kind


def chain(*steps):
    """A network of layers one behind the other: types, or (type, settings) pairs."""
    network, before = Network(), None
    for step in steps:
        type_, settings = step if isinstance(step, tuple) else (step, {})
        network, name = add_layer(network, type_, settings=settings)
        if before:
            network = connect(network, before, name)
        before = name
    return network


def small_classifier(classes=3, shape=(8, 8, 3), **last):
    return chain(
        ("Input", {"shape": shape}),
        "Rescaling",
        ("Conv2D", {"filters": 4, "activation": "relu"}),
        "BatchNormalization",
        "MaxPooling2D",
        "Flatten",
        ("Dropout", {"rate": 0.25}),
        ("Dense", {"units": classes, "activation": "softmax", **last}),
    )


_VALUES = {
    Kind.BOOL: st.booleans(),
    Kind.PAIR: st.tuples(st.integers(1, 3), st.integers(1, 3)),
    Kind.SIDES: st.tuples(
        st.tuples(st.integers(0, 2), st.integers(0, 2)),
        st.tuples(st.integers(0, 2), st.integers(0, 2)),
    ),
    Kind.SHAPE: st.tuples(st.integers(4, 9), st.integers(4, 9), st.sampled_from([1, 3])),
    Kind.REGULARIZER: st.sampled_from([None, {"l1": 0.01}, {"l2": 1e-4}, {"l1": 0.1, "l2": 0.2}]),
}


def _value(field):
    if field.kind in (Kind.WHOLES, Kind.NUMBERS, Kind.RANGE, Kind.OBJECT) or field.name in _WHOLE:
        return values(field)
    if field.kind is Kind.CHOICE:
        return st.sampled_from(field.choices)
    if field.kind is Kind.INT:
        low = int(field.minimum if field.minimum is not None else 0)
        value = st.integers(low, low + 4)
    elif field.kind is Kind.FLOAT:
        value = st.sampled_from([0.25, 0.5, 1 / 3, 0.001])
    else:
        return _VALUES[field.kind]
    return st.one_of(st.none(), value) if field.optional else value


@st.composite
def networks(draw, most=7):
    """A random network that the analysis finds no error in, apart from how it ends.

    Some layers are further uses of others.
    """
    network, _ = add_layer(Network(), "Input", settings={"shape": draw(_VALUES[Kind.SHAPE])})
    names = sorted(set(CATALOGUE) - {"Input"})
    for _ in range(draw(st.integers(1, most))):
        weighted = [name for name, layer in network.layers.items() if layer.spec.weighted]
        used = draw(st.sampled_from([None, None, *weighted]))
        type_ = network[used].type if used else draw(st.sampled_from(names))
        spec = CATALOGUE[type_]
        changed = draw(st.lists(st.sampled_from(spec.fields), unique=True)) if spec.fields else []
        settings = {field.name: draw(_value(field)) for field in changed}
        grown, name = add_layer(network, type_, settings=settings)
        present = list(network.layers)
        count = draw(st.integers(1, 3)) if spec.arity is Arity.MANY else 1
        # Mostly the last layer, so that networks grow long.
        feeding = [present[-1], *draw(st.permutations(present))]
        for source in list(dict.fromkeys(feeding if draw(st.booleans()) else feeding[1:]))[:count]:
            grown = connect(grown, source, name)
        if used:
            grown = share_weights(grown, name, used)
        infos = analyse(grown)
        if infos.layers[name].output_shape is not None and not any(
            problem.severity == "error" for problem in infos.problems_of(name)
        ):
            network = grown
    return network
