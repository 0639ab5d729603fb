"""What a person may do about a delivery: try again, say it is live, say it is not, mark one as done by hand."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.channels.models import Channel
from planner.channels.port import Platform, Receipt
from planner.core.errors import Invalid, WrongState
from planner.core.i18n import N_
from planner.core.text import video_in
from planner.planning import facts as planning
from planner.planning import pauses, states
from planner.planning.models import Post
from planner.publishing.models import Attempt, Delivery, DeliveryState, Hold, Result
from planner.publishing.settling import close, publish

__all__ = ["delivery_for", "record_by_hand", "refuse_under_a_pause", "release_channel", "retry", "say_not_live"]

#: A message's number in its address on X or LinkedIn; what may follow it (a picture, a question mark) is none of it.
_NUMBER = re.compile(r"/status(?:es)?/(\d{1,20})(?![\w-])|(urn:li:[a-zA-Z]{1,20}:\d{1,20})(?!\w)", re.ASCII)
_MAY_RETRY = (DeliveryState.FAILED, DeliveryState.MISSED, DeliveryState.HELD, DeliveryState.RETRY)


def retry(db: Session, delivery: Delivery, *, actor: User | None, now: datetime) -> None:
    """Send it now although its moment passed, or its tries ran out. The checks before sending are asked again.

    Raises WrongState for one that is live, being sent, whose outcome nobody knows, whose post is cancelled or no longer approved, or
    that a pause in force concerns.
    """
    if delivery.state not in _MAY_RETRY or _open(db, delivery) is not None:
        raise WrongState(N_("Only a delivery that failed, was missed or is held can be sent again."))
    states.require(delivery.post, "send_again")
    refuse_under_a_pause(db, delivery.post)
    before = delivery.state
    delivery.state, delivery.hold, delivery.reason = DeliveryState.DUE, None, ""
    delivery.due_at = delivery.next_at = now
    delivery.tries = 0
    planning.mark_scheduled(db, delivery.post, now=now)
    history.record(db, actor, "delivery.retried", delivery, now=now, was={"state": before})


def refuse_under_a_pause(db: Session, post: Post) -> None:
    """Raise WrongState, with the reason of the pause, while one in force concerns this post."""
    for stop in pauses.in_force(db, post):
        raise WrongState(N_("Sending is paused: %(reason)s An administrator has to end the pause first."), reason=_sentence(stop.reason))


def record_by_hand(db: Session, delivery: Delivery, *, url: str, actor: User | None, now: datetime) -> None:
    """A person says it is live at this address: one posted by hand, or one nobody could confirm.

    Raises Invalid for an address that is none or another post's, WrongState for one already live or being sent.
    """
    if delivery.state in (DeliveryState.PUBLISHED, DeliveryState.SENDING):
        raise WrongState(N_("It is already live, or being sent just now."))
    if not url.startswith(("https://", "http://")) or len(url) > 2000:
        raise Invalid(N_("Paste the address of the message, starting with https://."), field="url")
    external_id = _number_in(url)
    taken = select(Post.id).where(Post.channel_id == delivery.channel_id, Post.external_id == external_id, Post.id != delivery.post_id)
    if db.scalar(taken) is not None:
        raise Invalid(N_("Another post of this channel is at this address. Paste the address of this one."), field="url")
    attempt = _open(db, delivery)
    if attempt is None:
        number = len(delivery.attempts) + 1
        attempt = Attempt(
            delivery_id=delivery.id, number=number, fingerprint=hashlib.sha256(url.encode()).hexdigest(),
            digest=delivery.digest, worker="by hand", started_at=now,
        )  # fmt: skip
        db.add(attempt)
        db.flush()
    publish(db, delivery, attempt, Receipt(external_id, url, now), Result.FOUND, now=now)
    history.record(db, actor, "delivery.recorded_by_hand", delivery, now=now, became={"url": url})


def say_not_live(db: Session, delivery: Delivery, *, actor: User | None, now: datetime) -> None:
    """A person looked: an unconfirmed one is not live. It counts as failed and may then be sent again."""
    if delivery.state is not DeliveryState.UNCONFIRMED:
        raise WrongState(N_("Only a delivery that waits to be checked can be declared not live."))
    attempt = _open(db, delivery)
    if attempt is not None:
        close(attempt, Result.ABSENT, code="absent", reason=delivery.reason, now=now)
    delivery.state, delivery.reason = DeliveryState.FAILED, N_("A person looked: it is not live.")
    planning.mark_failed(db, delivery.post, reason=delivery.reason, now=now)
    history.record(db, actor, "delivery.declared_not_live", delivery, now=now)


def release_channel(db: Session, channel: Channel, *, now: datetime) -> int:
    """After reconnecting: what was held for this channel is due again (and missed if its grace has passed)."""
    held = db.scalars(
        select(Delivery).where(
            Delivery.channel_id == channel.id, Delivery.state == DeliveryState.HELD, Delivery.hold == Hold.CHANNEL
        )
    ).all()
    for delivery in held:
        delivery.state, delivery.hold, delivery.reason = DeliveryState.DUE, None, ""
        delivery.next_at = now
    return len(held)


def delivery_for(db: Session, post: Post, *, now: datetime) -> Delivery:
    """The delivery of a by-hand post; made here when the outbox was not filled yet."""
    delivery = db.scalars(select(Delivery).where(Delivery.post_id == post.id)).first()
    if delivery is None:
        if post.approved_digest is None or post.channel.platform is not Platform.BY_HAND:
            raise WrongState(N_("Only an approved post can be marked as published."))
        delivery = Delivery(
            post_id=post.id, channel_id=post.channel_id, due_at=post.publish_at, next_at=post.publish_at,
            digest=post.approved_digest, created_at=now, state=DeliveryState.DUE, tries=0, looks=0,
        )  # fmt: skip
        db.add(delivery)
        db.flush()
    return delivery


def _open(db: Session, delivery: Delivery) -> Attempt | None:
    return db.scalars(select(Attempt).where(Attempt.delivery_id == delivery.id, Attempt.result.is_(None))).first()


def _sentence(reason: str) -> str:
    return reason if reason.endswith((".", "!", "?", "…")) else f"{reason}."


def _number_in(url: str) -> str:
    """The platform's own number where the address holds it, else a digest of the address."""
    found = _NUMBER.search(url)
    number = found[1] or found[2] if found else video_in(url)
    return number or "hand-" + hashlib.sha256(url.encode()).hexdigest()[:24]
