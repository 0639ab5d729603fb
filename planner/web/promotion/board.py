"""The board: the videos that wait for a decision, each with its forecast and the desk's verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from planner.ledger import jobs
from planner.promotion import exporting, queries
from planner.promotion.choices import Choice
from planner.promotion.queries import SORTS, VIEWS, BoardFilters
from planner.web import keeping_views
from planner.web.access import needs
from planner.web.definitions import definitions
from planner.web.handed_out import as_it_is_read
from planner.web.promotion.drawing import draw, scatter
from planner.web.promotion.views import SCREEN, address_of, question_of
from planner.web.session import committing

__all__ = ["board", "forecasts", "next_one", "quadrant", "refresh", "tabs"]

#: More dots than this cannot be told apart.
_DOTS = 200
#: Above this share of the channel's others a video is liked, or seen.
_HALF = 0.5

_TABS = (
    ("promotion.board", _l("Board"), "list-checks"),
    ("promotion.scores", _l("How right it was"), "target"),
    ("promotion.idea", _l("Make it or not"), "lightbulb"),
    ("promotion.settings", _l("Settings"), "settings"),
)


def tabs() -> dict[str, Any]:
    """What every page of the desk gets."""
    return {"promotion_tabs": _TABS, "words": definitions()}


@needs("read")
def board() -> ResponseReturnValue:
    asked = _filters()
    found = queries.board(g.db, asked, viewer=g.user, now=g.now)
    channels = queries.channels(g.db)
    pictures = {row.standing.asset_id: draw(row.standing.seen, [[row.standing.fan]] if row.standing.fan else [], width=112, height=36) for row in found.rows}
    return render_template(
        "promotion/board.html", board=found, asked=asked, channels=channels, pictures=pictures, views=VIEWS, sorts=tuple(SORTS), choices=list(Choice),
        pages=-(-found.total // queries.PAGE), **_saved(),
    )  # fmt: skip


@needs("read")
def quadrant() -> ResponseReturnValue:
    """The same videos by how much they are liked and how much they are seen."""
    asked = replace(_filters(), page=1, most=_DOTS)
    found = queries.board(g.db, asked, viewer=g.user, now=g.now)
    placed = [row for row in found.rows if row.standing.interest is not None and row.standing.exposure is not None]
    return render_template(
        "promotion/quadrant.html", board=found, asked=asked, channels=queries.channels(g.db), views=VIEWS, choices=list(Choice), quarters=_quarters(placed),
        dots=scatter([(row.standing.exposure or 0.0, row.standing.interest or 0.0) for row in placed], width=680, height=440), placed=placed,
        untold=[row for row in found.rows if row not in placed], **_saved(quadrant=True),
    )  # fmt: skip


@needs("read")
def forecasts() -> ResponseReturnValue:
    """What the board's little drawings are made of, of every video that the address asks for."""
    return as_it_is_read(exporting.points(g.db, _filters(), viewer=g.user, now=g.now), f"forecasts-{g.now.date()}.csv")


@needs("promotion.decide")
def next_one() -> ResponseReturnValue:
    """Straight to the next video that waits; to the board when none does."""
    after = request.args.get("after", type=int)
    number = queries.next_to_decide(g.db, viewer=g.user, now=g.now, after=after if after and 0 < after < 2**63 else None)
    return redirect(url_for(".board") if number is None else url_for(".show", video_id=number) + "#decision")


@needs("promotion.record")
def refresh() -> ResponseReturnValue:
    """Work the board out now, as background work."""
    with committing(g.db):
        job = jobs.enqueue(g.db, "promotion.refresh", {}, actor=g.user, now=g.now)
    return redirect(url_for("jobs.show", job_id=job.id))


def _saved(*, quadrant: bool = False) -> dict[str, Any]:
    """The saved views and the form that makes one of what is on the screen."""
    return keeping_views.shown(SCREEN, question_of(request.args, quadrant=quadrant), address_of)


def _quarters(rows: Sequence[queries.BoardRow]) -> dict[str, list[queries.BoardRow]]:
    """The videos by quarter: liked or not, seen or not; those liked most first."""
    found: dict[str, list[queries.BoardRow]] = {"liked_seen": [], "liked_unseen": [], "unliked_seen": [], "neither": []}
    names = {(True, True): "liked_seen", (True, False): "liked_unseen", (False, True): "unliked_seen", (False, False): "neither"}
    for row in sorted(rows, key=lambda one: -(one.standing.interest or 0.0)):
        found[names[(row.standing.interest or 0.0) > _HALF, (row.standing.exposure or 0.0) > _HALF]].append(row)
    return found


def _filters() -> BoardFilters:
    """What the address asks for; nonsense is ignored."""
    args = request.args
    view = args.get("view", "open")
    verdict = args.get("verdict", "")
    sort = args.get("sort", "verdict")
    channel, page = args.get("channel", type=int), args.get("page", 1, type=int)
    return BoardFilters(
        view=view if view in VIEWS else "open", choice=Choice(verdict) if verdict in list(Choice) else None,
        channel_id=channel if channel and 0 < channel < 2**63 else None, sort=sort if sort in SORTS else "verdict", page=min(max(page, 1), 1000),
    )  # fmt: skip
