"""One asset: what it is, where it is planned, what it did everywhere, its files and its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import flash, g, redirect, render_template, request, send_from_directory, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from planner.accounts.rules import require
from planner.catalog import media, queries, service
from planner.catalog.models import Asset, AssetFile, AssetState
from planner.catalog.rules import lags
from planner.channels.port import MediaKind, Platform
from planner.core.errors import NotFound, PlannerError
from planner.insights import queries as insights
from planner.insights.budget import MEASURES
from planner.insights.noticing import bursts_of
from planner.insights.queries import AssetPerformance
from planner.insights.rules import SHORTS_BREAK, is_short
from planner.insights.sources import NETWORKS, Source
from planner.insights.standing import as_told_last, kept
from planner.insights.traffic import AssetTraffic, asset_traffic
from planner.insights.watched import untold, watched
from planner.planning import queries as planning
from planner.planning.models import PostState
from planner.web.access import needs, takes_files
from planner.web.catalog import language_names
from planner.web.cropping import focuses, shapes
from planner.web.definitions import definitions, regimes
from planner.web.filters import at_least
from planner.web.filters import day as day_shown
from planner.web.forms.catalog import FileForm, UploadForm
from planner.web.histories import past_of
from planner.web.labels import label
from planner.web.mentions import mentions_shown
from planner.web.session import committing, runtime
from planner.web.watched_days import watched_days
from planner.web.watched_words import watched_words

__all__ = ["file", "show", "upload"]

#: The tiles, in this order.
TILES = ("views", "impressions", "reach", "engagements", "clicks", "likes", "comments", "shares")


#: Days of visits drawn.
_MOST_DAYS = timedelta(days=400)
#: So many channels are named beside a total.
_MOST_NAMES = 5
#: So many live posts are listed, the newest; the totals are of all.
_MOST_POSTS = 50
#: A chart's table holds so many counts at most, of the newest days: on many channels fewer days.
_MOST_COUNTS = 1500


@dataclass(frozen=True, slots=True)
class Table:
    """A chart's table: one row a day, one column a channel; None is a gap. Where a platform began to count in another way, a row of its own
    has None in that platform's columns, so that no line goes through the break."""

    metric: str
    columns: Sequence[tuple[str, int]]
    #: The text is what changed on that day in the way of counting, on a row that is such a break; empty on days.
    rows: Sequence[tuple[date, Sequence[int | None], str]]


@dataclass(frozen=True, slots=True)
class VisitDays:
    """The table of visits: one row a day, one column a source, the networks together; None is a day that nobody told."""

    columns: Sequence[str]
    rows: Sequence[tuple[date, Sequence[int | None]]]


@needs("read")
def show(asset_id: int) -> ResponseReturnValue:
    return _page(queries.asset(g.db, asset_id, viewer=g.user), UploadForm(formdata=None))


@needs("asset.edit")
@takes_files
def upload(asset_id: int) -> ResponseReturnValue:
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    require(g.user, "asset.edit", asset)
    form = UploadForm()
    if form.validate():
        given = request.files.get("file")
        settings = runtime().settings
        folder = settings.data_path / "files"
        try:
            if given is None:
                raise NotFound()
            stored = media.store(given.stream, given.filename or "", folder, most_bytes=settings.max_upload_mb * 1_000_000)
            try:
                with committing(g.db):
                    service.add_file(g.db, asset, stored, language=form.language.data or "", actor=g.user, now=g.now)
            except BaseException:
                (folder / stored.stored_name).unlink(missing_ok=True)
                raise
        except PlannerError as error:
            form.refuse(error, "file")
        else:
            flash(_("“%(name)s” is kept with the asset.", name=stored.name), "success")
            return redirect(url_for(".show", asset_id=asset_id, _anchor="files"))
    return _page(asset, form, 422)


@needs("asset.edit")
def describe_file(asset_id: int, file_id: int) -> ResponseReturnValue:
    """What a file shows, and until when it may be used."""
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    found = _file(asset, file_id)
    form = _file_form(found.id)
    if form.validate():
        try:
            with committing(g.db):
                service.describe_file(
                    g.db, asset, found, alt_text=form.alt_text.data or "", rights_until=form.rights_until.data, actor=g.user, now=g.now
                )
        except PlannerError as error:
            form.refuse(error)
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".show", asset_id=asset_id, _anchor="files"))
    return _page(asset, UploadForm(formdata=None), 422, described=(found.id, form))


