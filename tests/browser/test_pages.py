"""Every page, with a quarter of work in it: it opens, keeps its own policy, fits its screen, and axe finds nothing."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Product
from tests.browser.looking import WALKS, Walk, faults, looked_over, walking

pytestmark = [pytest.mark.browser, pytest.mark.walk]

ADDRESSES = (
    "/people", "/people/new", "/people/import",
    "/", "/calendar?view=week", "/calendar?view=month", "/calendar?view=list", "/calendar?view=year", "/calendar/views", "/calendar/evergreen",
    "/calendar/import", "/calendar/shares", "/approvals", "/approvals/links", "/posts/templates", "/published-directly", "/held", "/assets", "/assets?q=nothing+is+called+that", "/assets/new",
    "/posts/new", "/campaigns", "/campaigns/new", "/events", "/events?past=1", "/events/new", "/events/import", "/settings/blackouts", "/settings/blackouts?past=1", "/settings/blackouts/new", "/settings/rules/silence", "/imports", "/imports?kind=mentions", "/performance", "/performance/compare", "/performance/channels", "/performance/audience",
    "/performance/times", "/performance/costs", "/performance/audiences", "/performance/definitions", "/performance/readings", "/promotion?view=all", "/promotion/quadrant?view=all",
    "/promotion/scores", "/promotion/idea", "/promotion/settings", "/jobs/1", "/settings", "/settings/approval", "/settings/approval/sensitive", "/settings/digest", "/settings/rules", "/settings/channels/new", "/settings/channels/new/youtube", "/settings/people", "/settings/people/1", "/settings/people/new",
    "/settings/pause", "/settings/tokens", "/settings/history", "/settings/preferences", "/settings/websites", "/settings/websites/new", "/no-such-page",
)  # fmt: skip


@pytest.fixture(scope="module")
def demo_addresses(demo: Product) -> tuple[str, ...]:
    """The demo's pages: those of every place, and one of each thing and of each state a post is in."""
    drafts = [post["id"] for post in _posts(demo, "--state", "draft")]
    demo.command("post", "cancel", str(drafts[-1]), "--reason", "The event is off.")
    posts = {post["state"]: post for post in [*_posts(demo, "--state", "cancelled"), *_posts(demo)]}
    assert set(posts) >= {"draft", "in_review", "changes_requested", "scheduled", "published", "failed", "missed", "cancelled"}
    asset = posts["published"]["asset_id"]
    # What is live and to be corrected.
    papers = [post["id"] for post in _posts(demo, "--state", "published") if (post["title"], post["channel"]) == ("The economics of the edge", "Norvane Group")]
    assert papers
    return (
        *ADDRESSES,
        "/performance/channels/1", "/performance/channels/2",
        *(f"/posts/{post['id']}" for post in posts.values()),
        f"/posts/{drafts[0]}/edit", f"/posts/{drafts[0]}/move", f"/posts/{drafts[0]}/cancel", *(f"/posts/{paper}" for paper in papers), "/people/1", f"/calendar/together/unplan?post={posts['in_review']['id']}", "/events/1", f"/posts/new?asset={asset}", f"/assets/{asset}", f"/assets/{asset}/mentions", f"/assets/{asset}/edit",
        "/campaigns/1", "/campaigns/1/edit", "/campaigns/1/propose", "/campaigns/1/channels", "/campaigns/1/postpone", "/campaigns/1/cancel", "/approvals/waves/1",
        f"/approvals/{posts['in_review']['id']}", f"/performance/assets/{asset}", f"/performance/compare?asset={asset}&asset=1", "/settings/channels/1",
    )  # fmt: skip


def _posts(product: Product, *options: str) -> list[dict[str, object]]:
    start, end = (datetime.now(UTC) + timedelta(days=days) for days in (-100, 100))
    posts: list[dict[str, object]] = json.loads(
        product.command("post", "list", "--from", f"{start:%Y-%m-%d}", "--to", f"{end:%Y-%m-%d}", *options, "--json")
    )["posts"]
    return posts


@pytest.mark.parametrize("walk", WALKS, ids=str)
def test_every_page_of_the_demo_is_sound(chromium: Browser, demo: Product, demo_addresses: tuple[str, ...], walk: Walk) -> None:
    assert faults(chromium, demo, demo_addresses, walk) == []


@pytest.mark.parametrize("walk", [walk for walk in WALKS if walk.axe], ids=str)
def test_events_that_are_refused_or_added_and_a_blackout_over_posts_are_shown_soundly(chromium: Browser, demo: Product, walk: Walk) -> None:
    with walking(chromium, demo, walk) as (page, said):
        for body, shown in ((b"name,first_day\n,soon\nShow,2026-13-01\n", "main [role=alert]"), (b"name,first_day\nShow of %s,2030-01-01\n" % walk.theme.encode(), "#toasts form")):
            page.goto(f"{demo.url}/events/import")
            page.locator("input[type=file]").set_input_files({"name": "events.csv", "mimeType": "text/csv", "buffer": body})
            page.locator("main form button[type=submit]").first.click()
            page.wait_for_selector(shown)
            assert looked_over(page, walk) == []
        page.goto(f"{demo.url}/settings/blackouts/new")
        page.locator("#name").fill("Before the results")
        page.locator("#last_on").fill(f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}")
        page.locator("[name=channel_ids]").first.check()
        page.locator("button[name=preview]").click()
        page.wait_for_selector("main [data-row]")
        assert looked_over(page, walk) == []
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url(re.compile(r"/settings/blackouts/\d+"))
        page.wait_for_selector("main [data-row]")
        assert looked_over(page, walk) == []
        page.goto(f"{demo.url}/calendar/shares")
        assert looked_over(page, walk) == []
        assert [line for line in said if "status of 422" not in line] == []
