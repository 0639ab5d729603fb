"""Each platform's limits, at the limit and one beyond: what planning finds, and that its sentence names the limit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from planner.channels import limits
from planner.channels.port import Flavour, Limits, Media, MediaKind, OutgoingPost, Platform
from planner.channels.preflight import SENTENCES, Objection, as_read, complaint, measure, objections
from planner.planning.findings import _CONTENT

KB, MB, GB = 1 << 10, 1 << 20, 1 << 30
LIMITS = {Platform.X: limits.X, Platform.LINKEDIN: limits.LINKEDIN, Platform.YOUTUBE: limits.YOUTUBE, Platform.WEBHOOK: limits.WEBHOOK}
MIMES = {MediaKind.IMAGE: "image/png", MediaKind.GIF: "image/gif", MediaKind.VIDEO: "video/mp4", MediaKind.DOCUMENT: "application/pdf",
         MediaKind.THUMBNAIL: "image/png", MediaKind.CAPTIONS: "text/vtt"}  # fmt: skip


def a(kind: MediaKind, **values: Any) -> Media:
    """A file that every platform which shows its kind takes."""
    told: dict[str, Any] = {"size": MB, "name": "f", "alt_text": "what it shows"}
    if kind is MediaKind.VIDEO:
        told |= {"width": 1280, "height": 720, "seconds": 60.0}
    elif kind is MediaKind.DOCUMENT:
        told["pages"] = 3
    else:
        told |= {"width": 40, "height": 30}
    return Media(**{"kind": kind, "path": "", "mime": MIMES[kind], **told, **values})


def film(**values: Any) -> list[Media]:
    return [a(MediaKind.VIDEO, **values)]


def picture(**values: Any) -> list[Media]:
    return [a(MediaKind.IMAGE, **values)]


def document(**values: Any) -> list[Media]:
    return [a(MediaKind.DOCUMENT, **values)]


@dataclass
class Case:
    """A change that is still taken, one step further, and the sentence of the refusal."""

    platform: Platform
    code: str
    at: dict[str, Any]
    beyond: dict[str, Any]
    sentence: str
    base: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.platform}-{self.code}-{self.sentence[-18:]}"


X, LINKEDIN, YOUTUBE, WEBHOOK = Platform.X, Platform.LINKEDIN, Platform.YOUTUBE, Platform.WEBHOOK
I, G, V, D = MediaKind.IMAGE, MediaKind.GIF, MediaKind.VIDEO, MediaKind.DOCUMENT  # noqa: E741
LINK = "https://www.example.com/" + "a" * 60

CASES = [
    # X
    Case(X, "too_long", {"text": "a" * 280}, {"text": "a" * 281}, "The text counts 281 for X, which takes at most 280."),
    Case(X, "too_long", {"text": "é" * 256 + " " + LINK}, {"text": "é" * 257 + " " + LINK}, "The text counts 281 for X, which takes at most 280."),
    Case(X, "comment_too_long", {"first_comment": "会" * 140}, {"first_comment": "会" * 141}, "The first comment counts 282 for X, which takes at most 280."),
    Case(X, "unseen", {"text": "A\u200bnew mast"}, {"text": "\ufeffA new mast"},
         "X does not take the invisible character U+FEFF. Delete “A new mast” and type it again."),
    Case(X, "unseen", {"first_comment": "5G"}, {"first_comment": "All about our new mast\uffff in Lyon"},
         "X does not take the invisible character U+FFFF. Delete “r new mast in Lyon” and type it again."),
    Case(X, "cashtags", {"text": "Look at $ORA"}, {"text": "Look at $ORA and $DTE"}, "X takes at most 1 cashtag a post; this text has 2."),
    Case(X, "cashtags", {"first_comment": "$ORA, 5 $"}, {"first_comment": "$ORA $DTE"}, "X takes at most 1 cashtag a post; this text has 2."),
    Case(X, "too_many_files", {"media": picture() * 4}, {"media": picture() * 5}, "X shows at most 4 pictures in one post; this one has 5."),
    Case(X, "too_many_files", {"media": [a(G)]}, {"media": [a(G)] * 2}, "X shows 1 animated picture in one post; this one has 2."),
    Case(X, "too_many_files", {"media": film()}, {"media": film() * 2}, "X shows 1 film in one post; this one has 2."),
    Case(X, "mixed", {"media": picture() * 2}, {"media": picture() + film()},
         "X shows up to 4 pictures, or one animated picture, or one film with a post. Choose one kind."),
    Case(X, "mixed", {"media": [a(G)]}, {"media": [a(G), a(I)]},
         "X shows up to 4 pictures, or one animated picture, or one film with a post. Choose one kind."),
    Case(X, "not_taken", {"media": picture()}, {"media": document()}, "X does not take files like “f”."),
    Case(X, "not_taken", {"media": picture(mime="image/webp")}, {"media": picture(mime="image/tiff")}, "X does not take files like “f”."),
    Case(X, "file_too_large", {"media": picture(size=5 * MB)}, {"media": picture(size=5 * MB + 1)}, "“f” is too large for X, which takes at most 5 MB."),
    Case(X, "file_too_large", {"media": [a(G, size=15 * MB)]}, {"media": [a(G, size=15 * MB + 1)]}, "“f” is too large for X, which takes at most 15 MB."),
    Case(X, "file_too_large", {"media": film(size=512 * MB)}, {"media": film(size=512 * MB + 1)}, "“f” is too large for X, which takes at most 512 MB."),
    Case(X, "film_too_long", {"media": film(seconds=140.0)}, {"media": film(seconds=140.01)}, "“f” is too long for X, which takes at most 140 seconds."),
    Case(X, "film_too_short", {"media": film(seconds=0.5)}, {"media": film(seconds=0.49)}, "“f” is too short for X, which takes at least 0.5 seconds."),
    Case(X, "film_shape", {"media": film(width=300, height=900)}, {"media": film(width=299, height=900)},
         "“f” is 299 × 900 pixels; X takes films between 1:3 and 3:1."),
    Case(X, "film_shape", {"media": film(width=900, height=300)}, {"media": film(width=901, height=300)},
         "“f” is 901 × 300 pixels; X takes films between 1:3 and 3:1."),
    Case(X, "alt_too_long", {"media": picture(alt_text="a" * 1000)}, {"media": picture(alt_text="a" * 1001)},
         "The description of “f” has 1,001 characters; X takes at most 1,000."),
    # LinkedIn
    Case(LINKEDIN, "too_long", {"text": "a" * 3000}, {"text": "a" * 3001}, "The text has 3,001 characters; LinkedIn takes at most 3,000."),
    Case(LINKEDIN, "too_long", {"text": "a" * 2914}, {"text": "a" * 2915}, "The text has 3,001 characters; LinkedIn takes at most 3,000.",
         {"link": LINK, "media": picture()}),
    Case(LINKEDIN, "comment_too_long", {"first_comment": "a" * 1250}, {"first_comment": "a" * 1251},
         "The first comment has 1,251 characters; LinkedIn takes at most 1,250."),
    Case(LINKEDIN, "too_many_files", {"media": picture() * 19 + [a(G)]}, {"media": picture() * 20 + [a(G)]},
         "LinkedIn shows at most 20 pictures in one post; this one has 21."),
    Case(LINKEDIN, "too_many_files", {"media": film()}, {"media": film() * 2}, "LinkedIn shows 1 film in one post; this one has 2."),
    Case(LINKEDIN, "too_many_files", {"media": document()}, {"media": document() * 2}, "LinkedIn shows 1 document in one post; this one has 2."),
    Case(LINKEDIN, "mixed", {"media": picture() * 2}, {"media": picture() + document()},
         "LinkedIn shows one kind of file in a post: pictures, or a film, or a document. Choose one kind."),
    Case(LINKEDIN, "not_taken", {"media": picture()}, {"media": picture(mime="image/webp")}, "LinkedIn does not take files like “f”."),
    Case(LINKEDIN, "not_taken", {"media": film()}, {"media": film(mime="video/quicktime")}, "LinkedIn does not take files like “f”."),
    Case(LINKEDIN, "not_taken", {"media": document(mime="application/msword", pages=1)}, {"media": document(mime="application/zip")},
         "LinkedIn does not take files like “f”."),
    Case(LINKEDIN, "too_many_pixels", {"media": picture(width=36_152_319, height=1)}, {"media": picture(width=6_016, height=6_010)},
         "“f” has 36,156,160 pixels; LinkedIn takes at most 36,152,319."),
    Case(LINKEDIN, "file_too_small", {"media": film(size=75 * KB)}, {"media": film(size=75 * KB - 1)},
         "“f” is too small for LinkedIn, which takes at least 75 KB."),
    Case(LINKEDIN, "file_too_large", {"media": film(size=500 * MB)}, {"media": film(size=500 * MB + 1)},
         "“f” is too large for LinkedIn, which takes at most 500 MB."),
    Case(LINKEDIN, "file_too_large", {"media": document(size=100 * MB)}, {"media": document(size=100 * MB + 1)},
         "“f” is too large for LinkedIn, which takes at most 100 MB."),
    Case(LINKEDIN, "film_too_long", {"media": film(seconds=1800.0)}, {"media": film(seconds=1800.01)},
         "“f” is too long for LinkedIn, which takes at most 30 minutes."),
    Case(LINKEDIN, "film_too_short", {"media": film(seconds=3.0)}, {"media": film(seconds=2.99)},
         "“f” is too short for LinkedIn, which takes at least 3 seconds."),
    Case(LINKEDIN, "too_many_pages", {"media": document(pages=300)}, {"media": document(pages=301)}, "“f” has 301 pages; LinkedIn takes at most 300."),
    # YouTube
    Case(YOUTUBE, "too_long", {"text": "é" * 2500}, {"text": "é" * 2500 + "a"}, "The description has 5,001 bytes; YouTube takes at most 5,000."),
    Case(YOUTUBE, "no_title", {"title": "T"}, {"title": " "}, "YouTube needs a title."),
    Case(YOUTUBE, "title_too_long", {"title": "é" * 100}, {"title": "é" * 101}, "The title has 101 characters; YouTube takes at most 100."),
    Case(YOUTUBE, "markup", {"title": "5G"}, {"title": "5G <live>"}, "YouTube takes neither “<” nor “>” in the title or the description."),
    Case(YOUTUBE, "markup", {"text": "a"}, {"text": "a > b"}, "YouTube takes neither “<” nor “>” in the title or the description."),
    # 20 for the planner's own tag and the comma before it; a tag with a space stands in quotes.
    Case(YOUTUBE, "tags_too_long", {"tags": ["a" * 479]}, {"tags": ["a" * 480]},
         "The tags count 501 for YouTube, with the one the planner adds; it takes at most 500."),
    Case(YOUTUBE, "tags_too_long", {"tags": ["a" * 470, "five g"]}, {"tags": ["a" * 471, "five g"]},
         "The tags count 501 for YouTube, with the one the planner adds; it takes at most 500."),
    Case(YOUTUBE, "no_media", {"media": film()}, {"media": []}, "YouTube publishes films. Choose the asset's video file."),
    Case(YOUTUBE, "too_many_files", {"media": film()}, {"media": film() * 2}, "YouTube shows 1 film in one post; this one has 2."),
    Case(YOUTUBE, "file_too_large", {"media": film(size=256 * GB)}, {"media": film(size=256 * GB + 1)},
         "“f” is too large for YouTube, which takes at most 256 GB."),
    Case(YOUTUBE, "film_too_long", {"media": film(seconds=43_200.0)}, {"media": film(seconds=43_200.01)},
         "“f” is too long for YouTube, which takes at most 12 hours."),
    Case(YOUTUBE, "file_too_large", {"media": [*film(), a(MediaKind.THUMBNAIL, size=50 * MB)]}, {"media": [*film(), a(MediaKind.THUMBNAIL, size=50 * MB + 1)]},
         "“f” is too large for YouTube, which takes at most 50 MB."),
    Case(YOUTUBE, "not_taken", {"media": [*film(), a(MediaKind.THUMBNAIL)]}, {"media": [*film(), a(MediaKind.THUMBNAIL, mime="image/webp")]},
         "YouTube does not take files like “f”."),
    Case(YOUTUBE, "file_too_large", {"media": [*film(), a(MediaKind.CAPTIONS, size=100 * MB)]}, {"media": [*film(), a(MediaKind.CAPTIONS, size=100 * MB + 1)]},
         "“f” is too large for YouTube, which takes at most 100 MB."),
    # a chat room: the title and the link leave with the text
    Case(WEBHOOK, "too_long", {"text": "a" * 16_381}, {"text": "a" * 16_382}, "The text has 16,384 characters; Mattermost takes at most 16,383."),
]  # fmt: skip


def a_post(case: Case, change: dict[str, Any]) -> OutgoingPost:
    post = OutgoingPost(delivery_id=0, attempt=0, fingerprint="", text="Hello.", title="T", media=film() if case.platform is YOUTUBE else ())
    return replace(post, **{**case.base, **change})


def found(case: Case, change: dict[str, Any]) -> list[Objection]:
    return [one for one in objections(case.platform, LIMITS[case.platform], a_post(case, change)) if one.blocks]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_at_the_limit_nothing_is_refused_and_one_beyond_the_sentence_names_the_limit(case: Case) -> None:
    assert found(case, case.at) == []
    assert [(one.code, str(one)) for one in found(case, case.beyond)] == [(case.code, case.sentence)]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_adapter_refuses_with_the_same_sentence(case: Case) -> None:
    assert complaint(case.platform, LIMITS[case.platform], a_post(case, case.at)) is None
    refused = complaint(case.platform, LIMITS[case.platform], a_post(case, case.beyond))
    assert refused is not None
    assert refused.reason == case.sentence


def test_every_blocking_code_counts_as_content_that_cannot_be_sent() -> None:
    assert {case.code for case in CASES} <= _CONTENT


def test_every_sentence_is_known_to_the_reader_s_language() -> None:
    said = {one.message for case in CASES for one in found(case, case.beyond)}

    assert said <= set(SENTENCES)
    assert set(SENTENCES) - said == {"“%(file)s” is too large for %(platform)s, which takes at most %(limit)s KB."}


@pytest.mark.parametrize(
    ("platform", "file"),
    [(X, a(V, seconds=None)), (X, a(V, width=None, height=None)), (LINKEDIN, a(I, width=None)), (LINKEDIN, a(V, seconds=None)),
     (LINKEDIN, a(D, pages=None)), (YOUTUBE, a(V, seconds=None))],
)  # fmt: skip
def test_what_a_file_does_not_tell_is_never_refused_but_said(platform: Platform, file: Media) -> None:
    post = OutgoingPost(delivery_id=0, attempt=0, fingerprint="", text="Hello.", title="T", media=[file])

    (one,) = objections(platform, LIMITS[platform], post)

    assert (one.code, one.blocks) == ("unchecked", False)
    assert str(one) == f"“f” does not tell all that {one.params['platform']} asks about it (length, pixels or pages), so this could not be checked."
    assert complaint(platform, LIMITS[platform], post) is None


def test_a_picture_stays_behind_on_youtube_and_every_file_in_a_chat_room() -> None:
    post = OutgoingPost(delivery_id=0, attempt=0, fingerprint="", text="Hello.", title="T", media=[*film(), *picture()])

    told = {platform: [(one.code, one.blocks, str(one)) for one in objections(platform, LIMITS[platform], post)] for platform in (YOUTUBE, WEBHOOK)}

    assert told == {
        YOUTUBE: [("left_behind", False, "“f” does not go out here: YouTube shows the film only.")],
        WEBHOOK: [("left_behind", False, "Files do not go to a chat room: only the text and its link do, and a video's picture where the link leads to YouTube.")],
    }


def test_captions_and_a_thumbnail_are_nobody_s_mixture() -> None:
    beside = [a(MediaKind.CAPTIONS), a(MediaKind.THUMBNAIL)]
    post = OutgoingPost(delivery_id=0, attempt=0, fingerprint="", text="Hello.", title="T", media=[*film(), *beside])

    assert [list(objections(platform, LIMITS[platform], post)) for platform in (X, LINKEDIN, YOUTUBE, WEBHOOK)][:3] == [[], [], []]


def test_by_hand_takes_anything() -> None:
    post = OutgoingPost(delivery_id=0, attempt=0, fingerprint="", text="<" * 99_999, media=[*film(), *document(pages=999), *picture(size=GB)])

    assert list(objections(Platform.BY_HAND, limits.BY_HAND, post)) == []


@pytest.mark.parametrize(("flavour", "most"), [(Flavour.MATTERMOST, 16_383), (Flavour.SLACK, None), (Flavour.TEAMS, None)])
def test_a_room_s_length_is_that_of_its_product(flavour: Flavour, most: int | None) -> None:
    held = limits.held_at(WEBHOOK, limits.WEBHOOK, {"flavour": flavour.value})

    assert (held.text, limits.held_at(X, limits.X, {}).text) == (most, 280)


def test_the_text_counts_as_it_is_read() -> None:
    post = OutgoingPost(delivery_id=0, attempt=0, fingerprint="", text="Hello.", title="T", link="https://e.com")

    assert as_read(LINKEDIN, post) == "Hello."
    assert as_read(LINKEDIN, replace(post, media=picture())) == "Hello.\n\nhttps://e.com"
    assert as_read(WEBHOOK, post) == "T\nHello.\nhttps://e.com"
    assert [measure(platform, "é 会") for platform in (X, LINKEDIN, YOUTUBE, WEBHOOK)] == [4, 3, 6, 3]


def test_without_limits_nothing_is_known() -> None:
    assert list(objections(X, Limits(), OutgoingPost(0, 0, "", text="a" * 999, media=film() * 9))) == []
