"""Reads of the outbox: one post's delivery with its attempts, what is stuck, what went out lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, Select, bindparam, select, text
from sqlalchemy.orm import Session

from planner.channels.models import Channel, ChannelState
from planner.channels.port import Platform
from planner.channels.refreshing import key_lives
from planner.core.statements import among
from planner.core.types import Choice, UtcDateTime
from planner.planning.editing import digest_of
from planner.planning.models import Post
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState, Attempt, Delivery, DeliveryState, Hold, Result

__all__ = [
    "ACCOUNTS", "DUE", "DUE_OF_EACH", "NEXT_DUE", "WAITING", "AmendmentLine", "AttemptLine", "DeliveryView", "accounts_due", "amendments_of", "delivery_of",
    "next_due", "recent",
]  # fmt: skip

#: States in which a delivery waits for its moment.
WAITING = (DeliveryState.DUE, DeliveryState.RETRY)


_CHANNEL, _DELIVERY = Channel.__table__.c, Delivery.__table__.c
_NOW = bindparam("now", type_=UtcDateTime())
_ACCOUNT = bindparam("account", type_=BigInteger())


def _may_go() -> tuple[ColumnElement[bool], ...]:
    # Written into the statement, not bound: only so does SQLite know that the partial index holds all of them.
    states = bindparam("waiting", WAITING, type_=Choice(DeliveryState), expanding=True, literal_execute=True)
    return _DELIVERY.state.in_(states), _DELIVERY.due_at <= _NOW, _DELIVERY.next_at <= _NOW


def _any_of(account: ColumnElement[int]) -> ScalarSelect[int]:
    """A delivery of the account that may go: one look into the index that has them in their order.

    Of an EXISTS, PostgreSQL makes a join that reads all accounts' for each; without the order, it may read the table.
    """
    mine = select(_DELIVERY.id).where(_DELIVERY.channel_id == account, *_may_go()).correlate(Channel.__table__)
    return mine.order_by(_DELIVERY.due_at, _DELIVERY.id).limit(1).scalar_subquery()


def _is_silent(account: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether nothing of this account is being sent by a worker that still renews its lease. No EXISTS either, for the same reason."""
    other = Delivery.__table__.alias()
    flying = select(other.c.id).where(other.c.channel_id == account, other.c.state == DeliveryState.SENDING, other.c.lease_until >= _NOW)
    return flying.limit(1).correlate_except(other).scalar_subquery().is_(None)


#: Accounts with something that a worker may send at `now`, the one whose last turn is longest ago first.
#:
#: Not those a person sends for, nor those that wait, are not connected, have a key that has ended (channels.refreshing renews it
#: first), or have a call in flight: an account speaks one message at a time, in the order of its own time, and however many it has waiting, each other account has its turn between two.
#: These two are asked for each message sent, so they are put together once, and the first, which wants a number alone, from tables.
ACCOUNTS: Select[int] = (
    select(_CHANNEL.id)
    .where(
        _CHANNEL.platform != Platform.BY_HAND,
        _CHANNEL.state == ChannelState.CONNECTED,
        (_CHANNEL.wait_until.is_(None)) | (_CHANNEL.wait_until <= _NOW),
        key_lives(_NOW),
        _any_of(_CHANNEL.id).is_not(None),
        _is_silent(_CHANNEL.id),
    )
    .order_by(_CHANNEL.turn, _CHANNEL.id)
)
#: The first that each of the accounts `accounts` may send at `now`; nothing of one that has a call in flight.
DUE_OF_EACH: Select[Delivery] = (
    select(Delivery)
    .where(
        Delivery.id.in_(
            select(_any_of(_CHANNEL.id)).where(among(_CHANNEL.id, "accounts"), _is_silent(_CHANNEL.id)).correlate(None)
        ),
        *_may_go(),
    )
    .order_by(Delivery.due_at, Delivery.id)
)
#: What the account `account` may send at `now`, in the order of its own time; nothing while a call of it is in flight.
DUE: Select[Delivery] = (
    select(Delivery)
    .where(Delivery.channel_id == _ACCOUNT, *_may_go(), _is_silent(_ACCOUNT))
    .order_by(Delivery.due_at, Delivery.id)
)

