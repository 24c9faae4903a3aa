"""What has to hold for the example client: packages by the lockfile, types by `schema.graphql`, lint, and a build.

`python -m lint.inbox` brings the packages of `examples/inbox/` and runs its npm scripts, with the machine's Node or the
one that GraphiQL is built with. What is there already and unchanged is left as it is. The tests in a browser serve what
this has built.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from server.graphiql import GraphiqlBuild, GraphiqlNotBuilt, Node

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "examples" / "inbox"
NOT_SOURCES = {"node_modules", "dist", "gql"}
SECONDS = 600


class InboxNotBuilt(Exception):
    """A step failed; the text is what the tool said."""


class PackagesNotFetched(InboxNotBuilt):
    """No npm registry could be reached, or it has not what the lockfile names."""


def prepare() -> Node:
    """Bring the packages and build where something has changed. Raises InboxNotBuilt, and GraphiqlNotBuilt without
    Node."""
    node = GraphiqlBuild().node()
    modules = FOLDER / "node_modules"
    with (FOLDER / ".lock").open("w") as lock:
        # Several test processes may come here at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        packages = digest([FOLDER / "package.json", FOLDER / "package-lock.json", FOLDER / ".npmrc"])
        if stamp(modules) != packages:
            npm(node, "ci", failure=PackagesNotFetched)
            mark(modules, packages)
        sources = digest([*own_files(), ROOT / "schema.graphql"])
        if stamp(FOLDER / "dist") != sources:
            npm(node, "run", "lint")
            npm(node, "run", "build")
            mark(FOLDER / "dist", sources)
    return node


def npm(node: Node, *command: str, failure: type[InboxNotBuilt] = InboxNotBuilt) -> None:
    step = " ".join(command)
    sys.stdout.write(f"npm {step}\n")
    try:
        done = subprocess.run(  # noqa: S603 the example's own scripts
            [*node.npm, *command],
            cwd=FOLDER,
            env=environment(node),
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as late:
        raise failure(f"npm {step} took more than {SECONDS} seconds") from late
    if done.returncode != 0:
        if "EUSAGE" in done.stderr:
            # The lockfile does not fit package.json, which is nobody's network.
            failure = InboxNotBuilt
        raise failure(f"npm {step} failed:\n{done.stdout}\n{done.stderr}")


def environment(node: Node) -> dict[str, str]:
    """What the tools of the example get to see: nothing of the server's own settings, and Node first on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INNSYN_")}
    return kept | {"PATH": os.pathsep.join((str(node.command.parent), kept.get("PATH", os.defpath)))}


def own_files() -> list[Path]:
    return [
        path
        for path in sorted(FOLDER.rglob("*"))
        if path.is_file() and path.name != ".lock" and not NOT_SOURCES & {*path.relative_to(FOLDER).parts}
    ]


def digest(files: Sequence[Path]) -> str:
    seen = hashlib.sha256()
    for file in files:
        text = file.read_bytes()
        seen.update(f"{file.name}\0{len(text)}\0".encode() + text)
    return seen.hexdigest()


def stamp(made: Path) -> str | None:
    """Of what a folder was made; null where it is not there or was not finished."""
    file = made / ".made-of"
    return file.read_text() if file.exists() else None


def mark(made: Path, of: str) -> None:
    (made / ".made-of").write_text(of)


def main() -> int:
    try:
        prepare()
    except (PackagesNotFetched, GraphiqlNotBuilt) as reason:
        sys.stdout.write(f"{reason}\nthe example client cannot be tried here\n")
        return 0
    except InboxNotBuilt as problem:
        sys.stdout.write(f"{problem}\n")
        return 1
    sys.stdout.write("the example client holds\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
