"""Pretend chat rooms: incoming webhooks of Mattermost and Slack (same format) and of Microsoft Teams workflows."""

from __future__ import annotations

import secrets
from typing import Any

from werkzeug.wrappers import Response

from planner.channels.sandbox import accounts, posts
from planner.channels.sandbox.posts import Post
from planner.channels.sandbox.wire import Call, Routes, answer

__all__ = ["routes"]

_LONGEST = 16_383


def _trouble(status: int, why: str) -> Response:
    return _plain({"throttled": "rate_limited", "unknown": "no_service", "revoked": "no_service"}.get(why, "server_error"), status)


routes = Routes("webhook", _trouble)


@routes("POST", "/hooks/<key>", "webhook.send", secured=False)
def mattermost(call: Call) -> Response:
    """Mattermost, and Slack-compatible senders: JSON, or a form with the JSON in `payload`."""
    if "revoked" in call.args["key"]:
        body = {"id": "web.incoming_webhook.invalid.app_error", "message": "Invalid webhook.", "status_code": 400}
        return answer(body, 400)
    text = _text(call.object)
    if not text:
        return answer({"id": "web.incoming_webhook.text.app_error", "message": "No text specified.", "status_code": 400}, 400)
    if max(len(text), len(_card(call.object))) > _LONGEST:
        return answer({"id": "web.incoming_webhook.text.length.app_error", "message": "Maximum text length is 16383 characters.", "status_code": 400}, 400)
    _keep(call, call.args["key"], text, "mattermost")
    return _plain("ok")


@routes("POST", "/services/<path:key>", "webhook.send", secured=False)
def slack(call: Call) -> Response:
    if "revoked" in call.args["key"]:
        return _plain("no_service", 404)
    text = _text(call.object)
    if "blocks" in call.object and not _are_blocks(call.object["blocks"]):
        return _plain("invalid_blocks", 400)
    if not text and not call.object.get("blocks"):
        return _plain("no_text" if isinstance(call.json, dict) else "invalid_payload", 400)
    _keep(call, call.args["key"], text or "(blocks)", "slack")
    return _plain("ok")


@routes("POST", "/teams/<path:key>", "webhook.send", secured=False)
def teams(call: Call) -> Response:
    """A workflow that posts an adaptive card."""
    if "revoked" in call.args["key"]:
        return answer({"error": {"code": "WorkflowNotFound", "message": "The workflow does not exist."}}, 404)
    text = "\n".join(_card_texts(call.object.get("attachments")))
    if call.object.get("type") != "message" or not text or not all(map(_is_card, call.object.get("attachments") or [])):
        body = {"error": {"code": "TriggerInputSchemaMismatch", "message": "The input body is not a message with an adaptive card."}}
        return answer(body, 400)
    _keep(call, call.args["key"], text, "teams")
    return answer(None, 202)


def _text(body: dict[str, Any]) -> str:
    text = body.get("text")
    if isinstance(text, str) and text.strip():
        return text
    attachments = body.get("attachments")
    parts = [str(one.get("text") or one.get("fallback") or "") for one in attachments if isinstance(one, dict)] if isinstance(attachments, list) else []
    return "\n".join(part for part in parts if part)


def _card(body: dict[str, Any]) -> str:
    """All that the cards of a message hold: titles, texts, and where the titles lead."""
    attachments = body.get("attachments")
    cards = [one for one in attachments if isinstance(one, dict)] if isinstance(attachments, list) else []
    return "\n".join(str(one[name]) for one in cards for name in ("title", "text", "title_link") if one.get(name))


def _are_blocks(blocks: Any) -> bool:
    """Whether Slack would show these: at most 50, a header of plain text up to 150, sections up to 3,000, images with their words."""

    def is_one(block: Any) -> bool:
        told = block.get("text") if isinstance(block, dict) else None
        text: dict[str, Any] = told if isinstance(told, dict) else {}
        said = text.get("text")
        match block.get("type") if isinstance(block, dict) else None:
            case "header":
                return isinstance(said, str) and text["type"] == "plain_text" and 0 < len(said) <= 150
            case "section":
                return isinstance(said, str) and text["type"] in ("mrkdwn", "plain_text") and 0 < len(said) <= 3000
            case "image":
                return str(block.get("image_url", "")).startswith("https://") and bool(block.get("alt_text"))
        return False

    return isinstance(blocks, list) and 0 < len(blocks) <= 50 and all(map(is_one, blocks))


def _is_card(attachment: Any) -> bool:
    """Whether Teams would draw it: an adaptive card of a version it knows, with a body, its actions leading somewhere."""
    card = attachment.get("content") if isinstance(attachment, dict) else None
    if not isinstance(card, dict) or card.get("type") != "AdaptiveCard" or not isinstance(card.get("body"), list):
        return False
    actions = card.get("actions", [])
    pictures = [one for one in card["body"] if isinstance(one, dict) and one.get("type") == "Image"]
    if not all(str(one.get("url", "")).startswith("https://") and one.get("altText") for one in pictures):
        return False
    return str(card.get("version")) in ("1.2", "1.3", "1.4", "1.5") and all(
        one.get("type") == "Action.OpenUrl" and str(one.get("url", "")).startswith(("https://", "http://")) for one in actions
    )


def _card_texts(attachments: Any) -> list[str]:
    """Every text in the adaptive cards, however deep."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("text"), str):
                found.append(node["text"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    for one in attachments if isinstance(attachments, list) else []:
        if isinstance(one, dict) and one.get("contentType") == "application/vnd.microsoft.card.adaptive":
            walk(one.get("content"))
    return found


def _keep(call: Call, key: str, text: str, flavour: str) -> None:
    """A room is known by a digest of its key: the address is a secret."""
    at = call.live_at
    with call.writing() as db:
        posts.add(
            db,
            Post("webhook", secrets.token_hex(13), accounts.digest(key), text, {"flavour": flavour}, at, at, call.line.at(at)),
        )


def _plain(text: str, status: int = 200) -> Response:
    return Response(text, status, content_type="text/plain; charset=utf-8")
