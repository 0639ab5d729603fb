"""Every door of the plan in any order: none approves, schedules, sends or shows what is under embargo, leaks, is sensitive or is paused."""

from __future__ import annotations

import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner import tables
from planner.accounts import service as accounts
from planner.accounts.models import User
from planner.catalog.models import Asset, AssetKind, Confidentiality
from planner.channels.port import Platform
from planner.core.errors import PlannerError
from planner.planning import evergreen, pauses, rules, service, shares, slots, standing
from planner.planning.models import Approval, Campaign, Post, PostState, ShareKind, Standing, Verb
from planner.planning.surroundings import surroundings
from planner.planning.values import PostValues
from planner.publishing import outbox
from planner.publishing.models import Attempt, Delivery
from planner.reports import daily
from planner.reports.speech import speech
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_user

HOUR = timedelta(hours=1)
#: Hours from the start: the asset's embargo lifts after 120, the campaign's after 240.
HOURS = (2, 30, 119, 120, 121, 200, 239, 240, 241, 300)
TEXTS = ("Come and see us.", "The Falcons fly at last.", "Words about nothing much.")
#: What nobody outside may read before the embargo lifts, nor ever of what is secret.
SECRETS = ("Falcon", "Restructuring", "Merger")
GOING = (PostState.APPROVED, PostState.SCHEDULED, PostState.SENDING)
ASSETS = ("open", "embargoed", "sensitive", "confidential")
CHANNELS = ("one", "two")
IN_ORDER = (some.sampled_from(ASSETS), some.sampled_from(CHANNELS), some.sampled_from(TEXTS), some.sampled_from(HOURS))
_WALKS: Any = {"deadline": None, "suppress_health_check": list(HealthCheck)}


