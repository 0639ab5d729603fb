"""The house rules that no linter knows: a first sentence, a size, no skipped work, every setting documented."""

from __future__ import annotations

import ast
import re
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from planner.core.settings import BadSetting, Settings

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "planner").rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_a_module_opens_with_a_sentence_and_stays_under_400_lines(path: Path) -> None:
    source = path.read_text()

    sentence = ast.get_docstring(ast.parse(source)) or ""

    opening = sentence.partition("\n\n")[0].rstrip()
    assert opening[:1].isupper() or opening[:1] in "`/" or opening.startswith("flask planner "), "the module says what it is for"
    assert opening[-1:] in ".!?)", "its first words are a sentence"
    assert len(source.splitlines()) <= 400


def test_templates_hold_no_inline_style_or_script() -> None:
    offences = [
        f"{path.relative_to(ROOT)}: {match.group(0)[:60]}"
        for path in (ROOT / "templates").rglob("*.html")
        for match in re.finditer(r"<[^>]*\s(?:style|on[a-z]+)=|javascript:", path.read_text())
    ]

    assert offences == []


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"`(PLANNER_[A-Z_]+)`", (ROOT / "docs" / "running.md").read_text()))

    wanted = {f"PLANNER_{item.name.upper()}" for item in fields(Settings)}

    assert wanted - documented == set()


def test_documented_settings_exist() -> None:
    table = (ROOT / "docs" / "running.md").read_text()
    rows = set(re.findall(r"^\| `(PLANNER_[A-Z_]+)`", table, flags=re.MULTILINE))
    outside = {"PLANNER_BIND", "PLANNER_WEB_PROCESSES", "PLANNER_WEB_THREADS", "PLANNER_TEST_POSTGRES_URL", "PLANNER_TEST_REDIS_URL", "PLANNER_TEST_RABBITMQ_URL"}

    assert rows - {f"PLANNER_{item.name.upper()}" for item in fields(Settings)} - outside == set()


@pytest.mark.parametrize("key", ["", "changeme", "secret", "short", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])
def test_a_default_or_weak_secret_key_is_refused_by_name(key: str) -> None:
    with pytest.raises(BadSetting, match="PLANNER_SECRET_KEY"):
        Settings.from_env({"PLANNER_SECRET_KEY": key})


def test_a_missing_secret_key_is_refused_by_name() -> None:
    with pytest.raises(BadSetting, match="PLANNER_SECRET_KEY"):
        Settings.from_env({})


def test_what_is_built_is_not_in_git() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()

    assert [name for name in tracked if name.startswith(("static/dist/", "node_modules/", "instance/")) or name.endswith(".mo")] == []
