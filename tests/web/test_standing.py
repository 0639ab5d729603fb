"""Postponing and cancelling a campaign, through the browser's door: asked why, said everywhere, taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.planning.models import Campaign, Post, PostState, Standing
from tests.conftest import Browser
from tests.factories import make_campaign, make_post, make_user


@pytest.fixture
def path(app_db: Session) -> str:
    campaign = make_campaign(app_db, name="Launch")
    make_post(app_db, campaign=campaign)
    app_db.commit()
    return f"/campaigns/{campaign.id}"


def stands(db: Session) -> tuple[Standing, PostState]:
    found = db.execute(select(Campaign.standing, Post.state).join(Post)).one()
    db.commit()
    return found[0], found[1]


def test_a_postponed_campaign_says_so_on_its_page_the_calendar_and_the_desk(client: Browser, app_db: Session, path: str) -> None:
    assert "held at its time" in client.get(f"{path}/postpone").text

    answer = client.submit(f"{path}/postpone", reason="The plant is not ready.")

    assert (answer.status_code, answer.location) == (302, path)
    assert stands(app_db) == (Standing.POSTPONED, PostState.DRAFT)
    for place in (path, "/calendar?view=week&date=2026-03-03", "/"):
        assert ["postponed" in (page := client.get(place).text.lower()), "the plant is not ready." in page] == [True, True], place
    client.submit(f"{path}/go-on")
    assert stands(app_db) == (Standing.RUNNING, PostState.DRAFT)


def test_a_cancelled_campaign_takes_its_posts_along_and_undo_brings_them_back(client: Browser, app_db: Session, path: str) -> None:
    assert "One post that is not out is cancelled with it." in client.get(f"{path}/cancel").text

    client.submit(f"{path}/cancel", reason="No budget.")

    assert stands(app_db) == (Standing.CANCELLED, PostState.CANCELLED)
    assert "“Launch” is cancelled: No budget." in client.get("/calendar?view=week&date=2026-03-03").text
    assert f'action="{path}/go-on"' in client.get(path).text
    client.submit(f"{path}/go-on")
    assert stands(app_db) == (Standing.RUNNING, PostState.DRAFT)


def test_a_cancelled_campaign_offers_no_post_that_it_would_refuse(client: Browser, app_db: Session, path: str) -> None:
    client.submit(f"{path}/cancel", reason="No budget.")

    page = client.get(path).text
    assert [address in page for address in (f"{path}/propose", "/posts/new?campaign=")] == [False, False]
    assert "Posts that were cancelled with it come back when it goes on again." in page


def test_a_wave_is_offered_for_approval_to_who_may_approve(sign_in: Callable[..., Browser], app_db: Session, path: str) -> None:
    app_db.scalars(select(Post)).one().state = PostState.IN_REVIEW
    app_db.commit()

    pages = [sign_in(roles=(role,)).get(path).text for role in ("approver", "planner", "viewer")]

    assert ["Approve the wave" in page for page in pages] == [True, False, False]
    assert [path.replace("/campaigns/", "/approvals/waves/") in page for page in pages] == [True] * 3


def test_an_author_submits_of_a_wave_what_is_theirs(sign_in: Callable[..., Browser], app_db: Session, path: str) -> None:
    author = make_user(app_db, roles=("author",))
    others = make_post(app_db, campaign=app_db.get_one(Campaign, int(path.rpartition("/")[2])), author=make_user(app_db, roles=("planner",)))
    own = make_post(app_db, campaign=others.campaign, author=author)
    others.asset.owner_id = author.id
    numbers = [own.id, others.id]
    app_db.commit()

    pages = [sign_in(author).get(path).text, sign_in(roles=("planner",)).get(path).text]

    assert ["Submit the draft" in pages[0], "Submit 3 drafts" in pages[1]] == [True, True]
    assert [[f'name="post" value="{number}"' in page for number in numbers] for page in pages] == [[True, False], [True, True]]


def test_without_a_reason_nothing_happens(client: Browser, app_db: Session, path: str) -> None:
    answer = client.submit(f"{path}/cancel", reason=" ")

    assert (answer.status_code, "Say why" in answer.text) == (422, True)
    assert stands(app_db) == (Standing.RUNNING, PostState.DRAFT)
