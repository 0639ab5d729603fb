"""The registry: every platform has its adapter, pointed at the address that the settings name."""

from __future__ import annotations

import pytest

from planner.channels.port import Account as PortAccount
from planner.channels.port import Limits, OutgoingPost, Platform, Refused, RetryLater, Sent
from planner.channels.registry import Registry
from planner.channels.sandbox import Sandbox, serve
from planner.core.settings import Settings
from tests.channels.contract import closed_address

KEY = "a-random-key-of-more-than-32-characters"
POST = OutgoingPost(delivery_id=1, attempt=1, fingerprint="f" * 64, text="Bonjour")


def an_account(platform: Platform, secret: str, **config: str) -> PortAccount:
    return PortAccount(channel_id=1, platform=platform, name="Test", config=config, secret=secret)


@pytest.mark.parametrize("platform", list(Platform))
def test_every_platform_has_an_adapter_that_knows_its_limits(platform):
    registry = Registry(Settings(secret_key=KEY), "http://127.0.0.1:1")

    adapter = registry.adapter(platform)

    assert registry.limits(platform) is adapter.limits
    assert isinstance(adapter.limits, Limits)
    assert isinstance(adapter.batch, int)
    for verb in ("publish", "find", "recent", "delete", "readings", "audience"):
        assert callable(getattr(adapter, verb))


def test_only_a_by_hand_channel_waits_for_a_person():
    registry = Registry(Settings(secret_key=KEY), "http://127.0.0.1:1")

    assert [platform for platform in Platform if not registry.automatic(platform)] == [Platform.BY_HAND]


def test_without_addresses_the_sandbox_is_the_platform(tmp_path):
    sandbox = Sandbox(tmp_path / "sandbox.sqlite3")
    with serve(sandbox) as running:
        registry = Registry(Settings(secret_key=KEY), running.url)
        x = an_account(Platform.X, "sandbox-token")
        room = an_account(Platform.WEBHOOK, f"{running.url}/hooks/abc", flavour="mattermost")

        assert isinstance(registry.adapter(Platform.X).publish(POST, x, keep=lambda _: None), Sent)
        assert isinstance(registry.adapter(Platform.WEBHOOK).publish(POST, room, keep=lambda _: None), Sent)
    sandbox.close()


def test_an_address_that_is_set_wins_over_the_sandbox(tmp_path):
    sandbox = Sandbox(tmp_path / "sandbox.sqlite3")
    with serve(sandbox) as running:
        registry = Registry(Settings(secret_key=KEY, x_api_url=closed_address()), running.url)

        outcome = registry.adapter(Platform.X).publish(POST, an_account(Platform.X, "t"), keep=lambda _: None)

        assert isinstance(outcome, RetryLater)
    sandbox.close()


@pytest.mark.parametrize(
    ("settings", "reached"),
    [({"sandbox": "off"}, False), ({"sandbox": "off", "allow_private_addresses": True}, True), ({}, True)],
)
def test_a_room_on_a_private_address_needs_the_setting_unless_it_is_the_sandbox(tmp_path, settings, reached):
    sandbox = Sandbox(tmp_path / "sandbox.sqlite3")
    with serve(sandbox) as running:
        registry = Registry(Settings(secret_key=KEY, **settings), running.url)
        room = an_account(Platform.WEBHOOK, f"{running.url}/hooks/abc", flavour="mattermost")

        outcome = registry.adapter(Platform.WEBHOOK).publish(POST, room, keep=lambda _: None)

        assert isinstance(outcome, Sent if reached else Refused)
        if not reached:
            assert (outcome.code, outcome.account) == ("address", True)
    sandbox.close()
