"""The data folder: everything that Innsyn keeps on this machine, in one place that one can move or throw away."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True)
class DataFolder:
    path: Path

    @classmethod
    def at(cls, path: str | Path | None) -> DataFolder:
        """The folder at `path`, or the user's own where no path is told; made when it is not there."""
        folder = cls(Path(os.path.abspath(path or platformdirs.user_data_dir("innsyn"))))  # noqa: PTH100 keeps links
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        make_private(folder.path)
        return folder

    @property
    def keys_file(self) -> Path:
        return self.path / "keys.json"

    @property
    def passwords_file(self) -> Path:
        return self.path / "passwords.json"

    @property
    def cluster(self) -> Path:
        return self.path / "cluster"

    @property
    def attachments(self) -> Path:
        """Where files lie, encrypted, unless they lie in a bucket."""
        return self.path / "attachments"

    @property
    def municipality_files(self) -> Path:
        """Where the demo writes the files that it imports, for a reader to open."""
        return self.path / "municipality"


def make_private(folder: Path) -> None:
    """Make a folder that nobody else can list; one that is there keeps the rights it has.

    Root's can be passed through, because PostgreSQL refuses to run as root and must reach its own folder inside; what
    is secret in it is a file of mode 0600.
    """
    folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)


def write_secret(file: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)
