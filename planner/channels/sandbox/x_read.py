"""Pretend X: an account's own posts, what people answered, and search over the last seven days."""

from __future__ import annotations

import base64
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from werkzeug.wrappers import Response

from planner.channels.sandbox import accounts, numbers, posts
from planner.channels.sandbox.accounts import Account
from planner.channels.sandbox.people import Person, is_french
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.reactions import Reaction, reactions
from planner.channels.sandbox.wire import Budget, Call, Routes, answer, instant
from planner.channels.sandbox.x import with_includes
from planner.channels.sandbox.x_search import BadQuery, Candidate, Test, parse
from planner.channels.sandbox.x_wire import (
    dressed,
    fields,
    invalid,
    names,
    not_found,
    post_fields,
    rfc3339,
    snowflake,
    trouble,
    user_object,
)  # fmt: skip

__all__ = ["routes"]

routes = Routes("x", trouble)
_READ = ("tweet.read",)
_QUARTER = 900
_MOST_TOLD = 800  # a listing of mentions ends there, however many pages are asked for


@dataclass(frozen=True, slots=True)
class _Page:
    """Which part of a listing is wanted."""

    size: int
    offset: int
    since: datetime | None
    until: datetime | None

    def meta(self, ids: list[str], more: bool) -> dict[str, Any]:
        told: dict[str, Any] = {"result_count": len(ids)}
        if ids:
            told |= {"newest_id": ids[0], "oldest_id": ids[-1]}
        if more:
            told["next_token"] = _token(self.offset + self.size)
        if self.offset:
            told["previous_token"] = _token(max(self.offset - self.size, 0))
        return told


@routes("GET", "/2/users/<user_id>/tweets", "x.list", scopes=_READ, listing=True, budget=Budget("list", 900, _QUARTER))
def users_posts(call: Call) -> Response:
    page = _page(call, 5)
    excluded = fields(call, "exclude")
    with call.reading() as db:
        if _unknown_user(db, call):
            return answer({"errors": [not_found(call.args["user_id"], "id", "user")]})
        found = posts.listed(
            db, "x", call.args["user_id"], call.now, lag=call.lag, since=page.since, until=page.until
        )
        if "replies" in excluded:
            found = [post for post in found if not post.body.get("reply_to")]
        found = _between(call, found)
        shown = found[page.offset : page.offset + page.size]
        body = with_includes(db, call, shown)
    if not shown:
        body.pop("data")
    return answer({**body, "meta": page.meta([post.id for post in shown], len(found) > page.offset + page.size)})


@routes(
    "GET", "/2/users/<user_id>/mentions", "x.mentions", scopes=_READ, listing=True, budget=Budget("mentions", 300, _QUARTER)
)
def mentions(call: Call) -> Response:
    page = _page(call, 5)
    with call.reading() as db:
        if _unknown_user(db, call):
            return answer({"errors": [not_found(call.args["user_id"], "id", "user")]})
        said = _said(db, call, call.args["user_id"], timedelta(days=60))
    since_id, until_id = call.query("since_id"), call.query("until_id")
    said = [
        one
        for one in said
        if _within(one.at, page)
        and (not since_id or int(_reply_id(one)) > int(since_id))
        and (not until_id or int(_reply_id(one)) < int(until_id))
    ][:_MOST_TOLD]
    return _tell_said(call, said, page)


@routes("GET", "/2/tweets/search/recent", "x.search", scopes=_READ, listing=True, budget=Budget("search", 300, _QUARTER))
def search(call: Call) -> Response:
    page = _page(call, 10)
    query = call.query("query")
    try:
        test = parse(query)
    except BadQuery as error:
        raise invalid(f"Invalid query: {error}.", "query", query[:100]) from error
    week = call.now - timedelta(days=7)
    with call.reading() as db:
        owners = {one.id: one for one in accounts.all_accounts(db, "x")}
        ours = [
            post
            for post in posts.listed(db, "x", None, call.now, lag=call.lag, since=week)
            if _matches(call, post, owners[post.account], test)
        ]
        said = [one for owner in owners for one in _said(db, call, owner, timedelta(days=7))]
        said = [one for one in said if one.at >= week and test(_heard(one, owners[one.post.account]))]
        body = with_includes(db, call, [post for post in ours if _within(post.created_at, page)])
    replies = _told_said(call, [one for one in said if _within(one.at, page)], owners)
    rows = [*body["data"], *replies["data"]]
    rows.sort(key=lambda row: int(row["id"]), reverse=True)
    shown = rows[page.offset : page.offset + page.size]
    told: dict[str, Any] = {"data": shown} if shown else {}
    users = [*body.get("includes", {}).get("users", []), *replies.get("includes", {}).get("users", [])]
    if users:
        told["includes"] = {"users": list({user["id"]: user for user in users}.values())}
    return answer({**told, "meta": page.meta([row["id"] for row in shown], len(rows) > page.offset + page.size)})


def _said(db: sqlite3.Connection, call: Call, user_id: str, back: timedelta) -> list[Reaction]:
    """What people answered to an account's posts of the last while, newest first."""
    recent = posts.listed(db, "x", user_id, call.now, lag=call.lag, limit=200)
    said = [
        one
        for post in recent
        for one in reactions(post, call.seed, call.line, call.now, latest=_MOST_TOLD)
        if one.at >= call.now - back
    ]
    return sorted(said, key=lambda one: one.at, reverse=True)


