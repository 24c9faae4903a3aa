"""The municipality of the demo: made by lot and by hand, then written as files that any reader can open."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from demo.cast import Cast
from demo.facts import Municipality
from demo.files import write_local_facts, write_persons, write_roster
from demo.maker import FEWEST_CHILDREN, Maker

ROSTER, PERSONS, LOCAL = "roster", "persons.ndjson", "local.ndjson"


class TooFewChildren(Exception):
    """The cast alone needs a class or two around it."""


def make_municipality(children: int, seed: int, today: dt.date) -> Municipality:
    """The same municipality for the same three; `children` counts all of them, those who have left too."""
    if children < FEWEST_CHILDREN:
        raise TooFewChildren(f"a demo municipality has at least {FEWEST_CHILDREN} children, not {children}")
    maker = Maker(children, seed, today)
    maker.build_terms()
    maker.build_units()
    maker.build_groups()
    maker.build_staff()
    maker.m.local_facts.append(
        {"id": "setting-delegate-consent", "kind": "setting", "at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC).isoformat(),
         "by": "import", "name": "delegateConsent", "value": "ONE"}
    )  # fmt: skip
    cast = Cast(maker)
    maker.choose_employed_parents()
    maker.ordinary_families(children - cast.children)
    return maker.m


def write_municipality(m: Municipality, folder: Path) -> None:
    """The files appear all at once: a folder that is there is whole."""
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    write_roster(m, unfinished / ROSTER)
    write_persons(m, unfinished / PERSONS)
    write_local_facts(m, unfinished / LOCAL)
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.replace(folder)
