"""The port: what the planner says to a platform and what it may answer, in plain values.

Nothing here knows a platform's wire format, a database or the web. `None` always means “not told”; zero means zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

__all__ = [
    "Account", "Adapter", "AudienceCount", "Connect", "FileLimits", "Flavour", "Grant", "Identity", "Limits",
    "Listing", "Media", "MediaKind", "Metrics", "NativePost", "OutgoingPost", "Outcome", "OwnPosts",
    "Platform", "PostKind", "Publisher", "Reading", "Readings", "Receipt", "Refused", "RetryLater", "Sent",
    "Unknown",
]  # fmt: skip


class Platform(StrEnum):
    """Where a channel lives."""

    __hash__ = str.__hash__  # A page looks up hundreds; an enumeration's own is written in Python.

    YOUTUBE = "youtube"
    LINKEDIN = "linkedin"
    X = "x"
    WEBHOOK = "webhook"
    BY_HAND = "by_hand"


class Flavour(StrEnum):
    """Which product an internal webhook belongs to; each wants its own message format."""

    MATTERMOST = "mattermost"
    SLACK = "slack"
    TEAMS = "teams"


class MediaKind(StrEnum):
    """What a file is to a platform."""

    IMAGE = "image"
    GIF = "gif"
    VIDEO = "video"
    DOCUMENT = "document"
    CAPTIONS = "captions"
    THUMBNAIL = "thumbnail"


class PostKind(StrEnum):
    """What a live message mostly is, as far as the platform tells."""

    TEXT = "text"
    LINK = "link"
    IMAGE = "image"
    VIDEO = "video"
    DOCUMENT = "document"
    POLL = "poll"


@dataclass(frozen=True, slots=True)
class Account:
    """One of our accounts as an adapter needs it: who we are there, and the key.

    external_id -- X: numeric user id; LinkedIn: `urn:li:organization:…`; YouTube: channel id `UC…`; empty when not known yet.
    config      -- per-platform settings, e.g. {"flavour": "mattermost"} for a webhook.
    secret      -- the access token; for a webhook, its URL. Never shown by repr().
    """

    channel_id: int
    platform: Platform
    name: str
    external_id: str = ""
    config: Mapping[str, Any] = field(default_factory=dict)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Media:
    """One file that goes with a post. `path` is on this machine; sizes in bytes, durations in seconds, pixels; `language` is that of captions."""

    kind: MediaKind
    path: str
    mime: str
    size: int
    name: str = ""
    alt_text: str = ""
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    pages: int | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingPost:
    """One message as it leaves us.

    text        -- the message, plain Unicode (for YouTube: the description).
    title       -- YouTube: the video's title; LinkedIn: title of the link card or document.
    link        -- tracked address, already part of `text` on X; LinkedIn shows it as a card.
    fingerprint -- hex digest of what identifies this message on the platform; the same for every attempt of one delivery.
    replies_off -- nobody may answer it, where the platform lets a program say so (X: nobody but whom it mentions).
    picture     -- address at which anybody finds a picture of what the link leads to; "" when there is none. For cards that draw one.
    resume      -- what an earlier attempt asked us to keep (YouTube: the upload's session URI), or None.
    """

    delivery_id: int
    attempt: int
    fingerprint: str
    text: str
    title: str = ""
    link: str = ""
    link_title: str = ""
    link_description: str = ""
    first_comment: str = ""
    language: str = "en"
    tags: Sequence[str] = ()
    media: Sequence[Media] = ()
    playlist: str = ""
    replies_off: bool = False
    picture: str = ""
    publish_at: datetime | None = None
    resume: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a message is live: the platform's own number for it, its public address, and when (if told)."""

    external_id: str
    url: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform said yes and gave a number. `note`: what came back different; `undone`: what is missing, by `Publisher.finish`'s names."""

    receipt: Receipt
    note: str = ""
    undone: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A permanent no: trying again changes nothing.

    code    -- short stable word: content, duplicate, too_long, media, unauthorised, forbidden, credits, not_found, version…
    reason  -- the platform's reason as an English sentence.
    account -- True when the whole account is refused (401, no credit left), not this message: it is held, not failed.
    """

    code: str
    reason: str
    account: bool = False


@dataclass(frozen=True, slots=True)
class RetryLater:
    """A definite “not now”: nothing was accepted, and the same message may be tried again.

    after   -- how long the platform asked us to wait; None when it did not say.
    account -- True when the wait holds for everything on this account (429).
    down    -- True when the platform did not answer at all, or broke: it says something about the platform, nothing about the
               message, so outcomes are compared without it.
    """

    reason: str
    after: timedelta | None = None
    account: bool = False
    down: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Bytes left us and no clear answer came: it may be live. Never “failed”, never retried without looking. `down` as for RetryLater."""

    reason: str
    down: bool = field(default=False, compare=False)


Outcome = Sent | Refused | RetryLater | Unknown


@dataclass(frozen=True, slots=True)
class Listing:
    """What looking for a message among our own recent ones found.

    complete -- False when the platform could not be asked or answered only in part: absence then proves nothing.
    """

    matches: Sequence[Receipt]
    complete: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class NativePost:
    """A message that is live on our account for everybody to see, and that may have been written outside the planner.

    title -- YouTube: the video's title; empty elsewhere.
    mark  -- how the fingerprint begins that our own sending left in it (YouTube: in a tag); empty when there is none.
    """

    receipt: Receipt
    text: str
    title: str = ""
    kind: PostKind = PostKind.TEXT
    mark: str = ""


@dataclass(frozen=True, slots=True)
class OwnPosts:
    """The account's own messages since a moment, whoever wrote them, newest first.

    Left out: answers, plain reshares, what only an advertisement shows, and what is not public (yet).
    complete -- False when the platform could not be asked or answered only in part: absence then proves nothing.
    failed   -- why it is not complete.
    """

    posts: Sequence[NativePost] = ()
    complete: bool = True
    failed: RetryLater | Refused | None = None


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What a platform takes of one kind of file; `None` is no limit known.

    types  -- MIME types; empty: any.
    most   -- how many with one post.
    shapes -- the narrowest and the widest film, each as (width, height).
    """

    types: Sequence[str] = ()
    most: int | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    min_seconds: float | None = None
    max_seconds: float | None = None
    max_pixels: int | None = None
    max_pages: int | None = None
    shapes: tuple[tuple[int, int], tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What the platform takes; `None` is no limit known. Lengths in the platform's own unit (see core.text).

    editable  -- what of a live message it lets a program change: text, title, tags; nothing on most.
    our_tag   -- characters of a tag that the planner adds itself; it counts among `tags`.
    forbidden -- characters that neither title nor text may hold.
    unseen    -- characters nobody sees that neither text nor first comment may hold.
    files     -- each kind of file the platform shows; a kind that is not named is refused. None: any file.
    alike     -- kinds that count as another one (an animated picture among pictures).
    left_out  -- kinds that stay behind without harm.
    needs     -- the kind without which there is no post.
    """

    text: int | None = None
    title: int | None = None
    needs_title: bool = False
    tags: int | None = None
    our_tag: int = 0
    first_comment: int | None = None
    alt_text: int | None = None
    cashtags: int | None = None
    forbidden: str = ""
    unseen: str = ""
    files: Mapping[MediaKind, FileLimits] | None = None
    alike: Mapping[MediaKind, MediaKind] = field(default_factory=dict)
    left_out: frozenset[MediaKind] = frozenset()
    needs: MediaKind | None = None
    editable: Sequence[str] = ()
    can_delete: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What a platform told us about one message at one moment; each count since publication, or None when not told.

    regime -- which definition of `views` the platform used (it changes: see docs/concepts.md).
    raw    -- the platform's own fields, untouched.
    """

    external_id: str
    views: int | None = None
    impressions: int | None = None
    reach: int | None = None
    engagements: int | None = None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    clicks: int | None = None
    watch_seconds: int | None = None
    regime: str = ""
    raw: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Readings:
    """Answer to one batch call.

    gone   -- ids the platform says do not exist (deleted there).
    failed -- None, or the outcome that ended the call (RetryLater or Refused); `told` is then empty.
    """

    told: Sequence[Reading] = ()
    gone: Sequence[str] = ()
    failed: RetryLater | Refused | None = None


@dataclass(frozen=True, slots=True)
class AudienceCount:
    """One slice of an account's audience: dimension (seniority, function, industry, country, age, followers), key, people."""

    dimension: str
    key: str
    count: int
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a platform's consent gave us. Expiries are moments, None when not told."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scopes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """An account that a consent opens: the platform's own number or URN for it, and its name there."""

    external_id: str
    name: str


#: Called by an adapter with what must survive a crash; it is committed before the call returns.
Keep = Callable[[str], None]


class Publisher(Protocol):
    """How a post goes live on one platform. Implementations keep no state and raise nothing; only `publish` may not be called twice."""

    limits: Limits

    def publish(self, post: OutgoingPost, account: Account, *, keep: Keep) -> Outcome: ...
    def find(self, post: OutgoingPost, since: datetime, account: Account) -> Listing: ...
    def recent(self, since: datetime, account: Account) -> OwnPosts: ...
    def edit(self, post: OutgoingPost, external_id: str, account: Account) -> Outcome: ...
    def finish(self, post: OutgoingPost, external_id: str, steps: Sequence[str], account: Account) -> Outcome: ...
    def delete(self, external_id: str, account: Account) -> Outcome: ...


class Metrics(Protocol):
    """How numbers come back. `batch` is how many ids one call may carry; 0 when the platform tells none."""

    batch: int

    def readings(self, external_ids: Sequence[str], account: Account) -> Readings: ...
    def audience(self, account: Account) -> Sequence[AudienceCount] | None: ...


class Connect(Protocol):
    """OAuth 2 on one platform. `exchange` and `accounts` raise what a person reads; `refresh`, which workers call, raises nothing.

    Refused from `refresh` is for good: the consent is dead, and a person has to connect again. Whatever is unclear is RetryLater.
    """

    scopes: Sequence[str]

    def authorise_url(self, *, state: str, challenge: str, redirect_uri: str) -> str: ...
    def exchange(self, *, code: str, verifier: str, redirect_uri: str) -> Grant: ...
    def refresh(self, refresh_token: str) -> Grant | Refused | RetryLater: ...
    def accounts(self, access_token: str) -> Sequence[Identity]: ...


class Adapter(Publisher, Metrics, Protocol):
    """Everything the registry hands out for a platform."""
