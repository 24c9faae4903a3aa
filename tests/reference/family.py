"""The reference's fields of delegates, blocks, confirmations and tasks."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from tests.oracle import family
from tests.oracle.view import Node, View
from tests.worlds.world import OSLO, Acted, Consent

if TYPE_CHECKING:
    from tests.reference.executor import Asked

CHILD_FIELDS = tuple(family.COLUMNS)


def told_at(view: View, act: Acted | None = None) -> str:
    """Local facts without an instant of their own are written the day before the first reading."""
    if act is not None:
        return act.at.isoformat()
    day = view.world.readings[0].day - dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(12), OSLO).isoformat()


def staff(view: View, act: Acted | None) -> Node | None:
    """Whoever acted, where the viewer sees them among the staff."""
    found = act and Node("StaffMember", act.by)
    return found if found and view.sees(found) else None


def known_as(view: View, child: str, person: str) -> str:
    """The register's name for whom the child's document names, else as a unit told it last."""
    told = [one.act.told_name for one in view.world.delegates if (one.child, one.person) == (child, person) and one.act]
    named = any(entry.told.holder == person for entry in view.facts.entries(child))
    return view.name(person) if named or not told else str(told[-1])


def day(value: dt.date | None) -> str | None:
    return value.isoformat() if value else None


def child_field(asked: Asked, child: str, name: str) -> Any:
    view = asked.view
    if name == "protectionLevel":
        return family.protection_level(view, child)
    if name == "tasks":
        return in_order(asked, family.tasks(view, child))
    if name == "confirmations":
        return [
            plain(
                "Confirmation",
                name=known_as(view, child, told.person),
                guardian=Node("Guardian", told.person) if view.facts.guardian(told.person, child, view.today) else None,
                since=day(told.since),
                confirmedBy=staff(view, told.act),
                confirmedAs=told.act and told.act.relation,
                confirmedAt=told_at(view, told.act),
            )
            for told in family.confirmations(view, child)
        ]
    listed = family.delegates(view, child) if name == "delegates" else family.blocks(view, child)
    return [Node("Delegate" if name == "delegates" else "Block", told.id) for told in listed]


def in_order(asked: Asked, handles: set[str]) -> list[Node]:
    """As they lie in the database: by when they were made."""
    return [node for node in asked.ids if node.type == "Task" and node.handle in handles]


def plain(kind: str, **values: Any) -> Any:
    from tests.reference.executor import Plain  # noqa: PLC0415 (it imports this page)

    return Plain(kind, values)


def consent(view: View, told: Consent) -> Any:
    return plain(
        "Consent",
        guardian=Node("Guardian", told.guardian),
        since=day(told.since),
        until=day(told.until),
        givenAt=told_at(view, told.act),
        withdrawnAt=told.ended_at and told.ended_at.isoformat(),
    )


def delegate_field(asked: Asked, handle: str, name: str, _: dict[str, Any]) -> Any:
    view = asked.view
    (told,) = (one for one in view.world.delegates if one.id == handle)
    active = family.is_active(view, told)
    values = {
        "child": lambda: Node("Child", told.child),
        "unit": lambda: Node("Unit", told.unit),
        "name": lambda: told.act.told_name if told.act else view.name(told.person),
        "adult": lambda: Node("OtherAdult", told.person) if active else None,
        "active": lambda: active,
        "since": lambda: day(told.since),
        "until": lambda: day(told.until),
        "registeredAt": lambda: told_at(view, told.act),
        "registeredBy": lambda: staff(view, told.act),
        "consents": lambda: [consent(view, one) for one in family.consents(view, told)],
    }
    return values[name]()


def block_field(asked: Asked, handle: str, name: str, _: dict[str, Any]) -> Any:
    view = asked.view
    (told,) = (one for one in view.world.blocks if one.id == handle)
    values: dict[str, Any] = {
        "child": Node("Child", told.child),
        "name": told.act.told_name if told.act else known_as(view, told.child, told.person),
        "since": day(told.since),
        "until": day(told.until),
        "reason": told.act.reason if told.act else told.reason,
        "setBy": staff(view, told.act),
        "setAs": told.act and told.act.relation,
        "setAt": told_at(view, told.act),
        "liftedAt": told.lifted_at and told.lifted_at.isoformat(),
        "lifts": [
            plain("BlockLift", by=staff(view, one), actedAs=one.relation, at=one.at.isoformat(), reason=one.reason)
            for one in told.lifts
        ],
    }
    return values[name]


def task_field(asked: Asked, handle: str, name: str, _: dict[str, Any]) -> Any:
    kind, child, person, unit = handle.split("/")
    values: dict[str, Any] = {
        "kind": kind,
        "child": Node("Child", child),
        "unit": None if unit == "-" else Node("Unit", unit),
        "personName": None if person == "-" else known_as(asked.view, child, person),
        "doneAt": None,
        "doneBy": None,
    }
    return values[name]


NODE_FIELDS = {"Delegate": delegate_field, "Block": block_field, "Task": task_field}
