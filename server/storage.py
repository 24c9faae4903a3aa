"""Where encrypted files lie: a small port, and a folder behind it. `server/s3.py` puts a bucket behind the same port.

What is stored is sealed before it comes here and opened after it has left; whoever holds the storage holds nothing that
can be read.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol
from uuid import UUID

PIECE = 1024 * 1024
"""Bytes that are read or written at a time: each goes through a thread, which is dearer than the bytes."""


class FileGone(Exception):
    """There is no such file in the storage."""


class Storage(Protocol):
    async def write(self, file_id: UUID, pieces: AsyncIterator[bytes]) -> None:
        """Store a file whole or not at all. Raises whatever the pieces raise."""

    def read(self, file_id: UUID) -> AsyncIterator[bytes]:
        """The file in pieces. Raises FileGone."""

    async def delete(self, file_id: UUID) -> None:
        """Nothing of the file is left, also where it was never whole or never there."""


class FolderStorage:
    """Files in a folder, spread over 256 by the end of their name, since its beginning is the time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, file_id: UUID) -> Path:
        return self._folder / file_id.hex[-2:] / file_id.hex

    async def write(self, file_id: UUID, pieces: AsyncIterator[bytes]) -> None:
        path = self.path(file_id)
        draft = path.with_suffix(".part")
        file = await asyncio.to_thread(opened_draft, draft)
        try:
            held = bytearray()
            async for piece in pieces:
                held += piece
                if len(held) >= PIECE:
                    await asyncio.to_thread(file.write, bytes(held))
                    held.clear()
            await asyncio.to_thread(finish, file, bytes(held), path)
        except BaseException:
            file.close()
            draft.unlink(missing_ok=True)
            raise

    async def read(self, file_id: UUID) -> AsyncIterator[bytes]:
        try:
            file = await asyncio.to_thread(self.path(file_id).open, "rb")
        except FileNotFoundError:
            raise FileGone from None
        with file:
            while piece := await asyncio.to_thread(file.read, PIECE):
                yield piece

    async def delete(self, file_id: UUID) -> None:
        path = self.path(file_id)
        await asyncio.to_thread(path.unlink, missing_ok=True)
        await asyncio.to_thread(path.with_suffix(".part").unlink, missing_ok=True)


def opened_draft(draft: Path) -> BinaryIO:
    draft.parent.parent.mkdir(mode=0o700, exist_ok=True)
    draft.parent.mkdir(mode=0o700, exist_ok=True)
    with suppress(FileNotFoundError):
        draft.unlink()
    return os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def finish(file: BinaryIO, rest: bytes, path: Path) -> None:
    """Write what is left, and give the file its name once it is safely down."""
    with file:
        file.write(rest)
        file.flush()
        os.fsync(file.fileno())
    path.with_suffix(".part").replace(path)
