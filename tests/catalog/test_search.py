"""Finding assets: accents, plurals and half-typed words forgiven; what one may not know never met; pages and facets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName
from planner.catalog import queries, service
from planner.catalog.models import Asset, AssetKind, AssetState, Audience, Confidentiality
from planner.catalog.queries import Facet, Filters
from planner.catalog.search import fold
from planner.catalog.service import AssetValues
from planner.core.errors import Invalid, NotFound
from tests.factories import NOON, make_user


def add(db: Session, title: str, **values: Any) -> int:
    values.setdefault("kind", AssetKind.BLOG_POST)
    values.setdefault("state", AssetState.READY)
    minutes = db.scalar(select(func.count()).select_from(Asset)) or 0
    return service.create(db, AssetValues(title=title, **values), actor=None, now=NOON + timedelta(minutes=minutes)).id


def titles(db: Session, q: str = "", viewer: Any = None, **filters: Any) -> list[str]:
    return [card.title for card in queries.search(db, Filters(q=q, **filters), viewer=viewer).items]


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("réseau", "RESEAUX"), ("journal", "journaux"), ("company", "companies"), ("série", "séries"), ("industrie", "industries"),
        ("box", "boxes"), ("launch", "launches"), ("antenne", "antennes"), ("vidéo", "videos"), ("jeu", "jeux"), ("class", "classes"),
        ("analyst", "analysts"), ("étude", "etudes"), ("marche", "marches"),
    ],
)  # fmt: skip
def test_one_and_many_are_the_same_word(one: str, many: str) -> None:
    assert fold(one) == fold(many)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("reseau prive", ["Réseaux privés : trois ports"]),
        ("PORT", ["Réseaux privés : trois ports"]),
        ("lat", ["Latency at the quay"]),
        ("quay latency", ["Latency at the quay"]),
        ("private", []),
        ("5g", ["Latency at the quay"]),
        ("crane", ["Latency at the quay"]),
        ("'; DROP TABLE assets; --", []),
        ('"', ["Latency at the quay", "Réseaux privés : trois ports"]),
        ("near* OR (", []),
        ("lat & !quay:*", ["Latency at the quay"]),
    ],
)
def test_what_is_typed_finds_what_is_meant(db: Session, said: str, found: list[str]) -> None:
    add(db, "Réseaux privés : trois ports", language="fr")
    add(db, "Latency at the quay", summary="Cranes and radios", topics=["5G"])

    assert titles(db, said) == found


def test_an_edited_title_is_found_by_its_new_words_only(db: Session) -> None:
    asset = queries.asset(db, add(db, "Old words"), viewer=None)
    service.edit(db, asset, AssetValues(kind=AssetKind.VIDEO, title="Fresh thoughts"), actor=None, now=NOON)

    assert (titles(db, "old"), titles(db, "thought")) == ([], ["Fresh thoughts"])


def test_who_may_not_know_of_an_asset_never_meets_it(db: Session) -> None:
    author, other = make_user(db, roles=(RoleName.AUTHOR,)), make_user(db, roles=(RoleName.AUTHOR,))
    planner = make_user(db, roles=(RoleName.PLANNER,))
    number = add(db, "Merger plans", confidentiality=Confidentiality.CONFIDENTIAL, owner_id=author.id, audiences=[Audience.INVESTORS])

    assert [titles(db, "merger", viewer=person) for person in (author, planner, other)] == [["Merger plans"], ["Merger plans"], []]
    assert queries.facets(db, Filters(q="merger"), viewer=other) == {"kind": [], "state": [], "language": [], "audience": []}
    with pytest.raises(NotFound):
        queries.asset(db, number, viewer=other)


def test_pages_follow_one_another_without_a_gap_or_a_double(db: Session) -> None:
    for number in range(7):
        add(db, f"Asset {number}")
    seen: list[str] = []
    cursor = None
    while True:
        page = queries.search(db, Filters(), viewer=None, cursor=cursor, limit=3)
        seen += [card.title for card in page.items]
        if page.next_cursor is None:
            break
        cursor = page.next_cursor

    assert seen == [f"Asset {number}" for number in reversed(range(7))]


@pytest.mark.parametrize("cursor", ["nonsense", "WzEsMl0", "W10", "WyJ4IiwieSJd", "é"])
def test_a_damaged_page_address_is_refused(db: Session, cursor: str) -> None:
    with pytest.raises(Invalid, match="damaged"):
        queries.search(db, Filters(), viewer=None, cursor=cursor)


def test_a_facet_shows_what_else_could_be_chosen(db: Session) -> None:
    add(db, "A", kind=AssetKind.VIDEO, audiences=[Audience.EXPERTS])
    add(db, "B", kind=AssetKind.VIDEO, language="fr", audiences=[Audience.EXPERTS, Audience.ANALYSTS])
    add(db, "C", kind=AssetKind.PODCAST)
    add(db, "D", kind=AssetKind.VIDEO, state=AssetState.RETIRED)

    found = queries.facets(db, Filters(kinds=[AssetKind.VIDEO]), viewer=None)

    assert found == {
        "kind": [Facet("video", 2), Facet("podcast", 1)],
        "state": [Facet("ready", 2), Facet("retired", 1)],
        "language": [Facet("en", 1), Facet("fr", 1)],
        "audience": [Facet("experts", 2), Facet("analysts", 1)],
    }


def test_the_retired_are_shown_only_when_asked_for(db: Session) -> None:
    add(db, "Here")
    add(db, "Gone", state=AssetState.RETIRED)

    assert (titles(db), titles(db, states=[AssetState.RETIRED])) == (["Here"], ["Gone"])


def test_filters_narrow_together(db: Session) -> None:
    owner = make_user(db)
    add(db, "A", audiences=[Audience.EXPERTS], topics=["5G"], owner_id=owner.id, embargo_until=NOON + timedelta(days=2))
    add(db, "B", audiences=[Audience.EXPERTS], topics=["5G"])
    add(db, "C", audiences=[Audience.ANALYSTS], topics=["5G", "Ports"], language="fr")

    assert titles(db, audiences=[Audience.EXPERTS], topics=["5G"]) == ["B", "A"]
    assert titles(db, topics=["Ports"], languages=["fr"]) == ["C"]
    assert titles(db, owner_id=owner.id) == ["A"]
    assert titles(db, embargoed=True, now=NOON) == ["A"]
    assert titles(db, embargoed=True, now=NOON + timedelta(days=3)) == []


def test_a_list_of_many_takes_as_many_statements_as_a_list_of_one(db: Session) -> None:
    counts = []
    for many in (1, 20):
        for number in range(many):
            add(db, f"Film {many} {number}", audiences=[Audience.EXPERTS, Audience.ANALYSTS], owner_id=make_user(db).id)
        db.expunge_all()
        counts.append(
            statements(db, lambda: (queries.search(db, Filters(q="film"), viewer=None), queries.facets(db, Filters(q="film"), viewer=None)))
        )

    assert counts == [3, 3]


def statements(db: Session, act: Callable[[], object]) -> int:
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        said.append(statement)

    event.listen(db.get_bind(), "before_cursor_execute", listen)
    act()
    event.remove(db.get_bind(), "before_cursor_execute", listen)
    return len(said)
