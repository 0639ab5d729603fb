"""Performance: posts beside what is ordinary for their channel, what channels gained in a month, and who follows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from babel.dates import get_day_names
from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal, format_timedelta, get_locale, lazy_pgettext
from flask_babel import lazy_gettext as _l

from planner.catalog.models import AssetKind
from planner.channels import queries as channels
from planner.channels.models import Channel
from planner.channels.queries import ChannelHealth
from planner.insights import exporting, queries
from planner.insights.best_times import LEAST, LEAST_THERE
from planner.insights.budget import MEASURES
from planner.insights.costs import MOST, costs
from planner.insights.gains import gains
from planner.insights.ranking import MIN_PEERS, SEEN, RankedPost, rank
from planner.insights.trend import QUARTER, ChannelMonth, months
from planner.insights.week import STEPS, week
from planner.planning.variants import DIFFERENCES
from planner.web import keeping_views, performance_views
from planner.web.access import needs
from planner.web.cost_field import field_of
from planner.web.definitions import definitions, regimes
from planner.web.handed_out import as_it_is_read
from planner.web.languages import translate
from planner.web.linkedin_names import name_of

__all__ = ["around", "audience", "export", "index", "times_of_week", "totals", "what_views_cost"]

#: Ages at which posts may be compared; the empty one is "as last read".
AGES = ("", "1", "7", "30", "90")
METRICS = (SEEN, "engagements", "likes", "comments", "shares", "clicks")
#: How the ranking is ordered: a name -> the key; as it comes it is by the ratio, the best first.
_ORDERS: dict[str, Callable[[RankedPost], Any]] = {
    "best": lambda post: (post.ratio is None, -(post.ratio or 0), -post.value, post.post_id),
    "worst": lambda post: (post.ratio is None, post.ratio or 0, post.value, post.post_id),
    "most": lambda post: (-post.value, post.post_id),
    "newest": lambda post: (-post.published_at.timestamp(), post.post_id),
}
#: How far back a month looks, in days.
MONTH = 30
_SHOWN = 100
_TABS = (
    ("performance.index", _l("Ranking"), "list"),
    ("performance.times_of_week", _l("Hours of the week"), "clock-3"),
    ("performance.what_views_cost", _l("Cost"), "coins"),
    ("performance.totals", _l("Channels"), "chart-line"),
    ("performance.audience", lazy_pgettext("followers", "Audience"), "users"),
    ("readings.readings", _l("Readings"), "refresh-cw"),
)

#: In which words a platform's slices of an audience are shown; others by the platform's own name.
DIMENSIONS = {
    "seniority": _l("Seniority"),
    "function": _l("Function"),
    "industry": _l("Industry"),
    "country": _l("Country"),
    "visits_seniority": _l("Page views by visitors' seniority"),
    "visits_function": _l("Page views by visitors' function"),
    "visits_industry": _l("Page views by visitors' industry"),
    "visits_country": _l("Page views by visitors' country"),
    "country_views": _l("Country, by views"),
    "region": _l("Region"),
    "staff_count": _l("Size of company"),
    "age": _l("Age"),
    "gender": _l("Gender"),
}


@dataclass(frozen=True, slots=True)
class Lines:
    """A chart's table: a row a day, a column a channel (name, colour); None is a gap."""

    columns: Sequence[tuple[str, int]]
    rows: Sequence[tuple[date, Sequence[int | None]]]


def variant_difference(name: str) -> str:
    """In what two variants differ, in the reader's words."""
    return translate(DIFFERENCES[name])


def timespan(span: timedelta) -> str:
    """How old, in the reader's words: “7 days”."""
    return str(format_timedelta(span, threshold=1.4))


def times(ratio: float) -> str:
    """How many times: “×1.8”, and without a fraction from ten on."""
    return f"×{format_decimal(ratio, '#,##0' if ratio >= 9.95 else '#,##0.0')}"


def whole(value: float) -> str:
    return str(format_decimal(round(value)))


def slice_name(code: str) -> str:
    """A platform's code for a part of an audience, as a reader knows it: a country's name, a size of company as a span."""
    if size := re.fullmatch(r"SIZE_(\d+)(?:_TO_(\d+)|_OR_MORE)?", code):
        least, most = size[1], size[2]
        return f"{_grouped(least)}–{_grouped(most)}" if most else _grouped(least) + ("+" if code.endswith("_OR_MORE") else "")
    if (name := name_of(code)) is not None:
        return name
    locale = get_locale()
    return str(locale.territories.get(code, code)) if locale and re.fullmatch(r"[A-Z]{2}", code) else code


def _grouped(digits: str) -> str:
    return str(format_decimal(int(digits)))


def around() -> dict[str, Any]:
    """What every page of the family shows: its tabs, and each count in words."""
    return {"performance_tabs": _TABS, "words": definitions(), "regimes": regimes(), "one_day": timedelta(days=1)}


