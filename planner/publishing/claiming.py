"""Claiming: take the first due delivery of the account whose turn it is, ask again whether it may go out, and open its attempt.

This runs once for each message sent, so it reads everything its rules look at in one statement and writes past the unit of work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import LargeBinary, Row, Select, Table, bindparam, func, select, type_coerce, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, lazyload
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
from planner.publishing.settling import stop

__all__ = ["Claim", "UnpreparedError", "open_attempt"]

_CHANNELS = cast(Table, Channel.__table__)


def _with_its_turn(account: Select[int]) -> Any:
    # A turn is no change of the channel that a person's edit could collide with: its version stays.
    last = select(func.max(_CHANNELS.c.turn)).scalar_subquery()
    whose = _CHANNELS.c.id == account.correlate(None).scalar_subquery()
    return update(_CHANNELS).where(whose).values(turn=last + 1).returning(_CHANNELS.c.id)


#: Takes the account whose turn it is and notes the turn; the same when only one account is asked for.
_ACCOUNT = queries.ACCOUNTS.limit(1)
_ANY = Taking(_ACCOUNT, of=_CHANNELS, within=_with_its_turn)
_ANY_OTHER = Taking(_ACCOUNT.where(_CHANNELS.c.id.not_in(bindparam("tried", expanding=True))), of=_CHANNELS, within=_with_its_turn)
_ONE = Taking(_ACCOUNT.where(_CHANNELS.c.id == bindparam("only")), of=_CHANNELS, within=_with_its_turn)
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
#: An account's first delivery with everything its rules look at.
_FIRST = Taking(
    queries.DUE.add_columns(
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
    .options(lazyload(Asset.audience_rows))
    .limit(1),
    of=[Delivery, Post],
)


class UnpreparedError(Exception):
    """Something about one delivery broke while its attempt was opened; `delivery_id` says whose, the cause says what."""

    def __init__(self, delivery_id: int) -> None:
        super().__init__(delivery_id)
        self.delivery_id = delivery_id


@dataclass(frozen=True, slots=True)
class Claim:
    """An opened attempt: everything the call needs, so that no transaction is open while it lasts."""

    delivery_id: int
    attempt_id: int
    worker: str
    platform: Platform
    account: Account
    post: OutgoingPost


def open_attempt(db: Session, runtime: Runtime, worker: str, *, now: datetime, channel_id: int | None = None) -> Claim | Delivery | None:
    """Take the first due delivery of the account whose turn it is, ask again whether it may go out, and write its attempt;
    the caller commits, then sends.

    channel_id -- only this account.
    returns    -- a Claim to send; a Delivery that was stopped instead; None when nothing is due.
    Raises UnpreparedError when this one delivery is broken: it must not stand in the way of the others.
    """
    taken = _take(db, now, channel_id)
    if taken is None:
        return None
    try:
        return _prepare(db, runtime, worker, taken, now)
    except (OperationalError, StaleDataError):
        raise  # The database is away, or somebody changed the post this moment: nothing is wrong with the delivery.
    except Exception as error:
        raise UnpreparedError(taken.Delivery.id) from error


def _take(db: Session, now: datetime, channel_id: int | None) -> Row[Any] | None:
    """Lock the account whose turn it is, noting its turn, and its first due delivery with its post.

    Whoever takes something of an account holds its row, so two workers never both see it idle. What was true when its row was
    asked for may not be when it is held: then the next account has its turn. Nothing is waited for, since an outcome may be
    written in the same transaction: what another one holds, also a post that somebody is changing, is passed over.
    """
    db.flush()  # What the outcome before it set: the next statement does not ask for it.
    whose, asked = (_ANY, {"now": now}) if channel_id is None else (_ONE, {"now": now, "only": channel_id})
    tried: list[int] = []
    while (account := db.scalar(whose(db), asked)) is not None:
        taken: Row[Any] | None = db.execute(_FIRST(db), {"account": account, "now": now}).first()
        if taken is not None or channel_id is not None:
            return taken
        tried.append(account)
        whose, asked = _ANY_OTHER, {"now": now, "tried": tried}
    return None


def _put_together(taken: Row[Any]) -> tuple[Delivery, Post, Channel]:
    """Each knows the other without being asked for: by hand, because SQLAlchemy takes twice as long for it."""
    delivery, post = taken.Delivery, taken.Post
    set_committed_value(delivery, "post", post)
    for name, one in (("channel", taken.Channel), ("asset", taken.Asset), ("campaign", taken.Campaign)):
        set_committed_value(post, name, one)
    return delivery, post, taken.Channel


def _prepare(db: Session, runtime: Runtime, worker: str, taken: Row[Any], now: datetime) -> Claim | Delivery:
    delivery, post, channel = _put_together(taken)
    digest = planning_rules.content_digest(post, post.asset, channel)
    verdict = rules.may_still_go_out(
        delivery,
        post,
        channel,
        digest=digest,
        approved=routes.reached(db, post, digest, runtime.settings.four_eyes),
        gates=planning_rules.before_sending(
            post, post.asset, post.campaign, channel, runtime.registry.limits(channel.platform) if taken.forbids else None,
            at_the_gate(db, post, now=now, embargoes=taken.embargoes, forbids=taken.forbids), now,
        ),
        paused=taken.paused,
        max_tries=runtime.settings.max_tries,
        now=now,
    )
    if verdict is not None:
        stop(db, delivery, verdict, now=now)
        return delivery
    opened = {
        "delivery_id": delivery.id, "number": taken.earlier + 1, "fingerprint": compose.fingerprint(post, channel), "digest": delivery.digest,
        "worker": worker, "started_at": now, "resume": taken.resume, "code": "", "reason": "",
    }  # fmt: skip
    lease_until = now + timedelta(seconds=runtime.settings.lease_seconds)
    with together(db):
        attempt = add(db, Attempt, **opened)
        change(
            db, delivery, state=DeliveryState.SENDING, hold=None, reason="", tries=delivery.tries + 1, lease_owner=worker, lease_until=lease_until
        )
        planning.mark_sending(db, post, now=now)
    return Claim(
        delivery_id=delivery.id,
        attempt_id=attempt.id,
        worker=worker,
        platform=channel.platform,
        account=channel.account_with(None if taken.key is None else unseal(taken.key)),
        post=compose.outgoing(
            db, delivery, Attempt(**opened), data_path=runtime.settings.data_path, base_url=runtime.settings.base_url
        ),
    )
