"""What the demo in a data folder is made of, so that later starts know and one broken off goes on with it."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from dataclasses import asdict, dataclass

from demo.facts import Municipality
from demo.municipality import make_municipality
from server.data_folder import DataFolder, write_secret


@dataclass(frozen=True)
class Recipe:
    """Kept in `demo.json`; whatever a later start is told, this holds."""

    children: int
    messages: int
    seed: int
    today: str
    organisation: str
    administrator: str
    """National identity number of whoever holds a need case at each start."""
    child: str
    """And of the child whom it is on."""
    built: bool = False

    @property
    def day(self) -> dt.date:
        return dt.date.fromisoformat(self.today)

    def make(self) -> Municipality:
        return make_municipality(self.children, self.seed, self.day)


def kept_recipe(folder: DataFolder) -> Recipe | None:
    with suppress(FileNotFoundError):
        return Recipe(**json.loads((folder.path / "demo.json").read_text("utf-8")))
    return None


def keep(recipe: Recipe, folder: DataFolder) -> None:
    write_secret(folder.path / "demo.json", json.dumps(asdict(recipe), indent=2) + "\n")
