"""The calendar by a link: made in the browser, opened without an account, and never telling what is not public."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import icalendar
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import AssetFile, AssetKind, Confidentiality
from planner.channels.port import MediaKind, Platform
from planner.core.log import set_up_logging
from planner.planning import shares
from planner.planning.models import Campaign, PostState, Share, ShareKind
from planner.planning.quiet_models import Blackout
from planner.planning.shared import ShownEvents
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_blackout, make_campaign, make_channel, make_event, make_post, make_user
from tests.web.counting import statements

DAY = timedelta(days=1)
#: Stands in everything that is said of a secret post and nowhere else.
MARK = "zqfalcon"


@pytest.fixture
def planner(app_db: Session) -> User:
    planner = make_user(app_db, roles=("planner",), name="Ada")
    app_db.commit()
    return planner


def link(db: Session, planner: User, kind: ShareKind = ShareKind.PAGE, **values: Any) -> str:
    """The path of a new link."""
    values.setdefault("name", "For the agency")
    _, token = shares.make(db, shares.NewShare(kind=kind, **values), actor=planner, now=NOON)
    db.commit()
    return f"/s/{token}" + (".ics" if kind is ShareKind.FEED else "")


@pytest.fixture
def guest(app: Flask) -> Browser:
    """Somebody without an account, whose browser keeps no cookies."""
    app.test_client_class = Browser
    return app.test_client(use_cookies=False)  # type: ignore[return-value]


def plan_secrets(db: Session) -> None:
    """One post of each state for each reason to keep it secret, with the mark in all that is known of it."""
    channel = make_channel(db, name="Our X")
    reasons: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
        ({"confidentiality": Confidentiality.CONFIDENTIAL}, {}),
        ({"confidentiality": Confidentiality.INTERNAL}, {}),
        ({"sensitive": True}, {}),
        ({"embargo_until": NOON + 30 * DAY, "embargo_terms": [f"{MARK} terms"]}, {}),
        ({}, {"embargo_until": NOON + 30 * DAY}),
    )
    for number, ((asset_values, campaign_values), state) in enumerate(itertools.product(reasons, PostState)):
        asset = make_asset(
            db, title=f"{MARK} title {number}", summary=f"{MARK} summary", url=f"https://example.com/{MARK}/{number}", kind=AssetKind.PRESS_RELEASE, **asset_values
        )
        file = AssetFile(
            asset=asset, name=f"{MARK}.png", stored_name=f"{MARK}{number}.png", kind=MediaKind.IMAGE, mime="image/png", size=8, sha256="0" * 64,
            alt_text=f"{MARK} alt", created_at=NOON,
        )  # fmt: skip
        db.add(file)
        db.flush()
        make_post(
            db, asset=asset, channel=channel, campaign=make_campaign(db, name=f"{MARK} campaign {number}", **campaign_values), state=state,
            text=f"{MARK} text", title=f"{MARK} post {number}", link=f"https://example.com/{MARK}", first_comment=f"{MARK} comment", tags=[MARK],
            media=[{"file_id": file.id, "alt_text": f"{MARK} alt"}], publish_at=NOON + timedelta(hours=number), external_id=f"{MARK}{number}",
            external_url=f"https://x.com/{MARK}/{number}", published_at=NOON,
        )  # fmt: skip
    db.add(Blackout(name=f"{MARK} terms week", starts_on=NOON.date(), ends_on=NOON.date() + DAY))
    make_event(db, f"{MARK} terms day", place=f"{MARK} terms hall", note=f"{MARK} note", url=f"https://example.com/{MARK}-terms")
    db.commit()


def test_no_byte_of_a_link_tells_of_a_secret_post_in_any_state(app_db: Session, planner: User, guest: Browser) -> None:
    plan_secrets(app_db)
    campaigns = list(app_db.scalars(select(Campaign.id)))
    scopes: tuple[dict[str, Any], ...] = ({}, {"leaves_out": True}, {"kinds": [AssetKind.PRESS_RELEASE]}, {"campaigns": campaigns}, {"events": ShownEvents.ALL})
    found: dict[str, bytes] = {}
    for number, scope in enumerate(scopes):
        name = f"{MARK} terms for you"
        page = link(app_db, planner, name=name, **scope)
        for query in ("", "?view=list", "?date=2026-04-01", "?view=list&date=2026-02-20"):
            found[f"page {number} {query}"] = answer_of(guest, page + query)
        for personal in (False, True):
            found[f"feed {number} {personal}"] = answer_of(guest, link(app_db, planner, ShareKind.FEED, name=name, personal=personal, **scope))

    assert [where for where, body in found.items() if MARK in unfolded(body)] == []
    secrets = 5 * (len(PostState) - 1)  # Cancelled ones are in none.
    assert [unfolded(found[where]).count("summary:confidential") for where in ("feed 0 False", "feed 0 True", "feed 1 False", "feed 2 False", "feed 3 False", "feed 4 False", "feed 4 True")] == [
        secrets, secrets, 0, 0, 0, secrets + 1, secrets + 1,
    ]  # fmt: skip
    assert [unfolded(found[where]).count(">confidential</span></li>") for where in ("page 0 ", "page 1 ", "page 2 ")] == [secrets, 0, 0]


def answer_of(guest: Browser, address: str) -> bytes:
    """The whole answer, headers too."""
    answer = guest.get(address)
    assert answer.status_code == 200
    return str(answer.headers).encode() + answer.data


def unfolded(body: bytes) -> str:
    """Lower case, with the folded lines of a feed put together again."""
    return body.decode().replace("\r\n ", "").casefold()


def plan_one(db: Session) -> int:
    """A scheduled post that everybody may know of."""
    channel = make_channel(db, name="Our X", platform=Platform.X, time_zone="Europe/Paris")
    post = make_post(db, channel=channel, asset=make_asset(db, title="Annual <figures>, now", kind=AssetKind.VIDEO), state=PostState.SCHEDULED)
    db.commit()
    return post.id


@pytest.mark.parametrize(
    ("on", "name", "told", "tinted"),
    [
        ((), "Results", "Results", True), (("Our X", "Falcon news"), "Results", "Results (Our X)", True), (("Our X",), "Results", "Results (Our X)", False),
        (("Our X",), "Falcon week", "Quiet period (Our X)", False), (("Falcon news",), "Falcon week", "Quiet period (some channels)", False),
    ],
)  # fmt: skip
def test_a_blackout_of_some_channels_is_shown_as_no_more_than_that(
    app_db: Session, planner: User, guest: Browser, on: tuple[str, ...], name: str, told: str, tinted: bool
) -> None:
    channels = {one: make_channel(app_db, name=one).id for one in ("Our X", "Falcon news")}
    make_asset(app_db, embargo_until=NOON + timedelta(days=60), embargo_terms=["Falcon"])
    make_blackout(app_db, name, channel_ids=[channels[one] for one in on])
    page, feed = link(app_db, planner), link(app_db, planner, ShareKind.FEED)

    month, days = guest.get(page).text, guest.get(feed).text

    assert [f"{told}: " in month, f"SUMMARY:{told}\r\n" in days] == [True, True]
    assert month.count("month__day--quiet") == tinted
    assert "Falcon" not in month + days


@pytest.mark.parametrize("query", ["", "?view=list", "?view=nonsense&date=tomorrow"])
def test_a_page_shows_the_plan_to_anybody_and_leads_nowhere_into_the_product(query: str, app_db: Session, planner: User, guest: Browser) -> None:
    plan_one(app_db)
    path = link(app_db, planner)

    page = guest.get(path + query)

    assert page.status_code == 200
    assert "Annual &lt;figures&gt;, now" in page.text
    assert "For the agency" in page.text
    hrefs = set(re.findall(r'(?:href|action|src)="([^"]*)"', page.text))
    assert {href.partition("?")[0] for href in hrefs if not href.startswith(("/static/", "http"))} == {path}
    assert "<form" not in page.text and "<script" not in page.text


def test_a_page_is_kept_nowhere_found_by_nobody_and_needs_no_cookie(app_db: Session, planner: User, guest: Browser) -> None:
    for path in (link(app_db, planner), "/s/none"):
        answer = guest.get(path)

        assert {name: answer.headers.get(name) for name in ("Cache-Control", "X-Robots-Tag", "Referrer-Policy", "Set-Cookie")} == {
            "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer", "Set-Cookie": None,
        }  # fmt: skip


def test_a_feed_is_read_by_a_calendar_app_and_asked_again_for_changes_only(app_db: Session, planner: User, guest: Browser, clock: StoppedClock) -> None:
    number = plan_one(app_db)
    path = link(app_db, planner, ShareKind.FEED, language="fr")

    answer = guest.get(path)
    event = icalendar.Calendar.from_ical(answer.data).events[0]
    again = guest.get(path, headers={"If-None-Match": answer.headers["ETag"]})

    assert (answer.content_type, answer.headers["Cache-Control"], answer.headers["Content-Disposition"], answer.headers.get("Set-Cookie")) == (
        "text/calendar; charset=utf-8", "private, no-cache", 'inline; filename="calendar.ics"', None,
    )  # fmt: skip
    told = {name: str(event[name]) for name in ("UID", "SUMMARY", "DESCRIPTION", "STATUS", "CATEGORIES") if name != "CATEGORIES"} | {"AT": event.start.isoformat(), "URL": event.get("URL")}
    assert told == {
        "UID": f"post-{number}@127.0.0.1", "SUMMARY": "X · Annual <figures>, now", "DESCRIPTION": "Our X · Planifié", "STATUS": "CONFIRMED",
        "AT": "2026-03-03T13:00:00+01:00", "URL": None,
    }  # fmt: skip
    assert (again.status_code, again.data) == (304, b"")
    make_post(app_db, publish_at=NOON)
    app_db.commit()
    assert guest.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_ones_own_feed_leads_to_the_post_in_the_product(app_db: Session, planner: User, guest: Browser) -> None:
    number = plan_one(app_db)

    events = icalendar.Calendar.from_ical(guest.get(link(app_db, planner, ShareKind.FEED, personal=True, life=None)).data).events

    assert [str(event["URL"]) for event in events] == [f"http://127.0.0.1:8000/posts/{number}"]


def test_a_link_that_is_over_says_so_in_one_sentence_whatever_the_reason(app_db: Session, planner: User, guest: Browser, clock: StoppedClock) -> None:
    page, feed = link(app_db, planner), link(app_db, planner, ShareKind.FEED)
    revoked = link(app_db, planner)
    shares.revoke(app_db, app_db.scalars(select(Share).order_by(Share.id.desc())).first() or pytest.fail("no link"), actor=planner, now=NOON)
    app_db.commit()
    clock.advance(30 * DAY)

    answers = [guest.get(path) for path in (page, revoked, "/s/guess", feed.removesuffix(".ics"), feed, "/s/guess.ics", page + ".ics")]

    assert [answer.status_code for answer in answers] == [404] * 7
    assert len({answer.data for answer in answers[:4]}) == len({answer.data for answer in answers[4:]}) == 1
    assert "This link does not work: it has ended, was revoked, or is not complete." in answers[0].text
    assert answers[4].text.startswith("This link does not work:")


def test_guessing_is_slowed_down_and_a_good_link_may_be_read_often(app_db: Session, planner: User, guest: Browser) -> None:
    path = link(app_db, planner, ShareKind.FEED)

    good = {guest.get(path).status_code for _ in range(35)}
    guesses = [guest.get(f"/s/{number}{'.ics' * (number % 2)}").status_code for number in range(32)]

    assert (good, guesses) == ({200}, [404] * 30 + [429] * 2)
    assert "Too many tries." in guest.get("/s/another").text


def test_use_is_written_down_to_the_hour(app_db: Session, planner: User, guest: Browser, clock: StoppedClock) -> None:
    path, seen = link(app_db, planner), []

    for _ in range(3):
        guest.get(path)
        app_db.expire_all()
        seen.append(app_db.scalars(select(Share.last_used_at)).one())
        app_db.rollback()
        clock.advance(timedelta(minutes=40))

    assert seen == [NOON, NOON, NOON + timedelta(minutes=80)]


@pytest.mark.parametrize("kind", list(ShareKind))
def test_a_link_costs_as_many_statements_for_two_posts_as_for_ten(kind: ShareKind, app: Flask, app_db: Session, planner: User, guest: Browser) -> None:
    make_post(app_db)
    path = link(app_db, planner, kind)
    first = statements(app, guest, path)

    counted = []
    for more in (1, 8):
        for _ in range(more):
            make_post(app_db)
        app_db.commit()
        counted.append(statements(app, guest, path))

    assert counted == [5, 5]
    assert first == 6  # Its use is written down.


def test_a_planner_makes_a_link_sees_it_once_and_revokes_it(sign_in: Callable[..., Browser], app_db: Session, planner: User, guest: Browser) -> None:
    channel = make_channel(app_db, name="Our X")
    app_db.commit()
    client = sign_in(planner)

    form = client.get(f"/calendar/shares?channel={channel.id}").text
    made = client.submit("/calendar/shares", name="For the <agency>", what="page", days="7", secret="mask", channels=[channel.id], kinds=["video"])
    address = re.search(r'id="made" class="num" value="http://127.0.0.1:8000(/s/[^"]+)"', made.text)

    assert re.search(rf'checked[^>]* name="channels"[^>]* value="{channel.id}"', form)
    assert (made.status_code, made.headers["Cache-Control"]) == (200, "no-store")
    assert address is not None
    assert guest.get(address[1]).status_code == 200
    listed = client.get("/calendar/shares").text
    assert "For the &lt;agency&gt;" in listed and address[1] not in listed
    app_db.rollback()
    share = app_db.scalars(select(Share)).one()
    assert (share.scope, share.expires_at) == ({"channels": [channel.id], "kinds": ["video"], "campaigns": []}, NOON + 7 * DAY)
    number = share.id
    app_db.rollback()
    assert client.submit(f"/calendar/shares/{number}/revoke").status_code == 302
    assert guest.get(address[1]).status_code == 404


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": ""}, "Give the link a name."),
        ({"name": "a\x07b"}, "Write this on one line, without special characters."),
        ({"days": ""}, "A page has to end some day: choose how long it works."),
        ({"days": "1000"}, "Not a valid choice."),
        ({"what": "everything"}, "Not a valid choice."),
        ({"channels": "99"}, "not a valid choice"),
        ({"channels": "x"}, "could not be coerced"),
    ],
)
def test_what_was_typed_wrong_is_said_beside_it_and_nothing_is_made(changed: dict[str, str], sentence: str, client: Browser, app_db: Session) -> None:
    answer = client.submit("/calendar/shares", **{"name": "For the agency", "what": "page", "days": "30", "secret": "mask", **changed})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert app_db.scalars(select(Share)).all() == []


def test_an_author_shares_with_nobody_but_themselves(sign_in: Callable[..., Browser], app_db: Session) -> None:
    client = sign_in(roles=("author",))

    pages = [client.submit("/calendar/shares", name="Mine", what=what, days="30", secret="mask").status_code for what in ("page", "feed", "own")]

    assert pages == [422, 422, 200]
    assert [(one.kind, one.personal) for one in app_db.scalars(select(Share))] == [(ShareKind.FEED, True)]


def test_nobody_revokes_anothers_link_but_an_administrator(sign_in: Callable[..., Browser], client: Browser, app_db: Session, planner: User) -> None:
    link(app_db, planner)
    number = app_db.scalars(select(Share.id)).one()
    app_db.rollback()

    assert sign_in(roles=("planner",)).submit(f"/calendar/shares/{number}/revoke").status_code == 404
    assert client.submit(f"/calendar/shares/{number}/revoke").status_code == 302


def test_a_key_in_an_address_is_not_logged_when_something_breaks(
    app: Flask, app_db: Session, guest: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    app.testing = False
    for table in ("shares", "sign_in_links"):
        app_db.execute(text(f"DROP TABLE {table}"))
    app_db.commit()
    set_up_logging("info")  # Into what this test captures.

    answers = [guest.get(path) for path in ("/s/key-of-a-link", "/s/key-of-a-link.ics", "/sign-in/key-of-a-link")]
    logged = capsys.readouterr().err
    with capsys.disabled():
        set_up_logging("info")

    assert [answer.status_code for answer in answers] == [500] * 3
    assert re.findall(r" path=(\S+)", logged) == ["/s/<token>", "/s/<token>.ics", "/sign-in/<token>"]
    assert "key-of-a-link" not in logged + "".join(answer.text for answer in answers)
