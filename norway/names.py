"""How names are put together and in which order they stand."""

from __future__ import annotations

import unicodedata

AFTER_Z = str.maketrans({"æ": "{", "ä": "{", "ø": "|", "ö": "|", "å": "}"})


def full_name(given: str | None, middle: str | None, family: str | None) -> str:
    """The parts that are there, with one space between."""
    return " ".join(" ".join(filter(None, (given, middle, family))).split())


def name_order(name: str) -> str:
    """A text that sorts by code point as Norwegian sorts names: Æ Ø Å last, case and other accents aside."""
    marked = unicodedata.normalize("NFC", name).casefold().translate(AFTER_Z)
    return "".join(c for c in unicodedata.normalize("NFKD", marked) if not unicodedata.combining(c))
