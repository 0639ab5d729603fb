"""Claiming: take the first due delivery of the account whose turn it is, ask again whether it may go out, and open its attempt.

This runs once for each message sent, so it reads everything its rules look at in one statement and writes past the unit of work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

from sqlalchemy import Integer, LargeBinary, Select, Table, bindparam, func, select, type_coerce, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, defer, lazyload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from planner.catalog.models import Asset
from planner.channels.models import Channel, Credential
from planner.channels.port import Account, OutgoingPost, Platform
from planner.core.runtime import Runtime
from planner.core.types import UtcDateTime, unseal
from planner.core.writing import add, change, together
from planner.ledger.leases import Taking
from planner.planning import facts as planning
from planner.planning import pauses, routes
from planner.planning import rules as planning_rules
from planner.planning.models import Campaign, Post
from planner.planning.surroundings import at_the_gate, rules_forbid, under_embargo
from planner.publishing import compose, queries, rules
from planner.publishing.models import Attempt, Delivery, DeliveryState
from planner.publishing.settling import AttemptKey, stop

Asked = ParamSpec("Asked")
Told = TypeVar("Told")

__all__ = ["Claim", "UnpreparedError", "open_attempts"]

_CHANNELS = cast(Table, Channel.__table__)


def _with_its_turn(accounts: Select[int]) -> Any:
    # Asked once: PostgreSQL may ask a query within a condition for each row. Their turns follow each other as they did before.
    whose = accounts.add_columns(_CHANNELS.c.turn).cte("whose")
    placed = select(whose.c.id, func.row_number().over(order_by=(whose.c.turn, whose.c.id)).label("place")).cte("placed")
    # A turn is no change of the channel that a person's edit could collide with: its version stays.
    last = select(func.max(_CHANNELS.c.turn)).scalar_subquery()
    return update(_CHANNELS).where(_CHANNELS.c.id == placed.c.id).values(turn=last + placed.c.place).returning(_CHANNELS.c.id)


#: Takes the accounts whose turn it is and notes the turn; the same when only one account is asked for.
_ACCOUNTS = queries.ACCOUNTS.limit(bindparam("count", type_=Integer()))
_ANY = Taking(_ACCOUNTS, of=_CHANNELS, within=_with_its_turn)
_ANY_OTHER = Taking(_ACCOUNTS.where(_CHANNELS.c.id.not_in(bindparam("tried", expanding=True))), of=_CHANNELS, within=_with_its_turn)
_ONE = Taking(_ACCOUNTS.where(_CHANNELS.c.id == bindparam("only")), of=_CHANNELS, within=_with_its_turn)
_OF_DELIVERY = select(Attempt).where(Attempt.delivery_id == Delivery.id).correlate(Delivery)
_EARLIER = _OF_DELIVERY.with_only_columns(func.coalesce(func.max(Attempt.number), 0)).scalar_subquery()
_RESUME = (
    _OF_DELIVERY.with_only_columns(Attempt.resume)
    .where(Attempt.resume != "", Attempt.digest == Delivery.digest)
    .order_by(Attempt.number.desc())
    .limit(1)
    .scalar_subquery()
)
#: Sealed as it lies there: it may not open.
_KEY = select(type_coerce(Credential.access_token, LargeBinary)).where(Credential.channel_id == Channel.id).correlate(Channel).scalar_subquery()


#: What no rule looks at: read when it is asked for after all.
_UNASKED = (
    Post.origin, Post.variant_of_id, Post.base_text_id, Post.wall_time, Post.time_zone, Post.source_key, Post.external_id, Post.external_url,
    Post.published_at, Post.taken_down_at, Post.created_at, Channel.time_zone, Channel.colour, Channel.state_reason, Channel.wait_until,
    Channel.wait_reason, Channel.failing_since, Channel.last_success_at, Channel.last_collected_at, Channel.created_at, Asset.purpose, Asset.owner_id,
    Asset.cost, Asset.currency, Asset.rights_until, Asset.published_at, Asset.duration_seconds, Asset.source_key, Asset.created_at, Asset.updated_at,
    Delivery.created_at, Delivery.settled_at, Delivery.undone,
)  # fmt: skip


def _with_what_rules_look_at(due: Select[Delivery]) -> Taking:
    return Taking(
        due.add_columns(
            Post,
            Channel,
            Asset,
            Campaign,
            _EARLIER.label("earlier"),
            _RESUME.label("resume"),
            _KEY.label("key"),
            pauses.stopped().label("paused"),
            under_embargo(bindparam("now", type_=UtcDateTime())).label("embargoes"),
            rules_forbid().label("forbids"),
        )
        .join(Post, Post.id == Delivery.post_id)
        .join(Channel, Channel.id == Post.channel_id)
        .join(Asset, Asset.id == Post.asset_id)
        .outerjoin(Post.campaign)
        .options(lazyload(Asset.audience_rows), *(defer(name) for name in _UNASKED)),
        of=[Delivery, Post],
    )


#: The first delivery of an account, and of each of several.
_FIRST = _with_what_rules_look_at(queries.DUE.limit(1))
_FIRST_OF_EACH = _with_what_rules_look_at(queries.DUE_OF_EACH)


class UnpreparedError(Exception):
    """Something about one delivery broke while its attempt was opened; `delivery_id` says whose, the cause says what."""

    def __init__(self, delivery_id: int) -> None:
        super().__init__(delivery_id)
        self.delivery_id = delivery_id


@dataclass(frozen=True, slots=True)
class Claim:
    """An opened attempt: everything the call needs, so that no transaction is open while it lasts."""

    worker: str
    platform: Platform
    account: Account
    post: OutgoingPost

    @property
    def delivery_id(self) -> int:
        return self.post.delivery_id

    @property
    def attempt(self) -> AttemptKey:
        return self.post.delivery_id, self.post.attempt


@dataclass(slots=True)
class _Taken:
    """A delivery that is held, with everything its rules look at; as the columns of its statement are."""

    delivery: Delivery
    post: Post
    channel: Channel
    asset: Asset
    campaign: Campaign | None
    earlier: int
    resume: str | None
    key: bytes | None
    paused: bool
    embargoes: bool
    forbids: bool

    def __post_init__(self) -> None:
        """Each knows the other without being asked for: by hand, because SQLAlchemy takes twice as long for it."""
        set_committed_value(self.delivery, "post", self.post)
        for name, one in (("channel", self.channel), ("asset", self.asset), ("campaign", self.campaign)):
            set_committed_value(self.post, name, one)


class _Opening(NamedTuple):
    """An Attempt as it is written."""

    delivery_id: int
    number: int
    fingerprint: str
    digest: str
    worker: str
    started_at: datetime
    resume: str | None
    code: str = ""
    reason: str = ""


def open_attempts(
    db: Session, runtime: Runtime, worker: str, *, now: datetime, count: int = 1, channel_id: int | None = None
) -> list[Claim | Delivery]:
    """Take the first due delivery of each of the accounts whose turn it is, ask again whether it may go out, and write its attempt;
    the caller commits, then sends them all at once.

    count      -- so many accounts at most.
    channel_id -- only this account.
    returns    -- a Claim to send, or a Delivery that was stopped instead, for each; none when nothing is due.
    Raises UnpreparedError when one of them is broken: it must not stand in the way of the others.
    """
    taken = _take(db, now, count, channel_id)
    if not taken:
        return []
    digests = {one.post: _unless_broken(one, planning_rules.content_digest, one.post, one.asset, one.channel) for one in taken}
    approved = routes.reached(db, digests, runtime.settings.four_eyes)
    verdicts = [_unless_broken(one, _verdict, db, runtime, one, digests[one.post], one.post in approved, now) for one in taken]
    for one, verdict in zip(taken, verdicts, strict=True):
        if verdict is not None:
            stop(db, one.delivery, verdict, now=now)
    claims = _open(db, runtime, worker, [one for one, verdict in zip(taken, verdicts, strict=True) if verdict is None], now)
    return [claims[one.delivery.id] if verdict is None else one.delivery for one, verdict in zip(taken, verdicts, strict=True)]


def _unless_broken(taken: _Taken, step: Callable[Asked, Told], *asked: Asked.args, **named: Asked.kwargs) -> Told:
    """What the step told about one delivery; what broke in it is that delivery's."""
    try:
        return step(*asked, **named)
    except (OperationalError, StaleDataError):
        raise  # The database is away, or somebody changed the post this moment: nothing is wrong with the delivery.
    except Exception as error:
        raise UnpreparedError(taken.delivery.id) from error


