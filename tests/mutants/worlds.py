"""The worlds that mutants are tried on: those of the rule tests, as the tests make them, and some random ones."""

from __future__ import annotations

import datetime as dt
import inspect
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from tests import (
    test_everyday_rules,
    test_family_rules,
    test_mutant_worlds,
    test_mutant_worlds_of_facts,
    test_mutant_worlds_of_family,
    test_mutant_worlds_of_work,
    test_rules,
)
from tests.oracle.relations import Relations
from tests.oracle.view import View
from tests.roads.place import LOGINS
from tests.statements import Statements
from tests.worlds.random_world import random_world
from tests.worlds.world import World, oslo


@dataclass
class Tried:
    """A world, and who looks at it."""

    name: str
    world: World
    views: list[View] = field(default_factory=list)


def parameter_sets(test: Any) -> list[dict[str, Any]]:
    """What pytest would call a test with, the fixtures apart."""
    sets: list[dict[str, Any]] = [{}]
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize":
            told, values = mark.args[:2]
            names = [name.strip() for name in told.split(",")] if isinstance(told, str) else list(told)
            given = [dict(zip(names, value if len(names) > 1 else (value,), strict=True)) for value in values]
            sets = [known | more for known in sets for more in given]
    return sets


async def of_tests(module: ModuleType) -> list[Tried]:
    """Every world that the module's tests hold statements about, without holding them."""
    tried: list[Tried] = []
    judged: dict[int, tuple[Tried, Relations]] = {}
    name = ""

    async def holds(world: World, *statements: str, now: dt.datetime | None = None) -> None:
        if id(world) not in judged:
            judged[id(world)] = (Tried(name, world), Relations(world))
            tried.append(judged[id(world)][0])
        own, relations = judged[id(world)]
        statement_views = Statements(world, now)
        for statement in statements:
            assert statement_views.holds(statement), f"{name}: not so, says the oracle: {statement}"
        own.views += [View(relations, *key, statement_views.now) for key in statement_views.views]

    for test_name, test in vars(module).items():
        if test_name.startswith("test_") and list(inspect.signature(test).parameters)[:1] == ["holds"]:
            for parameters in parameter_sets(test):
                name = test_name
                await test(holds, **parameters)
    return tried


def random_ones(seeds: range) -> list[Tried]:
    tried = []
    for seed in seeds:
        world = random_world(seed)
        relations, now = Relations(world), oslo(world.today)
        people = [who for who, told in world.people.items() if told.number]
        views = [View(relations, who, "both", now) for who in people]
        views += [View(relations, who, LOGINS[index % 2], now) for index, who in enumerate(people)]
        tried.append(Tried(f"random world {seed}", world, views))
    return tried


TESTS = (
    test_rules,
    test_everyday_rules,
    test_family_rules,
    test_mutant_worlds,
    test_mutant_worlds_of_facts,
    test_mutant_worlds_of_family,
    test_mutant_worlds_of_work,
)


async def all_worlds(random: int) -> list[Tried]:
    tried = [world for module in TESTS for world in await of_tests(module)]
    return [*tried, *random_ones(range(1, 1 + random))]
