"""Every setting, read once from PLANNER_* variables into one frozen object; docs/running.md lists them and a test compares."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["BadSetting", "Settings"]

_WEAK_KEYS = {"", "secret", "changeme", "change-me", "dev", "development", "default", "password", "test", "secret-key"}
_EXECUTORS = ("embedded", "worker", "celery", "none")
_SMTP_SECURITY = ("starttls", "tls", "none")
_FOUR_EYES = ("releases", "always", "never")

#: Numbers with which a worker neither stops nor runs without a rest.
_BETWEEN: dict[str, tuple[float, float]] = {
    "poll_seconds": (0.01, 3600), "lease_seconds": (1, 3600), "call_timeout_seconds": (0.1, 3600), "settle_seconds": (0.1, 86_400), "max_tries": (1, 1000), "workers": (0, 1000),
}  # fmt: skip

#: Where the real platforms live; used when PLANNER_SANDBOX=off and no address is set.
_REAL = {
    "x_api_url": "https://api.x.com",
    "x_auth_url": "https://x.com",
    "linkedin_api_url": "https://api.linkedin.com",
    "linkedin_auth_url": "https://www.linkedin.com",
    "youtube_api_url": "https://youtube.googleapis.com",
    "youtube_analytics_url": "https://youtubeanalytics.googleapis.com",
    "google_auth_url": "https://accounts.google.com",
    "google_token_url": "https://oauth2.googleapis.com",
    "google_analytics_url": "https://analyticsdata.googleapis.com",
}


class BadSetting(SystemExit):
    """A setting is missing or wrong: the product refuses to start and names the variable."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")


