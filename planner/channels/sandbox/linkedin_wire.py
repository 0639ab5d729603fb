"""LinkedIn's own format: version header, Rest.li lists, error envelope, little text. Built from LinkedIn's documentation."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import unquote

from werkzeug.wrappers import Response

from planner.channels.sandbox.accounts import Account, Rejection, account, ensure, proposal
from planner.channels.sandbox.wire import Answered, Call, answer

__all__ = ["RESERVED", "gate", "identifiers", "millis", "organization", "page_of", "plain", "refuse", "stored_commentary", "trouble"]

#: Characters that mean something in little text, besides the backslash.
RESERVED = "|{}@[]()<>#*_~"
#: The newest version known when this was written; a later one exists once its month has come.
_NEWEST = 202611
#: Months in which LinkedIn released no version.
_SKIPPED = {202512}
_TOKENS: dict[str, tuple[str, int, str]] = {
    Rejection.REVOKED: ("REVOKED_ACCESS_TOKEN", 65601, "The token used in the request has been revoked by the user"),
    Rejection.EXPIRED: ("EXPIRED_ACCESS_TOKEN", 65602, "The token used in the request has expired"),
}
_WORDS = {
    400: "Bad Request", 403: "Not enough permissions to access: the resource", 404: "Not Found", 405: "Method Not Allowed",
    409: "Conflict", 429: "Resource level throttle limit for calls to this resource is reached.", 500: "Internal Server Error",
    503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip
_MENTION = re.compile(r"@\[(?:\\.|[^\[\]\\])+\]\(urn:li:(?:organization|person):[\w-]+\)")
_TEMPLATE = re.compile(r"\{hashtag\|\\?[#\uff03]\|(?:\\.|[^|{}\\])+\}")
_TAG = re.compile(r"#([^\W_]+)")
_URN_LIST = re.compile(r"^List\((.*)\)$", re.DOTALL)


def gate(call: Call) -> None:
    """Every /rest call names a version that is alive. Versions die in the middle of their month a year later."""
    told = call.request.headers.get("LinkedIn-Version", "")
    if not told:
        refuse(400, "A version must be present. Please specify a version by adding the LinkedIn-Version header.", "VERSION_MISSING")
    month = int(told[:6]) if re.fullmatch(r"\d{6}(\.\d{2})?", told) else 0
    now = call.now
    newest = max(_NEWEST, now.year * 100 + now.month)
    alive = 1 <= month % 100 <= 12 and month not in _SKIPPED and month <= newest and _sunset(month) > now.strftime("%Y%m%d")
    if not alive:
        refuse(426, f"Requested version {told} is not active", "NONEXISTENT_VERSION")
    call.headers.update({"x-li-uuid": uuid.uuid4().hex, "x-li-fabric": "sandbox", "x-li-request-id": uuid.uuid4().hex[:16]})


def trouble(status: int, why: str = "fault") -> Response:
    """An error in LinkedIn's envelope."""
    if status == 401:
        code, number, text = _TOKENS.get(why, ("INVALID_ACCESS_TOKEN", 65600, "Invalid access token"))
        return _envelope(401, text, code, number)
    code = {"scope": "ACCESS_DENIED", "throttled": "TOO_MANY_REQUESTS", "unknown": "RESOURCE_NOT_FOUND"}.get(why, "")
    return _envelope(status, _WORDS.get(status, "Error"), code, 100 if status == 403 else 0)


def refuse(status: int, message: str, code: str = "", **more: Any) -> NoReturn:
    """End the call with a refusal."""
    raise Answered(_envelope(status, message, code, 0, **more))


def identifiers(call: Call, name: str) -> list[str]:
    """A Rest.li list parameter, `List(a,b)`: brackets and commas literal, each element encoded. Empty when absent."""
    for part in call.request.query_string.decode("latin-1").split("&"):
        key, _, value = part.partition("=")
        if key != name:
            continue
        found = _URN_LIST.match(value)
        if not found or call.request.headers.get("X-Restli-Protocol-Version") != "2.0.0":
            refuse(400, f"Invalid query parameters passed to request: {name} is not a Rest.li 2.0 list", "ILLEGAL_ARGUMENT")
        return [unquote(one) for one in found[1].split(",") if one]
    return []


def page_of(call: Call, most: int = 100) -> tuple[int, int]:
    """(start, count) of a listing."""
    start, count = call.query("start", "0"), call.query("count", "10")
    if not (start.isdigit() and count.isdigit() and 0 < int(count) <= most):
        refuse(400, f"start and count must be numbers, count at most {most}", "ILLEGAL_ARGUMENT")
    return int(start), int(count)


def organization(call: Call, urn: str) -> Account:
    """The organisation that a call acts for. In a strict sandbox it must be the token's own."""
    if not re.fullmatch(r"urn:li:organization:\d+", urn):
        refuse(400, f"Invalid value for organization: {urn[:60]}", "ILLEGAL_ARGUMENT")
    with call.reading() as db:
        known = account(db, "linkedin", urn)
    if known and known.owner == call.account.owner:
        return known
    if not call.sandbox.accept_any_token:
        refuse(403, "Organization permissions must be used when using organization as author", "ACCESS_DENIED")
    if known:
        return known
    with call.writing() as db:
        return ensure(db, proposal("linkedin", call.account.owner, call.now, account_id=urn))


def millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def stored_commentary(commentary: str) -> str:
    """What LinkedIn keeps of a commentary: hashtags as templates, and nothing from the first misplaced reserved character on."""
    parts: list[str] = []
    index = 0
    while index < len(commentary):
        letter = commentary[index]
        following = commentary[index + 1 : index + 2]
        if letter == "\\" and following and following in RESERVED + "\\":
            parts.append(letter + following)
            index += 2
            continue
        if letter not in RESERVED + "\\":
            parts.append(letter)
            index += 1
            continue
        whole = _MENTION.match(commentary, index) or _TEMPLATE.match(commentary, index)
        tag = _TAG.match(commentary, index)
        if whole:
            parts.append(whole[0])
            index = whole.end()
        elif tag:
            parts.append(f"{{hashtag|\\#|{tag[1]}}}")
            index = tag.end()
        else:
            break
    return "".join(parts)


def plain(commentary: str) -> str:
    """A stored commentary as a reader sees it."""
    shown = re.sub(r"\{hashtag\|\\?[#\uff03]\|((?:\\.|[^|{}\\])+)\}", r"#\1", commentary)
    shown = re.sub(r"@\[((?:\\.|[^\[\]\\])+)\]\(urn:li:\w+:[\w-]+\)", r"\1", shown)
    return re.sub(r"\\(.)", r"\1", shown)


def _sunset(month: int) -> str:
    return f"{month // 100 + 1:04d}{month % 100:02d}16"


def _envelope(status: int, message: str, code: str, number: int, **more: Any) -> Response:
    body: dict[str, Any] = {"message": message, "status": status, **more}
    if number or status == 401:
        body["serviceErrorCode"] = number
    if code:
        body["code"] = code
    return answer(body, status)
