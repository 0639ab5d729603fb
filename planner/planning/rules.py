"""What may be planned, submitted, approved and sent: pure functions from a post and what lies around it to findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from planner.accounts.models import User
from planner.catalog.models import Asset, AssetKind, AssetState, Confidentiality
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Limits, Platform
from planner.core.errors import EmbargoActive, SelfApproval
from planner.core.i18n import N_
from planner.planning.digest import content_digest, leaving_comment, leaving_files, leaving_text, leaving_title
from planner.planning.findings import ALONE, Finding, Listed, Surroundings, as_error, blocking, refuse
from planner.planning.habits import CLASH, REPEAT, habits, tuned
from planner.planning.leaks import leaks
from planner.planning.limits import limit_findings
from planner.planning.marks import leaving_link
from planner.planning.mentions import mention_findings
from planner.planning.models import Campaign, Post, PostState, Standing
from planner.planning.moments import FARTHEST, NOW_TOLERANCE, check_moment, resolve_wall_time
from planner.planning.templates import is_listed

__all__ = [
    "CLASH", "REPEAT", "Finding", "as_error", "before_sending", "blocking", "check_campaign", "check_embargo", "check_four_eyes", "check_moment", "content_digest",
    "embargo_of", "findings", "gates", "refuse", "resolve_wall_time", "wants_second_pair",
]  # fmt: skip


#: Where nobody answers what is sensitive: X is told with the post, and a room is inside the house.
_WITHOUT_ANSWERS = frozenset({Platform.X, Platform.WEBHOOK})


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


def check_campaign(asset: Asset, campaign: Campaign | None, listed: Listed) -> None:
    """Raise Refused when the campaign is that of a sensitive announcement and this is something else."""
    refuse(_beside(asset, campaign, listed))


def check_four_eyes(post: Post, asset: Asset, campaign: Campaign | None, actor: User | None, policy: str) -> None:
    """Raise SelfApproval when the author, or whoever submitted or last changed it, approves. The command line (None) may."""
    if actor is not None and actor.id in (post.author_id, post.submitted_by_id) and wants_second_pair(asset, campaign, policy):
        raise SelfApproval()


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
        *(one for one in mention_findings(post, channel) if one.level == "warning"),
        *_connection(channel),
        *_postponed(campaign),
        *_answers(asset, channel),
        *habits(post, asset, channel, replace(around, now=now)),
    ]
    overridden = _overridden(post, asset, channel, around)
    said = [one for one in (tuned(one, around.tuning, overridden) for one in found) if one is not None]
    return sorted(said, key=lambda one: one.level != "blocking")


def gates(post: Post, asset: Asset, campaign: Campaign | None, channel: Channel, around: Surroundings, at: datetime) -> list[Finding]:
    """The rules no door may pass: embargo, leak, sensitive, retired, called off, a mention of somebody who is gone or said no. Asked when planning and again when sending, with `at` the real time."""
    return [
        *_embargo(asset, campaign, at),
        *(leaks(_said(post, asset, channel), around.terms, at) if around.terms else ()),
        *_sensitive(post, asset, around),
        *_beside(asset, campaign, around.listed),
        *_unlisted(asset, channel, around.listed),
        *_retired(asset),
        *_called_off(campaign),
        *(one for one in mention_findings(post, channel) if one.level == "blocking"),
    ]


def before_sending(
    post: Post, asset: Asset, campaign: Campaign | None, channel: Channel, limits: Limits | None, around: Surroundings, at: datetime
) -> list[Finding]:
    """What holds a post back at the moment it would leave: the gates, and the warnings that an administrator made block and nobody overrode."""
    held = gates(post, asset, campaign, channel, around, at)
    if around.tuning.forbids:
        held += [one for one in findings(post, asset, campaign, channel, limits, at, around) if one.overridable]
    return held


def _overridden(post: Post, asset: Asset, channel: Channel, around: Surroundings) -> frozenset[str]:
    """The rules somebody overrode for exactly this content and moment."""
    if not around.overrides:
        return frozenset()
    digest = content_digest(post, asset, channel)
    return frozenset(code for code, said_of in around.overrides if said_of == digest)


def _said(post: Post, asset: Asset, channel: Channel) -> Iterator[tuple[str, str]]:
    """(field, words) of everything that leaves, a link's card and the names of the chosen files too: some platforms show them."""
    yield "text", leaving_text(post, channel)
    yield "title", leaving_title(post, asset)
    yield "link", leaving_link(post)
    if post.link:
        yield "link", asset.summary or ""
    yield "first_comment", leaving_comment(post, channel)
    yield from (("tags", f"#{tag}") for tag in post.tags or [])
    if post.media:
        yield from (("media", str(item.get("alt_text") or "")) for item in post.media)
        yield from (("media", words) for file, alt in leaving_files(post, asset) for words in (alt, file.name))


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
    there = tuple(one.post_id for one in around.neighbours if one.asset_id == asset.id and one.state is not PostState.CANCELLED) if asset.sensitive else ()
    if there:
        yield Finding(
            "blocking",
            "sensitive",
            N_("A sensitive announcement goes out once a channel, and this channel has its post already."),
            {},
            "channel",
            post_ids=there,
        )


def _beside(asset: Asset, campaign: Campaign | None, listed: Listed) -> Iterator[Finding]:
    """Something else in the campaign of a sensitive announcement."""
    if campaign is not None and is_listed(campaign.template) and (not asset.sensitive or (listed.assets is not None and asset.id not in listed.assets)):
        sentence = N_("The campaign “%(name)s” is for one sensitive announcement and nothing else. Plan this outside of it.")
        yield Finding("blocking", "nothing_else", sentence, {"name": campaign.name}, "campaign_id")


def _unlisted(asset: Asset, channel: Channel, listed: Listed) -> Iterator[Finding]:
    """A sensitive announcement on a channel that nobody listed for it."""
    if asset.sensitive and listed.channels is not None and channel.id not in listed.channels:
        sentence = N_("“%(channel)s” is not among the channels listed for this sensitive announcement. Leave it out, or list it on the page of the announcement's campaign.")
        yield Finding("blocking", "unlisted", sentence, {"channel": channel.name}, "channel")


def _answers(asset: Asset, channel: Channel) -> Iterator[Finding]:
    if asset.sensitive and channel.platform not in _WITHOUT_ANSWERS:
        sentence = N_("The planner cannot close the comments on “%(channel)s”, and nobody should answer a sensitive announcement: close them there by hand as soon as it is out.")
        yield Finding("warning", "answers", sentence, {"channel": channel.name}, "channel")


def _retired(asset: Asset) -> Iterator[Finding]:
    if asset.state is AssetState.RETIRED:
        yield Finding("blocking", "retired", N_("“%(title)s” is retired. Bring it back before planning it."), {"title": asset.title})


def _called_off(campaign: Campaign | None) -> Iterator[Finding]:
    if campaign is not None and campaign.standing is Standing.CANCELLED:
        params = {"name": campaign.name, "reason": campaign.standing_reason}
        yield Finding("blocking", "called_off", N_("The campaign “%(name)s” is cancelled: %(reason)s"), params, "campaign_id")


def _postponed(campaign: Campaign | None) -> Iterator[Finding]:
    if campaign is not None and campaign.standing is Standing.POSTPONED:
        params = {"name": campaign.name, "reason": campaign.standing_reason}
        yield Finding("warning", "postponed", N_("The campaign “%(name)s” is postponed, so this is held at its time: %(reason)s"), params, "campaign_id")


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
