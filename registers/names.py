"""Whether two names can be one person's: given and family names compared in parts, case and accents aside."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from norway.names import full_name, name_order

UNKNOWN_NAME = "Ukjent"
"""The name of a person who is known by number alone."""
LETTERS = str.maketrans({"ø": "o", "æ": "ae", "å": "a", "ð": "d", "þ": "th", "ł": "l", "đ": "d"})


def _parts(*names: str | None) -> set[str]:
    """The parts of a name, case, accents and hyphens aside. Å is a letter and no accent, but exports lose it."""
    text = " ".join(filter(None, names)).casefold().translate(LETTERS)
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return set(re.findall(r"\w+", plain))


@dataclass(frozen=True, slots=True)
class Name:
    given: str | None
    middle: str | None
    family: str | None

    @property
    def told(self) -> bool:
        return bool(_parts(self.given, self.middle, self.family))

    def agrees_with(self, other: Name, *, child: bool) -> bool:
        """Whether both can be names of one person; a name that is not told contradicts nothing.

        For a child both a given and a family name must be shared, for an adult one of them, since adults change names.
        """
        if not self.told or not other.told:
            return True
        given = bool(_parts(self.given, self.middle) & _parts(other.given, other.middle))
        family = bool(_parts(self.family, self.middle) & _parts(other.family, other.middle))
        return (given and family) if child else (given or family)

    def columns(self) -> dict[str, Any]:
        name = full_name(self.given, self.middle, self.family) or UNKNOWN_NAME
        return {
            "given_name": self.given,
            "middle_name": self.middle,
            "family_name": self.family,
            "name": name,
            "name_key": name_order(name),
        }


NO_NAME = Name(None, None, None)
