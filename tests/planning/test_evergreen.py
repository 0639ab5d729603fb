"""Evergreen and its queue: cool-downs, slots that keep away from quiet days, and releases that are confirmed before they come back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetKind, AssetState, Confidentiality
from planner.channels.models import Channel
from planner.core.errors import Forbidden, Invalid, Refused
from planner.planning import evergreen, slots
from planner.planning.findings import Quiet
from planner.planning.models import Post, PostState
from planner.planning.quiet_models import Blackout
from planner.planning.rulebook import STANDARD
from planner.planning.slots import Place
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

DAY = timedelta(days=1)
PARIS = Place(1, "Ours", "Europe/Paris", 0, STANDARD)
MONDAY, FRIDAY = 0, 4


def told(wanted: list[tuple[int, int, str]], start: date, days: int, *, place: Place = PARIS, blackouts: tuple[Quiet, ...] = ()) -> list[str]:
    """The moments of these slots as the clock of the place shows them."""
    begin = datetime(start.year, start.month, start.day, tzinfo=UTC)
    zone = slots.zone_of(place.time_zone)
    return [f"{at.astimezone(zone):%a %d %b %H:%M}" for _slot, at in slots.coming(wanted, place, blackouts, begin, begin + days * DAY)]


def test_slots_come_every_week_by_the_clock_of_the_channel() -> None:
    wanted = [(1, MONDAY, "10:30"), (2, FRIDAY, "16:00")]

    assert told(wanted, date(2026, 3, 23), 14) == ["Mon 23 Mar 10:30", "Fri 27 Mar 16:00", "Mon 30 Mar 10:30", "Fri 03 Apr 16:00"]


def test_slots_skip_holidays_blackouts_and_quiet_hours() -> None:
    wanted = [(1, MONDAY, "10:30"), (2, MONDAY, "23:00"), (3, FRIDAY, "10:00")]
    results = (Quiet("Results", date(2026, 4, 10), date(2026, 4, 14)),)

    assert told(wanted, date(2026, 3, 30), 28, blackouts=results) == [
        "Mon 30 Mar 10:30", "Fri 03 Apr 10:00", "Fri 17 Apr 10:00", "Mon 20 Apr 10:30", "Fri 24 Apr 10:00",
    ]  # fmt: skip  Easter Monday, 6 April, is kept in France; Good Friday is not.


def test_a_blackout_of_another_channel_takes_no_slot() -> None:
    there, elsewhere = (Quiet("Results", date(2026, 3, 23), date(2026, 3, 24), channels=(number,)) for number in (PARIS.channel_id, PARIS.channel_id + 1))

    assert [told([(1, MONDAY, "10:30")], date(2026, 3, 23), 7, blackouts=(one,)) for one in (there, elsewhere)] == [[], ["Mon 23 Mar 10:30"]]


def test_a_slot_in_the_hour_that_is_skipped_does_not_come_that_day() -> None:
    day_only = Place(1, "Ours", "Europe/Paris", 0, slots.tuning_of([Off("quiet")], 1))

    assert told([(1, 6, "02:30")], date(2026, 3, 22), 14, place=day_only) == ["Sun 22 Mar 02:30"]
    assert told([(1, 6, "02:30")], date(2026, 10, 25), 1, place=day_only) == ["Sun 25 Oct 02:30"]


class Off:
    """A rule that is switched off on every channel."""

    channel_id, enabled, must_not = None, False, False

    def __init__(self, code: str) -> None:
        self.code, self.parameters = code, dict[str, object]()


def queue(db: Session, **asset: object) -> tuple[Asset, Channel]:
    """An evergreen asset, and a channel in Paris with a slot on Monday at 10:30 and on Friday at 16:00."""
    channel = make_channel(db, name="Ours", time_zone="Europe/Paris")
    slots.add_slot(db, channel, MONDAY, "10:30", actor=None, now=NOON)
    slots.add_slot(db, channel, FRIDAY, "16:00", actor=None, now=NOON)
    made = make_asset(db, **asset)
    evergreen.add(db, made, 30, actor=None, now=NOON)
    db.commit()
    return made, channel


def test_each_takes_the_next_free_slot_as_a_draft(db: Session) -> None:
    first, channel = queue(db, title="First")
    second = make_asset(db)
    evergreen.add(db, second, actor=None, now=NOON)
    make_post(db, channel=channel, publish_at=datetime(2026, 3, 9, 9, 40, tzinfo=UTC))  # Ten minutes after Monday's slot.

    posts = [evergreen.enqueue(db, one, channel, actor=make_user(db, roles=("author",)), now=NOON) for one in (first, second)]

    assert [(one.state, one.wall_time) for one in posts] == [(PostState.DRAFT, "2026-03-06T16:00"), (PostState.DRAFT, "2026-03-13T16:00")]
    assert posts[0].text == "First"


def test_nothing_is_queued_within_its_cool_down_or_twice(db: Session) -> None:
    asset, channel = queue(db)
    make_post(db, asset=asset, channel=channel, state=PostState.PUBLISHED, publish_at=NOON - DAY, published_at=NOON - DAY)

    post = evergreen.enqueue(db, asset, channel, actor=None, now=NOON)

    assert post.wall_time == "2026-04-03T16:00"  # The first slot thirty days after 1 March.
    with pytest.raises(Refused, match="planned already"):
        evergreen.enqueue(db, asset, channel, actor=None, now=NOON)


def test_the_queue_is_for_evergreen_only(db: Session) -> None:
    asset, channel = queue(db)

    with pytest.raises(Refused, match="evergreen assets only"):
        evergreen.enqueue(db, make_asset(db), channel, actor=None, now=NOON)
    with pytest.raises(Refused, match="never shared again"):
        evergreen.add(db, make_asset(db, sensitive=True), actor=None, now=NOON)
    asset.sensitive = True
    with pytest.raises(Refused, match="evergreen assets only"):
        evergreen.enqueue(db, asset, channel, actor=None, now=NOON)
    assert db.scalars(select(Post)).all() == []


def test_a_release_beyond_its_age_comes_back_only_when_somebody_says_that_it_holds(db: Session) -> None:
    asset, channel = queue(db, kind=AssetKind.PRESS_RELEASE, published_at=NOON - 400 * DAY)
    video = make_asset(db, kind=AssetKind.VIDEO, published_at=NOON - 400 * DAY)
    evergreen.add(db, video, actor=None, now=NOON)

    with pytest.raises(Invalid, match="404 days old") as refused:
        evergreen.enqueue(db, asset, channel, actor=None, now=NOON)
    assert refused.value.field == "confirmed"
    assert evergreen.enqueue(db, asset, channel, confirmed=True, actor=None, now=NOON).state is PostState.DRAFT
    assert evergreen.enqueue(db, video, channel, actor=None, now=NOON).state is PostState.DRAFT


def test_an_embargo_pushes_the_slot_behind_its_lift(db: Session) -> None:
    asset, channel = queue(db, embargo_until=datetime(2026, 3, 9, 9, 31, tzinfo=UTC))  # A minute after Monday's slot.

    assert evergreen.enqueue(db, asset, channel, actor=None, now=NOON).wall_time == "2026-03-13T16:00"


def test_without_a_slot_it_says_so(db: Session) -> None:
    asset, _channel = queue(db)
    db.add(Blackout(name="Long", starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 1)))

    for channel in (make_channel(db), _channel):
        with pytest.raises(Refused, match="no free slot"):
            evergreen.enqueue(db, asset, channel, actor=None, now=NOON)


def test_what_cooled_down_is_suggested_with_its_last_post(db: Session) -> None:
    cooled, channel = queue(db, title="Cooled")
    fresh, planned, never, old = (make_asset(db, title=name) for name in ("Fresh", "Planned", "Never", "Old release"))
    old.kind, old.published_at = AssetKind.PRESS_RELEASE, NOON - 500 * DAY
    hidden = make_asset(db, confidentiality=Confidentiality.CONFIDENTIAL)
    for one in (fresh, planned, never, old, hidden, make_asset(db, embargo_until=NOON + DAY)):
        evergreen.add(db, one, 30, actor=None, now=NOON)
    gone = make_asset(db)
    evergreen.add(db, gone, actor=None, now=NOON)
    gone.state = AssetState.RETIRED
    for asset, days in ((cooled, 40), (cooled, 200), (fresh, 10), (planned, 40), (old, 450)):
        make_post(db, asset=asset, channel=channel, state=PostState.PUBLISHED, publish_at=NOON - days * DAY, published_at=NOON - days * DAY)
    make_post(db, asset=planned)

    found = evergreen.suggestions(db, viewer=make_user(db, roles=("viewer",)), now=NOON)

    assert [(one.title, one.last_at, one.channel, one.old_days) for one in found] == [
        ("Never", None, None, None), ("Old release", NOON - 450 * DAY, "Ours", 500), ("Cooled", NOON - 40 * DAY, "Ours", None),
    ]  # fmt: skip


def test_free_slots_are_those_where_nothing_stands(db: Session) -> None:
    asset, channel = queue(db)
    evergreen.enqueue(db, asset, channel, actor=None, now=NOON)

    assert [f"{one.at:%d %b %H:%M}" for one in slots.free_slots(db, NOON, NOON + 14 * DAY)] == ["09 Mar 09:30", "13 Mar 15:00", "16 Mar 09:30"]


def test_a_slot_is_a_time_of_the_week_outside_the_quiet_hours_and_once(db: Session) -> None:
    channel = make_channel(db)
    slots.add_slot(db, channel, MONDAY, "10:30", actor=None, now=NOON)

    for weekday, clock, error in ((7, "10:30", Invalid), (0, "24:00", Invalid), (0, "10:30", Refused), (0, "23:30", Refused)):
        with pytest.raises(error):
            slots.add_slot(db, channel, weekday, clock, actor=None, now=NOON)
    with pytest.raises(Forbidden):
        slots.add_slot(db, channel, 1, "10:30", actor=make_user(db, roles=("author",)), now=NOON)
