"""An edit of a live post takes the steps of its post, one after the other; no word on one is a word on the other."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from planner.accounts.models import Entry, User
from planner.catalog.models import AssetKind, Confidentiality
from planner.channels.port import Outcome, Platform, Refused, RetryLater, Unknown
from planner.core.errors import Conflict, Forbidden, SelfApproval, WrongState
from planner.people.person_models import Person
from planner.planning import approving, editing
from planner.planning.approval_models import ApprovalRoute
from planner.planning.models import Post, PostState
from planner.planning.saying import digest_of
from planner.planning.steps import Step
from planner.publishing import amending, edit_steps
from planner.publishing.models import Amendment, AmendmentState
from tests.factories import make_person, make_user
from tests.publishing.conftest import Scripted
from tests.publishing.house import EDITORS, LEGAL, LIMITS, House

pytestmark = pytest.mark.usefixtures("healthy")
S = AmendmentState


def test_both_steps_say_yes_in_their_order_before_an_edit_goes_out(house: House, platform: Scripted) -> None:
    house.steps(EDITORS, LEGAL)
    edit = house.ask(house.live())

    house.turn()
    told = [house.refused(edit, "planner"), house.refused(edit, "approver"), house.state(edit), house.refused(edit, "approver"), house.refused(edit, "admin")]
    house.turn()

    assert told == [Forbidden, None, S.IN_REVIEW, WrongState, Forbidden]
    assert (platform.amended, house.said(edit)) == ([], ["The approver"])

    house.approve(edit, "legal")
    house.turn()

    assert (platform.amended, house.state(edit)) == ([("edit", "live-1", "First words")], S.DONE)
    with house.runtime.sessions() as db:
        past = [(one.action, (one.became or {}).get("steps")) for one in db.scalars(select(Entry).order_by(Entry.id)) if one.action.startswith("amendment.")]
        assert past == [("amendment.edit", None), ("amendment.step_approved", "1/2"), ("amendment.approved", None)]
        row = db.get_one(Amendment, edit)
        assert (row.approved_by, row.approved_at is not None) == ("The legal", True)


@pytest.mark.parametrize("step", [Step("", "Boss", people=(-1,)), Step("", "Writers", roles=("author",))])
def test_whoever_a_step_names_answers_without_the_right_to_approve_and_nobody_else_does(house: House, step: Step) -> None:
    house.steps(Step("", step.name, people=tuple(house.people["author"].id for _ in step.people), roles=step.roles))
    edit = house.ask(house.live())

    told = [house.refused(edit, who) for who in ("approver", "admin", "legal", "viewer", "author")]

    assert told == [Forbidden] * 4 + [None]
    assert (house.state(edit), house.said(edit)) == (S.QUEUED, ["The author"])


def test_a_step_for_everyone_waits_for_each_and_one_apart_for_another(house: House) -> None:
    people = (house.people["approver"].id, house.people["second"].id)
    house.steps(Step("", "Both", everyone=True, people=people), Step("", "Another", apart=True))
    edit = house.ask(house.live())

    told = [house.refused(edit, who) for who in ("approver", "approver", "second", "second", "admin")]

    assert told == [None, WrongState, None, WrongState, None]
    assert (house.state(edit), house.said(edit)) == (S.QUEUED, ["The approver", "The second", "The admin"])


@pytest.mark.parametrize("asset", [{"kind": AssetKind.PRESS_RELEASE}, {"confidentiality": Confidentiality.CONFIDENTIAL}])
def test_neither_who_asked_for_an_edit_of_a_release_nor_who_wrote_the_post_says_yes_to_it(house: House, asset: dict[str, Any]) -> None:
    with house.runtime.sessions.begin() as db:
        db.expire_on_commit = False
        house.people["writer"] = make_user(db, roles=("admin",), name="The writer")
    post_id = house.live(**asset)
    with house.runtime.sessions.begin() as db:
        db.get_one(Post, post_id).author_id = house.people["writer"].id
    edit = house.ask(post_id, "admin")

    told = [house.refused(edit, who) for who in ("admin", "writer", "approver")]

    assert told == [SelfApproval, SelfApproval, None]
    assert house.state(edit) is S.QUEUED


def test_what_is_no_release_is_said_yes_to_by_whoever_asked_if_they_may(house: House) -> None:
    edit = house.ask(house.live(), "admin")

    assert (house.refused(edit, "admin"), house.state(edit)) == (None, S.QUEUED)


def test_a_yes_said_before_it_was_a_release_counts_no_more_where_it_is_of_who_asked(house: House, platform: Scripted) -> None:
    house.steps(EDITORS, LEGAL)
    post_id = house.live()
    edit = house.ask(post_id, "admin")
    house.approve(edit, "admin")
    with house.runtime.sessions.begin() as db:
        db.get_one(Post, post_id).asset.confidentiality = Confidentiality.CONFIDENTIAL

    assert house.refused(edit, "legal") is None, "legal may approve, so the first step is theirs to answer as well"
    assert house.state(edit) is S.IN_REVIEW
    house.approve(edit, "legal")
    assert house.state(edit) is S.QUEUED


def test_a_yes_is_of_what_was_read(house: House) -> None:
    house.steps(EDITORS, LEGAL)
    post_id = house.live()
    edit = house.ask(post_id)
    with house.runtime.sessions() as db:
        read, other = (editing.digest_of(db.get_one(Post, post_id), {"text": text}) for text in ("First words", "Other words"))

    with pytest.raises(Conflict):
        house.approve(edit, "approver", digest=other)
    house.approve(edit, "approver", digest=read)
    with house.runtime.sessions.begin() as db:
        db.get_one(Amendment, edit).content = {"text": "Written past every door"}
    house.approve(edit, "approver")

    assert house.said(edit) == ["The approver", "The approver"], "the first yes is of other words, so the first step is asked again"
    assert house.state(edit) is S.IN_REVIEW


def test_a_word_on_an_edit_is_none_on_the_post_and_a_word_on_the_post_none_on_an_edit(house: House) -> None:
    house.steps(EDITORS, LEGAL)
    post_id = house.live()
    with house.runtime.sessions.begin() as db:
        post = db.get_one(Post, post_id)
        post.state = PostState.IN_REVIEW
        for who in ("approver", "legal"):
            approving.approve(db, post, actor=house.people[who], now=house.clock.now())
        post.state = PostState.PUBLISHED
    edit = house.ask(post_id)

    with house.runtime.sessions() as db:
        post, row = db.get_one(Post, post_id), db.get_one(Amendment, edit)
        before = [(one.by_name, one.digest) for one in post.approvals]
        assert (len(before), edit_steps.standing_of(db, post, row).done) == (2, 0)
    house.approve(edit, "approver")
    house.approve(edit, "legal")

    with house.runtime.sessions() as db:
        post = db.get_one(Post, post_id)
        assert [(one.by_name, one.digest) for one in post.approvals] == before
        assert approving.still_approved(db, post, digest_of(post))
        assert not approving.still_approved(db, post, db.get_one(Amendment, edit).digest)


@pytest.mark.parametrize(
    ("route", "answers"),
    [
        ((EDITORS, LEGAL), ("approver", "legal")),
        ((Step("", "Outside", guest=True),), ("approver",)),
        ((Step("", "Both", everyone=True, guest=True, roles=("legal",)), Step("", "Another", apart=True)), ("legal", "approver")),
        ((Step("", "Named", everyone=True, people=(-1,), roles=("legal",)),), ("legal",)),
    ],
)
def test_once_an_edit_is_live_the_post_has_the_yes_of_every_step_to_what_it_says_now(
    house: House, platform: Scripted, route: tuple[Step, ...], answers: tuple[str, ...]
) -> None:
    admin = house.people["admin"].id
    house.steps(*(Step(one.key, one.name, one.everyone, tuple(admin for _ in one.people), one.roles, one.guest, apart=one.apart) for one in route))
    post_id = house.live(kind=AssetKind.PRESS_RELEASE)
    edit = house.ask(post_id, "admin")
    for who in answers:
        assert house.state(edit) is S.IN_REVIEW
        house.approve(edit, who)
    house.turn()

    assert (platform.amended, house.state(edit)) == ([("edit", "live-1", "First words")], S.DONE)
    with house.runtime.sessions() as db:
        post = db.get_one(Post, post_id)
        assert [(one.by_name, one.digest) for one in post.approvals] == [(f"The {who}", digest_of(post)) for who in answers]
        assert (post.approved_digest, approving.still_approved(db, post, digest_of(post))) == (digest_of(post), True)


def test_where_no_approval_is_asked_for_an_edit_goes_out_at_once_and_a_release_still_waits(house: House) -> None:
    house.steps()

    edits = [house.ask(house.live()), house.ask(house.live(kind=AssetKind.PRESS_RELEASE))]

    assert [(house.state(edit), house.said(edit)) for edit in edits] == [(S.QUEUED, ["The planner"]), (S.IN_REVIEW, [])]


def test_a_step_that_came_after_the_last_yes_is_asked_before_the_edit_leaves(house: House, platform: Scripted) -> None:
    house.steps(EDITORS)
    edit = house.ask(house.live())
    house.approve(edit, "approver")
    with house.runtime.sessions() as db:
        first = db.scalars(select(ApprovalRoute)).one().steps[0]["key"]
    house.steps(Step(first, "Editors"), LEGAL)

    house.turn()
    assert (platform.amended, house.state(edit)) == ([], S.IN_REVIEW)
    house.approve(edit, "legal")
    house.turn()

    assert (platform.amended, house.state(edit)) == ([("edit", "live-1", "First words")], S.DONE)


@pytest.mark.parametrize(("state", "became", "sent"), [(S.QUEUED, S.DONE, 1), (S.IN_REVIEW, S.IN_REVIEW, 0)])
def test_an_edit_from_before_words_were_kept_keeps_its_approval_or_needs_its_steps(
    house: House, platform: Scripted, state: AmendmentState, became: AmendmentState, sent: int
) -> None:
    house.steps(EDITORS, LEGAL)
    post_id = house.live()
    edit = house.ask(post_id)
    if state is S.QUEUED:
        with house.runtime.sessions.begin() as db:
            row, who = db.get_one(Amendment, edit), house.people["approver"]
            row.state, row.digest = S.QUEUED, editing.digest_of(row.post, row.content)
            row.approved_by_id, row.approved_by, row.approved_at = who.id, who.display_name, house.clock.now()

    house.turn()

    assert (len(platform.amended), house.state(edit)) == (sent, became)
    with house.runtime.sessions() as db:
        assert [one.by_name for one in db.get_one(Post, post_id).approvals] == ["The approver"] * sent


def test_who_is_asked_now_may_turn_an_edit_down_and_who_is_asked_later_may_not(house: House) -> None:
    writers = Step("", "Writers", roles=("author",))
    house.steps(EDITORS, writers)
    edit = house.ask(house.live())

    def turn_down(who: str) -> None:
        with house.runtime.sessions.begin() as db:
            amending.refuse(db, db.get_one(Amendment, edit), note="Not so", actor=house.people[who], now=house.clock.now())

    with pytest.raises(Forbidden):
        turn_down("author")
    house.approve(edit, "approver")
    with pytest.raises(Forbidden):
        turn_down("viewer")
    turn_down("author")

    assert house.state(edit) is S.CANCELLED


def test_of_two_who_say_yes_at_once_neither_is_lost(house: House) -> None:
    people = (house.people["approver"].id, house.people["second"].id)
    house.steps(Step("", "Both", everyone=True, people=people))
    edit = house.ask(house.live())
    together, failed = threading.Barrier(2), list[BaseException]()

    def say(who: str) -> None:
        try:
            with house.runtime.sessions.begin() as db:
                row = db.get_one(Amendment, edit)
                if db.get_bind().dialect.name == "postgresql":
                    together.wait(10)  # On SQLite the one has begun to write, and the other waits to read.
                amending.approve(db, row, limits=LIMITS, four_eyes="releases", actor=db.get_one(User, house.people[who].id), now=house.clock.now())
        except BaseException as error:
            failed.append(error)

    both = [threading.Thread(target=say, args=(who,)) for who in ("approver", "second")]
    for one in both:
        one.start()
    for one in both:
        one.join(30)

    assert (failed, sorted(house.said(edit)), house.state(edit)) == ([], ["The approver", "The second"], S.QUEUED)


def test_a_yes_is_of_the_person_who_is_named_and_lapses_when_the_register_says_another(house: House, platform: Scripted) -> None:
    house.steps(EDITORS, LEGAL)
    post_id = house.live()
    with house.runtime.sessions.begin() as db:
        jane = make_person(db, name="Jane Doe")
        mark = f"@[Jane Doe](person:{jane.id})"
    edit = house.ask(post_id, text=f"First words by {mark}")
    house.approve(edit, "approver")
    with house.runtime.sessions.begin() as db:
        db.get_one(Person, jane.id).x_handle = "somebody_else"

    house.approve(edit, "legal")
    assert (house.state(edit), house.said(edit)) == (S.IN_REVIEW, ["The approver", "The legal"]), "nobody said yes to both, so the first step is asked again"
    house.approve(edit, "legal")
    assert house.state(edit) is S.QUEUED
    with house.runtime.sessions.begin() as db:
        db.get_one(Person, jane.id).x_handle = "a_third"
    house.turn()

    assert (platform.amended, house.state(edit)) == ([], S.FAILED)


def test_a_yes_is_of_the_title_that_leaves_with_a_video_although_the_asset_alone_says_it(house: House, platform: Scripted) -> None:
    house.steps(EDITORS)
    post_id = house.live(title="As approved")
    with house.runtime.sessions.begin() as db:
        db.get_one(Post, post_id).channel.platform = Platform.YOUTUBE
    edit = house.ask(post_id)
    house.approve(edit, "approver")
    with house.runtime.sessions.begin() as db:
        db.get_one(Post, post_id).asset.title = "As nobody approved"
    house.turn()

    assert (platform.amended, house.state(edit)) == ([], S.FAILED)


def test_an_edit_that_failed_is_not_tried_again_over_one_that_went_out_since(house: House, platform: Scripted) -> None:
    post_id = house.live()
    old = house.ask(post_id, text="Older words")
    house.approve(old, "approver")
    platform.answers = [Refused("content", "No")]
    house.turn()
    new = house.ask(post_id, text="Newer words")
    house.approve(new, "approver")
    house.turn()
    assert (house.state(old), house.state(new)) == (S.FAILED, S.DONE)

    with house.runtime.sessions.begin() as db, pytest.raises(WrongState):
        amending.again(db, db.get_one(Amendment, old), actor=house.people["planner"], now=house.clock.now())


@pytest.mark.parametrize(("outcome", "became"), [(RetryLater("slow", after=timedelta(minutes=20)), S.IN_REVIEW), (Unknown("cut"), S.DONE)])
def test_a_step_that_came_while_the_platform_took_nothing_is_asked_and_what_may_be_live_already_is_made_certain(
    house: House, platform: Scripted, outcome: Outcome, became: AmendmentState
) -> None:
    house.steps(EDITORS)
    edit = house.ask(house.live())
    house.approve(edit, "approver")
    platform.answers = [outcome]
    house.turn()
    with house.runtime.sessions() as db:
        first = db.scalars(select(ApprovalRoute)).one().steps[0]["key"]
    house.steps(Step(first, "Editors"), LEGAL)
    house.clock.advance(timedelta(minutes=30))
    house.turn()

    assert house.state(edit) is became


def test_a_yes_in_the_place_of_somebody_outside_still_counts_once_no_steps_are_asked(house: House, platform: Scripted) -> None:
    house.steps(Step("", "Outside", guest=True))
    edit = house.ask(house.live())
    house.approve(edit, "approver")
    house.steps()
    house.turn()

    assert (platform.amended, house.state(edit)) == ([("edit", "live-1", "First words")], S.DONE)


def test_an_edit_whose_only_yes_counts_no_more_goes_back_and_does_not_say_that_a_step_was_added(house: House, platform: Scripted) -> None:
    post_id = house.live()
    edit = house.ask(post_id, "admin")
    house.approve(edit, "admin")
    with house.runtime.sessions.begin() as db:
        db.get_one(Post, post_id).asset.confidentiality = Confidentiality.CONFIDENTIAL
    house.turn()

    with house.runtime.sessions() as db:
        row = db.get_one(Amendment, edit)
        assert (platform.amended, row.state, row.answer) == ([], S.IN_REVIEW, "By now a step lacks a yes that counts.")
