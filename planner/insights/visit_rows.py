"""Reads visits out of an export of web statistics: the columns that Matomo and GA4 write, or those that a person pointed at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from planner.catalog import cells
from planner.catalog.importing import Row
from planner.core.errors import Invalid
from planner.core.i18n import N_
from planner.core.pages import marks_of
from planner.insights.sources import tidy

__all__ = [
    "TEMPLATE", "VISIT_COLUMNS", "VISIT_FIELDS", "Key", "VisitRow", "believed", "read_row",
]  # fmt: skip

#: Field -> headings that mean it, as `heading` writes them: the planner's own, Matomo's and GA4's, in English and in French.
VISIT_COLUMNS: dict[str, tuple[str, ...]] = {
    "day": ("day", "date", "jour", "visit_date", "date_de_la_visite"),
    "page": (
        "page", "url", "page_url", "landing_page", "landing_page_query_string", "page_path", "page_path_and_screen_class", "entry_page",
        "entry_page_url", "page_location", "page_d_entree", "url_de_la_page", "url_de_la_page_d_entree", "page_de_destination",
        "page_de_destination_chaine_de_requete", "chemin_de_la_page", "adresse", "lien",
    ),
    "asset": ("asset_id", "asset", "contenu_id"),
    "source": (
        "source", "session_source", "utm_source", "referrer", "referer", "referrer_name", "referrer_url", "social_network", "website",
        "source_de_la_session", "referent", "site_referent", "nom_du_referent", "provenance", "reseau_social",
    ),
    "source_medium": ("source_medium", "session_source_medium", "source_support", "source_support_de_la_session"),
    "medium": ("medium", "session_medium", "utm_medium", "referrer_type", "support", "support_de_la_session", "type_de_referent"),
    "group": (
        "channel_group", "default_channel_group", "session_default_channel_group", "session_primary_channel_group_default_channel_group",
        "channel_type", "type_de_canal", "groupe_de_canaux_par_defaut_de_la_session",
    ),
    "campaign": ("campaign", "session_campaign", "utm_campaign", "campaign_name", "campagne", "campagne_de_la_session", "nom_de_la_campagne"),
    "content": ("content", "utm_content", "session_manual_ad_content", "campaign_content", "contenu_de_la_campagne", "contenu_utm"),
    "visits": (
        "visits", "sessions", "nb_visits", "visites", "entrances", "entry_nb_visits", "nombre_de_visites", "entrees", "count", "nombre",
    ),
}  # fmt: skip
#: What a person may point at, in the order of the screen.
VISIT_FIELDS = ("day", "page", "visits", "source", "medium", "campaign", "content", "source_medium", "asset")
TEMPLATE: tuple[tuple[str, ...], ...] = (
    ("day", "page", "source", "medium", "campaign", "content", "visits"),
    ("2026-11-20", "https://www.example.com/papers/energy-per-bit", "linkedin", "social", "energy-week", "post-12", "84"),
)
#: Who told a count, the most believed first.
_BELIEVED = ("api", "file", "log")
_FIRST, _LAST = date(1990, 1, 1), date(2100, 1, 1)

#: day, source, medium, campaign, content: with the asset, what one count is known by.
Key = tuple[date, str, str, str, str]


@dataclass(frozen=True, slots=True)
class VisitRow:
    """Visits of a file. `page` is as written there; `asset_id` is None where only the page or our mark tells the asset."""

    number: int
    asset_id: int | None
    page: str
    day: date
    source: str
    medium: str
    campaign: str
    content: str
    visits: int

    @property
    def name(self) -> str:
        """How the file names the page, for people; never what follows a question mark, which may name a visitor."""
        return self.page.partition("?")[0].partition("#")[0][:200] or (f"#{self.asset_id}" if self.asset_id is not None else self.content)

    @property
    def key(self) -> Key:
        return (self.day, self.source, self.medium, self.campaign, self.content)


def read_row(row: Row, *, now: datetime) -> VisitRow:
    """One row as visits; what is wrong is noted on the row. Marks in the page's own address count where no column has them."""
    day = row.take("day", _day, date(1990, 1, 1))
    if not row["day"]:
        row.complain(N_("The day is missing."), "day")
    elif day > (now + timedelta(days=1)).date():
        row.complain(N_("Visits cannot be from the future."), "day")
    page = row.take("page", _page, "")
    asset_id = row.take("asset", cells.count, None)
    marks = marks_of(page)
    source, medium = row["source"], row["medium"] or row["group"]
    if row["source_medium"]:
        source, _slash, medium = (part.strip() for part in row["source_medium"].rpartition(" / ")) if " / " in row["source_medium"] else (
            row["source_medium"], "", "",
        )  # fmt: skip
    told = {
        "source": source or marks.get("utm_source", ""),
        "medium": medium or marks.get("utm_medium", ""),
        "campaign": row["campaign"] or marks.get("utm_campaign", ""),
        "content": row["content"] or marks.get("utm_content", ""),
    }
    for name, text in told.items():
        row.take(name, str, "")  # Damaged letters and formulas are refused here as anywhere.
        told[name] = tidy(text)[: 80 if name == "medium" else 200]
    if not page and asset_id is None and not told["content"]:
        row.complain(N_("This row does not say which page it is about."), "page")
    if not row["visits"]:
        row.complain(N_("The number of visits is missing."), "visits")
    return VisitRow(row.number, asset_id, page, day, **told, visits=row.take("visits", cells.count, 0))


def believed(told: Iterable[tuple[date, str]]) -> dict[date, str]:
    """Day -> whose counts of it are believed: the statistics' own interface, else an export, else a server's log. They are never added."""
    found: dict[date, str] = {}
    for day, origin in told:
        if _BELIEVED.index(origin) < _BELIEVED.index(found.get(day, _BELIEVED[-1])) or day not in found:
            found[day] = origin
    return found


def _day(text: str) -> date:
    """20261120 (GA4), 2026-11-20, 20/11/2026; of a moment the day as it is written."""
    found = cells.written(text).date()
    if not _FIRST <= found < _LAST:
        raise Invalid(N_("Choose a year between 1990 and 2100."))
    return found


def _page(text: str) -> str:
    """An address, with or without its host. Longer ones are nobody's page."""
    if len(text) > 2000 or any(char.isspace() for char in text):
        raise Invalid(N_("“%(text)s” is not the address of a page."), text=text[:40])
    return text
