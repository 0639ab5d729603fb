"""Migrations: they give exactly the models' tables, lead all the way back, and keep what was there."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from planner import tables
from planner.catalog.models import AssetFile
from planner.catalog.queries import Filters, search
from planner.channels.port import MediaKind, Platform
from planner.core import networks
from planner.core.db import make_engine
from planner.listening.models import Mention, MentionAsset
from planner.listening.rules import Told, key_at
from planner.listening.service import keep
from planner.planning.digest import content_digest
from planner.planning.models import Approval, Verb
from planner.planning.quiet_models import Blackout
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState, Attempt, Delivery, DeliveryState
from tests.conftest import POSTGRES, SECRET, offered
from tests.factories import NOON, make_asset, make_channel, make_post

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRES else ["sqlite"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    url = make_url(offered("PLANNER_TEST_POSTGRES_URL"))
    name = f"planner_migrations_{uuid.uuid4().hex[:10]}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    yield url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    admin.dispose()


@pytest.fixture
def alembic(empty: str, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("PLANNER_SECRET_KEY", SECRET)
    monkeypatch.setenv("PLANNER_DATABASE_URL", empty)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


@pytest.fixture
def engine(empty: str) -> Iterator[Engine]:
    made = make_engine(empty)
    yield made
    made.dispose()


def test_migrating_gives_exactly_the_models_tables(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "head")

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": lambda _object, name, kind, *_rest: not (kind == "table" and str(name).startswith("asset_search"))},
        )
        assert compare_metadata(context, tables.metadata) == []


def test_going_all_the_way_back_leaves_nothing(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "head")
    command.downgrade(alembic, "base")

    assert set(inspect(engine).get_table_names()) == {"alembic_version"}


def test_there_is_one_line_of_migrations_and_each_says_what_happens_to_rows() -> None:
    script = ScriptDirectory(str(MIGRATIONS))
    revisions = list(script.walk_revisions())

    assert len(script.get_heads()) == 1
    assert [one.revision for one in revisions if "existing" not in (one.doc or "")] == []


def test_an_old_asset_is_found_by_its_words_after_migrating(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "20261122_first_tables")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO assets (kind, title, summary, url, language, purpose, state, currency, confidentiality, sensitive,"
                " embargo_terms, created_at, updated_at, version) VALUES ('video', 'Les réseaux privés', 'Trois ports', '', 'fr', 'web',"
                " 'live', 'EUR', 'public', :no, '[]', '2026-01-02 10:00:00', '2026-01-02 10:00:00', 1)"
            ),
            {"no": False},
        )

    command.upgrade(alembic, "head")

    with Session(engine) as db:
        page = search(db, Filters(q="reseau prive"), viewer=None)
    assert [card.title for card in page.items] == ["Les réseaux privés"]


def test_an_old_key_may_be_renewed_at_once_after_migrating(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "20261123_asset_search")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO channels (id, platform, name, external_id, time_zone, grace_minutes, colour, config, state, state_reason, wait_reason,"
                " created_at, version) VALUES (1, 'x', 'Ours', '', 'Europe/Paris', 20, 0, '{}', 'connected', '', '', '2026-01-02 10:00:00', 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO credentials (channel_id, access_token, scopes, expires_at, updated_at)"
                " VALUES (1, :sealed, '[]', '2026-01-02 12:00:00', '2026-01-02 10:00:00')"
            ),
            {"sealed": b"sealed"},
        )

    command.upgrade(alembic, "head")

    with engine.connect() as connection:
        row = connection.execute(text("SELECT channel_id, access_token, refresh_after FROM credentials")).one()
    assert (row[0], bytes(row[1]), row[2]) == (1, b"sealed", None)


def test_an_old_blackout_goes_on_holding_on_every_channel_after_migrating(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "20261128_blackout_channels")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO blackouts (name, starts_on, ends_on, version) VALUES ('Results', '2026-03-03', '2026-03-04', 1)"))

    command.upgrade(alembic, "head")

    with Session(engine) as db:
        assert [(one.name, one.channel_ids) for one in db.query(Blackout)] == [("Results", [])]


def test_an_old_file_s_pages_are_not_told_after_migrating(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "20261123_asset_search")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO assets (id, kind, title, summary, url, language, purpose, state, currency, confidentiality, sensitive,"
                " embargo_terms, created_at, updated_at, version) VALUES (1, 'white_paper', 'A', '', '', 'en', 'web', 'ready', 'EUR',"
                " 'public', false, '[]', '2026-03-02 12:00:00', '2026-03-02 12:00:00', 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO asset_files (id, asset_id, kind, name, stored_name, mime, size, sha256, alt_text, created_at)"
                " VALUES (1, 1, 'document', 'a.pdf', 'x.pdf', 'application/pdf', 9, '0', '', '2026-03-02 12:00:00')"
            )
        )

    command.upgrade(alembic, "head")

    with Session(engine) as db:
        assert db.execute(text("SELECT name, pages FROM asset_files")).all() == [("a.pdf", None)]


def test_the_days_of_an_asset_keep_their_counts_through_the_change_of_their_order_and_back(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "20261128_blackout_channels")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO assets (id, kind, title, summary, url, language, purpose, state, currency, confidentiality, sensitive,"
                " embargo_terms, created_at, updated_at, version) VALUES (1, 'video', 'A', '', '', 'en', 'web', 'live', 'EUR',"
                " 'public', false, '[]', '2026-03-02 12:00:00', '2026-03-02 12:00:00', 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO channels (id, platform, name, external_id, time_zone, grace_minutes, colour, config, state, state_reason, wait_reason,"
                " created_at, version) VALUES (2, 'x', 'Ours', '', 'Europe/Paris', 20, 0, '{}', 'connected', '', '', '2026-01-02 10:00:00', 1)"
            )
        )
        connection.execute(text("INSERT INTO asset_day (day, asset_id, channel_id, views, likes) VALUES ('2026-03-02', 1, 2, 7, NULL), ('2026-03-03', 1, 2, 9, 0)"))
    days = text("SELECT CAST(day AS VARCHAR(10)), asset_id, channel_id, views, likes FROM asset_day ORDER BY day")
    told = [("2026-03-02", 1, 2, 7, None), ("2026-03-03", 1, 2, 9, 0)]

    command.upgrade(alembic, "head")
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(days)] == told
        assert inspect(connection).get_pk_constraint("asset_day")["constrained_columns"] == ["asset_id", "channel_id", "day"]
    command.downgrade(alembic, "20261128_blackout_channels")
    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(days)] == told
        assert inspect(connection).get_pk_constraint("asset_day")["constrained_columns"] == ["day", "asset_id", "channel_id"]


def test_the_newest_day_of_an_asset_on_a_channel_is_found_among_those_that_are_there(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "20261129_counts_made")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO asset_day (day, asset_id, channel_id, views, likes) VALUES ('2026-03-02', 1, 2, 7, NULL), ('2026-03-04', 1, 2, 9, 0),"
                " ('2026-03-03', 1, 2, 8, 1), ('2026-03-03', 1, 3, NULL, 4), ('2026-03-02', 2, 2, 5, 5)"
            )
        )
    newest = text("SELECT asset_id, channel_id, CAST(day AS VARCHAR(10)), views, likes FROM asset_latest ORDER BY asset_id, channel_id")

    command.upgrade(alembic, "20261129_asset_latest")

    with engine.connect() as connection:
        assert [tuple(row) for row in connection.execute(newest)] == [(1, 2, "2026-03-04", 9, 0), (1, 3, "2026-03-03", None, 4), (2, 2, "2026-03-02", 5, 5)]
    command.downgrade(alembic, "20261129_counts_made")
    assert not inspect(engine).has_table("asset_latest")


def test_what_was_approved_stays_so_with_the_alt_text_and_the_card_that_leave(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "head")
    with Session(engine) as db, db.begin():
        asset = make_asset(db, summary="Three ports, one network.")
        file = AssetFile(
            asset=asset, kind=MediaKind.IMAGE, name="a.png", stored_name="x.png", mime="image/png", size=9, sha256="0", alt_text="A red crane", created_at=NOON,
        )  # fmt: skip
        db.add(file)
        db.flush()
        page = make_channel(db, platform=Platform.LINKEDIN)
        card = make_post(db, asset=asset, channel=page, link="https://example.com")
        picture = make_post(db, asset=asset, channel=page, link="https://example.com", media=[{"file_id": file.id, "alt_text": ""}])
        plain = make_post(db, asset=asset, link="https://example.com", media=[{"file_id": file.id, "alt_text": "A crane"}])
        posts = [card, picture, plain]
        now = [content_digest(post, post.asset, post.channel) for post in posts]
        asset.summary, file.alt_text = "", ""
        before = [content_digest(post, post.asset, post.channel) for post in posts]
        asset.summary, file.alt_text = "Three ports, one network.", "A red crane"
        for post, digest in zip(posts, before, strict=True):
            post.approved_digest = digest
            post.approvals.append(Approval(verb=Verb.APPROVED, digest=digest, by_name="Jane", at=NOON))
            delivery = Delivery(post=post, channel_id=post.channel_id, due_at=NOON, next_at=NOON, digest=digest, created_at=NOON, state=DeliveryState.DUE, tries=1, looks=0)
            db.add(delivery)
            db.flush()
            db.add(Attempt(delivery_id=delivery.id, number=1, fingerprint="f", digest=digest, worker="w", started_at=NOON))
    command.downgrade(alembic, "20261128_asset_days")

    command.upgrade(alembic, "head")

    assert [old == new for old, new in zip(before, now, strict=True)] == [False, False, True]
    for told in ("approved_digest FROM posts", "digest FROM approvals", "digest FROM deliveries", "digest FROM attempts"):
        with engine.connect() as connection:
            assert list(connection.execute(text(f"SELECT {told} ORDER BY id")).scalars()) == now  # noqa: S608 (no value of anybody's)


def test_an_old_edit_has_no_yes_kept_and_stays_what_it_was_after_migrating(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "head")
    with Session(engine) as db, db.begin():
        for state in (AmendmentState.IN_REVIEW, AmendmentState.QUEUED):
            what = {"content": {"text": "First words"}, "digest": "d" * 64, "asked_at": NOON, "next_at": NOON, "said": [{"by_name": "Jane"}]}
            db.add(Amendment(post=make_post(db), kind=AmendmentKind.EDIT, state=state, **what))
    command.downgrade(alembic, "20261129_asset_latest")

    command.upgrade(alembic, "head")

    with Session(engine) as db:
        told = [(one.state, one.said, one.digest) for one in db.scalars(select(Amendment).order_by(Amendment.id))]
    assert told == [(AmendmentState.IN_REVIEW, [], "d" * 64), (AmendmentState.QUEUED, [], "d" * 64)]


def test_mentions_whose_addresses_carry_marks_known_since_are_one_and_known_when_told_again(alembic: Config, engine: Engine) -> None:
    command.upgrade(alembic, "head")
    page, film = "https://www.paper.com/five", "https://youtu.be/dQw4w9WgXcQ?msclkid=1"
    with Session(engine) as db, db.begin():
        first, second = make_asset(db).id, make_asset(db).id

        def told(address: str, key: str, *about: int, **values: Any) -> Told:
            one = Told(**{"at": NOON, "source": "file-1", "network": "web", "address": address, **values})
            mention = Mention(key=key, told_at=NOON, forgotten_at=NOON if not one.author else None, **{**one.columns, "address": address if one.author else ""})
            db.add(mention)
            db.flush()
            db.add_all(MentionAsset(asset_id=number, mention_id=mention.id) for number in about)
            return one

        again = [
            told(f"{page}?msclkid=1&id=7", as_before("paper.com/five?id=7&msclkid=1"), first, author="Jane", title="Five"),
            told(f"{page}?id=7&mkt_tok=b", as_before("paper.com/five?id=7&mkt_tok=b"), first, second, author="Jane Doe", at=NOON - timedelta(hours=1), source="api-2"),
            told(f"{page}?id=7", as_before("paper.com/five?id=7"), author="J.", excerpt="Five ports."),
            told(f"{page}?msclkid=1&id=8", as_before("paper.com/five?id=8&msclkid=1"), author="Eve"),
            told(f"{page}?id=9&utm_source=x", as_before("paper.com/five?id=9"), author="Zoe"),
            told("https://blog.org/a?dclid=3", as_before("blog.org/a?dclid=3"), first, author="Ann", title="Secret"),
            told("https://blog.org/a", as_before("blog.org/a")),
            told(film, key_at(film), author="Max"),
        ]  # fmt: skip
    command.downgrade(alembic, "20261129_edit_steps")

    command.upgrade(alembic, "head")

    with Session(engine) as db, db.begin():
        shown = sorted((one.address, one.author, one.title, one.excerpt, one.source, one.at, one.forgotten_at) for one in db.scalars(select(Mention)))
        assert shown == [
            ("", "", "", "", "file-1", NOON, NOON),
            (f"{page}?id=9&utm_source=x", "Zoe", "", "", "file-1", NOON, None),
            (f"{page}?msclkid=1&id=7", "Jane Doe", "Five", "Five ports.", "api-2", NOON - timedelta(hours=1), None),
            (f"{page}?msclkid=1&id=8", "Eve", "", "", "file-1", NOON, None),
            (film, "Max", "", "", "file-1", NOON, None),
        ]
        one = db.scalars(select(Mention.id).where(Mention.author == "Jane Doe")).one()
        assert set(db.scalars(select(MentionAsset.asset_id).where(MentionAsset.mention_id == one))) == {first, second}
        assert db.scalar(select(func.count()).select_from(MentionAsset)) == 3
        kept = keep(db, again, actor=None, now=NOON)
        assert (kept.rows, kept.new, kept.known) == (8, 0, 5)


def as_before(page: str) -> str:
    """The key of a mention that is known by its page."""
    return hashlib.sha256(f"at:{page}".encode()).hexdigest()


def test_a_mark_that_becomes_known_makes_the_keys_of_mentions_again() -> None:
    made = ScriptDirectory(str(MIGRATIONS)).get_revision("20261129_mention_keys").module

    assert networks._MARK.pattern == made.MARKS.pattern, "Give stored mentions the keys that they would get now, as this migration does."


def test_a_migration_imports_nothing_from_the_product() -> None:
    guilty = [path.name for path in (MIGRATIONS / "versions").glob("*.py") if "import planner" in path.read_text() or "from planner" in path.read_text()]

    assert guilty == []
