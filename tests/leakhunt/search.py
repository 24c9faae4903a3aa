"""Searches bytes for canaries, in the forms in which a value may come back.

Texts, numbers, telephones and days are looked for as they are, whatever the case and within whatever else; what is
percent-encoded or escaped in JSON is looked through once more. An instant counts in every offset that it can be written
with. Keys of rows, and whatever else is binary, are looked for as hex, and within all that can be read as base64, at
every alignment: a global id, a cursor and a ticket are such text.
"""

from __future__ import annotations

import datetime as dt
import re
from binascii import a2b_base64
from collections.abc import Iterable
from urllib.parse import unquote

from ahocorasick_rs import AhoCorasick, Implementation

INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)")
BASE64 = re.compile(r"[A-Za-z0-9_\-+/]{22,}")
HEX = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
TO_PLAIN = str.maketrans("-_", "+/")
LENGTH = 16
"""Of a key; of what is longer, so many first bytes are looked for."""


class Search:
    """Canaries by the key that they are known by: a lower-case text, `at <instant>`, or the hex of sixteen bytes."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.instants: dict[dt.datetime, str] = {}
        self.binaries: set[bytes] = set()
        self._machine: AhoCorasick | None = None
        self._runs: dict[str, frozenset[str]] = {}

    def know(
        self, texts: Iterable[str] = (), instants: Iterable[dt.datetime] = (), binaries: Iterable[bytes] = ()
    ) -> None:
        sizes = len(self.texts), len(self.binaries)
        self.texts |= {text.lower() for text in texts}
        self.instants |= {one: key_of(one) for one in instants}
        self.binaries |= {one[:LENGTH] for one in binaries if len(one) >= LENGTH}
        if sizes != (len(self.texts), len(self.binaries)):
            self._machine = None
            self._runs.clear()

    def find(self, raw: bytes) -> set[str]:
        text = raw.decode("utf-8", "replace")
        found = self._in_text(text)
        if "%" in text:
            found |= self._in_text(unquote(text))
        if "\\u" in text:
            found |= self._in_text(re.sub(r"\\u([0-9a-fA-F]{4})", lambda one: chr(int(one[1], 16)), text))
        return found

    def _literal(self, text: str) -> set[str]:
        if self._machine is None:
            self._machine = AhoCorasick(sorted(self.texts), implementation=Implementation.ContiguousNFA)
        return set(self._machine.find_matches_as_strings(text.lower(), overlapping=True))

    def _in_text(self, text: str) -> set[str]:
        found = self._literal(text)
        for told in INSTANT.findall(text):
            at = dt.datetime.fromisoformat(told).astimezone(dt.UTC)
            if (known := self.instants.get(at)) is not None:
                found.add(known)
        for told in HEX.findall(text):
            raw = bytes.fromhex(told.replace("-", ""))
            if raw in self.binaries:
                found.add(raw.hex())
        for run in BASE64.findall(text):
            known_run = self._runs.get(run)
            if known_run is None:
                if len(self._runs) > 200_000:
                    self._runs.clear()
                known_run = self._runs[run] = frozenset(self._in_base64(run))
            found |= known_run
        return found

    def _in_base64(self, run: str) -> set[str]:
        found: set[str] = set()
        plain = run.translate(TO_PLAIN)
        for start in range(4):
            piece = plain[start:]
            piece = piece[: len(piece) - (len(piece) % 4 == 1)]
            raw = a2b_base64(piece + "=" * (-len(piece) % 4))
            for at in range(len(raw) - LENGTH + 1):
                if raw[at : at + LENGTH] in self.binaries:
                    found.add(raw[at : at + LENGTH].hex())
            found |= self._literal(raw.decode("latin-1"))
        return found


def key_of(canary: dt.datetime | bytes | str) -> str:
    if isinstance(canary, dt.datetime):
        return f"at {canary.astimezone(dt.UTC).isoformat()}"
    return canary[:LENGTH].hex() if isinstance(canary, bytes) else canary.lower()
