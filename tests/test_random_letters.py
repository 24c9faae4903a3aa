"""Unit letters in random worlds: whom each would reach, and who sees how it fared, as the oracle says."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from server.letters import deliver
from tests.acts import Acts
from tests.oracle import letters
from tests.oracle.relations import Relations
from tests.oracle.view import View
from tests.test_unit_letters import LETTER, PREVIEW, At
from tests.worlds.random_world import random_world
from tests.worlds.world import oslo

WHOM = PREVIEW.replace("{ name }", "{ id }", 2)
FARED = "query ($id: ID!) { node(id: $id) { ... on Broadcast { recipients delivered threads { totalCount } } } }"
LETTERS = 6


@pytest.mark.parametrize("seed", [21, 22, 23])
async def test_letters_of_a_random_world_reach_and_are_seen_by_whom_the_oracle_says(place, seed: int) -> None:
    world = random_world(seed)
    acts = await Acts.of(place, world, oslo(world.today))
    relations = Relations(world)
    handles = {told: node.handle for node, told in acts.loaded.ids.items()}
    wrong: list[str] = []
    sent: list[tuple[str, str, str, letters.Pairs]] = []
    for who in acts.people():
        view = View(relations, who, "employee", acts.now)
        for unit, group in [(unit, None) for unit in world.units] + [
            (unit, told.handle) for told in world.groups.values() for unit in {told.unit, "school"}
        ]:
            given: dict[str, Any] = {"unitId": acts.id("Unit", unit)}
            if group is not None:
                given["groupId"] = acts.id("Group", group)
            told = await acts.act(who, WHOM, given, "employee")
            found: letters.Pairs | str = frozenset(
                (handles[one["child"]["id"]], handles[one["guardian"]["id"]]) for one in told["recipients"]
            )
            if told["problems"]:
                found = told["problems"][0]["code"]
            expected = letters.preview(view, unit, group)
            if found != expected:
                wrong.append(f"{who} to {unit} {group}: {expected} expected, {found} given")
            if expected and isinstance(expected, frozenset) and len(sent) < LETTERS:
                given |= {"subject": "Tur", "body": "Husk niste", "previewToken": told["previewToken"],
                          "idempotencyKey": acts.key()}  # fmt: skip
                made = await acts.act(who, LETTER, given, "employee")
                sent.append((made["broadcast"]["id"], unit, who, expected))
    assert not wrong, "\n".join(wrong)
    assert len(sent) >= 2
    await deliver(place.engine, At(acts.now + dt.timedelta(seconds=1)))
    for who in acts.people():
        view = View(relations, who, "employee", acts.now)
        for told, unit, sender, pairs in sent:
            node = (await acts.ask(who, FARED, {"id": told}, "employee"))["node"]
            if not letters.sees_letter(view, unit, sender, pairs):
                assert node is None, (who, unit, sender)
                continue
            seen = len(letters.seen_of(view, unit, pairs))
            assert node == {"recipients": seen, "delivered": seen, "threads": {"totalCount": seen}}, (who, unit, sender)
