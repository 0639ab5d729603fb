"""What every adapter promises, whatever its platform: one class of tests, run by each adapter against the sandbox.

A subclass names its platform and says how to make an adapter, an account and a post; the tests are inherited.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from planner.channels.counting import count_again
from planner.channels.port import Account, Adapter, OutgoingPost, OwnPosts, Platform, Refused, RetryLater, Sent, Unknown
from planner.channels.sandbox import Sandbox, serve

__all__ = ["COMMENT", "AdapterContract", "Stage", "closed_address"]

TOKEN = "sandbox-token-that-must-not-be-shown"
REVOKED = "sandbox-revoked-token-that-must-not-be-shown"


#: What the platforms' markup could spoil.
COMMENT = "Mehr dazu: (hier) & <dort> #5G"


def closed_address() -> str:
    """A base address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def keep_nothing(_text: str) -> None:
    pass


@dataclass
class Stage:
    """A sandbox of its own, the adapter pointed at it, an account there, and the moment the test began."""

    sandbox: Sandbox
    url: str
    adapter: Adapter
    account: Account
    post: OutgoingPost
    since: datetime

    def publish(self, **changes: Any) -> Any:
        return self.adapter.publish(replace(self.post, **changes), self.account, keep=keep_nothing)

    def find(self) -> Any:
        return self.adapter.find(self.post, self.since, self.account)

    def script(self, kind: str, operation: str, **more: Any) -> None:
        self.sandbox.script({"kind": kind, "platform": self.account.platform.value, "operation": operation, **more})


