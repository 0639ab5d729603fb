"""A small company whose plan is walked through every door, and what must hold after each step, told apart from the product's own rules.

What was approved is remembered here, as the approver read it; what left is taken from a platform that only keeps what it is given;
what people outside and the digests say is read as they read it.
"""

from __future__ import annotations

import io
import socket
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner import tables
from planner.accounts import service as accounts
from planner.accounts.models import User
from planner.catalog.models import Asset, AssetFile, AssetKind, Confidentiality
from planner.channels.port import Flavour, MediaKind, OutgoingPost, Platform
from planner.jobs import tick
from planner.planning import evergreen, pauses, routes, rules, service, shares, slots
from planner.planning.models import Approval, Campaign, Post, PostState, ShareKind, Standing, Verb
from planner.planning.steps import Step
from planner.planning.surroundings import surroundings
from planner.planning.values import PostValues
from planner.publishing.models import Amendment, Delivery
from planner.reports import daily, digesting
from planner.reports.digesting import Wishes
from planner.reports.speech import speech
from planner.web.security import limiter
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_user
from tests.publishing.conftest import Scripted, ScriptedRegistry

HOUR = timedelta(hours=1)
LIFT = NOON + 120 * HOUR
GOING = (PostState.APPROVED, PostState.SCHEDULED, PostState.SENDING)
#: Who is there, and the role of each.
PEOPLE = {"planner": "planner", "approver": "approver", "lawyer": "legal", "viewer": "viewer", "admin": "admin"}
#: What stands in the title of each asset; none is said in the title of another. Of what is under embargo only “Falcon” and “Osprey” are terms.
TITLES = {"open": "Open house", "embargoed": "Project Falcon by Zephyr", "sensitive": "Restructuring", "confidential": "Merger talks", "turning": "The Osprey paper"}
#: What a viewer, who may not know of what is confidential, asks for: one of these after each step.
SEEN_BY_A_VIEWER = (
    "/", "/calendar?view=list&date=2026-03-02", "/calendar?date=2026-03-09", "/calendar?view=month&date=2026-03-02", "/calendar/export.xlsx?start=2026-03-01&end=2026-04-01",
    "/assets", "/approvals", "/campaigns/{campaign}", "/posts/new", "/held", "/calendar/evergreen", "/settings/pause",
)  # fmt: skip

Content = tuple[Any, ...]


