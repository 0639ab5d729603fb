"""Digests and reminders: set by each person, sent once, whatever crashes and however many schedulers there are.

What is about to be sent is written down and committed first. A crash in between leaves it as “begun”, and nothing that was begun is begun again:
better a day without than two of the same. Only what certainly went nowhere is tried again, on the same day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import User
from planner.accounts.rules import may
from planner.channels.port import Flavour, OutgoingPost
from planner.channels.webhook import message
from planner.core.errors import Invalid, PlannerError, Refused
from planner.core.http import Blocked, CallFailed, Http, NotSent
from planner.core.i18n import N_
from planner.core.log import get_logger
from planner.core.mail import MailFailed, MaybeMailed, is_set_up, mail
from planner.core.runtime import Runtime
from planner.core.settings import Settings
from planner.ledger.jobs import JobContext
from planner.planning import approving, steps
from planner.planning.leaks import watch_of
from planner.planning.surroundings import embargoed_terms
from planner.planning.waiting import Waiting, waiting
from planner.reports.daily import Digest, as_text, gather, secret_posts
from planner.reports.models import DigestSending, DigestSetting, Nudge, SendingState, Way
from planner.reports.speech import Speech, speech

__all__ = ["Wishes", "last", "run", "send_due", "send_nudges", "send_one", "setting_of", "wish"]

log = get_logger(__name__)
_MOST_TRIES, _BETWEEN_TRIES = 4, timedelta(minutes=15)
#: A digest of the morning that could not be sent by then is not worth sending.
_LATEST = timedelta(hours=10)
#: What was begun this long ago and never ended was cut off.
_CUT_OFF = timedelta(minutes=15)
CUT_OFF = N_("It was cut off while being sent: it may have arrived or not. It is not sent a second time.")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person wants: by which ways, when (wall time in their zone), on which days (0 is Monday)."""

    by_mail: bool = False
    by_webhook: bool = False
    webhook: str = ""
    flavour: Flavour = Flavour.MATTERMOST
    at: str = "07:30"
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    even_empty: bool = False
    nudges: bool = True


def setting_of(db: Session, user: User) -> DigestSetting | None:
    """How this person set it; None when they never did."""
    return db.scalars(select(DigestSetting).where(DigestSetting.user_id == user.id)).one_or_none()


