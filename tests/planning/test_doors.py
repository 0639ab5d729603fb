"""Every door of the plan in any order: none approves, schedules, sends or shows what is under embargo, leaks, is sensitive or is paused."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import precondition, rule, run_state_machine_as_test
from pytest_httpserver import HTTPServer
from sqlalchemy import func, select

from planner.accounts.models import User
from planner.catalog.models import Confidentiality
from planner.planning import guests, pauses
from planner.planning.models import Approval, Campaign, Post, PostState, Verb
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState, Delivery, DeliveryState, Hold
from tests.conftest import StoppedClock
from tests.factories import NOON
from tests.planning.walking import GOING, HOUR, TITLES, Company, Content, content, postbox

#: Hours from the start: the asset's embargo lifts after 120, the campaign's after 240.
HOURS = (2, 30, 119, 120, 121, 200, 239, 240, 241, 300)
TEXTS = ("Come and see us.", "The Falcons fly at last.", "Words about nothing much.", "An Osprey on the roof.")
#: What may be changed of a post, and into what.
CHANGES = (
    *(("text", text) for text in TEXTS), ("title", ""), ("title", "Falcons first"), ("first_comment", ""), ("first_comment", "Look at the Falcons."),
    ("tags", ""), ("tags", "Falcon"), ("link", ""), ("link", "https://example.com/the-falcons-fly"),
)  # fmt: skip
#: What may become of an asset that was open to everybody.
TURNS: dict[str, dict[str, Any]] = {
    "embargoed": {"embargo_until": f"{NOON + 200 * HOUR:%Y-%m-%dT%H:%M:%SZ}", "embargo_terms": ["Osprey"]},
    "confidential": {"confidentiality": Confidentiality.CONFIDENTIAL.value},
    "sensitive": {"sensitive": True},
    "renamed": {"title": "The Osprey white paper"},
    "open": {"embargo_until": None, "embargo_terms": [], "confidentiality": Confidentiality.PUBLIC.value, "sensitive": False, "title": TITLES["turning"]},
}
#: What may be said of the picture of the asset that is open to everybody, and in its summary.
SAID = ("", "A red door", "The Falcons fly")
ASSETS, CHANNELS = tuple(TITLES), ("one", "two")
IN_ORDER = (some.sampled_from(ASSETS), some.sampled_from(CHANNELS), some.sampled_from(TEXTS), some.sampled_from(HOURS))
ANY_POST = some.integers(0, 30)
WRITERS, APPROVERS = some.sampled_from(("planner", "planner", "admin")), some.sampled_from(("approver", "admin", "lawyer", "planner"))
_WALKS: Any = {"deadline": None, "suppress_health_check": list(HealthCheck)}


class Doors(Company):
    """Everything that can be done to the plan, through the doors people and programs use."""

    # Planning: the form, the API, a file, the queue, a proposal, the drawer.

    @rule(asset=IN_ORDER[0], channel=IN_ORDER[1], text=IN_ORDER[2], hours=IN_ORDER[3], in_campaign=some.booleans(), who=WRITERS)
    def compose(self, asset: str, channel: str, text: str, hours: int, in_campaign: bool, who: str) -> None:
        self.opened["form"] += self.submit(
            who, "/posts/new", asset_id=self.assets[asset], channels=self.channels[channel], text=text, wall_time=self.wall(hours),
            time_zone="Europe/Paris", campaign_id=self.campaign if in_campaign else "",
        )  # fmt: skip

    @rule(asset=IN_ORDER[0], channel=IN_ORDER[1], text=IN_ORDER[2], hours=IN_ORDER[3], who=WRITERS)
    def plan_by_program(self, asset: str, channel: str, text: str, hours: int, who: str) -> None:
        told = {"asset_id": self.assets[asset], "channel_id": self.channels[channel], "text": text, "publish_at": (NOON + hours * HOUR).isoformat()}
        self.opened["api"] += bool(self.program(who, "POST", "/posts", told))

    @rule(shown=some.sampled_from(("picture", "card")), channel=IN_ORDER[1], hours=IN_ORDER[3], who=WRITERS)
    def plan_what_the_catalog_describes(self, shown: str, channel: str, hours: int, who: str) -> None:
        """A picture without words of the post's own, or a link whose card says the summary."""
        extra: dict[str, Any] = {"media": [{"file_id": self.picture, "alt_text": ""}]} if shown == "picture" else {"link": "https://example.com/house"}
        told = {"asset_id": self.assets["open"], "channel_id": self.channels[channel], "text": TEXTS[0], "publish_at": (NOON + hours * HOUR).isoformat()}
        self.opened["described"] += bool(self.program(who, "POST", "/posts", told | extra))

    @rule(rows=some.lists(some.tuples(*IN_ORDER), min_size=1, max_size=3))
    def bring_a_file(self, rows: list[tuple[str, str, str, int]]) -> None:
        text = "date,channel,asset,text\n" + "".join(f"{(NOON + hours * HOUR).isoformat()},{channel},{TITLES[asset]},{words}\n" for asset, channel, words, hours in rows)
        client, token = self.clients["planner"]
        data = {"csrf_token": token, "file": (io.BytesIO(text.encode()), "plan.csv")}
        checked = client.post("/calendar/import", data=data, content_type="multipart/form-data")
        kept = re.search(r'name="token" value="([0-9a-f]{32})"', checked.text)
        assert checked.status_code in (200, 422)
        if kept:
            self.opened["csv"] += self.submit("planner", "/calendar/import/write", token=kept[1], name="plan.csv")

    @rule(asset=IN_ORDER[0], confirmed=some.booleans())
    def queue(self, asset: str, confirmed: bool) -> None:
        told = {"confirmed": "1"} if confirmed else {}
        self.opened["queue"] += self.submit("planner", "/calendar/evergreen/queue", asset_id=self.assets[asset], channel_id=self.channels["one"], **told)

    @rule(days=some.integers(1, 12))
    def fill_a_slot(self, days: int) -> None:
        day = (NOON + timedelta(days=days)).date()
        if slot := self.slots.get(day.weekday()):
            self.opened["slot"] += self.submit("planner", "/calendar/evergreen/fill", slot=f"{slot}:{day.isoformat()}")

    @rule(asset=IN_ORDER[0], hours=IN_ORDER[3])
    def take_a_proposal(self, asset: str, hours: int) -> None:
        row = {"step-0": 0, "asset-0": self.assets[asset], "channel-0": self.channels["one"], "at-0": self.wall(hours), "go-0": "1"}
        path = f"/campaigns/{self.campaign}/propose"
        self.opened["proposal"] += self.submit("planner", path, template="announcement", version=self.version(), rows=1, do="take", **row)

    @rule(asset=IN_ORDER[0], channel=IN_ORDER[1], days=some.integers(1, 12))
    def drop_an_asset(self, asset: str, channel: str, days: int) -> None:
        day = (NOON + timedelta(days=days)).date().isoformat()
        self.opened["drag"] += self.submit("planner", "/calendar/drawer/place", asset=self.assets[asset], channel=self.channels[channel], day=day)

    # Changing: moved in five ways, edited in two, together, with what it is about.

    @precondition(lambda self: self.posts())
    @rule(number=ANY_POST, hours=IN_ORDER[3], how=some.sampled_from(("form", "drop", "program", "together", "edit")), who=WRITERS)
    def move(self, number: int, hours: int, how: str, who: str) -> None:
        post, at = self.pick(number), (NOON + hours * HOUR).isoformat()
        with self.moved_by(who, post):
            if how == "form":
                self.opened["move"] += self.submit(who, f"/posts/{post}/move", wall_time=self.wall(hours), time_zone="Europe/Paris")
            elif how == "drop":
                client, token = self.clients[who]
                status = client.post(f"/posts/{post}/move", json={"start": at}, headers={"X-CSRFToken": token}).status_code
                assert status < 500 and status != 429
                self.opened["drag"] += status == 200
            elif how == "together":
                days = hours // 24 - 5
                self.opened["together"] += self.submit(who, "/calendar/together/move", post=post, days=days, scope="one")
            elif how == "edit":
                self.edit_by_form(who, post, {"wall_time": self.wall(hours)})
            else:
                self.opened["api"] += bool(self.program(who, "POST", f"/posts/{post}/move", {"publish_at": at}))

    @precondition(lambda self: self.posts())
    @rule(number=ANY_POST, back=some.booleans(), days=some.integers(1, 12))
    def put_into_the_drawer(self, number: int, back: bool, days: int) -> None:
        post, at = self.pick(number), self.a_second_later()
        self.opened["drawer"] += self.submit("planner", "/calendar/together/unplan", post=post, sure="1")
        if back:
            self.opened["undo"] += self.submit("planner", "/calendar/together/undo", at=at.isoformat())
        else:
            self.opened["drag"] += self.submit("planner", "/calendar/drawer/place", post=post, day=(NOON + timedelta(days=days)).date().isoformat())
        self.decided(post)

    @precondition(lambda self: self.posts())
    @rule(number=ANY_POST, change=some.sampled_from(CHANGES), in_campaign=some.booleans(), by_form=some.booleans(), who=WRITERS)
    def edit(self, number: int, change: tuple[str, str], in_campaign: bool, by_form: bool, who: str) -> None:
        post, campaign = self.pick(number), self.campaign if in_campaign else None
        was, (field, value) = content(self.post(post)), change
        if by_form:
            self.edit_by_form(who, post, {field: value, "campaign_id": campaign or ""})
        else:
            told: Any = ([value] if value else []) if field == "tags" else value
            self.opened["api"] += bool(self.program(who, "PATCH", f"/posts/{post}", {field: told, "campaign_id": campaign}))
        now = self.post(post)
        assert content(now) == was or now.state not in GOING or self.yes.get(post, {}).get(content(now)), "an edited post goes on without being approved again"

    def edit_by_form(self, who: str, number: int, changed: dict[str, Any]) -> None:
        """The whole form as it stands on the page, with some of it changed."""
        post = self.post(number)
        at = post.publish_at
        fields = {
            "text": post.text, "title": post.title, "link": post.link, "first_comment": post.first_comment, "tags": ", ".join(post.tags or []), "playlist": "",
            "media": [one["file_id"] for one in post.media], **{f"alt-{one['file_id']}": one["alt_text"] for one in post.media},
            "campaign_id": post.campaign_id or "", "version": post.version, "time_zone": "Europe/Paris",
            "wall_time": (at + HOUR).replace(tzinfo=None).isoformat(timespec="minutes") if at else "",
        }  # fmt: skip
        self.opened["edit"] += self.submit(who, f"/posts/{number}/edit", **{**fields, **changed})

    @precondition(lambda self: self.posts(*GOING))
    @rule(number=ANY_POST, turn=some.sampled_from(tuple(TURNS)), by_form=some.booleans(), who=WRITERS)
    def edit_away_and_back(self, number: int, turn: str, by_form: bool, who: str) -> None:
        """What was approved once comes back when something else has changed meanwhile."""
        going = self.posts(*GOING)
        post = going[number % len(going)]
        text = self.post(post).text
        for words in ("Something else.", text):
            if by_form:
                self.edit_by_form(who, post, {"text": words})
            else:
                self.opened["api"] += bool(self.program(who, "PATCH", f"/posts/{post}", {"text": words}))
            self.what_is_approved_was_approved_and_may_go_out_then()
            self.turn_an_asset(turn)

    @rule(turn=some.sampled_from(tuple(TURNS)))
    def turn_an_asset(self, turn: str) -> None:
        self.opened["asset"] += bool(self.program("planner", "PATCH", f"/assets/{self.assets['turning']}", TURNS[turn]))

    @rule(what=some.sampled_from(("alt text", "summary")), said=some.sampled_from(SAID))
    def describe_an_asset(self, what: str, said: str) -> None:
        path = f"/assets/{self.assets['open']}"
        if what == "summary":
            self.opened["summary"] += bool(self.program("planner", "PATCH", path, {"summary": said}))
        else:
            self.opened["alt text"] += self.submit("planner", f"{path}/files/{self.picture}", **{f"file-{self.picture}-alt_text": said})

    @precondition(lambda self: self.posts())
    @rule(numbers=some.lists(ANY_POST, min_size=1, max_size=4), what=some.sampled_from(("submit", "cancel")), back=some.booleans(), who=WRITERS)
    def do_together(self, numbers: list[int], what: str, back: bool, who: str) -> None:
        chosen, at = list(dict.fromkeys(self.one(number) for number in numbers)), self.a_second_later()
        taken = self.submit(who, f"/calendar/together/{what}", post=chosen, reason="Not now.")
        self.opened["together"] += taken
        if back:
            self.opened["undo"] += self.submit(who, "/calendar/together/undo", at=at.isoformat())
        if taken:
            self.decided(*chosen)

    # The wave and the campaign.

    @rule(hours=some.sampled_from((121, 200, 239, 241, 300)), goes=some.sampled_from(("move", "stay")), who=WRITERS)
    def move_the_embargo(self, hours: int, goes: str, who: str) -> None:
        fields: dict[str, Any] = {"name": "Launch", "embargo_until": self.wall(hours), "version": self.version()}
        client, token = self.clients[who]
        asked = client.post(f"/campaigns/{self.campaign}/edit", data={"csrf_token": token, **fields})
        told = dict(re.findall(r'name="((?:at|version|go)-\d+)"[^>]*?value="([^"]*)"', asked.text))
        with self.moved_by(who, *self.wave()):
            self.opened["wave"] += self.submit(who, f"/campaigns/{self.campaign}/edit", **fields, **told, wave=goes)

    @rule(hours=some.sampled_from((121, 200, 239, 241, 300)), all_of_it=some.booleans(), back=some.booleans(), who=WRITERS)
    def move_the_wave_by_program(self, hours: int, all_of_it: bool, back: bool, who: str) -> None:
        path, told = f"/campaigns/{self.campaign}/wave", {"embargo_until": f"{NOON + hours * HOUR:%Y-%m-%dT%H:%M:%SZ}", "time_zone": "Europe/Paris"}
        shown = self.program(who, "GET", f"{path}?embargo_until={told['embargo_until']}&time_zone={told['time_zone']}")
        moves = [{"post_id": one["post_id"], "version": one["version"], "wall_time": one["wall_time"]} for one in shown.get("items", [])[:1]]
        with self.moved_by(who, *self.wave()):
            done = self.program(who, "POST", f"{path}/shift", told if all_of_it else {**told, "moves": moves})
            self.opened["wave"] += "entry_id" in done
        if back and "entry_id" in done:
            with self.moved_by(who, *self.wave()):
                self.program(who, "POST", f"{path}/undo", {"entry_id": done["entry_id"]})

    @precondition(lambda self: self.posts())
    @rule(number=ANY_POST, days=some.integers(-5, 5), back=some.booleans(), who=WRITERS)
    def drag_the_whole_wave(self, number: int, days: int, back: bool, who: str) -> None:
        (client, token), post, script = self.clients[who], self.one(number), {"Accept": "application/json"}
        with self.moved_by(who, post, *self.wave()):
            done = client.post("/calendar/together/move", data={"csrf_token": token, "post": post, "days": days, "scope": "wave"}, headers=script)
        assert done.status_code < 500 and done.status_code != 429
        self.opened["wave"] += done.status_code == 200
        if back and done.status_code == 200:
            with self.moved_by(who, post, *self.wave()):
                undone = client.post(done.json["undo"], data={"csrf_token": token, **done.json["fields"]}, headers=script)
            assert undone.status_code < 500 and undone.status_code != 429

    @rule(what=some.sampled_from(("postpone", "cancel", "go-on")))
    def let_the_campaign_go_or_not(self, what: str) -> None:
        stopped = self.going_now(campaign=self.campaign) if what == "go-on" and self.is_paused(self.campaign) else {}
        if self.submit("planner", f"/campaigns/{self.campaign}/{what}", reason="Not now."):
            self.opened["standing"] += 1
            self.stopped |= stopped
        if what != "go-on":
            self.decided(*(self.wave() if what == "cancel" else ()))

    # Asking and answering.

    @precondition(lambda self: self.posts())
    @rule(number=ANY_POST, step=some.sampled_from(("submit", "submit", "withdraw", "cancel", "restore")), by_page=some.booleans(), who=WRITERS)
    def step(self, number: int, step: str, by_page: bool, who: str) -> None:
        self.say(who, self.pick(number), step, by_page)

    @precondition(lambda self: self.posts())
    @rule(number=ANY_POST, who=APPROVERS, how=some.sampled_from(("page", "program", "phone")))
    def approve(self, number: int, who: str, how: str) -> None:
        self.says_yes(who, self.one(number), how)

    @precondition(lambda self: self.posts())
    @rule(number=ANY_POST, who=APPROVERS)
    def ask_for_changes(self, number: int, who: str) -> None:
        post = self.pick(number)
        if self.submit(who, f"/approvals/{post}/request-changes", **{"changes-note": "Say it better."}) and self.post(post).state is PostState.CHANGES_REQUESTED:
            self.opened["changes"] += 1
            self.yes.pop(post, None)

    @rule(who=APPROVERS)
    def approve_the_wave(self, who: str) -> None:
        asked = {number: self.post(number) for number in self.wave() if self.post(number).state is PostState.IN_REVIEW}
        before = {number: self.count_yes(number) for number in asked}
        digests = {f"digest-{number}": self.digest(post) for number, post in asked.items()}
        taken = self.submit(who, f"/approvals/waves/{self.campaign}", post=list(asked), **digests)
        for number, post in asked.items():
            if taken and self.count_yes(number) > before[number]:
                self.opened["approvals"] += 1
                self.note_yes(who, number, content(post))

    @precondition(lambda self: self.posts())
    @rule(number=ANY_POST)
    def ask_somebody_outside(self, number: int) -> None:
        """No step asks for their yes here: it is advice, and approves nothing."""
        post = self.one(number)
        with self.sessions.begin() as db:
            row, maker = db.get_one(Post, post), db.get_one(User, self.numbers["planner"])
            _link, token = guests.make(db, "A guest", [row], actor=maker, now=self.clock.now())
            digest = self.digest(row)
        outside, signed = self.clients["viewer"]
        status = outside.post(f"/r/{token}/{post}/approve", data={"csrf_token": signed, "digest": digest}).status_code
        assert status < 500 and status != 429
        self.opened["guest"] += status < 400

    @rule(who=APPROVERS, by_page=some.booleans())
    def ask_for_and_approve_whatever_may_be(self, who: str, by_page: bool) -> None:
        for number in self.posts(PostState.DRAFT, PostState.CHANGES_REQUESTED):
            self.say("planner", number, "submit", by_page=False)
        for number in self.posts(PostState.IN_REVIEW):
            for one in ("lawyer", who) if self.post(number).asset.sensitive else (who,):
                self.says_yes(one, number, "page" if by_page else "program")

    @rule()
    def an_approver_says_yes_to_all(self) -> None:
        self.ask_for_and_approve_whatever_may_be("approver", by_page=True)

    def say(self, who: str, post: int, step: str, by_page: bool) -> None:
        body = {"reason": "Not now."} if step == "cancel" else {}
        taken = self.submit(who, f"/posts/{post}/{step}", **body) if by_page else bool(self.program(who, "POST", f"/posts/{post}/{step}", body))
        self.opened["page" if by_page else "api"] += taken
        if taken and step == "withdraw" and self.post(post).state is PostState.DRAFT:
            self.yes.pop(post, None)
        if taken:
            self.decided(post)

    def says_yes(self, who: str, number: int, how: str) -> None:
        post, before = self.post(number), self.count_yes(number)
        if how == "program":
            self.program(who, "POST", f"/posts/{number}/approve", {})
        else:
            self.submit(who, f"/{'posts' if how == 'page' else 'approvals'}/{number}/approve", digest=self.digest(post))
        if self.count_yes(number) > before:
            self.opened["approvals"] += 1
            self.note_yes(who, number, content(post))

    # Pauses, what they held, and what is live.

    @rule(scope=some.sampled_from(("all", "channel", "campaign")))
    def pause(self, scope: str) -> None:
        chosen = {"all": "all", "channel": f"channel:{self.channels['one']}", "campaign": f"campaign:{self.campaign}"}[scope]
        self.opened["pause"] += self.submit("admin", "/settings/pause/start", scope=chosen, reason="Quiet.")

    @rule()
    def end_the_pauses(self) -> None:
        with self.sessions() as db:
            known = [(one.id, one.channel_id, one.campaign_id) for one in pauses.all_in_force(db)]
        for number, channel, campaign in known:
            stopped = self.going_now(channel=channel, campaign=campaign)
            if self.submit("admin", f"/settings/pause/{number}/end"):
                self.opened["pause"] += 1
                self.stopped |= stopped

    @rule(choice=some.sampled_from(("keep", "send", "drop", "move")), hours=IN_ORDER[3], who=WRITERS)
    def decide_what_was_held(self, choice: str, hours: int, who: str) -> None:
        with self.sessions() as db:
            held = select(Delivery.id, Delivery.post_id).where(Delivery.state == DeliveryState.HELD, Delivery.hold == Hold.PAUSE).order_by(Delivery.id)
            first = db.execute(held).first()
        if first is not None:
            with self.moved_by(who, first.post_id):
                told = {f"choice-{first.id}": choice, f"at-{first.id}": self.wall(hours)}
                self.opened["held"] += self.submit(who, "/held", do="each", **told)

    @rule(number=ANY_POST, text=IN_ORDER[2], who=APPROVERS)
    def change_what_is_live(self, number: int, text: str, who: str) -> None:
        if live := self.posts(PostState.PUBLISHED):
            post = live[number % len(live)]
            self.submit("planner", f"/posts/{post}/edit-live", title=self.post(post).title, text=text, tags="", reason="Better.")
            self.approve_a_change(who)

    @rule(who=APPROVERS)
    def approve_a_change(self, who: str) -> None:
        with self.sessions() as db:
            waits = select(Amendment).where(Amendment.kind == AmendmentKind.EDIT, Amendment.state == AmendmentState.IN_REVIEW).order_by(Amendment.id)
            asked = [(one.post_id, one.id, str(one.content.get("text", one.post.text))) for one in db.scalars(waits)]
        for post, number, text in asked[:1]:
            self.program(who, "POST", f"/posts/{post}/changes/{number}/approve", {})
            with self.sessions() as db:
                change = db.get_one(Amendment, number)
                if change.approved_by_id is not None:
                    self.changes[number] = text, who
                assert change.state is AmendmentState.IN_REVIEW or change.approved_by_id == self.numbers[who], "a change of what is live that nobody approved"

    @rule(hours=some.sampled_from((1, 24, 80)))
    def time_passes(self, hours: int) -> None:
        self.lives_until(self.clock.now() + hours * HOUR)

    # What these doors share.

    def pick(self, number: int) -> int:
        """One of all posts or, half of the time, of those on their way: it is those that must be asked for again."""
        going = self.posts(*GOING)
        return going[number % len(going)] if number > 15 and going else self.one(number)

    def wave(self) -> list[int]:
        with self.sessions() as db:
            return list(db.scalars(select(Post.id).where(Post.campaign_id == self.campaign, Post.publish_at.is_not(None)).order_by(Post.id)))

    def count_yes(self, post: int) -> int:
        with self.sessions() as db:
            said = select(func.count()).select_from(Approval).where(Approval.post_id == post, Approval.verb == Verb.APPROVED, Approval.by_id.is_not(None))
            return db.scalar(said) or 0

    def note_yes(self, who: str, post: int, read: Content) -> None:
        self.yes.setdefault(post, {}).setdefault(read, set()).add(who)

    def moved_by(self, who: str, *posts: int) -> Any:
        """Who may approve and moves a post says yes to its new time with it, as far as the product notes that yes."""
        return _Moved(self, who, posts)

    def is_paused(self, campaign: int) -> bool:
        with self.sessions() as db:
            return any(one.campaign_id == campaign for one in pauses.all_in_force(db))

    def going_now(self, *, channel: int | None = None, campaign: int | None = None) -> dict[int, str]:
        """What is on its way there, with what it says: what a pause of it stops."""
        with self.sessions() as db:
            found = select(Post).where(Post.state.in_((PostState.APPROVED, PostState.SCHEDULED)))
            found = found.where(Post.channel_id == channel) if channel is not None else found
            found = found.where(Post.campaign_id == campaign) if campaign is not None else found
            return {post.id: self.digest(post) for post in db.scalars(found)}


