"""What is typed is kept as one types and brought back, to its writer alone; templates of posts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from markupsafe import escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from planner.accounts.models import RoleName
from planner.catalog.models import Confidentiality
from planner.planning.models import Campaign, Post
from planner.planning.writing import LONGEST_KEPT
from planner.planning.writing_models import KeptText, PostTemplate
from tests.conftest import Browser, StoppedClock
from tests.factories import NOON, make_asset, make_channel, make_post, make_user

SignIn = Callable[..., Browser]


def test_a_new_post_is_kept_offered_brought_back_whole_and_forgotten_once_saved(client: Browser, app_db: Session) -> None:
    asset, channel = make_asset(app_db), make_channel(app_db)
    app_db.commit()
    given = {"asset_id": asset.id, "channels": [channel.id], "text": "Half a sen", f"text-{channel.id}": "For X", "utm_medium": "paper", "marks_link": "y"}

    answer = client.submit("/posts/kept/new", **given, time_zone="Europe/Paris", secret="not ours")
    assert answer.get_json() == {"said": "Kept at 13:00", "newer": False}

    page = client.get("/posts/new").text
    assert "You were writing here on 2 Mar, 13:00 and did not save it." in page and "Half a sen" in page
    assert ">For X</textarea>" not in page
    back = client.get("/posts/new?restore=1").text
    assert ">For X</textarea>" in back and "Half a sen</textarea>" in back and 'value="paper"' in back and "You were writing here" not in back
    assert "secret" not in app_db.scalars(select(KeptText)).one().values
    app_db.rollback()

    client.submit("/posts/new", **given, time_zone="Europe/Paris")
    assert app_db.scalars(select(KeptText)).all() == []


def test_it_is_kept_for_its_writer_alone_can_be_discarded_and_is_not_offered_for_ever(
    client: Browser, sign_in: SignIn, app_db: Session, clock: StoppedClock
) -> None:
    post = make_post(app_db)
    app_db.commit()
    client.submit(f"/posts/kept/{post.id}", text="Mine", version=post.version)

    assert "You were writing here" not in sign_in(roles=(RoleName.PLANNER,)).get(f"/posts/{post.id}/edit").text
    clock.advance(timedelta(days=31))
    assert "You were writing here" not in client.get(f"/posts/{post.id}/edit").text
    clock.advance(timedelta(days=-31))
    assert "You were writing here" in client.get(f"/posts/{post.id}/edit").text
    assert client.submit(f"/posts/kept/{post.id}/discard").headers["Location"] == f"/posts/{post.id}/edit"
    assert "You were writing here" not in client.get(f"/posts/{post.id}/edit").text


def test_what_somebody_else_saved_meanwhile_is_named_and_never_overwritten(client: Browser, sign_in: SignIn, app_db: Session) -> None:
    post, hugo = make_post(app_db, text="At first"), make_user(app_db, roles=(RoleName.PLANNER,), name="Hugo")
    app_db.commit()
    begun = post.version
    other = sign_in(hugo)
    other.submit(f"/posts/{post.id}/edit", text="Theirs", version=begun, time_zone="Europe/Paris", wall_time="2026-03-03T13:00")

    said = client.submit(f"/posts/kept/{post.id}", text="Mine", version=begun).get_json()
    assert said == {"said": "Kept at 13:00. Hugo changed this post meanwhile: saving will show both.", "newer": True}

    page = client.get(f"/posts/{post.id}/edit").text
    assert "Somebody has changed the post since" in page
    back = client.get(f"/posts/{post.id}/edit?restore=1").text
    assert "Mine</textarea>" in back and f'name="version" type="hidden" value="{begun}"' in back
    saved = client.submit(f"/posts/{post.id}/edit", text="Mine", version=begun, time_zone="Europe/Paris", wall_time="2026-03-03T13:00")
    assert saved.status_code == 409 and "Theirs" in saved.text
    app_db.expire_all()
    assert app_db.get_one(Post, post.id).text == "Theirs"


@pytest.mark.parametrize("what", ["nonsense", "999999", "-1"])
def test_only_what_one_may_write_is_kept(client: Browser, what: str) -> None:
    assert client.submit(f"/posts/kept/{what}", text="x").status_code == 404


def test_nobody_keeps_or_learns_of_what_they_may_not_know_and_nothing_endless_is_kept(client: Browser, sign_in: SignIn, app_db: Session) -> None:
    secret = make_post(app_db, asset=make_asset(app_db, confidentiality=Confidentiality.CONFIDENTIAL, owner_id=make_user(app_db).id))
    app_db.commit()

    assert sign_in(roles=(RoleName.AUTHOR,)).submit(f"/posts/kept/{secret.id}", text="x").status_code == 404
    assert sign_in(roles=(RoleName.VIEWER,)).submit("/posts/kept/new", text="x").status_code == 403
    assert client.submit("/posts/kept/new", text="x" * (LONGEST_KEPT + 1)).status_code == 422


def test_thousands_of_templates_are_turned_page_by_page_and_the_composer_offers_the_first_and_the_chosen(client: Browser, app_db: Session) -> None:
    make_channel(app_db)
    for number in range(120):
        app_db.add(PostTemplate(name=f"Template {number:03}", text="The sea" if number == 77 else "Words", made_at=NOON))
    app_db.commit()
    (last,) = app_db.scalars(select(PostTemplate.id).where(PostTemplate.name == "Template 119"))
    app_db.commit()

    pages = [client.get("/posts/templates").text]
    while following := re.search(r'href="(/posts/templates\?cursor=[^"]+)"', pages[-1]):
        pages.append(client.get(following[1]).text)
    shown = [re.findall(r">(Template \d+)</a>", page) for page in pages]
    assert ([len(names) for names in shown], [name for names in shown for name in names]) == ([50, 50, 20], [f"Template {number:03}" for number in range(120)])
    assert re.findall(r">(Template \d+)</a>", client.get("/posts/templates?q=sea+THE").text) == ["Template 077"]
    assert "No template has these words" in client.get("/posts/templates?q=nothing").text
    composer = client.get(f"/posts/new?template={last}").text
    assert (composer.count(">Template "), f'<option value="{last}" selected>Template 119' in composer) == (51, True)
    assert client.get("/posts/new?template=99999999999999999999").status_code == 404


@pytest.mark.parametrize("name", ["Été", "İzmir", "ÇA VA"])
def test_a_name_with_accents_is_taken_as_well(name: str, client: Browser, app_db: Session) -> None:
    post = make_post(app_db)
    app_db.commit()

    for _twice in range(2):
        template = client.submit(f"/posts/{post.id}/template", name=name)
        campaign = client.submit("/campaigns/new", name=name)

    assert (template.status_code, campaign.status_code) == (302, 422)
    assert escape(f"There is already a campaign called “{name}”.") in campaign.text
    assert [len(app_db.scalars(select(one)).all()) for one in (PostTemplate, Campaign)] == [1, 1]


def test_confidential_words_become_no_template_that_others_could_read(client: Browser, app_db: Session) -> None:
    post = make_post(app_db, asset=make_asset(app_db, confidentiality=Confidentiality.CONFIDENTIAL), text="Brest closes in June.")
    number = post.id
    app_db.commit()

    client.submit(f"/posts/{number}/template", name="Closing")

    page = client.get(f"/posts/{number}").text
    assert "Confidential words are not kept as a template" in page
    assert "Keep its words as a template" not in page
    assert app_db.scalars(select(PostTemplate)).all() == []


def test_a_post_s_words_become_a_template_that_the_next_one_fills_in(client: Browser, app_db: Session) -> None:
    asset = make_asset(app_db, title="Paper on 5G", url="https://example.com/5g")
    other = make_asset(app_db, title="Film on 6G", url="https://example.com/6g")
    post = make_post(app_db, asset=asset, text="New: Paper on 5G. https://example.com/5g", link=asset.url, tags=["5G"])
    app_db.commit()

    client.submit(f"/posts/{post.id}/template", name="News")
    client.submit(f"/posts/{post.id}/template", name=" news ")

    made = app_db.scalars(select(PostTemplate)).one()
    assert (made.name, made.text, made.made_at) == ("News", "New: {title}. {link}", NOON)
    number, about = made.id, other.id
    app_db.rollback()
    assert "New: Film on 6G. https://example.com/6g</textarea>" in client.get(f"/posts/new?asset={about}&template={number}").text
    assert "{title}" in client.get("/posts/templates").text
    assert "kept a post as a template" in client.get("/settings/history").text
    client.submit(f"/posts/templates/{number}/remove")
    page = client.get("/posts/templates").text
    assert "No template yet" in page
    entry = re.search(r'action="/posts/templates/put-back".*?name="entry" value="(\d+)"', page, re.DOTALL)
    assert entry is not None
    kept = app_db.scalars(select(PostTemplate)).all()
    app_db.commit()
    client.submit("/posts/templates/put-back", entry=entry[1])
    back = app_db.scalars(select(PostTemplate)).one()
    assert (kept, back.name, back.text) == ([], "News", "New: {title}. {link}")
    app_db.commit()
    client.submit("/posts/templates/put-back", entry=entry[1])
    assert "There is already a template called “News”." in client.get("/posts/templates").text
    assert [client.submit("/posts/templates/put-back", entry=wrong).status_code for wrong in ("", "1", "99999", "x")] == [404] * 4
    client.submit(f"/posts/templates/{back.id}/remove")
    assert client.get("/posts/new?template=99").status_code == 404


def test_a_variant_is_made_opened_to_be_written_shown_beside_the_first_and_taken_out(client: Browser, app_db: Session) -> None:
    post = make_post(app_db, text="One way")
    app_db.commit()

    address = client.submit(f"/posts/{post.id}/variants").headers["Location"]
    number = int(address.split("/")[2])
    client.submit(address, text="Another way", version=2, time_zone="Europe/Paris", wall_time="2026-03-03T15:00")

    assert "differs in: wording" in client.get(f"/posts/{post.id}").text and "Another way" in client.get(f"/posts/{post.id}").text
    client.submit(f"/posts/{number}/variants/leave")
    assert "differs in" not in client.get(f"/posts/{post.id}").text


def test_good_hours_say_how_many_numbers_they_would_need(client: Browser, app_db: Session) -> None:
    channel = make_channel(app_db, name="Our X")
    app_db.commit()

    page = client.get(f"/posts/good-hours?channels={channel.id}&channels=99").text
    assert "Good hours on Our X" in page and "No post with numbers after seven days yet: hints begin at 20." in page


def test_a_campaign_s_hashtags_are_tidied_kept_and_offered_in_the_composer(client: Browser, app_db: Session) -> None:
    client.submit("/campaigns/new", name="Launch", hashtags="5G, #industry 5G\n\n#MWC26", owner_id="")
    (campaign,) = app_db.scalars(select(Campaign)).all()
    number = campaign.id
    assert campaign.hashtags == ["#5G #industry", "#MWC26"]
    app_db.rollback()

    offered = client.get(f"/posts/hashtags?campaign_id={number}").text
    assert ('data-insert="#5G #industry"' in offered, 'data-insert="#MWC26"' in offered) == (True, True)
    assert "data-insert" not in client.get("/posts/hashtags?campaign_id=").text + client.get("/posts/hashtags?campaign_id=99").text
    assert "#5G #industry\n#MWC26</textarea>" in client.get(f"/campaigns/{number}/edit").text
    refused = client.submit("/campaigns/new", name="Other", hashtags="#no-such", owner_id="")
    assert refused.status_code == 422 and "A hashtag has letters, digits and _ only." in refused.text
