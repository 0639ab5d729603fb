"""A consent that opens several accounts: the choice, what it stores, and what becomes of it when nobody chooses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from planner.channels.models import Channel, ChannelState, OpenConsent
from planner.channels.port import Platform
from planner.channels.waiting import LIFE
from planner.jobs import tick
from tests.conftest import Browser, StoppedClock
from tests.factories import make_channel
from tests.web.scene import stored
from tests.web.test_connecting import app, channels, decide, leave, there

__all__ = ["app", "there"]

CHOICE = "/settings/channels/choose"


def consent(client: Browser, names: str = "Norvane Group; Norvane Careers; Altis Labs", **fields: Any) -> Any:
    """Say yes on LinkedIn as somebody who administers these pages; the planner's answer."""
    return client.get(decide(leave(client, "linkedin", **fields), name=names))


def waiting(db: Session) -> list[tuple[str, str]]:
    """Name and number of each account that waits for a choice."""
    db.rollback()
    found = [(one["name"], one["external_id"]) for row in db.scalars(select(OpenConsent)) for one in row.accounts]
    db.rollback()
    return found


def test_each_page_that_is_chosen_becomes_a_channel_of_its_own(client: Browser, app_db: Session) -> None:
    answer = consent(client)
    assert answer.location == CHOICE
    page = client.get(CHOICE).text
    assert "LinkedIn says that you administer 3 pages." in page
    numbers = dict(waiting(app_db))

    done = client.submit(CHOICE, accounts=[numbers["Norvane Group"], numbers["Altis Labs"]])

    found = channels(app_db)
    assert [(one.name, one.external_id, one.platform, one.state) for one in found] == [
        (name, numbers[name], Platform.LINKEDIN, ChannelState.CONNECTED) for name in ("Altis Labs", "Norvane Group")
    ]
    assert len({one.credential.access_token for one in found if one.credential}) == 1
    assert done.location == "/settings"
    assert "2 channels are connected: Altis Labs, Norvane Group." in client.get(done.location).text
    assert waiting(app_db) == []


def test_the_key_waits_sealed_and_is_in_no_cookie_and_on_no_page(client: Browser, app_db: Session) -> None:
    consent(client)

    grant = app_db.scalars(select(OpenConsent)).one().grant
    raw = app_db.execute(text("SELECT grant FROM open_consents".replace("grant", '"grant"', 1))).scalar_one()
    app_db.rollback()
    token = grant.split('"access_token": "')[1].split('"')[0]
    with client.session_transaction() as session:
        kept = str(dict(session))
    assert [token in place for place in (kept, client.get(CHOICE).text, raw.decode("latin-1"))] == [False, False, False]


def test_a_page_that_is_a_channel_already_is_shown_so_and_gets_the_new_key(client: Browser, app_db: Session) -> None:
    consent(client, "Norvane Group")
    (ours,) = channels(app_db)
    ours = app_db.merge(ours)
    ours.name, ours.state = "Group page", ChannelState.NEEDS_RECONNECT
    app_db.commit()
    owned = app_db.execute(select(Channel.external_id)).scalar_one()
    app_db.rollback()
    client.get(decide(leave(client, "linkedin"), name="Norvane Group; Altis Labs"))
    page = client.get(CHOICE).text
    numbers = dict(waiting(app_db))
    assert owned not in numbers.values(), "the sandbox gives each new person pages of their own"
    app_db.merge(ours).external_id = numbers["Norvane Group"]
    app_db.commit()
    page = client.get(CHOICE).text
    assert "is “Group page” here; choosing it reconnects that channel" in page
    assert f'value="{numbers["Norvane Group"]}" checked' in page

    done = client.submit(CHOICE, accounts=[numbers["Norvane Group"]])

    (again,) = channels(app_db)
    assert (again.name, again.state) == ("Group page", ChannelState.CONNECTED)
    assert done.location == f"/settings/channels/{again.id}"
    assert "Group page is connected again." in client.get(done.location).text


def test_choosing_nothing_or_something_else_is_said_and_stores_nothing(client: Browser, app_db: Session) -> None:
    consent(client)
    before = stored(app_db)

    nothing, foreign = client.submit(CHOICE), client.submit(CHOICE, accounts=["urn:li:organization:1"])

    assert [nothing.status_code, foreign.status_code] == [422, 422]
    assert "Choose at least one." in nothing.text
    assert stored(app_db) == before


