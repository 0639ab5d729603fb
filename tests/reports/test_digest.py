"""The daily digest and reminders, through a real mail server on this machine: what they say, what they never say, and that they come once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from pytest_httpserver import HTTPServer
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from planner.accounts.models import User
from planner.catalog.models import AssetKind, Confidentiality
from planner.channels.port import Flavour, Platform
from planner.core.clock import Clock
from planner.core.db import sessions_of
from planner.core.errors import PlannerError
from planner.core.runtime import Runtime
from planner.insights.models import Resurfaced
from planner.planning import routes, service
from planner.planning.models import PostState
from planner.planning.steps import Step
from planner.publishing.models import Amendment, AmendmentKind, AmendmentState, Delivery, DeliveryState, Hold
from planner.reports import daily, digesting
from planner.reports.digesting import Wishes
from planner.reports.models import DigestSending, SendingState
from planner.reports.speech import Speech
from tests.conftest import Browser, StoppedClock, make_settings
from tests.factories import make_asset, make_campaign, make_channel, make_post, make_user

DAY = timedelta(days=1)
#: A Monday, half past seven in Paris.
MORNING = datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
MARK = "zqfalcon"


class Postbox:
    """What a mail server took; `answer` is what it says to a message instead, "drop" hangs up without a word."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answer = ""
        self.signed_in: list[str] = []

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        if self.answer == "drop":
            server.transport.abort()
            return "250 OK"
        if not self.answer:
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return self.answer or "250 OK"

    def sign_in(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, told: Any) -> AuthResult:
        good = isinstance(told, LoginPassword) and told.password == b"right"
        self.signed_in.append(told.login.decode())
        return AuthResult(success=good, handled=False)


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, int]]:
    box = Postbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, authenticator=box.sign_in, auth_require_tls=False)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def runtime(database_url: str, engine: Engine, tmp_path: Path, clock: StoppedClock, postbox: tuple[Postbox, int]) -> Runtime:
    clock.moment = MORNING
    settings = make_settings(
        tmp_path, database_url, sandbox="off", smtp_host="127.0.0.1", smtp_port=postbox[1], smtp_security="none", mail_from="Planner <planner@example.com>",
        allow_private_addresses=True,
    )  # fmt: skip
    return _runtime(settings, clock, engine)


def _runtime(settings: Any, clock: Clock, engine: Any) -> Runtime:
    return Runtime(settings=settings, clock=clock, engine=engine, sessions=sessions_of(engine), make_registry=lambda: None)


@pytest.fixture
def reader(runtime: Runtime) -> int:
    """An approver who wants it by mail at half past seven."""
    with runtime.sessions.begin() as db:
        user = make_user(db, roles=("approver",), email="nadia@example.com", language="fr", time_zone="Europe/Paris")
        digesting.wish(db, user, Wishes(by_mail=True), now=MORNING)
        return user.id


def plan(db: Session) -> int:
    """A post that waits, its number given, and one for each reason to keep it secret; the mark stands in all that is known of those."""
    author = make_user(db, roles=("planner",))

    def submitted(**values: Any) -> int:
        post = make_post(db, author=author, **values)
        service.submit(db, post, actor=author, now=MORNING)
        if post.asset.sensitive:  # Legal signed off, so that it waits for an approver.
            service.approve(db, post, actor=make_user(db, roles=("legal",)), now=MORNING)
        return post.id

    channel = make_channel(db, name="Our page")
    told = submitted(asset=make_asset(db, title="Open house"), channel=channel, publish_at=MORNING + DAY)
    secrets: tuple[dict[str, Any], ...] = (
        {"confidentiality": Confidentiality.CONFIDENTIAL}, {"confidentiality": Confidentiality.INTERNAL}, {"sensitive": True},
        {"embargo_until": MORNING + DAY, "embargo_terms": [MARK]},
    )  # fmt: skip
    for number, values in enumerate(secrets):
        submitted(asset=make_asset(db, title=f"{MARK} {number}", **values), publish_at=MORNING + (number + 2) * DAY)
    submitted(asset=make_asset(db, title=f"{MARK} in a campaign"), campaign=make_campaign(db, name=MARK, embargo_until=MORNING + DAY), publish_at=MORNING + 7 * DAY)
    make_post(db, asset=make_asset(db, title=f"The story of {MARK}"), state=PostState.FAILED, publish_at=MORNING - DAY)
    return told