class _Moved:
    """Notes what a move with a yes in the mover's name said yes to: the words somebody had approved before, at the new time."""

    def __init__(self, doors: Doors, who: str, posts: tuple[int, ...]) -> None:
        self.doors, self.who, self.posts = doors, who, posts

    def __enter__(self) -> None:
        self.before = {number: (content(self.doors.post(number)), self.doors.count_yes(number)) for number in self.posts}

    def __exit__(self, *_error: object) -> None:
        self.doors.decided(*self.posts)
        for number, (was, said) in self.before.items():
            now = content(self.doors.post(number))
            read = [one[:-1] for one in self.doors.yes.get(number, {})]
            if self.doors.count_yes(number) > said and self.who == "admin" and now[:-1] == was[:-1] and was[:-1] in read:
                self.doors.note_yes(self.who, number, now)


@pytest.fixture
def walk(app: Flask, clock: StoppedClock, httpserver: HTTPServer) -> Iterator[Callable[[], Doors]]:
    """Makes walks. One mail server and one chat room take what is sent."""
    httpserver.expect_request("/room").respond_with_data("ok")
    with postbox() as box:
        yield lambda: Doors(app, clock, box, httpserver)


def found(walk: Callable[[], Doors]) -> Doors:
    doors = walk()
    doors.found()
    return doors


