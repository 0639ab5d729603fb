"""Cutting pictures: the largest part of a shape, which part stays, and what cannot be cut."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from planner.catalog.cropping import FOCUSES, SHAPES, box, crop
from planner.core.errors import Invalid


@pytest.mark.parametrize(
    ("focus", "kept"), [("start", (0, 0, 400, 400)), ("middle", (200, 0, 600, 400)), ("end", (400, 0, 800, 400))]
)
def test_of_a_wide_picture_the_named_part_stays(focus: str, kept: tuple[int, ...]) -> None:
    assert box(800, 400, Fraction(1), focus) == kept


@given(some.integers(200, 6000), some.integers(200, 6000), some.sampled_from(sorted(SHAPES)), some.sampled_from(sorted(FOCUSES)))
def test_the_part_lies_within_the_picture_touches_two_of_its_edges_and_has_the_shape(width: int, height: int, shape: str, focus: str) -> None:
    left, top, right, bottom = box(width, height, SHAPES[shape][0], focus)

    assert 0 <= left < right <= width and 0 <= top < bottom <= height
    assert (right - left == width) or (bottom - top == height)
    assert abs((right - left) - (bottom - top) * SHAPES[shape][0]) <= 2


def test_a_copy_is_cut_as_the_picture_is_shown_and_named_by_its_shape(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    turned = Image.Exif()
    turned[0x0112] = 6  # Shown turned by a quarter.
    Image.new("RGB", (400, 800), "red").save(path, exif=turned)

    copy, name = crop(path, "Our stand.jpg", "16:9", "middle")

    with Image.open(copy) as made:
        assert (made.size, name) == ((711, 400), "Our stand 16x9.jpg")


def test_what_is_no_picture_too_small_or_of_no_known_shape_is_refused(tmp_path: Path) -> None:
    small, broken = tmp_path / "a.png", tmp_path / "b.png"
    Image.new("RGB", (120, 90)).save(small)
    broken.write_bytes(b"nothing")
    for path, shape in ((small, "1.91:1"), (broken, "1:1"), (tmp_path / "c.gif", "1:1"), (small, "2:1")):
        with pytest.raises(Invalid):
            crop(path, "a.png", shape, "middle")
