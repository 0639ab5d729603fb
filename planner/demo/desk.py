"""The demo's promotion desk: what a view is worth to the group, one advertisement on record, and the board worked out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import Asset
from planner.demo import past
from planner.promotion import service, standings
from planner.promotion.choices import PromotionKind
from planner.promotion.service import SettingValues

__all__ = ["fill"]


def fill(db: Session, *, channel_id: int, planner: User, promoted: Asset, on: datetime, now: datetime) -> int:
    """Settings, earlier films and what was decided on them, a promotion of one film, and a row for each; how many videos stand on the board."""
    values = SettingValues(value_per_view=Decimal(6), target_share=0.3, cost=Decimal(400))
    service.save_settings(db, None, values, actor=planner, now=now)
    earlier = past.tell(db, channel_id=channel_id, owner=planner, now=now)
    service.record_promotion(db, promoted, kind=PromotionKind.AD, on=on.date(), cost=Decimal(400), actor=planner, now=now)
    db.flush()
    past.decide_and_judge(db, earlier, planner=planner, now=now)
    return standings.refresh(db, channel_id, now=now)
