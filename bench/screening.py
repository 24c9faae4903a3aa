"""`python -m bench.screening`: how long the screening of one text takes, at the median and the 99th percentile.

The texts are made of the kept sentences in random order, so they hold far more to be found than messages do; and of one
unit over and over, which is what an attacker sends. Of each, the best of three runs: a shared machine's pauses are not
the screening's.
"""

from __future__ import annotations

import random
import sys
import time

import click

from screening.screen import screen
from tests.corpus import sentences

LIMIT = 0.005
"""Seconds for 5,000 characters at the 99th percentile."""

HOSTILE = (
    "a",
    "1",
    "1 ",
    "0,",
    "syk ",
    "syk",
    "har vondt i ",
    "01 81 15 ",
    "fritak fra den ",
    "\u00ad",
    "e\u0301",
    "stemmer på den ",
)


def seconds(text: str) -> float:
    times = []
    for _ in range(3):
        began = time.perf_counter()
        screen(text)
        times.append(time.perf_counter() - began)
    return min(times)


def row(name: str, times: list[float]) -> str:
    times.sort()
    median, high = times[len(times) // 2], times[int(len(times) * 0.99)]
    return f"{name:<34} median {median * 1000:7.3f} ms   99th percentile {high * 1000:7.3f} ms"


@click.command(help="How long the screening of a text takes. Ends with 1 when 5,000 characters take too long.")
@click.option("--texts", default=1000, show_default=True, help="How many texts of each size.")
def main(texts: int) -> None:
    draw = random.Random(1)
    kept = [sentence.text for sentence in sentences()]
    harmless = [sentence.text for sentence in sentences() if not sentence.kinds]
    screen("")
    slow = False
    for name, of in (("all sentences", kept), ("sentences that hold nothing", harmless)):
        for size in (500, 5_000, 50_000):
            number = max(texts * 5_000 // (10 * size), 10) if size > 500 else texts
            times = [seconds(" ".join(draw.choices(of, k=size // 20))[:size]) for _ in range(number)]
            click.echo(row(f"{name}, {size}", times))
            slow = slow or (size == 5_000 and times[int(len(times) * 0.99)] > LIMIT)
    for unit in HOSTILE:
        times = [seconds((unit * 5_000)[:5_000]) for _ in range(20)]
        click.echo(row(f"{unit!r} over and over, 5,000", times))
        slow = slow or times[-1] > LIMIT
    sys.exit(slow)


if __name__ == "__main__":
    main()
