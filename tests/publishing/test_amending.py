"""What is done to live posts: edits that are approved like posts, taking down that is harmless twice, and what was missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from planner.accounts.models import User
from planner.catalog import service as catalog
from planner.catalog.models import Asset, AssetKind
from planner.channels.models import ChannelState
from planner.channels.port import Limits, Receipt, Refused, RetryLater, Sent, Unknown
from planner.core.errors import Conflict, EmbargoActive, Forbidden, Invalid, NotSendable, PlannerError, SelfApproval, WrongState
from planner.core.runtime import Runtime
from planner.insights import collecting
from planner.jobs import tick
from planner.planning import editing, pauses, rules
from planner.planning import service as planning
from planner.planning.models import Origin, Post, PostState
from planner.planning.values import PostValues
from planner.publishing import amending, carrying_out
from planner.publishing.models import Amendment, AmendmentState, Delivery
from tests.conftest import StoppedClock
from tests.factories import make_asset, make_user
from tests.publishing.conftest import Scripted, seal_of

pytestmark = pytest.mark.usefixtures("healthy")
Approved = Callable[..., int]
S = AmendmentState
#: As Scripted says.
LIMITS = Scripted.limits


def turn(runtime: Runtime, clock: StoppedClock, **by: float) -> None:
    clock.advance(timedelta(**by))
    tick.run(runtime, schedule=False)


@pytest.fixture
def live(runtime: Runtime, approved: Approved, clock: StoppedClock) -> Callable[..., int]:
    """Makes a live post; its id."""

    def _live(**values: Any) -> int:
        post_id = approved(**{"text": "Frist words", **values})
        turn(runtime, clock, minutes=10)
        clock.advance(timedelta(seconds=1))
        return post_id

    return _live


@pytest.fixture
def people(runtime: Runtime) -> dict[str, User]:
    with runtime.sessions.begin() as db:
        db.expire_on_commit = False
        return {role: make_user(db, roles=(role,), name=f"The {role}") for role in ("admin", "planner", "author", "approver", "legal", "viewer")}


def ask(runtime: Runtime, clock: StoppedClock, post_id: int, actor: User | None = None, **given: Any) -> int:
    with runtime.sessions.begin() as db:
        return amending.ask_edit(db, db.get_one(Post, post_id), given, limits=LIMITS, actor=actor, now=clock.now()).id


def approve(runtime: Runtime, clock: StoppedClock, amendment_id: int, actor: User | None = None, **named: Any) -> None:
    with runtime.sessions.begin() as db:
        amending.approve(db, db.get_one(Amendment, amendment_id), limits=LIMITS, four_eyes="releases", actor=actor, now=clock.now(), **named)


def take_down(runtime: Runtime, clock: StoppedClock, post_id: int, actor: User | None = None, limits: Limits = LIMITS, reason: str = "Wrong number") -> int:
    with runtime.sessions.begin() as db:
        return amending.take_down(db, db.get_one(Post, post_id), reason=reason, limits=limits, actor=actor, now=clock.now()).id


def state_of(runtime: Runtime, amendment_id: int) -> tuple[AmendmentState, int, str]:
    with runtime.sessions() as db:
        row = db.get_one(Amendment, amendment_id)
        return row.state, row.tries, row.answer


# edits


def test_an_edit_waits_for_approval_and_then_says_so_on_the_platform_and_here(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted, people: dict[str, User]
) -> None:
    post_id = live()
    edit = ask(runtime, clock, post_id, people["planner"], text="First words")
    turn(runtime, clock, minutes=5)
    assert (platform.amended, state_of(runtime, edit)[0]) == ([], S.IN_REVIEW)

    approve(runtime, clock, edit, people["approver"])
    turn(runtime, clock, seconds=1)

    assert platform.amended == [("edit", "live-1", "First words")]
    assert state_of(runtime, edit) == (S.DONE, 1, "")
    with runtime.sessions() as db:
        post = db.get_one(Post, post_id)
        assert (post.state, post.text) == (PostState.PUBLISHED, "First words")
        assert post.approved_digest == rules.content_digest(post, post.asset, post.channel)
        assert [(said.by_name, said.digest == post.approved_digest) for said in post.approvals] == [
            (post.approvals[0].by_name, False), ("The approver", True),
        ]  # fmt: skip


def test_an_edit_of_a_release_needs_a_second_pair_of_eyes(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted, people: dict[str, User]
) -> None:
    edit = ask(runtime, clock, live(asset=lambda db: make_asset(db, kind=AssetKind.PRESS_RELEASE)), people["admin"], text="First words")

    with pytest.raises(SelfApproval):
        approve(runtime, clock, edit, people["admin"])
    with pytest.raises(Forbidden):
        approve(runtime, clock, edit, people["planner"])
    turn(runtime, clock, minutes=1)

    assert (platform.amended, state_of(runtime, edit)[0]) == ([], S.IN_REVIEW)


def test_a_sensitive_announcement_is_not_changed_where_it_is_live_past_its_sign_offs(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted, people: dict[str, User]
) -> None:
    with pytest.raises(WrongState):
        ask(runtime, clock, live(asset=lambda db: make_asset(db, sensitive=True)), people["planner"], text="Other words")

    asked, queued = (live(text=f"Frist {number}") for number in range(2))
    edits = [ask(runtime, clock, post_id, people["planner"], text="Other words") for post_id in (asked, queued)]
    approve(runtime, clock, edits[1], people["approver"])
    with runtime.sessions.begin() as db:
        for post_id in (asked, queued):
            db.get_one(Post, post_id).asset.sensitive = True
    with pytest.raises(WrongState):
        approve(runtime, clock, edits[0], people["approver"])
    turn(runtime, clock, seconds=1)

    assert (platform.amended, [state_of(runtime, edit)[0] for edit in edits]) == ([], [S.IN_REVIEW, S.FAILED])


def embargo(db: Any, post: Post) -> None:
    """Later than its sending, as a person does it: the history says so, and the invariants believe the history."""
    assert post.published_at is not None
    values = {**catalog.values_of(post.asset), "embargo_until": post.published_at + timedelta(days=30)}
    catalog.edit(db, post.asset, catalog.AssetValues(**values), actor=None, now=post.published_at + timedelta(seconds=1))


def retire(db: Any, post: Post) -> None:
    db.get_one(Asset, post.asset_id).state = "retired"


@pytest.mark.parametrize("interference", ["embargo", "leak", "retired", "content", "pause"])
def test_what_a_rule_refuses_between_approval_and_the_call_is_not_sent(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted, interference: str
) -> None:
    post_id = live()
    edit = ask(runtime, clock, post_id, text="First words about Orion")
    approve(runtime, clock, edit)
    with runtime.sessions.begin() as db:
        post = db.get_one(Post, post_id)
        if interference == "embargo":
            embargo(db, post)
        elif interference == "leak":
            make_asset(db, embargo_until=clock.now() + timedelta(days=9), embargo_terms=["Orion"])
        elif interference == "retired":
            retire(db, post)
        elif interference == "content":
            db.get_one(Amendment, edit).content = {"text": "Written past every door"}
        else:
            pauses.pause(db, "Strike", actor=None, now=clock.now())

    turn(runtime, clock, minutes=1)
    turn(runtime, clock, hours=1)

    assert platform.amended == []
    assert state_of(runtime, edit)[:2] == (S.FAILED, 0)
    assert state_of(runtime, edit)[2]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"text": "Words about Orion"}, PlannerError),
        ({"text": "a" * 281}, NotSendable),
        ({"text": ""}, NotSendable),
        ({"text": "Frist words"}, Invalid),
        ({"first_comment": "Not changeable"}, Invalid),
        ({}, Invalid),
        ({"text": "nul\0"}, Invalid),
    ],
)
def test_an_edit_is_refused_when_asked_by_the_rules_of_a_new_post(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, given: dict[str, Any], error: type[PlannerError]
) -> None:
    post_id = live()
    with runtime.sessions.begin() as db:
        make_asset(db, embargo_until=clock.now() + timedelta(days=9), embargo_terms=["Orion"])

    with pytest.raises(error):
        ask(runtime, clock, post_id, **given)

    with runtime.sessions() as db:
        assert db.scalars(select(Amendment)).all() == []


def test_under_embargo_no_edit_is_asked_for(runtime: Runtime, live: Callable[..., int], clock: StoppedClock) -> None:
    post_id = live()
    with runtime.sessions.begin() as db:
        embargo(db, db.get_one(Post, post_id))

    with pytest.raises(EmbargoActive):
        ask(runtime, clock, post_id, text="First words")


def test_an_approver_says_yes_to_what_they_read_and_only_once(runtime: Runtime, live: Callable[..., int], clock: StoppedClock) -> None:
    post_id = live()
    edit = ask(runtime, clock, post_id, text="First words")

    with pytest.raises(Conflict):
        approve(runtime, clock, edit, digest="0" * 64)
    with runtime.sessions() as db:
        read = editing.digest_of(db.get_one(Post, post_id), {"text": "First words"})
    approve(runtime, clock, edit, digest=read)
    with pytest.raises(WrongState):
        approve(runtime, clock, edit, digest=read)


def test_one_edit_at_a_time_and_whoever_asked_may_take_it_back(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted, people: dict[str, User]
) -> None:
    post_id = live()
    edit = ask(runtime, clock, post_id, people["planner"], text="First words")

    with pytest.raises(Conflict):
        ask(runtime, clock, post_id, text="Other words")
    with runtime.sessions.begin() as db:
        with pytest.raises(Forbidden):
            amending.refuse(db, db.get_one(Amendment, edit), actor=people["author"], now=clock.now())
        amending.refuse(db, db.get_one(Amendment, edit), note="Not worth it", actor=people["planner"], now=clock.now())
    with pytest.raises(WrongState):
        approve(runtime, clock, edit)
    turn(runtime, clock, minutes=1)

    assert (platform.amended, state_of(runtime, edit)) == ([], (S.CANCELLED, 0, "Not worth it"))


@pytest.mark.parametrize("why", ["draft", "found", "no edit there", "gone", "another's"])
def test_what_is_not_live_or_not_ours_or_not_changeable_there_is_not_edited(
    runtime: Runtime, live: Callable[..., int], approved: Approved, clock: StoppedClock, people: dict[str, User], why: str
) -> None:
    post_id = approved(text="Planned") if why == "draft" else live()
    with runtime.sessions.begin() as db:
        post = db.get_one(Post, post_id)
        if why == "found":
            post.origin = Origin.NATIVE
        elif why == "gone":
            post.taken_down_at = clock.now()
        limits = Limits(text=280) if why == "no edit there" else LIMITS
        actor = people["author"] if why == "another's" else None
        with pytest.raises((WrongState, Forbidden)):
            amending.ask_edit(db, post, {"text": "First words"}, limits=limits, actor=actor, now=clock.now())


@pytest.mark.parametrize("outcome", [Unknown("cut"), RetryLater("slow", after=timedelta(seconds=20)), RetryLater("slow", account=True), "dies"])
def test_what_was_unclear_or_not_now_is_done_again_until_it_is_done(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted, outcome: Any
) -> None:
    edit = ask(runtime, clock, live(), text="First words")
    approve(runtime, clock, edit)
    platform.answers = [outcome]
    if outcome == "dies":
        with pytest.raises(KeyboardInterrupt):
            platform.answers = [interrupt]
            carrying_out.amend_next(runtime, "worker")

    for _ in range(3):
        turn(runtime, clock, minutes=20)

    assert platform.amended == [("edit", "live-1", "First words")] * 2
    assert state_of(runtime, edit) == (S.DONE, 2, "")


def interrupt() -> Any:
    raise KeyboardInterrupt


def test_what_is_never_clear_ends_as_failed_and_may_be_tried_again(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted, people: dict[str, User]
) -> None:
    edit = ask(runtime, clock, live(), text="First words")
    approve(runtime, clock, edit)
    platform.answers = [Unknown("cut")] * 4
    for _ in range(6):
        turn(runtime, clock, minutes=20)
    assert (len(platform.amended), state_of(runtime, edit)) == (4, (S.FAILED, 4, "cut"))

    with runtime.sessions.begin() as db:
        amending.again(db, db.get_one(Amendment, edit), actor=people["approver"], now=clock.now())
    turn(runtime, clock, seconds=1)

    assert state_of(runtime, edit) == (S.DONE, 1, "")


def test_a_definite_no_fails_with_the_platforms_reason_and_the_post_says_what_it_said(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted
) -> None:
    post_id = live()
    edit = ask(runtime, clock, post_id, text="First words")
    approve(runtime, clock, edit)
    platform.answers = [Refused("content", "LinkedIn does not take this.")]

    turn(runtime, clock, seconds=1)

    assert state_of(runtime, edit) == (S.FAILED, 1, "LinkedIn does not take this.")
    with runtime.sessions() as db:
        assert db.get_one(Post, post_id).text == "Frist words"


def test_a_refused_account_is_held_and_the_amendment_goes_on_after_reconnecting(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted
) -> None:
    post_id = live()
    gone = take_down(runtime, clock, post_id)
    platform.answers = [Refused("unauthorised", "Connect again.", account=True)]
    turn(runtime, clock, seconds=1)
    with runtime.sessions.begin() as db:
        channel = db.get_one(Post, post_id).channel
        assert channel.state is ChannelState.NEEDS_RECONNECT
        channel.state = ChannelState.CONNECTED

    turn(runtime, clock, minutes=1)

    assert (platform.amended, state_of(runtime, gone)[0]) == ([("delete", "live-1")] * 2, S.DONE)


def test_an_amendment_waits_for_the_renewal_of_a_key_that_has_ended(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted
) -> None:
    post_id = live()
    take_down(runtime, clock, post_id)

    def ends(at: datetime) -> None:
        with runtime.sessions.begin() as db:
            key = db.get_one(Post, post_id).channel.credential
            assert key is not None
            key.refresh_token, key.expires_at = "renewal", at

    ends(clock.now())
    assert (carrying_out.amend_next(runtime, "worker"), platform.amended) == (None, [])
    ends(clock.now() + timedelta(hours=1))
    assert (carrying_out.amend_next(runtime, "worker"), platform.amended) == (1, [("delete", "live-1")])


# taking down


def test_a_post_taken_down_keeps_its_state_its_number_and_its_numbers(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted, people: dict[str, User]
) -> None:
    post_id = live()
    gone = take_down(runtime, clock, post_id, people["legal"])

    turn(runtime, clock, seconds=1)

    assert (platform.amended, state_of(runtime, gone)) == ([("delete", "live-1")], (S.DONE, 1, ""))
    with runtime.sessions() as db:
        post = db.get_one(Post, post_id)
        assert (post.state, post.external_id, post.taken_down_at) == (PostState.PUBLISHED, "live-1", clock.now())
        row = db.get_one(Amendment, gone)
        assert (row.asked_by, row.reason) == ("The legal", "Wrong number")
        assert collecting.due(db, clock.now() + timedelta(days=2)) == {}


def test_taking_down_under_a_pause_and_an_embargo_is_not_stopped(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted
) -> None:
    post_id = live()
    with runtime.sessions.begin() as db:
        pauses.pause(db, "Strike", actor=None, now=clock.now())
        embargo(db, db.get_one(Post, post_id))
    take_down(runtime, clock, post_id)

    turn(runtime, clock, seconds=1)

    assert platform.amended == [("delete", "live-1")]


@pytest.mark.parametrize("second", [Refused("not_found", "X has no such post of this account."), Sent(Receipt("live-1", ""))])
def test_a_deletion_whose_answer_was_lost_is_made_again_and_gone_is_gone(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted, second: Any
) -> None:
    post_id = live()
    gone = take_down(runtime, clock, post_id)
    platform.answers = [Unknown("cut"), second]

    turn(runtime, clock, seconds=1)
    turn(runtime, clock, minutes=5)

    assert (platform.amended, state_of(runtime, gone)[:2]) == ([("delete", "live-1")] * 2, (S.DONE, 2))
    with runtime.sessions() as db:
        assert db.get_one(Post, post_id).taken_down_at == clock.now()


def test_taking_down_drops_the_edit_that_waits_and_is_asked_once(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted
) -> None:
    post_id = live()
    edit = ask(runtime, clock, post_id, text="First words")
    approve(runtime, clock, edit)
    take_down(runtime, clock, post_id)
    with pytest.raises(Conflict):
        take_down(runtime, clock, post_id)

    turn(runtime, clock, seconds=1)
    with pytest.raises(WrongState):
        take_down(runtime, clock, post_id)

    assert (platform.amended, state_of(runtime, edit)[0]) == ([("delete", "live-1")], S.CANCELLED)


def test_where_no_program_can_delete_a_persons_word_is_taken_for_it(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted, people: dict[str, User]
) -> None:
    post_id = live()

    gone = take_down(runtime, clock, post_id, people["planner"], limits=Limits())
    turn(runtime, clock, minutes=1)

    assert (platform.amended, state_of(runtime, gone)) == ([], (S.DONE, 0, "A person took it down."))
    with runtime.sessions() as db:
        assert db.get_one(Post, post_id).taken_down_at is not None


@pytest.mark.parametrize(("role", "reason", "error"), [("author", "Wrong", Forbidden), ("viewer", "Wrong", Forbidden), ("planner", "  ", Invalid), ("planner", "a" * 501, Invalid)])
def test_taking_down_needs_a_reason_and_somebody_who_may(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, people: dict[str, User], role: str, reason: str, error: type[PlannerError]
) -> None:
    post_id = live()

    with pytest.raises(error):
        take_down(runtime, clock, post_id, people[role], reason=reason)


def test_the_words_of_a_post_taken_down_are_in_nobodys_way(runtime: Runtime, live: Callable[..., int], approved: Approved, clock: StoppedClock) -> None:
    post_id = live(text="Said once")
    with runtime.sessions.begin() as db:
        post = db.get_one(Post, post_id)
        around = amending.editing.surroundings(db, Post(asset=post.asset, channel=post.channel, asset_id=post.asset_id, channel_id=post.channel_id, publish_at=clock.now()))
        assert [one.post_id for one in around.neighbours] == [post_id]
        post.taken_down_at = clock.now()
        db.flush()
        around = amending.editing.surroundings(db, Post(asset=post.asset, channel=post.channel, asset_id=post.asset_id, channel_id=post.channel_id, publish_at=clock.now()))
        assert list(around.neighbours) == []


# what is missing


def undone(runtime: Runtime, post_id: int) -> list[str]:
    with runtime.sessions() as db:
        return list(db.scalars(select(Delivery.undone).where(Delivery.post_id == post_id)).one())


def test_what_was_not_done_is_kept_and_tried_again_without_the_post(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted, people: dict[str, User]
) -> None:
    platform.script = [Sent(Receipt("live-1", ""), "The thumbnail was not set: no.", ["thumbnail", "captions"])]
    post_id = live()
    assert undone(runtime, post_id) == ["thumbnail", "captions"]
    platform.answers = [Sent(Receipt("live-1", ""), "The captions were not added: no.", ["captions"])]

    for _ in range(2):
        with runtime.sessions.begin() as db:
            amending.ask_finish(db, db.get_one(Post, post_id), actor=people["planner"], now=clock.now())
        turn(runtime, clock, seconds=1)

    assert platform.amended == [("finish", "live-1", ("thumbnail", "captions")), ("finish", "live-1", ("captions",))]
    assert (undone(runtime, post_id), len(platform.calls)) == ([], 1)
    with runtime.sessions.begin() as db, pytest.raises(WrongState):
        amending.ask_finish(db, db.get_one(Post, post_id), actor=None, now=clock.now())


def test_after_a_crash_between_post_and_comment_the_comment_is_looked_for_and_made_up(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted
) -> None:
    def accepted_then_cut(post: Any) -> Any:
        platform.accept(post)
        return Unknown("cut")

    platform.script = [accepted_then_cut]
    post_id = live(first_comment="More in the first comment")
    for _ in range(4):
        turn(runtime, clock, minutes=2)

    assert (len(platform.live), platform.amended) == (1, [("finish", "live-1", ("first_comment",))])
    assert undone(runtime, post_id) == []


def test_under_a_pause_nothing_is_made_up_and_afterwards_only_on_a_persons_word(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted
) -> None:
    platform.script = [Sent(Receipt("live-1", ""), "The first comment was not added: no.", ["first_comment"])]
    post_id = live(first_comment="More")
    with runtime.sessions.begin() as db:
        pause = pauses.pause(db, "Strike", actor=None, now=clock.now())
        asked = amending.ask_finish(db, db.get_one(Post, post_id), actor=None, now=clock.now()).id
        pause_id = pause.id
    turn(runtime, clock, minutes=1)
    with runtime.sessions.begin() as db:
        pauses.resume(db, db.get_one(type(pause), pause_id), actor=None, now=clock.now())
    turn(runtime, clock, minutes=1)
    assert (platform.amended, state_of(runtime, asked)[0]) == ([], S.FAILED)

    with runtime.sessions.begin() as db:
        amending.again(db, db.get_one(Amendment, asked), actor=None, now=clock.now())
    turn(runtime, clock, seconds=1)

    assert (platform.amended, undone(runtime, post_id)) == ([("finish", "live-1", ("first_comment",))], [])


def test_a_sensitive_announcement_that_was_taken_down_makes_room_for_the_one_that_replaces_it(
    runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted
) -> None:
    first = live(asset=lambda db: make_asset(db, sensitive=True))
    with runtime.sessions.begin() as db:
        amending.take_down(db, db.get_one(Post, first), reason="A wrong figure", limits=LIMITS, actor=None, now=clock.now())
    turn(runtime, clock, seconds=1)
    with runtime.sessions.begin() as db:
        gone = db.get_one(Post, first)
        values = PostValues(text="The right figure", publish_at=clock.now() + timedelta(minutes=5))
        second = planning.plan(db, gone.asset, gone.channel, values, actor=None, now=clock.now())
        planning.submit(db, second, actor=None, now=clock.now())
        for _step in range(2):  # Both sign-offs of what is sensitive.
            planning.approve(db, second, actor=None, now=clock.now())
        db.flush()
        number = second.id

    turn(runtime, clock, minutes=5)

    with runtime.sessions() as db:
        assert db.get_one(Post, number).state is PostState.PUBLISHED
    assert [one.text for one in platform.live] == ["Frist words", "The right figure"]


def test_a_change_that_cannot_be_prepared_stands_in_no_other_s_way(runtime: Runtime, live: Callable[..., int], clock: StoppedClock, platform: Scripted) -> None:
    broken, whole = live(), live()
    with runtime.sessions.begin() as db:
        for post_id in (broken, whole):
            amending.take_down(db, db.get_one(Post, post_id), reason="Wrong", limits=LIMITS, actor=None, now=clock.now())
    sealed = seal_of(runtime, broken, b"by a key that is gone")

    turn(runtime, clock)

    with runtime.sessions() as db:
        assert [one.state for one in db.scalars(select(Amendment).order_by(Amendment.id))] == [S.FAILED, S.DONE]
        assert [db.get_one(Post, post_id).taken_down_at is not None for post_id in (broken, whole)] == [False, True]
    seal_of(runtime, broken, sealed)