@needs("read")
def index() -> ResponseReturnValue:
    """What did better or worse than is usual there."""
    asked = {
        "metric": _one_of(METRICS, "metric", SEEN),
        "age": _one_of(AGES, "age", ""),
        "order": _one_of(tuple(_ORDERS), "order", "best"),
        "kind": _one_of(("", *AssetKind), "kind", ""),
    }
    known = channels.overview(g.db)
    channel = next((one for one in known if str(one.id) == request.args.get("channel")), None)
    ranking = rank(
        g.db, metric=asked["metric"], age_days=int(asked["age"]) if asked["age"] else None,
        channel_id=channel.id if channel else None, viewer=g.user,
    )  # fmt: skip
    posts = [post for post in ranking.posts if asked["kind"] in ("", post.kind)]
    if asked["order"] != "best":
        posts.sort(key=_ORDERS[asked["order"]])
    best = queries.top_assets(g.db, metric="engagements", days=MONTH, now=g.now, viewer=g.user, limit=10)
    return render_template(
        "performance/index.html", asked=asked, channels=known, channel=channel, posts=posts[:_SHOWN], more=len(posts) - _SHOWN,
        cut=ranking.cut, ages=AGES, metrics=METRICS, kinds=list(AssetKind), best=best, least=MIN_PEERS, days=MONTH,
        **keeping_views.shown(performance_views.SCREEN, performance_views.question_of(request.args), performance_views.address_of),
    )  # fmt: skip


@needs("read")
def export() -> ResponseReturnValue:
    """Every live post with its newest counts, of all channels or the one that the address names; `of=readings`: every reading."""
    every = request.args.get("of") == "readings"
    channel = request.args.get("channel", type=int)
    rows = exporting.table(g.db, every_reading=every, channel_id=channel if channel and 0 < channel < 2**63 else None, viewer=g.user)
    return as_it_is_read(rows, f"{'readings' if every else 'posts'}-{g.now.date()}.csv")


@needs("read")
def times_of_week() -> ResponseReturnValue:
    """At which hours of its week a channel's posts did better than its others: each hour with the number of posts behind it."""
    known = [one for one in channels.overview(g.db) if one.platform in MEASURES]
    shown = next((one for one in known if str(one.id) == request.args.get("channel")), known[0] if known else None)
    channel = g.db.get(Channel, shown.id) if shown else None
    return render_template(
        "performance/times.html", channels=known, channel=shown, week=week(g.db, channel, now=g.now) if channel else None, least=LEAST, least_there=LEAST_THERE, steps=STEPS,
        day_names=get_day_names("wide", "stand-alone", locale=get_locale() or "en"), short_names=get_day_names("abbreviated", "stand-alone", locale=get_locale() or "en"),
    )  # fmt: skip


@needs("read")
def what_views_cost() -> ResponseReturnValue:
    """What assets cost against how often people in target saw them."""
    found = costs(g.db, viewer=g.user, currency=request.args.get("currency"))
    return render_template("performance/costs.html", found=found, field=field_of([(float(one.cost), one.qualified or 1) for one in found.placed]) if found and found.placed else None, most=MOST)


@needs("read")
def totals() -> ResponseReturnValue:
    """What each channel has, and what it gained in the last month."""
    found = months(g.db, days=MONTH, now=g.now)
    told = [one for one in found if one.day is not None]
    lines = _daily([one for one in told if any(value is not None for _day, value in one.seen_by_day)])
    return render_template("performance/totals.html", months=told, silent=[one.name for one in found if one.day is None], lines=lines, days=MONTH)


@needs("read")
def audience() -> ResponseReturnValue:
    """Who follows us, as the platforms told it last."""
    known = channels.overview(g.db)
    since = g.now.date() - timedelta(days=QUARTER)
    return render_template(
        "performance/audience.html", channels=known, audiences=channels.audience(g.db), dimensions=DIMENSIONS, gained=gains(g.db, since),
        lines=_followers(known, channels.followers_by_day(g.db, since)), days=QUARTER,
    )  # fmt: skip


def _daily(found: Sequence[ChannelMonth]) -> Lines:
    """Every channel has the same days."""
    rows = [(days[0][0], [value for _day, value in days]) for days in zip(*(one.seen_by_day for one in found), strict=True)]
    return Lines([(one.name, one.colour) for one in found], rows)


def _followers(known: Iterable[ChannelHealth], told: Mapping[int, Mapping[date, int]]) -> Lines:
    """From the first day that any channel told to the last, each day once."""
    shown = [one for one in known if told.get(one.id)]
    days = sorted({day for one in shown for day in told[one.id]})
    return Lines([(one.name, one.colour) for one in shown], [(day, [told[one.id].get(day) for one in shown]) for day in days])


def _one_of(choices: Sequence[str], name: str, default: str) -> str:
    value = request.args.get(name, default)
    return value if value in choices else default
