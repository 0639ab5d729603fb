"""Consent pages and token endpoints of the three platforms: authorization code, PKCE, refresh, revoke."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from werkzeug.wrappers import Response

from planner.channels.sandbox import accounts, pages, things
from planner.channels.sandbox.accounts import NOBODY, Account, digest, proposal
from planner.channels.sandbox.state import stamp
from planner.channels.sandbox.things import Thing
from planner.channels.sandbox.wire import Answered, Call, Routes, answer

__all__ = ["tables"]

#: A code lives this long, on all three platforms (X says 30 seconds; the others are at most stricter here).
_CODE = timedelta(seconds=30)
_LINKEDIN_REFRESH = timedelta(days=365)
_LONGEST_STATE = 500


@dataclass(frozen=True, slots=True)
class _Platform:
    """How one platform consents. `proof` says whether PKCE is a must; `basic` whether clients may sign in by header."""

    name: str
    title: str
    seconds: int
    proof: bool
    basic: bool
    prefix: str


_X = _Platform("x", "X", 7200, True, True, "sandbox-x")
_LINKEDIN = _Platform("linkedin", "LinkedIn", 5_184_000, False, False, "AQsandbox")
_GOOGLE = _Platform("youtube", "Google", 3599, False, True, "ya29.sandbox")


def _trouble(status: int, why: str) -> Response:
    code = {"throttled": "temporarily_unavailable", "fault": "server_error"}.get(why, "invalid_request")
    return answer({"error": code, "error_description": f"The request was refused ({why})."}, status)


_x_routes = Routes("x", _trouble)
_linkedin_routes = Routes("linkedin", _trouble)
_google_routes = Routes("youtube", _trouble)
tables = (_x_routes, _linkedin_routes, _google_routes)


@_x_routes("GET", "/i/oauth2/authorize", "x.authorize", secured=False)
def x_page(call: Call) -> Response:
    return _page(call, _X)


@_x_routes("POST", "/i/oauth2/authorize", "x.consent", secured=False)
def x_consent(call: Call) -> Response:
    return _consent(call, _X)


@_x_routes("POST", "/2/oauth2/token", "x.token", secured=False)
def x_token(call: Call) -> Response:
    return _token(call, _X)


@_x_routes("POST", "/2/oauth2/revoke", "x.revoke", secured=False)
def x_revoke(call: Call) -> Response:
    return _revoke(call, _X)


@_linkedin_routes("GET", "/oauth/v2/authorization", "linkedin.authorize", secured=False)
def linkedin_page(call: Call) -> Response:
    return _page(call, _LINKEDIN)


@_linkedin_routes("POST", "/oauth/v2/authorization", "linkedin.consent", secured=False)
def linkedin_consent(call: Call) -> Response:
    return _consent(call, _LINKEDIN)


@_linkedin_routes("POST", "/oauth/v2/accessToken", "linkedin.token", secured=False)
def linkedin_token(call: Call) -> Response:
    return _token(call, _LINKEDIN)


@_linkedin_routes("POST", "/oauth/v2/revoke", "linkedin.revoke", secured=False)
def linkedin_revoke(call: Call) -> Response:
    return _revoke(call, _LINKEDIN)


@_google_routes("GET", "/o/oauth2/v2/auth", "youtube.authorize", secured=False)
def google_page(call: Call) -> Response:
    return _page(call, _GOOGLE)


@_google_routes("POST", "/o/oauth2/v2/auth", "youtube.consent", secured=False)
def google_consent(call: Call) -> Response:
    return _consent(call, _GOOGLE)


@_google_routes("POST", "/token", "youtube.token", secured=False)
def google_token(call: Call) -> Response:
    return _token(call, _GOOGLE)


@_google_routes("POST", "/revoke", "youtube.revoke", secured=False)
def google_revoke(call: Call) -> Response:
    return _revoke(call, _GOOGLE)


def _page(call: Call, platform: _Platform) -> Response:
    """The page that asks a person to allow the connection."""
    asked = _checked(call, platform, call.request.args)
    with call.reading() as db:
        known = [one for one in accounts.all_accounts(db, platform.name) if one.owner != NOBODY][:30]
    fresh = proposal(platform.name, secrets.token_hex(8), call.now)
    return pages.show(
        "consent.html", platform=platform.title, asked=asked, scopes=asked["scope"].split(), accounts=known, fresh=fresh.name,
        client=asked["client_id"], granular=platform is _GOOGLE, pages=platform is _LINKEDIN,
    )  # fmt: skip


def _consent(call: Call, platform: _Platform) -> Response:
    """What the person pressed: back to the application with a code, or with a refusal."""
    form = call.request.form
    asked = _checked(call, platform, form)
    if form.get("decision") != "allow":
        told = {"error": "user_cancelled_login" if platform is _LINKEDIN else "access_denied", "state": asked["state"]}
        return _back(asked["redirect_uri"], told)
    code = secrets.token_urlsafe(30)
    if form.get("granular"):  # Google's boxes: what was not ticked is not given.
        asked["scope"] = " ".join(scope for scope in asked["scope"].split() if scope in form.getlist("granted"))
    with call.writing() as db:
        account, owner = _chosen(db, call, platform, form)
        body = {**asked, "account": account.id, "owner": owner, "used": False}
        things.add(db, Thing(platform.name, "code", digest(code), account.id, "", body, call.now))
    return _back(asked["redirect_uri"], {"code": code, "state": asked["state"]})


def _checked(call: Call, platform: _Platform, given: Mapping[str, str]) -> dict[str, str]:
    """The authorization request, or a page that says what is wrong with it (nothing is sent to an unknown address)."""
    names = ("response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge", "code_challenge_method", "access_type", "prompt")
    asked = {name: given.get(name, "") for name in names}
    address = urlsplit(asked["redirect_uri"])
    wrong = ""
    if asked["response_type"] != "code":
        wrong = "response_type must be code."
    elif not asked["client_id"]:
        wrong = "client_id is missing."
    elif address.scheme not in ("http", "https") or not address.netloc:
        wrong = "redirect_uri is not a web address."
    elif not asked["scope"]:
        wrong = "scope is missing."
    elif len(asked["state"]) > _LONGEST_STATE or (platform.proof and not asked["state"]):
        wrong = "state is missing or longer than 500 characters."
    elif platform.proof and (not asked["code_challenge"] or asked["code_challenge_method"] not in ("S256", "plain")):
        wrong = "code_challenge and code_challenge_method=S256 are needed."
    if wrong:
        raise Answered(pages.show("refused.html", status=400, platform=platform.title, reason=wrong))
    return asked


def _chosen(db: sqlite3.Connection, call: Call, platform: _Platform, form: Mapping[str, str]) -> tuple[Account, str]:
    """The account that was chosen or named, and the person who consents. On LinkedIn one person may have several pages, or none."""
    names = [name for part in form.get("name", "").split(";" if platform is _LINKEDIN else "\0") if (name := part.strip()[:60])]
    if platform is _LINKEDIN and form.get("account") == NOBODY:
        return accounts.ensure(db, proposal(platform.name, NOBODY, call.now, name="A person without a page")), digest("consent:nobody")
    known = accounts.account(db, platform.name, form.get("account", ""))
    if known and not names:
        return known, known.owner
    owner = digest(f"consent:{';'.join(names) or secrets.token_hex(8)}")
    made = [
        accounts.ensure(db, replace(proposal(platform.name, owner if count == 0 else digest(f"{owner}:{count}"), call.now, name=name), owner=owner))
        for count, name in enumerate(names or [""])
    ]
    return made[0], owner


def _back(address: str, told: dict[str, str]) -> Response:
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query), *((name, value) for name, value in told.items() if value)])
    return Response("", 303, {"Location": urlunsplit(parts._replace(query=query)), "Cache-Control": "no-store"})


def _token(call: Call, platform: _Platform) -> Response:
    form = call.request.form
    client = _client(call, platform)
    match form.get("grant_type"):
        case "authorization_code":
            return _exchange(call, platform, client, form)
        case "refresh_token":
            return _refresh(call, platform, client, form)
        case _:
            return _refused("unsupported_grant_type", "The grant_type is not supported.")


def _client(call: Call, platform: _Platform) -> str:
    """Who asks: by HTTP Basic or in the body. LinkedIn and Google want a secret; X takes a public client's id alone."""
    form, header = call.request.form, call.request.headers.get("Authorization", "")
    if platform.basic and header.lower().startswith("basic "):
        try:
            client, _, secret = base64.b64decode(header[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            client = secret = ""
    else:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not client or (not secret and platform is not _X):
        raise Answered(_refused("invalid_client", "Client authentication failed.", 401))
    return client


def _exchange(call: Call, platform: _Platform, client: str, form: Mapping[str, str]) -> Response:
    with call.writing() as db:
        kept = things.find(db, platform.name, "code", digest(form.get("code", "")))
        if kept is None or kept.body["used"] or call.now > kept.created_at + _CODE:
            return _refused("invalid_grant", "Value passed for the authorization code was invalid or has expired.")
        asked = kept.body
        if asked["client_id"] != client or asked["redirect_uri"] != form.get("redirect_uri", ""):
            return _refused("invalid_grant", "The client or the redirect_uri is not that of the authorization.")
        if asked["code_challenge"] and not _proven(asked, form.get("code_verifier", "")):
            return _refused("invalid_grant", "Value passed for the code verifier did not match the code challenge.")
        things.change(db, kept, {**asked, "used": True})
        scopes = asked["scope"].replace(",", " ").split()
        grant = secrets.token_hex(12)
        wants_refresh = {
            "x": "offline.access" in scopes,
            "linkedin": bool(call.settings["linkedin_refresh_tokens"]),
            "youtube": asked["access_type"] == "offline",
        }[platform.name]
        about = {"account": asked["account"], "scopes": scopes}
        told = _issue(db, call, platform, asked["owner"], client, grant, about)
        if wants_refresh:
            expires = call.now + _LINKEDIN_REFRESH if platform is _LINKEDIN else None
            told |= _refreshing(db, call, platform, asked["owner"], client, grant, about, expires)
    return answer(told, headers={"Cache-Control": "no-store"})


def _refresh(call: Call, platform: _Platform, client: str, form: Mapping[str, str]) -> Response:
    """A new access token. X also gives a new refresh token and takes the old one away; LinkedIn's never lives longer."""
    given = digest(form.get("refresh_token", ""))
    with call.writing() as db:
        row = db.execute("SELECT * FROM tokens WHERE digest = ? AND platform = ? AND kind = 'refresh'", (given, platform.name)).fetchone()
        is_dead = row is None or row["revoked_at"] is not None or row["client"] != client
        if is_dead or (row["expires_at"] is not None and row["expires_at"] <= stamp(call.now)):
            return _refused("invalid_grant" if platform is not _X else "invalid_request", "Value passed for the token was invalid.")
        about = json.loads(row["body"])
        told = _issue(db, call, platform, row["owner"], client, row["grant_id"], about)
        if platform is _X:
            db.execute("UPDATE tokens SET revoked_at = ? WHERE digest = ?", (stamp(call.now), given))
            told |= _refreshing(db, call, platform, row["owner"], client, row["grant_id"], about, None)
        if platform is _LINKEDIN:
            told |= {"refresh_token": form.get("refresh_token", ""), "refresh_token_expires_in": int(row["expires_at"] - stamp(call.now))}
    return answer(told, headers={"Cache-Control": "no-store"})


def _revoke(call: Call, platform: _Platform) -> Response:
    token = call.request.form.get("token") or call.query("token")
    if not token:
        return _refused("invalid_request", "token is missing.")
    with call.writing() as db:
        accounts.revoke(db, token, platform.name, call.now)
    return answer({"revoked": True} if platform is _X else {})


def _issue(
    db: sqlite3.Connection, call: Call, platform: _Platform, owner: str, client: str, grant: str, about: dict[str, Any]
) -> dict[str, Any]:
    token = f"{platform.prefix}-{secrets.token_urlsafe(32)}"
    _store(db, platform, token, owner, "access", client, grant, about, call.now + timedelta(seconds=platform.seconds))
    told = {"token_type": "bearer" if platform is _X else "Bearer", "expires_in": platform.seconds, "access_token": token}
    separator = "," if platform is _LINKEDIN else " "
    return {**told, "scope": separator.join(about["scopes"])}


def _refreshing(
    db: sqlite3.Connection, call: Call, platform: _Platform, owner: str, client: str, grant: str, about: dict[str, Any],
    expires: datetime | None,
) -> dict[str, Any]:  # fmt: skip
    token = f"{platform.prefix}-refresh-{secrets.token_urlsafe(32)}"
    _store(db, platform, token, owner, "refresh", client, grant, about, expires)
    told: dict[str, Any] = {"refresh_token": token}
    return {**told, "refresh_token_expires_in": int(stamp(expires) - stamp(call.now))} if expires else told


def _store(
    db: sqlite3.Connection, platform: _Platform, token: str, owner: str, kind: str, client: str, grant: str, about: dict[str, Any],
    expires: datetime | None,
) -> None:  # fmt: skip
    db.execute(
        "INSERT INTO tokens (digest, platform, owner, kind, client, grant_id, body, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (digest(token), platform.name, owner, kind, client, grant, json.dumps(about), stamp(expires) if expires else None),
    )


def _proven(asked: Mapping[str, str], verifier: str) -> bool:
    """PKCE: the verifier hashes to the challenge."""
    if asked["code_challenge_method"] == "plain":
        return secrets.compare_digest(verifier, asked["code_challenge"])
    hashed = base64.urlsafe_b64encode(sha256(verifier.encode("ascii", "replace")).digest()).decode().rstrip("=")
    return 43 <= len(verifier) <= 128 and secrets.compare_digest(hashed, asked["code_challenge"])


def _refused(code: str, description: str, status: int = 400) -> Response:
    return answer({"error": code, "error_description": description}, status, {"Cache-Control": "no-store"})
