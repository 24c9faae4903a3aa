"""Taking one wall away, to see that the other one stands alone.

The first wall is the predicates that resolvers put into their statements; the second is row level security. `alone` is
an engine that asks for rows without a predicate; `take_down` opens every table of a database to the API's role.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import true

from authz import (
    absence,
    access_log,
    attachment,
    block,
    broadcast,
    child,
    delegate,
    guardian,
    message,
    need_case,
    other_adult,
    photo_consent,
    record,
    staff,
    substitution,
    task,
    thread,
    unit,
    viewer,
)
from authz.walls import policies
from bench.unwalled import take_down  # noqa: F401 (for whoever takes the second wall away)
from resolvers.engine.engine import Engine
from resolvers.engine.plan import Catalogue
from schema.public import public_catalogue
from tests.roads.place import Place

ROW_PREDICATES: tuple[tuple[Any, str], ...] = (
    (absence, "visible"),
    (access_log, "visible"),
    (attachment, "visible"),
    (attachment, "of_message"),
    (attachment, "of_record"),
    (block, "visible"),
    (broadcast, "visible"),
    (child, "visible"),
    (child, "at_unit"),
    (child, "unit_opened"),
    (child, "former_unit_opened"),
    (delegate, "visible"),
    (delegate, "consent_visible"),
    (guardian, "visible"),
    (guardian, "child_listed"),
    (message, "visible"),
    (need_case, "visible"),
    (need_case, "of_leader"),
    (need_case, "open_to_viewer"),
    (need_case, "looks_shown"),
    (other_adult, "visible"),
    (photo_consent, "visible"),
    (record, "visible"),
    (record, "opening_visible"),
    (staff, "visible"),
    (staff, "unit_shows_staff"),
    (substitution, "visible"),
    (task, "visible"),
    (thread, "visible"),
    (thread, "beside"),
    (unit, "visible"),
    (unit, "group_visible"),
    (viewer, "own_children"),
    (viewer, "pupils"),
    (viewer, "is_oneself"),
)
"""What decides which rows an id, a list or a connection gives."""

WITHOUT_PEOPLE = {"municipality", "access_log_document", "access_log_checkpoint"}
"""Tables that hold nothing about anybody."""

MISKEPT_SIDES = """
select t.id from thread t
cross join lateral (
    select array_agg(p.person_id order by p.person_id) as people, bool_or(p.joined_at > t.created_at) as late
    from participant p where p.thread_id = t.id and p.side = 'GUARDIAN'
) told
where (t.guardian_side_id is null) <> coalesce(told.late, true)
    or t.guardian_side_id is not null and told.people is distinct from (
        select array_agg(s.person_id order by s.person_id) from guardian_side s
        where s.id = t.guardian_side_id and s.child_id = t.child_id and s.began <= t.created_at
    )
    or exists (
        select from participant p
        where p.thread_id = t.id and p.guardian_side_id is distinct from t.guardian_side_id
    )
    or exists (
        select from message m where m.thread_id = t.id and m.guardian_side_id is distinct from t.guardian_side_id
    )
"""
"""Threads whose guardian side is not what their participants say, or who are judged by another: none, ever."""


def everything(*_: Any, **__: Any) -> Any:
    return true()


@contextmanager
def without_predicates() -> Iterator[Catalogue]:
    """A catalogue whose rows nothing chooses but what ties them to their parents; as long as the block runs."""
    told = public_catalogue()
    entities = {
        name: entity if entity.visible is None else replace(entity, visible=everything)
        for name, entity in told.entities.items()
    }
    with pytest.MonkeyPatch.context() as patch:
        for page, name in ROW_PREDICATES:
            assert callable(getattr(page, name))
            patch.setattr(page, name, everything)
        yield replace(told, entities=entities)


@contextmanager
def alone(place: Place) -> Iterator[Place]:
    """The same place, asked by an engine that has forgotten every predicate."""
    with without_predicates() as catalogue:
        engine = Engine(catalogue, place.engine.gateway, place.engine.services, place.engine.access_log)
        other = Place(place.database, place.vault, engine, place.schema, place.contacts)
        other.numbers = place.numbers
        yield other


def names_of_the_closed() -> list[str]:
    """Tables that the API's role may not read at all."""
    open_ones = set(policies.readable())
    return sorted(model.__tablename__ for model in policies.WALLS if model.__tablename__ not in open_ones)
