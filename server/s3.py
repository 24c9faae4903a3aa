"""Encrypted files in a bucket that speaks S3. Needs the extra `s3` (`pip install innsyn[s3]`)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from server.storage import FileGone

PART = 5 * 1024 * 1024
"""The least that S3 takes as a part of an upload."""
OPTIONS = {"endpoint", "region"}


class BucketNotUsable(Exception):
    """The address of a bucket does not make sense, or the library for it is not installed."""


@dataclass(frozen=True)
class Bucket:
    """`s3://name/prefix?endpoint=https://…&region=…`; the credentials come from AWS's own environment variables."""

    name: str
    prefix: str
    endpoint: str | None
    region: str | None

    @classmethod
    def parse(cls, told: str) -> Bucket:
        parts = urlsplit(told)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        if parts.scheme != "s3" or not parts.hostname or parts.fragment or options.keys() - OPTIONS:
            raise BucketNotUsable("a bucket is told as s3://name/prefix?endpoint=https://…&region=…")
        endpoint = options.get("endpoint")
        if endpoint is not None and urlsplit(endpoint).scheme not in {"https", "http"}:
            raise BucketNotUsable("a bucket's endpoint begins with https://, or http:// on the same machine")
        return cls(parts.hostname, parts.path.strip("/"), endpoint, options.get("region"))


class S3Storage:
    def __init__(self, bucket: Bucket) -> None:
        try:
            from obstore.store import S3Store  # noqa: PLC0415 an extra, not always installed
        except ImportError:
            raise BucketNotUsable("a bucket needs the extra s3: pip install 'innsyn[s3]'") from None
        config: dict[str, Any] = {}
        if bucket.endpoint is not None:
            config["endpoint"] = bucket.endpoint
        if bucket.region is not None:
            config["region"] = bucket.region
        plain = bucket.endpoint is not None and bucket.endpoint.startswith("http://")
        self._prefix = f"{bucket.prefix}/" if bucket.prefix else ""
        self._store = S3Store(bucket.name, client_options={"allow_http": plain}, **config)

    def path(self, file_id: UUID) -> str:
        return f"{self._prefix}{file_id.hex[-2:]}/{file_id.hex}"

    async def write(self, file_id: UUID, pieces: AsyncIterator[bytes]) -> None:
        import obstore  # noqa: PLC0415 as above

        failures: list[BaseException] = []

        async def watched() -> AsyncIterator[bytes]:
            try:
                async for piece in pieces:
                    yield piece
            except BaseException as failure:
                failures.append(failure)
                raise

        try:
            await obstore.put_async(
                self._store, self.path(file_id), watched(), use_multipart=True, chunk_size=PART, max_concurrency=2
            )
        except Exception:
            if failures:
                raise failures[0] from None
            raise

    async def read(self, file_id: UUID) -> AsyncIterator[bytes]:
        import obstore  # noqa: PLC0415 as above

        try:
            found = await obstore.get_async(self._store, self.path(file_id))
        except FileNotFoundError:
            raise FileGone from None
        async for piece in found.stream(min_chunk_size=1024 * 1024):
            yield bytes(piece)

    async def delete(self, file_id: UUID) -> None:
        import obstore  # noqa: PLC0415 as above

        try:
            await obstore.delete_async(self._store, self.path(file_id))
        except FileNotFoundError:
            return
