"""The checker itself: on a small document of our own it lets a good exchange pass and names each thing that is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.openapi import Document
from tests.conformance.recording import Exchange

pytestmark = pytest.mark.conformance

SMALL = {
    "openapi": "3.0.0",
    "info": {"title": "Small", "version": "1.2"},
    "paths": {
        "/notes/{id}": {
            "post": {
                "operationId": "writeNote",
                "security": [{"Consent": ["notes.write"]}],
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^[0-9]+$"}},
                    {"$ref": "#/components/parameters/Fields"},
                    {"name": "most", "in": "query", "required": True, "schema": {"type": "integer", "maximum": 9}},
                ],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}},
                "responses": {"201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Note"}}}}, "default": {"content": {}}},
            }
        }
    },
    "components": {
        "parameters": {"Fields": {"name": "fields", "in": "query", "schema": {"type": "array", "items": {"type": "string", "enum": ["text", "at"]}}}},
        "schemas": {"Note": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}, "additionalProperties": False}},
    },
}
GOOD = Exchange(
    "POST", "/notes/7", "most=5&fields=text,at", {"authorization": "Bearer key", "content-type": "application/json"}, b'{"text": "a"}',
    201, {"content-type": "application/json"}, b'{"text": "a"}',
)  # fmt: skip


@pytest.fixture
def document(tmp_path: Path) -> Document:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(SMALL))
    return Document(path)


def test_a_good_exchange_has_no_violation(document: Document) -> None:
    assert (document.version, document.operation(GOOD)) == ("1.2", "writeNote")
    assert document.violations(GOOD, consented=frozenset({"notes.write"}), scheme="Consent") == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"path": "/note/7"}, "the document has no such operation"),
        ({"method": "GET"}, "the document has no such operation"),
        ({"path": "/notes/seven"}, "parameter id: 'seven' does not match '^[0-9]+$'"),
        ({"query": "most=5&field=text"}, "unknown parameter field"),
        ({"query": "most=5&fields=text,who"}, "parameter fields[1]: 'who' is not one of ['text', 'at']"),
        ({"query": "most=10"}, "parameter most: 10 is greater than the maximum of 9"),
        ({"query": "most=ten"}, "parameter most: 'ten' is not of type 'integer'"),
        ({"query": ""}, "the parameter most is missing"),
        ({"body": b'{"text": 5}'}, "body['text']: 5 is not of type 'string'"),
        ({"body": b"{}"}, "body: 'text' is a required property"),
        ({"body": b'{"text": "a", "who": 1}'}, "body: Additional properties are not allowed ('who' was unexpected)"),
        ({"headers": {**GOOD.headers, "content-type": "text/plain"}}, "a body of the type “text/plain”"),
        ({"headers": {"content-type": "application/json"}}, "no bearer token"),
        ({"status": 200}, "a status that the document does not have"),
        ({"status": 404}, "an answer of the type “application/json”"),
        ({"answer": b'{"text": true}'}, "answer['text']: True is not of type 'string'"),
    ],
)
def test_each_violation_is_named(change: dict[str, Any], complaint: str, document: Document) -> None:
    bad = replace(GOOD, **change)

    assert document.violations(bad, consented=frozenset({"notes.write"}), scheme="Consent") == [f"{bad}: {complaint}"]


def test_a_consent_that_is_not_asked_for_is_named(document: Document) -> None:
    assert document.violations(GOOD, consented=frozenset({"notes.read"}), scheme="Consent") == [f"{GOOD}: needs one of the consents [['notes.write']]"]
