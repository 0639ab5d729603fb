"""Consent at Google for a YouTube channel, over Google's own google-auth-oauthlib; its calls leave through the planner's client."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import requests
from google_auth_oauthlib.flow import Flow
from oauthlib.oauth2 import OAuth2Error
from requests.adapters import BaseAdapter

from planner.channels import port, youtube_client
from planner.channels.grants import read_grant, set_up_refused, unanswered
from planner.channels.port import Account, Grant, Identity, Platform
from planner.channels.wire import Stopped, unsaid
from planner.core.clock import utc_now
from planner.core.errors import Refused
from planner.core.http import CallFailed, Http, redact
from planner.core.i18n import N_

__all__ = ["SCOPE", "YouTubeConnect"]

SCOPE = "https://www.googleapis.com/auth/"

# Both libraries write keys into their debug log.
logging.getLogger("oauthlib").setLevel(logging.INFO)
logging.getLogger("requests_oauthlib").setLevel(logging.INFO)


class YouTubeConnect:
    """Google's consent for one application of ours: offline, every permission asked each time, PKCE.

    auth_url, token_url, api_url -- base addresses of the consent page, the token endpoint and the YouTube Data API.
    """

    scopes: Sequence[str] = tuple(SCOPE + name for name in ("youtube.upload", "youtube", "youtube.force-ssl", "youtube.readonly", "yt-analytics.readonly"))

    def __init__(
        self,
        auth_url: str,
        token_url: str,
        api_url: str,
        http: Http,
        *,
        client_id: str,
        client_secret: str,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._keys = {"client_id": client_id, "client_secret": client_secret}
        self._token_url = f"{token_url.rstrip('/')}/token"
        self._config = {"web": {**self._keys, "auth_uri": f"{auth_url.rstrip('/')}/o/oauth2/v2/auth", "token_uri": self._token_url}}
        self._api_url = api_url
        self._http = http
        self._now = now
        if "http://" in (auth_url[:7], token_url[:7]):  # The sandbox's; oauthlib, which nothing else here uses, would refuse it.
            os.environ.setdefault("OAUTHLIB_INSECURE_TRANSPORT", "1")

    def authorise_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        """The consent page's address. `prompt=consent` makes Google give a refresh token each time, not only the first."""
        with self._flow(self.scopes, redirect_uri) as flow:
            address, _ = flow.authorization_url(
                state=state, access_type="offline", prompt="consent", include_granted_scopes="true", code_challenge=challenge,
                code_challenge_method="S256",
            )  # fmt: skip
        return str(address)

    def exchange(self, *, code: str, verifier: str, redirect_uri: str) -> Grant:
        """A consent's code for a key; its scopes may be fewer than were asked. Raises Refused, core.http.CallFailed."""
        with self._flow(None, redirect_uri) as flow, _said(code, verifier, *self._keys.values()):
            return self._grant(flow.fetch_token(code=code, code_verifier=verifier))

    def refresh(self, refresh_token: str) -> Grant | port.Refused | port.RetryLater:
        """A new key; Google's refresh token mostly stays, and then none is in it. The library cannot tell “dead” from “later”."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **self._keys}
        try:
            answer = self._http.request("POST", self._token_url, data=form)
        except CallFailed as failure:
            return unanswered(failure)
        return read_grant(answer, *form.values(), platform="Google", now=self._now())

    def accounts(self, access_token: str) -> Sequence[Identity]:
        """The YouTube channel that was chosen on Google's page. Raises Refused, Unavailable."""
        youtube = youtube_client.service("youtube", "v3", self._api_url)
        account = Account(0, Platform.YOUTUBE, "", secret=access_token)
        try:
            with youtube_client.connected(account, self._http.timeout_seconds) as connection:
                told = youtube_client.answer(youtube.channels().list(part="snippet", mine=True, maxResults=50), connection)
        except youtube_client.FAILURES as error:
            raise unsaid("YouTube", Stopped(youtube_client.verdict(error, now=self._now()))) from None
        found = [Identity(str(one["id"]), _title(one)) for one in youtube_client.items(told) if one.get("id")]
        if not found:
            raise Refused(_NO_CHANNEL)
        return found

    @contextmanager
    def _flow(self, scopes: Sequence[str] | None, redirect_uri: str) -> Iterator[Flow]:
        """The library's flow, for one question. Without scopes it does not mind that a person gave fewer than were asked."""
        flow = Flow.from_client_config(self._config, scopes=scopes, redirect_uri=redirect_uri, autogenerate_code_verifier=False)
        flow.oauth2session.trust_env = False
        for scheme in ("https://", "http://"):
            flow.oauth2session.mount(scheme, _Through(self._http))
        with flow.oauth2session:
            yield flow

    def _grant(self, told: Mapping[str, Any]) -> Grant:
        now, scope, key = self._now(), told.get("scope") or (), told.get("access_token")
        if not isinstance(key, str) or not key:
            raise ValueError("no key in the answer")
        return Grant(
            access_token=key,
            refresh_token=told.get("refresh_token") or None,
            expires_at=_after(now, told.get("expires_in")),
            refresh_expires_at=_after(now, told.get("refresh_token_expires_in")),
            scopes=tuple(map(str, scope.split() if isinstance(scope, str) else scope)),
        )


_NO_CHANNEL = N_(
    "The Google account that said yes has no YouTube channel. Ask the channel's owner to add it as a manager"
    " (YouTube Studio, Settings, Permissions), then connect again and choose the channel. Nothing was stored."
)


class _Through(BaseAdapter):
    """Sends what the library asks for through the planner's own client: its time limit, and no secret in an error."""

    def __init__(self, http: Http) -> None:
        super().__init__()
        self._http = http

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """One call. Raises core.http.CallFailed, and ValueError when what came back is not an answer to the question."""
        answer = self._http.request(str(request.method), str(request.url), data=request.body, headers=dict(request.headers))
        if not answer.json_object():
            raise ValueError(f"status {answer.status}")
        response = requests.Response()
        response.status_code, response.request, response.url, response.encoding = answer.status, request, str(request.url), "utf-8"
        response.headers.update(answer.headers)
        response._content = answer.body
        return response

    def close(self) -> None:
        """The planner's client keeps its connections."""


@contextmanager
def _said(*secrets: str) -> Iterator[None]:
    """What the library raises, as a refusal in Google's words without a secret."""
    try:
        yield
    except OAuth2Error as error:
        reason = redact(str(error.description or error.error or ""), *secrets)[:300]
        if refusal := set_up_refused(str(error.error), reason, platform="Google"):
            raise Refused(refusal.reason) from None
    except ValueError as error:
        reason = redact(str(error), *secrets)[:300]
    else:
        return
    raise Refused(N_("%(platform)s did not give a key: %(reason)s Connect it again."), platform="Google", reason=reason)


def _title(channel: Mapping[str, Any]) -> str:
    snippet = channel.get("snippet")
    return str((snippet.get("title") if isinstance(snippet, dict) else "") or channel["id"])


def _after(now: datetime, seconds: Any) -> datetime | None:
    """The moment so many seconds from now; None when no number was told."""
    return now + timedelta(seconds=seconds) if isinstance(seconds, int) else None
