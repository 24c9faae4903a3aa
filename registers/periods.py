"""How what a source says today changes what is known: ended, never deleted, and live again as a new period.

A period that is gone from its source ends today. One that comes back to a roster begins anew today, so that the days
between stay closed; one that comes back to a register's document begins when the register says, which tells the past
too. What the source corrects about a period that was never ended is taken over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

OPEN_PAST = dt.date(1900, 1, 1)
"""The first day of what began no one says when."""
OPEN_FUTURE = dt.date.max

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Span(Generic[Row]):
    """A period, and the row that it stands in or shall be made from."""

    since: dt.date
    until: dt.date | None
    row: Row

    @property
    def last(self) -> dt.date:
        return self.until or OPEN_FUTURE

    def live(self, today: dt.date) -> bool:
        """Holds today or on a later day."""
        return self.last > today and self.last > self.since


def merged(spans: Iterable[Span[Row]]) -> list[Span[Row]]:
    """The same days without overlaps, in order; empty periods are left out."""
    made: list[Span[Row]] = []
    for span in sorted((s for s in spans if s.last > s.since), key=lambda s: (s.since, s.last)):
        if made and span.since < made[-1].last:
            if span.last > made[-1].last:
                made[-1] = replace(made[-1], until=span.until)
        else:
            made.append(span)
    return made


@dataclass
class Reconciled(Generic[Row]):
    """What to do to the rows of one tie."""

    begin: list[Span[Row]] = field(default_factory=list)
    """New rows."""
    move: list[tuple[Span[Row], dt.date, dt.date | None]] = field(default_factory=list)
    """Known rows with their new first and last day."""
    end: list[tuple[Span[Row], dt.date]] = field(default_factory=list)
    """Known rows that held and now end, with the day."""


def reconciled(
    known: Sequence[Span[Row]], told: Iterable[Span[Row]], today: dt.date, *, tells_past: bool = False
) -> Reconciled[Row]:
    """Compares the periods of one tie (a person at a unit in a role, say) with what the source tells of it today.

    `tells_past`: what the source says of days before today counts, also of days when it was gone from the source.
    """
    result: Reconciled[Row] = Reconciled()
    settled = [span for span in known if not span.live(today)]
    open_rows = sorted((span for span in known if span.live(today)), key=lambda span: span.since)
    ended = () if tells_past else (span.last for span in settled if span.last > span.since)
    closed_until = max(ended, default=dt.date.min)
    for span in merged(told):
        match = next((row for row in open_rows if row.since < span.last and span.since < row.last), None)
        if match is not None:
            open_rows.remove(match)
            since = min(match.since, today) if span.since < closed_until else span.since
            if span.live(today):
                if (since, span.until) != (match.since, match.until):
                    result.move.append((match, since, span.until))
            else:
                result.end.append((match, max(match.since, span.last)))
        elif span.live(today):
            since = max(span.since, today) if span.since < closed_until else span.since
            result.begin.append(replace(span, since=since))
        elif not any(row.since < span.last and span.since < row.last for row in settled):
            result.begin.append(span)
    result.end.extend((row, max(row.since, today)) for row in open_rows)
    return result


def kept_apart(result: Reconciled[Row], today: dt.date) -> None:
    """Of a register's entries: one that is told to begin later than the known one is another, and the known one, which
    is gone from the document, ended today. The days that it held stay held."""
    for moved in [move for move in result.move if move[0].since < min(move[1], today)]:
        row, since, until = moved
        result.move.remove(moved)
        result.end.append((row, min(row.last, today)))
        result.begin.append(replace(row, since=since, until=until))
