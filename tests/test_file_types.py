"""Which files are taken: each type by its content, and nothing that is something else, or something else too."""

from __future__ import annotations

import struct
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.file_types import FILE_TYPES, Examination, FileTypeRefused, file_name
from tests.files import FILES, JPEG, OPEN, PDF, TEXT, WORD, office, png, zipped

DOCX = f"{WORD}wordprocessingml.document"


def taken(media_type: str, data: bytes, size: int = 1000) -> bool:
    examination = Examination(FILE_TYPES[media_type])
    try:
        for start in range(0, len(data), size):
            examination.take(data[start : start + size])
        examination.end()
    except FileTypeRefused:
        return False
    return True


def test_there_is_a_file_of_every_type_here():
    assert FILES.keys() == FILE_TYPES.keys()


@pytest.mark.parametrize("media_type", FILES)
def test_a_file_is_taken_as_what_it_is_and_as_nothing_else(media_type):
    same = {"text/plain", "text/csv"}, {"image/heic", "image/heif"}
    alike = next((some for some in same if media_type in some), {media_type})
    assert {one for one in FILE_TYPES if taken(one, FILES[media_type])} == alike


@pytest.mark.parametrize("media_type", FILES)
def test_a_file_is_judged_alike_however_it_is_cut_into_pieces(media_type):
    assert all(taken(media_type, FILES[media_type], size) for size in (1, 7, 100_000))


@pytest.mark.parametrize("media_type", sorted(set(FILES) - {"text/plain", "text/csv", "image/jpeg", "image/heic",
                                                           "image/heif"}))  # fmt: skip
def test_a_file_that_is_cut_off_is_refused(media_type):
    assert not taken(media_type, FILES[media_type][:-8])


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        pytest.param("image/png", png() + zipped({"x": b"y"}), id="a zip file behind a picture"),
        pytest.param("image/jpeg", JPEG + zipped({"x": b"y"}), id="a zip file behind a photo"),
        pytest.param(
            "application/pdf", PDF[:-6] + zipped({"x": b"y"}) + b"%%EOF\n", id="a zip file inside a PDF's end"
        ),
        pytest.param("application/pdf", b"<script></script>" + PDF, id="markup before a PDF"),
        pytest.param("application/pdf", b"MZ" + PDF, id="a program before a PDF"),
        pytest.param(DOCX, b"<html>" + office("word/document.xml"), id="markup before a document"),
        pytest.param(DOCX, JPEG + office("word/document.xml"), id="a photo before a document"),
        pytest.param(DOCX, office("word/document.xml") + b"<html>", id="markup behind a document"),
        pytest.param(DOCX, office("word/document.xml", **{"word/vbaProject.bin": b"x"}), id="macros"),
        pytest.param(DOCX, office("word/document.xml", **{"evil.exe": b"x"}), id="a program in a document"),
        pytest.param(DOCX, zipped({"word/document.xml": b""}), id="a zip file that only looks like a document"),
        pytest.param(DOCX, zipped({"x": b""}), id="a zip file"),
        pytest.param(f"{OPEN}text", zipped({"mimetype": f"{OPEN}text".encode(), "Basic/x": b""}), id="macros, open"),
        pytest.param("text/plain", b"  \n<svg onload=alert(1)>", id="markup as text"),
        pytest.param("text/plain", b"#!/bin/sh\n", id="a script as text"),
        pytest.param("text/plain", b"ok\0", id="bytes as text"),
        pytest.param("text/plain", "blåbær".encode("latin-1"), id="another encoding"),
        pytest.param("text/plain", TEXT + b"\xc3", id="half a letter at the end"),
        pytest.param("image/webp", FILES["image/webp"] + b"\0\0", id="something behind a WebP"),
        *(pytest.param(media_type, b"", id=f"nothing as {media_type}") for media_type in FILES),
    ],
)
def test_a_file_that_is_something_else_or_something_else_too_is_refused(media_type, data):
    assert not taken(media_type, data)


@pytest.mark.parametrize(
    ("length", "start", "expected"),
    [
        pytest.param(2_000_000_000, 3_000_000_000, True, id="outside of the file"),
        pytest.param(2_000_000_000, 0, False, id="a place in the file"),
        pytest.param(100, 3_000_000_000, True, id="a length that leads to no table"),
        pytest.param(0, 3_000_000_000, False, id="an empty table"),
        pytest.param(0xFFFFFFFF, 3_000_000_000, False, id="a length told in a wider record"),
        pytest.param(2_000_000_000, 0xFFFFFFFF, False, id="a place told in a wider record"),
    ],
)
def test_an_archives_last_record_by_chance_in_a_photo_is_none_where_it_leads_to_no_table(length, start, expected):
    record = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, length, start, 0)
    assert taken("image/jpeg", JPEG + bytes(500) + record + bytes(200)) is expected


def test_a_zip_bomb_is_refused_by_what_it_says_and_never_opened():
    bomb = office("word/document.xml", **{"word/media.xml": bytes(60_000_000)})
    assert len(bomb) < 100_000
    tracemalloc.start()
    assert taken(DOCX, bomb)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    swollen = bytearray(bomb)
    at = swollen.rfind(b"PK\x01\x02")
    swollen[at + 24 : at + 28] = struct.pack("<I", 4_000_000_000)
    assert not taken(DOCX, bytes(swollen))


@given(st.binary(max_size=3000))
def test_whatever_comes_is_judged_without_an_accident(data):
    for media_type in FILE_TYPES:
        taken(media_type, b"PK\x03\x04" + data + b"PK\x05\x06" + data[:30])
        taken(media_type, data)


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("vurdering.pdf", "vurdering.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\lærer\\Årsrapport.PDF", "Årsrapport.PDF"),
        ("faktura.pdf.exe", "faktura.pdf.exe.pdf"),
        ("evil\u202efdp.exe", "evilfdp.exe.pdf"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie: x.pdf"),
        ("", "fil.pdf"),
        ("...", "fil.pdf"),
        ("x" * 300, "x" * 150 + ".pdf"),
    ],
)
def test_a_name_loses_folders_and_what_cannot_be_seen_and_ends_as_its_type_does(told, kept):
    assert file_name(told, FILE_TYPES["application/pdf"]) == kept
