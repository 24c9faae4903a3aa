"""The example client as it is fetched and built; `tests/browser` has it as people meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lint import inbox
from lint.inbox import FOLDER, InboxNotBuilt, PackagesNotFetched
from server.graphiql import Node

NPM = """#!/bin/sh
echo "$SAYS" >&2
exit 1
"""


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Node:
    """An npm that fails, and says what it is told to."""
    command = tmp_path / "npm"
    command.write_text(NPM)
    command.chmod(0o755)
    monkeypatch.setattr(inbox, "FOLDER", tmp_path)
    return Node(command, (str(command),))


def test_whoever_has_no_way_to_a_registry_is_not_told_that_the_client_is_wrong(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAYS", "npm error code ENOTFOUND")
    with pytest.raises(PackagesNotFetched, match="ENOTFOUND"):
        inbox.npm(node, "ci", failure=PackagesNotFetched)


def test_whoever_forgets_the_lockfile_is_told_so(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYS", "npm error code EUSAGE")
    with pytest.raises(InboxNotBuilt, match="EUSAGE") as raised:
        inbox.npm(node, "ci", failure=PackagesNotFetched)
    assert not isinstance(raised.value, PackagesNotFetched)


def test_whoever_breaks_the_client_is_told_what_the_tool_said(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYS", "error TS2304")
    with pytest.raises(InboxNotBuilt, match="TS2304") as raised:
        inbox.npm(node, "run", "build")
    assert not isinstance(raised.value, PackagesNotFetched)


def test_whoever_installs_by_the_lockfile_needs_no_certain_registry_and_no_certain_machine() -> None:
    packages = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    names = {place.rpartition("node_modules/")[2] for place in packages}
    for place, package in packages.items():
        assert "resolved" not in package, place
        # A package for another system that is not locked makes `npm ci` refuse the whole lockfile.
        assert set(package.get("optionalDependencies", ())) <= names, place
        assert place == "" or "integrity" in package, place
