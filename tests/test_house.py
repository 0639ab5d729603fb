"""The house rules that no linter knows: a first sentence, a size, no skipped work, every setting documented."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from dataclasses import fields
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from planner import cli, jobs
from planner.api.urls import DOCUMENT, RESOURCES
from planner.core.lazy import Lazy
from planner.core.settings import BadSetting, Settings
from planner.web.filters import LATER
from planner.web.urls import SCREENS

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


def test_a_class_is_drawn_in_one_style_alone() -> None:
    where: dict[str, set[str]] = {}
    for path in (ROOT / "assets" / "css").glob("*.css"):
        for name in re.findall(r"^\.([a-z0-9_-]+)(?: \{|,)", path.read_text(), flags=re.MULTILINE):
            where.setdefault(name, set()).add(path.name)

    assert {name: files for name, files in where.items() if len(files) > 1} == {}


def test_the_font_of_the_marks_is_what_their_drawings_make() -> None:
    spec = importlib.util.spec_from_file_location("marks", ROOT / "assets/icons/marks.py")
    assert spec is not None and spec.loader is not None
    marks = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(marks)
    kept, made = (TTFont(BytesIO(one)) for one in (marks.FONT.read_bytes(), marks.font()))

    assert list(kept.getBestCmap()) == [marks.FIRST + place for place in range(len(marks.names()))]
    assert kept["glyf"] == made["glyf"], "make marks"


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


@pytest.mark.parametrize(("name", "value"), [("POLL_SECONDS", "0"), ("POLL_SECONDS", "-1"), ("POLL_SECONDS", "nan"), ("POLL_SECONDS", "inf"), ("LEASE_SECONDS", "0"), ("SETTLE_SECONDS", "nan"), ("MAX_TRIES", "0"), ("WORKERS", "-1")])
def test_a_number_with_which_workers_would_never_rest_or_never_work_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"PLANNER_{name}"):
        Settings.from_env({"PLANNER_SECRET_KEY": "a-key-for-tests-0123456789-abcdefgh", f"PLANNER_{name}": value})


def test_what_is_built_is_not_in_git() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.splitlines()

    assert [name for name in tracked if name.startswith(("static/dist/", "node_modules/", "instance/")) or name.endswith(".mo")] == []


#: What a start and the first page do without: libraries, and rooms that load with the first page that needs them.
LATE = (
    "PIL", "alembic", "apispec", "authlib", "celery", "charset_normalizer", "filetype", "google", "googleapiclient", "icalendar",
    "joserfc", "linkedin_v2", "marshmallow", "oauthlib", "openpyxl", "planner.catalog", "planner.channels", "planner.demo",
    "planner.insights", "planner.ledger", "planner.planning", "planner.publishing", "planner.web.forms", "psycopg", "pygments",
    "pymediainfo", "requests", "rich", "sqlalchemy.dialects.postgresql", "structlog", "twitter_text", "urllib3", "webargs", "yaml",
)  # fmt: skip
FIRST_PAGE = """
import sys
from planner.factory import create_app
answer = create_app().test_client().get("/login")
assert answer.status_code == 200 and 'name="password"' in answer.text, answer.text
print(*sys.modules)
"""


def test_a_start_and_the_first_page_load_nothing_they_do_not_need(tmp_path: Path) -> None:
    environ = {**os.environ, "PLANNER_SECRET_KEY": "a-key-for-tests-0123456789-abcdefgh", "PLANNER_DATA_DIR": str(tmp_path)}

    done = subprocess.run([sys.executable, "-c", FIRST_PAGE], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert [name for name in LATE if name in done.stdout.split()] == []


def test_every_address_command_and_filter_leads_to_something() -> None:
    pages = [lazy for table in SCREENS for lazy in (*(one.view for one in table.addresses()), *filter(None, [table.context and table.lazy(table.context)]))]
    resources = [one.view for table in (*RESOURCES, DOCUMENT) for one in table.addresses()]
    others = [Lazy(path) for path in (*cli.COMMANDS.values(), *jobs.COMMANDS.values(), *LATER.values())]

    assert [lazy for lazy in (*pages, *resources, *others) if not callable(lazy.load())] == []


def test_a_room_loads_the_tables_its_own_refer_to() -> None:
    """A page loads the rooms it needs and no others, so a table's neighbours may not be left to whoever else was loaded."""
    sources = {".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text() for path in (ROOT / "planner").glob("*/models.py")}
    home = {table: name for name, text in sources.items() for table in re.findall(r'(?:__tablename__ = |Table\(\s*)"(\w+)"', text)}
    above = {name: set(re.findall(r"^from (planner\.\w+\.models) import", text, flags=re.MULTILINE)) for name, text in sources.items()}

    def loaded(name: str) -> set[str]:
        return {name}.union(*(loaded(other) for other in above[name]))

    missing = {
        (name, table) for name, text in sources.items() for table in re.findall(r'ForeignKey\("(\w+)\.', text) if home[table] not in loaded(name)
    }
    assert missing == set()


def test_templates_ask_for_pieces_by_get_and_post_alone() -> None:
    used = {word for path in ROOT.glob("templates/**/*.html") for word in re.findall(r"\bhx-(?:on|boost|action|put|patch|delete|query)\b", path.read_text(encoding="utf-8"))}

    assert used == set(), "assets/js/partial.js gives htmx only what has hx-get or hx-post"
