"""Numbers that belong to nobody: synthetic national identity numbers, organisation numbers and telephone numbers.

Norwegian telephone numbers never begin with 0, so those made here ring nowhere. Synthetic organisation numbers begin
with 3, synthetic people have 80 added to the month of birth.
"""

from __future__ import annotations

import datetime as dt
from random import Random

from norway.national_id import D_NUMBER, TENOR, with_check_digits

ORGANISATION_WEIGHTS = (3, 2, 7, 6, 5, 4, 3, 2)


def organisation_number(first_eight: str) -> str | None:
    """The organisation number that begins with eight digits; null where no check digit fits."""
    weighed = zip(first_eight, ORGANISATION_WEIGHTS, strict=True)
    last = -sum(int(digit) * weight for digit, weight in weighed) % 11
    return None if last == 10 else f"{first_eight}{last}"


class NumbersUsedUp(Exception):
    """More people were asked for on one day of birth than there are numbers."""


class Numbers:
    """Gives every person a number of their own, the same ones for the same seed."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.given: set[str] = set()
        self.organisations = 0
        self.phones = 0

    def person(self, born: dt.date, *, d_number: bool = False) -> str:
        low, size = (500, 500) if born.year >= 2000 else (0, 500)
        start = self.rng.randrange(size)
        beginning = f"{born.day + D_NUMBER * d_number:02}{born.month + TENOR:02}{born.year % 100:02}"
        for step in range(size):
            number = with_check_digits(f"{beginning}{low + (start + step) % size:03}")
            if number and number not in self.given:
                self.given.add(number)
                return number
        raise NumbersUsedUp(f"no number is left for anyone born on {born}")

    def organisation(self) -> str:
        while True:
            self.organisations += 1
            if number := organisation_number(f"31{self.organisations:06}"):
                return number

    def phone(self) -> str:
        self.phones += 1
        return f"+47 {self.phones // 10**4:04} {self.phones % 10**4:04}"
