"""Two people on one thing: what differs between the version somebody saved meanwhile and what was typed here, so that neither is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask_babel import format_date

from planner.core.errors import PlannerError
from planner.core.i18n import N_
from planner.planning.differences import Difference, differences, snapshot, words_changed
from planner.planning.models import Campaign, Post

__all__ = ["of_campaign", "of_post"]


def of_post(post: Post, form: Any) -> list[Difference]:
    """From theirs (the post as it is) to ours (what the form holds)."""
    theirs = snapshot(post)
    ours = theirs | {
        "text": (form.text.data or "").replace("\r\n", "\n").strip(),
        "title": (form.title.data or "").strip() or post.asset.title,
        "link": (form.link.data or "").strip(),
        "first_comment": (form.first_comment.data or "").replace("\r\n", "\n").strip(),
        "tags": ", ".join(filter(None, (tag.strip().lstrip("#") for tag in (form.tags.data or "").split(",")))),
    }
    try:
        moment = form.moment()
    except PlannerError:
        moment = None
    if moment is not None:
        ours["publish_at"] = moment.isoformat()
        theirs["publish_at"] = post.publish_at.astimezone(moment.tzinfo).isoformat() if post.publish_at else None
    return differences(theirs, ours)


def of_campaign(campaign: Campaign, form: Any) -> list[Difference]:
    """The same of a campaign's form."""
    shown: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
        ("name", N_("Name"), _text), ("summary", N_("What it is about"), _text), ("starts_on", N_("Starts on"), _day), ("ends_on", N_("Ends on"), _day),
        ("embargo_until", N_("Embargo"), _as_it_is),
    )  # fmt: skip
    found = []
    for name, label, say in shown:
        theirs, ours = say(getattr(campaign, name)), say(form[name].data)
        if theirs != ours:
            pieces = words_changed(theirs, ours) if say is _text else ()
            found.append(Difference("publish_at" if say is _as_it_is else name, label, theirs, ours, pieces))
    return found


def _text(value: str | None) -> str:
    return (value or "").replace("\r\n", "\n").strip()


def _day(value: date | None) -> str:
    return format_date(value, "medium") if value else ""


def _as_it_is(value: datetime | None) -> datetime | None:
    return value
