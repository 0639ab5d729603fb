"""The French catalogue: complete, faithful to its placeholders, set as French is set; and no page speaks around it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import format_datetime, format_decimal

from planner.catalog.models import LABELS, AssetState
from planner.planning.models import STATE_LABELS, PostState

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
#: As `make messages` looks for them.
KEYWORDS = {**DEFAULT_KEYWORDS, "_l": None, "lazy_gettext": None, "lazy_pgettext": ((1, "c"), 2), "N_": None}

NO_BREAK, NARROW = "\u00a0", "\u202f"
GLOSSARY = {
    AssetState.IDEA: "Idée",
    AssetState.IN_PRODUCTION: "En production",
    AssetState.IN_REVIEW: "En relecture",
    AssetState.READY: "Prêt",
    AssetState.LIVE: "En ligne",
    AssetState.RETIRED: "Retiré",
    PostState.DRAFT: "Brouillon",
    PostState.IN_REVIEW: "En relecture",
    PostState.CHANGES_REQUESTED: "À corriger",
    PostState.APPROVED: "Approuvé",
    PostState.SCHEDULED: "Planifié",
    PostState.SENDING: "Envoi en cours",
    PostState.PUBLISHED: "Publié",
    PostState.FAILED: "Échec",
    PostState.MISSED: "Manqué",
    PostState.UNCONFIRMED: "À vérifier",
    PostState.CANCELLED: "Annulé",
}


@cache
def catalogue() -> Catalog:
    with (ROOT / "planner/translations/fr/LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file)


@cache
def extracted() -> frozenset[tuple[str, str | tuple[str, ...]]]:
    """(context, sentence) of everything marked in the source, found in this process as `make messages` finds it."""
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, KEYWORDS, directory_filter=_is_ours)
    return frozenset((context or "", tuple(text) if isinstance(text, tuple) else text) for _name, _line, text, _notes, context in found)


def _is_ours(folder: str) -> bool:
    return not Path(folder).name.startswith(".") and Path(folder).name != "node_modules"


def translated() -> list[Message]:
    return [message for message in catalogue() if message.id]


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text


def french() -> Iterator[str]:
    for message in translated():
        yield from forms(message.string)


def test_sentences_are_found_in_pages_fragments_and_code() -> None:
    sentences = {text for _context, text in extracted()}

    assert {"Plan a post", "Show the numbers", "Under embargo", "This post is already approved.", "Time zone"} <= sentences


def test_every_sentence_has_a_finished_french_one() -> None:
    done = {(message.context or "", message.id) for message in translated() if all(forms(message.string)) and not message.fuzzy}

    assert sorted(map(str, extracted() - done)) == []


def test_both_plural_forms_are_there() -> None:
    wrong = [message.id for message in translated() if message.pluralizable and len(forms(message.string)) != 2]

    assert wrong == []


def test_french_sentences_have_the_placeholders_of_the_english_ones() -> None:
    def names(text: str) -> set[str]:
        return set(re.findall(r"%\(\w+\)[sd]", text))

    wrong = [
        (english, said)
        for message in translated()
        for english, said in zip(forms(message.id), forms(message.string), strict=True)
        if names(english) != names(said) or said.count("%") != english.count("%")
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("slip", "why"),
    [
        (r"[^\W\d]'[^\W\d]", "an apostrophe is ’"),
        (r'"|“|”', "quotation marks are « and »"),
        (rf"«(?!{NARROW})|(?<!{NARROW})»", "a narrow no-break space is inside « »"),
        (rf"[^{NARROW}][;!?](?=\s|$)", "a narrow no-break space goes before ; ! ?"),
        (rf"(?<!{NO_BREAK})(?<!Authorization):(?=\s|$)", "a no-break space goes before :"),
        (r"\.\.\.", "an ellipsis is one character"),
        (r"\d[ ,]\d{3}\b", "thousands are parted by a narrow no-break space"),
        (r"  |^\s|\s$", "spaces are single, and inside"),
    ],
)
def test_french_is_set_as_french_is_set(slip: str, why: str) -> None:
    assert [said for said in french() if re.search(slip, said)] == [], why


def test_states_are_called_what_the_glossary_calls_them() -> None:
    labels = {**{state: LABELS[state] for state in AssetState}, **STATE_LABELS}

    said = {state: catalogue().get(text).string for state, text in labels.items()}  # type: ignore[union-attr]

    assert said == GLOSSARY


def _text_of(template: str) -> str:
    """What a template says by itself, outside its expressions, tags and keys."""
    without_class_names = re.sub(r"\{% block main_class %\}.*?\{% endblock %\}", " ", template)
    bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", without_class_names, flags=re.DOTALL)
    bare = re.sub(r"<kbd\b[^>]*>.*?</kbd>|<script\b.*?</script>", " ", bare, flags=re.DOTALL)
    spoken = re.findall(r'\s(?:title|alt|aria-label|placeholder|data-label)="([^"]*)"', bare)
    text = re.sub(r'<[^>]*>|\b[\w-]+="[^"]*"|\?\w+=', " ", bare)  # Attributes and queries that a macro gives to a tag.
    return " ".join([text, *spoken])


@pytest.mark.parametrize("path", TEMPLATES, ids=[str(path.relative_to(ROOT)) for path in TEMPLATES])
def test_a_template_says_nothing_untranslated(path: Path) -> None:
    words = re.findall(r"[^\W\d_]{2,}", _text_of(path.read_text()))

    assert [word for word in words if word != "https"] == []


@pytest.mark.parametrize(
    ("written", "found"),
    [("<p>Hello {{ name }}</p>", "Hello"), ('<a title="Go">{{ _("Go") }}</a>', "Go"), ("<kbd>Esc</kbd>{# a note #}", "")],
)
def test_the_lint_of_templates_sees_words_and_only_words(written: str, found: str) -> None:
    assert " ".join(_text_of(written).split()) == found


def test_a_refused_sign_in_is_said_in_french(app: Flask) -> None:
    client = app.test_client()
    headers = {"Accept-Language": "fr"}
    page = client.get("/login", headers=headers).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)

    assert token is not None
    refused = client.post("/login", data={"csrf_token": token[1], "email": "nobody@example.com", "password": "wrong"}, headers=headers)

    assert '<html lang="fr"' in refused.text
    assert "Se connecter" in refused.text
    assert "Cette adresse et ce mot de passe ne vont pas ensemble." in refused.text
    assert "Mot de passe" in refused.text


def test_english_pages_read_day_before_month_and_24_hours(app: Flask) -> None:
    moment = datetime(2026, 3, 24, 20, 5, tzinfo=UTC)

    with app.test_request_context(headers={"Accept-Language": "en-US"}):
        english = (format_datetime(moment, "short"), format_decimal(12345))
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        french_way = (format_datetime(moment, "short"), format_decimal(12345))

    assert english == ("24/03/2026, 21:05", "12,345")
    assert french_way == ("24/03/2026 21:05", f"12{NARROW}345")


def test_the_language_of_the_page_is_the_readers_own(client: FlaskClient) -> None:
    client.set_cookie("language", "fr")

    page = client.get("/").text

    assert '<html lang="fr"' in page
    assert "Calendrier" in page


def test_no_template_sets_a_colon_of_its_own_between_two_words() -> None:
    """French sets a space before it: a sentence with both parts says where."""
    found = {path.name: re.findall(r"\}\} ?[:;] \{\{[^}]*\}\}", path.read_text()) for path in TEMPLATES}
    assert {name: places for name, places in found.items() if places} == {}
