"""Texts for X: every official case of twitter-text on weighted length, validity, links and cashtags, as planning judges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from planner.channels.limits import X
from planner.channels.port import OutgoingPost, Platform
from planner.channels.preflight import complaint
from planner.core.text import x_cashtags, x_has_link, x_length

pytestmark = pytest.mark.conformance

CASES = Path(__file__).parent / "twitter-text"
#: An address that weighs 23 whether it is seen as a link or as plain letters.
_SHORT = "https://t.co/0123456789"


def cases(file: str, *groups: str) -> list[Any]:
    told = yaml.safe_load((CASES / file).read_text())["tests"]
    return [pytest.param(case, id=f"{group}: {case['description']}") for group in groups for case in told[group]]


WEIGHTED = cases("validate.yml", "WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest")
LINKS = cases("extract.yml", "urls", "urls_with_indices", "urls_with_directional_markers", "tco_urls_with_params")
CASHTAGS = cases("extract.yml", "cashtags")


def test_the_cases_are_all_there() -> None:
    assert (len(WEIGHTED), len(LINKS), len(CASHTAGS)) == (24, 108, 8)


@pytest.mark.parametrize("case", WEIGHTED)
def test_a_text_weighs_what_the_official_case_says(case: dict[str, Any]) -> None:
    post = OutgoingPost(delivery_id=1, attempt=1, fingerprint="", text=case["text"])

    assert x_length(case["text"]) == case["expected"]["weightedLength"]
    assert (bool(case["text"]) and complaint(Platform.X, X, post) is None) is case["expected"]["valid"]


@pytest.mark.parametrize("case", LINKS)
def test_a_link_is_where_the_official_case_says(case: dict[str, Any]) -> None:
    links = [one["url"] if isinstance(one, dict) else one for one in case["expected"]]
    replaced, rest = "", case["text"]
    for link in links:
        before, _, rest = rest.partition(link)
        replaced += before + _SHORT
    text, replaced = case["text"], replaced + rest

    assert x_has_link(text) is bool(links)
    assert x_length(text) == x_length(replaced)


@pytest.mark.parametrize("case", CASHTAGS)
def test_no_cashtag_of_the_official_case_is_missed(case: dict[str, Any]) -> None:
    assert x_cashtags(case["text"]) >= len(case["expected"])
