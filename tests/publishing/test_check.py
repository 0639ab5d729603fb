"""`flask planner check`: each promise of the outbox, broken behind the product's back, is reported in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from planner.channels.port import RetryLater, Unknown
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import pauses
from planner.publishing.check import INVARIANTS, NO_KEY, Violation, violations
from planner.publishing.models import Attempt
from tests.conftest import StoppedClock
from tests.publishing.conftest import Scripted

KEY = "a-key-that-nobody-may-read"
#: promise -> how it is broken. The posts: 1 is live, 2 was put off once and waits, 3 is being looked up, 4 is approved for later.
BREAKS: dict[str, str] = {
    "at most one open attempt a delivery": """
        DROP INDEX uq_attempts_open;
        INSERT INTO attempts (delivery_id, number, fingerprint, digest, worker, started_at, code, reason)
        SELECT delivery_id, 2, fingerprint, digest, worker, started_at, code, reason FROM attempts WHERE delivery_id = 3""",
    "at most one live copy a delivery": """
        INSERT INTO attempts (delivery_id, number, fingerprint, digest, worker, started_at, ended_at, result, code, reason, external_id)
        SELECT delivery_id, 2, fingerprint, digest, worker, started_at, ended_at, result, code, reason, 'live-99' FROM attempts
        WHERE delivery_id = 1""",
    "published means exactly one attempt with the platform's number": "UPDATE attempts SET external_id = NULL WHERE delivery_id = 1",
    "a published delivery's post is published with the same number": "UPDATE posts SET external_id = 'another' WHERE id = 1",
    "no attempt before the embargo": """
        UPDATE assets SET embargo_until = (SELECT max(publish_at) FROM posts) WHERE id = (SELECT asset_id FROM posts WHERE id = 1)""",
    "no attempt under a pause": "UPDATE pauses SET started_at = (SELECT min(started_at) FROM attempts)",
    "no attempt with content nobody approved": "UPDATE attempts SET digest = 'something else' WHERE delivery_id = 1",
    "nothing due stays in limbo": "UPDATE deliveries SET due_at = '2020-01-01 00:00:00.000000' WHERE id = 2",
    "no approved post waits past its moment without a delivery": """
        DELETE FROM deliveries WHERE id = 4;
        UPDATE posts SET state = 'approved', publish_at = '2020-01-01 00:00:00.000000' WHERE id = 4""",
    "a scheduled post has a delivery that waits": "UPDATE deliveries SET state = 'cancelled' WHERE id = 4",
    "nothing of ours counts as published directly": """
        INSERT INTO native_posts (channel_id, external_id, url, kind, title, text, published_at, found_at, state, version)
        SELECT channel_id, external_id, '', 'text', '', text, published_at, published_at, 'found', 1 FROM posts WHERE id = 1""",
    "a post being sent has a delivery at work": "UPDATE posts SET state = 'sending' WHERE id = 4",
    "what is being sent or unknown has its open attempt": """
        UPDATE attempts SET result = 'absent', ended_at = started_at WHERE delivery_id = 3""",
    "an open attempt belongs to a delivery whose outcome is open": "UPDATE deliveries SET state = 'missed' WHERE id = 3",
    "attempts are only ever added to": "DELETE FROM attempts WHERE delivery_id = 2",
    "no delivery without its post, no attempt without its delivery": "LOST",
    NO_KEY: f"UPDATE attempts SET reason = 'GET /?access_token={KEY}' WHERE delivery_id = 2",
}


def test_each_broken_promise_is_reported_in_words(
    runtime: Runtime, approved: Callable[..., int], clock: StoppedClock, platform: Scripted
) -> None:
    platform.script = [platform.accept, RetryLater("Still working on the film.", timedelta(minutes=5)), Unknown("Cut off.")]
    made = [approved(minutes=minutes, channel_values={"token": KEY}) for minutes in (10, 11, 12, 300)]
    clock.advance(timedelta(minutes=12))
    tick.run(runtime, schedule=False)
    with runtime.sessions.begin() as db:
        pauses.pause(db, "A bad day.", actor=None, now=clock.now() + timedelta(minutes=1))
    with runtime.sessions() as db:
        assert made == [1, 2, 3, 4]
        assert list(db.scalars(select(Attempt.delivery_id).order_by(Attempt.id))) == [1, 2, 3]
        assert violations(db, clock.now()) == []
        reported = {name: broken(db, clock, name) for name in BREAKS}

    assert set(BREAKS) == {*INVARIANTS, NO_KEY}
    assert {name: [one.invariant for one in found] for name, found in reported.items()} == {name: [name] for name in BREAKS}
    assert all(one.ids for found in reported.values() for one in found)


def broken(db: Session, clock: StoppedClock, name: str) -> list[Violation]:
    """What is reported once this promise is broken; the database is as before afterwards."""
    if BREAKS[name] == "LOST":
        lose(db)
    else:
        for statement in BREAKS[name].split(";"):
            db.execute(text(statement))
    found = [one for one in violations(db, clock.now()) if one.invariant not in BESIDE.get(name, ())]
    db.rollback()
    return found


#: What cannot be broken alone.
BESIDE = {
    "at most one live copy a delivery": ("published means exactly one attempt with the platform's number", "a published delivery's post is published with the same number"),
    "an open attempt belongs to a delivery whose outcome is open": ("a post being sent has a delivery at work",),
}


def lose(db: Session) -> None:
    """Take a post away from under its delivery."""
    db.execute(text("DELETE FROM attempts WHERE delivery_id = 4"))
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("ALTER TABLE deliveries DROP CONSTRAINT fk_deliveries_post_id"))
        db.execute(text("UPDATE deliveries SET post_id = 999 WHERE id = 4"))
    else:
        db.execute(text("PRAGMA defer_foreign_keys = ON"))
        db.execute(text("UPDATE deliveries SET post_id = 999 WHERE id = 4"))
    db.execute(text("UPDATE posts SET state = 'draft' WHERE id = 4"))
