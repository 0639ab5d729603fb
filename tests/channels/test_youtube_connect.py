"""Google's consent through its own library: what a grant holds, and what is said when there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from planner.channels import port
from planner.channels.port import Grant, Identity, Platform
from planner.channels.scopes import NEEDS, lacking
from planner.channels.youtube_connect import SCOPE, YouTubeConnect
from planner.core.errors import Refused, Unavailable
from planner.core.http import Http, NotSent

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BACK = "https://planner.example/back"


@pytest.fixture
def connect(httpserver: HTTPServer) -> YouTubeConnect:
    url = httpserver.url_for("").rstrip("/")
    return YouTubeConnect(url, url, url, Http(5.0), client_id="an id", client_secret="s3cret", now=lambda: NOW)


@pytest.fixture
def asked(httpserver: HTTPServer) -> Iterator[dict[str, Any]]:
    """What Google's token endpoint answers (`told`, `status`), and the form it got."""
    told: dict[str, Any] = {"told": {}, "status": 200}

    def token(request: Request) -> Response:
        told["form"] = request.form.to_dict()
        told["signed"] = (request.authorization.username, request.authorization.password) if request.authorization else None
        body = told["told"] if isinstance(told["told"], str) else json.dumps(told["told"])
        return Response(body, told["status"], content_type="application/json")

    httpserver.expect_request("/token", method="POST").respond_with_handler(token)
    yield told


def test_a_code_becomes_a_grant_with_the_scopes_that_were_given(connect: YouTubeConnect, asked: dict[str, Any]) -> None:
    asked["told"] = {
        "access_token": "ya29.A", "expires_in": 3599, "refresh_token": "1//R", "refresh_token_expires_in": 604799, "token_type": "Bearer",
        "scope": f"{SCOPE}youtube {SCOPE}yt-analytics.readonly",
    }  # fmt: skip

    grant = connect.exchange(code="c0de", verifier="v" * 43, redirect_uri=BACK)

    assert grant == Grant(
        "ya29.A", "1//R", NOW + timedelta(seconds=3599), NOW + timedelta(seconds=604799), (SCOPE + "youtube", SCOPE + "yt-analytics.readonly")
    )
    assert asked["form"] == {"grant_type": "authorization_code", "code": "c0de", "redirect_uri": BACK, "code_verifier": "v" * 43}
    assert asked["signed"] == ("an id", "s3cret")


@pytest.mark.parametrize("kept", [{}, {"refresh_token": "1//R"}, {"refresh_token": ""}])
def test_a_refresh_that_brings_no_other_refresh_token_invents_none(connect: YouTubeConnect, asked: dict[str, Any], kept: dict[str, str]) -> None:
    asked["told"] = {"access_token": "ya29.B", "expires_in": 3599, "token_type": "Bearer", **kept}

    assert connect.refresh("1//R") == Grant("ya29.B", kept.get("refresh_token") or None, NOW + timedelta(seconds=3599))
    assert (asked["form"]["grant_type"], asked["form"]["refresh_token"]) == ("refresh_token", "1//R")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, {"error": "invalid_grant", "error_description": "Token 1//R-planted of s3cret has been expired or revoked."}),
        (200, {"token_type": "Bearer"}),
        (200, {"access_token": None}),
        (200, {"access_token": 7, "scope": [1]}),
        (500, '"broken"'),
        (502, "<html>1//R-planted</html>"),
        (200, "[]"),
        (200, ""),
    ],
)
def test_no_key_is_said_without_secrets(connect: YouTubeConnect, asked: dict[str, Any], status: int, told: Any) -> None:
    asked["told"], asked["status"] = told, status

    with pytest.raises(Refused, match="Google did not give a key") as refused:
        connect.exchange(code="1//R-planted", verifier="v" * 43, redirect_uri=BACK)
    renewed = connect.refresh("1//R-planted")

    assert isinstance(renewed, port.Refused if "invalid_grant" in str(told) else port.RetryLater), "for good, or later"
    assert [word for word in ("1//R-planted", "s3cret", "v" * 43) if word in str(refused.value) + renewed.reason] == []


def test_a_wrong_client_id_is_said_with_the_settings_to_correct(connect: YouTubeConnect, asked: dict[str, Any]) -> None:
    asked["told"], asked["status"] = {"error": "invalid_client", "error_description": "The OAuth client was not found."}, 401

    with pytest.raises(Refused, match="Correct PLANNER_GOOGLE_CLIENT_ID and PLANNER_GOOGLE_CLIENT_SECRET, restart the planner") as refused:
        connect.exchange(code="1//R-planted", verifier="v" * 43, redirect_uri=BACK)

    assert connect.refresh("1//R-planted") == port.Refused("set_up", str(refused.value), account=True)


def test_a_google_that_is_not_there_is_unavailable() -> None:
    nowhere = YouTubeConnect(*["http://127.0.0.1:9"] * 3, Http(2.0), client_id="id", client_secret="s", now=lambda: NOW)

    with pytest.raises(NotSent):
        nowhere.exchange(code="c0de", verifier="v" * 43, redirect_uri=BACK)
    assert nowhere.refresh("1//R") == port.RetryLater("127.0.0.1 could not be reached; nothing was sent.")
    with pytest.raises(Unavailable, match="Nothing was stored"):
        nowhere.accounts("ya29.A")


def test_the_channel_is_told_by_number_and_name(connect: YouTubeConnect, httpserver: HTTPServer) -> None:
    items = [{"id": "UC1", "snippet": {"title": "Norvane"}}, {"id": "UC2"}]
    httpserver.expect_request("/youtube/v3/channels").respond_with_json({"items": items})

    assert connect.accounts("ya29.A") == [Identity("UC1", "Norvane"), Identity("UC2", "UC2")]


def test_an_account_without_a_channel_reads_what_to_ask_of_whom(connect: YouTubeConnect, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/youtube/v3/channels").respond_with_json({"kind": "youtube#channelListResponse"})

    with pytest.raises(Refused, match="Ask the channel's owner to add it as a manager"):
        connect.accounts("ya29.A")


def test_every_permission_that_is_asked_for_is_needed_and_the_other_way_round(connect: YouTubeConnect) -> None:
    from planner.channels.connecting import X_SCOPES
    from planner.channels.linkedin import LinkedInConnect

    asked = {Platform.X: X_SCOPES, Platform.LINKEDIN: LinkedInConnect.scopes, Platform.YOUTUBE: connect.scopes}

    assert {platform: {need.scope for need in needs} for platform, needs in NEEDS.items()} == {key: set(scopes) for key, scopes in asked.items()}


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ((), []),
        ((SCOPE + "youtube.force-ssl", SCOPE + "yt-analytics.readonly"), []),
        ((SCOPE + "youtube",), ["youtube.force-ssl", "yt-analytics.readonly"]),
        ((SCOPE + "youtube.upload",), ["youtube", "youtube.force-ssl", "youtube.readonly", "yt-analytics.readonly"]),
    ],
    ids=["none told", "the widest", "one holds others", "upload only"],
)
def test_what_is_missing_counts_wider_permissions_as_given(granted: tuple[str, ...], missing: list[str]) -> None:
    assert [need.name for need in lacking(Platform.YOUTUBE, granted)] == missing
