"""Every call the X adapter makes, on a running X: PLANNER_TEST_X_URL when set, else a sandbox of its own.

Set the variable to a proxy that checks requests and answers against X's API document to prove conformance.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from planner.channels.hearing import Mentions
from planner.channels.port import Account, Media, MediaKind, OutgoingPost, Platform, Refused, Sent
from planner.channels.sandbox import Sandbox, serve
from planner.channels.x import XAdapter
from planner.channels.x_media import Patience
from planner.core.http import Http
from planner.core.text import x_length

MB = 1024 * 1024
GIVEN = os.environ.get("PLANNER_TEST_X_URL", "")
#: X's API document knows the newer names only; the sandbox knows both.
NAMES = ["post"] if GIVEN else ["post", "tweet"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if GIVEN:
        yield GIVEN
        return
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox") / "sandbox.sqlite3")
    with serve(sandbox) as running:
        yield running.url
    sandbox.close()


@pytest.fixture(params=NAMES)
def adapter(base: str, request: pytest.FixtureRequest) -> XAdapter:
    """Asks with X's newer names, then with its older ones; five posts a page, so that a few make several pages."""
    patience = Patience(seconds=30)
    return XAdapter(base, Http(timeout_seconds=10), fields_name=request.param, patience=patience, page=5)


@pytest.fixture
def account() -> Account:
    """An account nobody has used yet, so that its timeline holds this test's posts alone."""
    return Account(1, Platform.X, "X", secret=f"sandbox-{uuid.uuid4().hex}")


def a_post(**changes) -> OutgoingPost:
    number = uuid.uuid4().hex
    values = {
        "text": f"Réseaux privés & 5G <{number}> https://www.example.com/a?utm_content={number} #5G",
        "fingerprint": number * 2,
        **changes,
    }
    return OutgoingPost(delivery_id=1, attempt=1, **values)


def a_file(folder: Path, kind: MediaKind, mime: str, size: int, **more) -> Media:
    path = folder / kind.value
    path.write_bytes(b"x" * size)
    return Media(kind=kind, path=str(path), mime=mime, size=size, name=path.name, **more)


def publish(adapter: XAdapter, account: Account, post: OutgoingPost) -> str:
    outcome = adapter.publish(post, account, keep=lambda _: None)
    assert isinstance(outcome, Sent), outcome
    assert outcome.note == ""
    return outcome.receipt.external_id


def test_a_post_is_made_found_counted_and_taken_down(adapter, account):
    since, post = datetime.now(UTC) - timedelta(seconds=2), a_post(first_comment="En savoir plus")
    post_id = publish(adapter, account, post)

    listing = adapter.find(post, since, account)
    assert ([match.external_id for match in listing.matches], listing.complete) == ([post_id], True)
    assert [one.receipt.external_id for one in adapter.recent(since, account).posts] == [post_id]  # Answers are left out.
    readings = adapter.readings([post_id, "1000000000000000001"], account)
    assert ([reading.external_id for reading in readings.told], readings.gone) == ([post_id], ["1000000000000000001"])
    assert readings.told[0].impressions is not None
    assert [count.dimension for count in adapter.audience(account) or []] == ["followers"]
    assert isinstance(adapter.delete(post_id, account), Sent)
    assert adapter.readings([post_id], account).gone == [post_id]


def test_the_same_text_twice_is_refused_as_a_duplicate(adapter, account):
    post = a_post()
    publish(adapter, account, post)

    outcome = adapter.publish(post, account, keep=lambda _: None)

    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.account) == ("duplicate", False)


@pytest.mark.parametrize(
    ("kind", "mime", "size"),
    [(MediaKind.IMAGE, "image/png", 1000), (MediaKind.GIF, "image/gif", 2000), (MediaKind.VIDEO, "video/mp4", 5 * MB)],
)
def test_a_post_with_a_file_is_made_and_found(adapter, account, tmp_path, kind, mime, size):
    file = a_file(tmp_path, kind, mime, size, alt_text="Une antenne au coucher du soleil")
    since, post = datetime.now(UTC) - timedelta(seconds=2), a_post(media=(file,))
    kept: list[str] = []

    outcome = adapter.publish(post, account, keep=kept.append)

    assert isinstance(outcome, Sent), outcome
    assert [match.external_id for match in adapter.find(post, since, account).matches] == [outcome.receipt.external_id]
    assert len(kept) == 1
    again = adapter.publish(replace(a_post(), media=(file,), resume=kept[0]), account, keep=kept.append)
    assert isinstance(again, Sent), again
    assert len(kept) == 1  # the file was not sent a second time


def test_a_timeline_of_several_pages_is_read_to_its_end(adapter, account):
    since = datetime.now(UTC) - timedelta(seconds=2)
    first = a_post()
    first_id = publish(adapter, account, first)
    for _ in range(6):
        publish(adapter, account, a_post())

    listing = adapter.find(first, since, account)

    assert ([match.external_id for match in listing.matches], listing.complete) == ([first_id], True)


def test_a_text_that_our_count_lets_pass_is_short_enough_for_x(adapter, account):
    number = uuid.uuid4().hex
    longest = f"{'é' * 246} 日本 👍🏽👨‍👩‍👧 https://www.example.com/{number}"
    post = a_post(text=longest)

    assert x_length(longest) == 280
    publish(adapter, account, post)


@pytest.mark.parametrize("names", ["post", "tweet"])
def test_what_people_answer_is_told_once_with_their_names_and_the_post_above(tmp_path: Path, names: str) -> None:
    now = [datetime(2026, 11, 20, 9, 0, tzinfo=UTC)]
    sandbox = Sandbox(tmp_path / "sandbox.sqlite3", now=lambda: now[0])
    ours = Account(1, Platform.X, "X", secret=f"sandbox-{uuid.uuid4().hex}")
    with serve(sandbox) as running:
        adapter = XAdapter(running.url, Http(timeout_seconds=10), fields_name=names, now=lambda: now[0])
        sent = [adapter.publish(a_post(), ours, keep=lambda _: None) for _ in range(6)]
        now[0] += timedelta(days=5)
        first = adapter.mentions(ours, after="", before="", since=now[0] - timedelta(days=30), most=800)
        newest = first.heard[0].receipt.external_id
        rest = adapter.mentions(ours, after="", before=newest, since=now[0] - timedelta(days=30), most=800)
        again = adapter.mentions(ours, after=newest, before="", since=now[0], most=800)
    sandbox.close()

    assert first.complete and first.heard
    assert {one.thread for one in first.heard} <= {one.receipt.external_id for one in sent if isinstance(one, Sent)}
    assert all("@" in one.author and one.text.startswith("@") for one in first.heard)
    assert (rest.heard, again) == (first.heard[1:], Mentions([]))