class Postbox:
    """A mail server that keeps what it is given."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.said.append(f"{mail['Subject']}\n{mail.get_content()}")  # type: ignore[attr-defined]
        return "250 OK"


@contextmanager
def postbox() -> Iterator[tuple[Postbox, int]]:
    """A mail server of this machine and its port."""
    box = Postbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()


class Company(RuleBasedStateMachine):
    """Its people, channels, assets and plan, and what must hold whatever is done to them."""

    def __init__(self, app: Flask, clock: StoppedClock, mail: tuple[Postbox, int], room: Any) -> None:
        super().__init__()
        self.app, self.clock, self.box, self.room = app, clock, mail[0], room
        self.platform = Scripted()
        self.runtime = app.extensions["planner"]
        self.sessions = self.runtime.sessions
        self.runtime.make_registry, self.runtime._registry = (lambda: ScriptedRegistry(self.platform)), None
        self.runtime.settings = replace(
            self.runtime.settings, smtp_host="127.0.0.1", smtp_port=mail[1], smtp_security="none", mail_from="planner@example.com", allow_private_addresses=True,
        )  # fmt: skip
        app.test_client_class = Browser

    @initialize()
    def found(self) -> None:
        limiter.reset()
        self.app.extensions["planner-api-throttle"].storage.reset()
        self.clock.moment, self.sent, self.steps = NOON, 0, 0
        self.opened: Counter[str] = Counter()
        self.going: set[tuple[int, str]] = set()
        #: What was looked at when it had become approved.
        self.checked: set[tuple[int, str]] = set()
        #: Post -> each content that somebody said yes to, and who.
        self.yes: dict[int, dict[Content, set[str]]] = {}
        #: Change of a live post -> the words that were approved, and by whom.
        self.changes: dict[int, tuple[str, str]] = {}
        #: What a pause stopped and nobody has decided about since: post -> the digest it had then.
        self.stopped: dict[int, str] = {}
        self.platform.__init__()  # type: ignore[misc]
        self.box.said.clear()
        with self.sessions.begin() as db:
            for table in reversed(tables.metadata.sorted_tables):
                db.execute(table.delete())
            people = {name: make_user(db, roles=(role,), email=f"{name}@example.com", name=name.title()) for name, role in PEOPLE.items()}
            one = make_channel(db, name="one", time_zone="Europe/Paris")
            two = make_channel(db, name="two", platform=Platform.LINKEDIN, time_zone="Europe/Paris")
            assets = {
                "open": make_asset(db, title=TITLES["open"]),
                "embargoed": make_asset(db, title=TITLES["embargoed"], kind=AssetKind.PRESS_RELEASE, embargo_until=LIFT, embargo_terms=["Falcon"]),
                "sensitive": make_asset(db, title=TITLES["sensitive"], kind=AssetKind.WHITE_PAPER, sensitive=True),
                "confidential": make_asset(db, title=TITLES["confidential"], confidentiality=Confidentiality.CONFIDENTIAL),
                "turning": make_asset(db, title=TITLES["turning"]),
            }
            picture = AssetFile(
                asset=assets["open"], kind=MediaKind.IMAGE, name="door.png", stored_name="0.png", mime="image/png", size=9, sha256="0", width=40, height=30,
                alt_text="A red door", created_at=NOON,
            )  # fmt: skip
            db.add(picture)
            campaign = make_campaign(db, name="Launch", embargo_until=NOON + 240 * HOUR)
            # Whoever has not answered is reminded early; the sign-offs of what is sensitive are as the product has them.
            routes.set_route(db, routes.ANYTHING_ELSE, [Step("", nudge=400)], actor=people["admin"], now=NOON)
            self.slots = {weekday: slots.add_slot(db, one, weekday, "10:30", actor=None, now=NOON).id for weekday in range(5)}
            for name in ("open", "embargoed", "turning"):
                evergreen.add(db, assets[name], 1, actor=None, now=NOON)
            self.page, self.feed = (
                shares.make(db, shares.NewShare("All", kind, **life), actor=people["admin"], now=NOON)[1]
                for kind, life in ((ShareKind.PAGE, {"life": timedelta(days=90)}), (ShareKind.FEED, {}))
            )
            for name, hours, in_campaign in (("open", 30, None), ("embargoed", 121, None), ("open", 241, campaign.id), ("sensitive", 200, None), ("open", 31, None)):
                text = "The Falcons fly at last." if hours == 31 else f"Something to say at {hours}."
                values = PostValues(text=text, title="A gala" if in_campaign else "", publish_at=NOON + hours * HOUR, campaign_id=in_campaign)
                service.plan(db, assets[name], two if name == "sensitive" else one, values, actor=people["planner"], now=NOON)
            for name in ("approver", "planner", "lawyer"):
                wishes = Wishes(by_mail=True, by_webhook=name == "approver", webhook=self.room.url_for("/room"), flavour=Flavour.SLACK, days=tuple(range(7)))
                digesting.wish(db, people[name], wishes, now=NOON)
            self.assets, self.channels = {name: asset.id for name, asset in assets.items()}, {"one": one.id, "two": two.id}
            self.picture = picture.id
            self.campaign, self.numbers = campaign.id, {name: user.id for name, user in people.items()}
            self.keys = {name: accounts.issue_token(db, user, name, actor=user, now=NOON) for name, user in people.items()}
            identities = {name: user.fs_uniquifier for name, user in people.items()}
        self.clients = {name: self._client(identity) for name, identity in identities.items()}

    def _client(self, identity: str) -> tuple[Browser, str]:
        client: Any = self.app.test_client()
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = identity, True
        return client, client.token()

    # What must hold after each step.

    @invariant()
    def what_is_approved_was_approved_and_may_go_out_then(self) -> None:
        if not hasattr(self, "clients"):
            return
        with self.sessions() as db:
            now_going, now_checked = set(), set()
            for post in db.scalars(select(Post).where(Post.state.in_(GOING))):
                digest = self.digest(post)
                now_going.add((post.id, digest))
                # What is new of its asset leaves too: the post is not sent then, and says so on its page.
                named = post.asset_id == self.assets["turning"] and not post.title
                turned = named or (post.asset_id == self.assets["open"] and any(from_the_catalog(post)))
                assert turned or post.approved_digest == digest, "it is on its way with content nobody approved"
                said = self.yes.get(post.id, {})
                assert turned or said.get(content(post)), "it is on its way though nobody said yes to exactly this"
                # An embargo that is moved later holds it when it is sent, and so does a title or a turn into what is sensitive.
                if post.approved_digest == digest:
                    if (post.id, digest) not in self.checked:
                        self.check_approved(db, post, said.get(content(post), set()))
                    now_checked.add((post.id, digest))
            self.going, self.checked = now_going, now_checked
            twice = (
                select(Post.channel_id)
                .where(Post.asset_id == self.assets["sensitive"], Post.state != PostState.CANCELLED)
                .group_by(Post.channel_id)
                .having(func.count() > 1)
            )
            assert db.scalars(twice).all() == [], "a sensitive announcement twice on one channel"
            self.stopped = {number: digest for number, digest in self.stopped.items() if (number, digest) in now_going}

    def check_approved(self, db: Session, post: Post, said: set[str]) -> None:
        """It has just become approved, or approved with something else."""
        assert post.publish_at is not None, "approved without a time"
        found = rules.gates(post, post.asset, post.campaign, post.channel, surroundings(db, post), post.publish_at)
        assert rules.blocking(found) == [], "approved against a rule that must hold"
        self.check_secrets(db, post, " ".join(map(str, content(post))), post.publish_at)
        asset, campaign = post.asset, post.campaign
        release = asset.kind is AssetKind.PRESS_RELEASE or asset.sensitive or asset.confidentiality is Confidentiality.CONFIDENTIAL or asset.embargo_until
        if release or (campaign is not None and campaign.embargo_until):
            author = next((name for name, number in self.numbers.items() if number == post.author_id), None)
            assert said - {author}, "a release that only its author approved"
        if asset.sensitive:
            assert len(said) > 1 and said & {"lawyer", "admin"}, "a sensitive announcement without its sign-offs"

    def check_secrets(self, db: Session, post: Post, said: str, at: datetime) -> None:
        """What the post says may be said at that moment."""
        assert (post.asset.embargo_until or at) <= at, "under embargo"
        assert post.campaign is None or (post.campaign.embargo_until or at) <= at, "under its campaign's embargo"
        assert post.campaign is None or post.campaign.standing is not Standing.CANCELLED, "its campaign is cancelled"
        for other in db.scalars(select(Asset).where(Asset.embargo_until > at, Asset.id != post.asset_id)):
            assert [word for word in other.embargo_terms or () if word.casefold() in said.casefold()] == [], "a leak"

    @invariant()
    def nobody_outside_reads_a_secret(self) -> None:
        if not hasattr(self, "clients"):
            return
        self.steps += 1
        outside, day = self.app.test_client(), f"{self.clock.now():%Y-%m-%d}"
        view = ("list", "month")[self.steps % 2]
        told = [outside.get(f"/s/{self.page}?view={view}&date={day}"), outside.get(f"/s/{self.feed}.ics")]
        assert [answer.status_code for answer in told] == [200, 200]
        secrets = self.secrets()
        for answer in told:
            assert secrets.intersection(words(answer.text)) == set()

    @invariant()
    def a_viewer_reads_nothing_confidential(self) -> None:
        if not hasattr(self, "clients"):
            return
        path = SEEN_BY_A_VIEWER[self.steps % len(SEEN_BY_A_VIEWER)].format(campaign=self.campaign)
        viewer = self.clients["viewer"][0]
        for asked in ("/calendar/export.csv?start=2026-03-01&end=2026-04-01", "/calendar/events?start=2026-03-01&end=2026-04-01", path):
            with viewer.get(asked) as answer:
                assert (answer.status_code in (200, 403), hidden_in(answer.data) & {"merger"}) == (True, set()), asked
        listed = self.program("viewer", "GET", ("/posts", "/assets", "/campaigns")[self.steps % 3])
        assert "merger" not in words(str(listed["items"]))

    @invariant()
    def no_digest_says_a_secret(self) -> None:
        if not hasattr(self, "clients"):
            return
        secrets = self.secrets()
        for text in self.digests():
            assert secrets.intersection(words(text)) == set()

    # What leaves.

    def lives_until(self, end: datetime) -> None:
        """Workers and schedulers do everything that is due, moment by moment; what left is looked at each time."""
        for at in [*self.due(end), end]:
            self.clock.moment = max(self.clock.moment, at)
            live, amended = len(self.platform.live), len(self.platform.amended)
            tick.run(self.runtime, schedule=False)
            with self.sessions() as db:
                for left in self.platform.live[live:]:
                    self.check_sent(db, db.get_one(Post, db.get_one(Delivery, left.delivery_id).post_id), left)
                for verb, number, *told in self.platform.amended[amended:]:
                    if verb == "edit":
                        self.check_edited(db, db.scalars(select(Post).where(Post.external_id == number)).one(), told[0])
            said = len(self.box.said)
            secrets, asked = self.secrets(), len(self.room.log)
            digesting.send_due(self.runtime)
            digesting.send_nudges(self.runtime)
            for text in [*self.box.said[said:], *(request.get_data(as_text=True) for request, _answer in self.room.log[asked:])]:
                self.opened["digest"] += 1
                assert secrets.intersection(words(text)) == set(), "a digest that left"

    def check_sent(self, db: Session, post: Post, left: OutgoingPost) -> None:
        self.sent += 1
        now, known = self.clock.now(), content(post)
        assert pauses.in_force(db, post) == [], "sent while paused"
        assert post.id not in self.stopped, "sent although a pause had stopped it and nobody decided"
        assert post.campaign is None or post.campaign.standing is Standing.RUNNING, "sent though its campaign does not go on"
        alts, card = tuple(one.alt_text for one in left.media), left.link_description if post.channel.platform is Platform.LINKEDIN and not left.media else ""
        self.check_secrets(db, post, " ".join([left.text, left.title, left.first_comment, left.link, *left.tags, *alts, card]), now)
        assert self.yes.get(post.id, {}).get(known), "sent without a yes to exactly this"
        assert post.text.strip() in left.text and left.first_comment == post.first_comment, "sent something else than was approved"
        assert (alts, card if left.link else "") == from_the_catalog(post), "sent with an alt text or a card nobody approved"
        assert post.publish_at is not None and post.publish_at <= now, "sent before its time"
        others = select(func.count()).where(Post.asset_id == post.asset_id, Post.channel_id == post.channel_id, Post.state == PostState.PUBLISHED)
        assert not post.asset.sensitive or db.scalar(others) == 1, "a sensitive announcement sent twice on one channel"
        said = select(Approval.id).where(Approval.post_id == post.id, Approval.verb == Verb.APPROVED, Approval.digest == self.digest(post))
        assert db.scalar(said.limit(1)), "sent without an approval"

    def check_edited(self, db: Session, post: Post, text: str) -> None:
        """Its words were changed where it is live."""
        done = db.scalars(select(Amendment).where(Amendment.post_id == post.id).order_by(Amendment.ended_at.desc(), Amendment.id.desc())).first()
        assert done is not None and pauses.in_force(db, post) == [], "changed while paused"
        self.check_secrets(db, post, text, self.clock.now())
        approved, _who = self.changes[done.id]
        assert approved == text, "changed into something nobody approved"
        self.opened["live edit"] += 1

    # Small tools.

    def secrets(self) -> set[str]:
        """What nobody outside may read now."""
        now = self.clock.now()
        with self.sessions() as db:
            known = {asset.id: asset for asset in db.scalars(select(Asset))}
            galas = list(db.execute(select(Campaign.embargo_until).select_from(Post).outerjoin(Post.campaign).where(Post.title == "A gala")).scalars())
        told = {"restructuring", "merger"}
        for name, said in (("embargoed", {"falcon", "falcons", "zephyr"}), ("turning", {"osprey", "ospreys"})):
            asset = known[self.assets[name]]
            if asset.confidentiality is not Confidentiality.PUBLIC or asset.sensitive or (asset.embargo_until and now < asset.embargo_until):
                told |= said
        if all(lift and now < lift for lift in galas):
            told.add("gala")
        return told

    def digests(self) -> list[str]:
        """What each person's digest would say now, in one of the languages."""
        now, tongue = self.clock.now(), speech(("en", "fr")[self.steps % 2], "Europe/Paris")
        with self.sessions() as db:
            told = [daily.gather(db, user, tongue, zone="Europe/Paris", four_eyes="releases", now=now) for user in db.scalars(select(User).order_by(User.id))]
        return [f"{one.subject}\n{daily.as_text(one, tongue, 'https://planner.example')}" for one in told]

    def posts(self, *states: PostState) -> list[int]:
        with self.sessions() as db:
            return list(db.scalars(select(Post.id).where(Post.state.in_(states) if states else Post.id > 0).order_by(Post.id)))

    def one(self, number: int) -> int:
        known = self.posts()
        return known[number % len(known)]

    def post(self, number: int) -> Post:
        """As it is now; only its own columns and what it is about can be read."""
        with self.sessions() as db:
            post = db.get_one(Post, number)
            assert (post.asset.files, post.channel, post.campaign, post.approvals) is not None
            db.expunge_all()
        return post

    def a_second_later(self) -> datetime:
        """What is done now is told from what was done before: that moment is what Undo goes by."""
        self.clock.moment += timedelta(seconds=1)
        return self.clock.moment

    def version(self) -> int:
        with self.sessions() as db:
            return db.get_one(Campaign, self.campaign).version

    def due(self, end: datetime) -> list[datetime]:
        """When the posts that wait to be sent are due, up to `end`."""
        with self.sessions() as db:
            waiting = select(Post.publish_at).where(Post.state.in_(GOING), Post.publish_at <= end, Post.publish_at > self.clock.now())
            return [at for at in db.scalars(waiting.order_by(Post.publish_at)) if at]

    @staticmethod
    def wall(hours: int) -> str:
        return (NOON + (hours + 1) * HOUR).replace(tzinfo=None).isoformat(timespec="minutes")

    @staticmethod
    def digest(post: Post) -> str:
        return rules.content_digest(post, post.asset, post.channel)

    def submit(self, who: str, path: str, **fields: Any) -> bool:
        """Send a form of a page; whether it was taken."""
        client, token = self.clients[who]
        status = client.post(path, data={"csrf_token": token, **fields}).status_code
        assert status < 500 and status != 429, path
        return status < 400

    def program(self, who: str, method: str, path: str, told: dict[str, Any] | None = None) -> dict[str, Any]:
        """Call the API; what it answered, empty when it refused."""
        headers = {"Authorization": f"Bearer {self.keys[who]}", "If-Match": "*"}
        answer = self.app.test_client().open(f"/api/v1{path}", method=method, json=told, headers=headers)
        assert answer.status_code < 500 and answer.status_code != 429, path
        return (answer.json or {}) if answer.status_code < 400 else {}

    def decided(self, *posts: int) -> None:
        """Somebody decided about these, whatever a pause had stopped."""
        for number in posts:
            self.stopped.pop(number, None)


