"""Names for the layers of a model file: their own, as far as a flat network can keep them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from cnnstudio.graph.edits import NAME
from cnnstudio.keras_build.descriptions import MODELS, name_of

Place = tuple[str, ...]


class Names:
    """Gives every layer of a description a name that no other has.

    A layer keeps its name. Inside a model it is led by the model's if another layer has the same;
    further calls of a layer are numbered; what Keras would not accept becomes `_`. `places` has
    all layers in the order of the file.
    """

    def __init__(self, description: Mapping[str, Any]) -> None:
        places = self.places = tuple(_places(description, ()))
        self._counts = Counter(place[-1] for place in places)
        # Those of the outermost model come first: nobody else may take them.
        self._reserved = {place[-1] for place in places if len(place) == 1}
        self._taken: set[str] = set()

    def name(self, place: Place, nth: int) -> str:
        """The name of the layer at a place in the file, in its `nth` call (from 0)."""
        own = place[-1]
        if len(place) > 1 and self._counts[own] > 1:
            own = "_".join(place)
        return self._take(use_name(own, nth), reserved=len(place) == 1 and not nth)

    def free(self, name: str) -> str:
        """A name like `name` for a layer that the file does not have."""
        return self._take(name, reserved=False)

    def _take(self, name: str, *, reserved: bool) -> str:
        clean = re.sub(r"[^A-Za-z0-9_.>\-]", "_", name) or "layer"
        if not NAME.fullmatch(clean):
            clean = f"layer_{clean}"
        found, number = clean, 2
        while found in self._taken or (
            found in self._reserved and not (reserved and found == name)
        ):
            found, number = f"{clean}_{number}", number + 1
        self._taken.add(found)
        return found


def use_name(name: str, nth: int) -> str:
    """What the `nth` use of a layer is called, from 0 on."""
    return f"{name}_use_{nth + 1}" if nth else name


def _places(entry: Mapping[str, Any], outer: Place) -> Iterator[Place]:
    config = entry["config"]
    for inner in config["layers"] if isinstance(config, Mapping) else config:
        place = (*outer, name_of(inner))
        if inner.get("class_name") in MODELS:
            yield from _places(inner, place)
        elif not (outer and inner.get("class_name") == "InputLayer"):
            yield place
