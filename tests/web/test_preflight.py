"""The composer says what the channels take while somebody types, and the cost; nothing that cannot be sent gets past any door."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from planner.accounts.service import issue_token
from planner.catalog.models import AssetFile, Confidentiality
from planner.channels.port import MediaKind, Platform
from planner.planning import service
from planner.planning.models import Post, PostState
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user
from tests.web.scene import ROLES, stored

ESTIMATE = "Costs about US$0.20 to send: an estimate, from the prices in the settings."


def seen(page: Any) -> str:
    """The words of a page, one line each, spaces evened out; without what it would look like."""
    return re.sub(r"[ \n]+", " ", re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<figure.*?</figure>", "", page.text))).strip()


def a_film(db: Session, post_or_asset: Any, **values: Any) -> AssetFile:
    asset = getattr(post_or_asset, "asset", post_or_asset)
    told = {"name": "f.mp4", "kind": MediaKind.VIDEO, "mime": "video/mp4", "size": 1 << 20, "width": 1280, "height": 720, "seconds": 60.0}
    file = AssetFile(asset_id=asset.id, stored_name=f"{asset.id}-{values.get('seconds')}.mp4", sha256="0" * 64, created_at=NOON, **{**told, **values})
    db.add(file)
    db.flush()
    return file


# while writing


def test_each_chosen_channel_says_its_own_count_its_findings_and_its_cost(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db)
    x, linkedin = make_channel(app_db, name="Our X"), make_channel(app_db, name="Our page", platform=Platform.LINKEDIN)
    make_channel(app_db, name="Not chosen")
    app_db.commit()

    page = client.submit(
        "/posts/preflight", asset_id=asset.id, channels=[x.id, linkedin.id], text="a" * 257, link="https://example.com/a", time_zone="Europe/Paris"
    )

    assert page.status_code == 200
    assert seen(page) == (
        "Our X 281 / 280 Blocking: The text counts 281 for X, which takes at most 280. "
        f"{ESTIMATE} Our page 257 / 3,000 Nothing stands in its way, once it has a time."
    )


def test_a_room_says_that_no_picture_goes_along(client: Browser, app_db: Session) -> None:
    room = make_channel(app_db, name="Our room", platform=Platform.WEBHOOK, config={"flavour": "slack"})
    picture = a_film(app_db, asset := make_asset(app_db), kind=MediaKind.IMAGE, name="quay.png", mime="image/png", seconds=None)
    app_db.commit()

    page = client.submit("/posts/preflight", asset_id=asset.id, channels=[room.id], text="Come and see.", media=[picture.id], time_zone="Europe/Paris")

    assert "Files do not go to a chat room: only the text and its link do, and a video's picture where the link leads to YouTube." in unescape(seen(page))


def test_the_link_is_shown_as_it_leaves_and_kept_with_the_marks_that_were_chosen(client: Browser, app_db: Session) -> None:
    asset, campaign = make_asset(app_db), make_campaign(app_db, name="Spring")
    x, room = make_channel(app_db, name="Our X"), make_channel(app_db, name="Our page", platform=Platform.LINKEDIN, config={"short_links": True})
    app_db.commit()
    given = {"asset_id": asset.id, "channels": [x.id, room.id], "text": "Hi", "link": "https://example.com/a", "campaign_id": campaign.id, "marks_link": "y"}

    page = client.submit("/posts/preflight", utm_medium="post", time_zone="Europe/Paris", **given)

    leaves = "https://example.com/a?utm_source={}&amp;utm_medium=post&amp;utm_campaign=spring"
    assert f"Its link leaves as: {leaves.format('x')}" in seen(page)
    assert f"A short link leaves in its place and leads to: {leaves.format('linkedin')}" in seen(page)

    client.submit("/posts/new", utm_medium="post", time_zone="Europe/Paris", **given)
    posts = app_db.query(Post).order_by(Post.id).all()
    assert [(one.marks, bool(one.short_code)) for one in posts] == [
        ({"source": source, "medium": "post", "campaign": "spring"}, short) for source, short in (("x", False), ("linkedin", True))
    ]
    form = client.get(f"/posts/{posts[0].id}/edit").text
    assert re.findall(r'name="utm_(\w+)" placeholder="([^"]*)" type="text" value="([^"]*)"', form) == [
        ("source", "x", ""), ("medium", "social", "post"), ("campaign", "spring", "")
    ]
    assert f"{leaves.format('x')}&amp;utm_content=post-{posts[0].id}" in client.get(f"/posts/{posts[0].id}").text


def test_words_of_a_channel_s_own_are_what_is_counted_there(client: Browser, app_db: Session) -> None:
    asset, x = make_asset(app_db), make_channel(app_db, name="Our X")
    app_db.commit()

    page = client.submit("/posts/preflight", asset_id=asset.id, channels=[x.id], text="a" * 999, time_zone="Europe/Paris", **{f"text-{x.id}": "Short."})

    assert seen(page) == "Our X changed for Our X 6 / 280 Nothing stands in its way, once it has a time. Costs about US$0.015 to send: an estimate, from the prices in the settings."


def test_in_french_numbers_and_amounts_are_written_as_the_french_do(client: Browser, app_db: Session) -> None:
    asset, page_ = make_asset(app_db), make_channel(app_db, name="Notre page", platform=Platform.LINKEDIN)
    x = make_channel(app_db, name="Notre X")
    app_db.commit()
    client.set_cookie("language", "fr")

    said = seen(client.submit("/posts/preflight", asset_id=asset.id, channels=[page_.id, x.id], text="a" * 3001, time_zone="Europe/Paris"))

    assert "Le texte compte 3\u202f001 caractères\u202f; LinkedIn en prend au plus 3\u202f000." in said
    assert "Envoi à environ 0,015\u00a0$US\u00a0: une estimation, d’après les prix des réglages." in said


def test_what_is_malformed_is_said_too(client: Browser, app_db: Session) -> None:
    asset, x = make_asset(app_db), make_channel(app_db, name="Our X")
    app_db.commit()

    page = client.submit("/posts/preflight", asset_id=asset.id, channels=[x.id], text="Hello.", link="nowhere", time_zone="Europe/Paris")

    assert seen(page) == "Our X Blocking: A link starts with https:// or http:// and has no spaces."


@pytest.mark.parametrize("fields", [{}, {"asset_id": "x"}, {"asset_id": "99999999999999999"}, {"channels": ["a", "-1"]}])
def test_without_an_asset_or_a_channel_it_says_what_this_is_for(client: Browser, app_db: Session, fields: dict[str, Any]) -> None:
    assert seen(client.submit("/posts/preflight", **fields)) == "Choose an asset and a channel: this is where it says what it takes."


def test_a_post_that_is_changed_is_judged_with_its_own_files_and_not_against_itself(client: Browser, app_db: Session) -> None:
    post = make_post(app_db, text="Hello.", channel=make_channel(app_db, name="Our X"))
    film = a_film(app_db, post, seconds=141.0)
    app_db.commit()

    page = client.submit(
        f"/posts/{post.id}/preflight", text="Hello.", media=[film.id], wall_time="2026-03-03T13:00", time_zone="Europe/Paris", version=post.version
    )

    assert seen(page).startswith("Our X 6 / 280 Blocking: “f.mp4” is too long for X, which takes at most 140 seconds.")


def test_asking_changes_nothing(client: Browser, app_db: Session) -> None:
    post = make_post(app_db)
    app_db.commit()
    before = stored(app_db)

    client.submit("/posts/preflight", asset_id=post.asset_id, channels=[post.channel_id], text="New words.", time_zone="Europe/Paris")
    client.submit(f"/posts/{post.id}/preflight", text="New words.", time_zone="Europe/Paris")

    assert stored(app_db) == before


def test_only_people_who_may_write_the_post_are_told(sign_in: Callable[..., Browser], app_db: Session) -> None:
    secret = make_asset(app_db, confidentiality=Confidentiality.CONFIDENTIAL)
    post = make_post(app_db, asset=secret)
    app_db.commit()
    people = {role: sign_in(roles=(role,)) for role in ROLES}

    found = {
        role: (
            person.submit("/posts/preflight", asset_id=secret.id, channels=[post.channel_id], text="x").status_code,
            person.submit(f"/posts/{post.id}/preflight", text="x", time_zone="Europe/Paris").status_code,
        )
        for role, person in people.items()
    }

    assert found == {
        "admin": (200, 200), "planner": (200, 200), "author": (404, 404), "approver": (403, 403), "legal": (403, 403), "advocate": (403, 403),
        "viewer": (403, 404),
    }  # fmt: skip


def test_without_script_a_button_checks_and_saves_nothing(client: Browser, app_db: Session) -> None:
    asset, x = make_asset(app_db), make_channel(app_db, name="Our X")
    post = make_post(app_db, channel=x, text="As it was.")
    app_db.commit()

    new = client.submit("/posts/new", asset_id=asset.id, channels=[x.id], text="a" * 281, time_zone="Europe/Paris", check="1")
    edit = client.submit(f"/posts/{post.id}/edit", version=post.version, text="b" * 281, time_zone="Europe/Paris", check="1")

    for page, typed in ((new, "a" * 281), (edit, "b" * 281)):
        assert page.status_code == 200
        assert "The text counts 281 for X, which takes at most 280." in page.text
        assert typed in page.text
    assert [one.text for one in app_db.query(Post)] == ["As it was."]


def test_the_description_of_a_picture_stays_when_the_words_change(client: Browser, app_db: Session) -> None:
    post = make_post(app_db)
    film = a_film(app_db, post)
    post.media = [{"file_id": film.id, "alt_text": "A quay at dawn."}]
    app_db.commit()

    client.submit(f"/posts/{post.id}/edit", version=post.version, text="New.", media=[film.id], wall_time="2026-03-03T13:00", time_zone="Europe/Paris")

    app_db.refresh(post)
    assert (post.text, post.media) == ("New.", [{"file_id": film.id, "alt_text": "A quay at dawn."}])


# cost


def test_the_cost_stands_on_the_post_and_on_the_campaign_as_long_as_it_is_still_to_be_paid(client: Browser, app_db: Session) -> None:
    campaign = make_campaign(app_db)
    post = make_post(app_db, campaign=campaign, link="https://example.com")
    gone = make_post(app_db, campaign=campaign, state=PostState.PUBLISHED, published_at=NOON)
    page = make_post(app_db, campaign=campaign, channel=make_channel(app_db, platform=Platform.LINKEDIN))
    app_db.commit()

    told = {one.id: ESTIMATE in seen(client.get(f"/posts/{one.id}")) for one in (post, gone, page)}

    assert told == {post.id: True, gone.id: False, page.id: False}
    assert "One post still to go out on X costs about US$0.20: an estimate, from the prices in the settings." in seen(
        client.get(f"/campaigns/{campaign.id}")
    )


# every door


@pytest.fixture
def long_film(app_db: Session) -> Post:
    """A post with a film a second too long for X, ready to be asked for."""
    post = make_post(app_db)
    post.media = [{"file_id": a_film(app_db, post, seconds=141.0).id, "alt_text": ""}]
    app_db.commit()
    return post


SAID = "“f.mp4” is too long for X, which takes at most 140 seconds."


@pytest.mark.parametrize("step", ["submit", "approve"])
def test_no_door_lets_through_what_cannot_be_sent(
    step: str, client: Browser, app: Flask, app_db: Session, long_film: Post
) -> None:
    if step == "approve":
        service.submit(app_db, long_film, limits=None, actor=None, now=NOON)
        app_db.commit()
    number, state = long_film.id, long_film.state
    token = issue_token(app_db, make_user(app_db, roles=("admin",)), "a program", actor=None, now=NOON)
    digest = service.rules.content_digest(long_film, long_film.asset, long_film.channel)
    app_db.commit()

    web = client.submit(f"/posts/{number}/{step}", digest=digest)
    api = app.test_client().post(f"/api/v1/posts/{number}/{step}", json={}, headers={"Authorization": f"Bearer {token}", "If-Match": "*"})
    terminal: Result = app.test_cli_runner().invoke(args=["planner", "post", step, str(number)])

    assert (web.status_code, SAID in web.text) == (422, True)
    assert (api.status_code, api.json["detail"]) == (422, SAID)
    assert (terminal.exit_code, terminal.stderr.strip().removeprefix("media: ")) == (1, SAID)
    app_db.expire_all()
    assert long_film.state is state


# what it would look like, and words of a channel's own


def test_each_platform_is_drawn_from_what_would_leave_there_and_said_to_be_an_approximation(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db, title="The paper")
    x, linkedin = make_channel(app_db, name="Our X"), make_channel(app_db, name="Our page", platform=Platform.LINKEDIN)
    tube = make_channel(app_db, name="Our TV", platform=Platform.YOUTUBE)
    film = a_film(app_db, asset, seconds=3725.0)
    app_db.commit()
    given = {"asset_id": asset.id, "text": f"{'Word ' * 50}end", "link": "https://www.example.com/a", "time_zone": "Europe/Paris"}

    page = client.submit("/posts/preflight", channels=[x.id, linkedin.id, tube.id], media=[film.id], **given).text

    looks = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", one)).strip() for one in re.findall(r'(?s)<figure class="look look--\w+">(.*?)</figure>', page)]
    assert [one.split()[0:2] for one in looks] == [["1:02:05", "The"], ["Our", "X"], ["Our", "page"]]
    assert [one.count("…more") for one in looks] == [1, 0, 1]
    assert all(one.endswith("An approximation: the platform decides how it looks.") for one in looks)

    without = client.submit("/posts/preflight", channels=[linkedin.id], **given).text
    assert re.search(r'look__card"><strong[^>]*>The paper</strong><span[^>]*>example.com<', without)


def test_a_text_of_a_channel_s_own_is_named_and_the_same_text_is_none(client: Browser, app_db: Session) -> None:
    asset, x, page = make_asset(app_db), make_channel(app_db, name="Our X"), make_channel(app_db, name="Our page", platform=Platform.LINKEDIN)
    app_db.commit()
    given = {"asset_id": asset.id, "channels": [x.id, page.id], "text": "For all.", "time_zone": "Europe/Paris", f"text-{x.id}": "For X.", f"text-{page.id}": "For all. "}

    said = client.submit("/posts/preflight", **given).text
    assert ("changed for Our X" in said, "changed for Our page" in said) == (True, False)

    client.submit("/posts/new", **given)
    assert sorted(one.text for one in app_db.query(Post)) == ["For X.", "For all."]


def test_a_preview_says_which_picture_has_no_alt_text(client: Browser, app_db: Session) -> None:
    asset, channel = make_asset(app_db), make_channel(app_db, platform=Platform.LINKEDIN)
    bare = a_film(app_db, asset, name="bare.png", kind=MediaKind.IMAGE, mime="image/png", seconds=None, alt_text="")
    app_db.commit()
    given = {"asset_id": asset.id, "channels": [channel.id], "text": "Hi", "media": [bare.id], "time_zone": "Europe/Paris"}

    assert '<span class="look__alt">No alt text</span>' in client.submit("/posts/preflight", **given).text
    assert "No alt text" not in client.submit("/posts/preflight", **given, **{f"alt-{bare.id}": "Our stand"}).text


def test_what_a_picture_shows_is_asked_beside_it_and_starts_with_what_its_file_says(client: Browser, app_db: Session) -> None:
    asset, channel = make_asset(app_db), make_channel(app_db, platform=Platform.LINKEDIN)
    stand = a_film(app_db, asset, name="stand.png", kind=MediaKind.IMAGE, mime="image/png", seconds=None, alt_text="Our stand")
    app_db.commit()

    said = client.submit(
        "/posts/preflight", asset_id=asset.id, channels=[channel.id], text="Hi", media=[stand.id], link="https://example.com/a", time_zone="Europe/Paris"
    ).text
    assert "Hi\n\nhttps://example.com/a</p>" in said and 'alt="Our stand"' in said
    assert "No alt text" not in said

    assert 'value="Our stand" maxlength="1000"' in client.get(f"/posts/new?asset={asset.id}").text
    given = {"asset_id": asset.id, "channels": [channel.id], "text": "Hi", "media": [stand.id], "time_zone": "Europe/Paris"}
    client.submit("/posts/new", **given, **{f"alt-{stand.id}": "Our stand in Lisbon"})

    (post,) = app_db.query(Post).all()
    assert post.media == [{"file_id": stand.id, "alt_text": "Our stand in Lisbon"}]
    assert 'value="Our stand in Lisbon"' in client.get(f"/posts/{post.id}/edit").text


def test_saving_and_submitting_at_once_asks_for_approval_and_keeps_what_a_rule_refuses_as_a_draft(client: Browser, app_db: Session) -> None:
    asset, x, tube = make_asset(app_db), make_channel(app_db, name="Our X"), make_channel(app_db, name="Our TV", platform=Platform.YOUTUBE)
    app_db.commit()

    client.submit(
        "/posts/new", asset_id=asset.id, channels=[x.id, tube.id], text="Hi", wall_time="2026-03-03T13:00", time_zone="Europe/Paris", then="submit"
    )

    posts = {one.channel_id: one.state for one in app_db.query(Post)}
    assert posts == {x.id: PostState.IN_REVIEW, tube.id: PostState.DRAFT}
    assert "Our TV: saved, but not submitted." in client.get("/").text
