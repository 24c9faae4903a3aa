"""National identity numbers in a text: eleven digits that can have been given out, however they are spaced.

Digits that stand together are one group; a number is a row of whole groups, so twelve digits in one go hold none. The
groups may have spaces, points, hyphens, strokes between them. A birth date with its century, and a birth date with the
five last digits named further on, are the same number said otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from norway.national_id import is_national_id

DIGITS = re.compile(r"\d+")
CLOSE = re.compile(r"[ \t\u2000-\u200a\u202f\u3000.\-\u2010-\u2015\u2212/\\_|'’·•*+]{0,3}")
"""What people put inside a number."""
LOOSE = re.compile(r"[\W_]{0,3}")
"""What may stand inside a number that is spelled out; between numbers it stands as well, so it must not join those."""
LATER = re.compile(
    r"\D{0,60}?(?:person\s?n(?:umme)?r|pnr|personal n|identity n|id n|siste|last (?:five|5))\D{0,40}", re.IGNORECASE
)
"""Between a birth date and the five digits that make it a number."""

LENGTHS = (11, 13)
"""With the year as two digits, and as four."""


class Group(NamedTuple):
    digits: str
    start: int
    end: int


@dataclass
class Row:
    """The groups of digits of a text, with what stands between each and the one before."""

    text: str
    groups: list[Group]

    def __post_init__(self) -> None:
        self.digits = "".join(group.digits for group in self.groups)
        self.begins = list(accumulate((len(group.digits) for group in self.groups), initial=0))
        """Where each group begins among all digits."""
        self.at = {begin: index for index, begin in enumerate(self.begins)}
        between = [self.text[one.end : other.start][:4] for one, other in pairwise(self.groups)]
        # The number of the row that a group belongs to: groups of one number belong to one row.
        self.close = list(accumulate((CLOSE.fullmatch(gap) is None for gap in between), initial=0))
        self.loose = list(accumulate((LOOSE.fullmatch(gap) is None for gap in between), initial=0))
        self.judged: dict[str, bool] = {}

    def last(self, first: int, length: int) -> int | None:
        """The group that ends so many digits after the beginning of `first`, if one does."""
        after = self.at.get(self.begins[first] + length)
        return None if after is None else after - 1

    def is_number(self, digits: str) -> bool:
        """Each is judged once: a text of ones holds the same eleven digits thousands of times."""
        if digits not in self.judged:
            self.judged[digits] = _is_number(digits)
        return self.judged[digits]

    def stands_alone(self, first: int, last: int) -> bool:
        """Whether these groups are all that stand near each other."""
        row = self.loose[first]
        return (
            self.loose[last] == row
            and (first == 0 or self.loose[first - 1] != row)
            and (last + 1 == len(self.groups) or self.loose[last + 1] != row)
        )


def national_ids(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of `text` that are a valid number, in order; they may overlap."""
    row = Row(text, [Group(_ascii(found.group()), *found.span()) for found in DIGITS.finditer(text)])
    if len(row.digits) < min(LENGTHS):
        return
    for first, group in enumerate(row.groups):
        for length in LENGTHS:
            last = row.last(first, length)
            if last is None or not (row.close[first] == row.close[last] or row.stands_alone(first, last)):
                continue
            if row.is_number(row.digits[row.begins[first] : row.begins[first] + length]):
                yield group.start, row.groups[last].end
        yield from _completed_later(row, first)


def _ascii(digits: str) -> str:
    return digits if digits.isascii() else "".join(str(unicodedata.decimal(digit)) for digit in digits)


def _is_number(digits: str) -> bool:
    if len(digits) == 11:
        return is_national_id(digits)
    # With the century, as day, month, year or as year, month, day.
    return len(digits) == 13 and (
        (digits[4:6] in {"19", "20"} and is_national_id(digits[:4] + digits[6:]))
        or (digits[:2] in {"19", "20"} and is_national_id(digits[6:8] + digits[4:6] + digits[2:4] + digits[8:]))
    )


def _completed_later(row: Row, first: int) -> Iterator[tuple[int, int]]:
    """A birth date that begins here, words that announce the rest, and five digits."""
    for length in (6, 8):
        last = row.last(first, length)
        if last is None or last + 1 == len(row.groups) or row.close[first] != row.close[last]:
            continue
        rest = row.groups[last + 1]
        end = row.groups[last].end
        if len(rest.digits) == 5 and 3 < rest.start - end <= 100 and LATER.fullmatch(row.text, end, rest.start):
            date = row.digits[row.begins[first] : row.begins[first] + length]
            if row.is_number(date + rest.digits):
                yield row.groups[first].start, rest.end
