"""The storage port, held by a folder and by a bucket alike: whole or not at all, and gone when deleted."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from moto.server import ThreadedMotoServer

from server.s3 import Bucket, BucketNotUsable, S3Storage
from server.storage import FileGone, FolderStorage, Storage

BUCKET = "innsyn-test"
CREDENTIAL = "testing/20261123/us-east-1/s3/aws4_request"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Storage:
    if request.param == "folder":
        return FolderStorage(tmp_path / "attachments")
    endpoint = request.getfixturevalue("s3_endpoint")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    httpx.put(f"{endpoint}/{BUCKET}", headers={"Authorization": f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}"})
    return S3Storage(Bucket.parse(f"s3://{BUCKET}/files?endpoint={endpoint}&region=us-east-1"))


async def pieces_of(data: bytes, size: int = 300_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def broken_off(data: bytes) -> AsyncIterator[bytes]:
    async for piece in pieces_of(data):
        yield piece
    raise ConnectionResetError("gone")


async def read(storage: Storage, file_id: UUID) -> bytes:
    return b"".join([piece async for piece in storage.read(file_id)])


@pytest.mark.parametrize("size", [0, 1, 70_000, 12_000_000])
async def test_a_file_comes_out_as_it_went_in(storage: Storage, size: int) -> None:
    data, file_id = os.urandom(size), uuid4()
    await storage.write(file_id, pieces_of(data))
    assert await read(storage, file_id) == data


@pytest.mark.parametrize("size", [100, 12_000_000])
async def test_a_file_that_breaks_off_is_not_there(storage: Storage, size: int) -> None:
    file_id = uuid4()
    with pytest.raises(ConnectionResetError):
        await storage.write(file_id, broken_off(os.urandom(size)))
    with pytest.raises(FileGone):
        await read(storage, file_id)


async def test_a_deleted_file_is_gone_and_can_be_deleted_again(storage: Storage) -> None:
    file_id = uuid4()
    await storage.write(file_id, pieces_of(b"file"))
    for _ in range(2):
        await storage.delete(file_id)
    with pytest.raises(FileGone):
        await read(storage, file_id)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_a_bucket_keeps_no_parts_of_a_file_that_broke_off(storage: Storage, request) -> None:
    if not isinstance(storage, S3Storage):
        return
    with pytest.raises(ConnectionResetError):
        await storage.write(uuid4(), broken_off(os.urandom(12_000_000)))
    endpoint = request.getfixturevalue("s3_endpoint")
    async with httpx.AsyncClient() as client:
        assert "<Upload>" not in (await client.get(f"{endpoint}/{BUCKET}?uploads")).text


async def test_a_folder_leaves_nothing_of_a_broken_file_and_lets_nobody_else_read(tmp_path: Path) -> None:
    storage, file_id = FolderStorage(tmp_path / "attachments"), uuid4()
    with pytest.raises(ConnectionResetError):
        await storage.write(file_id, broken_off(b"data"))
    assert files_in(tmp_path) == []
    await storage.write(file_id, pieces_of(b"data"))
    assert stat.S_IMODE(storage.path(file_id).stat().st_mode) == 0o600
    assert stat.S_IMODE(storage.path(file_id).parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "told", ["https://bucket", "s3://", "s3://b?endpoint=ftp://x", "s3://b?secret=x", "bucket", "s3://b/#x"]
)
def test_an_address_that_is_no_bucket_is_refused(told: str) -> None:
    with pytest.raises(BucketNotUsable):
        Bucket.parse(told)


def test_a_bucket_is_told_by_its_address() -> None:
    told = "s3://files/innsyn/a?endpoint=https://s3.example.no&region=no-1"
    assert Bucket.parse(told) == Bucket("files", "innsyn/a", "https://s3.example.no", "no-1")
    assert Bucket.parse("s3://files") == Bucket("files", "", None, None)


def test_a_server_without_the_library_for_its_bucket_says_so_at_its_start(innsyn) -> None:
    innsyn.environment |= {"INNSYN_ATTACHMENTS": "s3://files", "PYTHONPATH": str(without_obstore(innsyn.folder.path))}
    done = innsyn("serve", "--port", "0")
    assert done.returncode == 1
    assert "pip install 'innsyn[s3]'" in done.stderr


def without_obstore(folder: Path) -> Path:
    """A folder that hides the library from whoever looks there first."""
    hiding = folder / "hiding" / "obstore"
    hiding.mkdir(parents=True)
    (hiding / "__init__.py").write_text("raise ImportError")
    return hiding.parent


def test_a_server_with_a_bucket_that_makes_no_sense_says_so_at_its_start(innsyn) -> None:
    innsyn.environment["INNSYN_ATTACHMENTS"] = "https://files"
    done = innsyn("serve", "--port", "0")
    assert done.returncode == 1
    assert "INNSYN_ATTACHMENTS: a bucket is told as s3://" in done.stderr