def _take(db: Session, now: datetime, count: int, channel_id: int | None) -> list[_Taken]:
    """Lock the accounts whose turn it is, noting their turn, and the first due delivery of each with its post.

    Whoever takes something of an account holds its row, so two workers never both see it idle. What was true when its row was
    asked for may not be when it is held: then the next account has its turn. Nothing is waited for, since an outcome may be
    written in the same transaction: what another one holds, also a post that somebody is changing, is passed over.
    """
    db.flush()  # What the outcome before it set: the next statement does not ask for it.
    tried: list[int] = []
    taken: list[_Taken] = []
    whose, asked = (_ANY, {"now": now}) if channel_id is None else (_ONE, {"now": now, "only": channel_id})
    while accounts := db.scalars(whose(db), {**asked, "count": count - len(taken)}).all():
        if len(accounts) > 1:
            taken += [_Taken(*row) for row in db.execute(_FIRST_OF_EACH(db), {"accounts": accounts, "now": now})]
        found = {one.channel.id for one in taken}
        for account in accounts:
            if account not in found:
                taken += [_Taken(*row) for row in db.execute(_FIRST(db), {"account": account, "now": now})]
        if channel_id is not None or len(taken) >= count:
            break
        tried += accounts
        whose, asked = _ANY_OTHER, {"now": now, "tried": tried}
    return taken


