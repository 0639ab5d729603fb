"""Groups of people put into our audiences, and what part of those we know of is in target; the unknown are neither in nor out."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.catalog.models import Asset, Audience
from planner.channels.details import Report
from planner.channels.models import AudienceSlice, Channel
from planner.channels.port import Platform
from planner.core.errors import Forbidden, Invalid
from planner.insights import detailing
from planner.insights.audiences import OUTSIDE, Reach, asset_reach, groups, mapping, put, reach
from planner.insights.watched import viewers_told, watched
from planner.planning.models import PostState
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

ENGINEERING, SALES, OTHER = (f"urn:li:function:{number}" for number in (8, 25, 99))


def known(counts: dict[str, float], **audiences: str | None) -> Reach:
    return reach(counts, audiences, {"experts"})


def test_the_unknown_are_counted_neither_in_nor_out() -> None:
    told = reach({"a": 30, "b": 20, "c": 50}, {"a": "experts", "b": OUTSIDE, "c": None}, {"experts"}, total=200)

    assert told == Reach(30, 50, 200)
    assert (told.part, told.unknown) == (0.6, 0.75)


def test_nobody_identified_is_no_answer_and_not_zero() -> None:
    assert (known({"a": 10}).part, known({"a": 10}).unknown, known({}).part, known({}).unknown) == (None, 1.0, None, None)


def live_on_linkedin(db: Session, audiences: list[Audience]) -> Asset:
    channel = make_channel(db, platform=Platform.LINKEDIN)
    for dimension, key, count in (
        ("followers", "total", 1000), ("function", ENGINEERING, 190), ("function", SALES, 310), ("function", OTHER, 100), ("seniority", "urn:li:seniority:5", 700),
    ):
        db.add(AudienceSlice(channel_id=channel.id, day=NOON.date(), dimension=dimension, key=key, count=count))
    asset = make_asset(db)
    asset.audiences = audiences
    make_post(db, asset=asset, channel=channel, state=PostState.PUBLISHED, published_at=NOON)
    db.flush()
    return asset


def test_a_pages_followers_tell_what_part_is_in_target(db: Session) -> None:
    asset = live_on_linkedin(db, [Audience.EXPERTS])

    (told,) = asset_reach(db, asset, [])

    assert (told.dimension, told.is_viewers, told.reach) == ("function", False, Reach(190, 500, 1000))
    assert (told.reach.part, told.reach.unknown) == (0.38, 0.5)
    assert asset_reach(db, live_on_linkedin(db, []), []) == []


def test_what_a_person_says_holds_against_what_is_usual_and_is_in_the_history(db: Session) -> None:
    asset, planner = live_on_linkedin(db, [Audience.EXPERTS]), make_user(db, roles=("planner",))

    changed = [put(db, (Platform.LINKEDIN, "function", key), audience, actor=planner, now=NOON) for key, audience in ((OTHER, OUTSIDE), (ENGINEERING, None), (SALES, "customers"))]

    assert changed == [True, True, False]  # Sales are customers as usual.
    assert asset_reach(db, asset, [])[0].reach == Reach(0, 410, 1000)
    assert mapping(db)[Platform.LINKEDIN, "function", ENGINEERING] is None
    assert [(entry.note, entry.was, entry.became) for entry in db.scalars(select(Entry).order_by(Entry.id))] == [
        (OTHER, {"audience": None}, {"audience": OUTSIDE}), (ENGINEERING, {"audience": "experts"}, {"audience": None}),
    ]  # fmt: skip


def test_every_group_told_is_on_the_table_with_its_people(db: Session) -> None:
    live_on_linkedin(db, [])

    told = {one.key: (one.people, one.audience, one.is_usual) for one in groups(db) if one.people is not None}

    assert told == {ENGINEERING: (190, "experts", True), SALES: (310, "customers", True), OTHER: (100, None, True), "urn:li:seniority:5": (700, None, True)}


def a_film(db: Session, *, countries: list[list[object]], people: list[list[object]], total: int | None = None) -> Asset:
    """A live video for experts and what YouTube tells of its viewers."""
    asset = make_asset(db)
    asset.audiences = [Audience.EXPERTS]
    post = make_post(db, asset=asset, channel=make_channel(db, platform=Platform.YOUTUBE), state=PostState.PUBLISHED, published_at=NOON)
    day = NOON.date()
    tables = [
        Report("countries", day, day, ["country", "views"], countries), Report("people", day, day, ["ageGroup", "gender", "viewerPercentage"], people),
        Report("total", day, day, ["views"], [] if total is None else [[total]]),
    ]  # fmt: skip
    detailing.keep(db, post.id, tables, now=NOON)
    db.flush()
    return asset


def test_groups_of_viewers_are_on_the_table_by_what_videos_told_most_and_nobody_counts_them_as_people(db: Session) -> None:
    a_film(db, countries=[["FR", 30], ["DE", 40]], people=[["age25-34", "male", 60.0], ["age18-24", "female", 40.0]])
    a_film(db, countries=[["FR", 50]], people=[])

    told = [(one.dimension, one.key, one.people, one.audience) for one in groups(db) if one.platform is Platform.YOUTUBE]

    assert told == [
        ("people", "age18-24,female", None, None), ("people", "age25-34,male", None, None), ("countries", "FR", None, None), ("countries", "DE", None, None),
    ]  # fmt: skip
    assert viewers_told(db, ("countries",), most=1) == {("countries", "FR"): 50}


def test_viewers_are_in_target_by_the_table_that_identifies_most_and_views_from_nowhere_are_unknown(db: Session) -> None:
    asset, planner = a_film(db, countries=[["FR", 380], ["DE", 420]], people=[["age25-34", "male", 20.0]], total=1000), make_user(db, roles=("planner",))
    assert asset_reach(db, asset, watched(db, asset.id)) == []

    for dimension, key, audience in (("countries", "FR", "experts"), ("countries", "DE", OUTSIDE), ("people", "age25-34,male", "experts")):
        put(db, (Platform.YOUTUBE, dimension, key), audience, actor=planner, now=NOON)
    (told,) = asset_reach(db, asset, watched(db, asset.id))

    assert (told.dimension, told.is_viewers, told.reach) == ("countries", True, Reach(380, 800, 1000))
    assert (told.reach.part, round(told.reach.unknown or 0, 6)) == (0.475, 0.2)


def test_viewers_of_several_videos_on_one_channel_count_by_their_views_and_those_of_a_withheld_one_are_unknown(db: Session) -> None:
    asset, planner = a_film(db, countries=[["FR", 300]], people=[["age25-34", "male", 100.0]], total=300), make_user(db, roles=("planner",))
    channel = db.scalars(select(Channel)).one()
    other = make_channel(db, platform=Platform.YOUTUBE)
    day = NOON.date()
    for where, countries, people, views in ((channel, [["DE", 100]], [["age18-24", "female", 100.0]], 100), (channel, [], [], 600), (other, [["DE", 50]], [], 50)):
        post = make_post(db, asset=asset, channel=where, state=PostState.PUBLISHED, published_at=NOON)
        detailing.keep(db, post.id, [
            Report("countries", day, day, ["country", "views"], countries), Report("people", day, day, ["ageGroup", "gender", "viewerPercentage"], people),
            Report("total", day, day, ["views"], [[views]]),
        ], now=NOON)  # fmt: skip
    for key, audience in (("FR", "experts"), ("DE", OUTSIDE)):
        put(db, (Platform.YOUTUBE, "countries", key), audience, actor=planner, now=NOON)

    told = {one.channel_id: one.reach for one in asset_reach(db, asset, watched(db, asset.id))}
    assert told == {channel.id: Reach(300, 400, 1000), other.id: Reach(0, 50, 50)}

    for key in ("FR", "DE"):
        put(db, (Platform.YOUTUBE, "countries", key), None, actor=planner, now=NOON)
    put(db, (Platform.YOUTUBE, "people", "age25-34,male"), "experts", actor=planner, now=NOON)
    assert [one.reach for one in asset_reach(db, asset, watched(db, asset.id))] == [Reach(300, 300, 1000)]


def test_a_pages_visitors_are_put_where_its_followers_of_the_same_group_are(db: Session) -> None:
    live_on_linkedin(db, [])
    channel = make_channel(db, platform=Platform.LINKEDIN)
    for dimension, key, views in (("visits_function", ENGINEERING, 5000), ("visits_function", "urn:li:function:3", 70), ("visits_shoe_size", "44", 9)):
        db.add(AudienceSlice(channel_id=channel.id, day=NOON.date(), dimension=dimension, key=key, count=views))
    db.flush()

    told = {one.key: (one.dimension, one.people) for one in groups(db)}

    # Views of the page are no people: a group that only visitors are in has none told.
    assert (told[ENGINEERING], told["urn:li:function:3"], "44" in told) == (("function", 190), ("function", None), False)


def test_nonsense_and_people_without_the_right_change_nothing(db: Session) -> None:
    with pytest.raises(Invalid):
        put(db, (Platform.LINKEDIN, "shoe_size", "44"), "experts", actor=None, now=NOON)
    with pytest.raises(Invalid):
        put(db, (Platform.LINKEDIN, "function", OTHER), "martians", actor=None, now=NOON)
    with pytest.raises(Forbidden):
        put(db, (Platform.LINKEDIN, "function", OTHER), "experts", actor=make_user(db, roles=("viewer",)), now=NOON)
    assert mapping(db).get((Platform.LINKEDIN, "function", OTHER)) is None
