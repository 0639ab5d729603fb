"""Rows written past the unit of work: said of the row in hand too, refused when somebody else was faster, together in one statement."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from planner.accounts.models import Entry
from planner.channels.models import Channel
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
        line = add(
            db, Entry, at=NOON, actor_name="planner", action="channel.edited", subject_type="channels", subject_id=one.id, subject_name="One",
            was=None, became={"name": "One of ours"}, note="",
        )  # fmt: skip

    assert len(asked) == (1 if db.get_bind().dialect.name == "postgresql" else 3)
    assert (stored(db, one)[0], stored(db, other)[1]) == ("One of ours", 4)
    assert db.get_one(Entry, line.id).became == {"name": "One of ours"}