def _verdict(db: Session, runtime: Runtime, taken: _Taken, digest: str, approved: bool, now: datetime) -> rules.Stop | None:
    post, channel = taken.post, taken.channel
    return rules.may_still_go_out(
        taken.delivery,
        post,
        channel,
        digest=digest,
        approved=approved,
        gates=planning_rules.before_sending(
            post, taken.asset, taken.campaign, channel, runtime.registry.limits(channel.platform) if taken.forbids else None,
            at_the_gate(db, post, now=now, embargoes=taken.embargoes, forbids=taken.forbids), now,
        ),
        paused=taken.paused,
        max_tries=runtime.settings.max_tries,
        now=now,
    )


def _open(db: Session, runtime: Runtime, worker: str, taken: Sequence[_Taken], now: datetime) -> dict[int, Claim]:
    """Delivery -> what its call needs, each with its attempt written."""
    if not taken:
        return {}
    with together(db):
        leaving = [_unless_broken(one, _open_one, db, runtime, worker, one, now) for one in taken]
    return {post.delivery_id: Claim(worker, account.platform, account, post) for account, post in leaving}


def _open_one(db: Session, runtime: Runtime, worker: str, taken: _Taken, now: datetime) -> tuple[Account, OutgoingPost]:
    delivery, post, channel = taken.delivery, taken.post, taken.channel
    opened = _Opening(delivery.id, taken.earlier + 1, compose.fingerprint(post, channel), delivery.digest, worker, now, taken.resume)
    add(db, Attempt, **opened._asdict())
    change(
        db, delivery, state=DeliveryState.SENDING, hold=None, reason="", tries=delivery.tries + 1, lease_owner=worker,
        lease_until=now + timedelta(seconds=runtime.settings.lease_seconds),
    )  # fmt: skip
    planning.mark_sending(db, post, now=now)
    account = channel.account_with(None if taken.key is None else unseal(taken.key))
    return account, compose.outgoing(db, delivery, opened, data_path=runtime.settings.data_path, base_url=runtime.settings.base_url)
