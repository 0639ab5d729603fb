"""Looking up what became of an unknown outcome: only after it had time to settle, and only a complete listing proves absence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from planner.channels.models import Channel, ChannelState
from planner.channels.port import Account, Listing, OutgoingPost, Platform
from planner.channels.refreshing import key_lives
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.runtime import Runtime
from planner.ledger.leases import lockable
from planner.planning.models import Origin, Post
from planner.publishing import amending, compose, natives, restored, rules
from planner.publishing.models import Attempt, Delivery, DeliveryState, Result
from planner.publishing.settling import close, publish, retry, stop, watch

__all__ = ["look_next"]

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """One unknown delivery that is ready to be looked up."""

    delivery_id: int
    attempt_id: int
    platform: Platform
    account: Account
    post: OutgoingPost
    since: datetime


def look_next(runtime: Runtime, worker: str) -> int | None:
    """Look up one unknown outcome that has settled; its delivery's id, or None when there is none to look at now."""
    with runtime.sessions.begin() as db:
        look = _take(db, runtime, worker, now=runtime.clock.decision_time(db))
    if look is None:
        return None
    listing = _ask(runtime, look)
    with runtime.sessions.begin() as db:
        _conclude(db, runtime, look, listing, now=runtime.clock.decision_time(db))
    return look.delivery_id


def _ask(runtime: Runtime, look: Look) -> Listing:
    if not rules.can_be_looked_up(look.platform):
        return Listing((), complete=False, reason="this platform lists nothing")
    try:
        listing: Listing = runtime.registry.adapter(look.platform).find(look.post, look.since, look.account)
    except Exception as error:  # An adapter that breaks has proved nothing; after some more looks a person is asked.
        log.error("an adapter broke while looking", delivery=look.delivery_id, exc_info=error)
        return Listing((), complete=False, reason="the adapter broke")
    return listing


def _take(db: Session, runtime: Runtime, worker: str, *, now: datetime) -> Look | None:
    unknown = (
        select(Delivery)
        .join(Channel, Channel.id == Delivery.channel_id)
        .where(Delivery.state == DeliveryState.UNKNOWN, Delivery.next_at <= now)
        .where((Delivery.lease_until.is_(None)) | (Delivery.lease_until < now))
        # One that has to be reconnected, or whose key is about to be renewed, is looked up once it is.
        .where((Channel.state == ChannelState.CONNECTED) & key_lives(now) | Channel.platform.not_in(rules.LOOKED_UP))
        .order_by(Delivery.next_at, Delivery.id)
        .limit(50)
    )
    for delivery in db.scalars(lockable(unknown, db, of=Delivery)):
        attempt = db.scalars(select(Attempt).where(Attempt.delivery_id == delivery.id, Attempt.result.is_(None))).first()
        if attempt is None:
            retry(db, runtime, delivery, now, delivery.reason, now=now)
            continue
        watched = runtime.clock.monotonic() - watch(db, runtime, attempt)
        if watched < runtime.settings.settle_seconds:
            continue
        try:
            look = _prepared(db, runtime, delivery, attempt)
        except (OperationalError, StaleDataError):
            raise  # The database is away, or somebody changed the post this moment.
        except Exception as error:  # A sealed key that does not open, say: it must not stand in the way of the others.
            log.error("a delivery could not be prepared for a look", delivery=delivery.id, exc_info=error)
            _not_told(db, delivery, delivery.post.channel.platform, now=now)
            continue
        delivery.lease_owner = worker
        delivery.lease_until = now + timedelta(seconds=runtime.settings.lease_seconds)
        return look
    return None


def _prepared(db: Session, runtime: Runtime, delivery: Delivery, attempt: Attempt) -> Look:
    channel = delivery.post.channel
    first = min(one.started_at for one in delivery.attempts)
    return Look(
        delivery_id=delivery.id,
        attempt_id=attempt.id,
        platform=channel.platform,
        account=channel.account(),
        post=compose.outgoing(db, delivery, attempt, data_path=runtime.settings.data_path, base_url=runtime.settings.base_url),
        since=first - natives.CLOCK_SLACK,
    )


def _conclude(db: Session, runtime: Runtime, look: Look, listing: Listing, *, now: datetime) -> None:
    query = select(Delivery).where(Delivery.id == look.delivery_id)
    if db.get_bind().dialect.name == "postgresql":
        query = query.with_for_update()
    delivery = db.scalars(query).one()
    attempt = db.get_one(Attempt, look.attempt_id)
    if delivery.state is not DeliveryState.UNKNOWN or attempt.result is not None:
        return  # A late answer or a person settled it meanwhile.
    numbers = [match.external_id for match in listing.matches]
    taken = select(Post.external_id, Post.origin).where(Post.channel_id == delivery.channel_id, Post.external_id.in_(numbers))
    known = {row.external_id: row.origin for row in db.execute(taken)}
    matches = [match for match in listing.matches if match.external_id not in known]
    if any(origin is not Origin.PLANNED for origin in known.values()):
        # An import, or somebody who adopted it, may have brought in the very message that is looked for: sending again could double it.
        stop(db, delivery, rules.Stop(DeliveryState.UNCONFIRMED, N_("A live message that looks like it was imported or adopted meanwhile: a person has to say whether it is this one.")), now=now)
    elif len(matches) == 1:
        publish(db, delivery, attempt, matches[0], Result.FOUND, note=delivery.reason, now=now)
        # Nobody saw the end of that call: what follows the message itself may be missing.
        amending.queue_finish(db, delivery.post, compose.steps_of(look.post), now=now, wait_until=now)
    elif len(matches) > 1:
        stop(db, delivery, rules.Stop(DeliveryState.UNCONFIRMED, N_("Several live messages look like it: a person has to say which.")), now=now)
    elif listing.complete and attempt.worker == restored.LOOK_FIRST:
        restored.go_back(db, delivery, attempt, now=now)
    elif listing.complete:
        close(attempt, Result.ABSENT, code="absent", reason=delivery.reason, now=now)
        if delivery.post.asset.sensitive:
            stop(db, delivery, rules.Stop(DeliveryState.UNCONFIRMED, N_("It is not live, and a sensitive announcement is never sent again by itself.")), now=now)
        else:
            retry(db, runtime, delivery, now, delivery.reason, now=now)
    else:
        _not_told(db, delivery, look.platform, now=now)


def _not_told(db: Session, delivery: Delivery, platform: Platform, *, now: datetime) -> None:
    """The platform could not be asked, or did not tell: look again later, and in the end ask a person."""
    delivery.looks += 1
    delivery.lease_owner = delivery.lease_until = None
    delivery.next_at = rules.next_look(delivery.looks, now)
    if delivery.looks >= rules.MAX_LOOKS or not rules.can_be_looked_up(platform):
        stop(db, delivery, rules.Stop(DeliveryState.UNCONFIRMED, N_("Nobody can tell whether it went out: look at the channel, then say so here.")), now=now)