def _doc(default: Any, text: str) -> Any:
    return field(default=default, metadata={"doc": text})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The product's settings. Field `data_dir` is read from PLANNER_DATA_DIR, and so on; `doc` says what each is for."""

    secret_key: str = field(repr=False, metadata={"doc": "Signs sessions; at least 32 characters, random. Required."})
    seal_keys: str = field(default="", repr=False, metadata={"doc": "Seals platform tokens; comma-separated, newest first. Empty: derived from PLANNER_SECRET_KEY."})
    database_url: str = _doc("", "SQLAlchemy address. Empty: SQLite in the data folder. PostgreSQL: postgresql+psycopg://user:password@host/name.")
    data_dir: str = _doc("instance", "Folder for the database, uploads, backups and the sandbox's state.")
    base_url: str = _doc("http://127.0.0.1:8000", "The address people use; links in messages and OAuth returns are built from it.")
    executor: str = _doc("embedded", "Who does background work: embedded (threads of the web process), worker (`flask planner work`), celery, or none.")
    broker_url: str = _doc("", "For PLANNER_EXECUTOR=celery: redis://… or amqp://….")
    workers: int = _doc(20, "Posts that one process sends at once, the web process or one `flask planner work`. Uploads that last are not counted.")
    poll_seconds: float = _doc(2.0, "How often an idle worker looks for new work. What it knows of goes out on its moment.")
    lease_seconds: int = _doc(60, "How long a worker's claim on a row lasts without a heartbeat.")
    call_timeout_seconds: float = _doc(30.0, "How long a platform may take to answer one call.")
    settle_seconds: float = _doc(90.0, "How long an unknown outcome is watched before the platform is asked; must exceed the call timeout.")
    max_tries: int = _doc(6, "Definite refusals of the “not now” kind before a delivery is given up as failed.")
    grace_minutes: int = _doc(20, "How late a post may still go out; later it is missed and a person decides. Channels may set their own.")
    four_eyes: str = _doc("releases", "Who may not approve their own submission: releases (press releases, embargoed, confidential or sensitive content), always, or never.")
    sandbox: str = _doc("embedded", "Pretend platforms: embedded, the address of a `flask planner sandbox`, or off. Addresses set below always win.")
    x_api_url: str = _doc("", "Base address of X's API.")
    x_auth_url: str = _doc("", "Base address of X's consent page.")
    x_client_id: str = _doc("", "X app: client id.")
    x_client_secret: str = field(default="", repr=False, metadata={"doc": "X app: client secret."})
    x_fields_name: str = _doc("post", "Which names X's API uses: post (since 2.167) or tweet. The other is tried once when X refuses.")
    x_price_post: float = _doc(0.015, "US dollars X charges for one post without a link.")
    x_price_link: float = _doc(0.20, "US dollars X charges for one post with a link.")
    x_price_read: float = _doc(0.001, "US dollars X charges for reading one of our own posts, once a UTC day.")
    x_price_user: float = _doc(0.010, "US dollars X charges for reading an account's own entry, once a UTC day; its followers are counted there.")
    x_budget_month: float = _doc(0.0, "US dollars that posts on X may cost a month; a channel's page shows them against it. 0: no budget is set.")
    linkedin_api_url: str = _doc("", "Base address of LinkedIn's API.")
    linkedin_auth_url: str = _doc("", "Base address of LinkedIn's consent page and token endpoint.")
    linkedin_client_id: str = _doc("", "LinkedIn app: client id.")
    linkedin_client_secret: str = field(default="", repr=False, metadata={"doc": "LinkedIn app: client secret."})
    linkedin_version: str = _doc("202607", "LinkedIn-Version header, YYYYMM; a version lives about twelve months.")
    youtube_api_url: str = _doc("", "Base address of the YouTube Data API.")
    youtube_analytics_url: str = _doc("", "Base address of the YouTube Analytics API. Empty: PLANNER_YOUTUBE_API_URL when that is set.")
    youtube_units_day: int = _doc(10_000, "Units of quota Google gives your project a day for the YouTube Data API; ask Google's console.")
    youtube_uploads_day: int = _doc(100, "Videos your Google project may upload a day.")
    google_auth_url: str = _doc("", "Base address of Google's consent page.")
    google_token_url: str = _doc("", "Base address of Google's token endpoint. Empty: PLANNER_GOOGLE_AUTH_URL when that is set.")
    google_analytics_url: str = _doc("", "Base address of the Google Analytics Data API.")
    google_client_id: str = _doc("", "Google app: client id.")
    google_client_secret: str = field(default="", repr=False, metadata={"doc": "Google app: client secret."})
    smtp_host: str = _doc("", "Mail server that takes digests and reminders. Empty: none are sent by e-mail.")
    smtp_port: int = _doc(587, "Its port: 587 with starttls, 465 with tls.")
    smtp_security: str = _doc("starttls", "How the connection is kept private: starttls, tls from the first byte, or none (a relay on this machine).")
    smtp_user: str = _doc("", "Name to sign in to the mail server with. Empty: without.")
    smtp_password: str = field(default="", repr=False, metadata={"doc": "Password for it."})
    mail_from: str = _doc("", "Address that mails come from, such as Planner <planner@example.com>. Needed with PLANNER_SMTP_HOST.")
    allow_private_addresses: bool = _doc(False, "Let webhooks and website statistics reach private addresses (an internal Mattermost or Matomo); off by default.")
    language: str = _doc("en", "Language before a person chose one: en or fr.")
    time_zone: str = _doc("Europe/Paris", "Time zone before a person or channel chose one (IANA name).")
    currency: str = _doc("EUR", "Currency of costs (ISO 4217).")
    max_upload_mb: int = _doc(600, "Largest request body, in megabytes.")
    secure_cookies: bool = _doc(False, "Send cookies over HTTPS only. On by itself when PLANNER_BASE_URL starts with https://.")
    trusted_proxies: int = _doc(0, "How many reverse proxies in front set X-Forwarded-For and X-Forwarded-Proto.")
    rate_limit_url: str = _doc("memory://", "Where request throttling counts: memory:// or redis://….")
    log_level: str = _doc("INFO", "DEBUG, INFO, WARNING or ERROR.")

    def __post_init__(self) -> None:
        if self.secret_key.strip().lower() in _WEAK_KEYS:
            raise BadSetting("PLANNER_SECRET_KEY", "set it to a random text of at least 32 characters.")
        if len(self.secret_key) < 32:
            raise BadSetting("PLANNER_SECRET_KEY", "is too short: at least 32 random characters are needed.")
        if len(set(self.secret_key)) < 8:
            raise BadSetting("PLANNER_SECRET_KEY", "is too simple: use random characters.")
        if any(len(key) < 16 for key in self.seal_key_list[:-1] or self.seal_key_list):
            raise BadSetting("PLANNER_SEAL_KEYS", "each key needs at least 16 characters.")
        if self.executor not in _EXECUTORS:
            raise BadSetting("PLANNER_EXECUTOR", f"must be one of {', '.join(_EXECUTORS)}.")
        if self.executor == "celery" and not self.broker_url:
            raise BadSetting("PLANNER_BROKER_URL", "is needed when PLANNER_EXECUTOR=celery (redis://… or amqp://…).")
        if self.four_eyes not in _FOUR_EYES:
            raise BadSetting("PLANNER_FOUR_EYES", f"must be one of {', '.join(_FOUR_EYES)}.")
        if self.smtp_security not in _SMTP_SECURITY:
            raise BadSetting("PLANNER_SMTP_SECURITY", f"must be one of {', '.join(_SMTP_SECURITY)}.")
        if self.smtp_host and "@" not in self.mail_from:
            raise BadSetting("PLANNER_MAIL_FROM", "is needed with PLANNER_SMTP_HOST: an address such as planner@example.com.")
        if self.language not in ("en", "fr"):
            raise BadSetting("PLANNER_LANGUAGE", "must be en or fr.")
        for name, (least, most) in _BETWEEN.items():
            if not least <= getattr(self, name) <= most:
                raise BadSetting(f"PLANNER_{name.upper()}", f"must be between {least} and {most}.")
        if self.settle_seconds <= self.call_timeout_seconds:
            raise BadSetting("PLANNER_SETTLE_SECONDS", "must be longer than PLANNER_CALL_TIMEOUT_SECONDS, or a slow answer could be doubled.")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise BadSetting("PLANNER_TIME_ZONE", f"“{self.time_zone}” is not an IANA time zone such as Europe/Paris.") from None

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Read PLANNER_* variables; `overrides` win. Raises BadSetting, which ends the program with one sentence."""
        environ = os.environ if environ is None else environ
        values: dict[str, Any] = {}
        for item in fields(cls):
            name = f"PLANNER_{item.name.upper()}"
            if item.name in overrides:
                values[item.name] = overrides[item.name]
            elif environ.get(name, "") != "":
                values[item.name] = _convert(name, environ[name], str(item.type))
        if "secret_key" not in values:
            raise BadSetting("PLANNER_SECRET_KEY", "is not set. Set it to a random text of at least 32 characters.")
        return cls(**values)

    @cached_property
    def data_path(self) -> Path:
        return Path(self.data_dir).resolve()

    @property
    def effective_database_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_path / 'planner.sqlite3'}"

    @property
    def seal_key_list(self) -> list[str]:
        """Keys that seal and open tokens, newest first; the last resort is derived from the secret key."""
        given = [key.strip() for key in self.seal_keys.split(",") if key.strip()]
        return given or [f"seal:{self.secret_key}"]

    @property
    def is_https(self) -> bool:
        """Whether people come by HTTPS, so that nothing of theirs may go another way."""
        return self.secure_cookies or self.base_url.lower().startswith("https://")

    @property
    def rate_limit_options(self) -> dict[str, Any]:
        """How long a page waits for the Redis that counts; it is asked before anything else, and nothing depends on it."""
        return {"socket_timeout": 1.0, "socket_connect_timeout": 1.0} if self.rate_limit_url.startswith(("redis:", "rediss:")) else {}

    @property
    def settle(self) -> timedelta:
        return timedelta(seconds=self.settle_seconds)

    def platform_url(self, name: str, sandbox_url: str = "") -> str:
        """Base address for `x_api_url` and its like: the one set, else the sandbox's, else the real platform's."""
        given: str = getattr(self, name)
        if not given and name == "youtube_analytics_url":
            given = self.youtube_api_url
        if not given and name == "google_token_url":
            given = self.google_auth_url
        if not given and self.sandbox != "off":
            given = sandbox_url
        return (given or _REAL[name]).rstrip("/")


def _convert(name: str, raw: str, kind: str) -> Any:
    try:
        if kind == "bool":
            return {"1": True, "on": True, "true": True, "yes": True, "0": False, "off": False, "false": False, "no": False}[raw.lower()]
        if kind == "int":
            return int(raw)
        if kind == "float":
            return float(raw)
    except (KeyError, ValueError):
        raise BadSetting(name, f"“{raw}” is not {'on or off' if kind == 'bool' else 'a number'}.") from None
    return raw
