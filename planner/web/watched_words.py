"""What YouTube's codes mean, in the reader's language."""

from __future__ import annotations

from flask_babel import gettext as _

__all__ = ["minutes", "watched_words"]

_AGES = ("13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65-")


def minutes(seconds: float) -> str:
    """A length as 4:05."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def watched_words() -> dict[str, str]:
    """Code -> words. What is not here is shown as YouTube names it: it may invent new ones."""
    genders = {"male": _("men"), "female": _("women"), "user_specified": _("others")}
    people = {
        f"age{age},{gender}": _("%(age)s, %(gender)s", age=_("65 and older") if age == "65-" else age.replace("-", "–"), gender=word)
        for age in _AGES
        for gender, word in genders.items()
    }
    return people | {
        "ADVERTISING": _("Advertising"), "PROMOTED": _("Advertising of yours"), "ANNOTATION": _("Annotations"), "CAMPAIGN_CARD": _("Campaign cards"),
        "END_SCREEN": _("End screens"), "EXT_URL": _("Other sites and apps"), "NOTIFICATION": _("Notifications"), "NO_LINK_EMBEDDED": _("Embedded on a site"),
        "NO_LINK_OTHER": _("Direct or unknown"), "PLAYLIST": _("Playlists"), "YT_PLAYLIST_PAGE": _("Playlist pages"), "RELATED_VIDEO": _("Suggested videos"),
        "SHORTS": _("The Shorts feed"), "SUBSCRIBER": _("Home page and subscriptions"), "YT_CHANNEL": _("Channel pages"), "YT_OTHER_PAGE": _("Other pages of YouTube"),
        "YT_SEARCH": _("Search on YouTube"), "SUBSCRIBED": _("Subscribers"), "UNSUBSCRIBED": _("Not subscribed"),
    }  # fmt: skip
