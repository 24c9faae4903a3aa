"""How people stand to children over time: the facts of R1 to R4 and of consent, reckoned once, when a fact changes.

The registers and the municipality say *entries*; the rules speak of *relations that hold*. This page turns the one
into the other, as periods of days (`models/standing.py`), so that a read asks one indexed row instead of five tables
and T7's "day by day" is a look at a period. Nothing here depends on today: a birthday, an ended entry or a protection
that has not begun is a bound of a period, never a reason to reckon again.

Whoever changes a responsibility, protection, residence, confirmation, block, delegate, consent, birth date or setting
calls `derive_standing` in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


def _days(since: str, until: str) -> str:
    """A period's days; an end before the beginning is no days, where daterange() would raise."""
    return f"case when {until} <= {since} then 'empty'::daterange else daterange({since}, {until}) end"


EVERYBODY = """
    select id as child_id, birth_date, turns_18_on from person
    where municipality_id = :municipality and cast(:children as uuid[]) is null
"""
SOME = """
    select id as child_id, birth_date, turns_18_on from person
    where municipality_id = :municipality and id = any(cast(:children as uuid[]))
"""
"""Two texts, since one with a condition for both would be planned for everybody."""

PERSON_LEVEL = f"""
    select person_id, level, {_days("since", "until")} as days from protection
    union all
    select person_id, level, {_days("coalesce(since, known_on)", "until")} from residence where level is not null
"""
"""Who is protected when: by a grading of the person, or of the address that the person is registered at."""

PROTECTION_SOURCES = {
    "the child": """
        select s.child_id, l.level, l.days
        from scope s join person_level l on l.person_id = s.child_id
    """,
    "everyone with responsibility for the child": f"""
        select s.child_id, l.level, ({_days("r.since", "r.until")}) * l.days
        from scope s join parental_responsibility r on r.child_id = s.child_id and r.is_current and r.on_child_document
        join person_level l on l.person_id = r.holder_id
    """,
    "everyone registered at the child's address": f"""
        select s.child_id, l.level, ({_days("h.since", "h.until")}) * ({_days("o.since", "o.until")}) * l.days
        from scope s join residence h on h.person_id = s.child_id
        join residence o on o.address_hash = h.address_hash and o.person_id <> h.person_id
        join person_level l on l.person_id = o.person_id
    """,
}
"""R3: a child counts as protected at the strongest level of these."""

CHILD_PROTECTION = """
    insert into child_protection (child_id, level, since, until)
    with scope as materialized ({scope}), person_level as {kept} ({person_level}), source as ({sources})
    select child_id, threshold, lower(spell), upper(spell)
    from (
        select s.child_id, t.threshold, unnest(range_agg(s.days)) as spell
        from source s join (values ('FORTROLIG', 'FORTROLIG'), ('FORTROLIG', 'STRENGT_FORTROLIG'),
                                   ('STRENGT_FORTROLIG', 'STRENGT_FORTROLIG')) t (threshold, level)
            on t.level = s.level
        group by 1, 2
    ) spells
"""

BLOCKED = f"""coalesce((
    select range_agg({_days("b.since", "b.until")}) from block b
    where b.child_id = p.child_id and b.person_id = p.person_id
), '{{}}')"""
"""R1: the days on which a block between the two stands."""

UNCONFIRMED = f"""coalesce((
    select range_agg({_days("cp.since", "least(cp.until, c.since)")})
    from child_protection cp
    left join lateral (
        select min(k.since) as since from confirmation k
        where k.child_id = p.child_id and k.person_id = p.person_id and k.since >= cp.since
    ) c on true
    where cp.child_id = p.child_id
), '{{}}')"""
"""R3: the days from a protection's first to the first confirmation since then."""

OPENING_ENTRY = {
    "on the child's own document": "r.on_child_document",
    "erGjeldende is true": "r.is_current",
    "a kind that is known": "r.kind in ('felles', 'mor', 'far', 'medmor', 'andre')",
    "held by a person who has an identifier": "r.holder_id is not null",
    "held by no organisation": "r.holder_organisation is null",
    "the child's birth date is known": "s.birth_date is not null",
}
"""What an entry of foreldreansvar needs to open anything (section 2, R4)."""