class Doors(RuleBasedStateMachine):
    """A small company and everything that can be done to its plan, through the doors people and programs use."""

    def __init__(self, app: Flask, clock: StoppedClock) -> None:
        super().__init__()
        self.app, self.clock, self.sessions = app, clock, app.extensions["planner"].sessions
        app.test_client_class = Browser

    @initialize()
    def found(self) -> None:
        self.clock.moment, self.going, self.sent = NOON, set[tuple[int, str]](), 0
        with self.sessions.begin() as db:
            for table in reversed(tables.metadata.sorted_tables):
                db.execute(table.delete())
            people = {role: make_user(db, roles=(role,)) for role in ("planner", "approver", "viewer", "admin")}
            one = make_channel(db, name="one", time_zone="Europe/Paris")
            two = make_channel(db, name="two", platform=Platform.LINKEDIN, time_zone="Europe/Paris")
            lift = NOON + 120 * HOUR
            assets = {
                "open": make_asset(db, title="Open house"),
                "embargoed": make_asset(db, title="Project Falcon", kind=AssetKind.PRESS_RELEASE, embargo_until=lift, embargo_terms=["Falcon"]),
                "sensitive": make_asset(db, title="Restructuring", sensitive=True),
                "confidential": make_asset(db, title="Merger talks", confidentiality=Confidentiality.CONFIDENTIAL),
            }
            campaign = make_campaign(db, name="Launch", embargo_until=NOON + 240 * HOUR)
            for weekday in range(5):
                slots.add_slot(db, one, weekday, "10:30", actor=None, now=NOON)
            for name in ("open", "embargoed"):
                evergreen.add(db, assets[name], 1, actor=None, now=NOON)
            self.page, self.feed = (
                shares.make(db, shares.NewShare("All", kind, **life), actor=people["admin"], now=NOON)[1]
                for kind, life in ((ShareKind.PAGE, {"life": timedelta(days=90)}), (ShareKind.FEED, {}))
            )
            for name, hours, in_campaign in (("open", 30, None), ("embargoed", 121, None), ("open", 241, campaign.id), ("sensitive", 200, None), ("open", 31, None)):
                at = NOON + hours * HOUR
                values = PostValues(text=TEXTS[1] if hours == 31 else f"Something to say at {hours}.", publish_at=at, campaign_id=in_campaign)
                service.plan(db, assets[name], two if name == "sensitive" else one, values, actor=people["planner"], now=NOON)
            self.assets, self.channels = {name: asset.id for name, asset in assets.items()}, {"one": one.id, "two": two.id}
            self.campaign = campaign.id
            self.keys = {name: accounts.issue_token(db, people[name], name, actor=people[name], now=NOON) for name in ("planner", "approver")}
            self.identities = {name: user.fs_uniquifier for name, user in people.items()}
            self.admin = people["admin"].id
        self.clients = {name: self._client(identity) for name, identity in self.identities.items()}

    def _client(self, identity: str) -> tuple[Browser, str]:
        client: Any = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = identity, True
        return client, client.token()

    # The doors.

    @rule(asset=IN_ORDER[0], channel=IN_ORDER[1], text=IN_ORDER[2], hours=IN_ORDER[3], in_campaign=some.booleans())
    def compose(self, asset: str, channel: str, text: str, hours: int, in_campaign: bool) -> None:
        self.submit(
            "planner", "/posts/new", asset_id=self.assets[asset], channels=self.channels[channel], text=text, wall_time=self.wall(hours),
            time_zone="Europe/Paris", campaign_id=self.campaign if in_campaign else "",
        )  # fmt: skip

    @rule(asset=IN_ORDER[0], channel=IN_ORDER[1], text=IN_ORDER[2], hours=IN_ORDER[3])
    def plan_by_program(self, asset: str, channel: str, text: str, hours: int) -> None:
        told = {"asset_id": self.assets[asset], "channel_id": self.channels[channel], "text": text, "publish_at": (NOON + hours * HOUR).isoformat()}
        self.program("planner", "POST", "/posts", told)

    @rule(rows=some.lists(some.tuples(*IN_ORDER), min_size=1, max_size=3))
    def bring_a_file(self, rows: list[tuple[str, str, str, int]]) -> None:
        titles = {"open": "Open house", "embargoed": "Project Falcon", "sensitive": "Restructuring", "confidential": "Merger talks"}
        text = "date,channel,asset,text\n" + "".join(f"{(NOON + hours * HOUR).isoformat()},{channel},{titles[asset]},{words}\n" for asset, channel, words, hours in rows)
        client, token = self.clients["planner"]
        data = {"csrf_token": token, "file": (io.BytesIO(text.encode()), "plan.csv")}
        checked = client.post("/calendar/import", data=data, content_type="multipart/form-data")
        kept = re.search(r'name="token" value="([0-9a-f]{32})"', checked.text)
        assert checked.status_code in (200, 422)
        if kept:
            self.submit("planner", "/calendar/import/write", token=kept[1], name="plan.csv")

    @rule(asset=IN_ORDER[0], confirmed=some.booleans())
    def queue(self, asset: str, confirmed: bool) -> None:
        self.submit("planner", "/calendar/evergreen/queue", asset_id=self.assets[asset], channel_id=self.channels["one"], **({"confirmed": "1"} if confirmed else {}))

    @rule(asset=IN_ORDER[0], hours=IN_ORDER[3])
    def take_a_proposal(self, asset: str, hours: int) -> None:
        row = {"step-0": 0, "asset-0": self.assets[asset], "channel-0": self.channels["one"], "at-0": self.wall(hours), "go-0": "1"}
        with self.sessions() as db:
            version = db.get_one(Campaign, self.campaign).version
        self.submit("planner", f"/campaigns/{self.campaign}/propose", template="announcement", version=version, rows=1, do="take", **row)

    @precondition(lambda self: self.posts())
    @rule(number=some.integers(0, 30), hours=IN_ORDER[3], how=some.sampled_from(("form", "drop", "program")), who=some.sampled_from(("planner", "admin")))
    def move(self, number: int, hours: int, how: str, who: str) -> None:
        post, at = self.one(number), (NOON + hours * HOUR).isoformat()
        if how == "form":
            self.submit(who, f"/posts/{post}/move", wall_time=self.wall(hours), time_zone="Europe/Paris")
        elif how == "drop":
            client, token = self.clients[who]
            assert client.post(f"/posts/{post}/move", json={"start": at}, headers={"X-CSRFToken": token}).status_code < 500
        else:
            self.program("planner", "POST", f"/posts/{post}/move", {"publish_at": at})

    @rule(asset=IN_ORDER[0], channel=IN_ORDER[1], days=some.integers(1, 12))
    def drop_an_asset(self, asset: str, channel: str, days: int) -> None:
        day = (NOON + timedelta(days=days)).date().isoformat()
        self.submit("planner", "/calendar/drawer/place", asset=self.assets[asset], channel=self.channels[channel], day=day)

    @precondition(lambda self: self.posts())
    @rule(number=some.integers(0, 30), back=some.booleans(), days=some.integers(1, 12))
    def put_into_the_drawer(self, number: int, back: bool, days: int) -> None:
        post, at = self.one(number), self.clock.now()
        self.submit("planner", "/calendar/together/unplan", post=post, sure="1")
        if back:
            self.submit("planner", "/calendar/together/undo", at=at.isoformat())
        else:
            self.submit("planner", "/calendar/drawer/place", post=post, day=(NOON + timedelta(days=days)).date().isoformat())

    @precondition(lambda self: self.posts())
    @rule(number=some.integers(0, 30), text=IN_ORDER[2], in_campaign=some.booleans())
    def edit(self, number: int, text: str, in_campaign: bool) -> None:
        post = self.one(number)
        with self.sessions() as db:
            was = self.digest(db.get_one(Post, post))
        self.program("planner", "PATCH", f"/posts/{post}", {"text": text, "campaign_id": self.campaign if in_campaign else None})
        with self.sessions() as db:
            row = db.get_one(Post, post)
            said = db.scalar(select(func.count()).select_from(Approval).where(Approval.post_id == post, Approval.verb == Verb.APPROVED, Approval.digest == self.digest(row)))
            assert self.digest(row) == was or row.state not in GOING or said, "an edited post goes on without being approved again"

    @precondition(lambda self: self.posts())
    @rule(number=some.integers(0, 30), step=some.sampled_from(("submit", "submit", "withdraw", "cancel", "restore")), by_page=some.booleans())
    def step(self, number: int, step: str, by_page: bool) -> None:
        self.say("planner", number, step, by_page)

    @rule(by_page=some.booleans())
    def ask_for_and_approve_whatever_may_be(self, by_page: bool) -> None:
        for number in range(len(self.posts())):
            self.say("planner", number, "submit", by_page=False)
            self.say("approver", number, "approve", by_page)

    def say(self, who: str, number: int, step: str, by_page: bool) -> None:
        post = self.one(number)
        if by_page:
            with self.sessions() as db:
                digest = self.digest(db.get_one(Post, post))
            self.submit(who, f"/posts/{post}/{step}", digest=digest)
        else:
            self.program(who, "POST", f"/posts/{post}/{step}", {})

    @rule(hours=some.sampled_from((121, 200, 239, 241, 300)), goes=some.sampled_from(("move", "stay")))
    def move_the_embargo(self, hours: int, goes: str) -> None:
        with self.sessions() as db:
            campaign = db.get_one(Campaign, self.campaign)
            version = campaign.version
        fields: dict[str, Any] = {"name": "Launch", "embargo_until": self.wall(hours), "version": version}
        client, token = self.clients["planner"]
        asked = client.post(f"/campaigns/{self.campaign}/edit", data={"csrf_token": token, **fields})
        told = dict(re.findall(r'name="((?:at|version|go)-\d+)"[^>]*?value="([^"]*)"', asked.text))
        self.submit("planner", f"/campaigns/{self.campaign}/edit", **fields, **told, wave=goes)

    @rule(hours=some.sampled_from((121, 200, 239, 241, 300)), all_of_it=some.booleans(), back=some.booleans())
    def move_the_wave_by_program(self, hours: int, all_of_it: bool, back: bool) -> None:
        path, told = f"/campaigns/{self.campaign}/wave", {"embargo_until": f"{NOON + hours * HOUR:%Y-%m-%dT%H:%M:%SZ}", "time_zone": "Europe/Paris"}
        shown = self.program("planner", "GET", f"{path}?embargo_until={told['embargo_until']}&time_zone={told['time_zone']}")
        moves = [{"post_id": one["post_id"], "version": one["version"], "wall_time": one["wall_time"]} for one in shown.get("items", [])[:1]]
        done = self.program("planner", "POST", f"{path}/shift", told if all_of_it else {**told, "moves": moves})
        if back and "entry_id" in done:
            self.program("planner", "POST", f"{path}/undo", {"entry_id": done["entry_id"]})

    @precondition(lambda self: self.posts())
    @rule(number=some.integers(0, 30), days=some.integers(-5, 5), back=some.booleans())
    def drag_the_whole_wave(self, number: int, days: int, back: bool) -> None:
        client, token = self.clients["planner"]
        told = {"csrf_token": token, "post": self.one(number), "days": days, "scope": "wave"}
        done = client.post("/calendar/together/move", data=told, headers={"Accept": "application/json"})
        assert done.status_code < 500
        if back and done.status_code == 200:
            undone = client.post(done.json["undo"], data={"csrf_token": token, **done.json["fields"]}, headers={"Accept": "application/json"})
            assert undone.status_code < 500

    @rule(what=some.sampled_from(("pause", "resume", "postpone", "call_off", "go_on")))
    def stop_or_go_on(self, what: str) -> None:
        try:
            with self.sessions.begin() as db:
                campaign, admin = db.get_one(Campaign, self.campaign), db.get_one(User, self.admin)
                if what == "pause":
                    pauses.pause(db, "Quiet.", actor=admin, now=self.clock.now())
                elif what == "resume":
                    for one in pauses.all_in_force(db):
                        pauses.resume(db, one, actor=admin, now=self.clock.now())
                elif what == "go_on":
                    standing.go_on(db, campaign, limits_of=lambda _platform: None, actor=admin, now=self.clock.now())
                else:
                    getattr(standing, what)(db, campaign, reason="Not now.", actor=admin, now=self.clock.now())
        except PlannerError:
            pass

    @rule(hours=some.sampled_from((1, 24, 80)))
    def time_passes_and_the_outbox_works(self, hours: int) -> None:
        end = self.clock.now() + hours * HOUR
        with self.sessions.begin() as db:
            outbox.fill(db, self.clock.now())
        for at in self.due(end):
            self.clock.moment = max(self.clock.moment, at)
            with self.sessions.begin() as db:
                claim = outbox.open_attempt(db, self.app.extensions["planner"], "a worker", now=self.clock.now())
                if isinstance(claim, outbox.Claim):
                    self.check_sent(db, db.get_one(Post, db.get_one(Delivery, claim.delivery_id).post_id))
        self.clock.moment = end
        with self.sessions.begin() as db:
            outbox.sweep(db, end)

    # What must hold.

    def check_sent(self, db: Session, post: Post) -> None:
        self.sent += 1
        now = self.clock.now()
        assert pauses.in_force(db, post) == [], "sent while paused"
        assert (post.asset.embargo_until or now) <= now, "sent under embargo"
        assert post.campaign is None or (post.campaign.embargo_until or now) <= now, "sent under its campaign's embargo"
        assert post.campaign is None or post.campaign.standing is Standing.RUNNING, "sent though its campaign does not go on"
        assert "Falcon" not in post.text or now >= NOON + 120 * HOUR, "sent a leak"
        attempt = db.scalars(select(Attempt).order_by(Attempt.id.desc()).limit(1)).one()
        said = select(Approval.id).where(Approval.post_id == post.id, Approval.verb == Verb.APPROVED, Approval.digest == self.digest(post))
        assert attempt.digest == self.digest(post), "sent something else than was approved"
        assert db.scalar(said.limit(1)), "sent without an approval"

    @invariant()
    def what_is_approved_was_approved_and_may_go_out_then(self) -> None:
        if not hasattr(self, "campaign"):
            return
        with self.sessions() as db:
            now_going = set()
            for post in db.scalars(select(Post).where(Post.state.in_(GOING))):
                digest = self.digest(post)
                now_going.add((post.id, digest))
                assert post.approved_digest == digest, "it is on its way with content nobody approved"
                if (post.id, digest) not in self.going:  # An embargo that is moved later holds it when it is sent.
                    assert post.publish_at is not None
                    found = rules.gates(post, post.asset, post.campaign, post.channel, surroundings(db, post), post.publish_at)
                    assert rules.blocking(found) == [], "approved against a rule that must hold"
            self.going = now_going
            twice = (
                select(Post.channel_id)
                .join(Asset, Asset.id == Post.asset_id)
                .where(Asset.sensitive, Post.state != PostState.CANCELLED)
                .group_by(Post.asset_id, Post.channel_id)
                .having(func.count() > 1)
            )
            assert db.scalars(twice).all() == [], "a sensitive announcement twice on one channel"

    @invariant()
    def nobody_outside_reads_a_secret(self) -> None:
        if not hasattr(self, "campaign"):
            return
        outside = self.app.test_client()
        day = f"{self.clock.now():%Y-%m-%d}"
        told = [outside.get(f"/s/{self.page}?view=list&date={day}"), outside.get(f"/s/{self.feed}.ics")]
        assert [answer.status_code for answer in told] == [200, 200]
        lifted = self.clock.now() >= NOON + 120 * HOUR
        for answer in told:
            assert [word for word in SECRETS if word in answer.text and not (lifted and word == "Falcon")] == []
        viewer = self.clients["viewer"][0]
        for path in ("export.csv", "events"):
            with viewer.get(f"/calendar/{path}?start=2026-03-01&end=2026-04-01") as answer:
                assert (answer.status_code, "Merger" in answer.text) == (200, False)

    @invariant()
    def no_digest_says_a_secret(self) -> None:
        if not hasattr(self, "campaign"):
            return
        lifted = self.clock.now() >= NOON + 120 * HOUR
        for text in self.digests():
            assert [word for word in SECRETS if word in text and not (lifted and word == "Falcon")] == []

    # Small tools.

    def digests(self) -> list[str]:
        """What each person's digest would say now."""
        now, tongue = self.clock.now(), speech("en", "Europe/Paris")
        with self.sessions() as db:
            told = [daily.gather(db, user, tongue, zone="Europe/Paris", four_eyes="releases", now=now) for user in db.scalars(select(User).order_by(User.id))]
        return [daily.as_text(one, tongue, "https://planner.example") for one in told]

    def posts(self) -> list[int]:
        with self.sessions() as db:
            return list(db.scalars(select(Post.id).order_by(Post.id)))

    def one(self, number: int) -> int:
        known = self.posts()
        return known[number % len(known)]

    def due(self, end: datetime) -> list[datetime]:
        """When the posts that wait to be sent are due, up to `end`."""
        with self.sessions() as db:
            return [at for at in db.scalars(select(Post.publish_at).where(Post.state == PostState.SCHEDULED, Post.publish_at <= end).order_by(Post.publish_at)) if at]

    @staticmethod
    def wall(hours: int) -> str:
        return (NOON + (hours + 1) * HOUR).replace(tzinfo=None).isoformat(timespec="minutes")

    @staticmethod
    def digest(post: Post) -> str:
        return rules.content_digest(post, post.asset, post.channel)

    def submit(self, who: str, path: str, **fields: Any) -> None:
        client, token = self.clients[who]
        assert client.post(path, data={"csrf_token": token, **fields}).status_code < 500

    def program(self, who: str, method: str, path: str, told: dict[str, Any] | None = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.keys[who]}", "If-Match": "*"}
        answer = self.app.test_client().open(f"/api/v1{path}", method=method, json=told, headers=headers)
        assert answer.status_code < 500
        return answer.json or {}


