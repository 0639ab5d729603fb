"""Invented people and what they say about a post; the same for the same post on every telling."""

from __future__ import annotations

import re
from dataclasses import dataclass

from planner.channels.sandbox.numbers import fraction, normal

__all__ = ["Person", "is_french", "person", "remark"]

_GIVEN = (
    "Amina", "Bastien", "Camille", "Dorota", "Emil", "Fatou", "Giulia", "Henrik", "Inès", "Jonas", "Kenza", "Lukas",
    "Maëlle", "Nikhil", "Oriane", "Pavel", "Quitterie", "Rosa", "Stefan", "Thaïs", "Ugo", "Vera", "Wassim", "Yumi", "Zoé",
)  # fmt: skip
_FAMILY = (
    "Abelard", "Brochant", "Castelnau", "Dervaux", "Eskelund", "Fournival", "Grandpierre", "Hallström", "Iwanek",
    "Jourdier", "Kerbrat", "Lindqvist", "Marchetti", "Nowicki", "Okonjo", "Peyrac", "Quintard", "Rasmussen", "Sarrazin",
    "Tavernier", "Umbriano", "Vasseur", "Westergaard", "Ybarra", "Zielinski",
)  # fmt: skip
#: What they are, how often (parts of 100), how many follow such a person.
_ROLES = (
    ("journalist", "Journalist, telecoms and digital policy", 6, 9_000),
    ("analyst", "Industry analyst, networks and cloud", 8, 4_500),
    ("expert", "Radio engineer. Opinions my own", 16, 1_300),
    ("customer", "Head of infrastructure, logistics", 20, 700),
    ("employee", "Works in network operations", 26, 450),
    ("other", "Curious about technology", 24, 300),
)
_ENGLISH = (
    "Clear and to the point, thank you.", "Any figures on the energy side of this?",
    "We saw the same thing on our own sites last year.", "How does this compare with the previous generation?",
    "Good to see this finally written down.", "Is there a version for the non-technical colleagues?",
    "The second half is the interesting part.", "Who did the field tests, and where?", "Sharing this with my team.",
    "I would like to see the method behind the numbers.", "Will this be shown at the trade show?",
    "Not convinced by the timing, but the idea is sound.", "What about rural areas?", "Congratulations to everyone involved!",
    "When is it available in Southern Europe?", "Useful. The diagram alone is worth the click.",
    "How long did the migration take?", "Interesting angle on latency.", "Do you publish the raw data?",
    "A question: what happens to existing contracts?",
)  # fmt: skip
_FRENCH = (
    "Clair et concret, merci.", "Avez-vous des chiffres sur la consommation ?",
    "Nous avons constaté la même chose sur nos sites l’an dernier.", "Quelle différence avec la génération précédente ?",
    "Enfin un document qui l’explique.", "Existe-t-il une version pour les non-spécialistes ?",
    "La seconde partie est la plus intéressante.", "Qui a mené les essais, et où ?", "Je partage avec mon équipe.",
    "J’aimerais voir la méthode derrière ces chiffres.", "Sera-t-il présenté au salon ?",
    "Le calendrier me laisse sceptique, mais l’idée est bonne.", "Et pour les zones rurales ?", "Bravo à toute l’équipe !",
    "Quand sera-ce disponible dans le sud ?", "Utile. Le schéma vaut le clic à lui seul.",
    "Combien de temps a duré la migration ?", "Point de vue intéressant sur la latence.", "Publiez-vous les données brutes ?",
    "Une question : que deviennent les contrats en cours ?",
)  # fmt: skip
_FRENCH_WORDS = {"le", "la", "les", "des", "une", "et", "est", "pour", "dans", "nos", "notre", "avec", "sur", "du", "au"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who reacts: `number` identifies them on every platform; `role` is what they are to a company."""

    number: int
    name: str
    handle: str
    role: str
    bio: str
    followers: int


def person(*key: object) -> Person:
    """One of some thousands of invented people, drawn by a key."""
    number = int(fraction("person", *key) * 4_000)
    given = _GIVEN[int(fraction("given", number) * len(_GIVEN))]
    family = _FAMILY[int(fraction("family", number) * len(_FAMILY))]
    draw = fraction("role", number) * sum(role[2] for role in _ROLES)
    for role, bio, parts, followers in _ROLES:  # noqa: B007 - the one reached is the one drawn
        draw -= parts
        if draw <= 0:
            break
    return Person(
        number=number,
        name=f"{given} {family}",
        handle=f"{_ascii(given)}_{_ascii(family)}"[:11] + f"{number:04d}",
        role=role,
        bio=bio,
        followers=int(followers * 2.718 ** normal("followers", number)) + 10,
    )


def remark(text: str, *key: object) -> str:
    """What somebody says of a post, in the post's language."""
    pool = _FRENCH if is_french(text) else _ENGLISH
    return pool[int(fraction("remark", *key) * len(pool))]


def is_french(text: str) -> bool:
    """A guess from the little words; good enough to choose a language for invented comments."""
    words = re.findall(r"[a-zà-ÿœ]+", text.lower())
    return bool(words) and sum(word in _FRENCH_WORDS for word in words) / len(words) > 0.08


def _ascii(name: str) -> str:
    table = str.maketrans("éèëêïîôöüùçàâåäñø", "eeeeiioouucaaaano")
    return re.sub(r"[^a-z]", "", name.lower().translate(table))
