"""Sample sets made offline: PNG pictures to begin with, in train/CLASS and test/CLASS."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnstudio.data.scan import ScanProgress
from cnnstudio.errors import Cancelled, StudioError

if TYPE_CHECKING:
    from PIL import Image as PillowImage

SAMPLES: Mapping[str, str] = {
    "digits": "1,797 handwritten digits from scikit-learn (8×8, enlarged to 32×32 grey)",
    "shapes": "1,000 drawn circles, squares, triangles, stars and crosses, 48×48 in colour",
}
SHAPES = ("circle", "cross", "square", "star", "triangle")
SHAPES_PER_CLASS = 200
TEST_SHARE = 0.2

# Says which set a folder holds, and whether all of it.
_MARKER = ".cnnstudio-sample"
_UNFINISHED = "Not finished.\n"
_DIGIT_SIDE = 32
_SHAPE_SIDE = 48
_FINER = 4  # shapes are drawn this much larger and reduced, for smooth edges


# A picture and its place below the folder.
Placed = tuple[Path, "PillowImage.Image"]


class SampleError(StudioError):
    """A sample set that cannot be written."""


def make_sample(
    name: str,
    folder: str | os.PathLike[str],
    *,
    seed: int = 0,
    progress: Callable[[ScanProgress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Write the sample set `name` into `folder`, a fifth of each class as test; return the folder.

    The same seed gives the same pictures; `progress` is told the files written. A folder that
    holds the set already is left as it is; one begun and not finished is completed. Raises
    `SampleError` for an unknown name, a folder with other things in it, or a disk that cannot be
    written; `Cancelled` when stopped.
    """
    if name not in SAMPLES:
        raise SampleError(f"There is no sample set {name}; there are {' and '.join(SAMPLES)}.")
    about = f"CNN Studio sample set: {name}, seed {seed}. {SAMPLES[name]}.\n"

    def pictures() -> tuple[int, Iterator[Placed]]:
        if name == "digits":
            return 1797, _digits(seed)
        return len(SHAPES) * SHAPES_PER_CLASS, _shapes(seed)

    return write_set(Path(folder), about, pictures, progress=progress, cancelled=cancelled)