def hold(doors: Doors) -> None:
    """Look at everything that must hold after a step."""
    doors.what_is_approved_was_approved_and_may_go_out_then()
    doors.nobody_outside_reads_a_secret()
    doors.a_viewer_reads_nothing_confidential()
    doors.no_digest_says_a_secret()


def test_the_walk_comes_to_what_it_watches(walk: Callable[[], Doors]) -> None:
    doors = found(walk)

    doors.ask_for_and_approve_whatever_may_be("approver", by_page=True)
    hold(doors)
    doors.time_passes(80)
    hold(doors)

    with doors.sessions() as db:
        states = [row[0] for row in db.execute(select(Post.state).order_by(Post.id))]
    assert (states, doors.sent) == ([PostState.PUBLISHED, PostState.SCHEDULED, PostState.SCHEDULED, PostState.SCHEDULED, PostState.DRAFT], 1)


def test_the_walk_moves_a_wave_by_program_and_back(walk: Callable[[], Doors]) -> None:
    doors = found(walk)
    lifts = []

    for back in (True, False):
        doors.move_the_wave_by_program(300, all_of_it=True, back=back, who="planner")
        with doors.sessions() as db:
            campaign = db.get_one(Campaign, doors.campaign)
            lifts.append((campaign.embargo_until, db.scalars(select(Post.publish_at).where(Post.campaign_id == campaign.id)).all()))
    hold(doors)

    assert lifts == [(NOON + 240 * HOUR, [NOON + 241 * HOUR]), (NOON + 300 * HOUR, [NOON + 301 * HOUR])]


