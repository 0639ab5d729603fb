"""A plan from a table: every refusal names its row, its column and why; then drafts, and the same file twice plans nothing twice."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, User
from planner.catalog.models import Confidentiality
from planner.catalog.sheets import Sheet, open_sheet
from planner.channels.port import Platform
from planner.core.errors import Conflict, Forbidden, Invalid, WrongState
from planner.planning import comments, exporting, importing, tuning
from planner.planning.models import Post, PostState
from planner.planning.queries import Filters
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user
from tests.planning.test_queries import counting

PARIS = "Europe/Paris"
HEADINGS = ("date", "time", "channel", "asset", "text", "campaign", "key", "time_zone", "tags", "link")


@pytest.fixture
def planner(db: Session) -> User:
    user = make_user(db, roles=("planner",))
    make_channel(db, name="Our X", time_zone=PARIS)
    make_asset(db, title="Energy per bit")
    db.commit()
    return user


def sheet(*rows: tuple[str, ...]) -> Sheet:
    target = io.StringIO(newline="")
    csv.writer(target).writerows([HEADINGS, *(row + ("",) * (len(HEADINGS) - len(row)) for row in rows)])
    return open_sheet(target.getvalue().encode())


def line(date: str = "2026-03-24", time: str = "09:30", channel: str = "our x", asset: str = "ENERGY per bit", text: str = "Watts.", **more: str) -> tuple[str, ...]:
    return date, time, channel, asset, text, *(more.get(name, "") for name in HEADINGS[5:])


def wrong(db: Session, *rows: tuple[str, ...], actor: User | None = None) -> list[tuple[int, str, str]]:
    """(row, column, sentence) of each error."""
    plan = importing.read(db, sheet(*rows), actor=actor, now=NOON)
    return [(one.row, one.column, one.message % dict(one.params)) for one in plan.errors]


def count(db: Session) -> int:
    return db.scalar(select(func.count()).select_from(Post)) or 0


@pytest.mark.usefixtures("planner")
def test_checking_says_what_would_be_planned_and_plans_nothing(db: Session) -> None:
    plan = importing.read(db, sheet(line(), line(date="24/03/2026", time="14h"), line(date="", time="")), actor=None, now=NOON)

    assert [(one.channel, one.asset, one.values.publish_at) for one in plan.new] == [
        ("Our X", "Energy per bit", datetime(2026, 3, 24, 8, 30, tzinfo=UTC)), ("Our X", "Energy per bit", datetime(2026, 3, 24, 13, tzinfo=UTC)),
        ("Our X", "Energy per bit", None),
    ]  # fmt: skip
    assert (plan.errors, count(db)) == ([], 0)


def test_writing_makes_drafts_and_the_same_file_twice_makes_none(db: Session, planner: User) -> None:
    campaign = make_campaign(db, name="Launch")
    told = sheet(line(campaign="launch", tags="energy, networks", link="https://example.com/"), line(time="10:30", key="b"))

    first, second = (importing.write(db, told, actor=planner, now=NOON + timedelta(minutes=one)) for one in (0, 1))

    assert (len(first.new), len(second.new), second.errors) == (2, 0, [])
    posts = db.scalars(select(Post).order_by(Post.id)).all()
    assert [(one.state, one.text, one.wall_time, one.time_zone, one.campaign_id, one.author_id) for one in posts] == [
        (PostState.DRAFT, "Watts.", "2026-03-24T09:30", PARIS, campaign.id, planner.id), (PostState.DRAFT, "Watts.", "2026-03-24T10:30", PARIS, None, planner.id),
    ]  # fmt: skip
    assert (posts[0].tags, posts[0].link) == (["energy", "networks"], "https://example.com/")


def test_an_import_is_taken_back_but_for_what_was_touched_since(db: Session, planner: User) -> None:
    told, at = sheet(line(), line(time="10:30"), line(time="11:30")), NOON + timedelta(minutes=1)
    importing.write(db, sheet(line(time="17:00")), actor=planner, now=NOON)
    importing.write(db, told, actor=planner, now=at)
    other, first, second, third = db.scalars(select(Post).order_by(Post.id)).all()
    comments.add(db, second, "Shorter?", actor=planner, now=at)

    taken = importing.take_back(db, at, actor=planner, now=at + timedelta(minutes=1))

    assert taken == (2, 1)
    assert [one.state for one in (other, first, second, third)] == [PostState.DRAFT, PostState.CANCELLED, PostState.DRAFT, PostState.CANCELLED]
    dropped = db.scalars(select(Entry).where(Entry.action == "post.cancelled")).all()
    assert {(one.at, one.actor_id, one.note) for one in dropped} == {(at + timedelta(minutes=1), planner.id, "The import that made it was undone.")}
    with pytest.raises(Conflict, match="Each of these drafts was changed since"):
        importing.take_back(db, at, actor=planner, now=at)
    assert len(importing.write(db, told, actor=planner, now=at + timedelta(minutes=2)).new) == 2, "the same file plans anew what was taken back"


def test_nobody_takes_back_the_import_of_another(db: Session, planner: User) -> None:
    importing.write(db, sheet(line()), actor=planner, now=NOON)

    with pytest.raises(WrongState, match="nothing to undo"):
        importing.take_back(db, NOON, actor=make_user(db, roles=("planner",)), now=NOON)
    with pytest.raises(Forbidden):
        importing.take_back(db, NOON, actor=make_user(db, roles=("viewer",)), now=NOON)
    assert db.scalars(select(Post.state)).all() == [PostState.DRAFT]


def test_a_row_with_a_key_is_known_by_it_though_everything_else_changed(db: Session, planner: User) -> None:
    importing.write(db, sheet(line(key="a")), actor=planner, now=NOON)

    assert importing.write(db, sheet(line(time="11:00", text="Other words.", key="a")), actor=planner, now=NOON).new == []
    assert count(db) == 1


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (line(channel="Our Y"), ("channel", "There is no channel called “Our Y” here.")),
        (line(asset=""), ("asset", "This cell is empty, and it is needed.")),
        (line(asset="Nothing"), ("asset", "There is no asset called “Nothing” here.")),
        (line(campaign="None"), ("campaign", "There is no campaign called “None” here.")),
        (line(date="soon"), ("date", "“soon” is not a date such as 2026-03-24 or 24/03/2026 09:30.")),
        (line(time="25:00"), ("time", "“25:00” is not a time such as 09:30.")),
        (line(time=""), ("time", "There is a day and no time.")),
        (line(date=""), ("date", "There is a time and no day.")),
        (line(time_zone="Europe"), ("time_zone", "“Europe” is not a time zone such as Europe/Paris.")),
        (line(link="example.com"), ("link", "A link starts with https:// or http:// and has no spaces.")),
        (line(text="=HYPERLINK(1)"), ("text", "This looks like a spreadsheet formula, which is not taken. Write the plain text.")),
        (line(date="2026-03-01"), ("date", "01 Mar 2026, 08:30 UTC has already passed. Choose a later time.")),
    ],
)
@pytest.mark.usefixtures("planner")
def test_what_is_wrong_is_said_with_its_row_its_column_and_why(db: Session, row: tuple[str, ...], expected: tuple[str, str]) -> None:
    plan = importing.read(db, sheet(line(key="good"), row), actor=None, now=NOON)

    said = [(one.row, one.column, str(Invalid(one.message, **one.params))) for one in plan.errors]
    assert (said, count(db)) == ([(3, *expected)], 0)


@pytest.mark.usefixtures("planner")
def test_a_time_that_does_not_exist_or_comes_twice_is_asked_about_and_an_offset_answers(db: Session) -> None:
    gap, twice = line(date="2026-03-29", time="02:30"), line(date="2026-10-25", time="02:30")

    assert [(row, column, text[:60]) for row, column, text in wrong(db, gap, twice)] == [
        (2, "time", "On 2026-03-29 the clocks go forward in Europe/Paris and 02:3"), (3, "time", "On 2026-10-25 the clocks go back in Europe/Paris and 02:30 c"),
    ]  # fmt: skip
    plan = importing.read(db, sheet(line(date="2026-10-25T02:30+01:00", time="")), actor=None, now=NOON)
    assert [one.values.publish_at for one in plan.new] == [datetime(2026, 10, 25, 1, 30, tzinfo=UTC)]


@pytest.mark.usefixtures("planner")
def test_days_and_moments_are_taken_as_other_tools_write_them(db: Session) -> None:
    dates = [("2026/03/24", "09:30"), ("24 Mar 2026", "10:30"), ("2026-03-24 10:30 UTC", ""), ("Tue, 24 Mar 2026 11:30:00 +0000", "")]

    plan = importing.read(db, sheet(*(line(date=date, time=time) for date, time in dates)), actor=None, now=NOON)

    assert plan.errors == []
    assert [one.values.publish_at for one in plan.new] == [datetime(2026, 3, 24, hour, 30, tzinfo=UTC) for hour in (8, 9, 10, 11)]


@pytest.mark.usefixtures("planner")
def test_the_rules_are_asked_before_anything_is_planned(db: Session) -> None:
    make_asset(db, title="Secret", embargo_until=datetime(2026, 4, 1, tzinfo=UTC))
    make_asset(db, title="Plan", sensitive=True)

    found = wrong(db, line(asset="Secret"), line(asset="Plan"), line(asset="Plan", time="10:30"))

    assert [(row, column, text[:33]) for row, column, text in found] == [
        (2, "date", "“Secret” is under embargo until 2"), (4, "channel", "A sensitive announcement goes out"),
    ]  # fmt: skip


def test_one_wrong_row_plans_none_of_the_file(db: Session, planner: User) -> None:
    plan = importing.write(db, sheet(line(), line(channel="Nowhere")), actor=planner, now=NOON)

    assert ([one.row for one in plan.errors], count(db)) == ([3], 0)


def test_what_a_rule_refuses_only_by_now_plans_none_of_the_file(db: Session, planner: User) -> None:
    told = sheet(line(), line(date="2026-03-02", time="14:00"))
    assert importing.read(db, told, actor=planner, now=NOON).errors == []

    plan = importing.write(db, told, actor=planner, now=NOON + timedelta(hours=3))

    assert ([one.row for one in plan.errors], count(db)) == ([3], 0)


@pytest.mark.usefixtures("planner")
def test_the_same_post_twice_in_a_file_and_two_assets_of_one_name_are_said(db: Session) -> None:
    twin = make_asset(db, title="energy  per BIT")

    assert [text for _row, _column, text in wrong(db, line())] == [f"Several are called “ENERGY per bit”. Write the number of the one you mean, such as #{twin.id - 1}."]
    assert wrong(db, line(asset=f"#{twin.id}"), line(asset=str(twin.id))) == [(3, "key", "The same post stands in row 2 already.")]


def test_a_file_cannot_ask_whether_a_confidential_title_exists(db: Session, planner: User) -> None:
    make_asset(db, title="Falcon", confidentiality=Confidentiality.CONFIDENTIAL)
    author = make_user(db, roles=("author",))

    assert [text for _row, _column, text in wrong(db, line(asset="Falcon"), actor=author)] == ["There is no asset called “Falcon” here."]
    assert wrong(db, line(asset="Falcon"), actor=planner) == []
    with pytest.raises(Forbidden):
        importing.read(db, sheet(line()), actor=make_user(db, roles=("viewer",)), now=NOON)


def test_what_is_no_plan_is_refused_as_a_whole(db: Session) -> None:
    with pytest.raises(Invalid, match="needs at least the columns"):
        importing.read(db, open_sheet(b"title,url\nA,B\n"), actor=None, now=NOON)
    many = open_sheet(b"channel,asset\n" + b"a,b\n" * (importing.MOST_ROWS + 1))
    with pytest.raises(Invalid, match="more than"):
        importing.read(db, many, actor=None, now=NOON)


def test_what_goes_out_can_come_back_and_stays_as_it_is(db: Session, planner: User) -> None:
    post = make_post(db, asset=make_asset(db, title="Open, house"), text="=1+1\nand \"more\"", publish_at=datetime(2026, 3, 24, 8, 30, tzinfo=UTC), time_zone=PARIS, tags=["a", "b"])
    rows = list(exporting.table(db, NOON, NOON + timedelta(days=60), viewer=planner, filters=Filters()))
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append([f"'{cell}" if cell.startswith("=") else cell for cell in row])
    target = io.BytesIO()
    book.save(target)

    plan = importing.write(db, open_sheet(target.getvalue()), actor=planner, now=NOON)

    assert (rows[1][:5], rows[1][9], rows[1][11]) == (("2026-03-24", "09:30", PARIS, post.channel.name, "Open, house"), "a, b", str(post.id))
    assert ([one.known for one in plan.rows], plan.errors, count(db)) == ([True], [], 1)


@pytest.mark.usefixtures("planner")
def test_what_the_rules_will_say_of_each_draft_is_told_before_it_is_made(db: Session) -> None:
    make_asset(db, title="Secret", embargo_until=NOON + timedelta(days=90), embargo_terms=["Falcon"])
    told = sheet(line(text="Falcon flies."), line(time="09:40", text="Fine.", key="b"), line(date="2026-03-25", text="", key="c"), line(date="2026-04-06", text="Late.", key="d"))

    plan = importing.read(db, told, judged=3, actor=None, now=NOON)

    assert {number: sorted(one.code for one in found) for number, found in plan.findings.items()} == {2: ["clash", "leak"], 3: ["clash"], 4: []}
    assert importing.read(db, told, actor=None, now=NOON).findings == {}


@pytest.mark.usefixtures("planner")
def test_of_the_rows_further_down_whatever_blocks_is_told(db: Session) -> None:
    make_asset(db, title="Secret", embargo_until=NOON + timedelta(days=90), embargo_terms=["Falcon"])
    told = sheet(line(), line(text="Falcon flies.", time="09:40", key="b"), line(time="09:45", key="c"), line(asset="Secret", date="2026-06-24", text="Falcon!", key="d"))

    plan = importing.read(db, told, judged=1, actor=None, now=NOON)

    assert {number: [one.code for one in found] for number, found in plan.findings.items()} == {2: ["clash"], 3: ["leak"]}


@pytest.mark.usefixtures("planner")
def test_of_the_rows_further_down_also_a_warning_that_was_made_to_block_is_told(db: Session) -> None:
    tuning.set_rule(db, "gap", enabled=True, must_not=True, parameters={"minutes": 15}, actor=None, now=NOON)

    plan = importing.read(db, sheet(line(), line(date="2026-03-25", key="b"), line(date="2026-03-25", time="09:40", key="c")), judged=1, actor=None, now=NOON)

    assert {number: [one.code for one in found] for number, found in plan.findings.items()} == {2: [], 3: ["clash"], 4: ["clash"]}


@pytest.mark.usefixtures("planner")
def test_judging_the_rows_further_down_takes_as_many_statements_for_ten_as_for_thirty(db: Session) -> None:
    def asked(rows: int, judged: int) -> int:
        told = sheet(*(line(time=f"{9 + one // 50:02}:{one % 50:02}", key=f"k{one}") for one in range(rows)))
        db.expire_all()
        with counting(db) as said:
            importing.read(db, told, judged=judged, actor=None, now=NOON)
        return len(said)

    asked(1, 1)  # The first one opens the connection.
    assert asked(10, 1) - asked(10, 0) == asked(30, 1) - asked(30, 0)


@pytest.mark.usefixtures("planner")
def test_channels_of_one_name_are_told_apart_by_their_platform_as_an_export_writes_them(db: Session) -> None:
    twin = make_channel(db, name="OUR X", platform=Platform.YOUTUBE)
    post = make_post(db, channel=twin, publish_at=NOON + timedelta(days=1), text="Hello")
    db.commit()

    assert [text for _row, _column, text in wrong(db, line())] == ["Several channels are called “our x”. Write which one, such as “Our X (x)”."]
    assert wrong(db, line(channel="Our X (x)")) == []
    plan = importing.read(db, sheet(line(channel="our x (YouTube)"), line(channel=f"#{twin.id}", text="Other")), actor=None, now=NOON)
    assert [one.channel_id for one in plan.rows] == [twin.id, twin.id]
    _headings, told = exporting.table(db, NOON, NOON + timedelta(days=2), viewer=None, filters=Filters())
    assert (told[3], told[11]) == ("OUR X (youtube)", str(post.id))
