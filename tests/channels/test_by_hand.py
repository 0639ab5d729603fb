"""By-hand channels: nothing is sent, nothing is taken for sent, and a person gets everything to copy."""

from __future__ import annotations

from datetime import UTC, datetime

from planner.channels.by_hand import ByHandAdapter, CopyPack, copy_pack
from planner.channels.port import Account, Listing, Media, MediaKind, OutgoingPost, OwnPosts, Platform, Readings, Refused

ACCOUNT = Account(channel_id=1, platform=Platform.BY_HAND, name="Intranet")
PICTURE = Media(kind=MediaKind.IMAGE, path="/files/a.png", mime="image/png", size=10, alt_text="Une antenne")


def a_post(**changes) -> OutgoingPost:
    values = {"delivery_id": 1, "attempt": 1, "fingerprint": "f" * 64, "text": "Bonjour", **changes}
    return OutgoingPost(**values)


def test_a_post_that_reaches_it_is_refused_and_the_account_is_not_held():
    outcome = ByHandAdapter().publish(a_post(), ACCOUNT, keep=lambda _: None)

    assert outcome == Refused("by_hand", "A person publishes on this channel. Copy the text, then say where it is.", account=False)


def test_absence_proves_nothing_and_no_number_is_made_up():
    adapter, now = ByHandAdapter(), datetime.now(UTC)

    assert adapter.find(a_post(), now, ACCOUNT) == Listing((), False, "Only the person who publishes here knows.")
    assert adapter.recent(now, ACCOUNT) == OwnPosts((), False, Refused("by_hand", "Only the person who publishes here knows."))
    assert adapter.readings(["https://intranet.example.com/1"], ACCOUNT) == Readings()
    assert adapter.audience(ACCOUNT) is None
    assert isinstance(adapter.delete("1", ACCOUNT), Refused)


def test_the_copy_pack_holds_every_part_ready_to_be_pasted():
    post = a_post(title="Titre", link="https://a.fr/x", first_comment="Suite", tags=("5G", "réseaux"), media=(PICTURE,))

    assert copy_pack(post) == CopyPack("Titre", "Bonjour", "https://a.fr/x", "Suite", "5G, réseaux", (PICTURE,))


def test_a_link_that_the_text_holds_is_not_given_twice():
    assert copy_pack(a_post(text="Lire https://a.fr/x", link="https://a.fr/x")).link == ""
