"""Mutants that cannot change any answer, each with the reason, and those that leave no answer to compare."""

from __future__ import annotations

OTHER_WALL = "the same is asked by `Part.when`, as a second wall; the other one alone keeps the rule"
SPARES_WORK = "only spares the database work: what would be found is asked for once more where it is used"
NO_SUCH_DAYS = "daterange() raises for a period that ends before it begins, where there is one"
R2 = "R2: whoever holds the one relation never holds the other to the same child"
NOT_CARRIED = "the mask of a guardian never carries this bit"
ADMINISTRATION = "the importer refuses a need case of more than 24 hours, as a second wall"
TOLD = "only tells the day on which a need case was opened, in an explanation"
UNIQUE = "PostgreSQL refuses the statement: a subquery would give two rows"

EQUIVALENT: dict[str, str] = {
    "authz.engine.sql days: `period.c.until <= period.c.since` the other side of the bound": (
        "daterange() of a day and the same day is empty as well"
    ),
    "authz.engine.sql oslo_day_of: days of another time zone": TOLD,
    "authz.standing _days: `{until} <= {since}` becomes `{until} < {since}`": (
        "daterange() of a day and the same day is empty as well"
    ),
    "authz.relation family: where drops `PRIVATE`": OTHER_WALL,
    "authz.relation parts: asked without `'private'`": OTHER_WALL,
    "authz.relation parts: asked without `'private'` (2)": OTHER_WALL,
    "authz.relation parts: asked without `works`": SPARES_WORK,
    "authz.relation parts: asked without `'cardinality(schools) > 0'`": SPARES_WORK,
    "authz.relation jobs: all of `(unit.c.unit_id, 'uuid', unit.c.at_school)`": SPARES_WORK,
    "authz.relation case_worker: least drops `need.c.opened_at + literal_column(\"interval '24 hours'\")`": (
        ADMINISTRATION
    ),
    "authz.relation case_worker: 25 hours": ADMINISTRATION,
    **{
        f"authz.guardian LINES.Guardian.contact: with {bit} in `CONTACT | Relation.GUARDIAN`": NOT_CARRIED
        for bit in ("DELEGATE", "SUBJECT_STAFF", "FORMER_LEADER", "SELF")
    },
    **{
        f"authz.guardian contact_opened: {what} in `child.CONFIDENTIAL`": NOT_CARRIED
        for what in ("with DELEGATE", "with SUBJECT_STAFF", "with SELF", "without FORMER_LEADER")
    },
    "authz.unit visible: drops `or_(PRIVATE, EMPLOYEE)`": "everybody who can sign in today is a person",
    "authz.thread relation_began: always as if begun": "whoever has none of those relations sees no thread",
    "authz.standing PERSON_LEVEL: drops `where level is not null`": "no level equals null further on",
    "authz.standing PROTECTION_SOURCES: drops `and o.person_id <> h.person_id`": (
        "the child's own level is the first of the sources already"
    ),
    "authz.standing CHILDHOOD: `daterange(s.birth_date,` becomes `daterange(null, `": (
        "nothing is asked of the days before a child is born"
    ),
}
"""By name, why. They are tried on a few cases all the same, and one that is killed there is told."""

UNANSWERED: dict[str, str] = {
    "authz.engine.sql days: never the case `period.c.until <= period.c.since`": NO_SUCH_DAYS,
    "authz.engine.sql run_began: where drops `run.c.days.op('@>')(TODAY)`": UNIQUE,
    "authz.relation signed_in: where drops `identifier.c.municipality_id == HERE`": UNIQUE,
    "authz.relation signed_in: where drops `identifier.c.number_hash == NUMBER_HASH`": UNIQUE,
}
"""Mutants by which every answer is an error."""
