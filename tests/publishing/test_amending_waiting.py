"""Which edits of live posts wait, for whom, and by how many statements that is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event

from planner.catalog.models import AssetKind, Confidentiality
from planner.core.errors import Forbidden
from planner.planning import routes
from planner.planning.models import Post
from planner.planning.steps import Step
from planner.publishing import edit_steps
from planner.publishing.models import Amendment, AmendmentState
from planner.publishing.queries import amendments_of
from tests.factories import NOON, make_campaign, make_person
from tests.publishing.house import EDITORS, LEGAL, House

pytestmark = pytest.mark.usefixtures("healthy")


Listed = Callable[[str], list[tuple[int, bool]]]


@pytest.fixture
def listed(house: House) -> Listed:
    """The edits that somebody finds waiting: (number, whether it is their turn)."""

    def read(who: str) -> list[tuple[int, bool]]:
        with house.runtime.sessions() as db:
            return [(one.edit.id, one.mine) for one in edit_steps.waiting(db, viewer=house.people[who], four_eyes="releases")]

    return read


def test_what_waits_is_told_to_who_may_know_of_it_with_whose_turn_it_is(house: House, listed: Listed) -> None:
    house.steps(EDITORS, LEGAL)
    plain, secret = house.ask(house.live()), house.ask(house.live(confidentiality=Confidentiality.CONFIDENTIAL))
    house.approve(plain, "approver")

    assert listed("approver") == [(plain, False), (secret, True)]
    assert listed("legal") == [(plain, True), (secret, True)]
    assert listed("viewer") == listed("author") == [(plain, False)]
    assert listed("planner") == [(plain, False), (secret, False)]


def test_an_edit_waits_for_the_steps_of_its_own_campaign_or_else_kind(house: House, listed: Listed) -> None:
    house.steps(Step("", "Legal", roles=("legal",)))
    made = [house.live(kind=AssetKind.VIDEO), house.live(kind=AssetKind.VIDEO), house.live()]
    with house.runtime.sessions.begin() as db:
        campaign = make_campaign(db)
        db.get_one(Post, made[0]).campaign = campaign
        routes.set_route(db, routes.of_campaign(campaign.id), [Step("", "Readers", roles=("viewer",))], actor=None, now=NOON)
        routes.set_route(db, routes.of_kind(AssetKind.VIDEO), [Step("", "Writers", roles=("author",))], actor=None, now=NOON)
    edits = [house.ask(post_id) for post_id in made]

    told = {who: [number for number, mine in listed(who) if mine] for who in ("viewer", "author", "legal")}

    assert told == {"viewer": edits[:1], "author": edits[1:2], "legal": edits[2:]}
    assert [house.refused(edits[0], who) for who in ("author", "legal", "viewer")] == [Forbidden, Forbidden, None]


def test_an_edit_of_a_release_waits_for_nobody_whose_yes_counts_for_nothing(house: House, listed: Listed) -> None:
    edit = house.ask(house.live(kind=AssetKind.PRESS_RELEASE), "admin")

    assert [listed(who) for who in ("admin", "approver")] == [[(edit, False)], [(edit, True)]]


@pytest.mark.parametrize("gone", ["taken down", "sensitive", "dropped", "queued"])
def test_what_nobody_can_say_yes_to_waits_for_nobody(house: House, listed: Listed, gone: str) -> None:
    post_id = house.live()
    edit = house.ask(post_id)
    assert listed("approver") == [(edit, True)]
    with house.runtime.sessions.begin() as db:
        post, row = db.get_one(Post, post_id), db.get_one(Amendment, edit)
        if gone == "taken down":
            post.taken_down_at = NOON
        elif gone == "sensitive":
            post.asset.sensitive = True
        else:
            row.state = AmendmentState.CANCELLED if gone == "dropped" else AmendmentState.QUEUED

    assert listed("approver") == []


def test_edits_that_mention_people_are_listed_with_one_statement_more_however_many_there_are(house: House) -> None:
    asked = []
    for _ in range(3):
        with house.runtime.sessions.begin() as db:
            jane = make_person(db)
            text = f"By @[{jane.name}](person:{jane.id})"
        house.ask(house.live(), text=text)
        said: list[str] = []
        with house.runtime.sessions() as db:
            db.connection()
            event.listen(house.runtime.engine, "before_cursor_execute", note := partial(_noted, said))
            edit_steps.waiting(db, viewer=None, four_eyes="releases")
            event.remove(house.runtime.engine, "before_cursor_execute", note)
        asked.append(len(said))

    assert asked == [2, 2, 2]


def test_the_edits_of_one_post_read_the_people_they_mention_once(house: House) -> None:
    post_id, asked = house.live(), []
    with house.runtime.sessions.begin() as db:
        jane = make_person(db)
        text = f"By @[{jane.name}](person:{jane.id})"
    for words in ("First", "Second", "Third"):
        house.approve(house.ask(post_id, text=f"{words} words. {text}"), "approver")
        house.turn()
        said: list[str] = []
        with house.runtime.sessions() as db:
            post = db.get_one(Post, post_id)
            assert post.channel
            event.listen(house.runtime.engine, "before_cursor_execute", note := partial(_noted, said))
            amendments_of(db, post)
            event.remove(house.runtime.engine, "before_cursor_execute", note)
        asked.append(len(said))

    assert asked == [2, 2, 2]


def _noted(said: list[str], _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    said.append(statement)
