"""Settings, Pause: a stop with its reason, seen on every page; what it would hold and what is held. Settings, History."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.catalog.models import Confidentiality
from planner.channels.models import Channel
from planner.planning import pauses
from planner.planning.models import PostState
from planner.planning.quiet_models import Pause
from planner.publishing.models import Delivery, DeliveryState, Hold
from planner.web.settings.history import ACTIONS
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user
from tests.web.counting import statements

ROOT = Path(__file__).resolve().parent.parent.parent
REASON = "The works council meets first."


def stored(db: Session) -> list[tuple[Any, ...]]:
    """(channel, campaign, reason, ended) of every pause; the application may write again afterwards."""
    db.expire_all()
    rows = [(one.channel_id, one.campaign_id, one.reason, one.ended_at) for one in db.scalars(select(Pause).order_by(Pause.id))]
    db.commit()
    return rows


def hold(db: Session, channel: Channel, **values: Any) -> None:
    post = make_post(db, channel=channel, state=PostState.SCHEDULED, publish_at=NOON, **values)
    db.add(
        Delivery(
            post_id=post.id, channel_id=channel.id, state=DeliveryState.HELD, hold=Hold.PAUSE, due_at=NOON, next_at=NOON, digest="d" * 64,
            created_at=NOON, tries=0, looks=0,
        )
    )  # fmt: skip


def test_a_pause_of_everything_is_seen_by_everybody_on_every_page_until_it_ends(client: Browser, sign_in: Any, app_db: Session) -> None:
    viewer = sign_in(roles=("viewer",))
    assert REASON not in viewer.get("/performance").text

    assert "Nothing is held." in client.get("/settings/pause").text
    assert client.submit("/settings/pause/start", scope="all", reason=REASON).status_code == 302
    assert "Nothing is held yet: what a pause stops is set aside within a minute." in client.get("/settings/pause").text
    assert stored(app_db) == [(None, None, REASON, None)]
    assert all(f"All sending is paused: {REASON}" in viewer.get(path).text for path in ("/", "/performance", "/settings", "/nowhere"))

    assert client.submit("/settings/pause/1/end").status_code == 302
    assert stored(app_db) == [(None, None, REASON, NOON)]
    assert REASON not in viewer.get("/performance").text


def test_a_channel_or_a_campaign_is_paused_by_name(client: Browser, app_db: Session) -> None:
    channel, campaign = make_channel(app_db, name="Group on X"), make_campaign(app_db, name="Edge")
    app_db.commit()

    client.submit("/settings/pause/start", scope=f"channel:{channel.id}", reason=REASON)
    client.submit("/settings/pause/start", scope=f"campaign:{campaign.id}", reason="Wait.")

    assert stored(app_db) == [(channel.id, None, REASON, None), (None, campaign.id, "Wait.", None)]
    page = client.get("/settings").text
    assert f"“Group on X” is paused: {REASON}" in page
    assert "The campaign “Edge” is paused: Wait." in page


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"scope": "all", "reason": "  "}, "Say why: everybody will read the reason."),
        ({"scope": "all", "reason": "a" * 501}, "cannot be longer than 500"),
        ({"scope": "channel:99", "reason": REASON}, "Not a valid choice"),
        ({"scope": "channel:", "reason": REASON}, "Not a valid choice"),
    ],
)
def test_a_pause_without_reason_or_of_nothing_is_refused(client: Browser, app_db: Session, values: dict[str, str], sentence: str) -> None:
    answer = client.submit("/settings/pause/start", **values)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert values["reason"] in answer.text
    assert stored(app_db) == []


def test_the_preview_names_what_would_be_held_and_stops_nothing(client: Browser, app_db: Session) -> None:
    here, there = make_channel(app_db), make_channel(app_db)
    make_post(app_db, channel=here, asset=make_asset(app_db, title="Goes out here"), state=PostState.SCHEDULED)
    make_post(app_db, channel=here, asset=make_asset(app_db, title="Only a draft"))
    make_post(app_db, channel=there, asset=make_asset(app_db, title="Goes out there"), state=PostState.APPROVED)
    app_db.commit()

    one = client.submit("/settings/pause/start", scope=f"channel:{here.id}", reason="", preview="1")
    everything = client.submit("/settings/pause/start", scope="all", reason="", preview="1")

    assert [one.status_code, everything.status_code] == [200, 200]
    assert [title in one.text for title in ("Goes out here", "Goes out there", "Only a draft")] == [True, False, False]
    assert "It would hold 2 planned posts." in everything.text
    assert stored(app_db) == []


def test_what_is_held_is_listed_and_a_confidential_title_stays_hidden(client: Browser, sign_in: Any, app_db: Session) -> None:
    channel = make_channel(app_db)
    hold(app_db, channel, asset=make_asset(app_db, title="An open film"))
    hold(app_db, channel, asset=make_asset(app_db, title="A secret merger", confidentiality=Confidentiality.CONFIDENTIAL))
    app_db.commit()

    ours, theirs = client.get("/held").text, sign_in(roles=("viewer",)).get("/held").text

    assert ["An open film" in page for page in (ours, theirs)] == [True, True]
    assert ["A secret merger" in page for page in (ours, theirs)] == [True, False]


@pytest.mark.parametrize("role", ["planner", "author", "approver", "legal", "viewer", "advocate"])
def test_only_an_administrator_pauses(sign_in: Any, app_db: Session, role: str) -> None:
    pauses.pause(app_db, REASON, actor=None, now=NOON)
    app_db.commit()
    other = sign_in(roles=(role,))

    answers = [other.submit("/settings/pause/start", scope="all", reason="Mine"), other.submit("/settings/pause/1/end")]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert stored(app_db) == [(None, None, REASON, None)]


def test_a_post_without_its_token_neither_pauses_nor_resumes(client: Browser, app_db: Session) -> None:
    pauses.pause(app_db, REASON, actor=None, now=NOON)
    app_db.commit()

    answers = [client.post("/settings/pause/start", data={"scope": "all", "reason": "Mine"}), client.post("/settings/pause/1/end")]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert stored(app_db) == [(None, None, REASON, None)]


def test_a_pause_ends_once(client: Browser, app_db: Session) -> None:
    pauses.pause(app_db, REASON, actor=None, now=NOON)
    app_db.commit()

    assert [client.submit("/settings/pause/1/end").status_code for _ in range(2)] == [302, 409]
    assert client.submit("/settings/pause/7/end").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_banner_costs_one_statement_whatever_the_pauses(client: Browser, app: Flask, app_db: Session, count: int) -> None:
    for number in range(count):
        pauses.pause(app_db, f"Reason {number}", actor=None, now=NOON)
    app_db.commit()

    # Preferences read nothing of their own: the person, and the banner.
    assert statements(app, client, "/settings/preferences") == 2


def write(db: Session, count: int, *, name: str = "Thing", action: str = "asset.created") -> None:
    asset, actor = make_asset(db, title=name), make_user(db, name="Claire")
    for number in range(count):
        history.record(db, actor, action, asset, now=NOON + timedelta(minutes=number), was={"title": "a"}, became={"title": f"b{number}"})
    db.commit()


def test_the_history_is_paged_from_the_newest_and_every_line_is_met_once(client: Browser, app_db: Session) -> None:
    write(app_db, 120)

    seen, address = [], "/settings/history"
    while address:
        page = client.get(address).text
        seen += re.findall(r"a → (b\d+)", page)
        found = re.search(r'href="([^"]+)" [^>]*rel="next"|rel="next"[^>]*href="([^"]+)"|<a href="([^"]+cursor=[^"]+)"', page)
        address = next((part for part in found.groups() if part), "").replace("&amp;", "&") if found else ""

    assert seen == [f"b{number}" for number in range(119, -1, -1)]


def test_the_history_is_narrowed_by_name_person_kind_and_days(client: Browser, app_db: Session) -> None:
    write(app_db, 1, name="Orion film")
    channel = make_channel(app_db, name="Group on X")
    history.record(app_db, None, "channel.added", channel, now=NOON + timedelta(days=2))
    app_db.commit()

    def shown(**asked: str) -> tuple[bool, bool]:
        page = client.get("/settings/history", query_string=asked).text
        return "Orion film</td>" in page, "Group on X</td>" in page

    assert shown() == (True, True)
    assert shown(q="orION") == (True, False)
    assert shown(q="%") == (False, False)
    assert shown(about="channels") == (False, True)
    assert shown(who="999") == (False, False)
    assert shown(**{"from": "2026-03-03"}) == (False, True)
    assert shown(to="2026-03-02") == (True, False)


def test_the_history_names_what_changed_in_the_reader_s_words(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db, title="Orion film")
    became = {
        "choice": "re_edit", "views_30": 1619, "on": "2026-03-02", "publish_at": "2026-03-02T12:00:00+00:00", "marks": {"source": "x", "medium": "social"},
        "media": [{"file_id": 7}],
    }  # fmt: skip
    history.record(app_db, None, "asset.created", asset, now=NOON, became=became)
    app_db.commit()

    page = client.get("/settings/history").text

    told = [" ".join(re.sub("<[^>]+>", "", line).split()) for line in re.findall(r"<div>(.*?)</div>", page.partition("history__changes")[2])]
    assert sorted(told) == [
        "Day: 2 Mar 2026", "Decision: Re-edit title and thumbnail", "Files: File 7", "Goes out: 2 Mar 2026, 13:00",
        "Marks in the link: medium social, source x", "Views after 30 days: 1,619",
    ]  # fmt: skip


@pytest.mark.parametrize(("asked", "status"), [({"from": "yesterday"}, 422), ({"to": "0001-01-01"}, 422), ({"cursor": "nonsense"}, 422), ({"who": "²"}, 200)])
def test_a_malformed_question_to_the_history_is_answered_with_a_sentence(client: Browser, asked: dict[str, str], status: int) -> None:
    assert client.get("/settings/history", query_string=asked).status_code == status


@pytest.mark.parametrize("role", ["planner", "author", "approver", "legal", "viewer"])
def test_only_an_administrator_reads_the_history(sign_in: Any, role: str) -> None:
    assert sign_in(roles=(role,)).get("/settings/history").status_code == 403


@pytest.mark.parametrize("count", [1, 30])
def test_the_history_costs_the_same_whatever_its_length(client: Browser, app: Flask, app_db: Session, count: int) -> None:
    write(app_db, count)

    assert statements(app, client, "/settings/history") == 5


def test_every_deed_that_is_recorded_has_its_words() -> None:
    recorded = set()
    for path in (ROOT / "planner").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("history.record"):
                recorded |= {one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)}

    assert recorded - set(ACTIONS) == set()
    assert len(recorded) > 15


def test_the_history_calls_campaigns_and_people_by_their_names(client: Browser, app_db: Session) -> None:
    asset, campaign, owner = make_asset(app_db, title="Orion film"), make_campaign(app_db, name="Launch"), make_user(app_db, name="Ann Owner")
    history.record(app_db, None, "asset.created", asset, now=NOON, was={"campaign_id": 999_999, "owner_id": None}, became={"campaign_id": campaign.id, "owner_id": owner.id})
    app_db.commit()

    page = client.get("/settings/history").text

    told = [" ".join(re.sub("<[^>]+>", "", line).split()) for line in re.findall(r"<div>(.*?)</div>", page.partition("history__changes")[2])]
    assert {"Campaign: #999999 → Launch", "Owner: Ann Owner"} <= set(told)
