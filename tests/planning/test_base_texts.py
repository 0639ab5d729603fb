"""Posts written at once: what each says of its own, and a change of the words for all that reaches who says the same and nobody else."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from planner.core.errors import Forbidden, WrongState
from planner.planning import base_texts, service
from planner.planning.models import Post, PostState
from planner.planning.values import PostValues, values_of
from tests.factories import NOON, make_asset, make_post, make_user

FOR_ALL = {"text": "One\r\ntwo", "title": "T", "first_comment": "C"}


def written(db: Session, *own: dict[str, str]) -> list[Post]:
    """A post for each of these, with the words for all where it has none of its own."""
    asset = make_asset(db)
    posts = [make_post(db, asset=asset, **{**FOR_ALL, "text": "One\ntwo", **words}) for words in own]
    base_texts.keep(db, posts, FOR_ALL, now=NOON)
    return posts


def rewrite(db: Session, post: Post, **words: str) -> base_texts.Carried:
    was = base_texts.together(db, post)
    assert was is not None
    service.revise(db, post, PostValues(**values_of(post) | words), actor=None, now=NOON)
    return base_texts.carry(db, post, was, actor=None, now=NOON)


def test_each_knows_what_it_says_of_its_own_and_who_says_the_same(db: Session) -> None:
    first, second, third = written(db, {}, {"text": "Mine"}, {"title": "Mine", "first_comment": ""})

    told = [base_texts.together(db, one) for one in (first, second, third)]

    assert [one and one.own for one in told] == [frozenset(), {"text"}, {"title", "first_comment"}]
    assert told[0] is not None and told[0].base == {"text": "One\ntwo", "title": "T", "first_comment": "C"}
    assert [(post, same) for post, same in told[0].others] == [(second, {"title", "first_comment"}), (third, {"text"})]
    assert told[0].following(["text"]) == [third]


def test_a_post_by_itself_has_none_and_what_is_over_is_none_of_them(db: Session) -> None:
    alone = make_post(db)
    assert base_texts.keep(db, [alone], FOR_ALL, now=NOON) is None
    assert base_texts.together(db, alone) is None
    first, second, third = written(db, {}, {}, {})
    service.cancel(db, second, actor=None, now=NOON)
    third.state, third.published_at = PostState.PUBLISHED, NOON

    told = base_texts.together(db, first)

    assert told is not None and (told.others, told.following()) == ([], [])


def test_the_words_for_all_change_where_they_are_said_and_stay_where_not(db: Session) -> None:
    first, second, third = written(db, {}, {"text": "Mine"}, {})

    carried = rewrite(db, first, text="New", title="New title")

    assert (carried.changed, carried.left) == ([second, third], [])
    assert [(one.text, one.title, one.first_comment) for one in (first, second, third)] == [
        ("New", "New title", "C"), ("Mine", "New title", "C"), ("New", "New title", "C"),
    ]  # fmt: skip
    told = base_texts.together(db, second)
    assert told is not None and (told.base["text"], told.own) == ("New", {"text"})


def test_a_change_of_one_alone_changes_no_other_and_is_its_own(db: Session) -> None:
    first, second = written(db, {}, {})

    service.revise(db, first, PostValues(**values_of(first) | {"text": "Mine"}), actor=None, now=NOON)

    told = base_texts.together(db, first)
    assert told is not None and (second.text, told.own) == ("One\ntwo", {"text"})
    assert rewrite(db, second, text="One\ntwo").changed == []


def test_words_of_its_own_are_not_carried_along(db: Session) -> None:
    first, second = written(db, {"first_comment": "Mine"}, {})

    assert rewrite(db, first, text="New").changed == [second]

    told = base_texts.together(db, first)
    assert told is not None and (second.text, second.first_comment, told.own) == ("New", "C", {"first_comment"})


def test_what_was_approved_asks_again_and_what_is_on_its_way_is_left_with_its_reason(db: Session, now: datetime) -> None:
    first, second, third = written(db, {}, {}, {})
    approver = make_user(db)
    service.submit(db, second, actor=None, now=now)
    service.approve(db, second, actor=approver, now=now)
    assert second.state is PostState.APPROVED
    third.state = PostState.SENDING
    db.flush()

    carried = rewrite(db, first, text="New")

    assert (carried.changed, second.text, second.state) == ([second], "New", PostState.IN_REVIEW)
    assert [(post, type(error)) for post, error in carried.left] == [(third, WrongState)]
    assert third.text == "One\ntwo"


def test_who_may_not_change_another_leaves_it_as_it_is(db: Session) -> None:
    first, second = written(db, {}, {})
    author = make_user(db, roles=("author",))
    first.author = author
    db.flush()
    was = base_texts.together(db, first)
    assert was is not None

    service.revise(db, first, PostValues(**values_of(first) | {"text": "New"}), actor=author, now=NOON)
    carried = base_texts.carry(db, first, was, actor=author, now=NOON)

    assert [(post, type(error)) for post, error in carried.left] == [(second, Forbidden)]
    assert second.text == "One\ntwo"
    with pytest.raises(Forbidden):
        service.revise(db, second, PostValues(text="New"), actor=author, now=NOON)