def test_the_walk_drags_a_wave_and_back(walk: Callable[[], Doors]) -> None:
    doors = found(walk)
    seen = []

    for back in (True, False):
        doors.drag_the_whole_wave(2, 3, back=back, who="planner")
        with doors.sessions() as db:
            seen.append(db.scalars(select(Post.publish_at).where(Post.campaign_id == doors.campaign)).all())
    hold(doors)

    assert seen == [[NOON + 241 * HOUR], [NOON + 313 * HOUR]]


def test_the_walk_reads_digests_that_have_something_to_hide(walk: Callable[[], Doors]) -> None:
    doors = found(walk)

    for number in doors.posts():
        doors.say("planner", number, "submit", by_page=False)
    hold(doors)
    doors.time_passes(1)
    doors.steps = 0  # The next ones are in English.

    assert sum("a confidential post" in text for text in doors.digests()) > 0
    assert sum("a confidential post" in text for text in doors.box.said) > 0
    assert len(doors.room.log) == 1


def test_whatever_is_tried_too_early_or_twice_stays_in(walk: Callable[[], Doors]) -> None:
    """Each asset on each channel before and after each lift, asked for and approved by each who may; then the company lives on."""
    doors = found(walk)
    doors.turn_an_asset("embargoed")

    for number, asset in enumerate(ASSETS):
        for hours in (30, 121, 239):
            doors.plan_by_program(asset, CHANNELS[number % 2], TEXTS[hours % 4], hours + number, "planner")
            doors.compose(asset, CHANNELS[hours % 2], TEXTS[number % 4], hours, in_campaign=hours == 239, who="admin")
    doors.edit(0, ("title", "Falcons first"), in_campaign=False, by_form=False, who="planner")
    hold(doors)
    for who in ("planner", "admin", "approver"):
        doors.ask_for_and_approve_whatever_may_be(who, by_page=who == "admin")
        hold(doors)
    for number in range(0, len(doors.posts()), 5):
        doors.move(number, 30, "form", "admin")
        doors.step(number, "cancel", by_page=True, who="planner")
        doors.step(number, "restore", by_page=False, who="planner")
        hold(doors)
    doors.ask_somebody_outside(0)
    hold(doors)
    for _ in range(3):
        doors.time_passes(80)
        hold(doors)

    assert doors.sent > 3


