"""Mutants that cannot change any answer, each with the reason, and those that leave no answer to compare."""

from __future__ import annotations

OTHER_WALL = "the same is asked by `Part.when`, as a second wall; the other one alone keeps the rule"
SPARES_WORK = "only spares the database work: what would be found is asked for once more where it is used"
NO_SUCH_DAYS = "daterange() and tstzrange() raise for a period that ends before it begins, where there is one"
R2 = "R2: whoever holds the one relation never holds the other to the same child"
NOT_CARRIED = "the mask of a guardian never carries this bit"
ADMINISTRATION = "the importer refuses a need case of more than 24 hours, as a second wall"
NOT_STORED = "what strengtFortrolig hides is not stored either, as a second wall"
OPENED_ANYWAY = "to these relations it is open today, whatever is asked of then"
FAMILY_IS_NO_LEADER = "R1, R2: whoever is family to the child, or the child, is no leader whom it has left"
AT_HOME = "everybody is registered at their own address"
NO_TEACHER = "R2: no teacher is GUARDIAN, and the column is closed to those who teach a subject alone"
BESIDE_STAFF = "stands nowhere but beside the staff relations"
PRINTED_ALIKE = "printed as UNIT_LEADER, which stands there already, and the rows' predicate settles it"
TOLD = "only tells the day on which a need case was opened, in an explanation"
WALL = (
    "the second wall alone asks it, which is down here; once it is frozen so, a test of `test_walls_apart.py` that"
    " takes every predicate away goes red"
)
TIED = "the second wall alone asks it, beside what ties a look to its case, which stands in the statement as well"
NOT_LOGGED = "what is seen by family is not logged"
UNIQUE = "PostgreSQL refuses the statement: a subquery would give two rows"

