"""The LinkedIn adapter: what goes over the wire, what each refusal means, how posts are found, what numbers mean."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug import Response

from planner.channels import linkedin_posts as posts
from planner.channels.details import FollowerGain
from planner.channels.limits import LINKEDIN as LIMITS
from planner.channels.linkedin import LinkedInAdapter, LinkedInConnect
from planner.channels.linkedin_rest import duplicate_of
from planner.channels.port import (
    Account,
    AudienceCount,
    Grant,
    Listing,
    Media,
    MediaKind,
    NativePost,
    OutgoingPost,
    OwnPosts,
    Platform,
    PostKind,
    Reading,
    Readings,
    Receipt,
    Refused,
    RetryLater,
    Sent,
    Unknown,
)
from planner.core.errors import Refused as ConsentRefused
from planner.core.http import Http, NotSent
from tests.channels.contract import COMMENT, AdapterContract
from tests.channels.fake_linkedin import NOW, PAGE, PART, FakeLinkedIn, refusal

TOKEN = "AQX-planted-token"
ACCOUNT = Account(channel_id=1, platform=Platform.LINKEDIN, name="Nordwave", external_id=PAGE, secret=TOKEN)
POST = OutgoingPost(delivery_id=7, attempt=1, fingerprint="0123456789abcdef" * 4, text="Our network (5G) is live #5G")
HOUR = timedelta(hours=1)


class TestContract(AdapterContract):
    platform = Platform.LINKEDIN
    create = "linkedin.create"
    comment = "linkedin.comment"
    unknown_id = "urn:li:share:7000000000000000001"

    def make_adapter(self, url: str) -> LinkedInAdapter:
        return LinkedInAdapter(url, Http(3.0), version="202607", wait=lambda seconds: None)

    def test_what_is_sent_comes_back_whole_with_its_files_and_first_comment(self, stage, tmp_path):
        (tmp_path / "a.mp4").write_bytes(b"film" * 1_500_000)
        film = Media(MediaKind.VIDEO, str(tmp_path / "a.mp4"), "video/mp4", 6_000_000)
        Http(3.0).request("POST", f"{stage.url}/_sandbox/settings", json={"processing_seconds": 0.0})

        outcome = stage.publish(
            media=[film], first_comment="More (here) #5G", text="All of it (really) *now* @home _x_ #5G"
        )

        assert isinstance(outcome, Sent), outcome
        assert outcome.note == ""
        found = stage.adapter.recent(stage.since, stage.account)
        assert [(native.text, native.kind) for native in found.posts] == [(f"All of it (really) *now* @home _x_ #5G\n\n{stage.post.link}", PostKind.VIDEO)]

    def test_the_audience_is_told(self, stage):
        told = stage.adapter.audience(stage.account)

        assert {"followers", "seniority", "function", "industry", "country", "staff_count"} <= {
            one.dimension for one in told
        }

    def comments_made(self, stage) -> int:
        with sqlite3.connect(stage.sandbox.state.path) as db:
            return sum(json.loads(body)["text"] == COMMENT for (body,) in db.execute("SELECT body FROM things WHERE kind = 'comment'"))


@pytest.fixture
def linkedin(httpserver):
    return FakeLinkedIn(httpserver)


@pytest.fixture
def waits():
    return []


@pytest.fixture
def adapter(linkedin, waits):
    return LinkedInAdapter(linkedin.url, Http(5.0), version="202607", wait=waits.append, now=lambda: NOW)


@pytest.fixture
def kept():
    return []


@pytest.fixture
def publish(adapter, kept):
    return lambda post, account=ACCOUNT: adapter.publish(post, account, keep=kept.append)


@pytest.fixture
def file(tmp_path: Path):
    """Makes files of a post."""

    def make(kind: MediaKind, name: str = "a.bin", size: int = 100, alt_text: str = "") -> Media:
        path = tmp_path / name
        path.write_bytes((bytes(range(251)) * (size // 251 + 1))[:size])
        mime = {MediaKind.VIDEO: "video/mp4", MediaKind.DOCUMENT: "application/pdf"}.get(kind, "image/png")
        told = max(size, 75 * 1024) if kind is MediaKind.VIDEO else size  # LinkedIn takes no smaller film
        return Media(kind, str(path), mime, told, name=name, alt_text=alt_text)

    return make


def sent(urn: str, note: str = "") -> Sent:
    return Sent(Receipt(urn, f"https://www.linkedin.com/feed/update/{urn}/"), note)


def only(linkedin: FakeLinkedIn) -> dict:
    (post,) = linkedin.posts.values()
    return post


# What goes over the wire


def test_a_text_becomes_a_post_with_escaped_commentary_and_its_number(publish, linkedin):
    assert publish(POST) == sent("urn:li:share:7000")

    told = only(linkedin)
    assert {name: told[name] for name in told if name not in ("id", "createdAt", "publishedAt")} == {
        "author": PAGE,
        "commentary": "Our network \\(5G\\) is live #5G",
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }


def test_every_request_carries_the_key_in_a_header_and_never_in_its_address(publish, linkedin):
    publish(replace(POST, first_comment="More"))

    assert [(verb, path) for verb, path, _ in linkedin.requests] == [
        ("POST", "/rest/posts"),
        ("GET", "/rest/posts/urn%3Ali%3Ashare%3A7000?viewContext=AUTHOR"),
        ("POST", "/rest/socialActions/urn%3Ali%3Ashare%3A7000/comments"),
    ]
    for _, _, headers in linkedin.requests:
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        assert headers["Linkedin-Version"] == "202607"
        assert headers["X-Restli-Protocol-Version"] == "2.0.0"


def test_a_link_becomes_a_card_whose_words_and_picture_we_say_ourselves(publish, linkedin, file):
    link = "https://nordwave.example/port?utm_source=linkedin"
    thumbnail = file(MediaKind.THUMBNAIL)

    publish(replace(POST, link=link, link_title="A port", link_description="Without a cable.", media=[thumbnail]))

    assert only(linkedin)["content"] == {
        "article": {
            "source": link,
            "title": "A port",
            "description": "Without a cable.",
            "thumbnail": "urn:li:image:C1",
        }
    }
    assert link not in only(linkedin)["commentary"]


def test_one_picture_is_sent_and_shown_with_its_description(publish, linkedin, file, kept):
    picture = file(MediaKind.IMAGE, size=5000, alt_text="A crane")

    assert publish(replace(POST, media=[picture])) == sent("urn:li:ugcPost:7000")
    assert only(linkedin)["content"] == {"media": {"id": "urn:li:image:C1", "altText": "A crane"}}
    assert linkedin.asked == {"urn:li:image:C1": {"owner": PAGE}}
    assert linkedin.files == {"urn:li:image:C1": Path(picture.path).read_bytes()}
    assert kept == ["urn:li:image:C1"]


def test_several_pictures_keep_their_order(publish, linkedin, file):
    publish(
        replace(POST, media=[file(MediaKind.IMAGE, "1.png", alt_text="One"), file(MediaKind.IMAGE, "2.png", size=7)])
    )

    assert only(linkedin)["content"] == {
        "multiImage": {
            "images": [{"id": "urn:li:image:C1", "altText": "One"}, {"id": "urn:li:image:C2", "altText": ""}]
        }
    }


def test_a_film_goes_in_the_parts_linkedin_asks_for_and_is_finished_with_their_etags(publish, linkedin, file, waits):
    film = file(MediaKind.VIDEO, "film.mp4", size=2 * PART + 10)
    linkedin.states = {"video": ["WAITING_UPLOAD", "PROCESSING"]}

    publish(replace(POST, title="A port", media=[film]))

    urn = "urn:li:video:C1"
    assert linkedin.asked[urn] == {
        "owner": PAGE,
        "fileSizeBytes": 2 * PART + 10,
        "uploadCaptions": False,
        "uploadThumbnail": False,
    }
    assert linkedin.files[urn] == Path(film.path).read_bytes()
    assert linkedin.calls["finish"] == 1
    assert waits == [1.0, 2.0]
    assert only(linkedin)["content"] == {"media": {"id": urn, "title": "A port"}}


def test_a_document_carries_its_title(publish, linkedin, file):
    publish(replace(POST, media=[file(MediaKind.DOCUMENT, "paper.pdf")]))

    assert only(linkedin)["content"] == {"media": {"id": "urn:li:document:C1", "title": "paper.pdf"}}


def test_beside_a_picture_the_link_goes_under_the_text_because_no_card_is_shown(publish, linkedin, file):
    link = "https://nordwave.example/port"

    publish(replace(POST, text="See", link=link, media=[file(MediaKind.IMAGE)]))

    assert only(linkedin)["commentary"] == f"See\n\n{link}"


def test_the_first_comment_is_plain_text(publish, linkedin):
    publish(replace(POST, first_comment="More (here) #5G"))

    assert linkedin.comments == [{"actor": PAGE, "object": "urn:li:share:7000", "message": {"text": "More (here) #5G"}}]


def test_a_page_whose_number_is_not_known_is_asked_for(publish, linkedin):
    assert publish(POST, replace(ACCOUNT, external_id="")) == sent("urn:li:share:7000")
    assert only(linkedin)["author"] == PAGE


@pytest.mark.parametrize("pages", [[], [PAGE, "urn:li:organization:2"]])
def test_no_page_or_several_pages_are_not_guessed_between(publish, linkedin, pages):
    linkedin.pages = pages

    outcome = publish(POST, replace(ACCOUNT, external_id=""))

    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.account) == ("forbidden", True)
    assert linkedin.posts == {}


# Notes: live, but not quite as sent


def test_a_text_that_linkedin_cut_is_said_so(publish, linkedin):
    linkedin.shown_commentary = "Our network"

    assert publish(POST) == sent("urn:li:share:7000", "LinkedIn cut the text: its last 17 characters are missing.")


@pytest.mark.parametrize("fault", ["drop", refusal(404), refusal(500), Response("<html>", 200)])
def test_a_post_that_cannot_be_read_back_is_sent_all_the_same(publish, linkedin, fault):
    linkedin.faults = {"read": [fault]}

    assert publish(POST) == sent("urn:li:share:7000")


@pytest.mark.parametrize(
    ("fault", "note"),
    [
        (refusal(400, "Comments are off."), "The first comment was not added: LinkedIn does not take this. LinkedIn says: Comments are off."),
        ("drop", "The first comment may not be there: localhost gave no clear answer; it may have acted on what was sent."),
    ],
)  # fmt: skip
def test_a_first_comment_that_fails_is_a_note(publish, linkedin, fault, note):
    linkedin.faults = {"comment": [fault]}

    assert publish(replace(POST, first_comment="More")) == replace(sent("urn:li:share:7000", note), undone=("first_comment",))


# What is refused before LinkedIn is asked


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"text": " "}, "content"),
        ({"text": "x" * 3001}, "too_long"),
        ({"text": "😀" * 1501}, "too_long"),
        ({"first_comment": "x" * 1251}, "too_long"),
    ],
)
def test_what_linkedin_would_refuse_or_cut_is_refused_without_asking(publish, linkedin, change, code):
    outcome = publish(replace(POST, **change))

    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.account) == (code, False)
    assert linkedin.requests == []


def test_texts_as_long_as_the_limit_says_are_sent(publish):
    assert isinstance(publish(replace(POST, text="(" * LIMITS.text)), Sent)


@pytest.mark.parametrize(
    "kinds",
    [
        [MediaKind.IMAGE, MediaKind.VIDEO],
        [MediaKind.VIDEO, MediaKind.VIDEO],
        [MediaKind.DOCUMENT, MediaKind.DOCUMENT],
        [MediaKind.IMAGE] * 21,
    ],
)
def test_files_linkedin_cannot_show_together_are_refused_without_asking(publish, linkedin, file, kinds):
    outcome = publish(replace(POST, media=[file(kind, f"{n}.bin") for n, kind in enumerate(kinds)]))

    assert isinstance(outcome, Refused)
    assert outcome.code == "media"
    assert linkedin.requests == []


def test_twenty_pictures_are_not_too_many(publish, linkedin, file):
    publish(replace(POST, media=[file(MediaKind.IMAGE, f"{n}.png") for n in range(LIMITS.files[MediaKind.IMAGE].most)]))

    assert len(only(linkedin)["content"]["multiImage"]["images"]) == 20


def test_a_missing_file_is_named(publish, file):
    picture = file(MediaKind.IMAGE, "gone.png")
    Path(picture.path).unlink()

    assert publish(replace(POST, media=[picture])) == Refused("media", "The file “gone.png” is missing or empty.")


@pytest.mark.parametrize("secret", [None, "", "two words", "line\r\nX-Evil: 1"])
def test_a_page_without_a_usable_token_asks_nothing(adapter, linkedin, secret):
    nobody = replace(ACCOUNT, secret=secret)
    refused = Refused(
        "unauthorised", "This LinkedIn page is not connected. Connect it again in Settings.", account=True
    )

    assert adapter.publish(POST, nobody, keep=print) == refused
    assert adapter.delete("urn:li:share:1", nobody) == refused
    assert adapter.readings(["urn:li:share:1"], nobody) == Readings(failed=refused)
    assert adapter.find(POST, NOW, nobody) == Listing((), False, refused.reason)
    assert not adapter.recent(NOW, nobody).complete
    assert adapter.audience(nobody) is None
    assert linkedin.requests == []


# How answers are sorted

DUPLICATE = refusal(
    422,
    "Content is a duplicate of urn:li:share:7141138937766391808",
    errorDetailType="com.linkedin.common.error.BadRequest",
    errorDetails={"inputErrors": [{"description": "Duplicate post is detected", "code": "DUPLICATE_POST"}]},
)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (
            refusal(401, "Expired", serviceErrorCode=65602),
            Refused(
                "unauthorised", "LinkedIn no longer accepts this connection. Connect the account again.", account=True
            ),
        ),
        (
            refusal(403, "Not enough permissions"),
            Refused(
                "forbidden",
                "LinkedIn does not let this connection act for the page. LinkedIn says: Not enough permissions",
                account=True,
            ),
        ),
        (
            refusal(426, "Requested version 20260701 is not active", code="NONEXISTENT_VERSION"),
            Refused(
                "version",
                "LinkedIn no longer speaks the version that PLANNER_LINKEDIN_VERSION names; set a newer one."
                " LinkedIn says: Requested version 20260701 is not active",
                account=True,
            ),
        ),
        (
            refusal(429, "Resource level throttle limit"),
            RetryLater("LinkedIn's quota for today is used up; it is renewed at 00:00 UTC.", account=True),
        ),
        (
            DUPLICATE,
            Refused(
                "duplicate",
                "LinkedIn says that the page already has this post."
                " LinkedIn says: Content is a duplicate of urn:li:share:7141138937766391808",
            ),
        ),
        (refusal(422, "Bad"), Refused("content", "LinkedIn does not take this. LinkedIn says: Bad")),
        (refusal(400, ""), Refused("content", "LinkedIn does not take this.")),
        (Response("<html>", 400), Refused("content", "LinkedIn does not take this.")),
        (Response("[]", 409), Refused("content", "LinkedIn does not take this.")),
        (
            refusal(500, "Oops"),
            Unknown("LinkedIn answered with status 500, from which nothing follows. LinkedIn says: Oops"),
        ),
        (Response("", 504), Unknown("LinkedIn answered with status 504, from which nothing follows.")),
        (Response("", 302), Unknown("LinkedIn answered with status 302, from which nothing follows.")),
        (Response("", 201), Unknown("LinkedIn took the post but did not give its number.")),
    ],
)
def test_each_answer_to_a_post_means_what_linkedin_says_it_means(publish, linkedin, answer, outcome):
    linkedin.faults = {"create": [answer]}

    assert publish(POST) == outcome
    assert linkedin.posts == {}
    assert linkedin.calls["create"] == 1


@pytest.mark.parametrize("fault", ["drop", "accept_drop"])
def test_a_post_without_an_answer_is_unknown_and_made_only_once(publish, linkedin, fault):
    linkedin.faults = {"create": [fault]}

    assert publish(POST) == Unknown("localhost gave no clear answer; it may have acted on what was sent.")
    assert linkedin.calls["create"] == 1


def test_a_server_that_is_not_there_means_not_now(kept):
    nowhere = LinkedInAdapter("http://127.0.0.1:9", Http(2.0), version="202607")

    assert nowhere.publish(POST, ACCOUNT, keep=kept.append) == RetryLater(
        "127.0.0.1 could not be reached; nothing was sent."
    )
    assert nowhere.delete("urn:li:share:1", ACCOUNT) == RetryLater("127.0.0.1 could not be reached; nothing was sent.")


def test_the_first_post_s_number_is_read_from_the_refusal_of_the_second(publish, linkedin):
    linkedin.faults = {"create": [DUPLICATE]}

    assert duplicate_of(publish(POST).reason) == "urn:li:share:7141138937766391808"
    assert duplicate_of("Something else") is None


def test_the_token_is_in_no_outcome_and_no_repr(publish, adapter, linkedin):
    linkedin.faults = {"create": [refusal(400, f"bad token {TOKEN}"), "drop"], "list": [refusal(401, TOKEN)]}
    said = [publish(POST), publish(POST), adapter.find(POST, NOW, ACCOUNT), adapter, ACCOUNT, adapter._rest(ACCOUNT)]

    assert TOKEN not in repr(said)


# Files on their way


@pytest.mark.parametrize("fault", ["drop", "accept_drop", refusal(503), refusal(500)])
def test_a_part_that_stumbles_is_sent_again(publish, linkedin, file, fault, waits):
    film = file(MediaKind.VIDEO, "film.mp4", size=2 * PART + 10)
    linkedin.faults = {"part": [None, fault]}

    assert isinstance(publish(replace(POST, media=[film])), Sent)
    assert linkedin.files["urn:li:video:C1"] == Path(film.path).read_bytes()
    assert waits == [1.0]


@pytest.mark.parametrize(
    ("step", "fault", "outcome"),
    [
        ("open", "drop", RetryLater("localhost gave no clear answer; it may have acted on what was sent.")),
        ("open", Response("{}", 200), RetryLater("LinkedIn opened no upload for a file.")),
        ("open", refusal(401), Refused("unauthorised", "LinkedIn no longer accepts this connection. Connect the account again.", account=True)),
        ("finish", refusal(500, ""), RetryLater("LinkedIn answered with status 500, from which nothing follows.")),
        ("state", refusal(500, ""), RetryLater("LinkedIn answered with status 500, from which nothing follows.")),
    ],
)  # fmt: skip
def test_an_upload_that_fails_puts_nothing_live_and_may_be_tried_again(publish, linkedin, file, step, fault, outcome):
    linkedin.faults = {step: [fault]}

    assert publish(replace(POST, media=[file(MediaKind.VIDEO, "film.mp4")])) == outcome
    assert linkedin.posts == {}


def test_a_film_linkedin_cannot_process_is_refused_with_its_reason(publish, linkedin, file):
    linkedin.states = {"video": ["PROCESSING_FAILED"]}

    outcome = publish(replace(POST, media=[file(MediaKind.VIDEO, "film.mp4")]))

    assert outcome == Refused("media", "LinkedIn could not process “film.mp4”: bad codec.")


def test_a_film_that_takes_long_is_taken_up_again_without_a_second_upload(publish, linkedin, file, kept):
    film = replace(POST, media=[file(MediaKind.VIDEO, "film.mp4")])
    linkedin.states = {"video": ["PROCESSING"] * 7}

    later = publish(film)
    done = publish(replace(film, attempt=2, resume=kept[-1]))

    assert later == RetryLater("LinkedIn is still processing a file of this post.", after=timedelta(minutes=1))
    assert isinstance(done, Sent)
    assert kept == ["urn:li:video:C1"]
    assert linkedin.calls["open"] == 1


def test_pictures_sent_before_a_crash_are_not_sent_again(publish, linkedin, file, kept):
    pictures = replace(POST, media=[file(MediaKind.IMAGE, f"{n}.png") for n in range(3)])
    linkedin.faults = {"open": [None, None, "drop"]}

    publish(pictures)
    publish(replace(pictures, attempt=2, resume=kept[-1]))

    assert kept == [
        "urn:li:image:C1",
        "urn:li:image:C1 urn:li:image:C2",
        "urn:li:image:C1 urn:li:image:C2 urn:li:image:C3",
    ]
    assert len(linkedin.asked) == 3


def test_a_kept_picture_that_linkedin_forgot_is_sent_again(publish, linkedin, file):
    outcome = publish(replace(POST, media=[file(MediaKind.IMAGE)], resume="urn:li:image:OLD"))

    assert isinstance(outcome, Sent)
    assert only(linkedin)["content"]["media"]["id"] == "urn:li:image:C1"


def test_a_connection_that_may_upload_but_not_look_goes_on(publish, linkedin, file):
    linkedin.faults = {"state": [refusal(403)]}

    assert isinstance(publish(replace(POST, media=[file(MediaKind.IMAGE)])), Sent)


@pytest.mark.parametrize(
    "address", ["https://evil.example/up", "https://linkedin.com.evil.example/", "http://www.linkedin.com/", "//x["]
)
def test_the_token_goes_to_no_upload_address_outside_linkedin(publish, linkedin, file, address):
    told = {"value": {"uploadUrl": address, "image": "urn:li:image:C1"}}
    linkedin.faults = {"open": [Response(json.dumps(told), 200, content_type="application/json")]}

    outcome = publish(replace(POST, media=[file(MediaKind.IMAGE)]))

    assert outcome == RetryLater("LinkedIn gave an upload address that is not its own.")


# Finding what is already there


def test_a_post_is_found_by_its_text_through_linkedin_s_spelling_of_it(adapter, linkedin):
    linkedin.add_post("Something else")
    urn = linkedin.add_post("Our network \\(5G\\) is live {hashtag|\\#|5G}", age=timedelta(minutes=3))

    assert adapter.find(POST, NOW - HOUR, ACCOUNT) == Listing(
        [Receipt(urn, f"https://www.linkedin.com/feed/update/{urn}/", NOW - timedelta(minutes=3))], True
    )


def test_what_was_published_is_found(adapter, publish, linkedin, file):
    for post in (
        POST,
        replace(POST, text="", link="https://nordwave.example/1"),
        replace(POST, text="With a picture", link="https://nordwave.example/1", media=[file(MediaKind.IMAGE)]),
    ):
        outcome = publish(post)
        found = adapter.find(post, NOW - HOUR, ACCOUNT)
        assert [receipt.external_id for receipt in found.matches] == [outcome.receipt.external_id]


def test_the_same_words_with_another_card_are_another_post(adapter, linkedin):
    linkedin.add_post("See", content={"article": {"source": "https://nordwave.example/2"}})

    assert adapter.find(replace(POST, text="See", link="https://nordwave.example/1"), NOW - HOUR, ACCOUNT) == Listing(
        [], True
    )


def test_pictures_without_a_text_are_found_only_by_the_files_we_sent(adapter, publish, linkedin, file, kept):
    silent = replace(POST, text="", media=[file(MediaKind.IMAGE)])
    linkedin.add_post("", content={"media": {"id": "urn:li:image:OTHER"}})
    outcome = publish(silent)

    assert adapter.find(silent, NOW - HOUR, ACCOUNT).matches == []
    (found,) = adapter.find(replace(silent, resume=kept[-1]), NOW - HOUR, ACCOUNT).matches
    assert found.external_id == outcome.receipt.external_id


def test_a_page_without_the_post_proves_its_absence(adapter, linkedin):
    linkedin.add_post("Another")
    linkedin.add_post("Our network \\(5G\\) is live #5G", age=2 * HOUR)
    linkedin.add_post("Our network \\(5G\\) is live #5G", lifecycleState="DRAFT")

    assert adapter.find(POST, NOW - HOUR, ACCOUNT) == Listing([], True)


def test_looking_goes_on_over_pages_and_stops_at_older_posts(adapter, linkedin):
    for n in range(150):
        linkedin.add_post(f"Post {n}", age=timedelta(seconds=n))
    urn = linkedin.add_post("Our network \\(5G\\) is live #5G", age=timedelta(minutes=30))
    for n in range(200):
        linkedin.add_post(f"Old {n}", age=2 * HOUR + timedelta(seconds=n))

    listing = adapter.find(POST, NOW - HOUR, ACCOUNT)

    assert ([receipt.external_id for receipt in listing.matches], listing.complete) == ([urn], True)
    assert linkedin.calls["list"] == 2


def test_more_posts_than_can_be_looked_through_prove_nothing(adapter, linkedin):
    for n in range(501):
        linkedin.add_post(f"Post {n}", age=timedelta(seconds=n))

    assert adapter.find(POST, NOW - HOUR, ACCOUNT) == Listing((), False, "The page has more than 500 posts since then.")


@pytest.mark.parametrize("fault", ["drop", refusal(429), refusal(500), Response("<html>", 200), Response("{}", 200)])
def test_a_look_that_was_cut_short_proves_nothing(adapter, linkedin, fault):
    linkedin.faults = {"list": [fault, fault]}

    listing = adapter.find(POST, NOW - HOUR, ACCOUNT)

    assert (listing.matches, listing.complete) == ((), False)
    assert listing.reason
    linkedin.faults = {"list": [fault]}
    told = adapter.recent(NOW - HOUR, ACCOUNT)
    assert (told.posts, told.complete) == ([], False)
    assert told.failed.reason


def test_recent_posts_are_told_in_plain_text(adapter, linkedin):
    urn = linkedin.add_post("By hand \\(yes\\) {hashtag|\\#|5G}")
    linkedin.add_post("Too old", age=2 * HOUR)

    assert adapter.recent(NOW - HOUR, ACCOUNT) == OwnPosts(
        [NativePost(Receipt(urn, f"https://www.linkedin.com/feed/update/{urn}/", NOW), "By hand (yes) #5G")]
    )


@pytest.mark.parametrize(
    ("element", "told"),
    [
        ({"commentary": "Said"}, ("Said", PostKind.TEXT)),
        ({"commentary": "Read", "content": {"article": {"source": "https://example.com", "title": "A page"}}}, ("Read", PostKind.LINK)),
        ({"commentary": "", "content": {"media": {"id": "urn:li:document:D1", "title": "Slides"}}}, ("Slides", PostKind.DOCUMENT)),
        ({"commentary": "Look", "content": {"media": {"id": "urn:li:video:D1"}}}, ("Look", PostKind.VIDEO)),
        ({"commentary": "See", "content": {"media": {"id": "urn:li:image:D1"}}}, ("See", PostKind.IMAGE)),
        ({"commentary": "See", "content": {"multiImage": {"images": []}}}, ("See", PostKind.IMAGE)),
        ({"commentary": "Say", "content": {"poll": {"question": "?"}}}, ("Say", PostKind.POLL)),
        ({"commentary": "Ours", "reshareContext": {"parent": "urn:li:share:1"}}, ("Ours", PostKind.TEXT)),
        ({"commentary": "", "reshareContext": {"parent": "urn:li:share:1"}}, None),
        ({"commentary": "Buy", "distribution": {"feedDistribution": "NONE"}}, None),
        ({"commentary": "Soon", "lifecycleState": "DRAFT"}, None),
        ({"id": "", "commentary": "Nothing"}, None),
    ],
)
def test_a_post_on_the_page_is_told_by_what_it_mostly_is(element, told):
    element = {"id": "urn:li:share:7", "createdAt": 0, **element}

    assert posts.is_on_page(element) is (told is not None)
    if told is not None:
        native = posts.native(element)
        assert (native.text, native.kind) == told


# Deleting


def test_a_deleted_post_is_gone_and_deleting_it_again_is_no_error(adapter, linkedin):
    urn = linkedin.add_post("T")

    assert adapter.delete(urn, ACCOUNT) == sent(urn)
    assert linkedin.posts == {}
    linkedin.faults = {"delete": [refusal(404)]}
    assert adapter.delete(urn, ACCOUNT) == sent(urn)


def test_a_deletion_without_an_answer_is_unknown(adapter, linkedin):
    linkedin.faults = {"delete": ["drop"]}

    assert isinstance(adapter.delete("urn:li:share:1", ACCOUNT), Unknown)


# Numbers

TOTALS = {
    "impressionCount": 2900, "uniqueImpressionsCount": 1700, "clickCount": 70, "likeCount": 49, "commentCount": 5,
    "shareCount": 6, "engagement": 0.0448,
}  # fmt: skip


def reading(urn: str, *counts: int) -> Reading:
    names = ("impressions", "reach", "clicks", "likes", "comments", "shares", "engagements")
    return Reading(external_id=urn, regime="li-organic", **dict(zip(names, counts, strict=True)))


def test_shares_and_other_posts_are_asked_for_apart_and_told_in_the_order_asked(adapter, linkedin):
    share, film = linkedin.add_post("S"), linkedin.add_post("V", kind="ugcPost")
    linkedin.statistics = {share: TOTALS, film: {**TOTALS, "likeCount": -2}}

    assert adapter.readings([film, share, film], ACCOUNT) == Readings(
        told=[reading(film, 2900, 1700, 70, 0, 5, 6, 81), reading(share, 2900, 1700, 70, 49, 5, 6, 130)], gone=[]
    )
    assert [path for _, path, _ in linkedin.requests] == [
        "/rest/organizationalEntityShareStatistics?q=organizationalEntity"
        f"&organizationalEntity=urn%3Ali%3Aorganization%3A5515715&{name}=List({urn.replace(':', '%3A')})"
        for name, urn in (("shares", share), ("ugcPosts", film))
    ]


def test_a_young_post_without_statistics_has_none_a_deleted_one_is_gone_an_old_one_is_not_told(adapter, linkedin):
    young, old = linkedin.add_post("S"), linkedin.add_post("O", age=timedelta(days=366))

    assert adapter.readings([young, "urn:li:share:1", old, "urn:li:activity:3"], ACCOUNT) == Readings(
        told=[reading(young, 0, 0, 0, 0, 0, 0, 0)], gone=["urn:li:share:1"]
    )


def test_counts_linkedin_leaves_out_are_not_told(adapter, linkedin):
    share = linkedin.add_post("S")
    linkedin.statistics = {share: {"impressionCount": 10, "clickCount": 1, "likeCount": True}}

    (told,) = adapter.readings([share], ACCOUNT).told

    assert told == Reading(external_id=share, impressions=10, clicks=1, regime="li-organic")
    assert told.views is None


@pytest.mark.parametrize("step", ["shares", "batch"])
@pytest.mark.parametrize("fault", ["drop", refusal(500), refusal(429), refusal(401)])
def test_numbers_that_did_not_come_are_neither_told_nor_gone(adapter, linkedin, step, fault):
    linkedin.faults = {step: [fault]}

    result = adapter.readings(["urn:li:share:1"], ACCOUNT)

    assert isinstance(result.failed, RetryLater | Refused)
    assert (result.told, result.gone) == ((), ())


@pytest.mark.parametrize("body", ["<html>", "[]", "{}", '{"elements": null}'])
def test_a_broken_answer_is_not_taken_for_posts_without_statistics(adapter, linkedin, body):
    share = linkedin.add_post("S")
    linkedin.faults = {"shares": [Response(body, 200)]}

    assert adapter.readings([share], ACCOUNT) == Readings(failed=RetryLater("LinkedIn's answer broke off."))


def test_a_full_batch_is_one_call_of_each_kind(adapter, linkedin):
    urns = [linkedin.add_post("S") for _ in range(adapter.batch)]
    linkedin.statistics = dict.fromkeys(urns, TOTALS)

    assert len(adapter.readings(urns, ACCOUNT).told) == 50
    assert linkedin.calls == {"shares": 1}


# Audience


def test_followers_are_told_in_all_and_by_what_linkedin_knows_of_them(adapter, linkedin):
    def slices(member, *counts):
        return [
            {"followerCounts": {"organicFollowerCount": count, "paidFollowerCount": 9}, member: key}
            for key, count in counts
        ]

    linkedin.followers = {
        "followerCountsBySeniority": slices("seniority", ("urn:li:seniority:5", 810)),
        "followerCountsByFunction": slices("function", ("urn:li:function:8", 0)),
        "followerCountsByIndustry": slices("industry", ("urn:li:industry:8", 70)),
        "followerCountsByGeoCountry": slices("geo", ("urn:li:geo:105015875", 700)),
        "followerCountsByStaffCountRange": slices("staffCountRange", ("SIZE_51_TO_200", 44)),
        "followerCountsByAssociationType": slices("associationType", ("EMPLOYEE", 3)),
    }
    linkedin.visitors = {
        "pageStatisticsByFunction": [{"function": "urn:li:function:8", "pageStatistics": {"views": {"allPageViews": {"pageViews": 31}}}}],
        "pageStatisticsByIndustryV2": [{"industryV2": "urn:li:industry:8", "pageStatistics": {"views": {"allPageViews": {}}}}],
    }
    day = NOW.date()

    assert adapter.audience(ACCOUNT) == [
        AudienceCount("followers", "total", 18250, day),
        AudienceCount("seniority", "urn:li:seniority:5", 810, day),
        AudienceCount("function", "urn:li:function:8", 0, day),
        AudienceCount("industry", "urn:li:industry:8", 70, day),
        AudienceCount("country", "urn:li:geo:105015875", 700, day),
        AudienceCount("staff_count", "SIZE_51_TO_200", 44, day),
        AudienceCount("visits_function", "urn:li:function:8", 31, day),
    ]


def test_an_audience_nobody_tells_is_not_an_empty_one(adapter, linkedin):
    linkedin.faults = {"size": [refusal(403)], "slices": [refusal(403)], "visitors": [refusal(403)]}

    assert adapter.audience(ACCOUNT) is None


def a_day(on, organic, paid, **more):
    start = int(datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp() * 1000)
    gains = {"organicFollowerGain": organic, "paidFollowerGain": paid}
    return {"timeRange": {"start": start, "end": start + 86_400_000}, "followerGains": gains, "organizationalEntity": ACCOUNT.external_id, **more}


def test_followers_gained_are_told_by_day_organic_and_paid_apart_and_may_be_fewer(adapter, linkedin):
    first, last = (NOW - timedelta(days=9)).date(), (NOW - timedelta(days=2)).date()
    linkedin.gains = [a_day(first, 12, 3), a_day(last, -4, 0), a_day(last, None, None, followerGains="soon"), {"followerGains": {}}]

    told = adapter.gains(first, ACCOUNT)

    assert told == [FollowerGain(first, 12, 3, {}), FollowerGain(last, -4, 0, {})]
    assert [one.raw for one in told] == linkedin.gains[:2]
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    assert linkedin.spans == [(int(midnight.timestamp() * 1000), int((midnight + timedelta(days=8)).timestamp() * 1000))]


def test_gains_are_never_asked_for_beyond_a_year_nor_for_days_that_are_not_told_yet(adapter, linkedin):
    adapter.gains((NOW - timedelta(days=900)).date(), ACCOUNT)
    assert adapter.gains((NOW - timedelta(days=1)).date(), ACCOUNT) == []

    ((start, end),) = linkedin.spans
    assert timedelta(days=360) < timedelta(milliseconds=end - start) <= timedelta(days=363)


def test_a_missing_gain_is_not_zero_and_a_refusal_is_no_answer(adapter, linkedin):
    day = (NOW - timedelta(days=3)).date()
    linkedin.gains = [a_day(day, 5, None)]
    assert adapter.gains(day, ACCOUNT) == [FollowerGain(day, 5, None, {})]

    linkedin.faults = {"slices": [refusal(403)]}
    assert adapter.gains(day, ACCOUNT) is None
    assert adapter.gains(day, replace(ACCOUNT, secret="")) is None


# Whatever LinkedIn answers

NAMES = ["elements", "results", "errors", "id", "commentary", "createdAt", "publishedAt", "content", "article", "source", "paging",
         "links", "totalShareStatistics", "share", "likeCount", "firstDegreeSize", "message", "errorDetails", "inputErrors", "code",
         "value", "image", "uploadUrl", "status", "organization", "followerCountsByFunction", "timeRange", "start", "followerGains", "organicFollowerGain", "urn:li:share:1"]  # fmt: skip
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "x", "urn:li:share:1", "AVAILABLE"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(ANYTHING, min_size=7, max_size=7), status=st.sampled_from([200, 201, 400, 422, 500]))
def test_no_answer_whatever_its_shape_makes_the_adapter_raise(adapter, linkedin, file, bodies, status):
    steps = ["create", "read", "list", "batch", "shares", "size", "slices", "open", "state", "roles"]
    linkedin.faults = {step: [Response(json.dumps(body), status) for body in bodies] for step in steps}
    nameless = replace(ACCOUNT, external_id="")

    for post in (POST, replace(POST, media=[file(MediaKind.IMAGE)]), replace(POST, media=[file(MediaKind.VIDEO)])):
        assert isinstance(adapter.publish(post, ACCOUNT, keep=lambda urns: None), Sent | Refused | RetryLater | Unknown)
    assert isinstance(adapter.find(POST, NOW, ACCOUNT), Listing)
    assert isinstance(adapter.find(POST, NOW, nameless), Listing)
    assert isinstance(adapter.readings(["urn:li:share:1"], ACCOUNT), Readings)
    adapter.recent(NOW, ACCOUNT)
    adapter.audience(ACCOUNT)
    adapter.gains((NOW - timedelta(days=30)).date(), ACCOUNT)


# Consent


@pytest.fixture
def connect(httpserver):
    url = httpserver.url_for("").rstrip("/")
    return LinkedInConnect(url, Http(5.0), client_id="id 1", client_secret="s3cret", now=lambda: NOW)


def test_the_consent_page_is_today_s_and_carries_our_state(connect, httpserver):
    url = connect.authorise_url(state="st/ate", challenge="unused", redirect_uri="https://planner.example/back?x=1")

    parts = urlsplit(url)
    assert parts.path == "/oauth/v2/authorization"
    assert parse_qs(parts.query, strict_parsing=True) == {
        "response_type": ["code"],
        "client_id": ["id 1"],
        "scope": [" ".join(connect.scopes)],
        "state": ["st/ate"],
        "redirect_uri": ["https://planner.example/back?x=1"],
    }
    assert connect.state is None, "two people may connect at once"


def test_a_code_becomes_a_grant_with_both_expiries(connect, httpserver):
    seen = []

    def token(request):
        seen.append((request.form.to_dict(), request.query_string))
        body = {
            "access_token": "AQX", "expires_in": 5184000, "refresh_token": "AQR", "refresh_token_expires_in": 31536000,
            "scope": "r_organization_social,w_organization_social",
        }  # fmt: skip
        return Response(json.dumps(body), content_type="application/json")

    httpserver.expect_request("/oauth/v2/accessToken", method="POST").respond_with_handler(token)

    assert connect.exchange(code="c0de", verifier="unused", redirect_uri="https://planner.example/back") == Grant(
        access_token="AQX",
        refresh_token="AQR",
        expires_at=NOW + timedelta(days=60),
        refresh_expires_at=NOW + timedelta(days=365),
        scopes=("r_organization_social", "w_organization_social"),
    )
    form = {"grant_type": "authorization_code", "code": "c0de", "redirect_uri": "https://planner.example/back"}
    assert seen == [({**form, "client_id": "id 1", "client_secret": "s3cret"}, b"")]


def test_a_refresh_without_a_new_refresh_token_does_not_invent_one(connect, httpserver):
    body = {"access_token": "AQY", "expires_in": 5184000}
    httpserver.expect_request("/oauth/v2/accessToken", method="POST").respond_with_json(body)

    assert connect.refresh("AQR") == Grant(access_token="AQY", expires_at=NOW + timedelta(days=60))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid_grant", "error_description": "The token AQR of s3cret is revoked"}, Refused),
        (200, {"token_type": "bearer"}, RetryLater),
        (500, "broken", RetryLater),
    ],
)
def test_a_refused_consent_is_said_in_words_without_secrets(connect, httpserver, status, body, kind):
    httpserver.expect_request("/oauth/v2/accessToken").respond_with_json(body, status=status)

    with pytest.raises(ConsentRefused) as refused:
        connect.exchange(code="AQR", verifier="", redirect_uri="")
    outcome = connect.refresh("AQR")

    assert type(outcome) is kind, "for good, or later"
    assert outcome.reason == str(refused.value)
    assert "LinkedIn did not give a key" in outcome.reason
    assert not {"AQR", "s3cret"} & set(outcome.reason.replace(",", " ").split())


def test_a_consent_server_that_is_not_there_is_unavailable():
    connect = LinkedInConnect("http://127.0.0.1:9", Http(2.0), client_id="id", client_secret="s3cret")

    with pytest.raises(NotSent):
        connect.exchange(code="c0de", verifier="", redirect_uri="")
    assert connect.refresh("AQR") == RetryLater("127.0.0.1 could not be reached; nothing was sent.")
