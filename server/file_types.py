"""What may be uploaded, and how a file shows that it is what it says: by its first and last bytes, unopened.

A list of what is let in rather than of what is not. Archives (Word, Excel and their like are zip files) are judged by
their table of contents, which lies in the open at the end of the file; nothing in them is unpacked.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HEAD = 4096
TAIL = 256 * 1024
"""Enough for the table of contents of some thousand entries."""
UNPACKED = 500_000_000
"""What an archive may say that it holds: a small file that swells to more than that is a trap for whoever opens it."""
WORD = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."
END_OF_ARCHIVE = b"PK\x05\x06"
ENTRY = b"PK\x01\x02"
FARTHEST = 65_557
"""From the end of a file: where readers of zip files look for their table of contents."""
IN_ZIP64 = 0xFFFFFFFF
"""For a length or a place that is told in a wider record before this one."""
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1", b"heif"}


class FileTypeRefused(Exception):
    """The file is not of a type that is taken, or not of the one that it was said to be."""


@dataclass(frozen=True)
class Ends:
    """The two ends of a file, and how long it is."""

    head: bytes
    tail: bytes
    size: int


@dataclass(frozen=True)
class FileType:
    media_type: str
    extensions: tuple[str, ...]
    """The first is given to a file whose name has none of them."""
    is_one: Callable[[Ends], bool]


def is_pdf(ends: Ends) -> bool:
    return ends.head.startswith((b"%PDF-1.", b"%PDF-2.")) and b"%%EOF" in ends.tail[-1024:]


def is_jpeg(ends: Ends) -> bool:
    """What phones put behind the picture is let be."""
    return ends.head.startswith(b"\xff\xd8\xff")


def is_png(ends: Ends) -> bool:
    begins = ends.head.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    return begins and ends.tail.endswith(b"\x00\x00\x00\x00IEND\xaeB`\x82")


def is_webp(ends: Ends) -> bool:
    if not (ends.head.startswith(b"RIFF") and ends.head[8:12] == b"WEBP" and len(ends.head) >= 12):
        return False
    told: int = struct.unpack("<I", ends.head[4:8])[0] + 8
    return told == ends.size


def is_heif(ends: Ends) -> bool:
    return ends.head[4:8] == b"ftyp" and ends.head[8:12] in HEIF_BRANDS


def contents(ends: Ends) -> Sequence[str] | None:
    """The names in a zip file; null for what is none, has something before or behind it, is locked, or would swell."""
    at = ends.tail.rfind(END_OF_ARCHIVE)
    if not ends.head.startswith(b"PK\x03\x04") or at < 0 or len(ends.tail) - at < 22:
        return None
    disks, _, here, count, length, start, comment = struct.unpack("<HHHHIIH", ends.tail[at + 4 : at + 22])
    position = ends.size - len(ends.tail) + at
    if disks or here != count or at + 22 + comment != len(ends.tail) or start + length != position or length > at:
        return None
    table = ends.tail[at - length : at]
    names: list[str] = []
    swollen = offset = 0
    for _ in range(count):
        if table[offset : offset + 4] != ENTRY or len(table) < offset + 46:
            return None
        flags, unpacked, name, extra, note = (
            *struct.unpack("<H", table[offset + 8 : offset + 10]),
            *struct.unpack("<I", table[offset + 24 : offset + 28]),
            *struct.unpack("<HHH", table[offset + 28 : offset + 34]),
        )
        swollen += unpacked
        names.append(table[offset + 46 : offset + 46 + name].decode("utf-8", "replace"))
        offset += 46 + name + extra + note
        if flags & 1 or swollen > UNPACKED:
            return None
    return names if offset == length else None


def is_office(part: str) -> Callable[[Ends], bool]:
    """A Word, Excel or PowerPoint file without macros."""

    def judge(ends: Ends) -> bool:
        names = contents(ends)
        if names is None or "[Content_Types].xml" not in names or part not in names:
            return False
        return not any(name.lower().endswith(("vbaproject.bin", ".exe", ".dll", ".js", ".vbs")) for name in names)

    return judge


def is_open_document(media_type: str) -> Callable[[Ends], bool]:
    """OpenDocument says its type in its first entry, which is not packed."""

    def judge(ends: Ends) -> bool:
        names = contents(ends)
        first = b"mimetype" + media_type.encode()
        inside = ends.head[30 : 30 + len(first)] == first and ends.head[30 + len(first) :].startswith(b"PK")
        return bool(names) and inside and not any(name.startswith(("Basic/", "Scripts/")) for name in names or ())

    return judge


def is_text(ends: Ends) -> bool:
    """That it is UTF-8 throughout is seen while it streams; markup is no plain text."""
    return not ends.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"%PDF", b"{\\rtf", b"MZ", b"#!"))


FILE_TYPES = {
    one.media_type: one
    for one in (
        FileType("application/pdf", (".pdf",), is_pdf),
        FileType("image/jpeg", (".jpg", ".jpeg"), is_jpeg),
        FileType("image/png", (".png",), is_png),
        FileType("image/webp", (".webp",), is_webp),
        FileType("image/heic", (".heic", ".heif"), is_heif),
        FileType("image/heif", (".heif", ".heic"), is_heif),
        FileType(f"{WORD}wordprocessingml.document", (".docx",), is_office("word/document.xml")),
        FileType(f"{WORD}spreadsheetml.sheet", (".xlsx",), is_office("xl/workbook.xml")),
        FileType(f"{WORD}presentationml.presentation", (".pptx",), is_office("ppt/presentation.xml")),
        FileType(f"{OPEN}text", (".odt",), is_open_document(f"{OPEN}text")),
        FileType(f"{OPEN}spreadsheet", (".ods",), is_open_document(f"{OPEN}spreadsheet")),
        FileType(f"{OPEN}presentation", (".odp",), is_open_document(f"{OPEN}presentation")),
        FileType("text/plain", (".txt", ".md", ".csv"), is_text),
        FileType("text/csv", (".csv",), is_text),
    )
}
UNPRINTABLE = frozenset(range(32)) - {9, 10, 12, 13}


@dataclass
class Examination:
    """Looks at a file while it streams by, and keeps no more of it than its ends."""

    file_type: FileType
    size: int = 0
    _head: bytes = b""
    _tail: bytearray = field(default_factory=bytearray)
    _text: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def take(self, piece: bytes) -> None:
        """Raises FileTypeRefused as soon as it shows."""
        if len(self._head) < HEAD:
            self._head += piece[: HEAD - len(self._head)]
        self.size += len(piece)
        self._tail += piece
        if len(self._tail) > 2 * TAIL:
            del self._tail[:-TAIL]
        if self.file_type.is_one is is_text:
            self._read(piece, last=False)

    def _read(self, piece: bytes, *, last: bool) -> None:
        try:
            self._text.decode(piece, last)
        except UnicodeDecodeError:
            raise FileTypeRefused from None
        if not UNPRINTABLE.isdisjoint(piece):
            raise FileTypeRefused

    def end(self) -> None:
        """Raises FileTypeRefused for a file that is not what it was said to be, or is something else too."""
        ends = Ends(self._head, bytes(self._tail[-TAIL:]), self.size)
        if self.file_type.is_one is is_text:
            self._read(b"", last=True)
        if not self.size or not self.file_type.is_one(ends) or self._is_archive_too(ends):
            raise FileTypeRefused

    @staticmethod
    def _is_archive_too(ends: Ends) -> bool:
        """A file of another type with a zip file behind it opens as either, whichever the reader thinks it is."""
        last = ends.tail[-FARTHEST:]
        at = last.rfind(END_OF_ARCHIVE)
        if ends.head.startswith(b"PK") or at < 0 or len(last) - at < 22:
            return False
        length, start = struct.unpack("<II", last[at + 12 : at + 20])
        position = ends.size - len(last) + at
        if length > position and start >= position and IN_ZIP64 not in (length, start):
            return False  # four bytes of a photo that happen to be those: no reader finds a table of contents by them
        return not length or last[max(0, at - length) :].startswith(ENTRY) or length > at


def file_name(told: str, file_type: FileType) -> str:
    """The name under which a file is kept: without folders and what cannot be seen, ending as its type does."""
    last = told.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(letter for letter in last if letter.isprintable()).strip(". ")[:150].rstrip()
    if not shown.lower().endswith(file_type.extensions):
        shown = f"{shown or 'fil'}{file_type.extensions[0]}"
    return shown
