"""Mentions in a post's words: `@[Jane Doe](person:12)` names an entry of the register, and each platform gets it in its own form.

X gets `@handle`; LinkedIn `@[Name](urn:li:…)` under the name it has there (its “little text”); everywhere else, and where no handle is known,
the name leaves as it is. What leaves is part of what is approved, so a handle that changes asks again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, object_session

from planner.channels.port import Platform
from planner.core.errors import Refused
from planner.core.i18n import N_
from planner.people.person_models import Person
from planner.people.queries import persons
from planner.planning.findings import Finding
from planner.planning.models import Post
from planner.planning.states import OPEN

__all__ = ["MARKED", "check_removal", "mention_findings", "mentioned", "named", "shown", "spoken", "token", "wire"]

MARKED = re.compile(r"@\[(?P<name>[^\[\]\r\n]{1,200})\]\(person:(?P<number>\d{1,18})\)")

_LINKEDIN = re.compile(r"@\[(?P<name>[^\[\]\r\n]+)\]\(urn:li:(?:organization|person):[\w-]+\)")


def token(person: Person) -> str:
    """What stands in a text for this person."""
    return f"@[{person.name}](person:{person.id})"


def wire(person: Person, platform: Platform, *, comment: bool = False) -> str:
    """How a platform is told of them. comment -- in a first comment, which on LinkedIn is plain text."""
    if platform is Platform.X and person.x_handle:
        return f"@{person.x_handle}"
    if platform is Platform.LINKEDIN and person.linkedin_urn and not comment:
        return f"@[{person.called_on_linkedin}]({person.linkedin_urn})"
    return person.name


def spoken(text: str, platform: Platform, thing: Any, *, comment: bool = False) -> str:
    """The text with every mention in the platform's form; of somebody who is not in the register any more the name stays.

    thing -- any row of the session in which the register is read: a post's channel.
    """
    if "](person:" not in text:
        return text
    known = mentioned(text, thing)
    return MARKED.sub(lambda one: wire(known[number], platform, comment=comment) if (number := int(one["number"])) in known else one["name"], text)


def named(text: str) -> str:
    """The text with the names alone, for people to read."""
    return MARKED.sub(lambda one: one["name"], text) if "](person:" in text else text


def shown(leaving: str) -> str:
    """A text that leaves, as its readers see it: of LinkedIn's own form the name remains."""
    return _LINKEDIN.sub(lambda one: one["name"], leaving) if "](urn:li:" in leaving else leaving


def mentioned(text: str, thing: Any) -> dict[int, Person]:
    """The entries a text mentions, by number, as far as they are there. One statement at most, none for a text without mentions."""
    numbers = {int(one["number"]) for one in MARKED.finditer(text)}
    db = object_session(thing) if numbers else None
    return persons(db, numbers) if db is not None else {}


def mention_findings(post: Post, channel: Any) -> Iterator[Finding]:
    """What is to be said of the people a post mentions: gone, not to be named, not asked, without a handle here."""
    for field, text in (("text", post.text or ""), ("first_comment", post.first_comment or "")):
        known = mentioned(text, channel)
        for number, name in {int(one["number"]): one["name"] for one in MARKED.finditer(text)}.items():
            yield from _of(known.get(number), name, channel.platform, field)


def check_removal(db: Session, person: Person) -> None:
    """Raise Refused while a post that has not gone out mentions them, naming one."""
    mark = f"](person:{person.id})"
    found = db.execute(
        select(Post.id).where(Post.state.in_(OPEN), or_(Post.text.contains(mark, autoescape=True), Post.first_comment.contains(mark, autoescape=True))).order_by(Post.id).limit(1)
    ).scalar()
    if found is not None:
        raise Refused(N_("Post %(post)s mentions this person and has not gone out yet. Take the mention out of it first."), post=found)


def _of(person: Person | None, name: str, platform: Platform, field: str) -> Iterator[Finding]:
    if person is None:
        yield Finding("blocking", "mention_gone", N_("“%(name)s” is not in the register of people any more. Mention somebody who is, or write the name alone."), {"name": name}, field)
        return
    params: Mapping[str, Any] = {"name": person.name}
    if person.may_be_named is False:
        yield Finding("blocking", "mention_refused", N_("“%(name)s” does not want to be named. Take the mention out."), dict(params), field)
    elif person.may_be_named is None:
        yield Finding("warning", "mention_unasked", N_("Nobody noted whether “%(name)s” agreed to be named. Ask, and note the answer in the register of people."), dict(params), field)
    if platform is Platform.X and not person.x_handle:
        yield Finding("warning", "mention_plain", N_("“%(name)s” has no X handle in the register, so the name leaves without a link to them. Add the handle there, or leave it so."), dict(params), field)
    elif platform is Platform.LINKEDIN and not person.linkedin_urn and field == "text":
        yield Finding("warning", "mention_plain", N_("“%(name)s” has no LinkedIn number in the register, so the name leaves without a link to them. Add the number there, or leave it so."), dict(params), field)


