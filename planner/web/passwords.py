"""The forms at the door, in the words of the house. Changing one's password: the present one is asked for, except of somebody who has just signed in by a link and may have forgotten it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from flask import current_app, g, session
from flask_babel import gettext
from flask_login import current_user
from flask_security import ChangePasswordForm, LoginForm

from planner.accounts.models import User
from planner.core.i18n import N_

__all__ = ["ChangePassword", "SignIn", "came_by_link", "has_come_by_link"]

_BY_LINK = "by_link"
_AS_LONG_AS = timedelta(minutes=30)


def came_by_link(user: User, *, now: datetime) -> None:
    """Remember in this session that its person signed in by a link."""
    session[_BY_LINK] = [user.fs_uniquifier, now.timestamp()]


def has_come_by_link() -> bool:
    """Whether whoever asks signed in by a link within the last half hour, and has set no password since: that changes the person's mark."""
    mark, at = session.get(_BY_LINK) or ("", 0.0)
    return bool(mark == current_user.fs_uniquifier and g.now.timestamp() - at <= _AS_LONG_AS.total_seconds())


class _OurWords:
    """Fields of a form of the library under our names, which its own translations do not have."""

    names: ClassVar[dict[str, str]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field, name in self.names.items():
            self[field].label.text = gettext(name)  # type: ignore[index]


class SignIn(_OurWords, LoginForm):  # type: ignore[misc, unused-ignore]
    """The library's form."""

    names: ClassVar = {"email": N_("E-mail address"), "password": N_("Password"), "remember": N_("Remember me")}


class ChangePassword(_OurWords, ChangePasswordForm):  # type: ignore[misc, unused-ignore]
    """The library's form, which asks whoever has a password for it."""

    names: ClassVar = {"password": N_("Present password"), "new_password": N_("New password"), "new_password_confirm": N_("New password again")}

    def validate(self, **kwargs: Any) -> bool:
        if not has_come_by_link():
            return bool(super().validate(**kwargs))
        if not super(ChangePasswordForm, self).validate(**kwargs):
            return False
        rules = current_app.extensions["security"].password_util
        wrong, self.new_password.data = rules.validate(self.new_password.data, False, user=current_user)
        self.new_password.errors = [*self.new_password.errors, *(wrong or ())]
        return not wrong
