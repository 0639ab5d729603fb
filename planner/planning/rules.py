"""What may be planned, submitted, approved and sent: pure functions from a post and what lies around it to findings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from planner.accounts.models import User
from planner.catalog.models import Asset, AssetKind, AssetState, Confidentiality
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Limits, Platform
from planner.core.errors import EmbargoActive, SelfApproval
from planner.core.i18n import N_
from planner.planning.digest import content_digest, leaving_text
from planner.planning.findings import ALONE, Finding, Neighbour, Surroundings, as_error, blocking, refuse
from planner.planning.leaks import leaks
from planner.planning.limits import limit_findings
from planner.planning.models import Campaign, Post, PostState, Verb
from planner.planning.moments import FARTHEST, NOW_TOLERANCE, check_moment, resolve_wall_time, zone_of

__all__ = [
    "CLASH", "REPEAT", "Finding", "as_error", "blocking", "check_embargo", "check_four_eyes", "check_moment", "content_digest",
    "embargo_of", "findings", "gates", "refuse", "resolve_wall_time", "still_approved", "wants_second_pair",
]  # fmt: skip

#: Two posts on one channel closer than this get in each other's way.
CLASH = timedelta(minutes=15)
#: The same words again on one channel within this time are a repeat; X refuses it.
REPEAT = timedelta(hours=72)

#: Posts that have not gone and will not go by themselves: they are in nobody's way.
_AWAY = frozenset({PostState.CANCELLED, PostState.FAILED, PostState.MISSED})
#: Nobody has asked yet for these to go out.
_UNASKED = _AWAY | {PostState.DRAFT, PostState.CHANGES_REQUESTED}


def embargo_of(asset: Asset, campaign: Campaign | None) -> tuple[str, datetime] | None:
    """Whose embargo holds (its title) and until when: the later of the asset's and the campaign's; None when neither has one."""
    held = [(asset.title, asset.embargo_until)] if asset.embargo_until else []
    if campaign is not None and campaign.embargo_until:
        held.append((campaign.name, campaign.embargo_until))
    return max(held, key=lambda one: one[1], default=None)


def check_embargo(asset: Asset, campaign: Campaign | None, at: datetime) -> None:
    """Raise EmbargoActive when `at` lies before the lift. The moment of the lift itself is allowed."""
    held = embargo_of(asset, campaign)
    if held is not None and at < held[1]:
        raise EmbargoActive(*held)


def wants_second_pair(asset: Asset, campaign: Campaign | None, policy: str) -> bool:
    """Whether the person who asked may not be the one who approves.

    policy -- the setting PLANNER_FOUR_EYES: always, never, or releases: press releases and whatever is embargoed
              (also once the embargo is over: it was a release), confidential or sensitive.
    """
    if policy == "releases":
        return (
            asset.kind is AssetKind.PRESS_RELEASE
            or asset.sensitive
            or asset.confidentiality is Confidentiality.CONFIDENTIAL
            or embargo_of(asset, campaign) is not None
        )
    return policy == "always"


def check_four_eyes(post: Post, asset: Asset, campaign: Campaign | None, actor: User | None, policy: str) -> None:
    """Raise SelfApproval when the author, or whoever submitted or last changed it, approves. The command line (None) may."""
    if actor is not None and actor.id in (post.author_id, post.submitted_by_id) and wants_second_pair(asset, campaign, policy):
        raise SelfApproval()


def still_approved(post: Post, digest: str) -> bool:
    """Whether somebody approved exactly this content and moment, and nobody has spoken against the post since.

    An approval is of one exact content: a post that is moved and moved back, or changed and changed back, is again
    what was approved.
    """
    for said in reversed(post.approvals):
        if said.verb is not Verb.APPROVED:
            return False
        if said.digest == digest:
            return True
    return False


def findings(
    post: Post,
    asset: Asset,
    campaign: Campaign | None,
    channel: Channel,
    limits: Limits | None,
    now: datetime,
    around: Surroundings = ALONE,
) -> list[Finding]:
    """Everything the rules say of a post, what blocks first. `limits` None: the platform's are not known here."""
    found = [
        *_moment(post, now),
        *gates(post, asset, campaign, channel, around, post.publish_at or now),
        *limit_findings(post, asset, channel, limits),
        *_repeats(post, channel, around),
        *_connection(channel),
        *_clashes(post, around),
        *_blackouts(post, channel, around),
    ]
    return sorted(found, key=lambda one: one.level != "blocking")


