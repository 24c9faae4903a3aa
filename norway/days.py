"""Local days of Europe/Oslo: an instant counts as its Oslo day."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")


def oslo_day(instant: dt.datetime) -> dt.date:
    """The Oslo day of an instant; an instant without an offset is taken as local time."""
    return instant.date() if instant.tzinfo is None else instant.astimezone(OSLO).date()


def birthday(born: dt.date, years: int) -> dt.date:
    """The day on which somebody turns `years`; 1 March for whoever was born on 29 February."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return dt.date(born.year + years, 3, 1)
