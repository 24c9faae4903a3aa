"""The command line: what each command does, asks and says, and what it leaves alone."""

# ruff: noqa: ASYNC220 (nothing else runs on the loop of these tests)

from __future__ import annotations

import base64
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from server.data_folder import DataFolder
from tests.conftest import Innsyn

NUMBER = "06908900012"  # Varsom Elv
DISTRICT = "district,active,Fjordby kommune,district,999999999,\n"
SCHOOL = "school,active,Ås skole,school,911000001,district\n"
ON_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
ORGS = "sourcedId,status,name,type,identifier,parentSourcedId\n"
USERS = "sourcedId,status,enabledUser,givenName,familyName,identifier\n"
ROLES = "userSourcedId,role,orgSourcedId,beginDate,endDate\n"


def roster(folder: Path, *, teachers: int = 2, organisation: str = "999999999", roles: str = "") -> Path:
    """A municipality with one school and so many teachers, the first of them with a number."""
    folder.mkdir(exist_ok=True)
    (folder / "orgs.csv").write_text(ORGS + DISTRICT.replace("999999999", organisation) + SCHOOL)
    people = "".join(f"t{n},active,true,Varsom,Elv,{NUMBER if n == 0 else ''}\n" for n in range(teachers))
    (folder / "users.csv").write_text(USERS + people)
    (folder / "roles.csv").write_text(
        ROLES + "".join(f"t{n},teacher,school,2020-08-01,\n" for n in range(teachers)) + roles
    )
    for name, header in {
        "classes.csv": "sourcedId,title,classType,schoolSourcedId,termSourcedIds",
        "enrollments.csv": "classSourcedId,userSourcedId,role,primary,beginDate,endDate",
        "academicSessions.csv": "sourcedId,title,type,startDate,endDate,schoolYear",
    }.items():
        (folder / name).write_text(header + "\n")
    return folder


async def count(innsyn: Innsyn, table: str) -> int:
    connection = await asyncpg.connect(**innsyn.database.admin_connect)
    try:
        return await connection.fetchval(f"select count(*) from {table}")
    finally:
        await connection.close()


# --- what there is -----------------------------------------------------------------------------------------------


def test_help_names_every_command_at_once(innsyn: Innsyn) -> None:
    for words in ((), ("serve",), ("demo",), ("import",), ("import", "roster"), ("token",)):
        done = subprocess.run([*innsyn.line()[:1], *words, "--help"], check=True, capture_output=True, text=True)
        assert done.stdout.startswith("Usage: innsyn")
        assert "Traceback" not in done.stderr
    done = subprocess.run([*innsyn.line()[:1], "--help"], check=True, capture_output=True, text=True)
    assert all(command in done.stdout for command in ("demo", "import", "serve", "token"))


def test_help_loads_nothing_heavy() -> None:
    told = "import server.command, sys; print({'sqlalchemy', 'asyncpg', 'rich', 'strawberry'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


# --- import ------------------------------------------------------------------------------------------------------


async def test_dry_run_shows_the_plan_and_changes_nothing(innsyn: Innsyn, tmp_path: Path) -> None:
    said = innsyn.told("import", "roster", roster(tmp_path / "roster"), "--dry-run")
    assert "positions" in said
    assert "Nothing was changed." in said
    assert await count(innsyn, "municipality") == 0


async def test_roster_is_taken_in_once(innsyn: Innsyn, tmp_path: Path) -> None:
    path = roster(tmp_path / "roster")
    assert "Done." in innsyn.told("import", "roster", path, "--yes")
    assert await count(innsyn, "position") == 2
    again = innsyn.told("import", "roster", path)  # there is nothing to say yes to
    assert "Everything in it is known already." in again
    assert await count(innsyn, "position") == 2


async def test_nobody_is_asked_where_nobody_is(innsyn: Innsyn, tmp_path: Path) -> None:
    done = innsyn("import", "roster", roster(tmp_path / "roster"))
    assert done.returncode == 1
    assert "--yes" in done.stderr
    assert "positions" in done.stdout
    assert await count(innsyn, "municipality") == 0


