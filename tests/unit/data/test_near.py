"""Near duplicates: altered copies are found, different pictures are not, no neighbour is missed."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from cnnstudio.data.near import DISTANCE, close_pairs, is_flat, near_groups, print_of
from cnnstudio.data.pictures import thumbnail
from cnnstudio.errors import Cancelled


def printed(path: Path, small: bool = False):
    return print_of(thumbnail(path, 64), small)


def resized(image):
    return image.resize((image.width * 6 // 10, image.height * 6 // 10))


def recompressed(image):
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=40)
    return Image.open(stream)


def brightened(image):
    return ImageEnhance.Brightness(image).enhance(1.25)


def cropped(image):
    x, y = image.width // 50, image.height // 50
    return image.crop((x, y, image.width - x, image.height - y))


CHANGES = (resized, recompressed, brightened, cropped)


@pytest.fixture(scope="module")
def photos(groceries, fruit):
    found = sorted(groceries.glob("train/*/*.jpg"))[::14] + sorted(fruit.glob("train/*/*.jpg"))[:4]
    assert len(found) > 25
    return found


def test_altered_copies_of_photographs_are_found(photos, tmp_path):
    prints = []
    for number, path in enumerate(photos):
        prints.append(printed(path))
        image = Image.open(path).convert("RGB")
        for change in CHANGES:
            file = tmp_path / f"{number}_{change.__name__}.png"
            change(image).resize((160, 160)).save(file)
            prints.append(printed(file))
    groups = near_groups(prints)
    each = len(CHANGES) + 1
    together = {index: group for group in groups for index in group}
    for kind in range(1, each):
        missed = sum(
            together.get(number * each, ()) is not together.get(number * each + kind)
            for number in range(len(photos))
        )
        assert missed <= len(photos) // 20, f"{CHANGES[kind - 1].__name__}: {missed} missed"


def test_different_pictures_are_told_apart(groceries):
    prints = [printed(path) for path in sorted(groceries.glob("train/*/*.jpg"))]
    assert len(prints) == 420
    assert near_groups(prints) == []


def test_alike_clothes_are_not_taken_for_copies(fashion):
    paths = sorted(fashion.glob("train/*/*.png"))[::4]
    paired = sum(len(group) for group in near_groups([printed(path, True) for path in paths]))
    assert paired < len(paths) / 200


def test_colours_count():
    pixels = np.random.default_rng(1).integers(0, 256, (4, 4, 1), np.uint8)
    grey = np.kron(pixels, np.ones((16, 16, 1), np.uint8))
    red, blue = (np.repeat(grey, 3, axis=2) // 2 for _ in range(2))
    red[..., 0] += 100
    blue[..., 2] += 100
    assert near_groups([print_of(red, False), print_of(blue, False)]) == []
    assert near_groups([print_of(red, False), print_of(red, False)]) == [(0, 1)]


def test_pictures_of_one_tone_are_no_copies():
    flat = print_of(np.full((64, 64, 3), 200, np.uint8), False)
    assert is_flat(flat)
    assert near_groups([flat, flat]) == []


def pairs_of(hashes, distance):
    found = set()
    for left, right in close_pairs(np.array(hashes, np.uint64), distance):
        found |= set(zip(left.tolist(), right.tolist(), strict=True))
    return found


@given(
    st.lists(
        st.one_of(
            st.integers(0, 2**64 - 1),
            st.lists(st.integers(0, 63), max_size=12).map(lambda bits: sum({1 << b for b in bits})),
        ),
        max_size=12,
        unique=True,
    ),
    st.integers(0, DISTANCE),
)
def test_every_close_pair_is_found_and_no_other(hashes, distance):
    wanted = {
        (i, j)
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if (hashes[i] ^ hashes[j]).bit_count() <= distance
    }
    assert {tuple(sorted(pair)) for pair in pairs_of(hashes, distance)} == wanted


def test_equal_hashes_are_paired_with_the_first():
    assert pairs_of([7, 2**40, 7, 7], 0) == {(0, 2), (0, 3)}


def test_a_hundred_thousand_hashes_need_no_comparison_of_all():
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**63, 100_000, dtype=np.uint64)
    hashes[50_000] = hashes[7] ^ np.uint64(0b1001 << 30)
    assert {(7, 50_000), (50_000, 7)} & pairs_of(hashes, DISTANCE)


def test_the_search_can_be_stopped():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    with pytest.raises(Cancelled):
        near_groups([print_of(pixels, False)] * 2, lambda: True)
