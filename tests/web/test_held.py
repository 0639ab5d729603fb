"""Held posts on screen: listed with their choices, decided one by one or all at once, counted on the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Confidentiality
from planner.channels.port import Platform
from planner.planning import pauses
from planner.planning.models import Post, PostState
from planner.planning.rules import content_digest
from planner.publishing.models import Delivery, DeliveryState, Hold
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_post
from tests.web.counting import statements

HOUR = timedelta(hours=1)


def hold(db: Session, title: str, due: timedelta, why: Hold = Hold.PAUSE, **values: Any) -> Delivery:
    """A scheduled post that is held, due so long after noon."""
    asset = make_asset(db, title=title, confidentiality=values.pop("confidentiality", Confidentiality.PUBLIC))
    post = make_post(db, channel=make_channel(db), asset=asset, state=PostState.SCHEDULED, publish_at=NOON + due, text=title, **values)
    post.approved_digest = content_digest(post, post.asset, post.channel)
    delivery = Delivery(
        post_id=post.id, channel_id=post.channel_id, state=DeliveryState.HELD, hold=why, due_at=post.publish_at, next_at=post.publish_at,
        digest=post.approved_digest, created_at=NOON, tries=0, looks=0,
    )  # fmt: skip
    db.add(delivery)
    db.flush()
    return delivery


def now_is(db: Session) -> list[tuple[PostState, DeliveryState, datetime | None]]:
    """Post's state, delivery's state and the post's moment, in the order they were made."""
    db.expire_all()
    rows = db.execute(select(Post.state, Delivery.state, Post.publish_at).join(Delivery, Delivery.post_id == Post.id).order_by(Post.id)).all()
    db.commit()
    return [tuple(row) for row in rows]


@pytest.fixture
def three(app_db: Session) -> list[int]:
    """Held: one whose time passed, two to come."""
    made = [hold(app_db, title, due).id for title, due in (("Yesterday", -24 * HOUR), ("Tonight", 6 * HOUR), ("Tomorrow", 24 * HOUR))]
    app_db.commit()
    return made


def choices_of(page: str, delivery_id: int) -> list[str]:
    return re.findall(rf'name="choice-{delivery_id}" value="(\w+)"', page)


def test_each_held_post_offers_what_may_become_of_it(client: Browser, three: list[int]) -> None:
    page = client.get("/held").text

    assert [choices_of(page, one) for one in three] == [["send", "move", "drop"], ["keep", "send", "move", "drop"], ["keep", "send", "move", "drop"]]
    assert page.count("Its time has passed") == 1


def test_one_post_is_kept_one_moved_and_one_dropped_in_one_go(client: Browser, app_db: Session, three: list[int]) -> None:
    passed, tonight, tomorrow = three

    answer = client.submit(
        "/held", do="each", **{f"choice-{tonight}": "keep", f"choice-{tomorrow}": "drop", f"choice-{passed}": "move", f"at-{passed}": "2026-03-05T10:00"}
    )

    assert (answer.status_code, answer.location) == (302, "/held")
    assert "3 posts are decided." in client.get("/held").text
    assert now_is(app_db) == [
        (PostState.APPROVED, DeliveryState.HELD, datetime(2026, 3, 5, 9, 0, tzinfo=UTC)),  # An administrator moved it: the outbox takes it up.
        (PostState.SCHEDULED, DeliveryState.DUE, NOON + 6 * HOUR),
        (PostState.CANCELLED, DeliveryState.CANCELLED, NOON + 24 * HOUR),
    ]


def test_what_nobody_chose_stays_held(client: Browser, app_db: Session, three: list[int]) -> None:
    before = now_is(app_db)

    assert client.submit("/held", do="each").status_code == 302
    assert "Nothing was chosen, so everything stays held." in client.get("/held").text
    assert now_is(app_db) == before


def test_one_refusal_stands_beside_its_post_and_the_others_are_decided(client: Browser, app_db: Session, three: list[int]) -> None:
    passed, tonight, _tomorrow = three

    answer = client.submit("/held", do="each", **{f"choice-{passed}": "keep", f"choice-{tonight}": "keep"})

    assert answer.status_code == 422
    assert "Its time has passed: choose a new time, or send it now." in answer.text
    assert [state for _post, state, _at in now_is(app_db)] == [DeliveryState.HELD, DeliveryState.DUE, DeliveryState.HELD]


@pytest.mark.parametrize("typed", ["", "soon", "0001-01-01T00:00", "2026-03-05T10:00+01:00", "2026-03-01T10:00"])
def test_a_new_time_that_is_none_or_has_passed_is_refused(client: Browser, app_db: Session, three: list[int], typed: str) -> None:
    before = now_is(app_db)

    answer = client.submit("/held", do="each", **{f"choice-{three[1]}": "move", f"at-{three[1]}": typed})

    assert answer.status_code == 422
    assert now_is(app_db) == before


