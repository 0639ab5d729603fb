"""From a template to a wave of drafts, through the browser's door."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import AssetKind
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.planning.listed_models import ListedChannel
from planner.planning.models import Campaign, Post, PostState
from planner.web import proposals
from tests.conftest import Browser
from tests.factories import make_asset, make_campaign, make_channel


@pytest.fixture(autouse=True)
def world(app_db: Session) -> None:
    make_channel(app_db, name="Our X", time_zone="Europe/Paris")
    make_channel(app_db, name="Our films", platform=Platform.YOUTUBE, time_zone="Europe/Paris")
    make_asset(app_db, kind=AssetKind.PRESS_RELEASE, title="We open")
    make_asset(app_db, kind=AssetKind.VIDEO, title="The doors")
    app_db.commit()


def sent(page: str) -> dict[str, Any]:
    """Every field of the page's own form, as a browser would send it."""
    form = page[page.index("novalidate>") :]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form[: form.index("</form>")]):
        one = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if one["name"] != "csrf_token" and (one.get("type") not in ("checkbox", "radio") or " checked" in tag):
            found[one["name"]] = one.get("value", "")
    return found


def posts(db: Session) -> list[tuple[PostState, str]]:
    found = [(row.state, f"{row.publish_at:%d %b %H:%M}") for row in db.execute(select(Post.state, Post.publish_at).order_by(Post.publish_at, Post.id))]
    db.commit()
    return found


def test_from_a_new_campaign_to_its_wave_and_back(client: Browser, app_db: Session) -> None:
    made = client.submit("/campaigns/new", name="Opening", embargo_until="2026-03-26T09:00", template="announcement")
    page = client.get(made.location)
    given = sent(page.text)

    assert [sentence in page.text for sentence in ("The release", "We open", "The film, on the networks", "Nothing is planned yet.")] == [True] * 4
    assert posts(app_db) == []

    del given["go-2"]
    taken = client.submit(made.location.partition("?")[0], do="take", **given)

    assert taken.status_code == 302
    assert posts(app_db) == [(PostState.DRAFT, "26 Mar 08:00"), (PostState.DRAFT, "26 Mar 09:00")]
    toast = client.get(taken.location).text
    assert "2 drafts made." in toast
    entry = re.search(r'name="entry" value="(\d+)"', toast)
    assert entry is not None
    assert client.submit(f"{taken.location}/propose/drop", entry=entry[1]).status_code == 302
    assert [state for state, _at in posts(app_db)] == [PostState.CANCELLED] * 2


def test_a_time_before_the_embargo_makes_no_draft_and_stays_typed(client: Browser, app_db: Session) -> None:
    made = client.submit("/campaigns/new", name="Opening", embargo_until="2026-03-26T09:00", template="announcement")
    given = sent(client.get(made.location).text)
    given["at-1"] = "2026-03-26T08:30"

    answer = client.submit(made.location.partition("?")[0], do="take", **given)

    assert answer.status_code == 422
    assert "under embargo until 26 Mar 2026, 09:00" in answer.text
    assert 'value="2026-03-26T08:30"' in answer.text
    assert posts(app_db) == []


def test_a_campaign_without_a_date_is_asked_for_one_and_templates_are_offered(client: Browser, app_db: Session) -> None:
    campaign = make_campaign(app_db)
    dated = make_campaign(app_db, name="Show", starts_on=None)
    app_db.commit()
    paths = [f"/campaigns/{one.id}/propose" for one in (campaign, dated)]

    assert "Give it a date" in client.get(paths[0]).text
    client.submit(f"/campaigns/{dated.id}/edit", name="Show", starts_on="2026-04-22", version=1)
    assert [name in client.get(paths[1]).text for name in ("Announcement", "Trade show", "White paper launch", "Sensitive")] == [True] * 4


def test_the_sensitive_template_ticks_nothing_by_itself(client: Browser, app_db: Session) -> None:
    make_asset(app_db, title="The plan", sensitive=True)
    app_db.commit()
    made = client.submit("/campaigns/new", name="Plan", embargo_until="2026-03-26T09:00", template="sensitive")
    given = sent(client.get(made.location).text)

    assert sorted(name for name in given if name.startswith(("asset-", "go-"))) == ["asset-0", "asset-1"]
    assert "Tick at least one post." in client.submit(made.location.partition("?")[0], do="take", **given).text
    client.submit(made.location.partition("?")[0], do="take", **given, **{"go-1": "1"})
    assert posts(app_db) == [(PostState.DRAFT, "26 Mar 08:00")]
    assert app_db.scalars(select(Campaign.template)).one() == "sensitive"


def test_the_channels_of_a_sensitive_announcement_stand_on_its_campaign_and_can_be_changed(client: Browser, app_db: Session) -> None:
    make_asset(app_db, title="The plan", sensitive=True)
    app_db.commit()
    made = client.submit("/campaigns/new", name="Plan", embargo_until="2026-03-26T09:00", template="sensitive")
    path = made.location.partition("?")[0].removesuffix("/propose")
    client.submit(f"{path}/propose", do="take", **sent(client.get(made.location).text), **{"go-1": "1"})
    listed = app_db.scalars(select(ListedChannel.channel_id)).all()
    other = app_db.scalars(select(Channel.id).where(Channel.id.not_in(listed))).first()
    app_db.rollback()

    assert "Channels of the announcement" in client.get(path).text
    form = client.get(f"{path}/channels").text
    assert [f'value="{number}"' in box for number in listed for box in re.findall(r"<input checked[^>]*>", form)] == [True]
    version = sent(form)["version"]
    assert client.submit(f"{path}/channels", version=version).status_code == 422
    assert client.submit(f"{path}/channels", version="1", channels=other).status_code == 409
    assert client.submit(f"{path}/channels", version=version, channels=other).status_code == 302
    app_db.expire_all()
    assert app_db.scalars(select(ListedChannel.channel_id)).all() == [other]
    app_db.rollback()
    assert "is not among the channels listed for this sensitive announcement" in client.get(f"/posts/{app_db.scalars(select(Post.id)).one()}").text


def test_a_wave_is_proposed_though_somebody_writes_while_the_page_is_read(client: Browser, app_db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    made = client.submit("/campaigns/new", name="Opening", embargo_until="2026-03-26T09:00", template="announcement")
    tried = proposals._tried

    def meanwhile(*given: Any) -> Any:
        make_asset(app_db, title="Written meanwhile")
        app_db.commit()
        return tried(*given)

    monkeypatch.setattr(proposals, "_tried", meanwhile)
    page = client.get(made.location)

    assert (page.status_code, "Make drafts of the ticked posts" in page.text) == (200, True)
    assert posts(app_db) == []


def test_a_campaign_that_announces_nothing_sensitive_has_no_list_of_channels(client: Browser, app_db: Session) -> None:
    number = make_campaign(app_db).id
    app_db.commit()

    page = client.get(f"/campaigns/{number}/channels").text

    assert "This campaign announces nothing sensitive, so no channel is listed for it." in page
    assert 'name="channels"' not in page
