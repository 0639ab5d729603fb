"""Mentions from files: each kept once with the assets it is about, the same whatever the order of rows and however often, and errors row by row."""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import openpyxl
import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, RoleName
from planner.catalog import column_choice
from planner.catalog.models import Asset, RememberedColumns
from planner.channels.port import Platform, PostKind
from planner.core.errors import Forbidden, Refused
from planner.listening import importing, queries
from planner.listening.mention_rows import TEMPLATE
from planner.listening.models import Mention, MentionAsset, MentionDay
from planner.listening.service import Kept
from planner.planning.marks import new_short_link
from planner.planning.models import PostState
from planner.publishing.models import Native
from tests.factories import make_asset, make_channel, make_post, make_user

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAPER = "https://www.example.com/papers/energy-per-bit"
HEAD = "date,address,title,excerpt,author,outlet,network,links,asset\n"


def bring(db: Session, data: str | bytes, **options: object) -> Kept:
    checked = importing.validate(data.encode() if isinstance(data, str) else data, now=NOW, remembered=column_choice.remembered(db), **options)  # type: ignore[arg-type]
    assert checked.errors == []
    return importing.write(db, checked, actor=None, now=NOW)


def complaints(text: str) -> list[tuple[int, str, str]]:
    checked = importing.validate(text.encode(), now=NOW)
    return [(error.row, error.column, error.message % error.params if error.params else error.message) for error in checked.errors]


def about(db: Session) -> dict[str, list[int]]:
    """Title of each mention -> the assets it is about."""
    found: dict[str, list[int]] = {}
    query = select(Mention.title, MentionAsset.asset_id).outerjoin(MentionAsset, MentionAsset.mention_id == Mention.id).order_by(Mention.id, MentionAsset.asset_id)
    for title, asset_id in db.execute(query):
        found.setdefault(title, []).extend([asset_id] if asset_id is not None else [])
    return found


def test_a_mention_is_about_what_it_leads_to_and_what_the_file_names(db: Session) -> None:
    paper, film, release = (make_asset(db, title=title, url=url) for title, url in (("Energy per bit", PAPER), ("Three ports", ""), ("Falcon", "https://example.com/falcon")))
    channels = {platform: make_channel(db, platform=platform) for platform in (Platform.YOUTUBE, Platform.X, Platform.LINKEDIN)}
    make_post(db, asset=film, channel=channels[Platform.YOUTUBE], state=PostState.PUBLISHED, published_at=NOW, external_id="abc_DEF-123")
    make_post(db, asset=paper, channel=channels[Platform.X], state=PostState.PUBLISHED, published_at=NOW, external_id="991")
    marked = make_post(db, asset=release, channel=channels[Platform.LINKEDIN], state=PostState.PUBLISHED, published_at=NOW, external_id="urn:li:share:7")
    link = new_short_link(marked.id, NOW)
    db.add(link)
    db.flush()
    rows = [
        ("page", "https://a.example/1", f"See {PAPER}?utm_source=x.", ""),
        ("film", "https://a.example/2", "https://youtu.be/abc_DEF-123", ""),
        ("quote", "https://x.com/jane/status/5", "https://twitter.com/norvane/status/991", ""),
        ("short", "https://x.com/jane/status/6", f"go https://go.example.com/l/{link.code}", ""),
        ("mark", "https://a.example/3", f"https://elsewhere.example/page?utm_content=post-{marked.id}", ""),
        ("comment", "https://www.youtube.com/watch?v=abc_DEF-123&lc=Ugx", "Well explained", ""),
        ("shared", "https://www.linkedin.com/feed/update/urn:li:activity:9", "https://www.linkedin.com/feed/update/urn:li:share:7/", ""),
        ("two", "https://a.example/4", f"{PAPER} and https://example.com/falcon", ""),
        ("number", "https://a.example/5", "", str(film.id)),
        ("title", "https://a.example/6", "", "Falcon"),
        ("address", "https://a.example/7", "", "https://example.com/falcon/"),
        ("nothing", "https://a.example/8", "Norvane in general", "Of another firm"),
    ]

    done = bring(db, HEAD + "".join(f'2026-11-20,{address},{title},"{text}",,,,,{asset}\n' for title, address, text, asset in rows))

    assert about(db) == {
        "page": [paper.id], "film": [film.id], "quote": [paper.id], "short": [release.id], "mark": [release.id], "comment": [film.id], "shared": [release.id],
        "two": [paper.id, release.id], "number": [film.id], "title": [release.id], "address": [release.id], "nothing": [],
    }  # fmt: skip
    assert (done.rows, done.new, done.known, done.own, done.apart, done.unknown) == (12, 12, 0, 0, 1, ["nothing"])


