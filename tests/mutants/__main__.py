"""`python -m tests.mutants`: breaks the policy in every way, and demands that a comparison with the oracle goes red.

Ends with an error when a mutant survives that `equivalent.py` does not explain. How each died is printed.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import multiprocessing.connection
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from server.data_folder import DataFolder
from server.database import open_database
from tests.conftest import FAST
from tests.mutants import by_tests, guards
from tests.mutants.equivalent import EQUIVALENT, UNANSWERED
from tests.mutants.mutations import MODULES, Mutant, mutants_of
from tests.mutants.printed import as_lines
from tests.mutants.stage import Stage, new_stage, rehearse, take
from tests.mutants.trial import FEW, Verdict, try_mutant
from tests.mutants.worlds import all_worlds

KINDS = ("condition", "column", "mask", "tested", "printed")
UNWORLDLY = ("tested", "printed")
"""Kinds that are tried in no world."""
PROCESSES = 2
PATIENCE = 300
"""Seconds for one mutant."""


@dataclass
class Order:
    """Which cases are likely to see a mutant: those that saw its neighbours."""

    cases: list[int]
    by_place: dict[str, Counter[int]] = field(default_factory=dict)
    by_module: dict[str, Counter[int]] = field(default_factory=dict)
    shuffled: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shuffled = Random(1).sample(self.cases, len(self.cases))

    def of(self, mutant: Mutant) -> list[int]:
        near = self.by_place.get(f"{mutant.module}.{mutant.place}", Counter())
        far = self.by_module.get(mutant.module, Counter())
        return sorted(self.shuffled, key=lambda case: -(10 * near[case] + far[case]))

    def learn(self, mutant: Mutant, case: int) -> None:
        self.by_place.setdefault(f"{mutant.module}.{mutant.place}", Counter())[case] += 1
        self.by_module.setdefault(mutant.module, Counter())[case] += 1


Verdicts: TypeAlias = dict[Mutant, Verdict]
Trials: TypeAlias = Iterator[tuple[Mutant, Verdict]]


def equivalent(mutant: Mutant) -> str | None:
    return EQUIVALENT.get(mutant.name) or UNANSWERED.get(mutant.name)


def in_processes(mutants: list[Mutant], judge: Callable[[Mutant, int], Verdict], patience: int) -> Trials:
    """Each in a process of its own, that is forked off with a slot of its own; told as they end."""
    context = multiprocessing.get_context("fork")
    waiting, running, slots = list(reversed(mutants)), {}, list(range(PROCESSES))

    def tell(mutant: Mutant, slot: int, sender: Any) -> None:
        sender.send(judge(mutant, slot))

    while waiting or running:
        while waiting and slots:
            mutant, slot = waiting.pop(), slots.pop()
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(target=tell, args=(mutant, slot, sender))
            process.start()
            sender.close()
            running[receiver] = (mutant, slot, process, time.monotonic())
        ready = multiprocessing.connection.wait(list(running), timeout=1)
        late = [one for one, (_, _, _, began) in running.items() if time.monotonic() - began > patience]
        for receiver in {*ready, *late}:
            mutant, slot, process, _ = running.pop(receiver)  # type: ignore[index]
            slots.append(slot)
            if receiver in ready:
                try:
                    verdict = receiver.recv()  # type: ignore[union-attr]
                except EOFError:
                    verdict = Verdict("raised", "its process ended")
            else:
                process.kill()
                verdict = Verdict("raised", f"no answer in {patience} s")
            process.join()
            yield mutant, verdict


def run_trials(stage: Stage, mutants: list[Mutant], most: int | None = None) -> Verdicts:
    """In the worlds; lines that are only printed need no process."""
    order, verdicts = Order([case.number for case in stage.cases if case.number not in stage.left_out]), {}
    printed = [mutant for mutant in mutants if mutant.kind == "printed"]
    for mutant in printed:
        told = as_lines(mutant)
        verdicts[mutant] = Verdict("printed" if told else "survived", told)
        say(mutant, verdicts[mutant], len(verdicts), len(mutants))

    def judge(mutant: Mutant, _: int) -> Verdict:
        return try_mutant(stage, mutant, order.of(mutant)[: FEW if equivalent(mutant) else most])

    for mutant, verdict in in_processes([one for one in mutants if one.kind not in UNWORLDLY], judge, PATIENCE):
        verdicts[mutant] = verdict
        if verdict.case is not None:
            order.learn(mutant, verdict.case)
        say(mutant, verdict, len(verdicts), len(mutants))
    return verdicts


def run_tests(made: list[by_tests.Bench], mutants: list[Mutant], *, trusting: bool) -> Verdicts:
    """By the tests of acts and of records; those that are not green unbroken kill nothing. `trusting`: that they are
    green is known from elsewhere."""
    seen: Counter[str] = Counter()
    red: dict[tuple[str, ...], Verdict] = {}
    for files in set() if trusting else {by_tests.files_of(mutant) for mutant in mutants}:

        def whole(_: Mutant, slot: int, files: tuple[str, ...] = files) -> Verdict:
            return by_tests.hold(made[slot], None, files, seen)

        [(_, verdict)] = in_processes([Mutant("unbroken", "", " ".join(files), 0, 0, "", None)], whole, PATIENCE)
        if verdict.how != "survived":
            print(f"not green unbroken, and so not asked: {verdict.told}")
            red[files] = Verdict("raised", f"not asked, since its tests are not green unbroken: {verdict.told}")
    verdicts = {mutant: red[files] for mutant in mutants if (files := by_tests.files_of(mutant)) in red}
    fit = [mutant for mutant in mutants if mutant not in verdicts]

    def judge(mutant: Mutant, slot: int) -> Verdict:
        return by_tests.hold(made[slot], mutant, by_tests.files_of(mutant), seen)

    for mutant, verdict in in_processes(fit, judge, PATIENCE):
        verdicts[mutant] = verdict
        if verdict.how == "test":
            seen[verdict.told] += 1
        say(mutant, verdict, len(verdicts), len(mutants))
    return verdicts


def say(mutant: Mutant, verdict: Verdict, count: int, of: int) -> None:
    if mutant.kind != "printed" or not verdict.killed:
        known = " (known to be equivalent)" if equivalent(mutant) and not verdict.killed else ""
        print(f"{count}/{of} {verdict.how}{known}: {mutant.name} | {verdict.told[:300]} [{verdict.cases}]", flush=True)


def chosen(options: argparse.Namespace) -> list[Mutant]:
    modules = [module for module in MODULES if options.only is None or module in options.only]
    mutants = [mutant for module in modules for mutant in mutants_of(module)]
    mutants.sort(key=lambda mutant: KINDS.index(mutant.kind))
    if options.match:
        mutants = [mutant for mutant in mutants if options.match in mutant.name]
    if options.named_in:
        told = options.named_in.read_text()
        mutants = [mutant for mutant in mutants if f"{mutant.name} | " in told]
    if options.sample is not None and options.sample < len(mutants):
        known = guards.places()
        judged = [mutant for mutant in mutants if mutant.kind not in UNWORLDLY and not equivalent(mutant)]
        judged = [mutant for mutant in judged if guards.place_of(mutant) in known]
        mutants = Random(options.seed).sample(judged, min(options.sample, len(judged)))
    return mutants


def report(verdicts: Verdicts, spent: float) -> int:
    how = Counter(verdict.how for verdict in verdicts.values())
    left = [mutant for mutant, verdict in verdicts.items() if not verdict.killed]
    known = [mutant for mutant in left if equivalent(mutant)]
    survivors = [mutant for mutant in left if not equivalent(mutant)]
    wrongly = [mutant for mutant, verdict in verdicts.items() if verdict.killed and equivalent(mutant)]
    for mutant in survivors:
        print(f"{verdicts[mutant].how.upper()}: {mutant.name} | {verdicts[mutant].told[:300]}")
    for mutant in wrongly:
        print(f"listed as equivalent, and killed: {mutant.name} | {verdicts[mutant].told[:300]}")
    print(
        f"\n{len(verdicts)} mutants made, {len(verdicts) - len(left)} killed ({how['oracle']} by the oracle, "
        f"{how['test']} by a test, {how['printed']} by the printed schema, {how['build']} at build), "
        f"{len(survivors)} survived, {len(known)} equivalent; {spent:.0f} s"
    )
    return 1 if survivors or wrongly else 0


def unsettled(mutant: Mutant, verdicts: Verdicts) -> bool:
    return mutant not in verdicts or not (verdicts[mutant].killed or equivalent(mutant) or mutant.kind == "printed")


async def prepare(stack: AsyncExitStack, folder: Path, options: argparse.Namespace, only: set[str] | None) -> Stage:
    database = await stack.enter_async_context(open_database(DataFolder.at(folder / "data"), cluster_settings=FAST))
    stage = new_stage(database)
    everything = [] if only == set() else await all_worlds(options.random)
    worlds = [tried for tried in everything if only is None or tried.name in only]
    for number, tried in enumerate(worlds):
        await take(stage, tried, number)
    await rehearse(stage)
    return stage


def try_all(options: argparse.Namespace, mutants: list[Mutant], only: set[str] | None) -> tuple[Verdicts, bool]:
    """In every world, or in some; and whether the unbroken policy and the oracle agree in them."""
    folder = Path(tempfile.mkdtemp(prefix="innsyn-mutants-", dir="/tmp"))
    folder.chmod(0o711)
    began = time.monotonic()
    with asyncio.Runner() as runner:  # between its runs no loop runs, so that processes can be forked off
        stack = AsyncExitStack()
        try:
            if all(mutant.kind in UNWORLDLY for mutant in mutants):
                only = set()
            stage = runner.run(prepare(stack, folder, options, only))
            spent = time.monotonic() - began
            print(f"{len(stage.held)} worlds, {len(stage.views)} views, {len(stage.cases)} cases; {spent:.0f} s")
            for one in stage.wrong:
                print(f"left out, since the unbroken policy differs from the oracle: {one[:300]}")
            verdicts = run_trials(stage, mutants, options.most)
            if options.record:
                guards.record(verdicts, stage)
            # In few worlds a survivor is tried in all of them first.
            left = [mutant for mutant in mutants if mutant.kind == "tested" or only is None]
            if left := [mutant for mutant in left if unsettled(mutant, verdicts)]:
                print(f"{len(left)} by the tests themselves")
                verdicts |= run_tests(
                    runner.run(by_tests.benches(stack, folder, PROCESSES)), left, trusting=bool(options.sample)
                )
            return verdicts, not stage.wrong
        finally:
            runner.run(stack.aclose())
            shutil.rmtree(folder)


def try_sample(options: argparse.Namespace, mutants: list[Mutant]) -> tuple[Verdicts, bool]:
    """In the worlds that killed their neighbours the last time; whoever survives there is tried in all of them."""
    verdicts, agree = try_all(options, mutants, guards.worlds_of(mutants))
    left = [mutant for mutant, verdict in verdicts.items() if not verdict.killed]
    if left and agree:
        print(f"{len(left)} of them survived in the worlds that guard their places: once more, in all worlds")
        again, agree = try_all(options, left, None)
        verdicts |= again
    return verdicts, agree


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", action="append", metavar="MODULE", choices=MODULES, help="may be told several times")
    parser.add_argument("--match", metavar="TEXT", help="only mutants with this in their name")
    parser.add_argument("--named-in", type=Path, metavar="FILE", help="only mutants that this names, such as a log")
    parser.add_argument("--list", action="store_true", help="name the mutants and try none")
    parser.add_argument(
        "--sample", type=int, metavar="N", help="so many, drawn by --seed, in the worlds of guards.json"
    )
    parser.add_argument("--seed", default="1", metavar="TEXT", help="such as the commit's hash")
    parser.add_argument("--record", action="store_true", help="write tests/mutants/guards.json, by which --sample goes")
    parser.add_argument("--most", type=int, metavar="N", help="a quick look: so many cases for a mutant")
    parser.add_argument("--random", type=int, default=2, metavar="N", help="random worlds beside those of the rules")
    options = parser.parse_args()
    mutants = chosen(options)
    if options.list:
        for mutant in mutants:
            reason = equivalent(mutant)
            print(mutant.name + (f"  (equivalent: {reason})" if reason else ""))
        print(f"{len(mutants)} mutants")
        return
    began = time.monotonic()
    verdicts, agree = try_all(options, mutants, None) if options.sample is None else try_sample(options, mutants)
    sys.exit(report(verdicts, time.monotonic() - began) or not agree)


if __name__ == "__main__":
    main()
