"""A live post on screen: edited with approval, taken down with a reason, completed; and how far a worker is with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.channels.port import Platform
from planner.planning import editing
from planner.planning.models import Post, PostState
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState, Delivery, DeliveryState, Upload
from planner.web.static_files import icon
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

SignIn = Callable[..., Browser]
S = AmendmentState


@pytest.fixture
def live(app_db: Session) -> Callable[..., Post]:
    """Makes a live post with its delivery, on a LinkedIn page unless another platform is named."""

    app_db.expire_on_commit = False

    def _live(platform: Platform = Platform.LINKEDIN, undone: tuple[str, ...] = (), **values: Any) -> Post:
        channel = make_channel(app_db, platform=platform, name="Group")
        asset = make_asset(app_db, title="Orion")
        number = {"x": "1700000000000000001", "webhook": "webhook:1:a"}.get(platform.value, "urn:li:share:7")
        post = make_post(
            app_db, channel=channel, asset=asset, state=PostState.PUBLISHED, published_at=NOON, publish_at=NOON, external_id=number,
            external_url=f"https://www.linkedin.com/feed/update/{number}/", **{"text": "Frist words", **values},
        )  # fmt: skip
        app_db.add(
            Delivery(
                post_id=post.id, channel_id=channel.id, state=DeliveryState.PUBLISHED, due_at=NOON, next_at=NOON, digest="d" * 64,
                created_at=NOON, undone=list(undone),
            )
        )  # fmt: skip
        app_db.commit()
        return post

    return _live


def asked(db: Session) -> list[tuple[AmendmentKind, AmendmentState, dict[str, Any], str]]:
    query = select(Amendment).order_by(Amendment.id).execution_options(populate_existing=True)
    rows = [(one.kind, one.state, one.content, one.reason) for one in db.scalars(query)]
    db.commit()
    return rows


def test_an_edit_is_asked_for_read_before_and_after_and_approved(sign_in: SignIn, app_db: Session, live: Callable[..., Post]) -> None:
    post = live()
    planner, approver = sign_in(roles=("planner",)), sign_in(roles=("approver",))
    form = planner.get(f"/posts/{post.id}/edit-live").text
    assert ("Frist words" in form, 'name="title"' in form, 'name="tags"' in form) == (True, False, False)

    answer = planner.submit(f"/posts/{post.id}/edit-live", text="First words", reason="A typo")

    assert (answer.status_code, answer.location) == (302, f"/posts/{post.id}")
    assert asked(app_db) == [(AmendmentKind.EDIT, S.IN_REVIEW, {"text": "First words"}, "A typo")]
    page = approver.get(f"/posts/{post.id}").text
    assert [words in page for words in ("An edit of the live post waits for approval", "Frist words", "First words", "A typo")] == [True] * 4
    digest = editing.digest_of(post, {"text": "First words"})
    assert planner.submit(f"/posts/{post.id}/changes/1/approve", digest=digest).status_code == 403
    approver.submit(f"/posts/{post.id}/changes/1/approve", digest=digest)
    assert asked(app_db)[0][1] is S.QUEUED
    assert 'hx-get="/posts/1/underway"' in approver.get(f"/posts/{post.id}").text


def test_another_digest_than_that_of_the_edit_approves_nothing(client: Browser, app_db: Session, live: Callable[..., Post]) -> None:
    post = live()
    client.submit(f"/posts/{post.id}/edit-live", text="First words")

    client.submit(f"/posts/{post.id}/changes/1/approve", digest="0" * 64)

    assert "This change is not the one you were reading." in client.get(f"/posts/{post.id}").text
    assert asked(app_db)[0][1] is S.IN_REVIEW


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("Frist words", "Nothing differs from what the post says now."), ("a" * 3001, "3,001"), ("Meet Vega", "may not be mentioned before")],
)
def test_a_refused_edit_says_why_and_keeps_what_was_typed(client: Browser, app_db: Session, live: Callable[..., Post], text: str, sentence: str) -> None:
    post = live()
    make_asset(app_db, embargo_until=NOON + timedelta(days=9), embargo_terms=["Vega"])
    app_db.commit()

    answer = client.submit(f"/posts/{post.id}/edit-live", text=text, reason="Typed with care")

    assert answer.status_code == 422
    assert sentence in answer.text
    assert (text in answer.text, "Typed with care" in answer.text) == (True, True)
    assert asked(app_db) == []


def test_where_the_platform_lets_nothing_change_the_page_says_so(client: Browser, live: Callable[..., Post]) -> None:
    post = live(Platform.X)

    page = client.get(f"/posts/{post.id}").text

    assert "X lets no program change a live post." in page
    assert "edit-live" not in page
    assert client.get(f"/posts/{post.id}/edit-live").status_code == 409


def test_taking_down_asks_for_a_reason_and_a_tick(client: Browser, app_db: Session, live: Callable[..., Post]) -> None:
    post = live()

    for fields in ({"reason": "", "sure": "y"}, {"reason": "Wrong number"}):
        assert client.submit(f"/posts/{post.id}/take-down", **fields).status_code == 422
    assert asked(app_db) == []
    answer = client.submit(f"/posts/{post.id}/take-down", reason="Wrong number", sure="y")

    assert (answer.status_code, asked(app_db)) == (302, [(AmendmentKind.TAKE_DOWN, S.QUEUED, {}, "Wrong number")])


def test_a_post_that_was_taken_down_says_when_by_whom_and_why_and_keeps_its_place(client: Browser, app_db: Session, live: Callable[..., Post]) -> None:
    post = live(Platform.WEBHOOK)

    client.submit(f"/posts/{post.id}/take-down", reason="Wrong number", sure="y")
    page = client.get(f"/posts/{post.id}").text

    app_db.refresh(post)
    assert (post.state, post.taken_down_at) == (PostState.PUBLISHED, NOON)
    assert "Taken down on Mon 2 Mar 2026, 13:00 by Person" in page
    assert "Because: Wrong number" in page
    assert "take-down" not in page
    assert client.get(f"/posts/{post.id}/take-down").status_code == 409


def test_what_is_missing_is_named_and_tried_again(client: Browser, app_db: Session, live: Callable[..., Post]) -> None:
    post = live(undone=("thumbnail", "first_comment"))

    assert "something of it is missing: the thumbnail, the first comment." in client.get(f"/posts/{post.id}").text
    client.submit(f"/posts/{post.id}/finish")

    assert asked(app_db) == [(AmendmentKind.FINISH, S.QUEUED, {"steps": ["thumbnail", "first_comment"]}, "")]
    assert "something of it is missing" not in client.get(f"/posts/{post.id}").text


def test_what_failed_shows_its_reason_and_is_tried_again_or_dropped(client: Browser, app_db: Session, live: Callable[..., Post]) -> None:
    post = live()
    client.submit(f"/posts/{post.id}/edit-live", text="First words")
    row = app_db.get_one(Amendment, 1)
    row.state, row.answer = S.FAILED, "LinkedIn does not take this."
    app_db.commit()

    assert "LinkedIn does not take this." in client.get(f"/posts/{post.id}").text
    client.submit(f"/posts/{post.id}/changes/1/again")
    assert asked(app_db)[0][1] is S.QUEUED
    client.submit(f"/posts/{post.id}/changes/1/refuse")
    assert asked(app_db)[0][1] is S.CANCELLED


def test_an_edit_over_which_another_went_out_offers_no_second_try(client: Browser, app_db: Session, live: Callable[..., Post]) -> None:
    post = live()
    told = {"kind": AmendmentKind.EDIT, "post_id": post.id, "content": {"text": "Words"}, "was": {"text": "Frist words"}, "asked_at": NOON, "next_at": NOON}
    old, new = (Amendment(state=state, **told) for state in (S.FAILED, S.FAILED))
    app_db.add_all([old, new])
    app_db.commit()
    offered = [f"/posts/{post.id}/changes/{one.id}/again" for one in (old, new)]
    assert [address in client.get(f"/posts/{post.id}").text for address in offered] == [True, True]
    new.state = S.DONE
    app_db.commit()

    assert [address in client.get(f"/posts/{post.id}").text for address in offered] == [False, False]
    client.submit(offered[0])
    assert "Another edit went out since." in client.get(f"/posts/{post.id}").text
    assert asked(app_db)[0][1] is S.FAILED


def test_a_worker_at_it_is_shown_until_the_page_is_asked_for_anew(client: Browser, app_db: Session, live: Callable[..., Post]) -> None:
    post = live()
    client.submit(f"/posts/{post.id}/take-down", reason="Wrong", sure="y")
    under_way = client.get(f"/posts/{post.id}/underway")
    assert ("Taking it down" in under_way.text, under_way.headers.get("HX-Refresh")) == (True, None)
    app_db.get_one(Amendment, 1).state = S.DONE
    app_db.commit()

    assert client.get(f"/posts/{post.id}/underway").headers["HX-Refresh"] == "true"


def test_another_posts_change_is_not_found_under_this_one(client: Browser, app_db: Session, live: Callable[..., Post]) -> None:
    post = live()
    client.submit(f"/posts/{post.id}/edit-live", text="First words")
    other = make_post(app_db)
    app_db.commit()

    assert client.submit(f"/posts/{other.id}/changes/1/approve").status_code == 404
    assert client.submit(f"/posts/{post.id}/changes/9/approve").status_code == 404


@pytest.mark.parametrize(("role", "edits", "takes_down"), [("author", 403, 403), ("viewer", 403, 403), ("legal", 403, 200), ("approver", 403, 200), ("planner", 200, 200)])
def test_who_may_edit_and_take_down(sign_in: SignIn, live: Callable[..., Post], role: str, edits: int, takes_down: int) -> None:
    post, client = live(), sign_in(roles=(role,))

    assert [client.get(f"/posts/{post.id}/{page}").status_code for page in ("edit-live", "take-down")] == [edits, takes_down]


def test_an_author_edits_what_is_theirs(app: Flask, sign_in: SignIn, app_db: Session, live: Callable[..., Post]) -> None:
    author = make_user(app_db, roles=("author",))
    app_db.commit()
    post = live(author_id=author.id)

    assert sign_in(author).submit(f"/posts/{post.id}/edit-live", text="First words").status_code == 302


def test_nothing_is_asked_without_the_forms_token(client: Browser, app_db: Session, live: Callable[..., Post]) -> None:
    post = live(undone=("thumbnail",))

    for page in ("edit-live", "take-down", "finish"):
        assert client.post(f"/posts/{post.id}/{page}", data={"text": "x", "reason": "x", "sure": "y"}).status_code == 400
    assert asked(app_db) == []


def test_an_upload_is_followed_on_its_post_and_on_the_desk(client: Browser, app_db: Session, live: Callable[..., Post]) -> None:
    post = live(Platform.X)
    post.state, post.external_id = PostState.SENDING, None
    delivery = app_db.scalars(select(Delivery)).one()
    delivery.state = DeliveryState.SENDING
    app_db.add(Upload(delivery_id=delivery.id, done=5_300_000, total=21_000_000, at=NOON))
    app_db.commit()

    assert 'value="5300000" max="21000000"' in client.get(f"/posts/{post.id}").text
    assert "5.3 MB of 21.0 MB" in client.get(f"/posts/{post.id}/underway").text
    assert f'hx-get="/posts/{post.id}/underway?line=1"' in client.get("/").text
    line = client.get(f"/posts/{post.id}/underway?line=1")
    assert ("5.3 MB of 21.0 MB" in line.text, "every 2s" in line.text, line.headers.get("HX-Refresh")) == (True, True, None)
    delivery.state = DeliveryState.PUBLISHED
    post.state = PostState.PUBLISHED
    app_db.commit()
    assert client.get(f"/posts/{post.id}/underway").headers["HX-Refresh"] == "true"
    assert "every 2s" not in client.get(f"/posts/{post.id}/underway?line=1").text


def test_the_calendar_the_list_and_the_asset_say_that_a_post_is_gone_by_icon_and_word(app: Flask, client: Browser, app_db: Session, live: Callable[..., Post]) -> None:
    post = live(taken_down_at=NOON)

    (event,) = client.get("/calendar/events?start=2026-03-01&end=2026-03-31").get_json()
    pages = [client.get(address).text for address in ("/calendar?view=list&date=2026-03-02", f"/assets/{post.asset_id}", f"/posts/{post.id}")]

    assert (event["state"], event["state_label"]) == ("taken_down", "Taken down")
    with app.test_request_context():
        drawing = re.escape(icon("trash-2"))
    assert [(len(re.findall(rf'(?:{drawing}<span|drawn--trash-2")>Taken down</span>', page)), "See it there" in page) for page in pages] == [(1, False)] * 3