@pytest.mark.parametrize(("answer", "positions"), [("y\n", 2), ("\n", 0), ("\x03", 0)])
async def test_person_at_the_terminal_decides(innsyn: Innsyn, tmp_path: Path, answer: str, positions: int) -> None:
    ours, theirs = pty.openpty()
    line = innsyn.line("import", "roster", roster(tmp_path / "roster"))
    # A session of its own with the terminal as its own, as a shell in a window has, so that Ctrl-C reaches it.
    asked = subprocess.Popen(
        [sys.executable, "-c", ON_TERMINAL, *line], env=innsyn.environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    seen = ""
    try:
        while "Apply this?" not in seen:
            seen += os.read(ours, 4096).decode(errors="replace")
        os.write(ours, answer.encode())
        while True:
            try:
                seen += os.read(ours, 4096).decode(errors="replace")
            except OSError:
                break
        assert asked.wait(timeout=30) == (1 if answer == "\x03" else 0)
    finally:
        asked.kill()
        asked.wait()
        os.close(ours)
    assert "Traceback" not in seen
    assert await count(innsyn, "position") == positions


async def test_file_that_is_wrong_is_refused_by_place(innsyn: Innsyn, tmp_path: Path) -> None:
    path = roster(tmp_path / "roster", roles="t1,teacher,school,2020-02-30,\nt1,wizard,school,,\nt9,teacher,school,,\n")
    done = innsyn("import", "roster", path, "--yes")
    assert done.returncode == 2
    for place in ("roles.csv, line 4, beginDate", "roles.csv, line 5, role", "roles.csv, line 6, userSourcedId"):
        assert place in done.stderr
    assert "Nothing was changed." in done.stderr
    assert "Traceback" not in done.stderr
    assert await count(innsyn, "municipality") == 0


async def test_number_that_is_wrong_is_not_repeated(innsyn: Innsyn, tmp_path: Path) -> None:
    path = roster(tmp_path / "roster")
    (path / "users.csv").write_text((path / "users.csv").read_text().replace(NUMBER, "06908900013"))
    done = innsyn("import", "roster", path, "--yes")
    assert done.returncode == 2
    assert "users.csv, line 2, identifier" in done.stderr
    assert "06908900013" not in done.stdout + done.stderr


async def test_roster_that_ends_much_stops_until_told_to_go_on(innsyn: Innsyn, tmp_path: Path) -> None:
    innsyn.told("import", "roster", roster(tmp_path / "roster", teachers=20), "--yes")
    fewer = roster(tmp_path / "fewer", teachers=10)
    done = innsyn("import", "roster", fewer, "--yes")
    assert done.returncode == 2
    assert "--max-ended" in done.stderr
    assert await count(innsyn, "position where until is not null") == 0
    innsyn.told("import", "roster", fewer, "--yes", "--max-ended", "60")
    assert await count(innsyn, "position where until is not null") == 10


async def test_roster_of_another_municipality_is_refused(innsyn: Innsyn, tmp_path: Path) -> None:
    done = innsyn("import", "roster", roster(tmp_path / "roster"), "--yes", "--municipality", "888888888")
    assert done.returncode == 2
    assert "999999999" in done.stderr
    assert await count(innsyn, "municipality") == 0


@pytest.mark.parametrize("kind", ["persons", "local"])
def test_file_without_a_municipality_is_refused(innsyn: Innsyn, tmp_path: Path, kind: str) -> None:
    (tmp_path / "file.ndjson").write_text("")
    done = innsyn("import", kind, tmp_path / "file.ndjson", "--yes")
    assert done.returncode == 2
    assert "import a roster first" in done.stderr


@pytest.mark.parametrize("kind", ["roster", "persons", "local"])
def test_path_that_is_not_there_is_refused(innsyn: Innsyn, tmp_path: Path, kind: str) -> None:
    done = innsyn("import", kind, tmp_path / "nowhere", "--yes")
    assert done.returncode == 2
    assert "does not exist" in done.stderr


async def test_import_lives_on_the_day_it_is_told_only_in_development(innsyn: Innsyn, tmp_path: Path) -> None:
    path = roster(tmp_path / "roster")
    del innsyn.environment["INNSYN_DEV_LOGIN"]
    done = innsyn("import", "roster", path, "--yes", "--today", "2030-01-01")
    assert done.returncode == 1
    assert "INNSYN_DEV_LOGIN" in done.stderr
    innsyn.told("import", "roster", path, "--yes")
    innsyn.environment["INNSYN_DEV_LOGIN"] = "1"
    innsyn.told("import", "roster", roster(path, teachers=1), "--yes", "--today", "2030-01-01", "--max-ended", "100")
    assert await count(innsyn, "position where until = '2030-01-01'") == 1


async def test_import_that_breaks_off_changes_nothing(innsyn: Innsyn, tmp_path: Path) -> None:
    """The database refuses the last of what is written: all of it is gone again, and nobody sees how it said so."""
    connection = await asyncpg.connect(**innsyn.database.admin_connect)
    await connection.execute("alter table position add constraint none check (role <> 'TEACHER')")
    await connection.close()
    done = innsyn("import", "roster", roster(tmp_path / "roster"), "--yes")
    assert done.returncode == 1
    assert "Unexpected error (" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Varsom" not in done.stdout + done.stderr
    assert await count(innsyn, "municipality") == 0
    innsyn.environment["INNSYN_TRACEBACK"] = "1"
    assert "Traceback" in innsyn("import", "roster", roster(tmp_path / "roster"), "--yes").stderr


async def test_lost_keys_are_not_made_anew(innsyn: Innsyn, tmp_path: Path) -> None:
    path = roster(tmp_path / "roster")
    innsyn.told("import", "roster", path, "--yes")
    assert innsyn.folder.keys_file.stat().st_mode & 0o777 == 0o600
    innsyn.folder.keys_file.unlink()
    done = innsyn("import", "roster", path, "--yes")
    assert done.returncode == 1
    assert "INNSYN_KEYS" in done.stderr
    assert not innsyn.folder.keys_file.exists()


# --- token -------------------------------------------------------------------------------------------------------


def claims(token: str) -> dict[str, object]:
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


async def municipality(innsyn: Innsyn, organisation_number: str) -> None:
    connection = await asyncpg.connect(**innsyn.database.admin_connect)
    try:
        await connection.execute(
            "insert into municipality values (gen_random_uuid(), $1, 'Fjordby', null)", organisation_number
        )
    finally:
        await connection.close()


async def test_token_stands_alone_on_standard_output(innsyn: Innsyn) -> None:
    await municipality(innsyn, "999999999")
    said = innsyn.told("token", "--as", NUMBER)
    assert said.count("\n") == 1
    told = claims(said.strip())
    assert (told["pid"], told["municipality"], told["login"]) == (NUMBER, "999999999", "both")
    short = claims(innsyn.told("token", "--as", NUMBER, "--login", "employee", "--ttl", "60").strip())
    assert short["login"] == "employee"
    assert short["exp"] - short["iat"] == 60


def test_token_is_made_in_development_only(innsyn: Innsyn) -> None:
    del innsyn.environment["INNSYN_DEV_LOGIN"]
    done = innsyn("token", "--as", NUMBER)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "INNSYN_DEV_LOGIN=1" in done.stderr


@pytest.mark.parametrize("wrong", ["06908900013", "0690890001", "２６９０８９９８９１１"])
def test_token_is_not_made_for_what_is_no_number(innsyn: Innsyn, wrong: str) -> None:
    done = innsyn("token", "--as", wrong)
    assert done.returncode == 2
    assert done.stdout == ""
    assert wrong not in done.stderr


async def test_token_names_the_municipality_where_there_are_several(innsyn: Innsyn) -> None:
    assert "import a roster first" in innsyn("token", "--as", NUMBER).stderr
    await municipality(innsyn, "999999999")
    await municipality(innsyn, "888888888")
    done = innsyn("token", "--as", NUMBER)
    assert done.returncode == 2
    assert "888888888, 999999999" in done.stderr
    chosen = innsyn.told("token", "--as", NUMBER, "--municipality", "888888888").strip()
    assert claims(chosen)["municipality"] == "888888888"
    assert innsyn("token", "--as", NUMBER, "--municipality", "777777777").returncode == 2


# --- serve -------------------------------------------------------------------------------------------------------


def test_server_says_where_it_answers(innsyn: Innsyn) -> None:
    with innsyn.serving() as url, urllib.request.urlopen(f"{url}/readyz") as answer:
        assert answer.status == 200


def test_server_with_several_workers_answers(innsyn: Innsyn) -> None:
    with innsyn.serving("--workers", "2") as url:
        until = time.monotonic() + 20
        while True:
            try:
                with urllib.request.urlopen(f"{url}/livez", timeout=5) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                assert time.monotonic() < until


def test_server_lives_on_the_day_it_is_told_only_in_development(innsyn: Innsyn) -> None:
    del innsyn.environment["INNSYN_DEV_LOGIN"]
    done = innsyn("serve", "--port", "0", "--today", "2030-01-01")
    assert done.returncode == 1
    assert "INNSYN_DEV_LOGIN" in done.stderr


def test_server_refuses_a_port_that_is_taken(innsyn: Innsyn) -> None:
    with innsyn.serving() as url:
        done = innsyn("serve", "--port", url.rsplit(":", 1)[1])
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


# --- the embedded database, by the command -----------------------------------------------------------------------


@pytest.fixture
def alone(innsyn: Innsyn) -> Iterator[Innsyn]:
    """The command with an embedded database of its own."""
    path = Path(tempfile.mkdtemp(prefix="innsyn-tests-", dir="/tmp"))
    path.chmod(0o755)
    innsyn.folder = DataFolder.at(path / "Åses data")
    del innsyn.environment["INNSYN_DATABASE_URL"], innsyn.environment["INNSYN_API_DATABASE_URL"]
    yield innsyn
    for server in postgres_of(innsyn):
        server.kill()
    shutil.rmtree(path)


def postgres_of(innsyn: Innsyn) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(innsyn.folder.cluster) in word for word in process.info["cmdline"] or [])
    ]


