"""Two networks side by side: which layers came, went or changed, and what that does to the figures.

Layers belong together that have the same name. What is left over between two such pairs is aligned
by type, in the order the layers run in: a layer with another name at the same place was renamed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cnnstudio.analysis.align import aligned
from cnnstudio.analysis.info import Analysis, LayerInfo
from cnnstudio.analysis.totals import Memory, depth, receptive_field
from cnnstudio.analysis.words import columns, share_text, value_text

# In order of weight: a row has the first that applies. `relinked` has other inputs; `figures` is
# itself the same, but what is before it gives it another shape or cost.
Kind = Literal["added", "removed", "changed", "relinked", "renamed", "figures", "same"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SIGNS: Mapping[Kind, str] = {
    "added": "+", "removed": "−", "changed": "≠", "relinked": "↷", "renamed": "=", "figures": "·",
    "same": "",
}  # fmt: skip
WORDS: Mapping[Kind, str] = {
    "added": "added", "removed": "removed", "changed": "changed", "relinked": "other inputs",
    "renamed": "renamed", "figures": "other figures", "same": "same",
}  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One of the two: how it is called, what is known about it, and the memory it needs."""

    title: str
    analysis: Analysis
    memory: Memory


@dataclass(frozen=True, slots=True)
class Change:
    """What is different about a layer, before and after.

    It is `name`, `type`, `inputs`, `shares` (the layer whose weights it uses) or a setting.
    """

    what: str
    old: Any
    new: Any

    @property
    def text(self) -> str:
        """`filters 32 → 64`."""
        if self.what == "name":
            return f"was {self.old}"
        if self.what == "shares":
            return f"uses {_weights(self.new)}, used {_weights(self.old)}"
        if self.what == "inputs":
            return f"fed by {_names(self.new)}, was by {_names(self.old)}"
        return f"{self.what} {value_text(self.old)} → {value_text(self.new)}"


@dataclass(frozen=True, slots=True)
class Row:
    """A layer of either network, or of both."""

    kind: Kind
    old: LayerInfo | None
    new: LayerInfo | None
    changes: tuple[Change, ...] = ()

    @property
    def info(self) -> LayerInfo:
        """The layer as it is now, or as it was if it is gone."""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def details(self) -> str:
        """All that changed, in words."""
        return "; ".join(change.text for change in self.changes)


@dataclass(frozen=True, slots=True)
class Figure:
    """A total of both networks; `unit` is "", "bytes" or "pixels" (rows and columns)."""

    key: str
    title: str
    unit: Literal["", "bytes", "pixels"]
    old: Any
    new: Any

    @property
    def share(self) -> float | None:
        """How much larger the new one is, 0.1 for a tenth; None where that says nothing."""
        if self.unit == "pixels" or not self.old or self.new is None or self.old == self.new:
            return None
        return float(self.new / self.old - 1)


@dataclass(frozen=True)
class Comparison:
    """The outcome: a row for each layer in topological order, and the totals."""

    old: Side
    new: Side
    rows: tuple[Row, ...]
    figures: tuple[Figure, ...]

    @property
    def differences(self) -> tuple[Row, ...]:
        """The rows that are not the same in both."""
        return tuple(row for row in self.rows if row.kind != "same")

    @property
    def counts(self) -> dict[Kind, int]:
        """How many rows there are of each kind."""
        counts = dict.fromkeys(KINDS, 0)
        for row in self.rows:
            counts[row.kind] += 1
        return counts

    @property
    def headline(self) -> str:
        """`2 added, 1 changed, 9 same`; or that there is no difference."""
        if not self.differences:
            return "No differences: layers, settings and links are the same."
        return ", ".join(f"{count:,} {WORDS[kind]}" for kind, count in self.counts.items() if count)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "old": self.old.title,
            "new": self.new.title,
            "counts": dict(self.counts),
            "layers": [_row_json(row) for row in self.rows],
            "totals": {
                figure.key: {"old": _plain(figure.old), "new": _plain(figure.new)}
                for figure in self.figures
            },
            "memory": {"old": self.old.memory.to_json(), "new": self.new.memory.to_json()},
        }

    def to_text(self, bytes_text: Callable[[float], str], *, only_differences: bool = True) -> str:
        """The comparison as text for people; `bytes_text` writes an amount of memory."""
        rows = self.differences if only_differences else self.rows
        lines = [f"{self.old.title} → {self.new.title}", ""]
        totals = [("", "before", "after", "")]
        for figure in self.figures:
            before, after = (
                figure_text(figure, value, bytes_text) for value in (figure.old, figure.new)
            )
            totals.append((figure.title, before, after, difference_text(figure)))
        lines += columns(totals, right={1, 2, 3})
        lines += ["", self.headline, ""]
        lines += columns(
            [
                (SIGNS[row.kind] or " ", row.info.name, row.info.type, WORDS[row.kind], row.details)
                for row in rows
            ]
        )
        return "\n".join(lines).rstrip() + "\n"


