"""Internal webhooks: a message into a chat room of Mattermost, Slack or Microsoft Teams.

The address is the whole secret, so it stands in no sentence and no log. A webhook gives no number, lists nothing and
takes nothing back: the receipt is our own, and after an unclear answer only a person can look into the room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from planner.channels import limits, preflight
from planner.channels.port import (
    Account,
    AudienceCount,
    Flavour,
    Keep,
    Limits,
    Listing,
    Outcome,
    OutgoingPost,
    OwnPosts,
    Platform,
    Readings,
    Receipt,
    Refused,
    Sent,
    Unknown,
)
from planner.channels.wire import inside, unanswered, verdict
from planner.core.clock import utc_now
from planner.core.http import Answer, Blocked, CallFailed, Http, redact
from planner.core.text import shorten

__all__ = ["PRETEND", "WebhookAdapter", "message"]

#: Stands in a stored address for wherever the sandbox runs today; the name can never be a real one (RFC 6761).
PRETEND = "http://sandbox.invalid"

_NAMES = {Flavour.MATTERMOST: "Mattermost", Flavour.SLACK: "Slack", Flavour.TEAMS: "Teams"}
_NO_ADDRESS = Refused("unauthorised", "This channel has no webhook address. Enter it again.", account=True)
_CARD = "application/vnd.microsoft.card.adaptive"
#: What Slack takes in one section, escapes counted.
_SECTION = 3000
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


class WebhookAdapter:
    """Publisher for a room; it tells no numbers. account.secret is the address, account.config["flavour"] the product.

    sandbox_url -- where addresses that start with PRETEND lead; without one they lead nowhere.
    """

    limits: Limits = limits.WEBHOOK
    batch = 0

    def __init__(self, http: Http, *, sandbox_url: str = "", now: Callable[[], datetime] = utc_now) -> None:
        self._http = http
        self._sandbox_url = sandbox_url.rstrip("/")
        self._now = now

    def publish(self, post: OutgoingPost, account: Account, *, keep: Keep) -> Outcome:
        """Send the message. A yes is Sent with a number of our own, the same for every attempt of a delivery."""
        flavour = _flavour(account)
        if flavour is None or not account.secret:
            return _NO_ADDRESS
        refused = preflight.complaint(Platform.WEBHOOK, limits.held_at(Platform.WEBHOOK, self.limits, account.config), post)
        if refused is not None:
            return refused
        try:
            answer = self._send(account.secret, flavour, post)
            if flavour is Flavour.SLACK and post.picture and answer.status == 400 and "invalid_blocks" in answer.text:
                # Slack fetches a picture before it takes a message, and takes none whose picture it cannot get.
                answer = self._send(account.secret, flavour, replace(post, picture=""))
        except Blocked as blocked:
            return Refused("address", str(blocked), account=True)
        except CallFailed as failure:
            return unanswered(failure)
        if not answer.ok:
            return self._refusal(answer, flavour, account.secret)
        if flavour is not Flavour.TEAMS and answer.text.strip() != "ok":
            return Unknown(f"{_NAMES[flavour]} answered something other than “ok”; look whether the message is there.")
        left_out = "Pictures and files are not sent to a chat room." if post.media else ""
        return Sent(Receipt(f"webhook:{post.delivery_id}:{post.fingerprint[:24]}", ""), left_out)

    def find(self, post: OutgoingPost, since: datetime, account: Account) -> Listing:
        return Listing((), complete=False, reason="A webhook cannot be asked what it has received. Look into the room.")

    def recent(self, since: datetime, account: Account) -> OwnPosts:
        return OwnPosts(complete=False, failed=Refused("unsupported", "A webhook cannot be asked what it has received. Look into the room."))

    def edit(self, post: OutgoingPost, external_id: str, account: Account) -> Outcome:
        return Refused("unsupported", "A webhook cannot change a message. Change it in the room.")

    def finish(self, post: OutgoingPost, external_id: str, steps: Sequence[str], account: Account) -> Outcome:
        return Refused("unsupported", "A webhook cannot change a message. Change it in the room.")

    def delete(self, external_id: str, account: Account) -> Outcome:
        return Refused("unsupported", "A webhook cannot take a message back. Delete it in the room.")

    def readings(self, external_ids: Sequence[str], account: Account) -> Readings:
        return Readings()

    def audience(self, account: Account) -> Sequence[AudienceCount] | None:
        return None

    def _send(self, address: str, flavour: Flavour, post: OutgoingPost) -> Answer:
        return self._http.request("POST", self._address(address), json=message(flavour, post), guarded=True)

    def _address(self, secret: str) -> str:
        pretend = self._sandbox_url and secret.startswith(f"{PRETEND}/")
        return self._sandbox_url + secret.removeprefix(PRETEND) if pretend else secret

    def _refusal(self, answer: Answer, flavour: Flavour, address: str) -> Outcome:
        name = _NAMES[flavour]
        unknown_room = "incoming_webhook.invalid" in str(inside(answer.json_object(), "id"))  # Mattermost says it with 400
        if unknown_room or answer.status in (401, 403, 404, 410):
            # The address is the key: when it opens nothing, no message will get through.
            reason = f"{name} no longer accepts this webhook address. Make a new one there and enter it here."
            return Refused("unauthorised", reason, account=True)
        return verdict(answer, platform=name, said=_said(answer, address), now=self._now())


def message(flavour: Flavour, post: OutgoingPost) -> dict[str, Any]:
    """The message as a card in the product's own format: title, text, the link when the text does not hold it, and its picture."""
    link = post.link if post.link and post.link not in post.text else ""
    if flavour is Flavour.TEAMS:
        return {"type": "message", "attachments": [{"contentType": _CARD, "content": _adaptive_card(post, link)}]}
    if flavour is Flavour.SLACK:
        return {"text": _slack(post.title or post.text), "blocks": list(_blocks(post, link))}
    return {"attachments": [_attachment(post, link)]}


