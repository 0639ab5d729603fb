"""The composer, the calendar and the steps of a post, through the browser's door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, User
from planner.catalog.models import AssetKind, Confidentiality
from planner.channels.port import Platform
from planner.core.errors import Conflict
from planner.planning import rules, service
from planner.planning.models import Approval, Campaign, Post, PostState
from planner.planning.quiet_models import Blackout
from planner.publishing.models import Attempt, Delivery, DeliveryState, Result
from planner.web.session import committing
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user

DAY = timedelta(days=1)
#: Tomorrow noon UTC, as clocks in Paris show it.
TOMORROW_PARIS = "2026-03-03T13:00"


@pytest.fixture
def author(app_db: Session) -> User:
    return made(app_db, make_user(app_db, roles=("planner",), name="Hugo"))


@pytest.fixture
def approver(app_db: Session) -> User:
    return made(app_db, make_user(app_db, roles=("approver",), name="Nadia"))


def made(db: Session, thing: Any) -> Any:
    db.commit()
    return thing


def fresh(db: Session, post: Post) -> Post:
    """The post as it is stored now; the transaction ends, so that the application may write again."""
    db.refresh(post)
    _ = post.asset, post.channel
    db.commit()
    return post


def submitted(db: Session, author: User, **values: Any) -> Post:
    post = make_post(db, author=author, **values)
    service.submit(db, post, actor=author, now=NOON)
    return made(db, post)


def digest(post: Post) -> str:
    return rules.content_digest(post, post.asset, post.channel)


@contextmanager
def counting(app: Flask) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = app.extensions["planner"].engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


# composing


def test_several_channels_at_once_give_one_draft_each(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db, url="https://example.com/a")
    x, linkedin = make_channel(app_db, name="a"), make_channel(app_db, name="b", platform=Platform.LINKEDIN)
    app_db.commit()

    answer = client.submit(
        "/posts/new", asset_id=asset.id, channels=[x.id, linkedin.id], text="For all.", wall_time=TOMORROW_PARIS, time_zone="Europe/Paris",
        tags="5G, #sea", link="https://example.com/a", **{f"text-{linkedin.id}": "For LinkedIn."},
    )  # fmt: skip

    posts = app_db.scalars(select(Post).order_by(Post.id)).all()
    assert answer.status_code == 302
    assert answer.location == f"/posts/{posts[0].id}"
    assert [(one.channel_id, one.text, one.state, one.publish_at, one.tags) for one in posts] == [
        (x.id, "For all.", PostState.DRAFT, NOON + DAY, ["5G", "sea"]),
        (linkedin.id, "For LinkedIn.", PostState.DRAFT, NOON + DAY, ["5G", "sea"]),
    ]
    assert "2 drafts saved, one a channel." in client.get(answer.location).text


def test_a_channel_s_own_words_are_named_on_its_draft_and_the_others_follow_a_change_when_they_are_to(client: Browser, app_db: Session) -> None:
    x, linkedin, video = (make_channel(app_db, name=name, platform=one) for name, one in (("a", Platform.X), ("b", Platform.LINKEDIN), ("c", Platform.YOUTUBE)))
    asset = make_asset(app_db)
    app_db.commit()
    own = {f"text-{linkedin.id}": "For LinkedIn.", f"title-{video.id}": "For YouTube", f"first_comment-{x.id}": "For X.", f"title-{linkedin.id}": "For all"}

    client.submit("/posts/new", asset_id=asset.id, channels=[x.id, linkedin.id, video.id], text="A\r\nB", title="For all", first_comment="C", time_zone="Europe/Paris", **own)

    first, second, third = app_db.scalars(select(Post).order_by(Post.id)).all()
    assert [(one.text, one.title, one.first_comment) for one in (first, second, third)] == [
        ("A\nB", "For all", "For X."), ("For LinkedIn.", "For all", "C"), ("A\nB", "For YouTube", "C"),
    ]  # fmt: skip
    numbers = [one.id for one in (first, second, third)]
    app_db.commit()
    page = client.get(f"/posts/{numbers[1]}/edit").text
    assert "<span data-own-changed>" in page
    assert "Change it on a, c too, where it says the same" in page
    again = {"time_zone": "Europe/Paris", "title": "For all", "first_comment": "For X."}
    client.submit(f"/posts/{numbers[0]}/edit", text="Only here.", version=1, **again)
    client.submit(f"/posts/{numbers[0]}/edit", text="A new one.", version=2, others="1", **again)
    assert app_db.scalars(select(Post.text).order_by(Post.id)).all() == ["A new one.", "For LinkedIn.", "A new one."]
    assert "Changed as well: c." in client.get("/posts/new").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"channels": []}, "Choose at least one channel."),
        ({"asset_id": ""}, "Choose what it is about."),
        ({"wall_time": "soon"}, "Write a date and time such as 2026-03-24 09:30."),
        ({"wall_time": "9999-01-01T00:00"}, "Choose a year between 1990 and 2100."),
        ({"wall_time": "2026-03-01T10:00"}, "has already passed"),
        ({"wall_time": "2027-03-28T02:30"}, "the clocks go forward in Europe/Paris and 02:30 does not exist"),
        ({"wall_time": "2026-10-25T02:30"}, "Say which: the first or the second time?"),
        ({"link": "javascript:alert(1)"}, "A link starts with https:// or http://"),
        ({"title": "t" * 301}, "At most 300 characters."),
    ],
)
def test_a_refused_post_says_why_keeps_what_was_typed_and_writes_nothing(
    client: Browser, app_db: Session, fields: dict[str, Any], sentence: str
) -> None:
    asset, channel = make_asset(app_db), make_channel(app_db)
    app_db.commit()
    values = {
        "asset_id": asset.id,
        "channels": [channel.id],
        "text": "Typed with care.",
        "wall_time": TOMORROW_PARIS,
        "time_zone": "Europe/Paris",
    }

    answer = client.submit("/posts/new", **(values | fields))

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Typed with care." in answer.text
    assert app_db.scalars(select(Post)).all() == []


def test_one_refused_channel_writes_none(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db, sensitive=True)
    first, second = make_channel(app_db, name="a"), make_channel(app_db, name="b")
    make_post(app_db, asset=asset, channel=second)
    app_db.commit()

    answer = client.submit("/posts/new", asset_id=asset.id, channels=[first.id, second.id], text="x", time_zone="Europe/Paris")

    assert answer.status_code == 422
    assert "once a channel" in answer.text
    assert len(app_db.scalars(select(Post)).all()) == 1


@pytest.mark.parametrize(("fold", "moment"), [("0", "2026-10-25T00:30"), ("1", "2026-10-25T01:30")])
def test_the_double_hour_is_planned_once_answered(client: Browser, app_db: Session, fold: str, moment: str) -> None:
    asset, channel = make_asset(app_db), make_channel(app_db)
    app_db.commit()

    answer = client.submit(
        "/posts/new", asset_id=asset.id, channels=[channel.id], text="x", wall_time="2026-10-25T02:30", time_zone="Europe/Paris", fold=fold
    )

    assert answer.status_code == 302
    assert app_db.scalars(select(Post.publish_at)).one() == datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_the_form_starts_with_what_is_known(client: Browser, app_db: Session) -> None:
    asset, channel = make_asset(app_db, title="Orion", url="https://example.com/orion"), make_channel(app_db)
    app_db.commit()

    page = client.get(f"/posts/new?asset={asset.id}&channel={channel.id}&at=2026-03-05T10:00").text

    assert 'value="https://example.com/orion"' in page
    assert 'value="2026-03-05T10:00"' in page
    assert f'<option selected value="{asset.id}">Orion</option>' in page


def test_a_confidential_asset_cannot_be_reached_through_the_form(sign_in: Callable[..., Browser], app_db: Session) -> None:
    asset, channel = make_asset(app_db, title="Merger", confidentiality=Confidentiality.CONFIDENTIAL), make_channel(app_db)
    app_db.commit()
    author = sign_in(roles=("author",))

    assert author.get(f"/posts/new?asset={asset.id}").status_code == 404
    assert "Merger" not in author.get("/posts/new").text
    answer = author.submit("/posts/new", asset_id=asset.id, channels=[channel.id], text="x", time_zone="Europe/Paris")
    assert answer.status_code == 404
    assert app_db.scalars(select(Post)).all() == []


# one post


def test_the_page_of_a_post_says_what_blocks_it_with_the_count(client: Browser, app_db: Session, author: User) -> None:
    post = made(app_db, make_post(app_db, author=author, text=""))

    page = client.get(f"/posts/{post.id}")

    assert page.status_code == 200
    assert "There is no text yet. Write what the post says." in page.text


def test_a_post_is_shown_in_its_channel_s_zone_with_the_reader_s_own_beside_it(sign_in: Callable[..., Browser], app_db: Session) -> None:
    reader = make_user(app_db, time_zone="Asia/Tokyo")
    post = made(app_db, make_post(app_db, time_zone="Europe/Paris"))

    page = sign_in(reader).get(f"/posts/{post.id}").text

    assert "Tue 3 Mar 2026, 13:00" in page
    assert "Your time: Tue 3 Mar 2026, 21:00" in page


def test_a_confidential_post_is_not_there_for_those_who_may_not_know(sign_in: Callable[..., Browser], app_db: Session) -> None:
    asset = make_asset(app_db, title="Merger", confidentiality=Confidentiality.CONFIDENTIAL)
    post = made(app_db, make_post(app_db, asset=asset))
    viewer = sign_in(roles=("viewer",))

    for path in (f"/posts/{post.id}", f"/posts/{post.id}/edit", f"/posts/{post.id}/move"):
        assert viewer.get(path).status_code == 404
    for step in ("submit", "approve", "cancel", "retry", "live"):
        assert viewer.submit(f"/posts/{post.id}/{step}", url="https://x.com/1").status_code == 404


def test_markup_in_what_people_type_is_text(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db, title="<script>alert(1)</script>")
    post = made(app_db, make_post(app_db, asset=asset, text="</script><img src=x onerror=alert(1)> {{7*7}}"))

    page = client.get(f"/posts/{post.id}").text

    assert "<script>alert(1)" not in page
    assert "<img src=x" not in page
    assert "{{7*7}}" in page


# editing


def test_editing_saves_what_was_typed(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db))
    campaign = made(app_db, make_campaign(app_db))

    answer = client.submit(
        f"/posts/{post.id}/edit", version=post.version, text="Better.", title="T", first_comment="More", tags="a, b", campaign_id=campaign.id,
        wall_time="2026-03-05T10:00", time_zone="Europe/Paris",
    )  # fmt: skip

    saved = fresh(app_db, post)
    assert answer.status_code == 302
    assert (saved.text, saved.title, saved.first_comment, saved.tags, saved.campaign_id) == (
        "Better.",
        "T",
        "More",
        ["a", "b"],
        campaign.id,
    )
    assert saved.publish_at == datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


def test_an_edited_draft_is_saved_and_submitted_in_one_step_and_one_in_review_has_no_such_button(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db, state=PostState.CHANGES_REQUESTED))
    button = 'name="then" value="submit"'
    assert button in client.get(f"/posts/{post.id}/edit").text
    values = {"version": post.version, "wall_time": "2026-03-05T10:00", "time_zone": "Europe/Paris", "then": "submit"}

    answer = client.submit(f"/posts/{post.id}/edit", text="Better.", **values)

    saved = fresh(app_db, post)
    assert (answer.status_code, saved.text, saved.state) == (302, "Better.", PostState.IN_REVIEW)
    app_db.rollback()
    assert "Submitted for approval." in client.get(f"/posts/{post.id}").text
    assert button not in client.get(f"/posts/{post.id}/edit").text


def test_what_blocks_an_edited_draft_is_said_and_its_words_are_kept(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db))

    client.submit(f"/posts/{post.id}/edit", version=post.version, text="Without a time.", wall_time="", time_zone="Europe/Paris", then="submit")

    saved = fresh(app_db, post)
    assert (saved.text, saved.state) == ("Without a time.", PostState.DRAFT)
    app_db.rollback()
    assert "saved, but not submitted." in client.get(f"/posts/{post.id}").text


def test_the_way_back_leads_to_the_day_the_post_has_for_its_reader(client: Browser, app_db: Session) -> None:
    midnight = made(app_db, make_post(app_db, publish_at=datetime(2026, 3, 8, 23, 30, tzinfo=UTC)))

    assert 'href="/calendar?date=2026-03-09"' in client.get(f"/posts/{midnight.id}").text


def test_a_campaign_starts_a_post_of_its_own(client: Browser, app_db: Session) -> None:
    campaign = made(app_db, make_campaign(app_db, name="Orion"))
    made(app_db, make_channel(app_db))
    assert f'href="/posts/new?campaign={campaign.id}"' in client.get(f"/campaigns/{campaign.id}").text
    made(app_db, make_post(app_db, campaign=campaign))
    assert f'href="/posts/new?campaign={campaign.id}"' in client.get(f"/campaigns/{campaign.id}").text

    page = client.get(f"/posts/new?campaign={campaign.id}").text

    assert f'<option selected value="{campaign.id}">Orion</option>' in page and 'href="/calendar">Calendar</a></li>' in page
    assert client.get("/posts/new?campaign=99999").status_code == 200


def test_the_edit_form_of_an_untouched_post_changes_nothing(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db, tags=["a"]))
    page = client.get(f"/posts/{post.id}/edit").text
    assert 'value="2026-03-03T13:00"' in page

    client.submit(
        f"/posts/{post.id}/edit", version=post.version, text=post.text, tags="a", wall_time="2026-03-03T13:00", time_zone="Europe/Paris"
    )

    saved = fresh(app_db, post)
    assert (saved.publish_at, saved.text, saved.tags) == (NOON + DAY, "What we have to say.", ["a"])


def test_an_older_version_keeps_the_typed_text_says_who_was_faster_and_overwrites_nothing(
    client: Browser, app_db: Session, author: User
) -> None:
    post = made(app_db, make_post(app_db, author=author))
    seen = post.version
    service.revise(app_db, post, service.PostValues(text="Hugo's words.", publish_at=NOON + DAY), actor=author, now=NOON)
    app_db.commit()

    answer = client.submit(f"/posts/{post.id}/edit", version=seen, text="My words.", wall_time=TOMORROW_PARIS, time_zone="Europe/Paris")

    assert answer.status_code == 409
    assert "Hugo changed this post while you were writing" in answer.text
    assert "My words." in answer.text
    assert "Hugo&#39;s words." in answer.text
    assert fresh(app_db, post).text == "Hugo's words."
    again = client.submit(
        f"/posts/{post.id}/edit", version=post.version, text="My words.", wall_time=TOMORROW_PARIS, time_zone="Europe/Paris"
    )
    assert again.status_code == 302
    assert fresh(app_db, post).text == "My words."


def test_what_leaves_is_edited_by_those_who_may(sign_in: Callable[..., Browser], app_db: Session, author: User) -> None:
    post = made(app_db, make_post(app_db, author=author))

    assert sign_in(roles=("author",)).submit(f"/posts/{post.id}/edit", text="x", time_zone="Europe/Paris").status_code == 403
    assert sign_in(roles=("viewer",)).get(f"/posts/{post.id}/edit").status_code == 403
    assert fresh(app_db, post).text == "What we have to say."


# moving


def test_the_move_form_moves_and_offers_the_way_back(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db))

    answer = client.submit(f"/posts/{post.id}/move", wall_time="2026-03-05T10:00", time_zone="Europe/Paris", version=post.version)

    assert answer.status_code == 302
    assert fresh(app_db, post).publish_at == datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
    page = client.get(answer.location).text
    assert "Moved to Thu 5 Mar 2026, 10:00." in page
    assert f'action="/posts/{post.id}/move"' in page
    assert 'name="wall_time" value="2026-03-03T13:00"' in page


def test_moving_before_the_embargo_shows_why_and_changes_nothing(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db, asset=make_asset(app_db, title="Orion", embargo_until=NOON + DAY)))

    answer = client.submit(f"/posts/{post.id}/move", wall_time="2026-03-03T12:59", time_zone="Europe/Paris")

    assert answer.status_code == 422
    assert "“Orion” is under embargo until" in answer.text
    assert 'value="2026-03-03T12:59"' in answer.text
    assert fresh(app_db, post).publish_at == NOON + DAY


@pytest.mark.parametrize("zoned", ["2026-03-05T10:00:00+01:00", "2026-03-05T10:00:00", "2026-03-05T09:00:00Z"])
def test_a_drop_on_the_calendar_moves(client: Browser, app_db: Session, zoned: str) -> None:
    post = made(app_db, make_post(app_db, time_zone="Europe/Paris"))

    answer = drop(client, post, {"start": zoned}, version=post.version)

    assert answer.status_code == 200
    assert answer.get_json() == {
        "version": post.version + 1, "publish_at": "2026-03-05T09:00:00+00:00", "state": "draft", "message": "Moved to Thu 5 Mar 2026, 10:00.",
    }  # fmt: skip
    assert fresh(app_db, post).publish_at == datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


def drop(client: Browser, post: Post, body: Any, *, version: int | None = None, token: bool = True) -> Any:
    headers = {"Accept": "application/json"}
    if token:
        headers["X-CSRFToken"] = client.token()
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    return client.post(f"/posts/{post.id}/move", json=body, headers=headers)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"start": "2026-03-03T11:00:00Z"}, "under embargo until"),
        ({"start": "2026-03-01T11:00:00Z"}, "under embargo until"),
        ({"start": "2026-10-25T02:30:00"}, "Say which"),
        ({"start": "yesterday"}, "Write a date and time"),
        ({"start": "2026-03-09"}, "Write a date and time"),
        ({"start": 5}, "Write a date and time"),
        ([], "Write a date and time"),
        ({}, "Write a date and time"),
    ],
)
def test_a_refused_drop_says_why_and_changes_nothing(client: Browser, app_db: Session, body: Any, sentence: str) -> None:
    post = made(app_db, make_post(app_db, asset=make_asset(app_db, embargo_until=NOON + DAY)))

    answer = drop(client, post, body)

    assert answer.status_code == 422
    assert sentence in answer.get_json()["message"]
    assert fresh(app_db, post).publish_at == NOON + DAY


def test_a_drop_of_an_older_version_is_a_conflict(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db))

    answer = drop(client, post, {"start": "2026-03-05T09:00:00Z"}, version=post.version + 7)

    assert answer.status_code == 409
    assert "Somebody changed this post" in answer.get_json()["message"]
    assert fresh(app_db, post).publish_at == NOON + DAY


def test_a_drop_without_its_token_changes_nothing(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db))

    assert drop(client, post, {"start": "2026-03-05T09:00:00Z"}, token=False).status_code == 400
    assert fresh(app_db, post).publish_at == NOON + DAY


def test_dragging_an_approved_post_and_undoing_it_keeps_the_approval(
    sign_in: Callable[..., Browser], app_db: Session, author: User, approver: User
) -> None:
    post = submitted(app_db, author)
    service.approve(app_db, post, actor=approver, now=NOON)
    app_db.commit()
    client = sign_in(author)

    away = drop(client, post, {"start": "2026-03-05T09:00:00Z"}, version=post.version).get_json()
    back = drop(client, post, {"start": "2026-03-03T12:00:00Z"}, version=away["version"]).get_json()

    assert (away["state"], "It needs approval again." in away["message"]) == ("in_review", True)
    assert (back["state"], "its approval holds again" in back["message"]) == ("approved", True)


# the steps


def test_submit_approve_and_the_words_of_each(sign_in: Callable[..., Browser], app_db: Session, author: User, approver: User) -> None:
    post = made(app_db, make_post(app_db, author=author))

    first = sign_in(author).submit(f"/posts/{post.id}/submit")
    assert (first.status_code, fresh(app_db, post).state) == (302, PostState.IN_REVIEW)

    page = sign_in(approver).get(f"/posts/{post.id}").text
    assert digest(fresh(app_db, post)) in page
    second = sign_in(approver).submit(f"/posts/{post.id}/approve", digest=digest(post), note="Fine.")
    assert (second.status_code, fresh(app_db, post).state) == (302, PostState.APPROVED)
    assert [(one.by_name, one.note) for one in app_db.scalars(select(Approval))] == [("Nadia", "Fine.")]


def test_a_blocked_submission_says_why(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db, text=""))

    answer = client.submit(f"/posts/{post.id}/submit")

    assert answer.status_code == 422
    assert "There is no text yet." in answer.text
    assert fresh(app_db, post).state is PostState.DRAFT


@pytest.mark.parametrize("seen", ["", "0" * 64])
def test_approving_what_was_not_on_the_screen_is_a_conflict(
    sign_in: Callable[..., Browser], app_db: Session, author: User, approver: User, seen: str
) -> None:
    post = submitted(app_db, author)

    answer = sign_in(approver).submit(f"/posts/{post.id}/approve", digest=seen)

    assert answer.status_code == 409
    assert "This post was changed after you opened it." in answer.text
    assert fresh(app_db, post).state is PostState.IN_REVIEW


def test_nobody_approves_their_own_release_and_the_page_says_so(sign_in: Callable[..., Browser], app_db: Session) -> None:
    admin = make_user(app_db)
    post = submitted(app_db, admin, asset=make_asset(app_db, kind=AssetKind.PRESS_RELEASE))
    client = sign_in(admin)

    assert "a second person has to approve it" in client.get(f"/posts/{post.id}").text
    answer = client.submit(f"/posts/{post.id}/approve", digest=digest(post))
    assert answer.status_code == 422
    assert "a second person has to approve it" in answer.text
    assert fresh(app_db, post).state is PostState.IN_REVIEW


def test_changes_need_a_note_which_the_author_then_reads(
    sign_in: Callable[..., Browser], app_db: Session, author: User, approver: User
) -> None:
    post = submitted(app_db, author)
    client = sign_in(approver)

    empty = client.submit(f"/posts/{post.id}/request-changes", **{"changes-note": " "})
    assert (empty.status_code, "Say what should change." in empty.text) == (422, True)
    long = client.submit(f"/posts/{post.id}/request-changes", **{"changes-note": "x" * 2001})
    assert (long.status_code, "At most 2,000 characters." in long.text, "x" * 2001 in long.text) == (422, True, True)
    assert fresh(app_db, post).state is PostState.IN_REVIEW

    assert client.submit(f"/posts/{post.id}/request-changes", **{"changes-note": "Name the customer."}).status_code == 302
    assert fresh(app_db, post).state is PostState.CHANGES_REQUESTED
    assert "Name the customer." in sign_in(author).get(f"/posts/{post.id}").text
    assert "Sent back to you" in sign_in(author).get("/").text


def test_cancel_offers_undo_and_undo_brings_it_back(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db))

    client.submit(f"/posts/{post.id}/cancel", reason=" The event is off. ")
    assert fresh(app_db, post).state is PostState.CANCELLED
    page = client.get(f"/posts/{post.id}").text
    assert f'action="/posts/{post.id}/restore"' in page
    assert "Because: The event is off." in page

    client.submit(f"/posts/{post.id}/restore")
    assert fresh(app_db, post).state is PostState.DRAFT


@pytest.mark.parametrize(("reason", "sentence"), [("", "Say why"), (" \n ", "Say why"), ("x" * 501, "At most 500 characters.")])
def test_cancelling_asks_why_and_keeps_what_was_typed(client: Browser, app_db: Session, reason: str, sentence: str) -> None:
    post = made(app_db, make_post(app_db, state=PostState.APPROVED))

    assert "Cancel this post" in client.get(f"/posts/{post.id}/cancel").text
    answer = client.submit(f"/posts/{post.id}/cancel", reason=reason)

    assert (answer.status_code, sentence in answer.text, reason.strip() in answer.text) == (422, True, True)
    assert fresh(app_db, post).state is PostState.APPROVED


def test_what_cannot_be_cancelled_is_not_asked_about(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db, state=PostState.PUBLISHED, published_at=NOON))

    answers = client.get(f"/posts/{post.id}/cancel"), client.submit(f"/posts/{post.id}/cancel", reason="Off.")

    assert [one.status_code for one in answers] == [409, 409]
    assert fresh(app_db, post).state is PostState.PUBLISHED


def test_a_step_the_state_does_not_allow_says_so(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db, state=PostState.SENDING))

    answer = client.submit(f"/posts/{post.id}/withdraw")

    assert answer.status_code == 409
    assert "This post is being sent right now." in answer.text


def test_approving_by_direct_post_needs_the_role(sign_in: Callable[..., Browser], app_db: Session, author: User) -> None:
    post = submitted(app_db, author)

    assert sign_in(author).submit(f"/posts/{post.id}/approve", digest=digest(post)).status_code == 403
    assert fresh(app_db, post).state is PostState.IN_REVIEW


def test_publishing_without_approval_by_direct_post_is_refused(client: Browser, app_db: Session) -> None:
    draft = made(app_db, make_post(app_db))

    for step in ("retry", "approve", "not-live"):
        assert client.submit(f"/posts/{draft.id}/{step}", digest=digest(draft)).status_code == 409
    by_hand = make_post(app_db, channel=make_channel(app_db, platform=Platform.BY_HAND))
    app_db.commit()
    assert client.submit(f"/posts/{by_hand.id}/live", url="https://example.com/1").status_code == 409
    assert fresh(app_db, draft).state is PostState.DRAFT
    assert fresh(app_db, by_hand).state is PostState.DRAFT


def test_a_post_made_by_hand_is_recorded_with_its_address(client: Browser, app_db: Session, author: User, approver: User) -> None:
    post = submitted(app_db, author, channel=make_channel(app_db, platform=Platform.BY_HAND))
    service.approve(app_db, post, actor=approver, now=NOON)
    app_db.commit()

    bad = client.submit(f"/posts/{post.id}/live", url="not an address")
    assert (bad.status_code, "Paste the address of the message" in bad.text) == (422, True)

    assert client.submit(f"/posts/{post.id}/live", url="https://example.com/1").status_code == 302
    saved = fresh(app_db, post)
    assert (saved.state, saved.external_url) == (PostState.PUBLISHED, "https://example.com/1")


STEPS = ("submit", "approve", "request-changes", "withdraw", "cancel", "restore", "retry", "live", "not-live", "move", "edit")


@pytest.mark.parametrize("step", STEPS)
def test_a_post_without_a_token_changes_nothing(client: Browser, app_db: Session, step: str) -> None:
    post = made(app_db, make_post(app_db, state=PostState.CANCELLED if step == "restore" else PostState.DRAFT))
    version = post.version

    answer = client.post(
        f"/posts/{post.id}/{step}", data={"text": "x", "wall_time": "2026-03-09T10:00", "time_zone": "Europe/Paris", "changes-note": "n"}
    )

    assert answer.status_code == 400
    assert fresh(app_db, post).version == version
    assert app_db.scalars(select(Entry)).all() == []


@pytest.mark.parametrize("step", [one for one in STEPS if one not in ("cancel", "move", "edit")])
def test_reading_an_address_of_a_step_changes_nothing(client: Browser, app_db: Session, step: str) -> None:
    post = made(app_db, make_post(app_db))

    assert client.get(f"/posts/{post.id}/{step}").status_code == 405


# the calendar


def test_the_week_opens_posts_and_plans_what_is_ready(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db, asset=make_asset(app_db, title="Orion")))
    free = made(app_db, make_asset(app_db, title="Nobody planned me"))

    page = client.get("/calendar?view=week&date=2026-03-02").text

    assert f'href="/posts/{post.id}" data-post="{post.id}" data-version="1"' in page
    assert 'title="13:00 · Orion · ' in page
    assert f'href="/posts/new?asset={free.id}"' in page
    assert "date=2026-02-23" in page


@pytest.mark.parametrize(
    "query", ["view=year&date=nonsense", "channel=x&kind=y&state=z&campaign=-1", "date=9999-12-31&view=month", "channel=" + "9" * 40]
)
def test_a_damaged_address_still_opens_the_calendar(client: Browser, query: str) -> None:
    assert client.get(f"/calendar?{query}").status_code == 200


def test_the_rows_for_programs_say_all_that_is_shown(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, name="Our X", colour=3)
    post = make_post(app_db, asset=make_asset(app_db, title="Orion"), channel=channel, state=PostState.APPROVED)
    app_db.add(Blackout(name="Before the results", starts_on=NOON.date(), ends_on=(NOON + 2 * DAY).date()))
    app_db.commit()

    rows = client.get("/calendar/events?start=2026-03-02T00:00:00%2B01:00&end=2026-03-09T00:00:00%2B01:00").get_json()

    assert rows == [
        {
            "id": post.id, "title": "Orion", "start": "2026-03-03T13:00:00+01:00", "end": None, "allDay": False, "url": f"/posts/{post.id}",
            "move_url": f"/posts/{post.id}/move", "editable": True, "version": 1, "platform": "x", "channel": "Our X", "colour": 3,
            "state": "approved", "state_label": "Approved", "confidential": False, "origin": "post",
        },
        {
            "id": "blackout-1", "title": "Before the results", "start": "2026-03-02", "end": "2026-03-04", "allDay": True,
            "url": "/settings/blackouts/1", "move_url": None, "editable": False, "origin": "blackout",
        },
    ]  # fmt: skip


def test_the_filters_of_the_address_hold_for_the_rows(client: Browser, app_db: Session) -> None:
    wanted = make_post(app_db, state=PostState.IN_REVIEW)
    make_post(app_db)
    app_db.commit()

    for query in (f"channel={wanted.channel_id}", "state=in_review"):
        rows = client.get(f"/calendar/events?start=2026-03-01&end=2026-03-31&{query}").get_json()
        assert [one["id"] for one in rows] == [wanted.id]


def test_a_confidential_post_is_masked_on_the_calendar(sign_in: Callable[..., Browser], app_db: Session) -> None:
    make_post(app_db, asset=make_asset(app_db, title="Merger", confidentiality=Confidentiality.CONFIDENTIAL))
    app_db.commit()
    viewer = sign_in(roles=("viewer",))

    (row,) = viewer.get("/calendar/events?start=2026-03-01&end=2026-03-31").get_json()

    assert (row["title"], row["url"], row["move_url"], row["editable"], row["confidential"]) == ("Confidential", None, None, False, True)
    for path in ("/calendar?date=2026-03-02", "/", "/campaigns"):
        assert "Merger" not in viewer.get(path).text


def test_an_author_may_drag_only_what_is_theirs(sign_in: Callable[..., Browser], app_db: Session) -> None:
    me = make_user(app_db, roles=("author",))
    mine, other = make_post(app_db, author=me), make_post(app_db)
    app_db.commit()

    rows = sign_in(me).get("/calendar/events?start=2026-03-01&end=2026-03-31").get_json()

    assert {one["id"]: one["editable"] for one in rows} == {mine.id: True, other.id: False}


@pytest.mark.parametrize(
    "query", ["", "start=x&end=y", "start=2026-03-02&end=2026-03-01", "start=2020-01-01&end=2026-01-01", "start=0001-01-01&end=9999-01-01"]
)
def test_a_malformed_stretch_is_refused(client: Browser, query: str) -> None:
    answer = client.get(f"/calendar/events?{query}", headers={"Accept": "application/json"})

    assert answer.status_code == 422
    assert answer.get_json()["message"]


@pytest.mark.parametrize(
    "path",
    [
        "/calendar?view=month&date=2026-03-02",
        "/calendar/events?start=2026-03-01&end=2026-04-11",
        "/",
        "/campaigns",
        "/campaigns/1",
        "/posts/1",
    ],
)
def test_statements_do_not_grow_with_the_posts(app: Flask, client: Browser, app_db: Session, path: str) -> None:
    campaign, asset = make_campaign(app_db), make_asset(app_db)
    counts = []
    for rows in (1, 29):
        for _ in range(rows):
            make_post(app_db, campaign=campaign, asset=asset, state=PostState.IN_REVIEW)
            make_post(app_db, state=PostState.SCHEDULED, publish_at=NOON)
            make_campaign(app_db)
        app_db.commit()
        client.get(path)
        with counting(app) as seen:
            assert client.get(path).status_code == 200
        counts.append(len(seen))

    assert counts[0] == counts[1], counts
    assert counts[1] <= (8 if path.startswith(("/calendar", "/campaigns")) else 21 if path == "/" else 20)


# the desk and campaigns


def test_an_empty_product_says_how_to_begin(client: Browser) -> None:
    page = client.get("/").text

    assert "Add your first asset" in page
    assert "Connect a channel" in page
    assert 'action="/demo"' in page


def test_a_viewer_of_an_empty_product_gets_no_button_they_may_not_press(sign_in: Callable[..., Browser]) -> None:
    page = sign_in(roles=("viewer",)).get("/").text

    assert "Add your first asset" not in page
    assert 'action="/demo"' not in page


def test_a_quiet_day_says_what_comes_next(client: Browser, app_db: Session) -> None:
    make_post(app_db, asset=make_asset(app_db, title="Orion"), state=PostState.APPROVED, publish_at=NOON + 5 * DAY)
    app_db.commit()

    page = client.get("/").text

    assert "Nothing needs you today" in page
    assert "Next out: Orion" in page


def test_a_campaign_is_created_edited_and_shown(client: Browser, app_db: Session) -> None:
    answer = client.submit("/campaigns/new", name="Launch", starts_on="2026-03-10", ends_on="2026-03-12", embargo_until="2026-03-10T09:00")
    campaign = app_db.scalars(select(Campaign)).one()

    assert (answer.status_code, answer.location) == (302, f"/campaigns/{campaign.id}")
    assert campaign.embargo_until == datetime(2026, 3, 10, 8, 0, tzinfo=UTC)
    make_post(app_db, campaign=campaign)
    app_db.commit()
    assert "One post lies before the embargo lifts" in client.get(answer.location).text

    saved = client.submit(f"/campaigns/{campaign.id}/edit", name="Launch 2", version=campaign.version)
    app_db.expire_all()
    assert (saved.status_code, campaign.name, campaign.embargo_until) == (302, "Launch 2", None)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": ""}, "Give the campaign a name."),
        ({"name": "launch"}, "There is already a campaign called “launch”."),
        ({"name": "x", "starts_on": "2026-03-10", "ends_on": "2026-03-01"}, "The end lies before the start."),
        ({"name": "x", "starts_on": "tomorrow"}, "Not a valid date value"),
        ({"name": "x", "owner_id": "999"}, "Not a valid choice."),
    ],
)
def test_a_refused_campaign_says_why_and_keeps_what_was_typed(
    client: Browser, app_db: Session, fields: dict[str, str], sentence: str
) -> None:
    made(app_db, make_campaign(app_db, name="Launch"))

    answer = client.submit("/campaigns/new", summary="Typed with care.", **fields)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Typed with care." in answer.text
    assert len(app_db.scalars(select(Campaign)).all()) == 1


def test_an_older_version_of_a_campaign_is_a_conflict_that_keeps_the_text(client: Browser, app_db: Session) -> None:
    campaign = made(app_db, make_campaign(app_db, name="Launch"))

    answer = client.submit(f"/campaigns/{campaign.id}/edit", name="Mine", version=campaign.version + 5)

    assert answer.status_code == 409
    assert 'value="Mine"' in answer.text
    app_db.expire_all()
    assert campaign.name == "Launch"


def test_the_same_thing_stored_at_the_same_moment_is_a_conflict(app: Flask, app_db: Session) -> None:
    made(app_db, make_campaign(app_db, name="Launch"))

    with app.app_context(), pytest.raises(Conflict), committing(app_db):
        make_campaign(app_db, name="Launch")

    assert [one.name for one in app_db.scalars(select(Campaign))] == ["Launch"]


def test_campaigns_are_changed_by_planners_and_with_a_token(sign_in: Callable[..., Browser], client: Browser, app_db: Session) -> None:
    campaign = made(app_db, make_campaign(app_db, name="Launch"))

    assert sign_in(roles=("author",)).submit("/campaigns/new", name="x").status_code == 403
    assert client.post("/campaigns/new", data={"name": "x"}).status_code == 400
    assert client.post(f"/campaigns/{campaign.id}/edit", data={"name": "x"}).status_code == 400
    assert [one.name for one in app_db.scalars(select(Campaign))] == ["Launch"]


@pytest.mark.parametrize("path", ["/", "/calendar", "/calendar/events", "/posts/1", "/posts/new", "/campaigns"])
def test_nobody_reads_without_signing_in(app: Flask, path: str) -> None:
    answer = app.test_client().get(path)

    assert (answer.status_code, answer.location.startswith("/login")) == (302, True)


@pytest.mark.parametrize("path", ["/posts/{}", "/posts/{}/edit", "/campaigns/{}", "/posts/new?asset={}"])
@pytest.mark.parametrize("number", ["0", "404", "9" * 19, "9" * 40])
def test_a_number_that_is_nobody_s_is_not_found(client: Browser, path: str, number: str) -> None:
    assert client.get(path.format(number)).status_code == 404


def test_a_number_of_absurd_length_is_refused_and_not_a_crash(client: Browser, app_db: Session) -> None:
    post = made(app_db, make_post(app_db))

    answer = client.post(
        f"/posts/{post.id}/move", json={"start": "2026-03-05T09:00:00Z", "version": "9" * 5000}, headers={"X-CSRFToken": client.token()}
    )

    assert answer.status_code == 422
    assert client.submit("/posts/new", asset_id="²", channels=["9" * 5000], text="x", time_zone="Europe/Paris").status_code == 422


def test_why_a_post_failed_is_said_once_and_one_that_was_missed_is_not_said_to_be_due(client: Browser, app_db: Session) -> None:
    told = {}
    for state, ended in ((DeliveryState.FAILED, Result.REFUSED), (DeliveryState.MISSED, None)):
        post = make_post(app_db, state=PostState(state.value), publish_at=NOON - DAY)
        delivery = Delivery(
            post_id=post.id, channel_id=post.channel_id, state=state, due_at=NOON - DAY, next_at=NOON - DAY, digest="d" * 64, created_at=NOON - DAY,
            reason="X says no." if ended else "Its moment passed before it could be sent.",
        )  # fmt: skip
        app_db.add(delivery)
        app_db.flush()
        if ended:
            app_db.add(Attempt(delivery_id=delivery.id, number=1, fingerprint="f", digest="d" * 64, started_at=NOON - DAY, ended_at=NOON, result=ended, reason="X says no."))
        told[state] = post.id
    app_db.commit()

    failed, missed = (client.get(f"/posts/{number}").text for number in told.values())

    assert failed.count("X says no.") == 1
    assert ("Its moment passed before it could be sent." in missed, "Nothing was sent yet." in missed) == (True, False)


def test_an_asset_without_files_leads_the_composer_to_where_they_are_added(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db)
    post = make_post(app_db, asset=asset)
    app_db.commit()

    for address in (f"/posts/new?asset={asset.id}", f"/posts/{post.id}/edit"):
        assert f'href="/assets/{asset.id}#files"' in client.get(address).text
    assert '#files" target' not in client.get("/posts/new").text
