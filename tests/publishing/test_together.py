"""Outcomes that are written in one transaction leave exactly what each would leave that is written alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, update

from planner.accounts.models import Entry
from planner.channels.models import Channel, Credential
from planner.channels.port import NativePost, Outcome, OutgoingPost, OwnPosts, Receipt, Refused, RetryLater, Sent, Unknown
from planner.core.runtime import Runtime
from planner.planning.facts import record_published
from planner.planning.models import Post
from planner.publishing import natives, outbox
from planner.publishing.models import Attempt, Delivery, DeliveryState, Native, Watch
from tests.conftest import StoppedClock
from tests.factories import make_asset
from tests.publishing.conftest import Scripted
from tests.publishing.test_fair import due

pytestmark = pytest.mark.usefixtures("healthy")
WAIT, DOWN, UP = timedelta(minutes=20), "it did not answer", DeliveryState.PUBLISHED
Answer = Outcome | Callable[[OutgoingPost], Outcome]


def sent(number: str, **told: Any) -> Sent:
    return Sent(Receipt(number, f"https://x.com/i/status/{number}"), **told)


def breaks(_post: OutgoingPost) -> Outcome:
    raise RuntimeError("a bug")


#: What is sent -> what the platform answers.
ANSWERS: dict[str, Answer] = {
    "sent": sent("1"),
    "sent with a note": sent("2", note="The picture was cut."),
    "sent with undone steps": sent("3", undone=("first_comment",)),
    "sent after trouble": sent("4"),
    "sent when somebody had decided": sent("5"),
    "later": RetryLater("busy"),
    "later, when it said": RetryLater("busy", after=WAIT),
    "later for the account": RetryLater("too many", account=True),
    "later for the account, when it said": RetryLater("too many", after=WAIT, account=True),
    "no answer": RetryLater(DOWN, down=True),
    "no answer for the third time": RetryLater(DOWN, down=True),
    "refused": Refused("content", "not allowed"),
    "refused after trouble": Refused("content", "not allowed"),
    "refused account": Refused("unauthorised", "Connect again.", account=True),
    "refused with the key before": Refused("unauthorised", "Connect again.", account=True),
    "unknown": Unknown("timeout"),
    "unknown for the third time": Unknown(DOWN, down=True),
    "breaks": breaks,
    "number of another post": sent("taken"),
    "number of what was found there": sent("found"),
}
#: Of one account, under way at once because the first one's lease ran out: both told the same number.
TWINS: dict[str, Answer] = {"twin": sent("twin"), "other twin": sent("twin")}
#: Calls in a row without an answer, before and after.
FAILURES = {"sent after trouble": 2, "refused after trouble": 3, "no answer for the third time": 2, "unknown for the third time": 2}
STILL_FAILING = {"no answer": [1], "no answer for the third time": [3], "unknown for the third time": [3]}


class Says(Scripted):
    """A platform that answers each text as it is told in ANSWERS."""

    def publish(self, post: OutgoingPost, *_rest: Any, **_named: Any) -> Outcome:
        self.calls.append(post)
        answer = {**ANSWERS, **TWINS}[post.text]
        return answer(post) if callable(answer) else answer


@pytest.fixture
def platform() -> Says:
    return Says()


@pytest.mark.parametrize("twins", [{}, TWINS])
@pytest.mark.parametrize("order", [1, -1])
def test_whatever_came_of_calls_it_is_written_together_as_it_would_be_alone(
    runtime: Runtime, clock: StoppedClock, platform: Says, order: int, twins: dict[str, Answer]
) -> None:
    alone, together = (set_up(runtime, clock, side, twins) for side in ("alone", "together"))
    clock.advance(timedelta(minutes=4))
    ended: dict[str, list[tuple[outbox.Claim, Outcome]]] = {"alone": [], "together": []}
    if twins:
        for side, channels in (("alone", alone), ("together", together)):
            ended[side] += call(runtime, outbox.take(runtime, side, channel_id=channels["twin"]))
        clock.advance(timedelta(seconds=61))
    for channel_id in alone.values():
        ended["alone"] += call(runtime, outbox.take(runtime, "alone", channel_id=channel_id))
    ended["together"] += call(runtime, outbox.take(runtime, "together", 100))
    meanwhile(runtime, clock)

    commits: list[object] = []
    event.listen(runtime.engine, "commit", commits.append)
    done = outbox.record_and_take(runtime, "together", ended["together"][::order])
    if done is None:
        done = outbox.record_once(runtime, ended["together"][::order]), outbox.take(runtime, "together")
    unwritten, [again] = done
    wrote = len(commits)
    for one in ended["alone"][::order]:
        outbox.record(runtime, [one])
    [also] = outbox.take(runtime, "alone")

    assert not unwritten
    count = len(ANSWERS) + len(twins)
    assert (len(ended["alone"]), len(ended["together"])) == (count, count)
    assert wrote == (1 if not twins else 1 + count), "twins cannot be written in one: each is by itself then, and the next claim"
    assert (again.delivery_id, also.delivery_id) == (delivery(runtime, together), delivery(runtime, alone)), "the one whose key was renewed"
    left = what_is_left(runtime)
    assert left["together"] == left["alone"]
    assert {said: told["delivery"][0] for said, told in left["alone"].items()} == states(order, twins)
    assert {said: told["undone"] for said, told in left["alone"].items() if told["undone"]} == {"sent with undone steps": ["first_comment"]}
    assert {said: told["failures"] for said, told in left["alone"].items() if told["failures"] != [0]} == STILL_FAILING
    assert {said: told["found"] for said, told in left["alone"].items() if told["found"]} == {}, "what was found there is ours"
    for one in (again, also):
        assert isinstance(one, outbox.Claim)
        outbox.record(runtime, [(one, sent("6"))])


def set_up(runtime: Runtime, clock: StoppedClock, side: str, twins: dict[str, Answer]) -> dict[str, int]:
    """A post and an account for each answer, some with a past; text -> channel."""
    posts: dict[str, list[tuple[str, float]]] = {f"{side}: {said}": [(said, 2)] for said in ANSWERS}
    if twins:
        posts[f"{side}: twin"] = [("twin", 1), ("other twin", 2)]
    made = {name.removeprefix(f"{side}: "): number for name, number in due(runtime, clock, **posts).items()}
    with runtime.sessions.begin() as db:
        for said, failures in FAILURES.items():
            db.execute(update(Channel).where(Channel.id == made[said]).values(failures=failures, failing_since=clock.now()))
        channel = db.get_one(Channel, made["number of another post"])
        record_published(db, make_asset(db, title="Elsewhere"), channel, external_id="taken", url="", published_at=clock.now(), text=f"{side}'s", now=clock.now())
        found = NativePost(Receipt("found", "https://x.com/i/status/found", clock.now()), "Said there.")
        natives.keep(db, made["number of what was found there"], OwnPosts([found]), since=clock.now(), now=clock.now())
    return made


def call(runtime: Runtime, opened: list[outbox.Claim | outbox.Stopped]) -> list[tuple[outbox.Claim, Outcome]]:
    return [(one, outbox.call(runtime, one)) for one in opened if isinstance(one, outbox.Claim)]


def meanwhile(runtime: Runtime, clock: StoppedClock) -> None:
    """While the calls last: a key is renewed, and a post is cancelled."""
    clock.advance(timedelta(seconds=1))
    with runtime.sessions.begin() as db:
        renewed = select(Post.channel_id).where(Post.text == "refused with the key before")
        db.execute(update(Credential).where(Credential.channel_id.in_(renewed)).values(updated_at=clock.now()))
        decided = select(Delivery.id).join(Post).where(Post.text == "sent when somebody had decided")
        db.execute(update(Delivery).where(Delivery.id.in_(decided)).values(state=DeliveryState.UNKNOWN, lease_owner=None, lease_until=None))


def delivery(runtime: Runtime, channels: dict[str, int]) -> int:
    with runtime.sessions() as db:
        return db.scalars(select(Delivery.id).where(Delivery.channel_id == channels["refused with the key before"])).one()


def states(order: int, twins: dict[str, Answer]) -> dict[str, DeliveryState]:
    """What becomes of each; of twins, whoever is written first has the number."""
    wanted = {said: UP for said in ANSWERS if said.startswith("sent")} | {said: DeliveryState.RETRY for said in ANSWERS if said.startswith(("later", "no answer"))}
    wanted |= {
        "refused": DeliveryState.FAILED, "refused after trouble": DeliveryState.FAILED, "refused account": DeliveryState.HELD,
        "refused with the key before": DeliveryState.SENDING, "unknown": DeliveryState.UNKNOWN, "unknown for the third time": DeliveryState.UNKNOWN,
        "breaks": DeliveryState.UNKNOWN, "number of another post": DeliveryState.UNCONFIRMED, "number of what was found there": UP,
    }  # fmt: skip
    return {**wanted, **dict(zip(twins, [UP, DeliveryState.UNCONFIRMED][::order], strict=False))}


def what_is_left(runtime: Runtime) -> dict[str, dict[str, dict[str, list[Any]]]]:
    """Side -> text -> what -> all that is stored of it, without the rows' own numbers."""
    left: dict[str, dict[str, dict[str, list[Any]]]] = defaultdict(lambda: defaultdict(dict))
    with runtime.sessions() as db:
        for post, row, channel in db.execute(select(Post, Delivery, Channel).join(Delivery, Delivery.post_id == Post.id).join(Channel, Channel.id == Post.channel_id)):
            told = left[channel.name.split(":")[0]][post.text]
            told["delivery"] = [row.state, row.hold, row.reason, row.tries, row.looks, row.next_at, row.settled_at, row.lease_until]
            told["undone"], told["failures"] = row.undone, [channel.failures]
            told["post"] = [post.state, post.external_id, post.external_url, post.published_at, post.updated_at, post.version]
            told["channel"] = [
                channel.state, channel.state_reason, channel.wait_until, channel.wait_reason, channel.failing_since, channel.last_success_at,
                channel.version,
            ]  # fmt: skip
            told["attempts"] = [
                (one.number, one.result, one.code, one.reason.replace(str(other_of(db, channel)), "N"), one.external_id, one.started_at, one.ended_at)
                for one in row.attempts
            ]
            told["history"] = [*entries(db, "posts", post.id), *entries(db, "channels", channel.id)]
            told["watched"] = list(db.scalars(select(Watch.since).join(Attempt, Attempt.id == Watch.attempt_id).where(Attempt.delivery_id == row.id)))
            told["found"] = list(db.scalars(select(Native.external_id).where(Native.channel_id == channel.id)))
    return left


def other_of(db: Any, channel: Channel) -> int | None:
    """The post whose number another one was told."""
    return db.scalars(select(Post.id).where(Post.channel_id == channel.id, Post.external_id.in_(["taken", "twin"]))).first()


def entries(db: Any, kind: str, number: int) -> list[Any]:
    rows = db.scalars(select(Entry).where(Entry.subject_type == kind, Entry.subject_id == number).order_by(Entry.id))
    return [(row.at, row.action, row.was, row.became, row.note) for row in rows]
