"""A plan as a file, through the browser's door: sent, checked, made into drafts; fetched as CSV and XLSX, with nothing a spreadsheet runs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.catalog.models import Confidentiality
from planner.channels.port import PostKind
from planner.planning.models import Post, PostState
from planner.publishing.models import Native
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post

PLAN = "date,time,channel,asset,text\n2026-03-24,09:30,Our X,Energy,Watts.\n2026-03-25,09:30,Our X,Energy,More watts.\n"


@pytest.fixture(autouse=True)
def world(app_db: Session) -> None:
    make_channel(app_db, name="Our X", time_zone="Europe/Paris")
    make_asset(app_db, title="Energy")
    app_db.commit()


def send(client: Browser, text: str) -> Any:
    data = {"csrf_token": client.token(), "file": (io.BytesIO(text.encode()), "march.csv")}
    return client.post("/calendar/import", data=data, content_type="multipart/form-data")


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{32})"', page)
    assert found is not None
    return found[1]


def count(db: Session) -> int:
    found = db.scalar(select(func.count()).select_from(Post)) or 0
    db.commit()
    return found


def test_a_file_is_checked_shown_and_then_made_into_drafts_once(client: Browser, app_db: Session) -> None:
    page = send(client, PLAN)

    assert (page.status_code, count(app_db)) == (200, 0)
    assert [words in page.text for words in ("2 drafts to be made from “march.csv”", "More watts.", "Nothing is planned yet.")] == [True] * 3
    for said in ("2 drafts made.", "Everything in this file was planned already."):
        answer = client.submit("/calendar/import/write", token=token_of(page.text), name="march.csv")
        assert answer.status_code == 302
        assert said in client.get(answer.location).text
        assert count(app_db) == 2
    assert "2 rows are in the plan already and stay as they are." in send(client, PLAN).text


def test_a_secret_far_down_in_a_file_is_said_before_the_drafts_are_made(client: Browser, app_db: Session) -> None:
    make_asset(app_db, title="Secret", embargo_until=NOON + timedelta(days=90), embargo_terms=["Falcon"])
    app_db.commit()
    rows = [f"2026-03-{1 + one // 20:02}T{one % 20:02}:00:00Z,Our X,Energy,Watts {one}." for one in range(40, 100)]
    rows[55] = "2026-04-01T10:00:00Z,Our X,Energy,The Falcon flies."

    page = send(client, "\n".join(["date,channel,asset,text", *rows])).text

    assert "One of the rows that are not shown below cannot go out as it is." in page
    assert re.search(r'</span>57</th>.*?The Falcon flies\..*?“Falcon” may not be mentioned', page, re.DOTALL)
    assert "that are not shown below" not in send(client, "\n".join(["date,channel,asset,text", *rows[:50]])).text


def undo_of(page: str) -> str:
    found = re.search(r'action="/calendar/import/undo".*?name="at" value="([^"]+)"', page, re.DOTALL)
    assert found is not None
    return found[1]


def test_an_import_is_undone_from_its_message_and_what_was_changed_stays(client: Browser, app_db: Session) -> None:
    token = token_of(send(client, PLAN).text)
    page = client.get(client.submit("/calendar/import/write", token=token, name="march.csv").location).text
    first = app_db.scalar(select(func.min(Post.id)))
    app_db.rollback()
    client.submit(f"/posts/{first}/submit")

    at = undo_of(page)
    answer = client.submit("/calendar/import/undo", at=at, back="/calendar?view=list&date=2026-03-24")

    assert (answer.status_code, answer.location) == (302, "/calendar?view=list&date=2026-03-24")
    assert "Undone: one draft is out of the plan again. One was changed since and stays." in client.get(answer.location).text
    assert app_db.scalars(select(Post.state).order_by(Post.id)).all() == [PostState.IN_REVIEW, PostState.CANCELLED]
    app_db.rollback()
    assert [client.submit("/calendar/import/undo", at=one).status_code for one in (at, "", "2026-03-02", "2026-03-02T12:00")] == [302, 422, 422, 422]


def test_an_import_leads_to_its_first_day_as_its_reader_s_clock_has_it(client: Browser, app_db: Session) -> None:
    client.submit("/settings/preferences", time_zone="Asia/Tokyo", language="en")
    token = token_of(send(client, "date,time,channel,asset\n2026-03-24,18:30,Our X,Energy\n").text)

    assert "date=2026-03-25" in client.submit("/calendar/import/write", token=token, name="march.csv").location


def test_errors_are_listed_by_row_and_can_be_fetched(client: Browser, app_db: Session) -> None:
    page = send(client, PLAN.replace("2026-03-25,09:30", "2026-03-25,99:30") + "2026-03-26,10:00,Nowhere,Energy,x\n")

    assert (page.status_code, count(app_db)) == (422, 0)
    assert "2 things to put right in “march.csv”" in page.text
    link = re.search(r'href="(/calendar/import/errors/[0-9a-f]{32}\.csv)"', page.text)
    assert link is not None
    listed = list(csv.reader(io.StringIO(client.get(link[1]).data.decode("utf-8-sig"))))
    assert [row[:2] for row in listed] == [["Row", "Column"], ["3", "time"], ["4", "channel"]]


def test_a_file_that_became_wrong_between_the_two_steps_plans_nothing(client: Browser, app_db: Session) -> None:
    token = token_of(send(client, PLAN).text)
    app_db.execute(Post.__table__.delete())
    for asset in app_db.scalars(select(make_asset(app_db, title="Other").__class__)):
        asset.embargo_until = NOON + timedelta(days=60)
    app_db.commit()

    answer = client.submit("/calendar/import/write", token=token, name="march.csv")

    assert (answer.status_code, count(app_db)) == (422, 0)
    assert "under embargo until" in answer.text


@pytest.mark.parametrize("body", ["", "just words", "a,b\n1,2\n"])
def test_what_is_no_plan_is_refused_in_a_sentence(client: Browser, body: str) -> None:
    answer = send(client, body)

    assert (answer.status_code, "form-errors" in answer.text) == (422, True)


def test_the_templates_are_plans(client: Browser, app_db: Session) -> None:
    make_channel(app_db, name="Our X account")
    make_channel(app_db, name="Our LinkedIn page")
    make_asset(app_db, title="Energy per bit: the road to 2030")
    app_db.commit()

    assert "2 drafts to be made" in send(client, client.get("/calendar/import/template.csv").data.decode("utf-8-sig")).text
    page = openpyxl.load_workbook(io.BytesIO(client.get("/calendar/import/template.xlsx").data)).active
    assert [cell.value for cell in page[1]][:3] == ["date", "time", "time_zone"]


def test_a_view_is_exported_with_its_filters_and_runs_nothing(client: Browser, app_db: Session) -> None:
    for text in ("=cmd|' /C calc'!A0", "+1", "Plain\nwords"):
        make_post(app_db, text=text, asset=make_asset(app_db, title="-2+3"))
    other = make_post(app_db, publish_at=NOON + timedelta(days=40))
    app_db.commit()

    week = list(csv.reader(io.StringIO(client.get("/calendar/export.csv?view=week&date=2026-03-03").data.decode("utf-8-sig"))))
    book = openpyxl.load_workbook(io.BytesIO(client.get("/calendar/export.xlsx?view=week&date=2026-03-03").data))
    narrowed = client.get(f"/calendar/export.csv?start=2026-03-01&end=2027-01-01&channel={other.channel_id}").data.decode("utf-8-sig")

    assert [(row[4], row[5]) for row in week[1:]] == [("'-2+3", "'=cmd|' /C calc'!A0"), ("'-2+3", "'+1"), ("'-2+3", "Plain\nwords")]
    cells = [cell for row in book.active.iter_rows(min_row=2) for cell in row]
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    assert [row[11] for row in csv.reader(io.StringIO(narrowed))][1:] == [str(other.id)]


def test_what_the_reader_may_not_know_is_masked_in_the_file_too(sign_in: Callable[..., Browser], app_db: Session) -> None:
    make_post(app_db, asset=make_asset(app_db, title="Falcon", confidentiality=Confidentiality.CONFIDENTIAL), text="It flies.")
    app_db.commit()
    viewer = sign_in(roles=("viewer",))

    told = viewer.get("/calendar/export.csv?view=week&date=2026-03-03").data.decode("utf-8-sig")

    assert ["Falcon" in told, "flies" in told, "Confidential" in told] == [False, False, True]
    assert viewer.get("/calendar/import").status_code == 403


def test_an_export_is_written_as_it_is_read(client: Browser, app_db: Session) -> None:
    channel, asset = make_channel(app_db), make_asset(app_db)
    for number in range(30):
        make_post(app_db, channel=channel, asset=asset, text="w" * 9000, publish_at=NOON + timedelta(hours=number))
    app_db.commit()

    pieces = list(client.get("/calendar/export.csv?view=week&date=2026-03-03", buffered=False).iter_encoded())

    assert len(pieces) > 3
    assert max(map(len, pieces)) < 100_000


def exported(client: Browser, query: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(client.get(f"/calendar/export.csv?{query}").data.decode("utf-8-sig"))))


def test_what_was_published_directly_is_in_the_file_as_it_is_on_the_page(client: Browser, app_db: Session) -> None:
    post = make_post(app_db, publish_at=NOON, time_zone="UTC")
    there, elsewhere = make_channel(app_db, name="Directly", time_zone="UTC"), make_channel(app_db, name="Elsewhere")
    for number, (channel, gone) in enumerate(((there, None), (there, NOON), (elsewhere, None))):
        app_db.add(Native(
            channel_id=channel.id, external_id=str(number), url=f"https://x.com/a/{number}", kind=PostKind.TEXT, text=f"=Said {number}", published_at=NOON,
            found_at=NOON, gone_at=gone,
        ))  # fmt: skip
    app_db.commit()

    every, hidden, only, narrowed = (
        exported(client, f"view=week&date=2026-03-03{more}") for more in ("", "&native=hide", "&native=only", f"&native=only&channel={there.id}")
    )
    campaign = exported(client, "view=week&date=2026-03-03&campaign=1&native=only")

    assert [row[11] for row in every[1:]] == [str(post.id), "", "", ""] and [row[11] for row in hidden[1:]] == [str(post.id)]
    assert [row[5] for row in only[1:]] == ["'=Said 0", "'=Said 1", "'=Said 2"]
    assert every[0] == hidden[0] == only[0] and campaign == [only[0]]
    assert narrowed[1:] == [
        ["2026-03-02", "12:00", "UTC", "Directly", "", f"'=Said {number}", "", "", "", "", "", "", state, "text", f"https://x.com/a/{number}", "2026-03-02 12:00"]
        for number, state in enumerate(("published directly", "published directly, deleted"))
    ]


def test_an_export_with_what_was_published_directly_comes_back_as_the_plan_it_is(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, name="Directly")
    post = make_post(app_db, publish_at=NOON + timedelta(days=1))
    app_db.add(Native(channel_id=channel.id, external_id="1", kind=PostKind.TEXT, text="Said", published_at=NOON, found_at=NOON))
    app_db.commit()
    told = client.get("/calendar/export.csv?view=week&date=2026-03-03").data.decode("utf-8-sig")

    page = send(client, told)

    assert (page.status_code, str(post.id) in told, "published directly" in told) == (200, True, True)


def test_a_year_is_exported_as_its_campaigns(client: Browser, app_db: Session) -> None:
    spring = make_campaign(app_db, name="Spring", starts_on=date(2026, 4, 1), ends_on=date(2026, 5, 31), embargo_until=NOON + timedelta(days=30))
    someday = make_campaign(app_db, name="Someday")
    make_post(app_db, campaign=spring, publish_at=NOON + timedelta(days=40))
    make_post(app_db, campaign=spring, publish_at=NOON + timedelta(days=31), published_at=NOON, state=PostState.PUBLISHED)
    make_campaign(app_db, name="Long ago", starts_on=date(2020, 4, 1), ends_on=date(2020, 5, 31))
    app_db.commit()

    rows = exported(client, "view=year&date=2026-03-03")

    assert rows == [
        ["campaign", "starts_on", "ends_on", "embargo_lifts_on", "posts", "published", "number"],
        ["Spring", "2026-04-01", "2026-05-31", "2026-04-01", "2", "1", str(spring.id)],
        ["Someday", "", "", "", "0", "0", str(someday.id)],
    ]
    assert exported(client, f"view=year&date=2026-03-03&campaign={someday.id}")[1:] == [rows[2]]
    book = openpyxl.load_workbook(io.BytesIO(client.get("/calendar/export.xlsx?view=year&date=2026-03-03").data))
    assert (book.sheetnames, book.active["A2"].value) == (["Campaigns"], "Spring")
