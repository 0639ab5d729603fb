"""A small company: one person a role, one thing of each sort, and numbers for every address; used to walk all the pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from planner import tables
from planner.accounts import service as accounts
from planner.accounts.models import RoleName, User
from planner.catalog.models import Asset, AssetFile, AssetKind, Confidentiality
from planner.channels.models import Channel
from planner.channels.port import MediaKind, Platform, PostKind
from planner.insights import sites
from planner.ledger.models import Job, JobState
from planner.people import events
from planner.people.events import EventValues
from planner.planning import blackouts, notes, saved_views, shares
from planner.planning.blackouts import BlackoutValues
from planner.planning.models import Post, PostState, ShareKind
from planner.planning.quiet_models import Pause
from planner.promotion.choices import Confidence, Option, PromotionKind
from planner.promotion.models import Decision, Promotion
from planner.publishing.models import Delivery, DeliveryState, Native
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_person, make_post, make_user

#: What no page, answer or log line may hold.
PLANTED = "planted-key-7f3a9c51"
#: The title nobody without the right may read.
SECRET_TITLE = "Project Falcon"
ROLES = tuple(role.value for role in RoleName)


@dataclass
class Scene:
    """The rows, by name, and the arguments that make an address of any rule."""

    people: dict[str, User]
    asset: Asset
    confidential: Asset
    secret_file: AssetFile
    channel: Channel
    post: Post
    secret_post: Post
    delivery: Delivery
    arguments: dict[str, object] = field(default_factory=dict)

    def address(self, app: Flask, rule: Rule) -> str:
        """The rule's address with this scene's things."""
        with app.test_request_context():
            return url_for(rule.endpoint, **{name: self.arguments[name] for name in rule.arguments})


def make_scene(db: Session) -> Scene:
    """Everything once, committed. The confidential asset belongs to the planner. Its rows are detached: reading them opens no transaction."""
    db.expire_on_commit = False
    people = {role: make_user(db, roles=(role,), name=f"The {role}") for role in ROLES}
    channel = make_channel(db, platform=Platform.X, token=PLANTED, name="Main channel")
    campaign = make_campaign(db, name="Spring")
    asset = make_asset(db, title="Open house", owner_id=people["author"].id, url="https://example.com/open")
    confidential = make_asset(
        db, title=SECRET_TITLE, kind=AssetKind.WHITE_PAPER, confidentiality=Confidentiality.CONFIDENTIAL, owner_id=people["planner"].id
    )
    file, secret_file = (_file(db, one, name) for one, name in ((asset, "a.png"), (confidential, "falcon.png")))
    post = make_post(db, asset=asset, channel=channel, author=people["planner"], campaign=campaign)
    secret_post = make_post(
        db, asset=confidential, channel=channel, author=people["planner"], text="Falcon flies.", publish_at=NOON + timedelta(days=2)
    )
    failed = make_post(db, asset=asset, channel=channel, author=people["planner"], state=PostState.FAILED, publish_at=NOON - timedelta(hours=1))
    delivery = Delivery(
        post_id=failed.id, channel_id=channel.id, state=DeliveryState.FAILED, due_at=NOON - timedelta(hours=1), next_at=NOON, digest="0" * 64,
        created_at=NOON,
    )  # fmt: skip
    job = Job(name="import.assets", args={}, state=JobState.QUEUED, created_at=NOON, actor_id=people["admin"].id)
    pause = Pause(reason="A quiet day.", started_at=NOON, channel_id=channel.id)
    native = Native(
        channel_id=channel.id, external_id="77", url="https://x.com/i/status/77", kind=PostKind.TEXT, text="From the stand", published_at=NOON - timedelta(days=1),
        found_at=NOON,
    )  # fmt: skip
    video = make_asset(db, title="Open house, the film", kind=AssetKind.VIDEO)
    promotion = Promotion(asset_id=video.id, kind=PromotionKind.AD, on=NOON.date(), created_at=NOON)
    decision = Decision(
        asset_id=video.id, choice=Option.LEAVE, reason="Too early.", decided_by_name="The planner", decided_at=NOON, confidence=Confidence.TOO_EARLY,
        version="1",
    )  # fmt: skip
    db.add_all([delivery, job, pause, native, promotion, decision])
    db.flush()
    accounts.issue_token(db, people["admin"], "a program", actor=people["admin"], now=NOON)
    share, _token = shares.make(db, shares.NewShare("For the agency", ShareKind.PAGE), actor=people["planner"], now=NOON)
    event = events.add(db, EventValues("Mobile Week", NOON.date(), rival="Acme"), actor=people["planner"], now=NOON)
    blackout = blackouts.add(db, BlackoutValues("Before the results", NOON.date() + timedelta(days=1)), actor=people["planner"], now=NOON)
    note = notes.write(db, NOON.date(), "Trade show", actor=people["planner"], now=NOON)
    view = saved_views.save(db, "calendar", "Videos", "view=month&kind=video", shared=True, actor=people["planner"], now=NOON)
    site = sites.add(db, sites.SiteValues("example.com", sites.SiteKind.MATOMO, "3", PLANTED, "https://stats.example.com"), actor=None, now=NOON)
    person = make_person(db)
    link = accounts.sign_in_link(db, people["viewer"], now=NOON)
    db.commit()
    db.expunge_all()
    arguments: dict[str, object] = {
        "rule_code": "gap", "what": "new", "template_id": 1,
        "asset_id": asset.id, "file_id": file.id, "campaign_id": campaign.id, "post_id": post.id, "job_id": job.id, "pause_id": pause.id,
        "channel_id": channel.id, "user_id": people["viewer"].id, "token_id": 1, "token": link, "delivery_id": delivery.id, "native_id": native.id,
        "slot_id": 1, "alert_id": 1, "site_id": site.id, "amendment_id": 1, "change_id": 1,
        "share_id": share.id, "note_id": note.id, "event_id": event.id, "blackout_id": blackout.id, "view_id": view.id,
        "video_id": video.id, "promotion_id": promotion.id, "decision_id": decision.id, "reedit_id": 1, "reaction_id": 1,
        "kind": "assets", "code": "aaaaaaa", "platform": "x", "filename": "favicon.svg",
        "person_id": person.id, "place": "kind:press_release", "comment_id": 1, "link_id": 1,
    }  # fmt: skip
    return Scene(people, asset, confidential, secret_file, channel, post, secret_post, delivery, arguments)


def _file(db: Session, asset: Asset, name: str) -> AssetFile:
    file = AssetFile(
        asset_id=asset.id, name=name, stored_name=f"{asset.id}.png", kind=MediaKind.IMAGE, mime="image/png", size=8, sha256="0" * 64,
        created_at=NOON,
    )  # fmt: skip
    db.add(file)
    db.flush()
    return file


def rules(app: Flask, method: str) -> Iterator[Rule]:
    """Rules that take this method, in a fixed order."""
    yield from sorted((rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())), key=str)


def stored(db: Session, *, but: tuple[str, ...] = ()) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table as it is now; `but` names columns ("table.column") that may differ."""
    found = {}
    for table in tables.metadata.sorted_tables:
        columns = [column for column in table.columns if f"{table.name}.{column.name}" not in but]
        found[table.name] = sorted((tuple(map(repr, row)) for row in db.execute(select(*columns))), key=str)
    db.rollback()
    return found
