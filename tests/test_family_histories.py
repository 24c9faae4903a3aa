"""Random histories of what people do about families, after each of which every answer is what the oracle says."""

from __future__ import annotations

import pytest

from tests.family_histories import run_family
from tests.roads.place import Place


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_server_agrees_with_the_oracle_through_what_people_do_about_families(place: Place, seed: int) -> None:
    history = await run_family(place, seed, 40)
    carried_out = sum(count for name, count in history.done.items() if name.endswith("done"))
    assert carried_out > 8, history.done
