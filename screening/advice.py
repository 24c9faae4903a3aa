"""What a sender is told of the findings in a message: which kinds, that it is better to call or to meet, and where.

The texts are in `screening/advice.toml`. They name kinds and never repeat a word of the message.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeAlias

from screening.kinds import Kind

Language: TypeAlias = Literal["nb", "nn", "en"]


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads((files("screening") / "advice.toml").read_text(encoding="utf-8"))


def advice(kinds: Iterable[Kind], unit: str, phone: str | None, language: Language) -> str:
    """The advice for findings of these kinds, at least one, in a message to the unit; kinds may come twice.

    A national identity number is spoken of first, since it must be taken out whatever else there is.
    """
    texts = _texts()[language]
    there = set(kinds)
    sentences: list[str] = []
    others = [texts["kinds"][kind.name] for kind in Kind if kind in there and kind.may_be_acknowledged]
    if not all(kind.may_be_acknowledged for kind in there):
        sentences.append(texts["refused"])
        if phone and not others:
            sentences.append(texts["refused_phone"])
    if others:
        *first, last = others
        listed = texts["and"].join([", ".join(first), last]) if first else last
        sentences += [texts["found"].replace("{kinds}", listed), texts["phone" if phone else "no_phone"]]
    return " ".join(
        part.replace("{phone}", phone or "").replace("{unit}", unit) if "{unit}" in part else part for part in sentences
    )
