"""A finding leads to the post it speaks of, wherever it is read, and to none that its reader may not know of."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from planner.catalog.models import AssetAudience, AssetKind, Audience, Confidentiality
from planner.planning.models import Post, PostState, RuleSetting
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user

TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
def pair(app_db: Session) -> tuple[int, int]:
    """Two posts of one channel five minutes apart, the second about a confidential asset."""
    channel = make_channel(app_db, name="Our X")
    first = make_post(app_db, channel=channel, asset=make_asset(app_db, title="Orion"), text="One.", publish_at=TOMORROW, state=PostState.IN_REVIEW)
    secret = make_asset(app_db, title="Falcon", confidentiality=Confidentiality.CONFIDENTIAL)
    second = make_post(app_db, channel=channel, asset=secret, text="Two.", publish_at=TOMORROW + timedelta(minutes=5), state=PostState.IN_REVIEW)
    app_db.commit()
    return first.id, second.id


@pytest.mark.parametrize("page", ["/posts/{}", "/approvals/{}", "/posts/{}/edit"])
def test_a_finding_leads_to_the_other_post(client: Browser, pair: tuple[int, int], page: str) -> None:
    first, second = pair

    shown = client.get(page.format(first)).text

    assert "Another post goes out on this channel at" in shown
    assert f'href="/posts/{second}"' in shown and ">Falcon</a>" in shown


@pytest.mark.parametrize("page", ["/posts/{}", "/approvals/{}", "/posts/{}/edit"])
def test_who_may_not_know_of_it_reads_the_same_sentence_without_a_way_there(
    sign_in: Callable[..., Browser], app_db: Session, pair: tuple[int, int], page: str
) -> None:
    first, second = pair
    author = make_user(app_db, roles=("author",))
    app_db.get_one(Post, first).author_id = author.id
    app_db.commit()

    shown = sign_in(author).get(page.format(first)).text

    assert "Another post goes out on this channel at" in shown
    assert [words in shown for words in (f'"/posts/{second}"', "Falcon")] == [False, False]


def test_the_composer_leads_there_in_another_tab(client: Browser, app_db: Session, pair: tuple[int, int]) -> None:
    asset = make_asset(app_db)
    app_db.commit()

    shown = client.submit(
        "/posts/preflight", asset_id=asset.id, channels=app_db.get_one(Post, pair[0]).channel_id, text="Three.", wall_time="2026-03-03T13:02", time_zone="Europe/Paris"
    ).text

    assert f'<a href="/posts/{pair[0]}" target="_blank" rel="noopener">Orion</a>' in shown


def test_the_wave_on_approval_leads_there(client: Browser, app_db: Session, pair: tuple[int, int]) -> None:
    campaign = make_campaign(app_db)
    for number in pair:
        app_db.get_one(Post, number).campaign_id = campaign.id
    app_db.commit()

    shown = client.get(f"/approvals/waves/{campaign.id}").text

    assert [f'See: <a href="/posts/{number}"' in shown for number in pair] == [True, True]


def test_a_full_day_leads_to_its_first_posts_in_one_statement(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db)
    app_db.add(RuleSetting(channel_id=None, code="daily", enabled=True, must_not=False, parameters={"posts": 1}))
    posts = [make_post(app_db, channel=channel, text=f"{hour}.", publish_at=TOMORROW - timedelta(hours=hour)) for hour in range(8)]
    app_db.commit()
    numbers = [one.id for one in posts]
    asked: list[str] = []
    engine = app_db.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    shown = client.get(f"/posts/{numbers[0]}").text

    assert shown.count("This would be post number 8") == 1
    assert sum(f'href="/posts/{number}">' in shown for number in numbers[1:]) == 5
    assert sum("assets.title" in one and "posts.id IN" in one for one in asked) == 1


def test_the_same_audience_leads_there(client: Browser, app_db: Session) -> None:
    posts = []
    for title in ("Orion", "Vega"):
        asset = make_asset(app_db, title=title)
        app_db.add(AssetAudience(asset_id=asset.id, audience=Audience.ANALYSTS))
        posts.append(make_post(app_db, asset=asset, channel=make_channel(app_db), publish_at=TOMORROW, text=title))
    app_db.commit()

    assert f'See: <a href="/posts/{posts[1].id}">Vega</a>' in client.get(f"/posts/{posts[0].id}").text


def leads_to(post: Post, page: str) -> bool:
    return f'<a href="/posts/{post.id}" target="_blank" rel="noopener">' in page


def test_where_ticked_posts_would_go_it_leads_there(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db)
    moved = make_post(app_db, channel=channel, publish_at=TOMORROW)
    other = make_post(app_db, channel=channel, publish_at=TOMORROW + timedelta(days=1, minutes=5))
    app_db.commit()

    shown = client.get(f"/calendar/together/look?post={moved.id}&days=1").text

    assert leads_to(other, shown)


def test_where_a_campaign_s_wave_would_go_it_leads_there(client: Browser, app_db: Session) -> None:
    campaign = make_campaign(app_db, name="Launch", embargo_until=TOMORROW)
    channel = make_channel(app_db)
    make_post(app_db, channel=channel, campaign=campaign, publish_at=TOMORROW)
    other = make_post(app_db, channel=channel, publish_at=TOMORROW + timedelta(days=2, minutes=5))
    app_db.commit()

    lifts = (TOMORROW + timedelta(days=2)).astimezone(ZoneInfo("Europe/Paris")).strftime("%Y-%m-%dT%H:%M")
    shown = client.submit(f"/campaigns/{campaign.id}/edit", name="Launch", embargo_until=lifts, version=campaign.version).text

    assert "Nothing is changed yet" in shown and leads_to(other, shown)


def test_a_proposed_wave_leads_there(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, time_zone="UTC")
    release = make_asset(app_db, kind=AssetKind.PRESS_RELEASE, title="We open")
    campaign = make_campaign(app_db, embargo_until=TOMORROW)
    other = make_post(app_db, channel=channel, asset=release, publish_at=TOMORROW + timedelta(minutes=5))
    app_db.commit()

    shown = client.get(f"/campaigns/{campaign.id}/propose?template=announcement").text

    assert leads_to(other, shown)


def test_an_imported_plan_leads_there(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, name="Our X", time_zone="UTC")
    make_asset(app_db, title="Energy")
    other = make_post(app_db, channel=channel, publish_at=TOMORROW + timedelta(minutes=5))
    app_db.commit()
    plan = f"date,time,channel,asset,text\n{TOMORROW:%Y-%m-%d,%H:%M},Our X,Energy,Watts.\n"

    data = {"csrf_token": client.token(), "file": (io.BytesIO(plan.encode()), "march.csv")}
    shown = client.post("/calendar/import", data=data, content_type="multipart/form-data").text

    assert leads_to(other, shown)
