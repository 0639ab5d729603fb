"""Looking a page over: it speaks the language asked for, keeps its own policy, fits its screen, and axe finds nothing; in both themes, at two widths."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Product, sign_in


class Walk(NamedTuple):
    """How every page is looked at."""

    width: int
    theme: Literal["light", "dark"]
    language: str
    #: What axe looks at does not depend on the language, and it takes most of the time: once for each width and each theme is enough.
    axe: bool

    def __str__(self) -> str:
        return f"{self.width}-{self.theme}-{self.language}"


#: Two widths, two themes and two languages: four walks meet every pair of them.
WALKS = (
    Walk(1280, "light", "en", axe=True),
    Walk(1280, "dark", "fr", axe=False),
    Walk(390, "light", "fr", axe=False),
    Walk(390, "dark", "en", axe=True),
)

#: True once the page's scripts have drawn what they draw.
_DRAWN = "() => !document.querySelector('[data-calendar]') || document.querySelector('[data-calendar][aria-busy=false]')"
_SIDEWAYS = "() => document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
_AXE = """
async () => {
  const found = await axe.run(document, { resultTypes: ["violations"], preload: false });
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ target, html }) => `${id} at ${target[0]}: ${html.slice(0, 160)}`));
}
"""


def faults(chromium: Browser, product: Product, addresses: tuple[str, ...], walk: Walk) -> list[str]:
    """What is wrong on those pages, one line a fault."""
    found = []
    with walking(chromium, product, walk) as (page, said):
        for address in addresses:
            said.clear()
            expected = 404 if address == "/no-such-page" else 200
            answer = page.goto(product.url + address)
            status = answer.status if answer else None
            faulty = [f"answered {status}"] if status != expected else []
            faulty += looked_over(page, walk)
            faulty += [line for line in said if expected == 200 or f"status of {expected}" not in line]
            found += [f"{address}: {fault}" for fault in faulty]
    return found


@contextmanager
def walking(chromium: Browser, product: Product, walk: Walk) -> Iterator[tuple[Page, list[str]]]:
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


def looked_over(page: Page, walk: Walk) -> list[str]:
    """What is wrong with the page that is open."""
    page.wait_for_function(_DRAWN)
    found = []
    if (language := page.locator("html").get_attribute("lang")) != walk.language:
        found.append(f"speaks {language}")
    if (sideways := page.evaluate(_SIDEWAYS)) > 0:
        found.append(f"scrolls sideways by {sideways} px")
    if walk.axe:
        page.evaluate(Axe().axe_script)
        found += page.evaluate(_AXE)
    return found
