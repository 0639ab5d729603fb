"""flask planner post: plan a message and take it through its steps."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from planner.catalog import queries as catalog
from planner.channels.port import Limits
from planner.cli import output
from planner.cli.channels import find_channel
from planner.cli.files import taking_in
from planner.cli.moments import day, when
from planner.cli.running import Run, acts
from planner.cli.variants import beside, shape_of
from planner.insights import variants
from planner.planning import queries, rules, service, together
from planner.planning.models import Post, PostState
from planner.planning.together import Doing
from planner.planning.values import PostValues
from planner.publishing.queries import delivery_of

__all__ = ["post"]

post = AppGroup("post", help="Messages on channels: add, submit, approve, move, cancel, list, show, compare variants.")

_NUMBER = click.IntRange(1, 2**63 - 1)
_COLUMNS = ("id", "state", "publish_at", "channel", "title")


@post.command("add")
@click.option("--asset", "asset_id", required=True, type=_NUMBER, help="Number of the asset it is about.")
@click.option("--channel", "channel_name", required=True, help="Number or name of the channel.")
@click.option("--text", required=True, help="The message (on YouTube: the description).")
@click.option("--at", required=True, help="“now”, a moment with its offset, or a wall time in --zone: 2026-03-24T09:30.")
@click.option("--zone", help="IANA name; the channel's when left out.")
@click.option("--title", default="", help="YouTube: the video's title. LinkedIn: the card's.")
@click.option("--link", default="", help="The page it leads to.")
@click.option("--tag", "tags", multiple=True, help="May be given several times.")
@click.option("--media", type=click.Path(exists=True, dir_okay=False, path_type=Path), multiple=True, help="File that goes with it.")
@acts()
def add(
    run: Run,
    asset_id: int,
    channel_name: str,
    text: str,
    at: str,
    zone: str | None,
    title: str,
    link: str,
    tags: tuple[str, ...],
    media: tuple[Path, ...],
) -> None:
    """Plan a draft."""
    asset = catalog.asset(run.db, asset_id, viewer=run.actor)
    channel = find_channel(run.db, channel_name)
    moment = when(at, run.now)
    with taking_in(run, asset, media) as numbers:
        files = [{"file_id": number, "alt_text": ""} for number in numbers]
        values = PostValues(text=text, title=title, link=link, tags=tags, media=files, time_zone=zone, **moment)
        made = service.plan(run.db, asset, channel, values, actor=run.actor, now=run.now)
        run.db.commit()
    run.show(_shape(made), f"Planned post {made.id} on {channel.name} for {output.cell(made.publish_at)}, {made.state}.")


@post.command("submit")
@click.argument("number", type=_NUMBER)
@acts()
def submit(run: Run, number: int) -> None:
    """Ask for approval."""
    found = queries.post(run.db, number, viewer=run.actor)
    service.submit(run.db, found, limits=_limits(run, found), four_eyes=run.runtime.settings.four_eyes, actor=run.actor, now=run.now)
    _tell(run, found)


@post.command("approve")
@click.argument("number", type=_NUMBER)
@click.option("--digest", help="Of the content you read (see “post show”); refused when it changed since.")
@click.option("--note", default="")
@acts()
def approve(run: Run, number: int, digest: str | None, note: str) -> None:
    """Approve its content and its moment."""
    found = queries.post(run.db, number, viewer=run.actor)
    service.approve(
        run.db, found, digest=digest, note=note, limits=_limits(run, found), four_eyes=run.runtime.settings.four_eyes,
        actor=run.actor, now=run.now,
    )  # fmt: skip
    _tell(run, found)


@post.command("move")
@click.argument("number", type=_NUMBER)
@click.option("--at", required=True, help="As for “post add”.")
@click.option("--zone", help="IANA name; the post's when left out.")
@acts()
def move(run: Run, number: int, at: str, zone: str | None) -> None:
    """Give it a new moment; an approved one may go back to review."""
    found = queries.post(run.db, number, viewer=run.actor)
    chosen = when(at, run.now)
    place = zone or found.time_zone or found.channel.time_zone
    to = chosen.get("publish_at") or rules.resolve_wall_time(datetime.fromisoformat(chosen["wall_time"]), place)
    service.move(
        run.db, found, to, zone=place, limits=_limits(run, found), four_eyes=run.runtime.settings.four_eyes, actor=run.actor, now=run.now
    )
    _tell(run, found)


@post.command("cancel")
@click.argument("number", type=_NUMBER)
@click.option("--reason", required=True, help="Why: it stays in the history.")
@acts()
def cancel(run: Run, number: int, reason: str) -> None:
    """Drop it, and say why; its history stays."""
    found = queries.post(run.db, number, viewer=run.actor)
    together.cancel(run.db, [found], reason, Doing(run.runtime.registry.limits, run.runtime.settings.four_eyes, run.actor, run.now))
    _tell(run, found)


@post.command("list")
@click.option("--from", "start", help="Day, YYYY-MM-DD (UTC); a week ago when left out.")
@click.option("--to", "end", help="Day, not included; four weeks ahead when left out.")
@click.option("--state", "states", type=click.Choice([state.value for state in PostState]), multiple=True)
@click.option("--channel", "channel_name", help="Number or name of the channel.")
@acts(writes=False)
def list_(run: Run, start: str | None, end: str | None, states: tuple[str, ...], channel_name: str | None) -> None:
    """List dated posts, earliest first; cancelled ones only when asked for."""
    run.may("read")
    channels = [find_channel(run.db, channel_name).id] if channel_name else []
    filters = queries.Filters(channels=channels, states=[PostState(state) for state in states])
    first, last = day(start, run.now, -7), day(end, run.now, 28)
    rows = [
        {
            "id": entry.post_id,
            "state": entry.state,
            "publish_at": entry.publish_at,
            "channel_id": entry.channel_id,
            "channel": entry.channel,
            "asset_id": entry.asset_id,
            "title": entry.title,
        }
        for entry in queries.calendar(run.db, first, last, viewer=run.actor, filters=filters)
        if not entry.masked
    ]
    run.table("posts", rows, _COLUMNS, "No posts.")


@post.command("show")
@click.argument("number", type=_NUMBER)
@acts(writes=False)
def show(run: Run, number: int) -> None:
    """Show one with its findings and its delivery."""
    found = queries.post(run.db, number, viewer=run.actor)
    run.may("read", found)
    around = queries.surroundings(run.db, found)
    said = rules.findings(found, found.asset, found.campaign, found.channel, _limits(run, found), run.now, around)
    shape = _shape(found) | {
        "findings": [{"level": one.level, "code": one.code, "detail": str(rules.as_error(one))} for one in said],
        "delivery": delivery_of(run.db, found.id),
    }
    human = output.facts({name: value for name, value in shape.items() if name not in ("findings", "delivery")})
    lines = [f"{'✗' if one['level'] == 'blocking' else '!'} {one['detail']}" for one in shape["findings"]]
    run.show(shape, "\n".join([human, *lines]))


@post.command("variants")
@click.argument("number", type=_NUMBER)
@acts(writes=False)
def variants_(run: Run, number: int) -> None:
    """Compare it with its live variants, all at one age."""
    run.may("read")
    found = variants.of_post(run.db, queries.post(run.db, number, viewer=run.actor))
    shape = {"post_id": number, "comparison": shape_of(found) if found else None}
    run.show(shape, beside(found) if found else "There is no other live variant of it.")


def _tell(run: Run, found: Post) -> None:
    run.db.flush()
    run.show(_shape(found), f"Post {found.id} is {found.state}, for {output.cell(found.publish_at)}.")


def _limits(run: Run, found: Post) -> Limits:
    limits: Limits = run.runtime.registry.limits(found.channel.platform)
    return limits


def _shape(found: Post) -> dict[str, Any]:
    return {
        "id": found.id,
        "state": found.state,
        "asset_id": found.asset_id,
        "asset": found.asset.title,
        "channel_id": found.channel_id,
        "channel": found.channel.name,
        "publish_at": found.publish_at,
        "time_zone": found.time_zone,
        "title": found.title,
        "text": found.text,
        "link": found.link,
        "tags": found.tags,
        "digest": rules.content_digest(found, found.asset, found.channel),
        "external_id": found.external_id,
        "external_url": found.external_url,
        "published_at": found.published_at,
        "version": found.version,
    }