def _attachment(post: OutgoingPost, link: str) -> dict[str, Any]:
    """Mattermost's: its text calls nobody, whatever it says, and the title leads to the page."""
    text = "\n\n".join(part for part in (post.text, "" if post.title else link) if part)
    card = {"fallback": post.title or post.text, "text": text}
    card |= {"title": post.title} if post.title else {}
    card |= {"title_link": link} if post.title and link else {}
    return card | ({"image_url": post.picture} if post.picture else {})


def _blocks(post: OutgoingPost, link: str) -> Iterator[dict[str, Any]]:
    """Slack's: a header takes 150 characters, a section 3,000."""
    if post.title:
        yield {"type": "header", "text": {"type": "plain_text", "text": shorten(post.title, 150), "emoji": False}}
    rest = post.text
    while rest.strip():
        piece = shorten(rest, _SECTION, measure=lambda text: len(_slack(text)), ending="")
        yield {"type": "section", "text": {"type": "mrkdwn", "text": _slack(piece), "verbatim": True}}
        rest = rest[len(piece) :].lstrip()
    if link:
        yield {"type": "section", "text": {"type": "mrkdwn", "text": f"<{_slack(link)}>", "verbatim": True}}
    if post.picture:
        yield {"type": "image", "image_url": post.picture, "alt_text": _alt(post)}


def _adaptive_card(post: OutgoingPost, link: str) -> dict[str, Any]:
    # A text block drops single line breaks, so each line is a block of its own.
    blocks: list[dict[str, Any]] = []
    if post.title:
        blocks.append({"type": "TextBlock", "text": post.title, "wrap": True, "weight": "Bolder", "size": "Medium"})
    blocks += [{"type": "TextBlock", "text": line, "wrap": True} for line in post.text.splitlines() if line.strip()]
    if link:
        blocks.append({"type": "TextBlock", "text": link, "wrap": True})
    if post.picture:
        blocks.append({"type": "Image", "url": post.picture, "altText": _alt(post)})
    card = {"$schema": _SCHEMA, "type": "AdaptiveCard", "version": "1.4", "body": blocks}
    if post.link:
        card["actions"] = [{"type": "Action.OpenUrl", "title": urlsplit(post.link).hostname or post.link, "url": post.link}]
    return card


def _alt(post: OutgoingPost) -> str:
    """What stands in the picture's place for who does not see it; Slack takes no picture without."""
    return shorten(post.title or post.link_title or post.text or post.link, 300)


def _slack(text: str) -> str:
    """Slack reads these three as markup: `<!channel>` in a text would call everyone in the room."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _flavour(account: Account) -> Flavour | None:
    try:
        return Flavour(str(account.config.get("flavour")))
    except ValueError:
        return None


def _said(answer: Answer, address: str) -> str:
    """The product's own short reason: a word in plain text, or the message in JSON; never a page of HTML."""
    body = answer.json_object()
    told = inside(body, "message") or inside(body, "error", "message") or ("" if "<" in answer.text else answer.text)
    return redact(str(told).strip(), address, urlsplit(address).path)[:200] if told else ""