def test_all_are_kept_whose_time_is_still_to_come(client: Browser, app_db: Session, three: list[int]) -> None:
    client.submit("/held", do="all", all="keep")

    assert [state for _post, state, _at in now_is(app_db)] == [DeliveryState.HELD, DeliveryState.DUE, DeliveryState.DUE]


def test_all_are_moved_by_days_and_keep_the_hour_of_their_zone_over_the_change_of_clocks(client: Browser, app_db: Session) -> None:
    hold(app_db, "Spring", timedelta(hours=1), time_zone="Europe/Paris")
    app_db.commit()

    client.submit("/held", do="all", all="move", days="30")

    assert [at for _post, _state, at in now_is(app_db)] == [datetime(2026, 4, 1, 12, 0, tzinfo=UTC)]  # 14:00 in Paris before and after.


def test_all_are_dropped(client: Browser, app_db: Session, three: list[int]) -> None:
    client.submit("/held", do="all", all="drop")

    assert [state for state, _delivery, _at in now_is(app_db)] == [PostState.CANCELLED] * 3
    assert "Nothing is held" in client.get("/held").text


@pytest.mark.parametrize(("all_", "days"), [("move", "0"), ("move", "400"), ("move", ""), ("move", "²"), ("send", ""), ("everything", "")])
def test_a_choice_for_all_that_makes_no_sense_changes_nothing(client: Browser, app_db: Session, three: list[int], all_: str, days: str) -> None:
    before = now_is(app_db)

    client.submit("/held", do="all", all=all_, days=days)

    assert now_is(app_db) == before


def test_the_desk_counts_what_waits_for_a_decision(client: Browser, three: list[int]) -> None:
    assert "3 posts stay here until somebody keeps, moves or drops them." in client.get("/").text


def test_ending_a_pause_leads_to_what_it_held(client: Browser, app_db: Session) -> None:
    post = make_post(app_db, channel=make_channel(app_db), state=PostState.SCHEDULED, publish_at=NOON + HOUR)
    app_db.add(
        Delivery(post_id=post.id, channel_id=post.channel_id, due_at=NOON + HOUR, next_at=NOON + HOUR, digest="d" * 64, created_at=NOON, tries=0, looks=0)
    )
    pauses.pause(app_db, "Strike", actor=None, now=NOON)
    app_db.commit()

    ended = client.submit("/settings/pause/1/end")

    assert (ended.status_code, ended.location) == (302, "/held")
    assert "The pause has ended. One post waits for a decision." in client.get("/held").text
    assert [state for _post, state, _at in now_is(app_db)] == [DeliveryState.HELD]


def test_what_another_reason_holds_is_shown_without_choices(client: Browser, app_db: Session) -> None:
    delivery = hold(app_db, "Orion", HOUR, Hold.EMBARGO)
    app_db.commit()

    page = client.get("/held").text

    assert "Held for another reason" in page
    assert choices_of(page, delivery.id) == []


@pytest.mark.parametrize(("role", "status", "state"), [("author", 403, DeliveryState.HELD), ("viewer", 403, DeliveryState.HELD), ("approver", 302, DeliveryState.DUE)])
def test_those_who_see_to_deliveries_decide(
    sign_in: Callable[..., Browser], app_db: Session, three: list[int], role: str, status: int, state: DeliveryState
) -> None:
    answer = sign_in(roles=(role,)).submit("/held", do="each", **{f"choice-{three[1]}": "keep"})

    assert (answer.status_code, now_is(app_db)[1][1]) == (status, state)


@pytest.mark.parametrize("count", [1, 20])
def test_the_page_costs_the_same_whatever_is_held(client: Browser, app: Flask, app_db: Session, count: int) -> None:
    for number in range(count):
        hold(app_db, f"Post {number}", HOUR)
    app_db.commit()

    assert statements(app, client, "/held") == 3


def test_a_post_that_a_person_publishes_is_not_asked_for_while_it_is_held(client: Browser, app_db: Session) -> None:
    delivery = hold(app_db, "Letter", -HOUR)
    delivery.post.channel.platform = Platform.BY_HAND
    app_db.commit()
    assert 'id="by-hand"' not in client.get("/").text

    delivery.state, delivery.hold = DeliveryState.DUE, None
    app_db.commit()
    assert 'id="by-hand"' in client.get("/").text


def test_while_a_pause_holds_a_post_its_page_leads_to_what_is_held_instead_of_sending_it(client: Browser, app_db: Session) -> None:
    delivery = hold(app_db, "Open house", HOUR)
    number, stop = delivery.post_id, pauses.pause(app_db, "A bad day", actor=None, now=NOON)
    app_db.commit()
    page = client.get(f"/posts/{number}").text.partition('id="sending"')[2]
    assert ("Send it now" in page, 'href="/held"' in page) == (False, True)

    pauses.resume(app_db, stop, actor=None, now=NOON)
    app_db.commit()
    assert "Send it now" in client.get(f"/posts/{number}").text
