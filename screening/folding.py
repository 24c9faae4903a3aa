"""A text as it is compared: composed, in small letters, without characters that do not show, each place remembered."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e0fff]"
)
"""Soft hyphens, zero-width characters, marks of direction, selectors of a glyph: all that can split a word unseen."""

PIECES = re.compile("[\x00-\x7f]+(?![\u0300-\u036f])|.[\u0300-\u036f]*", re.DOTALL)
"""Stretches that fold to themselves but for capitals, and single characters with their accents."""


@dataclass(frozen=True, slots=True)
class Folded:
    text: str
    """In small letters."""
    cased: str
    """The same, place for place, with the capitals kept; names show by them."""
    origins: Sequence[int]
    """For each place, and for the end, where it stood in the text as it was sent."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A stretch of the folded text, which is not empty, as a stretch of the text as it was sent."""
        # A ligature stands for several letters: a stretch that ends inside one takes all of it.
        return self.origins[start], max(self.origins[end], self.origins[end - 1] + 1)


def fold(text: str) -> Folded:
    """Compatibility composition (NFKC), so that a ligature, a full-width letter and a letter with its accent apart are
    what they look like. Look-alikes of other alphabets stay what they are."""
    lowered = text.lower()
    if len(lowered) == len(text) and unicodedata.is_normalized("NFKC", text) and not INVISIBLE.search(text):
        return Folded(lowered, text, range(len(text) + 1))
    parts: list[str] = []
    origins: list[int] = []
    for piece in PIECES.finditer(text):
        found = piece.group()
        if not found.isascii():
            found = unicodedata.normalize("NFKC", INVISIBLE.sub("", found))
            if len(found.lower()) != len(found):
                found = "".join(letter if len(letter.lower()) == 1 else letter.lower() for letter in found)
            origins.extend([piece.start()] * len(found))
        else:
            origins.extend(range(piece.start(), piece.end()))
        parts.append(found)
    origins.append(len(text))
    cased = "".join(parts)
    return Folded(cased.lower(), cased, origins)
