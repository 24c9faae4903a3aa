"""The second wall: row level security on every table, compiled from the policy pages; either wall alone is enough."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

import migrations
from authz.engine import keys
from authz.engine.sql import FACTS
from authz.walls import frozen, policies
from authz.walls.policies import WALLS, NameTaken, Wall, own_row, told
from authz.walls.views import OWNER
from models import Base, Enrolment, Position, new_key
from models.seen import SCHEMA
from resolvers.gateway import SECONDS_TO_LEAVE, Gateway, asked_by
from server.data_folder import DataFolder
from server.database import API, NAME, open_database
from tests import test_rules
from tests.acts import Acts
from tests.cases import APPROVE, office, opened, written
from tests.conftest import TestServer, url_of
from tests.oracle.relations import Relations
from tests.roads.fixtures import holding, opened_place
from tests.roads.place import LOGINS, Place
from tests.walls import alone, names_of_the_closed, take_down
from tests.worlds.loading import Loaded
from tests.worlds.random_world import random_world
from tests.worlds.village import village, with_threads
from tests.worlds.world import DAY, LONG_AGO, World, oslo

WITHOUT_PEOPLE = {"municipality", "access_log_document", "access_log_checkpoint"}
"""Tables that hold nothing about anybody."""
SEEDS = (7, 20)
"""Of random worlds."""


# --- what there is ---------------------------------------------------------------------------------------------------


def test_every_table_about_a_person_has_a_wall() -> None:
    assert {model.__tablename__ for model in WALLS} == set(Base.metadata.tables) - WITHOUT_PEOPLE


def test_the_newest_migration_of_the_walls_is_what_the_pages_say() -> None:
    newest = max((Path(migrations.__file__).parent / "walls").glob("[0-9]*.sql"))
    assert newest.read_text(encoding="utf-8") == frozen.compiled(), (
        "a page of policy has changed: freeze the walls anew (`just walls`) in a migration of their own"
    )


async def test_row_level_security_is_on_and_has_one_policy_a_verb(database) -> None:
    owner = await asyncpg.connect(**database.admin_connect)
    try:
        on = await owner.fetch(
            "select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace"
        )
        assert {row["relname"] for row in on} >= set(Base.metadata.tables) - WITHOUT_PEOPLE
        twice = await owner.fetch(
            "select tablename, cmd, roles from pg_policies where schemaname = 'public'"
            " group by 1, 2, 3 having count(*) > 1"
        )
        assert twice == []
    finally:
        await owner.close()


async def test_the_roles_of_the_wall_pass_nothing_and_sign_in_nowhere(database) -> None:
    owner = await asyncpg.connect(**database.admin_connect)
    try:
        roles = {row["rolname"]: row for row in await owner.fetch("select * from pg_roles")}
        for name in (API, OWNER):
            assert not roles[name]["rolbypassrls"]
            assert not roles[name]["rolsuper"]
        assert not roles[OWNER]["rolcanlogin"]
        assert not await owner.fetchval(f"select pg_has_role('{API}', '{OWNER}', 'member')")
        tables = "select count(*) from pg_class where relowner = $1::regrole and relkind in ('r', 'p')"
        assert await owner.fetchval(tables, OWNER) == 0
    finally:
        await owner.close()


def test_a_policy_whose_subquery_hides_its_own_table_is_refused() -> None:
    def hides(row: Any) -> Any:
        return policies.within(Position, "enrolment", lambda one: one.c.unit_id == row.c.unit_id)

    with pytest.raises(NameTaken):
        told(hides, own_row(Enrolment))


def test_the_session_is_told_what_the_walls_read_and_nothing_else() -> None:
    read = set(re.findall(rf"current_setting\('{keys.PREFIX}\.(\w+)'", frozen.compiled()))
    assert read == set(keys.settings())


def test_no_policy_calls_a_function_for_each_row() -> None:
    """Settings are read in subqueries that depend on no row, which PostgreSQL works out once a statement."""
    text = frozen.compiled()
    read_once = re.sub(r"\(select (nullif\()?current_setting\([^)]*\)[^)]*\)(::\w+(\[\])?\))?", "", text)
    assert "current_setting" not in read_once
    own = [name for name in ("known_as", "standing", "enter") if re.search(rf"\b{name}\(", text)]
    assert own == []


# --- nobody, and one after another -----------------------------------------------------------------------------------


@pytest.fixture
async def loaded(place: Place) -> Loaded:
    return await place.load(village())


@asynccontextmanager
async def as_the_api(place: Place) -> AsyncIterator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(**place.database.api_connect)
    try:
        yield connection
    finally:
        await connection.close()


async def enter(connection: asyncpg.Connection[Any], place: Place, world: World, who: str, login: str = "both") -> Any:
    viewer = place.viewer(world, who, login)
    found = await connection.fetchrow(
        "select id, name from municipality where organisation_number = $1", world.organisation_number
    )
    asked = {**asked_by(viewer, (found["id"], found["name"]), oslo(world.today)), "for_transaction": False}
    return await connection.fetchrow(keys.ENTER, *[asked[name] for name in keys.ENTERING])


async def relations_of(connection: asyncpg.Connection[Any]) -> list[str]:
    """Everything that the API's role may read of people."""
    rows = await connection.fetch(
        "select nspname || '.' || relname as name from pg_class c join pg_namespace n on n.oid = relnamespace"
        " where nspname in ('public', $1, $2) and relkind in ('r', 'p', 'v') and has_table_privilege(c.oid, 'select')",
        FACTS,
        SCHEMA,
    )
    plain = {f"public.{name}" for name in (*WITHOUT_PEOPLE, "alembic_version")}
    return sorted(row["name"] for row in rows if row["name"] not in plain)


