"""Verbs on users: create, give a role, disable; API tokens; links that sign in once."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from planner.accounts import history
from planner.accounts.models import ApiToken, Role, RoleName, SignInLink, User
from planner.core.errors import Invalid, NotFound, Refused
from planner.core.i18n import N_
from planner.core.secrets import new_token, token_digest

__all__ = [
    "LINK_LIFE", "create_user", "disable", "enable", "invite", "issue_token", "note_token_use", "prefer", "revoke_token", "set_roles", "sign_in_link",
    "spend_links", "use_link", "user_by_email", "user_for_token", "user_of_link", "valid_token",
]  # fmt: skip

#: How long a one-time sign-in link works.
LINK_LIFE = timedelta(hours=24)
_TOKEN_PREFIX = "plk_"  # noqa: S105


def create_user(
    db: Session,
    *,
    email: str,
    name: str = "",
    roles: list[str] | tuple[str, ...] = (RoleName.VIEWER,),
    password_hash: str | None = None,
    actor: User | None,
    now: datetime,
) -> User:
    """A new person. Raises Invalid for an address that is none or taken, or an unknown role."""
    email = email.strip().lower()
    if "@" not in email[1:-1] or len(email) > 255:
        raise Invalid(N_("“%(email)s” is not an e-mail address."), field="email", email=email[:80])
    if db.scalar(select(User.id).where(func.lower(User.email) == email)) is not None:
        raise Invalid(N_("%(email)s already has an account."), field="email", email=email)
    user = User(email=email, name=name.strip(), active=True, fs_uniquifier=uuid.uuid4().hex, password=password_hash, created_at=now)
    user.roles = _roles(db, roles)
    db.add(user)
    db.flush()
    history.record(db, actor, "user.created", user, now=now, became={"email": email, "roles": sorted(roles)})
    return user


def set_roles(db: Session, user: User, roles: list[str], *, actor: User | None, now: datetime) -> None:
    """Replace a person's roles; their sessions stay, the next request sees the new roles. Keeps at least one administrator."""
    before = sorted(user.role_names)
    _keep_an_admin(db, user, still_admin=RoleName.ADMIN in roles)
    user.roles = _roles(db, roles)
    history.record(db, actor, "user.roles_changed", user, now=now, was={"roles": before}, became={"roles": sorted(roles)})


def disable(db: Session, user: User, *, actor: User | None, now: datetime) -> None:
    """End a person's access at once: sessions, tokens and links not used yet stop working. The account and its history stay."""
    _keep_an_admin(db, user, still_admin=False)
    user.active = False
    user.fs_uniquifier = uuid.uuid4().hex
    spend_links(db, user, now=now)
    db.execute(update(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None)).values(revoked_at=now))
    history.record(db, actor, "user.disabled", user, now=now)


def enable(db: Session, user: User, *, actor: User | None, now: datetime) -> None:
    """Let a disabled person back in, with the roles they had; their old tokens and links stay dead."""
    if user.active:
        return
    user.active = True
    history.record(db, actor, "user.enabled", user, now=now)


def invite(db: Session, user: User, *, actor: User | None, now: datetime) -> str:
    """The token of a sign-in link that one person hands to another. Raises Refused for a disabled account."""
    if not user.active:
        raise Refused(N_("%(name)s may not sign in. Let them back in first."), name=user.display_name)
    history.record(db, actor, "user.invited", user, now=now)
    return sign_in_link(db, user, now=now)


def prefer(
    db: Session, user: User, *, language: str | None = None, theme: str | None = None, time_zone: str | None = None, now: datetime
) -> None:
    """A person's own choices; None leaves one as it is. Not worth a line of history."""
    user.language = language or user.language
    user.theme = theme or user.theme
    user.time_zone = time_zone or user.time_zone


def user_by_email(db: Session, email: str) -> User:
    """Raises NotFound, naming the address."""
    user = db.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))
    if user is None:
        raise NotFound(N_("Nobody here has the address %(email)s."), email=email)
    return user


