"""Who acts in the demo and what they do: people, channels, campaigns, and each asset's way from idea to numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from planner.accounts import service as accounts
from planner.accounts.models import User
from planner.catalog import service as catalog
from planner.catalog.models import Asset, AssetFile, AssetKind, AssetState, Audience, Confidentiality, Purpose
from planner.catalog.service import AssetValues
from planner.channels import service as channels
from planner.channels.models import Channel
from planner.channels.port import MediaKind, Platform
from planner.channels.registry import Registry
from planner.core.runtime import Runtime
from planner.demo.content import CAMPAIGNS, CHANNELS, CORRECTION, PEOPLE, Piece, Said
from planner.insights.models import Snapshot
from planner.planning import campaigns, service
from planner.planning.models import Post, PostState
from planner.planning.values import CampaignValues, PostValues
from planner.publishing import amending

__all__ = ["Story", "count"]

#: A few bytes that begin like an MP4 file: enough for a pretend platform, and nothing anybody would watch.
_FILM = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + b"\x00" * 4096
_LIVE = (AssetState.LIVE, AssetState.RETIRED)


@dataclass
class Story:
    """The demo's state while it is told: rows by their key in the content."""

    runtime: Runtime
    clock: Any
    webhook: str
    now: datetime
    moment: Callable[[int, float], datetime]
    people: dict[str, int] = field(default_factory=dict)
    channels: dict[str, int] = field(default_factory=dict)
    campaigns: dict[str, int] = field(default_factory=dict)
    assets: dict[str, int] = field(default_factory=dict)

    def set_the_stage(self, db: Session) -> None:
        """People, channels and campaigns."""
        start = self.clock.now()
        for key, name, roles in PEOPLE:
            address = f"{key}@norvane.example"
            user = db.scalar(select(User).where(User.email == address))
            user = user or accounts.create_user(db, email=address, name=name, roles=list(roles), actor=None, now=start)
            self.people[key] = user.id
        for key, (platform, name, flavour) in CHANNELS.items():
            secret = self.webhook if platform is Platform.WEBHOOK else f"sandbox-norvane-{key}"
            channel = channels.add(
                db,
                platform=platform,
                name=name,
                access_token=None if platform is Platform.BY_HAND else secret,
                config={"flavour": flavour} if flavour else {},
                actor=None,
                now=start,
            )
            self.channels[key] = channel.id
        for one in CAMPAIGNS:
            values = CampaignValues(
                name=one.name,
                summary=one.summary,
                starts_on=self.moment(one.first, 9).date(),
                ends_on=self.moment(one.last, 9).date(),
                owner_id=self.people["claire"],
            )
            self.campaigns[one.key] = campaigns.create_campaign(db, values, actor=None, now=start).id

    def events(self, pieces: Sequence[Piece]) -> Iterator[tuple[datetime, Callable[[], None]]]:
        """Each asset is catalogued some days before its first post; each post is planned, submitted, approved, and due."""
        for piece in pieces:
            first = min((said.day for said in piece.posts), default=-3)
            made = min(self.moment(first - 6, 9), self.now - timedelta(hours=5))
            made = max(made, self.clock.now())
            yield made, self._catalogue(piece)
            for said in piece.posts:
                at = self.moment(said.day, said.hour)
                planned = min(max(at - timedelta(days=4), made) + timedelta(minutes=20), self.now - timedelta(hours=4))
                yield planned, self._plan(piece, said, at)
                if at < self.now and said.state != "missed":
                    yield at, lambda: None

    def _catalogue(self, piece: Piece) -> Callable[[], None]:
        def happen() -> None:
            with self.runtime.sessions.begin() as db:
                at = self.clock.now()
                owner = db.get_one(User, self.people[piece.owner])
                asset = catalog.create(db, self._values(piece), actor=owner, now=at)
                self.assets[piece.key] = asset.id
                if piece.kind == "video":
                    asset.duration_seconds = piece.seconds
                    db.add(self._film(asset, piece, at))

        return happen

    def _values(self, piece: Piece) -> AssetValues:
        return AssetValues(
            kind=AssetKind(piece.kind),
            title=piece.title,
            summary=piece.summary,
            url=piece.url,
            language=piece.language,
            purpose=Purpose(piece.purpose),
            cost=None if piece.cost is None else Decimal(piece.cost),
            currency="EUR",
            confidentiality=Confidentiality(piece.confidentiality),
            sensitive=piece.sensitive,
            embargo_until=None if piece.embargo_day is None else self.moment(piece.embargo_day, 8),
            embargo_terms=list(piece.embargo_terms),
            audiences=[Audience(name) for name in piece.audiences],
            topics=list(piece.topics),
            owner_id=self.people[piece.owner],
            state=AssetState(piece.state),
        )

    def _film(self, asset: Asset, piece: Piece, at: datetime) -> AssetFile:
        content = _FILM + piece.key.encode()
        name = f"demo-{piece.key}.mp4"
        folder = self.runtime.settings.data_path / "files"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        return AssetFile(
            asset_id=asset.id, kind=MediaKind.VIDEO, name=f"{piece.key}.mp4", stored_name=name, mime="video/mp4", size=len(content),
            sha256=hashlib.sha256(content).hexdigest(), width=1920, height=1080, seconds=float(piece.seconds or 60), created_at=at,
        )  # fmt: skip

    def _plan(self, piece: Piece, said: Said, at: datetime) -> Callable[[], None]:
        def happen() -> None:
            with self.runtime.sessions.begin() as db:
                self._plan_one(db, piece, said, at)

        return happen

    def _plan_one(self, db: Session, piece: Piece, said: Said, at: datetime) -> None:
        then = self.clock.now()
        asset, channel = db.get_one(Asset, self.assets[piece.key]), db.get_one(Channel, self.channels[said.channel])
        author = db.get_one(User, self.people["claire" if piece.owner == "claire" else "yann"])
        film = db.scalar(select(AssetFile).where(AssetFile.asset_id == asset.id))
        values = PostValues(
            text=said.text,
            title=piece.title[:100] if channel.platform is Platform.YOUTUBE else "",
            link="" if channel.platform is Platform.YOUTUBE else piece.url,
            tags=list(piece.topics) if channel.platform is Platform.YOUTUBE else [],
            media=[{"file_id": film.id, "alt_text": ""}] if film and channel.platform is Platform.YOUTUBE else [],
            publish_at=at,
            time_zone="Europe/Paris",
            campaign_id=self.campaigns.get(piece.campaign or ""),
            # A post's own mark in its link would make words said twice two different messages, which LinkedIn takes.
            marks={} if [one.text for one in piece.posts if one.channel == said.channel].count(said.text) > 1 else None,
        )
        post = service.plan(db, asset, channel, values, actor=author, now=then)
        db.flush()
        if said.variant:
            same = select(Post.id).where(Post.asset_id == asset.id, Post.channel_id == channel.id, Post.id != post.id)
            post.variant_of_id = db.scalar(same.order_by(Post.id).limit(1))
        if said.state == "draft":
            return
        service.submit(db, post, actor=author, now=then + timedelta(minutes=5))
        if said.state == "in_review":
            return
        if said.state == "changes_requested":
            sofia = db.get_one(User, self.people["sofia"])
            service.request_changes(db, post, note="The claim in the second sentence needs its source.", actor=sofia, now=then + timedelta(hours=2))
            return
        approver = db.get_one(User, self.people["marc" if piece.kind == "press_release" else "sofia"])
        service.approve(db, post, note="", actor=approver, now=then + timedelta(hours=1))

    def correct(self, db: Session, registry: Registry, *, now: datetime) -> None:
        """A live post is to say something else, which waits for a yes."""
        piece, was, becomes = CORRECTION
        asked = select(Post).where(
            Post.asset_id == self.assets[piece], Post.channel_id == self.channels["li"], Post.state == PostState.PUBLISHED, Post.text.contains(was)
        )
        for post in db.scalars(asked):
            amending.ask_edit(
                db, post, {"text": post.text.replace(was, becomes)}, limits=registry.limits(Platform.LINKEDIN), actor=db.get_one(User, self.people["claire"]), now=now,
                reason="The calculator has a second sheet since this week.",
            )  # fmt: skip


def count(db: Session) -> dict[str, int]:
    """What was made, for the page that says so."""
    published = select(func.count()).select_from(Post).where(Post.state == PostState.PUBLISHED)
    return {
        "assets": db.scalar(select(func.count()).select_from(Asset)) or 0,
        "posts": db.scalar(select(func.count()).select_from(Post)) or 0,
        "published": db.scalar(published) or 0,
        "snapshots": db.scalar(select(func.count()).select_from(Snapshot)) or 0,
    }
