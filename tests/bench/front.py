"""The front bench: what Chromium needs until a calendar of a thousand events answers, how much script it loads, and what its policy refused."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.measure import Line, Skipped
from tests.bench.world import application

__all__ = ["ALL"]

#: A month of a thousand posts that may all be moved. The list draws every one of them, the month the first of each day.
CROWD = "open-1000"
PAGES = ("/calendar?view=list&date=2026-03-01", "/calendar?view=month&date=2026-03-15")
_SCRIPT_BYTES = 170_000
_WATCH = """
  window.benched = {ready: 0, refused: 0};
  addEventListener("securitypolicyviolation", () => { window.benched.refused += 1; });
  addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => requestIdleCallback(() => { window.benched.ready = performance.now(); })));
"""


def front(_posts: int) -> Line | Skipped:
    """Milliseconds until the slower page has run its scripts, drawn a frame and waits for a hand; above the gate, too, with too much script or anything refused."""
    chromium = os.environ.get("PLANNER_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        return Skipped("front", "no Chromium on this machine; install it, or name it in PLANNER_TEST_CHROMIUM.")
    from playwright.sync_api import sync_playwright

    with _served() as (home, cookie), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"])
        looks = {path: [_look(browser, f"{home}{path}", cookie) for _ in range(6)][1:] for path in PAGES}
        browser.close()
    every = [one for some in looks.values() for one in some]
    ready = max(statistics.median(one[0] for one in some) for some in looks.values())
    fine = all(0 < script <= _SCRIPT_BYTES and refused == 0 for _ready, script, refused in every)
    return Line("front", round(ready) if fine else 9999, 500, 500, unit="ms")


def _look(browser: Any, address: str, cookie: str) -> tuple[float, int, int]:
    """(milliseconds until it is ready, bytes of script as gzip sends them, what the policy refused) of one page, by a browser that has nothing yet."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "session", "value": cookie, "url": address}])
    context.add_init_script(_WATCH)
    page = context.new_page()
    scripts: list[Any] = []
    page.on("response", lambda answer: scripts.append(answer) if answer.request.resource_type == "script" else None)
    page.goto(address)
    while not page.evaluate("window.benched.ready"):  # Asked from outside: the page itself may not evaluate text.
        page.wait_for_timeout(20)
    assert page.locator("[data-post]").count() > 150, "the calendar is not on the page"
    told = page.evaluate("window.benched")
    size = sum(len(gzip.compress(one.body())) for one in scripts)
    context.close()
    return told["ready"], size, told["refused"]


@contextmanager
def _served() -> Iterator[tuple[str, str]]:
    """The address of the product on that month, served by gunicorn as it is everywhere, and the administrator's session."""
    client = application(CROWD).test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = "bench", True
    cookie = client.get_cookie("session")
    assert cookie is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    server = subprocess.Popen(
        [Path(sys.executable).with_name("gunicorn"), "-c", "gunicorn.conf.py", f"tests.bench.world:application('{CROWD}')"],
        env={**os.environ, "PLANNER_BIND": bind},
    )
    try:
        for path in PAGES:
            _wait_for(f"http://{bind}{path}", cookie.value)
        yield f"http://{bind}", cookie.value
    finally:
        server.terminate()
        server.wait(60)


def _wait_for(address: str, cookie: str) -> None:
    """The first answer, which also loads what answers there."""
    asked = urllib.request.Request(address, headers={"Cookie": f"session={cookie}"})  # noqa: S310
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
                assert "/calendar" in answer.url
                return
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


ALL = {"front": front}