async def test_without_a_viewer_everything_is_closed(place: Place, loaded: Loaded) -> None:
    async with as_the_api(place) as connection:
        names = await relations_of(connection)
        assert len(names) > 80
        for name in names:
            assert await connection.fetchval(f"select count(*) from {name}") == 0, name
        for name in names_of_the_closed():
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"select * from {name}")


async def test_with_a_viewer_something_is_open_and_after_them_nothing(place: Place, loaded: Loaded) -> None:
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "mother")
        assert await connection.fetchval("select count(*) from seen.own_child") > 0
        assert await connection.fetchval(f"select count(*) from {FACTS}.enrolment") > 0
        await connection.execute(keys.LEAVE)
        for name in await relations_of(connection):
            assert await connection.fetchval(f"select count(*) from {name}") == 0, name


async def test_whoever_is_nobody_here_sees_the_units_and_nothing_else(place: Place, loaded: Loaded) -> None:
    world = loaded.world
    async with as_the_api(place) as connection:
        viewer = replace(place.viewer(world, "mother", "private"), number_hash=b"nobody's")
        found = await connection.fetchrow(
            "select id, name from municipality where organisation_number = $1", world.organisation_number
        )
        asked = {**asked_by(viewer, (found["id"], found["name"]), oslo(world.today)), "for_transaction": False}
        entered = await connection.fetchrow(keys.ENTER, *[asked[name] for name in keys.ENTERING])
        assert entered["me"] is None
        open_ones = {name for name in await relations_of(connection) if await has_rows(connection, name)}
        of_nobody = {"public.unit", "public.setting", "public.municipality_key"}
        assert {name for name in open_ones if not name.startswith(f"{FACTS}.")} <= of_nobody


async def has_rows(connection: asyncpg.Connection[Any], name: str) -> bool:
    return bool(await connection.fetchval(f"select exists (select from {name})"))


EVERYTHING_SET = """
    select array_agg(name) from unnest($1::text[]) name
    where coalesce(current_setting('innsyn.' || name, true), '') <> ''
"""


@pytest.fixture
async def lonely(place: Place, loaded: Loaded) -> AsyncIterator[Gateway]:
    """A gateway of one connection, which every request gets."""
    gateway = await Gateway.open(place.database.api_connect, size=1)
    yield gateway
    await gateway.close()


async def left_over(gateway: Gateway) -> Any:
    """What is set on the connection that is had next, before anybody is entered."""
    async with gateway.nobodys_connection() as connection:
        return await connection.fetchval(EVERYTHING_SET, list(keys.settings()))


async def test_a_viewer_is_gone_when_the_request_is_answered(place: Place, loaded: Loaded, lonely: Gateway) -> None:
    viewer, now = place.viewer(loaded.world, "mother", "both"), oslo(loaded.world.today)
    async with lonely.viewer_connection(viewer, now) as (connection, _):
        assert "guardian" in await connection.fetchval(EVERYTHING_SET, list(keys.settings()))
    assert await left_over(lonely) is None


