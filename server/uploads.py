"""Reads the one file of a multipart/form-data request while it comes in, and holds no more of it than a piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.types import Receive

FIELD = b"file"


class UploadRefused(Exception):
    """The request is no upload of one file: the code of `texts.TEXTS`, and its status."""

    def __init__(self, status: int, code: str, **values: int) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.values = values


class UploaderGone(Exception):
    """The client went away."""


@dataclass
class UploadedFile:
    """What the request says of the file, once it has begun."""

    name: str
    media_type: str


@dataclass
class IncomingFile:
    """The parts of a request as they come: exactly one, named `file`, with a name and a type of its own."""

    content_type: str
    receive: Receive
    limit: int
    """Bytes of the file."""
    seconds_idle: float
    """That may go by without a byte."""
    overhead: int = 16 * 1024
    """Bytes that may be in the request beside the file."""
    _headers: dict[bytes, bytes] = field(default_factory=dict)
    _name: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _pieces: list[bytes] = field(default_factory=list)
    _parts: int = 0
    _begun: bool = False
    _ended: bool = False
    _came: int = 0
    _size: int = 0
    _last: bool = False

    def __post_init__(self) -> None:
        kind, options = parse_options_header(self.content_type)
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise UploadRefused(415, "UPLOAD_NOT_MULTIPART")
        try:
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_part_begin": self._on_part_begin,
                    "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                    "on_header_end": self._on_header_end,
                    "on_headers_finished": self._on_headers_finished,
                    "on_part_data": lambda data, start, end: self._pieces.append(data[start:end]),
                    "on_end": self._on_end,
                },
                max_header_count=8,
                max_header_size=4096,
            )
        except FormParserError:
            raise UploadRefused(400, "BAD_UPLOAD") from None

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > 1:
            raise UploadRefused(400, "BAD_UPLOAD")

    def _on_header_end(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _on_headers_finished(self) -> None:
        self._begun = True

    def _on_end(self) -> None:
        self._ended = True

    async def begin(self) -> UploadedFile:
        """Reads as far as the file's own headers. Raises UploadRefused and UploaderGone."""
        while not self._begun:
            if not await self._more():
                raise UploadRefused(400, "BAD_UPLOAD")
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b"").decode("latin-1"))
        if kind != b"form-data" or options.get(b"name") != FIELD or b"filename" not in options:
            raise UploadRefused(400, "BAD_UPLOAD")
        try:
            name = options[b"filename"].decode()
        except UnicodeDecodeError:
            raise UploadRefused(400, "BAD_UPLOAD") from None
        media_type, _ = parse_options_header(self._headers.get(b"content-type", b"").decode("latin-1"))
        return UploadedFile(name, media_type.decode("latin-1"))

    async def pieces(self) -> AsyncIterator[bytes]:
        """The file. Raises UploadRefused and UploaderGone, where it is too large, breaks off or takes too long."""
        while True:
            for piece in self._pieces:
                self._size += len(piece)
                if self._size > self.limit:
                    raise UploadRefused(413, "FILE_TOO_LARGE", limit=self.limit)
                yield piece
            self._pieces.clear()
            if not await self._more():
                break
        if not self._ended:
            raise UploadRefused(400, "BAD_UPLOAD")

    async def _more(self) -> bool:
        """Reads on; false at the end of the request."""
        if self._last:
            return False
        try:
            async with asyncio.timeout(self.seconds_idle):
                message = await self.receive()
        except TimeoutError:
            raise UploadRefused(408, "UPLOAD_TOO_SLOW") from None
        if message["type"] == "http.disconnect":
            raise UploaderGone
        body: bytes = message.get("body", b"")
        self._came += len(body)
        if self._came > self.limit + self.overhead:
            raise UploadRefused(413, "FILE_TOO_LARGE", limit=self.limit)
        try:
            self._parser.write(body)
        except FormParserError:
            raise UploadRefused(400, "BAD_UPLOAD") from None
        self._last = not message.get("more_body", False)
        return True
