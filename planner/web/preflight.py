"""What the channels would say to a post while it is being written: the rules' findings, the true length, the cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from flask import g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from planner.accounts.rules import may, require
from planner.catalog.models import Asset
from planner.channels.limits import held_at
from planner.channels.models import Channel
from planner.channels.port import Limits, Platform
from planner.core.errors import NotFound, PlannerError
from planner.planning import marks, queries, rules, states
from planner.planning.base_texts import WORDS
from planner.planning.costs import Prices, cost_of
from planner.planning.findings import Finding
from planner.planning.limits import length_of
from planner.planning.models import Campaign, Post, PostState, RuleSetting
from planner.planning.surroundings import all_settings
from planner.planning.values import PostValues, checked
from planner.web.access import needs
from planner.web.forms.planning import ComposeForm, PostForm, WordsForm
from planner.web.looks import Look, look_of
from planner.web.named_posts import named_in
from planner.web.people import wires
from planner.web.session import only_reads, runtime
from planner.web.writing import typed

__all__ = ["Check", "check_of", "checks_of", "is_pretend", "limits_of", "edit", "new", "own_words", "prices", "values_of"]

#: A draft may be saved without these, and their fields show that they are empty.
_NOT_YET = frozenset({"no_text", "no_moment"})


@dataclass(frozen=True, slots=True)
class Check:
    """What one channel says. length, limit -- in its own unit, limit None: none known; cost -- US dollars, None: nothing is charged."""

    channel: Channel
    findings: Sequence[Finding]
    length: int | None = None
    limit: int | None = None
    cost: Decimal | None = None
    pretend: bool = False
    #: The address that leaves, where it is not the one that was typed. short -- one of ours goes in its place.
    link: str = ""
    typed: str = ""
    short: bool = False
    look: Look | None = None
    #: The words are this channel's own, not those for all.
    own: bool = False
    #: A draft may be kept without a time, and that is all it may.
    timeless: bool = False
    #: What each platform gets for the people mentioned, by number.
    wires: dict[str, Any] = field(default_factory=dict)
    #: Number -> title of the other posts that the findings speak of, where the reader may open them.
    named: dict[int, str] = field(default_factory=dict)


@needs("post.create")
@only_reads
def new() -> ResponseReturnValue:
    """The fragment of the page of a new post."""
    form = ComposeForm()
    number = form.asset_id.data
    asset = g.db.get(Asset, number) if number is not None and 0 < number <= queries.LAST_ID else None
    if asset is not None and not may(g.user, "read", asset):
        raise NotFound()
    channels = list(g.db.scalars(select(Channel).order_by(Channel.name)))
    return render_template("planning/_preflight.html", checks=checks_of(form, asset, channels))


@needs("read")
@only_reads
def edit(post_id: int) -> ResponseReturnValue:
    """The fragment of the page of a post that is changed."""
    post = queries.post(g.db, post_id, viewer=g.user)
    require(g.user, "post.edit", post)
    states.require(post, "revise")
    return render_template("planning/_preflight.html", checks=[check_of(PostForm(), post)])


def checks_of(form: ComposeForm, asset: Asset | None, channels: Sequence[Channel]) -> list[Check]:
    """What each chosen channel says to what is typed; empty as long as no asset is chosen."""
    wanted = [one for one in channels if one.id in (form.channels.data or ())]
    if asset is None or not wanted:
        return []
    settings = all_settings(g.db)
    checks = [_check(form, asset, channel, own_words(channel), settings) for channel in wanted]
    named = named_in(said for one in checks for said in one.findings)
    return [replace(one, named=named) for one in checks]


def check_of(form: PostForm, post: Post) -> Check:
    """What the channel of a post says to what is typed in its place."""
    check = _check(form, post.asset, post.channel, {}, all_settings(g.db), post)
    return replace(check, named=named_in(check.findings))


def values_of(form: WordsForm, post: Post | None = None) -> dict[str, Any]:
    """What was typed, as PostValues names it; a description of a picture that the page did not ask for stays. Raises Invalid."""
    kept = {item.get("file_id"): str(item.get("alt_text") or "") for item in (post.media or [] if post else [])}
    return {
        "text": form.text.data or "",
        "title": form.title.data or "",
        "link": form.link.data or "",
        "first_comment": form.first_comment.data or "",
        "tags": form.tag_list(),
        "media": [
            {"file_id": number, "alt_text": typed().get(f"alt-{number}", kept.get(number, ""))} for number in form.media.data or []
        ],
        "playlist": form.playlist.data or "",
        "marks": form.marks(),
        "publish_at": form.moment(),
        "time_zone": form.time_zone.data,
        "campaign_id": form.campaign_id.data,
    }


def own_words(channel: Channel) -> dict[str, str]:
    """The words typed for this channel alone, by name, where there are any and they differ from those for all."""
    given = typed()
    own = {name: given.get(f"{name}-{channel.id}", "").strip() for name in WORDS}
    return {name: text for name, text in own.items() if text and text != given.get(name, "").strip()}


def limits_of(platform: Platform) -> Limits:
    """What the platform takes, as its adapter says."""
    limits: Limits = runtime().registry.limits(platform)
    return limits


def prices() -> Prices:
    """What X charges, from the settings."""
    settings = runtime().settings
    return Prices.told(settings.x_price_post, settings.x_price_link)


def is_pretend(platform: Platform) -> bool:
    """Whether posts to X go to the sandbox, which charges no one."""
    settings = runtime().settings
    return platform is Platform.X and settings.sandbox != "off" and not settings.x_api_url


def _check(
    form: WordsForm, asset: Asset, channel: Channel, own: dict[str, str], settings: Sequence[RuleSetting], was: Post | None = None
) -> Check:
    try:
        columns = checked(PostValues(**(values_of(form, was) | own)), zone=channel.time_zone)
    except PlannerError as error:
        return Check(channel, [Finding("blocking", "malformed", error.message, error.params, error.field or "")])
    campaign = g.db.get(Campaign, columns["campaign_id"]) if columns["campaign_id"] else None
    columns["marks"] = marks.settled(columns["marks"], before=was.marks if was else None, wanted=False, platform=channel.platform, campaign=campaign)
    # Never added to the session: the rules judge it, and it is gone.
    post = Post(id=was.id if was else None, asset_id=asset.id, channel_id=channel.id, state=was.state if was else PostState.DRAFT, **columns)
    limits = held_at(channel.platform, limits_of(channel.platform), channel.config or {})
    return Check(
        channel,
        list(_said(post, asset, channel, limits, settings, is_new=was is None)),
        length_of(post, asset, channel),
        limits.text,
        cost_of(post, channel, prices()),
        is_pretend(channel.platform),
        link if (link := marks.leaving_link(post)) != post.link else "",
        post.link,
        bool(post.link) and marks.shortens_links(channel.config),
        look_of(post, asset, channel, runtime().settings.base_url),
        bool(own),
        post.publish_at is None,
        wires(post.text),
    )


def _said(post: Post, asset: Asset, channel: Channel, limits: Limits, settings: Sequence[RuleSetting], *, is_new: bool) -> Iterator[Finding]:
    campaign = g.db.get(Campaign, post.campaign_id) if post.campaign_id else None
    for one in rules.findings(post, asset, campaign, channel, limits, g.now, queries.surroundings(g.db, post, settings=settings)):
        if not (is_new and one.code in _NOT_YET):
            yield one