async def test_a_viewer_is_gone_from_a_connection_that_nobody_takes(
    place: Place, loaded: Loaded, lonely: Gateway
) -> None:
    viewer, now = place.viewer(loaded.world, "mother", "both"), oslo(loaded.world.today)
    async with lonely.viewer_connection(viewer, now):
        pass
    await asyncio.sleep(SECONDS_TO_LEAVE * 3)
    async with lonely._pool.acquire() as connection:
        assert await connection.fetchval(EVERYTHING_SET, list(keys.settings())) is None


@pytest.mark.parametrize("how", ["raises", "breaks", "is cancelled", "is too slow", "loses the connection"])
async def test_a_viewer_is_gone_however_the_request_ends(
    place: Place, loaded: Loaded, lonely: Gateway, how: str
) -> None:
    viewer, now = place.viewer(loaded.world, "mother", "both"), oslo(loaded.world.today)
    entered = asyncio.Event()

    async def ask() -> None:
        async with lonely.viewer_connection(viewer, now) as (connection, _):
            entered.set()
            if how == "raises":
                raise KeyError(how)
            if how == "breaks":
                await connection.fetch("select 1 / 0")
            if how == "loses the connection":
                await connection.execute("select pg_terminate_backend(pg_backend_pid())")
            async with asyncio.timeout(0.05 if how == "is too slow" else 60):
                await connection.fetch("select pg_sleep(30)")

    asking = asyncio.create_task(ask())
    await entered.wait()
    if how == "is cancelled":
        await asyncio.sleep(0.05)
        asking.cancel()
    with pytest.raises((KeyError, asyncpg.PostgresError, asyncio.CancelledError, TimeoutError, OSError)):
        await asking
    assert await left_over(lonely) is None
    async with lonely.viewer_connection(place.viewer(loaded.world, "stranger", "both"), now) as (connection, _):
        assert await connection.fetchval("select count(*) from seen.own_child where name = $1", "Pupil") == 0


async def test_the_viewer_of_an_act_is_gone_with_its_transaction(place: Place, loaded: Loaded, lonely: Gateway) -> None:
    viewer, now = place.viewer(loaded.world, "mother", "both"), oslo(loaded.world.today)
    async with lonely.acting(viewer, now) as scene:
        pid = await scene.raw.fetchval("select pg_backend_pid()")
        assert await scene.raw.fetchval("select count(*) from seen.own_child") > 0
    with pytest.raises(KeyError):
        async with lonely.acting(viewer, now) as scene:
            raise KeyError
    async with lonely._acts.connect() as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        assert await raw.fetchval("select pg_backend_pid()") == pid
        assert await raw.fetchval(EVERYTHING_SET, list(keys.settings())) is None
        assert await raw.fetchval("select count(*) from seen.own_child") == 0


# --- either wall alone -----------------------------------------------------------------------------------------------


async def everybody_agrees(place: Place, world: World, loaded: Loaded, now: dt.datetime) -> list[str]:
    return await place.agree(loaded, list(world.people), LOGINS, now, relations=Relations(world))


@pytest.mark.parametrize("seed", SEEDS)
async def test_without_any_predicate_no_answer_is_another(place: Place, seed: int) -> None:
    """The first wall is gone from every resolver, and the oracle's answers are given still."""
    world = random_world(seed)
    loaded = await place.load(world)
    with alone(place) as unguarded:
        differing = await everybody_agrees(unguarded, world, loaded, oslo(world.today + seed % 2 * DAY))
    assert not differing, "\n".join(differing[:20])


async def test_without_any_predicate_nobody_of_the_village_sees_more(place: Place) -> None:
    world = village()
    loaded = await place.load(world)
    with alone(place) as unguarded:
        differing = await everybody_agrees(unguarded, world, loaded, oslo(world.today))
    assert not differing, "\n".join(differing[:20])


RULES_OF_MESSAGES = [
    test_rules.test_a_guardian_reads_the_messages_of_the_days_on_which_the_relation_held,
    test_rules.test_a_guardian_does_not_read_the_messages_of_the_days_of_a_block,
    test_rules.test_a_guardian_of_two_children_reads_of_each_the_messages_of_its_own_days,
    test_rules.test_a_guardian_does_not_read_the_messages_of_the_days_before_a_confirmation,
    test_rules.test_a_delegate_does_not_read_the_messages_of_the_days_without_consent,
    test_rules.test_a_subject_teacher_reads_the_messages_since_they_became_a_participant,
]


