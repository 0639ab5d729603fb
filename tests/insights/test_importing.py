"""Files come in whole or not at all; what is known is never added again; what is not told stays not told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, RoleName
from planner.catalog import queries as catalog
from planner.catalog.models import Asset, AssetKind, AssetState, Audience
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Platform
from planner.channels.youtube_metrics import regime
from planner.core.errors import Forbidden, Invalid, Refused
from planner.insights import importing, queries, service
from planner.insights.models import METRICS, Snapshot
from planner.insights.rules import regime_of
from planner.planning.models import Origin, Post, PostState
from tests.factories import make_user
from tests.insights.files import as_csv, video, videos

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
JANUARY = datetime(2026, 1, 28, 0, 26, 46, 333802, UTC)


def bring(db: Session, data: bytes, kind: str = "assets", **options: Any) -> importing.Summary:
    checked = importing.validate(data, now=NOW, kind=kind, db=db, **options)
    assert checked.errors == []
    return importing.write(db, checked, actor=None, now=NOW)


def complaints(data: bytes, kind: str = "assets", **options: Any) -> list[tuple[int, str, str]]:
    """Row, column and English sentence of every error."""
    checked = importing.validate(data, now=NOW, kind=kind, **options)
    return [(error.row, error.column, error.message % error.params if error.params else error.message) for error in checked.errors]


def told(**counts: int | None) -> dict[str, int | None]:
    return {name: counts.get(name) for name in METRICS}


def test_a_video_becomes_a_live_asset_with_one_published_post_and_a_first_reading(db: Session) -> None:
    row = video(7, title="Fibre à la ferme", view_count="86860", like_count="1433", comment_count="", duration_iso8601="PT10M5S")

    summary = bring(db, as_csv([row]))

    assert asdict(summary) == {"created": 1, "known": 0, "readings": 1, "unknown_count": 0, "unknown": []}
    asset = db.scalars(select(Asset)).one()
    assert (asset.kind, asset.state, asset.title, asset.duration_seconds) == (AssetKind.VIDEO, AssetState.LIVE, "Fibre à la ferme", 605)
    assert (asset.source_key, asset.url) == ("youtube:nv000000007", "https://www.youtube.com/watch?v=nv000000007")
    assert asset.published_at == datetime(2025, 8, 8, 17, 15, 8, tzinfo=UTC)
    channel = db.scalars(select(Channel)).one()
    assert (channel.platform, channel.name, channel.external_id, channel.state) == (
        Platform.YOUTUBE, "Norvane Labs", "UCnorvane000000000000001", ChannelState.NOT_CONNECTED,
    )  # fmt: skip
    post = db.scalars(select(Post)).one()
    assert (post.asset_id, post.channel_id, post.origin, post.state) == (asset.id, channel.id, Origin.IMPORTED, PostState.PUBLISHED)
    assert (post.external_id, post.external_url, post.published_at) == ("nv000000007", asset.url, asset.published_at)
    shown = queries.asset_performance(db, asset.id)
    assert [(one.counts, one.read_at, one.regime) for one in shown.posts] == [(told(views=86860, likes=1433), JANUARY, "yt-2012")]
    assert db.scalars(select(Entry.action).order_by(Entry.id)).all() == ["asset.imported", "channel.observed", "post.recorded"]
    assert [card.title for card in catalog.search(db, catalog.Filters(q="fibres"), viewer=None).items] == ["Fibre à la ferme"]


def test_a_later_file_adds_readings_to_the_known_and_names_the_unknown(db: Session) -> None:
    bring(db, as_csv(videos(5)))
    later = {"snapshot_utc": "2026-02-04T10:09:16+00:00", "view_count": "100000", "like_count": "9"}

    summary = bring(db, as_csv([video(1, **later), video(2, **later), video(8, **later)]), "readings")

    assert asdict(summary) == {
        "created": 0, "known": 0, "readings": 2, "unknown_count": 1, "unknown": [f"nv000000008 · {video(8)['title']}"],
    }  # fmt: skip
    asset = db.scalars(select(Asset).where(Asset.source_key == "youtube:nv000000001")).one()
    (post,) = queries.asset_performance(db, asset.id).posts
    assert post.growth is not None
    assert post.growth["views"] == 100000 - int(video(1)["view_count"])
    assert post.first_read_at == JANUARY


def test_a_later_file_of_assets_adds_the_unknown_and_leaves_the_known_as_people_made_them(db: Session) -> None:
    bring(db, as_csv(videos(3)))
    asset = db.scalars(select(Asset).where(Asset.source_key == "youtube:nv000000002")).one()
    asset.title = "A better title"
    db.flush()

    summary = bring(db, as_csv(videos(4, snapshot_utc="2026-02-04T10:09:16+00:00")))

    assert asdict(summary) == {"created": 1, "known": 3, "readings": 4, "unknown_count": 0, "unknown": []}
    assert asset.title == "A better title"
    assert service.compare(db) == []


def test_the_same_file_twice_changes_nothing(db: Session) -> None:
    data = as_csv(videos(12))
    bring(db, data)
    counts = [db.scalar(select(func.count()).select_from(table)) for table in (Asset, Post, Channel, Snapshot, Entry)]

    summary = bring(db, data)

    assert asdict(summary) == {"created": 0, "known": 12, "readings": 0, "unknown_count": 0, "unknown": []}
    assert [db.scalar(select(func.count()).select_from(table)) for table in (Asset, Post, Channel, Snapshot, Entry)] == counts


def test_a_video_that_the_planner_published_itself_gets_the_reading_and_no_second_asset(db: Session) -> None:
    from tests.factories import make_channel, make_post

    channel = make_channel(db, platform=Platform.YOUTUBE, name="Norvane TV")
    make_post(db, channel=channel, state=PostState.PUBLISHED, published_at=NOW, external_id="nv000000003")

    summary = bring(db, as_csv([video(3)]))

    assert (summary.created, summary.known, summary.readings) == (0, 1, 1)
    assert db.scalar(select(func.count()).select_from(Asset)) == 1


def test_two_channels_of_one_name_stay_two(db: Session) -> None:
    bring(db, as_csv([video(1, channel_title="Tech"), video(2, channel_title="Tech")]))

    names = db.scalars(select(Channel.name).order_by(Channel.id)).all()

    assert names == ["Tech", "Tech (UCnorvane000000000000002)"]


TAMPERED: tuple[tuple[dict[str, str], str, str], ...] = (
    ({"published_at": "31st of June"}, "published_at", "“31st of June” is not a date such as 2026-03-24 or 24/03/2026 09:30."),
    ({"published_at": "2025-02-30T10:00:00Z"}, "published_at", "“2025-02-30T10:00:00Z” is not a date such as 2026-03-24 or 24/03/2026 09:30."),
    ({"published_at": "0001-01-01T00:00:00Z"}, "published_at", "Choose a year between 1990 and 2100."),
    ({"published_at": "9999-12-31T23:59:59-12:00"}, "published_at", "Choose a year between 1990 and 2100."),
    ({"published_at": "2027-06-01T00:00:00Z"}, "published_at", "This lies in the future: it cannot be published already."),
    ({"view_count": "-12"}, "view_count", "“-12” is below zero: a count cannot be."),
    ({"view_count": "many"}, "view_count", "“many” is not a whole number such as 12500."),
    ({"view_count": "9" * 400}, "view_count", f"“{'9' * 40}” is larger than a count can be."),
    ({"view_count": "1" + "0" * 15}, "view_count", "“1000000000000000” is larger than a count can be."),
    ({"view_count": "12.5"}, "view_count", "“12.5” is not a whole number such as 12500."),
    ({"title": "x" * 1_000_000}, "title", "That is too long: at most 300 characters."),
    ({"title": ""}, "title", "A title is missing."),
    ({"title": "=HYPERLINK(\"http://evil.example\",\"Win\")"}, "title", "This looks like a spreadsheet formula, which is not taken. Write the plain text."),
    ({"title": "+cmd|' /C calc'!A0"}, "title", "This looks like a spreadsheet formula, which is not taken. Write the plain text."),
    ({"title": "@SUM(1+9)"}, "title", "This looks like a spreadsheet formula, which is not taken. Write the plain text."),
    ({"title": "RÃ©seau privÃ©"}, "title", "Letters here were saved in the wrong encoding (“Ã©” for “é”). Save the file as CSV (UTF-8)."),
    ({"title": "nul \x00 byte"}, "title", "This contains characters that cannot be stored."),
    ({"duration_iso8601": "P" + "9" * 5000 + "D"}, "duration_iso8601", f"“P{'9' * 39}” is not a duration such as 10:05 or PT10M5S."),
    ({"video_id": "../etc/passwd"}, "video_id", "“../etc/passwd” is not the number of a video."),
    ({"snapshot_utc": "2027-01-01T00:00:00Z"}, "snapshot_utc", "A reading cannot be from the future."),
    ({"channel_title": "", "channel_id": ""}, "channel_title", "The channel of this video is missing."),
)  # fmt: skip


@pytest.mark.parametrize(("slip", "column", "sentence"), TAMPERED, ids=[f"{column}-{number}" for number, (_s, column, _t) in enumerate(TAMPERED)])
def test_a_slip_is_named_with_its_row_column_and_sentence(slip: dict[str, str], column: str, sentence: str) -> None:
    data = as_csv([video(1), video(2, **slip), video(3)])
    if "\0" in str(slip):
        data = data.replace(b"\0", b"\x01")  # A NUL in the file itself is refused as a whole, below.

    assert complaints(data) == [(3, column, sentence)]


@pytest.mark.parametrize(
    ("title", "sentence"),
    [
        ("x" * 1_000_000, "That is too long: at most 300 characters."),
        ("=HYPERLINK(\"http://evil.example\")", "This looks like a spreadsheet formula, which is not taken. Write the plain text."),
        ("nul \x00 byte", "This contains characters that cannot be stored."),
        ("RÃ©seau privÃ©", "Letters here were saved in the wrong encoding (“Ã©” for “é”). Save the file as CSV (UTF-8)."),
    ],
)
def test_the_title_in_a_file_of_readings_is_checked_too(title: str, sentence: str) -> None:
    # Far enough behind the start that a NUL there does not tell a photo from a text.
    rows = [*videos(600), video(700, title=title)]

    assert complaints(as_csv(rows), "readings") == [(602, "title", sentence)]


def test_the_largest_counts_a_file_may_tell_can_be_summed(db: Session) -> None:
    most = "9" * 15
    rows = [video(3 * number, view_count=most, snapshot_utc=f"2026-01-0{day}T10:00:00Z") for number in range(1, 41) for day in (1, 2)]
    bring(db, as_csv(rows[::2]))

    assert bring(db, as_csv(rows[1::2]), "readings").readings == 40
    (total,) = queries.channel_totals(db, now=datetime(2026, 1, 3, tzinfo=UTC))
    assert total.counts["views"] == 40 * int(most)
    assert service.compare(db) == []


def test_an_owner_may_be_headed_by_the_e_mail_address(db: Session) -> None:
    owner = make_user(db, email="ines@norvane.example")

    bring(db, b"Kind,Title,Owner e-mail\nvideo,One,Ines@norvane.example\n")

    assert db.scalars(select(Asset.owner_id)).all() == [owner.id]


def test_an_empty_heading_is_not_called_a_column() -> None:
    checked = importing.validate(b"kind,title,,Mood\nvideo,One,,good\n", now=NOW)

    assert [one.message % one.params for one in checked.warnings] == ["These columns are not used: Mood."]


def test_a_tampered_file_lists_every_bad_row_and_writes_nothing(db: Session) -> None:
    rows = videos(40)
    rows[4]["published_at"] = "yesterday"
    rows[9]["view_count"] = "-5"
    rows[14]["video_id"] = rows[2]["video_id"]
    rows[19]["title"] = "T" * 1_000_000
    rows[24]["title"] = "=1+1"
    rows[29] |= {"view_count": "lots", "like_count": "-1"}
    checked = importing.validate(as_csv(rows), now=NOW, db=db)

    assert [(error.row, error.column) for error in checked.errors] == [
        (6, "published_at"), (11, "view_count"), (16, ""), (21, "title"), (26, "title"), (31, "view_count"), (31, "like_count"),
    ]  # fmt: skip
    assert checked.errors[2].message % checked.errors[2].params == "This is there twice: row 4 is the same."
    with pytest.raises(Refused, match="Row 6: the file has errors, so nothing was written"):
        importing.write(db, checked, actor=None, now=NOW)
    assert [db.scalar(select(func.count()).select_from(table)) for table in (Asset, Post, Channel, Snapshot, Entry)] == [0] * 5


def test_titles_that_begin_with_a_sign_are_titles(db: Session) -> None:
    titles = ["@nadia explique la fibre", "-40% d’énergie | le bilan !", "+500 antennes (enfin)", "- 30 % : comment ?"]

    bring(db, as_csv([video(number, title=title) for number, title in enumerate(titles, 1)]))

    assert db.scalars(select(Asset.title).order_by(Asset.id)).all() == titles


@pytest.mark.parametrize(
    ("encoding", "note"),
    [("utf-8", []), ("utf-8-sig", []), ("utf-16", ["Read as utf-16. Look whether the accents are right."]),
     ("cp1252", ["Read as windows-1252. Look whether the accents are right."])],
)  # fmt: skip
def test_what_offices_write_is_read_and_a_guess_is_said(encoding: str, note: list[str]) -> None:
    data = as_csv([video(1, title="Le cœur du réseau : 5 €")], encoding=encoding)

    checked = importing.validate(data, now=NOW)

    assert [row.asset.values.title for row in checked.rows] == ["Le cœur du réseau : 5 €"]
    assert [one.message % one.params for one in checked.warnings if "Read as" in one.message] == note


def test_damaged_letters_are_refused_row_by_row() -> None:
    data = as_csv([video(number, title=f"Réseau privé n° {number}") for number in range(1, 9)])
    good = "Réseau privé n° 4".encode()

    found = complaints(data.replace(good, good.replace("é".encode(), b"\xe9", 1)))

    assert found == [(5, "title", "Some letters here are damaged. Save the file as CSV (UTF-8), then send it again.")]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "This file is empty."),
        (b"  \n\n ", "This file is empty."),
        (b"title,kind\n", "no rows under its headings"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not a text file"),
        (b"PK\x03\x04garbage", "This XLSX cannot be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "old Excel file"),
        (b"name,kind,titre\nA,video,B\n", "“name” and “titre” mean the same"),
        (b"kind,url\nvideo,https://a.example\n", "no column “title”"),
        (b"title\nHello\n", "no column “kind”"),
        (b"kind,title\nvideo,One\n" + b"video,Two\n" * 50_001, "more than 50000 rows"),
        (b"a," * 300 + b"\n" + b"1," * 300, "more than 200 columns"),
        (b'kind,title\nvideo,One\nvideo,"Two\nvideo,Three\nvideo,Four\n', "Row 3: a quotation mark is opened and never closed"),
    ],
)
def test_what_is_no_table_is_refused_as_a_whole(data: bytes, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        importing.validate(data, now=NOW)


def test_a_plain_table_in_french_with_semicolons_is_read(db: Session) -> None:
    sofia = make_user(db, roles=(RoleName.PLANNER,), name="Sofia Lindqvist")
    data = (
        "Type;Titre;Lien;Langue;Publics visés;Responsable;Coût;Usage;Confidentialité;Embargo jusqu'au;Date de publication;Durée;Thèmes\n"
        "Livre blanc;Énergie par bit;https://www.example.com/energie;fr-FR;Analystes, experts;sofia lindqvist;14 200,50 €;Événement;"
        "Confidentiel;24/03/2027 08:00;;;Énergie, 2030\n"
        "Communiqué de presse;Ouverture à Brest;;fr;Journalistes;;;;;;02/03/2026;;\n"
        "Podcast;Sous la mer;;;;;;Interne;;;;31:05;\n"
    ).encode("cp1252")

    bring(db, data, language="fr", zone="Europe/Paris")

    paper, release, podcast = db.scalars(select(Asset).order_by(Asset.id))
    assert (paper.kind, paper.language, paper.audiences, paper.owner_id) == (
        AssetKind.WHITE_PAPER, "fr", [Audience.ANALYSTS, Audience.EXPERTS], sofia.id,
    )  # fmt: skip
    assert (str(paper.cost), paper.purpose, paper.confidentiality, paper.state) == ("14200.50", "event", "confidential", AssetState.LIVE)
    assert paper.embargo_until == datetime(2027, 3, 24, 7, 0, tzinfo=UTC)
    assert sorted(topic.name for topic in paper.topics) == ["2030", "Énergie"]
    assert (release.published_at, release.state) == (datetime(2026, 3, 1, 23, 0, tzinfo=UTC), AssetState.LIVE)
    assert (podcast.duration_seconds, podcast.state, podcast.cost, podcast.purpose) == (1865, AssetState.IDEA, None, "internal")


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("kind", "poem", "“poem” is not one of: video, white_paper"),
        ("url", "javascript:alert(1)", "Write an address that starts with https:// or http://."),
        ("url", "data:text/html,x", "Write an address that starts with https:// or http://."),
        ("cost", "-3", "Write an amount between 0 and 9,999,999,999.99."),
        ("cost", "10000000000", "Write an amount between 0 and 9,999,999,999.99."),
        ("cost", "1.234", "“1.234” can be read in two ways. Write the amount as 1234.50."),
        ("cost", "NaN", "Write an amount between 0 and 9,999,999,999.99."),
        ("cost", "1e309", "Write an amount between 0 and 9,999,999,999.99."),
        ("cost", "cheap", "“cheap” is not an amount such as 1200.50."),
        ("language", "klingon", "Choose one of these languages"),
        ("currency", "euros", "Write a currency as three letters, such as EUR."),
        ("audiences", "experts, martians", "“martians” is not one of: journalists"),
        ("sensitive", "maybe", "“maybe” is neither yes nor no."),
        ("embargo_until", "tomorrow", "“tomorrow” is not a date"),
        ("owner", "Nobody Known", "Nobody here has this name or address."),
        ("topics", "a" * 81, "That is too long: at most 80 characters."),
    ],
)
def test_a_wrong_value_of_a_plain_table_is_named(db: Session, column: str, value: str, sentence: str) -> None:
    headings = ["kind", "title", *([column] if column != "kind" else [])]
    row = {"kind": "video", "title": "One", column: value}

    found = complaints(as_csv([row], headings=headings), db=db)

    assert [(number, name) for number, name, _sentence in found] == [(2, column)]
    assert found[0][2].startswith(sentence)


def test_a_template_can_be_imported_as_it_is(db: Session) -> None:
    from planner.catalog.importing import TEMPLATE

    headings, example = TEMPLATE
    summary = bring(db, as_csv([dict(zip(headings, example, strict=True))], headings=headings))

    assert summary.created == 1


def test_a_missing_quotation_mark_does_not_swallow_rows_in_silence() -> None:
    data = b'kind,title\nvideo,"One\nvideo,Two\nvideo,Three"x,y,z\n'

    assert complaints(data) == [(2, "", "This row has more cells than there are headings: a quotation mark may be missing.")]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"external_id": "", "views": "5"}, "This row does not say which post it is about."),
        ({"external_id": "a1", "views": ""}, "This row tells no count."),
        ({"external_id": "a1", "views": "5", "platform": "myspace"}, "“myspace” is not one of: youtube, linkedin, x, webhook, by_hand."),
        ({"external_id": "a1", "views": "5", "read_at": "2027-01-01"}, "A reading cannot be from the future."),
        ({"post_id": "seven", "views": "5"}, "“seven” is not a whole number such as 12500."),
    ],
)
def test_a_reading_that_says_too_little_is_named(row: dict[str, str], sentence: str) -> None:
    data = as_csv([row], headings=["post_id", "platform", "external_id", "read_at", "views"])

    assert [found[2] for found in complaints(data, "readings")] == [sentence]


def test_readings_find_their_post_by_our_number_the_platforms_or_the_address(db: Session) -> None:
    from tests.factories import make_channel, make_post

    where = {"state": PostState.PUBLISHED, "published_at": NOW}
    by_hand = make_post(db, channel=make_channel(db, platform=Platform.BY_HAND, token=None), **where)
    tweet = make_post(db, channel=make_channel(db), external_id="1799", external_url="https://x.com/norvane/status/1799", **where)
    twin = make_post(db, channel=make_channel(db, platform=Platform.YOUTUBE), external_id="1799", **where)
    draft = make_post(db)
    headings = ["post_id", "platform", "external_id", "url", "read_at", "impressions"]
    rows = [
        {"post_id": str(by_hand.id), "impressions": "10", "read_at": "2026-11-01"},
        {"url": "https://x.com/norvane/status/1799", "impressions": "20", "read_at": "2026-11-01"},
        {"platform": "youtube", "external_id": "1799", "impressions": "30", "read_at": "2026-11-01"},
        {"external_id": "1799", "impressions": "40", "read_at": "2026-11-02"},
        {"post_id": str(draft.id), "impressions": "50", "read_at": "2026-11-01"},
    ]

    summary = bring(db, as_csv(rows, headings=headings), "readings")

    assert (summary.readings, summary.unknown) == (3, ["1799", str(draft.id)])
    found = queries.latest_of(db, [by_hand.id, tweet.id, twin.id])
    assert {number: counts["impressions"] for number, counts in found.items()} == {by_hand.id: 10, tweet.id: 20, twin.id: 30}


def test_only_who_may_import_writes(db: Session) -> None:
    author = make_user(db, roles=(RoleName.AUTHOR,))
    assets = importing.validate(as_csv([video(1)]), now=NOW)
    readings = importing.validate(as_csv([video(1)]), now=NOW, kind="readings")

    for checked in (assets, readings):
        with pytest.raises(Forbidden):
            importing.write(db, checked, actor=author, now=NOW)

    assert db.scalar(select(func.count()).select_from(Asset)) == 0


def test_progress_is_told_and_reaches_the_end(db: Session) -> None:
    said: list[tuple[int, int]] = []
    checked = importing.validate(as_csv(videos(450)), now=NOW)

    importing.write(db, checked, actor=None, now=NOW, progress=lambda done, total: said.append((done, total)))

    assert said == [(200, 450), (400, 450), (450, 450)]


def test_the_regime_of_a_file_is_named_as_youtubes_adapter_names_it() -> None:
    moments = [datetime(2026, 8, 26, 23, 59, tzinfo=UTC), datetime(2026, 8, 27, tzinfo=UTC), NOW]

    assert [regime_of(Platform.YOUTUBE, at) for at in moments] == [regime(at) for at in moments]
    assert regime_of(Platform.X, NOW) == ""


def test_finding_posts_of_readings_takes_the_same_statements_for_many_rows(db: Session) -> None:
    bring(db, as_csv(videos(100)))
    counts = [
        statements(db, lambda rows=rows: bring(db, as_csv(rows), "readings"))  # type: ignore[misc]
        for rows in (
            [video(number, snapshot_utc=f"2026-02-0{day}T00:00:00Z") for number in range(3, 3 * size + 1, 3)]
            for day, size in ((1, 2), (2, 30))
        )
    ]

    assert counts[0] == counts[1]


def statements(db: Session, act: Callable[[], object]) -> int:
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Sequence[Any]) -> None:
        said.append(statement)

    event.listen(db.get_bind(), "before_cursor_execute", listen)
    act()
    event.remove(db.get_bind(), "before_cursor_execute", listen)
    return len(said)
