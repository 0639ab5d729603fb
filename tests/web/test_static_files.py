"""Drawings in the page: their own lines, a name for who hears the page, and no invisible button."""

from __future__ import annotations

import pytest
from flask import Flask

from planner.web.static_files import MissingAssetsError, asset_url, icon
from tests.conftest import Browser


def test_a_drawing_is_its_own_lines_and_asks_for_no_file(app: Flask) -> None:
    with app.test_request_context():
        drawn = icon("undo-2", **{"class": "icon--s"})

    assert drawn.startswith('<svg class="icon icon--s" viewBox="0 0 24 24" aria-hidden="true"><path d="')
    assert "href" not in drawn


def test_a_drawing_that_says_something_is_an_image_with_a_name(app: Flask) -> None:
    with app.test_request_context():
        assert 'role="img" aria-label="Sent &amp; seen"' in icon("circle-check", "Sent & seen")


def test_a_drawing_that_is_not_there_is_said_and_not_drawn_as_nothing(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(MissingAssetsError, match=r"no-such-thing.*make assets"):
        icon("no-such-thing")


def test_a_page_reads_no_sprite_before_it_is_shown(client: Browser, app: Flask) -> None:
    with app.test_request_context():
        sprite = asset_url("icons.svg")

    page = client.get("/calendar?view=month").text

    assert f"{sprite}#" not in page
    assert page.count('<svg class="icon') > 10
