"""A demo municipality that is served, and a Chromium to look at it with.

Wants Chromium on the machine and the dependency group `browser`; is skipped, and says so, where one of them is missing.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.stage import CHROMIUM, FLAGS, LOOPBACK, Seen, free_port, running


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not in pytest's own folder, whose path is long and which PostgreSQL's account may not pass when root tests."""
    path = Path(tempfile.mkdtemp(prefix="innsyn-browser-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
async def demo(folder: Path) -> AsyncIterator[str]:
    """A small demo municipality, served on loopback."""
    port = free_port()
    command = [str(Path(sys.executable).parent / "innsyn"), "demo", "--children", "200", "--seed", "1"]
    command += ["--port", str(port), "--data", str(folder / "data")]
    address = f"http://{LOOPBACK}:{port}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INNSYN_")}
    async with running(command, address, "/readyz", folder / "demo.log", env=environment):
        yield address


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed; on Debian: apt install chromium")
    playwright = pytest.importorskip(
        "playwright.async_api", reason="Playwright is not installed: uv run --group browser pytest tests/browser"
    )
    async with playwright.async_playwright() as driver:
        # The profile is a new and empty folder each time, and the driver removes it.
        started = await driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(FLAGS))
        yield started
        await started.close()


@pytest.fixture
async def seen() -> Seen:
    return Seen()
