"""Synthetic national identity numbers for tests: the Tenor range (month + 80) with check digits that hold."""

from __future__ import annotations

import datetime as dt

FIRST_WEIGHTS = (3, 7, 6, 1, 8, 9, 4, 5, 2)
SECOND_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def check_digit(digits: str, weights: tuple[int, ...]) -> int:
    """The digit that makes the weighted sum divisible by eleven; 10 where there is none."""
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return (11 - rest) % 11


def synthetic_number(born: dt.date, serial: int) -> str:
    """The number of the `serial`th person born on that day: serials whose check digits do not exist are passed over."""
    century = 0 if born.year < 2000 else 500
    found = -1
    for individual in range(century, century + 500):
        nine = f"{born.day:02}{born.month + 80:02}{born.year % 100:02}{individual:03}"
        first = check_digit(nine, FIRST_WEIGHTS)
        second = check_digit(f"{nine}{first}", SECOND_WEIGHTS) if first < 10 else 10
        if second < 10:
            found += 1
            if found == serial:
                return f"{nine}{first}{second}"
    raise ValueError(f"no number left for {born}")
