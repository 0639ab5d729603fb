"""LinkedIn company pages, over what is left of python-linkedin-v2: its application, its consent page, its shape.

The library puts the token into the address, checks no state and forgets the refresh token. What it would send is sent
here instead with a bearer header, through the planner's own client, and its consent addresses are today's.
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from linkedin_v2.linkedin import LinkedInApplication, LinkedInAuthentication

from planner.channels import limits
from planner.channels import linkedin_media as media
from planner.channels import linkedin_metrics as metrics
from planner.channels import linkedin_posts as posts
from planner.channels.details import FollowerGain
from planner.channels.grants import granted, read_grant, unanswered
from planner.channels.linkedin_pages import administered
from planner.channels.linkedin_rest import Rest, encoded
from planner.channels.port import (
    Account,
    AudienceCount,
    Grant,
    Identity,
    Keep,
    Limits,
    Listing,
    NativePost,
    Outcome,
    OutgoingPost,
    OwnPosts,
    Readings,
    Receipt,
    Refused,
    RetryLater,
    Sent,
)
from planner.channels.wire import Stopped, nothing_live, unsaid
from planner.core.clock import utc_now
from planner.core.errors import Refused as ConsentRefused
from planner.core.http import Answer, CallFailed, Http
from planner.core.i18n import N_

__all__ = ["LinkedInAdapter", "LinkedInConnect"]

_TOKEN = re.compile(r"[\x21-\x7e]+")
_NO_TOKEN = Refused("unauthorised", "This LinkedIn page is not connected. Connect it again in Settings.", account=True)

_NO_PAGE = N_(
    "The person who said yes on LinkedIn administers no company page. Ask a super admin of your page to make them a super admin too"
    " (on the page: Settings, Manage admins), then connect again. Nothing was stored."
)


class Application(LinkedInApplication):  # type: ignore[misc]
    """The library's application; every request carries the key in a header and says which version it speaks."""

    def __init__(self, http: Http, token: str, version: str) -> None:
        super().__init__(token=token)
        self._http = http
        self._version = version

    def make_request(
        self,
        method: str,
        url: str,
        data: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """One call; raises core.http.CallFailed. Unlike the library's, `timeout` bounds the whole call."""
        ours = {
            "Authorization": f"Bearer {self.authentication.token.access_token}",
            "LinkedIn-Version": self._version,
            "X-Restli-Protocol-Version": "2.0.0",
            "Content-Type": "application/json",
        }
        return self._http.request(
            method.upper(), url, data=data, params=params, headers=ours | dict(headers or {}), timeout_seconds=timeout
        )


class LinkedInAdapter:
    """One company page's publisher and metrics. Keeps nothing between calls."""

    limits: Limits = limits.LINKEDIN
    batch = metrics.BATCH
    tells_gains = True

    def __init__(
        self,
        api_url: str,
        http: Http,
        *,
        version: str,
        tries: int = 2,
        looks: Sequence[float] = (1.0, 2.0, 4.0, 8.0, 15.0),
        wait: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._http = http
        self._version = version
        self._patience = media.Patience(tries, looks, wait)
        self._now = now

    def publish(self, post: OutgoingPost, account: Account, *, keep: Keep) -> Outcome:
        """Upload the files, make the post, read it back, add the first comment. The last two can only leave a note."""
        text = posts.full_text(post)
        refused = posts.complaint(post, self.limits) if _is_connected(account) else _NO_TOKEN
        if refused is not None:
            return refused
        try:
            rest = self._rest(account)
            urns = media.attach(rest, post, keep, self._patience)
        except Stopped as stopped:
            return nothing_live(stopped.outcome)
        try:
            urn = posts.create(rest, text, media.content(post, urns))
        except Stopped as stopped:
            return stopped.outcome
        cut, comment = posts.read_back(rest, urn, text), posts.add_comment(rest, urn, post.first_comment)
        note = " ".join(filter(None, (cut, comment)))
        return Sent(Receipt(urn, posts.address(urn)), note, undone=("first_comment",) if comment else ())

    def find(self, post: OutgoingPost, since: datetime, account: Account) -> Listing:
        """The page's own posts since then whose text, and card or files where told, are this post's."""
        if not _is_connected(account):
            return Listing((), complete=False, reason=_NO_TOKEN.reason)
        try:
            told = list(posts.own_posts(self._rest(account), since))
        except Stopped as stopped:
            return stopped.listing
        return Listing([posts.receipt(element) for element in told if posts.is_same(post, element)], complete=True)

    def recent(self, since: datetime, account: Account) -> OwnPosts:
        """The page's posts since then that its followers see, ours and others'."""
        if not _is_connected(account):
            return OwnPosts(complete=False, failed=_NO_TOKEN)
        found: list[NativePost] = []
        try:
            for element in posts.own_posts(self._rest(account), since):
                if posts.is_on_page(element):
                    found.append(posts.native(element))
        except Stopped as stopped:
            return OwnPosts(found, complete=False, failed=nothing_live(stopped.outcome))
        return OwnPosts(found)

    def edit(self, post: OutgoingPost, external_id: str, account: Account) -> Outcome:
        """Change the text of a live post, the only part LinkedIn lets go of, and read it back."""
        text = posts.full_text(post)
        refused = posts.complaint(post, self.limits) if _is_connected(account) else _NO_TOKEN
        if refused is not None:
            return refused
        try:
            note = posts.change(self._rest(account), external_id, text)
        except Stopped as stopped:
            return stopped.outcome
        return Sent(Receipt(external_id, posts.address(external_id)), note)

    def finish(self, post: OutgoingPost, external_id: str, steps: Sequence[str], account: Account) -> Outcome:
        """Add the first comment, unless the page has said it already: a lost answer may have made it."""
        if not _is_connected(account):
            return _NO_TOKEN
        sent = Sent(Receipt(external_id, posts.address(external_id)))
        if "first_comment" not in steps or not post.first_comment.strip():
            return sent
        try:
            rest = self._rest(account)
            if not posts.has_comment(rest, external_id, post.first_comment):
                posts.comment(rest, external_id, post.first_comment)
        except Stopped as stopped:
            return stopped.outcome
        return sent

    def delete(self, external_id: str, account: Account) -> Outcome:
        """Take the post off LinkedIn; one that is already gone counts as taken off, as LinkedIn itself has it."""
        if not _is_connected(account):
            return _NO_TOKEN
        try:
            rest = self._rest(account)
            answer = rest.delete(f"posts/{encoded(external_id)}")
            if answer.status != 404:
                rest.yes(answer)
        except Stopped as stopped:
            return stopped.outcome
        return Sent(Receipt(external_id, posts.address(external_id)))

    def readings(self, external_ids: Sequence[str], account: Account) -> Readings:
        """Numbers of up to 50 posts. LinkedIn tells impressions; `views` stays None."""
        if len(external_ids) > self.batch:
            raise ValueError(f"LinkedIn is asked for at most {self.batch} posts a call, not {len(external_ids)}")
        if not _is_connected(account):
            return Readings(failed=_NO_TOKEN)
        try:
            return metrics.readings(self._rest(account), list(dict.fromkeys(external_ids)), self._now())
        except Stopped as stopped:
            return Readings(failed=nothing_live(stopped.outcome))

    def audience(self, account: Account) -> Sequence[AudienceCount] | None:
        """Followers in all and by seniority, function, industry, country, region, staff count; None when not told."""
        if not _is_connected(account):
            return None
        try:
            return metrics.audience(self._rest(account), self._now())
        except Stopped:
            return None

    def gains(self, since: date, account: Account) -> Sequence[FollowerGain] | None:
        """Followers gained day by day, organic and paid apart; None when not told."""
        if not _is_connected(account):
            return None
        try:
            return metrics.gains(self._rest(account), since, self._now())
        except Stopped:
            return None

    def _rest(self, account: Account) -> Rest:
        """The account's way to LinkedIn, speaking for its page. Raises Stopped."""
        secret = account.secret or ""
        request = Application(self._http, secret, self._version).make_request
        rest = Rest(self._api_url, account.external_id, secret, request, self._now)
        return rest if rest.owner else rest.speaking_for(_only_page(rest))


class LinkedInConnect(LinkedInAuthentication):  # type: ignore[misc]
    """Consent on LinkedIn. The library builds the consent page's address; the exchange is ours."""

    scopes = (
        "w_organization_social",
        "r_organization_social",
        "rw_organization_admin",
        "r_organization_social_feed",
        "w_organization_social_feed",
    )

    def __init__(
        self,
        auth_url: str,
        http: Http,
        *,
        client_id: str,
        client_secret: str,
        api_url: str = "",
        version: str = "",
        wait: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(client_id, client_secret, "", list(self.scopes))
        self.AUTHORIZATION_URL = f"{auth_url.rstrip('/')}/oauth/v2/authorization"
        self.ACCESS_TOKEN_URL = f"{auth_url.rstrip('/')}/oauth/v2/accessToken"
        self._http = http
        self._api_url = api_url.rstrip("/")
        self._version = version
        self._wait = wait
        self._now = now

    def authorise_url(self, *, state: str, challenge: str, redirect_uri: str) -> str:
        """The consent page's address. LinkedIn knows no PKCE for applications that have a secret."""
        asking = copy.copy(self)  # the library keeps the question in the object; ours is shared between people
        asking.state, asking.redirect_uri = state, redirect_uri
        return str(asking.authorization_url)

    def exchange(self, *, code: str, verifier: str, redirect_uri: str) -> Grant:
        """A consent's code for a key. Raises ConsentRefused, core.http.CallFailed."""
        return granted(self._ask({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}))

    def refresh(self, refresh_token: str) -> Grant | Refused | RetryLater:
        """A new key. Its refresh token may be missing: the old one then stays."""
        try:
            return self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token})
        except CallFailed as failure:
            return unanswered(failure)

    def accounts(self, access_token: str) -> Sequence[Identity]:
        """The pages this key's person administers, by name, at least one. Raises ConsentRefused, Unavailable."""
        request = Application(self._http, access_token, self._version).make_request
        try:
            found = administered(Rest(self._api_url, "", access_token, request, self._now), wait=self._wait)
        except Stopped as stopped:
            raise unsaid("LinkedIn", stopped) from None
        if not found:
            raise ConsentRefused(_NO_PAGE)
        return found

    def _ask(self, question: Mapping[str, str]) -> Grant | Refused | RetryLater:
        form = {**question, "client_id": self.key, "client_secret": self.secret}
        answer = self._http.request("POST", self.ACCESS_TOKEN_URL, data=form)
        return read_grant(answer, *form.values(), platform="LinkedIn", now=self._now())


def _is_connected(account: Account) -> bool:
    return bool(account.secret and _TOKEN.fullmatch(account.secret))


def _only_page(rest: Rest) -> str:
    """The page this connection may act for, when there is exactly one. Raises Stopped."""
    roles, _ = rest.find("organizationAcls?q=roleAssignee&state=APPROVED&count=100")
    pages = {str(role["organization"]) for role in roles if role.get("organization")}
    if len(pages) == 1:
        return pages.pop()
    how_many = "several LinkedIn pages" if pages else "no LinkedIn page"
    sentence = f"This connection may act for {how_many}: give the channel its page's number (urn:li:organization:…)."
    raise Stopped(Refused("forbidden", sentence, account=True))