def write_set(
    folder: Path,
    about: str,
    pictures: Callable[[], tuple[int, Iterator[Placed]]],
    *,
    progress: Callable[[ScanProgress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Path:
    """Write a set into `folder`; `pictures` gives how many there are, and each with its place.

    `about` tells the set from others: a folder that holds it already is left as it is, one begun
    and not finished is completed. Raises `SampleError` and `Cancelled`.
    """
    written: Counter[str] = Counter()
    try:
        if _whole(folder, about):
            return folder
        total, placed = pictures()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARKER).write_text(about + _UNFINISHED, encoding="utf-8")
        made: set[Path] = set()
        for done, (place, image) in enumerate(placed):
            if cancelled is not None and cancelled():
                raise Cancelled
            if progress is not None and done % 20 == 0:
                progress(ScanProgress(done, total, folder / place, dict(written)))
            path = folder / place
            if path.parent not in made:
                path.parent.mkdir(parents=True, exist_ok=True)
                made.add(path.parent)
            image.save(path)
            written[path.parent.name] += 1
        (folder / _MARKER).write_text(about, encoding="utf-8")
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise SampleError(
            f"The sample set could not be written to {folder}: {error.strerror or error}{where}. "
            "Choose another folder."
        ) from None
    if progress is not None:
        progress(ScanProgress(total, total, folder, dict(written)))
    return folder


def _whole(folder: Path, about: str) -> bool:
    """Whether the set is there already; `SampleError` if something else is."""
    if folder.exists() and not folder.is_dir():
        raise SampleError(f"{folder} is a file; choose a folder for the sample set.")
    if not folder.is_dir():
        return False
    held = {path.name for path in folder.iterdir()}
    if not held:
        return False
    if _MARKER in held:
        text = (folder / _MARKER).read_text(encoding="utf-8", errors="replace")
        if text in (about, about + _UNFINISHED):
            return text == about
    raise SampleError(
        f"{folder} is not empty and holds something else; choose an empty folder or a new name."
    )


def _digits(seed: int) -> Iterator[Placed]:
    """Ink is bright on black, 0–16 in the source. E. Alpaydin, C. Kaynak, UCI repository, 1998."""
    from PIL import Image
    from sklearn.datasets import load_digits

    source: Any = load_digits()
    order = np.random.default_rng([seed, 1])
    for digit in range(10):
        numbers = order.permutation(np.flatnonzero(source.target == digit))
        tests = round(len(numbers) * TEST_SHARE)
        for place, number in enumerate(numbers):
            grey = np.rint(source.images[number] * (255 / 16)).astype(np.uint8)
            image = Image.fromarray(grey).resize(
                (_DIGIT_SIDE, _DIGIT_SIDE), Image.Resampling.BICUBIC
            )
            split = "test" if place < tests else "train"
            yield Path(split, str(digit), f"{number:04}.png"), image


def _shapes(seed: int) -> Iterator[Placed]:
    tests = round(SHAPES_PER_CLASS * TEST_SHARE)
    for label, name in enumerate(SHAPES):
        for number in range(SHAPES_PER_CLASS):
            random = np.random.default_rng([seed, label, number])
            split = "test" if number < tests else "train"
            yield Path(split, name, f"{name}_{number:03}.png"), draw_shape(name, random)


def draw_shape(name: str, random: np.random.Generator) -> PillowImage.Image:
    """One shape of random place, size, turn and colours on a graded, noisy ground."""
    from PIL import Image, ImageDraw

    side = _SHAPE_SIDE * _FINER
    dark, light = _colours(random)
    image = _ground(dark, random).resize((side, side), Image.Resampling.BILINEAR)
    radius = side * random.uniform(0.2, 0.4)
    room = side / 2 - radius
    x, y = side / 2 + random.uniform(-room, room), side / 2 + random.uniform(-room, room)
    turn = random.uniform(0, 2 * math.pi)
    draw = ImageDraw.Draw(image)
    if name == "circle":
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=light)
    else:
        corners = [
            (x + radius * r * math.cos(turn + a), y + radius * r * math.sin(turn + a))
            for r, a in _corners(name)
        ]
        draw.polygon(corners, fill=light)
    small = np.asarray(image.resize((_SHAPE_SIDE, _SHAPE_SIDE), Image.Resampling.BOX))
    noise = random.normal(0, random.uniform(2, 14), small.shape)
    return Image.fromarray(np.clip(np.rint(small + noise), 0, 255).astype(np.uint8))


def _corners(name: str) -> list[tuple[float, float]]:
    """Corners as (distance from the middle, angle), the farthest at distance 1."""
    if name == "square":
        return [(1.0, math.pi / 4 + number * math.pi / 2) for number in range(4)]
    if name == "triangle":
        return [(1.0, number * 2 * math.pi / 3) for number in range(3)]
    if name == "star":
        return [(0.45 if number % 2 else 1.0, number * math.pi / 5) for number in range(10)]
    half = 0.32  # of the arm's length
    reach, tip = math.hypot(1, half), math.atan(half)
    corners = []
    for number in range(4):
        angle = number * math.pi / 2
        corners += [(1.0, angle - tip), (1.0, angle + tip)]
        corners.append((half * math.sqrt(2) / reach, angle + math.pi / 4))
    return corners


Colour = tuple[int, int, int]


def _colours(random: np.random.Generator) -> tuple[Colour, Colour]:
    """A ground and a shape colour that can be told apart in grey as well."""
    while True:
        one, other = (random.integers(20, 236, 3) for _ in range(2))
        weights = np.array([0.299, 0.587, 0.114])  # luma, ITU-R BT.601
        if abs(float((one - other) @ weights)) > 50:
            return _colour(one), _colour(other)


def _colour(numbers: np.ndarray[Any, Any]) -> Colour:
    red, green, blue = (int(number) for number in numbers)
    return red, green, blue


def _ground(colour: Colour, random: np.random.Generator) -> PillowImage.Image:
    """A 2×2 picture around `colour`; enlarged, it is a soft gradient."""
    from PIL import Image

    shades = np.array(colour) + random.integers(-18, 19, (2, 2, 1))
    return Image.fromarray(np.clip(shades, 0, 255).astype(np.uint8))
