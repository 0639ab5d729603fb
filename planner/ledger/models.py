"""The Leased mixin, Job, one piece of background work as a row, and IdempotencyKey, a request that must happen once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from planner.core.db import Record
from planner.core.types import Choice

__all__ = ["IdempotencyKey", "Job", "JobState", "Leased"]


class Leased:
    """Columns of a row that one worker at a time may work on."""

    lease_owner: Mapped[str | None] = mapped_column(String(80))
    lease_until: Mapped[datetime | None]


class JobState(StrEnum):
    """Where a job is. A running job whose lease ran out is taken up again."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Leased, Record):
    """One piece of background work. A periodic one carries its slot (`name:slot`), so many schedulers make one run."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_id", "state", "id"),
        CheckConstraint("progress_done >= 0", name="progress_not_negative"),
    )
    name: Mapped[str] = mapped_column(String(80))
    #: Unique for periodic work; None for work a person asked for.
    slot_key: Mapped[str | None] = mapped_column(String(120), unique=True)
    args: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[JobState] = mapped_column(Choice(JobState), default=JobState.QUEUED)
    tries: Mapped[int] = mapped_column(default=0)
    progress_done: Mapped[int] = mapped_column(default=0)
    #: None while the size of the work is not known.
    progress_total: Mapped[int | None]
    message: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[dict[str, Any] | None]
    actor_id: Mapped[int | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class IdempotencyKey(Record):
    """A write that one person asked for under one key: in progress while it has no status, answered once it has one."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key"),)
    user_id: Mapped[int]
    key: Mapped[str] = mapped_column(String(200))
    #: Method and path, such as `POST /api/v1/posts`.
    target: Mapped[str] = mapped_column(String(200))
    #: SHA-256 of the request's body, hex.
    body_digest: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[str | None] = mapped_column(Text)
