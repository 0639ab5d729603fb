"""For each rule of the book, a post that breaks it: what the test of every door is made from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from planner.catalog.models import AssetFile, AssetState, Audience
from planner.channels.models import ChannelState
from planner.channels.port import MediaKind, Platform
from planner.planning.mentions import token
from planner.planning.models import LinkCheck, Post, PostState, Standing
from planner.planning.quiet_models import Blackout, Pause
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_event, make_person, make_post

__all__ = ["BREAKERS", "Breaker", "a_post"]

DAY = timedelta(days=1)
#: Tuesday, 13 o'clock in Paris: no rule has anything against it.
THEN = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
PAGE = "https://example.com/paper"


@dataclass(frozen=True, slots=True)
class Breaker:
    """How one rule is broken. post, asset, channel -- what the post is made with; after -- what happens around it once it is there."""

    says: str
    post: dict[str, Any] = field(default_factory=dict)
    asset: dict[str, Any] = field(default_factory=dict)
    channel: dict[str, Any] = field(default_factory=dict)
    after: Callable[[Session, Post], object] = lambda _db, _post: None
    parameters: dict[str, Any] = field(default_factory=dict)


def a_post(db: Session, breaker: Breaker, **values: Any) -> Post:
    """The post, before anything breaks around it."""
    asset = make_asset(db, **{"url": "", **breaker.asset})
    channel = make_channel(db, **{"platform": Platform.X, "time_zone": "Europe/Paris", **breaker.channel})
    return make_post(db, asset=asset, channel=channel, **{"text": "We have something to say.", "publish_at": THEN, **breaker.post, **values})


def another(db: Session, post: Post, **values: Any) -> None:
    make_post(db, **{"asset": make_asset(db), "channel": post.channel, "text": "Something else.", "publish_at": post.publish_at, **values})


def setting(name: str, **columns: Any) -> Callable[[Session, Post], None]:
    def _set(_db: Session, post: Post) -> None:
        for column, value in columns.items():
            setattr(getattr(post, name), column, value)

    return _set


def sensitive(db: Session, post: Post) -> None:
    post.asset.sensitive = True
    another(db, post, asset=post.asset, publish_at=NOON + 9 * DAY)


def for_the_same_people(db: Session, post: Post) -> None:
    post.asset.audiences = [Audience.ANALYSTS]
    another(db, post, asset=make_asset(db, audiences=[Audience.ANALYSTS]), channel=make_channel(db), publish_at=THEN + timedelta(hours=2))


def undescribed(db: Session, post: Post) -> None:
    file = AssetFile(
        asset_id=post.asset_id, name="a.png", stored_name=f"{post.id}.png", kind=MediaKind.IMAGE, mime="image/png", size=1 << 10, sha256="0" * 64, width=400,
        height=300, created_at=NOON,
    )  # fmt: skip
    db.add(file)
    db.flush()
    db.refresh(post.asset)
    post.media = [{"file_id": file.id, "alt_text": ""}]


def called_off(db: Session, post: Post) -> None:
    post.campaign = make_campaign(db, standing=Standing.CANCELLED, standing_reason="Not this year.", standing_since=NOON)


def dead(db: Session, _post: Post) -> None:
    db.add(LinkCheck(key=LinkCheck.key_of(PAGE), url=PAGE, checked_at=NOON, status=404, times_bad=1, bad_since=NOON))


def mentioning(**values: Any) -> Callable[[Session, Post], Any]:
    """The post mentions somebody of whom the register says this."""

    def mention(db: Session, post: Post) -> None:
        person = make_person(db, **values)
        post.text = f"Thanks to {token(person)}."

    return mention


BREAKERS: dict[str, Breaker] = {
    "embargo": Breaker("is under embargo until", after=setting("asset", embargo_until=NOON + 30 * DAY)),
    "leak": Breaker("may not be mentioned", post={"text": "Falcon flies."}, after=lambda db, _post: make_asset(db, embargo_until=NOON + 30 * DAY, embargo_terms=["Falcon"])),
    "sensitive": Breaker("A sensitive announcement goes out once", after=sensitive),
    "retired": Breaker("is retired", after=setting("asset", state=AssetState.RETIRED)),
    "campaign": Breaker("is cancelled: Not this year.", after=called_off),
    "mention": Breaker("does not want to be named", after=mentioning(may_be_named=False)),
    "pause": Breaker("", after=lambda db, post: db.add(Pause(channel_id=post.channel_id, reason="Quiet.", started_at=NOON))),
    "moment": Breaker("has already passed", post={"publish_at": NOON - DAY}),
    "platform": Breaker("which takes at most 280", post={"text": "a" * 281}),
    "connection": Breaker("is not connected", after=setting("channel", state=ChannelState.NOT_CONNECTED)),
    "gap": Breaker("Another post goes out on this channel", after=lambda db, post: another(db, post, publish_at=THEN + timedelta(minutes=5))),
    "daily": Breaker("post number 2 of that day", after=lambda db, post: another(db, post, publish_at=THEN + timedelta(hours=3)), parameters={"posts": 1}),
    "quiet": Breaker("within the quiet hours", post={"publish_at": datetime(2026, 3, 3, 22, 0, tzinfo=UTC)}),
    "blackout": Breaker("falls in the blackout", after=lambda db, _post: db.add(Blackout(name="Results", starts_on=date(2026, 3, 1), ends_on=date(2026, 3, 9)))),
    "holiday": Breaker("public holiday", post={"publish_at": datetime(2026, 5, 1, 12, 0, tzinfo=UTC)}),
    "rival": Breaker("“Signal Fair” of Orrin is on", after=lambda db, _post: make_event(db, "Signal Fair", rival="Orrin", starts_on=date(2026, 3, 3))),
    "repeat": Breaker(
        "The same text is planned here", channel={"platform": Platform.LINKEDIN},
        after=lambda db, post: another(db, post, text=post.text, publish_at=THEN + DAY, state=PostState.IN_REVIEW),
    ),
    "audience": Breaker("has another post for the same audience", after=for_the_same_people),
    "language": Breaker("The text reads like", post={"text": "This is what we have to say to you and to all of our customers."}, parameters={"language": "fr"}),
    "stale": Breaker("days old by then", asset={"published_at": NOON - 500 * DAY}),
    "rights": Breaker("The rights to", asset={"rights_until": date(2026, 3, 1)}),
    "dead_link": Breaker("is not there (it answered 404)", post={"link": PAGE}, after=dead),
    "no_alt": Breaker("Describe each picture", channel={"platform": Platform.LINKEDIN}, after=undescribed),
    "handle": Breaker("has no X handle in the register", after=mentioning(x_handle="", may_be_named=True)),
    "consent": Breaker("Nobody noted whether", after=mentioning(may_be_named=None)),
    "utm": Breaker("The link has no utm_source", post={"link": PAGE}),
}  # fmt: skip
