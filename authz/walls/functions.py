"""Functions of the database for what the API does past the second wall: in nobody's name, or beyond what a viewer sees.

Each does one thing, tells keys and no texts, and asks who the viewer is where there is one. They belong to the owner,
and are made anew whenever a page that they are written from has changed (`server/database.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Select, Uuid, literal_column, text

from authz import child, delegate, due_tasks, need_case, standing, subscription
from authz.engine import keys
from authz.engine.keys import DEFINER, in_function
from authz.engine.sql import FACTS, HERE, ME, TODAY
from authz.walls.session import WHOEVER, written

PERSON_BY_NUMBER = text("select person_by_number(cast(:told_hash as bytea))")
"""Whoever has the number here; null where nobody has."""
SUBSTITUTE_BY_NUMBER = text("select * from substitute_by_number(cast(:told_hash as bytea), cast(:told_as as bytea))")
"""Who was appointed as this before (`appointed`); and whoever has the number here (`holder`), with the name that a
roster or register has for them, and whether they were appointed as anything."""
CALL_SUBSTITUTE = text("select call_substitute(cast(:appointed as uuid), cast(:told_key as text))")
"""Whom one has appointed is called as one wrote it, unless the roster employs them."""
ASKED_CHILDREN = text(
    "select * from asked_children(cast(:told_hash as bytea), cast(:told_name as text), cast(:told_born as date))"
)
"""For the administration alone: it sees no child that it has no case on yet."""
REPORT_NEED_CASE = text("select report_need_case(cast(:case_id as uuid), cast(:at as timestamptz))")
"""Lays the report on an open case ready for the leaders of the units that the child goes to now."""
EXPIRE_UPLOADS = text("select * from expire_uploads(cast(:begun_before as timestamptz), cast(:at as timestamptz))")
"""Of each upload that has lain too long no more than which file to delete."""
CONNECTED = {
    "connected_person_id": "uuid[]",
    "connected_municipality_id": "uuid[]",
    "connected_number_hash": "bytea[]",
    "connected_issuer": "text[]",
    "connected_subject": "text[]",
    "connected_private": "boolean[]",
}


@dataclass(frozen=True)
class Asked:
    """What is asked in nobody's name: whom of the connected something concerns."""

    takes: dict[str, str]
    gives: str
    rows: Callable[[], Select[Any]]


ASKED = {
    "live_seers": Asked(
        {"happened": "uuid[]", **CONNECTED, "today": "date", "now": "timestamptz"},
        "id uuid, sent_at timestamptz, n bigint",
        subscription.seers,
    ),
    "live_identities": Asked(CONNECTED, "n bigint, person_id uuid", subscription.identities),
    "live_sent_since": Asked(
        {"since": "timestamptz", "limit": "integer"}, "id uuid, thread_id uuid", subscription.sent_since
    ),
    "live_concerned": Asked({"happened": "uuid[]"}, "person_id uuid", subscription.concerned),
}
LIVE = {name: (keys.call(name, one.takes), tuple(one.takes)) for name, one in ASKED.items()}
"""Calls for asyncpg, with the names of what they take."""


def asking(name: str, one: Asked) -> str:
    takes = ", ".join(f'"{parameter}" {kind}' for parameter, kind in one.takes.items())
    body = in_function(one.rows(), name).replace(f"{name}.limit", f'{name}."limit"')
    return f"""
create or replace function {name}({takes}) returns table ({one.gives})
language plpgsql stable {DEFINER} as $function$
#variable_conflict use_column
begin
    return query {body};
end
$function$"""


def of_function(name: str, parameter: str) -> ColumnElement[Any]:
    return literal_column(f"{name}.{parameter}", Uuid())


def judged(condition: ColumnElement[Any]) -> str:
    """Of the session's viewer, past the wall."""
    return written(condition).replace(f"{FACTS}.", "")


def named(statement: str, function: str) -> str:
    """A statement with parameters as `text` has them, over the function's variables."""
    return re.sub(r"(?<![:\w]):(municipality|children|today|now|by)\b", rf"{function}.\1", statement)