EQUIVALENT: dict[str, str] = {
    "authz.engine.sql days: `period.c.until <= period.c.since` the other side of the bound": (
        "daterange() of a day and the same day is empty as well"
    ),
    "authz.message OwnPart._held: `spell.c.since < spell.c.until` the other side of the bound": (
        "tstzrange() of an instant and the same instant is empty as well"
    ),
    "authz.engine.sql oslo_day_of: days of another time zone": TOLD,
    "authz.standing _days: `{until} <= {since}` becomes `{until} < {since}`": (
        "daterange() of a day and the same day is empty as well"
    ),
    "authz.relation family: where drops `PRIVATE`": OTHER_WALL,
    "authz.relation parts: asked without `'private and any_guardian'`": OTHER_WALL,
    "authz.relation parts: asked without `'private and any_delegate'`": OTHER_WALL,
    **{
        f"authz.relation parts: asked without `{when}`": SPARES_WORK
        for when in (
            "'any_employed'",
            "'any_cases'",
            "works",
            "'cardinality(schools) > 0'",
            "'any_oneself'",
            "'cardinality(guardian) > 0'",
            "f'{takes_part_otherwise} or {threads_apart}'",
        )
    },
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
        f"authz.guardian {place}: with {bit} in `{mask}`": NOT_CARRIED
        for place, mask in (("contact_opened", "child.CONFIDENTIAL"), ("mask", "CONTACT"))
        for bit in ("DELEGATE", "SUBJECT_STAFF", "SELF")
    },
    "authz.guardian contact_opened: with FORMER_LEADER in `child.CONFIDENTIAL`": NOT_CARRIED,
    "authz.relation approved: and_ drops `need.c.approved_by != need.c.person_id`": (
        "the importer takes nobody's word for their own case, as a second wall"
    ),
    "authz.child address_level: greatest drops `person_level(residence.c.person_id)`": NOT_STORED,
    "authz.child address_opened: and_ drops `level == number(1)`": NOT_STORED,
    **{
        f"authz.child address_opened: without {bit} in `ADDRESS & ~Relation.FORMER_LEADER`": OPENED_ANYWAY
        for bit in ("UNIT_LEADER", "CASE_WORKER")
    },
    "authz.child address_opened: with DELEGATE in `ADDRESS & ~Relation.FORMER_LEADER`": FAMILY_IS_NO_LEADER,
    **{
        f"authz.child address_day: {what} in `ADDRESS & ~Relation.FORMER_LEADER`": FAMILY_IS_NO_LEADER
        for what in ("without GUARDIAN", "with DELEGATE", "without SELF")
    },
    "authz.child address_opened: without SELF in `ADDRESS & ~Relation.GUARDIAN`": AT_HOME,
    "authz.child address_opened: with SUBJECT_STAFF in `ADDRESS & ~Relation.GUARDIAN`": NO_TEACHER,
    **{
        f"authz.engine.policy FAMILY: with {bit} in `Relation.GUARDIAN | Relation.DELEGATE`": BESIDE_STAFF
        for bit in ("CONTACT_TEACHER", "SUBJECT_STAFF", "UNIT_STAFF", "UNIT_LEADER", "FORMER_LEADER")
    },
    **{
        f"{place}: with FORMER_LEADER in `{mask}`": PRINTED_ALIKE
        for place, mask in (
            (
                "authz.engine.policy STAFF",
                "Relation.CONTACT_TEACHER | Relation.SUBJECT_STAFF | Relation.UNIT_STAFF | Relation.UNIT_LEADER",
            ),
            ("authz.guardian RESPONSIBILITY", "Relation.UNIT_LEADER | Relation.CASE_WORKER"),
            ("authz.unit AT_UNIT", "ANY_RELATION & ~Relation.FORMER_LEADER"),
            ("authz.unit GROUP", "AT_UNIT | Relation.COLLEAGUE"),
            ("authz.staff SEEN", "ANY_RELATION & ~Relation.FORMER_LEADER | Relation.COLLEAGUE"),
            ("authz.thread SEEN", "FAMILY | STAFF"),
            ("authz.access_log WHO", "Relation.UNIT_LEADER | Relation.CASE_WORKER"),
            ("authz.access_log LINES.AccessLogEntry.lookedByName", "WHO"),
            ("authz.access_log LINES.AccessLogEntry.subjects", "WHO"),
            ("authz.access_log LINES.AccessLogEntry.operation", "Relation.UNIT_LEADER"),
        )
    },
    "authz.guardian oneself: and_ drops `PRIVATE`": (
        "R2: whoever is GUARDIAN of a child never works with it, so that nobody who is not signed in as a private"
        " person sees a Guardian who is themself"
    ),
    **{
        f"authz.viewer pupils: {what}": WALL
        for what in (
            "any_of drops `*taught_here`",
            "any_of drops `*(child.enrolled_at(child_id, units, keys) for units in ('staffed', 'led'))`",
            "drops `'contact'` (2)",
            "drops `'subject_staff'` (2)",
            "drops `'staffed'`",
            "drops `'led'`",
        )
    },
    **{
        f"authz.thread visible: any_of drops `{what}`": WALL
        for what in ("as_guardian", "full_history(child_id, unit_id, keys)", "*own")
    },
    **{
        f"authz.message visible: any_of drops {what}": WALL
        for what in (
            "`keys.has(message.guardian_side_id, 'whole_sides')`",
            "`whole` (2)",
            "`in_own_time(message, keys)`",
        )
    },
    **{
        f"authz.message in_own_time: {what}": WALL
        for what in (
            "exists_in drops `time.c.own.in_(own)`",
            "exists_in drops `time.c.since <= message.sent_at`",
            "exists_in drops `time.c.until > message.sent_at`",
            "`time.c.since <= message.sent_at` the other side of the bound",
            "`time.c.until > message.sent_at` the other side of the bound",
        )
    },
    "authz.access_log for_each_child: joins without `true()`": WALL,
    "authz.access_log looked_in_case: exists_in drops `need_case.looks_shown(need, keys)`": WALL,
    **{
        f"authz.access_log looked_in_case: {what}": TIED
        for what in (
            "and_ drops `need.c.id == entry.c.need_case_id`",
            "and_ drops `need.c.person_id == entry.c.person_id`",
            "exists_in drops `own`",
        )
    },
    "authz.access_log case_for_it: all_of drops `keys.has(child_id, 'cases')`": SPARES_WORK,
    **{
        f"authz.access_log leads_there: with {relation} in `Relation.UNIT_LEADER`": R2
        for relation in ("SELF", "ADULT_SELF")
    },
    **{
        f"authz.access_log through_guardians: without {relation} in `guardian.SEEN`": NOT_LOGGED
        for relation in ("GUARDIAN", "DELEGATE", "SELF")
    },
    "authz.access_log own_cases_on: where drops `need.c.child_id == any_(THESE)`": SPARES_WORK,
    "resolvers.unit group_staff: drops `staff.unit_shows_staff(teaches.c.unit_id, keys)`": (
        "whoever sees a group sees its unit's staff; no rows come without a predicate"
    ),
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
    "authz.message OwnPart._held: where drops `spell.c.since < spell.c.until`": NO_SUCH_DAYS,
    "authz.engine.sql run_began: where drops `run.c.days.op('@>')(TODAY)`": UNIQUE,
    "authz.viewer pupils: always as if found": "a union of nothing cannot be made",
    "resolvers.viewer child_of_key: where drops `person.c.child_key == bindparam('filter_child', type_=SqlUuid())`": (
        UNIQUE
    ),
    "resolvers.viewer walk.conditions: always as if road.pairs": "there is no such column",
}
"""Mutants by which every answer is an error."""
