"""Users, their roles, their API tokens and one-time sign-in links, and Entry: one line of history."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, query_expression, relationship

from planner.core.db import Base, BigId, Record
from planner.core.lazy import without

# For signing in through other sites, which this product does not offer, it would load authlib and requests: a fifth of a start.
with without("authlib.integrations.flask_client"):
    from flask_security.core import RoleMixin, UserMixin

__all__ = ["ApiToken", "Entry", "Role", "RoleName", "SignInFailure", "SignInLink", "User", "user_roles"]


class RoleName(StrEnum):
    """What a person may do here; `accounts.rules.may` says exactly what each allows."""

    ADMIN = "admin"
    PLANNER = "planner"
    AUTHOR = "author"
    APPROVER = "approver"
    LEGAL = "legal"
    ADVOCATE = "advocate"
    VIEWER = "viewer"


user_roles = Table(
    "user_roles",
    Base.metadata,
    Column("user_id", BigId, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", BigId, ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True),
)


class Role(Record, RoleMixin):
    """A role that a user may hold."""

    __tablename__ = "roles"
    __table_args__ = (UniqueConstraint("name"),)
    name: Mapped[str] = mapped_column(String(40))
    description: Mapped[str] = mapped_column(String(200), default="")
    permissions: Mapped[list[str]] = mapped_column(MutableList.as_mutable(JSON), default=list)


class User(Record, UserMixin):
    """A person with an account. Disabled rather than deleted, so that history keeps its names."""

    __tablename__ = "users"
    __table_args__ = (UniqueConstraint("email"), UniqueConstraint("fs_uniquifier"))
    email: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(120), default="")
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    #: Changes when all sessions of this person must end (role removed, password changed, account disabled).
    fs_uniquifier: Mapped[str] = mapped_column(String(64))
    language: Mapped[str | None] = mapped_column(String(8))
    time_zone: Mapped[str | None] = mapped_column(String(64))
    theme: Mapped[str] = mapped_column(String(8), default="auto")
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]  # type: ignore[assignment]
    current_login_at: Mapped[datetime | None]  # type: ignore[assignment]
    last_login_ip: Mapped[str | None] = mapped_column(String(64))
    current_login_ip: Mapped[str | None] = mapped_column(String(64))
    login_count: Mapped[int | None]  # type: ignore[assignment]
    roles: Mapped[list[Role]] = relationship(secondary=user_roles, lazy="selectin", order_by=Role.name)  # type: ignore[assignment]
    #: The roles' names with a space between them, where a statement tells them instead of loading the roles. None: not told.
    told_roles: Mapped[str | None] = query_expression()

    @property
    def role_names(self) -> frozenset[str]:
        if self.told_roles is None or "roles" in self.__dict__:
            return frozenset(role.name for role in self.roles)
        return frozenset(self.told_roles.split())

    @property
    def display_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    def verify_and_update_password(self, password: str) -> bool:
        """Whether this is the password; never for who signs in by link alone, which the library does not ask."""
        return self.password is not None and bool(super().verify_and_update_password(password))


class ApiToken(Record):
    """A bearer token for the API; only its digest is kept."""

    __tablename__ = "api_tokens"
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(lazy="joined")


class SignInLink(Record):
    """A link that signs one person in once; only its digest is kept."""

    __tablename__ = "sign_in_links"
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    user: Mapped[User] = relationship(lazy="joined")


class SignInFailure(Record):
    """One failed sign-in, counted to slow down guessing whatever process it reached."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index("ix_sign_in_failures_email_at", "email", "at"),)
    email: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime]


class Entry(Record):
    """One line of history: who did what to which thing, and what it was before. Only ever added to."""

    __tablename__ = "history"
    __table_args__ = (Index("ix_history_subject", "subject_type", "subject_id", "id"),)
    at: Mapped[datetime] = mapped_column(index=True)
    #: None: the planner itself or the command line, as `actor_name` says.
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    actor_name: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60))
    subject_type: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int | None]
    subject_name: Mapped[str] = mapped_column(Text, default="")
    was: Mapped[dict[str, Any] | None]
    became: Mapped[dict[str, Any] | None]
    note: Mapped[str] = mapped_column(Text, default="")