def compare(old: Side, new: Side) -> Comparison:
    """What is different in `new`, seen from `old`; places on the canvas do not count."""
    before, after = old.analysis.layers, new.analysis.layers
    pairs = _pairs(before, after)
    links = _Links(old.analysis, new.analysis, pairs)
    back = {b: a for a, b in pairs.items()}
    rows: dict[str, list[Row]] = {}
    # A layer that is gone stands behind the one it followed.
    anchor = ""
    for name, info in before.items():
        if name in pairs:
            anchor = pairs[name]
        else:
            rows.setdefault(anchor, []).append(Row("removed", info, None))
    ordered = list(rows.get("", ()))
    for name, info in after.items():
        if name in back:
            ordered.append(_row(before[back[name]], info, links))
        else:
            ordered.append(Row("added", None, info))
        ordered += rows.get(name, ())
    return Comparison(old, new, tuple(ordered), _figures(old, new))


def _row(old: LayerInfo, new: LayerInfo, links: _Links) -> Row:
    changes = []
    if old.type != new.type:
        changes.append(Change("type", old.type, new.type))
    changes += [
        Change(key, value, new.settings[key])
        for key, value in old.settings.items()
        if key in new.settings and new.settings[key] != value
    ]
    shared = links.shared(old.name, new.name)
    if shared is not None:
        changes.append(shared)
    kind: Kind = "changed" if changes else "same"
    moved = links.moved(old.name, new.name)
    if moved is not None:
        changes.append(moved)
        kind = "relinked" if kind == "same" else kind
    if old.name != new.name:
        changes.append(Change("name", old.name, new.name))
        kind = "renamed" if kind == "same" else kind
    if kind == "same" and _costs(old) != _costs(new):
        kind = "figures"
    return Row(kind, old, new, tuple(changes))


def _costs(info: LayerInfo) -> tuple[object, ...]:
    return info.output_shape, info.parameters, info.trainable_parameters, info.multiply_adds


class _Links:
    """Tells whether a layer is fed by others than before.

    A layer that was put between two, or taken out from between them, has moved no link: for the
    comparison one looks through it to what feeds it.
    """

    def __init__(self, old: Analysis, new: Analysis, pairs: Mapping[str, str]) -> None:
        self._old, self._new = old.layers, new.layers
        self._pairs = pairs
        self._before = _kept_sources(old, pairs.keys())
        self._kept = set(pairs.values())
        self._after = _kept_sources(new, self._kept)
        self._networks = old.network, new.network

    def shared(self, old: str, new: str) -> Change | None:
        """The change of the weights that a layer uses, seen by the one that has others now."""
        one, other = self._old[old].shares, self._new[new].shares
        if one == other is None:
            return None
        before = {
            self._pairs[name] for name in self._networks[0].uses_of(old) if name in self._pairs
        }
        after = self._kept.intersection(self._networks[1].uses_of(new))
        return None if before == after else Change("shares", one, other)

    def moved(self, old: str, new: str) -> Change | None:
        before = tuple(self._pairs.get(name, name) for name in self._before[old])
        if before == self._after[new]:
            return None
        return Change("inputs", self._old[old].inputs, self._new[new].inputs)


def _kept_sources(analysis: Analysis, kept: Any) -> dict[str, tuple[str, ...]]:
    """For each layer the kept layers that feed it, directly or through others."""
    found: dict[str, tuple[str, ...]] = {}
    for name, info in analysis.layers.items():
        sources: list[str] = []
        for source in info.inputs:
            # On a cycle a source may come later.
            sources += (source,) if source in kept else found.get(source, (source,))
        found[name] = tuple(dict.fromkeys(sources))
    return found


