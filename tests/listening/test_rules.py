"""What a mention is known by, and what two tellings of one make together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.core.networks import network_of, number_of, page_of, site_of
from planner.listening.rules import Told, code_of, joined, key_of, together

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "network", "page"),
    [
        ("https://twitter.com/jane/status/123?s=20", "x", "x:123"),
        ("https://x.com/i/web/status/123", "x", "x:123"),
        ("https://mobile.twitter.com/jane/statuses/123/photo/1", "x", "x:123"),
        ("https://x.com/jane", "x", "x.com/jane"),
        ("https://youtu.be/abc_DEF-123?t=9", "youtube", "youtube:abc_DEF-123"),
        ("https://www.youtube.com/watch?v=abc_DEF-123&lc=Ugx1", "youtube", "youtube:abc_DEF-123:Ugx1"),
        ("https://www.youtube.com/shorts/abc_DEF-123", "youtube", "youtube:abc_DEF-123"),
        ("https://www.youtube.com/@norvane", "youtube", "youtube.com/@norvane"),
        ("https://www.linkedin.com/feed/update/urn:li:activity:71/", "linkedin", "linkedin:urn:li:activity:71"),
        ("https://www.linkedin.com/posts/jane-doe_ports-activity-71-aBcD", "linkedin", "linkedin:urn:li:activity:71"),
        ("https://www.lemonde.fr/a/b.html?utm_source=x&xtor=RSS-1#ici", "web", "lemonde.fr/a/b.html"),
        ("http://m.lemonde.fr/a/b.html", "web", "lemonde.fr/a/b.html"),
        ("https://example.org/?p=7&b=&fbclid=zz", "web", "example.org?b=&p=7"),
        ("https://example.org/a?msclkid=1&dclid=2&mkt_tok=3&gad_source=4&MSCLKID=5", "web", "example.org/a"),
    ],
)
def test_an_address_is_told_apart_by_what_its_place_knows_it_by(address: str, network: str, page: str) -> None:
    assert (network_of(address), page_of(address)) == (network, page)


def test_a_network_is_known_by_its_host_and_by_its_name_only_without_an_address() -> None:
    assert [network_of("", name) for name in ("Twitter", "LinkedIn", "News", "")] == ["x", "linkedin", "web", "web"]
    assert (network_of("https://example.org/a", "Twitter"), site_of("https://www.example.org:8080/a"), number_of("https://notx.com/a/status/1")) == ("web", "example.org", None)


@pytest.mark.parametrize(("link", "code"), [("https://go.example.com/l/abc2345", "abc2345"), ("https://example.com/l/a/b", ""), ("https://example.com/law", ""), ("", "")])
def test_a_short_link_of_ours_looks_like_one(link: str, code: str) -> None:
    assert code_of(link) == code


def test_the_same_words_at_the_same_moment_are_one_mention_where_no_address_is_told() -> None:
    said = Told(AT, "file-a", "web", outlet="Radio One", title="Three ports,  one network")

    assert key_of(said) == key_of(replace(said, title="three ports, one network", source="file-b")) != key_of(replace(said, outlet="Radio Two"))


@given(
    st.lists(st.builds(Told, st.datetimes(timezones=st.just(UTC)), st.sampled_from(["file-a", "file-b", "api"]), st.just("web"), outlet=st.text(max_size=3), author=st.text(max_size=3), title=st.text(max_size=3), timed=st.booleans()), min_size=1, max_size=4)
)  # fmt: skip
def test_tellings_make_the_same_whatever_their_order_and_however_often(tellings: list[Told]) -> None:
    assert len({together(order) for order in permutations(tellings)} | {joined(together(tellings), one) for one in tellings}) == 1
