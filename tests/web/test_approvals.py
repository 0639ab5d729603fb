"""Approving: what waits for me, one post after the other, a whole wave, and comments on the words of a post."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha512
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import AssetFile, AssetKind, Confidentiality
from planner.channels.port import MediaKind, Platform
from planner.planning import guests, routes, service
from planner.planning.approval_models import PostComment
from planner.planning.models import Post, PostState
from planner.planning.saying import digest_of
from planner.planning.steps import Step
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_person, make_post, make_user
from tests.web.counting import statements

SignIn = Callable[..., Browser]
DAY = timedelta(days=1)


@pytest.fixture
def team(app_db: Session) -> dict[str, User]:
    people = {role: make_user(app_db, roles=(role,), name=role.title()) for role in ("planner", "approver", "legal")}
    app_db.commit()
    return people


def submitted(db: Session, author: User, **values: object) -> Post:
    post = make_post(db, author=author, **values)
    service.submit(db, post, actor=author, now=NOON)
    return post


def states(db: Session) -> list[str]:
    db.expire_all()
    found = [str(post.state) for post in db.scalars(select(Post).order_by(Post.id))]
    db.rollback()
    return found


def test_each_yes_leads_to_the_next_and_the_last_to_an_empty_list(sign_in: SignIn, app_db: Session, team: dict[str, User]) -> None:
    first, second = (submitted(app_db, team["planner"], publish_at=NOON + n * DAY).id for n in (1, 2))
    app_db.commit()
    phone = sign_in(team["approver"])

    listed = phone.get("/approvals").text
    assert listed.index(f"/approvals/{first}") < listed.index(f"/approvals/{second}")
    page = phone.get(f"/approvals/{first}").text
    assert "1 of 2" in page
    digest = re.search(r'name="digest" type="hidden" value="(\w{64})"', page)
    assert digest is not None
    assert phone.submit(f"/approvals/{first}/approve", digest=digest[1]).headers["Location"] == f"/approvals/{second}"
    sent_back = phone.submit(f"/approvals/{second}/request-changes", **{"changes-note": "Name the customer."})
    assert sent_back.headers["Location"] == "/approvals"
    assert states(app_db) == ["approved", "changes_requested"]
    assert "Nothing waits for approval" in phone.get("/approvals").text


def test_a_post_changed_meanwhile_is_not_approved_and_shows_what_changed(sign_in: SignIn, app_db: Session, team: dict[str, User]) -> None:
    post = submitted(app_db, team["planner"]).id
    app_db.commit()

    stale = sign_in(team["approver"]).submit(f"/approvals/{post}/approve", digest="0" * 64)

    assert stale.status_code == 409
    assert "This post was changed after you opened it" in stale.text
    assert states(app_db) == ["in_review"]


def test_a_request_for_changes_needs_its_sentence(sign_in: SignIn, app_db: Session, team: dict[str, User]) -> None:
    post = submitted(app_db, team["planner"]).id
    app_db.commit()

    refused = sign_in(team["approver"]).submit(f"/approvals/{post}/request-changes", **{"changes-note": " "})

    assert refused.status_code == 422
    assert "Say what should change." in refused.text


def test_a_wave_is_approved_at_once_each_post_for_itself(sign_in: SignIn, app_db: Session, team: dict[str, User]) -> None:
    campaign, channel = make_campaign(app_db, name="Spring"), make_channel(app_db)
    posts = [submitted(app_db, team["planner"], campaign=campaign, channel=channel, publish_at=NOON + n * DAY, text=f"Day {n}.") for n in (1, 2, 3)]
    make_post(app_db, campaign=campaign, publish_at=NOON + 4 * DAY)
    posts[2].asset.embargo_until = NOON + 9 * DAY
    ids, digests = [post.id for post in posts], [service.digest_of(post) for post in posts]
    app_db.commit()
    client = sign_in(team["approver"])

    page = client.get(f"/approvals/waves/{campaign.id}").text
    assert page.count('name="post"') == 2  # The third is blocked, and says why; the draft is not in it.
    assert "is under embargo until" in page
    told = {f"digest-{number}": digest for number, digest in zip(ids, digests, strict=True)} | {f"digest-{ids[1]}": "0" * 64}
    app_db.rollback()
    assert client.submit(f"/approvals/waves/{campaign.id}", post=[str(number) for number in ids], **told).status_code == 302
    after = client.get(f"/approvals/waves/{campaign.id}").text
    assert "You said yes to one post." in after
    assert "This post was changed after you opened it" in after
    assert states(app_db) == ["approved", "in_review", "in_review", "draft"]


def test_of_a_wave_with_many_refusals_as_many_are_said_as_a_browser_keeps(sign_in: SignIn, app_db: Session, team: dict[str, User]) -> None:
    campaign, channel = make_campaign(app_db, name="Spring"), make_channel(app_db)
    titles = [sha512(f"{n}".encode()).hexdigest() for n in range(40)]
    posts = [
        submitted(app_db, team["planner"], asset=make_asset(app_db, title=title), campaign=campaign, channel=channel, publish_at=NOON + n * DAY, text=f"Day {n}.")
        for n, title in enumerate(titles, 1)
    ]
    ids = [str(post.id) for post in posts]
    app_db.commit()
    client = sign_in(team["approver"])

    answer = client.submit(f"/approvals/waves/{campaign.id}", post=ids)
    after = client.get(f"/approvals/waves/{campaign.id}").text

    assert answer.status_code == 302
    assert [f"“{title}” on" in after for title in titles] == [True] * 5 + [False] * 35
    assert "And 35 more like these." in after


def test_only_whose_turn_it_is_is_asked_and_nothing_confidential_is_told(sign_in: SignIn, app_db: Session, team: dict[str, User]) -> None:
    routes.set_route(app_db, routes.of_kind(AssetKind.VIDEO), [Step("", "Legal", roles=("legal",), hours=12)], actor=None, now=NOON)
    secret = make_asset(app_db, title="Zqfalcon", confidentiality=Confidentiality.CONFIDENTIAL)
    submitted(app_db, team["planner"], asset=make_asset(app_db, title="The film", kind=AssetKind.VIDEO))
    submitted(app_db, team["planner"], asset=secret)
    viewer = make_user(app_db, roles=("viewer",))
    app_db.commit()

    legal, other = sign_in(team["legal"]).get("/approvals").text, sign_in(viewer).get("/approvals").text
    assert legal.index("Waiting for your yes") < legal.index("The film")
    assert "Waiting for others" in other and "Waiting for your yes" not in other
    assert "Zqfalcon" in legal and "Zqfalcon" not in other


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_whatever_waits(app: Flask, sign_in: SignIn, app_db: Session, team: dict[str, User], count: int) -> None:
    for n in range(count):
        submitted(app_db, team["planner"], publish_at=NOON + (n + 1) * DAY)
    app_db.commit()

    assert statements(app, sign_in(team["approver"]), "/approvals") <= 10


def test_a_comment_keeps_the_words_it_is_about_and_says_when_they_are_gone(sign_in: SignIn, app_db: Session, team: dict[str, User]) -> None:
    post = submitted(app_db, team["planner"], text="We open a plant\nin Lyon.")
    number, version = post.id, post.version
    app_db.commit()
    approver, planner = sign_in(team["approver"]), sign_in(team["planner"])

    refused = approver.submit(f"/posts/{number}/comments", text="Where?", quote="in Paris", to="approvals")
    assert refused.headers["Location"].startswith(f"/approvals/{number}?comment=Where")
    assert "These words are not in the post" in approver.get(refused.headers["Location"]).text
    approver.submit(f"/posts/{number}/comments", text="Which one?", quote="a plant in Lyon", to="approvals")
    page = planner.get(f"/posts/{number}").text
    assert "Which one?" in page and "a plant in Lyon" in page and "The text has changed" not in page

    planner.submit(f"/posts/{number}/edit", text="We open two plants.", wall_time="2026-03-03T13:00", time_zone="Europe/Paris", version=version)
    assert "The text has changed" in planner.get(f"/posts/{number}").text
    comment = app_db.scalars(select(PostComment)).one().id
    app_db.rollback()
    planner.submit(f"/posts/{number}/comments/{comment}/settle", to="post")
    assert "One settled comment" in planner.get(f"/posts/{number}").text
    assert planner.submit(f"/posts/{number}/comments/999/settle").status_code == 404
    assert PostState.IN_REVIEW in states(app_db)


def test_every_page_of_a_post_shows_what_leaves_pictures_with_its_own_words_names_and_marked_link(
    sign_in: SignIn, app_db: Session, team: dict[str, User]
) -> None:
    asset, jane = make_asset(app_db), make_person(app_db, name="Jane Doe", linkedin_urn="urn:li:person:7")
    files = [
        AssetFile(asset_id=asset.id, kind=MediaKind.IMAGE, name=name, stored_name=name, mime="image/png", size=1, sha256="0" * 64, alt_text=alt, created_at=NOON)
        for name, alt in (("first.png", "The file's words"), ("second.png", "The tower"), ("third.png", ""))
    ]
    app_db.add_all(files)
    app_db.flush()
    app_db.refresh(asset)
    said = f"Thanks to @[Jane Doe](person:{jane.id}) for the talk."
    post = submitted(
        app_db, team["planner"], asset=asset, channel=make_channel(app_db, platform=Platform.LINKEDIN), text=said, first_comment=said,
        link="https://example.com/orion", marks={"source": "linkedin"},
        media=[{"file_id": files[0].id, "alt_text": "The post's own words"}, {"file_id": files[1].id, "alt_text": ""}, {"file_id": files[2].id}],
    )  # fmt: skip
    _, token = guests.make(app_db, "Jane Doe", [post], actor=team["planner"], now=NOON)
    number = post.id
    app_db.commit()
    reader = sign_in(team["approver"])

    for address in (f"/approvals/{number}", f"/posts/{number}", f"/r/{token}"):
        page = unescape(reader.get(address).text)
        body = page[page.index('class="preview') :]
        assert re.findall(r'<img src="[^"]*" alt="([^"]*)"', body)[:3] == ["The post's own words", "The tower", ""], address
        assert "Nothing says what “third.png” shows." in body and "Alt text: The tower" in body, address
        assert body.count("Thanks to Jane Doe for the talk.") >= 2 and "@[Jane" not in body.partition("</article>")[0], address
        assert ">https://example.com/orion?utm_source=linkedin" in body, address


def test_an_empty_list_leads_whoever_submits_to_the_drafts(sign_in: SignIn, team: dict[str, User]) -> None:
    link = 'href="/calendar?view=list&amp;state=draft"'
    assert [link in sign_in(team[role]).get("/approvals").text for role in ("planner", "legal")] == [True, False]


def test_words_are_quoted_as_they_are_read(sign_in: SignIn, app_db: Session, team: dict[str, User]) -> None:
    jane = make_person(app_db, name="Jane Doe", x_handle="janedoe")
    post = submitted(app_db, team["planner"], text=f"Thanks to @[Jane Doe](person:{jane.id}) for it", link="https://example.com/orion")
    number = post.id
    app_db.commit()
    reader = sign_in(team["approver"])

    answer = reader.submit(f"/posts/{number}/comments", text="Is that so?", quote="to @janedoe for it https://example.com/orion", to="post")

    assert answer.status_code == 302
    page = reader.get(f"/posts/{number}").text
    assert "Is that so?" in page and "The text has changed" not in page


@pytest.mark.parametrize(
    ("platform", "told"),
    [
        (Platform.X, "Approved. It goes out by itself at its time."),
        (Platform.BY_HAND, "Approved. At its time somebody publishes it by hand: the desk says so on its day."),
    ],
)
def test_a_yes_says_how_the_post_goes_out(sign_in: SignIn, app_db: Session, team: dict[str, User], platform: Platform, told: str) -> None:
    for place in ("approvals", "posts"):
        post = submitted(app_db, team["planner"], channel=make_channel(app_db, platform=platform))
        number, digest = post.id, digest_of(post)
        app_db.commit()

        phone = sign_in(team["approver"])
        phone.submit(f"/{place}/{number}/approve", digest=digest)

        assert told in phone.get(f"/posts/{number}").text
