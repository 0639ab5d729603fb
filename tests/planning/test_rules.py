"""What the rules find in a post, each rule alone; no database is needed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from planner.accounts.models import User
from planner.catalog.models import Asset, AssetFile, AssetKind, AssetState, Confidentiality
from planner.channels import limits
from planner.channels.models import Channel, ChannelState
from planner.channels.port import Limits, MediaKind, Platform
from planner.core.errors import EmbargoActive, NotSendable, PastMoment, Refused, SelfApproval
from planner.planning import rules
from planner.planning.findings import ALONE, Finding, Neighbour, Quiet, Surroundings, Term, refuse
from planner.planning.leaks import says
from planner.planning.models import Campaign, Post, PostState

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)
X_LIMITS = limits.X
YOUTUBE_LIMITS = limits.YOUTUBE


def an_asset(**values: Any) -> Asset:
    defaults = {"id": 1, "title": "Orion launch", "kind": AssetKind.BLOG_POST, "state": AssetState.READY, "url": "", "language": "en"}
    return Asset(**{**defaults, "sensitive": False, "confidentiality": Confidentiality.PUBLIC, "embargo_terms": [], **values})


def a_channel(platform: Platform = Platform.X, **values: Any) -> Channel:
    return Channel(
        **{"id": 7, "platform": platform, "name": "Our X", "state": ChannelState.CONNECTED, "time_zone": "Europe/Paris", **values}
    )


def a_post(**values: Any) -> Post:
    defaults = {
        "id": 3,
        "asset_id": 1,
        "channel_id": 7,
        "text": "Hello.",
        "title": "",
        "link": "",
        "first_comment": "",
        "tags": [],
        "media": [],
    }
    return Post(**{**defaults, "publish_at": TOMORROW, "state": PostState.DRAFT, **values})


def a_file(number: int = 5, kind: MediaKind = MediaKind.VIDEO, **values: Any) -> AssetFile:
    """A file that every platform takes."""
    film = {"mime": "video/mp4", "size": 1 << 20, "width": 1280, "height": 720, "seconds": 60.0}
    picture = {"mime": "image/png", "size": 1 << 10, "width": 40, "height": 30}
    told = film if kind is MediaKind.VIDEO else picture
    return AssetFile(**{"id": number, "kind": kind, "name": f"file-{number}", "alt_text": "", **told, **values})


def codes(
    post: Post,
    *,
    asset: Asset | None = None,
    campaign: Campaign | None = None,
    channel: Channel | None = None,
    limits: Limits | None = X_LIMITS,
    around: Surroundings = ALONE,
) -> list[tuple[str, str]]:
    found = rules.findings(post, asset or an_asset(), campaign, channel or a_channel(), limits, NOON, around)
    return [(one.level, one.code) for one in found]


def test_a_sound_post_has_no_findings() -> None:
    assert codes(a_post()) == []


def test_the_later_of_two_embargoes_holds() -> None:
    asset = an_asset(embargo_until=TOMORROW)
    campaign = Campaign(name="Trade show", embargo_until=TOMORROW + timedelta(hours=1))

    assert rules.embargo_of(asset, campaign) == ("Trade show", TOMORROW + timedelta(hours=1))
    assert rules.embargo_of(asset, None) == ("Orion launch", TOMORROW)
    assert rules.embargo_of(an_asset(), None) is None


def test_the_moment_of_the_lift_is_allowed_and_the_second_before_is_not() -> None:
    asset = an_asset(embargo_until=TOMORROW)

    rules.check_embargo(asset, None, TOMORROW)
    with pytest.raises(EmbargoActive) as refused:
        rules.check_embargo(asset, None, TOMORROW - timedelta(seconds=1))

    assert str(refused.value) == "“Orion launch” is under embargo until 03 Mar 2026, 12:00 UTC."
    assert refused.value.field == "publish_at"


def test_an_embargoed_word_of_another_asset_blocks_and_names_only_the_word() -> None:
    around = Surroundings(terms=(Term("Project Vega", TOMORROW + timedelta(days=1)),))

    found = rules.findings(a_post(text="Meet project véga!"), an_asset(), None, a_channel(), X_LIMITS, NOON, around)

    assert found == [
        Finding(
            "blocking",
            "leak",
            "“%(words)s” may not be mentioned before %(lifts_at)s. Take it out, or choose a later time.",
            {"words": "Project Vega", "lifts_at": TOMORROW + timedelta(days=1)},
            "text",
        )
    ]


@pytest.mark.parametrize("place", [{"title": "Vega"}, {"first_comment": "Vega"}, {"tags": ["Vega"]}, {"media": [{"file_id": 1, "alt_text": "Vega"}]},
                                   {"link": "https://example.com/vega"}])  # fmt: skip
def test_a_leak_is_found_wherever_text_leaves(place: dict[str, Any]) -> None:
    around = Surroundings(terms=(Term("Vega", TOMORROW + timedelta(days=1)),))

    assert ("blocking", "leak") in codes(a_post(**place), around=around)


@pytest.mark.parametrize(("own", "is_said"), [("", True), ("A bird", False)])
def test_a_leak_is_found_in_a_file_s_own_alt_text_where_that_leaves(own: str, is_said: bool) -> None:
    around = Surroundings(terms=(Term("Vega", TOMORROW + timedelta(days=1)),))
    asset = an_asset(files=[a_file(5, MediaKind.IMAGE, alt_text="The Vega logo")])

    found = codes(a_post(media=[{"file_id": 5, "alt_text": own}]), asset=asset, around=around)

    assert (("blocking", "leak") in found) == is_said


@pytest.mark.parametrize("asset", [{"title": "Vega"}, {"summary": "All of Vega."}])
def test_a_leak_is_found_in_the_card_of_a_link(asset: dict[str, Any]) -> None:
    around = Surroundings(terms=(Term("Vega", TOMORROW + timedelta(days=1)),))
    post, page = a_post(link="https://example.com"), a_channel(Platform.LINKEDIN)

    assert ("blocking", "leak") in codes(post, asset=an_asset(**asset), channel=page, around=around)


def test_a_leak_is_found_in_the_thumbnail_of_a_link_s_card() -> None:
    around = Surroundings(terms=(Term("Vega", TOMORROW + timedelta(days=1)),))
    post = a_post(link="https://example.com", media=[{"file_id": 5, "alt_text": ""}])
    asset = an_asset(files=[a_file(5, MediaKind.THUMBNAIL, name="vega.png")])

    assert ("blocking", "leak") in codes(post, asset=asset, channel=a_channel(Platform.LINKEDIN), around=around)


def test_after_the_lift_the_word_is_free() -> None:
    around = Surroundings(terms=(Term("Vega", TOMORROW),))

    assert codes(a_post(text="Vega is here."), around=around) == []


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("We act in action", "Ion", False),
        ("ION, at last", "Ion", True),
        ("Meet project\n  orion", "Project Orion", True),
        ("#ProjectOrionLaunch", "Project Orion", True),
        ("see https://example.com/project-orion", "Project Orion", True),
        ("pro\u200bject orion", "Project Orion", True),
        ("ｐｒｏｊｅｃｔ orion", "Project Orion", True),
        ("5G+", "5G", True),
        ("15G", "5G", False),
        ("anything", "", False),
        ("anything", " - ", False),
    ],
)
def test_words_are_found_as_people_would_find_them(text: str, words: str, said: bool) -> None:
    assert says(text, words) is said


def test_a_sensitive_announcement_goes_out_once_a_channel() -> None:
    twin = Neighbour(9, 1, PostState.PUBLISHED, NOON, "It is out.")

    assert codes(a_post(), asset=an_asset(sensitive=True), around=Surroundings(neighbours=(twin,))) == [("blocking", "sensitive")]
    assert codes(a_post(), asset=an_asset(sensitive=False), around=Surroundings(neighbours=(twin,))) == []


@pytest.mark.parametrize(("platform", "found"), [(Platform.X, []), (Platform.WEBHOOK, []), *((one, [("warning", "answers")]) for one in (Platform.LINKEDIN, Platform.YOUTUBE, Platform.BY_HAND))])
def test_where_nobody_can_close_the_comments_of_what_is_sensitive_a_person_is_told_to(platform: Platform, found: list[tuple[str, str]]) -> None:
    assert [one for one in codes(a_post(), asset=an_asset(sensitive=True), channel=a_channel(platform)) if one[1] == "answers"] == found
    assert [one for one in codes(a_post(), asset=an_asset(), channel=a_channel(platform)) if one[1] == "answers"] == []


def test_that_nobody_may_answer_is_part_of_what_is_approved_and_nothing_else_has_another_digest() -> None:
    plain, sensitive = (rules.content_digest(a_post(), an_asset(sensitive=one), a_channel()) for one in (False, True))

    assert sensitive != plain
    assert plain == "1364a9c52d17a7acf1326c33a845764d11ad7ad5eda06dc1a87e9b52832677a7"


def test_the_past_blocks() -> None:
    assert codes(a_post(publish_at=NOON - timedelta(minutes=5))) == [("blocking", "past")]


def test_no_moment_blocks() -> None:
    assert codes(a_post(publish_at=None)) == [("blocking", "no_moment")]


def test_an_empty_text_blocks() -> None:
    assert codes(a_post(text="  \n ")) == [("blocking", "no_text")]


def test_x_weighs_links_as_23_and_wide_letters_as_two() -> None:
    fits = "a" * 256 + " https://example.com/" + "long/" * 40

    assert codes(a_post(text=fits)) == []
    assert codes(a_post(text="a" + fits)) == [("blocking", "too_long")]
    assert codes(a_post(text="会" * 140)) == []
    assert codes(a_post(text="会" * 141)) == [("blocking", "too_long")]


def test_the_link_counts_on_x_because_it_leaves_with_the_text() -> None:
    text = "a" * 257

    assert codes(a_post(text=text)) == []
    assert codes(a_post(text=text, link="https://example.com/page")) == [("blocking", "too_long")]
    assert codes(a_post(text="a" * 200 + " https://example.com/page", link="https://example.com/page")) == []


def test_the_finding_of_a_long_text_carries_both_numbers() -> None:
    (found,) = rules.findings(a_post(text="a" * 281), an_asset(), None, a_channel(), X_LIMITS, NOON)

    assert (found.params, found.field) == ({"platform": "X", "length": 281, "limit": 280}, "text")


def test_youtube_counts_bytes_and_wants_a_video() -> None:
    channel = a_channel(Platform.YOUTUBE)
    video = a_file()
    asset = an_asset(kind=AssetKind.VIDEO, files=[video])
    ready = a_post(text="é" * 2500, media=[{"file_id": 5, "alt_text": ""}])

    assert codes(ready, asset=asset, channel=channel, limits=YOUTUBE_LIMITS) == []
    assert codes(a_post(text="é" * 2501), asset=asset, channel=channel, limits=YOUTUBE_LIMITS) == [
        ("blocking", "too_long"),
        ("blocking", "no_media"),
    ]
    assert codes(a_post(text="a < b", media=ready.media), asset=asset, channel=channel, limits=YOUTUBE_LIMITS) == [("blocking", "markup")]
    assert codes(a_post(text="", media=ready.media), asset=asset, channel=channel, limits=YOUTUBE_LIMITS) == []


def test_a_long_title_and_many_tags_block_on_youtube() -> None:
    asset = an_asset(title="t" * 101, files=[a_file()])
    post = a_post(media=[{"file_id": 5}], tags=["five g"] * 60)

    found = codes(post, asset=asset, channel=a_channel(Platform.YOUTUBE), limits=YOUTUBE_LIMITS)

    assert found == [("blocking", "title_too_long"), ("blocking", "tags_too_long")]


def test_pictures_are_counted_and_want_a_description() -> None:
    pictures = [a_file(n, MediaKind.IMAGE) for n in range(1, 6)]
    asset = an_asset(files=pictures)

    five = a_post(media=[{"file_id": n, "alt_text": "a map"} for n in range(1, 6)])
    undescribed = a_post(media=[{"file_id": 1, "alt_text": ""}])

    assert codes(five, asset=asset) == [("blocking", "too_many_files")]
    assert codes(undescribed, asset=asset) == [("warning", "no_alt")]


def test_a_retired_asset_blocks() -> None:
    assert codes(a_post(), asset=an_asset(state=AssetState.RETIRED)) == [("blocking", "retired")]


def test_a_channel_never_connected_blocks_and_one_to_reconnect_warns() -> None:
    assert codes(a_post(), channel=a_channel(state=ChannelState.NOT_CONNECTED)) == [("blocking", "not_connected")]
    assert codes(a_post(), channel=a_channel(state=ChannelState.NEEDS_RECONNECT)) == [("warning", "needs_reconnect")]
    assert codes(a_post(), channel=a_channel(Platform.BY_HAND, state=ChannelState.NOT_CONNECTED)) == []


def test_two_posts_within_15_minutes_clash() -> None:
    near = Neighbour(9, 2, PostState.SCHEDULED, TOMORROW + timedelta(minutes=14), "Other words.")
    far = Neighbour(9, 2, PostState.SCHEDULED, TOMORROW + timedelta(minutes=15), "Other words.")
    gone = Neighbour(9, 2, PostState.FAILED, TOMORROW, "Other words.")

    assert codes(a_post(), around=Surroundings(neighbours=(near,))) == [("warning", "clash")]
    assert codes(a_post(), around=Surroundings(neighbours=(far,))) == []
    assert codes(a_post(), around=Surroundings(neighbours=(gone,))) == []


def test_the_same_words_within_three_days_block_on_x_and_warn_elsewhere() -> None:
    twin = Neighbour(9, 2, PostState.PUBLISHED, TOMORROW - timedelta(hours=71), "HELLO.")
    old = Neighbour(9, 2, PostState.PUBLISHED, TOMORROW - timedelta(hours=72), "Hello.")
    draft = Neighbour(9, 2, PostState.DRAFT, TOMORROW - timedelta(hours=5), "Hello.")

    assert codes(a_post(), around=Surroundings(neighbours=(twin,))) == [("blocking", "repeat")]
    assert codes(a_post(), channel=a_channel(Platform.LINKEDIN), around=Surroundings(neighbours=(twin,))) == [("warning", "repeat")]
    assert codes(a_post(), around=Surroundings(neighbours=(old,))) == []
    assert codes(a_post(), around=Surroundings(neighbours=(draft,))) == []


def test_a_blackout_counts_days_on_the_channel_s_own_calendar() -> None:
    late = a_post(publish_at=datetime(2026, 3, 9, 23, 30, tzinfo=UTC))  # 00:30 on the 10th in Paris
    quiet = Quiet("Before the results", date(2026, 3, 10), date(2026, 3, 12))

    assert ("warning", "blackout") in codes(late, around=Surroundings(blackouts=(quiet,)))
    assert codes(a_post(publish_at=datetime(2026, 3, 12, 8, tzinfo=UTC)), around=Surroundings(blackouts=(quiet,))) == []


@pytest.mark.parametrize(("channels", "asked", "holds", "on_any", "on_all"), [
    ((), 1, True, True, True), ((1,), 1, True, True, True), ((1, 2), 1, True, True, True), ((2,), 1, False, False, False), ((2,), None, False, True, False),
])  # fmt: skip
def test_a_blackout_holds_on_the_channels_it_names_or_on_every_one(
    channels: tuple[int, ...], asked: int | None, holds: bool, on_any: bool, on_all: bool
) -> None:
    quiet, day, several = Quiet("Results", date(2026, 3, 3), date(2026, 3, 4), channels=channels), date(2026, 3, 3), [] if asked is None else [asked]

    assert (quiet.holds(asked, day), quiet.on_any_of(several), quiet.on_all_of(several)) == (holds, on_any, on_all)
    assert not quiet.holds(asked, date(2026, 3, 4))


def test_what_blocks_comes_first() -> None:
    near = Neighbour(9, 2, PostState.SCHEDULED, TOMORROW, "Other words.")

    assert [level for level, _ in codes(a_post(text=""), around=Surroundings(neighbours=(near,)))] == ["blocking", "warning"]


@pytest.mark.parametrize(
    ("finding", "kind"),
    [
        (Finding("blocking", "embargo", "", {"title": "A", "lifts_at": NOON}), EmbargoActive),
        (Finding("blocking", "past", "", {"moment": NOON}), PastMoment),
        (Finding("blocking", "too_long", "x", {}, "text"), NotSendable),
        (Finding("blocking", "leak", "x", {}, "text"), Refused),
    ],
)
def test_a_blocking_finding_is_raised_as_the_error_it_is(finding: Finding, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        refuse([finding])


def test_a_warning_refuses_nothing() -> None:
    refuse([Finding("warning", "clash", "x")])


@pytest.mark.parametrize(
    ("values", "policy", "wanted"),
    [
        ({}, "releases", False),
        ({"kind": AssetKind.PRESS_RELEASE}, "releases", True),
        ({"embargo_until": NOON - timedelta(days=9)}, "releases", True),
        ({"confidentiality": Confidentiality.CONFIDENTIAL}, "releases", True),
        ({"sensitive": True}, "releases", True),
        ({}, "always", True),
        ({"kind": AssetKind.PRESS_RELEASE}, "never", False),
    ],
)
def test_the_setting_says_what_needs_a_second_pair_of_eyes(values: dict[str, Any], policy: str, wanted: bool) -> None:
    assert rules.wants_second_pair(an_asset(**values), None, policy) is wanted


def test_an_embargoed_campaign_needs_a_second_pair_of_eyes() -> None:
    assert rules.wants_second_pair(an_asset(), Campaign(name="c", embargo_until=NOON), "releases") is True


def test_author_and_submitter_may_not_approve_a_release_and_the_command_line_may() -> None:
    release = an_asset(kind=AssetKind.PRESS_RELEASE)
    post = a_post(author_id=1, submitted_by_id=2)

    for person in (1, 2):
        with pytest.raises(SelfApproval):
            rules.check_four_eyes(post, release, None, User(id=person), "releases")
    rules.check_four_eyes(post, release, None, User(id=3), "releases")
    rules.check_four_eyes(post, release, None, None, "releases")


@pytest.mark.parametrize(
    "change",
    [{"text": "Other."}, {"title": "Other"}, {"link": "https://example.com"}, {"first_comment": "x"}, {"tags": ["x"]},
     {"media": [{"file_id": 1, "alt_text": ""}]}, {"publish_at": TOMORROW + timedelta(minutes=1)}],
)  # fmt: skip
def test_the_digest_covers_what_leaves_and_when(change: dict[str, Any]) -> None:
    asset, channel = an_asset(), a_channel()

    assert rules.content_digest(a_post(**change), asset, channel) != rules.content_digest(a_post(), asset, channel)


def test_the_digest_covers_the_channel_and_the_asset_s_title_and_address() -> None:
    plain = rules.content_digest(a_post(), an_asset(), a_channel())

    assert len(plain) == 64
    assert rules.content_digest(a_post(), an_asset(), a_channel(id=8)) != plain
    assert rules.content_digest(a_post(), an_asset(title="Other"), a_channel()) != plain
    assert rules.content_digest(a_post(), an_asset(url="https://example.com"), a_channel()) != plain


def test_the_digest_covers_a_file_s_own_alt_text_only_where_that_leaves() -> None:
    told = [an_asset(files=[a_file(5, alt_text=alt), a_file(6, alt_text="A door")]) for alt in ("", "A bird", "A plane")]

    def digests(own: str) -> list[str]:
        return [rules.content_digest(a_post(media=[{"file_id": 5, "alt_text": own}]), asset, a_channel()) for asset in told]

    assert (len(set(digests(""))), len(set(digests("A kite")))) == (3, 1)


@pytest.mark.parametrize(
    ("post", "platform", "differs"),
    [
        ({"link": "https://example.com"}, Platform.LINKEDIN, True),
        ({"link": "https://example.com", "media": [{"file_id": 5, "alt_text": ""}]}, Platform.LINKEDIN, True),
        ({"link": "https://example.com", "media": [{"file_id": 6, "alt_text": ""}]}, Platform.LINKEDIN, False),
        ({"link": "https://example.com"}, Platform.X, False),
        ({}, Platform.LINKEDIN, False),
    ],
)
def test_the_digest_covers_the_summary_only_where_a_card_says_it(post: dict[str, Any], platform: Platform, differs: bool) -> None:
    files = {"thumbnail": MediaKind.THUMBNAIL, "picture": MediaKind.IMAGE}
    assets = [an_asset(summary=said, files=[a_file(number, kind) for number, kind in enumerate(files.values(), 5)]) for said in ("One.", "Two.", "One.")]

    one, two, again = (rules.content_digest(a_post(**post), asset, a_channel(platform)) for asset in assets)

    assert (one != two, one == again) == (differs, True)


def test_the_digest_covers_no_more_of_the_summary_than_the_card_says() -> None:
    post, page = a_post(link="https://example.com"), a_channel(Platform.LINKEDIN)

    one, two = (rules.content_digest(post, an_asset(summary="x" * 250 + more), page) for more in ("", " and more"))

    assert one == two


def test_the_digest_does_not_depend_on_state_or_zone() -> None:
    paris = TOMORROW.astimezone(ZoneInfo("Europe/Paris"))

    same = a_post(state=PostState.SCHEDULED, publish_at=paris, external_id="9")

    assert rules.content_digest(same, an_asset(), a_channel()) == rules.content_digest(a_post(), an_asset(), a_channel())


@pytest.mark.parametrize(
    ("text", "words", "found"),
    [
        ("The Falcons fly.", "Falcon", True), ("De nouveaux réseaux", "réseau", True), ("Two boxes", "Box", False), ("Many actions", "ion", False),
        ("Falconry", "Falcon", False), ("Les projets Orion", "projet Orion", True),
    ],
)  # fmt: skip
def test_a_word_under_embargo_is_found_in_its_plural_too(text: str, words: str, found: bool) -> None:
    assert says(text, words) is found
