"""Exchanges held against Google's discovery documents, which ship inside google-api-python-client."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl

from googleapiclient.discovery_cache import get_static_doc
from jsonschema import Draft202012Validator

from tests.conformance.recording import Exchange

__all__ = ["Api"]

#: What the resumable protocol adds to an address; the documents describe it in words only.
_PROTOCOL = {"uploadType", "upload_id", "upload_protocol"}
#: Whole numbers that JSON cannot hold are written as texts.
_NUMBERS = {"int64": r"^-?\d+$", "uint64": r"^\d+$"}


class Api:
    """One of Google's interfaces; `violations` is empty for an exchange that agrees with its document."""

    def __init__(self, name: str, version: str) -> None:
        document = json.loads(get_static_doc(name, version))
        self._document = document
        self._schemas = {name: _json_schema(schema) for name, schema in document["schemas"].items()}
        self._methods = list(_methods(document))

    def method(self, exchange: Exchange) -> str:
        """The document's name for what was asked, without the name of the interface; empty when it knows no such thing."""
        found = self._find(exchange)
        return found["id"].partition(".")[2] if found else ""

    def violations(self, exchange: Exchange) -> list[str]:
        """What contradicts the document, a sentence each."""
        method = self._find(exchange)
        if method is None:
            return [f"{exchange}: the document has no such method"]
        complaints = [*self._parameters(exchange, method), *self._parts(exchange, method), *self._body(exchange, method)]
        if exchange.status < 300:
            complaints += self._answer(exchange, method)
        return [f"{exchange}: {complaint}" for complaint in complaints]

    def described(self, told: Any, schema: str) -> list[str]:
        """What contradicts one of the document's schemas."""
        validator = Draft202012Validator({"$ref": f"#/$defs/{schema}", "$defs": self._schemas})
        return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(told)]

    def _find(self, exchange: Exchange) -> dict[str, Any] | None:
        for method in self._methods:
            if exchange.method == method["httpMethod"] and exchange.path in _paths(method, self._document["servicePath"]):
                return method
        return None

    def _parameters(self, exchange: Exchange, method: Mapping[str, Any]) -> Iterator[str]:
        known = {**self._document["parameters"], **method.get("parameters", {})}
        told = parse_qsl(exchange.query, keep_blank_values=True)
        for name, value in told:
            if name in _PROTOCOL:
                continue
            if name not in known:
                yield f"unknown parameter {name}"
            else:
                yield from (f"parameter {name}: {complaint}" for complaint in _wrong(value, known[name]))
        names = [name for name, _ in told]
        for name, parameter in known.items():
            if _is_required(parameter) and name not in names:
                yield f"the parameter {name} is missing"
            if names.count(name) > 1 and not parameter.get("repeated"):
                yield f"the parameter {name} is given several times"

    def _parts(self, exchange: Exchange, method: Mapping[str, Any]) -> Iterator[str]:
        """Each part that is asked for is a member of what is answered or written."""
        schema = self._schemas[(method.get("response") or method["request"])["$ref"]] if "response" in method or "request" in method else {}
        items = schema.get("properties", {}).get("items", {}).get("items", {}).get("$ref", "")
        members = (self._schemas[items.rpartition("/")[2]] if items else schema).get("properties", {})
        for part in dict(parse_qsl(exchange.query)).get("part", "").split(","):
            if part and part not in members:
                yield f"there is no part {part}"

    def _body(self, exchange: Exchange, method: Mapping[str, Any]) -> Iterator[str]:
        kind, body = exchange.headers["content-type"].partition(";")[0], exchange.body
        if "uploadType=media" in exchange.query or kind == "multipart/related":
            accepted = method["mediaUpload"]["accept"]
            if kind == "multipart/related":
                kind, body = _related(exchange)
            if not any(re.fullmatch(pattern.replace("*", ".*"), kind) for pattern in accepted):
                yield f"a file of the type “{kind}”"
            if "uploadType=media" in exchange.query:
                return
        if "request" in method:
            yield from self.described(json.loads(body), method["request"]["$ref"])
        elif body:
            yield "a body that nobody asked for"

    def _answer(self, exchange: Exchange, method: Mapping[str, Any]) -> Iterator[str]:
        if "uploadType=resumable" in exchange.query:
            if "location" not in exchange.answer_headers:
                yield "an upload without an address"
        elif "response" in method:
            yield from self.described(exchange.said, method["response"]["$ref"])
        elif exchange.answer:
            yield "an answer where there is none"


def _methods(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for resource in told.get("resources", {}).values():
        yield from resource.get("methods", {}).values()
        yield from _methods(resource)


def _paths(method: Mapping[str, Any], service: str) -> list[str]:
    uploads = [protocol["path"] for protocol in method.get("mediaUpload", {}).get("protocols", {}).values()]
    plain = f"/{service}{method['path']}"
    return [plain, *uploads, *([f"/upload{plain}"] if uploads else [])]


def _json_schema(told: Any) -> Any:
    """A schema of the document in today's words. A member that it does not name is wrong: a mistyped one is ignored by Google."""
    if not isinstance(told, dict):
        return told
    schema: dict[str, Any] = {}
    if "$ref" in told:
        return {"$ref": f"#/$defs/{told['$ref']}"}
    if told.get("type", "any") != "any":
        schema["type"] = told["type"]
    if "enum" in told:
        schema["enum"] = told["enum"]
    if told.get("format") in _NUMBERS and told.get("type") == "string":
        schema["pattern"] = _NUMBERS[told["format"]]
    if "items" in told:
        schema["items"] = _json_schema(told["items"])
    if "properties" in told:
        schema["properties"] = {name: _json_schema(one) for name, one in told["properties"].items()}
        schema["additionalProperties"] = False
    if "additionalProperties" in told:
        schema["additionalProperties"] = _json_schema(told["additionalProperties"])
    return schema


def _wrong(value: str, parameter: Mapping[str, Any]) -> Iterator[str]:
    kind = parameter.get("type")
    if kind == "boolean" and value not in ("true", "false"):
        yield f"“{value}” is neither true nor false"
    if kind == "integer":
        if not re.fullmatch(r"-?\d+", value):
            yield f"“{value}” is no whole number"
        elif not int(parameter.get("minimum", value)) <= int(value) <= int(parameter.get("maximum", value)):
            yield f"{value} is not between {parameter.get('minimum')} and {parameter.get('maximum')}"
    if "enum" in parameter and value not in parameter["enum"]:
        yield f"“{value}” is none of {parameter['enum']}"
    # Analytics' document has its patterns in its words.
    words = re.search(r'pattern: "?(\S+)', parameter.get("description", ""))
    pattern = parameter.get("pattern") or (words[1] if words else None)
    if pattern and not re.fullmatch(pattern, value):
        yield f"“{value}” is not of the form {pattern}"


def _is_required(parameter: Mapping[str, Any]) -> bool:
    return bool(parameter.get("required")) or "required: true" in parameter.get("description", "")


def _related(exchange: Exchange) -> tuple[str, bytes]:
    """Of a description and a file sent together: the file's type, and the description."""
    head = f"Content-Type: {exchange.headers['content-type']}\r\n\r\n".encode()
    description, file = message_from_bytes(head + exchange.body).get_payload()
    return file.get_content_type(), description.get_payload(decode=True)
