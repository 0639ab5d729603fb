"""The OpenAPI document: valid, complete, and true when a fuzzer takes it at its word."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from sqlalchemy.orm import Session

from planner.core.errors import PlannerError
from tests.api.conftest import Caller
from tests.factories import make_asset, make_channel, make_post


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    return app.test_client().get("/api/v1/openapi.json").json  # type: ignore[no-any-return]


def test_anybody_may_read_it_and_it_is_valid_openapi_31(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_it_lists_every_address_of_the_api_and_nothing_else(app: Flask, document: dict[str, Any]) -> None:
    served = {
        (rule.rule.replace("<int(min=1,max=9223372036854775807):", "{").replace(">", "}"), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.rule.endswith("openapi.json")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert {(path, method) for path, methods in document["paths"].items() for method in methods if method != "parameters"} == served


def test_every_operation_says_what_it_does_and_answers_errors_as_problems(document: dict[str, Any]) -> None:
    operations = [one for methods in document["paths"].values() for name, one in methods.items() if name != "parameters"]

    assert all(one["summary"].endswith(".") for one in operations)
    assert all("default" in one["responses"] for one in operations)
    assert list(document["components"]["responses"]["DEFAULT_ERROR"]["content"]) == ["application/problem+json"]
    assert document["security"] == [{"token": []}]


def test_writes_document_their_headers(document: dict[str, Any]) -> None:
    found = {
        (path, method): {parameter["name"] for parameter in one.get("parameters", []) if parameter["in"] == "header"}
        for path, methods in document["paths"].items()
        for method, one in methods.items()
        if method in ("post", "patch")
    }

    wanted = {one: {name for name, is_there in (("If-Match", "{" in one[0]), ("Idempotency-Key", one[1] == "post")) if is_there} for one in found}
    assert found == wanted


def test_no_answer_holds_a_secret(document: dict[str, Any]) -> None:
    answers = {name: schema for name, schema in document["components"]["schemas"].items() if name.startswith("Channel") and "In" not in name}

    assert "token" not in json.dumps(answers)


@pytest.mark.filterwarnings("default")
def test_a_fuzzer_finds_no_crash_and_no_answer_that_the_document_does_not_know(app: Flask, admin: Caller, rows: Session) -> None:
    make_post(rows, asset=make_asset(rows), channel=make_channel(rows))
    rows.commit()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    headers = {"Authorization": f"Bearer {admin.token}", "If-Match": "*"}
    checks = (schemathesis.checks.not_a_server_error, schemathesis.checks.response_schema_conformance, schemathesis.checks.content_type_conformance)
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @settings(
            max_examples=8, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def attack(case: Any) -> None:
            nonlocal tried
            response = case.call(headers=headers)
            case.validate_response(response, checks=checks)
            tried += 1

        attack()
    assert tried > 150


def test_the_page_lists_every_operation_and_says_what_it_does(document: dict[str, Any]) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
    said = dict(re.findall(r"^\| `([A-Z]+ /\S*)` \| (.*) \|$", page, flags=re.MULTILINE))

    assert said == {
        f"{method.upper()} {path.removeprefix('/api/v1')}": one["summary"].replace("\n", " ")
        for path, methods in document["paths"].items()
        for method, one in methods.items()
        if method != "parameters"
    }


def test_the_page_lists_every_code(app: Flask) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
    table = page.partition("| status | codes |")[2].partition("## ")[0]
    said = {(code, int(status)) for status, codes in re.findall(r"^\| (\d+) \| (.*) \|$", table, flags=re.MULTILINE) for code in re.findall(r"`(\w+)`", codes)}

    def all_below(kind: type[PlannerError]) -> Iterator[type[PlannerError]]:
        yield kind
        for below in kind.__subclasses__():
            yield from all_below(below)

    for module in ("planner.core.addresses", "planner.api.door"):  # The places outside core.errors that name failures of their own.
        import_module(module)
    ours = {(kind.code, kind.status) for kind in all_below(PlannerError) if kind is not PlannerError and kind.__module__.startswith("planner.")}
    http = {(HTTPStatus(status).name.lower(), status) for status in (400, 405, 413)}
    crashes = {("crash", 500), ("busy", 503)}

    assert said == ours | http | crashes
