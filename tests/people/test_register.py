"""The register of people: what an entry may hold, how it is found, and what a table of people brings."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.core.errors import Conflict, Forbidden, Invalid, NotFound
from planner.people import importing, queries, service
from planner.people.person_models import Person, Tier
from planner.people.rules import PersonValues, checked
from tests.factories import NOON, make_person, make_user


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("@janedoe", "janedoe"), ("janedoe", "janedoe"), ("https://x.com/janedoe", "janedoe"), ("twitter.com/janedoe/", "janedoe"),
        ("https://www.x.com/JaneDoe?lang=fr", "JaneDoe"), ("", ""), ("a_15_characters", "a_15_characters"),
    ],
)  # fmt: skip
def test_an_x_handle_is_read_in_every_form_it_is_pasted_in(told: str, kept: str) -> None:
    assert checked(PersonValues("Jane", x_handle=told))["x_handle"] == kept


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"linkedin_urn": "urn:li:person:a-B_9"}, ("urn:li:person:a-B_9", "")),
        ({"linkedin_urn": "urn:li:organization:12"}, ("urn:li:organization:12", "")),
        ({"linkedin_urn": "urn:li:company:12"}, ("urn:li:organization:12", "")),
        ({"linkedin_urn": "https://www.linkedin.com/company/12345/"}, ("urn:li:organization:12345", "")),
        ({"linkedin_vanity": "https://fr.linkedin.com/in/jane-doe/?x=1"}, ("", "jane-doe")),
        ({"linkedin_vanity": "jane-doe"}, ("", "jane-doe")),
    ],
)
def test_linkedin_s_number_and_page_are_read_in_every_form(told: dict[str, str], kept: tuple[str, str]) -> None:
    columns = checked(PersonValues("Jane", **told))

    assert (columns["linkedin_urn"], columns["linkedin_vanity"]) == kept


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"), ({"name": "Jane [press]"}, "name"), ({"name": "x" * 121}, "name"), ({"name": "a\0b"}, "name"),
        ({"linkedin_name": "a]b"}, "linkedin_name"), ({"x_handle": "jane doe"}, "x_handle"), ({"x_handle": "sixteen_letters_"}, "x_handle"),
        ({"x_handle": "https://example.com/jane"}, "x_handle"), ({"linkedin_urn": "jane"}, "linkedin_urn"), ({"linkedin_urn": "urn:li:member:12"}, "linkedin_urn"),
        ({"linkedin_urn": "urn:li:organization:acme"}, "linkedin_urn"), ({"linkedin_urn": "https://www.linkedin.com/in/jane"}, "linkedin_urn"),
        ({"linkedin_vanity": "a/b"}, "linkedin_vanity"), ({"note": "x" * 4001}, "note"),
    ],
)  # fmt: skip
def test_what_no_platform_would_take_is_refused_at_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked(PersonValues(**({"name": "Jane"} | values)))

    assert refused.value.field == field


def test_an_entry_is_found_by_any_beginning_of_its_words(db: Session) -> None:
    jane = make_person(db, name="Hélène Béranger", organisation="L’Exemple du jour", role="Rédactrice", x_handle="hberanger", tier=Tier.JOURNALIST)
    make_person(db, name="John Roe")

    for sought in ("helene", "bér", "exemp jour", "hber", "redac hel", "HÉLÈNE"):
        assert queries.people(db, sought=sought).items == [jane], sought
    assert queries.people(db, sought="elene").items == []
    assert queries.people(db, sought="100%").items == []
    assert [one.name for one in queries.people(db).items] == ["Hélène Béranger", "John Roe"]
    assert queries.people(db, tier=Tier.JOURNALIST).items == [jane]


def test_pages_follow_one_another_without_a_gap(db: Session) -> None:
    names = [f"Person {letter}" for letter in "abcdefgh"]
    for name in reversed(names):
        make_person(db, name=name)

    told, cursor = [], None
    while True:
        page = queries.people(db, cursor=cursor, limit=3)
        told += [one.name for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break

    assert told == names
    for damaged in ("x", "W10"):
        with pytest.raises(Invalid):
            queries.people(db, cursor=damaged)


def test_each_write_is_told_in_the_history_and_a_version_is_kept(db: Session) -> None:
    author = make_user(db, roles=("author",))
    person = service.add(db, PersonValues("Jane Doe", may_be_named=None), actor=author, now=NOON)
    service.edit(db, person, PersonValues("Jane Doe", x_handle="@jane", may_be_named=True), version=1, actor=author, now=NOON)
    service.edit(db, person, service.values_of(person), actor=author, now=NOON)
    with pytest.raises(Conflict):
        service.edit(db, person, PersonValues("Other"), version=1, actor=author, now=NOON)
    number = person.id
    service.remove(db, person, actor=author, now=NOON)

    told = db.execute(select(Entry.action, Entry.was, Entry.became).where(Entry.subject_type == "people").order_by(Entry.id)).all()
    assert [one.action for one in told] == ["person.added", "person.edited", "person.removed"]
    assert (told[1].was, told[1].became) == ({"x_handle": "", "may_be_named": None}, {"x_handle": "jane", "may_be_named": True})
    assert told[2].was == {"name": "Jane Doe"}
    with pytest.raises(NotFound):
        queries.person(db, number)


@pytest.mark.parametrize("role", ["viewer", "approver", "legal"])
def test_who_only_reads_changes_nothing(db: Session, role: str) -> None:
    somebody, person = make_user(db, roles=(role,)), make_person(db)

    for write in (
        lambda: service.add(db, PersonValues("X"), actor=somebody, now=NOON),
        lambda: service.edit(db, person, PersonValues("X"), actor=somebody, now=NOON),
        lambda: service.remove(db, person, actor=somebody, now=NOON),
    ):
        with pytest.raises(Forbidden):
            write()


HEADINGS = ("nom", "entreprise", "type", "x", "linkedin_urn", "accord")


def read(db: Session, *rows: tuple[str, ...]) -> importing.Found:
    return importing.read(db, HEADINGS, list(enumerate(rows, 2)), titles=[one.capitalize() for one in HEADINGS])


def test_a_table_in_french_is_read_and_added_once(db: Session) -> None:
    rows = (("Hélène B.", "Le Jour", "journaliste", "@helene", "", "oui"), ("Group", "", "", "", "urn:li:organization:9", ""), ("", "", "", "", "", ""))

    assert importing.write(db, read(db, *rows), actor=None, now=NOON) == 2
    again = read(db, *rows)

    assert (again.new, again.known, again.errors) == ([], 2, [])
    told = [(one.name, one.organisation, one.tier, one.x_handle, one.linkedin_urn, one.may_be_named) for one in db.scalars(select(Person).order_by(Person.id))]
    assert told == [("Hélène B.", "Le Jour", Tier.JOURNALIST, "helene", "", True), ("Group", "", Tier.OTHER, "", "urn:li:organization:9", None)]


def test_each_wrong_cell_is_named_with_its_row_and_nobody_is_added(db: Session) -> None:
    found = read(
        db, ("Jane", "", "", "jane doe", "", ""), ("", "Le Jour", "", "", "", ""), ("Joe", "", "friend", "", "", ""), ("Kim", "", "", "", "", "perhaps"),
        ("Lou", "", "", "", "", ""), ("LOU", "", "", "", "", ""),
    )  # fmt: skip

    assert [(one.row, one.column) for one in found.errors] == [(2, "X"), (3, "Nom"), (4, "Type"), (5, "Accord"), (7, "Nom")]
    assert (found.errors[0].value, found.errors[-1].params) == ("jane doe", {"row": 6})
    assert importing.write(db, found, actor=None, now=NOON) == 0
    assert db.scalars(select(Person)).all() == []


def test_a_table_without_names_or_rows_is_refused(db: Session) -> None:
    for headings, rows in ((("x",), [(2, ("a",))]), (("name",), []), (("name",), [(number, ("a",)) for number in range(importing.MOST_ROWS + 1)])):
        with pytest.raises(Invalid) as refused:
            importing.read(db, headings, rows, titles=headings)
        assert refused.value.field == "file"


def test_the_template_is_a_table_that_is_taken(db: Session) -> None:
    headings, *rows = importing.TEMPLATE

    found = importing.read(db, headings, list(enumerate(rows, 2)), titles=headings)

    assert (found.errors, found.unused, len(found.new)) == ([], [], len(rows))