def test_a_page_known_by_its_number_or_its_query_is_no_other_page_of_the_site(db: Session) -> None:
    film, other, page, english = (
        make_asset(db, title=title, url=url).id
        for title, url in (
            ("Film", "https://www.youtube.com/watch?v=abc_DEF-123"), ("Other film", "https://youtu.be/abc_DEF-124"), ("Page", "https://example.com/?p=12"),
            ("English", "https://example.com/ports?lang=en"),
        )
    )  # fmt: skip
    rows = [
        ("their film", "https://www.youtube.com/watch?v=theirs-1234", ""), ("a comment", "https://www.youtube.com/watch?v=abc_DEF-123&lc=Ugx", ""),
        ("our film", "https://www.youtube.com/watch?v=abc_DEF-123&t=9", ""), ("films", "https://a.example/1", "https://youtu.be/abc_DEF-123 https://www.youtube.com/watch?v=abc_DEF-124"),
        ("someone's film", "https://a.example/2", "https://www.youtube.com/watch?v=theirs-1234"), ("the site", "https://a.example/3", "https://example.com/"),
        ("the page", "https://a.example/4", "https://www.example.com/?utm_source=x&p=12&from=here"), ("another page", "https://a.example/5", "https://example.com/?p=13"),
        ("without a language", "https://a.example/6", "https://example.com/ports"),
    ]  # fmt: skip

    done = bring(db, HEAD + "".join(f"2026-11-20,{address},{title},{text},,,,,\n" for title, address, text in rows))

    assert about(db) == {
        "their film": [], "a comment": [film], "films": [film, other], "someone's film": [], "the site": [], "the page": [page], "another page": [], "without a language": [english],
    }  # fmt: skip
    assert done.own == 1


def test_our_own_pages_and_posts_are_no_mentions(db: Session) -> None:
    paper = make_asset(db, url=PAPER)
    channel, page = make_channel(db, platform=Platform.X, config={"handle": "@Norvane"}), make_channel(db, platform=Platform.LINKEDIN)
    make_post(db, asset=paper, channel=channel, state=PostState.PUBLISHED, published_at=NOW, external_id="991")
    db.add(Native(channel_id=page.id, external_id="urn:li:share:7", kind=PostKind.TEXT, published_at=NOW, found_at=NOW))
    addresses = (PAPER, "https://x.com/i/web/status/991", "https://twitter.com/norvane/status/5", "https://www.linkedin.com/feed/update/urn:li:share:7/")

    done = bring(db, HEAD + "".join(f"2026-11-20,{address},Ours,{PAPER},,,,,\n" for address in (*addresses, "https://x.com/norvanes/status/6")))

    assert (done.own, db.scalars(select(Mention.address)).all()) == (4, ["https://x.com/norvanes/status/6"])


def test_the_same_file_twice_changes_nothing_and_another_telling_adds_what_it_knows_better(db: Session) -> None:
    paper, late = make_asset(db, url=PAPER, title="Energy per bit"), "https://example.com/late"
    first = HEAD + f"2026-11-20 10:00,https://x.com/jane/status/5,,Watts! {PAPER} {late},jane,,,,\n"

    assert [(done.new, done.known, dict(done.gained)) for done in (bring(db, first), bring(db, first))] == [(1, 0, {paper.id: 1}), (0, 1, {})]

    page = make_asset(db, url=late)
    other = "Date,URL,Full Name,Hit Sentence\n20-Nov-2026 11:30AM,https://twitter.com/jane/status/5?s=20,Jane Doe,Watts!\n"
    done = bring(db, other)

    (kept,) = db.scalars(select(Mention)).all()
    assert (done.known, kept.author, kept.excerpt, kept.at, kept.network, kept.site) == (1, "Jane Doe", f"Watts! {PAPER} {late}", datetime(2026, 11, 20, 10, 0, tzinfo=UTC), "x", "x.com")
    assert bring(db, first).gained == {page.id: 1}
    lines = [(line.action, line.subject_id, line.became) for line in db.scalars(select(Entry).where(Entry.action == "asset.mentions_imported").order_by(Entry.id))]
    assert lines == [("asset.mentions_imported", paper.id, {"mentions": 1}), ("asset.mentions_imported", page.id, {"mentions": 1})]


