"""The page that says how reading goes, its budget, and reading now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.channels import usage
from planner.channels.models import Use
from planner.channels.port import Platform, Reading
from planner.insights import service
from planner.insights.models import PostReport, ReadingPlan, Silence
from planner.ledger.models import Job
from planner.listening.models import MentionLook
from planner.planning.models import PostState
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel, make_post
from tests.web.counting import statements
from tests.web.test_performance import texts

DAY = timedelta(days=1)


def add_posts(db: Session, count: int) -> int:
    """Live posts on X, the oldest 29 days old; the number of their channel."""
    channel = make_channel(db, name="Group on X", last_collected_at=NOON - DAY)
    for number in range(count):
        at = NOON - (29 - number) * DAY
        post = make_post(
            db, channel=channel, asset=make_asset(db, title=f"Story {number}"), state=PostState.PUBLISHED, published_at=at, external_id=str(number),
        )
        service.record(db, [(post.id, Reading("", impressions=5))], at=NOON - 2 * DAY, now=NOON)
        if number == 1:
            db.add(Silence(post_id=post.id, asked_at=NOON, gone_since=NOON - DAY))
    db.add(Use(channel_id=channel.id, day=NOON.date(), kind="reads", amount=40))
    db.commit()
    return channel.id


def test_the_page_says_what_is_read_how_often_what_it_costs_and_what_closes(client: Browser, app_db: Session) -> None:
    add_posts(app_db, 3)

    page = client.get("/performance/readings").text

    assert (texts(page, "Hourly"), texts(page, "Daily"), texts(page, "Weekly"), texts(page, "Due now")) == (["0"], ["2"], ["1"], ["1"])
    assert "40 of 2,000 posts read, each charged once a day; the daily look at the followers counts as ten · US$0.04 this month" in page
    assert "not read: 1 Mar 2026" in page
    assert page.partition("No longer on their platform")[2].count("Story 1") == 1
    assert [title for title in ("Story 0", "Story 2") if title in page.partition("Numbers that close soon")[2]] == ["Story 0", "Story 2"]
    assert "read once more on 3 Mar 2026" in page and "the last reading is missing" not in page


def test_a_budget_is_changed_with_its_history_and_a_wrong_one_keeps_what_was_typed(client: Browser, app_db: Session) -> None:
    channel_id = add_posts(app_db, 1)

    wrong = client.submit(f"/performance/readings/channels/{channel_id}/budget", a_day="lots")
    right = client.submit(f"/performance/readings/channels/{channel_id}/budget", a_day="300")

    assert (wrong.status_code, right.status_code) == (422, 302)
    assert 'value="lots"' in wrong.text
    assert "A budget is a whole number from 0 to 1,000,000." in wrong.text
    assert app_db.scalars(select(ReadingPlan.a_day)).all() == [300]
    entry = app_db.scalars(select(Entry).where(Entry.action == "channel.reading_budget")).one()
    assert (entry.was, entry.became) == ({"a_day": None}, {"a_day": 300})


def test_refresh_now_is_background_work_for_those_who_may(app_db: Session, sign_in: Any) -> None:
    channel_id = add_posts(app_db, 1)

    answers = [sign_in(roles=(role,)).submit(f"/performance/readings/channels/{channel_id}").status_code for role in ("viewer", "author")]

    assert answers == [403, 302]
    job = app_db.scalars(select(Job)).one()
    assert (job.name, job.args) == ("readings.refresh", {"channel_id": channel_id})


def test_the_page_costs_the_same_whatever_there_is(app: Flask, client: Browser, app_db: Session) -> None:
    add_posts(app_db, 1)
    few = statements(app, client, "/performance/readings")
    make_channel(app_db, platform=Platform.YOUTUBE)
    for number in range(20):
        make_post(app_db, channel=make_channel(app_db), state=PostState.PUBLISHED, published_at=NOON - number * DAY, external_id=f"n{number}")
    app_db.commit()

    assert statements(app, client, "/performance/readings") == few <= 9


def test_the_daily_look_at_xs_followers_is_in_the_budget_and_in_the_cost(client: Browser, app_db: Session) -> None:
    channel_id = add_posts(app_db, 1)
    app_db.add_all([Use(channel_id=channel_id, day=NOON.date() - number * DAY, kind="user_reads", amount=1) for number in range(2)])
    app_db.commit()

    page = client.get("/performance/readings").text

    assert "50 of 2,000 posts read" in page
    assert "US$0.06 this month" in page


def test_a_budget_too_small_to_ask_what_others_write_is_said_where_it_is_set_and_on_the_channels_page(client: Browser, app_db: Session) -> None:
    channel_id = add_posts(app_db, 1)
    linkedin = make_channel(app_db, name="Page", platform=Platform.LINKEDIN).id
    app_db.add(MentionLook(channel_id=channel_id, asked_at=NOON - DAY, told_to=NOON - DAY, trouble="X does not let this app read mentions."))
    app_db.commit()
    pages = ("/performance/readings", f"/settings/channels/{channel_id}")
    said = "a day this account is not asked what others write to it: half of a day is left to numbers. Asking takes a budget of 109 or more."
    seen = []
    for a_day in ("", "109", "108", "0"):
        client.submit(f"/performance/readings/channels/{channel_id}/budget", a_day=a_day)
        seen.append([said in client.get(page).text for page in pages])

    assert seen == [[False, False], [False, False], [True, True], [True, True]]
    client.submit(f"/performance/readings/channels/{channel_id}/budget", a_day="")
    assert "X does not let this app read mentions." in client.get(pages[1]).text
    client.submit(f"/performance/readings/channels/{linkedin}/budget", a_day="5")
    assert [said in client.get(page).text for page in ("/performance/readings", f"/settings/channels/{linkedin}")] == [False, False]


def test_the_page_tells_how_many_tables_were_told_and_what_to_do_when_analytics_refuses(client: Browser, app_db: Session) -> None:
    lacking = make_channel(app_db, name="Lacking", platform=Platform.YOUTUBE)
    refused = make_channel(app_db, name="Refused", platform=Platform.YOUTUBE)
    assert lacking.credential is not None
    lacking.credential.scopes = ["https://www.googleapis.com/auth/youtube"]
    post = make_post(app_db, channel=refused, state=PostState.PUBLISHED, published_at=NOON - 9 * DAY, external_id="v1")
    for number, name in enumerate(("total", "days", "sites")):
        told_at = NOON - number * DAY / 4
        app_db.add(PostReport(post_id=post.id, name=name, since=NOON.date(), until=NOON.date(), read_at=told_at, columns=[], rows=[]))
    usage.keep(app_db, refused.id, Platform.YOUTUBE, usage.Doing.TABLES, {}, "YouTube refused: no such right", now=NOON)
    app_db.commit()

    page = client.get("/performance/readings").text
    first, _name, second = page.partition("Lacking")[2].partition("Refused</")

    assert "0 of 400 tables of YouTube Analytics (a UTC day)" in first
    assert "the channel was connected without its right (yt-analytics.readonly). Connect it again and accept that right." in first
    assert "3 of 400 tables of YouTube Analytics (a UTC day)" in second
    assert "YouTube refused: no such right" in second and f'href="/settings/channels/{refused.id}"' in second


def test_an_assets_page_says_why_nothing_tells_how_its_video_was_watched(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, name="Group", platform=Platform.YOUTUBE)
    assert channel.credential is not None
    channel.credential.scopes = ["https://www.googleapis.com/auth/youtube"]
    post = make_post(app_db, channel=channel, state=PostState.PUBLISHED, published_at=NOON - 9 * DAY, external_id="v1")
    app_db.commit()

    page = client.get(f"/assets/{post.asset_id}").text

    assert "How it was watched" in page
    assert "“Group” was connected without the right to YouTube Analytics (yt-analytics.readonly). Connect it again and accept that right." in page
    assert f'href="/settings/channels/{channel.id}"' in page


def test_the_warning_list_says_how_many_it_leaves_out_and_puts_what_is_not_kept_first(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db)
    for number in range(53):
        at = NOON - 30 * DAY + timedelta(minutes=number + 1) + (timedelta(0) if number == 52 else 2 * DAY)
        make_post(
            app_db, channel=channel, asset=make_asset(app_db, title=f"Story {number}."), state=PostState.PUBLISHED, published_at=at, external_id=str(number),
        )  # fmt: skip
    app_db.commit()

    listed = client.get("/performance/readings").text.partition('id="closing"')[2].partition("</section>")[0]

    assert listed.count("data-row") == 50
    assert "3 more close within a week and are not shown; those that are not kept come first." in listed
    assert listed.index("Story 52.") < listed.index("Story 0.")
    assert listed.count("Read now") == 1
