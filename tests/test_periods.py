"""Periods: whatever was known and whatever a source tells, from today on it holds what is told, and once."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registers.periods import OPEN_FUTURE, Span, reconciled

TODAY = dt.date(2026, 11, 23)
DAYS = st.integers(-6, 6).map(lambda days: TODAY + dt.timedelta(days))
SPANS = st.lists(st.builds(Span, DAYS, st.none() | DAYS, st.just("told")), max_size=3)


def covered(spans: list[Span[str]]) -> set[dt.date]:
    near = [TODAY + dt.timedelta(days) for days in range(-8, 9)]
    return {day for day in near if any(span.since <= day < span.last for span in spans)}


def after(known: list[Span[str]], told: list[Span[str]], today: dt.date, *, tells_past: bool) -> list[Span[str]]:
    """The rows that are left when the comparison is carried out."""
    result = reconciled(known, told, today, tells_past=tells_past)
    rows = {id(span): span for span in known}
    for span, since, until in result.move:
        rows[id(span)] = Span(since, until, span.row)
    for span, until in result.end:
        rows[id(span)] = Span(span.since, until, span.row)
    return [*rows.values(), *result.begin]


def from_today(spans: list[Span[str]], today: dt.date) -> set[dt.date]:
    return {day for day in covered(spans) if day >= today}


@example(
    first=[],
    second=[Span(TODAY + dt.timedelta(3), None, "told"), Span(TODAY, TODAY + dt.timedelta(1), "told")],
    third=[Span(TODAY, None, "told")],
    tells_past=False,
)
@given(first=SPANS, second=SPANS, third=SPANS, tells_past=st.booleans())
def test_from_today_on_it_holds_what_is_told(
    first: list[Span[str]], second: list[Span[str]], third: list[Span[str]], *, tells_past: bool
) -> None:
    known: list[Span[str]] = []
    for days, told in enumerate((first, second, third)):
        today = TODAY + dt.timedelta(days)
        known = after(known, told, today, tells_past=tells_past)
        assert from_today(known, today) == from_today(told, today)


@given(first=SPANS, second=SPANS, later=st.integers(0, 5), tells_past=st.booleans())
def test_the_same_again_changes_nothing(
    first: list[Span[str]], second: list[Span[str]], later: int, *, tells_past: bool
) -> None:
    known = after(after([], first, TODAY, tells_past=tells_past), second, TODAY, tells_past=tells_past)
    again = reconciled(known, second, TODAY + dt.timedelta(later), tells_past=tells_past)
    assert not again.begin
    assert not again.move
    assert not again.end


@given(days=st.integers(1, 6), gap=st.integers(1, 4), tells_past=st.booleans())
def test_the_days_between_gone_and_back_stay_closed_to_a_roster_alone(days: int, gap: int, *, tells_past: bool) -> None:
    told = [Span(TODAY - dt.timedelta(days), None, "told")]
    known = after(after([], told, TODAY, tells_past=tells_past), [], TODAY, tells_past=tells_past)
    known = after(known, told, TODAY + dt.timedelta(gap), tells_past=tells_past)
    between = {TODAY + dt.timedelta(days) for days in range(gap)}
    assert covered(known) & between == (between if tells_past else set())


@pytest.mark.parametrize("until", [None, TODAY + dt.timedelta(1)])
def test_an_open_period_is_live(until: dt.date | None) -> None:
    assert Span(TODAY, until, "row").live(TODAY)
    assert Span(TODAY, None, "row").last == OPEN_FUTURE
