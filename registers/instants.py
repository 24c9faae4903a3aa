"""Instants as the registers write them: an offset of hours alone ("+02"), "Z", no offset, or a date alone."""

from __future__ import annotations

import datetime as dt
import re

from norway.days import OSLO, oslo_day

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?(Z|z|[+-]\d{2}(:?\d{2})?)?")
EARLIEST, LATEST = 1800, 2500
"""Years outside are slips of a pen or a system's way to say "for ever"."""


class NotADay(ValueError):
    """The text is no day or instant."""


def read_day(value: str) -> dt.date:
    """A day written as one: 2026-08-17."""
    if not DAY.fullmatch(value) or not value.isascii():
        raise NotADay("a day is written YYYY-MM-DD")
    try:
        day = dt.date.fromisoformat(value)
    except ValueError:
        raise NotADay("there is no such day") from None
    if not EARLIEST <= day.year <= LATEST:
        raise NotADay(f"the year must be between {EARLIEST} and {LATEST}")
    return day


def read_instant(value: str) -> dt.datetime:
    """An instant with its offset; without one it is local time in Oslo, and a day alone is its first instant there."""
    if not value.isascii():
        raise NotADay("an instant is written YYYY-MM-DDThh:mm:ss and an offset")
    if DAY.fullmatch(value):
        return dt.datetime.combine(read_day(value), dt.time(), OSLO)
    if not INSTANT.fullmatch(value):
        raise NotADay("an instant is written YYYY-MM-DDThh:mm:ss and an offset")
    read_day(value[:10])
    try:
        instant = dt.datetime.fromisoformat(value.replace(",", ".").upper())
    except ValueError:
        raise NotADay("there is no such instant") from None
    return instant.replace(tzinfo=OSLO) if instant.tzinfo is None else instant


def read_oslo_day(value: str) -> dt.date:
    """The Oslo day of an instant, or the day that is written alone."""
    return read_day(value) if DAY.fullmatch(value) else oslo_day(read_instant(value))
