"""Forgetting who wrote of us: by name, by handle or by address, for good, while the count stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry, RoleName
from planner.core.errors import Forbidden, Invalid
from planner.ledger.models import Job
from planner.listening import forgetting, importing
from planner.listening.models import Mention
from planner.listening.queries import asset_mentions
from tests.factories import NOON, make_asset, make_user

PAPER = "https://www.example.com/paper"
AUTHORS = ("Jane Doe @jane", "JANE  DOE", "Janet Doe", "@jane")
TABLE = "date,url,title,author,links\n" + "".join(f"{NOON - timedelta(days=1):%Y-%m-%d},https://a.example/{number},Title,{author},{PAPER}\n" for number, author in enumerate(AUTHORS))


def bring(db: Session) -> None:
    importing.write(db, importing.validate(TABLE.encode(), now=NOON), actor=None, now=NOON)


@pytest.mark.parametrize(
    ("given", "numbers"),
    [({"author": "jane doe"}, [0, 1]), ({"author": "@Jane"}, [0, 3]), ({"author": "Doe"}, []), ({"address": "http://a.example/2?utm_source=x"}, [2]), ({"address": "a.example/2"}, [2])],
)
def test_what_a_person_wrote_is_found_by_the_whole_of_what_they_are_called(db: Session, given: dict[str, str], numbers: list[int]) -> None:
    bring(db)

    assert sorted(one.address for one in forgetting.written_by(db, **given)) == [f"https://a.example/{number}" for number in numbers]


def test_what_is_forgotten_stays_so_when_it_is_told_again_and_stays_counted(db: Session) -> None:
    asset = make_asset(db, url=PAPER)
    bring(db)

    forgetting.forget(db, forgetting.written_by(db, author="Janet Doe"), actor=None, now=NOON)
    db.flush()
    bring(db)

    (one,) = db.scalars(select(Mention).where(Mention.forgotten_at.is_not(None))).all()
    assert (one.author, one.title, one.excerpt, one.address, one.site) == ("", "", "", "", "a.example")
    assert (asset_mentions(db, asset.id).total, db.scalar(select(func.count()).select_from(Mention)), forgetting.written_by(db, author="Janet Doe")) == (4, 4, [])
    assert [(line.subject_type, line.subject_name, line.was, line.became) for line in db.scalars(select(Entry).where(Entry.action == "mention.forgotten"))] == [("mentions", "", None, None)]


def test_a_handle_is_known_with_its_sign_and_without_and_goes_from_the_outlet_and_the_lists_of_imports_too(db: Session) -> None:
    rows = ("https://x.com/jane/status/1,jane,Jane", "https://x.com/other/status/2,Jane Other,X", "https://a.example/3,jane,A")
    table = "date,url,author,outlet,title\n" + "".join(f"{NOON - timedelta(days=1):%Y-%m-%d},{row},What jane says\n" for row in rows)
    done = importing.write(db, importing.validate(table.encode(), now=NOON), actor=None, now=NOON)
    db.add_all([Job(name="import.mentions", result=done.as_dict(), created_at=NOON, finished_at=NOON + timedelta(days=days)) for days in (-1, 0)])
    db.flush()

    (found,) = forgetting.written_by(db, author="@Jane")
    assert forgetting.written_by(db, address="x.com/jane/status/1") == [found]
    forgetting.forget(db, [found], actor=None, now=NOON)

    assert (found.network, found.site, found.outlet, found.author) == ("x", "x.com", "", "")
    assert [one.result["unknown"] for one in db.scalars(select(Job).order_by(Job.id)) if one.result] == [["What jane says"] * 3, []]
    again = importing.write(db, importing.validate(table.encode(), now=NOON), actor=None, now=NOON)
    assert (again.apart, again.unknown) == (3, ["What jane says"] * 2)


def test_nobody_in_particular_and_nobody_without_the_right_forgets(db: Session) -> None:
    with pytest.raises(Invalid):
        forgetting.written_by(db)
    with pytest.raises(Forbidden):
        forgetting.forget(db, [], actor=make_user(db, roles=(RoleName.AUTHOR,)), now=NOON)
