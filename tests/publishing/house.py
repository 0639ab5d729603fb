"""People, their steps of approval, and live posts that they edit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from planner.accounts.models import User
from planner.core.errors import PlannerError
from planner.core.runtime import Runtime
from planner.jobs import tick
from planner.planning import routes
from planner.planning.models import Post, PostState
from planner.planning.steps import Step
from planner.publishing import amending, edit_steps
from planner.publishing.models import Amendment, AmendmentState
from tests.conftest import StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post, make_user
from tests.publishing.conftest import Scripted

LIMITS = Scripted.limits
EDITORS, LEGAL = Step("", "Editors"), Step("", "Legal", roles=("legal",))


class House:
    """People, steps and one live post at a time, on a database of its own."""

    def __init__(self, runtime: Runtime, clock: StoppedClock) -> None:
        self.runtime, self.clock = runtime, clock
        with runtime.sessions.begin() as db:
            db.expire_on_commit = False
            roles = ("admin", "planner", "author", "approver", "legal", "viewer")
            self.people = {role: make_user(db, roles=(role,), name=f"The {role}") for role in roles}
            self.people["second"] = make_user(db, roles=("approver",), name="The second")

    def steps(self, *route: Step) -> None:
        with self.runtime.sessions.begin() as db:
            routes.set_route(db, routes.ANYTHING_ELSE, route, actor=None, now=self.clock.now())

    def live(self, **asset: Any) -> int:
        """A post that the planner wrote and that is live, whatever steps there are."""
        with self.runtime.sessions.begin() as db:
            post = make_post(
                db, asset=make_asset(db, **asset), channel=make_channel(db), author_id=self.people["planner"].id, state=PostState.PUBLISHED, publish_at=NOON,
                published_at=NOON, external_id="live-1", text="Frist words",
            )  # fmt: skip
            return post.id

    def ask(self, post_id: int, who: str | None = "planner", text: str = "First words") -> int:
        with self.runtime.sessions.begin() as db:
            return amending.ask_edit(db, db.get_one(Post, post_id), {"text": text}, limits=LIMITS, actor=self.actor(who), now=self.clock.now()).id

    def approve(self, edit: int, who: str | None, **named: Any) -> None:
        with self.runtime.sessions.begin() as db:
            amending.approve(db, db.get_one(Amendment, edit), limits=LIMITS, four_eyes="releases", actor=self.actor(who), now=self.clock.now(), **named)

    def refused(self, edit: int, who: str) -> type[Exception] | None:
        """How a yes of this person is refused; None when it counts."""
        try:
            self.approve(edit, who)
        except PlannerError as error:
            return type(error)
        return None

    def state(self, edit: int) -> AmendmentState:
        with self.runtime.sessions() as db:
            return db.get_one(Amendment, edit).state

    def said(self, edit: int) -> list[str]:
        with self.runtime.sessions() as db:
            return [one.by_name for one in edit_steps.words(db.get_one(Amendment, edit))]

    def actor(self, who: str | None) -> User | None:
        return self.people[who] if who else None

    def turn(self) -> None:
        self.clock.advance(timedelta(seconds=1))
        tick.run(self.runtime, schedule=False)
