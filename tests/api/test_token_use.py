"""A token remembers when it was last used, to the hour."""

from __future__ import annotations

from datetime import timedelta

from planner.accounts import service
from planner.accounts.models import ApiToken
from tests.factories import make_user


def test_a_tokens_last_use_is_kept_to_the_hour(app, app_db, clock) -> None:
    with app.extensions["planner"].sessions.begin() as db:
        token = service.issue_token(db, make_user(db), "script", actor=None, now=clock.now())
    first = clock.now()
    headers = {"Authorization": f"Bearer {token}"}

    for minutes in (0, 30, 31):
        clock.advance(timedelta(minutes=minutes))
        assert app.test_client().get("/api/v1/me", headers=headers).status_code == 200
        app_db.expire_all()
        noted = app_db.query(ApiToken.last_used_at).scalar()
        assert noted == (first if minutes < 31 else clock.now())
        app_db.rollback()
