"""Approvers without an account: what their link shows, what it takes, and that it tells nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, User
from planner.catalog.models import AssetKind, Confidentiality
from planner.core.errors import Invalid
from planner.planning import guests, routes, service
from planner.planning.models import Approval, Post, PostState
from planner.planning.steps import Step
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_campaign, make_post, make_user

DAY = timedelta(days=1)
OUTSIDE = Step("", "The agency", guest=True)
#: Stands in everything that is said of another post and nowhere else.
MARK = "zqfalcon"


@pytest.fixture
def guest(app: Flask) -> Browser:
    app.test_client_class = Browser
    return app.test_client()  # type: ignore[return-value]


@pytest.fixture
def maker(app_db: Session) -> User:
    return make_user(app_db, roles=("planner",), name="Ada")


def submitted(db: Session, maker: User | None = None, **values: Any) -> Post:
    author = maker or make_user(db, roles=("planner",))
    post = make_post(db, author=author, **values)
    service.submit(db, post, actor=author, now=NOON)
    return post


def link(db: Session, maker: User, *posts: Post, **values: Any) -> str:
    _, token = guests.make(db, "Jane Doe", posts, actor=maker, now=NOON, **values)
    db.commit()
    return f"/r/{token}"


def digest_on(page: str) -> str:
    found = re.search(r'name="digest" value="(\w{64})"', page)
    assert found is not None
    return found[1]


def test_a_yes_from_outside_fills_the_step_that_asks_for_it_under_the_guest_s_name(app_db: Session, guest: Browser, maker: User) -> None:
    routes.set_route(app_db, routes.ANYTHING_ELSE, [OUTSIDE], actor=None, now=NOON)
    post = submitted(app_db, text="Out in Lyon.")
    number, address = post.id, link(app_db, maker, post)

    page = guest.get(address)
    assert (page.status_code, page.headers["Referrer-Policy"], page.headers["Cache-Control"]) == (200, "same-origin", "no-store")
    assert "For your approval, Jane Doe" in page.text and "Out in Lyon." in page.text
    assert guest.submit(f"{address}/{number}/approve", digest=digest_on(page.text)).status_code == 302
    assert "You said yes on" in guest.get(address).text

    app_db.expire_all()
    assert app_db.get_one(Post, number).state is PostState.APPROVED
    said = app_db.scalars(select(Approval)).one()
    assert (said.by_id, said.by_name, said.roles, said.guest_id is not None) == (None, "Jane Doe", ["guest"], True)
    actors = app_db.scalars(select(Entry.actor_name).where(Entry.action == "post.guest_approved")).all()
    assert actors == ["Jane Doe"]
    post = app_db.get_one(Post, number)
    assert routes.reached(app_db, {post: service.digest_of(post)}, "releases")


def test_elsewhere_a_yes_is_advice_and_approves_nothing(app_db: Session, guest: Browser, maker: User) -> None:
    post = submitted(app_db)
    release = submitted(app_db, maker, asset=make_asset(app_db, kind=AssetKind.PRESS_RELEASE))
    routes.set_route(app_db, routes.of_kind(AssetKind.PRESS_RELEASE), [OUTSIDE], actor=None, now=NOON)
    ids, digests = [post.id, release.id], [service.digest_of(post), service.digest_of(release)]
    address = link(app_db, maker, post, release)

    for number, digest in zip(ids, digests, strict=True):
        assert guest.submit(f"{address}/{number}/approve", digest=digest).status_code == 302
    app_db.expire_all()
    # The second is the release of whoever made the link: they could have answered it themselves.
    assert [app_db.get_one(Post, number).state for number in ids] == [PostState.IN_REVIEW] * 2
    assert [one.step for one in app_db.scalars(select(Approval))] == ["advice", "advice"]


def test_changes_are_asked_for_with_a_sentence_and_the_next_reading_shows_what_changed(app_db: Session, guest: Browser, maker: User) -> None:
    post = submitted(app_db, maker, text="Out in Lyon.")
    number, address = post.id, link(app_db, maker, post)
    digest = digest_on(guest.get(address).text)

    assert "Say what should change." in guest.submit(f"{address}/{number}/request-changes", digest=digest, note=" ").text
    stale = guest.submit(f"{address}/{number}/request-changes", digest="0" * 64, note="Name the street.")
    assert (stale.status_code, "This post was changed" in stale.text, "Name the street." in stale.text) == (409, True, True)
    guest.submit(f"{address}/{number}/request-changes", digest=digest, note="Name the town.")
    app_db.expire_all()
    post = app_db.get_one(Post, number)
    assert (post.state, post.approvals[-1].note) == (PostState.CHANGES_REQUESTED, "Name the town.")

    post.text = "Out in Lille."
    service.submit(app_db, post, actor=maker, now=NOON)
    app_db.commit()
    page = guest.get(address).text
    assert "Changed since your answer of" in page and "<del>Lyon.</del><ins>Lille.</ins>" in page


def test_it_shows_its_posts_and_nothing_else(app_db: Session, guest: Browser, maker: User) -> None:
    campaign = make_campaign(app_db, name=f"Campaign {MARK}")
    shown = submitted(app_db, campaign=campaign, text="Come to the open house.")
    other = submitted(app_db, campaign=campaign, asset=make_asset(app_db, title=MARK), text=MARK, publish_at=NOON + 2 * DAY)
    embargoed = make_asset(app_db, title="Secret", embargo_until=NOON + 9 * DAY, embargo_terms=["Open house"])
    assert embargoed.id
    hidden, address = other.id, link(app_db, maker, shown)

    page = guest.get(address).text
    assert MARK not in page and "may not be mentioned" not in page  # What the rules say tells of other assets.
    assert guest.submit(f"{address}/{hidden}/approve", digest="0" * 64).status_code == 404
    assert guest.get(f"{address}/{hidden}/files/1").status_code == 404
    blocked = guest.submit(f"{address}/{shown.id}/approve", digest=digest_on(page))
    assert (blocked.status_code, "Something in the plan stands in its way" in blocked.text, "Secret" in blocked.text) == (422, True, False)


def test_a_link_ends_is_revoked_and_dies_with_its_maker_s_right(app_db: Session, guest: Browser, clock: StoppedClock, maker: User) -> None:
    post = submitted(app_db)
    secret = make_post(app_db, asset=make_asset(app_db, confidentiality=Confidentiality.CONFIDENTIAL))
    addresses = [link(app_db, maker, post) for _ in range(2)]
    with pytest.raises(Invalid):
        guests.make(app_db, " ", [post], actor=maker, now=NOON)
    with pytest.raises(Invalid):
        guests.make(app_db, "Jane", [post], life=timedelta(days=61), actor=maker, now=NOON)
    assert secret.id
    assert [guest.get(one).status_code for one in addresses] == [200, 200]

    guests.revoke(app_db, guests.by_id(app_db, 1, viewer=maker), actor=maker, now=NOON)
    app_db.commit()
    assert [guest.get(one).status_code for one in addresses] == [404, 200]
    clock.advance(7 * DAY)
    assert guest.get(addresses[1]).status_code == 404
    clock.advance(-7 * DAY)
    maker.roles.clear()
    app_db.commit()
    assert guest.get(addresses[1]).status_code == 404


def test_guessing_links_is_slowed_down(app: Flask, guest: Browser) -> None:
    statuses = [guest.get(f"/r/{n}").status_code for n in range(32)]

    assert statuses[:30] == [404] * 30 and statuses[-1] == 429


def test_links_are_made_in_the_browser_and_shown_once(sign_in: Callable[..., Browser], app_db: Session, guest: Browser, maker: User) -> None:
    post = submitted(app_db, asset=make_asset(app_db, title="Open house")).id
    app_db.commit()
    client = sign_in(maker)

    made = client.submit(f"/approvals/links?post={post}", name="Jane Doe", days="7", posts=str(post))
    address = re.search(r'value="http://127.0.0.1:8000(/r/[\w-]{43})"', made.text)
    assert address is not None
    assert address[1] not in client.get("/approvals/links").text
    assert guest.get(address[1]).status_code == 200
    assert client.submit("/approvals/links/1/revoke").status_code == 302
    assert guest.get(address[1]).status_code == 404
