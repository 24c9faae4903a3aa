"""The leak hunt, in short; and that it finds what it hunts for: a hunt that never finds anything proves nothing."""

from __future__ import annotations

import datetime as dt
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
import pytest

import resolvers.engine.connections
import resolvers.engine.documents
import resolvers.engine.engine
import resolvers.engine.variables
import server.app
import server.graphql_http
from authz.engine.policy import ANY_RELATION
from authz.viewer import Viewer
from resolvers.engine.documents import Prepared
from resolvers.engine.limits import refusal
from schema.public import public_catalogue
from server.data_folder import DataFolder
from server.settings import Issuer
from server.tokens import Tokens
from tests.conftest import TestServer, new_database
from tests.leakhunt import hunt_elsewhere, hunt_here
from tests.leakhunt.hunter import Hunter, Tally
from tests.leakhunt.outsiders import MACHINE, UNKNOWN
from tests.leakhunt.place import Town, build_town, here
from tests.leakhunt.rows import without_canary
from tests.leakhunt.search import Search, key_of
from tests.leakhunt.sequences import sequence
from tests.leakhunt.wire import TRANSPORTS, Asker, Operation

SEED = 4


@pytest.fixture(scope="module")
async def town(test_server: TestServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("leakhunt") / "data"
    DataFolder.at(folder)
    async with new_database(test_server) as database:
        yield await build_town(folder, database, SEED)


@asynccontextmanager
async def hunting(town: Town) -> AsyncIterator[tuple[Hunter, Tally]]:
    tally = Tally()
    async with here(town, SEED, tally) as (hunter, _):
        yield hunter, tally


async def everybody_asks(hunter: Hunter, operation: Operation, transport: str = "http") -> None:
    for asker in hunter.askers():
        if asker.login == "both":
            hunter.prepare(asker)
            await hunter.read(asker, transport, operation)


def of_children(hunter: Hunter, what: str) -> Operation:
    """What is asked of every child of both municipalities."""
    ids = [told for book in hunter.books for node, told in book.seen_ids.items() if node.type == "Child"]
    return Operation("query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Child { id " + what + " } } }", {"ids": ids})


def kinds_leaked(tally: Tally) -> set[str]:
    return {leak.whose.split(" of ")[0] for leak in tally.leaks}


# --- the hunt ----------------------------------------------------------------------------------------------------


async def test_every_text_in_the_database_holds_a_canary(town: Town) -> None:
    """Or its column stands in `rows.py`, with what it is."""
    connection = await asyncpg.connect(**town.database.admin_connect)
    try:
        assert await without_canary(connection, town.search) == set()
    finally:
        await connection.close()


async def test_nobody_is_given_what_is_not_theirs_by_innsyn_serve(town: Town) -> None:
    tally = Tally()
    await hunt_elsewhere(town, SEED, tally, rounds=2)
    assert not tally.leaks, str(tally.leaks[0])
    assert tally.kept_back["in a log"] > 500
    assert tally.decisions > 10_000


async def test_nobody_is_given_what_is_not_theirs_while_others_act(town: Town) -> None:
    tally = Tally()
    await hunt_here(town, SEED, tally, steps=6)
    assert not tally.leaks, str(tally.leaks[0])
    assert all(tally.operations[road] > 3 for road in ("http", "websocket", "sse", "events"))
    assert {"id", "name", "instant", "birth date"} <= set(tally.granted)
    assert sum(tally.acts.values()) > 1
    assert tally.twins > 3
    assert sum(tally.flaws.values()) > 10
    assert tally.decisions > 50_000


# --- what it finds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["http", "websocket", "sse"])
async def test_hunter_finds_a_column_that_is_open_to_whom_it_is_closed(
    town: Town, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    whole = public_catalogue()
    broken = replace(whole.lines["Child.birthDate"], relations=ANY_RELATION)
    made = replace(whole, lines={**whole.lines, "Child.birthDate": broken})
    monkeypatch.setattr(server.app, "public_catalogue", lambda: made)
    async with hunting(town) as (hunter, tally):
        await everybody_asks(hunter, of_children(hunter, "birthDate"), transport)
    assert kinds_leaked(tally) == {"birth date"}
    assert tally.leaks[0].how == f"{transport} query"


async def test_hunter_finds_nothing_where_nothing_is_broken(town: Town) -> None:
    async with hunting(town) as (hunter, tally):
        await everybody_asks(
            hunter, of_children(hunter, "name birthDate nationalId address { lines } threads { nodes { subject } }")
        )
    assert not tally.leaks
    assert tally.granted["birth date"] > 10


async def test_whoever_is_nobody_here_is_let_in_and_given_nothing_of_anybody(town: Town) -> None:
    async with hunting(town) as (hunter, tally):
        for asker in hunter.outsiders():
            hunter.prepare(asker)
            told = await hunter.ask("http", asker, Operation("{ viewer { municipality person { id } } }"))
            assert told.payload["data"] == {"viewer": {"municipality": asker.book.world.name, "person": None}}
            # Units are for every person (C8), and a machine client is none.
            kinds = set(asker.book.counts(hunter.granted(asker)))
            assert kinds == (set() if asker.login == MACHINE else {"id", "unit"})
            for transport in TRANSPORTS:
                await hunter.read(asker, transport, of_children(hunter, "name birthDate"))
    assert not tally.leaks


async def test_hunter_finds_a_machine_client_that_is_taken_for_whose_subject_it_names(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Tokens._viewer_by_policy

    def taking(tokens: Tokens, policy: Issuer, claims: Any) -> Viewer:
        told = whole(tokens, policy, claims)
        return replace(told, subject=("feide", claims["consumer"]["ID"]), employee=True)

    monkeypatch.setattr(Tokens, "_viewer_by_policy", taking)
    assert {"name", "id"} <= await leaked_to(town, MACHINE)


async def test_hunter_finds_somebody_unknown_who_is_taken_for_somebody(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, strange = Tokens._number_hash, {book.outsiders[UNKNOWN] for book in town.books}
    leaders = (held.person for held in town.world.positions if held.role == "LEADER")
    known = next(number for who in leaders if (number := town.world.people[who].number))

    def mistaking(tokens: Tokens, number: Any) -> bytes:
        return whole(tokens, known if number in strange else number)

    monkeypatch.setattr(Tokens, "_number_hash", mistaking)
    assert {"name", "id"} <= await leaked_to(town, UNKNOWN)


async def leaked_to(town: Town, who: str) -> set[str]:
    """The kinds of what comes to an outsider of the first municipality in a round as the hunt makes it."""
    async with hunting(town) as (hunter, tally):
        strangers = [asker for asker in hunter.outsiders() if asker.who == who and asker.book is hunter.books[0]]
        hunter.outsiders = lambda: strangers  # type: ignore[method-assign]
        await hunter.round(6, viewers=2)
    return kinds_leaked(tally)


async def test_hunter_finds_an_error_that_repeats_what_was_sent(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def repeating(errors: Any) -> list[dict[str, Any]]:
        return [{"message": error.message, "extensions": {"code": "BAD_VARIABLE"}} for error in errors]

    monkeypatch.setattr(resolvers.engine.variables, "masked", repeating)
    async with hunting(town) as (hunter, tally):
        asker = hunter.somebody()
        number = next(one for one in sorted(hunter.pool.numbers) if one not in hunter.granted(asker))
        asked = Operation("query ($n: Int) { viewer { pupils(first: $n) { totalCount } } }", {"n": number})
        hunter.judge(asker, await hunter.ask("http", asker, asked), asked, hunter.granted(asker), "planted")
    assert [leak.canary for leak in tally.leaks] == [number]


async def finds(town: Town, flaw: str, *told: str) -> bool:
    """Whether the hunt says all that of requests with such a flaw; it draws them until it does."""
    async with hunting(town) as (hunter, tally):
        askers = [hunter.somebody() for _ in range(4)]
        for number in range(200):
            asker = askers[number // 2 % len(askers)]
            hunter.prepare(asker)
            await hunter.flawed(asker, "http", flaw, ("query", "mutation")[number % 2])
            if set(told) <= {leak.how for leak in tally.leaks}:
                return True
    return False


REFUSAL_TELLS, NOT_REFUSED = "http: a refusal that tells what is there", "http: what cannot be was not refused"


async def test_hunter_finds_a_cursor_that_is_refused_only_where_there_is_something_to_page_through(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = resolvers.engine.connections.pages

    async def refusing(run: Any, level: Any, wanted: Any, window: Any, page: Any, bound_to: str, more: Any) -> Any:
        if page.cursor is not None and not run.services.cursors.belongs(page.cursor, bound_to):
            raise refusal("BAD_CURSOR", "This is no cursor of this connection.")
        return await whole(run, level, wanted, window, page, bound_to, more)

    monkeypatch.setattr(resolvers.engine.connections, "pages", refusing)
    monkeypatch.setattr(resolvers.engine.engine, "check_cursors", lambda *_: None)
    assert await finds(town, "cursor", REFUSAL_TELLS, f"{NOT_REFUSED} (cursor)")


async def test_hunter_finds_a_null_that_is_refused_only_where_there_is_a_field_to_carry_out(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolvers.engine.documents, "never_null", lambda *_: frozenset())
    assert await finds(town, "null", REFUSAL_TELLS, f"{NOT_REFUSED} (null)", "http: UNEXPECTED")


async def test_hunter_finds_the_key_of_a_row_in_a_header(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    key = next(key for key, kind in sorted(town.never.items()) if "row" in kind)
    header = (b"x-trace", urlsafe_b64encode(b"p" + bytes.fromhex(key)))
    monkeypatch.setattr(server.graphql_http, "ALWAYS", (*server.graphql_http.ALWAYS, header))
    async with hunting(town) as (hunter, tally):
        await hunter.read(hunter.somebody(), "http", Operation("{ viewer { municipality } }"))
    assert key in {leak.canary for leak in tally.leaks}


async def test_hunter_finds_a_cost_that_tells_what_is_there(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, there = Prepared.cost, {told for book in town.books for told in book.seen_ids.values()}

    def telling(prepared: Prepared, variables: Any) -> int:
        return whole(prepared, variables) + any(told in json.dumps(dict(variables)) for told in there)

    monkeypatch.setattr(Prepared, "cost", telling)
    async with hunting(town) as (hunter, tally):
        for asker in hunter.askers()[:20]:
            hunter.prepare(asker)
            operation = of_children(hunter, "name")
            told = await hunter.ask("http", asker, operation)
            await hunter.twin(asker, "http", operation, told, hunter.granted(asker))
    assert any("not there" in leak.how for leak in tally.leaks)


async def test_hunter_counts_the_statements_that_are_asked_of_the_database(town: Town) -> None:
    async with hunting(town) as (hunter, _):
        asker = hunter.somebody()
        assert hunter.statements is not None
        for what in ("name", "name guardians { name }"):
            await hunter.ask("http", asker, of_children(hunter, what))
        for _ in range(4):  # a connection that is just being left is not taken, and a new one is not listened to yet
            counts = []
            for what in ("name", "name threads { nodes { messages { nodes { body } } } }"):
                hunter.statements()
                await hunter.ask("http", asker, of_children(hunter, what))
                counts.append(len(hunter.statements()))
            if 0 < counts[0] < counts[1]:
                break
        else:
            pytest.fail(f"counted {counts}")


async def test_hunter_finds_a_name_in_a_log(town: Town) -> None:
    name = next(iter(town.world.people.values())).name
    async with hunting(town) as (hunter, tally):
        hunter.judge_log(json.dumps({"event": "request", "person": name.upper()}).encode())
        hunter.judge_log(b'{"event": "request", "ms": 3}')
    assert len(tally.leaks) == 1
    assert tally.leaks[0].canary in name


async def test_hunter_finds_what_a_block_has_closed(town: Town) -> None:
    """By grants of after the block, what was open before it is a leak."""
    async with hunting(town) as (hunter, tally):
        book = hunter.books[0]
        view_of = {asker: hunter.view(asker, hunter.now()[0]) for asker in hunter.askers() if asker.book is book}
        asker, child = next(
            (asker, child)
            for asker, view in view_of.items()
            for child in book.world.people
            if asker.who != child and "GUARDIAN" in view.relations(child)
        )
        operation = of_children(hunter, "birthDate")
        told = await hunter.ask("http", asker, operation)
        hunter.judge(asker, told, operation, hunter.granted(asker), "before")
        assert not tally.leaks
        book.world.block(asker.who, child, book.world.today)
        try:
            hunter.changed()
            hunter.judge(asker, told, operation, hunter.granted(asker), "after")
        finally:
            book.world.blocks.pop()
    assert "birth date" in kinds_leaked(tally)


async def test_hunter_finds_what_a_colleague_is_told_of_a_case_that_has_been_open(town: Town) -> None:
    """Whose case it is and the child's leaders are told of it; a colleague is while it waits and has never been."""
    tally, cells = Tally(), "id reason askedFor openedAt approvedByName"
    async with here(town, SEED, tally) as (hunter, clock):
        history, book = sequence(town, hunter, clock, SEED), hunter.books[0]
        for child in history.children():
            history.coming = [partial(history.need_case, child)]
            await history.go()
            case = book.world.need_cases[-1]
            if case.id in book.asked_for and case.opened:
                break
        assert not tally.leaks
        await town.learn_rows()
        others = (held.person for held in book.world.administrators if held.person != case.person)
        owner, colleague = (
            Asker(book, book.world.organisation_number, who, "employee") for who in (case.person, next(others))
        )
        key = book.need_case_ids[case.id]
        operation = Operation(f"query ($id: ID!) {{ node(id: $id) {{ ... on NeedCase {{ {cells} }} }} }}", {"id": key})
        told = await hunter.ask("http", owner, operation)
        hunter.judge(owner, told, operation, hunter.granted(owner), "whose case it is")
        assert not tally.leaks
        hunter.judge(colleague, told, operation, hunter.granted(colleague), "a colleague")
        assert kinds_leaked(tally) == {"id", "reason", "national id", "instant"}
        case.opened = False
        hunter.changed()
        tally.leaks.clear()
        hunter.judge(colleague, told, operation, hunter.granted(colleague), "a colleague, while it waits")
        case.opened = True
        hunter.changed()
    assert not tally.leaks


# --- the search ------------------------------------------------------------------------------------------------------

KEY = UUID("6f1d2ab4-93c5-4e07-8b5a-d1f0c2e94a37").bytes
AT = dt.datetime(2026, 10, 14, 10, 0, 0, 123, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("Rev qzabcdefgh", {"qzabcdefgh"}),
        ("REV QZABCDEFGH", {"qzabcdefgh"}),
        ("qzabcdefgi", set()),
        (quote("å") + "%71zabcdefgh", {"qzabcdefgh"}),
        ("\\u0071zabcdefgh", {"qzabcdefgh"}),
        (b64encode(b"x: Rev qzabcdefgh!").decode(), {"qzabcdefgh"}),
        (b64encode(b"aa" + json.dumps({"name": "Rev qzabcdefgh"}).encode()).decode(), {"qzabcdefgh"}),
        ("a01817512345b", {"01817512345"}),
        ("2026-10-14T10:00:00.000123+00:00", {key_of(AT)}),
        ("2026-10-14T12:00:00.000123+02:00", {key_of(AT)}),
        ("2026-10-14T10:00:00.000123Z", {key_of(AT)}),
        ("2026-10-14T10:00:00.000124Z", set()),
        (KEY.hex(), {KEY.hex()}),
        (KEY.hex().upper(), {KEY.hex()}),
        *((urlsafe_b64encode(b"x" * before + KEY + b"y" * 3).decode().rstrip("="), {KEY.hex()}) for before in range(5)),
        ("u" + urlsafe_b64encode(b"C" + KEY).decode(), {KEY.hex()}),
        (urlsafe_b64encode(b"C" + KEY[:15]).decode(), set()),
    ],
)
def test_search_finds_a_canary_however_it_is_written(raw: str, found: set[str]) -> None:
    search = Search()
    search.know(texts=["qzabcdefgh", "01817512345"], instants=[AT], binaries=[KEY])
    assert search.find(raw.encode()) == found
