"""Small files of every type that is taken, made here."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

WORD = "application/vnd.openxmlformats-officedocument."
OPEN = "application/vnd.oasis.opendocument."


def png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def zipped(entries: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data, zipfile.ZIP_STORED if name == "mimetype" else None)
    return made.getvalue()


def office(part: str, **more: bytes) -> bytes:
    return zipped({"[Content_Types].xml": b"<Types/>", part: b"<w/>", **more})


PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\0\x01" + bytes(200) + b"\xff\xd9"
WEBP = b"RIFF" + struct.pack("<I", 4 + 20) + b"WEBP" + bytes(20)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
TEXT = "Husk gymtøy på fredag.\n".encode()

FILES = {
    "application/pdf": PDF,
    "image/jpeg": JPEG,
    "image/png": png(),
    "image/webp": WEBP,
    "image/heic": HEIC,
    "image/heif": HEIC,
    f"{WORD}wordprocessingml.document": office("word/document.xml"),
    f"{WORD}spreadsheetml.sheet": office("xl/workbook.xml"),
    f"{WORD}presentationml.presentation": office("ppt/presentation.xml"),
    **{
        f"{OPEN}{kind}": zipped({"mimetype": f"{OPEN}{kind}".encode(), "content.xml": b"<o/>"})
        for kind in ("text", "spreadsheet", "presentation")
    },
    "text/plain": TEXT,
    "text/csv": TEXT,
}
