"""Keys that are not in the database, and what is done with them: encryption, keyed hashes.

AES-256-GCM with a random nonce; the associated text names what the value is (`"national_id"`, `"address"`, ...), so
that one column's cipher is worth nothing in another. A cipher begins with the number of its key, so that keys rotate.
"""

from __future__ import annotations

import hmac
import json
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class KeysNotUsable(Exception):
    """The key file or the environment variable does not hold keys of the expected shape."""


@dataclass(frozen=True)
class Vault:
    """Encrypts with the newest key, decrypts with whichever a value names; hashes with a key that does not rotate."""

    encryption_keys: tuple[bytes, ...] = field(repr=False)
    """Oldest first, 32 bytes each; the last one encrypts."""
    hash_key: bytes = field(repr=False)
    """32 bytes."""

    def encrypt(self, plain: str, what: str) -> bytes:
        return self.wrap(plain.encode(), what)

    def decrypt(self, cipher: bytes, what: str) -> str:
        return self.unwrap(cipher, what).decode()

    def wrap(self, plain: bytes, what: str) -> bytes:
        """As `encrypt`, of bytes: a municipality's key, with its own id in `what`."""
        newest = len(self.encryption_keys) - 1
        nonce = os.urandom(NONCE)
        sealed = AESGCM(self.encryption_keys[newest]).encrypt(nonce, plain, what.encode())
        return bytes([newest]) + nonce + sealed

    def unwrap(self, cipher: bytes, what: str) -> bytes:
        key = AESGCM(self.encryption_keys[cipher[0]])
        return key.decrypt(cipher[1 : 1 + NONCE], cipher[1 + NONCE :], what.encode())

    def is_newest(self, cipher: bytes) -> bool:
        """Whether it lies under the key that encrypts now."""
        return cipher[0] == len(self.encryption_keys) - 1

    def keyed_hash(self, plain: str, what: str) -> bytes:
        """32 bytes, the same for the same text: for look-ups and for telling that two values are one."""
        return hmac.digest(self.hash_key, f"{what}\0{plain}".encode(), "sha256")

    def derived_key(self, what: str) -> bytes:
        """32 bytes for another purpose (cursors, the development issuer), made from the hash key."""
        return hmac.digest(self.hash_key, f"key\0{what}".encode(), sha256)

    def to_json(self) -> str:
        keys = [b64encode(key).decode() for key in self.encryption_keys]
        return json.dumps({"encryption": keys, "hash": b64encode(self.hash_key).decode()})

    @classmethod
    def from_json(cls, text: str) -> Vault:
        try:
            told = json.loads(text)
            keys = tuple(b64decode(key, validate=True) for key in told["encryption"])
            hash_key = b64decode(told["hash"], validate=True)
        except (ValueError, KeyError, TypeError) as wrong:
            raise KeysNotUsable("keys must be JSON with `encryption` (a list) and `hash`, in base64") from wrong
        if not keys or any(len(key) != 32 for key in (*keys, hash_key)):
            raise KeysNotUsable("every key must be 32 bytes")
        return cls(keys, hash_key)

    @classmethod
    def generate(cls) -> Vault:
        return cls((os.urandom(32),), os.urandom(32))

    @classmethod
    def open(cls, key_file: Path, *, create: bool) -> Vault:
        """Keys from INNSYN_KEYS where it is set, else from the key file, which `create` makes when it is not there."""
        if told := os.environ.get("INNSYN_KEYS"):
            return cls.from_json(told)
        if create and not key_file.exists():
            made = cls.generate()
            descriptor = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(made.to_json())
            return made
        try:
            return cls.from_json(key_file.read_text())
        except FileNotFoundError:
            raise KeysNotUsable(f"no keys: set INNSYN_KEYS or make {key_file}") from None
