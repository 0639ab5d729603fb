"""X: posts, files, numbers and followers through X's API 2.167, by a thin client of our own.

X has no key that makes a repeated request harmless, so a post whose answer was lost is looked for, never sent again
blindly; and X refuses the same text twice, without naming the first one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from planner.channels import limits, preflight, x_media, x_posts
from planner.channels.hearing import Heard, Mentions
from planner.channels.port import (
    Account,
    AudienceCount,
    Keep,
    Limits,
    Listing,
    NativePost,
    Outcome,
    OutgoingPost,
    OwnPosts,
    Platform,
    Reading,
    Readings,
    Receipt,
    Refused,
    RetryLater,
    Sent,
    Unknown,
)
from planner.channels.wire import Stopped, count, inside, nothing_live
from planner.channels.x_api import XApi
from planner.core import meter
from planner.core.clock import utc_now
from planner.core.http import Http

__all__ = ["XAdapter"]

_MAX_PAGES = 20
_NO_TOKEN = Refused("unauthorised", "This X account is not connected. Connect it again.", account=True)
_TOKEN = re.compile(r"[\x21-\x7e]+")
_ID = re.compile(r"[0-9]{1,19}")
#: What X charges as a post with a link.
_LINK = re.compile(r"https?://\S")


class XAdapter:
    """Publisher and Metrics for X.

    fields_name -- which of its two sets of names X is asked with first: "post" (since 2.167) or "tweet".
    page        -- how many own posts one call lists, 5 to 100; twenty pages are read.
    """

    limits: Limits = limits.X
    batch = 100
    hears = True

    def __init__(
        self,
        api_url: str,
        http: Http,
        *,
        fields_name: str = "post",
        patience: x_media.Patience | None = None,
        page: int = 100,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._http = http
        self._fields_name = fields_name if fields_name in ("post", "tweet") else "post"
        self._patience = patience or x_media.Patience()
        self._page = page
        self._now = now

    def publish(self, post: OutgoingPost, account: Account, *, keep: Keep) -> Outcome:
        """Upload the files, then make the post; a first comment that fails only leaves a note."""
        refused = _complaint(post, account, self.limits)
        if refused is not None:
            return refused
        api = self._api(account)
        try:
            media_ids = x_media.upload(api, post, keep, self._patience)
        except Stopped as stopped:
            return nothing_live(stopped.outcome)
        body: dict[str, Any] = {"text": post.text}
        if media_ids:
            body["media"] = {"media_ids": media_ids}
        if post.replies_off:
            body["reply_settings"] = "mentionedUsers"
        try:
            post_id = _create(api, body)
        except Stopped as stopped:
            return stopped.outcome
        note = _comment(api, post_id, post.first_comment)
        return Sent(x_posts.receipt(post_id, account), note, undone=("first_comment",) if note else ())

    def find(self, post: OutgoingPost, since: datetime, account: Account) -> Listing:
        """Our own posts since then that say the same; X tells whole seconds, so the second of `since` counts as after."""
        if not _is_connected(account):
            return Listing((), complete=False, reason=_NO_TOKEN.reason)
        matches: list[Receipt] = []
        try:
            for told in self._own_posts(account, since):
                if x_posts.says(told, post.text):
                    matches.append(x_posts.receipt(str(told["id"]), account, x_posts.written_at(told)))
        except Stopped as stopped:
            return Listing(matches, complete=False, reason=stopped.outcome.reason)
        return Listing(matches, complete=True)

    def recent(self, since: datetime, account: Account) -> OwnPosts:
        """The account's posts since then but answers and reposts. X bills each post it tells, once a UTC day."""
        if not _is_connected(account):
            return OwnPosts(complete=False, failed=_NO_TOKEN)
        found: list[NativePost] = []
        try:
            for told in self._own_posts(account, since, exclude="retweets,replies"):
                found.append(x_posts.native(told, account))
        except Stopped as stopped:
            return OwnPosts(found, complete=False, failed=nothing_live(stopped.outcome))
        return OwnPosts(found)

    def edit(self, post: OutgoingPost, external_id: str, account: Account) -> Outcome:
        """X lets only paying members change a post, within the hour, and makes it a new post: not for a program to count on."""
        return Refused("unsupported", "A post on X cannot be changed from here. Take it down and post it anew.")

    def finish(self, post: OutgoingPost, external_id: str, steps: Sequence[str], account: Account) -> Outcome:
        """Add the first comment, unless it is among the account's own posts already: a lost answer may have made it."""
        if not _is_connected(account):
            return _NO_TOKEN
        sent = Sent(x_posts.receipt(external_id, account))
        if "first_comment" not in steps or not post.first_comment.strip():
            return sent
        api = self._api(account)
        try:
            if not any(x_posts.says(one, post.first_comment) for one in self._own_posts(account, after=external_id)):
                _create(api, {"text": post.first_comment, "reply": {"in_reply_to_tweet_id": external_id}})
        except Stopped as stopped:
            return stopped.outcome
        return sent

    def delete(self, external_id: str, account: Account) -> Outcome:
        """Take down one of our posts. The receipt is that of the post that is gone."""
        if not _is_connected(account):
            return _NO_TOKEN
        if not _ID.fullmatch(external_id):
            return Refused("not_found", "This is not the number of a post on X.")
        try:
            told = self._api(account).send("DELETE", f"/2/tweets/{external_id}")
        except Stopped as stopped:
            return stopped.outcome
        deleted = inside(told, "data", "deleted")
        if deleted is True:
            return Sent(x_posts.receipt(external_id, account))
        if deleted is False:
            return Refused("not_found", "X has no such post of this account.")
        return Unknown("X's answer broke off; the post may be gone.")

    def readings(self, external_ids: Sequence[str], account: Account) -> Readings:
        """Numbers of up to 100 posts. Clicks need a right X may not give: then the rest is asked for alone."""
        if len(external_ids) > self.batch:
            raise ValueError(f"X tells at most {self.batch} posts a call, not {len(external_ids)}")
        ids = [one for one in dict.fromkeys(external_ids) if _ID.fullmatch(one)]
        if not _is_connected(account):
            return Readings(failed=_NO_TOKEN)
        told: dict[str, Reading] = {}
        gone: list[str] = []
        # X tells what is private for thirty days only: of older posts alone nobody asks for it.
        for private in (True, False) if any(x_posts.tells_private(one, self._now()) for one in ids) else (False,):
            missing = [one for one in ids if one not in told and one not in gone]
            if not missing:
                break
            try:
                body = self._numbers(account, missing, private=private)
            except Stopped as stopped:
                failed = nothing_live(stopped.outcome)
                if private and isinstance(failed, Refused) and not failed.account:
                    continue
                return Readings(failed=failed)
            videos = x_posts.videos(body)
            told |= {str(post["id"]): x_posts.reading(post, videos) for post in _with_id(body.get("data"))}
            gone += [one for one in x_posts.gone(body) if one in missing]
        return Readings(told=[told[one] for one in ids if one in told], gone=gone)

    def audience(self, account: Account) -> Sequence[AudienceCount] | None:
        """How many follow the account; X tells nothing about who they are."""
        if not _is_connected(account):
            return None
        try:
            told = self._api(account).send("GET", "/2/users/me", params={"user.fields": "public_metrics"})
        except Stopped:
            return None
        meter.count("user_reads")
        followers = count(inside(told, "data", "public_metrics", "followers_count"))
        return None if followers is None else [AudienceCount("followers", "total", followers)]

    def mentions(self, account: Account, *, after: str, before: str, since: datetime, most: int) -> Mentions:
        """What others wrote with the account's handle, of which X tells the last 800. It bills each post, and is taken to bill each author, once a UTC day."""
        if not _is_connected(account):
            return Mentions(complete=False, failed=_NO_TOKEN)
        params = {"expansions": "author_id", "user.fields": "name,username"}
        params |= {name: value for name, value in (("since_id", after), ("until_id", before)) if value}
        if not after:
            params["start_time"] = f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        found: list[Heard] = []
        try:
            api = self._api(account)
            path = f"/2/users/{_user_id(api, account)}/mentions"
            while len(found) < most:
                size = str(min(max(most - len(found), 5), 100))
                body = api.posts(path, params | {"max_results": size}, ("created_at", "entities", "conversation_id"))
                if not isinstance(body.get("meta"), dict):
                    raise Stopped(RetryLater("X told only a part of what others wrote."))
                meter.count("reads", len(_with_id(body.get("data"))))
                meter.count("user_reads", len(x_posts.objects(inside(body, "includes", "users"))))
                found += x_posts.heard(body)
                token = inside(body, "meta", "next_token")
                if not token:
                    return Mentions(found)
                params["pagination_token"] = str(token)
        except Stopped as stopped:
            return Mentions(found, complete=False, failed=nothing_live(stopped.outcome))
        return Mentions(found, complete=False)

    def _api(self, account: Account) -> XApi:
        return XApi(self._api_url, self._http, account.secret or "", fields_name=self._fields_name, now=self._now)

    def _numbers(self, account: Account, ids: Sequence[str], *, private: bool) -> dict[str, Any]:
        hidden = ["non_public_metrics", "organic_metrics"] if private else []
        params = {"ids": ",".join(ids), "expansions": "attachments.media_keys", "media.fields": ",".join(["public_metrics", "type", *hidden])}
        fields = ["public_metrics", "attachments", *hidden]
        return self._api(account).posts("/2/tweets", params, fields)

    def _own_posts(
        self, account: Account, since: datetime | None = None, *, after: str = "", exclude: str = "retweets"
    ) -> Iterator[dict[str, Any]]:
        """The account's posts since then, or made after the post of that number, page after page, newest first.

        Raises Stopped as soon as something is missing: an absence may only be concluded from a whole list.
        """
        api = self._api(account)
        path = f"/2/users/{_user_id(api, account)}/tweets"
        params = {"max_results": str(self._page), "exclude": exclude}
        if since is not None:
            since = since.astimezone(UTC).replace(microsecond=0)
            params["start_time"] = f"{since:%Y-%m-%dT%H:%M:%SZ}"
        if after:
            params["since_id"] = after
        for _ in range(_MAX_PAGES):
            body = api.posts(path, params, ("created_at", "entities"))
            meta = body.get("meta")
            if body.get("errors") or not isinstance(meta, dict):
                raise Stopped(RetryLater("X told only a part of the account's posts."))
            for told in _with_id(body.get("data")):
                at = x_posts.written_at(told)
                if at is None or since is None or at >= since:
                    yield told
            token = meta.get("next_token")
            if not token:
                return
            params = {**params, "pagination_token": str(token)}
        raise Stopped(RetryLater(f"The account has more than {self._page * _MAX_PAGES} posts since then."))


