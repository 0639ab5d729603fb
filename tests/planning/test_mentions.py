"""Mentions: what each platform gets, how it is counted, and what the rules say of the people named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName
from planner.channels import limits
from planner.channels.linkedin_text import escape, unescape
from planner.channels.port import Platform
from planner.core.errors import Refused
from planner.core.text import linkedin_length, x_length
from planner.people import service as register
from planner.people.rules import PersonValues
from planner.planning import mentions, queries, rules, service
from planner.planning.digest import content_digest, leaving_comment, leaving_text
from planner.planning.limits import length_of
from planner.planning.models import Post, PostState
from planner.planning.surroundings import surroundings
from tests.factories import NOON, make_asset, make_channel, make_person, make_post, make_user


@contextmanager
def asked_of(db: Session) -> Iterator[list[str]]:
    """Every statement that the database is asked meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.get_bind(), "before_cursor_execute", note)
    yield seen
    event.remove(db.get_bind(), "before_cursor_execute", note)


LIMITS = {Platform.X: limits.X, Platform.LINKEDIN: limits.LINKEDIN, Platform.YOUTUBE: limits.YOUTUBE}


def mentioning(db: Session, platform: Platform, text: str = "Thanks to {}, and on we go.", comment: str = "", **values: Any) -> Post:
    person = make_person(db, **({"name": "Jane Doe", "x_handle": "janedoe", "linkedin_urn": "urn:li:person:jd-1"} | values))
    mark = mentions.token(person)
    return make_post(db, channel=make_channel(db, platform=platform), text=text.format(mark), first_comment=comment.format(mark) if comment else "")


def codes(db: Session, post: Post) -> list[tuple[str, str, str]]:
    found = rules.findings(post, post.asset, None, post.channel, LIMITS.get(post.channel.platform), NOON, surroundings(db, post))
    return [(one.level, one.code, one.field) for one in found if one.code.startswith("mention")]


@pytest.mark.parametrize(
    ("platform", "text", "comment"),
    [
        (Platform.X, "Thanks to @janedoe, and on we go.", "By @janedoe"),
        (Platform.LINKEDIN, "Thanks to @[Jane Doe](urn:li:person:jd-1), and on we go.", "By Jane Doe"),
        (Platform.YOUTUBE, "Thanks to Jane Doe, and on we go.", "By Jane Doe"),
        (Platform.WEBHOOK, "Thanks to Jane Doe, and on we go.", "By Jane Doe"),
        (Platform.BY_HAND, "Thanks to Jane Doe, and on we go.", "By Jane Doe"),
    ],
)
def test_each_platform_gets_a_mention_in_its_own_form(db: Session, platform: Platform, text: str, comment: str) -> None:
    post = mentioning(db, platform, comment="By {}")

    assert (leaving_text(post, post.channel), leaving_comment(post, post.channel)) == (text, comment)


@pytest.mark.parametrize("name", ["Example Group", "Doe (Paris) & Co", "5G_Lab *fr*", "Société Générale"])
def test_linkedin_s_own_name_stands_in_its_markup_and_comes_back_whole(db: Session, name: str) -> None:
    post = mentioning(db, Platform.LINKEDIN, linkedin_urn="urn:li:organization:42", linkedin_name=name, name="Our partner")

    text = leaving_text(post, post.channel)
    sent = escape(text)

    assert text == f"Thanks to @[{name}](urn:li:organization:42), and on we go."
    assert sent.count("@[") == 1 and "](urn:li:organization:42)" in sent
    assert unescape(sent) == text
    assert mentions.shown(text) == f"Thanks to {name}, and on we go."


def test_the_length_is_that_of_what_leaves(db: Session) -> None:
    on_x, on_linkedin = mentioning(db, Platform.X), mentioning(db, Platform.LINKEDIN)

    assert length_of(on_x, on_x.asset, on_x.channel) == x_length("Thanks to @janedoe, and on we go.")
    assert length_of(on_linkedin, on_linkedin.asset, on_linkedin.channel) == linkedin_length("Thanks to @[Jane Doe](urn:li:person:jd-1), and on we go.")


def test_a_text_that_fits_only_with_the_handle_fits(db: Session) -> None:
    post = mentioning(db, Platform.X, text="{} " + "a" * 270)
    found = rules.findings(post, post.asset, None, post.channel, limits.X, NOON)

    assert len(post.text) > 280
    assert [one.code for one in found if one.code == "too_long"] == []