def test_commands_keep_their_data_and_leave_no_database_running(alone: Innsyn, tmp_path: Path) -> None:
    path = roster(tmp_path / "roster")
    alone.told("import", "roster", path, "--yes")
    assert not postgres_of(alone)
    assert "known already" in alone.told("import", "roster", path)
    for secret in (alone.folder.keys_file, alone.folder.passwords_file):
        assert secret.stat().st_mode & 0o777 == 0o600


def test_import_and_token_work_beside_a_server(alone: Innsyn, tmp_path: Path) -> None:
    with alone.serving() as url:
        alone.told("import", "roster", roster(tmp_path / "roster"), "--yes")
        assert alone.token(NUMBER)
        with urllib.request.urlopen(f"{url}/readyz") as answer:
            assert answer.status == 200
    assert not postgres_of(alone)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_command_told_to_end_stops_its_database(alone: Innsyn, tmp_path: Path, how: signal.Signals) -> None:
    ours, theirs = pty.openpty()
    line = alone.line("import", "roster", roster(tmp_path / "roster"))
    waiting = subprocess.Popen(line, env=alone.environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = ""
    while "Apply this?" not in seen:
        seen += os.read(ours, 4096).decode(errors="replace")
    assert postgres_of(alone)
    waiting.send_signal(how)
    assert waiting.wait(timeout=30) != 0
    os.close(ours)
    assert not postgres_of(alone)


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_killed_server_is_followed_by_one_that_works(alone: Innsyn, tmp_path: Path) -> None:
    alone.told("import", "roster", roster(tmp_path / "roster"), "--yes")
    killed = subprocess.Popen(
        alone.line("serve", "--port", "0"), env=alone.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert killed.stdout
    while b"Innsyn answers at" not in killed.stdout.readline():
        assert killed.poll() is None
    killed.kill()
    killed.communicate()
    for process in postgres_of(alone):
        process.kill()
    with alone.serving() as url:
        assert ready(url)
        for process in postgres_of(alone):
            process.kill()
        assert not ready(url)
        until = time.monotonic() + 30
        while not ready(url):
            assert time.monotonic() < until
    assert "known already" in alone.told("import", "roster", roster(tmp_path / "roster"))
