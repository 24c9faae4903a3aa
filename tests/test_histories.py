"""Random histories of acts, after each of which every answer is what the oracle says."""

from __future__ import annotations

import pytest

from tests.api_connection import as_owner
from tests.histories import run
from tests.roads.place import Place
from tests.walls import MISKEPT_SIDES


@pytest.mark.parametrize("seed", [1, 2])
async def test_server_agrees_with_the_oracle_through_a_random_history_of_acts(place: Place, seed: int) -> None:
    history = await run(place, seed, 40)
    carried_out = sum(count for name, count in history.done.items() if name.endswith("done"))
    assert carried_out > 5, history.done
    assert await as_owner(place, MISKEPT_SIDES) == []
