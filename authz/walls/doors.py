"""The doors in the second wall, through which answers read: by whom, and by which of the policies.

PostgreSQL makes every way into a table ready for each statement, whether or not the viewer has it. Most viewers are
family and nothing else, or staff of one kind and nothing else. So the views that answers read stand several times, each
time in a schema and of a role of their own, and each role's policies name the ways that its viewers can have. A wrong
door shows less, never more.
"""

from __future__ import annotations

from dataclasses import dataclass

from authz.engine.sql import Keys
from authz.walls.session import WHOEVER
from models.seen import SCHEMA

READER = "innsyn_reader"
"""The role that the API's role belongs to: whoever reads a table itself is under every way of its policy."""


@dataclass(frozen=True)
class Door:
    schema: str
    role: str
    """It owns the schema's views, signs in nowhere, owns no table, and is under row level security."""
    keys: Keys
    """What its viewers may have."""


def beside(kind: str, *sets: str) -> Door:
    return Door(f"{SCHEMA}_{kind}", f"innsyn_{kind}", Keys(frozenset(sets), known=False, entered=True))


FOR_ALL = Door(SCHEMA, "innsyn_wall", WHOEVER)
FOR_FAMILY = beside("family", "guardian", "whole_sides", "oneself", "close")
FOR_TEACHERS = beside("teacher", "contact", "subject_staff", "own_threads", "employed", "closed")
FOR_UNITS = beside("unit", "led", "staffed", "history", "employed", "closed")
"""Staff of SFOs and kindergartens, and leaders."""
DOORS = (FOR_FAMILY, FOR_TEACHERS, FOR_UNITS, FOR_ALL)
WALL_ROLES = (READER, *(door.role for door in DOORS))


def door_for(keys: Keys) -> Door:
    """The narrowest that lets the viewer's ways through."""
    return next(door for door in DOORS if keys.shape <= door.keys.shape)