def test_the_walk_comes_to_what_it_watches(app: Flask, clock: StoppedClock) -> None:
    walk = Doors(app, clock)
    walk.found()

    walk.ask_for_and_approve_whatever_may_be(by_page=True)
    walk.what_is_approved_was_approved_and_may_go_out_then()
    walk.time_passes_and_the_outbox_works(80)
    walk.nobody_outside_reads_a_secret()

    with walk.sessions() as db:
        states = [row[0] for row in db.execute(select(Post.state).order_by(Post.id))]
    assert (states, walk.sent) == ([PostState.SENDING, PostState.SCHEDULED, PostState.SCHEDULED, PostState.SCHEDULED, PostState.DRAFT], 1)


def test_the_walk_moves_a_wave_by_program_and_back(app: Flask, clock: StoppedClock) -> None:
    walk = Doors(app, clock)
    walk.found()
    lifts = []

    for back in (True, False):
        walk.move_the_wave_by_program(300, all_of_it=True, back=back)
        with walk.sessions() as db:
            campaign = db.get_one(Campaign, walk.campaign)
            lifts.append((campaign.embargo_until, db.scalars(select(Post.publish_at).where(Post.campaign_id == campaign.id)).all()))
    walk.no_digest_says_a_secret()

    assert lifts == [(NOON + 240 * HOUR, [NOON + 241 * HOUR]), (NOON + 300 * HOUR, [NOON + 301 * HOUR])]


