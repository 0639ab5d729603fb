"""Performance: what is ranked and why not, what each figure means, who follows; and that pages cost the same at any size."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.catalog.models import Asset, AssetKind, Confidentiality
from planner.channels.models import AudienceSlice, Channel
from planner.channels.port import Platform, Reading
from planner.insights import importing, service
from planner.insights.models import AudienceMapping, Latest, PostReport
from planner.insights.rules import regime_of
from planner.planning.models import Post, PostState
from planner.web.performance import slice_name
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post
from tests.insights.test_costs import a_page, shown
from tests.web.counting import statements

DAY = timedelta(days=1)
PAGES = ("/performance", "/performance/channels", "/performance/audience", "/performance/times", "/performance/costs")


def seen(db: Session, channel: Channel, counts: list[int], *, title: str = "Post") -> None:
    """Posts published ten days ago and read three days ago, at the age of seven days."""
    for number, count in enumerate(counts):
        at = NOON - 10 * DAY
        asset = make_asset(db, title=f"{title} {number}")
        post = make_post(db, channel=channel, asset=asset, state=PostState.PUBLISHED, publish_at=at, published_at=at)
        service.record(db, [(post.id, Reading("", impressions=count, engagements=count // 10))], at=NOON - 3 * DAY, now=NOON)


def texts(page: str, label: str) -> list[str]:
    """What stands in the cells of one column, without its definitions."""
    cells = re.findall(rf'<td [^>]*data-label="{label}"[^>]*>(.*?)</td>', page, flags=re.DOTALL)
    plain = [re.sub(r'<span class="sr-only">.*?</span>|<div class="explain__sheet">.*?</div>|<[^>]+>', "", cell, flags=re.DOTALL) for cell in cells]
    return [" ".join(text.split()) for text in plain]


def test_posts_stand_against_their_channels_median_best_first(client: Browser, app_db: Session) -> None:
    seen(app_db, make_channel(app_db, name="Group on X"), [100, 200, 300, 400, 900])
    app_db.commit()

    best, worst = client.get("/performance?age=7").text, client.get("/performance?age=7&order=worst").text

    assert texts(best, "Against it") == ["×3.0", "×1.3", "×1.0", "×0.7", "×0.3"]
    assert texts(best, "Ordinary there") == ["300"] * 5
    assert texts(worst, "Against it") == ["×0.3", "×0.7", "×1.0", "×1.3", "×3.0"]


def test_the_ranking_is_ordered_by_count_or_day_and_narrowed_to_a_kind_of_asset_compared_as_before(client: Browser, app_db: Session) -> None:
    seen(app_db, make_channel(app_db, name="Group on X"), [300, 100, 900, 200, 400])
    film = app_db.scalars(select(Asset).where(Asset.title.endswith("2"))).one()
    film.kind = AssetKind.VIDEO
    for other in app_db.scalars(select(Asset).where(Asset.id != film.id)):
        other.kind = AssetKind.WHITE_PAPER
    for number, post in enumerate(app_db.scalars(select(Post).order_by(Post.id))):
        assert post.published_at is not None
        post.published_at -= timedelta(hours=number)
    app_db.commit()

    pages = {order: client.get(f"/performance?order={order}").text for order in ("most", "newest")}
    films = client.get("/performance?kind=video&order=worst").text

    assert texts(pages["most"], "Seen") == ["900", "400", "300", "200", "100"]
    assert texts(pages["newest"], "Seen") == ["300", "100", "900", "200", "400"]
    assert [re.findall(r'<th scope="col"[^>]* aria-sort="descending"[^>]*><a [^>]*>(\w+)', page) for page in pages.values()] == [["Seen"], ["Published"]]
    # Among those of other kinds too: a film is compared with all of its channel's posts.
    assert (texts(films, "Against it"), texts(films, "Ordinary there")) == (["×3.0"], ["300"])
    assert "age=7&amp;order=worst&amp;metric=seen&amp;kind=video" in films


def test_four_posts_are_said_to_be_too_few(client: Browser, app_db: Session) -> None:
    seen(app_db, make_channel(app_db), [100, 200, 300, 400])
    app_db.commit()

    page = client.get("/performance").text

    assert texts(page, "Against it") == ["not enough posts yet (4 of 5)"] * 4
    assert "Not told by the source" in page


def test_filters_narrow_and_nonsense_is_ignored(client: Browser, app_db: Session) -> None:
    here, there = make_channel(app_db), make_channel(app_db)
    seen(app_db, here, [100], title="Here")
    seen(app_db, there, [100], title="There")
    app_db.commit()

    def ranked(query: str) -> tuple[bool, bool]:
        page = client.get(f"/performance?{query}").text.partition("Assets that gained")[0]
        return "Here 0" in page, "There 0" in page

    assert ranked(f"channel={here.id}") == (True, False)
    assert ranked("metric=applause&age=eternity&channel=x&order=up") == (True, True)
    assert ranked("age=90") == (False, False)
    assert "No live post was read at that age" in client.get("/performance?age=90").text


def test_a_month_tells_totals_gains_and_who_tells_nothing(client: Browser, app_db: Session) -> None:
    seen(app_db, make_channel(app_db, name="Group on X"), [1000, 200])
    make_channel(app_db, platform=Platform.BY_HAND, name="Newsletter", token=None)
    app_db.commit()

    page = client.get("/performance/channels").text

    assert (texts(page, "Seen means"), texts(page, "Seen, gained"), texts(page, "Engagements, in all")) == (["Impressions"], ["1,200"], ["120"])
    assert "No numbers were told for: Newsletter." in page
    assert "A post that was out before it was first read counts from that reading." in page


def test_the_audience_is_shown_as_told_last(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, platform=Platform.LINKEDIN, name="Our page")
    today = NOON.date()
    for days_ago, count in ((1, 5000), (0, 5100)):
        app_db.add(AudienceSlice(channel_id=channel.id, day=today - days_ago * DAY, dimension="followers", key="total", count=count))
    for day, key, count in ((today - DAY, "Junior", 9999), (today, "Senior", 3000), (today, "Director", 800)):
        app_db.add(AudienceSlice(channel_id=channel.id, day=day, dimension="seniority", key=key, count=count))
    app_db.commit()

    page = client.get("/performance/audience").text

    assert "5,100 followers" in page
    assert re.findall(r'<th scope="row">(Senior|Director|Junior)</th>', page) == ["Senior", "Director"]
    assert re.findall(r'data-value="(\d+)"', page) == ["5000", "5100"]
    assert 'data-table="followers-table"' in page


def test_codes_of_an_audience_are_shown_as_readers_know_them(app: Flask) -> None:
    codes = ("FR", "ZZ", "SIZE_1", "SIZE_1001_TO_5000", "SIZE_10001_OR_MORE", "urn:li:geo:105015875", "urn:li:geo:90009659", "urn:li:industry:9999", "Director", "male")
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        shown = [slice_name(code) for code in codes]
    assert shown == ["France", "région indéterminée", "1", "1\u202f001–5\u202f000", "10\u202f001+", "France", "Région LinkedIn 90009659", "#9999", "Director", "male"]


def test_the_hours_of_the_week_say_how_posts_did_and_from_how_many(client: Browser, app_db: Session) -> None:
    channel, other = make_channel(app_db, name="Group on X", time_zone="UTC"), make_channel(app_db, name="Another")
    for number in range(25):
        at = NOON - (number + 1) * 7 * DAY + timedelta(hours=number % 5 == 0)
        post = make_post(app_db, channel=channel, state=PostState.PUBLISHED, publish_at=at, published_at=at)
        service.record(app_db, [(post.id, Reading("", impressions=170 if number % 5 == 0 else 100))], at=at + 7 * DAY, now=NOON)
    app_db.commit()

    page = client.get(f"/performance/times?channel={channel.id}").text

    assert [one in page for one in ('heat heat--high" title="Monday 13:00: 5 posts"', 'heat heat--even" title="Monday 12:00: 20 posts"', "×1.7")] == [True] * 3
    french = client.get(f"/performance/times?channel={channel.id}", headers={"Accept-Language": "fr"}).text
    assert ("×0,6 et moins" in french, "×0.6 and less" in page) == (True, True)
    assert "No post can be compared yet" in client.get(f"/performance/times?channel={other.id}").text
    assert client.get("/performance/times?channel=x").status_code == 200


def test_a_ranking_is_kept_under_a_name_for_oneself_or_the_team(sign_in: Any, app_db: Session) -> None:
    planner, viewer = sign_in(roles=("planner",)), sign_in(roles=("viewer",))
    own = planner.submit("/performance/views", name="Weakest", query="age=7&order=worst&page=3&token=x")
    team = planner.submit("/performance/views", name="Clicks", query="metric=clicks", shared="y")
    none = planner.submit("/performance/views", name=" ", query="age=7")

    assert [one.location for one in (own, team, none)] == ["/performance?age=7&order=worst", "/performance?metric=clicks", "/performance?age=7"]
    pages = [one.get("/performance").text for one in (planner, viewer)]
    assert [[f'href="/performance?{query}"' in page for query in ("age=7&amp;order=worst", "metric=clicks")] for page in pages] == [[True, True], [False, True]]
    assert "Weakest" not in planner.get("/promotion").text + planner.get("/calendar/views").text
    assert [viewer.submit(f"/performance/views/{number}/remove").status_code for number in (1, 2)] == [404, 403]
    assert planner.submit("/performance/views/1/remove", query="age=7&token=x").location == "/performance?age=7"
    assert "Weakest” was deleted" in planner.get("/performance").text


def exported(client: Browser, query: str = "") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"/performance/export.csv{query}").data.decode("utf-8-sig"))))


def test_posts_are_exported_with_what_was_told_last_and_a_count_not_told_is_empty(client: Browser, app_db: Session) -> None:
    here, there = make_channel(app_db, name="Group on X"), make_channel(app_db)
    seen(app_db, here, [100], title="=HERE()")
    seen(app_db, there, [0])
    silent = make_post(app_db, channel=here, state=PostState.PUBLISHED, publish_at=NOON, published_at=NOON)
    make_post(app_db, channel=here)
    app_db.commit()

    first, second, third = exported(client)

    assert [first[name] for name in ("platform", "read_at", "impressions", "engagements", "views", "channel", "title", "kind", "published_at")] == [
        "x", "2026-02-27T12:00:00Z", "100", "10", "", "Group on X", "'=HERE() 0", "blog_post", "2026-02-20T12:00:00Z",
    ]  # fmt: skip
    assert (second["impressions"], second["views"]) == ("0", "")
    assert (third["post_id"], third["read_at"], third["impressions"]) == (str(silent.id), "", "")
    assert [one["channel"] for one in exported(client, f"?channel={here.id}")] == ["Group on X"] * 2
    assert exported(client, "?channel=9223372036854775808") == [first, second, third]


def test_every_reading_goes_out_and_comes_back_as_the_same_readings(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db)
    seen(app_db, channel, [100, 200])
    app_db.commit()
    post_id = exported(client)[0]["post_id"]
    service.record(app_db, [(int(post_id), Reading("", impressions=150))], at=NOON - 2 * DAY, now=NOON)
    app_db.commit()

    told = client.get("/performance/export.csv?of=readings").data
    rows = list(csv.DictReader(io.StringIO(told.decode("utf-8-sig"))))
    checked = importing.validate(told, now=NOON + DAY, kind="readings", db=app_db)

    assert [(one["post_id"], one["read_at"][:10], one["impressions"]) for one in rows][:2] == [(post_id, "2026-02-27", "100"), (post_id, "2026-02-28", "150")]
    assert (checked.errors, [(one.post_id, one.counts["impressions"]) for one in checked.rows]) == ([], [(int(one["post_id"]), int(one["impressions"])) for one in rows])


def test_an_export_has_no_post_about_what_its_reader_may_not_know(sign_in: Any, app_db: Session) -> None:
    seen(app_db, make_channel(app_db), [100])
    post = make_post(app_db, asset=make_asset(app_db, title="Falcon", confidentiality=Confidentiality.CONFIDENTIAL), state=PostState.PUBLISHED, published_at=NOON)
    service.record(app_db, [(post.id, Reading("", impressions=1))], at=NOON, now=NOON)
    app_db.commit()

    told = [[one["title"] for one in exported(sign_in(roles=(role,)), query)] for role in ("viewer", "admin") for query in ("", "?of=readings")]

    assert told == [["Post 0"], ["Post 0"], ["Post 0", "Falcon"], ["Post 0", "Falcon"]]


def test_an_export_of_any_length_is_one_statement_and_many_pieces(client: Browser, app: Flask, app_db: Session) -> None:
    seen(app_db, make_channel(app_db), [100])
    app_db.commit()
    short = statements(app, client, "/performance/export.csv")
    seen(app_db, make_channel(app_db), [100] * 60, title="t" * 290)
    for number in range(20):
        service.record_rows(app_db, [(post.id, NOON + number * DAY, Reading("", views=number)) for post in app_db.scalars(select(Post))])
    app_db.commit()

    pieces = list(client.get("/performance/export.csv?of=readings", buffered=False).iter_encoded())

    assert (statements(app, client, "/performance/export.csv"), short) == (2, 2)
    assert (len(pieces) > 5, max(map(len, pieces)) < 100_000) == (True, True)


def test_an_empty_product_says_where_numbers_will_come_from(client: Browser) -> None:
    assert all(sentence in client.get(path).text for path, sentence in zip(PAGES, ("No numbers yet", "No numbers yet", "Nothing told yet", "No channel tells numbers yet", "No published asset has a cost yet"), strict=True))


def test_only_those_who_may_read_see_numbers(app: Flask, sign_in: Any) -> None:
    assert [sign_in(roles=("viewer",)).get(path).status_code for path in PAGES] == [200] * len(PAGES)
    assert [sign_in(roles=("advocate",)).get(path).status_code for path in PAGES] == [403] * len(PAGES)
    assert [app.test_client().get(path).status_code for path in PAGES] == [302] * len(PAGES)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_costs_has_a_place_for_each_asset_by_as_many_statements(client: Browser, app: Flask, app_db: Session, count: int) -> None:
    for number in range(count):
        shown(app_db, a_page(app_db, 250, 750), 1000 * (number + 1), "100")
    app_db.commit()

    page = client.get("/performance/costs").text

    assert (page.count("cost-field__dot"), page.count("data-row")) == (count, count)
    assert "€0.40" in page and "mixed definitions" in page
    assert statements(app, client, "/performance/costs") == 9


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_cost_the_same_whatever_their_length(client: Browser, app: Flask, app_db: Session, count: int) -> None:
    for _ in range(count):
        seen(app_db, make_channel(app_db), [100] * count)
    app_db.commit()

    assert [statements(app, client, path) for path in PAGES] == [6, 8, 6, 5, 3]


def test_an_empty_page_leads_to_what_brings_numbers_as_far_as_one_may(sign_in: Any) -> None:
    for roles, leads in ((("admin",), ["/settings/channels/new", "/imports", "/posts/new"]), (("viewer",), [])):
        reader = sign_in(roles=roles)
        for path in ("/performance", "/performance/channels", "/performance/audience", "/performance/times", "/performance/readings"):
            page = reader.get(path).text
            empty = page[page.index('<div class="empty') :]
            assert re.findall(r'<a href="([^"]+)" class="button', empty.partition("</main>")[0]) == leads, path


def test_a_film_counted_in_two_ways_says_so_where_its_standing_would_be(sign_in: Any, app_db: Session, clock: StoppedClock) -> None:
    out, read = datetime(2026, 8, 20, 12, tzinfo=UTC), datetime(2026, 9, 6, 12, tzinfo=UTC)
    clock.advance(read - NOON)
    channel = make_channel(app_db, platform=Platform.YOUTUBE)
    films = [make_post(app_db, channel=channel, asset=make_asset(app_db), state=PostState.PUBLISHED, publish_at=out, published_at=out, external_id=f"v{number}") for number in range(6)]
    service.record(app_db, [(post.id, Reading("", views=100, regime=regime_of(Platform.YOUTUBE, read))) for post in films], at=read, now=read)
    app_db.commit()
    reader = sign_in()

    why = "counted in two ways: it came out before YouTube changed what a view is"
    assert reader.get("/performance").text.count(why) == 6
    assert why in reader.get(f"/performance/assets/{films[0].asset_id}").text
    assert why in reader.get(f"/posts/{films[0].id}").text


def test_no_sum_over_several_platforms_stands_without_its_label(client: Browser, app_db: Session) -> None:
    both, one = make_asset(app_db, title="On both"), make_asset(app_db, title="On one")
    youtube, x = (make_channel(app_db, platform=platform) for platform in (Platform.YOUTUBE, Platform.X))
    for asset, channels in ((both, (youtube, x)), (one, (youtube,))):
        for channel in channels:
            at = NOON - 3 * DAY
            post = make_post(app_db, channel=channel, asset=asset, state=PostState.PUBLISHED, publish_at=at, published_at=at)
            service.record(app_db, [(post.id, Reading("", views=40, engagements=4))], at=NOON - DAY, now=NOON)
    app_db.commit()

    assert texts(client.get("/performance").text, "Engagements gained") == ["8 Mixed definitions", "4"]
    rows = re.findall(r'href="/assets/\d+">(On \w+)</a>(.*?)</tr>', client.get("/assets").text, re.S)
    assert {title: re.findall(r'data-label="Views" class="end num">(.*?)</td>', row) for title, row in rows} == {
        "On both": ['80<div class="thing__sub">Mixed definitions</div>'], "On one": ["40"],
    }  # fmt: skip


def test_qualified_views_of_two_platforms_and_what_one_costs_are_said_to_be_mixed(client: Browser, app_db: Session) -> None:
    page = a_page(app_db, 250, 750)
    alone, both = shown(app_db, page, 1000, "2000"), shown(app_db, page, 1000, "2000")
    film = make_post(app_db, asset=both, channel=make_channel(app_db, platform=Platform.YOUTUBE), state=PostState.PUBLISHED, published_at=NOON)
    app_db.add(Latest(post_id=film.id, at=NOON, views=1000))
    app_db.add(PostReport(post_id=film.id, name="people", since=NOON.date(), until=NOON.date(), read_at=NOON, columns=["ageGroup", "gender", "viewerPercentage"], rows=[["age25-34", "male", 100]]))
    app_db.add(AudienceMapping(platform=Platform.YOUTUBE, dimension="people", key="age25-34,male", audience="experts"))
    app_db.commit()

    notes = [client.get(f"/performance/assets/{asset.id}").text.count('<span class="stat__note">Mixed definitions</span>') for asset in (alone, both)]
    side_by_side = client.get(f"/performance/compare?asset={alone.id}&asset={both.id}").text

    assert notes == [0, 2]
    assert side_by_side.count('<div class="thing__sub">Mixed definitions</div>') == 1
    assert "Seen and qualified views add up views on YouTube and impressions elsewhere: mixed definitions." in client.get("/performance/costs").text
