"""What channels tell about a post, said in the reader's language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from planner.channels import youtube_client
from planner.web.languages import translate
from planner.web.reasons import told

CHANNELS = Path(__file__).resolve().parents[2] / "planner" / "channels"
_OUTCOMES = {"Refused", "RetryLater", "Unknown", "GarbledError"}


def sentences_of_channels() -> Iterator[str]:
    """Every sentence that an adapter writes out, with a number where it puts a value."""
    for path in sorted(CHANNELS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _OUTCOMES:
                yield from (text for text in map(_written, node.args) if " " in text.removesuffix(" X says: no"))
    yield from youtube_client._ACCOUNT.values()
    yield from youtube_client._CONTENT.values()


def _written(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if not isinstance(node, ast.JoinedStr):
        return ""
    return "".join(_part(part) for part in node.values)


def _part(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    assert isinstance(node, ast.FormattedValue)
    name = ast.unparse(node.value)
    return {"tail": " X says: no", "reason": "X says that the text is too long.", "kind": "gave no clear answer"}.get(name, "7")


def test_there_are_sentences_to_look_at() -> None:
    assert len(set(sentences_of_channels())) > 60


def test_what_a_channel_tells_is_known_in_french(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        unknown = sorted({sentence for sentence in sentences_of_channels() if told(sentence) == sentence})

    assert unknown == []


def test_a_refusal_is_said_in_french_and_the_platforms_words_stay(app: Flask) -> None:
    reason = "LinkedIn says that the page already has this post. LinkedIn says: Duplicate post is detected: urn:li:share:7"

    with app.test_request_context(headers={"Accept-Language": "fr"}):
        said = translate(reason)

    assert said == (
        "LinkedIn indique que la page a déjà cette publication. Réponse de LinkedIn\u00a0: Duplicate post is detected: urn:li:share:7"
    )


def test_values_stay_in_their_places(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        said = translate("LinkedIn shows at most 20 pictures in one post; this one has 24.")

    assert said == "LinkedIn affiche au plus 20 images par publication\u202f; celle-ci en compte 24."


def test_a_note_of_a_person_stays_as_it_was_written(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert translate("100 % sure? Ask “Claire” %(first)s.") == "100 % sure? Ask “Claire” %(first)s."


def test_in_english_a_reason_stays_as_it_was_told(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert translate("X says that the text is too long.") == "X says that the text is too long."
