"""The queue's free slots on the calendar: where they stand, what hides them, and the click that fills one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetKind, AssetState, Audience
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.core.errors import Forbidden, NotFound, Refused
from planner.planning import evergreen, slots
from planner.planning.models import Post, PostState
from planner.planning.quiet_models import Blackout
from planner.planning.recurring import Slot
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user
from tests.web.counting import statements

DAY = timedelta(days=1)
WEEK, MONTH, LIST = (f"/calendar?view={view}&date=2026-03-02" for view in ("week", "month", "list"))
WEDNESDAY = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)


def a_queue(db: Session, **values: Any) -> Channel:
    """Wednesdays at half past ten in Paris, and Mondays at nine, of which this week's is over at noon."""
    channel = make_channel(db, **{"name": "Town", "time_zone": "Europe/Paris", **values})
    for weekday, clock in ((2, "10:30"), (0, "09:00")):
        slots.add_slot(db, channel, weekday, clock, actor=None, now=NOON)
    return channel


def an_evergreen(db: Session, title: str, **values: Any) -> Asset:
    asset = make_asset(db, title=title, state=AssetState.LIVE, **values)
    evergreen.add(db, asset, 30, actor=None, now=NOON)
    return asset


def drawn(page: str) -> list[tuple[str, str]]:
    return re.findall(r'name="slot" value="(\d+):([\d-]+)"', page)


def test_each_view_draws_what_is_free_and_still_to_come(client: Browser, app_db: Session) -> None:
    a_queue(app_db)
    app_db.commit()

    week, month, listed = (client.get(path).text for path in (WEEK, MONTH, LIST))

    assert drawn(week) == [("1", "2026-03-04")]
    assert drawn(month)[:3] == [("1", "2026-03-04"), ("2", "2026-03-09"), ("1", "2026-03-11")]
    assert drawn(listed)[:2] == [("1", "2026-03-04"), ("2", "2026-03-09")]
    assert '<span class="free-slot__time">10:30</span><span class="free-slot__word">Free</span>' in week


def test_what_stands_near_a_blackout_a_quiet_hour_and_a_filter_take_it_off(client: Browser, app_db: Session) -> None:
    channel = a_queue(app_db)
    post = make_post(app_db, channel=channel, publish_at=WEDNESDAY + timedelta(minutes=14))
    app_db.commit()
    assert drawn(client.get(WEEK).text) == []
    post.publish_at = WEDNESDAY + timedelta(minutes=15)
    app_db.commit()
    assert [bool(drawn(client.get(f"{WEEK}{more}").text)) for more in ("", f"&channel={channel.id}", "&native=hide", "&state=draft", "&native=only")] == [True, True, True, False, False]
    app_db.add(Blackout(name="Results", starts_on=date(2026, 3, 4), ends_on=date(2026, 3, 5)))
    app_db.commit()
    assert drawn(client.get(WEEK).text) == []
    app_db.query(Blackout).delete()
    app_db.query(Slot).filter(Slot.weekday == 2).update({"clock": "23:00"})
    app_db.commit()
    assert drawn(client.get(WEEK).text) == []


@pytest.mark.parametrize("asked", ["kind=video", "audience=analysts", "campaign=1", "language=fr", "owner=1", "mine=1"])
def test_under_a_filter_they_stand_lighter_and_what_the_filter_hides_still_takes_one(client: Browser, app_db: Session, asked: str) -> None:
    channel = a_queue(app_db)
    make_campaign(app_db)
    app_db.commit()

    assert ["free-slot--aside" in client.get(path).text for path in (WEEK, MONTH, LIST)] == [False] * 3
    for path in (WEEK, MONTH, LIST):
        page = client.get(f"{path}&{asked}").text
        assert drawn(page)[0] == ("1", "2026-03-04")
        assert page.count("free-slot--aside") == len(drawn(page))
    make_post(app_db, channel=channel, publish_at=WEDNESDAY)
    app_db.commit()
    assert ("1", "2026-03-04") not in drawn(client.get(f"{WEEK}&{asked}").text)


def test_a_click_under_a_filter_fills_it_with_what_fits_the_filter(client: Browser, app_db: Session) -> None:
    a_queue(app_db)
    an_evergreen(app_db, "First of all")
    film = an_evergreen(app_db, "The film", kind=AssetKind.VIDEO, language="fr")
    film.audiences = [Audience.ANALYSTS]
    campaign = make_campaign(app_db)
    app_db.commit()

    for asked in ("kind=podcast", "kind=video&language=de", "audience=investors"):
        client.submit("/calendar/evergreen/fill", slot="1:2026-03-04", back=f"{WEEK}&{asked}")
        assert "Nothing evergreen that fits the filters has cooled down" in unescape(client.get(WEEK).text), asked
    client.submit("/calendar/evergreen/fill", slot="1:2026-03-04", back=f"{WEEK}&kind=video&language=fr&audience=analysts")
    assert "“The film” fills the slot of Wed 4 Mar 2026, 10:30, as a draft." in unescape(client.get(f"{WEEK}&kind=video").text)
    client.submit("/calendar/evergreen/fill", slot="1:2026-03-11", back=f"{WEEK}&campaign={campaign.id}")
    assert "“First of all” fills the slot of Wed 11 Mar 2026, 10:30, as a draft. It is of no campaign, so that filter hides it." in unescape(client.get(WEEK).text)