class AdapterContract:
    """Subclass it as `Test…`, set the names, and override `make_adapter`, and `make_post` where a text is not enough."""

    platform: Platform
    #: The sandbox's name for the call that makes a post.
    create: str
    #: An id that has the platform's form and belongs to nothing.
    unknown_id: str
    #: The sandbox's name for the call that adds a first comment; None where there is none.
    comment: str | None = None
    #: Whether the platform can be asked for our posts; a webhook cannot.
    lists = True
    config: dict[str, Any] = {}

    def make_adapter(self, url: str) -> Adapter:
        raise NotImplementedError

    def secret(self, url: str, *, revoked: bool = False) -> str:
        return REVOKED if revoked else TOKEN

    def make_post(self, folder: Path, number: int = 1) -> OutgoingPost:
        link = f"https://www.example.com/news/{number}?utm_source=test&utm_content={number}"
        return OutgoingPost(
            delivery_id=number,
            attempt=1,
            fingerprint=f"{number:064x}",
            text=f"Livre blanc n° {number} : réseaux privés & 5G <industrie> {link}",
            title=f"Livre blanc {number}",
            link=link,
        )

    def make_account(self, url: str, *, revoked: bool = False) -> Account:
        return Account(
            channel_id=1,
            platform=self.platform,
            name="Test",
            config=self.config,
            secret=self.secret(url, revoked=revoked),
        )

    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[Stage]:
        sandbox = Sandbox(tmp_path / "sandbox.sqlite3")
        with serve(sandbox) as running:
            yield Stage(
                sandbox,
                running.url,
                self.make_adapter(running.url),
                self.make_account(running.url),
                self.make_post(tmp_path),
                datetime.now(UTC) - timedelta(seconds=1),
            )
        sandbox.close()

    # --- sending ---

    def test_publishing_gives_the_platforms_number(self, stage):
        outcome = stage.publish()

        assert isinstance(outcome, Sent)
        assert outcome.receipt.external_id
        if self.lists:
            assert outcome.receipt.url.startswith("https://")

    def test_a_refused_key_holds_the_whole_account(self, stage):
        stage.account = self.make_account(stage.url, revoked=True)

        outcome = stage.publish()

        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.account) == ("unauthorised", True)

    def test_a_missing_key_holds_the_whole_account(self, stage):
        stage.account = replace(stage.account, secret=None)

        outcome = stage.publish()

        assert isinstance(outcome, Refused)
        assert outcome.account
        assert not stage.find().complete

    def test_where_nobody_listens_nothing_was_sent(self, stage):
        address = closed_address()
        stage.adapter, stage.account = self.make_adapter(address), self.make_account(address)

        outcome = stage.publish()

        assert isinstance(outcome, RetryLater)
        assert not outcome.account

    def test_an_answer_dropped_after_the_post_was_made_is_unknown_and_the_post_is_found(self, stage):
        stage.script("drop_after", self.create)

        assert isinstance(stage.publish(), Unknown)
        self.found(stage, 1)

    def test_a_connection_dropped_before_the_post_was_made_is_unknown_and_nothing_is_found(self, stage):
        stage.script("drop_before", self.create)

        assert isinstance(stage.publish(), Unknown)
        self.found(stage, 0)

    def test_an_error_500_after_the_post_was_made_is_unknown_and_the_post_is_found(self, stage):
        stage.script("status", self.create, status=500, accepted=True)

        assert isinstance(stage.publish(), Unknown)
        self.found(stage, 1)

    def test_an_error_502_says_nothing(self, stage):
        stage.script("status", self.create, status=502)

        assert isinstance(stage.publish(), Unknown)

    def test_being_asked_to_wait_holds_for_the_account_and_tells_how_long(self, stage):
        stage.script("rate_limit", self.create, wait_seconds=120)

        outcome = stage.publish()

        assert isinstance(outcome, RetryLater)
        assert outcome.account
        assert outcome.after is None or timedelta(seconds=110) < outcome.after <= timedelta(seconds=121)
        self.found(stage, 0)

    @pytest.mark.parametrize("told", ["absent", "garbage"])
    def test_being_asked_to_wait_without_a_time_is_still_a_wait(self, stage, told):
        stage.script("rate_limit", self.create, retry_after=told)

        outcome = stage.publish()

        assert isinstance(outcome, RetryLater)
        assert outcome.account

    # --- looking ---

    def test_our_post_is_found_and_no_other(self, stage, tmp_path):
        outcome = stage.publish()
        stage.adapter.publish(self.make_post(tmp_path, number=2), stage.account, keep=keep_nothing)

        if self.lists:
            listing = stage.find()
            assert [receipt.external_id for receipt in listing.matches] == [outcome.receipt.external_id]
            assert listing.complete
        else:
            assert not stage.find().complete

    def test_nothing_is_found_before_it_was_sent(self, stage):
        self.found(stage, 0)

    def test_a_refused_key_makes_absence_prove_nothing(self, stage):
        stage.publish()
        stage.account = self.make_account(stage.url, revoked=True)

        listing = stage.find()

        assert (list(listing.matches), listing.complete) == ([], False)
        assert listing.reason

    def test_where_nobody_listens_absence_proves_nothing(self, stage):
        address = closed_address()
        stage.adapter, stage.account = self.make_adapter(address), self.make_account(address)

        assert not stage.find().complete

    # --- listing what is on the account ---

    def test_what_is_on_the_account_is_listed_newest_first_whoever_wrote_it(self, stage, tmp_path):
        first, second = self.make_post(tmp_path), self.make_post(tmp_path, number=2)
        sent = [stage.adapter.publish(post, stage.account, keep=keep_nothing) for post in (first, second)]

        told = stage.adapter.recent(stage.since, stage.account)

        if not self.lists:
            assert (list(told.posts), told.complete) == ([], False)
            return
        assert (told.complete, told.failed) == (True, None)
        assert [(one.receipt.external_id, one.receipt.url) for one in told.posts] == [
            (outcome.receipt.external_id, outcome.receipt.url) for outcome in reversed(sent)
        ]
        assert all(one.receipt.at is not None and one.receipt.at >= stage.since.replace(microsecond=0) for one in told.posts)
        for one, post in zip(told.posts, (second, first), strict=True):
            assert post.text.split()[0] in one.text
            assert not one.mark or post.fingerprint.startswith(one.mark)

    def test_what_is_older_or_taken_down_is_not_listed(self, stage, tmp_path):
        if not self.lists:
            assert not stage.adapter.recent(stage.since, stage.account).complete
            return
        sent = stage.publish()

        assert stage.adapter.recent(datetime.now(UTC) + timedelta(minutes=1), stage.account) == OwnPosts([])
        assert len(stage.adapter.recent(stage.since, stage.account).posts) == 1
        stage.adapter.delete(sent.receipt.external_id, stage.account)
        assert stage.adapter.recent(stage.since, stage.account) == OwnPosts([])

    def test_a_list_that_cannot_be_read_says_so_and_why(self, stage):
        stage.publish()
        revoked = stage.adapter.recent(stage.since, self.make_account(stage.url, revoked=True))
        keyless = stage.adapter.recent(stage.since, replace(stage.account, secret=None))
        address = closed_address()
        away = self.make_adapter(address).recent(stage.since, self.make_account(address))

        for told in (revoked, keyless, away):
            assert (list(told.posts), told.complete) == ([], False)
            assert told.failed is not None
            assert told.failed.reason
            assert "must-not-be-shown" not in repr(told)
        if self.lists:
            assert (revoked.failed.account, keyless.failed.account, type(away.failed)) == (True, True, RetryLater)

    # --- counting and taking down ---

    def test_the_numbers_of_a_post_are_told(self, stage):
        sent = stage.publish()

        readings = stage.adapter.readings([sent.receipt.external_id], stage.account)

        assert readings.failed is None
        told = [reading.external_id for reading in readings.told]
        assert told == ([sent.receipt.external_id] if stage.adapter.batch else [])
        # What is kept of the platform's own fields is enough to make the same counts of them again; zeros said by silence have none.
        for one in readings.told:
            again = count_again(stage.account.platform, one.external_id, json.loads(json.dumps(one.raw)), datetime.now(UTC)) if one.raw else one
            assert again is not None
            assert replace(again, regime=one.regime) == one

    def test_an_id_that_belongs_to_nothing_is_gone_or_absent(self, stage):
        stage.publish()

        readings = stage.adapter.readings([self.unknown_id], stage.account)

        assert (list(readings.told), readings.failed) == ([], None)
        assert set(readings.gone) <= {self.unknown_id}

    def test_a_refused_key_tells_no_numbers(self, stage):
        sent = stage.publish()
        readings = stage.adapter.readings([sent.receipt.external_id], self.make_account(stage.url, revoked=True))

        assert list(readings.told) == []
        if stage.adapter.batch:
            assert isinstance(readings.failed, Refused)
            assert readings.failed.account

    def test_a_post_taken_down_is_no_longer_found_or_counted(self, stage):
        sent = stage.publish()

        outcome = stage.adapter.delete(sent.receipt.external_id, stage.account)

        if not stage.adapter.limits.can_delete:
            assert isinstance(outcome, Refused)
            return
        assert isinstance(outcome, Sent)
        self.found(stage, 0)
        assert list(stage.adapter.readings([sent.receipt.external_id], stage.account).told) == []

    # --- secrets ---

    def test_no_outcome_shows_the_key(self, stage):
        shown = [repr(stage.account), str(stage.account), repr(stage.adapter), repr(stage.publish()), repr(stage.find())]
        for kind in ("drop_before", "drop_after", "rate_limit", "token_revoked"):
            stage.script(kind, "*")
            shown.append(repr(stage.publish()))
        stage.account = self.make_account(stage.url, revoked=True)
        shown += [repr(stage.publish()), repr(stage.find()), repr(stage.adapter.readings([self.unknown_id], stage.account))]
        address = closed_address()
        stage.adapter = self.make_adapter(address)
        shown += [repr(stage.publish()), repr(stage.find()), repr(stage.adapter.audience(stage.account))]

        for text in shown:
            assert "must-not-be-shown" not in text

    def found(self, stage: Stage, expected: int) -> None:
        """How often the post is on the platform, as the adapter finds it."""
        if self.lists:
            listing = stage.find()
            assert (len(listing.matches), listing.complete) == (expected, True), listing

    # --- changing and completing what is live ---

    def test_an_edit_says_something_else_and_twice_is_as_good_as_once(self, stage, tmp_path):
        sent, words = stage.publish(), replace(self.make_post(tmp_path, number=3), title="Edited", text="Edited words")

        first, again = (stage.adapter.edit(words, sent.receipt.external_id, stage.account) for _ in range(2))

        if not stage.adapter.limits.editable:
            assert isinstance(first, Refused)
            assert not first.account
            return
        assert (type(first), type(again)) == (Sent, Sent)
        assert first.receipt.external_id == sent.receipt.external_id
        [told] = stage.adapter.recent(stage.since, stage.account).posts
        assert "Edited words" in told.text
        assert not told.mark or stage.post.fingerprint.startswith(told.mark)

    def test_an_edit_of_what_is_gone_or_without_a_key_is_a_no(self, stage):
        if not stage.adapter.limits.editable:
            return
        gone = stage.adapter.edit(stage.post, self.unknown_id, stage.account)
        keyless = stage.adapter.edit(stage.post, self.unknown_id, replace(stage.account, secret=None))
        revoked = stage.adapter.edit(stage.post, self.unknown_id, self.make_account(stage.url, revoked=True))

        assert [(one.code, one.account) for one in (gone, keyless, revoked)] == [
            ("not_found", False), ("unauthorised", True), ("unauthorised", True),
        ]  # fmt: skip

    def test_taking_down_twice_is_harmless(self, stage):
        sent = stage.publish()

        outcomes = [stage.adapter.delete(sent.receipt.external_id, stage.account) for _ in range(2)]

        if stage.adapter.limits.can_delete:
            assert isinstance(outcomes[0], Sent)
            assert isinstance(outcomes[1], Sent) or outcomes[1].code == "not_found"
        else:
            assert all(isinstance(one, Refused) and not one.account for one in outcomes)

    @pytest.mark.parametrize(("fault", "more"), [("drop_after", {}), ("status", {"status": 500, "accepted": True}), ("drop_before", {}), ("status", {"status": 502})])
    def test_a_first_comment_whose_answer_was_lost_is_looked_for_and_there_once(self, stage, fault, more):
        if self.comment is None:
            return
        sent, post = stage.publish(), replace(stage.post, first_comment=COMMENT)
        stage.script(fault, self.comment, **more)

        finished = [stage.adapter.finish(post, sent.receipt.external_id, ["first_comment"], stage.account) for _ in range(3)]

        assert [type(one) for one in finished] == [Unknown, Sent, Sent]
        assert self.comments_made(stage) == 1

    def comments_made(self, stage) -> int:
        raise NotImplementedError
