"""Connecting: a person allows or denies, and the application's tokens live, turn over and die as on the platforms."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from google_auth_oauthlib.flow import Flow

BACK = "http://127.0.0.1:9/back"
VERIFIER = "v" * 50


def decide(address, decision="allow", **fields):
    """What a person does in a browser: open the page, choose, press a button; the address they are sent back to."""
    page = requests.get(address, timeout=20)
    assert page.status_code == 200, page.text
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    hidden = {name: unescape(value) for name, value in hidden.items()}
    hidden["granted"] = re.findall(r'name="granted" checked value="([^"]*)"', page.text)
    answer = requests.post(
        address.partition("?")[0], data={**hidden, "name": "", "account": "", **fields, "decision": decision}, timeout=20, allow_redirects=False
    )
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def query(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


SCOPES = "tweet.read tweet.write users.read media.write offline.access"


class Application:
    """A confidential X application."""

    def __init__(self, server):
        self.base = server.url

    def address(self, scope=SCOPES):
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code", "client_id": "app", "redirect_uri": BACK, "state": "my-state", "scope": scope,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        return f"{self.base}/i/oauth2/authorize?{urlencode(asked)}"

    def ask(self, **body):
        return requests.post(f"{self.base}/2/oauth2/token", data=body, auth=("app", "secret"), timeout=20)

    def exchange(self, code, verifier=VERIFIER):
        return self.ask(grant_type="authorization_code", code=code, redirect_uri=BACK, code_verifier=verifier)

    def refresh(self, token):
        return self.ask(grant_type="refresh_token", refresh_token=token)

    def connect(self, scope=SCOPES, **fields):
        back = query(decide(self.address(scope), **fields))
        assert back["state"] == "my-state"
        answer = self.exchange(back["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def application(server):
    return Application(server)


def me(server, token):
    return requests.get(f"{server.url}/2/users/me", headers={"Authorization": f"Bearer {token}"}, timeout=20)


def test_x_gives_a_token_of_the_account_that_was_named(application, server):
    token = application.connect(name="Northwind Telecom")

    assert (token["token_type"], token["expires_in"]) == ("bearer", 7200)
    assert me(server, token["access_token"]).json()["data"]["name"] == "Northwind Telecom"


def test_an_existing_account_can_be_connected_again_with_another_token(application, server):
    first = application.connect(name="Northwind")["access_token"]
    account = me(server, first).json()["data"]["id"]

    second = application.connect(account=account)["access_token"]

    assert second != first
    assert me(server, second).json()["data"]["id"] == account


def test_x_turns_refresh_tokens_over_and_an_old_one_is_worthless(application, server):
    token = application.connect()
    account = me(server, token["access_token"]).json()["data"]["id"]

    renewed = application.refresh(token["refresh_token"]).json()

    assert renewed["refresh_token"] != token["refresh_token"]
    assert me(server, renewed["access_token"]).json()["data"]["id"] == account
    assert application.refresh(token["refresh_token"]).status_code == 400


def test_an_access_token_of_x_lives_two_hours(application, server, clock):
    token = application.connect()["access_token"]
    answers = []
    for minutes in (119, 1):
        clock.pass_(minutes=minutes)
        answers.append(me(server, token).status_code)

    assert answers == [200, 401]


def test_a_code_lives_thirty_seconds_and_works_once(application, server, clock):
    late = query(decide(application.address()))["code"]
    clock.pass_(seconds=31)
    answers = [application.exchange(late)]
    code = query(decide(application.address()))["code"]
    answers += [application.exchange(code, "w" * 50), application.exchange(code), application.exchange(code)]

    assert [answer.status_code for answer in answers] == [400, 400, 200, 400]


def test_denying_sends_an_error_back_with_the_state(application):
    assert query(decide(application.address(), "deny")) == {"error": "access_denied", "state": "my-state"}


@pytest.mark.parametrize("without", ["state", "code_challenge", "client_id", "redirect_uri", "scope", "response_type"])
def test_an_incomplete_request_is_refused_on_the_page_and_sends_nobody_anywhere(server, without):
    asked = {
        "response_type": "code", "client_id": "app", "redirect_uri": BACK, "state": "s", "scope": "tweet.read",
        "code_challenge": "c", "code_challenge_method": "S256",
    }  # fmt: skip
    del asked[without]

    page = requests.get(f"{server.url}/i/oauth2/authorize", params=asked, timeout=20, allow_redirects=False)

    assert page.status_code == 400
    assert "Location" not in page.headers


def test_a_token_without_the_scope_is_refused(application, server):
    token = application.connect("tweet.read users.read")

    answer = requests.post(
        f"{server.url}/2/tweets", json={"text": "Not allowed"}, headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=20
    )

    assert answer.status_code == 403
    assert "refresh_token" not in token


def test_revoking_kills_the_access_and_the_refresh_token(application, server):
    token = application.connect()

    requests.post(f"{server.url}/2/oauth2/revoke", data={"token": token["access_token"], "client_id": "app"}, timeout=20)

    assert me(server, token["access_token"]).status_code == 401
    assert application.refresh(token["refresh_token"]).status_code == 400


def connect_linkedin(server):
    asked = {"response_type": "code", "client_id": "app", "redirect_uri": BACK, "state": "s", "scope": "w_organization_social rw_organization_admin"}
    address = requests.Request("GET", f"{server.url}/oauth/v2/authorization", params=asked).prepare().url
    code = query(decide(address, name="Fjord Networks"))["code"]
    body = {"grant_type": "authorization_code", "code": code, "client_id": "app", "client_secret": "secret", "redirect_uri": BACK}
    return requests.post(f"{server.url}/oauth/v2/accessToken", data=body, timeout=20).json()


def test_linkedin_gives_sixty_days_and_a_refresh_token_only_to_partners(server, door, clock):
    plain = connect_linkedin(server)
    door("POST", "/_sandbox/settings", json={"linkedin_refresh_tokens": True})
    partner = connect_linkedin(server)
    clock.pass_(days=10)
    renewed = requests.post(
        f"{server.url}/oauth/v2/accessToken",
        data={"grant_type": "refresh_token", "refresh_token": partner["refresh_token"], "client_id": "app", "client_secret": "secret"},
        timeout=20,
    ).json()
    headers = {"Authorization": f"Bearer {renewed['access_token']}", "LinkedIn-Version": "202607"}
    pages = requests.get(f"{server.url}/rest/organizationAcls?q=roleAssignee", headers=headers, timeout=20).json()["elements"]
    number = pages[0]["organization"].rsplit(":", 1)[1]

    assert (plain["expires_in"], "refresh_token" in plain) == (5_184_000, False)
    assert partner["refresh_token_expires_in"] == 365 * 86_400
    assert (renewed["refresh_token"], renewed["refresh_token_expires_in"]) == (partner["refresh_token"], 355 * 86_400)
    assert requests.get(f"{server.url}/rest/organizations/{number}", headers=headers, timeout=20).json()["localizedName"] == "Fjord Networks"


def test_googles_own_flow_connects_and_refreshes(server, monkeypatch):
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    config = {"web": {"client_id": "app", "client_secret": "secret", "auth_uri": f"{server.url}/o/oauth2/v2/auth", "token_uri": f"{server.url}/token"}}
    scopes = ["https://www.googleapis.com/auth/youtube.upload", "https://www.googleapis.com/auth/youtube"]
    flow = Flow.from_client_config(config, scopes=scopes, redirect_uri=BACK)
    address, _ = flow.authorization_url(access_type="offline", prompt="consent")
    flow.fetch_token(code=query(decide(address, name="Ravelin Group"))["code"])
    credentials = flow.credentials

    from google.auth.transport.requests import Request

    first = credentials.token
    with requests.Session() as session:
        credentials.refresh(Request(session))
    headers = {"Authorization": f"Bearer {credentials.token}"}
    channel = requests.get(f"{server.url}/youtube/v3/channels?part=snippet&mine=true", headers=headers, timeout=20).json()["items"][0]
    captions = requests.get(f"{server.url}/youtube/v3/captions?part=id&videoId=x", headers=headers, timeout=20)
    flow.oauth2session.close()

    assert first != credentials.token
    assert channel["snippet"]["title"] == "Ravelin Group"
    assert (captions.status_code, captions.json()["error"]["errors"][0]["reason"]) == (403, "insufficientPermissions")
