"""What only a browser shows of the calendar: dragging with Undo, a refused drop, pages that turn, and what somebody else changed."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page, Route, expect
from pypdf import PdfReader

from tests.browser.conftest import Product, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.walk]

PARIS = ZoneInfo("Europe/Paris")
#: Wednesday of the week after next, ten in the morning.
WEDNESDAY = (datetime.now(PARIS) + timedelta(days=14 + (2 - datetime.now(PARIS).weekday()))).replace(hour=10, minute=0, second=0, microsecond=0)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Two channels and one asset."""
    product = Product(tmp_path_factory.mktemp("calendar"))
    for platform in ("linkedin", "x"):
        product.command("channel", "add", "--platform", platform, "--name", f"Our {platform}", "--access-token", f"sandbox-{platform}")
    product.command("asset", "add", "--title", "Three ports", "--kind", "blog_post", "--url", "https://www.example.com/ports")
    yield product
    product.stop()


def plan(product: Product, at: datetime, text: str, channel: str = "Our x") -> int:
    added = product.command("post", "add", "--asset", "1", "--channel", channel, "--text", text, "--at", at.isoformat(), "--json")
    return int(json.loads(added)["id"])


def moment(product: Product, number: int) -> datetime:
    return datetime.fromisoformat(json.loads(product.command("post", "show", str(number), "--json"))["publish_at"])


def until(page: Page, product: Product, number: int, at: datetime) -> None:
    for _ in range(40):
        if moment(product, number) == at:
            return
        page.wait_for_timeout(150)
    assert moment(product, number) == at


def cell(page: Page, day: datetime, channel: int) -> Locator:
    return page.locator(f"td[data-day='{day:%Y-%m-%d}'][data-channel='{channel}']")


def test_a_post_is_dragged_to_another_day_and_undo_brings_it_back(page: Page, product: Product) -> None:
    sign_in(page, product)
    number = plan(product, WEDNESDAY, "To be moved")
    page.goto(f"{product.url}/calendar?date={WEDNESDAY:%Y-%m-%d}")
    post = page.locator(f"[data-post='{number}']")

    post.drag_to(cell(page, WEDNESDAY + timedelta(days=1), 2))

    expect(cell(page, WEDNESDAY + timedelta(days=1), 2).locator(f"[data-post='{number}']")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(cell(page, WEDNESDAY, 2).locator(f"[data-post='{number}']")).to_be_visible()
    until(page, product, number, WEDNESDAY)


@pytest.mark.parametrize("width", [1280, 390])
def test_what_whole_days_are_and_does_not_fit_opens_by_the_keyboard_on_a_wide_screen_and_on_a_phone(page: Page, product: Product, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, product)
    day = WEDNESDAY + timedelta(days=28 if width > 1000 else 35)
    for number in range(7):
        page.goto(f"{product.url}/calendar/notes/new?day={day:%Y-%m-%d}")
        page.get_by_label("Note").fill(f"Remember {number}")
        page.get_by_role("button", name="Save").click()
    page.goto(f"{product.url}/calendar?date={day:%Y-%m-%d}")
    lane = page.locator(".lanes__allday td").nth(2)

    expect(lane.get_by_text(re.compile("Remember"))).to_have_count(3)
    more = lane.get_by_role("link", name=re.compile("4 more"))
    box = more.bounding_box()
    assert box is not None and (width > 1000 or box["height"] >= 24)
    more.focus()
    page.keyboard.press("Enter")

    sheet = page.locator("#sheet")
    expect(sheet.get_by_text(re.compile("Remember"))).to_have_count(7)
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_drop_that_is_refused_says_why_and_one_on_another_channel_does_nothing(page: Page, product: Product) -> None:
    sign_in(page, product)
    tomorrow = datetime.now(PARIS).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2)
    number = plan(product, tomorrow, "Soon")
    page.goto(f"{product.url}/calendar?view=month&date={tomorrow:%Y-%m-%d}")
    yesterday = page.locator(f"li[data-day='{tomorrow - timedelta(days=1):%Y-%m-%d}']")

    page.locator(f"[data-post='{number}']").drag_to(yesterday)

    expect(page.get_by_text("has already passed")).to_be_visible()
    assert moment(product, number) == tomorrow
    page.goto(f"{product.url}/calendar?date={tomorrow:%Y-%m-%d}")
    page.locator(f"[data-post='{number}']").drag_to(cell(page, tomorrow, 1))
    assert moment(product, number) == tomorrow


