"""OAuth 2 as X speaks it: the consent page's address with PKCE, the code for a key, a key for the next one.

Authlib builds the questions; they leave through the planner's own client, with its time limit and without secrets in errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace

from authlib.oauth2.auth import encode_client_secret_basic
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri

from planner.channels import port
from planner.channels.grants import granted, read_grant, unanswered
from planner.channels.port import Grant, Identity
from planner.core.clock import utc_now
from planner.core.http import CallFailed, Http

__all__ = ["Consent", "Who"]

#: Asks the platform whose key this is; raises PlannerError when it does not say.
Who = Callable[[str], Sequence[Identity]]


class Consent:
    """One platform's consent, for one application of ours.

    page, token_url -- addresses of the consent page and of the token endpoint.
    basic           -- whether the application signs in by HTTP Basic (X) or in the body (Google); without a secret, by its id alone.
    asks            -- what the consent page is told besides what OAuth says.
    """

    def __init__(
        self,
        platform: str,
        page: str,
        token_url: str,
        http: Http,
        *,
        scopes: Sequence[str],
        client_id: str,
        client_secret: str,
        who: Who,
        basic: bool = False,
        asks: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.scopes = scopes
        self._platform = platform
        self._page = page
        self._token_url = token_url
        self._http = http
        self._client = SimpleNamespace(client_id=client_id, client_secret=client_secret)
        self._who = who
        self._basic = basic
        self._asks = dict(asks or {})
        self._now = now

    def authorise_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        """The consent page's address; `challenge` is the verifier's S256."""
        address = prepare_grant_uri(
            self._page, self._client.client_id, "code", redirect_uri=redirect_uri, scope=" ".join(self.scopes), state=state,
            code_challenge=challenge, code_challenge_method="S256", **self._asks,
        )  # fmt: skip
        return str(address)

    def exchange(self, *, code: str, verifier: str, redirect_uri: str) -> Grant:
        """A consent's code for a key. Raises Refused, core.http.CallFailed."""
        return granted(self._ask({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}))

    def refresh(self, refresh_token: str) -> Grant | port.Refused | port.RetryLater:
        """A new key. Without a refresh token in it the old one stays good."""
        try:
            return self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token})
        except CallFailed as failure:
            return unanswered(failure)

    def accounts(self, access_token: str) -> Sequence[Identity]:
        """The accounts this key opens, at least one. Raises Refused, Unavailable."""
        return self._who(access_token)

    def _ask(self, question: Mapping[str, str]) -> Grant | port.Refused | port.RetryLater:
        form, headers = dict(question), {"Accept": "application/json"}
        if self._basic and self._client.client_secret:
            encode_client_secret_basic(self._client, "POST", self._token_url, headers, "")
        else:
            form["client_id"] = self._client.client_id
            if self._client.client_secret:
                form["client_secret"] = self._client.client_secret
        answer = self._http.request("POST", self._token_url, data=form, headers=headers)
        return read_grant(answer, *question.values(), self._client.client_secret, platform=self._platform, now=self._now())
