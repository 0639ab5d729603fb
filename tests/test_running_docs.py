"""The files in deploy/, which docs/running.md hands out, parse, fit together, and name only what exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from flask import Flask

from planner.core.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("planner-*.*"))
KNOWN = {f"PLANNER_{one.name.upper()}" for one in fields(Settings)} | {"PLANNER_BIND", "PLANNER_WEB_PROCESSES", "PLANNER_WEB_THREADS"}
GUNICORN = "gunicorn -c gunicorn.conf.py app:app"


def kubernetes() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())  # type: ignore[no-any-return]


def pods() -> dict[str, dict[str, Any]]:
    """Name of what makes it -> a pod's description."""
    return {one["metadata"]["name"]: one["spec"]["template"]["spec"] for one in kubernetes() if one["kind"] in ("Deployment", "Job")}


def command_lines() -> list[str]:
    """Every command line in deploy/, without the folder it is in."""
    found = [re.search(r"^ExecStart=/opt/planner/.venv/bin/(.*)$", unit.read_text(), flags=re.MULTILINE) for unit in UNITS if unit.suffix == ".service"]
    lines = [match.group(1) for match in found if match]
    lines += [" ".join(one["command"]) for one in compose()["services"].values() if "command" in one]
    lines += [" ".join(container["command"]) for pod in pods().values() for container in pod["containers"]]
    lines += re.findall(r"^CMD \[(.*)\]$", (DEPLOY / "Dockerfile").read_text().replace('", "', " ").replace('"', ""), flags=re.MULTILINE)
    return lines