def wish(db: Session, user: User, wishes: Wishes, *, now: datetime) -> DigestSetting:
    """Keep what a person wants. Raises Invalid, naming the field. An empty webhook keeps the one there is."""
    row = setting_of(db, user)
    known = row.webhook if row else None
    webhook = wishes.webhook.strip() or known
    if wishes.by_webhook and not webhook:
        raise Invalid(N_("Paste the address of the room's webhook."), field="webhook")
    if wishes.webhook.strip() and (not wishes.webhook.strip().startswith(("https://", "http://")) or len(wishes.webhook) > 1000 or not wishes.webhook.strip().isprintable()):
        raise Invalid(N_("A webhook's address starts with https:// or http:// and has no spaces."), field="webhook")
    hour, _, minute = wishes.at.partition(":")
    if not (len(wishes.at) == 5 and hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        raise Invalid(N_("Give a time such as 07:30."), field="at")
    if not wishes.days or set(wishes.days) - set(range(7)):
        raise Invalid(N_("Choose at least one day."), field="days")
    told: dict[str, Any] = {
        "by_mail": wishes.by_mail, "by_webhook": wishes.by_webhook, "webhook": webhook, "flavour": wishes.flavour, "at": wishes.at,
        "days": sorted(wishes.days), "even_empty": wishes.even_empty, "nudges": wishes.nudges, "updated_at": now,
    }  # fmt: skip
    if row is None:
        row = DigestSetting(user=user, **told)
        db.add(row)
    else:
        for name, value in told.items():
            setattr(row, name, value)
    history.record(db, user, "digest.set", user, now=now, became={"by_mail": wishes.by_mail, "by_webhook": wishes.by_webhook, "at": wishes.at})
    db.flush()
    return row


def last(db: Session, user: User, *, limit: int = 10) -> list[DigestSending]:
    """The digests of this person, the latest first."""
    return list(db.scalars(select(DigestSending).where(DigestSending.user_id == user.id).order_by(DigestSending.id.desc()).limit(limit)))


def run(context: JobContext) -> dict[str, Any]:
    """The periodic job: digests that are due, then reminders."""
    return {"digests": send_due(context.runtime), "nudges": send_nudges(context.runtime)}


def send_due(runtime: Runtime) -> int:
    """Send every digest that is due and was not sent; how many went out."""
    sent = 0
    with runtime.sessions.begin() as db:
        now = runtime.clock.decision_time(db)
        _close_cut_off(db, now)
        due = [(row.user_id, day, way) for row in db.scalars(select(DigestSetting)) if (day := _due(row, runtime.settings, now)) for way in _ways(row, runtime.settings)]
    for user_id, day, way in due:
        with runtime.sessions.begin() as db:
            now = runtime.clock.decision_time(db)
            number = _claim(db, user_id, day, way, now)
            if number is None:
                continue
            row = db.scalars(select(DigestSetting).where(DigestSetting.user_id == user_id)).one()
            prepared = _prepare(db, row, runtime.settings, now)
        # Committed: whatever happens from here on, this one is not begun again unless it certainly went nowhere.
        if prepared.digest.empty and not prepared.even_empty:
            _settle(runtime, number, SendingState.SENT, "")
            continue
        sent += _carry(runtime, number, prepared, way)
    return sent


def send_one(runtime: Runtime, db: Session, user: User, *, now: datetime) -> list[Way]:
    """Send this person theirs at once, by every way they chose; the ways it went. Raises PlannerError with what is wrong."""
    row = setting_of(db, user)
    ways = _ways(row, runtime.settings) if row is not None else []
    if row is None or not ways:
        raise Refused(N_("Choose e-mail or a webhook first, and save."))
    prepared = _prepare(db, row, runtime.settings, now)
    for way in ways:
        _deliver(runtime.settings, prepared, way)
    return ways


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A digest with everything it takes to send it, read before anything is sent."""

    digest: Digest
    tongue: Speech
    email: str
    webhook: str
    flavour: Flavour
    even_empty: bool


def _prepare(db: Session, row: DigestSetting, settings: Settings, now: datetime) -> _Prepared:
    user = row.user
    zone = user.time_zone or settings.time_zone
    tongue = speech(user.language or settings.language, zone)
    digest = gather(db, user, tongue, zone=zone, four_eyes=settings.four_eyes, now=now)
    return _Prepared(digest, tongue, user.email, row.webhook or "", row.flavour, row.even_empty)


def _due(row: DigestSetting, settings: Settings, now: datetime) -> date | None:
    """The person's day whose digest is due now; None when none is."""
    if not row.user.active or not may(row.user, "read"):
        return None
    local = now.astimezone(ZoneInfo(row.user.time_zone or settings.time_zone))
    hour, minute = (int(part) for part in row.at.split(":"))
    starts = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return local.date() if local.weekday() in row.days and starts <= local < starts + _LATEST else None


def _ways(row: DigestSetting, settings: Settings) -> list[Way]:
    ways = [Way.MAIL] if row.by_mail and is_set_up(settings) else []
    return [*ways, Way.WEBHOOK] if row.by_webhook and row.webhook else ways


def _claim(db: Session, user_id: int, day: date, way: Way, now: datetime) -> int | None:
    """Write down that this digest is begun; its number, or None when somebody did before, or it is too early to try again."""
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"user_id": user_id, "day": day, "way": way, "state": SendingState.SENDING, "tries": 1, "at": now, "reason": ""}
    made = db.execute(insert(DigestSending).values(**values).on_conflict_do_nothing().returning(DigestSending.id)).scalar()
    if made is not None:
        return int(made)
    again = (
        update(DigestSending)
        .where(
            DigestSending.user_id == user_id, DigestSending.day == day, DigestSending.way == way, DigestSending.state == SendingState.FAILED,
            DigestSending.tries < _MOST_TRIES, DigestSending.at <= now - _BETWEEN_TRIES,
        )
        .values(state=SendingState.SENDING, tries=DigestSending.tries + 1, at=now)
        .returning(DigestSending.id)
    )  # fmt: skip
    return db.execute(again).scalar()


def _carry(runtime: Runtime, number: int, prepared: _Prepared, way: Way) -> int:
    try:
        _deliver(runtime.settings, prepared, way)
    except (MaybeMailed, _MaybeSaid) as error:
        _settle(runtime, number, SendingState.UNKNOWN, str(error))
    except PlannerError as error:
        _settle(runtime, number, SendingState.FAILED, str(error))
    else:
        _settle(runtime, number, SendingState.SENT, "")
        return 1
    return 0


def _settle(runtime: Runtime, number: int, state: SendingState, reason: str) -> None:
    with runtime.sessions.begin() as db:
        db.execute(update(DigestSending).where(DigestSending.id == number).values(state=state, reason=reason[:500]))
    if reason:
        log.warning("a digest was not sent", sending=number, state=state.value)


