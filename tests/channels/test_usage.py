"""What a channel used and what went wrong: counted beside the call, by the platform's own day, without ever changing an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from planner.channels import usage
from planner.channels.models import Channel
from planner.channels.port import Account, OutgoingPost, Platform, Refused, Sent
from planner.channels.registry import Registry
from planner.channels.sandbox import Sandbox, serve
from planner.channels.usage import Doing, Spent
from planner.channels.youtube_client import cost
from planner.core.db import sessions_of
from planner.core.settings import Settings
from tests.conftest import SECRET, StoppedClock
from tests.factories import NOON, make_channel


def post(text: str, **more: str) -> OutgoingPost:
    return OutgoingPost(1, 1, "0123456789abcdef" * 4, text, **more)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[str]:
    sandbox = Sandbox(tmp_path / "sandbox.sqlite3")
    with serve(sandbox) as running:
        yield running.url
    sandbox.close()


@pytest.fixture
def registry(there: str, engine: Engine, clock: StoppedClock) -> Registry:
    """The adapters, noting into the same database as `db`."""
    return Registry(Settings(secret_key=SECRET), there, usage.keeper(sessions_of(engine), clock))


def account(db: Session, platform: Platform, token: str) -> Account:
    made = make_channel(db, platform=platform, token=token).account()
    db.commit()
    return made


def of(db: Session, one: Account, now: datetime = NOON) -> Spent:
    found = usage.spent(db, one.channel_id, one.platform, now=now)
    db.rollback()
    return found


def reasons(db: Session, one: Account) -> list[tuple[str, datetime, str]]:
    found = [(trouble.doing, trouble.at, trouble.reason) for trouble in usage.troubles(db, one.channel_id)]
    db.rollback()
    return found


def test_posts_on_x_are_counted_apart_by_whether_they_hold_a_link(db: Session, registry: Registry) -> None:
    ours = account(db, Platform.X, "sandbox-x")
    x = registry.adapter(Platform.X)

    sent = [x.publish(post(text), ours, keep=print) for text in ("Good morning", "See https://example.com/5g")]
    x.publish(post("And more", first_comment="It is at https://example.com/6g"), ours, keep=print)
    x.readings([one.receipt.external_id for one in sent if isinstance(one, Sent)], ours)

    assert of(db, ours) == Spent(date(2026, 3, 2), *[{"posts": 2, "link_posts": 2, "calls": 5, "read_calls": 1}] * 3)
    assert reasons(db, ours) == []


def test_what_went_wrong_last_is_kept_in_the_adapters_words(db: Session, registry: Registry, clock: StoppedClock) -> None:
    ours = account(db, Platform.X, "sandbox-revoked")
    x = registry.adapter(Platform.X)

    outcome = x.publish(post("Good morning"), ours, keep=print)
    clock.advance(timedelta(minutes=5))
    x.readings(["1"], ours)

    assert isinstance(outcome, Refused)
    assert reasons(db, ours) == [("read", NOON + timedelta(minutes=5), outcome.reason), ("send", NOON, outcome.reason)]
    assert of(db, ours).today == {"calls": 2, "read_calls": 1}, "a refused post costs nothing"


def test_counts_add_up_by_the_platforms_day_and_month_and_for_all_its_channels(db: Session) -> None:
    one, other = (account(db, Platform.YOUTUBE, f"sandbox-{name}") for name in ("one", "other"))
    x = account(db, Platform.X, "sandbox-x")
    here = ZoneInfo("America/Los_Angeles")
    for who, at, units in (
        (one, datetime(2026, 2, 28, 23, 59, tzinfo=here), 1), (one, datetime(2026, 3, 1, 0, 0, tzinfo=here), 10),
        (one, datetime(2026, 3, 2, 0, 0, tzinfo=here), 100), (one, datetime(2026, 3, 2, 23, 59, tzinfo=here), 200),
        (other, datetime(2026, 3, 2, 12, 0, tzinfo=here), 50), (x, datetime(2026, 3, 2, 12, 0, tzinfo=here), 7),
    ):  # fmt: skip
        usage.keep(db, who.channel_id, who.platform, Doing.READ, {"units": units}, "", now=at)
    db.commit()

    assert of(db, one, datetime(2026, 3, 2, 23, 0, tzinfo=here)) == Spent(date(2026, 2, 28), {"units": 300}, {"units": 310}, {"units": 350})
    assert of(db, one, datetime(2026, 3, 3, 0, 0, tzinfo=here)) == Spent(date(2026, 2, 28), {}, {"units": 310}, {})


def test_a_channel_that_was_never_counted_is_not_known_to_have_used_nothing(db: Session) -> None:
    assert of(db, account(db, Platform.X, "sandbox-x")) == Spent(None)


def test_an_answer_is_the_same_when_it_cannot_be_noted(registry: Registry, db: Session) -> None:
    nobody = Account(987_654, Platform.X, "not in the database", secret="sandbox-x")

    assert isinstance(registry.adapter(Platform.X).publish(post("Good morning"), nobody, keep=print), Sent)
    assert db.get(Channel, 987_654) is None


@pytest.mark.parametrize(
    ("method", "path", "booked"),
    [
        ("POST", "/upload/youtube/v3/videos?uploadType=resumable&part=snippet", ("uploads", 1)),
        ("PUT", "/upload/youtube/v3/videos?uploadType=resumable&upload_id=1", ("units", 0)),
        ("POST", "/upload/youtube/v3/thumbnails/set?videoId=1", ("units", 50)),
        ("POST", "/upload/youtube/v3/captions?part=snippet", ("units", 400)),
        ("GET", "/youtube/v3/captions?videoId=1", ("units", 50)),
        ("GET", "/youtube/v3/videos?id=1", ("units", 1)),
        ("GET", "/youtube/v3/search?q=1", ("searches", 1)),
        ("PUT", "/youtube/v3/videos?part=snippet", ("units", 50)),
        ("DELETE", "/youtube/v3/videos?id=1", ("units", 50)),
        ("POST", "/youtube/v3/playlistItems?part=snippet", ("units", 50)),
        ("GET", "/v2/reports?ids=channel", ("units", 0)),
    ],
)
def test_google_books_each_call_as_its_page_says(method: str, path: str, booked: tuple[str, int]) -> None:
    assert cost(method, f"https://youtube.googleapis.com{path}") == booked
