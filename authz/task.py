"""Who sees what somebody has to look at about a child (C2)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, func, or_, select

from authz import child, need_case
from authz.engine.policy import Line, settled
from authz.engine.sql import ME, Keys, all_of, any_of, exists_in, fact
from authz.relation import enrolled
from models import NeedCase

LINES: dict[str, Line] = {
    f"Task.{name}": settled(child.STRICT, "C2", "R2", "R3", "R4")
    for name in ("id", "kind", "child", "unit", "personName", "needCase", "madeAt", "doneAt", "doneBy")
}

ALLOWED: dict[str, Line] = {
    "Mutation.completeTask": settled(
        child.STRICT,
        "R2",
        "R4",
        says="who sees the task; R3's is done by confirming, and a report never by whose case it was",
    ),
}


def visible(task: FromClause, keys: Keys) -> ColumnElement[bool]:
    """The leader's own unit's, while the child goes there; one that is for the administration has no unit. The report
    on a need case is the leader's alone, once the case is over."""
    led = all_of(
        keys.has(task.c.unit_id, "led"),
        enrolled(task.c.child_id, task.c.unit_id),
        keys.has_not(task.c.child_id, "closed"),
    )
    is_report = task.c.need_case_id.is_not(None)
    in_case = all_of(keys.has(task.c.child_id, "cases"), ~is_report)
    return any_of(all_of(led, or_(~is_report, reported(task))), in_case)


def reported(task: FromClause) -> ColumnElement[bool]:
    """The case that the task reports on is over."""
    need = fact(NeedCase, "reported_case")
    return exists_in(need, need.c.id == task.c.need_case_id, need_case.over(need))


def there_since(task: FromClause) -> ColumnElement:
    """A report is there since its case was over."""
    need = fact(NeedCase, "ended_case")
    ended = (
        select(func.coalesce(need.c.closed_at, need_case.ends_at(need)))
        .where(need.c.id == task.c.need_case_id)
        .correlate_except(need)
    )
    return func.coalesce(ended.scalar_subquery(), task.c.made_at)


def on_own_case(task: FromClause) -> ColumnElement[bool]:
    """Nobody says of their own case that somebody has looked at it."""
    return and_(task.c.need_case_id.is_not(None), task.c.person_id == ME)