@pytest.mark.parametrize("rule", RULES_OF_MESSAGES, ids=lambda rule: rule.__name__)
async def test_t7_without_any_predicate_the_rules_of_messages_hold(place: Place, rule: Any) -> None:
    with alone(place) as unguarded:
        await rule(holding(unguarded))


@pytest.fixture(scope="module")
async def unwalled(test_server: TestServer, vault) -> AsyncIterator[Place]:
    """A place without the second wall."""
    superuser = await asyncpg.connect(**test_server.superuser)
    owner = test_server.template.admin_connect["user"]
    try:
        await superuser.execute(f"create database unwalled template {NAME} owner {owner}")
        await superuser.execute(f"grant connect on database unwalled to {API}")
        database = replace(
            test_server.template,
            admin_connect={**test_server.template.admin_connect, "database": "unwalled"},
            api_connect={**test_server.template.api_connect, "database": "unwalled"},
        )
        connection = await asyncpg.connect(**database.admin_connect)
        await take_down(connection)
        await connection.close()
        async with opened_place(database, vault) as opened:
            yield opened
        await superuser.execute("drop database unwalled with (force)")
    finally:
        await superuser.close()


@pytest.mark.parametrize("seed", SEEDS)
async def test_without_row_level_security_no_answer_is_another(unwalled: Place, seed: int) -> None:
    world = random_world(seed)
    loaded = await unwalled.load(world)
    differing = await everybody_agrees(unwalled, world, loaded, oslo(world.today + seed % 2 * DAY))
    assert not differing, "\n".join(differing[:20])


LOG = "query ($id: ID!) { node(id: $id) { ... on Child { accessLog { totalCount nodes { role } } } } }"
LOOKED = "{ viewer { cases { nodes { own looks { totalCount nodes { at } } } } } }"
LOGGED = {
    ("mother", "pupil"): ["UNIT_LEADER", "UNIT_STAFF", "CONTACT_TEACHER"],
    ("mother", "gone"): ["UNIT_LEADER", "UNIT_STAFF"],
    ("father", "pupil"): ["UNIT_LEADER", "UNIT_STAFF", "CONTACT_TEACHER"],
    # C5, T7: the SFO's staff looked at a thread of the mother's
    ("father", "gone"): ["UNIT_LEADER"],
    ("second", "pupil"): ["UNIT_LEADER"],
    # not in a case opened for that
    ("second", "gone"): [],
    ("sfo_leader", "pupil"): ["UNIT_LEADER", "UNIT_STAFF"],
    ("leader", "pupil"): ["CONTACT_TEACHER"],
}
"""By viewer and child, who has looked, newest first; but for the administration. Leaders come last: that they ask is a
look as well."""


async def looked_at(place: Place) -> Acts:
    """Staff have looked at a child who goes to the SFO and at one who has left it, all but once at threads alone; an
    administrator has a case on each, one opened for who has looked, and sees the case of a colleague, which waits."""
    world = office(with_threads(village()))
    world.person("gone", dt.date(2016, 1, 1))
    world.enrol("gone", "sfo", LONG_AGO, world.today - 30 * DAY)
    for guardian in ("mother", "father"):
        world.responsible(guardian, "gone")
    world.thread("old", "sfo", "gone", oslo(world.today - 60 * DAY), ("mother",), ("sfo_worker",))
    acts = await Acts.of(place, world)
    await opened(acts)
    await acts.ask("officer", "query ($id: ID!) { node(id: $id) { id } }", {"id": acts.id("Child", "pupil")})
    threads = "{ viewer { threads { nodes { id child { name } } } } }"
    for who in ("teacher", "sfo_worker"):
        await acts.ask(who, threads, {})
    await acts.ask("sfo_leader", threads.replace("name", "birthDate"), {})
    await written(acts, f"insert into child_protection values ($1, 'FORTROLIG', '{world.today}', null)", "pupil")
    case = await opened(acts, who="second", forAccessLog=True)
    assert (await acts.act("third", APPROVE, {"caseId": case}))["problems"] == []
    await opened(acts, "gone", who="second")
    return acts