def sendings(runtime: Runtime) -> list[tuple[str, str, int]]:
    with runtime.sessions() as db:
        return [(str(one.day), str(one.state), one.tries) for one in db.scalars(select(DigestSending).order_by(DigestSending.id))]


def test_the_digest_says_what_needs_one_in_one_s_language_and_nothing_that_is_not_public(runtime: Runtime, reader: int, postbox: tuple[Postbox, int]) -> None:
    with runtime.sessions.begin() as db:
        told = plan(db)

    assert digesting.send_due(runtime) == 1

    (mail,) = postbox[0].mails
    text = mail.get_content()
    assert (mail["To"], mail["From"], mail["Auto-Submitted"]) == ("nadia@example.com", "Planner <planner@example.com>", "auto-generated")
    assert "lundi 2 mars" in mail["Subject"]
    assert "Attend votre accord (6)" in text and "“Open house”" in text and "Our page" in text
    assert text.count("une publication confidentielle") == 6
    assert MARK not in str(mail) and MARK not in text
    assert f"http://127.0.0.1:8000/approvals/{told}\r\n" in text and "/settings/digest" in text


def test_numbers_about_to_close_are_told_to_who_may_read_them_and_keep_a_secret(runtime: Runtime) -> None:
    with runtime.sessions.begin() as db:
        for title, secret in (("Open house", Confidentiality.PUBLIC), (MARK, Confidentiality.CONFIDENTIAL)):
            make_post(
                db, channel=make_channel(db, name=f"Page {len(title)}"), asset=make_asset(db, title=title, confidentiality=secret), state=PostState.PUBLISHED,
                publish_at=MORNING - 30 * DAY + timedelta(hours=8), published_at=MORNING - 30 * DAY + timedelta(hours=8), external_id=title,
            )  # fmt: skip
        tongue = Speech("en", "UTC")
        told = {role: daily.gather(db, make_user(db, roles=(role,)), tongue, zone="UTC", four_eyes="off", now=MORNING).parts for role in ("planner", "viewer")}

    (part,) = told["planner"]
    assert (part.title, part.count, {line.path for line in part.lines}) == ("Numbers about to close", 2, {"/performance/readings"})
    assert "“Open house”" in part.lines[0].text and "a confidential post" in part.lines[1].text and MARK not in str(part)
    assert told["viewer"] == ()