def test_an_asset_is_dragged_out_of_the_drawer_and_a_post_back_into_it(page: Page, product: Product) -> None:
    sign_in(page, product)
    monday = WEDNESDAY + timedelta(days=47)
    product.command("asset", "add", "--title", "Out of the drawer", "--kind", "blog_post")
    with closing(sqlite3.connect(Path(product.environ["PLANNER_DATA_DIR"]) / "planner.sqlite3", timeout=30)) as db, db:
        db.execute("UPDATE assets SET state = 'ready' WHERE title = 'Out of the drawer'")
    page.goto(f"{product.url}/calendar?date={monday:%Y-%m-%d}")
    asset = page.locator(".ready [data-asset]", has_text="Out of the drawer")

    asset.drag_to(cell(page, monday, 2))
    post = cell(page, monday, 2).locator("[data-post]")
    expect(post).to_contain_text("Out of the drawer")
    expect(asset).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(asset).to_be_visible()
    expect(post).to_have_count(0)

    asset.drag_to(cell(page, monday, 2))
    expect(post).to_be_visible()
    post.hover()
    page.mouse.down()
    page.mouse.move(640, 400, steps=3)
    expect(page.locator(".ready")).to_be_visible()  # An empty drawer opens for what is in hand.
    page.locator(".ready").hover()
    page.mouse.up()
    expect(page.get_by_text("Into the drawer: one post without a time now.")).to_be_visible()
    loose = page.locator(".ready [data-loose]", has_text="Out of the drawer")
    expect(loose).to_be_visible()
    loose.drag_to(cell(page, monday + timedelta(days=2), 1))
    expect(page.get_by_text("A post stays on its channel.")).to_be_visible()
    loose.drag_to(cell(page, monday + timedelta(days=2), 2))
    expect(cell(page, monday + timedelta(days=2), 2).locator("[data-post]")).to_contain_text("Out of the drawer")


def test_on_a_phone_a_day_runs_by_the_hour_whatever_the_channel(page: Page, product: Product) -> None:
    sign_in(page, product)
    monday = (WEDNESDAY + timedelta(days=54)).replace(hour=0)
    clocks = ((9, 30, "Our x"), (8, 5, "Our linkedin"), (17, 0, "Our linkedin"), (9, 0, "Our linkedin"))
    for hour, minute, channel in clocks:
        plan(product, monday.replace(hour=hour, minute=minute), f"At {hour}:{minute}", channel)
    plan(product, (monday + timedelta(days=1)).replace(hour=7), "The next day")
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(f"{product.url}/calendar?date={monday:%Y-%m-%d}")

    shown = page.locator(".lanes .slot").evaluate_all(
        "all => all.filter(one => one.checkVisibility()).map(one => [one.getBoundingClientRect().top, one.dataset.time]).sort((a, b) => a[0] - b[0]).map(one => one[1])"
    )
    assert shown == ["08:05", "09:00", "09:30", "17:00", "07:00"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_paper_week_month_and_list_fit_a4_landscape_without_the_frame(page: Page, product: Product, theme: str) -> None:
    sign_in(page, product)
    day = WEDNESDAY + timedelta(days=63)
    for hour in (8, 11, 14):
        plan(product, day.replace(hour=hour, minute=30), f"On paper at {hour}")
    pages = {}
    for view in ("week", "month", "list"):
        page.goto(f"{product.url}/calendar?view={view}&date={day:%Y-%m-%d}")
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        paper = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
        pages[view] = (len(paper.pages), *(round(float(side) / 72 * 25.4) for side in paper.pages[0].mediabox[2:]))
        said = paper.pages[0].extract_text()
        assert "Printed" in said and "Our x" in said
        assert "Catalogue" not in said and "Filters" not in said and "Sandbox" not in said
    assert pages == dict.fromkeys(("week", "month", "list"), (1, 297, 210))
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('.cal-title')).color") == "rgb(20, 25, 30)"


