"""A running product and a real Chromium: gunicorn-like server with embedded workers, sandbox in-process, tight timings."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import commands
from tests.conftest import lacking

ROOT = Path(__file__).resolve().parent.parent.parent
CHROMIUM = os.environ.get("PLANNER_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Product:
    """One installation that `make run`'s own starter started."""

    def __init__(self, folder: Path, *options: str, **settings: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PLANNER_")},
            "PLANNER_DATA_DIR": str(folder), "PLANNER_BASE_URL": self.url, "PLANNER_POLL_SECONDS": "0.3", "PLANNER_TIME_ZONE": "Europe/Paris",
            **settings,
        }  # fmt: skip
        #: Of the administrator's session, once a test signed in.
        self.cookies: list[Any] = []
        self.log = folder / "start.log"
        folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "planner.start", "--port", str(port), *options], cwd=ROOT, env=self.environ, stdout=out, stderr=subprocess.STDOUT
            )
        self._wait()
        self.link = re.search(rf"{self.url}/sign-in/\S+", self.log.read_text()).group(0)  # type: ignore[union-attr]

    def _wait(self) -> None:
        deadline = time.monotonic() + 240  # The demo lives through a quarter before it answers.
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(self.log.read_text())
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2).close()
            except OSError:
                time.sleep(0.2)
            else:
                return
        raise RuntimeError("the product did not start: " + self.log.read_text())

    def command(self, *words: str) -> str:
        """`flask planner …` on this installation."""
        environ = {**self.environ, "FLASK_APP": "app.py", "PLANNER_SECRET_KEY": (Path(self.environ["PLANNER_DATA_DIR"]) / "secret_key").read_text()}
        done = commands.run(("planner", *words), environ)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self) -> int:
        self.process.terminate()
        try:
            return self.process.wait(45)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser a module: its event loop must end before tests that run without one."""
    if CHROMIUM is None:
        lacking("No Chromium on this machine: install it, or name it in PLANNER_TEST_CHROMIUM.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def demo_quarter(shared_folder: Path) -> Path:
    """The folder of an installation that has lived through the demo quarter: whichever worker needs it first makes it for all."""
    place = shared_folder / "demo-quarter"
    with (shared_folder / "demo-quarter.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            making = shared_folder / "demo-quarter-in-the-making"
            shutil.rmtree(making, ignore_errors=True)
            Product(making, "--demo").stop()
            making.rename(place)
    return place


@pytest.fixture(scope="module")
def demo(demo_quarter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """An installation with the demo quarter."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copytree(demo_quarter, folder, dirs_exist_ok=True)
    product = Product(folder)
    yield product
    product.stop()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A fresh installation."""
    product = Product(tmp_path_factory.mktemp("empty"))
    yield product
    product.stop()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that fails the test when the browser reports a policy violation or a script error."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="Europe/Paris")
    page = context.new_page()
    page.set_default_timeout(15_000)
    reports: list[str] = []
    page.on("pageerror", lambda error: reports.append(str(error)))
    page.on("console", lambda message: reports.append(message.text) if "Content Security Policy" in message.text else None)
    yield page
    context.close()
    assert reports == []


def sign_in(page: Page, product: Product) -> None:
    """The administrator, through the one-time link; later on the same product with the cookie that this left, since links may be tried 15 times a minute."""
    page.context.add_cookies(product.cookies)
    page.goto(product.url)
    if "/login" in page.url:
        link = product.command("users", "link", "admin@example.com")
        page.goto(re.search(r"http\S+", link).group(0))  # type: ignore[union-attr]
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(product.url + "/")
        product.cookies = page.context.cookies()
