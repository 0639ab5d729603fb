"""The marks in a post's link: usual ones, chosen ones, none; what leaves, what an approval binds, and the short address in its place."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import AssetKind
from planner.channels.limits import X
from planner.channels.port import Platform
from planner.core.errors import Invalid, Refused
from planner.planning import rules, service
from planner.planning.digest import leaving_text
from planner.planning.marks import leaving_link
from planner.planning.models import Post, ShortLink
from planner.planning.values import PostValues
from tests.factories import make_asset, make_campaign, make_channel, make_user

PAGE = "https://example.com/paper"


def planned(db: Session, now: datetime, *, platform: Platform = Platform.X, config: dict[str, object] | None = None, kind: AssetKind = AssetKind.BLOG_POST, **values: object) -> Post:
    given = {"text": "Read it.", "link": PAGE, "publish_at": now + timedelta(days=1), **values}
    channel = make_channel(db, platform=platform, config=config or {})
    return service.plan(db, make_asset(db, kind=kind), channel, PostValues(**given), actor=None, now=now)  # type: ignore[arg-type]


def test_a_new_post_gets_the_usual_marks_and_its_number(db: Session, now: datetime) -> None:
    post = planned(db, now, campaign_id=make_campaign(db, name="Été 5G !").id)

    assert leaving_link(post) == f"{PAGE}?utm_source=x&utm_medium=social&utm_campaign=ete-5g&utm_content=post-{post.id}"
    assert leaving_text(post, post.channel) == f"Read it. {leaving_link(post)}"


@pytest.mark.parametrize(
    ("values", "leaves"),
    [
        ({"marks": {}}, PAGE),
        ({"marks": {"source": "paper", "campaign": ""}}, PAGE + "?utm_source=paper&utm_medium=social&utm_content=post-{}"),
        ({"link": f"{PAGE}?utm_source=agency"}, f"{PAGE}?utm_source=agency"),
        ({"kind": AssetKind.PRESS_ARTICLE}, PAGE),
        ({"config": {"marks_links": False}}, PAGE),
        ({"platform": Platform.WEBHOOK}, PAGE),
    ],
)
def test_what_was_chosen_what_was_typed_and_what_the_channel_says_come_first(db: Session, now: datetime, values: dict[str, object], leaves: str) -> None:
    post = planned(db, now, **values)  # type: ignore[arg-type]

    assert leaving_link(post) == leaves.format(post.id)


def test_the_link_within_the_text_is_marked_where_it_stands_and_a_longer_one_is_let_be(db: Session, now: datetime) -> None:
    post = planned(db, now, text=f"See {PAGE}. Not {PAGE}/2", marks={"source": "x", "medium": "m", "campaign": "c"})

    assert leaving_text(post, post.channel) == f"See {leaving_link(post)}. Not {PAGE}/2"


def test_an_approval_binds_the_marks_and_a_campaign_that_changes_takes_the_usual_ones_along(db: Session, now: datetime) -> None:
    post, spring = planned(db, now), make_campaign(db, name="Spring")
    before = rules.content_digest(post, post.asset, post.channel)

    service.revise(db, post, PostValues(text="Read it.", link=PAGE, publish_at=post.publish_at, campaign_id=spring.id), actor=None, now=now)

    assert post.marks == {"source": "x", "medium": "social", "campaign": "spring"}
    assert rules.content_digest(post, post.asset, post.channel) != before


def test_a_mark_that_names_what_is_under_embargo_is_a_leak(db: Session, now: datetime) -> None:
    make_asset(db, title="Secret", embargo_until=now + timedelta(days=9), embargo_terms=["Falcon"])
    post = planned(db, now, platform=Platform.LINKEDIN, marks={"campaign": "falcon"})

    with pytest.raises(Refused, match="Falcon"):
        service.submit(db, post, actor=None, now=now)


def test_a_mark_nobody_knows_or_that_is_too_long_is_refused(db: Session, now: datetime) -> None:
    for marks in ({"term": "x"}, {"source": "x" * 101}):
        with pytest.raises(Invalid):
            planned(db, now, marks=marks)


def test_a_channel_that_shortens_sends_its_short_link_and_counts_it_as_a_link(db: Session, now: datetime) -> None:
    author = make_user(db, roles=("planner",))
    post = planned(db, now, config={"short_links": True}, text="a" * 256)
    (code,) = db.scalars(select(ShortLink.code)).all()

    assert (post.short_code, leaving_link(post, "https://plan.example/")) == (code, f"https://plan.example/l/{code}")
    assert not rules.blocking(rules.findings(post, post.asset, None, post.channel, X, now))

    post.channel.config = {}
    service.submit(db, post, actor=author, now=now)
    assert (post.short_code, leaving_link(post, "https://plan.example")) == ("", leaving_link(post))
