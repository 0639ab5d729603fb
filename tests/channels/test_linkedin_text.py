"""LinkedIn's little text: nothing reserved leaves us unescaped, and what comes back is what we wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.channels.linkedin_text import RESERVED, cut_short, escape, same_text, unescape

#: Texts made mostly of what is dangerous: reserved characters, pieces of tokens, whole tokens, and anything else.
AWKWARD = st.lists(
    st.one_of(
        st.sampled_from(list(RESERVED)),
        st.sampled_from(
            [
                "#5G",
                "@[Nordwave (Group)](urn:li:organization:12)",
                "{hashtag|\\#|5G}",
                "@[",
                "](urn:li:",
                "https://a.example/x_y#z",
                "\n",
            ]
        ),
        st.text(max_size=6),
    ),
    max_size=30,
).map("".join)


def unescaped_leftovers(commentary: str) -> str:
    """Independent reading of a commentary: what reserved characters stand without a backslash outside tokens.

    Written as a plain character walk, sharing no expression with the code under test.
    """
    left, at = [], 0
    while at < len(commentary):
        char = commentary[at]
        if char == "\\":
            at += 2
            continue
        if char == "@" and commentary[at : at + 2] == "@[":
            end = at + 2
            while commentary[end] != "]":
                end += 2 if commentary[end] == "\\" else 1
            assert commentary[end : end + 9] == "](urn:li:", "a mention's name is followed by a urn"
            at = commentary.index(")", end) + 1
            continue
        if char == "#" and at + 1 < len(commentary) and commentary[at + 1].isalnum():
            at += 1
            continue
        if char in RESERVED:
            left.append(char)
        at += 1
    return "".join(left)


@given(AWKWARD)
def test_what_is_escaped_reads_back_unchanged(text):
    assert unescape(escape(text)) == text


@given(AWKWARD)
def test_no_reserved_character_leaves_unescaped_outside_a_hashtag_or_a_mention(text):
    assert unescaped_leftovers(escape(text)) == ""


@given(st.text())
def test_any_text_reads_back_unchanged_and_holds_nothing_reserved(text):
    assert unescape(escape(text)) == text
    assert unescaped_leftovers(escape(text)) == ""


@pytest.mark.parametrize("char", list(RESERVED))
def test_each_reserved_character_gets_one_backslash(char):
    assert escape(f"a {char} b") == f"a \\{char} b"


@pytest.mark.parametrize(
    ("text", "commentary"),
    [
        ("Our network (5G) is live", "Our network \\(5G\\) is live"),
        ("C:\\new", "C:\\\\new"),
        ("already \\( escaped", "already \\\\\\( escaped"),
        ("See #5G and #Réseau2026.", "See #5G and #Réseau2026."),
        ("#open_ran", "#open\\_ran"),
        ("we are #1", "we are \\#1"),
        ("a#b and &#38; and ##x", "a\\#b and &\\#38; and \\#\\#x"),
        ("https://a.example/x_y?utm_source=li#Top", "https://a.example/x\\_y?utm\\_source=li\\#Top"),
        ("with @[Nordwave](urn:li:organization:123)!", "with @[Nordwave](urn:li:organization:123)!"),
        ("with @[Nordwave (Group)](urn:li:organization:123)", "with @[Nordwave \\(Group\\)](urn:li:organization:123)"),
        ("press@nordwave.example", "press\\@nordwave.example"),
        ("@[Nordwave](https://evil.example)", "\\@\\[Nordwave\\]\\(https://evil.example\\)"),
        ("{hashtag|\\#|5G}", "\\{hashtag\\|\\\\\\#\\|5G\\}"),
        ("日本の #ネットワーク 👩🏽‍🚀", "日本の #ネットワーク 👩🏽‍🚀"),
        ("", ""),
    ],
)
def test_plain_text_becomes_commentary(text, commentary):
    assert escape(text) == commentary


@pytest.mark.parametrize(
    ("commentary", "text"),
    [
        ("Look {hashtag|\\#|Technology} now", "Look #Technology now"),
        ("{hashtag|#|open\\_ran}", "#open_ran"),
        ("{hashtag|\uff03|5G}", "\uff035G"),
        ("a \\q stays", "a \\q stays"),
        ("ends with \\", "ends with \\"),
    ],
)
def test_linkedin_s_own_spellings_are_read(commentary, text):
    assert unescape(commentary) == text


def test_the_same_text_is_recognised_through_escapes_spacing_and_composition():
    assert same_text("Cafe\u0301 (5G) #Launch\r\nMore ", "Caf\u00e9 \\(5G\\) {hashtag|\\#|Launch}\nMore")


def test_another_text_or_another_link_is_not_the_same():
    assert not same_text("Our network", "Our network is live")
    assert not same_text("Read https://a.example/1", "Read https://a.example/2")


def test_linkedin_s_short_link_stands_for_ours():
    assert same_text("Read https://a.example/1 today", "Read https://lnkd.in/e9x today")
    assert not same_text("Read https://a.example/1 today", "Watch https://lnkd.in/e9x today")


def test_a_text_cut_at_a_parenthesis_is_noticed_with_how_much_is_gone():
    text = "Our network (5G standalone) is live in nine cities."
    assert cut_short(text, "Our network") == len(text) - len("Our network")


def test_a_whole_text_is_not_called_cut_even_when_its_last_link_was_shortened():
    assert cut_short("All here (yes) https://a.example/long?x_y=1", "All here \\(yes\\) https://lnkd.in/e9x") == 0
    assert cut_short("", "") == 0
