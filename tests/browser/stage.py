"""What the tests in a browser stand on: Chromium without a way to the internet, servers in processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    # Root has no sandbox to stand in.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever would leave this machine fails, and the page must work all the same.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
LOOPBACK = "127.0.0.1"
SECONDS_TO_START = 300
MILLISECONDS_TO_SHOW = 30_000


@dataclass
class Seen:
    """What the browser asked for and complained of."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def failed(self, request: Any) -> None:
        # What was under way when the page was left is no failure of the page.
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"failed: {request.url} ({request.failure})")

    async def watch(self, context: Any) -> None:
        await context.add_init_script(
            "addEventListener('securitypolicyviolation', (e) =>"
            " console.error(`policy: ${e.violatedDirective} closed to ${e.blockedURI}`))"
        )
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("requestfailed", self.failed)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        context.on("console", self.said)

    def said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")


def free_port() -> int:
    with socket.socket() as free:
        free.bind((LOOPBACK, 0))
        port: int = free.getsockname()[1]
    return port


@asynccontextmanager
async def running(command: list[str], address: str, ready: str, log: Path, **options: Any) -> AsyncIterator[None]:
    """A server in a process of its own, from when it answers at `ready` until it is no longer wanted."""

    def said() -> str:
        return log.read_text(errors="replace")[-2000:]

    with log.open("wb") as written:
        process = await asyncio.create_subprocess_exec(*command, stdout=written, stderr=written, **options)
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            for _ in range(SECONDS_TO_START * 4):
                assert process.returncode is None, said()
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"{address}{ready}")).status_code == 200:
                        break
                await asyncio.sleep(0.25)
            else:
                raise AssertionError(f"{command[0]} did not get ready: {said()}")
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), 60)
