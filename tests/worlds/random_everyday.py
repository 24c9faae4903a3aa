"""Absence and photo consents in random worlds."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from tests.worlds.everyday import PURPOSES
from tests.worlds.world import DAY, oslo

if TYPE_CHECKING:
    from tests.worlds.random_world import Maker

REASONS = ("ILLNESS", "APPOINTMENT", "LEAVE", "NOT_REPORTED")
MORNING = (dt.time(8, 15), dt.time(11, 30))


def make_everyday(maker: Maker) -> None:
    """Drawn last, so that the rest of a seed's world is what it was."""
    for child in maker.numbered(maker.children):
        visited = sorted({went.unit for went in maker.world.enrolments if went.child == child})
        for unit in visited:
            make_absence(maker, child, unit)
            make_consents(maker, child, unit)


def make_absence(maker: Maker, child: str, unit: str) -> None:
    world, draw, today = maker.world, maker.draw, maker.today
    working = [held.person for held in world.positions if held.unit == unit]
    before = None
    for number in range(draw.random.randint(0, 3)):
        by_unit = bool(working) and draw.often(0.5)
        first = today - draw.random.randint(-2, 20) * DAY
        last = first + draw.one((0, 0, 1, 5)) * DAY
        at = oslo(today - 25 * DAY) + dt.timedelta(milliseconds=len(world.absences))
        before = world.absence(
            f"{child}_{unit}_away{number}",
            child,
            unit,
            draw.one(working) if by_unit else draw.one(maker.family[child] or [child]),
            first,
            last,
            at=at,
            by_unit=by_unit,
            part=MORNING if first == last and draw.often(0.4) else None,
            reason=draw.one(REASONS),
            note="Etter avtale" if draw.often(0.2) else None,
            confirmed_by=draw.one(working) if working and draw.often(0.5) else None,
            corrects=before if draw.often(0.3) else None,
            ended=draw.one(("CORRECTED", "WITHDRAWN")) if draw.often(0.25) else None,
        )


def make_consents(maker: Maker, child: str, unit: str) -> None:
    world, draw = maker.world, maker.draw
    for purpose in draw.some(PURPOSES, 3):
        for person in dict.fromkeys([*maker.family[child], child]):
            if draw.often(0.8):
                at = oslo(maker.today - 30 * DAY) + dt.timedelta(milliseconds=len(world.photo_consents))
                world.photo_consent(
                    person, child, unit, purpose, at=at, withdrawn=at + DAY if draw.often(0.15) else None
                )