def test_cancelling_forgets_the_key(client: Browser, app_db: Session) -> None:
    consent(client)

    done = client.submit(CHOICE, cancel="1")

    assert "Nothing was connected, and the key LinkedIn gave is forgotten." in client.get(done.location).text
    assert (waiting(app_db), channels(app_db)) == ([], [])


def test_the_choice_is_one_persons_for_ten_minutes_and_taken_once(
    client: Browser, app_db: Session, sign_in: Callable[..., Browser], clock: StoppedClock
) -> None:
    consent(client)
    (first, *_others) = dict(waiting(app_db)).values()
    other = sign_in()
    with client.session_transaction() as mine:
        word = mine["choosing"]
    with other.session_transaction() as theirs:
        theirs["choosing"] = word
    answers = [other.get(CHOICE), other.submit(CHOICE, accounts=[first])]
    assert client.submit(CHOICE, accounts=[first]).status_code == 302
    with client.session_transaction() as mine:
        mine["choosing"] = word
    answers.append(client.submit(CHOICE, accounts=[first]))
    consent(client)
    clock.advance(timedelta(minutes=10, seconds=1))
    answers += [client.get(CHOICE), client.submit(CHOICE, accounts=[first])]

    assert [answer.status_code for answer in answers] == [400] * 5
    assert len(channels(app_db)) == 1
    consent(client, "Halden; Ibexa")
    assert [name for name, _number in waiting(app_db)] == ["Halden", "Ibexa"], "what waited too long is forgotten at the next consent"


def test_somebody_without_a_page_reads_what_to_ask_of_whom(client: Browser, app_db: Session) -> None:
    answer = client.get(decide(leave(client, "linkedin"), account="nobody"))

    assert "Ask a super admin of your page to make them a super admin too" in client.get(answer.location).text
    assert (waiting(app_db), channels(app_db)) == ([], [])


def test_reconnecting_a_page_among_several_takes_that_page_at_once(client: Browser, app_db: Session) -> None:
    consent(client)
    numbers = dict(waiting(app_db))
    client.submit(CHOICE, accounts=[numbers["Altis Labs"]])
    (ours,) = channels(app_db)

    answer = client.get(decide(leave(client, "linkedin", channel_id=ours.id), account=numbers["Norvane Group"]))

    assert answer.location == f"/settings/channels/{ours.id}"
    assert "Altis Labs is connected again." in client.get(answer.location).text
    assert len(channels(app_db)) == 1


def test_reconnecting_with_pages_of_which_none_is_the_channel_changes_nothing(client: Browser, app_db: Session) -> None:
    ours = make_channel(app_db, platform=Platform.LINKEDIN, name="Ours", external_id="urn:li:organization:1").id
    app_db.commit()
    before = stored(app_db)

    answer = consent(client, "Halden; Ibexa", channel_id=ours)

    assert stored(app_db) == before
    assert "You chose “Halden, Ibexa” there, which is another account than “Ours”." in client.get(answer.location).text


def test_a_channel_without_a_number_is_one_of_several_pages(client: Browser, app_db: Session) -> None:
    ours = make_channel(app_db, platform=Platform.LINKEDIN, name="Ours", external_id="").id
    app_db.commit()
    consent(client, "Halden; Ibexa", channel_id=ours)
    page = client.get(CHOICE).text
    assert ("Which one is “Ours”?" in page, page.count('type="radio"')) == (True, 2)
    numbers = dict(waiting(app_db))

    both = client.submit(CHOICE, accounts=list(numbers.values()))
    one = client.submit(CHOICE, accounts=[numbers["Ibexa"]])

    assert (both.status_code, "Choose one: the channel is one account." in both.text) == (422, True)
    assert one.location == f"/settings/channels/{ours}"
    assert [(channel.id, channel.name, channel.external_id) for channel in channels(app_db)] == [(ours, "Ours", numbers["Ibexa"])]


def test_a_consent_nobody_finished_is_taken_away_by_the_periodic_job_key_and_all(client: Browser, app_db: Session, clock: StoppedClock) -> None:
    runtime = client.application.extensions["planner"]

    def raw_rows() -> int:
        app_db.rollback()
        count = int(app_db.execute(text("SELECT count(*) FROM open_consents")).scalar_one())
        app_db.rollback()
        return count

    consent(client)
    clock.advance(LIFE)
    tick.run(runtime)
    assert raw_rows() == 1, "its ten minutes are not over"

    clock.advance(timedelta(minutes=15))
    tick.run(runtime)

    assert raw_rows() == 0