@needs("read")
def file(asset_id: int, file_id: int) -> ResponseReturnValue:
    """A file's content: pictures to be shown, anything else to be saved; never interpreted."""
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    found = _file(asset, file_id)
    inline = found.kind in (MediaKind.IMAGE, MediaKind.GIF)
    response = send_from_directory(
        runtime().settings.data_path / "files", found.stored_name, mimetype=found.mime, as_attachment=not inline, download_name=found.name
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.cache_control.private = True  # What is under embargo lies in no cache that others read from.
    return response


def _file(asset: Asset, file_id: int) -> AssetFile:
    """A file of this very asset. Raises NotFound."""
    found: AssetFile | None = g.db.get(AssetFile, file_id)
    if found is None or found.asset_id != asset.id:
        raise NotFound()
    return found


def _file_form(file_id: int, **filled: Any) -> FileForm:
    """The form of one file among several on the page."""
    return FileForm(prefix=f"file-{file_id}-", **filled)


def _page(asset: Asset, form: UploadForm, status: int = 200, *, described: tuple[int, FileForm] | None = None) -> ResponseReturnValue:
    """The asset's page. described -- a file's form that was refused."""
    performance = insights.asset_performance(g.db, asset.id)
    last = kept(g.db, performance)
    performance = as_told_last(performance, last)
    posts = planning.posts_of(g.db, asset_id=asset.id, viewer=g.user)
    traffic = asset_traffic(g.db, asset, zone=runtime().settings.time_zone)
    videos, shorts = watched(g.db, asset.id), {post.post_id for post in performance.posts if is_short(post.url)}
    live = sum(post.taken_down_at is None for post in performance.posts)
    files, languages = queries.files_of(g.db, asset.id), language_names()
    form.offer(languages)
    page = render_template(
        "assets/show.html",
        asset=asset,
        live_state=AssetState.LIVE,
        live=live if lags(asset.state, live_posts=live) else 0,
        planned=[post for post in posts if post.state is not PostState.PUBLISHED],
        colours={post.channel_id: post.colour for post in posts},
        performance=performance,
        listed=performance.posts[-_MOST_POSTS:],
        tables=[table for metric in ("views", "impressions", "engagements") if (table := _table(performance, metric))],
        tiles=TILES,
        notes={name: _note(performance, name, last if name == "clicks" else {}) for name in TILES},
        clicks_at=_clicks_at(performance, last),
        traffic=traffic,
        network_parts=[f"{label(one.source)} {at_least(one.share)}" for one in traffic.networks],
        visit_days=_visit_days(traffic),
        watched=videos,
        watched_days={one.post_id: watched_days(one, short=one.post_id in shorts) for one in videos},
        untold=untold(g.db, asset.id, now=g.now) if any(post.platform is Platform.YOUTUBE for post in performance.posts) else [],
        bursts=bursts_of(g.db, asset.id),
        mentions=mentions_shown(asset.id),
        watched_words=watched_words(),
        definitions=definitions(),
        regimes=regimes(),
        read_at=max((post.read_at for post in performance.posts if post.read_at), default=None),
        files=files,
        file_forms={one.id: _file_form(one.id, formdata=None, obj=one) for one in files} | (dict([described]) if described else {}),
        shapes=shapes(),
        focuses=focuses(),
        refused_file=described[0] if described else None,
        picture=next((one for one in files if one.kind in (MediaKind.IMAGE, MediaKind.GIF)), None),
        accepted=",".join(f".{one}" for one in media.ACCEPTED),
        history=past_of(asset),
        languages=languages,
        states=[one for one in AssetState if one not in (asset.state, AssetState.RETIRED)],
        form=form,
        most_mb=runtime().settings.max_upload_mb,
    )
    return page, status


def _clicks_at(performance: AssetPerformance, last: Mapping[int, tuple[datetime, int]]) -> datetime | None:
    """When the newest part of the clicks was read."""
    moments = [last[post.post_id][0] if post.post_id in last else post.read_at for post in performance.posts if post.counts and post.counts["clicks"] is not None]
    return max((one for one in moments if one), default=None)


def _note(performance: AssetPerformance, name: str, last: Mapping[int, tuple[datetime, int]]) -> str:
    """What has to be said beside a total: that it adds what is counted differently, who told nothing of those who tell numbers at all, and what is
    kept from before. last -- post -> when it was told last, and what, of those that tell it no more."""
    if performance.totals[name] is None:
        return ""
    tell = {post.channel_name for post in performance.posts if post.platform in MEASURES}
    mixed, silent = performance.mixed.get(name, ()), [one for one in performance.silent[name] if one in tell]
    said = [_("Mixed definitions: %(names)s", names=", ".join(label(one) for one in mixed))] if mixed else []
    said += [_("Not told by: %(names)s", names=_few(silent))] if silent else []
    if last:
        names = sorted({post.channel_name for post in performance.posts if post.post_id in last})
        said.append(_("%(names)s: kept as last told, the oldest from %(when)s", names=_few(names), when=day_shown(min(at for at, _count in last.values()))))
    return ". ".join(said)


def _few(names: Sequence[str]) -> str:
    """The first of these names, and how many more there are."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (" " + ngettext("and one more", "and %(num)d more", more) if more > 0 else "")


def _visit_days(traffic: AssetTraffic) -> VisitDays:
    """The newest months by day, with the days in between that nobody told."""
    groups = [(_("Networks"), NETWORKS), *((label(one), (one,)) for one in Source if one not in NETWORKS)]
    came = {one.source for one in traffic.sources if one.visits}
    shown = [(name, sources) for name, sources in groups if came & set(sources)]
    if not traffic.days or not shown:
        return VisitDays([], [])
    told = dict(traffic.days)
    last = traffic.days[-1][0]
    first = max(traffic.days[0][0], last - _MOST_DAYS)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return VisitDays(
        [name for name, _sources in shown],
        [(day, [sum(told[day].get(one, 0) for one in sources) if day in told else None for _name, sources in shown]) for day in days],
    )


def _table(performance: AssetPerformance, metric: str) -> Table | None:
    """Days by channels of one count; None when fewer than two days were told."""
    told = [one for one in performance.series if any(counts[metric] is not None for _day, counts in one.days)]
    by_channel = [{day: counts[metric] for day, counts in one.days} for one in told]
    days = sorted({day for column in by_channel for day in column})
    if len(days) < 2:
        return None
    days = days[-max(_MOST_COUNTS // len(told), 2) :]
    rows: list[tuple[date, Sequence[int | None], str]] = [(day, [column.get(day) for column in by_channel], "") for day in days]
    for start in {day for one in told for day in one.breaks if day >= days[0]} if metric == "views" else ():
        said = _("Shorts count each start") if start == SHORTS_BREAK else _("YouTube counts views from the first frame")
        rows.append((start, [None if start in one.breaks else column.get(start) for one, column in zip(told, by_channel, strict=True)], said))
    rows.sort(key=lambda row: (row[0], not row[2]))  # The break before what was told on its day.
    return Table(metric, [(one.channel_name, one.channel_id) for one in told], rows)