def test_a_click_fills_it_with_what_was_not_shared_for_longest_and_undo_empties_it(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    channel = a_queue(app_db)
    recent, older = an_evergreen(app_db, "Recent"), an_evergreen(app_db, "Older")
    for asset, days in ((recent, 40), (older, 60)):
        make_post(app_db, asset=asset, channel=channel, state=PostState.PUBLISHED, publish_at=NOON - days * DAY, published_at=NOON - days * DAY)
    app_db.commit()

    done = client.submit("/calendar/evergreen/fill", slot="1:2026-03-04", back=WEEK)

    assert done.location == WEEK
    page = unescape(client.get(WEEK).text)
    assert "“Older” fills the slot of Wed 4 Mar 2026, 10:30, as a draft." in page and drawn(page) == []
    at = page.partition('name="at" value="')[2].partition('"')[0]
    clock.advance(timedelta(seconds=3))
    client.submit("/calendar/together/undo", at=at, back=WEEK)
    assert drawn(client.get(WEEK).text) == [("1", "2026-03-04")]
    app_db.expire_all()
    assert [(post.asset.title, post.state, post.publish_at) for post in app_db.query(Post).filter(Post.publish_at > NOON)] == [("Older", PostState.CANCELLED, WEDNESDAY)]


def test_what_cannot_be_is_said_and_nothing_is_planned(client: Browser, sign_in: Callable[..., Browser], app_db: Session) -> None:
    channel = a_queue(app_db)
    app_db.commit()
    assert "Nothing evergreen has cooled down by then that could go out here." in unescape(follow(client, "1:2026-03-04"))
    an_evergreen(app_db, "Ready to go")
    make_post(app_db, channel=channel, publish_at=WEDNESDAY)
    app_db.commit()

    assert "This slot is not free any more. Choose another." in unescape(follow(client, "1:2026-03-04"))
    assert "This slot is not free any more. Choose another." in unescape(follow(client, "1:2026-03-05"))
    statuses = [client.submit("/calendar/evergreen/fill", slot=text).status_code for text in ("99:2026-03-04", "1:soon", "one:2026-03-04", "", "1:9999-01-01")]
    assert (statuses, sign_in(roles=("viewer",)).submit("/calendar/evergreen/fill", slot="1:2026-03-11").status_code) == ([404] * 5, 403)
    assert app_db.query(Post).count() == 1


def follow(client: Browser, slot: str) -> str:
    client.submit("/calendar/evergreen/fill", slot=slot, back=WEEK)
    return str(client.get(WEEK).text)


def test_what_has_to_be_confirmed_or_does_not_fit_the_channel_is_passed_over(app_db: Session) -> None:
    tube = a_queue(app_db, platform=Platform.YOUTUBE, name="Tube")
    an_evergreen(app_db, "No film")
    planner = make_user(app_db, roles=("planner",))
    with pytest.raises(Refused):
        evergreen.fill(app_db, 1, date(2026, 3, 4), actor=planner, now=NOON)
    tube.platform = Platform.X
    app_db.flush()
    app_db.query(Asset).update({"kind": AssetKind.PRESS_RELEASE, "created_at": NOON - 500 * DAY})
    app_db.expire_all()
    with pytest.raises(Refused):
        evergreen.fill(app_db, 1, date(2026, 3, 4), actor=planner, now=NOON)
    app_db.query(Asset).update({"kind": AssetKind.BLOG_POST})
    app_db.expire_all()

    with pytest.raises(Forbidden):
        evergreen.fill(app_db, 1, date(2026, 3, 4), actor=make_user(app_db, roles=("viewer",)), now=NOON)
    with pytest.raises(NotFound):
        evergreen.fill(app_db, 77, date(2026, 3, 4), actor=planner, now=NOON)
    assert evergreen.fill(app_db, 1, date(2026, 3, 4), actor=planner, now=NOON).publish_at == WEDNESDAY


def test_who_only_reads_sees_it_and_cannot_press_it(sign_in: Callable[..., Browser], app_db: Session) -> None:
    a_queue(app_db)
    app_db.commit()

    page = sign_in(roles=("viewer",)).get(WEEK).text

    assert ("free-slot__word" in page, drawn(page), 'id="fill-slot"' in page) == (True, [], False)


def test_slots_cost_the_calendar_no_statement(client: Browser, app: Flask, app_db: Session) -> None:
    make_post(app_db)
    app_db.commit()
    filtered = [f"{path}&kind=video" for path in (WEEK, MONTH, LIST)]
    before, under_a_filter = ([statements(app, client, path) for path in paths] for paths in ((WEEK, MONTH, LIST), filtered))
    for number in range(5):
        a_queue(app_db, name=f"Town {number}")
    app_db.commit()

    assert [statements(app, client, path) for path in (WEEK, MONTH, LIST)] == before
    assert [statements(app, client, path) for path in filtered] == [number + 1 for number in under_a_filter]