def test_the_pages_turn_in_place_with_everything_on_them_and_back_again(page: Page, product: Product) -> None:
    sign_in(page, product)
    for minute in (0, 5):
        plan(product, WEDNESDAY + timedelta(days=7, minutes=minute), f"Close together {minute}")
    page.goto(f"{product.url}/calendar?date={WEDNESDAY:%Y-%m-%d}")
    page.evaluate("window.same = true")
    expect(page.locator(".clashes")).to_have_count(0)

    page.keyboard.press("ArrowRight")

    expect(page.locator(".clashes")).to_contain_text("One thing gets in the way")
    assert f"date={WEDNESDAY + timedelta(days=7):%Y-%m-%d}" in page.url
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Month").click()
    expect(page.locator(".month--plan")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.locator(".lanes")).to_be_visible()
    expect(page.locator(".clashes")).to_have_count(0)
    assert page.evaluate("window.same") is True


def test_the_marks_of_posts_are_there_at_once_and_ask_for_nothing(page: Page, product: Product) -> None:
    sign_in(page, product)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{product.url}/calendar?view=month")

    assert page.evaluate("document.fonts.check('12px \"Marks at once\"', '\\ue000') && [...document.fonts].filter((one) => one.status === 'loaded').length") == 1
    assert any("calendar." in one for one in asked) and [one for one in asked if "woff2" in one] == []


def test_the_way_back_from_a_post_keeps_the_view_and_the_filters(page: Page, product: Product) -> None:
    sign_in(page, product)
    number = plan(product, WEDNESDAY + timedelta(hours=3), "Found with a filter")
    day = f"date={WEDNESDAY:%Y-%m-%d}"
    page.goto(f"{product.url}/calendar?{day}")
    page.get_by_role("navigation", name="Views").get_by_role("link", name="Month").click()
    expect(page.locator(".month--plan")).to_be_visible()
    page.goto(f"{product.url}/calendar?view=month&{day}&channel=2&state=draft")

    page.goto(f"{product.url}/posts/{number}")
    page.locator(".crumbs").get_by_role("link", name="Calendar").click()

    page.wait_for_url(re.compile(r"/calendar\?"))
    assert set(page.url.partition("?")[2].split("&")) == {"view=month", day, "channel=2", "state=draft"}
    page.goto(f"{product.url}/calendar?view=list&kind=blog_post")
    page.goto(f"{product.url}/calendar/evergreen")
    expect(page.locator(".crumbs").get_by_role("link", name="Calendar")).to_have_attribute("href", f"{product.url}/calendar?view=list&kind=blog_post")


def test_leaving_a_dialog_keeps_what_was_looked_at(page: Page, product: Product) -> None:
    sign_in(page, product)
    number = plan(product, WEDNESDAY + timedelta(hours=5), "Not to be moved")
    address = f"{product.url}/calendar?view=week&date={WEDNESDAY:%Y-%m-%d}&channel=2"
    page.goto(address)
    post = page.locator(f"[data-post='{number}']")
    post.focus()

    page.keyboard.press("m")
    page.get_by_role("dialog").get_by_role("link", name="Leave it").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(post).to_be_focused()
    assert page.url == address


def test_of_two_pages_asked_for_the_later_one_is_shown_however_late_the_first_comes(page: Page, product: Product) -> None:
    sign_in(page, product)
    page.goto(f"{product.url}/calendar?date={WEDNESDAY:%Y-%m-%d}")
    slow, quick = (f"{WEDNESDAY + timedelta(days=days):%Y-%m-%d}" for days in (7, -7))
    held: list[Route] = []
    page.route(f"**/calendar*date={slow}*", lambda route: held.append(route))

    page.locator("[data-turn='after']").first.click()
    page.locator("[data-turn='before']").first.click()
    expect(page.locator(f"td[data-day='{quick}']").first).to_be_visible()
    for one in held:
        with suppress(PlaywrightError):  # The page no longer waits for it.
            one.continue_()
    page.wait_for_timeout(500)

    assert len(held) == 1
    expect(page.locator(f"td[data-day='{quick}']").first).to_be_visible()
    assert f"date={quick}" in page.url


