"""Every rule at every door of planning: while typing, when it is submitted, approved, moved and planned; the table is the book itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from planner.planning import rules, tuning
from planner.planning.models import Post, PostState
from planner.planning.moments import wall_of
from planner.planning.rulebook import BOOK, Place, Rule
from tests.breakers import BREAKERS, a_post
from tests.conftest import Browser
from tests.factories import NOON, make_post, make_user

PLANNED = [one for one in BOOK if Place.TYPING in one.places]


def named(rules: list[Rule]) -> list[object]:
    return [pytest.param(one, id=one.code) for one in rules]


def broken(db: Session, rule: Rule, state: PostState) -> Post:
    """A post of another's that breaks this rule; a warning is made to block."""
    breaker = BREAKERS[rule.code]
    author = make_user(db, roles=("planner",))
    post = a_post(db, breaker, state=state, author=author, submitted_by_id=author.id)
    breaker.after(db, post)
    if not rule.locked:
        tuning.set_rule(db, rule.code, enabled=True, must_not=True, parameters=breaker.parameters, actor=None, now=NOON)
    db.commit()
    return post


def state_of(db: Session, post: Post) -> PostState:
    db.expire_all()
    state = db.get_one(Post, post.id).state
    db.rollback()
    return state


def digest_of(db: Session, post: Post) -> str:
    db.expire_all()
    found = db.get_one(Post, post.id)
    digest = rules.content_digest(found, found.asset, found.channel)
    db.rollback()
    return digest


def test_the_table_has_every_rule_of_the_book_that_is_about_a_post() -> None:
    """A gap is about the posts that are not there: it stands on the calendar alone."""
    assert set(BREAKERS) == {one.code for one in BOOK if one.places != (Place.CALENDAR,)}
    assert [one.code for one in BOOK if one.places == (Place.CALENDAR,)] == ["silence"]


@pytest.mark.parametrize("rule", named(PLANNED))
def test_it_is_said_while_somebody_types(client: Browser, app_db: Session, rule: Rule) -> None:
    post = broken(app_db, rule, PostState.DRAFT)

    said = client.submit(
        f"/posts/{post.id}/preflight", text=post.text, link=post.link, media=[item["file_id"] for item in post.media or []], version=post.version,
        wall_time=wall_of(post.publish_at, "Europe/Paris"), time_zone="Europe/Paris", campaign_id=post.campaign_id or "",
    ).text  # fmt: skip

    assert BREAKERS[rule.code].says in said and "Blocking" in said


@pytest.mark.parametrize("rule", named(PLANNED))
def test_what_always_holds_is_not_submitted_and_what_was_made_to_block_is_left_to_the_approver(client: Browser, app_db: Session, rule: Rule) -> None:
    post = broken(app_db, rule, PostState.DRAFT)

    answer = client.submit(f"/posts/{post.id}/submit")

    assert (answer.status_code == 302, state_of(app_db, post)) == ((False, PostState.DRAFT) if rule.locked else (True, PostState.IN_REVIEW))
    assert BREAKERS[rule.code].says in (answer.text if rule.locked else client.get(f"/posts/{post.id}").text)


@pytest.mark.parametrize("rule", named(PLANNED))
def test_it_cannot_be_approved(client: Browser, app_db: Session, rule: Rule) -> None:
    post = broken(app_db, rule, PostState.IN_REVIEW)

    answer = client.submit(f"/posts/{post.id}/approve", digest=digest_of(app_db, post))

    assert (answer.status_code in (409, 422), state_of(app_db, post)) == (True, PostState.IN_REVIEW)
    assert BREAKERS[rule.code].says in answer.text


@pytest.mark.parametrize("rule", named(PLANNED))
def test_a_move_does_not_carry_an_approval_past_it(client: Browser, app_db: Session, rule: Rule) -> None:
    post = broken(app_db, rule, PostState.APPROVED)
    assert post.publish_at is not None
    # One minute later nothing about it is any better, except that its moment is still to come.
    to = post.publish_at + (timedelta(minutes=1) if rule.code != "moment" else timedelta(minutes=-1))

    client.submit(f"/posts/{post.id}/move", wall_time=wall_of(to, "Europe/Paris"), time_zone="Europe/Paris")

    expected = {PostState.IN_REVIEW} if not rule.locked else {PostState.IN_REVIEW, PostState.APPROVED}
    app_db.expire_all()
    moved = app_db.get_one(Post, post.id)
    assert moved.state in expected and (moved.state is PostState.IN_REVIEW or moved.publish_at == post.publish_at)
    app_db.rollback()


@pytest.mark.parametrize("rule", named(PLANNED))
def test_bringing_a_cancelled_one_back_does_not_bring_its_approval_back(client: Browser, app_db: Session, rule: Rule) -> None:
    post = broken(app_db, rule, PostState.APPROVED)
    client.submit(f"/posts/{post.id}/cancel", reason="Off.")

    client.submit(f"/posts/{post.id}/restore")

    assert state_of(app_db, post) is not PostState.APPROVED


def test_a_post_that_breaks_nothing_passes_every_door(client: Browser, app_db: Session) -> None:
    author = make_user(app_db, roles=("planner",))
    post = make_post(app_db, author=author)
    app_db.commit()

    client.submit(f"/posts/{post.id}/submit")
    client.submit(f"/posts/{post.id}/approve", digest=digest_of(app_db, post))

    assert state_of(app_db, post) is PostState.APPROVED