@pytest.mark.parametrize(
    ("platform", "values", "told"),
    [
        (Platform.X, {}, []),
        (Platform.X, {"x_handle": ""}, [("warning", "mention_plain", "text")]),
        (Platform.LINKEDIN, {"linkedin_urn": ""}, [("warning", "mention_plain", "text")]),
        (Platform.YOUTUBE, {"x_handle": "", "linkedin_urn": ""}, []),
        (Platform.X, {"may_be_named": None}, [("warning", "mention_unasked", "text")]),
        (Platform.X, {"may_be_named": False}, [("blocking", "mention_refused", "text")]),
        (Platform.YOUTUBE, {"may_be_named": False}, [("blocking", "mention_refused", "text")]),
    ],
)
def test_the_rules_say_what_stands_in_the_way_of_a_mention(db: Session, platform: Platform, values: dict[str, Any], told: list[tuple[str, str, str]]) -> None:
    assert codes(db, mentioning(db, platform, **values)) == told


def test_a_mention_in_a_comment_is_judged_there_and_linkedin_needs_no_number_for_it(db: Session) -> None:
    post = mentioning(db, Platform.LINKEDIN, text="Thanks.", comment="By {}", linkedin_urn="", may_be_named=None)

    assert codes(db, post) == [("warning", "mention_unasked", "first_comment")]


def test_who_was_taken_out_of_the_register_leaves_the_name_and_blocks(db: Session) -> None:
    post = mentioning(db, Platform.X)
    person = next(iter(mentions.mentioned(post.text, post.channel).values()))
    register.remove(db, person, actor=None, now=NOON)

    assert leaving_text(post, post.channel) == "Thanks to Jane Doe, and on we go."
    assert codes(db, post) == [("blocking", "mention_gone", "text")]


def test_who_said_no_since_is_held_before_sending(db: Session) -> None:
    post = mentioning(db, Platform.X)
    person = next(iter(mentions.mentioned(post.text, post.channel).values()))
    assert rules.before_sending(post, post.asset, None, post.channel, limits.X, surroundings(db, post), NOON) == []

    register.edit(db, person, PersonValues("Jane Doe", x_handle="janedoe", may_be_named=False), actor=None, now=NOON)

    assert [one.code for one in rules.before_sending(post, post.asset, None, post.channel, limits.X, surroundings(db, post), NOON)] == ["mention_refused"]


def test_a_handle_that_changes_is_another_content_and_a_note_is_not(db: Session) -> None:
    post = mentioning(db, Platform.X, comment="By {}")
    person = next(iter(mentions.mentioned(post.text, post.channel).values()))
    before = content_digest(post, post.asset, post.channel)

    register.edit(db, person, PersonValues("Jane Doe", x_handle="janedoe", may_be_named=True, note="Met in May."), actor=None, now=NOON)
    assert content_digest(post, post.asset, post.channel) == before
    register.edit(db, person, PersonValues("Jane Doe", x_handle="jane_doe", may_be_named=True), actor=None, now=NOON)
    assert content_digest(post, post.asset, post.channel) != before


def test_a_text_without_a_mention_keeps_its_digest_and_asks_nothing(db: Session) -> None:
    post = make_post(db, text="Write to @janedoe (person: 12)", asset=make_asset(db))
    channel, asset = post.channel, post.asset

    with asked_of(db) as asked:
        assert leaving_text(post, channel) == "Write to @janedoe (person: 12)"
        content_digest(post, asset, channel)
    assert asked == []


def test_the_register_is_read_once_for_a_text_with_many_mentions(db: Session) -> None:
    people = [make_person(db) for _one in range(5)]
    post = make_post(db, text=" ".join(map(mentions.token, people)))
    channel = post.channel
    db.flush()
    for one in people:
        db.expunge(one)

    with asked_of(db) as asked:
        for _again in range(3):
            kept = mentions.mentioned(post.text, channel)
            leaving_text(post, channel)
    assert len(kept) == 5 and len(asked) == 1


@pytest.mark.parametrize("text", ["@[](person:1)", "@[Jane](person:)", "@[Jane](person:1234567890123456789)", "@[a\nb](person:1)", "@[Jane] (person:1)", "](person:1)"])
def test_what_is_no_mark_stays_as_it_is(db: Session, text: str) -> None:
    assert mentions.spoken(text, Platform.X, make_channel(db)) == text


def test_an_entry_stays_while_a_post_that_has_not_gone_out_mentions_it(db: Session) -> None:
    post = mentioning(db, Platform.X)
    person = next(iter(mentions.mentioned(post.text, post.channel).values()))

    with pytest.raises(Refused) as refused:
        mentions.check_removal(db, person)
    assert refused.value.params == {"post": post.id}
    post.state = PostState.CANCELLED
    db.flush()
    mentions.check_removal(db, person)


def test_an_embargoed_name_is_found_through_a_mention(db: Session) -> None:
    make_asset(db, embargo_terms=["Northwind"], embargo_until=NOON + timedelta(days=9))
    post = mentioning(db, Platform.LINKEDIN, name="Northwind", linkedin_urn="urn:li:organization:7")
    author = make_user(db, roles=(RoleName.PLANNER,))

    with pytest.raises(Refused, match="may not be mentioned"):
        service.submit(db, queries.post(db, post.id, viewer=author), actor=author, now=NOON)
