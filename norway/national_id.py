"""National identity numbers: which eleven digits are one, by the rule of today and the rule from 2032.

The rule is Skatteetaten's: the day and month must exist, the first check digit may leave 0, 1, 2 or 3 (only 0 in
numbers given out before 2032), the second must leave 0. A D-number has 40 added to the day, a synthetic number of Tenor
80 to the month. From 2032 neither sex nor century can be told from a number, so nothing here tells them; of the birth
date no more than the latest day that it can be.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

FIRST_WEIGHTS = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
SECOND_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

D_NUMBER = 40
"""Added to the day of a D-number."""
TENOR = 80
"""Added to the month of a synthetic number."""
DOLLY = 40
"""Added to the month by NAV's test data, and by emergency numbers of hospitals: tests alone may let it in."""


class NotANationalId(ValueError):
    """The text is no national identity number. What was wrong is said; the text itself never is."""


def _remainder(digits: tuple[int, ...], weights: tuple[int, ...]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False)) % 11


def _begins_with(number: str) -> tuple[int, int, int]:
    """Day, month, and the two digits of the year."""
    day, month, year = (int(number[place : place + 2]) for place in (0, 2, 4))
    return day - D_NUMBER if day > D_NUMBER else day, month - TENOR if month > TENOR else month, year


@lru_cache(maxsize=65536)
def checked_national_id(text: str, *, dolly: bool = False) -> str:
    """The text itself when it is a number that can have been given out; raises `NotANationalId` otherwise.

    `dolly` lets months with 40 added pass; never outside tests.
    """
    if len(text) != 11 or not (text.isascii() and text.isdigit()):
        raise NotANationalId("a national identity number has eleven digits")
    digits = tuple(map(int, text))
    day, month, year = _begins_with(text)
    if dolly and month > DOLLY:
        month -= DOLLY
    # Two digits of a year leave the century open; 29 February exists in some century when 4 divides them (2000 for 00).
    if not 1 <= month <= 12 or not 1 <= day <= DAYS_IN_MONTH[month - 1] or ((day, month) == (29, 2) and year % 4):
        raise NotANationalId("the number does not begin with a day that exists")
    if _remainder(digits, FIRST_WEIGHTS) not in {0, 1, 2, 3} or _remainder(digits, SECOND_WEIGHTS) != 0:
        raise NotANationalId("the check digits do not agree")
    return text


def is_national_id(text: str, *, dolly: bool = False) -> bool:
    try:
        checked_national_id(text, dolly=dolly)
    except NotANationalId:
        return False
    return True


def is_synthetic(number: str) -> bool:
    """Whether a valid number is of Tenor's range, so that no person bears it."""
    return int(number[2:4]) > TENOR


def born_at_the_latest(number: str, today: dt.date) -> dt.date:
    """The last day up to `today` on which whoever bears a valid number can be born: it leaves the century open."""
    day, month, year = _begins_with(number)
    latest = today.year - (today.year - year) % 100
    while True:
        try:
            born = dt.date(latest, month, day)
        except ValueError:  # 29 February of a century that 400 does not divide
            born = dt.date.max
        if born <= today:
            return born
        latest -= 100


def with_check_digits(first_nine: str, *, first_remainder: int = 0) -> str | None:
    """The number that begins with nine digits, or null where no check digits fit: one in six beginnings or so.

    For generators of synthetic people; `first_remainder` 1, 2 or 3 makes numbers as they are given out from 2032.
    """
    digits = tuple(map(int, first_nine))
    first = (first_remainder - _remainder(digits, FIRST_WEIGHTS)) % 11
    second = -_remainder((*digits, first), SECOND_WEIGHTS) % 11
    return None if first > 9 or second > 9 else f"{first_nine}{first}{second}"
