"""LinkedIn's numbered groups in words: its seniorities and functions, and the industries and countries met most; others keep their number.

Source: LinkedIn's standardised data (learn.microsoft.com, “Seniority”, “Job functions”, “Industry codes”), which changes rarely. It lists no
regions: their names are told by its Geo API alone, so a region that is not here is said to be LinkedIn's number.
"""

from __future__ import annotations

import re

from flask_babel import get_locale, gettext

from planner.core.i18n import N_

__all__ = ["name_of"]

_NAMES: dict[str, dict[str, str]] = {
    "seniority": {
        "1": N_("Unpaid"), "2": N_("Training"), "3": N_("Entry level"), "4": N_("Senior"), "5": N_("Manager"), "6": N_("Director"), "7": N_("Vice president"),
        "8": N_("Executive"), "9": N_("Partner"), "10": N_("Owner"),
    },
    "function": {
        "1": N_("Accounting"), "2": N_("Administration"), "3": N_("Arts and design"), "4": N_("Business development"), "5": N_("Community and social services"),
        "6": N_("Consulting"), "7": N_("Education"), "8": N_("Engineering"), "9": N_("Entrepreneurship"), "10": N_("Finance"), "11": N_("Healthcare"),
        "12": N_("Human resources"), "13": N_("Information technology"), "14": N_("Law"), "15": N_("Marketing"), "16": N_("Media and communication"),
        "17": N_("Military and protective services"), "18": N_("Operations"), "19": N_("Product management"), "20": N_("Project management"),
        "21": N_("Purchasing"), "22": N_("Quality assurance"), "23": N_("Real estate"), "24": N_("Research"), "25": N_("Sales"), "26": N_("Customer support"),
    },
    "industry": {
        "4": N_("Software"), "6": N_("Internet"), "8": N_("Telecommunications"), "11": N_("Management consulting"), "43": N_("Financial services"),
        "75": N_("Public administration"), "80": N_("Marketing and advertising"), "96": N_("IT services"), "119": N_("Wireless"),
        "135": N_("Mechanical engineering"), "147": N_("Industrial automation"),
    },
}  # fmt: skip
_COUNTRIES = {
    "105015875": "FR", "103644278": "US", "101165590": "GB", "101282230": "DE", "105646813": "ES", "102713980": "IN", "103350119": "IT",
    "100565514": "BE", "106693272": "CH", "102890719": "NL",
}  # fmt: skip


def name_of(urn: str) -> str | None:
    """The group that a URN names, in the reader's language; None for what is no such URN. One that is not known keeps its number."""
    found = re.fullmatch(r"urn:li:(\w+):(\d+)", urn)
    if found is None:
        return None
    kind, number = found.groups()
    if kind == "geo" and number in _COUNTRIES:
        locale = get_locale()
        return str(locale.territories[_COUNTRIES[number]]) if locale else _COUNTRIES[number]
    if kind == "geo":
        return str(gettext("LinkedIn region %(number)s", number=number))
    name = _NAMES.get(kind.removesuffix("V2"), {}).get(number)
    return gettext(name) if name else f"#{number}"
