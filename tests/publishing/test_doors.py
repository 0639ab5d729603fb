"""Every rule once more at the moment a post would leave: what always holds, and the warnings that were made to block."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from planner.core.runtime import Runtime
from planner.planning import service as planning
from planner.planning import tuning
from planner.planning.models import Post, PostState
from planner.planning.rulebook import BOOK, Place, Rule
from planner.publishing.models import Delivery, DeliveryState
from tests.breakers import BREAKERS, a_post
from tests.conftest import StoppedClock
from tests.factories import make_user
from tests.publishing.conftest import Scripted

pytestmark = pytest.mark.usefixtures("healthy")
#: What the platform takes is asked once more by its adapter: see the adapters' own contract.
AT_THE_GATE = [one for one in BOOK if one.code != "platform" and one.places != (Place.CALENDAR,) and (not one.locked or Place.SENDING in one.places)]


@pytest.mark.parametrize("overridden", [False, True], ids=["blocks", "overridden"])
@pytest.mark.parametrize("rule", [pytest.param(one, id=one.code) for one in AT_THE_GATE])
def test_what_breaks_a_rule_after_its_approval_is_held_and_an_override_lets_it_go(
    runtime: Runtime, clock: StoppedClock, go: Callable[..., None], platform: Scripted, rule: Rule, overridden: bool
) -> None:
    if rule.locked and overridden:
        return
    breaker = BREAKERS[rule.code]
    with runtime.sessions.begin() as db:
        author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
        post = a_post(db, breaker, author=author)
        if not rule.locked:
            breaker.after(db, post)
        planning.submit(db, post, actor=author, now=clock.now())
        planning.approve(db, post, actor=approver, now=clock.now())
        if rule.locked:
            breaker.after(db, post)
        else:
            tuning.set_rule(db, rule.code, enabled=True, must_not=True, parameters=breaker.parameters, actor=None, now=clock.now())
        if overridden:
            tuning.override(db, post, rule.code, reason="It may.", limits=platform.limits, actor=approver, now=clock.now())
        number, due = post.id, post.publish_at
        assert due is not None

    go()
    clock.advance(due - clock.now() - timedelta(minutes=1))
    go(minutes=1)
    go(minutes=1)

    with runtime.sessions() as db:
        states = db.get_one(Post, number).state, db.query(Delivery).filter_by(post_id=number).one().state
    # A channel without a connection has no turn at all: its post waits where it is.
    held = DeliveryState.DUE if rule.code == "connection" else DeliveryState.HELD
    expected = (PostState.PUBLISHED, DeliveryState.PUBLISHED) if overridden else (PostState.SCHEDULED, held)
    assert states == expected