def _complaint(post: OutgoingPost, account: Account, taken: Limits) -> Refused | None:
    """Why X would refuse the post, known before anything is sent."""
    if not _is_connected(account):
        return _NO_TOKEN
    if not post.text.strip() and not x_media.attached(post):
        return Refused("content", "There is nothing to post: neither text nor media.")
    return preflight.complaint(Platform.X, taken, post)


def _is_connected(account: Account) -> bool:
    return bool(account.secret and _TOKEN.fullmatch(account.secret))


def _create(api: XApi, body: dict[str, Any]) -> str:
    """Make a post; its id. Raises Stopped, with Unknown when X said yes but its answer broke off."""
    kind = "link_posts" if _LINK.search(str(body.get("text", ""))) else "posts"
    try:
        post_id = inside(api.send("POST", "/2/tweets", json=body), "data", "id")
    except Stopped as stopped:
        if isinstance(stopped.outcome, Unknown):  # X may have made the post, and charged it.
            meter.count(kind)
        raise
    meter.count(kind)
    if not isinstance(post_id, str) or not _ID.fullmatch(post_id):
        raise Stopped(Unknown("X said yes, but its answer broke off before the post's number."))
    return post_id


def _comment(api: XApi, post_id: str, text: str) -> str:
    """Answer our own post with the first comment; a note when that fails, since the post itself is live."""
    if not text.strip():
        return ""
    try:
        _create(api, {"text": text, "reply": {"in_reply_to_tweet_id": post_id}})
    except Stopped as stopped:
        doubt = "may not be there" if isinstance(stopped.outcome, Unknown) else "was not posted"
        return f"The first comment {doubt}: {stopped.outcome.reason}"
    return ""


def _user_id(api: XApi, account: Account) -> str:
    """The account's numeric id on X, asked for when it is not known yet. Raises Stopped."""
    if _ID.fullmatch(account.external_id):
        return account.external_id
    user_id = inside(api.send("GET", "/2/users/me"), "data", "id")
    if not isinstance(user_id, str) or not _ID.fullmatch(user_id):
        raise Stopped(RetryLater("X did not say whose account this is."))
    return user_id


def _with_id(told: Any) -> list[dict[str, Any]]:
    return [post for post in x_posts.objects(told) if isinstance(post.get("id"), str)]
