"""Internal webhooks: each product's own format, what its answers mean, and an address that stands nowhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from planner.channels.port import Account, Flavour, Media, MediaKind, OutgoingPost, Platform, Refused, RetryLater, Sent, Unknown
from planner.channels.webhook import WebhookAdapter, message
from planner.core.http import Http
from tests.channels.contract import AdapterContract, Stage

SECRET = "key-that-must-not-be-shown"
POST = OutgoingPost(
    delivery_id=7,
    attempt=1,
    fingerprint="ab" * 32,
    text="Première ligne\n\nDeuxième <!channel> & fin",
    title="Titre",
    link="https://a.fr/x",
)
PATHS = {Flavour.MATTERMOST: "/hooks/", Flavour.SLACK: "/services/", Flavour.TEAMS: "/teams/"}


class WebhookContract(AdapterContract):
    platform = Platform.WEBHOOK
    create = "webhook.send"
    unknown_id = "webhook:1:0"
    lists = False
    flavour: Flavour

    @property
    def config(self):
        return {"flavour": self.flavour.value}

    def make_adapter(self, url: str) -> WebhookAdapter:
        return WebhookAdapter(Http(timeout_seconds=3, allowed=[url]))

    def test_a_card_with_a_picture_is_taken(self, stage: Stage):
        assert isinstance(stage.publish(picture=PICTURE), Sent)

    def secret(self, url: str, *, revoked: bool = False) -> str:
        return url + PATHS[self.flavour] + ("revoked-" if revoked else "") + SECRET


class TestMattermost(WebhookContract):
    flavour = Flavour.MATTERMOST


class TestSlack(WebhookContract):
    flavour = Flavour.SLACK


class TestTeams(WebhookContract):
    flavour = Flavour.TEAMS


def a_room(httpserver: HTTPServer, flavour: str = "mattermost") -> Account:
    return Account(1, Platform.WEBHOOK, "Room", config={"flavour": flavour}, secret=httpserver.url_for(f"/hooks/{SECRET}"))


def send(httpserver: HTTPServer, flavour: str = "mattermost", post: OutgoingPost = POST):
    adapter = WebhookAdapter(Http(timeout_seconds=2, allow_private=True))
    return adapter.publish(post, a_room(httpserver, flavour), keep=lambda _: None)


def test_the_card_for_mattermost_leads_to_the_page_and_calls_nobody():
    assert message(Flavour.MATTERMOST, POST) == {
        "attachments": [
            {"fallback": "Titre", "title": "Titre", "title_link": "https://a.fr/x", "text": "Première ligne\n\nDeuxième <!channel> & fin"}
        ]
    }
    assert message(Flavour.MATTERMOST, replace(POST, title="")) == {
        "attachments": [{"fallback": POST.text, "text": "Première ligne\n\nDeuxième <!channel> & fin\n\nhttps://a.fr/x"}]
    }


def test_the_card_for_slack_is_made_of_blocks_and_calls_nobody():
    assert message(Flavour.SLACK, POST) == {
        "text": "Titre",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "Titre", "emoji": False}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "Première ligne\n\nDeuxième &lt;!channel&gt; &amp; fin", "verbatim": True}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "<https://a.fr/x>", "verbatim": True}},
        ],
    }


def test_a_long_text_for_slack_is_cut_between_words_and_never_inside_an_escape():
    sections = message(Flavour.SLACK, replace(POST, title="T" * 200, text="a & b " * 2000))["blocks"]

    assert len(sections[0]["text"]["text"]) == 150
    texts = [one["text"]["text"] for one in sections[1:-1]]
    assert max(map(len, texts)) <= 3000
    assert " ".join(texts).split() == ("a &amp; b " * 2000).split()


def test_the_card_for_teams_has_a_block_a_line_and_leads_to_the_page():
    [attachment] = message(Flavour.TEAMS, POST)["attachments"]

    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"] == {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": "Titre", "wrap": True, "weight": "Bolder", "size": "Medium"},
            {"type": "TextBlock", "text": "Première ligne", "wrap": True},
            {"type": "TextBlock", "text": "Deuxième <!channel> & fin", "wrap": True},
            {"type": "TextBlock", "text": "https://a.fr/x", "wrap": True},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": "a.fr", "url": "https://a.fr/x"}],
    }


PICTURE = "https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg"


def test_a_picture_with_a_public_address_is_drawn_in_each_products_card():
    post = replace(POST, picture=PICTURE)
    [slack], [teams] = message(Flavour.SLACK, post)["blocks"][-1:], message(Flavour.TEAMS, post)["attachments"][0]["content"]["body"][-1:]

    assert message(Flavour.MATTERMOST, post)["attachments"][0]["image_url"] == PICTURE
    assert slack == {"type": "image", "image_url": PICTURE, "alt_text": "Titre"}
    assert teams == {"type": "Image", "url": PICTURE, "altText": "Titre"}


def test_slack_gets_the_message_without_the_picture_it_could_not_fetch(httpserver: HTTPServer):
    seen: list[list[str]] = []

    def answer(request: Request) -> Response:
        seen.append([one["type"] for one in request.json["blocks"]])
        return Response("invalid_blocks" if "image" in seen[-1] else "ok", 400 if "image" in seen[-1] else 200)

    httpserver.expect_request(f"/hooks/{SECRET}").respond_with_handler(answer)

    assert isinstance(send(httpserver, "slack", replace(POST, picture=PICTURE)), Sent)
    assert seen == [["header", "section", "section", "image"], ["header", "section", "section"]]


@pytest.mark.parametrize("flavour", list(Flavour))
def test_a_link_that_the_text_holds_is_not_added_again(flavour):
    post = replace(POST, text="Lire https://a.fr/x", title="")

    told = str(message(flavour, post)).replace("'url': 'https://a.fr/x'", "").replace("'fallback': 'Lire https://a.fr/x'", "")
    assert told.replace("{'text': 'Lire https://a.fr/x', 'blocks'", "").count("https://a.fr/x") == 1


def test_the_receipt_is_our_own_and_the_same_for_every_attempt(httpserver: HTTPServer):
    httpserver.expect_request(f"/hooks/{SECRET}", method="POST").respond_with_data("ok")

    first, second = send(httpserver), send(httpserver, post=replace(POST, attempt=2))

    assert isinstance(first, Sent)
    assert (first.receipt.external_id, first.receipt.url) == ("webhook:7:abababababababababababab", "")
    assert second == first


def test_files_left_out_are_told(httpserver: HTTPServer):
    httpserver.expect_request(f"/hooks/{SECRET}").respond_with_data("ok")
    picture = Media(kind=MediaKind.IMAGE, path="a.png", mime="image/png", size=1)

    assert send(httpserver, post=replace(POST, media=(picture,))).note == "Pictures and files are not sent to a chat room."


@pytest.mark.parametrize(
    ("flavour", "status", "body", "outcome"),
    [
        ("slack", 400, "invalid_payload", Refused("content", "Slack does not take this. Slack says: invalid_payload")),
        ("mattermost", 413, "<html>too large</html>", Refused("content", "Mattermost does not take this.")),
        (
            "slack",
            410,
            "channel_is_archived",
            Refused("unauthorised", "Slack no longer accepts this webhook address. Make a new one there and enter it here.", account=True),
        ),
        (
            "mattermost",
            400,
            '{"id":"web.incoming_webhook.invalid.app_error","message":"Invalid webhook."}',
            Refused(
                "unauthorised", "Mattermost no longer accepts this webhook address. Make a new one there and enter it here.", account=True
            ),
        ),
        ("slack", 200, "<html>Sign in</html>", Unknown("Slack answered something other than “ok”; look whether the message is there.")),
        ("teams", 500, "", Unknown("Teams answered with status 500, from which nothing follows.")),
        ("teams", 302, "", Unknown("Teams answered with status 302, from which nothing follows.")),
        ("slack", 429, "rate_limited", RetryLater("Slack asks for a pause. Slack says: rate_limited", timedelta(minutes=15), account=True)),
    ],
)
def test_what_an_answer_means(httpserver: HTTPServer, flavour, status, body, outcome):
    httpserver.expect_request(f"/hooks/{SECRET}").respond_with_data(body, status=status)

    assert send(httpserver, flavour) == outcome


def test_a_workflow_of_teams_answers_202_and_nothing_else(httpserver: HTTPServer):
    httpserver.expect_request(f"/hooks/{SECRET}").respond_with_data("", status=202)

    assert isinstance(send(httpserver, "teams"), Sent)


@pytest.mark.parametrize(
    "address", ["http://169.254.169.254/hooks/1", "http://127.0.0.1/hooks/1", "http://chat.example.com:22/", "file:///etc/passwd"]
)
def test_an_address_inside_is_refused_and_the_channel_is_held(address):
    account = Account(1, Platform.WEBHOOK, "Room", config={"flavour": "slack"}, secret=address)

    outcome = WebhookAdapter(Http(timeout_seconds=1)).publish(POST, account, keep=lambda _: None)

    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.account) == ("address", True)


@pytest.mark.parametrize("flavour", ["", "irc"])
def test_an_unknown_product_is_refused(httpserver: HTTPServer, flavour):
    assert send(httpserver, flavour) == Refused("unauthorised", "This channel has no webhook address. Enter it again.", account=True)


def test_a_reason_that_repeats_the_address_is_shown_without_it(httpserver: HTTPServer):
    httpserver.expect_request(f"/hooks/{SECRET}").respond_with_data(f"cannot POST /hooks/{SECRET}", status=400)

    assert send(httpserver, "slack").reason == "Slack does not take this. Slack says: cannot POST …"
