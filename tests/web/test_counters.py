"""The counter in the browser counts as the server does: Twitter's own code in the script, its port here, on the official cases and on more."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import yaml
from hypothesis import find, settings, strategies
from hypothesis.strategies import SearchStrategy

from planner.core.text import linkedin_length, utf8_length, x_length
from tests.conftest import lacking

ROOT = Path(__file__).resolve().parent.parent.parent
PIECES = (
    "Été à 5 €", "https://exemple.fr/réseaux?a=1&utm_source=x", "exemple.fr", "norvane.example/a", "👩‍👩‍👧‍👦", "🇫🇷", "1️⃣", "数据", "\n", " ", "e\u0301",
    "#5G", "@nom", "www.bücher.de", "http://t.co/abc", "a.b.c.com.", "« »", "…", "’", "\u200d", "🏳️‍🌈", "ftp://x.com", "x.co/(a)", "한국",
)  # fmt: skip


def told(path: Path) -> list[str]:
    cases = yaml.safe_load(path.read_text())["tests"]
    return [case["text"] for group in cases.values() for case in group if isinstance(case, dict) and isinstance(case.get("text"), str)]


def mixed(count: int) -> list[str]:
    """Texts put together from the pieces that are counted in their own way, always the same."""
    made: list[str] = []
    source: SearchStrategy[list[str]] = strategies.lists(strategies.sampled_from(PIECES), min_size=1, max_size=12)
    find(source, lambda parts: made.append("".join(parts) if len(made) % 2 else " ".join(parts)) or len(made) >= count, settings=settings(max_examples=count + 50, database=None, derandomize=True))
    return made


def in_browser(texts: list[str]) -> list[list[int]]:
    node = shutil.which("node")
    manifest = ROOT / "static" / "dist" / "manifest.json"
    if node is None or not manifest.exists():
        lacking("Node or the built scripts are missing.")
    script = ROOT / "static" / "dist" / json.loads(manifest.read_text())["weigh.js"]
    program = f"""
      globalThis.window = globalThis; globalThis.document = new EventTarget(); globalThis.CustomEvent ??= class extends Event {{}};
      new Function(require("fs").readFileSync({json.dumps(str(script))}, "utf8"))();
      const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
      console.log(JSON.stringify(texts.map((one) => [window.plannerWeigh(one), one.length, new TextEncoder().encode(one).length])));
    """
    done = subprocess.run([node, "-e", program], input=json.dumps(texts), capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_the_browser_counts_every_text_as_the_server_does() -> None:
    folder = ROOT / "tests" / "conformance" / "twitter-text"
    texts = [*told(folder / "validate.yml"), *told(folder / "extract.yml"), *mixed(400)]

    counted = in_browser(texts)

    different = {text: (here, [x_length(text), linkedin_length(text), utf8_length(text)]) for text, here in zip(texts, counted, strict=True) if here != [x_length(text), linkedin_length(text), utf8_length(text)]}
    assert len(texts) > 500 and different == {}
