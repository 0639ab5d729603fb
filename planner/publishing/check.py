"""The outbox's invariants as questions to the database; `flask planner check` and every fault test ask them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.channels.models import Channel, Credential
from planner.core.errors import Unavailable
from planner.publishing.models import Attempt, Delivery

__all__ = ["INVARIANTS", "NO_KEY", "Violation", "violations"]

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
        WHERE a.worker NOT IN ('by hand', 'look first') AND (
            a.started_at < s.embargo_until AND NOT EXISTS (
                SELECT 1 FROM history h WHERE h.subject_type = 'assets' AND h.subject_id = s.id AND h.at >= a.started_at
                AND CAST(h.was AS TEXT) LIKE '%embargo_until%')
            OR a.started_at < c.embargo_until AND NOT EXISTS (
                SELECT 1 FROM history h WHERE h.subject_type = 'campaigns' AND h.subject_id = c.id AND h.at >= a.started_at
                AND CAST(h.was AS TEXT) LIKE '%embargo_until%'))""",
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
        WHERE d.state IN ('due', 'retry') AND d.due_at < :long_ago AND c.platform <> 'by_hand'
        UNION ALL
        SELECT d.id FROM deliveries d JOIN channels c ON c.id = d.channel_id
        WHERE d.state = 'unknown' AND d.next_at < :long_ago AND c.state = 'connected'
        UNION ALL
        SELECT d.id FROM deliveries d JOIN channels c ON c.id = d.channel_id
        WHERE d.state = 'held' AND d.hold = 'channel' AND c.state = 'connected'""",
    "no approved post waits past its moment without a delivery": """
        SELECT p.id FROM posts p LEFT JOIN deliveries d ON d.post_id = p.id
        WHERE p.state = 'approved' AND p.origin = 'planned' AND p.publish_at < :long_ago AND d.id IS NULL
        AND EXISTS (SELECT 1 FROM approvals v WHERE v.post_id = p.id AND v.verb = 'approved' AND v.digest = p.approved_digest)""",
    "a scheduled post has a delivery that waits": """
        SELECT p.id FROM posts p LEFT JOIN deliveries d ON d.post_id = p.id
        WHERE p.state = 'scheduled' AND (d.id IS NULL OR d.state NOT IN ('due', 'retry', 'held'))""",
    "what is being sent or unknown has its open attempt": """
        SELECT d.id FROM deliveries d WHERE d.state IN ('sending', 'unknown')
        AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.delivery_id = d.id AND a.result IS NULL)""",
    "an open attempt belongs to a delivery whose outcome is open": """
        SELECT a.id FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
        WHERE a.result IS NULL AND d.state NOT IN ('sending', 'unknown', 'unconfirmed')""",
    "attempts are only ever added to": """
        SELECT d.id FROM deliveries d LEFT JOIN attempts a ON a.delivery_id = d.id
        GROUP BY d.id, d.tries HAVING count(a.id) < d.tries OR coalesce(max(a.number), 0) <> count(a.id)""",
    "no delivery without its post, no attempt without its delivery": """
        SELECT d.id FROM deliveries d LEFT JOIN posts p ON p.id = d.post_id LEFT JOIN channels c ON c.id = d.channel_id
        WHERE p.id IS NULL OR c.id IS NULL
        UNION ALL
        SELECT a.id FROM attempts a LEFT JOIN deliveries d ON d.id = a.delivery_id WHERE d.id IS NULL""",
    "nothing of ours counts as published directly": """
        SELECT n.id FROM native_posts n JOIN posts p ON p.channel_id = n.channel_id AND p.external_id = n.external_id
        WHERE p.origin = 'planned'""",
    "a post being sent has a delivery at work": """
        SELECT p.id FROM posts p LEFT JOIN deliveries d ON d.post_id = p.id
        WHERE p.state = 'sending' AND (d.id IS NULL OR d.state NOT IN ('sending', 'unknown'))""",
}

NO_KEY = "no key stands in plain in an attempt, a delivery, a channel or the history"
#: Where the planner writes down what a platform or an adapter said.
_WRITTEN = (
    Attempt.reason, Attempt.resume, Attempt.external_id, Delivery.reason, Channel.wait_reason, Channel.state_reason, Entry.note,
)  # fmt: skip
#: Shorter ones are a test's, and words.
_SHORTEST_KEY = 12
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
    return [*found, *_spilt_keys(db)]


def _spilt_keys(db: Session) -> list[Violation]:
    """Channels whose key stands in plain in what was written down of a sending. A key that cannot be opened cannot be looked for."""
    spilt = []
    for number, channel_id in db.execute(select(Credential.id, Credential.channel_id).order_by(Credential.channel_id)).all():
        try:
            keys = db.execute(select(Credential.access_token, Credential.refresh_token).where(Credential.id == number)).one()
        except (Unavailable, TypeError):  # Sealed with another key, or not by us at all.
            continue
        said = [(column, key) for key in keys if key and len(key) >= _SHORTEST_KEY for column in _WRITTEN]
        places = [select(column.class_.id).where(column.contains(key, autoescape=True)).exists() for column, key in said]
        if places and db.scalar(select(or_(*places))):
            spilt.append(channel_id)
    return [Violation(NO_KEY, tuple(spilt[:20]))] if spilt else []


def _bound(db: Session, moment: datetime) -> object:
    if db.get_bind().dialect.name == "postgresql":
        return moment
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")
