"""Whole journeys in a browser, every click of them counted, and two people who do the same thing at the same time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import Product

pytestmark = [pytest.mark.browser, pytest.mark.walk]
PARIS = ZoneInfo("Europe/Paris")
#: Wednesday of the week after next, nine in the morning.
WEDNESDAY = (datetime.now(PARIS) + timedelta(days=14 + (2 - datetime.now(PARIS).weekday()))).replace(hour=9, minute=0, second=0, microsecond=0)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Two channels, a second person who may approve, a lawyer, and a release, a film and a white paper that are ready."""
    product = Product(tmp_path_factory.mktemp("journeys"))
    for platform in ("linkedin", "x"):
        product.command("channel", "add", "--platform", platform, "--name", f"Our {platform}", "--access-token", f"sandbox-{platform}")
    product.command("users", "add", "claire@example.com", "--name", "Claire", "--role", "approver", "--role", "planner")
    product.command("users", "add", "lea@example.com", "--name", "Lea", "--role", "legal")
    for kind, title in (("press_release", "Harbour network"), ("video", "Harbour network, the film"), ("white_paper", "Ports without wires")):
        product.command("asset", "add", "--kind", kind, "--title", title, "--state", "ready", "--url", f"https://www.example.com/{kind}")
    yield product
    product.stop()


class Reader:
    """Somebody at a browser of their own; `clicks` is how often they clicked or tapped."""

    def __init__(self, chromium: Browser, product: Product, email: str = "admin@example.com", **options: Any) -> None:
        self.context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", "timezone_id": "Europe/Paris", **options})
        self.clicks = 0
        self.context.expose_binding("plannerClicked", lambda _source: self._clicked())
        self.context.add_init_script("addEventListener('pointerdown', (event) => { if (event.isTrusted) plannerClicked(); }, true);")
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.goto(re.search(r"http\S+", product.command("users", "link", email)).group(0))  # type: ignore[union-attr]
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(product.url + "/")
        self.clicks = 0

    def _clicked(self) -> None:
        self.clicks += 1


@pytest.fixture
def people(chromium: Browser, product: Product) -> Iterator[Any]:
    """Makes readers; their browsers are closed afterwards."""
    made: list[Reader] = []

    def make(email: str = "admin@example.com", **options: Any) -> Reader:
        made.append(Reader(chromium, product, email, **options))
        return made[-1]

    yield make
    for one in made:
        one.context.close()


def listed(product: Product) -> list[dict[str, Any]]:
    return list(json.loads(product.command("post", "list", "--json"))["posts"])


def field_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def test_a_week_with_an_embargoed_release_is_planned_submitted_and_approved_from_a_phone_in_twelve_clicks(people: Any, product: Product) -> None:
    nadia = people()
    page = nadia.page
    page.get_by_role("navigation").get_by_role("link", name="Campaigns").first.click()
    page.get_by_role("link", name="New campaign").first.click()
    page.get_by_label("Name").fill("Harbour network")
    page.get_by_label("Embargo until").fill(field_time(WEDNESDAY))
    page.get_by_label("Announcement").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Make drafts of the ticked posts").click()
    page.get_by_role("button", name=re.compile(r"Submit \d+ drafts")).click()
    expect(page.get_by_text("posts submitted for approval")).to_be_visible()

    claire = people("claire@example.com", **PHONE)
    page = claire.page
    page.goto(f"{product.url}/approvals")
    claire.clicks = 1  # She tapped what her reminder links to.
    page.get_by_role("link", name=re.compile("wave", re.I)).first.tap()
    page.get_by_role("button", name="Approve those ticked").tap()
    expect(page.get_by_text("You said yes to 6 posts.")).to_be_visible()

    states = [one["state"] for one in listed(product)]
    assert (len(states), set(states) <= {"approved", "scheduled"}) == (6, True)
    assert nadia.clicks + claire.clicks <= 12


def test_moving_the_embargo_shows_where_the_whole_wave_would_go_and_then_asks(people: Any, product: Product) -> None:
    nadia = people()
    page = nadia.page
    before = {one["id"]: one["publish_at"] for one in listed(product)}
    page.goto(f"{product.url}/campaigns/1/edit")
    page.get_by_label("Embargo until").fill(field_time(WEDNESDAY + timedelta(days=1)))
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"{WEDNESDAY + timedelta(days=1):%-d %b}").first).to_be_visible()
    assert {one["id"]: one["publish_at"] for one in listed(product)} == before, "nothing moves before one says so"
    nadia.clicks = 0
    page.get_by_role("button", name="Save and move the ticked posts").click()
    page.wait_for_url(re.compile(r"/campaigns/1$"))
    assert nadia.clicks == 1
    moved = {one["id"]: datetime.fromisoformat(one["publish_at"]) - datetime.fromisoformat(before[one["id"]]) for one in listed(product)}
    assert set(moved.values()) == {timedelta(days=1)}
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text(re.compile("Undone|as they were|back")).first).to_be_visible()
    assert {one["id"]: one["publish_at"] for one in listed(product)} == before