GUARDIANSHIP = """
    insert into guardianship (child_id, person_id, since, until)
    with scope as materialized ({scope}), p as (
        select r.child_id, r.holder_id as person_id, range_agg({entry_days} * {childhood}) as days
        from scope s join parental_responsibility r on r.child_id = s.child_id
        where {opening}
        group by 1, 2
    )
    select child_id, person_id, lower(period), upper(period)
    from (select p.child_id, p.person_id, unnest(p.days - {blocked} - {unconfirmed}) as period from p) periods
"""

CHILDHOOD = "daterange(s.birth_date, s.turns_18_on)"

CONSENTED = {
    "ONE": "range_agg(g.days * g.consented) filter (where g.consented is not null)",
    "ALL": "range_agg(g.days) - coalesce(range_agg(g.days - coalesce(g.consented, '{}')), '{}')",
}
"""DELEGATE: the days on which enough of those who are GUARDIAN consent, by the municipality's setting."""

DELEGATION = f"""
    insert into delegation (child_id, person_id, unit_id, since, until)
    with scope as materialized ({{scope}}), p as (
        select d.child_id, d.person_id, d.unit_id, range_agg({_days("d.since", "d.until")}) as days
        from scope s join delegate d on d.child_id = s.child_id
        group by 1, 2, 3
    )
    select child_id, person_id, unit_id, lower(period), upper(period)
    from (
        select p.child_id, p.person_id, p.unit_id,
            unnest(p.days * coalesce(c.days, '{{{{}}}}') - {{blocked}} - {{unconfirmed}}) as period
        from p
        left join lateral (
            select {{consented}} as days
            from (
                select range_agg({_days("g.since", "g.until")}) as days, (
                    select range_agg({_days("c.since", "c.until")}) from consent c
                    where c.child_id = p.child_id and c.delegate_id = p.person_id
                        and c.unit_id = p.unit_id and c.guardian_id = g.person_id
                ) as consented
                from guardianship g where g.child_id = p.child_id group by g.person_id
            ) g
        ) c on true
    ) periods
"""

KIN = {
    "responsibility, on whoever's document, live or not": """
        select child_id, holder_id from parental_responsibility where holder_id is not null
    """,
    "family by the child's document": "select person_id, related_id from family_relation",
    "family by the other's document": "select related_id, person_id from family_relation",
    "is or was registered as a delegate": "select child_id, person_id from delegate",
}
"""R2: whom a child is never a matter of work to."""

KINSHIP = """
    insert into kinship (child_id, person_id)
    with scope as materialized ({scope})
    select distinct k.child_id, k.person_id from scope s join ({kin}) k (child_id, person_id) on k.child_id = s.child_id
"""


def derivations(consent: str, scope: str = EVERYBODY) -> list[str]:
    """The statements that write `models/standing.py`'s tables, in order; `consent` is ONE or ALL."""
    kept = "materialized" if scope == EVERYBODY else "not materialized"
    written = [
        CHILD_PROTECTION.format(
            scope=scope,
            person_level=PERSON_LEVEL,
            kept=kept,
            sources=" union all ".join(PROTECTION_SOURCES.values()),
        ),
        GUARDIANSHIP.format(
            scope=scope,
            entry_days=f"({_days('r.since', 'r.until')})",
            childhood=CHILDHOOD,
            opening=" and ".join(OPENING_ENTRY.values()),
            blocked=BLOCKED,
            unconfirmed=UNCONFIRMED,
        ),
        DELEGATION.format(scope=scope, blocked=BLOCKED, unconfirmed=UNCONFIRMED, consented=CONSENTED[consent]),
        KINSHIP.format(scope=scope, kin=" union all ".join(KIN.values())),
    ]
    tables = ("delegation", "guardianship", "child_protection", "kinship")
    cleared = [f"delete from {table} where child_id in (select child_id from ({scope}) s)" for table in tables]
    return cleared + written


async def derive_standing(
    connection: AsyncConnection, municipality_id: UUID, children: Collection[UUID] | None = None
) -> None:
    """Reckon anew how people stand to the given children, or to every child of the municipality.

    Runs in the caller's transaction. A change to somebody's protection or address touches every child that lives with
    them or that they have responsibility for; leave `children` out when in doubt.
    """
    setting = "select value from setting where municipality_id = :municipality and name = 'delegateConsent'"
    consent = (await connection.execute(text(setting), {"municipality": municipality_id})).scalar() or "ONE"
    scope = {"municipality": municipality_id, "children": None if children is None else list(children)}
    for statement in derivations(consent, EVERYBODY if children is None else SOME):
        await connection.execute(text(statement), scope)