def test_what_was_approved_does_not_come_back_where_something_changed_meanwhile(walk: Callable[[], Doors]) -> None:
    doors, becomes = found(walk), []
    doors.edit(0, ("text", "An Osprey on the roof."), in_campaign=False, by_form=True, who="planner")

    for turn in ("open", "embargoed"):
        doors.ask_for_and_approve_whatever_may_be("approver", by_page=False)
        doors.edit_away_and_back(0, turn, by_form=turn == "open", who="planner")
        hold(doors)
        becomes.append(doors.post(doors.one(0)).state)

    assert becomes == [PostState.APPROVED, PostState.IN_REVIEW]


def test_no_way_back_approves_what_nobody_approved(walk: Callable[[], Doors]) -> None:
    doors, becomes = found(walk), []
    for number in (0, 1):
        doors.step(number, "submit", by_page=True, who="planner")

    doors.put_into_the_drawer(0, back=True, days=3)
    for step in ("cancel", "restore"):
        doors.step(1, step, by_page=True, who="planner")
    hold(doors)
    becomes += [doors.post(doors.one(number)).state for number in (0, 1)]
    doors.let_the_campaign_go_or_not("cancel")
    doors.compose("open", "two", TEXTS[0], 241, in_campaign=True, who="planner")
    doors.edit(0, ("text", TEXTS[0]), in_campaign=True, by_form=False, who="planner")
    doors.an_approver_says_yes_to_all()
    hold(doors)

    assert becomes == [PostState.IN_REVIEW, PostState.IN_REVIEW]


