"""Counts decisions, so that a run can show that both sides of every rule were tried."""

from __future__ import annotations

from collections import Counter

from tests.oracle import family
from tests.oracle.view import COLUMNS, RELATIONS, Node, View

LEAST_SHARE = 0.05
SELDOM = (*(f"Child.{column}" for column in family.COLUMNS), "Child.photoConsents", "Delegate.", "Block.", "Task.")
"""What only leaders and case workers open, or a pupil from 15. There are few of them in a world, so that one decision
in twenty is never theirs; `tests/test_family_rules.py`, `tests/test_everyday_rules.py` and `tests/family_histories.py`
try both sides."""


class Tally:
    """Decisions are (viewer, node, field, road); granted where a value was given, denied where none was."""

    def __init__(self) -> None:
        self.total = 0
        self.by_road: Counter[str] = Counter()
        self.granted: Counter[tuple[str, str]] = Counter()
        self.denied: Counter[tuple[str, str]] = Counter()

    def record(self, view: View, held: frozenset[str], road: str, node: Node, name: str, given: bool) -> None:
        """`held` are the relations that the viewer has to any child at all."""
        self.total += 1
        self.by_road[road] += 1
        side = self.granted if given else self.denied
        cell = f"{node.type}.{name}"
        for relation in held:
            side[relation, cell] += 1
        side["anyone", cell] += 1

    def lopsided(self) -> list[str]:
        """Pairs of relation and field that the worlds do not try on both sides, for fields that the relation opens.

        Units are left out: they are visible to every person of the municipality (C8), so there is no other side.
        """
        wanted = [
            ("anyone", cell)
            for relation, cell in set(self.denied)
            if relation == "anyone" and not cell.startswith("Unit.")
        ]
        wanted += [
            (relation, f"Child.{column}")
            for column, opening in COLUMNS.items()
            if column != "contact"
            for relation in RELATIONS
            if relation in opening
        ]
        wanted += [(relation, "Child.name") for relation in RELATIONS]
        wanted += [(relation, "Guardian.contact") for relation in COLUMNS["contact"]]
        told = []
        for pair in sorted(pair for pair in set(wanted) if not pair[1].startswith(SELDOM)):
            granted, denied = self.granted[pair], self.denied[pair]
            whole = granted + denied
            if not whole or min(granted, denied) / whole < LEAST_SHARE:
                told.append(f"{pair[0]} {pair[1]}: {granted} granted, {denied} denied")
        return told
