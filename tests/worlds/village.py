"""The small cast that the rule tests share: one pupil, a family, the people who work around them.

The pupil is eight, goes to 3B at Fjellet skole and to Fjellet SFO, and lives with the mother. Mother and father have
responsibility together. Nobody else has anything to do with the pupil, until a test says so.
"""

from __future__ import annotations

import datetime as dt

from tests.worlds.world import LONG_AGO, TODAY, Contact, World, oslo

HOME = "Granveien 12, 1470 Lørenskog"
ELSEWHERE = "Bjørkeveien 3, 1472 Fjellhamar"


def village(today: dt.date = TODAY, *, born: dt.date | None = None) -> World:
    """`born` is the pupil's day of birth; eight years before `today` when not told."""
    world = World(today)
    world.unit("school", "SCHOOL", "Fjellet skole", "67900001")
    world.unit("sfo", "SFO", "Fjellet SFO")
    world.unit("kindergarten", "KINDERGARTEN", "Bekken barnehage")
    world.unit("other_school", "SCHOOL", "Åsen skole")
    world.group("3B", "school", "CLASS")
    world.group("maths", "school", "TEACHING_GROUP", name="Matte 3")
    world.group("5A", "other_school", "CLASS")
    world.group("foxes", "sfo", "DEPARTMENT", name="Revene")

    world.person("pupil", born or today.replace(year=today.year - 8, month=2, day=3))
    world.person("mother")
    world.person("father")
    for guardian in ("mother", "father"):
        world.responsible(guardian, "pupil")
        world.family("pupil", guardian, "mor" if guardian == "mother" else "far", "barn")
        world.contacts[guardian] = Contact(f"+47999000{len(guardian)}", f"{guardian}@example.no")
    world.lives("pupil", HOME)
    world.lives("mother", HOME)
    world.lives("father", ELSEWHERE)
    for unit in ("school", "sfo"):
        world.enrol("pupil", unit, LONG_AGO)
    world.member("pupil", "3B", since=LONG_AGO)
    world.member("pupil", "maths", since=LONG_AGO)

    for teacher, group, role in (
        ("teacher", "3B", "CONTACT_TEACHER"),
        ("maths_teacher", "maths", "SUBJECT_TEACHER"),
        ("assistant", "3B", "ASSISTANT"),
    ):
        world.person(teacher)
        world.employ(teacher, "school", "ASSISTANT" if teacher == "assistant" else "TEACHER")
        world.member(teacher, group, role, LONG_AGO)
    world.person("leader")
    world.employ("leader", "school", "LEADER")
    world.person("sfo_leader")
    world.employ("sfo_leader", "sfo", "LEADER")
    world.person("sfo_worker")
    world.employ("sfo_worker", "sfo", "STAFF")
    world.person("kindergarten_worker")
    world.employ("kindergarten_worker", "kindergarten", "STAFF")
    world.person("other_leader")
    world.employ("other_leader", "other_school", "LEADER")
    world.person("officer", documented=False)
    world.administrator("officer")
    world.person("aunt")

    world.person("stranger", today.replace(year=today.year - 10, month=6, day=20))
    world.person("neighbour")
    world.responsible("neighbour", "stranger")
    world.lives("stranger", "Elveveien 7, 1470 Lørenskog")
    world.lives("neighbour", "Elveveien 7, 1470 Lørenskog")
    world.enrol("stranger", "other_school", LONG_AGO)
    world.member("stranger", "5A", since=LONG_AGO)
    return world


def with_threads(world: World) -> World:
    """Talks between the pupil's family and the school, the SFO, and a colleague of the teacher."""
    day = world.today
    start = day - dt.timedelta(days=30)
    world.thread("talk", "school", "pupil", oslo(start, "09:00"), ("mother",), ("teacher",))
    world.message("talk1", "talk", "mother", oslo(start, "09:00"))
    world.message("talk2", "talk", "teacher", oslo(start + dt.timedelta(days=1), "10:00"))
    world.message("talk3", "talk", "mother", oslo(day - dt.timedelta(days=2), "20:00"))
    world.thread("sums", "school", "pupil", oslo(start, "11:00"), ("father",), ("maths_teacher",))
    world.message("sums1", "sums", "maths_teacher", oslo(start, "11:30"))
    world.message("sums2", "sums", "father", oslo(day - dt.timedelta(days=3), "08:00"))
    world.thread("afternoon", "sfo", "pupil", oslo(start, "12:00"), ("mother",), ("sfo_worker",))
    world.message("afternoon1", "afternoon", "sfo_worker", oslo(start, "12:30"), on_behalf_of_unit=True)
    world.message("afternoon2", "afternoon", "mother", oslo(day - dt.timedelta(days=1), "15:45"))
    return world