def test_a_yes_that_was_taken_back_does_not_come_back_by_changing_away_and_back(walk: Callable[[], Doors]) -> None:
    doors = found(walk)
    doors.an_approver_says_yes_to_all()
    for step in ("withdraw", "submit"):
        doors.step(0, step, by_page=True, who="planner")

    for text in (TEXTS[2], "Something to say at 30."):
        doors.edit(0, ("text", text), in_campaign=False, by_form=False, who="planner")
    hold(doors)

    assert doors.post(doors.one(0)).state is PostState.IN_REVIEW


def test_a_post_that_is_brought_back_is_asked_for_again_where_a_rule_forbids_it_by_now(walk: Callable[[], Doors]) -> None:
    doors = found(walk)
    doors.edit(0, ("text", "An Osprey on the roof."), in_campaign=False, by_form=True, who="planner")
    doors.an_approver_says_yes_to_all()

    doors.step(0, "cancel", by_page=True, who="planner")
    doors.turn_an_asset("embargoed")
    doors.step(0, "restore", by_page=True, who="planner")
    hold(doors)

    assert doors.post(doors.one(0)).state is PostState.IN_REVIEW


@pytest.mark.parametrize(("turn", "goes_out"), [("renamed", [False, True]), ("embargoed", [False, False])])
def test_what_changed_around_an_approved_post_holds_it_when_it_would_leave(walk: Callable[[], Doors], turn: str, goes_out: list[bool]) -> None:
    doors = found(walk)
    doors.compose("turning", "two", TEXTS[2], 30, in_campaign=False, who="planner")
    doors.compose("open", "two", TEXTS[3], 50, in_campaign=False, who="planner")
    doors.an_approver_says_yes_to_all()
    made = doors.posts()[-2:]
    assert [doors.post(number).state for number in made] == [PostState.APPROVED, PostState.APPROVED]

    doors.turn_an_asset(turn)
    doors.time_passes(80)

    assert [doors.post(number).state is PostState.PUBLISHED for number in made] == goes_out