def test_what_somebody_else_changes_appears_by_itself(page: Page, product: Product) -> None:
    page.clock.install()
    sign_in(page, product)
    page.goto(f"{product.url}/calendar?date={WEDNESDAY + timedelta(days=21):%Y-%m-%d}")
    expect(page.locator("[data-post]")).to_have_count(0)
    number = plan(product, WEDNESDAY + timedelta(days=21), "From somebody else", channel="Our linkedin")

    page.clock.run_for(16_000)

    expect(page.locator(f"[data-post='{number}']")).to_be_visible()


def test_posts_are_ticked_with_shift_moved_by_days_and_brought_back_within_ten_seconds(page: Page, product: Product) -> None:
    sign_in(page, product)
    monday = WEDNESDAY + timedelta(days=33)
    numbers = [plan(product, monday + timedelta(days=day), f"Ticked {day}") for day in (0, 1)]
    page.goto(f"{product.url}/calendar?date={monday:%Y-%m-%d}")
    for number in numbers:
        page.locator(f"[data-post='{number}']").click(modifiers=["Shift"])
    expect(page.locator("#together")).to_contain_text("2 posts")

    page.get_by_label("Move by days").fill("2")
    page.get_by_role("button", name="Move…").click()
    page.get_by_role("button", name="Move them all").click()

    expect(cell(page, monday + timedelta(days=2), 2).locator(f"[data-post='{numbers[0]}']")).to_be_visible()
    expect(cell(page, monday + timedelta(days=3), 2).locator(f"[data-post='{numbers[1]}']")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(cell(page, monday, 2).locator(f"[data-post='{numbers[0]}']")).to_be_visible()
    page.locator(f"[data-post='{numbers[0]}']").focus()
    page.keyboard.press("x")
    expect(page.locator("#together")).to_contain_text("1 post")
    page.keyboard.press("Escape")
    expect(page.locator("#together")).to_be_hidden()


def test_a_post_of_a_wave_is_asked_about_and_the_whole_wave_moves(page: Page, product: Product) -> None:
    sign_in(page, product)
    monday = WEDNESDAY + timedelta(days=40)
    numbers = [plan(product, monday + timedelta(days=day), f"Wave {day}") for day in (0, 2)]
    with closing(sqlite3.connect(Path(product.environ["PLANNER_DATA_DIR"]) / "planner.sqlite3", timeout=30)) as db, db:
        db.execute("INSERT INTO campaigns (id, name, summary, created_at, updated_at, version) SELECT 1, 'Launch', '', created_at, created_at, 1 FROM assets WHERE id = 1")
        db.execute("UPDATE posts SET campaign_id = 1 WHERE id IN (?, ?)", numbers)
    page.goto(f"{product.url}/calendar?date={monday:%Y-%m-%d}")

    page.locator(f"[data-post='{numbers[0]}']").focus()
    page.keyboard.press("Shift+ArrowRight")
    asked = page.get_by_role("dialog", name="Move this post, or the whole wave?")
    expect(asked).to_contain_text("this post")
    assert moment(product, numbers[0]) == monday
    asked.get_by_role("button", name="Move the whole wave: 2 posts").click()

    expect(cell(page, monday + timedelta(days=1), 2).locator(f"[data-post='{numbers[0]}']")).to_be_visible()
    expect(cell(page, monday + timedelta(days=3), 2).locator(f"[data-post='{numbers[1]}']")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(cell(page, monday, 2).locator(f"[data-post='{numbers[0]}']")).to_be_visible()


def changed(product: Product, statement: str, *values: object) -> None:
    """What somebody else's write leaves in the database."""
    with closing(sqlite3.connect(Path(product.environ["PLANNER_DATA_DIR"]) / "planner.sqlite3", timeout=30)) as db, db:
        assert db.execute(statement, values).rowcount == 1


def test_a_wave_that_somebody_changed_meanwhile_stays_and_the_dialog_says_why(page: Page, product: Product) -> None:
    sign_in(page, product)
    monday = WEDNESDAY + timedelta(days=54)
    numbers = [plan(product, monday + timedelta(days=day), f"Meanwhile {day}") for day in (0, 2)]
    with closing(sqlite3.connect(Path(product.environ["PLANNER_DATA_DIR"]) / "planner.sqlite3", timeout=30)) as db, db:
        db.execute("INSERT INTO campaigns (id, name, summary, created_at, updated_at, version) SELECT 2, 'Meanwhile', '', created_at, created_at, 1 FROM assets WHERE id = 1")
        db.execute("UPDATE posts SET campaign_id = 2 WHERE id IN (?, ?)", numbers)
    page.goto(f"{product.url}/calendar?date={monday:%Y-%m-%d}")
    page.locator(f"[data-post='{numbers[0]}']").focus()
    page.keyboard.press("Shift+ArrowRight")
    asked = page.get_by_role("dialog", name="Move this post, or the whole wave?")
    expect(asked).to_contain_text("this post")

    changed(product, "UPDATE posts SET text = 'Other words.', version = version + 1 WHERE id = ?", numbers[1])
    asked.get_by_role("button", name="Move the whole wave: 2 posts").click()

    expect(asked).to_contain_text("Somebody changed this post while you were editing.")
    assert [moment(product, number) for number in numbers] == [monday, monday + timedelta(days=2)]
    asked.get_by_role("button", name="Move the whole wave: 2 posts").click()
    expect(cell(page, monday + timedelta(days=3), 2).locator(f"[data-post='{numbers[1]}']")).to_be_visible()


def test_a_blackout_is_made_changed_and_removed_in_the_calendar_s_dialog(page: Page, product: Product) -> None:
    sign_in(page, product)
    day = WEDNESDAY + timedelta(days=70)
    post = plan(product, day, "Just before the results")
    page.goto(f"{product.url}/calendar?date={day:%Y-%m-%d}")
    mark, sheet = page.locator(".mark--blackout"), page.locator("#sheet")

    page.locator("summary[aria-label=More]").click()
    page.get_by_role("link", name="New blackout…").click()
    expect(sheet.get_by_label("First day")).to_have_value(f"{day:%Y-%m-%d}")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_contain_text("Give the blackout a name.")
    sheet.get_by_label("Name").fill("Before the results")
    sheet.get_by_label("Last day").fill(f"{day + timedelta(days=1):%Y-%m-%d}")
    sheet.get_by_label("Our x").check()
    sheet.get_by_role("button", name="Show what it would hit").click()
    expect(sheet).to_contain_text("One planned post falls inside it.")
    expect(sheet.get_by_label("Our x")).to_be_checked()
    sheet.get_by_role("button", name="Save").click()

    expect(sheet).to_be_hidden()
    expect(mark).to_have_count(2)
    expect(mark.first).to_contain_text("Before the results (Our x)")
    expect(page.locator("#toasts")).to_contain_text("“Before the results” is on the calendar. One planned post falls inside it.")
    expect(cell(page, day, 2)).to_have_class(re.compile("is-quiet"))
    expect(cell(page, day, 1)).not_to_have_class(re.compile("is-quiet"))
    page.locator("#toasts").get_by_role("link", name="Show them").click()
    page.wait_for_url(re.compile("/settings/blackouts/"))
    expect(page.locator(f"main a[href='/posts/{post}']")).to_be_visible()

    page.goto(f"{product.url}/calendar?date={day:%Y-%m-%d}")
    mark.first.click()
    expect(sheet.get_by_label("Name")).to_have_value("Before the results")
    changed(product, "UPDATE blackouts SET name = 'Quiet period', version = version + 1 WHERE name = ?", "Before the results")
    sheet.get_by_label("Last day").fill(f"{day + timedelta(days=2):%Y-%m-%d}")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_contain_text("Somebody changed this while you were editing.")
    sheet.get_by_role("button", name="Save").click()
    expect(mark).to_have_count(3)

    mark.first.click()
    sheet.get_by_role("button", name="Remove the blackout").click()
    expect(mark).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(mark).to_have_count(3)


def test_the_tab_that_one_is_on_is_in_view_on_a_phone(page: Page, product: Product) -> None:
    sign_in(page, product)
    page.set_viewport_size({"width": 390, "height": 844})
    for address in ("/settings/blackouts", "/performance/costs", "/settings/channels"):
        page.goto(f"{product.url}{address}")
        for tab in page.locator(".tabs > [aria-current]").all():
            expect(tab).to_be_in_viewport(ratio=0.9)
