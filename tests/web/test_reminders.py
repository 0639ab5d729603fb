"""That a connection ends soon is said on the Desk, in the list and on the channel's page, each one click from where it is renewed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from planner.channels import service
from planner.channels.grants import read_grant
from planner.channels.models import ChannelState
from planner.channels.port import Platform
from planner.core.http import Answer
from planner.planning.desk import desk
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_channel

DAY = timedelta(days=1)


def a_channel(db: Session, name: str, left: timedelta, **values: object) -> int:
    """A LinkedIn page without a refresh token whose key ends so long from now."""
    channel = make_channel(db, platform=Platform.LINKEDIN, name=name, **values)
    assert channel.credential is not None
    channel.credential.expires_at = NOON + left
    return channel.id


def test_the_desk_lists_what_was_refused_then_what_ends_soon_the_nearest_first(db: Session) -> None:
    refused = a_channel(db, "Refused", 3 * DAY, state=ChannelState.NEEDS_RECONNECT, state_reason="The key was refused.")
    later, tomorrow = a_channel(db, "Later", 13 * DAY), a_channel(db, "Tomorrow", DAY)
    a_channel(db, "Far", 14 * DAY + timedelta(seconds=1))
    renewing = make_channel(db, platform=Platform.X, name="Renews itself")
    assert renewing.credential is not None
    renewing.credential.expires_at, renewing.credential.refresh_token = NOON + timedelta(hours=1), "refresh"
    db.flush()

    shown = desk(db, viewer=None, now=NOON).reconnect

    assert [(one.channel_id, one.reminder and (one.reminder.stage, one.reminder.days)) for one in shown] == [
        (refused, None), (tomorrow, (1, 1)), (later, (14, 13)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("left", "english", "french", "beside"),
    [
        (
            timedelta(days=6, hours=3),
            "Reconnect it within 6 days: the connection ends on",
            "À reconnecter sous 6\u00a0jours\u00a0: la connexion expire le",
            "within 6 days",
        ),
        (DAY, "Reconnect it within one day: the connection ends on", "À reconnecter sous un jour\u00a0: la connexion expire le", "within one day"),
        (timedelta(hours=5), "Reconnect it now: the connection ends on", "À reconnecter maintenant\u00a0: la connexion expire le", "now"),
    ],
)
def test_a_reminder_is_one_click_from_where_it_is_answered(
    client: Browser, app_db: Session, left: timedelta, english: str, french: str, beside: str
) -> None:
    make_asset(app_db)
    channel = a_channel(app_db, "Our page", left)
    app_db.commit()

    home, page = client.get("/").text, client.get(f"/settings/channels/{channel}").text
    assert f'href="/settings/channels/{channel}#key-title"' in home
    assert [text in home for text in (f"<span>{beside}</span>", "The connection ends on")] == [True, True]
    assert [text in page for text in (english, 'id="key-title"')] == [True, True]
    assert french in client.get(f"/settings/channels/{channel}", headers={"Accept-Language": "fr"}).text
    assert "La connexion expire le" in client.get("/", headers={"Accept-Language": "fr"}).text


def test_what_a_person_has_to_correct_before_a_key_ends_is_said_on_the_desk_in_the_list_and_on_the_page(client: Browser, app_db: Session) -> None:
    make_asset(app_db)
    channel = make_channel(app_db, platform=Platform.X, name="Our account")
    reason = read_grant(Answer(401, {}, b'{"error": "invalid_client"}'), platform="X", now=NOON).reason
    service.warn(app_db, channel, reason, now=NOON)
    app_db.commit()

    english, french = "Correct PLANNER_X_CLIENT_ID and PLANNER_X_CLIENT_SECRET", "Corrigez PLANNER_X_CLIENT_ID et PLANNER_X_CLIENT_SECRET"
    for page in ("/", "/settings", f"/settings/channels/{channel.id}"):
        assert english in client.get(page).text, page
        assert french in client.get(page, headers={"Accept-Language": "fr"}).text, page


def test_the_list_of_channels_says_it_too_and_a_quiet_connection_says_nothing(client: Browser, app_db: Session) -> None:
    a_channel(app_db, "Our page", 6 * DAY)
    a_channel(app_db, "Another", 60 * DAY)
    app_db.commit()

    assert client.get("/settings").text.count("reconnect within 6 days") == 1


def test_a_key_that_renews_itself_is_not_called_ending(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, platform=Platform.X)
    assert channel.credential is not None
    channel.credential.expires_at, channel.credential.refresh_token = NOON + timedelta(hours=2), "refresh"
    app_db.commit()

    page = client.get(f"/settings/channels/{channel.id}").text

    assert ("renewed by itself" in page, "soon" in page, "Reconnect it" in page) == (True, False, False)
