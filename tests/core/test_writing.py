"""Rows written past the unit of work: said of the row in hand too, refused when somebody else was faster, many in one statement."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from planner.accounts.models import Entry
from planner.channels.models import Channel, Credential
from planner.core.writing import add, change, put, together
from tests.factories import NOON, make_channel


def stored(db: Session, channel: Channel) -> tuple[str, int, int]:
    row = db.execute(select(Channel.name, Channel.turn, Channel.version).where(Channel.id == channel.id)).one()
    return row.name, row.turn, row.version


def test_a_change_is_stored_and_said_of_the_row_in_hand_with_what_was_set_before(db: Session) -> None:
    channel = make_channel(db, name="Before")
    channel.turn = 7

    change(db, channel, name="After")

    assert (channel.name, channel.turn, channel.version) == stored(db, channel) == ("After", 7, 3)
    assert not db.dirty


def test_a_row_that_is_not_at_hand_keeps_its_version(db: Session) -> None:
    channel = make_channel(db, name="Before")

    put(db, Channel, channel.id, turn=9)

    assert stored(db, channel) == ("Before", 9, 1)


def test_a_row_of_which_the_version_is_known_is_changed_as_one_at_hand(db: Session) -> None:
    channel = make_channel(db, name="Before")

    put(db, Channel, channel.id, read=1, name="After")
    with pytest.raises(StaleDataError):
        put(db, Channel, channel.id, read=1, name="Too late")

    assert stored(db, channel) == ("After", 0, 2)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_row_that_somebody_else_changed_is_refused(db: Session, at_once: bool) -> None:
    channel = make_channel(db, name="Before")
    db.execute(update(Channel).where(Channel.id == channel.id).values(version=5).execution_options(synchronize_session=False))

    with pytest.raises(StaleDataError):
        if at_once:
            with together(db):
                change(db, channel, name="After")
        else:
            change(db, channel, name="After")


def test_what_is_written_together_is_one_statement_where_a_round_costs_more_than_a_write(db: Session) -> None:
    one, other = make_channel(db, name="One"), make_channel(db, name="Other")
    asked: list[str] = []
    event.listen(db.get_bind(), "before_cursor_execute", lambda _connection, _cursor, statement, *_rest: asked.append(statement))

    with together(db):
        change(db, one, name="One of ours")
        put(db, Channel, other.id, turn=4)
        add(
            db, Entry, at=NOON, actor_name="planner", action="channel.edited", subject_type="channels", subject_id=one.id, subject_name="One",
            was=None, became={"name": "One of ours"}, note="",
        )  # fmt: skip

    assert len(asked) == (1 if db.get_bind().dialect.name == "postgresql" else 3)
    assert (stored(db, one)[0], stored(db, other)[1]) == ("One of ours", 4)
    assert db.scalars(select(Entry.became).where(Entry.subject_name == "One")).one() == {"name": "One of ours"}


def line(number: int, became: dict[str, object] | None) -> dict[str, object]:
    return {
        "at": NOON + timedelta(seconds=number), "actor_name": "planner", "action": "channel.edited", "subject_type": "channels", "subject_id": number,
        "subject_name": f"“{number}” \\ \N{SNOWMAN}", "was": None, "became": became, "note": "",
    }  # fmt: skip


def test_many_rows_of_a_kind_are_no_more_statements_than_two(db: Session) -> None:
    channels = [make_channel(db, name=f"Channel {number}") for number in range(7)]
    counts = []
    for some in (channels[:2], channels[2:]):
        asked: list[str] = []
        event.listen(db.get_bind(), "before_cursor_execute", note := lambda _connection, _cursor, statement, *_rest, asked=asked: asked.append(statement))
        with together(db):
            for channel in some:
                change(db, channel, name=f"New {channel.name}", last_success_at=NOON, state_reason=channel.name)
                add(db, Entry, **line(channel.id, {"name": channel.name, "of": None, "odd": [1, 2.5, True, "é\"'"]}))
        event.remove(db.get_bind(), "before_cursor_execute", note)
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 2
    db.expire_all()
    assert [(one.name, one.last_success_at, one.state_reason, one.version) for one in channels] == [
        (f"New Channel {number}", NOON, f"Channel {number}", 2) for number in range(7)
    ]
    assert [(one.at, one.subject_name, one.was, one.became) for one in db.scalars(select(Entry).where(Entry.action == "channel.edited").order_by(Entry.subject_id))] == [
        (row["at"], row["subject_name"], None, row["became"])
        for one in channels
        for row in [line(one.id, {"name": one.name, "of": None, "odd": [1, 2.5, True, "é\"'"]})]
    ]


def test_one_of_many_that_somebody_else_changed_is_refused(db: Session) -> None:
    one, other = make_channel(db, name="One"), make_channel(db, name="Other")
    db.execute(update(Channel).where(Channel.id == other.id).values(version=5).execution_options(synchronize_session=False))

    with pytest.raises(StaleDataError), together(db):
        change(db, one, name="After")
        change(db, other, name="After")


def test_of_one_row_the_last_word_counts_and_an_error_writes_nothing(db: Session) -> None:
    channel = make_channel(db, name="Before")
    with together(db), together(db):
        put(db, Channel, channel.id, turn=1)
        put(db, Channel, channel.id, turn=2)
    with pytest.raises(ZeroDivisionError), together(db):
        put(db, Channel, channel.id, turn=3)
        1 / 0  # noqa: B018

    assert stored(db, channel) == ("Before", 2, 1)


def test_a_secret_is_sealed_on_this_way_too(db: Session) -> None:
    channel = make_channel(db)
    if db.get_bind().dialect.name == "postgresql":  # JSON holds no bytes: refused, and never written in clear.
        with pytest.raises(TypeError):
            put(db, Credential, channel.credential.id, access_token="after")
        return

    put(db, Credential, channel.credential.id, access_token="after")

    raw = db.execute(text("SELECT access_token FROM credentials")).scalar_one()
    assert b"after" not in raw
    db.expire_all()
    assert channel.credential.access_token == "after"
