"""A post that a person publishes: everything to copy, the files to save, and the address where it went."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from planner.catalog.models import AssetFile, AssetState
from planner.channels.port import MediaKind, Platform
from planner.planning.models import Post, PostState
from planner.planning.rules import content_digest
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_post


@pytest.fixture
def by_hand(app_db: Session) -> Callable[..., Post]:
    """Makes an approved post on a channel that a person serves, with a picture."""
    app_db.expire_on_commit = False

    def _make(state: PostState = PostState.APPROVED) -> Post:
        asset = make_asset(app_db, title="Orion & <co>")
        file = AssetFile(asset_id=asset.id, name="orion.png", stored_name="o.png", kind=MediaKind.IMAGE, mime="image/png", size=8, sha256="0" * 64, created_at=NOON)
        app_db.add(file)
        app_db.flush()
        post = make_post(
            app_db, channel=make_channel(app_db, platform=Platform.BY_HAND, token=None, name="Partner newsletter"), asset=asset, state=state,
            text="First line\n\nSecond “line”", link="https://example.com/orion", first_comment="More there", tags=["5G", "edge"],
            media=[{"file_id": file.id, "alt_text": ""}],
        )  # fmt: skip
        post.approved_digest = content_digest(post, post.asset, post.channel)
        app_db.commit()
        return post

    return _make


def test_every_part_stands_ready_with_its_copy_button_and_files_to_save(client: Browser, by_hand: Callable[..., Post]) -> None:
    page = client.get(f"/posts/{by_hand().id}").text

    assert re.findall(r'data-copy="pack-(\w+)"', page) == ["title", "text", "link", "tags", "comment"]
    assert '<textarea id="pack-text" rows="6" readonly>First line\n\nSecond “line”</textarea>' in page
    assert 'id="pack-title" value="Orion &amp; &lt;co&gt;"' in page
    assert 'download="orion.png"' in page


def test_what_a_picture_shows_is_there_to_be_copied(client: Browser, app_db: Session, by_hand: Callable[..., Post]) -> None:
    post = by_hand()
    number = post.media[0]["file_id"]
    bare = client.get(f"/posts/{post.id}").text
    post.media = [{"file_id": number, "alt_text": "Orion over the port"}]
    post.approved_digest = content_digest(post, post.asset, post.channel)
    app_db.commit()

    page = client.get(f"/posts/{post.id}").text

    assert f'id="pack-alt-{number}"' not in bare
    assert f'id="pack-alt-{number}" value="Orion over the port" readonly' in page and "What orion.png shows" in page


@pytest.mark.parametrize("state", [PostState.APPROVED, PostState.SCHEDULED, PostState.FAILED, PostState.MISSED])
def test_what_is_late_is_not_said_to_be_blocked_by_its_time(client: Browser, app_db: Session, by_hand: Callable[..., Post], state: PostState) -> None:
    post = by_hand(state)
    post.publish_at = NOON - timedelta(days=3)
    app_db.commit()

    page = client.get(f"/posts/{post.id}").text

    assert "has already passed" not in page
    post.state = PostState.DRAFT
    app_db.commit()
    assert "has already passed" in client.get(f"/posts/{post.id}").text


def test_done_and_the_address_make_it_published(client: Browser, app_db: Session, by_hand: Callable[..., Post]) -> None:
    post = by_hand()

    answer = client.submit(f"/posts/{post.id}/live", url="https://partner.example/news/7")

    app_db.refresh(post)
    assert (answer.status_code, post.state, post.external_url) == (302, PostState.PUBLISHED, "https://partner.example/news/7")
    assert "pack-text" not in client.get(f"/posts/{post.id}").text


@pytest.mark.parametrize("url", ["", "partner.example/news", "javascript:alert(1)"])
def test_an_address_that_is_none_is_refused_beside_its_field(client: Browser, app_db: Session, by_hand: Callable[..., Post], url: str) -> None:
    post = by_hand()

    answer = client.submit(f"/posts/{post.id}/live", url=url)

    app_db.refresh(post)
    assert (answer.status_code, post.state) == (422, PostState.APPROVED)
    assert "Paste the address of the message" in answer.text


@pytest.mark.parametrize("state", [PostState.DRAFT, PostState.IN_REVIEW, PostState.CANCELLED])
def test_what_nobody_approved_is_not_offered_for_copying(client: Browser, by_hand: Callable[..., Post], state: PostState) -> None:
    assert "pack-text" not in client.get(f"/posts/{by_hand(state).id}").text


@pytest.mark.parametrize("since", ["embargo", "leak", "retired", "title"])
def test_what_may_not_leave_any_more_is_not_offered_for_copying_but_its_address_is_taken(
    client: Browser, app_db: Session, by_hand: Callable[..., Post], since: str
) -> None:
    post = by_hand(PostState.SCHEDULED)
    if since == "embargo":
        post.asset.embargo_until = NOON + timedelta(days=9)
    elif since == "leak":
        make_asset(app_db, title="Another", embargo_until=NOON + timedelta(days=9), embargo_terms=["Second line"])
    elif since == "retired":
        post.asset.state = AssetState.RETIRED
    else:
        post.asset.title = "Not what was approved"
    app_db.commit()

    page = client.get(f"/posts/{post.id}").text

    assert ("pack-text" in page, "There is nothing to copy" in page, "Done, here is the address" in page) == (False, True, True)


def test_who_may_not_say_where_it_went_may_still_copy(sign_in: Callable[..., Browser], by_hand: Callable[..., Post]) -> None:
    page = sign_in(roles=("author",)).get(f"/posts/{by_hand().id}").text

    assert ("pack-text" in page, "Done, here is the address" in page) == (True, False)
