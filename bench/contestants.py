"""The servers that are measured, each in a process of its own: Innsyn as anyone starts it, the limit and the peer."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench.municipality import ORGANISATION_NUMBER
from bench.questions import TEXTS, Asker, variables
from server.data_folder import DataFolder
from server.tokens import issue_development_token

ROOT = Path(__file__).parent.parent
UVICORN = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning")
SECONDS_TO_START = 120.0


@dataclass
class Contestant:
    name: str
    port: int
    process: subprocess.Popen[bytes]
    tokens: dict[str, str] | None
    """Bearer tokens by national identity number; null where the viewer is told in a header."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql{'/' if self.name == 'peer' else ''}"

    def header(self, asker: Asker) -> tuple[str, str]:
        if self.tokens is None:
            return "x-viewer", str(asker.person)
        return "authorization", f"Bearer {self.tokens[asker.number]}"

    def ask(self, client: httpx.Client, question: str, asker: Asker) -> tuple[Any, int]:
        """The data of the answer and the size of its body; anything but a clean answer raises."""
        told = client.post(self.url, content=body(question, asker), headers=dict([self.header(asker), JSON]))
        answer = told.json() if told.status_code == 200 else None
        if answer is None or "errors" in answer or "data" not in answer:
            raise RuntimeError(f"{self.name} answered {question} with {told.status_code}: {told.text[:400]}")
        return answer["data"], len(told.content)

    def peak_memory(self) -> float | None:
        """Megabytes that the largest Python process of the server ever held; null where the system does not say."""
        process = psutil.Process(self.process.pid)
        peaks = []
        for one in (process, *process.children(recursive=True)):
            status = Path(f"/proc/{one.pid}/status")
            if not status.exists():
                return None
            if "python" in one.name() or "innsyn" in one.name():
                line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
                peaks.append(int(line.split()[1]) / 1024)
        return max(peaks)


JSON = ("content-type", "application/json")


def body(question: str, asker: Asker) -> str:
    """In one line, as a load generator's file wants it."""
    return json.dumps({"query": TEXTS[question], "variables": variables(question, asker.about)})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tokens_for(folder: DataFolder, askers: list[Asker]) -> dict[str, str]:
    numbers = {asker.number for asker in askers}
    return {number: issue_development_token(folder.path, number, ORGANISATION_NUMBER) for number in numbers}


BEGUN = {
    "innsyn": ["-c", "from server.command import main; main()"],
    "unlogged": ["-m", "bench.unlogged"],
    "unwalled": ["-m", "bench.unwalled"],
}
"""How Innsyn is begun, whole or without one of its parts."""


@contextmanager
def started(
    name: str, folder: DataFolder, connect: dict[str, Any], today: dt.date, askers: list[Asker], log: Path
) -> Iterator[Contestant]:
    """A contestant that answers, one worker process; stopped at the end."""
    port = free_port()
    told = {"BENCH_CONNECT": json.dumps(connect), "BENCH_TODAY": today.isoformat()}
    tokens = None
    if name in BEGUN:
        told = {"INNSYN_DEV_LOGIN": "1"}
        if name == "unwalled":
            told |= {"INNSYN_DATABASE_URL": connect["admin"], "INNSYN_API_DATABASE_URL": connect["api"]}
        tokens = tokens_for(folder, askers)
        serve = ["serve", "--port", str(port), "--data", str(folder.path), "--today", today.isoformat()]
        command = [sys.executable, *BEGUN[name], *serve]
    else:
        place = ["--factory", f"bench.{name}:create_app", "--host", "127.0.0.1", "--port", str(port)]
        command = [sys.executable, "-m", "uvicorn", *place, *UVICORN]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | told, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    contestant = Contestant(name, port, process, tokens)
    try:
        wait_until_it_listens(contestant, log)
        yield contestant
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_until_it_listens(contestant: Contestant, log: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < until:
        if contestant.process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", contestant.port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"{contestant.name} did not start: {log.read_text()[-2_000:]}")
