"""Keeping what is being written, so that a closed tab loses nothing, and the templates of posts. None commits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import Entry, User
from planner.accounts.rules import require
from planner.catalog.models import Asset, Confidentiality
from planner.core.errors import Invalid, NotFound, Refused
from planner.core.i18n import N_
from planner.core.paging import Page, encode_cursor, name_and_number
from planner.core.seeking import holding
from planner.planning.models import Post
from planner.planning.writing_models import KeptText, PostTemplate

__all__ = ["LONGEST_KEPT", "add_template", "discard", "filled", "keep", "kept", "put_back_template", "remove_template", "template", "template_names", "templates"]

#: Characters that one form may hold; more than any form of ours can.
LONGEST_KEPT = 200_000
#: What nobody came back to for this long is not offered any more.
_OFFERED_FOR = timedelta(days=30)
_PLACE = re.compile(r"\{(title|summary|link)\}")


def keep(db: Session, user: User, what: str, values: Mapping[str, list[str]], *, version: int | None, now: datetime) -> None:
    """Keep a form as it is typed, in place of what was kept of it before. Raises Invalid for more than any form holds."""
    if sum(len(name) + sum(map(len, given)) for name, given in values.items()) > LONGEST_KEPT:
        raise Invalid(N_("That is too long."))
    insert = (postgresql if db.get_bind().dialect.name == "postgresql" else sqlite).insert(KeptText)
    told = {"version": version, "values": dict(values), "kept_at": now}
    db.execute(insert.values(user_id=user.id, what=what, **told).on_conflict_do_update(index_elements=["user_id", "what"], set_=told))


def kept(db: Session, user: User, what: str, *, now: datetime) -> KeptText | None:
    """What this person had typed there and not saved."""
    return db.scalar(select(KeptText).where(KeptText.user_id == user.id, KeptText.what == what, KeptText.kept_at > now - _OFFERED_FOR))


def discard(db: Session, user: User, what: str) -> None:
    """Forget it: it was saved, or is not wanted."""
    db.execute(delete(KeptText).where(KeptText.user_id == user.id, KeptText.what == what))


def templates(db: Session, *, sought: str = "", cursor: str | None = None, limit: int = 50) -> Page[PostTemplate]:
    """By name, a page at a time; `sought`: every word of it is in the name or the text. One statement, one more where a page follows."""
    name = func.lower(PostTemplate.name)
    query = select(PostTemplate).where(*holding(sought, PostTemplate.name, PostTemplate.text)).order_by(name, PostTemplate.id).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(name, PostTemplate.id) > name_and_number(cursor))
    found = list(db.scalars(query))
    more, found = len(found) > limit, found[:limit]
    return Page(found, encode_cursor(db.scalar(select(func.lower(found[-1].name))), found[-1].id) if more else None)


def template_names(db: Session, *, chosen: int | None = None, limit: int = 50) -> list[tuple[int, str]]:
    """Number and name of the first ones by name, and of the chosen one. One statement."""
    own = chosen if chosen is not None and 0 < chosen < 2**63 else 0
    first = select(PostTemplate.id).order_by(func.lower(PostTemplate.name), PostTemplate.id).limit(limit)
    query = select(PostTemplate.id, PostTemplate.name).where(or_(PostTemplate.id.in_(first), PostTemplate.id == own))
    return [(row.id, row.name) for row in db.execute(query.order_by(func.lower(PostTemplate.name), PostTemplate.id))]


def template(db: Session, template_id: int) -> PostTemplate:
    """Raises NotFound."""
    found = db.get(PostTemplate, template_id) if 0 < template_id < 2**63 else None
    if found is None:
        raise NotFound()
    return found


def add_template(db: Session, name: str, post: Post, *, actor: User | None, now: datetime) -> PostTemplate:
    """Keep a post's words as a template; where they say the asset's title or link, those become places.

    Raises Invalid for a name that is taken, Refused for confidential words: whoever writes posts reads every template.
    """
    require(actor, "post.edit", post)
    if post.asset.confidentiality is Confidentiality.CONFIDENTIAL:
        raise Refused(N_("Confidential words are not kept as a template: everybody who writes posts could read them."))
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise Invalid(N_("Give it a name of at most 80 characters."), field="name")
    _check_name(db, name)
    made = PostTemplate(
        name=name, text=_with_places(post.text, post), first_comment=_with_places(post.first_comment, post), tags=list(post.tags or []),
        made_by_id=actor.id if actor else None, made_at=now,
    )  # fmt: skip
    db.add(made)
    db.flush()
    history.record(db, actor, "template.added", made, now=now, became={"name": name}, name=history.COMMAND_LINE)
    return made


def remove_template(db: Session, made: PostTemplate, *, actor: User | None, now: datetime) -> Entry:
    """Remove a template; posts that began with it stay. Its line of history, which `put_back_template` takes."""
    require(actor, "template.remove")
    was = {"name": made.name, "text": made.text, "first_comment": made.first_comment, "tags": made.tags, "made_by_id": made.made_by_id, "made_at": made.made_at}
    entry = history.record(db, actor, "template.removed", made, now=now, was=was, name=history.COMMAND_LINE)
    db.delete(made)
    db.flush()
    return entry


def put_back_template(db: Session, entry_id: int, *, actor: User | None, now: datetime) -> PostTemplate:
    """A removed template again, with the words it had. Raises NotFound for a line that tells of none, Invalid once another has its name."""
    require(actor, "template.remove")
    entry = db.get(Entry, entry_id) if 0 < entry_id < 2**63 else None
    was = entry.was or {} if entry is not None and entry.action == "template.removed" else {}
    if "made_at" not in was:
        raise NotFound()
    _check_name(db, was["name"])
    by = db.get(User, was["made_by_id"]) if was["made_by_id"] is not None else None
    made = PostTemplate(
        name=was["name"], text=was["text"], first_comment=was["first_comment"], tags=was["tags"], made_by_id=by.id if by else None,
        made_at=datetime.fromisoformat(was["made_at"]),
    )  # fmt: skip
    db.add(made)
    db.flush()
    history.record(db, actor, "template.put_back", made, now=now, became={"name": made.name}, name=history.COMMAND_LINE)
    return made


def _check_name(db: Session, name: str) -> None:
    if db.scalar(select(PostTemplate.id).where(func.lower(PostTemplate.name) == func.lower(name))) is not None:
        raise Invalid(N_("There is already a template called “%(name)s”."), field="name", name=name)


def filled(text: str, asset: Asset | None) -> str:
    """A template's text about this asset; without one the places stay."""
    if asset is None:
        return text
    told = {"title": asset.title, "summary": asset.summary, "link": asset.url}
    return _PLACE.sub(lambda place: told[place[1]], text)


def _with_places(text: str, post: Post) -> str:
    for words, place in ((post.asset.title, "{title}"), (post.link, "{link}")):
        if len(words) > 3:
            text = text.replace(words, place)
    return text
