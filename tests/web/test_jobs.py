"""Background work on screen: it says how far it is while it runs, why it failed, and where it led; to those it concerns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import service as accounts
from planner.accounts.models import RoleName, User
from planner.ledger.models import Job, JobState
from tests.conftest import Browser
from tests.factories import NOON, make_user

ASKS_AGAIN = 'hx-trigger="every 1s"'


@pytest.fixture
def make_job(app: Flask) -> Callable[..., int]:
    """Makes a job in any state; gives back its number."""

    def _make_job(state: JobState, *, name: str = "import.assets", actor: User | None = None, **values: Any) -> int:
        with app.extensions["planner"].sessions.begin() as db:
            job = Job(name=name, args={}, state=state, actor_id=actor.id if actor else None, created_at=NOON, **values)
            db.add(job)
            db.flush()
            return int(job.id)

    return _make_job


def fragment(client: Browser, number: int) -> str:
    """What the page asks for again and again."""
    answer = client.get(f"/jobs/{number}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    return str(answer.text)


def test_a_waiting_job_says_so_and_asks_again(client: Browser, make_job: Callable[..., int]) -> None:
    told = fragment(client, make_job(JobState.QUEUED))

    assert "Waiting for a worker" in told
    assert ASKS_AGAIN in told


def test_a_running_job_says_how_far_it_is(client: Browser, make_job: Callable[..., int]) -> None:
    told = fragment(client, make_job(JobState.RUNNING, message="Writing", progress_done=1400, progress_total=2195))

    assert "Writing" in told
    assert "1,400 of 2,195" in told
    assert ASKS_AGAIN in told
    assert "the work goes on" in told
    assert "the work goes on" not in client.get(f"/jobs/{make_job(JobState.DONE)}").text


def test_a_failed_job_says_why_and_stops_asking(client: Browser, make_job: Callable[..., int]) -> None:
    told = fragment(client, make_job(JobState.FAILED, message="The file is not there any more. Send it again."))

    assert "The file is not there any more. Send it again." in told
    assert ASKS_AGAIN not in told
    assert 'href="/imports"' in told


@pytest.mark.parametrize(("name", "leads_to"), [("import.assets", "/imports/done/{}"), ("import.readings", "/imports/done/{}"), ("demo.load", "/")])
def test_a_finished_job_leads_to_what_came_of_it(client: Browser, make_job: Callable[..., int], name: str, leads_to: str) -> None:
    number = make_job(JobState.DONE, name=name, result={})
    told = fragment(client, number)

    assert f'href="{leads_to.format(number)}"' in told
    assert ASKS_AGAIN not in told


def test_without_script_the_page_holds_the_same_and_a_way_to_look_again(client: Browser, make_job: Callable[..., int]) -> None:
    number = make_job(JobState.RUNNING, message="Checking the file")
    page = client.get(f"/jobs/{number}").text

    assert "Importing assets</h1>" in page
    assert "Checking the file" in page
    assert "Look again" in page


def test_a_job_is_shown_to_whoever_started_it_and_to_administrators(
    app: Flask, sign_in: Callable[..., Browser], client: Browser, make_job: Callable[..., int]
) -> None:
    with app.extensions["planner"].sessions.begin() as db:
        starter, other = make_user(db, roles=(RoleName.PLANNER,)), make_user(db, roles=(RoleName.PLANNER,))
    number = make_job(JobState.QUEUED, actor=starter)

    found = [one.get(f"/jobs/{number}").status_code for one in (sign_in(starter), sign_in(other), client)]

    assert found == [200, 404, 200]


def test_a_job_that_is_not_there_is_not_found(client: Browser) -> None:
    assert client.get("/jobs/999").status_code == 404


def test_the_demo_is_loaded_once_and_after_a_failure_again(client: Browser, app_db: Session, app: Flask) -> None:
    def press() -> str:
        return str(client.submit("/demo").location)

    first = press()
    assert press() == first
    with app.extensions["planner"].sessions.begin() as db:
        db.scalars(select(Job)).one().state = JobState.FAILED
    second = press()

    assert second != first
    assert press() == second
    assert app_db.scalars(select(Job.state).order_by(Job.id)).all() == [JobState.FAILED, JobState.QUEUED]


def test_opening_a_sign_in_link_uses_nothing_up_and_its_button_signs_in_once(app: Flask) -> None:
    with app.extensions["planner"].sessions.begin() as db:
        user = make_user(db, roles=(RoleName.VIEWER,), name="Ines Aubry")
        token = accounts.sign_in_link(db, user, now=NOON)
    app.test_client_class = Browser
    visitor, late = app.test_client(), app.test_client()

    pages = [visitor.get(f"/sign-in/{token}") for _ in range(2)]
    entered = visitor.submit(f"/sign-in/{token}")  # type: ignore[attr-defined]

    assert [(page.status_code, "Welcome, Ines Aubry" in page.text) for page in pages] == [(200, True), (200, True)]
    assert (entered.status_code, entered.location) == (302, "/")
    assert visitor.get("/").status_code == 200
    refused = late.submit(f"/sign-in/{token}")  # type: ignore[attr-defined]
    assert refused.status_code in (403, 404, 422)
    assert late.get("/").status_code == 302
