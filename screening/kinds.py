"""The kinds of content that a message is screened for, named as the General Data Protection Regulation names them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """Article 9(1), with the national identity number (article 87), criminal offences (article 10) and child welfare.

    Child welfare is no category of the regulation; the duty of confidentiality of barnevernsloven § 13-1 is stricter
    than for any of those, and senders expect it to be treated so.
    """

    NATIONAL_ID = "national-id"
    HEALTH = "health"
    RELIGION_OR_BELIEF = "religion-or-belief"
    RACIAL_OR_ETHNIC_ORIGIN = "racial-or-ethnic-origin"
    POLITICAL_OPINION = "political-opinion"
    TRADE_UNION_MEMBERSHIP = "trade-union-membership"
    GENETIC_DATA = "genetic-data"
    BIOMETRIC_DATA = "biometric-data"
    SEX_LIFE_OR_ORIENTATION = "sex-life-or-orientation"
    CRIMINAL_OFFENCE = "criminal-offence"
    CHILD_WELFARE = "child-welfare"

    @property
    def may_be_acknowledged(self) -> bool:
        """Whether the sender may go on, having read the advice; a national identity number is never let through."""
        return self is not Kind.NATIONAL_ID


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something was found: `text[start:end]`, counted in code points. It bears no text, so it may be logged."""

    kind: Kind
    start: int
    end: int

    def __str__(self) -> str:
        """The kind and the place, as the details of a problem give them: `HEALTH 12–18`."""
        return f"{self.kind.name} {self.start}–{self.end}"
