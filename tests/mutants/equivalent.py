"""Mutants that cannot change any answer, each with the reason: the name begins with the key."""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {}
