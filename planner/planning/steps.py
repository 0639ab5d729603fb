"""The steps of approval as pure values: whose yes each step needs, what was said of one exact content, and what is still missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from planner.accounts.models import RoleName
from planner.core.i18n import N_
from planner.planning.models import STANDARD_STEP, Verb

__all__ = [
    "COMMAND", "GUEST", "NO_STEPS", "SIGN_OFFS", "STANDARD", "Said", "Seat", "Standing", "Step", "StepStanding", "deadline", "lacking", "nudge_at",
    "read_steps", "standing", "steps_for",
]  # fmt: skip

#: What an approval's roles say when the command line spoke, which may do everything.
COMMAND = "*"
#: What they say when somebody outside spoke, through a link.
GUEST = "guest"
#: Whose yes counts: ("person", number), ("role", name) or ("guest", "").
Seat = tuple[str, int | str]


class Said(Protocol):
    """One word of approval, as planning.models.Approval keeps it."""

    verb: Verb
    digest: str
    step: str
    by_id: int | None
    roles: list[str]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: who is asked, and by when.

    everyone -- each person named, somebody of each role, and somebody outside where one is asked; else any one of them.
    people, roles, guest -- who is asked; nobody at all: whoever may approve.
    hours    -- the answer is due this long before the post goes out; None: when it goes out.
    nudge    -- who has not answered is reminded this long before that; None: never.
    anybody  -- whoever may submit: no approval is asked for.
    apart    -- somebody who said yes in no step before it.
    """

    key: str
    name: str = ""
    everyone: bool = False
    people: tuple[int, ...] = ()
    roles: tuple[str, ...] = ()
    guest: bool = False
    hours: int | None = None
    nudge: int | None = None
    anybody: bool = False
    apart: bool = False

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Those named, people first; empty: whoever may approve."""
        named: list[Seat] = [("person", number) for number in self.people]
        named += [("role", name) for name in self.roles]
        return (*named, *((("guest", ""),) if self.guest else ()))

    def seats_of(self, person: int | None, roles: Collection[str]) -> tuple[Seat, ...]:
        """The seats this person would fill; the command line fills all."""
        if COMMAND in roles:
            return self.seats
        return tuple(seat for seat in self.seats if seat == ("person", person) or (seat[0] == "role" and seat[1] in roles) or (seat[0] == "guest" and GUEST in roles))


#: The route of everything for which nobody set another: any one person who may approve.
STANDARD = (Step(STANDARD_STEP),)
#: No approval is asked for: whoever submits answers for it.
NO_STEPS = (Step("none", anybody=True),)
#: What a sensitive announcement needs until an administrator sets something else: the yes of two people, the first from legal or an administrator.
SIGN_OFFS = (
    Step("sign_off_legal", N_("Legal"), roles=(RoleName.LEGAL.value, RoleName.ADMIN.value), nudge=24),
    Step("sign_off_second", N_("Second sign-off"), nudge=24, apart=True),
)


@dataclass(frozen=True, slots=True)
class StepStanding:
    """Where one step stands for one content: who said yes, and the seats still empty (empty and not done: whoever may approve)."""

    step: Step
    done: bool
    words: tuple[Any, ...]
    missing: tuple[Seat, ...]
    #: Whose yes does not count here, because they gave it in a step before.
    spent: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where all the steps stand for one content."""

    steps: tuple[StepStanding, ...]

    @property
    def whole(self) -> bool:
        """Every step has its yes."""
        return all(one.done for one in self.steps)

    @property
    def asked(self) -> StepStanding:
        """The step that is asked now: the first without its yes; when all have theirs, the last, which may be asked again."""
        return next((one for one in self.steps if not one.done), self.steps[-1])

    @property
    def done(self) -> int:
        """How many steps have their yes."""
        return sum(one.done for one in self.steps)