def test_a_sensitive_announcement_is_safe_in_six_clicks_signed_off_by_two_and_nothing_fires_by_itself(people: Any, product: Product) -> None:
    nadia = people()
    page = nadia.page
    page.goto(f"{product.url}/assets/new")
    page.get_by_label("Title").fill("Statement")
    page.get_by_label("Address").fill("https://www.example.com/statement")
    page.get_by_label("State").select_option("ready")
    page.get_by_label("Sensitive").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/assets/\d+"))
    page.goto(product.url)

    # Safe: nothing else goes out, and she saw what that is.
    nadia.clicks = 0
    page.get_by_role("navigation").get_by_role("link", name="Settings").first.click()
    page.get_by_role("link", name="Pause", exact=True).first.click()
    page.get_by_role("button", name="Show what it would hold").click()
    expect(page.get_by_text("It would hold 6 planned posts.")).to_be_visible()
    page.get_by_label("Reason").fill("A bad day")
    page.get_by_role("button", name="Pause now").click()
    expect(page.get_by_text("A bad day").first).to_be_visible()
    assert nadia.clicks <= 6

    # Planned on the one channel that is listed, and submitted.
    page.goto(product.url)
    nadia.clicks = 0
    page.get_by_role("navigation").get_by_role("link", name="Campaigns").first.click()
    page.get_by_role("link", name="New campaign").first.click()
    page.get_by_label("Name").fill("Statement")
    page.get_by_label("Embargo until").fill(field_time(WEDNESDAY + timedelta(days=7)))
    page.get_by_label("Sensitive").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Make drafts of the ticked posts").click()
    page.wait_for_url(re.compile(r"/campaigns/\d+$"))
    assert nadia.clicks <= 6
    page.get_by_role("button", name="Submit the draft").click()
    expect(page.get_by_text("submitted for approval")).to_be_visible()
    assert nadia.clicks <= 7
    [own] = [one["id"] for one in listed(product) if one["title"] == "Statement"]  # And nothing else.

    # Two people sign off, each from what a reminder links to; one alone is not enough.
    for number, (email, state) in enumerate((("lea@example.com", "in_review"), ("claire@example.com", "approved"))):
        signs = people(email, **PHONE)
        signs.page.goto(f"{product.url}/approvals/{own}")
        signs.clicks = 1
        expect(signs.page.get_by_text(("Waits for one of: Legal, Administrator", "Waits for anybody who may approve")[number])).to_be_visible()
        signs.page.get_by_role("button", name="Approve", exact=True).tap()
        signs.page.wait_for_url(lambda url: not url.endswith(f"/{own}"))
        assert signs.clicks <= 2
        assert [one["state"] for one in listed(product) if one["id"] == own] in ([state], ["scheduled"] if state == "approved" else [])

    product.command("tick")
    page.goto(f"{product.url}/settings/pause")
    page.get_by_role("button", name="End the pause").click()
    page.wait_for_url(f"{product.url}/held")
    expect(page.locator("li.held")).to_have_count(7)  # The announcement too: a person says when it goes.
    for row, choice in zip(page.locator("li.held").all(), ("Keep", "Move", "Drop"), strict=False):
        row.get_by_text(choice, exact=True).click()
    page.get_by_role("button", name="Save what was chosen").click()
    expect(page.locator("li.held")).to_have_count(4)


