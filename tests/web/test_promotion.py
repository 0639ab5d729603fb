"""The promotion desk on screen: the board, what if, decide and see it frozen, and the judgement when its day has come."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetKind, Confidentiality
from planner.channels.models import Channel
from planner.channels.port import Platform
from planner.ledger.models import Job
from planner.planning.models import Post, PostState, SavedView
from planner.promotion import exporting, judging, service, standings
from planner.promotion.choices import Confidence, Option
from planner.promotion.models import Decision, EventUse, Promotion, PromotionInput, PromotionSettings
from planner.promotion.queries import BoardFilters, board
from planner.promotion.service import SettingValues
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post, make_user
from tests.promotion.making import DAY, make_past, make_video, read, views_at
from tests.web.counting import statements


@pytest.fixture
def channel(app_db: Session) -> Channel:
    """A channel with ten old videos, and settings under which a promotion may pay."""
    channel = make_past(app_db, count=10, watched=0.5)
    service.save_settings(app_db, None, SettingValues(cost=Decimal(100), value_per_view=Decimal(2)), actor=None, now=NOON)
    return channel


@pytest.fixture
def video(app_db: Session, channel: Channel) -> Post:
    """A week old, doing well."""
    post = make_video(app_db, channel, published_at=NOON - 7 * DAY, first_day=180, watched=0.6, title="Slicing, explained", url="https://example.com/film")
    standings.refresh(app_db, channel.id, now=NOON)
    app_db.commit()
    return post


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def decide(client: Browser, post: Post, **fields: str):  # type: ignore[no-untyped-def]
    return client.submit(f"/promotion/{post.asset_id}/decide", **{"choice": "leave", "reason": "It grows by itself.", "owner_id": "", **fields})


def test_an_empty_desk_says_how_to_begin(client: Browser) -> None:
    assert "No video to decide on yet" in client.get("/promotion").text
    assert "Nothing was decided yet" in client.get("/promotion/scores").text
    assert "No YouTube channel yet" in client.get("/promotion/idea").text


def test_the_board_shows_what_waits_with_its_verdict_and_filters_in_the_address(client: Browser, video: Post) -> None:
    page = client.get("/promotion").text

    assert "Slicing, explained" in page
    assert re.search(r"×1\.[78] no\. 1 of 11", plain(page))
    assert re.search(r'<path class="fan__seen" d="M2 33L', page)
    assert f'href="/promotion/{video.asset_id}#decision"' in page
    assert "Slicing, explained" not in client.get("/promotion?view=decided").text
    assert "Slicing, explained" in client.get("/promotion?view=nonsense&sort=up&verdict=no&channel=x&page=-3").text
    assert "No such video" in client.get("/promotion?verdict=do_not_promote").text


def test_the_boards_drawings_are_handed_out_as_their_numbers_as_the_address_asks(
    sign_in: Callable[..., Browser], video: Post, channel: Channel, app_db: Session
) -> None:
    make_video(app_db, channel, published_at=NOON - 8 * DAY, title="Falcon", confidentiality=Confidentiality.CONFIDENTIAL)
    standings.refresh(app_db, channel.id, now=NOON)
    viewer = make_user(app_db, roles=("viewer",))
    app_db.commit()
    reader = sign_in(viewer)

    page = reader.get("/promotion?view=all&sort=views").text
    address = html.unescape(re.findall(r'href="([^"]*forecasts\.csv[^"]*)"', page)[0])
    answer = reader.get(address)
    head, *rows = csv.reader(answer.text.removeprefix("\ufeff").splitlines())

    assert (address, answer.headers["Content-Disposition"]) == ("/promotion/forecasts.csv?view=all&sort=views", 'attachment; filename="forecasts-2026-03-02.csv"')
    assert head == list(exporting.HEADINGS)
    shown = [(row.standing, row.title) for row in board(app_db, BoardFilters("all", sort="views"), viewer=viewer, now=NOON).rows]
    assert list(dict.fromkeys(row[0] for row in rows)) == [str(one.asset_id) for one, _title in shown]
    assert "Falcon" not in {title for _one, title in shown}
    for one, title in shown:
        told = [row[1:] for row in rows if row[0] == str(one.asset_id)]
        video_ = [title, channel.name, f"{one.published_at:%Y-%m-%dT%H:%M:%SZ}"]
        seen = [[*video_, f"{age:g}", str(views), "", "", ""] for age, views in one.seen]
        assert told == seen + ([[*video_, f"{one.fan[0]:g}", "", *map(str, (one.fan[2], one.fan[1], one.fan[3]))]] if one.fan else [])
    assert [row[0] for row in csv.reader(reader.get("/promotion/forecasts.csv").text.removeprefix("\ufeff").splitlines())][1:] == [
        row[0] for row in rows if row[0] == str(video.asset_id)
    ]


def test_the_board_costs_the_same_at_three_and_at_thirty_videos(app: Flask, client: Browser, app_db: Session) -> None:
    few = make_past(app_db, count=3)
    standings.refresh(app_db, few.id, now=NOON)
    app_db.commit()
    small = statements(app, client, "/promotion?view=all")
    many = make_past(app_db, count=30, channel=make_channel(app_db, platform=Platform.YOUTUBE))
    standings.refresh(app_db, many.id, now=NOON)
    app_db.commit()

    assert statements(app, client, "/promotion?view=all") == small
    assert small < 10


def test_the_quadrant_places_what_is_liked_and_seen_and_says_what_cannot_be_placed(app: Flask, client: Browser, channel: Channel, app_db: Session) -> None:
    make_video(app_db, channel, published_at=NOON - 7 * DAY, first_day=180, watched=0.6, title="Loved")
    make_video(app_db, channel, published_at=NOON - 8 * DAY, first_day=20, watched=0.7, title="Hidden")
    make_video(app_db, channel, published_at=NOON - 9 * DAY, first_day=20, title="Unwatched")
    standings.refresh(app_db, channel.id, now=NOON)
    app_db.commit()

    page = client.get("/promotion/quadrant").text

    lists = dict(re.findall(r'id="quarter-(\w+)"(.*?)</section>', page, flags=re.DOTALL))
    assert {name: re.findall(r'clip-2"[^>]*>([^<]+)<', part) for name, part in lists.items()} == {
        "liked_unseen": ["Hidden"], "liked_seen": ["Loved"], "neither": [], "unliked_seen": [],
    }  # fmt: skip
    assert page.count('class="quadrant__dot') == 2
    assert "Unwatched" in page.split("Cannot be placed yet")[1]
    assert statements(app, client, "/promotion/quadrant?view=all") < 10
    assert "No such video" in client.get("/promotion/quadrant?verdict=do_not_promote").text


def test_what_the_board_shows_is_saved_under_a_name_for_oneself_or_the_team(sign_in: Callable[..., Browser], video: Post, app_db: Session) -> None:
    planner, other = sign_in(roles=("planner",)), sign_in(roles=("planner",))

    own = planner.submit("/promotion/views", name="Mine", query="view=all&sort=views&page=3&token=x")
    team = planner.submit("/promotion/views", name="For the review", query="as=quadrant&verdict=promote", shared="y")
    none = planner.submit("/promotion/views", name=" ", query="view=all")

    assert [one.location for one in (own, team, none)] == ["/promotion?view=all&sort=views", "/promotion/quadrant?verdict=promote", "/promotion?view=all"]
    assert [(one.screen, one.name, one.query, one.shared) for one in app_db.scalars(select(SavedView).order_by(SavedView.id))] == [
        ("promotion", "Mine", "view=all&sort=views", False), ("promotion", "For the review", "as=quadrant&verdict=promote", True),
    ]  # fmt: skip
    app_db.rollback()
    pages = [one.get("/promotion").text for one in (planner, other)]
    assert [('href="/promotion?view=all&amp;sort=views"' in page, 'href="/promotion/quadrant?verdict=promote"' in page) for page in pages] == [(True, True), (False, True)]
    assert "Mine" not in planner.get("/calendar/views").text
    assert other.submit("/promotion/views/1/remove").status_code == 404
    assert planner.submit("/promotion/views/1/remove", query="view=all").location == "/promotion?view=all"
    assert [one.name for one in app_db.scalars(select(SavedView))] == ["For the review"]


def test_the_next_video_to_decide_is_one_click_away_until_none_waits(client: Browser, video: Post, channel: Channel, app_db: Session) -> None:
    second = make_video(app_db, channel, published_at=NOON - 9 * DAY, first_day=60, title="Second")
    standings.refresh(app_db, channel.id, now=NOON)
    app_db.commit()
    asset_id = video.asset_id

    assert client.get("/promotion/next").location == f"/promotion/{asset_id}#decision"
    decide(client, video)
    assert f"/promotion/next?after={asset_id}" in client.get(f"/promotion/{asset_id}").text
    assert client.get(f"/promotion/next?after={asset_id}").location == f"/promotion/{second.asset_id}#decision"
    decide(client, second)
    assert client.get("/promotion/next").location == "/promotion"


def test_every_number_of_the_evidence_explains_itself(client: Browser, video: Post) -> None:
    page = client.get(f"/promotion/{video.asset_id}")

    text = plain(page.text)
    assert page.status_code == 200
    assert text.count("what is this number?") >= 7
    assert "That promotion brings ×1.5 is a default, not a measurement" in text
    assert "Learnt from 10 other videos of the channel." in text
    assert f"{views_at(7, 180)}" in text
    assert "Videos that stood alike at this age" in text


def test_what_if_answers_with_a_page_and_with_a_piece_of_one_and_keeps_nothing(client: Browser, video: Post, app_db: Session) -> None:
    address = f"/promotion/{video.asset_id}?kind=ad&cost=100&value_per_view=500&target_share=50&goal="

    page, piece = client.get(address), client.get(address, headers={"HX-Request": "true"})
    wrong = client.get(f"/promotion/{video.asset_id}?kind=ad&cost=much")

    assert page.text.count('id="answer"') == 1
    assert piece.text.lstrip().startswith('<div id="answer"')
    assert "<html" not in piece.text
    assert (page.status_code, piece.status_code, wrong.status_code) == (200, 200, 422)
    assert "Write an amount such as 1500" in wrong.text
    assert 'value="much"' in wrong.text
    assert "50%" in plain(piece.text)
    assert app_db.scalars(select(PromotionInput)).all() == []


def test_decided_frozen_proposed_and_judged_when_its_day_has_come(
    client: Browser, video: Post, app_db: Session, clock: StoppedClock
) -> None:
    answer = decide(client, video, choice="promote", reason="Ports are the story of the year.", budget="100")
    assert (answer.status_code, answer.location) == (302, f"/promotion/{video.asset_id}#decision")
    made = app_db.scalars(select(Decision)).one()
    low, median, high = made.forecast_30 or []
    app_db.rollback()
    page = client.get(f"/promotion/{video.asset_id}").text
    assert "There is no channel besides YouTube yet." in page
    assert "Undo" in page
    assert "Slicing, explained" not in client.get("/promotion").text
    assert "Slicing, explained" in client.get("/promotion?view=decided").text

    clock.advance(timedelta(days=33))
    read(app_db, video, first_day=4000, ages=(30, 36.9, 40), until=NOON + 33 * DAY)
    assert judging.judge(app_db, now=clock.now()) == 1
    app_db.commit()

    scores = plain(client.get("/promotion/scores").text)
    app_db.refresh(made)
    assert (made.forecast_30, made.views_30) == ([low, median, high], pytest.approx(views_at(37, 4000), rel=0.02))
    assert "After 30 days: forecast" in scores
    assert "above the range" in scores
    assert "0 of 1; four in five should" in scores
    assert made.paid_off is True


def test_the_home_page_says_what_waits_whose_re_edit_is_due_and_that_the_forecasts_were_wrong(
    client: Browser, sign_in: Callable[..., Browser], video: Post, channel: Channel, app_db: Session
) -> None:  # fmt: skip
    olds = [make_video(app_db, channel, published_at=NOON - 200 * DAY, title=f"Old {one}") for one in range(6)]
    for old in olds:
        app_db.add(Decision(
            asset_id=old.asset_id, choice=Option.LEAVE, reason="It runs.", decided_by_name="Somebody", decided_at=NOON - 90 * DAY, stands=True,
            confidence=Confidence.SOUND, version="1", forecast_30=[100, 200, 300], views_30=900,
        ))  # fmt: skip
    app_db.commit()

    waiting = plain(client.get("/").text)
    decide(client, video, choice="re_edit", reason="Nobody clicks.", due_on="2026-03-20")
    then = plain(client.get("/").text)

    assert "One video to decide" in waiting
    assert "The forecasts have been wrong lately Of the last 6, 0 held; four in five should." in waiting
    assert "Titles and thumbnails to re-edit 1 Slicing, explained Due on 20 Mar 2026. Nobody has it yet." in then
    assert "to decide" not in then
    viewer = sign_in(roles=("viewer",)).get("/").text
    assert [words for words in ("wrong lately", "to re-edit", "to decide") if words in viewer] == []


def test_the_reliability_diagram_is_drawn_with_its_table(client: Browser, channel: Channel, app_db: Session) -> None:
    for place in range(5):
        old = make_video(app_db, channel, published_at=NOON - 200 * DAY)
        app_db.add(Decision(
            asset_id=old.asset_id, choice=Option.PROMOTE, reason="It pays.", decided_by_name="Somebody", decided_at=NOON - 90 * DAY, stands=True,
            confidence=Confidence.SOUND, version="1", forecast_30=[100, 200, 300], views_30=200, pays=0.75 if place < 4 else 0.4, paid_off=place < 3,
        ))  # fmt: skip
    app_db.commit()

    page = client.get("/promotion/scores").text

    assert page.count('class="reliability__dot"') == 2
    assert "70% – 90% 75% 75% [43%–92%] 4" in plain(page)
    assert 'x1="78.0" y1="280.0" x2="386.0" y2="14.0"' in page


def test_who_reacted_is_recorded_and_an_analysts_word_counts_one_step_up(client: Browser, video: Post, app_db: Session) -> None:
    at = f"/promotion/{video.asset_id}"
    given = {"reaction-who": "Ada Marsh", "reaction-role": "analyst", "reaction-outlet": "Telecom Research", "reaction-on": "2026-02-28", "reaction-said": "At last a clear word."}

    wrong = client.submit(f"{at}/reactions", **(given | {"reaction-url": "somewhere", "reaction-on": "2026-12-28"}))
    kept = client.submit(f"{at}/reactions", **given, **{"reaction-url": "https://example.org/note"})

    assert (wrong.status_code, kept.status_code) == (422, 302)
    assert "Choose a day that has come" in wrong.text
    assert "At last a clear word." in wrong.text
    page = plain(client.get(at).text)
    assert "Ada Marsh Analyst, Telecom Research · counts one step up At last a clear word." in page
    assert "Ada Marsh spoke of it, which counts one step up." in page
    assert client.submit("/promotion/reactions/1/remove").status_code == 302
    assert "Ada Marsh spoke of it" not in client.get(at).text
    assert client.submit("/promotion/reactions/1/remove").status_code == 404


def test_the_kit_is_withdrawn_when_an_embargo_comes_after_the_decision(client: Browser, video: Post, app_db: Session) -> None:
    at, kit = f"/promotion/{video.asset_id}", "utm_medium=share_kit"
    decide(client, video, choice="promote", reason="Ports are the story of the year.")
    assert kit in client.get(at).text

    app_db.get_one(Asset, video.asset_id).embargo_until = NOON + timedelta(days=400)
    app_db.commit()

    page = client.get(at).text
    assert (kit in page, "There is none to pass on now." in page, "is under embargo until" in page) == (False, True, True)


def test_drafts_are_proposed_from_the_decision_and_open_in_the_composer(client: Browser, video: Post, app_db: Session) -> None:
    network, room = make_channel(app_db), make_channel(app_db, platform=Platform.WEBHOOK, name="Newsroom")
    app_db.commit()
    asset_id, channels = video.asset_id, {"network": str(network.id), "room": str(room.id)}
    decide(client, video, choice="promote", reason="Ports are the story of the year.")
    number = app_db.scalars(select(Decision.id)).one()
    app_db.rollback()
    at = f"/promotion/decisions/{number}/posts"

    page = client.get(f"/promotion/{asset_id}").text
    assert re.search(rf'checked[^>]*value="{channels["network"]}"', page)
    assert not re.search(rf'checked[^>]*value="{channels["room"]}"', page)
    assert "https://example.com/film?utm_source=employees&amp;utm_medium=share_kit&amp;utm_campaign=promotion" in page
    none = client.submit(at, **{"propose-text": "Look at this."})
    assert (none.status_code, "Choose at least one channel." in none.text, "Look at this." in none.text) == (422, True, True)

    one = client.submit(at, **{"propose-text": "Look at this.", "propose-channels": channels["network"]})
    made = app_db.scalars(select(Post).where(Post.text == "Look at this.")).one()
    assert (one.status_code, one.location) == (302, f"/posts/{made.id}/edit")
    assert (made.state, made.link) == (PostState.DRAFT, "https://example.com/film")
    app_db.rollback()
    assert f'href="/posts/{made.id}/edit"' in client.get(f"/promotion/{asset_id}").text


def test_a_re_edit_is_done_with_a_moment_and_then_says_what_it_cannot_tell_yet(client: Browser, video: Post, app_db: Session) -> None:
    decide(client, video, choice="re_edit", reason="Nobody clicks.", due_on="2026-03-20")
    page = plain(client.get(f"/promotion/{video.asset_id}").text)
    assert "Due on 20 Mar 2026. Nobody has it yet." in page

    late = client.submit("/promotion/re-edits/1/done", **{"done-done_at": "2026-03-09T09:00"})
    done = client.submit("/promotion/re-edits/1/done", **{"done-done_at": "2026-03-02T12:30"})

    assert (late.status_code, "Choose a moment between the decision and now." in late.text, done.status_code) == (422, True, 302)
    page = plain(client.get(f"/promotion/{video.asset_id}").text)
    assert "Cannot be told yet" in page
    assert client.submit("/promotion/re-edits/1/reopen").status_code == 302
    assert "It is done" in client.get(f"/promotion/{video.asset_id}").text
    assert client.submit("/promotion/re-edits/77/done").status_code == 404


def test_a_decision_without_a_reason_is_refused_beside_the_field_and_what_was_typed_stays(client: Browser, video: Post, app_db: Session) -> None:
    answer = decide(client, video, reason=" ", budget="12.50", choice="re_edit")

    assert answer.status_code == 422
    assert "Write the reason" in answer.text
    assert 'value="12.50"' in answer.text
    assert re.search(r'value="re_edit"[^>]*checked|checked[^>]*value="re_edit"', answer.text)
    assert app_db.scalars(select(Decision)).all() == []


def test_a_decision_is_taken_back_and_let_hold_again(client: Browser, video: Post, app_db: Session) -> None:
    asset_id = video.asset_id
    decide(client, video)
    made = app_db.scalars(select(Decision)).one()
    number = made.id
    app_db.rollback()

    client.submit(f"/promotion/decisions/{number}/undo")
    app_db.refresh(made)
    assert (made.stands, made.undone_at) == (False, NOON)
    app_db.rollback()
    assert "Let it hold again" in client.get(f"/promotion/{asset_id}").text
    client.submit(f"/promotion/decisions/{number}/redo")
    app_db.refresh(made)
    assert (made.stands, made.undone_at) == (True, None)
    app_db.rollback()
    assert client.submit(f"/promotion/decisions/{number}/redo").status_code == 409


def test_viewers_read_and_decide_nothing(sign_in: Callable[..., Browser], video: Post, app_db: Session) -> None:
    viewer = sign_in(roles=("viewer",))

    page = viewer.get(f"/promotion/{video.asset_id}").text

    assert "Nobody has decided yet." in page
    assert "Record a promotion" not in page
    assert decide(viewer, video).status_code == 403
    assert viewer.submit("/promotion/settings", cost="1").status_code == 403
    assert app_db.scalars(select(Decision)).all() == []


def test_a_confidential_video_is_hidden_from_who_may_not_know_of_it(sign_in: Callable[..., Browser], channel: Channel, app_db: Session) -> None:
    secret = make_video(app_db, channel, published_at=NOON - 8 * DAY, title="Falcon", confidentiality=Confidentiality.CONFIDENTIAL, first_day=180)
    shown = make_video(app_db, channel, published_at=NOON - 7 * DAY, title="Open", first_day=180)
    standings.refresh(app_db, channel.id, now=NOON)
    app_db.commit()
    viewer, planner = sign_in(roles=("viewer",)), sign_in(roles=("planner",))
    decide(planner, secret, reason="A secret reason.")

    assert viewer.get(f"/promotion/{secret.asset_id}").status_code == 404
    pages = [viewer.get(path).text for path in ("/promotion?view=all", f"/promotion/{shown.asset_id}", "/promotion/scores")]
    assert [page for page in pages if "Falcon" in page or "secret reason" in page] == []
    assert "Falcon" in planner.get("/promotion?view=all").text


def test_what_promoted_it_where_it_was_shown_and_what_is_known_is_recorded(client: Browser, video: Post, app_db: Session) -> None:
    at = f"/promotion/{video.asset_id}"
    elsewhere = make_post(
        app_db, asset=app_db.get_one(Asset, video.asset_id), channel=make_channel(app_db), state=PostState.PUBLISHED, publish_at=NOON - DAY, published_at=NOON - DAY
    )
    app_db.commit()

    answers = [
        client.submit(f"{at}/promotions", **{"promotion-kind": "ad", "promotion-on": "2026-02-27", "promotion-cost": "90", "promotion-currency": "EUR"}),
        client.submit(f"{at}/posts/{elsewhere.id}"),
        client.submit(f"{at}/events", **{"use-name": "Telecom Forum", "use-on": "2026-02-28", "use-screenings": "3", "use-attendance": "120"}),
        client.submit(f"{at}/known", **{"known-goal": "5000", "known-target_share": "12.5", "known-vouched_by": "A minister"}),
    ]
    future = client.submit(f"{at}/promotions", **{"promotion-kind": "ad", "promotion-on": "2026-12-27", "promotion-currency": "EUR"})

    assert [one.status_code for one in answers] == [302] * 4
    assert future.status_code == 422
    assert "Choose a day that has come" in future.text
    assert [(one.kind.value, one.cost, one.post_id) for one in app_db.scalars(select(Promotion).order_by(Promotion.id))] == [
        ("ad", Decimal("90.00"), None), ("post", None, elsewhere.id),
    ]  # fmt: skip
    used = app_db.scalars(select(EventUse)).one()
    assert (used.name, used.screenings, used.attendance, used.leads) == ("Telecom Forum", 3, 120, None)
    known = app_db.scalars(select(PromotionInput)).one()
    assert (known.goal, known.target_share, known.vouched_by) == (5000, 0.125, "A minister")
    page = plain(client.get(at).text)
    assert "A minister spoke of it" in page
    assert "12%" in page
    first = app_db.scalars(select(Promotion).order_by(Promotion.id)).first()
    assert first is not None
    number = first.id
    app_db.rollback()
    client.submit(f"/promotion/promotions/{number}/remove")
    assert len(app_db.scalars(select(Promotion)).all()) == 1


def test_settings_hold_everywhere_or_on_one_channel_and_refuse_nonsense(client: Browser, channel: Channel, app_db: Session) -> None:
    app_db.commit()

    saved = client.submit("/promotion/settings", channel=str(channel.id), cost="250", pays="60", kind="newsletter")
    wrong = client.submit("/promotion/settings", pays="160", currency="EUROS")

    assert (saved.status_code, wrong.status_code) == (302, 422)
    assert "Write a share between 0 and 100 percent." in wrong.text
    rows = {row.channel_id: row for row in app_db.scalars(select(PromotionSettings))}
    assert (rows[channel.id].cost, rows[channel.id].thresholds, rows[None].cost) == (Decimal("250.00"), {"pays": 0.6}, Decimal("100.00"))
    assert 'value="60"' in client.get(f"/promotion/settings?channel={channel.id}").text
    assert client.get("/promotion/settings?channel=999").status_code == 404


def test_a_file_of_promotions_is_taken_in_whole_or_its_rows_are_named(client: Browser, video: Post, app_db: Session) -> None:
    def send(text: str):  # type: ignore[no-untyped-def]
        return client.submit("/promotion/import", **{"import-file": (BytesIO(text.encode()), "past.csv")})

    wrong = send("title,date,kind\nSlicing,2026-02-26,ad\n")
    good = send('title,date,kind,cost\n"Slicing, explained",2026-02-26,ad,40\n')

    assert (wrong.status_code, good.status_code) == (422, 302)
    assert "No video here has this number, address or title." in wrong.text
    nameless = client.submit("/promotion/import", **{"import-file": "past.csv"})
    assert (nameless.status_code, "Choose a file." in nameless.text) == (422, True)
    assert [one.cost for one in app_db.scalars(select(Promotion))] == [Decimal("40.00")]


def test_an_idea_gets_the_channels_range_and_cost_per_view(client: Browser, channel: Channel, app_db: Session) -> None:
    idea = make_asset(app_db, kind=AssetKind.VIDEO, title="Not made yet")
    app_db.commit()

    page = plain(client.get("/promotion/idea?cost=9000").text)
    before = plain(client.get(f"/promotion/{idea.id}").text)

    assert "From 10 videos of this channel" in page
    assert re.search(r"30 days \d+ \[\d+–\d+\] €", page)
    assert client.get("/promotion/idea?cost=much").status_code == 422
    assert "right within a factor of 3" in before


def test_the_board_is_worked_out_on_demand_as_background_work(client: Browser, app_db: Session) -> None:
    answer = client.submit("/promotion/refresh")

    job = app_db.scalars(select(Job)).one()
    assert (answer.status_code, answer.location, job.name) == (302, f"/jobs/{job.id}", "promotion.refresh")


def test_it_speaks_french_with_french_numbers(client: Browser, video: Post) -> None:
    client.set_cookie("language", "fr")

    board, page = plain(client.get("/promotion").text), plain(client.get(f"/promotion/{video.asset_id}").text)

    assert "À décider" in board
    assert re.search(r"×1,[78]", board)
    assert re.search(r"\d %", page)
    assert "Ce que ferait le bureau" in page


def test_only_videos_are_decided_on(client: Browser, app_db: Session) -> None:
    paper = make_asset(app_db)
    app_db.commit()

    assert client.get(f"/promotion/{paper.id}").status_code == 404
    assert client.get("/promotion/999999").status_code == 404
