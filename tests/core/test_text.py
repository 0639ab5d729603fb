"""Counting as platforms count, finding links, marking them, shortening, and comparing what comes back."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twitter_text import parse_tweet

from planner.core.text import (
    comparable,
    find_links,
    linkedin_length,
    shorten,
    utf8_length,
    video_picture,
    with_utm,
    without_links,
    x_cashtags,
    x_has_link,
    x_length,
)

FAMILY = "👨‍👩‍👧"
PIECES = [*"éa 日©#@/…-_.()", "b.com", "http://", "https://x.fr/", "👍🏽", "🇫🇷", "1️⃣", FAMILY, "?q=", "\r\n", "e\u0301", "\u200d", "\ufe0f"]
LONG_LINK = "https://www.example.com/newsroom/2026/11/a-very-long-title-of-a-press-release?utm_source=x&utm_medium=social"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Livre blanc", 11),
        ("Réseaux privés 5G : où en est-on ?", 34),
        ("e\u0301", 1),
        ("日本", 4),
        ("« guillemets »", 14),
        ("l’été…", 7),
        ("👍", 2),
        ("👍🏽", 2),
        (FAMILY, 2),
        ("🇫🇷", 2),
        ("1️⃣", 2),
        ("©", 2),
        (f"Lire {LONG_LINK}", 28),
        ("example.com", 23),
        ("voir example.com/a, et https://b.org.", 57),
        ("fichier.txt", 11),
        ("a\r\nb", 3),
        ("@example.com", 12),
    ],
)
def test_x_counts_weights_links_and_emoji(text, length):
    assert x_length(text) == length


@settings(deadline=None)  # the library reads its tables at the first call
@given(
    st.lists(
        st.sampled_from(PIECES),
        max_size=25,
    )
)
def test_our_count_equals_the_library_where_the_library_is_fast_enough(parts):
    text = "".join(parts)

    assert x_length(text) == parse_tweet(text).weightedLength


@pytest.mark.parametrize(
    "text",
    [
        "a." * 5_000,
        "a-" * 10_000 + ".com",
        "http://" + "a." * 3_000,
        "a.a.a.a.a.a.a.a.a " * 300,
        ("." * 20 + "/") * 500,
        FAMILY * 500,
        "日本" * 5_000,
        "x.fr" * 3_000,
        "https://a.fr/" + "(" * 3_000,
    ],
    ids=lambda text: text[:12],
)
def test_no_text_makes_counting_slow(text):
    words = ("warm é 👍 a.fr " * len(text))[: len(text)]
    x_length(words)

    assert _took(text) < 50 * _took(words)  # The library alone takes between seconds and minutes on some of these.


def _took(text: str) -> float:
    started = time.thread_time()
    x_length(text)
    return time.thread_time() - started


def test_a_lone_surrogate_is_counted_and_does_no_harm():
    assert (x_length("a\ud800b"), utf8_length("\ud800"), linkedin_length("\ud800")) == (4, 3, 1)


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("Lire https://example.com/a", True),
        ("Lire example.com", True),
        ("Lire le fichier.txt", False),
        ("contact@example.com", False),
        ("Version 2.0 est là", False),
        ("", False),
    ],
)
def test_a_link_by_the_rules_of_x(text, has):
    assert x_has_link(text) is has


@pytest.mark.parametrize(
    ("text", "count"),
    [("$ORA", 1), ("$ORA.PA et $ora_a.", 2), ("$ORA_", 1), ("$ORA, $DTE", 2), ("5 $, $5, $ORANGES, $ORA5, $été, a$ORA, $$ORA", 0)],
)
def test_cashtags_by_the_rules_of_x(text, count):
    assert x_cashtags(text) == count


def test_bytes_and_utf16_units():
    assert (utf8_length("été 👍"), linkedin_length("été 👍")) == (10, 6)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        (
            "Voir (https://example.com/a_(b)), puis http://b.org/x?y=1#z.",
            ["https://example.com/a_(b)", "http://b.org/x?y=1#z"],
        ),
        ("« https://example.com/été »", ["https://example.com/été"]),
        ("https://example.com/a, https://example.com/b!", ["https://example.com/a", "https://example.com/b"]),
        ("example.com ftp://x.org http:// https://", []),
        ("http://[broken", []),
    ],
)
def test_links_are_found_without_the_punctuation_around_them(text, links):
    assert find_links(text) == links


def test_links_taken_out():
    assert without_links("Lire https://a.fr/x et https://a.fr/x/y.") == "Lire  et ."


@pytest.mark.parametrize(
    ("url", "marked"),
    [
        ("https://example.com", "https://example.com?utm_source=x&utm_medium=social&utm_campaign=5G%20%26%20co"),
        (
            "https://example.com/a?b=1&c=%2F#part",
            "https://example.com/a?b=1&c=%2F&utm_source=x&utm_medium=social&utm_campaign=5G%20%26%20co#part",
        ),
        (
            "https://example.com/?utm_source=old&utm_content=kept",
            "https://example.com/?utm_content=kept&utm_source=x&utm_medium=social&utm_campaign=5G%20%26%20co",
        ),
        (
            "https://example.com/?flag&sig=a%2Bb==",
            "https://example.com/?flag&sig=a%2Bb==&utm_source=x&utm_medium=social&utm_campaign=5G%20%26%20co",
        ),
        ("mailto:press@example.com", "mailto:press@example.com"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("http://[broken", "http://[broken"),
        ("", ""),
    ],
)
def test_marking_a_link_keeps_its_own_query_and_fragment(url, marked):
    assert with_utm(url, source="x", medium="social", campaign="5G & co") == marked


def test_marking_twice_changes_nothing_more():
    once = with_utm("https://example.com/?a=1", source="x", medium="social", campaign="c", content="v2")

    assert with_utm(once, source="x", medium="social", campaign="c", content="v2") == once


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("court", 10, "court"),
        ("Réseaux privés pour l’industrie", 16, "Réseaux privés…"),
        ("Anticonstitutionnellement", 10, "Anticonst…"),
        (f"ab{FAMILY}cd", 4, "ab…"),
        ("ae\u0301bcd", 3, "a…"),
        ("🇫🇷🇩🇪🇮🇹", 4, "🇫🇷…"),
        ("abc", 0, ""),
    ],
)
def test_shortening_parts_neither_words_nor_characters(text, limit, short):
    assert shorten(text, limit) == short


def test_shortening_to_what_x_takes():
    text = f"{'mot ' * 100}{LONG_LINK}"

    short = shorten(text, 280, measure=x_length)

    assert x_length(short) == 277
    assert short == ("mot " * 69).rstrip() + "…"


@given(st.text(max_size=60), st.integers(min_value=0, max_value=70))
def test_a_shortened_text_always_fits_and_starts_like_the_text(text, limit):
    short = shorten(text, limit)

    assert len(short) <= limit or short == ""
    assert short == text or text.startswith(short.removesuffix("…"))


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("Bonjour  à tous\n\n", "Bonjour à tous"),
        ("e\u0301te\u0301", "été"),
        ("Lire https://example.com/a/", "Lire http://example.com/a"),
        ("Lire example.com", "Lire http://example.com"),
        ("Photo", "Photo https://t.co/AbC123xyz"),
        ("un\u00a0deux", "un deux"),
    ],
)
def test_what_a_platform_changes_does_not_make_two_texts_different(sent, told):
    assert comparable(sent) == comparable(told)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lire https://example.com/a", "Lire https://example.com/b"),
        ("Lire https://example.com/?utm_content=1", "Lire https://example.com/?utm_content=2"),
        ("Bonjour", "bonjour"),
        ("Bonjour", "Bonjour !"),
    ],
)
def test_what_people_write_differently_stays_different(one, other):
    assert comparable(one) != comparable(other)


@pytest.mark.parametrize(
    "link",
    [
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ", "https://youtube.com/watch?list=PL1&v=dQw4w9WgXcQ&t=3", "https://youtu.be/dQw4w9WgXcQ?si=x",
        "https://m.youtube.com/watch?v=dQw4w9WgXcQ#top", "https://www.youtube.com/shorts/dQw4w9WgXcQ", "https://www.youtube.com/live/dQw4w9WgXcQ",
    ],
)  # fmt: skip
def test_a_link_to_a_video_has_the_picture_youtube_shows_everybody(link: str) -> None:
    assert video_picture(link) == "https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg"


@pytest.mark.parametrize(
    "link",
    ["", "https://www.example.com/watch?v=dQw4w9WgXcQ", "https://www.youtube.com/@norvane", "https://youtu.be/short", "https://youtu.be/dQw4w9WgXcQx",
     "https://www.youtube.com.example.com/watch?v=dQw4w9WgXcQ", "javascript:https://youtu.be/dQw4w9WgXcQ", "https://www.youtube.com/watch?list=PL1#v=dQw4w9WgXcQ"],
)  # fmt: skip
def test_any_other_link_has_none(link: str) -> None:
    assert video_picture(link) == ""
