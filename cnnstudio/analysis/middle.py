"""What works in the middle of a network but learns badly: sigmoids, softmaxes, a single unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cnnstudio.analysis import remedies
from cnnstudio.analysis.info import LayerInfo, Problem, Remedy
from cnnstudio.analysis.remedies import bound, setting
from cnnstudio.graph.network import Network
from cnnstudio.graph.spec import Category

Infos = Mapping[str, LayerInfo]
_SQUASHING = frozenset({"sigmoid", "hard_sigmoid"})
_SHARING = frozenset({"softmax", "log_softmax", "sparsemax"})
# Behind them a sigmoid or softmax is a gate, as it should be.
_GATED = frozenset({"Multiply"})


def middle_problems(network: Network, infos: Infos) -> Iterator[Problem]:
    """Warnings about layers that have further weights behind them."""
    for name, info in infos.items():
        settings = info.settings
        function = "softmax" if info.type == "Softmax" else settings.get("activation", "linear")
        one = 1 in (settings.get("units"), settings.get("filters"))
        if not (one or function in _SQUASHING or function in _SHARING):
            continue
        if info.output_shape is None:
            continue
        if one:
            behind = _learning(network, infos, name, merges=True)
            if behind is not None:
                yield _bottleneck(info, behind)
        if function != "linear" and (function in _SQUASHING or function in _SHARING):
            behind = _learning(network, infos, name, merges=False)
            if behind is not None:
                yield _deep(info, function, behind)


def _learning(network: Network, infos: Infos, name: str, *, merges: bool) -> str | None:
    """The first layer behind `name` with weights to train; gates end a way, merges if asked."""
    seen = {name}
    waiting = list(network.outputs_of(name))
    while waiting:
        other = waiting.pop()
        if other in seen:
            continue
        seen.add(other)
        info, category = infos[other], network[other].spec.category
        if info.type in _GATED or (merges and category is Category.MERGE):
            continue
        # What normalises may stand at the end as well.
        learns = info.trainable_parameters or (
            info.shares is not None and infos[info.shares].trainable_parameters
        )
        if learns and category is not Category.NORMALISATION:
            return other
        waiting += network.outputs_of(other)
    return None


def _bottleneck(info: LayerInfo, behind: str) -> Problem:
    noun = "unit" if "units" in info.settings else "filter"
    key = "units" if noun == "unit" else "filters"
    where = "" if noun == "unit" else " at each position"
    return Problem(
        info.name,
        "warning",
        "bottleneck",
        f"{info.name} has one {noun}, so that a single number{where} is all that {behind} gets to "
        f"know of the picture: give it more {noun}s.",
        f"one {noun} in the middle",
        (Remedy(f"Set {key} to 32", bound(setting(**{key: 32}), info.name)),),
    )


def _deep(info: LayerInfo, function: str, behind: str) -> Problem:
    if function in _SQUASHING:
        code = "deep-sigmoid"
        why = (
            "its slope is 1/4 at most and almost 0 for large values, so that the layers before it "
            "hardly learn"
        )
        short = f"{function} in the middle"
    else:
        code = "deep-softmax"
        why = (
            f"all that {behind} sees is how the values share 1 between them, and the layers before "
            "it hardly learn"
        )
        short = f"{function} in the middle"
    if info.type == "Softmax":
        remedy = Remedy(f"Remove {info.name}", bound(remedies.remove, info.name))
    else:
        remedy = Remedy("Set activation to relu", bound(setting(activation="relu"), info.name))
    return Problem(
        info.name,
        "warning",
        code,
        f"{info.name} has a {function} in the middle of the network: {why}. A relu does better "
        f"here; {function} belongs at the end.",
        short,
        (remedy,),
    )