def derive_text() -> str:
    """`authz/standing.py` for some children, whatever the municipality's setting."""
    one, all_of_them = (standing.derivations(consent, standing.SOME) for consent in ("ONE", "ALL"))
    steps = []
    for by_one, by_all in zip(one, all_of_them, strict=True):
        if by_one == by_all:
            steps.append(f"{named(by_one, 'derive_standing')};")
        else:
            told = (named(step, "derive_standing") for step in (by_all, by_one))
            steps.append("if needs_all then {}; else {}; end if;".format(*told))
    body = "\n    ".join(steps)
    return f"""
create or replace function derive_standing(municipality uuid, children uuid[]) returns void
language plpgsql volatile {DEFINER} as $function$
#variable_conflict use_column
declare
    needs_all boolean := coalesce((
        select value = 'ALL' from setting
        where municipality_id = derive_standing.municipality and name = 'delegateConsent'
    ), false);
begin
    {body}
end
$function$"""


def tasks_text() -> str:
    """`authz/due_tasks.py` for some children."""
    steps = []
    for kind, due in due_tasks.DUE.items():
        for statement in (due_tasks.CLOSE, due_tasks.MAKE):
            sql = due_tasks.of_some(statement, due)
            steps.append(named(sql, "make_tasks").replace(":kind", f"'{kind}'") + ";")
    body = "\n    ".join(steps)
    return f"""
create or replace function make_tasks(municipality uuid, today date, now timestamptz, children uuid[], by uuid)
returns void language plpgsql volatile {DEFINER} as $function$
#variable_conflict use_column
begin
    {body}
end
$function$"""


ENDS = "end_registrations"
MAY_END = """
    if not coalesce({may}, false) then
        raise insufficient_privilege using message = 'no relation to the child opens this';
    end if;
"""


def ends_text() -> str:
    """Of a delegate's registrations and consents: a guardian ends them whether or not they are shown (R1, R3)."""
    about = (of_function(ENDS, "child"), of_function(ENDS, "unit"))
    may = judged(
        WHOEVER.has(about[0], "guardian") | child.related(about[0], child.STRICT, WHOEVER)
        | delegate.registers(*about, WHOEVER)
    )  # fmt: skip
    return f"""
create or replace function {ENDS}(
    child uuid, person uuid, unit uuid, guardian uuid, registrations boolean, today date, now timestamptz,
    acting_as text
) returns void language plpgsql volatile {DEFINER} as $function$
#variable_conflict use_column
declare
    me uuid := {judged(ME)};
begin
    {MAY_END.format(may=may)}
    if registrations then
        update delegate set until = {ENDS}.today, ended_at = {ENDS}.now, ended_by = me, ended_as = acting_as
        where child_id = {ENDS}.child and person_id = {ENDS}.person and unit_id = {ENDS}.unit
            and (until is null or until > {ENDS}.today);
    end if;
    update consent set until = {ENDS}.today, ended_at = {ENDS}.now, ended_by = me
    where child_id = {ENDS}.child and delegate_id = {ENDS}.person and unit_id = {ENDS}.unit
        and (until is null or until > {ENDS}.today)
        and ({ENDS}.guardian is null or guardian_id = {ENDS}.guardian);
end
$function$"""


def name_text() -> str:
    """A person's name beside a child, for those to whom blocks, tasks and confirmations are open."""
    of = of_function("known_as", "child"), of_function("known_as", "person")
    shown = judged(child.related(of[0], child.STRICT, WHOEVER))
    name = delegate.known_as(*of)
    return f"""
create or replace function known_as(child uuid, person uuid) returns text
language plpgsql stable {DEFINER} as $function$
#variable_conflict use_column
begin
    if not coalesce({shown}, false) then
        return null;
    end if;
    return {judged(name)};
end
$function$"""