def test_the_walk_drags_a_wave_and_back(app: Flask, clock: StoppedClock) -> None:
    walk = Doors(app, clock)
    walk.found()
    seen = []

    for back in (True, False):
        walk.drag_the_whole_wave(2, 3, back=back)
        with walk.sessions() as db:
            seen.append(db.scalars(select(Post.publish_at).where(Post.campaign_id == walk.campaign)).all())

    assert seen == [[NOON + 241 * HOUR], [NOON + 313 * HOUR]]


def test_the_walk_reads_digests_that_have_something_to_hide(app: Flask, clock: StoppedClock) -> None:
    walk = Doors(app, clock)
    walk.found()

    for number in range(len(walk.posts())):
        walk.say("planner", number, "submit", by_page=False)
    walk.no_digest_says_a_secret()

    assert sum("a confidential post" in text for text in walk.digests()) > 0


def test_no_door_lets_out_what_must_stay_in(app: Flask, clock: StoppedClock) -> None:
    walks = settings(max_examples=7, stateful_step_count=12, derandomize=True, **_WALKS)
    run_state_machine_as_test(lambda: Doors(app, clock), settings=walks)


@pytest.mark.faults
def test_nor_does_any_on_long_walks(app: Flask, clock: StoppedClock) -> None:
    walks = settings(max_examples=120, stateful_step_count=40, **_WALKS)
    run_state_machine_as_test(lambda: Doors(app, clock), settings=walks)
