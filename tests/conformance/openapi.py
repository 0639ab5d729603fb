"""Exchanges held against an OpenAPI 3.0 document: paths, parameters, bodies, answers and consents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from openapi_schema_validator import OAS30Validator, oas30_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.conformance.recording import Exchange, form_of

__all__ = ["Document"]

_ROOT = "urn:document"


class Document:
    """An OpenAPI document; `violations` is empty for an exchange that agrees with it."""

    def __init__(self, path: Path) -> None:
        self._told = json.loads(path.read_text())
        self._registry = Registry().with_resource(_ROOT, Resource.from_contents(self._told, default_specification=DRAFT4))
        self._paths = sorted(self._told["paths"], key=lambda template: template.count("{"))

    @property
    def version(self) -> str:
        return str(self._told["info"]["version"])

    def members(self, schema: str) -> list[str]:
        """The names of an object's members."""
        return list(self._told["components"]["schemas"][schema]["properties"])

    def operation(self, exchange: Exchange) -> str:
        """The document's name for what was asked; empty when it knows no such thing."""
        found = self._find(exchange)
        return found[2]["operationId"] if found else ""

    def violations(self, exchange: Exchange, *, consented: frozenset[str], scheme: str = "OAuth2UserToken") -> list[str]:
        """What contradicts the document, a sentence each; `consented` are the scopes that the application asks for."""
        found = self._find(exchange)
        if found is None:
            return [f"{exchange}: the document has no such operation"]
        template, inside_path, operation = found
        at = f"#/paths/{_pointer(template)}/{exchange.method.lower()}"
        complaints = [
            *self._consent(exchange, operation, consented, scheme),
            *self._parameters(exchange, operation, at, inside_path),
            *self._request(exchange, operation, at),
            *self._answer(exchange, operation, at),
        ]
        return [f"{exchange}: {complaint}" for complaint in complaints]

    def _find(self, exchange: Exchange) -> tuple[str, dict[str, str], dict[str, Any]] | None:
        for template in self._paths:
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
            match = re.fullmatch(pattern, exchange.path)
            if match and exchange.method.lower() in self._told["paths"][template]:
                return template, match.groupdict(), self._told["paths"][template][exchange.method.lower()]
        return None

    def _consent(self, exchange: Exchange, operation: Mapping[str, Any], consented: frozenset[str], scheme: str) -> Iterator[str]:
        ways = [way[scheme] for way in operation.get("security", []) if scheme in way]
        if not exchange.headers.get("authorization", "").startswith("Bearer "):
            yield "no bearer token"
        if not any(set(way) <= consented for way in ways):
            yield f"needs one of the consents {ways}"

    def _parameters(self, exchange: Exchange, operation: Mapping[str, Any], at: str, inside_path: Mapping[str, str]) -> Iterator[str]:
        query = dict(parse_qsl(exchange.query, keep_blank_values=True))
        for number, parameter in enumerate(operation.get("parameters", [])):
            where = f"{at}/parameters/{number}"
            while "$ref" in parameter:
                where = parameter["$ref"]
                parameter = self._at(where)
            told = (query if parameter["in"] == "query" else {name: unquote(value) for name, value in inside_path.items()}).get(parameter["name"])
            query.pop(parameter["name"], None)
            if told is not None:
                value = _value(told, self._resolved(parameter["schema"]))
                yield from self._complaints(value, f"{where}/schema", f"parameter {parameter['name']}")
            elif parameter.get("required"):
                yield f"the parameter {parameter['name']} is missing"
        yield from (f"unknown parameter {name}" for name in query)

    def _request(self, exchange: Exchange, operation: Mapping[str, Any], at: str) -> Iterator[str]:
        if "requestBody" not in operation:
            if exchange.body:
                yield "a body that nobody asked for"
            return
        kind = exchange.headers["content-type"].partition(";")[0]
        if kind not in operation["requestBody"]["content"]:
            yield f"a body of the type “{kind}”"
            return
        where = f"{at}/requestBody/content/{_pointer(kind)}/schema"
        schema = self._resolved(self._at(where))
        body = _form(exchange, schema) if kind.startswith("multipart/") else json.loads(exchange.body)
        yield from self._complaints(body, where, "body")

    def _answer(self, exchange: Exchange, operation: Mapping[str, Any], at: str) -> Iterator[str]:
        status = str(exchange.status) if str(exchange.status) in operation["responses"] else "default"
        if status == "default" and exchange.status < 400:
            yield "a status that the document does not have"
            return
        kind = exchange.answer_headers["content-type"].partition(";")[0]
        if kind not in operation["responses"][status]["content"]:
            yield f"an answer of the type “{kind}”"
            return
        where = f"{at}/responses/{status}/content/{_pointer(kind)}/schema"
        yield from self._complaints(exchange.said, where, "answer")

    def _complaints(self, value: Any, where: str, what: str) -> Iterator[str]:
        validator = OAS30Validator({"$ref": _ROOT + where}, registry=self._registry, format_checker=oas30_format_checker)
        for error in validator.iter_errors(value):
            place = "".join(f"[{step!r}]" for step in error.absolute_path)
            yield f"{what}{place}: {error.message[:300]}"

    def _at(self, pointer: str) -> Any:
        value = self._told
        for step in pointer.removeprefix("#/").split("/"):
            step = step.replace("~1", "/").replace("~0", "~")
            value = value[int(step) if isinstance(value, list) else step]
        return value

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = self._at(schema["$ref"])
        return schema


def _pointer(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _value(told: str, schema: Mapping[str, Any]) -> Any:
    """A parameter's text as what the schema says it is; a list is written with commas."""
    kind = schema.get("type")
    if kind == "array":
        return [_value(one, schema["items"]) for one in told.split(",")]
    if kind == "integer" and re.fullmatch(r"-?\d+", told):
        return int(told)
    return {"true": True, "false": False}.get(told, told) if kind == "boolean" else told


def _form(exchange: Exchange, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A form's fields, each as what the schema says it is."""
    return {name: _value(text, schema["properties"].get(name, {})) for name, text in form_of(exchange).items()}
