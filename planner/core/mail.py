"""Sending one e-mail by SMTP: it was taken, it certainly was not, or nobody knows; said in a sentence an administrator can act on."""

from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import urlsplit

from planner.core.clock import utc_now
from planner.core.errors import Unavailable
from planner.core.i18n import N_
from planner.core.settings import Settings

__all__ = ["MailFailed", "MaybeMailed", "NotMailed", "is_set_up", "mail"]

_TIMEOUT_SECONDS = 20.0


class MailFailed(Unavailable):
    """The mail server did not take it, or nobody knows whether it did."""


class NotMailed(MailFailed):
    """It certainly went nowhere: it may be tried again."""


class MaybeMailed(MailFailed):
    """The connection broke after the message was handed over: trying again could deliver it twice."""


def is_set_up(settings: Settings) -> bool:
    """Whether there is a mail server to send by."""
    return bool(settings.smtp_host)


def mail(settings: Settings, to: str, subject: str, text: str, *, list_unsubscribe: str = "") -> None:
    """Hand one plain text to the mail server. Raises NotMailed, MaybeMailed; no sentence holds a password."""
    if not is_set_up(settings):
        raise NotMailed(N_("No mail server is set: an administrator sets PLANNER_SMTP_HOST."))
    message = _message(settings, to, subject, text, list_unsubscribe)
    try:
        server = _connected(settings)
    except (OSError, smtplib.SMTPException) as error:
        raise NotMailed(N_("The mail server did not answer as expected: %(why)s"), why=_why(error)) from error
    handed = False
    try:
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password)
        server.mail(_address(settings.mail_from))
        code, answer = server.rcpt(to)
        if code not in (250, 251):
            raise smtplib.SMTPResponseException(code, answer)
        handed = True
        code, answer = server.data(message.as_bytes(policy=message.policy.clone(linesep="\r\n")))
        if code != 250:
            handed = False
            raise smtplib.SMTPResponseException(code, answer)
    except (OSError, smtplib.SMTPException) as error:
        refused = isinstance(error, (smtplib.SMTPResponseException, smtplib.SMTPDataError))
        if handed and not refused:
            raise MaybeMailed(N_("The connection to the mail server broke: the message may have arrived or not.")) from error
        raise NotMailed(N_("The mail server refused the message: %(why)s"), why=_why(error)) from error
    finally:
        _leave(server)


def _message(settings: Settings, to: str, subject: str, text: str, list_unsubscribe: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = to
    message["Subject"] = " ".join(subject.split())
    message["Date"] = format_datetime(utc_now())
    message["Message-ID"] = make_msgid(domain=urlsplit(settings.base_url).hostname or "planner")
    message["Auto-Submitted"] = "auto-generated"
    if list_unsubscribe:
        message["List-Unsubscribe"] = f"<{list_unsubscribe}>"
    message.set_content(text, cte="quoted-printable")
    return message


def _connected(settings: Settings) -> smtplib.SMTP:
    if settings.smtp_security == "tls":
        return smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=_TIMEOUT_SECONDS, context=ssl.create_default_context())
    server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=_TIMEOUT_SECONDS)
    try:
        server.ehlo_or_helo_if_needed()
        if settings.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
    except BaseException:
        server.close()
        raise
    return server


def _address(written: str) -> str:
    """The bare address of “Name <address>”."""
    inside = written.rpartition("<")[2].rstrip("> ")
    return Address(addr_spec=inside).addr_spec


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _why(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
        return f"{error.smtp_code} {' '.join(said.split())}"[:200]
    return " ".join(str(error).split())[:200] or type(error).__name__