def _pairs(old: Mapping[str, LayerInfo], new: Mapping[str, LayerInfo]) -> dict[str, str]:
    """Which layer of `old` is which of `new`, by name."""
    pairs = {name: name for name in old if name in new}
    places = {name: place for place, name in enumerate(new)}
    named = [name for name in old if name in pairs]
    anchors = [named[index] for index in _rising([places[name] for name in named])]
    before, after = _segments(list(old), anchors), _segments(list(new), anchors)
    for gone, come in zip(before, after, strict=True):
        rest = [old[name] for name in gone if name not in pairs]
        fresh = [new[name] for name in come if name not in pairs]
        for first, second in aligned(rest, fresh):
            pairs[rest[first].name] = fresh[second].name
    return pairs


def _segments(names: list[str], anchors: list[str]) -> list[list[str]]:
    """The names between the anchors, which are in order."""
    ends = set(anchors)
    parts: list[list[str]] = [[]]
    for name in names:
        if name in ends:
            parts.append([])
        else:
            parts[-1].append(name)
    return parts


def _rising(numbers: Sequence[int]) -> list[int]:
    """The indices of a longest rising subsequence."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        place = bisect_left(tails, number)
        before.append(ends[place - 1] if place else -1)
        tails[place : place + 1] = [number]
        ends[place : place + 1] = [index]
    chain = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chain.append(index)
        index = before[index]
    return chain[::-1]


def _figures(old: Side, new: Side) -> tuple[Figure, ...]:
    a, b = old.analysis, new.analysis
    return (
        Figure("layers", "Layers", "", len(a.layers), len(b.layers)),
        Figure("depth", "Depth", "", depth(a), depth(b)),
        Figure("parameters", "Parameters", "", a.parameters, b.parameters),
        Figure(
            "trainable_parameters", "Trainable", "", a.trainable_parameters, b.trainable_parameters
        ),
        Figure("multiply_adds", "Multiply-adds", "", a.multiply_adds, b.multiply_adds),
        Figure(
            "activation_bytes", "Outputs of a picture", "bytes",
            a.activation_bytes, b.activation_bytes,
        ),
        Figure(
            "inference_bytes", "Memory to classify", "bytes",
            old.memory.inference, new.memory.inference,
        ),
        Figure(
            "training_bytes", "Memory to train", "bytes", old.memory.training, new.memory.training
        ),
        Figure(
            "receptive_field", "Receptive field", "pixels", receptive_field(a), receptive_field(b)
        ),
    )  # fmt: skip


def figure_text(figure: Figure, value: Any, bytes_text: Callable[[float], str]) -> str:
    """A total in words."""
    if value is None:
        return "–"
    if figure.unit == "bytes":
        return bytes_text(value)
    return f"{value[0]:,} × {value[1]:,}" if figure.unit == "pixels" else f"{value:,}"


def difference_text(figure: Figure) -> str:
    """How much more or less it is now: `+2` layers, `−12 %` of parameters."""
    if figure.key in ("layers", "depth"):
        more = figure.new - figure.old
        return f"{'+' if more > 0 else '−'}{abs(more):,}" if more else ""
    return share_text(figure.share)


def _weights(owner: str | None) -> str:
    return f"the weights of {owner}" if owner else "weights of its own"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "old": _layer_json(row.old),
        "new": _layer_json(row.new),
        "changes": [
            {"what": change.what, "old": _plain(change.old), "new": _plain(change.new)}
            for change in row.changes
        ],
    }


def _layer_json(info: LayerInfo | None) -> dict[str, Any] | None:
    if info is None:
        return None
    return {
        "name": info.name,
        "type": info.type,
        "inputs": list(info.inputs),
        "output_shape": _plain(info.output_shape),
        "parameters": info.parameters,
        "multiply_adds": info.multiply_adds,
        "activation_bytes": info.activation_bytes,
    }


def _plain(value: Any) -> Any:
    return [_plain(part) for part in value] if isinstance(value, (tuple, list)) else value