async def differing_looks(acts: Acts) -> list[tuple[str, str]]:
    """What is told otherwise than `LOGGED` says."""
    wrong = []
    for (who, child), expected in LOGGED.items():
        log = (await acts.ask(who, LOG, {"id": acts.id("Child", child)}))["node"]["accessLog"]
        told = [one["role"] for one in log["nodes"]]
        if [role for role in told if role != "CASE_WORKER"] != expected or log["totalCount"] != len(told):
            wrong.append((who, child))
    cases = (await acts.ask("second", LOOKED, {}))["viewer"]["cases"]["nodes"]
    assert {one["own"] for one in cases} == {True, False}
    if any(one["looks"]["nodes"] or one["looks"]["totalCount"] for one in cases if not one["own"]):
        wrong.append(("second", "case of officer"))
    return wrong


@pytest.mark.parametrize("alone_stands", ["row level security", "the predicates", "neither"])
async def test_l2_either_wall_alone_tells_the_same_of_who_has_looked(
    place: Place, unwalled: Place, alone_stands: str
) -> None:
    acts = await looked_at(place if alone_stands == "row level security" else unwalled)
    if alone_stands == "the predicates":
        assert await differing_looks(acts) == []
        return
    with alone(acts.place) as unguarded:
        acts.place = unguarded
        wrong = await differing_looks(acts)
    # What the two take away does matter.
    both = [("father", "gone"), ("second", "pupil"), ("second", "gone"), ("sfo_leader", "pupil"), ("leader", "pupil"),
            ("second", "case of officer")]  # fmt: skip
    assert wrong == (both if alone_stands == "neither" else [])


async def test_without_both_walls_strangers_see_what_is_not_theirs(unwalled: Place) -> None:
    """What the two builds take away does matter: without both, anybody sees anything."""
    world = village()
    loaded = await unwalled.load(world)
    with alone(unwalled) as unguarded:
        differing = await unguarded.agree(
            loaded, ["stranger"], ["both"], oslo(world.today), relations=Relations(world), only=("nodes",)
        )
    assert len(differing) > 3


# --- writing ---------------------------------------------------------------------------------------------------------


async def copies(place: Place) -> dict[str, tuple[str, dict[str, Any]]]:
    """For each table that the API may add to, an INSERT of a row that is there already, with a new key."""
    owner = await asyncpg.connect(**place.database.admin_connect)
    try:
        told = {}
        for model, wall in WALLS.items():
            if wall.add is None:
                continue
            row = await owner.fetchrow(
                f"select row_to_json(t)::text as row from public.{model.__tablename__} t limit 1"
            )
            if row is not None:
                told[model.__tablename__] = (row["row"], json.loads(row["row"]))
        return told
    finally:
        await owner.close()


OPEN_TO_ADD = {"person", "person_identifier", "municipality_key", "access_log"}
"""Anybody known here may name somebody new, the wall holds them to their municipality; and whoever looks is logged."""


@pytest.fixture
async def busy(place: Place, loaded: Loaded) -> Loaded:
    """A world with threads and much else, beside the village."""
    return await place.load(random_world(SEEDS[0]))


async def test_a_stranger_adds_a_row_to_no_table_of_somebody_elses(place: Place, loaded: Loaded, busy: Loaded) -> None:
    """Rows that are there, told again by a stranger: refused by the wall before any key could clash."""
    rows = await copies(place)
    assert {"thread", "message", "participant", "group_membership", "position"} <= rows.keys()
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "stranger")
        for table, (text, _) in rows.items():
            if table in OPEN_TO_ADD:
                continue
            statement = f'insert into "{table}" select * from json_populate_record(null::"{table}", $1::json)'
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await connection.execute(statement, text)


async def test_nobody_adds_a_person_to_another_municipality(place: Place, loaded: Loaded) -> None:
    elsewhere = await place.load(village())
    row = (await copies(place))["person"][1]
    async with as_the_api(place) as connection:
        await enter(connection, place, elsewhere.world, "leader")
        text = json.dumps({**row, "source_id": None, "municipality_id": str(await id_of(place, loaded.world))})
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(
                "insert into person select * from json_populate_record(null::person, $1::json)", text
            )


async def id_of(place: Place, world: World) -> Any:
    async with as_the_api(place) as connection:
        return await connection.fetchval(
            "select id from municipality where organisation_number = $1", world.organisation_number
        )


async def test_a_stranger_changes_no_row_that_is_there(place: Place, loaded: Loaded, busy: Loaded) -> None:
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "stranger")
        for table in ("message", "thread", "block", "task", "need_case", "absence", "position", "attachment"):
            column = await connection.fetchval(
                "select column_name from information_schema.column_privileges where table_name = $1"
                " and privilege_type = 'UPDATE' and grantee = $2 order by 1 limit 1",
                table,
                API,
            )
            assert column, table
            assert await connection.execute(f"update {table} set {column} = {column}") == "UPDATE 0"


