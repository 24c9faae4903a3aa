"""Seals and sealed files: what was changed, moved, cut or opened with another key does not open."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault import Vault
from vault.chunks import CHUNK, SEALED_CHUNK, Sealing, sealed_size, unsealed
from vault.envelope import SealBroken, new_data_key, seal, unseal

KEY, ROW, FILE = new_data_key(), uuid4(), uuid4()


async def pieces_of(cipher: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for start in range(0, len(cipher), size):
        yield cipher[start : start + size]


def sealed(plain: bytes, key: bytes = KEY, file_id=FILE, size: int = 7000) -> bytes:
    sealing = Sealing(key, file_id)
    made = b"".join(sealing.take(plain[start : start + size]) for start in range(0, len(plain), size))
    return made + sealing.end()


async def opened(cipher: bytes, key: bytes = KEY, file_id=FILE, size: int = 10_000) -> bytes:
    return b"".join([chunk async for chunk in unsealed(key, file_id, pieces_of(cipher, size))])


def test_a_seal_opens_where_it_was_made():
    assert unseal(KEY, seal(KEY, b"IOP 2026", "record_version.body", ROW), "record_version.body", ROW) == b"IOP 2026"


def test_two_seals_of_one_text_are_not_alike():
    assert seal(KEY, b"IOP", "body", ROW) != seal(KEY, b"IOP", "body", ROW)


@pytest.mark.parametrize(
    ("key", "what", "row"),
    [
        pytest.param(new_data_key(), "body", ROW, id="wrong key"),
        pytest.param(KEY, "title", ROW, id="another column"),
        pytest.param(KEY, "body", uuid4(), id="another row"),
    ],
)
def test_a_seal_does_not_open_elsewhere(key, what, row):
    with pytest.raises(SealBroken):
        unseal(key, seal(KEY, b"IOP", "body", ROW), what, row)


@given(st.integers(0, 40), st.integers(1, 255))
def test_a_seal_does_not_open_when_any_byte_was_changed(at, by):
    cipher = bytearray(seal(KEY, b"vurdering", "body", ROW))
    cipher[at % len(cipher)] ^= by
    with pytest.raises(SealBroken):
        unseal(KEY, bytes(cipher), "body", ROW)


@pytest.mark.parametrize("length", [0, 5, 12, 27])
def test_a_seal_does_not_open_when_cut(length):
    with pytest.raises(SealBroken):
        unseal(KEY, seal(KEY, b"vurdering", "body", ROW)[:length], "body", ROW)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17])
async def test_a_file_comes_out_as_it_went_in(size):
    plain = os.urandom(size)
    cipher = sealed(plain)
    assert len(cipher) == sealed_size(size)
    assert await opened(cipher) == plain


@settings(max_examples=30)
@given(plain=st.binary(max_size=300), size=st.integers(1, 100))
async def test_a_file_comes_out_however_it_was_cut_into_pieces(plain, size):
    assert await opened(sealed(plain, size=size), size=size) == plain


CIPHER = sealed(os.urandom(3 * CHUNK + 100))
CHUNKS = [CIPHER[start : start + SEALED_CHUNK] for start in range(0, len(CIPHER), SEALED_CHUNK)]


@pytest.mark.parametrize(
    "cipher",
    [
        pytest.param(CIPHER[:-1], id="a byte cut off"),
        pytest.param(b"".join(CHUNKS[:-1]), id="the last chunk cut off"),
        pytest.param(CHUNKS[0], id="only the first chunk"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"".join([CHUNKS[1], CHUNKS[0], *CHUNKS[2:]]), id="two chunks in another order"),
        pytest.param(b"".join([CHUNKS[0], CHUNKS[2], CHUNKS[3]]), id="a chunk left out"),
        pytest.param(b"".join([CHUNKS[0], CHUNKS[0], *CHUNKS[1:]]), id="a chunk twice"),
        pytest.param(CIPHER + b"\0", id="a byte put behind"),
        pytest.param(CIPHER + sealed(b"more"), id="another file put behind"),
        pytest.param(bytes([CIPHER[0] ^ 1]) + CIPHER[1:], id="a bit changed"),
    ],
)
async def test_a_file_that_was_tampered_with_does_not_open(cipher):
    with pytest.raises(SealBroken):
        await opened(cipher)


async def test_a_file_does_not_open_as_another_file_or_by_another_key():
    with pytest.raises(SealBroken):
        await opened(CIPHER, file_id=uuid4())
    with pytest.raises(SealBroken):
        await opened(CIPHER, key=new_data_key())


async def test_a_chunk_is_given_only_when_its_seal_is_whole():
    chunks = unsealed(KEY, FILE, pieces_of(CIPHER[:-1]))
    for _ in range(3):
        assert len(await anext(chunks)) == CHUNK
    with pytest.raises(SealBroken):
        await anext(chunks)


def test_a_key_wrapped_by_an_older_key_of_the_vault_opens_still():
    old = Vault((os.urandom(32),), os.urandom(32))
    new = Vault((*old.encryption_keys, os.urandom(32)), old.hash_key)
    cipher = old.wrap(b"a key", "municipality_key x")
    assert new.unwrap(cipher, "municipality_key x") == b"a key"
    assert not new.is_newest(cipher)
    assert new.is_newest(new.wrap(b"a key", "municipality_key x"))
