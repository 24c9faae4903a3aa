"""Small worlds for what only a broken rule would show: each of them kills a mutant that no other world kills."""

from __future__ import annotations

from tests.worlds.village import village
from tests.worlds.world import TODAY, oslo


async def test_somebody_who_is_nothing_to_anybody_sees_units_alone(holds):
    await holds(village(), "aunt sees unit school", "aunt does not see child pupil", now=oslo(TODAY, "09:00"))
