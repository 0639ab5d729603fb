"""The drawer through the browser's door: onto a day and back, asked first where it is more than a draft, refused with the sentence, and without script."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from sqlalchemy.orm import Session

from planner.catalog.models import Confidentiality
from planner.planning.models import Post, PostState
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

BACK = "/calendar?view=week&date=2026-03-02"
JSON = {"Accept": "application/json"}
NINE = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)


def drop(client: Browser, where: str, **fields: Any) -> Any:
    return client.post(where, data={"csrf_token": client.token(), **fields}, headers=JSON)


def rows(db: Session) -> list[tuple[Any, ...]]:
    db.expire_all()
    found = [(post.asset.title, post.state.value, post.publish_at) for post in db.query(Post).order_by(Post.id)]
    db.commit()
    return found


def test_an_asset_dropped_on_a_lane_is_planned_there_and_undone(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    asset, channel = make_asset(app_db, title="Open house"), make_channel(app_db, name="Town")
    app_db.commit()
    assert f'draggable="true" data-asset="{asset.id}"' in client.get(BACK).text

    done = drop(client, "/calendar/drawer/place", asset=asset.id, channel=channel.id, day="2026-03-04")

    assert (done.status_code, done.json["message"]) == (200, "A draft for Town, Wed 4 Mar 2026, 09:00.")
    assert rows(app_db) == [("Open house", "draft", NINE)]
    assert f'data-asset="{asset.id}"' not in client.get(BACK).text
    clock.advance(timedelta(seconds=3))
    assert drop(client, done.json["undo"], **done.json["fields"]).status_code == 200
    assert rows(app_db) == [("Open house", "cancelled", NINE)]
    assert f'data-asset="{asset.id}"' in client.get(BACK).text


def test_a_refused_drop_says_why_and_plans_nothing(client: Browser, sign_in: Callable[..., Browser], app_db: Session) -> None:
    held, secret = make_asset(app_db, title="Held", embargo_until=NOON + timedelta(days=9)), make_asset(app_db, confidentiality=Confidentiality.CONFIDENTIAL)
    channel = make_channel(app_db)
    app_db.commit()
    fields = {"channel": channel.id, "day": "2026-03-04"}
    author = sign_in(roles=("author",))

    refused = drop(client, "/calendar/drawer/place", asset=held.id, **fields)
    statuses = [
        drop(author, "/calendar/drawer/place", asset=secret.id, **fields).status_code,
        drop(client, "/calendar/drawer/place", asset=held.id, channel=channel.id, day="soon").status_code,
        drop(client, "/calendar/drawer/place", asset=999, **fields).status_code,
        drop(client, "/calendar/drawer/place", asset=held.id, channel=999, day="2026-03-04").status_code,
        drop(sign_in(roles=("viewer",)), "/calendar/drawer/place", asset=held.id, **fields).status_code,
    ]

    assert (refused.status_code, "is under embargo until" in refused.json["message"]) == (422, True)
    assert (statuses, rows(app_db)) == ([404, 422, 404, 404, 403], [])


def test_a_draft_goes_into_the_drawer_at_once_and_out_onto_another_day(client: Browser, app_db: Session) -> None:
    post = make_post(app_db, asset=make_asset(app_db, title="Draft"), channel=make_channel(app_db, name="Town"))
    app_db.commit()

    done = drop(client, "/calendar/together/unplan", post=f"{post.id}:{post.version}")

    assert (done.status_code, done.json["message"]) == (200, "Into the drawer: one post without a time now.")
    assert rows(app_db) == [("Draft", "draft", None)]
    page = client.get(BACK).text
    assert f'data-loose="{post.id}:2" data-channel="{post.channel_id}"' in page and "draft without a time" in page
    again = drop(client, "/calendar/drawer/place", post=f"{post.id}:2", day="2026-03-04")
    assert (again.json["message"], rows(app_db)) == ("Planned for Wed 4 Mar 2026, 09:00.", [("Draft", "draft", NINE)])
    assert drop(client, "/calendar/drawer/place", post=f"{post.id}:1", day="2026-03-05").status_code == 409


def test_more_than_a_draft_is_asked_about_first_and_the_page_does_it_without_script(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    post = make_post(app_db, asset=make_asset(app_db, title="Asked"), state=PostState.IN_REVIEW)
    app_db.commit()
    at = NOON + timedelta(days=1)

    ask = drop(client, "/calendar/together/unplan", post=f"{post.id}:1", back=BACK).json["ask"]
    assert rows(app_db) == [("Asked", "in_review", at)]
    page = client.get(ask)
    assert (page.status_code, "Put one post into the drawer" in page.text, 'name="sure"' in page.text) == (200, True, True)
    assert "Put one post into the drawer" in client.submit("/calendar/together/unplan", post=f"{post.id}:1", back=BACK).text

    done = client.submit("/calendar/together/unplan", post=f"{post.id}:1", sure="1", back=BACK)

    assert (done.status_code, done.location, rows(app_db)) == (302, BACK, [("Asked", "draft", None)])
    moment = unescape(client.get(BACK).text).partition('name="at" value="')[2].partition('"')[0]
    clock.advance(timedelta(seconds=3))
    client.submit("/calendar/together/undo", at=moment, back=BACK)
    assert rows(app_db) == [("Asked", "in_review", at)]


def test_one_that_is_out_is_not_taken_and_the_page_says_why(client: Browser, app_db: Session) -> None:
    post = make_post(app_db, state=PostState.PUBLISHED, published_at=NOON)
    app_db.commit()

    page = client.submit("/calendar/together/unplan", post=f"{post.id}:1")

    assert "This post is already published." in page.text and 'name="sure"' not in page.text
    assert drop(client, "/calendar/together/unplan", post=f"{post.id}:1", sure="1").status_code == 409


def test_who_may_not_plan_finds_links_and_nothing_to_take_hold_of(sign_in: Callable[..., Browser], app_db: Session) -> None:
    make_asset(app_db, title="Open house")
    make_post(app_db, publish_at=None, author=make_user(app_db))
    app_db.commit()

    pages = [sign_in(roles=(role,)).get(BACK).text.partition('id="ready-title"')[2] for role in ("planner", "author", "viewer")]

    assert [page.count('draggable="true"') for page in pages] == [2, 1, 0]
    assert all("Open house" in page for page in pages)


def test_the_move_dialog_offers_the_drawer(client: Browser, app_db: Session) -> None:
    post, out = make_post(app_db), make_post(app_db, state=PostState.MISSED)
    app_db.commit()

    assert ["/calendar/together/unplan" in client.get(f"/posts/{one.id}/move").text for one in (post, out)] == [True, False]


def test_an_author_takes_hold_of_no_post_of_another_about_their_asset(sign_in: Callable[..., Browser], app_db: Session) -> None:
    author = make_user(app_db, roles=("author",))
    asset, other = make_asset(app_db, owner_id=author.id), make_user(app_db, roles=("planner",))
    posts = [make_post(app_db, asset=asset, author=writer, publish_at=at) for writer in (other, author) for at in (NINE, None)]
    numbers = [post.id for post in posts]
    app_db.commit()
    reader = sign_in(author)

    page = reader.get(BACK).text
    held = [bool(re.search(rf'data-post="{number}"[^>]*draggable="true"|draggable="true" data-loose="{number}:', page)) for number in numbers]

    assert held == [False, False, True, True]
    assert [reader.get(f"/posts/{number}/move").status_code for number in numbers] == [403, 403, 200, 200]