def gates(post: Post, asset: Asset, campaign: Campaign | None, channel: Channel, around: Surroundings, at: datetime) -> list[Finding]:
    """The rules no door may pass: embargo, leak, sensitive, retired. Asked when planning and again when sending, with `at` the real time."""
    return [
        *_embargo(asset, campaign, at),
        *leaks(_said(post, channel), around.terms, at),
        *_sensitive(post, asset, around),
        *_retired(asset),
    ]


def _said(post: Post, channel: Channel) -> Iterator[str]:
    yield leaving_text(post, channel)
    yield post.title
    yield post.link
    yield post.first_comment
    yield from (f"#{tag}" for tag in post.tags or [])
    yield from (str(item.get("alt_text", "")) for item in post.media or [])


def _moment(post: Post, now: datetime) -> Iterator[Finding]:
    at = post.publish_at
    if at is None:
        yield Finding("blocking", "no_moment", N_("Choose when it goes out."), {}, "publish_at")
    elif at < now - NOW_TOLERANCE:
        yield Finding("blocking", "past", N_("%(moment)s has already passed. Choose a later time."), {"moment": at}, "publish_at")
    elif at > now + FARTHEST:
        yield Finding("blocking", "far", N_("That is more than five years ahead. Check the year."), {}, "publish_at")


def _embargo(asset: Asset, campaign: Campaign | None, at: datetime) -> Iterator[Finding]:
    held = embargo_of(asset, campaign)
    if held is not None and at < held[1]:
        sentence = N_("“%(title)s” is under embargo until %(lifts_at)s.")
        yield Finding("blocking", "embargo", sentence, {"title": held[0], "lifts_at": held[1]}, "publish_at")


def _sensitive(post: Post, asset: Asset, around: Surroundings) -> Iterator[Finding]:
    if asset.sensitive and any(one.asset_id == asset.id and one.state is not PostState.CANCELLED for one in around.neighbours):
        yield Finding(
            "blocking",
            "sensitive",
            N_("A sensitive announcement goes out once a channel, and this channel has its post already."),
            {},
            "channel",
        )


def _retired(asset: Asset) -> Iterator[Finding]:
    if asset.state is AssetState.RETIRED:
        yield Finding("blocking", "retired", N_("“%(title)s” is retired. Bring it back before planning it."), {"title": asset.title})


def _connection(channel: Channel) -> Iterator[Finding]:
    params = {"channel": channel.name}
    if channel.state is ChannelState.NOT_CONNECTED and channel.platform is not Platform.BY_HAND:
        yield Finding(
            "blocking",
            "not_connected",
            N_("“%(channel)s” is not connected, so nothing can be sent there. Connect it first."),
            params,
            "channel",
        )
    elif channel.state is ChannelState.NEEDS_RECONNECT:
        yield Finding("warning", "needs_reconnect", N_("“%(channel)s” has to be reconnected before this can leave."), params, "channel")


def _repeats(post: Post, channel: Channel, around: Surroundings) -> Iterator[Finding]:
    words = _folded(post.text)
    for other in around.neighbours:
        if other.state in _UNASKED or not words or _folded(other.text) != words or not _within(post, other, REPEAT):
            continue
        level = "blocking" if channel.platform is Platform.X else "warning"
        sentence = N_("The same text is planned here for %(when)s. Say it differently, or leave three days between them.")
        yield Finding(level, "repeat", sentence, {"when": other.publish_at}, "text")  # type: ignore[arg-type]
        return


def _clashes(post: Post, around: Surroundings) -> Iterator[Finding]:
    for other in around.neighbours:
        if other.state not in _AWAY and _within(post, other, CLASH):
            sentence = N_("Another post goes out on this channel at %(when)s, less than 15 minutes apart.")
            yield Finding("warning", "clash", sentence, {"when": other.publish_at}, "publish_at")
            return


def _blackouts(post: Post, channel: Channel, around: Surroundings) -> Iterator[Finding]:
    if post.publish_at is None:
        return
    day = post.publish_at.astimezone(zone_of(channel.time_zone)).date()
    for quiet in around.blackouts:
        if quiet.starts_on <= day < quiet.ends_on:
            yield Finding("warning", "blackout", N_("This falls in the blackout “%(name)s”."), {"name": quiet.name}, "publish_at")


def _within(post: Post, other: Neighbour, gap: timedelta) -> bool:
    if post.publish_at is None or other.publish_at is None:
        return False
    return abs(post.publish_at - other.publish_at) < gap


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
