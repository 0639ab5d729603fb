"""The closed lists of the promotion desk and their words; nothing here loads the mathematics."""

from __future__ import annotations

from enum import StrEnum

from planner.core.i18n import N_

__all__ = ["ANSWERS", "LABELS", "VOUCHES", "Choice", "Confidence", "Option", "PromotionKind", "Role"]


class Choice(StrEnum):
    """What the promotion desk would do with a video."""

    DO_NOT_PROMOTE = "do_not_promote"
    KEEP_FOR_EVENTS = "keep_for_events"
    LET_IT_RUN = "let_it_run"
    RE_EDIT = "re_edit"
    AMPLIFY_FREE = "amplify_free"
    PROMOTE = "promote"


class Confidence(StrEnum):
    """How far a verdict can be trusted."""

    TOO_EARLY = "too_early"
    INDICATIVE = "indicative"
    SOUND = "sound"


class Option(StrEnum):
    """What a person decided to do with a video."""

    PROMOTE = "promote"
    AMPLIFY_FREE = "amplify_free"
    RE_EDIT = "re_edit"
    REPURPOSE = "repurpose"
    KEEP_FOR_EVENTS = "keep_for_events"
    LEAVE = "leave"


class PromotionKind(StrEnum):
    """How a video was promoted; what one kind brings says nothing of another."""

    AD = "ad"
    NEWSLETTER = "newsletter"
    SHARE_KIT = "share_kit"
    POST = "post"


class Role(StrEnum):
    """Who somebody is that reacted to a video."""

    JOURNALIST = "journalist"
    ANALYST = "analyst"
    POLITICIAN = "politician"
    CUSTOMER = "customer"
    EXPERT = "expert"
    EMPLOYEE = "employee"
    OTHER = "other"


#: Those whose word moves a verdict one step up.
VOUCHES = (Role.JOURNALIST, Role.ANALYST, Role.POLITICIAN)

#: What the desk would do, as what a person can decide.
ANSWERS: dict[Choice, Option] = {
    Choice.DO_NOT_PROMOTE: Option.LEAVE,
    Choice.KEEP_FOR_EVENTS: Option.KEEP_FOR_EVENTS,
    Choice.LET_IT_RUN: Option.LEAVE,
    Choice.RE_EDIT: Option.RE_EDIT,
    Choice.AMPLIFY_FREE: Option.AMPLIFY_FREE,
    Choice.PROMOTE: Option.PROMOTE,
}

#: English labels, marked for translation.
LABELS: dict[StrEnum, str] = {
    Choice.DO_NOT_PROMOTE: N_("Do not promote"),
    Choice.KEEP_FOR_EVENTS: N_("Keep for events"),
    Choice.LET_IT_RUN: N_("Let it run"),
    Choice.RE_EDIT: N_("Re-edit title and thumbnail"),
    Choice.AMPLIFY_FREE: N_("Amplify for free"),
    Choice.PROMOTE: N_("Promote"),
    Confidence.TOO_EARLY: N_("Too early to say"),
    Confidence.INDICATIVE: N_("Indicative"),
    Confidence.SOUND: N_("Sound"),
    Option.REPURPOSE: N_("Use it in another form"),
    Option.LEAVE: N_("Leave it alone"),
    Role.JOURNALIST: N_("Journalist"),
    Role.ANALYST: N_("Analyst"),
    Role.POLITICIAN: N_("Politician"),
    Role.CUSTOMER: N_("Customer"),
    Role.EXPERT: N_("Expert"),
    Role.EMPLOYEE: N_("Employee"),
    Role.OTHER: N_("Somebody else"),
    PromotionKind.AD: N_("Advertisement"),
    PromotionKind.NEWSLETTER: N_("Newsletter"),
    PromotionKind.SHARE_KIT: N_("Share kit for employees"),
    PromotionKind.POST: N_("Post on another channel"),
}