def content(post: Post) -> Content:
    """What leaves of a post, where and when, told without the product's own digest."""
    media = tuple(one.get("file_id") for one in post.media or [])
    words = (post.text, post.title or post.asset.title, post.link, post.first_comment, tuple(post.tags or []))
    return (*words, media, *from_the_catalog(post), post.channel_id, post.publish_at)


def from_the_catalog(post: Post) -> tuple[tuple[str, ...], str]:
    """What is said of each file to people who cannot see it, and what the card of a link says: of the asset where the post says nothing itself."""
    files = {file.id: file.alt_text for file in post.asset.files}
    alts = tuple(one.get("alt_text") or files[one["file_id"]] for one in post.media or [])
    return alts, post.asset.summary if post.channel.platform is Platform.LINKEDIN and post.link and not post.media else ""


def words(text: str) -> set[str]:
    """Each word of it, in small letters. A line of a feed that was folded is one line again."""
    plain = text.replace("\r\n ", "")
    return set("".join(letter if letter.isalnum() else " " for letter in plain.casefold()).split())


def hidden_in(data: bytes) -> set[str]:
    """The words of a page or a file; a workbook is opened."""
    if not data.startswith(b"PK"):
        return words(data.decode())
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return set().union(*(words(book.read(name).decode()) for name in book.namelist() if name.endswith(".xml")))