@pytest.mark.parametrize(("shown", "what"), [("picture", "alt text"), ("card", "summary")])
@pytest.mark.parametrize(("said", "state"), [("A red door", PostState.PUBLISHED), ("A blue door", PostState.SCHEDULED), ("The Falcons fly", PostState.SCHEDULED)])
def test_what_the_catalog_says_of_an_approved_post_s_files_and_link_holds_it_when_it_would_leave(
    walk: Callable[[], Doors], shown: str, what: str, said: str, state: PostState
) -> None:
    doors = found(walk)
    doors.describe_an_asset(what, "A red door")
    doors.plan_what_the_catalog_describes(shown, "two", 30, "planner")
    doors.an_approver_says_yes_to_all()
    assert doors.post(doors.posts()[-1]).state is PostState.APPROVED

    doors.describe_an_asset(what, said)
    hold(doors)
    doors.time_passes(80)

    assert doors.post(doors.posts()[-1]).state is state


@pytest.mark.parametrize(("shown", "what"), [("picture", "alt text"), ("card", "summary")])
def test_a_secret_that_only_the_catalog_says_is_not_approved(walk: Callable[[], Doors], shown: str, what: str) -> None:
    doors = found(walk)
    doors.plan_what_the_catalog_describes(shown, "two", 30, "planner")

    doors.describe_an_asset(what, "The Falcons fly")
    doors.an_approver_says_yes_to_all()
    hold(doors)

    assert doors.post(doors.posts()[-1]).state is PostState.DRAFT