def test_exports_of_usual_tools_are_understood_in_english_and_in_french(db: Session) -> None:
    paper = make_asset(db, url=PAPER)
    english = f"Date,Time,Headline,URL,Hit Sentence,Source,Influencer,Reach\n20-Nov-2026,9:05 PM,What a bit costs,https://chronicle.example/a,{PAPER},The Chronicle,Jane Doe,1200\n"
    french = f"Date de parution;Heure;Titre;Lien;Extrait;Nom du média;Auteur;Liens\n20/11/2026;8h30;Ce que coûte un bit;https://lemonde.example/b;« Très clair »;Le Monde d'exemple;Zoé Dupré;{PAPER}|https://b.example\n"

    assert [bring(db, english).new, bring(db, french.encode("cp1252"), zone="Europe/Paris").new] == [1, 1]

    assert [(line.outlet, line.author, line.at) for line in queries.mentions_of(db, paper.id).items] == [
        ("The Chronicle", "Jane Doe", datetime(2026, 11, 20, 21, 5, tzinfo=UTC)), ("Le Monde d'exemple", "Zoé Dupré", datetime(2026, 11, 20, 7, 30, tzinfo=UTC)),
    ]  # fmt: skip


def test_a_workbook_is_taken_like_a_table(db: Session) -> None:
    book = openpyxl.Workbook()
    for row in (("Date", "URL", "Title", "About"), (datetime(2026, 11, 20, 8, 0), "https://a.example/1", "A", make_asset(db).id)):  # noqa: DTZ001
        book.worksheets[0].append(row)
    data = io.BytesIO()
    book.save(data)

    assert (bring(db, data.getvalue()).gained.total(), db.scalars(select(Mention.at)).one()) == (1, datetime(2026, 11, 20, 8, 0, tzinfo=UTC))


def test_a_day_without_a_time_is_that_day_for_everybody_and_a_time_told_later_counts(db: Session) -> None:
    make_asset(db, url=PAPER)
    day, moment = (HEAD + f"{at},https://a.example/1,A,{PAPER},,,,,\n" for at in ("2026-11-20", "2026-11-20T23:30:00"))

    seen = []
    for table in (day, moment, day):
        bring(db, table, zone="Europe/Paris")
        seen.append(tuple(db.execute(select(Mention.at, Mention.timed)).one()))

    assert seen == [(datetime(2026, 11, 20, 12, 0, tzinfo=UTC), False), *[(datetime(2026, 11, 20, 22, 30, tzinfo=UTC), True)] * 2]


def test_a_moment_without_colons_is_one() -> None:
    told = [importing.validate(f"date,url\n{at},https://a.example/1\n".encode(), now=NOW, zone="Europe/Paris").rows[0] for at in ("20261120T233045Z", "20261120T0930", "20261120", "20/11/2026 09:30")]

    day = datetime(2026, 11, 20, tzinfo=UTC)
    assert [(one.at, one.timed) for one in told] == [
        (day.replace(hour=23, minute=30, second=45), True), (day.replace(hour=8, minute=30), True), (day.replace(hour=12), False), (day.replace(hour=8, minute=30), True),
    ]  # fmt: skip


def test_a_moment_that_says_utc_or_is_written_as_in_mail_is_one() -> None:
    dates = ("2026-11-20 10:00 UTC", '"Fri, 20 Nov 2026 10:00:00 +0000"', "2026/11/20", '"Nov 20, 2026, 10:00 AM"', '"Nov 20, 2026"')
    told = [importing.validate(f"date,url\n{at},https://a.example/1\n".encode(), now=NOW, zone="UTC").rows[0] for at in dates]

    day = datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert [(one.at, one.timed) for one in told] == [(day, True), (day, True), (day.replace(hour=12), False), (day, True), (day.replace(hour=12), False)]


def test_columns_that_a_person_pointed_at_are_remembered_for_mentions_alone(db: Session) -> None:
    text = "Quand,Où,Quoi\n2026-11-20,https://a.example/1,Bonjour\n"
    with pytest.raises(column_choice.MissingColumns) as missing:
        importing.validate(text.encode(), now=NOW)
    assert (missing.value.headings, missing.value.found) == (["Quand", "Où", "Quoi"], {})

    assert bring(db, text, columns={"at": "Quand", "address": "Où", "title": "Quoi"}).new == 1
    assert bring(db, text.replace("Bonjour", "Bonjour à tous")).known == 1
    assert bring(db, text.replace("Quand,Où,Quoi", "QUOI,OU,quand ").replace("2026-11-20,https://a.example/1,Bonjour", "Bonjour,https://a.example/1,2026-11-20")).known == 1
    (remembered,) = db.scalars(select(RememberedColumns)).all()
    assert remembered.headings != column_choice.headings_key(["Quand", "Où", "Quoi"])


