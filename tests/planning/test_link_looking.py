"""The links of posts: which are asked and when, what each answer means, that private addresses are never reached, and what the rule says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import AssetState
from planner.core.db import make_engine, sessions_of
from planner.core.http import Http
from planner.planning import link_looking, rules
from planner.planning.link_looking import Looked, due, look, write_down
from planner.planning.models import LinkCheck, Post, PostState
from planner.planning.surroundings import surroundings
from tests.conftest import StoppedClock
from tests.factories import make_asset, make_campaign, make_post

DAY = timedelta(days=1)
PAGE = "https://example.com/paper"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Pages that answer what their path says: /200, /404, /to/<path> redirects there."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _empty, first, *rest = self.path.split("?")[0].split("/")
            status = 301 if first == "to" else int(first) if first.isdigit() else 200
            self.send_response(status)
            if first == "to":
                self.send_header("Location", "/" + "/".join(rest))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_told: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/200/a", (200, "", True)),
        ("/404/a", (404, "", True)),
        ("/500/a", (500, "", True)),
        ("/403/a", (None, "", False)),
        ("/429/a", (None, "", False)),
        ("/to/200/b", (200, "/200/b", True)),
        ("/to/to/404/c", (404, "/404/c", True)),
    ],
)
def test_what_a_page_answers_is_what_is_kept(site: str, path: str, answer: tuple[int | None, str, bool]) -> None:
    seen = look(Http(5, allow_private=True), site + path)

    assert (seen.status, seen.leads_to.removeprefix(site), seen.is_known) == answer


def test_nobody_there_is_no_answer_and_an_address_of_the_house_is_never_reached(site: str) -> None:
    assert look(Http(2, allow_private=True), "http://127.0.0.1:9/gone") == Looked("http://127.0.0.1:9/gone")
    assert look(Http(2), f"{site}/404/a") == Looked(f"{site}/404/a", is_known=False)


def test_a_name_that_no_public_page_has_is_not_asked() -> None:
    assert look(SimpleNamespace(), "https://www.norvane.example/paper") == Looked("https://www.norvane.example/paper", is_known=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("ended", ["https://www.example.com/Paper/?x=1", "http://example.com/paper"])
def test_what_a_reader_would_call_the_same_page_has_not_moved(ended: str) -> None:
    http = SimpleNamespace(fetch_public=lambda _url, **_more: SimpleNamespace(status=200, url=ended))

    assert look(http, PAGE).leads_to == ""  # type: ignore[arg-type]


def test_links_of_posts_still_to_go_out_are_asked_once_a_day_and_bad_ones_sooner(db: Session, now: datetime) -> None:
    make_post(db, link=PAGE)
    make_post(db, link=PAGE, publish_at=None)
    make_post(db, link="https://example.com/far", publish_at=now + 40 * DAY)
    make_post(db, link="https://example.com/done", state=PostState.PUBLISHED, published_at=now)
    make_post(db, link="https://example.com/embargo", asset=make_asset(db, embargo_until=now + 3 * DAY))
    make_post(db, link="https://example.com/campaign", campaign=make_campaign(db, embargo_until=now + 3 * DAY))
    make_post(db, link="https://example.com/old", asset=make_asset(db, state=AssetState.RETIRED))
    assert due(db, now) == [PAGE]

    write_down(db, Looked(PAGE, 200), now=now)
    assert (due(db, now + timedelta(hours=23)), due(db, now + timedelta(hours=24))) == ([], [PAGE])

    write_down(db, Looked(PAGE, 404), now=now)
    assert (due(db, now + timedelta(hours=2)), due(db, now + timedelta(hours=3))) == ([], [PAGE])


def said(db: Session, post: Post, now: datetime) -> list[tuple[str, str]]:
    found = rules.findings(post, post.asset, None, post.channel, None, now, surroundings(db, post))
    return [(one.code, one.message % one.params) for one in found if one.field == "link"]


def test_the_rule_says_what_the_page_answered_and_one_bad_minute_is_no_dead_link(db: Session, now: datetime) -> None:
    post = make_post(db, link=PAGE)
    assert said(db, post, now) == []

    answers = [Looked(PAGE, 200), Looked(PAGE, 404), Looked(PAGE, 200, "https://example.com/"), Looked(PAGE, is_known=False), Looked(PAGE), Looked(PAGE, 503)]
    told = []
    for answer in answers:
        write_down(db, answer, now=now)
        told.append(said(db, post, now))

    assert told == [
        [],
        [("dead_link", "The page that the link leads to is not there (it answered 404).")],
        [("moved_link", "The link leads to another page now: https://example.com/. Make sure that this is meant.")],
        [],
        [],
        [("dead_link", "The page that the link leads to does not answer. Look whether it is still there.")],
    ]
    assert said(db, make_post(db, link=PAGE, publish_at=now + 8 * DAY), now) == []


def test_a_round_asks_outside_a_transaction_and_keeps_every_answer(database_url: str, clock: StoppedClock) -> None:
    engine = make_engine(database_url)
    sessions = sessions_of(engine)
    with sessions.begin() as writing:
        for path in ("a", "b"):
            make_post(writing, link=f"https://example.com/{path}")
    open_now: list[int] = []

    def fetch(url: str, **_more: Any) -> Any:
        open_now.append(engine.pool.checkedout())  # type: ignore[attr-defined]
        return SimpleNamespace(status=404 if url.endswith("a") else 200, url=url)

    runtime = SimpleNamespace(sessions=sessions, clock=clock, registry=SimpleNamespace(http=SimpleNamespace(fetch_public=fetch)))

    assert (link_looking.look_all(runtime), link_looking.look_all(runtime)) == (2, 0)
    assert open_now == [0, 0]
    with sessions() as reading:
        assert dict(reading.execute(select(LinkCheck.url, LinkCheck.status)).all()) == {"https://example.com/a": 404, "https://example.com/b": 200}
    engine.dispose()
