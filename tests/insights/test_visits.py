"""Visits from files: known pages, counts that are what was told last, and the same sums whatever the order and however often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName
from planner.catalog import column_choice
from planner.catalog.models import Asset, RememberedColumns
from planner.channels.port import Platform
from planner.core.errors import Forbidden, Refused
from planner.core.pages import page_key
from planner.insights import importing, short_links, visits
from planner.insights.import_writing import Summary
from planner.insights.models import Visits
from planner.insights.sources import Source
from planner.insights.traffic import asset_traffic
from planner.planning.models import PostState
from tests.factories import make_asset, make_channel, make_post, make_user

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAPER = "https://www.example.com/papers/energy-per-bit"
HEAD = "day,page,source,medium,campaign,content,visits\n"


def bring(db: Session, text: str, **options: object) -> Summary:
    checked = importing.validate(text.encode(), now=NOW, kind="visits", db=db, **options)  # type: ignore[arg-type]
    assert checked.errors == []
    return importing.write(db, checked, actor=None, now=NOW)


def complaints(text: str) -> list[tuple[int, str, str]]:
    checked = importing.validate(text.encode(), now=NOW, kind="visits")
    return [(error.row, error.column, error.message % error.params if error.params else error.message) for error in checked.errors]


def sums(db: Session, asset: Asset) -> dict[Source, int]:
    return {one.source: one.visits for one in asset_traffic(db, asset).sources if one.visits}


def test_the_same_file_twice_changes_nothing_and_a_later_count_takes_the_days_place(db: Session) -> None:
    asset = make_asset(db, url=PAPER)
    first = HEAD + f"2026-11-20,{PAPER},t.co,referral,,,10\n2026-11-20,{PAPER},google,organic,,,30\n"

    assert [bring(db, first).readings, bring(db, first).readings] == [2, 0]
    assert bring(db, HEAD + f"2026-11-20,{PAPER},t.co,referral,,,12\n").readings == 1
    assert sums(db, asset) == {Source.SEARCH: 30, Source.X: 12}


def test_a_ga4_export_with_its_remarks_and_its_total_is_understood(db: Session) -> None:
    asset = make_asset(db, url=PAPER)
    text = (
        "# ----------------------------------------\n# Traffic acquisition\n# Account: Example, Inc; all\n#\n\n"
        "Date,Landing page + query string,Session source / medium,Session campaign,Sessions,\n"
        ",,,,55,Grand total\n"
        "20261120,/papers/energy-per-bit?utm_content=post-7,linkedin / social,energy-week,40,\n"
        "20261120,/papers/energy-per-bit,(direct) / (none),(not set),15,\n"
    )

    summary = bring(db, text)

    assert (summary.readings, summary.unknown_count) == (2, 0)
    kept = db.execute(select(Visits.day, Visits.source, Visits.medium, Visits.campaign, Visits.content, Visits.visits).order_by(Visits.visits))
    assert [tuple(row) for row in kept] == [
        (date(2026, 11, 20), "(direct)", "(none)", "(not set)", "", 15),
        (date(2026, 11, 20), "linkedin", "social", "energy-week", "post-7", 40),
    ]
    assert sums(db, asset) == {Source.LINKEDIN: 40, Source.DIRECT: 15}


def test_a_day_is_taken_as_other_tools_write_it(db: Session) -> None:
    asset = make_asset(db, url=PAPER)
    days = ("2026/11/20", "2026-11-20 23:30 UTC", '"Fri, 20 Nov 2026 23:30:00 -0500"', "20 Nov 2026")

    bring(db, "sep=,\r\n" + HEAD + "".join(f"{day},{PAPER},source-{at},referral,,,1\n" for at, day in enumerate(days)))

    assert db.execute(select(Visits.day, func.count()).group_by(Visits.day)).all() == [(date(2026, 11, 20), 4)]
    assert sum(sums(db, asset).values()) == 4


def test_a_french_matomo_export_is_understood(db: Session) -> None:
    asset = make_asset(db, url=PAPER)

    text = f"Date;URL de la page d’entrée;Type de référent;Nom du référent;Visites\n20/11/2026;{PAPER};Réseaux sociaux;Twitter;1 204\n20/11/2026;{PAPER};Entrées directes;;8\n"
    bring(db, text)

    assert sums(db, asset) == {Source.X: 1204, Source.DIRECT: 8}


def test_columns_that_nobody_can_tell_are_pointed_at_once_and_remembered(db: Session) -> None:
    asset = make_asset(db, url=PAPER)
    text = f"Quand,Où,D'où,Combien\n2026-11-20,{PAPER},lnkd.in,5\n"
    with pytest.raises(column_choice.MissingColumns) as missing:
        importing.validate(text.encode(), now=NOW, kind="visits", db=db)
    assert missing.value.headings == ["Quand", "Où", "D'où", "Combien"]

    bring(db, text, columns={"day": "Quand", "page": "Où", "source": "D'où", "visits": "Combien"})
    bring(db, text.replace("Quand,Où", "quand,OU").replace(",5", ",6").replace("quand,OU", "Quand,Où"))

    assert sums(db, asset) == {Source.LINKEDIN: 6}
    assert db.scalar(select(func.count()).select_from(RememberedColumns)) == 1


def test_every_wrong_row_is_named_and_nothing_is_written(db: Session) -> None:
    make_asset(db, url=PAPER)
    text = HEAD + f",{PAPER},x,,,,1\n2026-13-01,{PAPER},x,,,,1\n2027-01-01,{PAPER},x,,,,1\n2026-11-20,,x,,,,1\n2026-11-20,{PAPER},x,,,,-1\n2026-11-20,{PAPER},x,,,,\n"

    found = complaints(text)

    assert [(row, column) for row, column, _said in found] == [(2, "day"), (3, "day"), (4, "day"), (5, "page"), (6, "visits"), (7, "visits")]
    assert found[2][2] == "Visits cannot be from the future."
    checked = importing.validate(text.encode(), now=NOW, kind="visits")
    with pytest.raises(Refused):
        importing.write(db, checked, actor=None, now=NOW)
    assert db.scalar(select(func.count()).select_from(Visits)) == 0


def test_only_who_may_import_readings_writes_visits(db: Session) -> None:
    checked = importing.validate((HEAD + f"2026-11-20,{PAPER},x,,,,1\n").encode(), now=NOW, kind="visits")

    with pytest.raises(Forbidden):
        importing.write(db, checked, actor=make_user(db, roles=(RoleName.VIEWER,)), now=NOW)


@pytest.mark.parametrize(
    ("written", "is_known"),
    [
        ("http://example.com/papers/energy-per-bit/?x=1#top", True), ("/papers/energy-per-bit", True),
        ("example.com/papers/energy-per-bit", True), ("https://other.example/papers/energy-per-bit", False), ("/papers", False),
    ],
)  # fmt: skip
def test_a_page_is_known_however_its_address_is_written(db: Session, written: str, *, is_known: bool) -> None:
    make_asset(db, url=PAPER)

    summary = bring(db, HEAD + f"2026-11-20,{written},x,,,,1\n")

    assert (summary.readings, summary.unknown_count) == ((1, 0) if is_known else (0, 1))


def test_a_path_that_two_assets_share_and_a_visitors_query_are_told_of_nobody(db: Session) -> None:
    make_asset(db, url="https://a.example/p")
    make_asset(db, url="https://b.example/p")

    summary = bring(db, HEAD + "2026-11-20,/p?email=jo@corp.example,x,,,,3\n2026-11-20,https://b.example/p,x,,,,4\n")

    assert (summary.readings, summary.unknown_count, summary.unknown) == (1, 1, ["/p"])
    assert page_key("https://www.A.example/p/") == ("a.example", "/p")


def test_what_of_a_query_names_a_page_counts_and_what_is_added_on_the_way_does_not(db: Session) -> None:
    seven, eight, english, film = (
        make_asset(db, url=url) for url in ("https://example.com/show?id=7&utm_source=x", "https://example.com/show?id=8", "https://example.com/ports?lang=en", "https://youtu.be/abc_DEF-123")
    )  # fmt: skip
    rows = (
        ("https://www.example.com/show?fbclid=a&id=7", 1), ("/show?id=7&utm_campaign=b&page=2", 2), ("/show?id=8", 4), ("/show?id=9", 8), ("/show", 16),
        ("/ports", 32), ("/ports?lang=fr", 64), ("https://www.youtube.com/watch?v=abc_DEF-123&utm_source=x", 128), ("/watch", 256),
    )  # fmt: skip

    summary = bring(db, HEAD + "".join(f"2026-11-20,{page},x,,,,{count}\n" for page, count in rows))

    assert [sum(sums(db, asset).values()) for asset in (seven, eight, english, film)] == [3, 4, 32, 128]
    assert (summary.unknown_count, sorted(summary.unknown)) == (4, ["/ports", "/show", "/watch"])


def test_our_mark_tells_the_asset_where_the_page_does_not(db: Session) -> None:
    post = make_post(db, asset=make_asset(db, url=PAPER))

    bring(db, HEAD + f"2026-11-20,https://moved.example/x,linkedin,social,,post-{post.id},4\n2026-11-20,,linkedin,social,,post-999999,4\n")

    assert sums(db, post.asset) == {Source.LINKEDIN: 4}


def test_what_networks_brought_is_a_lower_bound_beside_the_unnamed_of_the_first_two_days(db: Session) -> None:
    asset = make_asset(db, url=PAPER, published_at=datetime(2026, 11, 19, 23, 30, tzinfo=UTC))
    bring(
        db,
        HEAD + f"2026-11-20,{PAPER},t.co,,,,7\n2026-11-20,{PAPER},linkedin,,,,5\n2026-11-21,{PAPER},(direct),(none),,,8\n"
        f"2026-11-22,{PAPER},google,,,,70\n2026-11-22,{PAPER},linkedin,cpc,,,10\n",
    )

    told = asset_traffic(db, asset, zone="Europe/Paris")

    assert (told.total, told.social, told.first_visits, told.first_direct) == (100, pytest.approx(0.12), 20, pytest.approx(0.4))
    assert [(one.source, one.visits) for one in told.networks] == [(Source.X, 7), (Source.LINKEDIN, 5)]
    assert sum(one.share for one in told.sources) == pytest.approx(1)
    assert [day for day, _visits in told.days] == [date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)]


def test_an_asset_nobody_told_of_has_no_share(db: Session) -> None:
    told = asset_traffic(db, make_asset(db, url=PAPER))

    assert (told.total, told.social, told.first_direct, told.days, told.posts) == (0, None, None, [], [])


def test_a_day_told_by_the_interface_and_by_a_file_is_counted_once(db: Session) -> None:
    asset = make_asset(db, url=PAPER)
    bring(db, HEAD + f"2026-11-20,{PAPER},t.co,,,,7\n2026-11-21,{PAPER},t.co,,,,1\n")
    visits.record(db, [(asset.id, (date(2026, 11, 20), "twitter", "social", "", ""), 9)], origin="api", actor=None, now=NOW)

    assert sums(db, asset) == {Source.X: 10}


def test_posts_have_the_visits_of_their_own_mark_and_the_clicks_of_their_link(db: Session) -> None:
    asset = make_asset(db, url=PAPER)
    one = make_post(db, asset=asset, channel=make_channel(db, platform=Platform.LINKEDIN, name="Page"), state=PostState.PUBLISHED, published_at=NOW)
    other = make_post(db, asset=asset)
    foreign = make_post(db)
    bring(db, HEAD + "".join(f"2026-11-2{day},{PAPER},linkedin,social,,post-{number},{count}\n" for day, number, count in ((0, one.id, 3), (1, one.id, 4), (1, foreign.id, 9))))
    link = short_links.make(db, other, actor=None, now=NOW)
    short_links.count_click(db, link.id, now=NOW)
    short_links.count_click(db, link.id, now=NOW + timedelta(days=1))

    found = asset_traffic(db, asset).posts

    assert [(post.post_id, post.visits, post.clicks) for post in found] == [(one.id, 7, None), (other.id, 0, 2)]


Day = tuple[int, str, int]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["t.co", "google", ""]), st.integers(0, 50)), unique_by=lambda one: one[:2], max_size=6),
    st.randoms(use_true_random=False),
)
def test_any_order_and_repetition_of_files_gives_the_same_sums(db: Session, told: Sequence[Day], chance: object) -> None:
    db.execute(delete(Visits))
    asset = db.scalar(select(Asset).where(Asset.url == PAPER)) or make_asset(db, url=PAPER)
    files = [HEAD + f"2026-11-0{day},{PAPER},{source},,,,{count}\n" for day, source, count in told]
    sent = files * 2
    chance.shuffle(sent)  # type: ignore[attr-defined]

    for text in sent:
        bring(db, text)

    wanted: dict[str, int] = {}
    for _day, source, count in told:
        wanted[source] = wanted.get(source, 0) + count
    kept = db.execute(select(Visits.source, func.sum(Visits.visits)).group_by(Visits.source))
    assert {source: int(count) for source, count in kept} == wanted
    assert asset_traffic(db, asset).total == sum(wanted.values())


@pytest.mark.parametrize(
    ("method", "agent", "purpose", "is_person"),
    [
        ("GET", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "", True),
        ("GET", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 [LinkedInApp]/9.30", "", True),
        ("HEAD", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "", False),
        ("GET", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "prefetch;prerender", False),
        ("GET", "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)", "", False),
        ("GET", "Twitterbot/1.0", "", False), ("GET", "facebookexternalhit/1.1", "", False), ("GET", "curl/8.5.0", "", False),
        ("GET", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "", False), ("GET", "Googlebot/2.1", "", False), ("GET", "", "", False),
    ],
)  # fmt: skip
def test_only_people_are_counted(method: str, agent: str, purpose: str, *, is_person: bool) -> None:
    assert short_links.is_person(method, agent, purpose) is is_person


def test_the_file_may_be_named_by_its_path(db: Session, tmp_path: Path) -> None:
    path = tmp_path / "visits.csv"
    path.write_text(HEAD + f"2026-11-20,{PAPER},x,,,,1\n")

    assert importing.validate(path, now=NOW, kind="visits", db=db).total == 1
