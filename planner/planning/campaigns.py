"""The verbs of a campaign: create and edit; its embargo is a gate for every post in it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import require
from planner.core.errors import Conflict, Invalid
from planner.core.i18n import N_
from planner.planning.models import Campaign
from planner.planning.values import CampaignValues

__all__ = ["CampaignValues", "campaign_names", "create_campaign", "edit_campaign"]

_MOST_SETS, _LONGEST_SET = 20, 200



def create_campaign(db: Session, values: CampaignValues, *, actor: User | None, now: datetime) -> Campaign:
    """A new campaign. Raises Invalid: no name, a name that is taken, an end before its start."""
    require(actor, "campaign.edit")
    columns = _checked(db, values, None)
    campaign = Campaign(created_at=now, updated_at=now, **columns)
    db.add(campaign)
    history.record(db, actor, "campaign.created", campaign, now=now, became=columns, name=history.COMMAND_LINE)
    db.flush()
    return campaign


def edit_campaign(
    db: Session, campaign: Campaign, values: CampaignValues, *, version: int | None = None, actor: User | None, now: datetime
) -> Campaign:
    """Change a campaign. Posts keep their moments: one that now lies before the embargo is held back by every later gate.

    version -- the one the person was looking at; another one is a Conflict.
    """
    require(actor, "campaign.edit")
    if version is not None and version != campaign.version:
        raise Conflict(N_("Somebody changed this campaign while you were editing. Look at their version, then save again."))
    columns = _checked(db, values, campaign.id)
    changed = {name: value for name, value in columns.items() if getattr(campaign, name) != value}
    if not changed:
        return campaign
    was = {name: getattr(campaign, name) for name in changed}
    for name, value in changed.items():
        setattr(campaign, name, value)
    campaign.updated_at = now
    history.record(db, actor, "campaign.edited", campaign, now=now, was=was, became=changed, name=history.COMMAND_LINE)
    db.flush()
    return campaign


def _hashtags(typed: str) -> str:
    """One set as posts show it: each word once, with its sign. Raises Invalid for one that is too long or holds what no hashtag has."""
    words = list(dict.fromkeys(f"#{word.strip('#')}" for word in typed.replace(",", " ").split() if word.strip("#")))
    said = " ".join(words)
    if len(said) > _LONGEST_SET:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field="hashtags", most=_LONGEST_SET)
    if not all(re.fullmatch(r"#\w+", word) for word in words):
        raise Invalid(N_("A hashtag has letters, digits and _ only."), field="hashtags")
    return said


def campaign_names(db: Session, numbers: Collection[int]) -> dict[int, str]:
    """Number -> name of these campaigns. One statement; none without numbers."""
    return {row.id: row.name for row in db.execute(select(Campaign.id, Campaign.name).where(Campaign.id.in_(numbers)))} if numbers else {}


def _checked(db: Session, values: CampaignValues, campaign_id: int | None) -> dict[str, Any]:
    columns = asdict(values)
    columns["name"] = " ".join(values.name.split())
    columns["hashtags"] = [one for one in map(_hashtags, values.hashtags) if one]
    if len(columns["hashtags"]) > _MOST_SETS:
        raise Invalid(N_("At most %(most)s sets of hashtags."), field="hashtags", most=_MOST_SETS)
    if not columns["name"]:
        raise Invalid(N_("Give the campaign a name."), field="name")
    if len(columns["name"]) > 160:
        raise Invalid(N_("That is too long: at most %(most)s characters."), field="name", most=160)
    if "\0" in values.name + values.summary:
        raise Invalid(N_("This contains characters that cannot be stored."), field="name")
    if values.starts_on and values.ends_on and values.ends_on < values.starts_on:
        raise Invalid(N_("The end lies before the start."), field="ends_on")
    if values.owner_id is not None and db.get(User, values.owner_id) is None:
        raise Invalid(N_("There is no such person."), field="owner_id")
    # Both as the database writes them small: SQLite knows no others than a to z.
    taken = select(Campaign.id).where(func.lower(Campaign.name) == func.lower(columns["name"]), Campaign.id != (campaign_id or 0))
    with db.no_autoflush:
        if db.scalar(taken) is not None:
            raise Invalid(N_("There is already a campaign called “%(name)s”."), field="name", name=columns["name"])
    return columns
