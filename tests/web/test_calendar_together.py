"""Several posts of the calendar at once, through the browser's door: ticked, looked at, moved, submitted, cancelled, taken back; a wave is asked about."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import escape, unescape
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.catalog.models import Confidentiality
from planner.planning.models import Post, PostState
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_campaign, make_post

DAY = timedelta(days=1)
BACK = "/calendar?view=month&date=2026-03-02"
JSON = {"Accept": "application/json"}


def moments(db: Session, *posts: Post) -> list[datetime | None]:
    db.expire_all()
    found = [post.publish_at for post in posts]
    db.commit()
    return found


def drop(client: Browser, post: Post, **fields: Any) -> Any:
    return client.post("/calendar/together/move", data={"csrf_token": client.token(), "post": f"{post.id}:{post.version}", **fields}, headers=JSON)


def two(db: Session) -> tuple[Post, Post]:
    first, second = make_post(db, asset=make_asset(db, title="First")), make_post(db, asset=make_asset(db, title="Second"), publish_at=NOON + 2 * DAY)
    db.commit()
    return first, second


def test_ticked_posts_are_looked_at_moved_and_taken_back_without_script(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    first, second = two(app_db)
    ticks = re.findall(r'name="post" form="together" value="([\d:]+)"', client.get(BACK).text)
    assert ticks == [f"{first.id}:1", f"{second.id}:1"]

    page = client.submit("/calendar/together/look", post=ticks, days="2", back=BACK)
    assert (page.status_code, "Move 2 posts" in page.text, "Thu 5 Mar, 13:00" in page.text, "Fri 6 Mar, 13:00" in page.text) == (200, True, True, True)
    assert moments(app_db, first, second) == [NOON + DAY, NOON + 2 * DAY]
    clock.advance(timedelta(seconds=3))
    done = client.submit("/calendar/together/move", post=ticks, days="2", scope="post", back=BACK)

    assert (done.status_code, done.location) == (302, BACK)
    assert moments(app_db, first, second) == [NOON + 3 * DAY, NOON + 4 * DAY]
    shown = client.get(BACK).text
    assert "2 posts moved." in shown
    at = unescape(re.search(r'name="at" value="([^"]+)"', shown)[1])  # type: ignore[index]
    clock.advance(timedelta(seconds=3))
    assert client.submit("/calendar/together/undo", at=at, back=BACK).location == BACK
    assert moments(app_db, first, second) == [NOON + DAY, NOON + 2 * DAY]
    assert "Undone: 2 posts are as they were." in client.get(BACK).text


def test_one_that_cannot_go_there_says_why_and_nothing_moves(client: Browser, app_db: Session) -> None:
    first, _second = two(app_db)
    held = make_post(app_db, asset=make_asset(app_db, title="Held", embargo_until=NOON + 9 * DAY), publish_at=NOON + 10 * DAY)
    app_db.commit()

    answer = client.submit("/calendar/together/move", post=[first.id, held.id], days="-3", scope="post")

    assert answer.status_code == 422
    assert "has already passed" in answer.text
    assert "“Held” is under embargo until" in unescape(answer.text)
    assert re.search(r'<button[^>]*value="post"[^>]*disabled|<button[^>]*disabled[^>]*value="post"', answer.text)
    assert moments(app_db, first, held) == [NOON + DAY, NOON + 10 * DAY]


def test_a_version_that_somebody_changed_meanwhile_is_a_conflict(client: Browser, app_db: Session) -> None:
    first, second = two(app_db)

    answer = client.submit("/calendar/together/move", post=[f"{first.id}:1", f"{second.id}:7"], days="1", scope="post")

    assert answer.status_code == 409
    assert moments(app_db, first, second) == [NOON + DAY, NOON + 2 * DAY]


@pytest.mark.parametrize("verb", ["look", "move", "unplan", "submit", "cancel"])
def test_without_a_tick_one_is_told_so_where_one_was(client: Browser, verb: str) -> None:
    answer = client.submit(f"/calendar/together/{verb}", days="1", reason="Off.", back=BACK)

    assert (answer.status_code, answer.location) == (302, BACK)
    assert "Tick at least one post." in client.get(BACK).text
    assert client.submit(f"/calendar/together/{verb}", days="1", reason="Off.").status_code == 422


def leave(page: str) -> str:
    """Where “Leave it” leads."""
    found = re.search(r'<a [^>]*href="([^"]*)"[^>]*>\s*<span>Leave it', page)
    assert found is not None
    return unescape(found[1])


def test_leave_it_leads_back_to_where_one_came_from(client: Browser, app_db: Session) -> None:
    post = make_post(app_db, publish_at=NOON + timedelta(days=1), state=PostState.APPROVED)
    app_db.commit()
    shown, told = f"/posts/{post.id}", {"post": f"{post.id}:{post.version}", "back": BACK}

    for verb in ("look", "unplan", "cancel"):
        assert leave(client.submit(f"/calendar/together/{verb}", days="1", **told).text) == BACK, verb
    for page in (f"/calendar/notes/new?back={quote(BACK)}", f"/events/new?back={quote(BACK)}"):
        assert leave(client.get(page).text) == BACK, page
    for came_from, leads_to in ((BACK, BACK), ("/calendar", "/calendar"), (shown, shown), ("/approvals", shown)):
        page = client.get(f"{shown}/move", headers={"Referer": f"http://localhost{came_from}"}).text
        assert leave(page) == leads_to, came_from
        again = client.submit(f"{shown}/move", wall_time="", time_zone="Europe/Paris", back=leads_to)
        assert (again.status_code, leave(again.text)) == (422, leads_to)
        assert f'name="back" value="{escape(leads_to)}"' in page
    elsewhere = client.get(f"{shown}/move", headers={"Referer": "http://evil.example/calendar?view=month"}).text
    assert leave(elsewhere) == shown


def test_a_dropped_post_moves_and_tells_the_script_the_way_back(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    post, _other = two(app_db)

    done = drop(client, post, days="3")

    assert (done.status_code, done.json["message"], done.json["undo"]) == (200, "Moved to Fri 6 Mar 2026, 13:00.", "/calendar/together/undo")
    assert moments(app_db, post) == [NOON + 4 * DAY]
    clock.advance(timedelta(seconds=3))
    undone = client.post(done.json["undo"], data={"csrf_token": client.token(), **done.json["fields"]}, headers=JSON)
    assert undone.json["message"] == "Undone: one post is as it was."
    assert moments(app_db, post) == [NOON + DAY]
    late = drop(client, post, days="-9")
    assert (late.status_code, "has already passed" in late.json["message"]) == (422, True)


def test_a_post_of_a_wave_is_asked_about_once_and_then_moves_alone_or_with_it(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    campaign = make_campaign(app_db, name="Launch")
    post, other = make_post(app_db, campaign=campaign), make_post(app_db, campaign=campaign, publish_at=NOON + 2 * DAY)
    app_db.commit()

    asked = drop(client, post, days="2", back=BACK).json["ask"]
    page = unescape(client.get(asked).text)

    assert moments(app_db, post, other) == [NOON + DAY, NOON + 2 * DAY]
    assert "Move this post, or the whole wave?" in page
    assert "Move the whole wave: 2 posts" in page
    assert page.count("look__when") == 2
    assert client.submit("/calendar/together/move", post=f"{post.id}:1", days="2", scope="post", back=BACK).location == BACK
    assert moments(app_db, post, other) == [NOON + 3 * DAY, NOON + 2 * DAY]
    page = unescape(client.get(f"/calendar/together/look?post={post.id}&days=1").text)
    seen = re.findall(r'name="wave" value="([\d:]+)"', page)
    assert seen == [f"{other.id}:1", f"{post.id}:2"]
    client.submit("/calendar/together/move", post=f"{post.id}:2", wave=seen, days="1", scope="wave", back=BACK)
    assert moments(app_db, post, other) == [NOON + 4 * DAY, NOON + 3 * DAY]
    shown = client.get(BACK).text
    assert "2 posts moved." in shown
    undo, entry = re.search(r'action="(/campaigns/\d+/wave/undo)".*?name="entry" value="(\d+)"', shown, re.DOTALL).groups()  # type: ignore[union-attr]
    clock.advance(timedelta(seconds=3))
    assert client.submit(undo, entry=entry, back=BACK).location == BACK
    assert moments(app_db, post, other) == [NOON + 3 * DAY, NOON + 2 * DAY]
    assert "Undone: 2 posts are back where they were." in client.get(BACK).text
    told = drop(client, post, days="1", scope="wave").json
    assert (told["message"], told["undo"]) == ("2 posts moved.", undo)
    clock.advance(timedelta(seconds=3))
    assert client.post(told["undo"], data={"csrf_token": client.token(), **told["fields"]}, headers=JSON).json["message"] == "Undone: 2 posts are back where they were."
    late = client.post(told["undo"], data={"csrf_token": client.token(), **told["fields"]}, headers=JSON)
    assert (late.status_code, "changed again since" in late.json["message"]) == (409, True)


def test_a_wave_that_somebody_changed_after_it_was_looked_at_stays_and_the_reason_is_said(client: Browser, app_db: Session) -> None:
    campaign = make_campaign(app_db)
    post, other = make_post(app_db, campaign=campaign), make_post(app_db, campaign=campaign, publish_at=NOON + 2 * DAY)
    app_db.commit()
    seen = re.findall(r'name="wave" value="([\d:]+)"', client.get(f"/calendar/together/look?post={post.id}&days=1").text)
    other.text = "Changed meanwhile."
    app_db.commit()

    changed = client.submit("/calendar/together/move", post=f"{post.id}:1", wave=seen, days="1", scope="wave")
    grown = client.submit("/calendar/together/move", post=f"{post.id}:1", wave=seen[:1], days="1", scope="wave")

    assert [changed.status_code, grown.status_code] == [409, 409]
    assert "Somebody changed this post" in changed.text
    assert "The wave is no longer what you were looking at" in grown.text
    assert moments(app_db, post, other) == [NOON + DAY, NOON + 2 * DAY]
    again = re.findall(r'name="wave" value="([\d:]+)"', changed.text)
    assert client.submit("/calendar/together/move", post=f"{post.id}:1", wave=again, days="1", scope="wave").status_code == 302
    assert moments(app_db, post, other) == [NOON + 2 * DAY, NOON + 3 * DAY]


def test_a_wave_with_one_that_cannot_move_moves_as_a_whole_or_not(client: Browser, app_db: Session) -> None:
    campaign = make_campaign(app_db)
    post = make_post(app_db, campaign=campaign, publish_at=NOON + 5 * DAY)
    soon = make_post(app_db, campaign=campaign)
    app_db.commit()

    answer = client.submit("/calendar/together/move", post=post.id, days="-3", scope="wave")

    assert (answer.status_code, moments(app_db, post, soon)) == (422, [NOON + 5 * DAY, NOON + DAY])
    assert [name for blocked, name in re.findall(r'class="button[^"]*"( disabled)? name="scope" value="(\w+)"', answer.text) if blocked] == ["wave"]


def test_submitting_several_is_all_or_none_and_offers_those_that_can(client: Browser, app_db: Session) -> None:
    first, second = two(app_db)
    mute = make_post(app_db, text="")
    app_db.commit()

    refused = client.submit("/calendar/together/submit", post=[first.id, second.id, mute.id], back=BACK)

    assert refused.status_code == 422
    assert "There is no text yet." in refused.text
    assert "Submit the 2 that can be" in refused.text
    assert app_db.scalars(select(Post.id).where(Post.state == PostState.IN_REVIEW)).all() == []
    app_db.commit()
    assert client.submit("/calendar/together/submit", post=[first.id, second.id], back=BACK).location == BACK
    assert "2 posts submitted for approval." in client.get(BACK).text


def test_several_are_cancelled_with_a_reason_that_stays(client: Browser, app_db: Session) -> None:
    first, second = two(app_db)
    numbers = [first.id, second.id]
    assert "Cancel 2 posts" in client.submit("/calendar/together/cancel", post=numbers, back=BACK).text
    nameless = client.submit("/calendar/together/cancel", post=numbers, reason="  ", back=BACK)
    assert (nameless.status_code, "Say why: it stays in the history." in nameless.text) == (422, True)

    assert client.submit("/calendar/together/cancel", post=numbers, reason="The event is off.", back=BACK).location == BACK

    assert list(app_db.scalars(select(Entry.note).where(Entry.action == "post.cancelled"))) == ["The event is off."] * 2
    app_db.commit()
    assert "The event is off." in client.get(f"/posts/{first.id}").text


def test_who_may_not_know_or_move_a_post_does_nothing_to_it(sign_in: Callable[..., Browser], app_db: Session) -> None:
    post = make_post(app_db)
    secret = make_post(app_db, asset=make_asset(app_db, title="Merger", confidentiality=Confidentiality.CONFIDENTIAL))
    app_db.commit()
    author, viewer = sign_in(roles=("author",)), sign_in(roles=("viewer",))

    assert [viewer.submit(f"/calendar/together/{verb}", post=post.id, days="1").status_code for verb in ("look", "move", "submit", "cancel")] == [403] * 4
    assert [author.submit(f"/calendar/together/{verb}", post=secret.id, days="1").status_code for verb in ("look", "move", "submit", "cancel")] == [404] * 4
    assert author.submit("/calendar/together/move", post=post.id, days="1", scope="post").status_code == 403
    assert moments(app_db, post, secret) == [NOON + DAY, NOON + DAY]


@pytest.mark.parametrize("fields", [{}, {"post": "x"}, {"post": "1", "days": "soon"}, {"post": "1", "days": "100000"}, {"post": [str(n) for n in range(1, 103)]}])
def test_a_malformed_request_is_refused(client: Browser, app_db: Session, fields: dict[str, Any]) -> None:
    make_post(app_db)
    app_db.commit()

    assert client.submit("/calendar/together/move", **fields).status_code == 422
    assert client.submit("/calendar/together/undo", at="yesterday").status_code == 422