def test_it_comes_once_a_day_whoever_asks_and_again_the_next_day(runtime: Runtime, reader: int, clock: StoppedClock, postbox: tuple[Postbox, int]) -> None:
    with runtime.sessions.begin() as db:
        plan(db)
    threads = [threading.Thread(target=digesting.send_due, args=(runtime,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock.advance(timedelta(hours=1))
    digesting.send_due(runtime)
    assert len(postbox[0].mails) == 1

    clock.moment = MORNING + DAY - timedelta(minutes=1)
    digesting.send_due(runtime)
    assert len(postbox[0].mails) == 1  # Not before its time,
    clock.advance(timedelta(minutes=2))
    digesting.send_due(runtime)
    assert len(postbox[0].mails) == 2
    clock.moment = MORNING + 5 * DAY
    digesting.send_due(runtime)
    assert len(postbox[0].mails) == 2  # and not on a Saturday.


def test_what_was_begun_and_cut_off_is_never_begun_again_and_says_so(runtime: Runtime, reader: int, clock: StoppedClock, postbox: tuple[Postbox, int]) -> None:
    with runtime.sessions.begin() as db:
        plan(db)
        assert digesting._claim(db, reader, MORNING.date(), digesting.Way.MAIL, MORNING) is not None

    digesting.send_due(runtime)
    clock.advance(timedelta(minutes=20))
    digesting.send_due(runtime)

    assert postbox[0].mails == []
    assert sendings(runtime) == [("2026-03-02", "unknown", 1)]


@pytest.mark.parametrize(("answer", "state", "tries"), [("451 4.3.0 Try later", SendingState.SENT, 2), ("drop", SendingState.UNKNOWN, 1)])
def test_only_what_certainly_went_nowhere_is_tried_again(
    runtime: Runtime, reader: int, clock: StoppedClock, postbox: tuple[Postbox, int], answer: str, state: SendingState, tries: int
) -> None:
    with runtime.sessions.begin() as db:
        plan(db)
    postbox[0].answer = answer
    digesting.send_due(runtime)
    postbox[0].answer = ""
    digesting.send_due(runtime)
    assert postbox[0].mails == []  # Too early to try again.
    clock.advance(timedelta(minutes=16))
    digesting.send_due(runtime)

    assert sendings(runtime) == [("2026-03-02", state.value, tries)]
    assert len(postbox[0].mails) == tries - 1


def test_a_quiet_day_sends_nothing_unless_asked_to(runtime: Runtime, reader: int, clock: StoppedClock, postbox: tuple[Postbox, int]) -> None:
    digesting.send_due(runtime)
    assert postbox[0].mails == []
    with runtime.sessions.begin() as db:
        digesting.wish(db, db.get_one(User, reader), Wishes(by_mail=True, even_empty=True), now=MORNING)
    clock.advance(DAY)
    digesting.send_due(runtime)
    assert "Rien ne vous attend aujourd’hui" in postbox[0].mails[0]["Subject"]


def test_it_goes_into_a_chat_room_too_and_its_refusal_is_said(runtime: Runtime, reader: int, httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/hooks/secret", method="POST").respond_with_data("ok")
    httpserver.expect_oneshot_request("/hooks/secret", method="POST").respond_with_data("gone", status=404)
    with runtime.sessions.begin() as db:
        plan(db)
        user = db.get_one(User, reader)
        digesting.wish(db, user, Wishes(by_webhook=True, webhook=httpserver.url_for("/hooks/secret"), flavour=Flavour.SLACK), now=MORNING)
    assert digesting.send_due(runtime) == 1
    said = httpserver.log[0][0].get_data(as_text=True)
    assert "Open house" in said and MARK not in said

    with runtime.sessions() as db, pytest.raises(PlannerError, match="refused the message"):
        digesting.send_one(runtime, db, db.get_one(User, reader), now=MORNING)


def test_a_mail_server_that_asks_who_we_are_is_told(runtime: Runtime, reader: int, postbox: tuple[Postbox, int]) -> None:
    with runtime.sessions.begin() as db:
        plan(db)
    for password, fails in (("wrong", True), ("right", False)):
        asked = _runtime(replace(runtime.settings, smtp_user="planner", smtp_password=password), runtime.clock, runtime.engine)
        with asked.sessions() as db:
            user = db.get_one(User, reader)
            if fails:
                with pytest.raises(PlannerError, match="535") as told:
                    digesting.send_one(asked, db, user, now=MORNING)
                assert "wrong" not in str(told.value)
            else:
                assert digesting.send_one(asked, db, user, now=MORNING) == [digesting.Way.MAIL]
    assert set(postbox[0].signed_in) == {"planner"}


def test_who_has_not_answered_is_reminded_once_before_the_deadline(runtime: Runtime, reader: int, clock: StoppedClock, postbox: tuple[Postbox, int]) -> None:
    with runtime.sessions.begin() as db:
        routes.set_route(db, routes.of_kind(AssetKind.VIDEO), [Step("", hours=24, nudge=4)], actor=None, now=MORNING)
        author = make_user(db, roles=("planner",))
        for values in ({"title": "The film"}, {"title": MARK, "confidentiality": Confidentiality.CONFIDENTIAL}):
            post = make_post(db, author=author, asset=make_asset(db, kind=AssetKind.VIDEO, **values), publish_at=MORNING + 2 * DAY)
            service.submit(db, post, actor=author, now=MORNING)
        # Its title says what another asset may not yet: known only once it was in review.
        post = make_post(db, author=author, asset=make_asset(db, kind=AssetKind.VIDEO, title=f"The story of {MARK}"), publish_at=MORNING + 2 * DAY)
        service.submit(db, post, actor=author, now=MORNING)
        make_asset(db, embargo_until=MORNING + 9 * DAY, embargo_terms=[MARK])

    assert digesting.send_nudges(runtime) == 0
    clock.moment = MORNING + DAY - timedelta(hours=4)
    assert [digesting.send_nudges(runtime), digesting.send_nudges(runtime)] == [3, 0]
    subjects = sorted(str(mail["Subject"]) for mail in postbox[0].mails)
    said = ("une publication confidentielle", "une publication confidentielle", "“The film”")
    assert [title in subject for title, subject in zip(said, subjects, strict=True)] == [True, True, True]
    assert not any(MARK in str(mail) for mail in postbox[0].mails)


def test_whoever_may_answer_is_reminded_unless_they_said_not_to(runtime: Runtime, clock: StoppedClock, postbox: tuple[Postbox, int]) -> None:
    with runtime.sessions.begin() as db:
        routes.set_route(db, routes.ANYTHING_ELSE, [Step("", hours=24, nudge=4)], actor=None, now=MORNING)
        author = make_user(db, roles=("planner",))
        service.submit(db, make_post(db, author=author, publish_at=MORNING + 2 * DAY), actor=author, now=MORNING)
        for name, values in (("never-set", {}), ("gone", {"active": False})):
            make_user(db, roles=("approver",), email=f"{name}@example.com", **values)
        make_user(db, roles=("viewer",), email="reader@example.com")
        for name, wishes in (("no", Wishes(by_mail=True, nudges=False)), ("no-digest", Wishes()), ("yes", Wishes(by_mail=True))):
            digesting.wish(db, make_user(db, roles=("approver",), email=f"{name}@example.com"), wishes, now=MORNING)
    clock.moment = MORNING + DAY - timedelta(hours=4)

    digesting.send_nudges(runtime)

    assert [mail["To"] for mail in postbox[0].mails] == ["never-set@example.com", "no-digest@example.com", "yes@example.com"]


def test_the_page_keeps_what_one_wants_and_says_what_is_wrong(sign_in: Callable[..., Browser], app_db: Session) -> None:
    app_db.commit()
    client = sign_in()

    assert "No mail server is set" in client.get("/settings/digest").text
    refused = client.submit("/settings/digest", by_webhook="y", flavour="slack", at="07:30", days="0")
    assert refused.status_code == 422 and "Paste the address" in refused.text
    assert client.submit("/settings/digest", by_mail="y", flavour="slack", at="08:15", days=["0", "4"]).status_code == 302
    page = client.get("/settings/digest").text
    assert 'value="08:15"' in page and "Send me one now" in page
    client.submit("/settings/digest/now")
    assert "Choose e-mail or a webhook first" in client.get("/settings/digest").text


def test_what_a_person_publishes_is_told_and_keeps_a_secret(runtime: Runtime) -> None:
    with runtime.sessions.begin() as db:
        letter = make_channel(db, name="Partner newsletter", platform=Platform.BY_HAND, token=None)
        for title, values in (("Open house", {}), (MARK, {"confidentiality": Confidentiality.INTERNAL})):
            make_post(db, channel=letter, asset=make_asset(db, title=title, **values), state=PostState.SCHEDULED, publish_at=MORNING - DAY)
        me = make_user(db, roles=("planner",))
        told = daily.gather(db, me, Speech("en", "Europe/Paris"), zone="Europe/Paris", four_eyes="off", now=MORNING)

    part = next(part for part in told.parts if part.title == "To publish by hand")
    assert part.count == 2 and "“Open house”" in part.lines[0].text + part.lines[1].text
    assert MARK not in str(told) and told.subject.startswith("2 things need you")


def test_an_old_asset_that_comes_back_is_told_and_keeps_a_secret(runtime: Runtime) -> None:
    with runtime.sessions.begin() as db:
        for title, values in (("Open house", {}), (f"{MARK} one", {"confidentiality": Confidentiality.INTERNAL}), (f"{MARK} two", {"embargo_until": MORNING + DAY})):
            asset = make_asset(db, title=title, **values)
            db.add(Resurfaced(
                asset_id=asset.id, metric="mentions", since=date(2026, 2, 22), until=date(2026, 3, 1), gained=1208, expected=2.6, threshold=5,
                cause_kind="external", cause="forum.example.org", noticed_at=MORNING - timedelta(hours=2),
            ))  # fmt: skip
        me = make_user(db, roles=("planner",))
        told = {
            language: next(part for part in daily.gather(db, me, Speech(language, "Europe/Paris"), zone="Europe/Paris", four_eyes="off", now=MORNING).parts)
            for language in ("en", "fr")
        }

    assert (told["en"].title, told["en"].count) == ("Old assets that come back", 3)
    assert [line.text for line in told["en"].lines] == [
        f"{title} · 1,208 mentions, 22 Feb to 28 Feb; its age predicts 3, told from 5 on."
        for title in ("a confidential asset", "a confidential asset", "“Open house”")
    ]
    assert "1\u202f208 mentions" in told["fr"].lines[0].text and MARK not in str(told)


def test_only_what_leaves_today_goes_out_today(runtime: Runtime) -> None:
    with runtime.sessions() as db:
        channel, at = make_channel(db, name="Our page"), MORNING + timedelta(hours=1)
        made = {state: make_post(db, asset=make_asset(db, title=state.value), channel=channel, state=state, publish_at=at, published_at=at) for state in PostState}
        held = make_post(db, asset=make_asset(db, title="held"), channel=channel, state=PostState.SCHEDULED, publish_at=at)
        db.add(Delivery(post_id=held.id, channel_id=channel.id, state=DeliveryState.HELD, hold=Hold.PAUSE, due_at=at, next_at=at, digest="", created_at=MORNING))
        db.flush()
        told = daily.gather(db, make_user(db, roles=("viewer",)), Speech("en", "Europe/Paris"), zone="Europe/Paris", four_eyes="off", now=MORNING)

    (part,) = [one for one in told.parts if one.title == "Going out today"]
    wanted = (PostState.APPROVED, PostState.SCHEDULED, PostState.SENDING)
    assert sorted(line.path for line in part.lines) == sorted(f"/posts/{made[state].id}" for state in wanted)


def test_an_edit_that_waits_is_told_to_who_is_asked_and_keeps_a_secret(runtime: Runtime) -> None:
    with runtime.sessions.begin() as db:
        routes.set_route(db, routes.ANYTHING_ELSE, [Step("", "Legal", roles=("legal",))], actor=None, now=MORNING)
        channel = make_channel(db, name="Our page", platform=Platform.LINKEDIN)
        for title, values in (("Open house", {}), (f"{MARK} one", {"confidentiality": Confidentiality.INTERNAL}), (f"{MARK} two", {"embargo_until": MORNING + DAY})):
            post = make_post(
                db, channel=channel, asset=make_asset(db, title=title, **values), state=PostState.PUBLISHED, publish_at=MORNING - DAY, published_at=MORNING - DAY,
                external_id=title,
            )  # fmt: skip
            what = {"content": {"text": MARK}, "was": {"text": ""}, "asked_by": "Nadia", "asked_at": MORNING, "next_at": MORNING}
            db.add(Amendment(post=post, kind=AmendmentKind.EDIT, state=AmendmentState.IN_REVIEW, **what))
        tongue = Speech("en", "UTC")
        told = {role: daily.gather(db, make_user(db, roles=(role,)), tongue, zone="UTC", four_eyes="off", now=MORNING) for role in ("legal", "approver")}

    part = next(part for part in told["legal"].parts if part.title == "Waiting for your yes")
    secret = "Our page · a confidential post · edit of the live post"
    assert [line.text for line in part.lines] == ["Our page · “Open house” · edit of the live post", secret, secret]
    assert [line.path for line in part.lines] == [f"/posts/{number}#edit-{number}" for number in (1, 2, 3)]
    assert MARK not in str(told) and told["legal"].subject.startswith("3 things need you")
    assert "Waiting for your yes" not in [part.title for part in told["approver"].parts]