def standing(steps: Sequence[Step], said: Sequence[Said], digest: str, *, without: int | None = None, waived: Collection[int | None] = ()) -> Standing:
    """Where `steps` stand for the content with this digest.

    said    -- every word on the post, the oldest first. What was said before the last word against it counts no more.
    without -- the author of a release: their yes counts for nothing.
    waived  -- who wrote or submitted a release: nobody waits for their yes.
    """
    words = []
    for one in reversed(said):
        if one.verb is not Verb.APPROVED:
            break
        if one.digest == digest and (without is None or one.by_id != without):
            words.append(one)
    words.reverse()
    found: list[StepStanding] = []
    heard: frozenset[int] = frozenset()
    for step in steps:
        found.append(_stands(step, words, waived, heard if step.apart else frozenset()))
        heard |= {one.by_id for one in found[-1].words if one.by_id is not None}
    return Standing(tuple(found))


def _stands(step: Step, words: Sequence[Said], waived: Collection[int | None], spent: frozenset[int]) -> StepStanding:
    mine = tuple(one for one in words if (one.step == step.key or (step.anybody and GUEST not in (one.roles or ()))) and one.by_id not in spent)
    seats = tuple(seat for seat in step.seats if seat[0] != "person" or seat[1] not in waived)
    if not seats:
        return StepStanding(step, bool(mine), mine, (), spent)
    filled = {seat for one in mine for seat in step.seats_of(one.by_id, one.roles or ())}
    missing = tuple(seat for seat in seats if seat not in filled)
    done = not missing if step.everyone else len(missing) < len(seats)
    return StepStanding(step, done, mine, () if done else missing, spent)


def lacking(route: Sequence[Step], people: Mapping[int, Collection[str]], approvers: Collection[int]) -> Step | None:
    """The first step that these people cannot answer between them, each step that wants another one by another; None when they can.

    people    -- number -> roles of whoever may be asked.
    approvers -- those of them who may approve.
    Somebody outside can always be asked.
    """
    last = max((number for number, step in enumerate(route) if step.apart), default=-1)
    taken: dict[int, Sequence[int]] = {}
    for number, step in enumerate(route):
        for able in _able(step, people, approvers):
            if not able or (number <= last and not _seated(able, taken, set())):
                return step
    return None


def _able(step: Step, people: Mapping[int, Collection[str]], approvers: Collection[int]) -> list[Sequence[int]]:
    """For each yes that the step needs, who of these people could give it."""
    if step.anybody or (step.guest and not step.everyone):
        return []
    if not step.seats:
        return [sorted(approvers)]
    able = [[one for one in sorted(people) if seat in step.seats_of(one, people[one])] for seat in step.seats if seat[0] != "guest"]
    return [*able] if step.everyone else [sorted({one for some in able for one in some})]


def _seated(able: Sequence[int], taken: dict[int, Sequence[int]], asked: set[int]) -> bool:
    """Give this yes to one of those able to, others changing places where they can; `taken`: person -> those able to give the yes they give."""
    for one in able:
        if one not in asked:
            asked.add(one)
            if one not in taken or _seated(taken[one], taken, asked):
                taken[one] = able
                return True
    return False


def steps_for(stored: Sequence[Mapping[str, Any]] | None, *, second_pair: bool, sensitive: bool = False) -> tuple[Step, ...]:
    """The steps of a post from what is stored for it (None: nothing). A release has at least one, and what is sensitive its sign-offs, whatever is stored."""
    least = SIGN_OFFS if sensitive else STANDARD
    if stored is None:
        return least
    return read_steps(stored) or (least if second_pair or sensitive else NO_STEPS)


def read_steps(stored: Iterable[Mapping[str, Any]]) -> tuple[Step, ...]:
    """Steps as approval_routes keeps them."""
    return tuple(
        Step(
            one["key"], one.get("name", ""), bool(one.get("everyone")), tuple(one.get("people") or ()), tuple(one.get("roles") or ()),
            bool(one.get("guest")), one.get("hours"), one.get("nudge"), apart=bool(one.get("apart")),
        )
        for one in stored
    )  # fmt: skip


def deadline(step: Step, publish_at: datetime | None) -> datetime | None:
    """By when the step's answer is due; None for a post without a moment."""
    return None if publish_at is None else publish_at - timedelta(hours=step.hours or 0)


def nudge_at(step: Step, publish_at: datetime | None) -> datetime | None:
    """When those who have not answered are reminded; None: never."""
    due = deadline(step, publish_at)
    return None if due is None or step.nudge is None else due - timedelta(hours=step.nudge)
