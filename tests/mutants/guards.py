"""Which tests' worlds guard which function or constant: `guards.json`, as the last whole run found it.

It only spares time. A sample is tried in those worlds, and what survives there in all of them; so an entry that is
missing or out of date costs a minute, and never a mutant.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.mutants.mutations import Mutant
from tests.mutants.stage import Stage
from tests.mutants.trial import Verdict

FILE = Path(__file__).with_name("guards.json")


def place_of(mutant: Mutant) -> str:
    return f"{mutant.module} {mutant.place}"


def places() -> dict[str, list[str]]:
    """The names of worlds, by place."""
    told: dict[str, list[str]] = json.loads(FILE.read_text()) if FILE.exists() else {}
    return told


def record(verdicts: Mapping[Mutant, Verdict], stage: Stage) -> None:
    """Keeps what is known of places that were not tried."""
    told = places()
    found: dict[str, set[str]] = {}
    for mutant, verdict in verdicts.items():
        if verdict.case is not None:
            found.setdefault(place_of(mutant), set()).add(stage.held[stage.cases[verdict.case].tried].name)
    told |= {place: sorted(names) for place, names in found.items()}
    FILE.write_text(json.dumps(dict(sorted(told.items())), indent=1, ensure_ascii=False) + "\n")


def worlds_of(mutants: Iterable[Mutant]) -> set[str]:
    told = places()
    return {name for mutant in mutants for name in told.get(place_of(mutant), ())}