def test_the_keyboard_alone_plans_moves_submits_and_approves(people: Any, product: Product) -> None:
    reader = people()
    page = reader.page
    page.keyboard.press("n")
    page.wait_for_url(re.compile("/posts/new"))
    reach(page, page.locator("#asset_id"))
    page.keyboard.type("Ports")
    reach(page, page.get_by_label("Our linkedin", exact=True))
    page.keyboard.press("Space")
    reach(page, page.get_by_label("Text", exact=True).first)
    page.keyboard.type("Ports without wires: what the keyboard says.")
    when = page.get_by_label("Goes out").first
    reach(page, when)
    type_moment(page, WEDNESDAY + timedelta(days=12))
    expect(when).to_have_value(field_time(WEDNESDAY + timedelta(days=12)))
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile(r"/posts/\d+$"))
    number = page.url.rpartition("/")[2]

    reach(page, page.get_by_role("link", name="Move…"))
    page.keyboard.press("Enter")
    when = page.get_by_label("Goes out")
    expect(when).to_be_visible()
    reach(page, when)
    type_moment(page, WEDNESDAY + timedelta(days=13))
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{WEDNESDAY + timedelta(days=13):%-d %b}").first).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)

    reach(page, page.get_by_role("button", name="Submit for approval"))
    page.keyboard.press("Enter")
    approve = page.get_by_role("button", name="Approve", exact=True)
    expect(approve).to_be_visible()
    reach(page, approve)
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Approved|Scheduled")).first).to_be_visible()
    told = json.loads(product.command("post", "show", number, "--json"))
    assert datetime.fromisoformat(told["publish_at"]) == WEDNESDAY + timedelta(days=13)
    assert reader.clicks == 0


def reach(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus; it is never more than a page away."""
    for _ in range(150):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{target} is not reached with Tab")


def type_moment(page: Page, moment: datetime) -> None:
    """The digits, as Chromium's own language orders them."""
    page.keyboard.type(moment.strftime("%m%d%Y"))
    page.keyboard.press("ArrowRight")
    page.keyboard.type(moment.strftime("%I%M%p"))


def test_two_people_on_one_post_lose_no_word_of_either(people: Any, product: Product) -> None:
    nadia, claire = people(), people("claire@example.com")
    nadia.page.goto(f"{product.url}/posts/new?asset=3")
    nadia.page.get_by_label("Our x", exact=True).first.check()
    nadia.page.get_by_label("Text", exact=True).first.fill("Ports without wires.")
    nadia.page.get_by_label("Goes out").first.fill(field_time(WEDNESDAY + timedelta(days=20)))
    nadia.page.get_by_role("button", name="Save as draft").click()
    nadia.page.wait_for_url(re.compile(r"/posts/\d+$"))
    post = nadia.page.url
    for reader in (nadia, claire):
        reader.page.goto(f"{post}/edit")
        expect(reader.page.get_by_label("Text", exact=True).first).to_have_value("Ports without wires.")

    claire.page.get_by_label("Text", exact=True).first.fill("Ports without wires, says Claire.")
    claire.page.get_by_role("button", name="Save", exact=True).click()
    claire.page.wait_for_url(post)
    nadia.page.get_by_label("Text", exact=True).first.fill("Ports without wires, says Nadia.")
    nadia.page.get_by_role("button", name="Save", exact=True).click()

    expect(nadia.page.get_by_text("says Claire").first).to_be_visible()
    expect(nadia.page.get_by_label("Text", exact=True).first).to_have_value("Ports without wires, says Nadia.")
    claire.page.reload()
    expect(claire.page.get_by_text("says Claire").first).to_be_visible()
    nadia.page.get_by_role("button", name="Save", exact=True).click()
    nadia.page.wait_for_url(post)
    expect(nadia.page.get_by_text("says Nadia").first).to_be_visible()


def test_two_people_on_one_wave_move_it_once(people: Any, product: Product) -> None:
    nadia, claire = people(), people("claire@example.com")
    for reader, days in ((nadia, 2), (claire, 3)):
        reader.page.goto(f"{product.url}/campaigns/1/edit")
        reader.page.get_by_label("Embargo until").fill(field_time(WEDNESDAY + timedelta(days=days)))
        reader.page.get_by_role("button", name="Save").click()
        expect(reader.page.get_by_role("button", name="Save and move the ticked posts")).to_be_visible()

    claire.page.get_by_role("button", name="Save and move the ticked posts").click()
    claire.page.wait_for_url(re.compile(r"/campaigns/1$"))
    wave = [one["publish_at"] for one in listed(product) if one["state"] not in ("cancelled", "draft")]
    nadia.page.get_by_role("button", name="Save and move the ticked posts").click()
    expect(nadia.page.get_by_text(re.compile("changed|meanwhile|somebody", re.I)).first).to_be_visible()

    assert [one["publish_at"] for one in listed(product) if one["state"] not in ("cancelled", "draft")] == wave, "the second one is told, nothing is moved twice"
    assert f"{(WEDNESDAY + timedelta(days=2)):%Y-%m-%d}" in nadia.page.content(), "what was typed stays"
