"""The page that asks whether a campaign's posts go along, through the browser's door."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.planning.models import Campaign, Post
from tests.conftest import Browser, StoppedClock
from tests.factories import make_campaign, make_channel, make_post, make_user

LIFT = datetime(2026, 3, 10, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def launch(db: Session) -> tuple[Campaign, list[Post]]:
    campaign = make_campaign(db, name="Launch", embargo_until=LIFT)
    channel = make_channel(db, time_zone="Europe/Paris")
    posts = [make_post(db, channel=channel, campaign=campaign, publish_at=LIFT + one, time_zone="Europe/Paris") for one in (timedelta(), 2 * DAY)]
    db.commit()
    return campaign, posts


def typed(page: str) -> dict[str, Any]:
    """Every field of the page's form, as a browser would send it."""
    inputs = (dict(re.findall(r'([a-z-]+)="([^"]*)"', tag)) | {"checked": " checked" in tag} for tag in re.findall(r"<input[^>]*>", page))
    return {
        one["name"]: one.get("value", "")
        for one in inputs
        if one.get("name", "csrf_token") != "csrf_token" and (one.get("type") not in ("checkbox", "radio") or one["checked"])
    }


def edit(client: Browser, campaign: Campaign, **fields: Any) -> Any:
    values = {"name": "Launch", "embargo_until": "2026-03-10T09:00", "version": campaign.version, **fields}
    return client.submit(f"/campaigns/{campaign.id}/edit", **values)


def moments(db: Session) -> list[datetime | None]:
    found = list(db.scalars(select(Post.publish_at).order_by(Post.id)))
    db.commit()
    return found


def test_moving_the_embargo_shows_each_post_where_it_would_go_and_changes_nothing_yet(client: Browser, app_db: Session) -> None:
    campaign, posts = launch(app_db)

    page = edit(client, campaign, embargo_until="2026-03-12T09:00")

    assert page.status_code == 200
    assert [f'value="{when}"' in page.text for when in ("2026-03-12T09:00", "2026-03-14T09:00")] == [True, True]
    assert "Nothing is changed yet" in page.text
    assert moments(app_db) == [LIFT, LIFT + 2 * DAY]
    assert typed(page.text)[f"version-{posts[0].id}"] == str(posts[0].version)


def test_the_ticked_posts_go_along_and_the_toast_takes_it_back(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    campaign, posts = launch(app_db)
    page = edit(client, campaign, embargo_until="2026-03-12T09:00")
    given = typed(page.text)
    del given[f"go-{posts[1].id}"]
    given[f"at-{posts[0].id}"] = "2026-03-12T10:15"

    answer = client.submit(f"/campaigns/{campaign.id}/edit", wave="move", **given)

    assert answer.status_code == 302
    assert moments(app_db) == [LIFT + 2 * DAY + timedelta(hours=1, minutes=15), LIFT + 2 * DAY]
    clock.advance(timedelta(minutes=1))
    toast = client.get(answer.location).text
    entry = re.search(r'name="entry" value="(\d+)"', toast)
    assert entry is not None
    client.submit(f"/campaigns/{campaign.id}/wave/undo", entry=entry[1])
    assert moments(app_db) == [LIFT, LIFT + 2 * DAY]
    assert app_db.scalars(select(Campaign.embargo_until)).one() == LIFT


def test_one_refused_post_keeps_everything_and_what_was_typed(client: Browser, app_db: Session) -> None:
    campaign, posts = launch(app_db)
    given = typed(edit(client, campaign, embargo_until="2026-03-12T09:00").text)
    given[f"at-{posts[0].id}"] = "2026-03-12T08:59"

    answer = client.submit(f"/campaigns/{campaign.id}/edit", wave="move", **given)

    assert answer.status_code == 422
    assert "under embargo until 12 Mar 2026, 09:00" in answer.text
    assert 'value="2026-03-12T08:59"' in answer.text
    assert moments(app_db) == [LIFT, LIFT + 2 * DAY]


def test_the_posts_may_stay(client: Browser, app_db: Session) -> None:
    campaign, _posts = launch(app_db)
    given = typed(edit(client, campaign, embargo_until="2026-03-09T09:00").text)

    answer = client.submit(f"/campaigns/{campaign.id}/edit", wave="stay", **given)

    assert answer.status_code == 302
    assert moments(app_db) == [LIFT, LIFT + 2 * DAY]
    assert app_db.scalars(select(Campaign.embargo_until)).one() == LIFT - DAY


def test_all_that_was_typed_on_the_campaign_is_saved_with_the_wave(client: Browser, app_db: Session) -> None:
    campaign, _posts = launch(app_db)
    owner = make_user(app_db, roles=("planner",)).id
    campaign.hashtags = ["#Old"]
    app_db.commit()
    texts = {"summary": "Two\nlines", "hashtags": "#Launch #5G\n#Edge", "starts_on": "2026-03-01", "ends_on": "2026-04-01", "owner_id": owner}
    given = typed(edit(client, campaign, embargo_until="2026-03-12T09:00", **texts).text)

    client.submit(f"/campaigns/{campaign.id}/edit", wave="move", **given)

    app_db.expire_all()
    saved = app_db.scalars(select(Campaign)).one()
    assert (saved.summary, saved.hashtags, saved.starts_on, saved.ends_on, saved.owner_id, saved.embargo_until) == (
        "Two\nlines", ["#Launch #5G", "#Edge"], date(2026, 3, 1), date(2026, 4, 1), owner, LIFT + 2 * DAY,
    )  # fmt: skip


def test_a_post_that_somebody_moved_meanwhile_is_told(client: Browser, app_db: Session) -> None:
    campaign, posts = launch(app_db)
    given = typed(edit(client, campaign, embargo_until="2026-03-12T09:00").text)
    posts[0].text = "Changed meanwhile."
    app_db.commit()

    answer = client.submit(f"/campaigns/{campaign.id}/edit", wave="move", **given)

    assert answer.status_code == 409
    assert moments(app_db) == [LIFT, LIFT + 2 * DAY]


def test_only_who_may_edit_campaigns_undoes_a_shift(sign_in: Callable[..., Browser], app_db: Session) -> None:
    campaign, _posts = launch(app_db)

    assert sign_in(roles=("author",)).submit(f"/campaigns/{campaign.id}/wave/undo", entry="1").status_code == 403