def test_headings_in_other_letters_are_told_apart(db: Session) -> None:
    text = "Дата,Адрес,№\n2026-11-20,https://a.example/1,7\n"
    assert bring(db, text, columns={"at": "Дата", "address": "Адрес", "title": ""}).new == 1
    assert bring(db, text.replace("Дата", "ДАТА")).known == 1

    with pytest.raises(column_choice.MissingColumns):
        importing.validate("名称,链接,日期\n标题,https://a.example/1,2026-11-20\n".encode(), now=NOW, remembered=column_choice.remembered(db))


def test_each_row_that_is_wrong_says_why_and_nothing_is_written(db: Session) -> None:
    text = HEAD + (
        ",https://a.example/1,No day,,,,,,\n"
        "2026-12-20,https://a.example/2,Tomorrow,,,,,,\n"
        "soon,https://a.example/3,Some day,,,,,,\n"
        "2026-11-20,javascript:alert(1),Script,,,,,,\n"
        "2026-11-20,,,,Jane,The Chronicle,,,\n"
        "2026-11-20,a.example/4,=Fine | as it is,@jane(says) it,,,,,\n"
    )

    assert complaints(text) == [
        (2, "date", "The day of the mention is missing."),
        (3, "date", "A mention cannot be from the future."),
        (4, "date", "“soon” is not a date such as 2026-03-24 or 24/03/2026 09:30."),
        (5, "address", "Write an address that starts with https:// or http://."),
        (6, "address", "This row has neither an address nor a text."),
    ]
    with pytest.raises(Refused, match="Row"):
        importing.write(db, importing.validate(text.encode(), now=NOW), actor=None, now=NOW)
    assert db.scalars(select(Mention)).all() == []


@pytest.mark.parametrize(("cells", "said"), [("20-Foo-2026,", "“20-Foo-2026” is not a date"), ("2026-11-20,25:00", "“25:00” is not a time"), ("2026-11-20,13:00 PM", "“13:00 PM” is not a time")])
def test_a_moment_that_is_none_is_refused(cells: str, said: str) -> None:
    ((row, _column, sentence),) = complaints(f"Date,Time,URL\n{cells},https://a.example/1\n")
    assert row == 2 and sentence.startswith(said)


def test_what_no_database_keeps_is_left_out_of_what_others_wrote(db: Session) -> None:
    make_asset(db, url=PAPER)
    bring(db, HEAD + f'2026-11-20,https://a.example/1,"{"long " * 100}\x07","two\nlines  {PAPER}",,,,,\n')

    (kept,) = db.scalars(select(Mention)).all()
    assert (kept.excerpt, len(kept.title) <= 300, kept.title[-1]) == (f"two lines {PAPER}", True, "…")


def test_a_cell_of_any_size_and_of_any_signs_is_taken(db: Session) -> None:
    make_asset(db, url=PAPER)
    text = f'2026-11-20,https://a.example/1,"{"pad " * 20_000}","{PAPER} https://a.example/l/a\0b https://a.example{")." * 150_000}",\0,\0,,https://a.example/l/\0,\0/\n'

    done = bring(db, HEAD + text)

    (kept,) = db.scalars(select(Mention)).all()
    assert (done.gained.total(), len(kept.title), kept.author) == (1, 300, "")


def test_who_may_not_import_keeps_nothing(db: Session) -> None:
    checked = importing.validate((HEAD + "2026-11-20,https://a.example/1,A,,,,,,\n").encode(), now=NOW)
    with pytest.raises(Forbidden):
        importing.write(db, checked, actor=make_user(db, roles=(RoleName.AUTHOR,)), now=NOW)


def test_the_template_is_taken(db: Session) -> None:
    asset = make_asset(db, url="https://www.example.com/papers/energy-per-bit")

    assert bring(db, "\n".join(",".join(row) for row in TEMPLATE)).gained == {asset.id: 1}


