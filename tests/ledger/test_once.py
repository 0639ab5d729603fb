"""What one person sends twice happens once, in the transaction that does it, on both databases."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from planner.core.db import make_engine, sessions_of
from planner.ledger import once


def test_the_second_is_told_what_came_of_the_first_and_another_person_is_not(db: Session, now: datetime) -> None:
    assert once.take(db, "form:a", user_id=1, target="POST /posts/new", now=now) is None
    once.done(db, "form:a", user_id=1, came="17")

    assert once.take(db, "form:a", user_id=1, target="POST /posts/new", now=now) == "17"
    assert once.take(db, "form:a", user_id=2, target="POST /posts/new", now=now) is None
    assert once.take(db, "form:b", user_id=1, target="POST /posts/new", now=now) is None


def test_it_is_forgotten_after_a_day(db: Session, now: datetime) -> None:
    once.take(db, "form:a", user_id=1, target="POST /posts/new", now=now)
    once.done(db, "form:a", user_id=1, came="17")

    assert once.take(db, "form:a", user_id=1, target="POST /posts/new", now=now + timedelta(hours=24, seconds=1)) is None


def test_who_comes_while_the_first_is_at_it_waits_and_does_it_only_when_that_one_gives_up(database_url: str, now: datetime) -> None:
    engine = make_engine(database_url)
    sessions = sessions_of(engine)
    for ends, told in (("commit", "17"), ("rollback", None)):
        key, first, found = f"form:{ends}", sessions(), []
        assert once.take(first, key, user_id=1, target="POST /posts/new", now=now) is None
        once.done(first, key, user_id=1, came="17")
        first.flush()

        def second(key: str = key, found: list[str | None] = found) -> None:
            with sessions.begin() as db:
                found.append(once.take(db, key, user_id=1, target="POST /posts/new", now=now))
                if found == [None]:
                    once.done(db, key, user_id=1, came="18")

        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        assert found == []
        getattr(first, ends)()
        first.close()
        thread.join()
        assert found == [told]
    engine.dispose()