def plain_texts() -> dict[str, str]:
    here, me, today, administers = judged(HERE), judged(ME), judged(TODAY), judged(need_case.administers())
    return {
        "person_by_number": f"""
create or replace function person_by_number(told_hash bytea) returns uuid
language sql stable {DEFINER} as $function$
    select person_id from person_identifier
    where municipality_id = {here} and number_hash = told_hash and {me} is not null
$function$""",
        "substitute_by_number": f"""
create or replace function substitute_by_number(told_hash bytea, told_as bytea)
returns table (appointed uuid, holder uuid, name text, told boolean)
language sql stable {DEFINER} as $function$
    select before.person_id, p.id, case when concat(p.given_name, p.family_name) <> '' then p.name end,
        exists (select from substitution s where s.person_id = p.id and s.told_as is not null)
    from (select) asked
    left join (
        select s.person_id from substitution s join unit u on u.id = s.unit_id
        where s.told_as = substitute_by_number.told_as and u.municipality_id = {here} order by s.id limit 1
    ) before on true
    left join person_identifier i on i.municipality_id = {here} and i.number_hash = told_hash
    left join person p on p.id = i.person_id
    where {me} is not null
$function$""",
        "call_substitute": f"""
create or replace function call_substitute(appointed uuid, told_key text) returns void
language sql volatile {DEFINER} as $function$
    update person p set staff_name = s.told_name, staff_name_key = told_key from substitution s
    where s.id = appointed and s.set_by = {me} and s.told_name is not null and p.id = s.person_id
        and not exists (
            select from position r where r.person_id = p.id and r.substitution_id is null
                and (r.until is null or r.until > {today}))
        and not exists (select from administrator r where r.person_id = p.id and (r.until is null or r.until > {today}))
$function$""",
        "asked_children": f"""
create or replace function asked_children(told_hash bytea, told_name text, told_born date) returns setof uuid
language sql stable {DEFINER} as $function$
    select p.id from person p
    where p.municipality_id = {here} and {administers}
        and exists (select from enrolment e where e.child_id = p.id)
        and case when told_hash is null then p.birth_date = told_born and lower(p.name) = lower(told_name)
            else p.id in (select i.person_id from person_identifier i
                          where i.municipality_id = p.municipality_id and i.number_hash = told_hash) end
$function$""",
        "report_need_case": f"""
create or replace function report_need_case(case_id uuid, at timestamptz) returns void
language sql volatile {DEFINER} as $function$
    insert into task (id, kind, made_at, municipality_id, unit_id, child_id, person_id, need_case_id)
    select gen_random_uuid(), 'NEED_CASE_REPORT', at, goes.*
    from (
        select distinct c.municipality_id, e.unit_id, n.child_id, n.person_id, n.id
        from need_case n join person c on c.id = n.child_id join enrolment e on e.child_id = n.child_id
        where n.id = case_id and n.opened_at is not null and {me} in (n.person_id, n.approved_by)
            and e.since <= {today} and (e.until is null or e.until > {today})
    ) goes
    on conflict do nothing
$function$""",
        "finish_upload": f"""
create or replace function finish_upload(upload uuid, bytes integer, at timestamptz) returns void
language sql volatile {DEFINER} as $function$
    update attachment set stored_at = at, size = bytes where id = upload and stored_at is null
$function$""",
        "discard_upload": f"""
create or replace function discard_upload(upload uuid, at timestamptz) returns void
language sql volatile {DEFINER} as $function$
    update attachment set expired_at = at, deleted_at = at where id = upload and attached_at is null
$function$""",
        "expire_uploads": f"""
create or replace function expire_uploads(begun_before timestamptz, at timestamptz) returns setof uuid
language sql volatile {DEFINER} as $function$
    update attachment set expired_at = at
    where attached_at is null and expired_at is null and begun_at <= begun_before;
    select id from attachment where attached_at is null and expired_at is not null and deleted_at is null
$function$""",
    }


@cache
def functions() -> dict[str, str]:
    """CREATE FUNCTION by name, each after those that it needs."""
    return {
        **keys.functions(),
        **{name: asking(name, one) for name, one in ASKED.items()},
        "derive_standing": derive_text(),
        "make_tasks": tasks_text(),
        ENDS: ends_text(),
        "known_as": name_text(),
        **plain_texts(),
    }


@cache
def digest() -> str:
    """Marks the functions in the database as those of these pages."""
    return sha256("".join(functions().values()).encode()).hexdigest()


CURRENT = "select obj_description(oid, 'pg_proc') from pg_proc where proname = 'standing'"


def install_statements() -> list[str]:
    """What makes the database's functions those of these pages; for the owner's role."""
    dropped = [
        f"do $$ declare one regprocedure; begin for one in select oid from pg_proc where proname = '{name}' and"
        " pronamespace = 'public'::regnamespace loop execute 'drop function ' || one; end loop; end $$"
        for name in functions()
    ]
    return [*dropped, *functions().values(), f"comment on function standing is '{digest()}'"]
