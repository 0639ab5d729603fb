"""The steps of approval: who is asked when, that every step must say yes to exactly this content, and what changed since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, User
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
    assert not routes.reached(db, {post: digest_of(post)}, "releases")
    with pytest.raises(WrongState, match="You have said yes"):
        service.approve(db, post, actor=editor, now=now)
    with pytest.raises(Forbidden):
        service.approve(db, post, actor=make_user(db, roles=("approver",)), now=now)

    service.approve(db, post, actor=lawyer, now=now)
    db.flush()
    assert (post.state, post.approved_digest) == (PostState.APPROVED, digest_of(post))
    assert routes.reached(db, {post: digest_of(post)}, "releases")
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
    assert routes.reached(db, {post: digest_of(post)}, "releases")
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
    assert not routes.reached(db, {post: digest}, "releases")
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


def test_an_approver_sees_which_video_leaves_since_there_are_two(db: Session, now: datetime) -> None:
    asset = make_asset(db, kind=AssetKind.VIDEO)
    post = make_post(db, asset=asset, channel=make_channel(db, platform=Platform.YOUTUBE))

    def with_another(name: str) -> tuple[str, dict[str, Any]]:
        asset.files.append(AssetFile(kind=MediaKind.VIDEO, name=name, stored_name=name, mime="video/mp4", size=9, sha256="0", created_at=now))
        db.flush()
        return digest_of(post), snapshot(post)

    none = digest_of(post)
    (first, was), (second, became) = with_another("first.mp4"), with_another("second.mp4")

    assert (first == none, second == first) == (True, False), "as long as there is one, nothing else can leave"
    assert [(one.field, one.was, one.became) for one in differences(was, became)] == [("media", "", "second.mp4")]


def test_words_are_compared_as_they_are_read() -> None:
    assert words_changed("a b", "a b") == (Piece("same", "a b"),)
    assert words_changed("", "new words") == (Piece("new", "new words"),)
    assert [piece.kind for piece in words_changed("x " * 3000, "y " * 3000)] == ["gone", "new"]


def people_of(db: Session, *roles: str) -> list[User]:
    return [make_user(db, roles=(role,)) for role in roles]


def test_a_sensitive_announcement_needs_two_people_and_one_of_them_from_legal_or_an_administrator(db: Session, now: datetime) -> None:
    approver, other, lawyer, admin = people_of(db, "approver", "approver", "legal", "admin")
    post, author = submitted(db, now, asset=make_asset(db, sensitive=True))

    with pytest.raises(Forbidden):
        service.approve(db, post, actor=approver, now=now)
    service.approve(db, post, actor=lawyer, now=now)
    assert (post.state, routes.reached(db, {post: digest_of(post)}, "releases")) == (PostState.IN_REVIEW, set())
    with pytest.raises(WrongState, match="You have said yes"):
        service.approve(db, post, actor=lawyer, now=now)
    service.approve(db, post, actor=approver, now=now)
    db.flush()
    assert (post.state, routes.reached(db, {post: digest_of(post)}, "releases")) == (PostState.APPROVED, {post})

    # Two administrators are enough, where nobody is from legal.
    second, _author = submitted(db, now, asset=make_asset(db, sensitive=True))
    for one in (admin, *people_of(db, "admin")):
        service.approve(db, second, actor=one, now=now)
    assert second.state is PostState.APPROVED
    assert other.id not in {one.by_id for one in (*post.approvals, *second.approvals)} and author.id


@pytest.mark.parametrize("four_eyes", ["releases", "always", "never"])
def test_one_administrator_alone_never_signs_off_what_is_sensitive(db: Session, now: datetime, four_eyes: str) -> None:
    [admin] = people_of(db, "admin")
    post = make_post(db, author=None if four_eyes != "never" else admin, asset=make_asset(db, sensitive=True))
    service.submit(db, post, four_eyes=four_eyes, actor=None, now=now)
    service.approve(db, post, four_eyes=four_eyes, actor=admin, now=now)
    with pytest.raises(WrongState):
        service.approve(db, post, four_eyes=four_eyes, actor=admin, now=now)
    assert post.state is PostState.IN_REVIEW


def test_the_route_of_what_is_sensitive_wins_over_its_campaigns_and_its_kinds_and_none_of_those_stands_in_for_it(db: Session, now: datetime) -> None:
    campaign, asset = make_campaign(db), make_asset(db, kind=AssetKind.VIDEO, sensitive=True)
    for place in (routes.of_campaign(campaign.id), routes.of_kind(AssetKind.VIDEO), routes.ANYTHING_ELSE):
        set_route(db, place, EDITORS, now=now)
    post, _author = submitted(db, now, asset=asset, campaign=campaign)
    plain, _author = submitted(db, now, asset=make_asset(db, kind=AssetKind.VIDEO), campaign=campaign)

    def names(one: Post) -> list[str]:
        shown = routes.standing_of(db, one, digest_of(one))
        assert routes.read(db).standing(one, digest_of(one), "releases") == shown
        return [step.step.name for step in shown.steps]

    assert (names(post), names(plain)) == (["Legal", "Second sign-off"], ["Editors"])
    [lawyer, approver] = people_of(db, "legal", "approver")
    service.approve(db, post, actor=lawyer, now=now)
    service.approve(db, post, actor=approver, now=now)
    assert routes.reached(db, {post: digest_of(post)}, "releases")

    own = [*steps.SIGN_OFFS, Step("", "Works council", people=(approver.id,), apart=True)]
    assert set_route(db, routes.SENSITIVE, *own, now=now) == 1
    assert (names(post), names(plain), post.state) == (["Legal", "Second sign-off", "Works council"], ["Editors"], PostState.IN_REVIEW)
    with pytest.raises(WrongState, match="You have said yes"):  # The approver gave the second sign-off.
        service.approve(db, post, actor=approver, now=now)
    assert not routes.reached(db, {post: digest_of(post)}, "releases")
    assert routes.give_back(db, routes.SENSITIVE, actor=None, now=now) == 0
    assert [one.action for one in db.scalars(select(Entry).where(Entry.action.like("route.%")).order_by(Entry.id))][-2:] == ["route.set", "route.reset"]


def test_what_is_sensitive_is_never_without_a_sign_off(db: Session, now: datetime) -> None:
    with pytest.raises(Invalid, match="never goes out without a sign-off"):
        set_route(db, routes.SENSITIVE, now=now)
    assert steps.steps_for([], second_pair=False, sensitive=True) == steps.SIGN_OFFS
    for place in (routes.ANYTHING_ELSE, routes.of_kind(AssetKind.VIDEO)):
        set_route(db, place, now=now)
    post = make_post(db, asset=make_asset(db, kind=AssetKind.VIDEO, sensitive=True))
    service.submit(db, post, four_eyes="never", actor=None, now=now)
    assert post.state is PostState.IN_REVIEW


ADA, BEN, LEA = 1, 2, 3


@pytest.mark.parametrize(
    ("route", "people", "missing"),
    [
        (steps.SIGN_OFFS, {ADA: ["admin"], BEN: ["admin"]}, None),
        (steps.SIGN_OFFS, {ADA: ["admin"], BEN: ["approver"]}, None),
        (steps.SIGN_OFFS, {ADA: ["approver"], BEN: ["approver"]}, "Legal"),
        (steps.SIGN_OFFS, {ADA: ["admin"]}, "Second sign-off"),
        (steps.SIGN_OFFS, {ADA: ["admin"], BEN: ["planner"]}, "Second sign-off"),
        # Somebody gives up the first step for the one that only they can answer.
        ([Step("a", "First"), Step("b", "Ada", people=(ADA,), apart=True)], {ADA: ["admin"], BEN: ["approver"]}, None),
        ([Step("a", "First", people=(ADA,)), Step("b", "Ada", people=(ADA,), apart=True)], {ADA: ["admin"], BEN: ["approver"]}, "Ada"),
        ([Step("a", "First", people=(ADA,)), Step("b", "Ada", people=(ADA,))], {ADA: ["admin"]}, None),
        ([Step("a", "Both", everyone=True, people=(ADA, LEA))], {ADA: ["admin"]}, "Both"),
        ([Step("a", "Outside", guest=True, roles=("legal",))], {ADA: ["admin"]}, None),
    ],
)
def test_a_step_that_nobody_can_answer_is_known(route: list[Step], people: dict[int, list[str]], missing: str | None) -> None:
    found = steps.lacking(route, people, [one for one, roles in people.items() if set(roles) & {"admin", "approver", "legal"}])
    assert (found.name if found else None) == missing
