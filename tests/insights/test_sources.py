"""Every way that web statistics name a source leads to the right one, and shares sum to one or are no answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.insights.sources import NETWORKS, Source, classify, marked, tidy, traffic_share
from planner.planning.marks import post_of

CASES = {
    Source.X: ["t.co", "https://t.co/abc?x=1", "Twitter", "x.com", "mobile.twitter.com", ("x", "social"), ("twitter", "referral"), "Twitter / X"],
    Source.LINKEDIN: ["LinkedIn", "lnkd.in", "www.linkedin.com", ("linkedin.com", "referral"), ("linkedin", "newsletter")],
    Source.YOUTUBE: ["youtube", "m.youtube.com", "youtu.be", ("youtube.com", "Organic Video")],
    Source.OTHER_SOCIAL: ["Facebook", "old.reddit.com", "https://news.ycombinator.com/item?id=1", ("mastodon.example", "Social Networks"), "l.facebook.com"],
    Source.CAMPAIGN: [
        ("linkedin", "cpc"), ("twitter", "Paid Social"), ("newsletter", ""), ("brevo", "email"), ("", "", "spring-launch"), ("google", "cpc"),
        ("sponsor.example", "display"), ("leaflet", "qr"), ("", "Campaigns"), ("partner", "", "spring-launch"),
    ],
    Source.SEARCH: ["google", "www.google.co.uk", "google.fr", "Bing", ("some-engine", "organic"), "duckduckgo.com", "fr.search.yahoo.com"],
    Source.DIRECT: ["", "(direct)", ("(direct)", "(none)"), "Direct Entry", "Entrées directes", "(not set)", ("", "direct", "(not set)")],
    Source.WEBSITE: ["lemonde.fr", "https://www.lemonde.fr/economie/1.html", ("chatgpt.com", "referral"), "mail.google.com", "notx.com", "art.co", "intranet"],
}  # fmt: skip


@pytest.mark.parametrize(("wanted", "said"), [(wanted, said) for wanted, all_said in CASES.items() for said in all_said])
def test_a_source_is_known_by_its_name_its_host_or_its_medium(wanted: Source, said: str | tuple[str, ...]) -> None:
    assert classify(*((said,) if isinstance(said, str) else said)) is wanted


@given(st.dictionaries(st.sampled_from(list(Source)), st.integers(0, 10**9)))
def test_shares_sum_to_one_unless_nobody_came(visits: dict[Source, int]) -> None:
    share = traffic_share(visits)

    if not sum(visits.values()):
        assert share == {}
    else:
        assert set(share) == set(visits)
        assert sum(share.values()) == pytest.approx(1)
        assert all(0 <= part <= 1 for part in share.values())


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        traffic_share({"x": 3, "search": -1})


@given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_file_says_is_one_of_the_sources(source: str, medium: str, campaign: str) -> None:
    assert classify(source, medium, campaign) in Source


def test_our_mark_names_the_post_and_nobody_elses_does() -> None:
    address = marked("https://example.com/paper?lang=fr#top", platform="linkedin", post_id=12, campaign="Énergie: 2030 !")

    assert address == (
        "https://example.com/paper?lang=fr&utm_source=linkedin&utm_medium=social&utm_campaign=energie-2030&utm_content=post-12#top"
    )
    assert [post_of(one) for one in ("post-12", "Post-12", "post-0", "post-012", "post-", "banner", "post-12b", "")] == [
        12, 12, None, None, None, None, None, None,
    ]  # fmt: skip


def test_what_could_be_a_person_is_not_kept() -> None:
    kept = [tidy(one) for one in ("https://site.example/p?mail=a@b.example", "Jo <jo@corp.example>", "https://site.example/u/jo?token=1", " A  B ")]

    assert kept == ["site.example", "", "site.example", "a b"]


def test_the_networks_are_four_of_the_eight() -> None:
    assert NETWORKS == (Source.X, Source.LINKEDIN, Source.YOUTUBE, Source.OTHER_SOCIAL)
