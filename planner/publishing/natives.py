"""Messages published directly on the platform: kept as they are found, told apart from our own, adopted or ignored by people.

The order in `keep` matters. A message of ours is on the platform before its delivery is settled, so what is still unsettled is
read first and what is known second: a delivery settled between the two reads is then known by its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.catalog.models import Asset
from planner.channels.models import Channel
from planner.channels.port import NativePost, OwnPosts
from planner.core.errors import Conflict, WrongState
from planner.core.i18n import N_
from planner.core.text import comparable, without_links
from planner.planning import facts
from planner.planning.digest import leaving_text, leaving_title
from planner.planning.models import Origin, Post
from planner.publishing.models import Attempt, Delivery, DeliveryState, Native, NativeLook, NativeState

__all__ = ["CLOCK_SLACK", "adopt", "ignore", "keep", "put_back", "retract", "switch"]

#: Platforms' clocks may run behind ours by this much.
CLOCK_SLACK = timedelta(minutes=5)
#: So many letters of a text have to agree before a cut or lengthened copy counts as the same.
_ENOUGH = 24


@dataclass(frozen=True, slots=True)
class _Open:
    """A delivery that may be live without our knowing its number: since when, what it says, and how it is marked."""

    since: datetime
    #: None while it is being sent or looked up: then everything since may be it.
    says: tuple[str, ...] | None
    fingerprints: tuple[str, ...]

    def may_be(self, one: NativePost, at: datetime) -> bool:
        if at < self.since:
            return False
        if self.says is None or any(one.mark and mark.startswith(one.mark) for mark in self.fingerprints):
            return True
        return any(_alike(_plain(ours), _plain(theirs)) for ours in self.says for theirs in (one.text, one.title))


def keep(db: Session, channel_id: int, told: OwnPosts, *, since: datetime, now: datetime) -> int:
    """Write down what a listing of the account since then told; how many messages were new.

    Left out is what is ours, or may be: everything since a delivery began whose outcome is open, and what resembles one that a
    person has yet to judge. It is told again by a later listing. Safe to run any number of times, by any number of workers.
    """
    unsettled = _unsettled(db, channel_id)
    moments = {one.receipt.external_id: one.receipt.at or now for one in told.posts}
    ours = _ours(db, channel_id, told.posts)
    known = {one.external_id: one for one in db.scalars(select(Native).where(Native.channel_id == channel_id, Native.external_id.in_(moments)))}
    new = []
    for one in told.posts:
        number, at = one.receipt.external_id, moments[one.receipt.external_id]
        row = known.get(number)
        if row is None:
            if number not in ours and not any(open_.may_be(one, at) for open_ in unsettled):
                new.append(_values(one, channel_id, at, now))
        elif number in ours and row.state is not NativeState.ADOPTED:
            retract(db, channel_id, number, now=now)
        else:
            _bring_up_to_date(row, one)
    if told.complete:
        _mark_gone(db, channel_id, since, set(moments), now)
    return _insert(db, new)


def adopt(db: Session, native: Native, asset: Asset, *, actor: User | None, now: datetime) -> Post:
    """Make it a published post about `asset`, so that its numbers are collected like any other's.

    Raises WrongState for one that is adopted already, Conflict when its number belongs to a post by now.
    """
    require(actor, "native.decide")
    require(actor, "read", asset)
    if native.state is NativeState.ADOPTED:
        raise WrongState(N_("It is adopted already. Put it back first."))
    taken = select(Post.id).where(Post.channel_id == native.channel_id, Post.external_id == native.external_id)
    if db.scalar(taken) is not None:
        raise Conflict(N_("This message is one of the planner's own posts by now: there is nothing to adopt."))
    if native.post is not None:
        post = facts.readopt(db, native.post, asset, external_id=native.external_id, url=native.url, now=now, actor=actor)
    else:
        post = facts.record_published(
            db, asset, native.channel, external_id=native.external_id, url=native.url, published_at=native.published_at, text=native.text,
            title=native.title, origin=Origin.NATIVE, now=now, actor=actor,
        )  # fmt: skip
        post.link = ""  # Its text is all it says: no tracked address of ours goes with it.
    native.post = post
    db.flush()
    _decide(db, native, NativeState.ADOPTED, "native.adopted", actor, now, asset=asset.title)
    return post


def ignore(db: Session, native: Native, *, actor: User | None, now: datetime) -> None:
    """It is none of the plan's business: off the calendar and the list. Raises WrongState unless it is open."""
    require(actor, "native.decide")
    if native.state is not NativeState.FOUND:
        raise WrongState(N_("Only a message that nobody decided about can be ignored."))
    _decide(db, native, NativeState.IGNORED, "native.ignored", actor, now)


def put_back(db: Session, native: Native, *, actor: User | None, now: datetime) -> None:
    """Open again, as it was found; an adopted one's post is cancelled and no longer live. Raises WrongState when it is open.

    Its numbers are the affair of `insights.natives.put_back`, which calls this.
    """
    require(actor, "native.decide")
    if native.state is NativeState.FOUND:
        raise WrongState(N_("Nobody decided about this message yet: there is nothing to take back."))
    if native.state is NativeState.ADOPTED and native.post is not None:
        facts.disown(db, native.post, now=now, actor=actor)
    _decide(db, native, NativeState.FOUND, "native.put_back", actor, now)


