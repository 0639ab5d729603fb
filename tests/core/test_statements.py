"""Statements with their own constants written into them ask the same, and hand over only what is bound by name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Integer, String, bindparam, case, event, literal, select, union_all
from sqlalchemy.orm import Session

from planner.core.statements import among, written_out
from planner.planning.models import Post, PostState
from tests.factories import NOON, make_post


def asking() -> tuple[object, object]:
    inner = select(literal(2).label("part"), case((Post.title != "", Post.title), else_=literal("it's 100% “O'Neil”; :title")).label("said"), Post.id).where(
        Post.state.in_([PostState.DRAFT, PostState.APPROVED]), Post.publish_at > bindparam("after"), Post.taken_down_at.is_(None)
    )
    plain = union_all(select(literal("first"), literal(7, Integer()), literal(None, String())), select(inner.subquery().c.said, literal(-1), bindparam("word", type_=String())))
    return plain, written_out(plain)


def test_it_gives_the_same_rows_of_the_same_kinds(db: Session) -> None:
    make_post(db, state=PostState.APPROVED, publish_at=NOON)
    make_post(db, state=PostState.CANCELLED, publish_at=NOON)
    plain, written = asking()
    given = {"after": NOON - timedelta(hours=1), "word": "x'y"}

    rows = db.execute(written, given).all()  # type: ignore[call-overload]

    assert rows == db.execute(plain, given).all()  # type: ignore[call-overload]
    assert [tuple(map(type, row)) for row in rows] == [(str, int, type(None)), (str, int, str)]


def test_only_what_has_no_value_of_its_own_stays_to_be_bound(db: Session) -> None:
    plain, written = asking()
    dialect = db.get_bind().dialect

    bound = set(written.compile(dialect=dialect).params)  # type: ignore[attr-defined]

    assert bound - {"param_1"} == {"after", "word"}  # Nothing, as NULL, is still handed over.
    assert len(plain.compile(dialect=dialect).params) > 8  # type: ignore[attr-defined]


@pytest.mark.parametrize("value", [True, 1.5, b"x", NOON])
def test_other_values_are_left_alone(value: object) -> None:
    assert len(written_out(select(literal(value).label("one"))).compile().params) == 1


@pytest.mark.parametrize("wanted", [[], ["One"], ["Two", "One", "Two"], ["it's “100%”", "O\\'Neil", "nothing"]])
def test_a_column_holds_one_of_what_is_handed_over_whatever_stands_in_it(db: Session, wanted: list[str]) -> None:
    posts = [make_post(db, title=title) for title in ("One", "Two", "it's “100%”", "O\\'Neil", "")]

    titles = db.scalars(select(Post.title).where(among(Post.title, "titles"), Post.text != "").order_by(Post.id), {"titles": wanted}).all()
    numbers = db.scalars(select(Post.id).where(among(Post.id, "ids")).order_by(Post.id), {"ids": [one.id for one in posts if one.title in wanted]}).all()

    assert titles == [one.title for one in posts if one.title in wanted]
    assert numbers == [one.id for one in posts if one.title in wanted]


def test_a_text_that_is_longer_than_the_column_is_not_found_by_its_beginning(db: Session) -> None:
    post = make_post(db, external_id="7" * 200)

    found = [db.scalars(select(Post.id).where(among(Post.external_id, "numbers")), {"numbers": [one]}).all() for one in ("7" * 200, "7" * 201)]

    assert found == [[post.id], []]


def test_however_many_are_handed_over_the_statement_is_the_same(db: Session) -> None:
    asked: list[str] = []
    event.listen(db.get_bind(), "before_cursor_execute", lambda _connection, _cursor, statement, *_rest: asked.append(statement))

    for wanted in ([1], [1, 2, 3], list(range(500))):
        db.scalars(select(Post.id).where(among(Post.id, "ids")), {"ids": wanted}).all()

    selects = [one for one in asked if one.startswith("SELECT")]
    assert len(selects) == 3
    assert len(set(selects)) == 1
