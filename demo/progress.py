"""Progress of a first start, one bar for each step; plain lines where nobody watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from demo.threads import Progress


@contextmanager
def progress_bars(console: Console | None = None) -> Iterator[Progress]:
    """Gives what `build_demo` wants to be told by."""
    out = console or Console(stderr=True)
    columns = (TextColumn("{task.description:>16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    if not out.is_terminal:
        yield PlainLines(out)
        return
    with Bars(*columns, console=out) as bars:
        steps: dict[str, TaskID] = {}

        def told(step: str, done: int, total: int) -> None:
            if step not in steps:
                steps[step] = bars.add_task(step, total=total)
            bars.update(steps[step], completed=done, total=total)

        yield told


class PlainLines:
    """One line when a step begins and one when it is done."""

    def __init__(self, out: Console) -> None:
        self.out = out

    def __call__(self, step: str, done: int, total: int) -> None:
        if done in {0, total}:
            self.out.print(f"{step}: {'done' if done else 'begun'}", highlight=False)
