"""Random settings, networks and edits over the whole catalogue, for hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from cnnstudio.analysis import analyse
from cnnstudio.graph import edits
from cnnstudio.graph.catalogue import CATALOGUE
from cnnstudio.graph.edits import EditError
from cnnstudio.graph.network import Network
from cnnstudio.graph.sharing import own_weights, share_weights
from cnnstudio.graph.spec import L1L2, Arity, Field, Kind

# Numbers that keep Keras fast and still meet each other in interesting ways.
_WHOLE = {
    "filters": st.sampled_from([1, 2, 3, 4, 6, 8]),
    "units": st.sampled_from([1, 2, 3, 4, 6, 8]),
    "groups": st.sampled_from([1, 1, 1, 1, 2, 3, 4]),
    "axis": st.sampled_from([-1, -1, -1, 3, 2, 1, 0, -2, -3]),
    "seed": st.integers(0, 2**31 - 1),
    "depth_multiplier": st.sampled_from([1, 1, 2, 3]),
    "projection_dim": st.sampled_from([1, 2, 3, 4, 6, 8]),
    "num_heads": st.integers(1, 3),
    "key_dim": st.integers(1, 4),
    "value_dim": st.integers(1, 4),
    "height": st.integers(1, 9),
    "width": st.integers(1, 9),
}
_LISTS = {
    "axis": st.lists(st.sampled_from([-1, -1, -1, 3, 2, 1, 0, -2, -3, 4]), min_size=1, max_size=3),
    "shared_axes": st.lists(st.integers(1, 3), min_size=1, max_size=3),
    "target_shape": st.lists(st.sampled_from([-1, -1, 1, 2, 3, 4, 8, 16]), min_size=1, max_size=4),
    "dims": st.one_of(
        st.permutations([1, 2, 3]),
        st.permutations([1, 2]),
        st.lists(st.integers(1, 4), min_size=1, max_size=4),
    ),
    "output_shape": st.lists(st.integers(1, 4), min_size=1, max_size=2),
}
_PAIRS = {
    "kernel_size": st.tuples(st.integers(1, 4), st.integers(1, 4)),
    "pool_size": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    "strides": st.sampled_from([(1, 1), (1, 1), (2, 2), (1, 2), (3, 1), (3, 3)]),
    "dilation_rate": st.sampled_from([(1, 1), (1, 1), (1, 1), (2, 2), (1, 3)]),
    "output_padding": st.tuples(st.integers(0, 2), st.integers(0, 2)),
    "size": st.tuples(st.integers(1, 3), st.integers(1, 3)),
}


def values(field: Field) -> st.SearchStrategy:
    """Values the field accepts, in canonical form."""
    found = _values(field)
    return st.one_of(st.none(), found) if field.optional else found


def _values(field: Field) -> st.SearchStrategy:
    if field.kind is Kind.INT:
        found = _WHOLE[field.name]
        return found.filter(lambda number: number >= field.minimum)
    if field.kind is Kind.WHOLES:
        return _LISTS[field.name].map(tuple)
    if field.kind is Kind.NUMBERS:
        number = st.floats(0, 10)
        return st.one_of(number, st.lists(number, min_size=1, max_size=4).map(field.check))
    if field.kind is Kind.RANGE:
        low, high = field.minimum, field.maximum
        low = -1.0 if low is None else low + field.exclusive_minimum * 0.01
        ends = st.floats(low, 255.0 if high is None else high)
        return st.tuples(ends, ends).map(sorted).map(tuple)
    if field.kind is Kind.PAIR:
        return _PAIRS[field.name]
    if field.kind is Kind.BOOL:
        return st.booleans()
    if field.kind is Kind.CHOICE:
        return st.sampled_from(field.choices)
    if field.kind is Kind.SHAPE:
        return st.tuples(st.integers(1, 16), st.integers(1, 16), st.sampled_from([1, 3, 4]))
    if field.kind is Kind.SIDES:
        side = st.integers(0, 3)
        return st.tuples(st.tuples(side, side), st.tuples(side, side))
    if field.kind is Kind.REGULARIZER:
        return st.builds(L1L2, st.floats(0, 1), st.floats(0, 1)).map(field.check)
    if field.kind is Kind.OBJECT:
        return st.sampled_from(field.choices).flatmap(lambda name: _objects(field, name))
    low = 0.01 if field.exclusive_minimum else field.minimum
    high = 0.99 if field.exclusive_maximum else field.maximum
    return st.floats(-10 if low is None else low, 10 if high is None else high)


def _objects(field: Field, name: str) -> st.SearchStrategy:
    arguments = {option.name: values(option) for option in field.options[name]}
    return st.fixed_dictionaries({"name": st.just(name)}, optional=arguments).map(field.check)


_LENGTHS = st.sampled_from([1, 2, 3, 4, 6, 8])
SHAPES = st.one_of(
    st.tuples(st.integers(1, 9), st.integers(1, 9), _LENGTHS),
    st.tuples(st.integers(1, 9), st.integers(1, 9), _LENGTHS),
    st.tuples(_LENGTHS),
    st.tuples(_LENGTHS, _LENGTHS),
    st.tuples(st.integers(1, 4), _LENGTHS, _LENGTHS, _LENGTHS),
)


@st.composite
def shapes_for(draw, type_: str) -> list:
    """Shapes that may feed a layer of a type, without the batch; those of a merge mostly alike."""
    first = draw(SHAPES)
    if CATALOGUE[type_].arity is not Arity.MANY:
        return [first]
    shapes = [first]
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.integers(0, 3))
        if kind == 0:
            shapes.append(draw(SHAPES))
        elif kind == 1:
            shapes.append((*first[:-1], draw(_LENGTHS)))
        else:
            shapes.append(tuple(draw(st.sampled_from([part, part, 1])) for part in first))
    return shapes


@st.composite
def settings_of(draw, type_: str) -> dict:
    """Settings for a layer type; about half of them stay at their default."""
    spec = CATALOGUE[type_]
    return {field.name: draw(values(field)) for field in spec.fields if draw(st.booleans())}


@st.composite
def networks(draw, most: int = 12) -> Network:
    """Connected networks from one Input on, of any type and with merges; many have errors.

    Of the inputs of a merge, those behind the first mostly have the same height and width. Some
    layers are further uses of others.
    """
    network, _ = edits.add_layer(
        Network(), "Input", settings={"shape": draw(_values(CATALOGUE["Input"].fields[0]))}
    )
    types = [name for name, spec in CATALOGUE.items() if spec.arity is not Arity.NONE]
    for row in range(draw(st.integers(1, most))):
        there = list(network.layers)
        used = draw(_used_again(network))
        type_ = network[used].type if used else draw(st.sampled_from(types))
        network, name = edits.add_layer(
            network, type_, (0.0, row * edits.ROW), settings=draw(settings_of(type_))
        )
        if used:
            network = share_weights(network, name, used)
        # Mostly the end, so that networks grow deep.
        first = draw(st.sampled_from([there[-1]] * 3 + there))
        network = edits.connect(network, first, name)
        if CATALOGUE[type_].arity is not Arity.MANY:
            continue
        shapes = {key: info.output_shape for key, info in analyse(network).layers.items()}
        alike = [
            key
            for key in there
            if key != first
            and shapes[key] is not None
            and shapes[first] is not None
            and shapes[key][:2] == shapes[first][:2]
        ]
        for _ in range(draw(st.integers(0, 2))):
            pool = alike if alike and draw(st.integers(0, 3)) else there
            other = draw(st.sampled_from(pool))
            if other not in network.inputs_of(name):
                network = edits.connect(network, other, name)
    return network


def _used_again(network: Network) -> st.SearchStrategy:
    """A layer whose weights the next one shall share, mostly None."""
    weighted = [name for name, layer in network.layers.items() if layer.spec.weighted]
    return st.sampled_from([None, None, None, *weighted]) if weighted else st.none()


@st.composite
def edited(draw, network: Network) -> Network:
    """The network after one random edit; unchanged if the edit makes no sense."""
    names = list(network.layers)
    kinds = ["add", "paste"]
    if names:
        kinds += ["set", "set", "set", "remove", "connect", "connect", "rename", "move", "after"]
        kinds += ["before", "share", "own"]
    if network.links:
        kinds += ["disconnect", "insert"]
    kind = draw(st.sampled_from(kinds))
    name = draw(st.sampled_from(names)) if names else ""
    try:
        if kind == "add":
            type_ = draw(st.sampled_from(sorted(CATALOGUE)))
            return edits.add_layer(network, type_, settings=draw(settings_of(type_)))[0]
        if kind == "paste":
            chosen = draw(st.sets(st.sampled_from(names), max_size=4)) if names else set()
            return edits.paste(network, edits.copy(network, chosen))[0]
        if kind == "set":
            return edits.set_settings(network, name, draw(settings_of(network[name].type)))
        if kind == "remove":
            chosen = draw(st.sets(st.sampled_from(names), min_size=1, max_size=3))
            return edits.remove_layers(network, chosen, close_gap=draw(st.booleans()))
        if kind == "connect":
            return edits.connect(network, name, draw(st.sampled_from(names)))
        if kind == "disconnect":
            return edits.disconnect(network, *draw(st.sampled_from(network.links)))
        if kind == "rename":
            return edits.rename(network, name, f"new_{draw(st.integers(0, 9))}")
        if kind == "share":
            return share_weights(network, name, draw(st.sampled_from(names)))
        if kind == "own":
            return own_weights(network, name)
        if kind == "move":
            return edits.move(network, {name: (draw(st.floats(-9, 9)), 1.0)})
        type_ = draw(st.sampled_from(sorted(CATALOGUE)))
        settings = draw(settings_of(type_))
        if kind == "insert":
            link = draw(st.sampled_from(network.links))
            return edits.insert_on_link(network, link, type_, settings=settings)[0]
        insert = edits.insert_after if kind == "after" else edits.insert_before
        return insert(network, name, type_, settings=settings)[0]
    except EditError:
        return network