#: The queue's own condition comes first: only so does SQLite know that the partial index holds all of them.
NEXT_DUE = (
    select(Delivery.next_at)
    .where(
        text("deliveries.state IN ('due','retry','sending','unknown')"), Delivery.state.in_(WAITING),
        Delivery.next_at > _NOW, Delivery.next_at <= bindparam("until", type_=UtcDateTime()),
    )
    .order_by(Delivery.next_at)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One try as a person reads it."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    result: Result | None
    reason: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One delivery with its tries, oldest first."""

    id: int
    post_id: int
    channel_id: int
    state: DeliveryState
    hold: Hold | None
    due_at: datetime
    next_at: datetime
    tries: int
    reason: str
    attempts: tuple[AttemptLine, ...]
    undone: tuple[str, ...] = ()


def delivery_of(db: Session, post_id: int) -> DeliveryView | None:
    """A post's delivery, or None while it has none. Two statements."""
    delivery = db.scalars(select(Delivery).where(Delivery.post_id == post_id)).first()
    return None if delivery is None else _view(delivery, _attempts(db, [delivery.id]).get(delivery.id, ()))


@dataclass(frozen=True, slots=True)
class AmendmentLine:
    """One thing asked for a live post, and what came of it. `content` and `was` are an edit's parts; `digest` is what an approver says yes to."""

    id: int
    kind: AmendmentKind
    state: AmendmentState
    content: dict[str, Any]
    was: dict[str, Any]
    reason: str
    asked_by_id: int | None
    asked_by: str
    asked_at: datetime
    approved_by: str
    answer: str
    ended_at: datetime | None
    digest: str
    #: Each yes to an edit, as edit_steps.Word is kept.
    said: list[dict[str, Any]]

    @property
    def is_open(self) -> bool:
        """A worker has it, or will soon."""
        return self.state in (AmendmentState.QUEUED, AmendmentState.WORKING)

    @property
    def is_taking_down(self) -> bool:
        """It took the post down."""
        return self.kind is AmendmentKind.TAKE_DOWN and self.state is AmendmentState.DONE


def amendments_of(db: Session, post: Post) -> list[AmendmentLine]:
    """What was asked for this post since it is live, the latest first. One statement."""
    rows = db.scalars(select(Amendment).where(Amendment.post_id == post.id).order_by(Amendment.id.desc()).limit(50))
    return [
        AmendmentLine(
            row.id, row.kind, row.state, row.content, row.was, row.reason, row.asked_by_id, row.asked_by, row.asked_at, row.approved_by,
            row.answer, row.ended_at, digest_of(post, row.content), row.said,
        )
        for row in rows
    ]  # fmt: skip


def recent(db: Session, *, states: tuple[DeliveryState, ...] = (), limit: int = 50) -> list[DeliveryView]:
    """Newest deliveries first, in these states when given. Two statements, whatever the size."""
    query = select(Delivery).order_by(Delivery.due_at.desc(), Delivery.id.desc()).limit(limit)
    if states:
        query = query.where(Delivery.state.in_(states))
    deliveries = db.scalars(query).all()
    attempts = _attempts(db, [delivery.id for delivery in deliveries])
    return [_view(delivery, attempts.get(delivery.id, ())) for delivery in deliveries]


def accounts_due(db: Session, now: datetime) -> list[int]:
    """Numbers of the accounts with something due, in the order of their turns."""
    return list(db.scalars(ACCOUNTS, {"now": now}))


def next_due(db: Session, now: datetime, within: timedelta) -> datetime | None:
    """When the first of those deliveries becomes due that do so after `now` and before `now + within`; None when none does.

    Short enough a span to be read from the queue's index, however much waits beyond it.
    """
    return db.scalar(NEXT_DUE, {"now": now, "until": now + within})


def post_of(db: Session, delivery_id: int) -> Post | None:
    return db.scalars(select(Post).join(Delivery, Delivery.post_id == Post.id).where(Delivery.id == delivery_id)).first()


def _attempts(db: Session, delivery_ids: list[int]) -> dict[int, tuple[AttemptLine, ...]]:
    found: dict[int, tuple[AttemptLine, ...]] = {}
    if not delivery_ids:
        return found
    rows = db.scalars(select(Attempt).where(Attempt.delivery_id.in_(delivery_ids)).order_by(Attempt.id))
    for row in rows:
        line = AttemptLine(row.number, row.started_at, row.ended_at, row.result, row.reason)
        found[row.delivery_id] = (*found.get(row.delivery_id, ()), line)
    return found


def _view(delivery: Delivery, attempts: tuple[AttemptLine, ...]) -> DeliveryView:
    return DeliveryView(
        id=delivery.id, post_id=delivery.post_id, channel_id=delivery.channel_id, state=delivery.state, hold=delivery.hold,
        due_at=delivery.due_at, next_at=delivery.next_at, tries=delivery.tries, reason=delivery.reason, attempts=attempts,
        undone=tuple(delivery.undone or ()),
    )  # fmt: skip
