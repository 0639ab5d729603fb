"""Evidence: what a channel's past says of a video, one definition of a view at a time, in a fixed number of statements."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from planner.catalog.models import AssetKind, Confidentiality, Purpose
from planner.channels.port import Platform, Reading
from planner.insights import service as insights
from planner.insights.models import PostReport
from planner.insights.rules import regime_of
from planner.planning.models import Post
from planner.promotion import service
from planner.promotion.choices import Choice, Confidence, PromotionKind
from planner.promotion.evidence import Evidence, WhatIf
from planner.promotion.gathering import GRID, gather
from planner.promotion.looking import look
from planner.promotion.service import SettingValues
from planner.promotion.standings import bench
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post
from tests.promotion.making import DAY, asset_of, make_past, make_video, read, views_at


def weighed(db: Session, post_asset_id: int, what_if: WhatIf | None = None, now: datetime = NOON) -> Evidence:
    from planner.catalog.models import Asset

    found = look(db, db.get_one(Asset, post_asset_id), now=now, what_if=what_if)
    assert found is not None
    return found[1]


def test_a_young_video_stands_against_the_others_at_its_own_age(db: Session) -> None:
    channel = make_past(db)
    post = make_video(db, channel, published_at=NOON - 7 * DAY, first_day=200, until=NOON)

    evidence = weighed(db, post.asset_id)

    assert evidence.standing is not None
    assert (evidence.standing.place, evidence.standing.count) == (1, 13)
    assert evidence.standing.ratio == pytest.approx(200 / 101, rel=0.05)
    assert evidence.views == views_at(7, 200)
    forecast = evidence.alone[30]
    assert forecast.low <= forecast.median <= forecast.high
    assert forecast.median == pytest.approx(views_at(37, 200), rel=0.15)
    assert evidence.promoted[30].median > forecast.median


def test_views_counted_before_and_after_the_break_are_never_one_series(db: Session) -> None:
    before, now = datetime(2026, 8, 20, tzinfo=UTC), datetime(2026, 9, 12, tzinfo=UTC)
    channel = make_channel(db, platform=Platform.YOUTUBE)
    for number in range(8):
        make_video(db, channel, published_at=before - (40 + number) * DAY, ages=(1, 5, 10, 20), first_day=100, until=now)
    old = make_video(db, channel, published_at=before, ages=(2, 5), first_day=100, until=now)
    read(db, old, ages=(10, 15, 22), first_day=5000, until=now)

    past = gather(db, channel.id)
    video = past.find(old.asset_id)

    assert video is not None
    assert {name: [views for _age, views in series] for name, series in video.series.items()} == {
        "yt-2012": [views_at(2, 100), views_at(5, 100)],
        "yt-2026-08+older": [views_at(10, 5000), views_at(15, 5000), views_at(22, 5000)],
    }
    assert video.regime == "yt-2026-08+older"
    prepared = bench(db, channel.id, now)
    assert prepared.history("yt-2026-08", old.asset_id) == prepared.history(video.regime) == []
    assert prepared.regime == "yt-2012", "what comes next is counted in one way"
    evidence = prepared.weigh(video)
    assert (evidence.history, evidence.standing and evidence.standing.count) == (0, 1)


def test_daily_and_hourly_readings_come_out_thinned_with_the_newest_kept(db: Session) -> None:
    channel = make_channel(db, platform=Platform.YOUTUBE)
    ages = [number / 24 for number in range(1, 48)] + [2 + number for number in range(58)]
    post = make_video(db, channel, published_at=NOON - 60 * DAY, ages=ages)

    video = gather(db, channel.id).find(post.asset_id)

    assert video is not None
    assert len(video.seen) <= len(GRID) + 1
    assert video.seen[-1][0] == pytest.approx(59, abs=0.01)


def test_a_channel_costs_the_same_statements_at_three_and_at_thirty_videos(db: Session) -> None:
    small, large = make_past(db, count=3), make_past(db, count=30, channel=make_channel(db, platform=Platform.YOUTUBE))
    db.commit()

    def cost(channel_id: int) -> int:
        seen: list[str] = []
        listener = lambda _c, _cur, statement, *_rest: seen.append(statement)  # noqa: E731
        event.listen(db.get_bind(), "before_cursor_execute", listener)
        bench(db, channel_id, NOON)
        event.remove(db.get_bind(), "before_cursor_execute", listener)
        return len([one for one in seen if not one.startswith("BEGIN")])

    assert (cost(small.id), cost(large.id)) == (5, 5)


def test_what_a_view_is_worth_decides_and_a_what_if_answers_without_keeping_anything(db: Session) -> None:
    channel = make_past(db, watched=0.5)
    post = make_video(db, channel, published_at=NOON - 7 * DAY, first_day=150, watched=0.55)
    service.save_settings(db, None, SettingValues(cost=Decimal(100), value_per_view=Decimal("0.01"), thresholds={"pays": 0.6}), actor=None, now=NOON)

    plain = weighed(db, post.asset_id)
    asked = weighed(db, post.asset_id, WhatIf(value_per_view=20.0))

    assert plain.verdict is not None
    assert asked.verdict is not None
    assert plain.money is not None
    assert asked.money is not None
    assert plain.money.pays is not None
    assert plain.money.pays < 0.05
    assert plain.verdict.choice is not Choice.PROMOTE
    assert asked.money.pays is not None
    assert asked.money.pays > 0.6  # A default uplift is never surer than 0.7: promotion may also do nothing.
    assert (asked.verdict.choice, asked.verdict.confidence) == (Choice.PROMOTE, Confidence.SOUND)
    assert weighed(db, post.asset_id).money == plain.money


def test_a_goal_reached_by_itself_lets_it_run(db: Session) -> None:
    channel = make_past(db)
    post = make_video(db, channel, published_at=NOON - 7 * DAY, first_day=150)

    evidence = weighed(db, post.asset_id, WhatIf(goal=views_at(7, 150) + 1))

    assert evidence.verdict is not None
    assert (evidence.verdict.choice, evidence.verdict.reasons[0].code) == (Choice.LET_IT_RUN, "goal_by_itself")
    assert evidence.goal_chance is not None
    assert evidence.goal_chance > 0.8


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"embargo_until": NOON + DAY}, "embargo"),
        ({"sensitive": True}, "sensitive"),
        ({"confidentiality": Confidentiality.CONFIDENTIAL}, "confidential"),
    ],
)
def test_what_may_not_be_promoted_is_not(db: Session, facts: dict[str, object], why: str) -> None:
    channel = make_past(db, count=6)
    post = make_video(db, channel, published_at=NOON - 7 * DAY, **facts)  # type: ignore[arg-type]

    evidence = weighed(db, post.asset_id)

    assert evidence.verdict is not None
    assert (evidence.verdict.choice, [one.code for one in evidence.verdict.reasons]) == (Choice.DO_NOT_PROMOTE, [why])


def test_a_campaigns_embargo_and_rights_that_ended_stand_against_it_and_say_until_when(db: Session) -> None:
    channel = make_past(db, count=6)
    under, free, ended = (make_video(db, channel, published_at=NOON - 7 * DAY) for _ in range(3))
    for post, name, until in ((under, "Spring launch", NOON + 3 * DAY), (free, "Over", NOON - DAY)):
        make_post(db, asset=asset_of(db, post), channel=make_channel(db), campaign=make_campaign(db, name=name, embargo_until=until))
    asset_of(db, ended).rights_until = date(2026, 2, 28)
    db.flush()

    told = [weighed(db, post.asset_id).verdict for post in (under, free, ended)]

    assert [(one.choice is Choice.DO_NOT_PROMOTE, one.reasons[0].code, one.reasons[0].params) for one in told if one] == [
        (True, "campaign", {"campaign": "Spring launch", "until": "2026-03-05"}), (False, "no_value", {}), (True, "rights", {"until": "2026-02-28"}),
    ]  # fmt: skip


def test_retention_is_set_against_videos_of_like_length_and_against_all_where_those_are_few(db: Session) -> None:
    channel = make_channel(db, platform=Platform.YOUTUBE)
    for number in range(6):
        make_video(db, channel, published_at=NOON - (70 + number) * DAY, watched=0.8, duration_seconds=100)
        make_video(db, channel, published_at=NOON - (80 + number) * DAY, watched=0.08, duration_seconds=1000)
    long = make_video(db, channel, published_at=NOON - 7 * DAY, watched=0.09 * 9, duration_seconds=900)
    odd = make_video(db, channel, published_at=NOON - 7 * DAY, watched=0.08, duration_seconds=9000)

    ours, alone = weighed(db, long.asset_id), weighed(db, odd.asset_id)

    assert ours.retention == pytest.approx(0.09, rel=0.1)
    assert (ours.band, ours.retention_rank, ours.interest, ours.interest_by) == ((450, 1800), 1.0, 1.0, "watched")
    assert (alone.band, alone.retention_rank) == (None, 0.0)


def test_the_platforms_own_average_part_watched_comes_before_what_watch_time_gives(db: Session) -> None:
    channel = make_past(db, count=6, watched=0.5)
    post = make_video(db, channel, published_at=NOON - 7 * DAY, watched=0.6)
    silent = make_video(db, channel, published_at=NOON - 8 * DAY)
    for one, rows in ((post, [[900, 41.5]]), (silent, [])):
        db.add(PostReport(
            post_id=one.id, name="total", since=NOON.date(), until=NOON.date(), read_at=NOON, columns=["views", "averageViewPercentage"], rows=rows
        ))  # fmt: skip
    db.flush()

    told, untold = weighed(db, post.asset_id), weighed(db, silent.asset_id)

    assert (told.retention, told.retention_rank) == (0.415, 0.0)
    assert (untold.retention, untold.retention_rank) == (None, None)


def test_a_rate_is_made_of_a_reading_that_tells_both_its_parts(db: Session) -> None:
    channel = make_channel(db, platform=Platform.YOUTUBE)
    post = make_video(db, channel, published_at=NOON - 14 * DAY, ages=())
    # A file tells all of one day; on those after it, in the same stretch of age, the platform tells views alone.
    told: list[tuple[float, dict[str, int]]] = [(10.5, {"watch_seconds": 30_000, "impressions": 5000, "clicks": 500, "likes": 60}), (13.5, {}), (13.8, {"impressions": 50_000})]
    for (age, counts), views in zip(told, (600, 1200, 1300), strict=True):
        insights.record_rows(db, [(post.id, NOON - (14 - age) * DAY, Reading("", views=views, regime="yt-2012", **counts))])

    video = gather(db, channel.id).videos[0]

    assert (video.watched["yt-2012"], video.clicked["yt-2012"], video.liked["yt-2012"]) == ((600, 30_000), (5000, 500), (600, 60))
    assert (video.retention("yt-2012"), video.click_through("yt-2012"), video.reactions("yt-2012")) == (0.5, 0.1, 0.1)
    assert video.seen[-1] == (pytest.approx(13.8), 1300)


def test_where_watch_time_is_not_told_reactions_say_how_much_it_is_liked_and_few_clicks_ask_for_another_thumbnail(db: Session) -> None:
    channel = make_past(db, count=6, watched=0.5)
    posts = list(db.scalars(select(Post)))
    liked = make_video(db, channel, published_at=NOON - 7 * DAY, first_day=200)
    unseen = make_video(db, channel, published_at=NOON - 7 * DAY, first_day=200, watched=0.6)
    for place, post in enumerate([*posts, liked, unseen]):
        counts = {"views": 500, "likes": 10, "impressions": 5000, "clicks": 100 + 50 * place}
        if post is liked:
            counts["likes"] = 40
        if post is unseen:
            counts |= {"clicks": 20, "watch_seconds": 30_000}
        at = (post.published_at or NOON) + timedelta(days=6, hours=23)
        insights.record_rows(db, [(post.id, at, Reading("", regime=regime_of(Platform.YOUTUBE, at), **counts))])

    by_likes, by_clicks = weighed(db, liked.asset_id), weighed(db, unseen.asset_id)

    assert (by_likes.retention, by_likes.interest, by_likes.interest_by) == (None, 1.0, "liked")
    assert (by_clicks.click_through, by_clicks.click_rank, by_clicks.interest_by) == (0.004, 0.0, "watched")
    assert by_clicks.verdict is not None
    assert (by_clicks.verdict.choice, by_clicks.verdict.reasons[0].code) == (Choice.RE_EDIT, "few_start")


def test_made_for_an_event_it_is_kept_for_events_when_it_hardly_pays(db: Session) -> None:
    channel = make_past(db)
    service.save_settings(db, channel, SettingValues(cost=Decimal(500), value_per_view=Decimal("0.01")), actor=None, now=NOON)
    post = make_video(db, channel, published_at=NOON - 7 * DAY, first_day=60, purpose=Purpose.EVENT)

    evidence = weighed(db, post.asset_id)

    assert evidence.verdict is not None
    assert evidence.verdict.choice is Choice.KEEP_FOR_EVENTS


def test_before_publication_only_the_level_is_known_and_without_a_past_nothing(db: Session) -> None:
    make_past(db)
    idea = make_asset(db, kind=AssetKind.VIDEO)

    evidence = weighed(db, idea.id)

    assert (evidence.cold, evidence.views, evidence.standing) == (True, None, None)
    assert 50 < evidence.alone[30].median < 300
    empty = make_channel(db, platform=Platform.YOUTUBE)
    lonely = make_video(db, empty, published_at=NOON - DAY, ages=())
    alone = weighed(db, lonely.asset_id)
    assert (alone.expected, alone.verdict) == (None, None)


def test_uplift_is_measured_from_promotions_of_the_same_kind(db: Session) -> None:
    channel = make_past(db, count=14)
    videos = gather(db, channel.id).videos
    for video in videos[:6]:
        asset = asset_of_id(db, video.asset_id)
        assert video.published_at is not None
        service.record_promotion(
            db, asset, kind=PromotionKind.AD, on=(video.published_at + 4 * DAY).date(), cost=Decimal(50), actor=None, now=NOON
        )

    prepared = bench(db, channel.id, NOON)
    regime = videos[0].regime

    told, other = prepared.gain(regime, PromotionKind.AD), prepared.gain(regime, PromotionKind.NEWSLETTER)
    assert (told.measured, told.promoted, told.others) == (True, 6, 8)
    assert 0.75 < told.factor < 1.5  # They did nothing, and are not shown as more.
    assert (other.measured, round(other.factor, 3)) == (False, 1.5)


def asset_of_id(db: Session, asset_id: int):  # type: ignore[no-untyped-def]
    from planner.catalog.models import Asset

    return db.get_one(Asset, asset_id)


def test_a_video_put_up_twice_is_one_video_judged_by_its_first_upload(db: Session) -> None:
    channel = make_past(db, count=3)
    first = make_video(db, channel, published_at=NOON - 20 * DAY)
    second = make_video(db, channel, published_at=NOON - 5 * DAY)
    second.asset_id = first.asset_id
    db.flush()

    past = gather(db, channel.id)

    assert [one.post_id for one in past.videos if one.asset_id == first.asset_id] == [first.id]
    assert asset_of(db, first).id == first.asset_id
    assert past.videos[0].published_at == NOON - timedelta(days=20)
