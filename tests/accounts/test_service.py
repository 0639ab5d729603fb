"""Accounts: who is let in, and until when; on each database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from planner.accounts import service
from planner.accounts.models import User
from planner.core.db import sessions_of
from planner.core.errors import NotFound, Refused
from tests.factories import NOON, make_user


def test_two_administrators_who_take_each_other_s_role_at_one_moment_leave_one(engine: Engine) -> None:
    sessions = sessions_of(engine)
    with sessions.begin() as db:
        ann, bob, _viewer = (make_user(db, roles=(role,)).id for role in ("admin", "admin", "viewer"))

    def demote(number: int) -> None:
        with sessions.begin() as db:
            service.set_roles(db, db.get_one(User, number), ["viewer"], actor=None, now=NOON)

    with sessions() as first, ThreadPoolExecutor(1) as pool:
        service.set_roles(first, first.get_one(User, ann), ["viewer"], actor=None, now=NOON)
        first.flush()
        other = pool.submit(demote, bob)
        wait([other], timeout=0.5)
        first.commit()
        with pytest.raises(Refused, match="last administrator"):
            other.result(timeout=20)


def test_a_link_made_before_an_account_was_disabled_opens_nothing_once_it_is_back(db: Session) -> None:
    user = make_user(db, roles=("author",))
    old = service.sign_in_link(db, user, now=NOON)
    service.disable(db, user, actor=None, now=NOON)
    service.enable(db, user, actor=None, now=NOON)

    with pytest.raises(NotFound):
        service.user_of_link(db, old, now=NOON)
    assert service.user_of_link(db, service.sign_in_link(db, user, now=NOON), now=NOON) is user
