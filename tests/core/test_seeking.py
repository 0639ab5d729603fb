"""Words are found in a list however they are written, on each database alike."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.core.seeking import holding, plain
from planner.people.models import Event
from tests.factories import NOON

NAMES = ("Évènement à Besançon", "CONGRÈS DES RÉSEAUX", "50 % off_day", "Straße", "Ça e\u0301te\u0301")


@pytest.fixture(autouse=True)
def events(db: Session) -> None:
    db.add_all(Event(name=name, starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 3), created_at=NOON, updated_at=NOON) for name in NAMES)
    db.flush()


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("evenement", [0]), ("ÉVÈNEMENT", [0]), ("Évènement besancon", [0]), ("e\u0301ve\u0300nement", [0]), ("reseaux congres", [1]), ("RÉSEAUX", [1]), ("réseaux", [1]),
        ("%", [2]), ("_d", [2]), ("straß", [3]), ("été", [4]), ("ca ete", [4]), ("\u0301", [0, 1, 2, 3, 4]), ("evenement congres", []), ("nothing", []),
    ],
)  # fmt: skip
def test_a_word_is_found_however_it_is_written(db: Session, sought: str, found: list[int]) -> None:
    assert db.scalars(select(Event.name).where(*holding(sought, Event.name, Event.rival)).order_by(Event.id)).all() == [NAMES[number] for number in found]


def test_what_holds_no_letters_stays_as_it_is() -> None:
    assert (plain(None), plain(""), plain("ＡＢ"), plain("Œ 5G")) == (None, "", "ab", "œ 5g")
