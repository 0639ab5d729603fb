"""Every page, with a quarter of work in it and on a first day: it opens, keeps its own policy, fits its screen, and axe finds nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Product, sign_in

pytestmark = pytest.mark.browser


class Walk(NamedTuple):
    width: int
    theme: Literal["light", "dark"]
    language: str
    #: What axe looks at does not depend on the language, and it takes most of the time: once for each width and each theme is enough.
    axe: bool


#: Two widths, two themes and two languages: four walks meet every pair of them.
WALKS = (
    Walk(1280, "light", "en", axe=True),
    Walk(1280, "dark", "fr", axe=False),
    Walk(390, "light", "fr", axe=False),
    Walk(390, "dark", "en", axe=True),
)
ADDRESSES = (
    "/people", "/people/new", "/people/import",
    "/", "/calendar?view=week", "/calendar?view=month", "/calendar?view=list", "/calendar?view=year", "/calendar/views", "/calendar/evergreen",
    "/calendar/import", "/calendar/shares", "/approvals", "/approvals/links", "/posts/templates", "/published-directly", "/held", "/assets", "/assets?q=nothing+is+called+that", "/assets/new",
    "/posts/new", "/campaigns", "/campaigns/new", "/events", "/events?past=1", "/events/new", "/events/import", "/settings/blackouts", "/settings/blackouts?past=1", "/settings/blackouts/new", "/settings/rules/silence", "/imports", "/performance", "/performance/channels", "/performance/audience",
    "/performance/times", "/performance/costs", "/performance/audiences", "/performance/definitions", "/performance/readings", "/promotion?view=all", "/promotion/quadrant?view=all",
    "/promotion/scores", "/promotion/idea", "/promotion/settings", "/jobs/1", "/settings", "/settings/approval", "/settings/digest", "/settings/rules", "/settings/channels/new", "/settings/channels/new/youtube", "/settings/people", "/settings/people/1", "/settings/people/new",
    "/settings/pause", "/settings/tokens", "/settings/history", "/settings/preferences", "/settings/websites", "/settings/websites/new", "/no-such-page",
)  # fmt: skip
FAULTY = b"kind,title\nvideo,A film\nnonsense,\n"
#: True once the page's scripts have drawn what they draw.
DRAWN = "() => !document.querySelector('[data-calendar]') || document.querySelector('[data-calendar][aria-busy=false]')"
SIDEWAYS = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def demo_addresses(demo: Product) -> tuple[str, ...]:
    """The demo's pages: those of every place, and one of each thing and of each state a post is in."""
    drafts = [post["id"] for post in _posts(demo, "--state", "draft")]
    demo.command("post", "cancel", str(drafts[-1]), "--reason", "The event is off.")
    posts = {post["state"]: post for post in [*_posts(demo, "--state", "cancelled"), *_posts(demo)]}
    assert set(posts) >= {"draft", "in_review", "changes_requested", "scheduled", "published", "failed", "missed", "cancelled"}
    asset = posts["published"]["asset_id"]
    return (
        *ADDRESSES,
        "/performance/channels/1", "/performance/channels/2",
        *(f"/posts/{post['id']}" for post in posts.values()),
        f"/posts/{drafts[0]}/edit", f"/posts/{drafts[0]}/move", f"/posts/{drafts[0]}/cancel", f"/calendar/together/unplan?post={posts['in_review']['id']}", "/events/1", f"/posts/new?asset={asset}", f"/assets/{asset}", f"/assets/{asset}/edit",
        "/campaigns/1", "/campaigns/1/edit", "/campaigns/1/propose", "/campaigns/1/postpone", "/campaigns/1/cancel", "/approvals/waves/1",
        f"/approvals/{posts['in_review']['id']}", f"/performance/assets/{asset}", "/settings/channels/1",
    )  # fmt: skip


def _posts(product: Product, *options: str) -> list[dict[str, object]]:
    start, end = (datetime.now(UTC) + timedelta(days=days) for days in (-100, 100))
    posts: list[dict[str, object]] = json.loads(
        product.command("post", "list", "--from", f"{start:%Y-%m-%d}", "--to", f"{end:%Y-%m-%d}", *options, "--json")
    )["posts"]
    return posts


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: f"{walk.width}-{walk.theme}-{walk.language}")
def test_every_page_of_the_demo_is_sound(chromium: Browser, demo: Product, demo_addresses: tuple[str, ...], walk: Walk) -> None:
    assert _faults(chromium, demo, demo_addresses, walk) == []


