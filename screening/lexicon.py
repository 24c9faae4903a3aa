"""The words of `screening/words/`, read once: what to look for, and which words near it make it count or not.

A line of a word file holds patterns with commas between. A pattern is words in small letters, each as it stands, or
with one of these signs.

    feber+         the word with any ending of inflection, Norwegian or English
    diabetes*      a word that begins so: inflected or compounded
    *sykdom*       a word that holds it
    (syk|sjuk)     one of several
    ..             up to three words between

Lines stand under a heading that says when they count:

    [always]       wherever they stand
    [about]        but not where the sentence is about a thing in general: a lesson, a talk, a notice to all
    [someone]      nor where nobody is spoken of
    [being]        after a form of "to be" or "to become" only, and not where the word can be a name
    [proper]       with a capital that the beginning of a sentence does not explain, where somebody is spoken of
    [not]          never, nor any pattern that shares a word with it

`context.txt` holds the words near: [topic], [person], [be]; `grammar.txt` what sentences are read by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ahocorasick_rs import AhoCorasick

from screening.kinds import Kind

GAP = r"(?:[^ .!?\n]{1,40} ){0,3}"
WORD = r"[^ ]{0,40}"
"""Longer words are nobody's; the bound keeps a text of one word linear."""
PARTS = re.compile(r"[^\s()]*\([^()]*\)[^\s()]*|\S+")
BETWEEN = re.compile(r",(?![^()]*\))")
"""A comma, but not one in brackets, which is a comma to be found."""
CONTEXTS = ("topic", "person", "be")
GRAMMAR = ("endings", "articles", "verbs", "having", "persons", "or", "no names")
KNOWN = {"context": CONTEXTS, "grammar": GRAMMAR}
HEADINGS = ("always", "about", "someone", "being", "proper", "not")


@dataclass(frozen=True, slots=True)
class Entry:
    heading: str
    kind: Kind | None
    """None for the words of `context.txt`."""
    rest: re.Pattern[str] | None
    """What follows the literal beginning; None where that is all."""


@dataclass(frozen=True, slots=True)
class Lexicon:
    automaton: AhoCorasick
    entries: tuple[tuple[Entry, ...], ...]
    """For each literal of the automaton, what it may begin."""


@cache
def grammar(heading: str) -> frozenset[str]:
    """The words of `grammar.txt` under a heading."""
    return frozenset(word for under, word in _lines("grammar") if under == heading)


@cache
def _endings() -> str:
    return "|".join(["", *sorted(grammar("endings"))])


def _choices(word: str) -> list[str]:
    """`(syk|sjuk)+` as its alternatives, each with the signs around the brackets."""
    opened = re.fullmatch(r"([^()]*)\(([^()]+)\)([^()]*)", word)
    return [opened[1] + one + opened[3] for one in opened[2].split("|")] if opened else [word]


def _expression(word: str) -> str:
    if word == "..":
        return GAP
    choices = "|".join(_word_expression(one) for one in _choices(word))
    return f"(?:{choices}) "


def _word_expression(word: str) -> str:
    core = re.escape(word.strip("*+"))
    ending = WORD if word.endswith("*") else f"(?:{_endings()})" if word.endswith("+") else ""
    return (WORD if word.startswith("*") else "") + core + ending


def compiled(pattern: str) -> Iterator[tuple[str, re.Pattern[str] | None]]:
    """The literals that a pattern may begin with, as they stand in words set apart by single spaces, and the rest."""
    first, *others = PARTS.findall(pattern)
    rest = "".join(map(_expression, others))
    for choice in _choices(first):
        core = choice.strip("*+")
        literal = core if choice.startswith("*") else f" {core}"
        if choice.endswith("*"):
            tail = f"{WORD} {rest}"
        elif choice.endswith("+"):
            tail = f"(?:{_endings()}) {rest}"
        else:
            literal, tail = f"{literal} ", rest
        # A literal as long as can be: the automaton then reports few that the rest refuses.
        plain = [other for other in others if not re.search(r"[*+(.]", other)]
        if plain == others and not choice.endswith(("*", "+")):
            literal, tail = literal + "".join(f"{other} " for other in others), ""
        yield literal, re.compile(tail) if tail else None


def _lines(name: str) -> Iterator[tuple[str, str]]:
    heading = ""
    text = (files("screening") / "words" / f"{name}.txt").read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        content = line.split("#")[0].strip()
        if content.startswith("["):
            heading = content.strip("[]")
            if heading not in KNOWN.get(name, HEADINGS):
                raise UnknownHeading(f"{name}.txt, line {number}: {content}")
        elif content:
            for pattern in BETWEEN.split(content):
                yield heading, pattern.strip()


class UnknownHeading(ValueError):
    """A word file has a heading that nothing reads."""


@cache
def lexicon() -> Lexicon:
    found: dict[str, list[Entry]] = {}
    pages = [(None, "context"), *((kind, kind.value) for kind in Kind if kind is not Kind.NATIONAL_ID)]
    for kind, name in pages:
        for heading, pattern in _lines(name):
            for literal, rest in compiled(pattern):
                found.setdefault(literal, []).append(Entry(heading, kind, rest))
    return Lexicon(AhoCorasick(list(found)), tuple(map(tuple, found.values())))