def _close_cut_off(db: Session, now: datetime) -> None:
    db.execute(
        update(DigestSending)
        .where(DigestSending.state == SendingState.SENDING, DigestSending.at < now - _CUT_OFF)
        .values(state=SendingState.UNKNOWN, reason=CUT_OFF)
    )


class _MaybeSaid(Refused):
    """The room may have it or not."""


def _deliver(settings: Settings, prepared: _Prepared, way: Way) -> None:
    text = as_text(prepared.digest, prepared.tongue, settings.base_url)
    _hand_over(settings, prepared, way, prepared.digest.subject, text)


def _hand_over(settings: Settings, to: _Prepared, way: Way, subject: str, text: str) -> None:
    """Raises MailFailed, Refused: what is wrong, in a sentence without an address."""
    if way is Way.MAIL:
        mail(settings, to.email, subject, text, list_unsubscribe=f"{settings.base_url.rstrip('/')}/settings/digest")
        return
    http = Http(settings.call_timeout_seconds, allow_private=settings.allow_private_addresses)
    post = OutgoingPost(delivery_id=0, attempt=0, fingerprint="", title=subject, text=text)
    try:
        answer = http.request("POST", to.webhook, json=message(to.flavour, post), guarded=True)
    except (Blocked, NotSent) as error:
        raise Refused(N_("The room's webhook could not be reached. Look at its address.")) from error
    except CallFailed as error:
        raise _MaybeSaid(N_("The room's webhook did not answer: the message may be there or not.")) from error
    if not answer.ok:
        raise Refused(N_("The room's webhook refused the message (%(status)s). Look at its address."), status=str(answer.status))


def send_nudges(runtime: Runtime) -> int:
    """Remind who has not answered as their deadline nears, once for each content of a post; how many reminders went out."""
    if not is_set_up(runtime.settings):
        return 0
    with runtime.sessions.begin() as db:
        now = runtime.clock.decision_time(db)
        due = [one for one in waiting(db, viewer=None, four_eyes=runtime.settings.four_eyes) if _wants_nudge(one, now)]
        if not due:
            return 0
        words = watch_of(embargoed_terms(db, except_asset=None, after=now))
        secret = secret_posts(db, [one.post.id for one in due], now=now) | {one.post.id for one in due if words.says(one.post.asset.title)}
        people = _reminded(db)
        planned = [
            (user.id, one.post.id, one.standing.asked.step.key, one.digest, *_reminder(user, one, secret, runtime.settings), user.email)
            for one in due
            for user in people
            if approving.may_answer(one.standing.asked, one.post, user) and user.id not in (one.post.author_id, one.post.submitted_by_id)
        ]
    return sum(_nudge(runtime, *one) for one in planned)


def _reminded(db: Session) -> list[User]:
    """Whoever did not say that they want no reminders: who never set anything is asked for their yes as well."""
    wants = or_(DigestSetting.id.is_(None), DigestSetting.nudges)
    return list(db.scalars(select(User).outerjoin(DigestSetting, DigestSetting.user_id == User.id).where(User.active, wants).order_by(User.id)))


def _wants_nudge(one: Waiting, now: datetime) -> bool:
    at = steps.nudge_at(one.standing.asked.step, one.post.publish_at)
    return at is not None and one.post.publish_at is not None and at <= now < one.post.publish_at


def _reminder(user: User, one: Waiting, secret: set[int], settings: Settings) -> tuple[str, str]:
    tongue = speech(user.language or settings.language, user.time_zone or settings.time_zone)
    title = tongue.say(N_("a confidential post")) if one.post.id in secret else f"“{one.post.asset.title}”"
    subject = tongue.say(N_("Your answer is due %(when)s: %(title)s"), when=tongue.moment(one.due) if one.due else "", title=title)
    where = f"{settings.base_url.rstrip('/')}/approvals/{one.post.id}"
    foot = tongue.say(N_("When this comes, and whether: %(where)s"), where=f"{settings.base_url.rstrip('/')}/settings/digest")
    return subject, f"{subject}\n{where}\n\n{foot}\n"


def _nudge(runtime: Runtime, user_id: int, post_id: int, step: str, digest: str, subject: str, text: str, email: str) -> int:
    with runtime.sessions.begin() as db:
        insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
        values = {"user_id": user_id, "post_id": post_id, "step": step, "digest": digest, "at": runtime.clock.decision_time(db), "reason": ""}
        number = db.execute(insert(Nudge).values(**values).on_conflict_do_nothing().returning(Nudge.id)).scalar()
    if number is None:
        return 0
    try:
        mail(runtime.settings, email, subject, text)
    except MailFailed as error:
        with runtime.sessions.begin() as db:
            db.execute(update(Nudge).where(Nudge.id == number).values(reason=str(error)[:500]))
        return 0
    return 1
