"""Links that share the calendar: who may make them, when they stop working, and what they never tell."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts import service as accounts
from planner.accounts.models import Entry, RoleName, User
from planner.catalog.models import AssetKind, Confidentiality
from planner.channels.port import Platform
from planner.core.errors import Forbidden, Invalid, NotFound, Refused
from planner.planning import shares
from planner.planning.models import PostState, Share, ShareKind
from planner.planning.quiet_models import Blackout
from planner.planning.shared import Quiet, Shared, SharedPost, shared
from planner.planning.shares import NewShare
from tests.factories import make_asset, make_blackout, make_campaign, make_channel, make_post, make_user
from tests.planning.test_queries import counting

DAY = timedelta(days=1)


@pytest.fixture
def planner(db: Session) -> User:
    make_user(db)
    return make_user(db, roles=("planner",), name="Ada")


def make(db: Session, actor: User, now: datetime, **values: Any) -> tuple[Share, str]:
    values.setdefault("name", "For the agency")
    values.setdefault("kind", ShareKind.PAGE)
    return shares.make(db, NewShare(**values), actor=actor, now=now)


def test_a_link_is_kept_as_a_digest_and_told_in_history_without_it(db: Session, planner: User, now: datetime) -> None:
    share, token = make(db, planner, now, channels=[3], kinds=[AssetKind.VIDEO])

    assert token not in str(vars(share))
    assert shares.opened(db, token, ShareKind.PAGE, now=now) is share
    entry = db.scalars(select(Entry).where(Entry.action == "share.made")).one()
    assert (entry.actor_name, entry.subject_name, entry.became) == (
        "Ada", "For the agency", {"link": "page", "expires_at": (now + 30 * DAY).isoformat(), "channels": [3], "kinds": ["video"], "campaigns": []},
    )  # fmt: skip


def test_planners_share_with_others_and_every_reader_has_a_feed_of_their_own(db: Session, now: datetime) -> None:
    def allowed(role: str) -> list[bool]:
        actor, found = make_user(db, roles=(role,)), []
        for kind, personal in ((ShareKind.PAGE, False), (ShareKind.FEED, False), (ShareKind.FEED, True), (ShareKind.PAGE, True)):
            try:
                make(db, actor, now, kind=kind, personal=personal)
            except Forbidden:
                found.append(False)
            else:
                found.append(True)
        return found

    assert {role.value: allowed(role) for role in RoleName} == {
        "admin": [True] * 4, "planner": [True] * 4, "author": [False, False, True, False], "approver": [False, False, True, False],
        "legal": [False, False, True, False], "advocate": [False] * 4, "viewer": [False, False, True, False],
    }  # fmt: skip


def test_a_link_needs_a_name_and_a_page_an_end(db: Session, planner: User, now: datetime) -> None:
    def refused(**values: Any) -> str:
        with pytest.raises(Invalid) as error:
            make(db, planner, now, **values)
        return str(error.value)

    assert {refused(name=name) for name in (" ", "a\nb", "x" * 121)} == {"Give the link a name of at most 120 characters, on one line."}
    assert {refused(life=life) for life in (timedelta(), 367 * DAY)} == {"Choose at most a year."}
    assert refused(life=None) == "A page has to end some day: choose how long it works."
    assert db.scalars(select(Share)).all() == []


def test_nobody_keeps_more_than_fifty_links(db: Session, planner: User, now: datetime) -> None:
    made = [make(db, planner, now)[0] for _ in range(shares.MOST_LINKS)]

    with pytest.raises(Refused, match="You have 50 links that work"):
        make(db, planner, now)
    shares.revoke(db, made[0], actor=planner, now=now)
    db.flush()
    make(db, planner, now)


def test_a_link_works_until_it_ends_is_revoked_or_its_maker_may_no_longer_share(db: Session, planner: User, now: datetime) -> None:
    def works(token: str, kind: ShareKind = ShareKind.PAGE, at: datetime = now) -> bool:
        db.flush()
        try:
            shares.opened(db, token, kind, now=at)
        except NotFound as error:
            assert str(error) == shares.GONE
            return False
        return True

    share, token = make(db, planner, now)
    assert [works(token), works(token[:-1]), works(token, ShareKind.FEED), works("")] == [True, False, False, False]
    assert [works(token, at=now + 30 * DAY - timedelta(seconds=1)), works(token, at=now + 30 * DAY)] == [True, False]
    accounts.set_roles(db, planner, ["viewer"], actor=None, now=now)
    assert not works(token)
    accounts.set_roles(db, planner, ["planner"], actor=None, now=now)
    assert works(token)
    accounts.disable(db, planner, actor=None, now=now)
    assert not works(token)
    accounts.enable(db, planner, actor=None, now=now)
    shares.revoke(db, share, actor=planner, now=now)
    assert not works(token)
    shares.revoke(db, share, actor=planner, now=now + DAY)
    assert share.revoked_at == now
    assert len(db.scalars(select(Entry).where(Entry.action == "share.revoked")).all()) == 1


def test_everybody_sees_and_revokes_their_own_links_and_an_administrator_any(db: Session, planner: User, now: datetime) -> None:
    admin = db.scalars(select(User).where(User.id != planner.id)).one()
    mine, theirs = make(db, planner, now)[0], make(db, admin, now, name="Board")[0]

    assert [line.name for line in shares.lines(db, viewer=planner, now=now)] == ["For the agency"]
    assert [(line.name, line.made_by) for line in shares.lines(db, viewer=admin, now=now)] == [("Board", admin.name), ("For the agency", "Ada")]
    assert shares.by_id(db, mine.id, viewer=admin) is mine
    with pytest.raises(NotFound):
        shares.by_id(db, theirs.id, viewer=planner)


def test_a_link_shows_the_blackouts_of_its_own_channels_with_their_names(db: Session, planner: User, now: datetime) -> None:
    ours, theirs, secret = (make_channel(db, name=name) for name in ("Ours", "Theirs", "Falcon news"))
    make_asset(db, title="Falcon", embargo_until=now + 9 * DAY, embargo_terms=["Falcon"])
    for name, on in (("All", []), ("Both", [ours, theirs]), ("Theirs", [theirs]), ("Ours and a secret", [ours, secret]), ("Falcon week", [secret])):
        make_blackout(db, name, channel_ids=[one.id for one in on])
    everything, some = make(db, planner, now)[0], make(db, planner, now, channels=[ours.id])[0]
    db.flush()

    told = [[(one.name, one.channels, one.everywhere) for one in shared(db, share, now, now + 2 * DAY, now=now).blackouts] for share in (everything, some)]

    assert told == [
        [
            ("All", (), True), ("Both", ("Ours", "Theirs"), False), ("Theirs", ("Theirs",), False), ("Ours and a secret", ("Ours",), False), ("", (), False),
        ],
        [("All", (), True), ("Both", (), True), ("Ours and a secret", (), True)],
    ]


def test_a_link_tells_what_is_planned_and_nothing_of_its_text_or_campaign(db: Session, planner: User, now: datetime) -> None:
    channel = make_channel(db, name="Our X", colour=3, time_zone="Europe/Paris")
    asset = make_asset(db, title="Orion", kind=AssetKind.VIDEO, updated_at=now - DAY)
    post = make_post(db, asset=asset, channel=channel, campaign=make_campaign(db), state=PostState.SCHEDULED, title="Meet Orion")
    db.add(Blackout(name="Results", starts_on=now.date(), ends_on=now.date() + DAY))
    share = make(db, planner, now)[0]
    db.flush()

    with counting(db) as seen:
        found = shared(db, share, now, now + 2 * DAY, now=now)

    assert len(seen) == 3
    assert found == Shared(
        "For the agency",
        [
            SharedPost(
                post_id=post.id, at=now + DAY, time_zone="Europe/Paris", version=1, changed=now, masked=False, state=PostState.SCHEDULED,
                title="Meet Orion", kind=AssetKind.VIDEO, channel="Our X", platform=Platform.X, colour=3, url="",
            )
        ],
        [Quiet(found.blackouts[0].id, "Results", date(2026, 3, 2), date(2026, 3, 3))],
    )  # fmt: skip


def test_what_is_not_public_is_masked_or_left_out(db: Session, planner: User, now: datetime) -> None:
    second = timedelta(seconds=1)
    about: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "public": ({}, {}),
        "lifted": ({"embargo_until": now}, {"embargo_until": now}),
        "internal": ({"confidentiality": Confidentiality.INTERNAL}, {}),
        "confidential": ({"confidentiality": Confidentiality.CONFIDENTIAL}, {}),
        "sensitive": ({"sensitive": True}, {}),
        "embargoed": ({"embargo_until": now + second}, {}),
        "embargoed with its campaign": ({}, {"embargo_until": now + second}),
    }
    posts = [
        make_post(db, asset=make_asset(db, title=title, **asset), campaign=make_campaign(db, **campaign), publish_at=now + number * second, time_zone="Asia/Tokyo")
        for number, (title, (asset, campaign)) in enumerate(about.items())
    ]

    masked, left_out = (shared(db, make(db, planner, now, leaves_out=choice)[0], now, now + DAY, now=now).posts for choice in (False, True))

    assert [one.title for one in left_out] == ["public", "lifted"]
    assert masked[:2] == left_out
    assert masked[2:] == [SharedPost(post.id, now + number * second, "Asia/Tokyo", 1, now, True) for number, post in enumerate(posts) if number >= 2]


def test_what_says_an_embargoed_word_is_masked_until_the_lift(db: Session, planner: User, now: datetime) -> None:
    lift = now + timedelta(hours=1)
    make_asset(db, title="Release", embargo_until=lift, embargo_terms=["Falcon"])
    make_post(db, asset=make_asset(db, title="Why FALCON matters"), title="Teaser")
    make_post(db, asset=make_asset(db, title="Teaser"), title="Le Fâlcon arrive")
    make_post(db, asset=make_asset(db, title="Teaser"), channel=make_channel(db, name="Falcon news"))
    db.add(Blackout(name="Falcon week", starts_on=now.date(), ends_on=now.date() + DAY))
    share = make(db, planner, now, name="Falcon for the board")[0]

    before, after = (shared(db, share, now, now + 2 * DAY, now=moment) for moment in (now, lift))

    assert (before.name, [one.title for one in before.posts], [one.name for one in before.blackouts]) == ("", ["Teaser", "", ""], [""])
    assert (after.name, [one.title for one in after.posts]) == ("Falcon for the board", ["Teaser", "Le Fâlcon arrive", "Teaser"])


def test_an_embargo_that_lifted_counts_as_a_change(db: Session, planner: User, now: datetime) -> None:
    lift = now + timedelta(hours=1)
    make_post(db, asset=make_asset(db, embargo_until=lift))
    share = make(db, planner, now)[0]

    found = [shared(db, share, now, now + 2 * DAY, now=moment).posts[0] for moment in (now, lift + DAY)]

    assert [(one.masked, one.changed) for one in found] == [(True, now), (False, lift)]


def test_a_link_narrowed_to_kinds_or_campaigns_does_not_tell_a_secrets_kind(db: Session, planner: User, now: datetime) -> None:
    campaign, channel = make_campaign(db), make_channel(db)
    secret = make_asset(db, kind=AssetKind.PRESS_RELEASE, sensitive=True)
    open_one = make_post(db, asset=make_asset(db, kind=AssetKind.PRESS_RELEASE), channel=channel, campaign=campaign)
    hidden = make_post(db, asset=secret, channel=channel, campaign=campaign)
    make_post(db)

    def ids(**scope: Any) -> list[int]:
        return [one.post_id for one in shared(db, make(db, planner, now, **scope)[0], now, now + 2 * DAY, now=now).posts]

    assert ids(channels=[channel.id]) == [open_one.id, hidden.id]
    assert ids(kinds=[AssetKind.PRESS_RELEASE]) == ids(campaigns=[campaign.id]) == [open_one.id]


def test_cancelled_posts_are_told_only_where_asked_and_only_when_no_secret(db: Session, planner: User, now: datetime) -> None:
    cancelled = make_post(db, state=PostState.CANCELLED)
    make_post(db, state=PostState.CANCELLED, asset=make_asset(db, sensitive=True))
    share = make(db, planner, now)[0]

    assert shared(db, share, now, now + 2 * DAY, now=now).posts == []
    assert [one.post_id for one in shared(db, share, now, now + 2 * DAY, now=now, cancelled=True).posts] == [cancelled.id]


def test_where_a_post_is_live_is_told_only_once_it_is(db: Session, planner: User, now: datetime) -> None:
    channel = make_channel(db)
    for number, state in enumerate((PostState.PUBLISHED, PostState.UNCONFIRMED)):
        published = now if state is PostState.PUBLISHED else None
        make_post(db, channel=channel, state=state, external_id=str(number), external_url=f"https://x.com/i/status/{number}", published_at=published)
    share = make(db, planner, now)[0]

    assert [one.url for one in shared(db, share, now, now + 2 * DAY, now=now).posts] == ["https://x.com/i/status/0", ""]