def test_a_file_tells_every_day_between_its_first_and_its_last_mention(db: Session) -> None:
    asset = make_asset(db, url=PAPER)
    for first, last in ((1, 4), (6, 9), (20, 22)):
        bring(db, HEAD + f"2026-11-{first:02},https://a.example/{first},A,{PAPER},,,,,\n2026-11-{last:02},https://a.example/{last},B,,,,,,\n")
    assert db.scalars(select(MentionDay.day)).all()[-1] == date(2026, 11, 22)

    def told(since: datetime, until: int) -> list[tuple[int, list[tuple[int, int]]]]:
        days = db.execute(delete(MentionDay).where(MentionDay.day > date(2026, 11, until)))
        assert days
        return [(number, [(day.day, sum(places.values())) for day, places in days.items()]) for number, days in queries.days_told(db, since=since, lately=since, least=1)]

    since = datetime(2026, 11, 1, tzinfo=UTC)
    # The newest file lies behind a gap: what was before it is not counted as told.
    assert told(since, 30) == [(asset.id, [(20, 1), (21, 0), (22, 0)])]
    assert told(since, 10) == [(asset.id, [(1, 1), (2, 0), (3, 0), (4, 0), (5, 0), (6, 1), (7, 0), (8, 0), (9, 0)])]


ROWS = st.lists(
    st.tuples(st.integers(1, 4), st.sampled_from(["https://x.com/a/status/{}", "https://a.example/{}?utm_source=b", ""]), st.integers(0, 2), st.sampled_from([PAPER, "Falcon", ""]), st.sampled_from(["Jane", "Jane Doe", ""])),
    max_size=6,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_of_rows_keeps_the_same_mentions_and_days(db: Session, rows: Sequence[tuple[int, str, int, str, str]], chance: object) -> None:
    if db.scalar(select(Asset.id).where(Asset.url == PAPER)) is None:
        make_asset(db, url=PAPER), make_asset(db, title="Falcon", url="https://example.com/falcon")
        db.commit()
    lines = [f"2026-11-{day:02},{address.format(number)},Title {number},{PAPER if text == PAPER else ''},{author},,,,{text if text != PAPER else ''}\n" for day, address, number, text, author in rows]
    kept: list[object] = []
    for order in (lines, lines * 2, chance.sample(lines * 2, len(lines * 2))):  # type: ignore[attr-defined]
        parts = [order] if order is lines else [order[: len(order) // 2], order[len(order) // 2 :]]
        for part in (one for one in parts if one):
            bring(db, HEAD + "".join(part))
        mentions = db.execute(select(Mention.key, Mention.at, Mention.author, Mention.title, Mention.excerpt, Mention.address, Mention.site).order_by(Mention.key)).all()
        days = Counter((asset_id, at.date()) for asset_id, at in db.execute(select(MentionAsset.asset_id, Mention.at).join(Mention, Mention.id == MentionAsset.mention_id)).all())
        kept.append((mentions, days))
        for table in (MentionAsset, Mention, MentionDay):
            db.execute(delete(table))
    assert kept[0] == kept[1] == kept[2]


def test_two_who_bring_the_same_mentions_at_once_keep_each_once(app_on_each_database: Flask) -> None:
    runtime = app_on_each_database.extensions["planner"]
    with runtime.sessions.begin() as db:
        make_asset(db, url=PAPER)
    lines = [f"2026-11-{1 + number % 9:02},https://a.example/{number},T{number},{PAPER},,,,,\n" for number in range(1200)]
    ready, done = threading.Barrier(2), []

    def one(part: Sequence[str]) -> None:
        checked = importing.validate((HEAD + "".join(part)).encode(), now=NOW)
        ready.wait()
        with runtime.sessions.begin() as db:
            done.append(importing.write(db, checked, actor=None, now=NOW).new)

    threads = [threading.Thread(target=one, args=(part,)) for part in (lines[:800], lines[:399:-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with runtime.sessions() as db:
        counts = [db.scalar(select(func.count()).select_from(table)) for table in (Mention, MentionAsset)]
    assert (sum(done), counts) == (1200, [1200, 1200])


def test_a_list_of_mentions_goes_on_where_its_page_ended(db: Session) -> None:
    asset = make_asset(db, url=PAPER)
    bring(db, HEAD + "".join(f"2026-11-{1 + number // 2:02},https://a.example/{number},T{number},{PAPER},,,,,\n" for number in range(7)))

    pages, cursor = [], None
    while True:
        page = queries.mentions_of(db, asset.id, cursor=cursor, limit=3)
        pages.append([line.title for line in page.items])
        cursor = page.next_cursor
        if cursor is None:
            break

    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(title for page in pages for title in page) == [f"T{number}" for number in range(7)]
    assert queries.asset_mentions(db, asset.id).days[date(2026, 11, 1)] == 2
    assert NOW - timedelta(days=30) < queries.asset_mentions(db, asset.id, newest=1).newest[0].at
