"""The viewer: who asks, as a verified token says it, and nothing that the client could set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Viewer:
    """Made at the edge from a verified token, once a request.

    How they signed in decides what can hold: GUARDIAN and DELEGATE (and SELF from 18) only for a private person, the
    staff relations for either. Relations are never part of a token; they are asked of the database at each request.
    """

    municipality: str
    """Organisation number of the municipality that the token is for."""
    number_hash: bytes | None
    """Keyed hash of the national identity number; null when the token names a subject instead."""
    subject: tuple[str, str] | None
    """Issuer and subject, for a token without a number."""
    private: bool
    """Signed in as a private person (ID-porten)."""
    employee: bool
    """Signed in as an employee (Feide)."""