def stages() -> list[list[str]]:
    """What each stage of the image copies from the checkout."""
    return [
        [name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", stage, flags=re.MULTILINE) for name in line.split()]
        for stage in re.split(r"^FROM ", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)[1:]
    ]


def test_every_fault_of_the_table_names_tests_that_are_there() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text().partition("## The faults")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| What happens", "|---"))]
    there = {path.name for path in (ROOT / "tests").rglob("test_*.py")}

    named = [(row[0], re.findall(r"`(test_\w+\.py)`", row[-1])) for row in rows]

    assert len(named) > 30
    assert [(what, tests) for what, tests in named if not tests or set(tests) - there] == []


def test_every_file_is_handed_out_by_the_page() -> None:
    page = (ROOT / "docs" / "running.md").read_text()

    assert [path.name for path in DEPLOY.rglob("*") if path.is_file() and path.name.removesuffix(".dockerignore") not in page] == []


def test_every_variable_is_a_setting() -> None:
    named = {name for path in DEPLOY.rglob("*") if path.is_file() for name in re.findall(r"\bPLANNER_[A-Z_]+\b", path.read_text())}

    assert {"PLANNER_SECRET_KEY", "PLANNER_DATABASE_URL", "PLANNER_EXECUTOR"} <= named
    assert named - KNOWN == set()


def test_every_setting_that_is_given_has_a_value_the_product_takes() -> None:
    given = dict(re.findall(r"^(PLANNER_\w+)=(.+)$", (DEPLOY / "systemd" / "planner.env").read_text(), flags=re.MULTILINE))
    config = next(one["data"] for one in kubernetes() if one["kind"] == "ConfigMap")
    services = compose()["services"]
    secret = {"PLANNER_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}

    for values in (given, config, services["worker"]["environment"]):
        settings = Settings.from_env({**{name: value for name, value in values.items() if "$" not in value}, **secret})
        assert (settings.executor, settings.sandbox, settings.secure_cookies, settings.trusted_proxies) == ("worker", "off", True, 1)


def test_every_command_exists(app: Flask) -> None:
    group = app.cli.commands["planner"]
    assert isinstance(group, click.Group)
    known = {f"flask planner {name}" for name in group.list_commands(click.Context(group))} | {GUNICORN}

    lines = command_lines()

    assert {GUNICORN, "flask planner work", "flask planner upgrade", "flask planner tick"} == set(lines)
    assert set(lines) <= known


@pytest.mark.skipif(
    not shutil.which("systemd-analyze") and os.environ.get("CI") != "true", reason="systemd-analyze, which checks units, is not on this machine"
)
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        # The programs stand elsewhere on this machine; systemd-analyze looks for them.
        (tmp_path / unit.name).write_text(re.sub(r"^ExecStart=.*$", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE))

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip

    about_ours = [line for line in done.stderr.splitlines() if "planner-" in line]
    assert (done.returncode, about_ours) == (0, [])


def test_units_name_units_that_are_there_and_give_up_their_rights() -> None:
    for unit in UNITS:
        read = ConfigParser(interpolation=None, strict=False)
        read.optionxform = str  # type: ignore[assignment,method-assign]
        read.read(unit)
        if unit.suffix == ".timer":
            assert unit.with_suffix(".service") in UNITS
            continue
        named = re.findall(r"planner-[\w-]+\.service", read["Unit"].get("After", "") + read["Unit"].get("Requires", ""))
        assert [name for name in named if DEPLOY / "systemd" / name not in UNITS] == []
        service = read["Service"]
        assert (service["User"], service["NoNewPrivileges"], service["ProtectSystem"]) == ("planner", "yes", "strict")
        assert (service["WorkingDirectory"], service["EnvironmentFile"]) == ("/opt/planner", "/etc/planner/planner.env")


def test_compose_starts_web_and_worker_only_on_an_upgraded_database() -> None:
    description = compose()
    services = description["services"]

    assert sorted(services) == ["db", "upgrade", "web", "worker"]
    assert services["upgrade"]["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert services["web"]["depends_on"] == services["worker"]["depends_on"] == {"upgrade": {"condition": "service_completed_successfully"}}
    mounted = {volume.split(":")[0] for one in services.values() for volume in one["volumes"]}
    assert mounted == set(description["volumes"])
    assert (ROOT / "deploy" / services["web"]["build"]["context"] / services["web"]["build"]["dockerfile"]).resolve() == DEPLOY / "Dockerfile"


def test_the_image_copies_what_a_fresh_checkout_has_and_lets_through() -> None:
    """Not what happens to lie in this folder: a static/ that only a build makes is not there when the image is made."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S607
    there = {part for path in tracked for part in (path, path.partition("/")[0])}
    let_through = {line.removeprefix("!") for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}

    copied = {name for stage in stages() for name in stage}

    assert (copied - there, copied - let_through, let_through - copied) == (set(), set(), set())


def test_the_image_builds_its_scripts_and_styles_from_all_that_the_build_reads() -> None:
    read = set(re.findall(r'join\(root, "([\w.-]+)"', (ROOT / "build.mjs").read_text())) - {"static"}

    assert read - set(stages()[0]) == set()


def test_kubernetes_finds_its_parts() -> None:
    there = {(one["kind"], one["metadata"]["name"]) for one in kubernetes()}

    assert {kind for kind, _name in there} == {
        "Namespace", "Secret", "ConfigMap", "PersistentVolumeClaim", "Job", "Deployment", "Service", "Ingress",
    }  # fmt: skip
    for name, pod in pods().items():
        for container in pod["containers"]:
            sources = [(kind, one[key]["name"]) for one in container["envFrom"] for key, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")) if key in one]
            assert (name, len(sources), set(sources) - there) == (name, 2, set())
            mounts = {one["name"] for one in container.get("volumeMounts", [])}
            assert mounts == {one["name"] for one in pod.get("volumes", [])}
        for volume in pod.get("volumes", []):
            assert ("PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]) in there
    for one in kubernetes():
        if one["kind"] == "Deployment":
            assert one["spec"]["selector"]["matchLabels"] == one["spec"]["template"]["metadata"]["labels"]
    service = next(one for one in kubernetes() if one["kind"] == "Service")
    web = next(one for one in kubernetes() if one["metadata"]["name"] == "planner-web")
    assert service["spec"]["selector"] == web["spec"]["template"]["metadata"]["labels"]


def test_the_probes_ask_addresses_that_answer(app: Flask) -> None:
    container = pods()["planner-web"]["containers"][0]
    asked = [container[probe]["httpGet"]["path"] for probe in ("livenessProbe", "readinessProbe")]
    asked += re.findall(r"127\.0\.0\.1:8000(/\w+)", (DEPLOY / "compose.yaml").read_text())

    assert asked == ["/healthz", "/readyz", "/readyz"]
    assert [app.test_client().get(path).status_code for path in asked] == [200, 503, 503], "these tables were made without migrations"