def issue_token(
    db: Session, user: User, name: str, *, actor: User | None, now: datetime, expires_at: datetime | None = None
) -> str:
    """A new API token for a person, returned this once; only its digest is stored."""
    token = new_token(_TOKEN_PREFIX)
    row = ApiToken(digest=token_digest(token), name=name, user_id=user.id, created_at=now, expires_at=expires_at)
    db.add(row)
    db.flush()
    history.record(db, actor, "token.issued", row, now=now, became={"for": user.email, "name": name})
    return token


def revoke_token(db: Session, token: ApiToken, *, actor: User | None, now: datetime) -> None:
    """The token stops working at once."""
    token.revoked_at = token.revoked_at or now
    history.record(db, actor, "token.revoked", token, now=now)


def user_for_token(db: Session, token: str, *, now: datetime) -> User | None:
    """The active person a bearer token stands for, or None."""
    row = valid_token(db, token, now=now)
    return row.user if row else None


def valid_token(db: Session, token: str, *, now: datetime) -> ApiToken | None:
    """The token's row, while it is neither revoked nor expired and its person is active."""
    row = db.scalar(select(ApiToken).where(ApiToken.digest == token_digest(token)))
    if row is None or row.revoked_at or (row.expires_at and row.expires_at <= now) or not row.user.active:
        return None
    return row


def note_token_use(db: Session, token_id: int, *, now: datetime) -> None:
    """Remember when a token was last used."""
    db.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))


def sign_in_link(db: Session, user: User, *, now: datetime) -> str:
    """The token of a link that signs this person in once within LINK_LIFE; its address is /sign-in/<token>."""
    token = new_token()
    db.add(SignInLink(digest=token_digest(token), user_id=user.id, expires_at=now + LINK_LIFE))
    db.flush()
    return token


def user_of_link(db: Session, token: str, *, now: datetime) -> User:
    """Whom a link would sign in. Raises NotFound for one unknown, used, expired, or of a disabled account."""
    row = db.scalar(select(SignInLink).where(SignInLink.digest == token_digest(token)))
    if row is None or row.used_at or row.expires_at <= now or not row.user.active:
        raise NotFound(N_("This sign-in link was used or has expired. Ask for a new one: flask planner users link."))
    return row.user


def use_link(db: Session, token: str, *, now: datetime) -> None:
    """Spend the link: of two at the same moment, one wins. Raises NotFound for the other."""
    spent = db.execute(
        update(SignInLink)
        .where(SignInLink.digest == token_digest(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
    )
    if spent.rowcount != 1:  # type: ignore[attr-defined]
        raise NotFound(N_("This sign-in link was used or has expired. Ask for a new one: flask planner users link."))


def spend_links(db: Session, user: User, *, now: datetime) -> None:
    """Let no link that was made for this person sign anybody in any more."""
    db.execute(update(SignInLink).where(SignInLink.user_id == user.id, SignInLink.used_at.is_(None)).values(used_at=now))


def _roles(db: Session, names: list[str] | tuple[str, ...]) -> list[Role]:
    wanted = {str(name) for name in names}
    unknown = wanted - {role.value for role in RoleName}
    if unknown:
        raise Invalid(
            N_("There is no role “%(role)s”. The roles are: %(known)s."),
            field="roles",
            role=min(unknown),
            known=", ".join(RoleName),
        )
    known = {role.name: role for role in db.scalars(select(Role).where(Role.name.in_(wanted)))}
    return [known.get(name) or Role(name=name) for name in sorted(wanted)]


def _keep_an_admin(db: Session, user: User, *, still_admin: bool) -> None:
    if still_admin or RoleName.ADMIN not in user.role_names:
        return
    # Two who take each other's role at one moment wait for each other here; the second counts what the first has left.
    db.execute(select(Role.id).where(Role.name == RoleName.ADMIN.value).with_for_update(key_share=True))
    others = db.scalar(
        select(func.count()).select_from(User).join(User.roles).where(Role.name == RoleName.ADMIN.value, User.active, User.id != user.id)
    )
    if not others:
        raise Refused(N_("%(name)s is the last administrator: make somebody else one first."), name=user.display_name)