async def as_owner(place: Place, sql: str, *arguments: Any) -> list[asyncpg.Record]:
    owner = await asyncpg.connect(**place.database.admin_connect)
    try:
        rows: list[asyncpg.Record] = await owner.fetch(sql, *arguments)
        return rows
    finally:
        await owner.close()


def refused() -> Any:
    return pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security")


@pytest.mark.parametrize("about", ["the child whose thread it is", "a child of one's own"])
async def test_t8_nobody_takes_part_in_a_thread_of_others(place: Place, about: str) -> None:
    """Neither in the other guardian's, nor in one about another child by saying that it is about one's own."""
    loaded = await place.load(with_threads(village()))
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "father")
        me = await connection.fetchval("select current_setting('innsyn.me')::uuid")
        mine = await connection.fetchval("select (current_setting('innsyn.guardian')::uuid[])[1]")
        others = await as_owner(
            place,
            "select id, child_id, unit_id from thread t where not exists"
            " (select from participant p where p.thread_id = t.id and p.person_id = $1) and (child_id = $2) = $3",
            me,
            mine,
            about == "the child whose thread it is",
        )
        assert others
        for thread in others:
            with refused():
                await connection.execute(
                    "insert into participant (thread_id, person_id, side, joined_at, unit_id, child_id)"
                    " values ($1, $2, 'GUARDIAN', current_setting('innsyn.now')::timestamptz, $3, $4)",
                    thread["id"],
                    me,
                    thread["unit_id"],
                    mine,
                )


async def test_nobody_gives_another_number_to_whoever_signs_in(place: Place, loaded: Loaded) -> None:
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "mother")
        for row in await as_owner(place, "select distinct municipality_id, person_id from person_identifier"):
            with refused():
                await connection.execute(
                    "insert into person_identifier (municipality_id, number_hash, number_cipher, person_id, in_use)"
                    " values ($1, 'x', 'x', $2, true)",
                    *row,
                )


@pytest.mark.parametrize("forged", ["opened_at", "approved_by"])
async def test_nobody_opens_a_case_or_approves_their_own_past_the_act(
    place: Place, loaded: Loaded, forged: str
) -> None:
    async with as_the_api(place) as connection:
        await enter(connection, place, loaded.world, "officer")
        me = await connection.fetchval("select current_setting('innsyn.me')::uuid")
        [child] = await as_owner(place, "select child_id, person_id from guardianship limit 1")
        case = {
            "id": new_key(),
            "child_id": child["child_id"],
            "person_id": me,
            "reason_cipher": b"x",
            "until": oslo(loaded.world.today + DAY),
        }
        insert = "insert into need_case ({}) values ({})"

        async def add(**row: Any) -> None:
            places = ", ".join(f"${number + 1}" for number in range(len(row)))
            await connection.execute(insert.format(", ".join(row), places), *row.values())

        with refused():
            await add(**case, **{forged: child["person_id"] if forged == "approved_by" else case["until"]})
        await add(**case)
        with refused():
            await connection.execute(
                "update need_case set approved_by = $2 where id = $1", case["id"], child["person_id"]
            )
        with refused():
            await connection.execute("update need_case set approved_by = $2 where id = $1", case["id"], me)


async def test_nobody_writes_as_somebody_else(place: Place) -> None:
    """Every message that somebody sees, told again under each participant's name: only one's own is taken."""
    loaded = await place.load(random_world(SEEDS[0]))
    tried = 0
    async with as_the_api(place) as connection:
        for who in loaded.world.people:
            await enter(connection, place, loaded.world, who)
            me = await connection.fetchval("select current_setting('innsyn.me')")
            row = await connection.fetchval("select row_to_json(t)::text from message t limit 1")
            if row is None:
                continue
            told = json.loads(row)
            parts = await connection.fetch("select person_id from participant where thread_id = $1", told["thread_id"])
            for author in {str(part["person_id"]) for part in parts} - {me}:
                tried += 1
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                    await connection.execute(
                        "insert into message select * from json_populate_record(null::message, $1::json)",
                        json.dumps({**told, "id": str(new_key()), "author_id": author}),
                    )
    assert tried > 5


