"""The clock that a request's day and instant come from; `--today` sets its day, so that a demo can live on any."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from norway.days import OSLO, oslo_day


@dataclass(frozen=True)
class Clock:
    day: dt.date | None = None
    """The Oslo day that it is; null for the real one."""

    def now(self) -> dt.datetime:
        """The instant, with an offset: of another day at the same time of day, where one was set."""
        now = dt.datetime.now(dt.UTC)
        if self.day is None:
            return now
        return dt.datetime.combine(self.day, now.astimezone(OSLO).time(), OSLO).astimezone(dt.UTC)

    def today(self) -> dt.date:
        return self.day or oslo_day(self.now())
