"""`python -m tests.corpus`: how well the screening does on the sentences of tests/data/screening.

A line is a label, a bar and a sentence. The label names the kinds that the sentence holds, or is `-` for an ordinary
sentence and `!` for a hard one: it holds nothing, but sounds as if. The development part was tuned on. The fresh part
was written later, in four attacks; each was measured before a word was added for it, and tuned on then. The held-out
part was written before the lexicon was, and is looked at for its figures only.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click

from screening.kinds import Kind
from screening.screen import screen

SENTENCES = Path(__file__).parent / "data" / "screening"
PARTS = ("development", "fresh", "held-out")
LANGUAGES = ("nb", "nn", "en")

LABELS = {
    "id": Kind.NATIONAL_ID,
    "health": Kind.HEALTH,
    "belief": Kind.RELIGION_OR_BELIEF,
    "ethnic": Kind.RACIAL_OR_ETHNIC_ORIGIN,
    "politics": Kind.POLITICAL_OPINION,
    "union": Kind.TRADE_UNION_MEMBERSHIP,
    "genetic": Kind.GENETIC_DATA,
    "biometric": Kind.BIOMETRIC_DATA,
    "sex": Kind.SEX_LIFE_OR_ORIENTATION,
    "crime": Kind.CRIMINAL_OFFENCE,
    "welfare": Kind.CHILD_WELFARE,
}


@dataclass(frozen=True)
class Sentence:
    part: str
    language: str
    text: str
    kinds: frozenset[Kind]
    hard: bool


@dataclass
class Score:
    """Counts kinds of sentences: a sentence that holds two kinds counts twice."""

    right: int = 0
    missed: int = 0
    false: int = 0

    def add(self, held: frozenset[Kind] | set[Kind], found: frozenset[Kind] | set[Kind]) -> None:
        self.right += len(held & found)
        self.missed += len(held - found)
        self.false += len(found - held)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.false) if self.right + self.false else 1.0


@dataclass
class Figures:
    overall: Score = field(default_factory=Score)
    by_language: dict[str, Score] = field(default_factory=lambda: {language: Score() for language in LANGUAGES})
    by_kind: dict[Kind, Score] = field(default_factory=lambda: {kind: Score() for kind in Kind})
    refused: Counter[str] = field(default_factory=Counter)
    """Of the sentences that hold nothing, how many were found to hold something: `hard` and `ordinary`."""
    sizes: Counter[str] = field(default_factory=Counter)


def sentences() -> Iterator[Sentence]:
    for part in PARTS:
        for language in LANGUAGES:
            for line in (SENTENCES / f"{part}.{language}.txt").read_text(encoding="utf-8").splitlines():
                label, _, text = line.partition(" | ")
                kinds = frozenset() if label in {"-", "!"} else frozenset(LABELS[one] for one in label.split(","))
                yield Sentence(part, language, text, kinds, label == "!")


def found_in(sentence: Sentence) -> frozenset[Kind]:
    return frozenset(finding.kind for finding in screen(sentence.text))


def figures(measured: Iterable[Sentence]) -> Figures:
    result = Figures()
    for sentence in measured:
        found = found_in(sentence)
        result.overall.add(sentence.kinds, found)
        result.by_language[sentence.language].add(sentence.kinds, found)
        for kind in sentence.kinds | found:
            result.by_kind[kind].add(sentence.kinds & {kind}, found & {kind})
        sort = "sensitive" if sentence.kinds else "hard" if sentence.hard else "ordinary"
        result.sizes[sort] += 1
        if found and not sentence.kinds:
            result.refused[sort] += 1
    return result


def table(part: str, measured: Figures) -> str:
    lines = [f"{part}: {', '.join(f'{count} {sort}' for sort, count in measured.sizes.items())}"]
    rows = [("overall", measured.overall)]
    rows += [(language, score) for language, score in measured.by_language.items()]
    rows += [(kind.name, score) for kind, score in measured.by_kind.items()]
    for name, score in rows:
        counts = f"{score.right} right, {score.missed} missed, {score.false} false"
        lines.append(f"  {name:<26} recall {score.recall:.3f}  precision {score.precision:.3f}  {counts}")
    lines += [
        f"  {sort} sentences found to hold something: {measured.refused[sort]} of {measured.sizes[sort]}"
        for sort in ("hard", "ordinary")
    ]
    return "\n".join(lines)


@click.command(help="How well the screening does on the sentences that are kept for it.")
@click.option("--part", type=click.Choice(PARTS), help="One part only.")
@click.option("--wrong", is_flag=True, help="List the sentences of the development part that it gets wrong.")
def main(part: str | None, wrong: bool) -> None:
    kept = list(sentences())
    for one in PARTS:
        if part in {None, one}:
            click.echo(table(one, figures(sentence for sentence in kept if sentence.part == one)))
    if wrong:
        for sentence in kept:
            found = found_in(sentence)
            if sentence.part != "held-out" and found != sentence.kinds:
                missed, false = sentence.kinds - found, found - sentence.kinds
                click.echo(f"{[f'-{k.name}' for k in missed] + [f'+{k.name}' for k in false]} {sentence.text}")


if __name__ == "__main__":
    sys.exit(main())
