"""`screen(text)`: where a text holds what should not be written here.

One pass of an automaton over the words finds every place where a pattern of the lexicon may begin; what stands near
decides whether it counts. All is linear in the length of the text: patterns reach over a bounded number of words.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain
from typing import NamedTuple

from screening.folding import Folded, fold
from screening.kinds import Finding, Kind
from screening.lexicon import CONTEXTS, Entry, grammar, lexicon
from screening.numbers import national_ids

TOKEN = re.compile(r"[^\W\d_]+|\d+|[.!?](?!\w)|[\n,;:]")
SENTENCE_ENDS = frozenset(".!?\n")
OPENERS = frozenset(".!?\n:")
NEAR_TOPIC = 10
NEAR_PERSON = 10
NEAR_BEING = 4
NEAR_HAVING = 4
"""How many words away a word of context is still heard."""


class Hit(NamedTuple):
    entry: Entry
    first: int
    last: int
    """The tokens, the last included."""


@dataclass
class Words:
    """The words of a text in a row, with what was found of the lexicon in them."""

    folded: Folded
    tokens: list[str]
    hits: list[Hit] = field(default_factory=list)
    contexts: dict[str, list[int]] = field(default_factory=lambda: {context: [] for context in CONTEXTS})

    @cached_property
    def ends(self) -> list[int]:
        """The tokens that end a sentence."""
        return [at for at, token in enumerate(self.tokens) if token in SENTENCE_ENDS]

    @cached_property
    def cased(self) -> list[str]:
        return TOKEN.findall(self.folded.cased)

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        return [token.span() for token in TOKEN.finditer(self.folded.text)]

    def window(self, first: int, last: int, behind: int, ahead: int) -> tuple[int, int]:
        """The tokens from so many before to so many after that are of the same sentence; both ends are included."""
        at = bisect_left(self.ends, first)
        begin = max(first - behind, self.ends[at - 1] + 1 if at else 0)
        return begin, min(last + ahead, self.ends[at] if at < len(self.ends) else len(self.tokens) - 1)

    def near(self, context: str, first: int, last: int, reach: int, ahead: int | None = None) -> bool:
        """Whether a word of this context stands in the same sentence, within reach of the tokens."""
        begin, end = self.window(first, last, reach, reach if ahead is None else ahead)
        places = self.contexts[context]
        found = bisect_left(places, begin)
        return found < len(places) and places[found] <= end

    def near_someone(self, first: int, last: int) -> bool:
        """Whether a person is spoken of: by a word for one, or by a name."""
        if self.near("person", first, last, NEAR_PERSON):
            return True
        begin, end = self.window(first, last, NEAR_PERSON, NEAR_PERSON)
        found = bisect_left(self.names, begin)
        return any(begin <= at <= end and at != first for at in self.names[found : found + 2])

    def is_somebodys(self, at: int) -> bool:
        """Whether the words before say who has it: `Nora har`, `sønnen min fikk`; `en gutt som har` is nobody."""
        begin, _ = self.window(at, at, NEAR_HAVING, 0)
        for verb in range(max(begin, 1), at):
            if self.tokens[verb] in grammar("having"):
                owner = verb - 1
                one_or_other = owner > 0 and self.tokens[owner - 1] in grammar("or")
                if not one_or_other and (self.tokens[owner] in grammar("persons") or self._is_among_names(owner)):
                    return True
        return False

    def _is_among_names(self, at: int) -> bool:
        found = bisect_left(self.names, at)
        return found < len(self.names) and self.names[found] == at

    @cached_property
    def names(self) -> list[int]:
        return [
            at
            for at, word in enumerate(self.cased)
            if word[0].isupper() and (self.is_name(at) or self._opens_with_name(at))
        ]

    def is_name(self, at: int) -> bool:
        """Whether a word has a capital that the beginning of a sentence does not explain. English gives one to
        Christians and Sami as well, but no name has an article before it."""
        word = self.cased[at]
        if not word[0].isupper() or (len(word) > 1 and word.isupper()) or self._opens(at):
            return False
        return self.tokens[at - 1] not in grammar("articles")

    def is_proper(self, at: int) -> bool:
        """Whether a word is written as the name of an organization: `Høyre`, `SV`."""
        word = self.cased[at]
        return word[0].isupper() and (len(word) < 4 or not word.isupper()) and not self._opens(at)

    def _opens(self, at: int) -> bool:
        return at == 0 or self.tokens[at - 1] in OPENERS

    def _opens_with_name(self, at: int) -> bool:
        """Whether it begins a sentence and a verb of persons comes next: `Nora har`, but not `Nettbrettet har`."""
        return (
            self._opens(at)
            and self.tokens[at] not in grammar("no names")
            and not self.tokens[at].endswith(("et", "ene", "ane"))
            and at + 1 < len(self.tokens)
            and self.tokens[at + 1] in grammar("verbs")
        )


def screen(text: str) -> list[Finding]:
    """All findings, by place. Overlapping findings of one kind are one."""
    folded = fold(text)
    found = [Finding(Kind.NATIONAL_ID, *folded.span(start, end)) for start, end in national_ids(folded.text)]
    words = _read(folded)
    found.extend(
        Finding(hit.entry.kind, *folded.span(words.spans[hit.first][0], words.spans[hit.last][1]))
        for hit in _not_voided(words.hits)
        if hit.entry.kind is not None and _counts(hit, words)
    )
    return _merged(found)


def _read(folded: Folded) -> Words:
    words = Words(folded, TOKEN.findall(folded.text))
    joined = f" {' '.join(words.tokens)} "
    starts = list(accumulate((len(token) + 1 for token in words.tokens), initial=0))
    known = lexicon()
    for literal, start, end in known.automaton.find_matches_as_indexes(joined, overlapping=True):
        for entry in known.entries[literal]:
            reached = end
            if entry.rest is not None:
                rest = entry.rest.match(joined, end)
                if rest is None:
                    continue
                reached = rest.end()
            # Each token has a space before it, and a pattern takes the space after its last word.
            first = bisect_right(starts, start) - 1
            if entry.kind is None:
                words.contexts[entry.heading].append(first)
            else:
                words.hits.append(Hit(entry, first, bisect_right(starts, reached - 2) - 1))
    for places in words.contexts.values():
        places.sort()
    return words


def _not_voided(hits: list[Hit]) -> Iterator[Hit]:
    """The hits that share no word with a [not] of their kind."""
    void: dict[Kind | None, set[int]] = {}
    for hit in hits:
        if hit.entry.heading == "not":
            void.setdefault(hit.entry.kind, set()).update(range(hit.first, hit.last + 1))
    for hit in hits:
        if hit.entry.heading != "not" and void.get(hit.entry.kind, set()).isdisjoint(range(hit.first, hit.last + 1)):
            yield hit


def _counts(hit: Hit, words: Words) -> bool:
    """Whether what stands near lets a hit count."""
    heading = hit.entry.heading
    if heading == "always":
        return True
    if words.near("topic", hit.first, hit.last, NEAR_TOPIC) and not words.is_somebodys(hit.first):
        return False
    if heading == "being":
        return words.near("be", hit.first - 1, hit.first - 1, NEAR_BEING, ahead=0) and not words.is_name(hit.first)
    if heading == "proper" and not words.is_proper(hit.first):
        return False
    return heading == "about" or words.near_someone(hit.first, hit.last)


def _merged(found: Iterable[Finding]) -> list[Finding]:
    by_kind: dict[Kind, list[Finding]] = {}
    for finding in sorted(found, key=lambda one: (one.start, one.end)):
        row = by_kind.setdefault(finding.kind, [])
        if row and finding.start < row[-1].end:
            row[-1] = Finding(finding.kind, row[-1].start, max(row[-1].end, finding.end))
        else:
            row.append(finding)
    return sorted(chain.from_iterable(by_kind.values()), key=lambda one: (one.start, one.end, one.kind.name))
