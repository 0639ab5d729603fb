"""Pretend LinkedIn: comments under a post, reactions to it, and who the person behind a token is."""

from __future__ import annotations

import base64
import secrets
from typing import Any

from werkzeug.wrappers import Response

from planner.channels.sandbox import numbers, posts, things
from planner.channels.sandbox.accounts import member
from planner.channels.sandbox.linkedin_wire import gate, identifiers, millis, organization, page_of, refuse, trouble
from planner.channels.sandbox.people import person
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.reactions import Reaction, reactions
from planner.channels.sandbox.things import Thing
from planner.channels.sandbox.wire import Call, Routes, answer

__all__ = ["profile", "routes"]

routes = Routes("linkedin", trouble, gate)
#: OpenID's user information needs no version header.
profile = Routes("linkedin", trouble)

_READ = ("r_organization_social_feed", "r_organization_social")
_WRITE = ("w_organization_social_feed", "w_organization_social")
_LONGEST = 1250
_MOST_TOLD = 1000  # more comments than any pretend post gets
_REACTIONS = (("LIKE", 0.72), ("PRAISE", 0.13), ("INTEREST", 0.08), ("APPRECIATION", 0.04), ("EMPATHY", 0.03))


@routes("GET", "/rest/socialActions/<urn>/comments", "linkedin.comments", scopes=_READ)
def comments(call: Call) -> Response:
    start, count = page_of(call)
    post = _post(call)
    with call.reading() as db:
        own = things.children(db, "linkedin", "comment", post.id)
    elements = [*(_invented(one) for one in reactions(post, call.seed, call.line, call.now, latest=_MOST_TOLD)), *(_own(post, one) for one in own)]
    if not elements:
        refuse(404, f"No comments found for {post.id}", "NOT_FOUND")
    elements.sort(key=lambda one: one["created"]["time"], reverse=True)
    paging = {"start": start, "count": count, "links": [], "total": len(elements)}
    return answer({"paging": paging, "elements": elements[start : start + count]})


@routes("POST", "/rest/socialActions/<urn>/comments", "linkedin.comment", scopes=_WRITE)
def comment(call: Call) -> Response:
    """Comment as the page. The text is plain here, not little text."""
    post, body = _post(call), call.object
    text = (body.get("message") or {}).get("text") if isinstance(body.get("message"), dict) else None
    if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
        refuse(422, f"message.text must hold 1 to {_LONGEST} characters", "INVALID_VALUE")
    actor = organization(call, str(body.get("actor", "")))
    if str(body.get("object", "")).rsplit(":", 1)[-1] != post.id.rsplit(":", 1)[-1]:
        refuse(400, "object does not name the post in the address", "ILLEGAL_ARGUMENT")
    thing = Thing("linkedin", "comment", str(_new_number(call)), actor.id, post.id, {"text": text}, call.live_at)
    with call.writing() as db:
        things.add(db, thing)
    return answer(_own(post, thing), 201, {"x-restli-id": thing.id})


@routes("GET", "/rest/socialActions/<urn>", "linkedin.social", scopes=_READ)
def summary(call: Call) -> Response:
    post = _post(call)
    told = _metadata(call, post)
    likes = sum(one["count"] for one in told["reactionSummaries"].values())
    count = told["commentSummary"]["count"]
    return answer({
        "target": post.id,
        "likesSummary": {"totalLikes": likes, "aggregatedTotalLikes": likes},
        "commentsSummary": {"totalFirstLevelComments": count, "aggregatedTotalComments": count},
    })  # fmt: skip


@routes("GET", "/rest/socialMetadata/<urn>", "linkedin.social", scopes=_READ)
def metadata(call: Call) -> Response:
    return answer(_metadata(call, _post(call)))


@routes("GET", "/rest/socialMetadata", "linkedin.social", scopes=_READ)
def metadata_batch(call: Call) -> Response:
    ids = identifiers(call, "ids")
    with call.reading() as db:
        found = posts.find_all(db, "linkedin", ids, call.now)
    missing = [urn for urn in ids if urn not in found]
    return answer({
        "results": {urn: _metadata(call, post) for urn, post in found.items()},
        "statuses": {**dict.fromkeys(found, 200), **dict.fromkeys(missing, 404)},
        "errors": {urn: {"status": 404, "message": f"Could not find {urn}"} for urn in missing},
    })  # fmt: skip


@profile("GET", "/v2/userinfo", "linkedin.me")
def userinfo(call: Call) -> Response:
    who = person("member", call.account.owner)
    given, _, family = who.name.partition(" ")
    return answer({"sub": member(call.account.owner).rsplit(":", 1)[1], "name": who.name, "given_name": given, "family_name": family,
                   "locale": {"country": "FR", "language": "fr"}})  # fmt: skip


@profile("GET", "/v2/me", "linkedin.me")
def me(call: Call) -> Response:
    who = person("member", call.account.owner)
    given, _, family = who.name.partition(" ")
    return answer({"id": member(call.account.owner).rsplit(":", 1)[1], "localizedFirstName": given, "localizedLastName": family})


def _new_number(call: Call) -> int:
    """A number for a new comment."""
    return millis(call.live_at) << 22 | secrets.randbits(22)


def _metadata(call: Call, post: Post) -> dict[str, Any]:
    fate, age = post.fate(call.seed), post.age(call.line, call.now)
    with call.reading() as db:
        own = len(things.children(db, "linkedin", "comment", post.id))
    count = fate.count("comments", age) + own
    split = numbers.shares_of(fate.count("likes", age), [weight for _, weight in _REACTIONS])
    return {
        "entity": post.id,
        "commentsState": "OPEN",
        "commentSummary": {"count": count, "topLevelCount": count},
        "reactionSummaries": {
            name: {"reactionType": name, "count": told} for (name, _), told in zip(_REACTIONS, split, strict=True) if told
        },
    }


def _invented(one: Reaction) -> dict[str, Any]:
    number = millis(one.at) << 22 | numbers.whole("comment", one.post.id, one.number) & 0x3FFFFF
    raw = f"person:{one.person.number}".encode()
    return _comment(one.post, number, f"urn:li:person:{base64.urlsafe_b64encode(raw).decode().rstrip('=')}", one.text, millis(one.at))


def _own(post: Post, thing: Thing) -> dict[str, Any]:
    return _comment(post, int(thing.id), thing.account, thing.body["text"], millis(thing.created_at))


def _comment(post: Post, number: int, actor: str, text: str, at: int) -> dict[str, Any]:
    activity = f"urn:li:activity:{post.id.rsplit(':', 1)[1]}"
    return {
        "id": str(number),
        "$URN": f"urn:li:comment:({activity},{number})",
        "commentUrn": f"urn:li:comment:({activity},{number})",
        "actor": actor,
        "object": post.id,
        "message": {"text": text, "attributes": []},
        "created": {"actor": actor, "time": at},
        "lastModified": {"actor": actor, "time": at},
    }


def _post(call: Call) -> Post:
    with call.reading() as db:
        post = posts.find(db, "linkedin", call.args["urn"], call.now)
    if post is None:
        refuse(404, f"Could not find entity {call.args['urn'][:60]}", "NOT_FOUND")
    return post