# --- how PostgreSQL goes about it ------------------------------------------------------------------------------------


PLANNED = {
    "messages of a thread": "select id, body from message where thread_id = $1 order by sent_at, id limit 50",
    "threads about a child": "select id from thread where child_id = $1 order by last_message_at desc, id desc limit 9",
    "threads of a unit": "select id from thread where unit_id = $1 order by last_message_at desc, id desc limit 20",
    "participants": "select person_name from seen.participant where thread_id = $1",
    "guardians of a child": "select guardian_name from seen.guardianship where child_id = $1",
    "a child by its key": "select id from seen.child where child_key = $1",
    "records of a child": "select id from record where child_id = $1 order by written_at desc, id desc limit 20",
    "absences of a child": "select id from seen.absence where child_id = $1",
    "blocks on a child": "select id from block where child_id = $1",
}


@pytest.mark.parametrize("what", PLANNED)
async def test_indexes_are_used_behind_the_wall(place: Place, loaded: Loaded, what: str) -> None:
    """Generic plans, as the API has them; what is asked for is found by an index, and settings are read beforehand."""
    async with as_the_api(place) as connection:
        await connection.execute("set enable_seqscan = off")  # of a village every scan is cheap
        await enter(connection, place, loaded.world, "leader")
        await connection.execute(f"prepare planned (uuid) as {PLANNED[what]}")
        plan = [
            row[0] for row in await connection.fetch(f"explain execute planned('{await id_of(place, loaded.world)}')")
        ]
        text = "\n".join(plan)
        assert "InitPlan" in text
        filters = [line for line in plan if "Filter" in line or "Index Cond" in line or "Recheck" in line]
        assert not [line for line in filters if "current_setting" in line], text
        asked = re.search(r"Index Cond: \(+(thread_id|child_id|unit_id|child_key) = \$\d", text)
        assert asked or "Bitmap Index Scan" in text, text


async def test_who_has_looked_at_a_child_is_found_by_the_index_behind_the_wall(place: Place, loaded: Loaded) -> None:
    """Of a log that grows for years; a policy's own condition would come before every index but its own."""
    async with as_the_api(place) as connection:
        await connection.execute("select access_log_month($1)", loaded.world.today)
        await connection.execute("set enable_seqscan = off")
        await enter(connection, place, loaded.world, "leader")
        child = await id_of(place, loaded.world)
        rows = f"select at from seen.access_log where child_id = '{child}' and children @> array['{child}'::uuid]"
        plan = "\n".join(row[0] for row in await connection.fetch(f"explain {rows}"))
        assert "Bitmap Index Scan on m202610_children_idx" in plan, plan


async def test_the_wall_of_a_closed_table_has_no_line() -> None:
    for model, wall in WALLS.items():
        if wall == Wall():
            assert model.__tablename__ in names_of_the_closed()


async def test_an_older_database_gets_its_walls(test_server: TestServer, tmp_path: Path, monkeypatch) -> None:
    """Migrated from the version before: the rights that the API's role had are taken back."""
    template, name = test_server.template, "older"
    superuser = await asyncpg.connect(**test_server.superuser)
    try:
        await superuser.execute(f"create database {name} template {NAME} owner {template.admin_connect['user']}")
        await superuser.execute(f"grant connect on database {name} to {API}")
        connection = await asyncpg.connect(**{**template.admin_connect, "database": name})
        try:
            await connection.execute(f"grant select, delete on all tables in schema public to {API}")
            await connection.execute(f"alter default privileges in schema public grant select on tables to {API}")
            await connection.execute("update alembic_version set version_num = '0012'")
        finally:
            await connection.close()
        for variable, connect in (
            ("INNSYN_DATABASE_URL", template.admin_connect),
            ("INNSYN_API_DATABASE_URL", template.api_connect),
        ):
            monkeypatch.setenv(variable, url_of({**connect, "database": name}))
        async with open_database(DataFolder.at(tmp_path / "data")) as database:
            connection = await asyncpg.connect(**database.api_connect)
            try:
                for table in names_of_the_closed():
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.fetch(f"select * from {table}")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute("delete from message")
            finally:
                await connection.close()
            owner = await asyncpg.connect(**database.admin_connect)
            try:
                assert await owner.fetchval("select count(*) from pg_default_acl") == 0
            finally:
                await owner.close()
        await superuser.execute(f"drop database {name} with (force)")
    finally:
        await superuser.close()
