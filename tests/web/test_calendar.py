"""The calendar's sheets: a lane for each channel, what an address asks for and keeps, both clocks, embargo lines, and what no longer gets in the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from planner.catalog.models import AssetAudience, AssetState, Audience, Confidentiality
from planner.planning.models import CalendarNote, PostState
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_blackout, make_campaign, make_channel, make_event, make_post, make_user
from tests.web.counting import statements

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WEEK, MONTH, LIST = (f"/calendar?view={view}&date=2026-03-02" for view in ("week", "month", "list"))


def cells(page: str, channel_id: int) -> dict[str, list[str]]:
    """Day -> titles of one lane."""
    found = re.findall(rf'data-day="([\d-]+)" data-channel="{channel_id}">(.*?)</td>', page, flags=re.DOTALL)
    return {day: re.findall(r'cal-event__title">([^<]*)<', inside) for day, inside in found if "cal-event__title" in inside}


def test_a_week_has_a_lane_for_each_channel_with_its_posts_on_their_days(client: Browser, app_db: Session) -> None:
    x, town = make_channel(app_db, name="Group on X"), make_channel(app_db, name="Town square", time_zone="America/New_York")
    make_post(app_db, channel=x, asset=make_asset(app_db, title="Second"), publish_at=NOON + DAY + HOUR)
    make_post(app_db, channel=x, asset=make_asset(app_db, title="First"), publish_at=NOON + DAY)
    make_post(app_db, channel=town, asset=make_asset(app_db, title="Elsewhere"), publish_at=NOON)
    app_db.commit()

    page = client.get(WEEK).text

    assert cells(page, x.id) == {"2026-03-03": ["First", "Second"]}
    assert cells(page, town.id) == {"2026-03-02": ["Elsewhere"]}
    assert '<span class="lanes__zone">New York</span>' in page
    assert '<span class="cal-event__time">13:00</span><span class="cal-event__there">07:00 New York</span>' in page


def test_with_many_channels_those_without_a_post_wait_until_asked_for(client: Browser, app_db: Session) -> None:
    channels = [make_channel(app_db, name=f"Channel {number:02}") for number in range(12)]
    make_post(app_db, channel=channels[3])
    app_db.commit()

    page, every = client.get(WEEK).text, client.get(f"{WEEK}&lanes=all").text

    assert (page.count("lanes__lane"), every.count("lanes__lane")) == (1, 12)
    assert "11 channels have nothing this week: show them too" in page


def test_every_filter_narrows_the_page_is_named_on_it_and_kept_by_its_links(client: Browser, app_db: Session) -> None:
    owner, campaign = make_user(app_db, name="Nadia"), make_campaign(app_db, name="Trade show")
    asset = make_asset(app_db, title="Wanted", owner_id=owner.id, language="fr")
    app_db.add(AssetAudience(asset_id=asset.id, audience=Audience.ANALYSTS))
    wanted = make_post(app_db, asset=asset, campaign=campaign)
    make_post(app_db, asset=make_asset(app_db, title="Unwanted"))
    app_db.commit()

    for name, value, word in (
        ("owner", owner.id, "Nadia"), ("campaign", campaign.id, "Trade show"), ("audience", "analysts", "Analysts"), ("language", "fr", "French"),
        ("channel", wanted.channel_id, wanted.channel.name), ("kind", "blog_post", "Blog post"),
    ):  # fmt: skip
        page = unescape(client.get(f"{MONTH}&{name}={value}").text)
        assert ("Wanted" in page, "Unwanted" in page) == (True, name == "kind"), name
        assert re.search(rf'class="chip chip--on"[^>]*>{word}', page), name
        assert f"date=2026-02-01&{name}={value}" in page, name
        assert f"view=week&date=2026-03-02&{name}={value}" in page, name


def test_a_filter_by_owner_does_not_say_whose_a_confidential_asset_is(sign_in: Callable[..., Browser], app_db: Session) -> None:
    owner = make_user(app_db)
    make_post(app_db, asset=make_asset(app_db, owner_id=owner.id, confidentiality=Confidentiality.CONFIDENTIAL))
    app_db.commit()
    viewer = sign_in(roles=("viewer",))

    assert "cal-event__title" in viewer.get(WEEK).text
    assert "cal-event__title" not in viewer.get(f"{WEEK}&owner={owner.id}").text


def test_what_does_not_fit_is_counted_and_leads_to_its_day(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db)
    for number in range(9):
        make_post(app_db, channel=channel, publish_at=NOON + number * HOUR)
    app_db.commit()

    month, week = unescape(client.get(MONTH).text), unescape(client.get(WEEK).text)

    assert 'href="/calendar?view=list&date=2026-03-02&days=1">+4 more</a>' in month
    assert f'href="/calendar?view=list&date=2026-03-02&days=1&channel={channel.id}">+3 more</a>' in week
    assert client.get("/calendar?view=list&date=2026-03-02&days=1").text.count("lines__link") == 9


def test_what_whole_days_are_is_cut_with_what_holds_posts_back_first_and_leads_to_its_day(client: Browser, app_db: Session) -> None:
    make_channel(app_db)
    for number in range(4):
        make_event(app_db, f"Event {number}", starts_on=NOON.date(), ends_on=NOON.date() + 2 * DAY)
    app_db.add_all(CalendarNote(day=NOON.date(), text=f"Note {number}.", created_at=NOON, updated_at=NOON) for number in range(4))
    make_blackout(app_db, "Before the results", starts_on=NOON.date(), ends_on=NOON.date() + DAY)
    make_campaign(app_db, name="Launch", embargo_until=NOON + HOUR)
    app_db.commit()

    week, month = (unescape(client.get(f"{address}&kind=video").text) for address in (WEEK, MONTH))
    day = client.get("/calendar?view=list&date=2026-03-02&days=1&kind=video").text

    monday, tuesday, *_rest = re.findall(r"<td[^>]*>(.*?)</td>", week.partition("lanes__allday")[2].partition("</tr>")[0], flags=re.DOTALL)
    more = '<a class="cal-more" data-sheet href="/calendar?view=list&date=2026-03-02&days=1&kind=video">+7 more<span class="sr-only">, All day, 2 Mar 2026</span></a>'
    assert re.findall(r"Before the results|Launch|Event \d|Note \d", monday) == ["Before the results", "Launch", "Event 0"]
    assert (more in monday, more in month) == (True, True)
    assert (tuesday.count("Event"), "more" in tuesday) == (4, False)
    assert [name in day for name in ("Before the results", "Launch", "Event 3", "Note 3")] == [True] * 4


def test_an_embargo_that_lifts_is_a_line_between_the_posts_before_and_after_it(client: Browser, app_db: Session) -> None:
    campaign = make_campaign(app_db, name="Launch", embargo_until=NOON + HOUR)
    for at in (NOON, NOON + 2 * HOUR):
        make_post(app_db, asset=make_asset(app_db), publish_at=at)
    app_db.commit()

    page = client.get(LIST).text
    inside = page.partition('class="lines"')[2]

    assert [inside.index(time) for time in ("13:00", "14:00", "15:00")] == sorted(inside.index(time) for time in ("13:00", "14:00", "15:00"))
    assert f'href="/campaigns/{campaign.id}">14:00 <span class="lift__words">Embargo lifts: Launch' in inside
    assert "Embargo lifts: Launch" in client.get(WEEK).text.partition("lanes__allday")[2].partition("</tr>")[0]


def test_the_lift_of_what_was_retired_is_marked_because_its_words_are_held_until_then(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db, title="Merger", embargo_until=NOON + HOUR, state=AssetState.RETIRED)
    app_db.commit()

    assert f'href="/assets/{asset.id}">14:00 <span class="lift__words">Embargo lifts: Merger' in client.get(LIST).text
    assert "Embargo lifts: Merger" in client.get(WEEK).text


def test_a_list_tells_an_embargo_once_and_keeps_a_day_that_has_nothing_else(client: Browser, app_db: Session) -> None:
    make_campaign(app_db, name="Launch", embargo_until=NOON + HOUR)
    make_channel(app_db)
    app_db.commit()

    page = client.get(LIST).text

    assert page.count("Embargo lifts: Launch") == 1
    assert page.count('id="day-') == 1


def test_the_embargo_of_what_one_may_not_know_is_not_told(sign_in: Callable[..., Browser], app_db: Session) -> None:
    make_asset(app_db, title="Merger", confidentiality=Confidentiality.CONFIDENTIAL, embargo_until=NOON + HOUR)
    app_db.commit()

    assert ["Merger" in sign_in(roles=(role,)).get(LIST).text for role in ("viewer", "approver")] == [False, True]


@pytest.mark.parametrize(
    ("states", "at", "said"),
    [
        ((PostState.APPROVED, PostState.DRAFT), DAY, True),
        ((PostState.PUBLISHED, PostState.APPROVED), DAY, True),
        ((PostState.PUBLISHED, PostState.PUBLISHED), DAY, False),
        ((PostState.SENDING, PostState.PUBLISHED), DAY, False),
        ((PostState.DRAFT, PostState.DRAFT), -DAY, False),
    ],
)
def test_only_what_can_still_be_changed_gets_in_the_way(
    client: Browser, app_db: Session, states: tuple[PostState, ...], at: timedelta, said: bool
) -> None:
    channel = make_channel(app_db)
    for number, state in enumerate(states):
        live = {"published_at": NOON} if state is PostState.PUBLISHED else {}
        make_post(app_db, channel=channel, state=state, publish_at=NOON + at + timedelta(minutes=5 * number), text=f"Text {number}.", **live)
    app_db.commit()

    assert ("gets in the way" in client.get(MONTH).text) is said


def test_who_may_not_move_posts_cannot_take_hold_of_them(sign_in: Callable[..., Browser], app_db: Session) -> None:
    make_post(app_db)
    make_post(app_db, state=PostState.PUBLISHED, published_at=NOON)
    app_db.commit()

    assert [sign_in(roles=(role,)).get(WEEK).text.count('draggable="true"') for role in ("planner", "viewer", "author")] == [1, 0, 0]


@pytest.mark.parametrize("path", [WEEK, MONTH, LIST])
def test_a_sheet_costs_eight_statements_however_full(client: Browser, app: Flask, app_db: Session, path: str) -> None:
    counts = []
    for number in (1, 20):
        for _ in range(number):
            make_post(app_db, campaign=make_campaign(app_db, embargo_until=NOON), asset=make_asset(app_db, embargo_until=NOON))
        app_db.commit()
        counts.append(statements(app, client, path))

    assert counts[0] == counts[1] <= 8


@pytest.mark.parametrize("path", [WEEK, MONTH, LIST])
def test_the_legend_of_the_paper_names_each_account_and_state_that_is_drawn_once(client: Browser, app_db: Session, path: str) -> None:
    town = make_channel(app_db, name="Town")
    for hours in (0, 1):
        make_post(app_db, channel=town, publish_at=NOON + hours * HOUR)
    make_post(app_db, channel=make_channel(app_db, name="Air"), state=PostState.APPROVED, publish_at=NOON)
    make_post(app_db, channel=make_channel(app_db, name="Elsewhere"), publish_at=NOON + 90 * DAY)
    app_db.commit()

    paper = client.get(path).text.partition('class="cal-paper"')[2].partition("</footer>")[0]

    assert re.findall(r"</svg>([^<]+)</span>", paper) == ["Air", "Town", "Approved", "Draft"]
    assert "Times: Europe/Paris. Printed 2 Mar 2026." in paper


def test_each_post_of_a_week_carries_the_clock_it_is_ordered_by_on_a_phone(client: Browser, app_db: Session) -> None:
    make_post(app_db, publish_at=NOON + timedelta(minutes=5))
    app_db.commit()

    assert re.findall(r'<li class="slot" data-time="([\d:]+)"', client.get(WEEK).text) == ["13:05"]


def test_a_month_with_nothing_in_it_says_on_a_phone_how_to_go_on(client: Browser, app_db: Session) -> None:
    nothing = 'class="only-phone"><div class="empty'
    page = client.get("/calendar?view=month").text
    before = "".join(page.split())
    make_post(app_db, publish_at=NOON)
    app_db.commit()

    assert "".join(nothing.split()) in before and "Nothing planned in this stretch" in page
    assert "Nothing planned in this stretch" not in client.get("/calendar?view=month").text
