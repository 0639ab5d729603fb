"""The steps of approval: who is asked when, that every step must say yes to exactly this content, and what changed since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import AssetFile, AssetKind
from planner.channels.port import MediaKind, Platform
from planner.core.errors import Conflict, Forbidden, Invalid, SelfApproval, WrongState
from planner.planning import approving, routes, service, steps
from planner.planning.differences import Piece, differences, snapshot, words_changed
from planner.planning.models import Post, PostState, Verb
from planner.planning.saying import digest_of
from planner.planning.steps import Step
from planner.planning.values import PostValues, values_of
from tests.factories import make_asset, make_campaign, make_channel, make_post, make_user

DAY = timedelta(days=1)
EDITORS, LEGAL = Step("", "Editors"), Step("", "Legal", roles=("legal",), hours=24, nudge=4)


def set_route(db: Session, place: str, *wanted: Step, now: datetime) -> int:
    return routes.set_route(db, place, wanted, actor=None, now=now)


def submitted(db: Session, now: datetime, **values: Any) -> tuple[Post, User]:
    author = make_user(db, roles=("planner",))
    post = make_post(db, author=author, **values)
    service.submit(db, post, actor=author, now=now)
    return post, author


def test_a_post_is_approved_when_every_step_said_yes_in_order(db: Session, now: datetime) -> None:
    set_route(db, routes.ANYTHING_ELSE, EDITORS, LEGAL, now=now)
    editor, lawyer = make_user(db, roles=("approver",)), make_user(db, roles=("legal",))
    post, _ = submitted(db, now)

    service.approve(db, post, actor=editor, now=now)
    assert (post.state, post.approved_digest) == (PostState.IN_REVIEW, None)
    assert not routes.reached(db, post, digest_of(post), "releases")
    with pytest.raises(WrongState, match="You have said yes"):
        service.approve(db, post, actor=editor, now=now)
    with pytest.raises(Forbidden):
        service.approve(db, post, actor=make_user(db, roles=("approver",)), now=now)

    service.approve(db, post, actor=lawyer, now=now)
    db.flush()
    assert (post.state, post.approved_digest) == (PostState.APPROVED, digest_of(post))
    assert routes.reached(db, post, digest_of(post), "releases")
    assert [(one.by_id, one.roles) for one in post.approvals] == [(editor.id, ["approver"]), (lawyer.id, ["legal"])]


def test_an_edit_asks_every_step_again_and_changing_it_back_does_not(db: Session, now: datetime) -> None:
    set_route(db, routes.ANYTHING_ELSE, EDITORS, LEGAL, now=now)
    post, author = submitted(db, now)
    service.approve(db, post, actor=make_user(db, roles=("approver",)), now=now)
    service.approve(db, post, actor=make_user(db, roles=("legal",)), now=now)
    before = PostValues(**values_of(post))

    service.revise(db, post, replace(before, text="Other words."), actor=author, now=now)
    stands = routes.standing_of(db, post, digest_of(post))
    assert (post.state, stands.done, stands.asked.step.name) == (PostState.IN_REVIEW, 0, "Editors")

    service.revise(db, post, before, actor=author, now=now)
    assert post.state is PostState.APPROVED


def test_a_step_asks_any_of_those_named_or_each_of_them(db: Session, now: datetime) -> None:
    ada, ben = make_user(db, roles=("viewer",)), make_user(db, roles=("planner",))
    set_route(db, routes.of_kind(AssetKind.VIDEO), Step("", people=(ada.id, ben.id)), now=now)
    set_route(db, routes.of_kind(AssetKind.PODCAST), Step("", everyone=True, people=(ada.id,), roles=("legal",)), now=now)
    one, _ = submitted(db, now, asset=make_asset(db, kind=AssetKind.VIDEO))
    each, _ = submitted(db, now, asset=make_asset(db, kind=AssetKind.PODCAST))

    assert service.approve(db, one, actor=ben, now=now).state is PostState.APPROVED
    assert service.approve(db, each, actor=ada, now=now).state is PostState.IN_REVIEW
    assert routes.standing_of(db, each, digest_of(each)).asked.missing == (("role", "legal"),)
    with pytest.raises(Forbidden):
        service.approve(db, each, actor=make_user(db), now=now)
    assert service.approve(db, each, actor=make_user(db, roles=("legal",)), now=now).state is PostState.APPROVED


def test_where_no_approval_is_asked_for_submitting_approves_but_never_a_release(db: Session, now: datetime) -> None:
    campaign = make_campaign(db)
    set_route(db, routes.of_campaign(campaign.id), now=now)
    post, author = submitted(db, now, campaign=campaign)
    release, writer = submitted(db, now, campaign=campaign, asset=make_asset(db, kind=AssetKind.PRESS_RELEASE))

    assert (post.state, post.approved_digest) == (PostState.APPROVED, digest_of(post))
    assert [(one.verb, one.by_id, one.step) for one in post.approvals] == [(Verb.APPROVED, author.id, "none")]
    assert routes.reached(db, post, digest_of(post), "releases")
    assert release.state is PostState.IN_REVIEW
    with pytest.raises(Forbidden):
        service.approve(db, release, actor=writer, now=now)


def test_nobody_waits_for_the_author_s_own_yes_to_a_release_and_it_does_not_count(db: Session, now: datetime) -> None:
    lawyer, other = make_user(db, roles=("legal", "planner")), make_user(db, roles=("legal",))
    set_route(db, routes.of_kind(AssetKind.PRESS_RELEASE), Step("", everyone=True, people=(lawyer.id, other.id)), now=now)
    post = make_post(db, author=lawyer, asset=make_asset(db, kind=AssetKind.PRESS_RELEASE))
    service.submit(db, post, actor=lawyer, now=now)

    assert routes.standing_of(db, post, digest_of(post)).asked.missing == (("person", other.id),)
    with pytest.raises((SelfApproval, Forbidden)):
        service.approve(db, post, actor=lawyer, now=now)
    assert service.approve(db, post, actor=other, now=now).state is PostState.APPROVED


def test_a_step_added_later_sends_approved_posts_back_and_one_taken_away_does_not(db: Session, now: datetime) -> None:
    post, _ = submitted(db, now)
    service.approve(db, post, actor=make_user(db), now=now)
    kept, _ = submitted(db, now, asset=make_asset(db, kind=AssetKind.VIDEO))
    set_route(db, routes.of_kind(AssetKind.VIDEO), EDITORS, now=now)
    service.approve(db, kept, actor=make_user(db), now=now)

    assert set_route(db, routes.ANYTHING_ELSE, EDITORS, LEGAL, now=now) == 1
    assert (post.state, post.approved_digest, kept.state) == (PostState.IN_REVIEW, None, PostState.APPROVED)
    assert routes.standing_of(db, post, digest_of(post)).asked.step.name == "Legal"  # What the editors said still counts.
    assert routes.give_back(db, routes.ANYTHING_ELSE, actor=None, now=now) == 0


def test_a_move_by_an_approver_is_approved_anew_only_when_their_yes_is_all_it_needs(db: Session, now: datetime) -> None:
    admin = make_user(db)
    set_route(db, routes.ANYTHING_ELSE, EDITORS, LEGAL, now=now)
    post, _ = submitted(db, now)
    service.approve(db, post, actor=admin, now=now)
    service.approve(db, post, actor=make_user(db, roles=("legal",)), now=now)
    first = post.publish_at

    service.move(db, post, now + 3 * DAY, actor=admin, now=now)
    assert (post.state, routes.standing_of(db, post, digest_of(post)).done) == (PostState.IN_REVIEW, 0)
    assert first is not None
    service.move(db, post, first, actor=admin, now=now)
    assert post.state is PostState.APPROVED


def test_steps_are_refused_when_they_make_no_sense_or_somebody_was_faster(db: Session, now: datetime) -> None:
    planner = make_user(db, roles=("planner",))
    with pytest.raises(Forbidden):
        routes.set_route(db, routes.ANYTHING_ELSE, [EDITORS], actor=planner, now=now)
    for wanted in ([EDITORS, Step("")], [Step("", roles=("boss",))], [Step("", people=(999,))], [replace(LEGAL, hours=-1)], [EDITORS] * 7):
        with pytest.raises(Invalid):
            set_route(db, routes.ANYTHING_ELSE, *wanted, now=now)
    set_route(db, routes.ANYTHING_ELSE, EDITORS, now=now)
    with pytest.raises(Conflict):
        routes.set_route(db, routes.ANYTHING_ELSE, [LEGAL], version=0, actor=None, now=now)


def test_the_gate_asks_one_statement(db: Session, now: datetime) -> None:
    set_route(db, routes.ANYTHING_ELSE, EDITORS, LEGAL, now=now)
    post, _ = submitted(db, now)
    service.approve(db, post, actor=make_user(db), now=now)
    db.flush()
    digest = digest_of(post)

    asked: list[str] = []
    event.listen(db.get_bind(), "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert not routes.reached(db, post, digest, "releases")
    assert len(asked) == 1


def test_deadlines_and_reminders_are_counted_back_from_the_post_s_moment(now: datetime) -> None:
    assert steps.deadline(LEGAL, now) == now - timedelta(hours=24)
    assert steps.nudge_at(LEGAL, now) == now - timedelta(hours=28)
    assert (steps.deadline(EDITORS, now), steps.nudge_at(EDITORS, now), steps.deadline(LEGAL, None)) == (now, None, None)


def test_an_approver_sees_what_changed_since_they_last_read_it(db: Session, now: datetime) -> None:
    editor, other = make_user(db, roles=("approver",)), make_user(db, roles=("approver",))
    post, author = submitted(db, now, text="We open a plant in Lyon.")
    service.approve(db, post, actor=editor, now=now)
    service.revise(db, post, replace(PostValues(**values_of(post)), text="We open a plant in Lille.", publish_at=now + 2 * DAY, wall_time=None), actor=author, now=now)

    mine, theirs = approving.last_read(post, editor), approving.last_read(post, other)
    assert mine is theirs is post.approvals[-1]
    assert mine is not None and mine.content is not None
    found = {one.field: one for one in differences(mine.content, snapshot(post))}
    assert set(found) == {"publish_at", "text"}
    assert found["text"].pieces == (Piece("same", "We open a plant in "), Piece("gone", "Lyon."), Piece("new", "Lille."))
    assert (found["publish_at"].was, found["publish_at"].became) == (now + DAY, now + 2 * DAY)


def test_an_approver_sees_what_changed_of_the_alt_text_and_the_card_that_leave(db: Session, now: datetime) -> None:
    asset = make_asset(db, summary="Three ports.")
    file = AssetFile(asset=asset, kind=MediaKind.THUMBNAIL, name="a.png", stored_name="x", mime="image/png", size=9, sha256="0", alt_text="A crane", created_at=now)
    db.add(file)
    db.flush()
    page = make_channel(db, platform=Platform.LINKEDIN)
    post = make_post(db, asset=asset, channel=page, link="https://example.com", media=[{"file_id": file.id, "alt_text": ""}])
    was = snapshot(post)

    asset.summary, file.alt_text = "Four ports.", "A red crane"

    assert [(one.field, one.was, one.became) for one in differences(was, snapshot(post))] == [
        ("alt_texts", "A crane", "A red crane"), ("card", "Three ports.", "Four ports."),
    ]  # fmt: skip


def test_words_are_compared_as_they_are_read() -> None:
    assert words_changed("a b", "a b") == (Piece("same", "a b"),)
    assert words_changed("", "new words") == (Piece("new", "new words"),)
    assert [piece.kind for piece in words_changed("x " * 3000, "y " * 3000)] == ["gone", "new"]
