"""Histories on the pages of what they are about: nothing of them stops without saying so."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from planner.accounts.models import Entry
from planner.channels.port import PostKind
from planner.core.db import Record
from planner.publishing.models import Native
from tests.conftest import Browser
from tests.factories import NOON, make_asset, make_blackout, make_campaign, make_channel, make_event, make_person, make_post


def direct_message(db: Session) -> Native:
    found = Native(channel=make_channel(db), external_id="1", kind=PostKind.TEXT, published_at=NOON, found_at=NOON)
    db.add(found)
    db.flush()
    return found


PAGES: dict[str, tuple[Callable[[Session], Record], str]] = {
    "asset": (make_asset, "/assets/{}"),
    "post": (make_post, "/posts/{}"),
    "campaign": (make_campaign, "/campaigns/{}"),
    "person": (make_person, "/people/{}"),
    "event": (make_event, "/events/{}"),
    "blackout": (make_blackout, "/settings/blackouts/{}"),
    "direct message": (direct_message, "/published-directly/{}"),
}


@pytest.mark.parametrize("what", PAGES)
def test_a_long_history_says_that_there_is_more_and_leads_to_all_of_it(client: Browser, app_db: Session, what: str) -> None:
    make, place = PAGES[what]
    thing = make(app_db)
    app_db.commit()
    app_db.add_all(
        Entry(at=NOON, actor_name="Ines", action="asset.edited", subject_type=thing.__tablename__, subject_id=thing.id, note=f"Deed {number}.")
        for number in range(120)
    )
    app_db.commit()

    seen: list[int] = []
    pages = []
    first = address = place.format(thing.id)
    app_db.rollback()
    while True:
        page = html.unescape(client.get(address).text)
        seen += [int(number) for number in re.findall(r"Deed (\d+)\.", page)]
        pages.append(("There is more before these." in page, f'href="{first}#history"' in page, 'id="history" open' in page or what == "asset"))
        onward = re.search(r'href="([^"]*history=[^"]+)#history"[^>]*rel="next"', page)
        if onward is None:
            break
        address = onward[1]

    closed = what == "asset"
    assert seen == list(range(119, -1, -1))
    assert pages == [(True, False, closed), (True, True, True), (False, True, True)]
    assert client.get(f"{first}?history=rubbish").status_code == 422
