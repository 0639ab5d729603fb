"""X's search grammar, as far as a communications team uses it: words, phrases, operators, OR, negation, brackets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["BadQuery", "Candidate", "parse"]

_TOKEN = re.compile(r'\s*(\(|\)|-?(?:\w+:)?"[^"]*"|[^\s()]+)')


class BadQuery(ValueError):
    """A query that X would not understand."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a query is asked about."""

    text: str
    author: str
    conversation: str
    is_reply: bool
    counts: dict[str, int] = field(default_factory=dict)
    lang: str = "en"
    reply_to: str = ""


Test = Callable[[Candidate], bool]


def parse(query: str) -> Test:
    """A query -> a test of one post. Raises BadQuery."""
    tokens = _tokens(query)
    test, rest = _either(tokens)
    if rest:
        raise BadQuery("unbalanced brackets")
    return test


def _tokens(query: str) -> list[str]:
    found = _TOKEN.findall(query)
    if not found:
        raise BadQuery("empty query")
    return list(found)


def _either(tokens: list[str]) -> tuple[Test, list[str]]:
    tests: list[Test] = []
    while True:
        test, tokens = _all(tokens)
        tests.append(test)
        if not tokens or tokens[0] != "OR":
            return (lambda post: any(one(post) for one in tests)), tokens
        tokens = tokens[1:]


def _all(tokens: list[str]) -> tuple[Test, list[str]]:
    tests: list[Test] = []
    while tokens and tokens[0] not in (")", "OR"):
        test, tokens = _one(tokens)
        tests.append(test)
    if not tests:
        raise BadQuery("nothing to look for")
    return (lambda post: all(one(post) for one in tests)), tokens


def _one(tokens: list[str]) -> tuple[Test, list[str]]:
    head, rest = tokens[0], tokens[1:]
    if head in ("(", "-("):
        test, rest = _either(rest)
        if not rest or rest[0] != ")":
            raise BadQuery("unbalanced brackets")
        return test, rest[1:]
    if head == "-" and rest[:1] == ["("]:
        test, rest = _one(rest)
        return (lambda post: not test(post)), rest
    if head.startswith("-") and len(head) > 1:
        test = _term(head[1:])
        return (lambda post: not test(post)), rest
    return _term(head), rest


def _term(term: str) -> Test:
    name, colon, value = term.partition(":")
    value = value.strip('"')
    folded = value.casefold().lstrip("@")
    if not colon or term.startswith('"') or value.startswith("//"):
        return _word(term.strip('"').casefold())
    simple: dict[str, Test] = {
        "from": lambda post: post.author.casefold() == folded,
        "to": lambda post: post.reply_to.casefold() == folded,
        "conversation_id": lambda post: post.conversation == value,
        "url": lambda post: folded in post.text.casefold(),
        "lang": lambda post: post.lang == value,
        "retweets_of": _never,
        "retweets_of_tweet_id": _never,
    }
    if name in simple:
        return simple[name]
    if name == "is":
        return _is(value)
    if term in ("has:links", "has:hashtags", "has:mentions"):
        mark = {"links": "http", "hashtags": "#", "mentions": "@"}[value]
        return lambda post: mark in post.text
    if name in ("min_likes", "min_replies", "min_reposts") and value.isdigit():
        return lambda post: post.counts.get(name[4:], 0) >= int(value)
    raise BadQuery(f"unknown operator {name}:")


def _is(value: str) -> Test:
    if value == "reply":
        return lambda post: post.is_reply
    if value in ("retweet", "quote", "verified"):
        return _never
    raise BadQuery(f"unknown operator is:{value}")


def _never(_: Candidate) -> bool:
    return False


def _word(word: str) -> Test:
    edge = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    return lambda post: bool(edge.search(post.text.casefold()))
