"""Changing one's password: the present one is asked for, except of somebody who has just signed in by a link and may have forgotten it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app, g, session
from flask_login import current_user
from flask_security import ChangePasswordForm

from planner.accounts.models import User

__all__ = ["ChangePassword", "came_by_link", "has_come_by_link"]

_BY_LINK = "by_link"
_AS_LONG_AS = timedelta(minutes=30)


def came_by_link(user: User, *, now: datetime) -> None:
    """Remember in this session that its person signed in by a link."""
    session[_BY_LINK] = [user.fs_uniquifier, now.timestamp()]


def has_come_by_link() -> bool:
    """Whether whoever asks signed in by a link within the last half hour, and has set no password since: that changes the person's mark."""
    mark, at = session.get(_BY_LINK) or ("", 0.0)
    return bool(mark == current_user.fs_uniquifier and g.now.timestamp() - at <= _AS_LONG_AS.total_seconds())


class ChangePassword(ChangePasswordForm):  # type: ignore[misc, unused-ignore]
    """The library's form, which asks whoever has a password for it."""

    def validate(self, **kwargs: Any) -> bool:
        if not has_come_by_link():
            return bool(super().validate(**kwargs))
        if not super(ChangePasswordForm, self).validate(**kwargs):
            return False
        rules = current_app.extensions["security"].password_util
        wrong, self.new_password.data = rules.validate(self.new_password.data, False, user=current_user)
        self.new_password.errors = [*self.new_password.errors, *(wrong or ())]
        return not wrong
