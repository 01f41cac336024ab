"""Ways out for Add and Concatenate with unequal inputs, each tried before it is offered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnnstudio.analysis.info import LayerInfo, Remedy, Shape
from cnnstudio.analysis.remedies import POINTWISE, Edit, bound, cutting, remove, setting
from cnnstudio.analysis.rules import RULES, Refused
from cnnstudio.graph import edits
from cnnstudio.graph.edits import EditError
from cnnstudio.graph.network import Link, Network

Infos = Mapping[str, LayerInfo]
Step = tuple[str, dict[str, Any]]
# What goes on the link from each of the inputs.
Plan = dict[str, list[Step]]

_PADDED = frozenset({"Conv2D", "MaxPooling2D", "AveragePooling2D"})
_MOST = 5


def merge_remedies(network: Network, infos: Infos, name: str) -> tuple[Remedy, ...]:
    """Remedies for a merge layer whose inputs have unequal sizes, the gentlest first."""
    info = infos[name]
    shapes = {
        source: shape
        for source, shape in zip(info.inputs, info.input_shapes, strict=True)
        if shape is not None
    }
    offers: list[tuple[str, Edit]] = []
    padded = _same_padding(network, infos, info, shapes)
    if padded:
        label = padded[0] if len(padded) == 1 else f"{len(padded)} layers"
        offers.append((f"Use same padding in {label}", _padding_in(padded)))
    if info.type == "Concatenate" and info.settings["axis"] not in (-1, 3):
        settings = {**info.settings, "axis": -1}
        if _fits(info, settings, shapes):
            offers.append(("Set axis to -1", setting(axis=-1)))
    for label, plan in _plans(info, shapes):
        after = {source: _through(shape, plan.get(source, [])) for source, shape in shapes.items()}
        if _fits(info, info.settings, after):
            offers.append((label, _inserting(plan)))
    offers = offers[: _MOST - 1]
    offers += _cuts(info, shapes)
    if not offers:
        offers.append((f"Remove {name}", remove))
    return tuple(Remedy(label, bound(edit, name)) for label, edit in offers[:_MOST])


def _fits(info: LayerInfo, settings: Mapping[str, Any], shapes: Mapping[str, Shape | None]) -> bool:
    given = [shapes[source] for source in info.inputs if source in shapes]
    if None in given:
        return False
    try:
        RULES[info.type](settings, tuple(shape for shape in given if shape is not None))
    except Refused:
        return False
    return True


def _through(shape: Shape, steps: list[Step]) -> Shape | None:
    """What comes out of new layers for `shape`, or None if it does not fit."""
    for type_, settings in steps:
        values = {**edits.spec_of(type_).defaults, **settings}
        try:
            shape = RULES[type_](values, (shape,)).shape
        except Refused:
            return None
    return shape


def _plans(info: LayerInfo, shapes: Mapping[str, Shape]) -> Iterator[tuple[str, Plan]]:
    volumes = {source: shape for source, shape in shapes.items() if len(shape) == 3}
    if len(volumes) < len(shapes):
        yield from _vector_plans(info, shapes, volumes)
        return
    rows = min(shape[0] for shape in shapes.values())
    columns = min(shape[1] for shape in shapes.values())
    smallest = [source for source, shape in shapes.items() if shape[:2] == (rows, columns)]
    if smallest and info.type == "Add":
        # The last link is the main path as a rule; a shortcut comes first.
        channels = shapes[smallest[-1]][2]
        plan: Plan = {}
        for source, shape in shapes.items():
            if shape != (rows, columns, channels):
                strides = (-(-shape[0] // rows), -(-shape[1] // columns))
                settings = {"filters": channels, "kernel_size": (1, 1), "strides": strides}
                plan[source] = [("Conv2D", settings)]
        yield _label("a 1 × 1 Conv2D", plan), plan
    pooled: Plan = {}
    for source, shape in shapes.items():
        window = (shape[0] // rows, shape[1] // columns)
        if window != (1, 1):
            pooled[source] = [("MaxPooling2D", {"pool_size": window})]
    if pooled:
        yield _label("MaxPooling2D", pooled), pooled
    rows = max(shape[0] for shape in shapes.values())
    columns = max(shape[1] for shape in shapes.values())
    bordered: Plan = {}
    for source, shape in shapes.items():
        missing = (rows - shape[0], columns - shape[1])
        if missing != (0, 0):
            sides = tuple((part // 2, part - part // 2) for part in missing)
            bordered[source] = [("ZeroPadding2D", {"padding": sides})]
    # A frame of zeros wider than the picture within is no remedy.
    if bordered and all(
        2 * shape[0] >= rows and 2 * shape[1] >= columns for shape in shapes.values()
    ):
        yield _label("ZeroPadding2D", bordered), bordered


def _vector_plans(
    info: LayerInfo, shapes: Mapping[str, Shape], volumes: Mapping[str, Shape]
) -> Iterator[tuple[str, Plan]]:
    """Vectors among the inputs, and perhaps volumes."""
    for type_ in ("GlobalAveragePooling2D", "Flatten") if volumes else ():
        plan: Plan = {source: [(type_, {})] for source in volumes}
        yield _label(type_, plan), plan
    if info.type != "Add":
        return
    # A vector added to a volume goes to each of its channels.
    fixed = list(volumes.values()) or [list(shapes.values())[-1]]
    units = fixed[-1][-1]
    plan = {
        source: [("Dense", {"units": units})]
        for source, shape in shapes.items()
        if len(shape) == 1 and shape[0] != units
    }
    if plan:
        yield _label(f"Dense {units:,}", plan), plan


def _label(what: str, plan: Plan) -> str:
    where = f"after {next(iter(plan))}" if len(plan) == 1 else f"on {len(plan)} links"
    return f"Insert {what} {where}"


def _inserting(plan: Plan) -> Edit:
    def edit(network: Network, name: str) -> Network:
        for source, steps in plan.items():
            link = Link(source, name)
            for type_, settings in steps:
                network, made = edits.insert_on_link(network, link, type_, settings=settings)
                link = Link(made, name)
        return network

    return edit


def _same_padding(
    network: Network, infos: Infos, info: LayerInfo, shapes: Mapping[str, Shape]
) -> list[str]:
    """Layers above that, with same padding, make the sizes equal; empty if there are none."""
    for types in (frozenset({"Conv2D"}), _PADDED):
        changed: list[str] = []
        after: dict[str, Shape | None] = {}
        for source in shapes:
            chain = _chain(network, infos, source)
            shape = infos[chain[-1]].input_shapes[0] if chain else None
            if shape is None:
                after[source] = shapes[source]
                continue
            for name in reversed(chain):
                settings = infos[name].settings
                if infos[name].type in types and settings["padding"] == "valid":
                    settings = {**settings, "padding": "same"}
                    changed.append(name)
                try:
                    shape = RULES[infos[name].type](settings, (shape,)).shape
                except Refused:
                    return []
            after[source] = shape
        if changed and _fits(info, info.settings, after):
            return changed
    return []


def _chain(network: Network, infos: Infos, name: str) -> list[str]:
    """The layers from `name` up that nothing else depends on, as far as they keep a volume."""
    chain = []
    while (
        (infos[name].type in _PADDED or infos[name].type in POINTWISE)
        and len(network.outputs_of(name)) == 1
        and len(infos[name].input_shapes[0] or ()) == 3
    ):
        chain.append(name)
        name = infos[name].inputs[0]
    return chain


def _padding_in(names: list[str]) -> Edit:
    def edit(network: Network, _name: str) -> Network:
        for layer in names:
            if layer not in network:
                raise EditError(f"There is no layer called {layer} any more.")
            network = edits.set_setting(network, layer, "padding", "same")
        return network

    return edit


def _cuts(info: LayerInfo, shapes: Mapping[str, Shape]) -> Iterator[tuple[str, Edit]]:
    """Links whose removal leaves inputs that fit."""

    def without(cut: set[str]) -> bool:
        rest = {source: shape for source, shape in shapes.items() if source not in cut}
        return bool(rest) and _fits(info, info.settings, rest)

    single = [source for source in shapes if without({source})]
    for source in single:
        yield f"Remove the link from {source}", cutting([source])
    if not single:
        sizes = list(shapes.values())
        common = max(sizes, key=sizes.count)
        odd = [source for source, shape in shapes.items() if shape != common]
        if without(set(odd)):
            yield f"Remove the {len(odd)} links that do not fit", cutting(odd)