def test_what_is_live_is_changed_into_nothing_that_may_not_be_said(walk: Callable[[], Doors]) -> None:
    doors = found(walk)
    doors.an_approver_says_yes_to_all()
    doors.time_passes(80)

    for text in (TEXTS[1], TEXTS[2]):
        doors.change_what_is_live(0, text, "approver")
        doors.time_passes(1)
        hold(doors)

    assert [(verb, *told) for verb, _number, *told in doors.platform.amended] == [("edit", TEXTS[2])]


@pytest.mark.parametrize("by_form", [True, False], ids=["form", "program"])
def test_whatever_is_edited_after_its_approval_is_asked_for_again(walk: Callable[[], Doors], by_form: bool) -> None:
    doors, becomes = found(walk), {}
    changes = (
        ("text", "Words about nothing much."), ("title", "Another title"), ("first_comment", "Come early."), ("tags", "doors"), ("link", "https://example.com/house"),
    )  # fmt: skip

    for field, value in changes:
        doors.ask_for_and_approve_whatever_may_be("approver", by_page=True)
        assert doors.post(doors.one(0)).state is PostState.APPROVED
        doors.edit(0, (field, value), in_campaign=False, by_form=by_form, who="admin")
        doors.what_is_approved_was_approved_and_may_go_out_then()
        becomes[field] = doors.post(doors.one(0)).state

    assert becomes == dict.fromkeys([field for field, _value in changes], PostState.IN_REVIEW)


@pytest.mark.parametrize("how", ["form", "drop", "program", "together", "edit"])
def test_whatever_is_moved_after_its_approval_is_asked_for_again(walk: Callable[[], Doors], how: str) -> None:
    doors = found(walk)
    doors.ask_for_and_approve_whatever_may_be("approver", by_page=True)

    for number, hours in ((0, 30), (1, 121)):
        doors.move(number, 200 + number, how, "planner")
        doors.what_is_approved_was_approved_and_may_go_out_then()
        moved = doors.post(doors.one(number))
        assert (moved.publish_at == NOON + hours * HOUR, moved.state) == (False, PostState.IN_REVIEW)


def test_each_door_of_the_walk_opens(walk: Callable[[], Doors]) -> None:
    """A door that only ever refuses would show nothing."""
    doors = found(walk)

    doors.compose("open", "two", TEXTS[0], 30, in_campaign=False, who="planner")
    doors.plan_by_program("open", "two", TEXTS[2], 200, who="admin")
    doors.bring_a_file([("open", "two", TEXTS[2], 121)])
    doors.queue("turning", confirmed=True)
    doors.fill_a_slot(9)
    doors.take_a_proposal("open", 300)
    doors.drop_an_asset("open", "two", 3)
    doors.plan_what_the_catalog_describes("picture", "two", 30, "planner")
    for what in ("alt text", "summary"):
        doors.describe_an_asset(what, SAID[1])
    for number, how in enumerate(("form", "drop", "program", "together", "edit")):
        doors.move(0, 200 + number, how, "planner")
    doors.put_into_the_drawer(0, back=True, days=3)
    doors.edit(0, CHANGES[2], in_campaign=False, by_form=True, who="planner")
    doors.turn_an_asset("confidential")
    doors.do_together([0], "submit", back=True, who="planner")
    doors.move_the_embargo(300, "move", "planner")
    doors.drag_the_whole_wave(2, 1, back=True, who="planner")
    doors.ask_for_and_approve_whatever_may_be("approver", by_page=True)
    doors.say("planner", doors.one(1), "withdraw", by_page=True)
    doors.say("planner", doors.one(1), "submit", by_page=True)
    doors.ask_somebody_outside(1)
    hold(doors)
    doors.ask_for_changes(1, "approver")
    doors.pause("all")
    doors.end_the_pauses()
    doors.decide_what_was_held("keep", 200, "planner")
    hold(doors)
    doors.time_passes(80)
    doors.change_what_is_live(0, TEXTS[2], "approver")
    doors.time_passes(1)
    doors.let_the_campaign_go_or_not("postpone")
    hold(doors)

    everything = {
        "form", "page", "edit", "move", "drag", "drawer", "together", "undo", "csv", "api", "queue", "slot", "proposal", "wave", "standing", "asset", "approvals",
        "changes", "guest", "described", "alt text", "summary", "pause", "held", "live edit", "digest",
    }  # fmt: skip
    assert everything - {name for name, times in doors.opened.items() if times} == set()


def test_no_door_lets_out_what_must_stay_in(walk: Callable[[], Doors]) -> None:
    walks = settings(max_examples=7, stateful_step_count=12, derandomize=True, **_WALKS)
    run_state_machine_as_test(walk, settings=walks)


@pytest.mark.faults
def test_nor_does_any_on_long_walks(walk: Callable[[], Doors]) -> None:
    walks = settings(max_examples=120, stateful_step_count=40, **_WALKS)
    run_state_machine_as_test(walk, settings=walks)
