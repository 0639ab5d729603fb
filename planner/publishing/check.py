"""The outbox's invariants as questions to the database; `flask planner check` and every fault test ask them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

__all__ = ["INVARIANTS", "Violation", "violations"]

#: name -> SQL giving the ids of rows that break it. Parameters: now, limbo (a moment).
INVARIANTS: dict[str, str] = {
    "at most one open attempt a delivery": """
        SELECT delivery_id FROM attempts WHERE result IS NULL GROUP BY delivery_id HAVING count(*) > 1""",
    "at most one live copy a delivery": """
        SELECT delivery_id FROM attempts WHERE external_id IS NOT NULL GROUP BY delivery_id HAVING count(*) > 1""",
    "published means exactly one attempt with the platform's number": """
        SELECT d.id FROM deliveries d LEFT JOIN attempts a ON a.delivery_id = d.id AND a.external_id IS NOT NULL
        GROUP BY d.id, d.state HAVING (d.state = 'published') <> (count(a.id) = 1)""",
    "a published delivery's post is published with the same number": """
        SELECT d.id FROM deliveries d JOIN posts p ON p.id = d.post_id
        JOIN attempts a ON a.delivery_id = d.id AND a.external_id IS NOT NULL
        WHERE p.state <> 'published' OR p.external_id <> a.external_id""",
    "no attempt before the embargo": """
        SELECT a.id FROM attempts a JOIN deliveries d ON d.id = a.delivery_id JOIN posts p ON p.id = d.post_id
        JOIN assets s ON s.id = p.asset_id LEFT JOIN campaigns c ON c.id = p.campaign_id
        WHERE a.worker NOT IN ('by hand', 'look first') AND (a.started_at < s.embargo_until OR a.started_at < c.embargo_until)
        AND p.state <> 'published'""",
    "no attempt under a pause": """
        SELECT a.id FROM attempts a JOIN deliveries d ON d.id = a.delivery_id JOIN posts p ON p.id = d.post_id
        JOIN pauses u ON a.started_at >= u.started_at AND (u.ended_at IS NULL OR a.started_at < u.ended_at)
        WHERE a.worker NOT IN ('by hand', 'look first') AND (u.channel_id IS NULL OR u.channel_id = d.channel_id)
        AND (u.campaign_id IS NULL OR u.campaign_id = p.campaign_id)""",
    "no attempt with content nobody approved": """
        SELECT a.id FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
        WHERE NOT EXISTS (SELECT 1 FROM approvals v WHERE v.post_id = d.post_id AND v.verb = 'approved' AND v.digest = a.digest)""",
    "nothing due stays in limbo": """
        SELECT id FROM deliveries WHERE state = 'sending' AND lease_until < :limbo
        UNION ALL
        SELECT d.id FROM deliveries d JOIN channels c ON c.id = d.channel_id
        WHERE d.state IN ('due', 'retry') AND d.due_at < :long_ago AND c.platform <> 'by_hand'""",
    "nothing of ours counts as published directly": """
        SELECT n.id FROM native_posts n JOIN posts p ON p.channel_id = n.channel_id AND p.external_id = n.external_id
        WHERE p.origin = 'planned'""",
    "a post being sent has a delivery at work": """
        SELECT p.id FROM posts p LEFT JOIN deliveries d ON d.post_id = p.id
        WHERE p.state = 'sending' AND (d.id IS NULL OR d.state NOT IN ('sending', 'unknown'))""",
}

#: How long after a lease ran out a sweep must have been by.
_SWEEP = timedelta(minutes=5)
#: The longest grace a channel may have (a day), plus the sweep.
_LONG_AGO = timedelta(days=1, minutes=5)


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken invariant and the ids that break it (at most 20)."""

    invariant: str
    ids: tuple[int, ...]


def violations(db: Session, now: datetime) -> list[Violation]:
    """Every broken invariant; an empty list is a healthy outbox."""
    found = []
    for name, query in INVARIANTS.items():
        statement = text(query)
        wanted = {"limbo": now - _SWEEP, "long_ago": now - _LONG_AGO}
        params = {key: _bound(db, value) for key, value in wanted.items() if f":{key}" in query}
        ids = tuple(row[0] for row in db.execute(statement, params).fetchmany(20))
        if ids:
            found.append(Violation(name, ids))
    return found


def _bound(db: Session, moment: datetime) -> object:
    if db.get_bind().dialect.name == "postgresql":
        return moment
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")
