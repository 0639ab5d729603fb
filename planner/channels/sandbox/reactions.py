"""What invented people answered to a post, and when: as many as its comment count says, each at its moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from planner.channels.sandbox.people import Person, person, remark
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.state import Timeline

__all__ = ["Reaction", "reactions"]


@dataclass(frozen=True, slots=True)
class Reaction:
    """One comment. `number` counts from 1 within its post; `at` is real time."""

    post: Post
    number: int
    person: Person
    text: str
    at: datetime


def reactions(post: Post, seed: int, line: Timeline, now: datetime, *, latest: int = 40) -> list[Reaction]:
    """The latest comments on a post, oldest first."""
    fate, age = post.fate(seed), post.age(line, now)
    total = fate.count("comments", age)
    told = []
    for number in range(max(total - latest, 0) + 1, total + 1):
        at = min(line.back(post.born + fate.age_of("comments", number, age)), now)
        who = person(seed, post.platform, post.id, number)
        told.append(Reaction(post, number, who, remark(post.text, seed, post.id, number), max(at, post.created_at)))
    return told
