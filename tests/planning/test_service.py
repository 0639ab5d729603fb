"""The verbs of a post, on real databases: what each leaves behind, what each refuses, and that a refusal writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError

from planner.accounts.models import Entry, User
from planner.catalog import service as catalog
from planner.catalog.models import AssetFile, AssetKind, AssetState
from planner.channels.limits import X
from planner.channels.port import Limits, MediaKind, Platform
from planner.core.errors import Conflict, EmbargoActive, Forbidden, Invalid, NotSendable, PastMoment, Refused, SelfApproval, WrongState
from planner.core.types import UtcDateTime
from planner.planning import approving, queries, rules, service, standing, surroundings
from planner.planning.campaigns import edit_campaign
from planner.planning.findings import Term
from planner.planning.models import Approval, Origin, Post, PostState, Verb
from planner.planning.values import CampaignValues, PostValues, values_of
from tests.factories import make_asset, make_campaign, make_channel, make_post, make_user

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def digest(post: Post) -> str:
    return rules.content_digest(post, post.asset, post.channel)


def actions(db: Session, post: Post) -> list[str]:
    db.flush()
    return list(db.scalars(select(Entry.action).where(Entry.subject_type == "posts", Entry.subject_id == post.id).order_by(Entry.id)))


def approved_post(db: Session, now: datetime, **values: Any) -> tuple[Post, User, User]:
    """A post submitted by a planner and approved by an approver."""
    author, approver = make_user(db, roles=("planner",)), make_user(db, roles=("approver",))
    post = make_post(db, author=author, **values)
    service.submit(db, post, actor=author, now=now)
    service.approve(db, post, actor=approver, now=now)
    return post, author, approver


def test_the_language_of_chosen_captions_is_part_of_what_was_approved(db: Session, now: datetime) -> None:
    asset = make_asset(db)
    kinds = {"film": MediaKind.VIDEO, "captions": MediaKind.CAPTIONS, "others": MediaKind.CAPTIONS}
    files = {
        name: AssetFile(asset_id=asset.id, kind=kind, name=name, stored_name=name, mime="text/vtt", size=1, sha256="0" * 64, language="fr", created_at=now)
        for name, kind in kinds.items()
    }
    db.add_all(files.values())
    db.flush()
    media = [{"file_id": files[name].id} for name in ("film", "captions")]
    post, _, _ = approved_post(db, now, asset=asset, channel=make_channel(db, platform=Platform.YOUTUBE), media=media)
    elsewhere = make_post(db, asset=asset, channel=make_channel(db), media=media)
    before = digest(elsewhere)
    assert post.approved_digest == digest(post)

    files["film"].language = files["others"].language = "de"
    assert post.approved_digest == digest(post)
    files["captions"].language = "de"

    assert post.approved_digest != digest(post), "the gate before sending then holds it, and its page asks for approval again"
    assert before == digest(elsewhere), "no other platform is given captions"


def test_a_plan_is_a_draft_with_its_author_and_its_history(db: Session, now: datetime) -> None:
    planner = make_user(db, roles=("planner",))
    asset, channel = make_asset(db), make_channel(db, time_zone="America/New_York")

    post = service.plan(
        db, asset, channel, PostValues(text=" Hi.\r\nYou ", tags=["#5G", "5G", " "], publish_at=now + DAY), actor=planner, now=now
    )

    assert (post.state, post.author_id, post.text, post.tags) == (PostState.DRAFT, planner.id, "Hi.\nYou", ["5G"])
    assert (post.publish_at, post.wall_time, post.time_zone) == (now + DAY, "2026-03-03T07:00", "America/New_York")
    assert actions(db, post) == ["post.planned"]


def test_a_plan_may_be_undated(db: Session, now: datetime) -> None:
    post = service.plan(db, make_asset(db), make_channel(db), PostValues(), actor=None, now=now)

    assert (post.publish_at, post.wall_time, post.state) == (None, None, PostState.DRAFT)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "https:///nowhere"}, "link"),
        ({"link": "https://[broken"}, "link"),
        ({"text": "x" * 60_001}, "text"),
        ({"text": "nul\0"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"title": "x" * 301}, "title"),
        ({"tags": [f"t{n}" for n in range(61)]}, "tags"),
        ({"tags": ["x" * 101]}, "tags"),
        ({"media": [{"file_id": 99}]}, "media"),
        ({"media": [{"file_id": "1; DROP"}]}, "media"),
        ({"campaign_id": 99}, "campaign_id"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"wall_time": "tomorrow"}, "wall_time"),
    ],
)
def test_malformed_values_are_refused_beside_their_field_and_write_nothing(
    db: Session, now: datetime, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        service.plan(db, make_asset(db), make_channel(db), PostValues(**values), actor=None, now=now)

    assert refused.value.field == field
    assert db.scalar(select(func.count()).select_from(Post)) == 0
    assert db.scalar(select(func.count()).select_from(Entry)) == 0


def test_planning_before_the_lift_is_refused(db: Session, now: datetime) -> None:
    asset = make_asset(db, embargo_until=now + 2 * DAY)

    with pytest.raises(EmbargoActive):
        service.plan(db, asset, make_channel(db), PostValues(publish_at=now + DAY), actor=None, now=now)
    assert db.scalar(select(func.count()).select_from(Post)) == 0


def test_the_campaign_s_embargo_holds_for_its_posts(db: Session, now: datetime) -> None:
    campaign = make_campaign(db, embargo_until=now + 2 * DAY)

    with pytest.raises(EmbargoActive):
        service.plan(db, make_asset(db), make_channel(db), PostValues(publish_at=now + DAY, campaign_id=campaign.id), actor=None, now=now)


def test_planning_in_the_past_or_about_a_retired_asset_is_refused(db: Session, now: datetime) -> None:
    with pytest.raises(PastMoment):
        service.plan(db, make_asset(db), make_channel(db), PostValues(publish_at=now - HOUR), actor=None, now=now)
    with pytest.raises(Refused, match="is retired"):
        service.plan(db, make_asset(db, state=AssetState.RETIRED), make_channel(db), PostValues(), actor=None, now=now)


def test_a_sensitive_asset_is_planned_once_a_channel(db: Session, now: datetime) -> None:
    asset, channel, other = make_asset(db, sensitive=True), make_channel(db), make_channel(db)
    first = service.plan(db, asset, channel, PostValues(), actor=None, now=now)

    service.plan(db, asset, other, PostValues(), actor=None, now=now)
    with pytest.raises(Refused, match="once a channel"):
        service.plan(db, asset, channel, PostValues(), actor=None, now=now)

    service.cancel(db, first, actor=None, now=now)
    service.plan(db, asset, channel, PostValues(), actor=None, now=now)
    with pytest.raises(Refused, match="once a channel"):
        service.restore(db, first, actor=None, now=now)


@pytest.mark.parametrize("roles", [("viewer",), ("approver",), ("legal",), ("advocate",)])
def test_people_who_do_not_write_cannot_plan(db: Session, now: datetime, roles: tuple[str, ...]) -> None:
    with pytest.raises(Forbidden):
        service.plan(db, make_asset(db), make_channel(db), PostValues(), actor=make_user(db, roles=roles), now=now)


def test_an_author_changes_only_what_is_theirs(db: Session, now: datetime) -> None:
    author, other = make_user(db, roles=("author",)), make_user(db, roles=("author",))
    post = make_post(db, author=author)

    service.move(db, post, now + 2 * DAY, actor=author, now=now)
    with pytest.raises(Forbidden):
        service.move(db, post, now + 3 * DAY, actor=other, now=now)


def test_submit_then_approve_binds_exactly_this_content(db: Session, now: datetime) -> None:
    post, author, approver = approved_post(db, now)

    assert (post.state, post.approved_digest, post.submitted_by_id) == (PostState.APPROVED, digest(post), author.id)
    (said,) = db.scalars(select(Approval))
    assert (said.verb, said.digest, said.by_id, said.by_name, said.at) == (
        Verb.APPROVED,
        digest(post),
        approver.id,
        approver.display_name,
        now,
    )
    assert actions(db, post) == ["post.submitted", "post.approved"]


def test_what_blocks_refuses_submission_and_leaves_a_draft(db: Session, now: datetime) -> None:
    post = make_post(db, text="a" * 281)

    with pytest.raises(NotSendable) as refused:
        service.submit(db, post, limits=Limits(text=280), actor=None, now=now)

    assert (refused.value.field, post.state, actions(db, post)) == ("text", PostState.DRAFT, [])


def test_a_leak_refuses_submission_and_does_not_name_the_asset(db: Session, now: datetime) -> None:
    make_asset(db, title="The secret launch", embargo_terms=["Vega"], embargo_until=now + 5 * DAY)
    post = make_post(db, text="Vega is coming.")

    with pytest.raises(Refused) as refused:
        service.submit(db, post, actor=None, now=now)

    assert str(refused.value) == "“Vega” may not be mentioned before 07 Mar 2026, 12:00 UTC. Take it out, or choose a later time."
    assert post.state is PostState.DRAFT


def test_the_asset_s_own_words_and_lifted_ones_leak_nothing(db: Session, now: datetime) -> None:
    own = make_asset(db, embargo_terms=["Vega"], embargo_until=now + HOUR)
    make_asset(db, embargo_terms=["Vega"], embargo_until=now - HOUR)
    make_asset(db, embargo_terms=["Vega"], embargo_until=now - HOUR, state=AssetState.RETIRED)
    post = make_post(db, asset=own, text="Vega is here.")

    assert service.submit(db, post, actor=None, now=now).state is PostState.IN_REVIEW


@pytest.mark.parametrize("embargo", ["own", "campaign"])
def test_what_was_retired_stays_secret_until_its_embargo_lifts_or_is_lifted(db: Session, now: datetime, embargo: str) -> None:
    lifts, viewer = now + 5 * DAY, make_user(db)
    secret = make_asset(db, title="Merger", embargo_terms=["Vega"], embargo_until=lifts if embargo == "own" else None)
    launch = make_campaign(db, name="Launch", embargo_until=lifts if embargo == "campaign" else None)
    make_post(db, asset=secret, campaign=launch, publish_at=now + 9 * DAY)
    post = make_post(db, text="Vega is coming.", publish_at=now + DAY)
    catalog.retire(db, secret, actor=None, now=now)

    with pytest.raises(Refused, match="“Vega” may not be mentioned before 07 Mar 2026"):
        service.submit(db, post, actor=None, now=now)
    gate = surroundings.at_the_gate(db, post, now=now, embargoes=bool(db.scalar(select(surroundings.under_embargo(literal(now, UtcDateTime()))))))
    assert gate.terms == (Term("Vega", lifts),)
    assert [one.title for one in queries.embargoes(db, now, now + 9 * DAY, viewer=viewer)] == ["Merger" if embargo == "own" else "Launch"]

    if embargo == "own":
        catalog.edit(db, secret, catalog.AssetValues(**{**catalog.values_of(secret), "embargo_until": None}), actor=None, now=now)
        assert secret.state is AssetState.RETIRED
    else:
        edit_campaign(db, launch, CampaignValues(name="Launch"), actor=None, now=now)
    assert service.submit(db, post, actor=None, now=now).state is PostState.IN_REVIEW


@pytest.mark.parametrize("cancelled", ["the post", "the campaign"])
def test_what_was_cancelled_in_a_campaign_under_embargo_stays_secret(db: Session, now: datetime, cancelled: str) -> None:
    launch = make_campaign(db, name="Launch", embargo_until=now + 5 * DAY)
    secret = make_asset(db, embargo_terms=["Vega"])
    told = make_post(db, asset=secret, campaign=launch, publish_at=now + 9 * DAY)
    post = make_post(db, text="Vega is coming.", publish_at=now + DAY)
    if cancelled == "the post":
        service.cancel(db, told, actor=None, now=now)
    else:
        standing.call_off(db, launch, reason="The deal is off.", actor=None, now=now)

    with pytest.raises(Refused, match="“Vega” may not be mentioned before 07 Mar 2026"):
        service.submit(db, post, actor=None, now=now)

    if cancelled == "the post":  # Planned there by mistake: brought back, it can leave the campaign.
        service.restore(db, told, actor=None, now=now)
        service.revise(db, told, PostValues(**{**values_of(told), "campaign_id": None}), actor=None, now=now)
        service.cancel(db, told, actor=None, now=now)
    else:
        edit_campaign(db, launch, CampaignValues(name="Launch"), actor=None, now=now)
    assert service.submit(db, post, actor=None, now=now).state is PostState.IN_REVIEW


def test_words_of_an_asset_in_a_campaign_under_embargo_are_a_leak_elsewhere(db: Session, now: datetime) -> None:
    launch = make_campaign(db, embargo_until=now + 5 * DAY)
    secret = make_asset(db, embargo_terms=["Vega", "Lyra"], embargo_until=now + DAY)
    for _twice in range(2):
        make_post(db, asset=secret, campaign=launch, publish_at=now + 9 * DAY)
    post = make_post(db, text="Vega is coming.", publish_at=now + 3 * DAY)

    assert surroundings.embargoed_terms(db, except_asset=post.asset_id, after=post.publish_at) == (
        Term("Vega", now + 5 * DAY),
        Term("Lyra", now + 5 * DAY),
    )
    with pytest.raises(Refused, match="“Vega” may not be mentioned before 07 Mar 2026"):
        service.submit(db, post, actor=None, now=now)
    assert surroundings.embargoed_terms(db, except_asset=None, after=now + 6 * DAY) == ()


def test_an_embargo_set_after_submission_refuses_approval(db: Session, now: datetime) -> None:
    post = make_post(db)
    service.submit(db, post, actor=None, now=now)
    post.asset.embargo_until = now + 9 * DAY

    with pytest.raises(EmbargoActive):
        service.approve(db, post, actor=None, now=now)
    assert (post.state, post.approved_digest) == (PostState.IN_REVIEW, None)


@pytest.mark.parametrize(("own_days", "refused"), [(None, True), (1, True), (9, False)])
def test_an_asset_s_own_words_are_a_leak_where_only_another_campaign_s_embargo_holds_them(
    db: Session, now: datetime, own_days: int | None, refused: bool
) -> None:
    asset = make_asset(db, title="Falcon", embargo_terms=["Project Falcon"])
    make_post(db, asset=asset, campaign=make_campaign(db, embargo_until=now + timedelta(days=7)), publish_at=now + timedelta(days=8))
    own = make_campaign(db, embargo_until=now + timedelta(days=own_days)) if own_days is not None else None
    post = make_post(db, asset=asset, campaign=own, text="Project Falcon is here.", publish_at=now + timedelta(days=own_days or 2))
    other = make_post(db, asset=asset, campaign=own, text="Nothing is said.", publish_at=now + timedelta(days=own_days or 2))

    assert service.submit(db, other, actor=None, now=now).state is PostState.IN_REVIEW
    if refused:
        with pytest.raises(Refused) as refusal:
            service.submit(db, post, actor=None, now=now)
        assert "may not be mentioned before" in str(refusal.value)
    else:
        assert service.submit(db, post, actor=None, now=now).state is PostState.IN_REVIEW


def test_the_same_words_on_x_within_three_days_are_refused_at_submission(db: Session, now: datetime) -> None:
    first, _, _ = approved_post(db, now, text="Same words.")
    twin = make_post(db, channel=first.channel, text="same  WORDS.", publish_at=now + 2 * DAY)
    elsewhere = make_post(db, text="Same words.", publish_at=now + 2 * DAY)

    with pytest.raises(Refused, match="The same text is planned here"):
        service.submit(db, twin, actor=None, now=now)
    assert service.submit(db, elsewhere, actor=None, now=now).state is PostState.IN_REVIEW


def test_a_move_next_to_the_same_words_takes_no_approval_along(db: Session, now: datetime) -> None:
    first, _, _ = approved_post(db, now, text="Same words.")
    twin, _, _ = approved_post(db, now, text="Same words.", channel=first.channel, publish_at=now + 9 * DAY)

    service.move(db, twin, now + 8 * DAY, limits=X, actor=make_user(db), now=now)
    assert twin.state is PostState.APPROVED

    service.move(db, twin, now + 2 * DAY, limits=X, actor=make_user(db), now=now)
    assert (twin.state, twin.approved_digest) == (PostState.IN_REVIEW, None)


def test_a_move_does_not_approve_anew_what_the_platform_refuses(db: Session, now: datetime) -> None:
    post, _, _ = approved_post(db, now, text="a" * 281)  # approved when no limit was known

    service.move(db, post, now + 2 * DAY, limits=X, actor=make_user(db), now=now)

    assert (post.state, post.approved_digest) == (PostState.IN_REVIEW, None)


def test_a_cancelled_post_comes_back_approved_only_if_it_can_be_sent(db: Session, now: datetime) -> None:
    first, _, _ = approved_post(db, now, text="Same words.")
    service.cancel(db, first, actor=make_user(db), now=now)
    approved_post(db, now, text="Same words.", channel=first.channel, publish_at=now + 2 * DAY)

    assert service.restore(db, first, limits=X, actor=make_user(db), now=now).state is PostState.IN_REVIEW


def test_an_approver_who_saw_older_content_is_told(db: Session, now: datetime) -> None:
    post = make_post(db)
    service.submit(db, post, actor=None, now=now)
    seen = digest(post)
    service.revise(db, post, replace(PostValues(**values_of(post)), text="Changed meanwhile."), actor=None, now=now)

    with pytest.raises(Conflict):
        service.approve(db, post, digest=seen, actor=make_user(db, roles=("approver",)), now=now)
    assert post.approved_digest is None


def test_nobody_approves_their_own_release(db: Session, now: datetime) -> None:
    admin, other = make_user(db), make_user(db)
    post = make_post(db, asset=make_asset(db, kind=AssetKind.PRESS_RELEASE), author=admin)
    service.submit(db, post, actor=admin, now=now)

    with pytest.raises(SelfApproval):
        service.approve(db, post, actor=admin, now=now)
    assert service.approve(db, post, actor=other, now=now).state is PostState.APPROVED


def test_who_changed_a_release_in_review_may_not_approve_it(db: Session, now: datetime) -> None:
    author, editor = make_user(db), make_user(db)
    post = make_post(db, asset=make_asset(db, kind=AssetKind.PRESS_RELEASE), author=author)
    service.submit(db, post, actor=author, now=now)
    service.revise(db, post, replace(PostValues(**values_of(post)), text="My words."), actor=editor, now=now)

    with pytest.raises(SelfApproval):
        service.approve(db, post, actor=editor, now=now)


def test_one_person_may_do_it_all_for_an_ordinary_post_unless_the_setting_says_always(db: Session, now: datetime) -> None:
    admin = make_user(db)
    post = make_post(db, author=admin)
    service.submit(db, post, actor=admin, now=now)

    with pytest.raises(SelfApproval):
        service.approve(db, post, four_eyes="always", actor=admin, now=now)
    assert service.approve(db, post, actor=admin, now=now).state is PostState.APPROVED


def test_planners_do_not_approve(db: Session, now: datetime) -> None:
    post = make_post(db)
    service.submit(db, post, actor=None, now=now)

    with pytest.raises(Forbidden):
        service.approve(db, post, actor=make_user(db, roles=("planner",)), now=now)


def test_a_changed_text_voids_the_approval_and_changing_it_back_restores_it(db: Session, now: datetime) -> None:
    post, author, _ = approved_post(db, now)
    values, seen = PostValues(**values_of(post)), post.approved_digest

    service.revise(db, post, replace(values, text="New words."), actor=author, now=now)
    assert (post.state, post.approved_digest, post.submitted_by_id) == (PostState.IN_REVIEW, None, author.id)

    service.revise(db, post, values, actor=author, now=now)
    assert (post.state, post.approved_digest) == (PostState.APPROVED, seen)


def test_another_campaign_is_not_another_content(db: Session, now: datetime) -> None:
    post, author, _ = approved_post(db, now)
    campaign = make_campaign(db)

    service.revise(db, post, replace(PostValues(**values_of(post)), campaign_id=campaign.id), actor=author, now=now)

    assert (post.state, post.approved_digest, post.campaign_id) == (PostState.APPROVED, digest(post), campaign.id)


def test_saving_without_a_change_writes_nothing(db: Session, now: datetime) -> None:
    post = service.plan(db, make_asset(db), make_channel(db), PostValues(text="Hello.", publish_at=now + DAY), actor=None, now=now)
    version = post.version

    service.revise(db, post, PostValues(**values_of(post)), actor=None, now=now)
    db.flush()

    assert (post.version, actions(db, post)) == (version, ["post.planned"])


def test_an_older_version_is_a_conflict_and_changes_nothing(db: Session, now: datetime) -> None:
    post = make_post(db)

    with pytest.raises(Conflict):
        service.revise(db, post, PostValues(text="Mine."), version=post.version - 1, actor=None, now=now)
    with pytest.raises(Conflict):
        service.move(db, post, now + 2 * DAY, version=post.version - 1, actor=None, now=now)
    assert (post.text, post.publish_at) == ("What we have to say.", now + DAY)


def test_only_a_draft_may_lose_its_moment(db: Session, now: datetime) -> None:
    post, author, _ = approved_post(db, now)

    with pytest.raises(Invalid) as refused:
        service.revise(db, post, replace(PostValues(**values_of(post)), publish_at=None, wall_time=None), actor=author, now=now)

    assert (refused.value.field, post.publish_at, post.state) == ("publish_at", now + DAY, PostState.APPROVED)


def test_a_draft_moves_freely(db: Session, now: datetime) -> None:
    post = make_post(db)

    service.move(db, post, now + 3 * DAY, zone="Asia/Tokyo", actor=None, now=now)

    assert (post.publish_at, post.wall_time, post.time_zone, post.state) == (
        now + 3 * DAY,
        "2026-03-05T21:00",
        "Asia/Tokyo",
        PostState.DRAFT,
    )
    assert actions(db, post) == ["post.moved"]


def test_moving_before_the_lift_is_refused_and_changes_nothing(db: Session, now: datetime) -> None:
    post = make_post(db, asset=make_asset(db, embargo_until=now + DAY))
    version = post.version

    with pytest.raises(EmbargoActive):
        service.move(db, post, now + DAY - timedelta(minutes=1), actor=None, now=now)
    db.flush()

    assert (post.publish_at, post.version, actions(db, post)) == (now + DAY, version, [])


def test_moving_into_another_asset_s_embargo_is_a_leak_once_submitted(db: Session, now: datetime) -> None:
    make_asset(db, embargo_terms=["Vega"], embargo_until=now + 2 * DAY)
    post = make_post(db, text="Vega is here.", publish_at=now + 3 * DAY)
    service.submit(db, post, actor=None, now=now)

    with pytest.raises(Refused, match="Vega"):
        service.move(db, post, now + DAY, actor=None, now=now)
    assert post.publish_at == now + 3 * DAY


def test_a_planner_s_move_of_an_approved_post_asks_again_and_moving_back_restores_the_approval(db: Session, now: datetime) -> None:
    post, author, _ = approved_post(db, now)
    seen = post.approved_digest

    service.move(db, post, now + 2 * DAY, actor=author, now=now)
    assert (post.state, post.approved_digest) == (PostState.IN_REVIEW, None)

    service.move(db, post, now + DAY, actor=author, now=now)
    assert (post.state, post.approved_digest) == (PostState.APPROVED, seen)
    assert db.scalar(select(func.count()).select_from(Approval)) == 1


def test_an_approver_s_move_approves_the_new_moment_in_the_same_act(db: Session, now: datetime) -> None:
    admin = make_user(db)
    post, _, _ = approved_post(db, now)

    service.move(db, post, now + 2 * DAY, actor=admin, now=now)

    assert (post.state, post.approved_digest) == (PostState.APPROVED, digest(post))
    assert [(one.by_id, one.digest) for one in post.approvals][-1] == (admin.id, digest(post))


def test_the_mover_of_a_release_does_not_approve_the_new_moment_alone(db: Session, now: datetime) -> None:
    admin = make_user(db)
    post, _, approver = approved_post(db, now, asset=make_asset(db, kind=AssetKind.PRESS_RELEASE))

    service.move(db, post, now + 2 * DAY, actor=admin, now=now)

    assert (post.state, post.submitted_by_id) == (PostState.IN_REVIEW, admin.id)
    with pytest.raises(SelfApproval):
        service.approve(db, post, actor=admin, now=now)
    assert service.approve(db, post, actor=approver, now=now).state is PostState.APPROVED


def test_an_approval_that_was_spoken_against_does_not_come_back_by_moving(db: Session, now: datetime) -> None:
    post, author, approver = approved_post(db, now)
    service.move(db, post, now + 2 * DAY, actor=author, now=now)
    service.request_changes(db, post, note="Not like this.", actor=approver, now=now)
    service.submit(db, post, actor=author, now=now)

    service.move(db, post, now + DAY, actor=author, now=now)

    assert (post.state, post.approved_digest) == (PostState.IN_REVIEW, None)


def test_a_missed_post_gets_a_new_moment_and_a_new_approval(db: Session, now: datetime) -> None:
    post, author, _ = approved_post(db, now)
    service.mark_missed(db, post, reason="Nobody was there.", now=now)

    service.move(db, post, now + 2 * DAY, actor=author, now=now)

    assert post.state is PostState.IN_REVIEW


@pytest.mark.parametrize("state", [PostState.SENDING, PostState.PUBLISHED, PostState.UNCONFIRMED, PostState.CANCELLED])
def test_what_is_out_or_may_be_out_is_left_alone(db: Session, now: datetime, state: PostState) -> None:
    post = make_post(db, state=state, published_at=now if state is PostState.PUBLISHED else None)

    for act in (
        lambda: service.move(db, post, now + 2 * DAY, actor=None, now=now),
        lambda: service.revise(db, post, PostValues(text="x", publish_at=now + DAY), actor=None, now=now),
        lambda: service.submit(db, post, actor=None, now=now),
        lambda: service.approve(db, post, actor=None, now=now),
        lambda: service.withdraw(db, post, actor=None, now=now),
        lambda: service.cancel(db, post, actor=None, now=now),
    ):
        with pytest.raises(WrongState):
            act()
    assert (post.state, actions(db, post)) == (state, [])


def test_changes_are_requested_with_a_note(db: Session, now: datetime) -> None:
    post, _, approver = approved_post(db, now)

    with pytest.raises(Invalid) as refused:
        service.request_changes(db, post, note="  ", actor=approver, now=now)
    assert (refused.value.field, post.state) == ("note", PostState.APPROVED)

    service.request_changes(db, post, note="Name the customer.", actor=approver, now=now)
    assert (post.state, post.approved_digest) == (PostState.CHANGES_REQUESTED, None)
    assert [(one.verb, one.note) for one in post.approvals][-1] == (Verb.CHANGES_REQUESTED, "Name the customer.")


def test_a_withdrawn_post_is_a_draft_and_its_approval_is_gone(db: Session, now: datetime) -> None:
    post, author, _ = approved_post(db, now)

    service.withdraw(db, post, actor=author, now=now)

    assert (post.state, post.approved_digest) == (PostState.DRAFT, None)
    assert not approving.still_approved(db, post, digest(post))


@pytest.mark.parametrize("what", ["leak", "retired", "embargo"])
def test_what_was_approved_once_is_not_approved_again_by_changing_back_where_a_rule_forbids_it_by_now(db: Session, now: datetime, what: str) -> None:
    campaign = make_campaign(db)
    post, author, _ = approved_post(db, now, text="An osprey on the roof.", campaign=campaign)
    before = PostValues(**values_of(post))
    service.revise(db, post, replace(before, text="A bird on the roof."), actor=author, now=now)
    if what == "leak":
        make_asset(db, embargo_until=now + 90 * DAY, embargo_terms=["Osprey"])
    elif what == "retired":
        post.asset.state = AssetState.RETIRED
    else:
        campaign.embargo_until = now + 90 * DAY

    service.revise(db, post, before, actor=author, now=now)

    assert (post.text, post.state, post.approved_digest) == ("An osprey on the roof.", PostState.IN_REVIEW, None)


def test_cancel_is_undone_to_where_it_was(db: Session, now: datetime) -> None:
    approved, author, _ = approved_post(db, now)
    draft, review = make_post(db), make_post(db)
    service.submit(db, review, actor=None, now=now)

    for post in (approved, draft, review):
        service.cancel(db, post, actor=author, now=now)
        assert (post.state, post.approved_digest) == (PostState.CANCELLED, None)
        service.restore(db, post, actor=author, now=now)

    assert [one.state for one in (approved, draft, review)] == [PostState.APPROVED, PostState.DRAFT, PostState.IN_REVIEW]
    assert approved.approved_digest == digest(approved)


def test_a_post_brought_back_after_its_time_is_a_draft(db: Session, now: datetime) -> None:
    post, author, _ = approved_post(db, now)
    service.cancel(db, post, actor=author, now=now)

    service.restore(db, post, actor=author, now=now + 2 * DAY)

    assert (post.state, post.approved_digest) == (PostState.DRAFT, None)


def test_a_renamed_asset_makes_the_approval_stale_and_submitting_asks_again(db: Session, now: datetime) -> None:
    post, author, _ = approved_post(db, now)
    with pytest.raises(WrongState):
        service.submit(db, post, actor=author, now=now)

    post.asset.title = "A better title"
    service.submit(db, post, actor=author, now=now)

    assert post.state is PostState.IN_REVIEW


def test_facts_are_written_whatever_the_state(db: Session, now: datetime) -> None:
    post = make_post(db)

    service.mark_published(db, post, external_id="42", url="https://x.com/i/status/42", at=None, now=now)

    assert (post.state, post.external_id, post.external_url, post.published_at) == (
        PostState.PUBLISHED,
        "42",
        "https://x.com/i/status/42",
        now,
    )
    assert actions(db, post) == ["post.published"]


@pytest.mark.parametrize(
    ("mark", "state"),
    [
        (service.mark_scheduled, PostState.SCHEDULED),
        (service.mark_sending, PostState.SENDING),
        (service.mark_failed, PostState.FAILED),
        (service.mark_missed, PostState.MISSED),
        (service.mark_unconfirmed, PostState.UNCONFIRMED),
    ],
)
def test_publishing_tells_where_a_post_is(db: Session, now: datetime, mark: Any, state: PostState) -> None:
    post, _, _ = approved_post(db, now)

    mark(db, post, now=now)

    assert (post.state, actions(db, post)[-1]) == (state, f"post.{state.value}")


def test_a_post_found_live_is_recorded_as_published(db: Session, now: datetime) -> None:
    asset, channel = make_asset(db, url="https://example.com/a"), make_channel(db, platform=Platform.YOUTUBE)

    post = service.record_published(
        db,
        asset,
        channel,
        external_id="abc",
        url="https://youtu.be/abc",
        published_at=now - 9 * DAY,
        text="t",
        origin=Origin.IMPORTED,
        now=now,
    )
    db.flush()

    assert (post.state, post.publish_at, post.published_at, post.origin) == (
        PostState.PUBLISHED,
        now - 9 * DAY,
        now - 9 * DAY,
        Origin.IMPORTED,
    )


def test_every_write_tells_who_did_it(db: Session, now: datetime) -> None:
    person = make_user(db, name="Ada")
    post = make_post(db, asset=make_asset(db))
    service.submit(db, post, actor=person, now=now)
    service.approve(db, post, actor=None, now=now)
    service.mark_scheduled(db, post, now=now)
    db.flush()

    told = [
        tuple(row)
        for row in db.execute(select(Entry.actor_name, Entry.was, Entry.became).where(Entry.subject_type == "posts").order_by(Entry.id))
    ]

    assert told == [
        ("Ada", {"state": "draft"}, {"state": "in_review"}),
        ("command line", {"state": "in_review"}, {"state": "approved"}),
        ("planner", {"state": "approved"}, {"state": "scheduled"}),
    ]


def test_two_people_in_one_moment_one_of_them_is_told(db: Session, now: datetime) -> None:
    post = make_post(db)
    db.commit()
    with sessionmaker(db.get_bind(), expire_on_commit=False)() as other:
        theirs = other.get(Post, post.id)
        assert theirs is not None
        other.commit()
        service.move(db, post, now + 2 * DAY, actor=None, now=now)
        db.commit()

        theirs.text = "Late."
        with pytest.raises(StaleDataError):
            other.flush()
        other.rollback()

    db.refresh(post)
    assert (post.text, post.publish_at) == ("What we have to say.", now + 2 * DAY)