def retract(db: Session, channel_id: int, external_id: str, *, now: datetime) -> None:
    """It turned out to be one of the planner's own: nothing is left of it but its history. An adopted one stays for a person."""
    native = db.scalar(select(Native).where(Native.channel_id == channel_id, Native.external_id == external_id))
    if native is not None and native.state is not NativeState.ADOPTED:
        history.record(db, None, "native.retracted", native, now=now, was={"state": native.state, "url": native.url})
        db.delete(native)
        db.flush()


def switch(db: Session, channel: Channel, enabled: bool, *, actor: User | None, now: datetime) -> None:
    """Whether this channel is looked through for messages published directly. What was found stays."""
    require(actor, "channel.manage")
    look = db.get(NativeLook, channel.id)
    if (look.enabled if look else True) == enabled:
        return
    if look is None:
        db.add(NativeLook(channel_id=channel.id, enabled=enabled, trouble=""))
    else:
        look.enabled = enabled
    history.record(db, actor, "channel.looks_on" if enabled else "channel.looks_off", channel, now=now)


def _unsettled(db: Session, channel_id: int) -> list[_Open]:
    """Deliveries with an open attempt, and those a person has yet to judge."""
    open_attempt = select(Attempt.id).where(Attempt.delivery_id == Delivery.id, Attempt.result.is_(None)).exists()
    query = select(Delivery).where(
        Delivery.channel_id == channel_id,
        or_(Delivery.state.in_((DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.UNCONFIRMED)), open_attempt),
    )
    found = []
    for delivery in db.scalars(query):
        attempts = delivery.attempts
        began = min((one.started_at for one in attempts), default=delivery.due_at) - CLOCK_SLACK
        post = delivery.post
        says = None
        if delivery.state is DeliveryState.UNCONFIRMED:
            says = tuple(filter(None, (leaving_text(post, post.channel), leaving_title(post, post.asset) if post.title else "")))
        found.append(_Open(began, says, tuple(one.fingerprint for one in attempts)))
    return found


def _ours(db: Session, channel_id: int, posts: Sequence[NativePost]) -> set[str]:
    """Numbers of these that belong to posts or attempts of this channel, or that carry the mark of one of our attempts."""
    numbers = [one.receipt.external_id for one in posts]
    found = set(db.scalars(select(Post.external_id).where(Post.channel_id == channel_id, Post.external_id.in_(numbers))))
    sent = select(Attempt.external_id).join(Delivery).where(Delivery.channel_id == channel_id, Attempt.external_id.in_(numbers))
    found |= set(db.scalars(sent))
    marked = {one.mark: one.receipt.external_id for one in posts if one.mark and one.receipt.external_id not in found}
    if marked:
        like = or_(*(Attempt.fingerprint.startswith(mark, autoescape=True) for mark in marked))
        prints = db.scalars(select(Attempt.fingerprint).join(Delivery).where(Delivery.channel_id == channel_id, like)).all()
        found |= {number for mark, number in marked.items() if any(one.startswith(mark) for one in prints)}
    return {number for number in found if number is not None}


def _values(one: NativePost, channel_id: int, at: datetime, now: datetime) -> dict[str, object]:
    said = _as_kept(one)
    return {
        "channel_id": channel_id, "external_id": one.receipt.external_id[:200], "kind": one.kind, "published_at": at, "found_at": now,
        "state": NativeState.FOUND, "version": 1, **said,
    }  # fmt: skip


def _as_kept(one: NativePost) -> dict[str, str]:
    """Title, text and address as columns take them."""
    title, text, url = (value.replace("\0", "") for value in (one.title, one.text, one.receipt.url))
    return {"title": title[:300], "text": text, "url": url[:2000]}


def _bring_up_to_date(row: Native, one: NativePost) -> None:
    """It is (again) there, and perhaps reworded. What was adopted keeps the words it was adopted with."""
    if row.gone_at is not None:
        row.gone_at = None
    if row.state is not NativeState.ADOPTED:
        for name, value in _as_kept(one).items():
            if getattr(row, name) != value:
                setattr(row, name, value)


def _mark_gone(db: Session, channel_id: int, since: datetime, there: set[str], now: datetime) -> None:
    shown = select(Native).where(Native.channel_id == channel_id, Native.published_at >= since, Native.gone_at.is_(None))
    for row in db.scalars(shown):
        if row.external_id not in there:
            row.gone_at = now
            history.record(db, None, "native.gone", row, now=now)


def _insert(db: Session, rows: list[dict[str, object]]) -> int:
    """Add those that nobody added meanwhile; how many."""
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(Native)
    added = 0
    for values in rows:
        query = insert.values(**values).on_conflict_do_nothing(index_elements=["channel_id", "external_id"]).returning(Native.id)
        added += db.scalar(query) is not None
    return added


def _decide(db: Session, native: Native, state: NativeState, action: str, actor: User | None, now: datetime, **became: object) -> None:
    was, native.state = native.state, state
    native.decided_at, native.decided_by_id = (None, None) if state is NativeState.FOUND else (now, actor.id if actor else None)
    told = {"state": state, **became}
    history.record(db, actor, action, native, now=now, name=history.COMMAND_LINE, was={"state": was}, became=told)
    db.flush()


def _plain(text: str) -> str:
    return comparable(without_links(text))


def _alike(one: str, other: str) -> bool:
    """The same, or one the beginning of the other: platforms cut texts, and people add to them."""
    shorter, longer = sorted((one, other), key=len)
    return bool(shorter) and (shorter == longer or (len(shorter) >= _ENOUGH and longer.startswith(shorter)))
