"""The first of a month in French, on every way a page says a date; an amount below zero."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from flask import Flask
from sqlalchemy.orm import Session

from planner.web.filters import money
from tests.conftest import Browser
from tests.factories import make_campaign, make_post


def test_the_first_of_a_month_is_written_as_french_readers_write_it(client: Browser, app_db: Session) -> None:
    first, eleventh = datetime(2026, 4, 1, 8, tzinfo=UTC), datetime(2026, 4, 11, 8, tzinfo=UTC)
    campaign = make_campaign(app_db, starts_on=first.date(), ends_on=eleventh.date())
    posts = [make_post(app_db, publish_at=at, campaign=campaign).id for at in (first, eleventh)]
    number = campaign.id
    app_db.commit()
    french = {"Accept-Language": "fr"}

    pages = {path: client.get(path, headers=french).text for path in (f"/posts/{posts[0]}", f"/campaigns/{number}", "/calendar?view=list&date=2026-04-01")}

    assert ["1er avr. 2026" in pages[f"/posts/{posts[0]}"], "1er avr. 2026" in pages[f"/campaigns/{number}"]] == [True, True]
    assert "Mercredi 1er avril" in pages["/calendar?view=list&date=2026-04-01"] and "Samedi 11 avril" in pages["/calendar?view=list&date=2026-04-01"]
    assert all("11er" not in page and " 1 avr" not in page for page in pages.values())
    assert "1er" not in client.get(f"/posts/{posts[0]}", headers={"Accept-Language": "en-GB"}).text


def test_a_loss_is_not_parted_from_its_sign_at_the_end_of_a_line(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        said = [money(Decimal(amount), "EUR") for amount in ("-66", "-0.5", "66")]

    assert said == ["-\u2060€66", "-\u2060€0.50", "€66"]
