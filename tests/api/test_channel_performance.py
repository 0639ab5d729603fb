"""A channel's numbers, the followers gained and the variants for programs and on a terminal: those of the pages, and nothing that one may not know."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, Confidentiality
from planner.channels.details import FollowerGain
from planner.channels.models import AudienceSlice, Channel
from planner.channels.port import Platform, Reading
from planner.insights import gains, service, variants
from planner.insights.best_times import LEAST
from planner.insights.channel_page import channel_numbers
from planner.insights.rules import YOUTUBE_BREAK
from planner.insights.trend import QUARTER
from planner.planning.models import Post, PostState
from tests.api.conftest import Caller
from tests.conftest import StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post
from tests.insights.test_best_times import TUESDAY, WEEK
from tests.insights.test_variants import live
from tests.web.test_channel_numbers import AFTER, scene

DAY = timedelta(days=1)
CallerFor = Callable[..., Caller]


def told(app: Flask, *words: object) -> Any:
    """What a command prints with --json."""
    result = app.test_cli_runner().invoke(args=["planner", *map(str, words), "--json"])
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def printed(app: Flask, *words: object) -> str:
    return app.test_cli_runner().invoke(args=["planner", *map(str, words)]).stdout


def with_followers(rows: Session, channel: Channel) -> None:
    """Followers on three days; gains on two of three, once without what was paid."""
    rows.add_all(AudienceSlice(channel_id=channel.id, day=NOON.date() - back * DAY, dimension="followers", key="total", count=5000 - 10 * back) for back in (0, 1, 9))
    gains.keep(rows, channel.id, [FollowerGain(NOON.date() - 9 * DAY, 12, 3, {}), FollowerGain(NOON.date() - 7 * DAY, -2, None, {})], now=NOON)
    rows.commit()


def test_a_channel_tells_programs_what_its_page_says(app: Flask, admin: Caller, rows: Session) -> None:
    channel = scene(rows)
    with_followers(rows, channel)

    answer = admin.get(f"/channels/{channel.id}/performance").json

    page = channel_numbers(rows, channel.id, viewer=None, now=NOON)
    assert page.quarter is not None and page.ordinary is not None and page.gained is not None
    assert (answer["days"], answer["metric"], answer["read_on"]) == (QUARTER, "impressions", page.quarter.day and page.quarter.day.isoformat())
    assert (answer["counts"], answer["gained"]) == (page.quarter.counts, page.quarter.gained)
    assert (answer["gained"]["impressions"], answer["gained"]["views"]) == (280, None)
    assert [(one["day"], one["count"]) for one in answer["seen_by_day"]] == [(day.isoformat(), count) for day, count in page.quarter.seen_by_day]
    assert (answer["posts"], answer["ordinary"], answer["breaks"]) == (page.posts, {"age_days": 7, "median": page.ordinary[0], "posts": page.ordinary[1]}, [])
    for name, ranked in (("best", page.best), ("weakest", page.weakest)):
        assert [(one["post_id"], one["value"], one["median"], one["ratio"], one["place"], one["age_days"]) for one in answer[name]] == [
            (one.post_id, one.value, one.median, one.ratio, one.place, one.age / DAY) for one in ranked
        ]
    assert [one["title"] for one in answer["best"]] == ["Story 7", "Story 6", "Story 5", "Story 4"]
    assert [(one["day"], one["count"]) for one in answer["followers"]] == [(day.isoformat(), count) for day, count in page.followers]
    assert [(one["organic"], one["paid"]) for one in answer["follower_gains"]["days"]] == [(12, 3), (None, None), (-2, None)]
    assert answer["hours"] == {"time_zone": page.hours.zone, "posts": 7, "is_enough": False, "slots": []}
    assert told(app, "channel", "performance", "Our page") == answer
    shown = printed(app, "channel", "performance", channel.id)
    assert "followers gained       10 organic, 3 paid" in shown and "good hours             too few posts to say" in shown
    line = next(line for line in shown.splitlines() if "Story 7" in line)
    assert line.split()[:2] == ["best", str(page.best[0].post_id)] and line.split()[-5:] == ["70", "40", "×1.8", "Story", "7"]


def test_a_break_in_counting_is_named_and_never_summed_over(app: Flask, admin: Caller, clock: StoppedClock, rows: Session) -> None:
    clock.advance(AFTER - NOON)
    channel = scene(rows, platform=Platform.YOUTUBE, now=AFTER)
    rows.commit()

    answer = admin.get(f"/channels/{channel.id}/performance").json

    assert (answer["metric"], answer["breaks"], answer["gained"]["views"]) == ("views", [YOUTUBE_BREAK.isoformat()], None)
    assert {one["regime"] for one in answer["best"] + answer["weakest"]} <= {"yt-2012", "yt-2026-08"}
    assert f"views counted anew from  {YOUTUBE_BREAK}" in printed(app, "channel", "performance", channel.id)


def test_a_channel_that_tells_nothing_has_null_and_one_that_is_not_there_is_not_found(app: Flask, admin: Caller, rows: Session) -> None:
    channel = make_channel(rows, platform=Platform.WEBHOOK, name="Town square")
    rows.commit()

    answer = admin.get(f"/channels/{channel.id}/performance").json

    assert [answer[name] for name in ("metric", "read_on", "counts", "gained", "ordinary", "follower_gains")] == [None] * 6
    assert [answer[name] for name in ("seen_by_day", "breaks", "best", "weakest", "followers")] == [[]] * 5
    assert admin.get("/channels/99999/performance").status_code == 404
    assert printed(app, "channel", "performance", "Town square") == "Town square: nothing told yet.\n"


def test_the_hours_that_stand_out_are_named_by_the_channels_clock(app: Flask, admin: Caller, rows: Session) -> None:
    channel, asset = make_channel(rows, platform=Platform.LINKEDIN, name="Our page"), make_asset(rows)
    for number in range(LEAST):
        good = number % 3 == 0
        at = TUESDAY - (number + 1) * WEEK + timedelta(hours=0 if good else 8)
        post = make_post(rows, asset=asset, channel=channel, state=PostState.PUBLISHED, publish_at=at, published_at=at, external_id=f"urn:{number}")
        service.record(rows, [(post.id, Reading(f"urn:{number}", impressions=300 if good else 100))], at=at + WEEK, now=NOON)
    rows.commit()

    hours = admin.get(f"/channels/{channel.id}/performance").json["hours"]

    assert hours == {
        "time_zone": "Europe/Paris", "posts": LEAST, "is_enough": True, "slots": [{"weekday": 1, "starts": 9, "ends": 12, "ratio": 3.0, "posts": 7}],
    }  # fmt: skip
    assert told(app, "channel", "performance", channel.id)["hours"] == hours
    assert "Tuesday 09:00–12:00 (×3, from 7 posts)" in printed(app, "channel", "performance", channel.id)


def test_what_a_caller_may_not_know_is_not_among_the_channels_posts(caller: CallerFor, rows: Session) -> None:
    channel = scene(rows)
    rows.scalars(select(Asset).where(Asset.title == "Story 7")).one().confidentiality = Confidentiality.CONFIDENTIAL
    rows.commit()

    answer = caller("viewer").get(f"/channels/{channel.id}/performance").json

    assert answer["posts"] == 6
    assert [one["title"] for one in answer["best"]] == ["Story 6", "Story 5", "Story 4"]


def test_followers_gained_are_those_of_the_audience_page_organic_and_paid_apart(app: Flask, admin: Caller, rows: Session) -> None:
    channel = make_channel(rows, platform=Platform.LINKEDIN, name="Our page")
    make_channel(rows, name="Our X")
    with_followers(rows, channel)

    answer = admin.get("/channels/follower-gains").json

    since = NOON.date() - QUARTER * DAY
    page = gains.gains(rows, since)[channel.id]
    assert answer == {
        "since": since.isoformat(),
        "items": [
            {
                "channel_id": channel.id, "channel_name": "Our page", "platform": "linkedin", "organic": page.organic, "paid": page.paid, "read_at": "2026-03-02T12:00:00Z",
                "days": [asdict(one) | {"day": one.day.isoformat()} for one in page.days],
            }
        ],
    }  # fmt: skip
    assert (page.organic, page.paid, len(page.days)) == (10, 3, 3)
    assert told(app, "channel", "gains") == {"since": answer["since"], "channels": answer["items"]}
    assert printed(app, "channel", "gains").splitlines()[-1].split()[:6] == ["Our", "page", "2026-02-21", "2026-02-23", "10", "3"]
    assert [one["organic"] for one in admin.get("/channels/follower-gains?days=8").json["items"]] == [-2]
    assert [admin.get(f"/channels/follower-gains?days={days}").status_code for days in ("0", "366", "many")] == [422] * 3
    assert printed(app, "channel", "gains", "--days", "2") == "No platform told any.\n"


def test_variants_are_compared_for_programs_as_on_the_pages(app: Flask, admin: Caller, rows: Session) -> None:
    first, second = live(rows, {7: (10_000, 200)}, {7: (9_000, 300)})
    rows.commit()

    answer = admin.get(f"/posts/{second.id}/variants").json

    page = variants.of_post(rows, first)
    assert page is not None and page.gap is not None and page.shown[1].rate is not None
    one = answer["comparison"]
    assert (one["channel_name"], one["metric"], one["act"], one["age_days"]) == ("Our page", "impressions", "clicks", 7.0)
    assert (one["answer"], one["best"], one["changes"], one["apart_days"]) == ("better", second.id, ["text"], 2.0)
    assert one["gap"] == page.gap._asdict()
    assert [each["rate"] for each in one["variants"]] == [each.rate and asdict(each.rate) for each in page.shown]
    assert [(each["words"], each["differs"], each["seen"], each["acted"]) for each in one["variants"]] == [("Wording 0", [], 10_000, 200), ("Wording 1", ["text"], 9_000, 300)]
    assert admin.get(f"/assets/{first.asset_id}/variants").json == {"asset_id": first.asset_id, "groups": [one]}
    assert told(app, "post", "variants", first.id) == {"post_id": first.id, "comparison": one}
    assert told(app, "asset", "variants", first.asset_id) == {"asset_id": first.asset_id, "groups": [one]}
    shown = printed(app, "post", "variants", first.id)
    assert f"Post {second.id} does better. The best is +1.33 points above the next, between {100 * page.gap.low:+.2f} and {100 * page.gap.high:+.2f}." in shown


def test_what_cannot_be_told_yet_is_said_and_what_was_not_told_is_null(app: Flask, admin: Caller, rows: Session) -> None:
    chance, _other = live(rows, {7: (1000, 20)}, {7: (1000, 25)})
    early, _later = live(rows, {7: (1000, 20)}, {}, platform=Platform.X)
    rows.commit()

    may_be, none = (admin.get(f"/posts/{post.id}/variants").json["comparison"] for post in (chance, early))

    assert (may_be["answer"], may_be["best"], may_be["gap"]["low"] < 0 < may_be["gap"]["high"]) == ("cannot_tell", None, True)
    assert (none["answer"], none["age_days"], none["gap"]) == ("no_common_age", None, None)
    assert [(each["seen"], each["acted"], each["rate"], each["read_at"]) for each in none["variants"]] == [(None, None, None, None)] * 2
    assert "Cannot tell yet: the difference may be chance." in printed(app, "asset", "variants", chance.asset_id)
    assert "Cannot tell yet: not all of them were read at the same age" in printed(app, "asset", "variants", early.asset_id)


def test_variants_name_the_ways_of_counting_that_keep_them_apart(admin: Caller, rows: Session) -> None:
    first, _second = live(rows, {7: (4000, 40)}, {7: (4000, 120)}, platform=Platform.YOUTUBE, regimes=("yt-2012", "yt-2026-08"))
    rows.commit()

    one = admin.get(f"/posts/{first.id}/variants").json["comparison"]

    assert (one["metric"], one["act"], one["answer"]) == ("views", "engagements", "counted_apart")
    assert [each["regime"] for each in one["variants"]] == ["yt-2012", "yt-2026-08"]


def test_variants_of_what_a_caller_may_not_know_are_not_there(app: Flask, caller: CallerFor, rows: Session) -> None:
    first, _second = live(rows, {7: (4000, 40)}, {7: (4000, 120)})
    first.asset.confidentiality = Confidentiality.CONFIDENTIAL
    rows.commit()
    viewer = caller("viewer")

    assert [viewer.get(f"/{where}/variants").status_code for where in (f"posts/{first.id}", f"assets/{first.asset_id}")] == [404, 404]
    for words in (("post", first.id), ("asset", first.asset_id)):
        result = app.test_cli_runner().invoke(args=["planner", words[0], "variants", str(words[1]), "--as", viewer.user.email])
        assert (result.exit_code, result.stdout) == (1, "")


def test_a_post_that_is_alone_has_no_comparison(app: Flask, admin: Caller, rows: Session) -> None:
    scene(rows, posts=1)
    rows.commit()
    post_id, asset_id = rows.execute(select(Post.id, Post.asset_id)).one()
    rows.rollback()

    assert admin.get(f"/posts/{post_id}/variants").json == {"post_id": post_id, "comparison": None}
    assert admin.get(f"/assets/{asset_id}/variants").json == {"asset_id": asset_id, "groups": []}
    assert printed(app, "post", "variants", post_id) == "There is no other live variant of it.\n"
    assert printed(app, "asset", "variants", asset_id) == "It has no two live variants.\n"