def _tell_said(call: Call, said: list[Reaction], page: _Page) -> Response:
    with call.reading() as db:
        owners = {one.id: one for one in accounts.all_accounts(db, "x")}
    shown = said[page.offset : page.offset + page.size]
    body = _told_said(call, shown, owners)
    ids = [row["id"] for row in body["data"]]
    if not shown:
        body.pop("data")
    return answer({**body, "meta": page.meta(ids, len(said) > page.offset + page.size)})


def _told_said(call: Call, said: list[Reaction], owners: dict[str, Account]) -> dict[str, Any]:
    name, wanted = names(call), post_fields(call)
    body: dict[str, Any] = {"data": [_reply_object(one, owners[one.post.account], wanted, call) for one in said]}
    if "author_id" in fields(call, "expansions") and said:
        shown = fields(call, "user.fields")
        people = {one.person.number: one for one in said}
        body["includes"] = {
            "users": [
                user_object(_account(one.person, one.post.created_at), call.line.at(call.now), 900, shown, name)
                | ({"description": one.person.bio} if "description" in shown else {})
                for one in people.values()
            ]
        }
    return body


def _reply_object(one: Reaction, owner: Account, wanted: set[str], call: Call) -> dict[str, Any]:
    name = names(call)
    post_id = _reply_id(one)
    text, entities = dressed(f"@{owner.handle} {one.text}", post_id, one.person.handle, ())
    told: dict[str, Any] = {"id": post_id, "text": text, name.history: [post_id]}
    likes = int(6 * numbers.fraction("likes", post_id) ** 3)
    optional: dict[str, Any] = {
        "author_id": _user_id(one.person),
        "created_at": rfc3339(one.at),
        "conversation_id": one.post.id,
        "in_reply_to_user_id": owner.id,
        "lang": "fr" if is_french(one.post.text) else "en",
        "entities": entities,
        name.referenced: [{"type": "replied_to", "id": one.post.id}],
        "public_metrics": {
            name.reposts: likes // 3, "reply_count": 0, "like_count": likes, "quote_count": 0, "bookmark_count": 0,
            "impression_count": 20 + one.person.followers // 12,
        },
    }  # fmt: skip
    told.update({field: value for field, value in optional.items() if field in wanted})
    return told


def _reply_id(one: Reaction) -> str:
    return snowflake(one.at, numbers.whole("reply", one.post.id, one.number))


def _user_id(someone: Person) -> str:
    return str(1_000_000_000 + someone.number)


def _account(someone: Person, at: datetime) -> Account:
    return Account("x", _user_id(someone), "", someone.name, someone.handle, someone.followers, at)


def _heard(one: Reaction, owner: Account) -> Candidate:
    return Candidate(
        text=f"@{owner.handle} {one.text}", author=one.person.handle, conversation=one.post.id, is_reply=True,
        lang="fr" if is_french(one.post.text) else "en", reply_to=owner.handle,
    )  # fmt: skip


def _matches(call: Call, post: Post, owner: Account, test: Test) -> bool:
    fate, age = post.fate(call.seed), post.age(call.line, call.now)
    counts = {"likes": fate.count("likes", age), "replies": fate.count("comments", age), "reposts": fate.count("shares", age)}
    conversation = post.body.get("conversation") or post.id
    return test(
        Candidate(post.text, owner.handle, conversation, bool(post.body.get("reply_to")), counts, post.body.get("lang", "en"))
    )


def _unknown_user(db: sqlite3.Connection, call: Call) -> bool:
    user_id = call.args["user_id"]
    if not (user_id.isdigit() and len(user_id) <= 19):
        raise invalid("The `id` must be a numeric user id.", "id", user_id[:40])
    return accounts.account(db, "x", user_id) is None


def _between(call: Call, found: list[Post]) -> list[Post]:
    since_id, until_id = call.query("since_id"), call.query("until_id")
    return [
        post
        for post in found
        if (not since_id or int(post.id) > int(since_id)) and (not until_id or int(post.id) < int(until_id))
    ]


def _within(at: datetime, page: _Page) -> bool:
    return (page.since is None or at >= page.since) and (page.until is None or at < page.until)


def _page(call: Call, smallest: int) -> _Page:
    raw = call.query("max_results", "10")
    if not (raw.isdigit() and smallest <= int(raw) <= 100):
        raise invalid(f"The `max_results` query parameter must lie between {smallest} and 100.", "max_results", raw[:20])
    for name in ("since_id", "until_id"):
        if call.query(name) and not call.query(name).isdigit():
            raise invalid(f"The `{name}` query parameter is not a post id.", name, call.query(name)[:40])
    token = call.query("pagination_token") or call.query("next_token")
    return _Page(int(raw), _offset(token), _time(call, "start_time"), _time(call, "end_time"))


def _time(call: Call, name: str) -> datetime | None:
    raw = call.query(name)
    if not raw:
        return None
    value = instant(raw.replace(" ", "+"))
    if value is None:
        raise invalid(f"The `{name}` query parameter is not an RFC 3339 moment.", name, raw[:40])
    return value


def _token(offset: int) -> str:
    return base64.urlsafe_b64encode(f"o{offset}".encode()).decode().rstrip("=")


def _offset(token: str) -> int:
    if not token:
        return 0
    try:
        plain = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        return int(plain.removeprefix("o"))
    except ValueError as error:
        raise invalid("The pagination token is not one of ours.", "pagination_token", token[:40]) from error
