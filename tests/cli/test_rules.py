"""Rules and shared links at the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

from click.testing import Result
from sqlalchemy.orm import Session

from planner.planning.models import Share
from tests.factories import make_channel, make_user

Run = Callable[..., Result]


def test_a_rule_is_shown_set_and_reset(run: Run, app_db: Session) -> None:
    make_channel(app_db, name="Our X")
    app_db.commit()

    assert run("rules", "set", "gap", "--channel", "Our X", "--must-not", "--value", "minutes=30").output == 'gap blocks on Our X: {"minutes": 30}\n'
    shown = {one["code"]: one for one in json.loads(run("rules", "list", "--channel", "Our X", "--json").output)["rules"]}
    assert (shown["gap"]["must_not"], shown["gap"]["parameters"], shown["embargo"]["locked"]) == (True, {"minutes": 30}, True)
    assert run("rules", "set", "embargo", "--off").exit_code == 1
    assert run("rules", "reset", "gap", "--channel", "Our X").output == 'gap warns on Our X: {"minutes": 15}\n'


def test_a_link_is_somebody_s_told_once_and_revoked(run: Run, app_db: Session) -> None:
    make_user(app_db, email="ann@example.com")
    app_db.commit()

    assert run("share", "make", "Agency").exit_code == 1
    address = run("share", "make", "Agency", "--as", "ann@example.com").output.strip()
    assert address.startswith("http://127.0.0.1:8000/s/")
    assert json.loads(run("share", "list", "--as", "ann@example.com", "--json").output)["shares"][0]["works"] is True
    number = app_db.query(Share).one().id
    app_db.rollback()
    assert run("share", "revoke", str(number)).output == f"Link {number}, “Agency”, no longer works.\n"
