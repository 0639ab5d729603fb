"""Variants of a post: a group that is kept together, what its members differ in, and how one leaves it."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from planner.core.errors import Refused, WrongState
from planner.planning import service, variants
from planner.planning.models import Post, PostState
from tests.factories import make_asset, make_campaign, make_post


def group(db: Session, post: Post) -> list[tuple[int, tuple[str, ...]]]:
    return [(one.post.id, one.differs) for one in variants.of_post(db, post)]


def test_a_variant_says_the_same_until_it_is_changed_and_has_no_time_yet(db: Session, now: datetime) -> None:
    first = make_post(db, text="A", title="T", link="https://example.com/a", campaign=make_campaign(db), marks={"source": "x", "medium": "social", "campaign": "c"})

    second = variants.make(db, first, actor=None, now=now)
    third = variants.make(db, second, actor=None, now=now)

    assert (second.state, second.publish_at, second.text, second.campaign, second.marks) == (PostState.DRAFT, None, "A", first.campaign, first.marks)
    assert (second.variant_of_id, third.variant_of_id) == (first.id, first.id)
    third.text, third.title = "C", "Other"
    assert group(db, first) == [(second.id, ()), (third.id, ("text", "title"))]
    assert group(db, third) == [(first.id, ("text", "title")), (second.id, ("text", "title"))]


def test_an_empty_title_and_the_asset_s_are_the_same_title(db: Session, now: datetime) -> None:
    first = make_post(db, asset=make_asset(db, title="The paper"))
    second = variants.make(db, first, actor=None, now=now)
    second.title = "The paper"

    assert group(db, first) == [(second.id, ())]


def test_the_first_may_leave_and_the_others_stay_together(db: Session, now: datetime) -> None:
    first = make_post(db)
    second, third = variants.make(db, first, actor=None, now=now), variants.make(db, first, actor=None, now=now)

    variants.leave(db, first, actor=None, now=now)

    assert (group(db, first), group(db, second), second.variant_of_id) == ([], [(third.id, ())], None)
    with pytest.raises(WrongState):
        variants.leave(db, first, actor=None, now=now)


def test_a_cancelled_post_has_none_and_a_sensitive_asset_gets_none(db: Session, now: datetime) -> None:
    first = make_post(db)
    service.cancel(db, variants.make(db, first, actor=None, now=now), actor=None, now=now)
    service.cancel(db, first, actor=None, now=now)
    assert group(db, first) == []
    with pytest.raises(WrongState):
        variants.make(db, first, actor=None, now=now)
    with pytest.raises(Refused):
        variants.make(db, make_post(db, asset=make_asset(db, sensitive=True)), actor=None, now=now)