@pytest.mark.parametrize("walk", [WALKS[0], WALKS[2]], ids=lambda walk: f"{walk.width}-{walk.theme}-{walk.language}")
def test_every_page_of_a_first_day_is_sound(chromium: Browser, empty: Product, walk: Walk) -> None:
    assert _faults(chromium, empty, ADDRESSES, walk) == []


def test_a_file_with_a_fault_in_it_is_shown_soundly(chromium: Browser, empty: Product) -> None:
    with _walking(chromium, empty, WALKS[3]) as (page, said):
        page.goto(f"{empty.url}/imports")
        page.locator("input[type=file]").set_input_files({"name": "assets.csv", "mimeType": "text/csv", "buffer": FAULTY})
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_selector("main [role=alert]")
        assert _looked_over(page, WALKS[3]) == []
        assert [line for line in said if "status of 422" not in line] == []


@pytest.mark.parametrize("walk", [WALKS[0], WALKS[3]], ids=lambda walk: f"{walk.width}-{walk.theme}")
def test_events_that_are_refused_or_added_and_a_blackout_over_posts_are_shown_soundly(chromium: Browser, demo: Product, walk: Walk) -> None:
    with _walking(chromium, demo, walk) as (page, said):
        for body, shown in ((b"name,first_day\n,soon\nShow,2026-13-01\n", "main [role=alert]"), (b"name,first_day\nShow of %s,2030-01-01\n" % walk.theme.encode(), "#toasts form")):
            page.goto(f"{demo.url}/events/import")
            page.locator("input[type=file]").set_input_files({"name": "events.csv", "mimeType": "text/csv", "buffer": body})
            page.locator("main form button[type=submit]").first.click()
            page.wait_for_selector(shown)
            assert _looked_over(page, walk) == []
        page.goto(f"{demo.url}/settings/blackouts/new")
        page.locator("#name").fill("Before the results")
        page.locator("#last_on").fill(f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}")
        page.locator("[name=channel_ids]").first.check()
        page.locator("button[name=preview]").click()
        page.wait_for_selector("main [data-row]")
        assert _looked_over(page, walk) == []
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_url(re.compile(r"/settings/blackouts/\d+"))
        page.wait_for_selector("main [data-row]")
        assert _looked_over(page, walk) == []
        page.goto(f"{demo.url}/calendar/shares")
        assert _looked_over(page, walk) == []
        assert [line for line in said if "status of 422" not in line] == []


def _faults(chromium: Browser, product: Product, addresses: tuple[str, ...], walk: Walk) -> list[str]:
    """What is wrong on those pages, one line a fault."""
    faults = []
    with _walking(chromium, product, walk) as (page, said):
        for address in addresses:
            said.clear()
            expected = 404 if address == "/no-such-page" else 200
            answer = page.goto(product.url + address)
            status = answer.status if answer else None
            found = [f"answered {status}"] if status != expected else []
            found += _looked_over(page, walk)
            found += [line for line in said if expected == 200 or f"status of {expected}" not in line]
            faults += [f"{address}: {fault}" for fault in found]
    return faults


@contextmanager
def _walking(chromium: Browser, product: Product, walk: Walk) -> Iterator[tuple[Page, list[str]]]:
    """A signed-in page as this walk sees it, and what the browser says on its console meanwhile."""
    context = chromium.new_context(
        viewport={"width": walk.width, "height": 800}, color_scheme=walk.theme, reduced_motion="reduce", locale="en-GB", timezone_id="Europe/Paris"
    )  # fmt: skip
    try:
        page = context.new_page()
        page.set_default_timeout(15_000)
        sign_in(page, product)
        context.add_cookies([{"name": "language", "value": walk.language, "url": product.url}])
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(f"script: {error}"))
        page.on("console", lambda message: said.append(f"console: {message.text}") if message.type in ("error", "warning") else None)
        yield page, said
    finally:
        context.close()


def _looked_over(page: Page, walk: Walk) -> list[str]:
    page.wait_for_function(DRAWN)
    found = []
    if (language := page.locator("html").get_attribute("lang")) != walk.language:
        found.append(f"speaks {language}")
    if (sideways := page.evaluate(SIDEWAYS)) > 0:
        found.append(f"scrolls sideways by {sideways} px")
    options = {"resultTypes": ["violations"], "preload": False}
    for violation in Axe().run(page, options=options).response["violations"] if walk.axe else ():
        found += [f"{violation['id']} at {node['target'][0]}: {node['html'][:160]}" for node in violation["nodes"]]
    return found
