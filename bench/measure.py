"""Compares the contestants' answers, then their speed, in rounds so that all of them meet the same minute's machine."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import httpx

from bench.contestants import Contestant, body
from bench.load import Request, Run, load
from bench.questions import Asker

COMPARED_ANYHOW = 25
"""Askers a question whose answers are compared from the slow peer too; the others answer every asker first."""
WARMING_SECONDS = 2.0


class AnswersDiffer(Exception):
    """Two contestants do not say the same, so that their speed cannot be compared."""


@dataclass
class Measured:
    """Requests a second by question and contestant, a figure a round."""

    rates: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    p99: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    sizes: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """The least and the most bytes of a body, as they were when the answers were compared."""
    compared: dict[str, int] = field(default_factory=dict)
    memory: dict[str, float | None] = field(default_factory=dict)
    looked_into: int = 0

    def ratios(self, question: str, one: str, other: str) -> list[float]:
        """Round by round."""
        return [a / b for a, b in zip(self.rates[question, one], self.rates[question, other], strict=True)]


def compare(
    contestants: Sequence[Contestant], askers: dict[str, list[Asker]], foreign: dict[str, list[Asker]], found: Measured
) -> None:
    """Every asker's answer, and what foreign viewers get, must be the same from all."""
    with httpx.Client(timeout=60) as client:
        for question, own in askers.items():
            sizes: dict[str, list[int]] = {one.name: [] for one in contestants}
            everyone = [*foreign[question], *own]
            for number, asker in enumerate(everyone):
                may_be_slow = number < len(foreign[question]) + COMPARED_ANYHOW
                answering = [one for one in contestants if may_be_slow or one.name != "peer"]
                answers = [(one.name, *one.ask(client, question, asker)) for one in answering]
                for (first, said, _), (second, said_too, _) in pairwise(answers):
                    if said != said_too:
                        where = first_difference(said, said_too)
                        raise AnswersDiffer(f"{question} for {asker}: {first} and {second} differ at {where}")
                if number < len(foreign[question]):
                    check_nothing_is_told(question, asker, answers[0][1], is_stranger=asker is foreign[question][0])
                else:
                    for name, _, size in answers:
                        sizes[name].append(size)
            found.compared[question] = len(everyone)
            anyone = [size for measured in sizes.values() for size in measured]
            for name, measured in sizes.items():
                if len(measured) == len(own):
                    found.sizes[question, name] = (min(measured), max(measured))
                else:
                    found.sizes[question, name] = (int(min(anyone) / 1.5), int(max(anyone) * 1.5))


def check_nothing_is_told(question: str, asker: Asker, answer: object, *, is_stranger: bool) -> None:
    """That all say the same is not enough: to a stranger it must be nothing."""
    if is_stranger and any(word in str(answer) for word in ("subject", "body")):
        raise AnswersDiffer(f"{question}: {asker} is a stranger and was answered {str(answer)[:200]}")


def first_difference(one: object, other: object, path: str = "data") -> str:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        differing = next(key for key in one if one[key] != other[key])
        return first_difference(one[differing], other[differing], f"{path}.{differing}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        position = next(i for i, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
        return first_difference(one[position], other[position], f"{path}[{position}]")
    return f"{path}: {str(one)[:300]} | {str(other)[:300]}"


def measure(
    contestants: Sequence[Contestant],
    askers: dict[str, list[Asker]],
    found: Measured,
    rounds: int,
    seconds: float,
    tell: Callable[[str], None],
) -> None:
    requests = {
        (question, one.name): [Request(one.header(asker), body(question, asker)) for asker in asking]
        for question, asking in askers.items()
        for one in contestants
    }

    def look_into(question: str, one: Contestant) -> None:
        run = load(one.url, requests[question, one.name], WARMING_SECONDS, sizes=found.sizes[question, one.name])
        found.looked_into += run.requests  # none, where a slow contestant meets a busy machine
        check(run, question, one)

    for question in askers:
        for one in contestants:
            look_into(question, one)
    for number in range(rounds):
        for question in askers:
            for one in contestants if number % 2 == 0 else reversed(contestants):
                run = load(one.url, requests[question, one.name], seconds, begin=number * 37)
                check(run, question, one)
                least, most = found.sizes[question, one.name]
                if not least <= run.mean_bytes <= most + 1_000:
                    raise AnswersDiffer(f"{one.name} sent {run.mean_bytes:.0f} bytes for {question} under load")
                found.rates.setdefault((question, one.name), []).append(run.rate)
                found.p99.setdefault((question, one.name), []).append(run.p99_ms)
                tell(f"round {number + 1} {question} {one.name}: {run.rate:,.0f} a second, p99 {run.p99_ms:.0f} ms")
    for question in askers:
        for one in contestants:
            look_into(question, one)
    found.memory = {one.name: one.peak_memory() for one in contestants}


def check(run: Run, question: str, one: Contestant) -> None:
    if run.failed:
        raise AnswersDiffer(f"{one.name} answered {run.failed} of {run.requests} requests of {question} wrongly")


def median(figures: Sequence[float]) -> float:
    return statistics.median(figures)
