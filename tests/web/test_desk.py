"""The desk: each line is one click from done, and says what it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from planner.channels.models import ChannelState
from planner.channels.port import Platform, Reading
from planner.insights import service as insights
from planner.insights.models import Resurfaced
from planner.planning import routes, service
from planner.planning.models import PostState
from planner.planning.steps import Step
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_campaign, make_channel, make_post, make_user
from tests.web.counting import statements

SignIn = Callable[..., Browser]
DAY = timedelta(days=1)


def test_what_waits_for_me_leads_to_where_i_say_yes_with_its_deadline(sign_in: SignIn, app_db: Session) -> None:
    routes.set_route(app_db, routes.ANYTHING_ELSE, [Step("", "Editors", hours=20)], actor=None, now=NOON)
    author, approver = make_user(app_db, roles=("planner",)), make_user(app_db, roles=("approver",))
    post = make_post(app_db, author=author, asset=make_asset(app_db, title="Open house"))
    service.submit(app_db, post, actor=author, now=NOON)
    number = post.id
    app_db.commit()

    page = sign_in(approver).get("/").text
    assert "Waiting for your yes" in page and f'href="/approvals/{number}"' in page and "Editors" in page
    assert "answer due Mon 2 Mar, 17:00" in page
    other = sign_in(author).get("/").text
    assert "Waiting for your yes" not in other and "Waiting for approval" in other


def test_what_was_sent_back_says_what_to_change_and_leads_to_the_form(sign_in: SignIn, app_db: Session) -> None:
    author, approver = make_user(app_db, roles=("planner",)), make_user(app_db, roles=("approver",), name="Nadia")
    post = make_post(app_db, author=author, asset=make_asset(app_db, title="Open house"))
    service.submit(app_db, post, actor=author, now=NOON)
    service.request_changes(app_db, post, note="Name the town.", actor=approver, now=NOON)
    number = post.id
    app_db.commit()

    page = sign_in(author).get("/").text
    assert "Nadia: “Name the town.”" in page and f'href="/posts/{number}/edit"' in page


def test_what_others_have_to_do_stands_below_what_its_reader_has_to_do(sign_in: SignIn, app_db: Session) -> None:
    author = make_user(app_db, roles=("planner",))
    for state in (PostState.IN_REVIEW, PostState.CHANGES_REQUESTED, PostState.DRAFT):
        make_post(app_db, author=author, state=state, publish_at=NOON + DAY)
    app_db.commit()

    page = sign_in(author).get("/").text

    places = [page.index(text) for text in ("Sent back to you", "Drafts whose time is near", "Waiting for approval", "Going out today")]
    assert places == sorted(places)


def test_near_drafts_and_campaigns_with_nothing_ahead_are_told_to_whose_they_are(app: Flask, sign_in: SignIn, app_db: Session) -> None:
    author, other = make_user(app_db, roles=("planner",)), make_user(app_db, roles=("author",))
    make_post(app_db, author=author, asset=make_asset(app_db, title="Tomorrow"))
    make_post(app_db, author=author, asset=make_asset(app_db, title="Next month"), publish_at=NOON + 30 * DAY)
    span = {"starts_on": date(2026, 2, 1), "ends_on": date(2026, 4, 1)}
    make_campaign(app_db, name="Silent spring", **span)
    busy = make_campaign(app_db, name="Busy spring", **span)
    make_post(app_db, campaign=busy, state=PostState.APPROVED, publish_at=NOON + 3 * DAY)
    app_db.commit()

    page = sign_in(author).get("/").text
    assert "Drafts whose time is near" in page and "Tomorrow" in page and "Next month" not in page
    assert "Campaigns with nothing ahead" in page and "Silent spring" in page and "Busy spring" not in page
    assert "Silent spring" not in sign_in(other).get("/").text
    assert statements(app, sign_in(author), "/") <= 24


def test_an_old_asset_that_comes_back_is_explained_until_somebody_has_seen_it(app: Flask, sign_in: SignIn, app_db: Session) -> None:
    post = make_post(app_db, asset=make_asset(app_db, title="A paper of then", published_at=NOON - 200 * DAY))
    alert = Resurfaced(
        asset_id=post.asset_id, metric="visits", since=date(2026, 2, 27), until=date(2026, 3, 2), gained=412, expected=30.4, threshold=91, cause_kind="external",
        cause="reddit.com", noticed_at=NOON,
    )  # fmt: skip
    app_db.add(alert)
    app_db.flush()
    number, asset_id = alert.id, post.asset_id
    app_db.commit()
    planner = sign_in(roles=("planner",))
    sentence = "412 visits without one of our marks, 27 Feb to 1 Mar; its age predicts 30, told from 91 on."

    page = planner.get("/").text
    assert "Old assets that come back" in page and sentence in page and "External: reddit.com, will fade." in page
    assert statements(app, planner, "/") <= 24
    assert "resurfaced/" not in sign_in(roles=("viewer",)).get("/").text
    assert sign_in(roles=("viewer",)).submit(f"/assets/resurfaced/{number}/settle").status_code == 403

    assert "Taken off the desk." in planner.get(planner.submit(f"/assets/resurfaced/{number}/settle").location).text
    assert sentence not in planner.get("/").text
    assert sentence in planner.get(f"/assets/{asset_id}").text


def test_numbers_about_to_close_and_not_kept_are_one_click_from_read(app: Flask, sign_in: SignIn, app_db: Session) -> None:
    channel = make_channel(app_db, name="Group on X")
    lost = make_channel(app_db, name="Lost on LinkedIn", platform=Platform.LINKEDIN, state=ChannelState.NEEDS_RECONNECT)
    cases = {"Closes today": (channel, 29, 2), "Closes today, kept": (channel, 29, 0), "Closes in five days": (channel, 25, 2), "A year old": (lost, 360, 9)}
    assets = {}
    for title, (place, age, read) in cases.items():
        at = NOON - age * DAY - timedelta(hours=20)
        post = make_post(
            app_db, channel=place, asset=make_asset(app_db, title=title), state=PostState.PUBLISHED, publish_at=at, published_at=at, external_id=title,
        )  # fmt: skip
        insights.record(app_db, [(post.id, Reading("", impressions=5))], at=NOON - read * DAY, now=NOON)
        assets[title] = post.asset_id
    app_db.commit()
    planner = sign_in(roles=("planner",))

    page = planner.get("/").text
    card = page.partition('id="closing"')[2].partition("</section>")[0]

    assert [title for title in cases if f">{title}<" in card] == ["Closes today", "A year old"]
    assert f'action="/performance/readings/assets/{assets["Closes today"]}"' in card and "Read now" in card
    assert card.count("Read now") == 1
    assert statements(app, planner, "/") <= 20
    assert 'id="closing"' not in sign_in(roles=("viewer",)).get("/").text
    table = planner.get("/performance/readings").text.partition('id="closing"')[2].partition("</section>")[0]
    assert sorted(cases, key=lambda title: table.index(f">{title}<")) == ["Closes today", "A year old", "Closes today, kept", "Closes in five days"]


def test_what_a_person_publishes_stands_apart_once_its_day_has_come_until_it_is_done(sign_in: SignIn, app_db: Session) -> None:
    letter = make_channel(app_db, name="Partner newsletter", platform=Platform.BY_HAND, token=None)
    cases = {
        "Last week": (letter, PostState.SCHEDULED, -7 * DAY),
        "This evening": (letter, PostState.APPROVED, timedelta(hours=6)),
        "Tomorrow": (letter, PostState.SCHEDULED, DAY),
        "Done": (letter, PostState.PUBLISHED, -DAY),
        "Not agreed": (letter, PostState.IN_REVIEW, timedelta(hours=6)),
        "By itself": (make_channel(app_db), PostState.SCHEDULED, timedelta(hours=6)),
    }
    for title, (channel, state, from_now) in cases.items():
        out = NOON + from_now if state is PostState.PUBLISHED else None
        make_post(app_db, channel=channel, asset=make_asset(app_db, title=title), state=state, publish_at=NOON + from_now, published_at=out)
    app_db.commit()

    page = sign_in(roles=("planner",)).get("/").text

    cards = {name: page.partition(f'id="{name}"')[2].partition("</section>")[0] for name in ("by-hand", "today")}
    assert "To publish by hand" in cards["by-hand"]
    assert {name: [title for title in cases if f">{title}<" in card] for name, card in cards.items()} == {
        "by-hand": ["Last week", "This evening"], "today": ["Not agreed", "By itself"],
    }  # fmt: skip
    assert [("Overdue" in line) for line in cards["by-hand"].split("<li")[1:]] == [True, False]


def test_a_desk_with_nothing_to_do_begins_what_comes_next(sign_in: SignIn, app_db: Session) -> None:
    make_asset(app_db)
    app_db.commit()

    def offered(role: str) -> list[str]:
        page = sign_in(roles=(role,)).get("/").text.partition('class="empty')[2]
        return [name for name in ("Connect a channel", "Plan a post", "Open the calendar") if name in page]

    assert (offered("admin"), offered("planner")) == (["Connect a channel", "Open the calendar"], ["Open the calendar"])
    make_channel(app_db)
    app_db.commit()
    assert (offered("planner"), offered("viewer")) == (["Plan a post", "Open the calendar"], ["Open the calendar"])


def test_an_empty_desk_offers_what_its_reader_may_do_and_an_advocate_is_led_to_a_page_of_theirs(sign_in: SignIn) -> None:
    pages = {role: sign_in(roles=(role,)).get("/").text for role in ("admin", "author", "approver", "viewer", "advocate")}

    demo, first, waits = "Or look around first", "Add your first asset", "What waits for you will stand on this page."
    assert {role: [text in page for text in (demo, first, waits)] for role, page in pages.items()} == {
        "admin": [True, True, False], "author": [False, True, False], "approver": [False, False, True], "viewer": [False, False, True],
        "advocate": [False, False, False],
    }  # fmt: skip
    assert 'href="/settings/preferences"' in pages["advocate"].partition("data-failed")[2]
    assert "Back to the desk" not in pages["advocate"]
