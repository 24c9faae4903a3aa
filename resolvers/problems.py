"""What an act answers when it is refused: problems with a code for programs and a text for people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from unicodedata import category


class ProblemCode(StrEnum):
    NOT_FOUND = "NOT_FOUND"
    """There is no such thing, or none that the viewer sees: the two cannot be told apart."""
    NOT_ALLOWED = "NOT_ALLOWED"
    INVALID = "INVALID"
    SENSITIVE_CONTENT = "SENSITIVE_CONTENT"
    TOO_LATE = "TOO_LATE"
    CONFLICT = "CONFLICT"


@dataclass(frozen=True)
class Text:
    """A text for people in Bokmål, Nynorsk and English; `{names}` in it are filled in."""

    nb: str
    nn: str
    en: str

    def told(self, language: str, values: dict[str, Any]) -> str:
        text: str = getattr(self, language)
        return text.format(**values) if values else text


NOT_FOUND = Text(
    nb="Det finnes ikke, eller du har ikke tilgang til det.",
    nn="Det finst ikkje, eller du har ikkje tilgang til det.",
    en="It does not exist, or it is not open to you.",
)
NOT_ALLOWED = Text(nb="Det kan du ikke gjøre her.", nn="Det kan du ikkje gjere her.", en="You cannot do that here.")
EMPTY = Text(nb="Det mangler tekst her.", nn="Det manglar tekst her.", en="A text is missing here.")
TOO_LONG = Text(
    nb="Teksten har {found} tegn, og grensen er {limit}.",
    nn="Teksten har {found} teikn, og grensa er {limit}.",
    en="The text has {found} characters, and the limit is {limit}.",
)
UNREADABLE = Text(
    nb="Teksten inneholder tegn som ikke kan lagres.",
    nn="Teksten inneheld teikn som ikkje kan lagrast.",
    en="The text holds characters that cannot be stored.",
)
KEY_REUSED = Text(
    nb="Nøkkelen er alt brukt til noe annet.",
    nn="Nøkkelen er alt brukt til noko anna.",
    en="The key has already been used for something else.",
)
TOO_MANY = Text(
    nb="Det er {found} i listen, og grensen er {limit}.",
    nn="Det er {found} i lista, og grensa er {limit}.",
    en="There are {found} in the list, and the limit is {limit}.",
)


CONTROL = re.compile("[^\n\r\t\x20-\x7e\xa0-\ud7ff\ue000-\U0010ffff]")
"""Control characters, which PostgreSQL or whoever reads a text may stumble over, and halves of characters."""


class Problem:
    """One reason why an act was not carried out."""

    def __init__(
        self, code: ProblemCode, text: Text, field: Sequence[str] = (), *, details: Sequence[str] = (), **values: Any
    ) -> None:
        """`field`: the path of the input that it is about, such as ("input", "body"). `values` fill in the text."""
        self.code = code
        self.text = text
        self.field = list(field)
        self.details = list(details)
        self.values = values

    def told(self, language: str) -> dict[str, Any]:
        return {
            "code": self.code.value,
            "message": self.text.told(language, self.values),
            "field": self.field,
            "details": self.details,
        }


class ActRefused(Exception):
    """Nothing was changed; `problems` say why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*(problem.code.value for problem in problems))
        self.problems = problems


def not_found(*field: str) -> ActRefused:
    return ActRefused(Problem(ProblemCode.NOT_FOUND, NOT_FOUND, field))


def not_allowed(*field: str, text: Text = NOT_ALLOWED) -> ActRefused:
    return ActRefused(Problem(ProblemCode.NOT_ALLOWED, text, field))


def invalid(text: Text, *field: str, **values: Any) -> ActRefused:
    return ActRefused(Problem(ProblemCode.INVALID, text, field, **values))


def checked_text(told: str, limit: int, *field: str) -> str:
    """The text without white space around it; refused when nothing of it shows, it is too long, or cannot be stored."""
    text = told.strip()
    if all(one.isspace() or category(one) == "Cf" for one in text):  # nothing, or nothing that shows
        raise invalid(EMPTY, *field)
    if len(text) > limit:
        raise invalid(TOO_LONG, *field, found=len(text), limit=limit)
    if CONTROL.search(text):
        raise invalid(UNREADABLE, *field)
    return text
