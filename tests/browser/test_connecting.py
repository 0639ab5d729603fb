"""Connecting in a real browser: out to each platform's own consent page, in its own form, and back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import Product, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.walk]
PLATFORMS = (("X", "/i/oauth2/authorize", "Deny"), ("LinkedIn", "/oauth/v2/authorization", "Cancel"), ("YouTube", "/o/oauth2/v2/auth", "Deny"))


def leave(page: Page, product: Product, platform: str, path: str) -> None:
    """Press the button; the browser is on the platform's page."""
    page.goto(f"{product.url}/settings/channels/new")
    page.get_by_role("button", name=f"Connect with {platform}").click()
    page.wait_for_url(lambda address: path in address and not address.startswith(product.url))
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Connect to {'Google' if platform == 'YouTube' else platform}")


def allow(page: Page, name: str) -> str:
    """Say yes for a new account of this name; the address at which the platform sent the browser back."""
    page.get_by_label(re.compile("^Names? of")).fill(name)
    with page.expect_request(re.compile(r"^http://[^/]+/settings/channels/callback/")) as back:
        page.get_by_role("button", name="Allow").click()
    return back.value.url


def names(page: Page, product: Product) -> list[str]:
    """The channels, as Settings lists them."""
    page.goto(f"{product.url}/settings")
    return page.locator("[data-row] th").all_inner_texts()


def status(answer: Response | None) -> int:
    return answer.status if answer else 0


@pytest.mark.parametrize(("platform", "path", "no"), PLATFORMS)
def test_an_account_is_connected_on_the_platforms_page_and_only_by_the_one_who_asked(
    page: Page, empty: Product, platform: str, path: str, no: str
) -> None:
    name = f"Norvane on {platform}"
    sign_in(page, empty)
    before = names(page, empty)

    leave(page, empty, platform, path)
    page.get_by_role("button", name=no).click()
    page.wait_for_url(f"{empty.url}/settings/channels/new")
    expect(page.locator("#toasts")).to_contain_text(f"{platform} was not connected: the consent was not given there. Nothing was changed.")
    assert names(page, empty) == before

    leave(page, empty, platform, path)
    back = allow(page, name)
    page.wait_for_url(re.compile(r"/settings/channels/\d+$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    expect(page.locator("#toasts")).to_contain_text(f"{name} is connected.")
    expect(page.locator("main").get_by_text("Connected", exact=True).first).to_be_visible()
    after = names(page, empty)
    assert sorted(after) == sorted([*before, name])

    forged = [back, re.sub(r"state=[^&]+", "state=of-somebody-else", back), re.sub(r"&?state=[^&]+", "", back)]
    leave(page, empty, platform, path)
    assert [status(page.goto(address)) for address in forged] == [400, 400, 400]
    expect(page.get_by_text("Nothing was stored.")).to_be_visible()
    assert names(page, empty) == after


def test_somebody_with_three_pages_makes_two_of_them_channels(page: Page, empty: Product) -> None:
    sign_in(page, empty)
    leave(page, empty, "LinkedIn", "/oauth/v2/authorization")
    allow(page, "Halden; Ibexa; Quantor")
    page.wait_for_url(f"{empty.url}/settings/channels/choose")

    page.get_by_role("button", name="Connect what is ticked").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose at least one.")
    page.get_by_label("Halden").check()
    page.get_by_label("Quantor").check()
    page.get_by_role("button", name="Connect what is ticked").click()

    page.wait_for_url(f"{empty.url}/settings")
    expect(page.locator("#toasts")).to_contain_text("2 channels are connected: Halden, Quantor.")
    assert [name for name in names(page, empty) if name in ("Halden", "Ibexa", "Quantor")] == ["Halden", "Quantor"]


def test_a_box_left_unticked_on_googles_page_is_named_after_coming_back(page: Page, empty: Product) -> None:
    sign_in(page, empty)
    leave(page, empty, "YouTube", "/o/oauth2/v2/auth")
    page.get_by_label(re.compile("yt-analytics")).uncheck()
    allow(page, "Ravelin films")

    page.wait_for_url(re.compile(r"/settings/channels/\d+$"))
    expect(page.locator("#toasts")).to_contain_text("Not everything was allowed at YouTube. yt-analytics.readonly: YouTube Analytics tells nothing")
