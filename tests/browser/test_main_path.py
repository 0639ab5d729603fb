"""The main job, end to end in a browser: asset, three posts, submit, approve, published by itself, numbers on the asset's page."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, Product, sign_in

pytestmark = pytest.mark.browser
FILM = b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41" + b"\x00" * 80_000  # LinkedIn takes none under 75 KB


@pytest.fixture(scope="module")
def pretend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sandbox as another process, in which five hours pass in a second."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    state = tmp_path_factory.mktemp("sandbox") / "world.sqlite3"
    code = f"from planner.channels.sandbox import run_forever; run_forever({str(state)!r}, '127.0.0.1', {port}, speed=20000, seed=1)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    for _ in range(150):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_sandbox/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, pretend: str) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("path"), PLANNER_SANDBOX=pretend)
    for platform in ("youtube", "linkedin", "x"):
        product.command("channel", "add", "--platform", platform, "--name", f"Our {platform}", "--access-token", f"sandbox-{platform}")
    yield product
    product.stop()


def test_an_asset_becomes_three_published_posts_with_numbers(page: Page, product: Product, tmp_path: Path) -> None:
    sign_in(page, product)
    page.goto(f"{product.url}/assets/new")
    page.get_by_label("Title").fill("Three ports, one network")
    page.get_by_label("Summary").fill("How three ports came to share one network.")
    page.get_by_label("Address").fill("https://www.example.com/ports")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Three ports, one network")
    film = tmp_path / "ports.mp4"
    film.write_bytes(FILM)
    page.locator("input[type=file]").set_input_files(film)
    page.get_by_role("button", name="Add the file").click()
    expect(page.get_by_role("link", name="ports.mp4")).to_be_visible()
    asset_url = page.url.partition("#")[0]

    page.get_by_role("link", name="Plan a post").first.click()
    for platform in ("youtube", "linkedin", "x"):
        page.get_by_label(f"Our {platform}", exact=True).first.check()
    page.get_by_label("Text", exact=True).fill("Three ports now share one network. Here is what changed for the people on the quay.")
    soon = datetime.now(ZoneInfo("Europe/Paris")) + timedelta(seconds=90)
    page.get_by_label("Goes out").fill(soon.strftime("%Y-%m-%dT%H:%M"))
    page.get_by_role("button", name="Save as draft").click()
    page.wait_for_url(re.compile(r"/posts/\d+$"))

    posts = json.loads(product.command("post", "list", "--json"))
    numbers = [post["id"] for post in (posts["posts"])]
    assert len(numbers) == 3
    for number in numbers:
        page.goto(f"{product.url}/posts/{number}")
        page.get_by_role("button", name="Submit for approval").click()
        page.get_by_role("button", name="Approve", exact=True).click()
        expect(page.get_by_text(re.compile("Approved|Scheduled")).first).to_be_visible()

    # Asked by command: a page that shows a post being sent loads itself anew when it is out, which breaks off whatever else it is loading.
    deadline = time.monotonic() + 150
    for number in numbers:
        while (post := json.loads(product.command("post", "show", str(number), "--json")))["state"] != "published":
            assert time.monotonic() < deadline, post
            time.sleep(1)
        page.goto(f"{product.url}/posts/{number}")
        expect(page.get_by_role("link", name="See it live")).to_be_visible()

    time.sleep(3)
    product.command("tick")
    page.goto(asset_url)
    table = page.get_by_role("table", name="Numbers by post")
    expect(table.get_by_role("row")).to_have_count(4)
    cells = [cell.strip().partition("\n")[0].replace(",", "") for cell in table.locator("td.end").all_inner_texts()]
    told = [int(cell) for cell in cells if cell.isdigit()]
    assert max(told) > 0
    product.command("check")  # Ends with a status other than 0, which fails the test, when a promise is broken.


def test_the_composer_says_what_a_channel_takes_while_one_types(page: Page, product: Product) -> None:
    sign_in(page, product)
    page.goto(f"{product.url}/posts/new?asset=1")
    said = page.get_by_role("region", name="What the channels say")
    expect(said).to_contain_text("Choose an asset and a channel")

    page.get_by_label("Our x", exact=True).first.check()
    page.get_by_label("Link", exact=True).fill("")
    page.get_by_role("group", name="Files").get_by_role("checkbox").uncheck()
    page.get_by_label("Text", exact=True).fill("a" * 281)
    expect(said).to_contain_text("The text counts 281 for X, which takes at most 280.")

    page.get_by_label("Text", exact=True).fill("a" * 280)
    expect(said).to_contain_text("280 / 280")
    expect(said).to_contain_text("Nothing stands in its way, once it has a time.")
    expect(said).to_contain_text("Costs nothing: this goes to the sandbox, which charges no one.")
