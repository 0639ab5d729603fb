"""The composer in a browser: a channel's own words, counters, hashtags, and a tab that is closed in the middle of a sentence."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Product, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.walk]


def test_own_words_are_named_counted_and_taken_back_and_a_closed_tab_loses_nothing(page: Page, demo: Product) -> None:
    sign_in(page, demo)
    page.goto(f"{demo.url}/posts/new")
    page.select_option("#asset_id", index=6)
    expect(page.locator("#link")).not_to_have_value("")
    page.get_by_label("@norvane_group", exact=True).check()
    page.get_by_label("Norvane Group", exact=True).check()
    page.fill("#text", "Measured, not promised.")
    own = page.locator("details[data-own]:visible")
    expect(own).to_have_count(2)

    own.first.locator("summary").click()
    area = own.first.locator("[data-own-of=text]")
    area.focus()
    expect(area).to_have_value("Measured, not promised.")
    area.fill("For X alone.")
    expect(own.first.get_by_text("changed for @norvane_group")).to_be_visible()
    said = page.locator(".preflight__one").first
    expect(said.get_by_text("changed for @norvane_group")).to_be_visible()
    counted = own.first.locator("output").inner_text
    expect(said.locator(".counter")).to_have_text(re.compile(re.escape(counted().replace(" ", "")).replace("/", r"\s*/\s*")))
    expect(said.locator("figure")).to_contain_text("For X alone.")
    expect(page).to_have_title(re.compile("New post"))

    expect(page.locator("[data-saved]")).to_contain_text("Kept at")
    page.goto(f"{demo.url}/calendar")
    page.goto(f"{demo.url}/posts/new")
    page.get_by_role("link", name="Bring it back").click()
    expect(page.locator("#text")).to_have_value("Measured, not promised.")
    back = page.locator("details[data-own]:visible").first
    expect(back.locator("[data-own-of=text]")).to_have_value("For X alone.")
    back.get_by_role("button", name="Back to the words for all").click()
    expect(back.get_by_text("says the same")).to_be_visible()

    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("2 drafts saved, one a channel.")).to_be_visible()
    page.goto(f"{page.url}/edit")
    base = page.locator("[data-base]")
    page.fill("#text", "Another.")
    expect(base.get_by_text("changed for @norvane_group")).to_be_visible()
    base.get_by_role("button", name="Back to the words for all").click()
    expect(page.locator("#text")).to_have_value("Measured, not promised.")
    expect(base.get_by_text("says what was written for all channels")).to_be_visible()
    page.fill("#text", "Better for both.")
    base.get_by_label("Change it on Norvane Group too, where it says the same").check()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Changed as well: Norvane Group.")).to_be_visible()
    page.goto(f"{demo.url}/posts/new")
    expect(page.get_by_text("You were writing here")).to_have_count(0)


def test_somebody_is_mentioned_by_keyboard_and_both_counts_are_of_what_leaves(page: Page, demo: Product) -> None:
    sign_in(page, demo)
    for name, handle in (("Jane Doe", "janedoe"), ("Joan Dark", "")):
        page.goto(f"{demo.url}/people/new")
        page.fill("#name", name)
        page.fill("#x_handle", handle)
        page.fill("#linkedin_urn", f"urn:li:person:{name[:4]}")
        page.keyboard.press("Enter")
        expect(page.get_by_text(f"“{name}” is in the register.")).to_be_visible()
    page.goto(f"{demo.url}/posts/new")
    page.select_option("#asset_id", index=6)
    expect(page.locator("#link")).not_to_have_value("")
    page.get_by_label("@norvane_group", exact=True).check()
    page.get_by_label("Norvane Group", exact=True).check()
    text, options = page.locator("#text"), page.locator(".mention-list__one:visible")

    text.focus()
    page.keyboard.type("Thanks to @j")
    expect(options).to_have_count(2)
    page.keyboard.press("ArrowDown")
    expect(text).to_have_attribute("aria-activedescendant", "mention-1")
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    page.keyboard.type("an")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    expect(text).to_have_value(re.compile(r"^Thanks to @\[Jane Doe\]\(person:\d+\) $"))
    page.keyboard.type("and ")
    page.get_by_label("Mention somebody").focus()
    page.keyboard.type("dark")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")

    expect(text).to_be_focused()
    expect(text).to_have_value(re.compile(r"^Thanks to @\[Jane Doe\]\(person:\d+\) and @\[Joan Dark\]\(person:\d+\) $"))
    looks = page.locator(".preflight__one figure")
    expect(looks.nth(0)).to_contain_text("Thanks to @janedoe and Joan Dark")
    expect(looks.nth(1)).to_contain_text("Thanks to Jane Doe and Joan Dark")
    expect(page.get_by_text("“Joan Dark” has no X handle in the register")).to_be_visible()
    there = [re.sub(r"\s", "", one) for one in page.locator(".preflight__one .counter").all_inner_texts()]
    assert [re.sub(r"\s", "", one) for one in page.locator("details[data-own]:visible output").all_inner_texts()] == there


def test_on_a_phone_the_foot_is_one_row_and_whatever_is_pressed_is_large(page: Page, demo: Product) -> None:
    sign_in(page, demo)
    page.set_viewport_size({"width": 390, "height": 844})
    page.context.add_cookies([{"name": "language", "value": "fr", "url": demo.url}])
    for address in ("/posts/new", "/assets/new", "/assets"):
        page.goto(demo.url + address)
        for foot in page.locator(".form__foot--stick").all():
            assert (foot.bounding_box() or {})["height"] <= 64, address
        small = page.locator("main :is(summary, .button, button, select, a.chip):visible").evaluate_all(
            "all => all.filter((one) => one.getBoundingClientRect().height < 40).map((one) => one.textContent.trim())"
        )
        assert small == [], address


def test_a_session_that_ended_leaves_the_page_with_its_words_and_says_so_once(page: Page, demo: Product) -> None:
    sign_in(page, demo)
    page.goto(f"{demo.url}/posts/new?asset=1")
    page.get_by_label("@norvane_group", exact=True).check()
    said = page.get_by_role("region", name="What the channels say")
    expect(said).to_contain_text("@norvane_group")
    page.context.clear_cookies(name="session")

    for words in ("A first sentence.", "A first sentence, and a second."):
        page.get_by_label("Text", exact=True).fill(words)
        expect(page.locator("[data-saved]")).to_contain_text("Not kept")

    expect(page.locator("#toasts .toast")).to_have_count(1)
    expect(page.locator("#toasts")).to_contain_text("The server did not answer.")
    expect(said).to_contain_text("@norvane_group")
    expect(said).not_to_contain_text("That did not work")
    expect(page.get_by_label("Text", exact=True)).to_have_value("A first sentence, and a second.")


def test_what_was_written_before_stays_offered_until_it_is_brought_back_or_discarded(page: Page, demo: Product) -> None:
    sign_in(page, demo)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"{demo.url}/posts/new")
    if page.locator("[data-offered]").count():
        page.get_by_role("button", name="Discard it").click()
        expect(page.locator("[data-offered]")).to_have_count(0)
    page.fill("#text", "A long post of yesterday.")
    expect(page.locator("[data-saved]")).to_contain_text("Kept at")

    page.goto(f"{demo.url}/posts/new")
    page.fill("#text", "x")
    expect(page.locator("[data-saved]")).to_contain_text("bring back or discard first")
    page.get_by_role("link", name="Bring it back").click()
    expect(page.locator("#text")).to_have_value("A long post of yesterday.")

    page.goto(f"{demo.url}/posts/new")
    page.fill("#text", "Something else.")
    page.get_by_role("button", name="Discard it").click()
    expect(page.locator("[data-offered]")).to_have_count(0)
    expect(page.locator("#text")).to_have_value("Something else.")
    expect(page.locator("[data-saved]")).to_contain_text("Kept at")
